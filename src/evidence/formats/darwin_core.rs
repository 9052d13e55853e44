//! Darwin Core archives (TDWG, "Darwin Core text guide"): the descriptor names the core and the
//! extensions, their delimiters and columns.

use std::io::{self, Read};

use super::archive::Entries;
use super::coordinate;
use super::delimited::Table;
use super::facts::{Facts, one_line};
use super::moment::{self, NotATime};
use super::movebank::note_time;
use super::note::Note;
use super::xml::{self, Part};

/// A core or extension.
#[derive(Debug, Default)]
struct Records {
    is_core: bool,
    location: String,
    delimiter: Option<u8>,
    header_lines: usize,
    time: Option<usize>,
    latitude: Option<usize>,
    longitude: Option<usize>,
    rows_of: String,
}

/// Extensions of an archive, at most.
const MAX_PARTS: usize = 32;

/// Reads the archive whose descriptor is the entry `meta`.
pub fn read(entries: &mut Entries<'_, '_>, meta: &str, facts: &mut Facts) -> io::Result<()> {
    let (folder, _) = meta.rsplit_once('/').map_or(("", meta), |(folder, name)| (folder, name));
    let inside = |name: &str| match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    };
    let mut parts = Vec::new();
    let mut metadata = String::new();
    entries.open(meta, facts, &mut |stream, facts| {
        (parts, metadata) = descriptor(stream, facts)?;
        Ok(())
    })?;
    facts.format = Some("darwin-core-archive".into());
    for part in parts {
        let there = entries.open(&inside(&part.location), facts, &mut |stream, facts| {
            rows(stream, &part, facts)
        })?;
        if !there {
            facts.note(Note::ResourceMissing);
        }
    }
    let mut title = None;
    entries.open(&inside(&metadata), facts, &mut |stream, facts| {
        title = title_of(stream, facts)?;
        Ok(())
    })?;
    facts.title = title.or(facts.title.take());
    Ok(())
}

/// The parts that a descriptor names, and its metadata file.
fn descriptor(stream: &mut dyn Read, facts: &mut Facts) -> io::Result<(Vec<Records>, String)> {
    let mut parts: Vec<Records> = Vec::new();
    let mut metadata = String::new();
    let mut text = String::new();
    xml::walk(stream, facts, &mut |path, part, _| {
        let name = path.last().map(String::as_str).unwrap_or_default();
        match part {
            Part::Open(attributes) => {
                text.clear();
                let at = |name| attributes.get(name);
                match name {
                    "archive" => metadata = at("metadata").unwrap_or_default().to_owned(),
                    "core" | "extension" if parts.len() < MAX_PARTS => parts.push(Records {
                        is_core: name == "core",
                        delimiter: at("fieldsTerminatedBy").and_then(delimiter),
                        header_lines: at("ignoreHeaderLines")
                            .and_then(|lines| lines.trim().parse().ok())
                            .filter(|&lines: &usize| lines <= 100)
                            .unwrap_or(0),
                        rows_of: last(at("rowType").unwrap_or("row")),
                        ..Records::default()
                    }),
                    "field" => {
                        let index = at("index").and_then(|index| index.trim().parse().ok());
                        let term = at("term").map(last).unwrap_or_default();
                        if let Some(part) = parts.last_mut() {
                            match term.as_str() {
                                "eventDate" => part.time = index,
                                "decimalLatitude" => part.latitude = index,
                                "decimalLongitude" => part.longitude = index,
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
            }
            Part::Text(more) => text.push_str(more),
            Part::Close => {
                if let ("location", Some(part)) = (name, parts.last_mut())
                    && part.location.is_empty()
                {
                    part.location = text.trim().to_owned();
                }
                text.clear();
            }
        }
    })?;
    Ok((parts, metadata))
}

/// `\t`, as the descriptor spells a tabulator, or the character itself.
fn delimiter(text: &str) -> Option<u8> {
    match text {
        "\\t" | "\t" => Some(b'\t'),
        text => text.bytes().next().filter(u8::is_ascii),
    }
}

/// The last part of a term's address, short enough for a count's name.
fn last(address: &str) -> String {
    let name = address.rsplit(['/', '#']).next().unwrap_or_default();
    name.chars().filter(char::is_ascii_alphanumeric).take(40).collect()
}

fn rows(stream: &mut dyn Read, part: &Records, facts: &mut Facts) -> io::Result<()> {
    // The first row is the header; without one it is a row as the others and counted below.
    let skipped = part.header_lines.saturating_sub(1);
    let Some(mut table) = Table::open_after(stream, part.delimiter, skipped, facts)? else {
        return Ok(());
    };
    let without_header = u64::from(part.header_lines == 0);
    while let Some(row) = table.next_row(facts)? {
        let number = row.number;
        match coordinate::place(&row.get(part.latitude), &row.get(part.longitude)) {
            Ok(Some(place)) => facts.include_place(place),
            Ok(None) => {}
            Err(note) => facts.note_row(note, number),
        }
        // A range is told with a slash.
        let text = row.get(part.time);
        for end in text.split('/').take(2) {
            match moment::read(end) {
                Ok(moment) => {
                    let (seconds, utc) = moment.seconds();
                    facts.include_time(seconds, utc);
                }
                // Years and months alone are dates in Darwin Core, of a precision not kept here.
                Err(NotATime::Malformed) if end.len() <= 7 => {}
                Err(why) => note_time(facts, why, number),
            }
        }
    }
    let what = part.rows_of.to_ascii_lowercase();
    facts.count(if part.is_core { "rows" } else { what.as_str() }, table.rows() + without_header);
    Ok(())
}

/// The title in an EML document.
fn title_of(stream: &mut dyn Read, facts: &mut Facts) -> io::Result<Option<String>> {
    let (mut title, mut text) = (None, String::new());
    xml::walk(stream, facts, &mut |path, part, _| match part {
        Part::Open(_) => text.clear(),
        Part::Text(more) => text.push_str(more),
        Part::Close => {
            if path.len() == 3 && path[1] == "dataset" && path[2] == "title" && title.is_none() {
                title = one_line(&text);
            }
            text.clear();
        }
    })?;
    Ok(title)
}
