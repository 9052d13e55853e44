//! What a camera wrote into its picture: when, where, and which camera. Every one of these is the
//! device's claim; nothing is guessed, least of all a time zone.

use std::io::{self, Read, Seek};

use exif::{Context, Exif, In, Rational, Reader, SRational, Tag, Value};

use super::exif_block::{self, Absent};
use super::exif_fields::{self as fields, NoTime};
use super::facts::Facts;
pub use super::facts::{Burst, ClockTime, MAX_LINE_BYTES, Place};
pub use super::note::Note;
use super::{reconyx, xmp};

/// The device's claims about one picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// When the picture was taken, on the device's clock.
    pub captured: Option<ClockTime>,
    /// Seconds east of UTC of that clock, where the device says.
    pub zone: Option<i32>,
    /// Where.
    pub place: Option<Place>,
    /// When, by the GPS receiver: seconds since 1970, UTC.
    pub gps_time: Option<i64>,
    /// Who made the camera.
    pub make: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// The number on its body.
    pub serial: Option<String>,
    /// The picture's place in the burst of one trigger.
    pub burst: Option<Burst>,
    /// What could not be read, and what is odd.
    pub notes: Vec<Note>,
}

/// DNG's own place for a serial number (Adobe DNG 1.4, tag 50735).
const CAMERA_SERIAL_NUMBER: Tag = Tag(Context::Tiff, 0xc62f);

/// The fields that claims are read from.
const CLAIMED: [Tag; 13] = [
    Tag::DateTimeOriginal,
    Tag::SubSecTimeOriginal,
    Tag::OffsetTimeOriginal,
    Tag::GPSLatitude,
    Tag::GPSLatitudeRef,
    Tag::GPSLongitude,
    Tag::GPSLongitudeRef,
    Tag::GPSDateStamp,
    Tag::GPSTimeStamp,
    Tag::Make,
    Tag::Model,
    Tag::BodySerialNumber,
    CAMERA_SERIAL_NUMBER,
];

/// Fields that a receiver writes, fix or no fix. Not the version of the GPS fields: cameras
/// without a receiver write that, too.
const FIX: [Tag; 8] = [
    Tag::GPSLatitude,
    Tag::GPSLongitude,
    Tag::GPSAltitude,
    Tag::GPSTimeStamp,
    Tag::GPSDateStamp,
    Tag::GPSStatus,
    Tag::GPSSatellites,
    Tag::GPSMapDatum,
];

/// Whether files of this media type may have an EXIF block that is read here.
pub fn may_have(media_type: &str) -> bool {
    container(media_type).is_some()
}

#[derive(Clone, Copy)]
enum Container {
    Jpeg,
    Tiff,
    Heif,
}

fn container(media_type: &str) -> Option<Container> {
    Some(match media_type {
        "image/jpeg" => Container::Jpeg,
        "image/tiff" | "image/x-canon-cr2" => Container::Tiff,
        "image/heic"
        | "image/heif"
        | "image/heic-sequence"
        | "image/heif-sequence"
        | "image/avif" => Container::Heif,
        _ => return None,
    })
}

/// The claims in a picture of this media type. `head` is its beginning, `more` whether it goes on;
/// `file` stands anywhere and is moved. Only failure to read the file is an error.
pub fn read(
    media_type: &str,
    head: &[u8],
    more: bool,
    file: &mut (impl Read + Seek),
) -> io::Result<Claims> {
    let block = match container(media_type) {
        None => Err(Absent::None),
        Some(Container::Jpeg) => exif_block::in_jpeg(head, more).map(|block| (block, false)),
        Some(Container::Heif) => exif_block::in_heif(file)?.map(|block| (block, false)),
        Some(Container::Tiff) => {
            file.rewind()?;
            Ok(exif_block::in_tiff(file)?)
        }
    };
    let mut claims = match block {
        Ok((block, cut)) => claims_of(block, cut),
        Err(Absent::None) => Claims::default(),
        Err(Absent::Broken) => Claims { notes: vec![Note::Broken], ..Claims::default() },
        Err(Absent::TooFar) => Claims { notes: vec![Note::TooFar], ..Claims::default() },
    };
    if matches!(container(media_type), Some(Container::Jpeg))
        && let Ok(packet) = exif_block::segment_of_jpeg(head, more, xmp::SIGNATURE)
    {
        xmp::fill(&packet, &mut claims);
        claims.notes.sort();
        claims.notes.dedup();
    }
    Ok(claims)
}

impl From<Claims> for Facts {
    fn from(claims: Claims) -> Facts {
        Facts {
            captured: claims.captured,
            zone: claims.zone,
            place: claims.place,
            gps_time: claims.gps_time,
            make: claims.make,
            model: claims.model,
            serial: claims.serial,
            burst: claims.burst,
            notes: claims.notes.into_iter().map(Into::into).collect(),
            ..Facts::default()
        }
    }
}

