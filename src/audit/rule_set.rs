//! The rule set: which rules are asked, and with which figures. `schemas/rules.toml` is the built-in one;
//! `schemas/rules.md` tells what each rule asks.

use serde::Deserialize;
use thiserror::Error;

use super::findings::Findings;
use super::rule::Rule;
use crate::tlog::hash::Hash;

/// The built-in rule set.
const BUILT_IN: &str = include_str!("../../schemas/rules.toml");

/// The ceiling of a rule set's file: a hundred times the built-in one.
pub const MAX_BYTES: usize = 256 << 10;

const FORMAT: &str = "treering/rules/v1";

/// A rule set with the digest of the file it came from.
#[derive(Clone, Debug)]
pub struct RuleSet {
    /// SHA-256 of the file.
    pub digest: Hash,
    /// What it says.
    pub figures: Figures,
}

/// What the file says.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case)]
pub struct Figures {
    format: String,
    /// What people call it.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// Evidence of its period.
    pub R12: EvidencePeriod,
    /// Evidence of this term.
    pub R17: Stale,
    /// More than one source.
    pub R18: Sources,
    /// Machine labels.
    pub R19: Labels,
    /// Overlap of claims.
    pub R22: Overlap,
    /// Areas.
    pub R27: Areas,
    /// Plausibility.
    pub R28: Plausibility,
    /// Words.
    pub R29: Words,
    /// The listing's term.
    pub R30: Term,
    /// Independence.
    pub R32: Independence,
    /// Quorum.
    pub R34: Quorum,
    /// Mid-term review.
    pub R35: Midterm,
    /// Concerns.
    pub R36: Concerns,
    /// Uncertainty.
    pub R41: Uncertain,
}

macro_rules! figures {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })+) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
            #[serde(deny_unknown_fields)]
            pub struct $name {
                /// Whether the rule is asked.
                pub on: bool,
                $($(#[$field_meta])* pub $field: $type,)*
            }
        )+
    };
}

figures! {
    /// R12.
    EvidencePeriod {
        /// Below this share of its span inside the period: a warning.
        inside_ppm: u64,
    }
    /// R17.
    Stale {
        /// Older than this, in days, is stale.
        term_days: u64,
    }
    /// R18.
    Sources {
        /// How many sources an indicator has at least.
        sources: u64,
    }
    /// R19.
    Labels {
        /// How many rows people looked at, at least.
        sampled_rows: u64,
    }
    /// R22.
    Overlap {
        /// Overlaps up to this area are let pass, in square metres.
        overlap_m2: u64,
        /// Overlaps up to this share of the smaller area are let pass.
        overlap_ppm: u64,
    }
    /// R27.
    Areas {
        /// Further off than this: a warning.
        warn_ppm: u64,
        /// Further off than this: a failure.
        fail_ppm: u64,
    }
    /// R28.
    Plausibility {
        /// The most per hectare and year, in grams of CO2 equivalent.
        grams_per_hectare_year: u64,
    }
    /// R29.
    Words {
        /// Words, in lower case; `*` at the end stands for any ending.
        words: Vec<String>,
    }
    /// R30.
    Term {
        /// Length of a term at most, in days.
        term_days: u64,
        /// Days before its end from which on the report warns.
        warn_days: u64,
    }
    /// R32.
    Independence {
        /// Claims in a row that one body may verify for a site.
        verifications_in_a_row: u64,
    }
    /// R34.
    Quorum {
        /// Members of the assessment group who recommend, at least.
        members: u64,
    }
    /// R35.
    Midterm {
        /// Not before so many days after listing.
        after_days: u64,
        /// Not later than so many days after listing.
        before_days: u64,
    }
    /// R36.
    Concerns {
        /// Days in which a concern is answered.
        answer_days: u64,
    }
    /// R41.
    Uncertain {
        /// Half-width at 90 % confidence above which something is taken off.
        half_width_ppm: u64,
    }
}

/// Why a file is no rule set.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RuleSetError {
    /// Not the form.
    #[error("it is not of the form: {0}")]
    Form(String),
    /// Another format.
    #[error("its format is {0:?}; this version reads {FORMAT:?}")]
    Format(String),
}

impl RuleSet {
    /// The one that comes with the program.
    pub fn built_in() -> RuleSet {
        RuleSet::read(BUILT_IN).expect("the built-in rule set is tested to be of the form")
    }

    /// Reads a rule set.
    pub fn read(text: &str) -> Result<RuleSet, RuleSetError> {
        let figures: Figures = toml::from_str(text)
            .map_err(|fault| RuleSetError::Form(fault.message().to_string()))?;
        match figures.format == FORMAT {
            true => Ok(RuleSet { digest: Hash::of(text.as_bytes()), figures }),
            false => Err(RuleSetError::Format(figures.format)),
        }
    }

    /// Whether a rule is asked. Rules without figures always are.
    pub fn is_on(&self, rule: Rule) -> bool {
        let figures = &self.figures;
        match rule {
            Rule::R12 => figures.R12.on,
            Rule::R17 => figures.R17.on,
            Rule::R18 => figures.R18.on,
            Rule::R19 => figures.R19.on,
            Rule::R22 => figures.R22.on,
            Rule::R27 => figures.R27.on,
            Rule::R28 => figures.R28.on,
            Rule::R29 => figures.R29.on,
            Rule::R30 => figures.R30.on,
            Rule::R32 => figures.R32.on,
            Rule::R34 => figures.R34.on,
            Rule::R35 => figures.R35.on,
            Rule::R36 => figures.R36.on,
            Rule::R41 => figures.R41.on,
            _ => true,
        }
    }

    /// Tells the findings which rules are left out.
    pub(super) fn note_switched_off(&self, out: &mut Findings) {
        Rule::ALL.iter().filter(|rule| !self.is_on(**rule)).for_each(|rule| out.switch_off(*rule));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_rule_set_leaves_out_what_rests_on_memory() {
        let built_in = RuleSet::built_in();
        let off: Vec<Rule> =
            Rule::ALL.iter().copied().filter(|rule| !built_in.is_on(*rule)).collect();
        assert_eq!(off, [Rule::R18, Rule::R19, Rule::R28, Rule::R35, Rule::R41]);
    }

    #[test]
    fn another_format_and_an_unknown_figure_are_refused() {
        let other = BUILT_IN.replace("treering/rules/v1", "treering/rules/v2");
        assert!(matches!(RuleSet::read(&other), Err(RuleSetError::Format(_))));
        let more = BUILT_IN.replace("term_days = 1_827\n\n", "term_days = 1_827\nodd = 1\n\n");
        assert!(matches!(RuleSet::read(&more), Err(RuleSetError::Form(_))));
    }

    #[test]
    fn another_figure_is_another_digest() {
        let other = RuleSet::read(&BUILT_IN.replace("members = 3", "members = 5")).unwrap();
        assert_ne!(other.digest, RuleSet::built_in().digest);
        assert_eq!(other.figures.R34.members, 5);
    }
}
