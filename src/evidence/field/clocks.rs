//! Clocks and silences of devices, seen over the files of a batch.
//!
//! A shift is only told against something else that knows the time: the table of a data package, or
//! the GPS receiver in the same picture. A reset is a step back in the order of file names, told only
//! where that order otherwise follows the clock; a silence is a gap between two pictures of a device
//! that otherwise makes many.

use std::collections::BTreeMap;

use crate::evidence::attribute::Attribute;
use crate::evidence::formats::moment::day;

/// A shift shorter than this is the drift of a cheap clock or a minute that a table rounds away.
const MIN_SHIFT_S: i64 = 300;
/// Shorter gaps are quiet weeks.
const MIN_SILENCE_S: i64 = 7 * 86_400;
/// Fewer pictures tell nothing about how often a device makes one.
const MIN_PICTURES: usize = 5;
/// More steps back than one in this many: the names are not in the order of the clock.
const ORDERLY: usize = 20;
/// Devices told apart, at most.
const MAX_DEVICES: usize = 100_000;

/// What a clock or a silence looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The clock differs by so many seconds, from this moment on, over so many files.
    Shifted {
        /// The device.
        device: String,
        /// Seconds ahead; negative: behind.
        seconds: i64,
        /// The first such moment, on the device's own clock.
        from: i64,
        /// Files with it.
        files: u64,
        /// What it was compared with.
        against: Against,
    },
    /// The clock went back.
    Reset {
        /// The device.
        device: String,
        /// What it showed before.
        before: i64,
        /// What it showed then.
        after: i64,
    },
    /// Nothing for so long.
    Silent {
        /// The device.
        device: String,
        /// Seconds between two pictures.
        seconds: i64,
        /// The last before, on the device's own clock.
        from: i64,
    },
}

/// What knows the time beside the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Against {
    /// The table of a data package.
    Table,
    /// The GPS receiver: what counts is a change, since the zone is not known.
    Receiver,
}

/// Collects the clocks of devices file by file, in any order.
#[derive(Debug, Default)]
pub struct Clocks {
    devices: BTreeMap<String, Vec<Shown>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Shown {
    /// The place in the order of the walk: by name.
    index: usize,
    wall: i64,
    /// Seconds ahead of the table, or of the receiver's UTC.
    ahead: Option<(Against, i64)>,
}

impl Clocks {
    /// Takes what one file shows; `table` is the same moment in a table, on the clock it is written
    /// in and in UTC.
    pub fn take<'a>(
        &mut self,
        index: usize,
        attributes: impl IntoIterator<Item = &'a Attribute>,
        table: Option<(i64, Option<i64>)>,
    ) {
        let (mut wall, mut zone, mut receiver) = (None, None, None);
        let (mut serial, mut deployment, mut folder, mut device) = (None, None, None, false);
        let mut model = None;
        for attribute in attributes {
            match attribute {
                Attribute::Captured(clock) => wall = Some(clock.seconds),
                Attribute::Zone(seconds) => zone = Some(i64::from(*seconds)),
                Attribute::GpsTime(seconds) => receiver = Some(*seconds),
                Attribute::CameraSerial(text) => serial = Some(text),
                Attribute::CameraModel(text) => model = Some(text),
                Attribute::Recording(_) => device = true,
                Attribute::Deployment(text) => deployment = Some(text),
                Attribute::Path(path) => {
                    let text = path.as_bytes();
                    let end = text.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
                    let name = text[..end].rsplit(|&byte| byte == b'/').next().unwrap_or_default();
                    folder = Some(String::from_utf8_lossy(name).into_owned());
                }
                _ => {}
            }
        }
        let Some(wall) = wall else { return };
        // Documents have dates, too; only what a device made has a clock.
        if !device && model.is_none() && serial.is_none() && deployment.is_none() {
            return;
        }
        let ahead = match (table, receiver) {
            (Some((written, utc)), _) => Some((
                Against::Table,
                match (zone, utc) {
                    (Some(zone), Some(utc)) => wall - zone - utc,
                    _ => wall - written,
                },
            )),
            (None, Some(receiver)) => Some((Against::Receiver, wall - receiver)),
            (None, None) => None,
        };
        // Two phones may put their pictures into one folder.
        let body = match (serial, model) {
            (Some(serial), _) => format!("camera {serial}"),
            (None, Some(model)) => model.clone(),
            (None, None) => String::new(),
        };
        let name = match (deployment, folder.unwrap_or_default()) {
            (Some(deployment), _) => format!("deployment {deployment}"),
            (None, folder) if folder.is_empty() && body.is_empty() => "the device".into(),
            (None, folder) if folder.is_empty() => body,
            (None, folder) if body.is_empty() => folder,
            (None, folder) => format!("{folder} ({body})"),
        };
        if self.devices.len() < MAX_DEVICES || self.devices.contains_key(&name) {
            self.devices.entry(name).or_default().push(Shown { index, wall, ahead });
        }
    }

