//! Claims as they stand in `--json` and inside the HTML report.

use serde::{Deserialize, Serialize};

use super::facts::Span;
use crate::audit::portrait;
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::amounts::{
    Buffer, Effect, Gas, GwpSet, OmissionReason, Pool, Totals, Uncertainty,
};
use crate::statement::bodies::claim::filing::Mark;
use crate::statement::claim_arithmetic::Balance;

/// A claim. Its place is told by its area and country only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct ClaimFacts {
    pub position: u64,
    pub standing: String,
    pub id: String,
    pub title: String,
    pub text: Option<String>,
    pub kind: ClaimKind,
    pub effect: Effect,
    pub claimant: Option<String>,
    pub site_id: Option<u64>,
    pub country: Option<String>,
    pub area_m2: u64,
    pub ecosystem: Option<String>,
    pub period: Span,
    pub vintages: Vec<u64>,
    pub marks: Vec<Mark>,
    pub gwp: GwpSet,
    pub pools: Vec<Amounts>,
    pub omitted: Vec<LeftOut>,
    pub totals: Totals,
    pub uncertainty: Option<Uncertainty>,
    pub buffer: Option<Buffer>,
    pub methodology: String,
    pub methodology_document: String,
    pub variables: u64,
    pub variables_on_evidence: u64,
    pub evidence: u64,
    pub adjustment: Option<String>,
    /// What became of the units; null where a move is more than there is.
    pub units: Option<Units>,
    pub opinions: Vec<String>,
}

/// One gas in one pool or from one source, in grams CO2e.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Amounts {
    pub pool: Pool,
    pub gas: Gas,
    pub baseline_g: i64,
    pub project_g: i64,
    pub leakage_g: i64,
    /// Whether a note explains it.
    pub noted: bool,
}

/// A pool that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct LeftOut {
    pub pool: Pool,
    pub reason: Option<OmissionReason>,
}

/// Units in grams CO2e: issued = held + retired + cancelled + buffered + exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Units {
    pub issued_g: i64,
    pub held_g: i64,
    pub retired_g: i64,
    pub cancelled_g: i64,
    pub buffered_g: i64,
    pub exported_g: i64,
}

impl Units {
    fn of(balance: &Balance) -> Units {
        Units {
            issued_g: balance.issued(),
            held_g: balance.held(),
            retired_g: balance.retired(),
            cancelled_g: balance.cancelled(),
            buffered_g: balance.buffered(),
            exported_g: balance.exported(),
        }
    }

    /// Whether every unit is somewhere, and none twice (R24).
    pub fn balance(&self) -> bool {
        let parts =
            [self.held_g, self.retired_g, self.cancelled_g, self.buffered_g, self.exported_g];
        let sum: i128 = parts.iter().map(|grams| i128::from(*grams)).sum();
        sum == i128::from(self.issued_g) && parts.iter().all(|grams| *grams >= 0)
    }
}

impl ClaimFacts {
    /// The facts of a claim, without its polygons.
    pub(super) fn of(facts: &portrait::ClaimFacts, countries: &[String]) -> ClaimFacts {
        let claim = &facts.claim;
        let [variables, on_evidence] = [
            claim.variables.len(),
            claim.variables.iter().filter(|variable| !variable.evidence.is_empty()).count(),
        ];
        let host = claim.host_country.as_ref();
        ClaimFacts {
            position: facts.position.0,
            standing: super::collect::standing(facts.standing).into(),
            id: claim.id.clone(),
            title: claim.title.clone(),
            text: claim.text.clone(),
            kind: claim.kind,
            effect: claim.effect,
            claimant: claim.claimant.clone(),
            site_id: claim.site_id,
            country: host
                .map(|host| host.country.clone())
                .or_else(|| (!countries.is_empty()).then(|| countries.join(", "))),
            area_m2: claim.area_m2,
            ecosystem: claim.ecosystem.clone(),
            period: claim.period.into(),
            vintages: claim.vintages.clone(),
            marks: claim.marks.clone(),
            gwp: claim.gwp,
            pools: claim
                .pools
                .iter()
                .map(|pool| Amounts {
                    pool: pool.pool,
                    gas: pool.gas,
                    baseline_g: pool.baseline_g,
                    project_g: pool.project_g,
                    leakage_g: pool.leakage_g,
                    noted: pool.note.is_some(),
                })
                .collect(),
            omitted: claim
                .omitted
                .iter()
                .map(|out| LeftOut { pool: out.pool, reason: out.reason })
                .collect(),
            totals: claim.totals,
            uncertainty: claim.uncertainty,
            buffer: claim.buffer,
            methodology: format!("{} {}", claim.methodology.id, claim.methodology.version),
            methodology_document: claim.methodology.document.to_string(),
            variables: variables as u64,
            variables_on_evidence: on_evidence as u64,
            evidence: claim.evidence.len() as u64,
            adjustment: host.and_then(|host| host.adjustment).map(|word| word.to_string()),
            units: facts.balance.as_ref().map(Units::of),
            opinions: facts.opinions.clone(),
        }
    }

    /// Whether it counts: neither corrected nor disputed.
    pub fn is_live(&self) -> bool {
        matches!(self.standing.as_str(), "good" | "affirmed")
    }
}
