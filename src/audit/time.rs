//! The time line: by when, on the word of witnesses that the auditor believes, the ledger stood as it
//! stands.
//!
//! Signers' clocks are claims. What bounds time from outside is a quorum of cosignatures under a policy
//! (C2SP tlog-policy): not later than T, for everything below the cosigned size.

use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;
use crate::tlog::policy::{Policy, Quorum};

/// What is known about when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeLine {
    /// No policy says whom to believe.
    NotChecked,
    /// The policy says `quorum none`.
    NotAsked,
    /// No checkpoint here has enough cosignatures of the policy's witnesses.
    NotMet,
    /// Everything below a size stood by a time.
    Bounded {
        /// The largest size with a quorum.
        size: TreeSize,
        /// Not later than this, seconds since 1970 UTC.
        not_later_than_s: u64,
        /// The witnesses who cosigned it.
        witnesses: Vec<String>,
    },
}

/// Judges checkpoints that are known to be the ledger's. A line that bears a witness's name and does not
/// match counts for nothing.
pub fn time_line(mut checkpoints: Vec<SignedCheckpoint>, policy: Option<&Policy>) -> TimeLine {
    let Some(policy) = policy else { return TimeLine::NotChecked };
    checkpoints.sort_by_key(|checkpoint| checkpoint.tree().size);
    for checkpoint in checkpoints.iter().rev() {
        let Ok(evaluation) = policy.evaluate(checkpoint) else { continue };
        match evaluation.quorum {
            Quorum::NotAsked => return TimeLine::NotAsked,
            Quorum::NotMet => {}
            Quorum::MetBy(time) => {
                let name =
                    |by: &crate::tlog::policy::Cosigned<'_>| by.witness.key.name().to_string();
                return TimeLine::Bounded {
                    size: checkpoint.tree().size,
                    not_later_than_s: time.seconds(),
                    witnesses: evaluation.cosigned.iter().map(name).collect(),
                };
            }
        }
    }
    TimeLine::NotMet
}
