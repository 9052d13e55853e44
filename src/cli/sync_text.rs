//! What a sync of one ledger came to, in one line for people and one object for programs.

use serde_json::{Value, json};

use super::exit::Exit;
use crate::exchange::mirror::{State, Synced};
use crate::report::words::{counted, safe, time};
use crate::store::mirrors::MirrorRecord;

/// The fixed word, the sentence after it, and the exit code.
pub struct Line {
    /// The word; empty where all is well.
    pub word: &'static str,
    /// The sentence.
    pub sentence: String,
    /// What it makes of the exit code.
    pub exit: Exit,
    /// What to do next, where something is to be done.
    pub next: Option<String>,
}

impl Line {
    /// Of one ledger.
    pub fn of(record: &MirrorRecord, synced: &Synced) -> Line {
        let size = |size: crate::tlog::hash::TreeSize| counted(size.0, "statement");
        let line = |word, sentence: String, exit, next: Option<String>| Line {
            word,
            sentence,
            exit,
            next,
        };
        match &synced.state {
            State::AsBefore if synced.unsound == 0 => {
                line("", format!("as before, {}", size(synced.after)), Exit::Done, None)
            }
            State::Grown if synced.unsound == 0 => {
                let new = counted(synced.after.0.saturating_sub(synced.before.0), "new statement");
                line("", format!("{new}, now {}", synced.after), Exit::Done, None)
            }
            State::AsBefore | State::Grown => line(
                "DIFFERS",
                format!(
                    "{}, of which {} not hold although the log signed them",
                    size(synced.after),
                    if synced.unsound == 1 {
                        "1 does".into()
                    } else {
                        format!("{} do", synced.unsound)
                    }
                ),
                Exit::Finding,
                Some(format!("treering audit {}", record.name)),
            ),
            State::Shortened { shown, held, since } => line(
                "SHORTENED",
                format!(
                    "the source shows {}; {held} are held since {}: cut off at its end, or an old copy",
                    size(*shown),
                    time(since.as_second())
                ),
                Exit::Finding,
                Some("ask the site; the longer history stays here".into()),
            ),
            State::Forked { id, freezes: true } => line(
                "FORKED",
                format!("two signed checkpoints cannot both be true; the proof is {id}"),
                Exit::Fork,
                Some(format!("treering fork show {id}")),
            ),
            State::Forked { id, freezes: false } => line(
                "FORKED",
                format!(
                    "FORK, KEY SINCE RETIRED, or resolved before; the proof is {id}, nothing is frozen"
                ),
                Exit::Fork,
                Some(format!("treering fork show {id}")),
            ),
            State::Frozen { id } => line(
                "FORKED",
                format!("frozen since the fork {id}, until people have decided"),
                Exit::Fork,
                Some(format!("treering fork resolve {id} --keep A|B --reason …")),
            ),
            State::Unexplained { why } => line(
                "UNEXPLAINED",
                format!("{}; it is kept, and no fork yet", safe(why)),
                Exit::Incomplete,
                Some("sync from another copy, or treering sync --gossip".into()),
            ),
            State::Refused { why } => {
                line("DIFFERS", format!("refused: {}", safe(why)), Exit::Finding, None)
            }
            State::Unreachable { why } => line("NOT CHECKED", safe(why), Exit::Incomplete, None),
            State::NeedsEarlier { since, begins } => line(
                "NOT CHECKED",
                format!("the bundle begins at {begins}, and {since} are held here"),
                Exit::Incomplete,
                Some(format!("ask for one made with --since {since}")),
            ),
            State::Paused => line(
                "NOT CHECKED",
                "stopped on the way; what is proven is kept".into(),
                Exit::Incomplete,
                None,
            ),
        }
    }

    /// For a screen.
    pub fn text(&self, record: &MirrorRecord, synced: &Synced) -> String {
        let word = if self.word.is_empty() { String::new() } else { format!("{}  ", self.word) };
        let mut text = format!("{:<24} {word}{}\n", record.name.as_str(), self.sentence);
        let some = synced.sentences.iter().take(3);
        for sentence in some.chain(&synced.remarks) {
            text.push_str(&format!("    {}\n", safe(sentence)));
        }
        if synced.manifests > 0 {
            text.push_str(&format!("    {} fetched\n", counted(synced.manifests, "manifest")));
        }
        if let Some(next) = &self.next {
            text.push_str(&format!("    next: {next}\n"));
        }
        text
    }

    /// For programs.
    pub fn json(&self, record: &MirrorRecord, synced: &Synced) -> Value {
        let state = match &synced.state {
            State::AsBefore => "as-before",
            State::Grown => "grown",
            State::Shortened { .. } => "shortened",
            State::Forked { .. } => "forked",
            State::Frozen { .. } => "frozen",
            State::Unexplained { .. } => "unexplained",
            State::Refused { .. } => "refused",
            State::Unreachable { .. } => "unreachable",
            State::NeedsEarlier { .. } => "needs-earlier",
            State::Paused => "paused",
        };
        let fork = match &synced.state {
            State::Forked { id, .. } | State::Frozen { id } => Some(id.to_string()),
            _ => None,
        };
        json!({
            "name": record.name.as_str(),
            "ledger": record.ledger.to_string(),
            "state": state,
            "says": self.sentence,
            "exit": self.exit.code(),
            "before": synced.before.0,
            "size": synced.after.0,
            "unsound": synced.unsound,
            "findings": synced.sentences,
            "remarks": synced.remarks,
            "manifests": synced.manifests,
            "fork": fork,
            "next": self.next,
        })
    }
}
