//! The names under which something is served. What is not spelled here is not served.
//!
//! ```text
//! checkpoint   checkpoints/42   checkpoints/sizes   tile/0/x001/234   tile/entries/000.p/7   manifests/9c1f…
//! ```
//!
//! Each is read by the parser of its own kind and printed again, so there is one way to write it, and
//! no `..`, no encoded slash and no temporary file among them.

use crate::tlog::bundle::Bundle;
use crate::tlog::hash::Hash;
use crate::tlog::tile::Tile;
use crate::tlog::witness::parse_size;

/// What a public file is, which decides on how it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Served {
    /// The signed head.
    Checkpoint,
    /// A checkpoint with cosignatures, or the list of their sizes.
    Cosigned,
    /// A hash tile.
    Tile,
    /// An entry bundle.
    Bundle,
    /// A manifest that its owner made public.
    Manifest,
}

impl Served {
    /// What a name in a public folder stands for; nothing if it is none that is served.
    pub fn of(name: &str) -> Option<Served> {
        if name == "checkpoint" {
            return Some(Served::Checkpoint);
        }
        if name == "checkpoints/sizes" {
            return Some(Served::Cosigned);
        }
        if let Some(size) = name.strip_prefix("checkpoints/") {
            return parse_size(size).map(|_| Served::Cosigned);
        }
        if let Some(root) = name.strip_prefix("manifests/") {
            return Hash::from_hex(root).map(|_| Served::Manifest);
        }
        if Bundle::parse_path(name).is_ok() {
            return Some(Served::Bundle);
        }
        Tile::parse_path(name).ok().map(|_| Served::Tile)
    }

    /// `Content-Type`
    pub fn content_type(self) -> &'static str {
        match self {
            Served::Checkpoint | Served::Cosigned => "text/plain; charset=utf-8",
            Served::Tile | Served::Bundle => "application/octet-stream",
            Served::Manifest => "application/cbor-seq",
        }
    }

    /// `Cache-Control`: a name of a tree never gets other bytes; a head lasts a moment; a manifest may
    /// lose a row to an erasure, a cosigned checkpoint gain a line.
    pub fn cache_control(self) -> &'static str {
        match self {
            Served::Checkpoint => "public, max-age=2",
            Served::Cosigned => "public, max-age=60",
            Served::Tile | Served::Bundle => "public, max-age=31536000, immutable",
            Served::Manifest => "public, max-age=300",
        }
    }

    /// Whether the bytes under a name are the same for ever.
    pub fn is_immutable(self) -> bool {
        matches!(self, Served::Tile | Served::Bundle)
    }

    /// Whether compressing it is worth the while. Hashes are as long either way.
    pub fn compresses(self) -> bool {
        matches!(self, Served::Bundle | Served::Manifest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_and_no_others() {
        let manifest = format!("manifests/{}", Hash([7; 32]));
        for (name, served) in [
            ("checkpoint", Served::Checkpoint),
            ("checkpoints/42", Served::Cosigned),
            ("checkpoints/sizes", Served::Cosigned),
            ("tile/0/000", Served::Tile),
            ("tile/2/x001/234.p/7", Served::Tile),
            ("tile/entries/000.p/255", Served::Bundle),
            (&manifest, Served::Manifest),
        ] {
            assert_eq!(Served::of(name), Some(served), "{name}");
        }
        for name in [
            "",
            "checkpoint/",
            "/checkpoint",
            ".tmp-1-checkpoint",
            "checkpoints",
            "checkpoints/",
            "checkpoints/042",
            "checkpoints/../checkpoint",
            "tile/0/00",
            "tile/0/000.p/256",
            "tile/0/../../../keys/log.key",
            "tile/entries/.tmp-1-000",
            "manifests/9c1f",
            "manifests/../../manifests",
            "manifests/%2e%2e",
            "keys/log.key",
            "../../keys/log.key",
            "tile/0/000\0",
            "tile\\0\\000",
        ] {
            assert_eq!(Served::of(name), None, "{name}");
        }
    }
}
