//! The assurance process and climate claims: from a form on the screen to signed statements.

mod statement_schema;

#[path = "../support/mod.rs"]
mod support;
