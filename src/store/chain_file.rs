//! A key's own memory of what it signed, beside the key: `<name>.chain`.
//!
//! Numbers and predecessors of statements come from here, never from somebody's answer: a ledger that
//! hides a key's last statement cannot make it sign another in its place. So a statement is durable
//! here, whole, before it leaves the process, and stays until the ledger is known to hold it.
//!
//! ```text
//! treering/chain/v1
//! key 30aa…
//! ledger 9c1f…                        for each ledger that the key has signed in, by id
//! filed 6 e0b3…                       number and leaf hash of the last statement known to be filed
//! abandoned 77aa…                     leaf hashes that the next statement will void
//! unfiled 0oRYSqEBJw…                 whole statements, base64, in the order of their numbers
//! end 30aa…                           the key again: nothing was cut off
//! ```
//!
//! The newest statement is remembered outside too ([`outside`](super::outside)), so that a file that
//! came back from a backup is noticed. The file is written first: if it knows more than the outside
//! record, that was a crash; if it knows less, it is old, and the key must not sign until the past is
//! read back from the ledgers ([`ChainFile::resume`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use super::lock::{Holder, Lock};
use super::outside::{OutsideChain, OutsideError, StateFolder};
use super::record::{DamagedRecord, RecordError};
use crate::statement::chain::{Chain, Link};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::key::KeyId;
use crate::tlog::hash::{Hash, Tree};

mod comparison;
mod contents;

pub use comparison::Comparison;
pub use contents::ChainContents;
use contents::{Past, link_of};

/// Bytes of statements that may wait to be filed, over all ledgers: some hundred thousand of usual
/// length, so that a season offline fits, and a file that is still written in a second.
pub const UNFILED_BYTES_MAX: usize = 64 << 20;

/// A chain file opened for signing in one ledger. No other process has it.
#[derive(Debug)]
pub struct ChainFile {
    disk: Arc<dyn Disk>,
    path: PathBuf,
    state: StateFolder,
    /// The one ledger whose past was compared with what is remembered outside.
    ledger: LedgerId,
    contents: ChainContents,
    /// A write failed: what the disk holds is not known until it is opened again.
    broken: bool,
    _lock: Lock,
}

/// Statements being signed one after the other, none of which may leave before [`Staging::commit`].
#[derive(Debug)]
pub struct Staging<'a> {
    file: &'a mut ChainFile,
    ledger: LedgerId,
    statements: Vec<Arc<Statement>>,
}

/// Where a chain file and its outside record lie, and who is at work.
#[derive(Clone, Debug)]
pub struct ChainPlaces {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The chain file.
    pub path: PathBuf,
    /// The folder of outside records.
    pub state: StateFolder,
    /// Shown to others who wait.
    pub holder: Holder,
    /// How long to wait for them.
    pub patience: Duration,
}

/// Why a key does not sign.
#[derive(Debug, Error)]
pub enum ChainFileError {
    /// There is no chain file beside the key.
    #[error("{} is missing: it says what the key signed last", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file knows less than what is remembered outside.
    #[error(
        "{} is older than what this computer remembers: in ledger {ledger} the key has signed number {seq}",
        path.display()
    )]
    Old {
        /// The file.
        path: PathBuf,
        /// The ledger.
        ledger: LedgerId,
        /// The number signed last.
        seq: u64,
    },
    /// A statement is not the next of this key in this ledger.
    #[error("the statement is not the next one of its key in this ledger")]
    NotNext,
    /// It was opened for signing in another ledger.
    #[error("the key's memory was opened for the ledger {opened}, not for {ledger}")]
    OtherLedger {
        /// The ledger it was opened for.
        opened: LedgerId,
        /// The ledger asked about.
        ledger: LedgerId,
    },
    /// The ledger holds another statement under a number that this key gave away.
    #[error("number {seq} was given to two statements: the key may be in use in two places")]
    NumberedTwice {
        /// The number.
        seq: u64,
    },
    /// A copy of the ledger knows less than this file.
    #[error("the copy of the ledger holds less of this key than is known to be filed")]
    CopyBehind,
    /// Too much waits to be filed.
    #[error("more than {} MiB of signed statements wait to be filed", UNFILED_BYTES_MAX >> 20)]
    TooMuchUnfiled,
    /// An earlier write failed.
    #[error("an earlier write of {} failed; it must be read again", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
    },
    /// The file is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// The outside record.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl ChainFileError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            ChainFileError::Missing { .. }
            | ChainFileError::Old { .. }
            | ChainFileError::Damaged(_) => {
                "put the newest copy back, or read the past from the ledgers with --resume-chain"
                    .into()
            }
            ChainFileError::NumberedTwice { .. } => {
                "find out who else has this key; revoke it if nobody should".into()
            }
            ChainFileError::CopyBehind => "fetch a newer copy of the ledger first".into(),
            ChainFileError::TooMuchUnfiled => "file what waits (treering status shows it)".into(),
            ChainFileError::NotNext
            | ChainFileError::OtherLedger { .. }
            | ChainFileError::Broken { .. } => "run the same command again".into(),
            ChainFileError::Outside(error) => error.next_step(),
            ChainFileError::Disk(error) => error.next_step(),
        }
    }
}

