//! A reserve with everything a report has a place for, and what its auditor is given.
//!
//! ```text
//! accreditor   granted assessors, reviewer, committee and verifier
//! reserve      evidence linked to indicators, two samples, findings, a listing, two claims, a concern
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;

use tempfile::TempDir;
use treering::audit::evidence::Progress;
use treering::audit::finding::AuditReport;
use treering::audit::identity::Pin;
use treering::audit::{AuditInput, audit_several};
use treering::evidence::catalogue::Catalogue;
use treering::report::audit::collect::RunBy;
use treering::report::audit::facts::Facts;
use treering::statement::bodies::cited::{Dossier, Evidence, Indicator};
use treering::statement::bodies::claim::ClaimKind;
use treering::statement::bodies::claim::filing::ClaimFile;
use treering::statement::bodies::claim::moves::{Move, Verb};
use treering::statement::bodies::claim::opinion::{Activity, Assurance, Opinion, OpinionKind};
use treering::statement::bodies::evidence::{Anchor, Captured, Indicators, Period};
use treering::statement::bodies::process::assessment::{Assessment, Verdict};
use treering::statement::bodies::process::certificate::Issue;
use treering::statement::bodies::process::concern::{About, Answer, Raise};
use treering::statement::bodies::process::decision::{
    Advice, Check, CheckOutcome, Decision, DecisionOutcome, Recommendation, Step,
};
use treering::statement::bodies::process::record::{
    Conflict, Consultation, Group, Method, Mode, Visit,
};
use treering::statement::bodies::process::sample::{
    Beacon, Draw, Found, FoundRow, Population, SampleResult,
};
use treering::statement::bodies::site::{CataloguePublish, Describe};
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::card::Promise;
use treering::statement::key::Role;
use treering::statement::sample::{
    AnchoredRows, beacon_nonce, draw, evidence_digest, locate, seed,
};
use treering::tlog::cosignature::CosignatureTime;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Position, leaf_hash};
use treering::tlog::note::{KeyName, SignatureType, VerifierKey};
use treering::tlog::policy::Policy;

use crate::support::assurance::{a_move, claim, day, days};
use crate::support::publish::{checkpoint, publish, write};
use crate::support::{FOUNDED, Ledger, bodies, key};

/// 2026-11-22T09:20:00Z.
pub const AS_OF_S: i64 = 1_795_339_200;

const WITNESSES: [&str; 2] = ["witness.alpine-club.example", "witness.university.example"];

/// Text as a hostile party would write it.
pub const HOSTILE: &str = "</script><script>alert(1)</script><img src=x onerror=\"alert('2')\">\u{202e}lmth.\u{1b}[31m\n&amp;";

/// How the reserve is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told {
    /// Its names and reasons are [`HOSTILE`].
    pub hostile: bool,
    /// One claim does not add up, and a criterion is bare.
    pub wrong: bool,
}

/// A ledger whose statements lie days apart.
struct Slow {
    ledger: Ledger,
    at: i64,
}

impl Slow {
    fn file(&mut self, signer: &SecretKey, body: impl Into<Body>) -> StatementRef {
        let mut draft = self.ledger.draft(signer, body);
        self.at += 2 * 86_400 + 4_321;
        draft.issued_at = self.at;
        let position = self.ledger.append(draft.sign(signer).expect("an honest draft"));
        let verdict = &self.ledger.verdicts[position.0 as usize];
        assert!(verdict.is_ok(), "at {position}: {verdict:?}");
        StatementRef::here(self.ledger.at(position).id())
    }
}

fn catalogue() -> Hash {
    Catalogue::built_in().digest()
}

fn indicator(id: &str) -> Indicator {
    Indicator { catalogue: catalogue(), id: id.into() }
}

/// The accreditor's ledger.
pub fn accreditor() -> Ledger {
    let mut ledger = Ledger::found_with("Accreditor", |genesis| {
        genesis.name = "Green List Accreditation".into();
        genesis.kind = "accreditor".into();
    });
    for name in ["ben", "bea", "bert"] {
        ledger.granted(name, Role::Assessor);
    }
    ledger.granted("carla", Role::Reviewer);
    ledger.granted("dora", Role::Committee);
    ledger.granted("emil", Role::Verifier);
    ledger
}

