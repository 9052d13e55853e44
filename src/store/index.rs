//! The index of one ledger: quick answers about statements that the public folder holds.
//!
//! A convenience, never the record: everything here follows from the ledger and the manifests, and
//! `treering reindex` makes it anew. That is how its engine is used, too. sled 0.34 survives a killed
//! process when written in transactions, but does not call fsync, and after a power cut it may fail
//! or panic on opening (measured). So each answer is bounded by a watermark, the size and root up to
//! which statements have been taken in; and whatever sled refuses or panics about becomes
//! [`IndexError::Damaged`], to which the answer is [`Index::rebuild`].
//!
//! What the index names must be looked up in the ledger, which proves it. What it does not name proves
//! nothing by itself: of 300 damaged files, 4 opened with some rows gone and not a word from sled
//! (measured by the tests of this module). [`Index::check`] reads every row and finds that.
//!
//! ```text
//! table        key                                             value
//! ids          statement id 32                                 position 8
//! evidence     file SHA-256 32 ‖ position 8 ‖ row 8            evidence root 32
//! kinds        length 4 ‖ kind ‖ position 8
//! indicators   length 4 ‖ indicator ‖ position 8
//! parties      length 4 ‖ party ‖ position 8
//! times        claimed second 8, sign bit flipped ‖ position 8
//! meta         "format"                                        "treering/index/v1"
//!              "watermark"                                     size 8 ‖ root 32 ‖ sum 16
//!
//! sum = Σ over all rows up to the watermark of the first 16 bytes of
//!       SHA256(number of the table 1 ‖ length of the key 4 ‖ key ‖ value), modulo 2^128
//! ```
//!
//! Integers are big-endian, so keys sort as the numbers do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use sled::transaction::{ConflictableTransactionError, TransactionError};
use sled::{Transactional, Tree as Table};
use thiserror::Error;

use super::disk::{Action, DiskError, RealDisk};
use super::durable;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

mod answers;
mod quiet;

pub use answers::{EvidenceFound, Facet, FacetName, Order};

/// Puts in one transaction. sled's transactions of thousands failed to reopen after power cuts
/// (measured), and small ones are faster.
const PUTS_PER_TRANSACTION: usize = 256;

/// Memory for sled's pages: it takes several times what it is given, and lookups are rare.
const CACHE_BYTES: u64 = 16 << 20;

/// How long a killed process may keep sled's own lock (measured: up to two seconds).
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

const FORMAT: &[u8] = b"treering/index/v1";

const TABLES: [&str; 7] = ["ids", "evidence", "kinds", "indicators", "parties", "times", "meta"];
const IDS: usize = 0;
const EVIDENCE: usize = 1;
const KINDS: usize = 2;
const INDICATORS: usize = 3;
const PARTIES: usize = 4;
const TIMES: usize = 5;
const META: usize = 6;

/// What the index keeps of one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedStatement {
    /// Where it stands.
    pub position: Position,
    /// Its leaf hash.
    pub id: Hash,
    /// Its kind, as in `evidence.anchor`.
    pub kind: String,
    /// For which party it was signed: the claim `iss`.
    pub party: String,
    /// When its signer says it was signed, in seconds since 1970.
    pub time: i64,
    /// The indicators it names.
    pub indicators: Vec<String>,
    /// The files behind it, if it anchors evidence and the manifest is here.
    pub evidence: Option<IndexedEvidence>,
}

/// The files of one evidence root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedEvidence {
    /// The evidence root.
    pub root: Hash,
    /// SHA-256 of each file that the manifest shows, with the index of its row.
    pub files: Vec<(u64, Hash)>,
}

/// Why the index gives no answer.
#[derive(Debug, Error)]
pub enum IndexError {
    /// Another process has the index open.
    #[error("the index {} is in use by another process", path.display())]
    Busy {
        /// Its folder.
        path: PathBuf,
    },
    /// Its files make no sense to sled, or of a version this program does not know.
    #[error("the index {} cannot be read: {why}", path.display())]
    Damaged {
        /// Its folder.
        path: PathBuf,
        /// What sled says.
        why: String,
    },
    /// The statements do not follow on those taken in already.
    #[error("the index holds {watermark} statements; the next to take in is not {found}")]
    NotNext {
        /// Statements taken in.
        watermark: TreeSize,
        /// The position offered, or the size that would have been reached.
        found: u64,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl IndexError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            IndexError::Busy { .. } => {
                "wait until it has finished, then run the same command".into()
            }
            IndexError::Damaged { .. } | IndexError::NotNext { .. } => {
                "treering reindex (nothing is lost: the index is made from the ledger)".into()
            }
            IndexError::Disk(error) => error.next_step(),
        }
    }
}

/// An open index. Only one process has it at a time; hold it briefly.
#[derive(Debug)]
pub struct Index {
    path: PathBuf,
    /// None only while dropping.
    open: Option<Open>,
    broken: AtomicBool,
}

#[derive(Debug)]
struct Open {
    db: sled::Db,
    tables: Vec<Table>,
}

