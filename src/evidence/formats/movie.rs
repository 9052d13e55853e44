//! Film: when a MOV or MP4 says it was made, and how long it is (ISO 14496-12 section 8.2.2).
//!
//! ```text
//! ftyp … moov { mvhd: version ‖ flags ‖ creation ‖ modification ‖ timescale ‖ duration }
//! ```
//!
//! The standard counts seconds since 1904 in UTC. Trap cameras write their own clock there and call
//! it UTC, so it is taken as the device's clock and its zone as unknown, unless Apple's
//! `com.apple.quicktime.creationdate` says it with an offset.

use std::io;

use super::coordinate;
use super::facts::{ClockTime, Facts, Recording, one_line};
use super::moment;
use super::note::Note;
use super::source::Source;

/// From 1904-01-01 to 1970-01-01, seconds.
const SINCE_1904: i64 = 2_082_844_800;
/// Boxes at one level, at most: films in fragments have thousands, and `moov` is among the first
/// or the last of an unfragmented one.
const MAX_BOXES: usize = 4_096;
/// The most of a `meta` or `udta` box that is looked at.
const MAX_META: usize = 256 << 10;

/// Reads a film's facts.
pub fn read(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::of("iso-media");
    let size = source.size;
    let mut found = false;
    each_box(source, 0, size, &mut facts, &mut |source, kind, body, end, facts| {
        if kind == b"moov" {
            found = true;
            movie(source, body, end, facts)?;
        }
        Ok(())
    })?;
    if !found && facts.notes.is_empty() {
        // The index is written last: a camera that lost power leaves a film without one.
        facts.note(Note::Truncated);
    }
    Ok(facts)
}

type Visit<'v> =
    &'v mut dyn FnMut(&mut Source<'_>, &[u8; 4], u64, u64, &mut Facts) -> io::Result<()>;

/// Visits the boxes between two places.
fn each_box(
    source: &mut Source<'_>,
    mut at: u64,
    end: u64,
    facts: &mut Facts,
    visit: Visit<'_>,
) -> io::Result<()> {
    for _ in 0..MAX_BOXES {
        if at.saturating_add(8) > end {
            return Ok(());
        }
        let Some(header) = source.exactly::<8>(at)? else { return Ok(()) };
        let [s0, s1, s2, s3, kind @ ..] = header;
        let short = u32::from_be_bytes([s0, s1, s2, s3]);
        // 1: 64 bits follow; 0: the box is the rest.
        let (body, next) = match short {
            0 => (at + 8, Some(end)),
            1 => {
                let long = source.exactly::<8>(at + 8)?.map(u64::from_be_bytes);
                (at + 16, long.filter(|&long| long >= 16).and_then(|long| at.checked_add(long)))
            }
            short if short < 8 => (at + 8, None),
            short => (at + 8, Some(at + u64::from(short))),
        };
        let Some(next) = next else {
            facts.note(Note::Damaged);
            return Ok(());
        };
        if next > end {
            facts.note(Note::Truncated);
        }
        visit(source, &kind, body, next.min(end), facts)?;
        at = next;
    }
    Ok(())
}

fn movie(source: &mut Source<'_>, body: u64, end: u64, facts: &mut Facts) -> io::Result<()> {
    each_box(source, body, end, facts, &mut |source, kind, body, end, facts| {
        let length = usize::try_from(end.saturating_sub(body)).unwrap_or(MAX_META).min(MAX_META);
        match kind {
            b"mvhd" => header(&source.bytes(body, length.min(112))?, facts),
            b"meta" => apple(&source.bytes(body, length)?, facts),
            b"udta" => user_data(&source.bytes(body, length)?, facts),
            _ => {}
        }
        Ok(())
    })
}

fn header(bytes: &[u8], facts: &mut Facts) {
    let number = |at: usize, width: usize| {
        let field = bytes.get(at..at + width)?;
        Some(field.iter().fold(0u64, |number, &byte| number << 8 | u64::from(byte)))
    };
    let wide = bytes.first() == Some(&1);
    let (created, scale, length) = match wide {
        true => (number(4, 8), number(20, 4), number(24, 8)),
        false => (number(4, 4), number(12, 4), number(16, 4)),
    };
    let (Some(created), Some(scale), Some(length)) = (created, scale, length) else {
        facts.note(Note::Damaged);
        return;
    };
    match i64::try_from(created).ok().map(|seconds| seconds - SINCE_1904) {
        _ if created == 0 => facts.note(Note::ClockUnset),
        // Some cameras count from 1970, against the standard: their films would be of the 1950s.
        Some(seconds) if seconds < 0 => {
            let seconds = seconds + SINCE_1904;
            facts.captured.get_or_insert(ClockTime { seconds, ms: None });
        }
        Some(seconds) if seconds <= 253_402_300_799 => {
            facts.captured.get_or_insert(ClockTime { seconds, ms: None });
        }
        _ => facts.note(Note::TimeMalformed),
    }
    let unknown = if wide { u64::MAX } else { u64::from(u32::MAX) };
    if scale > 0 && length > 0 && length != unknown {
        let ms = u128::from(length) * 1_000 / u128::from(scale);
        let ms = u64::try_from(ms).ok().filter(|&ms| i64::try_from(ms).is_ok());
        facts.recording = ms.map(|ms| Recording { ms, hz: None });
    }
}

