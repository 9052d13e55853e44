//! Proofs of possession and other second signatures, lifted from where they were given.

use treering::statement::authority::{Refused, Signer};
use treering::statement::bodies::Body;
use treering::statement::bodies::key::{Grant, RevokeReason};
use treering::statement::bodies::ledger::RotationReason;
use treering::statement::cbor::Value;
use treering::statement::envelope::{CoSignature, ReadError, Statement};
use treering::statement::key::{KeyId, Role, Scope};
use treering::statement::signature::SignatureFault;
use treering::tlog::ed25519::SecretKey;

use crate::support::bodies::{affirm, anchor, close, revoke, rotate_log_key};
use crate::support::bytes::{Parts, text};
use crate::support::{Fault, Ledger, countersign, grant, key, refusal};

/// Anna's proof of possession for being a recorder with the usual scope in this ledger.
fn annas_proof(ledger: &Ledger) -> Vec<CoSignature> {
    let anna = key("anna");
    let statement = ledger.signed(&ledger.root, grant(&anna, Role::Recorder), &[&anna]);
    assert_eq!(ledger.judge(&statement), Ok(Signer::Root));
    statement.payload.also.clone()
}

/// A statement by the root that carries second signatures from elsewhere.
fn carrying(ledger: &Ledger, body: Body, also: Vec<CoSignature>) -> Statement {
    let mut draft = ledger.draft(&ledger.root, body);
    draft.payload.also = also;
    draft.sign(&ledger.root).expect("reads back")
}

fn does_not_match(ledger: &Ledger, statement: &Statement, signer: &SecretKey) {
    let fault = SignatureFault::Also(KeyId::of(&signer.public()));
    assert_eq!(ledger.judge(statement), Err(Fault::Signature(fault)));
}

fn grant_of(role: Role, words: &[&str]) -> Body {
    let scope = Scope::new(words.iter().map(|word| word.to_string())).expect("a scope");
    Body::Grant(Grant { key: key("anna").public(), role, scope })
}

#[test]
fn a_proof_of_possession_lifted_to_another_role() {
    let ledger = Ledger::found("site");
    let usual = Role::Recorder.usual_scope();
    let body =
        Body::Grant(Grant { key: key("anna").public(), role: Role::Supervisor, scope: usual });
    does_not_match(&ledger, &carrying(&ledger, body, annas_proof(&ledger)), &key("anna"));
}

#[test]
fn a_proof_of_possession_lifted_to_another_scope() {
    let ledger = Ledger::found("site");
    for words in [&["evidence"][..], &["checkpoint.anchor", "claim", "evidence", "process"]] {
        let body = grant_of(Role::Recorder, words);
        does_not_match(&ledger, &carrying(&ledger, body, annas_proof(&ledger)), &key("anna"));
    }
}

#[test]
fn a_proof_of_possession_lifted_to_another_ledger() {
    let (here, there) = (Ledger::found("here"), Ledger::found("there"));
    let body = grant(&key("anna"), Role::Recorder);
    does_not_match(&there, &carrying(&there, body, annas_proof(&here)), &key("anna"));
}

/// Mallory has a key granted that is not hers, to be able to say it was used against the rules.
#[test]
fn a_grant_without_its_keys_signature() {
    let ledger = Ledger::found("site");
    let (anna, mallory) = (key("anna"), key("mallory"));
    for also in [&[][..], &[&mallory], &[&anna, &mallory], &[&ledger.root]] {
        let statement = ledger.signed(&ledger.root, grant(&anna, Role::Recorder), also);
        assert_eq!(
            ledger.judge(&statement),
            Err(Fault::Refused(Refused::SecondSignatures)),
            "{} second signatures",
            also.len()
        );
    }
}

#[test]
fn a_proof_of_possession_by_another_key_under_this_ones_name() {
    let ledger = Ledger::found("site");
    let (anna, mallory) = (key("anna"), key("mallory"));
    let mut draft = ledger.draft(&ledger.root, grant(&anna, Role::Recorder));
    countersign(&mut draft, Some(ledger.id), &[&mallory]);
    draft.payload.also[0].key = anna.public();
    let statement = draft.sign(&ledger.root).expect("reads back");
    does_not_match(&ledger, &statement, &anna);
}

/// The second signature is over the fields, the envelope's over everything: neither replaces the
/// other.
#[test]
fn an_envelopes_signature_used_as_a_second_one() {
    let ledger = Ledger::found("site");
    let anna = key("anna");
    let body = grant(&anna, Role::Recorder);
    let by_anna = ledger.draft(&anna, body.clone()).sign(&anna).expect("reads back");
    let lifted = vec![CoSignature { key: anna.public(), sig: *by_anna.signature() }];
    does_not_match(&ledger, &carrying(&ledger, body, lifted), &anna);
}

#[test]
fn a_second_signature_of_the_genesis_lifted_to_a_rotation() {
    let ledger = Ledger::found("site");
    let body = rotate_log_key(&ledger.log, RotationReason::Superseded, false);
    let lifted = ledger.entries[0].payload.also.clone();
    does_not_match(&ledger, &carrying(&ledger, body, lifted), &ledger.log);
}

/// The proof is given before anybody knows where the grant will stand, and stays good wherever the
/// root puts it.
#[test]
fn a_proof_of_possession_is_for_no_fixed_place() {
    let mut ledger = Ledger::found("site");
    let proof = annas_proof(&ledger);
    ledger.granted("berta", Role::Recorder);
    let later = carrying(&ledger, grant(&key("anna"), Role::Recorder), proof);
    assert_eq!(ledger.judge(&later), Ok(Signer::Root));
}

#[test]
fn second_signatures_nobody_asked_for() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let berta = ledger.granted("berta", Role::Recorder);
    let at = ledger.file(&anna, anchor("spring"));
    let left = revoke(&berta, RevokeReason::Left);
    for (signer, body) in [
        (&anna, anchor("summer")),
        (&ledger.root, affirm(ledger.at(at).id())),
        (&ledger.root, left),
        (&ledger.root, close()),
    ] {
        let statement = ledger.signed(signer, body, &[&berta]);
        let refused = Err(Fault::Refused(Refused::SecondSignatures));
        assert_eq!(ledger.judge(&statement), refused);
    }
}

#[test]
fn second_signatures_out_of_order_or_twice() {
    let ledger = Ledger::found("site");
    let (one, two) = (key("one"), key("two"));
    let parts = Parts::of(&ledger.signed(&one, anchor("spring"), &[&one, &two]));
    let reordered = |order: [usize; 2]| {
        let parts = parts.clone().with_payload(|payload| {
            let also = payload.get_mut(&text("also")).expect("also");
            let Value::Array(list) = also else { panic!("a list") };
            *list = order.map(|n| list[n].clone()).to_vec();
        });
        parts.sign(&one).wrap()
    };
    assert!(Statement::read(reordered([0, 1])).is_ok());
    for order in [[1, 0], [0, 0]] {
        assert_eq!(refusal(reordered(order)), ReadError::AlsoOrder);
    }
}
