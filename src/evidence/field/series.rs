//! Photo series: the same station, plot and subject (a coral fragment, a tree) pictured time after
//! time. What a picture belongs to is read from its name or from a table; a list of expected
//! members makes a missing one show.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::path::Path;

use serde::Deserialize;

use super::profile::{ProfileError, fits};
use super::{Field, MAX_MISSING, last_part};
use crate::evidence::attribute::{Attribute, SERIES_KEYS};
use crate::evidence::formats::delimited::Table;
use crate::evidence::formats::facts::{ClockTime, Facts, one_line};
use crate::evidence::formats::moment;
use crate::evidence::formats::note::Note;
use crate::evidence::walk::Found;

/// Rows of a list, at most: fifty thousand fragments are the largest series known.
const MAX_MEMBERS: usize = 1_000_000;

/// A series as a profile describes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    files: String,
    /// The pattern of names: `{station}_{plot}_{subject}_{date}.jpg`.
    name: Option<String>,
    /// How dates are written in names and tables, in the signs of strftime.
    date_format: Option<String>,
    /// A table with the columns `file`, and `station`, `plot`, `subject`, `date` as there are.
    table: Option<String>,
    /// A table with the columns `station`, `plot`, `subject`, as there are: who should be here.
    expected: Option<String>,
    #[serde(skip)]
    pattern: Vec<Part>,
    #[serde(skip)]
    listed: HashMap<String, Member>,
    #[serde(skip)]
    awaited: BTreeSet<BTreeMap<String, String>>,
}

/// A piece of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Field(String),
}

/// What a picture belongs to, and its date.
#[derive(Clone, Debug, Default)]
struct Member {
    keys: BTreeMap<String, String>,
    date: Option<ClockTime>,
}

impl Series {
    /// Reads the pattern and the tables.
    pub(super) fn prepare(&mut self, folder: &Path) -> Result<(), ProfileError> {
        if let Some(name) = &self.name {
            self.pattern = pattern(name).ok_or_else(|| ProfileError::Pattern(name.clone()))?;
        } else if self.table.is_none() {
            return Err(ProfileError::Pattern(String::new()));
        }
        if let Some(table) = self.table.clone() {
            let mut listed = HashMap::new();
            self.each_row(&folder.join(&table), &table, &mut |file, member| {
                listed.insert(file, member);
            })?;
            self.listed = listed;
        }
        if let Some(expected) = self.expected.clone() {
            let mut awaited = BTreeSet::new();
            self.each_row(&folder.join(&expected), &expected, &mut |_, member| {
                awaited.insert(member.keys);
            })?;
            awaited.remove(&BTreeMap::new());
            self.awaited = awaited;
        }
        Ok(())
    }

    fn each_row(
        &self,
        place: &Path,
        name: &str,
        take: &mut dyn FnMut(String, Member),
    ) -> Result<(), ProfileError> {
        let cannot = |why: String| ProfileError::Table(name.to_owned(), why);
        let file = File::open(place).map_err(|why| cannot(why.to_string()))?;
        let mut facts = Facts::default();
        let table = Table::open(file, None, &mut facts).map_err(|why| cannot(why.to_string()))?;
        let Some(mut table) = table else { return Err(cannot("it holds no table".into())) };
        let keys = SERIES_KEYS.map(|key| (key, table.column(&[key])));
        let (file, date) = (table.column(&["file"]), table.column(&["date"]));
        if keys.iter().all(|(_, column)| column.is_none()) {
            return Err(cannot("it has none of the columns station, plot, subject".into()));
        }
        while let Some(row) = table.next_row(&mut facts).map_err(|why| cannot(why.to_string()))? {
            if row.number > MAX_MEMBERS as u64 {
                return Err(cannot(format!("it has more than {MAX_MEMBERS} rows")));
            }
            let keys = keys
                .iter()
                .filter_map(|(key, column)| {
                    Some(((*key).to_owned(), one_line(&row.text(*column)?)?))
                })
                .collect();
            take(row.get(file).into_owned(), Member { keys, date: self.date(&row.get(date)) });
        }
        Ok(())
    }

    fn date(&self, text: &str) -> Option<ClockTime> {
        let moment = match &self.date_format {
            Some(format) => moment::read_as(format, text),
            None => moment::read(text),
        };
        moment.ok().map(|moment| moment.clock)
    }

