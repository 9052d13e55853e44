//! Findings and ledgers as text for people and JSON for programs.

pub mod audit;
pub mod identity;
pub mod words;
