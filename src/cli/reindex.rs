//! `treering reindex`: the index made anew from the files.

use serde_json::json;

use super::own_store::OwnStore;
use super::voice::Answer;
use super::{Context, Outcome};
use crate::report::words::counted;

/// Arguments of `treering reindex`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Rebuilds the index.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("reindex")?;
    let (index, manifests) = (own.store.index(own.ledger()?), own.store.manifests());
    let head = own.head()?.tree();
    own.index_places(&index, &manifests).rebuilt(head)?.check()?;
    let text = format!("Rebuilt the index over {}.\n", counted(head.size.0, "statement"));
    Ok(Answer::new("reindex", text, json!({ "size": head.size.0 })))
}
