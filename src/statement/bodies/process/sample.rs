//! `sample.draw`, `sample.result`: rows drawn so that neither side chose, and what was found in them.
//! The arithmetic is in [`crate::statement::sample`].

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::statement::bodies::cited::Indicator;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};
use crate::tlog::hash::{Hash, Tree};

/// The ceiling of a draw: the result names every row in one statement, 46 bytes each.
pub const MAX_DRAWN: u64 = 1_000;

/// `sample.draw`: these rows follow, by everyone's arithmetic, from a checkpoint that was signed before
/// the nonce was drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draw {
    /// The indicator whose evidence is sampled.
    pub indicator: Indicator,
    /// The state of the ledger that fixes the population.
    pub checkpoint: Tree,
    /// What is drawn from.
    pub population: Population,
    /// How many rows are drawn, without replacement.
    pub n: u64,
    /// 32 bytes that the assessor drew once the checkpoint was in hand; absent with a beacon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<Hash>,
    /// A public beacon in place of the nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beacon: Option<Beacon>,
}

/// Rows of the live anchors that bear on the indicator at that size, by (position, row), erased and
/// withheld ones included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// SHA-256 of the canonical list of `[root, rows]`, by position.
    pub digest: Hash,
    /// All rows together.
    pub rows: u64,
}

/// A value that many people saw published at a known time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beacon {
    /// Which one, and which round of it.
    pub name: String,
    /// What it published.
    pub value: ByteBuf,
}

impl Draw {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.indicator.check()?;
        if !(1..=MAX_DRAWN.min(self.population.rows)).contains(&self.n) {
            return Err(BodyFault("n: 1 to 1,000, and no more than there are rows"));
        }
        if self.nonce.is_some() == self.beacon.is_some() {
            return Err(BodyFault("nonce, beacon: one of the two"));
        }
        let holds = |beacon: &Beacon| {
            (1..=256).contains(&beacon.name.len())
                && !beacon.name.contains('\0')
                && (1..=1_024).contains(&beacon.value.len())
        };
        match self.beacon.as_ref().is_none_or(holds) {
            true => Ok(()),
            false => Err(BodyFault("beacon: a name of 1 to 256 bytes, a value of 1 to 1,024")),
        }
    }
}

/// `sample.result`: row by row what was found, in the order drawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleResult {
    /// The draw.
    pub draw: StatementRef,
    /// Every row of it.
    pub rows: Vec<FoundRow>,
}

/// `[root, index, word]`: a row by its evidence root and its place in that manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "(Hash, u64, Found)", into = "(Hash, u64, Found)")]
pub struct FoundRow {
    /// The evidence root.
    pub root: Hash,
    /// The row's index in the manifest.
    pub index: u64,
    /// What was found.
    pub found: Found,
}

impl From<(Hash, u64, Found)> for FoundRow {
    fn from((root, index, found): (Hash, u64, Found)) -> FoundRow {
        FoundRow { root, index, found }
    }
}

impl From<FoundRow> for (Hash, u64, Found) {
    fn from(row: FoundRow) -> (Hash, u64, Found) {
        (row.root, row.index, row.found)
    }
}

words! {
    /// What was found of a drawn row.
    Found {
        /// The file is here, matches the ledger, and shows what it is said to show.
        Agree = "agree",
        /// It does not.
        Disagree = "disagree",
        /// The site does not have it.
        Absent = "absent",
        /// It was erased, and the ledger says so.
        Erased = "erased",
        /// The site has it and does not show it.
        Withheld = "withheld",
    }
}

impl SampleResult {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        match (1..=MAX_DRAWN as usize).contains(&self.rows.len()) {
            true => Ok(()),
            false => Err(BodyFault("rows: 1 to 1,000")),
        }
    }
}
