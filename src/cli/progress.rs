//! Progress of long work: one bar by bytes or statements on a terminal, a line now and then
//! elsewhere, silence with `--quiet`.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::voice::Voice;
use crate::report::words;

/// Where no bar can move, a line at most this often.
const LINE_EVERY: Duration = Duration::from_secs(10);

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
            let bar = ProgressBar::new(total).with_style(style).with_prefix(label);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Display { voice, label, unit, total, bar, last_line: Mutex::new(Instant::now()) }
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
            self.voice.note(&format!("{}  {}{of}  {message}", self.label, show(done)));
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
