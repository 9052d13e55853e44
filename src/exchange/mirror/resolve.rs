//! What people decided about a fork: which history stands.

use std::path::PathBuf;

use super::{MirrorStore, SyncError, checkpoint_of, tree_of};
use crate::statement::fork_file::Side;
use crate::store::checked;
use crate::store::disk::{Action, DiskError};
use crate::store::durable;
use crate::store::forks::{KeptFork, Resolution};
use crate::store::held::HeldHead;
use crate::store::mirrors::MirrorRecord;
use crate::tlog::checkpoint::SignedCheckpoint;

/// Notes the decision, and unfreezes the ledger. If the copy here is of the history that does not
/// stand, it is moved to `forks/<id>.copy`, whose path is given, and the checkpoint that stands becomes
/// the head held: the next sync must lead there.
pub fn resolve(
    shelf: &MirrorStore,
    fork: &KeptFork,
    resolution: Resolution,
) -> Result<Option<PathBuf>, SyncError> {
    let kept = match resolution.keep {
        Side::Smaller => fork.file.proof.smaller(),
        Side::Larger => fork.file.proof.larger(),
    };
    let other = match resolution.keep {
        Side::Smaller => fork.file.proof.larger(),
        Side::Larger => fork.file.proof.smaller(),
    };
    let mirror = shelf.mirror_of(fork.record.ledger)?;
    let _one = mirror.as_ref().map(|mirror| shelf.lock_one(&mirror.name)).transpose()?;
    let at = resolution.at;
    let leaves_kept = match &mirror {
        Some(mirror) => !agrees(shelf, mirror, kept),
        None => false,
    };
    shelf.change_held(fork.record.ledger, |held| {
        held.seen.retain(|seen| seen.checkpoint.checkpoint() != other.checkpoint());
        let is_other = held
            .head
            .as_ref()
            .is_some_and(|head| head.checkpoint.checkpoint() == other.checkpoint() || leaves_kept);
        if is_other {
            let checkpoint = kept.clone();
            held.head = Some(HeldHead { since: at, confirmed: at, checkpoint });
        }
        Ok(())
    })?;
    let mut set_aside = None;
    if let Some(mirror) = mirror.filter(|_| leaves_kept) {
        checked::forget(&*shelf.disk, &shelf.store, mirror.ledger)?;
        set_aside = move_aside(shelf, &mirror, fork)?;
    }
    let _lock = shelf.lock()?;
    // Last: until here the ledger is frozen, and the same command goes on.
    shelf.forks.resolve(fork, resolution)?;
    Ok(set_aside)
}

/// Whether the copy here is of the history of this checkpoint, as far as it can be told.
fn agrees(shelf: &MirrorStore, mirror: &MirrorRecord, kept: &SignedCheckpoint) -> bool {
    let local = shelf.local(&mirror.name);
    let Ok(head) = checkpoint_of(&local) else { return true };
    let (here, kept) = (head.tree(), kept.tree());
    if here.size < kept.size {
        // The larger one stands, and it is not a continuation of what is here, or there would be no
        // proof; unless what is here is older than where they part, which the next sync finds out.
        return false;
    }
    tree_of(&local, &head)
        .and_then(|tree| tree.root_at(kept.size))
        .is_ok_and(|root| root == kept.root)
}

fn move_aside(
    shelf: &MirrorStore,
    mirror: &MirrorRecord,
    fork: &KeptFork,
) -> Result<Option<PathBuf>, SyncError> {
    let disk = &*shelf.disk;
    let (from, to) =
        (shelf.store.ledger(&mirror.name), shelf.store.forks().join(format!("{}.copy", fork.id)));
    if !from.is_dir() {
        return Ok(None);
    }
    // Of an earlier resolution of the same fork: what is newer says more.
    durable::remove_tree(disk, &to)?;
    disk.rename(&from, &to).map_err(DiskError::refused(Action::Rename, &to))?;
    durable::sync_folder(disk, &shelf.store.ledgers())?;
    durable::sync_folder(disk, &shelf.store.forks())?;
    Ok(Some(to))
}
