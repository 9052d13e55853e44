//! The tree against its definition: every size to 300, each leaf, each pair of sizes, compared with
//! the recursion of RFC 6962 as written, and with rs_merkle as a second opinion.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

use proptest::prelude::*;
use treering::tlog::frontier::Frontier;
use treering::tlog::hash::{Hash, Position, Tree, TreeSize, leaf_hash, node_hash};
use treering::tlog::merkle::{
    Node, ProofError, Unprovable, check_consistency, check_inclusion, prove_consistency,
    prove_inclusion, root_of,
};
use treering::tlog::multi::{check_inclusions, prove_inclusions};
use treering::tlog::tile::{Tile, read_from_tiles};

const SIZES: usize = 300;

/// RFC 6962 section 2.1 as written, with a memory. D[n] is a range of leaf positions.
struct Definition {
    leaves: Vec<Hash>,
    roots: RefCell<HashMap<(usize, usize), Hash>>,
}

impl Definition {
    fn new(size: usize) -> Definition {
        let leaves = (0..size).map(|position| leaf_hash(format!("leaf {position}").as_bytes()));
        Definition { leaves: leaves.collect(), roots: RefCell::default() }
    }

    fn tree(&self, size: usize) -> Tree {
        Tree { size: TreeSize(size as u64), root: self.mth(0, size) }
    }

    /// The largest power of two smaller than n.
    fn split(n: usize) -> usize {
        n.next_power_of_two() / 2
    }

    fn mth(&self, start: usize, end: usize) -> Hash {
        if let Some(root) = self.roots.borrow().get(&(start, end)) {
            return *root;
        }
        let root = match end - start {
            0 => Hash::of(b""),
            1 => self.leaves[start],
            n => {
                let middle = start + Definition::split(n);
                node_hash(self.mth(start, middle), self.mth(middle, end))
            }
        };
        self.roots.borrow_mut().insert((start, end), root);
        root
    }

    /// PATH(m, D[start:end])
    fn path(&self, m: usize, start: usize, end: usize) -> Vec<Hash> {
        if end - start == 1 {
            return vec![];
        }
        let k = Definition::split(end - start);
        let middle = start + k;
        if m < k {
            [self.path(m, start, middle), vec![self.mth(middle, end)]].concat()
        } else {
            [self.path(m - k, middle, end), vec![self.mth(start, middle)]].concat()
        }
    }

    /// SUBPROOF(m, D[start:end], b)
    fn subproof(&self, m: usize, start: usize, end: usize, b: bool) -> Vec<Hash> {
        if m == end - start {
            return if b { vec![] } else { vec![self.mth(start, end)] };
        }
        let k = Definition::split(end - start);
        let middle = start + k;
        if m <= k {
            [self.subproof(m, start, middle, b), vec![self.mth(middle, end)]].concat()
        } else {
            [self.subproof(m - k, middle, end, false), vec![self.mth(start, middle)]].concat()
        }
    }

    /// The subtrees without a shown leaf whose sibling has one, as (level, index, hash). A subtree
    /// that the right edge cuts short is at the level of its left sibling.
    fn missing(&self, shown: &[usize], start: usize, end: usize) -> Vec<(u32, usize, Hash)> {
        if end - start <= 1 {
            return vec![];
        }
        let middle = start + Definition::split(end - start);
        let level = (middle - start).ilog2();
        let halves = [(start, middle), (middle, end)];
        let holds = |(a, b): (usize, usize)| shown.iter().any(|p| (a..b).contains(p));
        let mut missing = vec![];
        for (half, sibling) in [(halves[0], halves[1]), (halves[1], halves[0])] {
            if holds(half) {
                missing.extend(self.missing(shown, half.0, half.1));
            } else if holds(sibling) {
                missing.push((level, half.0 >> level, self.mth(half.0, half.1)));
            }
        }
        missing
    }

    fn multi_proof(&self, shown: &[usize], size: usize) -> Vec<Hash> {
        let mut missing = self.missing(shown, 0, size);
        missing.sort_by_key(|(level, index, _)| (*level, *index));
        missing.into_iter().map(|(_, _, hash)| hash).collect()
    }

    /// Reads whole nodes, as a prover asks for them.
    fn read(&self) -> impl Fn(&[Node]) -> Result<Vec<Hash>, Unprovable> {
        |nodes: &[Node]| {
            let range = |node: &Node| (node.index << node.level, (node.index + 1) << node.level);
            let root = |node| self.mth(range(node).0 as usize, range(node).1 as usize);
            Ok(nodes.iter().map(root).collect())
        }
    }
}

