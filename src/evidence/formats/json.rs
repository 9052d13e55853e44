//! JSON as a stream of values with their paths: nothing is kept but the path, so a document of any
//! length costs the same. Depth and the length of a single text have ceilings.

use std::cell::Cell;
use std::fmt;
use std::io::{self, BufReader, Read};
use std::rc::Rc;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::facts::Facts;
use super::note::Note;
use super::trouble::{note_of, trouble};

/// The deepest that any export nests is 12; a document that refers to itself has no end.
const MAX_DEPTH: usize = 64;
/// The ceiling of one text or number: a picture in base64 inside a report still fits.
const MAX_TOKEN_BYTES: u64 = 4 << 20;

/// A step of the path to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A key of an object.
    Key(String),
    /// A place in an array, from 0.
    At(usize),
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// Nothing.
    Null,
    /// An object or array begins.
    Open,
    /// It ends.
    Close,
}

/// Takes values as they come.
pub trait Sink {
    /// One value; `path` leads to it from the top.
    fn take(&mut self, path: &[Step], item: Item<'_>);
}

/// The last key of a path, and the key of the object around it.
pub fn key(path: &[Step]) -> Option<&str> {
    match path.last()? {
        Step::Key(key) => Some(key),
        Step::At(_) => None,
    }
}

/// The keys of a path, without its array places.
pub fn keys(path: &[Step]) -> impl DoubleEndedIterator<Item = &str> {
    path.iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::At(_) => None,
    })
}

/// Reads a whole document into a sink; trouble is noted where it stops.
pub fn walk(stream: impl Read, facts: &mut Facts, sink: &mut impl Sink) -> io::Result<()> {
    let since = Rc::new(Cell::new(0));
    let guard = Guard { inner: stream, since: Rc::clone(&since), at_start: true };
    let mut parser =
        serde_json::Deserializer::from_reader(BufReader::with_capacity(32 << 10, guard));
    let mut walk = Walk { path: Vec::new(), sink, since, too_deep: false };
    let outcome = (&mut walk).deserialize(&mut parser).and_then(|()| parser.end());
    let too_deep = walk.too_deep;
    match outcome {
        Ok(()) => {}
        Err(_) if too_deep => facts.note(Note::TooDeep),
        Err(error) if error.is_io() => facts.note(note_of(error.into())?),
        Err(error) if error.is_eof() => facts.note(Note::Truncated),
        Err(_) => facts.note(Note::Damaged),
    }
    Ok(())
}

struct Walk<'s, S> {
    path: Vec<Step>,
    sink: &'s mut S,
    since: Rc<Cell<u64>>,
    too_deep: bool,
}

impl<S: Sink> Walk<'_, S> {
    fn scalar(&mut self, item: Item<'_>) {
        self.since.set(0);
        self.sink.take(&self.path, item);
    }

    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        self.scalar(Item::Open);
        if self.path.len() >= MAX_DEPTH {
            self.too_deep = true;
            return Err(E::custom("too deep"));
        }
        Ok(())
    }
}

impl<'de, S: Sink> DeserializeSeed<'de> for &mut Walk<'_, S> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: Sink> Visitor<'de> for &mut Walk<'_, S> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.scalar(Item::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.scalar(Item::Number(value as f64));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.scalar(Item::Number(value as f64));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.scalar(Item::Number(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.scalar(Item::Text(value));
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.scalar(Item::Null);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        self.enter::<A::Error>()?;
        let mut at = 0;
        self.path.push(Step::At(0));
        while items.next_element_seed(&mut *self)?.is_some() {
            at += 1;
            if let Some(last) = self.path.last_mut() {
                *last = Step::At(at);
            }
        }
        self.path.pop();
        self.scalar(Item::Close);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        self.enter::<A::Error>()?;
        while let Some(key) = entries.next_key::<String>()? {
            self.path.push(Step::Key(key));
            let value = entries.next_value_seed(&mut *self);
            self.path.pop();
            value?;
        }
        self.scalar(Item::Close);
        Ok(())
    }
}

/// Ends a token that would fill the memory, and takes away the mark of UTF-8.
struct Guard<R> {
    inner: R,
    since: Rc<Cell<u64>>,
    at_start: bool,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > MAX_TOKEN_BYTES {
            return Err(trouble(Note::RowTooLong));
        }
        let mut count = self.inner.read(buffer)?;
        if std::mem::take(&mut self.at_start) && buffer[..count].starts_with(b"\xef\xbb\xbf") {
            buffer.copy_within(3..count, 0);
            count -= 3;
        }
        self.since.set(self.since.get() + count as u64);
        Ok(count)
    }
}

/// Nothing of a document is wanted but whether it is one.
impl Sink for () {
    fn take(&mut self, _: &[Step], _: Item<'_>) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(text: &[u8]) -> Vec<Note> {
        let mut facts = Facts::default();
        walk(text, &mut facts, &mut ()).unwrap();
        facts.notes.iter().map(|noted| noted.note).collect()
    }

    #[test]
    fn depth_length_and_damage_have_ends() {
        assert_eq!(notes(b"\xef\xbb\xbf{\"a\": [1, null, true, \"x\"]}"), []);
        assert_eq!(notes("[".repeat(100_000).as_bytes()), [Note::TooDeep]);
        assert_eq!(notes("{\"a\":".repeat(100).as_bytes()), [Note::TooDeep]);
        assert_eq!(notes(b"{\"a\": [1, "), [Note::Truncated]);
        assert_eq!(notes(b"{\"a\": 1} x"), [Note::Damaged]);
        let endless = [&b"[\""[..], &vec![b'x'; 5 << 20], b"\"]"].concat();
        assert_eq!(notes(&endless), [Note::RowTooLong]);
    }
}