    /// What is odd, device by device.
    pub fn findings(self) -> Vec<Finding> {
        let mut all = Vec::new();
        for (device, mut shown) in self.devices {
            shown.sort();
            reset(&device, &shown, &mut all);
            shown.sort_by_key(|one| one.wall);
            shifted(&device, &shown, &mut all);
            silent(&device, &shown, &mut all);
        }
        all
    }
}

fn reset(device: &str, by_name: &[Shown], all: &mut Vec<Finding>) {
    let back = |pair: &&[Shown]| pair[1].wall < pair[0].wall - MIN_SHIFT_S;
    let steps: Vec<&[Shown]> = by_name.windows(2).filter(back).collect();
    if by_name.len() >= MIN_PICTURES && steps.len() * ORDERLY <= by_name.len().max(ORDERLY) {
        all.extend(steps.iter().map(|pair| Finding::Reset {
            device: device.to_owned(),
            before: pair[0].wall,
            after: pair[1].wall,
        }));
    }
}

fn shifted(device: &str, by_clock: &[Shown], all: &mut Vec<Finding>) {
    for against in [Against::Table, Against::Receiver] {
        let known: Vec<(i64, i64)> = by_clock
            .iter()
            .filter_map(|one| {
                one.ahead.filter(|(kind, _)| *kind == against).map(|(_, s)| (one.wall, s))
            })
            .collect();
        // Against UTC only a change tells anything: what the clock was set to is its zone.
        let usual = match against {
            Against::Table => 0,
            Against::Receiver => known.first().map_or(0, |(_, seconds)| *seconds),
        };
        let off = |seconds: i64| (seconds - usual).abs() >= MIN_SHIFT_S;
        let Some(&(from, seconds)) = known.iter().find(|(_, seconds)| off(*seconds)) else {
            continue;
        };
        let files = known.iter().filter(|(_, seconds)| off(*seconds)).count() as u64;
        let (device, seconds) = (device.to_owned(), seconds - usual);
        all.push(Finding::Shifted { device, seconds, from, files, against });
    }
}

fn silent(device: &str, by_clock: &[Shown], all: &mut Vec<Finding>) {
    if by_clock.len() < MIN_PICTURES {
        return;
    }
    let longest = by_clock.windows(2).max_by_key(|pair| pair[1].wall - pair[0].wall);
    if let Some([last, next]) = longest {
        let seconds = next.wall - last.wall;
        // A time-lapse of one picture a week is not silent for a week: ten of its usual gaps.
        let mut gaps: Vec<i64> =
            by_clock.windows(2).map(|pair| pair[1].wall - pair[0].wall).collect();
        gaps.sort_unstable();
        let usual = gaps[gaps.len() / 2];
        // From a clock that was reset, a gap of years is the reset's.
        let year = 366 * 86_400;
        if seconds >= MIN_SILENCE_S.max(10 * usual) && seconds < year {
            all.push(Finding::Silent { device: device.to_owned(), seconds, from: last.wall });
        }
    }
}

