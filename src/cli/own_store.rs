//! The store a command works on, and its ledger.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::keyring::safe_name;
use super::voice::Failure;
use super::{Context, interrupt};
use crate::exchange::mirror::MirrorStore;
use crate::ledger::book::Book;
use crate::ledger::find::Finder;
use crate::ledger::indexing::IndexPlaces;
use crate::ledger::read::{self, LedgerUnreadable};
use crate::report::words::{count, counted};
use crate::statement::authority::Authority;
use crate::statement::envelope::{LedgerId, Statement};
use crate::store::disk::{Disk, RealDisk};
use crate::store::durable;
use crate::store::heads::{HeadError, HeadPlaces};
use crate::store::layout::StoreFolder;
use crate::store::lock::{Holder, Lock, PATIENCE};
use crate::store::mirrors::{MirrorRecord, Mirrors};
use crate::store::outside::StateFolder;
use crate::store::public::PublicFolder;
use crate::store::safe_name::SafeName;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

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
        Ok(OwnStore { disk: shelf.disk, store: shelf.store, name: record.name, folder })
    }

    /// The ledger in a store: the one that is signed here, of those that are kept here and are not
    /// copies of others'. It is told by its head; a store with a single ledger needs none, so that it
    /// can be resumed without.
    pub fn open(store: StoreFolder) -> Result<OwnStore, Failure> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let mirrors = Mirrors::of(Arc::clone(&disk), store.clone());
        let mut names = store.ledger_names(&*disk)?;
        names.retain(|name| !matches!(mirrors.read(name), Ok(Some(_))));
        let folder = |name: &SafeName| PublicFolder::new(Arc::clone(&disk), store.ledger(name));
        let name = match &names[..] {
            [] => {
                return Err(Failure::new(
                    Exit::NoLedger,
                    "the store holds no ledger",
                    format!("{} is empty", store.ledgers().display()),
                    "treering init --name NAME",
                ));
            }
            [only] => only.clone(),
            several => {
                let read = |name: &SafeName| (name.clone(), read::ledger_in(&folder(name)));
                signed_here(&store, &*disk, several.iter().map(read).collect())?
            }
        };
        Ok(OwnStore { folder: folder(&name), name, disk: Arc::clone(&disk), store })
    }

    /// The ledger's id.
    pub fn ledger(&self) -> Result<LedgerId, Failure> {
        Ok(read::ledger_in(&self.folder)?)
    }

    /// The signed head.
    pub fn head(&self) -> Result<SignedCheckpoint, Failure> {
        read::head_of(&self.folder).map_err(|fault| match self.whole_head("read") {
            Some(tree) => Failure::new(
                Exit::Finding,
                "the file checkpoint is missing or damaged",
                format!(
                    "{} cannot be read; the store's own head covers {}, and all of them are here",
                    self.folder.path().join("checkpoint").display(),
                    counted(tree.size.0, "statement")
                ),
                "treering add, as before: the next command that records signs the head again",
            ),
            None => fault.into(),
        })
    }

    /// What the signed head covers; where the file `checkpoint` cannot be read, what the store's own
    /// head does.
    pub fn tree(&self) -> Result<Tree, Failure> {
        let published = self.head().map(|head| head.tree());
        published.or_else(|fault| self.whole_head("read").ok_or(fault))
    }

    /// The signed head, if it is the newest this store has signed. What is given out under an older one
    /// would hide that the public folder came back from an old copy.
    pub fn newest_head(&self, command: &str) -> Result<SignedCheckpoint, Failure> {
        let head = self.head()?;
        match self.lag(command, &head)? {
            None => Ok(head),
            Some(why) if self.whole_head(command).is_some() => Err(Failure::new(
                Exit::Incomplete,
                "a command was interrupted before it signed the head",
                why,
                "treering add, as before: the next command that records finishes it",
            )),
            Some(why) => Err(Failure::new(
                Exit::Finding,
                "the public folder is behind what was signed",
                why,
                NEXT_WHEN_BEHIND,
            )),
        }
    }

    /// The store's own head, if the public folder holds all that it covers, whatever its checkpoint says.
    fn whole_head(&self, command: &str) -> Option<Tree> {
        let head = self.head_places(command).ok()?.read(self.ledger().ok()?).ok()??;
        let tree = head.checkpoint.tree;
        let root = read::root_at(&self.folder, tree.size, tree.size);
        Some(tree).filter(|tree| root == Some(tree.root))
    }

    /// By how much the public folder is behind the remembered head, in words.
    pub fn lag(&self, command: &str, head: &SignedCheckpoint) -> Result<Option<String>, Failure> {
        let remembered = match self.head_places(command)?.read(self.ledger()?) {
            // It forbids signing, and says nothing of what is published.
            Err(HeadError::Damaged(_)) => None,
            read => read?,
        };
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
        self.book_and(|_, _| {})
    }

    /// [`OwnStore::book`], showing each statement to `each` on the way.
    pub fn book_and(&self, each: impl FnMut(Position, &Statement)) -> Result<Book, Failure> {
        let size = self.tree()?.size;
        Ok(read::book_and(&self.folder, self.ledger()?, size, each)?)
    }

    /// Who may sign what, without reading the whole ledger where the index says which statements decide
    /// that. An index is not believed: what comes of this must be checked in another way.
    pub fn likely_authority(&self, head: Tree) -> Result<Authority, Failure> {
        let mut finder = self.finder(head)?;
        if finder.has_index() {
            let positions = finder.of_kinds(|kind| kind.family().rules_authority());
            let authority =
                positions.and_then(|found| read::authority_of(&self.folder, found, head.size));
            let ledger = self.ledger()?;
            if let Some(authority) = authority.ok().filter(|likely| likely.ledger() == ledger) {
                return Ok(authority);
            }
        }
        Ok(self.book()?.authority().clone())
    }

    /// The statement a reference names: `@position`, or at least 8 digits of an id.
    pub fn resolve(&self, reference: &str) -> Result<(Position, Statement), Failure> {
        let head = self.head()?.tree();
        let not_found = |why: String| {
            let what = format!("there is no statement {reference}");
            Failure::new(Exit::Usage, what, why, "treering log lists the statements")
        };
        if let Some(digits) = reference.strip_prefix('@') {
            let position = digits.parse().map(Position).map_err(|_| {
                not_found("after @ comes the position, a number counted from 0".into())
            })?;
            let statement = read::statement_at(&self.folder, head.size, position)?;
            let statement = statement.ok_or_else(|| not_found(extent(head.size)))?;
            return Ok((position, statement));
        }
        let is_hex = reference.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !(8..=2 * Hash::LENGTH).contains(&reference.len()) || !is_hex {
            let why = "a reference is @position, or 8 to 64 lower-case hexadecimal digits of an id";
            return Err(not_found(why.into()));
        }
        let indexed = self.finder(head)?.ids_beginning(reference)?;
        if let Some(found) = self.look_up(&indexed, head, &not_found)? {
            return Ok(found);
        }
        // That the index names none proves nothing.
        let read = self.finder_without_index(head)?.ids_beginning(reference)?;
        let found = self.look_up(&read, head, &not_found)?;
        found.ok_or_else(|| not_found("no id in this ledger begins so".into()))
    }

    /// The one statement found, if it stands where it is said to.
    fn look_up(
        &self,
        found: &[(Hash, Position)],
        head: Tree,
        not_found: &dyn Fn(String) -> Failure,
    ) -> Result<Option<(Position, Statement)>, Failure> {
        match found {
            [] => Ok(None),
            [(id, position)] => {
                let statement = read::statement_at(&self.folder, head.size, *position)?;
                let statement = statement.filter(|statement| statement.id() == *id);
                Ok(statement.map(|statement| (*position, statement)))
            }
            several => Err(not_found(format!("{} ids begin so; give more digits", several.len()))),
        }
    }

    /// Finds things in the ledger at this head, by the index if it is free.
    pub fn finder(&self, head: Tree) -> Result<Finder, Failure> {
        Ok(Finder::open(self.index_places()?, head))
    }

    /// Finds things in the ledger at this head by reading all of it.
    pub fn finder_without_index(&self, head: Tree) -> Result<Finder, Failure> {
        Ok(Finder::without_index(self.index_places()?, head))
    }

    /// Takes the lock of a writer; waits for another one a few seconds.
    pub fn lock(&self, command: &str) -> Result<Lock, Failure> {
        interrupt::finish_what_is_begun();
        Ok(self.store.lock(&Holder::this_process(command), PATIENCE)?)
    }

    /// Where the head and its outside record lie.
    pub fn head_places(&self, command: &str) -> Result<HeadPlaces, Failure> {
        let state = StateFolder::from_environment()?;
        let holder = Holder::this_process(command);
        Ok(HeadPlaces::new(Arc::clone(&self.disk), self.store.clone(), state, holder))
    }

    /// Where the index and what it is made from lie.
    pub fn index_places(&self) -> Result<IndexPlaces, Failure> {
        Ok(IndexPlaces {
            index: self.store.index(self.ledger()?),
            folder: self.folder.clone(),
            manifests: self.store.manifests(),
        })
    }
}

