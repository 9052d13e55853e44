//! On open, head against tree: each row of the table, made by hand, and what is done about it.
//!
//! ```text
//! head = checkpoint = tree                        go, and nothing is written
//! head > checkpoint, tiles whole, root equal      sign the head again: same text, same bytes
//! head > tiles, or root differs                   refuse, name both
//! head < checkpoint, or missing                   refuse
//! index watermark > head, or its root differs     drop the index, rebuild
//! ```

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use support::park::{
    HEADS, OUTSIDE, PUBLIC, Park, Picture, grown, ledger_of, picture_of, restore, suspicion,
    with_part,
};
use support::program::Desk;
use support::publish::publish;
use support::{Ledger, bodies, key};
use treering::ledger::indexing::{IndexPlaces, Taking};
use treering::ledger::read;
use treering::ledger::writer::OpenError;
use treering::store::disk::RealDisk;
use treering::store::index::Index;
use treering::store::must_not_sign::Suspicion;
use treering::store::public::PublicFolder;
use treering::tlog::hash::{Tree, TreeSize};

/// A ledger of 260 statements, signed at 2, 5, 258 and 260, and pictures of its store at the last two.
struct Moments {
    ledger: Ledger,
    earlier: Picture,
    now: Picture,
}

fn moments() -> Moments {
    let ledger = ledger_of(260);
    let park = Park::with(&ledger, &[2, 5, 258]);
    let earlier = park.picture();
    park.append(&mut park.open().unwrap(), &ledger.entries[258..]).unwrap();
    Moments { ledger, earlier, now: park.picture() }
}

impl Moments {
    fn park(&self, picture: &Picture) -> Park {
        Park::pictured(&self.ledger.log, picture)
    }

    /// The store does not open, and nothing in it or beside it changes.
    fn refusal(&self, picture: &Picture) -> OpenError {
        let park = self.park(picture);
        let Err(refusal) = park.open() else { panic!("it must be refused") };
        assert!(park.picture() == *picture, "a refused store was written to");
        refusal
    }

    /// [`Moments::refusal`], naming the head of 260, the checkpoint, and a file or a reason.
    fn refused_for(&self, picture: &Picture, published: &str, words: &str) {
        let refusal = self.refusal(picture);
        let OpenError::NotWhatWasSigned { head, checkpoint, found } = refusal else {
            panic!("{refusal}")
        };
        assert_eq!((head.0, checkpoint.as_str()), (260, published), "{found}");
        assert!(found.contains(words), "{words:?} is not in: {found}");
    }

    /// The store opens with the checkpoint it had, and grows.
    fn opens(&self, picture: &Picture) {
        let park = self.park(picture);
        let mut writer = park.open().unwrap();
        assert_eq!(writer.book().tree(), self.ledger.tree());
        assert!(park.picture() == self.now, "other bytes than before");
        let more = grown(self.ledger.clone(), "afterwards", 1);
        park.append(&mut writer, &more.entries[260..]).unwrap();
        park.assert_clean(more.tree());
    }
}

fn changed(picture: &Picture, name: &str, change: impl FnOnce(&mut Vec<u8>)) -> Picture {
    let mut picture = picture.clone();
    change(picture.get_mut(&format!("{PUBLIC}{name}")).expect("a file of that name"));
    picture
}

fn without(picture: &Picture, path: &str) -> Picture {
    let mut picture = picture.clone();
    picture.remove(path).expect("a file of that path");
    picture
}

#[test]
fn head_checkpoint_and_tree_agree() {
    let moments = moments();
    moments.opens(&moments.now);
}

#[test]
fn head_above_checkpoint_with_whole_tiles_is_signed_again() {
    let moments = moments();
    let checkpoint = format!("{PUBLIC}checkpoint");
    let older = moments.earlier[&checkpoint].clone();
    // The text of the head, with nothing that counts as a signature of its log.
    let mut unsigned = moments.now[&checkpoint].clone();
    let end = unsigned.len() - 10;
    unsigned[end] = if unsigned[end] == b'A' { b'B' } else { b'A' };
    moments.opens(&changed(&moments.now, "checkpoint", |bytes| *bytes = older));
    moments.opens(&changed(&moments.now, "checkpoint", |bytes| *bytes = unsigned));
    moments.opens(&changed(&moments.now, "checkpoint", |bytes| bytes.truncate(40)));
    moments.opens(&changed(&moments.now, "checkpoint", Vec::clear));
    moments.opens(&without(&moments.now, &checkpoint));
}

