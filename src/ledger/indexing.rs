//! The index brought up to date with the ledger it is about.
//!
//! Everything in it follows from the public folder and the private manifests, so whatever is odd
//! about it has one cure: throw it away and make it anew.

use std::io::{self, BufReader};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use super::read::{LedgerUnreadable, root_at, statements_from};
use crate::evidence::manifest::{ManifestError, ManifestReader, ManifestRow};
use crate::evidence::sequence::SequenceError;
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::{Anchor, Indicators};
use crate::statement::envelope::Statement;
use crate::store::disk::{Disk, RealDisk};
use crate::store::index::{Index, IndexError, IndexedEvidence, IndexedStatement};
use crate::store::public::PublicFolder;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

/// Statements taken in at once; the watermark moves after each lot.
const LOT: usize = 4_096;

/// Where the index and what it is made from lie.
#[derive(Clone, Debug)]
pub struct IndexPlaces {
    /// The index's own folder.
    pub index: PathBuf,
    /// The public folder.
    pub folder: PublicFolder,
    /// The folder of private manifests.
    pub manifests: PathBuf,
}

/// How taking in statements is watched and stopped.
#[derive(Clone, Copy)]
pub struct Taking<'a> {
    /// When true, it stops after a statement.
    pub cancel: &'a AtomicBool,
    /// Told how many statements the index holds, now and then.
    pub progress: &'a dyn Fn(u64),
}

impl Taking<'_> {
    /// Not watched, and never stopped: for what a few statements add.
    pub fn unwatched() -> Taking<'static> {
        static GO_ON: AtomicBool = AtomicBool::new(false);
        Taking { cancel: &GO_ON, progress: &|_| {} }
    }
}

/// Why the index is not up to date.
#[derive(Debug, Error)]
pub enum IndexingError {
    /// The index.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The ledger.
    #[error(transparent)]
    Ledger(#[from] LedgerUnreadable),
    /// A manifest is there and cannot be read.
    #[error("the manifest of statement {0}: {1}")]
    Manifest(Position, ManifestError),
    /// A manifest is sound and not the one that its statement signs.
    #[error("the manifest of statement {0} has other rows, bytes or another root than was signed")]
    OtherManifest(Position),
    /// Told to stop; what was taken in stays.
    #[error("it was told to stop")]
    Interrupted,
}

impl IndexPlaces {
    /// Opens the index and takes in what it lacks up to `head`. An index that is damaged, ahead of the
    /// head, or of another history is made anew.
    pub fn up_to_date(&self, head: Tree, taking: Taking<'_>) -> Result<Index, IndexingError> {
        let index = match Index::open(&self.index) {
            Err(IndexError::Damaged { .. }) => Index::rebuild(&self.index)?,
            opened => opened?,
        };
        let index = match self.fits(&index, head) {
            Ok(true) => index,
            Ok(false) | Err(IndexError::Damaged { .. }) => {
                drop(index);
                Index::rebuild(&self.index)?
            }
            Err(fault) => return Err(fault.into()),
        };
        self.take_in(&index, head, taking)?;
        Ok(index)
    }

    /// Makes the index anew.
    pub fn rebuilt(&self, head: Tree, taking: Taking<'_>) -> Result<Index, IndexingError> {
        let index = Index::rebuild(&self.index)?;
        self.take_in(&index, head, taking)?;
        Ok(index)
    }

    /// Whether the index is of this history and not beyond it.
    pub(super) fn fits(&self, index: &Index, head: Tree) -> Result<bool, IndexError> {
        let mark = index.watermark()?;
        Ok(mark.size == TreeSize(0)
            || root_at(&self.folder, mark.size, head.size) == Some(mark.root))
    }

    fn take_in(&self, index: &Index, head: Tree, taking: Taking<'_>) -> Result<(), IndexingError> {
        let from = index.watermark()?.size;
        let mut lot = Vec::with_capacity(LOT);
        for statement in statements_from(&self.folder, Position(from.0), head.size) {
            let (position, statement) = statement?;
            if taking.cancel.load(Ordering::Relaxed) {
                self.commit(index, &mut lot, head)?;
                return Err(IndexingError::Interrupted);
            }
            match self.indexed(position, &statement) {
                Ok(indexed) => lot.push(indexed),
                Err(fault) => {
                    self.commit(index, &mut lot, head)?;
                    return Err(fault);
                }
            }
            if lot.len() == LOT {
                self.commit(index, &mut lot, head)?;
                (taking.progress)(position.0);
            }
        }
        self.commit(index, &mut lot, head)
    }

