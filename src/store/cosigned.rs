//! Checkpoints with cosignatures, kept in a ledger's public folder for as long as the ledger lives:
//! what bounds the time of everything before them.
//!
//! ```text
//! checkpoints/42      the checkpoint of size 42: the log's lines, then each witness's earliest line
//! checkpoints/sizes   "7\n42\n": their sizes, ascending, one a line
//! ```
//!
//! `checkpoint` itself moves on with every commit and would take its cosignatures with it. Only lines
//! that were checked are kept: a line that anybody could have added under a witness's name would
//! make the whole note unreadable to those who know that witness.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::tlog::cosignature::{Cosignature, CosignatureTime};
use crate::tlog::hash::TreeSize;
use crate::tlog::note::{NOTE_BYTES_MAX, NoteError, SignatureLine, VerifierKey};

/// The cosigned checkpoints of one ledger.
#[derive(Clone, Debug)]
pub struct CosignedCheckpoints {
    disk: Arc<dyn Disk>,
    public: PathBuf,
}

/// Why a cosigned checkpoint is not read or kept.
#[derive(Debug, Error)]
pub enum CosignedError {
    /// The file is not a checkpoint.
    #[error("the cosigned checkpoint of size {size} is damaged: {why}")]
    Damaged {
        /// The size in its name.
        size: TreeSize,
        /// What is wrong with it.
        why: CheckpointError,
    },
    /// A checkpoint of this size is kept that says something else: perhaps a fork.
    #[error("another checkpoint of size {0} is kept already")]
    Other(TreeSize),
    /// The lines do not make a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl CosignedCheckpoints {
    /// Those in this public folder; nothing is read yet.
    pub fn of(disk: Arc<dyn Disk>, public: &Path) -> CosignedCheckpoints {
        CosignedCheckpoints { disk, public: public.to_owned() }
    }

    /// Their sizes, ascending, by the names that are there.
    pub fn sizes(&self) -> Result<Vec<TreeSize>, DiskError> {
        let listed = durable::list(&*self.disk, &self.folder())?;
        let mut sizes: Vec<TreeSize> = listed
            .iter()
            .filter_map(|listed| {
                let size = listed.name.parse().ok().map(TreeSize)?;
                (size.to_string() == listed.name && size <= TreeSize::MAX).then_some(size)
            })
            .collect();
        sizes.sort();
        Ok(sizes)
    }

    /// The one of this size, if there is one.
    pub fn read(&self, size: TreeSize) -> Result<Option<SignedCheckpoint>, CosignedError> {
        let path = self.folder().join(size.to_string());
        match durable::read_if_there(&*self.disk, &path, NOTE_BYTES_MAX as u64)? {
            None => Ok(None),
            Some(bytes) => SignedCheckpoint::parse(&bytes)
                .map(Some)
                .map_err(|why| CosignedError::Damaged { size, why }),
        }
    }

    /// Keeps the lines of a checkpoint that these keys have truly signed, beside those kept of it
    /// before; of each witness the earliest. Gives whether anything was written.
    pub fn keep(
        &self,
        checkpoint: &SignedCheckpoint,
        logs: &[VerifierKey],
        witnesses: &[VerifierKey],
    ) -> Result<bool, CosignedError> {
        let size = checkpoint.tree().size;
        let before = self.read(size)?;
        if before.as_ref().is_some_and(|before| before.note().text() != checkpoint.note().text()) {
            return Err(CosignedError::Other(size));
        }
        let kept = before.as_ref().map_or(&[][..], |before| before.note().signatures());
        let offered = checkpoint.note().signatures().iter();
        let offered: Vec<&SignatureLine> = offered
            .filter(|line| {
                let known = logs.iter().chain(witnesses);
                known.clone().any(|key| is_by(line, key, checkpoint))
            })
            .collect();
        let lines = merge(kept.iter().chain(offered));
        if lines.iter().all(|line| time_of(line).is_none()) {
            return Ok(false);
        }
        let merged = SignedCheckpoint::new(checkpoint.checkpoint().clone(), lines)?;
        if before.as_ref() == Some(&merged) {
            return Ok(false);
        }
        self.write(size, &merged)?;
        Ok(true)
    }

