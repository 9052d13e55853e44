//! A signed tree in somebody's hands: tiles and bundles that are believed only after they led to its
//! root.
//!
//! ```text
//! checkpoint's root  ←  the partial tiles at the right edge, one a level
//!                    ←  each full tile, whose root stands one level up
//!                    ←  each entry bundle, whose leaf hashes are a level-0 tile
//! ```
//!
//! So whatever a source sends is held against the root before anybody uses or keeps it: a tile of
//! another ledger, a tile that changed since the last read, a bundle with one byte turned.

use std::collections::BTreeMap;
use std::sync::Mutex;

use thiserror::Error;

use super::public_file::PublicFile;
use super::source::{self, Source, SourceError, Wanted};
use crate::tlog::bundle::Bundle;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize, leaf_hash};
use crate::tlog::merkle::{self, Node, Unprovable, root_of};
use crate::tlog::tile::{TILE_WIDTH, Tile, read_from_tiles};

/// Tiles kept in memory beside the right edge, of each level: provers and readers move from left to
/// right.
const KEPT_PER_LEVEL: usize = 4;

/// Why a tree cannot be read.
#[derive(Debug, Error)]
pub enum TreeError {
    /// The source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A file has not the form of its kind.
    #[error("{file} is damaged: {why}")]
    Damaged {
        /// The file.
        file: PublicFile,
        /// What is wrong with it.
        why: String,
    },
    /// A file is well formed, but not of this tree.
    #[error("{file} is not of the tree that the checkpoint signs")]
    NotInTree {
        /// The file.
        file: PublicFile,
    },
    /// A question that no tree answers.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
}

/// Where tiles are read: here, as far as a tree that is held reaches, else there.
#[derive(Clone, Copy, Debug)]
pub struct Places<'a> {
    /// A copy that was checked before, and up to which size.
    pub here: Option<(&'a dyn Source, TreeSize)>,
    /// The source that is being read.
    pub there: &'a dyn Source,
}

impl<'a> Places<'a> {
    /// Only there.
    pub fn only(there: &'a dyn Source) -> Places<'a> {
        Places { here: None, there }
    }

    /// What is asked, in this order: a damaged copy here does not speak against a source there.
    fn for_tile(&self, tile: Tile) -> impl Iterator<Item = &'a dyn Source> {
        let here = self.here.filter(|(_, size)| tile.is_of(*size));
        here.map(|(here, _)| here).into_iter().chain([self.there])
    }

    /// Whether a bundle is expected here.
    pub fn has_here(&self, bundle: Bundle) -> bool {
        self.here.is_some_and(|(_, size)| bundle.is_of(size))
    }
}

/// The hashes of a tile, exactly as many as its width; not checked yet.
pub fn tile_from(source: &dyn Source, tile: Tile) -> Result<Vec<Hash>, TreeError> {
    let file = PublicFile::Tile(tile);
    let mut bytes = read_or_full(source, file)?;
    if bytes.len() == tile.full().bytes() {
        bytes.truncate(tile.bytes());
    }
    tile.split(&bytes).map_err(|why| damaged(file, why))
}

/// A bundle's bytes, of exactly its width; not checked yet.
pub fn bundle_from(source: &dyn Source, bundle: Bundle) -> Result<Vec<u8>, TreeError> {
    cut_bundle(bundle, read_or_full(source, PublicFile::Bundle(bundle))?)
}

/// A file, or the full one where a partial one has been removed.
fn read_or_full(source: &dyn Source, file: PublicFile) -> Result<Vec<u8>, SourceError> {
    // A full file may stand in, so its ceiling is the one that counts.
    let ceiling = file.full().unwrap_or(file).bytes_max();
    let mut bytes = Vec::new();
    match source.read(&Wanted { ceiling, ..Wanted::whole(file) }, &mut bytes) {
        Err(fault) if fault.is_missing() => match file.full() {
            Some(full) => source::read(source, full),
            None => Err(fault),
        },
        Err(fault) => Err(fault),
        Ok(_) => Ok(bytes),
    }
}

