//! Frontier: the right edge of a growing tree, all that is needed to go on adding leaves.
//!
//! It holds one hash for each 1 in the binary size, so a ledger of a million statements is extended
//! from 20 hashes. Adding a leaf is adding one to a binary number: equal neighbours carry.

use super::hash::{Hash, Tree, TreeSize, node_hash};
use super::node::{Node, fold_parts};

/// The right edge of a tree: the hashes of its whole subtrees, largest first.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Frontier {
    size: TreeSize,
    edge: Vec<Hash>,
}

impl Frontier {
    /// The edge of the empty tree.
    pub fn new() -> Frontier {
        Frontier::default()
    }

    /// The edge of a tree whose [`right_edge`](super::merkle::right_edge) has these hashes. `None` if
    /// their number does not fit the size, or the size is above [`TreeSize::MAX`]. Whether they are
    /// the right hashes shows in [`Frontier::tree`].
    pub fn from_edge(size: TreeSize, edge: Vec<Hash>) -> Option<Frontier> {
        let fits = size <= TreeSize::MAX && edge.len() == size.0.count_ones() as usize;
        fits.then_some(Frontier { size, edge })
    }

    /// Adds a leaf by its hash.
    ///
    /// # Panics
    /// Beyond [`TreeSize::MAX`] leaves.
    pub fn push(&mut self, leaf: Hash) {
        self.push_noting(leaf, |_, _| {});
    }

    /// Adds a leaf, and tells of each node that it makes whole, the leaf itself first. These hashes
    /// are final: tiles are filled from them.
    ///
    /// # Panics
    /// Beyond [`TreeSize::MAX`] leaves.
    pub fn push_noting(&mut self, leaf: Hash, mut note: impl FnMut(Node, Hash)) {
        assert!(self.size < TreeSize::MAX, "tlog: a tree has at most 2^62 leaves");
        let mut hash = leaf;
        let mut node = Node { level: 0, index: self.size.0 };
        note(node, hash);
        // A node with an odd index has its left neighbour at the end of the edge.
        while node.index % 2 == 1 {
            let left = self.edge.pop().expect("tlog: the edge has one hash for each 1 in its size");
            hash = node_hash(left, hash);
            node = Node { level: node.level + 1, index: node.index / 2 };
            note(node, hash);
        }
        self.edge.push(hash);
        self.size.0 += 1;
    }

    /// Size and root of the tree so far.
    pub fn tree(&self) -> Tree {
        if self.edge.is_empty() {
            return Tree::empty();
        }
        Tree { size: self.size, root: fold_parts(&self.edge) }
    }

    /// How many leaves the tree has so far.
    pub fn size(&self) -> TreeSize {
        self.size
    }

    /// The hashes of [`right_edge`](super::merkle::right_edge) at this size, largest subtree first.
    pub fn edge(&self) -> &[Hash] {
        &self.edge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::node::memory::{leaves, naive_root};
    use crate::tlog::node::right_edge;

    #[test]
    fn grows_through_every_size_to_300() {
        let leaves = leaves(300);
        let mut frontier = Frontier::new();
        let mut whole = std::collections::BTreeMap::new();
        for (size, leaf) in leaves.iter().enumerate() {
            let tree = frontier.tree();
            assert_eq!(tree.size, TreeSize(size as u64));
            assert_eq!(tree.root, naive_root(&leaves[..size]));
            let edge: Vec<Hash> = right_edge(tree.size).iter().map(|node| whole[node]).collect();
            assert_eq!(frontier.edge(), edge);
            assert_eq!(Frontier::from_edge(tree.size, edge), Some(frontier.clone()));

            frontier.push_noting(*leaf, |node, hash| {
                assert_eq!(whole.insert(node, hash), None, "a node is told once");
                let first = (node.index << node.level) as usize;
                assert_eq!(hash, naive_root(&leaves[first..first + (1 << node.level)]));
            });
        }
        // As many whole nodes as 300 + 150 + 75 + 37 + …
        assert_eq!(whole.len() as u64, (0..9).map(|level| 300 >> level).sum::<u64>());
    }

    #[test]
    fn an_edge_that_does_not_fit_the_size_is_refused() {
        let hash = Tree::empty().root;
        assert_eq!(Frontier::from_edge(TreeSize(0), vec![]), Some(Frontier::new()));
        assert_eq!(Frontier::from_edge(TreeSize(0), vec![hash]), None);
        assert_eq!(Frontier::from_edge(TreeSize(6), vec![hash]), None);
        assert_eq!(Frontier::from_edge(TreeSize(6), vec![hash; 3]), None);
        assert!(Frontier::from_edge(TreeSize::MAX, vec![hash]).is_some());
        assert_eq!(Frontier::from_edge(TreeSize(TreeSize::MAX.0 + 1), vec![hash; 2]), None);
    }
}