/// The claims in a TIFF structure; `cut` if it is only the beginning of one.
fn claims_of(block: Vec<u8>, cut: bool) -> Claims {
    let broken = if cut { Note::TooFar } else { Note::Broken };
    let asked_for: Vec<u16> = CLAIMED.iter().chain(&FIX).map(|tag| tag.number()).collect();
    if !exif_block::is_parsable(&block, &asked_for) {
        return Claims { notes: vec![Note::Broken], ..Claims::default() };
    }
    let mut damaged = false;
    let parsed = Reader::new()
        .continue_on_error(true)
        .read_raw(block)
        .or_else(|error| error.distill_partial_result(|_| damaged = true));
    let mut claims = match parsed {
        Ok(exif) => claims_in(&exif),
        Err(_) => {
            damaged = true;
            Claims::default()
        }
    };
    if damaged {
        // What is missing then may have been in the damaged part.
        claims.notes.retain(|note| *note != Note::NoFix);
        claims.notes.push(broken);
    }
    claims.notes.sort();
    claims.notes.dedup();
    claims
}

fn claims_in(exif: &Exif) -> Claims {
    let mut claims = Claims::default();
    let mut notes = Vec::new();
    claims.captured = captured(exif, &mut notes);
    if claims.captured.is_some() {
        claims.zone = ascii(exif, Tag::OffsetTimeOriginal).and_then(|text| {
            let zone = fields::offset_seconds(text);
            if zone.is_none() && text.iter().any(|byte| !b" :\0".contains(byte)) {
                notes.push(Note::ZoneMalformed);
            }
            zone
        });
    }
    claims.place = place(exif, &mut notes);
    if let (Some(date), Some(time)) =
        (ascii(exif, Tag::GPSDateStamp), rationals(exif, Tag::GPSTimeStamp))
    {
        claims.gps_time = fields::gps_seconds(date, &time);
    }
    let mut line = |tag| {
        fields::line(ascii(exif, tag)?, MAX_LINE_BYTES).unwrap_or_else(|()| {
            notes.push(Note::TextMalformed);
            None
        })
    };
    claims.make = line(Tag::Make);
    claims.model = line(Tag::Model);
    claims.serial = line(Tag::BodySerialNumber).or_else(|| line(CAMERA_SERIAL_NUMBER));
    claims.notes = notes;
    if let Some(Value::Undefined(note, _)) = value(exif, Tag::MakerNote) {
        reconyx::fill(note, &mut claims);
    }
    claims
}

fn captured(exif: &Exif, notes: &mut Vec<Note>) -> Option<ClockTime> {
    let seconds = match fields::clock_seconds(ascii(exif, Tag::DateTimeOriginal)?) {
        Ok(seconds) => seconds,
        Err(NoTime::Blank) => return None,
        Err(NoTime::Unset) => {
            notes.push(Note::ClockUnset);
            return None;
        }
        Err(NoTime::Malformed) => {
            notes.push(Note::TimeMalformed);
            return None;
        }
    };
    let ms = ascii(exif, Tag::SubSecTimeOriginal).and_then(|text| {
        let ms = fields::milliseconds(text);
        if ms.is_none() && text.iter().any(|byte| !b" \0".contains(byte)) {
            notes.push(Note::FractionMalformed);
        }
        ms
    });
    Some(ClockTime { seconds, ms })
}

fn place(exif: &Exif, notes: &mut Vec<Note>) -> Option<Place> {
    if value(exif, Tag::GPSLatitude).is_none() || value(exif, Tag::GPSLongitude).is_none() {
        if FIX.iter().any(|&tag| value(exif, tag).is_some()) {
            notes.push(Note::NoFix);
        }
        return None;
    }
    let side = |tag, positive: u8, negative: u8| match ascii(exif, tag)?.first()? {
        letter if *letter == positive => Some(1),
        letter if *letter == negative => Some(-1),
        _ => None,
    };
    let degrees = |tag, sign: Option<i64>, limit: i64| {
        let value = sign? * fields::micro_degrees(&rationals(exif, tag)?)?;
        (value.abs() <= limit * 1_000_000).then(|| i32::try_from(value).ok()).flatten()
    };
    let place = (
        degrees(Tag::GPSLatitude, side(Tag::GPSLatitudeRef, b'N', b'S'), 90),
        degrees(Tag::GPSLongitude, side(Tag::GPSLongitudeRef, b'E', b'W'), 180),
    );
    match place {
        (Some(0), Some(0)) => {
            notes.push(Note::PlaceZero);
            None
        }
        (Some(latitude), Some(longitude)) => Some(Place { latitude, longitude }),
        _ => {
            notes.push(Note::PlaceMalformed);
            None
        }
    }
}

fn value(exif: &Exif, tag: Tag) -> Option<&Value> {
    exif.get_field(tag, In::PRIMARY).map(|field| &field.value)
}

/// The first string of an ASCII field; the parser splits it at NULs.
fn ascii(exif: &Exif, tag: Tag) -> Option<&[u8]> {
    match value(exif, tag)? {
        Value::Ascii(strings) => strings.first().map(Vec::as_slice),
        _ => None,
    }
}

/// The fractions of a field. Some phones write places as signed fractions; none is negative, since
/// a letter tells the side.
fn rationals(exif: &Exif, tag: Tag) -> Option<Vec<Rational>> {
    match value(exif, tag)? {
        Value::Rational(parts) => Some(parts.clone()),
        Value::SRational(parts) => {
            let unsigned = |part: &SRational| {
                Some(Rational {
                    num: part.num.try_into().ok()?,
                    denom: part.denom.try_into().ok()?,
                })
            };
            parts.iter().map(unsigned).collect()
        }
        _ => None,
    }
}