/// The first entries of a bundle that holds more.
fn cut_bundle(bundle: Bundle, mut bytes: Vec<u8>) -> Result<Vec<u8>, TreeError> {
    if bundle.is_full() || bundle.split(&bytes).is_ok() {
        return Ok(bytes);
    }
    let file = PublicFile::Bundle(bundle);
    let entries = bundle.full().split(&bytes).map_err(|why| damaged(file, why))?;
    let kept = &entries[..usize::from(bundle.width())];
    let length = kept.iter().map(|entry| 2 + entry.len()).sum();
    bytes.truncate(length);
    Ok(bytes)
}

fn damaged(file: PublicFile, why: impl ToString) -> TreeError {
    TreeError::Damaged { file, why: why.to_string() }
}

/// A tree whose every hash leads to one root.
#[derive(Debug)]
pub struct AuthenticTree<'a> {
    tree: Tree,
    places: Places<'a>,
    edge: BTreeMap<Tile, Vec<Hash>>,
    recent: Mutex<Vec<(Tile, Vec<Hash>)>>,
}

impl<'a> AuthenticTree<'a> {
    /// Reads the right edge of a tree and holds it against the root.
    pub fn open(tree: Tree, places: Places<'a>) -> Result<AuthenticTree<'a>, TreeError> {
        let edge = match places.here {
            Some((here, _)) => match read_edge(tree, places.there, Some((here, &places))) {
                Ok(edge) => edge,
                Err(_) => read_edge(tree, places.there, None)?,
            },
            None => read_edge(tree, places.there, None)?,
        };
        Ok(AuthenticTree { tree, places, edge, recent: Mutex::default() })
    }

    /// Size and root.
    pub fn tree(&self) -> Tree {
        self.tree
    }

    /// A tile of this tree.
    pub fn tile(&self, tile: Tile) -> Result<Vec<Hash>, TreeError> {
        if let Some(hashes) = self.known(tile) {
            return Ok(hashes);
        }
        let file = PublicFile::Tile(tile);
        let mut last = TreeError::NotInTree { file };
        for source in self.places.for_tile(tile) {
            let read = tile_from(source, tile);
            match read.and_then(|hashes| {
                self.check_root(tile, root_of(&hashes), file)?;
                Ok(hashes)
            }) {
                Ok(hashes) => {
                    self.keep(tile, &hashes);
                    return Ok(hashes);
                }
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }

    /// The entries of a bundle of this tree and their leaf hashes.
    pub fn check_bundle(
        &self,
        bundle: Bundle,
        bytes: &[u8],
    ) -> Result<(Vec<Vec<u8>>, Vec<Hash>), TreeError> {
        let file = PublicFile::Bundle(bundle);
        let entries = bundle.split(bytes).map_err(|why| damaged(file, why))?;
        let leaves: Vec<Hash> = entries.iter().map(|entry| leaf_hash(entry)).collect();
        match self.known(bundle.tile()) {
            Some(hashes) if hashes == leaves => {}
            Some(_) => return Err(TreeError::NotInTree { file }),
            None => self.check_root(bundle.tile(), root_of(&leaves), file)?,
        }
        self.keep(bundle.tile(), &leaves);
        Ok((entries.into_iter().map(<[u8]>::to_vec).collect(), leaves))
    }

    /// The entries of a bundle of this tree and their leaf hashes, from here or from there.
    pub fn bundle(&self, bundle: Bundle) -> Result<(Vec<Vec<u8>>, Vec<Hash>), TreeError> {
        if let Some((here, _)) = self.places.here.filter(|_| self.places.has_here(bundle))
            && let Ok(bytes) = bundle_from(here, bundle)
            && let Ok(checked) = self.check_bundle(bundle, &bytes)
        {
            return Ok(checked);
        }
        self.check_bundle(bundle, &bundle_from(self.places.there, bundle)?)
    }

    /// The entry at a position, and the proof that this tree holds it.
    pub fn entry(&self, position: Position) -> Result<(Vec<u8>, Vec<Hash>), TreeError> {
        let no_leaf = || Unprovable::NoLeaves;
        let (bundle, index) = Bundle::holding(position, self.tree.size).ok_or_else(no_leaf)?;
        let (mut entries, _) = self.bundle(bundle)?;
        let proof = merkle::prove_inclusion(position, self.tree.size, |nodes| self.nodes(nodes))?;
        Ok((entries.swap_remove(index), proof))
    }

    /// Where things are read.
    pub fn places(&self) -> Places<'a> {
        self.places
    }

    /// The hashes of whole nodes: what provers read.
    pub fn nodes(&self, nodes: &[Node]) -> Result<Vec<Hash>, TreeError> {
        read_from_tiles(nodes, self.tree.size, |tile| self.tile(tile))
    }

    /// The root at a size up to this one.
    pub fn root_at(&self, size: TreeSize) -> Result<Hash, TreeError> {
        match size == self.tree.size {
            true => Ok(self.tree.root),
            false => merkle::root_at(size, |nodes| self.nodes(nodes)),
        }
    }

    /// The hash of a full tile stands one level up.
    fn check_root(&self, tile: Tile, root: Hash, file: PublicFile) -> Result<(), TreeError> {
        let width = u64::from(TILE_WIDTH);
        let above = Tile::at(tile.level() + 1, tile.index() / width, self.tree.size);
        // A partial tile is at the right edge, which was read whole.
        let above = above.filter(|_| tile.is_full()).ok_or(TreeError::NotInTree { file })?;
        let slot = (tile.index() % width) as usize;
        match self.tile(above)?.get(slot) == Some(&root) {
            true => Ok(()),
            false => Err(TreeError::NotInTree { file }),
        }
    }

    fn known(&self, tile: Tile) -> Option<Vec<Hash>> {
        if let Some(hashes) = self.edge.get(&tile) {
            return Some(hashes.clone());
        }
        let recent = self.recent.lock().ok()?;
        recent.iter().find(|(known, _)| *known == tile).map(|(_, hashes)| hashes.clone())
    }

    fn keep(&self, tile: Tile, hashes: &[Hash]) {
        let Ok(mut recent) = self.recent.lock() else { return };
        if self.edge.contains_key(&tile) || recent.iter().any(|(known, _)| *known == tile) {
            return;
        }
        let of_level = recent.iter().filter(|(known, _)| known.level() == tile.level()).count();
        if of_level >= KEPT_PER_LEVEL
            && let Some(oldest) = recent.iter().position(|(known, _)| known.level() == tile.level())
        {
            recent.remove(oldest);
        }
        recent.push((tile, hashes.to_vec()));
    }
}

/// The partial tiles at the right edge, which lead to the root together.
fn read_edge(
    tree: Tree,
    there: &dyn Source,
    here: Option<(&dyn Source, &Places<'_>)>,
) -> Result<BTreeMap<Tile, Vec<Hash>>, TreeError> {
    let mut edge = BTreeMap::new();
    let root = merkle::root_at::<TreeError>(tree.size, |nodes| {
        read_from_tiles(nodes, tree.size, |tile| {
            let nearest = here.filter(|(_, places)| places.for_tile(tile).count() > 1);
            let near = nearest.and_then(|(here, _)| tile_from(here, tile).ok());
            let hashes = match near {
                Some(hashes) => hashes,
                None => tile_from(there, tile)?,
            };
            edge.insert(tile, hashes.clone());
            Ok(hashes)
        })
    })?;
    match root == tree.root {
        true => Ok(edge),
        false => {
            // Which of them is wrong cannot be told; the lowest stands for them.
            let file = edge.keys().next().copied().map(PublicFile::Tile);
            Err(TreeError::NotInTree { file: file.unwrap_or(PublicFile::Checkpoint) })
        }
    }
}
