//! Any bytes at all through the reader of application/json.

#![no_main]

use treering::evidence::formats::Reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    treering_fuzz::read(Reader::Json, "application/json", "a", bytes);
});
