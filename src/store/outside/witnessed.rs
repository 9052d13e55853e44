//! What a witness cosigned last of one log, as text.

use std::fmt::{self, Write as _};

use super::records::{HeadMark, Incarnation};
use crate::statement::key::KeyId;
use crate::store::record::{RecordError, RecordReader};
use crate::tlog::cosignature::CosignatureTime;
use crate::tlog::hash::{Hash, Tree};

const FORMAT: &str = "treering/outside-witness/v1";

/// What was cosigned in one line: which move of the store, which tree, and the time that was signed.
/// Where nothing was cosigned yet it is the empty tree at time 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CosignedMark {
    /// The store's incarnation, size and root.
    pub head: HeadMark,
    /// The time that was signed.
    pub time: CosignatureTime,
}

/// What is remembered of one log that a witness watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsideWitness {
    /// The witness's key.
    pub witness: KeyId,
    /// SHA-256 of the log's origin.
    pub origin: Hash,
    /// The mark before, while it is not certain that the store has moved on.
    pub was: Option<CosignedMark>,
    /// The newest mark. Signed only after `was` is gone.
    pub next: CosignedMark,
}

impl CosignedMark {
    /// A log that is watched, and nothing of it cosigned.
    pub fn nothing(incarnation: Incarnation) -> CosignedMark {
        let head = HeadMark { incarnation, tree: Tree::empty() };
        // 0 is below the latest time there is.
        CosignedMark { head, time: CosignatureTime::new(0).unwrap_or(CosignatureTime::MAX) }
    }

    /// Whether something was cosigned.
    pub fn is_something(&self) -> bool {
        self.time.seconds() > 0
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<CosignedMark> {
        let (head, time) = text.rsplit_once(' ')?;
        let time = CosignatureTime::new(time.parse().ok()?).ok()?;
        Some(CosignedMark { head: HeadMark::parse(head)?, time })
    }
}

/// `<incarnation> <size> <root> <time>`
impl fmt::Display for CosignedMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.head, self.time)
    }
}

impl OutsideWitness {
    /// The newest mark that may have been signed: `next` is signed only once `was` is gone.
    pub fn signed(&self) -> CosignedMark {
        self.was.unwrap_or(self.next)
    }

    pub(super) fn print(&self) -> String {
        let mut text = format!("{FORMAT}\nwitness {}\norigin {}\n", self.witness, self.origin);
        for (word, mark) in [("was", self.was), ("next", Some(self.next))] {
            if let Some(mark) = mark {
                // Writing to a String does not fail.
                let _ = writeln!(text, "{word} {mark}");
            }
        }
        text
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<OutsideWitness, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let witness = KeyId(reader.parsed("witness", Hash::from_hex)?);
        let origin = reader.parsed("origin", Hash::from_hex)?;
        let was = match reader.optional("was").map(CosignedMark::parse) {
            Some(None) => return Err(reader.wrong("was")),
            Some(mark) => mark,
            None => None,
        };
        let next = reader.parsed("next", CosignedMark::parse)?;
        let record = OutsideWitness { witness, origin, was, next };
        reader.end(bytes, &record.print())?;
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::hash::{TreeSize, leaf_hash};

    fn mark(number: u8) -> CosignedMark {
        let tree = Tree { size: TreeSize(number.into()), root: leaf_hash(&[number]) };
        let head = HeadMark { incarnation: Incarnation([number; 16]), tree };
        CosignedMark { head, time: CosignatureTime::new(1_800_000_000).unwrap() }
    }

    #[test]
    fn records_read_back_and_other_spellings_do_not() {
        let (witness, origin) = (KeyId(Hash([3; 32])), Hash([9; 32]));
        for was in [None, Some(mark(1))] {
            let record = OutsideWitness { witness, origin, was, next: mark(2) };
            let text = record.print();
            assert_eq!(OutsideWitness::parse(text.as_bytes()), Ok(record));
            assert_eq!(record.signed(), was.unwrap_or(mark(2)));
            for (from, to) in [("v1", "v2"), (" 2 ", " 02 "), ("1800000000", "+1800000000")] {
                let other = text.replacen(from, to, 1);
                assert!(OutsideWitness::parse(other.as_bytes()).is_err(), "{to:?}");
            }
            for length in 0..text.len() {
                assert!(OutsideWitness::parse(&text.as_bytes()[..length]).is_err(), "{length}");
            }
        }
    }

    #[test]
    fn nothing_is_not_something() {
        assert!(!CosignedMark::nothing(Incarnation([0; 16])).is_something());
        assert!(mark(0).is_something());
    }
}
