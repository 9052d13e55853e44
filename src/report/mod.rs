//! Findings and ledgers as text for people, JSON for programs and pages for committees.

pub mod audit;
pub mod html;
pub mod identity;
pub mod replay;
pub mod statement_json;
pub mod statement_schema;
pub mod words;
