//! The fields of `trust.toml`, before their values are understood.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::PinnedLedger;
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::store::record::{read_time, time_text};
use crate::tlog::checkpoint::Origin;
use crate::tlog::hash::Hash;
use crate::tlog::note::VerifierKey;

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrustForm {
    pub(super) format: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) ledger: Vec<PinnedForm>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) accreditor: Vec<AccreditorForm>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinnedForm {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) origin: String,
    pub(super) root: String,
    pub(super) log_key: String,
    pub(super) compared: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccreditorForm {
    ledger: String,
    since: String,
}

impl PinnedForm {
    pub(super) fn of(pinned: &PinnedLedger) -> PinnedForm {
        PinnedForm {
            id: pinned.id.to_string(),
            name: pinned.name.clone(),
            origin: pinned.origin.to_string(),
            root: pinned.root.to_string(),
            log_key: pinned.log_key.to_string(),
            compared: time_text(pinned.compared),
        }
    }

    /// The values, or the name of the first field that is not of its form.
    pub(super) fn read(&self) -> Result<PinnedLedger, &'static str> {
        let log_key = VerifierKey::parse(&self.log_key).map_err(|_| "log_key")?;
        // A log's key carries the log's name: the origin.
        if log_key.name().as_str() != self.origin {
            return Err("log_key");
        }
        Ok(PinnedLedger {
            id: Hash::from_hex(&self.id).map(LedgerId).ok_or("id")?,
            name: self.name.clone(),
            origin: Origin::new(&self.origin).map_err(|_| "origin")?,
            root: Hash::from_hex(&self.root).map(KeyId).ok_or("root")?,
            log_key,
            compared: read_time(&self.compared).ok_or("compared")?,
        })
    }
}

impl AccreditorForm {
    pub(super) fn of((id, since): (&LedgerId, &Timestamp)) -> AccreditorForm {
        AccreditorForm { ledger: id.to_string(), since: time_text(*since) }
    }

    pub(super) fn read(&self) -> Option<(LedgerId, Timestamp)> {
        Some((LedgerId(Hash::from_hex(&self.ledger)?), read_time(&self.since)?))
    }
}
