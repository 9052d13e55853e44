//! Sound in WAVE files: a walk over the chunks of RIFF and of its form for long recordings, RF64.
//!
//! ```text
//! "RIFF" size "WAVE" { id size body pad }…          little-endian; pad to even (often forgotten)
//! fmt   channels, rate, bytes per second            data  the samples: never read here
//! bext  EBU Tech 3285: date, time, originator       LIST  INFO: IART artist, ICMT comment
//! guan  GUANO 1.0: UTF-8 lines "key: value"         ds64  EBU Tech 3306: the long sizes
//! ```
//!
//! AudioMoth's firmware writes a sentence into ICMT (audiomoth.rs); GUANO, where it is there, is the
//! better witness.

use std::io;

use super::audiomoth::{recorded, serial};
use super::coordinate;
use super::facts::{Facts, Recording, one_line};
use super::moment::{self, Moment, NotATime};
use super::note::Note;
use super::source::Source;

/// Chunks of a file, at most: recorders write under ten.
const MAX_CHUNKS: usize = 1_024;
/// The ceiling of a chunk of text: GUANO blocks with all vendors' keys have some 4 kB.
const MAX_TEXT: usize = 64 << 10;

/// What the chunks say, before it is weighed.
#[derive(Default)]
struct Chunks {
    bytes_per_second: u32,
    hz: u32,
    data_bytes: Option<u64>,
    guano: Option<String>,
    bext: Option<Vec<u8>>,
    artist: Option<String>,
    comment: Option<String>,
}

/// Reads a recording's facts.
pub fn read(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::of("wave");
    let chunks = walk(source, &mut facts)?;
    if chunks.bytes_per_second > 0
        && let Some(bytes) = chunks.data_bytes
    {
        let ms = u128::from(bytes) * 1_000 / u128::from(chunks.bytes_per_second);
        let ms = u64::try_from(ms).ok().filter(|&ms| i64::try_from(ms).is_ok());
        let hz = Some(chunks.hz).filter(|&hz| hz > 0);
        facts.recording = ms.map(|ms| Recording { ms, hz });
    }
    if let Some(text) = &chunks.guano {
        guano(text, &mut facts);
    }
    let told = facts.captured.zip(facts.zone);
    if let Some(comment) = &chunks.comment {
        audiomoth(comment, &mut facts);
    }
    if let (Some((clock, zone)), Some(said)) = (told, chunks.comment.as_deref().and_then(recorded))
        && said.utc().is_some_and(|utc| utc != clock.seconds - i64::from(zone))
    {
        facts.note(Note::Contradicts);
    }
    if let Some(bext) = &chunks.bext {
        broadcast(bext, &mut facts);
    }
    if facts.make.is_none() && chunks.artist.as_deref().is_some_and(|a| a.starts_with("AudioMoth"))
    {
        facts.model = Some("AudioMoth".into());
        facts.serial = chunks.artist.as_deref().and_then(|artist| serial(artist, "AudioMoth "));
    }
    Ok(facts)
}

