//! SMART patrols (XML, versions 1.2 and 1.3 of the patrol schema), and XML of other kinds that say
//! plainly what they are: the descriptor of a Darwin Core archive, EML.
//!
//! Who walked, armed or not, is in the file and nowhere in the facts: team, members and `isArmed`
//! are not read. SMART writes dates and times apart and no zone.

use std::io;

use super::coordinate;
use super::facts::Facts;
use super::moment;
use super::note::Note;
use super::source::Source;
use super::xml::{self, Part};

/// Reads an XML document.
pub fn read(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::of("xml");
    let mut day = String::new();
    let mut text = String::new();
    let mut patrol = false;
    let stream = source.stream()?;
    xml::walk(stream, &mut facts, &mut |path, part, facts| {
        let name = path.last().map(String::as_str).unwrap_or_default();
        match part {
            Part::Open(attributes) => {
                text.clear();
                if path.len() == 1 {
                    facts.format = Some(
                        match name {
                            "patrol" => "smart/patrol",
                            "archive" => "darwin-core/descriptor",
                            "eml" => "eml",
                            _ => "xml",
                        }
                        .into(),
                    );
                    patrol = name == "patrol";
                }
                if patrol {
                    waypoint(name, attributes, &mut day, facts);
                }
            }
            Part::Text(more) => text.push_str(more),
            Part::Close => {
                let is_title = path.len() == 3 && path[0] == "eml" && path[1] == "dataset";
                if name == "title" && is_title {
                    facts.entitle(&text);
                }
                text.clear();
            }
        }
    })?;
    Ok(facts)
}

fn waypoint(name: &str, attributes: &xml::Attributes, day: &mut String, facts: &mut Facts) {
    let at = |name| attributes.get(name).unwrap_or_default();
    let time = |date: &str, time: &str, facts: &mut Facts| match moment::read_apart(date, time) {
        Ok(moment) => {
            let (seconds, utc) = moment.seconds();
            facts.include_time(seconds, utc);
        }
        Err(moment::NotATime::Blank) => {}
        Err(_) => facts.note(Note::RowTime),
    };
    match name {
        "legs" => facts.count("legs", 1),
        "days" => {
            *day = at("date").to_owned();
            facts.count("days", 1);
            for end in ["startTime", "endTime"] {
                if !at(end).is_empty() {
                    time(day, at(end), facts);
                }
            }
        }
        "waypoints" => {
            facts.count("waypoints", 1);
            match coordinate::place(at("y"), at("x")) {
                Ok(Some(place)) => facts.include_place(place),
                Ok(None) => {}
                Err(note) => facts.note(note),
            }
            match at("dateTime") {
                "" => time(day, at("time"), facts),
                both => time(both, "", facts),
            }
        }
        "observations" => facts.count("observations", 1),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::formats::facts::Span;
    use crate::evidence::media_type::Head;

    #[test]
    fn a_patrol_without_its_people() {
        let text = r#"<?xml version="1.0"?><p:patrol xmlns:p="x/1.3/patrol" id="S-1" isArmed="true">
            <p:team value="Team 1"/><p:legs><p:members givenName="John" familyName="Peter"/>
            <p:days date="2025-12-17" startTime="20:48:25" endTime="20:51:55">
            <p:waypoints id="2" x="-77.19" y="38.76" time="20:50:41"><p:observations/></p:waypoints>
            </p:days><p:days date="2026-01-31" startTime="31:00:00"/></p:legs></p:patrol>"#;
        let mut file = Cursor::new(text.as_bytes());
        let head = Head { bytes: &[], more: true };
        let mut source = Source::new(b"a", head, text.len() as u64, &mut file);
        let facts = read(&mut source).unwrap();
        assert_eq!(facts.format.as_deref(), Some("smart/patrol"));
        let span = Span { first: 1_766_004_505, last: 1_766_004_715, utc: false };
        assert_eq!((facts.span, facts.counts["waypoints"]), (Some(span), 1));
        assert_eq!(facts.notes, [Note::RowTime.into()]);
        assert!(!format!("{facts:?}").contains("John") && facts.title.is_none());
    }
}
