//! The index brought up to date with the ledger it is about.
//!
//! Everything in it follows from the public folder and the private manifests, so whatever is odd
//! about it has one cure: throw it away and make it anew.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use thiserror::Error;

use super::read::{LedgerUnreadable, root_at, statements_from};
use crate::evidence::manifest::{ManifestError, ManifestReader, ManifestRow};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::{Anchor, Indicators};
use crate::statement::envelope::Statement;
use crate::store::index::{Index, IndexError, IndexedEvidence, IndexedStatement};
use crate::store::public::PublicFolder;
use crate::tlog::hash::{Position, Tree, TreeSize};

/// Statements taken in at once; the watermark moves after each lot.
const LOT: usize = 4_096;

/// Where the index and what it is made from lie.
#[derive(Clone, Copy, Debug)]
pub struct IndexPlaces<'a> {
    /// The index's own folder.
    pub index: &'a Path,
    /// The public folder.
    pub folder: &'a PublicFolder,
    /// The folder of private manifests.
    pub manifests: &'a Path,
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
}

impl IndexPlaces<'_> {
    /// Opens the index and takes in what it lacks up to `head`. An index that is damaged, ahead of the
    /// head, or of another history is made anew.
    pub fn up_to_date(&self, head: Tree) -> Result<Index, IndexingError> {
        let index = match Index::open(self.index) {
            Err(IndexError::Damaged { .. }) => Index::rebuild(self.index)?,
            opened => opened?,
        };
        let index = match self.fits(&index, head) {
            Ok(true) => index,
            Ok(false) | Err(IndexError::Damaged { .. }) => {
                drop(index);
                Index::rebuild(self.index)?
            }
            Err(fault) => return Err(fault.into()),
        };
        self.take_in(&index, head)?;
        Ok(index)
    }

    /// Makes the index anew.
    pub fn rebuilt(&self, head: Tree) -> Result<Index, IndexingError> {
        let index = Index::rebuild(self.index)?;
        self.take_in(&index, head)?;
        Ok(index)
    }

    /// Whether the index is of this history and not beyond it.
    fn fits(&self, index: &Index, head: Tree) -> Result<bool, IndexError> {
        let mark = index.watermark()?;
        Ok(mark.size == TreeSize(0)
            || root_at(self.folder, mark.size, head.size) == Some(mark.root))
    }

    fn take_in(&self, index: &Index, head: Tree) -> Result<(), IndexingError> {
        let from = index.watermark()?.size;
        let mut lot = Vec::with_capacity(LOT);
        for statement in statements_from(self.folder, Position(from.0), head.size) {
            let (position, statement) = statement?;
            lot.push(self.indexed(position, &statement)?);
            if lot.len() == LOT {
                self.commit(index, &mut lot, head)?;
            }
        }
        if !lot.is_empty() {
            self.commit(index, &mut lot, head)?;
        }
        Ok(())
    }

    fn commit(
        &self,
        index: &Index,
        lot: &mut Vec<IndexedStatement>,
        head: Tree,
    ) -> Result<(), IndexingError> {
        let Some(last) = lot.last() else { return Ok(()) };
        let size = last.position.covering_size();
        let root = root_at(self.folder, size, head.size);
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
        let Ok(file) = File::open(self.manifests.join(anchor.root.to_string())) else {
            return Ok(None);
        };
        let damaged = |fault| IndexingError::Manifest(position, fault);
        let mut reader = ManifestReader::new(BufReader::new(file)).map_err(damaged)?;
        let (mut files, mut index) = (Vec::new(), 0);
        while let Some(row) = reader.next_row().map_err(damaged)? {
            if let ManifestRow::Shown { row, .. } = row {
                files.push((index, row.sha256()));
            }
            index += 1;
        }
        Ok(Some(IndexedEvidence { root: anchor.root, files }))
    }
}

fn ids(indicators: Option<&Indicators>) -> Vec<String> {
    indicators.map(|indicators| indicators.ids.clone()).unwrap_or_default()
}
