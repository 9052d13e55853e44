//! The program's voice.
//!
//! The answer goes to standard output; everything else goes to standard error. An error is three
//! lines: what happened, why, and what to do next. With `--json` the answer is exactly one JSON object
//! on standard output, errors included, and progress is one JSON object a line on standard error.
//! Colour only ever repeats what a word already says.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::exit::Exit;
use super::progress::beside_bars;
use crate::report::words::{page, visible};

/// Why a command failed, for people and for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// Why, as far as it is known.
    pub why: String,
    /// What to do next.
    pub next: String,
    /// The exit code.
    pub exit: Exit,
}

impl Failure {
    /// A failure in three lines.
    pub fn new(
        exit: Exit,
        what: impl Into<String>,
        why: impl ToString,
        next: impl Into<String>,
    ) -> Failure {
        Failure { what: what.into(), why: why.to_string(), next: next.into(), exit }
    }

    fn json(&self) -> Value {
        json!({
            "schema": "treering.error/1",
            "exit": self.exit.code(),
            "what": self.what,
            "why": self.why,
            "next": self.next,
        })
    }
}

/// What a command found out or did.
#[derive(Clone, Debug)]
pub struct Answer {
    /// For people.
    pub text: String,
    /// For programs; always an object with `schema` and `exit`.
    pub json: Value,
    /// The exit code.
    pub exit: Exit,
}

impl Answer {
    /// An answer with the schema `treering.<command>/1`; `fields` is a JSON object.
    pub fn new(command: &str, text: impl Into<String>, mut fields: Value) -> Answer {
        fields["schema"] = json!(format!("treering.{command}/1"));
        fields["exit"] = json!(Exit::Done.code());
        Answer { text: text.into(), json: fields, exit: Exit::Done }
    }

    /// The same answer, with what to do next.
    pub fn and_next(mut self, next: &str) -> Answer {
        self.text.push_str(&format!("next: {next}\n"));
        self
    }

    /// The same answer with another exit code.
    pub fn with_exit(mut self, exit: Exit) -> Answer {
        self.exit = exit;
        self.json["exit"] = json!(exit.code());
        self
    }
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ColorChoice {
    /// On a terminal that has it, unless NO_COLOR says otherwise.
    #[default]
    Auto,
    /// Into files and pipes too.
    Always,
    /// Nowhere.
    Never,
}

/// How this run speaks.
#[derive(Clone, Copy, Debug)]
pub struct Voice {
    /// One JSON object instead of text.
    pub json: bool,
    /// 0: all; 1: no progress and no notes; 2: nothing but the exit code.
    pub quiet: u8,
    /// 0: what people need; more for those who look for a fault.
    pub verbose: u8,
}

const HOLDS: Style = AnsiColor::Green.on_default();
const DIFFERS: Style = AnsiColor::Red.on_default().bold();
const UNCHECKED: Style = AnsiColor::Yellow.on_default();

/// The words that carry colour, each with the colour that repeats it.
const COLOURED: [(&str, Style); 23] = [
    ("NOT CHECKED", UNCHECKED),
    ("NOT RECORDED", UNCHECKED),
    ("INCOMPLETE", UNCHECKED),
    ("UNREADABLE", UNCHECKED),
    ("UNEXPLAINED", UNCHECKED),
    ("WITHHELD", UNCHECKED),
    ("MISSING", UNCHECKED),
    ("cannot-check", UNCHECKED),
    ("warn", UNCHECKED),
    ("MATCHES", HOLDS),
    ("CONSISTENT", HOLDS),
    ("ERASED", HOLDS),
    ("PASS", HOLDS),
    ("pass", HOLDS),
    ("DIFFERS", DIFFERS),
    ("BROKEN", DIFFERS),
    ("FORKED", DIFFERS),
    ("FORK, KEY SINCE RETIRED", DIFFERS),
    ("SHORTENED", DIFFERS),
    ("FAIL", DIFFERS),
    ("fail", DIFFERS),
    ("error:", DIFFERS),
    ("warning:", UNCHECKED),
];

impl Voice {
    /// Sets the colour for the whole run.
    pub fn set_color(choice: ColorChoice) {
        match choice {
            ColorChoice::Auto => anstream::ColorChoice::Auto.write_global(),
            ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
            ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        }
    }

    /// Prints an answer, and gives the exit code that is true then: an answer that could not be written
    /// is no success, whatever the command did. A reader that closes the pipe has read enough.
    pub fn answer(&self, answer: &Answer) -> Exit {
        if self.quiet >= 2 {
            return answer.exit;
        }
        let mut stdout = anstream::stdout().lock();
        let text = match self.json {
            true => format!("{}\n", answer.json),
            false if answer.text.ends_with('\n') || answer.text.is_empty() => {
                colour(&page(&answer.text))
            }
            // Some texts are made by others: help, for one.
            false => format!("{}\n", colour(&page(&answer.text))),
        };
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            Ok(()) => answer.exit,
            Err(fault) => self.unsaid(&fault, answer.exit),
        }
    }

