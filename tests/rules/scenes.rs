//! The smallest ledgers that rules have something to say of, and audits of them.

use tempfile::TempDir;
use treering::audit::checkpoints::HeldHead;
use treering::audit::finding::{AuditReport, Outcome, Reach, Rule};
use treering::audit::identity::{Known, Pin};
use treering::audit::rule_set::RuleSet;
use treering::audit::{AuditInput, audit_several};
use treering::evidence::catalogue::Catalogue;
use treering::evidence::polygons::{Boundary, Shape};
use treering::statement::bodies::cited::{Dossier, Evidence, Indicator};
use treering::statement::bodies::claim::filing::ClaimFile;
use treering::statement::bodies::claim::terms::HostCountry;
use treering::statement::bodies::evidence::{Anchor, Indicators};
use treering::statement::bodies::process::record::Conflict;
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::card::Promise;
use treering::statement::key::Role;
use treering::statement::sample::{AnchoredRows, evidence_digest};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::Hash;

use crate::support::assurance;
use crate::support::bodies::small_anchor;
use crate::support::publish::publish;
use crate::support::{FOUNDED, Ledger};

/// A site and what the auditor of it has at hand.
pub struct Scene {
    pub site: Ledger,
    /// Ledgers of others, read in the same audit.
    pub others: Vec<Ledger>,
    /// Those of them whose grants of roles are believed.
    pub believed: Vec<Ledger>,
    pub boundary: Option<Boundary>,
    pub rules: RuleSet,
    pub clock_s: i64,
    pub anna: SecretKey,
}

impl Scene {
    /// A site with a recorder.
    pub fn new() -> Scene {
        let mut site = Ledger::found("site");
        let anna = site.granted("anna", Role::Recorder);
        Scene {
            site,
            others: Vec::new(),
            believed: Vec::new(),
            boundary: None,
            rules: RuleSet::built_in(),
            clock_s: FOUNDED + 100 * 86_400,
            anna,
        }
    }

    /// The same with other figures in the rule set.
    pub fn with_rules(mut self, from: &str, to: &str) -> Scene {
        let built_in = include_str!("../../schemas/rules.toml");
        let changed = built_in.replacen(from, to, 1);
        assert_ne!(changed, built_in, "the rule set has no {from:?}");
        self.rules = RuleSet::read(&changed).unwrap();
        self
    }

    /// Files a statement of the recorder.
    pub fn say(&mut self, body: Body) -> StatementRef {
        let anna = self.anna.clone();
        self.say_as(&anna, body)
    }

    /// Files a statement of somebody.
    pub fn say_as(&mut self, key: &SecretKey, body: Body) -> StatementRef {
        let at = self.site.file(key, body);
        StatementRef::here(self.site.at(at).id())
    }

    /// Anchors a batch for an indicator of the built-in catalogue.
    pub fn anchor_for(&mut self, title: &str, indicator: &str) -> Evidence {
        let indicators = Indicators { catalogue: catalogue(), ids: vec![indicator.into()] };
        let root = Hash::of(title.as_bytes());
        let anchor =
            Anchor { root, indicators: Some(indicators), captured: None, ..small_anchor(title) };
        let statement = self.say(anchor.into_body());
        Evidence { statement, root, rows: vec![] }
    }

    /// All evidence so far that bears on the catalogue.
    pub fn dossier(&self, anchors: &[&Evidence]) -> Dossier {
        let rows: Vec<AnchoredRows> = anchors
            .iter()
            .map(|evidence| AnchoredRows { root: evidence.root, rows: small_anchor("").rows })
            .collect();
        Dossier {
            checkpoint: self.site.tree(),
            evidence: evidence_digest(&rows),
            catalogue: catalogue(),
        }
    }

    /// Audits the site.
    pub fn audit(&self) -> AuditReport {
        self.audit_all().remove(0)
    }

