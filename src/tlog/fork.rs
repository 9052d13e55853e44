//! Fork: two checkpoints of one log that cannot both be true.
//!
//! A log promises that each tree it signs extends those before. Two of its checkpoints, A of size m
//! and root r1, B of size n and root r2, 1 ≤ m ≤ n, break the promise
//!
//! - if m = n, by r1 ≠ r2;
//! - if m < n, by the root r′ that B's own tree has at size m, with r′ ≠ r1. A consistency proof that
//!   *verifies* from (m, r′) to (n, r2) shows r′, since every hash of the older root enters the newer
//!   one, so that r2 fixes r′. B's tree is enough to make it; A's may be lost or withheld.
//!
//! A consistency proof that *fails* shows nothing: anyone can make one. Until r′ is shown, two roots
//! that look unrelated stay unexplained.
//!
//! This module judges signatures and trees. Which keys were a log's at which size, and what follows
//! from a fork, is for those who know the log's statements.

use thiserror::Error;

use super::checkpoint::SignedCheckpoint;
use super::hash::{Hash, Tree};
use super::merkle::{Node, ProofError, Unprovable, check_consistency, prove_consistency, root_at};
use super::note::{NoteRefused, VerifierKey};

/// Two checkpoints and what ties their trees: all that a stranger needs to see the fork, but for
/// the log's keys. Not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkProof {
    smaller: SignedCheckpoint,
    larger: SignedCheckpoint,
    prefix: Option<Prefix>,
}

/// What the larger tree was at the smaller one's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    /// Its root at that size, r′.
    pub root: Hash,
    /// The consistency proof from there to the larger checkpoint.
    pub proof: Vec<Hash>,
}

/// A fork that was checked: whose signatures contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fork<'k> {
    /// The log's keys that signed the smaller checkpoint.
    pub smaller_signed_by: Vec<&'k VerifierKey>,
    /// The log's keys that signed the larger checkpoint.
    pub larger_signed_by: Vec<&'k VerifierKey>,
}

/// Two checkpoints are no fork, or not yet.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotAFork {
    /// They are of different logs.
    #[error("the checkpoints have different origins")]
    OriginsDiffer,
    /// One of them is of the empty tree, which every tree extends.
    #[error("one checkpoint is of an empty tree, which every tree extends")]
    EmptyTree,
    /// The smaller one is not signed by the log.
    #[error("the smaller checkpoint is not the log's: {0}")]
    SmallerNotSigned(NoteRefused),
    /// The larger one is not signed by the log.
    #[error("the larger checkpoint is not the log's: {0}")]
    LargerNotSigned(NoteRefused),
    /// They are of the same tree, or the larger one extends the smaller.
    #[error("both checkpoints are true of one tree")]
    Consistent,
    /// Nothing shows what the larger tree was at the smaller one's size.
    #[error("nothing shows what the larger tree was at the smaller one's size")]
    Unexplained,
    /// What should show it does not lead to the larger checkpoint. Anyone can make that.
    #[error("what should tie the trees does not ({0}), and so shows nothing")]
    UnexplainedByProof(ProofError),
    /// Sizes are equal, and yet there is a consistency proof.
    #[error("checkpoints of one size need no consistency proof, but there is one")]
    NeedlessPrefix,
}

impl ForkProof {
    /// A proof from two checkpoints in any order. The prefix is that of the larger tree, and absent
    /// if the sizes are equal.
    pub fn new(a: SignedCheckpoint, b: SignedCheckpoint, prefix: Option<Prefix>) -> ForkProof {
        let (smaller, larger) = if a.tree().size <= b.tree().size { (a, b) } else { (b, a) };
        ForkProof { smaller, larger, prefix }
    }

    /// The checkpoint of the smaller tree; the first given, if sizes are equal.
    pub fn smaller(&self) -> &SignedCheckpoint {
        &self.smaller
    }

    /// The checkpoint of the larger tree.
    pub fn larger(&self) -> &SignedCheckpoint {
        &self.larger
    }

    /// What the larger tree was at the smaller one's size.
    pub fn prefix(&self) -> Option<&Prefix> {
        self.prefix.as_ref()
    }
}

