//! The evidence that findings rest on, and samples of it.

use treering::audit::finding::{Outcome, Rule};
use treering::statement::bodies::cited::Evidence;
use treering::statement::bodies::evidence::{
    Anchor, Captured, Derivation, DerivationSource, Indicators, Link, Period, Place,
};
use treering::statement::bodies::process::assessment::{Assessment, Verdict};
use treering::statement::bodies::process::sample::{
    Draw, Found, FoundRow, Population, SampleResult,
};
use treering::statement::bodies::site::Describe;
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::sample::{AnchoredRows, drawn_rows, evidence_digest};
use treering::tlog::hash::Hash;

use crate::scenes::{Scene, boundary, catalogue, finds, indicator, passes};
use crate::support::assurance::{day, days};
use crate::support::bodies::{correction, small_anchor};

fn anchored(scene: &mut Scene, change: impl FnOnce(&mut Anchor)) -> Evidence {
    let ids = vec!["3.7.1".into()];
    let mut anchor = small_anchor("spring");
    anchor.indicators = Some(Indicators { catalogue: catalogue(), ids });
    change(&mut anchor);
    let root = anchor.root;
    let statement = scene.say(Body::Anchor(anchor));
    Evidence { statement, root, rows: vec![] }
}

fn assess(scene: &mut Scene, evidence: Evidence, from: &str, until: &str) {
    scene.say(Body::SelfAssessment(Assessment {
        indicator: indicator("3.7.1"),
        verdict: Verdict::Met,
        evidence: vec![evidence],
        samples: vec![],
        period: Some(days(from, until)),
        note: None,
    }));
}

/// Captured from the first to the last of these days.
fn captured(from: &str, until: &str) -> Option<Captured> {
    let (first, last) = (day(from).0 * 86_400, day(until).0 * 86_400);
    Some(Captured { utc: Some(Period { first, last, files: 1 }), local: None, note: None })
}

#[test]
fn r12_evidence_is_of_the_period_it_stands_for() {
    let judged = |from, until| {
        let mut scene = Scene::new();
        let evidence = anchored(&mut scene, |anchor| {
            anchor.captured = captured("2026-03-01", "2026-03-31");
        });
        assess(&mut scene, evidence, from, until);
        scene.audit()
    };
    passes(&judged("2026-01-01", "2026-07-01"), Rule::R12);
    passes(&judged("2026-03-10", "2026-07-01"), Rule::R12);
    finds(&judged("2026-03-25", "2026-07-01"), Rule::R12, Outcome::Warn, "mostly-outside");
    finds(&judged("2026-04-01", "2026-07-01"), Rule::R12, Outcome::Fail, "other-period");
    finds(&judged("2025-01-01", "2026-03-01"), Rule::R12, Outcome::Fail, "other-period");
}

#[test]
fn r12_evidence_is_in_the_ledger() {
    let mut scene = Scene::new();
    let evidence = anchored(&mut scene, |_| {});
    let gone = Evidence { statement: StatementRef::here(Hash::of(b"gone")), ..evidence.clone() };
    assess(&mut scene, gone, "2026-01-01", "2026-07-01");
    finds(&scene.audit(), Rule::R12, Outcome::Fail, "no-such-evidence");
    let mut corrected = Scene::new();
    let evidence = anchored(&mut corrected, |_| {});
    let id = evidence.statement.id;
    assess(&mut corrected, evidence, "2026-01-01", "2026-07-01");
    corrected.say(correction(id, None));
    finds(&corrected.audit(), Rule::R12, Outcome::Warn, "corrected-evidence");
}

