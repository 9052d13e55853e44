//! Days: the only times that people put into statements. An instant is for clocks and witnesses.

use serde::{Deserialize, Serialize};

use super::BodyFault;

/// A day of the UTC calendar, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UtcDay(pub i64);

impl UtcDay {
    /// 0001-01-01, the first day whose year has four digits.
    pub const FIRST: UtcDay = UtcDay(-719_162);
    /// 9999-12-31, the last.
    pub const LAST: UtcDay = UtcDay(2_932_896);

    /// The day of an instant, seconds since 1970 UTC.
    pub fn of_second(second: i64) -> UtcDay {
        UtcDay(second.div_euclid(86_400))
    }

    /// Year, month and day, by counting 400-year eras of 146,097 days from a first of March, so that
    /// the leap day comes last (Hinnant, "chrono-compatible low-level date algorithms").
    pub fn civil(self) -> (i64, u8, u8) {
        let from_march_0 = self.0.saturating_add(719_468);
        let era = from_march_0.div_euclid(146_097);
        let day_of_era = from_march_0.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        (year, month as u8, day as u8)
    }

    /// The day of a year, month and day that the calendar has.
    pub fn of_civil(year: i64, month: u8, day: u8) -> Option<UtcDay> {
        if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
            return None;
        }
        let from_march = if month <= 2 { year - 1 } else { year };
        let era = from_march.div_euclid(400);
        let year_of_era = from_march.rem_euclid(400);
        let month_from_march = (i64::from(month) + 9) % 12;
        let day_of_year = (153 * month_from_march + 2) / 5 + i64::from(day) - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let found = UtcDay(era * 146_097 + day_of_era - 719_468);
        // The 30th of February is no day: it would come back as the 1st or 2nd of March.
        (found.civil() == (year, month, day)).then_some(found)
    }

    /// Reads `2026-05-01`.
    pub fn parse(text: &str) -> Option<UtcDay> {
        let bytes = text.as_bytes();
        let is_form = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !is_form {
            return None;
        }
        UtcDay::of_civil(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
    }

    pub(super) fn check(self) -> Result<(), BodyFault> {
        match (UtcDay::FIRST..=UtcDay::LAST).contains(&self) {
            true => Ok(()),
            false => Err(BodyFault("a day: between 0001-01-01 and 9999-12-31")),
        }
    }
}

/// `2026-05-01`
impl std::fmt::Display for UtcDay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// A period of whole days, half-open: `from` is in it, `until` is the first day after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The first day.
    pub from: UtcDay,
    /// The day after the last.
    pub until: UtcDay,
}

impl Days {
    /// How many days.
    pub fn count(&self) -> i64 {
        self.until.0 - self.from.0
    }

    /// Whether a day is in it.
    pub fn holds(&self, day: UtcDay) -> bool {
        self.from <= day && day < self.until
    }

    /// The days both have, if any.
    pub fn intersection(&self, other: &Days) -> Option<Days> {
        let both = Days { from: self.from.max(other.from), until: self.until.min(other.until) };
        (both.from < both.until).then_some(both)
    }

    pub(super) fn check(&self) -> Result<(), BodyFault> {
        self.from.check()?;
        self.until.check()?;
        match self.from < self.until {
            true => Ok(()),
            false => Err(BodyFault("a period: ends after it begins (until is the day after it)")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (text, day) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2026-05-01", 20_574),
            ("0001-01-01", UtcDay::FIRST.0),
            ("9999-12-31", UtcDay::LAST.0),
        ] {
            assert_eq!(UtcDay::parse(text), Some(UtcDay(day)), "{text}");
            assert_eq!(UtcDay(day).to_string(), text);
        }
        for text in ["2026-02-30", "2025-02-29", "1900-02-29", "2026-13-01", "2026-1-01", "", "x"] {
            assert_eq!(UtcDay::parse(text), None, "{text}");
        }
        assert_eq!(UtcDay::of_second(-1), UtcDay(-1));
    }

    #[test]
    fn every_day_of_two_eras_comes_back() {
        let mut before = UtcDay(-300_000).civil();
        for day in -299_999..100_000 {
            let civil = UtcDay(day).civil();
            assert_eq!(UtcDay::of_civil(civil.0, civil.1, civil.2), Some(UtcDay(day)));
            assert!(civil > before, "{day}");
            before = civil;
        }
    }

    #[test]
    fn periods_are_half_open() {
        let days = |from, until| Days { from: UtcDay(from), until: UtcDay(until) };
        assert!(days(3, 5).holds(UtcDay(3)) && !days(3, 5).holds(UtcDay(5)));
        assert_eq!(days(3, 5).intersection(&days(5, 9)), None);
        assert_eq!(days(3, 6).intersection(&days(5, 9)), Some(days(5, 6)));
        assert!(days(3, 3).check().is_err() && days(4, 3).check().is_err());
    }
}