/// "clock an hour ahead from 2021-06-14 in 340 files of CAM-12, against its table"
impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Finding::Shifted { device, seconds, from, files, against } => {
                let way = if *seconds > 0 { "ahead" } else { "behind" };
                let against = match against {
                    Against::Table => "against its table",
                    Against::Receiver => "against its GPS receiver",
                };
                let (length, from) = (length(seconds.abs()), day(*from));
                let s = if *files == 1 { "" } else { "s" };
                write!(
                    f,
                    "clock {length} {way} from {from} in {files} file{s} of {device}, {against}"
                )
            }
            Finding::Reset { device, before, after } => {
                write!(f, "clock of {device} went back from {} to {}", day(*before), day(*after))
            }
            Finding::Silent { device, seconds, from } => {
                let days = seconds / 86_400;
                write!(f, "{device} silent for {} days from {}", number(days), day(*from))
            }
        }
    }
}

/// `an hour`, `two hours`, `45 minutes`, `12 days`.
fn length(seconds: i64) -> String {
    match seconds {
        3_300..=3_900 => "an hour".into(),
        ..3_300 | 3_901..5_400 => format!("{} minutes", seconds / 60),
        5_400..129_600 => format!("{} hours", number((seconds + 1_800) / 3_600)),
        _ => format!("{} days", number((seconds + 43_200) / 86_400)),
    }
}

fn number(count: i64) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
        "eleven", "twelve",
    ];
    match usize::try_from(count).ok().and_then(|count| WORDS.get(count)) {
        Some(word) => (*word).into(),
        None => count.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::formats::facts::ClockTime;
    use crate::evidence::path::RowPath;

    const JUNE: i64 = 1_623_628_800; // 2021-06-14T00:00:00

    fn file(n: usize, wall: i64, table: Option<i64>, clocks: &mut Clocks) {
        let path = RowPath::new(format!("card/CAM-12/IMG_{n:04}.JPG").as_bytes()).unwrap();
        let all = [
            Attribute::Path(path),
            Attribute::CameraModel("HYPERFIRE".into()),
            Attribute::Captured(ClockTime { seconds: wall, ms: None }),
        ];
        clocks.take(n, &all, table.map(|wall| (wall, None)));
    }

    fn words(clocks: Clocks) -> Vec<String> {
        clocks.findings().iter().map(Finding::to_string).collect()
    }

    #[test]
    fn an_hour_ahead_from_a_day_on() {
        let mut clocks = Clocks::default();
        for n in 0..20 {
            let table = JUNE + (n as i64 - 10) * 3_600;
            let ahead = if n >= 10 { 3_600 } else { 0 };
            file(n, table + ahead, Some(table), &mut clocks);
        }
        assert_eq!(
            words(clocks),
            [
                "clock an hour ahead from 2021-06-14 in 10 files of CAM-12 (HYPERFIRE), against its table"
            ]
        );
    }

    #[test]
    fn silent_and_reset() {
        let mut clocks = Clocks::default();
        for n in 0..10 {
            let gap = if n >= 5 { 9 * 86_400 } else { 0 };
            file(n, JUNE + n as i64 * 600 + gap, None, &mut clocks);
        }
        assert_eq!(words(clocks), ["CAM-12 (HYPERFIRE) silent for nine days from 2021-06-14"]);
        let mut clocks = Clocks::default();
        for n in 0..10 {
            let wall = if n < 6 { JUNE + n as i64 } else { 946_684_800 + n as i64 };
            file(n, wall, None, &mut clocks);
        }
        assert_eq!(
            words(clocks),
            ["clock of CAM-12 (HYPERFIRE) went back from 2021-06-14 to 2000-01-01"]
        );
    }

    #[test]
    fn names_in_no_order_tell_no_reset() {
        let mut clocks = Clocks::default();
        for n in 0..40usize {
            file(n, JUNE + ((n * 7_919) % 40) as i64 * 600, None, &mut clocks);
        }
        assert_eq!(words(clocks), [""; 0]);
    }

    #[test]
    fn lengths() {
        for (seconds, words) in [
            (3_600, "an hour"),
            (7_200, "two hours"),
            (1_500, "25 minutes"),
            (86_400, "24 hours"),
            (864_000, "ten days"),
        ] {
            assert_eq!(length(seconds), words);
        }
    }
}
