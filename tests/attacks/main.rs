//! What a forger, a thief or a dishonest ledger might try, each test named by the attempt.

mod drafts;
mod envelope;
mod genesis;
mod recovery;
mod replay;
mod revocation;
mod standing;
#[path = "../support/mod.rs"]
mod support;
mod unknown_kinds;
