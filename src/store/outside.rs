//! What is remembered outside the store, so that a copied or restored store notices what it is.
//!
//! A backup rolls a store's tree, head and chain files back together; nothing inside can tell. So
//! the newest facts also stand in a folder of the user that travels with the computer and not with
//! the store: `TREERING_STATE_DIR`, else `treering` in the XDG state folder, on Windows in the local
//! AppData.
//!
//! ```text
//! heads/<ledger id>                               written by `heads`
//!   treering/outside-head/v1
//!   ledger 9c1f…
//!   was 5d0a… 41 77e0…                            incarnation, size, root; only while a head moves
//!   next 81c4… 42 b02d…
//!
//! chains/<key id>                                 written by `chain_file`
//!   treering/outside-chain/v1
//!   key 30aa…
//!   last 9c1f… 7 6ab2…                            ledger, number and leaf hash of what was signed last
//!   end 30aa…                                     the key again: nothing was cut off
//!
//! witnesses/<key id>/<SHA-256 of origin>          written by `exchange/witness`
//!   treering/outside-witness/v1
//!   witness 30aa…                                 the witness's key
//!   origin 5f1d…                                  SHA-256 of the log's origin
//!   was 5d0a… 41 77e0… 1800000000                 incarnation, size, root, time; only while it moves
//!   next 81c4… 42 b02d… 1800000360
//! ```
//!
//! Each record has a lock beside it, `<record>.lock`, held while the record and what it guards move.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use etcetera::base_strategy::{BaseStrategy, choose_base_strategy};
use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use super::layout::StoreFolder;
use super::lock::{Holder, Lock, LockError};
use super::record::{DamagedRecord, RecordError};
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::tlog::hash::Hash;

mod records;
mod witnessed;

pub(super) use records::read_link;
pub use records::{HeadMark, Incarnation, OutsideChain, OutsideHead};
pub use witnessed::{CosignedMark, OutsideWitness};

/// The variable that names the state folder.
pub const STATE_VARIABLE: &str = "TREERING_STATE_DIR";

/// Bytes of a head's record: four lines of at most 200.
const HEAD_CEILING: u64 = 1_000;

/// Bytes of a key's record: a line of some 160 for each ledger it signs in; room for 100,000.
const CHAIN_CEILING: u64 = 16 << 20;

/// Why nothing could be remembered or recalled.
#[derive(Debug, Error)]
pub enum OutsideError {
    /// Neither the variable nor a home folder says where.
    #[error("this user has no home folder, and {STATE_VARIABLE} is not set")]
    NoFolder,
    /// The folder would be copied along with the store.
    #[error("the state folder {} lies inside the store {}", state.display(), store.display())]
    InsideStore {
        /// The state folder.
        state: PathBuf,
        /// The store.
        store: PathBuf,
    },
    /// A record is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// Another process holds the record.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl OutsideError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            OutsideError::NoFolder | OutsideError::InsideStore { .. } => {
                format!("set {STATE_VARIABLE} to a folder on this computer, outside every store")
            }
            OutsideError::Damaged(_) => "treering resume, after asking who else has a copy".into(),
            OutsideError::Lock(error) => error.next_step(),
            OutsideError::Disk(error) => error.next_step(),
        }
    }
}

/// The folder of outside records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFolder {
    root: PathBuf,
}

impl StateFolder {
    /// A folder of the caller's choice. It is made when first written to.
    pub fn at(root: &Path) -> StateFolder {
        StateFolder { root: root.to_owned() }
    }

    /// The folder this user's environment names.
    pub fn from_environment() -> Result<StateFolder, OutsideError> {
        if let Some(named) = std::env::var_os(STATE_VARIABLE).filter(|value| !value.is_empty()) {
            let root = std::path::absolute(&named).map_err(|_| OutsideError::NoFolder)?;
            return Ok(StateFolder { root });
        }
        let folders = choose_base_strategy().map_err(|_| OutsideError::NoFolder)?;
        // Windows has no folder for state. The roaming one follows the user to other computers,
        // which is what must not happen; the local one, which `cache_dir` names, does not.
        let base = folders.state_dir().unwrap_or_else(|| folders.cache_dir());
        Ok(StateFolder { root: base.join("treering") })
    }

