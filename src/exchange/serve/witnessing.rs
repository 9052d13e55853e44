//! The witness over HTTP, with the status codes of tlog-witness.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode};
use tokio::sync::Semaphore;

use super::files::{said, set};
use crate::exchange::witness::{Watched, Witness, WitnessError, WitnessPlaces};
use crate::store::outside::Incarnation;
use crate::tlog::cosignature::CosignatureTime;
use crate::tlog::hash::Hash;
use crate::tlog::witness::{AddCheckpoint, Declined};

/// Requests that are decided at once. Each waits for a disk; those of one log take turns anyway.
const AT_ONCE: usize = 16;

/// Requests that wait for their turn. Who comes later is told to come again.
const WAITING_MAX: usize = 256;

/// A witness that many clients may ask.
pub struct Witnessing {
    witness: Arc<Witness>,
    incarnation: fn() -> Incarnation,
    waiting: Semaphore,
    working: Semaphore,
}

impl Witnessing {
    /// Opens a witness to the network.
    pub fn new(witness: Witness, incarnation: fn() -> Incarnation) -> Witnessing {
        Witnessing {
            witness: Arc::new(witness),
            incarnation,
            waiting: Semaphore::new(WAITING_MAX),
            working: Semaphore::new(AT_ONCE),
        }
    }

    /// The logs that are watched, for the metrics.
    pub fn logs(&self) -> Result<Vec<Watched>, WitnessError> {
        WitnessPlaces::logs(self.witness.places())
    }

    /// Answers `POST /add-checkpoint`.
    pub async fn add_checkpoint(&self, body: Bytes, now_s: i64) -> Response<Body> {
        let Ok(_turn) = self.waiting.try_acquire() else { return busy() };
        let Ok(_place) = self.working.acquire().await else { return busy() };
        let (witness, incarnation) = (Arc::clone(&self.witness), self.incarnation);
        let decided = tokio::task::spawn_blocking(move || {
            let request = AddCheckpoint::parse(&body)?;
            let now = u64::try_from(now_s).ok().and_then(|now| CosignatureTime::new(now).ok());
            // A clock before 1970 is wrong; the time of the last line is the best that is known.
            let now = now.unwrap_or(CosignatureTime::EPOCH_PLUS_ONE);
            witness.cosign(&request, now, incarnation())
        });
        match decided.await {
            Ok(Ok(cosigned)) => said(StatusCode::OK, format!("{}\n", cosigned.line)),
            Ok(Err(refused)) => refusal(&refused),
            Err(_) => said(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n"),
        }
    }

    /// Answers `GET /<SHA-256 of origin>/checkpoint`; nothing if no such log was cosigned.
    pub async fn newest(&self, origin: Hash) -> Option<Response<Body>> {
        let Ok(_turn) = self.waiting.try_acquire() else { return Some(busy()) };
        let Ok(_place) = self.working.acquire().await else { return Some(busy()) };
        let witness = Arc::clone(&self.witness);
        match tokio::task::spawn_blocking(move || witness.newest(origin)).await {
            Ok(Ok(None)) => None,
            Ok(Ok(Some(checkpoint))) => {
                let mut response = said(StatusCode::OK, checkpoint.to_string());
                let few_seconds = super::names::Served::Checkpoint.cache_control();
                set(&mut response, axum::http::header::CACHE_CONTROL, few_seconds);
                Some(response)
            }
            Ok(Err(refused)) => Some(refusal(&refused)),
            Err(_) => Some(said(StatusCode::INTERNAL_SERVER_ERROR, "the witness failed\n")),
        }
    }
}

/// A refusal as tlog-witness has it. What went wrong on this side is told without names of files.
fn refusal(refused: &WitnessError) -> Response<Body> {
    let status =
        StatusCode::from_u16(refused.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match refused {
        WitnessError::Declined(Declined::OtherSize(size)) => {
            let mut response = said(status, format!("{size}\n"));
            set(&mut response, axum::http::header::CONTENT_TYPE, "text/x.tlog.size");
            response
        }
        WitnessError::Declined(declined) => said(status, format!("{declined}\n")),
        WitnessError::Frozen(_) | WitnessError::Contradiction { .. } => {
            said(status, "this log has contradicted itself and is not cosigned any more\n")
        }
        WitnessError::MustNotSign { .. } => said(status, "this witness must not sign now\n"),
        _ => said(status, "the witness cannot answer now\n"),
    }
}

fn busy() -> Response<Body> {
    come_again("too many ask at once\n")
}

/// 429
pub fn come_again(words: &str) -> Response<Body> {
    let mut response = said(StatusCode::TOO_MANY_REQUESTS, words);
    set(&mut response, axum::http::header::RETRY_AFTER, "1");
    response
}
