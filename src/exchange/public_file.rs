//! The names that a public folder has: all that is ever asked of a source or taken out of a bundle.
//!
//! ```text
//! checkpoint                  tile/<L>/<N>[.p/<W>]            manifests/<root>
//! checkpoints/sizes           tile/entries/<N>[.p/<W>]
//! checkpoints/<size>
//! ```
//!
//! A name from outside is read here or refused, so no path of somebody else's choice ever reaches the
//! disk: there is no `..`, no absolute path, no second spelling.

use std::fmt;

use crate::store::held::HeadList;
use crate::tlog::bundle::{Bundle, ENTRY_BYTES_MAX};
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::note::NOTE_BYTES_MAX;
use crate::tlog::tile::Tile;

/// A file of a public folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PublicFile {
    /// The signed head.
    Checkpoint,
    /// The list of cosigned sizes.
    CosignedSizes,
    /// The cosigned checkpoint of a size.
    Cosigned(TreeSize),
    /// A hash tile.
    Tile(Tile),
    /// An entry bundle.
    Bundle(Bundle),
    /// A manifest that the owner made public.
    Manifest(Hash),
    /// The list of heads that a store gives to others: beside its public folders, not in one of them.
    Heads,
}

impl PublicFile {
    /// Ceiling of the list of cosigned sizes, in bytes: some hundred thousand sizes.
    pub const SIZES_BYTES_MAX: u64 = 1 << 20;
    /// Ceiling of a manifest, in bytes: some ten million rows. It is never held in memory.
    pub const MANIFEST_BYTES_MAX: u64 = 8 << 30;

    /// The path in the public folder, `/` between its parts.
    pub fn path(self) -> String {
        match self {
            PublicFile::Checkpoint => "checkpoint".into(),
            PublicFile::CosignedSizes => "checkpoints/sizes".into(),
            PublicFile::Cosigned(size) => format!("checkpoints/{size}"),
            PublicFile::Tile(tile) => tile.path(),
            PublicFile::Bundle(bundle) => bundle.path(),
            PublicFile::Manifest(root) => format!("manifests/{root}"),
            PublicFile::Heads => HeadList::FILE.into(),
        }
    }

    /// Reads a path in a public folder; only what [`PublicFile::path`] writes is one.
    pub fn parse(path: &str) -> Option<PublicFile> {
        let file = match path {
            "checkpoint" => PublicFile::Checkpoint,
            "checkpoints/sizes" => PublicFile::CosignedSizes,
            _ if path.starts_with("checkpoints/") => {
                let size = path.strip_prefix("checkpoints/")?.parse().ok()?;
                PublicFile::Cosigned(TreeSize(size)).within_reach()?
            }
            _ if path.starts_with("tile/entries/") => {
                PublicFile::Bundle(Bundle::parse_path(path).ok()?)
            }
            _ if path.starts_with("tile/") => PublicFile::Tile(Tile::parse_path(path).ok()?),
            _ => PublicFile::Manifest(Hash::from_hex(path.strip_prefix("manifests/")?)?),
        };
        (file.path() == path).then_some(file)
    }

    fn within_reach(self) -> Option<PublicFile> {
        match self {
            PublicFile::Cosigned(size) if size > TreeSize::MAX => None,
            file => Some(file),
        }
    }

    /// The most bytes that such a file can have.
    pub fn bytes_max(self) -> u64 {
        match self {
            PublicFile::Checkpoint | PublicFile::Cosigned(_) => NOTE_BYTES_MAX as u64,
            PublicFile::CosignedSizes => PublicFile::SIZES_BYTES_MAX,
            PublicFile::Tile(tile) => tile.bytes() as u64,
            PublicFile::Bundle(bundle) => u64::from(bundle.width()) * (2 + ENTRY_BYTES_MAX as u64),
            PublicFile::Manifest(_) => PublicFile::MANIFEST_BYTES_MAX,
            PublicFile::Heads => HeadList::BYTES_MAX,
        }
    }

    /// The full tile or bundle that may stand where a partial one has been removed.
    pub fn full(self) -> Option<PublicFile> {
        match self {
            PublicFile::Tile(tile) if !tile.is_full() => Some(PublicFile::Tile(tile.full())),
            PublicFile::Bundle(bundle) if !bundle.is_full() => {
                Some(PublicFile::Bundle(bundle.full()))
            }
            _ => None,
        }
    }
}

/// Its path.
impl fmt::Display for PublicFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        let names = [
            "checkpoint",
            "checkpoints/sizes",
            "checkpoints/42",
            "tile/0/x001/234.p/7",
            "tile/entries/000",
            "manifests/9b0a80618d6a42137e1b7befe939e08532766cd09458c709db22df2cc6d2ed6c",
        ];
        for name in names {
            assert_eq!(PublicFile::parse(name).map(PublicFile::path).as_deref(), Some(name));
        }
    }

    #[test]
    fn nothing_else_is_a_name() {
        let tricks = [
            "",
            "/checkpoint",
            "./checkpoint",
            "checkpoint/",
            "../checkpoint",
            "checkpoints/042",
            "checkpoints/../sizes",
            "checkpoints/9223372036854775807",
            "checkpoints/-1",
            "checkpoints/+1",
            "tile/0/../../x",
            "tile/0/000/..",
            "tile\\0\\000",
            "tile/entries/1",
            "tile/entries/000.p/256",
            "manifests/..",
            "manifests/9B0A80618D6A42137E1B7BEFE939E08532766CD09458C709DB22DF2CC6D2ED6C",
            "keys/root.key",
            "C:checkpoint",
            "checkpoint\0",
        ];
        for name in tricks {
            assert_eq!(PublicFile::parse(name), None, "{name:?}");
        }
    }
}
