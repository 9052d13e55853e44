//! What two claims count both, in one ledger or several (R22, and R23 between claims).
//!
//! Claims come by the ten thousand. A box around each area leaves few pairs to look at, and a list of
//! serial blocks by their first number leaves neighbours.

use std::collections::BTreeMap;

use rstar::{AABB, RTree, RTreeObject};

use super::weighed::{Weighed, about};
use crate::audit::findings::Findings;
use crate::audit::record::Said;
use crate::audit::rule::Rule;
use crate::evidence::polygons::Shape;
use crate::statement::bodies::StatementRef;
use crate::statement::bodies::claim::SerialBlock;
use crate::statement::bodies::claim::filing::ClaimFile;
use crate::statement::claim_arithmetic::serial_overlap;
use crate::statement::envelope::LedgerId;

/// One live claim of one of the ledgers.
struct Placed<'a> {
    ledger: usize,
    id: Option<LedgerId>,
    said: &'a Said,
    claim: &'a ClaimFile,
    shape: Shape,
}

/// The box of a claim, for the search tree; `at` is its place in the list.
struct Boxed {
    at: usize,
    envelope: AABB<[i64; 2]>,
}

impl RTreeObject for Boxed {
    type Envelope = AABB<[i64; 2]>;

    fn envelope(&self) -> Self::Envelope {
        self.envelope
    }
}

/// Compares every claim with every other. The findings on both sides of a pair go to their own ledgers.
pub fn judge(ledgers: &[Weighed<'_>], outs: &mut [Findings]) {
    let Some(first) = ledgers.first() else { return };
    if first.figures.R22.on {
        double_counting(ledgers, outs);
    }
    double_serials(ledgers, outs);
}

/// R22: shared days, a shared pool and gas, and an area shared beyond max(m², share of the smaller).
fn double_counting(ledgers: &[Weighed<'_>], outs: &mut [Findings]) {
    let placed = placed(ledgers, outs);
    let boxed = |(at, one): (usize, &Placed<'_>)| {
        let bounds = one.shape.bounds();
        let corner =
            |point: crate::statement::bodies::claim::area::Point| [point.longitude, point.latitude];
        let envelope = AABB::from_corners(corner(bounds.south_west), corner(bounds.north_east));
        Boxed { at, envelope }
    };
    let tree = RTree::bulk_load(placed.iter().enumerate().map(boxed).collect());
    for (at, one) in placed.iter().enumerate() {
        let envelope = boxed((at, one)).envelope;
        let near = tree.locate_in_envelope_intersecting(envelope);
        // Each pair once, and in the order of the claims: the tree's own order is nobody's business.
        let mut later: Vec<usize> =
            near.map(|other| other.at).filter(|other| *other > at).collect();
        later.sort_unstable();
        for other in later {
            double_count(one, &placed[other], ledgers, outs);
        }
    }
}

fn placed<'a>(ledgers: &[Weighed<'a>], outs: &mut [Findings]) -> Vec<Placed<'a>> {
    let mut placed = Vec::new();
    for (ledger, weighed) in ledgers.iter().enumerate() {
        for (said, claim) in weighed.claims() {
            let mut about = about(Rule::R22, said, &mut outs[ledger]);
            match Shape::of(&claim.area) {
                Ok(shape) => {
                    placed.push(Placed { ledger, id: weighed.record.ledger(), said, claim, shape });
                }
                Err(_) => about.cannot_check(
                    "area-not-sound",
                    "what it shares with others: its area is no sound shape",
                ),
            }
        }
    }
    placed
}

fn double_count(a: &Placed<'_>, b: &Placed<'_>, ledgers: &[Weighed<'_>], outs: &mut [Findings]) {
    let Some(days) = a.claim.period.intersection(&b.claim.period) else { return };
    let common = a.claim.pools.iter().find(|pool| {
        b.claim.pools.iter().any(|other| (other.pool, other.gas) == (pool.pool, pool.gas))
    });
    let Some(common) = common else { return };
    if supersedes(a, b) || supersedes(b, a) {
        return;
    }
    let shared = a.shape.shared_with(&b.shape);
    let figures = &ledgers[a.ledger].figures.R22;
    let smaller = a.shape.square_metres().min(b.shape.square_metres());
    let share = u128::from(figures.overlap_ppm) * u128::from(smaller) / 1_000_000;
    if u128::from(shared) <= share.max(u128::from(figures.overlap_m2)) {
        return;
    }
    for (one, other) in [(a, b), (b, a)] {
        let what = format!(
            "{} counts {} in {} on {} ha and {} days that claim {} {} counts as well",
            quoted(&one.claim.id),
            common.gas,
            common.pool,
            shared.div_ceil(10_000),
            days.count(),
            quoted(&other.claim.id),
            whereabouts(one, other),
        );
        about(Rule::R22, one.said, &mut outs[one.ledger]).fail("counted-twice", what);
    }
}

fn supersedes(newer: &Placed<'_>, older: &Placed<'_>) -> bool {
    let names = |by: &StatementRef| {
        by.id == older.said.id
            && (by.ledger.is_none() && newer.id == older.id || by.ledger == older.id)
    };
    newer.claim.supersedes.iter().any(names)
}

fn quoted(id: &str) -> String {
    format!("\"{id}\"")
}

fn whereabouts(one: &Placed<'_>, other: &Placed<'_>) -> String {
    match other.id {
        Some(ledger) if other.ledger != one.ledger => {
            format!("(statement {} of ledger {ledger})", other.said.position)
        }
        _ => format!("(statement {})", other.said.position),
    }
}

/// R23 between claims: no number of a registry stands in two.
fn double_serials(ledgers: &[Weighed<'_>], outs: &mut [Findings]) {
    struct Held<'a> {
        ledger: usize,
        id: Option<LedgerId>,
        said: &'a Said,
        block: &'a SerialBlock,
    }
    let mut series: BTreeMap<(&str, Option<&str>), Vec<Held<'_>>> = BTreeMap::new();
    for (ledger, weighed) in ledgers.iter().enumerate() {
        for (said, claim) in weighed.claims() {
            for block in &claim.serials {
                let key = (block.registry.as_str(), block.prefix.as_deref());
                let id = weighed.record.ledger();
                series.entry(key).or_default().push(Held { ledger, id, said, block });
            }
        }
    }
    for mut held in series.into_values() {
        held.sort_by_key(|one| (one.block.first, one.ledger, one.said.position));
        // The block that reaches furthest so far, of another claim or the same.
        let mut furthest: Option<&Held<'_>> = None;
        for one in &held {
            if let Some(before) = furthest
                && (before.ledger, before.said.id) != (one.ledger, one.said.id)
                && let Some((first, last)) = serial_overlap(before.block, one.block)
            {
                for (mine, other) in [(before, one), (one, before)] {
                    let elsewhere = other.id.filter(|_| other.ledger != mine.ledger);
                    let of = elsewhere.map(|id| format!(" of ledger {id}")).unwrap_or_default();
                    about(Rule::R23, mine.said, &mut outs[mine.ledger]).fail(
                        "serials-twice",
                        format!(
                            "the numbers {first} to {last} of {} also stand in statement {}{of}",
                            mine.block.registry, other.said.position
                        ),
                    );
                }
            }
            if furthest.is_none_or(|before| before.block.last < one.block.last) {
                furthest = Some(one);
            }
        }
    }
}
