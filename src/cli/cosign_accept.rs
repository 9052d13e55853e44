//! `treering cosign-accept`: signature lines that came back from witnesses far away.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::cosigning::Cosigning;
use super::exit::Exit;
use super::given_file::{self, Kind};
use super::own_store::OwnStore;
use super::voice::Answer;
use super::{Context, Outcome};
use crate::exchange::asking::{ANSWER_BYTES_MAX, sort};
use crate::report::words::{rfc3339, safe, time};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::note::NOTE_BYTES_MAX;

/// Arguments of `treering cosign-accept`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering cosign-accept cosigned.txt        what treering witness cosign wrote")]
pub struct Args {
    /// Lines of witnesses, or whole checkpoints that bear them; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Takes them up.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let cosigning = Cosigning::of_own(&own, "cosign-accept")?;
    let keys = cosigning.witness_keys();
    let _lock = own.lock("cosign-accept")?;
    let asked = cosigning.asked_about(&own)?;
    let (mut text, mut rows, mut exit) = (String::new(), Vec::<Value>::new(), Exit::Done);
    for path in &args.files {
        let ceiling = ANSWER_BYTES_MAX.max(NOTE_BYTES_MAX);
        let bytes = given_file::read_or_stdin(path, Kind::SignatureLines, ceiling)?;
        let name = path.display().to_string();
        let mut say = |line: String, row: Value| {
            let _ = writeln!(text, "  {}  {}", safe(&name), safe(&line));
            let mut row = row;
            row["file"] = json!(name);
            rows.push(row);
        };
        // A whole checkpoint says what its lines are about; lines alone are tried on all that was sent.
        let whole = SignedCheckpoint::parse(&bytes).ok();
        let (lines, about) = match &whole {
            Some(whole) => {
                let lines = whole.note().signatures().iter().map(|line| format!("{line}\n"));
                let about = asked.iter().filter(|asked| asked.note().text() == whole.note().text());
                let mut about: Vec<SignedCheckpoint> = about.cloned().collect();
                if about.is_empty() && cosigning.is_of_this_history(whole) {
                    about.push(whole.clone());
                }
                (lines.collect::<String>().into_bytes(), about)
            }
            None => (bytes, asked.clone()),
        };
        let logs: Vec<String> =
            cosigning.log_keys().iter().map(|key| format!("{}+{}", key.name(), key.id())).collect();
        let (mut taken, mut unknown, mut forged) = (0, Vec::new(), Vec::new());
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let sorted: Vec<_> =
                about.iter().map(|about| (about, sort(line, about, &keys))).collect();
            let known = sorted.iter().find(|(_, sorted)| !sorted.known.is_empty());
            match (known, sorted.first()) {
                (Some((checkpoint, sorted)), _) => {
                    for (line, key, at) in &sorted.known {
                        cosigning.keep(checkpoint, std::slice::from_ref(line))?;
                        taken += 1;
                        let size = checkpoint.tree().size;
                        let at = i64::try_from(at.seconds()).unwrap_or(i64::MAX);
                        let who = format!("{}+{}", key.name(), key.id());
                        say(
                            format!("{} cosigned size {size} at {}", key.name(), time(at)),
                            json!({ "result": "COSIGNED", "witness": who, "size": size.0,
                                    "time": rfc3339(at) }),
                        );
                    }
                }
                (None, Some((_, sorted))) => {
                    unknown.extend(sorted.unknown.clone());
                    forged.extend(sorted.forged.clone());
                }
                (None, None) => {}
            }
        }
        unknown.retain(|whose| !logs.contains(whose));
        for unknown in &unknown {
            exit = exit.graver(Exit::Incomplete);
            say(
                format!(
                    "NOT CHECKED: a line by {unknown}, whom trust.policy does not name; it is not kept"
                ),
                json!({ "result": "NOT CHECKED", "witness": unknown }),
            );
        }
        if !forged.is_empty() || about.is_empty() {
            exit = exit.graver(Exit::Finding);
            let whose = match forged.as_slice() {
                [] => "it is about no checkpoint of this ledger".to_string(),
                forged => format!(
                    "the line under {} matches no checkpoint that was sent",
                    forged.join(", ")
                ),
            };
            say(format!("DIFFERS: {whose}"), json!({ "result": "DIFFERS", "why": whose }));
        } else if taken == 0 && unknown.is_empty() {
            exit = exit.graver(Exit::Finding);
            let why = "there is no line of a witness in it";
            say(format!("DIFFERS: {why}"), json!({ "result": "DIFFERS", "why": why }));
        }
    }
    cosigning.forget_requests(&own)?;
    let witnessed = cosigning.witnessed()?;
    let waiting = witnessed.as_ref().and_then(|witnessed| witnessed.waits());
    if let Some(witnessed) = &witnessed {
        let _ = writeln!(text, "\n  Witnessed  {}", witnessed.sentence());
    }
    let fields = json!({ "files": rows, "waiting": waiting.unwrap_or(0) });
    let next = match (&witnessed, waiting) {
        (None, _) => "treering trust policy, to say which witnesses you believe",
        (Some(_), Some(_)) => "treering cosign-request, for the witnesses that are missing",
        (Some(_), None) => "treering receipt FILE: from now on it says by when",
    };
    Ok(Answer::new("cosign-accept", text, fields).and_next(next).with_exit(exit))
}
