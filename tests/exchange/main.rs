//! Between parties: sources, mirrors, bundles, forks, a site restored; and everybody who lies.

#[path = "../support/mod.rs"]
mod support;

mod bundle;
mod fork;
mod hostile;
mod kills;
mod mirror;
mod partner;
mod restore;
mod server;
mod source;
