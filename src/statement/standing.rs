//! Standing: what later statements make of an admitted one.
//!
//! Admission is fixed; standing is computed at a head and may change with every statement. Nothing
//! here removes anything: a disputed or superseded statement stays where it is and is counted.

use std::collections::{BTreeSet, HashMap};

use super::authority::{Authority, Signer};
use super::bodies::{Body, StatementRef};
use super::envelope::{Header, Issuer, Statement};
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
    /// Its party corrected it. Never a statement that rules authority: who may sign follows from
    /// what was admitted, and a recorder does not correct the root.
    Superseded {
        /// What stands in its place.
        by: Option<StatementRef>,
    },
}

/// An admitted statement, as far as its standing depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Filed<'a> {
    /// Where it stands.
    pub position: Position,
    /// Its leaf hash.
    pub id: Hash,
    /// The key that signed it.
    pub key: KeyId,
    /// In whose name.
    pub issuer: &'a Issuer,
    /// Whether it is of a family that rules authority, and so cannot be corrected.
    pub rules_authority: bool,
}

/// The statements that change how others stand, collected while a ledger is read.
#[derive(Clone, Debug, Default)]
pub struct StandingBook {
    affirmations: HashMap<Hash, Vec<Act>>,
    corrections: HashMap<Hash, Vec<(Act, Option<StatementRef>)>>,
    erasures: HashMap<Hash, Vec<(Act, Vec<u64>)>>,
}

/// Who says so.
#[derive(Clone, Debug)]
struct Act {
    id: Hash,
    position: Position,
    key: KeyId,
    issuer: Issuer,
}

impl StandingBook {
    /// Takes up an admitted statement.
    pub fn take_up(&mut self, position: Position, statement: &Statement, signer: Signer) {
        let Header { key, issuer, .. } = &statement.header;
        let act = || Act { id: statement.id(), position, key: *key, issuer: issuer.clone() };
        match &statement.payload.body {
            Body::Affirm(affirm)
                if matches!(signer, Signer::Root | Signer::Granted(Role::Supervisor)) =>
            {
                add(&mut self.affirmations, affirm.statement, act());
            }
            Body::Correction(correction) => {
                let change = (act(), correction.replaced_by);
                add(&mut self.corrections, correction.statement, change);
            }
            Body::Erase(erase) => {
                add(&mut self.erasures, erase.anchor, (act(), erase.rows.clone()))
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
        let filed = Filed {
            position,
            id: statement.id(),
            key: statement.header.key,
            issuer: &statement.header.issuer,
            rules_authority: statement.header.typ.kind.family().rules_authority(),
        };
        self.standing_of(authority, &filed)
    }

    /// How a statement stands of which only this much is known.
    pub fn standing_of(&self, authority: &Authority, filed: &Filed<'_>) -> Standing {
        let Filed { position, id, key, issuer, rules_authority } = *filed;
        let same_party = |act: &Act| act.issuer == *issuer;
        let corrections = self.corrections.get(&id).filter(|_| !rules_authority);
        let effective = corrections
            .into_iter()
            .flatten()
            .filter(|(act, _)| same_party(act) && self.has_effect(authority, act));
        if let Some((_, by)) = effective.max_by_key(|(act, _)| act.position) {
            return Standing::Superseded { by: *by };
        }
        if !authority.is_disputed(&key, position) {
            return Standing::Good;
        }
        match self.is_affirmed(authority, id, key) {
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
            .filter(|(act, _)| act.issuer == anchor.header.issuer)
            .filter(|(act, _)| self.has_effect(authority, act))
            .flat_map(|(_, rows)| rows.iter().copied())
            .collect()
    }

    /// A correction or an erasure has effect as long as nobody disputes who signed it, or somebody
    /// stands by it.
    fn has_effect(&self, authority: &Authority, act: &Act) -> bool {
        !authority.is_disputed(&act.key, act.position)
            || self.is_affirmed(authority, act.id, act.key)
    }

    /// Whether somebody else than its key stands by a statement. An affirmation that is disputed
    /// itself does not count, whoever affirms it.
    fn is_affirmed(&self, authority: &Authority, id: Hash, key: KeyId) -> bool {
        let mut affirmations = self.affirmations.get(&id).into_iter().flatten();
        affirmations.any(|act| act.key != key && !authority.is_disputed(&act.key, act.position))
    }
}

/// Notes what is said of a statement here; of one in another ledger nothing can be said.
fn add<T>(book: &mut HashMap<Hash, Vec<T>>, statement: StatementRef, said: T) {
    if statement.ledger.is_none() {
        book.entry(statement.id).or_default().push(said);
    }
}
