//! The process of a site, from its self-assessment to its certificate.

use treering::audit::finding::{Outcome, Rule, Verdict};
use treering::audit::rules::history::Phase;
use treering::statement::bodies::cited::{Dossier, Evidence};
use treering::statement::bodies::process::assessment::{Assessment, Verdict as Finding};
use treering::statement::bodies::process::certificate::{Issue, Midterm, MidtermOutcome, Withdraw};
use treering::statement::bodies::process::concern::{About, Answer, Close, CloseOutcome, Raise};
use treering::statement::bodies::process::decision::{
    Advice, Check, CheckOutcome, Decision, DecisionOutcome, Recommendation, Step,
};
use treering::statement::bodies::process::record::{Consultation, Group, Method, Mode, Tie, Visit};
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::key::Role;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::Hash;

use crate::scenes::{Scene, accreditor, finds, indicator, no_ties, outcome, passes};
use crate::support::assurance::{day, days};
use crate::support::key;

/// What a listing can be made to go wrong in.
#[derive(Clone)]
struct Listing {
    members: Vec<&'static str>,
    reviewer: &'static str,
    committee: &'static str,
    /// The reviewer's organisation.
    organisation: &'static str,
    declare: bool,
    consulted: bool,
    candidate_first: bool,
    same_evidence: bool,
    certificate: bool,
    term: (&'static str, &'static str),
}

impl Default for Listing {
    fn default() -> Listing {
        Listing {
            members: vec!["ben", "bea", "bob"],
            reviewer: "carla",
            committee: "dora",
            organisation: "Assurance Services",
            declare: true,
            consulted: true,
            candidate_first: true,
            same_evidence: true,
            certificate: true,
            term: ("2026-07-01", "2031-07-01"),
        }
    }
}

struct Listed {
    scene: Scene,
    certificate: Option<StatementRef>,
    decision: StatementRef,
}

/// A site that is covered in one indicator and listed.
fn listed(listing: Listing) -> Listed {
    let mut scene = Scene::new();
    scene.believed.push(accreditor(&[
        ("ben", Role::Assessor),
        ("bea", Role::Assessor),
        ("bob", Role::Assessor),
        ("carla", Role::Reviewer),
        ("dora", Role::Committee),
        ("emil", Role::Verifier),
    ]));
    let evidence = scene.anchor_for("spring", "3.7.1");
    scene.say(Body::SelfAssessment(assessment(Finding::Met, std::slice::from_ref(&evidence))));
    let dossier = scene.dossier(&[&evidence]);
    let committee = key(listing.committee);
    if listing.candidate_first {
        decide(&mut scene, &committee, Step::Candidacy, dossier, &[], None);
    }
    if listing.declare {
        for member in &listing.members {
            scene.say_as(&key(member), no_ties(Role::Assessor, "University of the Grisons"));
        }
        scene.say_as(&key(listing.reviewer), no_ties(Role::Reviewer, listing.organisation));
    }
    if listing.consulted {
        scene.say(consultation());
        scene.say_as(&key(listing.members[0]), visit());
    }
    let finding = Body::Assessment(assessment(Finding::Met, std::slice::from_ref(&evidence)));
    let finding = scene.say_as(&key(listing.members[0]), finding);
    let advices: Vec<StatementRef> = listing
        .members
        .iter()
        .map(|member| {
            let recommendation = Recommendation {
                step: Step::Listing,
                outcome: Advice::For,
                dossier,
                findings: vec![finding],
                conditions: vec![],
                note: None,
            };
            scene.say_as(&key(member), Body::Recommendation(recommendation))
        })
        .collect();
    let checked = match listing.same_evidence {
        true => dossier,
        false => Dossier { evidence: Hash::of(b"other evidence"), ..dossier },
    };
    let check = Body::ReviewCheck(Check {
        step: Step::Listing,
        outcome: CheckOutcome::Followed,
        dossier: checked,
        recommendations: advices.clone(),
        points: vec![],
        note: None,
    });
    let review = scene.say_as(&key(listing.reviewer), check);
    let decision = decide(&mut scene, &committee, Step::Listing, dossier, &advices, Some(review));
    let certificate = listing.certificate.then(|| {
        let term = days(listing.term.0, listing.term.1);
        let issue = Issue { decision, term, number: None };
        scene.say_as(&committee, Body::CertificateIssue(issue))
    });
    Listed { scene, certificate, decision }
}

