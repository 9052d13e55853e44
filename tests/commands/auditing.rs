//! `treering audit`: of one's own store, and of a folder that somebody carried here.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use crate::support::park::{picture_of, restore};
use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words, flip, record};

fn desk() -> Desk {
    let desk = Desk::new();
    desk.record("lynx");
    desk.record("chamois");
    desk
}

/// A stick with the public folder as it is now.
fn carried(desk: &Desk, name: &str) {
    let stick = desk.home().join(name);
    fs::create_dir(&stick).unwrap();
    restore(&stick, &picture_of(&desk.public()));
}

#[test]
fn ones_own_store_passes() {
    let desk = desk();
    let before = record(&desk);
    let said = desk.answers(0, &["audit"]);
    assert_words(&said, &["CONSISTENT   4 statements signed, compared with a head held at 4"]);
    assert_words(&said, &["2 anchored: 2 MATCHES", "pass         R04", "PASS   checks passed."]);
    assert_words(
        &said,
        &["Time       NOT CHECKED", "Not shown by any audit: whether a photo is of"],
    );
    // By any of its names, from anywhere.
    for path in [".", ".treering", "../park"] {
        assert_eq!(desk.answers(0, &["audit", path]), said);
    }
    let in_state = desk.says_in(&desk.state(), &["audit", "../park"]);
    assert_eq!((in_state.code, &in_state.out), (Some(0), &said));
    assert!(record(&desk) == before, "an audit changes nothing");
}

#[test]
fn a_bare_folder_is_incomplete_and_says_why() {
    let desk = desk();
    carried(&desk, "stick");
    desk.done(&["card", "-o", "../card.json"]);
    let line = desk.answers(0, &["head"]);
    fs::write(desk.home().join("line"), format!("  {line}\r\n\n")).unwrap();
    fs::copy(desk.public().join("checkpoint"), desk.home().join("head")).unwrap();
    let bare = desk.answers(4, &["audit", "../stick"]);
    assert_words(&bare, &["CONSISTENT   4 statements signed\n", "cannot-check R04", "2 WITHHELD"]);
    assert_words(
        &bare,
        &["INCOMPLETE   nothing wrong was found. Could not be checked: whether its end"],
    );
    for head in ["../line", "../head"] {
        let said = desk.answers(4, &["audit", "../stick", "--head", head]);
        assert_words(&said, &["compared with a head held at 4", "pass         R04"]);
        assert_words(
            &said,
            &["INCOMPLETE   nothing wrong was found. Could not be checked: 2 of 2"],
        );
    }
    let whole =
        ["audit", "../stick", "--head", "../head", "--card", "../card.json", "--files", "."];
    let whole = [&whole[..], &["--manifests", ".treering/manifests"]].concat();
    assert_words(&desk.answers(0, &whole), &["2 anchored: 2 MATCHES", "PASS   checks passed."]);
    // The head of a later day, through a pipe.
    desk.record("third");
    let line = desk.answers(0, &["head"]);
    let mut piped = desk.typed(&desk.park(), &["audit", "../stick", "--head", "-"]);
    piped.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = piped.spawn().unwrap();
    running.stdin.take().unwrap().write_all(line.as_bytes()).unwrap();
    let said = Said::of(running.wait_with_output().unwrap());
    assert_eq!(said.code, Some(3), "{said:?}");
    assert_words(&said.out, &["SHORTENED", "FAIL"]);
}

#[test]
fn the_same_audit_says_the_same_to_the_byte() {
    let desk = desk();
    flip(&desk.public().join("tile/0/000.p/4"), 40);
    for json in [&["--json"][..], &[]] {
        let audit = [&["audit", "--as-of", "1800000000"][..], json].concat();
        assert_eq!(desk.answers(3, &audit), desk.answers(3, &audit));
    }
}

#[test]
fn damage_is_named() {
    let desk = desk();
    let healthy = picture_of(&desk.public());
    let damages: [(&str, usize, &str); 4] = [
        (
            "tile/0/000.p/4",
            33,
            "the tile tile/0/000.p/4 differs from the statements, first at its hash 1",
        ),
        (
            "tile/entries/000.p/4",
            200,
            "the older bundle tile/entries/000.p/3 is different from the bundle that followed it",
        ),
        ("checkpoint", 60, "checkpoint"),
        ("tile/0/000.p/3", 1, "tile/0/000.p/3"),
    ];
    for (file, at, words) in damages {
        flip(&desk.public().join(file), at);
        let said = desk.answers(3, &["audit"]);
        assert_words(&said, &["BROKEN", "fail", "FAIL", words]);
        restore(&desk.public(), &healthy);
    }
    for file in ["tile/0/000.p/4", "tile/entries/000.p/4", "checkpoint"] {
        fs::remove_file(desk.public().join(file)).unwrap();
        let said = desk.says(&["audit"]);
        assert!(matches!(said.code, Some(3 | 4 | 10)), "{file}: {said:?}");
        assert!(!said.out.contains("PASS"), "{file}: {said:?}");
        restore(&desk.public(), &healthy);
    }
    fs::write(desk.park().join("lynx.jpg"), b"a painted lynx").unwrap();
    let said = desk.answers(3, &["audit"]);
    assert_words(&said, &["CONSISTENT", "1 DIFFERS", "DIFFERS      lynx.jpg", "FAIL"]);
    fs::remove_file(desk.park().join("lynx.jpg")).unwrap();
    let said = desk.answers(4, &["audit"]);
    assert_words(&said, &["1 MISSING", "MISSING      lynx.jpg", "INCOMPLETE"]);
}

