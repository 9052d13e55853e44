//! What `treering add` asks the index.

use super::voice::Failure;
use crate::store::index::{Index, IndexError};
use crate::tlog::hash::Hash;

/// Questions to the index while files are read. One that it cannot answer ends the command: a file
/// that counted as new for want of an answer would be recorded twice.
pub struct Lookups<'a> {
    index: &'a Index,
    fault: Option<IndexError>,
}

impl Lookups<'_> {
    /// No question so far.
    pub fn of(index: &Index) -> Lookups<'_> {
        Lookups { index, fault: None }
    }

    /// Whether a manifest has a row with these bytes.
    pub fn is_recorded(&mut self, digest: &Hash) -> bool {
        match self.index.evidence(digest) {
            Ok(found) => !found.is_empty(),
            Err(fault) => {
                self.fault.get_or_insert(fault);
                false
            }
        }
    }

    /// The first question that had no answer.
    pub fn end(self) -> Result<(), Failure> {
        self.fault.map_or(Ok(()), |fault| Err(fault.into()))
    }
}
