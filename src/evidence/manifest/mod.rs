//! The manifest: the rows behind an evidence root, as a file that is written and read as a stream.
//!
//! ```text
//! {"v": 1, "profile": "treering/files/v1"}                 header
//! {"row": row bytes, "show": [disclosure bytes, …]}        a row that is shown
//! {"withheld": row hash}                                   a row its owner keeps back
//! {"erased": row hash}                                     a row whose content is gone
//! {"root": hash, "rows": n, "bytes": n}                    trailer
//! ```
//!
//! A CBOR sequence of canonical items; no trailer means the file was cut. Rows ascend by row hash,
//! so their order says nothing about the order of files. `bytes` adds up the files of the rows
//! shown in this copy, so it never gives away the size of one that is not. Every form of a row stands
//! for the same leaf: whatever an owner withholds or erases, the root stays.

mod reader;
mod writer;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use reader::{ManifestReader, read_one};
pub use writer::ManifestWriter;

use super::row::{Disclosure, MAX_DISCLOSURE_BYTES, MAX_ROW_BYTES, Row, RowError};
use super::sequence::SequenceError;
use crate::statement::cbor::DecodeError;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

/// The version this program writes and reads.
pub const VERSION: u64 = 1;

/// The ceiling of one item: the longest row and path, and as much again for eleven short
/// disclosures. No file of this profile comes near it.
pub const MAX_ITEM_BYTES: usize = 64 * 1024;
const _: () = assert!(MAX_ROW_BYTES + 2 * MAX_DISCLOSURE_BYTES < MAX_ITEM_BYTES);

/// One row, in one of the forms it may stand in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManifestRow {
    /// Shown, with the disclosures that are shown, in canonical order of their names.
    Shown {
        /// The row.
        row: Row,
        /// What of it is opened.
        show: Vec<Disclosure>,
    },
    /// Kept back in this copy.
    Withheld(Hash),
    /// Erased: where an `evidence.erase` stands, in every copy.
    Erased(Hash),
}

impl ManifestRow {
    /// The leaf of the evidence tree, whatever the form.
    pub fn hash(&self) -> Hash {
        match self {
            ManifestRow::Shown { row, .. } => row.hash(),
            ManifestRow::Withheld(hash) | ManifestRow::Erased(hash) => *hash,
        }
    }
}

/// What the end of a manifest says about all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    /// Number and Merkle root of all rows: what the anchoring statement signs.
    pub tree: Tree,
    /// Bytes of the files of the rows shown in this copy.
    pub bytes: u64,
    /// Rows shown in this copy.
    pub shown: u64,
    /// Rows withheld in this copy.
    pub withheld: u64,
    /// Rows erased.
    pub erased: u64,
}

impl Totals {
    fn new() -> Totals {
        Totals { tree: Tree::empty(), bytes: 0, shown: 0, withheld: 0, erased: 0 }
    }

    /// Counts a row; `None` if the bytes pass 2^63 − 1.
    fn count(&mut self, row: &ManifestRow) -> Option<()> {
        self.tree.size = TreeSize(self.tree.size.0 + 1);
        match row {
            ManifestRow::Shown { row, .. } => {
                self.shown += 1;
                let bytes = self.bytes.checked_add(row.size())?;
                self.bytes = i64::try_from(bytes).ok().map(|_| bytes)?;
            }
            ManifestRow::Withheld(_) => self.withheld += 1,
            ManifestRow::Erased(_) => self.erased += 1,
        }
        Some(())
    }

    /// Whether every row is shown, so that `bytes` is the size of the whole batch.
    pub fn is_complete(&self) -> bool {
        self.shown == self.tree.size.0
    }
}

/// Why a manifest is not taken.
#[derive(Debug, Error)]
pub enum ManifestError {
    /// Reading or writing failed, or an item is cut or too large.
    #[error("the manifest {error} (after {rows} rows)")]
    Sequence {
        /// Rows read before.
        rows: TreeSize,
        /// What is wrong with the stream.
        #[source]
        error: SequenceError,
    },
    /// The stream ends without a trailer.
    #[error("the manifest is cut off after {0} rows: its end is missing")]
    Truncated(TreeSize),
    /// The first item is no header.
    #[error("this is not a manifest: {0}")]
    Header(DecodeError),
    /// A version of another program.
    #[error("the manifest has version {0}; this program reads version {VERSION}")]
    UnknownVersion(u64),
    /// Attributes of another kind.
    #[error("the manifest's attributes are of profile {0:?}, which this program does not know")]
    UnknownProfile(String),
    /// An item that is neither row nor trailer.
    #[error("item {row} of the manifest is not a row: {error}")]
    Item {
        /// Where the row would stand.
        row: Position,
        /// What is wrong with it.
        #[source]
        error: DecodeError,
    },
    /// A row, or a disclosure in it, is not what it should be.
    #[error("row {row} of the manifest: {error}")]
    Row {
        /// The row.
        row: Position,
        /// What is wrong with it.
        #[source]
        error: RowError,
    },
    /// A disclosure repeats a name or stands out of order.
    #[error("row {0} of the manifest shows an attribute twice or out of order")]
    ShowOrder(Position),
    /// A name that the profile does not have.
    #[error("row {row} of the manifest has an attribute {name:?}, which its profile does not")]
    NotOfProfile {
        /// The row.
        row: Position,
        /// The name.
        name: String,
    },
    /// A row repeats the one before or stands out of order.
    #[error("row {0} of the manifest stands twice or out of order")]
    Order(Position),
    /// More bytes than can be counted.
    #[error("the files of the manifest add up to more than 2^63 bytes")]
    TooManyBytes,
    /// The trailer counts other rows or bytes, or has another root.
    #[error("the end of the manifest says {said}, its rows make {found}")]
    TotalsDiffer {
        /// As the trailer says.
        said: String,
        /// As counted.
        found: String,
    },
    /// Something follows the trailer.
    #[error("the manifest goes on after its end")]
    AfterEnd,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    v: u64,
    profile: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ShownItem {
    #[serde(with = "serde_bytes")]
    row: Vec<u8>,
    show: Vec<serde_bytes::ByteBuf>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WithheldItem {
    withheld: Hash,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ErasedItem {
    erased: Hash,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Trailer {
    root: Hash,
    rows: u64,
    bytes: u64,
}

impl Trailer {
    fn of(totals: &Totals) -> Trailer {
        Trailer { root: totals.tree.root, rows: totals.tree.size.0, bytes: totals.bytes }
    }

    fn words(&self) -> String {
        format!("{} rows, {} bytes, root {}", self.rows, self.bytes, self.root)
    }
}
