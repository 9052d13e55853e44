//! The shapes that values of attributes have: each read strictly, each written the one way.

use std::collections::BTreeMap;

use super::{MAX_SPECIES, MAX_TEXT_BYTES};
use crate::evidence::formats::facts::{
    Burst, ClockTime, Extent, MAX_COUNTS, Place, Recording, Span,
};
use crate::statement::cbor::Value;

/// 0000-01-01T00:00:00 and 9999-12-31T23:59:59: the dates that EXIF and ISO 8601 can write.
pub(super) const FIRST_SECOND: i64 = -62_167_219_200;
pub(super) const LAST_SECOND: i64 = 253_402_300_799;
/// No clock on Earth has been further from UTC than 16 hours.
pub(super) const MAX_ZONE: i64 = 16 * 3_600;

pub(super) fn numbers(entries: impl IntoIterator<Item = (&'static str, i64)>) -> Value {
    let entry = |(key, number): (&str, i64)| {
        (Value::Text(key.to_owned()), Value::Integer(i128::from(number)))
    };
    Value::Map(entries.into_iter().map(entry).collect())
}

pub(super) fn bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

/// One line of text that is not empty.
pub(super) fn text(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    let good = (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.contains(char::is_control);
    good.then(|| text.clone())
}

/// `type/subtype`, each of the characters that RFC 6838 section 4.2 allows.
pub(super) fn is_media_type(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
    text.split_once('/').is_some_and(|(kind, subtype)| part(kind) && part(subtype))
}

pub(super) fn integer<T: TryFrom<i128>>(
    value: &Value,
    range: std::ops::RangeInclusive<i64>,
) -> Option<T> {
    let Value::Integer(number) = value else { return None };
    let inside = i64::try_from(*number).is_ok_and(|number| range.contains(&number));
    if inside { T::try_from(*number).ok() } else { None }
}

/// The entries of a map, if each of its keys is one of `known`.
pub(super) fn entries<'a>(value: &'a Value, known: &[&str]) -> Option<&'a BTreeMap<Value, Value>> {
    let Value::Map(entries) = value else { return None };
    let is_known = |key: &Value| matches!(key, Value::Text(key) if known.contains(&key.as_str()));
    entries.keys().all(is_known).then_some(entries)
}

pub(super) fn entry<'a>(entries: &'a BTreeMap<Value, Value>, key: &str) -> Option<&'a Value> {
    entries.get(&Value::Text(key.to_owned()))
}

pub(super) fn clock_time(value: &Value) -> Option<ClockTime> {
    let entries = entries(value, &["wall", "ms"])?;
    let ms = match entry(entries, "ms") {
        Some(ms) => Some(integer(ms, 0..=999)?),
        None => None,
    };
    Some(ClockTime { seconds: integer(entry(entries, "wall")?, FIRST_SECOND..=LAST_SECOND)?, ms })
}

pub(super) fn place(value: &Value) -> Option<Place> {
    let entries = entries(value, &["lat", "lon"])?;
    Some(Place {
        latitude: integer(entry(entries, "lat")?, -90_000_000..=90_000_000)?,
        longitude: integer(entry(entries, "lon")?, -180_000_000..=180_000_000)?,
    })
}

pub(super) fn species(value: &Value) -> Option<Vec<String>> {
    let Value::Array(names) = value else { return None };
    let names: Vec<String> = names.iter().map(text).collect::<Option<_>>()?;
    let ascending = names.is_sorted_by(|a, b| a < b);
    (ascending && (1..=MAX_SPECIES).contains(&names.len())).then_some(names)
}

pub(super) fn span(value: &Value) -> Option<Span> {
    let entries = entries(value, &["first", "last", "utc"])?;
    let second = |key| integer(entry(entries, key)?, FIRST_SECOND..=LAST_SECOND);
    let Value::Bool(utc) = entry(entries, "utc")? else { return None };
    let span = Span { first: second("first")?, last: second("last")?, utc: *utc };
    (span.first <= span.last).then_some(span)
}

pub(super) fn span_value(span: &Span) -> Value {
    let Value::Map(mut entries) = numbers([("first", span.first), ("last", span.last)]) else {
        unreachable!("attribute: numbers make a map")
    };
    entries.insert(Value::Text("utc".into()), Value::Bool(span.utc));
    Value::Map(entries)
}

pub(super) fn extent(value: &Value) -> Option<Extent> {
    let entries = entries(value, &["south", "west", "north", "east"])?;
    let edge = |key, limit: i64| integer(entry(entries, key)?, -limit..=limit);
    let extent = Extent {
        south: edge("south", 90_000_000)?,
        west: edge("west", 180_000_000)?,
        north: edge("north", 90_000_000)?,
        east: edge("east", 180_000_000)?,
    };
    (extent.south <= extent.north && extent.west <= extent.east).then_some(extent)
}

pub(super) fn extent_value(extent: &Extent) -> Value {
    numbers([
        ("south", i64::from(extent.south)),
        ("west", i64::from(extent.west)),
        ("north", i64::from(extent.north)),
        ("east", i64::from(extent.east)),
    ])
}

pub(super) fn burst(value: &Value) -> Option<Burst> {
    let entries = entries(value, &["n", "of"])?;
    let of = match entry(entries, "of") {
        Some(of) => Some(integer(of, 1..=65_535)?),
        None => None,
    };
    Some(Burst { number: integer(entry(entries, "n")?, 1..=65_535)?, of })
}

pub(super) fn recording(value: &Value) -> Option<Recording> {
    let entries = entries(value, &["ms", "hz"])?;
    let hz = match entry(entries, "hz") {
        Some(hz) => Some(integer(hz, 1..=i64::from(u32::MAX))?),
        None => None,
    };
    Some(Recording { ms: integer(entry(entries, "ms")?, 0..=i64::MAX)?, hz })
}

pub(super) fn counts(value: &Value) -> Option<BTreeMap<String, u64>> {
    let Value::Map(entries) = value else { return None };
    let counts: BTreeMap<String, u64> = entries
        .iter()
        .map(|(what, count)| {
            let what = text(what).filter(|what| what.len() <= 64)?;
            Some((what, integer(count, 0..=i64::MAX)?))
        })
        .collect::<Option<_>>()?;
    (1..=MAX_COUNTS).contains(&counts.len()).then_some(counts)
}

pub(super) fn counts_value(counts: &BTreeMap<String, u64>) -> Value {
    let entry = |(what, count): (&String, &u64)| {
        (Value::Text(what.clone()), Value::Integer(i128::from(*count)))
    };
    Value::Map(counts.iter().map(entry).collect())
}

/// Texts under some of the keys `known`, at least one.
pub(super) fn texts(value: &Value, known: &[&str]) -> Option<BTreeMap<String, String>> {
    let entries = entries(value, known)?;
    let texts: BTreeMap<String, String> = entries
        .iter()
        .map(|(key, value)| Some((text(key)?, text(value)?)))
        .collect::<Option<_>>()?;
    (!texts.is_empty()).then_some(texts)
}

pub(super) fn texts_value(texts: &BTreeMap<String, String>) -> Value {
    let entry =
        |(key, text): (&String, &String)| (Value::Text(key.clone()), Value::Text(text.clone()));
    Value::Map(texts.iter().map(entry).collect())
}