#[test]
fn leftovers_beyond_the_head_are_removed() {
    let moments = moments();
    let more = grown(moments.ledger.clone(), "never signed", 300);
    let beyond = Park::with(&more, &[2, 5, 258, 260, 560]).picture();
    let mut picture = moments.now.clone();
    for (path, bytes) in beyond {
        picture.entry(path).or_insert(bytes);
    }
    picture.insert(format!("{PUBLIC}tile/0/.tmp-1-001.p"), b"half".to_vec());
    let park = moments.park(&picture);
    park.open().unwrap();
    park.assert_clean(moments.ledger.tree());
}

#[test]
fn head_above_tiles_is_refused() {
    let moments = moments();
    let needed = [
        "tile/0/000",
        "tile/0/001.p/4",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/4",
    ];
    for name in needed {
        let path = format!("{PUBLIC}{name}");
        // A full tile would stand in for a partial one, so the refusal names that.
        let full = name.split(".p/").next().unwrap();
        moments.refused_for(&without(&moments.now, &path), "260", full);
    }
    // The whole public folder is from an older copy.
    let rolled_back = with_part(&moments.now, PUBLIC, &moments.earlier);
    moments.refused_for(&rolled_back, "258", "entries/001");
}

#[test]
fn a_root_that_differs_is_refused() {
    let moments = moments();
    // A changed byte in anything that the head covers.
    for name in ["tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1"] {
        let flipped = changed(&moments.now, name, |bytes| *bytes.last_mut().unwrap() ^= 1);
        moments.refused_for(&flipped, "260", name);
    }
    for name in ["tile/entries/000", "tile/entries/001.p/4"] {
        let cut = changed(&moments.now, name, |bytes| bytes.truncate(bytes.len() - 1));
        moments.refused_for(&cut, "260", name);
        let flipped = changed(&moments.now, name, |bytes| *bytes.last_mut().unwrap() ^= 1);
        moments.refused_for(&flipped, "260", "");
    }
    // Another history of the same size, whole and signed by the same key.
    let mut other = grown(ledger_of(258), "another", 1);
    other.file(&key("anna"), bodies::sealed_anchor("history"));
    let forked = moments.park(&moments.now);
    replace_public(&forked, &other);
    moments.refused_for(&forked.picture(), "260", &other.tree().root.to_string());
}

/// A signed checkpoint that contradicts the head is half of a fork's proof: it is not written over.
#[test]
fn a_checkpoint_of_another_history_is_refused() {
    let moments = moments();
    for size in [259, 260] {
        let other = grown(ledger_of(258), "another", size - 258);
        let text = support::publish::checkpoint(&other, size as u64).to_string();
        let picture = changed(&moments.now, "checkpoint", |bytes| *bytes = text.into_bytes());
        moments.refused_for(&picture, &size.to_string(), "another history");
    }
}

fn replace_public(park: &Park, ledger: &Ledger) {
    fs::remove_dir_all(park.public()).unwrap();
    publish(ledger, &park.public());
}

#[test]
fn head_below_checkpoint_is_refused() {
    let moments = moments();
    // Head and outside record rolled back together: the guard is content, the folder is not.
    let picture = with_part(&moments.now, HEADS, &moments.earlier);
    let picture = with_part(&picture, OUTSIDE, &moments.earlier);
    let refusal = moments.refusal(&picture);
    let OpenError::NotWhatWasSigned { head, checkpoint, .. } = refusal else { panic!("{refusal}") };
    assert_eq!((head.0, checkpoint.as_str()), (258, "260"));
}

#[test]
fn a_missing_head_is_refused() {
    let moments = moments();
    let head = format!("{HEADS}{}", moments.ledger.id);
    let refusal = moments.refusal(&without(&moments.now, &head));
    let Suspicion::NoHead { remembered: Some(mark) } = suspicion(refusal) else {
        panic!("another suspicion");
    };
    assert_eq!(mark.tree, moments.ledger.tree());
}

