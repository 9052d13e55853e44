//! Dates and times in text, as tables and recorders write them. A zone is taken where it is written
//! and never guessed; day and month are not guessed either.

use jiff::civil::DateTime;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;

use super::facts::ClockTime;

/// A date and time in text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// As the clock showed it.
    pub clock: ClockTime,
    /// Seconds east of UTC, where the text says.
    pub zone: Option<i32>,
}

/// Why a text is no date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotATime {
    /// Nothing but blanks, or one of the words for nothing.
    Blank,
    /// All zeros: a clock that was never set.
    Unset,
    /// No date of the calendar.
    Malformed,
    /// Day and month could be either way round.
    Ambiguous,
}

impl Moment {
    /// Seconds since 1970 UTC, if the zone is known.
    pub fn utc(&self) -> Option<i64> {
        self.zone.map(|zone| self.clock.seconds - i64::from(zone))
    }

    /// The best that is known: seconds, and whether they are UTC.
    pub fn seconds(&self) -> (i64, bool) {
        self.utc().map_or((self.clock.seconds, false), |utc| (utc, true))
    }

    /// The same, taken as UTC where the text names no zone and the format says so.
    pub fn or_utc(self) -> Moment {
        Moment { zone: self.zone.or(Some(0)), ..self }
    }
}

/// ISO 8601 and what is commonly taken for it: `2020-05-30T04:57:37+02:00`, `2014-02-11
/// 21:35:42.000`, `20240903T193130Z`, `2014-02-11`, `2014/02/11 21:35`; also day first or month
/// first where only one of the two is possible.
pub fn read(text: &str) -> Result<Moment, NotATime> {
    let text = text.trim();
    if text.is_empty() || ["NA", "NULL", "null", "None", "-"].contains(&text) {
        return Err(NotATime::Blank);
    }
    let digits = || text.bytes().filter(u8::is_ascii_digit);
    if digits().next().is_some() && digits().all(|digit| digit == b'0') {
        return Err(NotATime::Unset);
    }
    // No time in use is longer; what follows would be another text.
    if text.len() > 48 || !text.is_ascii() {
        return Err(NotATime::Malformed);
    }
    let (date, rest) = split_date(text).ok_or(NotATime::Malformed)?;
    let date = calendar(date)?;
    let (time, ms, zone) = clock(rest).ok_or(NotATime::Malformed)?;
    let seconds = civil(date, time).ok_or(NotATime::Malformed)?;
    Ok(Moment { clock: ClockTime { seconds, ms }, zone })
}

/// By a pattern in the signs of strftime: `%d/%m/%Y %H:%M:%S`.
pub fn read_as(pattern: &str, text: &str) -> Result<Moment, NotATime> {
    let text = text.trim();
    if text.is_empty() {
        return Err(NotATime::Blank);
    }
    let digits = || text.bytes().filter(u8::is_ascii_digit);
    if digits().next().is_some() && digits().all(|digit| digit == b'0') {
        return Err(NotATime::Unset);
    }
    let parsed = BrokenDownTime::parse(pattern, text).map_err(|_| NotATime::Malformed)?;
    let date = parsed.to_date().map_err(|_| NotATime::Malformed)?;
    let time = parsed.to_time().unwrap_or(jiff::civil::Time::midnight());
    let seconds = seconds_of(date.to_datetime(time)).ok_or(NotATime::Malformed)?;
    let fraction = u16::try_from(time.millisecond()).ok().filter(|&ms| ms > 0);
    let zone = parsed.offset().map(|offset| offset.seconds());
    Ok(Moment { clock: ClockTime { seconds, ms: fraction }, zone })
}

/// A date and a time that stand apart.
pub fn read_apart(date: &str, time: &str) -> Result<Moment, NotATime> {
    read(&format!("{} {}", date.trim(), time.trim()))
}

