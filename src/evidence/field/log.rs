//! Event logs as a profile describes them: a table, or one JSON object a line.

use std::collections::BTreeSet;
use std::io::{self, BufRead, BufReader, Read};

use serde::Deserialize;

use super::Field;
use crate::evidence::attribute::Attribute;
use crate::evidence::formats::coordinate;
use crate::evidence::formats::delimited::Table;
use crate::evidence::formats::facts::{Facts, one_line};
use crate::evidence::formats::moment::{self, Moment, NotATime};
use crate::evidence::formats::note::Note;

/// The ceiling of a line of JSON: as of a row of a table.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// A log of events: a table, or one JSON object a line.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Which files, by the last part of their paths; `*` stands for anything.
    pub(super) files: String,
    /// What it is, in a word: it stands in the attribute `format` behind `log/`.
    kind: String,
    /// The column of the time, or of the date if the time stands apart.
    time: Option<String>,
    /// The column of the time of day, where it stands apart.
    time_of_day: Option<String>,
    /// How times are written, in the signs of strftime.
    time_format: Option<String>,
    /// The offset of the clock, where rows do not say: `+07:00`, `Z`.
    pub(super) offset: Option<String>,
    latitude: Option<String>,
    longitude: Option<String>,
    /// The column that names the device.
    device: Option<String>,
    /// The column that names the kind of event.
    event: Option<String>,
    /// Kinds of event that seal the file.
    #[serde(default)]
    seal: BTreeSet<String>,
    /// One character; without it, found out.
    delimiter: Option<char>,
    /// Lines of title before the header.
    #[serde(default)]
    skip_lines: usize,
    /// Each line is a JSON object; columns are its keys, joined by dots.
    #[serde(default)]
    json_lines: bool,
}

/// What a row of a log says, whatever it is written in.
#[derive(Default)]
struct Event {
    time: String,
    time_of_day: String,
    latitude: String,
    longitude: String,
    device: String,
    event: String,
}

impl Log {
    /// What the log holds.
    pub(super) fn read(&self, stream: impl Read) -> io::Result<Facts> {
        let mut facts = Facts::of(format!("log/{}", self.kind));
        let mut devices = BTreeSet::new();
        if self.json_lines {
            self.read_lines(BufReader::new(stream), &mut devices, &mut facts)?;
        } else {
            self.read_table(stream, &mut devices, &mut facts)?;
        }
        if self.device.is_some() {
            facts.count("devices", devices.len() as u64);
        }
        Ok(facts)
    }

    fn read_table(
        &self,
        stream: impl Read,
        devices: &mut BTreeSet<String>,
        facts: &mut Facts,
    ) -> io::Result<()> {
        let delimiter = self.delimiter.and_then(|c| u8::try_from(c).ok());
        let skip = self.skip_lines.min(1_000);
        let Some(mut table) = Table::open_after(stream, delimiter, skip, facts)? else {
            return Ok(());
        };
        let column = |name: &Option<String>| name.as_deref().map(|name| table.column(&[name]));
        let [time, of_day, latitude, longitude, device, event] = [
            &self.time,
            &self.time_of_day,
            &self.latitude,
            &self.longitude,
            &self.device,
            &self.event,
        ]
        .map(column);
        if [time, of_day, latitude, longitude, device, event].contains(&Some(None)) {
            facts.note(Note::ProfileColumns);
            return Ok(());
        }
        while let Some(row) = table.next_row(facts)? {
            let get = |column: Option<Option<usize>>| row.get(column.flatten()).into_owned();
            let all = Event {
                time: get(time),
                time_of_day: get(of_day),
                latitude: get(latitude),
                longitude: get(longitude),
                device: get(device),
                event: get(event),
            };
            let number = row.number;
            self.take(all, number, devices, facts);
        }
        Ok(())
    }

