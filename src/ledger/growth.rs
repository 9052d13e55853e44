//! Growth: the files by which a public folder goes from one size to a larger one.
//!
//! ```text
//! size 300 → 600     tile/0/001 .p/88      tile/0/002 .p/88       level 0: leaf hashes 256 … 599
//!                    tile/1/000.p/2                               level 1: hashes of two full tiles
//!                    tile/entries/001      tile/entries/002.p/88  entries 256 … 599
//! ```
//!
//! A name that a signed size covers never gets other bytes: growing only adds names. What is partial
//! stays beside the fuller file that follows it, for readers of older checkpoints.

use thiserror::Error;

use crate::tlog::bundle::{Bundle, BundleError, bundles_between, encode_bundle};
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Hash, Tree, TreeSize};
use crate::tlog::merkle::{self, Unprovable};
use crate::tlog::tile::{
    TILE_HEIGHT, TILE_WIDTH, Tile, encode_tile, read_from_tiles, tiles_between, tiles_of,
};

/// A published file by its path in the folder, and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedFile {
    /// `/` between its parts.
    pub path: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Where the present tiles and bundles of a folder are read.
pub trait Present {
    /// Why reading fails.
    type Error;
    /// The hashes of a tile, exactly as many as its width.
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, Self::Error>;
    /// The entries of a bundle, exactly as many as its width.
    fn bundle(&self, bundle: Bundle) -> Result<Vec<Vec<u8>>, Self::Error>;
}

/// The files that a tree at `before` needs to grow by these entries.
pub fn growth<P: Present>(
    present: &P,
    before: &Frontier,
    entries: &[&[u8]],
    leaves: &[Hash],
) -> Result<Vec<PublishedFile>, GrowthError<P::Error>> {
    let (old, new) = (before.size(), TreeSize(before.size().0 + entries.len() as u64));
    let mut files = grown_bundles(present, old, new, entries)?;
    files.extend(grown_tiles(present, before, new, leaves)?);
    Ok(files)
}

