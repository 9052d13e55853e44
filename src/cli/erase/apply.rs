//! What the ledger says was erased, taken out of everything on this disk.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::evidence::draft::{DraftError, forget_in_drafts};
use crate::evidence::row::Row;
use crate::ledger::book::Book;
use crate::ledger::indexing::Taking;
use crate::ledger::read;
use crate::report::words::{counted, safe};
use crate::statement::authority::Signer;
use crate::statement::bodies::Body;
use crate::statement::receipt::{MAX_RECEIPT_BYTES, Receipt};
use crate::statement::standing::StandingBook;
use crate::store::disk::{Access, Disk, RealDisk};
use crate::store::durable;
use crate::store::erasing::{EraseError, erase_rows, still_shown};
use crate::store::public::PublicFolder;
use crate::tlog::hash::{Hash, Position};

/// An anchor, and the rows of it that its party erased.
#[derive(Clone, Debug)]
pub struct ErasedAnchor {
    /// Its position.
    pub position: Position,
    /// Its id.
    pub anchor: Hash,
    /// Its evidence root.
    pub root: Hash,
    /// The rows.
    pub rows: BTreeSet<u64>,
    /// The tombstones, with the ground each gives.
    pub said_by: Vec<(Position, Hash, String)>,
}

/// What was taken out.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    /// Rows, counted in each manifest anew.
    pub rows: u64,
    /// Entries of drafts.
    pub drafts: u64,
    /// The manifests that were rewritten.
    pub manifests: Vec<PathBuf>,
    /// Receipts kept in the store that showed a row.
    pub receipts: u64,
    /// Whether the index was made anew.
    pub index: bool,
}

impl Applied {
    /// In lines, for people.
    pub fn text(&self) -> String {
        let mut places: Vec<String> = match self.manifests.len() as u64 {
            0 => Vec::new(),
            number => vec![counted(number, "manifest")],
        };
        if self.index {
            places.push("the index".into());
        }
        if self.receipts > 0 {
            places.push(counted(self.receipts, "receipt"));
        }
        if self.drafts > 0 {
            places.push(match self.drafts {
                1 => "a draft".into(),
                more => format!("{more} entries of drafts"),
            });
        }
        match places.is_empty() {
            true => "  nothing had to be taken out here\n".into(),
            false => format!("  taken out of {}\n", places.join(", ")),
        }
    }
}

/// Every anchor of a ledger of which rows were erased, with effect.
pub fn tombstones(folder: &PublicFolder, book: &Book) -> Result<Vec<ErasedAnchor>, Failure> {
    let (mut standings, mut named, mut said) =
        (StandingBook::default(), BTreeSet::new(), Vec::new());
    for statement in read::statements(folder, book.tree().size) {
        let (position, statement) = statement?;
        let grant = book.authority().grant_of(&statement.header.key);
        let signer = grant.map_or(Signer::Root, |grant| Signer::Granted(grant.role));
        standings.take_up(position, &statement, signer);
        if let Body::Erase(erase) = &statement.payload.body {
            named.insert(erase.anchor.id);
            said.push((erase.anchor.id, (position, statement.id(), erase.ground.clone())));
        }
    }
    let mut found = Vec::new();
    if named.is_empty() {
        return Ok(found);
    }
    for statement in read::statements(folder, book.tree().size) {
        let (position, statement) = statement?;
        let Body::Anchor(anchor) = &statement.payload.body else { continue };
        if !named.contains(&statement.id()) {
            continue;
        }
        let mut rows = standings.erased_rows(book.authority(), &statement);
        rows.retain(|row| *row < anchor.rows);
        let said_by = said.iter().filter(|(id, _)| *id == statement.id());
        let said_by = said_by.map(|(_, said)| said.clone()).collect();
        found.push(ErasedAnchor {
            position,
            anchor: statement.id(),
            root: anchor.root,
            rows,
            said_by,
        });
    }
    Ok(found)
}

/// Takes the rows out of one's own store: drafts, index, published manifests, then private ones. Call it
/// under the store's lock.
pub fn to_store(
    own: &OwnStore,
    book: &Book,
    said: &[ErasedAnchor],
    others: &[PathBuf],
) -> Result<Applied, Failure> {
    let public = own.folder.path().join("manifests");
    let mut folders: Vec<(PathBuf, Access)> = vec![(public, Access::Public)];
    folders.extend(others.iter().map(|folder| (folder.clone(), Access::Private)));
    // Last, since only it still knows which file a row was.
    folders.push((own.store.manifests(), Access::Private));

    let digests = digests(&folders, said)?;
    let mut applied = Applied::default();
    if !digests.is_empty() {
        applied.index = true;
        applied.drafts = forget_in_drafts(&own.store.drafts(), &digests)?;
        applied.receipts = forget_receipts(own, &digests)?;
        // Under the store's lock nobody is writing it: it was left by a stop.
        durable::remove(&*own.disk, &own.store.manifests().join("pending"))?;
        durable::remove_tree(&*own.disk, &own.store.index(book.ledger()))?;
    }
    rewrite(&*own.disk, &folders, said, &mut applied)?;
    for anchor in said {
        // It tells where rows stood that stand elsewhere now.
        durable::remove(&*own.disk, &own.store.row_table(&anchor.root))?;
    }
    if !digests.is_empty() {
        own.index_places()?.rebuilt(book.tree(), Taking::unwatched())?;
    }
    Ok(applied)
}

