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
use crate::tlog::note::NOTE_BYTES_MAX;

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
    }
    holds
}

/// Holds the cosigned checkpoints beside the head against the tree, and their list against them.
pub fn check_cosigned(folder: &PublicFolder, read: &mut ReadLedger, out: &mut Findings) {
    let sizes = cosigned_sizes(folder);
    for size in &sizes {
        check_cosigned_at(folder, read, *size, out);
    }
    check_list_of_sizes(folder, &sizes, out);
}

/// The cosigned checkpoints that can be read.
pub fn cosigned_checkpoints(folder: &PublicFolder) -> Vec<SignedCheckpoint> {
    let read = |size: TreeSize| read_checkpoint(folder, &format!("checkpoints/{size}")).ok();
    cosigned_sizes(folder).into_iter().filter_map(read).collect()
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
    size: TreeSize,
    out: &mut Findings,
) {
    let name = format!("checkpoints/{size}");
    let subject = || Subject::Published(name.clone());
    let signed = match read_checkpoint(folder, &name) {
        Ok(signed) if signed.tree().size == size => signed,
        Ok(_) => {
            let what = format!("the file {name} holds a checkpoint of another size");
            out.add(Rule::R02, Outcome::Fail, "checkpoint-misnamed", subject(), what);
            return;
        }
        Err(fault) => {
            let what = format!("the file {name} is {fault}");
            out.add(Rule::R02, Outcome::Fail, "checkpoint-unreadable", subject(), what);
            return;
        }
    };
    let Some(authority) = read.authority.clone() else { return };
    check_log_signature(&authority, &signed, subject(), out);
    let is_signed = is_signed_by_log(&authority, &signed);
    let from = format!("the file {name}");
    compare(folder, read, signed.tree(), is_signed, &from, subject(), out);
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

/// Rule R04: each head held from before must be a beginning of this ledger.
pub fn check_held(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    held: &[HeldHead],
    out: &mut Findings,
) {
    if held.is_empty() {
        let what = "no head of this ledger from before was at hand, so statements cut from its end \
                    would not show";
        out.add(Rule::R04, Outcome::CannotCheck, "no-held-head", Subject::Ledger, what);
    }
    for head in held {
        let Some(authority) = &read.authority else {
            let what = "a held head cannot be compared: the ledger's statement 0 cannot be read";
            out.add(Rule::R04, Outcome::CannotCheck, "held-unchecked", Subject::Ledger, what);
            return;
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
            out.add(Rule::R04, Outcome::CannotCheck, "held-not-of-ledger", Subject::Ledger, what);
            continue;
        }
        compare(folder, read, head.tree(), is_signed, from, Subject::Ledger, out);
    }
}

/// Compares a claimed (size, root) with the recomputed history.
fn compare(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    claimed: Tree,
    is_signed: bool,
    from: &str,
    subject: Subject,
    out: &mut Findings,
) {
    let size = claimed.size;
    let have = read.tree.map(|tree| tree.size);
    if have.is_some_and(|have| size > have) {
        let what = format!(
            "{from} has {size} statements; here are only {}: the rest was cut off",
            have.unwrap_or_default()
        );
        out.add(Rule::R04, Outcome::Fail, SHORTENED, subject, what);
        return;
    }
    match read.root_at(folder, size) {
        Some(root) if root == claimed.root => {}
        Some(_) if is_signed => {
            let what = format!(
                "{from} signs another history of {size} statements than the one here: both cannot be true"
            );
            out.add(Rule::R05, Outcome::Fail, FORKED, subject.clone(), what.clone());
            out.add(Rule::R04, Outcome::Fail, "other-history", subject, what);
        }
        Some(_) => {
            let what =
                format!("{from} knows another history of {size} statements than the one here");
            out.add(Rule::R04, Outcome::Fail, "other-history", subject, what);
        }
        None => {
            let what =
                format!("{from} cannot be compared: the root at size {size} cannot be recomputed");
            out.add(Rule::R04, Outcome::CannotCheck, "held-unchecked", subject, what);
        }
    }
}

/// The code of the finding that a ledger is shorter than a head held of it.
pub const SHORTENED: &str = "shortened";
/// The code of the finding that two signed checkpoints contradict one another.
pub const FORKED: &str = "forked";

/// The ledger in one word. `head_signed`: without a signature on the head here, a contradicting
/// checkpoint is no fork.
pub fn state(head_signed: bool, out: &Findings) -> LedgerState {
    let fails = |rule| out.count(rule, Outcome::Fail) > 0;
    if head_signed && out.has(FORKED) {
        LedgerState::Forked
    } else if [Rule::R01, Rule::R02, Rule::R03].into_iter().any(fails) {
        LedgerState::Broken
    } else if out.has(SHORTENED) {
        LedgerState::Shortened
    } else if [Rule::R04, Rule::R05].into_iter().any(fails) {
        LedgerState::Broken
    } else {
        LedgerState::Consistent
    }
}
