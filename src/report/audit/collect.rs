//! The facts of an audit's result, put into the form in which they are shown and kept.

use super::facts::*;
use super::moment::{Day, Moment};
use super::words;
use crate::audit::finding::{AuditReport, Finding, RuleResult, Subject};
use crate::audit::identity;
use crate::audit::pins::{self, Pin};
use crate::audit::portrait::{self, Portrait};
use crate::audit::rules::coverage;
use crate::audit::rules::history::{Certificate, History};
use crate::audit::time::TimeLine;
use crate::report::words::file_name;
use crate::statement::bodies::day::UtcDay;
use crate::statement::standing::Standing;
use crate::tlog::hash::Position;

/// What the audit itself does not know: who ran it, when, on what.
#[derive(Clone, Debug, Default)]
pub struct RunBy {
    /// Who, in their own words, if they want to be named.
    pub by: Option<String>,
    /// The auditor's clock, seconds since 1970 UTC.
    pub as_of_s: i64,
    /// Whether it was one's own store, with everything in it.
    pub own_store: bool,
}

impl Facts {
    /// Everything a report shows.
    pub fn of(report: &AuditReport, run: &RunBy) -> Facts {
        let portrait = &report.portrait;
        let countries =
            portrait.site.as_ref().map(|site| site.countries.clone()).unwrap_or_default();
        let left_out = portrait.batches.len().saturating_sub(MAX_BATCHES);
        let mut facts = Facts {
            schema: SCHEMA.into(),
            verdict: report.verdict.word().into(),
            exit: report.exit_code(),
            sentence: String::new(),
            not_checked: Vec::new(),
            run: run_facts(portrait, run),
            ledger: ledger(report),
            statements: statements(report),
            files: files(report),
            time: time(&report.time),
            pins: report.pins.iter().map(pin).collect(),
            rules: report.rules.iter().map(rule).collect(),
            findings: report.findings.iter().map(finding).collect(),
            findings_not_listed: report.findings_not_listed,
            site: portrait.site.as_ref().map(site),
            process: process(&portrait.history, run.as_of_s),
            coverage: portrait.coverage.as_ref().map(covered),
            claims: portrait.claims.iter().map(|one| ClaimFacts::of(one, &countries)).collect(),
            samples: portrait.samples.iter().map(sample).collect(),
            keys: portrait.keys.iter().map(key).collect(),
            corrections: portrait.corrections.iter().map(correction).collect(),
            concerns: portrait.concerns.iter().map(concern).collect(),
            months: portrait.months.iter().map(month).collect(),
            witnesses: portrait.witnesses.iter().map(witness).collect(),
            batches: portrait.batches.iter().skip(left_out).map(batch).collect(),
            batches_not_listed: left_out as u64,
        };
        facts.not_checked = words::not_checked(&facts);
        facts.sentence = words::sentence(&facts);
        facts
    }
}

fn run_facts(portrait: &Portrait, run: &RunBy) -> Run {
    Run {
        version: env!("CARGO_PKG_VERSION").into(),
        by: run.by.clone(),
        as_of: Moment(run.as_of_s),
        copy: if run.own_store { "own store" } else { "public folder" }.into(),
        rule_set: portrait
            .rule_set
            .as_ref()
            .map(|(name, digest)| Named { name: name.clone(), digest: digest.to_string() }),
        read_beside: portrait.read_beside.iter().map(ToString::to_string).collect(),
    }
}

fn ledger(report: &AuditReport) -> Ledger {
    let identity = report.identity.as_ref();
    let identity::Recognised { id, card, pin, own, faults } = report.recognised;
    Ledger {
        state: report.state,
        id: identity.map(|identity| identity.ledger.to_string()),
        name: identity.map(|identity| identity.name.clone()),
        kind: identity.map(|identity| identity.kind.clone()),
        origin: identity.map(|identity| identity.origin.clone()),
        size: report.head.map(|head| head.size.0),
        root: report.head.map(|head| head.root.to_string()),
        recognised: Recognised {
            card,
            id,
            pin: pin.map(|(compared_s, since_s)| Pinned {
                compared: Moment(compared_s),
                accreditor_since: since_s.map(Moment),
            }),
            own,
            differs: faults,
        },
        compared_with_size: report.compared_with.map(|size| size.0),
    }
}

