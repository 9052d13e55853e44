//! One claim by itself.

use treering::audit::finding::{Outcome, Rule};
use treering::statement::bodies::Body;
use treering::statement::bodies::claim::ClaimKind;
use treering::statement::bodies::claim::amounts::Uncertainty;
use treering::statement::bodies::claim::area::{Area, Point, Polygon, Ring};
use treering::statement::bodies::claim::filing::{ClaimFile, Mark};
use treering::statement::bodies::claim::moves::{Move, Verb};
use treering::statement::bodies::claim::terms::Adjustment;
use treering::statement::bodies::site::Describe;
use treering::tlog::hash::Hash;

use crate::scenes::{Scene, boundary, claim, finds, passes};
use crate::support::assurance::{a_move, day};

fn filed(change: impl FnOnce(&mut ClaimFile)) -> Scene {
    let mut scene = Scene::new();
    file(&mut scene, change);
    scene
}

fn file(
    scene: &mut Scene,
    change: impl FnOnce(&mut ClaimFile),
) -> treering::statement::bodies::StatementRef {
    let evidence = [scene.anchor_for("plots", "3.7.1")];
    let mut claim = claim(&evidence);
    change(&mut claim);
    scene.say(Body::ClaimFile(Box::new(claim)))
}

/// A scene in which a claim is moved.
fn moved(moves: impl IntoIterator<Item = Move>) -> Scene {
    let mut scene = Scene::new();
    let claim = file(&mut scene, |_| {});
    for one in moves {
        scene.say(Body::ClaimMove(Box::new(Move { claim, ..one })));
    }
    scene
}

fn nobody() -> treering::statement::bodies::StatementRef {
    treering::statement::bodies::StatementRef::here(Hash::of(b"nobody"))
}

fn retirement() -> Move {
    Move {
        beneficiary: Some("Alpine Club".into()),
        purpose: Some("its huts".into()),
        kind: Some(ClaimKind::Contribution),
        ..a_move(nobody(), Verb::Retire, 100)
    }
}

#[test]
fn r20_totals_follow_from_one_another() {
    passes(&filed(|_| {}).audit(), Rule::R20);
    let off = filed(|claim| claim.totals.net_g += 1).audit();
    let what = finds(&off, Rule::R20, Outcome::Fail, "does-not-add-up");
    assert!(what.contains("totals.net_g is 900000001, but 900000000 follows"), "{what}");
}

#[test]
fn r21_pools_add_up_and_omissions_have_reasons() {
    passes(&filed(|_| {}).audit(), Rule::R21);
    let off = filed(|claim| claim.pools[0].leakage_g -= 1).audit();
    finds(&off, Rule::R21, Outcome::Fail, "pools-do-not-add-up");
    let twice = filed(|claim| {
        let again = claim.pools[0].clone();
        claim.pools.push(again);
    });
    finds(&twice.audit(), Rule::R21, Outcome::Fail, "pools-do-not-add-up");
    let silent = filed(|claim| claim.omitted[0].reason = None).audit();
    finds(&silent, Rule::R21, Outcome::Fail, "pools-do-not-add-up");
}

#[test]
fn r23_a_block_has_as_many_units_as_it_says() {
    passes(&filed(|_| {}).audit(), Rule::R23);
    let off = filed(|claim| claim.serials[0].count += 1).audit();
    finds(&off, Rule::R23, Outcome::Fail, "serials-differ");
}

#[test]
fn r24_units_balance_after_every_move() {
    let issue = || a_move(nobody(), Verb::Issue, 900);
    let buffer = || a_move(nobody(), Verb::Buffer, 180);
    passes(&moved([issue(), buffer()]).audit(), Rule::R24);
    let more = moved([issue(), a_move(nobody(), Verb::Issue, 1)]).audit();
    finds(&more, Rule::R24, Outcome::Fail, "beyond-the-balance");
    let unknown = {
        let mut scene = Scene::new();
        scene.say(Body::ClaimMove(Box::new(issue())));
        scene
    };
    finds(&unknown.audit(), Rule::R24, Outcome::Fail, "moves-no-claim");
}

#[test]
fn r25_retirements_say_for_whom_and_what_for() {
    let issue = || a_move(nobody(), Verb::Issue, 900);
    let buffer = || a_move(nobody(), Verb::Buffer, 180);
    passes(&moved([issue(), buffer(), retirement()]).audit(), Rule::R25);
    let silent = a_move(nobody(), Verb::Retire, 1);
    let report = moved([issue(), buffer(), silent]).audit();
    finds(&report, Rule::R25, Outcome::Fail, "no-beneficiary");
    finds(&report, Rule::R25, Outcome::Fail, "no-purpose");
    finds(&report, Rule::R25, Outcome::Fail, "no-kind");
    let other = Move { kind: Some(ClaimKind::Compensation), ..retirement() };
    finds(&moved([issue(), buffer(), other]).audit(), Rule::R25, Outcome::Fail, "other-kind");
    let before = moved([retirement()]).audit();
    finds(&before, Rule::R25, Outcome::Fail, "beyond-the-balance");
}

