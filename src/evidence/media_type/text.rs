//! Texts: what is readable at all, and which readable things have a name of their own.

use std::cell::Cell;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Head;

/// How much of a text decides: the kind shows early, and the rest may be gigabytes.
const LOOK_BYTES: usize = 64 * 1024;

/// The kind of a text; `None` if the bytes are not text.
pub fn sniff(head: Head<'_>, name: &[u8]) -> Option<&'static str> {
    let look = &head.bytes[..head.bytes.len().min(LOOK_BYTES)];
    let more = head.more || look.len() < head.bytes.len();
    // Other encodings of Unicode say so with their first two bytes; only the plain answer is given.
    if (look.starts_with(b"\xff\xfe") || look.starts_with(b"\xfe\xff")) && is_utf16(look) {
        return Some("text/plain");
    }
    let text = look.strip_prefix(b"\xef\xbb\xbf").unwrap_or(look);
    if text.is_empty() || !is_readable(text) {
        return None;
    }
    let trimmed = text.trim_ascii_start();
    let special = match trimmed.first() {
        Some(b'<') => markup(trimmed),
        Some(b'{' | b'[') => json(trimmed, more),
        _ => None,
    };
    let extension = |wanted: &[u8]| name.to_ascii_lowercase().ends_with(wanted);
    special
        .or_else(|| extension(b".csv").then_some("text/csv"))
        .or_else(|| extension(b".tsv").then_some("text/tab-separated-values"))
        .or_else(|| extension(b".md").then_some("text/markdown"))
        .or_else(|| table(text, more))
        .or(Some("text/plain"))
}

/// No control characters but white space; UTF-8, or at most one byte in seven from an older
/// eight-bit alphabet (a German or Thai CSV of an old logger).
fn is_readable(text: &[u8]) -> bool {
    let is_control = |&byte: &u8| matches!(byte, 0..=8 | 11 | 14..=31 | 127);
    if text.iter().any(is_control) {
        return false;
    }
    let foreign: usize = text.utf8_chunks().map(|chunk| chunk.invalid().len()).sum();
    // A head may end inside a character: up to three bytes of it.
    foreign <= 3 && std::str::from_utf8(&text[..text.len() - foreign.min(text.len())]).is_ok()
        || foreign * 7 <= text.len()
}

/// An even number of bytes, no NUL character, and line ends where lines end.
fn is_utf16(bytes: &[u8]) -> bool {
    let little = bytes[0] == 0xff;
    let units = bytes.chunks_exact(2).map(|pair| match little {
        true => u16::from_le_bytes([pair[0], pair[1]]),
        false => u16::from_be_bytes([pair[0], pair[1]]),
    });
    let decoded: Vec<_> = char::decode_utf16(units).collect();
    let whole = &decoded[..decoded.len().saturating_sub(1)];
    let plain = |c: &Result<char, _>| {
        c.as_ref().is_ok_and(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\x0c'))
    };
    bytes.len() > 2 && bytes.len().is_multiple_of(2) && whole.iter().all(plain)
}

/// XML by its root element, and HTML.
fn markup(text: &[u8]) -> Option<&'static str> {
    let declared = text.starts_with(b"<?xml");
    let mut rest = text;
    // Past the declaration, comments and document type to the root element.
    let root = loop {
        rest = rest.trim_ascii_start();
        let end = match rest {
            [b'<', b'!', b'-', b'-', ..] => find(rest, b"-->")? + 3,
            [b'<', b'?', ..] => find(rest, b"?>")? + 2,
            [b'<', b'!', ..] => {
                if rest.len() > 14 && rest[..14].eq_ignore_ascii_case(b"<!doctype html") {
                    return Some("text/html");
                }
                find(rest, b">")? + 1
            }
            [b'<', root @ ..] => break root,
            _ => return declared.then_some("application/xml"),
        };
        rest = &rest[end..];
    };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(byte);
    let name = &root[..root.iter().position(|byte| !is_name(byte)).unwrap_or(root.len())];
    let local = name.rsplit(|&byte| byte == b':').next().unwrap_or(name);
    match local {
        b"gpx" => Some("application/gpx+xml"),
        b"kml" => Some("application/vnd.google-earth.kml+xml"),
        b"svg" => Some("image/svg+xml"),
        _ if local.eq_ignore_ascii_case(b"html") => Some("text/html"),
        _ if declared => Some("application/xml"),
        // Without a declaration: an element that also ends is markup, an address in angle
        // brackets is not.
        b"" => None,
        _ => (find(root, b"</").is_some() || find(root, b"/>").is_some())
            .then_some("application/xml"),
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// JSON if it parses, or is cut off by the end of the head; GeoJSON (RFC 7946) by its `type`.
fn json(text: &[u8], more: bool) -> Option<&'static str> {
    let geo = Cell::new(false);
    let mut parser = serde_json::Deserializer::from_slice(text);
    let result = parser.deserialize_any(Top { geo: &geo }).and_then(|()| parser.end());
    match result {
        Ok(()) => {}
        Err(error) if more && error.is_eof() => {}
        Err(_) => return None,
    }
    Some(if geo.get() { "application/geo+json" } else { "application/json" })
}

const GEOJSON_TYPES: [&str; 9] = [
    "FeatureCollection",
    "Feature",
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
];

/// Reads an array or object and notes a GeoJSON `type` among an object's own keys.
struct Top<'a> {
    geo: &'a Cell<bool>,
}

impl<'de> Visitor<'de> for Top<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an array or object")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while let Some(key) = entries.next_key::<String>()? {
            if key == "type" {
                let value: serde_json::Value = entries.next_value()?;
                let named = value.as_str().is_some_and(|kind| GEOJSON_TYPES.contains(&kind));
                self.geo.set(self.geo.get() || named);
            } else {
                entries.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// A table: at least two lines, each with the same number of fields, at least two.
fn table(text: &[u8], more: bool) -> Option<&'static str> {
    [(b',', "text/csv"), (b';', "text/csv"), (b'\t', "text/tab-separated-values")]
        .into_iter()
        .find(|&(delimiter, _)| {
            let mut counts = field_counts(text, delimiter);
            if more {
                counts.pop();
            }
            counts.len() >= 2 && counts[0] >= 2 && counts.iter().all(|&count| count == counts[0])
        })
        .map(|(_, kind)| kind)
}

/// Fields in each of the first lines (LF, CR LF or bare CR), quoted fields kept whole.
fn field_counts(text: &[u8], delimiter: u8) -> Vec<usize> {
    /// Lines that decide; a table that goes wrong later is still a table.
    const LINES: usize = 50;
    let mut counts = Vec::new();
    let (mut fields, mut quoted, mut blank) = (1, false, true);
    for &byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' | b'\r' if !quoted => {
                if !blank {
                    counts.push(fields);
                }
                (fields, blank) = (1, true);
                if counts.len() == LINES {
                    return counts;
                }
                continue;
            }
            byte if byte == delimiter && !quoted => fields += 1,
            _ => {}
        }
        blank = false;
    }
    if !blank {
        counts.push(fields);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<&'static str> {
        named(text, b"x")
    }

    fn named(text: &str, name: &[u8]) -> Option<&'static str> {
        sniff(Head { bytes: text.as_bytes(), more: false }, name)
    }

    #[test]
    fn markup_by_its_root() {
        for (text, kind) in [
            ("<?xml version=\"1.0\"?>\n<gpx version=\"1.1\"></gpx>", "application/gpx+xml"),
            ("\u{feff}<kml xmlns=\"x\"/>", "application/vnd.google-earth.kml+xml"),
            ("<?xml version=\"1.0\"?><!-- a --><ns2:patrol xmlns:ns2=\"y\"/>", "application/xml"),
            ("<!DOCTYPE HTML><title>x</title>", "text/html"),
            ("<html lang=en>", "text/html"),
            ("<svg xmlns=\"z\"></svg>", "image/svg+xml"),
            ("<report><day>1</day></report>", "application/xml"),
            ("<ranger@park.example> wrote on Monday", "text/plain"),
            ("< 5 animals seen", "text/plain"),
        ] {
            assert_eq!(of(text), Some(kind), "{text}");
        }
    }

    #[test]
    fn json_must_parse() {
        for (text, kind) in [
            ("{\"a\": [1, 2]}", "application/json"),
            (" [ ]", "application/json"),
            ("{\"type\":\"FeatureCollection\",\"features\":[]}", "application/geo+json"),
            ("{\"a\":{\"type\":\"Point\"}}", "application/json"),
            ("{\"type\":\"patrol\"}", "application/json"),
            ("{\"a\": ", "text/plain"),
            ("[draft] minutes of the meeting", "text/plain"),
        ] {
            assert_eq!(of(text), Some(kind), "{text}");
        }
        let cut = Head { bytes: b"{\"type\":\"Feature\",\"geometry\":{\"coor", more: true };
        assert_eq!(sniff(cut, b"x"), Some("application/geo+json"));
        // Depth costs no stack: cut off by the head it may be JSON, whole it is not.
        assert_eq!(of(&"[".repeat(2 * LOOK_BYTES)), Some("application/json"));
        assert_eq!(of(&"[".repeat(LOOK_BYTES)), Some("text/plain"));
    }

    #[test]
    fn tables_by_their_columns() {
        for (text, kind) in [
            ("a,b,c\n1,2,3\n4,5,6\n", "text/csv"),
            ("a;b\r\n1;2,5\r\n", "text/csv"),
            ("id,name\r1,\"puma, adult\"\r2,coyote", "text/csv"),
            ("a\tb\n1\t2\n", "text/tab-separated-values"),
            ("Dear all,\nwe met, spoke, and left.\nBye,\n", "text/plain"),
            ("one line, with a comma", "text/plain"),
        ] {
            assert_eq!(of(text), Some(kind), "{text}");
        }
        // With a title line the columns do not agree; the name helps, but only a text.
        let titled = "GPS log 3.14\ntime,place\n1,2\n";
        assert_eq!(of(titled), Some("text/plain"));
        assert_eq!(named(titled, b"GPS_log.CSV"), Some("text/csv"));
        assert_eq!(named("\0\u{1}\u{2}", b"x.csv"), None);
    }

    #[test]
    fn old_alphabets_are_text_and_noise_is_not() {
        let latin = b"Gr\xfc\xdfe aus dem Schwarzwald, Fotofalle 3";
        assert_eq!(sniff(Head { bytes: latin, more: false }, b"x"), Some("text/plain"));
        let noise: Vec<u8> = (128..=255).collect();
        assert_eq!(sniff(Head { bytes: &noise, more: false }, b"x"), None);
        let wide: Vec<u8> = "\u{feff}näher\r\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(sniff(Head { bytes: &wide, more: false }, b"x"), Some("text/plain"));
        assert_eq!(sniff(Head { bytes: b"\xff\xfe\0\0\0\x01", more: false }, b"x"), None);
        // A character cut by the end of the head is still that character.
        let thai = "ป่า".as_bytes();
        assert_eq!(sniff(Head { bytes: &thai[..7], more: true }, b"x"), Some("text/plain"));
    }
}
