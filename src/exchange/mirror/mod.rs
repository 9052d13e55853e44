//! Mirrors: whole copies of other parties' ledgers, and what was ever held of them.
//!
//! ```text
//! reading        statements judged in order
//! fetch          bundles and tiles: fetched side by side, proven, stored
//! sync           one ledger, once: what its source shows against what is held
//! contradiction  what does not simply continue what is held
//! judgement      two signed checkpoints meet
//! resolve        what people decided about a fork
//! cosigned       checkpoints with cosignatures
//! manifests      manifests that their owner made public
//! schedule       many ledgers, where no one waits for another
//! gossip         heads that partners tell one another
//! ```
//!
//! A mirror never signs. It keeps what the ledger's log signed, also where that speaks against the
//! ledger; what it cannot tie to a signature it does not keep at all.

mod contradiction;
mod cosigned;
mod fetch;
mod gossip;
mod judgement;
mod manifests;
pub mod reading;
mod resolve;
mod schedule;
mod sync;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use thiserror::Error;

use super::public_file::PublicFile;
use super::source::{self, FolderSource, Source, SourceError};
use super::tree::{AuthenticTree, Places, TreeError};
use crate::statement::envelope::LedgerId;
use crate::store::disk::{Disk, DiskError};
use crate::store::forks::{ForkId, Forks, ForksError};
use crate::store::held::{Held, HeldError, HeldHeads};
use crate::store::layout::StoreFolder;
use crate::store::lock::{Holder, Lock, PATIENCE};
use crate::store::mirrors::{MirrorRecord, Mirrors, MirrorsError};
use crate::store::public::PublicFolder;
use crate::store::safe_name::SafeName;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;
use crate::tlog::note::VerifierKey;

pub use gossip::{Told, compare_list, publish_heads};
pub use judgement::{CopiesMeet, Meeting, meet_copies, meet_mirror};
pub use resolve::resolve;
pub use schedule::{Job, sync_many};
pub use sync::{identify, reach, sync};

/// The part of a store that is about other parties' ledgers.
#[derive(Clone, Debug)]
pub struct MirrorStore {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The store.
    pub store: StoreFolder,
    /// Which ledgers are mirrored.
    pub mirrors: Mirrors,
    /// What was ever held of them.
    pub held: HeldHeads,
    /// Fork proofs found.
    pub forks: Forks,
    holder: Holder,
}

/// How a ledger is synced.
#[derive(Clone, Debug)]
pub struct Options {
    /// Fetch manifests that the owner made public.
    pub manifests: bool,
    /// The clock.
    pub now: Timestamp,
    /// Witnesses whose lines must match where they stand.
    pub witnesses: Vec<VerifierKey>,
}

/// What long work looks at while it goes on.
#[derive(Clone, Copy)]
pub struct Turn<'a> {
    /// Somebody asked to stop.
    pub stop: &'a AtomicBool,
    /// Others wait, and this ledger had its share: what is done is kept, and it goes to the end of the
    /// queue.
    pub is_over: &'a (dyn Fn() -> bool + Sync),
    /// Told how many statements were fetched.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

impl std::fmt::Debug for Turn<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Turn")
    }
}

impl Turn<'_> {
    fn ends(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || (self.is_over)()
    }
}

/// What a sync of one ledger came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Synced {
    /// How it ended.
    pub state: State,
    /// Statements held before.
    pub before: TreeSize,
    /// Statements held now.
    pub after: TreeSize,
    /// Statements that do not hold although the log signed them, in the whole mirror.
    pub unsound: u64,
    /// What is wrong with the first of those that came now.
    pub sentences: Vec<String>,
    /// Beside the verdict.
    pub remarks: Vec<String>,
    /// Manifests fetched now.
    pub manifests: u64,
}

impl Synced {
    /// Nothing came of it.
    pub fn without_growth(state: State, held: TreeSize) -> Synced {
        Synced {
            state,
            before: held,
            after: held,
            unsound: 0,
            sentences: Vec::new(),
            remarks: Vec::new(),
            manifests: 0,
        }
    }
}

/// How a sync ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The source shows what is held.
    AsBefore,
    /// The mirror has grown.
    Grown,
    /// The source shows fewer statements than were held: cut off at its end, or an old copy.
    Shortened {
        /// How many it shows.
        shown: TreeSize,
        /// How many were held.
        held: TreeSize,
        /// Since when.
        since: Timestamp,
    },
    /// Two signed checkpoints cannot both be true.
    Forked {
        /// The proof, in `forks/`.
        id: ForkId,
        /// Nothing more is fetched until people have decided.
        freezes: bool,
    },
    /// An earlier fork waits for people to decide.
    Frozen {
        /// The proof, in `forks/`.
        id: ForkId,
    },
    /// A signed checkpoint that nothing at hand explains: kept, and no fork yet.
    Unexplained {
        /// Why it cannot be compared.
        why: String,
    },
    /// What the source shows is not the ledger's, or is damaged. Nothing of it was kept.
    Refused {
        /// Why.
        why: String,
    },
    /// The source gave no answer, or stopped on the way. What was proven is kept.
    Unreachable {
        /// Why.
        why: String,
    },
    /// A bundle that begins after what is held.
    NeedsEarlier {
        /// The size that its maker should be asked for (`--since`).
        since: TreeSize,
        /// The size at which it begins.
        begins: TreeSize,
    },
    /// Stopped on the way, or not at its turn any more; goes on from there.
    Paused,
}

