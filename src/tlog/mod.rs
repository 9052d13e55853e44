//! What a transparency log is, as mathematics and text. Pure: no file, socket, clock or chance.

pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod ed25519;
pub mod fork;
pub mod frontier;
pub mod hash;
pub mod merkle;
pub mod multi;
mod node;
pub mod note;
mod place;
pub mod policy;
pub mod proof;
mod signature_line;
pub mod tile;
mod verifier_key;