/// Apple's metadata: keys in one box, values in another, joined by their order (QuickTime File
/// Format, "Metadata"). The values are looked for by their own shape.
fn apple(meta: &[u8], facts: &mut Facts) {
    let mut keys = Vec::new();
    let Some(at) = find(meta, b"keys") else { return };
    let mut rest = meta.get(at + 12..).unwrap_or_default();
    while let Some((header, _)) = rest.split_at_checked(8) {
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let Some(key) = rest.get(8..size).filter(|_| &header[4..8] == b"mdta") else { break };
        keys.push(key);
        rest = &rest[size..];
        if keys.len() == 256 {
            break;
        }
    }
    let Some(at) = find(meta, b"ilst") else { return };
    let mut rest = meta.get(at + 4..).unwrap_or_default();
    while let Some((header, _)) = rest.split_at_checked(8) {
        let size = u32::from_be_bytes([header[0], header[1], header[2], header[3]]) as usize;
        let index = u32::from_be_bytes([header[4], header[5], header[6], header[7]]) as usize;
        // A value: size, "data", type, locale, text.
        let Some(item) = rest.get(8..size.max(8)) else { break };
        let value = item.get(16..).filter(|_| item.get(4..8) == Some(b"data"));
        let text = value.and_then(|value| std::str::from_utf8(value).ok());
        if let (Some(key), Some(text)) = (index.checked_sub(1).and_then(|i| keys.get(i)), text) {
            match *key {
                b"com.apple.quicktime.creationdate" => match moment::read(text) {
                    Ok(moment) => {
                        facts.captured = Some(moment.clock);
                        facts.zone = moment.zone;
                    }
                    Err(_) => facts.note(Note::TimeMalformed),
                },
                b"com.apple.quicktime.make" => facts.make = one_line(text),
                b"com.apple.quicktime.model" => facts.model = one_line(text),
                b"com.apple.quicktime.location.ISO6709" => iso6709(text, facts),
                _ => {}
            }
        }
        if size < 8 {
            break;
        }
        rest = &rest[size..];
    }
}

/// `©xyz` of phones: length, language, ISO 6709 text; make and model in their own.
fn user_data(bytes: &[u8], facts: &mut Facts) {
    let text = |kind: &[u8]| {
        let at = find(bytes, kind)? + 4;
        let length = usize::from(u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]));
        std::str::from_utf8(bytes.get(at + 4..at + 4 + length)?).ok()
    };
    if let Some(text) = text(b"\xa9xyz") {
        iso6709(text, facts);
    }
    for (kind, field) in [(b"\xa9mak", &mut facts.make), (b"\xa9mod", &mut facts.model)] {
        if field.is_none() {
            *field = text(kind).and_then(one_line);
        }
    }
}

/// `+27.5916+086.5640+8850/`
fn iso6709(text: &str, facts: &mut Facts) {
    let text = text.trim_end_matches(['/', '\0', ' ']);
    let split = text.char_indices().skip(1).filter(|(_, c)| "+-".contains(*c)).map(|(at, _)| at);
    let cuts: Vec<usize> = split.take(2).collect();
    let Some(&first) = cuts.first() else { return facts.note(Note::PlaceMalformed) };
    let second = cuts.get(1).copied().unwrap_or(text.len());
    match coordinate::place(&text[..first], &text[first..second]) {
        Ok(place) => facts.place = place,
        Err(Note::RowPlaceZero) => facts.note(Note::PlaceZero),
        Err(_) => facts.note(Note::PlaceMalformed),
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::formats::facts::Place;
    use crate::evidence::media_type::Head;

    fn boxed(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    }

    fn facts(bytes: &[u8]) -> Facts {
        let mut file = Cursor::new(bytes);
        let head = Head { bytes: &bytes[..bytes.len().min(8)], more: true };
        read(&mut Source::new(b"a.mp4", head, bytes.len() as u64, &mut file)).unwrap()
    }

    fn film(created: u32, extra: &[u8]) -> Vec<u8> {
        let mut mvhd = vec![0; 100];
        mvhd[4..8].copy_from_slice(&created.to_be_bytes());
        mvhd[12..16].copy_from_slice(&600u32.to_be_bytes());
        mvhd[16..20].copy_from_slice(&9_000u32.to_be_bytes());
        let moov = [boxed(b"mvhd", &mvhd), extra.to_vec()].concat();
        [boxed(b"ftyp", b"qt  \0\0\0\0"), boxed(b"mdat", &[1; 40]), boxed(b"moov", &moov)].concat()
    }

    #[test]
    fn made_when_and_how_long() {
        let all = facts(&film((1_600_000_000i64 + SINCE_1904) as u32, &[]));
        assert_eq!(all.captured, Some(ClockTime { seconds: 1_600_000_000, ms: None }));
        assert_eq!((all.zone, all.recording), (None, Some(Recording { ms: 15_000, hz: None })));
        assert_eq!(facts(&film(0, &[])).notes, [Note::ClockUnset.into()]);
        // Counted from 1970.
        assert_eq!(facts(&film(1_600_000_000, &[])).captured.unwrap().seconds, 1_600_000_000);
    }

    #[test]
    fn where_phones_say() {
        let text = b"+27.5916+086.5640+8850/";
        let xyz =
            [&boxed(b"\xa9xyz", &[&[0, text.len() as u8, 0x15, 0xc7][..], text].concat())[..]]
                .concat();
        let all = facts(&film(5, &boxed(b"udta", &xyz)));
        assert_eq!(all.place, Some(Place { latitude: 27_591_600, longitude: 86_564_000 }));
    }

    #[test]
    fn a_film_without_its_index() {
        let whole = film(5, &[]);
        assert_eq!(facts(&whole[..30]).notes, [Note::Truncated.into()]);
        assert_eq!(facts(b"\0\0\0\x02moov").notes, [Note::Damaged.into()]);
    }
}
