//! `claim.file`: what a site says its care did for the climate.

use serde::{Deserialize, Serialize};

use super::amounts::{Buffer, Effect, GwpSet, Omitted, PoolAmounts, Totals, Uncertainty};
use super::area::Area;
use super::terms::{Durability, HostCountry, Methodology, Variable};
use super::{ClaimKind, SerialBlock, fits};
use crate::statement::bodies::cited::{Evidence, check_evidence, is_id};
use crate::statement::bodies::day::Days;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef, is_strictly_ascending};

/// The claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimFile {
    /// What people call it: the party never uses it for another claim.
    pub id: String,
    /// What it is for.
    pub kind: ClaimKind,
    /// What is counted, and so the sign of every amount.
    pub effect: Effect,
    /// Its title, for people.
    pub title: String,
    /// What it says in words. Read by rule R29: a contribution offsets nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The organisation that makes it, where that is not the ledger's own party.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimant: Option<String>,
    /// SITE_ID of the site it lies in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_id: Option<u64>,
    /// Where.
    pub area: Area,
    /// How large that is said to be (rule R27).
    pub area_m2: u64,
    /// The ecosystem, in the words or codes of a typology.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecosystem: Option<String>,
    /// When the effect came about.
    pub period: Days,
    /// The crediting period it lies in: the methodology does not change there (rule R37).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crediting: Option<Days>,
    /// Years its units are named after, ascending (rule R26).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vintages: Vec<u64>,
    /// Exceptions that are claimed, ascending by word.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
    /// How gases became CO2 equivalents.
    pub gwp: GwpSet,
    /// The amounts, by pool and gas.
    pub pools: Vec<PoolAmounts>,
    /// What was left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub omitted: Vec<Omitted>,
    /// The sums.
    pub totals: Totals,
    /// How sure they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uncertainty: Option<Uncertainty>,
    /// What is kept back. Only removals that can be lost need one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buffer: Option<Buffer>,
    /// By which method.
    pub methodology: Methodology,
    /// The formula, as the methodology writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub formula: Option<String>,
    /// The figures in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<Variable>,
    /// Other evidence it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// How long it is to last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub durability: Option<Durability>,
    /// What the host country's books say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host_country: Option<HostCountry>,
    /// Units of a registry that stand for the same effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SerialBlock>,
    /// Claims it stands in the place of (rule R22).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub supersedes: Vec<StatementRef>,
}

words! {
    /// An exception that a claim makes, and says so.
    Mark {
        /// Parts lie outside the site (rule R27).
        BeyondSite = "beyond-site",
        /// Units are issued before the period is over (rule R26).
        ExAnte = "ex-ante",
    }
}

impl ClaimFile {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        if !is_id(&self.id) {
            return Err(BodyFault("id: 1 to 64 letters, digits, dots, dashes and underscores"));
        }
        self.area.check()?;
        self.period.check()?;
        self.crediting.map_or(Ok(()), |crediting| crediting.check())?;
        if !is_strictly_ascending(&self.vintages)
            || !self.vintages.iter().all(|year| (1..=9999).contains(year))
        {
            return Err(BodyFault("vintages: years, ascending, each once"));
        }
        if !self.marks.is_sorted_by(|a, b| a.word() < b.word()) {
            return Err(BodyFault("marks: ascending, each once"));
        }
        if self.pools.is_empty() || !fits(&self.pools) {
            return Err(BodyFault("pools: 1 to 200"));
        }
        if !fits(&self.omitted)
            || !fits(&self.variables)
            || !fits(&self.serials)
            || !fits(&self.supersedes)
        {
            return Err(BodyFault("omitted, variables, serials, supersedes: at most 200 each"));
        }
        self.omitted.iter().try_for_each(Omitted::check)?;
        self.uncertainty.map_or(Ok(()), |uncertainty| uncertainty.check())?;
        self.buffer.map_or(Ok(()), |buffer| buffer.check())?;
        self.methodology.check()?;
        self.variables.iter().try_for_each(Variable::check)?;
        check_evidence(&self.evidence)?;
        self.host_country.as_ref().map_or(Ok(()), HostCountry::check)
    }
}
