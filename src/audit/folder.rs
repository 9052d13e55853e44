//! A public folder, read as a stranger reads it: by the published names, with a ceiling on every
//! file, and with nothing of what wrote it.

use std::fs::File;
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
        let open = File::open(self.root.join(name));
        let file = open.map_err(|fault| match fault.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unreadable::Missing,
            _ => Unreadable::Io(fault),
        })?;
        let mut bytes = Vec::new();
        file.take(ceiling as u64 + 1).read_to_end(&mut bytes).map_err(Unreadable::Io)?;
        if bytes.len() > ceiling {
            return Err(Unreadable::TooLong(ceiling));
        }
        Ok(bytes)
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
        let Ok(names) = std::fs::read_dir(self.root.join(format!("{full_path}.p"))) else {
            return Vec::new();
        };
        let mut widths: Vec<u16> = names
            .filter_map(|name| name.ok()?.file_name().to_str()?.parse().ok())
            .filter(|width| (1..256).contains(width))
            .collect();
        widths.sort_unstable();
        widths
    }
}
