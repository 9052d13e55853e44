//! Other bytes for the same statement, and bytes that are no statement.
//!
//! Several COSE libraries read most of these. Whatever is read here has one spelling, so one
//! statement has one id.

use treering::statement::cbor::{DecodeError, MAX_DEPTH, ProfileError, Value};
use treering::statement::envelope::{
    Algorithm, HeaderFault, MAX_STATEMENT_BYTES, ReadError, Statement,
};
use treering::statement::key::Role;
use treering::tlog::ed25519::SecretKey;

use crate::support::bodies::{anchor, unknown};
use crate::support::bytes::{Parts, bstr, print, text};
use crate::support::{Ledger, key, refusal};

fn ledger() -> (Ledger, SecretKey) {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    (ledger, anna)
}

fn honest() -> Statement {
    let (ledger, anna) = ledger();
    ledger.signed(&anna, anchor("spring"), &[])
}

/// The refusal of a statement with another header, properly signed.
fn header_fault(change: impl FnOnce(&mut std::collections::BTreeMap<Value, Value>)) -> HeaderFault {
    let parts = Parts::of(&honest()).with_header(change).sign(&key("anna"));
    match refusal(parts.wrap()) {
        ReadError::Header(fault) => fault,
        other => panic!("must be the header's fault, was {other:?}"),
    }
}

fn with_label(label: i128, value: Value) -> HeaderFault {
    header_fault(|header| drop(header.insert(Value::Integer(label), value)))
}

fn with_claim(claim: i128, value: Value) -> HeaderFault {
    header_fault(|header| match header.get_mut(&Value::Integer(15)) {
        Some(Value::Map(claims)) => drop(claims.insert(Value::Integer(claim), value)),
        other => panic!("claims are {other:?}"),
    })
}

/// The refusal of a payload with one field more or other, properly signed.
fn payload_fault(field: &str, value: Value) -> ReadError {
    let parts = Parts::of(&honest())
        .with_payload(|payload| drop(payload.insert(text(field), value)))
        .sign(&key("anna"));
    refusal(parts.wrap())
}

#[test]
fn the_outer_array_wrapped_anew() {
    let bytes = honest().bytes().to_vec();
    let items = &bytes[2..];
    let envelope = |error| ReadError::Envelope(error);
    for (again, why) in [
        ([&[0xD2, 0x98, 0x04], items].concat(), DecodeError::NotCanonical),
        ([&[0xD2, 0x99, 0x00, 0x04], items].concat(), DecodeError::NotCanonical),
        ([&[0xD2, 0x9F], items, &[0xFF]].concat(), DecodeError::NotCanonical),
    ] {
        assert_eq!(refusal(again), envelope(why));
    }
}

#[test]
fn bytes_after_the_end_or_missing_before_it() {
    let bytes = honest().bytes().to_vec();
    let malformed = ReadError::Envelope(DecodeError::Malformed);
    for after in [0x00, 0xA0, 0xF6, 0xFF] {
        assert_eq!(refusal([&bytes[..], &[after]].concat()), malformed);
    }
    for length in 1..bytes.len() {
        assert_eq!(refusal(bytes[..length].to_vec()), malformed, "the first {length} bytes");
    }
    assert_eq!(refusal(Vec::new()), ReadError::Parts);
    assert_eq!(refusal([&bytes[..], &bytes].concat()), malformed);
}

#[test]
fn the_tag_stripped_or_another_one() {
    let bytes = honest().bytes().to_vec();
    assert_eq!(refusal(bytes[1..].to_vec()), ReadError::Parts);
    for tag in [0xD1, 0xD3, 0xC0] {
        assert_eq!(refusal([&[tag], &bytes[1..]].concat()), ReadError::Parts);
    }
    for long_tag in [&[0xD8, 0x12][..], &[0xD9, 0x00, 0x12]] {
        assert_eq!(refusal([long_tag, &bytes[1..]].concat()), ReadError::Parts);
    }
    let twice = refusal([&[0xD2], &bytes[..]].concat());
    assert_eq!(twice, ReadError::Envelope(DecodeError::NotCanonical));
    // A self-described CBOR tag or a CWT tag in front.
    for front in [&[0xD9, 0xD9, 0xF7][..], &[0xD8, 0x3D]] {
        assert_eq!(refusal([front, &bytes].concat()), ReadError::Parts);
    }
}

#[test]
fn something_unprotected() {
    let Parts { protected, payload, signature } = Parts::of(&honest());
    let [protected, payload, signature] = [protected, payload, signature].map(|part| bstr(&part));
    for unprotected in [&b"\xA1\x04\x41x"[..], b"\xA1\x18\x22\x80", b"\x40", b"\x80", b"\xF6"] {
        let parts = [&[0xD2, 0x84][..], &protected, unprotected, &payload, &signature];
        let refused = refusal(parts.concat());
        assert!(
            matches!(refused, ReadError::Parts | ReadError::Envelope(DecodeError::Profile(_))),
            "{unprotected:02x?}: {refused:?}"
        );
    }
}

