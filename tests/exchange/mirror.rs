//! Mirrors of honest ledgers: byte for byte, only what is new, and mirrors of mirrors.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use treering::audit::evidence::Progress;
use treering::audit::finding::LedgerState;
use treering::audit::{AuditInput, audit};
use treering::exchange::mirror::{Job, Options, State, sync_many};
use treering::exchange::source::HttpSource;
use treering::statement::bodies::ledger::RotationReason;
use treering::store::mirrors::MirrorRecord;
use treering::store::safe_name::SafeName;
use treering::tlog::cosignature::CosignatureTime;
use treering::tlog::hash::{Tree, TreeSize};
use treering::tlog::note::KeyName;

use crate::partner::{GO_ON, Partner, files, grow, ledger_of, now, published, signed_with};
use crate::server::Server;
use crate::source::hasty;
use crate::support::{bodies, key, publish};

fn is_consistent(folder: &Path) {
    let report = audit(&AuditInput::of(folder, i64::MAX), &Progress::silent()).expect("an audit");
    assert_eq!(report.state, LedgerState::Consistent, "{:?}", report.findings);
}

#[test]
fn a_mirror_is_a_full_copy_and_can_be_mirrored() {
    let (mut ledger, anna) = ledger_of("park", 3);
    let (partner, second) = (Partner::new(), Partner::new());
    for size in [3, 4, 255, 256, 257, 300, 600] {
        grow(&mut ledger, &anna, size, "season");
        let folder = published(&ledger);
        let before = partner.held(ledger.id).tree().unwrap_or(Tree::empty());
        let synced = partner.sync_folder(ledger.id, folder.path());
        assert_eq!(synced.state, State::Grown, "{synced:?}");
        assert_eq!((synced.before, synced.after.0), (before.size, size as u64));
        assert_eq!(synced.unsound, 0, "{:?}", synced.sentences);
        for (name, bytes) in files(folder.path()) {
            let copied = fs::read(partner.copy().join(&name)).expect(&name);
            assert_eq!(copied, bytes, "{name} at {size}");
        }
        is_consistent(&partner.copy());
        // Once more changes nothing.
        let before = files(&partner.copy());
        assert_eq!(partner.sync_folder(ledger.id, folder.path()).state, State::AsBefore);
        assert_eq!(files(&partner.copy()), before);
        // And from the mirror alone.
        assert_eq!(second.sync_folder(ledger.id, &partner.copy()).state, State::Grown);
        is_consistent(&second.copy());
    }
    assert_eq!(partner.held(ledger.id).seen, []);
}

#[test]
fn only_what_is_new_is_fetched() {
    let (mut ledger, anna) = ledger_of("park", 700);
    let folder = published(&ledger);
    let server = Server::of_folder(folder.path());
    let source = HttpSource::new(&server.address, hasty()).expect("an address");
    let partner = Partner::new();
    assert_eq!(partner.sync(ledger.id, &source).state, State::Grown);
    let first = server.paths().len();
    assert!(first < 16, "{:?}", server.paths());

    assert_eq!(partner.sync(ledger.id, &source).state, State::AsBefore);
    let asked = server.paths()[first..].to_vec();
    assert_eq!(asked, ["/checkpoint", "/checkpoints/sizes"], "{asked:?}");

    grow(&mut ledger, &anna, 710, "late season");
    publish::publish(&ledger, folder.path());
    let before = server.paths().len();
    assert_eq!(partner.sync(ledger.id, &source).state, State::Grown);
    let asked = server.paths()[before..].to_vec();
    let bundles = asked.iter().filter(|path| path.contains("entries")).count();
    assert_eq!(bundles, 1, "{asked:?}");
    assert!(asked.len() <= 6, "{asked:?}");
}

