//! Any bytes at all: whatever is read has one spelling, and nothing panics.

#![no_main]

use libfuzzer_sys::fuzz_target;
use treering::statement::card::Card;
use treering::statement::cbor;
use treering::statement::envelope::{MAX_STATEMENT_BYTES, Statement};
use treering::tlog::hash::leaf_hash;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = cbor::decode_value(bytes, MAX_STATEMENT_BYTES) {
        assert_eq!(cbor::encode(&value), bytes);
    }
    if let Ok(statement) = Statement::read(bytes.to_vec()) {
        assert_eq!(statement.bytes(), bytes);
        assert_eq!(statement.id(), leaf_hash(bytes));
    }
    if let Ok(card) = Card::read(bytes) {
        assert_eq!(Card::read(card.to_json().as_bytes()), Ok(card));
    }
});
