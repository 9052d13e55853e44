//! `claim.move`: what becomes of the units of a claim.
//!
//! ```text
//! issue       nothing   → held          transfer   held by one → held by another
//! buffer      held      → buffered      retire     held        → retired, for good
//! reverse     buffered  → cancelled     cancel     held        → cancelled, for good
//! export      held      → exported      replace    held        → cancelled, for units lost elsewhere
//!
//! issued = held + retired + cancelled + buffered + exported, after every move (rule R24)
//! ```
//!
//! Registries mean different things by "cancelled"; these words mean what stands here and nothing else.

use serde::{Deserialize, Serialize};

use super::{ClaimKind, SerialBlock, fits};
use crate::statement::bodies::cited::{Evidence, check_evidence};
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::words::words;
use crate::statement::bodies::{BodyFault, StatementRef};

/// One move of units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Move {
    /// The claim: a `claim.file`.
    pub claim: StatementRef,
    /// What happens.
    pub verb: Verb,
    /// To how much, in grams CO2e.
    pub grams: i64,
    /// On which day.
    pub day: UtcDay,
    /// Who held it before: an organisation; absent for the party that filed the claim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// Who gets it: the receiver of a transfer, the registry of an export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Of which vintage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vintage: Option<u64>,
    /// Which units, where a registry numbered them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub serials: Vec<SerialBlock>,
    /// For whom it was retired: an organisation (rule R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beneficiary: Option<String>,
    /// What the retirement is used for (rule R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// As what it is used (rule R25).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<ClaimKind>,
    /// Why, for people: a cancellation, a reversal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reversal, in this ledger or another, that a replacement makes good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<StatementRef>,
    /// Evidence of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
}

words! {
    /// What happens to units.
    Verb {
        /// They come into being.
        Issue = "issue",
        /// They are kept back against reversal.
        Buffer = "buffer",
        /// Another holds them.
        Transfer = "transfer",
        /// They are used, for good.
        Retire = "retire",
        /// They are taken out, for good.
        Cancel = "cancel",
        /// Another registry goes on with them.
        Export = "export",
        /// What they stood for was lost: the buffer pays.
        Reverse = "reverse",
        /// They make good units that were lost elsewhere.
        Replace = "replace",
    }
}

impl Move {
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        self.day.check()?;
        if self.grams <= 0 {
            return Err(BodyFault("grams: more than nothing"));
        }
        if self.vintage.is_some_and(|year| !(1..=9999).contains(&year)) {
            return Err(BodyFault("vintage: a year"));
        }
        if !fits(&self.serials) {
            return Err(BodyFault("serials: at most 200"));
        }
        check_evidence(&self.evidence)
    }
}
