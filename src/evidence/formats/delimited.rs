//! Tables of delimited text, row by row: commas, semicolons or tabs; LF, CR LF or bare CR; UTF-8
//! with or without its mark, UTF-16 with it, else Latin-1. One row is in memory, never the table.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

use csv::ByteRecord;

use super::facts::Facts;
use super::note::Note;
use super::trouble::{note_of, trouble};

/// The ceiling of a row: a thousand times the longest of the exports seen.
const MAX_ROW_BYTES: u64 = 1 << 20;
/// The ceiling of columns: thirty times what the widest export (Movebank, all sensors) has.
const MAX_COLUMNS: usize = 4_096;
/// How much of the beginning decides on the delimiter and the alphabet.
const LOOK_BYTES: usize = 16 << 10;

/// A table under reading.
pub struct Table<R> {
    csv: csv::Reader<Guard<Text<R>>>,
    since: Rc<Cell<u64>>,
    columns: Vec<String>,
    record: ByteRecord,
    rows: u64,
    ended: bool,
}

/// One row after the header.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    record: &'a ByteRecord,
    /// Counted from 1.
    pub number: u64,
}

impl<R: Read> Table<R> {
    /// Reads the header. `None`: there is no table in it; the notes say why.
    pub fn open(
        stream: R,
        delimiter: Option<u8>,
        facts: &mut Facts,
    ) -> io::Result<Option<Table<R>>> {
        Table::open_after(stream, delimiter, 0, facts)
    }

    /// The same, past some lines of title before the header.
    pub fn open_after(
        mut stream: R,
        delimiter: Option<u8>,
        title_lines: usize,
        facts: &mut Facts,
    ) -> io::Result<Option<Table<R>>> {
        let mut look = Vec::new();
        if let Err(error) = stream.by_ref().take(LOOK_BYTES as u64).read_to_end(&mut look) {
            facts.note(note_of(error)?);
        }
        let text = Text::new(look, stream);
        let delimiter = delimiter.unwrap_or_else(|| delimiter_of(text.ahead(), title_lines));
        let since = Rc::new(Cell::new(0));
        let guard = Guard { inner: text, since: Rc::clone(&since) };
        let csv = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .buffer_capacity(64 << 10)
            .from_reader(guard);
        let mut table = Table {
            csv,
            since,
            columns: Vec::new(),
            record: ByteRecord::new(),
            rows: 0,
            ended: false,
        };
        for _ in 0..=title_lines {
            if !table.advance(facts)? {
                return Ok(None);
            }
        }
        if table.record.len() > MAX_COLUMNS {
            facts.note(Note::TooManyColumns);
            return Ok(None);
        }
        table.columns = table.record.iter().map(|name| plain(&decoded(name))).collect();
        Ok(Some(table))
    }

    /// How many columns the header has.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    /// Rows read so far, after the header.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The first column of one of these names, letters and digits compared alone.
    pub fn column(&self, names: &[&str]) -> Option<usize> {
        names.iter().find_map(|name| {
            let name = plain(name);
            self.columns.iter().position(|column| *column == name)
        })
    }

    /// The next row. Ragged rows are noted and given as they are.
    pub fn next_row(&mut self, facts: &mut Facts) -> io::Result<Option<Row<'_>>> {
        if !self.advance(facts)? {
            return Ok(None);
        }
        self.rows += 1;
        if std::str::from_utf8(self.record.as_slice()).is_err() {
            facts.note_row(Note::Encoding, self.rows);
        }
        if self.record.len() != self.columns.len() {
            facts.note_row(Note::Ragged, self.rows);
        }
        Ok(Some(Row { record: &self.record, number: self.rows }))
    }

    fn advance(&mut self, facts: &mut Facts) -> io::Result<bool> {
        if self.ended {
            return Ok(false);
        }
        self.since.set(0);
        match self.csv.read_byte_record(&mut self.record) {
            Ok(more) => {
                self.ended = !more;
                Ok(more)
            }
            Err(error) => {
                self.ended = true;
                let error = match error.into_kind() {
                    csv::ErrorKind::Io(error) => error,
                    _ => trouble(Note::Damaged),
                };
                facts.note_row(note_of(error)?, self.rows + 1);
                Ok(false)
            }
        }
    }
}

impl<'a> Row<'a> {
    /// A field without blanks around; empty where the row has none.
    pub fn get(&self, column: Option<usize>) -> Cow<'a, str> {
        let field = column.and_then(|column| self.record.get(column)).unwrap_or_default();
        decoded(field.trim_ascii())
    }

    /// A field that says something.
    pub fn text(&self, column: Option<usize>) -> Option<Cow<'a, str>> {
        Some(self.get(column)).filter(|text| !text.is_empty())
    }
}

fn decoded(field: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(field) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(field.iter().map(|&byte| char::from(byte)).collect()),
    }
}

/// A column's name by which it is found: `deployment_id`, `deploymentID` and `Deployment Id` are one.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(256).collect()
}

/// The delimiter that the header line has most of, outside quotes.
fn delimiter_of(look: &[u8], title_lines: usize) -> u8 {
    let mut lines = look.split(|byte| b"\r\n".contains(byte)).filter(|line| !line.is_empty());
    let line = lines.nth(title_lines).unwrap_or_default();
    let count = |delimiter: u8| {
        let mut quoted = false;
        line.iter()
            .filter(|&&byte| {
                quoted ^= byte == b'"';
                !quoted && byte == delimiter
            })
            .count()
    };
    let mut best = b',';
    for delimiter in [b';', b'\t', b'|'] {
        if count(delimiter) > count(best) {
            best = delimiter;
        }
    }
    best
}

