//! A partner in a folder of its own, and ledgers for it to mirror.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tempfile::TempDir;
use treering::exchange::mirror::{MirrorStore, Options, Synced, Turn, sync};
use treering::exchange::source::{FolderSource, Source};
use treering::statement::envelope::LedgerId;
use treering::statement::key::Role;
use treering::store::disk::{Disk, RealDisk};
use treering::store::held::Held;
use treering::store::layout::NewStore;
use treering::store::lock::Holder;
use treering::store::mirrors::MirrorRecord;
use treering::store::safe_name::SafeName;
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::ed25519::SecretKey;

use crate::support::{Ledger, bodies, publish};

pub static GO_ON: AtomicBool = AtomicBool::new(false);

/// A store that mirrors one ledger as `park`.
pub struct Partner {
    _home: TempDir,
    pub shelf: MirrorStore,
}

pub fn now() -> jiff::Timestamp {
    "2026-06-01T00:00:00Z".parse().expect("a time")
}

impl Partner {
    pub fn new() -> Partner {
        let home = tempfile::tempdir().expect("a folder");
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let holder = Holder::this_process("test");
        let store = NewStore::begin(Arc::clone(&disk), home.path(), &holder).expect("a store");
        let store = store.finish().expect("a store");
        Partner { _home: home, shelf: MirrorStore::of(disk, store, holder) }
    }

    pub fn record(&self, ledger: LedgerId) -> MirrorRecord {
        MirrorRecord {
            name: SafeName::new("park").expect("a name"),
            ledger,
            source: "/nowhere".into(),
            added: now(),
        }
    }

    /// Syncs from a source, adding the mirror if need be.
    pub fn sync(&self, ledger: LedgerId, source: &dyn Source) -> Synced {
        let record = self.record(ledger);
        if self.shelf.mirror_of(ledger).expect("records").is_none() {
            self.shelf.add(&record).expect("a mirror");
        }
        let options = Options { manifests: false, now: now(), witnesses: Vec::new() };
        let turn = Turn { stop: &GO_ON, is_over: &|| false, progress: &|_| () };
        sync(&self.shelf, &record, source, &options, turn).expect("this store works")
    }

    pub fn sync_folder(&self, ledger: LedgerId, folder: &Path) -> Synced {
        self.sync(ledger, &FolderSource::new(folder))
    }

    /// The copy's public folder.
    pub fn copy(&self) -> PathBuf {
        self.shelf.store.path().join("ledgers/park")
    }

    pub fn held(&self, ledger: LedgerId) -> Held {
        self.shelf.held.read(ledger).expect("what is held")
    }
}

/// A ledger with a recorder and so many statements in all.
pub fn ledger_of(name: &str, size: usize) -> (Ledger, SecretKey) {
    let mut ledger = Ledger::found(name);
    let anna = ledger.granted(&format!("{name}/anna"), Role::Recorder);
    grow(&mut ledger, &anna, size, "season");
    (ledger, anna)
}

/// Appends anchors up to a size.
pub fn grow(ledger: &mut Ledger, key: &SecretKey, size: usize, title: &str) {
    while ledger.entries.len() < size {
        let number = ledger.entries.len();
        ledger.file(key, bodies::anchor(&format!("{title} {number}")));
    }
}

/// A folder with the ledger published in it.
pub fn published(ledger: &Ledger) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    publish::publish(ledger, folder.path());
    folder
}

/// A checkpoint of the whole ledger under any key.
pub fn signed_with(ledger: &Ledger, key: &SecretKey) -> SignedCheckpoint {
    let origin = ledger.authority.genesis().origin.clone();
    let checkpoint = Checkpoint::new(origin, ledger.tree());
    let line = checkpoint.sign(key);
    SignedCheckpoint::new(checkpoint, vec![line]).expect("a checkpoint")
}

/// Every file below a folder with its bytes, by name; without what partial files went before.
pub fn files(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut files = std::collections::BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok) {
        if entry.file_type().is_file() {
            let name = entry.path().strip_prefix(folder).expect("below");
            let name = name.to_str().expect("text").replace('\\', "/");
            files.insert(name, std::fs::read(entry.path()).expect("a file"));
        }
    }
    files
}
