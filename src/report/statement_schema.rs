//! The JSON Schema of [`super::statement_json`], made from the forms: `schemas/statement.schema.json`.

use serde_json::{Map, Value as Json, json};

use crate::statement::bodies::process::sample::Found;
use crate::statement::form::{Field, Form, Shape, Unit, forms};

/// The schema (draft 2020-12). Fields of kinds without a form are left open.
pub fn schema() -> Json {
    let fields_of = |form: &Form| {
        json!({
            "if": { "properties": { "kind": { "const": form.kind }, "version": { "const": 1 } } },
            "then": { "properties": { "fields": { "$ref": format!("#/$defs/{}", form.kind) } } },
        })
    };
    let mut shapes: Map<String, Json> = parts();
    for form in forms() {
        let mut fields = object(form.fields);
        fields["description"] = json!(form.about);
        shapes.insert(form.kind.into(), fields);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A statement of a treering ledger, as treering show --json gives it",
        "type": "object",
        "required": [
            "position", "id", "kind", "version", "key", "issuer", "subject", "issued_at", "seq",
            "summary", "fields",
        ],
        "properties": {
            "position": { "type": "integer", "minimum": 0 },
            "id": { "$ref": "#/$defs/hash" },
            "kind": { "type": "string" },
            "version": { "type": "integer", "minimum": 0 },
            "key": { "$ref": "#/$defs/hash" },
            "issuer": { "type": "string" },
            "subject": { "type": "string" },
            "issued_at": { "type": "string" },
            "seq": { "type": "integer", "minimum": 0 },
            "summary": { "type": "string" },
            "fields": { "type": "object" },
        },
        "allOf": forms().map(fields_of).collect::<Vec<_>>(),
        "$defs": shapes,
    })
}

/// What several kinds have.
fn parts() -> Map<String, Json> {
    let closed = |required: &[&str], properties: Json| {
        json!({
            "type": "object", "required": required, "properties": properties,
            "additionalProperties": false,
        })
    };
    let hash = json!({ "$ref": "#/$defs/hash" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let point = json!({
        "type": "array", "minItems": 2, "maxItems": 2,
        "prefixItems": [
            { "type": "integer", "minimum": -180_000_000, "maximum": 180_000_000 },
            { "type": "integer", "minimum": -90_000_000, "maximum": 90_000_000 },
        ],
    });
    let ring = json!({ "type": "array", "minItems": 4, "items": point });
    let parts = json!({
        "hash": { "type": "string", "pattern": "^[0-9a-f]{64}$" },
        "day": {
            "type": "integer", "minimum": -719_162, "maximum": 2_932_896,
            "description": "days since 1970-01-01, UTC",
        },
        "days": closed(
            &["from", "until"],
            json!({ "from": { "$ref": "#/$defs/day" }, "until": { "$ref": "#/$defs/day" } }),
        ),
        "statement-ref": closed(&["id"], json!({ "id": hash, "ledger": hash })),
        "tree": closed(&["size", "root"], json!({ "size": count, "root": hash })),
        "evidence": {
            "type": "array", "minItems": 1, "maxItems": 500,
            "items": closed(
                &["statement", "root"],
                json!({
                    "statement": { "$ref": "#/$defs/statement-ref" },
                    "root": hash,
                    "rows": { "type": "array", "minItems": 1, "items": count },
                }),
            ),
        },
        "indicator": closed(
            &["catalogue", "id"],
            json!({ "catalogue": hash, "id": { "$ref": "#/$defs/id" } }),
        ),
        "dossier": closed(
            &["checkpoint", "evidence", "catalogue"],
            json!({
                "checkpoint": { "$ref": "#/$defs/tree" }, "evidence": hash, "catalogue": hash,
            }),
        ),
        "id": { "type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$" },
        "area": {
            "type": "array", "minItems": 1,
            "items": { "type": "array", "minItems": 1, "items": ring },
            "description": "polygons of rings of [longitude, latitude], millionths of a degree",
        },
    });
    match parts {
        Json::Object(parts) => parts,
        _ => Map::new(),
    }
}

fn object(fields: &[Field]) -> Json {
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.name).collect();
    let property = |field: &Field| {
        let mut shape = of(field);
        shape["description"] = json!(field.about);
        (field.name.to_string(), shape)
    };
    json!({
        "type": "object",
        "required": required,
        "properties": fields.iter().map(property).collect::<Map<_, _>>(),
        "additionalProperties": false,
    })
}

fn of(field: &Field) -> Json {
    let named = |part: &str| json!({ "$ref": format!("#/$defs/{part}") });
    // An optional list is left out where it is empty; a required one may say that there is nothing.
    let least = usize::from(!field.required);
    let list = |items: Json| json!({ "type": "array", "minItems": least, "items": items });
    let text = || json!({ "type": "string" });
    match field.shape {
        Shape::Text => text(),
        Shape::Texts => list(text()),
        Shape::Names => json!({ "type": "object", "additionalProperties": text() }),
        Shape::Id => named("id"),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Words(words) => list(json!({ "enum": words })),
        Shape::Country => json!({ "type": "string", "pattern": "^[A-Z]{3}$" }),
        Shape::Countries => list(json!({ "type": "string", "pattern": "^[A-Z]{3}$" })),
        Shape::Number(unit) => number(unit),
        Shape::Numbers(unit) => list(number(unit)),
        Shape::Day => named("day"),
        Shape::Days => named("days"),
        Shape::Digest | Shape::Ledger => named("hash"),
        Shape::Bytes => json!({ "type": "string", "pattern": "^([0-9a-f]{2})*$" }),
        Shape::Keys => list(named("hash")),
        Shape::Statement => named("statement-ref"),
        Shape::Statements => list(named("statement-ref")),
        Shape::Evidence => named("evidence"),
        Shape::Indicator => named("indicator"),
        Shape::IndicatorList => list(named("indicator")),
        Shape::Indicators => json!({
            "type": "object", "required": ["catalogue", "ids"], "additionalProperties": false,
            "properties": {
                "catalogue": named("hash"),
                "ids": { "type": "array", "minItems": 1, "maxItems": 1_000, "items": text() },
            },
        }),
        Shape::Dossier => named("dossier"),
        Shape::Tree => named("tree"),
        Shape::Area => named("area"),
        Shape::FoundRows => json!({
            "type": "array", "minItems": 1, "maxItems": 1_000,
            "items": {
                "type": "array", "minItems": 3, "maxItems": 3,
                "prefixItems": [named("hash"), number(Unit::Count), { "enum": Found::WORDS }],
            },
        }),
        Shape::Table(fields) => object(fields),
        Shape::Tables(fields) => list(object(fields)),
    }
}

fn number(unit: Unit) -> Json {
    match unit.range() {
        (i64::MIN, i64::MAX) => json!({ "type": "integer" }),
        (least, i64::MAX) => json!({ "type": "integer", "minimum": least }),
        (least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
    }
}
