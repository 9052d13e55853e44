//! By which method, with which figures, for how long, and in whose books.

use serde::{Deserialize, Serialize};

use crate::statement::bodies::cited::{Evidence, check_evidence};
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, is_country};
use crate::tlog::hash::Hash;

/// The methodology, by name and by the bytes of its document (rule R37).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Methodology {
    /// Its id: `VM0047`.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the document that was followed.
    pub document: Hash,
    /// The organisation that wrote it (rule R32).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// A figure that the formula uses. It points at the evidence it was read from (rule R38).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its name in the formula.
    pub name: String,
    /// Its value.
    pub value: i64,
    /// The unit of which there are so many: `m2`, `stems`, `g C/m2`, `ppm`.
    pub unit: String,
    /// Where it was read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

/// How long it is to last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Durability {
    /// Where the carbon is held.
    pub storage: Storage,
    /// For how many years that is promised.
    pub years: u64,
    /// How likely it is lost before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reversal_risk: Option<Risk>,
    /// The organisation that makes good what is lost beyond the buffer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insurer: Option<String>,
}

words! {
    /// Where carbon is held.
    Storage {
        /// In living and dead plants.
        Biomass = "biomass",
        /// In the soil.
        Soil = "soil",
        /// In water and sediment.
        Sediment = "sediment",
        /// In things made of it.
        Products = "products",
        /// Underground.
        Geological = "geological",
        /// Nowhere: emissions that did not happen.
        Nothing = "none",
    }
}

words! {
    /// How likely a loss is.
    Risk {
        /// Hardly.
        Low = "low",
        /// Possible.
        Medium = "medium",
        /// To be expected.
        High = "high",
    }
}

/// What the host country's books say (Paris Agreement, Article 6).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostCountry {
    /// The country, ISO 3166-1 alpha-3.
    pub country: String,
    /// Whether its nationally determined contribution covers this.
    pub ndc: NdcCoverage,
    /// SHA-256 of its letter of authorisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorisation: Option<Hash>,
    /// How far the corresponding adjustment is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adjustment: Option<Adjustment>,
}

words! {
    /// Whether a nationally determined contribution covers an effect.
    NdcCoverage {
        /// It does.
        Inside = "inside",
        /// It does not.
        Outside = "outside",
        /// Nobody said.
        Unknown = "unknown",
    }
}

words! {
    /// A corresponding adjustment.
    Adjustment {
        /// Promised, not begun.
        Committed = "committed",
        /// Begun.
        Pending = "pending",
        /// Made.
        Completed = "completed",
        /// The country makes none.
        NotRequired = "not-required",
    }
}

impl Methodology {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        match self.id.is_empty() || self.version.is_empty() {
            false => Ok(()),
            true => Err(BodyFault("methodology: an id and a version")),
        }
    }
}

impl Variable {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if self.name.is_empty() || self.unit.is_empty() {
            return Err(BodyFault("variables: each with a name and a unit"));
        }
        check_evidence(&self.evidence)
    }
}

impl HostCountry {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        match is_country(&self.country) {
            true => Ok(()),
            false => Err(BodyFault("host_country: three capital letters (CHE)")),
        }
    }
}
