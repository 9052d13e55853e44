//! Where everything in a store lies, and how a store comes to be.
//!
//! ```text
//! <home>/.treering/
//!   ledgers/<name>/      public: C2SP tlog-tiles, what is served and carried
//!   manifests/<root>     private manifests: rows, salts, attributes
//!   drafts/              work in progress of `add`
//!   documents/<sha256>   catalogues and boundaries that statements name by digest; made when needed
//!   heads/<ledger id>    newest signed head, guarded against being rolled back
//!   forks/               fork proofs found
//!   keys/<name>.key .pub .chain
//!   witness/             who this store is as a witness, and what it cosigned; made by `witness init`
//!   requests/<ledger id>/<size>   checkpoints that witnesses were asked to cosign by file
//!   trust.policy         C2SP tlog-policy, written by people
//!   trust.toml           pinned ledgers and accreditors, written by `treering trust`
//!   index/<ledger id>/   sled, rebuildable
//!   receipts/            receipts that were given no other place
//!   mirrors/<name>       where a copy of somebody else's ledger comes from
//!   held/<ledger id>     the heads ever held of it
//!   lock                 who is writing
//! ```
//!
//! A store appears whole or not at all: it is built under a temporary name and renamed last.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::disk::{Access, Action, Disk, DiskError, What};
use super::durable;
use super::lock::{Holder, Lock, LockError};
use super::safe_name::SafeName;
use crate::statement::envelope::LedgerId;
use crate::tlog::hash::Hash;

pub use crate::evidence::walk::STORE_FOLDER;

/// The folders of a store and who may read them.
const FOLDERS: [(&str, Access); 9] = [
    ("ledgers", Access::Public),
    ("manifests", Access::Private),
    ("drafts", Access::Private),
    ("heads", Access::Private),
    ("forks", Access::Public),
    ("keys", Access::Private),
    ("index", Access::Private),
    ("mirrors", Access::Private),
    ("held", Access::Private),
];

/// Folders that change while another process holds the store's lock: a mirror is fetched for hours, and
/// that must not keep anybody from recording. They have a lock of their own (`super::mirrors`).
const UNDER_ANOTHER_LOCK: [&str; 4] = ["ledgers", "forks", "mirrors", "held"];

/// A store, by the path of its folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFolder {
    root: PathBuf,
}

/// Why there is no store to work with.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// Nothing found from a folder upward.
    #[error("no ledger here: no {STORE_FOLDER} in {} or above it", start.display())]
    NotFound {
        /// Where the search began.
        start: PathBuf,
    },
    /// The folder named is no store.
    #[error("{} is not a treering store: it holds no folder \"ledgers\"", path.display())]
    NotAStore {
        /// The folder named.
        path: PathBuf,
    },
    /// `init` where there is a store already.
    #[error("{} is there already", path.display())]
    Exists {
        /// The store.
        path: PathBuf,
    },
    /// Another process is setting up a store in the same place.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl LayoutError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            LayoutError::NotFound { .. } => {
                "treering init DIR --name NAME, or name a store with --store".into()
            }
            LayoutError::NotAStore { .. } => {
                "name the folder that holds .treering, or .treering itself".into()
            }
            LayoutError::Exists { .. } => {
                "use it (treering status), or choose another folder".into()
            }
            LayoutError::Lock(error) => error.next_step(),
            LayoutError::Disk(error) => error.next_step(),
        }
    }
}

impl StoreFolder {
    /// The store at `path`: either the store's own folder or the one that holds it.
    pub fn at(path: &Path) -> Result<StoreFolder, LayoutError> {
        for root in [path.to_owned(), path.join(STORE_FOLDER)] {
            if is_store(&root)? {
                return Ok(StoreFolder { root });
            }
        }
        Err(LayoutError::NotAStore { path: path.to_owned() })
    }

    /// The nearest store in `start` or a folder above it.
    pub fn find_upward(start: &Path) -> Result<StoreFolder, LayoutError> {
        let start = std::path::absolute(start).map_err(DiskError::refused(Action::Read, start))?;
        for folder in start.ancestors() {
            let root = folder.join(STORE_FOLDER);
            if is_store(&root)? {
                return Ok(StoreFolder { root });
            }
        }
        Err(LayoutError::NotFound { start })
    }

    /// The store's folder.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// The folder that holds the store: evidence paths are told relative to it.
    pub fn home(&self) -> &Path {
        self.root.parent().unwrap_or(&self.root)
    }

    /// All public folders.
    pub fn ledgers(&self) -> PathBuf {
        self.root.join("ledgers")
    }

    /// Receipts that were given no other place: in the store, so that nobody takes them for evidence.
    pub fn receipts(&self) -> PathBuf {
        self.root.join("receipts")
    }

    /// The public folder of one ledger.
    pub fn ledger(&self, name: &SafeName) -> PathBuf {
        self.ledgers().join(name.as_str())
    }

