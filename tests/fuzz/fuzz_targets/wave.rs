//! Any bytes at all through the reader of audio/vnd.wave.

#![no_main]

use treering::evidence::formats::Reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    treering_fuzz::read(Reader::Wave, "audio/vnd.wave", "a", bytes);
});