impl ChainFile {
    /// Makes the empty chain file of a new key.
    pub fn create(disk: &dyn Disk, path: &Path, key: KeyId) -> Result<(), DiskError> {
        let text = ChainContents::new(key).print();
        durable::write_new(disk, path, Access::Private, text.as_bytes()).map(|_| ())
    }

    /// Opens a key's chain file for signing in one ledger, and compares what it says of that ledger
    /// with what is remembered outside.
    pub fn open(
        places: ChainPlaces,
        key: KeyId,
        ledger: LedgerId,
    ) -> Result<ChainFile, ChainFileError> {
        let (lock, outside) = lock_and_recall(&places, key)?;
        let contents = ChainContents::read(&*places.disk, &places.path)?;
        check_key(&contents, key, &places.path)?;
        if let Some(newest) = outside.last.get(&ledger)
            && !contents.ledgers.get(&ledger).is_some_and(|past| past.knows(newest))
        {
            let (path, seq) = (places.path, newest.seq);
            return Err(ChainFileError::Old { path, ledger, seq });
        }
        Ok(ChainFile::with(places, contents, ledger, lock))
    }

    /// Makes a key's past in one ledger anew, where its chain file is lost, old or damaged:
    /// `--resume-chain`.
    ///
    /// `filed` is the key's last statement in that ledger, read from a verified copy after every known
    /// mirror and witness was asked. Whatever else is known to have been signed there is abandoned: the
    /// next statement voids it. What the file says of other ledgers stays as it is; if it is less than
    /// what is remembered outside, the key signs there only after it is resumed there, too.
    pub fn resume(
        places: ChainPlaces,
        key: KeyId,
        ledger: LedgerId,
        filed: Option<Link>,
    ) -> Result<ChainFile, ChainFileError> {
        let (lock, outside) = lock_and_recall(&places, key)?;
        let mut contents = match ChainContents::read(&*places.disk, &places.path) {
            Ok(contents) if contents.key() == key => contents,
            Ok(_) | Err(ChainFileError::Missing { .. } | ChainFileError::Damaged(_)) => {
                ChainContents::new(key)
            }
            Err(error) => return Err(error),
        };
        let before = contents.ledgers.remove(&ledger).unwrap_or_default();
        if before.filed.map(|link| link.seq) > filed.map(|link| link.seq) {
            return Err(ChainFileError::CopyBehind);
        }
        let waiting = before.unfiled.iter().map(|statement| link_of(statement));
        let signed = waiting.chain(outside.last.get(&ledger).copied());
        let mut past = Past { filed, unfiled: Vec::new(), abandoned: before.abandoned };
        for link in signed.chain(before.filed) {
            match filed {
                Some(filed) if link.seq < filed.seq || link == filed => {}
                Some(filed) if link.seq == filed.seq => {
                    return Err(ChainFileError::NumberedTwice { seq: link.seq });
                }
                _ => {
                    past.abandoned.insert(link.id);
                }
            }
        }
        contents.ledgers.insert(ledger, past);
        let mut file = ChainFile::with(places, contents.clone(), ledger, lock);
        file.write(contents)?;
        Ok(file)
    }

    fn with(
        places: ChainPlaces,
        contents: ChainContents,
        ledger: LedgerId,
        lock: Lock,
    ) -> ChainFile {
        let ChainPlaces { disk, path, state, .. } = places;
        ChainFile { disk, path, state, ledger, contents, broken: false, _lock: lock }
    }

    /// What the file says.
    pub fn contents(&self) -> &ChainContents {
        &self.contents
    }

