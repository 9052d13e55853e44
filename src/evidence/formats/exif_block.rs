//! Where a picture keeps its EXIF block: the TIFF structure inside a JPEG, a HEIF or a TIFF file.
//!
//! Found here and not by `kamadak-exif`, which reads on through a JPEG's picture data and hands what
//! it finds straight to its parser: [`is_parsable`] must look at the block first.

use std::io::{self, Read, Seek, SeekFrom};

/// The most that is read of a file for its EXIF block. A TIFF may keep its directory at the far end
/// of gigabytes of picture; cameras write it within the first megabytes.
pub const MAX_BLOCK_BYTES: u64 = 16 << 20;

/// Why there is no block to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The picture has none.
    None,
    /// The picture's own structure is broken or of a kind not known here.
    Broken,
    /// It may lie beyond what is read.
    TooFar,
}

/// The EXIF block of a JPEG, given its first bytes: the first APP1 segment that begins with
/// "Exif" and two NULs (Exif 2.3 section 4.7.2), before the picture data starts.
pub fn in_jpeg(head: &[u8], more: bool) -> Result<Vec<u8>, Absent> {
    segment_of_jpeg(head, more, b"Exif\0\0")
}

/// What follows `signature` in the first APP1 segment that begins with it.
pub fn segment_of_jpeg(head: &[u8], more: bool, signature: &[u8]) -> Result<Vec<u8>, Absent> {
    let cut = if more { Absent::TooFar } else { Absent::Broken };
    let mut rest = head.strip_prefix(b"\xff\xd8").ok_or(Absent::Broken)?;
    loop {
        // Any number of 0xff bytes may fill the space before a marker.
        let filler = rest.iter().take_while(|&&byte| byte == 0xff).count();
        let [marker, after @ ..] = &rest[filler..] else { return Err(cut) };
        if filler == 0 {
            return Err(Absent::Broken);
        }
        match marker {
            // End of image, start of scan: what follows is picture.
            0xd9 | 0xda => return Err(Absent::None),
            // Markers that stand alone.
            0x01 | 0xd0..=0xd7 => {
                rest = after;
                continue;
            }
            _ => {}
        }
        let [high, low, ..] = after else { return Err(cut) };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if length < 2 {
            return Err(Absent::Broken);
        }
        let segment = after.get(2..length).ok_or(cut)?;
        if let (0xe1, Some(block)) = (marker, segment.strip_prefix(signature)) {
            return Ok(block.to_vec());
        }
        rest = &after[length..];
    }
}

/// The whole of a TIFF file, or its first [`MAX_BLOCK_BYTES`]; `true` if that is not all.
pub fn in_tiff(file: &mut impl Read) -> io::Result<(Vec<u8>, bool)> {
    let mut block = Vec::new();
    file.by_ref().take(MAX_BLOCK_BYTES).read_to_end(&mut block)?;
    let mut next = [0];
    let more = block.len() as u64 == MAX_BLOCK_BYTES && file.read(&mut next)? == 1;
    Ok((block, more))
}

/// The EXIF item of a HEIF file (ISO 23008-12 annex A, ISO 14496-12 sections 8.11.3 and 8.11.6).
///
/// ```text
/// ftyp … meta { iinf { infe: item 7 is "Exif" }  iloc: item 7 is at …  idat }
/// the item: u32 length of a prefix ‖ prefix ("Exif\0\0") ‖ TIFF structure
/// ```
pub fn in_heif(file: &mut (impl Read + Seek)) -> io::Result<Result<Vec<u8>, Absent>> {
    let meta = match top_level_box(file, b"meta")? {
        Ok(meta) => meta,
        Err(absent) => return Ok(Err(absent)),
    };
    let extents = match exif_extents(&meta) {
        Some(Ok(extents)) => extents,
        Some(Err(absent)) => return Ok(Err(absent)),
        None => return Ok(Err(Absent::Broken)),
    };
    let mut item = Vec::new();
    for (offset, length) in extents {
        if length > MAX_BLOCK_BYTES.saturating_sub(item.len() as u64) {
            return Ok(Err(Absent::TooFar));
        }
        // An offset beyond 2^63 is no place in any file; the seek itself would be an error.
        if i64::try_from(offset).is_err() {
            return Ok(Err(Absent::Broken));
        }
        file.seek(SeekFrom::Start(offset))?;
        let read = file.by_ref().take(length).read_to_end(&mut item)?;
        if read as u64 != length {
            return Ok(Err(Absent::Broken));
        }
    }
    let Some((prefix, rest)) = item.split_first_chunk::<4>() else {
        return Ok(Err(Absent::Broken));
    };
    Ok(rest.get(u32::from_be_bytes(*prefix) as usize..).map(<[u8]>::to_vec).ok_or(Absent::Broken))
}

