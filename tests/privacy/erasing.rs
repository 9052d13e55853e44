//! A recorded file that has to go, from end to end.

use std::fs;
use std::path::Path;

use super::needles::{Needles, sha256};
use super::picture::{SECRET, jpeg};
use super::support::program::{Desk, Run};

const FILE: &str = "cards/Aminata Keller/IMG_0.JPG";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.write(FILE, &jpeg(&SECRET, b"somebody"));
    for n in 1..5u8 {
        desk.write(&format!("cards/IMG_{n}.JPG"), &jpeg(&SECRET, &[n; 9]));
    }
    desk.done(&["add", "cards", "--title", "Winter", "--access", "public"]);
    desk
}

fn refused(run: &Run, code: i32, words: &str) {
    assert_eq!(run.code, Some(code), "{}", run.text);
    for field in ["what", "why", "next"] {
        assert!(run.answer[field].as_str().is_some_and(|text| !text.is_empty()), "{}", run.text);
    }
    assert!(run.text.contains(words), "{words:?} is not in\n{}", run.text);
}

/// Hash, name and every salted part of the file that must go.
fn traces(desk: &Desk) -> Needles {
    use treering::evidence::manifest::{ManifestReader, ManifestRow};
    let digest = sha256(&desk.park().join(FILE));
    let mut needles = Needles::default();
    needles.bytes("the hash", &digest);
    needles.text("the name", "Aminata Keller");
    let folder = desk.store().join("manifests");
    for entry in fs::read_dir(folder).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        let mut reader = ManifestReader::new(&bytes[..]).unwrap();
        while let Some(row) = reader.next_row().unwrap() {
            if let ManifestRow::Shown { row, show } = row
                && row.sha256().0[..] == digest[..]
            {
                needles.bytes("the row", row.bytes());
                show.iter().for_each(|shown| needles.bytes(shown.name(), shown.bytes()));
            }
        }
    }
    needles
}

fn erase(desk: &Desk) -> Run {
    desk.run(&["erase", FILE, "--ground", "consent-withdrawn", "--yes"])
}

#[test]
fn no_byte_of_the_store_leads_to_an_erased_file() {
    let desk = desk();
    let needles = traces(&desk);
    // A receipt lies in the store, where the working directory is the site's folder.
    desk.done(&["receipt", FILE]);
    assert!(needles.search(&[desk.store()]).len() >= 5, "the search finds it before");
    let erased = erase(&desk);
    assert_eq!(erased.code, Some(0), "{}", erased.text);
    let left = needles.search(&[desk.store()]);
    assert!(left.is_empty(), "\n{}\n", left.join("\n"));
    // All the rest still holds, and says what happened.
    fs::remove_file(desk.park().join(FILE)).unwrap();
    let audit = desk.run(&["audit", "--files", "."]);
    assert_eq!((audit.code, &audit.answer["verdict"]), (Some(0), &"PASS".into()), "{}", audit.text);
    assert_eq!(audit.answer["files"]["erased"], 1);
    assert_eq!(audit.answer["files"]["matches"], 4);
    assert_eq!(desk.done(&["show", "@2"])["erased_rows"].as_array().map(Vec::len), Some(1));
}

