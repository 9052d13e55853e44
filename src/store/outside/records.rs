//! The records as text.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::statement::chain::Link;
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::store::record::{RecordError, RecordReader};
use crate::tlog::hash::{Hash, Tree, TreeSize};
use crate::tlog::hex::{Hex, from_hex};

const HEAD_FORMAT: &str = "treering/outside-head/v1";
const CHAIN_FORMAT: &str = "treering/outside-chain/v1";

/// 16 random bytes that a store takes anew each time it signs a head, so that two copies of it part
/// ways at once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Incarnation(pub [u8; Incarnation::LENGTH]);

impl Incarnation {
    /// Bytes of an incarnation.
    pub const LENGTH: usize = 16;

    /// Reads 32 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Incarnation> {
        from_hex(text).map(Incarnation)
    }
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incarnation({self})")
    }
}

/// A head in one line: which signing of which tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeadMark {
    /// The store's incarnation at that signing.
    pub incarnation: Incarnation,
    /// Size and root.
    pub tree: Tree,
}

/// What is remembered of one ledger's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutsideHead {
    /// The ledger.
    pub ledger: LedgerId,
    /// The head before, while it is not certain that the store has moved on.
    pub was: Option<HeadMark>,
    /// The newest head. Signed only after `was` is gone.
    pub next: HeadMark,
}

/// What is remembered of one key: the newest statement it signed in each ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutsideChain {
    /// The key.
    pub key: KeyId,
    /// By ledger.
    pub last: BTreeMap<LedgerId, Link>,
}

/// `<incarnation> <size> <root>`
impl fmt::Display for HeadMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.incarnation, self.tree.size, self.tree.root)
    }
}

impl HeadMark {
    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<HeadMark> {
        let mut words = text.split(' ');
        let incarnation = Incarnation::from_hex(words.next()?)?;
        let size =
            words.next()?.parse().map(TreeSize).ok().filter(|size| *size <= TreeSize::MAX)?;
        let root = Hash::from_hex(words.next()?)?;
        words.next().is_none().then_some(HeadMark { incarnation, tree: Tree { size, root } })
    }
}

impl OutsideHead {
    /// The newest head that may have been signed: `next` is signed only once `was` is gone.
    pub fn signed(&self) -> HeadMark {
        self.was.unwrap_or(self.next)
    }

    pub(super) fn print(&self) -> String {
        let mut text = format!("{HEAD_FORMAT}\nledger {}\n", self.ledger);
        for (word, mark) in [("was", self.was), ("next", Some(self.next))] {
            if let Some(mark) = mark {
                // Writing to a String does not fail.
                let _ = writeln!(text, "{word} {mark}");
            }
        }
        text
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<OutsideHead, RecordError> {
        let mut reader = RecordReader::open(bytes, HEAD_FORMAT)?;
        let ledger = LedgerId(reader.parsed("ledger", Hash::from_hex)?);
        let was = match reader.optional("was").map(HeadMark::parse) {
            Some(None) => return Err(reader.wrong("was")),
            Some(mark) => mark,
            None => None,
        };
        let next = reader.parsed("next", HeadMark::parse)?;
        let record = OutsideHead { ledger, was, next };
        reader.end(bytes, &record.print())?;
        Ok(record)
    }
}

impl OutsideChain {
    pub(super) fn print(&self) -> String {
        let mut text = format!("{CHAIN_FORMAT}\nkey {}\n", self.key);
        for (ledger, link) in &self.last {
            let _ = writeln!(text, "last {ledger} {} {}", link.seq, link.id);
        }
        let _ = writeln!(text, "end {}", self.key);
        text
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<OutsideChain, RecordError> {
        let mut reader = RecordReader::open(bytes, CHAIN_FORMAT)?;
        let key = KeyId(reader.parsed("key", Hash::from_hex)?);
        let mut last = BTreeMap::new();
        while let Some(value) = reader.optional("last") {
            let known = value.split_once(' ').and_then(|(ledger, link)| {
                let ledger = LedgerId(Hash::from_hex(ledger)?);
                Some(last.insert(ledger, read_link(link)?).is_some())
            });
            if known != Some(false) {
                return Err(reader.wrong("a ledger, once, with its last statement"));
            }
        }
        reader.parsed("end", |text| (Hash::from_hex(text)? == key.0).then_some(()))?;
        let record = OutsideChain { key, last };
        reader.end(bytes, &record.print())?;
        Ok(record)
    }
}

/// `<number> <leaf hash>`
pub(in crate::store) fn read_link(text: &str) -> Option<Link> {
    let (seq, id) = text.split_once(' ')?;
    // i64::MAX is the largest number that a statement can carry.
    let seq = seq.parse().ok().filter(|seq| i64::try_from(*seq).is_ok())?;
    Some(Link { seq, id: Hash::from_hex(id)? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::hash::leaf_hash;

    fn mark(number: u8) -> HeadMark {
        let tree = Tree { size: TreeSize(number.into()), root: leaf_hash(&[number]) };
        HeadMark { incarnation: Incarnation([number; 16]), tree }
    }

    const LEDGER: LedgerId = LedgerId(Hash([9; 32]));
    const KEY: KeyId = KeyId(Hash([3; 32]));

    #[test]
    fn every_other_spelling_is_refused() {
        let record = OutsideHead { ledger: LEDGER, was: Some(mark(1)), next: mark(2) };
        let text = record.print();
        for (from, to) in [
            ("v1", "v2"),
            (" 2 ", " 02 "),
            (" 2 ", " +2 "),
            (" 2 ", " 9223372036854775808 "),
            ("was ", "was  "),
            ("next", "then"),
            ("\nnext", "\n\nnext"),
        ] {
            assert!(OutsideHead::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to:?}");
        }
        for length in 0..text.len() {
            assert!(OutsideHead::parse(&text.as_bytes()[..length]).is_err(), "{length}");
        }
        let last = format!("last {LEDGER} 1 {}\n", leaf_hash(b""));
        let (head, end) = (format!("{CHAIN_FORMAT}\nkey {KEY}\n"), format!("end {KEY}\n"));
        assert!(OutsideChain::parse(format!("{head}{last}{end}").as_bytes()).is_ok());
        for text in [format!("{head}{last}"), format!("{head}{last}{last}{end}")] {
            assert!(OutsideChain::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
