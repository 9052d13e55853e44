//! What a key remembers of a ledger, against what a copy of that ledger shows of the key.

use super::ChainContents;
use super::contents::{Past, link_of};
use crate::statement::chain::Link;
use crate::statement::envelope::LedgerId;

/// How a ledger's last statement of a key stands to the key's own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// It is the last that the key signed there, or both know of none.
    Same,
    /// The ledger holds statements that the file does not: take them up before signing.
    LedgerHasMore {
        /// Number of the first of them.
        from: u64,
    },
    /// The ledger lacks statements that were signed: offer those that wait, sign nothing.
    LedgerHasLess {
        /// Number of the first that it lacks. If that one does not wait, it is known to be filed, so
        /// the copy is old or the ledger hides it.
        from: u64,
    },
    /// The number was given to two statements.
    Conflict {
        /// The number.
        seq: u64,
    },
}

impl ChainContents {
    /// Compares with the key's last statement in a verified copy of the ledger; `None` if it holds
    /// none. Of what was filed, the file knows the last statement only: another one under an earlier
    /// number is for the reader of that copy to find.
    pub fn compare(&self, ledger: LedgerId, shown: Option<Link>) -> Comparison {
        let nothing = Past::default();
        let past = self.ledgers.get(&ledger).unwrap_or(&nothing);
        let mut known = past.filed.into_iter().chain(past.unfiled.iter().map(|own| link_of(own)));
        match (past.last(), shown) {
            (last, shown) if last == shown => Comparison::Same,
            (None, _) => Comparison::LedgerHasMore { from: 0 },
            (Some(_), None) => Comparison::LedgerHasLess { from: 0 },
            (Some(last), Some(shown)) if shown.seq > last.seq => {
                Comparison::LedgerHasMore { from: last.seq + 1 }
            }
            (Some(_), Some(shown)) => match known.find(|own| own.seq == shown.seq) {
                Some(own) if own != shown => Comparison::Conflict { seq: shown.seq },
                _ => Comparison::LedgerHasLess { from: shown.seq + 1 },
            },
        }
    }
}
