//! What `treering add` did not record: files left out on purpose, and files that could not be read. One
//! bad file does not stop a batch; it is listed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::exit::Exit;
use super::own_store::OwnStore;
use crate::evidence::summary::Summary;
use crate::evidence::walk::Walk;
use crate::report::words::{count, counted, file_name};

/// What was left out and what could not be read.
pub struct Exceptions {
    listed: Vec<Exception>,
    /// What it makes of the exit code.
    pub exit: Exit,
}

struct Exception {
    place: String,
    why: String,
    is_problem: bool,
}

/// Names on a screen of files with one and the same problem. `--json` lists every one.
const PROBLEMS_SHOWN: usize = 100;
/// Names on a screen of files that were left out on purpose, for one and the same reason.
const LEFT_OUT_SHOWN: usize = 3;

impl Exceptions {
    /// Of a walk and of the reading after it.
    pub fn of(own: &OwnStore, walked: &Walk, summary: &Summary) -> Exceptions {
        let problems = summary.problems.iter().map(|(index, problem)| Exception {
            place: walked.files[*index].path.to_string(),
            why: problem.to_string(),
            is_problem: true,
        });
        let skipped = walked.skipped.iter().map(|skipped| {
            let place = skipped.place.strip_prefix(own.store.home()).unwrap_or(&skipped.place);
            Exception {
                place: file_name(place.as_os_str().as_encoded_bytes()),
                why: skipped.reason.to_string(),
                is_problem: skipped.reason.is_problem(),
            }
        });
        let listed: Vec<Exception> = problems.chain(skipped).collect();
        let unread = super::add::in_short::unread(summary) > 0;
        let exit = match unread || listed.iter().any(|exception| exception.is_problem) {
            true => Exit::Incomplete,
            false => Exit::Done,
        };
        Exceptions { listed, exit }
    }

    /// Every one of them.
    pub fn json(&self) -> Vec<Value> {
        let one = |Exception { place, why, is_problem }: &Exception| json!({ "file": place, "why": why, "problem": is_problem });
        self.listed.iter().map(one).collect()
    }

    /// Problems first; the same reason is said once.
    pub fn text(&self) -> String {
        let mut groups: BTreeMap<(bool, &str), Vec<&str>> = BTreeMap::new();
        for Exception { place, why, is_problem } in &self.listed {
            groups.entry((!is_problem, why)).or_default().push(place);
        }
        let mut text = String::new();
        for ((on_purpose, why), places) in groups {
            let word = if on_purpose { "left out" } else { "NOT RECORDED" };
            match &places[..] {
                [place] => text.push_str(&format!("  {word}  {place}: {why}\n")),
                places if on_purpose => {
                    let names = some_of(places, LEFT_OUT_SHOWN).join(", ");
                    text.push_str(&format!("  {word}  {why}: {names}\n"));
                }
                places => {
                    let files = counted(places.len() as u64, "file");
                    text.push_str(&format!("  {word}  {files}: {why}\n"));
                    for line in some_of(places, PROBLEMS_SHOWN) {
                        text.push_str(&format!("    {line}\n"));
                    }
                }
            }
        }
        text
    }

    /// What to do next, where something could not be recorded or read.
    pub fn next(&self) -> Option<&'static str> {
        let unrecorded = self.listed.iter().any(|exception| exception.is_problem);
        match self.exit {
            Exit::Incomplete if unrecorded => {
                Some("mend what is NOT RECORDED, then run the same command; the rest is kept")
            }
            Exit::Incomplete => Some(
                "look for better copies of the files that are unreadable, and add those; what lies \
                 here is recorded as it is",
            ),
            _ => None,
        }
    }
}

/// The first names, and how many more there are.
fn some_of(names: &[&str], most: usize) -> Vec<String> {
    let mut some: Vec<String> = names.iter().take(most).map(|name| name.to_string()).collect();
    if names.len() > most {
        let more = format!("and {} more (--json lists them)", count((names.len() - most) as u64));
        some.push(more);
    }
    some
}
