//! The program as people use it: the real binary in folders of its own, one story after the other.
//!
//! Every refusal is read as a person reads it: three lines, what, why and next, and nothing lost.

mod asking;
mod auditing;
mod clocks;
mod damaged;
mod founding;
mod full_disks;
mod index;
mod json;
mod keys;
mod moving_files;
mod names;
mod pages;
mod pictures;
mod proving;
mod recording;
mod stops;
#[path = "../support/mod.rs"]
mod support;
mod terminal;
mod transcripts;
mod trusting;
mod writers;
