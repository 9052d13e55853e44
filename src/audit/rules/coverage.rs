//! Which indicators rest on what (R11, R17, R18), and the table of it for reports.

use std::collections::{BTreeMap, BTreeSet};

use super::history::{History, Phase};
use super::weighed::Weighed;
use crate::audit::finding::{Outcome, Rule, Subject};
use crate::audit::findings::Findings;
use crate::audit::record::Said;
use crate::evidence::catalogue::Catalogue;
use crate::statement::bodies::Body;
use crate::statement::bodies::cited::Indicator;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::process::assessment::{Assessment, Verdict};
use crate::tlog::hash::{Hash, Position};

/// The evidence of one indicator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndicatorCoverage {
    /// Its id in the catalogue.
    pub id: String,
    /// Live anchors that bear on it.
    pub anchors: u64,
    /// Rows of these.
    pub rows: u64,
    /// The latest day of them.
    pub latest: Option<UtcDay>,
    /// The last finding of the site itself, and where.
    pub self_assessed: Option<(Verdict, Position)>,
    /// The last finding of an assessor, and where.
    pub assessed: Option<(Verdict, Position)>,
    /// Whether it rests on evidence, or is said not to apply, with a reason.
    pub covered: bool,
}

/// The evidence of one criterion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriterionCoverage {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its indicators.
    pub indicators: Vec<IndicatorCoverage>,
}

/// The evidence of a catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// SHA-256 of the catalogue's file.
    pub catalogue: Hash,
    /// Its title.
    pub title: String,
    /// Criterion by criterion.
    pub criteria: Vec<CriterionCoverage>,
}

impl Coverage {
    /// Takes stock of the evidence under the catalogue in use.
    pub fn of(weighed: &Weighed<'_>) -> Option<Coverage> {
        let catalogue = in_use(weighed)?;
        let findings = last_findings(weighed);
        let criteria =
            catalogue.contents().components.iter().flat_map(|component| &component.criteria);
        let criteria = criteria.map(|criterion| CriterionCoverage {
            id: criterion.id.clone(),
            name: criterion.name.clone(),
            indicators: criterion
                .indicators
                .iter()
                .map(|indicator| {
                    let digest = catalogue.digest();
                    let named = Indicator { catalogue: digest, id: indicator.id.clone() };
                    indicator_coverage(weighed, &named, findings.get(&named))
                })
                .collect(),
        });
        Some(Coverage {
            catalogue: catalogue.digest(),
            title: catalogue.contents().title.clone(),
            criteria: criteria.collect(),
        })
    }

    /// Every indicator.
    pub fn indicators(&self) -> impl Iterator<Item = &IndicatorCoverage> {
        self.criteria.iter().flat_map(|criterion| &criterion.indicators)
    }
}

/// The catalogue that the ledger published last, or the one most statements name; only one whose file is
/// at hand can be taken stock by.
fn in_use<'a>(weighed: &Weighed<'a>) -> Option<&'a Catalogue> {
    let known = |digest: &Hash| weighed.catalogues.iter().find(|known| known.digest() == *digest);
    let published = weighed.record.live().filter_map(|said| match &said.body {
        Body::CataloguePublish(publish) => Some(&publish.catalogue),
        _ => None,
    });
    published.last().map_or_else(|| weighed.catalogues.first(), known)
}

#[derive(Default)]
struct LastFindings<'a> {
    site: Option<(&'a Said, &'a Assessment)>,
    assessor: Option<(&'a Said, &'a Assessment)>,
}

fn last_findings<'a>(weighed: &Weighed<'a>) -> BTreeMap<Indicator, LastFindings<'a>> {
    let mut last: BTreeMap<Indicator, LastFindings<'_>> = BTreeMap::new();
    for said in weighed.record.live() {
        match &said.body {
            Body::SelfAssessment(found) => {
                last.entry(found.indicator.clone()).or_default().site = Some((said, found));
            }
            Body::Assessment(found) => {
                last.entry(found.indicator.clone()).or_default().assessor = Some((said, found));
            }
            _ => {}
        }
    }
    last
}

