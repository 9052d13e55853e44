//! Each rule about evidence, claims and process has a smallest ledger that passes, one that fails, and one
//! that cannot be checked, where there can be one.

#[path = "../support/mod.rs"]
mod support;

mod claims;
mod evidence;
mod overlaps;
mod process;
mod scenes;
mod table;
