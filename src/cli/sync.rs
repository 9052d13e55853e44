//! `treering sync`: brings mirrors up to date.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::check::read_policy;
use super::exit::Exit;
use super::failures::{GO_ON, interrupted, usage};
use super::mirror::announce;
use super::open_bundle::{self, Opening};
use super::own_store::{find_mirror, mirror_store};
use super::sync_text::Line;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock, gossip, interrupt};
use crate::exchange::mirror::{
    Job, MirrorStore, Options, SyncError, Synced, publish_heads, sync_many,
};
use crate::exchange::source::Patience;
use crate::report::words::counted;
use crate::store::mirrors::MirrorRecord;
use crate::tlog::note::VerifierKey;

/// Arguments of `treering sync`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering sync                               every mirror, each from its source
  treering sync val-trupchun kx --manifests   these, with the manifests that were made public
  treering sync july.tar.zst                  a bundle that somebody handed over
  treering sync --gossip                      and compare heads with those of partners
  treering sync --watch 10m                   again and again, until Ctrl-C")]
#[command(after_help = "\
Everything that comes is held against the ledger's signed checkpoint before it is kept, and against \
every head that was ever held of that ledger.")]
pub struct Args {
    /// Names of mirrors [default: all of them], or one bundle
    #[arg(value_name = "NAME|BUNDLE")]
    names: Vec<String>,
    /// Every mirror
    #[arg(long, conflicts_with = "names")]
    all: bool,
    /// Ledgers at a time
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: u16,
    /// Fetch the manifests that were made public, too
    #[arg(long)]
    manifests: bool,
    /// Go on, and sync again after so long: 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = pause)]
    watch: Option<Duration>,
    /// Compare the newest heads with those that partners hold, and publish one's own
    #[arg(long)]
    gossip: bool,
    /// A partner's address, or a folder that goes from hand to hand [default: where mirrors come from]
    #[arg(long, value_name = "PEER", requires = "gossip")]
    peer: Vec<String>,
    /// The age identity that opens an encrypted bundle
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Where the evidence files of a bundle are put
    #[arg(long, value_name = "DIR")]
    evidence_to: Option<PathBuf>,
}

/// A pause as people write it.
fn pause(text: &str) -> Result<Duration, String> {
    let pause: jiff::SignedDuration = text.parse().map_err(|_| "write it like 10m or 2h")?;
    match Duration::try_from(pause) {
        Ok(pause) if pause >= Duration::from_secs(1) => Ok(pause),
        _ => Err("at least one second".into()),
    }
}

/// Syncs.
pub fn run(context: &Context, args: Args) -> Outcome {
    let shelf = mirror_store(context, "sync")?;
    if let [file] = &args.names[..]
        && Path::new(file).is_file()
    {
        let opening = Opening {
            file: Path::new(file),
            identity: args.identity.as_deref(),
            manifests: args.manifests,
            evidence_to: args.evidence_to.as_deref(),
        };
        return open_bundle::run(&shelf, &opening);
    }
    let Some(pause) = args.watch else { return once(context, &shelf, &args) };
    loop {
        let answer = once(context, &shelf, &args)?;
        if sleep_until_stopped(pause) {
            return Ok(answer);
        }
        context.voice.answer(&answer);
    }
}

/// Sleeps; gives whether it was told to stop meanwhile.
fn sleep_until_stopped(pause: Duration) -> bool {
    let until = Instant::now() + pause;
    while Instant::now() < until {
        if interrupt::flag().load(Ordering::SeqCst) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(200).min(until - Instant::now()));
    }
    interrupt::flag().load(Ordering::SeqCst)
}

