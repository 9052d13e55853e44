//! Syncs that are killed at random moments: what was proven is gone on from, and the copy is whole.

use std::process::Stdio;
use std::time::{Duration, Instant};

use treering::audit::evidence::Progress;
use treering::audit::finding::LedgerState;
use treering::audit::{AuditInput, audit};

use crate::partner::{files, grow, ledger_of};
use crate::support::program::Desk;
use crate::support::publish;
use crate::support::random::Random;

#[test]
fn a_sync_that_is_killed_goes_on() {
    let (mut ledger, anna) = ledger_of("park", 1_500);
    let site = tempfile::tempdir().expect("a folder");
    publish::publish(&ledger, site.path());
    let desk = Desk::new();
    let (source, id) = (site.path().display().to_string(), ledger.id.to_string());
    let add = ["mirror", "add", &source, "--ledger-id", &id, "--i-have-compared", "--as", "kx"];
    desk.done(&add);
    let copy = desk.store().join("ledgers/kx");
    let mut random = Random::seeded(7);
    let mut killed = 0;
    for round in 0..4 {
        let began = Instant::now();
        for _ in 0..6 {
            let mut child =
                desk.command(&["sync", "kx"]).stdout(Stdio::null()).spawn().expect("a start");
            std::thread::sleep(Duration::from_millis(random.below(60) as u64));
            killed += u32::from(child.try_wait().expect("a state").is_none());
            let _ = child.kill();
            let _ = child.wait();
            // Whatever is there by now belongs to the ledger, or was never given its name.
            for (name, bytes) in files(&copy) {
                let is_temporary =
                    name.rsplit('/').next().is_some_and(|name| name.starts_with(".tmp-"));
                if !is_temporary && let Ok(honest) = std::fs::read(site.path().join(&name)) {
                    assert!(honest == bytes || name == "checkpoint", "{name}");
                }
            }
        }
        let answer = desk.done(&["sync", "kx"]);
        let size = ledger.entries.len() as u64;
        assert_eq!(answer["ledgers"][0]["size"], size, "{answer}");
        let report =
            audit(&AuditInput::of(&copy, i64::MAX), &Progress::silent()).expect("an audit");
        assert_eq!(report.state, LedgerState::Consistent, "{:?}", report.findings);
        assert_eq!(report.head.map(|head| head.size.0), Some(size));
        let larger = ledger.entries.len() + 600;
        grow(&mut ledger, &anna, larger, &format!("round {round}"));
        publish::publish(&ledger, site.path());
        assert!(began.elapsed() < Duration::from_secs(60));
    }
    assert!(killed > 3, "only {killed} of 24 were still at work");
}