    /// Where the records lie.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Refuses a state folder that would be copied together with the store it guards.
    pub fn check_apart(&self, store: &StoreFolder) -> Result<(), OutsideError> {
        // As far as the folders exist already, and where links really lead.
        let real = |path: &Path| path.ancestors().find_map(|above| above.canonicalize().ok());
        let (state, inside) = (real(&self.root), real(store.path()));
        match state.zip(inside).is_some_and(|(state, store)| state.starts_with(store)) {
            false => Ok(()),
            true => Err(OutsideError::InsideStore {
                state: self.root.clone(),
                store: store.path().to_owned(),
            }),
        }
    }

    /// Where the record of a ledger's head lies.
    pub fn head(&self, ledger: LedgerId) -> PathBuf {
        self.root.join("heads").join(ledger.to_string())
    }

    /// Where the record of a key lies.
    pub fn chain(&self, key: KeyId) -> PathBuf {
        self.root.join("chains").join(key.to_string())
    }

    /// Takes the lock on a record, making the folders if need be.
    pub fn lock(
        &self,
        disk: &dyn Disk,
        record: &Path,
        holder: &Holder,
        patience: Duration,
    ) -> Result<Lock, OutsideError> {
        let folder = record.parent().unwrap_or(&self.root);
        let standing = folder.ancestors().find(|above| above.is_dir()).unwrap_or(folder);
        durable::create_folders(disk, standing, folder, Access::Private)?;
        Ok(Lock::take(&record.with_extension("lock"), holder, patience)?)
    }

    /// Recalls a ledger's head.
    pub fn read_head(
        &self,
        disk: &dyn Disk,
        ledger: LedgerId,
    ) -> Result<Option<OutsideHead>, OutsideError> {
        let path = self.head(ledger);
        let Some(bytes) = durable::read_if_there(disk, &path, HEAD_CEILING)? else {
            return Ok(None);
        };
        let record = OutsideHead::parse(&bytes).and_then(|record| match record.ledger == ledger {
            true => Ok(record),
            false => Err(RecordError::Line { line: 2, expected: "the ledger of its name" }),
        });
        Ok(Some(record.map_err(|why| why.in_file(&path))?))
    }

    /// Remembers a ledger's head, durably. Call it under the record's lock.
    pub fn write_head(&self, disk: &dyn Disk, record: &OutsideHead) -> Result<(), OutsideError> {
        let (path, text) = (self.head(record.ledger), record.print());
        Ok(durable::replace(disk, &path, Access::Private, text.as_bytes())?)
    }

    /// Where the record of what a witness cosigned of one log lies.
    pub fn witnessed(&self, witness: KeyId, origin: Hash) -> PathBuf {
        self.root.join("witnesses").join(witness.to_string()).join(origin.to_string())
    }

    /// Recalls what a witness cosigned last of the log whose origin has this SHA-256.
    pub fn read_witnessed(
        &self,
        disk: &dyn Disk,
        witness: KeyId,
        origin: Hash,
    ) -> Result<Option<OutsideWitness>, OutsideError> {
        let path = self.witnessed(witness, origin);
        let Some(bytes) = durable::read_if_there(disk, &path, HEAD_CEILING)? else {
            return Ok(None);
        };
        let record = OutsideWitness::parse(&bytes).and_then(|record| {
            match (record.witness, record.origin) == (witness, origin) {
                true => Ok(record),
                false => {
                    Err(RecordError::Line { line: 2, expected: "witness and log of its name" })
                }
            }
        });
        Ok(Some(record.map_err(|why| why.in_file(&path))?))
    }

    /// Remembers what a witness cosigned last, durably. Call it under the record's lock.
    pub fn write_witnessed(
        &self,
        disk: &dyn Disk,
        record: &OutsideWitness,
    ) -> Result<(), OutsideError> {
        let path = self.witnessed(record.witness, record.origin);
        Ok(durable::replace(disk, &path, Access::Private, record.print().as_bytes())?)
    }

