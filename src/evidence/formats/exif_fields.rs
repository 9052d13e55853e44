//! The text and numbers of EXIF fields, read as the standard means them or not at all.
//!
//! Time: "YYYY:MM:DD HH:MM:SS" on the device's clock, no zone (Exif 2.3 section 4.6.5). Place: three
//! fractions, degrees, minutes and seconds, and a letter for the side (section 4.6.6).

use exif::Rational;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// A clock's date and time could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTime {
    /// All zeros: the clock was never set, or forgot.
    Unset,
    /// Blanks, which is how the standard writes "unknown".
    Blank,
    /// Anything else that is no date and time of the calendar.
    Malformed,
}

/// Seconds from 1970-01-01T00:00:00 to this date and time on the same clock.
pub fn clock_seconds(text: &[u8]) -> Result<i64, NoTime> {
    let text = trimmed(text);
    if text.iter().all(|byte| b" :".contains(byte)) {
        return Err(NoTime::Blank);
    }
    if text.iter().all(|byte| b"0 :".contains(byte)) {
        return Err(NoTime::Unset);
    }
    let [date, time] = [text.get(..10), text.get(11..)].map(|part| part.and_then(three_numbers));
    let (Some([year, month, day]), Some([hour, minute, second]), Some(b' ')) =
        (date, time, text.get(10))
    else {
        return Err(NoTime::Malformed);
    };
    civil_seconds([year, month, day], [hour, minute, second]).ok_or(NoTime::Malformed)
}

/// "YYYY:MM:DD" or "HH:MM:SS".
fn three_numbers(text: &[u8]) -> Option<[i16; 3]> {
    let mut parts = text.split(|&byte| byte == b':').map(digits);
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    let widths = text.len() == 10 && text[4] == b':' || text.len() == 8 && text[2] == b':';
    (parts.next().is_none() && widths).then_some(numbers)
}

fn digits(text: &[u8]) -> Option<i16> {
    let all = (1..=4).contains(&text.len()) && text.iter().all(u8::is_ascii_digit);
    all.then(|| text.iter().fold(0, |number, byte| number * 10 + i16::from(byte - b'0')))
}

