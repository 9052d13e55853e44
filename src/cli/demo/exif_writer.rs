//! The EXIF block of a picture, as a camera writes it (Exif 2.31, little endian).
//!
//! ```text
//! "II" 42 offset of the first directory
//! directory 0     description, make, model, software, time;  → Exif, → GPS
//! Exif directory  when taken, on whose clock, serial number, size
//! GPS directory   where, and when by the satellites (phones only)
//! ```
//!
//! A directory is a count, twelve bytes per field in ascending order of tags, the offset of the next
//! directory (none), and the values of more than four bytes.

use exif::{Context, Tag};
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::evidence::formats::exif::Place;

/// What a device says about one picture.
#[derive(Clone, Debug)]
pub struct Claims<'a> {
    pub description: &'a str,
    pub make: &'a str,
    pub model: &'a str,
    pub software: &'a str,
    pub serial: &'a str,
    /// Width and height in pixels.
    pub size: (u32, u32),
    /// On the device's clock.
    pub taken: DateTime,
    /// The zone of that clock, and where it was: phones know, camera traps do not.
    pub fix: Option<Fix>,
}

/// What only a device with a receiver and a network knows.
#[derive(Clone, Copy, Debug)]
pub struct Fix {
    /// Of the device's clock.
    pub zone: Offset,
    pub place: Place,
    /// Metres above the sea.
    pub altitude: u32,
}

/// The TIFF structure to follow "Exif" and two NULs in a JPEG's APP1 segment.
pub fn exif_block(claims: &Claims<'_>) -> Vec<u8> {
    const HEADER: u32 = 8;
    // The length of a directory does not depend on where it points to.
    let exif_at = HEADER + directory(HEADER, &image_fields(claims, 0, 0)).len() as u32;
    let exif = directory(exif_at, &capture_fields(claims));
    let gps_at = exif_at + exif.len() as u32;
    let gps = claims.fix.map(|fix| directory(gps_at, &gps_fields(claims.taken, fix)));

    let mut block = b"II\x2a\0".to_vec();
    block.extend(HEADER.to_le_bytes());
    block.extend(directory(HEADER, &image_fields(claims, exif_at, gps_at)));
    block.extend(exif);
    block.extend(gps.unwrap_or_default());
    block
}

/// One field's value, by TIFF type.
enum Value {
    Byte(Vec<u8>),
    Ascii(String),
    Short(u16),
    Long(u32),
    /// Numerators and denominators.
    Rational(Vec<(u32, u32)>),
    Undefined(Vec<u8>),
}

/// Where the other directories are (Exif 2.31 section 4.6.3).
const EXIF_POINTER: Tag = Tag(Context::Tiff, 0x8769);
const GPS_POINTER: Tag = Tag(Context::Tiff, 0x8825);

fn ascii(text: &str) -> Value {
    Value::Ascii(text.to_owned())
}

fn clock(time: DateTime) -> Value {
    Value::Ascii(time.strftime("%Y:%m:%d %H:%M:%S").to_string())
}

fn image_fields(claims: &Claims<'_>, exif_at: u32, gps_at: u32) -> Vec<(Tag, Value)> {
    let mut fields = vec![
        (Tag::ImageDescription, ascii(claims.description)),
        (Tag::Make, ascii(claims.make)),
        (Tag::Model, ascii(claims.model)),
        // The picture's top is up.
        (Tag::Orientation, Value::Short(1)),
        (Tag::Software, ascii(claims.software)),
        (Tag::DateTime, clock(claims.taken)),
        (EXIF_POINTER, Value::Long(exif_at)),
    ];
    if claims.fix.is_some() {
        fields.push((GPS_POINTER, Value::Long(gps_at)));
    }
    fields
}

fn capture_fields(claims: &Claims<'_>) -> Vec<(Tag, Value)> {
    let mut fields = vec![
        (Tag::ExifVersion, Value::Undefined(b"0231".to_vec())),
        (Tag::DateTimeOriginal, clock(claims.taken)),
        (Tag::DateTimeDigitized, clock(claims.taken)),
    ];
    if let Some(fix) = claims.fix {
        let minutes = fix.zone.seconds() / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let (hours, minutes) = (minutes.abs() / 60, minutes.abs() % 60);
        let zone = format!("{sign}{hours:02}:{minutes:02}");
        let clocks = [Tag::OffsetTime, Tag::OffsetTimeOriginal, Tag::OffsetTimeDigitized];
        fields.extend(clocks.map(|tag| (tag, ascii(&zone))));
    }
    fields.extend([
        // sRGB.
        (Tag::ColorSpace, Value::Short(1)),
        (Tag::PixelXDimension, Value::Long(claims.size.0)),
        (Tag::PixelYDimension, Value::Long(claims.size.1)),
        (Tag::BodySerialNumber, ascii(claims.serial)),
    ]);
    fields
}

