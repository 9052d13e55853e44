//! The public folder of a ledger in memory, as an honest log would publish it.

use std::fs;
use std::path::Path;

use treering::ledger::growth::{Present, growth};
use treering::tlog::bundle::Bundle;
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::frontier::Frontier;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};
use treering::tlog::tile::Tile;

use super::Ledger;

/// A folder that is still empty.
struct Nothing;

impl Present for Nothing {
    type Error = std::convert::Infallible;
    fn tile(&self, _: Tile) -> Result<Vec<Hash>, Self::Error> {
        unreachable!("an empty folder has no partial tile")
    }
    fn bundle(&self, _: Bundle) -> Result<Vec<Vec<u8>>, Self::Error> {
        unreachable!("an empty folder has no partial bundle")
    }
}

/// The checkpoint of the ledger's first `size` statements, signed by its first log key.
pub fn checkpoint(ledger: &Ledger, size: u64) -> SignedCheckpoint {
    checkpoint_by(ledger, size, &[&ledger.log])
}

/// [`checkpoint`], signed by these log keys in this order.
pub fn checkpoint_by(ledger: &Ledger, size: u64, signers: &[&SecretKey]) -> SignedCheckpoint {
    let leaves: Vec<Hash> = ledger.entries[..size as usize].iter().map(|e| e.id()).collect();
    let tree = Tree { size: TreeSize(size), root: super::tree::root(&leaves) };
    let checkpoint = Checkpoint::new(ledger.authority.genesis().origin.clone(), tree);
    let lines = signers.iter().map(|key| checkpoint.sign(key)).collect();
    SignedCheckpoint::new(checkpoint, lines).expect("a checkpoint under its signatures")
}

/// [`publish`], with a head signed by these log keys.
pub fn publish_by(ledger: &Ledger, signers: &[&SecretKey], folder: &Path) {
    publish(ledger, folder);
    let head = checkpoint_by(ledger, ledger.entries.len() as u64, signers);
    write(folder, "checkpoint", head.to_string().as_bytes());
}

/// Writes bundles, tiles and the checkpoint of the whole ledger.
pub fn publish(ledger: &Ledger, folder: &Path) {
    let entries: Vec<Vec<u8>> = ledger.entries.iter().map(|e| e.bytes().to_vec()).collect();
    publish_entries(ledger, &entries, folder);
}

/// Publishes any entries as the ledger's, as a dishonest log would.
pub fn publish_entries(ledger: &Ledger, entries: &[Vec<u8>], folder: &Path) {
    let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
    let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
    for file in growth(&Nothing, &Frontier::new(), &entries, &leaves).expect("growth") {
        write(folder, &file.path, &file.bytes);
    }
    let tree = Tree { size: TreeSize(leaves.len() as u64), root: super::tree::root(&leaves) };
    let head = Checkpoint::new(ledger.authority.genesis().origin.clone(), tree);
    let line = head.sign(&ledger.log);
    let head = SignedCheckpoint::new(head, vec![line]).expect("a checkpoint under one signature");
    write(folder, "checkpoint", head.to_string().as_bytes());
}

/// Writes a file with the folders above it.
pub fn write(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders");
    fs::write(path, bytes).expect("a file");
}
