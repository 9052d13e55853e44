//! Where somebody's public files are read: a folder, a web server, memory.
//!
//! A source is asked for one file by its name and gives bytes, which prove nothing yet. It may be slow,
//! dead, lying or hostile; what it can cost is bounded here, what it says is checked above
//! ([`super::mirror`]).

use std::fmt;
use std::io::{self, Write};

use thiserror::Error;

use super::public_file::PublicFile;

mod folder;
mod http;
mod memory;

pub use folder::FolderSource;
pub use http::{HttpSource, Patience, address_host};
pub use memory::MemorySource;

/// The public files of one ledger, somewhere.
pub trait Source: fmt::Debug + Send + Sync {
    /// What people call it: a path or an address.
    fn called(&self) -> String;

    /// Writes a file's bytes from `wanted.from` on to `sink`, never more than the ceiling allows.
    ///
    /// On failure `sink` holds a beginning of those bytes, so the caller may ask for the rest.
    fn read(&self, wanted: &Wanted<'_>, sink: &mut dyn Write) -> Result<Given, SourceError>;
}

/// What is asked of a source.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The file.
    pub file: PublicFile,
    /// The first byte that is wanted.
    pub from: u64,
    /// The most bytes that the whole file may have.
    pub ceiling: u64,
    /// What was given the last time; where that still holds, nothing is sent again.
    pub known: Option<&'a Version>,
}

/// A word of the source's own by which it knows one state of a file (an ETag, a time). Proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version(pub String);

/// What a source gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// The bytes up to the end of the file.
    Bytes(Option<Version>),
    /// Nothing, since the file is as it was.
    AsBefore,
}

/// Why a source does not give a file.
#[derive(Debug, Error)]
pub enum SourceError {
    /// It says that there is no such file.
    #[error("{file} is not there")]
    Missing {
        /// The file.
        file: PublicFile,
    },
    /// More bytes than such a file can have. Reading stopped there.
    #[error("{file} is longer than the {ceiling} bytes such a file can have")]
    TooLong {
        /// The file.
        file: PublicFile,
        /// The ceiling.
        ceiling: u64,
    },
    /// Something that is not the file: a page for people, where a login or an error page stands in.
    #[error("instead of {file} it sends {what}")]
    SomethingElse {
        /// The file.
        file: PublicFile,
        /// What came.
        what: String,
    },
    /// It points to another place, which nobody has chosen.
    #[error("it points elsewhere for {file}: {to}")]
    Elsewhere {
        /// The file.
        file: PublicFile,
        /// Where to.
        to: String,
    },
    /// It answers that it will not.
    #[error("it refuses {file}: {why}")]
    Refused {
        /// The file.
        file: PublicFile,
        /// Its answer.
        why: String,
    },
    /// It cannot be reached, or falls silent.
    #[error("it cannot be reached: {why}")]
    Unreachable {
        /// What happened.
        why: String,
    },
    /// A file cannot be read here.
    #[error("{file} cannot be read: {why}")]
    Io {
        /// The file.
        file: PublicFile,
        /// The refusal.
        why: io::Error,
    },
    /// The text names no source.
    #[error("{0}")]
    NoSource(String),
}

impl SourceError {
    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, SourceError::Missing { .. })
    }
}

impl<'a> Wanted<'a> {
    /// A whole file, under its own ceiling.
    pub fn whole(file: PublicFile) -> Wanted<'a> {
        Wanted { file, from: 0, ceiling: file.bytes_max(), known: None }
    }
}

/// Reads a whole small file into memory, under the ceiling of its kind.
pub fn read(source: &dyn Source, file: PublicFile) -> Result<Vec<u8>, SourceError> {
    let mut bytes = Vec::new();
    source.read(&Wanted::whole(file), &mut bytes)?;
    Ok(bytes)
}

/// [`read`], where the file may be missing.
pub fn read_if_there(
    source: &dyn Source,
    file: PublicFile,
) -> Result<Option<Vec<u8>>, SourceError> {
    match read(source, file) {
        Err(fault) if fault.is_missing() => Ok(None),
        read => read.map(Some),
    }
}

/// The source that a person names: an address, or the path of a public folder.
pub fn open(named: &str, patience: Patience) -> Result<Box<dyn Source>, SourceError> {
    match named.contains("://") {
        true => Ok(Box::new(HttpSource::new(named, patience)?)),
        false => Ok(Box::new(FolderSource::new(named))),
    }
}

/// Copies from a reader to a sink what comes after the first `from` bytes, up to a ceiling on all of
/// them. The reader stands at the beginning of what is left.
fn copy_within(
    mut reader: impl io::Read,
    wanted: &Wanted<'_>,
    sink: &mut dyn Write,
    fault: impl Fn(io::Error) -> SourceError,
) -> Result<(), SourceError> {
    let mut room = wanted.ceiling.saturating_sub(wanted.from);
    let mut buffer = [0; 1 << 14];
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
            Err(why) => return Err(fault(why)),
        };
        let kept = (read as u64).min(room) as usize;
        sink.write_all(&buffer[..kept])
            .map_err(|why| SourceError::Io { file: wanted.file, why })?;
        if kept < read {
            return Err(SourceError::TooLong { file: wanted.file, ceiling: wanted.ceiling });
        }
        room -= kept as u64;
    }
}