/// Why a sync could not be done at all: this store's disk, not the source.
#[derive(Debug, Error)]
pub enum SyncError {
    /// Mirrors' records.
    #[error(transparent)]
    Mirrors(#[from] MirrorsError),
    /// Heads held.
    #[error(transparent)]
    Held(#[from] HeldError),
    /// Fork proofs.
    #[error(transparent)]
    Forks(#[from] ForksError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why a mirror is not added.
#[derive(Debug, Error)]
pub enum AddError {
    /// The source does not give its first statements.
    #[error(transparent)]
    Source(#[from] TreeError),
    /// It is another ledger than the pinned one.
    #[error("it is another ledger, {found}")]
    OtherLedger {
        /// What it is.
        found: LedgerId,
    },
    /// The ledger is mirrored already.
    #[error("that ledger is mirrored already, as {0}")]
    AlreadyMirrored(SafeName),
    /// This store's disk.
    #[error(transparent)]
    Store(#[from] SyncError),
}

impl From<SourceError> for AddError {
    fn from(fault: SourceError) -> AddError {
        AddError::Source(fault.into())
    }
}

impl MirrorStore {
    /// That of a store. `holder` is shown to others who wait for a lock.
    pub fn of(disk: Arc<dyn Disk>, store: StoreFolder, holder: Holder) -> MirrorStore {
        MirrorStore {
            mirrors: Mirrors::of(Arc::clone(&disk), store.clone()),
            held: HeldHeads::of(Arc::clone(&disk), store.clone()),
            forks: Forks::of(Arc::clone(&disk), store.clone()),
            disk,
            store,
            holder,
        }
    }

    /// Held while records about others' ledgers change.
    pub fn lock(&self) -> Result<Lock, MirrorsError> {
        self.mirrors.lock(&self.holder, PATIENCE)
    }

    /// Held while a bundle is unpacked.
    pub fn lock_bundles(&self) -> Result<Lock, MirrorsError> {
        self.mirrors.lock_bundles(&self.holder, PATIENCE)
    }

    fn lock_one(&self, name: &SafeName) -> Result<Lock, MirrorsError> {
        self.mirrors.lock_one(name, &self.holder, PATIENCE)
    }

    /// The mirror of a ledger, if there is one.
    pub fn mirror_of(&self, ledger: LedgerId) -> Result<Option<MirrorRecord>, MirrorsError> {
        Ok(self.mirrors.list()?.into_iter().find(|mirror| mirror.ledger == ledger))
    }

    /// Adds a mirror of a pinned ledger; nothing of it is fetched yet.
    pub fn add(&self, record: &MirrorRecord) -> Result<(), AddError> {
        let _lock = self.lock().map_err(SyncError::from)?;
        if let Some(there) = self.mirror_of(record.ledger).map_err(SyncError::from)? {
            return Err(AddError::AlreadyMirrored(there.name));
        }
        Ok(self.mirrors.add(record).map_err(SyncError::from)?)
    }

    /// Removes a mirror with its copy. What was held of the ledger stays remembered.
    pub fn remove(&self, record: &MirrorRecord) -> Result<(), SyncError> {
        let _one = self.lock_one(&record.name)?;
        let _lock = self.lock()?;
        crate::store::checked::forget(&*self.disk, &self.store, record.ledger)?;
        Ok(self.mirrors.remove(&record.name)?)
    }

    /// A mirror's public folder.
    pub fn folder(&self, name: &SafeName) -> PublicFolder {
        PublicFolder::new(Arc::clone(&self.disk), self.store.ledger(name))
    }

    fn local(&self, name: &SafeName) -> FolderSource {
        FolderSource::new(self.store.ledger(name))
    }

    /// Changes what is held of a ledger, under the lock.
    fn change_held(
        &self,
        ledger: LedgerId,
        change: impl FnOnce(&mut Held) -> Result<(), HeldError>,
    ) -> Result<Held, SyncError> {
        let _lock = self.lock()?;
        let mut held = self.held.read(ledger)?;
        let before = held.clone();
        change(&mut held)?;
        if held != before {
            self.held.write(&held)?;
        }
        Ok(held)
    }
}

/// The published checkpoint of a source.
pub fn checkpoint_of(source: &dyn Source) -> Result<SignedCheckpoint, TreeError> {
    let file = PublicFile::Checkpoint;
    let bytes = source::read(source, file)?;
    let parsed = SignedCheckpoint::parse(&bytes);
    parsed.map_err(|why| TreeError::Damaged { file, why: why.to_string() })
}

/// The tree of a copy that is whole up to its published checkpoint.
pub fn tree_of<'a>(
    source: &'a dyn Source,
    checkpoint: &SignedCheckpoint,
) -> Result<AuthenticTree<'a>, TreeError> {
    AuthenticTree::open(checkpoint.tree(), Places::only(source))
}
