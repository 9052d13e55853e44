//! `schemas/audit.schema.json` against what the program says: as much of JSON Schema as that file uses.

use serde_json::{Map, Value};

/// The keywords that are understood. Any other in the file would be passed over, so none may be there.
const KNOWN: [&str; 14] = [
    "$schema",
    "$defs",
    "$ref",
    "title",
    "description",
    "type",
    "required",
    "properties",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "pattern",
];

/// The schema of the repository.
pub fn schema() -> Value {
    serde_json::from_str(include_str!("../../schemas/audit.schema.json")).expect("JSON")
}

/// What of a value is not as the schema says, by its path.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema, schema, value, "", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let Value::Object(rules) = schema else { panic!("{at}: a schema is an object") };
    for (keyword, rule) in rules {
        let known = KNOWN.contains(&keyword.as_str()) || keyword == "minimum";
        assert!(known, "{at}: {keyword} is not understood here");
        if !holds(root, rules, keyword, rule, value, at, faults) {
            faults.push(format!("{at}: {value} against {keyword} {rule}"));
        }
    }
}

fn holds(
    root: &Value,
    rules: &Map<String, Value>,
    keyword: &str,
    rule: &Value,
    value: &Value,
    at: &str,
    faults: &mut Vec<String>,
) -> bool {
    match keyword {
        "$ref" => {
            let path = rule.as_str().expect("a path").trim_start_matches('#');
            check(root, root.pointer(path).expect(path), value, at, faults);
            true
        }
        "type" => match rule.as_str().expect("a type") {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("type {other}"),
        },
        "minimum" => value.is_u64(),
        "const" => value == rule,
        "enum" => rule.as_array().expect("a list").contains(value),
        "pattern" => value.as_str().is_some_and(|text| fits(rule.as_str().expect("text"), text)),
        "anyOf" => rule.as_array().expect("a list").iter().any(|one| {
            let mut inner = Vec::new();
            check(root, one, value, at, &mut inner);
            inner.is_empty()
        }),
        "required" => {
            let has = |name: &Value| value.get(name.as_str().expect("a name")).is_some();
            rule.as_array().expect("a list").iter().all(has)
        }
        "properties" => {
            for (name, inner) in rule.as_object().expect("properties") {
                if let Some(value) = value.get(name) {
                    check(root, inner, value, &format!("{at}/{name}"), faults);
                }
            }
            true
        }
        "additionalProperties" => {
            let named = rules.get("properties").and_then(Value::as_object);
            let Some(object) = value.as_object() else { return true };
            let more =
                object.iter().filter(|(name, _)| named.is_none_or(|n| !n.contains_key(*name)));
            for (name, value) in more {
                match rule {
                    Value::Bool(false) => faults.push(format!("{at}/{name}: not in the schema")),
                    inner => check(root, inner, value, &format!("{at}/{name}"), faults),
                }
            }
            true
        }
        "items" => {
            for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                check(root, rule, value, &format!("{at}/{number}"), faults);
            }
            true
        }
        _ => true,
    }
}

/// The four patterns of the file.
fn fits(pattern: &str, text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| digits(text.trim_start_matches('-'));
    let shape = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "9");
    match pattern {
        "^[0-9a-f]{64}$" => {
            text.len() == 64
                && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        }
        "^R[0-9]{2}$" => shape(text) == "R99",
        day if day.ends_with("[0-9]{2}-[0-9]{2})$") => number(text) || shape(text) == "9999-99-99",
        time if time.ends_with("Z)$") => {
            let (_, rest) = text.trim_start_matches('-').split_once('-').unwrap_or_default();
            number(text) || shape(rest) == "99-99T99:99:99Z"
        }
        other => panic!("pattern {other}"),
    }
}
