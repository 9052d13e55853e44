//! What a file says about itself. Every reader has one shape: it is given a [`Source`], a bounded
//! file that can be read from anywhere, and fills [`Facts`]; what it does not know it leaves out,
//! what is odd it notes, and only a failing disk is an error.
//!
//! ```text
//! facts, note, source            the shape: what is found, what is odd, what is read from
//! moment, coordinate             times and places in text; nothing guessed
//! delimited, json, xml           streams of rows, values, elements: flat memory, with ceilings
//! unpack, trouble                gzip and ZIP under a ceiling; content that stops a stream
//! exif, exif_block, exif_fields, reconyx, xmp      pictures
//! wave, audiomoth, movie         sound and film
//! table, movebank                tables by their headers
//! geo, smart, geotiff            maps, tracks, patrols, pictures from above
//! archive, darwin_core, package  tables that belong together
//! pdf                            documents
//! ```

pub mod archive;
mod audiomoth;
pub mod coordinate;
mod darwin_core;
pub mod delimited;
pub mod exif;
mod exif_block;
mod exif_fields;
pub mod facts;
mod geo;
mod geotiff;
pub mod json;
pub mod moment;
mod movebank;
mod movie;
pub mod note;
pub mod package;
mod pdf;
mod reconyx;
mod smart;
pub mod source;
mod table;
pub mod trouble;
pub mod unpack;
mod wave;
mod xml;
mod xmp;

use std::io;

use facts::Facts;
use note::Note;
use source::Source;

use super::media_type::Head;

/// The readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// JPEG, TIFF, HEIF.
    Picture,
    /// WAVE and its long forms.
    Wave,
    /// MOV, MP4 and their kin.
    Movie,
    /// Delimited text.
    Table,
    /// The same, packed with gzip.
    PackedTable,
    /// ZIP.
    Archive,
    /// The descriptor of a data package.
    Descriptor,
    /// GeoJSON, EarthRanger, any JSON.
    Json,
    /// GPX.
    Gpx,
    /// KML.
    Kml,
    /// SMART, any XML.
    Xml,
    /// PDF.
    Pdf,
}

impl Reader {
    /// The reader for a media type and the last part of a path; `None`: nothing more than the type
    /// is known of such files.
    pub fn of(media_type: &str, name: &[u8]) -> Option<Reader> {
        let named = |ending: &[u8]| name.to_ascii_lowercase().ends_with(ending);
        Some(match media_type {
            _ if exif::may_have(media_type) => Reader::Picture,
            "audio/vnd.wave" => Reader::Wave,
            "video/quicktime" | "video/mp4" | "video/3gpp" | "video/3gpp2" | "audio/mp4" => {
                Reader::Movie
            }
            "text/csv" | "text/tab-separated-values" => Reader::Table,
            "application/gzip" if named(b".csv.gz") || named(b".tsv.gz") => Reader::PackedTable,
            "application/zip" => Reader::Archive,
            "application/json" if name == b"datapackage.json" => Reader::Descriptor,
            "application/json" | "application/geo+json" => Reader::Json,
            "application/gpx+xml" => Reader::Gpx,
            "application/vnd.google-earth.kml+xml" => Reader::Kml,
            "application/xml" => Reader::Xml,
            "application/pdf" => Reader::Pdf,
            _ => return None,
        })
    }

    /// Reads a file's facts. Only failure to read the file is an error.
    pub fn read(self, media_type: &str, source: &mut Source<'_>) -> io::Result<Facts> {
        Ok(match self {
            Reader::Picture => picture(media_type, source)?,
            Reader::Wave => wave::read(source)?,
            Reader::Movie => movie::read(source)?,
            Reader::Table => {
                let mut facts = Facts::default();
                table::read(source.stream()?, &mut facts)?;
                facts
            }
            Reader::PackedTable => {
                let (mut facts, size) = (Facts::default(), source.size);
                table::read(unpack::gunzip(source.stream()?, size), &mut facts)?;
                facts
            }
            Reader::Archive => archive::read(source)?,
            Reader::Descriptor => {
                let mut facts = Facts::default();
                let found = package::descriptor(source.stream()?, &mut facts)?;
                facts.format = Some(package::format(&found));
                facts.title = found.title.as_deref().and_then(facts::one_line);
                facts.count("resources", found.resources.len() as u64);
                facts
            }
            Reader::Json => geo::json(source)?,
            Reader::Gpx => geo::gpx(source)?,
            Reader::Kml => geo::kml(source)?,
            Reader::Xml => smart::read(source)?,
            Reader::Pdf => pdf::read(source)?,
        }
        .finish())
    }
}

