//! Signed checkpoints held against the tree: the published head, and heads remembered from before
//! (rules R02, R04, R05). The cosigned ones beside the head: [`super::cosigned`].

use super::finding::{LedgerState, Outcome, Rule, Subject};
use super::findings::Findings;
use super::folder::PublicFolder;
use super::reading::ReadLedger;
use crate::statement::authority::Authority;
use crate::statement::short_head::ShortHead;
use crate::tlog::bundle::bundles_of;
use crate::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::PublicKey;
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Tree, TreeSize, leaf_hash};
use crate::tlog::note::{NOTE_BYTES_MAX, VerifierKey};

/// A head of the ledger that somebody kept.
#[derive(Clone, Debug)]
pub enum HeldHead {
    /// The auditor's own store remembers it; it needs no signature.
    Remembered(Tree),
    /// A whole signed checkpoint.
    Checkpoint(Box<SignedCheckpoint>),
    /// The line that fits an SMS.
    Short(ShortHead),
}

impl HeldHead {
    /// The size and root it claims.
    pub fn tree(&self) -> Tree {
        match self {
            HeldHead::Remembered(tree) => *tree,
            HeldHead::Checkpoint(signed) => signed.tree(),
            HeldHead::Short(head) => head.tree,
        }
    }
}

fn is_signed_by(signed: &SignedCheckpoint, key: PublicKey) -> bool {
    signed.note().check([&log_vkey(signed.origin(), key)]).is_ok()
}

/// Which log keys of this ledger signed a checkpoint.
///
/// Any log key counts here, not only the one in force at that size: two histories may disagree about
/// rotations, and a key that signed both is what makes a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SignedBy {
    /// None.
    Nobody,
    /// Only such as this history has retired since: whoever holds a retired key can still sign an old
    /// size (statements.md, section 7).
    RetiredKeys,
    /// One that signs today, among others perhaps.
    LogKey,
}

impl SignedBy {
    fn of(authority: &Authority, has_signed: impl Fn(PublicKey) -> bool) -> SignedBy {
        let today = authority.log_keys_in_force();
        let today: Vec<PublicKey> = today.beside.iter().copied().chain([today.required]).collect();
        let signers: Vec<PublicKey> = authority.log_keys().filter(|key| has_signed(*key)).collect();
        match signers.is_empty() {
            true => SignedBy::Nobody,
            false if signers.iter().any(|key| today.contains(key)) => SignedBy::LogKey,
            false => SignedBy::RetiredKeys,
        }
    }

    pub(super) fn checkpoint(authority: &Authority, signed: &SignedCheckpoint) -> SignedBy {
        match signed.origin() == &authority.genesis().origin {
            true => SignedBy::of(authority, |key| is_signed_by(signed, key)),
            false => SignedBy::Nobody,
        }
    }

    fn short_head(authority: &Authority, head: &ShortHead) -> SignedBy {
        if !head.is_of(authority.ledger()) {
            return SignedBy::Nobody;
        }
        let text = head.checkpoint(&authority.genesis().origin).to_string();
        SignedBy::of(authority, |key| key.check(text.as_bytes(), &head.signature).is_ok())
    }
}

/// Reads the published checkpoint; reports if there is none to read.
pub fn read_head(folder: &PublicFolder, out: &mut Findings) -> Option<SignedCheckpoint> {
    match read_checkpoint(folder, "checkpoint") {
        Ok(signed) => Some(signed),
        Err(fault) => {
            let what = format!("the file checkpoint is {fault}");
            let subject = Subject::Published("checkpoint".into());
            out.add(Rule::R02, Outcome::Fail, "checkpoint-unreadable", subject, what);
            None
        }
    }
}

pub(super) fn read_checkpoint(
    folder: &PublicFolder,
    name: &str,
) -> Result<SignedCheckpoint, String> {
    let bytes = folder.read(name, NOTE_BYTES_MAX).map_err(|fault| fault.to_string())?;
    SignedCheckpoint::parse(&bytes).map_err(|fault| format!("damaged: {fault}"))
}

/// Holds the published head against the tree. Gives its tree, if the log key signed it.
pub fn check_head(read: &ReadLedger, head: &SignedCheckpoint, out: &mut Findings) -> Option<Tree> {
    let subject = || Subject::Published("checkpoint".into());
    if head.tree().size.0 == 0 {
        let what =
            "the checkpoint signs no statement at all, and a ledger begins with its statement 0";
        out.add(Rule::R02, Outcome::Fail, "checkpoint-empty", subject(), what);
        return None;
    }
    let Some(authority) = &read.authority else {
        let what = "the checkpoint's signature cannot be checked: no genesis names its key";
        out.add(Rule::R02, Outcome::CannotCheck, "checkpoint-unchecked", subject(), what);
        return None;
    };
    let tree = head.tree();
    let signed = check_log_signature(authority, head, subject(), out);
    match read.tree {
        None => {
            let what = "the root cannot be recomputed: statements and their tiles are missing";
            out.add(Rule::R02, Outcome::Fail, "root-unknown", subject(), what);
        }
        Some(recomputed) if recomputed != tree => {
            let what = format!(
                "the checkpoint signs {} statements with the root {}, but the {} statements here \
                 have the root {}",
                tree.size, tree.root, recomputed.size, recomputed.root
            );
            out.add(Rule::R02, Outcome::Fail, "root-differs", subject(), what);
        }
        Some(_) => {}
    }
    signed.then_some(tree)
}