    /// Audits the site and all other ledgers.
    pub fn audit_all(&self) -> Vec<AuditReport> {
        let home = TempDir::new().unwrap();
        let ledgers = [&self.site].into_iter().chain(&self.others).chain(&self.believed);
        let inputs: Vec<AuditInput> = ledgers
            .enumerate()
            .map(|(number, ledger)| {
                let folder = home.path().join(number.to_string());
                publish(ledger, &folder);
                AuditInput {
                    held: vec![HeldHead::Remembered(ledger.tree())],
                    known: self.known(),
                    rules: self.rules.clone(),
                    boundary: self.boundary.clone(),
                    ..AuditInput::of(folder, self.clock_s)
                }
            })
            .collect();
        audit_several(&inputs, &treering::audit::evidence::Progress::silent()).unwrap()
    }

    fn known(&self) -> Known {
        let pin = |ledger: &Ledger| Pin {
            promise: Promise::of_id(ledger.id),
            compared_s: FOUNDED,
            accreditor_since_s: Some(FOUNDED),
        };
        Known { pins: self.believed.iter().map(pin).collect(), ..Known::default() }
    }
}

/// An accreditor's ledger that granted these keys their roles.
pub fn accreditor(grants: &[(&str, Role)]) -> Ledger {
    let mut ledger = Ledger::found_with("accreditor", |genesis| genesis.kind = "accreditor".into());
    for (name, role) in grants {
        ledger.granted(name, *role);
    }
    ledger
}

/// The digest of the built-in catalogue.
pub fn catalogue() -> Hash {
    Catalogue::built_in().digest()
}

/// An indicator of it.
pub fn indicator(id: &str) -> Indicator {
    Indicator { catalogue: catalogue(), id: id.into() }
}

/// A contribution that adds up, in the site, with nothing odd about it.
pub fn claim(evidence: &[Evidence]) -> ClaimFile {
    let nothing = StatementRef::here(Hash::of(b"nothing"));
    let full = assurance::claim(evidence, nothing);
    let host = HostCountry { authorisation: None, adjustment: None, ..full.host_country.unwrap() };
    ClaimFile { marks: vec![], supersedes: vec![], host_country: Some(host), text: None, ..full }
}

/// The boundary of a site that holds the claim's area.
pub fn boundary(evidence_of: &[u8]) -> Boundary {
    use treering::statement::bodies::claim::area::{Area, Point, Polygon, Ring};
    let (w, s, e, n) = (10_000_000, 46_500_000, 10_300_000, 46_700_000);
    let corners = [(w, s), (e, s), (e, n), (w, n), (w, s)];
    let ring = Ring(corners.map(Point::from).to_vec());
    let shape = Shape::of(&Area(vec![Polygon(vec![ring])])).unwrap();
    Boundary { digest: Hash::of(evidence_of), shape }
}

/// A declaration without ties.
pub fn no_ties(capacity: Role, organisation: &str) -> Body {
    Body::Conflict(Conflict {
        capacity,
        organisation: Some(organisation.into()),
        claim: None,
        ties: vec![],
        note: None,
    })
}

/// What became of a rule.
pub fn outcome(report: &AuditReport, rule: Rule) -> (Reach, Outcome) {
    let result = report.rules.iter().find(|result| result.rule == rule).unwrap();
    (result.reach, result.outcome)
}

/// A rule that was asked and holds.
#[track_caller]
pub fn passes(report: &AuditReport, rule: Rule) {
    let found: Vec<_> = report.findings.iter().filter(|finding| finding.rule == rule).collect();
    assert_eq!(outcome(report, rule), (Reach::Judged, Outcome::Pass), "{found:#?}");
}

/// The one finding of a rule, by its code, and where.
#[track_caller]
pub fn finds(report: &AuditReport, rule: Rule, outcome: Outcome, code: &str) -> String {
    let of_rule: Vec<_> = report.findings.iter().filter(|finding| finding.rule == rule).collect();
    let found: Vec<_> = of_rule
        .iter()
        .filter(|finding| finding.code == code && finding.outcome == outcome)
        .collect();
    assert!(!found.is_empty(), "no {code} among {of_rule:#?}");
    found[0].what.clone()
}

/// A body of an anchor.
pub trait IntoBody {
    fn into_body(self) -> Body;
}

impl IntoBody for Anchor {
    fn into_body(self) -> Body {
        Body::Anchor(self)
    }
}