fn civil_seconds(date: [i16; 3], time: [i16; 3]) -> Option<i64> {
    let small = |number: i16| i8::try_from(number).ok();
    let moment = DateTime::new(
        date[0],
        small(date[1])?,
        small(date[2])?,
        small(time[0])?,
        small(time[1])?,
        small(time[2])?,
        0,
    );
    // UTC here only lends its even days: the result counts seconds of the device's own clock.
    Some(moment.ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// Milliseconds from the digits after the decimal point.
pub fn milliseconds(text: &[u8]) -> Option<u16> {
    let text = trimmed(text);
    let known = text.len().min(3);
    let number = digits(&text[..known])?;
    let number = u16::try_from(number).ok()? * [1, 100, 10, 1][known];
    text.iter().all(u8::is_ascii_digit).then_some(number)
}

/// Seconds east of UTC from "+HH:MM" or "-HH:MM".
pub fn offset_seconds(text: &[u8]) -> Option<i32> {
    /// No clock on Earth has been further from UTC (Manila to 1844, Alaska to 1867: under 16 h).
    const FURTHEST: i32 = 16 * 3_600;
    let (sign, rest) = match trimmed(text) {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let [hours, minutes] = match rest {
        [_, _, b':', _, _] => [digits(&rest[..2])?, digits(&rest[3..])?].map(i32::from),
        _ => return None,
    };
    let seconds = hours * 3_600 + minutes * 60;
    (minutes < 60 && seconds <= FURTHEST).then_some(sign * seconds)
}

/// Micro-degrees of a coordinate: 1e6 · (degrees + minutes/60 + seconds/3600), to the nearest,
/// each part cut to 1e-12 degrees before.
pub fn micro_degrees(parts: &[Rational]) -> Option<i64> {
    const PICO: u64 = 1_000_000_000_000;
    let [degrees, minutes, seconds] = parts else { return None };
    // A camera that writes whole degrees may leave 0/0 in the places below.
    let lower = |part: &Rational, unit: u64| match (part.num, part.denom) {
        (0, 0) => Some(0),
        (num, denom) => {
            pico(num, denom, unit).filter(|&value| value < u128::from(PICO * 60 / unit))
        }
    };
    let sum = pico(degrees.num, degrees.denom, 1)? + lower(minutes, 60)? + lower(seconds, 3_600)?;
    return i64::try_from((sum + 500_000) / 1_000_000).ok();

    /// 1e12 · num / (denom · unit)
    fn pico(num: u32, denom: u32, unit: u64) -> Option<u128> {
        (u128::from(num) * u128::from(PICO)).checked_div(u128::from(denom) * u128::from(unit))
    }
}

/// Seconds from 1970 to the time a GPS receiver gave, in UTC: "YYYY:MM:DD" and three fractions.
pub fn gps_seconds(date: &[u8], time: &[Rational]) -> Option<i64> {
    let date = three_numbers(trimmed(date))?;
    let whole = |part: &Rational| i16::try_from(part.num.checked_div(part.denom)?).ok();
    let [hour, minute, second] = time else { return None };
    civil_seconds(date, [whole(hour)?, whole(minute)?, whole(second)?])
}

/// A device's name or number: without padding, and as the standard's ASCII if it is that, else as
/// UTF-8, else as Latin-1. `Ok(None)`: nothing but padding. `Err`: not a line of text.
pub fn line(text: &[u8], ceiling: usize) -> Result<Option<String>, ()> {
    let text = trimmed(text);
    let line = match std::str::from_utf8(text) {
        Ok(line) => line.trim().to_owned(),
        Err(_) => text.iter().map(|&byte| char::from(byte)).collect(),
    };
    if line.len() > ceiling || line.contains(char::is_control) {
        return Err(());
    }
    Ok((!line.is_empty()).then_some(line))
}

/// Up to the first NUL, without blanks around: cameras pad with both.
fn trimmed(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|&byte| byte == 0).unwrap_or(text.len());
    match text[..end].iter().any(|&byte| byte != b' ') {
        true => text[..end].trim_ascii(),
        false => &[],
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_the_calendar() {
        assert_eq!(clock_seconds(b"1970:01:01 00:00:00"), Ok(0));
        assert_eq!(clock_seconds(b"2026:02:27 18:12:00\0"), Ok(1_772_215_920));
        assert_eq!(clock_seconds(b"1969:12:31 23:59:59"), Ok(-1));
        for (text, why) in [
            (&b"0000:00:00 00:00:00"[..], NoTime::Unset),
            (b"    :  :     :  :  ", NoTime::Blank),
            (b"                   ", NoTime::Blank),
            (b"\0\0\0", NoTime::Blank),
            (b"2026:02:30 00:00:00", NoTime::Malformed),
            (b"2026:13:01 00:00:00", NoTime::Malformed),
            (b"2026:12:01 24:00:00", NoTime::Malformed),
            (b"2026-02-27 18:12:00", NoTime::Malformed),
            (b"2026:02:27T18:12:00", NoTime::Malformed),
            (b"2026:02:27 18:12", NoTime::Malformed),
            (b"26:02:27 18:12:00", NoTime::Malformed),
            (b"+026:02:27 18:12:00", NoTime::Malformed),
        ] {
            assert_eq!(clock_seconds(text), Err(why), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn fractions_of_a_second() {
        for (text, ms) in [
            (&b"5"[..], Some(500)),
            (b"05\0", Some(50)),
            (b"123456  ", Some(123)),
            (b"", None),
            (b"   ", None),
            (b"1x", None),
            (b"123x", None),
        ] {
            assert_eq!(milliseconds(text), ms, "{}", text.escape_ascii());
        }
    }

    #[test]
    fn offsets_are_said_or_unknown() {
        for (text, seconds) in [
            (&b"+03:00\0"[..], Some(10_800)),
            (b"-07:30", Some(-27_000)),
            (b"+00:00", Some(0)),
            (b"+10:30", Some(37_800)),
            (b"Z", None),
            (b"   :  ", None),
            (b"+3:00", None),
            (b"+03:60", None),
            (b"+99:00", None),
            (b"03:00", None),
        ] {
            assert_eq!(offset_seconds(text), seconds, "{}", text.escape_ascii());
        }
    }

    fn coordinate(parts: [(u32, u32); 3]) -> Option<i64> {
        micro_degrees(&parts.map(|(num, denom)| Rational { num, denom }))
    }

    #[test]
    fn places_in_micro_degrees() {
        assert_eq!(coordinate([(42, 1), (56, 1), (46, 1)]), Some(42_946_111));
        assert_eq!(coordinate([(46, 1), (30_000, 1_000), (0, 1)]), Some(46_500_000));
        assert_eq!(coordinate([(7, 1), (0, 0), (0, 0)]), Some(7_000_000));
        assert_eq!(coordinate([(0, 0), (0, 0), (0, 0)]), None);
        assert_eq!(coordinate([(1, 1), (60, 1), (0, 1)]), None);
        assert_eq!(
            coordinate([(u32::MAX, u32::MAX), (1, u32::MAX), (1, u32::MAX)]),
            Some(1_000_000)
        );
        assert_eq!(micro_degrees(&[]), None);
    }

    #[test]
    fn the_receivers_time_is_utc() {
        let time = [(11, 1), (12, 1), (325, 10)].map(|(num, denom)| Rational { num, denom });
        assert_eq!(gps_seconds(b"1970:01:02", &time), Some(86_400 + 11 * 3_600 + 12 * 60 + 32));
        assert_eq!(gps_seconds(b"", &time), None);
        assert_eq!(gps_seconds(b"1970:01:02", &time[1..]), None);
    }

    #[test]
    fn names_without_their_padding() {
        assert_eq!(line(b"RECONYX\0\0\0", 99), Ok(Some("RECONYX".into())));
        assert_eq!(line(b"  HF2 PRO  \0junk", 99), Ok(Some("HF2 PRO".into())));
        assert_eq!(line(&[0; 19], 99), Ok(None));
        assert_eq!(line(b"    ", 99), Ok(None));
        assert_eq!(line(b"J\xf6rg", 99), Ok(Some("Jörg".into())));
        assert_eq!(line(b"a\x1b[2J", 99), Err(()));
        assert_eq!(line(b"abc", 2), Err(()));
    }

    proptest! {
        /// Against floating point: never further than its own error.
        #[test]
        fn micro_degrees_are_near(d in 0u32..180, m in 0u32..60, s in 0u32..60_000) {
            let exact = coordinate([(d, 1), (m, 1), (s, 1_000)]).unwrap() as f64;
            let near = 1e6 * (f64::from(d) + f64::from(m) / 60.0 + f64::from(s) / 3.6e6);
            prop_assert!((exact - near).abs() <= 0.51);
        }
    }
}