/// The claims in a picture, whether it is whole, and where a GeoTIFF lies.
fn picture(media_type: &str, source: &mut Source<'_>) -> io::Result<Facts> {
    let jpeg = media_type == "image/jpeg";
    let read_head = if jpeg && source.head.bytes.is_empty() {
        source.bytes(0, super::media_type::HEAD_BYTES)?
    } else {
        Vec::new()
    };
    let head = if read_head.is_empty() { source.head.bytes } else { &read_head };
    let more = source.size > head.len() as u64;
    let claims = exif::read(media_type, head, more, &mut source.seekable())?;
    let mut facts = Facts::from(claims);
    if jpeg {
        whole_jpeg(source, &mut facts)?;
    } else if media_type == "image/tiff" {
        geotiff::fill(source, &mut facts)?;
    }
    Ok(facts)
}

/// Notes a JPEG without the marker at its end. Some cameras pad behind it.
pub fn whole_jpeg(source: &mut Source<'_>, facts: &mut Facts) -> io::Result<()> {
    /// The longest padding seen is 2,615 bytes; a camera's block for a second preview is longer,
    /// but ends in a marker of its own.
    const TAIL: u64 = 64 << 10;
    let tail = source.bytes(source.size.saturating_sub(TAIL), TAIL as usize)?;
    if !tail.windows(2).any(|pair| pair == b"\xff\xd9") {
        facts.note(Note::Truncated);
    }
    Ok(())
}

/// What is wrong before any reader: nothing there, a pointer instead of the file, another kind.
pub fn first_look(media_type: &str, head: Head<'_>, name: &[u8]) -> Option<Note> {
    let expected = expected_kind(name);
    if head.bytes.is_empty() {
        return expected.map(|_| Note::Empty);
    }
    // The git-LFS specification: the first line of every pointer; pointers are under 1 kB.
    if !head.more && head.bytes.len() < 1_024 && head.bytes.starts_with(b"version https://git-lfs")
    {
        return Some(Note::LfsPointer);
    }
    expected.filter(|kind| !media_type.starts_with(kind)).map(|_| Note::Mislabelled)
}

/// The beginning of the media types that a name promises, for kinds that are known by content.
fn expected_kind(name: &[u8]) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let ending = name.rsplit(|&byte| byte == b'.').next().filter(|e| e.len() < name.len())?;
    Some(match ending {
        b"jpg" | b"jpeg" | b"png" | b"tif" | b"tiff" | b"heic" => "image/",
        b"wav" | b"flac" | b"mp3" => "audio/",
        b"mp4" | b"mov" | b"avi" => "video/",
        b"pdf" => "application/pdf",
        b"gz" => "application/gzip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_look() {
        let look = |kind, bytes: &[u8], name: &str| {
            first_look(kind, Head { bytes, more: false }, name.as_bytes())
        };
        assert_eq!(look("application/octet-stream", b"", "a.WAV"), Some(Note::Empty));
        assert_eq!(look("application/octet-stream", b"", "notes.txt"), None);
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n";
        assert_eq!(look("text/plain", pointer, "a.WAV"), Some(Note::LfsPointer));
        assert_eq!(look("text/plain", b"hello", "a.JPG"), Some(Note::Mislabelled));
        // A phone's HEIC under the name of a JPEG is still the picture it promises.
        assert_eq!(look("image/heic", b"x", "a.jpg"), None);
        assert_eq!(look("text/plain", b"hello", "jpg"), None);
    }
}
