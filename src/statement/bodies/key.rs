//! The key family: who may sign what, from when to when.

use serde::{Deserialize, Serialize};

use super::StatementRef;
use crate::statement::key::{Role, Scope};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::Tree;

/// `key.grant`: the root lets a key sign. The key itself signs `also`, as proof of possession.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The key.
    pub key: PublicKey,
    /// What it acts as.
    pub role: Role,
    /// What it may sign.
    pub scope: Scope,
}

/// `key.revoke`: ends a key's authority for positions after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {
    /// The key.
    pub key: PublicKey,
    /// Why.
    pub reason: RevokeReason,
    /// Only with the root's `compromised`: what the key signed from this size on is disputed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trusted: Option<Tree>,
}

/// Why a key's authority ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevokeReason {
    /// Nobody can use it any more.
    Lost,
    /// Its holder left.
    Left,
    /// Somebody else may have used it.
    Compromised,
    /// Another key took its place.
    Superseded,
}

impl RevokeReason {
    /// Every reason, in the order people are shown them.
    pub const ALL: [RevokeReason; 4] = [
        RevokeReason::Lost,
        RevokeReason::Left,
        RevokeReason::Compromised,
        RevokeReason::Superseded,
    ];

    /// The word in statements, flags and reports.
    pub fn word(self) -> &'static str {
        match self {
            RevokeReason::Lost => "lost",
            RevokeReason::Left => "left",
            RevokeReason::Compromised => "compromised",
            RevokeReason::Superseded => "superseded",
        }
    }
}

/// `affirm`: the root or a supervisor stands by a statement whose key was compromised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Affirm {
    /// The statement that stands.
    pub statement: StatementRef,
}
