//! Signed checkpoints held against the tree: the published head, the cosigned ones beside it, and
//! heads remembered from before (rules R02, R04, R05).

use super::finding::{Findings, LedgerState, Outcome, Rule, Subject};
use super::folder::PublicFolder;
use super::reading::ReadLedger;
use crate::statement::authority::Authority;
use crate::statement::short_head::ShortHead;
use crate::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::{PublicKey, Signature};
use crate::tlog::hash::{Tree, TreeSize};
use crate::tlog::note::{NOTE_BYTES_MAX, VerifierKey};

/// Ceiling of the list of cosigned sizes, in bytes: some hundred thousand sizes.
const SIZES_BYTES_MAX: usize = 1 << 20;

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

/// Whether a log key of this ledger signed the checkpoint of this tree.
///
/// Any log key counts here, not only the one in force at that size: two histories may disagree about
/// rotations, and a key that signed both is what makes a fork.
fn is_signed_by_log(authority: &Authority, signed: &SignedCheckpoint) -> bool {
    let origin = &authority.genesis().origin;
    signed.origin() == origin && authority.log_keys().any(|key| is_signed_by(signed, key))
}

fn is_short_signed_by_log(authority: &Authority, head: &ShortHead) -> bool {
    let text = head.checkpoint(&authority.genesis().origin).to_string();
    let signed_by = |key: PublicKey, signature: &Signature| key.check(text.as_bytes(), signature);
    head.is_of(authority.ledger())
        && authority.log_keys().any(|key| signed_by(key, &head.signature).is_ok())
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

fn read_checkpoint(folder: &PublicFolder, name: &str) -> Result<SignedCheckpoint, String> {
    let bytes = folder.read(name, NOTE_BYTES_MAX).map_err(|fault| fault.to_string())?;
    SignedCheckpoint::parse(&bytes).map_err(|fault| format!("damaged: {fault}"))
}

/// Holds the published head against the tree. Gives its tree, if the log key signed it.
pub fn check_head(read: &ReadLedger, head: &SignedCheckpoint, out: &mut Findings) -> Option<Tree> {
    let subject = || Subject::Published("checkpoint".into());
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
fn check_log_signature(
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
    let key = authority.log_keys_at(size).map(|term| term.required);
    let holds = key.is_some_and(|key| is_signed_by(signed, key));
    if !holds {
        let what =
            format!("the checkpoint of size {size} is not signed by the log key of that size");
        out.add(Rule::R02, Outcome::Fail, "checkpoint-signature", subject, what);
        return false;
    }
    // Older log keys sign beside it after a rotation. A line that bears the name of one must match, too.
    let all: Vec<VerifierKey> = authority.log_keys().map(|key| log_vkey(origin, key)).collect();
    if signed.note().known_signatures(&all).is_err() {
        let what = format!("a log key's line on the checkpoint of size {size} does not match");
        out.add(Rule::R02, Outcome::Fail, "checkpoint-signature", subject, what);
    }
    true
}

/// Holds the cosigned checkpoints beside the head against the tree, and their list against them.
///
/// Gives those that hold: signed by the log key of their size, with the root that was recomputed.
pub fn check_cosigned(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    out: &mut Findings,
) -> Vec<SignedCheckpoint> {
    let sizes = cosigned_sizes(folder);
    let check = |size: &TreeSize| check_cosigned_at(folder, read, published, *size, out);
    let holding = sizes.iter().filter_map(check).collect();
    check_list_of_sizes(folder, &sizes, out);
    holding
}

/// The sizes of the checkpoints beside the head, ascending.
fn cosigned_sizes(folder: &PublicFolder) -> Vec<TreeSize> {
    let mut sizes = Vec::new();
    let names = std::fs::read_dir(folder.root().join("checkpoints"));
    for name in
        names.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok())
    {
        // Names that are no size are reported with the other unexpected files.
        let size = name.parse().ok().filter(|size: &u64| size.to_string() == name);
        sizes.extend(size.map(TreeSize));
    }
    sizes.sort_unstable();
    sizes
}

fn check_cosigned_at(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    size: TreeSize,
    out: &mut Findings,
) -> Option<SignedCheckpoint> {
    let name = format!("checkpoints/{size}");
    let subject = || Subject::Published(name.clone());
    let signed = match read_checkpoint(folder, &name) {
        Ok(signed) if signed.tree().size == size => signed,
        Ok(_) => {
            let what = format!("the file {name} holds a checkpoint of another size");
            out.add(Rule::R02, Outcome::Fail, "checkpoint-misnamed", subject(), what);
            return None;
        }
        Err(fault) => {
            let what = format!("the file {name} is {fault}");
            out.add(Rule::R02, Outcome::Fail, "checkpoint-unreadable", subject(), what);
            return None;
        }
    };
    let authority = read.authority.as_ref()?;
    let in_force = check_log_signature(authority, &signed, subject(), out);
    let is_signed = is_signed_by_log(authority, &signed);
    let from = format!("the file {name}");
    let claim = Claim { tree: signed.tree(), is_signed, from: &from, subject: subject() };
    let holds = compare(folder, read, published, claim, out);
    (in_force && holds).then_some(signed)
}

fn check_list_of_sizes(folder: &PublicFolder, present: &[TreeSize], out: &mut Findings) {
    let name = "checkpoints/sizes";
    let subject = || Subject::Published(name.into());
    let listed = match folder.read(name, SIZES_BYTES_MAX) {
        Ok(bytes) => parse_sizes(&bytes),
        Err(super::folder::Unreadable::Missing) if present.is_empty() => return,
        Err(fault) => {
            let what = format!("the file {name} is {fault}");
            out.add(Rule::R02, Outcome::Fail, "sizes-unreadable", subject(), what);
            return;
        }
    };
    let Some(listed) = listed else {
        let what = format!("the file {name} is not an ascending list of sizes");
        out.add(Rule::R02, Outcome::Fail, "sizes-unreadable", subject(), what);
        return;
    };
    for size in listed.iter().filter(|size| !present.contains(size)) {
        let what = format!("the file {name} names a checkpoint of size {size}, which is missing");
        out.add(Rule::R02, Outcome::Fail, "checkpoint-missing", subject(), what);
    }
    for size in present.iter().filter(|size| !listed.contains(size)) {
        let what = format!("the file {name} does not name the checkpoint of size {size}");
        out.add(Rule::R02, Outcome::Warn, "checkpoint-unlisted", subject(), what);
    }
}

fn parse_sizes(bytes: &[u8]) -> Option<Vec<TreeSize>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let sizes: Vec<TreeSize> =
        text.lines().map(|line| line.parse().ok().map(TreeSize)).collect::<Option<_>>()?;
    let printed: String = sizes.iter().map(|size| format!("{size}\n")).collect();
    let ascending = sizes.is_sorted_by(|earlier, later| earlier < later);
    (ascending && printed == text).then_some(sizes)
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
            out.add(Rule::R04, Outcome::CannotCheck, code, Subject::Ledger, what);
        };
        let Some(authority) = &read.authority else {
            let what = "a held head cannot be compared: the ledger's statement 0 cannot be read";
            cannot("held-unchecked", what.into());
            return None;
        };
        let (from, is_signed) = match head {
            HeldHead::Remembered(_) => ("the head this store remembers", false),
            HeldHead::Checkpoint(signed) => {
                ("the held checkpoint", is_signed_by_log(authority, signed))
            }
            HeldHead::Short(short) => {
                ("the held head line", is_short_signed_by_log(authority, short))
            }
        };
        if !is_signed && !matches!(head, HeldHead::Remembered(_)) {
            let what = format!(
                "{from} is not signed by a log key of this ledger: of another ledger, or copied wrongly"
            );
            cannot("held-not-of-ledger", what);
        } else if head.tree().size.0 == 0 {
            cannot("held-empty", format!("{from} is of size 0, which every ledger extends"));
        } else {
            let claim = Claim { tree: head.tree(), is_signed, from, subject: Subject::Ledger };
            if compare(folder, read, published, claim, out) {
                holds = holds.max(Some(head.tree().size));
            }
        }
    }
    holds
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
    let is_signed = read.authority.as_ref().is_some_and(|known| is_signed_by_log(known, note));
    let claim = Claim { tree: note.tree(), is_signed, from, subject: Subject::Ledger };
    is_signed && note.tree().size.0 > 0 && compare(folder, read, published, claim, out)
}

