//! `treering reindex`: the index made anew from the files.

use serde_json::json;

use super::own_store::OwnStore;
use super::progress::{Display, Unit};
use super::voice::Answer;
use super::{Context, Outcome, interrupt};
use crate::ledger::indexing::Taking;
use crate::report::words::counted;

/// Arguments of `treering reindex`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Rebuilds the index.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("reindex")?;
    let head = own.head()?.tree();
    let display = Display::begin(context.voice, "Indexing", Unit::Statements, head.size.0);
    let taking = Taking { cancel: interrupt::flag(), progress: &|done| display.at(done, "") };
    own.index_places()?.rebuilt(head, taking)?.check()?;
    drop(display);
    let text = format!("Rebuilt the index over {}.\n", counted(head.size.0, "statement"));
    Ok(Answer::new("reindex", text, json!({ "size": head.size.0 })))
}
