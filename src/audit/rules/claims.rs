//! Each claim by itself: its sums, its moves, its words, its area, its methodology (R20, R21, R23–R29,
//! R37–R41).

use std::collections::HashMap;

use super::weighed::{About, Weighed, about};
use crate::audit::findings::Findings;
use crate::audit::record::Said;
use crate::audit::rule::Rule;
use crate::evidence::polygons::Shape;
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::amounts::Effect;
use crate::statement::bodies::claim::filing::{ClaimFile, Mark};
use crate::statement::bodies::claim::moves::{Move, Verb};
use crate::statement::bodies::claim::terms::{Adjustment, Storage};
use crate::statement::bodies::day::Days;
use crate::statement::claim_arithmetic::{
    Balance, buffer_reaches, check_net, check_pools, check_serials, vintages_outside,
};
use crate::tlog::hash::Hash;

/// A claim with its moves, by position.
struct OneClaim<'a> {
    said: &'a Said,
    claim: &'a ClaimFile,
    moves: Vec<(&'a Said, &'a Move)>,
}

/// Judges every live claim of a ledger.
pub(super) fn judge(weighed: &Weighed<'_>, out: &mut Findings) {
    let mut moves = moves_by_claim(weighed, out);
    for (said, claim) in weighed.claims() {
        let one = OneClaim { said, claim, moves: moves.remove(&said.id).unwrap_or_default() };
        net(&one, out);
        pools(&one, out);
        serials(&one, out);
        balance(&one, out);
        retirements(&one, out);
        vintages(&one, out);
        area(weighed, &one, out);
        words(weighed, &one, out);
        buffer(&one, out);
        host_country(&one, out);
        if weighed.figures.R28.on {
            plausibility(weighed, &one, out);
        }
        if weighed.figures.R41.on {
            uncertainty(weighed, &one, out);
        }
    }
    methodologies(weighed, out);
}

/// The live moves by the claim they move. One that moves nothing at hand is a finding of R24.
fn moves_by_claim<'a>(
    weighed: &Weighed<'a>,
    out: &mut Findings,
) -> HashMap<Hash, Vec<(&'a Said, &'a Move)>> {
    let mut by_claim: HashMap<Hash, Vec<(&Said, &Move)>> = HashMap::new();
    for said in weighed.record.live() {
        let Body::ClaimMove(one) = &said.body else { continue };
        let mut about = about(Rule::R24, said, out);
        match weighed.record.resolve(&one.claim) {
            Some(claim) if matches!(claim.body, Body::ClaimFile(_)) && claim.is_live() => {
                by_claim.entry(claim.id).or_default().push((said, one));
            }
            Some(claim) if matches!(claim.body, Body::ClaimFile(_)) => about.fail(
                "moves-a-dead-claim",
                format!("it moves units of statement {}, which stands no more", claim.position),
            ),
            None if one.claim.ledger.is_some_and(|at| Some(at) != weighed.record.ledger()) => {
                about.fail("moves-elsewhere", "it moves units of a claim in another ledger");
            }
            _ => about.fail("moves-no-claim", "the claim it moves is not in this ledger"),
        }
    }
    by_claim
}

/// R20: net = project − baseline − leakage − deduction, issuable = net − buffer.
fn net(one: &OneClaim<'_>, out: &mut Findings) {
    let mut about = about(Rule::R20, one.said, out);
    for fault in check_net(one.claim) {
        about.fail("does-not-add-up", fault.to_string());
    }
}

/// R21: total = Σ over pools.
fn pools(one: &OneClaim<'_>, out: &mut Findings) {
    let mut about = about(Rule::R21, one.said, out);
    for fault in check_pools(one.claim) {
        about.fail("pools-do-not-add-up", fault.to_string());
    }
}

