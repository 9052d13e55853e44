//! The evidence tree: the RFC 6962 tree over the row hashes of a manifest, built with `rs_merkle`.
//!
//! Built only. Every proof is checked by [`check_inclusions`], never by `rs_merkle`'s own verifier,
//! which accepts repeated and out-of-range indexes and hashes to spare.
//!
//! ```text
//! leaves in pieces of 4,096:   [ ‥ 4,096 ‥ ][ ‥ 4,096 ‥ ][ ‥ rest ‥ ]
//! a root of each piece:              •             •            •
//! the tree over those roots:               the evidence root
//! ```
//!
//! A piece is a whole subtree of 4,096 leaves, the last one a subtree whose lone nodes move up, so the
//! root is that of one tree over all leaves. In pieces, because `rs_merkle` keeps 270 bytes for each
//! leaf and its proofs take time quadratic in the leaves shown: 16 s for a tenth of a million.

use std::collections::BTreeMap;

use rayon::prelude::*;
use rs_merkle::{Hasher, MerkleTree};

use crate::tlog::hash::{Hash, Position, Tree, TreeSize, leaf_hash, node_hash};
use crate::tlog::multi::{LEAVES_MAX, Unprovable, check_inclusions};

/// Levels of a piece: 2^12 = 4,096 leaves.
pub(super) const PIECE_LEVELS: u32 = 12;

/// RFC 6962 section 2.1 in `rs_merkle`'s terms.
#[derive(Clone)]
struct Rfc6962;

impl Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(data: &[u8]) -> [u8; 32] {
        leaf_hash(data).0
    }

    fn concat_and_hash(left: &[u8; 32], right: Option<&[u8; 32]>) -> [u8; 32] {
        match right {
            Some(right) => node_hash(Hash(*left), Hash(*right)).0,
            // A lone node moves up.
            None => *left,
        }
    }
}

/// The tree over rows that come one after another; holds one piece and 32 bytes for each before.
#[derive(Default)]
pub struct TreeBuilder {
    piece: Vec<[u8; 32]>,
    roots: Vec<[u8; 32]>,
    size: u64,
}

impl TreeBuilder {
    /// Of no rows yet.
    pub fn new() -> TreeBuilder {
        TreeBuilder::default()
    }

    /// Takes the next row's hash.
    pub fn push(&mut self, row_hash: Hash) {
        self.piece.push(row_hash.0);
        self.size += 1;
        if self.piece.len() == 1 << PIECE_LEVELS {
            self.roots.push(root_of(&self.piece));
            self.piece.clear();
        }
    }

    /// The tree of all rows taken.
    pub fn finish(mut self) -> Tree {
        if self.size == 0 {
            return Tree::empty();
        }
        if !self.piece.is_empty() {
            self.roots.push(root_of(&self.piece));
        }
        Tree { size: TreeSize(self.size), root: Hash(root_of(&self.roots)) }
    }
}

/// That some rows are in the tree over all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowsProof {
    /// The tree over all rows.
    pub tree: Tree,
    /// The hashes that [`check_inclusions`] asks for, in its order.
    pub hashes: Vec<Hash>,
}

/// Proves that the rows at `positions`, ascending, are in the tree over `row_hashes`.
pub fn prove_rows(row_hashes: &[Hash], positions: &[Position]) -> Result<RowsProof, Unprovable> {
    prove_in_pieces(row_hashes, positions, PIECE_LEVELS)
}

fn prove_in_pieces(
    row_hashes: &[Hash],
    positions: &[Position],
    piece_levels: u32,
) -> Result<RowsProof, Unprovable> {
    let size = TreeSize(row_hashes.len() as u64);
    check_positions(positions, size)?;
    let length = 1 << piece_levels;
    let copy = |piece: &[Hash]| piece.iter().map(|hash| hash.0).collect::<Vec<[u8; 32]>>();
    let roots: Vec<[u8; 32]> =
        row_hashes.par_chunks(length).map(|piece| root_of(&copy(piece))).collect();
    let mut pieces = Pieces::default();
    for position in positions {
        let piece = position.0 >> piece_levels;
        if !pieces.has(piece) {
            let first = piece as usize * length;
            let end = row_hashes.len().min(first + length);
            pieces.add(piece, copy(&row_hashes[first..end]));
        }
    }
    let proof = prove_from(size, &pieces, &roots, positions, piece_levels)?;
    Ok(proof.expect("tree: a proof made here must pass"))
}

/// The leaves of some pieces of a tree.
#[derive(Default)]
pub(super) struct Pieces(BTreeMap<u64, Vec<[u8; 32]>>);

