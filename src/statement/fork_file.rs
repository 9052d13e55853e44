//! The file of a fork proof: two checkpoints of one ledger that cannot both be true, with all that a
//! stranger needs to see it.
//!
//! ```json
//! {
//!   "schema": "treering.fork/1",
//!   "smaller": "treering/6b1e…\n128\n5Gpv…=\n\n— treering/6b1e… Un6r…\n",
//!   "larger": "treering/6b1e…\n130\nq0Xt…=\n\n— treering/6b1e… Un6r…\n",
//!   "prefix": { "root": "IpwP…=", "proof": ["1yvB…="] },
//!   "statements": [ { "index": 0, "statement": "0oRY…" } ],
//!   "inclusion": ["R71E…="],
//!   "smaller_keys": { "statements": [ … ], "inclusion": [ … ] },
//!   "difference": { "position": 127,
//!                   "smaller": { "statement": "0oRY…", "inclusion": ["…"] },
//!                   "larger": { "statement": "0oRZ…", "inclusion": ["…"] } }
//! }
//! ```
//!
//! The statements are genesis and every change of root or log key on the way to the keys that signed,
//! with one inclusion proof in the larger tree. The prefix is that tree at the smaller size; it is
//! absent where the sizes are equal. Where the smaller checkpoint is signed by a key that only its own
//! tree put in force, the same from that tree stands in `smaller_keys`. The difference is for people who ask what was changed, and may be
//! absent. See [`crate::tlog::fork`] for why this is enough.

use thiserror::Error;

use super::authority::Authority;
use super::envelope::{LedgerId, ReadError, Statement};
use super::receipt::{ReceiptFault, check_statements};
use crate::tlog::bundle::ENTRY_BYTES_MAX;
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::fork::{ForkProof, NotAFork, check_fork};
use crate::tlog::hash::{Hash, Position, Tree, leaf_hash};
use crate::tlog::merkle::{ProofError, check_inclusion};
use crate::tlog::multi::check_inclusions;
use crate::tlog::note::VerifierKey;

mod form;

/// Ceiling of a fork proof's file, in bytes: two notes and some hundred changes of keys.
pub const MAX_FORK_BYTES: usize = 16 << 20;
/// Ceiling of the statements in it: a ledger changes its keys a few times a year.
pub const MAX_FORK_STATEMENTS: usize = 1_024;

/// A fork proof as it was read or made: well formed, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkFile {
    /// The two checkpoints, and what the larger tree was at the smaller size.
    pub proof: ForkProof,
    /// Statements of the larger tree that tie the keys, ascending by position, from 0 on.
    pub statements: Vec<(Position, Vec<u8>)>,
    /// The proof that all of them are in the larger tree.
    pub inclusion: Vec<Hash>,
    /// The same of the smaller tree, where a key that signed its checkpoint is known only there.
    pub smaller_keys: Option<TiedKeys>,
    /// Where the two histories part, if it is known.
    pub difference: Option<Difference>,
}

/// Statements by which a reader comes from the genesis to a log key, in one tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TiedKeys {
    /// The statements, ascending by position, from 0 on.
    pub statements: Vec<(Position, Vec<u8>)>,
    /// The proof that all of them are in that tree.
    pub inclusion: Vec<Hash>,
}

/// The first position where two histories differ, and what each has there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The position.
    pub position: Position,
    /// The entry in the smaller tree.
    pub smaller: Entry,
    /// The entry in the larger tree.
    pub larger: Entry,
}

/// An entry and the proof that a tree holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its inclusion proof.
    pub inclusion: Vec<Hash>,
}

/// One of the two checkpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// That of the smaller tree; the first, where sizes are equal.
    Smaller,
    /// That of the larger tree.
    Larger,
}

/// A fork proof that holds.
#[derive(Clone, Debug)]
pub struct CheckedFork {
    /// The ledger.
    pub ledger: LedgerId,
    /// Who might sign what, as far as the statements here say.
    pub authority: Authority,
    /// The log keys that signed the smaller checkpoint.
    pub smaller_signed_by: Vec<PublicKey>,
    /// The log keys that signed the larger one.
    pub larger_signed_by: Vec<PublicKey>,
    /// A side that only keys signed which the ledger has retired by now. Whoever stole such a key can
    /// make one; only a person who held that checkpoint before the rotation knows better.
    pub retired: Option<Side>,
}

/// Why a file is not a fork proof.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ForkUnreadable {
    /// Longer than any.
    #[error("longer than the {MAX_FORK_BYTES} bytes a fork proof can have")]
    TooLong,
    /// Not JSON of this shape.
    #[error("{0}")]
    Form(String),
    /// Another kind of file, or a later version.
    #[error("not a fork proof that this program reads (schema {0:?})")]
    Schema(String),
    /// Base64 that is damaged or spelled in another way.
    #[error("damaged base64")]
    Base64,
    /// A checkpoint.
    #[error("a checkpoint in it: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// More statements than keys change in a century.
    #[error("more than {MAX_FORK_STATEMENTS} statements")]
    TooManyStatements,
    /// An entry that no ledger can hold.
    #[error("an entry longer than {ENTRY_BYTES_MAX} bytes")]
    EntryTooLong,
}

