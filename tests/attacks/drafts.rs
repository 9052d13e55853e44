//! Drafts that nobody should sign: their bytes would say something else.

use std::collections::BTreeMap;

use treering::statement::bodies::Body;
use treering::statement::cbor::{DecodeError, ProfileError, Value};
use treering::statement::envelope::{Issuer, ReadError};
use treering::statement::key::Role;

use crate::support::bodies::{anchor, unknown};
use crate::support::bytes::text;
use crate::support::{Ledger, countersign, grant, key};

#[test]
fn a_shown_key_put_in_the_place_of_the_granted_one() {
    let ledger = Ledger::found("site");
    let (anna, mallory) = (key("anna"), key("mallory"));
    let mut draft = ledger.draft(&ledger.root, grant(&anna, Role::Recorder));
    draft.payload.key = Some(mallory.public());
    countersign(&mut draft, Some(ledger.id), &[&anna]);
    assert_eq!(draft.sign(&ledger.root), Err(ReadError::NotAsDrafted));
}

#[test]
fn a_field_that_overwrites_the_chain() {
    let ledger = Ledger::found("site");
    let Body::Unknown { typ, .. } = unknown("dispute", 2) else { panic!("a dispute is unknown") };
    let fields = Value::Map(BTreeMap::from([(text("chain"), text("mine"))]));
    let draft = ledger.draft(&key("stranger"), Body::Unknown { typ, fields });
    assert_eq!(draft.sign(&key("stranger")), Err(ReadError::NotAsDrafted));
}

#[test]
fn an_origin_spelled_as_another_ledgers_name() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let mut draft = ledger.draft(&anna, anchor("spring"));
    draft.issuer = Issuer::Origin(format!("treering:{}", Ledger::found("other").id));
    assert_eq!(draft.sign(&anna), Err(ReadError::NotAsDrafted));
}

#[test]
fn a_float_in_a_body_that_nobody_knows() {
    let ledger = Ledger::found("site");
    let Body::Unknown { typ, .. } = unknown("dispute", 2) else { panic!("a dispute is unknown") };
    let fields = Value::Map(BTreeMap::from([(text("share"), Value::Float(0.5))]));
    let draft = ledger.draft(&key("stranger"), Body::Unknown { typ, fields });
    let refusal = draft.sign(&key("stranger")).unwrap_err();
    assert_eq!(refusal, ReadError::Payload(DecodeError::Profile(ProfileError::Type)));
}
