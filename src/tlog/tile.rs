//! Tiles: the tree as files that never change (C2SP tlog-tiles v0.1.0).
//!
//! ```text
//! tile/0/x001/234         256 leaf hashes: leaves 1234·256 up to 1235·256
//! tile/1/004.p/210        210 of 256 hashes, each the root over one full tile of the level below
//! ```
//!
//! Hash i of tile (L, N) is the node of level 8·L and index 256·N + i. The seven levels between are
//! not stored: at most 128 of a tile's hashes give any of them. A tile that is full is never written
//! again; at the right edge of each level stands at most one partial tile, whose width is in its name.
//!
//! This module knows names, places and bytes. Fetching, keeping and publishing are the business of
//! the floors above. The entries behind the leaf hashes are in [`bundle`](super::bundle)s.

use std::collections::BTreeMap;

use thiserror::Error;

use super::hash::{Hash, TreeSize};
use super::merkle::root_of;
use super::node::Node;
use super::place::Place;

pub use super::place::{PathError, TILE_INDEX_MAX, TILE_WIDTH};

/// Levels of the tree in one tile.
pub const TILE_HEIGHT: u8 = 8;
/// The largest level that tlog-tiles names. No tree up to [`TreeSize::MAX`] goes beyond 7.
pub const TILE_LEVEL_MAX: u8 = 63;

const _: () = assert!(TILE_WIDTH == 1 << TILE_HEIGHT);

/// A hash tile: level, index within the level, and how many hashes it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    pub(super) level: u8,
    pub(super) place: Place,
}

/// The bytes of a tile are not those of its width.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the tile has {found} bytes where its width needs {expected}")]
pub struct TileLength {
    /// 32 bytes for each hash of the width.
    pub expected: usize,
    /// Bytes found.
    pub found: usize,
}

impl Tile {
    /// A tile of `width` 1 to 256 at a level up to 63; `None` if there is no such tile.
    pub fn new(level: u8, index: u64, width: u16) -> Option<Tile> {
        Tile::on(level, Place::new(index, width)?)
    }

    /// The tile at this place in a tree of this size, full or as partial as it is there.
    pub fn at(level: u8, index: u64, size: TreeSize) -> Option<Tile> {
        Tile::on(level, Place::at(index, hashes_at(level, size))?)
    }

    fn on(level: u8, place: Place) -> Option<Tile> {
        (level <= TILE_LEVEL_MAX).then_some(Tile { level, place })
    }

    /// Level; level-0 tiles hold leaf hashes.
    pub fn level(self) -> u8 {
        self.level
    }

    /// Index among the tiles of its level, from the left.
    pub fn index(self) -> u64 {
        self.place.index
    }

    /// How many hashes it holds, 1 to 256.
    pub fn width(self) -> u16 {
        self.place.width
    }

    /// Whether it holds all 256 hashes it ever will.
    pub fn is_full(self) -> bool {
        self.place.is_full()
    }

    /// The full tile at the same place, which may stand where a partial one has been removed.
    pub fn full(self) -> Tile {
        Tile { place: self.place.full(), ..self }
    }

    /// Whether a tree of exactly this size has this tile, in this width.
    pub fn is_of(self, size: TreeSize) -> bool {
        Tile::at(self.level, self.index(), size) == Some(self)
    }

    /// Bytes in the tile.
    pub fn bytes(self) -> usize {
        usize::from(self.width()) * Hash::LENGTH
    }

    /// The path below the log's prefix: `tile/<L>/<N>[.p/<W>]`.
    pub fn path(self) -> String {
        format!("tile/{}/{}", self.level, self.place.path())
    }

    /// Reads a path; only what [`Tile::path`] writes is one.
    pub fn parse_path(path: &str) -> Result<Tile, PathError> {
        let (level, place) =
            path.strip_prefix("tile/").and_then(|rest| rest.split_once('/')).ok_or(PathError)?;
        let level = level.parse().map_err(|_| PathError)?;
        let tile = Tile::on(level, Place::parse_path(place)?).ok_or(PathError)?;
        if tile.path() != path {
            return Err(PathError);
        }
        Ok(tile)
    }

    /// The hashes in the tile's bytes, which must be exactly as many as its width.
    pub fn split(self, bytes: &[u8]) -> Result<Vec<Hash>, TileLength> {
        let (hashes, rest) = bytes.as_chunks::<{ Hash::LENGTH }>();
        if hashes.len() != usize::from(self.width()) || !rest.is_empty() {
            return Err(TileLength { expected: self.bytes(), found: bytes.len() });
        }
        Ok(hashes.iter().map(|hash| Hash(*hash)).collect())
    }
}

