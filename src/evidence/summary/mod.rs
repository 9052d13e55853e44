//! What a person should know about a batch before it is signed: how much there is, what the clocks
//! say and where they cannot be right, what is there twice, what could not be read.

mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::attribute::Attribute;
use super::field::Field;
use super::field::clocks::{Clocks, Finding};
use super::formats::facts::{ClockTime, Place, Span};
use super::formats::note::{Note, Noted};
use super::hashing::Problem;
use crate::statement::bodies::evidence::{self as statement, Captured, Period};
use crate::tlog::hash::Hash;

/// The facts of a batch. Numbers in lists are indexes into the files of the walk.
#[derive(Debug, Default)]
pub struct Summary {
    /// Files that have a row.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files of no bytes among them.
    pub empty: u64,
    /// How many of each media type.
    pub media_types: BTreeMap<String, u64>,
    /// When the devices say: by clocks that name their offset, and by those that do not.
    pub captured: Captured,
    /// Files whose clock shows a time before 2000: it was never set, or forgot.
    pub before_2000: Vec<usize>,
    /// Files whose clock is ahead of the time told, wherever on Earth the device was.
    pub after_now: Vec<usize>,
    /// Files with a position, which whoever gets the file gets, too, and the box around them.
    pub positions: Option<Positions>,
    /// What reading the files noted.
    pub notes: BTreeMap<Note, Vec<usize>>,
    /// Of those that are about rows of a table: the first such row, and how many.
    pub rows: BTreeMap<(Note, usize), (u64, u64)>,
    /// How many files were read as what.
    pub formats: BTreeMap<String, u64>,
    /// Files that a device made: with a camera's model or a recording's length.
    pub from_devices: u64,
    /// Files whose labels say that people, vehicles or something unknown are on them.
    pub people: u64,
    /// Files that a public batch keeps sealed.
    pub kept_sealed: u64,
    /// What is odd about devices' clocks, and their silences.
    pub clocks: Vec<Finding>,
    /// Species that files are labelled with, or collars are on.
    pub species: BTreeSet<String>,
    /// Expected members of a series that are not here.
    pub missing: Vec<String>,
    /// Names on the list of sensitive species that no file shows.
    pub unknown_taxa: Vec<String>,
    /// Files of equal content: each list is one content, of two files or more.
    pub duplicates: Vec<Vec<usize>>,
    /// Files whose content the ledger already has; they get no new row.
    pub recorded: Vec<usize>,
    /// Files that could not be read as a whole.
    pub problems: Vec<(usize, Problem)>,
}

/// The positions that devices say, in micro-degrees: never to be published as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Positions {
    /// How many files have one.
    pub files: u64,
    /// Southernmost.
    pub south: i32,
    /// Westernmost.
    pub west: i32,
    /// Northernmost.
    pub north: i32,
    /// Easternmost.
    pub east: i32,
}

impl From<Place> for Positions {
    /// Of one place, told of one file.
    fn from(Place { latitude, longitude }: Place) -> Positions {
        Positions { files: 1, south: latitude, west: longitude, north: latitude, east: longitude }
    }
}

impl Positions {
    /// The box around all positions, widened to the next multiples of `step` micro-degrees: what an
    /// anchor may say of where. `step` is 1 to 90,000,000 and divides 90,000,000, so that poles and
    /// the date line are on the grid; else `None`.
    pub fn on_grid(&self, step: i64) -> Option<statement::Place> {
        const QUARTER: i64 = 90_000_000;
        if step < 1 || QUARTER % step != 0 {
            return None;
        }
        let down = |edge: i32| i64::from(edge).div_euclid(step) * step;
        let up = |edge: i32| -(-i64::from(edge)).div_euclid(step) * step;
        // A single value on a line of the grid would be told exactly: it gets a cell, too.
        let cell = |low: i64, high: i64, limit: i64| match (low == high, high == limit) {
            (false, _) => (low, high),
            (true, false) => (low, high + step),
            (true, true) => (low - step, high),
        };
        let (south, north) = cell(down(self.south), up(self.north), QUARTER);
        let (west, east) = cell(down(self.west), up(self.east), 2 * QUARTER);
        Some(statement::Place { south, west, north, east, step })
    }
}

