//! GeoTIFF (OGC 19-008): where a picture from above lies, if it says so in degrees.
//!
//! ```text
//! ModelPixelScale 33550: x, y, z per pixel       ModelTiepoint 33922: i, j, k, x, y, z
//! GeoKeyDirectory 34735: … GTModelType 1024 = 2: longitude and latitude
//! ```
//!
//! Only the first directory is read; of a file in another projection the place is not computed.

use std::io;

use super::coordinate;
use super::facts::Facts;
use super::source::Source;

/// Entries of a directory, at most.
const MAX_ENTRIES: usize = 4_096;

/// Adds what the first directory says about the place. Silent where it says nothing.
pub fn fill(source: &mut Source<'_>, facts: &mut Facts) -> io::Result<()> {
    let Some(header) = source.exactly::<8>(0)? else { return Ok(()) };
    let little = match &header[..4] {
        b"II\x2a\0" => true,
        b"MM\0\x2a" => false,
        // BigTIFF and the forms of raw pictures.
        _ => return Ok(()),
    };
    let number = |bytes: &[u8]| {
        let fold = |number: u64, byte: u8| number << 8 | u64::from(byte);
        match little {
            true => bytes.iter().rev().copied().fold(0, fold),
            false => bytes.iter().copied().fold(0, fold),
        }
    };
    let directory = number(&header[4..]);
    let Some(count) = source.exactly::<2>(directory)? else { return Ok(()) };
    let count = (number(&count) as usize).min(MAX_ENTRIES);
    let entries = source.bytes(directory + 2, 12 * count)?;
    let (mut size, mut scale, mut tie, mut keys) = ([0; 2], Vec::new(), Vec::new(), Vec::new());
    for entry in entries.chunks_exact(12) {
        let (tag, kind) = (number(&entry[..2]), number(&entry[2..4]));
        let elements = number(&entry[4..8]).min(1_024) as usize;
        let place = number(&entry[8..]);
        match (tag, kind) {
            (256, 3) => size[0] = number(&entry[8..10]),
            (256, 4) => size[0] = place,
            (257, 3) => size[1] = number(&entry[8..10]),
            (257, 4) => size[1] = place,
            (33_550, 12) => scale = source.bytes(place, 8 * elements)?,
            (33_922, 12) => tie = source.bytes(place, 8 * elements)?,
            (34_735, 3) => keys = source.bytes(place, 2 * elements)?,
            _ => {}
        }
    }
    if keys.is_empty() {
        return Ok(());
    }
    facts.format = Some("geotiff".into());
    facts.count("width", size[0]);
    facts.count("height", size[1]);
    let doubles = |bytes: &[u8]| -> Vec<f64> {
        bytes.chunks_exact(8).map(|chunk| f64::from_bits(number(chunk))).collect()
    };
    let keys: Vec<u64> = keys.chunks_exact(2).map(number).collect();
    let geographic = keys.chunks_exact(4).skip(1).any(|key| key[0] == 1_024 && key[3] == 2);
    if let ([x, y, ..], [i, j, _, lon, lat, ..], true) =
        (&doubles(&scale)[..], &doubles(&tie)[..], geographic)
    {
        let corner = |column: f64, line: f64| {
            coordinate::place_of(lat - (line - j) * y, lon + (column - i) * x)
        };
        for place in [corner(0.0, 0.0), corner(size[0] as f64, size[1] as f64)] {
            match place {
                Ok(place) => facts.include_place(place),
                Err(note) => facts.note(note),
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::formats::facts::Extent;
    use crate::evidence::media_type::Head;

    #[test]
    fn corners_of_a_picture_in_degrees() {
        let doubles = |numbers: &[f64]| -> Vec<u8> {
            numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
        };
        let entry = |tag: u16, kind: u16, count: u32, value: u32| {
            [
                &tag.to_le_bytes()[..],
                &kind.to_le_bytes(),
                &count.to_le_bytes(),
                &value.to_le_bytes(),
            ]
            .concat()
        };
        let data_at = 8 + 2 + 5 * 12 + 4;
        let mut file = b"II\x2a\0\x08\0\0\0\x05\0".to_vec();
        file.extend(entry(256, 4, 1, 100));
        file.extend(entry(257, 4, 1, 200));
        file.extend(entry(33_550, 12, 3, data_at));
        file.extend(entry(33_922, 12, 6, data_at + 24));
        file.extend(entry(34_735, 3, 8, data_at + 72));
        file.extend([0; 4]);
        file.extend(doubles(&[0.01, 0.01, 0.0, 0.0, 0.0, 0.0, 10.0, 47.0, 0.0]));
        file.extend([1u16, 1, 0, 1, 1_024, 0, 1, 2].iter().flat_map(|key| key.to_le_bytes()));
        let mut facts = Facts::default();
        let head = Head { bytes: &[], more: true };
        let mut cursor = Cursor::new(&file);
        fill(&mut Source::new(b"a.tif", head, file.len() as u64, &mut cursor), &mut facts).unwrap();
        let extent =
            Extent { south: 45_000_000, west: 10_000_000, north: 47_000_000, east: 11_000_000 };
        assert_eq!((facts.extent, facts.counts["height"]), (Some(extent), 200));
    }
}
