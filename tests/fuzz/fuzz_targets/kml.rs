//! Any bytes at all through the reader of application/vnd.google-earth.kml+xml.

#![no_main]

use treering::evidence::formats::Reader;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    treering_fuzz::read(Reader::Kml, "application/vnd.google-earth.kml+xml", "a", bytes);
});