fn statements(report: &AuditReport) -> Statements {
    let counts = &report.statements;
    Statements {
        read: counts.read,
        admitted: counts.admitted,
        not_understood: counts.not_understood,
        disputed: counts.disputed,
        affirmed: counts.affirmed,
        superseded: counts.superseded,
        anchors: counts.anchors,
        keys_granted: counts.keys_granted,
        keys_ended: counts.keys_ended,
    }
}

fn files(report: &AuditReport) -> Files {
    let counts = &report.files;
    Files {
        anchored: counts.anchored,
        matches: counts.matching,
        differs: counts.differing,
        missing: counts.missing,
        unreadable: counts.unreadable,
        not_checked: counts.not_compared,
        withheld: counts.withheld,
        erased: counts.erased,
        not_recorded: counts.not_recorded,
    }
}

fn time(line: &TimeLine) -> Time {
    match line {
        TimeLine::NotChecked => Time::Word(TimeWord::NotChecked),
        TimeLine::NotMet => Time::Word(TimeWord::NotMet),
        TimeLine::NotAsked => Time::Word(TimeWord::NotAsked),
        TimeLine::Bounded { size, not_later_than_s, witnesses } => Time::Bounded {
            size: size.0,
            not_later_than: Moment(i64::try_from(*not_later_than_s).unwrap_or(i64::MAX)),
            witnesses: witnesses.clone(),
        },
    }
}

fn pin(pin: &Pin) -> PinFacts {
    let pinned = |pinned: &pins::Pinned| PinnedAt {
        size: pinned.size.0,
        position: pinned.position.0,
        claimed_at: Moment(pinned.claimed_s),
    };
    PinFacts {
        rule: "R07".into(),
        by: pin.by.to_string(),
        name: pin.name.clone(),
        first: pinned(&pin.first),
        largest: pinned(&pin.largest),
    }
}

fn rule(result: &RuleResult) -> RuleFacts {
    RuleFacts {
        rule: result.rule,
        title: result.rule.title().into(),
        severity: result.rule.severity().word().into(),
        reach: result.reach,
        outcome: result.outcome,
        fails: result.fails,
        warnings: result.warnings,
        cannot_check: result.unchecked,
    }
}

fn finding(finding: &Finding) -> FindingFacts {
    let mut facts = FindingFacts {
        rule: finding.rule,
        outcome: finding.outcome,
        code: finding.code.into(),
        what: finding.what.clone(),
        position: None,
        published: None,
        manifest: None,
        file: None,
    };
    match &finding.subject {
        Subject::Ledger => {}
        Subject::Statement(position) => facts.position = Some(position.0),
        Subject::Published(path) => facts.published = Some(path.clone()),
        Subject::Manifest(root) => facts.manifest = Some(root.to_string()),
        Subject::File(path) => facts.file = Some(file_name(path)),
    }
    facts
}

fn site(site: &crate::statement::bodies::site::Describe) -> Site {
    Site {
        site_id: site.site_id,
        site_pid: site.site_pid.clone(),
        names: site.names.clone(),
        countries: site.countries.clone(),
        area_m2: site.area_m2,
        boundary: site.boundary.map(|digest| digest.to_string()),
        iucn_category: site.iucn_category.clone(),
        governance: site.governance.clone(),
    }
}

