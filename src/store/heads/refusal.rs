//! Why a head does not move, and what to do about it.

use thiserror::Error;

use crate::statement::envelope::LedgerId;
use crate::store::disk::DiskError;
use crate::store::must_not_sign::MustNotSign;
use crate::store::outside::OutsideError;
use crate::store::record::DamagedRecord;
use crate::tlog::hash::TreeSize;

/// Why a head does not move.
#[derive(Debug, Error)]
pub enum HeadError {
    /// Exit 13.
    #[error(transparent)]
    MustNotSign(Box<MustNotSign>),
    /// A head only grows.
    #[error("the head is at size {here} and cannot move to size {offered}")]
    NotLarger {
        /// Size of the head.
        here: TreeSize,
        /// Size offered.
        offered: TreeSize,
    },
    /// The ledger has a head or a record already.
    #[error("there is a head for ledger {0} already")]
    Exists(LedgerId),
    /// The tree to resume with is not a continuation of what is known here.
    #[error("the tree of size {offered} does not continue what was signed at size {signed}")]
    Contradicts {
        /// Size of the tree to resume with.
        offered: TreeSize,
        /// Size of the head known here.
        signed: TreeSize,
    },
    /// The tree to resume with lacks what is known to have been signed.
    #[error("size {signed} was signed, and the tree to resume with has only {offered}")]
    Shorter {
        /// Size of the tree to resume with.
        offered: TreeSize,
        /// Size of the head known here.
        signed: TreeSize,
    },
    /// The head's file is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// The outside record.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl From<MustNotSign> for HeadError {
    fn from(refusal: MustNotSign) -> HeadError {
        HeadError::MustNotSign(Box::new(refusal))
    }
}

impl HeadError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        const RESUME: &str = "ask who else holds this ledger, then treering resume --from SOURCE or --nobody-holds-more";
        match self {
            HeadError::MustNotSign(_) | HeadError::Damaged(_) => RESUME.into(),
            HeadError::Shorter { .. } => {
                "name a source that has it, or say --nobody-holds-more if it is lost for ever"
                    .into()
            }
            HeadError::Contradicts { .. } => {
                "this would be a fork: keep both copies and run treering audit on each".into()
            }
            HeadError::NotLarger { .. } => "reload the ledger, then try again".into(),
            HeadError::Exists(_) => "use the ledger that is there".into(),
            HeadError::Outside(error) => error.next_step(),
            HeadError::Disk(error) => error.next_step(),
        }
    }
}
