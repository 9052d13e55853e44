//! What a statement is: its bytes, who may sign it, and what it says. Pure: no file, socket, clock
//! or chance.

pub mod cbor;