/// 2000-01-01T00:00:00: no camera of the field is older, and clocks that forget go back before it.
const YEAR_2000: i64 = 946_684_800;

/// The zone furthest east in use: a clock there is 14 hours ahead of UTC.
const FURTHEST_EAST: i64 = 14 * 3_600;

/// Collects a [`Summary`] file by file, in any order.
#[derive(Debug)]
pub struct Tally {
    now: i64,
    summary: Summary,
    /// To see contents that occur twice; not kept of a part.
    contents: Option<Vec<(Hash, usize)>>,
    clocks: Clocks,
}

impl Tally {
    /// Of no files yet. `now` is in seconds since 1970, UTC.
    pub fn new(now: i64) -> Tally {
        let contents = Some(Vec::new());
        Tally { now, summary: Summary::default(), contents, clocks: Clocks::default() }
    }

    /// Of a part of a batch, for its anchor: without what only the whole shows.
    pub fn of_a_part(now: i64) -> Tally {
        Tally { contents: None, ..Tally::new(now) }
    }

    /// Takes what only shows in the whole: who is on it, and what the clocks say.
    pub fn seen(&mut self, index: usize, attributes: &[Attribute], field: &Field) {
        let summary = &mut self.summary;
        summary.kept_sealed += u64::from(field.seals(attributes));
        for attribute in attributes {
            match attribute {
                Attribute::Format(format) => {
                    *summary.formats.entry(format.clone()).or_default() += 1;
                }
                Attribute::Species(names) => summary.species.extend(names.iter().cloned()),
                Attribute::Labels(labels) => {
                    let people =
                        |label: &String| ["human", "vehicle", "unknown"].contains(&label.as_str());
                    summary.people += u64::from(labels.iter().any(people));
                }
                _ => {}
            }
        }
        let made = |attribute: &Attribute| {
            matches!(attribute, Attribute::CameraModel(_) | Attribute::Recording(_))
        };
        summary.from_devices += u64::from(attributes.iter().any(made));
        let table = field.tie(index).and_then(|tie| Some((tie.wall?, tie.utc)));
        self.clocks.take(index, attributes, table);
    }