/// The reserve's ledger.
pub fn reserve(told: Told) -> Ledger {
    let name = if told.hostile { HOSTILE } else { "Val Trupchun Reserve" };
    let say = |text: &str| if told.hostile { HOSTILE.to_string() } else { text.to_string() };
    let ledger = Ledger::found_with("reserve", |genesis| genesis.name = name.into());
    let mut site = Slow { ledger, at: FOUNDED };
    let anna = site.ledger.granted("anna", Role::Recorder);
    let roles = [
        ("ben", Role::Assessor),
        ("bea", Role::Assessor),
        ("bert", Role::Assessor),
        ("carla", Role::Reviewer),
        ("dora", Role::Committee),
        ("emil", Role::Verifier),
    ];
    for (name, role) in roles {
        site.ledger.granted(name, role);
    }
    let [ben, bea, bert, carla, dora, emil] =
        ["ben", "bea", "bert", "carla", "dora", "emil"].map(key);
    site.file(
        &anna,
        Body::SiteDescribe(Describe {
            site_id: Some(2_564),
            site_pid: Some("2564_A".into()),
            names: BTreeMap::from([
                ("en".into(), say("Val Trupchun Reserve")),
                ("rm".into(), "Reservat Val Trupchun".into()),
            ]),
            countries: vec!["CHE".into()],
            area_m2: Some(170_300_000),
            boundary: Some(Hash::of(b"a boundary")),
            iucn_category: Some("Ia".into()),
            governance: Some("Federal or national ministry or agency".into()),
        }),
    );
    site.file(
        &anna,
        Body::CataloguePublish(CataloguePublish {
            standard: "IUCN Green List".into(),
            version: "1.1".into(),
            jurisdiction: Some("CHE".into()),
            language: Some("en".into()),
            catalogue: catalogue(),
            parent: None,
        }),
    );
    let evidence = anchors(&mut site, &anna, told, &say);
    let assessed = Assessment {
        indicator: indicator("3.7.1"),
        verdict: Verdict::Met,
        evidence: vec![evidence[0].1.clone()],
        samples: vec![],
        period: Some(days("2026-01-01", "2026-12-31")),
        note: Some(say("counted every month")),
    };
    site.file(&anna, Body::SelfAssessment(assessed.clone()));
    let organisations = [
        (&ben, Role::Assessor, "Assessment Group"),
        (&bea, Role::Assessor, "Assessment Group"),
        (&bert, Role::Assessor, "Assessment Group"),
        (&carla, Role::Reviewer, "Assurance International"),
        (&emil, Role::Verifier, "Alpine Verification"),
    ];
    for (who, capacity, organisation) in organisations {
        site.file(
            who,
            Body::Conflict(Conflict {
                capacity,
                organisation: Some(organisation.into()),
                claim: None,
                ties: vec![],
                note: None,
            }),
        );
    }
    let all: Vec<AnchoredRows> = evidence.iter().map(|(rows, _)| *rows).collect();
    let dossier = |site: &Slow| Dossier {
        checkpoint: site.ledger.tree(),
        evidence: evidence_digest(&all),
        catalogue: catalogue(),
    };
    let candidacy = dossier(&site);
    let recommend = |step: Step, dossier: Dossier, findings: Vec<StatementRef>| {
        let (outcome, conditions, note) = (Advice::For, vec![], None);
        Body::Recommendation(Recommendation { step, outcome, dossier, findings, conditions, note })
    };
    let advised = [&ben, &bea, &bert]
        .map(|who| site.file(who, recommend(Step::Candidacy, candidacy, vec![])));
    site.file(
        &dora,
        Body::Decision(Decision {
            step: Step::Candidacy,
            outcome: DecisionOutcome::Accepted,
            day: day("2026-08-01"),
            dossier: Some(candidacy),
            recommendations: advised.to_vec(),
            review: None,
            concerns: vec![],
            conditions: vec![],
            note: None,
        }),
    );
    let held = evidence[0].1.clone();
    site.file(
        &anna,
        Body::Consultation(Consultation {
            step: Some(Step::Listing),
            period: days("2026-08-03", "2026-08-05"),
            method: Method::Meeting,
            groups: vec![Group::Communities, Group::RightsHolders],
            participants: Some(24),
            consent: None,
            care: None,
            evidence: vec![held.clone()],
            note: None,
        }),
    );
    site.file(
        &ben,
        Body::Visit(Visit {
            step: Some(Step::Listing),
            period: days("2026-08-03", "2026-08-07"),
            mode: Mode::InPlace,
            with: vec![],
            evidence: vec![held],
            note: None,
        }),
    );
    let sample = sample(&mut site, &ben, &evidence);
    let mut findings = Vec::new();
    for (who, verdict) in [(&ben, Verdict::Met), (&bea, Verdict::Met), (&bert, Verdict::Partly)] {
        let samples = if verdict == Verdict::Met { vec![sample] } else { vec![] };
        findings.push(
            site.file(who, Body::Assessment(Assessment { verdict, samples, ..assessed.clone() })),
        );
    }
    let dossier = dossier(&site);
    let mut advice = Vec::new();
    for (who, finding) in [&ben, &bea, &bert].into_iter().zip(findings) {
        advice.push(site.file(who, recommend(Step::Listing, dossier, vec![finding])));
    }
    let review = site.file(
        &carla,
        Body::ReviewCheck(Check {
            step: Step::Listing,
            outcome: CheckOutcome::Followed,
            dossier,
            recommendations: advice.clone(),
            points: vec![],
            note: None,
        }),
    );
    let concern = site.file(
        &key("fiona"),
        Body::ConcernRaise(Raise {
            about: About::Site,
            concern: say("The new fence cuts the old path to the alp."),
            statements: vec![],
            indicators: vec![indicator("1.1.2")],
            evidence: vec![],
        }),
    );
    site.file(
        &anna,
        Body::ConcernAnswer(Answer {
            concern,
            answer: say("A gate will be built in spring."),
            evidence: vec![],
        }),
    );
    let decision = site.file(
        &dora,
        Body::Decision(Decision {
            step: Step::Listing,
            outcome: DecisionOutcome::Accepted,
            day: day("2026-10-12"),
            dossier: Some(dossier),
            recommendations: advice,
            review: Some(review),
            concerns: vec![concern],
            conditions: vec![],
            note: None,
        }),
    );
    site.file(
        &dora,
        Body::CertificateIssue(Issue {
            decision,
            term: days("2026-11-01", "2031-11-01"),
            number: Some("GL-2026-17".into()),
        }),
    );
    claims(&mut site, &anna, &emil, &evidence, told, &say);
    let mixed_up = site.file(&anna, bodies::anchor("Two cameras"));
    site.file(&anna, bodies::correction(mixed_up.id, None));
    site.ledger
}

