//! Roots of the ledger at earlier sizes, from the hashes recomputed on the way.
//!
//! Statements name sizes their signers saw, held heads name sizes too. What is kept to answer them is
//! every node from level 8 up: 64 bytes for 256 statements, 250 kB for a million. The leaves below
//! come from re-reading the one bundle that the size cuts.

use crate::tlog::bundle::Bundle;
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::merkle::{self, Node, Unprovable};
use crate::tlog::tile::{TILE_HEIGHT, TILE_WIDTH};

/// Recomputed hashes of whole subtrees.
#[derive(Debug, Default)]
pub struct EarlierRoots {
    /// `nodes[i]` are the nodes of level 8 + i, from the left.
    nodes: Vec<Vec<Hash>>,
    /// The leaves after the last whole bundle.
    recent_leaves: Vec<Hash>,
    /// Answers already given; signers in a row mostly saw the same checkpoint.
    answered: Vec<(TreeSize, Hash)>,
}

impl EarlierRoots {
    /// Answers kept.
    const ANSWERS: usize = 16;

    /// Takes up a node that the next leaf made whole.
    pub fn note(&mut self, node: Node, hash: Hash) {
        if node.level == 0 {
            self.recent_leaves.push(hash);
        }
        if let Some(level) = node.level.checked_sub(TILE_HEIGHT) {
            if level == 0 {
                self.recent_leaves.clear();
            }
            let level = usize::from(level);
            if self.nodes.len() <= level {
                self.nodes.push(Vec::new());
            }
            self.nodes[level].push(hash);
        }
    }

    /// The root at a size up to the present one. `leaves` gives the leaf hashes of a whole bundle,
    /// which are checked against what was recomputed before; `None` if that cannot be done.
    pub fn root_at(
        &mut self,
        size: TreeSize,
        leaves: impl FnOnce(Bundle) -> Option<Vec<Hash>>,
    ) -> Option<Hash> {
        if let Some((_, root)) = self.answered.iter().find(|(answered, _)| *answered == size) {
            return Some(*root);
        }
        let width = u64::from(TILE_WIDTH);
        let (cut, within) = (size.0 / width, (size.0 % width) as usize);
        let whole_bundles = self.nodes.first().map_or(0, |nodes| nodes.len() as u64);
        let cut_leaves = if within == 0 {
            Vec::new()
        } else if cut == whole_bundles {
            self.recent_leaves.clone()
        } else {
            let known = *self.nodes.first()?.get(usize::try_from(cut).ok()?)?;
            let leaves = leaves(Bundle::new(cut, TILE_WIDTH)?)?;
            if merkle::root_of(&leaves) != known {
                return None;
            }
            leaves
        };
        let root = self.assemble(size, cut * width, cut_leaves.get(..within)?)?;
        if self.answered.len() == EarlierRoots::ANSWERS {
            self.answered.remove(0);
        }
        self.answered.push((size, root));
        Some(root)
    }

    fn assemble(&self, size: TreeSize, first_cut: u64, cut_leaves: &[Hash]) -> Option<Hash> {
        let hash_of = |node: &Node| match node.level.checked_sub(TILE_HEIGHT) {
            Some(level) => self.nodes.get(usize::from(level))?.get(node.index as usize).copied(),
            None => {
                let first = ((node.index << node.level).checked_sub(first_cut)?) as usize;
                Some(merkle::root_of(cut_leaves.get(first..first + (1 << node.level))?))
            }
        };
        let read = |nodes: &[Node]| nodes.iter().map(hash_of).collect::<Option<_>>().ok_or(Unknown);
        merkle::root_at(size, read).ok()
    }
}

/// A node that was not recomputed, or a size beyond all trees.
struct Unknown;

impl From<Unprovable> for Unknown {
    fn from(_: Unprovable) -> Unknown {
        Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::frontier::Frontier;
    use crate::tlog::hash::leaf_hash;

    #[test]
    fn every_earlier_root_is_the_naive_one() {
        let leaves: Vec<Hash> = (0..1_000u32).map(|i| leaf_hash(&i.to_be_bytes())).collect();
        let mut roots = EarlierRoots::default();
        let mut frontier = Frontier::new();
        for leaf in &leaves {
            frontier.push_noting(*leaf, |node, hash| roots.note(node, hash));
        }
        let bundle = |bundle: Bundle| {
            let first = bundle.index() as usize * 256;
            Some(leaves[first..first + 256].to_vec())
        };
        for size in (1..=1_000).step_by(7).chain([255, 256, 257, 512, 1_000]) {
            let expected = merkle::root_of(&leaves[..size]);
            assert_eq!(roots.root_at(TreeSize(size as u64), bundle), Some(expected), "{size}");
        }
        assert_eq!(roots.root_at(TreeSize(1_001), bundle), None);
        let damaged = |_: Bundle| Some(vec![leaf_hash(b"damaged"); 256]);
        assert_eq!(roots.root_at(TreeSize(301), damaged), None);
    }
}
