//! What a witness remembers: durable before an answer leaves, guarded against copies, and never less
//! than what it signed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use treering::exchange::witness::{
    Cosigned, Identity, Witness, WitnessError, WitnessPlaces, watch,
};
use treering::store::disk::faulty::{Fault, FaultyDisk};
use treering::store::disk::{Disk, RealDisk};
use treering::store::layout::{NewStore, StoreFolder};
use treering::store::lock::Holder;
use treering::store::must_not_sign::Suspicion;
use treering::store::outside::{Incarnation, StateFolder};
use treering::tlog::checkpoint::SignedCheckpoint;
use treering::tlog::cosignature::CosignatureTime;
use treering::tlog::hash::{Hash, Tree};
use treering::tlog::note::KeyName;
use treering::tlog::witness::{AddCheckpoint, Declined};

use crate::support::{key, random::Random};
use crate::two_histories::{Side, TwoHistories, consistent};

const NOW: u64 = 1_800_000_000;

fn time(seconds: u64) -> CosignatureTime {
    CosignatureTime::new(seconds).unwrap()
}

fn holder() -> Holder {
    Holder::this_process("test")
}

fn incarnation(number: u64) -> Incarnation {
    let hash = Hash::of(&number.to_be_bytes());
    Incarnation(hash.0[..16].try_into().unwrap())
}

/// A witness on a computer of its own.
struct Desk {
    home: TempDir,
}

impl Desk {
    fn new(log: &TwoHistories) -> Desk {
        let desk = Desk { home: tempfile::tempdir().unwrap() };
        let new = NewStore::begin(Arc::new(RealDisk), &desk.home.path().join("partner"), &holder());
        new.unwrap().finish().unwrap();
        let identity = Identity::new(KeyName::new("w.example").unwrap(), key("witness").public());
        desk.places(Arc::new(RealDisk)).found(&identity).unwrap();
        desk.watch(log);
        desk
    }

    fn watch(&self, log: &TwoHistories) {
        let places = self.places(Arc::new(RealDisk));
        let identity = places.identity().unwrap();
        watch(&places, &identity, &log.origin, log.vkey(), incarnation(0)).unwrap();
    }

    fn folder(&self) -> PathBuf {
        self.home.path().join("partner")
    }

    fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    fn places(&self, disk: Arc<dyn Disk>) -> WitnessPlaces {
        self.places_in(disk, &self.folder())
    }

    fn places_in(&self, disk: Arc<dyn Disk>, folder: &Path) -> WitnessPlaces {
        let store = StoreFolder::at(folder).unwrap();
        let state = StateFolder::at(&self.state());
        WitnessPlaces { disk, store, state, holder: holder(), patience: Duration::from_secs(5) }
    }

    fn witness(&self, disk: Arc<dyn Disk>) -> Witness {
        Witness::open(self.places(disk), key("witness")).unwrap()
    }

    fn ask(&self, request: &AddCheckpoint, now: u64) -> Result<Cosigned, WitnessError> {
        self.witness(Arc::new(RealDisk)).cosign(request, time(now), incarnation(now))
    }

    fn newest(&self, log: &TwoHistories) -> Option<SignedCheckpoint> {
        let origin = Hash::of(log.origin.as_str().as_bytes());
        self.witness(Arc::new(RealDisk)).newest(origin).unwrap()
    }

