//! Claims of two sites that count the same.

use treering::audit::finding::{Outcome, Rule};
use treering::statement::bodies::claim::amounts::Pool;
use treering::statement::bodies::claim::filing::ClaimFile;
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::key::Role;

use crate::scenes::{Scene, claim, finds, passes};
use crate::support::Ledger;
use crate::support::assurance::days;

/// A site with the usual claim and a neighbour with a changed one.
fn neighbours(change: impl FnOnce(&mut ClaimFile, StatementRef)) -> Scene {
    let mut scene = Scene::new();
    let evidence = [scene.anchor_for("plots", "3.7.1")];
    let ours = scene.say(Body::ClaimFile(Box::new(claim(&evidence))));
    let mut neighbour = Ledger::found("neighbour");
    let bert = neighbour.granted("bert", Role::Recorder);
    let mut theirs = claim(&evidence);
    theirs.id = "theirs".into();
    theirs.serials.clear();
    change(&mut theirs, StatementRef { ledger: Some(scene.site.id), ..ours });
    neighbour.file(&bert, Body::ClaimFile(Box::new(theirs)));
    scene.others.push(neighbour);
    scene
}

#[test]
fn r22_an_effect_is_claimed_once() {
    let both = neighbours(|_, _| {}).audit_all();
    let what = finds(&both[0], Rule::R22, Outcome::Fail, "counted-twice");
    assert!(what.contains("\"larch-2025\"") && what.contains("365 days"), "{what}");
    let what = finds(&both[1], Rule::R22, Outcome::Fail, "counted-twice");
    assert!(what.contains("\"theirs\" counts"), "{what}");
}

#[test]
fn r22_other_times_places_and_pools_are_other_effects() {
    let later = |theirs: &mut ClaimFile, _| theirs.period = days("2026-01-01", "2027-01-01");
    passes(&neighbours(later).audit(), Rule::R22);
    let other_pool = |theirs: &mut ClaimFile, _| {
        theirs.pools.truncate(1);
        theirs.pools[0].pool = Pool::DeadWood;
    };
    passes(&neighbours(other_pool).audit(), Rule::R22);
    let east = |theirs: &mut ClaimFile, _| {
        for ring in theirs.area.0.iter_mut().flat_map(|polygon| &mut polygon.0) {
            ring.0.iter_mut().for_each(|point| point.longitude += 13_000);
        }
    };
    passes(&neighbours(east).audit(), Rule::R22);
    let supersedes = |theirs: &mut ClaimFile, ours| theirs.supersedes = vec![ours];
    passes(&neighbours(supersedes).audit(), Rule::R22);
}

#[test]
fn r22_cannot_be_told_of_an_area_that_is_none() {
    use treering::statement::bodies::claim::area::{Area, Point, Polygon, Ring};
    let crossed = |theirs: &mut ClaimFile, _| {
        let points = [(0, 0), (10_000, 0), (10_000, 9_000), (4_000, -1_000), (0, 9_000), (0, 0)];
        theirs.area = Area(vec![Polygon(vec![Ring(points.map(Point::from).to_vec())])]);
    };
    finds(&neighbours(crossed).audit_all()[1], Rule::R22, Outcome::CannotCheck, "area-not-sound");
}

#[test]
fn r23_a_number_of_a_registry_stands_for_one_claim() {
    let shared = neighbours(|theirs, _| {
        theirs.period = days("2026-01-01", "2027-01-01");
        let block = claim(&[]).serials.remove(0);
        theirs.serials = vec![treering::statement::bodies::claim::SerialBlock {
            first: 700,
            last: 800,
            count: 101,
            ..block
        }];
    });
    let reports = shared.audit_all();
    let what = finds(&reports[0], Rule::R23, Outcome::Fail, "serials-twice");
    assert!(what.contains("700 to 720"), "{what}");
    finds(&reports[1], Rule::R23, Outcome::Fail, "serials-twice");
    passes(&neighbours(|_, _| {}).audit(), Rule::R23);
}

#[test]
fn the_order_of_ledgers_changes_no_report() {
    let scene = neighbours(|_, _| {});
    let turned = Scene {
        site: scene.others[0].clone(),
        others: vec![scene.site.clone()],
        ..neighbours(|_, _| {})
    };
    let (a, b) = (scene.audit_all(), turned.audit_all());
    assert_eq!(a[0].findings, b[1].findings);
    assert_eq!(a[1].findings, b[0].findings);
}
