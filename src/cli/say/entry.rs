//! A form as a command's flags fill it in.

use toml::{Table, Value as Toml};

use crate::cli::failures::usage;
use crate::cli::voice::Failure;

/// Fields with what stands in them.
#[derive(Clone, Debug, Default)]
pub struct Entry(Table);

impl Entry {
    /// One value in words: a text, a word, a day, a reference.
    pub fn with(mut self, field: &str, value: impl Into<String>) -> Entry {
        self.0.insert(field.into(), Toml::String(value.into()));
        self
    }

    /// One value, if it was given.
    pub fn maybe(self, field: &str, value: &Option<String>) -> Entry {
        match value {
            Some(value) => self.with(field, value.as_str()),
            None => self,
        }
    }

    /// Several values, if any were given.
    pub fn list(mut self, field: &str, values: &[String]) -> Entry {
        if !values.is_empty() {
            let values = values.iter().cloned().map(Toml::String).collect();
            self.0.insert(field.into(), Toml::Array(values));
        }
        self
    }

    /// A number, if it was given.
    pub fn number(mut self, field: &str, value: Option<i64>) -> Entry {
        if let Some(value) = value {
            self.0.insert(field.into(), Toml::Integer(value));
        }
        self
    }

    /// Any value.
    pub fn value(mut self, field: &str, value: Toml) -> Entry {
        self.0.insert(field.into(), value);
        self
    }

    /// A period by its two days.
    pub fn days(self, field: &str, from: &str, until: &str) -> Entry {
        let edges = [("from", from), ("until", until)];
        let edges = edges.map(|(edge, day)| (edge.to_string(), Toml::String(day.into())));
        self.value(field, Toml::Table(Table::from_iter(edges)))
    }

    /// A period written `2026-05-01..2026-05-03`, if it was given.
    pub fn period(self, field: &str, given: &Option<String>) -> Result<Entry, Failure> {
        let Some(given) = given else { return Ok(self) };
        match given.split_once("..") {
            Some((from, until)) => Ok(self.days(field, from, until)),
            None => Err(usage(
                format!("{given:?} is no period"),
                "a period is written FROM..UNTIL, and until is the day after the last",
                "for the year 2025: 2025-01-01..2026-01-01",
            )),
        }
    }

    /// The fields.
    pub fn table(self) -> Table {
        self.0
    }
}
