//! The process family: how evidence becomes findings, findings a recommendation, and that a decision.
//!
//! ```text
//! assessment    what a party finds of an indicator: assess.self, assess.indicator
//! sample        rows drawn so that neither side chose, and what was found in them
//! record        what was done: consultations, visits, declarations of ties
//! decision      recommendation, reviewer's check, decision, each on a dossier
//! certificate   issue, suspend, withdraw, renew, mid-term review
//! concern       what anybody may say against it, and the answers
//! ```
//!
//! No statement here has a place for a person: signers are keys, and organisations have names.

pub mod assessment;
pub mod certificate;
pub mod concern;
pub mod decision;
pub mod record;
pub mod sample;