impl Pieces {
    /// Whether the leaves of a piece are here.
    pub(super) fn has(&self, piece: u64) -> bool {
        self.0.contains_key(&piece)
    }

    /// Takes the leaves of a piece.
    pub(super) fn add(&mut self, piece: u64, leaves: Vec<[u8; 32]>) {
        self.0.insert(piece, leaves);
    }
}

/// The root of a piece, or of the whole tree over the roots of its pieces.
pub(super) fn piece_root(leaves: &[[u8; 32]]) -> [u8; 32] {
    root_of(leaves)
}

/// [`prove_rows`], with the leaves of the pieces that hold the positions and the roots of all. `None` if they
/// do not belong together.
pub(super) fn prove_from_pieces(
    size: TreeSize,
    pieces: &Pieces,
    roots: &[[u8; 32]],
    positions: &[Position],
) -> Result<Option<RowsProof>, Unprovable> {
    prove_from(size, pieces, roots, positions, PIECE_LEVELS)
}

fn prove_from(
    size: TreeSize,
    pieces: &Pieces,
    roots: &[[u8; 32]],
    positions: &[Position],
    piece_levels: u32,
) -> Result<Option<RowsProof>, Unprovable> {
    check_positions(positions, size)?;
    // The positions by piece, as indexes within it.
    let mut shown: Vec<(u64, Vec<usize>)> = Vec::new();
    for position in positions {
        let (piece, index) = (position.0 >> piece_levels, position.0 & ((1 << piece_levels) - 1));
        match shown.last_mut() {
            Some((last, indexes)) if *last == piece => indexes.push(index as usize),
            _ => shown.push((piece, vec![index as usize])),
        }
    }
    let leaf_of = |position: &Position| {
        let index = position.0 & ((1 << piece_levels) - 1);
        pieces.0.get(&(position.0 >> piece_levels))?.get(index as usize).map(|leaf| Hash(*leaf))
    };
    let leaves: Option<Vec<(Position, Hash)>> =
        positions.iter().map(|position| Some((*position, leaf_of(position)?))).collect();
    let touched: Vec<usize> = shown.iter().map(|(piece, _)| *piece as usize).collect();
    let (Some(leaves), true) = (leaves, touched.last().is_some_and(|last| *last < roots.len()))
    else {
        return Ok(None);
    };
    let below: Vec<Vec<Vec<Hash>>> = shown
        .par_iter()
        .map(|(piece, indexes)| hashes_by_level(&pieces.0[piece], indexes))
        .collect();
    let above = hashes_by_level(roots, &touched);

    // By level from the leaves, and within a level by index: piece after piece.
    let mut hashes = Vec::new();
    for level in 0..piece_levels as usize {
        hashes.extend(below.iter().filter_map(|levels| levels.get(level)).flatten());
    }
    hashes.extend(above.iter().flatten());

    let tree = Tree { size, root: Hash(root_of(roots)) };
    let holds = check_inclusions(&leaves, tree, &hashes).is_ok();
    Ok(holds.then_some(RowsProof { tree, hashes }))
}

/// The same refusals as the verifier's, before anything is indexed.
fn check_positions(positions: &[Position], size: TreeSize) -> Result<(), Unprovable> {
    if positions.is_empty() {
        return Err(Unprovable::NoLeaves);
    }
    if positions.len() > LEAVES_MAX {
        return Err(Unprovable::TooManyLeaves(positions.len()));
    }
    if let Some(&position) = positions.iter().find(|&&position| !size.holds(position)) {
        return Err(Unprovable::NotInTree { position, size });
    }
    match positions.windows(2).find(|pair| pair[0] >= pair[1]) {
        Some(pair) => Err(Unprovable::NotAscending(pair[1])),
        None => Ok(()),
    }
}

/// The root over at least one hash.
fn root_of(hashes: &[[u8; 32]]) -> [u8; 32] {
    let tree = MerkleTree::<Rfc6962>::from_leaves(hashes);
    tree.root().expect("rs_merkle: a tree of one leaf has a root")
}