fn once(context: &Context, shelf: &MirrorStore, args: &Args) -> Outcome {
    let mirrors = chosen(shelf, &args.names)?;
    let options = options(shelf, args.manifests)?;
    mirrors.iter().for_each(|mirror| announce(context, &mirror.source));
    let lines = Mutex::new(0);
    let total = mirrors.len();
    let done = |mirror: &MirrorRecord, ended: &Result<Synced, SyncError>| {
        let Ok(mut done) = lines.lock() else { return };
        *done += 1;
        if total > 1 {
            let state = match ended {
                Ok(synced) => Line::of(mirror, synced).sentence,
                Err(fault) => fault.to_string(),
            };
            context.voice.note(&format!("[{done}/{total}] {}: {state}", mirror.name));
        }
    };
    let job = Job {
        at_once: usize::from(args.jobs),
        patience: Patience::default(),
        stop: interrupt::flag(),
        done: &done,
        progress: &|mirror, statements| {
            context.voice.detail(&format!("{}: {}", mirror.name, counted(statements, "statement")));
        },
    };
    let results = sync_many(shelf, &mirrors, &options, job);
    if interrupt::flag().load(Ordering::SeqCst) {
        return Err(interrupted("stopped; what was proven is kept", GO_ON));
    }
    let mut answer = report(&mirrors, results)?;
    if args.gossip {
        gossip::exchange(context, shelf, &mirrors, &args.peer, &mut answer)?;
    } else {
        publish_heads(shelf, &gossip::own_heads(shelf))?;
    }
    Ok(answer)
}

/// One line a ledger, in the order of their names; the worst decides the exit code.
pub fn report(mirrors: &[MirrorRecord], results: Vec<Result<Synced, SyncError>>) -> Outcome {
    let (mut text, mut rows, mut exit) = (String::new(), Vec::<Value>::new(), Exit::Done);
    for (mirror, result) in mirrors.iter().zip(results) {
        match result {
            Ok(synced) => {
                let line = Line::of(mirror, &synced);
                text.push_str(&line.text(mirror, &synced));
                rows.push(line.json(mirror, &synced));
                exit = exit.graver(line.exit);
            }
            Err(fault) => {
                let failure = Failure::from(fault);
                text.push_str(&format!(
                    "{:<24} {}: {}\n    next: {}\n",
                    mirror.name.as_str(),
                    failure.what,
                    failure.why,
                    failure.next
                ));
                rows.push(json!({
                    "name": mirror.name.as_str(), "ledger": mirror.ledger.to_string(),
                    "state": "failed", "says": failure.why, "exit": failure.exit.code(),
                    "next": failure.next,
                }));
                exit = exit.graver(failure.exit);
            }
        }
    }
    if exit == Exit::Done {
        text.push_str("next: treering audit NAME reads a mirror from end to end\n");
    }
    Ok(Answer::new("sync", text, json!({ "ledgers": rows })).with_exit(exit))
}

fn chosen(shelf: &MirrorStore, names: &[String]) -> Result<Vec<MirrorRecord>, Failure> {
    let mirrors = match names {
        [] => shelf.mirrors.list()?,
        names => {
            let named = names.iter().map(|name| find_mirror(shelf, name));
            let mut named = named.collect::<Result<Vec<_>, _>>()?;
            named.sort_by(|a, b| a.name.cmp(&b.name));
            named.dedup();
            named
        }
    };
    match mirrors.is_empty() {
        false => Ok(mirrors),
        true => Err(usage(
            "there is nothing to sync",
            "no ledger is mirrored in this store",
            "treering mirror add SOURCE --card CARD",
        )),
    }
}

/// How this store syncs: its clock, and the witnesses it believes.
pub fn options(shelf: &MirrorStore, manifests: bool) -> Result<Options, Failure> {
    let policy: PathBuf = shelf.store.trust_policy();
    let witnesses: Vec<VerifierKey> = match Path::is_file(&policy) {
        true => read_policy(&policy)?.witnesses().iter().map(|w| w.key.clone()).collect(),
        false => Vec::new(),
    };
    Ok(Options { manifests, now: clock::now(), witnesses })
}
