//! Why a witness does not answer, and what to do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::store::disk::DiskError;
use crate::store::must_not_sign::Suspicion;
use crate::store::outside::OutsideError;
use crate::store::record::DamagedRecord;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::hash::TreeSize;
use crate::tlog::note::NoteError;
use crate::tlog::witness::Declined;

/// Why a witness does not answer.
#[derive(Debug, Error)]
pub enum WitnessError {
    /// The store was never made a witness.
    #[error("this store is no witness yet")]
    NoWitness,
    /// It is one already.
    #[error("this store is a witness already")]
    WitnessAlready,
    /// The secret key is not the one of the identity.
    #[error("the key at hand is not the witness's")]
    OtherKey,
    /// A log of the witness's own name or key could be confused with it.
    #[error("a log that has the name or the key of this witness is not watched")]
    OwnName,
    /// [`LOGS_MAX`](super::LOGS_MAX) is reached.
    #[error("this witness watches as many logs as one witness may")]
    TooManyLogs,
    /// The request is not granted.
    #[error(transparent)]
    Declined(#[from] Declined),
    /// Exit 13.
    #[error("of the log {log}: it may be a copy: {because}")]
    MustNotSign {
        /// The log's origin, or its SHA-256.
        log: String,
        /// What was found.
        because: Box<Suspicion>,
    },
    /// Two different trees of one size bear this witness's signature.
    #[error("of the log {log}, two different trees of size {size} were cosigned")]
    TwoTrees {
        /// The log.
        log: String,
        /// The size.
        size: TreeSize,
    },
    /// The log contradicted itself before this witness's eyes.
    #[error(
        "the log {0} has signed two trees that cannot both be true; it is not cosigned any more"
    )]
    Frozen(String),
    /// The checkpoint by which a log contradicted itself cannot be read.
    #[error("{} is damaged: {why}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: CheckpointError,
    },
    /// The lines do not make a note.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// A record in the store is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// The outside record.
    #[error(transparent)]
    Outside(#[from] OutsideError),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl WitnessError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            WitnessError::NoWitness => "treering witness init".into(),
            WitnessError::WitnessAlready => "treering witness status shows it".into(),
            WitnessError::OtherKey => "put the witness's own key back into keys/".into(),
            WitnessError::OwnName => "ask the log's operator for its own verifier key".into(),
            WitnessError::TooManyLogs => "make another store a witness, too".into(),
            WitnessError::Declined(declined) => match declined {
                Declined::UnknownOrigin(_) => {
                    "treering witness log add VKEY, with the key that the log's operator gives you".into()
                }
                Declined::OtherSize(size) => {
                    format!("ask for a request from there: treering cosign-request NAME --old {size}")
                }
                Declined::Contradicts { .. } => "keep both: this is proof that the log has forked".into(),
                _ => "ask the log's operator for another request".into(),
            },
            WitnessError::MustNotSign { .. } => {
                "ask the logs what this witness cosigned last, then treering witness resume".into()
            }
            WitnessError::TwoTrees { .. } => {
                "say so to everybody who believes this witness, and make a new one".into()
            }
            WitnessError::Frozen(_) | WitnessError::Contradiction { .. } => {
                "treering witness status shows both; treering witness log release ORIGIN, if it is settled"
                    .into()
            }
            WitnessError::Note(_) => "ask the log's operator for another request".into(),
            WitnessError::Damaged(_) => "put the file back from a copy, then treering witness resume".into(),
            WitnessError::Outside(error) => error.next_step(),
            WitnessError::Disk(error) => error.next_step(),
        }
    }

    /// The status of an answer over HTTP. What is wrong on this side is the server's fault.
    pub fn status(&self) -> u16 {
        match self {
            WitnessError::Declined(declined) => declined.status(),
            // The log's key is not trusted any more.
            WitnessError::Frozen(_) | WitnessError::Contradiction { .. } => 403,
            WitnessError::Outside(OutsideError::Lock(_)) | WitnessError::MustNotSign { .. } => 503,
            _ => 500,
        }
    }
}
