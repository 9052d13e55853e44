//! Authority: who might sign what, at which position.
//!
//! Statements are read in the order of the ledger. Each is either *admitted*, which is fixed for
//! ever by what stands before it, or *refused*, and a refused statement changes nothing. Only a
//! statement that may rule authority in a way this program does not know stops all judgement: it is
//! neither, and so is everything after it. What later statements make of an admitted one is a
//! separate question ([`super::standing`]).
//!
//! ```text
//! root      founds the ledger; grants, revokes, rotates; replaced by the next root it sealed
//! granted   a key with a role and a scope, from its grant to its revocation
//! visitor   a key nobody granted: the process, a dispute, an opinion on a claim
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::bodies::Body;
use super::bodies::ledger::Genesis;
use super::envelope::{Issuer, LedgerId, Statement};
use super::key::KeyId;
use super::signature::Signed;
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::{Hash, Position, TreeSize};

mod changes;
mod records;
mod refused;
mod signer;

use changes::{Act, require_also};
pub use records::{EndReason, Ending, GrantRecord, LogKeyTerm, RootTerm};
pub use refused::Refused;
pub use signer::Signer;

/// Where a ledger stands in matters of authority after the statements read so far.
#[derive(Clone, Debug)]
pub struct Authority {
    ledger: LedgerId,
    genesis: Genesis,
    roots: Vec<RootTerm>,
    grants: BTreeMap<KeyId, GrantRecord>,
    visitors: BTreeSet<KeyId>,
    log_keys: Vec<LogKeyTerm>,
    closed: Option<Position>,
    undecidable: Option<Position>,
    acts: Vec<(Position, Act)>,
}

/// Gives the root of the ledger at an earlier size; `None` where only part of the ledger is at hand
/// (a receipt), which leaves the rules on `trusted` to those who hold all of it.
pub type RootAt<'a> = &'a mut dyn FnMut(TreeSize) -> Option<Hash>;

impl Authority {
    /// Begins with statement 0.
    pub fn found(genesis: Signed<'_>) -> Result<Authority, Refused> {
        let statement = genesis.statement();
        let Body::Genesis(body) = &statement.payload.body else {
            return Err(Refused::NotAGenesis);
        };
        let signed_by_root = statement.header.key == KeyId::of(&body.root);
        // An origin spelled as `treering:<id>` or `key:<thumbprint>` would speak as another party.
        let issued_by_origin = matches!(
            &statement.header.issuer,
            Issuer::Origin(origin) if origin == body.origin.as_str()
        );
        let at_the_start = statement.payload.chain == Default::default();
        if !signed_by_root || !issued_by_origin || !at_the_start {
            return Err(Refused::NotAGenesis);
        }
        require_also(statement, &[body.log_key])?;
        Ok(Authority {
            ledger: LedgerId(statement.id()),
            roots: vec![RootTerm {
                key: body.root,
                since: Position(0),
                next: body.next,
                guardians: body.guardians.clone(),
                set_aside_from: None,
            }],
            log_keys: vec![LogKeyTerm {
                from: TreeSize(1),
                required: body.log_key,
                beside: Vec::new(),
            }],
            genesis: body.clone(),
            grants: BTreeMap::new(),
            visitors: BTreeSet::new(),
            closed: None,
            undecidable: None,
            acts: Vec::new(),
        })
    }

    /// Judges the statement at the next position and, if it is admitted, takes up what it changes.
    ///
    /// Statements come in ascending order; some may be left out by a reader who is sure that they
    /// change no authority (a receipt).
    ///
    /// One refusal changes something: [`Refused::Undecidable`] stands for every statement from here
    /// on. A writer, who has the choice, asks [`Body::is_unknown_rule`] first.
    pub fn admit(
        &mut self,
        position: Position,
        signed: Signed<'_>,
        root_at: RootAt<'_>,
    ) -> Result<Signer, Refused> {
        let signer = self.signer(position, signed).inspect_err(|refused| {
            if let Refused::Undecidable(at) = refused {
                self.undecidable = Some(*at);
            }
        })?;
        self.apply(position, signed.statement(), signer, root_at)?;
        Ok(signer)
    }

