use std::fmt;
use std::fs;
use std::path::Path;

use super::super::disk::RealDisk;
use super::super::disk::faulty::{Fault, FaultyDisk};
use super::super::layout::NewStore;
use super::*;
use crate::tlog::hash::leaf_hash;

const LEDGER: LedgerId = LedgerId(Hash([9; 32]));

fn key() -> SecretKey {
    SecretKey::from_seed(&[5; 32])
}

fn tree(size: u64) -> Tree {
    Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) }
}

fn head(size: u64, incarnation: u8) -> Head {
    let origin = Origin::new("example.park/ledger").unwrap();
    Head::new(LEDGER, origin, tree(size), Incarnation([incarnation; 16]))
}

fn places_on(disk: Arc<dyn Disk>, folder: &Path) -> HeadPlaces {
    let store = StoreFolder::at(folder).unwrap();
    let state = StateFolder::at(&folder.join("state"));
    HeadPlaces {
        patience: Duration::from_millis(50),
        ..HeadPlaces::new(disk, store, state, Holder::this_process("treering add"))
    }
}

fn places(folder: &Path) -> HeadPlaces {
    places_on(Arc::new(RealDisk), folder)
}

/// A store with a signed head of size 2.
fn founded() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let holder = Holder::this_process("treering init");
    NewStore::begin(Arc::new(RealDisk), folder.path(), &holder).unwrap().finish().unwrap();
    GuardedHead::found(places(folder.path()), head(2, 1)).unwrap();
    folder
}

fn suspicion<T: fmt::Debug>(result: Result<T, HeadError>) -> Suspicion {
    match result.unwrap_err() {
        HeadError::MustNotSign(refusal) => refusal.because,
        other => panic!("{other}"),
    }
}

/// The whole folder as a backup would take it, without the state.
fn copy_store(from: &Path, to: &Path) {
    let to = to.join(".treering");
    for folder in ["ledgers", "heads"] {
        fs::create_dir_all(to.join(folder)).unwrap();
    }
    let name = LEDGER.to_string();
    let head = from.join(".treering/heads").join(&name);
    fs::copy(head, to.join("heads").join(name)).unwrap();
}

#[test]
fn the_text_is_that_of_the_example() {
    let head = Head { incarnation: Incarnation([0x81; 16]), ..head(42, 0) };
    let text = head.print();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "treering/head/v1");
    assert_eq!(lines[1], format!("ledger {LEDGER}"));
    assert_eq!(lines[2], format!("incarnation {}", "81".repeat(16)));
    assert_eq!(lines[3..6], ["", "example.park/ledger", "42"]);
    assert_eq!(Head::parse(text.as_bytes()), Ok(head));
    for length in 0..text.len() {
        assert!(Head::parse(&text.as_bytes()[..length]).is_err(), "{length}");
    }
    for (from, to) in [("v1", "v2"), ("\n42\n", "\n042\n"), ("\n\n", "\n"), ("park", "p rk")] {
        assert!(Head::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{to:?}");
    }
}

#[test]
fn a_head_moves_forward_and_signs_the_same_bytes_again() {
    let folder = founded();
    let guarded = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
    assert_eq!(guarded.head(), &head(2, 1));
    let signable = guarded.advance(tree(5), Incarnation([2; 16])).unwrap();
    let line = signable.sign(&key());
    let again = signable.signed().sign_again().unwrap();
    assert_eq!(again.sign(&key()), line);
    drop(again);
    let guarded = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
    assert_eq!(guarded.head(), &head(5, 2));
    let smaller = guarded.advance(tree(5), Incarnation([3; 16])).unwrap_err();
    assert!(matches!(smaller, HeadError::NotLarger { .. }));
}

#[test]
fn a_ledger_is_founded_once() {
    let folder = founded();
    let again = GuardedHead::found(places(folder.path()), head(3, 7)).unwrap_err();
    assert!(matches!(again, HeadError::Exists(LEDGER)));
}

#[test]
fn while_one_may_sign_nobody_else_moves() {
    let folder = founded();
    let signable = GuardedHead::open(places(folder.path()), LEDGER)
        .unwrap()
        .advance(tree(5), Incarnation([2; 16]))
        .unwrap();
    let waiting = GuardedHead::open(places(folder.path()), LEDGER).unwrap_err();
    assert!(matches!(waiting, HeadError::Outside(OutsideError::Lock(_))), "{waiting}");
    drop(signable);
    GuardedHead::open(places(folder.path()), LEDGER).unwrap();
}