/// The date at the beginning, and what follows it.
fn split_date(text: &str) -> Option<([&str; 3], &str)> {
    let end = text.find([' ', 'T', 't', ',']).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let rest = rest.trim_start_matches(['T', 't', ' ', ',']);
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(([&date[..4], &date[4..6], &date[6..]], rest));
    }
    let mut parts = date.split(['-', '/', '.', ':']);
    let date = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some((date, rest))
}

/// Year, month and day, whichever way round they must stand.
fn calendar(parts: [&str; 3]) -> Result<[i16; 3], NotATime> {
    let number = |part: &str| {
        let plain = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i16>().ok()).flatten()
    };
    let [Some(a), Some(b), Some(c)] = parts.map(number) else { return Err(NotATime::Malformed) };
    if parts[0].len() == 4 {
        return Ok([a, b, c]);
    }
    let year = match parts[2].len() {
        4 => c,
        // Two digits: this century. No device of the field wrote such dates before it.
        2 => 2000 + c,
        _ => return Err(NotATime::Malformed),
    };
    match (a, b) {
        (0, _) | (_, 0) => Err(NotATime::Malformed),
        (13.., 13..) => Err(NotATime::Malformed),
        (13.., _) => Ok([year, b, a]),
        (_, 13..) => Ok([year, a, b]),
        _ if a == b => Ok([year, a, b]),
        _ => Err(NotATime::Ambiguous),
    }
}

type Clock = ([i16; 3], Option<u16>, Option<i32>);

/// `21:35`, `21:35:42.000`, `193130`, with `Z`, `+01:00`, `+0100`, `+01`, ` UTC` behind.
fn clock(text: &str) -> Option<Clock> {
    let text = text.trim_end();
    if text.is_empty() {
        return Some(([0; 3], None, None));
    }
    let (time, zone) = match text.find(['Z', 'z', '+', '-', 'U', 'u', 'G', ' ']) {
        Some(at) => (&text[..at], zone(text[at..].trim_start())?),
        None => (text, None),
    };
    let (whole, ms) = match time.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, Some(milliseconds(fraction)?)),
        None => (time, None),
    };
    let compact = !whole.contains(':') && matches!(whole.len(), 4 | 6);
    let parts: Vec<&str> = match compact {
        true => (0..whole.len()).step_by(2).map(|at| &whole[at..at + 2]).collect(),
        false => whole.split(':').collect(),
    };
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(parts) {
        let plain = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        *number = part.parse().ok().filter(|_| plain)?;
    }
    Some((numbers, ms, zone))
}

fn milliseconds(fraction: &str) -> Option<u16> {
    let plain = (1..=9).contains(&fraction.len()) && fraction.bytes().all(|b| b.is_ascii_digit());
    let known = &fraction[..fraction.len().min(3)];
    let scale = [1, 100, 10, 1][known.len()];
    plain.then(|| known.parse::<u16>().ok()).flatten().map(|number| number * scale)
}