/// R23, within the claim and its moves: count = last − first + 1, no number twice.
fn serials(one: &OneClaim<'_>, out: &mut Findings) {
    let lists = std::iter::once((one.said, &one.claim.serials))
        .chain(one.moves.iter().map(|(said, moved)| (*said, &moved.serials)));
    for (said, blocks) in lists.filter(|(_, blocks)| !blocks.is_empty()) {
        let mut about = about(Rule::R23, said, out);
        for fault in check_serials(blocks) {
            about.fail("serials-differ", fault.to_string());
        }
    }
}

/// R24 and R25: each move in order, allowed by the balance before it.
fn balance(one: &OneClaim<'_>, out: &mut Findings) {
    let mut balance = Balance::default();
    for (said, moved) in &one.moves {
        let rule = if moved.verb == Verb::Retire { Rule::R25 } else { Rule::R24 };
        if let Err(fault) = balance.apply(&one.claim.totals, moved) {
            about(rule, said, out).fail("beyond-the-balance", fault.to_string());
        }
        assert!(balance.holds(), "audit: a balance that was kept move by move holds");
    }
}

/// R25: for whom, what for, and as what.
fn retirements(one: &OneClaim<'_>, out: &mut Findings) {
    for (said, moved) in one.moves.iter().filter(|(_, moved)| moved.verb == Verb::Retire) {
        let mut about = about(Rule::R25, said, out);
        let says = |field: &Option<String>| field.as_ref().is_some_and(|text| !text.is_empty());
        if !says(&moved.beneficiary) {
            about.fail("no-beneficiary", "it retires units and does not say for whom");
        }
        if !says(&moved.purpose) {
            about.fail("no-purpose", "it retires units and does not say what for");
        }
        match moved.kind {
            None => about.fail("no-kind", "it retires units and does not say as what"),
            Some(kind) if kind != one.claim.kind => about.fail(
                "other-kind",
                format!("it retires units of a {} as a {kind}", one.claim.kind),
            ),
            Some(_) => {}
        }
    }
}

/// R26: vintages in the period; no issue before its end but ex-ante.
fn vintages(one: &OneClaim<'_>, out: &mut Findings) {
    let mut about_claim = about(Rule::R26, one.said, out);
    for year in vintages_outside(one.claim) {
        let period = one.claim.period;
        about_claim.fail(
            "vintage-outside",
            format!(
                "no day of {year} is in the period from {} until {}",
                period.from, period.until
            ),
        );
    }
    let ex_ante = one.claim.marks.contains(&Mark::ExAnte);
    for (said, moved) in &one.moves {
        let too_early = moved.verb == Verb::Issue && moved.day < one.claim.period.until;
        if too_early && !ex_ante {
            about(Rule::R26, said, out).fail(
                "issued-early",
                format!(
                    "units are issued on {}, before the period ends on {}, and the claim is not \
                     marked ex-ante",
                    moved.day, one.claim.period.until
                ),
            );
        }
        let foreign = moved.vintage.filter(|year| !one.claim.vintages.contains(year));
        if let Some(year) = foreign.filter(|_| !one.claim.vintages.is_empty()) {
            about(Rule::R26, said, out)
                .fail("vintage-unknown", format!("the claim has no vintage {year}"));
        }
    }
}

/// R27: |stated − measured| ≤ share · measured; nothing outside the site.
fn area(weighed: &Weighed<'_>, one: &OneClaim<'_>, out: &mut Findings) {
    let figures = &weighed.figures.R27;
    if !figures.on {
        return;
    }
    let mut about = about(Rule::R27, one.said, out);
    let shape = match Shape::of(&one.claim.area) {
        Ok(shape) => shape,
        Err(fault) => {
            return about.fail("area-not-sound", format!("its area is no sound shape: {fault}"));
        }
    };
    let (stated, measured) = (one.claim.area_m2, shape.square_metres());
    let off = u128::from(stated.abs_diff(measured)) * 1_000_000;
    let words =
        format!("it states {} ha; its polygons have {} ha", hectares(stated), hectares(measured));
    if off > u128::from(figures.fail_ppm) * u128::from(measured) {
        about.fail("area-differs", words);
    } else if off > u128::from(figures.warn_ppm) * u128::from(measured) {
        about.warn("area-differs", words);
    }
    if one.claim.marks.contains(&Mark::BeyondSite) {
        return;
    }
    match weighed.boundary {
        Some(boundary) => {
            let outside = shape.outside_of(boundary);
            if u128::from(outside) * 1_000_000 > u128::from(figures.warn_ppm) * u128::from(measured)
            {
                about.fail(
                    "outside-the-site",
                    format!("{} ha of it lie outside the site", hectares(outside)),
                );
            }
        }
        None => about.cannot_check(
            "no-boundary",
            "whether it lies in the site: its boundary is not at hand (--boundary FILE)",
        ),
    }
}

