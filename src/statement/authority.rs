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

use thiserror::Error;

use super::bodies::Body;
use super::bodies::key::{Grant, Revoke, RevokeReason};
use super::bodies::ledger::{Genesis, Guardians, RotateLogKey, RotationReason};
use super::bodies::root::{Recover, Rotate};
use super::envelope::{Issuer, LedgerId, Statement};
use super::key::{KeyId, Role, Scope, SealedKeyId};
use super::kind::{Family, KindName};
use super::signature::Signed;
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

/// In whose capacity a statement was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The root in force, or the next root taking over.
    Root,
    /// A key granted in this ledger.
    Granted(Role),
    /// A granted key that gives up its own grant.
    Itself(Role),
    /// A key that nobody granted in this ledger.
    Visitor,
}

impl Signer {
    /// Whether `chain.seen` is required of this signer.
    pub fn must_name_what_it_saw(self) -> bool {
        match self {
            Signer::Root => false,
            Signer::Granted(role) | Signer::Itself(role) => role.must_name_what_it_saw(),
            Signer::Visitor => true,
        }
    }
}

/// Why a statement is not admitted at its position.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "each variant's sentence says what it is")]
pub enum Refused {
    #[error("the ledger does not begin with a genesis of its own")]
    NotAGenesis,
    #[error("a ledger has one genesis, at position 0")]
    SecondGenesis,
    #[error("the ledger was closed at position {0}")]
    Closed(Position),
    #[error(
        "who may sign cannot be judged from position {0} on: a statement there is of a kind or version that this program does not know"
    )]
    Undecidable(Position),
    #[error("it was filed in another ledger and copied here")]
    OtherLedger,
    #[error("its issuer is not the party that its key speaks for")]
    OtherIssuer,
    #[error("its key was not granted here")]
    NotGranted,
    #[error("the authority of its key ended at position {0}")]
    Ended(Position),
    #[error("the scope of its key ({scope}) does not cover {kind}")]
    OutOfScope { scope: Scope, kind: KindName },
    #[error("only the root in force signs {0}")]
    RootOnly(KindName),
    #[error("the root signs only what rules the ledger and its keys, not {0}")]
    NotForRoot(KindName),
    #[error(
        "a key that nobody granted here speaks only in the process, to dispute, or with an opinion on a claim, not with {0}"
    )]
    NotForVisitors(KindName),
    #[error("a key that nobody granted here shows itself in its first statement, and only there")]
    VisitorKey,
    #[error("only a key that nobody granted here shows itself or names an accreditor's grant")]
    NoVisitor,
    #[error("the second signatures are not exactly those this kind needs")]
    SecondSignatures,
    #[error("the key already has, or had, a role in this ledger")]
    KeyHasRole,
    #[error("the key holds no grant here, and no more of what it signed would be disputed")]
    NothingToRevoke,
    #[error(
        "`trusted` is required where the root revokes a compromised key or is recovered, and nowhere else"
    )]
    TrustedMisplaced,
    #[error("`trusted` does not name this ledger at an earlier size")]
    TrustedWrong,
    #[error("the key is not the next root that was sealed")]
    NotTheNextRoot,
    #[error("a recovery needs {threshold} of the guardians in force, and no one else")]
    Guardians { threshold: u64 },
}

/// A key's grant, from beginning to end.
#[derive(Clone, Debug, PartialEq)]
pub struct GrantRecord {
    /// The key.
    pub key: PublicKey,
    /// What it acts as.
    pub role: Role,
    /// What it may sign.
    pub scope: Scope,
    /// Where it was granted.
    pub granted: Position,
    /// The granting statement's id.
    pub statement: Hash,
    /// Where and why it ended.
    pub ended: Option<Ending>,
}

/// The end of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The position of the statement that ended it.
    pub at: Position,
    /// Why.
    pub reason: EndReason,
    /// What the key signed at this size's positions and after is disputed. The root may say so later
    /// than the end itself, which then stays where and why it was.
    pub disputed_from: Option<TreeSize>,
}

/// Why a grant ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// `key.revoke` by the root.
    ByRoot(RevokeReason),
    /// `key.revoke` by the key itself.
    ByItself(RevokeReason),
    /// It had been granted by a root that a recovery set aside.
    RootSetAside,
}

