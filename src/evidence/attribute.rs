//! The attributes of a file that a row commits to, each shown or withheld alone: the profile
//! [`PROFILE`]. `schemas/manifest.md` tells the same in a table.

use std::collections::BTreeMap;

use thiserror::Error;

use super::formats::exif::{Claims, ClockTime, Place};
use super::path::RowPath;
use crate::statement::cbor::Value;

/// The name of this set of attributes, in the header of a manifest.
pub const PROFILE: &str = "treering/files/v1";

/// Every name of the profile, in the canonical order of map keys: by length, then by bytes.
pub const NAMES: [&str; 12] = [
    "gps",
    "path",
    "zone",
    "species",
    "captured",
    "gps_time",
    "media_id",
    "deployment",
    "media_type",
    "camera_make",
    "camera_model",
    "camera_serial",
];

/// The ceiling of a text: ten times the longest make, model or station name seen, and low enough
/// that a row with all its disclosures stays far below the ceiling of a manifest's item.
pub const MAX_TEXT_BYTES: usize = 256;

/// Species in one picture: more than any one has shown, and bounded.
pub const MAX_SPECIES: usize = 32;

/// One fact about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Where the file lay. `path`: byte string.
    Path(RowPath),
    /// What kind of file it is. `media_type`: text with one slash.
    MediaType(String),
    /// When the device says it was made, on the device's clock. `captured`: {"wall": seconds,
    /// "ms": 0–999, absent if the device gives no fraction}.
    Captured(ClockTime),
    /// Seconds east of UTC of that clock, only where the device says so. `zone`: ±57,600.
    Zone(i32),
    /// Where the device says it was made. `gps`: {"lat", "lon"} in micro-degrees, WGS 84.
    Gps(Place),
    /// When the GPS receiver says, in seconds since 1970 UTC. `gps_time`.
    GpsTime(i64),
    /// Who made the device. `camera_make`: text.
    CameraMake(String),
    /// Which model. `camera_model`: text.
    CameraModel(String),
    /// The number on its body. `camera_serial`: text.
    CameraSerial(String),
    /// The deployment it belongs to, as a data package names it. `deployment`: text.
    Deployment(String),
    /// The file's own id in a data package. `media_id`: text.
    MediaId(String),
    /// Scientific names of what it shows, ascending, none twice. `species`: array of text.
    Species(Vec<String>),
    /// A name that this version does not know: carried, proved, and shown as not understood.
    Other {
        /// The name, none of [`NAMES`].
        name: String,
        /// Its value.
        value: Value,
    },
}

/// Why a name and value are no attribute.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttributeError {
    /// Names are 1 to 64 of a–z, 0–9 and `_`.
    #[error("an attribute's name is not 1 to 64 of a-z, 0-9 and _")]
    Name,
    /// The value is not what the profile says for this name.
    #[error("the value of {0} is not what the profile says")]
    Value(&'static str),
}

/// The ceiling of a name.
pub const MAX_NAME_BYTES: usize = 64;

/// Whether text can name an attribute.
pub fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(plain)
}

impl Attribute {
    /// The name in rows and disclosures.
    pub fn name(&self) -> &str {
        match self {
            Attribute::Path(_) => "path",
            Attribute::MediaType(_) => "media_type",
            Attribute::Captured(_) => "captured",
            Attribute::Zone(_) => "zone",
            Attribute::Gps(_) => "gps",
            Attribute::GpsTime(_) => "gps_time",
            Attribute::CameraMake(_) => "camera_make",
            Attribute::CameraModel(_) => "camera_model",
            Attribute::CameraSerial(_) => "camera_serial",
            Attribute::Deployment(_) => "deployment",
            Attribute::MediaId(_) => "media_id",
            Attribute::Species(_) => "species",
            Attribute::Other { name, .. } => name,
        }
    }

    /// The value as it is hashed.
    pub fn value(&self) -> Value {
        match self {
            Attribute::Path(path) => Value::Bytes(path.as_bytes().to_vec()),
            Attribute::Captured(ClockTime { seconds, ms }) => {
                let ms = ms.map(|ms| ("ms", i64::from(ms)));
                numbers([("wall", *seconds)].into_iter().chain(ms))
            }
            Attribute::Gps(Place { latitude, longitude }) => {
                numbers([("lat", i64::from(*latitude)), ("lon", i64::from(*longitude))])
            }
            Attribute::Zone(seconds) => Value::Integer(i128::from(*seconds)),
            Attribute::GpsTime(seconds) => Value::Integer(i128::from(*seconds)),
            Attribute::MediaType(text)
            | Attribute::CameraMake(text)
            | Attribute::CameraModel(text)
            | Attribute::CameraSerial(text)
            | Attribute::Deployment(text)
            | Attribute::MediaId(text) => Value::Text(text.clone()),
            Attribute::Species(names) => {
                Value::Array(names.iter().cloned().map(Value::Text).collect())
            }
            Attribute::Other { value, .. } => value.clone(),
        }
    }