/// One batch a month, on a few indicators each; not one for every indicator, if the reserve is told wrong.
fn anchors(
    site: &mut Slow,
    anna: &SecretKey,
    told: Told,
    say: &dyn Fn(&str) -> String,
) -> Vec<(AnchoredRows, Evidence)> {
    let ids: Vec<&str> =
        Catalogue::built_in().indicators().map(|indicator| indicator.id.as_str()).collect();
    let left_out = |id: &&&str| !told.wrong || !(id.starts_with("2.3") || **id == "1.2.3");
    let ids: Vec<&str> = ids.iter().filter(left_out).copied().collect();
    // The first batch bears on the indicator that is assessed and sampled.
    let ids: Vec<&str> =
        ["3.7.1"].into_iter().chain(ids.into_iter().filter(|id| *id != "3.7.1")).collect();
    let mut evidence = Vec::new();
    for (at, ids) in ids.chunks(5).enumerate() {
        let title = format!("Batch {at}");
        let mut named: Vec<String> = ids.iter().map(ToString::to_string).collect();
        named.sort();
        let first = site.at - 20 * 86_400;
        let rows = AnchoredRows { root: leaf_hash(title.as_bytes()), rows: 440 - 37 * at as u64 };
        let statement = site.file(
            anna,
            Body::Anchor(Anchor {
                title: say(&title),
                root: rows.root,
                rows: rows.rows,
                captured: Some(Captured {
                    utc: Some(Period { first, last: first + 15 * 86_400, files: rows.rows }),
                    local: None,
                    note: None,
                }),
                indicators: Some(Indicators { catalogue: catalogue(), ids: named }),
                ..bodies::small_anchor(&title)
            }),
        );
        evidence.push((rows, Evidence { statement, root: rows.root, rows: vec![0] }));
    }
    evidence
}

