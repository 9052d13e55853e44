//! Everything that leaves the store, searched for everything that must not.

use std::fs;
use std::path::PathBuf;

use treering::evidence::manifest::{ManifestReader, ManifestRow};

use super::needles::{Needles, sha256};
use super::picture::{Notes, SECRET, jpeg};
use super::support::program::Desk;

/// Names that stand in paths, files and ids, and nowhere outside.
const NAMES: [&str; 4] = ["Aminata Keller", "LOC-SECRET-9", "collar-Bella-77", "denkmal-grotte"];

/// A ledger with a sealed batch full of secrets, a public one with fewer, an erased row, and everything that
/// can be handed out of it.
struct Site {
    desk: Desk,
    handed_out: Vec<PathBuf>,
}

fn site() -> Site {
    let desk = Desk::new();
    for (n, name) in (0..).zip(NAMES) {
        let notes = Notes { place: Some((46_661_234, 10_191_234)), ..SECRET };
        desk.write(&format!("cards/{name}/IMG_{n}.JPG"), &jpeg(&notes, name.as_bytes()));
    }
    desk.write("cards/people.csv", format!("ranger,post\n{},{}\n", NAMES[0], NAMES[1]).as_bytes());
    desk.write("open/view.JPG", &jpeg(&SECRET, b"a view"));
    desk.write("open/second.JPG", &jpeg(&SECRET, b"a second view"));
    desk.done(&["add", "cards", "--title", "Winter"]);
    desk.done(&["add", "open", "--title", "Views", "--access", "public"]);
    let first = format!("cards/{}/IMG_0.JPG", NAMES[0]);
    let out = |name: &str| desk.home().join(name);
    let text = |name: &str| out(name).display().to_string();
    let mut handed_out = vec![desk.public()];
    let mut keep = |name: &str| {
        handed_out.push(out(name));
        text(name)
    };
    desk.done(&[
        "disclose",
        "@2",
        "--all",
        "--attributes",
        "captured,camera_model",
        "-o",
        &keep("d"),
    ]);
    desk.done(&["receipt", "open/view.JPG", "--disclose", "captured", "-o", &keep("receipt.json")]);
    desk.done(&["card", "-o", &keep("card.json")]);
    let notice = keep("notice.json");
    desk.done(&["erase", &first, "--ground", "erasure-request", "--yes", "--notice", &notice]);
    // As it should be after an erasure; an audit would name the file as one that no row is of.
    fs::remove_file(desk.park().join(&first)).expect("a file");
    let public = desk.public().display().to_string();
    let commands: [&[&str]; 6] = [
        &["audit"],
        &["audit", &public],
        &["log"],
        &["show", "@2"],
        &["head"],
        &["show", "@2", "--lineage"],
    ];
    for (n, command) in (0..).zip(commands) {
        let name = format!("said-{n}");
        fs::write(out(&name), desk.run(command).text).expect("a file");
        keep(&name);
    }
    Site { desk, handed_out }
}

/// What is withheld from everybody.
fn secrets(desk: &Desk) -> Needles {
    let mut needles = Needles::default();
    needles.degrees("the latitude", 46_661_234);
    needles.degrees("the longitude", 10_191_234);
    needles.text("the serial number", SECRET.serial);
    for name in NAMES {
        needles.text("a name", name);
    }
    let secret = fs::read(desk.store().join("keys")).ok();
    assert!(secret.is_none(), "a folder");
    needles
}

/// What of the sealed batch nobody was shown: hashes of its files, and every salt and disclosure.
fn sealed(desk: &Desk, needles: &mut Needles) {
    let statement = desk.done(&["show", "@2"]);
    let root = statement["statement"]["fields"]["root"].as_str().expect("a root").to_owned();
    let manifest = fs::read(desk.store().join("manifests").join(root)).expect("a manifest");
    let mut reader = ManifestReader::new(&manifest[..]).expect("a manifest");
    while let Some(row) = reader.next_row().expect("a row") {
        if let ManifestRow::Shown { row, show } = row {
            for disclosure in show {
                if !["captured", "camera_model"].contains(&disclosure.name()) {
                    needles.bytes(disclosure.name(), disclosure.bytes());
                }
            }
            assert!(row.size() > 0);
        }
    }
}

#[test]
fn nothing_withheld_stands_in_any_public_byte() {
    let site = site();
    let mut needles = secrets(&site.desk);
    sealed(&site.desk, &mut needles);
    let leaks = needles.search(&site.handed_out);
    assert!(leaks.is_empty(), "\n{}\n", leaks.join("\n"));
}

#[test]
fn files_of_a_sealed_batch_are_not_told_by_their_hash() {
    let site = site();
    let mut needles = Needles::default();
    // The first was erased and is gone.
    for (n, name) in (0..).zip(NAMES).skip(1) {
        let path = site.desk.park().join(format!("cards/{name}/IMG_{n}.JPG"));
        needles.bytes("the hash of a sealed file", &sha256(&path));
    }
    needles.bytes("the hash of a sealed file", &sha256(&site.desk.park().join("cards/people.csv")));
    let leaks = needles.search(&[site.desk.public(), site.desk.home().join("notice.json")]);
    assert!(leaks.is_empty(), "\n{}\n", leaks.join("\n"));
}

/// The search itself: what is shown on purpose is found.
#[test]
fn a_value_that_is_shown_on_purpose_is_found() {
    let site = site();
    let desk = &site.desk;
    let out = desk.home().join("on-purpose");
    let path = out.display().to_string();
    let needles = secrets(desk);
    desk.done(&["disclose", "@2", "--all", "--attributes", "gps", "-o", &path]);
    let found = needles.search(std::slice::from_ref(&out));
    assert!(found.iter().any(|leak| leak.ends_with("the latitude")), "{found:?}");
    desk.done(&["disclose", "@2", "--all", "--attributes", "camera_serial,path", "-o", &path]);
    let found = needles.search(std::slice::from_ref(&out));
    assert!(found.iter().any(|leak| leak.ends_with("the serial number")), "{found:?}");
    assert!(found.iter().any(|leak| leak.ends_with("a name")), "{found:?}");
    // In a receipt everything is base64.
    let receipt = desk.home().join("shown.json").display().to_string();
    let disclose = ["--disclose", "camera_serial", "--disclose", "gps"];
    desk.done(&[&["receipt", "open/view.JPG", "-o", &receipt][..], &disclose].concat());
    let found = needles.search(&[desk.home().join("shown.json")]);
    assert!(found.iter().any(|leak| leak.ends_with("the serial number")), "{found:?}");
    assert!(found.iter().any(|leak| leak.ends_with("the longitude")), "{found:?}");
    // And published by name.
    desk.done(&["disclose", "@2", "--all", "--attributes", "path", "--publish"]);
    let found = needles.search(&[desk.public()]);
    assert!(found.iter().any(|leak| leak.ends_with("a name")), "{found:?}");
    assert!(!found.iter().any(|leak| leak.ends_with("serial number")), "{found:?}");
}
