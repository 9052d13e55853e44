//! What a copy of a ledger says of evidence after a receipt was made: erased, corrected, disputed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::json;

use super::check::{Checked, ReceiptRow};
use super::exit::Exit;
use super::failures::usage;
use super::standing;
use super::voice::Failure;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::statement::envelope::LedgerId;
use crate::statement::receipt::{CheckedReceipt, Receipt};
use crate::store::disk::RealDisk;
use crate::store::public::PublicFolder;
use crate::tlog::hash::Hash;

/// A copy of the ledger that is the receipt's, at its size or beyond.
pub struct Since {
    folder: PublicFolder,
    book: Book,
}

/// A copy of a ledger; that it is the right one is for the caller to see.
pub fn open_copy(copy: &Path) -> Result<(PublicFolder, Book), Failure> {
    let folder = PublicFolder::new(Arc::new(RealDisk), copy);
    let ledger = read::ledger_in(&folder)?;
    let size = read::head_of(&folder)?.tree().size;
    let book = read::book(&folder, ledger, size)?;
    Ok((folder, book))
}

/// The copy is of another ledger.
pub fn other_ledger(copy: &Path, found: LedgerId, named: LedgerId) -> Failure {
    usage(
        format!("{} holds another ledger", copy.display()),
        format!("it is {found}, not {named}"),
        "name a copy of the ledger that you trust",
    )
}

impl Since {
    /// Opens the copy and holds it against the receipt: it must be the same history and not older.
    pub fn in_copy(copy: &Path, pinned: LedgerId, receipt: &Receipt) -> Result<Since, Failure> {
        let (folder, book) = open_copy(copy)?;
        if book.ledger() != pinned {
            return Err(other_ledger(copy, book.ledger(), pinned));
        }
        let (then, now) = (receipt.checkpoint.tree(), book.tree());
        if now.size < then.size {
            return Err(Failure::new(
                Exit::Incomplete,
                "the copy of the ledger is older than the receipt",
                format!("it has {} statements, the receipt was made at {}", now.size, then.size),
                "take a newer copy, or check without --copy",
            ));
        }
        match read::root_at(&folder, then.size, now.size) {
            Some(root) if root == then.root => Ok(Since { folder, book }),
            _ => Err(Failure::new(
                Exit::Finding,
                "the copy of the ledger is of another history than the receipt",
                format!("at {} statements its root is not the one the receipt signs", then.size),
                "keep both: treering audit --head tells whether this is a fork",
            )),
        }
    }

    /// The same file, with what was said of its row later.
    pub fn judge(
        &self,
        mut file: Checked,
        rows: &BTreeMap<Hash, ReceiptRow>,
        receipt: &CheckedReceipt,
    ) -> Result<Checked, Failure> {
        let digest = file.json["sha256"].as_str().and_then(Hash::from_hex);
        let Some(row) = digest.filter(|_| file.word == "MATCHES").and_then(|d| rows.get(&d)) else {
            return Ok(file);
        };
        let Some((statement, _)) = receipt.anchor(row.anchor) else { return Ok(file) };
        let now = standing::of(&self.folder, &self.book, row.anchor, statement)?;
        file.json["standing"] = json!(now.word);
        if now.erased.binary_search(&row.index).is_ok() {
            file.word = "ERASED";
            file.json["result"] = json!("ERASED");
            file.exit = file.exit.graver(Exit::Incomplete);
            file.but = Some("what was erased should not be kept or shown");
            file.lines.insert(
                0,
                format!(
                    "the bytes are those of the receipt, but the ledger says since then that row {} of \
                     statement {} was erased",
                    row.index, row.anchor
                ),
            );
        } else if !now.is_good() {
            file.exit = file.exit.graver(Exit::Incomplete);
            file.but = Some("the statement does not stand as it did");
            file.lines.push(format!("but the statement is {}: {}", now.word, now.sentence));
        } else {
            file.lines.push(format!(
                "since then       nothing against it in the copy, up to statement {}",
                self.book.tree().size.0 - 1
            ));
        }
        Ok(file)
    }
}
