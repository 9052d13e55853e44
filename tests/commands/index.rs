//! The index is made from the files and gives the same answers however it came about: kept up, rebuilt,
//! deleted, damaged, or left over from another day.

use std::fs;
use std::path::PathBuf;

use crate::support::park::{picture_of, restore};
use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words, checkpoint, flip};

fn desk() -> Desk {
    let desk = Desk::new();
    for name in ["lynx", "chamois", "ibex"] {
        desk.record(name);
    }
    desk
}

fn index(desk: &Desk) -> PathBuf {
    let indexes = fs::read_dir(desk.store().join("index")).unwrap();
    indexes.map(|entry| entry.unwrap().path()).next().unwrap()
}

/// What only the index knows: which files are recorded, and where.
fn answers(desk: &Desk) -> [String; 3] {
    desk.write("new.jpg", b"new");
    let receipt = ["receipt", "lynx.jpg", "ibex.jpg", "-o", "../r"];
    [
        desk.answers(0, &receipt),
        desk.answers(0, &["add", "lynx.jpg", "new.jpg", "ibex.jpg", "--dry-run"]),
        desk.says(&["receipt", "new.jpg", "-o", "../r"]).refusal(3).what,
    ]
}

#[test]
fn a_deleted_index_is_made_anew() {
    let desk = desk();
    let before = answers(&desk);
    fs::remove_dir_all(index(&desk)).unwrap();
    assert_eq!(answers(&desk), before);
    let said = desk.answers(0, &["reindex"]);
    assert_eq!(said, "Rebuilt the index over 5 statements.\n");
    assert_eq!(answers(&desk), before);
}

/// A flipped byte is made good without a word, or the way to make it good is said; an answer from a
/// damaged index is never another answer.
#[test]
fn a_flipped_byte_gives_no_other_answer() {
    let desk = desk();
    let before = answers(&desk);
    let signed = checkpoint(&desk);
    let healthy = picture_of(&index(&desk));
    let files: Vec<(&String, usize)> = healthy
        .iter()
        .filter(|(_, bytes)| !bytes.is_empty())
        .map(|(path, bytes)| (path, bytes.iter().rposition(|&byte| byte != 0).unwrap_or(0)))
        .collect();
    for (path, end) in files {
        for at in (0..=end).step_by(end / 12 + 1) {
            flip(&index(&desk).join(path), at);
            let said = desk.says(&["add", "lynx.jpg", "chamois.jpg", "ibex.jpg"]);
            match said.code {
                Some(0) => assert_words(&said.out, &["Nothing new: 3 files recorded before."]),
                _ => said.refusal(1).says("index", "", "treering reindex (nothing is lost"),
            }
            if desk.says(&["receipt", "lynx.jpg", "-o", "../r"]).code != Some(0) {
                desk.answers(0, &["reindex"]);
            }
            assert_eq!(checkpoint(&desk), signed, "{path} byte {at}: recorded twice");
            restore(&index(&desk), &healthy);
        }
    }
    assert_eq!(answers(&desk), before);
}

/// A manifest that is gone cannot be indexed, and one that is damaged is named.
#[test]
fn an_index_over_a_damaged_manifest() {
    let desk = desk();
    let manifests = desk.store().join("manifests");
    let manifest = fs::read_dir(&manifests).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read(&manifest).unwrap();
    flip(&manifest, whole.len() / 2);
    assert_words(
        &desk.answers(4, &["reindex"]),
        &[" of 5 statements", "the manifest of statement ", "put the manifests back from their"],
    );
    desk.says(&["audit"]).out.contains("FAIL").then_some(()).expect("an audit names it, too");
    fs::write(&manifest, whole).unwrap();
    desk.answers(0, &["reindex"]);
    desk.answers(0, &["audit"]);
}

/// A manifest that is cut, changed or gone is named, by the status and by whoever makes the index anew.
#[test]
fn manifests_that_do_not_hold_are_named() {
    let desk = desk();
    let folder = desk.store().join("manifests");
    let mut manifests: Vec<PathBuf> =
        fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    manifests.sort();
    let healthy: Vec<Vec<u8>> = manifests.iter().map(|path| fs::read(path).unwrap()).collect();
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();

    fs::write(&manifests[0], &healthy[0][..healthy[0].len() - 5]).unwrap();
    let mut changed = healthy[1].clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    fs::write(&manifests[1], changed).unwrap();
    fs::remove_file(&manifests[2]).unwrap();

    let status = desk.answers(0, &["status"]);
    assert_words(&status, &["  !", "is damaged", &name(&manifests[0]), &name(&manifests[1])]);
    assert_words(&status, &["1 manifest is missing"]);
    let said = desk.answers(4, &["reindex"]);
    assert_words(&said, &[&name(&manifests[0]), &name(&manifests[1]), "MISSING", "next:"]);
    assert!(said.contains(&name(&manifests[2])), "{said}");

    for (path, bytes) in manifests.iter().zip(&healthy) {
        fs::write(path, bytes).unwrap();
    }
    let said = desk.answers(0, &["reindex"]);
    assert_eq!(said, "Rebuilt the index over 5 statements.\n");
    assert!(!desk.answers(0, &["status"]).contains("damaged"));
}
