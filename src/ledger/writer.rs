//! The writer: opens a ledger, takes statements, signs what it has grown to.
//!
//! A commit is told as a story of crashes. At each step it says what opening finds if the power goes
//! there:
//!
//! ```text
//! judge        every statement, on a copy of the book             nothing happened
//! keys         the log keys, opened                               nothing happened
//! write        bundles and tiles under new names, each durable    names beyond the head: removed
//! read back    entries → leaf hashes → tiles → root               the same
//! move         the head, with the outside record around it        finished or dropped, by the record
//! sign         the checkpoint, replaced durably                   signed again: same text, same bytes
//! acknowledge  the statements are in the ledger
//! ```
//!
//! Any failure once writing has begun poisons the writer: going on means opening again, which looks
//! again.

use std::collections::BTreeSet;
use std::sync::Arc;

use thiserror::Error;

use super::book::{Book, Refusal};
use super::growth::{GrowthError, Present, TreeFault, check_tiles, growth, read_back};
use super::read::{self, LedgerUnreadable, ledger_in};
use crate::statement::authority::LogKeyTerm;
use crate::statement::envelope::Statement;
use crate::store::disk::{Disk, DiskError};
use crate::store::heads::{GuardedHead, Head, HeadError, HeadPlaces, SignableHead};
use crate::store::outside::Incarnation;
use crate::store::public::{PublicError, PublicFolder};
use crate::store::safe_name::SafeName;
use crate::tlog::bundle::Bundle;
use crate::tlog::checkpoint::{Checkpoint, SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::{PublicKey, SecretKey};
use crate::tlog::frontier::Frontier;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};
use crate::tlog::note::NoteError;
use crate::tlog::tile::Tile;

/// How many of the latest signed sizes keep their partial tiles, so that a reader who fetched a
/// checkpoint a moment ago still finds its tiles.
const SIZES_KEPT: usize = 4;

/// A ledger open for writing. The store's lock is the caller's to hold.
#[derive(Debug)]
pub struct Writer {
    folder: PublicFolder,
    book: Book,
    /// Absent once a failure left it unclear what is on the disk.
    head: Option<GuardedHead>,
    checkpoint: SignedCheckpoint,
    /// Sizes whose partial tiles may still be there.
    recent: BTreeSet<TreeSize>,
}

/// Gives the secret half of a log key, for example by asking for a passphrase.
pub type LogKeys<'a> = &'a mut dyn FnMut(&PublicKey) -> Result<SecretKey, LogKeyMissing>;

/// A log key that is not at hand.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{why}")]
pub struct LogKeyMissing {
    /// Why, for people.
    pub why: String,
}

/// What is in the ledger now.
#[derive(Clone, Debug)]
pub struct Appended {
    /// The position of the first statement of the batch.
    pub first: Position,
    /// The checkpoint that covers all of them.
    pub checkpoint: SignedCheckpoint,
}

