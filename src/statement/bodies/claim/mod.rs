//! The claim family: what a site says its care did for the climate, what a verifier says to it, and
//! what became of the units.
//!
//! ```text
//! filing      claim.file: the claim itself
//! area        where: polygons in millionths of a degree
//! amounts     how much: pools, gases, totals, in grams CO2e
//! terms       by which method, under which promises
//! opinion     claim.opinion: a verifier's
//! moves       claim.move: issue, buffer, transfer, retire, cancel, export, reverse, replace
//! ```
//!
//! Every quantity is an integer with its unit in its name: `_g` grams of CO2 equivalent, `_m2` square
//! metres, `_ppm` millionths of a whole. The sums are checked by [`crate::statement::claim_arithmetic`]
//! and not by the form: a claim that does not add up is read, and reported.

pub mod amounts;
pub mod area;
pub mod filing;
pub mod moves;
pub mod opinion;
pub mod terms;

use serde::{Deserialize, Serialize};

use super::words::words;

/// A million millionths: all of it.
pub const WHOLE_PPM: u64 = 1_000_000;

words! {
    /// What a claim is for.
    ClaimKind {
        /// A contribution beyond anybody's own books: the default. It offsets nothing.
        Contribution = "contribution",
        /// It shall stand against somebody's emissions: needs an authorisation and a corresponding
        /// adjustment (rule R40).
        Compensation = "compensation",
    }
}

/// A block of serial numbers in a registry: `first` and `last` are both in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialBlock {
    /// The registry.
    pub registry: String,
    /// What stands before the number, the same for the block.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// The first number.
    pub first: u64,
    /// The last number.
    pub last: u64,
    /// How many units, as the registry says; last − first + 1 if it is right (rule R23).
    pub count: u64,
}

/// The ceiling of entries in any list of a claim: pools, variables, serial blocks.
pub const MAX_LISTED: usize = 200;

pub(super) fn fits<T>(list: &[T]) -> bool {
    list.len() <= MAX_LISTED
}
