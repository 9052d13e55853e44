//! Chains: what binds a statement to its ledger and to its author's past.
//!
//! A key's statements in one ledger are numbered 0, 1, 2 …, and each names the one before by its
//! leaf hash. A ledger cannot quietly drop one of a verifier's findings and keep a later one: the
//! gap shows. Each may also name a checkpoint its signer had checked, so every signer is a witness.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::envelope::LedgerId;
use super::key::KeyId;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

/// The payload's field `chain`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chain {
    /// The ledger this is filed in; absent only in its genesis.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerId>,
    /// Which of the key's statements in that ledger this is, counted from 0.
    pub seq: u64,
    /// Leaf hash of the one before; absent only at 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prev: Option<Hash>,
    /// A checkpoint of this ledger that the signer had checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<Tree>,
    /// Statements of the same key that were signed with this number or a later one, never filed, and
    /// are abandoned by this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub void: Vec<Hash>,
}

/// What is wrong with a statement's chain (rule R01).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChainFault {
    /// It was filed in another ledger and copied here.
    #[error("it names another ledger than this one")]
    OtherLedger,
    /// Numbers are missing before it.
    #[error(
        "it is number {found} of its key, but number {expected} comes next: a statement by this key is missing here"
    )]
    Gap {
        /// The next number of this key.
        expected: u64,
        /// The number it has.
        found: u64,
    },
    /// Its number was taken.
    #[error("it is number {found} of its key, which was already filed: numbered twice")]
    Repeat {
        /// The number it has.
        found: u64,
    },
    /// Its `prev` is another statement than the one filed before it.
    #[error("it does not name the statement its key filed before it")]
    OtherPast,
    /// `prev` at number 0, or none after it.
    #[error("only the first statement of a key goes without a predecessor, and it must")]
    PastAtStart,
    /// It abandons a statement that this ledger holds as its predecessor.
    #[error("it abandons the statement that it follows")]
    VoidsFiled,
    /// It saw a tree that did not exist yet, or the empty one, which belongs to no ledger.
    #[error(
        "it claims to have seen this ledger at size {size}, which is no size the ledger had before it"
    )]
    SawTheFuture {
        /// The size it names.
        size: u64,
    },
    /// It saw another history.
    #[error(
        "at size {size} it saw a history with another root: this ledger showed its signer something else"
    )]
    SawOtherRoot {
        /// The size it names.
        size: u64,
    },
    /// It had to name what it saw, and does not.
    #[error("its signer had to name a checkpoint of this ledger and did not")]
    SawNothing,
}

/// The last statement of a key in a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its number.
    pub seq: u64,
    /// Its leaf hash.
    pub id: Hash,
}

/// Where every key stands in one ledger, as statements are read in order.
#[derive(Clone, Debug, Default)]
pub struct ChainBook {
    last: HashMap<KeyId, Link>,
}

impl ChainBook {
    /// The last statement of a key so far.
    pub fn last(&self, key: &KeyId) -> Option<Link> {
        self.last.get(key).copied()
    }

    /// Every key's last statement so far, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (KeyId, Link)> + '_ {
        self.last.iter().map(|(key, link)| (*key, *link))
    }

    /// Checks ledger, number and predecessor of the next statement of a key, without taking it up.
    pub fn check(&self, key: &KeyId, ledger: LedgerId, chain: &Chain) -> Result<(), ChainFault> {
        if chain.ledger != Some(ledger) {
            return Err(ChainFault::OtherLedger);
        }
        let last = self.last(key);
        let expected = last.map_or(0, |link| link.seq + 1);
        let found = chain.seq;
        if found > expected {
            return Err(ChainFault::Gap { expected, found });
        }
        if found < expected {
            return Err(ChainFault::Repeat { found });
        }
        match (last, chain.prev) {
            (None, Some(_)) | (Some(_), None) => Err(ChainFault::PastAtStart),
            (Some(link), Some(prev)) if link.id != prev => Err(ChainFault::OtherPast),
            (Some(link), _) if chain.void.contains(&link.id) => Err(ChainFault::VoidsFiled),
            _ => Ok(()),
        }
    }

    /// Takes up a statement as the last of its key. After a gap reading goes on from the later
    /// number, so that one gap is reported once.
    pub fn take_up(&mut self, key: KeyId, seq: u64, id: Hash) {
        let link = self.last.entry(key).or_insert(Link { seq, id });
        if seq > link.seq {
            *link = Link { seq, id };
        }
    }
}