fn indicator_coverage(
    weighed: &Weighed<'_>,
    indicator: &Indicator,
    findings: Option<&LastFindings<'_>>,
) -> IndicatorCoverage {
    let bearing = || weighed.anchors.bearing_on(indicator);
    let found = |one: Option<(&Said, &Assessment)>| one.map(|(at, f)| (f.verdict, at.position));
    let (site, assessor) = findings.map_or((None, None), |found| (found.site, found.assessor));
    let does_not_apply = [assessor, site].into_iter().flatten().any(|(_, found)| {
        let reasoned = found.note.as_ref().is_some_and(|note| !note.trim().is_empty());
        found.verdict == Verdict::NotApplicable && reasoned
    });
    let anchors = bearing().count() as u64;
    IndicatorCoverage {
        id: indicator.id.clone(),
        anchors,
        rows: bearing().fold(0, |sum, anchor| sum.saturating_add(anchor.rows.rows)),
        latest: bearing().map(|anchor| UtcDay::of_second(anchor.latest())).max(),
        self_assessed: found(site),
        assessed: found(assessor),
        covered: anchors > 0 || does_not_apply,
    }
}

/// Judges the evidence under the catalogue in use.
pub(super) fn judge(
    weighed: &Weighed<'_>,
    history: &History,
    coverage: Option<&Coverage>,
    out: &mut Findings,
) {
    let candidate = history.steps.iter().any(|step| step.phase >= Phase::Candidate);
    if candidate {
        every_indicator(weighed, coverage, out);
    }
    let Some(coverage) = coverage else { return };
    if weighed.figures.R17.on && candidate {
        stale(weighed, coverage, out);
    }
    if weighed.figures.R18.on && candidate {
        sources(weighed, coverage, out);
    }
}

/// R11: each indicator rests on live evidence, or is said not to apply, with a reason.
fn every_indicator(weighed: &Weighed<'_>, coverage: Option<&Coverage>, out: &mut Findings) {
    out.judge(Rule::R11);
    let Some(coverage) = coverage else {
        let what = "the catalogue that the ledger published is not at hand (--catalogue FILE)";
        let unknown = "catalogue-unknown";
        return out.add(Rule::R11, Outcome::CannotCheck, unknown, Subject::Ledger, what);
    };
    if weighed.anchors.left_out() > 0 {
        let what = format!("{} anchors are too many to weigh", weighed.anchors.left_out());
        out.add(Rule::R11, Outcome::CannotCheck, "too-many-anchors", Subject::Ledger, what);
    }
    for criterion in &coverage.criteria {
        let bare = criterion.indicators.iter().filter(|indicator| !indicator.covered);
        let bare: Vec<&str> = bare.map(|indicator| indicator.id.as_str()).collect();
        if !bare.is_empty() {
            let what = format!(
                "criterion {} ({}): no live evidence, and no reasoned not-applicable, for {}",
                criterion.id,
                criterion.name,
                bare.join(", ")
            );
            out.add(Rule::R11, Outcome::Fail, "not-covered", Subject::Ledger, what);
        }
    }
}

/// R17: today − latest ≤ term.
fn stale(weighed: &Weighed<'_>, coverage: &Coverage, out: &mut Findings) {
    out.judge(Rule::R17);
    let today = UtcDay::of_second(weighed.clock_s);
    let term = i64::try_from(weighed.figures.R17.term_days).unwrap_or(i64::MAX);
    for indicator in coverage.indicators() {
        if let Some(latest) = indicator.latest.filter(|latest| today.0 - latest.0 > term) {
            let what = format!("indicator {}: its latest evidence is of {latest}", indicator.id);
            out.add(Rule::R17, Outcome::Warn, "stale", Subject::Ledger, what);
        }
    }
}

/// R18: kinds of evidence and recorders, counted together.
fn sources(weighed: &Weighed<'_>, coverage: &Coverage, out: &mut Findings) {
    out.judge(Rule::R18);
    for indicator in coverage.indicators().filter(|indicator| indicator.anchors > 0) {
        let named = Indicator { catalogue: coverage.catalogue, id: indicator.id.clone() };
        let bearing = weighed.anchors.bearing_on(&named);
        let sources: BTreeSet<_> =
            bearing.map(|anchor| (anchor.key, anchor.evidence.as_str())).collect();
        if (sources.len() as u64) < weighed.figures.R18.sources {
            let what = format!(
                "indicator {}: all of its evidence comes from {} source",
                indicator.id,
                sources.len()
            );
            out.add(Rule::R18, Outcome::Warn, "single-source", Subject::Ledger, what);
        }
    }
}
