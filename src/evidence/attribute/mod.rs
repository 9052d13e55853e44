//! The attributes of a file that a row commits to, each shown or withheld alone: the profile
//! [`PROFILE`]. `schemas/manifest.md` tells the same in a table.

mod shapes;

use std::collections::BTreeMap;

use shapes::{FIRST_SECOND, LAST_SECOND, MAX_ZONE, bytes, integer, is_media_type, numbers, text};
use thiserror::Error;

use super::formats::facts::{Burst, ClockTime, Extent, Facts, Place, Recording, Span};
use super::path::RowPath;
use crate::statement::cbor::Value;

/// The name of this set of attributes, in the header of a manifest.
pub const PROFILE: &str = "treering/files/v1";

/// Every name of the profile, in the canonical order of map keys: by length, then by bytes.
pub const NAMES: [&str; 22] = [
    "box",
    "gps",
    "path",
    "span",
    "zone",
    "burst",
    "title",
    "counts",
    "format",
    "labels",
    "series",
    "species",
    "captured",
    "gps_time",
    "media_id",
    "recording",
    "classified",
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

/// The keys of a photo series: where it is taken, the plot or structure there, the fragment, tree
/// or animal that is followed.
pub const SERIES_KEYS: [&str; 3] = ["plot", "station", "subject"];

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
    /// What treering read it as, with the version it names. `format`: text.
    Format(String),
    /// The box around all positions in a table or map. `box`: {"south", "west", "north", "east"}
    /// in micro-degrees.
    Extent(Extent),
    /// The first and last time in a table or track. `span`: {"first", "last": seconds, "utc":
    /// whether they are UTC or the device's own clock}.
    Span(Span),
    /// Its place in the burst of one trigger. `burst`: {"n": from 1, "of": how many}.
    Burst(Burst),
    /// What it calls itself. `title`: text.
    Title(String),
    /// How many of what are in it. `counts`: map of 1 to 16 texts to numbers.
    Counts(BTreeMap<String, u64>),
    /// What a data package says it shows, by kind: `animal`, `human`, `vehicle`, `blank`,
    /// `unknown`, `unclassified`. `labels`: array of text, ascending, none twice.
    Labels(Vec<String>),
    /// Its place in a photo series. `series`: texts under some of [`SERIES_KEYS`].
    Series(BTreeMap<String, String>),
    /// Length and rate of sound or film. `recording`: {"ms", "hz"}.
    Recording(Recording),
    /// Who gave its labels. `classified`: {"by": "human" or "machine", "model": text, only of a
    /// machine}. Never a person's name.
    Classified {
        /// By a machine, with no human after it.
        by_machine: bool,
        /// What the package calls the machine.
        model: Option<String>,
    },
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
            Attribute::Format(_) => "format",
            Attribute::Extent(_) => "box",
            Attribute::Span(_) => "span",
            Attribute::Burst(_) => "burst",
            Attribute::Title(_) => "title",
            Attribute::Counts(_) => "counts",
            Attribute::Labels(_) => "labels",
            Attribute::Series(_) => "series",
            Attribute::Recording(_) => "recording",
            Attribute::Classified { .. } => "classified",
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
            | Attribute::MediaId(text)
            | Attribute::Format(text)
            | Attribute::Title(text) => Value::Text(text.clone()),
            Attribute::Species(names) | Attribute::Labels(names) => {
                Value::Array(names.iter().cloned().map(Value::Text).collect())
            }
            Attribute::Extent(extent) => shapes::extent_value(extent),
            Attribute::Span(span) => shapes::span_value(span),
            Attribute::Burst(Burst { number, of }) => {
                let of = of.map(|of| ("of", i64::from(of)));
                numbers([("n", i64::from(*number))].into_iter().chain(of))
            }
            Attribute::Recording(Recording { ms, hz }) => {
                let hz = hz.map(|hz| ("hz", i64::from(hz)));
                let ms = i64::try_from(*ms).unwrap_or(i64::MAX);
                numbers([("ms", ms)].into_iter().chain(hz))
            }
            Attribute::Counts(counts) => shapes::counts_value(counts),
            Attribute::Series(texts) => shapes::texts_value(texts),
            Attribute::Classified { by_machine, model } => {
                let by = if *by_machine { "machine" } else { "human" };
                let mut texts = BTreeMap::from([("by".to_owned(), by.to_owned())]);
                texts.extend(model.iter().map(|model| ("model".to_owned(), model.clone())));
                shapes::texts_value(&texts)
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
            "format" => text(&value).map(Attribute::Format),
            "box" => shapes::extent(&value).map(Attribute::Extent),
            "span" => shapes::span(&value).map(Attribute::Span),
            "burst" => shapes::burst(&value).map(Attribute::Burst),
            "title" => text(&value).map(Attribute::Title),
            "counts" => shapes::counts(&value).map(Attribute::Counts),
            "labels" => shapes::species(&value).map(Attribute::Labels),
            "series" => shapes::texts(&value, &SERIES_KEYS).map(Attribute::Series),
            "recording" => shapes::recording(&value).map(Attribute::Recording),
            "classified" => classified(&value),
            "captured" => shapes::clock_time(&value).map(Attribute::Captured),
            "zone" => integer(&value, -MAX_ZONE..=MAX_ZONE).map(Attribute::Zone),
            "gps" => shapes::place(&value).map(Attribute::Gps),
            "gps_time" => integer(&value, FIRST_SECOND..=LAST_SECOND).map(Attribute::GpsTime),
            "camera_make" => text(&value).map(Attribute::CameraMake),
            "camera_model" => text(&value).map(Attribute::CameraModel),
            "camera_serial" => text(&value).map(Attribute::CameraSerial),
            "deployment" => text(&value).map(Attribute::Deployment),
            "media_id" => text(&value).map(Attribute::MediaId),
            "species" => shapes::species(&value).map(Attribute::Species),
            _ => unreachable!("attribute: a name of the profile without a type"),
        };
        attribute.ok_or(AttributeError::Value(name))
    }

    /// What a walk and one reading of a file say about it, in no particular order.
    pub fn of_file(path: &RowPath, media_type: &str, facts: &Facts) -> Vec<Attribute> {
        let mut all =
            vec![Attribute::Path(path.clone()), Attribute::MediaType(media_type.to_owned())];
        all.extend(facts.captured.map(Attribute::Captured));
        all.extend(facts.zone.map(Attribute::Zone));
        all.extend(facts.place.map(Attribute::Gps));
        all.extend(facts.gps_time.map(Attribute::GpsTime));
        all.extend(facts.make.clone().map(Attribute::CameraMake));
        all.extend(facts.model.clone().map(Attribute::CameraModel));
        all.extend(facts.serial.clone().map(Attribute::CameraSerial));
        all.extend(facts.format.clone().map(Attribute::Format));
        all.extend(facts.extent.map(Attribute::Extent));
        all.extend(facts.span.map(Attribute::Span));
        all.extend(facts.burst.map(Attribute::Burst));
        all.extend(facts.title.clone().map(Attribute::Title));
        all.extend(facts.recording.map(Attribute::Recording));
        if !facts.species.is_empty() {
            all.push(Attribute::Species(facts.species.iter().cloned().collect()));
        }
        if !facts.counts.is_empty() {
            all.push(Attribute::Counts(facts.counts.clone()));
        }
        all
    }
}