/// The ledger of several that has a head here. Where a head belongs to none that can be read, one that
/// cannot might be it: then no other is taken in its place.
fn signed_here(
    store: &StoreFolder,
    disk: &dyn Disk,
    ledgers: Vec<(SafeName, Result<LedgerId, LedgerUnreadable>)>,
) -> Result<SafeName, Failure> {
    let heads = durable::list(disk, &store.heads())?;
    let heads = heads.iter().filter(|head| Hash::from_hex(&head.name).is_some()).count();
    let has_head = |read: &Result<LedgerId, LedgerUnreadable>| {
        read.as_ref().is_ok_and(|ledger| store.head(*ledger).is_file())
    };
    let (with_head, others): (Vec<_>, Vec<_>) =
        ledgers.into_iter().partition(|(_, read)| has_head(read));
    let unreadable = others.into_iter().find_map(|(name, read)| Some((name, read.err()?)));
    match (&with_head[..], unreadable) {
        ([(name, _)], None) => Ok(name.clone()),
        ([(name, _)], Some(_)) if heads == 1 => Ok(name.clone()),
        (_, Some((name, fault))) => Err(Failure::new(
            Exit::Finding,
            "it cannot be told which ledger is signed here",
            format!("the one in {} cannot be read: {fault}", store.ledger(&name).display()),
            "put its newest copy back; treering audit FOLDER names what is damaged",
        )),
        ([], None) => Err(Failure::new(
            Exit::MayBeCopy,
            "it cannot be told which ledger is signed here",
            format!("{} holds several, and none of them has a head", store.ledgers().display()),
            "put the folder heads back from a copy of the store, then treering resume",
        )),
        (several, None) => Err(Failure::new(
            Exit::Usage,
            "several ledgers are signed here",
            several.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", "),
            "keep each in a store of its own",
        )),
    }
}

/// Which positions there are, in words.
fn extent(size: TreeSize) -> String {
    match size.0.checked_sub(1) {
        None => "the ledger is empty".into(),
        Some(0) => "the ledger has 1 statement, @0".into(),
        Some(last) => format!("the ledger has {} statements, @0 to @{last}", count(size.0)),
    }
}

/// The statement of a ledger of this size that a reference names: `@position`, or at least 8 digits of
/// an id.
pub fn find_statement(
    folder: &PublicFolder,
    size: TreeSize,
    reference: &str,
) -> Result<(Position, Statement), Failure> {
    let not_found = |why: String| {
        let what = format!("there is no statement {reference}");
        Failure::new(Exit::Usage, what, why, "treering log lists the statements")
    };
    if let Some(digits) = reference.strip_prefix('@') {
        let position = digits
            .parse()
            .map(Position)
            .map_err(|_| not_found("after @ comes the position, a number counted from 0".into()))?;
        let statement = read::statement_at(folder, size, position)?;
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
    for statement in read::statements(folder, size) {
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