/// The log key in force at the checkpoint's size, by the statements before it, must have signed.
pub(super) fn check_log_signature(
    authority: &Authority,
    signed: &SignedCheckpoint,
    subject: Subject,
    out: &mut Findings,
) -> bool {
    let origin = &authority.genesis().origin;
    if signed.origin() != origin {
        let what = format!("the checkpoint is of the origin {}, not of {origin}", signed.origin());
        out.add(Rule::R02, Outcome::Fail, "other-origin", subject, what);
        return false;
    }
    let size = signed.tree().size;
    let term = authority.log_keys_at(size).filter(|term| is_signed_by(signed, term.required));
    let Some(term) = term else {
        let what =
            format!("the checkpoint of size {size} is not signed by the log key of that size");
        out.add(Rule::R02, Outcome::Fail, "checkpoint-signature", subject, what);
        return false;
    };
    // Older log keys sign beside it after a rotation, for readers who have not heard of it.
    if !term.beside.iter().all(|key| is_signed_by(signed, *key)) {
        let what = format!(
            "the checkpoint of size {size} lacks the line of an older log key that still signs beside \
             the new one"
        );
        let (outcome, code) = (Outcome::Warn, "checkpoint-line-missing");
        out.add(Rule::R02, outcome, code, subject.clone(), what);
    }
    // A line that bears the name of any log key must match.
    let all: Vec<VerifierKey> = authority.log_keys().map(|key| log_vkey(origin, key)).collect();
    if signed.note().known_signatures(&all).is_err() {
        let what = format!("a log key's line on the checkpoint of size {size} does not match");
        out.add(Rule::R02, Outcome::Fail, "checkpoint-signature", subject, what);
    }
    true
}

/// Rule R04: each head held from before must be a beginning of this ledger. Gives the largest size that
/// was compared and holds.
pub fn check_held(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    held: &[HeldHead],
    out: &mut Findings,
) -> Option<TreeSize> {
    if held.is_empty() {
        let what = "no head of this ledger from before was at hand, so statements cut from its end \
                    would not show";
        out.add(Rule::R04, Outcome::CannotCheck, "no-held-head", Subject::Ledger, what);
    }
    let mut holds = None;
    for head in held {
        let mut cannot = |code, what: String| {
            out.add_once(Rule::R04, Outcome::CannotCheck, code, Subject::Ledger, what);
        };
        let Some(authority) = &read.authority else {
            let what = "a held head cannot be compared: the ledger's statement 0 cannot be read";
            cannot("held-unchecked", what.into());
            return None;
        };
        let (from, signed_by) = match head {
            HeldHead::Remembered(_) => ("the head this store remembers", None),
            HeldHead::Checkpoint(signed) => {
                ("the held checkpoint", Some(SignedBy::checkpoint(authority, signed)))
            }
            HeldHead::Short(short) => {
                ("the held head line", Some(SignedBy::short_head(authority, short)))
            }
        };
        if signed_by == Some(SignedBy::Nobody) {
            let what = format!(
                "{from} is not signed by a log key of this ledger: of another ledger, or copied wrongly"
            );
            cannot("held-not-of-ledger", what);
        } else if head.tree().size.0 == 0 {
            cannot("held-empty", format!("{from} is of size 0, which every ledger extends"));
        } else if let (HeldHead::Remembered(tree), Some(published)) = (head, published)
            && published.size < tree.size
            && reaches(folder, *tree)
        {
            let what = format!(
                "{from} has {} statements, and all of them are here, but the checkpoint signs only {}: a \
                 command was interrupted; the next treering add (or treering resume) finishes it",
                tree.size, published.size
            );
            cannot(NOT_PUBLISHED, what);
        } else {
            let signed_by = signed_by.unwrap_or(SignedBy::Nobody);
            let claim = Claim { tree: head.tree(), signed_by, from, subject: Subject::Ledger };
            if compare(folder, read, published, claim, out) {
                holds = holds.max(Some(head.tree().size));
            }
        }
    }
    holds
}

/// Whether the bundles here, beyond the checkpoint or not, add up to this tree.
fn reaches(folder: &PublicFolder, tree: Tree) -> bool {
    let mut frontier = Frontier::default();
    for bundle in bundles_of(tree.size) {
        let Ok(bytes) = folder.bundle(bundle) else { return false };
        let Ok(entries) = bundle.split(&bytes) else { return false };
        entries.iter().for_each(|entry| frontier.push(leaf_hash(entry)));
    }
    frontier.tree() == tree
}