fn assessment(verdict: Finding, evidence: &[Evidence]) -> Assessment {
    Assessment {
        indicator: indicator("3.7.1"),
        verdict,
        evidence: evidence.to_vec(),
        samples: vec![],
        period: None,
        note: Some("seen".into()),
    }
}

fn decide(
    scene: &mut Scene,
    committee: &SecretKey,
    step: Step,
    dossier: Dossier,
    recommendations: &[StatementRef],
    review: Option<StatementRef>,
) -> StatementRef {
    let decision = Decision {
        step,
        outcome: DecisionOutcome::Accepted,
        day: day("2026-06-12"),
        dossier: Some(dossier),
        recommendations: recommendations.to_vec(),
        review,
        concerns: vec![],
        conditions: vec![],
        note: None,
    };
    scene.say_as(committee, Body::Decision(decision))
}

fn consultation() -> Body {
    Body::Consultation(Consultation {
        step: Some(Step::Listing),
        period: days("2026-05-01", "2026-05-02"),
        method: Method::Meeting,
        groups: vec![Group::Communities],
        participants: Some(24),
        consent: None,
        care: None,
        evidence: vec![],
        note: None,
    })
}

fn visit() -> Body {
    Body::Visit(Visit {
        step: Some(Step::Listing),
        period: days("2026-05-10", "2026-05-13"),
        mode: Mode::InPlace,
        with: vec![],
        evidence: vec![],
        note: None,
    })
}

#[test]
fn a_listing_that_followed_the_procedure_is_told_step_by_step() {
    let report = listed(Listing::default()).scene.audit();
    for rule in [Rule::R31, Rule::R32, Rule::R33, Rule::R30] {
        passes(&report, rule);
    }
    let phases: Vec<Phase> = report.portrait.history.steps.iter().map(|step| step.phase).collect();
    assert_eq!(phases, [Phase::Application, Phase::Candidate, Phase::Listed]);
    assert_eq!(report.portrait.history.phase(), Phase::Listed);
}

#[test]
fn r31_roles_are_those_that_believed_accreditors_granted() {
    let mut nobody_believed = listed(Listing::default()).scene;
    let ledgers = std::mem::take(&mut nobody_believed.believed);
    let report = nobody_believed.audit();
    let what = finds(&report, Rule::R31, Outcome::CannotCheck, "role-unknown");
    assert!(what.contains("treering trust accredit"), "{what}");
    assert_eq!(report.verdict, Verdict::Fail, "its coverage is a finding all the same");
    nobody_believed.believed = ledgers;

    let stranger = listed(Listing { reviewer: "stranger", ..Listing::default() }).scene.audit();
    let what = finds(&stranger, Rule::R31, Outcome::Fail, "not-in-role");
    assert!(what.contains("no believed accreditor granted its key the role reviewer"), "{what}");
    let assessor = Listing { committee: "emil", ..Listing::default() };
    let what = finds(&listed(assessor).scene.audit(), Rule::R31, Outcome::Fail, "not-in-role");
    assert!(what.contains("the role verifier and not committee"), "{what}");
}

#[test]
fn r31_a_decision_rests_on_what_was_recommended_and_checked() {
    let other = Listing { same_evidence: false, ..Listing::default() };
    let what = finds(&listed(other).scene.audit(), Rule::R31, Outcome::Fail, "other-evidence");
    assert!(what.contains("rests on other evidence"), "{what}");
    let unheard = Listing { consulted: false, ..Listing::default() };
    let report = listed(unheard).scene.audit();
    finds(&report, Rule::R31, Outcome::Fail, "not-consulted");
    finds(&report, Rule::R31, Outcome::Fail, "not-visited");
    let first = Listing { candidate_first: false, ..Listing::default() };
    let what = finds(&listed(first).scene.audit(), Rule::R31, Outcome::Fail, "out-of-order");
    assert!(what.contains("listing is decided while the site is application"), "{what}");
}

