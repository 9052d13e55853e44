//! The XMP packet of a JPEG (ISO 16684-3): what photo software and drones write beside EXIF. It
//! fills what EXIF leaves open and never overrides it.

use std::io;

use super::exif::Claims;
use super::facts::{Facts, Place, one_line};
use super::moment;
use super::note::Note;
use super::xml::{self, Part};

/// The signature of the packet's segment.
pub const SIGNATURE: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";

/// Takes what the packet says into `claims`.
pub fn fill(packet: &[u8], claims: &mut Claims) {
    let mut found = Facts::default();
    let mut coordinates: [Option<String>; 2] = [None, None];
    let mut text = String::new();
    let mut take = |name: &str, value: &str| match name {
        // `exif:DateTimeOriginal` before `xmp:CreateDate`, which scanners and editors set anew.
        "DateTimeOriginal" | "CreateDate" => {
            if (found.captured.is_none() || name == "DateTimeOriginal")
                && let Ok(moment) = moment::read(value)
            {
                (found.captured, found.zone) = (Some(moment.clock), moment.zone);
            }
        }
        "Make" => found.make = one_line(value),
        "Model" => found.model = one_line(value),
        "SerialNumber" | "CameraSerialNumber" => found.serial = one_line(value),
        "GPSLatitude" | "GpsLatitude" => coordinates[0] = Some(value.to_owned()),
        "GPSLongitude" | "GpsLongitude" => coordinates[1] = Some(value.to_owned()),
        _ => {}
    };
    let mut trouble = Facts::default();
    let outcome: io::Result<()> = xml::walk(packet, &mut trouble, &mut |path, part, _| {
        let name = path.last().map(String::as_str).unwrap_or_default();
        match part {
            Part::Open(attributes) => {
                text.clear();
                if name == "Description" {
                    attributes.iter().for_each(|(name, value)| take(name, value));
                }
            }
            Part::Text(more) => text.push_str(more),
            Part::Close => {
                take(name, text.trim());
                text.clear();
            }
        }
    });
    if outcome.is_err() || trouble.notes.iter().any(|noted| noted.note == Note::Damaged) {
        claims.notes.push(Note::Broken);
    }
    if claims.captured.is_none() {
        (claims.captured, claims.zone) = (found.captured, found.zone);
    } else if claims.zone.is_none()
        && claims.captured.map(|c| c.seconds) == found.captured.map(|c| c.seconds)
    {
        // The same wall clock, and here its offset is told.
        claims.zone = found.zone;
    }
    claims.make = claims.make.take().or(found.make);
    claims.model = claims.model.take().or(found.model);
    claims.serial = claims.serial.take().or(found.serial);
    if claims.place.is_none()
        && let [Some(latitude), Some(longitude)] = coordinates
    {
        match (degrees(&latitude, 90), degrees(&longitude, 180)) {
            (Some(0), Some(0)) => claims.notes.push(Note::PlaceZero),
            (Some(latitude), Some(longitude)) => {
                claims.place = Some(Place { latitude, longitude });
            }
            _ => claims.notes.push(Note::PlaceMalformed),
        }
    }
}

/// `46,39.67N`, `46,39,40N` (XMP part 2, GPSCoordinate), or plain decimal degrees as drones write.
fn degrees(text: &str, limit: i32) -> Option<i32> {
    let text = text.trim();
    let (sign, parts) = match text.as_bytes().last()? {
        b'N' | b'E' => (1.0, &text[..text.len() - 1]),
        b'S' | b'W' => (-1.0, &text[..text.len() - 1]),
        _ => (1.0, text),
    };
    let mut value = 0.0;
    for (part, unit) in parts.split(',').zip([1.0, 60.0, 3_600.0]) {
        value += part.trim().parse::<f64>().ok().filter(|part| part.is_finite())? / unit;
    }
    let micro = (sign * value * 1e6).round();
    (micro.abs() <= f64::from(limit) * 1e6).then_some(micro as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::formats::facts::ClockTime;

    #[test]
    fn fills_what_exif_leaves_open() {
        let packet = br#"<x:xmpmeta xmlns:x="a"><rdf:RDF xmlns:rdf="b"><rdf:Description
            xmp:CreateDate="2021-05-01T10:00:00" exif:GPSLatitude="46,39.67S"
            exif:GPSLongitude="10,12,0E" tiff:Make="DJI"><exif:DateTimeOriginal>
            2021-04-30T09:00:00+02:00</exif:DateTimeOriginal></rdf:Description></rdf:RDF></x:xmpmeta>"#;
        let mut claims = Claims { make: Some("Other".into()), ..Claims::default() };
        fill(packet, &mut claims);
        assert_eq!(claims.captured, Some(ClockTime { seconds: 1_619_773_200, ms: None }));
        assert_eq!((claims.zone, claims.make.as_deref()), (Some(7_200), Some("Other")));
        let place = Place { latitude: -46_661_167, longitude: 10_200_000 };
        assert_eq!((claims.place, claims.notes), (Some(place), vec![]));
        let mut broken = Claims::default();
        fill(b"<a><b></a>", &mut broken);
        assert_eq!(broken.notes, [Note::Broken]);
    }
}
