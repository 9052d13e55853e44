//! EXIF: pictures made here with known fields, pictures made to harm, and real ones.

use std::io::Cursor;
use std::path::Path;

use exif::experimental::Writer;
use exif::{Context, Field, In, Rational, Tag, Value};
use proptest::prelude::*;
use treering::evidence::formats::exif::{Claims, ClockTime, Note, Place, read};

fn ascii(tag: Tag, text: &[u8]) -> Field {
    Field { tag, ifd_num: In::PRIMARY, value: Value::Ascii(vec![text.to_vec()]) }
}

fn rational(tag: Tag, parts: &[(u32, u32)]) -> Field {
    let parts = parts.iter().map(|&(num, denom)| Rational { num, denom }).collect();
    Field { tag, ifd_num: In::PRIMARY, value: Value::Rational(parts) }
}

fn tiff(fields: &[Field], little_endian: bool) -> Vec<u8> {
    let mut writer = Writer::new();
    for field in fields {
        writer.push_field(field);
    }
    let mut out = Cursor::new(Vec::new());
    writer.write(&mut out, little_endian).unwrap();
    out.into_inner()
}

fn jpeg(block: &[u8]) -> Vec<u8> {
    let length = (block.len() as u16 + 8).to_be_bytes();
    let parts: [&[u8]; 8] = [
        b"\xff\xd8\xff\xe0\x00\x04JF",
        b"\xff\xff\xe1",
        &length,
        b"Exif\0\0",
        block,
        b"\xff\xdb\x00\x03\x01",
        b"\xff\xda\x00\x02",
        b"\x11\x22\xff\x00\x33\xff\xd9",
    ];
    parts.concat()
}

fn sized(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
}

/// A HEIF file with one item, the EXIF block, after everything else.
fn heif(block: &[u8]) -> Vec<u8> {
    let ftyp = sized(b"ftyp", b"heic\0\0\0\0mif1heic");
    let infe = sized(b"infe", b"\x02\0\0\0\x00\x07\0\0Exif\0");
    let iinf = sized(b"iinf", &[b"\0\0\0\0\x00\x01", &infe[..]].concat());
    let item = [b"\0\0\0\x06Exif\0\0", block].concat();
    let meta = |offset: u32| {
        let place = [offset.to_be_bytes(), (item.len() as u32).to_be_bytes()].concat();
        let iloc = [&b"\0\0\0\0\x44\0\x00\x01\x00\x07\0\0\0\x01"[..], &place].concat();
        let hdlr = sized(b"hdlr", b"\0\0\0\0\0\0\0\0pict");
        sized(b"meta", &[b"\0\0\0\0", &hdlr[..], &iinf, &sized(b"iloc", &iloc)].concat())
    };
    let free = sized(b"free", &[0; 300]);
    let before = ftyp.len() + free.len() + meta(0).len() + 8;
    [ftyp, free, meta(before as u32), sized(b"mdat", &item)].concat()
}

fn claims(media_type: &str, bytes: &[u8]) -> Claims {
    read(media_type, bytes, false, &mut Cursor::new(bytes)).unwrap()
}

fn full() -> Vec<Field> {
    vec![
        ascii(Tag::Make, b"RECONYX"),
        ascii(Tag::Model, b"HYPERFIRE 2"),
        ascii(Tag::BodySerialNumber, b"H2X-0042"),
        ascii(Tag::DateTimeOriginal, b"2026:02:27 18:12:00"),
        ascii(Tag::SubSecTimeOriginal, b"25"),
        ascii(Tag::OffsetTimeOriginal, b"+07:00"),
        ascii(Tag::GPSLatitudeRef, b"S"),
        rational(Tag::GPSLatitude, &[(42, 1), (56, 1), (46, 1)]),
        ascii(Tag::GPSLongitudeRef, b"W"),
        rational(Tag::GPSLongitude, &[(116, 1), (31, 1), (22, 1)]),
        ascii(Tag::GPSDateStamp, b"2026:02:27"),
        rational(Tag::GPSTimeStamp, &[(11, 1), (12, 1), (0, 1)]),
    ]
}

