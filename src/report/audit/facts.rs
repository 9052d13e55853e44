//! The facts of an audit as they stand in `--json` and inside the HTML report: one form, written and read,
//! so that a page can be judged again from what it carries.
//!
//! Every word, time and amount is as `schemas/json.md` tells it. Nothing here is finer than what a public
//! page may show: no path of the auditor's machine, no corner of a polygon, no position.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::facts_of_claims::{Amounts, ClaimFacts, LeftOut, Units};
use super::moment::{Day, Moment};
use crate::audit::finding::{LedgerState, Outcome, Reach, Rule};

/// The value of `schema`.
pub const SCHEMA: &str = "treering.audit/1";

/// Batches that are listed one by one, the latest; earlier ones are counted. Two thousand are eight years
/// of thirty cameras, in a tenth of what a page may weigh.
pub const MAX_BATCHES: usize = 2_000;

/// One audit of one ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Facts {
    pub schema: String,
    pub verdict: String,
    pub exit: u8,
    /// The verdict in one sentence.
    pub sentence: String,
    /// What could not be checked, each in words.
    pub not_checked: Vec<String>,
    pub run: Run,
    pub ledger: Ledger,
    pub statements: Statements,
    pub files: Files,
    pub time: Time,
    /// Outside ledgers that hold a checkpoint of this one.
    pub pins: Vec<PinFacts>,
    pub rules: Vec<RuleFacts>,
    pub findings: Vec<FindingFacts>,
    pub findings_not_listed: u64,
    pub site: Option<Site>,
    pub process: Process,
    pub coverage: Option<Coverage>,
    pub claims: Vec<ClaimFacts>,
    pub samples: Vec<Sample>,
    pub keys: Vec<Key>,
    pub corrections: Vec<Correction>,
    pub concerns: Vec<Concern>,
    /// Statements by month, as the signers' clocks say: `2026-05`.
    pub months: BTreeMap<String, u64>,
    pub witnesses: Vec<Witness>,
    pub batches: Vec<Batch>,
    pub batches_not_listed: u64,
}

/// Who audited, with what, when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Run {
    pub version: String,
    pub by: Option<String>,
    pub as_of: Moment,
    /// `own store` or `public folder`.
    pub copy: String,
    pub rule_set: Option<Named>,
    pub read_beside: Vec<String>,
}

/// A file that was used, by its name and digest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Named {
    pub name: String,
    pub digest: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Ledger {
    pub state: LedgerState,
    pub id: Option<String>,
    pub name: Option<String>,
    pub kind: Option<String>,
    pub origin: Option<String>,
    pub size: Option<u64>,
    pub root: Option<String>,
    pub recognised: Recognised,
    pub compared_with_size: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Recognised {
    pub card: bool,
    pub id: bool,
    pub pin: Option<Pinned>,
    pub own: bool,
    pub differs: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Pinned {
    pub compared: Moment,
    pub accreditor_since: Option<Moment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Statements {
    pub read: u64,
    pub admitted: u64,
    pub not_understood: u64,
    pub disputed: u64,
    pub affirmed: u64,
    pub superseded: u64,
    pub anchors: u64,
    pub keys_granted: u64,
    pub keys_ended: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Files {
    pub anchored: u64,
    pub matches: u64,
    pub differs: u64,
    pub missing: u64,
    pub unreadable: u64,
    pub not_checked: u64,
    pub withheld: u64,
    pub erased: u64,
    pub not_recorded: u64,
}

/// What witnesses bound: a word, or a bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub enum Time {
    Word(TimeWord),
    Bounded { size: u64, not_later_than: Moment, witnesses: Vec<String> },
}

/// Why there is no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the words are told in schemas/json.md")]
pub enum TimeWord {
    #[serde(rename = "NOT CHECKED")]
    NotChecked,
    #[serde(rename = "NOT ASKED")]
    NotAsked,
    #[serde(rename = "NOT MET")]
    NotMet,
}

/// An outside ledger that holds checkpoints of this one (rule R07).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct PinFacts {
    pub rule: String,
    pub by: String,
    pub name: String,
    pub first: PinnedAt,
    pub largest: PinnedAt,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct PinnedAt {
    pub size: u64,
    pub position: u64,
    pub claimed_at: Moment,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct RuleFacts {
    pub rule: Rule,
    pub title: String,
    pub severity: String,
    pub reach: Reach,
    pub outcome: Outcome,
    pub fails: u64,
    pub warnings: u64,
    pub cannot_check: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct FindingFacts {
    pub rule: Rule,
    pub outcome: Outcome,
    pub code: String,
    pub what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Site {
    pub site_id: Option<u64>,
    pub site_pid: Option<String>,
    pub names: BTreeMap<String, String>,
    pub countries: Vec<String>,
    pub area_m2: Option<u64>,
    pub boundary: Option<String>,
    pub iucn_category: Option<String>,
    pub governance: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Process {
    pub phase: String,
    pub steps: Vec<ProcessStep>,
    pub certificates: Vec<CertificateFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct ProcessStep {
    pub phase: String,
    pub position: Option<u64>,
    pub day: Day,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct CertificateFacts {
    pub position: u64,
    pub terms: Vec<Span>,
    pub suspended_from: Option<Day>,
    pub suspended_until: Option<Day>,
    pub withdrawn: Option<Day>,
    pub in_force: bool,
}

/// Days, the last one not in it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Span {
    pub from: Day,
    pub until: Day,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Coverage {
    pub catalogue: String,
    pub title: String,
    pub criteria: Vec<CriterionFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct CriterionFacts {
    pub id: String,
    pub name: String,
    pub indicators: Vec<IndicatorFacts>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct IndicatorFacts {
    pub id: String,
    pub covered: bool,
    pub anchors: u64,
    pub rows: u64,
    pub latest: Option<Day>,
    pub self_assessed: Option<Found>,
    pub assessed: Option<Found>,
}

/// A finding of an assessment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Found {
    pub verdict: String,
    pub position: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Sample {
    pub position: u64,
    pub indicator: String,
    pub by: String,
    pub population: u64,
    pub drawn: u64,
    pub result: Option<SampleOutcome>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct SampleOutcome {
    pub looked_at: u64,
    pub not_agreeing: u64,
    /// At most so many rows of the population do not agree, with 95 % confidence.
    pub bound_95: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Key {
    pub key: String,
    pub role: String,
    pub granted: u64,
    pub ended: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Correction {
    pub position: u64,
    pub kind: String,
    pub reason: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Concern {
    pub position: u64,
    pub day: Day,
    pub concern: String,
    pub answered: Option<u64>,
    pub closed: Option<u64>,
    pub outcome: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Witness {
    pub name: String,
    pub cosigned: Vec<Moment>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are told in schemas/json.md")]
pub struct Batch {
    pub position: u64,
    pub rows: u64,
    pub captured_first: Option<Moment>,
    pub captured_last: Option<Moment>,
    pub recorded: Moment,
    pub not_later_than: Option<Moment>,
}
