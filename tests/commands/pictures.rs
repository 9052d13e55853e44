//! Pictures whose EXIF block is cut off, points beyond the end, runs in circles or has no size: a note in
//! the summary, never a stop. Each is recorded as the bytes it has.

use std::io::Cursor;

use treering::evidence::formats::exif::{Claims, Note, read};

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words};

fn sized(kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    with_size(body.len() as u32 + 8, kind, body)
}

fn with_size(size: u32, kind: &[u8; 4], body: &[u8]) -> Vec<u8> {
    [&size.to_be_bytes()[..], kind, body].concat()
}

/// A TIFF structure of one directory: 12 bytes an entry, then the place of the next directory.
fn tiff(entries: &[[u8; 12]], next: u32) -> Vec<u8> {
    let count = (entries.len() as u16).to_le_bytes();
    [b"II\x2a\0\x08\0\0\0", &count[..], &entries.concat(), &next.to_le_bytes()].concat()
}

/// An entry: tag, field type, number of values, value or its place.
fn entry(tag: u16, kind: u16, count: u32, value: u32) -> [u8; 12] {
    let mut bytes = [0; 12];
    bytes[..2].copy_from_slice(&tag.to_le_bytes());
    bytes[2..4].copy_from_slice(&kind.to_le_bytes());
    bytes[4..8].copy_from_slice(&count.to_le_bytes());
    bytes[8..].copy_from_slice(&value.to_le_bytes());
    bytes
}

const MAKE: u16 = 0x010f;
const EXIF: u16 = 0x8769;
const GPS: u16 = 0x8825;
const ASCII: u16 = 2;
const LONG: u16 = 4;

/// The make of a camera in four bytes: `G4`.
fn healthy() -> Vec<u8> {
    tiff(&[entry(MAKE, ASCII, 3, u32::from_le_bytes(*b"G4\0\0"))], 0)
}

fn jpeg(block: &[u8]) -> Vec<u8> {
    let length = (block.len() as u16 + 8).to_be_bytes();
    [b"\xff\xd8\xff\xe1", &length[..], b"Exif\0\0", block, b"\xff\xda\0\x02\x11\xff\xd9"].concat()
}

/// The parts of a HEIF file, to be bent one by one.
struct Heif {
    /// Item 7 is of type "Exif".
    infe: Vec<u8>,
    /// How many items `iinf` says there are.
    items: u16,
    /// What `iloc` says of sizes: offset 4, length 4, base 0 bytes.
    sizes: [u8; 2],
    /// Number of extents, and (offset from the item, length of it) of each.
    extents: u16,
    offset: i64,
    length: i64,
    /// Length of the prefix inside the item.
    prefix: u32,
}

impl Default for Heif {
    fn default() -> Heif {
        let infe = sized(b"infe", b"\x02\0\0\0\0\x07\0\0Exif\0");
        Heif { infe, items: 1, sizes: [0x44, 0], extents: 1, offset: 0, length: 0, prefix: 6 }
    }
}

impl Heif {
    fn bytes(&self) -> Vec<u8> {
        let item = [&self.prefix.to_be_bytes()[..], b"Exif\0\0", &healthy()].concat();
        let meta = |at: i64| {
            let place = [at + self.offset, item.len() as i64 + self.length];
            let place: Vec<u8> = place.iter().flat_map(|n| (*n as u32).to_be_bytes()).collect();
            let iloc = [b"\0\0\0\0", &self.sizes[..], b"\0\x01\0\x07\0\0"].concat();
            let iloc = [&iloc, &self.extents.to_be_bytes()[..], &place].concat();
            let iinf = [b"\0\0\0\0", &self.items.to_be_bytes()[..], &self.infe].concat();
            let boxes = [sized(b"iinf", &iinf), sized(b"iloc", &iloc)].concat();
            sized(b"meta", &[b"\0\0\0\0", &boxes[..]].concat())
        };
        let ftyp = sized(b"ftyp", b"heic\0\0\0\0mif1heic");
        let at = (ftyp.len() + meta(0).len() + 8) as i64;
        [ftyp, meta(at), sized(b"mdat", &item)].concat()
    }
}

/// Where a box of that kind begins.
fn box_at(bytes: &[u8], kind: &[u8; 4]) -> usize {
    bytes.windows(4).position(|window| window == kind).expect("a box of that kind") - 4
}

/// A healthy HEIF file in which the box of that kind claims another size.
fn resized(kind: &[u8; 4], size: u32) -> Vec<u8> {
    let mut bytes = Heif::default().bytes();
    let at = box_at(&bytes, kind);
    bytes[at..at + 4].copy_from_slice(&size.to_be_bytes());
    bytes
}

/// A box whose size follows in 64 bits.
fn large(kind: &[u8; 4], size: u64, body: &[u8]) -> Vec<u8> {
    with_size(1, kind, &[&size.to_be_bytes()[..], body].concat())
}

fn notes(media_type: &str, bytes: &[u8]) -> Vec<Note> {
    let claims = read(media_type, bytes, false, &mut Cursor::new(bytes));
    let Claims { make, notes, .. } = claims.expect("reading from memory");
    assert!(make.is_none() || notes.is_empty(), "{make:?} {notes:?}");
    notes
}

