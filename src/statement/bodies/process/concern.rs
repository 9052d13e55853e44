//! `concern.raise`, `.answer`, `.close`, `dispute`, `statement.refused`: what anybody may say against
//! what was said, in a place where nobody can take it away.

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;

use crate::statement::bodies::cited::{Evidence, Indicator, check_evidence};
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};
use crate::statement::envelope::LedgerId;
use crate::tlog::hash::Tree;

/// `concern.raise`: something is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raise {
    /// What it is about. The party it is about cannot close it (rule R36): the site's own, or whoever
    /// signed the statements named here.
    pub about: About,
    /// The concern, for people; no personal data.
    pub concern: String,
    /// The statements it is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statements: Vec<StatementRef>,
    /// The indicators it bears on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<Indicator>,
    /// Evidence for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

words! {
    /// What a concern is about.
    About {
        /// The site and how it is managed.
        Site = "site",
        /// A finding or a recommendation.
        Assessment = "assessment",
        /// A reviewer's check.
        Review = "review",
        /// A decision or certificate.
        Decision = "decision",
        /// A climate claim.
        Claim = "claim",
    }
}

/// `concern.answer`: what those it is about say to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The concern.
    pub concern: StatementRef,
    /// The answer, for people; no personal data.
    pub answer: String,
    /// Evidence for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// `concern.close`: it was handled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Close {
    /// The concern.
    pub concern: StatementRef,
    /// With which result.
    pub outcome: CloseOutcome,
    /// Why, for people; no personal data.
    pub reason: String,
}

words! {
    /// What came of a concern.
    CloseOutcome {
        /// Nothing had to change.
        NoAction = "no-action",
        /// What it asked for was done.
        Resolved = "resolved",
        /// The site has something to do.
        Conditions = "conditions",
        /// The listing was suspended.
        Suspension = "suspension",
        /// The listing was withdrawn.
        Withdrawal = "withdrawal",
        /// Whoever raised it takes it back.
        TakenBack = "taken-back",
    }
}

/// `dispute`: a statement is not true, says the signer. It stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dispute {
    /// The statement.
    pub statement: StatementRef,
    /// Why, for people; no personal data.
    pub reason: String,
    /// Evidence for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// `statement.refused`: another ledger did not take this statement; here it is, whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The ledger that refused it.
    pub ledger: LedgerId,
    /// Its exact bytes. They are not read here: whoever wants to know what it says reads them as a
    /// statement.
    pub statement: ByteBuf,
    /// What the other ledger's party said, for people.
    pub reason: String,
    /// The checkpoint that came with the refusal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Tree>,
}

impl Refused {
    /// Ceiling of a refused statement: with what is said around it, it has to fit into one.
    pub const MAX_BYTES: usize = 56_000;

    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        match (1..=Refused::MAX_BYTES).contains(&self.statement.len()) {
            true => Ok(()),
            false => Err(BodyFault("statement: 1 to 56,000 bytes")),
        }
    }
}

impl Raise {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        check_evidence(&self.evidence)?;
        self.indicators.iter().try_for_each(Indicator::check)?;
        let most = super::decision::MAX_LISTED;
        match self.statements.len() <= most && self.indicators.len() <= most {
            true => Ok(()),
            false => Err(BodyFault("statements, indicators: at most 200 each")),
        }
    }
}

impl Answer {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        check_evidence(&self.evidence)
    }
}

impl Dispute {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        check_evidence(&self.evidence)
    }
}
