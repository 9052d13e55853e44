//! Two histories of one ledger: every way they meet, the proof, and what people decide.

use std::fs;

use treering::exchange::fork::first_difference;
use treering::exchange::mirror::{Meeting, State, checkpoint_of, meet_mirror, resolve, tree_of};
use treering::exchange::source::FolderSource;
use treering::statement::bodies::ledger::RotationReason;
use treering::statement::fork_file::{ForkFault, ForkFile, Side};
use treering::store::forks::Resolution;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::fork::NotAFork;
use treering::tlog::hash::{Position, TreeSize};

use crate::partner::{Partner, files, grow, ledger_of, now, published, signed_with};
use crate::support::program::Desk;
use crate::support::{Ledger, bodies, key, publish};

/// One ledger with two histories that part at `common`.
fn histories(common: usize, a: usize, b: usize) -> (Ledger, Ledger, SecretKey) {
    let (ledger, anna) = ledger_of("park", common);
    let (mut one, mut two) = (ledger.clone(), ledger);
    grow(&mut one, &anna, a, "as it was");
    grow(&mut two, &anna, b, "as they wish it had been");
    (one, two, anna)
}

fn proof_of(partner: &Partner, state: &State) -> ForkFile {
    let State::Forked { id, freezes: true } = state else { panic!("{state:?}") };
    let fork = partner.shelf.forks.find(id.as_str()).expect("a proof");
    fork.file
}

/// Judged from its bytes alone.
fn holds(file: &ForkFile, ledger: &Ledger) {
    let read = ForkFile::read(file.to_json().as_bytes()).expect("a fork proof");
    assert_eq!(read, *file);
    let checked = read.check(Some(ledger.id)).expect("it proves a fork");
    assert_eq!((checked.ledger, checked.retired), (ledger.id, None));
}

#[test]
fn every_way_in_which_sizes_can_meet() {
    for (common, a, b) in [(3, 5, 5), (3, 4, 9), (255, 300, 900), (300, 310, 301), (256, 600, 257)]
    {
        let (one, two, _) = histories(common, a, b);
        let (here, there) = (published(&one), published(&two));
        let partner = Partner::new();
        assert_eq!(partner.sync_folder(one.id, here.path()).state, State::Grown);
        let copy = files(&partner.copy());
        let synced = partner.sync_folder(one.id, there.path());
        let file = proof_of(&partner, &synced.state);
        holds(&file, &one);
        let difference = file.difference.as_ref().expect("both trees were at hand");
        assert_eq!(difference.position, Position(common as u64));
        let entries = [&one, &two].map(|ledger| ledger.entries[common].bytes().to_vec());
        let sides = [&difference.smaller.bytes, &difference.larger.bytes];
        assert!(entries.iter().all(|entry| sides.contains(&entry)));
        // Frozen, and nothing has changed.
        for folder in [&here, &there] {
            let synced = partner.sync_folder(one.id, folder.path());
            assert!(matches!(synced.state, State::Frozen { .. }), "{synced:?}");
        }
        assert_eq!(files(&partner.copy()), copy);
    }
}