/// One key and value for one table.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Put {
    table: usize,
    key: Vec<u8>,
    value: Vec<u8>,
}

/// Up to where the index is filled, and the sum over the rows that stand for it.
#[derive(Clone, Copy)]
struct Watermark {
    tree: Tree,
    sum: u128,
}

impl Index {
    /// Opens the index in this folder, empty if there is none. The folder above must be there.
    pub fn open(path: &Path) -> Result<Index, IndexError> {
        let give_up = Instant::now() + LOCK_PATIENCE;
        let open = loop {
            match sheltered(path, || open_sled(path)) {
                Err(IndexError::Busy { .. }) if Instant::now() < give_up => {
                    thread::sleep(Duration::from_millis(50));
                }
                other => break other?,
            }
        };
        Index::checked(path, open)
    }

    /// Opens the index for a reader, who waits for nobody: none if there is no index in this folder, or
    /// if another process has it open.
    pub fn open_if_free(path: &Path) -> Result<Option<Index>, IndexError> {
        if !path.is_dir() {
            return Ok(None);
        }
        match sheltered(path, || open_sled(path)) {
            Err(IndexError::Busy { .. }) => Ok(None),
            opened => Index::checked(path, opened?).map(Some),
        }
    }

    fn checked(path: &Path, open: Open) -> Result<Index, IndexError> {
        let index = Index { path: path.to_owned(), open: Some(open), broken: false.into() };
        index.check_format()?;
        Ok(index)
    }

    /// Throws the index in this folder away and opens an empty one. Call it under the store's lock.
    pub fn rebuild(path: &Path) -> Result<Index, IndexError> {
        durable::remove_tree(&RealDisk, path)?;
        Index::open(path)
    }

    /// Up to where statements have been taken in: all before this size, none after, and the root
    /// there. The empty tree for an empty index.
    pub fn watermark(&self) -> Result<Tree, IndexError> {
        self.mark().map(|mark| mark.tree)
    }

    /// Takes in the statements between the watermark and `tree`, in order, and moves the watermark
    /// there. Until it moves, what a crash left of them is not shown; doing it again completes it.
    pub fn append(&self, statements: &[IndexedStatement], tree: Tree) -> Result<(), IndexError> {
        let mark = self.mark()?;
        let not_next = |found| IndexError::NotNext { watermark: mark.tree.size, found };
        let mut next = mark.tree.size.0;
        for statement in statements {
            if statement.position.0 != next {
                return Err(not_next(statement.position.0));
            }
            next += 1;
        }
        if next != tree.size.0 {
            return Err(not_next(tree.size.0));
        }
        let mut sum = mark.sum;
        let mut puts = Vec::with_capacity(PUTS_PER_TRANSACTION);
        for put in statements.iter().flat_map(puts_of) {
            sum = sum.wrapping_add(digest(put.table, &put.key, &put.value));
            puts.push(put);
            // The watermark takes the last place in each transaction.
            if puts.len() == PUTS_PER_TRANSACTION - 1 {
                self.commit(&puts, mark)?;
                puts.clear();
            }
        }
        self.commit(&puts, Watermark { tree, sum })?;
        self.ask(|open| open.db.flush()).map(|_| ())
    }

    /// Reads every row and compares with the sum kept while they were taken in.
    pub fn check(&self) -> Result<(), IndexError> {
        match self.sum_of_rows()? == self.mark()?.sum {
            true => Ok(()),
            false => Err(self.senseless("sum over all rows")),
        }
    }

    fn mark(&self) -> Result<Watermark, IndexError> {
        let Some(value) = self.ask(|open| open.tables[META].get("watermark"))? else {
            return Ok(Watermark { tree: Tree::empty(), sum: 0 });
        };
        let parts = value.split_first_chunk().and_then(|(size, rest)| {
            let (root, sum) = rest.split_first_chunk()?;
            Some((*size, *root, sum.try_into().ok()?))
        });
        let (size, root, sum) = parts.ok_or_else(|| self.senseless("watermark"))?;
        let tree = Tree { size: TreeSize(u64::from_be_bytes(size)), root: Hash(root) };
        Ok(Watermark { tree, sum: u128::from_be_bytes(sum) })
    }

    /// One transaction over all tables, the watermark in it.
    fn commit(&self, puts: &[Put], mark: Watermark) -> Result<(), IndexError> {
        let Watermark { tree, sum } = mark;
        let mark = [&tree.size.0.to_be_bytes()[..], &tree.root.0, &sum.to_be_bytes()].concat();
        self.ask(|open| {
            let done = open.tables[..].transaction(|tables| {
                for put in puts {
                    tables[put.table].insert(&put.key[..], &put.value[..])?;
                }
                tables[META].insert("watermark", &mark[..])?;
                Ok::<(), ConflictableTransactionError<sled::Error>>(())
            });
            done.map_err(|error| match error {
                TransactionError::Abort(error) | TransactionError::Storage(error) => error,
            })
        })
    }

