//! What the root, a recovery or a key itself changes in who might sign.

use super::{
    Authority, EndReason, Ending, GrantRecord, LogKeyTerm, Refused, RootAt, RootTerm, Signer,
};
use crate::statement::bodies::Body;
use crate::statement::bodies::key::{Grant, Revoke, RevokeReason};
use crate::statement::bodies::ledger::{RotateLogKey, RotationReason};
use crate::statement::bodies::root::{Recover, Rotate};
use crate::statement::envelope::Statement;
use crate::statement::key::{KeyId, SealedKeyId};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::{Position, Tree, TreeSize};

/// What the root in force did, kept so that a recovery can undo it.
#[derive(Clone, Debug)]
pub(super) enum Act {
    Granted(KeyId),
    /// The key, and how it had ended before.
    Revoked(KeyId, Option<Ending>),
    RotatedLogKey(LogKeyTerm),
}

impl Authority {
    /// Checks what a kind demands beyond its signer, then does what the statement says. What is
    /// refused changes nothing.
    pub(super) fn apply(
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
}

pub(super) fn require_also(statement: &Statement, keys: &[PublicKey]) -> Result<(), Refused> {
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
