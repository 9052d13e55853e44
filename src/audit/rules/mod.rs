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
pub mod coverage;
mod evidence;
pub mod history;
mod independence;
mod overlaps;
mod process;
mod roles;
mod weighed;

pub use weighed::Weighed;

use coverage::Coverage;
use history::History;
use roles::Ledgers;

use super::findings::Findings;

/// Judges ledgers, each by itself and all together; the findings of each go to its own list.
pub(super) fn judge(ledgers: &[Weighed<'_>], outs: &mut [Findings]) {
    let all = Ledgers::of(ledgers);
    for (weighed, out) in ledgers.iter().zip(outs.iter_mut()) {
        let history = History::of(weighed);
        let coverage = Coverage::of(weighed);
        coverage::judge(weighed, &history, coverage.as_ref(), out);
        evidence::judge(&all, weighed, out);
        claims::judge(weighed, out);
        process::judge(&all, weighed, &history, out);
        independence::judge(weighed, out);
    }
    overlaps::judge(ledgers, outs);
}
