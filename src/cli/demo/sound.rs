//! Sound as a small recorder leaves it: mono WAV of 16 bits, with the recorder's sentence about
//! itself in a LIST chunk before the samples, as AudioMoth firmware writes it.
//!
//! ```text
//! RIFF ‖ length ‖ WAVE
//!   fmt  ‖ 16  ‖ PCM, 1 channel, 8000 per second, 2 bytes each
//!   LIST ‖ 436 ‖ INFO ‖ ICMT ‖ 384 ‖ the sentence, NULs ‖ IART ‖ 32 ‖ the recorder, NULs
//!   data ‖ length ‖ samples
//! ```

use jiff::civil::DateTime;

use super::noise::{Draws, sine};

/// Samples per second: enough for birds below 4 kHz, and small files.
pub const RATE: u32 = 8000;

/// The place kept for the sentence, and for the recorder's name, NULs included.
const COMMENT_BYTES: usize = 384;
const ARTIST_BYTES: usize = 32;

/// One whistle.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// Milliseconds from the beginning.
    pub at: i32,
    /// Milliseconds.
    pub length: i32,
    /// Hertz at its beginning and at its end.
    pub pitch: (i32, i32),
    /// Of 100: how near the bird is.
    pub loud: i32,
}

/// One recording.
#[derive(Clone, Debug)]
pub struct Recording {
    /// Sixteen hexadecimal digits.
    pub recorder: &'static str,
    /// UTC, as the sentence says.
    pub begins: DateTime,
    pub celsius_tenths: i32,
    pub seconds: u32,
    /// Of 100.
    pub wind: i32,
    pub notes: Vec<Note>,
}

/// The bytes of the WAV file.
pub fn wav(recording: &Recording) -> Vec<u8> {
    let samples: Vec<u8> = samples(recording).into_iter().flat_map(i16::to_le_bytes).collect();
    let artist = format!("AudioMoth {}", recording.recorder);
    let comment = format!(
        "Recorded at {} (UTC) by {artist} at medium gain while battery was 4.1V and temperature \
         was {}.{}C. Invented for a demonstration.",
        recording.begins.strftime("%H:%M:%S %d/%m/%Y"),
        recording.celsius_tenths / 10,
        recording.celsius_tenths % 10,
    );
    let info = [
        b"INFO".to_vec(),
        chunk(b"ICMT", &padded(&comment, COMMENT_BYTES)),
        chunk(b"IART", &padded(&artist, ARTIST_BYTES)),
    ];
    let chunks = [
        b"WAVE".to_vec(),
        chunk(b"fmt ", &format_of_samples()),
        chunk(b"LIST", &info.concat()),
        chunk(b"data", &samples),
    ];
    chunk(b"RIFF", &chunks.concat())
}

/// Four letters, the length, the content. Every content here has an even length.
fn chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
    assert!(content.len().is_multiple_of(2), "demo: an odd chunk would need a pad byte");
    [&name[..], &(content.len() as u32).to_le_bytes(), content].concat()
}

fn padded(text: &str, length: usize) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    assert!(bytes.len() < length, "demo: a text longer than its place");
    bytes.resize(length, 0);
    bytes
}

fn format_of_samples() -> Vec<u8> {
    let (pcm, channels, bytes_each, bits) = (1u16, 1u16, 2u16, 16u16);
    let mut format = [pcm, channels].map(u16::to_le_bytes).concat();
    format.extend(RATE.to_le_bytes());
    format.extend((RATE * u32::from(bytes_each)).to_le_bytes());
    format.extend([bytes_each, bits].map(u16::to_le_bytes).concat());
    format
}

fn samples(recording: &Recording) -> Vec<i16> {
    let count = (recording.seconds * RATE) as i32;
    let mut mix = wind(recording, count);
    for note in &recording.notes {
        whistle(*note, &mut mix);
    }
    mix.into_iter().map(|sample| sample.clamp(-32767, 32767) as i16).collect()
}

/// Low, slow noise: each sample leans on the one before.
fn wind(recording: &Recording, count: i32) -> Vec<i32> {
    let mut draws = Draws::of(&format!("wind at {}", recording.begins));
    let mut low = 0;
    let mut gust = 0;
    (0..count)
        .map(|n| {
            if n % 400 == 0 {
                gust = (gust * 7 + draws.between(0, 100)) / 8;
            }
            low += (draws.around_zero(9000) - low) / 12;
            (low * (30 + gust) / 100 + draws.around_zero(700)) * recording.wind / 100
        })
        .collect()
}

