//! Claims and samples as the rows and words of a page.

use super::charts;
use super::view::{View, capital};
use crate::report::audit::facts::{ClaimFacts, FindingFacts, Sample};
use crate::report::audit::{text, words};
use crate::report::words::{count, counted};

impl View {
    pub fn claim_mark(&self, claim: &ClaimFacts) -> String {
        let verdict = text::claim_verdict(&self.f, claim);
        let symbol = match verdict.as_str() {
            words if words.starts_with("checks passed") => "✓",
            words if words.starts_with("does not") => "✗",
            _ => "?",
        };
        format!("{symbol} {}", capital(&verdict))
    }

    /// What was found of a claim.
    pub fn about(&self, claim: &ClaimFacts) -> Vec<&FindingFacts> {
        let position = Some(claim.position);
        self.f.findings.iter().filter(|finding| finding.position == position).collect()
    }

    pub fn claim_rows(&self, claim: &ClaimFacts) -> Vec<(&'static str, String)> {
        let place = claim.country.as_ref().map(|country| format!(" in {country}"));
        let words_of = |one: &Option<String>| one.clone().unwrap_or_default();
        let marks: Vec<&str> = claim.marks.iter().map(|mark| mark.word()).collect();
        let years: Vec<String> = claim.vintages.iter().map(ToString::to_string).collect();
        let uncertainty = claim.uncertainty.map(|one| {
            let tenths = (one.half_width_ppm + 500) / 1_000;
            format!(
                "± {}.{} % at {} % confidence",
                tenths / 10,
                tenths % 10,
                one.confidence_percent
            )
        });
        let mut rows = vec![
            ("Kind", format!("{}, {}", claim.kind, claim.effect)),
            ("Says", words_of(&claim.text)),
            ("Claimant", words_of(&claim.claimant)),
            ("Period", claim.period.to_string()),
            ("Vintages", years.join(", ")),
            ("Where", format!("{}{}", words::area(claim.area_m2), place.unwrap_or_default())),
            ("Ecosystem", words_of(&claim.ecosystem)),
            ("Method", format!("{}, potentials of {}", claim.methodology, claim.gwp)),
            (
                "Rests on",
                format!(
                    "{}; {} of {} with evidence",
                    counted(claim.evidence, "item") + " of evidence",
                    count(claim.variables_on_evidence),
                    counted(claim.variables, "variable")
                ),
            ),
            ("Uncertainty", uncertainty.unwrap_or_default()),
            ("Marked", marks.join(", ")),
            (
                "Host country",
                claim
                    .adjustment
                    .as_ref()
                    .map(|word| format!("adjustment {word}"))
                    .unwrap_or_default(),
            ),
            (
                "Opinions",
                match claim.opinions.is_empty() {
                    true => "none".into(),
                    false => claim.opinions.join("; "),
                },
            ),
            ("Standing", format!("{}, statement {}", claim.standing, claim.position)),
        ];
        rows.retain(|(_, value)| !value.is_empty());
        rows
    }

    pub fn claim_sums(&self, claim: &ClaimFacts) -> Vec<(&'static str, String)> {
        let totals = &claim.totals;
        let mut rows = vec![
            ("With the project", words::tonnes(totals.project_g)),
            ("Without it (baseline)", words::tonnes(totals.baseline_g)),
            ("Moved elsewhere (leakage)", words::tonnes(totals.leakage_g)),
            ("Taken off for uncertainty", words::tonnes(totals.deduction_g)),
            ("Net", words::tonnes(totals.net_g)),
            ("Kept back (buffer)", words::tonnes(totals.buffer_g)),
            ("May be issued", words::tonnes(totals.issuable_g)),
        ];
        match &claim.units {
            None => rows.push(("Units", "more was moved than there is".into())),
            Some(units) if units.issued_g > 0 => {
                rows.push(("Issued", words::tonnes(units.issued_g)));
            }
            Some(_) => rows.push(("Issued", "nothing yet".into())),
        }
        rows
    }

    pub fn units_chart(&self, claim: &ClaimFacts) -> String {
        claim.units.as_ref().map(charts::units).unwrap_or_default()
    }

    pub fn sample_supports(&self, sample: &Sample) -> String {
        let Some(result) = &sample.result else {
            return "nothing yet: the draw has no result in this ledger".into();
        };
        format!(
            "with 95 % confidence, at most {} of the {} rows ({}) do not agree",
            count(result.bound_95),
            count(sample.population),
            words::percent_up(result.bound_95, sample.population)
        )
    }
}