/// Rules R05 and R07: a checkpoint of this ledger that an outside ledger holds. Gives whether it is the
/// log's, and a beginning of this history. One that no log key signed pins nothing.
pub fn check_pinned(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    note: &SignedCheckpoint,
    from: &str,
    out: &mut Findings,
) -> bool {
    let Some(authority) = &read.authority else { return false };
    let signed_by = SignedBy::checkpoint(authority, note);
    let claim = Claim { tree: note.tree(), signed_by, from, subject: Subject::Ledger };
    let is_signed = signed_by != SignedBy::Nobody && note.tree().size.0 > 0;
    is_signed && compare(folder, read, published, claim, out)
}

/// A checkpoint that says what the ledger was.
pub(super) struct Claim<'a> {
    pub(super) tree: Tree,
    pub(super) signed_by: SignedBy,
    pub(super) from: &'a str,
    pub(super) subject: Subject,
}

/// Compares a claim with the recomputed history; gives whether it holds.
///
/// `published` is the tree of the head here, if the log key signed it. Only two signatures of the log
/// make a fork: where the statements here are not what the head signs, the folder is damaged, and
/// nobody is accused.
pub(super) fn compare(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    claim: Claim<'_>,
    out: &mut Findings,
) -> bool {
    let Claim { tree: claimed, signed_by, from, subject } = claim;
    let size = claimed.size;
    if published == Some(claimed) {
        return true;
    }
    let same_size = published.is_some_and(|published| published.size == size);
    let sound = published.is_some() && published == read.tree;
    let longest = published.or(read.tree).map(|tree| tree.size);
    if longest.is_some_and(|longest| size > longest) {
        let what = format!(
            "{from} has {size} statements; here are only {}: the rest was cut off",
            longest.unwrap_or_default()
        );
        out.add_once(Rule::R04, Outcome::Fail, SHORTENED, subject, what);
        return false;
    }
    let root = read.root_at(folder, size);
    if sound && root == Some(claimed.root) {
        return true;
    }
    let contradicts = same_size || (sound && root.is_some());
    let (rule, outcome, code, what) = if contradicts && signed_by == SignedBy::LogKey {
        let what = format!(
            "{from} signs another history of {size} statements than the head here: both cannot be true"
        );
        (Rule::R05, Outcome::Fail, FORKED, what)
    } else if contradicts && signed_by == SignedBy::RetiredKeys {
        let what = format!(
            "{from} signs another history of {size} statements than the head here, and only by a log \
             key that this ledger has retired since: a fork if it was held before the key was \
             retired, or the work of whoever has that key now"
        );
        (Rule::R05, Outcome::Fail, FORKED_KEY_RETIRED, what)
    } else if sound && root.is_some() {
        let what = format!("{from} knows another history of {size} statements than the one here");
        (Rule::R04, Outcome::Fail, "other-history", what)
    } else {
        let what = format!(
            "{from} cannot be compared: the statements here are not what the checkpoint signs"
        );
        (Rule::R04, Outcome::CannotCheck, "held-unchecked", what)
    };
    out.add_once(rule, outcome, code, subject, what);
    false
}

/// The code of the finding that a ledger is shorter than a head held of it.
pub const SHORTENED: &str = "shortened";
/// The code of the finding that a store's own head was never published: a command was interrupted.
pub const NOT_PUBLISHED: &str = "head-not-published";
/// The code of the finding that two signed checkpoints contradict one another.
pub const FORKED: &str = "forked";
/// The code of the finding that a checkpoint contradicts this ledger, signed by a retired log key only.
pub const FORKED_KEY_RETIRED: &str = "forked-key-retired";

/// The ledger in one word. `of_identity` is how many of R03's findings say that it is not the one that was
/// meant: that does not break it.
pub fn state(out: &Findings, of_identity: u64) -> LedgerState {
    let fails = |rule| {
        let aside = if rule == Rule::R03 { of_identity } else { 0 };
        out.count(rule, Outcome::Fail) > aside
    };
    let open = |rule| out.count(rule, Outcome::CannotCheck) > 0;
    let own_rules = [Rule::R01, Rule::R02, Rule::R03];
    if out.has(FORKED) {
        LedgerState::Forked
    } else if out.has(FORKED_KEY_RETIRED) {
        LedgerState::ForkedKeyRetired
    } else if own_rules.into_iter().any(fails) {
        LedgerState::Broken
    } else if out.has(SHORTENED) {
        LedgerState::Shortened
    } else if [Rule::R04, Rule::R05].into_iter().any(fails) {
        LedgerState::Broken
    } else if own_rules.into_iter().any(open) {
        LedgerState::NotChecked
    } else {
        LedgerState::Consistent
    }
}
