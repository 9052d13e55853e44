//! `treering witness status`: what was cosigned, and what needs care.

use std::fmt::Write;

use serde_json::{Value, json};

use super::log::{as_json, state};
use super::places;
use crate::cli::exit::Exit;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome, clock};
use crate::report::words::{counted, safe};

/// Arguments of `treering witness status`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Shows the witness.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let places = places(&own, "witness status")?;
    let identity = places.identity()?;
    let logs = places.logs()?;
    let now = clock::cosignature_time()?;
    let (mut text, mut exit) = (String::new(), Exit::Done);
    let _ = writeln!(text, "{}\n  key   {}\n", identity.name(), identity.vkey());
    let (mut rows, mut cares) = (Vec::<Value>::new(), 0_u64);
    for log in &logs {
        let mut row = as_json(log);
        let mut care = Vec::new();
        if let Err(fault) = places.check(&identity, log.origin_hash()) {
            let failure = Failure::from(fault);
            care.push(format!("{} ({})", failure.why, failure.next));
            exit = exit.graver(failure.exit);
        }
        match places.contradiction(log.origin_hash()) {
            Ok(None) => {}
            Ok(Some(other)) => {
                care.push(format!(
                    "FORKED: the log also signed another tree of size {}; nothing more of it is cosigned \
                     (both are in {})",
                    other.tree().size,
                    places.store.witness().join(log.origin_hash().to_string()).display()
                ));
                exit = exit.graver(Exit::Fork);
            }
            Err(fault) => {
                care.push(fault.to_string());
                exit = exit.graver(Exit::Fork);
            }
        }
        if log.mark.time > now {
            care.push(format!(
                "the time it was cosigned at, {}, is ahead of this computer's clock: one of the two was \
                 wrong",
                state(log)
            ));
        }
        cares += care.len() as u64;
        let _ = writeln!(text, "  {}  {}", safe(log.origin.as_str()), state(log));
        for care in &care {
            let _ = writeln!(text, "  !  {}", safe(care));
        }
        row["care"] = json!(care);
        rows.push(row);
    }
    let _ = writeln!(
        text,
        "{} watched, {}",
        counted(logs.len() as u64, "log"),
        match cares {
            0 => "nothing needs care".to_string(),
            some => format!("{} above", counted(some, "remark")),
        }
    );
    let fields = json!({
        "name": identity.name().to_string(), "vkey": identity.vkey().to_string(), "logs": rows,
    });
    Ok(Answer::new("witness", text, fields).and_next("treering serve --witness").with_exit(exit))
}
