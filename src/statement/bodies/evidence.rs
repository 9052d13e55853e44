//! The evidence family: what was anchored, what it bears on, what was taken back.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BodyFault, StatementRef, is_strictly_ascending};
use crate::statement::key::KeyId;
use crate::tlog::hash::Hash;

/// `evidence.anchor`: these files existed when this was signed. One statement stands for all the
/// rows of a manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    /// What the batch is, for people.
    pub title: String,
    /// The kind of evidence: `files`, or a word a reader of formats knows.
    pub evidence: String,
    /// The evidence root: Merkle root over the rows.
    pub root: Hash,
    /// How many rows.
    pub rows: u64,
    /// Bytes of all files together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Files by media type, as their content says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub media: Option<BTreeMap<String, u64>>,
    /// When the devices say the files were captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Captured>,
    /// The indicators the batch bears on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub indicators: Option<Indicators>,
    /// Roughly where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What the batch was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived_from: Option<Derivation>,
    /// Whose say it is what becomes of the batch, where it is not the site's alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub care: Option<Care>,
    /// Whether the manifest is published.
    pub access: Access,
}

/// Authority to control (CARE principles for Indigenous data governance): rows of the batch are shown
/// further only with this key's signature. A rule that programs keep and audits name; no lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Care {
    /// Thumbprint of the key whose signature releases rows.
    pub authority: KeyId,
    /// The label, for people: the name of a TK or BC label, or the community's own words.
    pub label: String,
}

impl Care {
    /// Ceiling of a label, in bytes: a sentence.
    pub const MAX_LABEL_BYTES: usize = 256;

    fn holds(&self) -> bool {
        (1..=Care::MAX_LABEL_BYTES).contains(&self.label.len())
            && !self.label.contains(char::is_control)
    }
}

/// Whether a manifest is published beside the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Published: file hashes and attributes are open to all.
    Public,
    /// Kept by the party and disclosed row by row.
    Sealed,
}

impl Access {
    /// The word in statements, flags and reports.
    pub fn word(self) -> &'static str {
        match self {
            Access::Public => "public",
            Access::Sealed => "sealed",
        }
    }
}

/// Capture times as the devices say, kept apart by what is known of their clocks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Captured {
    /// Files whose clock names its offset: seconds since 1970-01-01T00:00:00Z.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utc: Option<Period>,
    /// Files whose clock names none: seconds since 1970-01-01T00:00:00 on that clock, whatever its
    /// zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<Period>,
    /// What the recorder knows of the clocks ("an hour ahead from 14 June").
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// First and last capture time, in seconds, and over how many files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    /// The earliest, in seconds.
    pub first: i64,
    /// The latest, in seconds.
    pub last: i64,
    /// Files with such a time.
    pub files: u64,
}

/// Indicators of one catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Indicators {
    /// SHA-256 of the catalogue's file.
    pub catalogue: Hash,
    /// Ids in it, ascending, each once.
    pub ids: Vec<String>,
}

impl Indicators {
    /// Ceiling of ids: catalogues have tens of indicators.
    pub const MAX: usize = 1_000;

    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if self.ids.is_empty()
            || self.ids.len() > Indicators::MAX
            || !is_strictly_ascending(&self.ids)
        {
            return Err(BodyFault("indicators: 1 to 1,000 ids, ascending, each once"));
        }
        Ok(())
    }
}

/// A box of the WGS 84 globe that holds every known position, widened to a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Southern edge, millionths of a degree.
    pub south: i64,
    /// Western edge, millionths of a degree.
    pub west: i64,
    /// Northern edge, millionths of a degree.
    pub north: i64,
    /// Eastern edge, millionths of a degree.
    pub east: i64,
    /// The grid's step, millionths of a degree: the edges are multiples of it.
    pub step: i64,
}

impl Place {
    fn holds(&self) -> bool {
        const DEGREE: i64 = 1_000_000;
        let edges = [self.south, self.west, self.north, self.east];
        (1..=180 * DEGREE).contains(&self.step)
            && edges.iter().all(|edge| edge % self.step == 0)
            && -90 * DEGREE <= self.south
            && self.south <= self.north
            && self.north <= 90 * DEGREE
            && -180 * DEGREE <= self.west
            && self.west <= self.east
            && self.east <= 180 * DEGREE
    }
}