fn walk(source: &mut Source<'_>, facts: &mut Facts) -> io::Result<Chunks> {
    let mut chunks = Chunks::default();
    let long = matches!(source.exactly::<4>(0)?.as_ref(), Some(b"RF64" | b"BW64"));
    let mut long_data = None;
    let mut at: u64 = 12;
    for _ in 0..MAX_CHUNKS {
        let Some(header) = source.exactly::<8>(at)? else {
            if at < source.size {
                facts.note(Note::Damaged);
            }
            break;
        };
        let [a, b, c, d, size @ ..] = header;
        let id = [a, b, c, d];
        if !id.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            facts.note(Note::Damaged);
            break;
        }
        let mut size = u64::from(u32::from_le_bytes(size));
        let body = at + 8;
        let there = source.size.saturating_sub(body);
        if &id == b"data" {
            // A recorder that lost power, or that streams, leaves 0 or all ones.
            let open_ended = matches!(size, 0 | 0xffff_ffff);
            if open_ended {
                size = long_data.filter(|_| long).unwrap_or(there);
            }
            if size > there {
                facts.note(Note::Truncated);
                size = there;
            }
            chunks.data_bytes = Some(size);
        } else if size > there {
            facts.note(Note::Truncated);
        }
        let text = usize::try_from(size.min(there)).unwrap_or(MAX_TEXT).min(MAX_TEXT);
        match &id {
            b"fmt " => {
                if let Some(fmt) = source.exactly::<16>(body)? {
                    let number = |at: usize| {
                        u32::from_le_bytes([fmt[at], fmt[at + 1], fmt[at + 2], fmt[at + 3]])
                    };
                    (chunks.hz, chunks.bytes_per_second) = (number(4), number(8));
                }
            }
            b"ds64" => {
                long_data = source.exactly::<8>(body + 8)?.map(u64::from_le_bytes);
            }
            b"guan" => {
                chunks.guano = Some(text_of(&source.bytes(body, text)?));
            }
            b"bext" => chunks.bext = Some(source.bytes(body, text)?),
            b"LIST" => info(&source.bytes(body, text)?, &mut chunks),
            _ => {}
        }
        let Some(end) = body.checked_add(size) else { break };
        at = past_padding(source, end, size)?;
        if at >= source.size {
            break;
        }
    }
    if chunks.data_bytes.is_none() {
        facts.note(Note::Truncated);
    }
    Ok(chunks)
}

/// Where the next chunk begins: at an even place, unless the writer forgot the padding.
fn past_padding(source: &mut Source<'_>, end: u64, size: u64) -> io::Result<u64> {
    if size.is_multiple_of(2) {
        return Ok(end);
    }
    let looks_like_id =
        |bytes: &[u8]| bytes.len() == 4 && bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
    let unpadded = looks_like_id(&source.bytes(end, 4)?);
    let padded = looks_like_id(&source.bytes(end + 1, 4)?);
    Ok(if unpadded && !padded { end } else { end + 1 })
}

/// The artist and the comment in a LIST chunk of type INFO.
fn info(list: &[u8], chunks: &mut Chunks) {
    let Some(mut rest) = list.strip_prefix(b"INFO") else { return };
    while let Some((header, after)) = rest.split_at_checked(8) {
        let size = u32::from_le_bytes([header[4], header[5], header[6], header[7]]) as usize;
        let body = &after[..size.min(after.len())];
        match &header[..4] {
            b"IART" => chunks.artist = Some(text_of(body)),
            b"ICMT" => chunks.comment = Some(text_of(body)),
            _ => {}
        }
        let Some(next) = size.checked_add(size % 2).and_then(|skip| after.get(skip..)) else {
            return;
        };
        rest = next;
    }
}

/// Up to the first NUL, UTF-8 or else Latin-1.
fn text_of(bytes: &[u8]) -> String {
    let bytes = bytes.split(|&byte| byte == 0).next().unwrap_or_default();
    match std::str::from_utf8(bytes) {
        Ok(text) => text.trim().to_owned(),
        Err(_) => bytes.iter().map(|&byte| char::from(byte)).collect(),
    }
}