#[test]
fn more_parts_or_fewer_or_others() {
    let Parts { protected, payload, signature } = Parts::of(&honest());
    let [header, body, sig] = [&protected, &payload, &signature].map(|part| bstr(part));
    let empty = vec![0xA0];
    let detached = vec![0xF6];
    for parts in [
        vec![&header, &empty, &body],
        vec![&header, &empty, &body, &sig, &empty],
        vec![&empty, &header, &body, &sig],
        vec![&protected, &empty, &body, &sig],
        vec![&header, &empty, &payload, &sig],
    ] {
        let count = 0x80 | parts.len() as u8;
        let bytes = [&[0xD2, count][..], &parts.into_iter().cloned().collect::<Vec<_>>().concat()];
        assert_eq!(refusal(bytes.concat()), ReadError::Parts);
    }
    let bytes = [&[0xD2, 0x84][..], &header, &empty, &detached, &sig].concat();
    let null = ReadError::Envelope(DecodeError::Profile(ProfileError::Type));
    assert_eq!(refusal(bytes), null);
}

#[test]
fn a_signature_of_another_length() {
    for length in [0, 63, 65, 128] {
        let parts = Parts { signature: vec![7; length], ..Parts::of(&honest()) };
        assert_eq!(refusal(parts.wrap()), ReadError::Parts);
    }
}

#[test]
fn both_spellings_of_the_algorithm_and_no_other() {
    let (ledger, anna) = ledger();
    let parts = Parts::of(&ledger.signed(&anna, anchor("spring"), &[]));
    let spelled = |alg: i128| {
        let alg = Value::Integer(alg);
        let parts = parts.clone().with_header(|h| drop(h.insert(Value::Integer(1), alg)));
        parts.sign(&anna).wrap()
    };
    for (alg, algorithm) in [(-8, Algorithm::EdDsa), (-19, Algorithm::Ed25519)] {
        let statement = Statement::read(spelled(alg)).expect("a registered spelling");
        assert_eq!(statement.header.algorithm, algorithm);
        assert!(ledger.judge(&statement).is_ok());
    }
    for alg in [-7, -9, -53, 0, 1, 5] {
        assert_eq!(refusal(spelled(alg)), ReadError::Header(HeaderFault::Value(1)));
    }
}

#[test]
fn labels_that_nobody_reads() {
    // crit, x5chain, x5t, SCITT receipts, a private one, a text one
    for label in [2, 33, 34, 394, -70_000] {
        let fault = with_label(label, Value::Array(vec![Value::Integer(4)]));
        let known = matches!(
            fault,
            HeaderFault::Labels | HeaderFault::Bytes(DecodeError::Profile(ProfileError::MapKeys))
        );
        assert!(known, "{label}: {fault:?}");
    }
    let fault = header_fault(|header| drop(header.insert(text("note"), text("x"))));
    assert_eq!(fault, HeaderFault::Bytes(DecodeError::Profile(ProfileError::MapKeys)));
    for label in [1, 3, 4, 15, 16] {
        let fault = header_fault(|header| drop(header.remove(&Value::Integer(label))));
        assert_eq!(fault, HeaderFault::Labels);
    }
    let instead = header_fault(|header| {
        header.remove(&Value::Integer(3));
        header.insert(Value::Integer(2), text("application/cbor"));
    });
    assert_eq!(instead, HeaderFault::Labels);
}

#[test]
fn labels_with_other_values() {
    let kid = |length: usize| Value::Bytes(vec![7; length]);
    for (label, value) in [
        (3, text("application/json")),
        (3, Value::Integer(60)),
        (4, kid(31)),
        (4, kid(33)),
        (4, text("anna")),
        (15, Value::Array(vec![])),
        (16, Value::Integer(16)),
    ] {
        assert_eq!(with_label(label, value), HeaderFault::Value(label as u8));
    }
    for typ in [
        "application/vnd.treering.evidence.anchor",
        "application/vnd.treering.evidence.anchor;v=01",
        "application/vnd.treering.evidence.anchor; v=1",
        "application/vnd.treering.Evidence.anchor;v=1",
        "application/vnd.treering.evidence/anchor;v=1",
        "evidence.anchor;v=1",
        "",
    ] {
        assert!(matches!(with_label(16, text(typ)), HeaderFault::Type(_)), "{typ}");
    }
}