    /// Passes over a statement whose key no statement shows, so that its signature cannot be checked.
    ///
    /// If it is of a kind or version in a family that rules authority and unknown here, a later
    /// version may find its key where this one does not look, and nothing can be judged any more.
    pub fn pass_over(&mut self, position: Position, statement: &Statement) {
        let here = statement.payload.chain.ledger == Some(self.ledger);
        if here && self.closed.is_none() && statement.payload.body.is_unknown_rule() {
            self.undecidable.get_or_insert(position);
        }
    }

    /// Roots past and present, the sealed next root, log keys past and present.
    fn has_or_had_another_role(&self, id: KeyId) -> bool {
        let roots = self.roots.iter().map(|term| KeyId::of(&term.key));
        let log_keys = self.log_keys.iter().map(|term| KeyId::of(&term.required));
        id.sealed() == self.root().next || roots.chain(log_keys).any(|other| other == id)
    }

    /// Every key that has or had a role, or spoke without one.
    fn everyone(&self) -> impl Iterator<Item = KeyId> + '_ {
        let roots = self.roots.iter().map(|term| KeyId::of(&term.key));
        let log_keys = self.log_keys.iter().map(|term| KeyId::of(&term.required));
        roots
            .chain(log_keys)
            .chain(self.grants.keys().copied())
            .chain(self.visitors.iter().copied())
    }

    /// The ledger's id.
    pub fn ledger(&self) -> LedgerId {
        self.ledger
    }

    /// What statement 0 says.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// The root in force.
    pub fn root(&self) -> &RootTerm {
        self.roots.last().expect("authority: a ledger has a root from its genesis on")
    }

    fn root_in_force_mut(&mut self) -> &mut RootTerm {
        self.roots.last_mut().expect("authority: a ledger has a root from its genesis on")
    }

    /// Whether what a key signed at a position is disputed: the key was compromised then, or it is a
    /// root's and a recovery has set it aside.
    pub fn is_disputed(&self, key: &KeyId, position: Position) -> bool {
        let granted = self.grants.get(key).and_then(|grant| grant.ended?.disputed_from);
        let as_root = self.roots.iter().filter(|term| KeyId::of(&term.key) == *key);
        let from = granted.into_iter().chain(as_root.filter_map(|term| term.set_aside_from)).min();
        from.is_some_and(|from| position.0 >= from.0)
    }

    /// Every root so far, oldest first.
    pub fn roots(&self) -> &[RootTerm] {
        &self.roots
    }

    /// The grant of a key, whether or not it ended.
    pub fn grant_of(&self, id: &KeyId) -> Option<&GrantRecord> {
        self.grants.get(id)
    }

    /// Every grant so far, by thumbprint.
    pub fn grants(&self) -> impl Iterator<Item = (KeyId, &GrantRecord)> {
        self.grants.iter().map(|(id, record)| (*id, record))
    }

    /// How many keys spoke that nobody granted.
    pub fn visitors(&self) -> usize {
        self.visitors.len()
    }

    /// The keys that sign the next checkpoint.
    pub fn log_keys_in_force(&self) -> &LogKeyTerm {
        self.log_keys.last().expect("authority: a ledger has a log key from its genesis on")
    }

    /// The keys that sign a checkpoint of `size`, as statements 0 … size−1 say. `None` for size 0.
    pub fn log_keys_at(&self, size: TreeSize) -> Option<&LogKeyTerm> {
        self.log_keys.iter().rev().find(|term| term.from <= size)
    }

    /// Every key that was ever to sign checkpoints, oldest first.
    pub fn log_keys(&self) -> impl Iterator<Item = PublicKey> + '_ {
        self.log_keys.iter().map(|term| term.required)
    }

    /// The positions of the statements on which a key's authority rests: genesis, every change of
    /// root or log key, and the key's grant. Ascending.
    pub fn rests_on(&self, key: &KeyId) -> Vec<Position> {
        let roots = self.roots.iter().map(|term| term.since);
        let log_keys = self.log_keys.iter().map(|term| Position(term.from.0 - 1));
        let grant = self.grants.get(key).map(|grant| grant.granted);
        let positions: BTreeSet<Position> = roots.chain(log_keys).chain(grant).collect();
        positions.into_iter().collect()
    }

    /// Where the ledger was closed.
    pub fn closed(&self) -> Option<Position> {
        self.closed
    }

    /// The position from which on authority cannot be judged by this program.
    pub fn undecidable(&self) -> Option<Position> {
        self.undecidable
    }
}
