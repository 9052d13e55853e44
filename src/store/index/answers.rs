//! What an index can be asked.

use std::ops::{Bound, ControlFlow, RangeInclusive};

use super::{
    EVIDENCE, IDS, INDICATORS, Index, IndexError, KINDS, PARTIES, TABLES, TIMES, digest, time_key,
    word_prefix,
};
use crate::tlog::hash::{Hash, Position};

/// A file found in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EvidenceFound {
    /// The statement that anchors it.
    pub position: Position,
    /// Index of its row in that statement's manifest.
    pub row: u64,
    /// The evidence root that the statement names.
    pub root: Hash,
}

/// A property by which statements are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Facet<'a> {
    /// Of this kind, as in `evidence.anchor`.
    Kind(&'a str),
    /// Naming this indicator.
    Indicator(&'a str),
    /// Signed for this party.
    Party(&'a str),
    /// Signed within these seconds, as their signers say; answers are in the order of those times.
    Time(RangeInclusive<i64>),
}

/// A facet whose values can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FacetName {
    /// The kinds in the ledger.
    Kind,
    /// The indicators named.
    Indicator,
    /// The parties.
    Party,
}

/// From which end answers come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Smallest position (or time) first.
    OldestFirst,
    /// Largest first.
    NewestFirst,
}

/// Puts a row into words; none for one that makes no sense.
type ReadLine<'a> = &'a dyn Fn(&[u8], &[u8]) -> Option<(Position, String)>;

/// A range of keys.
type Keys = (Bound<Vec<u8>>, Bound<Vec<u8>>);

const EVERYTHING: Keys = (Bound::Unbounded, Bound::Unbounded);

impl Index {
    /// Where the statement of this id stands.
    pub fn position_of(&self, id: &Hash) -> Result<Option<Position>, IndexError> {
        let keys = between(&id.0, &[], &id.0, &[]);
        let found = self.scan(IDS, keys, Order::OldestFirst, 1, read_id)?;
        Ok(found.first().map(|(_, position)| *position))
    }

    /// Statements whose id begins with these hexadecimal digits, by id, at most `limit` of them. None
    /// for anything but lower-case digits.
    pub fn ids_beginning(
        &self,
        digits: &str,
        limit: usize,
    ) -> Result<Vec<(Hash, Position)>, IndexError> {
        // The smallest and the largest hash that begin so.
        let smallest = Hash::from_hex(&format!("{digits:0<64}"));
        let largest = Hash::from_hex(&format!("{digits:f<64}"));
        match (smallest, largest) {
            (Some(smallest), Some(largest)) => {
                let keys = between(&smallest.0, &[], &largest.0, &[]);
                self.scan(IDS, keys, Order::OldestFirst, limit, read_id)
            }
            _ => Ok(Vec::new()),
        }
    }

    /// Every place where a file of this SHA-256 is anchored, earliest first.
    pub fn evidence(&self, sha256: &Hash) -> Result<Vec<EvidenceFound>, IndexError> {
        let keys = between(&sha256.0, &[0; 16], &sha256.0, &[0xff; 16]);
        let found = self.scan(EVIDENCE, keys, Order::OldestFirst, usize::MAX, read_evidence)?;
        Ok(found.into_iter().map(|(_, found)| found).collect())
    }

    /// SHA-256 of every file in the index, in order; one that is anchored twice stands twice.
    pub fn files(&self) -> Result<Vec<Hash>, IndexError> {
        let read = |key: &[u8], value: &[u8]| {
            let (place, (sha256, _)) = read_evidence(key, value)?;
            Some((place, sha256))
        };
        self.scan(EVIDENCE, EVERYTHING, Order::OldestFirst, usize::MAX, read)
    }

    /// Where statements with this property stand, at most `limit` of them.
    pub fn positions(
        &self,
        facet: &Facet<'_>,
        order: Order,
        limit: usize,
    ) -> Result<Vec<Position>, IndexError> {
        let worded = |table, word| {
            let prefix = word_prefix(word);
            (table, between(&prefix, &[0; 8], &prefix, &[0xff; 8]))
        };
        let (table, keys) = match facet {
            Facet::Kind(word) => worded(KINDS, word),
            Facet::Indicator(word) => worded(INDICATORS, word),
            Facet::Party(word) => worded(PARTIES, word),
            Facet::Time(seconds) if seconds.is_empty() => return Ok(Vec::new()),
            Facet::Time(seconds) => {
                let (start, end) = (time_key(*seconds.start()), time_key(*seconds.end()));
                (TIMES, between(&start, &[0; 8], &end, &[0xff; 8]))
            }
        };
        self.scan(table, keys, order, limit, |key, _| {
            let place = position_at_end(key)?;
            Some((place, place))
        })
    }

    /// The values that a property has in the ledger, sorted.
    pub fn values(&self, facet: FacetName) -> Result<Vec<String>, IndexError> {
        let table = match facet {
            FacetName::Kind => KINDS,
            FacetName::Indicator => INDICATORS,
            FacetName::Party => PARTIES,
        };
        let mut words = Vec::new();
        let mut keys = EVERYTHING;
        // One look for each value: from its first key straight past its last.
        while let [word] = &self.scan(table, keys, Order::OldestFirst, 1, read_word)?[..] {
            let past = [&word_prefix(word)[..], &[0xff; 8]].concat();
            keys = (Bound::Excluded(past), Bound::Unbounded);
            words.push(word.clone());
        }
        words.sort();
        Ok(words)
    }

