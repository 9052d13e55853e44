//! `treering add`: what is recorded, what is said of it, and what is refused without a trace.

use std::fs;

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words, checkpoint};

#[test]
fn a_season_is_recorded_once() {
    let desk = Desk::new();
    for (name, bytes) in [
        ("season/a.txt", &b"a"[..]),
        ("season/deep/er/b.txt", b"b"),
        ("season/same as a.txt", b"a"),
        ("season/none.txt", b""),
        ("season/.DS_Store", b"the desktop's"),
        ("season/.gitignore", b"*\n"),
    ] {
        desk.write(name, bytes);
    }
    let before = checkpoint(&desk);
    let dry = desk.answers(0, &["add", "season", "--dry-run"]);
    assert_words(
        &dry,
        &["Would record 5 files (5 bytes); 0 recorded before.", "1 file without any"],
    );
    assert_words(&dry, &["same content: season/a.txt, season/same as a.txt"]);
    assert_words(&dry, &["left out  season/.DS_Store: written by the desktop, not evidence"]);
    assert_words(&dry, &["next: the same command without --dry-run"]);
    assert_eq!(checkpoint(&desk), before, "a dry run signs nothing");
    assert!(fs::read_dir(desk.store().join("manifests")).unwrap().next().is_none());

    let said = desk.answers(0, &["add", "season"]);
    assert_words(&said, &["Recorded 5 files (5 bytes) as statement 2: season"]);
    assert_words(&said, &["The manifest stays in the store", "next: treering head"]);
    let signed = checkpoint(&desk);
    assert_ne!(signed, before);

    // The same again, in other words, and under other names: nothing is signed.
    fs::rename(desk.park().join("season"), desk.park().join("saison")).unwrap();
    for again in [&["add", "saison"][..], &["add", "saison/deep", "./saison", "--title", "x"]] {
        let said = desk.answers(0, again);
        assert_words(&said, &["Nothing new: 5 files recorded before."]);
    }
    let dry = desk.answers(0, &["add", "saison", "--dry-run"]);
    assert_words(&dry, &["Would record nothing new: 5 files recorded before."]);
    assert_eq!(checkpoint(&desk), signed, "what is recorded already signs nothing");

    // One new file among them.
    desk.write("saison/c.txt", b"c");
    let said = desk.answers(0, &["add", "saison"]);
    assert_words(&said, &["Recorded 1 file (1 byte) as statement 3: saison"]);
    assert_words(&said, &["5 files already recorded with the same content"]);
    assert_eq!(desk.done(&["audit"])["files"]["anchored"], 6);
}

#[test]
fn sealed_says_little_and_public_says_more() {
    let desk = Desk::new();
    desk.write("sealed/patrol.csv", b"time,who\n");
    desk.write("public/patrol.csv", b"time,what\n");
    desk.answers(0, &["add", "sealed", "--title", "Patrols of May"]);
    let said = desk.answers(0, &["add", "public", "--access", "public"]);
    assert_words(&said, &["The manifest is published", "positions and serial numbers are not"]);
    let fields = |at: &str| desk.done(&["show", at])["statement"]["fields"].clone();
    let (sealed, public) = (fields("@2"), fields("@3"));
    assert_eq!((&sealed["title"], &sealed["access"]), (&"Patrols of May".into(), &"sealed".into()));
    assert!(sealed["bytes"].is_null() && sealed["media"].is_null(), "{sealed}");
    assert_eq!((&public["title"], &public["access"]), (&"public".into(), &"public".into()));
    assert_eq!((&public["bytes"], &public["media"]["text/csv"]), (&10.into(), &1.into()));
    let root = |fields: &serde_json::Value| fields["root"].as_str().unwrap().to_owned();
    let published = |root: &str| desk.public().join("manifests").join(root).is_file();
    assert!(published(&root(&public)) && !published(&root(&sealed)));
}

