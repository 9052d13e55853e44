//! The evidence that findings and claims rest on (R12, R15, R19, R38), and the samples drawn from it
//! (R42).

use std::collections::HashSet;

use super::roles::Ledgers;
use super::weighed::{About, Weighed, about};
use crate::audit::anchors::AnchorFact;
use crate::audit::finding::{Outcome, Subject};
use crate::audit::findings::Findings;
use crate::audit::record::Said;
use crate::audit::rule::Rule;
use crate::statement::bodies::Body;
use crate::statement::bodies::cited::Evidence;
use crate::statement::bodies::day::Days;
use crate::statement::bodies::process::sample::{Draw, SampleResult};
use crate::statement::sample::{AnchoredRows, drawn_rows};
use crate::tlog::hash::Hash;

/// The kind of evidence that anchors of labels have.
const LABELS: &str = "labels";

/// Judges what one ledger cites.
pub(super) fn judge(ledgers: &Ledgers<'_>, weighed: &Weighed<'_>, out: &mut Findings) {
    for said in weighed.record.live() {
        match &said.body {
            Body::SelfAssessment(found) | Body::Assessment(found) => {
                let cited = cited(ledgers, weighed, said, Rule::R12, &found.evidence, out);
                if let Some(period) = found.period {
                    of_its_period(weighed, said, period, &cited, out);
                }
            }
            Body::ClaimFile(claim) => {
                let cited = cited(ledgers, weighed, said, Rule::R38, &claim.evidence, out);
                of_its_period(weighed, said, claim.period, &cited, out);
                let mut about = about(Rule::R38, said, out);
                if claim.variables.is_empty() && claim.evidence.is_empty() {
                    about.fail("no-evidence", "it rests on no evidence at all");
                }
                for variable in &claim.variables {
                    if variable.evidence.is_empty() {
                        let name = &variable.name;
                        about.fail("no-evidence", format!("{name} points at no evidence"));
                    }
                }
                for variable in &claim.variables {
                    self::cited(ledgers, weighed, said, Rule::R38, &variable.evidence, out);
                }
            }
            Body::SampleDraw(draw) => drawn(weighed, said, draw, out),
            Body::SampleResult(result) => found_as_drawn(weighed, said, result, out),
            _ => {}
        }
    }
    places(weighed, out);
    if weighed.figures.R19.on {
        labels(weighed, out);
    }
}

/// The anchors that a statement cites. One that is not there, or signs another root, is a finding: of R38
/// for a claim, of R12 for a finding.
fn cited<'a>(
    ledgers: &Ledgers<'a>,
    weighed: &Weighed<'a>,
    said: &Said,
    rule: Rule,
    evidence: &[Evidence],
    out: &mut Findings,
) -> Vec<&'a AnchorFact> {
    let mut found = Vec::new();
    let mut about = about(rule, said, out);
    for one in evidence {
        let elsewhere = one.statement.ledger.filter(|at| Some(*at) != weighed.record.ledger());
        let holder = match elsewhere {
            None => Some(*weighed),
            Some(ledger) => ledgers.get(ledger).copied(),
        };
        let Some(holder) = holder else {
            about.cannot_check(
                "ledger-not-at-hand",
                "it cites evidence in a ledger that is not among those read",
            );
            continue;
        };
        match holder.anchors.get(&one.statement.id) {
            None if holder.anchors.left_out() > 0 => about.cannot_check(
                "too-many-anchors",
                "whether the evidence it cites is there: the ledger has too many anchors to weigh",
            ),
            None => about.fail("no-such-evidence", "it cites evidence that is not in the ledger"),
            Some(anchor) => {
                if check_citation(one, anchor, &mut about) {
                    found.push(anchor);
                }
            }
        }
    }
    found
}

fn check_citation(one: &Evidence, anchor: &AnchorFact, about: &mut About<'_>) -> bool {
    let at = anchor.position;
    if one.root != anchor.rows.root {
        about.fail("other-root", format!("it cites another evidence root than {at} signs"));
        return false;
    }
    if one.rows.last().is_some_and(|row| *row >= anchor.rows.rows) {
        about.fail("no-such-row", format!("it cites a row that {at} does not have"));
        return false;
    }
    if !anchor.live {
        about.warn("corrected-evidence", format!("the evidence at {at} stands no more"));
    }
    true
}

/// R12: the part of each anchor's span that lies in the period, in days.
fn of_its_period(
    weighed: &Weighed<'_>,
    said: &Said,
    period: Days,
    cited: &[&AnchorFact],
    out: &mut Findings,
) {
    let figures = &weighed.figures.R12;
    if !figures.on {
        return;
    }
    let (from, until) = (seconds(period.from.0), seconds(period.until.0));
    for (anchor, (first, last)) in cited.iter().filter_map(|one| Some((one, one.span()?))) {
        let mut about = about(Rule::R12, said, out);
        let at = anchor.position;
        let inside = last.min(until - 1).saturating_sub(first.max(from));
        if inside < 0 {
            about.fail(
                "other-period",
                format!(
                    "the evidence at {at} was captured wholly outside {} to {}",
                    period.from, period.until
                ),
            );
            continue;
        }
        // A span of one moment is inside as a whole.
        let (part, whole) = (i128::from(inside) + 1, i128::from(last.saturating_sub(first)) + 1);
        if part * 1_000_000 < whole * i128::from(figures.inside_ppm) {
            about.warn(
                "mostly-outside",
                format!("most of the evidence at {at} was captured outside the period"),
            );
        }
    }
}

