//! The assurance process and climate claims: from a form on the screen to signed statements.

mod refusals;
mod statement_schema;
mod stories;

#[path = "../support/mod.rs"]
mod support;
