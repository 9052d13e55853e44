//! `treering init`: a ledger is founded whole, or nothing is left behind.

use std::fs;

use crate::support::park::picture_of;
use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words, checkpoint};

#[test]
fn any_kind_of_party_founds_a_ledger() {
    for kind in ["site", "verifier", "partner", "accreditor", "museum"] {
        let desk = Desk::bare();
        let said = desk.answers(0, &["init", "--name", "Val Ü", "--kind", kind, "--no-passphrase"]);
        assert_words(&said, &["Founded the ledger of Val Ü.", "digits", "next: treering add"]);
        assert_words(&said, &["and keep them apart; recording works without them"]);
        let card = desk.done(&["card"]);
        assert_eq!((&card["kind"], &card["name"]), (&kind.into(), &"Val Ü".into()));
        let audit = desk.answers(0, &["audit"]);
        assert_words(&audit, &[&format!("Val Ü ({kind})"), "PASS   checks passed."]);
    }
}

#[test]
fn a_site_says_what_and_where_it_is() {
    let desk = Desk::bare();
    let name = "Park";
    let site = ["--site-id", "2564", "--country", "ITA", "--country", "CHE", "--country", "ITA"];
    let init = [&["init", "--name", name, "--no-passphrase"][..], &site].concat();
    let origin = ["--origin", "val.example/evidence"];
    desk.answers(0, &[&init[..], &origin].concat());
    let head = String::from_utf8(checkpoint(&desk)).unwrap();
    assert_eq!(head.lines().take(2).collect::<Vec<_>>(), ["val.example/evidence", "3"]);
    let status = desk.answers(0, &["status"]);
    assert_words(&status, &["Park · WDPCA 2564 · CHE · ITA · ledger "]);
    assert_words(&desk.answers(0, &["log"]), &["site.describe         site 2564, CHE, ITA"]);
}

/// The roots go to sticks at the founding, and everything but their own work goes on without them.
#[test]
fn the_root_keys_go_to_two_sticks() {
    let desk = Desk::bare();
    for stick in ["stick", "other"] {
        fs::create_dir(desk.home().join(stick)).unwrap();
    }
    let roots = ["--root-to", "../stick", "--next-to", "../other"];
    let init = [&["init", "--name", "Park", "--no-passphrase"][..], &roots].concat();
    let said = desk.answers(0, &init);
    assert_words(&said, &["../stick/root.key", "../other/next-root.key"]);
    assert!(!said.contains("keep them apart"), "they are there already:\n{said}");
    let names = |folder: &str| -> Vec<String> {
        picture_of(&desk.home().join(folder)).into_keys().collect()
    };
    assert_eq!(names("stick"), ["root.chain", "root.key", "root.pub"]);
    assert_eq!(names("other"), ["next-root.key", "next-root.pub"]);
    let in_store = names("park/.treering/keys");
    assert!(in_store.iter().all(|name| !name.contains("root")), "{in_store:?}");
    for stick in ["stick", "other"] {
        fs::remove_dir_all(desk.home().join(stick)).unwrap();
    }
    desk.record("lynx");
    assert!(!desk.answers(0, &["status"]).contains("beside the store"));
    desk.answers(0, &["audit"]);
}

