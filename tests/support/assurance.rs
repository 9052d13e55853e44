//! The story of a site's assessment and of one claim, with every kind of the families process and
//! claim, no field left out: the second part of what `tests/golden/` keeps for ever.

use serde_bytes::ByteBuf;
use treering::statement::bodies::cited::{Dossier, Evidence, Indicator};
use treering::statement::bodies::claim::amounts::{
    Buffer, Effect, Gas, GwpSet, OmissionReason, Omitted, Pool, PoolAmounts, Totals, Uncertainty,
};
use treering::statement::bodies::claim::area::{Area, Point, Polygon, Ring};
use treering::statement::bodies::claim::filing::{ClaimFile, Mark};
use treering::statement::bodies::claim::moves::{Move, Verb};
use treering::statement::bodies::claim::opinion::{Activity, Assurance, Opinion, OpinionKind};
use treering::statement::bodies::claim::terms::{
    Adjustment, Durability, HostCountry, Methodology, NdcCoverage, Risk, Storage, Variable,
};
use treering::statement::bodies::claim::{ClaimKind, SerialBlock};
use treering::statement::bodies::day::{Days, UtcDay};
use treering::statement::bodies::evidence::Link;
use treering::statement::bodies::process::assessment::{Assessment, Verdict};
use treering::statement::bodies::process::certificate::{
    Issue, Midterm, MidtermOutcome, Renew, Suspend, Withdraw,
};
use treering::statement::bodies::process::concern::{
    About, Answer, Close, CloseOutcome, Dispute, Raise, Refused,
};
use treering::statement::bodies::process::decision::{
    Advice, Check, CheckOutcome, Decision, DecisionOutcome, Recommendation, Step,
};
use treering::statement::bodies::process::record::{
    Care, Conflict, Consent, Consultation, Group, Method, Mode, Tie, Visit,
};
use treering::statement::bodies::process::sample::{
    Beacon, Draw, Found, FoundRow, Population, SampleResult,
};
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::envelope::Accreditation;
use treering::statement::key::{KeyId, Role};
use treering::statement::sample::{AnchoredRows, beacon_nonce, draw, evidence_digest, seed};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Position};

use super::bodies::{anchor, indicators, small_anchor};
use super::{Ledger, key};

/// The ledger with its statements' names in `tests/golden/`.
pub struct Assessed {
    pub ledger: Ledger,
    pub names: Vec<String>,
}

impl Assessed {
    fn file(&mut self, signer: &SecretKey, body: Body) -> StatementRef {
        self.names.push(body.media_type().kind.to_string());
        let at = self.ledger.file(signer, body);
        self.reference(at)
    }

    fn reference(&self, at: Position) -> StatementRef {
        StatementRef::here(self.ledger.at(at).id())
    }
}

pub fn day(text: &str) -> UtcDay {
    UtcDay::parse(text).expect("a day")
}

pub fn days(from: &str, until: &str) -> Days {
    Days { from: day(from), until: day(until) }
}

pub fn indicator() -> Indicator {
    Indicator { catalogue: Hash::of(b"a catalogue"), id: "3.7.1".into() }
}

fn text(text: &str) -> Option<String> {
    Some(text.into())
}

/// A square of some hundred metres with a smaller one cut out.
pub fn area() -> Area {
    let ring = |points: &[(i64, i64)]| Ring(points.iter().copied().map(Point::from).collect());
    let (w, s, e, n) = (10_100_000, 46_600_000, 10_113_000, 46_609_000);
    let outer = ring(&[(w, s), (e, s), (e, n), (w, n), (w, s)]);
    let (w, s, e, n) = (10_104_000, 46_603_000, 10_105_000, 46_604_000);
    let hole = ring(&[(w, s), (w, n), (e, n), (e, s), (w, s)]);
    Area(vec![Polygon(vec![outer, hole])])
}