/// A root's term of office.
#[derive(Clone, Debug, PartialEq)]
pub struct RootTerm {
    /// The root key.
    pub key: PublicKey,
    /// The position of the statement that put it in force.
    pub since: Position,
    /// The root after it, sealed.
    pub next: SealedKeyId,
    /// Who confirms a recovery.
    pub guardians: Guardians,
    /// What it signed at this size's positions and after lost effect in a recovery.
    pub set_aside_from: Option<TreeSize>,
}

/// The keys that sign checkpoints from a size on.
#[derive(Clone, Debug, PartialEq)]
pub struct LogKeyTerm {
    /// The smallest size whose checkpoint needs them.
    pub from: TreeSize,
    /// The key that must have signed.
    pub required: PublicKey,
    /// Older keys that sign before it, oldest first; a reader does not need them.
    pub beside: Vec<PublicKey>,
}

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

/// What the root in force did, kept so that a recovery can undo it.
#[derive(Clone, Debug)]
enum Act {
    Granted(KeyId),
    /// The key, and how it had ended before.
    Revoked(KeyId, Option<Ending>),
    RotatedLogKey(LogKeyTerm),
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
        let statement = signed.statement();
        if let Some(at) = self.closed {
            return Err(Refused::Closed(at));
        }
        if let Some(at) = self.undecidable {
            return Err(Refused::Undecidable(at));
        }
        if matches!(statement.payload.body, Body::Genesis(_)) {
            return Err(Refused::SecondGenesis);
        }
        // The issuer names this ledger only for the root and for granted keys.
        if statement.payload.chain.ledger != Some(self.ledger) {
            return Err(Refused::OtherLedger);
        }
        if statement.payload.body.is_unknown_rule() {
            // Nor can it be said that this one is refused: a later version may let others sign it.
            self.undecidable = Some(position);
            return Err(Refused::Undecidable(position));
        }
        let signer = self.signer(statement)?;
        let issuer = match signer {
            Signer::Visitor => Issuer::Key(statement.header.key),
            _ => Issuer::Ledger(self.ledger),
        };
        if statement.header.issuer != issuer {
            return Err(Refused::OtherIssuer);
        }
        let shows_itself = statement.payload.key.is_some() || statement.payload.by.is_some();
        if shows_itself && signer != Signer::Visitor {
            return Err(Refused::NoVisitor);
        }
        self.apply(position, statement, signer, root_at)?;
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

    /// In whose capacity the statement is signed, if that capacity covers its kind.
    fn signer(&self, statement: &Statement) -> Result<Signer, Refused> {
        let id = statement.header.key;
        let kind = &statement.header.typ.kind;
        let body = &statement.payload.body;
        if let Body::RecoverRoot(recover) = body {
            return match id == KeyId::of(&recover.root) && id.sealed() == self.root().next {
                true => Ok(Signer::Root),
                false => Err(Refused::NotTheNextRoot),
            };
        }
        if id == KeyId::of(&self.root().key) {
            return match kind.family().rules_authority() {
                true => Ok(Signer::Root),
                false => Err(Refused::NotForRoot(kind.clone())),
            };
        }
        if let Some(grant) = self.grants.get(&id) {
            if let Some(ending) = grant.ended {
                return Err(Refused::Ended(ending.at));
            }
            if matches!(body, Body::Revoke(revoke) if revoke.key == grant.key) {
                return Ok(Signer::Itself(grant.role));
            }
            return match grant.scope.covers(kind) {
                true => Ok(Signer::Granted(grant.role)),
                false if kind.family().rules_authority() => Err(Refused::RootOnly(kind.clone())),
                false => {
                    Err(Refused::OutOfScope { scope: grant.scope.clone(), kind: kind.clone() })
                }
            };
        }
        self.visitor(statement).map(|()| Signer::Visitor)
    }

    fn visitor(&self, statement: &Statement) -> Result<(), Refused> {
        let id = statement.header.key;
        let kind = &statement.header.typ.kind;
        if kind.family().rules_authority() {
            return Err(Refused::RootOnly(kind.clone()));
        }
        if self.has_or_had_another_role(id) {
            return Err(Refused::NotGranted);
        }
        if kind.family() != Family::Process && kind.as_str() != "claim.opinion" {
            return Err(Refused::NotForVisitors(kind.clone()));
        }
        let first = statement.payload.chain.seq == 0;
        let shown = statement.payload.key;
        let shows_itself = shown.is_some_and(|key| KeyId::of(&key) == id);
        if first != shown.is_some() || first != shows_itself || first == self.visitors.contains(&id)
        {
            return Err(Refused::VisitorKey);
        }
        Ok(())
    }

