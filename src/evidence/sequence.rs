//! CBOR items one after another from a stream (RFC 8742), each as its bytes and none larger than told.
//!
//! Only the extent of an item is found here, from the heads inside it (RFC 8949 section 3); what it
//! says is for `cbor::decode`. A head that promises more than the ceiling is refused before a byte of
//! what it promises is read.

use std::io::{self, BufRead, Read};

use thiserror::Error;

/// Reads items of at most `ceiling` bytes.
pub struct Items<R> {
    reader: R,
    ceiling: usize,
    item: Vec<u8>,
    taken: u64,
}

/// Why there is no next item.
#[derive(Debug, Error)]
pub enum SequenceError {
    /// Reading failed.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The stream ends inside an item.
    #[error("ends inside an item")]
    Truncated,
    /// The item is, or promises to be, larger than the ceiling.
    #[error("holds an item of more than {0} bytes")]
    TooLong(usize),
    /// A reserved head, or an item of indefinite length.
    #[error("holds an item of indefinite length or a reserved form")]
    Malformed,
}

impl<R: BufRead> Items<R> {
    /// Items of at most `ceiling` bytes from `reader`.
    pub fn new(reader: R, ceiling: usize) -> Items<R> {
        Items { reader, ceiling, item: Vec::new(), taken: 0 }
    }

    /// How many bytes the items so far have taken: where the next one begins.
    pub fn offset(&self) -> u64 {
        self.taken
    }

    /// The bytes of the next item; `None` at the end of the stream.
    pub fn next_item(&mut self) -> Result<Option<&[u8]>, SequenceError> {
        self.item.clear();
        if self.reader.fill_buf()?.is_empty() {
            return Ok(None);
        }
        // Items that heads so far have promised and that are still to come.
        let mut pending: u64 = 1;
        while pending > 0 {
            let (major, argument) = self.head()?;
            let content = match major {
                2 | 3 => argument,
                _ => 0,
            };
            let promised = match major {
                4 => argument,
                5 => argument.saturating_mul(2),
                6 => 1,
                _ => 0,
            };
            pending = (pending - 1).saturating_add(promised);
            // Whatever is pending takes at least a byte each.
            let least = (self.item.len() as u64).saturating_add(pending).saturating_add(content);
            if least > self.ceiling as u64 {
                return Err(SequenceError::TooLong(self.ceiling));
            }
            self.take(content)?;
        }
        Ok(Some(&self.item))
    }

    /// Major type and argument of the head that comes next.
    fn head(&mut self) -> Result<(u8, u64), SequenceError> {
        let start = self.item.len();
        self.take(1)?;
        let (major, info) = (self.item[start] >> 5, self.item[start] & 31);
        let bytes = match info {
            0..=23 => return Ok((major, u64::from(info))),
            24..=27 => 1 << (info - 24),
            _ => return Err(SequenceError::Malformed),
        };
        self.take(bytes)?;
        let argument = self.item[start + 1..].iter().fold(0, |n, &byte| n << 8 | u64::from(byte));
        Ok((major, argument))
    }

    fn take(&mut self, count: u64) -> Result<(), SequenceError> {
        let read = self.reader.by_ref().take(count).read_to_end(&mut self.item)?;
        self.taken += read as u64;
        if read as u64 == count { Ok(()) } else { Err(SequenceError::Truncated) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statement::cbor::{self, Value};

    fn all(bytes: &[u8], ceiling: usize) -> Result<Vec<Vec<u8>>, SequenceError> {
        let mut items = Items::new(bytes, ceiling);
        let mut found = Vec::new();
        while let Some(item) = items.next_item()? {
            found.push(item.to_vec());
        }
        Ok(found)
    }

    #[test]
    fn items_by_their_heads() {
        let items: [&[u8]; 9] = [
            b"\x00",
            b"\x18\xff",
            b"\x3b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x43abc",
            b"\x82\x01\x82\x02\x03",
            b"\xa1\x61a\x81\x61b",
            b"\xc1\x00",
            b"\xf9\x3c\x00",
            b"\x80",
        ];
        assert_eq!(all(&items.concat(), 100).unwrap(), items);
        assert_eq!(all(b"", 100).unwrap().len(), 0);
    }

    #[test]
    fn what_is_cut_or_unbounded_is_refused() {
        for bytes in [&b"\x43ab"[..], b"\x18", b"\x82\x01", b"\xa1\x61a", b"\x00\x41"] {
            assert!(matches!(all(bytes, 100), Err(SequenceError::Truncated)), "{bytes:02x?}");
        }
        for bytes in [&b"\x9f\xff"[..], b"\x5f\xff", b"\xff", b"\x1c"] {
            assert!(matches!(all(bytes, 100), Err(SequenceError::Malformed)), "{bytes:02x?}");
        }
        // A promise is refused before anything is reserved for it.
        for bytes in [
            &b"\x5b\xff\xff\xff\xff\xff\xff\xff\xff"[..],
            b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\xbb\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\x58\x64",
            b"\x98\x65",
        ] {
            assert!(matches!(all(bytes, 100), Err(SequenceError::TooLong(100))), "{bytes:02x?}");
        }
    }

    #[test]
    fn exactly_the_ceiling_is_taken() {
        let item = cbor::encode(&Value::Bytes(vec![7; 98]));
        assert_eq!((item.len(), all(&item, 100).unwrap().len()), (100, 1));
        assert!(matches!(all(&item, 99), Err(SequenceError::TooLong(99))));
    }

    proptest! {
        #[test]
        fn canonical_items_come_back(sizes in proptest::collection::vec(0usize..300, 0..20)) {
            let items: Vec<Vec<u8>> = sizes
                .iter()
                .map(|&size| cbor::encode(&Value::Array(vec![
                    Value::Integer(size as i128), Value::Text("x".repeat(size)),
                ])))
                .collect();
            prop_assert_eq!(all(&items.concat(), 1_000).unwrap(), items);
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(items) = all(&bytes, 100) {
                prop_assert_eq!(items.concat(), bytes);
            }
        }
    }
}
