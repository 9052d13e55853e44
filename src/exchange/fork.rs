//! Forks: two signed checkpoints of one ledger meet, and are compared.
//!
//! The tree of the larger one shows what it was at the smaller one's size; nothing else is needed to
//! judge. Where both trees can be read, the first entry in which they differ is looked up too, because
//! that is what people will ask.

use super::tree::{AuthenticTree, TreeError};
use crate::statement::authority::Authority;
use crate::statement::bodies::Body;
use crate::statement::envelope::Statement;
use crate::statement::fork_file::{Difference, Entry, ForkFile, TiedKeys};
use crate::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::fork::{NotAFork, prove_fork};
use crate::tlog::hash::{Position, Tree, TreeSize};
use crate::tlog::merkle::Node;
use crate::tlog::multi::prove_inclusions;
use crate::tlog::note::{NoteRefused, VerifierKey};

/// What is known of a ledger's keys, by whoever compares.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Who might sign what.
    pub authority: &'a Authority,
    /// Positions of the statements on which that rests.
    pub ruling: &'a [Position],
}

/// The log keys of this ledger, past and present, that signed a checkpoint.
///
/// # Errors
/// If it is of another origin, no log key signed it, or a line that bears the name of one does not
/// match.
pub fn log_signers(
    authority: &Authority,
    checkpoint: &SignedCheckpoint,
) -> Result<Vec<PublicKey>, NoteRefused> {
    let origin = &authority.genesis().origin;
    if checkpoint.origin() != origin {
        return Err(NoteRefused::NoKnownSignature);
    }
    let keys: Vec<VerifierKey> = authority.log_keys().map(|key| log_vkey(origin, key)).collect();
    let signed = checkpoint.note().check(&keys)?;
    Ok(signed.iter().map(|signature| *signature.key.key()).collect())
}

/// Whether every one of these keys was retired by the ledger since: neither needed nor beside.
pub fn are_retired(authority: &Authority, signers: &[PublicKey]) -> bool {
    let term = authority.log_keys_in_force();
    !signers.iter().any(|key| *key == term.required || term.beside.contains(key))
}

/// Makes the proof that two checkpoints cannot both be true, if that is so.
///
/// `larger` is the tree of the larger one; `smaller` that of the other, where it can be read.
/// `is_known_history` says whether the larger tree is the one that `known` was read from.
pub fn prove(
    a: &SignedCheckpoint,
    b: &SignedCheckpoint,
    known: Known<'_>,
    larger: &AuthenticTree<'_>,
    smaller: Option<&AuthenticTree<'_>>,
    is_known_history: bool,
) -> Result<Result<ForkFile, NotAFork>, TreeError> {
    let authority = known.authority;
    let origin = &authority.genesis().origin;
    let keys: Vec<VerifierKey> = authority.log_keys().map(|key| log_vkey(origin, key)).collect();
    let proof = match prove_fork(a, b, &keys, |nodes| larger.nodes(nodes))? {
        Ok(proof) => proof,
        Err(why) => return Ok(Err(why)),
    };
    let difference = smaller.and_then(|smaller| first_difference(smaller, larger).ok().flatten());
    // Where the larger tree is a history that nobody here has read, only what it shares with the one
    // that was read ties the keys.
    let end = match (&difference, is_known_history) {
        (_, true) => larger.tree().size,
        (Some(difference), false) => TreeSize(difference.position.0),
        (None, false) => TreeSize(1),
    };
    let of_larger = tied_keys(known.ruling, larger, end)?;
    let mut file = ForkFile {
        proof,
        statements: of_larger.statements,
        inclusion: of_larger.inclusion,
        smaller_keys: None,
        difference,
    };
    // A key that the smaller history put in force after the two parted is known only there.
    if !is_known_history
        && let Some(smaller) = smaller
        && file.check(Some(authority.ledger())).is_err()
    {
        file.smaller_keys = Some(tied_keys(known.ruling, smaller, smaller.tree().size)?);
    }
    Ok(Ok(file))
}

/// What of a tree ties its log keys to the genesis, up to a size.
fn tied_keys(
    ruling: &[Position],
    tree: &AuthenticTree<'_>,
    end: TreeSize,
) -> Result<TiedKeys, TreeError> {
    let mut statements = Vec::new();
    for position in ruling.iter().filter(|position| end.holds(**position)) {
        let (bytes, _) = tree.entry(*position)?;
        if Statement::read(bytes.clone()).is_ok_and(|statement| ties_keys(&statement)) {
            statements.push((*position, bytes));
        }
    }
    let positions: Vec<Position> = statements.iter().map(|(position, _)| *position).collect();
    let inclusion =
        prove_inclusions(&positions, tree.tree().size, |nodes: &[Node]| tree.nodes(nodes))?;
    Ok(TiedKeys { statements, inclusion })
}

/// Statements by which a reader comes from the genesis to the log key.
fn ties_keys(statement: &Statement) -> bool {
    matches!(
        statement.payload.body,
        Body::Genesis(_) | Body::RotateLogKey(_) | Body::RotateRoot(_) | Body::RecoverRoot(_)
    )
}

/// The first position where two trees differ, found by halving: up to there all their roots agree.
pub fn first_difference(
    smaller: &AuthenticTree<'_>,
    larger: &AuthenticTree<'_>,
) -> Result<Option<Difference>, TreeError> {
    let Tree { size: end, root } = smaller.tree();
    if larger.root_at(end)? == root {
        return Ok(None);
    }
    // same: they agree up to this size; differ: they do not at this one.
    let (mut same, mut differ) = (0, end.0);
    while differ - same > 1 {
        let middle = TreeSize(same + (differ - same) / 2);
        match smaller.root_at(middle)? == larger.root_at(middle)? {
            true => same = middle.0,
            false => differ = middle.0,
        }
    }
    let position = Position(same);
    let entry = |tree: &AuthenticTree<'_>| {
        let (bytes, inclusion) = tree.entry(position)?;
        Ok::<_, TreeError>(Entry { bytes, inclusion })
    };
    Ok(Some(Difference { position, smaller: entry(smaller)?, larger: entry(larger)? }))
}
