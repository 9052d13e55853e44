//! Inclusion of many leaves at once, and the one verifier that every proof of this crate goes through.
//!
//! Climb from the leaves, level by level. Of each pair of siblings on the way, a hash is either
//! computable from the leaves shown or must be in the proof; a last node without a sibling moves up.
//! The proof holds exactly those not computable, by level from the leaves and within a level by
//! index. Every hash is used once and none is left over. For one leaf this is PATH of RFC 6962
//! section 2.1.1.
//!
//! ```text
//! size 6, leaves 1 and 4 shown:              root
//!                                          /      \
//!                                        .          .
//!                                      /   \        |
//!                                     .   [c]       .
//!                                    / \           / \
//! proof: a b c                     [a]  1         4  [b]
//! ```
//!
//! Size, positions and root must come from something signed: a proof says nothing about them. The
//! caller hashes the leaves with [`leaf_hash`](super::hash::leaf_hash), whose 0x00 keeps an entry from
//! being passed off as an inner node.

use std::iter;

use thiserror::Error;

use super::hash::{Hash, Position, Tree, TreeSize, node_hash};
use super::node::{Node, read_nodes};

/// The most leaves in one proof. A million positions and hashes are 40 MB while they are checked;
/// whoever has more to show has more to gain from showing the whole list.
pub const LEAVES_MAX: usize = 1 << 20;

/// The question has no answer, whatever the hashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unprovable {
    /// The size is above [`TreeSize::MAX`].
    #[error("a tree of {0} leaves is larger than this program reads (2^62)")]
    SizeTooLarge(TreeSize),
    /// An inclusion proof of nothing.
    #[error("no leaf was named")]
    NoLeaves,
    /// More leaves than [`LEAVES_MAX`].
    #[error("{0} leaves in one proof are more than {LEAVES_MAX}")]
    TooManyLeaves(usize),
    /// The leaf is outside the tree.
    #[error("position {position} is not in a tree of {size} leaves")]
    NotInTree {
        /// The position asked for.
        position: Position,
        /// The size of the tree.
        size: TreeSize,
    },
    /// Positions repeat or go down.
    #[error("position {0} does not stand above the one before it")]
    NotAscending(Position),
    /// Every tree extends the empty one; there is nothing to prove, so nobody may seem to.
    #[error("an empty tree has no consistency proof")]
    OldTreeEmpty,
    /// The old tree is the larger one.
    #[error("a tree of {new} leaves cannot extend one of {old}")]
    OldTreeLarger {
        /// Size of the tree said to be older.
        old: TreeSize,
        /// Size of the tree said to extend it.
        new: TreeSize,
    },
}

/// A proof is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// No proof could answer this question.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
    /// The proof lacks hashes or has some to spare.
    #[error("the proof has {found} hashes where these sizes and positions need {expected}")]
    WrongLength {
        /// Hashes the question needs.
        expected: usize,
        /// Hashes in the proof.
        found: usize,
    },
    /// The proof leads to another root than the tree's (of two trees: the newer one's).
    #[error("the proof leads to another root")]
    RootDiffers,
    /// The proof leads to another root than the older tree's.
    #[error("the proof leads to another root of the older tree")]
    OldRootDiffers,
}