#[test]
fn a_log_key_that_was_replaced_while_nobody_looked() {
    let (mut ledger, anna) = ledger_of("park", 5);
    let folder = published(&ledger);
    let partner = Partner::new();
    assert_eq!(partner.sync_folder(ledger.id, folder.path()).state, State::Grown);

    let new = key("new log key");
    let rotation = bodies::rotate_log_key(&new, RotationReason::Lost, true);
    ledger.file_also(&ledger.root.clone(), rotation, &[&new]);
    grow(&mut ledger, &anna, 400, "after");
    publish::publish(&ledger, folder.path());
    let head = signed_with(&ledger, &new);
    publish::write(folder.path(), "checkpoint", head.to_string().as_bytes());
    let synced = partner.sync_folder(ledger.id, folder.path());
    assert_eq!(synced.state, State::Grown, "{synced:?}");
    is_consistent(&partner.copy());

    // A first copy made after that, and a head under the old key.
    let late = Partner::new();
    assert_eq!(late.sync_folder(ledger.id, folder.path()).state, State::Grown);
    let head = signed_with(&ledger, &ledger.log.clone());
    publish::write(folder.path(), "checkpoint", head.to_string().as_bytes());
    let refused = Partner::new().sync_folder(ledger.id, folder.path());
    assert!(matches!(refused.state, State::Refused { .. }), "{refused:?}");
    assert_eq!(refused.after, TreeSize(0));
}

#[test]
fn statements_that_do_not_hold_are_kept_and_named() {
    let (mut ledger, anna) = ledger_of("park", 4);
    // Numbered as one that is missing.
    let mut draft = ledger.draft(&anna, bodies::anchor("skipped"));
    draft.payload.chain.seq += 1;
    let gap = draft.sign(&anna).expect("a draft");
    ledger.append(gap);
    let stranger = key("stranger");
    let foreign = ledger.draft(&stranger, bodies::anchor("nobody's")).sign(&stranger);
    ledger.append(foreign.expect("a draft"));
    let folder = published(&ledger);
    let partner = Partner::new();
    let synced = partner.sync_folder(ledger.id, folder.path());
    assert_eq!(synced.state, State::Grown);
    assert_eq!(synced.unsound, 2, "{:?}", synced.sentences);
    assert!(synced.sentences[0].starts_with("statement 4: "), "{:?}", synced.sentences);
    assert_eq!(synced.after.0, 6);
    // And still known the next time, from the note of how far it was checked.
    assert_eq!(partner.sync_folder(ledger.id, folder.path()).unsound, 2);
}

#[test]
fn cosigned_checkpoints_come_along() {
    let (mut ledger, anna) = ledger_of("park", 300);
    let folder = published(&ledger);
    let (witness, name) = (key("witness"), KeyName::new("witness.example/w1").expect("a name"));
    let cosigned = |ledger: &crate::support::Ledger, size: u64| {
        let mut checkpoint = publish::checkpoint(ledger, size);
        let time = CosignatureTime::new(1_780_000_000).expect("a time");
        checkpoint.add(checkpoint.checkpoint().cosign(&witness, &name, time)).expect("room");
        checkpoint.to_string()
    };
    publish::write(folder.path(), "checkpoints/7", cosigned(&ledger, 7).as_bytes());
    publish::write(folder.path(), "checkpoints/299", cosigned(&ledger, 299).as_bytes());
    publish::write(folder.path(), "checkpoints/sizes", b"7\n299\n");
    let partner = Partner::new();
    partner.sync_folder(ledger.id, folder.path());
    for name in ["checkpoints/7", "checkpoints/299", "checkpoints/sizes"] {
        let both = [folder.path(), &partner.copy()].map(|copy| fs::read(copy.join(name)).ok());
        assert_eq!(both[0], both[1], "{name}");
    }
    // One that contradicts the tree is a fork.
    grow(&mut ledger, &anna, 310, "honest");
    let mut forged = crate::partner::ledger_of("park", 2).0;
    let other_key = key("park/anna");
    grow(&mut forged, &other_key, 305, "another history");
    publish::publish(&ledger, folder.path());
    publish::write(folder.path(), "checkpoints/305", cosigned(&forged, 305).as_bytes());
    publish::write(folder.path(), "checkpoints/sizes", b"7\n299\n305\n");
    let synced = partner.sync_folder(ledger.id, folder.path());
    assert!(matches!(synced.state, State::Forked { freezes: true, .. }), "{synced:?}");
}

