//! `claim.opinion`: what a validation and verification body says to a claim.

use serde::{Deserialize, Serialize};

use crate::statement::bodies::cited::{Evidence, check_evidence};
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};
use crate::tlog::hash::Hash;

/// An opinion, in the words of ISO 14064-3.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opinion {
    /// The claim: a `claim.file`.
    pub claim: StatementRef,
    /// Looking forward or back.
    pub activity: Activity,
    /// What is said.
    pub opinion: OpinionKind,
    /// How sure.
    pub assurance: Assurance,
    /// From which error on it would be said otherwise, in millionths of the net.
    pub materiality_ppm: u64,
    /// The organisation that gives it.
    pub body: String,
    /// Its accreditation, by the accreditor's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accreditation: Option<String>,
    /// The standard it followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub standard: Option<String>,
    /// The day it was given.
    pub day: UtcDay,
    /// SHA-256 of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Hash>,
    /// What was looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// What the body does.
    Activity {
        /// Whether the plan can give what it promises.
        Validation = "validation",
        /// Whether the figures of a past period hold.
        Verification = "verification",
    }
}

words! {
    /// What the body says.
    OpinionKind {
        /// Nothing to object.
        Unmodified = "unmodified",
        /// Holds but for what the report names.
        Modified = "modified",
        /// Does not hold.
        Adverse = "adverse",
        /// Cannot be judged.
        Disclaimed = "disclaimed",
    }
}

words! {
    /// How sure the body is.
    Assurance {
        /// Tested nearly in full.
        Reasonable = "reasonable",
        /// Nothing came to its attention.
        Limited = "limited",
    }
}

impl Opinion {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.day.check()?;
        if self.materiality_ppm > super::WHOLE_PPM {
            return Err(BodyFault("materiality_ppm: at most 1,000,000"));
        }
        check_evidence(&self.evidence)
    }
}
