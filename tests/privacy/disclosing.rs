//! Some rows shown, and all that goes wrong when they are asked for.

use std::fs;

use treering::evidence::cleaned::clean_jpeg;

use super::picture::{SECRET, jpeg};
use super::support::program::{Desk, Run};

fn desk() -> Desk {
    let desk = Desk::new();
    for n in 0..6u8 {
        desk.write(&format!("cards/IMG_{n}.JPG"), &jpeg(&SECRET, &[n; 9]));
    }
    desk.done(&["add", "cards", "--title", "Winter"]);
    desk.done(&["card", "-o", "../card.json"]);
    desk
}

fn copy_public(desk: &Desk) {
    let to = desk.home().join("copy");
    let _ = fs::remove_dir_all(&to);
    for entry in walkdir::WalkDir::new(desk.public()) {
        let entry = entry.expect("the folder can be listed");
        let to = to.join(entry.path().strip_prefix(desk.public()).expect("below"));
        match entry.file_type().is_dir() {
            true => fs::create_dir(to).expect("a folder"),
            false => drop(fs::copy(entry.path(), to).expect("a file")),
        }
    }
}

fn refused(run: &Run, code: i32, words: &str) {
    assert_eq!(run.code, Some(code), "{}", run.text);
    for field in ["what", "why", "next"] {
        assert!(run.answer[field].as_str().is_some_and(|text| !text.is_empty()), "{}", run.text);
    }
    assert!(run.text.contains(words), "{words:?} is not in\n{}", run.text);
}