/// Seconds east of UTC from `Z`, `UTC`, `UTC+10:30`, `+01:00`, `-0300`, `+1`. The inner `None` is a
/// sign without numbers; the outer one is no zone.
pub fn zone(text: &str) -> Option<Option<i32>> {
    /// No clock on Earth has been further from UTC (Manila to 1844, Alaska to 1867: under 16 h).
    const FURTHEST: i32 = 16 * 3_600;
    let text = text.trim();
    let upper = text.to_ascii_uppercase();
    let rest = ["UTC", "GMT", "Z"].iter().find_map(|word| upper.strip_prefix(word));
    let rest = match rest {
        Some("") => return Some(Some(0)),
        Some(rest) => rest,
        None => upper.as_str(),
    };
    let (sign, digits) = match rest.as_bytes().first()? {
        b'+' => (1, &rest[1..]),
        b'-' => (-1, &rest[1..]),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at(2),
        None => (digits, "0"),
    };
    let number = |part: &str| {
        let plain = (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        plain.then(|| part.parse::<i32>().ok()).flatten()
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = hours * 3_600 + minutes * 60;
    (minutes < 60 && seconds <= FURTHEST).then_some(Some(sign * seconds))
}

fn civil(date: [i16; 3], time: [i16; 3]) -> Option<i64> {
    let small = |number: i16| i8::try_from(number).ok();
    let [hour, minute, second] = time;
    seconds_of(
        DateTime::new(
            date[0],
            small(date[1])?,
            small(date[2])?,
            small(hour)?,
            small(minute)?,
            small(second)?,
            0,
        )
        .ok()?,
    )
}

fn seconds_of(moment: DateTime) -> Option<i64> {
    // UTC here only lends its even days: the result counts seconds of the clock's own time.
    Some(moment.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
}

/// `2021-06-14`, of seconds on whatever clock.
pub fn day(seconds: i64) -> String {
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => time.strftime("%Y-%m-%d").to_string(),
        Err(_) => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    #[test]
    fn times_with_and_without_zone() {
        for (text, same, zone) in [
            ("2020-05-30T04:57:37+02:00", "2020-05-30T04:57:37Z", Some(7_200)),
            ("2020-05-30T04:57:37Z", "2020-05-30T04:57:37Z", Some(0)),
            ("2014-02-11 21:35:42.000", "2014-02-11T21:35:42Z", None),
            ("20210622T160000-0300", "2021-06-22T16:00:00Z", Some(-10_800)),
            ("2014-02-11", "2014-02-11T00:00:00Z", None),
            ("2019-04-17 00:00:00 UTC", "2019-04-17T00:00:00Z", Some(0)),
            ("4/28/19 00:32", "2019-04-28T00:32:00Z", None),
            ("19/09/2019 10:08", "2019-09-19T10:08:00Z", None),
            ("5/5/19 17:21", "2019-05-05T17:21:00Z", None),
            // In the hour that a change to summer time skips: taken as the clock showed it.
            ("2021-03-28T02:30:00", "2021-03-28T02:30:00Z", None),
        ] {
            let moment = read(text).unwrap();
            assert_eq!((moment.clock.seconds, moment.zone), (utc(same), zone), "{text}");
        }
        assert_eq!(read("2014-02-11 21:35:42.120").unwrap().clock.ms, Some(120));
        assert_eq!(read("2014-02-11T00:00:00.000+00:00T"), Err(NotATime::Malformed));
    }

    #[test]
    fn what_is_no_time() {
        for (text, why) in [
            ("", NotATime::Blank),
            ("NA", NotATime::Blank),
            ("00.00.0000", NotATime::Unset),
            ("0000-00-00 00:00:00", NotATime::Unset),
            ("2021-02-31", NotATime::Malformed),
            ("31.02.2021", NotATime::Malformed),
            ("2021-13-01", NotATime::Malformed),
            ("2021-01-01 25:00", NotATime::Malformed),
            ("5/6/19 17:21", NotATime::Ambiguous),
            ("yesterday", NotATime::Malformed),
            ("2021-01-01T10:00:00+25:00", NotATime::Malformed),
        ] {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }

    #[test]
    fn by_a_pattern() {
        let moment = read_as("%d/%m/%Y %H:%M:%S", "05/06/2019 17:21:00").unwrap();
        assert_eq!((moment.clock.seconds, moment.zone), (utc("2019-06-05T17:21:00Z"), None));
        let with_zone = read_as("%Y-%m-%d %H:%M %z", "2019-06-05 17:21 +0300").unwrap();
        assert_eq!(with_zone.utc(), Some(utc("2019-06-05T14:21:00Z")));
        assert_eq!(read_as("%d/%m/%Y", "31/02/2019"), Err(NotATime::Malformed));
        assert_eq!(read_as("%d.%m.%Y", "00.00.0000"), Err(NotATime::Unset));
    }

    #[test]
    fn zones_in_words() {
        assert_eq!(zone("UTC+10:30"), Some(Some(37_800)));
        assert_eq!(zone("UTC"), Some(Some(0)));
        assert_eq!(zone("UTC-3"), Some(Some(-10_800)));
        assert_eq!(zone("CET"), None);
    }
}