/// Why growing fails before anything is written.
#[derive(Debug, Error)]
pub enum GrowthError<E> {
    /// A present file at the right edge cannot be read.
    #[error("the right edge of the ledger cannot be read: {0}")]
    Present(E),
    /// An entry is too long for a bundle.
    #[error(transparent)]
    Entry(#[from] BundleError),
}

fn grown_bundles<P: Present>(
    present: &P,
    old: TreeSize,
    new: TreeSize,
    entries: &[&[u8]],
) -> Result<Vec<PublishedFile>, GrowthError<P::Error>> {
    let mut files = Vec::new();
    for bundle in bundles_between(old, new) {
        let first = bundle.first().0;
        let kept = old.0.saturating_sub(first) as usize;
        let mut contents: Vec<Vec<u8>> = match Bundle::at(bundle.index(), old) {
            Some(earlier) => present.bundle(earlier).map_err(GrowthError::Present)?,
            None => Vec::new(),
        };
        let from = (first + kept as u64 - old.0) as usize;
        let added = usize::from(bundle.width()) - kept;
        contents.extend(entries[from..from + added].iter().map(|entry| entry.to_vec()));
        files.push(PublishedFile { path: bundle.path(), bytes: encode_bundle(&contents)? });
    }
    Ok(files)
}

fn grown_tiles<P: Present>(
    present: &P,
    before: &Frontier,
    new: TreeSize,
    leaves: &[Hash],
) -> Result<Vec<PublishedFile>, GrowthError<P::Error>> {
    // The nodes that the leaves make whole, by tile level, in order.
    let mut made: Vec<Vec<Hash>> = Vec::new();
    let mut frontier = before.clone();
    for leaf in leaves {
        frontier.push_noting(*leaf, |node, hash| {
            if node.level.is_multiple_of(TILE_HEIGHT) {
                let level = usize::from(node.level / TILE_HEIGHT);
                made.resize_with(made.len().max(level + 1), Vec::new);
                made[level].push(hash);
            }
        });
    }
    let mut files = Vec::new();
    for tile in tiles_between(before.size(), new) {
        let first = tile.index() * u64::from(TILE_WIDTH);
        let there = before.size().0 >> (u32::from(tile.level()) * u32::from(TILE_HEIGHT));
        let mut hashes = match Tile::at(tile.level(), tile.index(), before.size()) {
            Some(earlier) => present.tile(earlier).map_err(GrowthError::Present)?,
            None => Vec::new(),
        };
        let from = (first + hashes.len() as u64 - there) as usize;
        let added = usize::from(tile.width()) - hashes.len();
        hashes.extend(&made[usize::from(tile.level())][from..from + added]);
        files.push(PublishedFile { path: tile.path(), bytes: encode_tile(&hashes) });
    }
    Ok(files)
}

/// The files are not those of the tree.
#[derive(Debug, Error)]
pub enum TreeFault<E> {
    /// One of them cannot be read.
    #[error("{0}")]
    Unreadable(E),
    /// They can be read, and do not add up to it.
    #[error("{0} does not add up to the root")]
    Differs(String),
}

/// Reads what was written back and recomputes the tree from those bytes alone: entries to leaf
/// hashes, leaf hashes to tiles, tiles to the root.
pub fn read_back<P: Present>(
    written: &P,
    old: TreeSize,
    expected: Tree,
) -> Result<(), TreeFault<P::Error>> {
    for bundle in bundles_between(old, expected.size) {
        let entries = written.bundle(bundle).map_err(TreeFault::Unreadable)?;
        let leaves = entries.iter().map(|entry| crate::tlog::hash::leaf_hash(entry));
        if !leaves.eq(written.tile(bundle.tile()).map_err(TreeFault::Unreadable)?) {
            return Err(TreeFault::Differs(bundle.path()));
        }
    }
    check_tiles(written, old, expected)
}

/// Recomputes the tree from its tiles: each that is not in the tree of size `old` against the hash
/// that stands for it one level up, and the root from the right edge.
pub fn check_tiles<P: Present>(
    present: &P,
    old: TreeSize,
    expected: Tree,
) -> Result<(), TreeFault<P::Error>> {
    let tile_at = |tile| present.tile(tile).map_err(TreeFault::Unreadable);
    for tile in tiles_between(old, expected.size).filter(|tile| tile.is_full()) {
        let (above, slot) = (tile.index() / 256, (tile.index() % 256) as usize);
        let parent = Tile::at(tile.level() + 1, above, expected.size)
            .expect("ledger: a full tile has a hash one level up");
        if tile_at(parent)?.get(slot) != Some(&merkle::root_of(&tile_at(tile)?)) {
            return Err(TreeFault::Differs(format!("{} or {}", tile.path(), parent.path())));
        }
    }
    let root = merkle::root_at(expected.size, |nodes| {
        read_from_tiles(nodes, expected.size, |tile| {
            present.tile(tile).map_err(RootFault::Unreadable)
        })
    });
    match root {
        Ok(root) if root == expected.root => Ok(()),
        Err(RootFault::Unreadable(fault)) => Err(TreeFault::Unreadable(fault)),
        Ok(_) | Err(RootFault::TooLarge) => {
            let edge = tiles_of(expected.size).filter(|tile| !tile.is_full());
            let edge: Vec<String> = edge.map(Tile::path).collect();
            Err(TreeFault::Differs(edge.join(" or ")))
        }
    }
}

enum RootFault<E> {
    Unreadable(E),
    TooLarge,
}

impl<E> From<Unprovable> for RootFault<E> {
    fn from(_: Unprovable) -> RootFault<E> {
        RootFault::TooLarge
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::BTreeMap;

    use super::*;
    use crate::tlog::hash::leaf_hash;

    #[derive(Default)]
    struct InMemory(RefCell<BTreeMap<String, Vec<u8>>>);

    impl Present for InMemory {
        type Error = String;
        fn tile(&self, tile: Tile) -> Result<Vec<Hash>, String> {
            let files = self.0.borrow();
            let bytes = files.get(&tile.path()).ok_or(tile.path())?;
            tile.split(bytes).map_err(|fault| fault.to_string())
        }
        fn bundle(&self, bundle: Bundle) -> Result<Vec<Vec<u8>>, String> {
            let files = self.0.borrow();
            let bytes = files.get(&bundle.path()).ok_or(bundle.path())?;
            let entries = bundle.split(bytes).map_err(|fault| fault.to_string())?;
            Ok(entries.into_iter().map(<[u8]>::to_vec).collect())
        }
    }

    fn entry(number: u64) -> Vec<u8> {
        format!("entry {number}").into_bytes()
    }

    fn grow(folder: &InMemory, frontier: &mut Frontier, by: u64) {
        let old = frontier.size();
        let entries: Vec<Vec<u8>> = (old.0..old.0 + by).map(entry).collect();
        let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        for file in growth(folder, frontier, &entries, &leaves).unwrap() {
            let earlier = folder.0.borrow_mut().insert(file.path.clone(), file.bytes.clone());
            assert!(earlier.is_none_or(|bytes| bytes == file.bytes), "{} changed", file.path);
        }
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        read_back(folder, old, frontier.tree()).unwrap();
    }

    #[test]
    fn grown_in_steps_or_at_once_the_files_are_the_same() {
        let (mut stepwise, mut at_once) = (Frontier::new(), Frontier::new());
        let (small, large) = (InMemory::default(), InMemory::default());
        for step in [1, 1, 2, 100, 151, 1, 1, 255, 256, 257, 700, 65_000] {
            grow(&small, &mut stepwise, step);
        }
        grow(&large, &mut at_once, stepwise.size().0);
        assert_eq!(stepwise, at_once);
        let size = at_once.size();
        let expected = tiles_of(size).map(Tile::path);
        for path in expected.chain(bundles_between(TreeSize(0), size).map(Bundle::path)) {
            assert_eq!(small.0.borrow().get(&path), large.0.borrow().get(&path), "{path}");
        }
    }

    #[test]
    fn reading_back_sees_every_changed_byte() {
        let (folder, mut frontier) = (InMemory::default(), Frontier::new());
        grow(&folder, &mut frontier, 300);
        let paths: Vec<String> = folder.0.borrow().keys().cloned().collect();
        for path in paths {
            let length = folder.0.borrow()[&path].len();
            for at in (0..length).step_by(97) {
                let flip = || folder.0.borrow_mut().get_mut(&path).unwrap()[at] ^= 1;
                flip();
                let verdict = read_back(&folder, TreeSize(0), frontier.tree());
                assert!(verdict.is_err(), "{path} byte {at}");
                flip();
            }
        }
    }
}