#[test]
fn claims_with_other_values() {
    for (claim, value) in [
        (1, Value::Integer(1)),
        (2, text("somebody")),
        (2, text("ledger:")),
        (2, text("statement:abc")),
        (2, text(&format!("indicator:{}", "x".repeat(247)))),
        (2, Value::Bytes(b"ledger".to_vec())),
        (6, text("yesterday")),
        (3, text("an audience")),
        (4, Value::Integer(1)),
    ] {
        assert_eq!(with_claim(claim, value.clone()), HeaderFault::Value(15), "{claim} {value:?}");
    }
    for claim in [1, 2, 6] {
        let fault = header_fault(|header| match header.get_mut(&Value::Integer(15)) {
            Some(Value::Map(claims)) => drop(claims.remove(&Value::Integer(claim))),
            other => panic!("claims are {other:?}"),
        });
        assert_eq!(fault, HeaderFault::Value(15));
    }
}

/// The longest subject there may be; unknown kinds may be about anything.
#[test]
fn a_subject_of_256_bytes() {
    let (ledger, anna) = ledger();
    let parts = Parts::of(&ledger.signed(&anna, unknown("weather.note", 1), &[]));
    let about = |length: usize| {
        let subject = format!("claim:{}", "x".repeat(length - "claim:".len()));
        let parts = parts.clone().with_header(|header| {
            let Some(Value::Map(claims)) = header.get_mut(&Value::Integer(15)) else { panic!() };
            claims.insert(Value::Integer(2), text(&subject));
        });
        parts.sign(&anna).wrap()
    };
    assert!(Statement::read(about(256)).is_ok());
    assert_eq!(refusal(about(257)), ReadError::Header(HeaderFault::Value(15)));
}

/// A header or payload inside its byte string has one spelling too.
#[test]
fn layers_spelled_otherwise() {
    let honest = Parts::of(&honest());
    let spelled = |bytes: &[u8]| -> [Vec<u8>; 3] {
        // A map of n < 24 fields: with a long head, of indefinite length, with a byte after it.
        let fields = bytes[0] & 0x1F;
        [
            [&[0xB8, fields][..], &bytes[1..]].concat(),
            [&[0xBF], &bytes[1..], &[0xFF]].concat(),
            [bytes, &[0x00]].concat(),
        ]
    };
    let whys = [DecodeError::NotCanonical, DecodeError::NotCanonical, DecodeError::Malformed];
    for (protected, why) in spelled(&honest.protected).into_iter().zip(whys.clone()) {
        let parts = Parts { protected, ..honest.clone() }.sign(&key("anna"));
        assert_eq!(refusal(parts.wrap()), ReadError::Header(HeaderFault::Bytes(why)));
    }
    for (payload, why) in spelled(&honest.payload).into_iter().zip(whys) {
        let parts = Parts { payload, ..honest.clone() }.sign(&key("anna"));
        assert_eq!(refusal(parts.wrap()), ReadError::Payload(why));
    }
}

#[test]
fn an_empty_header_or_payload() {
    let honest = Parts::of(&honest());
    for empty in [&b""[..], b"\xA0", b"\x80", b"\x40", b"\xF6"] {
        let header = Parts { protected: empty.to_vec(), ..honest.clone() }.sign(&key("anna"));
        assert!(matches!(refusal(header.wrap()), ReadError::Header(_)));
        let payload = Parts { payload: empty.to_vec(), ..honest.clone() }.sign(&key("anna"));
        assert!(matches!(
            refusal(payload.wrap()),
            ReadError::Payload(_) | ReadError::Common { field: "chain", .. }
        ));
    }
}

#[test]
fn values_outside_the_profile() {
    for (value, why) in [
        (Value::Float(1.0), ProfileError::Type),
        (Value::Float(f64::NAN), ProfileError::Type),
        (Value::Null, ProfileError::Type),
        (Value::Integer(i128::from(u64::MAX)), ProfileError::IntegerRange),
        (Value::Integer(-i128::from(u64::MAX)), ProfileError::IntegerRange),
    ] {
        let profile = ReadError::Payload(DecodeError::Profile(why));
        assert_eq!(payload_fault("title", value.clone()), profile, "{value:?}");
        let nested = Value::Array(vec![value]);
        assert_eq!(payload_fault("media", nested), profile);
    }
}

