//! A statement as JSON, for programs. `schemas/statement.schema.json` tells the fields.

use serde_json::{Value as Json, json};

use super::words::rfc3339;
use crate::statement::cbor::Value;
use crate::statement::envelope::Statement;
use crate::tlog::hash::Position;
use crate::tlog::hex::Hex;

/// The statement at a position; `summary` is what it says in a few words.
pub fn view(position: Position, statement: &Statement, summary: &str) -> Json {
    let header = &statement.header;
    json!({
        "position": position.0,
        "id": statement.id().to_string(),
        "kind": header.typ.kind.as_str(),
        "version": header.typ.version,
        "key": header.key.to_string(),
        "issuer": header.issuer.to_string(),
        "subject": header.subject.to_string(),
        "issued_at": rfc3339(header.issued_at),
        "seq": statement.payload.chain.seq,
        "summary": summary,
        "fields": statement.payload.body.fields().ok().as_ref().map(cbor),
    })
}

/// A CBOR value as JSON: byte strings in hexadecimal.
pub fn cbor(value: &Value) -> Json {
    match value {
        Value::Bool(truth) => json!(truth),
        Value::Integer(number) => i64::try_from(*number).map_or(Json::Null, |number| json!(number)),
        Value::Bytes(bytes) => {
            json!(Hex(bytes).to_string())
        }
        Value::Text(text) => json!(text),
        Value::Array(items) => Json::Array(items.iter().map(cbor).collect()),
        Value::Map(entries) => {
            let entry = |(key, value): (&Value, &Value)| {
                let key = match key {
                    Value::Text(text) => text.clone(),
                    Value::Integer(number) => number.to_string(),
                    _ => String::new(),
                };
                (key, cbor(value))
            };
            Json::Object(entries.iter().map(entry).collect())
        }
        _ => Json::Null,
    }
}
