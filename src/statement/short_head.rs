//! A checkpoint in one line that fits an SMS.
//!
//! ```text
//! TR1 q83vASNFZ4mr 128 5GpvCbyBYE3CbN3DGvJ9NpM6qyPChvdc2CQf7Bp0oP4 mB…(86 characters)
//! │   │            │   │                                           └ the log's signature, 64 bytes
//! │   │            │   └ root, 32 bytes
//! │   │            └ size
//! │   └ the first 9 bytes of the ledger's id
//! └ version
//! ```
//!
//! All but the size is base64url without padding (RFC 4648 section 5). Whoever holds the ledger has
//! its origin, so the signed checkpoint can be put together again from this line.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use super::envelope::LedgerId;
use crate::tlog::checkpoint::{Checkpoint, Origin};
use crate::tlog::ed25519::Signature;
use crate::tlog::hash::{Hash, Tree, TreeSize};

/// A signed head in short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShortHead {
    /// The first bytes of the ledger's id.
    pub ledger: [u8; ShortHead::ID_BYTES],
    /// Size and root.
    pub tree: Tree,
    /// The log key's signature over the checkpoint.
    pub signature: Signature,
}

/// A line is not a short head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "not a head line: TR1, then the ledger, the size, the root and the signature, one space between them"
)]
pub struct NotAShortHead;

impl ShortHead {
    /// Bytes of the id in the line: enough to name a ledger among those one holds.
    pub const ID_BYTES: usize = 9;

    /// The head of a ledger, with the signature of its log key over the checkpoint's text.
    pub fn new(ledger: LedgerId, tree: Tree, signature: Signature) -> ShortHead {
        let (id, _) = ledger.0.0.split_at(ShortHead::ID_BYTES);
        ShortHead { ledger: id.try_into().expect("an id is longer than 9 bytes"), tree, signature }
    }

    /// Whether the line may be of this ledger. The signature decides.
    pub fn is_of(&self, ledger: LedgerId) -> bool {
        ledger.0.as_bytes().starts_with(&self.ledger)
    }

    /// The checkpoint that was signed.
    pub fn checkpoint(&self, origin: &Origin) -> Checkpoint {
        Checkpoint::new(origin.clone(), self.tree)
    }
}

impl fmt::Display for ShortHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ledger = URL_SAFE_NO_PAD.encode(self.ledger);
        let root = URL_SAFE_NO_PAD.encode(self.tree.root.as_bytes());
        let signature = URL_SAFE_NO_PAD.encode(self.signature.0);
        write!(f, "TR1 {ledger} {} {root} {signature}", self.tree.size)
    }
}

impl FromStr for ShortHead {
    type Err = NotAShortHead;

    /// Reads a line by taking it apart and printing it back.
    fn from_str(line: &str) -> Result<ShortHead, NotAShortHead> {
        let parsed = parse(line).ok_or(NotAShortHead)?;
        if parsed.to_string() == line { Ok(parsed) } else { Err(NotAShortHead) }
    }
}

fn parse(line: &str) -> Option<ShortHead> {
    let parts: Vec<&str> = line.split(' ').collect();
    let ["TR1", ledger, size, root, signature] = parts[..] else { return None };
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).ok();
    let size = TreeSize(size.parse().ok()?);
    let root = Hash::try_from(&decode(root)?[..]).ok()?;
    Some(ShortHead {
        ledger: decode(ledger)?.try_into().ok()?,
        tree: Tree { size, root },
        signature: Signature(decode(signature)?.try_into().ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::hash::leaf_hash;

    #[test]
    fn a_line_reads_back_and_fits_an_sms() {
        let ledger = LedgerId(leaf_hash(b"genesis"));
        let tree = Tree { size: TreeSize(1_000_000), root: leaf_hash(b"root") };
        let head = ShortHead::new(ledger, tree, Signature([0xA5; 64]));
        let line = head.to_string();
        assert_eq!(line.parse(), Ok(head));
        assert!(head.is_of(ledger) && !head.is_of(LedgerId(leaf_hash(b"other"))));
        assert!(line.len() <= 160, "{} characters", line.len());
        for bad in [format!("{line} "), line.replace("TR1", "TR2"), line.replace(" 1", " 01")] {
            assert_eq!(bad.parse::<ShortHead>(), Err(NotAShortHead), "{bad}");
        }
    }
}
