//! Entry bundles: the entries of a log as files that never change (C2SP tlog-tiles v0.1.0).
//!
//! ```text
//! tile/entries/x001/234          entries 1234·256 up to 1235·256
//! tile/entries/x001/235.p/17     the 17 entries after them, while there are no more
//!
//! 00 05 68 65 6c 6c 6f 00 01 21  the entries "hello" and "!": each after its length in two bytes
//! ```

use thiserror::Error;

use super::hash::{Position, TreeSize};
use super::place::Place;
use super::tile::{PathError, TILE_WIDTH, Tile};

/// The longest entry that a bundle can hold: its length is two bytes.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;
/// The longest bundle: 256 of the longest entries with their lengths. A ceiling for readers.
pub const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (2 + ENTRY_BYTES_MAX);

/// An entry bundle: its index, and how many entries it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bundle(Place);

/// Bytes are not an entry bundle, or entries do not fit one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BundleError {
    /// A bundle holds at least one entry.
    #[error("the bundle has no entries")]
    Empty,
    /// A bundle holds at most 256 entries.
    #[error("the bundle has more than {TILE_WIDTH} entries")]
    TooManyEntries,
    /// An entry is longer than its two bytes of length can say.
    #[error("entry {entry} of the bundle has {bytes} bytes, more than {ENTRY_BYTES_MAX}")]
    EntryTooLong {
        /// Index of the entry within the bundle.
        entry: usize,
        /// Its length.
        bytes: usize,
    },
    /// The bytes end within an entry or its length.
    #[error("the bundle ends within entry {entry}")]
    Truncated {
        /// Index of the entry within the bundle.
        entry: usize,
    },
    /// The bundle is whole, but not of the width in its name.
    #[error("the bundle has {found} entries where its name says {expected}")]
    WrongWidth {
        /// The width of the name.
        expected: u16,
        /// Entries found.
        found: usize,
    },
}

impl Bundle {
    /// A bundle of `width` 1 to 256; `None` if there is no such bundle.
    pub fn new(index: u64, width: u16) -> Option<Bundle> {
        Place::new(index, width).map(Bundle)
    }

    /// The bundle at this index in a tree of this size, full or as partial as it is there.
    pub fn at(index: u64, size: TreeSize) -> Option<Bundle> {
        Place::at(index, size.0).map(Bundle)
    }

    /// The bundle that holds a leaf's entry in a tree of this size, and the entry's index within it.
    pub fn holding(position: Position, size: TreeSize) -> Option<(Bundle, usize)> {
        let (index, within) = Place::of_slot(position.0);
        Bundle::at(index, size).filter(|_| size.holds(position)).map(|bundle| (bundle, within))
    }

    /// Index among the bundles, from the left.
    pub fn index(self) -> u64 {
        self.0.index
    }

    /// How many entries it holds, 1 to 256.
    pub fn width(self) -> u16 {
        self.0.width
    }

    /// Whether it holds all 256 entries it ever will.
    pub fn is_full(self) -> bool {
        self.0.is_full()
    }

    /// The full bundle at the same place.
    pub fn full(self) -> Bundle {
        Bundle(self.0.full())
    }

    /// Whether a tree of exactly this size has this bundle, in this width.
    pub fn is_of(self, size: TreeSize) -> bool {
        Bundle::at(self.index(), size) == Some(self)
    }

    /// The position of its first entry.
    pub fn first(self) -> Position {
        Position(self.index() * u64::from(TILE_WIDTH))
    }

    /// The level-0 tile with the hashes of these entries.
    pub fn tile(self) -> Tile {
        Tile { level: 0, place: self.0 }
    }

    /// The path below the log's prefix: `tile/entries/<N>[.p/<W>]`.
    pub fn path(self) -> String {
        format!("tile/entries/{}", self.0.path())
    }

    /// Reads a path; only what [`Bundle::path`] writes is one.
    pub fn parse_path(path: &str) -> Result<Bundle, PathError> {
        let place = path.strip_prefix("tile/entries/").ok_or(PathError)?;
        Place::parse_path(place).map(Bundle)
    }

    /// The entries in the bundle's bytes, which must be exactly as many as its width.
    pub fn split(self, bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
        let entries = split_bundle(bytes)?;
        if entries.len() != usize::from(self.width()) {
            return Err(BundleError::WrongWidth { expected: self.width(), found: entries.len() });
        }
        Ok(entries)
    }
}

/// The bytes of a bundle: each entry after its length in two bytes, big-endian.
pub fn encode_bundle(entries: &[impl AsRef<[u8]>]) -> Result<Vec<u8>, BundleError> {
    if entries.is_empty() {
        return Err(BundleError::Empty);
    }
    if entries.len() > usize::from(TILE_WIDTH) {
        return Err(BundleError::TooManyEntries);
    }
    let mut bytes = Vec::new();
    for (entry, data) in entries.iter().map(AsRef::as_ref).enumerate() {
        let length = u16::try_from(data.len())
            .map_err(|_| BundleError::EntryTooLong { entry, bytes: data.len() })?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(data);
    }
    Ok(bytes)
}

/// The entries in the bytes of a bundle: at least one, at most 256, and nothing after the last.
pub fn split_bundle(bytes: &[u8]) -> Result<Vec<&[u8]>, BundleError> {
    if bytes.is_empty() {
        return Err(BundleError::Empty);
    }
    let mut entries = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        if entries.len() == usize::from(TILE_WIDTH) {
            return Err(BundleError::TooManyEntries);
        }
        let truncated = BundleError::Truncated { entry: entries.len() };
        let (length, after) = rest.split_first_chunk().ok_or(truncated)?;
        let (entry, after) =
            after.split_at_checked(u16::from_be_bytes(*length).into()).ok_or(truncated)?;
        entries.push(entry);
        rest = after;
    }
    Ok(entries)
}