    /// Recalls what a key signed last; nothing if it is not known here.
    pub fn read_chain(&self, disk: &dyn Disk, key: KeyId) -> Result<OutsideChain, OutsideError> {
        let path = self.chain(key);
        let Some(bytes) = durable::read_if_there(disk, &path, CHAIN_CEILING)? else {
            return Ok(OutsideChain { key, last: BTreeMap::new() });
        };
        let record = OutsideChain::parse(&bytes).and_then(|record| match record.key == key {
            true => Ok(record),
            false => Err(RecordError::Line { line: 2, expected: "the key of its name" }),
        });
        Ok(record.map_err(|why| why.in_file(&path))?)
    }

    /// Remembers what a key signed last, durably. Call it under the record's lock.
    pub fn write_chain(&self, disk: &dyn Disk, record: &OutsideChain) -> Result<(), OutsideError> {
        let (path, text) = (self.chain(record.key), record.print());
        Ok(durable::replace(disk, &path, Access::Private, text.as_bytes())?)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::disk::RealDisk;
    use super::super::layout::NewStore;
    use super::*;
    use crate::statement::chain::Link;
    use crate::tlog::hash::{Tree, TreeSize, leaf_hash};

    fn mark(number: u8) -> HeadMark {
        let tree = Tree { size: TreeSize(number.into()), root: leaf_hash(&[number]) };
        HeadMark { incarnation: Incarnation([number; 16]), tree }
    }

    const LEDGER: LedgerId = LedgerId(Hash([9; 32]));
    const KEY: KeyId = KeyId(Hash([3; 32]));

    #[test]
    fn records_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(&folder.path().join("new/state"));
        assert_eq!(state.read_head(&RealDisk, LEDGER).unwrap(), None);
        let holder = Holder::this_process("test");
        let path = state.head(LEDGER);
        let _lock = state.lock(&RealDisk, &path, &holder, Duration::ZERO).unwrap();
        for was in [None, Some(mark(1))] {
            let record = OutsideHead { ledger: LEDGER, was, next: mark(2) };
            state.write_head(&RealDisk, &record).unwrap();
            assert_eq!(state.read_head(&RealDisk, LEDGER).unwrap(), Some(record));
            assert_eq!(record.signed(), was.unwrap_or(mark(2)));
        }
        let path = state.chain(KEY);
        let _lock = state.lock(&RealDisk, &path, &holder, Duration::ZERO).unwrap();
        let mut record = state.read_chain(&RealDisk, KEY).unwrap();
        assert!(record.last.is_empty());
        for number in [7, 2, 200] {
            let link = Link { seq: number.into(), id: leaf_hash(&[number]) };
            record.last.insert(LedgerId(leaf_hash(&[number])), link);
        }
        state.write_chain(&RealDisk, &record).unwrap();
        assert_eq!(state.read_chain(&RealDisk, KEY).unwrap(), record);
    }

    #[test]
    fn a_record_of_another_name_is_not_taken() {
        let folder = tempfile::tempdir().unwrap();
        let state = StateFolder::at(folder.path());
        let other = LedgerId(Hash([8; 32]));
        std::fs::create_dir_all(folder.path().join("heads")).unwrap();
        let record = OutsideHead { ledger: other, was: None, next: mark(2) };
        std::fs::write(state.head(LEDGER), record.print()).unwrap();
        let refused = state.read_head(&RealDisk, LEDGER);
        assert!(matches!(refused, Err(OutsideError::Damaged(_))));
    }

    #[test]
    fn the_state_folder_lies_outside_the_store() {
        let home = tempfile::tempdir().unwrap();
        let new = NewStore::begin(
            Arc::new(RealDisk),
            home.path(),
            &Holder::this_process("treering init"),
        );
        let store = new.unwrap().finish().unwrap();
        assert!(StateFolder::at(&home.path().join("state")).check_apart(&store).is_ok());
        for inside in ["drafts", "state/not/there/yet"] {
            let refused = StateFolder::at(&store.path().join(inside)).check_apart(&store);
            assert!(matches!(refused, Err(OutsideError::InsideStore { .. })), "{inside}");
        }
    }
}
