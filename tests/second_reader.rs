//! Ledgers left for the second reader, `examples/verify.py`, which shares no line with this program.
//!
//! They go to the target folder's `tmp/ledgers`, one public folder each; `.ci/run` reads them from
//! there. Here each is audited, so that both readers judge the same bytes.

mod support;

use std::fs;
use std::path::Path;

use support::publish::publish;
use support::{FOUNDED, Ledger, bodies, key};
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::Progress;
use treering::audit::finding::LedgerState;
use treering::audit::{AuditInput, audit};
use treering::statement::bodies::key::RevokeReason;
use treering::statement::key::Role;

fn leave(name: &str, ledger: &Ledger) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("ledgers").join(name);
    let _ = fs::remove_dir_all(&folder);
    publish(ledger, &folder);
    let held = vec![HeldHead::Remembered(ledger.tree())];
    let input = AuditInput { held, ..AuditInput::of(&folder, FOUNDED + 1_000 * 86_400) };
    let report = audit(&input, &Progress::silent()).expect("nobody interrupts");
    assert_eq!(report.state, LedgerState::Consistent, "{report:#?}");
    assert_eq!(report.statements.admitted, ledger.entries.len() as u64, "{report:#?}");
}

#[test]
fn a_ledger_of_one_statement() {
    leave("one", &Ledger::found("one"));
}

#[test]
fn a_ledger_of_more_than_two_bundles() {
    let mut ledger = Ledger::found("many");
    let (anna, ben) =
        (ledger.granted("anna", Role::Recorder), ledger.granted("ben", Role::Recorder));
    for number in 0..300 {
        ledger.file(&anna, bodies::sealed_anchor(&format!("anna {number}")));
        ledger.file(&ben, bodies::anchor(&format!("ben {number}")));
    }
    leave("many", &ledger);
}

#[test]
fn a_ledger_in_which_keys_come_and_go() {
    let mut ledger = Ledger::found("keys");
    let anna = ledger.granted("anna", Role::Recorder);
    let first = ledger.file(&anna, bodies::anchor("before the end"));
    let first = ledger.entries[first.0 as usize].id();
    let root = ledger.root.clone();
    let trusted = ledger.tree_at(ledger.entries.len() as u64);
    ledger.file(&root, bodies::revoke_compromised(&anna, trusted));
    let supervisor = ledger.granted("supervisor", Role::Supervisor);
    ledger.file(&supervisor, bodies::affirm(first));
    ledger.file(&supervisor, bodies::correction(first, None));
    let ben = ledger.granted("ben", Role::Recorder);
    ledger.file(&ben, bodies::revoke(&ben, RevokeReason::Left));
    // A stakeholder whom nobody granted anything, twice.
    let stakeholder = key("stakeholder");
    ledger.file(&stakeholder, bodies::unknown("concern.raise", 2));
    ledger.file(&stakeholder, bodies::unknown("concern.raise", 2));
    let next = ledger.next.clone();
    let body = bodies::rotate_root(&next, &key("the root after it"));
    ledger.file_also(&root, body, &[&next]);
    ledger.file(&next, bodies::revoke(&supervisor, RevokeReason::Superseded));
    leave("keys", &ledger);
}
