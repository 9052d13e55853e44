//! `treering reindex`: the index made anew from the files.

use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::exit::Exit;
use super::own_store::OwnStore;
use super::progress::{Display, Unit};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, interrupt};
use crate::ledger::indexing::{IndexingError, ManifestFault, Taking, files_of};
use crate::ledger::read::statements;
use crate::report::words::{counted, safe};
use crate::statement::bodies::Body;
use crate::tlog::hash::{Position, TreeSize};

/// Arguments of `treering reindex`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// A manifest whose files are not in the index.
struct LeftOut {
    position: Position,
    path: String,
    word: &'static str,
    why: String,
}

/// Rebuilds the index, and names the manifests whose files it could not take in.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("reindex")?;
    let head = own.head()?.tree();
    let display = Display::begin(context.voice, "Indexing", Unit::Statements, head.size.0);
    let taking = Taking { cancel: interrupt::flag(), progress: &|done| display.at(done, "") };
    let indexed = match own.index_places()?.rebuilt(head, taking) {
        Ok(index) => {
            index.check()?;
            head.size
        }
        // The index ends before the first manifest that does not hold; from there on, finding reads.
        Err(IndexingError::Manifest(at, _) | IndexingError::OtherManifest(at)) => TreeSize(at.0),
        Err(fault) => return Err(fault.into()),
    };
    let left_out = left_out(&own, head.size)?;
    drop(display);
    let mut text = match indexed == head.size {
        true => format!("Rebuilt the index over {}.\n", counted(head.size.0, "statement")),
        false => format!(
            "Rebuilt the index over the first {indexed} of {}; what comes after is found without it, \
             only slower.\n",
            counted(head.size.0, "statement")
        ),
    };
    for LeftOut { position, path, word, why } in &left_out {
        text.push_str(&format!(
            "  {word} the manifest of statement {position}: {why}\n    {path}\n"
        ));
    }
    let one = |LeftOut { position, path, word, why }: &LeftOut| json!({ "position": position.0, "path": path, "state": word, "why": why });
    let left: Vec<Value> = left_out.iter().map(one).collect();
    let fields = json!({ "size": head.size.0, "indexed": indexed.0, "left_out": left });
    let answer = Answer::new("reindex", text, fields);
    Ok(match left_out.is_empty() {
        true => answer,
        false => answer
            .and_next("put the manifests back from their second copy, then treering reindex again")
            .with_exit(Exit::Incomplete),
    })
}

/// Every manifest that is missing or does not hold, by position.
fn left_out(own: &OwnStore, size: TreeSize) -> Result<Vec<LeftOut>, Failure> {
    let mut left_out = Vec::new();
    for statement in statements(&own.folder, size) {
        let (position, statement) = statement?;
        if interrupt::flag().load(Ordering::Relaxed) {
            return Err(IndexingError::Interrupted.into());
        }
        let Body::Anchor(anchor) = &statement.payload.body else { continue };
        let path = own.store.manifest(&anchor.root);
        let (word, why) = match files_of(&path, anchor) {
            Ok(Some(_)) => continue,
            Ok(None) => ("MISSING", "its files cannot be found or proved".to_string()),
            Err(ManifestFault::Unreadable(fault)) => ("UNREADABLE", safe(&fault.to_string())),
            Err(ManifestFault::Other) => {
                ("DIFFERS", "it has other rows, bytes or another root than was signed".to_string())
            }
        };
        left_out.push(LeftOut { position, path: path.display().to_string(), word, why });
    }
    Ok(left_out)
}