/// GUANO 1.0: lines of `key: value`; the blank after the colon is often left out.
fn guano(text: &str, facts: &mut Facts) {
    for line in text.lines() {
        let Some((key, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match key.trim() {
            "GUANO|Version" => facts.format = one_line(&format!("guano/{value}")),
            "Timestamp" => take(moment::read(value), facts),
            "Make" => facts.make = one_line(value),
            "Model" => facts.model = one_line(value),
            "Serial" => facts.serial = one_line(value),
            "Loc Position" => {
                let mut parts = value.split([' ', ',']).filter(|part| !part.is_empty());
                let (latitude, longitude) = (parts.next(), parts.next());
                match coordinate::place(latitude.unwrap_or(""), longitude.unwrap_or("")) {
                    Ok(place) => facts.place = place,
                    Err(Note::RowPlaceZero) => facts.note(Note::PlaceZero),
                    Err(_) => facts.note(Note::PlaceMalformed),
                }
            }
            _ => {}
        }
    }
}

/// The sentence of AudioMoth's firmware.
fn audiomoth(comment: &str, facts: &mut Facts) {
    let Some(moment) = recorded(comment) else {
        if comment.contains("AudioMoth") {
            facts.note(Note::CommentUnparsed);
        }
        return;
    };
    if facts.captured.is_none() {
        facts.format = Some("audiomoth".into());
        take(Ok(moment), facts);
    }
    if facts.serial.is_none() {
        facts.serial = serial(comment, "by AudioMoth ");
        if facts.serial.is_some() {
            facts.model = Some("AudioMoth".into());
        }
    }
}

/// EBU Tech 3285 section 2.3: description 256, originator 32, reference 32, date 10, time 8.
fn broadcast(bext: &[u8], facts: &mut Facts) {
    let field = |at: usize, length: usize| text_of(bext.get(at..at + length).unwrap_or_default());
    if facts.captured.is_none() {
        let time = field(330, 8).replace(['-', '_', '.', ' '], ":");
        let date = field(320, 10).replace([':', '_', '.', ' ', '/'], "-");
        if !date.is_empty() {
            take(moment::read_apart(&date, &time), facts);
            facts.format = Some("bext".into());
        }
    }
    if facts.make.is_none() {
        facts.make = one_line(&field(256, 32));
    }
}

fn take(time: Result<Moment, NotATime>, facts: &mut Facts) {
    match time {
        Ok(moment) => {
            facts.captured = Some(moment.clock);
            facts.zone = moment.zone;
        }
        Err(NotATime::Blank) => {}
        Err(NotATime::Unset) => facts.note(Note::ClockUnset),
        Err(_) => facts.note(Note::TimeMalformed),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::formats::facts::{ClockTime, Place};
    use crate::evidence::media_type::Head;

    fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
        let mut chunk = [&id[..], &(body.len() as u32).to_le_bytes(), body].concat();
        if body.len() % 2 == 1 {
            chunk.push(0);
        }
        chunk
    }

    fn wave(chunks: &[Vec<u8>]) -> Vec<u8> {
        // 16 bits, one channel, 8,000 samples and 16,000 bytes a second.
        let fmt =
            [&[1, 0, 1, 0][..], &8_000u32.to_le_bytes(), &16_000u32.to_le_bytes(), &[2, 0, 16, 0]];
        let body = [&b"WAVE"[..], &chunk(b"fmt ", &fmt.concat()), &chunks.concat()].concat();
        [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
    }

    fn facts(bytes: &[u8]) -> Facts {
        let head = Head { bytes: &bytes[..bytes.len().min(16)], more: bytes.len() > 16 };
        let mut file = Cursor::new(bytes);
        read(&mut Source::new(b"a.wav", head, bytes.len() as u64, &mut file)).unwrap()
    }

    fn utc(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    #[test]
    fn guano_with_place_and_zone() {
        let text = "GUANO|Version: 1.0\nTimestamp:2024-09-03T19:31:30+01:00\nMake: OAD\n\
                    Serial:24E1\nLoc Position: 46.66 10.19\nnonsense";
        let all = facts(&wave(&[chunk(b"data", &[0; 8_000]), chunk(b"guan", text.as_bytes())]));
        assert_eq!(all.recording, Some(Recording { ms: 500, hz: Some(8_000) }));
        assert_eq!(all.captured.unwrap().seconds, utc("2024-09-03T19:31:30Z"));
        assert_eq!((all.zone, all.serial.as_deref()), (Some(3_600), Some("24E1")));
        assert_eq!(all.place, Some(Place { latitude: 46_660_000, longitude: 10_190_000 }));
        assert_eq!(all.format.as_deref(), Some("guano/1.0"));
        assert_eq!(all.notes, []);
    }

    #[test]
    fn audiomoth_sentences_of_many_firmwares() {
        for (sentence, time, ms, zone) in [
            (
                "Recorded at 10:25:00 04/04/2020 (UTC) by AudioMoth 24526B065D325963 at gain setting 2 while battery state was 4.7V.",
                "2020-04-04T10:25:00Z",
                None,
                Some(0),
            ),
            (
                "Recorded at 19:31:30 03/09/2024 (UTC+1) by AudioMoth 24526B065D325963 at medium gain while battery was 4.3V and temperature was 18.7C.",
                "2024-09-03T19:31:30Z",
                None,
                Some(3_600),
            ),
            (
                "Recorded at 08:00:00.500 13/02/2021 (UTC-3:30) by AudioMoth 24526B065D325963 using external microphone",
                "2021-02-13T08:00:00Z",
                Some(500),
                Some(-12_600),
            ),
            (
                "Recorded at 08:00:00 13/02/2018 by AudioMoth 24526B065D325963 at gain setting 2",
                "2018-02-13T08:00:00Z",
                None,
                None,
            ),
            (
                "opso_metadata{\"comment\": \"Recorded at 10:00:00 28/05/2024 (UTC) by AudioMoth 24526B065D325963 at\"}",
                "2024-05-28T10:00:00Z",
                None,
                Some(0),
            ),
        ] {
            let list = [&b"INFO"[..], &chunk(b"ICMT", sentence.as_bytes())].concat();
            let all = facts(&wave(&[chunk(b"LIST", &list), chunk(b"data", &[0; 2])]));
            assert_eq!(all.captured, Some(ClockTime { seconds: utc(time), ms }), "{sentence}");
            assert_eq!((all.zone, all.serial.as_deref()), (zone, Some("24526B065D325963")));
        }
        let list = [&b"INFO"[..], &chunk(b"ICMT", b"AudioMoth says hello")].concat();
        let all = facts(&wave(&[chunk(b"LIST", &list), chunk(b"data", &[0; 2])]));
        assert_eq!(all.notes, [Note::CommentUnparsed.into()]);
    }

    #[test]
    fn broadcast_wave() {
        let mut bext = vec![0; 602];
        bext[256..265].copy_from_slice(b"Zoom F3  ");
        bext[320..330].copy_from_slice(b"2023-05-06");
        bext[330..338].copy_from_slice(b"04-30-15");
        let all = facts(&wave(&[chunk(b"bext", &bext), chunk(b"data", &[0; 2])]));
        assert_eq!(all.captured.unwrap().seconds, utc("2023-05-06T04:30:15Z"));
        assert_eq!((all.zone, all.make.as_deref()), (None, Some("Zoom F3")));
    }

    #[test]
    fn sizes_are_not_believed() {
        let whole = wave(&[chunk(b"data", &[0; 16_000])]);
        let cut = facts(&whole[..whole.len() - 8_000]);
        assert_eq!(cut.recording.unwrap().ms, 500);
        assert_eq!(cut.notes, [Note::Truncated.into()]);
        // Never closed: the size of the data stayed 0.
        let mut open = wave(&[chunk(b"data", &[7; 16_000])]);
        let at = open.len() - 16_004;
        open[at..at + 4].fill(0);
        assert_eq!(facts(&open).recording.unwrap().ms, 1_000);
        assert_eq!(facts(b"RIFF\0\0\0\0WAVE").notes, [Note::Truncated.into()]);
        // The padding forgotten after an odd chunk.
        let odd = [&b"junk\x03\0\0\0abc"[..], &chunk(b"data", &[0; 16_000])].concat();
        assert_eq!(facts(&wave(&[odd])).recording.unwrap().ms, 1_000);
    }

    #[test]
    fn recordings_of_more_than_four_gigabytes() {
        let mut ds64 = vec![0; 28];
        ds64[8..16].copy_from_slice(&16_000u64.to_le_bytes());
        let data = [
            &b"data\xff\xff\xff\xff"[..],
            &[0; 16_000],
            &chunk(b"guan", b"Timestamp:2024-09-03T19:31:30Z"),
        ]
        .concat();
        let mut file = wave(&[data]);
        file.splice(12..12, chunk(b"ds64", &ds64));
        file[..4].copy_from_slice(b"RF64");
        let all = facts(&file);
        assert_eq!((all.recording.unwrap().ms, all.zone), (1_000, Some(0)));
    }
}
