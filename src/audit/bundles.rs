//! Entry bundles as they are published, taken apart on all cores.

use std::collections::BTreeSet;

use rayon::prelude::*;
use walkdir::WalkDir;

use super::folder::PublicFolder;
use crate::statement::envelope::{ReadError, Statement};
use crate::tlog::bundle::Bundle;
use crate::tlog::hash::{Hash, TreeSize, leaf_hash};
use crate::tlog::tile::{TILE_WIDTH, Tile};

/// Bundles taken in one go: 4,096 statements, a few megabytes, enough to keep all cores busy.
pub const BUNDLES_AT_ONCE: usize = 16;

/// One bundle, as far as it can be read.
#[derive(Debug)]
pub struct ReadBundle {
    /// Which, in the width the signed size asks for.
    pub bundle: Bundle,
    /// Its entries, or why there are none.
    pub entries: Result<Vec<ReadEntry>, String>,
    /// Leaf hashes from the level-0 tile, where the entries cannot be read.
    pub tile_leaves: Vec<Hash>,
    /// Sentences about older partial files of the same bundle that do not agree with it.
    pub older_files: Vec<(String, String)>,
}

/// One entry of a bundle.
#[derive(Debug)]
pub struct ReadEntry {
    /// SHA256(0x00 ‖ entry)
    pub leaf: Hash,
    /// What it says, if it is a statement.
    pub statement: Result<Statement, ReadError>,
}

/// The bundles of a tree of `size` for which a file is there: entries, or at least the level-0 tile.
///
/// A checkpoint may claim any size. What an audit reads is bounded by the files that are published.
pub fn published_bundles(folder: &PublicFolder, size: TreeSize) -> Vec<Bundle> {
    let mut indexes = BTreeSet::new();
    for below in ["tile/entries", "tile/0"] {
        for file in WalkDir::new(folder.root().join(below)).into_iter().filter_map(Result::ok) {
            let name = file.path().strip_prefix(folder.root()).ok();
            let parts: Option<Vec<&str>> =
                name.and_then(|name| name.iter().map(|part| part.to_str()).collect());
            let Some(name) = parts.map(|parts| parts.join("/")) else { continue };
            indexes.extend(Bundle::parse_path(&name).map(Bundle::index));
            let tile = Tile::parse_path(&name).ok().filter(|tile| tile.level() == 0);
            indexes.extend(tile.map(Tile::index));
        }
    }
    indexes.into_iter().filter_map(|index| Bundle::at(index, size)).collect()
}

/// Reads the next [`BUNDLES_AT_ONCE`] bundles of a list.
pub fn read_bundles(folder: &PublicFolder, bundles: &[Bundle], next: usize) -> Vec<ReadBundle> {
    let end = bundles.len().min(next + BUNDLES_AT_ONCE);
    bundles[next.min(end)..end].par_iter().map(|bundle| read_bundle(folder, *bundle)).collect()
}

fn read_bundle(folder: &PublicFolder, bundle: Bundle) -> ReadBundle {
    let mut older_files = Vec::new();
    let entries = read_entries(folder, bundle, &mut older_files);
    let tile_leaves = match &entries {
        Ok(_) => Vec::new(),
        Err(_) => published_leaves(folder, bundle).unwrap_or_default(),
    };
    ReadBundle { bundle, entries, tile_leaves, older_files }
}

fn read_entries(
    folder: &PublicFolder,
    bundle: Bundle,
    older_files: &mut Vec<(String, String)>,
) -> Result<Vec<ReadEntry>, String> {
    let bytes = folder.bundle(bundle).map_err(|fault| fault.to_string())?;
    // A full bundle may stand in for a partial one.
    let split =
        bundle.split(&bytes).or_else(|fault| bundle.full().split(&bytes).map_err(|_| fault));
    let mut entries = split.map_err(|fault| format!("damaged: {fault}"))?;
    entries.truncate(usize::from(bundle.width()));
    compare_older_files(folder, bundle, &bytes, older_files);
    let read = |entry: &&[u8]| {
        let statement = Statement::read(entry.to_vec());
        // A statement's id is its leaf hash, and it has computed it.
        let leaf = statement.as_ref().map_or_else(|_| leaf_hash(entry), Statement::id);
        ReadEntry { leaf, statement }
    };
    Ok(entries.par_iter().map(read).collect())
}

/// An older partial file of a bundle is a beginning of the present one, byte for byte.
fn compare_older_files(
    folder: &PublicFolder,
    bundle: Bundle,
    bytes: &[u8],
    older_files: &mut Vec<(String, String)>,
) {
    for width in folder.partial_widths(&bundle.full().path()) {
        let older =
            Bundle::new(bundle.index(), width).filter(|older| older.width() < bundle.width());
        let Some(older) = older else { continue };
        let fault = match folder.read(&older.path(), bytes.len()) {
            Ok(older_bytes) if bytes.starts_with(&older_bytes) => {
                older.split(&older_bytes).err().map(|fault| format!("damaged: {fault}"))
            }
            Ok(_) => Some("not the beginning of the bundle that followed it".to_string()),
            Err(fault) => Some(fault.to_string()),
        };
        older_files.extend(fault.map(|fault| (older.path(), fault)));
    }
}

/// The leaf hashes of a bundle by its level-0 tile: unproven, but enough to go on with the tree.
fn published_leaves(folder: &PublicFolder, bundle: Bundle) -> Option<Vec<Hash>> {
    let tile = bundle.tile();
    let bytes = folder.tile(tile).ok()?;
    let mut leaves = tile.split(&bytes).or_else(|_| tile.full().split(&bytes)).ok()?;
    leaves.truncate(usize::from(tile.width()));
    Some(leaves)
}

/// The leaf hashes of a whole bundle, computed from its entries again.
pub fn recompute_leaves(folder: &PublicFolder, bundle: Bundle) -> Option<Vec<Hash>> {
    let bytes = folder.bundle(bundle).ok()?;
    let entries = bundle.split(&bytes).ok()?;
    debug_assert!(entries.len() <= usize::from(TILE_WIDTH));
    Some(entries.into_iter().map(leaf_hash).collect())
}
