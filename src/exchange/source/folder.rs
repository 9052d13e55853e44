//! A public folder on this computer, a stick or a share.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::{Given, Source, SourceError, Version, Wanted, copy_within};

/// A public folder by its path.
#[derive(Clone, Debug)]
pub struct FolderSource {
    root: PathBuf,
}

impl FolderSource {
    /// The folder at a path; nothing is read yet.
    pub fn new(root: impl Into<PathBuf>) -> FolderSource {
        FolderSource { root: root.into() }
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Source for FolderSource {
    fn called(&self) -> String {
        self.root.display().to_string()
    }

    fn read(&self, wanted: &Wanted<'_>, sink: &mut dyn Write) -> Result<Given, SourceError> {
        let file = wanted.file;
        let fault = |why: io::Error| match why.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => SourceError::Missing { file },
            _ => SourceError::Io { file, why },
        };
        if !self.root.is_dir() {
            let root = self.root.display();
            let why = match self.root.is_file() {
                true => {
                    format!("{root} is one file; a bundle is opened by name: treering sync {root}")
                }
                false => format!("there is no folder {root}"),
            };
            return Err(SourceError::Unreachable { why });
        }
        let path = self.root.join(file.path());
        // A pipe would keep us waiting for ever, a device would never end.
        if !std::fs::metadata(&path).map_err(fault)?.is_file() {
            let what = "something that is no file".into();
            return Err(SourceError::SomethingElse { file, what });
        }
        let mut opened = File::open(path).map_err(fault)?;
        let version = version(&opened);
        if version.is_some() && version.as_ref() == wanted.known {
            return Ok(Given::AsBefore);
        }
        if wanted.from > 0 {
            opened.seek(SeekFrom::Start(wanted.from)).map_err(fault)?;
        }
        copy_within(opened, wanted, sink, fault)?;
        Ok(Given::Bytes(version))
    }
}

fn version(file: &File) -> Option<Version> {
    let facts = file.metadata().ok()?;
    let changed = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Version(format!("{}-{}", facts.len(), changed.as_nanos())))
}
