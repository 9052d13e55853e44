//! What partners are told: which rows of which manifests to take out. `schemas/erase.md` has an example.

use serde_json::{Value, json};

use super::apply::ErasedAnchor;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Failure;
use crate::ledger::book::Book;

/// Everything erased in the ledger so far: whoever was told before needs only the last notice. It names no
/// file; that the ledger says the same is for the partner's program to read there.
pub fn of(own: &OwnStore, book: &Book, said: &[ErasedAnchor]) -> Result<Value, Failure> {
    let erasure = |anchor: &ErasedAnchor| {
        let by = anchor.said_by.iter().map(|(position, id, ground)| {
            json!({ "position": position.0, "statement": id.to_string(), "ground": ground })
        });
        json!({
            "anchor": anchor.anchor.to_string(),
            "position": anchor.position.0,
            "root": anchor.root.to_string(),
            "rows": anchor.rows,
            "said_by": by.collect::<Vec<_>>(),
        })
    };
    Ok(json!({
        "schema": "treering.erasure-notice/1",
        "ledger": book.ledger().to_string(),
        "name": book.authority().genesis().name,
        "size": own.head()?.tree().size.0,
        "erasures": said.iter().map(erasure).collect::<Vec<_>>(),
        "please": [
            "take in this ledger as it is now, then run: treering erase --apply --copy LEDGER --manifests DIR",
            "delete the files of these rows, wherever you keep them, and their copies",
            "tell whoever had them from you",
        ],
    }))
}
