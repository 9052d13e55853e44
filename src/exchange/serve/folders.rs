//! The public folders of a store, by the ids of their ledgers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::statement::bodies::Body;
use crate::statement::envelope::{LedgerId, Statement};
use crate::store::disk::{Disk, DiskError};
use crate::store::layout::StoreFolder;
use crate::store::public::PublicFolder;
use crate::tlog::bundle::Bundle;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::leaf_hash;

/// How long a list of the folders is good: a ledger that is new is found that much later.
const FRESH: Duration = Duration::from_secs(2);

/// A ledger that is served.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Its id.
    pub id: LedgerId,
    /// Its folder.
    pub folder: PathBuf,
    /// What its statement 0 says it is called; nobody has checked that here.
    pub name: String,
    /// The kind of party, likewise.
    pub kind: String,
    /// Its head when it was last looked at.
    pub head: SignedCheckpoint,
}

/// The ledgers of a store.
pub struct Folders {
    disk: Arc<dyn Disk>,
    store: StoreFolder,
    known: Mutex<Known>,
}

type ById = Arc<BTreeMap<LedgerId, Arc<Ledger>>>;

#[derive(Default)]
struct Known {
    listed: Option<Instant>,
    by_id: ById,
    /// What was found in a folder, and when the folder had last changed.
    by_folder: BTreeMap<PathBuf, (SystemTime, Arc<Ledger>)>,
}

impl Folders {
    /// Those of a store; nothing is read yet.
    pub fn new(disk: Arc<dyn Disk>, store: StoreFolder) -> Folders {
        Folders { disk, store, known: Mutex::default() }
    }

    /// The store.
    pub fn store(&self) -> &StoreFolder {
        &self.store
    }

    /// The disk.
    pub fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// The ledgers, if they were listed a moment ago.
    pub fn at_hand(&self) -> Option<ById> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = known.listed.is_some_and(|listed| listed.elapsed() < FRESH);
        fresh.then(|| Arc::clone(&known.by_id))
    }

    /// The ledgers, listed anew if need be: this reads files.
    pub fn list(&self) -> Result<ById, DiskError> {
        if let Some(by_id) = self.at_hand() {
            return Ok(by_id);
        }
        let names = self.store.ledger_names(&*self.disk)?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut by_folder = BTreeMap::new();
        for name in names {
            let folder = self.store.ledger(&name);
            // Every new checkpoint is a new name in the folder, and so changes its time.
            let Ok(changed) = std::fs::metadata(&folder).and_then(|found| found.modified()) else {
                continue;
            };
            let before = known.by_folder.get(&folder).filter(|(then, _)| *then == changed);
            let ledger = match before {
                Some((_, ledger)) => Some(Arc::clone(ledger)),
                None => self.look(&folder).map(Arc::new),
            };
            // What cannot be read, or has no head yet, is not served.
            by_folder.extend(ledger.map(|ledger| (folder, (changed, ledger))));
        }
        let by_id = by_folder.values().map(|(_, ledger)| (ledger.id, Arc::clone(ledger)));
        known.by_id = Arc::new(by_id.collect());
        known.by_folder = by_folder;
        known.listed = Some(Instant::now());
        Ok(Arc::clone(&known.by_id))
    }

    /// The ledger in a folder: the leaf hash of its statement 0 is its id.
    fn look(&self, folder: &Path) -> Option<Ledger> {
        let public = PublicFolder::new(Arc::clone(&self.disk), folder);
        let head = public.checkpoint().ok()??;
        let first = public.bundle(Bundle::at(0, head.tree().size)?).ok()?.into_iter().next()?;
        let id = LedgerId(leaf_hash(&first));
        let (name, kind) = match Statement::read(first).map(|read| read.payload.body.clone()) {
            Ok(Body::Genesis(genesis)) => (genesis.name, genesis.kind),
            _ => ("(unreadable)".into(), "unknown".into()),
        };
        Some(Ledger { id, folder: folder.to_owned(), name, kind, head })
    }
}