fn sample(site: &mut Slow, ben: &SecretKey, evidence: &[(AnchoredRows, Evidence)]) -> StatementRef {
    let of: Vec<AnchoredRows> = evidence.iter().map(|(rows, _)| *rows).take(1).collect();
    let checkpoint = site.ledger.tree();
    let digest = evidence_digest(&of);
    let beacon = Beacon { name: "drand 5000000".into(), value: b"value".to_vec().into() };
    let drawn = Draw {
        indicator: indicator("3.7.1"),
        checkpoint,
        population: Population { digest, rows: of[0].rows },
        n: 30,
        nonce: None,
        beacon: Some(beacon),
    };
    let nonce = beacon_nonce("drand 5000000", b"value");
    let rows = draw(seed(site.ledger.id, digest, checkpoint.root, nonce), of[0].rows, 30);
    let drawn = site.file(ben, Body::SampleDraw(drawn));
    let found = |(at, row): (usize, &u64)| {
        let (place, index) = locate(&of, *row).expect("a row of the population");
        let found = if at == 7 { Found::Absent } else { Found::Agree };
        FoundRow { root: of[place].root, index, found }
    };
    let rows = rows.iter().enumerate().map(found).collect();
    site.file(ben, Body::SampleResult(SampleResult { draw: drawn, rows }))
}

fn claims(
    site: &mut Slow,
    anna: &SecretKey,
    emil: &SecretKey,
    evidence: &[(AnchoredRows, Evidence)],
    told: Told,
    say: &dyn Fn(&str) -> String,
) {
    let elsewhere =
        StatementRef { id: Hash::of(b"an earlier claim"), ledger: Some(site.ledger.id) };
    let mut larch = claim(&[evidence[2].1.clone()], elsewhere);
    larch.title = say("Larch above Trupchun, 2026");
    larch.supersedes.clear();
    in_2026(&mut larch);
    let larch = site.file(anna, Body::ClaimFile(Box::new(larch)));
    site.file(
        emil,
        Body::ClaimOpinion(Opinion {
            claim: larch,
            activity: Activity::Verification,
            opinion: OpinionKind::Unmodified,
            assurance: Assurance::Limited,
            materiality_ppm: 50_000,
            body: say("Alpine Verification"),
            accreditation: None,
            standard: Some("ISO 14064-3:2019".into()),
            day: day("2026-10-20"),
            report: None,
            evidence: vec![],
            note: None,
        }),
    );
    let mut moved = |body: Move| {
        let body = Move { day: day("2026-10-15"), ..body };
        site.file(anna, Body::ClaimMove(Box::new(body)))
    };
    moved(a_move(larch, Verb::Issue, 900));
    moved(a_move(larch, Verb::Buffer, 180));
    moved(Move {
        beneficiary: Some(say("Alpine Club")),
        purpose: Some("its huts in 2025".into()),
        kind: Some(ClaimKind::Contribution),
        ..a_move(larch, Verb::Retire, 120)
    });
    if told.wrong {
        let mut peat = claim(&[evidence[3].1.clone()], elsewhere);
        peat.id = "peat-2025".into();
        peat.title = "Peat at God dal Fuorn, 2025".into();
        peat.supersedes.clear();
        peat.serials.clear();
        in_2026(&mut peat);
        peat.totals.net_g += 40_000_000;
        peat.area.0[0].0[0].0.iter_mut().for_each(|corner| corner.longitude += 500_000);
        peat.area.0[0].0[1].0.iter_mut().for_each(|corner| corner.longitude += 500_000);
        site.file(anna, Body::ClaimFile(Box::new(peat)));
    }
}