/// The body of the first box of this kind at the top of the file.
fn top_level_box(
    file: &mut (impl Read + Seek),
    kind: &[u8; 4],
) -> io::Result<Result<Vec<u8>, Absent>> {
    /// ftyp, meta, mdat, free and a few more: a file with hundreds is not a photo.
    const BOXES: usize = 64;
    file.seek(SeekFrom::Start(0))?;
    for _ in 0..BOXES {
        let mut header = Vec::new();
        file.by_ref().take(8).read_to_end(&mut header)?;
        if header.is_empty() {
            return Ok(Err(Absent::None));
        }
        let Some((size, name)) = header.split_first_chunk::<4>() else {
            return Ok(Err(Absent::Broken));
        };
        // Sizes count the header; 1 says that 64 bits follow, 0 that the box is the rest.
        let body = match u32::from_be_bytes(*size) {
            0 => Some(u64::MAX),
            1 => {
                let mut large = Vec::new();
                file.by_ref().take(8).read_to_end(&mut large)?;
                let Ok(large) = <[u8; 8]>::try_from(large) else {
                    return Ok(Err(Absent::Broken));
                };
                u64::from_be_bytes(large).checked_sub(16)
            }
            size => u64::from(size).checked_sub(8),
        };
        let Some(body) = body else { return Ok(Err(Absent::Broken)) };
        if name == kind {
            let mut content = Vec::new();
            file.by_ref().take(body.min(MAX_BLOCK_BYTES)).read_to_end(&mut content)?;
            let whole = body == u64::MAX || content.len() as u64 == body;
            return Ok(if whole { Ok(content) } else { Err(Absent::Broken) });
        }
        let here = file.stream_position()?;
        let next = here.checked_add(body).filter(|next| i64::try_from(*next).is_ok());
        match next {
            Some(next) => file.seek(SeekFrom::Start(next))?,
            None => return Ok(Err(Absent::None)),
        };
    }
    Ok(Err(Absent::Broken))
}

/// Where in the file the EXIF item lies, as (offset, length) pairs. `None`: the box is malformed.
fn exif_extents(meta: &[u8]) -> Option<Result<Vec<(u64, u64)>, Absent>> {
    let mut meta = Bytes(meta);
    meta.full_box()?;
    let (mut item, mut locations) = (None, None);
    while !meta.0.is_empty() {
        let (kind, body) = meta.child()?;
        match kind {
            b"iinf" => item = exif_item(body)?,
            b"iloc" => locations = Some(body),
            _ => {}
        }
    }
    let Some(item) = item else { return Some(Err(Absent::None)) };
    extents_of(item, locations?)
}

/// The number of the item of type "Exif".
fn exif_item(mut list: Bytes<'_>) -> Option<Option<u32>> {
    let count = if list.full_box()? == 0 { list.number(2)? } else { list.number(4)? };
    for _ in 0..count {
        let (kind, mut entry) = list.child()?;
        if kind != b"infe" {
            continue;
        }
        let number = match entry.full_box()? {
            2 => entry.number(2)?,
            3 => entry.number(4)?,
            // Versions 0 and 1 have no item type.
            _ => continue,
        };
        entry.take(2)?;
        if entry.take(4)? == b"Exif" {
            return Some(u32::try_from(number).ok());
        }
    }
    Some(None)
}

fn extents_of(item: u32, mut list: Bytes<'_>) -> Option<Result<Vec<(u64, u64)>, Absent>> {
    let version = list.full_box()?;
    let [first, second] = list.take(2)? else { return None };
    let sizes = [first >> 4, first & 15, second >> 4, second & 15].map(usize::from);
    let [offset_bytes, length_bytes, base_bytes, index_bytes] = sizes;
    let index_bytes = if version == 0 { 0 } else { index_bytes };
    // Extents of no bytes could be counted without end.
    if index_bytes + offset_bytes + length_bytes == 0 {
        return None;
    }
    let number_bytes = if version < 2 { 2 } else { 4 };
    for _ in 0..list.number(number_bytes)? {
        let number = list.number(number_bytes)?;
        let method = if version == 0 { 0 } else { list.number(2)? & 15 };
        let other_file = list.number(2)? != 0;
        let base = list.number(base_bytes)?;
        let mut extents = Vec::new();
        for _ in 0..list.number(2)? {
            list.number(index_bytes)?;
            let (offset, length) = (list.number(offset_bytes)?, list.number(length_bytes)?);
            extents.push((base.checked_add(offset)?, length));
        }
        if number == u64::from(item) {
            // Only method 0, an offset in this file: what cameras and phones write.
            return Some(if method == 0 && !other_file {
                Ok(extents)
            } else {
                Err(Absent::Broken)
            });
        }
    }
    None
}