fn seconds(day: i64) -> i64 {
    day.saturating_mul(86_400)
}

/// R15: the box of an anchor meets the box of the site, unless a link says why not.
fn places(weighed: &Weighed<'_>, out: &mut Findings) {
    let live = weighed.anchors.all().iter().filter(|anchor| anchor.live);
    let mut placed = live.filter_map(|anchor| Some((anchor, anchor.place?))).peekable();
    if placed.peek().is_none() {
        return;
    }
    let Some(boundary) = weighed.boundary else {
        if weighed.site().is_some_and(|site| site.boundary.is_some()) {
            let what = "whether evidence comes from the site: its boundary is not at hand \
                        (--boundary FILE)";
            out.add(Rule::R15, Outcome::CannotCheck, "no-boundary", Subject::Ledger, what);
        }
        return;
    };
    out.judge(Rule::R15);
    let (site, off_site) = (boundary.bounds(), marked_off_site(weighed));
    for (anchor, place) in placed {
        let apart = place.north < site.south_west.latitude
            || place.south > site.north_east.latitude
            || place.east < site.south_west.longitude
            || place.west > site.north_east.longitude;
        if apart && !off_site.contains(&anchor.id) {
            let at = anchor.position;
            let what = format!("statement {at}: its evidence comes from outside the site");
            out.add(Rule::R15, Outcome::Warn, "off-site", Subject::Statement(at), what);
        }
    }
}

/// The anchors of which a link says why they come from elsewhere.
fn marked_off_site(weighed: &Weighed<'_>) -> HashSet<Hash> {
    let links = weighed.record.live().filter_map(|said| match &said.body {
        Body::Link(link) if link.off_site.is_some() => Some(link.statement.id),
        _ => None,
    });
    links.collect()
}

/// R19: labels made from evidence name software and model, and a sample of them was looked at. A copy
/// without what a camera wrote into it is derived, too, and needs no model.
fn labels(weighed: &Weighed<'_>, out: &mut Findings) {
    let sampled = |anchor: &AnchorFact| {
        let results = weighed.record.live().filter_map(|said| match &said.body {
            Body::SampleResult(result) => Some(result),
            _ => None,
        });
        let rows = results.flat_map(|result| &result.rows);
        rows.filter(|row| row.root == anchor.rows.root).count() as u64
    };
    for anchor in weighed.anchors.all().iter().filter(|anchor| anchor.live) {
        let Some(derived) = anchor.derived.filter(|_| anchor.evidence == LABELS) else { continue };
        out.judge(Rule::R19);
        let at = anchor.position;
        let mut warn = |code, what: String| {
            out.add(Rule::R19, Outcome::Warn, code, Subject::Statement(at), what);
        };
        if !derived.software || !derived.model {
            warn("no-model", format!("statement {at}: made by a machine that it does not name"));
        }
        if sampled(anchor) < weighed.figures.R19.sampled_rows.min(anchor.rows.rows) {
            warn("not-sampled", format!("statement {at}: too few of its rows were looked at"));
        }
    }
}

/// The live anchors that a draw draws from, as they stood at its size.
fn population(weighed: &Weighed<'_>, draw: &Draw) -> Vec<AnchoredRows> {
    let bearing = weighed.anchors.bearing_on(&draw.indicator);
    let below = bearing.filter(|anchor| anchor.position.0 < draw.checkpoint.size.0);
    below.map(|anchor| anchor.rows).collect()
}

/// R42: the population of a draw is what the ledger held.
fn drawn(weighed: &Weighed<'_>, said: &Said, draw: &Draw, out: &mut Findings) {
    let mut about = about(Rule::R42, said, out);
    let Some(ledger) = weighed.record.ledger() else { return };
    if weighed.anchors.left_out() > 0 {
        return about.cannot_check("too-many-anchors", "the ledger has too many anchors to weigh");
    }
    if drawn_rows(ledger, draw, &population(weighed, draw)).is_some() {
        return;
    }
    // Links, corrections and compromised keys since then change what is live now.
    let changed_since = weighed.record.all().iter().any(|later| {
        later.position.0 >= draw.checkpoint.size.0 && matches!(later.body, Body::Link(_))
    }) || weighed.anchors.all().iter().any(|anchor| !anchor.live);
    match changed_since {
        true => about.cannot_check(
            "population-changed",
            "what it drew from: evidence was linked or corrected since",
        ),
        false => about.fail("other-population", "it does not draw from the evidence of its size"),
    }
}

/// R42: the result names the rows that were drawn, in their order.
fn found_as_drawn(weighed: &Weighed<'_>, said: &Said, result: &SampleResult, out: &mut Findings) {
    let mut about = about(Rule::R42, said, out);
    let drawn = weighed.record.resolve(&result.draw).map(|drawn| (&drawn.body, drawn.position));
    let Some((Body::SampleDraw(draw), _)) = drawn else {
        return about.fail("no-draw", "the draw it reports on is not in this ledger");
    };
    let Some(ledger) = weighed.record.ledger() else { return };
    match drawn_rows(ledger, draw, &population(weighed, draw)) {
        None => about.cannot_check("draw-unknown", "which rows were drawn cannot be repeated"),
        Some(rows) => {
            let reported = result.rows.iter().map(|row| (row.root, row.index));
            if !reported.eq(rows.iter().copied()) {
                about.fail("other-rows", "it does not report on the rows that were drawn");
            }
        }
    }
}