    /// Ties the files of the series, and finds out who is missing.
    pub(super) fn read(&self, files: &[Found], field: &mut Field) {
        let mut seen = BTreeSet::new();
        for (index, found) in files.iter().enumerate() {
            let name = last_part(found);
            if !fits(&self.files, name) {
                continue;
            }
            let name = String::from_utf8_lossy(name).into_owned();
            let path = String::from_utf8_lossy(found.path.as_bytes()).into_owned();
            let listed = self.listed.get(&path).or_else(|| self.listed.get(&name)).cloned();
            let Some(member) = listed.or_else(|| self.named(&name)) else {
                field.note(index, Note::SeriesUnknown, None);
                continue;
            };
            let own = &mut field.tie_mut(index).own;
            own.retain(|attribute| !matches!(attribute, Attribute::Series(_)));
            if !member.keys.is_empty() {
                own.push(Attribute::Series(member.keys.clone()));
            }
            seen.insert(member.keys);
        }
        let missing: Vec<_> = self.awaited.difference(&seen).collect();
        for keys in missing.into_iter().take(MAX_MISSING.saturating_sub(field.missing.len())) {
            let words: Vec<String> =
                keys.iter().map(|(key, value)| format!("{key} {value}")).collect();
            field.missing.push(words.join(", "));
        }
    }

    /// What a name says by the pattern.
    fn named(&self, name: &str) -> Option<Member> {
        let mut member = Member::default();
        let mut rest = name;
        let mut parts = self.pattern.iter().peekable();
        parts.peek()?;
        while let Some(part) = parts.next() {
            match part {
                Part::Text(text) => rest = rest.strip_prefix(text.as_str())?,
                Part::Field(field) => {
                    let end = match parts.peek() {
                        Some(Part::Text(text)) => rest.find(text.as_str())?,
                        _ => rest.len(),
                    };
                    let value = &rest[..end];
                    rest = &rest[end..];
                    match field.as_str() {
                        "date" => member.date = Some(self.date(value)?),
                        "any" => {}
                        key => {
                            member.keys.insert(key.to_owned(), one_line(value)?);
                        }
                    }
                }
            }
        }
        rest.is_empty().then_some(member)
    }
}

/// Texts and fields, no two fields side by side, at least one of the keys.
fn pattern(text: &str) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('{') {
        if at > 0 {
            parts.push(Part::Text(rest[..at].to_owned()));
        } else if matches!(parts.last(), Some(Part::Field(_))) {
            return None;
        }
        let (field, after) = rest[at + 1..].split_once('}')?;
        if !SERIES_KEYS.contains(&field) && !["date", "any"].contains(&field) {
            return None;
        }
        parts.push(Part::Field(field.to_owned()));
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    let has_key = parts
        .iter()
        .any(|part| matches!(part, Part::Field(field) if SERIES_KEYS.contains(&field.as_str())));
    has_key.then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::path::RowPath;
    use crate::evidence::walk::Stamp;

    #[test]
    fn fragments_by_name_and_the_missing_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("list.csv"),
            "station,plot,subject\nA,T3,F-1\nA,T3,F-2\nA,T4,F-9\n",
        )
        .unwrap();
        let mut series = Series {
            files: "*.jpg".into(),
            name: Some("{station}_{plot}_{subject}_{date}.jpg".into()),
            date_format: Some("%Y%m%d".into()),
            expected: Some("list.csv".into()),
            ..Series::default()
        };
        series.prepare(folder.path()).unwrap();
        let found = |name: &str| {
            let stamp = Stamp { size: 1, modified: None };
            Found::new(folder.path().into(), RowPath::new(name.as_bytes()).unwrap(), stamp)
        };
        let files =
            ["s/A_T3_F-1_20240501.jpg", "s/A_T4_F-9_20240501.jpg", "s/IMG_1.jpg", "s/x.txt"]
                .map(found);
        let mut field = Field::default();
        series.read(&files, &mut field);
        let keys = [("plot", "T3"), ("station", "A"), ("subject", "F-1")];
        let keys = keys.map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(field.attributes(0), [Attribute::Series(keys.into())]);
        assert_eq!(field.notes(2), [Note::SeriesUnknown.into()]);
        assert_eq!(field.notes(3), []);
        assert_eq!(field.missing, ["plot T3, station A, subject F-2"]);
        // A date that is none is not of the series.
        assert!(series.named("A_T3_F-1_20240231.jpg").is_none());
    }
}