#[test]
fn a_ledger_larger_than_its_turn_goes_on_where_it_stopped() {
    use treering::exchange::mirror::{Turn, sync};
    let (ledger, _) = ledger_of("park", 2_000);
    let folder = published(&ledger);
    let partner = Partner::new();
    partner.shelf.add(&partner.record(ledger.id)).expect("a mirror");
    let source = treering::exchange::source::FolderSource::new(folder.path());
    let options = Options { manifests: false, now: now(), witnesses: Vec::new() };
    let mut turns = 0;
    loop {
        let lots = AtomicUsize::new(0);
        let is_over = || lots.fetch_add(1, Ordering::Relaxed) >= 3;
        let turn = Turn { stop: &GO_ON, is_over: &is_over, progress: &|_| () };
        let synced = sync(&partner.shelf, &partner.record(ledger.id), &source, &options, turn);
        turns += 1;
        match synced.expect("this store works").state {
            State::Paused => assert!(turns < 10, "it never ends"),
            state => {
                assert_eq!(state, State::Grown);
                break;
            }
        }
    }
    assert!(turns > 1);
    is_consistent(&partner.copy());
}

#[test]
fn three_hundred_ledgers_and_those_that_are_dead_delay_nobody() {
    let partner = Partner::new();
    let folders: Vec<_> = (0..280)
        .map(|number| {
            let (ledger, _) = ledger_of(&format!("park {number}"), 3);
            (ledger.id, published(&ledger))
        })
        .collect();
    // Listens, and never says a word.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let dead = format!("http://{}/kx", silent.local_addr().expect("an address"));
    // First in line, so that they would be in everybody's way.
    let dead = (0..20).map(|_| (folders[0].0, dead.clone()));
    let honest = folders.iter().map(|(id, folder)| (*id, folder.path().display().to_string()));
    let mirrors: Vec<MirrorRecord> = (100..)
        .zip(dead.chain(honest))
        .map(|(number, (ledger, source))| MirrorRecord {
            name: SafeName::new(&format!("m{number}")).expect("a name"),
            ledger,
            source,
            added: now(),
        })
        .collect();
    let options = Options { manifests: false, now: now(), witnesses: Vec::new() };
    let stop = AtomicBool::new(false);
    let began = Instant::now();
    let last_honest = std::sync::Mutex::new(Duration::ZERO);
    let done = |record: &MirrorRecord, _: &_| {
        if !record.source.starts_with("http") {
            *last_honest.lock().expect("a time") = began.elapsed();
        }
    };
    let job = Job {
        at_once: 16,
        patience: treering::exchange::source::Patience {
            answer: Duration::from_millis(1_000),
            ..hasty()
        },
        stop: &stop,
        done: &done,
        progress: &|_, _| (),
    };
    let results = sync_many(&partner.shelf, &mirrors, &options, job);
    assert_eq!(results.len(), 300);
    let mut unreachable = 0;
    for (mirror, result) in mirrors.iter().zip(results) {
        let state = result.expect("this store works").state;
        match mirror.source.starts_with("http") {
            true => {
                assert!(matches!(state, State::Unreachable { .. }), "{state:?}");
                unreachable += 1;
            }
            false => assert!(matches!(state, State::Grown | State::AsBefore), "{state:?}"),
        }
    }
    assert_eq!(unreachable, 20);
    // Asked once for a second, and again when all others were done.
    let (last_honest, all) = (*last_honest.lock().expect("a time"), began.elapsed());
    assert!(last_honest < all, "{last_honest:?} of {all:?}");
    drop(silent);
}