    /// The names of the ledgers in this store, sorted. Folders of other names are not ledgers.
    pub fn ledger_names(&self, disk: &dyn Disk) -> Result<Vec<SafeName>, DiskError> {
        let listed = durable::list(disk, &self.ledgers())?;
        let folders = listed.iter().filter(|listed| listed.what == What::Folder);
        Ok(folders.filter_map(|listed| SafeName::new(&listed.name).ok()).collect())
    }

    /// All private manifests.
    pub fn manifests(&self) -> PathBuf {
        self.root.join("manifests")
    }

    /// The private manifest of one evidence root.
    pub fn manifest(&self, root: &Hash) -> PathBuf {
        self.manifests().join(root.to_string())
    }

    /// A catalogue or boundary that a statement names by its digest.
    pub fn document(&self, digest: &Hash) -> PathBuf {
        self.root.join("documents").join(digest.to_string())
    }

    /// Work in progress of `add`.
    pub fn drafts(&self) -> PathBuf {
        self.root.join("drafts")
    }

    /// All head records.
    pub fn heads(&self) -> PathBuf {
        self.root.join("heads")
    }

    /// The head record of one ledger.
    pub fn head(&self, ledger: LedgerId) -> PathBuf {
        self.heads().join(ledger.to_string())
    }

    /// Fork proofs.
    pub fn forks(&self) -> PathBuf {
        self.root.join("forks")
    }

    /// Keys that live in the store.
    pub fn keys(&self) -> PathBuf {
        self.root.join("keys")
    }

    /// What this store is and remembers as a witness of others' logs.
    pub fn witness(&self) -> PathBuf {
        self.root.join("witness")
    }

    /// Checkpoints of one ledger that witnesses far away were asked to cosign.
    pub fn requests(&self, ledger: LedgerId) -> PathBuf {
        self.root.join("requests").join(ledger.to_string())
    }

    /// The witness policy this store believes.
    pub fn trust_policy(&self) -> PathBuf {
        self.root.join("trust.policy")
    }

    /// Pinned ledgers and accreditors.
    pub fn trust_toml(&self) -> PathBuf {
        self.root.join("trust.toml")
    }

    /// The index of one ledger.
    pub fn index(&self, ledger: LedgerId) -> PathBuf {
        self.root.join("index").join(ledger.to_string())
    }

    /// The table of rows of one manifest: as rebuildable as the index beside it.
    pub fn row_table(&self, root: &Hash) -> PathBuf {
        self.root.join("index").join("rows").join(root.to_string())
    }

    /// Takes the lock that a writer of this store holds.
    pub fn lock(&self, holder: &Holder, patience: Duration) -> Result<Lock, LockError> {
        Lock::take(&self.root.join("lock"), holder, patience)
    }

    /// Removes what killed processes left half-written in the store's own folders; what they left in
    /// a ledger's public folder is cleared there. Call it under the store's lock.
    pub fn sweep(&self, disk: &dyn Disk) -> Result<(), DiskError> {
        durable::sweep(disk, &self.root)?;
        let ours = FOLDERS.iter().filter(|(name, _)| !UNDER_ANOTHER_LOCK.contains(name));
        ours.into_iter().try_for_each(|(name, _)| durable::sweep(disk, &self.root.join(name)))
    }
}

fn is_store(root: &Path) -> Result<bool, DiskError> {
    match std::fs::metadata(root.join("ledgers")) {
        Ok(found) => Ok(found.is_dir()),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Ok(false),
            _ => Err(DiskError::refused(Action::Read, root)(error)),
        },
    }
}

/// A store that is being set up under a temporary name. Dropped before [`NewStore::finish`] it stays
/// there unseen, and the next [`NewStore::begin`] in the same home removes it.
#[derive(Debug)]
pub struct NewStore {
    disk: Arc<dyn Disk>,
    folder: StoreFolder,
    destination: PathBuf,
    lock: Lock,
}

impl NewStore {
    /// Makes `home` if need be and an empty store in it, under a temporary name.
    pub fn begin(
        disk: Arc<dyn Disk>,
        home: &Path,
        holder: &Holder,
    ) -> Result<NewStore, LayoutError> {
        let home = std::path::absolute(home).map_err(DiskError::refused(Action::Read, home))?;
        let destination = home.join(STORE_FOLDER);
        if std::fs::symlink_metadata(&destination).is_ok() {
            return Err(LayoutError::Exists { path: destination });
        }
        let standing = home.ancestors().find(|above| above.is_dir()).unwrap_or(&home).to_owned();
        durable::create_folders(&*disk, &standing, &home, Access::Public)?;
        remove_unfinished(&*disk, &home, holder)?;

        let root = durable::temporary_name(&destination);
        let create = |path: &Path, access| {
            disk.create_folder(path, access).map_err(DiskError::refused(Action::CreateFolder, path))
        };
        create(&root, Access::Public)?;
        let lock = Lock::take(&root.join("lock"), holder, Duration::ZERO)?;
        for (name, access) in FOLDERS {
            create(&root.join(name), access)?;
        }
        durable::sync_folder(&*disk, &root)?;
        Ok(NewStore { disk, folder: StoreFolder { root }, destination, lock })
    }

