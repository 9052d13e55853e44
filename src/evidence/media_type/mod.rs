//! What kind of file this is, told by its content.
//!
//! Never by the name alone: a WAV that is really the pointer file of a careless copy says
//! `text/plain` here. A name only helps among texts (a `.csv` with a title line above its table) and
//! between the two halves of a shapefile. The answers are IANA's registered names where there is
//! one, else the name in common use; what nobody knows is `application/octet-stream`.

mod containers;
mod text;

/// How much of a file's beginning is looked at: enough for the directory of most office documents
/// and the EXIF block of any JPEG, and one buffer of the hashing pass.
pub const HEAD_BYTES: usize = 512 * 1024;

/// The answer for content that nothing here knows.
pub const UNKNOWN: &str = "application/octet-stream";

/// The first bytes of a file, and whether more follow.
#[derive(Clone, Copy, Debug)]
pub struct Head<'a> {
    /// The file's first [`HEAD_BYTES`], or all of it.
    pub bytes: &'a [u8],
    /// The file is longer than `bytes`.
    pub more: bool,
}

/// The media type of a file by its first bytes; `name` is its last path part.
pub fn media_type(head: Head<'_>, name: &[u8]) -> &'static str {
    containers::sniff(head.bytes, name)
        .or_else(|| text::sniff(head, name))
        .or_else(|| binary(head.bytes))
        .unwrap_or(UNKNOWN)
}

/// By the signatures of the crate `infer`, without those too short to mean anything.
fn binary(head: &[u8]) -> Option<&'static str> {
    // Compound files are told apart in `containers`; infer would read their whole directory.
    let kind = infer::get(head)?;
    match kind.mime_type() {
        // Two bytes that one file in thousands begins with by chance, and no evidence is made of.
        "application/x-executable" if kind.extension() == "obj" => None,
        "application/x-llvm" | "application/x-x509-ca-cert" | "application/x-nintendo-nes-rom" => {
            None
        }
        "image/bmp" => bitmap(head).then_some("image/bmp"),
        // Spellings that IANA has registered otherwise.
        "audio/x-flac" => Some("audio/flac"),
        "audio/m4a" => Some("audio/mp4"),
        "audio/opus" => Some("audio/ogg"),
        "video/x-matroska" => Some("video/matroska"),
        other => Some(other),
    }
}

/// "BM" and, at byte 14, the length of one of the header versions of the format.
fn bitmap(head: &[u8]) -> bool {
    let header = head.get(14..18).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
    head.starts_with(b"BM") && matches!(header, Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(bytes: &[u8]) -> &'static str {
        named(bytes, b"file")
    }

    fn named(bytes: &[u8], name: &[u8]) -> &'static str {
        media_type(Head { bytes, more: false }, name)
    }

    #[test]
    fn unknown_content_is_octets() {
        for bytes in [&b""[..], b"\0", b"\xff\xfe\xfd\0\x01", b"\x4c\x01\0\0", b"\x30\x82\x01\0"] {
            assert_eq!(of(bytes), UNKNOWN, "{bytes:02x?}");
        }
        // A header without its picture's header, and text that begins like a binary.
        assert_eq!(of(b"BM\0\0\0\0"), UNKNOWN);
        assert_eq!(of(b"BM of the deer: 62 kg\n"), "text/plain");
        assert_eq!(of(b"MZ-12 was seen at the river.\n"), "text/plain");
        assert_eq!(of(b"GIFts received in 2024:\nboots\n"), "text/plain");
    }

    #[test]
    fn pictures_and_sound_by_their_first_bytes() {
        assert_eq!(of(b"\xff\xd8\xff\xe0\0\x10JFIF\0"), "image/jpeg");
        assert_eq!(of(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "image/png");
        assert_eq!(of(b"II\x2a\0\x08\0\0\0\0\0\0\0"), "image/tiff");
        assert_eq!(of(b"fLaC\0\0\0\x22"), "audio/flac");
        assert_eq!(of(b"ID3\x04\0\0\0\0\0\0"), "audio/mpeg");
        let mut bitmap = b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
        bitmap.resize(70, 0);
        assert_eq!(of(&bitmap), "image/bmp");
    }

    proptest! {
        #[test]
        fn any_bytes_have_a_type(
            signature in proptest::sample::select(vec![
                &b""[..], b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"RIFF", b"\xff\xd8\xff",
                b"SQLite format 3\0", b"\x1a\x45\xdf\xa3", b"{", b"<?xml", b"dex\n", b"dey\n",
                b"\0\0\0\x20ftyp", b"%PDF-", b"\xff\xfe",
            ]),
            rest in proptest::collection::vec(any::<u8>(), 0..600),
            more in any::<bool>(),
        ) {
            let bytes = [signature, &rest].concat();
            let kind = media_type(Head { bytes: &bytes, more }, b"x.csv");
            prop_assert!(kind.contains('/') && kind.is_ascii());
        }
    }
}