/// Evidence made from evidence: labels from pictures, a cleaned copy from an original.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Derivation {
    /// The statements it was made from, and the rows of each where not all of them.
    pub sources: Vec<DerivationSource>,
    /// The software that made it, `name@version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub software: Option<String>,
    /// SHA-256 of the model's file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Hash>,
    /// SHA-256 of the file with the parameters it was run with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameters: Option<Hash>,
}

impl Derivation {
    /// Ceiling of sources: a season's batches.
    pub const MAX_SOURCES: usize = 256;
    /// Ceiling of rows named over all sources: 20 of a statement's 60 kilobytes. Where more were used a
    /// source stands without rows, for all of them. (Ranges would save nothing: rows are ordered by
    /// their hashes, so pictures of one night lie scattered.)
    pub const MAX_ROWS: usize = 4_096;

    fn check(&self) -> Result<(), BodyFault> {
        let named = self.sources.iter().filter_map(|source| source.rows.as_ref());
        let ascend = named.clone().all(|rows| !rows.is_empty() && is_strictly_ascending(rows));
        if !(1..=Derivation::MAX_SOURCES).contains(&self.sources.len()) || !ascend {
            return Err(BodyFault("derived_from: 1 to 256 sources, the rows of each ascending"));
        }
        if named.map(Vec::len).sum::<usize>() > Derivation::MAX_ROWS {
            return Err(BodyFault("derived_from: at most 4,096 rows are named; or none, for all"));
        }
        Ok(())
    }
}

/// One source of a derivation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DerivationSource {
    /// The anchoring statement.
    pub statement: StatementRef,
    /// Row indexes in its manifest, ascending; absent for all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<u64>>,
}

impl Anchor {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if self.rows == 0 {
            return Err(BodyFault("rows: an anchor has at least one"));
        }
        if self.access == Access::Public && (self.bytes.is_none() || self.media.is_none()) {
            return Err(BodyFault("bytes, media: only a sealed anchor may leave them out"));
        }
        if let Some(captured) = &self.captured {
            let periods = [captured.utc, captured.local];
            if periods == [None, None] {
                return Err(BodyFault("captured: at least one period"));
            }
            for period in periods.into_iter().flatten() {
                if period.first > period.last || period.files == 0 || period.files > self.rows {
                    return Err(BodyFault("captured: a first time, a last one, and their files"));
                }
            }
        }
        if let Some(indicators) = &self.indicators {
            indicators.check()?;
        }
        if self.place.is_some_and(|place| !place.holds()) {
            return Err(BodyFault("place: a box on the globe, its edges on the grid"));
        }
        if self.care.as_ref().is_some_and(|care| !care.holds()) {
            return Err(BodyFault("care: a label of 1 to 256 bytes without control characters"));
        }
        if let Some(derivation) = &self.derived_from {
            derivation.check()?;
        }
        Ok(())
    }
}

/// `evidence.link`: evidence bears on indicators, said afterwards.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// The anchor.
    pub statement: StatementRef,
    /// The indicators.
    pub indicators: Indicators,
    /// Why evidence from outside the site bears on them (rule R15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub off_site: Option<String>,
}

/// `evidence.erase`: rows whose contents the party deleted. The row hashes stay, so every other
/// proof still holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Erase {
    /// The anchor.
    pub anchor: StatementRef,
    /// Row indexes in its manifest, ascending, each once.
    pub rows: Vec<u64>,
    /// The ground, for people; no personal data.
    pub ground: String,
}

impl Erase {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if self.rows.is_empty() || !is_strictly_ascending(&self.rows) {
            return Err(BodyFault("rows: at least one, ascending, each once"));
        }
        Ok(())
    }
}

/// `correction`: a statement no longer stands as it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Correction {
    /// The statement.
    pub statement: StatementRef,
    /// What stands in its place, if anything does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<StatementRef>,
    /// Why, for people.
    pub reason: String,
}
