//! The cosigned checkpoints beside the head, and the list of their sizes (rules R02, R05).

use std::collections::BTreeSet;

use super::checkpoints::{Claim, SignedBy, check_log_signature, compare, read_checkpoint};
use super::finding::{Outcome, Rule, Subject};
use super::findings::Findings;
use super::folder::{PublicFolder, Unreadable};
use super::reading::ReadLedger;
use super::time::TimeKeeper;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Tree, TreeSize};

/// Ceiling of the list of cosigned sizes, in bytes: some hundred thousand sizes.
const SIZES_BYTES_MAX: usize = 1 << 20;

/// Holds the cosigned checkpoints beside the head against the tree, and their list against them.
///
/// Those that hold, signed by the log key of their size and with the root that was recomputed, count
/// for the time line. They are read one by one, so thousands of them take no more memory than one.
pub fn check_cosigned(
    folder: &PublicFolder,
    read: &mut ReadLedger,
    published: Option<Tree>,
    time: &mut TimeKeeper<'_>,
    out: &mut Findings,
) {
    let sizes = cosigned_sizes(folder);
    for size in &sizes {
        if let Some(holds) = check_cosigned_at(folder, read, published, *size, out) {
            time.take_up(&holds);
        }
    }
    check_list_of_sizes(folder, &sizes, out);
}

/// The sizes of the checkpoints beside the head, ascending.
fn cosigned_sizes(folder: &PublicFolder) -> BTreeSet<TreeSize> {
    let mut sizes = BTreeSet::new();
    let names = std::fs::read_dir(folder.root().join("checkpoints"));
    for name in
        names.into_iter().flatten().filter_map(|entry| entry.ok()?.file_name().into_string().ok())
    {
        // Names that are no size are reported with the other unexpected files.
        let size = name.parse().ok().filter(|size: &u64| size.to_string() == name);
        sizes.extend(size.map(TreeSize));
    }
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
    let signed_by = SignedBy::checkpoint(authority, &signed);
    let from = format!("the file {name}");
    let claim = Claim { tree: signed.tree(), signed_by, from: &from, subject: subject() };
    let holds = compare(folder, read, published, claim, out);
    (in_force && holds).then_some(signed)
}

fn check_list_of_sizes(folder: &PublicFolder, present: &BTreeSet<TreeSize>, out: &mut Findings) {
    let name = "checkpoints/sizes";
    let subject = || Subject::Published(name.into());
    let listed = match folder.read(name, SIZES_BYTES_MAX) {
        Ok(bytes) => parse_sizes(&bytes),
        Err(Unreadable::Missing) if present.is_empty() => return,
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
    for size in listed.difference(present) {
        let what = format!("the file {name} names a checkpoint of size {size}, which is missing");
        out.add(Rule::R02, Outcome::Fail, "checkpoint-missing", subject(), what);
    }
    for size in present.difference(&listed) {
        let what = format!("the file {name} does not name the checkpoint of size {size}");
        out.add(Rule::R02, Outcome::Warn, "checkpoint-unlisted", subject(), what);
    }
}

fn parse_sizes(bytes: &[u8]) -> Option<BTreeSet<TreeSize>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let sizes: Vec<TreeSize> =
        text.lines().map(|line| line.parse().ok().map(TreeSize)).collect::<Option<_>>()?;
    let printed: String = sizes.iter().map(|size| format!("{size}\n")).collect();
    let ascending = sizes.is_sorted_by(|earlier, later| earlier < later);
    (ascending && printed == text).then(|| sizes.into_iter().collect())
}
