//! Single values: what stands in a field has to have the shape and the unit that is asked for.

use toml::{Table, Value as Toml};

use super::{Filling, misfit};
use crate::statement::bodies::StatementRef;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::process::sample::Found;
use crate::statement::cbor::Value;
use crate::statement::form::{Field, Shape, Unit};
use crate::tlog::hash::{Hash, Tree};

pub(super) fn kind_of(value: &Toml) -> &'static str {
    match value {
        Toml::String(_) => "text",
        Toml::Integer(_) => "a whole number",
        Toml::Float(_) => "a decimal number",
        Toml::Boolean(_) => "true or false",
        Toml::Datetime(_) => "a date",
        Toml::Array(_) => "a list",
        Toml::Table(_) => "a table",
    }
}

/// A field that may have been meant.
pub(super) fn instead_of(fields: &[Field], name: &str) -> String {
    let stem = name.rsplit_once('_').map_or(name, |(stem, _)| stem);
    // The same thing in another unit, before anything else that sounds alike.
    let in_units = fields.iter().find(|field| {
        matches!(field.shape, Shape::Number(_))
            && field.name.rsplit_once('_').is_some_and(|(its_stem, _)| its_stem == stem)
    });
    let alike = |field: &&Field| field.name.starts_with(name) || name.starts_with(field.name);
    let near = in_units.or_else(|| fields.iter().find(alike));
    match near.map(|field| (field, field.shape)) {
        Some((field, Shape::Number(unit))) => format!("{} is in {}", field.name, unit.words()),
        Some((field, _)) => format!("there is {}: {}", field.name, field.about),
        None => {
            let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
            format!("there are {}", names.join(", "))
        }
    }
}

pub(super) fn text<'v>(name: &str, value: &'v Toml) -> Filling<&'v str> {
    match value {
        Toml::String(text) if text == "…" => {
            misfit(name, "it was not filled in", "put something in the place of …")
        }
        Toml::String(text) if text.is_empty() => {
            misfit(name, "it is empty", "fill it in, or leave it out if it may be left out")
        }
        Toml::String(text) => Ok(text),
        other => misfit(name, format!("{} stands there", kind_of(other)), "write it in quotes"),
    }
}

pub(super) fn list<'v>(name: &str, value: &'v Toml) -> Filling<&'v Vec<Toml>> {
    match value {
        Toml::Array(items) => Ok(items),
        other => misfit(name, format!("{} stands there", kind_of(other)), "write a list: [ …, … ]"),
    }
}

pub(super) fn texts(name: &str, value: &Toml) -> Filling<Vec<String>> {
    list(name, value)?.iter().map(|one| text(name, one).map(String::from)).collect()
}

pub(super) fn table<'v>(name: &str, value: &'v Toml) -> Filling<&'v Table> {
    match value {
        Toml::Table(table) => Ok(table),
        other => misfit(name, format!("{} stands there", kind_of(other)), "a table is asked for"),
    }
}

pub(super) fn word<'w>(name: &str, words: &'w [&'w str], value: &Toml) -> Filling<&'w str> {
    let given = text(name, value)?;
    match words.iter().find(|word| **word == given) {
        Some(word) => Ok(word),
        None => misfit(
            name,
            format!("{given:?} is none of the words"),
            format!("one of {}", words.join(", ")),
        ),
    }
}

pub(super) fn number(name: &str, unit: Unit, value: &Toml) -> Filling<i64> {
    let words = unit.words();
    let number = match value {
        Toml::Integer(number) => *number,
        Toml::Float(decimal) => {
            let why = format!("{decimal} is a decimal number; whole numbers are asked for");
            return misfit(name, why, format!("write it in {words}"));
        }
        Toml::String(given) => {
            let why = format!("{given:?} is text; a whole number is asked for, without its unit");
            return misfit(name, why, format!("write it in {words}"));
        }
        other => {
            let why = format!("{} stands there", kind_of(other));
            return misfit(name, why, format!("write a whole number, in {words}"));
        }
    };
    let (least, most) = unit.range();
    if (least..=most).contains(&number) {
        return Ok(number);
    }
    let why = match unit {
        Unit::Ppm if number > most => format!("{number} is more than the whole"),
        _ if number < least => format!("{number} is less than {least}"),
        _ => format!("{number} is more than {most}"),
    };
    misfit(name, why, format!("it is in {words}"))
}

pub(super) fn day(name: &str, value: &Toml) -> Filling<UtcDay> {
    let given = match value {
        Toml::Datetime(datetime) if datetime.time.is_none() => datetime.to_string(),
        Toml::Datetime(datetime) => {
            let why = format!("{datetime} is an instant; a day is asked for");
            return misfit(name, why, "write the day alone: 2026-05-01");
        }
        Toml::String(text) => text.clone(),
        other => {
            let why = format!("{} stands there", kind_of(other));
            return misfit(name, why, "write a day: 2026-05-01");
        }
    };
    match UtcDay::parse(&given) {
        Some(day) => Ok(day),
        None => misfit(name, format!("{given:?} is no day"), "write it as 2026-05-01"),
    }
}

pub(super) fn hash(name: &str, given: &str) -> Filling<Hash> {
    match Hash::from_hex(given) {
        Some(hash) => Ok(hash),
        None => misfit(
            name,
            format!("{given:?} is no digest"),
            "64 lower-case hexadecimal digits, or for a document \"file:PATH\"",
        ),
    }
}

/// Bytes of pairs of lower-case hexadecimal digits.
pub fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.get(1)?)?)).collect()
}

pub(super) fn found_rows(name: &str, value: &Toml) -> Filling<Value> {
    let rows = list(name, value)?.iter().enumerate().map(|(at, row)| {
        let name = format!("{name}[{at}]");
        match list(&name, row)?.as_slice() {
            [root, index, found] => Ok(Value::Array(vec![
                bytes(hash(&name, text(&name, root)?)?),
                integer(number(&name, Unit::Count, index)?),
                Value::Text(word(&name, Found::WORDS, found)?.into()),
            ])),
            _ => misfit(&name, "three things make a row", "[\"evidence root\", index, \"agree\"]"),
        }
    });
    Ok(Value::Array(rows.collect::<Filling<_>>()?))
}

pub(super) fn integer(number: i64) -> Value {
    Value::Integer(number.into())
}

pub(super) fn bytes(hash: Hash) -> Value {
    Value::Bytes(hash.as_bytes().to_vec())
}

pub(super) fn map<'f>(fields: impl IntoIterator<Item = (&'f str, Value)>) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (Value::Text(name.into()), value)).collect())
}

pub(super) fn tree_value(tree: Tree) -> Value {
    map([("size", Value::Integer(tree.size.0.into())), ("root", bytes(tree.root))])
}

pub(super) fn reference_value(reference: StatementRef) -> Value {
    let ledger = reference.ledger.map(|ledger| ("ledger", bytes(ledger.0)));
    map([("id", bytes(reference.id))].into_iter().chain(ledger))
}
