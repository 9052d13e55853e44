//! ZIP archives by what lies inside: Darwin Core archives, Camtrap DP and other data packages,
//! Movebank downloads. Entries are read as streams under a ceiling and never written anywhere; one
//! whose name leads out of the archive is named and not read.

use std::io::{self, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::facts::Facts;
use super::note::Note;
use super::source::{ReadSeek, Source};
use super::table;
use super::trouble::note_of;
use super::unpack::{self, Ceiling};
use super::{darwin_core, package};

/// Entries of an archive, at most: without the longer form of ZIP there are no more.
const MAX_ENTRIES: usize = 65_534;

/// Reads an archive's facts.
pub fn read(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::of("zip");
    let size = source.size;
    let mut archive = match ZipArchive::new(Seekable(source)) {
        Ok(archive) => archive,
        Err(ZipError::Io(error)) => {
            facts.note(note_of(error)?);
            return Ok(facts);
        }
        Err(ZipError::UnsupportedArchive(_)) => {
            facts.note(Note::Packing);
            return Ok(facts);
        }
        Err(_) => {
            facts.note(Note::Damaged);
            return Ok(facts);
        }
    };
    if archive.len() > MAX_ENTRIES {
        facts.note(Note::Bomb);
        return Ok(facts);
    }
    let mut names = Vec::new();
    for index in 0..archive.len() {
        let Ok(entry) = archive.by_index_raw(index) else {
            facts.note(Note::Damaged);
            continue;
        };
        let Ok(name) = entry.name() else {
            facts.note(Note::PathTrick);
            continue;
        };
        if is_trick(&name) {
            facts.note(Note::PathTrick);
        } else if !entry.is_dir() && !name.starts_with("__MACOSX/") {
            names.push((name.into_owned(), index));
        }
    }
    facts.count("entries", names.len() as u64);
    let mut entries = Entries { archive, names, left: unpack::ceiling(size) };
    if let Some(meta) = entries.named("meta.xml") {
        darwin_core::read(&mut entries, &meta, &mut facts)?;
    } else if let Some(descriptor) = entries.named("datapackage.json") {
        package::read_packed(&mut entries, &descriptor, &mut facts)?;
    } else {
        tables(&mut entries, &mut facts)?;
    }
    Ok(facts)
}

/// Whether a name leads out of the folder it is unpacked into.
pub fn is_trick(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    name.starts_with(['/', '\\'])
        || drive
        || name.contains('\0')
        || name.split(['/', '\\']).any(|part| part == "..")
}

/// An archive with its entries' names.
pub struct Entries<'s, 'a> {
    archive: ZipArchive<Seekable<'s, 'a>>,
    names: Vec<(String, usize)>,
    left: u64,
}

impl Entries<'_, '_> {
    /// The first entry of this last name part, nearest to the top.
    fn named(&self, last: &str) -> Option<String> {
        let fits = |name: &&(String, usize)| {
            name.0 == last || name.0.strip_suffix(last).is_some_and(|rest| rest.ends_with('/'))
        };
        let depth = |name: &&(String, usize)| name.0.matches('/').count();
        self.names.iter().filter(fits).min_by_key(depth).map(|(name, _)| name.clone())
    }

    /// Reads an entry through `read`, if it is there. What all entries unpack to together is bounded.
    pub fn open(
        &mut self,
        name: &str,
        facts: &mut Facts,
        read: &mut dyn FnMut(&mut dyn Read, &mut Facts) -> io::Result<()>,
    ) -> io::Result<bool> {
        let Some((_, index)) = self.names.iter().find(|(known, _)| known == name) else {
            return Ok(false);
        };
        match self.archive.by_index(*index) {
            Ok(entry) => {
                let mut stream = Ceiling::new(entry, self.left);
                read(&mut stream, facts)?;
                self.left = stream.left();
            }
            Err(ZipError::Io(error)) => facts.note(note_of(error)?),
            Err(_) => facts.note(Note::Packing),
        }
        Ok(true)
    }
}

/// An archive of tables, as Movebank gives out: the facts of each, together.
fn tables(entries: &mut Entries<'_, '_>, facts: &mut Facts) -> io::Result<()> {
    /// Tables of one download: a study and its parts.
    const MOST: usize = 16;
    let is_table = |name: &str| name.to_ascii_lowercase().ends_with(".csv");
    let names: Vec<String> = entries
        .names
        .iter()
        .map(|(name, _)| name.clone())
        .filter(|name| is_table(name))
        .take(MOST)
        .collect();
    for name in names {
        entries.open(&name, facts, &mut |stream, facts| {
            let entries = facts.counts.get("entries").copied();
            table::read(stream, facts)?;
            facts.counts.extend(entries.map(|count| ("entries".to_owned(), count)));
            Ok(())
        })?;
    }
    if facts.format.as_deref() == Some("table") {
        facts.format = Some("zip".into());
    }
    Ok(())
}

/// A file under reading, as the archive's reader wants it.
pub struct Seekable<'s, 'a>(&'s mut Source<'a>);

impl<'a> Seekable<'_, 'a> {
    fn file(&mut self) -> &mut (dyn ReadSeek + 'a) {
        self.0.seekable()
    }
}

impl io::Read for Seekable<'_, '_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file().read(buffer)
    }
}

impl io::Seek for Seekable<'_, '_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        self.file().seek(to)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;
    use crate::evidence::media_type::Head;

    fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn facts(bytes: &[u8]) -> Facts {
        let mut file = Cursor::new(bytes);
        let head = Head { bytes: &[], more: true };
        read(&mut Source::new(b"a.zip", head, bytes.len() as u64, &mut file)).unwrap()
    }

    #[test]
    fn a_movebank_download() {
        let table = b"event-id,timestamp,location-lat,location-long,tag-local-identifier\n\
                      1,2014-02-11 21:00:00.000,38,-112,T1\n";
        let all = facts(&zipped(&[("study/events.csv", table), ("study/readme.txt", b"x")]));
        assert_eq!(all.format.as_deref(), Some("movebank/events"));
        assert_eq!((all.counts["fixes"], all.counts["entries"]), (1, 2));
    }

    #[test]
    fn names_that_lead_out_and_damage() {
        for name in ["../../etc/passwd", "/etc/passwd", "a\\..\\..\\b", "C:\\x"] {
            assert!(is_trick(name), "{name}");
        }
        let all = facts(&zipped(&[("../evil.csv", b"a,b\n1,2\n")]));
        assert_eq!((all.counts["entries"], all.notes), (0, vec![Note::PathTrick.into()]));
        let whole = zipped(&[("a.csv", b"a,b\n1,2\n")]);
        assert!(facts(&whole[..whole.len() / 2]).notes.iter().any(|noted| noted.note.is_unread()));
    }

    #[test]
    fn a_bomb() {
        let zeros = vec![b'0'; 80 << 20];
        let all = facts(&zipped(&[("a.csv", &zeros)]));
        let notes: Vec<Note> = all.notes.iter().map(|noted| noted.note).collect();
        assert!(notes.contains(&Note::RowTooLong) || notes.contains(&Note::Bomb), "{notes:?}");
    }
}
