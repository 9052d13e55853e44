//! Durable appending beside one key signing in sequence.
//!
//! A recorder's statements form a chain, so one key cannot sign the next before the last: that is the
//! ceiling of what a site can record. Each round signs a batch and appends it; the append ends when
//! the signed checkpoint is durable.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use support::anchors::Anchors;
use support::memory::Ledger;
use support::memory::park::{holder, incarnation};
use support::{data_folder, grouped, machine, number_from_env, paired};
use treering::ledger::writer::Writer;
use treering::statement::envelope::Statement;
use treering::statement::key::Role;
use treering::store::disk::RealDisk;
use treering::store::heads::HeadPlaces;
use treering::store::layout::NewStore;
use treering::store::outside::StateFolder;
use treering::store::safe_name::SafeName;
use treering::tlog::ed25519::SecretKey;

/// Statements in a batch, and how many batches are timed after one that is not.
const BATCHES: [(usize, usize); 3] = [(1, 300), (256, 30), (10_000, 5)];
/// Goal at the largest batch: part of the speed of signing.
const GOAL: f64 = 0.8;

fn main() {
    let most = number_from_env("TREERING_BENCH_BATCH", usize::MAX);
    fs::create_dir_all(data_folder()).expect("folder");
    // Not in the system's temporary folder, which may be memory and never durable.
    let home = tempfile::tempdir_in(data_folder()).expect("folder");
    let mut ledger = Ledger::found("bench");
    let recorder = ledger.granted("recorder", Role::Recorder);
    let mut writer = found(home.path(), &ledger);
    let mut anchors = Anchors::after(&ledger);
    println!("append: durable, {}, medians", machine());
    println!("  batch     signed/s   appended/s   ms a batch   of signing   sign and append");
    for (batch, rounds) in BATCHES.into_iter().filter(|(batch, _)| *batch <= most) {
        let rounds: Vec<Round> = (0..=rounds)
            .map(|_| round(&mut writer, &mut anchors, &recorder, &ledger.log, batch))
            .collect();
        report(batch, &rounds[1..]);
    }
}

/// Seconds that a batch took.
struct Round {
    signing: f64,
    appending: f64,
}

fn round(
    writer: &mut Writer,
    anchors: &mut Anchors,
    recorder: &SecretKey,
    log: &SecretKey,
    batch: usize,
) -> Round {
    let start = Instant::now();
    let statements: Vec<Statement> = (0..batch).map(|_| anchors.sign_next(recorder)).collect();
    let signing = start.elapsed().as_secs_f64();
    let incarnation = incarnation(&statements);
    let start = Instant::now();
    let appended = writer.append(&statements, &mut |_| Ok(log.clone()), incarnation);
    let appending = start.elapsed().as_secs_f64();
    appended.expect("an honest batch");
    Round { signing, appending }
}

fn report(batch: usize, rounds: &[Round]) {
    let median = |of: fn(&Round) -> f64| paired::median(rounds.iter().map(of).collect());
    let per_second = |seconds: f64| grouped((batch as f64 / seconds) as u64);
    let ratio = median(|round| round.signing / round.appending);
    let both = median(|round| round.signing / (round.signing + round.appending));
    print!(
        "  {:<8} {:>9} {:>12} {:>12.2} {ratio:>12.2} {both:>17.2}",
        grouped(batch as u64),
        per_second(median(|round| round.signing)),
        per_second(median(|round| round.appending)),
        median(|round| round.appending) * 1e3,
    );
    match batch {
        10_000 => println!("   (goal ≥ {GOAL} of signing: {})", paired::verdict(ratio >= GOAL)),
        _ => println!(),
    }
}

/// A store with this ledger in it.
fn found(home: &Path, ledger: &Ledger) -> Writer {
    let disk = Arc::new(RealDisk);
    let store = NewStore::begin(disk.clone(), &home.join("park"), &holder())
        .and_then(NewStore::finish)
        .expect("a store");
    let places = HeadPlaces::new(disk, store, StateFolder::at(&home.join("state")), holder());
    let name = SafeName::new("park").expect("a name");
    let log_key = &mut |_: &_| Ok(ledger.log.clone());
    Writer::found(places, &name, &ledger.entries, log_key, incarnation(&ledger.entries))
        .expect("a ledger")
}