/// Every byte of the head and of its outside record counts: the text in the head file is what is
/// signed next.
#[test]
fn a_damaged_head_or_record_is_refused() {
    let moments = moments();
    let id = moments.ledger.id;
    for path in [format!("{HEADS}{id}"), format!("{OUTSIDE}heads/{id}")] {
        for at in 0..moments.now[&path].len() {
            let mut picture = moments.now.clone();
            picture.get_mut(&path).unwrap()[at] ^= 1;
            let park = moments.park(&picture);
            assert!(park.open().is_err(), "{path} byte {at}");
            assert!(park.picture() == picture, "a refused store was written to");
        }
    }
}

/// The program's own store, whose index another day or another history may have left behind.
struct Indexed {
    desk: Desk,
}

impl Indexed {
    fn index(&self) -> PathBuf {
        let indexes = fs::read_dir(self.desk.store().join("index")).unwrap();
        indexes.map(|entry| entry.unwrap().path()).next().unwrap()
    }

    fn head(&self) -> Tree {
        let folder = PublicFolder::new(Arc::new(RealDisk), self.desk.public());
        read::head_of(&folder).unwrap().tree()
    }

    /// Brings the index up to the head, as the next command does, and gives all that it then answers.
    fn up_to_date(&self) -> Vec<String> {
        let folder = PublicFolder::new(Arc::new(RealDisk), self.desk.public());
        let (index, manifests) = (self.index(), self.desk.store().join("manifests"));
        let places = IndexPlaces { index, folder, manifests };
        let index = places.up_to_date(self.head(), Taking::unwatched()).unwrap();
        assert_eq!(index.watermark().unwrap(), self.head());
        index.check().unwrap();
        index.all_answers().unwrap()
    }

    /// The same ledger gone on by these batches, on a clone of the computer.
    fn gone_on(&self, batches: &[&str]) -> Indexed {
        let clone = Indexed { desk: self.desk.cloned() };
        batches.iter().for_each(|name| clone.desk.record(name));
        clone.up_to_date();
        clone
    }