    /// Counts a file that has a row.
    pub fn count<'a>(
        &mut self,
        index: usize,
        sha256: Hash,
        size: u64,
        attributes: impl IntoIterator<Item = &'a Attribute>,
        notes: impl IntoIterator<Item = Noted>,
    ) {
        let summary = &mut self.summary;
        summary.files += 1;
        summary.bytes += size;
        summary.empty += u64::from(size == 0);
        let (mut captured, mut zone, mut span) = (None, None, None);
        for attribute in attributes {
            match attribute {
                Attribute::MediaType(kind) => {
                    *summary.media_types.entry(kind.clone()).or_default() += 1;
                }
                Attribute::Captured(ClockTime { seconds, .. }) => captured = Some(*seconds),
                Attribute::Zone(seconds) => zone = Some(i64::from(*seconds)),
                Attribute::Gps(place) => include_position(&mut summary.positions, &[*place]),
                Attribute::Extent(extent) => {
                    include_position(&mut summary.positions, &extent.corners());
                }
                Attribute::Span(known) => span = Some(*known),
                _ => {}
            }
        }
        if let Some(wall) = captured {
            let earliest = wall - zone.unwrap_or(FURTHEST_EAST);
            match zone {
                Some(zone) => include(&mut summary.captured.utc, wall - zone),
                None => include(&mut summary.captured.local, wall),
            }
            if wall < YEAR_2000 {
                summary.before_2000.push(index);
            } else if earliest > self.now {
                summary.after_now.push(index);
            }
        }
        if let (None, Some(Span { first, last, utc })) = (captured, span) {
            let period = if utc { &mut summary.captured.utc } else { &mut summary.captured.local };
            include(period, first);
            include(period, last);
            // One file, though it has two times.
            if let Some(period) = period {
                period.files -= 1;
            }
            let earliest = if utc { last } else { last - FURTHEST_EAST };
            if earliest > self.now {
                summary.after_now.push(index);
            }
        }
        for Noted { note, row, times } in notes {
            let indexes = summary.notes.entry(note).or_default();
            if indexes.last() != Some(&index) {
                indexes.push(index);
            }
            if let Some(row) = row {
                summary.rows.insert((note, index), (row, times));
            }
        }
        if let Some(contents) = &mut self.contents {
            contents.push((sha256, index));
        }
    }

    /// Notes a file that the ledger already has.
    pub fn recorded(&mut self, index: usize) {
        self.summary.recorded.push(index);
    }

    /// Notes a file that has no row because of a problem.
    pub fn problem(&mut self, index: usize, problem: Problem) {
        self.summary.problems.push((index, problem));
    }

    /// How many files have a row so far.
    pub fn files(&self) -> u64 {
        self.summary.files
    }

    /// The summary, the same whatever the order of counting.
    pub fn finish(mut self) -> Summary {
        let mut contents = self.contents.take().unwrap_or_default();
        contents.sort_unstable();
        let mut summary = self.summary;
        summary.clocks = self.clocks.findings();
        summary.duplicates = contents
            .chunk_by(|a, b| a.0 == b.0)
            .filter(|same| same.len() > 1)
            .map(|same| same.iter().map(|(_, index)| *index).collect())
            .collect();
        summary.duplicates.sort();
        summary.problems.sort_by_key(|(index, _)| *index);
        let lists = [&mut summary.before_2000, &mut summary.after_now, &mut summary.recorded];
        lists.into_iter().chain(summary.notes.values_mut()).for_each(|list| list.sort_unstable());
        summary
    }
}

fn include(period: &mut Option<Period>, seconds: i64) {
    let grown = match *period {
        None => Period { first: seconds, last: seconds, files: 1 },
        Some(Period { first, last, files }) => {
            Period { first: first.min(seconds), last: last.max(seconds), files: files + 1 }
        }
    };
    *period = Some(grown);
}

/// Takes the place of a file, or the corners of its box.
fn include_position(positions: &mut Option<Positions>, places: &[Place]) {
    let Some(first) = places.first() else { return };
    let known = positions.get_or_insert(Positions {
        files: 0,
        south: first.latitude,
        west: first.longitude,
        north: first.latitude,
        east: first.longitude,
    });
    known.files += 1;
    for Place { latitude, longitude } in places {
        known.south = known.south.min(*latitude);
        known.west = known.west.min(*longitude);
        known.north = known.north.max(*latitude);
        known.east = known.east.max(*longitude);
    }
}

#[cfg(test)]
pub(in crate::evidence::summary) mod tests {
    use std::path::Path;

    use super::*;
    use crate::evidence::path::RowPath;
    use crate::evidence::walk::{Found, Stamp};

    const NOW: i64 = 1_772_215_920; // 2026-02-27T18:12:00Z

    pub(super) fn files(count: usize) -> Vec<Found> {
        let stamp = Stamp { size: 1, modified: None };
        let path = |n| RowPath::new(format!("cam/{n}.jpg").as_bytes()).unwrap();
        (0..count).map(|n| Found::new(Path::new("/e").into(), path(n), stamp)).collect()
    }

    fn clock(seconds: i64) -> Attribute {
        Attribute::Captured(ClockTime { seconds, ms: None })
    }

    fn jpeg() -> Attribute {
        Attribute::MediaType("image/jpeg".into())
    }

