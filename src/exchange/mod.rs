//! Between parties: what one holds of another's ledger, how it came, and what happens when two copies
//! disagree. Without a central authority, this is what makes a history trustworthy: others hold it.
//!
//! ```text
//! public_file   the names a public folder has
//! source        one such file of somebody's ledger: from a folder, over HTTP, from memory
//! tree          a signed tree, believed only as far as it leads to its root
//! fork          two signed checkpoints of one ledger meet
//! mirror        a copy of somebody's ledger, fetched, checked and kept
//! bundle        one file for mail, a stick or a radio link
//! ```
//!
//! Nothing here can sign a ledger's checkpoint: this floor knows neither the writer nor the auditor.

pub mod bundle;
pub mod fork;
pub mod mirror;
pub mod public_file;
pub mod source;
pub mod tree;
