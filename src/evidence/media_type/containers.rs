//! Formats whose first bytes name a family (a ZIP, a RIFF, a database) and only the inside the kind.

/// The kind of a container, or of a format that `infer` does not know or knows by too little.
pub fn sniff(head: &[u8], name: &[u8]) -> Option<&'static str> {
    let starts = |signature: &[u8]| head.starts_with(signature);
    let at = |offset: usize, bytes: &[u8]| head.get(offset..).is_some_and(|h| h.starts_with(bytes));
    match () {
        () if starts(b"%PDF-") => Some("application/pdf"),
        () if starts(b"{\\rtf") => Some("application/rtf"),
        // WAVE, and its two forms for more than 4 GiB (EBU Tech 3306, ITU-R BS.2088).
        () if (starts(b"RIFF") || starts(b"RF64") || starts(b"BW64")) && at(8, b"WAVE") => {
            Some("audio/vnd.wave")
        }
        () if at(4, b"ftyp") => media_brand(head),
        () if starts(b"SQLite format 3\0") => Some(database(head)),
        () if starts(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") => Some(compound_file(head)),
        () if starts(b"PK\x03\x04") => Some(archive(head)),
        () if starts(b"PAR1") => Some("application/vnd.apache.parquet"),
        // ESRI shapefile technical description: file code 9994 big-endian, version 1000 little-endian.
        () if starts(b"\0\0\x27\x0a") && at(28, b"\xe8\x03\0\0") => {
            let index = name.to_ascii_lowercase().ends_with(b".shx");
            Some(if index { "application/vnd.shx" } else { "application/vnd.shp" })
        }
        () => None,
    }
}

/// ISO base media files by their brands (ISO 14496-12, ISO 23008-12 annex B).
fn media_brand(head: &[u8]) -> Option<&'static str> {
    let length = u32::from_be_bytes(head.get(..4)?.try_into().ok()?) as usize;
    let brands = head.get(8..length.min(head.len()))?;
    // Major brand, four bytes of version, then the compatible brands.
    let major = brands.get(..4)?;
    let mut compatible = brands.get(8..).unwrap_or_default().chunks_exact(4);
    of_brand(major).or_else(|| compatible.find_map(of_brand))
}

fn of_brand(brand: &[u8]) -> Option<&'static str> {
    Some(match brand {
        b"heic" | b"heix" | b"heim" | b"heis" => "image/heic",
        b"hevc" | b"hevx" | b"hevm" | b"hevs" => "image/heic-sequence",
        b"avif" | b"avis" => "image/avif",
        b"crx " => "image/x-canon-cr3",
        b"mif1" | b"mif2" => "image/heif",
        b"msf1" => "image/heif-sequence",
        b"qt  " => "video/quicktime",
        b"M4A " | b"M4B " => "audio/mp4",
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V "
        | b"MSNV" => "video/mp4",
        [b'3', b'g', b'p', _] => "video/3gpp",
        [b'3', b'g', b'2', _] => "video/3gpp2",
        _ => return None,
    })
}

/// GeoPackage (OGC 12-128): an SQLite file whose application id, at byte 68, is "GPKG".
fn database(head: &[u8]) -> &'static str {
    match head.get(68..72) {
        Some(b"GPKG" | b"GP10" | b"GP11") => "application/geopackage+sqlite3",
        _ => "application/vnd.sqlite3",
    }
}

/// The old office formats, by the names of the streams in a compound file's directory ([MS-CFB]
/// sections 2.2 and 2.6).
fn compound_file(head: &[u8]) -> &'static str {
    let number = |offset: usize| {
        let bytes = head.get(offset..offset + 4)?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    let sector_bytes = match head.get(30) {
        Some(9) => 512,
        Some(12) => 4_096,
        _ => return "application/x-ole-storage",
    };
    // Sector numbers count from the end of the header's own sector.
    let directory = number(48).and_then(|sector| (sector as usize + 1).checked_mul(sector_bytes));
    let entries = directory.and_then(|start| head.get(start..)).unwrap_or_default();
    // One chain of sectors may lie anywhere; the first holds the names looked for in practice.
    entries[..entries.len().min(sector_bytes)]
        .chunks_exact(128)
        .find_map(|entry| {
            let name: Vec<u8> = entry[..64].iter().copied().step_by(2).collect();
            match name.split(|&byte| byte == 0).next()? {
                b"WordDocument" => Some("application/msword"),
                b"Workbook" | b"Book" => Some("application/vnd.ms-excel"),
                b"PowerPoint Document" => Some("application/vnd.ms-powerpoint"),
                _ => None,
            }
        })
        .unwrap_or("application/x-ole-storage")
}

/// ZIP archives that are documents, by the entries at their beginning (APPNOTE 4.3.7).
fn archive(head: &[u8]) -> &'static str {
    // Names of the entries whose local headers lie in the head. Sizes there may be zero, so the
    // next header is looked for, not computed; 64 names are more than any document needs.
    let mut names = Vec::new();
    let mut rest = head;
    while let Some(next) = rest.windows(4).position(|window| window == b"PK\x03\x04") {
        let entry = &rest[next..];
        let Some(name) = entry_name(entry) else { break };
        if names.is_empty() && name == b"mimetype" {
            return opendocument(entry);
        }
        names.push(name);
        if names.len() == 64 {
            break;
        }
        rest = &entry[4..];
    }
    let any = |folder: &[u8]| names.iter().any(|name| name.starts_with(folder));
    let office = any(b"[Content_Types].xml") || any(b"_rels/") || any(b"docProps/");
    match () {
        () if office && any(b"word/") => {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        }
        () if office && any(b"xl/") => {
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        }
        () if office && any(b"ppt/") => {
            "application/vnd.openxmlformats-officedocument.presentationml.presentation"
        }
        () if names.first().is_some_and(|name| name.ends_with(b".kml")) => {
            "application/vnd.google-earth.kmz"
        }
        () => "application/zip",
    }
}