/// Judges two checkpoints of a log, reading the tree of the larger one if the sizes differ, and makes
/// the proof if they are a fork.
///
/// # Errors
/// Outside: the reader's error. Inside: why they are no fork; [`NotAFork::UnexplainedByProof`] if
/// what was read is not the tree of the larger checkpoint.
pub fn prove_fork<'k, E: From<Unprovable>>(
    a: &SignedCheckpoint,
    b: &SignedCheckpoint,
    log_keys: impl IntoIterator<Item = &'k VerifierKey>,
    mut read: impl FnMut(&[Node]) -> Result<Vec<Hash>, E>,
) -> Result<Result<ForkProof, NotAFork>, E> {
    let mut proof = ForkProof::new(a.clone(), b.clone(), None);
    let log_keys: Vec<&VerifierKey> = log_keys.into_iter().collect();
    let without_prefix = check_fork(&proof, log_keys.iter().copied());
    if without_prefix == Err(NotAFork::Unexplained) {
        let (old, new) = (proof.smaller.tree().size, proof.larger.tree().size);
        proof.prefix = Some(Prefix {
            root: root_at(old, &mut read)?,
            proof: prove_consistency(old, new, &mut read)?,
        });
        return Ok(check_fork(&proof, log_keys).map(|_| proof));
    }
    Ok(without_prefix.map(|_| proof))
}