/// Both copies open while they agree; one signs; the other must not.
#[test]
fn of_two_copies_in_use_only_one_signs() {
    let (folder, copy) = (founded(), tempfile::tempdir().unwrap());
    copy_store(folder.path(), copy.path());
    let places_of_copy =
        HeadPlaces { store: StoreFolder::at(copy.path()).unwrap(), ..places(folder.path()) };
    let first = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
    let second = GuardedHead::open(places_of_copy.clone(), LEDGER).unwrap();
    first.advance(tree(5), Incarnation([2; 16])).unwrap();
    let found = suspicion(second.advance(tree(5), Incarnation([3; 16])));
    let (head, remembered) = (head(2, 1).mark(), head(5, 2).mark());
    assert_eq!(found, Suspicion::OtherHead { head, remembered });
    assert_eq!(suspicion(GuardedHead::open(places_of_copy, LEDGER)), found);
}

#[test]
fn a_restored_backup_does_not_sign() {
    let (folder, backup) = (founded(), tempfile::tempdir().unwrap());
    copy_store(folder.path(), backup.path());
    let guarded = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
    guarded.advance(tree(5), Incarnation([2; 16])).unwrap();
    copy_store(backup.path(), folder.path());
    let found = suspicion(GuardedHead::open(places(folder.path()), LEDGER));
    let (head, remembered) = (head(2, 1).mark(), head(5, 2).mark());
    assert_eq!(found, Suspicion::OtherHead { head, remembered });
}

/// Restoring also the record's size and root is not enough: the incarnation differs.
#[test]
fn the_same_tree_signed_by_another_copy_is_noticed() {
    let folder = founded();
    let places = places(folder.path());
    places.remember(LEDGER, None, head(2, 8).mark()).unwrap();
    let text = GuardedHead::open(places, LEDGER).unwrap_err().to_string();
    assert!(text.contains("another copy of it has signed at size 2"), "{text}");
}

#[test]
fn on_another_computer_a_store_does_not_sign() {
    let folder = founded();
    let elsewhere = tempfile::tempdir().unwrap();
    let state = StateFolder::at(elsewhere.path());
    let places = HeadPlaces { state: state.clone(), ..places(folder.path()) };
    let (record, head) = (state.head(LEDGER), head(2, 1).mark());
    let found = suspicion(GuardedHead::open(places, LEDGER));
    assert_eq!(found, Suspicion::NothingRemembered { record, head });
}

#[test]
fn without_a_head_a_store_does_not_sign() {
    let folder = founded();
    let places = places(folder.path());
    fs::remove_file(places.store.head(LEDGER)).unwrap();
    let remembered = Some(head(2, 1).mark());
    let found = suspicion(GuardedHead::open(places.clone(), LEDGER));
    assert_eq!(found, Suspicion::NoHead { remembered });
    fs::remove_file(places.state.head(LEDGER)).unwrap();
    let found = suspicion(GuardedHead::open(places, LEDGER));
    assert_eq!(found, Suspicion::NoHead { remembered: None });
}

#[test]
fn a_damaged_head_or_record_is_named() {
    for damage_record in [false, true] {
        let folder = founded();
        let places = places(folder.path());
        let path = match damage_record {
            true => places.state.head(LEDGER),
            false => places.store.head(LEDGER),
        };
        let mut bytes = fs::read(&path).unwrap();
        bytes[30] ^= 1;
        fs::write(&path, bytes).unwrap();
        let text = GuardedHead::open(places, LEDGER).unwrap_err().to_string();
        assert!(text.contains(&path.display().to_string()), "{text}");
    }
}

fn true_root(size: TreeSize) -> Result<Hash, HeadError> {
    Ok(tree(size.0).root)
}

