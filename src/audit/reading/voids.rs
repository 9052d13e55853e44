//! Statements that their signers abandoned (`chain.void`): whoever says so must not have filed them.
//!
//! The chain book notices the one that a statement follows. Any other stands further back or ahead, and
//! is looked for among all leaf hashes when the ledger is read again; that is done only if somebody
//! abandoned something, which few ever do.

use std::collections::HashMap;

use crate::audit::finding::{Outcome, Rule, Subject};
use crate::audit::findings::Findings;
use crate::tlog::hash::{Hash, Position};

/// Leaf hashes of abandoned statements, and where each was abandoned.
#[derive(Debug, Default)]
pub struct Voids {
    abandoned: HashMap<Hash, Position>,
    /// Where a further one was not noted.
    too_many_from: Option<Position>,
}

impl Voids {
    /// Noted at most: a key that was restored from an old copy abandons a few; a million are an attack
    /// on the reader's memory.
    const MAX: usize = 100_000;

    /// Takes up what a statement abandons, apart from one that was told of already.
    pub fn take_up(&mut self, position: Position, void: &[Hash], told: Option<Hash>) {
        for id in void.iter().filter(|id| Some(**id) != told) {
            if self.abandoned.len() == Voids::MAX && !self.abandoned.contains_key(id) {
                self.too_many_from.get_or_insert(position);
                return;
            }
            self.abandoned.entry(*id).or_insert(position);
        }
    }

    /// Whether nothing was abandoned.
    pub fn is_empty(&self) -> bool {
        self.abandoned.is_empty()
    }

    /// Reports a filed statement that somebody says was never filed.
    pub fn check(&self, position: Position, id: Hash, out: &mut Findings) {
        if let Some(by) = self.abandoned.get(&id) {
            let what = format!(
                "statement {by} abandons statement {position} as one that was never filed, and it was"
            );
            out.add(Rule::R01, Outcome::Fail, "voids-filed", Subject::Statement(*by), what);
        }
    }

    /// Says if there were more than are looked for.
    pub fn finish(&self, out: &mut Findings) {
        if let Some(position) = self.too_many_from {
            let what = format!(
                "more than {} statements are abandoned; those from statement {position} on were not \
                 looked for",
                Voids::MAX
            );
            let subject = Subject::Statement(position);
            out.add(Rule::R01, Outcome::CannotCheck, "voids-unchecked", subject, what);
        }
    }
}