    fn write(&self, size: TreeSize, checkpoint: &SignedCheckpoint) -> Result<(), DiskError> {
        let (disk, folder) = (&*self.disk, self.folder());
        durable::create_folders(disk, &self.public, &folder, Access::Public)?;
        let replace = |name: &str, text: &str| {
            durable::replace(disk, &folder.join(name), Access::Public, text.as_bytes())
        };
        replace(&size.to_string(), &checkpoint.to_string())?;
        // The list comes after the file it names, and is made from the names: what a crash left
        // unlisted is listed by the next.
        let sizes: String = self.sizes()?.iter().map(|size| format!("{size}\n")).collect();
        replace("sizes", &sizes)
    }

    fn folder(&self) -> PathBuf {
        self.public.join("checkpoints")
    }
}

/// Whether a line is by this key and its signature matches.
fn is_by(line: &SignatureLine, key: &VerifierKey, checkpoint: &SignedCheckpoint) -> bool {
    let alone = SignedCheckpoint::new(checkpoint.checkpoint().clone(), vec![line.clone()]);
    alone.is_ok_and(|alone| alone.note().check([key]).is_ok())
}

/// The time in a cosignature; none in a log's line, which has no room for one.
fn time_of(line: &SignatureLine) -> Option<CosignatureTime> {
    Cosignature::from_bytes(line.signature()).map(|cosignature| cosignature.time)
}