    /// The index of another store in the place of this one.
    fn takes_index_of(&self, other: &Indexed) {
        fs::remove_dir_all(self.index()).unwrap();
        copy(
            &other.index(),
            &self.desk.store().join("index").join(other.index().file_name().unwrap()),
        );
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    support::park::restore(to, &support::park::picture_of(from));
}

#[test]
fn an_index_beyond_the_head_or_of_another_history_is_made_anew() {
    let here = Indexed { desk: Desk::new() };
    here.desk.record("first");
    let before = here.gone_on(&[]);
    let right = before.up_to_date();

    // The watermark is beyond the head: the store came back from an old copy, its index did not.
    let ahead = here.gone_on(&["second", "third"]);
    before.takes_index_of(&ahead);
    let mark = Index::open(&before.index()).unwrap().watermark().unwrap();
    assert_eq!((mark.size, before.head().size), (TreeSize(5), TreeSize(3)));
    assert_eq!(before.up_to_date(), right);

    // Its root differs, at the same size and below the head.
    let (one, other) = (here.gone_on(&["one"]), here.gone_on(&["other"]));
    let right = one.up_to_date();
    one.takes_index_of(&other);
    assert_eq!(one.up_to_date(), right);
    one.takes_index_of(&other);
    one.desk.record("one more");
    let after = one.up_to_date();
    fs::remove_dir_all(one.index()).unwrap();
    one.desk.done(&["reindex"]);
    assert_eq!(one.up_to_date(), after);

    // The watermark is below the head, of this history: it goes on from there.
    let late = here.gone_on(&["late"]);
    let right = late.up_to_date();
    late.takes_index_of(&before);
    assert_eq!(late.up_to_date(), right);
}

/// The power went between head and signature. Nobody is accused, and the next add finishes it.
#[test]
fn readers_call_an_interrupted_signature_by_its_name() {
    let desk = Desk::new();
    let checkpoint = desk.public().join("checkpoint");
    let before = fs::read(&checkpoint).unwrap();
    desk.record("lynx");
    fs::write(&checkpoint, &before).unwrap();
    let audit = desk.run(&["audit"]);
    assert_eq!(audit.code, Some(4), "{}", audit.text);
    assert_eq!(audit.answer["ledger"]["state"], "CONSISTENT", "{}", audit.text);
    assert!(audit.text.contains("a command was interrupted"), "{}", audit.text);
    for args in [&["head"][..], &["receipt", "lynx.jpg", "-o", "../r.json"]] {
        let run = desk.run(args);
        assert_eq!(run.code, Some(4), "{}", run.text);
        assert!(run.text.contains("interrupted"), "{}", run.text);
        assert!(run.text.contains("treering add"), "{}", run.text);
    }
    // What the bundles do not hold was cut off, whoever says that he was interrupted.
    let bundle = desk.public().join("tile/entries/000.p/3");
    let bytes = fs::read(&bundle).unwrap();
    fs::remove_file(&bundle).unwrap();
    assert_eq!(desk.run(&["audit"]).answer["ledger"]["state"], "SHORTENED");
    fs::write(&bundle, bytes).unwrap();
    desk.done(&["add", "lynx.jpg"]);
    assert_eq!(desk.done(&["status"])["size"], 3);
    desk.done(&["head"]);
}

/// A partial bundle that a larger one has replaced decides nothing any more.
#[test]
fn a_stale_partial_bundle_may_be_damaged() {
    let desk = Desk::new();
    let id = desk.done(&["status"])["id"].clone();
    desk.record("lynx");
    let stale = desk.public().join("tile/entries/000.p/2");
    let mut bytes = fs::read(&stale).unwrap();
    bytes[40] ^= 1;
    fs::write(&stale, bytes).unwrap();
    assert_eq!(desk.done(&["status"])["id"], id);
    desk.done(&["receipt", "lynx.jpg", "-o", "../r.json"]);
    assert_eq!(desk.run(&["audit"]).answer["ledger"]["id"], id);
    desk.record("wolf");
    assert_eq!(desk.done(&["status"])["size"], 4);
}

/// A checkpoint that is flipped, cut off or gone is signed again by the next add; until then it is named.
#[test]
fn a_damaged_checkpoint_is_signed_again() {
    let desk = Desk::new();
    let checkpoint = desk.public().join("checkpoint");
    let whole = fs::read(&checkpoint).unwrap();
    for (number, bytes) in [Some(&whole[..whole.len() / 3]), Some(&[][..]), None].iter().enumerate()
    {
        match bytes {
            Some(bytes) => fs::write(&checkpoint, bytes).unwrap(),
            None => fs::remove_file(&checkpoint).unwrap(),
        }
        let status = desk.run(&["status"]);
        assert_eq!(status.code, Some(3), "{}", status.text);
        assert!(
            status.text.contains("the file checkpoint is missing or damaged"),
            "{}",
            status.text
        );
        desk.record(&format!("after {number}"));
        assert_eq!(desk.done(&["status"])["size"], 3 + number);
    }
}

/// The store's own head decides who may sign; what is published can be read without it.
#[test]
fn readers_go_on_beside_a_damaged_head() {
    let desk = Desk::new();
    desk.record("lynx");
    let heads: Vec<_> = fs::read_dir(desk.store().join("heads")).unwrap().flatten().collect();
    let head = heads.iter().find(|entry| entry.file_name().len() == 64).unwrap().path();
    let bytes = fs::read(&head).unwrap();
    fs::write(&head, &bytes[..bytes.len() / 2]).unwrap();
    assert!(desk.done(&["status"])["care"].to_string().contains("heads/"));
    for args in [&["head"][..], &["receipt", "lynx.jpg", "-o", "../r.json"]] {
        let run = desk.run(args);
        assert_eq!(run.code, Some(0), "{}", run.text);
        assert!(run.text.contains("head is damaged"), "{}", run.text);
    }
    desk.write("wolf.jpg", b"wolf");
    let add = desk.run(&["add", "wolf.jpg"]);
    assert_eq!(add.code, Some(13), "{}", add.text);
    assert!(add.text.contains("head is damaged"), "{}", add.text);
}

/// A whole store came back from a backup; the computer remembers what came after.
#[test]
fn an_old_store_says_that_it_is_one() {
    let desk = Desk::new();
    desk.record("lynx");
    let backup = picture_of(&desk.store());
    desk.record("wolf");
    restore(&desk.store(), &backup);
    let check = desk.run(&["check", "wolf.jpg"]);
    assert_eq!(check.code, Some(4), "{}", check.text);
    assert!(check.text.contains("this computer remembers 4 statements"), "{}", check.text);
    for args in [&["head"][..], &["receipt", "lynx.jpg", "-o", "../r.json"]] {
        let run = desk.run(args);
        assert_eq!(run.code, Some(0), "{}", run.text);
        assert!(run.text.contains("this computer remembers 4 statements"), "{}", run.text);
    }
}
