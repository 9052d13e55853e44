//! Any bytes at all through the reader of video/mp4.

#![no_main]

use treering::evidence::formats::Reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    treering_fuzz::read(Reader::Movie, "video/mp4", "a", bytes);
});
