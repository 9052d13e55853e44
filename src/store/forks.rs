//! Fork proofs found, kept for ever, and what this store knows of each beside the proof itself.
//!
//! ```text
//! forks/<id>.fork        the proof, as anybody can check it (schemas/fork.md); id: the first 16 digits
//!                        of SHA-256 of its bytes
//! forks/<id>.record      treering/fork-record/v1
//!                        ledger 9c1f…
//!                        found 2026-03-04T09:20:00Z
//!                        by sync of val-trupchun
//!                        freezes yes                       no, where one side's key was retired before
//!                        resolved 2026-03-09T10:00:00Z     once people have decided
//!                        keep A
//!                        reason the site's laptop was stolen; told by telephone
//! ```

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use super::layout::StoreFolder;
use super::record::{DamagedRecord, RecordError, RecordReader, read_time, time_text};
use crate::statement::envelope::LedgerId;
use crate::statement::fork_file::{ForkFile, ForkUnreadable, MAX_FORK_BYTES, Side};
use crate::tlog::hash::Hash;

const FORMAT: &str = "treering/fork-record/v1";

/// Bytes of a record: a few lines and a reason.
const CEILING: u64 = 8_192;

/// The longest reason, in bytes.
pub const REASON_BYTES_MAX: usize = 1_000;

/// The name of a fork proof in a store.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ForkId(String);

/// What a store knows of a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkRecord {
    /// The ledger that forked.
    pub ledger: LedgerId,
    /// When it was found.
    pub found: Timestamp,
    /// By what.
    pub by: String,
    /// Whether the ledger is frozen here until it is resolved.
    pub freezes: bool,
    /// What people decided.
    pub resolution: Option<Resolution>,
}

/// What people decided about a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolution {
    /// When.
    pub at: Timestamp,
    /// The history that stands.
    pub keep: Side,
    /// Why, in their words.
    pub reason: String,
}

/// A fork proof and its record.
#[derive(Clone, Debug)]
pub struct KeptFork {
    /// Its name.
    pub id: ForkId,
    /// What the store knows of it.
    pub record: ForkRecord,
    /// The proof.
    pub file: ForkFile,
}

