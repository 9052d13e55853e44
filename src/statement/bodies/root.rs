//! The root family: how the root key is succeeded.

use serde::{Deserialize, Serialize};

use super::ledger::Guardians;
use crate::statement::key::SealedKeyId;
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::Tree;

/// `root.rotate`: the root in force hands over to the next, which signs `also`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rotate {
    /// The new root; its sealed thumbprint is the `next` in force.
    pub root: PublicKey,
    /// The root after it, sealed.
    pub next: SealedKeyId,
    /// The guardians from here on, restated.
    pub guardians: Guardians,
}

/// `root.recover`: the next root takes over without the old one, confirmed by guardians (`also`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recover {
    /// The new root, which signs this statement; its sealed thumbprint is the `next` in force.
    pub root: PublicKey,
    /// The root after it, sealed.
    pub next: SealedKeyId,
    /// The guardians from here on, restated.
    pub guardians: Guardians,
    /// What the old root did to authority from this size on loses effect.
    pub trusted: Tree,
}
