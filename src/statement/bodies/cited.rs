//! What findings, decisions and claims point at: indicators, evidence, the whole body of evidence.

use serde::{Deserialize, Serialize};

use super::{BodyFault, StatementRef, is_strictly_ascending};
use crate::tlog::hash::{Hash, Tree};

/// One indicator of one catalogue.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicator {
    /// SHA-256 of the catalogue's file.
    pub catalogue: Hash,
    /// Its id there.
    pub id: String,
}

impl Indicator {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        is_id(&self.id).then_some(()).ok_or(BodyFault(
            "indicator: an id of 1 to 64 letters, digits, dots, dashes and underscores",
        ))
    }
}

/// Whether a text can name an indicator or a claim: it becomes part of a header's subject.
pub(super) fn is_id(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

/// Evidence that a statement rests on: an anchor, its evidence root once more so that the sentence
/// stands without the ledger at hand, and the rows where not all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The anchoring statement.
    pub statement: StatementRef,
    /// The evidence root it signs.
    pub root: Hash,
    /// Row indexes in its manifest, ascending; absent for all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<u64>,
}

/// The ceiling of pieces of evidence in one list: a hundred times what an indicator has.
pub const MAX_EVIDENCE: usize = 500;

pub(super) fn check_evidence(evidence: &[Evidence]) -> Result<(), BodyFault> {
    let rows_ascend = evidence.iter().all(|one| is_strictly_ascending(&one.rows));
    match evidence.len() <= MAX_EVIDENCE && rows_ascend {
        true => Ok(()),
        false => Err(BodyFault("evidence: at most 500 pieces, the rows of each ascending")),
    }
}

/// The whole body of evidence that a step of the process was taken on. Two steps were taken on the same
/// evidence if both digests are equal (rule R31); the checkpoints may differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dossier {
    /// The state of the ledger that was read.
    pub checkpoint: Tree,
    /// SHA-256 of the canonical list of `[root, rows]` of all live anchors at that size that bear on an
    /// indicator of the catalogue, by position: see [`crate::statement::sample::evidence_digest`].
    pub evidence: Hash,
    /// SHA-256 of the catalogue's file.
    pub catalogue: Hash,
}
