//! Other bytes for the same statement, and bytes that are no statement.

use treering::statement::cbor::{DecodeError, Value};
use treering::statement::envelope::{MAX_STATEMENT_BYTES, ReadError, Statement};
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

/// A statement of exactly `length` bytes, filled up with its title.
fn of_length(length: usize) -> Vec<u8> {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    // Long enough that every length on the way has its three-byte head.
    let short = ledger.signed(&anna, anchor(&"x".repeat(1_000)), &[]).bytes().len();
    let parts = Parts::of(&ledger.signed(&anna, anchor("x"), &[]));
    let title = text(&"x".repeat(length - short + 1_000));
    parts.with_payload(|payload| drop(payload.insert(text("title"), title))).sign(&anna).wrap()
}

#[test]
fn one_byte_over_the_ceiling() {
    assert!(Statement::read(of_length(MAX_STATEMENT_BYTES)).is_ok());
    let (length, ceiling) = (MAX_STATEMENT_BYTES + 1, MAX_STATEMENT_BYTES);
    assert_eq!(
        refusal(of_length(length)),
        ReadError::Envelope(DecodeError::TooLong { length, ceiling })
    );
}
