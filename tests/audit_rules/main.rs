//! Each rule of the audit, broken on purpose in a ledger that is otherwise sound: the rule speaks, names
//! the place, and the audit goes on to the end.

mod authority;
mod chains;
mod clocks;
mod evidence;
mod heads;
mod hostile;
mod identity;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use support::publish::publish;
use support::{FOUNDED, Ledger};
use tempfile::TempDir;
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::{EvidenceSources, Progress};
use treering::audit::finding::{AuditReport, Finding, Outcome, Rule};
use treering::audit::{AuditInput, audit};

/// A clock after every statement of the test ledgers.
const CLOCK_S: i64 = FOUNDED + 100 * 86_400;

fn look(ledger: &Ledger) -> AuditReport {
    let folder = TempDir::new().unwrap();
    publish(ledger, folder.path());
    look_in(folder.path(), ledger, EvidenceSources::default())
}

fn look_in(folder: &Path, ledger: &Ledger, evidence: EvidenceSources) -> AuditReport {
    look_with(AuditInput { evidence, ..remembering(folder, ledger) })
}

/// The input of an auditor who remembers the ledger's head.
fn remembering(folder: &Path, ledger: &Ledger) -> AuditInput {
    let held = vec![HeldHead::Remembered(ledger.tree())];
    AuditInput { held, ..AuditInput::of(folder, CLOCK_S) }
}

fn look_with(input: AuditInput) -> AuditReport {
    audit(&input, &Progress::silent()).unwrap()
}

#[track_caller]
fn the_finding<'r>(report: &'r AuditReport, rule: Rule, code: &str) -> &'r Finding {
    let found: Vec<&Finding> =
        report.findings.iter().filter(|f| f.rule == rule && f.code == code).collect();
    assert_eq!(found.len(), 1, "{report:#?}");
    found[0]
}

fn outcome(report: &AuditReport, rule: Rule) -> Outcome {
    report.rules.iter().find(|result| result.rule == rule).unwrap().outcome
}
