//! The examples of `schemas/store.md` are what the program writes, to the byte, and what it reads.

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use support::{Ledger, bodies};
use treering::statement::card::Card;
use treering::statement::chain::Link;
use treering::statement::key::{KeyId, Role};
use treering::store::chain_file::{ChainContents, ChainFile, ChainPlaces};
use treering::store::disk::RealDisk;
use treering::store::heads::{GuardedHead, Head, HeadPlaces};
use treering::store::layout::NewStore;
use treering::store::lock::{Holder, Lock, LockError};
use treering::store::outside::{HeadMark, Incarnation, OutsideHead, StateFolder};
use treering::store::trust::{PinnedLedger, Trust};
use treering::tlog::hash::{Tree, TreeSize, leaf_hash};

/// The first block of text under a heading of the page.
fn example(heading: &str) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/store.md");
    let page = fs::read_to_string(page).unwrap();
    let (_, section) =
        page.split_once(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let (_, block) = section.split_once("```text\n").expect("a block of text");
    block.split_once("```").expect("the end of the block").0.to_owned()
}

fn holder() -> Holder {
    Holder {
        pid: 4711,
        command: "treering add photos".into(),
        since: "2026-03-01T10:00:00Z".parse().unwrap(),
    }
}

fn tree(size: u64) -> Tree {
    Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) }
}

#[test]
fn head_and_outside_record() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::found("site");
    let disk = Arc::new(RealDisk);
    let new = NewStore::begin(disk.clone(), folder.path(), &holder()).unwrap();
    let state = StateFolder::at(&folder.path().join("state"));
    let store = new.finish().unwrap();
    let places = HeadPlaces::new(disk, store.clone(), state.clone(), holder());
    let origin = ledger.authority.genesis().origin.clone();
    let incarnation = Incarnation(*b"sixteen bytes by");
    let head = Head::new(ledger.id, origin, tree(42), incarnation);
    drop(GuardedHead::found(places.clone(), head.clone()).unwrap());
    assert_eq!(fs::read_to_string(store.head(ledger.id)).unwrap(), example("heads/<ledger id>"));
    assert_eq!(places.read(ledger.id).unwrap(), Some(head.clone()));

    let was = HeadMark { incarnation: Incarnation(*b"chance: the last"), tree: tree(41) };
    let record = OutsideHead { ledger: ledger.id, was: Some(was), next: head.mark() };
    state.write_head(&RealDisk, &record).unwrap();
    let written = fs::read_to_string(state.head(ledger.id)).unwrap();
    assert_eq!(written, example("Outside the store: heads/<ledger id>"));
    assert_eq!(state.read_head(&RealDisk, ledger.id).unwrap(), Some(record));
}

#[test]
fn chain_file_and_outside_record() {
    let folder = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let (key, path) = (KeyId::of(&anna.public()), folder.path().join("anna.chain"));
    let state = StateFolder::at(&folder.path().join("state"));
    let patience = Duration::ZERO;
    let disk = Arc::new(RealDisk);
    ChainFile::create(&RealDisk, &path, key).unwrap();
    let places =
        ChainPlaces { disk, path: path.clone(), state: state.clone(), holder: holder(), patience };
    let mut file = ChainFile::open(places, key, ledger.id).unwrap();
    let mut staging = file.stage(ledger.id);
    for title in ["spring", "summer"] {
        let mut draft = ledger.draft(&anna, bodies::anchor(title));
        draft.payload.chain = staging.next_chain(None);
        staging.push(draft.sign(&anna).unwrap()).unwrap();
    }
    let signed = staging.commit().unwrap();
    file.filed(ledger.id, Link { seq: 0, id: signed[0].id() }).unwrap();
    file.abandon(ledger.id, 1).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), example("keys/<name>.chain"));
    assert_eq!(&ChainContents::read(&RealDisk, &path).unwrap(), file.contents());

    let written = fs::read_to_string(state.chain(key)).unwrap();
    assert_eq!(written, example("Outside the store: chains/<key id>"));
    let last = BTreeMap::from([(ledger.id, Link { seq: 1, id: signed[1].id() })]);
    assert_eq!(state.read_chain(&RealDisk, key).unwrap().last, last);
}

#[test]
fn lock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let held = Lock::take(&path, &holder(), Duration::ZERO).unwrap();
    if cfg!(windows) {
        println!("skipped: Windows lets nobody read a locked file");
        return;
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), example("lock"));
    let refused = Lock::take(&path, &holder(), Duration::ZERO).unwrap_err();
    assert!(matches!(refused, LockError::Held { holder: Some(found), .. } if found == holder()));
    drop(held);
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn trust() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trust.toml");
    let ledger = Ledger::found("accreditor");
    let card = Card::of(ledger.id, ledger.authority.genesis());
    let mut trust = Trust::default();
    let compared = "2026-03-04T09:20:00Z".parse().unwrap();
    trust.pin(PinnedLedger::of_card(&card, compared).unwrap()).unwrap();
    trust.accredit(ledger.id, "2026-03-04T09:21:00Z".parse().unwrap()).unwrap();
    trust.write(&RealDisk, &path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), example("trust.toml"));
    assert_eq!(Trust::read(&RealDisk, &path).unwrap(), trust);
}
