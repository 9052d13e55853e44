//! Which ledgers of others this store mirrors, and from where.
//!
//! ```text
//! mirrors/val-trupchun
//!   treering/mirror/v1
//!   ledger 9c1f…                       what it must be: pinned by whoever added the mirror
//!   source https://park.example/kx     an address, or the path of a public folder
//!   added 2026-03-04T09:20:00Z
//! ```
//!
//! The copy itself is `ledgers/<name>`, a public folder like any other. What was held of the ledger is
//! remembered by its id ([`super::held`]) and outlives this record.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use super::layout::StoreFolder;
use super::lock::{Holder, Lock, LockError};
use super::record::{DamagedRecord, RecordError, RecordReader, read_time, time_text};
use super::safe_name::SafeName;
use crate::statement::envelope::LedgerId;
use crate::tlog::hash::Hash;

const FORMAT: &str = "treering/mirror/v1";

/// Bytes of a record: three short lines, and a source.
const CEILING: u64 = 8_192;

/// The longest source, in bytes: what browsers take as an address, twice.
pub const SOURCE_BYTES_MAX: usize = 4_096;

/// A ledger that is mirrored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MirrorRecord {
    /// The folder's name here.
    pub name: SafeName,
    /// The ledger it must be.
    pub ledger: LedgerId,
    /// Where it comes from.
    pub source: String,
    /// Since when.
    pub added: Timestamp,
}

/// Why mirrors are not read or changed.
#[derive(Debug, Error)]
pub enum MirrorsError {
    /// A record is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// The source cannot be written on one line.
    #[error("a source has 1 to {SOURCE_BYTES_MAX} bytes and no control characters")]
    Source,
    /// The name is taken.
    #[error("there is a ledger {0} in this store already")]
    Taken(SafeName),
    /// Another process is at it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// The mirrors of a store.
#[derive(Clone, Debug)]
pub struct Mirrors {
    disk: Arc<dyn Disk>,
    store: StoreFolder,
}

impl MirrorRecord {
    fn print(&self) -> String {
        let MirrorRecord { ledger, source, added, .. } = self;
        format!("{FORMAT}\nledger {ledger}\nsource {source}\nadded {}\n", time_text(*added))
    }

    fn parse(name: &SafeName, bytes: &[u8]) -> Result<MirrorRecord, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let record = MirrorRecord {
            name: name.clone(),
            ledger: LedgerId(reader.parsed("ledger", Hash::from_hex)?),
            source: reader.value("source")?.to_owned(),
            added: reader.parsed("added", read_time)?,
        };
        reader.end(bytes, &record.print())?;
        Ok(record)
    }
}

impl Mirrors {
    /// Those of this store; nothing is read yet.
    pub fn of(disk: Arc<dyn Disk>, store: StoreFolder) -> Mirrors {
        Mirrors { disk, store }
    }

    /// The store.
    pub fn store(&self) -> &StoreFolder {
        &self.store
    }

    /// The disk.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    fn folder(&self) -> PathBuf {
        self.store.path().join("mirrors")
    }

    fn path(&self, name: &SafeName) -> PathBuf {
        self.folder().join(name.as_str())
    }

    /// All of them, by name.
    pub fn list(&self) -> Result<Vec<MirrorRecord>, MirrorsError> {
        let listed = durable::list(&*self.disk, &self.folder())?;
        let names = listed.iter().filter_map(|listed| SafeName::new(&listed.name).ok());
        names.filter_map(|name| self.read(&name).transpose()).collect()
    }

    /// The one of this name.
    pub fn read(&self, name: &SafeName) -> Result<Option<MirrorRecord>, MirrorsError> {
        let path = self.path(name);
        let Some(bytes) = durable::read_if_there(&*self.disk, &path, CEILING)? else {
            return Ok(None);
        };
        Ok(Some(MirrorRecord::parse(name, &bytes).map_err(|why| why.in_file(&path))?))
    }

    /// Adds one. Its folder must not be there yet. Needs the [`Mirrors::lock`].
    pub fn add(&self, record: &MirrorRecord) -> Result<(), MirrorsError> {
        let source = &record.source;
        if source.is_empty()
            || source.len() > SOURCE_BYTES_MAX
            || source.chars().any(char::is_control)
        {
            return Err(MirrorsError::Source);
        }
        let taken = [self.store.ledger(&record.name), self.path(&record.name)];
        if taken.iter().any(|path| std::fs::symlink_metadata(path).is_ok()) {
            return Err(MirrorsError::Taken(record.name.clone()));
        }
        self.make_folder()?;
        let (path, text) = (self.path(&record.name), record.print());
        durable::write_new(&*self.disk, &path, Access::Private, text.as_bytes())?;
        Ok(())
    }

    /// Removes the record and the copy. Heads held are not touched. Needs the [`Mirrors::lock`] and
    /// that of the mirror.
    pub fn remove(&self, name: &SafeName) -> Result<(), MirrorsError> {
        // The record first: a folder without one is found and named by the next `mirror add`.
        durable::remove(&*self.disk, &self.path(name))?;
        durable::remove_tree(&*self.disk, &self.store.ledger(name))?;
        Ok(())
    }

    /// Held for a moment while records about others' ledgers change, and their list.
    pub fn lock(&self, holder: &Holder, patience: Duration) -> Result<Lock, MirrorsError> {
        self.make_folder()?;
        Ok(Lock::take(&self.folder().join("_lock"), holder, patience)?)
    }

    /// Held while a bundle is unpacked.
    pub fn lock_bundles(&self, holder: &Holder, patience: Duration) -> Result<Lock, MirrorsError> {
        self.make_folder()?;
        Ok(Lock::take(&self.folder().join("_lock_bundle"), holder, patience)?)
    }

    /// Held while the copy of one ledger grows.
    pub fn lock_one(
        &self,
        name: &SafeName,
        holder: &Holder,
        patience: Duration,
    ) -> Result<Lock, MirrorsError> {
        self.make_folder()?;
        Ok(Lock::take(&self.folder().join(format!("_lock-{name}")), holder, patience)?)
    }

    fn make_folder(&self) -> Result<(), DiskError> {
        durable::create_folders(&*self.disk, self.store.path(), &self.folder(), Access::Private)
    }
}
