//! `treering audit --replay`: a report judged again from the findings inside it.

use std::path::Path;

use serde_json::json;

use crate::cli::Outcome;
use crate::cli::exit::Exit;
use crate::cli::given_file::{self, Kind};
use crate::cli::voice::Answer;
use crate::report::replay::{self, Replayed};
use crate::report::words::{counted, safe};

const NOT_THE_LEDGER: &str = "This read the report, not the ledger: a report can be made up. What it says of \
                              the ledger is checked by an audit of the ledger.";

/// Judges a report again.
pub fn run(path: &Path) -> Outcome {
    let bytes = given_file::read(path, Kind::Report, replay::MAX_BYTES)?;
    let replayed = replay::replay(&bytes)
        .map_err(|why| given_file::not_one(path, Kind::Report, &bytes, why))?;
    let ledgers = replayed.ledgers.iter().map(|facts| {
        json!({
            "id": facts.ledger.id,
            "name": facts.ledger.name,
            "verdict": facts.verdict,
            "exit": facts.exit,
            "sentence": facts.sentence,
        })
    });
    let json = json!({
        "schema": "treering.audit-replay/1",
        "exit": replayed.exit(),
        "verdict": replayed.verdict(),
        "ledgers": ledgers.collect::<Vec<_>>(),
        "differences": replayed.differences,
        "words_compared": replayed.words_compared,
        "reads": "the report, not the ledger",
    });
    let answer =
        Answer { text: text(path, &replayed), json, exit: Exit::of_verdict(replayed.exit()) };
    let id = replayed.ledgers.first().and_then(|facts| facts.ledger.id.clone());
    let id = id.map(|id| format!(" --ledger-id {id}")).unwrap_or_default();
    Ok(answer.and_next(&format!("treering audit LEDGER-FOLDER{id}")))
}

fn text(path: &Path, replayed: &Replayed) -> String {
    let mut out = format!("{}\n\n", safe(&path.display().to_string()));
    for facts in &replayed.ledgers {
        let name = facts.ledger.name.as_deref().unwrap_or("an unknown party");
        out.push_str(&format!("  {}\n", safe(name)));
        out.push_str(&format!(
            "  Findings   {} inside, {} judged again\n",
            counted(facts.findings.len() as u64, "finding"),
            counted(facts.rules.len() as u64, "rule"),
        ));
        out.push_str(&format!("  Follows    {}   {}\n\n", facts.verdict, safe(&facts.sentence)));
    }
    let page = match (replayed.differences.is_empty(), replayed.words_compared) {
        (true, true) => "MATCHES: the page says what its findings say, word for word".to_string(),
        (true, false) => {
            "NOT CHECKED: the words of the page are those of another version of treering".into()
        }
        (false, _) => format!("DIFFERS in {}", counted(replayed.differences.len() as u64, "place")),
    };
    out.push_str(&format!("  Page       {page}\n"));
    for difference in &replayed.differences {
        out.push_str(&format!("    {}\n", safe(difference)));
    }
    let verdict = replayed.verdict();
    let sentence = match (replayed.differences.is_empty(), replayed.words_compared) {
        (true, true) => "is what follows from the findings in the report.",
        (true, false) => {
            "is what follows from the findings in the report; its words were not compared."
        }
        (false, _) => "the report contradicts itself.",
    };
    out.push_str(&format!("\n{verdict}   {sentence}\n{NOT_THE_LEDGER}\n"));
    out
}