    pub(super) fn tally(order: &[usize]) -> Summary {
        let mut tally = Tally::new(NOW);
        for &n in order {
            let (a, b) = (Hash([1; 32]), Hash([n as u8 + 10; 32]));
            match n {
                0 => tally.count(n, a, 5, &[jpeg(), clock(NOW - 100)], []),
                1 => tally.count(
                    n,
                    b,
                    5,
                    &[jpeg(), clock(NOW), Attribute::Zone(7_200)],
                    [Note::NoFix.into()],
                ),
                2 => tally.count(
                    n,
                    a,
                    5,
                    &[jpeg(), clock(NOW + FURTHEST_EAST)],
                    [Note::NoFix.into()],
                ),
                3 => tally.count(n, b, 0, &[Attribute::MediaType("text/csv".into())], []),
                4 => tally.count(n, b, 7, &[jpeg(), clock(5), Attribute::Zone(0)], []),
                5 => tally.count(n, b, 7, &[jpeg(), clock(NOW + FURTHEST_EAST + 1)], []),
                6 => tally.count(n, b, 7, &[jpeg(), clock(NOW + 61), Attribute::Zone(60)], []),
                7 => tally.recorded(n),
                8 => tally.problem(n, Problem::Grew),
                _ => {
                    let place = Place { latitude: 1, longitude: 2 };
                    tally.count(n, a, 7, &[jpeg(), Attribute::Gps(place)], []);
                }
            }
        }
        tally.finish()
    }

    #[test]
    fn facts_whatever_the_order() {
        for order in [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]] {
            let summary = tally(&order);
            assert_eq!((summary.files, summary.bytes, summary.empty), (8, 43, 1));
            assert_eq!(summary.media_types["image/jpeg"], 7);
            let utc = Period { first: 5, last: NOW + 1, files: 3 };
            assert_eq!(summary.captured.utc, Some(utc));
            let last = NOW + FURTHEST_EAST + 1;
            assert_eq!(summary.captured.local, Some(Period { first: NOW - 100, last, files: 3 }));
            assert_eq!(summary.before_2000, [4]);
            // 2 could still be a clock in Kiribati; 5 could not, and 6 says its own zone.
            assert_eq!(summary.after_now, [5, 6]);
            assert_eq!(summary.notes[&Note::NoFix], [1, 2]);
            assert_eq!(summary.duplicates, [vec![0, 2, 9]]);
            assert_eq!((summary.recorded, summary.positions.unwrap().files), (vec![7], 1));
            assert!(matches!(summary.problems[..], [(8, Problem::Grew)]));
        }
    }

    #[test]
    fn positions_are_only_told_on_a_grid() {
        let at = |places: &[(i32, i32)]| {
            let mut positions = None;
            for &(latitude, longitude) in places {
                include_position(&mut positions, &[Place { latitude, longitude }]);
            }
            let place = positions.unwrap().on_grid(100_000).unwrap();
            [place.south, place.west, place.north, place.east].map(|edge| edge / 100_000)
        };
        assert_eq!(at(&[(46_661_234, 10_191_234)]), [466, 101, 467, 102]);
        assert_eq!(at(&[(46_661_234, 10_191_234), (46_700_001, -1)]), [466, -1, 468, 102]);
        assert_eq!(at(&[(-1, -1)]), [-1, -1, 0, 0]);
        // Exactly on the grid, on the poles, on the date line: still a box.
        assert_eq!(at(&[(0, 0)]), [0, 0, 1, 1]);
        assert_eq!(at(&[(90_000_000, 180_000_000)]), [899, 1799, 900, 1800]);
        assert_eq!(at(&[(-90_000_000, -180_000_000)]), [-900, -1800, -899, -1799]);
        let one = Positions { files: 1, south: 0, west: 0, north: 0, east: 0 };
        assert_eq!([0, -1, 7_000_001].map(|step| one.on_grid(step)), [None; 3]);
    }
}
