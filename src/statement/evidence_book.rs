//! Which evidence bears on which indicators: anchors and links, collected while a ledger is read.
//!
//! An anchor is *live* if nothing later speaks against it (its standing is good or affirmed). It bears on
//! an indicator if it names it itself, or a live link names it. Erased and withheld rows stay rows of
//! their anchor: they can be drawn, and count as not agreeing.

use std::collections::HashMap;

use super::authority::Authority;
use super::bodies::Body;
use super::bodies::cited::Indicator;
use super::bodies::evidence::{Anchor, Indicators};
use super::envelope::Statement;
use super::sample::AnchoredRows;
use super::standing::{Standing, StandingBook};
use crate::tlog::hash::{Hash, Position};

/// The admitted anchors and links of a ledger up to some size.
#[derive(Clone, Debug, Default)]
pub struct EvidenceBook {
    anchors: Vec<(Position, Statement)>,
    links: HashMap<Hash, Vec<(Position, Statement)>>,
}

/// A live anchor.
#[derive(Clone, Copy, Debug)]
pub struct LiveAnchor<'a> {
    /// Where it stands.
    pub position: Position,
    /// The statement.
    pub statement: &'a Statement,
    /// What it says.
    pub anchor: &'a Anchor,
}

impl LiveAnchor<'_> {
    /// Its evidence root and number of rows.
    pub fn rows(&self) -> AnchoredRows {
        AnchoredRows { root: self.anchor.root, rows: self.anchor.rows }
    }
}

impl EvidenceBook {
    /// Takes up an admitted statement; in order of position.
    pub fn take_up(&mut self, position: Position, statement: &Statement) {
        match &statement.payload.body {
            Body::Anchor(_) => self.anchors.push((position, statement.clone())),
            // A link to another ledger's anchor adds no rows of this one.
            Body::Link(link) if link.statement.ledger.is_none() => {
                let links = self.links.entry(link.statement.id).or_default();
                links.push((position, statement.clone()));
            }
            _ => {}
        }
    }

    /// The live anchors that bear on an indicator, by position: the population of a sample.
    pub fn bearing_on<'a>(
        &'a self,
        standings: &StandingBook,
        authority: &Authority,
        indicator: &Indicator,
    ) -> Vec<LiveAnchor<'a>> {
        self.live(standings, authority, |named| {
            named.catalogue == indicator.catalogue && named.ids.contains(&indicator.id)
        })
    }

    /// The live anchors that bear on any indicator of a catalogue, by position: the evidence of a
    /// dossier.
    pub fn dossier<'a>(
        &'a self,
        standings: &StandingBook,
        authority: &Authority,
        catalogue: Hash,
    ) -> Vec<LiveAnchor<'a>> {
        self.live(standings, authority, |named| named.catalogue == catalogue)
    }

    /// The live anchors whose own indicators, or those of a live link, are wanted; by position.
    pub fn live<'a>(
        &'a self,
        standings: &StandingBook,
        authority: &Authority,
        wanted: impl Fn(&Indicators) -> bool,
    ) -> Vec<LiveAnchor<'a>> {
        let is_live = |(position, statement): &(Position, Statement)| {
            let standing = standings.standing(authority, *position, statement);
            matches!(standing, Standing::Good | Standing::Affirmed)
        };
        let names = |anchor: &Anchor, id: &Hash| {
            anchor.indicators.as_ref().is_some_and(&wanted)
                || self.links.get(id).into_iter().flatten().any(|link| {
                    let Body::Link(named) = &link.1.payload.body else { return false };
                    wanted(&named.indicators) && is_live(link)
                })
        };
        let live = self.anchors.iter().filter(|anchor| is_live(anchor));
        live.filter_map(|(position, statement)| {
            let Body::Anchor(anchor) = &statement.payload.body else { return None };
            let live = LiveAnchor { position: *position, statement, anchor };
            names(anchor, &statement.id()).then_some(live)
        })
        .collect()
    }
}

/// The rows of anchors, as digests and draws take them.
pub fn rows_of(anchors: &[LiveAnchor<'_>]) -> Vec<AnchoredRows> {
    anchors.iter().map(LiveAnchor::rows).collect()
}