/// A clean copy of an older day shows only to somebody who remembers a later one.
#[test]
fn an_old_copy_of_the_public_folder() {
    let desk = desk();
    carried(&desk, "old");
    desk.record("third");
    let newest = picture_of(&desk.public());
    let line = desk.answers(0, &["head"]);
    fs::write(desk.home().join("line"), line).unwrap();
    restore(&desk.public(), &picture_of(&desk.home().join("old")));
    desk.write("fourth.jpg", b"fourth");
    let said = desk.answers(3, &["audit"]);
    assert_words(&said, &["SHORTENED", "fail         R04", "FAIL"]);
    assert_words(&desk.answers(3, &["audit", "../old", "--head", "../line"]), &["SHORTENED"]);
    assert_words(&desk.answers(4, &["audit", "../old"]), &["whether its end was cut off"]);
    desk.refuses(13, &["add", "fourth.jpg"]).says("must not sign now", "5", "treering resume");
    let care = desk.answers(0, &["status"]);
    assert_words(
        &care,
        &["the public folder is behind: its checkpoint covers 4 statements, but this store"],
    );
    for reader in
        [&["head"][..], &["receipt", "lynx.jpg", "-o", "../r"], &["export", "tlog-proof", "@1"]]
    {
        desk.refuses(3, reader).says(
            "the public folder is behind",
            "covers 4",
            "treering resume --from",
        );
    }
    restore(&desk.public(), &newest);
    desk.answers(0, &["add", "fourth.jpg"]);
}

/// A backup of the whole store came back, guard and all; only the computer remembers.
#[test]
fn an_old_copy_of_the_whole_store() {
    let desk = desk();
    let backup = picture_of(&desk.store());
    desk.record("third");
    restore(&desk.store(), &backup);
    desk.write("fourth.jpg", b"fourth");
    desk.refuses(13, &["add", "fourth.jpg"]).says("must not sign now", "", "treering resume");
    assert_words(&desk.answers(3, &["audit"]), &["SHORTENED", "FAIL"]);
    assert_words(&desk.answers(0, &["status"]), &["must not sign: "]);
    for args in [&["resume"][..], &["resume", "--from", "x", "--nobody-holds-more"]] {
        assert_eq!(desk.says(args).code, Some(2));
    }
    // On a computer that remembers nothing, the store's own head does not vouch for it.
    fs::remove_dir_all(desk.state()).unwrap();
    let said = desk.answers(4, &["audit"]);
    assert_words(&said, &["cannot-check R04", "INCOMPLETE"]);
}

/// Two clones went on, each on its own: both are whole, and together they are the proof of a fork.
#[test]
fn a_fork_is_five() {
    let desk = desk();
    let other = desk.cloned();
    desk.record("here");
    other.record("there");
    let line = other.answers(0, &["head"]);
    fs::write(desk.home().join("line"), line).unwrap();
    let said = desk.answers(5, &["audit", "--head", "../line"]);
    assert_words(&said, &["FORKED", "FAIL"]);
    assert_eq!(desk.run(&["audit", "--head", "../line"]).answer["verdict"], "FAIL");
}

#[test]
fn what_cannot_be_audited() {
    let desk = desk();
    let other = Desk::new();
    other.done(&["card", "-o", "card.json"]);
    other.done(&["head"]);
    fs::copy(other.park().join("card.json"), desk.home().join("other.json")).unwrap();
    fs::copy(other.public().join("checkpoint"), desk.home().join("other-head")).unwrap();
    fs::create_dir(desk.home().join("empty")).unwrap();
    let cases: [(&[&str], i32, [&str; 3]); 8] = [
        (
            &["../gone"],
            2,
            ["there is no folder ../gone", "a store or a public folder", "check the name"],
        ),
        (
            &["lynx.jpg"],
            2,
            ["lynx.jpg is not a folder", "a store or a public folder", "check the name"],
        ),
        (
            &["../empty"],
            10,
            [
                "../empty is no ledger",
                "neither a checkpoint nor tiles",
                "the file called checkpoint",
            ],
        ),
        (
            &["--files", "gone"],
            2,
            ["there is no folder gone", "the evidence files", "check the name"],
        ),
        (
            &["--manifests", "gone"],
            2,
            ["there is no folder gone", "manifests are", "check the name"],
        ),
        (
            &["--head", "lynx.jpg"],
            2,
            ["lynx.jpg is not a checkpoint or head line", "", "check the name"],
        ),
        (
            &["--head", "../other.json"],
            2,
            ["is not a checkpoint or head line", "it is a site card", "name a checkpoint"],
        ),
        (&["--card", "lynx.jpg"], 2, ["lynx.jpg is not a site card", "", "check the name"]),
    ];
    for (args, code, [what, why, next]) in cases {
        desk.refuses(code, &[&["audit"], args].concat()).says(what, why, next);
    }
    // A wrong card is a finding of the audit, not a mistake in its call.
    let said = desk.answers(3, &["audit", "--card", "../other.json"]);
    assert_words(&said, &["FAIL"]);
    let said = desk.says(&["audit", "--head", "../other-head"]);
    assert!(matches!(said.code, Some(2..=4)), "{said:?}");
    assert!(!said.out.contains("PASS"), "{said:?}");
}