#[test]
fn r31_a_certificate_carries_out_a_decision() {
    let mut bare = listed(Listing { certificate: false, ..Listing::default() });
    let elsewhere = StatementRef::here(Hash::of(b"no decision"));
    let term = days("2026-07-01", "2031-07-01");
    let issue = Issue { decision: elsewhere, term, number: None };
    bare.scene.say_as(&key("dora"), Body::CertificateIssue(issue));
    finds(&bare.scene.audit(), Rule::R31, Outcome::Fail, "no-decision");
    let withdraw = Withdraw {
        certificate: bare.decision,
        decision: None,
        from: day("2027-01-01"),
        reason: "asked for".into(),
    };
    bare.scene.say_as(&key("dora"), Body::CertificateWithdraw(withdraw));
    finds(&bare.scene.audit(), Rule::R31, Outcome::Fail, "no-certificate");
}

#[test]
fn r30_terms_end_and_are_used_while_they_last() {
    let long = Listing { term: ("2026-07-01", "2036-07-01"), ..Listing::default() };
    finds(&listed(long).scene.audit(), Rule::R30, Outcome::Fail, "term-too-long");

    let mut over = listed(Listing::default()).scene;
    over.clock_s = day("2031-07-02").0 * 86_400;
    let report = over.audit();
    finds(&report, Rule::R30, Outcome::Warn, "expired");
    assert_eq!(report.portrait.history.phase(), Phase::Expired);
    over.clock_s = day("2031-03-01").0 * 86_400;
    finds(&over.audit(), Rule::R30, Outcome::Warn, "ends-soon");

    let mut late = listed(Listing::default());
    let midterm = Midterm {
        certificate: late.certificate.unwrap(),
        outcome: MidtermOutcome::Confirmed,
        day: day("2032-01-01"),
        dossier: None,
        conditions: vec![],
        note: None,
    };
    late.scene.say_as(&key("ben"), Body::Midterm(midterm));
    finds(&late.scene.audit(), Rule::R30, Outcome::Fail, "after-expiry");
}

#[test]
fn r32_ties_are_declared_and_weigh() {
    let silent = listed(Listing { declare: false, ..Listing::default() }).scene.audit();
    finds(&silent, Rule::R32, Outcome::Fail, "not-declared");

    let mut tied = listed(Listing::default()).scene;
    let mut declaration = no_ties(Role::Assessor, "University of the Grisons");
    if let Body::Conflict(conflict) = &mut declaration {
        conflict.ties = vec![Tie::Mentored];
    }
    tied.say_as(&key("ben"), declaration);
    let finding = Body::Assessment(assessment(Finding::Met, &[]));
    tied.say_as(&key("ben"), finding);
    let what = finds(&tied.audit(), Rule::R32, Outcome::Fail, "tied");
    assert!(what.ends_with(": mentored"), "{what}");

    let mut recorder = Scene::new();
    recorder.believed.push(accreditor(&[]));
    recorder.anchor_for("spring", "3.7.1");
    let anna = recorder.anna.clone();
    recorder.say_as(&anna, no_ties(Role::Assessor, "The park"));
    recorder.say_as(&anna, Body::Assessment(assessment(Finding::Met, &[])));
    finds(&recorder.audit(), Rule::R32, Outcome::Fail, "recorded-the-evidence");
}

#[test]
fn r33_four_eyes() {
    let itself = Listing { reviewer: "ben", ..Listing::default() };
    finds(&listed(itself).scene.audit(), Rule::R33, Outcome::Fail, "reviews-itself");
    let both = Listing { committee: "carla", ..Listing::default() };
    finds(&listed(both).scene.audit(), Rule::R33, Outcome::Fail, "decides-on-itself");
    let same = Listing { organisation: "University of the Grisons", ..Listing::default() };
    finds(&listed(same).scene.audit(), Rule::R33, Outcome::Fail, "same-organisation");
    let unknown = listed(Listing { declare: false, ..Listing::default() }).scene.audit();
    finds(&unknown, Rule::R33, Outcome::CannotCheck, "organisation-unknown");
}

