//! A folder that somebody carried here to do harm: pipes, links, names, and entries as long as they may be.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use treering::audit::finding::{LedgerState, Rule, Verdict};
use treering::statement::bodies::Body;
use treering::statement::cbor::Value;
use treering::statement::key::Role;

use crate::support::publish::{publish, write};
use crate::support::{Ledger, bodies, key};
use crate::{look, look_with, remembering, the_finding};

fn small() -> Ledger {
    let mut ledger = Ledger::found("hostile");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    ledger
}

/// Opening a named pipe waits for a writer who never comes.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_any_file_is_answered_at_once() {
    let ledger = small();
    for name in ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3", "checkpoints/sizes"] {
        let folder = TempDir::new().unwrap();
        publish(&ledger, folder.path());
        let place = folder.path().join(name);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        let _ = fs::remove_file(&place);
        assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
        let report = look_with(remembering(folder.path(), &ledger));
        assert_eq!(report.verdict, Verdict::Fail, "{name}");
        let said = report.findings.iter().any(|f| f.what.contains("not a regular file"));
        assert!(said, "{name}: {report:#?}");
    }
}

/// What a link leads to is the auditor's, not the ledger's.
#[cfg(unix)]
#[test]
fn a_link_is_not_followed_neither_to_a_file_nor_to_a_folder() {
    let ledger = small();
    for name in ["checkpoint", "tile/entries", "tile"] {
        let (folder, elsewhere) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        publish(&ledger, folder.path());
        let (from, to) = (folder.path().join(name), elsewhere.path().join("moved"));
        fs::rename(&from, &to).unwrap();
        std::os::unix::fs::symlink(&to, &from).unwrap();
        let report = look_with(remembering(folder.path(), &ledger));
        assert_eq!(report.verdict, Verdict::Fail, "{name}: {report:#?}");
        the_finding(&report, Rule::R02, "unexpected-file");
    }
}

#[test]
fn a_width_spelled_in_another_way_is_a_stray() {
    let ledger = small();
    let folder = TempDir::new().unwrap();
    publish(&ledger, folder.path());
    for name in ["tile/0/000.p/002", "tile/entries/000.p/+2"] {
        write(folder.path(), name, b"anything");
    }
    let report = look_with(remembering(folder.path(), &ledger));
    assert_eq!(report.state, LedgerState::Consistent, "{report:#?}");
    let of_r02: Vec<_> = report.findings.iter().filter(|f| f.rule == Rule::R02).collect();
    assert_eq!(of_r02.len(), 2, "{report:#?}");
    assert!(of_r02.iter().all(|f| f.code == "unexpected-file"), "{report:#?}");
}

/// Entries of the longest kind fill a lot after some thirty: a bundle is then read in parts, and nothing of
/// it is lost or taken twice.
#[test]
fn a_bundle_of_the_longest_statements_is_read_in_parts() {
    let mut ledger = Ledger::found("long");
    let stakeholder = key("stakeholder");
    for number in 0..150u64 {
        let Body::Unknown { typ, fields: Value::Map(mut fields) } =
            bodies::unknown("concern.raise", 2)
        else {
            unreachable!()
        };
        let long = format!("{number} {}", "x".repeat(59_000));
        fields.insert(Value::Text("text".into()), Value::Text(long));
        let body = Body::Unknown { typ, fields: Value::Map(fields) };
        let statement = ledger.signed(&stakeholder, body, &[]);
        ledger.append(statement);
    }
    let report = look(&ledger);
    assert_eq!(report.statements.read, 151);
    assert_eq!(report.statements.admitted, 151, "{:#?}", report.findings.first());
    assert_eq!(report.state, LedgerState::Consistent);
}
