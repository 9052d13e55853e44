//! Keys that nobody granted: verifiers, neighbours, anyone with something to say.

use treering::statement::authority::{Refused, Signer};
use treering::statement::bodies::key::RevokeReason;
use treering::statement::cbor::Value;
use treering::statement::envelope::{Accreditation, Issuer, Payload, Statement};
use treering::statement::key::{KeyId, Role};
use treering::statement::signature::SignatureFault;
use treering::tlog::ed25519::SecretKey;

use crate::support::bodies::{anchor, correction, revoke, unknown};
use crate::support::bytes::Parts;
use crate::support::{Fault, Ledger, key};

fn signed(ledger: &Ledger, visitor: &SecretKey, change: impl FnOnce(&mut Payload)) -> Statement {
    let mut draft = ledger.draft(visitor, unknown("dispute", 2));
    change(&mut draft.payload);
    draft.sign(visitor).expect("reads back")
}

fn visitor_key(ledger: &Ledger, statement: &Statement) {
    assert_eq!(ledger.judge(statement), Err(Fault::Refused(Refused::VisitorKey)));
}

#[test]
fn a_visitor_speaks_and_speaks_again() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    for kind in ["dispute", "assess.indicator", "concern.raise", "claim.opinion", "decision"] {
        let statement = ledger.signed(&visitor, unknown(kind, 2), &[]);
        assert_eq!(ledger.judge(&statement), Ok(Signer::Visitor), "{kind}");
        ledger.append(statement);
    }
    assert_eq!(ledger.authority.visitors(), 1);
}

#[test]
fn kinds_that_are_not_for_visitors() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    ledger.file(&visitor, unknown("dispute", 2));
    let id = ledger.id.0;
    for body in [
        anchor("spring"),
        correction(id, None),
        unknown("claim.file", 2),
        unknown("claim.move", 2),
        unknown("weather.note", 1),
        unknown("evidence.seal", 1),
    ] {
        let statement = ledger.signed(&visitor, body, &[]);
        let Err(Fault::Refused(refused)) = ledger.judge(&statement) else { panic!("refused") };
        assert!(matches!(refused, Refused::NotForVisitors(_)), "{refused:?}");
    }
    // Not even what would take nothing away.
    let mut draft = ledger.draft(&visitor, revoke(&visitor, RevokeReason::Left));
    draft.issuer = Issuer::Key(KeyId::of(&visitor.public()));
    let statement = draft.sign(&visitor).expect("reads back");
    let Err(Fault::Refused(refused)) = ledger.judge(&statement) else { panic!("refused") };
    assert!(matches!(refused, Refused::RootOnly(_)), "{refused:?}");
}

#[test]
fn a_visitor_whose_key_is_not_shown() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    let hidden = signed(&ledger, &visitor, |payload| payload.key = None);
    let unknown_key = SignatureFault::UnknownKey(hidden.header.key);
    assert_eq!(ledger.judge(&hidden), Err(Fault::Signature(unknown_key)));
    // Known from another ledger, say, it still has to be shown in this one.
    ledger.keys.learn(&signed(&ledger, &visitor, |_| {}));
    visitor_key(&ledger, &hidden);
}

#[test]
fn a_visitors_key_shown_twice() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    ledger.file(&visitor, unknown("dispute", 2));
    let twice = signed(&ledger, &visitor, |payload| payload.key = Some(visitor.public()));
    visitor_key(&ledger, &twice);
}

#[test]
fn a_visitors_key_shown_late() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    let first = signed(&ledger, &visitor, |_| {});
    let late = signed(&ledger, &visitor, |payload| {
        (payload.chain.seq, payload.chain.prev) = (1, Some(first.id()));
    });
    visitor_key(&ledger, &late);
    ledger.append(first);
    visitor_key(&ledger, &late);
}

/// Its first statement again, with another ending: the chain and the shown key both refuse.
#[test]
fn a_visitor_that_begins_again() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    let again = signed(&ledger, &visitor, |payload| payload.chain.void = vec![ledger.id.0]);
    ledger.file(&visitor, unknown("dispute", 2));
    visitor_key(&ledger, &again);
}

#[test]
fn another_key_shown_than_the_one_that_signed() {
    let ledger = Ledger::found("site");
    let (visitor, other) = (key("stranger"), key("other"));
    let statement = signed(&ledger, &visitor, |payload| payload.key = Some(other.public()));
    let mut knowing = ledger.clone();
    knowing.keys.learn(&signed(&ledger, &visitor, |_| {}));
    visitor_key(&knowing, &statement);
}

/// A statement signed by one key and addressed from another: kid and key do not belong together.
#[test]
fn a_header_that_names_another_key() {
    let ledger = Ledger::found("site");
    let (visitor, other) = (key("stranger"), key("other"));
    let honest = Parts::of(&signed(&ledger, &visitor, |_| {}));
    let others_id = KeyId::of(&other.public());
    let forged = honest.with_header(|header| {
        let kid = Value::Bytes(others_id.0.as_bytes().to_vec());
        header.insert(Value::Integer(4), kid);
    });
    let forged = Statement::read(forged.sign(&visitor).wrap()).expect("reads");
    let unseen = SignatureFault::UnknownKey(others_id);
    assert_eq!(ledger.judge(&forged), Err(Fault::Signature(unseen)));
    let mut knowing = ledger.clone();
    knowing.keys.learn(&signed(&ledger, &other, |_| {}));
    let differs = SignatureFault::Envelope(others_id);
    assert_eq!(knowing.judge(&forged), Err(Fault::Signature(differs)));
}

#[test]
fn a_visitor_may_name_who_accredited_it() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    let by = Accreditation { ledger: Ledger::found("accreditor").id, grant: ledger.id.0 };
    for _ in 0..2 {
        let statement = signed(&ledger, &visitor, |payload| payload.by = Some(by));
        assert_eq!(ledger.judge(&statement), Ok(Signer::Visitor));
        ledger.append(statement);
    }
}

/// From its grant on a visitor speaks for the party; what it said before stays its own.
#[test]
fn a_visitor_that_is_granted_later() {
    let mut ledger = Ledger::found("site");
    let visitor = key("stranger");
    ledger.file(&visitor, unknown("dispute", 2));
    let as_before = ledger.signed(&visitor, unknown("dispute", 2), &[]);
    ledger.granted("stranger", Role::Recorder);
    assert_eq!(ledger.judge(&as_before), Err(Fault::Refused(Refused::OtherIssuer)));
    let as_recorder = ledger.signed(&visitor, anchor("spring"), &[]);
    assert_eq!(as_recorder.payload.chain.seq, 1);
    assert_eq!(ledger.judge(&as_recorder), Ok(Signer::Granted(Role::Recorder)));
}

#[test]
fn a_revoked_key_comes_back_as_a_visitor() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let at = ledger.file(&ledger.root.clone(), revoke(&anna, RevokeReason::Left));
    let as_visitor = ledger.signed(&anna, unknown("dispute", 2), &[]);
    assert_eq!(ledger.judge(&as_visitor), Err(Fault::Refused(Refused::Ended(at))));
}

#[test]
fn a_log_key_speaks_as_a_visitor() {
    let ledger = Ledger::found("site");
    let mut knowing = ledger.clone();
    let shown = ledger.draft(&ledger.log, unknown("dispute", 2)).sign(&ledger.log).expect("reads");
    knowing.keys.learn(&shown);
    assert_eq!(knowing.judge(&shown), Err(Fault::Refused(Refused::NotGranted)));
}