/// A checkpoint that says what the ledger was.
struct Claim<'a> {
    tree: Tree,
    /// Whether a log key of this ledger signed it.
    is_signed: bool,
    from: &'a str,
    subject: Subject,
}

/// Compares a claim with the recomputed history; gives whether it holds.
///
/// `published` is the tree of the head here, if the log key signed it. Only two signatures of the log
/// make a fork: where the statements here are not what the head signs, the folder is damaged, and
/// nobody is accused.
fn compare(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    claim: Claim<'_>,
    out: &mut Findings,
) -> bool {
    let Claim { tree: claimed, is_signed, from, subject } = claim;
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
        out.add(Rule::R04, Outcome::Fail, SHORTENED, subject, what);
        return false;
    }
    let root = read.root_at(folder, size);
    if sound && root == Some(claimed.root) {
        return true;
    }
    if is_signed && (same_size || (sound && root.is_some())) {
        let what = format!(
            "{from} signs another history of {size} statements than the head here: both cannot be true"
        );
        out.add(Rule::R05, Outcome::Fail, FORKED, subject, what);
    } else if sound && root.is_some() {
        let what = format!("{from} knows another history of {size} statements than the one here");
        out.add(Rule::R04, Outcome::Fail, "other-history", subject, what);
    } else {
        let what = format!(
            "{from} cannot be compared: the statements here are not what the checkpoint signs"
        );
        out.add(Rule::R04, Outcome::CannotCheck, "held-unchecked", subject, what);
    }
    false
}

/// The code of the finding that a ledger is shorter than a head held of it.
pub const SHORTENED: &str = "shortened";
/// The code of the finding that two signed checkpoints contradict one another.
pub const FORKED: &str = "forked";

/// The ledger in one word.
pub fn state(out: &Findings) -> LedgerState {
    let fails = |rule| out.count(rule, Outcome::Fail) > 0;
    let open = |rule| out.count(rule, Outcome::CannotCheck) > 0;
    let own_rules = [Rule::R01, Rule::R02, Rule::R03];
    if out.has(FORKED) {
        LedgerState::Forked
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
