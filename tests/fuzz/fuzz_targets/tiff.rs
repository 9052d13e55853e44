//! Any bytes at all through the reader of image/tiff.

#![no_main]

use treering::evidence::formats::Reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    treering_fuzz::read(Reader::Picture, "image/tiff", "a", bytes);
});
