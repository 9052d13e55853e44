//! Place: where a tile or an entry bundle stands among its like, and how a path says so.
//!
//! ```text
//! 000  255  x001/000  x001/x234/067      index, in groups of three digits, all but the last after an x
//! x001/000.p/44                          the same place while it holds 44 of its 256
//! ```
//!
//! C2SP tlog-tiles v0.1.0 numbers hash tiles within a level and entry bundles alike. "Slots" below
//! are what is counted: hashes of a level, or entries.

use thiserror::Error;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// The largest index of a tile: 256 hashes later, indexes end.
pub const TILE_INDEX_MAX: u64 = u64::MAX / TILE_WIDTH as u64;

/// A text is not the path of a tile or bundle, or not the one way to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the path of a tile or an entry bundle")]
pub struct PathError;

/// Index from the left, and how many of the 256 slots are filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Place {
    pub index: u64,
    pub width: u16,
}

impl Place {
    /// A place of index up to 2^56 - 1 and width 1 to 256.
    pub fn new(index: u64, width: u16) -> Option<Place> {
        let exists = index <= TILE_INDEX_MAX && (1..=TILE_WIDTH).contains(&width);
        exists.then_some(Place { index, width })
    }

    /// The place of this index where `filled` slots are filled in all; `None` if it holds none.
    pub fn at(index: u64, filled: u64) -> Option<Place> {
        let before = index.checked_mul(TILE_WIDTH.into())?;
        let width = filled.checked_sub(before)?.min(TILE_WIDTH.into()) as u16;
        Place::new(index, width)
    }

    /// Index of the place that a slot is in, and the slot's index there.
    pub fn of_slot(slot: u64) -> (u64, usize) {
        (slot / u64::from(TILE_WIDTH), (slot % u64::from(TILE_WIDTH)) as usize)
    }

    /// The places of `new` filled slots that are not those of `old` filled slots.
    pub fn between(old: u64, new: u64) -> impl Iterator<Item = Place> {
        let first = Place::of_slot(old).0;
        let end = if new > old { new.div_ceil(TILE_WIDTH.into()) } else { first };
        (first..end).filter_map(move |index| Place::at(index, new))
    }

    pub fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    pub fn full(self) -> Place {
        Place { width: TILE_WIDTH, ..self }
    }

    /// `<N>[.p/<W>]`
    pub fn path(self) -> String {
        let mut path = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1000);
            rest /= 1000;
        }
        if self.is_full() { path } else { format!("{path}.p/{}", self.width) }
    }

    /// Reads what [`Place::path`] writes, and nothing else.
    pub fn parse_path(path: &str) -> Result<Place, PathError> {
        Place::parse_loosely(path).filter(|place| place.path() == path).ok_or(PathError)
    }

    fn parse_loosely(path: &str) -> Option<Place> {
        let (index, width) = match path.split_once(".p/") {
            Some((index, width)) => (index, width.parse().ok()?),
            None => (path, TILE_WIDTH),
        };
        let index = index.split('/').try_fold(0_u64, |index, group| {
            let group: u16 = group.trim_start_matches('x').parse().ok()?;
            index.checked_mul(1000)?.checked_add(group.into())
        })?;
        Place::new(index, width)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_one_way_to_write_a_place() {
        let wrong = "/ 0 00 0000 +01 1000 x000 x000/001 001/000 x001/x000 xx01/000 X001/000 \
             /000 000/ 0//000 x001//000 ٠٠٠ -01 \
             000.p 000.p/ 000.p/0 000.p/256 000.p/257 000.p/01 000.p/+1 000.p/1/ 000.p/1.p/1 000.p/65792 \
             x072/x057/x594/x037/x927/936 x999/x999/x999/x999/x999/x999/x999/999";
        for wrong in wrong.split(' ').chain(["", " 01", "000\n", "000 "]) {
            assert_eq!(Place::parse_path(wrong), Err(PathError), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn places_read_back(index in 0..=TILE_INDEX_MAX, digits in 0..64, width in 1..=TILE_WIDTH) {
            let place = Place::new(index >> digits, width).unwrap();
            prop_assert_eq!(Place::parse_path(&place.path()), Ok(place));
        }

        #[test]
        fn what_reads_prints_back(path in "x?[0-9]{1,4}(/x?[0-9]{1,4}){0,2}(\\.p/[0-9]{1,3})?") {
            if let Ok(place) = Place::parse_path(&path) {
                prop_assert_eq!(place.path(), path);
            }
        }
    }
}
