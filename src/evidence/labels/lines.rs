//! A stream that refuses lines without end: a table of one row of gigabytes is no table.

use std::io::{self, Read};

/// Ceiling of a line, in bytes: a thousand columns of a page each.
const MAX_LINE: usize = 4 << 20;

/// Counts bytes since the last line end.
pub struct Lines<R> {
    inner: R,
    since_end: usize,
}

impl<R: Read> Lines<R> {
    pub fn new(inner: R) -> Lines<R> {
        Lines { inner, since_end: 0 }
    }
}

impl<R: Read> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        match buffer[..read].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) {
            Some(end) => self.since_end = read - end - 1,
            None => self.since_end += read,
        }
        match self.since_end > MAX_LINE {
            true => Err(io::Error::other("a line has more than 4 MiB")),
            false => Ok(read),
        }
    }
}
