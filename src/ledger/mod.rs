//! The only writer of a ledger: founding it, growing it, signing what it has grown to.

pub mod book;
pub mod find;
pub mod growth;
pub mod indexing;
pub mod read;
pub mod writer;