#[test]
fn resuming_needs_a_continuation_of_what_is_known() {
    let resume = |says, size, root_at: fn(TreeSize) -> Result<Hash, HeadError>| {
        let folder = founded();
        let guarded = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
        guarded.advance(tree(5), Incarnation([2; 16])).unwrap();
        // The store is rolled back to size 2; outside, 5 is remembered.
        let places = places(folder.path());
        places.write(&head(2, 1)).unwrap();
        GuardedHead::adopt(places.clone(), head(size, 7), says, root_at)?;
        GuardedHead::open(places, LEDGER).map(|guarded| guarded.head().clone())
    };
    assert_eq!(resume(Resume::FromSources, 5, true_root).unwrap(), head(5, 7));
    assert_eq!(resume(Resume::FromSources, 9, true_root).unwrap(), head(9, 7));
    let shorter = resume(Resume::FromSources, 4, true_root).unwrap_err();
    assert!(matches!(shorter, HeadError::Shorter { .. }), "{shorter}");
    assert_eq!(resume(Resume::NobodyHoldsMore, 4, true_root).unwrap(), head(4, 7));
    let other_root = |size: TreeSize| Ok(leaf_hash(&[size.0 as u8, 1]));
    for says in [Resume::FromSources, Resume::NobodyHoldsMore] {
        let contradiction = resume(says, 9, other_root).unwrap_err();
        assert!(matches!(contradiction, HeadError::Contradicts { .. }), "{contradiction}");
    }
}

#[test]
fn a_witness_who_saw_more_stops_the_signing() {
    let folder = founded();
    let guarded = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
    let text = guarded.seen_elsewhere(TreeSize(7)).to_string();
    assert!(text.contains("size 2") && text.contains("size 7"), "{text}");
}

/// Interrupts the move of a head at every durable step, in every way. Afterwards the store opens at
/// the old or the new head, nothing unsigned is taken for signed, and the next move succeeds.
#[test]
fn a_move_survives_every_fault() {
    let run = |disk: FaultyDisk| {
        let folder = founded();
        let disk = Arc::new(disk);
        let moved = GuardedHead::open(places_on(disk.clone(), folder.path()), LEDGER)
            .and_then(|guarded| guarded.advance(tree(5), Incarnation([2; 16])))
            .map(|signable| signable.sign(&key()));
        let guarded = GuardedHead::open(places(folder.path()), LEDGER).unwrap();
        if moved.is_ok() {
            assert_eq!(guarded.head(), &head(5, 2), "signed, then forgotten");
        } else {
            assert!([head(2, 1), head(5, 2)].contains(guarded.head()));
        }
        let record = places(folder.path()).recall(LEDGER).unwrap().unwrap();
        assert_eq!((record.was, record.next), (None, guarded.head().mark()));
        // Whichever head it is, another tree may follow, and only that is signed.
        let next = guarded.advance(tree(8), Incarnation([4; 16])).unwrap();
        assert_eq!(next.head(), &head(8, 4));
        disk.steps().len()
    };
    let steps = run(FaultyDisk::sound());
    assert_eq!(steps, 9, "three files, each created, renamed and its folder synced");
    for step in 0..steps {
        for fault in Fault::ALL {
            run(FaultyDisk::failing(step, fault));
        }
    }
}

/// Founding and resuming, interrupted likewise, end in a refusal or in the head, and can be done again.
#[test]
fn founding_and_resuming_survive_every_fault() {
    let run = |disk: FaultyDisk| {
        let folder = founded();
        let places_now = places(folder.path());
        fs::remove_file(places_now.state.head(LEDGER)).unwrap();
        let disk = Arc::new(disk);
        let resumed = GuardedHead::adopt(
            places_on(disk.clone(), folder.path()),
            head(5, 3),
            Resume::FromSources,
            true_root,
        );
        let resumed = resumed.map(|_| ());
        match GuardedHead::open(places_now.clone(), LEDGER) {
            Ok(guarded) => assert_eq!(guarded.head(), &head(5, 3)),
            Err(HeadError::MustNotSign(_)) => assert!(resumed.is_err(), "acknowledged, then gone"),
            Err(other) => panic!("{other}"),
        }
        let again = GuardedHead::adopt(places_now, head(6, 4), Resume::FromSources, true_root);
        assert_eq!(again.unwrap().head(), &head(6, 4));
        disk.steps().len()
    };
    let steps = run(FaultyDisk::sound());
    for step in 0..steps {
        for fault in Fault::ALL {
            run(FaultyDisk::failing(step, fault));
        }
    }
}
