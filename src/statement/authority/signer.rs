//! In whose capacity a statement is signed.

use super::{Authority, Refused};
use crate::statement::bodies::Body;
use crate::statement::envelope::{Issuer, Statement};
use crate::statement::key::{KeyId, Role};
use crate::statement::kind::Family;
use crate::statement::signature::Signed;
use crate::tlog::hash::Position;

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

impl Authority {
    /// In whose capacity the statement at the next position is signed, if that capacity covers its
    /// kind. What the kind itself demands is judged by [`Authority::admit`], which asks this first.
    pub fn signer(&self, position: Position, signed: Signed<'_>) -> Result<Signer, Refused> {
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
            return Err(Refused::Undecidable(position));
        }
        let signer = self.capacity(statement)?;
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
        Ok(signer)
    }

    /// As what the key speaks, whatever the issuer says.
    fn capacity(&self, statement: &Statement) -> Result<Signer, Refused> {
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
}