/// The proof hashes for `indexes` in the tree over `hashes`, by level from the leaves.
///
/// `rs_merkle` gives them in one list, by level and then by index; how many belong to each level
/// follows from the indexes.
fn hashes_by_level(hashes: &[[u8; 32]], indexes: &[usize]) -> Vec<Vec<Hash>> {
    let tree = MerkleTree::<Rfc6962>::from_leaves(hashes);
    let proof = tree.proof(indexes);
    let mut flat = proof.proof_hashes().iter().map(|hash| Hash(*hash));
    let mut levels = Vec::new();
    let (mut known, mut width) = (indexes.to_vec(), hashes.len());
    while width > 1 {
        let is_known = |index: usize| known.binary_search(&index).is_ok();
        let needed = known
            .iter()
            .map(|index| index ^ 1)
            .filter(|&sibling| sibling < width && !is_known(sibling));
        levels.push(flat.by_ref().take(needed.count()).collect());
        for index in &mut known {
            *index /= 2;
        }
        known.dedup();
        width = width.div_ceil(2);
    }
    assert!(flat.next().is_none(), "rs_merkle: a proof with hashes to spare");
    levels
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tlog::merkle::{self, Node};
    use crate::tlog::multi::prove_inclusions;

    fn row_hashes(count: u64) -> Vec<Hash> {
        (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn built(hashes: &[Hash]) -> Tree {
        let mut builder = TreeBuilder::new();
        hashes.iter().for_each(|hash| builder.push(*hash));
        builder.finish()
    }

    /// What tlog's own prover says about the same leaves.
    fn second_opinion(hashes: &[Hash], positions: &[Position]) -> Vec<Hash> {
        let read = |nodes: &[Node]| -> Result<Vec<Hash>, Unprovable> {
            let of = |node: &Node| {
                let (first, past) = (node.index << node.level, (node.index + 1) << node.level);
                merkle::root_of(&hashes[first as usize..past as usize])
            };
            Ok(nodes.iter().map(of).collect())
        };
        prove_inclusions(positions, TreeSize(hashes.len() as u64), read).unwrap()
    }

    #[test]
    fn roots_are_rfc_6962_for_every_size() {
        let hashes = row_hashes(300);
        assert_eq!(built(&[]), Tree::empty());
        for size in 1..=300 {
            let tree = built(&hashes[..size]);
            assert_eq!(tree.root, merkle::root_of(&hashes[..size]), "{size}");
            assert_eq!(tree.size, TreeSize(size as u64));
        }
    }

    #[test]
    fn pieces_meet_without_a_seam() {
        let hashes = row_hashes(3 << PIECE_LEVELS);
        for size in [4_095, 4_096, 4_097, 8_191, 8_192, 8_193, 12_287, 12_288] {
            assert_eq!(built(&hashes[..size]).root, merkle::root_of(&hashes[..size]), "{size}");
            let last = Position(size as u64 - 1);
            let proof = prove_rows(&hashes[..size], &[Position(7), last]).unwrap();
            assert_eq!(proof.hashes, second_opinion(&hashes[..size], &[Position(7), last]));
            assert_eq!(proof.tree, built(&hashes[..size]));
        }
    }

    #[test]
    fn every_row_of_every_small_tree_is_provable() {
        let hashes = row_hashes(40);
        for size in 1..=40 {
            for position in 0..size {
                let (hashes, shown) = (&hashes[..size as usize], [Position(position)]);
                for piece_levels in [0, 1, 2, 3, PIECE_LEVELS] {
                    let proof = prove_in_pieces(hashes, &shown, piece_levels).unwrap();
                    assert_eq!(proof.hashes, second_opinion(hashes, &shown));
                    assert_eq!(proof.tree.root, merkle::root_of(hashes));
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_proved_is_refused() {
        let hashes = row_hashes(5);
        let prove = |positions: &[u64]| {
            let positions: Vec<_> = positions.iter().copied().map(Position).collect();
            prove_rows(&hashes, &positions)
        };
        let size = TreeSize(5);
        assert_eq!(prove(&[]), Err(Unprovable::NoLeaves));
        assert_eq!(prove(&[5]), Err(Unprovable::NotInTree { position: Position(5), size }));
        assert_eq!(prove(&[1, 1]), Err(Unprovable::NotAscending(Position(1))));
        assert_eq!(prove(&[3, 1]), Err(Unprovable::NotAscending(Position(1))));
    }

    proptest! {
        #[test]
        fn many_rows_at_once(
            size in 1usize..300,
            picks in proptest::collection::btree_set(0u64..300, 1..40),
            piece_levels in 0u32..6,
        ) {
            let hashes = row_hashes(size as u64);
            let positions: Vec<_> =
                picks.into_iter().filter(|pick| *pick < size as u64).map(Position).collect();
            prop_assume!(!positions.is_empty());
            let proof = prove_in_pieces(&hashes, &positions, piece_levels).unwrap();
            prop_assert_eq!(proof.hashes, second_opinion(&hashes, &positions));
        }
    }
}