fn full_claims() -> Claims {
    Claims {
        captured: Some(ClockTime { seconds: 1_772_215_920, ms: Some(250) }),
        zone: Some(7 * 3_600),
        place: Some(Place { latitude: -42_946_111, longitude: -116_522_778 }),
        gps_time: Some(1_772_215_920 - 7 * 3_600),
        make: Some("RECONYX".into()),
        model: Some("HYPERFIRE 2".into()),
        serial: Some("H2X-0042".into()),
        burst: None,
        notes: vec![],
    }
}

#[test]
fn every_claim_from_every_container() {
    for little_endian in [true, false] {
        let block = tiff(&full(), little_endian);
        assert_eq!(claims("image/tiff", &block), full_claims());
        assert_eq!(claims("image/jpeg", &jpeg(&block)), full_claims());
        assert_eq!(claims("image/heic", &heif(&block)), full_claims());
        // The parser's own reading of the containers, as a second opinion.
        for container in [block.clone(), jpeg(&block), heif(&block)] {
            let exif = exif::Reader::new().read_from_container(&mut Cursor::new(container));
            assert_eq!(exif.unwrap().buf(), block);
        }
    }
}

#[test]
fn no_block_is_no_note() {
    assert_eq!(claims("image/jpeg", b"\xff\xd8\xff\xe0\0\x04JF\xff\xda\0\x02"), Claims::default());
    assert_eq!(claims("image/png", b"\x89PNG"), Claims::default());
    assert_eq!(claims("image/heic", &sized(b"ftyp", b"heic\0\0\0\0mif1")), Claims::default());
    assert_eq!(claims("image/tiff", &tiff(&[ascii(Tag::Artist, b"x")], true)), Claims::default());
}

#[test]
fn odd_fields_are_left_out_with_a_note() {
    let with = |fields: &[Field]| {
        let claims = claims("image/jpeg", &jpeg(&tiff(fields, true)));
        assert!(claims.captured.is_none() && claims.place.is_none() && claims.zone.is_none());
        claims.notes
    };
    let time = |text| ascii(Tag::DateTimeOriginal, text);
    assert_eq!(with(&[time(b"0000:00:00 00:00:00")]), [Note::ClockUnset]);
    assert_eq!(with(&[time(b"    :  :     :  :  ")]), []);
    assert_eq!(with(&[time(b"yesterday at noon..")]), [Note::TimeMalformed]);
    // A zone without a time says nothing.
    assert_eq!(with(&[ascii(Tag::OffsetTimeOriginal, b"+01:00")]), []);
    let at = |latitude: &[(u32, u32)], side: &[u8]| {
        vec![
            ascii(Tag::GPSLatitudeRef, side),
            rational(Tag::GPSLatitude, latitude),
            ascii(Tag::GPSLongitudeRef, b"E"),
            rational(Tag::GPSLongitude, &[(0, 1), (0, 1), (0, 1)]),
        ]
    };
    assert_eq!(with(&at(&[(0, 1), (0, 1), (0, 1)], b"N")), [Note::PlaceZero]);
    assert_eq!(with(&at(&[(0, 0), (0, 0), (0, 0)], b"N")), [Note::PlaceMalformed]);
    assert_eq!(with(&at(&[(91, 1), (0, 1), (0, 1)], b"N")), [Note::PlaceMalformed]);
    assert_eq!(with(&at(&[(9, 1), (0, 1), (0, 1)], b"?")), [Note::PlaceMalformed]);
    assert_eq!(with(&[rational(Tag::GPSAltitude, &[(0, 1)])]), [Note::NoFix]);
    let version = Value::Byte(vec![2, 3, 0, 0]);
    assert_eq!(with(&[Field { tag: Tag::GPSVersionID, ifd_num: In::PRIMARY, value: version }]), []);
    assert_eq!(with(&[ascii(Tag::Make, b"a\x1b[2Jb")]), [Note::TextMalformed]);
}