    fn commit(
        &self,
        index: &Index,
        lot: &mut Vec<IndexedStatement>,
        head: Tree,
    ) -> Result<(), IndexingError> {
        let Some(last) = lot.last() else { return Ok(()) };
        let size = last.position.covering_size();
        let root = root_at(&self.folder, size, head.size);
        let root = root
            .ok_or_else(|| LedgerUnreadable::NoLedger(self.folder.path().display().to_string()))?;
        index.append(lot, Tree { size, root })?;
        lot.clear();
        Ok(())
    }

    fn indexed(
        &self,
        position: Position,
        statement: &Statement,
    ) -> Result<IndexedStatement, IndexingError> {
        let header = &statement.header;
        let (indicators, evidence) = match &statement.payload.body {
            Body::Anchor(anchor) => {
                (ids(anchor.indicators.as_ref()), self.evidence(position, anchor)?)
            }
            Body::Link(link) => (ids(Some(&link.indicators)), None),
            _ => (Vec::new(), None),
        };
        Ok(IndexedStatement {
            position,
            id: statement.id(),
            kind: header.typ.kind.to_string(),
            party: header.issuer.to_string(),
            time: header.issued_at,
            indicators,
            evidence,
        })
    }

    /// The files of an anchor, if its manifest is here.
    fn evidence(
        &self,
        position: Position,
        anchor: &Anchor,
    ) -> Result<Option<IndexedEvidence>, IndexingError> {
        let files = match files_of(&self.manifests.join(anchor.root.to_string()), anchor) {
            Ok(files) => files,
            Err(ManifestFault::Unreadable(fault)) => {
                return Err(IndexingError::Manifest(position, fault));
            }
            Err(ManifestFault::Other) => return Err(IndexingError::OtherManifest(position)),
        };
        Ok(files.map(|files| IndexedEvidence { root: anchor.root, files: files.shown }))
    }
}

/// The files of a manifest.
pub struct ManifestFiles {
    /// SHA-256 of each row that is shown, with its index.
    pub shown: Vec<(u64, Hash)>,
    /// Whether every row is shown.
    pub all: bool,
}

/// Why a manifest tells nothing.
#[derive(Debug)]
pub enum ManifestFault {
    /// It cannot be read, or is damaged.
    Unreadable(ManifestError),
    /// It is sound, and not the one that the anchor signs.
    Other,
}

/// The files in the manifest of an anchor; none if it is not there. Nothing that its rows say counts
/// before the whole of it is what the anchor signs.
pub fn files_of(path: &Path, anchor: &Anchor) -> Result<Option<ManifestFiles>, ManifestFault> {
    let file = match RealDisk.open(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|fault| {
            let error = SequenceError::Io(fault);
            ManifestFault::Unreadable(ManifestError::Sequence { rows: TreeSize(0), error })
        })?,
    };
    let mut reader =
        ManifestReader::new(BufReader::new(file)).map_err(ManifestFault::Unreadable)?;
    let (mut shown, mut index) = (Vec::new(), 0);
    while let Some(row) = reader.next_row().map_err(ManifestFault::Unreadable)? {
        if let ManifestRow::Shown { row, .. } = row {
            shown.push((index, row.sha256()));
        }
        index += 1;
    }
    let totals = reader.read_to_end().map_err(ManifestFault::Unreadable)?;
    let all = totals.is_complete();
    let same_tree = totals.tree == Tree { size: TreeSize(anchor.rows), root: anchor.root };
    // Only a manifest that shows all its rows can say how many bytes they have.
    let same_bytes = !all || anchor.bytes.is_none_or(|bytes| bytes == totals.bytes);
    match same_tree && same_bytes {
        true => Ok(Some(ManifestFiles { shown, all })),
        false => Err(ManifestFault::Other),
    }
}

fn ids(indicators: Option<&Indicators>) -> Vec<String> {
    indicators.map(|indicators| indicators.ids.clone()).unwrap_or_default()
}