#[test]
fn drafts_forget_it_too() {
    let desk = desk();
    // The same file lies on another card, whose recording was stopped.
    desk.write("second/copy.JPG", &fs::read(desk.park().join(FILE)).unwrap());
    desk.write("second/other.JPG", &jpeg(&SECRET, b"other"));
    let draft = treering::evidence::draft::DraftKey::of([&b"stopped"[..]]);
    let drafts = desk.store().join("drafts");
    let digest =
        treering::tlog::hash::Hash::try_from(&sha256(&desk.park().join(FILE))[..]).unwrap();
    let entry = |sha256, name: &str| {
        use treering::evidence::{attribute::Attribute, draft::Entry, path::RowPath, row::Row};
        let path = RowPath::new(name.as_bytes()).unwrap();
        let access = treering::statement::bodies::evidence::Access::Sealed;
        let mut next = 0u8;
        let mut random = |bytes: &mut [u8]| {
            bytes.fill_with(|| {
                next = next.wrapping_add(1);
                next
            });
        };
        let (row, show) =
            Row::new(sha256, 9, &[Attribute::Path(path.clone())], access, &mut random);
        let stamp = treering::evidence::walk::Stamp { size: 9, modified: Some((1, 0)) };
        let found = treering::evidence::walk::Found::new(Path::new("/").into(), path, stamp);
        (found, Entry { row, show, modified: Some((1, 0)), notes: Vec::new() })
    };
    let mut open = treering::evidence::draft::Draft::open(&drafts, draft).unwrap();
    let (secret, kept) =
        (entry(digest, "Aminata Keller.JPG"), entry(treering::tlog::hash::Hash([1; 32]), "b.JPG"));
    open.append(&secret.0, &secret.1).unwrap();
    open.append(&kept.0, &kept.1).unwrap();
    drop(open);
    let needles = traces(&desk);
    let erased = erase(&desk);
    assert_eq!((erased.code, &erased.answer["drafts"]), (Some(0), &1.into()), "{}", erased.text);
    let left = needles.search(&[desk.store()]);
    assert!(left.is_empty(), "\n{}\n", left.join("\n"));
    let mut open = treering::evidence::draft::Draft::open(&drafts, draft).unwrap();
    assert!(open.find(&kept.0).unwrap().is_some());
    assert!(open.find(&secret.0).unwrap().is_none());
}

/// A stop at any step is finished by the same command: simulated by putting back what the next step would
/// have taken away.
#[test]
fn the_same_command_finishes_after_a_stop() {
    let desk = desk();
    let needles = traces(&desk);
    let root = desk.done(&["show", "@2"])["statement"]["fields"]["root"].clone();
    let root = root.as_str().unwrap();
    let manifests =
        [desk.store().join("manifests").join(root), desk.public().join("manifests").join(root)];
    let before: Vec<Vec<u8>> = manifests.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(erase(&desk).code, Some(0));
    // Stopped after the tombstone was filed: both manifests and the index are as before.
    for (path, bytes) in manifests.iter().zip(&before) {
        fs::write(path, bytes).unwrap();
    }
    desk.done(&["reindex"]);
    let audit = desk.run(&["audit", "--files", "."]);
    assert_eq!(audit.answer["files"]["erased"], 1, "{}", audit.text);
    assert!(audit.text.contains("erased-still-shown"), "{}", audit.text);
    let again = erase(&desk);
    assert_eq!(
        (again.code, &again.answer["rows_taken_out"]),
        (Some(0), &2.into()),
        "{}",
        again.text
    );
    assert_eq!(again.answer["statements"], serde_json::json!([]));
    assert!(needles.search(&[desk.store()]).is_empty());
    // Stopped after the public one: the private one and no index.
    fs::write(&manifests[0], &before[0]).unwrap();
    fs::remove_dir_all(desk.store().join("index")).unwrap();
    fs::create_dir(desk.store().join("index")).unwrap();
    assert_eq!(erase(&desk).answer["rows_taken_out"], 1);
    assert!(needles.search(&[desk.store()]).is_empty());
    // By hand, without naming anything.
    fs::write(&manifests[0], &before[0]).unwrap();
    assert_eq!(desk.done(&["erase", "--apply"])["rows_taken_out"], 1);
    assert!(needles.search(&[desk.store()]).is_empty());
    assert_eq!(desk.done(&["log"])["statements"].as_array().map(Vec::len), Some(4));
}

#[test]
fn receipts_from_before_say_erased_against_a_newer_copy() {
    let desk = desk();
    desk.done(&["card", "-o", "../card.json"]);
    desk.done(&["receipt", FILE, "-o", "../r.json"]);
    let copy = desk.public().display().to_string();
    let check = || {
        let args =
            ["check", FILE, "--receipt", "../r.json", "--card", "../card.json", "--copy", &copy];
        desk.run(&args)
    };
    assert_eq!(check().answer["files"][0]["result"], "MATCHES");
    erase(&desk);
    let after = check();
    assert_eq!(
        (after.code, &after.answer["files"][0]["result"]),
        (Some(4), &"ERASED".into()),
        "{}",
        after.text
    );
    refused(&desk.run(&["receipt", FILE, "-o", "../new.json"]), 4, "1 row was erased");
    assert!(!desk.home().join("new.json").exists());
    let rows = desk.done(&["show", "@2"])["erased_rows"][0].to_string();
    refused(&desk.run(&["disclose", "@2", "--rows", &rows, "-o", "../d"]), 3, "was erased");
    refused(&desk.run(&["disclose", "@2", "--file", "IMG_0.JPG", "-o", "../d"]), 3, "is not in");
}

