//! `schemas/*.cddl` against the golden statements, by a reader of CDDL that knows nothing of ours.
//!
//! That the schemas accept every golden statement is half of it: they must refuse what the program
//! refuses, or nobody would notice that they say too little.

mod support;

use std::collections::BTreeMap;

use cddl::ast::CDDL;
use cddl::validator::Validator;
use cddl::validator::cbor::{self, CBORValidator};
use cddl::validator::cbor_value::decode_cbor;
use rayon::prelude::*;
use support::bytes::{Parts, bstr, map, print, text};
use support::story;
use treering::statement::bodies::BodyRefused;
use treering::statement::cbor::Value;
use treering::statement::envelope::{ReadError, Statement};
use treering::statement::kind::{Family, KINDS, KindName};

const ENVELOPE: &str = include_str!("../schemas/envelope.cddl");

fn schema_of(family: &Family) -> &'static str {
    match family {
        Family::Ledger => include_str!("../schemas/ledger.cddl"),
        Family::Key => include_str!("../schemas/key.cddl"),
        Family::Root => include_str!("../schemas/root.cddl"),
        Family::Site => include_str!("../schemas/site.cddl"),
        Family::Evidence => include_str!("../schemas/evidence.cddl"),
        Family::Process => include_str!("../schemas/process.cddl"),
        Family::Claim => include_str!("../schemas/claim.cddl"),
        other => panic!("no schema for the family {}", other.word()),
    }
}

/// The schema of a kind alone. A kind's rule has its name.
fn schema_text(kind: &KindName) -> String {
    format!("start = {kind}\n{}\n{ENVELOPE}", schema_of(&kind.family()))
}

/// Whether a schema takes a payload. Parsing the schema is what takes long, so it is done once.
fn takes(schema: &CDDL<'_>, payload: &[u8]) -> Result<(), String> {
    let payload = decode_cbor(payload).map_err(|fault| fault.to_string())?;
    let verdict: Result<(), cbor::Error<std::io::Error>> =
        CBORValidator::new(schema, payload, None).validate();
    verdict.map_err(|fault| fault.to_string())
}

/// Every golden statement, with its kind if that is one the schemas know.
fn goldens() -> Vec<(String, Statement, Option<KindName>)> {
    let story = story::tell();
    let read = |(name, bytes): (String, &[u8])| {
        let statement = Statement::read(bytes.to_vec()).expect("golden");
        let kind = Some(statement.header.typ.kind.clone());
        let known = kind.filter(|kind| KINDS.iter().any(|(_, all)| all.contains(&kind.as_str())));
        (name, statement, known)
    };
    story.goldens().map(read).collect()
}

#[test]
fn every_golden_statement_is_as_the_schemas_say() {
    for (name, statement, kind) in goldens() {
        cddl::validate_cbor_from_slice(ENVELOPE, statement.bytes(), None)
            .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        if let Some(kind) = kind {
            let text = schema_text(&kind);
            let schema = cddl::cddl_from_str(&text, true).expect("CDDL");
            takes(&schema, &Parts::of(&statement).payload)
                .unwrap_or_else(|fault| panic!("{name}: {fault}"));
        }
    }
}

/// Every value of a payload, changed in turn: fields left out, of another type, or not known.
fn mutants(value: &Value) -> Vec<(String, Value)> {
    let mut mutants = Vec::new();
    match value {
        Value::Map(map) => {
            let mut more = map.clone();
            more.insert(text("no such field"), Value::Bool(true));
            mutants.push(("a field more".to_string(), Value::Map(more)));
            for (key, inner) in map {
                let Value::Text(name) = key else { panic!("payloads have text keys") };
                let with = |inner: Option<Value>| {
                    let mut map = map.clone();
                    map.remove(key);
                    map.extend(inner.map(|inner| (key.clone(), inner)));
                    Value::Map(map)
                };
                mutants.push((format!("{name} left out"), with(None)));
                let of_inner = mutants_of_type(inner).into_iter().chain(mutants_within(inner));
                mutants.extend(
                    of_inner.map(|(what, inner)| (format!("{name}: {what}"), with(Some(inner)))),
                );
            }
        }
        other => panic!("not a map: {other:?}"),
    }
    mutants
}

fn mutants_of_type(value: &Value) -> Vec<(String, Value)> {
    let mut others = match value {
        Value::Text(_) => vec![Value::Integer(-1), Value::Array(vec![])],
        Value::Map(_) => vec![text("x"), Value::Array(vec![])],
        Value::Integer(_) => vec![text("x"), Value::Integer(-(1 << 62))],
        _ => vec![text("x"), Value::Map(BTreeMap::new())],
    };
    // Byte strings only in the place of byte strings: in that of a word this reader of CDDL panics,
    // and it takes their length for a number.
    if let Value::Bytes(bytes) = value {
        others.push(Value::Bytes([&bytes[..], &[0]].concat()));
    }
    others.into_iter().map(|other| (format!("as {other:?}"), other)).collect()
}