#[test]
fn r34_enough_members_recommend() {
    let few = Listing { members: vec!["ben", "bea"], ..Listing::default() };
    let what = finds(&listed(few).scene.audit(), Rule::R34, Outcome::Fail, "too-few-members");
    assert!(what.contains("2 of 3 members"), "{what}");
    let enough = listed(Listing::default()).scene.with_rules("members = 3", "members = 0").audit();
    passes(&enough, Rule::R34);
}

#[test]
fn r35_is_off_and_asks_for_a_mid_term_review_if_turned_on() {
    let on = ("[R35]\non = false", "[R35]\non = true");
    let mut listed = listed(Listing::default());
    listed.scene = listed.scene.with_rules(on.0, on.1);
    passes(&listed.scene.audit(), Rule::R35);
    listed.scene.clock_s = day("2030-06-01").0 * 86_400;
    finds(&listed.scene.audit(), Rule::R35, Outcome::Warn, "no-midterm");
    let midterm = Midterm {
        certificate: listed.certificate.unwrap(),
        outcome: MidtermOutcome::Confirmed,
        day: day("2028-12-01"),
        dossier: None,
        conditions: vec![],
        note: None,
    };
    listed.scene.say_as(&key("ben"), Body::Midterm(midterm));
    passes(&listed.scene.audit(), Rule::R35);
}

#[test]
fn r36_concerns_are_answered_and_closed_by_others() {
    let raised = |scene: &mut Scene| {
        let raise = Raise {
            about: About::Site,
            concern: "The fence cuts the old path.".into(),
            statements: vec![],
            indicators: vec![],
            evidence: vec![],
        };
        scene.say_as(&key("fiona"), Body::ConcernRaise(raise))
    };
    let mut answered = Scene::new();
    let concern = raised(&mut answered);
    let answer = Answer { concern, answer: "A gate.".into(), evidence: vec![] };
    answered.say(Body::ConcernAnswer(answer));
    passes(&answered.audit(), Rule::R36);
    let close = |concern, outcome| {
        Body::ConcernClose(Close { concern, outcome, reason: "There is a gate.".into() })
    };
    answered.say(close(concern, CloseOutcome::Resolved));
    finds(&answered.audit(), Rule::R36, Outcome::Warn, "closed-by-its-subject");

    let mut open = Scene::new();
    let concern = raised(&mut open);
    finds(&open.audit(), Rule::R36, Outcome::Warn, "not-answered");
    open.say_as(&key("carla"), close(concern, CloseOutcome::TakenBack));
    finds(&open.audit(), Rule::R36, Outcome::Warn, "taken-back-by-others");
    let mut back = Scene::new();
    let concern = raised(&mut back);
    back.say_as(&key("fiona"), close(concern, CloseOutcome::TakenBack));
    passes(&back.audit(), Rule::R36);
}

#[test]
fn r11_candidates_rest_on_evidence_for_every_indicator() {
    let report = listed(Listing::default()).scene.audit();
    let what = finds(&report, Rule::R11, Outcome::Fail, "not-covered");
    assert!(what.starts_with("criterion 1.1"), "{what}");
    let coverage = report.portrait.coverage.as_ref().unwrap();
    assert_eq!(coverage.criteria.len(), 17);
    let covered: Vec<&str> = coverage
        .indicators()
        .filter(|indicator| indicator.covered)
        .map(|indicator| indicator.id.as_str())
        .collect();
    assert_eq!(covered, ["3.7.1"]);

    let mut whole = listed(Listing::default()).scene;
    let ids: Vec<String> = coverage.indicators().map(|indicator| indicator.id.clone()).collect();
    for id in ids.iter().filter(|id| *id != "3.7.1") {
        let note = Some("no such thing in a park without people".to_string());
        let verdict = Finding::NotApplicable;
        let said =
            Assessment { indicator: indicator(id), verdict, note, ..assessment(verdict, &[]) };
        whole.say(Body::SelfAssessment(said));
    }
    passes(&whole.audit(), Rule::R11);

    let plain = {
        let mut scene = Scene::new();
        scene.anchor_for("spring", "3.7.1");
        scene.audit()
    };
    assert_eq!(
        outcome(&plain, Rule::R11).1,
        Outcome::Pass,
        "a site that asks for nothing owes nothing"
    );
}
