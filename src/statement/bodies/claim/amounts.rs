//! How much: pools and gases, and the totals that follow from them, in grams of CO2 equivalent.

use serde::{Deserialize, Serialize};

use super::WHOLE_PPM;
use crate::statement::bodies::BodyFault;
use crate::statement::bodies::words::words;

words! {
    /// What is counted: the sign convention of every amount in the claim.
    Effect {
        /// Carbon taken up. Amounts are removals: net = project − baseline − leakage − deduction.
        Removal = "removal",
        /// Emissions avoided. Amounts are emissions: net = baseline − project − leakage − deduction.
        Reduction = "reduction",
    }
}

words! {
    /// Where carbon is held, or which source emits.
    Pool {
        /// Above-ground biomass.
        AboveGround = "above-ground-biomass",
        /// Below-ground biomass.
        BelowGround = "below-ground-biomass",
        /// Dead wood.
        DeadWood = "dead-wood",
        /// Litter.
        Litter = "litter",
        /// Soil organic carbon.
        Soil = "soil-organic-carbon",
        /// Harvested wood products.
        WoodProducts = "harvested-wood-products",
        /// Source: burning biomass.
        Fire = "fire",
        /// Source: livestock.
        Livestock = "livestock",
        /// Source: fertiliser and lime.
        Fertiliser = "fertiliser",
        /// Source: engines and machines.
        Fuel = "fuel",
        /// Another one, told in the note.
        Other = "other",
    }
}

words! {
    /// A greenhouse gas.
    Gas {
        /// Carbon dioxide.
        Co2 = "CO2",
        /// Methane.
        Ch4 = "CH4",
        /// Nitrous oxide.
        N2o = "N2O",
    }
}

words! {
    /// The set of 100-year global warming potentials by which gases were made CO2 equivalents: one per
    /// claim.
    GwpSet {
        /// IPCC Fourth Assessment Report.
        Ar4 = "AR4",
        /// IPCC Fifth Assessment Report.
        Ar5 = "AR5",
        /// IPCC Sixth Assessment Report.
        Ar6 = "AR6",
    }
}

/// One gas in one pool or from one source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolAmounts {
    /// The pool or source.
    pub pool: Pool,
    /// The gas.
    pub gas: Gas,
    /// Without the project.
    pub baseline_g: i64,
    /// With it.
    pub project_g: i64,
    /// What it moved elsewhere.
    pub leakage_g: i64,
    /// For people; a negative amount needs it (rule R21).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A pool or source that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Omitted {
    /// The pool or source.
    pub pool: Pool,
    /// Why; without it rule R21 fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<OmissionReason>,
    /// How large it would be, in millionths of the net.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_ppm: Option<u64>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

words! {
    /// Why a pool or source was left out.
    OmissionReason {
        /// It is too small to matter.
        Small = "small",
        /// Counting it would only make the claim larger.
        Conservative = "conservative",
        /// There is none of it here.
        NoneHere = "none-here",
        /// The methodology leaves it out.
        Methodology = "methodology",
    }
}

/// The totals. They follow from the pools and are restated, so that a slip shows (rules R20, R21):
///
/// ```text
/// net      = project − baseline − leakage − deduction       (removal)
/// net      = baseline − project − leakage − deduction       (reduction)
/// issuable = net − buffer
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Without the project, all pools.
    pub baseline_g: i64,
    /// With it, all pools.
    pub project_g: i64,
    /// What it moved elsewhere, all pools.
    pub leakage_g: i64,
    /// Taken off for uncertainty.
    pub deduction_g: i64,
    /// What is claimed.
    pub net_g: i64,
    /// Kept back against reversal; part of the net.
    pub buffer_g: i64,
    /// What may be issued to a holder.
    pub issuable_g: i64,
}

/// How sure the net is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uncertainty {
    /// Half the width of the interval, in millionths of the net. May exceed the whole.
    pub half_width_ppm: u64,
    /// Confidence of the interval: 90 or 95, percent.
    pub confidence_percent: u64,
}

/// What is kept back against reversal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// Its share, in millionths of the net.
    pub share_ppm: u64,
    /// The least share that the methodology asks for, in millionths of the net (rule R39).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_ppm: Option<u64>,
}

impl Uncertainty {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        match (50..=99).contains(&self.confidence_percent) {
            true => Ok(()),
            false => Err(BodyFault("uncertainty: a confidence of 50 to 99 percent")),
        }
    }
}

impl Buffer {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        match self.share_ppm.max(self.floor_ppm.unwrap_or(0)) <= WHOLE_PPM {
            true => Ok(()),
            false => Err(BodyFault("buffer: at most 1,000,000 millionths, which is all of it")),
        }
    }
}

impl Omitted {
    pub(super) fn check(&self) -> Result<(), BodyFault> {
        match self.share_ppm.unwrap_or(0) <= WHOLE_PPM {
            true => Ok(()),
            false => Err(BodyFault("omitted: a share of at most 1,000,000 millionths")),
        }
    }
}
