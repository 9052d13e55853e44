//! What a forger, a thief or a dishonest ledger might try, each test named by the attempt.

mod cards;
mod chains;
mod drafts;
mod envelope;
mod genesis;
mod grants;
mod recovery;
mod replay;
mod revocation;
mod second_signatures;
mod standing;
#[path = "../support/mod.rs"]
mod support;
mod unknown_kinds;
mod visitors;
