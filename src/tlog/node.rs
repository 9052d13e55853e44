//! Node: a place in the tree, and how a tree of any size breaks into perfect subtrees.
//!
//! RFC 6962 draws the tree top down: split at the largest power of two below the size. The same tree
//! grows bottom up: pair neighbours; a last node without a neighbour moves up unchanged. So a node of
//! level l and index i stands over the leaves [i·2^l, (i+1)·2^l), or over those of them that exist:
//!
//! ```text
//! level 3            0                    size 6
//!                 /     \
//! level 2        0       1                (2,1) is cut short by the edge: it is (1,2) moved up
//!               / \      |
//! level 1      0   1     2
//!             / \ / \   / \
//! level 0     0 1 2 3   4 5
//! ```
//!
//! A node that is not cut short is the same in every larger tree, for ever. Those are what tiles
//! store; a node that is cut short is folded from them.

use super::hash::{Hash, Position, TreeSize, node_hash};

/// The subtree over leaves [index·2^level, (index+1)·2^level), as far as they exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves; 0 is a leaf.
    pub level: u8,
    /// Index among the nodes of this level, from the left.
    pub index: u64,
}

impl Node {
    /// The level of the root of the largest tree, [`TreeSize::MAX`].
    pub const LEVEL_MAX: u8 = 62;

    /// The node that is this leaf.
    pub fn leaf(position: Position) -> Node {
        Node { level: 0, index: position.0 }
    }

    /// Whether all 2^level leaves of the node exist in a tree of this size: then its hash is final.
    pub fn is_whole_in(self, size: TreeSize) -> bool {
        self.level <= Node::LEVEL_MAX && self.index < size.0 >> self.level
    }

    /// The whole subtrees, left to right, that make up this node in a tree of this size. A whole
    /// node is its own only part; a node outside the tree has none.
    pub(super) fn parts(self, size: TreeSize) -> Vec<Node> {
        if self.is_whole_in(size) {
            return vec![self];
        }
        if self.level > Node::LEVEL_MAX || self.index > size.0 >> self.level {
            return Vec::new();
        }
        // index = size / 2^level here, so the shift gives back at most `size`.
        let first_leaf = self.index << self.level;
        binary_digits(size.0 - first_leaf)
            .map(|(level, before)| Node { level, index: (first_leaf + before) >> level })
            .collect()
    }
}

/// The whole subtrees that make up a tree, largest first: one for each 1 in the binary size.
///
/// ```text
/// size 6 = 110b: (2,0) over leaves 0..4, (1,2) over leaves 4..6
/// ```
pub fn right_edge(size: TreeSize) -> Vec<Node> {
    binary_digits(size.0).map(|(level, before)| Node { level, index: before >> level }).collect()
}

/// Each power of two in `count`, largest first: its exponent and the sum of those before it.
fn binary_digits(count: u64) -> impl Iterator<Item = (u8, u64)> {
    (0..u64::BITS as u8).rev().filter(move |level| count >> level & 1 == 1).map(move |level| {
        let larger = (u64::MAX << level) << 1;
        (level, count & larger)
    })
}

/// The hash of a subtree from the hashes of its parts, left to right:
/// MTH = node(p0, node(p1, … node(p_{k-1}, p_k))) (RFC 6962 section 2.1).
///
/// # Panics
/// If there are no parts: the caller asked for a node that the tree does not have.
pub(super) fn fold_parts(parts: &[Hash]) -> Hash {
    let (last, before) = parts.split_last().expect("tlog: no parts to fold into a node");
    before.iter().rev().fold(*last, |right, left| node_hash(*left, right))
}

/// Reads nodes of a tree, whole or cut short, through a reader of whole nodes, in one call.
///
/// # Panics
/// If the reader answers with another number of hashes than it was asked for.
pub(super) fn read_nodes<E>(
    nodes: &[Node],
    size: TreeSize,
    read: impl FnOnce(&[Node]) -> Result<Vec<Hash>, E>,
) -> Result<Vec<Hash>, E> {
    let parts: Vec<Vec<Node>> = nodes.iter().map(|node| node.parts(size)).collect();
    let asked = parts.concat();
    let hashes = read(&asked)?;
    assert_eq!(hashes.len(), asked.len(), "tlog: a reader must answer one hash for each node");
    let mut rest = hashes.as_slice();
    Ok(parts
        .iter()
        .map(|of_node| {
            let (these, others) = rest.split_at(of_node.len());
            rest = others;
            fold_parts(these)
        })
        .collect())
}

/// A tree in memory and the definition of its hashes, for the tests of this floor.
#[cfg(test)]
pub(super) mod memory {
    use super::{Hash, Node};
    use crate::tlog::hash::{Tree, leaf_hash, node_hash};

    /// The hashes of some leaves, all different.
    pub fn leaves(count: u64) -> Vec<Hash> {
        (0..count).map(|position| leaf_hash(&position.to_be_bytes())).collect()
    }

    /// MTH(D[n]) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power of two below n (RFC 6962
    /// section 2.1), as written.
    pub fn naive_root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Tree::empty().root,
            [leaf] => *leaf,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node_hash(naive_root(&leaves[..k]), naive_root(&leaves[k..]))
            }
        }
    }

    /// Reads whole nodes of the tree over these leaves.
    pub fn read<E>(leaves: &[Hash]) -> impl Fn(&[Node]) -> Result<Vec<Hash>, E> + Copy {
        |nodes: &[Node]| {
            let root = |node: &Node| {
                let first = (node.index << node.level) as usize;
                naive_root(&leaves[first..first + (1 << node.level)])
            };
            Ok(nodes.iter().map(root).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(level: u8, index: u64) -> Node {
        Node { level, index }
    }

    #[test]
    fn the_edge_is_the_binary_size() {
        assert_eq!(right_edge(TreeSize(0)), []);
        assert_eq!(right_edge(TreeSize(6)), [node(2, 0), node(1, 2)]);
        assert_eq!(right_edge(TreeSize(7)), [node(2, 0), node(1, 2), node(0, 6)]);
        assert_eq!(right_edge(TreeSize::MAX), [node(62, 0)]);
        assert_eq!(right_edge(TreeSize(u64::MAX)).len(), 64);
    }

    #[test]
    fn parts_tile_the_leaves_of_a_node() {
        for size in 0..70 {
            for level in 0..8 {
                for index in 0..(size >> level) + 2 {
                    let (start, end) = (index << level, ((index + 1) << level).min(size));
                    let mut next = start;
                    for part in node(level, index).parts(TreeSize(size)) {
                        assert!(part.is_whole_in(TreeSize(size)));
                        assert_eq!(part.index << part.level, next);
                        next += 1 << part.level;
                    }
                    assert_eq!(next, end.max(start), "({level},{index}) in {size}");
                }
            }
        }
    }

    #[test]
    fn absurd_nodes_have_no_parts() {
        for absurd in [node(63, 0), node(64, 1), node(255, u64::MAX), node(0, u64::MAX)] {
            assert!(!absurd.is_whole_in(TreeSize::MAX));
            assert_eq!(absurd.parts(TreeSize::MAX), []);
        }
    }
}