/// Spliced in as raw bytes, since no honest printer makes them.
#[test]
fn a_tag_a_key_twice_and_text_that_is_none() {
    let honest = Parts::of(&honest());
    let title = [print(&text("title")), print(&text("spring"))].concat();
    let start = honest.payload.windows(title.len()).position(|w| w == title).expect("title");
    let (before, after) = (&honest.payload[..start], &honest.payload[start + title.len()..]);
    let spliced = |instead: &[u8], more_fields: u8| {
        let mut payload = [before, instead, after].concat();
        payload[0] += more_fields;
        refusal(Parts { payload, ..honest.clone() }.sign(&key("anna")).wrap())
    };
    let name = print(&text("title"));
    let tagged = [&name[..], &[0xC0], b"\x66spring"].concat();
    assert_eq!(spliced(&tagged, 0), ReadError::Payload(DecodeError::NotCanonical));
    let undefined = [&name[..], &[0xF7]].concat();
    assert!(matches!(spliced(&undefined, 0), ReadError::Payload(DecodeError::Profile(_))));
    let twice = [&title[..], &title].concat();
    assert_eq!(spliced(&twice, 1), ReadError::Payload(DecodeError::NotCanonical));
    let not_utf8 = [&name[..], b"\x66spr\xFFng"].concat();
    assert_eq!(spliced(&not_utf8, 0), ReadError::Payload(DecodeError::Malformed));
    let in_pieces = [&name[..], b"\x7F\x63spr\x63ing\xFF"].concat();
    assert_eq!(spliced(&in_pieces, 0), ReadError::Payload(DecodeError::NotCanonical));
    let half_float = [&name[..], b"\xF9\x3C\x00"].concat();
    assert!(matches!(spliced(&half_float, 0), ReadError::Payload(DecodeError::Profile(_))));
}

#[test]
fn fields_that_the_kind_does_not_have() {
    for field in ["note", "Title", "key ", "chains"] {
        let refused = payload_fault(field, text("x"));
        assert!(matches!(refused, ReadError::Body(_)), "{field}: {refused:?}");
    }
    let misplaced = payload_fault("by", text("somebody"));
    assert!(matches!(misplaced, ReadError::Common { field: "by", .. }), "{misplaced:?}");
    let no_key = payload_fault("key", Value::Bytes(vec![1; 32]));
    assert!(matches!(no_key, ReadError::Common { field: "key", .. }), "{no_key:?}");
}

#[test]
fn second_signatures_spelled_as_an_empty_list() {
    assert_eq!(payload_fault("also", Value::Array(vec![])), ReadError::AlsoOrder);
}

/// Maps and lists for every level that is left below the payload's own.
#[test]
fn one_level_deeper_than_the_ceiling() {
    let (ledger, anna) = ledger();
    let honest = Parts::of(&ledger.signed(&anna, unknown("weather.note", 1), &[]));
    let nested = |levels: usize| {
        let mut value = Value::Integer(0);
        for _ in 1..levels {
            value = Value::Array(vec![value]);
        }
        let parts = honest.clone();
        // Printed past the profile, which would not let it through.
        let parts = parts.with_payload(|payload| drop(payload.insert(text("text"), value)));
        parts.sign(&anna).wrap()
    };
    assert!(Statement::read(nested(MAX_DEPTH - 1)).is_ok());
    let depth = ReadError::Payload(DecodeError::Profile(ProfileError::Depth));
    assert_eq!(refusal(nested(MAX_DEPTH)), depth);
    let bottomless = [&[0xD2][..], &vec![0x81; MAX_STATEMENT_BYTES - 1]].concat();
    assert_eq!(refusal(bottomless), ReadError::Envelope(DecodeError::Malformed));
}

/// A head that promises more than there is must not make room for it first.
#[test]
fn lengths_that_promise_the_moon() {
    for head in [0x5B, 0x7B, 0x9B, 0xBB] {
        let bytes = [&[0xD2, 0x84, head][..], &[0x7F; 8]].concat();
        assert_eq!(refusal(bytes), ReadError::Envelope(DecodeError::Malformed));
    }
}

/// A statement of exactly `length` bytes, filled up with its title.
fn of_length(length: usize) -> Vec<u8> {
    let (ledger, anna) = ledger();
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
    let too_long = ReadError::Envelope(DecodeError::TooLong { length, ceiling });
    assert_eq!(refusal(of_length(length)), too_long);
}

/// Any bit of header, payload or signature: the signature no longer matches, or the bytes are no
/// statement.
#[test]
fn every_bit_flipped_once() {
    let (ledger, anna) = ledger();
    let statement = ledger.signed(&anna, anchor("spring"), &[]);
    let bytes = statement.bytes();
    let mut still_read = 0;
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.to_vec();
        flipped[bit / 8] ^= 1 << (bit % 8);
        if let Ok(other) = Statement::read(flipped) {
            still_read += 1;
            assert_ne!(other.id(), statement.id());
            assert!(other.check_signatures(&ledger.keys, ledger.id).is_err(), "bit {bit}");
        }
    }
    // At least the 512 bits of the signature are bytes of a statement still.
    assert!(still_read > 512, "only {still_read} of all flips were read");
}