#[test]
fn indicators_are_those_of_the_catalogue() {
    let desk = Desk::new();
    desk.write("trees.csv", b"trees\n");
    for (id, why) in [("9.9.9", "has no indicator 9.9.9"), ("3.7", "3.7"), ("", "")] {
        desk.refuses(2, &["add", "trees.csv", "--indicator", "3.7.1", "--indicator", id]).says(
            "an indicator is not in the catalogue",
            why,
            "such as 3.7.1",
        );
    }
    let ids = ["--indicator", "4.1.1", "--indicator", "3.7.1", "--indicator", "4.1.1"];
    desk.answers(0, &[&["add", "trees.csv"][..], &ids].concat());
    assert_words(&desk.answers(0, &["show", "@2"]), &["indicators   3.7.1 4.1.1", "catalogue"]);
}

#[test]
fn what_is_not_there_does_not_stop_the_rest() {
    let desk = Desk::new();
    fs::create_dir(desk.park().join("empty")).unwrap();
    for nothing in [&["add", "empty"][..], &["add", "gone"], &["add", ".treering"], &["add", "."]] {
        let said = desk.answers(4, nothing);
        assert_words(&said, &["Nothing to record: no file was found.", "next: name files, or"]);
    }
    desk.write("kept.txt", b"kept");
    let said = desk.answers(4, &["add", "gone", "kept.txt", "empty"]);
    assert_words(&said, &["Recorded 1 file (4 bytes)", "NOT RECORDED  gone: nothing is there"]);
    assert_words(&said, &["next: mend what is NOT RECORDED, then run the same command"]);
    let said = desk.answers(0, &["add", "kept.txt", ".treering"]);
    assert_words(&said, &["Nothing new", "left out  .treering: a treering store, never evidence"]);
    desk.answers(0, &["audit"]);
}

#[test]
fn a_batch_needs_a_title_and_a_key() {
    let desk = Desk::new();
    desk.write("a.txt", b"a");
    let long = "x".repeat(801);
    for title in ["", "   ", &long] {
        desk.refuses(2, &["add", "a.txt", "--title", title]).says(
            "the batch cannot be called so",
            "1 to 800 bytes",
            "--title",
        );
    }
    desk.refuses(12, &["add", "a.txt", "--key", "nobody"]).says(
        "the key cannot be used",
        "there is no key nobody",
        "treering key list",
    );
    desk.refuses(12, &["add", "a.txt", "--key", "log"]).says(
        "the key log may not sign evidence.anchor here",
        "the root has not granted it",
        "treering key list",
    );
    desk.refuses(2, &["add", "a.txt", "--key", "../log"]).says(
        "cannot be a name",
        "a–z",
        "choose another name",
    );
    desk.answers(0, &["add", "a.txt", "--key", "recorder", "--title", "a\nb\u{1b}[31m\u{202e}"]);
    assert_words(&desk.answers(0, &["log"]), &["a\\nb\\u{1b}[31m\\u{202e} · 1 file · sealed"]);
    desk.answers(0, &["show", "@2"]);
}

/// Hashes, sizes and proofs count in 64 bits: 4 GiB and a byte. The file has no blocks on the disk.
#[cfg(unix)]
#[test]
fn a_file_of_more_than_four_gigabytes() {
    use std::fs::File;
    use std::io::BufReader;

    use treering::evidence::manifest::{ManifestReader, ManifestRow};
    use treering::tlog::hash::Hash;

    let desk = Desk::new();
    let size = (4_u64 << 30) + 1;
    let sparse = File::create(desk.park().join("long.wav")).unwrap();
    sparse.set_len(size).unwrap();
    let said = desk.answers(0, &["add", "long.wav"]);
    assert_words(&said, &["Recorded 1 file (4.3 GB)", "4,294,967,297 bytes"]);
    let manifests = fs::read_dir(desk.store().join("manifests")).unwrap();
    let manifest = manifests.map(|entry| entry.unwrap().path()).next().unwrap();
    let mut rows = ManifestReader::new(BufReader::new(File::open(manifest).unwrap())).unwrap();
    let Some(ManifestRow::Shown { row, .. }) = rows.next_row().unwrap() else { panic!("a row") };
    // head -c 4294967297 /dev/zero | sha256sum
    let zeros = "fbb82f7b353676bb562eb82157fcf0ea42c36492ca13ee56dbf82c08b6802c5c";
    assert_eq!((row.size(), row.sha256()), (size, Hash::from_hex(zeros).unwrap()));
}
