//! Progress of long work: one bar by bytes or statements on a terminal, a line now and then
//! elsewhere, silence with `--quiet`.

use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;

use super::voice::Voice;
use crate::report::words;

/// Where no bar can move, a line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// All bars of the process, one under the other.
static BARS: LazyLock<MultiProgress> = LazyLock::new(MultiProgress::new);

/// Writes to the terminal between the bars instead of over them.
pub fn beside_bars<T>(write: impl FnOnce() -> T) -> T {
    BARS.suspend(write)
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes of files.
    Bytes,
    /// Statements of a ledger.
    Statements,
}

/// A running display.
pub struct Display {
    voice: Voice,
    label: &'static str,
    unit: Unit,
    total: u64,
    bar: Option<ProgressBar>,
    began: Instant,
    last_line: Mutex<Instant>,
}

impl Display {
    /// Begins to show progress towards `total`; 0 where the total is not known.
    pub fn begin(voice: Voice, label: &'static str, unit: Unit, total: u64) -> Display {
        let bar = voice.shows_bars().then(|| {
            let template = match (unit, total) {
                (Unit::Bytes, 1..) => {
                    "{prefix}  {bar:20}  {decimal_bytes}/{decimal_total_bytes}  {decimal_bytes_per_sec}  ETA {eta}  {wide_msg}"
                }
                (Unit::Bytes, 0) => "{prefix}  {decimal_bytes}  {decimal_bytes_per_sec}  {wide_msg}",
                (Unit::Statements, 1..) => "{prefix}  {bar:20}  {human_pos}/{human_len}  ETA {eta}  {wide_msg}",
                (Unit::Statements, 0) => "{prefix}  {human_pos}  {wide_msg}",
            };
            let style = ProgressStyle::with_template(template)
                .expect("progress: our own template is well formed");
            let bar = BARS.add(ProgressBar::new(total).with_style(style).with_prefix(label));
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        let began = Instant::now();
        Display { voice, label, unit, total, bar, began, last_line: Mutex::new(began) }
    }

    /// Shows how far the work is, and what it is at.
    pub fn at(&self, done: u64, message: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(message.to_string());
            return;
        }
        let Ok(mut last_line) = self.last_line.try_lock() else { return };
        if self.voice.quiet > 0 || last_line.elapsed() < LINE_EVERY {
            return;
        }
        *last_line = Instant::now();
        if self.voice.json {
            let unit = match self.unit {
                Unit::Bytes => "bytes",
                Unit::Statements => "statements",
            };
            self.voice.event(json!({
                "event": "progress", "what": self.label, "unit": unit, "done": done,
                "total": self.total,
            }));
        } else {
            let show = |number| match self.unit {
                Unit::Bytes => words::bytes(number),
                Unit::Statements => words::counted(number, "statement"),
            };
            let of =
                if self.total > 0 { format!(" of {}", show(self.total)) } else { String::new() };
            let pace = pace(done, self.total, self.began.elapsed());
            let rate = pace.rate.map_or(String::new(), |rate| format!("  {}/s", show(rate)));
            let left = pace.left.map_or(String::new(), |left| format!("  ETA {}", duration(left)));
            let line = format!("{}  {}{of}{rate}{left}  {message}", self.label, show(done));
            self.voice.note(line.trim_end());
        }
    }
}

/// How fast the work goes and how long it will still take, from what was done so far.
struct Pace {
    /// Units a second.
    rate: Option<u64>,
    left: Option<Duration>,
}

fn pace(done: u64, total: u64, elapsed: Duration) -> Pace {
    let seconds = elapsed.as_secs_f64();
    if done == 0 || seconds < 1.0 {
        return Pace { rate: None, left: None };
    }
    let rate = done as f64 / seconds;
    let left = total.checked_sub(done).filter(|left| *left > 0);
    let left = left.map(|left| Duration::from_secs((left as f64 / rate) as u64));
    Pace { rate: Some(rate as u64), left }
}

/// A duration in its two largest units: 45 s, 3 min 20 s, 2 h 5 min.
fn duration(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..60 => format!("{s} s"),
        s @ 60..3_600 => format!("{} min {} s", s / 60, s % 60),
        s => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
            BARS.remove(bar);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_told_once_there_is_one() {
        let none = pace(0, 100, Duration::from_secs(9));
        assert!(none.rate.is_none() && none.left.is_none());
        assert!(pace(10, 100, Duration::from_millis(10)).rate.is_none());
        let some = pace(25, 100, Duration::from_secs(5));
        assert_eq!((some.rate, some.left), (Some(5), Some(Duration::from_secs(15))));
        let unknown_total = pace(25, 0, Duration::from_secs(5));
        assert_eq!((unknown_total.rate, unknown_total.left), (Some(5), None));
        assert!(pace(100, 100, Duration::from_secs(5)).left.is_none());
    }

    #[test]
    fn durations_read_well() {
        assert_eq!(duration(Duration::from_secs(45)), "45 s");
        assert_eq!(duration(Duration::from_secs(200)), "3 min 20 s");
        assert_eq!(duration(Duration::from_secs(7_500)), "2 h 5 min");
    }
}