#[test]
fn a_wrong_zone_or_fraction_leaves_the_time() {
    let fields = [
        ascii(Tag::DateTimeOriginal, b"1970:01:01 00:00:01"),
        ascii(Tag::OffsetTimeOriginal, b"CET"),
        ascii(Tag::SubSecTimeOriginal, b"??"),
    ];
    let claims = claims("image/tiff", &tiff(&fields, false));
    assert_eq!(claims.captured, Some(ClockTime { seconds: 1, ms: None }));
    assert_eq!(claims.zone, None);
    assert_eq!(claims.notes, [Note::FractionMalformed, Note::ZoneMalformed]);
}

#[test]
fn damage_keeps_what_can_be_read() {
    // The first directory stands before the data, so a cut block still has the short fields.
    let block = tiff(&full(), true);
    let cut = claims("image/jpeg", &jpeg(&block[..block.len() - 40]));
    assert_eq!(cut.make.as_deref(), Some("RECONYX"));
    assert_eq!(cut.notes, [Note::Broken]);
    let whole = jpeg(&block);
    assert_eq!(claims("image/jpeg", &whole[..40]).notes, [Note::Broken]);
    let head_only = read("image/jpeg", &whole[..40], true, &mut Cursor::new(&whole)).unwrap();
    assert_eq!(head_only.notes, [Note::TooFar]);
    assert_eq!(claims("image/jpeg", &jpeg(b"junk junk junk")).notes, [Note::Broken]);
    assert_eq!(claims("image/heic", &heif(&block)[..400]).notes, [Note::Broken]);
}

/// Directories full of pointers to one another, which a parser that follows each pointer each time
/// would visit 600^3 times.
#[test]
fn attack_pointers_that_multiply() {
    const EACH: u16 = 600;
    let size = 2 + 12 * usize::from(EACH) + 4;
    let mut block = b"II\x2a\0\x08\0\0\0".to_vec();
    for (level, tag) in [0x8769u16, 0xa005, 0x0001].into_iter().enumerate() {
        block.extend(EACH.to_le_bytes());
        for _ in 0..EACH {
            block.extend(tag.to_le_bytes());
            block.extend([4, 0, 1, 0, 0, 0]);
            block.extend(((8 + (level + 1) * size) as u32).to_le_bytes());
        }
        block.extend([0; 4]);
    }
    let begun = std::time::Instant::now();
    assert_eq!(claims("image/jpeg", &jpeg(&block)).notes, [Note::Broken]);
    assert_eq!(claims("image/tiff", &block).notes, [Note::Broken]);
    // The same with a pointer's type bent so that it would be read from elsewhere.
    block[8 + 2 + 2] = 3;
    assert_eq!(claims("image/tiff", &block).notes, [Note::Broken]);
    assert!(begun.elapsed().as_secs() < 2);
}

/// Megabytes of NULs under a text field, which a parser that splits texts at NULs would turn into
/// 24 times as much memory.
#[test]
fn attack_a_text_of_nothing() {
    let mut block = b"II\x2a\0\x08\0\0\0\x01\0\x0f\x01\x02\0".to_vec();
    block.extend(8_000_000u32.to_le_bytes());
    block.extend(26u32.to_le_bytes());
    block.resize(26 + 8_000_000, 0);
    assert_eq!(claims("image/tiff", &block).notes, [Note::Broken]);
    block[14..18].copy_from_slice(&4_096u32.to_le_bytes());
    assert_eq!(claims("image/tiff", &block), Claims::default());
}

/// Every byte of three small pictures changed in turn: any answer but a panic.
#[test]
fn attack_every_byte_flipped() {
    let block = tiff(&full(), true);
    for (kind, whole) in
        [("image/tiff", block.clone()), ("image/jpeg", jpeg(&block)), ("image/heic", heif(&block))]
    {
        for at in 0..whole.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut bytes = whole.clone();
                bytes[at] ^= flip;
                claims(kind, &bytes);
            }
        }
        for end in 0..whole.len() {
            claims(kind, &whole[..end]);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_harm(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        kind in proptest::sample::select(vec!["image/tiff", "image/jpeg", "image/heic"]),
        header in proptest::sample::select(vec![&b""[..], b"II\x2a\0\x08\0\0\0", b"\xff\xd8\xff\xe1"]),
    ) {
        claims(kind, &[header, &bytes].concat());
    }
}