/// Checks that two checkpoints are a fork of the log with these keys.
pub fn check_fork<'k>(
    fork: &ForkProof,
    log_keys: impl IntoIterator<Item = &'k VerifierKey>,
) -> Result<Fork<'k>, NotAFork> {
    let (smaller, larger) = (fork.smaller.tree(), fork.larger.tree());
    if fork.smaller.origin() != fork.larger.origin() {
        return Err(NotAFork::OriginsDiffer);
    }
    let origin = fork.smaller.origin().key_name();
    let log_keys: Vec<&VerifierKey> =
        log_keys.into_iter().filter(|key| key.name() == origin).collect();
    let signed_by = |checkpoint: &SignedCheckpoint| {
        let signatures = checkpoint.note().check(log_keys.iter().copied())?;
        Ok(signatures.into_iter().map(|signature| signature.key).collect())
    };
    let signed_by = Fork {
        smaller_signed_by: signed_by(&fork.smaller).map_err(NotAFork::SmallerNotSigned)?,
        larger_signed_by: signed_by(&fork.larger).map_err(NotAFork::LargerNotSigned)?,
    };
    if smaller.size.0 == 0 {
        return Err(NotAFork::EmptyTree);
    }
    let larger_at_smaller = match &fork.prefix {
        Some(_) if smaller.size == larger.size => return Err(NotAFork::NeedlessPrefix),
        None if smaller.size == larger.size => larger.root,
        None => return Err(NotAFork::Unexplained),
        Some(prefix) => {
            let old = Tree { size: smaller.size, root: prefix.root };
            check_consistency(old, larger, &prefix.proof).map_err(NotAFork::UnexplainedByProof)?;
            prefix.root
        }
    };
    if larger_at_smaller == smaller.root {
        return Err(NotAFork::Consistent);
    }
    Ok(signed_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::checkpoint::{Checkpoint, Origin, log_vkey};
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::{TreeSize, leaf_hash};
    use crate::tlog::merkle::root_of;
    use crate::tlog::node::memory::{leaves, read};

    fn origin() -> Origin {
        Origin::new("ring.example/log").unwrap()
    }

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn keys() -> [VerifierKey; 2] {
        [1, 2].map(|seed| log_vkey(&origin(), secret(seed).public()))
    }

    fn signed(leaves: &[Hash], seed: u8) -> SignedCheckpoint {
        let tree = Tree { size: TreeSize(leaves.len() as u64), root: root_of(leaves) };
        let checkpoint = Checkpoint::new(origin(), tree);
        let line = checkpoint.sign(&secret(seed));
        SignedCheckpoint::new(checkpoint, vec![line]).unwrap()
    }

    /// The same leaves but one.
    fn rewritten(count: u64, at: usize) -> Vec<Hash> {
        let mut leaves = leaves(count);
        leaves[at] = leaf_hash(b"never happened");
        leaves
    }

    fn judge(
        a: &SignedCheckpoint,
        b: &SignedCheckpoint,
        larger: &[Hash],
    ) -> Result<ForkProof, NotAFork> {
        prove_fork(a, b, &keys(), read::<Unprovable>(larger)).unwrap()
    }

    #[test]
    fn every_rewritten_leaf_is_a_fork_and_nothing_else_is() {
        let honest = leaves(13);
        for at in 0..13 {
            let larger = rewritten(13, at);
            for size in 1..=13 {
                let (a, b) = (signed(&honest[..size], 1), signed(&larger, 2));
                let judged = judge(&a, &b, &larger);
                if size < 13 {
                    assert_eq!(judge(&b, &a, &larger), judged, "the order given does not matter");
                }
                if at < size {
                    let proof = judged.unwrap();
                    assert_eq!(proof.prefix().is_some(), size < 13);
                    let keys = keys();
                    let fork = check_fork(&proof, &keys).unwrap();
                    assert_eq!(fork.smaller_signed_by, [&keys[0]]);
                    assert_eq!(fork.larger_signed_by, [&keys[1]]);
                } else {
                    assert_eq!(judged, Err(NotAFork::Consistent));
                }
            }
        }
    }

    #[test]
    fn attack_a_failing_consistency_proof_passed_as_a_fork() {
        // An honest log: the accuser garbles the proof, or claims another root for the prefix.
        let (leaves, keys) = (leaves(13), keys());
        for size in 1..13 {
            let (a, b) = (signed(&leaves[..size], 1), signed(&leaves, 1));
            let (old, new) = (a.tree().size, b.tree().size);
            let proof = prove_consistency(old, new, read::<Unprovable>(&leaves)).unwrap();
            let accuse = |root: Hash, proof: &[Hash]| {
                let prefix = Prefix { root, proof: proof.to_vec() };
                check_fork(&ForkProof::new(a.clone(), b.clone(), Some(prefix)), &keys)
            };
            assert_eq!(accuse(a.tree().root, &proof), Err(NotAFork::Consistent));
            let refused = |result| matches!(result, Err(NotAFork::UnexplainedByProof(_)));
            assert!(refused(accuse(leaf_hash(b"invented"), &proof)));
            assert!(refused(accuse(a.tree().root, &proof[1..])));
            assert!(refused(accuse(a.tree().root, &[])));
            for at in 0..proof.len() {
                let mut garbled = proof.clone();
                garbled[at] = leaf_hash(b"garbled");
                assert!(refused(accuse(a.tree().root, &garbled)));
                assert!(refused(accuse(leaf_hash(b"invented"), &garbled)));
            }
        }
    }

    #[test]
    fn two_unrelated_roots_stay_unexplained() {
        let (a, b) = (signed(&leaves(5), 1), signed(&rewritten(9, 0), 1));
        let bare = ForkProof::new(a.clone(), b.clone(), None);
        assert_eq!(check_fork(&bare, &keys()), Err(NotAFork::Unexplained));
        // Somebody else's tree does not explain B.
        let judged = judge(&a, &b, &leaves(9));
        assert!(matches!(judged, Err(NotAFork::UnexplainedByProof(_))));
    }

    #[test]
    fn both_sides_need_the_logs_signature() {
        let (a, b) = (signed(&leaves(5), 1), signed(&rewritten(5, 0), 1));
        let [one, two] = keys();
        let check = |a: &SignedCheckpoint, b: &SignedCheckpoint, keys: &[&VerifierKey]| {
            check_fork(&ForkProof::new(a.clone(), b.clone(), None), keys.iter().copied())
                .map(|_| ())
        };
        let unknown = NoteRefused::NoKnownSignature;
        assert_eq!(check(&a, &b, &[&one]), Ok(()));
        assert_eq!(check(&a, &b, &[&two]), Err(NotAFork::SmallerNotSigned(unknown.clone())));
        assert_eq!(check(&a, &b, &[]), Err(NotAFork::SmallerNotSigned(unknown.clone())));
        let by_two = signed(&rewritten(5, 0), 2);
        assert_eq!(check(&a, &by_two, &[&one]), Err(NotAFork::LargerNotSigned(unknown.clone())));
        // A key of another name is not the log's, whoever holds it.
        let named_otherwise = log_vkey(&Origin::new("other").unwrap(), secret(1).public());
        assert_eq!(check(&a, &b, &[&named_otherwise]), Err(NotAFork::SmallerNotSigned(unknown)));

        // A line lifted from A onto B's text does not match.
        let lifted = a.note().signatures().to_vec();
        let forged = SignedCheckpoint::new(b.checkpoint().clone(), lifted).unwrap();
        assert!(matches!(
            check(&a, &forged, &[&one]),
            Err(NotAFork::LargerNotSigned(NoteRefused::Mismatch { .. }))
        ));
    }

    #[test]
    fn what_cannot_contradict() {
        let check = |a: &SignedCheckpoint, b: &SignedCheckpoint, prefix| {
            check_fork(&ForkProof::new(a.clone(), b.clone(), prefix), &keys()).map(|_| ())
        };
        let a = signed(&leaves(5), 1);
        assert_eq!(check(&a, &signed(&leaves(5), 2), None), Err(NotAFork::Consistent));
        assert_eq!(check(&signed(&[], 1), &a, None), Err(NotAFork::EmptyTree));

        let b = signed(&rewritten(5, 0), 1);
        let needless = Prefix { root: b.tree().root, proof: vec![] };
        assert_eq!(check(&a, &b, Some(needless)), Err(NotAFork::NeedlessPrefix));

        let elsewhere = Checkpoint::new(Origin::new("other").unwrap(), b.tree());
        let line = elsewhere.sign(&secret(1));
        let elsewhere = SignedCheckpoint::new(elsewhere, vec![line]).unwrap();
        assert_eq!(check(&a, &elsewhere, None), Err(NotAFork::OriginsDiffer));
    }
}