/// Why forks are not read or kept.
#[derive(Debug, Error)]
pub enum ForksError {
    /// A record is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// A proof cannot be read.
    #[error("the fork proof {id} cannot be read: {why}")]
    Unreadable {
        /// Its name.
        id: String,
        /// What is wrong with it.
        why: ForkUnreadable,
    },
    /// There is none of this name, or several.
    #[error("no fork proof here, or more than one, has a name that begins with {0:?}")]
    NotFound(String),
    /// A reason that does not fit on a line.
    #[error("a reason has 1 to {REASON_BYTES_MAX} bytes and no line breaks")]
    Reason,
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl ForkId {
    /// The first 16 digits of SHA-256 of the file's bytes.
    pub fn of(file: &ForkFile) -> ForkId {
        ForkId(Hash::of(file.to_json().as_bytes()).to_string()[..16].to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ForkId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// `A` is the smaller checkpoint, `B` the larger.
pub fn letter(side: Side) -> &'static str {
    match side {
        Side::Smaller => "A",
        Side::Larger => "B",
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

impl ForkRecord {
    fn print(&self) -> String {
        let ForkRecord { ledger, found, by, freezes, resolution } = self;
        let (found, freezes) = (time_text(*found), yes_or_no(*freezes));
        let mut text =
            format!("{FORMAT}\nledger {ledger}\nfound {found}\nby {by}\nfreezes {freezes}\n");
        if let Some(Resolution { at, keep, reason }) = resolution {
            let (at, keep) = (time_text(*at), letter(*keep));
            text.push_str(&format!("resolved {at}\nkeep {keep}\nreason {reason}\n"));
        }
        text
    }

    fn parse(bytes: &[u8]) -> Result<ForkRecord, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let mut record = ForkRecord {
            ledger: LedgerId(reader.parsed("ledger", Hash::from_hex)?),
            found: reader.parsed("found", read_time)?,
            by: reader.value("by")?.to_owned(),
            freezes: reader.parsed("freezes", |word| match word {
                "yes" => Some(true),
                "no" => Some(false),
                _ => None,
            })?,
            resolution: None,
        };
        if let Some(at) = reader.optional("resolved") {
            record.resolution = Some(Resolution {
                at: read_time(at).ok_or_else(|| reader.wrong("a time"))?,
                keep: reader.parsed("keep", |word| match word {
                    "A" => Some(Side::Smaller),
                    "B" => Some(Side::Larger),
                    _ => None,
                })?,
                reason: reader.value("reason")?.to_owned(),
            });
        }
        reader.end(bytes, &record.print())?;
        Ok(record)
    }
}

/// Whether two proofs are about the same two checkpoints, whoever signed beside the log.
fn same_pair(one: &ForkFile, other: &ForkFile) -> bool {
    let texts = |file: &ForkFile| {
        let mut texts =
            [file.proof.smaller(), file.proof.larger()].map(|side| side.note().text().to_owned());
        texts.sort();
        texts
    };
    texts(one) == texts(other)
}

/// The fork proofs of a store. They change under the lock of [`super::mirrors::Mirrors`].
#[derive(Clone, Debug)]
pub struct Forks {
    disk: Arc<dyn Disk>,
    store: StoreFolder,
}

impl Forks {
    /// Those of this store; nothing is read yet.
    pub fn of(disk: Arc<dyn Disk>, store: StoreFolder) -> Forks {
        Forks { disk, store }
    }

    /// Where a proof lies.
    pub fn path(&self, id: &ForkId) -> PathBuf {
        self.store.forks().join(format!("{id}.fork"))
    }

    fn record_path(&self, id: &ForkId) -> PathBuf {
        self.store.forks().join(format!("{id}.record"))
    }

    /// Keeps a proof, durably. One about the same two checkpoints that is kept already stays as it is,
    /// with its record, and is given instead.
    pub fn keep(&self, file: &ForkFile, record: &ForkRecord) -> Result<KeptFork, ForksError> {
        let (disk, id) = (&*self.disk, ForkId::of(file));
        if let Some(same) = self.list()?.into_iter().find(|fork| same_pair(&fork.file, file)) {
            return Ok(same);
        }
        durable::create_folders(disk, self.store.path(), &self.store.forks(), Access::Public)?;
        durable::write_new(disk, &self.path(&id), Access::Public, file.to_json().as_bytes())?;
        let there = self.read_record(&id)?;
        if there.is_none() {
            let text = record.print();
            durable::replace(disk, &self.record_path(&id), Access::Private, text.as_bytes())?;
        }
        Ok(KeptFork { id, record: there.unwrap_or_else(|| record.clone()), file: file.clone() })
    }

    /// All of them, by name. A proof without a record was found when the power went: it freezes.
    pub fn list(&self) -> Result<Vec<KeptFork>, ForksError> {
        let listed = durable::list(&*self.disk, &self.store.forks())?;
        let ids = listed.iter().filter_map(|listed| listed.name.strip_suffix(".fork"));
        ids.map(|id| self.read(ForkId(id.to_owned()))).collect()
    }

    fn read(&self, id: ForkId) -> Result<KeptFork, ForksError> {
        let bytes = durable::read(&*self.disk, &self.path(&id), MAX_FORK_BYTES as u64)?;
        let unreadable = |why| ForksError::Unreadable { id: id.to_string(), why };
        let file = ForkFile::read(&bytes).map_err(unreadable)?;
        let record = self.read_record(&id)?;
        let record = record.unwrap_or_else(|| ForkRecord {
            ledger: file.ledger().unwrap_or(LedgerId(Hash([0; Hash::LENGTH]))),
            found: Timestamp::UNIX_EPOCH,
            by: "an interrupted command".into(),
            freezes: true,
            resolution: None,
        });
        Ok(KeptFork { id, record, file })
    }

    fn read_record(&self, id: &ForkId) -> Result<Option<ForkRecord>, ForksError> {
        let path = self.record_path(id);
        let Some(bytes) = durable::read_if_there(&*self.disk, &path, CEILING)? else {
            return Ok(None);
        };
        Ok(Some(ForkRecord::parse(&bytes).map_err(|why| why.in_file(&path))?))
    }

    /// The one whose name begins so.
    pub fn find(&self, beginning: &str) -> Result<KeptFork, ForksError> {
        let all = self.list()?.into_iter().filter(|fork| fork.id.0.starts_with(beginning));
        match <[KeptFork; 1]>::try_from(all.collect::<Vec<_>>()) {
            Ok([fork]) => Ok(fork),
            Err(_) => Err(ForksError::NotFound(beginning.to_owned())),
        }
    }

    /// The forks of a ledger that nobody has resolved: nothing of it is fetched or cosigned until
    /// then.
    pub fn freezing(&self, ledger: LedgerId) -> Result<Vec<KeptFork>, ForksError> {
        let mut forks = self.list()?;
        forks.retain(|fork| {
            fork.record.ledger == ledger && fork.record.freezes && fork.record.resolution.is_none()
        });
        Ok(forks)
    }

    /// Notes what people decided; it stays in every report.
    pub fn resolve(&self, fork: &KeptFork, resolution: Resolution) -> Result<(), ForksError> {
        let reason = &resolution.reason;
        if reason.is_empty()
            || reason.len() > REASON_BYTES_MAX
            || reason.chars().any(char::is_control)
        {
            return Err(ForksError::Reason);
        }
        let record = ForkRecord { resolution: Some(resolution), ..fork.record.clone() };
        let path = self.record_path(&fork.id);
        durable::replace(&*self.disk, &path, Access::Private, record.print().as_bytes())?;
        Ok(())
    }
}
