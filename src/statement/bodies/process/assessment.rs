//! `assess.self`, `assess.indicator`: what a party finds of one indicator.

use serde::{Deserialize, Serialize};

use crate::statement::bodies::cited::{Evidence, Indicator, check_evidence};
use crate::statement::bodies::day::Days;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};

/// One finding. The same fields whether the site says it of itself (`assess.self`) or an assessor of the
/// site (`assess.indicator`).
///
/// That `met` rests on evidence and `not-applicable` has a reason are rules of the audit (R11), not of
/// the form: a finding without them is read, and reported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    /// Of which indicator, under which catalogue.
    pub indicator: Indicator,
    /// What was found.
    pub verdict: Verdict,
    /// On which evidence.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The results of samples it rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub samples: Vec<StatementRef>,
    /// The period it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Days>,
    /// Why, for people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// What was found of an indicator.
    Verdict {
        /// All of it.
        Met = "met",
        /// Part of it.
        Partly = "partly",
        /// Not enough of it.
        NotMet = "not-met",
        /// It does not apply to this site; the note says why.
        NotApplicable = "not-applicable",
    }
}

impl Assessment {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.indicator.check()?;
        check_evidence(&self.evidence)?;
        self.period.map_or(Ok(()), |period| period.check())
    }
}
