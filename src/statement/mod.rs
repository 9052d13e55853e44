//! What a statement is: its bytes, who may sign it, and what it says. Pure: no file, socket, clock
//! or chance.

pub mod authority;
pub mod bodies;
pub mod card;
pub mod cbor;
pub mod chain;
pub mod claim_arithmetic;
pub mod envelope;
pub mod evidence_book;
pub mod fork_file;
pub mod form;
pub mod json;
pub mod key;
pub mod kind;
pub mod receipt;
pub mod sample;
pub mod short_head;
pub mod signature;
pub mod standing;