#[test]
fn r26_vintages_lie_in_the_period() {
    passes(&filed(|_| {}).audit(), Rule::R26);
    let outside = filed(|claim| claim.vintages = vec![2026]).audit();
    finds(&outside, Rule::R26, Outcome::Fail, "vintage-outside");
    let early = || Move { day: day("2025-06-01"), ..a_move(nobody(), Verb::Issue, 1) };
    finds(&moved([early()]).audit(), Rule::R26, Outcome::Fail, "issued-early");
    let mut marked = Scene::new();
    let claim = file(&mut marked, |claim| claim.marks = vec![Mark::ExAnte]);
    marked.say(Body::ClaimMove(Box::new(Move { claim, ..early() })));
    passes(&marked.audit(), Rule::R26);
    let unknown = Move { vintage: Some(2024), ..a_move(nobody(), Verb::Issue, 1) };
    finds(&moved([unknown]).audit(), Rule::R26, Outcome::Fail, "vintage-unknown");
}

/// A site that names its boundary.
fn bounded() -> Scene {
    let mut scene = Scene::new();
    let boundary = boundary(b"a boundary");
    let site = Describe { boundary: Some(boundary.digest), ..Describe::default() };
    scene.say(Body::SiteDescribe(site));
    scene.boundary = Some(boundary);
    scene
}

#[test]
fn r27_areas_are_as_large_as_they_are_said_to_be() {
    let mut scene = bounded();
    file(&mut scene, |_| {});
    passes(&scene.audit(), Rule::R27);

    let mut off = bounded();
    file(&mut off, |claim| claim.area_m2 = claim.area_m2 * 103 / 100);
    finds(&off.audit(), Rule::R27, Outcome::Warn, "area-differs");
    let mut far_off = bounded();
    file(&mut far_off, |claim| claim.area_m2 *= 2);
    finds(&far_off.audit(), Rule::R27, Outcome::Fail, "area-differs");

    let mut outside = bounded();
    file(&mut outside, |claim| claim.area = elsewhere());
    finds(&outside.audit(), Rule::R27, Outcome::Fail, "outside-the-site");

    let crossed = filed(|claim| claim.area = bow_tie()).audit();
    finds(&crossed, Rule::R27, Outcome::Fail, "area-not-sound");

    let unknown = filed(|_| {}).audit();
    finds(&unknown, Rule::R27, Outcome::CannotCheck, "no-boundary");
    // Another file than the one the site names is none.
    let mut other = bounded();
    file(&mut other, |_| {});
    other.boundary = Some(boundary(b"another"));
    finds(&other.audit(), Rule::R27, Outcome::CannotCheck, "no-boundary");
}

fn ring(points: &[(i64, i64)]) -> Area {
    Area(vec![Polygon(vec![Ring(points.iter().copied().map(Point::from).collect())])])
}

fn elsewhere() -> Area {
    let (w, s, e, n) = (12_100_000, 46_600_000, 12_113_000, 46_609_000);
    ring(&[(w, s), (e, s), (e, n), (w, n), (w, s)])
}

/// Counter-clockwise as a whole, and crossing itself.
fn bow_tie() -> Area {
    ring(&[
        (10_100_000, 46_600_000),
        (10_110_000, 46_600_000),
        (10_110_000, 46_609_000),
        (10_104_000, 46_599_000),
        (10_100_000, 46_609_000),
        (10_100_000, 46_600_000),
    ])
}

#[test]
fn r28_is_off_and_asks_for_plausible_claims_if_turned_on() {
    let on = ("[R28]\non = false", "[R28]\non = true");
    let plausible = |change: fn(&mut ClaimFile)| {
        let mut scene = Scene::new().with_rules(on.0, on.1);
        file(&mut scene, change);
        scene.audit()
    };
    // 900 t on 98.8 ha in a year.
    passes(&plausible(|_| {}), Rule::R28);
    let small = plausible(|claim| claim.area_m2 = 10_000);
    finds(&small, Rule::R28, Outcome::Warn, "not-plausible");
    let off = filed(|claim| claim.area_m2 = 10_000).audit();
    assert!(!off.findings.iter().any(|finding| finding.rule == Rule::R28));
}

