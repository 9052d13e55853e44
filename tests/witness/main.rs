//! A witness: what it decides, what it remembers, how it is asked over HTTP and by file.

mod decision;
mod examples;
mod files;
#[cfg(feature = "serve")]
mod http;
#[path = "../published/mod.rs"]
mod published;
mod state;
#[path = "../support/mod.rs"]
mod support;
mod two_histories;