    fn check_format(&self) -> Result<(), IndexError> {
        let format = self.ask(|open| open.tables[META].get("format"))?;
        match format {
            Some(format) if format == FORMAT => Ok(()),
            Some(_) => Err(self.senseless("format")),
            None if self.ask(|open| open.tables[IDS].first())?.is_none() => {
                self.ask(|open| open.tables[META].insert("format", FORMAT)).map(|_| ())
            }
            None => Err(self.senseless("format")),
        }
    }

    /// Runs one question against sled. After a panic every further question is refused.
    fn ask<T>(&self, question: impl FnOnce(&Open) -> sled::Result<T>) -> Result<T, IndexError> {
        let open = match (&self.open, self.broken.load(Ordering::Relaxed)) {
            (Some(open), false) => open,
            _ => return Err(self.senseless("state after an earlier failure")),
        };
        let answer = sheltered(&self.path, || question(open));
        if matches!(answer, Err(IndexError::Damaged { .. })) {
            self.broken.store(true, Ordering::Relaxed);
        }
        answer
    }

    fn senseless(&self, what: &str) -> IndexError {
        IndexError::Damaged { path: self.path.clone(), why: format!("its {what} makes no sense") }
    }
}

impl Drop for Index {
    fn drop(&mut self) {
        let open = self.open.take();
        if self.broken.load(Ordering::Relaxed) {
            // Closing writes what is in memory, which is not to be trusted any more. The files are
            // about to be removed; the handle goes with the process.
            std::mem::forget(open);
        } else {
            let _ = sheltered(&self.path, || {
                drop(open);
                Ok(())
            });
        }
    }
}

fn open_sled(path: &Path) -> sled::Result<Open> {
    let config = sled::Config::new();
    // Without a flush on the clock: each append flushes, and no thread of sled's stays behind.
    let config = config.path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let db = config.open()?;
    let tables = TABLES.iter().map(|name| db.open_tree(name)).collect::<sled::Result<_>>()?;
    Ok(Open { db, tables })
}

/// Turns sled's errors and panics into ours.
fn sheltered<T>(path: &Path, run: impl FnOnce() -> sled::Result<T>) -> Result<T, IndexError> {
    use std::io::ErrorKind as Kind;
    let damaged = |why: String| IndexError::Damaged { path: path.to_owned(), why };
    match quiet::without_message(|| catch_unwind(AssertUnwindSafe(run))) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(sled::Error::Io(error))) => Err(match error.kind() {
            // sled says it in words only (config.rs, try_lock).
            Kind::Other if error.to_string().starts_with("could not acquire lock") => {
                IndexError::Busy { path: path.to_owned() }
            }
            Kind::PermissionDenied
            | Kind::ReadOnlyFilesystem
            | Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::FileTooLarge => {
                // sled hands its errors on as text for programmers; the kind says the same.
                DiskError::refused(Action::Write, path)(error.kind().into()).into()
            }
            _ => damaged(error.to_string()),
        }),
        Ok(Err(error)) => Err(damaged(error.to_string())),
        Err(panic) => {
            let said = panic.downcast_ref::<String>().map(String::as_str);
            let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(damaged(format!("sled panicked: {}", said.unwrap_or("without a word"))))
        }
    }
}

/// Everything the index keeps of a statement, each row once. Files come one by one: an anchor may have a
/// million.
fn puts_of(statement: &IndexedStatement) -> impl Iterator<Item = Put> {
    let place = statement.position.0.to_be_bytes();
    let put = |table, key: Vec<u8>| Put { table, key, value: Vec::new() };
    let worded = |table, word: &str| put(table, [&word_prefix(word)[..], &place].concat());
    let mut puts = vec![
        Put { table: IDS, key: statement.id.0.to_vec(), value: place.to_vec() },
        worded(KINDS, &statement.kind),
        worded(PARTIES, &statement.party),
        put(TIMES, [time_key(statement.time), place].concat()),
    ];
    puts.extend(statement.indicators.iter().map(|word| worded(INDICATORS, word)));
    // A statement may name an indicator twice.
    puts.sort();
    puts.dedup();
    let files = statement.evidence.iter().flat_map(move |evidence| {
        evidence.files.iter().map(move |(row, sha256)| Put {
            table: EVIDENCE,
            key: [&sha256.0[..], &place, &row.to_be_bytes()].concat(),
            value: evidence.root.0.to_vec(),
        })
    });
    puts.into_iter().chain(files)
}

/// A row's part of the sum.
fn digest(table: usize, key: &[u8], value: &[u8]) -> u128 {
    let length = (key.len() as u32).to_be_bytes();
    let Hash(digest) = Hash::of_parts(&[&[table as u8], &length, key, value]);
    let (first, _) = digest.split_at(16);
    first.iter().fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// Length first, so that no word is the beginning of another's key.
fn word_prefix(word: &str) -> Vec<u8> {
    let length = word.len() as u32;
    [&length.to_be_bytes()[..], word.as_bytes()].concat()
}

/// Flipping the sign bit sorts negative numbers before the others.
fn time_key(seconds: i64) -> [u8; 8] {
    (seconds as u64 ^ 1 << 63).to_be_bytes()
}

#[cfg(test)]
mod tests;
