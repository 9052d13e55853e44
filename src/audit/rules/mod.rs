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

use super::finding::{Outcome, Rule, Subject};
use super::findings::Findings;
use super::portrait::Portrait;
use crate::statement::bodies::process::sample::SampleResult;
use crate::statement::sample::{bound_95, not_agreeing};

/// Judges ledgers, each by itself and all together; the findings of each go to its own list. What was
/// learned of each on the way is its portrait.
pub(super) fn judge(ledgers: &[Weighed<'_>], outs: &mut [Findings]) -> Vec<Portrait> {
    let all = Ledgers::of(ledgers);
    let mut portraits = Vec::new();
    for (weighed, out) in ledgers.iter().zip(outs.iter_mut()) {
        let history = History::of(weighed);
        let coverage = Coverage::of(weighed);
        whole(weighed, out);
        coverage::judge(weighed, &history, coverage.as_ref(), out);
        evidence::judge(&all, weighed, out);
        claims::judge(weighed, out);
        process::judge(&all, weighed, &history, out);
        independence::judge(weighed, out);
        portraits.push(Portrait::of(weighed, history, coverage));
    }
    overlaps::judge(ledgers, outs);
    portraits
}

/// A ledger that says more than an auditor's memory holds cannot be weighed as a whole.
fn whole(weighed: &Weighed<'_>, out: &mut Findings) {
    let left_out = weighed.record.left_out();
    if left_out == 0 {
        return;
    }
    let weighing = Rule::ALL.iter().filter(|rule| rule.weighs());
    for rule in weighing {
        let what = format!("{left_out} statements are more than this audit weighs");
        out.add(*rule, Outcome::CannotCheck, "too-many-statements", Subject::Ledger, what);
    }
}

/// How many rows of a result do not agree, and the 95 % bound on such rows in the population.
pub(super) fn bound_of(population: u64, result: &SampleResult) -> (u64, u64) {
    let bad = not_agreeing(&result.rows);
    (bad, bound_95(population, result.rows.len() as u64, bad))
}
