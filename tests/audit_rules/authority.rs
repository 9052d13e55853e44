//! R03: who might sign what; R02 where it leaves no doubt about the bytes.

use std::fs;

use tempfile::TempDir;
use treering::audit::AuditInput;
use treering::audit::finding::{LedgerState, Outcome, Rule, Verdict};
use treering::statement::bodies::key::RevokeReason;
use treering::statement::bodies::ledger::Guardians;
use treering::statement::key::Role;

use crate::support::publish::{publish, publish_entries};
use crate::support::{Ledger, bodies, grant, key, sorted};
use crate::{CLOCK_S, look, look_with, outcome, remembering, the_finding};

#[test]
fn r03_a_revoked_key_is_not_admitted_and_the_audit_goes_on() {
    let mut ledger = Ledger::found("revoked");
    let (anna, ben) =
        (ledger.granted("anna", Role::Recorder), ledger.granted("ben", Role::Recorder));
    let root = ledger.root.clone();
    ledger.file(&root, bodies::revoke(&anna, RevokeReason::Left));
    ledger.append(ledger.signed(&anna, bodies::sealed_anchor("after the end"), &[]));
    ledger.file(&ben, bodies::sealed_anchor("spring"));
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R03, "not-admitted");
    assert!(finding.what.contains("the authority of its key ended at position 3"), "{finding:?}");
    assert_eq!((report.statements.read, report.statements.admitted), (6, 5));
    assert_eq!(report.statements.anchors, 1);
}

#[test]
fn r03_bytes_that_are_no_statement_leave_the_rest_readable() {
    let mut ledger = Ledger::found("noise");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    let folder = TempDir::new().unwrap();
    publish(&ledger, folder.path());
    // The log signs noise in the place of its last statement.
    let mut entries: Vec<Vec<u8>> = ledger.entries.iter().map(|e| e.bytes().to_vec()).collect();
    entries[2] = b"noise".to_vec();
    publish_entries(&ledger, &entries, folder.path());
    let report = look_with(AuditInput::of(folder.path(), CLOCK_S));
    the_finding(&report, Rule::R03, "statement-unreadable");
    assert_eq!(outcome(&report, Rule::R02), Outcome::Pass, "{report:#?}");
    assert_eq!(report.statements.admitted, 2);
}

#[test]
fn r03_an_unknown_ruling_kind_makes_what_follows_uncheckable() {
    let mut ledger = Ledger::found("unknown");
    let anna = ledger.granted("anna", Role::Recorder);
    let root = ledger.root.clone();
    ledger.append(ledger.signed(&root, bodies::unknown("key.lend", 1), &[]));
    ledger.append(ledger.signed(&anna, bodies::sealed_anchor("spring"), &[]));
    let report = look(&ledger);
    assert_eq!(outcome(&report, Rule::R03), Outcome::CannotCheck, "{report:#?}");
    assert_eq!(report.verdict, Verdict::Incomplete);
}

/// Keys are looked for in lots of statements, to check signatures on all cores; which lot a statement falls
/// into must not change what is said of it.
#[test]
fn r03_a_key_shown_only_later_is_no_key_yet() {
    for statements_between in [0, 5_000] {
        let mut ledger = Ledger::found("later");
        let ben = key("ben");
        ledger.granted("anna", Role::Recorder);
        let mut draft = ledger.draft(&ben, bodies::sealed_anchor("too early"));
        draft.payload.key = None;
        ledger.append(draft.sign(&ben).unwrap());
        let folder = TempDir::new().unwrap();
        let mut entries: Vec<Vec<u8>> =
            ledger.entries.iter().map(|entry| entry.bytes().to_vec()).collect();
        // Fillers that nobody can read: a grant in another lot.
        entries.resize(entries.len() + statements_between, b"noise".to_vec());
        let granted = ledger.signed(&ledger.root, grant(&ben, Role::Recorder), &[&ben]);
        entries.push(granted.bytes().to_vec());
        publish_entries(&ledger, &entries, folder.path());
        let report = look_with(AuditInput::of(folder.path(), CLOCK_S));
        let finding = the_finding(&report, Rule::R03, "key-unknown");
        assert!(finding.what.starts_with("statement 2: no statement shows the key"), "{finding:?}");
        assert_eq!(report.statements.keys_granted, 2, "{report:#?}");
    }
}

/// Statement 0 is noise: no other statement may take its place as the ledger's id.
#[test]
fn r03_without_statement_0_there_is_no_ledger() {
    let mut ledger = Ledger::found("headless");
    ledger.granted("anna", Role::Recorder);
    let folder = TempDir::new().unwrap();
    let mut entries: Vec<Vec<u8>> = ledger.entries.iter().map(|e| e.bytes().to_vec()).collect();
    entries[0] = b"noise".to_vec();
    publish_entries(&ledger, &entries, folder.path());
    let report = look_with(AuditInput::of(folder.path(), CLOCK_S));
    assert_eq!(report.identity, None);
    the_finding(&report, Rule::R03, "ledger-unknown");
    assert_eq!(report.statements.admitted, 0);
}

#[test]
fn r03_a_trusted_root_that_cannot_be_recomputed_is_not_passed_over() {
    let mut ledger = Ledger::found("trusted");
    let anna = ledger.granted("anna", Role::Recorder);
    for number in 0..520 {
        ledger.file(&anna, bodies::sealed_anchor(&number.to_string()));
    }
    let (root, trusted) = (ledger.root.clone(), ledger.tree_at(300));
    ledger.file(&root, bodies::revoke_compromised(&anna, trusted));
    let folder = TempDir::new().unwrap();
    publish(&ledger, folder.path());
    let whole = look_with(remembering(folder.path(), &ledger));
    assert_eq!(outcome(&whole, Rule::R03), Outcome::Pass, "{:#?}", whole.findings);
    assert!(whole.statements.disputed > 0);
    for gone in ["tile/entries/001", "tile/0/001"] {
        fs::remove_file(folder.path().join(gone)).unwrap();
    }
    let report = look_with(remembering(folder.path(), &ledger));
    let finding = the_finding(&report, Rule::R03, "trusted-unknown");
    assert_eq!(finding.outcome, Outcome::CannotCheck);
    assert!(finding.what.contains("the root at size 300"), "{finding:?}");
}

/// A recovery of the root reaches back as a revocation does: what the lost root signed is counted.
#[test]
fn r03_what_a_root_signed_that_was_set_aside_is_disputed() {
    let guardians = [key("guardian/1"), key("guardian/2")];
    let mut ledger = Ledger::found_with("recovered", |genesis| {
        genesis.guardians = Guardians { keys: sorted(&guardians.each_ref()), threshold: 1 };
    });
    ledger.granted("anna", Role::Recorder);
    let trusted = ledger.tree();
    ledger.granted("mallory", Role::Recorder);
    let next = ledger.next.clone();
    let body = bodies::recover_root(&next, &key("third root"), trusted);
    ledger.file_also(&next, body, &[&guardians[0]]);
    let report = look(&ledger);
    assert_eq!(report.state, LedgerState::Consistent, "{report:#?}");
    assert_eq!(report.statements.disputed, 1);
}
