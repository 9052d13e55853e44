//! Between parties: what a witness remembers and answers, what is asked of witnesses, what is served.
//!
//! Nothing here signs for a ledger or reads one as a writer does: `ledger` and `audit` are not known on
//! this floor, and the command line joins them.

pub mod asking;
#[cfg(feature = "serve")]
pub mod serve;
pub mod submission;
pub mod witness;
