//! An audit's result, for people and for programs: one set of facts, shown three ways.
//!
//! ```text
//! facts        what is shown: the JSON of --json, which a report carries inside
//! collect      the facts of an audit
//! words        the facts in words
//! text         the terminal
//! judge_again  what follows from facts, against what they say follows
//! ```

pub mod collect;
pub mod facts;
pub mod judge_again;
pub mod moment;
pub mod text;
pub mod words;

mod by_word;
mod facts_of_claims;

use serde_json::{Value, json};

use collect::RunBy;
use facts::Facts;

use crate::audit::finding::AuditReport;

/// The schema of an audit of several ledgers.
pub const SEVERAL: &str = "treering.audits/1";

/// The report as text.
pub fn text(report: &AuditReport) -> String {
    text::text(&Facts::of(report, &RunBy::default()))
}

/// The report as JSON, with the schema `treering.audit/1`, from an auditor who does not say who they are.
pub fn json(report: &AuditReport) -> Value {
    as_json(&Facts::of(report, &RunBy::default()))
}

/// Facts as JSON.
pub fn as_json(facts: &Facts) -> Value {
    serde_json::to_value(facts).expect("facts have string keys and finite numbers")
}

/// One ledger's facts, or those of several under one verdict.
pub fn whole_json(all: &[Facts]) -> Value {
    match all {
        [one] => as_json(one),
        several => json!({
            "schema": SEVERAL,
            "verdict": verdict_of(exit_of(several)),
            "exit": exit_of(several),
            "ledgers": several.iter().map(as_json).collect::<Vec<_>>(),
        }),
    }
}

/// The worst exit code of several ledgers: fork, finding, incomplete, done.
pub fn exit_of(all: &[Facts]) -> u8 {
    let worst = [5, 3, 4].into_iter().find(|exit| all.iter().any(|facts| facts.exit == *exit));
    worst.unwrap_or(0)
}

/// The word that goes with an exit code.
pub fn verdict_of(exit: u8) -> &'static str {
    match exit {
        0 => "PASS",
        4 => "INCOMPLETE",
        _ => "FAIL",
    }
}