/// Makes the proof that the leaves at these positions, ascending, are in the tree of this size.
///
/// `read` gives the hashes of whole nodes, in the order asked, wherever they live; it is called once.
///
/// # Errors
/// [`Unprovable`] as the reader's error type, or the reader's own error.
pub fn prove_inclusions<E: From<Unprovable>>(
    positions: &[Position],
    size: TreeSize,
    read: impl FnOnce(&[Node]) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, E> {
    check_positions(positions.iter().copied(), size)?;
    read_nodes(&proof_nodes(positions, size), size, read)
}

/// Checks that the leaves with these hashes stand at these positions, ascending, in the tree.
pub fn check_inclusions(
    leaves: &[(Position, Hash)],
    tree: Tree,
    proof: &[Hash],
) -> Result<(), ProofError> {
    let positions = leaves.iter().map(|(position, _)| *position);
    check_positions(positions.clone(), tree.size)?;
    let expected = proof_nodes(&positions.collect::<Vec<_>>(), tree.size).len();
    if proof.len() != expected {
        return Err(ProofError::WrongLength { expected, found: proof.len() });
    }
    if climb(leaves, tree.size, proof) != tree.root {
        return Err(ProofError::RootDiffers);
    }
    Ok(())
}

/// What prover and verifier both insist on: at least one position, ascending, all in the tree.
fn check_positions(
    positions: impl ExactSizeIterator<Item = Position>,
    size: TreeSize,
) -> Result<(), Unprovable> {
    if size > TreeSize::MAX {
        return Err(Unprovable::SizeTooLarge(size));
    }
    match positions.len() {
        0 => return Err(Unprovable::NoLeaves),
        count if count > LEAVES_MAX => return Err(Unprovable::TooManyLeaves(count)),
        _ => {}
    }
    let mut previous = None;
    for position in positions {
        if !size.holds(position) {
            return Err(Unprovable::NotInTree { position, size });
        }
        if previous.is_some_and(|previous| previous >= position) {
            return Err(Unprovable::NotAscending(position));
        }
        previous = Some(position);
    }
    Ok(())
}

/// How many nodes each level has, from the leaves to just below the root, with the level's number.
fn widths(size: TreeSize) -> impl Iterator<Item = (u8, u64)> {
    let widths = iter::successors(Some(size.0), |width| Some(width.div_ceil(2)));
    (0..).zip(widths).take_while(|(_, width)| *width > 1)
}

/// The nodes whose hashes the proof must carry, in the order it carries them.
///
/// The positions ascend and are in the tree.
pub(super) fn proof_nodes(positions: &[Position], size: TreeSize) -> Vec<Node> {
    let mut nodes = Vec::new();
    let mut known: Vec<u64> = positions.iter().map(|position| position.0).collect();
    for (level, width) in widths(size) {
        let mut parents = Vec::with_capacity(known.len());
        let mut indexes = known.iter().copied().peekable();
        while let Some(index) = indexes.next() {
            parents.push(index / 2);
            if index % 2 == 1 {
                nodes.push(Node { level, index: index - 1 });
            } else if indexes.next_if_eq(&(index + 1)).is_none() && index + 1 < width {
                nodes.push(Node { level, index: index + 1 });
            }
        }
        known = parents;
    }
    nodes
}

/// The root that the leaves and the proof lead to: the same walk as [`proof_nodes`], with hashes.
///
/// # Panics
/// If the proof has not the length of [`proof_nodes`].
fn climb(leaves: &[(Position, Hash)], size: TreeSize, proof: &[Hash]) -> Hash {
    let mut proof = proof.iter().copied();
    let mut from_proof = || proof.next().expect("tlog: bad arithmetic in climb");
    let mut known: Vec<(u64, Hash)> =
        leaves.iter().map(|(position, hash)| (position.0, *hash)).collect();
    for (_, width) in widths(size) {
        let mut parents = Vec::with_capacity(known.len());
        let mut nodes = known.iter().copied().peekable();
        while let Some((index, hash)) = nodes.next() {
            let parent = if index % 2 == 1 {
                node_hash(from_proof(), hash)
            } else if let Some((_, right)) = nodes.next_if(|(right, _)| *right == index + 1) {
                node_hash(hash, right)
            } else if index + 1 < width {
                node_hash(hash, from_proof())
            } else {
                hash
            };
            parents.push((index / 2, parent));
        }
        known = parents;
    }
    assert!(proof.next().is_none() && known.len() == 1, "tlog: bad arithmetic in climb");
    known[0].1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::hash::leaf_hash;
    use crate::tlog::node::memory::{leaves, naive_root, read};

    /// A tree of `size` leaves, some of them, and the proof that they are in it.
    struct Case {
        tree: Tree,
        shown: Vec<(Position, Hash)>,
        proof: Vec<Hash>,
    }

    fn case(size: u64, positions: &[u64]) -> Case {
        let leaves = leaves(size);
        let tree = Tree { size: TreeSize(size), root: naive_root(&leaves) };
        let shown: Vec<_> = positions.iter().map(|p| (Position(*p), leaves[*p as usize])).collect();
        let positions: Vec<_> = shown.iter().map(|(position, _)| *position).collect();
        let proof = prove_inclusions::<Unprovable>(&positions, tree.size, read(&leaves)).unwrap();
        assert_eq!(check_inclusions(&shown, tree, &proof), Ok(()));
        Case { tree, shown, proof }
    }

    #[test]
    fn the_proof_is_ordered_as_drawn_above() {
        let hashes = leaves(6);
        let case = case(6, &[1, 4]);
        assert_eq!(case.proof, [hashes[0], hashes[5], node_hash(hashes[2], hashes[3])]);
    }

    #[test]
    fn all_leaves_need_no_hash_at_all() {
        for size in 1..40 {
            assert_eq!(case(size, &(0..size).collect::<Vec<_>>()).proof, []);
        }
    }

    #[test]
    fn attack_trailing_hash() {
        let Case { tree, shown, mut proof } = case(13, &[0, 5, 12]);
        let expected = proof.len();
        proof.push(tree.root);
        assert_eq!(
            check_inclusions(&shown, tree, &proof),
            Err(ProofError::WrongLength { expected, found: expected + 1 })
        );
    }

    #[test]
    fn attack_missing_hash() {
        let Case { tree, shown, proof } = case(13, &[0, 5, 12]);
        let expected = proof.len();
        for cut in 0..expected {
            assert_eq!(
                check_inclusions(&shown, tree, &proof[..cut]),
                Err(ProofError::WrongLength { expected, found: cut })
            );
        }
    }

    #[test]
    fn attack_duplicate_index() {
        // With a second leaf at the same index, a verifier that pairs what it is given could be
        // made to hash the honest one and report the other.
        let Case { tree, shown, proof } = case(8, &[3]);
        for (at, hash) in [(0, leaf_hash(b"forged")), (1, leaf_hash(b"forged")), (0, shown[0].1)] {
            let mut doubled = shown.clone();
            doubled.insert(at, (Position(3), hash));
            assert_eq!(
                check_inclusions(&doubled, tree, &proof),
                Err(Unprovable::NotAscending(Position(3)).into())
            );
        }
    }

    #[test]
    fn attack_descending_indexes() {
        let Case { tree, mut shown, proof } = case(8, &[3, 6]);
        shown.reverse();
        assert_eq!(
            check_inclusions(&shown, tree, &proof),
            Err(Unprovable::NotAscending(Position(3)).into())
        );
    }

    #[test]
    fn attack_index_out_of_range() {
        let Case { tree, shown, proof } = case(5, &[4]);
        for position in [5, 6, 8, 12, u64::MAX] {
            let position = Position(position);
            assert_eq!(
                check_inclusions(&[(position, shown[0].1)], tree, &proof),
                Err(Unprovable::NotInTree { position, size: tree.size }.into())
            );
        }
        assert!(check_inclusions(&[shown[0]], Tree::empty(), &[]).is_err());
    }

    #[test]
    fn attack_inner_node_passed_as_leaf() {
        // Second preimage: the 64 bytes of two leaf hashes, offered as an entry, or their node
        // offered as a leaf hash with the proof shortened by a level.
        let leaves = leaves(4);
        let Case { tree, proof, .. } = case(4, &[0]);
        let inner = node_hash(leaves[0], leaves[1]);
        let entry = [leaves[0].0, leaves[1].0].concat();
        let above = &proof[1..];

        let smaller = Tree { size: TreeSize(2), ..tree };
        assert_ne!(leaf_hash(&entry), inner);
        assert_eq!(
            check_inclusions(&[(Position(0), leaf_hash(&entry))], smaller, above),
            Err(ProofError::RootDiffers)
        );
        assert_eq!(
            check_inclusions(&[(Position(0), inner)], tree, above),
            Err(ProofError::WrongLength { expected: 2, found: 1 })
        );
        // Only a lie about the size lets the node pass, and the size is signed with the root.
        assert_eq!(check_inclusions(&[(Position(0), inner)], smaller, above), Ok(()));
    }

    #[test]
    fn attack_swapped_leaves() {
        let Case { tree, mut shown, proof } = case(13, &[0, 5, 6, 12]);
        let honest = shown.clone();
        for (a, b) in [(0, 1), (1, 2), (0, 3), (2, 3)] {
            shown[a].1 = honest[b].1;
            shown[b].1 = honest[a].1;
            assert_eq!(check_inclusions(&shown, tree, &proof), Err(ProofError::RootDiffers));
            shown.clone_from(&honest);
        }
    }

    #[test]
    fn every_changed_byte_shows() {
        let Case { tree, shown, mut proof } = case(13, &[0, 5, 12]);
        for at in 0..proof.len() {
            for byte in 0..Hash::LENGTH {
                proof[at].0[byte] ^= 1;
                assert_eq!(check_inclusions(&shown, tree, &proof), Err(ProofError::RootDiffers));
                proof[at].0[byte] ^= 1;
            }
        }
    }

    #[test]
    fn questions_without_an_answer() {
        let tree = Tree { size: TreeSize(4), root: Tree::empty().root };
        assert_eq!(check_inclusions(&[], tree, &[]), Err(Unprovable::NoLeaves.into()));
        let many: Vec<_> = (0..=LEAVES_MAX as u64).map(|p| (Position(p), tree.root)).collect();
        let large = Tree { size: TreeSize::MAX, ..tree };
        assert_eq!(
            check_inclusions(&many, large, &[]),
            Err(Unprovable::TooManyLeaves(LEAVES_MAX + 1).into())
        );
        let too_large = Tree { size: TreeSize(TreeSize::MAX.0 + 1), ..tree };
        assert_eq!(
            check_inclusions(&many[..1], too_large, &[]),
            Err(Unprovable::SizeTooLarge(too_large.size).into())
        );
    }
}
