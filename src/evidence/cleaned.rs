//! A JPEG without what its camera wrote beside the picture: no EXIF, no XMP, no maker's notes, no thumbnail,
//! no comment, nothing behind its end. The picture itself, every coded bit of it, stays.
//!
//! ```text
//! SOI  APP0 JFIF  APP1 Exif ✗  APP1 XMP ✗  APP2 ICC  APP13 ✗  COM ✗  DQT … SOF DHT SOS scan … EOI  rest ✗
//! ```
//!
//! The copy has another hash, so it is another piece of evidence: anchored with `derived_from`, it says
//! which row it was made from. ITU-T T.81 annex B.

use thiserror::Error;

/// Ceiling of a picture, in bytes: ten times the largest that trap cameras write.
pub const MAX_BYTES: u64 = 256 << 20;

/// Why there is no cleaned copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CleanError {
    /// Not a JPEG, or none whose parts can be told apart.
    #[error("it is not a JPEG whose parts can be told apart (at byte {0})")]
    NotJpeg(usize),
    /// Cut off before its end.
    #[error("the picture is cut off")]
    Truncated,
}

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;

/// The picture without the rest.
pub fn clean_jpeg(bytes: &[u8]) -> Result<Vec<u8>, CleanError> {
    if !bytes.starts_with(&[0xff, SOI]) {
        return Err(CleanError::NotJpeg(0));
    }
    let mut out = vec![0xff, SOI];
    let mut at = 2;
    loop {
        let (marker, after) = marker_at(bytes, at)?;
        match marker {
            EOI => {
                out.extend([0xff, EOI]);
                return Ok(out);
            }
            // Markers that stand alone: restarts, and TEM.
            0x01 | 0xd0..=0xd7 => {
                out.extend([0xff, marker]);
                at = after;
            }
            SOI => return Err(CleanError::NotJpeg(at)),
            _ => {
                let length = bytes.get(after..after + 2).ok_or(CleanError::Truncated)?;
                let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
                if length < 2 {
                    return Err(CleanError::NotJpeg(at));
                }
                let segment = bytes.get(after..after + length).ok_or(CleanError::Truncated)?;
                if is_picture(marker, &segment[2..]) {
                    out.extend([0xff, marker]);
                    out.extend(segment);
                }
                at = after + length;
                if marker == SOS {
                    let end = scan_end(bytes, at)?;
                    out.extend(&bytes[at..end]);
                    at = end;
                }
            }
        }
    }
}

/// The marker at a place, and what follows it. Fill bytes (0xff) may stand before it.
fn marker_at(bytes: &[u8], at: usize) -> Result<(u8, usize), CleanError> {
    match bytes.get(at) {
        None => return Err(CleanError::Truncated),
        Some(0xff) => {}
        Some(_) => return Err(CleanError::NotJpeg(at)),
    }
    let fill = bytes[at..].iter().take_while(|byte| **byte == 0xff).count();
    match bytes.get(at + fill) {
        None => Err(CleanError::Truncated),
        Some(0) => Err(CleanError::NotJpeg(at)),
        Some(marker) => Ok((*marker, at + fill + 1)),
    }
}

/// Where the coded bits of a scan end: before the next marker that is no restart.
fn scan_end(bytes: &[u8], start: usize) -> Result<usize, CleanError> {
    let mut at = start;
    loop {
        let next =
            bytes[at..].iter().position(|byte| *byte == 0xff).ok_or(CleanError::Truncated)?;
        match bytes.get(at + next + 1) {
            None => return Err(CleanError::Truncated),
            Some(0x00 | 0xd0..=0xd7) => at += next + 2,
            Some(0xff) => at += next + 1,
            Some(_) => return Ok(at + next),
        }
    }
}

/// Whether a segment is needed to see the picture as it was meant.
fn is_picture(marker: u8, content: &[u8]) -> bool {
    match marker {
        // JFIF with its thumbnail cut would need another length; without one it is 14 bytes.
        0xe0 => content.starts_with(b"JFIF\0") && content.len() == 14,
        0xe2 => content.starts_with(b"ICC_PROFILE\0"),
        0xee => content.starts_with(b"Adobe"),
        0xe0..=0xef | 0xfe => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    fn picture(with: &[Vec<u8>], tail: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0xff, SOI];
        bytes.extend(segment(0xe0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0"));
        bytes.extend(with.concat());
        bytes.extend(segment(0xdb, &[0; 65]));
        bytes.extend(segment(SOS, &[1, 1, 0, 0, 63, 0]));
        bytes.extend([0x12, 0xff, 0x00, 0x34, 0xff, 0xd0, 0x56]);
        bytes.extend(segment(0xc4, b"table between scans"));
        bytes.extend(segment(SOS, &[1, 1, 0, 0, 63, 0]));
        bytes.extend([0x78, 0xff, EOI]);
        bytes.extend(tail);
        bytes
    }

    #[test]
    fn the_picture_stays_and_the_rest_goes() {
        let plain = picture(&[], b"");
        assert_eq!(clean_jpeg(&plain).unwrap(), plain);
        let told = [
            segment(0xe1, b"Exif\0\0 GPS 46.661234"),
            segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x/>"),
            segment(0xed, b"Photoshop 3.0\0name"),
            segment(0xfe, b"camera of Anna"),
            segment(0xe5, b"maker"),
        ];
        assert_eq!(clean_jpeg(&picture(&told, b"thumbnail behind the end")).unwrap(), plain);
        let icc = picture(&[segment(0xe2, b"ICC_PROFILE\0\x01\x01")], b"");
        assert_eq!(clean_jpeg(&icc).unwrap(), icc);
        // Fill bytes before a marker are allowed and not kept.
        let mut filled = plain.clone();
        filled.splice(2..2, [0xff, 0xff]);
        assert_eq!(clean_jpeg(&filled).unwrap(), plain);
    }

    #[test]
    fn what_is_cut_or_no_jpeg_gives_no_copy() {
        let plain = picture(&[segment(0xe1, b"Exif\0\0")], b"");
        for cut in 0..plain.len() {
            assert!(clean_jpeg(&plain[..cut]).is_err(), "cut at {cut}");
        }
        assert_eq!(clean_jpeg(b"\x89PNG"), Err(CleanError::NotJpeg(0)));
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let begun = [&[0xff, SOI][..], &bytes].concat();
            if let Ok(clean) = clean_jpeg(&begun) {
                prop_assert!(clean.len() <= begun.len());
                prop_assert_eq!(clean_jpeg(&clean), Ok(clean.clone()));
            }
        }
    }
}