/// Why a fork proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ForkFault {
    /// It is about another ledger than the pinned one.
    #[error("it is about another ledger, {0}")]
    OtherLedger(LedgerId),
    /// It has no statement 0.
    #[error("it does not show the statement that founded the ledger")]
    NoGenesis,
    /// A statement cannot be read.
    #[error("statement {0}: {1}")]
    Statement(Position, ReadError),
    /// A statement does not hold.
    #[error("{0}")]
    Statements(ReceiptFault),
    /// The checkpoints are of another log.
    #[error("its checkpoints are not of the ledger's origin {0}")]
    Origin(String),
    /// The statements are not in the tree that they should be in.
    #[error("its statements are not in the tree of their checkpoint: {0}")]
    Inclusion(ProofError),
    /// The checkpoints do not contradict each other, or this does not show that they do.
    #[error("{0}")]
    NotAFork(#[from] NotAFork),
    /// The difference is none, or not of these trees.
    #[error("the difference it shows is not one of these two trees")]
    Difference,
}

impl ForkFile {
    /// The ledger that the proof is about, by its statement 0; not checked.
    pub fn ledger(&self) -> Option<LedgerId> {
        let first = self.statements.first().filter(|(position, _)| position.0 == 0);
        first.map(|(_, genesis)| LedgerId(leaf_hash(genesis)))
    }

    /// Checks everything, offline, with nothing else at hand.
    ///
    /// `pinned` is the ledger that the reader has in mind; without one the result says which it is.
    pub fn check(&self, pinned: Option<LedgerId>) -> Result<CheckedFork, ForkFault> {
        let ledger = self.ledger().ok_or(ForkFault::NoGenesis)?;
        if pinned.is_some_and(|pinned| pinned != ledger) {
            return Err(ForkFault::OtherLedger(ledger));
        }
        let (smaller, larger) = (self.proof.smaller(), self.proof.larger());
        let authority = tied(&self.statements, &self.inclusion, larger.tree(), ledger)?;
        let origin = &authority.genesis().origin;
        if smaller.origin() != origin || larger.origin() != origin {
            return Err(ForkFault::Origin(origin.to_string()));
        }
        let in_smaller = match &self.smaller_keys {
            None => None,
            Some(TiedKeys { statements, inclusion }) => {
                Some(tied(statements, inclusion, smaller.tree(), ledger)?)
            }
        };
        let mut keys: Vec<PublicKey> = authority.log_keys().collect();
        for key in in_smaller.iter().flat_map(Authority::log_keys) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        let keys: Vec<VerifierKey> = keys.into_iter().map(|key| log_vkey(origin, key)).collect();
        let fork = check_fork(&self.proof, &keys)?;
        if let Some(difference) = &self.difference {
            check_difference(difference, smaller, larger)?;
        }
        let signers = |keys: &[&VerifierKey]| keys.iter().map(|key| *key.key()).collect();
        let retired = if is_retired(&authority, &fork.smaller_signed_by) {
            Some(Side::Smaller)
        } else if is_retired(in_smaller.as_ref().unwrap_or(&authority), &fork.larger_signed_by) {
            Some(Side::Larger)
        } else {
            None
        };
        Ok(CheckedFork {
            ledger,
            smaller_signed_by: signers(&fork.smaller_signed_by),
            larger_signed_by: signers(&fork.larger_signed_by),
            retired,
            authority,
        })
    }
}

/// What statements that are in a tree say of keys.
fn tied(
    statements: &[(Position, Vec<u8>)],
    inclusion: &[Hash],
    tree: Tree,
    ledger: LedgerId,
) -> Result<Authority, ForkFault> {
    let read = |(position, bytes): &(Position, Vec<u8>)| match Statement::read(bytes.clone()) {
        Ok(statement) => Ok((*position, statement)),
        Err(fault) => Err(ForkFault::Statement(*position, fault)),
    };
    let statements: Vec<(Position, Statement)> =
        statements.iter().map(read).collect::<Result<_, _>>()?;
    let authority = check_statements(&statements, ledger).map_err(ForkFault::Statements)?;
    let leaves: Vec<(Position, Hash)> =
        statements.iter().map(|(position, statement)| (*position, statement.id())).collect();
    check_inclusions(&leaves, tree, inclusion).map_err(ForkFault::Inclusion)?;
    Ok(authority)
}

/// Whether a history had all of these keys once, and has none of them in force any more.
fn is_retired(authority: &Authority, signers: &[&VerifierKey]) -> bool {
    let term = authority.log_keys_in_force();
    signers.iter().all(|signer| {
        let key = signer.key();
        let in_force = *key == term.required || term.beside.contains(key);
        !in_force && authority.log_keys().any(|known| known == *key)
    })
}

fn check_difference(
    difference: &Difference,
    smaller: &SignedCheckpoint,
    larger: &SignedCheckpoint,
) -> Result<(), ForkFault> {
    let holds = |entry: &Entry, checkpoint: &SignedCheckpoint| {
        let leaf = leaf_hash(&entry.bytes);
        check_inclusion(leaf, difference.position, checkpoint.tree(), &entry.inclusion).is_ok()
    };
    let differ = difference.smaller.bytes != difference.larger.bytes;
    match differ && holds(&difference.smaller, smaller) && holds(&difference.larger, larger) {
        true => Ok(()),
        false => Err(ForkFault::Difference),
    }
}
