//! A table by the names in its header: Movebank's and Wildlife Insights' exports, and any other
//! whose columns say plainly what is a time and what a place.

use std::io::{self, Read};

use super::coordinate;
use super::delimited::Table;
use super::facts::Facts;
use super::moment;
use super::movebank;
use super::note::Note;

const TIMES: [&str; 9] = [
    "timestamp",
    "datetime",
    "date-time",
    "eventDate",
    "eventStart",
    "deploymentStart",
    "start_date",
    "observedAt",
    "AUDIOMOTH_TIME",
];
const LATITUDES: [&str; 4] = ["latitude", "decimalLatitude", "location-lat", "lat"];
const LONGITUDES: [&str; 6] =
    ["longitude", "decimalLongitude", "location-long", "lon", "long", "lng"];

/// Reads a table's facts.
pub fn read(stream: impl Read, facts: &mut Facts) -> io::Result<()> {
    let Some(mut table) = Table::open(stream, None, facts)? else { return Ok(()) };
    if movebank::is_events(&table) {
        return movebank::events(&mut table, facts);
    }
    if movebank::is_reference(&table) {
        return movebank::reference(&mut table, facts);
    }
    let has = |names: &[&str]| names.iter().all(|name| table.column(&[name]).is_some());
    facts.format = Some(
        match () {
            () if has(&["image_id", "wi_taxon_id"]) => "wildlife-insights/images",
            () if has(&["deployment_id", "placename", "start_date"]) => {
                "wildlife-insights/deployments"
            }
            () if has(&["deploymentID", "deploymentStart"]) => "camtrap-dp/deployments",
            () if has(&["mediaID", "filePath", "timestamp"]) => "camtrap-dp/media",
            () if has(&["observationID", "observationType"]) => "camtrap-dp/observations",
            () => "table",
        }
        .into(),
    );
    any(&mut table, facts)
}

/// Rows and columns, and what times and places its plain columns hold.
pub fn any<R: Read>(table: &mut Table<R>, facts: &mut Facts) -> io::Result<()> {
    let time = table.column(&TIMES);
    let (latitude, longitude) = (table.column(&LATITUDES), table.column(&LONGITUDES));
    while let Some(row) = table.next_row(facts)? {
        let number = row.number;
        if time.is_some() {
            match moment::read(&row.get(time)) {
                Ok(moment) => {
                    let (seconds, utc) = moment.seconds();
                    facts.include_time(seconds, utc);
                }
                Err(why) => movebank::note_time(facts, why, number),
            }
        }
        if latitude.is_some() && longitude.is_some() {
            match coordinate::place(&row.get(latitude), &row.get(longitude)) {
                Ok(Some(place)) => facts.include_place(place),
                Ok(None) => {}
                Err(note) => facts.note_row(note, number),
            }
        }
    }
    let (rows, columns) = (table.rows(), table.width() as u64);
    facts.count("rows", rows);
    facts.count("columns", columns);
    // Times of which some are ambiguous have no order at all: those that were read may be wrong.
    if facts.notes.iter().any(|noted| noted.note == Note::AmbiguousTime) {
        facts.span = None;
    }
    Ok(())
}
