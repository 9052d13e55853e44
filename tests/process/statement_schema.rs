//! `schemas/statement.schema.json` is what the forms give, and holds the JSON view of every golden
//! statement to it: by a small reader of JSON Schema that knows nothing of ours.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use treering::report::statement_json::view;
use treering::report::statement_schema::schema;
use treering::statement::envelope::Statement;
use treering::statement::form::{Field, Shape, form_of, forms};
use treering::statement::kind::Family;
use treering::tlog::hash::Position;

use crate::support::story;

/// The keywords the schema uses. Another one would be a rule that nobody holds.
const KEYWORDS: [&str; 21] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "const",
    "enum",
    "pattern",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "items",
    "prefixItems",
    "properties",
    "required",
    "additionalProperties",
    "allOf",
    "if",
    "then",
];

/// Where a value is not as a schema says.
fn faults(all: &Value, schema: &Value, value: &Value, at: &str) -> Vec<String> {
    let Value::Object(rules) = schema else { panic!("{at}: a schema is an object: {schema}") };
    let fault = |why: &str| vec![format!("{at}: {why}: {value}")];
    let mut found = Vec::new();
    for (keyword, rule) in rules {
        assert!(KEYWORDS.contains(&keyword.as_str()), "{keyword}");
        let number = |rule: &Value| rule.as_i64().expect("a number");
        let holds = match (keyword.as_str(), value) {
            ("type", _) => match rule.as_str().expect("a type") {
                "object" => value.is_object(),
                "array" => value.is_array(),
                "string" => value.is_string(),
                "integer" => value.is_i64() || value.is_u64(),
                other => panic!("type {other}"),
            },
            ("const", _) => value == rule,
            ("enum", _) => rule.as_array().expect("words").contains(value),
            ("pattern", Value::String(text)) => matches(rule.as_str().expect("a pattern"), text),
            ("minimum", Value::Number(n)) => n.as_i64().is_some_and(|n| n >= number(rule)),
            ("maximum", Value::Number(n)) => n.as_i64().is_some_and(|n| n <= number(rule)),
            ("minItems", Value::Array(items)) => items.len() as i64 >= number(rule),
            ("maxItems", Value::Array(items)) => items.len() as i64 <= number(rule),
            ("required", Value::Object(fields)) => {
                let names = rule.as_array().expect("names").iter();
                names.map(|name| name.as_str().expect("a name")).all(|n| fields.contains_key(n))
            }
            _ => true,
        };
        if !holds {
            found.extend(fault(&format!("{keyword} {rule}")));
        }
        match (keyword.as_str(), value) {
            ("$ref", _) => {
                let name = rule.as_str().and_then(|path| path.strip_prefix("#/$defs/"));
                let part = &all["$defs"][name.expect("a part of this schema")];
                found.extend(faults(all, part, value, at));
            }
            ("items", Value::Array(items)) => {
                for (place, item) in items.iter().enumerate() {
                    found.extend(faults(all, rule, item, &format!("{at}[{place}]")));
                }
            }
            ("prefixItems", Value::Array(items)) => {
                for (place, item) in items.iter().enumerate() {
                    found.extend(faults(all, &rule[place], item, &format!("{at}[{place}]")));
                }
            }
            ("properties", Value::Object(fields)) => {
                for (name, rule) in rule.as_object().expect("properties") {
                    if let Some(field) = fields.get(name) {
                        found.extend(faults(all, rule, field, &format!("{at}.{name}")));
                    }
                }
            }
            ("additionalProperties", Value::Object(fields)) => {
                let known = rules.get("properties").and_then(Value::as_object);
                let others =
                    fields.iter().filter(|(n, _)| known.is_none_or(|k| !k.contains_key(*n)));
                for (name, field) in others {
                    match rule {
                        Value::Bool(allowed) if !allowed => found.extend(fault(name)),
                        Value::Bool(_) => {}
                        rule => found.extend(faults(all, rule, field, &format!("{at}.{name}"))),
                    }
                }
            }
            ("allOf", _) => {
                for rule in rule.as_array().expect("schemas") {
                    found.extend(faults(all, rule, value, at));
                }
            }
            ("if", _) if faults(all, rule, value, at).is_empty() => {
                found.extend(faults(all, &rules["then"], value, at));
            }
            _ => {}
        }
    }
    found
}