fn gps_fields(taken: DateTime, fix: Fix) -> Vec<(Tag, Value)> {
    let side = |angle: i32, names: [&str; 2]| ascii(names[usize::from(angle < 0)]);
    let utc = fix.zone.to_timestamp(taken).map(|instant| Offset::UTC.to_datetime(instant));
    let utc = utc.expect("demo: a time this side of the year 9999");
    let whole = |number: i8| (number.unsigned_abs().into(), 1);
    vec![
        (Tag::GPSVersionID, Value::Byte(vec![2, 3, 0, 0])),
        (Tag::GPSLatitudeRef, side(fix.place.latitude, ["N", "S"])),
        (Tag::GPSLatitude, degrees(fix.place.latitude)),
        (Tag::GPSLongitudeRef, side(fix.place.longitude, ["E", "W"])),
        (Tag::GPSLongitude, degrees(fix.place.longitude)),
        // Above the sea.
        (Tag::GPSAltitudeRef, Value::Byte(vec![0])),
        (Tag::GPSAltitude, Value::Rational(vec![(fix.altitude, 1)])),
        (
            Tag::GPSTimeStamp,
            Value::Rational(vec![whole(utc.hour()), whole(utc.minute()), whole(utc.second())]),
        ),
        (Tag::GPSDateStamp, Value::Ascii(utc.strftime("%Y:%m:%d").to_string())),
    ]
}

/// Degrees, minutes and hundredths of a second of so many micro-degrees: 0.3 m, as phones write.
fn degrees(micro: i32) -> Value {
    // 3600 seconds are a million micro-degrees; rounded.
    let hundredths = (u64::from(micro.unsigned_abs()) * 36 + 50) / 100;
    let [degrees, rest] = [hundredths / 360_000, hundredths % 360_000].map(|part| part as u32);
    Value::Rational(vec![(degrees, 1), (rest / 6000, 1), (rest % 6000, 100)])
}

/// A directory that begins at an offset of the block.
fn directory(at: u32, fields: &[(Tag, Value)]) -> Vec<u8> {
    assert!(fields.is_sorted_by_key(|(tag, _)| tag.number()), "demo: EXIF fields out of order");
    let mut entries = (fields.len() as u16).to_le_bytes().to_vec();
    let values_at = at + 2 + fields.len() as u32 * 12 + 4;
    let mut values = Vec::new();
    for (tag, value) in fields {
        let (kind, unit, mut bytes) = value.bytes();
        entries.extend(tag.number().to_le_bytes());
        entries.extend(u16::to_le_bytes(kind));
        entries.extend((bytes.len() as u32 / unit).to_le_bytes());
        if bytes.len() <= 4 {
            bytes.resize(4, 0);
            entries.extend(bytes);
        } else {
            entries.extend((values_at + values.len() as u32).to_le_bytes());
            values.extend(&bytes);
            // Values begin at even offsets.
            values.resize(values.len().next_multiple_of(2), 0);
        }
    }
    entries.extend([0; 4]);
    entries.extend(values);
    entries
}