/// The bytes of a tile: its hashes one after the other.
pub fn encode_tile(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Every hash tile of a tree, by level, then by index.
pub fn tiles_of(size: TreeSize) -> impl Iterator<Item = Tile> {
    tiles_between(TreeSize(0), size)
}

/// The hash tiles that a tree of size `new` has and its beginning of size `old` has not, by level,
/// then by index: what growing from one to the other must write.
pub fn tiles_between(old: TreeSize, new: TreeSize) -> impl Iterator<Item = Tile> {
    (0..=TILE_LEVEL_MAX).flat_map(move |level| {
        Place::between(hashes_at(level, old), hashes_at(level, new))
            .map(move |place| Tile { level, place })
    })
}

/// Where the hash of a whole node comes from: `count` hashes of a tile, starting with `first`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeHome {
    /// The tile, in the width it has in the tree asked about.
    pub tile: Tile,
    /// Index of the first hash within the tile.
    pub first: usize,
    /// How many hashes: a power of two up to 128.
    pub count: usize,
}

impl NodeHome {
    /// The node's hash: the root over its hashes of the tile.
    ///
    /// # Panics
    /// If these are not all the hashes of the tile.
    pub fn hash(self, tile: &[Hash]) -> Hash {
        assert_eq!(
            tile.len(),
            usize::from(self.tile.width()),
            "tlog: a tile has as many hashes as its width"
        );
        root_of(&tile[self.first..self.first + self.count])
    }
}

/// The home of a node in a tree of this size; `None` if the node is not whole in it.
pub fn node_home(node: Node, size: TreeSize) -> Option<NodeHome> {
    if !node.is_whole_in(size) {
        return None;
    }
    // A node r levels above its tile's hashes stands over 2^r of them.
    let (level, above) = (node.level / TILE_HEIGHT, node.level % TILE_HEIGHT);
    let (index, first) = Place::of_slot(node.index << above);
    let tile = Tile::at(level, index, size)?;
    Some(NodeHome { tile, first, count: 1 << above })
}