fn mutants_within(value: &Value) -> Vec<(String, Value)> {
    match value {
        Value::Map(map) if map.keys().all(|key| matches!(key, Value::Text(_))) => mutants(value),
        Value::Array(items) => {
            let mut all = vec![("as an empty list".to_string(), Value::Array(vec![]))];
            for (at, item) in items.iter().enumerate() {
                for (what, item) in mutants_of_type(item).into_iter().chain(mutants_within(item)) {
                    let mut items = items.clone();
                    items[at] = item;
                    all.push((format!("item {at} {what}"), Value::Array(items)));
                }
            }
            all
        }
        _ => Vec::new(),
    }
}

/// What the program leaves to those who know the ledger, and a schema can say at once.
const SAID_BY_SCHEMAS_ALONE: [&str; 2] = ["also left out", "chain: ledger left out"];

/// The schemas say which fields there are and of which type; what fields must be together, only the
/// program knows.
fn is_beyond_schemas(fault: &ReadError) -> bool {
    matches!(fault, ReadError::Body(BodyRefused::Rule(_)) | ReadError::SubjectMismatch)
}

#[test]
fn the_schemas_refuse_what_the_program_refuses() {
    let refused: usize = goldens()
        .into_par_iter()
        .filter_map(|(name, statement, kind)| Some((name, Parts::of(&statement), kind?)))
        .map(|(name, parts, kind)| {
            let text = schema_text(&kind);
            let schema = cddl::cddl_from_str(&text, true).expect("CDDL");
            let mut refused = 0;
            for (what, mutant) in mutants(&Value::Map(map(&parts.payload))) {
                // The fullest chain and the longest list of second signatures stand for all.
                let elsewhere = |field, golden| what.starts_with(field) && name != golden;
                if elsewhere("chain: ", "11-correction") || elsewhere("also: ", "17-root.recover") {
                    continue;
                }
                let mutant = Parts { payload: print(&mutant), ..parts.clone() };
                let schema = takes(&schema, &mutant.payload);
                match Statement::read(mutant.wrap()) {
                    Ok(_) => assert!(
                        schema.is_ok() || SAID_BY_SCHEMAS_ALONE.contains(&what.as_str()),
                        "{name}, {what}: read by the program; the schema: {schema:?}"
                    ),
                    Err(fault) if is_beyond_schemas(&fault) => {}
                    Err(fault) => {
                        assert!(schema.is_err(), "{name}, {what}: the program: {fault}");
                        refused += 1;
                    }
                }
            }
            refused
        })
        .sum();
    assert!(refused > 300, "only {refused} mutants were refused");
}

#[test]
fn the_envelopes_schema_refuses_what_is_no_statement() {
    let statement = story::tell().ledger.entries.pop().expect("a statement");
    let parts = Parts::of(&statement);
    let takes = |bytes: &[u8]| cddl::validate_cbor_from_slice(ENVELOPE, bytes, None).is_ok();
    assert!(takes(&parts.wrap()));
    let with_label = |label: i128, value: Value| {
        let parts = parts.clone().with_header(|h| drop(h.insert(Value::Integer(label), value)));
        parts.wrap()
    };
    let unprotected = {
        let [protected, payload] = [&parts.protected, &parts.payload].map(|part| bstr(part));
        let signature = bstr(&parts.signature);
        [&[0xD2, 0x84][..], &protected, b"\xA1\x04\x41x", &payload, &signature].concat()
    };
    for (what, bytes) in [
        ("without its tag", statement.bytes()[1..].to_vec()),
        ("with something unprotected", unprotected),
        ("signed by ES256", with_label(1, Value::Integer(-7))),
        ("with another content type", with_label(3, text("application/json"))),
        ("with a short kid", with_label(4, Value::Bytes(vec![7; 31]))),
        ("with a label nobody reads", with_label(33, Value::Bytes(vec![7; 31]))),
        ("of another media type", with_label(16, text("application/vnd.other;v=1"))),
        ("with a short signature", Parts { signature: vec![7; 63], ..parts.clone() }.wrap()),
        ("without a chain", parts.clone().with_payload(|p| drop(p.remove(&text("chain")))).wrap()),
    ] {
        assert!(!takes(&bytes), "a statement {what}");
    }
}