impl Value {
    /// The number of its TIFF type, the bytes per count, and all its bytes.
    fn bytes(&self) -> (u16, u32, Vec<u8>) {
        match self {
            Value::Byte(bytes) => (1, 1, bytes.clone()),
            Value::Ascii(text) => (2, 1, [text.as_bytes(), b"\0"].concat()),
            Value::Short(number) => (3, 2, number.to_le_bytes().to_vec()),
            Value::Long(number) => (4, 4, number.to_le_bytes().to_vec()),
            Value::Rational(parts) => {
                let numbers = parts.iter().flat_map(|&(over, under)| [over, under]);
                (5, 8, numbers.flat_map(u32::to_le_bytes).collect())
            }
            Value::Undefined(bytes) => (7, 1, bytes.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use exif::{Exif, In, Reader, Value as Read};
    use jiff::civil::date;

    use super::*;

    fn claims(fix: Option<Fix>) -> Claims<'static> {
        Claims {
            description: "a hare",
            make: "Maker",
            model: "M1",
            software: "1.0",
            serial: "0007",
            size: (320, 240),
            taken: date(2025, 7, 16).at(1, 11, 3, 0),
            fix,
        }
    }

    fn read(claims: &Claims<'_>) -> Exif {
        Reader::new().read_raw(exif_block(claims)).unwrap()
    }

    fn text(exif: &Exif, tag: Tag) -> Option<String> {
        match &exif.get_field(tag, In::PRIMARY)?.value {
            Read::Ascii(parts) => Some(String::from_utf8(parts.concat()).unwrap()),
            _ => None,
        }
    }

    fn rationals(exif: &Exif, tag: Tag) -> Vec<(u32, u32)> {
        match &exif.get_field(tag, In::PRIMARY).unwrap().value {
            Read::Rational(parts) => parts.iter().map(|part| (part.num, part.denom)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_camera_trap_knows_no_zone_and_no_place() {
        let exif = read(&claims(None));
        for (tag, expected) in [
            (Tag::ImageDescription, "a hare"),
            (Tag::Make, "Maker"),
            (Tag::Model, "M1"),
            (Tag::Software, "1.0"),
            (Tag::BodySerialNumber, "0007"),
            (Tag::DateTime, "2025:07:16 01:11:03"),
            (Tag::DateTimeOriginal, "2025:07:16 01:11:03"),
            (Tag::DateTimeDigitized, "2025:07:16 01:11:03"),
        ] {
            assert_eq!(text(&exif, tag).as_deref(), Some(expected), "{tag}");
        }
        let number = |tag| exif.get_field(tag, In::PRIMARY).unwrap().value.get_uint(0);
        assert_eq!(number(Tag::PixelXDimension), Some(320));
        assert_eq!(number(Tag::PixelYDimension), Some(240));
        assert_eq!(number(Tag::Orientation), Some(1));
        assert_eq!(text(&exif, Tag::OffsetTimeOriginal), None);
        assert_eq!(exif.fields().count(), 13);
    }

    #[test]
    fn a_phone_knows_both() {
        let place = Place { latitude: 46_462_500, longitude: -6_583_333 };
        let fix = Fix { zone: Offset::constant(2), place, altitude: 2148 };
        let exif = read(&claims(Some(fix)));
        assert_eq!(text(&exif, Tag::OffsetTimeOriginal).as_deref(), Some("+02:00"));
        assert_eq!(text(&exif, Tag::GPSLatitudeRef).as_deref(), Some("N"));
        assert_eq!(rationals(&exif, Tag::GPSLatitude), [(46, 1), (27, 1), (4500, 100)]);
        assert_eq!(text(&exif, Tag::GPSLongitudeRef).as_deref(), Some("W"));
        assert_eq!(rationals(&exif, Tag::GPSLongitude), [(6, 1), (35, 1), (0, 100)]);
        assert_eq!(rationals(&exif, Tag::GPSAltitude), [(2148, 1)]);
        // The satellites' day is still the one before.
        assert_eq!(text(&exif, Tag::GPSDateStamp).as_deref(), Some("2025:07:15"));
        assert_eq!(rationals(&exif, Tag::GPSTimeStamp), [(23, 1), (11, 1), (3, 1)]);
    }

    #[test]
    fn zones_west_of_greenwich_have_a_minus() {
        let place = Place { latitude: 0, longitude: 0 };
        let zone = Offset::from_seconds(-(3 * 3600 + 30 * 60)).unwrap();
        let exif = read(&claims(Some(Fix { zone, place, altitude: 0 })));
        assert_eq!(text(&exif, Tag::OffsetTimeOriginal).as_deref(), Some("-03:30"));
    }

    #[test]
    fn sixty_minutes_are_a_degree() {
        let parts = |micro| match degrees(micro) {
            Value::Rational(parts) => parts,
            _ => panic!(),
        };
        assert_eq!(parts(9_999_999), [(10, 1), (0, 1), (0, 100)]);
        assert_eq!(parts(-180_000_000), [(180, 1), (0, 1), (0, 100)]);
        assert_eq!(parts(16_667), [(0, 1), (1, 1), (0, 100)]);
    }
}
