//! Between parties: what one holds of another's ledger, how it came, what a witness remembers and answers,
//! and what happens when two copies disagree. Without a central authority, this is what makes a history
//! trustworthy: others hold it.
//!
//! ```text
//! public_file   the names a public folder has
//! source        one such file of somebody's ledger: from a folder, over HTTP, from memory
//! tree          a signed tree, believed only as far as it leads to its root
//! fork          two signed checkpoints of one ledger meet
//! mirror        a copy of somebody's ledger, fetched, checked and kept
//! bundle        one file for mail, a stick or a radio link
//! witness       cosigning the heads of others, as long as none contradicts itself
//! asking        what is asked of witnesses
//! submission    statements that others signed
//! serve         all of it over HTTP
//! ```
//!
//! Nothing here signs for a ledger or reads one as a writer does: `ledger` and `audit` are not known on
//! this floor, and the command line joins them.

pub mod asking;
pub mod bundle;
pub mod fork;
pub mod mirror;
pub mod public_file;
#[cfg(feature = "serve")]
pub mod serve;
pub mod source;
pub mod submission;
pub mod tree;
pub mod witness;