/// The log's lines as they came, then one line for each witness, earliest first.
fn merge<'a>(lines: impl Iterator<Item = &'a SignatureLine>) -> Vec<SignatureLine> {
    let (mut logs, mut witnesses): (Vec<&SignatureLine>, Vec<&SignatureLine>) =
        lines.partition(|line| time_of(line).is_none());
    let whose = |line: &SignatureLine| (line.name().clone(), line.id());
    // Signatures are deterministic: a log's second line is the first again.
    let mut seen = Vec::new();
    logs.retain(|line| {
        let first = !seen.contains(&whose(line));
        seen.push(whose(line));
        first
    });
    witnesses.sort_by_key(|line| (time_of(line), whose(line)));
    let mut seen = Vec::new();
    witnesses.retain(|line| {
        let earliest = !seen.contains(&whose(line));
        seen.push(whose(line));
        earliest
    });
    logs.into_iter().chain(witnesses).cloned().collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::disk::RealDisk;
    use super::super::disk::faulty::{Fault, FaultyDisk};
    use super::*;
    use crate::tlog::checkpoint::{Checkpoint, Origin, log_vkey};
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::{Tree, leaf_hash};
    use crate::tlog::note::{KeyName, SignatureType};

    fn secret(number: u8) -> SecretKey {
        SecretKey::from_seed(&[number; 32])
    }

    fn checkpoint(size: u64) -> Checkpoint {
        let tree = Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) };
        Checkpoint::new(Origin::new("example.park/ledger").unwrap(), tree)
    }

    fn log() -> Vec<VerifierKey> {
        vec![log_vkey(&checkpoint(1).origin, secret(1).public())]
    }

    fn name(number: u8) -> KeyName {
        KeyName::new(&format!("witness-{number}.example")).unwrap()
    }

    fn witness(number: u8) -> VerifierKey {
        VerifierKey::new(name(number), SignatureType::Cosignature, secret(number).public())
    }

    /// A checkpoint under the log's line and cosignatures of (witness, time).
    fn signed(size: u64, cosigned: &[(u8, u64)]) -> SignedCheckpoint {
        let checkpoint = checkpoint(size);
        let mut lines = vec![checkpoint.sign(&secret(1))];
        lines.extend(cosigned.iter().map(|(number, seconds)| {
            let time = CosignatureTime::new(*seconds).unwrap();
            checkpoint.cosign(&secret(*number), &name(*number), time)
        }));
        SignedCheckpoint::new(checkpoint, lines).unwrap()
    }

    #[test]
    fn each_witness_keeps_its_earliest_line() {
        let folder = tempfile::tempdir().unwrap();
        let kept = CosignedCheckpoints::of(Arc::new(RealDisk), folder.path());
        let witnesses = [witness(2), witness(3)];
        assert!(!kept.keep(&signed(42, &[]), &log(), &witnesses).unwrap());
        assert_eq!(kept.sizes().unwrap(), []);
        assert!(kept.keep(&signed(42, &[(2, 900)]), &log(), &witnesses).unwrap());
        assert!(kept.keep(&signed(42, &[(3, 700), (2, 800)]), &log(), &witnesses).unwrap());
        assert!(!kept.keep(&signed(42, &[(2, 850)]), &log(), &witnesses).unwrap());
        let expected = signed(42, &[(3, 700), (2, 800)]);
        assert_eq!(kept.read(TreeSize(42)).unwrap(), Some(expected));
        assert!(kept.keep(&signed(7, &[(2, 100)]), &log(), &witnesses).unwrap());
        assert_eq!(kept.sizes().unwrap(), [7, 42].map(TreeSize));
        assert_eq!(fs::read(folder.path().join("checkpoints/sizes")).unwrap(), b"7\n42\n");
    }

    #[test]
    fn lines_that_nobody_checked_are_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let kept = CosignedCheckpoints::of(Arc::new(RealDisk), folder.path());
        // A line under witness 2's name and id, copied from another checkpoint.
        let other = signed(8, &[(2, 100)]);
        let mut forged = signed(42, &[(3, 700)]);
        forged.add(other.note().signatures()[1].clone()).unwrap();
        let unknown_3 = kept.keep(&forged, &log(), &[witness(2)]).unwrap();
        assert!(!unknown_3, "neither the forged line nor that of an unknown witness");
        assert!(kept.keep(&forged, &log(), &[witness(2), witness(3)]).unwrap());
        assert_eq!(kept.read(TreeSize(42)).unwrap(), Some(signed(42, &[(3, 700)])));
    }

    #[test]
    fn another_checkpoint_of_the_size_is_not_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let kept = CosignedCheckpoints::of(Arc::new(RealDisk), folder.path());
        kept.keep(&signed(42, &[(2, 900)]), &log(), &[witness(2)]).unwrap();
        let tree = Tree { size: TreeSize(42), root: leaf_hash(b"fork") };
        let fork = Checkpoint::new(checkpoint(42).origin, tree);
        let line = fork.cosign(&secret(2), &name(2), CosignatureTime::new(901).unwrap());
        let fork = SignedCheckpoint::new(fork.clone(), vec![fork.sign(&secret(1)), line]).unwrap();
        let refused = kept.keep(&fork, &log(), &[witness(2)]);
        assert!(matches!(refused, Err(CosignedError::Other(TreeSize(42)))), "{refused:?}");
    }

    #[test]
    fn no_fault_leaves_a_listed_size_without_its_file() {
        let run = |disk: FaultyDisk| {
            let folder = tempfile::tempdir().unwrap();
            let disk = Arc::new(disk);
            let keep = |disk: Arc<dyn Disk>, size| {
                let kept = CosignedCheckpoints::of(disk, folder.path());
                kept.keep(&signed(size, &[(2, 900)]), &log(), &[witness(2)])
            };
            let done = keep(disk.clone(), 7).and_then(|_| keep(disk.clone(), 42));
            let listed = fs::read_to_string(folder.path().join("checkpoints/sizes"));
            for size in listed.unwrap_or_default().lines() {
                assert!(folder.path().join("checkpoints").join(size).is_file(), "{size}");
            }
            for size in [7, 42, 99] {
                keep(Arc::new(RealDisk), size).unwrap();
            }
            let listed = fs::read_to_string(folder.path().join("checkpoints/sizes")).unwrap();
            assert_eq!(listed, "7\n42\n99\n");
            assert!(done.is_ok() || disk.has_struck());
            disk.steps().len()
        };
        let steps = run(FaultyDisk::sound());
        for step in 0..steps {
            for fault in Fault::ALL {
                run(FaultyDisk::failing(step, fault));
            }
        }
    }
}
