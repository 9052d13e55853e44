//! Standing: what later statements make of an admitted one.
//!
//! Admission is fixed; standing is computed at a head and may change with every statement. Nothing
//! here removes anything: a disputed or superseded statement stays where it is and is counted.

use std::collections::{BTreeSet, HashMap};

use super::authority::{Authority, Signer};
use super::bodies::{Body, StatementRef};
use super::envelope::{Issuer, Statement};
use super::key::{KeyId, Role};
use crate::tlog::hash::{Hash, Position};

/// How a statement stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing speaks against it.
    Good,
    /// Its key was compromised, or the root of that time set aside: it is not known who signed it.
    Disputed,
    /// It would be disputed, and the root or a supervisor stands by it.
    Affirmed,
    /// Its party corrected it.
    Superseded {
        /// What stands in its place.
        by: Option<StatementRef>,
    },
}

/// The statements that change how others stand, collected while a ledger is read.
#[derive(Clone, Debug, Default)]
pub struct StandingBook {
    affirmations: HashMap<Hash, Vec<Act>>,
    corrections: HashMap<Hash, Vec<(Act, Option<StatementRef>)>>,
    erasures: HashMap<Hash, Vec<(Act, Vec<u64>)>>,
}

#[derive(Clone, Debug)]
struct Act {
    position: Position,
    key: KeyId,
    issuer: Issuer,
}

impl StandingBook {
    /// Takes up an admitted statement.
    pub fn take_up(&mut self, position: Position, statement: &Statement, signer: Signer) {
        let header = &statement.header;
        let act = || Act { position, key: header.key, issuer: header.issuer.clone() };
        match &statement.payload.body {
            Body::Affirm(affirm)
                if matches!(signer, Signer::Root | Signer::Granted(Role::Supervisor)) =>
            {
                self.affirmations.entry(affirm.statement.id).or_default().push(act());
            }
            Body::Correction(correction) => {
                let change = (act(), correction.replaced_by);
                self.corrections.entry(correction.statement.id).or_default().push(change);
            }
            Body::Erase(erase) => {
                let change = (act(), erase.rows.clone());
                self.erasures.entry(erase.anchor.id).or_default().push(change);
            }
            _ => {}
        }
    }

    /// How an admitted statement stands, given everything taken up so far.
    pub fn standing(
        &self,
        authority: &Authority,
        position: Position,
        statement: &Statement,
    ) -> Standing {
        let key = statement.header.key;
        let counts = |act: &Act| !authority.is_disputed(&act.key, act.position);
        let same_party = |act: &Act| act.issuer == statement.header.issuer;

        let corrections = self.corrections.get(&statement.id()).into_iter().flatten();
        let effective = corrections.filter(|(act, _)| counts(act) && same_party(act));
        if let Some((_, by)) = effective.max_by_key(|(act, _)| act.position) {
            return Standing::Superseded { by: *by };
        }
        if !authority.is_disputed(&key, position) {
            return Standing::Good;
        }
        let mut affirmations = self.affirmations.get(&statement.id()).into_iter().flatten();
        match affirmations.any(|act| counts(act) && act.key != key) {
            true => Standing::Affirmed,
            false => Standing::Disputed,
        }
    }

    /// The rows of an anchor that its own party erased.
    pub fn erased_rows(&self, authority: &Authority, anchor: &Statement) -> BTreeSet<u64> {
        self.erasures
            .get(&anchor.id())
            .into_iter()
            .flatten()
            .filter(|(act, _)| !authority.is_disputed(&act.key, act.position))
            .filter(|(act, _)| act.issuer == anchor.header.issuer)
            .flat_map(|(_, rows)| rows.iter().copied())
            .collect()
    }
}
