//! `treering demo`: a reserve that does not exist, its evidence, and a ledger that keeps it.

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
