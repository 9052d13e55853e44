//! The published hash tiles, held against the hashes recomputed from the statements (rule R02).

use super::finding::{Outcome, Rule, Subject};
use super::findings::Findings;
use super::folder::{PublicFolder, Unreadable};
use crate::tlog::hash::Hash;
use crate::tlog::merkle::Node;
use crate::tlog::tile::{TILE_HEIGHT, TILE_WIDTH, Tile};

/// The tiles being filled: at each tile level the hashes since the last full tile.
#[derive(Debug, Default)]
pub struct TileCheck {
    filling: Vec<Filling>,
}

#[derive(Debug, Default)]
struct Filling {
    index: u64,
    hashes: Vec<Hash>,
}

impl TileCheck {
    /// Takes up a node that the next leaf made whole, and compares a tile once it is full.
    pub fn note(&mut self, node: Node, hash: Hash, folder: &PublicFolder, out: &mut Findings) {
        if !node.level.is_multiple_of(TILE_HEIGHT) {
            return;
        }
        let level = usize::from(node.level / TILE_HEIGHT);
        if self.filling.len() <= level {
            self.filling.push(Filling::default());
        }
        let filling = &mut self.filling[level];
        filling.hashes.push(hash);
        if filling.hashes.len() == usize::from(TILE_WIDTH) {
            compare(level as u8, filling, folder, out);
            filling.index += 1;
            filling.hashes.clear();
        }
    }

    /// Compares the partial tiles at the right edge, after the last leaf.
    pub fn finish(&self, folder: &PublicFolder, out: &mut Findings) {
        for (level, filling) in self.filling.iter().enumerate() {
            if !filling.hashes.is_empty() {
                compare(level as u8, filling, folder, out);
            }
        }
    }
}

fn compare(level: u8, filling: &Filling, folder: &PublicFolder, out: &mut Findings) {
    let width = filling.hashes.len() as u16;
    let tile = Tile::new(level, filling.index, width)
        .expect("audit: a tile of a tree that was read has a level, an index and a width");
    match folder.tile(tile) {
        Ok(bytes) => compare_bytes(tile, &bytes, &filling.hashes, out),
        Err(fault) => report_unreadable(tile, &fault, out),
    }
    // Older partial tiles may still be there; readers of older checkpoints are served them.
    for earlier in folder.partial_widths(&tile.full().path()) {
        let older = Tile::new(level, filling.index, earlier).filter(|older| older.width() < width);
        if let Some(older) = older {
            match folder.read(&older.path(), older.bytes()) {
                Ok(bytes) => compare_bytes(older, &bytes, &filling.hashes, out),
                Err(fault) => report_unreadable(older, &fault, out),
            }
        }
    }
}

fn compare_bytes(tile: Tile, bytes: &[u8], hashes: &[Hash], out: &mut Findings) {
    let subject = Subject::Published(tile.path());
    // A full tile may stand in for a partial one, so it may be longer than asked for.
    let allowed = [tile.bytes(), tile.full().bytes()];
    if !allowed.contains(&bytes.len()) {
        let what = format!(
            "the tile {} has {} bytes where {} hashes take {}",
            tile.path(),
            bytes.len(),
            tile.width(),
            tile.bytes()
        );
        out.add(Rule::R02, Outcome::Fail, "tile-length", subject, what);
        return;
    }
    let published = bytes.chunks_exact(Hash::LENGTH);
    let differing = published.zip(hashes).position(|(bytes, hash)| bytes != hash.as_bytes());
    if let Some(first) = differing {
        let what = format!(
            "the tile {} differs from the statements, first at its hash {first}",
            tile.path()
        );
        out.add(Rule::R02, Outcome::Fail, "tile-differs", subject, what);
    }
}

fn report_unreadable(tile: Tile, fault: &Unreadable, out: &mut Findings) {
    let what = format!("the tile {} is {fault}", tile.path());
    let code = match fault {
        Unreadable::Missing => "tile-missing",
        _ => "tile-unreadable",
    };
    out.add(Rule::R02, Outcome::Fail, code, Subject::Published(tile.path()), what);
}
