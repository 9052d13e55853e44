//! What a forger, a thief or a dishonest ledger might try, each test named by the attempt.

mod drafts;
mod envelope;
mod recovery;
mod replay;
mod revocation;
#[path = "../support/mod.rs"]
mod support;
mod unknown_kinds;