/// Square metres in hectares, to one decimal.
fn hectares(m2: u64) -> String {
    format!("{}.{}", m2 / 10_000, m2 % 10_000 / 1_000)
}

/// R28: net / (hectares · years) ≤ limit, that is
/// net · 10⁴ · 1,461 ≤ limit · m² · days · 4, a year being 1,461/4 days.
fn plausibility(weighed: &Weighed<'_>, one: &OneClaim<'_>, out: &mut Findings) {
    let mut about = about(Rule::R28, one.said, out);
    let limit = i128::from(weighed.figures.R28.grams_per_hectare_year);
    let claimed = i128::from(one.claim.totals.net_g) * 10_000 * 1_461;
    // Below 2^64 · 2^64 / 2^3 for every area on Earth and every period of the calendar.
    let space_and_time =
        i128::from(one.claim.area_m2.min(1 << 50)) * i128::from(one.claim.period.count()) * 4;
    if limit.checked_mul(space_and_time).is_some_and(|most| claimed > most) {
        about.warn(
            "not-plausible",
            format!(
                "it claims more than {} t of CO2e for each hectare and year",
                limit / 1_000_000
            ),
        );
    }
}

/// R29: words that a contribution does not use.
fn words(weighed: &Weighed<'_>, one: &OneClaim<'_>, out: &mut Findings) {
    let figures = &weighed.figures.R29;
    if !figures.on || one.claim.kind != ClaimKind::Contribution {
        return;
    }
    let texts = |claim: &ClaimFile| {
        [Some(claim.title.clone()), claim.text.clone()].into_iter().flatten().collect::<Vec<_>>()
    };
    let mut heard = vec![(one.said, texts(one.claim))];
    for (said, moved) in &one.moves {
        let said_texts = [&moved.purpose, &moved.reason].into_iter().flatten().cloned();
        heard.push((said, said_texts.collect()));
    }
    for (said, texts) in heard {
        let mut about = about(Rule::R29, said, out);
        for word in &figures.words {
            if texts.iter().any(|text| uses(text, word)) {
                let word = word.trim_end_matches('*');
                about.warn(
                    "offsetting-words",
                    format!("it says \"{word}\", and a contribution offsets nothing"),
                );
            }
        }
    }
}

/// Whether a text uses a word, or a beginning of words if it ends in `*`, whatever the case.
fn uses(text: &str, word: &str) -> bool {
    let text = text.to_lowercase();
    let (stem, any_ending) = match word.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (word, false),
    };
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(stem).any(|(at, found)| {
        let begins = !is_letter(text[..at].chars().next_back());
        let ends = any_ending || !is_letter(text[at + found.len()..].chars().next());
        begins && ends && !stem.is_empty()
    })
}