    /// Reads a name and value; a known name with another value than the profile's is refused.
    pub fn read(name: &str, value: Value) -> Result<Attribute, AttributeError> {
        if !is_name(name) {
            return Err(AttributeError::Name);
        }
        let Some(&name) = NAMES.iter().find(|&&known| known == name) else {
            return Ok(Attribute::Other { name: name.to_owned(), value });
        };
        let attribute = match name {
            "path" => bytes(&value).and_then(|path| RowPath::new(path).ok()).map(Attribute::Path),
            "media_type" => text(&value).filter(|t| is_media_type(t)).map(Attribute::MediaType),
            "captured" => clock_time(&value).map(Attribute::Captured),
            "zone" => integer(&value, -MAX_ZONE..=MAX_ZONE).map(Attribute::Zone),
            "gps" => place(&value).map(Attribute::Gps),
            "gps_time" => integer(&value, FIRST_SECOND..=LAST_SECOND).map(Attribute::GpsTime),
            "camera_make" => text(&value).map(Attribute::CameraMake),
            "camera_model" => text(&value).map(Attribute::CameraModel),
            "camera_serial" => text(&value).map(Attribute::CameraSerial),
            "deployment" => text(&value).map(Attribute::Deployment),
            "media_id" => text(&value).map(Attribute::MediaId),
            "species" => species(&value).map(Attribute::Species),
            _ => unreachable!("attribute: a name of the profile without a type"),
        };
        attribute.ok_or(AttributeError::Value(name))
    }

    /// What a walk and one reading of a file say about it, in no particular order.
    pub fn of_file(path: &RowPath, media_type: &str, claims: &Claims) -> Vec<Attribute> {
        let mut all =
            vec![Attribute::Path(path.clone()), Attribute::MediaType(media_type.to_owned())];
        all.extend(claims.captured.map(Attribute::Captured));
        all.extend(claims.zone.map(Attribute::Zone));
        all.extend(claims.place.map(Attribute::Gps));
        all.extend(claims.gps_time.map(Attribute::GpsTime));
        all.extend(claims.make.clone().map(Attribute::CameraMake));
        all.extend(claims.model.clone().map(Attribute::CameraModel));
        all.extend(claims.serial.clone().map(Attribute::CameraSerial));
        all
    }
}

/// 0000-01-01T00:00:00 and 9999-12-31T23:59:59: the dates that EXIF and ISO 8601 can write.
const FIRST_SECOND: i64 = -62_167_219_200;
const LAST_SECOND: i64 = 253_402_300_799;
/// No clock on Earth has been further from UTC than 16 hours.
const MAX_ZONE: i64 = 16 * 3_600;

fn numbers(entries: impl IntoIterator<Item = (&'static str, i64)>) -> Value {
    let entry = |(key, number): (&str, i64)| {
        (Value::Text(key.to_owned()), Value::Integer(i128::from(number)))
    };
    Value::Map(entries.into_iter().map(entry).collect())
}

fn bytes(value: &Value) -> Option<&[u8]> {
    if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
}

/// One line of text that is not empty.
fn text(value: &Value) -> Option<String> {
    let Value::Text(text) = value else { return None };
    let good = (1..=MAX_TEXT_BYTES).contains(&text.len()) && !text.contains(char::is_control);
    good.then(|| text.clone())
}

/// `type/subtype`, each of the characters that RFC 6838 section 4.2 allows.
fn is_media_type(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    let part = |part: &str| !part.is_empty() && part.bytes().all(plain);
    text.split_once('/').is_some_and(|(kind, subtype)| part(kind) && part(subtype))
}

fn integer<T: TryFrom<i128>>(value: &Value, range: std::ops::RangeInclusive<i64>) -> Option<T> {
    let Value::Integer(number) = value else { return None };
    let inside = i64::try_from(*number).is_ok_and(|number| range.contains(&number));
    if inside { T::try_from(*number).ok() } else { None }
}

/// The entries of a map, if each of its keys is one of `known`.
fn entries<'a>(value: &'a Value, known: &[&str]) -> Option<&'a BTreeMap<Value, Value>> {
    let Value::Map(entries) = value else { return None };
    let is_known = |key: &Value| matches!(key, Value::Text(key) if known.contains(&key.as_str()));
    entries.keys().all(is_known).then_some(entries)
}

fn entry<'a>(entries: &'a BTreeMap<Value, Value>, key: &str) -> Option<&'a Value> {
    entries.get(&Value::Text(key.to_owned()))
}

