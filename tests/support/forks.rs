//! A fork proof put together from whole trees by their definition, without what makes one from tiles.

use treering::statement::fork_file::{Difference, Entry, ForkFile};
use treering::statement::key::Role;
use treering::tlog::fork::{ForkProof, Prefix};
use treering::tlog::hash::{Hash, Position, TreeSize};
use treering::tlog::merkle::{Node, Unprovable, prove_consistency};
use treering::tlog::multi::prove_inclusions;

use super::{Ledger, bodies, publish, tree};

/// The hashes of nodes over these leaves.
fn read(leaves: &[Hash]) -> impl Fn(&[Node]) -> Result<Vec<Hash>, Unprovable> + '_ {
    |nodes| {
        let whole = |node: &Node| {
            let first = (node.index << node.level) as usize;
            tree::root(&leaves[first..first + (1 << node.level)])
        };
        Ok(nodes.iter().map(whole).collect())
    }
}

fn leaves(ledger: &Ledger) -> Vec<Hash> {
    ledger.entries.iter().map(|entry| entry.id()).collect()
}

fn entry(ledger: &Ledger, position: Position) -> Entry {
    let leaves = leaves(ledger);
    let size = TreeSize(leaves.len() as u64);
    let inclusion = prove_inclusions(&[position], size, read(&leaves)).expect("a proof");
    Entry { bytes: ledger.at(position).bytes().to_vec(), inclusion }
}

/// The proof that two histories of a ledger, of different sizes, part at a position.
pub fn prove(smaller: &Ledger, larger: &Ledger, parts_at: Position) -> ForkFile {
    let (old, new) = (smaller.entries.len() as u64, larger.entries.len() as u64);
    let leaves = leaves(larger);
    let prefix = Prefix {
        root: tree::root(&leaves[..old as usize]),
        proof: prove_consistency(TreeSize(old), TreeSize(new), read(&leaves)).expect("a proof"),
    };
    let heads =
        [(smaller, old), (larger, new)].map(|(ledger, size)| publish::checkpoint(ledger, size));
    let [a, b] = heads;
    ForkFile {
        proof: ForkProof::new(a, b, Some(prefix)),
        statements: vec![(Position(0), larger.entries[0].bytes().to_vec())],
        inclusion: prove_inclusions(&[Position(0)], TreeSize(new), read(&leaves)).expect("a proof"),
        smaller_keys: None,
        difference: Some(Difference {
            position: parts_at,
            smaller: entry(smaller, parts_at),
            larger: entry(larger, parts_at),
        }),
    }
}

/// The example of `schemas/fork.md`, and the two histories behind it.
pub fn example() -> (ForkFile, Ledger, Ledger) {
    let mut ledger = Ledger::found("Vardessa Mountain Reserve");
    let anna = ledger.granted("anna", Role::Recorder);
    let (mut one, mut two) = (ledger.clone(), ledger);
    one.file(&anna, bodies::anchor("Spring, camera 3"));
    two.file(&anna, bodies::anchor("Spring, camera 4"));
    two.file(&anna, bodies::anchor("Summer, camera 4"));
    (prove(&one, &two, Position(2)), one, two)
}