#[test]
fn what_cannot_be_founded_leaves_nothing_behind() {
    let desk = Desk::bare();
    fs::create_dir(desk.home().join("stick")).unwrap();
    fs::write(desk.home().join("empty"), "").unwrap();
    fs::write(desk.home().join("long"), "x".repeat(5_000)).unwrap();
    let cases: [(&[&str], i32, [&str; 3]); 14] = [
        (
            &["--root-to", "../nowhere", "--no-passphrase"],
            2,
            ["there is no folder ../nowhere", "a folder that is there", "connect the stick"],
        ),
        (
            &["--origin", "two words", "--root-to", "../stick", "--no-passphrase"],
            2,
            ["cannot be founded so", "contains ' '", "treering help init"],
        ),
        (&["--name", ""], 2, ["cannot be founded so", "name: 1 to 256 bytes", "help init"]),
        (&["--name", "a\nb"], 2, ["cannot be founded so", "control characters", "help init"]),
        (&["--name", " \u{a0} "], 2, ["cannot be founded so", "neither letter nor", "help init"]),
        (
            &["--country", "Switzerland", "--no-passphrase"],
            2,
            ["cannot be described so", "three capital letters", "--country CHE"],
        ),
        (
            &["--country", "che", "--no-passphrase"],
            2,
            ["cannot be described so", "three capital letters", "--country CHE"],
        ),
        (
            &["--no-passphrase", "--passphrase-file", "../long"],
            2,
            ["exclude each other", "protected or not", "leave one of them out"],
        ),
        (&[], 12, ["a passphrase is needed", "nobody is at the keyboard", "--no-passphrase"]),
        (
            &["--passphrase-file", "../empty"],
            12,
            ["../empty", "first line is empty", "name a file"],
        ),
        (&["--passphrase-file", "../long"], 12, ["../long", "longer than one line", "name a file"]),
        (&["--passphrase-file", "../none"], 12, ["../none", "No such file", "name a file"]),
        (&["--passphrase-file", ".."], 12, ["cannot be used", "", "name a file"]),
        (
            &["--store", "elsewhere", "--name", ""],
            2,
            ["cannot be founded so", "name", "treering help init"],
        ),
    ];
    for (args, code, [what, why, next]) in cases {
        let name: &[&str] = if args.contains(&"--name") { &[] } else { &["--name", "Park"] };
        let args = [&["init"], name, args].concat();
        desk.refuses(code, &args).says(what, why, next);
        let left = picture_of(&desk.park());
        assert!(left.is_empty(), "{args:?} left {:?}", left.keys());
        assert!(picture_of(&desk.home().join("stick")).is_empty(), "{args:?}");
    }
    // And then it can be founded, with the same stick.
    desk.answers(0, &["init", "--name", "Park", "--root-to", "../stick", "--no-passphrase"]);
    desk.refuses(2, &["init", "--name", "Park", "--no-passphrase"]).says(
        "the store cannot be used",
        "is there already",
        "choose another folder",
    );
}

/// The memory of what was signed must not travel with the store that it guards.
#[test]
fn the_outside_records_stay_outside() {
    let desk = Desk::new();
    desk.write("a.txt", b"a");
    let mut add = desk.typed(&desk.park(), &["add", "a.txt"]);
    add.env("TREERING_STATE_DIR", desk.store().join("state"));
    let refusal = Said::of(add.output().unwrap()).refusal(2);
    refusal.says("record outside the store", "inside the store", "TREERING_STATE_DIR");
    assert!(!desk.store().join("state").exists());
}

/// A passphrase opens the keys, another one does not, and what it refused to sign is not lost.
#[cfg(unix)]
#[test]
fn keys_open_with_their_passphrase_alone() {
    use std::os::unix::fs::PermissionsExt;

    use crate::terminal::chmod;

    let desk = Desk::bare();
    for (name, passphrase) in [("right", "old larch\nsecond line\n"), ("wrong", "young larch\n")] {
        fs::write(desk.home().join(name), passphrase).unwrap();
    }
    let with = |file: &'static str| ["--passphrase-file", file];
    desk.answers(0, &[&["init", "--name", "Park"][..], &with("../right")].concat());
    for entry in fs::read_dir(desk.store().join("keys")).unwrap() {
        let entry = entry.unwrap();
        if entry.path().extension().is_some_and(|kind| kind == "key") {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
            let text = fs::read_to_string(entry.path()).unwrap();
            assert!(text.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        }
    }
    desk.write("lynx.jpg", b"lynx");
    let add = |file| [&["add", "lynx.jpg"][..], &with(file)].concat();
    desk.refuses(12, &["add", "lynx.jpg"]).says(
        "a passphrase is needed",
        "nobody is at the keyboard",
        "--passphrase-file",
    );
    desk.refuses(12, &add("../wrong")).says(
        "the key cannot be used",
        "recorder.key: the passphrase does not open it",
        "try again",
    );
    let key = desk.store().join("keys/recorder.key");
    for mode in [0o644, 0o660, 0o604] {
        chmod(&key, mode);
        desk.refuses(12, &add("../right")).says(
            "the key cannot be used",
            &format!("open to other users of this computer (mode {mode:04o} instead of 0600)"),
            "chmod 600 ",
        );
    }
    chmod(&key, 0o600);
    let moved = desk.home().join("recorder.key");
    fs::rename(&key, &moved).unwrap();
    desk.refuses(12, &add("../right")).says(
        "the key cannot be used",
        "is missing",
        "put its second",
    );
    fs::rename(&moved, &key).unwrap();
    assert_words(&desk.answers(0, &add("../right")), &["Recorded 1 file (4 bytes)"]);
    // Nobody who reads is asked for it.
    for reader in ["status", "log", "head", "card", "audit"] {
        desk.answers(0, &[reader]);
    }
}
