//! The store a command works on, and its ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Context;
use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::keyring::safe_name;
use super::voice::Failure;
use crate::exchange::mirror::MirrorStore;
use crate::ledger::book::Book;
use crate::ledger::indexing::IndexPlaces;
use crate::ledger::read;
use crate::statement::envelope::{LedgerId, Statement};
use crate::store::disk::{Disk, RealDisk};
use crate::store::heads::HeadPlaces;
use crate::store::layout::StoreFolder;
use crate::store::lock::{Holder, Lock, PATIENCE};
use crate::store::mirrors::{MirrorRecord, Mirrors};
use crate::store::outside::StateFolder;
use crate::store::public::PublicFolder;
use crate::store::safe_name::SafeName;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Hash, Position, TreeSize};

/// One's own store with the ledger that is signed here.
pub struct OwnStore {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The store's folder.
    pub store: StoreFolder,
    /// The ledger's folder name.
    pub name: SafeName,
    /// The ledger's public folder.
    pub folder: PublicFolder,
    /// Where the manifests at hand lie: private ones, or those that came with a mirror.
    pub manifests: PathBuf,
}

impl OwnStore {
    /// The store that `--store` names, or the one found from the working directory upward.
    pub fn find(context: &Context) -> Result<OwnStore, Failure> {
        OwnStore::open(find_store(context)?)
    }

    /// A mirror of somebody else's ledger in that store, to be read as one's own is.
    pub fn find_mirror(context: &Context, name: &str) -> Result<OwnStore, Failure> {
        let shelf = mirror_store(context, "read a mirror")?;
        let record = find_mirror(&shelf, name)?;
        let folder = shelf.folder(&record.name);
        let manifests = folder.path().join("manifests");
        Ok(OwnStore { disk: shelf.disk, store: shelf.store, name: record.name, folder, manifests })
    }

