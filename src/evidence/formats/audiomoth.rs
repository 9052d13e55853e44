//! The sentence that AudioMoth's firmware writes into a recording. Its words change from version to
//! version and are nowhere documented: the time, the zone and the number are looked for, and the
//! rest is left alone.

use super::moment::{self, Moment};

/// `Recorded at 10:25:00 04/04/2020 (UTC+1) …`; with milliseconds in newer, without the zone in the
/// first firmware.
pub fn recorded(comment: &str) -> Option<Moment> {
    let rest = comment.split_once("Recorded at ")?.1;
    let mut words = rest.split_whitespace();
    let (time, date) = (words.next()?, words.next()?);
    let mut moment = moment::read_as("%d/%m/%Y", date).ok()?;
    let of_day = moment::read_apart("1970-01-01", time).ok()?;
    moment.clock.seconds += of_day.clock.seconds;
    moment.clock.ms = of_day.clock.ms;
    let zone = words.next().and_then(|word| word.strip_prefix('(')?.strip_suffix(')'));
    moment.zone = zone.and_then(moment::zone).flatten();
    Some(moment)
}

/// The 16 hexadecimal digits of a device's number.
pub fn serial(text: &str, after: &str) -> Option<String> {
    let rest = text.split_once(after)?.1;
    let number: String = rest.chars().take_while(char::is_ascii_hexdigit).take(17).collect();
    (number.len() == 16).then_some(number)
}