    /// What becomes of the exit code when standard output takes no more. The complaint goes to standard
    /// error, with `--json` too: the other stream is the one that fails.
    pub fn unsaid(&self, fault: &io::Error, exit: Exit) -> Exit {
        if fault.kind() == io::ErrorKind::BrokenPipe {
            return exit;
        }
        in_three_lines(&Failure::new(
            Exit::Unexpected,
            "the answer cannot be written to standard output",
            fault,
            "make room or name another place for it; what the command did before it answered stands",
        ));
        Exit::Unexpected
    }

    /// Prints a failure.
    pub fn failure(&self, failure: &Failure) {
        if self.quiet >= 2 {
            return;
        }
        if self.json {
            let mut stdout = io::stdout().lock();
            let said = writeln!(stdout, "{}", failure.json()).and_then(|()| stdout.flush());
            // A failure that one stream does not take is told on the other.
            if said.is_ok() {
                return;
            }
        }
        in_three_lines(failure);
    }

    /// A remark beside the answer.
    pub fn note(&self, text: &str) {
        if self.quiet > 0 {
            return;
        }
        match self.json {
            true => self.event(json!({ "event": "note", "text": text })),
            false => {
                to_stderr(&format!("{}\n", visible(text)));
            }
        }
    }

    /// A warning beside the answer; said even when progress is silenced.
    pub fn warn(&self, text: &str) {
        if self.quiet >= 2 {
            return;
        }
        match self.json {
            true => self.event(json!({ "event": "warning", "text": text })),
            false => {
                to_stderr(&format!("warning: {}\n", visible(text)));
            }
        }
    }

    /// A remark for those who look for a fault.
    pub fn detail(&self, text: &str) {
        if self.verbose > 0 {
            self.note(text);
        }
    }

    /// One event of a long run, with `--json`.
    pub fn event(&self, event: Value) {
        let _ = writeln!(std::io::stderr().lock(), "{event}");
    }

    /// Whether a moving bar would be seen.
    pub fn shows_bars(&self) -> bool {
        self.quiet == 0 && !self.json && std::io::stderr().is_terminal()
    }
}

fn in_three_lines(failure: &Failure) {
    let text = [&failure.what, &failure.why, &failure.next].map(|line| visible(line.trim_end()));
    // Parts of these come from files and file names: whatever they hold stays on its line.
    to_stderr(&format!("error: {}\n  why: {}\n next: {}\n", text[0], text[1], text[2]));
}

fn to_stderr(text: &str) {
    beside_bars(|| {
        let _ = anstream::stderr().lock().write_all(colour(text).as_bytes());
    });
}

/// Colours the fixed words where they begin a line or stand between spaces.
fn colour(text: &str) -> String {
    let mut coloured = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        coloured.push_str(&colour_line(line));
    }
    coloured
}

/// A line is coloured at its first fixed word only: that is where a verdict stands.
fn colour_line(line: &str) -> String {
    let first = COLOURED
        .iter()
        .filter_map(|(word, style)| Some((find_word(line, word)?, word.len(), style)))
        .min_by_key(|(at, length, _)| (*at, usize::MAX - length));
    match first {
        Some((at, length, style)) => format!(
            "{}{style}{}{style:#}{}",
            &line[..at],
            &line[at..at + length],
            &line[at + length..]
        ),
        None => line.to_string(),
    }
}

fn find_word(line: &str, word: &str) -> Option<usize> {
    let is_edge = |c: Option<char>| c.is_none_or(|c| c.is_whitespace() || c == ':');
    // The capitals are fixed words wherever they stand; "pass" or "fail" is one only where a line
    // begins with it.
    let fixed_anywhere = word.chars().all(|c| c.is_uppercase() || c == ' ');
    line.match_indices(word).map(|(at, _)| at).find(|at| {
        let (before, after) = (&line[..*at], &line[at + word.len()..]);
        (fixed_anywhere || before.trim().is_empty())
            && is_edge(before.chars().next_back())
            && is_edge(after.chars().next())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_repeats_a_word_and_never_part_of_one() {
        let red = |word: &str| format!("{DIFFERS}{word}{DIFFERS:#}");
        assert_eq!(colour("  DIFFERS a.jpg\n"), format!("  {} a.jpg\n", red("DIFFERS")));
        assert_eq!(colour("error: x\n"), format!("{} x\n", red("error:")));
        assert_eq!(colour("FAILURES\n"), "FAILURES\n");
        assert_eq!(colour("nothing may fail here\n"), "nothing may fail here\n");
    }

    #[test]
    fn the_graver_exit_wins() {
        assert_eq!(Exit::Incomplete.graver(Exit::Finding), Exit::Finding);
        assert_eq!(Exit::Fork.graver(Exit::Finding), Exit::Fork);
        assert_eq!(Exit::Done.graver(Exit::Incomplete), Exit::Incomplete);
    }
}
