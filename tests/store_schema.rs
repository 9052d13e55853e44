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
use treering::statement::fork_file::Side;
use treering::statement::key::{KeyId, Role};
use treering::store::chain_file::{ChainContents, ChainFile, ChainPlaces};
use treering::store::checked::{self, Checked};
use treering::store::disk::{Disk, RealDisk};
use treering::store::forks::{ForkRecord, Forks, Resolution};
use treering::store::heads::{GuardedHead, Head, HeadPlaces};
use treering::store::held::{Held, HeldHead, HeldHeads, Seen};
use treering::store::layout::NewStore;
use treering::store::lock::{Holder, Lock, LockError};
use treering::store::mirrors::{MirrorRecord, Mirrors};
use treering::store::outside::{HeadMark, Incarnation, OutsideHead, StateFolder};
use treering::store::safe_name::SafeName;
use treering::store::trust::{PinnedLedger, Trust};
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::hash::{Position, Tree, TreeSize, leaf_hash};

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

/// A store, and the ledger of the page's examples.
fn store_with_ledger() -> (tempfile::TempDir, treering::store::layout::StoreFolder, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let new = NewStore::begin(Arc::new(RealDisk), folder.path(), &holder()).unwrap();
    (folder, new.finish().unwrap(), Ledger::found("site"))
}

/// An example must be what was written; `TREERING_PAGES=overwrite` puts it there.
fn holds(heading: &str, written: &Path) {
    let written = fs::read_to_string(written).unwrap();
    let overwrite = std::env::var_os("TREERING_PAGES").is_some_and(|word| word == "overwrite");
    if overwrite && written != example(heading) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/store.md");
        let page = fs::read_to_string(&path).unwrap();
        let section = format!("\n## {heading}\n");
        let at = page.find(&section).unwrap();
        let changed = page[at..].replacen(&example(heading), &written, 1);
        fs::write(path, format!("{}{changed}", &page[..at])).unwrap();
    }
    assert_eq!(example(heading), written);
}

#[test]
fn mirrors_and_what_was_held() {
    let (_folder, store, ledger) = store_with_ledger();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let mirrors = Mirrors::of(Arc::clone(&disk), store.clone());
    let record = MirrorRecord {
        name: SafeName::new("val-trupchun").unwrap(),
        ledger: ledger.id,
        source: "https://park.example/kx".into(),
        added: "2026-03-04T09:20:00Z".parse().unwrap(),
    };
    mirrors.add(&record).unwrap();
    holds("mirrors/<name>", &store.path().join("mirrors/val-trupchun"));
    assert_eq!(mirrors.list().unwrap(), std::slice::from_ref(&record));
    assert!(mirrors.add(&record).is_err());

    let heads = HeldHeads::of(Arc::clone(&disk), store.clone());
    let checkpoint = |size| {
        let origin = ledger.authority.genesis().origin.clone();
        let checkpoint = Checkpoint::new(origin, tree(size));
        let line = checkpoint.sign(&ledger.log);
        SignedCheckpoint::new(checkpoint, vec![line]).unwrap()
    };
    let (since, confirmed) = ("2026-03-04T09:20:00Z", "2026-04-01T08:00:00Z");
    let confirmed = confirmed.parse().unwrap();
    let head = HeldHead { since: since.parse().unwrap(), confirmed, checkpoint: checkpoint(42) };
    let seen = vec![Seen { at: confirmed, checkpoint: checkpoint(43) }];
    let held = Held { ledger: ledger.id, head: Some(head), seen };
    heads.write(&held).unwrap();
    let path = store.path().join("held").join(ledger.id.to_string());
    holds("held/<ledger id>", &path);
    assert_eq!(heads.read(ledger.id).unwrap(), held);
    assert_eq!(heads.ledgers().unwrap(), [ledger.id]);

    let key = KeyId::of(&ledger.log.public());
    let note = Checked {
        tree: tree(42),
        unsound: 0,
        ruling: vec![Position(0), Position(1)],
        keys: BTreeMap::from([(key, Link { seq: 7, id: leaf_hash(b"a statement") })]),
    };
    checked::write(&disk, &store, ledger.id, &note).unwrap();
    holds("held/<ledger id>.checked", &path.with_extension("checked"));
    assert_eq!(checked::read(&RealDisk, &store, ledger.id).unwrap(), Some(note));
    // It is no record of a ledger, and a damaged one only costs time.
    assert_eq!(heads.ledgers().unwrap(), [ledger.id]);
    fs::write(path.with_extension("checked"), "treering/checked/v1\ntree 1\n").unwrap();
    assert_eq!(checked::read(&RealDisk, &store, ledger.id).unwrap(), None);
    for damaged in ["", "treering/held/v2\n", "treering/held/v1\nledger 00\n"] {
        fs::write(&path, damaged).unwrap();
        assert!(heads.read(ledger.id).is_err(), "{damaged:?}");
    }
}

#[test]
fn fork_records() {
    let (_folder, store, ledger) = store_with_ledger();
    let forks = Forks::of(Arc::new(RealDisk), store.clone());
    let (file, ..) = support::forks::example();
    let record = ForkRecord {
        ledger: ledger.id,
        found: "2026-03-04T09:20:00Z".parse().unwrap(),
        by: "sync of val-trupchun from /media/usb/val-trupchun".into(),
        freezes: true,
        resolution: None,
    };
    let kept = forks.keep(&file, &record).unwrap();
    assert_eq!(forks.freezing(ledger.id).unwrap().len(), 1);
    let resolution = Resolution {
        at: "2026-03-09T10:00:00Z".parse().unwrap(),
        keep: Side::Smaller,
        reason: "the laptop was stolen; told by telephone".into(),
    };
    for reason in ["", "two\nlines", &"x".repeat(1_001)] {
        let resolution = Resolution { reason: reason.into(), ..resolution.clone() };
        assert!(forks.resolve(&kept, resolution).is_err(), "{reason:?}");
    }
    forks.resolve(&kept, resolution).unwrap();
    holds("forks/<id>.record", &store.forks().join(format!("{}.record", kept.id)));
    assert_eq!(forks.freezing(ledger.id).unwrap().len(), 0);
    // Found again, the decision stands.
    assert!(forks.keep(&file, &record).unwrap().record.resolution.is_some());
    let beginning = &kept.id.as_str()[..4];
    assert_eq!(forks.find(beginning).unwrap().id, kept.id);
    // A proof without its record froze when the power went.
    fs::remove_file(store.forks().join(format!("{}.record", kept.id))).unwrap();
    let ledger_of_proof = file.ledger().unwrap();
    assert_eq!(forks.freezing(ledger_of_proof).unwrap().len(), 1);
}
