//! `treering demo`: a reserve that does not exist, its evidence, and a ledger that keeps it.
//!
//! Every step is a command that a person could type, and is typed here: the program runs itself, so
//! what is shown is what it does.

mod animals;
mod canvas;
mod caption;
mod collar;
mod documents;
pub mod evidence;
mod exif_writer;
mod landscape;
mod noise;
mod photograph;
mod seasons;
mod sound;
mod steps;

pub use steps::{Args, run};
