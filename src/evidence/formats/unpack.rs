//! Unpacking with a ceiling: an archive of some kilobytes may claim to hold petabytes.

use std::io::{self, BufReader, Read};

use flate2::read::MultiGzDecoder;

use super::note::Note;
use super::source::MAX_STREAM_BYTES;
use super::trouble::trouble;

/// Unpacked bytes that any archive may have: a small one of repeated lines is no attack.
const FREE_BYTES: u64 = 64 << 20;
/// Unpacked bytes for each packed one, beyond that. Tables pack 5 to 30 times; deflate can do 1,032.
const RATIO: u64 = 200;

/// The most that is unpacked from `packed` bytes.
pub fn ceiling(packed: u64) -> u64 {
    packed.saturating_mul(RATIO).clamp(FREE_BYTES, MAX_STREAM_BYTES)
}

/// Bytes of a gzip file, every member of it.
pub fn gunzip<R: Read>(packed: R, size: u64) -> Ceiling<MultiGzDecoder<BufReader<R>>> {
    Ceiling::new(MultiGzDecoder::new(BufReader::new(packed)), ceiling(size))
}

/// A stream that ends in trouble when it gives more than it may.
pub struct Ceiling<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Ceiling<R> {
    /// At most `most` bytes of `inner`.
    pub fn new(inner: R, most: u64) -> Ceiling<R> {
        Ceiling { inner, left: most }
    }

    /// How much may still come.
    pub fn left(&self) -> u64 {
        self.left
    }
}

impl<R: Read> Read for Ceiling<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => {
                self.left = left;
                Ok(count)
            }
            None => Err(trouble(Note::Bomb)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::evidence::formats::trouble::note_of;

    #[test]
    fn a_bomb_stops_at_its_ceiling() {
        let mut packer = GzEncoder::new(Vec::new(), Compression::best());
        let zeros = vec![0; 1 << 20];
        for _ in 0..70 {
            packer.write_all(&zeros).unwrap();
        }
        let packed = packer.finish().unwrap();
        let mut stream = gunzip(&packed[..], packed.len() as u64);
        let error = io::copy(&mut stream, &mut io::sink()).unwrap_err();
        assert_eq!(note_of(error).unwrap(), Note::Bomb);
        // Cut in the middle, or not gzip at all.
        let error = io::copy(&mut gunzip(&packed[..100], 100), &mut io::sink()).unwrap_err();
        assert_eq!(note_of(error).unwrap(), Note::Truncated);
        let error = io::copy(&mut gunzip(&b"plain text"[..], 10), &mut io::sink()).unwrap_err();
        assert_eq!(note_of(error).unwrap(), Note::Damaged);
    }
}