/// Ends a row that would fill the memory.
struct Guard<R> {
    inner: R,
    since: Rc<Cell<u64>>,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > MAX_ROW_BYTES {
            return Err(trouble(Note::RowTooLong));
        }
        let count = self.inner.read(buffer)?;
        self.since.set(self.since.get() + count as u64);
        Ok(count)
    }
}

/// The text of a stream as UTF-8 or an eight-bit alphabet, its mark away.
struct Text<R> {
    ahead: io::Cursor<Vec<u8>>,
    rest: R,
    wide: Option<Wide>,
}

/// UTF-16 under way: its order of bytes, and what has been read of a character.
struct Wide {
    little: bool,
    byte: Option<u8>,
    high: Option<u16>,
    ready: Vec<u8>,
    given: usize,
}

impl<R: Read> Text<R> {
    fn new(mut look: Vec<u8>, rest: R) -> Text<R> {
        let wide = |little| Wide { little, byte: None, high: None, ready: Vec::new(), given: 0 };
        let wide = match &look[..] {
            [0xff, 0xfe, ..] => Some(wide(true)),
            [0xfe, 0xff, ..] => Some(wide(false)),
            _ => None,
        };
        if wide.is_some() {
            look.drain(..2);
        } else if look.starts_with(b"\xef\xbb\xbf") {
            look.drain(..3);
        }
        Text { ahead: io::Cursor::new(look), rest, wide }
    }

    fn ahead(&self) -> &[u8] {
        self.ahead.get_ref()
    }

    fn raw(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.ahead.read(buffer)? {
            0 => self.rest.read(buffer),
            count => Ok(count),
        }
    }
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.wide.is_none() {
            return self.raw(buffer);
        }
        let mut raw = [0; 4_096];
        loop {
            if let Some(wide) = &mut self.wide {
                let waiting = &wide.ready[wide.given..];
                if !waiting.is_empty() {
                    let count = waiting.len().min(buffer.len());
                    buffer[..count].copy_from_slice(&waiting[..count]);
                    wide.given += count;
                    return Ok(count);
                }
                wide.ready.clear();
                wide.given = 0;
            }
            let count = self.raw(&mut raw)?;
            let Some(wide) = &mut self.wide else { return Ok(0) };
            if count == 0 {
                return Ok(0);
            }
            raw[..count].iter().for_each(|&byte| wide.take(byte));
        }
    }
}

impl Wide {
    fn take(&mut self, byte: u8) {
        let Some(first) = self.byte.take() else {
            self.byte = Some(byte);
            return;
        };
        let unit = match self.little {
            true => u16::from_le_bytes([first, byte]),
            false => u16::from_be_bytes([first, byte]),
        };
        let units = match self.high.take() {
            Some(high) => vec![high, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.high = Some(unit);
                return;
            }
            None => vec![unit],
        };
        for character in char::decode_utf16(units) {
            let character = character.unwrap_or(char::REPLACEMENT_CHARACTER);
            self.ready.extend(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(bytes: &[u8]) -> (Vec<Vec<String>>, Facts) {
        let mut facts = Facts::default();
        let mut all = Vec::new();
        if let Some(mut table) = Table::open(bytes, None, &mut facts).unwrap() {
            all.push(table.columns.clone());
            let width = table.width();
            while let Some(row) = table.next_row(&mut facts).unwrap() {
                all.push((0..width).map(|at| row.get(Some(at)).into_owned()).collect());
            }
        }
        (all, facts)
    }

    #[test]
    fn any_line_end_delimiter_and_alphabet() {
        let expected = vec![vec!["aid", "b"], vec!["1", "x, y"], vec!["2", ""]];
        for text in [
            &b"a_ID,b\n1,\"x, y\"\n2,\n"[..],
            b"a_ID,b\r1,\"x, y\"\r2,",
            b"\xef\xbb\xbfaID;B\r\n1;x, y\r\n2; \r\n",
            b"A-id\tb\n1\tx, y\n2\t\n",
        ] {
            assert_eq!(rows(text).0, expected, "{}", String::from_utf8_lossy(text));
        }
        let wide: Vec<u8> =
            "\u{feff}aid,b\n1,\"x, y\"\n2,".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(rows(&wide).0, expected);
        let (latin, facts) = rows(b"name\nGr\xfc\xdfe\n");
        assert_eq!(latin[1], ["Grüße"]);
        assert_eq!((facts.notes[0].note, facts.notes[0].row), (Note::Encoding, Some(1)));
    }

    #[test]
    fn ragged_rows_are_noted() {
        let (all, facts) = rows(b"a,b\n1\n1,2,3\n1,2\n");
        assert_eq!(all.len(), 4);
        assert_eq!(
            (facts.notes[0].note, facts.notes[0].row, facts.notes[0].times),
            (Note::Ragged, Some(1), 2)
        );
    }

    #[test]
    fn a_row_without_end_and_a_million_columns() {
        let endless = [&b"a,b\n\""[..], &vec![b'x'; 3 << 20]].concat();
        assert_eq!(rows(&endless).1.notes[0].note, Note::RowTooLong);
        assert_eq!(rows(&b"a,".repeat(1_000_000)).1.notes[0].note, Note::RowTooLong);
        assert_eq!(rows(&b"a,".repeat(5_000)).1.notes[0].note, Note::TooManyColumns);
    }
}
