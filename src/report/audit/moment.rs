//! Times and days in the facts: text for people and programs, numbers for arithmetic.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::facts::Span;
use crate::report::words::{rfc3339, time};
use crate::statement::bodies::day::{Days, UtcDay};

/// Seconds since 1970 UTC; as text RFC 3339, or the number where no calendar reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub i64);

/// A day; as text 2026-07-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub UtcDay);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&time(self.0))
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Moment, D::Error> {
        let text = String::deserialize(deserializer)?;
        if let Ok(seconds) = text.parse() {
            return Ok(Moment(seconds));
        }
        let time: Timestamp = text.parse().map_err(|_| de::Error::custom("no RFC 3339 time"))?;
        Ok(Moment(time.as_second()))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // A hostile clock may lie beyond what four digits of a year hold: then the number of days.
        match UtcDay::parse(&self.0.to_string()) {
            Some(_) => serializer.collect_str(&self.0),
            None => serializer.collect_str(&self.0.0),
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Day, D::Error> {
        let text = String::deserialize(deserializer)?;
        let day = UtcDay::parse(&text).or_else(|| text.parse().ok().map(UtcDay));
        day.map(Day).ok_or_else(|| de::Error::custom("no day (2026-07-01)"))
    }
}

impl From<Days> for Span {
    fn from(days: Days) -> Span {
        Span { from: Day(days.from), until: Day(days.until) }
    }
}

impl fmt::Display for Span {
    /// The last day is in it for people: "2025-01-01 to 2025-12-31".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = UtcDay(self.until.0.0.saturating_sub(1));
        write!(f, "{} to {}", self.from, last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for seconds in [0, 1_772_272_800, -5_000_000_000, i64::MAX] {
            let text = serde_json::to_string(&Moment(seconds)).unwrap();
            assert_eq!(serde_json::from_str::<Moment>(&text).unwrap(), Moment(seconds), "{text}");
        }
        let day = Day(UtcDay::parse("2026-07-01").unwrap());
        assert_eq!(serde_json::to_string(&day).unwrap(), "\"2026-07-01\"");
        assert_eq!(serde_json::from_str::<Day>("\"2026-07-01\"").unwrap(), day);
        let far = Day(UtcDay(9_000_000));
        let text = serde_json::to_string(&far).unwrap();
        assert_eq!(serde_json::from_str::<Day>(&text).unwrap(), far, "{text}");
        assert!(serde_json::from_str::<Day>("\"2026-13-01\"").is_err());
        assert!(serde_json::from_str::<Moment>("\"noon\"").is_err());
    }
}