/// A removal of 900 t that adds up.
pub fn claim(evidence: &[Evidence], supersedes: StatementRef) -> ClaimFile {
    let tonnes = |tonnes: i64| tonnes * 1_000_000;
    let pool = |pool, baseline, project, leakage, note: Option<&str>| PoolAmounts {
        pool,
        gas: Gas::Co2,
        baseline_g: tonnes(baseline),
        project_g: tonnes(project),
        leakage_g: tonnes(leakage),
        note: note.map(String::from),
    };
    ClaimFile {
        id: "larch-2025".into(),
        kind: ClaimKind::Contribution,
        effect: Effect::Removal,
        title: "Larch above Trupchun, 2025".into(),
        text: text("What grew back where grazing stopped."),
        claimant: text("Foundation Val Trupchun"),
        site_id: Some(2_564),
        area: area(),
        area_m2: 988_000,
        ecosystem: text("T2.1"),
        period: days("2025-01-01", "2026-01-01"),
        crediting: Some(days("2025-01-01", "2035-01-01")),
        vintages: vec![2025],
        marks: vec![Mark::BeyondSite, Mark::ExAnte],
        gwp: GwpSet::Ar6,
        pools: vec![
            pool(Pool::AboveGround, 200, 1_010, 100, None),
            pool(Pool::Soil, 100, 400, 0, None),
            pool(Pool::Fire, 0, -10, 0, Some("one lightning strike in August")),
        ],
        omitted: vec![Omitted {
            pool: Pool::Litter,
            reason: Some(OmissionReason::Small),
            share_ppm: Some(20_000),
            note: text("as the methodology allows"),
        }],
        totals: Totals {
            baseline_g: tonnes(300),
            project_g: tonnes(1_400),
            leakage_g: tonnes(100),
            deduction_g: tonnes(100),
            net_g: tonnes(900),
            buffer_g: tonnes(180),
            issuable_g: tonnes(720),
        },
        uncertainty: Some(Uncertainty { half_width_ppm: 90_000, confidence_percent: 90 }),
        buffer: Some(Buffer { share_ppm: 200_000, floor_ppm: Some(150_000) }),
        methodology: Methodology {
            id: "VM0047".into(),
            version: "1.0".into(),
            document: Hash::of(b"a methodology"),
            author: text("A registry"),
        },
        formula: text("sum over plots of f(dbh)"),
        variables: vec![Variable {
            name: "dbh_sum".into(),
            value: 48_211,
            unit: "mm".into(),
            evidence: evidence.to_vec(),
        }],
        evidence: evidence.to_vec(),
        durability: Some(Durability {
            storage: Storage::Biomass,
            years: 40,
            reversal_risk: Some(Risk::Medium),
            insurer: text("Mutual for Forests"),
        }),
        host_country: Some(HostCountry {
            country: "CHE".into(),
            ndc: NdcCoverage::Inside,
            authorisation: Some(Hash::of(b"a letter")),
            adjustment: Some(Adjustment::Committed),
        }),
        serials: vec![serials()],
        supersedes: vec![supersedes],
    }
}

fn serials() -> SerialBlock {
    SerialBlock {
        registry: "A registry".into(),
        prefix: text("VCS-1234-"),
        first: 1,
        last: 720,
        count: 720,
    }
}

/// A move with nothing but what it needs.
pub fn a_move(claim: StatementRef, verb: Verb, tonnes: i64) -> Move {
    Move {
        claim,
        verb,
        grams: tonnes * 1_000_000,
        day: day("2026-02-01"),
        holder: None,
        to: None,
        vintage: None,
        serials: vec![],
        beneficiary: None,
        purpose: None,
        kind: None,
        reason: None,
        replaces: None,
        evidence: vec![],
    }
}