    fn read_lines(
        &self,
        mut stream: impl BufRead,
        devices: &mut BTreeSet<String>,
        facts: &mut Facts,
    ) -> io::Result<()> {
        let mut number = 0;
        loop {
            let mut line = Vec::new();
            stream.by_ref().take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(());
            }
            number += 1;
            if line.len() as u64 > MAX_LINE_BYTES {
                facts.note_row(Note::RowTooLong, number);
                return Ok(());
            }
            let line = line.trim_ascii();
            if line.is_empty() {
                continue;
            }
            let Ok(object) = serde_json::from_slice::<serde_json::Value>(line) else {
                facts.note_row(Note::Damaged, number);
                continue;
            };
            let get = |name: &Option<String>| {
                let mut value = &object;
                for part in name.as_deref()?.split('.') {
                    value = value.get(part)?;
                }
                Some(match value {
                    serde_json::Value::String(text) => text.clone(),
                    serde_json::Value::Null => String::new(),
                    other => other.to_string(),
                })
            };
            let get = |name| get(name).unwrap_or_default();
            let all = Event {
                time: get(&self.time),
                time_of_day: get(&self.time_of_day),
                latitude: get(&self.latitude),
                longitude: get(&self.longitude),
                device: get(&self.device),
                event: get(&self.event),
            };
            self.take(all, number, devices, facts);
        }
    }

    fn take(&self, all: Event, row: u64, devices: &mut BTreeSet<String>, facts: &mut Facts) {
        /// Devices told apart, at most.
        const MOST: usize = 10_000;
        facts.count("rows", 1);
        if !all.device.is_empty() && devices.len() < MOST {
            devices.insert(all.device);
        }
        if self.seal.contains(&all.event) {
            facts.count("sealing", 1);
        }
        if let Some(event) = one_line(&all.event).filter(|event| event.len() <= 40) {
            facts.count(&format!("event {event}"), 1);
        }
        if self.time.is_some() {
            match self.moment(&all.time, &all.time_of_day) {
                Ok(moment) => {
                    let (seconds, utc) = moment.seconds();
                    facts.include_time(seconds, utc);
                }
                Err(NotATime::Blank) => {}
                Err(NotATime::Unset) => facts.note_row(Note::ClockUnset, row),
                Err(NotATime::Malformed) => facts.note_row(Note::RowTime, row),
                Err(NotATime::Ambiguous) => facts.note_row(Note::AmbiguousTime, row),
            }
        }
        if self.latitude.is_some() && self.longitude.is_some() {
            match coordinate::place(&all.latitude, &all.longitude) {
                Ok(Some(place)) => facts.include_place(place),
                Ok(None) => {}
                Err(note) => facts.note_row(note, row),
            }
        }
    }

    fn moment(&self, time: &str, of_day: &str) -> Result<Moment, NotATime> {
        let text = if of_day.is_empty() { time.to_owned() } else { format!("{time} {of_day}") };
        let moment = match &self.time_format {
            Some(format) => moment::read_as(format, &text),
            None => moment::read(&text),
        }?;
        let offset = || self.offset.as_deref().and_then(moment::zone).flatten();
        Ok(Moment { zone: moment.zone.or_else(offset), ..moment })
    }

    /// What the log says stands instead of what any table would.
    pub(super) fn tie(&self, facts: Facts, index: usize, field: &mut Field) {
        let tie = field.tie_mut(index);
        tie.own.extend(facts.format.map(Attribute::Format));
        tie.own.extend(facts.span.map(Attribute::Span));
        tie.own.extend(facts.extent.map(Attribute::Extent));
        if !facts.counts.is_empty() {
            tie.own.push(Attribute::Counts(facts.counts));
        }
        tie.notes.extend(facts.notes);
        // Two profiles for one file: the first stands.
        let mut seen = BTreeSet::new();
        tie.own.retain(|attribute| seen.insert(attribute.name().to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(profile: &str) -> Log {
        let mut all: std::collections::BTreeMap<String, Vec<Log>> =
            toml::from_str(profile).unwrap();
        all.remove("log").unwrap().remove(0)
    }

    #[test]
    fn an_early_warning_log() {
        let log = log("[[log]]\nfiles = \"*.csv\"\nkind = \"elephants\"\ntime = \"When\"\n\
             time_format = \"%d/%m/%Y %H:%M\"\noffset = \"+07:00\"\nlatitude = \"Y\"\n\
             longitude = \"X\"\ndevice = \"Sensor\"\nevent = \"Type\"\nseal = [\"human\"]");
        let text = "When;Y;X;Sensor;Type\n05/06/2024 17:21;14.4;101.4;S1;elephant\n\
                    06/06/2024 01:00;14.5;101.5;S2;human\n31/02/2024 01:00;;;S2;elephant\n";
        let facts = log.read(text.as_bytes()).unwrap();
        let first = "2024-06-05T10:21:00Z".parse::<jiff::Timestamp>().unwrap().as_second();
        let span = facts.span.unwrap();
        assert_eq!((span.first, span.utc), (first, true));
        let count = |what: &str| facts.counts[what];
        assert_eq!((count("rows"), count("devices"), count("sealing")), (3, 2, 1));
        assert_eq!(count("event elephant"), 2);
        assert_eq!((facts.notes[0].note, facts.notes[0].row), (Note::RowTime, Some(3)));
        let other = log.read(&b"a,b\n1,2\n"[..]).unwrap();
        assert_eq!(other.notes, [Note::ProfileColumns.into()]);
    }

    #[test]
    fn lines_of_json() {
        let log =
            log("[[log]]\nfiles = \"*\"\nkind = \"fire\"\ntime = \"meta.at\"\nevent = \"kind\"\n\
             json_lines = true");
        let text = "{\"meta\":{\"at\":\"2024-06-05T10:21:00Z\"},\"kind\":\"smoke\"}\n\nnot json\n";
        let facts = log.read(text.as_bytes()).unwrap();
        assert_eq!((facts.counts["rows"], facts.counts["event smoke"]), (1, 1));
        assert_eq!((facts.notes[0].note, facts.notes[0].row), (Note::Damaged, Some(3)));
        let endless = vec![b'x'; 2 << 20];
        let facts = log.read(&endless[..]).unwrap();
        assert_eq!(facts.notes[0].note, Note::RowTooLong);
    }
}
