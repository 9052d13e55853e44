//! What a reader remembers of keys: grants and their ends, the terms of roots and of log keys.

use crate::statement::bodies::key::RevokeReason;
use crate::statement::bodies::ledger::Guardians;
use crate::statement::key::{Role, Scope, SealedKeyId};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::{Hash, Position, TreeSize};

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