fn clock_time(value: &Value) -> Option<ClockTime> {
    let entries = entries(value, &["wall", "ms"])?;
    let ms = match entry(entries, "ms") {
        Some(ms) => Some(integer(ms, 0..=999)?),
        None => None,
    };
    Some(ClockTime { seconds: integer(entry(entries, "wall")?, FIRST_SECOND..=LAST_SECOND)?, ms })
}

fn place(value: &Value) -> Option<Place> {
    let entries = entries(value, &["lat", "lon"])?;
    Some(Place {
        latitude: integer(entry(entries, "lat")?, -90_000_000..=90_000_000)?,
        longitude: integer(entry(entries, "lon")?, -180_000_000..=180_000_000)?,
    })
}

fn species(value: &Value) -> Option<Vec<String>> {
    let Value::Array(names) = value else { return None };
    let names: Vec<String> = names.iter().map(text).collect::<Option<_>>()?;
    let ascending = names.is_sorted_by(|a, b| a < b);
    (ascending && (1..=MAX_SPECIES).contains(&names.len())).then_some(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::cbor;

    fn one_of_each() -> Vec<Attribute> {
        vec![
            Attribute::Gps(Place { latitude: -46_661_234, longitude: 10_191_234 }),
            Attribute::Path(RowPath::new(b"cam 3/caf\xe9.jpg").unwrap()),
            Attribute::Zone(-34_200),
            Attribute::Species(vec!["Capra ibex".into(), "Vulpes vulpes".into()]),
            Attribute::Captured(ClockTime { seconds: 1_772_215_920, ms: Some(0) }),
            Attribute::GpsTime(1_772_190_720),
            Attribute::MediaId("m-1".into()),
            Attribute::Deployment("D12".into()),
            Attribute::MediaType("image/jpeg".into()),
            Attribute::CameraMake("RECONYX".into()),
            Attribute::CameraModel("HYPERFIRE 2".into()),
            Attribute::CameraSerial("H2X-0042".into()),
        ]
    }

    #[test]
    fn every_name_has_a_type_that_reads_back() {
        let all = one_of_each();
        let names: Vec<&str> = all.iter().map(Attribute::name).collect();
        assert_eq!(names, NAMES);
        for attribute in all {
            assert_eq!(Attribute::read(attribute.name(), attribute.value()), Ok(attribute));
        }
    }

    #[test]
    fn names_stand_in_the_order_of_map_keys() {
        let encoded: Vec<Vec<u8>> = NAMES.iter().map(cbor::encode).collect();
        assert!(encoded.is_sorted_by(|a, b| a < b));
        assert!(NAMES.iter().all(|name| is_name(name)));
    }

    #[test]
    fn a_known_name_with_another_value_is_refused() {
        let number = |n: i64| Value::Integer(n.into());
        let map = |entries: &[(&'static str, i64)]| numbers(entries.iter().copied());
        for (name, value) in [
            ("path", Value::Text("a".into())),
            ("path", Value::Bytes(b"../a".to_vec())),
            ("media_type", Value::Text("jpeg".into())),
            ("media_type", Value::Text("image/".into())),
            ("captured", number(5)),
            ("captured", map(&[("ms", 5)])),
            ("captured", map(&[("wall", 5), ("ms", 1_000)])),
            ("captured", map(&[("wall", 5), ("zone", 1)])),
            ("captured", map(&[("wall", LAST_SECOND + 1)])),
            ("zone", number(57_601)),
            ("gps", map(&[("lat", 1)])),
            ("gps", map(&[("lat", 90_000_001), ("lon", 0)])),
            ("gps", map(&[("lat", 1), ("lon", 1), ("alt", 1)])),
            ("camera_make", Value::Text(String::new())),
            ("camera_make", Value::Text("a\nb".into())),
            ("camera_serial", Value::Text("x".repeat(MAX_TEXT_BYTES + 1))),
            ("species", Value::Array(vec![])),
            ("species", Value::Array(vec![Value::Text("b".into()), Value::Text("a".into())])),
            ("species", Value::Array(vec![Value::Text("a".into()), Value::Text("a".into())])),
        ] {
            let known = NAMES.iter().find(|&&known| known == name).unwrap();
            assert_eq!(
                Attribute::read(name, value.clone()),
                Err(AttributeError::Value(known)),
                "{name} {value:?}"
            );
        }
    }

    #[test]
    fn unknown_names_are_carried() {
        let other = Attribute::read("lens", Value::Text("50 mm".into())).unwrap();
        assert_eq!(other.name(), "lens");
        assert_eq!(other.value(), Value::Text("50 mm".into()));
        for name in ["", "Lens", "a b", "a-b", &"a".repeat(65)] {
            assert_eq!(Attribute::read(name, Value::Bool(true)), Err(AttributeError::Name));
        }
    }
}