#[test]
fn r29_a_contribution_does_not_offset() {
    passes(&filed(|_| {}).audit(), Rule::R29);
    let said = filed(|claim| claim.text = Some("It offsets your flight.".into())).audit();
    finds(&said, Rule::R29, Outcome::Warn, "offsetting-words");
    let purpose = Move { purpose: Some("climate-neutral huts".into()), ..retirement() };
    let moves = [a_move(nobody(), Verb::Issue, 900), a_move(nobody(), Verb::Buffer, 180), purpose];
    finds(&moved(moves).audit(), Rule::R29, Outcome::Warn, "offsetting-words");
}

#[test]
fn r37_a_methodology_is_kept_through_a_crediting_period() {
    passes(&filed(|_| {}).audit(), Rule::R37);
    let mut changed = Scene::new();
    file(&mut changed, |_| {});
    file(&mut changed, |claim| {
        claim.id = "larch-2026".into();
        claim.methodology.document = Hash::of(b"another edition");
        claim.gwp = treering::statement::bodies::claim::amounts::GwpSet::Ar5;
    });
    let report = changed.audit();
    finds(&report, Rule::R37, Outcome::Fail, "methodology-changed");
    finds(&report, Rule::R37, Outcome::Fail, "potentials-changed");
}

#[test]
fn r38_figures_point_at_evidence() {
    passes(&filed(|_| {}).audit(), Rule::R38);
    let silent = filed(|claim| claim.variables[0].evidence.clear()).audit();
    finds(&silent, Rule::R38, Outcome::Fail, "no-evidence");
    let gone = filed(|claim| claim.evidence[0].statement.id = Hash::of(b"gone")).audit();
    finds(&gone, Rule::R38, Outcome::Fail, "no-such-evidence");
    let other = filed(|claim| claim.evidence[0].root = Hash::of(b"other")).audit();
    finds(&other, Rule::R38, Outcome::Fail, "other-root");
    let row = filed(|claim| claim.evidence[0].rows = vec![1_000]).audit();
    finds(&row, Rule::R38, Outcome::Fail, "no-such-row");
    let elsewhere = filed(|claim| {
        let ledger = treering::statement::envelope::LedgerId(Hash::of(b"elsewhere"));
        claim.evidence[0].statement.ledger = Some(ledger);
    });
    finds(&elsewhere.audit(), Rule::R38, Outcome::CannotCheck, "ledger-not-at-hand");
}

#[test]
fn r39_a_buffer_reaches_its_floor() {
    passes(&filed(|_| {}).audit(), Rule::R39);
    let below = filed(|claim| claim.buffer.as_mut().unwrap().floor_ppm = Some(300_000)).audit();
    finds(&below, Rule::R39, Outcome::Warn, "buffer-below-floor");
    let none = filed(|claim| claim.buffer = None).audit();
    finds(&none, Rule::R39, Outcome::Warn, "no-buffer");
    let unknown = filed(|claim| claim.buffer.as_mut().unwrap().floor_ppm = None).audit();
    finds(&unknown, Rule::R39, Outcome::CannotCheck, "no-floor");
}

#[test]
fn r40_compensations_are_authorised_and_contributions_are_not() {
    passes(&filed(|_| {}).audit(), Rule::R40);
    let compensation = |adjusted: Option<Adjustment>, authorised: bool| {
        let change = move |claim: &mut ClaimFile| {
            claim.kind = ClaimKind::Compensation;
            let host = claim.host_country.as_mut().unwrap();
            host.adjustment = adjusted;
            host.authorisation = authorised.then(|| Hash::of(b"a letter"));
        };
        filed(change).audit()
    };
    passes(&compensation(Some(Adjustment::Completed), true), Rule::R40);
    let bare = compensation(None, false);
    finds(&bare, Rule::R40, Outcome::Fail, "not-authorised");
    finds(&bare, Rule::R40, Outcome::Fail, "not-adjusted");
    let adjusted = filed(|claim| {
        claim.host_country.as_mut().unwrap().adjustment = Some(Adjustment::Completed);
    });
    finds(&adjusted.audit(), Rule::R40, Outcome::Fail, "adjusted-contribution");
}

#[test]
fn r41_is_off_and_asks_for_deductions_if_turned_on() {
    let on = ("[R41]\non = false", "[R41]\non = true");
    let judged = |change: fn(&mut ClaimFile)| {
        let mut scene = Scene::new().with_rules(on.0, on.1);
        file(&mut scene, change);
        scene.audit()
    };
    passes(&judged(|_| {}), Rule::R41);
    let wide = judged(|claim| {
        claim.uncertainty = Some(Uncertainty { half_width_ppm: 200_000, confidence_percent: 90 });
        claim.totals.deduction_g = 0;
    });
    finds(&wide, Rule::R41, Outcome::Warn, "nothing-deducted");
    let unknown = judged(|claim| claim.uncertainty = None);
    finds(&unknown, Rule::R41, Outcome::CannotCheck, "no-uncertainty");
}
