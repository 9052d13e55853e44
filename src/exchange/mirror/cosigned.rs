//! Checkpoints with cosignatures, as their source keeps them: what bounds the time of everything before.

use super::State;
use super::SyncError;
use super::fetch::Stopped;
use super::judgement::{Compared, Sides};
use super::reading::Reading;
use super::sync::{Sync, signed_by_log};
use crate::exchange::public_file::PublicFile;
use crate::exchange::source::{self, SourceError};
use crate::exchange::tree::AuthenticTree;
use crate::store::cosigned::CosignedCheckpoints;
use crate::store::disk::{Access, DiskError};
use crate::store::durable;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;

/// Cosigned checkpoints fetched in one sync; a log that is witnessed every hour makes 9,000 a year.
const FETCHED_MAX: usize = 20_000;

impl Sync<'_> {
    /// Fetches the cosigned checkpoints that are not here, and the newest again, since witnesses sign
    /// late. Each is held against the tree; one that contradicts it is a fork.
    pub(super) fn cosigned(
        &mut self,
        reading: &Reading,
        tree: &AuthenticTree<'_>,
    ) -> Result<Option<State>, Stopped> {
        let root = self.shelf.store.ledger(&self.record.name);
        let kept = CosignedCheckpoints::of(std::sync::Arc::clone(&self.shelf.disk), &root);
        let here = kept.sizes()?;
        let listed = match self.listed_sizes()? {
            Some(listed) => listed,
            None => return Ok(None),
        };
        let size = tree.tree().size;
        let newest = listed.iter().rev().find(|listed| **listed <= size).copied();
        let wanted = listed.iter().filter(|listed| {
            **listed <= size && (Some(**listed) == newest || here.binary_search(listed).is_err())
        });
        let mut changed = false;
        for size in wanted.take(FETCHED_MAX).copied() {
            if self.turn.ends() {
                return Err(Stopped::Paused);
            }
            let file = PublicFile::Cosigned(size);
            let bytes = match source::read_if_there(self.source, file) {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(fault) => {
                    self.remarks.push(format!("cosigned checkpoints are not all here: {fault}"));
                    break;
                }
            };
            let checkpoint = match SignedCheckpoint::parse(&bytes) {
                Ok(checkpoint) if checkpoint.tree().size == size => checkpoint,
                _ => {
                    self.remarks.push(format!("{file} is not a checkpoint of that size"));
                    continue;
                }
            };
            if let Err(why) = signed_by_log(reading, &checkpoint) {
                self.remarks.push(format!("{file} is not kept: {why}"));
                continue;
            }
            if tree.root_at(size)? != checkpoint.tree().root {
                let head = self.held.head.as_ref().map(|head| head.checkpoint.clone());
                let Some(head) = head else { continue };
                let sides = Sides { a: &checkpoint, b: &head, larger: tree, smaller: None };
                let compared =
                    Compared { reading, sides, newcomer: &checkpoint, known_history: true };
                return Ok(Some(self.forked(compared)?));
            }
            // A line under a believed witness's name that does not match would make the whole note
            // unreadable to everybody who knows that witness.
            if let Err(why) = checkpoint.note().known_signatures(&self.options.witnesses) {
                self.remarks.push(format!("{file} is not kept: {why}"));
                continue;
            }
            let before = kept.read(size).ok().flatten();
            if before.as_ref().is_none_or(|before| adds_to(before, &checkpoint)) {
                self.write_cosigned(&root, &size.to_string(), &bytes)?;
                changed = true;
            }
        }
        if changed {
            let sizes: String = kept.sizes()?.iter().map(|size| format!("{size}\n")).collect();
            self.write_cosigned(&root, "sizes", sizes.as_bytes())?;
        }
        Ok(None)
    }

    fn write_cosigned(
        &self,
        root: &std::path::Path,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), DiskError> {
        let (disk, folder) = (&*self.shelf.disk, root.join("checkpoints"));
        durable::create_folders(disk, root, &folder, Access::Public)?;
        durable::replace(disk, &folder.join(name), Access::Public, bytes)
    }

    fn listed_sizes(&mut self) -> Result<Option<Vec<TreeSize>>, SyncError> {
        match source::read_if_there(self.source, PublicFile::CosignedSizes) {
            Ok(None) => Ok(None),
            Ok(Some(bytes)) => {
                let sizes = parse_sizes(&bytes);
                if sizes.is_none() {
                    self.remarks.push("its list of cosigned checkpoints is damaged".into());
                }
                Ok(sizes)
            }
            Err(SourceError::Unreachable { why }) => {
                self.remarks.push(format!("cosigned checkpoints are not here: {why}"));
                Ok(None)
            }
            Err(fault) => {
                self.remarks.push(format!("cosigned checkpoints are not here: {fault}"));
                Ok(None)
            }
        }
    }
}

/// Whether a note has every line of the one before, and more.
fn adds_to(before: &SignedCheckpoint, after: &SignedCheckpoint) -> bool {
    let (ours, theirs) = (before.note().signatures(), after.note().signatures());
    theirs.len() > ours.len() && ours.iter().all(|line| theirs.contains(line))
}

fn parse_sizes(bytes: &[u8]) -> Option<Vec<TreeSize>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let sizes: Vec<TreeSize> =
        text.lines().map(|line| line.parse().ok().map(TreeSize)).collect::<Option<_>>()?;
    let printed: String = sizes.iter().map(|size| format!("{size}\n")).collect();
    (printed == text && sizes.is_sorted_by(|earlier, later| earlier < later)).then_some(sizes)
}
