//! The ledger family: birth, log key, end, and other ledgers' checkpoints.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use super::{BodyFault, StatementRef, is_strictly_ascending};
use crate::statement::envelope::LedgerId;
use crate::statement::key::{KeyId, SealedKeyId};
use crate::tlog::checkpoint::{Origin, SignedCheckpoint};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::{Hash, TreeSize};

/// `ledger.genesis`: statement 0. Its leaf hash is the ledger's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Genesis {
    /// What people call the ledger.
    pub name: String,
    /// The first line of every checkpoint of this ledger.
    pub origin: Origin,
    /// What kind of party runs it: site, verifier, partner, accreditor, or another word.
    pub kind: String,
    /// The root key: grants and revokes, and signs this statement.
    pub root: PublicKey,
    /// The next root, sealed.
    pub next: SealedKeyId,
    /// Who can help to recover the root.
    pub guardians: Guardians,
    /// The key that signs checkpoints; it also signs this statement (`also`).
    pub log_key: PublicKey,
    /// The ledger this one continues, at the size and root where it was left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succeeds: Option<Succeeds>,
}

/// The ledger that another continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Succeeds {
    /// Its id.
    pub ledger: LedgerId,
    /// The size at which it was left.
    pub size: TreeSize,
    /// Its root at that size.
    pub root: Hash,
}

/// Keys that can confirm a recovery of the root together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guardians {
    /// Their keys, ascending by bytes.
    pub keys: Vec<PublicKey>,
    /// How many of them must sign; 0 only where there are none.
    pub threshold: u64,
}

impl Guardians {
    /// Ceiling of guardians: people who can be gathered.
    pub const MAX: usize = 32;

    pub(super) fn check(&self) -> Result<(), BodyFault> {
        let keys: Vec<&[u8; 32]> = self.keys.iter().map(PublicKey::as_bytes).collect();
        if keys.len() > Guardians::MAX || !is_strictly_ascending(&keys) {
            return Err(BodyFault("guardians: at most 32 keys, ascending, each once"));
        }
        let enough = if keys.is_empty() { 0..=0 } else { 1..=keys.len() as u64 };
        if !enough.contains(&self.threshold) {
            return Err(BodyFault("guardians: the threshold is between 1 and their number"));
        }
        Ok(())
    }
}

impl Genesis {
    /// Ceiling of a ledger's name, in bytes: it stands on cards, in tables and above reports.
    pub const MAX_NAME_BYTES: usize = 256;
    /// Ceiling of the word for a kind of party, in bytes.
    pub const MAX_KIND_BYTES: usize = 64;

    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if !(1..=Genesis::MAX_NAME_BYTES).contains(&self.name.len()) {
            return Err(BodyFault("name: 1 to 256 bytes"));
        }
        if !(1..=Genesis::MAX_KIND_BYTES).contains(&self.kind.len()) {
            return Err(BodyFault("kind: 1 to 64 bytes"));
        }
        self.guardians.check()?;
        if self.root == self.log_key {
            return Err(BodyFault("root, log_key: one key has two roles"));
        }
        let sealed = |key: &PublicKey| KeyId::of(key).sealed();
        if [sealed(&self.root), sealed(&self.log_key)].contains(&self.next) {
            return Err(BodyFault("next: the next root already has a role"));
        }
        if self.succeeds.is_some_and(|earlier| earlier.size.0 == 0) {
            return Err(BodyFault("succeeds: a ledger has at least its genesis"));
        }
        Ok(())
    }
}

/// `ledger.rotate-log-key`: from the next size on, checkpoints need another key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RotateLogKey {
    /// The log key from here on; it signs `also`.
    pub log_key: PublicKey,
    /// Why.
    pub reason: RotationReason,
    /// Whether the older keys stop signing beside it. Implied by `lost` and `compromised`.
    pub drop_old: bool,
}

/// Why a log key is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RotationReason {
    /// As planned.
    Superseded,
    /// Nobody can use it any more.
    Lost,
    /// Somebody else may use it.
    Compromised,
}

/// `ledger.close`: nothing is admitted after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// Why, for people.
    pub reason: String,
    /// The genesis of the ledger that continues this one, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<StatementRef>,
}

/// `checkpoint.anchor`: another ledger's checkpoint, kept here so that neither history can be
/// rewritten alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckpointAnchor {
    /// The other ledger's id.
    pub ledger: LedgerId,
    /// Its checkpoint, the whole signed note, byte for byte.
    pub note: ByteBuf,
}

impl CheckpointAnchor {
    /// Ceiling of an anchored note, in bytes: a checkpoint with some thirty cosignatures.
    pub const MAX_NOTE_BYTES: usize = 4_096;

    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if self.note.len() > CheckpointAnchor::MAX_NOTE_BYTES
            || SignedCheckpoint::parse(&self.note).is_err()
        {
            return Err(BodyFault("note: a signed checkpoint of at most 4,096 bytes"));
        }
        Ok(())
    }
}
