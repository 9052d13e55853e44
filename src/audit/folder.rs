//! A public folder, read as a stranger reads it: by the published names, with a ceiling on every
//! file, and with nothing of what wrote it.
//!
//! Somebody may have carried it here to do harm. So only regular files are opened: a named pipe would
//! wait for ever, a device might never end. And no symbolic link below the folder is followed, neither
//! a file nor a folder on the way to one: it could lead to what the auditor alone may read, and makes
//! the audit depend on the machine it runs on. The folder itself is the auditor's word and may be one.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::tlog::bundle::{BUNDLE_BYTES_MAX, Bundle};
use crate::tlog::tile::Tile;

/// The public folder of one ledger.
#[derive(Clone, Debug)]
pub struct PublicFolder {
    root: PathBuf,
}

/// Why a published file cannot be read.
#[derive(Debug, Error)]
pub enum Unreadable {
    /// There is none of this name.
    #[error("missing")]
    Missing,
    /// It is longer than such a file can be.
    #[error("longer than the {0} bytes such a file can have")]
    TooLong(usize),
    /// A pipe, a device, a folder, a link, or below one.
    #[error("not a regular file; links are not followed")]
    NotAFile,
    /// The file system says no.
    #[error("cannot be read: {0}")]
    Io(io::Error),
}

impl PublicFolder {
    /// A folder by its path; nothing is read yet.
    pub fn new(root: impl Into<PathBuf>) -> PublicFolder {
        PublicFolder { root: root.into() }
    }

    /// The folder's path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Reads the file of a published name, `/` between its parts.
    pub fn read(&self, name: &str, ceiling: usize) -> Result<Vec<u8>, Unreadable> {
        let mut bytes = Vec::new();
        self.open(name)?.take(ceiling as u64 + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        if bytes.len() > ceiling {
            return Err(Unreadable::TooLong(ceiling));
        }
        Ok(bytes)
    }

    /// Opens the regular file of a published name.
    pub fn open(&self, name: &str) -> Result<File, Unreadable> {
        let (path, _) = self.regular_file(name)?;
        let file = File::open(path).map_err(unreadable)?;
        // Another thing may have taken its place meanwhile.
        match file.metadata().map_err(unreadable)?.is_file() {
            true => Ok(file),
            false => Err(Unreadable::NotAFile),
        }
    }

    /// The length of a published file, as the file system tells; 0 if there is none to read.
    pub fn length(&self, name: &str) -> u64 {
        self.regular_file(name).map_or(0, |(_, length)| length)
    }

    /// Whether a regular file of this name is there.
    pub fn has(&self, name: &str) -> bool {
        self.regular_file(name).is_ok()
    }

    /// Every part of the name is looked at: a link to a folder is a link, too.
    fn regular_file(&self, name: &str) -> Result<(PathBuf, u64), Unreadable> {
        let mut path = self.root.clone();
        let mut parts = name.split('/').peekable();
        while let Some(part) = parts.next() {
            path.push(part);
            let found = fs::symlink_metadata(&path).map_err(unreadable)?;
            match parts.peek() {
                Some(_) if found.is_dir() => {}
                None if found.is_file() => return Ok((path, found.len())),
                _ => return Err(Unreadable::NotAFile),
            }
        }
        Err(Unreadable::Missing)
    }

    /// A tile's bytes; where a partial tile is gone, those of the full one (tlog-tiles).
    pub fn tile(&self, tile: Tile) -> Result<Vec<u8>, Unreadable> {
        match self.read(&tile.path(), tile.bytes()) {
            Err(Unreadable::Missing) if !tile.is_full() => {
                self.read(&tile.full().path(), tile.full().bytes())
            }
            read => read,
        }
    }

    /// A bundle's bytes; where a partial bundle is gone, those of the full one.
    pub fn bundle(&self, bundle: Bundle) -> Result<Vec<u8>, Unreadable> {
        match self.read(&bundle.path(), BUNDLE_BYTES_MAX) {
            Err(Unreadable::Missing) if !bundle.is_full() => {
                self.read(&bundle.full().path(), BUNDLE_BYTES_MAX)
            }
            read => read,
        }
    }

    /// The widths of the partial files that lie beside a full tile or bundle: `<full path>.p/<W>`.
    /// Names that are no width are left to the walk over all names.
    pub fn partial_widths(&self, full_path: &str) -> Vec<u16> {
        let Ok(names) = fs::read_dir(self.root.join(format!("{full_path}.p"))) else {
            return Vec::new();
        };
        // A width has one spelling: 7 is one, 007 and +7 are not.
        let width = |name: &str| {
            let width = name.parse().ok().filter(|width: &u16| width.to_string() == name)?;
            (1..256).contains(&width).then_some(width)
        };
        let mut widths: Vec<u16> =
            names.filter_map(|name| width(name.ok()?.file_name().to_str()?)).collect();
        widths.sort_unstable();
        widths
    }
}

fn unreadable(fault: io::Error) -> Unreadable {
    match fault.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unreadable::Missing,
        _ => Unreadable::Io(fault),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_width_has_one_spelling() {
        let folder = tempfile::tempdir().unwrap();
        let beside = folder.path().join("tile/0/000.p");
        fs::create_dir_all(&beside).unwrap();
        for name in ["7", "12", "007", "+8", "0", "256", "9.tmp"] {
            fs::write(beside.join(name), b"").unwrap();
        }
        let public = PublicFolder::new(folder.path());
        assert_eq!(public.partial_widths("tile/0/000"), [7, 12]);
    }

    #[cfg(unix)]
    #[test]
    fn only_regular_files_are_opened_and_no_link_is_followed() {
        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("secret"), b"secret").unwrap();
        let link = |to: &Path, name: &str| {
            std::os::unix::fs::symlink(to, folder.path().join(name)).unwrap();
        };
        link(&elsewhere.path().join("secret"), "checkpoint");
        link(elsewhere.path(), "checkpoints");
        fs::create_dir(folder.path().join("tile")).unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let public = PublicFolder::new(folder.path());
        for name in ["checkpoint", "checkpoints/secret", "tile", "pipe"] {
            assert!(matches!(public.read(name, 10), Err(Unreadable::NotAFile)), "{name}");
        }
        assert!(matches!(public.read("tile/0/000", 10), Err(Unreadable::Missing)));
    }
}
