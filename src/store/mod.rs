//! A store: the folder with one's own ledgers and copies of others'.
//!
//! Files are the record and are written durably; the index over them can be rebuilt. Nothing here
//! decides what may enter a ledger: that is `ledger`, the only writer above this floor.

pub mod chain_file;
pub mod checked;
pub mod cosigned;
pub mod disk;
pub mod durable;
pub mod erasing;
pub mod forks;
pub mod heads;
pub mod held;
pub mod index;
pub mod keys;
pub mod layout;
pub mod lock;
pub mod mirrors;
pub mod must_not_sign;
pub mod outside;
pub mod pem;
pub mod pseudonyms;
pub mod public;
pub mod record;
pub mod safe_name;
pub mod trust;