/// R37: within a crediting period, one methodology by version and document, and one set of warming
/// potentials.
fn methodologies(weighed: &Weighed<'_>, out: &mut Findings) {
    /// Claimant, crediting period, methodology.
    type Crediting<'a> = (Option<&'a str>, Days, &'a str);
    let mut first: HashMap<Crediting<'_>, (&Said, &ClaimFile)> = HashMap::new();
    for (said, claim) in weighed.claims() {
        let mut about = about(Rule::R37, said, out);
        if claim.methodology.document == Hash([0; 32]) {
            about.fail("no-document", "its methodology has no document");
        }
        let Some(crediting) = claim.crediting else { continue };
        let key = (claim.claimant.as_deref(), crediting, claim.methodology.id.as_str());
        let (earlier, before) = *first.entry(key).or_insert((said, claim));
        let (now, then) = (&claim.methodology, &before.methodology);
        if (&now.version, now.document) != (&then.version, then.document) {
            about.fail(
                "methodology-changed",
                format!(
                    "{} is another version or document than in statement {}, in the same crediting \
                     period",
                    now.id, earlier.position
                ),
            );
        }
        if claim.gwp != before.gwp {
            about.fail(
                "potentials-changed",
                format!(
                    "it uses the warming potentials of {}, statement {} those of {}, in the same \
                     crediting period",
                    claim.gwp, earlier.position, before.gwp
                ),
            );
        }
    }
}

/// R39: buffer · 10⁶ ≥ floor · net.
fn buffer(one: &OneClaim<'_>, out: &mut Findings) {
    let mut about = about(Rule::R39, one.said, out);
    let totals = &one.claim.totals;
    let Some(buffer) = one.claim.buffer else {
        let can_be_lost = one.claim.durability.as_ref().is_none_or(|lasts| {
            matches!(lasts.storage, Storage::Biomass | Storage::Soil | Storage::Sediment)
        });
        if one.claim.effect == Effect::Removal && can_be_lost {
            about.warn("no-buffer", "it keeps nothing back, though what it claims can be lost");
        }
        return;
    };
    if !buffer_reaches(totals, buffer.share_ppm) {
        about.warn("buffer-short", "it keeps back less than the share it states");
    }
    match buffer.floor_ppm {
        Some(floor) if !buffer_reaches(totals, floor) => {
            about.warn("buffer-below-floor", "it keeps back less than its methodology asks for");
        }
        Some(_) => {}
        None => about.cannot_check("no-floor", "it does not say what its methodology asks for"),
    }
}

/// R40: a compensation is authorised and adjusted for, a contribution neither.
fn host_country(one: &OneClaim<'_>, out: &mut Findings) {
    let mut about = about(Rule::R40, one.said, out);
    let host = one.claim.host_country.as_ref();
    let authorised = host.is_some_and(|host| host.authorisation.is_some());
    let adjusted = host.and_then(|host| host.adjustment);
    match one.claim.kind {
        ClaimKind::Compensation => {
            if !authorised {
                about.fail("not-authorised", "a compensation without its country's authorisation");
            }
            if matches!(adjusted, None | Some(Adjustment::NotRequired)) {
                about.fail("not-adjusted", "a compensation without a corresponding adjustment");
            }
        }
        ClaimKind::Contribution => {
            if authorised || !matches!(adjusted, None | Some(Adjustment::NotRequired)) {
                about.fail(
                    "adjusted-contribution",
                    "a contribution that is authorised or adjusted for like a compensation",
                );
            }
        }
    }
}

/// R41: a half-width above the limit takes something off.
fn uncertainty(weighed: &Weighed<'_>, one: &OneClaim<'_>, out: &mut Findings) {
    let mut about: About<'_> = about(Rule::R41, one.said, out);
    let Some(uncertainty) = one.claim.uncertainty else {
        return about.cannot_check("no-uncertainty", "it does not say how sure its net is");
    };
    // A half-width at another confidence is compared as it stands: at 95 % it is the wider one.
    let wide = uncertainty.half_width_ppm > weighed.figures.R41.half_width_ppm;
    if wide && one.claim.totals.deduction_g == 0 {
        about.warn("nothing-deducted", "its net is uncertain and nothing is taken off for it");
    }
}

#[cfg(test)]
mod tests {
    use super::uses;

    #[test]
    fn words_are_found_as_words() {
        assert!(uses("Offsets your flight", "offset*"));
        assert!(uses("a Carbon-Neutral park", "neutral*"));
        assert!(!uses("an offshoot", "offset*"));
        assert!(uses("net zero by 2030", "net zero"));
        assert!(!uses("magnet zeros", "net zero"));
    }
}
