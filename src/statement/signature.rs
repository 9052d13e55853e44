//! Who signed: the envelope's signature and the second signatures, checked under keys that are known.
//!
//! A statement names its key only by thumbprint. The keys themselves stand in earlier statements
//! (genesis, grants, rotations) or, for a key that nobody granted, in its own first one. Because a
//! thumbprint is a hash of the key, finding the key needs no judgement, so signatures can be checked
//! in any order and on all cores; who *might* sign is judged afterwards, in order
//! ([`super::authority`]).

use std::collections::HashMap;

use thiserror::Error;

use super::bodies::Body;
use super::envelope::{LedgerId, Statement};
use super::key::KeyId;
use crate::tlog::ed25519::PublicKey;

/// Every key that statements have shown, by thumbprint.
#[derive(Clone, Debug, Default)]
pub struct KeyBook {
    keys: HashMap<KeyId, PublicKey>,
}

impl KeyBook {
    /// Remembers the keys that a statement shows.
    pub fn learn(&mut self, statement: &Statement) {
        for key in shown_keys(statement).into_iter().flatten() {
            self.keys.insert(KeyId::of(&key), key);
        }
    }

    /// The key of a thumbprint.
    pub fn get(&self, id: &KeyId) -> Option<&PublicKey> {
        self.keys.get(id)
    }
}

/// Keys that may sign statements later, or sign this one.
fn shown_keys(statement: &Statement) -> [Option<PublicKey>; 2] {
    let in_body = match &statement.payload.body {
        Body::Genesis(genesis) => Some(genesis.root),
        Body::Grant(grant) => Some(grant.key),
        Body::RotateRoot(rotate) => Some(rotate.root),
        Body::RecoverRoot(recover) => Some(recover.root),
        _ => None,
    };
    [in_body, statement.payload.key]
}

/// A signature that does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureFault {
    /// Nothing before this statement, nor the statement itself, shows the key it names.
    #[error("no statement shows the key {0} that it names")]
    UnknownKey(KeyId),
    /// The envelope's signature.
    #[error("its signature does not match its bytes under the key {0}")]
    Envelope(KeyId),
    /// A second signature.
    #[error("the second signature by {0} does not match")]
    Also(KeyId),
}

/// A statement all of whose signatures match. There is no other way to make one.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a>(&'a Statement);

impl<'a> Signed<'a> {
    /// The statement.
    pub fn statement(self) -> &'a Statement {
        self.0
    }
}

impl Statement {
    /// Checks the envelope's signature and every second signature, strictly. The key is one that an
    /// earlier statement showed (`keys`) or that this one shows itself.
    ///
    /// `ledger` is the ledger the statement is read in; a genesis needs none.
    pub fn check_signatures(
        &self,
        keys: &KeyBook,
        ledger: LedgerId,
    ) -> Result<Signed<'_>, SignatureFault> {
        let id = self.header.key;
        let shown_here = || shown_keys(self).into_iter().flatten().find(|key| KeyId::of(key) == id);
        let key = keys.get(&id).copied().or_else(shown_here);
        let key = key.ok_or(SignatureFault::UnknownKey(id))?;
        key.check(&self.signed_bytes(), self.signature())
            .map_err(|_| SignatureFault::Envelope(id))?;
        if !self.payload.also.is_empty() {
            let in_ledger = (!matches!(self.payload.body, Body::Genesis(_))).then_some(ledger);
            let message = self.also_message(in_ledger);
            for second in &self.payload.also {
                second
                    .key
                    .check(&message, &second.sig)
                    .map_err(|_| SignatureFault::Also(KeyId::of(&second.key)))?;
            }
        }
        Ok(Signed(self))
    }
}
