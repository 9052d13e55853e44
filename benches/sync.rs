//! A first sync over loopback beside an audit of the same ledger.
//!
//! Both read every statement and check every signature on all cores. The sync also fetches each file
//! over HTTP, holds it against the signed root, and makes it durable; the audit also recomputes what
//! is published. The server is a plain one, in threads of the same process.

mod support;

#[path = "../tests/exchange/server.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod server;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use support::anchors::clock_s;
use support::ledger_on_disk::LedgerOnDisk;
use support::paired::{self, Runner};
use support::{grouped, machine, number_from_env};
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::Progress;
use treering::audit::{AuditInput, audit};
use treering::exchange::mirror::{MirrorStore, Options, State, Turn, sync};
use treering::exchange::source::{HttpSource, Patience};
use treering::statement::envelope::LedgerId;
use treering::store::disk::{Disk, RealDisk};
use treering::store::layout::NewStore;
use treering::store::lock::Holder;
use treering::store::mirrors::MirrorRecord;
use treering::store::safe_name::SafeName;

const GOAL: f64 = 0.8;

fn main() {
    let statements = number_from_env("TREERING_BENCH_STATEMENTS", 1_000_000);
    let rounds = number_from_env("TREERING_BENCH_ROUNDS", 3);
    let ledger = LedgerOnDisk::of(statements);
    let server = server::Server::of_folder(ledger.folder.root());
    let times = paired::in_turns(
        0,
        rounds,
        vec![
            Runner::telling("treering audit", || audit_all(&ledger)),
            Runner::telling("treering sync", || sync_all(&ledger, &server.address)),
        ],
    );
    println!("sync: {} statements, {}, medians of {rounds} rounds", grouped(statements), machine());
    for what in &times {
        let (seconds, per_second) = (what.median(), statements as f64 / what.median());
        println!("  {:<24} {seconds:>8.2} s {:>8}/s", what.name, grouped(per_second as u64));
    }
    let [whole, fetched] = &times[..] else { unreachable!("two runners") };
    let ratio = fetched.ratio_to(whole);
    println!(
        "  {ratio:.2} of the audit's rate (goal ≥ {GOAL}: {})",
        paired::verdict(ratio >= GOAL)
    );
}

fn audit_all(ledger: &LedgerOnDisk) -> Duration {
    let held = vec![HeldHead::Remembered(ledger.tree)];
    let clock_s = clock_s(ledger.tree.size.0);
    let input = AuditInput { held, ..AuditInput::of(ledger.folder.root().to_path_buf(), clock_s) };
    let start = Instant::now();
    let report = audit(&input, &Progress::silent()).expect("nobody interrupts");
    assert_eq!(report.statements.admitted, ledger.tree.size.0, "{:?}", report.findings);
    start.elapsed()
}

fn sync_all(ledger: &LedgerOnDisk, address: &str) -> Duration {
    let home = tempfile::tempdir().expect("a folder");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let holder = Holder::this_process("bench");
    let store = NewStore::begin(Arc::clone(&disk), home.path(), &holder).expect("a store");
    let shelf = MirrorStore::of(disk, store.finish().expect("a store"), holder);
    let now = "2026-06-01T00:00:00Z".parse().expect("a time");
    let record = MirrorRecord {
        name: SafeName::new("bench").expect("a name"),
        ledger: LedgerId(ledger.beginning.entries[0].id()),
        source: address.to_string(),
        added: now,
    };
    shelf.add(&record).expect("a mirror");
    let source = HttpSource::new(address, Patience::default()).expect("an address");
    let options = Options { manifests: false, now, witnesses: Vec::new() };
    let stop = AtomicBool::new(false);
    let turn = Turn { stop: &stop, is_over: &|| false, progress: &|_| () };
    let start = Instant::now();
    let synced = sync(&shelf, &record, &source, &options, turn).expect("this store works");
    let took = start.elapsed();
    assert_eq!((synced.state, synced.unsound), (State::Grown, 0), "{:?}", synced.sentences);
    took
}
