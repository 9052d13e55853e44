//! What is served over HTTP, to whom, and what a bad client gets for its trouble: real processes on the
//! loopback.
#![cfg(feature = "serve")]

mod files;
mod hostile;
mod statements;
#[path = "../support/mod.rs"]
mod support;
mod visitor;
