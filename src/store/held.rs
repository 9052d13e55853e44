//! What was ever held of somebody else's ledger: remembered by its id, for ever, also after the mirror
//! is removed, because a head that was once held is what shows that a history was rewritten or cut.
//!
//! ```text
//! held/<ledger id>
//!   treering/held/v1
//!   ledger 9c1f…
//!   head 2026-03-04T09:20:00Z 2026-04-01T08:00:00Z dHJlZXJp…     since when, seen last, the whole note
//!   seen 2026-04-01T08:00:00Z dHJlZXJp…                          signed, and not tied to the head yet
//! ```
//!
//! `head` is the newest checkpoint whose tree was read to its end and found to extend the one before.
//! `seen` are checkpoints signed by the ledger's log that are not explained yet: one whose tree is just
//! being fetched, one that a partner told of, one that fits nothing that can be read. They are kept
//! until a tree shows what they are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use thiserror::Error;

use super::disk::{Access, Disk, DiskError, What};
use super::durable;
use super::layout::StoreFolder;
use super::record::{
    DamagedRecord, RecordError, RecordReader, read_time, same_spelling, time_text,
};
use crate::statement::envelope::LedgerId;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Hash, Tree};

const FORMAT: &str = "treering/held/v1";

/// Bytes of a record: a head and unexplained ones, of at most a megabyte each and mostly of 400 bytes.
const CEILING: u64 = 64 << 20;

/// Unexplained checkpoints kept of one ledger. Only the ledger's own log can make them.
pub const SEEN_MAX: usize = 256;

/// What is held of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The ledger.
    pub ledger: LedgerId,
    /// The newest head, if one was ever held.
    pub head: Option<HeldHead>,
    /// Signed checkpoints that are not explained yet, in the order they came.
    pub seen: Vec<Seen>,
}

/// A head that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldHead {
    /// Since when it is held.
    pub since: Timestamp,
    /// When a source last showed it, or a beginning of it that was asked for.
    pub confirmed: Timestamp,
    /// The whole note.
    pub checkpoint: SignedCheckpoint,
}

/// A checkpoint that is signed and not explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// When it came.
    pub at: Timestamp,
    /// The whole note.
    pub checkpoint: SignedCheckpoint,
}

/// Why what is held cannot be read or written.
#[derive(Debug, Error)]
pub enum HeldError {
    /// A record is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// The log makes one unexplained checkpoint after another.
    #[error("{SEEN_MAX} unexplained checkpoints of ledger {0} are kept already")]
    TooMany(LedgerId),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

/// What a store holds of all ledgers of others. Records change under the lock of
/// [`super::mirrors::Mirrors`].
#[derive(Clone, Debug)]
pub struct HeldHeads {
    disk: Arc<dyn Disk>,
    store: StoreFolder,
}

impl Held {
    /// Nothing.
    pub fn nothing(ledger: LedgerId) -> Held {
        Held { ledger, head: None, seen: Vec::new() }
    }

    /// The tree of the head.
    pub fn tree(&self) -> Option<Tree> {
        self.head.as_ref().map(|head| head.checkpoint.tree())
    }

    /// Keeps a checkpoint that is not explained yet; one with the same text is kept already.
    pub fn keep_seen(
        &mut self,
        checkpoint: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), HeldError> {
        if self.seen.iter().any(|seen| seen.checkpoint.checkpoint() == checkpoint.checkpoint()) {
            return Ok(());
        }
        if self.seen.len() >= SEEN_MAX {
            return Err(HeldError::TooMany(self.ledger));
        }
        self.seen.push(Seen { at, checkpoint: checkpoint.clone() });
        Ok(())
    }

    fn print(&self) -> String {
        let note = |checkpoint: &SignedCheckpoint| STANDARD.encode(checkpoint.to_string());
        let mut text = format!("{FORMAT}\nledger {}\n", self.ledger);
        if let Some(HeldHead { since, confirmed, checkpoint }) = &self.head {
            let (since, confirmed) = (time_text(*since), time_text(*confirmed));
            text.push_str(&format!("head {since} {confirmed} {}\n", note(checkpoint)));
        }
        for Seen { at, checkpoint } in &self.seen {
            text.push_str(&format!("seen {} {}\n", time_text(*at), note(checkpoint)));
        }
        text
    }