    fn apply(
        &mut self,
        position: Position,
        statement: &Statement,
        signer: Signer,
        root_at: RootAt<'_>,
    ) -> Result<(), Refused> {
        match &statement.payload.body {
            Body::Grant(grant) => self.grant(position, statement, grant)?,
            Body::Revoke(revoke) => self.revoke(position, statement, revoke, signer, root_at)?,
            Body::RotateRoot(rotate) => self.rotate_root(position, statement, rotate)?,
            Body::RecoverRoot(recover) => {
                self.recover_root(position, statement, recover, root_at)?;
            }
            Body::RotateLogKey(rotate) => self.rotate_log_key(position, statement, rotate)?,
            Body::Close(_) => {
                require_also(statement, &[])?;
                self.closed = Some(position);
            }
            // Second signatures of a kind nobody here knows are for those who know it.
            Body::Unknown { .. } => {}
            _ => require_also(statement, &[])?,
        }
        if signer == Signer::Visitor {
            self.visitors.insert(statement.header.key);
        }
        Ok(())
    }

    fn grant(
        &mut self,
        position: Position,
        statement: &Statement,
        grant: &Grant,
    ) -> Result<(), Refused> {
        require_also(statement, &[grant.key])?;
        let id = KeyId::of(&grant.key);
        // A key once granted stays in the table, so a revoked key is never granted again.
        if self.grants.contains_key(&id) || self.has_or_had_another_role(id) {
            return Err(Refused::KeyHasRole);
        }
        let record = GrantRecord {
            key: grant.key,
            role: grant.role,
            scope: grant.scope.clone(),
            granted: position,
            statement: statement.id(),
            ended: None,
        };
        self.grants.insert(id, record);
        self.acts.push((position, Act::Granted(id)));
        Ok(())
    }

    fn revoke(
        &mut self,
        position: Position,
        statement: &Statement,
        revoke: &Revoke,
        signer: Signer,
        root_at: RootAt<'_>,
    ) -> Result<(), Refused> {
        require_also(statement, &[])?;
        let by_root = signer == Signer::Root;
        // Only the root can make earlier statements disputed: a key that could disown its own past
        // would let a thief, or a regretful ranger, erase it.
        let reaches_back = by_root && revoke.reason == RevokeReason::Compromised;
        if revoke.trusted.is_some() != reaches_back {
            return Err(Refused::TrustedMisplaced);
        }
        if let Some(trusted) = revoke.trusted {
            check_trusted(trusted, position, root_at)?;
        }
        let id = KeyId::of(&revoke.key);
        let record = self.grants.get_mut(&id).ok_or(Refused::NothingToRevoke)?;
        let reason = match by_root {
            true => EndReason::ByRoot(revoke.reason),
            false => EndReason::ByItself(revoke.reason),
        };
        let disputed_from = revoke.trusted.map(|trusted| trusted.size);
        let before = record.ended;
        record.ended = match before {
            None => Some(Ending { at: position, reason, disputed_from }),
            // A thief who gives the key up, or a loss that turns out to be a theft, shelters nothing.
            Some(ending) if reaches_further(disputed_from, ending.disputed_from) => {
                Some(Ending { disputed_from, ..ending })
            }
            Some(_) => return Err(Refused::NothingToRevoke),
        };
        if by_root {
            self.acts.push((position, Act::Revoked(id, before)));
        }
        Ok(())
    }

    fn rotate_root(
        &mut self,
        position: Position,
        statement: &Statement,
        rotate: &Rotate,
    ) -> Result<(), Refused> {
        require_also(statement, &[rotate.root])?;
        self.check_next_root(&rotate.root, rotate.next)?;
        self.begin_root_term(RootTerm {
            key: rotate.root,
            since: position,
            next: rotate.next,
            guardians: rotate.guardians.clone(),
            set_aside_from: None,
        });
        Ok(())
    }

