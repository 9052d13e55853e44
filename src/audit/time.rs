//! The time line: by when, on the word of witnesses that the auditor believes, the ledger stood as it
//! stands.
//!
//! Signers' clocks are claims. What bounds time from outside is a quorum of cosignatures under a policy
//! (C2SP tlog-policy): not later than T, for everything below the cosigned size.

use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;
use crate::tlog::policy::{Cosigned, Policy, Quorum};

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

/// Judges, one by one, checkpoints that are known to be the ledger's. A line that bears a witness's name
/// and does not match counts for nothing.
#[derive(Debug)]
pub struct TimeKeeper<'p> {
    policy: Option<&'p Policy>,
    line: TimeLine,
}

impl<'p> TimeKeeper<'p> {
    /// Nothing is known so far.
    pub fn under(policy: Option<&'p Policy>) -> TimeKeeper<'p> {
        let line = if policy.is_some() { TimeLine::NotMet } else { TimeLine::NotChecked };
        TimeKeeper { policy, line }
    }

    /// Takes up a checkpoint of this ledger.
    pub fn take_up(&mut self, checkpoint: &SignedCheckpoint) {
        let Some(evaluation) = self.policy.and_then(|policy| policy.evaluate(checkpoint).ok())
        else {
            return;
        };
        let smaller = match &self.line {
            TimeLine::Bounded { size, .. } => checkpoint.tree().size < *size,
            _ => false,
        };
        match evaluation.quorum {
            Quorum::NotAsked => self.line = TimeLine::NotAsked,
            Quorum::MetBy(time) if !smaller => {
                let name = |by: &Cosigned<'_>| by.witness.key.name().to_string();
                self.line = TimeLine::Bounded {
                    size: checkpoint.tree().size,
                    not_later_than_s: time.seconds(),
                    witnesses: evaluation.cosigned.iter().map(name).collect(),
                };
            }
            Quorum::NotMet | Quorum::MetBy(_) => {}
        }
    }

    /// What is known.
    pub fn line(self) -> TimeLine {
        self.line
    }
}