/// The period of the evidence, and nothing in anybody's books.
fn in_2026(claim: &mut ClaimFile) {
    claim.period = days("2026-01-01", "2026-10-01");
    claim.crediting = None;
    claim.vintages = vec![2026];
    claim.host_country = None;
    // 988,000 m² with the hole; the auditor has no boundary, so nothing is beyond the site.
    claim.marks.clear();
    claim.serials.clear();
}

/// A desk with both ledgers published, and what an auditor is given to look at them.
pub struct Published {
    folder: TempDir,
}

impl Published {
    /// Publishes the reserve, with cosigned checkpoints, and the accreditor.
    pub fn of(reserve: &Ledger) -> Published {
        let folder = TempDir::new().expect("a folder");
        let published = Published { folder };
        publish(reserve, &published.reserve());
        publish(&accreditor(), &published.accreditor());
        let size = reserve.entries.len() as u64;
        let sizes = [size / 4, size / 2, size * 3 / 4, size - 2];
        let lines: String = sizes.iter().map(|size| format!("{size}\n")).collect();
        write(&published.reserve(), "checkpoints/sizes", lines.as_bytes());
        for (number, size) in sizes.into_iter().enumerate() {
            let mut cosigned = checkpoint(reserve, size);
            let last = reserve.at(Position(size - 1)).header.issued_at;
            let names = if number % 2 == 0 { &WITNESSES[..] } else { &WITNESSES[..1] };
            for (more, name) in names.iter().enumerate() {
                let time = last as u64 + 86_400 * (1 + more as u64);
                let time = CosignatureTime::new(time).expect("a time");
                let line = cosigned.checkpoint().cosign(&key(name), &key_name(name), time);
                cosigned.add(line).expect("another name");
            }
            write(
                &published.reserve(),
                &format!("checkpoints/{size}"),
                cosigned.to_string().as_bytes(),
            );
        }
        published
    }

    /// The reserve's public folder.
    pub fn reserve(&self) -> PathBuf {
        self.folder.path().join("reserve")
    }

    /// The accreditor's public folder.
    pub fn accreditor(&self) -> PathBuf {
        self.folder.path().join("accreditor")
    }

    /// Both audits, as an auditor who has pinned both makes them.
    pub fn audit(&self) -> Vec<Facts> {
        let known = |ledger: &Ledger, since: Option<i64>| Pin {
            promise: Promise::of_id(ledger.id),
            compared_s: FOUNDED,
            accreditor_since_s: since,
        };
        let pins = vec![known(&accreditor(), Some(FOUNDED))];
        let input = |folder: PathBuf| {
            let mut input = AuditInput::of(folder, AS_OF_S);
            input.known.pins = pins.clone();
            input.policy = Some(policy());
            input
        };
        let inputs = [input(self.reserve()), input(self.accreditor())];
        let reports = audit_several(&inputs, &Progress::silent()).expect("nobody interrupts");
        reports.iter().map(facts).collect()
    }
}

/// The facts of a report by a named auditor.
pub fn facts(report: &AuditReport) -> Facts {
    let run =
        RunBy { by: Some("A. Müller (reviewer)".into()), as_of_s: AS_OF_S, own_store: false };
    Facts::of(report, &run)
}

fn key_name(name: &str) -> KeyName {
    KeyName::new(name).expect("a name")
}

fn policy() -> Policy {
    let vkeys = WITNESSES.map(|name| {
        VerifierKey::new(key_name(name), SignatureType::Cosignature, key(name).public())
    });
    let text = format!("witness a {}\nwitness b {}\ngroup g 1 a b\nquorum g\n", vkeys[0], vkeys[1]);
    Policy::parse(text.as_bytes()).expect("a policy")
}
