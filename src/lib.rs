//! treering: a signed, Merkle-chained ledger of conservation evidence that anyone can audit offline.
//!
//! The floors of this crate, each importing only what is below it:
//!
//! ```text
//! cli        one file per command; the program's voice and exit codes
//! report     findings as text and JSON
//! audit      reads a public folder as a stranger
//! exchange   between parties: sources, mirrors, witnesses, forks, bundles
//! ledger     the only writer
//! exchange   between parties: witnessing, serving
//! store      durable files, heads, locks, keys, the index
//! evidence   files, rows, manifests, evidence roots
//! statement  PURE: signed statements, authority, receipts
//! tlog       PURE: trees, proofs, checkpoints
//! ```
#![forbid(unsafe_code)]

pub mod audit;
pub mod cli;
pub mod evidence;
pub mod exchange;
pub mod ledger;
pub mod report;
pub mod statement;
pub mod store;
pub mod tlog;
