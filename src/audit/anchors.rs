//! The anchors of a ledger, kept small for the rules about evidence: which indicators they bear on, how
//! old they are, where they come from.

use std::collections::{BTreeMap, HashMap};

use crate::statement::bodies::Body;
use crate::statement::bodies::cited::Indicator;
use crate::statement::bodies::evidence::{Anchor, Captured, Place};
use crate::statement::envelope::Statement;
use crate::statement::key::KeyId;
use crate::statement::sample::AnchoredRows;
use crate::tlog::hash::{Hash, Position};

use super::record::Record;

/// One anchor.
#[derive(Clone, Debug, PartialEq)]
pub struct AnchorFact {
    /// Where it stands.
    pub position: Position,
    /// Its leaf hash.
    pub id: Hash,
    /// Its evidence root and rows.
    pub rows: AnchoredRows,
    /// Who recorded it.
    pub key: KeyId,
    /// When, as the recorder's clock says: seconds since 1970 UTC.
    pub issued_at: i64,
    /// Whether it counts: neither corrected nor disputed.
    pub live: bool,
    /// What kind of evidence.
    pub evidence: String,
    /// When the devices say the files were captured.
    pub captured: Option<Captured>,
    /// Roughly where.
    pub place: Option<Place>,
    /// Whether it was made from other evidence; then, whether software and model are named.
    pub derived: Option<Derived>,
}

/// What an anchor of derived evidence names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derived {
    /// The software that made it, with its version.
    pub software: bool,
    /// The digest of the model.
    pub model: bool,
}

impl AnchorFact {
    /// First and last capture, in seconds; clocks without a zone are taken as UTC, which is a day off at
    /// most.
    pub fn span(&self) -> Option<(i64, i64)> {
        let captured = self.captured.as_ref()?;
        let periods = [captured.utc, captured.local];
        let periods = periods.iter().flatten();
        let first = periods.clone().map(|period| period.first).min()?;
        let last = periods.map(|period| period.last).max()?;
        Some((first, last))
    }

    /// The latest moment that is known of it: the last capture, or else its recording.
    pub fn latest(&self) -> i64 {
        self.span().map_or(self.issued_at, |(_, last)| last)
    }
}

/// All of them, with what they bear on.
#[derive(Clone, Debug, Default)]
pub struct AnchorBook {
    anchors: Vec<AnchorFact>,
    places: HashMap<Hash, usize>,
    bearing: BTreeMap<Indicator, Vec<usize>>,
    left_out: u64,
}

impl AnchorBook {
    /// Ceiling of anchors kept: a site makes some hundred a year. Rules about evidence cannot be judged
    /// beyond it; the ledger itself can.
    pub const MAX: usize = 200_000;

    /// Takes up an admitted anchor.
    pub(super) fn take_up(
        &mut self,
        position: Position,
        statement: &Statement,
        anchor: &Anchor,
        live: bool,
    ) {
        if self.anchors.len() == AnchorBook::MAX {
            self.left_out += 1;
            return;
        }
        let at = self.anchors.len();
        self.places.insert(statement.id(), at);
        if let Some(indicators) = &anchor.indicators {
            for id in &indicators.ids {
                self.bear(Indicator { catalogue: indicators.catalogue, id: id.clone() }, at);
            }
        }
        self.anchors.push(AnchorFact {
            position,
            id: statement.id(),
            rows: AnchoredRows { root: anchor.root, rows: anchor.rows },
            key: statement.header.key,
            issued_at: statement.header.issued_at,
            live,
            evidence: anchor.evidence.clone(),
            captured: anchor.captured.clone(),
            place: anchor.place,
            derived: anchor.derived_from.as_ref().map(|derived| Derived {
                software: derived.software.is_some(),
                model: derived.model.is_some(),
            }),
        });
    }

    /// Adds what live links say of anchors of this ledger.
    pub(super) fn link(&mut self, record: &Record) {
        for said in record.live() {
            let Body::Link(link) = &said.body else { continue };
            let here = link.statement.ledger.is_none() || link.statement.ledger == record.ledger();
            let Some(at) = self.places.get(&link.statement.id).copied().filter(|_| here) else {
                continue;
            };
            for id in &link.indicators.ids {
                self.bear(Indicator { catalogue: link.indicators.catalogue, id: id.clone() }, at);
            }
        }
    }

    fn bear(&mut self, indicator: Indicator, at: usize) {
        let bearing = self.bearing.entry(indicator).or_default();
        // Links come after all anchors and in any order.
        if let Err(place) = bearing.binary_search(&at) {
            bearing.insert(place, at);
        }
    }

    /// Every anchor, by position.
    pub fn all(&self) -> &[AnchorFact] {
        &self.anchors
    }

    /// An anchor by its id.
    pub fn get(&self, id: &Hash) -> Option<&AnchorFact> {
        self.places.get(id).map(|at| &self.anchors[*at])
    }

    /// The live anchors that bear on an indicator, by position.
    pub fn bearing_on<'a>(
        &'a self,
        indicator: &Indicator,
    ) -> impl Iterator<Item = &'a AnchorFact> + use<'a> {
        let bearing = self.bearing.get(indicator).map(Vec::as_slice).unwrap_or_default();
        bearing.iter().map(|at| &self.anchors[*at]).filter(|anchor| anchor.live)
    }

    /// Anchors that are not kept.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}