/// Adds a tone that glides from one pitch to another, swelling and fading, with a little of its
/// octave, which makes it a bird.
fn whistle(note: Note, mix: &mut [i32]) {
    let per_ms = RATE as i32 / 1000;
    let length = note.length * per_ms;
    let mut phase: u32 = 0;
    let window = mix.iter_mut().skip((note.at * per_ms) as usize).take(length as usize);
    for (n, sample) in (0..).zip(window) {
        let pitch = note.pitch.0 + (note.pitch.1 - note.pitch.0) * n / length;
        // A full turn is 2³².
        phase = phase
            .wrapping_add((u64::from(pitch.unsigned_abs()) * (1 << 32) / u64::from(RATE)) as u32);
        let tone = sine((phase >> 16) as u16) * 7 / 8 + sine((phase >> 15) as u16) / 8;
        // Half a turn of the sine from the first sample to the last.
        let swell = sine((n * 32767 / length) as u16) / 64;
        *sample += tone / 128 * swell / 4 * note.loud / 100;
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn recording() -> Recording {
        Recording {
            recorder: "0DE0000000000A01",
            begins: date(2025, 6, 8).at(3, 10, 0, 0),
            celsius_tenths: 64,
            seconds: 2,
            wind: 0,
            notes: vec![Note { at: 500, length: 500, pitch: (1000, 1000), loud: 100 }],
        }
    }

    /// The chunks of a RIFF body: names and contents; panics where lengths do not add up.
    fn chunks(mut bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
        let mut found = Vec::new();
        while !bytes.is_empty() {
            let length = u32::from_le_bytes(bytes[4..8].try_into().unwrap()) as usize;
            let name = String::from_utf8(bytes[..4].to_vec()).unwrap();
            found.push((name, bytes[8..8 + length].to_vec()));
            bytes = &bytes[8 + length..];
        }
        found
    }

    #[test]
    fn lengths_add_up() {
        let bytes = wav(&recording());
        let whole = chunks(&bytes);
        assert_eq!(whole.len(), 1);
        let (riff, body) = &whole[0];
        assert_eq!((riff.as_str(), &body[..4]), ("RIFF", &b"WAVE"[..]));
        let parts = chunks(&body[4..]);
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["fmt ", "LIST", "data"]);
        assert_eq!(parts[0].1, [1, 0, 1, 0, 0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0],);
        assert_eq!(parts[1].1.len(), 436);
        assert_eq!(parts[2].1.len(), 2 * 8000 * 2);
    }

    #[test]
    fn the_recorder_says_when() {
        let bytes = wav(&recording());
        let list = &chunks(&chunks(&bytes)[0].1[4..])[1].1;
        assert_eq!(&list[..4], b"INFO");
        let texts: Vec<(String, String)> = chunks(&list[4..])
            .into_iter()
            .map(|(name, text)| (name, String::from_utf8(text).unwrap()))
            .map(|(name, text)| (name, text.trim_end_matches('\0').to_owned()))
            .collect();
        assert_eq!(texts[0].0, "ICMT");
        assert!(
            texts[0].1.starts_with(
                "Recorded at 03:10:00 08/06/2025 (UTC) by AudioMoth 0DE0000000000A01 at medium \
                 gain while battery was 4.1V and temperature was 6.4C."
            ),
            "{}",
            texts[0].1,
        );
        assert_eq!(texts[1], ("IART".to_owned(), "AudioMoth 0DE0000000000A01".to_owned()));
    }

    #[test]
    fn a_whistle_has_its_pitch_and_its_place() {
        let heard = samples(&recording());
        assert!(heard[..4000].iter().chain(&heard[8000..]).all(|&sample| sample == 0));
        let note = &heard[4000..8000];
        let rises = note.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
        assert!((495..=501).contains(&rises), "{rises}");
        let loudest = note.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!((10_000..32_767).contains(&loudest), "{loudest}");
    }

    #[test]
    fn wind_is_heard_and_never_clips() {
        let stormy = Recording { wind: 100, notes: vec![], ..recording() };
        let heard = samples(&stormy);
        let loudest = heard.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
        assert!((300..20_000).contains(&loudest), "{loudest}");
    }
}
