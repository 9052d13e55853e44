//! Hostile bytes: thousands of mutants of every sample, the same on every run, and bytes of any kind
//! behind every signature. No reader panics, and none takes long.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use treering::evidence::attribute::Attribute;
use treering::evidence::formats::Reader;
use treering::evidence::formats::facts::{Facts, MAX_COUNTS, MAX_LINE_BYTES};
use treering::evidence::formats::source::Source;
use treering::evidence::media_type::Head;
use treering::evidence::path::RowPath;

use super::support::random::Random;
use super::{facts_of, public_data, samples};

const READERS: [(Reader, &str); 12] = [
    (Reader::Picture, "image/jpeg"),
    (Reader::Wave, "audio/vnd.wave"),
    (Reader::Movie, "video/mp4"),
    (Reader::Table, "text/csv"),
    (Reader::PackedTable, "application/gzip"),
    (Reader::Archive, "application/zip"),
    (Reader::Descriptor, "application/json"),
    (Reader::Json, "application/json"),
    (Reader::Gpx, "application/gpx+xml"),
    (Reader::Kml, "application/vnd.google-earth.kml+xml"),
    (Reader::Xml, "application/xml"),
    (Reader::Pdf, "application/pdf"),
];

/// Reads bytes with one reader, whatever they are.
fn forced(reader: Reader, kind: &str, bytes: &[u8]) -> Facts {
    let mut file = std::io::Cursor::new(bytes);
    let head = Head { bytes: &[], more: !bytes.is_empty() };
    let mut source = Source::new(b"a.csv", head, bytes.len() as u64, &mut file);
    reader.read(kind, &mut source).expect("bytes in memory can be read")
}

/// What holds of all facts: they fit a row.
fn fits_a_row(facts: &Facts) {
    assert!(facts.counts.len() <= MAX_COUNTS);
    for text in [&facts.format, &facts.title, &facts.make, &facts.model, &facts.serial] {
        assert!(text.as_ref().is_none_or(|text| text.len() <= MAX_LINE_BYTES));
    }
    for attribute in Attribute::of_file(&RowPath::new(b"a").unwrap(), "text/plain", facts) {
        assert_eq!(Attribute::read(attribute.name(), attribute.value()), Ok(attribute));
    }
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(9) {
            0..=2 => bytes[at] ^= 1 << random.below(8),
            3 => bytes[at] = random.byte(),
            4 => bytes.truncate(at),
            5 => bytes.insert(at, random.byte()),
            6 => {
                // Sizes and offsets, as large as they get.
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill(0xff);
            }
            7 => {
                let end = at + random.below(bytes.len() - at);
                let doubled = bytes[at..end].to_vec();
                bytes.splice(at..at, doubled);
            }
            _ => {
                let end = (at + random.below(8)).min(bytes.len());
                bytes[at..end].fill(0);
            }
        }
    }
}

fn mutants(name: &str, bytes: &[u8], count: usize, random: &mut Random) {
    for _ in 0..count {
        let mut mutant = bytes.to_vec();
        mutate(random, &mut mutant);
        let began = Instant::now();
        let (_, facts) = facts_of(name, &mutant);
        assert!(began.elapsed() < Duration::from_secs(5), "{name}: a mutant took long");
        fits_a_row(&facts);
    }
}

#[test]
fn mutants_of_every_sample() {
    let mut random = Random::seeded(5);
    for (name, bytes, _) in samples::all() {
        mutants(name, &bytes, 400, &mut random);
    }
}

#[test]
fn mutants_of_every_real_file() {
    let Some(data) = public_data() else { return };
    let mut random = Random::seeded(6);
    for entry in walkdir::WalkDir::new(data).sort_by_file_name() {
        let entry = entry.unwrap();
        // The small ones: of a large picture most bytes are picture.
        if entry.file_type().is_file() && entry.metadata().unwrap().len() < 300_000 {
            let name = entry.file_name().to_str().unwrap();
            mutants(name, &std::fs::read(entry.path()).unwrap(), 12, &mut random);
        }
    }
}

#[test]
fn every_sample_through_every_other_reader() {
    for (_, bytes, _) in samples::all() {
        for (reader, kind) in READERS {
            fits_a_row(&forced(reader, kind, &bytes));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_through_every_reader(
        signature in proptest::sample::select(vec![
            &b""[..], b"RIFF\xff\xff\xff\xffWAVE", b"RF64\0\0\0\0WAVEds64\x1c\0\0\0", b"PK\x03\x04",
            b"\xff\xd8\xff\xe1\xff\xff", b"II\x2a\0\x08\0\0\0", b"\0\0\0\x08moov", b"\x1f\x8b\x08",
            b"event-id,timestamp,tag-local-identifier\n", b"{\"type\":\"Polygon\",\"coordinates\":[",
            b"<gpx><trkpt lat=\"", b"<kml><coordinates>", b"%PDF-1.7 /Title(", b"\xff\xfe", b"<patrol>",
        ]),
        rest in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        let bytes = [signature, &rest].concat();
        for (reader, kind) in READERS {
            fits_a_row(&forced(reader, kind, &bytes));
        }
    }

    #[test]
    fn any_text_as_a_time_or_a_place(text in "\\PC{0,40}", other in "[0-9:./+Z T-]{0,30}") {
        use treering::evidence::formats::{coordinate, moment};
        for text in [&text, &other] {
            if let Ok(moment) = moment::read(text) {
                prop_assert!((-62_167_219_200..=253_402_300_799).contains(&moment.clock.seconds));
            }
            let _ = moment::read_as("%d/%m/%Y %H:%M:%S", text);
            let _ = moment::zone(text);
            if let Ok(Some(place)) = coordinate::place(text, text) {
                prop_assert!(place.latitude.abs() <= 90_000_000);
            }
        }
    }
}
