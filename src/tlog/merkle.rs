//! The tree of RFC 6962: its root, and proofs that a leaf is in it and that it extends an older one.
//!
//! Each proof is made and checked by two functions that answer each other: `prove_inclusion` and
//! `check_inclusion`, `prove_consistency` and `check_consistency`. Both checks come down to the one
//! verifier in [`multi`](super::multi). Proofs of many leaves are there.
//!
//! The provers take `read`, which gives the hashes of whole nodes from wherever they live: tiles in a
//! folder, memory, a mirror. What it reads need not be trusted: a wrong hash makes a proof that fails.

use super::hash::{Hash, Position, Tree, TreeSize, node_hash};
use super::multi::{check_inclusions, proof_nodes, prove_inclusions};
use super::node::read_nodes;

pub use super::multi::{ProofError, Unprovable};
pub use super::node::{Node, right_edge};

/// The most hashes in a proof of one leaf or of consistency, at [`TreeSize::MAX`]: 62 and 63.
pub const PROOF_HASHES_MAX: usize = Node::LEVEL_MAX as usize + 1;

/// The root over these leaf hashes: pair neighbours, move a last one without neighbour up unchanged
/// (RFC 6962 section 2.1, bottom up).
pub fn root_of(leaves: &[Hash]) -> Hash {
    let mut level = pair_up(leaves);
    while level.len() > 1 {
        level = pair_up(&level);
    }
    level.pop().unwrap_or(Tree::empty().root)
}

fn pair_up(level: &[Hash]) -> Vec<Hash> {
    let (pairs, lone) = level.as_chunks::<2>();
    let mut above: Vec<Hash> = pairs.iter().map(|[left, right]| node_hash(*left, *right)).collect();
    above.extend(lone);
    above
}

/// The root at a size, from the at most 62 whole subtrees that make up the tree.
///
/// # Errors
/// A size above [`TreeSize::MAX`], as the reader's error type, or the reader's own error.
pub fn root_at<E: From<Unprovable>>(
    size: TreeSize,
    read: impl FnOnce(&[Node]) -> Result<Vec<Hash>, E>,
) -> Result<Hash, E> {
    if size > TreeSize::MAX {
        return Err(Unprovable::SizeTooLarge(size).into());
    }
    if size.0 == 0 {
        return Ok(Tree::empty().root);
    }
    // The node of the highest level stands over every leaf there is.
    let root = Node { level: Node::LEVEL_MAX, index: 0 };
    Ok(read_nodes(&[root], size, read)?[0])
}

