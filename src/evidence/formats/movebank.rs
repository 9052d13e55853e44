//! Movebank's exports: events of collars and tags, and the reference data of their deployments.
//!
//! Movebank's attribute dictionary: `timestamp` is UTC without a mark; `visible` is false where an
//! outlier was marked, and such rows stay countable. Ids are unique within one study only.

use std::collections::{HashMap, HashSet};
use std::io::{self, Read};

use super::coordinate;
use super::delimited::Table;
use super::facts::{Facts, one_line};
use super::moment::{self, NotATime};
use super::note::Note;

/// Species that a row can carry; a study of more is told by the first.
const MAX_SPECIES: usize = 32;
/// Animals and tags told apart, at most: a hundred times the largest study.
const MAX_IDS: usize = 100_000;

/// Whether a table is Movebank's.
pub fn is_events<R: Read>(table: &Table<R>) -> bool {
    table.column(&["event-id"]).is_some()
        && table.column(&["timestamp"]).is_some()
        && table.column(&["tag-local-identifier", "individual-local-identifier"]).is_some()
}

/// Whether a table is the reference data of a study.
pub fn is_reference<R: Read>(table: &Table<R>) -> bool {
    ["tag-id", "animal-id", "deploy-on-date"].iter().all(|name| table.column(&[name]).is_some())
}

/// Distinct texts, up to a ceiling.
#[derive(Default)]
struct Distinct(HashSet<String>);

impl Distinct {
    fn take(&mut self, text: &str) {
        if !text.is_empty() && self.0.len() < MAX_IDS && !self.0.contains(text) {
            self.0.insert(text.to_owned());
        }
    }

    fn count(&self) -> u64 {
        self.0.len() as u64
    }
}

/// Fixes, animals, tags, hidden outliers, the span, the box and the longest gap of one animal.
pub fn events<R: Read>(table: &mut Table<R>, facts: &mut Facts) -> io::Result<()> {
    facts.format = Some("movebank/events".into());
    let time = table.column(&["timestamp"]);
    let (latitude, longitude) = (table.column(&["location-lat"]), table.column(&["location-long"]));
    let tag = table.column(&["tag-local-identifier"]);
    let animal = table.column(&["individual-local-identifier", "tag-local-identifier"]);
    let visible = table.column(&["visible"]);
    let (study, taxon) =
        (table.column(&["study-name"]), table.column(&["individual-taxon-canonical-name"]));
    let (mut tags, mut animals, mut taxa) =
        (Distinct::default(), Distinct::default(), Distinct::default());
    let mut last: HashMap<String, i64> = HashMap::new();
    let (mut hidden, mut fixes, mut longest_gap) = (0, 0, 0);
    while let Some(row) = table.next_row(facts)? {
        let (animal, number) = (row.get(animal), row.number);
        tags.take(&row.get(tag));
        animals.take(&animal);
        taxa.take(&row.get(taxon));
        if facts.species.len() < MAX_SPECIES
            && let Some(name) = row.text(taxon).and_then(|name| one_line(&name))
        {
            facts.species.insert(name);
        }
        hidden += u64::from(row.get(visible).eq_ignore_ascii_case("false"));
        if number == 1 {
            facts.entitle(&row.get(study));
        }
        match coordinate::place(&row.get(latitude), &row.get(longitude)) {
            Ok(Some(place)) => {
                fixes += 1;
                facts.include_place(place);
            }
            Ok(None) => {}
            Err(note) => facts.note_row(note, number),
        }
        match moment::read(&row.get(time)).map(|moment| moment.or_utc().seconds().0) {
            Ok(seconds) => {
                facts.include_time(seconds, true);
                if let Some(before) = last.get_mut(&*animal) {
                    longest_gap = longest_gap.max(seconds - *before);
                    *before = seconds;
                } else if last.len() < MAX_IDS {
                    last.insert(animal.into_owned(), seconds);
                }
            }
            Err(why) => note_time(facts, why, number),
        }
    }
    let rows = table.rows();
    for (what, count) in [
        ("rows", rows),
        ("fixes", fixes),
        ("animals", animals.count()),
        ("tags", tags.count()),
        ("species", taxa.count()),
        ("hidden", hidden),
        ("longest_gap_s", u64::try_from(longest_gap).unwrap_or(0)),
    ] {
        facts.count(what, count);
    }
    Ok(())
}

/// Tags, animals and the span of their deployments.
pub fn reference<R: Read>(table: &mut Table<R>, facts: &mut Facts) -> io::Result<()> {
    facts.format = Some("movebank/reference".into());
    let (tag, animal) = (table.column(&["tag-id"]), table.column(&["animal-id"]));
    let days = [table.column(&["deploy-on-date"]), table.column(&["deploy-off-date"])];
    let (mut tags, mut animals) = (Distinct::default(), Distinct::default());
    while let Some(row) = table.next_row(facts)? {
        tags.take(&row.get(tag));
        animals.take(&row.get(animal));
        let times = days.map(|day| moment::read(&row.get(day)).map(|m| m.or_utc().seconds().0));
        let number = row.number;
        for time in times {
            match time {
                Ok(seconds) => facts.include_time(seconds, true),
                Err(why) => note_time(facts, why, number),
            }
        }
        if let [Ok(on), Ok(off)] = times
            && off < on
        {
            facts.note_row(Note::DeploymentBackwards, number);
        }
    }
    let rows = table.rows();
    for (what, count) in
        [("deployments", rows), ("animals", animals.count()), ("tags", tags.count())]
    {
        facts.count(what, count);
    }
    Ok(())
}

/// Notes why a row has no time; a blank is none.
pub fn note_time(facts: &mut Facts, why: NotATime, row: u64) {
    match why {
        NotATime::Blank => {}
        NotATime::Unset => facts.note_row(Note::ClockUnset, row),
        NotATime::Malformed => facts.note_row(Note::RowTime, row),
        NotATime::Ambiguous => facts.note_row(Note::AmbiguousTime, row),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fixes_animals_and_gaps() {
        let text = "event-id,visible,timestamp,location-long,location-lat,tag-local-identifier,\
                    individual-local-identifier,study-name\n\
                    1,true,2014-02-11 21:00:00.000,-112.0,38.2,T1,Mira,Pumas\n\
                    2,false,2014-02-11 22:00:00.000,,,T1,Mira,Pumas\n\
                    3,true,2014-02-12 22:00:00.000,38.2,-112.0,T2,Ada,Pumas\n\
                    4,true,2014-02-13 22:00:00.000,-112.5,38.9,T1,Mira,Pumas\n\
                    5,true,31.02.2014,0,0,T1,Mira,Pumas\n";
        let mut facts = Facts::default();
        let mut table = Table::open(text.as_bytes(), None, &mut facts).unwrap().unwrap();
        assert!(is_events(&table));
        events(&mut table, &mut facts).unwrap();
        let count = |what: &str| facts.counts[what];
        assert_eq!(
            (count("rows"), count("fixes"), count("animals"), count("tags"), count("hidden")),
            (5, 2, 2, 2, 1)
        );
        assert_eq!(count("longest_gap_s"), 2 * 86_400);
        assert_eq!(facts.title.as_deref(), Some("Pumas"));
        let notes: Vec<_> = facts.notes.iter().map(|noted| (noted.note, noted.row)).collect();
        assert_eq!(
            notes,
            [(Note::Swapped, Some(3)), (Note::RowPlaceZero, Some(5)), (Note::RowTime, Some(5))]
        );
    }
}
