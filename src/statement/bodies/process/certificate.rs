//! `certificate.issue`, `.suspend`, `.withdraw`, `.renew`, and `review.midterm`: the listing and what
//! becomes of it. A certificate is known by the statement that issued it.

use serde::{Deserialize, Serialize};

use crate::statement::bodies::cited::Dossier;
use crate::statement::bodies::day::{Days, UtcDay};
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};

/// `certificate.issue`: the site is listed for a term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issue {
    /// The decision it carries out.
    pub decision: StatementRef,
    /// The term; five years for the Green List (rule R30).
    pub term: Days,
    /// The number on the paper, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
}

/// `certificate.suspend`: the listing rests from a day on. A later one of the same certificate stands in
/// its place, so an end is given by saying it again with `until`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspend {
    /// The statement that issued the certificate.
    pub certificate: StatementRef,
    /// The decision it carries out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<StatementRef>,
    /// The first day.
    pub from: UtcDay,
    /// The day after the last; absent while nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcDay>,
    /// Why, for people.
    pub reason: String,
}

/// `certificate.withdraw`: the listing ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    /// The statement that issued the certificate.
    pub certificate: StatementRef,
    /// The decision it carries out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<StatementRef>,
    /// The first day without it.
    pub from: UtcDay,
    /// Why, for people.
    pub reason: String,
}

/// `certificate.renew`: another term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renew {
    /// The statement that issued the certificate.
    pub certificate: StatementRef,
    /// The decision it carries out.
    pub decision: StatementRef,
    /// The new term.
    pub term: Days,
}

/// `review.midterm`: the site was looked at in the middle of its term.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Midterm {
    /// The statement that issued the certificate.
    pub certificate: StatementRef,
    /// What was found.
    pub outcome: MidtermOutcome,
    /// The day of the review.
    pub day: UtcDay,
    /// On which evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dossier: Option<Dossier>,
    /// What is to be done, for people.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// What a mid-term review finds.
    MidtermOutcome {
        /// The site is still as it was listed.
        Confirmed = "confirmed",
        /// It is, if the conditions are met.
        Conditions = "conditions",
        /// It is not: the listing should be looked at again.
        Doubts = "doubts",
    }
}

impl Issue {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.term.check()
    }
}

impl Suspend {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.from.check()?;
        self.until.map_or(Ok(()), |until| Days { from: self.from, until }.check())
    }
}

impl Withdraw {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.from.check()
    }
}

impl Renew {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.term.check()
    }
}

impl Midterm {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.day.check()?;
        match self.conditions.len() <= super::decision::MAX_LISTED {
            true => Ok(()),
            false => Err(BodyFault("conditions: at most 200")),
        }
    }
}