/// Makes the proof that the leaf at `position` is in the tree of this size: `PATH(position, D[size])`
/// of RFC 6962 section 2.1.1, leaf's sibling first.
///
/// # Errors
/// [`Unprovable`] as the reader's error type, or the reader's own error.
pub fn prove_inclusion<E: From<Unprovable>>(
    position: Position,
    size: TreeSize,
    read: impl FnOnce(&[Node]) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, E> {
    prove_inclusions(&[position], size, read)
}

/// Checks that the leaf with this hash stands at `position` in the tree.
pub fn check_inclusion(
    leaf: Hash,
    position: Position,
    tree: Tree,
    proof: &[Hash],
) -> Result<(), ProofError> {
    check_inclusions(&[(position, leaf)], tree, proof)
}

/// The last whole subtree of an old tree, as seen in the old and in the new tree.
///
/// The old tree of size m ends with the whole node of level s = trailing zeros of m, at index
/// m/2^s - 1. Above level s, both trees are trees over the nodes of that level: m/2^s of them in the
/// old one, where this is the last, and ceil(n/2^s) in the new one. So a tree extends another exactly
/// if this node is included in both, under the same left neighbours: the consistency proof is the
/// node's inclusion proof in the new tree, and the left hashes alone are that in the old one.
/// (`PROOF(m, D[n])` of RFC 6962 section 2.1.2.)
struct Seam {
    level: u8,
    index: Position,
    old_width: TreeSize,
    new_width: TreeSize,
}

impl Seam {
    /// The sizes are 0 < old < new.
    fn between(old: TreeSize, new: TreeSize) -> Seam {
        let level = old.0.trailing_zeros() as u8;
        let old_width = TreeSize(old.0 >> level);
        Seam {
            level,
            index: Position(old_width.0 - 1),
            old_width,
            new_width: TreeSize(new.0.div_ceil(1 << level)),
        }
    }

    /// The nodes of the seam's inclusion proof in the new tree, counting levels from the seam's.
    fn path(&self) -> Vec<Node> {
        proof_nodes(&[self.index], self.new_width)
    }

    /// Whether the seam is the whole old tree: its hash is then the old root, which the verifier
    /// holds and the proof leaves out.
    fn is_old_root(&self) -> bool {
        self.old_width == TreeSize(1)
    }
}

/// Makes the proof that the tree of size `new` extends that of size `old`; empty for equal sizes.
///
/// # Errors
/// [`Unprovable`] as the reader's error type (also for an empty old tree, which every tree extends),
/// or the reader's own error.
pub fn prove_consistency<E: From<Unprovable>>(
    old: TreeSize,
    new: TreeSize,
    read: impl FnOnce(&[Node]) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, E> {
    check_sizes(old, new)?;
    if old == new {
        return Ok(Vec::new());
    }
    let seam = Seam::between(old, new);
    let mut nodes = Vec::new();
    if !seam.is_old_root() {
        nodes.push(Node { level: seam.level, index: seam.index.0 });
    }
    let lift = |node: Node| Node { level: node.level + seam.level, ..node };
    nodes.extend(seam.path().into_iter().map(lift));
    read_nodes(&nodes, new, read)
}

/// Checks that `new` extends `old`: the first `old.size` leaves of both are the same.
///
/// Equal sizes need an empty proof and equal roots. An empty old tree is an error, for the caller to
/// settle: every tree extends it and no proof says so.
pub fn check_consistency(old: Tree, new: Tree, proof: &[Hash]) -> Result<(), ProofError> {
    check_sizes(old.size, new.size)?;
    if old.size == new.size {
        return match proof {
            [] if old.root == new.root => Ok(()),
            [] => Err(ProofError::RootDiffers),
            _ => Err(ProofError::WrongLength { expected: 0, found: proof.len() }),
        };
    }
    let seam = Seam::between(old.size, new.size);
    let path_nodes = seam.path();
    let expected = path_nodes.len() + usize::from(!seam.is_old_root());
    let wrong_length = ProofError::WrongLength { expected, found: proof.len() };
    if proof.len() != expected {
        return Err(wrong_length);
    }
    let (seam_hash, path) = if seam.is_old_root() {
        (old.root, proof)
    } else {
        let (first, path) = proof.split_first().ok_or(wrong_length)?;
        (*first, path)
    };
    // A sibling with an even index stands on the left.
    let lefts: Vec<Hash> = path_nodes
        .iter()
        .zip(path)
        .filter(|(node, _)| node.index % 2 == 0)
        .map(|(_, hash)| *hash)
        .collect();

    let old_above_seam = Tree { size: seam.old_width, root: old.root };
    check_inclusions(&[(seam.index, seam_hash)], old_above_seam, &lefts).map_err(|error| {
        match error {
            ProofError::RootDiffers => ProofError::OldRootDiffers,
            other => other,
        }
    })?;
    let new_above_seam = Tree { size: seam.new_width, root: new.root };
    check_inclusions(&[(seam.index, seam_hash)], new_above_seam, path)
}

/// What prover and verifier both insist on: 0 < old ≤ new ≤ 2^62.
fn check_sizes(old: TreeSize, new: TreeSize) -> Result<(), Unprovable> {
    if new > TreeSize::MAX {
        return Err(Unprovable::SizeTooLarge(new));
    }
    if old > new {
        return Err(Unprovable::OldTreeLarger { old, new });
    }
    if old.0 == 0 {
        return Err(Unprovable::OldTreeEmpty);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::hash::leaf_hash;
    use crate::tlog::node::memory::{leaves, naive_root, read};

    fn tree(leaves: &[Hash]) -> Tree {
        Tree { size: TreeSize(leaves.len() as u64), root: root_of(leaves) }
    }

    fn consistency(leaves: &[Hash], old: u64, new: u64) -> Vec<Hash> {
        prove_consistency(TreeSize(old), TreeSize(new), read::<Unprovable>(leaves)).unwrap()
    }

    #[test]
    fn the_root_is_that_of_the_recursion() {
        let leaves = leaves(70);
        for size in 0..=leaves.len() {
            let expected = naive_root(&leaves[..size]);
            assert_eq!(root_of(&leaves[..size]), expected);
            let read = root_at(TreeSize(size as u64), read::<Unprovable>(&leaves));
            assert_eq!(read, Ok(expected));
        }
    }

    #[test]
    fn sizes_that_nobody_has_are_errors_not_overflows() {
        let none = read::<Unprovable>(&[]);
        let huge = TreeSize(u64::MAX);
        assert_eq!(root_at(huge, none), Err(Unprovable::SizeTooLarge(huge)));
        assert_eq!(
            prove_inclusion(Position(u64::MAX - 1), huge, none),
            Err(Unprovable::SizeTooLarge(huge))
        );
        assert_eq!(prove_consistency(TreeSize(1), huge, none), Err(Unprovable::SizeTooLarge(huge)));
    }

    #[test]
    fn the_largest_tree_needs_62_and_63_hashes() {
        let asked = |nodes: &[Node]| Ok::<_, Unprovable>(vec![Tree::empty().root; nodes.len()]);
        let inclusion = prove_inclusion(Position(0), TreeSize::MAX, asked).unwrap();
        assert_eq!(inclusion.len(), 62);
        let consistency = prove_consistency(TreeSize(3), TreeSize::MAX, asked).unwrap();
        assert_eq!(consistency.len(), PROOF_HASHES_MAX);
    }

    #[test]
    fn equal_sizes_compare_roots() {
        let (one, other) = (tree(&leaves(5)), tree(&leaves(6)[1..]));
        assert_eq!(consistency(&leaves(5), 5, 5), []);
        assert_eq!(check_consistency(one, one, &[]), Ok(()));
        assert_eq!(check_consistency(one, other, &[]), Err(ProofError::RootDiffers));
        assert_eq!(
            check_consistency(one, one, &[one.root]),
            Err(ProofError::WrongLength { expected: 0, found: 1 })
        );
    }

    #[test]
    fn the_empty_tree_is_the_callers_business() {
        let new = tree(&leaves(3));
        let refused = Err(ProofError::Unprovable(Unprovable::OldTreeEmpty));
        assert_eq!(check_consistency(Tree::empty(), new, &[]), refused);
        assert_eq!(check_consistency(Tree::empty(), Tree::empty(), &[]), refused);
        let asked = prove_consistency(TreeSize(0), TreeSize(3), read(&leaves(3)));
        assert_eq!(asked, Err(Unprovable::OldTreeEmpty));
    }

    #[test]
    fn a_tree_does_not_shrink() {
        let (old, new) = (tree(&leaves(3)), tree(&leaves(7)));
        let refused = Unprovable::OldTreeLarger { old: new.size, new: old.size };
        let proof = consistency(&leaves(7), 3, 7);
        assert_eq!(check_consistency(new, old, &proof), Err(refused.into()));
        assert_eq!(prove_consistency(new.size, old.size, read(&leaves(7))), Err(refused));
    }

    #[test]
    fn attack_swapped_roots() {
        let leaves = leaves(11);
        for old_size in 1..11 {
            let (old, new) = (tree(&leaves[..old_size]), tree(&leaves));
            let proof = consistency(&leaves, old_size as u64, 11);
            assert_eq!(check_consistency(old, new, &proof), Ok(()));
            let swapped = (Tree { root: new.root, ..old }, Tree { root: old.root, ..new });
            assert_eq!(
                check_consistency(swapped.0, swapped.1, &proof),
                Err(if old_size.is_power_of_two() {
                    // The proof then starts at the old root as given, so it is the new one that differs.
                    ProofError::RootDiffers
                } else {
                    ProofError::OldRootDiffers
                })
            );
        }
    }

    #[test]
    fn attack_rewritten_history() {
        // The new tree has another leaf 2; its own honest hashes cannot be bent into a proof.
        let honest = leaves(11);
        let mut rewritten = honest.clone();
        rewritten[2] = leaf_hash(b"never happened");
        for old_size in 3..11 {
            let proof = consistency(&rewritten, old_size as u64, 11);
            assert!(
                check_consistency(tree(&honest[..old_size]), tree(&rewritten), &proof).is_err()
            );
        }
    }

    #[test]
    fn attack_consistency_of_another_length() {
        let leaves = leaves(13);
        for old_size in 1..13 {
            let (old, new) = (tree(&leaves[..old_size]), tree(&leaves));
            let proof = consistency(&leaves, old_size as u64, 13);
            let expected = proof.len();
            let refused = |found| Err(ProofError::WrongLength { expected, found });
            let trailing = [proof.as_slice(), &[new.root]].concat();
            let leading = [&[old.root], proof.as_slice()].concat();
            assert_eq!(check_consistency(old, new, &trailing), refused(expected + 1));
            assert_eq!(check_consistency(old, new, &leading), refused(expected + 1));
            assert_eq!(check_consistency(old, new, &proof[1..]), refused(expected - 1));
            assert_eq!(check_consistency(old, new, &[]), refused(0));
        }
    }

    #[test]
    fn attack_wrong_size() {
        let leaves = leaves(9);
        let proof = prove_inclusion(Position(8), TreeSize(9), read::<Unprovable>(&leaves)).unwrap();
        let tree = tree(&leaves);
        assert_eq!(check_inclusion(leaves[8], Position(8), tree, &proof), Ok(()));
        for size in (0..9).chain(10..200) {
            let claimed = Tree { size: TreeSize(size), ..tree };
            assert!(check_inclusion(leaves[8], Position(8), claimed, &proof).is_err());
        }
    }
}