fn entry_name(entry: &[u8]) -> Option<&[u8]> {
    let length = u16::from_le_bytes(entry.get(26..28)?.try_into().ok()?);
    entry.get(30..30 + usize::from(length))
}

/// OpenDocument and EPUB say what they are in a first, uncompressed entry.
fn opendocument(entry: &[u8]) -> &'static str {
    const KINDS: [&str; 5] = [
        "application/vnd.oasis.opendocument.text",
        "application/vnd.oasis.opendocument.spreadsheet",
        "application/vnd.oasis.opendocument.presentation",
        "application/vnd.oasis.opendocument.graphics",
        "application/epub+zip",
    ];
    let extra = entry.get(28..30).map_or(0, |b| usize::from(u16::from_le_bytes([b[0], b[1]])));
    let content = entry.get(30 + b"mimetype".len() + extra..).unwrap_or_default();
    // Longest first is not needed: no kind begins another but for "-template" and the like.
    let found = KINDS.into_iter().find(|kind| content.starts_with(kind.as_bytes()));
    found.unwrap_or("application/zip")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8]) -> Option<&'static str> {
        sniff(bytes, b"x")
    }

    fn brands(brands: &[u8]) -> Vec<u8> {
        let length = 8 + brands.len() as u32;
        [&length.to_be_bytes()[..], b"ftyp", brands, b"mdatheic"].concat()
    }

    #[test]
    fn wave_in_its_three_forms() {
        for family in [b"RIFF", b"RF64", b"BW64"] {
            let head = [&family[..], b"\x24\0\0\0WAVEfmt "].concat();
            assert_eq!(of(&head), Some("audio/vnd.wave"));
        }
        assert_eq!(of(b"RIFF\x24\0\0\0AVI LIST"), None);
    }

    #[test]
    fn brands_tell_pictures_from_films() {
        for (list, kind) in [
            (&b"heic\0\0\0\0mif1heic"[..], Some("image/heic")),
            (b"mif1\0\0\0\0mif1miaf", Some("image/heif")),
            (b"avif\0\0\0\0mif1", Some("image/avif")),
            (b"qt  \0\0\0\0qt  ", Some("video/quicktime")),
            (b"xxxx\0\0\0\0isommp42", Some("video/mp4")),
            (b"3gp5\0\0\0\0", Some("video/3gpp")),
            (b"M4A \0\0\0\0", Some("audio/mp4")),
            // The brand after the box's end is not one of its brands.
            (b"xxxx\0\0\0\0yyyy", None),
        ] {
            assert_eq!(of(&brands(list)), kind, "{list:?}");
        }
    }

    #[test]
    fn databases_and_geopackages() {
        let mut head = b"SQLite format 3\0".to_vec();
        head.resize(100, 0);
        assert_eq!(of(&head), Some("application/vnd.sqlite3"));
        head[68..72].copy_from_slice(b"GPKG");
        assert_eq!(of(&head), Some("application/geopackage+sqlite3"));
    }

    #[test]
    fn compound_files_by_their_directory() {
        let mut head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        head.resize(512 * 3, 0);
        head[30] = 9;
        head[48..52].copy_from_slice(&1u32.to_le_bytes());
        assert_eq!(of(&head), Some("application/x-ole-storage"));
        for (byte, letter) in head[1024 + 128..].iter_mut().step_by(2).zip(*b"WordDocument") {
            *byte = letter;
        }
        assert_eq!(of(&head), Some("application/msword"));
        head[48..52].copy_from_slice(&u32::MAX.to_le_bytes());
        assert_eq!(of(&head), Some("application/x-ole-storage"));
    }

    fn entry(name: &str, content: &str) -> Vec<u8> {
        let mut bytes = b"PK\x03\x04".to_vec();
        bytes.resize(26, 0);
        bytes.extend((name.len() as u16).to_le_bytes());
        bytes.extend([0, 0]);
        bytes.extend(name.as_bytes());
        bytes.extend(content.as_bytes());
        bytes
    }

    #[test]
    fn archives_that_are_documents() {
        let zip = |entries: &[(&str, &str)]| -> Vec<u8> {
            entries.iter().flat_map(|(name, content)| entry(name, content)).collect()
        };
        let words = zip(&[("[Content_Types].xml", "x"), ("_rels/.rels", ""), ("word/d.xml", "")]);
        assert!(of(&words).unwrap().ends_with("wordprocessingml.document"));
        let text = zip(&[("mimetype", "application/vnd.oasis.opendocument.textPK")]);
        assert_eq!(of(&text), Some("application/vnd.oasis.opendocument.text"));
        assert_eq!(of(&zip(&[("doc.kml", "")])), Some("application/vnd.google-earth.kmz"));
        assert_eq!(of(&zip(&[("word/list.txt", "")])), Some("application/zip"));
        assert_eq!(of(b"PK\x03\x04"), Some("application/zip"));
    }

    #[test]
    fn both_halves_of_a_shapefile() {
        let mut head = b"\0\0\x27\x0a".to_vec();
        head.resize(28, 0);
        head.extend(b"\xe8\x03\0\0");
        assert_eq!(sniff(&head, b"park.shp"), Some("application/vnd.shp"));
        assert_eq!(sniff(&head, b"PARK.SHX"), Some("application/vnd.shx"));
    }
}