/// Checks `seen` of a statement at `position` against the true root at that size.
///
/// `root_at` gives the root of this ledger at a size not above the position, or says why it cannot.
pub fn check_seen<E>(
    chain: &Chain,
    position: Position,
    required: bool,
    root_at: impl FnOnce(TreeSize) -> Result<Hash, E>,
) -> Result<Result<(), ChainFault>, E> {
    let Some(seen) = chain.seen else {
        return Ok(if required { Err(ChainFault::SawNothing) } else { Ok(()) });
    };
    let size = seen.size.0;
    if size == 0 || size > position.0 {
        return Ok(Err(ChainFault::SawTheFuture { size }));
    }
    let root = root_at(seen.size)?;
    Ok(if root == seen.root { Ok(()) } else { Err(ChainFault::SawOtherRoot { size }) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::hash::leaf_hash;

    const LEDGER: LedgerId = LedgerId(Hash([9; 32]));
    const KEY: KeyId = KeyId(Hash([1; 32]));

    fn chain(seq: u64, prev: Option<Hash>) -> Chain {
        Chain { ledger: Some(LEDGER), seq, prev, ..Chain::default() }
    }

    fn book_after(statements: u64) -> (ChainBook, Option<Hash>) {
        let mut book = ChainBook::default();
        let mut prev = None;
        for seq in 0..statements {
            assert_eq!(book.check(&KEY, LEDGER, &chain(seq, prev)), Ok(()));
            let id = leaf_hash(&seq.to_be_bytes());
            book.take_up(KEY, seq, id);
            prev = Some(id);
        }
        (book, prev)
    }

    #[test]
    fn an_unbroken_chain_holds() {
        let (book, prev) = book_after(5);
        assert_eq!(book.last(&KEY), Some(Link { seq: 4, id: prev.unwrap() }));
    }

    #[test]
    fn a_dropped_statement_shows_as_a_gap() {
        let (book, prev) = book_after(3);
        let fault = book.check(&KEY, LEDGER, &chain(4, prev)).unwrap_err();
        assert_eq!(fault, ChainFault::Gap { expected: 3, found: 4 });
    }

    #[test]
    fn forged_prev_and_replay_are_refused() {
        let (book, prev) = book_after(3);
        let check = |chain: Chain| book.check(&KEY, LEDGER, &chain);
        assert_eq!(check(chain(3, Some(leaf_hash(b"forged")))), Err(ChainFault::OtherPast));
        assert_eq!(check(chain(3, None)), Err(ChainFault::PastAtStart));
        assert_eq!(check(chain(2, prev)), Err(ChainFault::Repeat { found: 2 }));
        let elsewhere = Chain { ledger: Some(LedgerId(Hash([8; 32]))), ..chain(3, prev) };
        assert_eq!(check(elsewhere), Err(ChainFault::OtherLedger));
        assert_eq!(check(Chain { ledger: None, ..chain(3, prev) }), Err(ChainFault::OtherLedger));
        let voids_past = Chain { void: vec![prev.unwrap()], ..chain(3, prev) };
        assert_eq!(check(voids_past), Err(ChainFault::VoidsFiled));
        assert_eq!(check(Chain { void: vec![leaf_hash(b"lost")], ..chain(3, prev) }), Ok(()));
    }

    #[test]
    fn seen_is_checked_against_the_true_root() {
        let root = leaf_hash(b"true");
        let seen = |size, root| Chain {
            seen: Some(Tree { size: TreeSize(size), root }),
            ..chain(0, None)
        };
        let sentence = ChainFault::SawTheFuture { size: 0 }.to_string();
        assert!(sentence.ends_with("at size 0, which is no size the ledger had before it"));
        let check = |chain: &Chain, required| {
            check_seen(chain, Position(5), required, |_| Ok::<_, ()>(root)).unwrap()
        };
        assert_eq!(check(&seen(5, root), true), Ok(()));
        assert_eq!(check(&seen(6, root), true), Err(ChainFault::SawTheFuture { size: 6 }));
        assert_eq!(check(&seen(0, root), true), Err(ChainFault::SawTheFuture { size: 0 }));
        let other = check(&seen(3, leaf_hash(b"other")), true);
        assert_eq!(other, Err(ChainFault::SawOtherRoot { size: 3 }));
        assert_eq!(check(&chain(0, None), true), Err(ChainFault::SawNothing));
        assert_eq!(check(&chain(0, None), false), Ok(()));
    }
}
