//! What a reader yields about a file: the device's claims, what a table holds, and what is odd.
//!
//! Every reader fills the same [`Facts`]. A fact is what the file says, never what is true of the
//! world; what the file does not say is absent, and a zone is never guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::note::{Note, Noted};

/// The ceiling of a line of text: ten times the longest make, model, id or title seen, and a bound
/// for rows.
pub const MAX_LINE_BYTES: usize = 256;

/// Kinds of thing counted in one file, at most: no reader counts more than ten.
pub const MAX_COUNTS: usize = 16;

/// A date and time as the device's display showed it, whatever its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClockTime {
    /// Seconds from 1970-01-01T00:00:00 to this time on the same clock.
    pub seconds: i64,
    /// And milliseconds, where the device gives fractions.
    pub ms: Option<u16>,
}

/// A position (WGS 84) in micro-degrees: about 0.1 m.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// North positive, within ±90,000,000.
    pub latitude: i32,
    /// East positive, within ±180,000,000.
    pub longitude: i32,
}

/// The first and last time in a table, track or package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The earliest, in seconds from 1970-01-01T00:00:00.
    pub first: i64,
    /// The latest.
    pub last: i64,
    /// Whether these are UTC; else they are seconds of the device's own clock, its zone unknown.
    pub utc: bool,
}

/// The box around every position in a file, micro-degrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Southernmost.
    pub south: i32,
    /// Westernmost.
    pub west: i32,
    /// Northernmost.
    pub north: i32,
    /// Easternmost.
    pub east: i32,
}

impl Extent {
    /// Its four corners.
    pub fn corners(&self) -> [Place; 4] {
        let Extent { south, west, north, east } = *self;
        [(south, west), (south, east), (north, west), (north, east)]
            .map(|(latitude, longitude)| Place { latitude, longitude })
    }
}

/// How long a recording is and how densely it was sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// Length in milliseconds.
    pub ms: u64,
    /// Samples per second of each channel, for sound.
    pub hz: Option<u32>,
}

/// The place of a picture in the burst of one trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// Counted from 1.
    pub number: u16,
    /// Pictures of the burst, where the camera says.
    pub of: Option<u16>,
}

/// Everything one reading of a file found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the file was read as, with the version it names: `camtrap-dp/1.0.2`, `guano/1.0`.
    pub format: Option<String>,
    /// When the picture or recording began, on the device's clock.
    pub captured: Option<ClockTime>,
    /// Seconds east of UTC of that clock, where the device says.
    pub zone: Option<i32>,
    /// Where.
    pub place: Option<Place>,
    /// When, by the GPS receiver: seconds since 1970, UTC.
    pub gps_time: Option<i64>,
    /// Who made the device.
    pub make: Option<String>,
    /// Which model.
    pub model: Option<String>,
    /// The number on its body.
    pub serial: Option<String>,
    /// The picture's place in a burst.
    pub burst: Option<Burst>,
    /// Length and rate of sound or film.
    pub recording: Option<Recording>,
    /// First and last time within.
    pub span: Option<Span>,
    /// The box around all positions within.
    pub extent: Option<Extent>,
    /// How many of what: rows, fixes, animals, features.
    pub counts: BTreeMap<String, u64>,
    /// Scientific names of the animals that a collar's table is about.
    pub species: BTreeSet<String>,
    /// What the file calls itself.
    pub title: Option<String>,
    /// What could not be read, and what is odd.
    pub notes: Vec<Noted>,
}

impl Facts {
    /// Of a file read as `format`.
    pub fn of(format: impl Into<String>) -> Facts {
        Facts { format: one_line(&format.into()), ..Facts::default() }
    }

    /// Notes something about the file as a whole.
    pub fn note(&mut self, note: Note) {
        self.noted(note, None);
    }

    /// Notes something about one of its rows, counted from 1 after the header; the first row stands
    /// for all of the same trouble, with their number.
    pub fn note_row(&mut self, note: Note, row: u64) {
        self.noted(note, Some(row));
    }

    fn noted(&mut self, note: Note, row: Option<u64>) {
        match self.notes.iter_mut().find(|noted| noted.note == note) {
            Some(noted) => noted.times = noted.times.saturating_add(1),
            None => self.notes.push(Noted { note, row, times: 1 }),
        }
    }

    /// Adds to a count.
    pub fn count(&mut self, what: &str, more: u64) {
        if let Some(count) = self.counts.get_mut(what) {
            *count = count.saturating_add(more);
        } else if self.counts.len() < MAX_COUNTS && !what.is_empty() {
            self.counts.insert(what.to_owned(), more);
        }
    }

    /// Takes a time in a file that has many, seconds; UTC times win over those of unknown zone.
    pub fn include_time(&mut self, seconds: i64, utc: bool) {
        match &mut self.span {
            Some(span) if span.utc == utc => {
                span.first = span.first.min(seconds);
                span.last = span.last.max(seconds);
            }
            Some(span) if span.utc => {}
            _ => self.span = Some(Span { first: seconds, last: seconds, utc }),
        }
    }

    /// Takes a position in a file that has many.
    pub fn include_place(&mut self, place: Place) {
        let Place { latitude, longitude } = place;
        let known = self.extent.get_or_insert(Extent {
            south: latitude,
            west: longitude,
            north: latitude,
            east: longitude,
        });
        known.south = known.south.min(latitude);
        known.west = known.west.min(longitude);
        known.north = known.north.max(latitude);
        known.east = known.east.max(longitude);
    }

    /// Sets a title, if there is one line of it.
    pub fn entitle(&mut self, title: &str) {
        if self.title.is_none() {
            self.title = one_line(title);
        }
    }

    /// Notes in one order, whatever the order of reading.
    pub fn finish(mut self) -> Facts {
        self.notes.sort();
        self
    }
}

/// A line of text as a row can carry it: blanks at both ends away, white space made single, cut at
/// a character before [`MAX_LINE_BYTES`]; `None` if nothing is left or it holds control characters.
pub fn one_line(text: &str) -> Option<String> {
    // Long text is cut before it is copied.
    let text = text.trim_start();
    let mut end = text.len().min(4 * MAX_LINE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut line = String::new();
    for word in text[..end].split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let mut end = line.len().min(MAX_LINE_BYTES);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line.truncate(end);
    let line = line.trim_end().to_owned();
    (!line.is_empty() && !line.contains(char::is_control)).then_some(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_single_and_short() {
        assert_eq!(one_line("  a \n\t b  "), Some("a b".into()));
        assert_eq!(one_line(" \u{0} "), None);
        assert_eq!(one_line("  "), None);
        let long = one_line(&"é".repeat(4_000)).unwrap();
        assert!(long.len() <= MAX_LINE_BYTES && long.chars().all(|c| c == 'é'));
    }

    #[test]
    fn utc_wins_over_unknown_zones() {
        let mut facts = Facts::default();
        facts.include_time(5, false);
        facts.include_time(9, true);
        facts.include_time(1, false);
        facts.include_time(7, true);
        assert_eq!(facts.span, Some(Span { first: 7, last: 9, utc: true }));
    }

    #[test]
    fn the_same_trouble_is_told_once_with_its_first_row() {
        let mut facts = Facts::default();
        facts.note_row(Note::Ragged, 7);
        facts.note_row(Note::Ragged, 9);
        facts.note(Note::Empty);
        let facts = facts.finish();
        let ragged = facts.notes.iter().find(|noted| noted.note == Note::Ragged);
        assert_eq!(ragged, Some(&Noted { note: Note::Ragged, row: Some(7), times: 2 }));
    }
}
