//! `consultation.record`, `visit.record`, `conflict.declare`: what was done, and by whom with which ties.

use serde::{Deserialize, Serialize};

use super::decision::Step;
use crate::statement::bodies::cited::{Evidence, check_evidence, is_id};
use crate::statement::bodies::day::Days;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, is_strictly_ascending};
use crate::statement::key::{KeyId, Role};

/// `consultation.record`: stakeholders and rights-holders were heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consultation {
    /// Which step it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// When.
    pub period: Days,
    /// How.
    pub method: Method,
    /// Whom, ascending by word.
    pub groups: Vec<Group>,
    /// How many people took part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participants: Option<u64>,
    /// Whether those asked for their consent gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Whose authority over data it records (CARE), and over which evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub care: Option<Care>,
    /// Minutes, agreements, notices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// How people were heard.
    Method {
        /// In one place.
        Meeting = "meeting",
        /// One after the other.
        Interviews = "interviews",
        /// In writing.
        Writing = "writing",
        /// From afar.
        Online = "online",
        /// By a notice with time to answer.
        Notice = "notice",
    }
}

words! {
    /// Groups of people who are heard.
    Group {
        /// Public authorities.
        Authorities = "authorities",
        /// Farms, tourism, industry.
        Business = "business",
        /// Those who live in and around the site.
        Communities = "communities",
        /// Indigenous peoples.
        IndigenousPeoples = "indigenous-peoples",
        /// Non-governmental organisations.
        Organisations = "organisations",
        /// Others with rights to land, water or use.
        RightsHolders = "rights-holders",
        /// Universities, museums, institutes.
        Science = "science",
        /// Those who work for the site.
        Staff = "staff",
        /// Visitors.
        Visitors = "visitors",
    }
}

words! {
    /// Free, prior and informed consent.
    Consent {
        /// Given.
        Given = "given",
        /// Given under conditions, which the evidence or the note tells.
        Conditional = "conditional",
        /// Asked for, and not given.
        Refused = "refused",
    }
}

/// Authority over data (CARE principles: authority to control). A rule for people, not a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Care {
    /// The community or body whose word is needed before the evidence is released.
    pub authority: String,
    /// Labels in its words (Local Contexts: `TK A`, `BC P`), ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
}

/// `visit.record`: the site was visited, in place or from afar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visit {
    /// Which step it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<Step>,
    /// When.
    pub period: Days,
    /// In place or from afar.
    pub mode: Mode,
    /// The keys of others who took part, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub with: Vec<KeyId>,
    /// Reports, pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// How a site is visited.
    Mode {
        /// On site.
        InPlace = "in-place",
        /// By video, data and talks.
        Remote = "remote",
    }
}

/// `conflict.declare`: the ties of whoever signs it to the site, or to a claim. No ties are declared by
/// an empty list: that it is said is what counts (rule R32).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// As what the signer takes part.
    pub capacity: Role,
    /// For which organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    /// The claim it concerns, by its id; absent for the site's assessment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// The ties, ascending by word; none is an empty list.
    pub ties: Vec<Tie>,
    /// For people; no personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// A tie to a site or a claim.
    Tie {
        /// Works for the site or its authority, or did in the last five years.
        Employed = "employed",
        /// Is paid by it or from its results otherwise, or pays for it.
        Financial = "financial",
        /// Sits in its board or council.
        Governance = "governance",
        /// Helped it through the process.
        Mentored = "mentored",
        /// Wrote the methodology, the management plan or other evidence.
        Authored = "authored",
        /// Is close to somebody of whom one of these holds.
        Personal = "personal",
        /// Another one, told in the note.
        Other = "other",
    }
}

fn ascend_by_word<T: Copy>(words: &[T], word: impl Fn(T) -> &'static str) -> bool {
    words.is_sorted_by(|a, b| word(*a) < word(*b))
}

impl Consultation {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.period.check()?;
        check_evidence(&self.evidence)?;
        if self.groups.is_empty() || !ascend_by_word(&self.groups, Group::word) {
            return Err(BodyFault("groups: at least one, ascending, each once"));
        }
        match self.care.as_ref().is_none_or(|care| is_strictly_ascending(&care.labels)) {
            true => Ok(()),
            false => Err(BodyFault("care: labels ascending, each once")),
        }
    }
}

impl Visit {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.period.check()?;
        check_evidence(&self.evidence)?;
        match is_strictly_ascending(&self.with) {
            true => Ok(()),
            false => Err(BodyFault("with: keys ascending, each once")),
        }
    }
}

impl Conflict {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        if !self.claim.as_ref().is_none_or(|id| is_id(id)) {
            return Err(BodyFault("claim: an id of 1 to 64 letters, digits, dots, dashes"));
        }
        match ascend_by_word(&self.ties, Tie::word) {
            true => Ok(()),
            false => Err(BodyFault("ties: ascending, each once")),
        }
    }
}
