//! `treering demo`: a reserve that does not exist, its evidence, and a ledger that keeps it.

mod collar;
mod documents;
pub mod evidence;
mod noise;
mod seasons;
mod sound;