/// Broken files by a name that says how.
fn broken() -> Vec<(String, &'static str, Vec<u8>)> {
    let mut files: Vec<(String, &'static str, Vec<u8>)> = Vec::new();
    let mut add = |name: &str, media_type, bytes| files.push((name.into(), media_type, bytes));
    let ftyp = sized(b"ftyp", b"heic\0\0\0\0mif1heic");

    // Boxes: cut off, beyond the end, of no size.
    let whole = Heif::default().bytes();
    for kind in [b"meta", b"iinf", b"infe", b"iloc"] {
        let name = |how: &str| format!("{} {how}.heic", String::from_utf8_lossy(kind));
        let end = box_at(&whole, kind) + 10;
        add(&name("cut off"), "image/heic", whole[..end].to_vec());
        // Less than its own header, and more than there is.
        for size in [1, 2, 7, 9, 0x7fff_ffff, u32::MAX] {
            add(&name(&format!("of size {size}")), "image/heic", resized(kind, size));
        }
    }
    add(
        "meta of 15 large bytes.heic",
        "image/heic",
        [&ftyp[..], &large(b"meta", 15, b"")].concat(),
    );
    add("a header cut off.heic", "image/heic", [&ftyp[..], b"\0\0\0"].concat());
    add("a large header cut off.heic", "image/heic", [&ftyp[..], b"\0\0\0\x01free\0"].concat());
    add("sixty-four empty boxes.heic", "image/heic", {
        let free = (0..64).flat_map(|_| sized(b"free", b""));
        ftyp.iter().copied().chain(free).chain(whole[ftyp.len()..].to_vec()).collect()
    });

    // Items: beyond the end, before the beginning, without a place, twice as many as there are.
    let heif = |bent: Heif| bent.bytes();
    add(
        "an item beyond the end.heic",
        "image/heic",
        heif(Heif { offset: 1 << 30, ..Heif::default() }),
    );
    add("an item too long.heic", "image/heic", heif(Heif { length: 1, ..Heif::default() }));
    add(
        "an item of two bytes.heic",
        "image/heic",
        heif(Heif { length: -(healthy().len() as i64 + 8), ..Heif::default() }),
    );
    add(
        "a prefix beyond the item.heic",
        "image/heic",
        heif(Heif { prefix: 1 << 20, ..Heif::default() }),
    );
    add("more extents than told.heic", "image/heic", heif(Heif { extents: 9, ..Heif::default() }));
    add(
        "more items than told.heic",
        "image/heic",
        heif(Heif {
            items: 9,
            infe: sized(b"infe", b"\x02\0\0\0\0\x01\0\0hvc1\0"),
            ..Heif::default()
        }),
    );
    add(
        "endless extents of nothing.heic",
        "image/heic",
        heif(Heif { sizes: [0, 0], extents: u16::MAX, ..Heif::default() }),
    );
    add(
        "numbers of three bytes.heic",
        "image/heic",
        heif(Heif { sizes: [0x33, 0], ..Heif::default() }),
    );

    // Directories: in a circle, beyond the end, cut off.
    let circle = tiff(&[entry(EXIF, LONG, 1, 8)], 8);
    let deep = tiff(&[entry(EXIF, LONG, 1, 8), entry(GPS, LONG, 1, 8)], 8);
    let beyond = tiff(&[entry(EXIF, LONG, 1, u32::MAX)], 0);
    let text = tiff(&[entry(MAKE, ASCII, 100, 4_000)], 0);
    let many = tiff(&[entry(MAKE, ASCII, u32::MAX, 8)], 0);
    let short = healthy()[..15].to_vec();
    let crowded = [&b"II\x2a\0\x08\0\0\0\xff\xff"[..], &[0; 40]].concat();
    for (how, block) in [
        ("in a circle", circle),
        ("in two circles", deep),
        ("beyond the end", beyond),
        ("with a text beyond the end", text),
        ("with a text of four gigabytes", many),
        ("cut off", short),
        ("of 65,535 entries", crowded),
    ] {
        add(&format!("a directory {how}.jpg"), "image/jpeg", jpeg(&block));
        add(&format!("a directory {how}.tif"), "image/tiff", block);
    }
    let segment =
        |length: u16| [b"\xff\xd8\xff\xe1", &length.to_be_bytes()[..], b"Exif\0\0"].concat();
    for length in [0, 1, 9, u16::MAX] {
        add(&format!("a segment of {length}.jpg"), "image/jpeg", segment(length));
    }
    files
}

#[test]
fn healthy_pictures_say_which_camera() {
    for (media_type, bytes) in [
        ("image/tiff", healthy()),
        ("image/jpeg", jpeg(&healthy())),
        ("image/heic", Heif::default().bytes()),
    ] {
        let claims = read(media_type, &bytes, false, &mut Cursor::new(&bytes)).unwrap();
        assert_eq!(
            (claims.make.as_deref(), &claims.notes[..]),
            (Some("G4"), &[][..]),
            "{media_type}"
        );
    }
}

#[test]
fn each_breakage_is_a_note() {
    let silent: Vec<String> = broken()
        .into_iter()
        .filter(|(_, media_type, bytes)| notes(media_type, bytes) != [Note::Broken])
        .map(|(name, ..)| name)
        .collect();
    // Size 1 says that 64 bits of size follow, and what follows here is one: a box of something else.
    assert_eq!(silent, ["meta of size 1.heic"]);
}

#[test]
fn broken_pictures_are_recorded_like_any_file() {
    let desk = Desk::new();
    let files = broken();
    for (name, _, bytes) in &files {
        desk.write(&format!("card/{name}"), bytes);
    }
    desk.write("card/healthy.jpg", &jpeg(&healthy()));
    // Four end before their pictures do: recorded all the same, and said to be unreadable.
    let said = desk.answers(4, &["add", "card"]);
    assert_words(&said, &[&format!("Recorded {} files", files.len() + 1)]);
    assert_words(&said, &["with a damaged EXIF block", "4 files cut off before its end"]);
    assert!(!said.contains("NOT RECORDED"), "{said}");
    assert_words(&desk.answers(0, &["audit"]), &["PASS   checks passed."]);
}
