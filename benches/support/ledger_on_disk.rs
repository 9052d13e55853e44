//! The public folder of a large ledger, made once and kept.
//!
//! ```text
//! 0      genesis
//! 1      the recorder's grant
//! 2 …    anchors
//! ```

use std::fs;

use treering::audit::folder::PublicFolder;
use treering::ledger::growth::{Present, growth};
use treering::statement::envelope::Statement;
use treering::statement::key::Role;
use treering::tlog::bundle::Bundle;
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::frontier::Frontier;
use treering::tlog::hash::{Hash, Tree};
use treering::tlog::note::NOTE_BYTES_MAX;
use treering::tlog::tile::Tile;

use super::anchors::Anchors;
use super::memory::Ledger;
use super::memory::publish::write;

/// Statements written at once: full bundles, and one hash of the third level.
const BATCH: usize = 65_536;

/// A public folder and what a bench needs to know of it.
pub struct LedgerOnDisk {
    pub folder: PublicFolder,
    pub recorder: SecretKey,
    pub tree: Tree,
    /// The first statements: genesis and grant.
    pub beginning: Ledger,
}

impl LedgerOnDisk {
    /// The ledger of this many statements, at least 3; made if it is not there yet.
    pub fn of(statements: u64) -> LedgerOnDisk {
        let folder = PublicFolder::new(super::data_folder().join(format!("ledger-{statements}")));
        let mut beginning = Ledger::found("bench");
        let recorder = beginning.granted("recorder", Role::Recorder);
        if !folder.root().join("checkpoint").is_file() {
            eprintln!("making a ledger of {} statements …", super::grouped(statements));
            make(&folder, statements, &beginning, &recorder);
        }
        let checkpoint = folder.read("checkpoint", NOTE_BYTES_MAX).expect("checkpoint");
        let tree = SignedCheckpoint::parse(&checkpoint).expect("checkpoint").tree();
        LedgerOnDisk { folder, recorder, tree, beginning }
    }
}

fn make(folder: &PublicFolder, statements: u64, beginning: &Ledger, recorder: &SecretKey) {
    let _ = fs::remove_dir_all(folder.root());
    let mut frontier = Frontier::new();
    let mut batch: Vec<Statement> = beginning.entries.clone();
    let mut anchors = Anchors::after(beginning);
    for position in batch.len() as u64..statements {
        batch.push(anchors.sign_next(recorder));
        if batch.len() == BATCH || position + 1 == statements {
            append(folder, &mut frontier, &batch);
            batch.clear();
        }
    }
    let origin = beginning.authority.genesis().origin.clone();
    let checkpoint = Checkpoint::new(origin, frontier.tree());
    let line = checkpoint.sign(&beginning.log);
    let signed = SignedCheckpoint::new(checkpoint, vec![line]).expect("one signature");
    write(folder.root(), "checkpoint", signed.to_string().as_bytes());
}

fn append(folder: &PublicFolder, frontier: &mut Frontier, batch: &[Statement]) {
    let entries: Vec<&[u8]> = batch.iter().map(Statement::bytes).collect();
    let leaves: Vec<Hash> = batch.iter().map(Statement::id).collect();
    for file in growth(&Published(folder), frontier, &entries, &leaves).expect("growth") {
        write(folder.root(), &file.path, &file.bytes);
    }
    leaves.into_iter().for_each(|leaf| frontier.push(leaf));
}

struct Published<'a>(&'a PublicFolder);

impl Present for Published<'_> {
    type Error = String;

    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, String> {
        let bytes = self.0.tile(tile).map_err(|fault| fault.to_string())?;
        tile.split(&bytes).map_err(|fault| fault.to_string())
    }

    fn bundle(&self, bundle: Bundle) -> Result<Vec<Vec<u8>>, String> {
        let bytes = self.0.bundle(bundle).map_err(|fault| fault.to_string())?;
        let entries = bundle.split(&bytes).map_err(|fault| fault.to_string())?;
        Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
    }
}
