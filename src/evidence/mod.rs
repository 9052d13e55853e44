//! From files to an evidence root: what is found, what its bytes hash to, what the devices say, and
//! the rows whose Merkle root one statement signs.
//!
//! ```text
//! walk, path, names       every file under the paths a person names; what is left out; names that clash
//! hashing, bulk_sha256    each file read once, on all cores
//! media_type, formats     what kind it is by its content; what its device wrote into it
//! field                   what the files say about one another: packages, profiles, lists, clocks
//! labels                  what is said to be on pictures, and which rows they are
//! attribute, row          what a row commits to, and how parts of it open
//! draft, batch, summary   from a walk to rows, and on after a stop; what a person should know first
//! manifest, sequence      rows as a stream
//! tree, disclosure        roots and proofs; copies that show less
//! row_table               where the rows of a large manifest stand
//! row_set, release        rows as people write them; the signature that lets some of them be shown
//! pseudonym, sensitivity  other names for cameras, collars and places; how exactly a place may be told
//! cleaned                 a JPEG without what its camera noted inside
//! catalogue               the indicators that evidence can be given for
//! boundary, polygons      where a site and a claim lie; areas and overlaps on the ellipsoid
//! ```
//!
//! Reads files, never writes beside them: evidence is not moved, renamed or touched.

pub mod attribute;
pub mod batch;
pub mod boundary;
pub mod bulk_sha256;
pub mod catalogue;
pub mod cleaned;
pub mod disclosure;
pub mod draft;
pub mod field;
pub mod formats;
pub mod hashing;
pub mod labels;
pub mod manifest;
pub mod media_type;
pub mod names;
pub mod path;
pub mod polygons;
pub mod pseudonym;
pub mod release;
pub mod row;
pub mod row_set;
pub mod row_table;
pub mod sensitivity;
pub mod sequence;
pub mod summary;
pub mod tree;
pub mod walk;
