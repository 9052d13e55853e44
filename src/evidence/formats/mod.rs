//! What a file says about itself, one module per family of formats.

pub mod exif;
mod exif_block;
mod exif_fields;
