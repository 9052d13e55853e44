//! The site family: facts about the place, and catalogues of indicators.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::BodyFault;
use crate::tlog::hash::Hash;

/// `site.describe`: what the party says the site is. A later one replaces an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Describe {
    /// SITE_ID of the World Database on Protected and Conserved Areas (formerly WDPAID).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_id: Option<u64>,
    /// SITE_PID, the parcel (formerly WDPA_PID).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site_pid: Option<String>,
    /// Names by BCP 47 language tag.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub names: BTreeMap<String, String>,
    /// Countries, ISO 3166-1 alpha-3, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
    /// Area in square metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area_m2: Option<u64>,
    /// SHA-256 of the boundary file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boundary: Option<Hash>,
    /// IUCN protected area category: Ia, Ib, II, III, IV, V, VI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub iucn_category: Option<String>,
    /// Governance type, in the party's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub governance: Option<String>,
}

impl Describe {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        if !self.countries.iter().all(|code| super::is_country(code))
            || !super::is_strictly_ascending(&self.countries)
        {
            return Err(BodyFault("countries: three capital letters each (CHE), ascending"));
        }
        Ok(())
    }
}

/// `catalogue.publish`: the indicators in use, by the digest of their file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CataloguePublish {
    /// The standard's name.
    pub standard: String,
    /// Its version.
    pub version: String,
    /// Where an adapted catalogue applies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// BCP 47 language tag of its texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// SHA-256 of the catalogue's file.
    pub catalogue: Hash,
    /// SHA-256 of the catalogue it was adapted from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Hash>,
}