/// Reads whole nodes from the tiles of a tree of this size: the reader that the provers of
/// [`merkle`](super::merkle) and [`multi`](super::multi) ask for. Each tile is fetched once and let go.
///
/// # Panics
/// If a node is not whole in the tree, or a tile has another number of hashes than its width.
pub fn read_from_tiles<E>(
    nodes: &[Node],
    size: TreeSize,
    mut fetch: impl FnMut(Tile) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, E> {
    let mut by_tile: BTreeMap<Tile, Vec<(usize, NodeHome)>> = BTreeMap::new();
    for (answer, node) in nodes.iter().enumerate() {
        let home = node_home(*node, size).expect("tlog: only whole nodes are read from tiles");
        by_tile.entry(home.tile).or_default().push((answer, home));
    }
    let mut hashes = vec![Hash([0; Hash::LENGTH]); nodes.len()];
    for (tile, homes) in by_tile {
        let fetched = fetch(tile)?;
        for (answer, home) in homes {
            hashes[answer] = home.hash(&fetched);
        }
    }
    Ok(hashes)
}

/// floor(size / 256^level): how many hashes the tiles of a level hold together.
fn hashes_at(level: u8, size: TreeSize) -> u64 {
    size.0.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::frontier::Frontier;
    use crate::tlog::merkle::{Unprovable, root_at};
    use crate::tlog::node::memory::{leaves, naive_root};

    fn tile(level: u8, index: u64, width: u16) -> Tile {
        Tile::new(level, index, width).unwrap()
    }

    #[test]
    fn paths_of_the_specification() {
        assert_eq!(tile(0, 1_234_067, 256).path(), "tile/0/x001/x234/067");
        assert_eq!(tile(63, 0, 1).path(), "tile/63/000.p/1");
        assert_eq!(tile(0, TILE_INDEX_MAX, 256).path(), "tile/0/x072/x057/x594/x037/x927/935");
    }

    #[test]
    fn only_one_way_to_write_a_path() {
        let wrong = "tile tile/ tile/0 tile/0/ tile/0/0 tile/00/000 tile/+0/000 tile/-1/000 tile/64/000 \
             tile/256/000 /tile/0/000 Tile/0/000 tile/0/000/ tile//000 tile/x/000 tile/entries/000 \
             tile/0/000.p/256 tile/0/000.p/0";
        for wrong in wrong.split(' ').chain(["", "tile/0/000\n", "tile/ 0/000"]) {
            assert_eq!(Tile::parse_path(wrong), Err(PathError), "{wrong:?}");
        }
        for level in 0..=TILE_LEVEL_MAX {
            let tile = tile(level, 1_234_067, 17);
            assert_eq!(Tile::parse_path(&tile.path()), Ok(tile));
        }
    }

    #[test]
    fn tiles_of_the_specifications_example() {
        // 70,000: 273 full and one of width 112, one full and one of 17, one of 1.
        let tiles: Vec<Tile> = tiles_of(TreeSize(70_000)).collect();
        assert_eq!(tiles.len(), 274 + 2 + 1);
        assert!(tiles[..273].iter().all(|tile| tile.level == 0 && tile.is_full()));
        assert_eq!(
            tiles[273..],
            [tile(0, 273, 112), tile(1, 0, 256), tile(1, 1, 17), tile(2, 0, 1)]
        );
        assert_eq!(tiles_of(TreeSize(256)).collect::<Vec<_>>(), [tile(0, 0, 256), tile(1, 0, 1)]);
        assert_eq!(tiles_of(TreeSize(0)).count(), 0);
    }

    #[test]
    fn the_largest_sizes_do_not_overflow() {
        for size in [TreeSize::MAX, TreeSize(u64::MAX)] {
            let last = TreeSize(size.0 - 1);
            let tiles: Vec<Tile> = tiles_between(last, size).collect();
            assert!(!tiles.is_empty() && tiles.iter().all(|tile| tile.is_of(size)));
        }
    }

    #[test]
    fn growing_writes_exactly_what_changes() {
        let all = |size| tiles_of(size).collect::<std::collections::BTreeSet<_>>();
        let sizes =
            [0, 1, 2, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 65_792].map(TreeSize);
        for old in sizes {
            for new in sizes {
                let written: Vec<Tile> = tiles_between(old, new).collect();
                let expected: Vec<Tile> = if old < new {
                    all(new).difference(&all(old)).copied().collect()
                } else {
                    Vec::new()
                };
                assert_eq!(written, expected, "{old} to {new}");
            }
        }
    }

    #[test]
    fn partial_tiles_belong_to_one_size() {
        let partial = Tile::at(0, 1, TreeSize(300)).unwrap();
        assert_eq!(partial, tile(0, 1, 44));
        assert!(partial.is_of(TreeSize(300)) && !partial.is_full());
        assert!(!partial.is_of(TreeSize(301)) && !partial.full().is_of(TreeSize(300)));
        assert!(tile(0, 0, 256).is_of(TreeSize(301)));
        assert_eq!(Tile::at(0, 2, TreeSize(512)), None);
        assert_eq!(Tile::at(1, 0, TreeSize(255)), None);
        assert_eq!(Tile::at(255, 0, TreeSize(1)), None);
        assert_eq!(Tile::at(0, u64::MAX, TreeSize(u64::MAX)), None);
        assert_eq!(Tile::new(64, 0, 1), None);
        assert_eq!(Tile::new(0, 0, 0), None);
        assert_eq!(Tile::new(0, 0, 257), None);
    }

    #[test]
    fn a_tile_has_the_bytes_of_its_width() {
        let hashes = leaves(3);
        let bytes = encode_tile(&hashes);
        assert_eq!(tile(0, 0, 3).split(&bytes), Ok(hashes));
        for (width, found) in [(2, 96), (4, 96), (3, 95), (3, 97)] {
            let mut bytes = bytes.clone();
            bytes.resize(found, 0);
            let expected = usize::from(width) * 32;
            assert_eq!(tile(0, 0, width).split(&bytes), Err(TileLength { expected, found }));
        }
    }

    #[test]
    fn every_whole_node_is_found_in_its_tile() {
        let size = TreeSize(700);
        let leaves = leaves(size.0);
        let mut whole = BTreeMap::new();
        let mut frontier = Frontier::new();
        leaves.iter().for_each(|leaf| frontier.push_noting(*leaf, |n, h| whole.extend([(n, h)])));
        let fetch = |tile: Tile| {
            assert!(tile.is_of(size));
            let hash_of = |i| whole[&Node { level: 8 * tile.level, index: tile.index() * 256 + i }];
            Ok::<_, Unprovable>((0..tile.width().into()).map(hash_of).collect::<Vec<Hash>>())
        };
        let nodes: Vec<Node> = whole.keys().copied().collect();
        let mut fetched = 0;
        let read = read_from_tiles(&nodes, size, |tile| {
            fetched += 1;
            fetch(tile)
        });
        assert_eq!(read.unwrap(), whole.values().copied().collect::<Vec<_>>());
        assert_eq!(fetched, 4, "three level-0 tiles and one of level 1, each once");

        let root = root_at(size, |nodes| read_from_tiles(nodes, size, fetch));
        assert_eq!(root, Ok(naive_root(&leaves)));
    }

    #[test]
    fn a_node_that_is_not_whole_has_no_home() {
        let node = |level, index| Node { level, index };
        assert_eq!(
            node_home(node(8, 0), TreeSize(300)),
            Some(NodeHome { tile: tile(1, 0, 1), first: 0, count: 1 })
        );
        assert_eq!(
            node_home(node(3, 33), TreeSize(300)),
            Some(NodeHome { tile: tile(0, 1, 44), first: 8, count: 8 })
        );
        assert_eq!(
            node_home(node(62, 0), TreeSize::MAX),
            Some(NodeHome { tile: tile(7, 0, 64), first: 0, count: 64 })
        );
        for absent in [node(3, 37), node(9, 0), node(0, 300), node(255, 0), node(0, u64::MAX)] {
            assert_eq!(node_home(absent, TreeSize(300)), None);
        }
    }
}
