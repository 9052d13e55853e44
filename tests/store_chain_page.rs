//! A key's memory against what a ledger shows of the key, and the page that tells the file's format.

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use support::{Ledger, bodies};
use treering::statement::chain::Link;
use treering::statement::envelope::Statement;
use treering::statement::key::{KeyId, Role};
use treering::store::chain_file::{ChainFile, ChainPlaces, Comparison};
use treering::store::disk::RealDisk;
use treering::store::lock::Holder;
use treering::store::outside::StateFolder;
use treering::tlog::hash::leaf_hash;

/// A chain file with one statement filed, one given up and two that wait: its text, the ledger, what
/// was signed, and the file itself.
fn season() -> (tempfile::TempDir, Ledger, Vec<Arc<Statement>>, ChainFile) {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let (key, folder) = (KeyId::of(&anna.public()), tempfile::tempdir().unwrap());
    let path = folder.path().join("anna.chain");
    ChainFile::create(&RealDisk, &path, key).unwrap();
    let places = ChainPlaces {
        disk: Arc::new(RealDisk),
        path,
        state: StateFolder::at(&folder.path().join("state")),
        holder: Holder::this_process("treering add"),
        patience: Duration::from_millis(50),
    };
    let mut file = ChainFile::open(places, key, ledger.id).unwrap();
    let sign = |file: &mut ChainFile, titles: &[&str]| {
        let mut staging = file.stage(ledger.id);
        for title in titles {
            let mut draft = ledger.draft(&anna, bodies::anchor(title));
            draft.payload.chain = staging.next_chain(None);
            staging.push(draft.sign(&anna).unwrap()).unwrap();
        }
        staging.commit().unwrap()
    };
    let mut signed = sign(&mut file, &["spring", "typing error"]);
    file.filed(ledger.id, link(&signed[0])).unwrap();
    file.abandon(ledger.id, 1).unwrap();
    signed.truncate(1);
    signed.extend(sign(&mut file, &["summer", "autumn"]));
    (folder, ledger, signed, file)
}

fn link(statement: &Statement) -> Link {
    Link { seq: statement.payload.chain.seq, id: statement.id() }
}

#[test]
fn a_ledger_has_the_same_or_more_or_less_or_another() {
    let (_folder, ledger, signed, file) = season();
    let compare = |shown| file.contents().compare(ledger.id, shown);
    let other = |seq| Some(Link { seq, id: leaf_hash(b"signed in another place") });
    assert_eq!(compare(Some(link(&signed[2]))), Comparison::Same);
    assert_eq!(compare(Some(link(&signed[1]))), Comparison::LedgerHasLess { from: 2 });
    assert_eq!(compare(Some(link(&signed[0]))), Comparison::LedgerHasLess { from: 1 });
    assert_eq!(compare(None), Comparison::LedgerHasLess { from: 0 });
    for seq in 0..3 {
        assert_eq!(compare(other(seq)), Comparison::Conflict { seq });
    }
    assert_eq!(compare(other(3)), Comparison::LedgerHasMore { from: 3 });
    assert_eq!(compare(other(u64::MAX)), Comparison::LedgerHasMore { from: 3 });

    let elsewhere = Ledger::found("other site").id;
    let compare = |shown| file.contents().compare(elsewhere, shown);
    assert_eq!(compare(None), Comparison::Same);
    assert_eq!(compare(other(0)), Comparison::LedgerHasMore { from: 0 });
}

#[test]
fn once_all_is_filed_only_the_last_is_remembered() {
    let (_folder, ledger, signed, mut file) = season();
    file.filed(ledger.id, link(&signed[2])).unwrap();
    let compare = |shown| file.contents().compare(ledger.id, shown);
    assert_eq!(compare(Some(link(&signed[2]))), Comparison::Same);
    for older in &signed[..2] {
        let from = link(older).seq + 1;
        assert_eq!(compare(Some(link(older))), Comparison::LedgerHasLess { from });
    }
    let other = Link { seq: 2, id: leaf_hash(b"signed in another place") };
    assert_eq!(compare(Some(other)), Comparison::Conflict { seq: 2 });
}

#[test]
fn the_page_shows_a_true_file() {
    let (folder, ..) = season();
    let text = fs::read_to_string(folder.path().join("anna.chain")).unwrap();
    let page = include_str!("../schemas/keys.md");
    assert!(page.contains(&text), "schemas/keys.md shows another chain file:\n{text}");
}