/// What SOURCES.md of the shared data says about its pictures.
#[test]
fn real_pictures() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/public");
    if !data.is_dir() {
        println!("skipped: ../shared/data/public is not there");
        return;
    }
    let of = |name: &str| claims("image/jpeg", &std::fs::read(data.join(name)).unwrap());

    // A Reconyx with a naive time and no position.
    let reconyx = of("camtrap-dp/mica-1.0.2/media/20210531082538-RCNX0031.JPG");
    assert!(reconyx.captured.is_some() && reconyx.zone.is_none() && reconyx.place.is_none());
    let next = of("camtrap-dp/mica-1.0.2/media/20210531082538-RCNX0032.JPG");
    assert_eq!(next.captured.unwrap().seconds - reconyx.captured.unwrap().seconds, 1);

    // A Reconyx whose time is only in its maker's own note.
    let hc500 = of("camera-trap/reconyx-hc500-exif-samples/Reconyx_HC500_Hyperfire.jpg");
    assert_eq!(hc500.captured, Some(ClockTime { seconds: 1_584_352_800, ms: None }));

    let ocelot = of("camera-trap/lila/orinoquia-thumb-web.jpg");
    assert_eq!(ocelot.model, None, "19 NUL bytes are no model");
    assert_eq!((ocelot.place, ocelot.notes.contains(&Note::NoFix)), (None, true));

    let grouse = of("camera-trap/lila/sage-grouse-raw.jpg");
    let place = grouse.place.unwrap();
    assert_eq!((place.latitude / 1_000, place.longitude / 1_000), (42_946, -116_523));

    let cuddeback = of("camera-trap/cuddeback/StationA/IMG0001.JPG");
    assert_eq!(cuddeback.make.as_deref(), Some("G4"));
    assert_eq!(cuddeback.model.as_deref(), Some("CUDDEBACK"));
    assert_eq!(cuddeback.captured.unwrap().seconds % 60, 0);
    assert!(of("camera-trap/cuddeback/StationB/IMG0001.JPG").captured.is_some());

    for name in ["lila/pheasant_web.jpg", "timelapse/Station1/Deployment1a/IMG_001.jpg"] {
        assert_eq!(of(&format!("camera-trap/{name}")), Claims::default());
    }
    assert_eq!(of("camera-trap/ocr/mousedeer.JPG").captured, None);

    // The one with a zone: its GPS time, in UTC, agrees with its clock to some seconds.
    let nokia = of("field-photo/HMD_Nokia_8.3_5G.jpg");
    assert_eq!(nokia.zone, Some(3 * 3_600));
    let utc = nokia.captured.unwrap().seconds - 3 * 3_600;
    assert_eq!(nokia.gps_time.unwrap() % 86_400, 11 * 3_600 + 12 * 60 + 32);
    assert!((utc - nokia.gps_time.unwrap()).abs() < 60);
    // It writes its fractions as signed numbers.
    assert_eq!(nokia.place, Some(Place { latitude: 60_146_706, longitude: 24_906_772 }));

    // A clock two hours ahead of UTC that does not say so: the difference stays unsaid.
    let htc = of("field-photo/HTC Desire.jpg");
    assert_eq!(htc.zone, None);
    assert_eq!(htc.captured.unwrap().seconds - htc.gps_time.unwrap(), 2 * 3_600);

    let sony = of("field-photo/Sony DSC-HX5V (2).jpg");
    assert_eq!(sony.place, Some(Place { latitude: 51_778_615, longitude: 8_365_638 }));
    let olympus = of("field-photo/Olympus μ Digital 800.JPG");
    assert_eq!((olympus.place, &olympus.notes[..]), (None, &[][..]));
    assert!(olympus.captured.unwrap().seconds > 1_136_073_600, "2006, not DateTime's 2004");
    assert_eq!(of("field-photo/Issue 609.jpg").notes, [Note::ClockUnset]);
    of("field-photo/Ricoh DC-3Z (low res).jpg");
}

#[test]
fn a_serial_number_where_raw_files_keep_it() {
    let serial = ascii(Tag(Context::Tiff, 0xc62f), b"123456");
    assert_eq!(claims("image/tiff", &tiff(&[serial], true)).serial.as_deref(), Some("123456"));
}