    /// Begins signing in a ledger.
    pub fn stage(&mut self, ledger: LedgerId) -> Staging<'_> {
        Staging { file: self, ledger, statements: Vec::new() }
    }

    /// Notes that the ledger holds waiting statements up to this one, inclusion checked.
    pub fn filed(&mut self, ledger: LedgerId, last: Link) -> Result<(), ChainFileError> {
        let mut contents = self.sound(ledger)?.clone();
        let past = contents.ledgers.entry(ledger).or_default();
        let place = past.unfiled.iter().position(|statement| link_of(statement) == last);
        past.file(place.ok_or(ChainFileError::NotNext)? + 1);
        self.write(contents)
    }

    /// Takes up statements of this key that the ledger holds and this file does not: each read from
    /// a verified copy, its signature, contiguity and inclusion checked. They follow on what is filed.
    pub fn catch_up(&mut self, ledger: LedgerId, held: &[Link]) -> Result<(), ChainFileError> {
        let mut contents = self.sound(ledger)?.clone();
        let past = contents.ledgers.entry(ledger).or_default();
        for link in held {
            if link.seq != past.filed.map_or(0, |filed| filed.seq + 1) {
                return Err(ChainFileError::NotNext);
            }
            match past.unfiled.first().map(|first| link_of(first)) {
                Some(waiting) if waiting == *link => past.file(1),
                Some(_) => return Err(ChainFileError::NumberedTwice { seq: link.seq }),
                None => past.filed = Some(*link),
            }
        }
        self.write(contents)?;
        match self.contents.ledgers.get(&ledger).and_then(Past::last) {
            Some(last) => self.remember(ledger, last),
            None => Ok(()),
        }
    }

    /// Gives up the waiting statements from this number on, for instance because the ledger refused
    /// one. The next statement takes that number and voids them.
    pub fn abandon(&mut self, ledger: LedgerId, from: u64) -> Result<(), ChainFileError> {
        let mut contents = self.sound(ledger)?.clone();
        let past = contents.ledgers.entry(ledger).or_default();
        let kept = past.unfiled.partition_point(|statement| statement.payload.chain.seq < from);
        let given_up: Vec<Hash> =
            past.unfiled.drain(kept..).map(|given_up| given_up.id()).collect();
        past.abandoned.extend(given_up);
        self.write(contents)
    }

    fn sound(&self, ledger: LedgerId) -> Result<&ChainContents, ChainFileError> {
        match (self.broken, ledger == self.ledger) {
            (true, _) => Err(ChainFileError::Broken { path: self.path.clone() }),
            (false, true) => Ok(&self.contents),
            (false, false) => Err(ChainFileError::OtherLedger { opened: self.ledger, ledger }),
        }
    }

    fn write(&mut self, contents: ChainContents) -> Result<(), ChainFileError> {
        self.broken = true;
        let text = contents.print();
        durable::replace(&*self.disk, &self.path, Access::Private, text.as_bytes())?;
        self.contents = contents;
        self.broken = false;
        Ok(())
    }

    fn remember(&mut self, ledger: LedgerId, newest: Link) -> Result<(), ChainFileError> {
        self.broken = true;
        let mut record = self.state.read_chain(&*self.disk, self.contents.key())?;
        record.last.insert(ledger, newest);
        self.state.write_chain(&*self.disk, &record)?;
        self.broken = false;
        Ok(())
    }
}

impl Staging<'_> {
    /// The chain that the next statement must carry.
    pub fn next_chain(&self, seen: Option<Tree>) -> Chain {
        let past = self.file.contents.ledgers.get(&self.ledger);
        let staged = self.statements.last().map(|last| link_of(last));
        let last = staged.or(past.and_then(Past::last));
        let void = match self.statements.is_empty() {
            true => past.map_or_else(Vec::new, Past::void),
            false => Vec::new(),
        };
        Chain {
            ledger: Some(self.ledger),
            seq: last.map_or(0, |link| link.seq + 1),
            prev: last.map(|link| link.id),
            seen,
            void,
        }
    }

    /// Adds a statement that carries that chain.
    pub fn push(&mut self, statement: Statement) -> Result<(), ChainFileError> {
        let contents = &self.file.contents;
        let staged = self.statements.last().map(|last| link_of(last));
        let fits = match (staged, contents.ledgers.get(&self.ledger)) {
            (None, Some(past)) => {
                let void = &statement.payload.chain.void;
                past.continues_with(contents.key(), self.ledger, &statement)
                    && past.void().iter().all(|id| void.contains(id))
            }
            _ => {
                let past = Past { filed: staged, ..Past::default() };
                past.continues_with(contents.key(), self.ledger, &statement)
            }
        };
        if !fits {
            return Err(ChainFileError::NotNext);
        }
        self.statements.push(Arc::new(statement));
        Ok(())
    }

    /// Makes the statements durable, here and outside. Only then may they leave the process.
    pub fn commit(self) -> Result<Vec<Arc<Statement>>, ChainFileError> {
        let Staging { file, ledger, statements } = self;
        let mut contents = file.sound(ledger)?.clone();
        let Some(newest) = statements.last().map(|last| link_of(last)) else {
            return Ok(statements);
        };
        let past = contents.ledgers.entry(ledger).or_default();
        past.unfiled.extend(statements.iter().cloned());
        if contents.unfiled_bytes() > UNFILED_BYTES_MAX {
            return Err(ChainFileError::TooMuchUnfiled);
        }
        file.write(contents)?;
        file.remember(ledger, newest)?;
        Ok(statements)
    }
}

fn lock_and_recall(
    places: &ChainPlaces,
    key: KeyId,
) -> Result<(Lock, OutsideChain), ChainFileError> {
    let ChainPlaces { disk, state, holder, patience, .. } = places;
    let lock = state.lock(&**disk, &state.chain(key), holder, *patience)?;
    Ok((lock, state.read_chain(&**disk, key)?))
}

fn check_key(contents: &ChainContents, key: KeyId, path: &Path) -> Result<(), DamagedRecord> {
    match contents.key() == key {
        true => Ok(()),
        false => {
            Err(RecordError::Line { line: 2, expected: "the key beside which it lies" }
                .in_file(path))
        }
    }
}