#[test]
fn a_partner_takes_it_out_of_their_copy() {
    let desk = desk();
    let root = desk.done(&["show", "@2"])["statement"]["fields"]["root"].clone();
    let partner = desk.home().join("partner");
    fs::create_dir(&partner).unwrap();
    let held = partner.join(root.as_str().unwrap());
    fs::copy(desk.store().join("manifests").join(root.as_str().unwrap()), &held).unwrap();
    let needles = traces(&desk);
    desk.done(&["erase", FILE, "--ground", "authority", "--yes", "--notice", "../notice.json"]);
    assert!(!needles.search(std::slice::from_ref(&partner)).is_empty());
    let copy = desk.public().display().to_string();
    let folder = partner.display().to_string();
    let apply = ["erase", "--apply", "--copy", &copy, "--manifests", &folder];
    assert_eq!(desk.done(&apply)["rows_taken_out"], 1);
    assert_eq!(desk.done(&apply)["rows_taken_out"], 0);
    assert!(needles.search(&[partner, desk.home().join("notice.json")]).is_empty());
    let notice: serde_json::Value =
        serde_json::from_slice(&fs::read(desk.home().join("notice.json")).unwrap()).unwrap();
    assert_eq!(notice["erasures"][0]["root"], root);
    assert_eq!(notice["erasures"][0]["said_by"][0]["ground"], "authority");
    // A manifest that was damaged on the way is named, and left.
    let mut bytes = fs::read(&held).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&held, bytes).unwrap();
    refused(&desk.run(&apply), 3, "could not be taken out");
}

#[test]
fn the_same_bytes_in_two_batches_go_together() {
    let desk = desk();
    desk.write("twice/a.txt", b"the same");
    desk.write("twice/b.txt", b"the same");
    desk.done(&["add", "twice", "--title", "Twice"]);
    let dry = desk.done(&["erase", "twice/a.txt", "--ground", "safety", "--dry-run"]);
    assert_eq!(dry["would_erase"][0]["rows"], serde_json::json!([0, 1]));
    let erased = desk.done(&["erase", "twice/a.txt", "--ground", "safety", "--yes"]);
    assert_eq!(erased["rows_taken_out"], 2);
    let again = desk.done(&["erase", "@3#0", "--ground", "safety", "--yes"]);
    assert_eq!(again["statements"], serde_json::json!([]));
}

#[test]
fn what_cannot_be_erased_is_explained() {
    let desk = desk();
    let erase = |args: &[&str]| desk.run(&[&["erase"][..], args].concat());
    let ground = ["--ground", "unlawful"];
    let with = |file: &str| erase(&[&[file][..], &ground, &["--yes"]].concat());
    refused(&erase(&[&[FILE][..], &ground].concat()), 2, "cannot be undone");
    refused(&with("cards/none.JPG"), 3, "NOT RECORDED");
    refused(&with(&"ab".repeat(32)), 3, "NOT RECORDED");
    refused(&with("@2#5"), 2, "has no row");
    refused(&with("@2#x"), 2, "has no row");
    refused(&with("@0#0"), 2, "anchors no files");
    refused(&with("@7#0"), 2, "no statement");
    desk.write("cards/IMG_1.JPG", b"changed since");
    refused(&with("cards/IMG_1.JPG"), 3, "is not the file that was recorded");
    for bad in
        ["", "two\nlines", "for aminata@example.org", "passport 8812345", "IMG_0 was asked for"]
    {
        refused(&erase(&[FILE, "--yes", "--ground", bad]), 2, "cannot be signed");
    }
    refused(&erase(&["--apply", "--copy", "nowhere"]), 10, "no ledger");
    let public = desk.public().display().to_string();
    refused(&erase(&["--apply", "--copy", &public, "--manifests", "none"]), 2, "no folder");
    assert_eq!(
        desk.done(&["log"])["statements"].as_array().map(Vec::len),
        Some(3),
        "nothing was signed"
    );
}