/// The five patterns there are, by hand.
fn matches(pattern: &str, text: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match pattern {
        "^[0-9a-f]{64}$" => text.len() == 64 && text.bytes().all(hex),
        "^([0-9a-f]{2})*$" => text.len().is_multiple_of(2) && text.bytes().all(hex),
        "^[A-Z]{3}$" => text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase()),
        "^[A-Za-z0-9._-]{1,64}$" => {
            let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
            (1..=64).contains(&text.len()) && text.bytes().all(plain)
        }
        other => panic!("the pattern {other}"),
    }
}

fn views() -> Vec<(String, Value)> {
    let story = story::tell();
    let view = |(name, bytes): (String, &[u8])| {
        let statement = Statement::read(bytes.to_vec()).expect("golden");
        (name, view(Position(7), &statement, "in words"))
    };
    story.goldens().map(view).collect()
}

#[test]
fn the_file_is_what_the_forms_give() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/statement.schema.json");
    let text = serde_json::to_string_pretty(&schema()).expect("JSON") + "\n";
    if std::env::var_os("TREERING_WRITE_GOLDEN").is_some() {
        fs::write(&path, &text).expect("the file");
    }
    let file = fs::read_to_string(&path).expect("schemas/statement.schema.json");
    assert!(file == text, "TREERING_WRITE_GOLDEN=1 cargo test --test process writes it anew");
}

#[test]
fn every_golden_statement_is_as_the_schema_says() {
    let schema = schema();
    let mut with_form = 0;
    for (name, view) in views() {
        assert_eq!(faults(&schema, &schema, &view, &name), [""; 0]);
        with_form += usize::from(form_of(view["kind"].as_str().expect("a kind")).is_some());
    }
    assert!(with_form > 30, "only {with_form} statements have a form");
}

/// The pages tell every field of every form, in a table below the kind's name.
#[test]
fn the_pages_tell_every_field() {
    fn is_told(section: &str, fields: &[Field], kind: &str) {
        for field in fields {
            let mark = if field.required { "" } else { " ?" };
            let row = format!("| `{}`{mark} |", field.name);
            assert!(section.contains(&row), "{kind}: no row {row}");
            if let Shape::Word(words) | Shape::Words(words) = field.shape {
                for word in words {
                    assert!(
                        section.contains(&format!("`{word}`")),
                        "{kind}, {}: {word}",
                        field.name
                    );
                }
            }
            if let Shape::Table(inner) | Shape::Tables(inner) = field.shape {
                is_told(section, inner, kind);
            }
        }
    }
    let pages = [include_str!("../../schemas/process.md"), include_str!("../../schemas/claims.md")];
    for form in forms() {
        let heading = format!("\n**`{}`**", form.kind);
        let page = pages.iter().find(|page| page.contains(&heading));
        let Some(page) = page else {
            let family = form.kind_name().family();
            assert!(matches!(family, Family::Site | Family::Evidence), "{}", form.kind);
            continue;
        };
        let (_, section) = page.split_once(&heading).expect("the heading");
        let end = section.find("\n**`").or_else(|| section.find("\n### ")).unwrap_or(section.len());
        is_told(&section[..end], form.fields, form.kind);
    }
}

/// Every field of every golden statement: left out, of another type, beside one that nobody knows.
#[test]
fn the_schema_refuses_other_fields() {
    let schema = schema();
    for (name, view) in views() {
        let form = form_of(view["kind"].as_str().expect("a kind"));
        let Some(form) = form else { continue };
        let fields = view["fields"].as_object().expect("fields").clone();
        let is_refused = |what: &str, fields: Map<String, Value>| {
            let mut view = view.clone();
            view["fields"] = Value::Object(fields);
            assert!(!faults(&schema, &schema, &view, &name).is_empty(), "{name}: {what}");
        };
        let mut more = fields.clone();
        more.insert("no such field".into(), json!(1));
        is_refused("a field more", more);
        for field in form.fields {
            let mut other = fields.clone();
            if field.required {
                other.remove(field.name);
                is_refused(field.name, other.clone());
            }
            other.insert(field.name.into(), json!(1.5));
            is_refused(field.name, other);
        }
        // Every field the program wrote is one that people are asked for.
        for field in fields.keys() {
            assert!(form.fields.iter().any(|known| known.name == field), "{name}: {field}");
        }
    }
}
