//! Serving over HTTP: public folders as they lie on the disk, the witness, and submissions.
//!
//! ```text
//! GET  /                              the ledgers here, as a page; /ledgers.json for programs
//! GET  /<ledger id>/<name>            a public file: checkpoint, checkpoints/…, tile/…, manifests/…
//! POST /add-checkpoint                C2SP tlog-witness; with a witness
//! GET  /<SHA-256 of origin>/checkpoint   the newest head it cosigned of that log
//! POST /statements                    one signed statement; with an acceptor
//! GET  /healthz  /metrics
//! ```
//!
//! This is the one place of the program that is asynchronous: many clients wait here, and nothing else
//! does. What they wait for (a file, a decision, a commit) is done by threads, and each kind of work has a
//! bound: who comes when all is taken gets a 429 and comes again.
//!
//! No file is served but by a name that is spelled here (`names.rs`). The store around the public
//! folders, with its keys and salts, has no names.

mod accepting;
mod asked;
mod connection;
mod files;
mod folders;
mod metrics;
mod names;
mod pages;
mod routes;
mod witnessing;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::exchange::witness::Witness;
use crate::store::disk::Disk;
use crate::store::layout::StoreFolder;
use crate::store::outside::Incarnation;

use accepting::Queue;
pub use accepting::{Acceptor, BATCH_MAX, NotNow};
use connection::Stop;
use folders::Folders;
use metrics::Metrics;

/// What to serve, and how patiently.
pub struct Serving {
    /// Where to listen; port 0 takes any.
    pub bind: SocketAddr,
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The store.
    pub store: StoreFolder,
    /// Who cosigns, if anybody.
    pub witness: Option<Witness>,
    /// Who takes statements, if anybody.
    pub acceptor: Option<Box<dyn Acceptor>>,
    /// This computer's clock, in seconds since 1970.
    pub clock: fn() -> i64,
    /// Fresh incarnations for the witness.
    pub incarnation: fn() -> Incarnation,
    /// How long a client may take.
    pub patience: Patience,
}

/// How long a client may take, and how many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// From the first byte of a request to the end of its head; and between two requests.
    pub head: Duration,
    /// From the end of the head to the end of the body.
    pub body: Duration,
    /// Within this time a client that is sent something takes at least [`Patience::LEAST_BYTES`] of it.
    pub reading: Duration,
    /// For requests at work when the server is told to stop.
    pub stopping: Duration,
    /// Connections at once. More wait in the system's own queue.
    pub connections: usize,
}

impl Patience {
    /// What a client that is sent something takes of it in [`Patience::reading`]: a modem does.
    pub const LEAST_BYTES: u64 = 4_096;
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            head: Duration::from_secs(15),
            body: Duration::from_secs(30),
            reading: Duration::from_secs(30),
            stopping: Duration::from_secs(10),
            connections: 512,
        }
    }
}

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    /// The address cannot be listened on.
    #[error("{bind} cannot be listened on: {why}")]
    Bind {
        /// The address.
        bind: SocketAddr,
        /// Why.
        why: io::Error,
    },
    /// The system gives no threads.
    #[error("the server cannot start: {0}")]
    Threads(io::Error),
}

/// What every request may need.
struct Shared {
    folders: Folders,
    files: files::Cache,
    witness: Option<witnessing::Witnessing>,
    queue: Option<Queue>,
    metrics: Metrics,
    clock: fn() -> i64,
    patience: Patience,
}

/// Serves until `stop` says so; then answers what is at work and returns. `bound` is told the address.
pub fn serve(
    serving: Serving,
    bound: impl FnOnce(SocketAddr),
    stop: impl Fn() -> bool + Send + Sync + 'static,
) -> Result<(), ServeError> {
    let Serving { bind, disk, store, witness, acceptor, clock, incarnation, patience } = serving;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(64)
        .build()
        .map_err(ServeError::Threads)?;
    let (queue, worker) = match acceptor {
        Some(acceptor) => {
            let (queue, worker) = Queue::begin(acceptor).map_err(ServeError::Threads)?;
            (Some(queue), Some(worker))
        }
        None => (None, None),
    };
    let shared = Arc::new(Shared {
        folders: Folders::new(disk, store),
        files: files::Cache::default(),
        witness: witness.map(|witness| witnessing::Witnessing::new(witness, incarnation)),
        queue,
        metrics: Metrics::default(),
        clock,
        patience,
    });
    let router = routes::router(Arc::clone(&shared));
    let served = runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(bind).await;
        let listener = listener.map_err(|why| ServeError::Bind { bind, why })?;
        bound(listener.local_addr().map_err(|why| ServeError::Bind { bind, why })?);
        let stop = Stop::polling(Arc::new(stop));
        connection::accept_until(listener, router, patience, stop).await;
        Ok(())
    });
    // Clients are gone; what they were promised is finished by the worker before this returns.
    runtime.shutdown_timeout(patience.stopping);
    drop(shared);
    if let Some(worker) = worker {
        worker.finish();
    }
    served
}
