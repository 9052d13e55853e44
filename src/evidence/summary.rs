//! What a person should know about a batch before it is signed: how much there is, what the clocks
//! say and where they cannot be right, what is there twice, what could not be read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::attribute::Attribute;
use super::formats::exif::{ClockTime, Note, Place};
use super::hashing::Problem;
use super::walk::Found;
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
    /// What reading the pictures noted.
    pub notes: BTreeMap<Note, Vec<usize>>,
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
    contents: Vec<(Hash, usize)>,
}

impl Tally {
    /// Of no files yet. `now` is in seconds since 1970, UTC.
    pub fn new(now: i64) -> Tally {
        Tally { now, summary: Summary::default(), contents: Vec::new() }
    }

    /// Counts a file that has a row.
    pub fn count<'a>(
        &mut self,
        index: usize,
        sha256: Hash,
        size: u64,
        attributes: impl IntoIterator<Item = &'a Attribute>,
        notes: impl IntoIterator<Item = Note>,
    ) {
        let summary = &mut self.summary;
        summary.files += 1;
        summary.bytes += size;
        summary.empty += u64::from(size == 0);
        let (mut captured, mut zone) = (None, None);
        for attribute in attributes {
            match attribute {
                Attribute::MediaType(kind) => {
                    *summary.media_types.entry(kind.clone()).or_default() += 1;
                }
                Attribute::Captured(ClockTime { seconds, .. }) => captured = Some(*seconds),
                Attribute::Zone(seconds) => zone = Some(i64::from(*seconds)),
                Attribute::Gps(place) => include_position(&mut summary.positions, *place),
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
        for note in notes {
            summary.notes.entry(note).or_default().push(index);
        }
        self.contents.push((sha256, index));
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
        self.contents.sort_unstable();
        let mut summary = self.summary;
        summary.duplicates = self
            .contents
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

fn include_position(positions: &mut Option<Positions>, place: Place) {
    let Place { latitude, longitude } = place;
    let grown = match *positions {
        None => Positions {
            files: 1,
            south: latitude,
            west: longitude,
            north: latitude,
            east: longitude,
        },
        Some(known) => Positions {
            files: known.files + 1,
            south: known.south.min(latitude),
            west: known.west.min(longitude),
            north: known.north.max(latitude),
            east: known.east.max(longitude),
        },
    };
    *positions = Some(grown);
}

impl Summary {
    /// The summary in sentences, for a person: most telling first, three names under each head.
    pub fn lines(&self, files: &[Found]) -> Vec<String> {
        let mut lines = Vec::new();
        let kinds: Vec<String> = by_count(&self.media_types)
            .into_iter()
            .map(|(kind, count)| format!("{} {kind}", thousands(count)))
            .collect();
        lines.push(format!("{}, {} bytes", count_of(self.files, "file"), thousands(self.bytes)));
        if !kinds.is_empty() {
            lines.push(kinds.join(", "));
        }
        if let Some(period) = self.captured.utc {
            lines.push(format!(
                "devices say {} UTC ({})",
                words(&period),
                count_of(period.files, "file")
            ));
        }
        if let Some(period) = self.captured.local {
            let files = count_of(period.files, "file");
            lines.push(format!("device clocks say {}, zone unknown ({files})", words(&period)));
        }
        let mut list = |indexes: &[usize], what: &str| {
            if !indexes.is_empty() {
                let count = count_of(indexes.len() as u64, "file");
                lines.push(format!("{count} {what}: {}", names(indexes, files)));
            }
        };
        list(&self.before_2000, "with a clock before the year 2000");
        list(&self.after_now, "with a clock ahead of this computer's");
        for (note, indexes) in &self.notes {
            list(indexes, &note.to_string());
        }
        list(&self.recorded, "already recorded with the same content");
        for same in &self.duplicates {
            list(same, "with one and the same content");
        }
        if self.empty > 0 {
            lines.push(format!("{} without any bytes", count_of(self.empty, "file")));
        }
        if let Some(positions) = self.positions {
            let files = count_of(positions.files, "file");
            lines.push(format!(
                "{files} with a position: giving away the file gives away the place"
            ));
        }
        lines
    }
}

/// `2026-02-01 05:12 to 2026-02-28 18:40`, or one time if both are the same minute.
fn words(period: &Period) -> String {
    let minute = |seconds| match Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d %H:%M").to_string(),
        Err(_) => format!("{seconds} s"),
    };
    let (first, last) = (minute(period.first), minute(period.last));
    if first == last { first } else { format!("{first} to {last}") }
}

/// Most first; equal counts by name.
fn by_count(kinds: &BTreeMap<String, u64>) -> Vec<(&str, u64)> {
    let mut kinds: Vec<_> = kinds.iter().map(|(kind, count)| (kind.as_str(), *count)).collect();
    kinds.sort_by_key(|&(kind, count)| (std::cmp::Reverse(count), kind));
    kinds
}

/// The first three, and how many more.
fn names(indexes: &[usize], files: &[Found]) -> String {
    let first: Vec<String> = indexes.iter().take(3).map(|&i| files[i].path.to_string()).collect();
    match indexes.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {} more", first.join(", "), thousands(more as u64)),
    }
}

fn count_of(count: u64, what: &str) -> String {
    format!("{} {what}{}", thousands(count), if count == 1 { "" } else { "s" })
}

/// `1,234,567`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::evidence::path::RowPath;
    use crate::evidence::walk::Stamp;

    const NOW: i64 = 1_772_215_920; // 2026-02-27T18:12:00Z

    fn files(count: usize) -> Vec<Found> {
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

    fn tally(order: &[usize]) -> Summary {
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
                    [Note::NoFix],
                ),
                2 => tally.count(n, a, 5, &[jpeg(), clock(NOW + FURTHEST_EAST)], [Note::NoFix]),
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
                include_position(&mut positions, Place { latitude, longitude });
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

    #[test]
    fn sentences_for_a_person() {
        assert_eq!(
            tally(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]).lines(&files(10)),
            [
                "8 files, 43 bytes",
                "7 image/jpeg, 1 text/csv",
                "devices say 1970-01-01 00:00 to 2026-02-27 18:12 UTC (3 files)",
                "device clocks say 2026-02-27 18:10 to 2026-02-28 08:12, zone unknown (3 files)",
                "1 file with a clock before the year 2000: cam/4.jpg",
                "2 files with a clock ahead of this computer's: cam/5.jpg, cam/6.jpg",
                "2 files with GPS fields but no position: cam/1.jpg, cam/2.jpg",
                "1 file already recorded with the same content: cam/7.jpg",
                "3 files with one and the same content: cam/0.jpg, cam/2.jpg, cam/9.jpg",
                "1 file without any bytes",
                "1 file with a position: giving away the file gives away the place",
            ]
        );
        assert_eq!(tally(&[]).lines(&[]), ["0 files, 0 bytes"]);
        assert_eq!(
            names(&[0, 1, 2, 3, 4], &files(5)),
            "cam/0.jpg, cam/1.jpg, cam/2.jpg and 2 more"
        );
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(thousands(123), "123");
    }
}
