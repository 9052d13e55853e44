//! Bundles: one file with what somebody lacks of one or more ledgers, for mail, a stick or a radio link.
//!
//! ```text
//! x.tar.zst, x.tar.zst.age
//!   bundle                              what is in it, as text
//!     treering/bundle/v1
//!     made 2026-03-04T09:20:00Z
//!     ledger 9c1f… 300 420              id, the size it begins at, the size it reaches
//!   <ledger id>/checkpoint              then files of public folders, by their names there
//!   <ledger id>/tile/entries/001.p/164
//!   <ledger id>/private/<root>          private manifests; only where the whole is encrypted
//!   <ledger id>/evidence/<sha256>       evidence files, by the hash of their bytes
//! ```
//!
//! A bundle proves nothing by itself: whoever opens one checks it as any other source.

mod read;
mod write;

use jiff::Timestamp;

use crate::statement::envelope::LedgerId;
use crate::store::record::{RecordError, RecordReader, read_time, time_text};
use crate::tlog::hash::{Hash, TreeSize};

pub use read::{Bomb, BundleError, Limits, Unpacked, is_encrypted, unpack};
pub use write::{Part, Recipient, WriteError, Written, write};

const FORMAT: &str = "treering/bundle/v1";

/// The name of the list in the archive.
const LIST: &str = "bundle";

/// Bytes of the list: a line of some 100 for each ledger; room for 10,000.
const LIST_BYTES_MAX: u64 = 1 << 20;

/// What a bundle says is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BundleList {
    /// When it was made.
    pub made: Timestamp,
    /// The ledgers, in the order of their files.
    pub ledgers: Vec<Span>,
}

/// A part of a ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The ledger.
    pub ledger: LedgerId,
    /// Whoever holds this much lacks nothing before.
    pub since: TreeSize,
    /// The size of the checkpoint in it.
    pub size: TreeSize,
}

impl BundleList {
    fn print(&self) -> String {
        let mut text = format!("{FORMAT}\nmade {}\n", time_text(self.made));
        for Span { ledger, since, size } in &self.ledgers {
            text.push_str(&format!("ledger {ledger} {since} {size}\n"));
        }
        text
    }

    fn parse(bytes: &[u8]) -> Result<BundleList, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let mut list = BundleList { made: reader.parsed("made", read_time)?, ledgers: Vec::new() };
        while let Some(line) = reader.optional("ledger") {
            let span =
                || {
                    let mut parts = line.split(' ');
                    let ledger = LedgerId(Hash::from_hex(parts.next()?)?);
                    let mut size = || Some(TreeSize(parts.next()?.parse().ok()?));
                    let (since, size) = (size()?, size()?);
                    (parts.next().is_none() && since <= size && size <= TreeSize::MAX)
                        .then_some(Span { ledger, since, size })
                };
            let span = span().ok_or_else(|| reader.wrong("a ledger's id and two sizes"))?;
            if list.ledgers.iter().any(|other| other.ledger == span.ledger) {
                return Err(reader.wrong("each ledger once"));
            }
            list.ledgers.push(span);
        }
        reader.end(bytes, &list.print())?;
        Ok(list)
    }
}
