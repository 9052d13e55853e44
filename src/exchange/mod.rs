//! Between parties: what one holds of another's ledger, how it came, and what happens when two copies
//! disagree. Without a central authority, this is what makes a history trustworthy: others hold it.
//!
//! ```text
//! source     one public file of somebody's ledger, by its name: a folder, HTTP, memory
//! ```
//!
//! Nothing here can sign a ledger's checkpoint: this floor knows neither the writer nor the auditor.

pub mod source;
