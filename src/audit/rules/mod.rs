//! The rules that weigh statements against one another (R11–R41), one file for each family.
//!
//! ```text
//! weighed      what a rule is given: one ledger's record, the figures, the clocks
//! claims       sums, moves, words, areas, methodologies of each claim
//! overlaps     what two claims count both, in one ledger or several
//! evidence     coverage, periods, places, reuse, labels
//! process      steps, roles, independence, concerns
//! ```
//!
//! Each rule is a small function that adds findings; what it asks stands at [`super::rule::Rule`].

mod claims;
mod overlaps;
mod weighed;

pub use weighed::Weighed;

use super::findings::Findings;

/// Judges ledgers, each by itself and all together; the findings of each go to its own list.
pub(super) fn judge(ledgers: &[Weighed<'_>], outs: &mut [Findings]) {
    for (weighed, out) in ledgers.iter().zip(outs.iter_mut()) {
        claims::judge(weighed, out);
    }
    overlaps::judge(ledgers, outs);
}
