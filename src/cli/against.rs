//! Another copy of a ledger: `treering audit --against`, and the mirror that a receipt's checkpoint
//! meets in `treering check`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::audit::{Located, locate};
use super::exit::Exit;
use super::own_store::{OwnStore, find_mirror, find_store, mirror_store};
use super::voice::{Answer, Failure};
use super::{Context, clock, interrupt};
use crate::audit::pins::Peer;
use crate::exchange::mirror::{CopiesMeet, Meeting, checkpoint_of, meet_copies, meet_mirror};
use crate::exchange::source::FolderSource;
use crate::report::words::safe;
use crate::statement::envelope::LedgerId;
use crate::statement::fork_file::ForkFile;
use crate::store::disk::RealDisk;
use crate::store::forks::ForkRecord;
use crate::tlog::checkpoint::SignedCheckpoint;

/// A copy to compare with.
pub struct OtherCopy {
    folder: PathBuf,
    called: String,
    /// Its signed head.
    pub checkpoint: SignedCheckpoint,
}

/// The mirror that a person means by a path: its name, where no file of that name is there.
pub fn mirror_named(context: &Context, path: &Path) -> Option<String> {
    let name = path.to_str().filter(|_| !path.exists())?;
    let shelf = mirror_store(context, "audit").ok()?;
    find_mirror(&shelf, name).ok().map(|record| record.name.to_string())
}

/// The copy that is compared with.
pub fn other_copy(context: &Context, path: &Path) -> Result<OtherCopy, Failure> {
    let folder = match mirror_named(context, path) {
        Some(name) => OwnStore::find_mirror(context, &name)?.folder.path().to_path_buf(),
        None => match locate(path)? {
            Located::Public(folder) => folder,
            Located::Store(store) => OwnStore::open(store)?.folder.path().to_path_buf(),
        },
    };
    let checkpoint = checkpoint_of(&FolderSource::new(&folder))?;
    Ok(OtherCopy { folder, called: path.display().to_string(), checkpoint })
}

/// Compares the copy that was audited with another, and adds to the answer what came of it. A fork is
/// kept in the store, where there is one.
pub fn compare(
    context: &Context,
    audited: &Path,
    other: &OtherCopy,
    answer: &mut Answer,
) -> Result<(), Failure> {
    let (ours, theirs) = (FolderSource::new(audited), FolderSource::new(&other.folder));
    let called = safe(&other.called);
    let (word, sentence, exit) = match meet_copies(&ours, &theirs, interrupt::flag()) {
        CopiesMeet::Agree => {
            let size = checkpoint_of(&ours).map(|ours| ours.tree().size).unwrap_or_default();
            let common = size.min(other.checkpoint.tree().size);
            ("MATCHES", format!("the copy {called}, up to statement {common}"), Exit::Done)
        }
        CopiesMeet::OtherLedger => {
            ("DIFFERS", format!("{called} is another ledger"), Exit::Finding)
        }
        CopiesMeet::Unexplained(why) => (
            "UNEXPLAINED",
            format!("{called} cannot be compared: {}", safe(&why)),
            Exit::Incomplete,
        ),
        CopiesMeet::Forked(file) => {
            let kept = keep(context, &file, "audit --against", &other.called)?;
            ("FORKED", format!("{called} and this copy cannot both be true; {kept}"), Exit::Fork)
        }
    };
    answer.text.push_str(&format!("\n{word}  {sentence}\n"));
    let entry = json!({ "copy": other.called, "result": word, "says": sentence });
    match answer.json["against"].as_array_mut() {
        Some(list) => list.push(entry),
        None => answer.json["against"] = json!([entry]),
    }
    answer.exit = answer.exit.graver(exit);
    answer.json["exit"] = json!(answer.exit.code());
    Ok(())
}

/// Outside ledgers that may pin the one audited: those named, and those of the store found here.
pub fn peers(context: &Context, named: &[PathBuf]) -> Vec<Peer> {
    let mut peers: Vec<Peer> = named
        .iter()
        .map(|folder| Peer { name: folder.display().to_string(), folder: folder.clone() })
        .collect();
    if let Ok(store) = find_store(context) {
        let names = store.ledger_names(&RealDisk).unwrap_or_default();
        peers.extend(
            names.iter().map(|name| Peer { name: name.to_string(), folder: store.ledger(name) }),
        );
    }
    peers
}

/// Compares two copies that were found to have forked, and keeps the proof in the store; gives where it
/// is, or why there is none.
pub fn keep_fork(
    context: &Context,
    one: &Path,
    two: &Path,
    command: &str,
) -> Result<String, Failure> {
    match meet_copies(&FolderSource::new(one), &FolderSource::new(two), interrupt::flag()) {
        CopiesMeet::Forked(file) => {
            keep(context, &file, command, &format!("{} and {}", one.display(), two.display()))
        }
        CopiesMeet::Unexplained(why) => Ok(format!("no proof can be made of it: {}", safe(&why))),
        CopiesMeet::Agree | CopiesMeet::OtherLedger => {
            Ok("no proof can be made of it: their checkpoints do not show it".into())
        }
    }
}

/// Keeps a proof in the store that is found here; gives where it is.
fn keep(context: &Context, file: &ForkFile, command: &str, by: &str) -> Result<String, Failure> {
    let Some(ledger) = file.ledger().filter(|_| find_store(context).is_ok()) else {
        return Ok("no store is here to keep the proof in; run the same command in one".into());
    };
    let shelf = mirror_store(context, command)?;
    let by: String = by.chars().filter(|c| !c.is_control()).take(500).collect();
    let record = ForkRecord {
        ledger,
        found: clock::now(),
        by: format!("{command} {by}"),
        freezes: file.check(Some(ledger)).is_ok_and(|checked| checked.retired.is_none()),
        resolution: None,
    };
    let _lock = shelf.lock()?;
    let fork = shelf.forks.keep(file, &record)?;
    Ok(format!("the proof is {}: treering fork show {}", fork.id, fork.id))
}

/// The receipt's checkpoint against the mirror of its ledger, where this store keeps one.
pub fn meet_receipt(
    context: &Context,
    ledger: LedgerId,
    checkpoint: &SignedCheckpoint,
) -> Result<Option<(String, Exit)>, Failure> {
    if find_store(context).is_err() {
        return Ok(None);
    }
    let shelf = mirror_store(context, "check")?;
    let Some(mirror) = shelf.mirror_of(ledger)? else { return Ok(None) };
    let name = &mirror.name;
    let meeting = meet_mirror(&shelf, &mirror, checkpoint, "check of a receipt", clock::now())?;
    Ok(Some(match meeting {
        Meeting::Same => (
            format!("MATCHES  the mirror {name}: the receipt's checkpoint is a beginning of it"),
            Exit::Done,
        ),
        Meeting::Larger(size) => (
            format!(
                "NOT CHECKED  the mirror {name} holds less than the {size} statements of the receipt's \
                 checkpoint: treering sync {name}"
            ),
            Exit::Incomplete,
        ),
        Meeting::Unexplained(why) => {
            (format!("UNEXPLAINED  against the mirror {name}: {}", safe(&why)), Exit::Incomplete)
        }
        Meeting::NotTheLogs(why) => {
            (format!("DIFFERS  from the mirror {name}: {}", safe(&why)), Exit::Finding)
        }
        Meeting::Forked(fork) => (
            format!(
                "FORKED  the receipt's checkpoint and the mirror {name} cannot both be true; the proof is \
                 {}: treering fork show {}",
                fork.id, fork.id
            ),
            Exit::Fork,
        ),
    }))
}
