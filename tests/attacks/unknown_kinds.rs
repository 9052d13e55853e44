//! Kinds and versions of a later program, real or pretended.

use treering::statement::authority::{Refused, Signer};
use treering::statement::envelope::{Issuer, Statement};
use treering::statement::key::Role;
use treering::statement::signature::SignatureFault;
use treering::tlog::hash::Position;

use crate::support::bodies::{anchor, close, unknown};
use crate::support::bytes::Parts;
use crate::support::{Fault, Ledger, key};

/// Everything from `at` on, the statement there included, is neither admitted nor refused.
fn assert_undecidable_from(mut ledger: Ledger, at: Position) {
    let undecidable = Fault::Refused(Refused::Undecidable(at));
    assert_eq!(ledger.authority.undecidable(), Some(at));
    let anna = key("anna");
    for body in [anchor("after"), unknown("weather.note", 1)] {
        let statement = ledger.signed(&anna, body, &[]);
        assert_eq!(ledger.judge(&statement), Err(undecidable.clone()));
        ledger.append(statement);
    }
}

#[test]
fn a_ruling_kind_of_tomorrow_by_the_root() {
    for kind in ["ledger.freeze", "key.lend", "root.share"] {
        let mut ledger = Ledger::found("site");
        ledger.granted("anna", Role::Recorder);
        let statement = ledger.signed(&ledger.root, unknown(kind, 1), &[]);
        let at = ledger.append(statement);
        assert_undecidable_from(ledger, at);
    }
}

/// Version 2 of a self-revocation may need no scope. A reader who called it refused would go on to
/// admit what other readers refuse.
#[test]
fn a_ruling_version_of_tomorrow_by_a_granted_key() {
    for kind in ["key.revoke", "affirm", "checkpoint.anchor"] {
        let mut ledger = Ledger::found("site");
        let anna = ledger.granted("anna", Role::Recorder);
        let statement = ledger.signed(&anna, unknown(kind, 2), &[]);
        let at = ledger.append(statement);
        assert_undecidable_from(ledger, at);
    }
}

/// Version 2 of a recovery shows its key where this program does not look: its signature cannot be
/// checked, yet it may have ended the root.
#[test]
fn a_recovery_of_tomorrow_by_a_key_unseen() {
    let mut ledger = Ledger::found("site");
    ledger.granted("anna", Role::Recorder);
    let mut draft = ledger.draft(&ledger.next, unknown("root.recover", 2));
    draft.issuer = Issuer::Ledger(ledger.id);
    let statement = draft.sign(&ledger.next).expect("an honest draft");
    let unseen = Err(Fault::Signature(SignatureFault::UnknownKey(statement.header.key)));
    assert_eq!(ledger.judge(&statement), unseen);
    let at = ledger.append(statement);
    assert_undecidable_from(ledger, at);
}

#[test]
fn a_ruling_kind_of_tomorrow_whose_signature_does_not_match() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let statement = ledger.signed(&anna, unknown("key.lend", 1), &[]);
    let mut parts = Parts::of(&statement);
    parts.signature[0] ^= 1;
    let forged = Statement::read(parts.wrap()).expect("reads");
    let fault = ledger.judge(&forged).unwrap_err();
    assert_eq!(fault, Fault::Signature(SignatureFault::Envelope(forged.header.key)));
    ledger.append(forged);
    assert_eq!(ledger.authority.undecidable(), None);
}

#[test]
fn a_ruling_kind_of_tomorrow_from_another_ledger() {
    let (mut here, mut there) = (Ledger::found("here"), Ledger::found("there"));
    here.granted("anna", Role::Recorder);
    let anna = there.granted("anna", Role::Recorder);
    let copied = there.signed(&anna, unknown("key.lend", 1), &[]);
    here.append(copied);
    assert_eq!(here.authority.undecidable(), None);
}

#[test]
fn a_ruling_kind_of_tomorrow_after_the_end() {
    let mut ledger = Ledger::found("site");
    let at = ledger.file(&ledger.root.clone(), close());
    let statement = ledger.signed(&ledger.root, unknown("key.lend", 1), &[]);
    assert_eq!(ledger.judge(&statement), Err(Fault::Refused(Refused::Closed(at))));
}

#[test]
fn kinds_of_tomorrow_in_other_families_are_carried() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let seals = ledger.signed(&anna, unknown("evidence.seal", 1), &[]);
    let anchors_anew = ledger.signed(&anna, unknown("evidence.anchor", 2), &[]);
    for statement in [seals, anchors_anew] {
        assert_eq!(ledger.judge(&statement), Ok(Signer::Granted(Role::Recorder)));
    }
    let reviews = ledger.signed(&key("stranger"), unknown("process.review", 1), &[]);
    assert_eq!(ledger.judge(&reviews), Ok(Signer::Visitor));
    assert_eq!(ledger.authority.undecidable(), None);
    ledger.file(&anna, anchor("after"));
}