fn classified(value: &Value) -> Option<Attribute> {
    let mut texts = shapes::texts(value, &["by", "model"])?;
    let by_machine = match texts.get("by")?.as_str() {
        "machine" => true,
        "human" => false,
        _ => return None,
    };
    let model = texts.remove("model");
    (by_machine || model.is_none()).then_some(Attribute::Classified { by_machine, model })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::cbor;

    fn one_of_each() -> Vec<Attribute> {
        let text = |text: &str| text.to_owned();
        vec![
            Attribute::Extent(Extent { south: -1, west: -2, north: 3, east: 4 }),
            Attribute::Gps(Place { latitude: -46_661_234, longitude: 10_191_234 }),
            Attribute::Path(RowPath::new(b"cam 3/caf\xe9.jpg").unwrap()),
            Attribute::Span(Span { first: -5, last: 1_772_215_920, utc: true }),
            Attribute::Zone(-34_200),
            Attribute::Burst(Burst { number: 2, of: Some(3) }),
            Attribute::Title("Minutes of March".into()),
            Attribute::Counts(BTreeMap::from([(text("animals"), 4), (text("fixes"), 30)])),
            Attribute::Format("camtrap-dp/1.0.2".into()),
            Attribute::Labels(vec!["animal".into(), "human".into()]),
            Attribute::Series(BTreeMap::from([(text("plot"), text("T3"))])),
            Attribute::Species(vec!["Capra ibex".into(), "Vulpes vulpes".into()]),
            Attribute::Captured(ClockTime { seconds: 1_772_215_920, ms: Some(0) }),
            Attribute::GpsTime(1_772_190_720),
            Attribute::MediaId("m-1".into()),
            Attribute::Recording(Recording { ms: 60_000, hz: Some(48_000) }),
            Attribute::Classified { by_machine: true, model: Some("MegaDetector 5.0a".into()) },
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
            ("box", map(&[("south", 2), ("west", 0), ("north", 1), ("east", 0)])),
            ("span", map(&[("first", 1), ("last", 2)])),
            ("burst", map(&[("of", 3)])),
            ("recording", map(&[("ms", -1)])),
            ("counts", Value::Map(BTreeMap::new())),
            ("counts", map(&[("fixes", -1)])),
            ("series", map(&[("plot", 1)])),
            ("labels", Value::Text("human".into())),
            ("classified", Value::Text("human".into())),
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
