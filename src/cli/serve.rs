//! `treering serve`: public folders over HTTP; with --witness the witness, with --accept submissions.

mod accepting;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::exit::Exit;
use super::failures::usage;
use super::own_store::{OwnStore, working_directory};
use super::voice::{Answer, Failure};
use super::witness;
use super::{Context, Outcome, clock, interrupt};
use crate::exchange::serve::{Acceptor, Patience, ServeError, Serving, serve};
use crate::exchange::witness::Witness;
use crate::store::disk::{Disk, RealDisk};
use crate::store::layout::StoreFolder;

/// Arguments of `treering serve`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering serve                                     the public folders, on this computer only
  treering serve --bind 0.0.0.0:7733 --witness       and cosign what others ask, for the network
  treering serve --accept                            and take statements that others signed")]
#[command(after_help = "\
It speaks plain HTTP: put a reverse proxy with TLS in front of it (examples/README.md). It serves nothing but \
the public folders, and goes on while other commands record. Ctrl-C or SIGTERM stops it in order.")]
pub struct Args {
    /// Where to listen; port 0 takes any
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7733")]
    bind: SocketAddr,
    /// Cosign the heads of the logs that this store watches (treering witness)
    #[arg(long)]
    witness: bool,
    /// Take statements that others signed into the ledger of this store
    #[arg(long)]
    accept: bool,
    /// Stop by itself after so many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    for_s: Option<u64>,
    /// How long a client may take for each part of a request, in seconds
    #[arg(long, value_name = "SECONDS", hide = true)]
    patience: Option<u64>,
}

impl From<ServeError> for Failure {
    fn from(fault: ServeError) -> Failure {
        let next = "choose another address with --bind, or stop who listens there";
        Failure::new(Exit::Unexpected, "nothing can be served", fault, next)
    }
}

/// Serves until told to stop.
pub fn run(context: &Context, args: Args) -> Outcome {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let store = match &context.global.store {
        Some(path) => StoreFolder::at(path)?,
        None => StoreFolder::find_upward(&working_directory()?)?,
    };
    // The first Ctrl-C stops it in order.
    interrupt::finish_what_is_begun();
    let answered = Answered::default();
    let witness: Option<Witness> = match args.witness {
        true => Some(witness::open(context, &OwnStore::open(store.clone())?, "serve")?),
        false => None,
    };
    let acceptor = match args.accept {
        true => {
            let acceptor = accepting::LedgerAcceptor::open(
                context,
                OwnStore::open(store.clone())?,
                answered.clone(),
            )?;
            Some(Box::new(acceptor) as Box<dyn Acceptor>)
        }
        false => None,
    };
    let mut patience = Patience::default();
    if let Some(seconds) = args.patience {
        let each = Duration::from_secs(seconds);
        patience = Patience { head: each, body: each, reading: each, stopping: each, ..patience };
    }
    let end = match args.for_s {
        Some(seconds) => match Instant::now().checked_add(Duration::from_secs(seconds)) {
            Some(end) => Some(end),
            None => {
                return Err(usage(
                    "--for is too long",
                    "no clock goes that far",
                    "leave --for out",
                ));
            }
        },
        None => None,
    };
    let (does_witness, does_accept) = (witness.is_some(), acceptor.is_some());
    let serving = Serving {
        bind: args.bind,
        disk,
        store: store.clone(),
        witness,
        acceptor,
        clock: clock::now_s,
        incarnation: witness::incarnation,
        patience,
    };
    let mut address = None;
    let bound = |at: SocketAddr| {
        address = Some(at);
        say_where(context, at, does_witness, does_accept);
    };
    serve(serving, bound, move || {
        interrupt::is_asked() || end.is_some_and(|end| Instant::now() >= end)
    })?;
    let (accepted, refused) = answered.both();
    let text = match does_accept {
        true => format!("Stopped in order. {accepted} statements accepted, {refused} refused.\n"),
        false => "Stopped in order.\n".to_string(),
    };
    let fields = json!({
        "address": address.map(|address| address.to_string()),
        "store": store.path().display().to_string(),
        "witness": does_witness,
        "accept": does_accept,
        "accepted": accepted,
        "refused": refused,
    });
    Ok(Answer::new("serve", text, fields))
}

/// How many statements were accepted and refused.
#[derive(Clone, Default)]
pub struct Answered(Arc<(AtomicU64, AtomicU64)>);

impl Answered {
    fn accepted(&self) {
        self.0.0.fetch_add(1, Ordering::Relaxed);
    }

    fn refused(&self) {
        self.0.1.fetch_add(1, Ordering::Relaxed);
    }

    fn both(&self) -> (u64, u64) {
        (self.0.0.load(Ordering::Relaxed), self.0.1.load(Ordering::Relaxed))
    }
}

/// Says where it listens, at once: people and programs wait for it.
fn say_where(context: &Context, at: SocketAddr, witness: bool, accept: bool) {
    if context.voice.json {
        if context.voice.quiet < 2 {
            context.voice.event(json!({ "event": "serving", "address": at.to_string() }));
        }
        return;
    }
    let also = match (witness, accept) {
        (true, true) => ", cosigns, and takes statements",
        (true, false) => ", and cosigns",
        (false, true) => ", and takes statements",
        (false, false) => "",
    };
    context
        .voice
        .note(&format!("Serves the public folders at http://{at}/{also}. Ctrl-C stops it."));
    let _ = std::io::stderr().flush();
}
