//! The text of a store's small private files: heads, outside records, chain files, public halves of
//! keys, locks. One spelling for each content.
//!
//! ```text
//! treering/head/v1
//! ledger 9c1f…
//! incarnation 5d0a…
//! ```
//!
//! The first line names the format and its version; then come lines of a word, one space and a
//! value, in a fixed order; each line ends with LF. A reader takes the lines in turn, prints what it
//! understood and compares: a stray space, a line more, `+1` or `01` for `1`, all are refused.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use thiserror::Error;

/// Why a text is not such a record.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RecordError {
    /// Not UTF-8, or without a final line end.
    #[error("it is not whole text")]
    NotText,
    /// The first line names something else, perhaps a later version.
    #[error("it begins with {found:?} instead of {expected:?}")]
    OtherFormat {
        /// The first line as it should be.
        expected: &'static str,
        /// The first line as it is, at most 40 characters of it.
        found: String,
    },
    /// A line does not say what this place needs.
    #[error("line {line} should give {expected}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// Everything was understood, but it is not how treering writes it.
    #[error("it is not spelled as treering writes it")]
    Spelling,
}

/// A file whose record could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} is damaged: {why}", path.display())]
pub struct DamagedRecord {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: RecordError,
}

impl RecordError {
    /// Names the file.
    pub fn in_file(self, path: &Path) -> DamagedRecord {
        DamagedRecord { path: path.to_owned(), why: self }
    }
}

/// Takes a record apart, line by line.
#[derive(Debug)]
pub struct RecordReader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> RecordReader<'a> {
    /// Checks the first line.
    pub fn open(bytes: &'a [u8], format: &'static str) -> Result<RecordReader<'a>, RecordError> {
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError::NotText)?;
        let (first, rest) = text.split_once('\n').ok_or(RecordError::NotText)?;
        if first != format {
            let found = first.chars().take(40).collect();
            return Err(RecordError::OtherFormat { expected: format, found });
        }
        Ok(RecordReader { rest, line: 1 })
    }

    /// The value of the next line, which must begin with `word`.
    pub fn value(&mut self, word: &'static str) -> Result<&'a str, RecordError> {
        self.optional(word).ok_or(RecordError::Line { line: self.line + 1, expected: word })
    }

    /// The value of the next line, if it begins with `word`; else the line stays.
    pub fn optional(&mut self, word: &str) -> Option<&'a str> {
        let (line, rest) = self.rest.split_once('\n')?;
        let value = line.strip_prefix(word)?.strip_prefix(' ')?;
        self.rest = rest;
        self.line += 1;
        Some(value)
    }

    /// [`RecordReader::value`], understood by `read`.
    pub fn parsed<T>(
        &mut self,
        word: &'static str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, RecordError> {
        let value = self.value(word)?;
        read(value).ok_or_else(|| self.wrong(word))
    }

    /// The complaint about the line just taken.
    pub fn wrong(&self, expected: &'static str) -> RecordError {
        RecordError::Line { line: self.line, expected }
    }

    /// An empty line, after which everything else is returned as it stands.
    pub fn body(self) -> Result<&'a str, RecordError> {
        let line = self.line + 1;
        self.rest.strip_prefix('\n').ok_or(RecordError::Line { line, expected: "an empty line" })
    }

    /// Nothing may follow, and the record printed from what was understood must be these bytes.
    pub fn end(self, bytes: &[u8], printed: &str) -> Result<(), RecordError> {
        if !self.rest.is_empty() {
            let line = self.line + 1;
            return Err(RecordError::Line { line, expected: "nothing more" });
        }
        same_spelling(bytes, printed)
    }
}

/// The last step of every reader: what was understood prints back to the same bytes.
pub fn same_spelling(bytes: &[u8], printed: &str) -> Result<(), RecordError> {
    match printed.as_bytes() == bytes {
        true => Ok(()),
        false => Err(RecordError::Spelling),
    }
}

/// A time as records write it: RFC 3339 in UTC, whole seconds, `Z`.
pub fn time_text(time: Timestamp) -> String {
    match Timestamp::from_second(time.as_second()) {
        Ok(whole) => whole.to_string(),
        // Dropping the fraction of a time in range leaves it in range.
        Err(_) => time.to_string(),
    }
}

/// Reads a time as [`time_text`] writes it.
pub fn read_time(text: &str) -> Option<Timestamp> {
    let time = text.parse().ok()?;
    (time_text(time) == text).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORMAT: &str = "treering/example/v1";

    fn read(bytes: &[u8]) -> Result<(u64, Option<String>), RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let size: u64 = reader.parsed("size", |text| text.parse().ok())?;
        let note = reader.optional("note").map(str::to_owned);
        let printed = match &note {
            None => format!("{FORMAT}\nsize {size}\n"),
            Some(note) => format!("{FORMAT}\nsize {size}\nnote {note}\n"),
        };
        reader.end(bytes, &printed)?;
        Ok((size, note))
    }

    #[test]
    fn one_spelling_each() {
        assert_eq!(read(b"treering/example/v1\nsize 12\n"), Ok((12, None)));
        let noted = read(b"treering/example/v1\nsize 12\nnote a b\n");
        assert_eq!(noted, Ok((12, Some("a b".into()))));
        for (text, why) in [
            (&b""[..], RecordError::NotText),
            (b"treering/example/v1", RecordError::NotText),
            (b"\xff\n", RecordError::NotText),
            (b"treering/example/v1\nsize 12", RecordError::Line { line: 2, expected: "size" }),
            (b"treering/example/v1\nsize x\n", RecordError::Line { line: 2, expected: "size" }),
            (b"treering/example/v1\nsize +1\n", RecordError::Spelling),
            (b"treering/example/v1\nsize 01\n", RecordError::Spelling),
            (
                b"treering/example/v1\nsize 1\n\n",
                RecordError::Line { line: 3, expected: "nothing more" },
            ),
            (
                b"treering/example/v2\nsize 1\n",
                RecordError::OtherFormat { expected: FORMAT, found: "treering/example/v2".into() },
            ),
        ] {
            assert_eq!(read(text), Err(why), "{text:?}");
        }
    }

    #[test]
    fn times_are_whole_seconds_in_utc() {
        let time: Timestamp = "2026-03-01T10:00:00.75Z".parse().unwrap();
        assert_eq!(time_text(time), "2026-03-01T10:00:00Z");
        assert!(read_time("2026-03-01T10:00:00Z").is_some());
        assert!(read_time("2026-03-01T10:00:00.75Z").is_none());
        assert!(read_time("2026-03-01T12:00:00+02:00").is_none());
    }
}