fn process(history: &History, as_of_s: i64) -> Process {
    let today = UtcDay::of_second(as_of_s);
    let certificate = |one: &Certificate| CertificateFacts {
        position: one.position.0,
        terms: one.terms.iter().map(|term| Span::from(*term)).collect(),
        suspended_from: one.suspended.map(|(from, _)| Day(from)),
        suspended_until: one.suspended.and_then(|(_, until)| until).map(Day),
        withdrawn: one.withdrawn.map(Day),
        in_force: one.is_in_force(today),
    };
    Process {
        phase: history.phase().word().into(),
        steps: history
            .steps
            .iter()
            .map(|step| ProcessStep {
                phase: step.phase.word().into(),
                position: step.position.map(|at| at.0),
                day: Day(step.day),
            })
            .collect(),
        certificates: history.certificates.iter().map(certificate).collect(),
    }
}

fn covered(coverage: &coverage::Coverage) -> Coverage {
    let found =
        |(verdict, at): (crate::statement::bodies::process::assessment::Verdict, Position)| Found {
            verdict: verdict.to_string(),
            position: at.0,
        };
    let indicator = |one: &coverage::IndicatorCoverage| IndicatorFacts {
        id: one.id.clone(),
        covered: one.covered,
        anchors: one.anchors,
        rows: one.rows,
        latest: one.latest.map(Day),
        self_assessed: one.self_assessed.map(found),
        assessed: one.assessed.map(found),
    };
    let criterion = |one: &coverage::CriterionCoverage| CriterionFacts {
        id: one.id.clone(),
        name: one.name.clone(),
        indicators: one.indicators.iter().map(indicator).collect(),
    };
    Coverage {
        catalogue: coverage.catalogue.to_string(),
        title: coverage.title.clone(),
        criteria: coverage.criteria.iter().map(criterion).collect(),
    }
}

fn sample(sample: &portrait::SampleFacts) -> Sample {
    Sample {
        position: sample.position.0,
        indicator: sample.indicator.clone(),
        by: sample.by.to_string(),
        population: sample.population,
        drawn: sample.drawn,
        result: sample.result.map(|result| SampleOutcome {
            looked_at: result.looked_at,
            not_agreeing: result.not_agreeing,
            bound_95: result.bound_95,
        }),
    }
}

fn key(key: &portrait::KeyFacts) -> Key {
    Key {
        key: key.key.to_string(),
        role: key.role.to_string(),
        granted: key.granted.0,
        ended: key.ended.map(|at| at.0),
    }
}

fn correction(remark: &portrait::Remark) -> Correction {
    Correction {
        position: remark.position.0,
        kind: remark.kind.clone(),
        reason: remark.reason.clone(),
    }
}

fn concern(concern: &portrait::ConcernFacts) -> Concern {
    Concern {
        position: concern.position.0,
        day: Day(concern.day),
        concern: concern.concern.clone(),
        answered: concern.answered.map(|at| at.0),
        closed: concern.closed.as_ref().map(|(at, _)| at.0),
        outcome: concern.closed.as_ref().map(|(_, outcome)| outcome.clone()),
    }
}

fn month((&(year, month), count): (&(i64, u8), &u64)) -> (String, u64) {
    (format!("{year:04}-{month:02}"), *count)
}

fn witness((name, times): (&String, &Vec<i64>)) -> Witness {
    Witness { name: name.clone(), cosigned: times.iter().copied().map(Moment).collect() }
}

fn batch(batch: &portrait::BatchFacts) -> Batch {
    Batch {
        position: batch.position.0,
        rows: batch.rows,
        captured_first: batch.captured.map(|(first, _)| Moment(first)),
        captured_last: batch.captured.map(|(_, last)| Moment(last)),
        recorded: Moment(batch.recorded),
        not_later_than: batch.not_later_than.map(Moment),
    }
}

/// How a statement stands, in one word.
pub(super) fn standing(standing: Standing) -> &'static str {
    match standing {
        Standing::Good => "good",
        Standing::Disputed => "disputed",
        Standing::Affirmed => "affirmed",
        Standing::Superseded { .. } => "superseded",
    }
}
