//! Sending a statement to a ledger that is served, and checking what comes back.

use serde_json::{Value, json};

use super::Args;
use crate::cli::card::read_card;
use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::output;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::exchange::submission::{Sent, Submission, send};
use crate::report::words::safe;
use crate::statement::card::Card;
use crate::statement::envelope::Statement;
use crate::tlog::merkle::check_inclusion;
use crate::tlog::note::VerifierKey;
use crate::tlog::proof::LogProof;

/// What of an answer was checked.
struct Checked {
    sentence: String,
    exit: Exit,
}

/// Sends it.
pub fn run(context: &Context, args: &Args, url: &str, statement: &Statement) -> Outcome {
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        let why = "an address begins with https:// or http://";
        return Err(usage(
            format!("{} is no address", safe(url)),
            why,
            "copy it from whoever serves",
        ));
    }
    let card = args.card.as_deref().map(read_card).transpose()?;
    let ledger = statement.payload.chain.ledger;
    if let Some(card) = &card
        && ledger.is_some_and(|ledger| ledger != card.ledger())
    {
        return Err(usage(
            "the statement is for another ledger than the card's",
            format!("it names {}", ledger.map(|ledger| ledger.to_string()).unwrap_or_default()),
            "send it to the ledger it names",
        ));
    }
    context.voice.note(&format!("Sending to {}", safe(url)));
    let again = "run the same command again: a statement that is in the ledger is not filed twice";
    let sent = send(url, statement)
        .map_err(|why| Failure::new(Exit::Incomplete, "no answer could be read", why, again))?;
    let submission = match sent {
        Sent::Answer(submission) => *submission,
        Sent::Other(status, text) => {
            let exit = match status {
                400 | 404 | 405 | 413 => Exit::Finding,
                _ => Exit::Incomplete,
            };
            let why =
                format!("{status}: {}", if text.is_empty() { "without a word" } else { &text });
            return Err(Failure::new(exit, "the statement was not taken", why, again));
        }
    };
    match submission {
        Submission::Accepted { id, new, proof } => {
            let checked = check(statement, &proof, card.as_ref()).map_err(|why| {
                Failure::new(
                    Exit::Finding,
                    "the acceptance does not hold",
                    why,
                    "do not count on it: the statement may not be in that ledger",
                )
            })?;
            if id != statement.id() {
                return Err(Failure::new(
                    Exit::Finding,
                    "the acceptance does not hold",
                    "it is about another statement",
                    "do not count on it: the statement may not be in that ledger",
                ));
            }
            let mut text = match new {
                true => format!("Accepted as statement {}.\n", proof.position),
                false => format!("It was there before, as statement {}.\n", proof.position),
            };
            text.push_str(&format!("  {}\n", checked.sentence));
            if let Some(path) = &args.output {
                output::write(path, proof.to_string(), args.overwrite)?;
                text.push_str(&format!("Wrote {}\n", path.display()));
            }
            let fields = json!({
                "to": url, "result": "ACCEPTED", "new": new, "position": proof.position.0,
                "id": id.to_string(), "proof": proof.to_string(), "checked": checked.sentence,
            });
            let next =
                "keep the proof (-o FILE): if the ledger ever drops the statement, it shows that";
            Ok(Answer::new("submit", text, fields).and_next(next).with_exit(checked.exit))
        }
        Submission::Refused { id, why, last, .. } => {
            let last = last.map(|(bytes, proof)| last_json(&bytes, &proof));
            let why = safe(&why);
            let mut text = format!("REFUSED by the ledger: {why}\n");
            if let Some(last) = &last {
                text.push_str(&format!(
                    "  the last statement it holds of this key: {}, number {} of the key\n",
                    last["id"].as_str().unwrap_or("unreadable"),
                    last["seq"]
                ));
            }
            let fields = json!({ "to": url, "result": "REFUSED", "id": id.to_string(), "why": why, "last": last });
            let next = "file it in a ledger of your own, with the refusal, if you do not agree";
            Ok(Answer::new("submit", text, fields).and_next(next).with_exit(Exit::Finding))
        }
    }
}

/// Checks that the proof leads from the statement to its checkpoint; and, with a card, that the
/// checkpoint is signed by the log key on it.
fn check(statement: &Statement, proof: &LogProof, card: Option<&Card>) -> Result<Checked, String> {
    check_inclusion(statement.id(), proof.position, proof.checkpoint.tree(), &proof.hashes)
        .map_err(|why| why.to_string())?;
    let Some(card) = card else {
        let sentence = "the statement is under the checkpoint; NOT CHECKED: whose checkpoint it is \
                        (--card CARD)";
        return Ok(Checked { sentence: sentence.into(), exit: Exit::Incomplete });
    };
    let key = VerifierKey::parse(&card.log_vkey).map_err(|why| why.to_string())?;
    if proof.checkpoint.origin().as_str() != card.origin {
        return Err("the checkpoint is of another ledger".into());
    }
    proof.checkpoint.note().check([&key]).map_err(|why| {
        format!("the checkpoint is not signed by the log key on the card, or the key was changed since: {why}")
    })?;
    let sentence = "the statement is under a checkpoint that the log key on the card has signed";
    Ok(Checked { sentence: sentence.into(), exit: Exit::Done })
}

/// The last statement of the same key, if it is one and its proof leads to the checkpoint beside it.
fn last_json(bytes: &[u8], proof: &LogProof) -> Value {
    match Statement::read(bytes.to_vec()) {
        Ok(last)
            if check_inclusion(
                last.id(),
                proof.position,
                proof.checkpoint.tree(),
                &proof.hashes,
            )
            .is_ok() =>
        {
            json!({
                "id": last.id().to_string(), "seq": last.payload.chain.seq,
                "position": proof.position.0, "proof": proof.to_string(),
            })
        }
        _ => json!({ "id": null, "seq": null, "why": "what was sent does not hold" }),
    }
}
