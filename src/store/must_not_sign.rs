//! Why a store may be a copy and must not sign until a person has asked around: exit code 13.

use std::fmt;
use std::path::PathBuf;

use super::outside::HeadMark;
use crate::statement::envelope::LedgerId;
use crate::tlog::hash::TreeSize;

/// This store may be a copy. Signing from it could make two heads that cannot both be true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MustNotSign {
    /// The ledger.
    pub ledger: LedgerId,
    /// What was found.
    pub because: Suspicion,
}

/// Why a store may be a copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Suspicion {
    /// This user on this computer remembers nothing of the ledger.
    NothingRemembered {
        /// The record that is missing.
        record: PathBuf,
        /// The head in the store.
        head: HeadMark,
    },
    /// The store has no head for the ledger.
    NoHead {
        /// What is remembered, if anything.
        remembered: Option<HeadMark>,
    },
    /// The store's head is neither of those remembered.
    OtherHead {
        /// The head in the store.
        head: HeadMark,
        /// The newest head that may have been signed.
        remembered: HeadMark,
    },
    /// A witness or mirror answered with a larger tree than the store has.
    SeenElsewhere {
        /// Size here.
        here: TreeSize,
        /// Size there.
        there: TreeSize,
    },
}

impl fmt::Display for MustNotSign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it may be a copy: {}", self.because)
    }
}

/// "It", in these sentences, is the store.
impl fmt::Display for Suspicion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Suspicion::NothingRemembered { record, head } => write!(
                f,
                "it is at size {}, but this computer remembers nothing of the ledger ({} is missing)",
                head.tree.size,
                record.display()
            ),
            Suspicion::NoHead { remembered: None } => f.write_str("it has no head"),
            Suspicion::NoHead { remembered: Some(mark) } => {
                write!(f, "it has no head, but size {} was reached", mark.tree.size)
            }
            Suspicion::OtherHead { head, remembered } => {
                let (here, there) = (head.tree.size, remembered.tree.size);
                match here == there {
                    // From here the two look the same.
                    true => write!(
                        f,
                        "another copy of it has signed at size {here}, or the file of its head is damaged"
                    ),
                    false => {
                        write!(f, "it is at size {here}, but size {there} was reached elsewhere")
                    }
                }
            }
            Suspicion::SeenElsewhere { here, there } => {
                write!(f, "it is at size {here}, but others were shown size {there}")
            }
        }
    }
}

impl std::error::Error for MustNotSign {}
