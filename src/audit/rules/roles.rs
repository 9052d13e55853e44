//! In which role somebody speaks, as far as the auditor believes it.
//!
//! A site grants keys in its own ledger to whom it likes; that makes nobody independent of it. A role
//! counts where an accreditor that the auditor believes granted it, in the accreditor's own ledger, and it
//! was in force when the statement was made (statements.md section 4).

use std::collections::HashMap;

use super::weighed::Weighed;
use crate::audit::record::Said;
use crate::statement::authority::GrantRecord;
use crate::statement::envelope::LedgerId;
use crate::statement::key::Role;

/// The ledgers of one audit, found by their ids.
pub(super) struct Ledgers<'a> {
    all: &'a [Weighed<'a>],
    by_id: HashMap<LedgerId, usize>,
}

/// Whether a signer had a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum InRole {
    /// It had.
    Yes,
    /// It had not; why, as the end of a sentence.
    No(String),
    /// It cannot be said; why.
    Unknown(String),
}

impl<'a> Ledgers<'a> {
    pub(super) fn of(all: &'a [Weighed<'a>]) -> Ledgers<'a> {
        let id = |(at, weighed): (usize, &Weighed<'_>)| Some((weighed.record.ledger()?, at));
        Ledgers { all, by_id: all.iter().enumerate().filter_map(id).collect() }
    }

    /// A ledger at hand.
    pub(super) fn get(&self, id: LedgerId) -> Option<&'a Weighed<'a>> {
        self.by_id.get(&id).map(|at| &self.all[*at])
    }

    /// Whether the signer of a statement in the ledger `here` had a role when it signed.
    pub(super) fn role(&self, here: &Weighed<'_>, said: &Said, role: Role) -> InRole {
        let mut believed = here.known.accreditors().peekable();
        if believed.peek().is_none() {
            return InRole::Unknown(
                "whose grants of roles are believed is not said (treering trust accredit)".into(),
            );
        }
        let (mut absent, mut other, mut worst) = (None, None, None);
        for accreditor in believed {
            let Some(ledger) = self.get(accreditor) else {
                absent = Some(accreditor);
                continue;
            };
            let grant = ledger.authority.and_then(|authority| authority.grant_of(&said.key));
            match grant {
                Some(grant) if grant.role == role => match in_force(here, said, ledger, grant) {
                    InRole::Yes => return InRole::Yes,
                    not => worst = Some(not),
                },
                Some(grant) => other = Some(grant.role),
                None => {}
            }
        }
        match (worst, absent, other) {
            (Some(worst), ..) => worst,
            (None, Some(accreditor), _) => InRole::Unknown(format!(
                "the ledger of the accreditor {accreditor} is not among those read"
            )),
            (None, None, Some(other)) => InRole::No(format!(
                "its key was granted the role {} and not {}",
                other.word(),
                role.word()
            )),
            (None, None, None) => InRole::No(format!(
                "no believed accreditor granted its key the role {}",
                role.word()
            )),
        }
    }
}

/// A grant that was never ended is in force. One that was ended is, for statements that witnesses saw
/// before they last saw the accreditor's ledger without the end; it is not, for those first seen after
/// they saw the end.
fn in_force(
    here: &Weighed<'_>,
    said: &Said,
    accreditor: &Weighed<'_>,
    grant: &GrantRecord,
) -> InRole {
    let Some(ending) = grant.ended else { return InRole::Yes };
    let seen = here.bounds.upper(said.position);
    let (last_before, first_after) =
        (accreditor.bounds.last_before(ending.at), accreditor.bounds.upper(ending.at));
    match (seen, last_before, first_after) {
        (Some(seen), Some(last), _) if seen <= last => InRole::Yes,
        (Some(seen), _, Some(first)) if seen > first => {
            InRole::No("its role had ended before witnesses saw the statement".into())
        }
        _ => InRole::Unknown(
            "its role ended, and witnesses do not tell whether before or after it signed".into(),
        ),
    }
}