#[test]
fn r15_evidence_comes_from_the_site() {
    let place = |south, west| {
        let step = 100_000;
        Some(Place { south, west, north: south + step, east: west + step, step })
    };
    let judged = |place: Option<Place>, at_hand: bool, off_site: Option<&str>| {
        let mut scene = Scene::new();
        let boundary = boundary(b"a boundary");
        let site = Describe { boundary: Some(boundary.digest), ..Describe::default() };
        scene.say(Body::SiteDescribe(site));
        scene.boundary = at_hand.then_some(boundary);
        let evidence = anchored(&mut scene, |anchor| anchor.place = place);
        if let Some(reason) = off_site {
            let ids = vec!["4.1.1".into()];
            let indicators = Indicators { catalogue: catalogue(), ids };
            let statement = evidence.statement;
            let off_site = Some(reason.to_string());
            scene.say(Body::Link(Link { statement, indicators, off_site }));
        }
        scene.audit()
    };
    passes(&judged(place(46_600_000, 10_100_000), true, None), Rule::R15);
    let far = place(47_600_000, 10_100_000);
    finds(&judged(far, true, None), Rule::R15, Outcome::Warn, "off-site");
    passes(&judged(far, true, Some("the herd winters outside")), Rule::R15);
    finds(&judged(far, false, None), Rule::R15, Outcome::CannotCheck, "no-boundary");
}

#[test]
fn r19_is_off_and_asks_for_models_and_samples_if_turned_on() {
    let on = ("[R19]\non = false", "[R19]\non = true");
    let judged = |software: Option<&str>| {
        let mut scene = Scene::new().with_rules(on.0, on.1);
        let pictures = anchored(&mut scene, |_| {});
        anchored(&mut scene, |anchor| {
            anchor.evidence = "labels".into();
            anchor.root = Hash::of(b"labels");
            anchor.derived_from = Some(Derivation {
                sources: vec![DerivationSource { statement: pictures.statement, rows: None }],
                software: software.map(String::from),
                model: software.map(|_| Hash::of(b"a model")),
                parameters: None,
            });
        });
        scene.audit()
    };
    let named = judged(Some("megadetector@5"));
    finds(&named, Rule::R19, Outcome::Warn, "not-sampled");
    assert!(!named.findings.iter().any(|finding| finding.code == "no-model"));
    finds(&judged(None), Rule::R19, Outcome::Warn, "no-model");
}

/// A site with evidence, and a draw of one row from it.
fn drawn(change: impl FnOnce(&mut Draw)) -> (Scene, Draw, StatementRef) {
    let mut scene = Scene::new();
    let evidence = anchored(&mut scene, |_| {});
    let rows = small_anchor("").rows;
    let anchors = [AnchoredRows { root: evidence.root, rows }];
    let mut draw = Draw {
        indicator: indicator("3.7.1"),
        checkpoint: scene.site.tree(),
        population: Population { digest: evidence_digest(&anchors), rows },
        n: 1,
        nonce: Some(Hash::of(b"dice")),
        beacon: None,
    };
    change(&mut draw);
    let at = scene.say(Body::SampleDraw(draw.clone()));
    (scene, draw, at)
}

#[test]
fn r42_a_draw_draws_from_what_the_ledger_held() {
    passes(&drawn(|_| {}).0.audit(), Rule::R42);
    let other = drawn(|draw| draw.population.digest = Hash::of(b"other")).0.audit();
    finds(&other, Rule::R42, Outcome::Fail, "other-population");
    let (mut since, ..) = drawn(|draw| draw.population.digest = Hash::of(b"other"));
    let anchor = since.site.entries[2].id();
    since.say(correction(anchor, None));
    finds(&since.audit(), Rule::R42, Outcome::CannotCheck, "population-changed");
}

#[test]
fn r42_a_result_reports_on_the_rows_drawn() {
    let (mut scene, draw, at) = drawn(|_| {});
    let root = small_anchor("spring").root;
    let anchors = [AnchoredRows { root, rows: small_anchor("").rows }];
    let rows = drawn_rows(scene.site.id, &draw, &anchors).unwrap();
    let found = |rows: &[(Hash, u64)]| {
        let row = |(root, index): &(Hash, u64)| FoundRow {
            root: *root,
            index: *index,
            found: Found::Agree,
        };
        Body::SampleResult(SampleResult { draw: at, rows: rows.iter().map(row).collect() })
    };
    let mut honest = Scene { site: scene.site.clone(), ..Scene::new() };
    honest.say(found(&rows));
    let report = honest.audit();
    passes(&report, Rule::R42);
    let sample = &report.portrait.samples[0];
    assert_eq!((sample.drawn, sample.result.map(|found| found.not_agreeing)), (1, Some(0)));
    scene.say(found(&[(rows[0].0, rows[0].1 + 1)]));
    finds(&scene.audit(), Rule::R42, Outcome::Fail, "other-rows");
}
