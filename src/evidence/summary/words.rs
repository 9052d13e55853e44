//! A summary in sentences, for a person.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Summary;
use crate::evidence::formats::note::Note;
use crate::evidence::walk::Found;
use crate::statement::bodies::evidence::Period;

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
            list(indexes, &self.note_words(*note, indexes));
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

impl Summary {
    /// What a note says of its files, with the rows it is about.
    fn note_words(&self, note: Note, indexes: &[usize]) -> String {
        let rows: Vec<&(u64, u64)> =
            indexes.iter().filter_map(|index| self.rows.get(&(note, *index))).collect();
        match rows[..] {
            [] => note.to_string(),
            [(row, 1)] => format!("{note} (row {row})"),
            [(row, times)] => format!("{note} ({} rows, the first {row})", thousands(*times)),
            _ => {
                let times = rows.iter().map(|(_, times)| times).sum();
                format!("{note} ({} rows)", thousands(times))
            }
        }
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
    use super::super::tests::{files, tally};
    use super::*;

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
