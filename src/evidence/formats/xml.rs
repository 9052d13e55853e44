//! XML as a stream of elements and texts with the names around them. Entities are never expanded
//! and nothing is fetched; depth and the length of one element or text have ceilings.

use std::cell::Cell;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::reader::Reader;

use super::facts::Facts;
use super::note::Note;
use super::trouble::{note_of, trouble};

/// SMART patrols, the deepest export, nest 9 elements.
const MAX_DEPTH: usize = 64;
/// The ceiling of one element or text: the coordinates of a boundary with 100,000 corners fit.
const MAX_PART_BYTES: u64 = 16 << 20;

/// What comes next in a document. Names are without their prefix.
pub enum Part<'a> {
    /// An element begins.
    Open(&'a Attributes),
    /// A text inside the element on top of the path.
    Text(&'a str),
    /// The element on top of the path ends.
    Close,
}

/// The attributes of an element.
pub struct Attributes(Vec<(String, String)>);

impl Attributes {
    /// The value under a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All of them, as (name, value).
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// Reads a document; `visit` gets the path of names, the innermost last.
pub fn walk(
    stream: impl Read,
    facts: &mut Facts,
    visit: &mut dyn FnMut(&[String], Part<'_>, &mut Facts),
) -> io::Result<()> {
    let since = Rc::new(Cell::new(0));
    let guard = Guard { inner: stream, since: Rc::clone(&since) };
    let mut reader = Reader::from_reader(BufReader::with_capacity(32 << 10, guard));
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.expand_empty_elements = true;
    let mut path: Vec<String> = Vec::new();
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        since.set(0);
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(start)) => {
                if path.len() >= MAX_DEPTH {
                    facts.note(Note::TooDeep);
                    return Ok(());
                }
                path.push(start.local_name().into_inner().to_owned());
                visit(&path, Part::Open(&attributes(&start)), facts);
            }
            Ok(Event::End(_)) => {
                visit(&path, Part::Close, facts);
                path.pop();
            }
            Ok(Event::Text(text)) if !path.is_empty() => {
                visit(&path, Part::Text(&text.xml_content(XmlVersion::Implicit1_0)), facts);
            }
            Ok(Event::CData(text)) if !path.is_empty() => {
                visit(&path, Part::Text(&text.xml_content(XmlVersion::Implicit1_0)), facts);
            }
            Ok(Event::Eof) => {
                if !path.is_empty() {
                    facts.note(Note::Truncated);
                }
                return Ok(());
            }
            Ok(_) => {}
            Err(quick_xml::Error::Io(error)) => {
                facts.note(known_trouble(&error)?);
                return Ok(());
            }
            Err(_) => {
                facts.note(Note::Damaged);
                return Ok(());
            }
        }
    }
}

/// The parser keeps errors behind a shared pointer; the guard's is known by its own words.
fn known_trouble(error: &io::Error) -> io::Result<Note> {
    if let Some(code) = error.raw_os_error() {
        return Err(io::Error::from_raw_os_error(code));
    }
    let words = error.to_string();
    match [Note::RowTooLong, Note::Bomb].into_iter().find(|note| note.to_string() == words) {
        Some(note) => Ok(note),
        None => note_of(error.kind().into()),
    }
}

fn attributes(start: &BytesStart<'_>) -> Attributes {
    /// Attributes of one element: patrols have ten.
    const MOST: usize = 64;
    let mut all = Vec::new();
    for attribute in start.attributes().with_checks(false).flatten().take(MOST) {
        let name = attribute.key.local_name().into_inner().to_owned();
        if let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) {
            all.push((name, value.into_owned()));
        }
    }
    Attributes(all)
}

struct Guard<R> {
    inner: R,
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > MAX_PART_BYTES {
            return Err(trouble(Note::RowTooLong));
        }
        let count = self.inner.read(buffer)?;
        self.since.set(self.since.get() + count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &[u8]) -> Vec<Note> {
        let mut facts = Facts::default();
        walk(text, &mut facts, &mut |_, _, _| {}).unwrap();
        facts.notes.iter().map(|noted| noted.note).collect()
    }

    #[test]
    fn depth_length_and_damage_have_ends() {
        assert_eq!(notes(b"<?xml version='1.0'?><a b='1'><c/>x &amp; y</a>"), []);
        assert_eq!(notes("<a>".repeat(1_000).as_bytes()), [Note::TooDeep]);
        assert_eq!(notes(b"<a><b></a>"), [Note::Damaged]);
        assert_eq!(notes(b"<a><b></b>"), [Note::Truncated]);
        let endless = [&b"<a>"[..], &vec![b'x'; 17 << 20]].concat();
        assert_eq!(notes(&endless), [Note::RowTooLong]);
        // A billion laughs: the entity stands there and is not expanded.
        let laughs = b"<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>";
        assert_eq!(notes(laughs), []);
    }
}