#[test]
fn a_proof_made_up_or_damaged_proves_nothing() {
    let (one, two, _) = histories(3, 5, 9);
    let partner = Partner::new();
    partner.sync_folder(one.id, published(&one).path());
    let file = proof_of(&partner, &partner.sync_folder(one.id, published(&two).path()).state);
    let check = |file: &ForkFile| file.check(Some(one.id)).map(|_| ());
    assert_eq!(check(&file), Ok(()));

    let other = ledger_of("other park", 2).0;
    assert_eq!(file.check(Some(other.id)).err(), Some(ForkFault::OtherLedger(one.id)));
    let mut cut = file.clone();
    cut.statements.clear();
    assert_eq!(check(&cut), Err(ForkFault::NoGenesis));
    let mut no_inclusion = file.clone();
    no_inclusion.inclusion.pop();
    assert!(matches!(check(&no_inclusion), Err(ForkFault::Inclusion(_))));
    let mut no_difference = file.clone();
    no_difference.difference = None;
    assert_eq!(check(&no_difference), Ok(()));
    let mut swapped = file.clone();
    if let Some(difference) = &mut swapped.difference {
        std::mem::swap(&mut difference.smaller, &mut difference.larger);
    }
    assert_eq!(check(&swapped), Err(ForkFault::Difference));

    // Two checkpoints of one history.
    let earlier = publish::checkpoint(&two, 5);
    let honest = ForkFile {
        proof: treering::tlog::fork::ForkProof::new(
            earlier,
            file.proof.larger().clone(),
            file.proof.prefix().cloned(),
        ),
        difference: None,
        ..file.clone()
    };
    assert_eq!(check(&honest), Err(ForkFault::NotAFork(NotAFork::Consistent)));
    // A proof that fails shows nothing.
    let mut prefix = file.proof.prefix().cloned().expect("sizes differ");
    prefix.root = two.tree().root;
    let unexplained = ForkFile {
        proof: treering::tlog::fork::ForkProof::new(
            file.proof.smaller().clone(),
            file.proof.larger().clone(),
            Some(prefix),
        ),
        ..file.clone()
    };
    let fault = check(&unexplained);
    assert!(
        matches!(fault, Err(ForkFault::NotAFork(NotAFork::UnexplainedByProof(_)))),
        "{fault:?}"
    );

    // Every byte of the file counts, or changes nothing that is said.
    let json = file.to_json().into_bytes();
    for at in (0..json.len()).step_by(13) {
        let mut turned = json.clone();
        turned[at] ^= 1;
        if let Ok(read) = ForkFile::read(&turned) {
            assert!(read == file || check(&read).is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_key_retired_before_freezes_nothing() {
    let (mut ledger, anna) = ledger_of("park", 5);
    let mut stolen = ledger.clone();
    let new = key("new log key");
    let rotation = bodies::rotate_log_key(&new, RotationReason::Compromised, true);
    ledger.file_also(&ledger.root.clone(), rotation, &[&new]);
    grow(&mut ledger, &anna, 9, "after");
    let folder = published(&ledger);
    let head = signed_with(&ledger, &new);
    publish::write(folder.path(), "checkpoint", head.to_string().as_bytes());
    let partner = Partner::new();
    assert_eq!(partner.sync_folder(ledger.id, folder.path()).state, State::Grown);
    // Whoever has the old key makes a history with it, shorter or longer.
    for size in [7, 20] {
        grow(&mut stolen, &anna, size, "by the thief");
        let synced = partner.sync_folder(ledger.id, published(&stolen).path());
        let State::Forked { id, freezes: false } = &synced.state else { panic!("{synced:?}") };
        let file = partner.shelf.forks.find(id.as_str()).expect("a proof").file;
        let checked = file.check(Some(ledger.id)).expect("it proves a fork");
        let side = if size < 9 { Side::Smaller } else { Side::Larger };
        assert_eq!((checked.retired, file.smaller_keys.is_some()), (Some(side), size > 9));
    }
    // The pinned history goes on.
    grow(&mut ledger, &anna, 12, "later");
    publish::publish(&ledger, folder.path());
    let head = signed_with(&ledger, &new);
    publish::write(folder.path(), "checkpoint", head.to_string().as_bytes());
    assert_eq!(partner.sync_folder(ledger.id, folder.path()).state, State::Grown);
    assert_eq!(partner.shelf.forks.list().expect("proofs").len(), 2);
}

#[test]
fn people_decide_and_the_other_history_is_set_aside() {
    for keep in [Side::Smaller, Side::Larger] {
        let (one, two, anna) = histories(3, 5, 9);
        let (here, there) = (published(&one), published(&two));
        let partner = Partner::new();
        partner.sync_folder(one.id, here.path());
        let state = partner.sync_folder(one.id, there.path()).state;
        let State::Forked { id, .. } = &state else { panic!("{state:?}") };
        let fork = partner.shelf.forks.find(id.as_str()).expect("a proof");
        let resolution = Resolution { at: now(), keep, reason: "told by telephone".into() };
        let set_aside = resolve(&partner.shelf, &fork, resolution).expect("noted");
        let (mut kept, other) = match keep {
            Side::Smaller => (one.clone(), &there),
            Side::Larger => (two.clone(), &here),
        };
        assert_eq!(set_aside.is_some(), keep == Side::Larger);
        if let Some(copy) = set_aside {
            assert_eq!(files(&copy), files(here.path()));
        }
        grow(&mut kept, &anna, 12, "from here on");
        let synced = partner.sync_folder(one.id, published(&kept).path());
        assert_eq!(synced.state, State::Grown, "{keep:?} {synced:?}");
        // The other side is a fork whenever it is shown.
        let synced = partner.sync_folder(one.id, other.path());
        assert!(matches!(synced.state, State::Forked { .. }), "{keep:?} {synced:?}");
    }
}

#[test]
fn a_receipts_checkpoint_and_a_partners_word_meet_the_mirror() {
    let (one, two, _) = histories(3, 6, 9);
    let partner = Partner::new();
    partner.sync_folder(one.id, published(&one).path());
    let mirror = partner.record(one.id);
    let meet = |checkpoint| {
        meet_mirror(&partner.shelf, &mirror, &checkpoint, "a test", now())
            .expect("this store works")
    };
    assert!(matches!(meet(publish::checkpoint(&one, 4)), Meeting::Same));
    assert!(matches!(meet(publish::checkpoint(&one, 6)), Meeting::Same));
    assert!(matches!(meet(publish::checkpoint(&two, 3)), Meeting::Same));
    let stranger = signed_with(&one, &key("stranger"));
    assert!(matches!(meet(stranger), Meeting::NotTheLogs(_)));
    // Larger than what is held: kept, and explained by the next tree.
    assert!(matches!(meet(publish::checkpoint(&two, 9)), Meeting::Larger(TreeSize(9))));
    assert_eq!(partner.held(one.id).seen.len(), 1);
    let mut honest = one.clone();
    grow(&mut honest, &key("park/anna"), 12, "later");
    let synced = partner.sync_folder(one.id, published(&honest).path());
    holds(&proof_of(&partner, &synced.state), &one);

    let partner = Partner::new();
    partner.sync_folder(one.id, published(&one).path());
    let mirror = partner.record(one.id);
    let forged = publish::checkpoint(&two, 5);
    let met = meet_mirror(&partner.shelf, &mirror, &forged, "a receipt", now());
    assert!(matches!(met, Ok(Meeting::Forked(_))), "{met:?}");
}

#[test]
fn the_first_difference_is_the_first() {
    for (common, a, b) in
        [(2, 3, 3), (2, 40, 50), (256, 257, 700), (511, 512, 513), (512, 600, 777)]
    {
        let (one, two, _) = histories(common, a, b);
        let (here, there) = (published(&one), published(&two));
        let sources = [here.path(), there.path()].map(FolderSource::new);
        let heads = sources.each_ref().map(|source| checkpoint_of(source).expect("a head"));
        let smaller = tree_of(&sources[0], &heads[0]).expect("a tree");
        let larger = tree_of(&sources[1], &heads[1]).expect("a tree");
        // A naive reader compares them one by one.
        let naive = one.entries.iter().zip(&two.entries).position(|(one, two)| one != two);
        let found = first_difference(&smaller, &larger).expect("readable").expect("they differ");
        assert_eq!(Some(found.position.0 as usize), naive);
    }
}

#[test]
fn a_root_that_changed_hands_is_in_the_proof() {
    let (mut ledger, anna) = ledger_of("park", 3);
    let (next, third) = (ledger.next.clone(), key("third root"));
    let rotate = bodies::rotate_root(&next, &third);
    ledger.file_also(&ledger.root.clone(), rotate, &[&next]);
    let new = key("new log key");
    let rotation = bodies::rotate_log_key(&new, RotationReason::Superseded, false);
    ledger.file_also(&next, rotation, &[&new]);
    let (mut one, mut two) = (ledger.clone(), ledger);
    grow(&mut one, &anna, 9, "as it was");
    grow(&mut two, &anna, 12, "as they wish");
    let publish_as_new = |ledger: &Ledger| {
        let folder = published(ledger);
        let head = signed_with(ledger, &new);
        publish::write(folder.path(), "checkpoint", head.to_string().as_bytes());
        folder
    };
    let partner = Partner::new();
    assert_eq!(partner.sync_folder(one.id, publish_as_new(&one).path()).state, State::Grown);
    let synced = partner.sync_folder(one.id, publish_as_new(&two).path());
    let file = proof_of(&partner, &synced.state);
    holds(&file, &one);
    let positions: Vec<u64> = file.statements.iter().map(|(position, _)| position.0).collect();
    assert_eq!(positions, [0, 3, 4]);
}

/// The whole story with the program: a copied store signs, two partners compare, one audits.
#[test]
fn at_the_terminal() {
    let park = Desk::new();
    park.record("a");
    let thief = park.cloned();
    park.record("b");
    thief.record("x");
    thief.record("y");
    let (first, second) = (Desk::new(), Desk::new());
    let card = park.home().join("card.json").display().to_string();
    park.done(&["card", "-o", &card]);
    let add = |desk: &Desk, from: &Desk| {
        let public = from.public().display().to_string();
        desk.done(&["mirror", "add", &public, "--card", &card, "--as", "val"]);
        desk.done(&["sync"]);
    };
    add(&first, &park);
    add(&second, &thief);
    // Neither sees anything alone. Told of each other, both do.
    let stick = tempfile::tempdir().expect("a folder");
    let peer = stick.path().display().to_string();
    first.done(&["sync", "--gossip", "--peer", &peer]);
    let run = second.run(&["sync", "--gossip", "--peer", &peer]);
    assert_eq!(run.code, Some(5), "{}", run.text);
    let forks = second.run(&["fork", "list"]);
    assert_eq!(forks.code, Some(5));
    let id = forks.answer["forks"][0]["id"].as_str().expect("a fork").to_owned();
    let file = second.store().join(format!("forks/{id}.fork")).display().to_string();
    // On a machine that knows none of them.
    let judge = Desk::bare();
    let run = judge.run(&["fork", "check", &file, "--card", &card]);
    assert_eq!((run.code, &run.answer["verdict"]), (Some(5), &"FORK".into()), "{}", run.text);
    assert_eq!(second.run(&["fork", "show", &id]).code, Some(5));

    let other = thief.public().display().to_string();
    let run = first.run(&["audit", "val", "--against", &other]);
    assert_eq!(run.code, Some(5), "{}", run.text);
    assert_eq!(run.answer["against"][0]["result"], "FORKED");
    assert_eq!(first.run(&["sync"]).code, Some(5));
    let forks = first.run(&["fork", "list"]);
    let id = forks.answer["forks"][0]["id"].as_str().expect("a fork").to_owned();
    first.done(&["fork", "resolve", &id, "--keep", "A", "--reason", "the laptop was copied"]);
    first.done(&["sync"]);
    let forks = first.done(&["fork", "list"]);
    assert_eq!(forks["forks"][0]["resolution"]["reason"], "the laptop was copied");
    park.record("c");
    park.record("d");
    first.done(&["sync"]);
    // A receipt made from the other history.
    let (receipt, evidence) = (first.home().join("r.json"), thief.park().join("x.jpg"));
    let (receipt, evidence) = (receipt.display().to_string(), evidence.display().to_string());
    thief.done(&["receipt", &evidence, "-o", &receipt]);
    let run = first.run(&["check", &evidence, "--receipt", &receipt, "--card", &card]);
    assert_eq!(run.code, Some(5), "{}", run.text);
    assert!(fs::read_dir(first.store().join("forks")).expect("forks").count() >= 3);
}
