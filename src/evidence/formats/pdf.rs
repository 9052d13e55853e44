//! PDF documents: version, title, dates, pages where they are told plainly. Nothing is rendered, no
//! stream unpacked; an encrypted document says only that it is one.
//!
//! The information dictionary (ISO 32000-1 section 14.3.3) stands in the clear in most documents; in
//! others it lies in a packed object stream, and then its facts are unknown. XMP, where it stands in
//! the clear, says the same.

use std::io;

use super::facts::{ClockTime, Facts, one_line};
use super::moment::{self, Moment};
use super::note::Note;
use super::source::Source;

/// How much of the beginning and of the end is looked at: writers put the dictionary into one of
/// the two.
const LOOK_BYTES: usize = 256 << 10;

/// Reads a document's facts.
pub fn read(source: &mut Source<'_>) -> io::Result<Facts> {
    let head = source.bytes(0, LOOK_BYTES)?;
    let version: String = head
        .iter()
        .skip(5)
        .take(3)
        .map(|&byte| char::from(byte))
        .filter(|c| c.is_ascii_graphic())
        .collect();
    let mut facts = Facts::of(format!("pdf/{version}"));
    let tail_at = source.size.saturating_sub(LOOK_BYTES as u64);
    let tail = source.bytes(tail_at, LOOK_BYTES)?;
    // ISO 32000-1 section 7.5.5: the last line. Mailers append bytes behind it.
    if find(&tail, b"%%EOF").is_none() {
        facts.note(Note::Truncated);
    }
    // The dictionary written last holds.
    for look in [&tail, &head] {
        if facts.title.is_none()
            && let Some(title) = value(look, b"/Title")
        {
            facts.title = one_line(&title);
        }
        if facts.captured.is_none() {
            let made = value(look, b"/CreationDate").and_then(|text| date(&text));
            if let Some(Moment { clock, zone }) = made {
                (facts.captured, facts.zone) = (Some(clock), zone);
            }
        }
    }
    Ok(facts)
}

/// The last string under a key, as text.
fn value(bytes: &[u8], key: &[u8]) -> Option<String> {
    let mut found = None;
    let mut rest = bytes;
    while let Some(at) = find(rest, key) {
        rest = &rest[at + key.len()..];
        let body = rest.trim_ascii_start();
        match body {
            [b'(', body @ ..] => found = literal(body).or(found),
            [b'<', next, ..] if *next != b'<' => found = hexadecimal(&body[1..]).or(found),
            _ => {}
        }
    }
    found.filter(|text| !text.trim().is_empty())
}

/// A literal string (section 7.3.4.2): parentheses balance, a backslash escapes.
fn literal(body: &[u8]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut depth = 1;
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        at += 1;
        match byte {
            b'\\' => {
                let escaped = *body.get(at)?;
                at += 1;
                match escaped {
                    b'n' | b'r' | b't' | b'b' | b'f' => bytes.push(b' '),
                    b'0'..=b'7' => {
                        let mut code = u32::from(escaped - b'0');
                        for _ in 0..2 {
                            match body.get(at) {
                                Some(digit @ b'0'..=b'7') => {
                                    code = code * 8 + u32::from(digit - b'0');
                                    at += 1;
                                }
                                _ => break,
                            }
                        }
                        bytes.push(code as u8);
                    }
                    b'\r' | b'\n' => {}
                    other => bytes.push(other),
                }
            }
            b'(' => {
                depth += 1;
                bytes.push(byte);
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(text(&bytes));
                }
                bytes.push(byte);
            }
            byte => bytes.push(byte),
        }
        // No title is longer; an unclosed parenthesis would take the document.
        if bytes.len() > 4_096 {
            return None;
        }
    }
    None
}

fn hexadecimal(body: &[u8]) -> Option<String> {
    let end = body.iter().take(8_192).position(|&byte| byte == b'>')?;
    let digits: Vec<u8> =
        body[..end].iter().filter_map(|&b| char::from(b).to_digit(16)).map(|d| d as u8).collect();
    Some(text(
        &digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).unwrap_or(&0)).collect::<Vec<_>>(),
    ))
}

/// UTF-16 with its mark, else PDFDocEncoding, of which Latin-1 is the printable part.
fn text(bytes: &[u8]) -> String {
    match bytes {
        [0xfe, 0xff, wide @ ..] => {
            let units = wide.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        [0xef, 0xbb, 0xbf, plain @ ..] => String::from_utf8_lossy(plain).into_owned(),
        plain => plain.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// `D:20240201120133+08'00'` (section 7.9.4); everything after the year may be missing.
fn date(text: &str) -> Option<Moment> {
    let text = text.strip_prefix("D:").unwrap_or(text);
    let digits: String = text.chars().take_while(char::is_ascii_digit).take(14).collect();
    let part = |at: usize, otherwise: &'static str| match digits.get(at..at + 2) {
        Some(part) => part.to_owned(),
        None => otherwise.to_owned(),
    };
    let year = digits.get(..4)?;
    let date = format!("{year}-{}-{}", part(4, "01"), part(6, "01"));
    let time = format!("{}:{}:{}", part(8, "00"), part(10, "00"), part(12, "00"));
    let zone = text.get(digits.len()..)?.trim_end_matches('\'').replace('\'', ":");
    let clock = moment::read_apart(&date, &time).ok()?.clock;
    Some(Moment { clock: ClockTime { ms: None, ..clock }, zone: moment::zone(&zone).flatten() })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::media_type::Head;

    fn facts(bytes: &[u8]) -> Facts {
        let mut file = Cursor::new(bytes);
        let head = Head { bytes: &[], more: true };
        read(&mut Source::new(b"a.pdf", head, bytes.len() as u64, &mut file)).unwrap()
    }

    #[test]
    fn title_and_date() {
        let all = facts(
            b"%PDF-1.4\n1 0 obj<</Title(Minutes \\(draft\\) \\351t\\351)/CreationDate (D:20240201120133+08'00')>>\n%%EOF\n",
        );
        assert_eq!(all.title.as_deref(), Some("Minutes (draft) été"));
        assert_eq!((all.captured.unwrap().seconds, all.zone), (1_706_788_893, Some(28_800)));
        assert_eq!((all.format.as_deref(), all.notes.len()), (Some("pdf/1.4"), 0));
        let all = facts(b"%PDF-1.7\n<</Title<FEFF00E90074>/CreationDate(D:2019)>> %%EOF");
        assert_eq!(all.title.as_deref(), Some("ét"));
        assert_eq!((all.captured.unwrap().seconds, all.zone), (1_546_300_800, None));
    }

    #[test]
    fn cut_and_unclosed() {
        let all = facts(b"%PDF-1.4\n<</Title(never closed");
        assert_eq!((all.title, all.notes), (None, vec![Note::Truncated.into()]));
    }
}
