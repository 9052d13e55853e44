//! Other bytes for the same statement, and bytes that are no statement.

use treering::statement::cbor::Value;
use treering::statement::envelope::{ReadError, Statement};
use treering::statement::key::Role;

use crate::support::bodies::anchor;
use crate::support::bytes::{Parts, text};
use crate::support::{Ledger, key, refusal};

fn honest() -> Statement {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.signed(&anna, anchor("spring"), &[])
}

#[test]
fn second_signatures_spelled_as_an_empty_list() {
    let parts = Parts::of(&honest())
        .with_payload(|payload| drop(payload.insert(text("also"), Value::Array(vec![]))))
        .sign(&key("anna"));
    assert_eq!(refusal(parts.wrap()), ReadError::AlsoOrder);
}
