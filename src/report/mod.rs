//! Findings and ledgers as text for people and JSON for programs.

pub mod audit;
pub mod identity;
pub mod statement_json;
pub mod statement_schema;
pub mod words;
