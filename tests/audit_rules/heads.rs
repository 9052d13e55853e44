//! R02, R04, R05: checkpoints beside the tree, and heads held from before.

use tempfile::TempDir;
use treering::audit::AuditInput;
use treering::audit::checkpoints::HeldHead;
use treering::audit::finding::{LedgerState, Outcome, Rule, Verdict};
use treering::report;
use treering::statement::bodies::ledger::RotationReason;
use treering::statement::key::Role;
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, TreeSize};

use crate::support::publish::{checkpoint, checkpoint_by, publish, publish_by, write};
use crate::support::{Ledger, bodies, key};
use crate::{CLOCK_S, look_with, outcome, remembering, the_finding};

/// A ledger that has replaced its log key, and another history of its first three statements.
fn rotated(drop_old: bool) -> (TempDir, Ledger, Ledger) {
    let mut ledger = Ledger::found("rotated");
    let anna = ledger.granted("anna", Role::Recorder);
    let mut other = ledger.clone();
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    other.file(&anna, bodies::sealed_anchor("another spring"));
    let (root, new_log) = (ledger.root.clone(), key("rotated/new log key"));
    let body = bodies::rotate_log_key(&new_log, RotationReason::Superseded, drop_old);
    ledger.file_also(&root, body, &[&new_log]);
    let folder = TempDir::new().unwrap();
    let old = ledger.log.clone();
    let signers: Vec<&SecretKey> = if drop_old { vec![&new_log] } else { vec![&old, &new_log] };
    publish_by(&ledger, &signers, folder.path());
    (folder, ledger, other)
}

fn held(signed: SignedCheckpoint) -> HeldHead {
    HeldHead::Checkpoint(Box::new(signed))
}

#[test]
fn r05_a_contradiction_under_a_log_key_in_force_is_a_fork() {
    let (folder, ledger, other) = rotated(false);
    let mut input = remembering(folder.path(), &ledger);
    input.held.push(held(checkpoint(&other, 3)));
    let report = look_with(input);
    assert_eq!(report.state, LedgerState::Forked, "{report:#?}");
}

#[test]
fn r05_a_contradiction_under_a_retired_log_key_is_told_apart() {
    let (folder, ledger, other) = rotated(true);
    let sound = look_with(remembering(folder.path(), &ledger));
    assert_eq!(sound.state, LedgerState::Consistent, "{sound:#?}");
    let mut input = remembering(folder.path(), &ledger);
    input.held.push(held(checkpoint(&other, 3)));
    let report = look_with(input);
    assert_eq!(report.state.word(), "FORK, KEY SINCE RETIRED", "{report:#?}");
    assert_eq!((report.verdict, report.exit_code()), (Verdict::Fork, 5));
    the_finding(&report, Rule::R05, "forked-key-retired");
    let text = report::audit::text(&report);
    assert!(text.contains("a log key that it has retired since"), "{text}");
}

#[test]
fn r05_the_same_contradiction_twice_is_one_sentence() {
    let (folder, ledger, other) = rotated(false);
    let mut input = remembering(folder.path(), &ledger);
    input.held.extend([held(checkpoint(&other, 3)), held(checkpoint(&other, 3))]);
    the_finding(&look_with(input), Rule::R05, "forked");
}

#[test]
fn r04_and_r05_share_one_reason_in_the_verdict() {
    let (folder, ledger, other) = rotated(false);
    let mut input = AuditInput::of(folder.path(), CLOCK_S);
    input.held = vec![HeldHead::Remembered(other.tree()), HeldHead::Remembered(ledger.tree())];
    let report = look_with(input);
    assert_eq!(outcome(&report, Rule::R04), Outcome::Fail);
    let text = report::audit::text(&report);
    assert_eq!(text.matches("another history of this ledger was signed").count(), 1, "{text}");
}

#[test]
fn r02_a_checkpoint_over_no_statements_is_no_head() {
    let ledger = Ledger::found("empty");
    let folder = TempDir::new().unwrap();
    let origin = ledger.authority.genesis().origin.clone();
    let empty = Tree { size: TreeSize(0), root: Hash::of(b"") };
    let head = Checkpoint::new(origin, empty);
    let head = SignedCheckpoint::new(head.clone(), vec![head.sign(&ledger.log)]).unwrap();
    write(folder.path(), "checkpoint", head.to_string().as_bytes());
    let report = look_with(AuditInput::of(folder.path(), CLOCK_S));
    the_finding(&report, Rule::R02, "checkpoint-empty");
    assert_eq!((report.state, report.verdict), (LedgerState::Broken, Verdict::Fail));
}

#[test]
fn r02_a_cosigned_checkpoint_by_the_wrong_log_key() {
    let (folder, ledger, _) = rotated(true);
    let stranger = key("stranger");
    for (signer, expected) in [(&ledger.log, Outcome::Pass), (&stranger, Outcome::Fail)] {
        let signed = checkpoint_by(&ledger, 3, &[signer]);
        write(folder.path(), "checkpoints/3", signed.to_string().as_bytes());
        write(folder.path(), "checkpoints/sizes", b"3\n");
        let report = look_with(remembering(folder.path(), &ledger));
        assert_eq!(outcome(&report, Rule::R02), expected, "{report:#?}");
    }
    let (folder, ledger) = (TempDir::new().unwrap(), Ledger::found("one"));
    publish(&ledger, folder.path());
    write(folder.path(), "checkpoints/sizes", b"1\n");
    the_finding(&look_with(remembering(folder.path(), &ledger)), Rule::R02, "checkpoint-missing");
}
