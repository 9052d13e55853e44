//! What a transparency log is, as mathematics and text. Pure: no file, socket, clock or chance.
//!
//! Whoever doubts a ledger can read this folder alone, in this order:
//!
//! ```text
//! hex            bytes as hexadecimal digits
//! hash           SHA-256 of leaves and nodes, positions, sizes
//! ed25519        the one signature rule
//! node           places in the tree, and the whole subtrees it is made of
//! multi          inclusion of leaves: the verifier that every proof goes through
//! merkle         roots, inclusion of one leaf, consistency
//! frontier       growing a tree from its right edge
//! place          index and width of a published file, and its path
//! tile           hash tiles: which there are, and where a node is found
//! bundle         entry bundles
//! cosignature    a witness's time and signature
//! verifier_key   names, key ids, keys as text
//! signature_line one signature of a note
//! note           signed notes
//! checkpoint     a log's signed head
//! policy         which logs and witnesses are believed, and how many are enough
//! proof          the .tlog-proof file
//! fork           two checkpoints that cannot both be true
//! witness        what a witness is asked, and what it answers
//! ```
//!
//! Sources: RFC 6962 and RFC 9162 section 2.1 for the tree, RFC 8032 for signatures, the C2SP
//! documents signed-note, tlog-checkpoint, tlog-tiles, tlog-cosignature, tlog-witness, tlog-policy
//! and tlog-proof for the text. Readers are strict throughout: what is read prints back to the same bytes. (Only a
//! policy, which people lay out as they like, is not printed.)

pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod ed25519;
pub mod fork;
pub mod frontier;
pub mod hash;
pub mod hex;
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
pub mod witness;