    fn recover_root(
        &mut self,
        position: Position,
        statement: &Statement,
        recover: &Recover,
        root_at: RootAt<'_>,
    ) -> Result<(), Refused> {
        self.check_next_root(&recover.root, recover.next)?;
        check_trusted(recover.trusted, position, root_at)?;
        let guardians = &self.root().guardians;
        let confirming = &statement.payload.also;
        let strangers = confirming.iter().any(|second| !guardians.keys.contains(&second.key));
        // Keys of `also` are distinct (checked on reading), so this counts people.
        if strangers || (confirming.len() as u64) < guardians.threshold {
            return Err(Refused::Guardians { threshold: guardians.threshold });
        }
        let trusted = recover.trusted.size;
        self.undo_acts_from(trusted, position);
        self.root_in_force_mut().set_aside_from = Some(trusted);
        self.begin_root_term(RootTerm {
            key: recover.root,
            since: position,
            next: recover.next,
            guardians: recover.guardians.clone(),
            set_aside_from: None,
        });
        Ok(())
    }

    fn check_next_root(&self, root: &PublicKey, next: SealedKeyId) -> Result<(), Refused> {
        let id = KeyId::of(root);
        if id.sealed() != self.root().next {
            return Err(Refused::NotTheNextRoot);
        }
        let next_has_role = self.everyone().any(|key| key.sealed() == next);
        if self.grants.contains_key(&id) || next == id.sealed() || next_has_role {
            return Err(Refused::KeyHasRole);
        }
        Ok(())
    }

    fn begin_root_term(&mut self, term: RootTerm) {
        self.roots.push(term);
        self.acts.clear();
    }

    /// Takes back what the root in force did to authority at positions ≥ `trusted`.
    fn undo_acts_from(&mut self, trusted: TreeSize, position: Position) {
        let mut log_keys = None;
        for (at, act) in std::mem::take(&mut self.acts).into_iter().rev() {
            if at.0 < trusted.0 {
                break;
            }
            match act {
                Act::Granted(id) => {
                    if let Some(record) = self.grants.get_mut(&id) {
                        let (at, reason) = match record.ended {
                            // The key had given itself up before.
                            Some(ending) => (ending.at, ending.reason),
                            None => (position, EndReason::RootSetAside),
                        };
                        let disputed_from = Some(trusted);
                        record.ended = Some(Ending { at, reason, disputed_from });
                    }
                }
                Act::Revoked(id, before) => {
                    if let Some(record) = self.grants.get_mut(&id) {
                        record.ended = before;
                    }
                }
                Act::RotatedLogKey(before) => log_keys = Some(before),
            }
        }
        if let Some(before) = log_keys {
            self.log_keys.push(LogKeyTerm { from: position.covering_size(), ..before });
        }
    }

    fn rotate_log_key(
        &mut self,
        position: Position,
        statement: &Statement,
        rotate: &RotateLogKey,
    ) -> Result<(), Refused> {
        require_also(statement, &[rotate.log_key])?;
        let id = KeyId::of(&rotate.log_key);
        if self.grants.contains_key(&id)
            || self.visitors.contains(&id)
            || self.has_or_had_another_role(id)
        {
            return Err(Refused::KeyHasRole);
        }
        let before = self.log_keys_in_force().clone();
        let drops_old = rotate.drop_old || rotate.reason != RotationReason::Superseded;
        let beside = match drops_old {
            true => Vec::new(),
            false => before.beside.iter().copied().chain([before.required]).collect(),
        };
        let from = position.covering_size();
        self.log_keys.push(LogKeyTerm { from, required: rotate.log_key, beside });
        self.acts.push((position, Act::RotatedLogKey(before)));
        Ok(())
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

fn require_also(statement: &Statement, keys: &[PublicKey]) -> Result<(), Refused> {
    let present = statement.payload.also.iter().map(|second| &second.key);
    match present.eq(keys) {
        true => Ok(()),
        false => Err(Refused::SecondSignatures),
    }
}

/// Whether more would be disputed than is.
fn reaches_further(disputed_from: Option<TreeSize>, before: Option<TreeSize>) -> bool {
    disputed_from.is_some_and(|from| before.is_none_or(|before| from < before))
}

fn check_trusted(trusted: Tree, position: Position, root_at: RootAt<'_>) -> Result<(), Refused> {
    if trusted.size.0 == 0 || trusted.size.0 > position.0 {
        return Err(Refused::TrustedWrong);
    }
    match root_at(trusted.size) {
        Some(root) if root != trusted.root => Err(Refused::TrustedWrong),
        _ => Ok(()),
    }
}
