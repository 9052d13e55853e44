//! Reading a ledger that one holds: its statements in order, or one of them.
//!
//! Nothing here needs the store's lock, a key or the index. What is read is taken as it stands; to
//! believe nothing is the business of an audit.

use rayon::prelude::*;
use thiserror::Error;

use super::book::{Book, Refusal};
use crate::statement::authority::{Authority, Refused};
use crate::statement::envelope::{LedgerId, ReadError, Statement};
use crate::statement::signature::KeyBook;
use crate::store::public::{PublicError, PublicFolder};
use crate::tlog::bundle::{Bundle, bundles_of};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Hash, Position, TreeSize, leaf_hash};
use crate::tlog::merkle::{self, Node};

/// Why a ledger cannot be read.
#[derive(Debug, Error)]
pub enum LedgerUnreadable {
    /// There is no ledger in the folder.
    #[error("there is no ledger in {0}")]
    NoLedger(String),
    /// A file of it is missing or damaged.
    #[error(transparent)]
    Public(#[from] PublicError),
    /// A statement cannot be read.
    #[error("statement {0} is damaged: {1}")]
    Statement(Position, ReadError),
    /// A statement is not what this program admits.
    #[error("statement {0} is not admitted: {1}")]
    Refused(Position, Refusal),
}

/// The id of the ledger in a public folder: the leaf hash of its statement 0.
pub fn ledger_in(folder: &PublicFolder) -> Result<LedgerId, LedgerUnreadable> {
    let no_ledger = || LedgerUnreadable::NoLedger(folder.path().display().to_string());
    // Statement 0 stands in every width of the first bundle. That of the checkpoint is the one that
    // readers check; the others count, widest first, only where it is gone or cannot be taken apart,
    // because a narrower one may be stale.
    let is_there = |bundle: &Bundle| folder.path().join(bundle.path()).is_file();
    let covered = folder.checkpoint().ok().flatten();
    let covered = covered.and_then(|checkpoint| Bundle::at(0, checkpoint.tree().size));
    let widths = (1..=256).rev().filter_map(|width| Bundle::new(0, width));
    let mut fault = None;
    for bundle in covered.into_iter().chain(widths).filter(is_there) {
        match folder.bundle(bundle) {
            Ok(entries) => {
                let genesis = entries.first().ok_or_else(no_ledger)?;
                return Ok(LedgerId(leaf_hash(genesis)));
            }
            Err(why) => fault = fault.or(Some(why)),
        }
    }
    Err(fault.map_or_else(no_ledger, LedgerUnreadable::from))
}

/// The signed head of a ledger.
pub fn head_of(folder: &PublicFolder) -> Result<SignedCheckpoint, LedgerUnreadable> {
    let no_ledger = || LedgerUnreadable::NoLedger(folder.path().display().to_string());
    folder.checkpoint()?.ok_or_else(no_ledger)
}

/// The statements of a ledger of this size, oldest first.
pub fn statements(
    folder: &PublicFolder,
    size: TreeSize,
) -> impl Iterator<Item = Result<(Position, Statement), LedgerUnreadable>> + '_ {
    statements_from(folder, Position(0), size)
}

/// Bundles that are read at once, on all cores: some four thousand statements, so that memory does not
/// grow with the ledger.
const BUNDLES_AT_ONCE: usize = 16;

/// The statements from a position on. Bundles before it are not opened.
pub fn statements_from(
    folder: &PublicFolder,
    from: Position,
    size: TreeSize,
) -> impl Iterator<Item = Result<(Position, Statement), LedgerUnreadable>> + '_ {
    let mut bundles = bundles_of(size)
        .skip_while(move |bundle| bundle.first().0 + u64::from(bundle.width()) <= from.0);
    let mut read = Vec::new().into_iter();
    std::iter::from_fn(move || {
        if let Some(next) = read.next() {
            return Some(next);
        }
        let lot: Vec<Bundle> = bundles.by_ref().take(BUNDLES_AT_ONCE).collect();
        let statements = lot.par_iter().map(|bundle| statements_in(folder, *bundle, from));
        let statements: Vec<Vec<_>> = statements.collect();
        read = statements.into_iter().flatten().collect::<Vec<_>>().into_iter();
        read.next()
    })
}

