//! A dishonest log in memory: one key, and two histories that part ways after some leaves.

use treering::tlog::checkpoint::{Checkpoint, Origin, SignedCheckpoint, log_vkey};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};
use treering::tlog::merkle::{Node, Unprovable, prove_consistency};
use treering::tlog::note::VerifierKey;
use treering::tlog::witness::AddCheckpoint;

use crate::support::{key, tree};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    A,
    B,
}

pub struct TwoHistories {
    pub origin: Origin,
    pub key: SecretKey,
    a: Vec<Hash>,
    b: Vec<Hash>,
}

impl TwoHistories {
    /// Both have `length` leaves, the first `common` of them the same.
    pub fn new(origin: &str, length: u64, common: u64) -> TwoHistories {
        let leaves = |side: &str| -> Vec<Hash> {
            let word = |n| if n < common { "both" } else { side };
            (0..length).map(|n| leaf_hash(format!("{} {n}", word(n)).as_bytes())).collect()
        };
        let (a, b) = (leaves("a"), leaves("b"));
        TwoHistories { origin: Origin::new(origin).unwrap(), key: key(origin), a, b }
    }

    pub fn vkey(&self) -> VerifierKey {
        log_vkey(&self.origin, self.key.public())
    }

    pub fn leaves(&self, side: Side, size: u64) -> &[Hash] {
        let all = match side {
            Side::A => &self.a,
            Side::B => &self.b,
        };
        &all[..size as usize]
    }

    pub fn tree(&self, side: Side, size: u64) -> Tree {
        Tree { size: TreeSize(size), root: tree::root(self.leaves(side, size)) }
    }

    /// The proof that a history has between two sizes; nothing where there is none.
    pub fn proof(&self, side: Side, old: u64, new: u64) -> Vec<Hash> {
        let leaves = self.leaves(side, new);
        let read = |nodes: &[Node]| {
            let whole = |node: &Node| {
                let first = (node.index << node.level) as usize;
                tree::root(&leaves[first..first + (1 << node.level)])
            };
            Ok::<_, Unprovable>(nodes.iter().map(whole).collect())
        };
        prove_consistency(TreeSize(old), TreeSize(new), read).unwrap_or_default()
    }

    pub fn checkpoint(&self, side: Side, size: u64) -> SignedCheckpoint {
        let checkpoint = Checkpoint::new(self.origin.clone(), self.tree(side, size));
        let line = checkpoint.sign(&self.key);
        SignedCheckpoint::new(checkpoint, vec![line]).unwrap()
    }

    /// What the log of that history would send.
    pub fn request(&self, side: Side, old: u64, new: u64) -> AddCheckpoint {
        self.request_with(side, old, new, self.proof(side, old, new))
    }

    pub fn request_with(&self, side: Side, old: u64, new: u64, proof: Vec<Hash>) -> AddCheckpoint {
        let checkpoint = self.checkpoint(side, new);
        let lines = checkpoint.note().signatures().to_vec();
        let text = checkpoint.checkpoint().clone();
        AddCheckpoint::new(TreeSize(old), proof, text, lines).unwrap()
    }
}

/// Whether one of two trees of these histories begins with the other.
pub fn consistent(one: &[Hash], other: &[Hash]) -> bool {
    let shorter = one.len().min(other.len());
    one[..shorter] == other[..shorter]
}
