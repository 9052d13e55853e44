//! From files to an evidence root: what is found, what its bytes hash to, what the devices say, and
//! the rows whose Merkle root one statement signs.
//!
//! ```text
//! walk → hashing (media_type, formats) → row → draft → manifest → tree
//! ```
//!
//! Reads files, never writes beside them: evidence is not moved, renamed or touched.

pub mod attribute;
pub mod batch;
pub mod bulk_sha256;
pub mod catalogue;
pub mod disclosure;
pub mod draft;
pub mod formats;
pub mod hashing;
pub mod manifest;
pub mod media_type;
pub mod names;
pub mod path;
pub mod row;
pub mod sequence;
pub mod summary;
pub mod tree;
pub mod walk;
