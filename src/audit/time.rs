//! The time line: by when, on the word of witnesses that the auditor believes, the ledger stood as it
//! stands.
//!
//! Signers' clocks are claims. What bounds time from outside is a quorum of cosignatures under a policy
//! (C2SP tlog-policy): not later than T, for everything below the cosigned size.

use std::collections::{BTreeMap, BTreeSet};

use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Position, TreeSize};
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
    bounds: BTreeMap<TreeSize, i64>,
    seen_by: BTreeMap<String, BTreeSet<i64>>,
}

/// By when, as believed witnesses say, the ledger had which sizes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeBounds(BTreeMap<TreeSize, i64>);

impl TimeBounds {
    /// Not later than this, in seconds since 1970 UTC: the time of the smallest witnessed size above a
    /// position (statements.md section 4).
    pub fn upper(&self, position: Position) -> Option<i64> {
        self.0.range(TreeSize(position.0.saturating_add(1))..).next().map(|(_, seconds)| *seconds)
    }

    /// When the largest size was witnessed that does not hold a position yet.
    pub fn last_before(&self, position: Position) -> Option<i64> {
        self.0.range(..=TreeSize(position.0)).next_back().map(|(_, seconds)| *seconds)
    }
}

impl<'p> TimeKeeper<'p> {
    /// Nothing is known so far.
    pub fn under(policy: Option<&'p Policy>) -> TimeKeeper<'p> {
        let line = if policy.is_some() { TimeLine::NotMet } else { TimeLine::NotChecked };
        TimeKeeper { policy, line, bounds: BTreeMap::new(), seen_by: BTreeMap::new() }
    }

    /// Takes up a checkpoint of this ledger.
    pub fn take_up(&mut self, checkpoint: &SignedCheckpoint) {
        let Some(evaluation) = self.policy.and_then(|policy| policy.evaluate(checkpoint).ok())
        else {
            return;
        };
        for by in &evaluation.cosigned {
            let seconds = i64::try_from(by.time.seconds()).unwrap_or(i64::MAX);
            self.seen_by.entry(by.witness.key.name().to_string()).or_default().insert(seconds);
        }
        if let Quorum::MetBy(time) = &evaluation.quorum {
            let seconds = i64::try_from(time.seconds()).unwrap_or(i64::MAX);
            self.bounds.insert(checkpoint.tree().size, seconds);
        }
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

    /// What is known; and when each believed witness cosigned, in seconds since 1970 UTC.
    pub fn finish(self) -> (TimeLine, TimeBounds, BTreeMap<String, Vec<i64>>) {
        let times = |(name, times): (String, BTreeSet<i64>)| (name, times.into_iter().collect());
        let seen_by = self.seen_by.into_iter().map(times).collect();
        (self.line, TimeBounds(self.bounds), seen_by)
    }
}