    fn parse(bytes: &[u8]) -> Result<Held, RecordError> {
        let note = |text: &str| SignedCheckpoint::parse(&STANDARD.decode(text).ok()?).ok();
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let mut held = Held::nothing(LedgerId(reader.parsed("ledger", Hash::from_hex)?));
        if let Some(line) = reader.optional("head") {
            let head = || {
                let (since, rest) = line.split_once(' ')?;
                let (confirmed, checkpoint) = rest.split_once(' ')?;
                let (since, confirmed) = (read_time(since)?, read_time(confirmed)?);
                Some(HeldHead { since, confirmed, checkpoint: note(checkpoint)? })
            };
            held.head = Some(head().ok_or_else(|| reader.wrong("two times and a checkpoint"))?);
        }
        while let Some(line) = reader.optional("seen") {
            let seen = || {
                let (at, checkpoint) = line.split_once(' ')?;
                Some(Seen { at: read_time(at)?, checkpoint: note(checkpoint)? })
            };
            held.seen.push(seen().ok_or_else(|| reader.wrong("a time and a checkpoint"))?);
        }
        reader.end(bytes, &held.print())?;
        Ok(held)
    }
}

impl HeldHeads {
    /// Those of this store; nothing is read yet.
    pub fn of(disk: Arc<dyn Disk>, store: StoreFolder) -> HeldHeads {
        HeldHeads { disk, store }
    }

    fn folder(&self) -> PathBuf {
        self.store.path().join("held")
    }

    /// What is held of a ledger; nothing, if nothing is known of it.
    pub fn read(&self, ledger: LedgerId) -> Result<Held, HeldError> {
        let path = self.folder().join(ledger.to_string());
        let Some(bytes) = durable::read_if_there(&*self.disk, &path, CEILING)? else {
            return Ok(Held::nothing(ledger));
        };
        let held = Held::parse(&bytes).and_then(|held| match held.ledger == ledger {
            true => Ok(held),
            false => Err(RecordError::Line { line: 2, expected: "the ledger of its name" }),
        });
        Ok(held.map_err(|why| why.in_file(&path))?)
    }

    /// Remembers it, durably.
    pub fn write(&self, held: &Held) -> Result<(), HeldError> {
        let (disk, folder) = (&*self.disk, self.folder());
        durable::create_folders(disk, self.store.path(), &folder, Access::Private)?;
        let path = folder.join(held.ledger.to_string());
        Ok(durable::replace(disk, &path, Access::Private, held.print().as_bytes())?)
    }

    /// The ledgers of which anything is held, ascending.
    pub fn ledgers(&self) -> Result<Vec<LedgerId>, HeldError> {
        let listed = durable::list(&*self.disk, &self.folder())?;
        let files = listed.iter().filter(|listed| listed.what == What::File);
        Ok(files.filter_map(|listed| Hash::from_hex(&listed.name).map(LedgerId)).collect())
    }

    /// The newest heads of all ledgers.
    pub fn heads(&self) -> Result<BTreeMap<LedgerId, SignedCheckpoint>, HeldError> {
        let mut heads = BTreeMap::new();
        for ledger in self.ledgers()? {
            let head = self.read(ledger)?.head;
            heads.extend(head.map(|head| (ledger, head.checkpoint)));
        }
        Ok(heads)
    }
}

/// A list of heads that one party gives to others.
///
/// ```text
/// treering/heads/v1
/// 9c1f… dHJlZXJp…           a ledger's id, the newest checkpoint held of it
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadList {
    /// The newest head of each ledger.
    pub heads: BTreeMap<LedgerId, SignedCheckpoint>,
}

impl HeadList {
    /// The name under which a store publishes it, beside the public folders.
    pub const FILE: &str = "heads";
    /// Ceiling of a list, in bytes: some forty thousand ledgers.
    pub const BYTES_MAX: u64 = 32 << 20;
    const FORMAT: &str = "treering/heads/v1";

    /// The list as a file.
    pub fn print(&self) -> String {
        let mut text = format!("{}\n", HeadList::FORMAT);
        for (ledger, checkpoint) in &self.heads {
            text.push_str(&format!("{ledger} {}\n", STANDARD.encode(checkpoint.to_string())));
        }
        text
    }

    /// Reads a list. Whose checkpoints they are is not checked.
    pub fn parse(bytes: &[u8]) -> Result<HeadList, RecordError> {
        let text = std::str::from_utf8(bytes).map_err(|_| RecordError::NotText)?;
        let (first, rest) = text.split_once('\n').ok_or(RecordError::NotText)?;
        if first != HeadList::FORMAT {
            let found = first.chars().take(40).collect();
            return Err(RecordError::OtherFormat { expected: HeadList::FORMAT, found });
        }
        let mut list = HeadList::default();
        for (line, entry) in (2..).zip(rest.split_terminator('\n')) {
            let read = || {
                let (ledger, note) = entry.split_once(' ')?;
                let checkpoint = SignedCheckpoint::parse(&STANDARD.decode(note).ok()?).ok()?;
                Some((LedgerId(Hash::from_hex(ledger)?), checkpoint))
            };
            let wrong = RecordError::Line { line, expected: "a ledger's id and a checkpoint" };
            let (ledger, checkpoint) = read().ok_or(wrong)?;
            list.heads.insert(ledger, checkpoint);
        }
        same_spelling(bytes, &list.print())?;
        Ok(list)
    }
}
