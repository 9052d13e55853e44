//! Writing a manifest, row after row in ascending order of row hash.

use std::io::{self, Write};

use super::{ErasedItem, Header, ManifestRow, ShownItem, Totals, Trailer, VERSION, WithheldItem};
use crate::evidence::attribute::PROFILE;
use crate::evidence::tree::TreeBuilder;
use crate::statement::cbor;
use crate::tlog::hash::Hash;

/// Writes a manifest to `out`, which should be buffered. Making it durable is the caller's.
pub struct ManifestWriter<W> {
    out: W,
    last: Option<Hash>,
    tree: TreeBuilder,
    totals: Totals,
}

impl<W: Write> ManifestWriter<W> {
    /// Begins with the header.
    pub fn new(mut out: W) -> io::Result<ManifestWriter<W>> {
        out.write_all(&cbor::encode(&Header { v: VERSION, profile: PROFILE.to_owned() }))?;
        Ok(ManifestWriter { out, last: None, tree: TreeBuilder::new(), totals: Totals::new() })
    }

    /// Writes the next row.
    ///
    /// # Panics
    /// If rows do not ascend by row hash, or their files add up to more than 2^63 − 1 bytes.
    pub fn push(&mut self, row: &ManifestRow) -> io::Result<()> {
        let hash = row.hash();
        assert!(self.last < Some(hash), "manifest: rows must ascend by row hash");
        self.last = Some(hash);
        self.tree.push(hash);
        self.totals.count(row).expect("manifest: no disk holds 2^63 bytes");
        let item = match row {
            ManifestRow::Shown { row, show } => {
                let show = show.iter().map(|d| d.bytes().to_vec().into()).collect();
                cbor::encode(&ShownItem { row: row.bytes().to_vec(), show })
            }
            ManifestRow::Withheld(withheld) => cbor::encode(&WithheldItem { withheld: *withheld }),
            ManifestRow::Erased(erased) => cbor::encode(&ErasedItem { erased: *erased }),
        };
        self.out.write_all(&item)
    }

    /// Ends with the trailer; gives back the stream, flushed, and what the manifest holds.
    pub fn finish(mut self) -> io::Result<(W, Totals)> {
        self.totals.tree = self.tree.finish();
        self.out.write_all(&cbor::encode(&Trailer::of(&self.totals)))?;
        self.out.flush()?;
        Ok((self.out, self.totals))
    }
}