    /// The ledger in a store: the one that has a head here, of those that are kept here and are not
    /// copies of others'.
    pub fn open(store: StoreFolder) -> Result<OwnStore, Failure> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let mirrors = Mirrors::of(Arc::clone(&disk), store.clone());
        let mut names = store.ledger_names(&*disk)?;
        names.retain(|name| !matches!(mirrors.read(name), Ok(Some(_))));
        let folder = |name: &SafeName| PublicFolder::new(Arc::clone(&disk), store.ledger(name));
        let has_head = |name: &&SafeName| match read::ledger_in(&folder(name)) {
            Ok(ledger) => store.head(ledger).is_file(),
            Err(_) => false,
        };
        let own = names.iter().find(has_head).or(names.first());
        let Some(name) = own else {
            return Err(Failure::new(
                Exit::NoLedger,
                "the store holds no ledger",
                format!("{} is empty", store.ledgers().display()),
                "treering init --name NAME",
            ));
        };
        let (folder, manifests) = (folder(name), store.manifests());
        Ok(OwnStore { folder, name: name.clone(), disk, store, manifests })
    }

    /// The ledger's id.
    pub fn ledger(&self) -> Result<LedgerId, Failure> {
        Ok(read::ledger_in(&self.folder)?)
    }

    /// The signed head.
    pub fn head(&self) -> Result<SignedCheckpoint, Failure> {
        Ok(read::head_of(&self.folder)?)
    }

    /// The signed head, if it is the newest this store has signed. What is given out under an older one
    /// would hide that the public folder came back from an old copy.
    pub fn newest_head(&self, command: &str) -> Result<SignedCheckpoint, Failure> {
        let head = self.head()?;
        match self.lag(command, &head)? {
            None => Ok(head),
            Some(why) => Err(Failure::new(
                Exit::Finding,
                "the public folder is behind what was signed",
                why,
                NEXT_WHEN_BEHIND,
            )),
        }
    }

    /// By how much the public folder is behind the remembered head, in words.
    pub fn lag(&self, command: &str, head: &SignedCheckpoint) -> Result<Option<String>, Failure> {
        let remembered = self.head_places(command)?.read(self.ledger()?)?;
        let remembered = remembered.map_or(TreeSize(0), |head| head.checkpoint.tree.size);
        let here = head.tree().size;
        Ok((remembered > here).then(|| {
            format!(
                "its checkpoint covers {here} statements, but this store has reached {remembered}"
            )
        }))
    }

    /// Everything the statements add up to.
    pub fn book(&self) -> Result<Book, Failure> {
        Ok(read::book(&self.folder, self.ledger()?, self.head()?.tree().size)?)
    }

    /// The statement a reference names: `@position`, or at least 8 digits of an id.
    pub fn resolve(&self, reference: &str) -> Result<(Position, Statement), Failure> {
        let size = self.head()?.tree().size;
        let not_found = |why: String| {
            let what = format!("there is no statement {reference}");
            Failure::new(Exit::Usage, what, why, "treering log lists the statements")
        };
        if let Some(digits) = reference.strip_prefix('@') {
            let position = digits.parse().map(Position).map_err(|_| {
                not_found("after @ comes the position, a number counted from 0".into())
            })?;
            let statement = read::statement_at(&self.folder, size, position)?;
            let beyond =
                || not_found(format!("the ledger has {size} statements, @0 to @{}", size.0 - 1));
            return Ok((position, statement.ok_or_else(beyond)?));
        }
        let is_hex = reference.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !(8..=2 * Hash::LENGTH).contains(&reference.len()) || !is_hex {
            let why = "a reference is @position, or 8 to 64 lower-case hexadecimal digits of an id";
            return Err(not_found(why.into()));
        }
        let mut found = Vec::new();
        for statement in read::statements(&self.folder, size) {
            let (position, statement) = statement?;
            if statement.id().to_string().starts_with(reference) {
                found.push((position, statement));
            }
        }
        match found.len() {
            0 => Err(not_found("no id in this ledger begins so".into())),
            1 => Ok(found.swap_remove(0)),
            several => Err(not_found(format!("{several} ids begin so; give more digits"))),
        }
    }

    /// Takes the lock of a writer; waits for another one a few seconds.
    pub fn lock(&self, command: &str) -> Result<Lock, Failure> {
        Ok(self.store.lock(&Holder::this_process(command), PATIENCE)?)
    }

    /// Where the head and its outside record lie.
    pub fn head_places(&self, command: &str) -> Result<HeadPlaces, Failure> {
        let state = StateFolder::from_environment()?;
        let holder = Holder::this_process(command);
        Ok(HeadPlaces::new(Arc::clone(&self.disk), self.store.clone(), state, holder))
    }

    /// Where the index and what it is made from lie. The two paths are the caller's to keep.
    pub fn index_places<'a>(&'a self, index: &'a Path, manifests: &'a Path) -> IndexPlaces<'a> {
        IndexPlaces { index, folder: &self.folder, manifests }
    }
}

/// What to do about a public folder that is behind.
pub const NEXT_WHEN_BEHIND: &str = "if a command was interrupted, run it again; if not, the folder is an \
                                    old copy: treering resume --from a newer one";

/// The store that `--store` names, or the one found from the working directory upward.
pub fn find_store(context: &Context) -> Result<StoreFolder, Failure> {
    Ok(match &context.global.store {
        Some(path) => StoreFolder::at(path)?,
        None => StoreFolder::find_upward(&working_directory()?)?,
    })
}

/// The part of that store that is about other parties' ledgers.
pub fn mirror_store(context: &Context, command: &str) -> Result<MirrorStore, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    Ok(MirrorStore::of(disk, find_store(context)?, Holder::this_process(command)))
}

/// The mirror of a name.
pub fn find_mirror(shelf: &MirrorStore, name: &str) -> Result<MirrorRecord, Failure> {
    let safe = safe_name(name)?;
    shelf.mirrors.read(&safe)?.ok_or_else(|| {
        usage(
            format!("there is no mirror {name} here"),
            format!("{} holds no record of one", shelf.store.path().display()),
            "treering mirror list",
        )
    })
}

/// The working directory.
pub fn working_directory() -> Result<PathBuf, Failure> {
    std::env::current_dir().map_err(|why| unreadable(Path::new("."), why))
}