#[test]
fn inclusion_of_every_leaf_at_every_size() {
    let definition = Definition::new(SIZES);
    for size in 1..=SIZES {
        let tree = definition.tree(size);
        assert_eq!(root_of(&definition.leaves[..size]), tree.root);
        for index in 0..size {
            let (leaf, position) = (definition.leaves[index], Position(index as u64));
            let proof = prove_inclusion(position, tree.size, definition.read()).unwrap();
            assert_eq!(proof, definition.path(index, 0, size), "leaf {index} of {size}");
            assert_eq!(check_inclusion(leaf, position, tree, &proof), Ok(()));

            // len = bitlen(index XOR (size - 1)) + popcount(index >> that)
            let inner = u64::BITS - (position.0 ^ (tree.size.0 - 1)).leading_zeros();
            let border = position.0.checked_shr(inner).unwrap_or(0).count_ones();
            assert_eq!(proof.len(), (inner + border) as usize);

            let neighbour = Position((position.0 + 1) % tree.size.0);
            if size > 1 {
                assert!(check_inclusion(leaf, neighbour, tree, &proof).is_err());
            }
        }
    }
}

#[test]
fn consistency_of_every_pair_of_sizes() {
    let definition = Definition::new(SIZES);
    for new_size in 1..=SIZES {
        let new = definition.tree(new_size);
        for old_size in 1..=new_size {
            let old = definition.tree(old_size);
            let proof = prove_consistency(old.size, new.size, definition.read()).unwrap();
            assert_eq!(proof, definition.subproof(old_size, 0, new_size, true));
            assert_eq!(check_consistency(old, new, &proof), Ok(()), "{old_size} to {new_size}");
            if old_size == new_size {
                continue;
            }

            // s = trailing zeros of m; fork = bitlen((m-1) XOR (n-1));
            // len = (m is a power of two ? 0 : 1) + (fork - s) + popcount((m-1) >> fork)
            let (m, n) = (old.size.0, new.size.0);
            let fork = u64::BITS - ((m - 1) ^ (n - 1)).leading_zeros();
            let border = (m - 1).checked_shr(fork).unwrap_or(0).count_ones();
            let expected = fork - m.trailing_zeros() + border + u32::from(!m.is_power_of_two());
            assert_eq!(proof.len(), expected as usize);
        }
    }
}

#[test]
fn a_consistency_proof_fits_no_other_roots() {
    let definition = Definition::new(70);
    let stranger = leaf_hash(b"stranger");
    for new_size in 2..=70 {
        let new = definition.tree(new_size);
        for old_size in 1..new_size {
            let old = definition.tree(old_size);
            let proof = definition.subproof(old_size, 0, new_size, true);
            let (other_old, other_new) =
                (Tree { root: stranger, ..old }, Tree { root: stranger, ..new });
            assert!(check_consistency(other_old, new, &proof).is_err());
            assert_eq!(check_consistency(old, other_new, &proof), Err(ProofError::RootDiffers));
            for at in 0..proof.len() {
                let mut changed = proof.clone();
                changed[at] = stranger;
                assert!(check_consistency(old, new, &changed).is_err());
            }
        }
    }
}

#[test]
fn every_set_of_leaves_of_small_trees() {
    for size in 1..=9 {
        let definition = Definition::new(size);
        for set in 1..1_u32 << size {
            let shown: Vec<usize> = (0..size).filter(|index| set >> index & 1 == 1).collect();
            check_set(&definition, &shown, size);
        }
    }
}

fn check_set(definition: &Definition, shown: &[usize], size: usize) {
    let tree = definition.tree(size);
    let positions: Vec<Position> = shown.iter().map(|index| Position(*index as u64)).collect();
    let leaves: Vec<(Position, Hash)> =
        shown.iter().map(|index| (Position(*index as u64), definition.leaves[*index])).collect();
    let proof = prove_inclusions(&positions, tree.size, definition.read()).unwrap();
    assert_eq!(proof, definition.multi_proof(shown, size), "{shown:?} of {size}");
    assert_eq!(check_inclusions(&leaves, tree, &proof), Ok(()));
    for at in 0..leaves.len() {
        let mut changed = leaves.clone();
        changed[at].1 = leaf_hash(b"stranger");
        assert_eq!(check_inclusions(&changed, tree, &proof), Err(ProofError::RootDiffers));
    }
}