    /// The store as it stands under its temporary name.
    pub fn folder(&self) -> &StoreFolder {
        &self.folder
    }

    /// Removes what was made of it. A killed process leaves that to the next [`NewStore::begin`].
    pub fn abandon(self) -> Result<(), LayoutError> {
        let NewStore { disk, folder, lock, .. } = self;
        drop(lock);
        Ok(durable::remove_tree(&*disk, folder.path())?)
    }

    /// Gives the store its name. Call it last: until then there is no store.
    pub fn finish(self) -> Result<StoreFolder, LayoutError> {
        let NewStore { disk, folder, destination, lock } = self;
        durable::sync_folder(&*disk, folder.path())?;
        // Windows renames no folder that holds an open file.
        drop(lock);
        let renamed = disk.rename(folder.path(), &destination);
        renamed.map_err(DiskError::refused(Action::Rename, &destination))?;
        let store = StoreFolder { root: destination };
        durable::sync_folder(&*disk, store.home())?;
        Ok(store)
    }
}

/// A killed `init` leaves its temporary folder; one that is still at work holds the lock inside.
fn remove_unfinished(disk: &dyn Disk, home: &Path, holder: &Holder) -> Result<(), LayoutError> {
    for listed in durable::list(disk, home)? {
        let ours = durable::is_temporary(&listed.name) && listed.name.ends_with(STORE_FOLDER);
        if listed.what == What::Folder && ours {
            let unfinished = home.join(listed.name);
            drop(Lock::take(&unfinished.join("lock"), holder, Duration::ZERO)?);
            durable::remove_tree(disk, &unfinished)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::disk::RealDisk;
    use super::super::disk::faulty::{Fault, FaultyDisk};
    use super::*;

    fn holder() -> Holder {
        Holder::this_process("treering init")
    }

    fn init(home: &Path) -> StoreFolder {
        NewStore::begin(Arc::new(RealDisk), home, &holder()).unwrap().finish().unwrap()
    }

    #[test]
    fn a_store_is_found_upward_and_by_name() {
        let home = tempfile::tempdir().unwrap();
        let store = init(home.path());
        let deep = home.path().join("evidence/2026");
        fs::create_dir_all(&deep).unwrap();
        assert_eq!(StoreFolder::find_upward(&deep).unwrap(), store);
        assert_eq!(StoreFolder::at(home.path()).unwrap().path(), store.path());
        assert_eq!(StoreFolder::at(store.path()).unwrap(), store);
        assert_eq!(store.home(), home.path());
        assert!(matches!(StoreFolder::at(&deep), Err(LayoutError::NotAStore { .. })));
        let elsewhere = tempfile::tempdir().unwrap();
        let nothing = StoreFolder::find_upward(elsewhere.path()).unwrap_err();
        assert!(matches!(nothing, LayoutError::NotFound { .. }), "{nothing}");
    }

    #[test]
    fn a_store_is_made_once() {
        let home = tempfile::tempdir().unwrap();
        init(home.path());
        let again = NewStore::begin(Arc::new(RealDisk), home.path(), &holder()).unwrap_err();
        assert!(matches!(again, LayoutError::Exists { .. }));
    }

    #[test]
    fn two_at_once_do_not_remove_each_others_work() {
        let home = tempfile::tempdir().unwrap();
        let first = NewStore::begin(Arc::new(RealDisk), home.path(), &holder()).unwrap();
        let second = NewStore::begin(Arc::new(RealDisk), home.path(), &holder()).unwrap_err();
        assert!(matches!(second, LayoutError::Lock(LockError::Held { .. })), "{second}");
        first.finish().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn private_folders_are_private() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let store = init(home.path());
        for folder in [store.keys(), store.manifests(), store.drafts(), store.heads()] {
            let mode = fs::metadata(folder).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }

    #[test]
    fn a_store_appears_whole_or_not_at_all() {
        let run = |disk: FaultyDisk| {
            let home = tempfile::tempdir().unwrap();
            let disk = Arc::new(disk);
            let made = NewStore::begin(disk.clone(), &home.path().join("park"), &holder())
                .and_then(NewStore::finish);
            match StoreFolder::find_upward(&home.path().join("park")) {
                Ok(store) => {
                    for (name, _) in FOLDERS {
                        assert!(store.path().join(name).is_dir(), "{name} is missing");
                    }
                }
                Err(_) => {
                    assert!(made.is_err(), "acknowledged but missing");
                    init(&home.path().join("park"));
                }
            }
            let left = fs::read_dir(home.path().join("park")).unwrap().count();
            assert_eq!(left, 1, "something unfinished stays");
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