    /// Every answer the index has, in words and in order: two indexes over the same ledger that give
    /// the same lines answer every question alike, however they came about.
    pub fn all_answers(&self) -> Result<Vec<String>, IndexError> {
        let mark = self.watermark()?;
        let mut lines = vec![format!("watermark {} {}", mark.size, mark.root)];
        let mut tell = |table: usize, read: ReadLine<'_>| {
            let order = Order::OldestFirst;
            lines.extend(self.scan(table, EVERYTHING, order, usize::MAX, read)?);
            Ok::<(), IndexError>(())
        };
        tell(IDS, &|key, value| {
            let (place, (id, _)) = read_id(key, value)?;
            Some((place, format!("id {id} @{place}")))
        })?;
        tell(EVIDENCE, &|key, value| {
            let (place, (sha256, found)) = read_evidence(key, value)?;
            let EvidenceFound { row, root, .. } = found;
            Some((place, format!("evidence {sha256} @{place} row {row} of {root}")))
        })?;
        for table in [KINDS, INDICATORS, PARTIES] {
            tell(table, &|key, value| {
                let (place, word) = read_word(key, value)?;
                Some((place, format!("{} {word:?} @{place}", TABLES[table])))
            })?;
        }
        tell(TIMES, &|key, _| {
            let place = position_at_end(key)?;
            let seconds = u64::from_be_bytes(*key.first_chunk()?) ^ 1 << 63;
            Some((place, format!("time {} @{place}", seconds as i64)))
        })?;
        Ok(lines)
    }

    /// Σ over all rows up to the watermark, as the watermark has it.
    pub(super) fn sum_of_rows(&self) -> Result<u128, IndexError> {
        type Place = fn(&[u8], &[u8]) -> Option<Position>;
        const AT_END: Place = |key, _| position_at_end(key);
        const PLACES: [(usize, Place); 6] = [
            (IDS, |key, value| Some(read_id(key, value)?.0)),
            (EVIDENCE, |key, value| Some(read_evidence(key, value)?.0)),
            (KINDS, AT_END),
            (INDICATORS, AT_END),
            (PARTIES, AT_END),
            (TIMES, AT_END),
        ];
        let visible = self.watermark()?.size;
        let mut sum = 0_u128;
        for (table, place) in PLACES {
            self.walk(table, EVERYTHING, Order::OldestFirst, |key, value| {
                if visible.holds(place(key, value)?) {
                    sum = sum.wrapping_add(digest(table, key, value));
                }
                Some(ControlFlow::Continue(()))
            })?;
        }
        Ok(sum)
    }

    /// Reads at most `limit` rows up to the watermark. `read` gives none for one that makes no sense.
    fn scan<T>(
        &self,
        table: usize,
        keys: Keys,
        order: Order,
        limit: usize,
        read: impl Fn(&[u8], &[u8]) -> Option<(Position, T)>,
    ) -> Result<Vec<T>, IndexError> {
        let visible = self.watermark()?.size;
        let mut found = Vec::new();
        if limit > 0 {
            self.walk(table, keys, order, |key, value| {
                let (place, answer) = read(key, value)?;
                if visible.holds(place) {
                    found.push(answer);
                }
                let full = found.len() == limit;
                Some(if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
            })?;
        }
        Ok(found)
    }

    /// Visits rows until told to stop, or until one makes no sense.
    fn walk(
        &self,
        table: usize,
        keys: Keys,
        order: Order,
        mut visit: impl FnMut(&[u8], &[u8]) -> Option<ControlFlow<()>>,
    ) -> Result<(), IndexError> {
        let sense = self.ask(|open| {
            let mut rows = open.tables[table].range(keys);
            loop {
                let row = match order {
                    Order::OldestFirst => rows.next(),
                    Order::NewestFirst => rows.next_back(),
                };
                let Some(row) = row else { return Ok(Some(())) };
                let (key, value) = row?;
                match visit(&key, &value) {
                    Some(ControlFlow::Continue(())) => {}
                    Some(ControlFlow::Break(())) => return Ok(Some(())),
                    None => return Ok(None),
                }
            }
        })?;
        sense.ok_or_else(|| self.senseless(TABLES[table]))
    }
}

/// The keys from `first` followed by `low` up to `last` followed by `high`, both included.
fn between(first: &[u8], low: &[u8], last: &[u8], high: &[u8]) -> Keys {
    (Bound::Included([first, low].concat()), Bound::Included([last, high].concat()))
}

fn position_at_end(key: &[u8]) -> Option<Position> {
    key.last_chunk().copied().map(u64::from_be_bytes).map(Position)
}

fn read_id(key: &[u8], value: &[u8]) -> Option<(Position, (Hash, Position))> {
    let place = Position(u64::from_be_bytes(value.try_into().ok()?));
    Some((place, (Hash::try_from(key).ok()?, place)))
}

fn read_evidence(key: &[u8], value: &[u8]) -> Option<(Position, (Hash, EvidenceFound))> {
    let (sha256, rest) = key.split_at_checked(Hash::LENGTH)?;
    let (place, row) = rest.split_at_checked(8)?;
    let position = position_at_end(place)?;
    let row = u64::from_be_bytes(row.try_into().ok()?);
    let found = EvidenceFound { position, row, root: Hash::try_from(value).ok()? };
    Some((position, (Hash::try_from(sha256).ok()?, found)))
}

fn read_word(key: &[u8], _: &[u8]) -> Option<(Position, String)> {
    let (length, rest) = key.split_first_chunk()?;
    let (word, place) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
    let place = Position(u64::from_be_bytes(place.try_into().ok()?));
    Some((place, String::from_utf8(word.to_vec()).ok()?))
}
