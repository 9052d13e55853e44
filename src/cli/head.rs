//! `treering head`: the newest signed head in a line that fits an SMS.

use serde_json::json;

use super::exit::Exit;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, known};
use crate::statement::authority::Authority;
use crate::statement::short_head::ShortHead;
use crate::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::Signature;

/// Arguments of `treering head`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering head                                   send the line to somebody who keeps it
  treering audit LEDGER --head FILE-WITH-THE-LINE what they do with it")]
#[command(after_help = "\
With the line, whoever keeps it notices if the end of the ledger is cut off.")]
pub struct Args {}

/// Prints the line.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let head = own.newest_head("head")?;
    known::warn_of_doubts(context, &own, head.tree().size);
    let likely = own.likely_authority(head.tree())?;
    let signature = match signature_by(&head, &likely) {
        Some(signature) => Some(signature),
        None => signature_by(&head, own.book()?.authority()),
    };
    let signature = signature.ok_or_else(|| {
        Failure::new(
            Exit::Finding,
            "the head is not signed by the log key in force",
            "the file checkpoint is not what this store signed",
            "treering audit names what is damaged",
        )
    })?;
    let short = ShortHead::new(likely.ledger(), head.tree(), signature);
    let fields = json!({
        "line": short.to_string(),
        "id": likely.ledger().to_string(),
        "size": head.tree().size.0,
        "root": head.tree().root.to_string(),
    });
    Ok(Answer::new("head", format!("{short}\n"), fields))
}

/// The signature of the log key in force, if it matches.
fn signature_by(head: &SignedCheckpoint, authority: &Authority) -> Option<Signature> {
    let key = log_vkey(head.origin(), authority.log_keys_in_force().required);
    head.note().check([&key]).ok()?;
    let mut lines = head.note().signatures().iter();
    let line = lines.find(|line| (line.name(), line.id()) == (key.name(), key.id()))?;
    line.signature().try_into().ok().map(Signature)
}