/// Every entry bundle of a tree, by index.
pub fn bundles_of(size: TreeSize) -> impl Iterator<Item = Bundle> {
    bundles_between(TreeSize(0), size)
}

/// The entry bundles that a tree of size `new` has and its beginning of size `old` has not.
pub fn bundles_between(old: TreeSize, new: TreeSize) -> impl Iterator<Item = Bundle> {
    Place::between(old.0, new.0).map(Bundle)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tlog::tile::tiles_between;

    fn bundle(index: u64, width: u16) -> Bundle {
        Bundle::new(index, width).unwrap()
    }

    #[test]
    fn the_bytes_drawn_above() {
        let bytes = b"\x00\x05hello\x00\x01!";
        assert_eq!(encode_bundle(&["hello", "!"]).unwrap(), bytes);
        assert_eq!(bundle(7, 2).split(bytes).unwrap(), [b"hello".as_slice(), b"!"]);
    }

    #[test]
    fn paths_are_read_strictly() {
        assert_eq!(bundle(1234, 256).path(), "tile/entries/x001/234");
        assert_eq!(bundle(1235, 17).path(), "tile/entries/x001/235.p/17");
        assert_eq!(Bundle::parse_path("tile/entries/x001/235.p/17"), Ok(bundle(1235, 17)));
        let wrong = "entries/000 tile/entries tile/entries/ tile/entries/0 tile/0/000 tile/entries/000/ \
             tile/entries/000.p/256 /tile/entries/000 tile/Entries/000 tile/entries//000";
        for wrong in wrong.split(' ').chain([""]) {
            assert_eq!(Bundle::parse_path(wrong), Err(PathError), "{wrong:?}");
        }
    }

    #[test]
    fn bundles_stand_behind_level_0() {
        let sizes = [0, 1, 255, 256, 257, 700, 65_536].map(TreeSize);
        for (old, new) in sizes.into_iter().flat_map(|old| sizes.map(|new| (old, new))) {
            let tiles: Vec<Tile> = bundles_between(old, new).map(Bundle::tile).collect();
            let level_0: Vec<Tile> =
                tiles_between(old, new).filter(|tile| tile.level() == 0).collect();
            assert_eq!(tiles, level_0, "{old} to {new}");
        }
        assert_eq!(
            bundles_of(TreeSize(700)).collect::<Vec<_>>(),
            [bundle(0, 256), bundle(1, 256), bundle(2, 188)]
        );
        assert_eq!(bundle(2, 188).first(), Position(512));
        assert!(bundle(2, 188).is_of(TreeSize(700)) && !bundle(2, 188).is_of(TreeSize(701)));
    }

    #[test]
    fn every_position_is_held_once() {
        for size in [1, 256, 257, 700].map(TreeSize) {
            for position in (0..size.0).map(Position) {
                let (bundle, within) = Bundle::holding(position, size).unwrap();
                assert!(bundle.is_of(size) && within < bundle.width().into());
                assert_eq!(bundle.first().0 + within as u64, position.0);
            }
            assert_eq!(Bundle::holding(Position(size.0), size), None);
        }
        let last = Position(TreeSize::MAX.0 - 1);
        assert_eq!(Bundle::holding(last, TreeSize::MAX).unwrap().1, 255);
        assert_eq!(Bundle::holding(Position(u64::MAX), TreeSize(u64::MAX)), None);
    }

    #[test]
    fn bytes_are_read_strictly() {
        assert_eq!(split_bundle(b""), Err(BundleError::Empty));
        assert_eq!(split_bundle(&[0]), Err(BundleError::Truncated { entry: 0 }));
        assert_eq!(split_bundle(&[0, 1, 7, 0]), Err(BundleError::Truncated { entry: 1 }));
        assert_eq!(split_bundle(&[0, 1, 7, 0, 2, 7]), Err(BundleError::Truncated { entry: 1 }));
        assert_eq!(split_bundle(&[0; 2 * 256]).unwrap(), [b""; 256]);
        assert_eq!(split_bundle(&[0; 2 * 257]), Err(BundleError::TooManyEntries));
        assert_eq!(
            bundle(5, 2).split(&[0, 1, 7]),
            Err(BundleError::WrongWidth { expected: 2, found: 1 })
        );
    }

    #[test]
    fn entries_that_do_not_fit_are_refused() {
        assert_eq!(encode_bundle(&[b""; 0]), Err(BundleError::Empty));
        assert_eq!(encode_bundle(&[b""; 257]), Err(BundleError::TooManyEntries));
        assert_eq!(encode_bundle(&[vec![0; ENTRY_BYTES_MAX]]).unwrap().len(), 2 + ENTRY_BYTES_MAX);
        let bytes = ENTRY_BYTES_MAX + 1;
        assert_eq!(
            encode_bundle(&[vec![], vec![0; bytes]]),
            Err(BundleError::EntryTooLong { entry: 1, bytes })
        );
    }

    proptest! {
        #[test]
        fn bundles_read_back(
            entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..=256)
        ) {
            let bytes = encode_bundle(&entries).unwrap();
            prop_assert_eq!(bundle(0, entries.len() as u16).split(&bytes).unwrap(), entries);
        }

        #[test]
        fn what_splits_is_what_encodes(bytes in prop::collection::vec(0..4_u8, 0..40)) {
            if let Ok(entries) = split_bundle(&bytes) {
                prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
            }
        }
    }
}
