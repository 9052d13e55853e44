//! A full audit beside nothing but its signature checks.
//!
//! The ceiling is a loop over the same signed bytes, already in memory and spread over all cores,
//! that checks each signature strictly and does nothing else. The audit runs in a process of its
//! own, so that its peak memory is its own.

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use rayon::prelude::*;
use support::anchors::clock_s;
use support::ledger_on_disk::LedgerOnDisk;
use support::paired::{self, Runner};
use support::{grouped, machine, number_from_env};
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::Progress;
use treering::audit::finding::{Outcome, Rule};
use treering::audit::{AuditInput, audit};
use treering::statement::envelope::Statement;
use treering::tlog::bundle::{BUNDLE_BYTES_MAX, Bundle};
use treering::tlog::ed25519::Signature;

/// Bundles whose signed bytes are in memory at once.
const BUNDLES_AT_ONCE: usize = 256;
/// Marks the process that audits.
const CHILD: &str = "--audit-here";

const GOAL: f64 = 0.85;
const GOAL_MIB: f64 = 200.0;

fn main() {
    let statements = number_from_env("TREERING_BENCH_STATEMENTS", 1_000_000);
    let ledger = LedgerOnDisk::of(statements);
    if std::env::args().any(|argument| argument == CHILD) {
        return audit_here(&ledger);
    }
    let rounds = number_from_env("TREERING_BENCH_ROUNDS", 3);
    let mut peaks = Vec::new();
    let times = paired::in_turns(
        0,
        rounds,
        vec![
            Runner::telling("bare verify_strict loop", || check_only(&ledger)),
            Runner::telling("treering audit", || {
                let (took, peak_mib) = audit_in_child();
                peaks.extend(peak_mib);
                took
            }),
        ],
    );
    println!(
        "audit: {} statements, {}, medians of {rounds} rounds",
        grouped(statements),
        machine()
    );
    let line = |what: &paired::Times| {
        let (seconds, per_second) = (what.median(), statements as f64 / what.median());
        print!("  {:<24} {seconds:>8.2} s {:>8}/s", what.name, grouped(per_second as u64));
    };
    let [bare, whole] = &times[..] else { unreachable!("two runners") };
    line(bare);
    println!();
    line(whole);
    let ratio = whole.ratio_to(bare);
    println!("   {ratio:.2} of the bare loop (goal ≥ {GOAL}: {})", paired::verdict(ratio >= GOAL));
    if peaks.is_empty() {
        println!("  peak memory: this platform does not tell");
    } else {
        let peak = peaks.into_iter().fold(0.0, f64::max);
        let met = paired::verdict(peak < GOAL_MIB);
        println!("  peak memory of the audit {peak:>8.1} MiB   (goal < {GOAL_MIB} MiB: {met})");
    }
}

/// The time of all signature checks, and of nothing else.
fn check_only(ledger: &LedgerOnDisk) -> Duration {
    let key = ledger.recorder.public();
    let bundles: Vec<Bundle> =
        (0..).map_while(|index| Bundle::at(index, ledger.tree.size)).collect();
    let mut took = Duration::ZERO;
    for lot in bundles.chunks(BUNDLES_AT_ONCE) {
        let mut signed: Vec<(Vec<u8>, Signature)> =
            lot.par_iter().flat_map_iter(|bundle| signed_bytes(ledger, *bundle)).collect();
        // Genesis and grant are by the root.
        if lot[0].index() == 0 {
            signed.drain(..2);
        }
        let start = Instant::now();
        let all = signed.par_iter().all(|(bytes, signature)| key.check(bytes, signature).is_ok());
        took += start.elapsed();
        assert!(all, "a signature does not match");
    }
    took
}

fn signed_bytes(ledger: &LedgerOnDisk, bundle: Bundle) -> Vec<(Vec<u8>, Signature)> {
    let bytes = ledger.folder.read(&bundle.path(), BUNDLE_BYTES_MAX).expect("a bundle");
    let read = |entry: &[u8]| {
        let statement = Statement::read(entry.to_vec()).expect("a statement");
        (statement.signed_bytes(), *statement.signature())
    };
    bundle.split(&bytes).expect("a bundle").into_iter().map(read).collect()
}

/// Audits in a fresh process. Seconds and peak memory (MiB) come back on its standard output.
fn audit_in_child() -> (Duration, Option<f64>) {
    let this = std::env::current_exe().expect("this program");
    let output = Command::new(this).arg(CHILD).output().expect("a process");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).expect("text");
    let mut told = told.split_whitespace().map(|number| number.parse::<f64>().expect("a number"));
    let seconds = told.next().expect("seconds");
    (Duration::from_secs_f64(seconds), told.next())
}

fn audit_here(ledger: &LedgerOnDisk) {
    let held = vec![HeldHead::Remembered(ledger.tree)];
    let clock_s = clock_s(ledger.tree.size.0);
    let input = AuditInput { held, ..AuditInput::of(ledger.folder.root().to_path_buf(), clock_s) };
    let start = Instant::now();
    let report = audit(&input, &Progress::silent()).expect("nobody interrupts");
    let took = start.elapsed();
    assert_eq!(report.statements.admitted, ledger.tree.size.0, "{:?}", report.findings);
    for result in &report.rules {
        // The manifests are not there: R10 has nothing to compare.
        let expected = if result.rule == Rule::R10 { Outcome::CannotCheck } else { Outcome::Pass };
        assert_eq!(result.outcome, expected, "{:?}", report.findings);
    }
    print!("{}", took.as_secs_f64());
    if let Some(mib) = peak_memory_mib() {
        print!(" {mib}");
    }
}

/// The most memory this process ever held, where the system keeps count (Linux).
fn peak_memory_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}