#[test]
fn a_verifier_checks_what_was_shown_alone() {
    let desk = desk();
    let disclosed = desk.done(&[
        "disclose",
        "@2",
        "--file",
        "IMG_3.JPG",
        "--rows",
        "0",
        "--attributes",
        "captured",
        "-o",
        "../d",
    ]);
    let shown = disclosed["rows_shown"].as_u64().unwrap();
    assert!((1..=2).contains(&shown), "row 0 may be IMG_3");
    assert_eq!(disclosed["with_position_inside"], disclosed["rows_shown"]);
    copy_public(&desk);
    let against = ["--manifest", "../d", "--copy", "../copy", "--card", "../card.json"];
    let check = |file: &str| desk.run(&[&["check", file][..], &against].concat());
    let good = check("cards/IMG_3.JPG");
    assert_eq!((good.code, &good.answer["files"][0]["result"]), (Some(0), &"MATCHES".into()));
    assert_eq!(good.answer["statement"], 2);
    let alone = desk.run(&[&["check"][..], &against].concat());
    assert_eq!((alone.code, &alone.answer["shown"]), (Some(0), &disclosed["rows_shown"]));
    // A hidden row is not denied, and not confirmed.
    let hidden = (0..6).find(|n| check(&format!("cards/IMG_{n}.JPG")).code == Some(4)).unwrap();
    let hidden = check(&format!("cards/IMG_{hidden}.JPG"));
    assert_eq!(hidden.answer["files"][0]["result"], "NOT RECORDED");
    // An audit reads it, too.
    fs::create_dir(desk.home().join("handed")).unwrap();
    let root = disclosed["root"].as_str().unwrap();
    fs::copy(desk.home().join("d"), desk.home().join("handed").join(root)).unwrap();
    let audit = desk.run(&["audit", "../copy", "--manifests", "../handed", "--files", "."]);
    assert_eq!(audit.answer["files"]["matches"].as_u64(), Some(shown), "{}", audit.text);
    // One changed byte anywhere does not hold.
    let mut bytes = fs::read(desk.home().join("d")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(desk.home().join("d"), bytes).unwrap();
    refused(&check("cards/IMG_3.JPG"), 3, "does not hold");
}

#[test]
fn a_receipt_of_chosen_rows_is_a_receipt() {
    let desk = desk();
    desk.done(&["disclose", "@2", "--file", "IMG_1.JPG", "--form", "receipt", "-o", "../r.json"]);
    let args = ["check", "cards/IMG_1.JPG", "--receipt", "../r.json", "--card", "../card.json"];
    let checked = desk.run(&args);
    assert_eq!(checked.answer["files"][0]["result"], "MATCHES", "{}", checked.text);
    assert_eq!(checked.answer["files"][0]["shown"], serde_json::json!({}));
}

#[test]
fn publishing_never_shows_less_than_before() {
    let desk = desk();
    desk.done(&["disclose", "@2", "--rows", "0-2", "--attributes", "captured", "--publish"]);
    desk.done(&["disclose", "@2", "--rows", "4", "--publish"]);
    let root = desk.done(&["show", "@2"])["statement"]["fields"]["root"].clone();
    let public = desk.public().join("manifests").join(root.as_str().unwrap());
    let there = public.display().to_string();
    let read = desk.run(&["check", "--manifest", &there]);
    assert_eq!(
        (&read.answer["shown"], &read.answer["withheld"]),
        (&4.into(), &2.into()),
        "{}",
        read.text
    );
    refused(
        &desk.run(&["disclose", "@2", "--all", "--attributes", "gps", "--publish"]),
        2,
        "never published",
    );
}

#[test]
fn cleaned_copies_are_derived_evidence() {
    let desk = desk();
    let answer =
        desk.done(&["disclose", "@2", "--file", "IMG_2.JPG", "-o", "../d", "--cleaned", "press"]);
    assert_eq!(answer["cleaned"], 1);
    let name = fs::read_dir(desk.park().join("press")).unwrap().next().unwrap().unwrap().path();
    let original = fs::read(desk.park().join("cards/IMG_2.JPG")).unwrap();
    assert_eq!(fs::read(&name).unwrap(), clean_jpeg(&original).unwrap());
    assert!(fs::read(&name).unwrap().len() < original.len());
    desk.done(&["add", "press", "--derived-from", "@2", "--software", "treering@0.1.0"]);
    let lineage = desk.done(&["show", "@3", "--lineage"]);
    assert_eq!(lineage["made_from"][0]["position"], 2);
    // A picture that was changed on disk is not cleaned and passed off as the recorded one.
    desk.write("cards/IMG_4.JPG", &jpeg(&SECRET, b"another"));
    let run =
        desk.run(&["disclose", "@2", "--file", "IMG_4.JPG", "-o", "../e", "--cleaned", "press"]);
    assert_eq!((run.code, &run.answer["cleaned"]), (Some(4), &0.into()), "{}", run.text);
}

#[test]
fn what_cannot_be_shown_is_explained() {
    let desk = desk();
    let disclose = |args: &[&str]| desk.run(&[&["disclose"][..], args, &["-o", "../x"]].concat());
    refused(&disclose(&["@2"]), 2, "no rows were chosen");
    refused(&disclose(&["@2", "--rows", "6"]), 2, "no row 6");
    refused(&disclose(&["@2", "--rows", "1,b"]), 2, "is no row");
    refused(&disclose(&["@2", "--rows", "3-1"]), 2, "before it begins");
    refused(&disclose(&["@2", "--file", "IMG_9.JPG"]), 3, "is not in statement 2");
    refused(&disclose(&["@2", "--file", "MG_1.JPG"]), 3, "is not in statement 2");
    refused(&disclose(&["@2", "--all", "--attributes", "face"]), 2, "no attribute");
    refused(&disclose(&["@0", "--all"]), 2, "anchors no files");
    refused(&disclose(&["@9", "--all"]), 2, "no statement");
    refused(&disclose(&["@2", "--all", "--release", "x"]), 2, "names no authority");
    desk.write("../x", b"a letter");
    refused(&disclose(&["@2", "--all"]), 1, "another file of this name");
    let root = desk.done(&["show", "@2"])["statement"]["fields"]["root"].clone();
    fs::remove_file(desk.store().join("manifests").join(root.as_str().unwrap())).unwrap();
    refused(&disclose(&["@2", "--all"]), 4, "not here");
}