/// Why a ledger does not open for writing.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The statements under the head cannot be read.
    #[error(transparent)]
    Unreadable(#[from] LedgerUnreadable),
    /// A statement may rule authority in a way this program does not know, so that it can judge no
    /// further one, and cannot say which key signs the head.
    #[error(
        "statement {0} may decide who signs, and is of a kind or version that it does not know"
    )]
    NotUnderstood(Position),
    /// The guard refuses, or the head cannot be read.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The public folder is behind a checkpoint that was signed, or ahead of its own head.
    #[error("{head} statements were signed, but the public folder is at {checkpoint}: {found}")]
    NotWhatWasSigned {
        /// The remembered head.
        head: TreeSize,
        /// The checkpoint in the folder.
        checkpoint: String,
        /// What the files are.
        found: String,
    },
    /// The public folder cannot be read.
    #[error(transparent)]
    Public(#[from] PublicError),
    /// Signing the head again failed.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// Why a head is not signed.
#[derive(Debug, Error)]
pub enum SignError {
    /// A log key is not at hand.
    #[error(transparent)]
    Key(#[from] LogKeyMissing),
    /// The signatures do not make a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The disk refuses.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// Why statements are not in the ledger.
#[derive(Debug, Error)]
pub enum AppendError {
    /// One of them is refused; nothing of the batch was written.
    #[error("statement {index} of the batch is refused: {refusal}")]
    Refused {
        /// Its index in the batch.
        index: usize,
        /// Why.
        refusal: Refusal,
    },
    /// An earlier failure left it unclear what is on the disk.
    #[error("an earlier write failed; the ledger must be opened again")]
    Poisoned,
    /// The right edge of the ledger cannot be read.
    #[error(transparent)]
    Growth(#[from] GrowthError<PublicError>),
    /// The disk refuses.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// What was written reads back differently. Nothing was signed.
    #[error("what was just written is not what was meant to be: {0}")]
    ReadBack(#[from] TreeFault<PublicError>),
    /// The head does not move.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// The head is not signed. Where a log key is missing nothing was written; otherwise opening signs it.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl Present for PublicFolder {
    type Error = PublicError;
    fn tile(&self, tile: Tile) -> Result<Vec<Hash>, PublicError> {
        PublicFolder::tile(self, tile)
    }
    fn bundle(&self, bundle: Bundle) -> Result<Vec<Vec<u8>>, PublicError> {
        PublicFolder::bundle(self, bundle)
    }
}

impl Writer {
    /// Founds a ledger in an empty public folder: genesis and what is signed with it.
    pub fn found(
        places: HeadPlaces,
        name: &SafeName,
        statements: &[Statement],
        log_keys: LogKeys<'_>,
        incarnation: Incarnation,
    ) -> Result<Writer, AppendError> {
        let refused = |index| move |refusal| AppendError::Refused { index, refusal };
        let [genesis, rest @ ..] = statements else {
            panic!("ledger: a ledger is founded with its genesis");
        };
        let folder = folder_of(&places, name);
        let mut book = Book::found(genesis).map_err(refused(0))?;
        for (index, statement) in (1..).zip(rest) {
            book.admit(statement, &mut |_| None).map_err(refused(index))?;
        }
        let keys = signing_keys(&book, log_keys)?;
        folder.create()?;
        grow(&folder, &Frontier::new(), statements, book.tree())?;
        let origin = book.authority().genesis().origin.clone();
        let head = Head::new(book.ledger(), origin, book.tree(), incarnation);
        let signable = GuardedHead::found(places, head)?;
        let checkpoint = sign(&signable, &folder, &keys)?;
        let recent = BTreeSet::from([book.tree().size]);
        Ok(Writer { folder, book, head: Some(signable.signed()), checkpoint, recent })
    }

    /// Opens a ledger for writing, after completing what a crash interrupted.
    pub fn open(
        places: HeadPlaces,
        name: &SafeName,
        log_keys: LogKeys<'_>,
    ) -> Result<Writer, OpenError> {
        let folder = folder_of(&places, name);
        let ledger = ledger_in(&folder)?;
        let guarded = GuardedHead::open(places, ledger)?;
        let head = guarded.head().checkpoint.clone();
        let published = folder.checkpoint();
        let not_signed = |found: String| OpenError::NotWhatWasSigned {
            head: head.tree.size,
            checkpoint: match &published {
                Ok(Some(checkpoint)) => checkpoint.tree().size.to_string(),
                Ok(None) => "missing".into(),
                Err(_) => "unreadable".into(),
            },
            found,
        };
        let book = match read::book(&folder, ledger, head.tree.size) {
            Err(fault) if is_damage(&fault) => return Err(not_signed(fault.to_string())),
            read => read?,
        };
        if book.tree() != head.tree {
            return Err(not_signed(format!("its statements have the root {}", book.tree().root)));
        }
        if head != Checkpoint::new(book.authority().genesis().origin.clone(), head.tree) {
            return Err(not_signed(format!("a head with the text of {}", head.origin)));
        }
        if let Some(position) = book.authority().undecidable() {
            return Err(OpenError::NotUnderstood(position));
        }
        if let Err(fault) = check_tiles(&folder, TreeSize(0), head.tree) {
            return Err(not_signed(fault.to_string()));
        }
        let checkpoint = match &published {
            Ok(Some(published)) if published.tree().size > head.tree.size => {
                return Err(not_signed("the head of the store was rolled back".into()));
            }
            Ok(Some(published)) if contradicts(published, &folder, &book) => {
                return Err(not_signed("a signed checkpoint of another history".into()));
            }
            Ok(Some(published)) if is_signed_head(published, &book) => Some(published.clone()),
            // Older, missing, damaged: the head was moved and its signature never became durable.
            _ => None,
        };
        let (guarded, checkpoint) = match checkpoint {
            Some(checkpoint) => (guarded, checkpoint),
            None => {
                let keys = signing_keys(&book, log_keys)?;
                let signable = guarded.sign_again()?;
                let checkpoint = sign(&signable, &folder, &keys)?;
                (signable.signed(), checkpoint)
            }
        };
        let head = head.tree.size;
        let mut recent = folder.remove_beyond(head).map_err(PublicError::Disk)?;
        recent.insert(head);
        Ok(Writer { folder, book, head: Some(guarded), checkpoint, recent })
    }

    /// What the ledger's statements would add up to with these; nothing is written. A signer asks
    /// before it spends a number of its chain on a statement that would be refused.
    pub fn judge(&self, statements: &[Statement]) -> Result<Book, AppendError> {
        let covered = self.book.tree().size;
        let mut book = self.book.clone();
        for (index, checked) in self.book.check_signatures(statements).into_iter().enumerate() {
            let root_at = &mut |size| read::root_at(&self.folder, size, covered);
            book.admit_checked(checked, root_at)
                .map_err(|refusal| AppendError::Refused { index, refusal })?;
        }
        Ok(book)
    }

    /// Files a batch of statements: all of them or none.
    pub fn append(
        &mut self,
        statements: &[Statement],
        log_keys: LogKeys<'_>,
        incarnation: Incarnation,
    ) -> Result<Appended, AppendError> {
        if self.head.is_none() {
            return Err(AppendError::Poisoned);
        }
        if statements.is_empty() {
            let first = Position(self.book.tree().size.0);
            return Ok(Appended { first, checkpoint: self.checkpoint.clone() });
        }
        let before = self.book.frontier().clone();
        let book = self.judge(statements)?;
        let keys = signing_keys(&book, log_keys)?;
        let guarded = self.head.take().ok_or(AppendError::Poisoned)?;
        grow(&self.folder, &before, statements, book.tree())?;
        let signable = guarded.advance(book.tree(), incarnation)?;
        let checkpoint = sign(&signable, &self.folder, &keys)?;

        self.book = book;
        self.head = Some(signable.signed());
        self.checkpoint = checkpoint.clone();
        self.forget_superseded();
        Ok(Appended { first: Position(before.size().0), checkpoint })
    }

    /// Removes partial tiles that no recent checkpoint needs. Failing to is no failure of the commit.
    fn forget_superseded(&mut self) {
        self.recent.insert(self.book.tree().size);
        let Some(oldest_kept) = self.recent.iter().rev().nth(SIZES_KEPT - 1).copied() else {
            return;
        };
        let kept = self.recent.split_off(&oldest_kept);
        if let Some(oldest) = self.recent.first() {
            let kept: Vec<TreeSize> = kept.iter().copied().collect();
            let _ = self.folder.remove_superseded(*oldest, &kept);
        }
        self.recent = kept;
    }

    /// What the ledger's statements add up to.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The signed head.
    pub fn checkpoint(&self) -> &SignedCheckpoint {
        &self.checkpoint
    }

    /// The public folder.
    pub fn folder(&self) -> &PublicFolder {
        &self.folder
    }
}

fn folder_of(places: &HeadPlaces, name: &SafeName) -> PublicFolder {
    PublicFolder::new(Arc::clone(&places.disk) as Arc<dyn Disk>, places.store.ledger(name))
}

/// Writes what the tree grows by, and reads it back.
fn grow(
    folder: &PublicFolder,
    before: &Frontier,
    statements: &[Statement],
    expected: Tree,
) -> Result<(), AppendError> {
    let entries: Vec<&[u8]> = statements.iter().map(Statement::bytes).collect();
    let leaves: Vec<Hash> = statements.iter().map(Statement::id).collect();
    let files = growth(folder, before, &entries, &leaves)?;
    folder.write_new(files.into_iter().map(|file| (file.path, file.bytes)).collect())?;
    Ok(read_back(folder, before.size(), expected)?)
}

/// The secret halves of every log key in force, older ones first. Asked for before anything is written:
/// a passphrase that nobody remembers must not leave a head without its signature.
fn signing_keys(book: &Book, log_keys: LogKeys<'_>) -> Result<Vec<SecretKey>, SignError> {
    let LogKeyTerm { required, beside, .. } = book.authority().log_keys_in_force();
    let all = beside.iter().chain([required]);
    let keys = all.map(|key| match log_keys(key)? {
        secret if secret.public() == *key => Ok(secret),
        _ => Err(LogKeyMissing { why: "the key at hand is not the ledger's log key".into() }),
    });
    Ok(keys.collect::<Result<_, _>>()?)
}

/// Signs the head with these log keys and publishes it.
fn sign(
    head: &SignableHead,
    folder: &PublicFolder,
    keys: &[SecretKey],
) -> Result<SignedCheckpoint, SignError> {
    let lines = keys.iter().map(|key| head.sign(key)).collect();
    let checkpoint = SignedCheckpoint::new(head.head().checkpoint.clone(), lines)?;
    folder.publish(&checkpoint)?;
    Ok(checkpoint)
}

/// Whether files under the head are gone or are not what they were, rather than out of reach.
fn is_damage(fault: &LedgerUnreadable) -> bool {
    match fault {
        LedgerUnreadable::Public(PublicError::Disk(fault)) => {
            !matches!(fault, DiskError::Refused { .. }) || fault.is_not_found()
        }
        LedgerUnreadable::Public(_) | LedgerUnreadable::Statement(..) => true,
        LedgerUnreadable::NoLedger(_) | LedgerUnreadable::Refused(..) => false,
    }
}

/// Whether the ledger's own log has signed a tree that the book's does not begin with. What nobody
/// signed is damage, and contradicts nothing.
fn contradicts(checkpoint: &SignedCheckpoint, folder: &PublicFolder, book: &Book) -> bool {
    let (tree, here) = (checkpoint.tree(), book.tree());
    let is_signed = book
        .authority()
        .log_keys()
        .any(|key| checkpoint.note().check([&log_vkey(checkpoint.origin(), key)]).is_ok());
    is_signed && read::root_at(folder, tree.size, here.size) != Some(tree.root)
}

/// Whether this checkpoint is the head under the signature it needs.
fn is_signed_head(checkpoint: &SignedCheckpoint, book: &Book) -> bool {
    let key = log_vkey(checkpoint.origin(), book.authority().log_keys_in_force().required);
    checkpoint.tree() == book.tree() && checkpoint.note().check([&key]).is_ok()
}
