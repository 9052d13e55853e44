//! `assess.recommend`, `review.check`, `decision`: three steps by three parties on one dossier.

use serde::{Deserialize, Serialize};

use crate::statement::bodies::cited::Dossier;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};

words! {
    /// A step of the process: what is recommended, checked and decided.
    Step {
        /// The site becomes a candidate.
        Candidacy = "candidacy",
        /// The candidate is listed.
        Listing = "listing",
        /// The listing goes on for another term.
        Renewal = "renewal",
        /// The listing rests.
        Suspension = "suspension",
        /// The listing ends.
        Withdrawal = "withdrawal",
    }
}

/// `assess.recommend`: the assessment group recommends. Each member signs one of its own; those with
/// the same step, outcome, evidence and catalogue count together (rule R34).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recommendation {
    /// Of which step.
    pub step: Step,
    /// What is recommended.
    pub outcome: Advice,
    /// On which evidence.
    pub dossier: Dossier,
    /// The findings it rests on: `assess.indicator`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<StatementRef>,
    /// What is to be done, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// What an assessment group recommends.
    Advice {
        /// To take the step.
        For = "for",
        /// Not to take it, or not yet.
        Against = "against",
    }
}

/// `review.check`: the reviewer looked at how the recommendation came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// Of which step.
    pub step: Step,
    /// What was found.
    pub outcome: CheckOutcome,
    /// On which evidence.
    pub dossier: Dossier,
    /// The recommendations that were looked at.
    pub recommendations: Vec<StatementRef>,
    /// What is to be done before it is looked at again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub points: Vec<String>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// What a reviewer finds of the procedure.
    CheckOutcome {
        /// It was followed.
        Followed = "followed",
        /// It was not; the points say where.
        SentBack = "sent-back",
    }
}

/// `decision`: the committee decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Of which step.
    pub step: Step,
    /// What was decided.
    pub outcome: DecisionOutcome,
    /// The day of the decision.
    pub day: UtcDay,
    /// On which evidence. A suspension may come without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<Dossier>,
    /// The recommendations before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recommendations: Vec<StatementRef>,
    /// The reviewer's check before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<StatementRef>,
    /// Concerns it answers to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerns: Vec<StatementRef>,
    /// What is to be done, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// What a committee decides of a step.
    DecisionOutcome {
        /// It is taken.
        Accepted = "accepted",
        /// It is not taken; the site may apply again.
        Refused = "refused",
        /// It is put off.
        Deferred = "deferred",
    }
}

/// Ceiling of references and of conditions in one list: twice the indicators of the Green List.
pub const MAX_LISTED: usize = 200;

fn fits<T>(list: &[T]) -> bool {
    list.len() <= MAX_LISTED
}

impl Recommendation {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        match fits(&self.findings) && fits(&self.conditions) {
            true => Ok(()),
            false => Err(BodyFault("findings, conditions: at most 200 each")),
        }
    }
}

impl Check {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        if self.recommendations.is_empty() || !fits(&self.recommendations) {
            return Err(BodyFault("recommendations: 1 to 200"));
        }
        match fits(&self.points) {
            true => Ok(()),
            false => Err(BodyFault("points: at most 200")),
        }
    }
}

impl Decision {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.day.check()?;
        match fits(&self.recommendations) && fits(&self.concerns) && fits(&self.conditions) {
            true => Ok(()),
            false => Err(BodyFault("recommendations, concerns, conditions: at most 200 each")),
        }
    }
}
