//! A file as a reader gets it: bounded, seekable, and never believed about its own sizes.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::evidence::media_type::Head;

/// A file that can be read from anywhere.
pub trait ReadSeek: Read + Seek {}
impl<T: Read + Seek> ReadSeek for T {}

/// The most bytes of unpacked text that are read from one file. Tables of a million rows have some
/// 200 MB; beyond this the facts stand for the part that was read.
pub const MAX_STREAM_BYTES: u64 = 8 << 30;

/// One file under reading.
pub struct Source<'a> {
    /// The last part of its path.
    pub name: &'a [u8],
    /// Its first bytes, already in memory.
    pub head: Head<'a>,
    /// Its length, as the file system says.
    pub size: u64,
    file: &'a mut dyn ReadSeek,
}

impl<'a> Source<'a> {
    /// A file of `size` bytes whose beginning is `head`.
    pub fn new(
        name: &'a [u8],
        head: Head<'a>,
        size: u64,
        file: &'a mut dyn ReadSeek,
    ) -> Source<'a> {
        Source { name, head, size, file }
    }

    /// Up to `length` bytes from `offset` on; fewer where the file ends. An offset beyond the file
    /// gives none. `length` must be bounded by the caller: it is what is kept in memory.
    pub fn bytes(&mut self, offset: u64, length: usize) -> io::Result<Vec<u8>> {
        // What the head holds need not be read again.
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        if let Some(known) = self.head.bytes.get(start..)
            && (known.len() >= length || !self.head.more)
        {
            return Ok(known[..known.len().min(length)].to_vec());
        }
        if offset >= self.size {
            return Ok(Vec::new());
        }
        self.file.seek(SeekFrom::Start(offset))?;
        let mut bytes = Vec::new();
        (&mut self.file).take(length as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Exactly `N` bytes, or `None` where the file ends first.
    pub fn exactly<const N: usize>(&mut self, offset: u64) -> io::Result<Option<[u8; N]>> {
        Ok(self.bytes(offset, N)?.try_into().ok())
    }

    /// The whole file from its beginning, as a stream of at most [`MAX_STREAM_BYTES`].
    pub fn stream(&mut self) -> io::Result<impl Read + '_> {
        self.file.rewind()?;
        Ok(BufReader::with_capacity(64 << 10, &mut self.file).take(MAX_STREAM_BYTES))
    }

    /// The file itself, standing anywhere.
    pub fn seekable(&mut self) -> &mut (dyn ReadSeek + 'a) {
        self.file
    }

    /// The name in small ASCII letters ends so.
    pub fn is_named(&self, ending: &str) -> bool {
        self.name.to_ascii_lowercase().ends_with(ending.as_bytes())
    }
}