/// Removes the receipts kept in the store that show one of these files. Gives how many.
fn forget_receipts(own: &OwnStore, digests: &BTreeSet<Hash>) -> Result<u64, Failure> {
    let folder = own.store.receipts();
    let mut removed = 0;
    for listed in durable::list(&*own.disk, &folder)? {
        let path = folder.join(&listed.name);
        // What is no receipt, or too long for one, was put there by somebody else.
        let Ok(bytes) = durable::read(&*own.disk, &path, MAX_RECEIPT_BYTES as u64) else {
            continue;
        };
        let Ok(receipt) = Receipt::read(&bytes) else { continue };
        let rows = receipt.evidence.iter().flat_map(|part| &part.rows);
        let mut rows = rows.filter_map(|shown| Row::read(&shown.row).ok());
        if rows.any(|row| digests.contains(&row.sha256())) {
            durable::remove(&*own.disk, &path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// What the manifests still tell of files that were erased.
fn digests(
    folders: &[(PathBuf, Access)],
    said: &[ErasedAnchor],
) -> Result<BTreeSet<Hash>, Failure> {
    let mut digests = BTreeSet::new();
    for anchor in said {
        for (folder, _) in folders {
            let shown = still_shown(&folder.join(anchor.root.to_string()), &anchor.rows)?;
            digests.extend(shown.into_iter().map(|shown| shown.sha256));
        }
    }
    Ok(digests)
}

fn rewrite(
    disk: &dyn Disk,
    folders: &[(PathBuf, Access)],
    said: &[ErasedAnchor],
    applied: &mut Applied,
) -> Result<(), Failure> {
    for (folder, access) in folders {
        for anchor in said {
            let path = folder.join(anchor.root.to_string());
            let taken = erase_rows(disk, &path, *access, &anchor.root, &anchor.rows)?;
            if taken > 0 {
                applied.rows += taken;
                applied.manifests.push(path);
            }
        }
    }
    Ok(())
}

/// `erase --apply` in one's own store.
pub fn in_own_store(context: &Context, others: &[PathBuf]) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("erase")?;
    own.store.sweep(&*own.disk)?;
    let book = own.book()?;
    let said = tombstones(&own.folder, &book)?;
    let applied = to_store(&own, &book, &said, others)?;
    Ok(answer(&said, &applied))
}

/// `erase --apply --copy DIR`, as a partner who keeps a copy of a ledger and was given manifests.
pub fn in_copy(copy: &Path, others: &[PathBuf]) -> Outcome {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let folder = PublicFolder::new(Arc::clone(&disk), copy);
    for other in others {
        if !other.is_dir() {
            return Err(usage(
                format!("{} is no folder", safe(&other.display().to_string())),
                "manifests lie in a folder, each named by its root",
                "name the folder (--manifests DIR)",
            ));
        }
    }
    let size = read::head_of(&folder)?.tree().size;
    let book = read::book(&folder, read::ledger_in(&folder)?, size)?;
    let said = tombstones(&folder, &book)?;
    let mut folders = vec![(copy.join("manifests"), Access::Public)];
    folders.extend(others.iter().map(|folder| (folder.clone(), Access::Private)));
    let mut applied = Applied::default();
    rewrite(&*disk, &folders, &said, &mut applied)?;
    Ok(answer(&said, &applied))
}

fn answer(said: &[ErasedAnchor], applied: &Applied) -> Answer {
    let rows: usize = said.iter().map(|anchor| anchor.rows.len()).sum();
    let mut text = format!(
        "The ledger says of {} that it was erased.\n{}",
        counted(rows as u64, "row"),
        applied.text()
    );
    for path in &applied.manifests {
        text.push_str(&format!("  {}\n", path.display()));
    }
    let fields = json!({
        "rows_erased_in_ledger": rows,
        "rows_taken_out": applied.rows,
        "drafts": applied.drafts,
        "manifests": applied.manifests.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
    });
    Answer::new("erase-applied", text, fields)
        .and_next("delete the files themselves, and what backups hold of them")
}

impl From<EraseError> for Failure {
    fn from(fault: EraseError) -> Failure {
        let exit = match &fault {
            EraseError::Disk(_) => Exit::Unexpected,
            _ => Exit::Finding,
        };
        let next = fault.next_step();
        Failure::new(exit, "a row could not be taken out", fault, next)
    }
}

impl From<DraftError> for Failure {
    fn from(fault: DraftError) -> Failure {
        let exit = match &fault {
            DraftError::InUse => Exit::Locked,
            DraftError::Io { .. } => Exit::Unexpected,
        };
        Failure::new(
            exit,
            "a draft cannot be opened",
            fault,
            "wait for the other command, then run the same one again: it finishes the rest",
        )
    }
}