/// The statements of a bundle, from a position on.
fn statements_in(
    folder: &PublicFolder,
    bundle: Bundle,
    from: Position,
) -> Vec<Result<(Position, Statement), LedgerUnreadable>> {
    let entries = match folder.bundle(bundle) {
        Ok(entries) => entries,
        Err(fault) => return vec![Err(fault.into())],
    };
    let positions = (bundle.first().0..).map(Position);
    let wanted = positions.zip(entries).filter(|(position, _)| *position >= from);
    wanted.map(|(position, bytes)| read(position, bytes)).collect()
}

fn read(position: Position, bytes: Vec<u8>) -> Result<(Position, Statement), LedgerUnreadable> {
    match Statement::read(bytes) {
        Ok(statement) => Ok((position, statement)),
        Err(fault) => Err(LedgerUnreadable::Statement(position, fault)),
    }
}

/// The statement at a position of a ledger of this size; `None` beyond its end.
pub fn statement_at(
    folder: &PublicFolder,
    size: TreeSize,
    position: Position,
) -> Result<Option<Statement>, LedgerUnreadable> {
    let Some((bundle, index)) = Bundle::holding(position, size) else { return Ok(None) };
    let bytes = folder.bundle(bundle)?.swap_remove(index);
    read(position, bytes).map(|(_, statement)| Some(statement))
}

/// Reads all statements of a ledger of this size into a book.
pub fn book(
    folder: &PublicFolder,
    ledger: LedgerId,
    size: TreeSize,
) -> Result<Book, LedgerUnreadable> {
    book_and(folder, ledger, size, |_, _| {})
}

/// [`book`], showing each statement to `each` on the way.
pub fn book_and(
    folder: &PublicFolder,
    ledger: LedgerId,
    size: TreeSize,
    mut each: impl FnMut(Position, &Statement),
) -> Result<Book, LedgerUnreadable> {
    let mut book: Option<Book> = None;
    for statement in statements(folder, size) {
        let (position, statement) = statement?;
        let taken = match &mut book {
            None => Book::found(&statement).map(|founded| book = Some(founded)),
            Some(book) => {
                let before = book.tree().size;
                // From the tiles of the whole tree: those of each size in between are not kept.
                let earlier_root = &mut |earlier| match earlier <= before {
                    true => root_at(folder, earlier, size),
                    false => None,
                };
                book.retrace(&statement, earlier_root)
            }
        };
        taken.map_err(|refusal| LedgerUnreadable::Refused(position, refusal))?;
        each(position, &statement);
    }
    let book = book.filter(|book| book.ledger() == ledger);
    book.ok_or_else(|| LedgerUnreadable::NoLedger(folder.path().display().to_string()))
}

/// Who may sign what, from some statements of a ledger of this size, ascending: for whoever is sure,
/// or has another way to make sure, that the others change no authority. Their signatures are checked.
pub fn authority_of(
    folder: &PublicFolder,
    positions: impl IntoIterator<Item = Position>,
    size: TreeSize,
) -> Result<Authority, LedgerUnreadable> {
    let no_ledger = || LedgerUnreadable::NoLedger(folder.path().display().to_string());
    let (mut keys, mut authority) = (KeyBook::default(), None);
    for position in positions {
        let statement = statement_at(folder, size, position)?.ok_or_else(no_ledger)?;
        keys.learn(&statement);
        let refused = |refusal| LedgerUnreadable::Refused(position, refusal);
        let ledger = authority.as_ref().map_or(LedgerId(statement.id()), Authority::ledger);
        let signed = statement.check_signatures(&keys, ledger);
        let signed = signed.map_err(|fault| refused(fault.into()))?;
        let taken = match &mut authority {
            None => Authority::found(signed).map(|founded| authority = Some(founded)),
            Some(authority) => {
                let root_at = &mut |earlier| root_at(folder, earlier, size);
                authority.admit(position, signed, root_at).map(drop)
            }
        };
        match taken {
            Err(Refused::Undecidable(_)) => break,
            taken => taken.map_err(|fault| refused(fault.into()))?,
        }
    }
    authority.ok_or_else(no_ledger)
}

/// The root at a size up to `covered`, from the tiles of a tree of that size.
pub fn root_at(folder: &PublicFolder, size: TreeSize, covered: TreeSize) -> Option<Hash> {
    if size > covered {
        return None;
    }
    let read = |nodes: &[Node]| folder.nodes(nodes, covered);
    merkle::root_at::<PublicError>(size, read).ok()
}