fn some_set() -> impl Strategy<Value = (usize, BTreeSet<usize>)> {
    (1..=SIZES)
        .prop_flat_map(|size| (Just(size), prop::collection::btree_set(0..size, 1..=size.min(24))))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn random_sets_of_leaves((size, shown) in some_set()) {
        let shown: Vec<usize> = shown.into_iter().collect();
        check_set(&Definition::new(size), &shown, size);
    }

    #[test]
    fn rs_merkle_carries_the_same_hashes((size, shown) in some_set()) {
        let definition = Definition::new(size);
        let shown: Vec<usize> = shown.into_iter().collect();
        let positions: Vec<Position> = shown.iter().map(|index| Position(*index as u64)).collect();
        let ours = prove_inclusions(&positions, TreeSize(size as u64), definition.read()).unwrap();
        let theirs = second_opinion(&definition.leaves).proof(&shown);
        prop_assert_eq!(ours, theirs.proof_hashes().iter().map(|hash| Hash(*hash)).collect::<Vec<_>>());
    }
}

/// RFC 6962 in rs_merkle: 0x01 before two children, a lone node moves up, which is its default.
#[derive(Clone)]
struct Rfc6962;

impl rs_merkle::Hasher for Rfc6962 {
    type Hash = [u8; 32];

    fn hash(children: &[u8]) -> [u8; 32] {
        Hash::of_parts(&[&[0x01], children]).0
    }
}

fn second_opinion(leaves: &[Hash]) -> rs_merkle::MerkleTree<Rfc6962> {
    let leaves: Vec<[u8; 32]> = leaves.iter().map(|leaf| leaf.0).collect();
    rs_merkle::MerkleTree::from_leaves(&leaves)
}

#[test]
fn rs_merkle_finds_the_same_roots_and_paths() {
    let definition = Definition::new(SIZES);
    for size in 1..=SIZES {
        let leaves = &definition.leaves[..size];
        let theirs = second_opinion(leaves);
        assert_eq!(theirs.root(), Some(root_of(leaves).0));
        for index in (0..size).step_by(1 + size / 16) {
            let position = Position(index as u64);
            let ours = prove_inclusion(position, TreeSize(size as u64), definition.read()).unwrap();
            let ours: Vec<[u8; 32]> = ours.iter().map(|hash| hash.0).collect();
            assert_eq!(theirs.proof(&[index]).proof_hashes(), ours, "leaf {index} of {size}");
        }
    }
}

#[test]
fn proofs_are_the_same_when_read_from_tiles() {
    // Large enough for partial tiles on two levels, and a third with one hash.
    let size = TreeSize(66_000);
    let mut frontier = Frontier::new();
    let mut nodes = HashMap::new();
    for position in 0..size.0 {
        frontier.push_noting(leaf_hash(&position.to_be_bytes()), |node, hash| {
            nodes.insert(node, hash);
        });
    }
    let from_memory = |asked: &[Node]| {
        Ok::<_, Unprovable>(asked.iter().map(|node| nodes[node]).collect::<Vec<Hash>>())
    };
    let tile = |tile: Tile| {
        assert!(tile.is_of(size), "{}", tile.path());
        let node = |i| Node { level: 8 * tile.level(), index: 256 * tile.index() + i };
        Ok::<_, Unprovable>((0..tile.width().into()).map(|i| nodes[&node(i)]).collect::<Vec<_>>())
    };
    let from_tiles = |asked: &[Node]| read_from_tiles(asked, size, tile);

    let positions: Vec<Position> = (0..size.0).step_by(997).chain([65_999]).map(Position).collect();
    for position in &positions {
        let proof = prove_inclusion(*position, size, from_tiles).unwrap();
        assert_eq!(Ok(proof.clone()), prove_inclusion(*position, size, from_memory));
        let leaf = leaf_hash(&position.0.to_be_bytes());
        assert_eq!(check_inclusion(leaf, *position, frontier.tree(), &proof), Ok(()));

        let old = position.covering_size();
        let proof = prove_consistency(old, size, from_tiles);
        assert_eq!(proof, prove_consistency(old, size, from_memory));
    }
    let proof = prove_inclusions(&positions, size, from_tiles).unwrap();
    let leaves: Vec<(Position, Hash)> = positions
        .iter()
        .map(|position| (*position, leaf_hash(&position.0.to_be_bytes())))
        .collect();
    assert_eq!(check_inclusions(&leaves, frontier.tree(), &proof), Ok(()));
}
