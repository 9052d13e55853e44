//! What a transparency log is, as mathematics and text. Pure: no file, socket, clock or chance.

pub mod bundle;
pub mod ed25519;
pub mod frontier;
pub mod hash;
pub mod merkle;
pub mod multi;
pub mod node;
mod place;
pub mod tile;