/// Big-endian fields, one after the other; `None` where they end early.
#[derive(Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// An unsigned number of 0, 2, 4 or 8 bytes.
    fn number(&mut self, bytes: usize) -> Option<u64> {
        if !matches!(bytes, 0 | 2 | 4 | 8) {
            return None;
        }
        Some(self.take(bytes)?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// Version of a box that has one, past its flags.
    fn full_box(&mut self) -> Option<u64> {
        Some(self.number(4)? >> 24)
    }

    fn child(&mut self) -> Option<(&'a [u8], Bytes<'a>)> {
        let size = self.number(4)?;
        let kind = self.take(4)?;
        let body = match size {
            0 => self.0.len(),
            1 => usize::try_from(self.number(8)?.checked_sub(16)?).ok()?,
            size => usize::try_from(size.checked_sub(8)?).ok()?,
        };
        Some((kind, Bytes(self.take(body)?)))
    }
}

/// Whether a TIFF structure is of a size and shape that cameras write.
///
/// The parser below us follows every pointer to a sub-directory each time it occurs; a block of
/// 64 kB whose directories hold thousands of pointers to one another would cost it billions of
/// entries. This walk counts as the parser would, and stops early. Values are only built for the
/// fields that are asked for (`tags`); there a length no camera writes is refused, since a text of
/// NULs costs the parser 24 bytes for each.
pub fn is_parsable(block: &[u8], tags: &[u16]) -> bool {
    /// Cameras write some hundred entries, photo software with its own tags some thousand.
    const ENTRIES: usize = 20_000;
    /// Directories chained in a file; the parser stops at 8 itself.
    const CHAIN: usize = 8;
    /// Elements of one field that is asked for.
    const ELEMENTS: usize = 4_096;
    const EXIF: usize = 0x8769;
    const GPS: usize = 0x8825;
    const INTEROP: usize = 0xa005;
    /// Field type LONG, which every pointer has, and alone.
    const LONG: usize = 4;

    let little = block.starts_with(b"II");
    let number = |offset: usize, bytes: usize| -> Option<usize> {
        let field = block.get(offset..offset.checked_add(bytes)?)?;
        let digits = field.iter().map(|&byte| usize::from(byte));
        Some(match little {
            true => digits.rev().fold(0, |number, byte| number << 8 | byte),
            false => digits.fold(0, |number, byte| number << 8 | byte),
        })
    };
    // Directories still to be visited, with the pointers that are followed from each kind.
    let mut pending: Vec<(usize, &[usize])> = Vec::new();
    let mut next = number(4, 4).unwrap_or(0);
    while next != 0 && pending.len() < CHAIN {
        pending.push((next, &[EXIF, GPS]));
        next = number(next, 2).and_then(|count| number(next + 2 + 12 * count, 4)).unwrap_or(0);
    }
    let mut entries = 0;
    while let Some((directory, pointers)) = pending.pop() {
        let Some(count) = number(directory, 2) else { continue };
        for entry in (0..count).map(|index| directory + 2 + 12 * index) {
            let Some(tag) = number(entry, 2) else { break };
            entries += 1;
            if entries > ENTRIES {
                return false;
            }
            let asked_for = tags.iter().any(|&wanted| usize::from(wanted) == tag);
            if asked_for && number(entry + 4, 4).is_none_or(|count| count > ELEMENTS) {
                return false;
            }
            if pointers.contains(&tag) {
                if number(entry + 2, 2) != Some(LONG) || number(entry + 4, 4) != Some(1) {
                    return false;
                }
                let below: &[usize] = if tag == EXIF { &[INTEROP] } else { &[] };
                pending.extend(number(entry + 8, 4).map(|place| (place, below)));
            }
        }
    }
    true
}
