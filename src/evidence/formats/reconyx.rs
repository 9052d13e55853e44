//! Reconyx's maker note: bursts, serial numbers, and in the older models the only time there is.
//!
//! ```text
//! HyperFire     u16 0xf101; at 14 sequence, of; at 18 event; at 22 second, minute, hour, month,
//!               day, year; at 42 serial, 15 characters of 16 bits
//! HyperFire 2   "RECONYXH2"; at 54 sequence, of; at 62 the same time; at 126 serial
//! ```
//!
//! All numbers little-endian, 16 bits. Checked against exiftool on pictures of both models.

use super::exif::Claims;
use super::facts::{Burst, ClockTime, one_line};
use super::moment;

/// Takes what the note says into `claims`, where EXIF itself is silent.
pub fn fill(note: &[u8], claims: &mut Claims) {
    let layout = match note {
        [0x01, 0xf1, ..] => [14, 22, 42],
        _ if note.starts_with(b"RECONYXH2") => [54, 62, 126],
        _ => return,
    };
    let [sequence, time, serial] = layout;
    let word = |at: usize| {
        let bytes = note.get(at..at + 2)?;
        Some(u16::from_le_bytes([bytes[0], bytes[1]]))
    };
    if let (Some(number), Some(of)) = (word(sequence), word(sequence + 2))
        && (1..=1_000).contains(&number)
    {
        claims.burst = Some(Burst { number, of: (of >= number).then_some(of) });
    }
    if claims.captured.is_none() {
        let parts: Option<Vec<u16>> = (0..6).map(|part| word(time + 2 * part)).collect();
        if let Some([second, minute, hour, month, day, year]) = parts.as_deref() {
            let text = format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
            claims.captured =
                moment::read(&text).ok().map(|m| ClockTime { seconds: m.clock.seconds, ms: None });
        }
    }
    claims.make.get_or_insert("RECONYX".into());
    if claims.serial.is_none() {
        let units = (0..15).map_while(|part| word(serial + 2 * part)).take_while(|&unit| unit != 0);
        let text: String =
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric());
        claims.serial = one_line(&text).filter(|_| plain);
    }
}