    /// A copy of the store, without the outside records.
    fn copy(&self, to: &Path) {
        copy(&self.folder(), to);
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let to = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(to).unwrap(),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

fn log() -> TwoHistories {
    TwoHistories::new("example.park/ledger", 20, 8)
}

fn declined(result: Result<Cosigned, WitnessError>) -> Declined {
    match result {
        Err(WitnessError::Declined(declined)) => declined,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_log_grows_and_is_cosigned() {
    let log = log();
    let desk = Desk::new(&log);
    assert!(desk.newest(&log).is_none());
    for (old, new) in [(0, 3), (3, 3), (3, 8), (8, 20)] {
        let cosigned = desk.ask(&log.request(Side::A, old, new), NOW + new).unwrap();
        assert_eq!(cosigned.tree, log.tree(Side::A, new));
        let newest = desk.newest(&log).unwrap();
        assert_eq!(newest.tree(), cosigned.tree);
        let identity = desk.witness(Arc::new(RealDisk)).identity().clone();
        let log_key = log.vkey();
        let known = newest.note().check([&log_key, identity.vkey()]).unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(known[1].time, Some(cosigned.time));
    }
}

#[test]
fn times_never_go_back_and_the_same_second_gives_the_same_line() {
    let log = log();
    let desk = Desk::new(&log);
    let first = desk.ask(&log.request(Side::A, 0, 3), NOW).unwrap();
    assert_eq!(desk.ask(&log.request(Side::A, 3, 3), NOW).unwrap(), first);
    assert_eq!(desk.ask(&log.request(Side::A, 3, 3), NOW - 500).unwrap(), first);
    let later = desk.ask(&log.request(Side::A, 3, 3), NOW + 1).unwrap();
    assert_eq!(later.time, time(NOW + 1));
    let grown = desk.ask(&log.request(Side::A, 3, 5), NOW - 500).unwrap();
    assert_eq!(grown.time, time(NOW + 1));
}

#[test]
fn only_checked_lines_are_kept() {
    let log = log();
    let desk = Desk::new(&log);
    // A line under the witness's own name and id, as an attacker would put it there.
    let checkpoint = log.checkpoint(Side::A, 3);
    let identity = desk.witness(Arc::new(RealDisk)).identity().clone();
    let forged = log.checkpoint(Side::B, 12).checkpoint().cosign(
        &key("witness"),
        identity.name(),
        time(NOW + 99),
    );
    let lines = vec![checkpoint.note().signatures()[0].clone(), forged.clone()];
    let text = checkpoint.checkpoint().clone();
    let request =
        AddCheckpoint::new(treering::tlog::hash::TreeSize(0), vec![], text, lines).unwrap();
    desk.ask(&request, NOW).unwrap();
    let newest = desk.newest(&log).unwrap();
    assert_eq!(newest.note().check([&log.vkey(), identity.vkey()]).unwrap().len(), 2);
    assert_eq!(newest.note().signatures().len(), 2);
    assert!(!newest.note().signatures().contains(&forged));
}

#[test]
fn a_log_that_contradicts_itself_is_kept_as_proof_and_not_cosigned_any_more() {
    let log = log();
    let desk = Desk::new(&log);
    desk.ask(&log.request(Side::A, 0, 12), NOW).unwrap();
    let refused = declined(desk.ask(&log.request(Side::B, 12, 12), NOW + 1));
    assert!(matches!(refused, Declined::Contradicts { .. }), "{refused}");
    let places = desk.places(Arc::new(RealDisk));
    let origin = Hash::of(log.origin.as_str().as_bytes());
    let kept = places.contradiction(origin).unwrap().unwrap();
    assert_eq!(kept, log.checkpoint(Side::B, 12));
    assert_eq!(places.read(origin).unwrap().unwrap().note, Some(log.checkpoint(Side::A, 12)));
    for request in [log.request(Side::A, 12, 12), log.request(Side::A, 12, 13)] {
        let frozen = desk.ask(&request, NOW + 2).unwrap_err();
        assert!(matches!(frozen, WitnessError::Frozen(_)), "{frozen}");
        assert_eq!(frozen.status(), 403);
    }
    let witness = desk.witness(Arc::new(RealDisk));
    assert!(witness.release(&log.origin, time(NOW + 3)).unwrap());
    desk.ask(&log.request(Side::A, 12, 13), NOW + 4).unwrap();
    assert!(!witness.release(&log.origin, time(NOW + 5)).unwrap());
}

fn suspicion(result: Result<Cosigned, WitnessError>) -> Suspicion {
    match result {
        Err(WitnessError::MustNotSign { because, .. }) => *because,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_restored_witness_does_not_sign_until_it_is_told_what_it_signed() {
    let log = log();
    let desk = Desk::new(&log);
    desk.ask(&log.request(Side::A, 0, 9), NOW).unwrap();
    let backup = tempfile::tempdir().unwrap();
    desk.copy(backup.path());
    desk.ask(&log.request(Side::A, 9, 12), NOW + 1).unwrap();
    fs::remove_dir_all(desk.folder()).unwrap();
    copy(backup.path(), &desk.folder());

    // The dishonest log shows it the other history from where the backup stands.
    let other = log.request_with(Side::B, 9, 13, log.proof(Side::A, 9, 13));
    let because = suspicion(desk.ask(&log.request(Side::A, 9, 13), NOW + 2));
    assert!(matches!(because, Suspicion::OtherHead { .. }), "{because}");
    assert!(desk.ask(&other, NOW + 2).is_err());

    // This computer remembers size, root and time; that is enough to go on.
    let witness = desk.witness(Arc::new(RealDisk));
    let resumed = witness.resume(&[], || incarnation(77)).unwrap();
    assert_eq!(resumed, [log.origin.to_string()]);
    assert_eq!(declined(desk.ask(&log.request(Side::A, 9, 13), NOW + 3)).status(), 409);
    assert_eq!(declined(desk.ask(&log.request(Side::B, 12, 13), NOW + 3)).status(), 422);
    desk.ask(&log.request(Side::A, 12, 13), NOW + 3).unwrap();
}

#[test]
fn a_witness_copied_to_another_computer_does_not_sign() {
    let log = log();
    let desk = Desk::new(&log);
    let nine = desk.ask(&log.request(Side::A, 0, 9), NOW).unwrap();
    let elsewhere = Desk { home: tempfile::tempdir().unwrap() };
    desk.copy(&elsewhere.folder());
    let because = suspicion(elsewhere.ask(&log.request(Side::A, 9, 13), NOW + 1));
    assert!(matches!(because, Suspicion::NothingRemembered { .. }), "{because}");

    // The first one goes on meanwhile; the person shows the second what it signed.
    let twelve = desk.ask(&log.request(Side::A, 9, 12), NOW + 5).unwrap();
    let mut shown = log.checkpoint(Side::A, 12);
    shown.add(twelve.line).unwrap();
    let witness = elsewhere.witness(Arc::new(RealDisk));
    assert_eq!(witness.resume(&[shown], || incarnation(78)).unwrap().len(), 1);
    assert_eq!(declined(elsewhere.ask(&log.request(Side::A, 9, 13), NOW + 6)).status(), 409);
    let thirteen = elsewhere.ask(&log.request(Side::A, 12, 13), NOW + 2).unwrap();
    assert_eq!(thirteen.time, time(NOW + 5), "times never go back, across computers either");

    // Two trees of one size under our own name: nothing can mend that, and nothing goes on.
    let mut ours = log.checkpoint(Side::A, 13);
    ours.add(thirteen.line).unwrap();
    let lie = log.checkpoint(Side::B, 13);
    let name = KeyName::new("w.example").unwrap();
    let mut lie_cosigned = lie.clone();
    lie_cosigned.add(lie.checkpoint().cosign(&key("witness"), &name, time(NOW))).unwrap();
    let stopped = witness.resume(&[lie_cosigned], || incarnation(79)).unwrap_err();
    assert!(matches!(stopped, WitnessError::TwoTrees { .. }), "{stopped}");
    assert_eq!(nine.tree, log.tree(Side::A, 9));
}

/// Two copies on one computer share the outside record: the second sees that the first has signed.
#[test]
fn of_two_copies_on_one_computer_the_second_does_not_sign() {
    let log = log();
    let desk = Desk::new(&log);
    desk.ask(&log.request(Side::A, 0, 9), NOW).unwrap();
    let second = desk.home.path().join("second");
    copy(&desk.folder(), &second);
    desk.ask(&log.request(Side::A, 9, 12), NOW + 1).unwrap();
    let places = desk.places_in(Arc::new(RealDisk), &second);
    let witness = Witness::open(places, key("witness")).unwrap();
    let refused = witness.cosign(&log.request(Side::A, 9, 10), time(NOW + 2), incarnation(2));
    assert!(matches!(suspicion(refused), Suspicion::OtherHead { .. }));
}

/// A log whose record is lost is watched again from where this computer knows it to be.
#[test]
fn a_lost_record_is_taken_up_from_memory() {
    let log = log();
    let desk = Desk::new(&log);
    desk.ask(&log.request(Side::A, 0, 9), NOW).unwrap();
    let origin = Hash::of(log.origin.as_str().as_bytes());
    fs::remove_dir_all(desk.folder().join(".treering/witness").join(origin.to_string())).unwrap();
    assert_eq!(declined(desk.ask(&log.request(Side::A, 9, 10), NOW + 1)).status(), 404);
    desk.watch(&log);
    assert_eq!(declined(desk.ask(&log.request(Side::B, 0, 12), NOW + 1)).status(), 409);
    desk.ask(&log.request(Side::A, 9, 10), NOW + 1).unwrap();
}

#[test]
fn a_log_must_not_have_the_witness_s_name_or_key() {
    let log = log();
    let desk = Desk::new(&log);
    let places = desk.places(Arc::new(RealDisk));
    let identity = places.identity().unwrap();
    let twin = TwoHistories::new("w.example", 1, 1);
    let refused = watch(&places, &identity, &twin.origin, twin.vkey(), incarnation(1));
    assert!(matches!(refused, Err(WitnessError::OwnName)));
    let own = treering::tlog::checkpoint::log_vkey(&log.origin, key("witness").public());
    let refused = watch(&places, &identity, &log.origin, own, incarnation(1));
    assert!(matches!(refused, Err(WitnessError::OwnName)));
}

/// A power cut or a full disk at every step: what was answered is never contradicted later, whichever
/// history the log shows next.
#[test]
fn no_fault_makes_a_witness_sign_two_inconsistent_heads() {
    let log = log();
    let run = |disk: FaultyDisk| {
        let desk = Desk::new(&log);
        let disk = Arc::new(disk);
        let mut left: Vec<(Side, u64)> = Vec::new();
        let dying = desk.witness(disk.clone());
        for (old, new) in [(0, 9), (9, 10), (10, 10)] {
            let asked =
                dying.cosign(&log.request(Side::A, old, new), time(NOW + new), incarnation(new));
            if asked.is_ok() {
                left.push((Side::A, new));
            }
        }
        // The power is back. The log tries the other history from wherever the witness may be.
        for side in [Side::B, Side::A] {
            for old in [0, 9, 10, 12, 13] {
                let request = log.request(side, old, 13.max(old));
                match desk.ask(&request, NOW + 20) {
                    Ok(_) => left.push((side, 13.max(old))),
                    Err(WitnessError::Declined(_) | WitnessError::Frozen(_)) => {}
                    Err(other) => panic!("a crash is not a copy: {other}"),
                }
            }
        }
        for (side, size) in &left {
            for (other_side, other) in &left {
                assert!(
                    consistent(log.leaves(*side, *size), log.leaves(*other_side, *other)),
                    "{left:?}"
                );
            }
        }
        assert!(!left.is_empty());
        disk.steps().len()
    };
    let steps = run(FaultyDisk::sound());
    assert!(steps > 10, "{steps}");
    for step in 0..steps {
        for fault in Fault::ALL {
            run(FaultyDisk::failing(step, fault));
        }
    }
}

/// Eight at once, each with another history: they take turns, and what leaves is one history.
#[test]
fn many_at_once_get_one_history() {
    let log = log();
    let desk = Desk::new(&log);
    let all: Vec<(Side, Tree)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8_u64)
            .map(|number| {
                let (log, desk) = (&log, &desk);
                scope.spawn(move || {
                    let witness = desk.witness(Arc::new(RealDisk));
                    let side = if number % 2 == 0 { Side::A } else { Side::B };
                    let (mut random, mut got, mut old) = (Random::seeded(number), Vec::new(), 0);
                    for _ in 0..25 {
                        let new = old.max(1) + random.next() % 3;
                        let request = log.request(side, old.min(20), new.min(20));
                        match witness.cosign(&request, time(NOW), incarnation(random.next())) {
                            Ok(cosigned) => {
                                old = cosigned.tree.size.0;
                                got.push((side, cosigned.tree));
                            }
                            Err(WitnessError::Declined(Declined::OtherSize(size))) => old = size.0,
                            Err(WitnessError::Declined(_) | WitnessError::Frozen(_)) => break,
                            Err(other) => panic!("{other}"),
                        }
                    }
                    got
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.len() > 3, "{}", all.len());
    for (side, tree) in &all {
        for (other_side, other) in &all {
            let (one, other) =
                (log.leaves(*side, tree.size.0), log.leaves(*other_side, other.size.0));
            assert!(consistent(one, other), "{all:?}");
        }
    }
}