/// Tells the story from its beginning.
pub fn tell() -> Assessed {
    let ledger = Ledger::found("Val Trupchun, assessed");
    let mut story = Assessed { ledger, names: vec!["ledger.genesis".into()] };
    let mut granted = |name: &str, role| {
        story.names.push(format!("key.grant-{role}"));
        story.ledger.granted(name, role)
    };
    let anna = granted("anna", Role::Recorder);
    let ben = granted("ben", Role::Assessor);
    let carla = granted("carla", Role::Reviewer);
    let dora = granted("dora", Role::Committee);
    let emil = granted("emil", Role::Verifier);
    let partner = Ledger::found("Partner");

    let spring = story.file(&anna, anchor("Spring, camera D12"));
    let root = small_anchor("Spring, camera D12").root;
    let evidence = vec![
        Evidence { statement: spring, root, rows: vec![0, 2] },
        Evidence { statement: spring, root, rows: vec![] },
    ];
    story.file(
        &anna,
        Body::Link(Link {
            statement: spring,
            indicators: indicators(),
            off_site: text("the herd winters outside"),
        }),
    );
    let period = Some(days("2025-07-01", "2026-07-01"));
    let assessment = Assessment {
        indicator: indicator(),
        verdict: Verdict::Met,
        evidence: evidence.clone(),
        samples: vec![],
        period,
        note: text("counted every month"),
    };
    let found = story.file(&anna, Body::SelfAssessment(assessment.clone()));
    story.file(
        &anna,
        Body::Consultation(Consultation {
            step: Some(Step::Listing),
            period: days("2026-05-01", "2026-05-02"),
            method: Method::Meeting,
            groups: vec![Group::Communities, Group::RightsHolders],
            participants: Some(24),
            consent: Some(Consent::Conditional),
            care: Some(Care {
                authority: "Village council".into(),
                labels: vec!["TK A".into(), "TK CV".into()],
            }),
            evidence: evidence.clone(),
            note: text("no names in the minutes"),
        }),
    );
    story.file(
        &ben,
        Body::Conflict(Conflict {
            capacity: Role::Assessor,
            organisation: text("University of the Grisons"),
            claim: text("larch-2025"),
            ties: vec![Tie::Authored, Tie::Other],
            note: text("wrote the first count protocol"),
        }),
    );
    let mut with = vec![KeyId::of(&carla.public()), KeyId::of(&emil.public())];
    with.sort();
    story.file(
        &ben,
        Body::Visit(Visit {
            step: Some(Step::Listing),
            period: days("2026-05-10", "2026-05-13"),
            mode: Mode::InPlace,
            with,
            evidence: evidence.clone(),
            note: text("four valleys"),
        }),
    );

    let population = [AnchoredRows { root, rows: 3 }];
    let digest = evidence_digest(&population);
    let checkpoint = story.ledger.tree();
    let drawn = Draw {
        indicator: indicator(),
        checkpoint,
        population: Population { digest, rows: 3 },
        n: 2,
        nonce: None,
        beacon: Some(Beacon {
            name: "drand 5000000".into(),
            value: ByteBuf::from(vec![0x00, 0xff, 0x10]),
        }),
    };
    let nonce = beacon_nonce("drand 5000000", &[0x00, 0xff, 0x10]);
    let rows = draw(seed(story.ledger.id, digest, checkpoint.root, nonce), 3, 2);
    let by_nonce = Draw { nonce: Some(Hash::of(b"dice")), beacon: None, ..drawn.clone() };
    story.file(&ben, Body::SampleDraw(by_nonce));
    let drawn = story.file(&ben, Body::SampleDraw(drawn));
    let words = [Found::Agree, Found::Withheld];
    let rows = rows.iter().zip(words).map(|(index, found)| FoundRow { root, index: *index, found });
    let result = SampleResult { draw: drawn, rows: rows.collect() };
    let result = story.file(&ben, Body::SampleResult(result));
    let finding = Assessment { samples: vec![result], ..assessment };
    let finding = story.file(&ben, Body::Assessment(finding));

    let dossier = Dossier { checkpoint, evidence: digest, catalogue: Hash::of(b"a catalogue") };
    let conditions = vec!["publish the count protocol".to_string()];
    let advice = story.file(
        &ben,
        Body::Recommendation(Recommendation {
            step: Step::Listing,
            outcome: Advice::For,
            dossier,
            findings: vec![finding],
            conditions: conditions.clone(),
            note: text("unanimous"),
        }),
    );
    let review = story.file(
        &carla,
        Body::ReviewCheck(Check {
            step: Step::Listing,
            outcome: CheckOutcome::Followed,
            dossier,
            recommendations: vec![advice],
            points: vec!["date of the second visit".into()],
            note: text("complete"),
        }),
    );

    // Somebody from the village, with a key of her own; an accreditor vouches for her.
    let fiona = key("fiona");
    let raise = Body::ConcernRaise(Raise {
        about: About::Site,
        concern: "The fence cuts the old path.".into(),
        statements: vec![found],
        indicators: vec![indicator()],
        evidence: evidence.clone(),
    });
    let mut draft = story.ledger.draft(&fiona, raise);
    draft.payload.by = Some(Accreditation { ledger: partner.id, grant: partner.id.0 });
    let at = story.ledger.append(draft.sign(&fiona).expect("an honest draft"));
    assert!(story.ledger.verdicts[at.0 as usize].is_ok());
    story.names.push("concern.raise".into());
    let concern = story.reference(at);
    story.file(
        &anna,
        Body::ConcernAnswer(Answer {
            concern,
            answer: "A gate will be built in spring.".into(),
            evidence: evidence.clone(),
        }),
    );
    story.file(
        &carla,
        Body::ConcernClose(Close {
            concern,
            outcome: CloseOutcome::Resolved,
            reason: "The gate is there.".into(),
        }),
    );
    story.file(
        &fiona,
        Body::Dispute(Dispute {
            statement: found,
            reason: "The July count was on one slope only.".into(),
            evidence: evidence.clone(),
        }),
    );

    let decision = story.file(
        &dora,
        Body::Decision(Decision {
            step: Step::Listing,
            outcome: DecisionOutcome::Accepted,
            day: day("2026-06-12"),
            dossier: Some(dossier),
            recommendations: vec![advice],
            review: Some(review),
            concerns: vec![concern],
            conditions: conditions.clone(),
            note: text("by all votes"),
        }),
    );
    let certificate = story.file(
        &dora,
        Body::CertificateIssue(Issue {
            decision,
            term: days("2026-07-01", "2031-07-01"),
            number: text("GL-2026-17"),
        }),
    );
    story.file(
        &ben,
        Body::Midterm(Midterm {
            certificate,
            outcome: MidtermOutcome::Conditions,
            day: day("2028-11-30"),
            dossier: Some(dossier),
            conditions,
            note: text("the protocol is not public yet"),
        }),
    );
    story.file(
        &dora,
        Body::CertificateSuspend(Suspend {
            certificate,
            decision: Some(decision),
            from: day("2029-01-01"),
            until: Some(day("2029-06-01")),
            reason: "no counts in two seasons".into(),
        }),
    );
    story.file(
        &dora,
        Body::CertificateRenew(Renew {
            certificate,
            decision,
            term: days("2031-07-01", "2036-07-01"),
        }),
    );
    story.file(
        &dora,
        Body::CertificateWithdraw(Withdraw {
            certificate,
            decision: Some(decision),
            from: day("2033-01-01"),
            reason: "the site was dissolved".into(),
        }),
    );

    let elsewhere = StatementRef { id: Hash::of(b"an earlier claim"), ledger: Some(partner.id) };
    let claim = Body::ClaimFile(Box::new(claim(&evidence, elsewhere)));
    let claim = story.file(&anna, claim);
    story.file(
        &emil,
        Body::ClaimOpinion(Opinion {
            claim,
            activity: Activity::Verification,
            opinion: OpinionKind::Modified,
            assurance: Assurance::Limited,
            materiality_ppm: 50_000,
            body: "Alpine Verification".into(),
            accreditation: text("SVS-123"),
            standard: text("ISO 14064-3:2019"),
            day: day("2026-01-20"),
            report: Some(Hash::of(b"a report")),
            evidence: evidence.clone(),
            note: text("leakage estimated, not measured"),
        }),
    );
    let moved = |body: Move| Body::ClaimMove(Box::new(body));
    story.file(&anna, moved(a_move(claim, Verb::Issue, 900)));
    story.file(
        &anna,
        moved(Move {
            holder: text("Alpine Club"),
            to: text("nobody"),
            vintage: Some(2025),
            serials: vec![serials()],
            beneficiary: text("Alpine Club"),
            purpose: text("its huts in 2025"),
            kind: Some(ClaimKind::Contribution),
            reason: text("at its wish"),
            replaces: Some(elsewhere),
            evidence,
            ..a_move(claim, Verb::Retire, 20)
        }),
    );
    let refused = Refused {
        ledger: partner.id,
        statement: ByteBuf::from(story.ledger.entries[1].bytes().to_vec()),
        reason: "the ledger is closed to visitors".into(),
        checkpoint: Some(partner.tree()),
    };
    story.file(&ben, Body::StatementRefused(refused));
    assert_eq!(story.names.len(), story.ledger.entries.len());
    story
}
