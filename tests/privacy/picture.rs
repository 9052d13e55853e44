//! Pictures with what cameras write into them.

/// What a camera wrote.
pub struct Notes {
    pub model: &'static str,
    pub serial: &'static str,
    /// Millionths of a degree, north and east.
    pub place: Option<(u32, u32)>,
    pub taken: &'static str,
}

pub const SECRET: Notes = Notes {
    model: "TrailCam 9",
    serial: "SN-77341-KQ",
    place: Some((46_661_234, 10_191_234)),
    taken: "2026:02:27 18:12:00",
};

/// A JPEG that differs from others by `content`.
pub fn jpeg(notes: &Notes, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xff, 0xd8];
    let exif = [b"Exif\0\0".as_slice(), &tiff(notes)].concat();
    segment(&mut bytes, 0xe1, &exif);
    segment(&mut bytes, 0xdb, &[1; 65]);
    segment(&mut bytes, 0xda, &[1, 1, 0, 0, 63, 0]);
    bytes.extend(content.iter().map(|byte| byte & 0x7f));
    bytes.extend([0xff, 0xd9]);
    bytes
}

fn segment(bytes: &mut Vec<u8>, marker: u8, content: &[u8]) {
    bytes.extend([0xff, marker]);
    bytes.extend((content.len() as u16 + 2).to_be_bytes());
    bytes.extend(content);
}

const ASCII: u16 = 2;
const LONG: u16 = 4;
const RATIONAL: u16 = 5;

/// A TIFF of three directories, little-endian.
fn tiff(notes: &Notes) -> Vec<u8> {
    let text = |text: &str| [text.as_bytes(), b"\0"].concat();
    let degrees = |millionths: u32| {
        let parts = [(millionths, 1_000_000), (0u32, 1u32), (0, 1)];
        parts.iter().flat_map(|(n, d)| [n.to_le_bytes(), d.to_le_bytes()]).flatten().collect()
    };
    let mut main = vec![(0x010fu16, ASCII, text("Acme")), (0x0110, ASCII, text(notes.model))];
    let details = vec![(0x9003u16, ASCII, text(notes.taken)), (0xa431, ASCII, text(notes.serial))];
    let gps: Vec<(u16, u16, Vec<u8>)> = match notes.place {
        None => Vec::new(),
        Some((latitude, longitude)) => vec![
            (1, ASCII, text("N")),
            (2, RATIONAL, degrees(latitude)),
            (3, ASCII, text("E")),
            (4, RATIONAL, degrees(longitude)),
        ],
    };
    let count = main.len() + 1 + usize::from(!gps.is_empty());
    let first = 8u32;
    let main_end = first + length(&main) + 12 * (count - main.len()) as u32;
    main.push((0x8769, LONG, main_end.to_le_bytes().to_vec()));
    let details_end = main_end + length(&details);
    if !gps.is_empty() {
        main.push((0x8825, LONG, details_end.to_le_bytes().to_vec()));
    }
    let mut bytes = b"II\x2a\0\x08\0\0\0".to_vec();
    for entries in [&main, &details, &gps] {
        if !entries.is_empty() {
            directory(&mut bytes, entries);
        }
    }
    bytes
}

fn length(entries: &[(u16, u16, Vec<u8>)]) -> u32 {
    let outside: usize =
        entries.iter().map(|(_, _, v)| if v.len() > 4 { v.len() } else { 0 }).sum();
    (6 + 12 * entries.len() + outside) as u32
}

fn directory(bytes: &mut Vec<u8>, entries: &[(u16, u16, Vec<u8>)]) {
    let mut outside: Vec<u8> = Vec::new();
    let values_at = bytes.len() as u32 + 6 + 12 * entries.len() as u32;
    bytes.extend((entries.len() as u16).to_le_bytes());
    for (tag, kind, value) in entries {
        let count = match *kind {
            RATIONAL => value.len() / 8,
            LONG => value.len() / 4,
            _ => value.len(),
        };
        bytes.extend(tag.to_le_bytes());
        bytes.extend(kind.to_le_bytes());
        bytes.extend((count as u32).to_le_bytes());
        if value.len() > 4 {
            bytes.extend((values_at + outside.len() as u32).to_le_bytes());
            outside.extend(value);
        } else {
            let mut inside = value.clone();
            inside.resize(4, 0);
            bytes.extend(inside);
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(outside);
}
