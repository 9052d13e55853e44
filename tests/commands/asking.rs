//! `status`, `log`, `show`, `head`, `card`, `export`: what a ledger says of itself.

use std::fs;

use treering::tlog::checkpoint::SignedCheckpoint;

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words, checkpoint};

#[test]
fn status_says_what_needs_care() {
    let desk = Desk::new();
    let status = desk.answers(0, &["status"]);
    assert_words(&status, &["Park · ledger ", "Recorded   0 files in 0 batches\n"]);
    assert_words(&status, &["Ledger     2 statements", "Witnessed  no", "Keys       1 may sign"]);
    assert_words(&status, &["the keys next-root and root lie beside the store"]);
    assert_words(&status, &["no passphrase protects log, next-root, recorder, root"]);
    assert_words(&status, &["next: treering add --dry-run PATH"]);
    desk.record("lynx");
    let status = desk.answers(0, &["status"]);
    assert_words(
        &status,
        &["Recorded   1 file in 1 batch, 20", " UTC\n", "keep a second copy of "],
    );
    assert!(!status.contains(" UTC to "), "one moment is no span:\n{status}");
    desk.record("chamois");
    assert_words(&desk.answers(0, &["status"]), &["Recorded   2 files in 2 batches"]);
    let manifests: Vec<_> = fs::read_dir(desk.store().join("manifests")).unwrap().collect();
    for manifest in manifests {
        fs::remove_file(manifest.unwrap().path()).unwrap();
    }
    assert_words(
        &desk.answers(0, &["status"]),
        &["2 manifests are missing: files cannot be proved until a copy"],
    );
    fs::remove_file(desk.store().join("keys/recorder.chain")).unwrap();
    assert_words(&desk.answers(0, &["status"]), &["the key recorder: ", "--resume-chain"]);
}

#[test]
fn the_log_and_its_statements() {
    let desk = Desk::new();
    desk.record("lynx");
    let log = desk.answers(0, &["log"]);
    let kinds: Vec<&str> = log.lines().filter_map(|line| line.split_whitespace().nth(5)).collect();
    assert_eq!(kinds, ["ledger.genesis", "key.grant", "evidence.anchor"], "{log}");
    let lines = |args: &[&str]| desk.answers(0, &[&["log"], args].concat()).lines().count();
    assert_eq!(lines(&["--kind", "key"]), 1);
    assert_eq!(lines(&["--kind", "evidence.anchor"]), 1);
    let none = desk.answers(0, &["log", "--kind", "claim"]);
    assert_eq!(none, "No statement of this kind.\n");
    for kind in ["", "A B", "key.", "../key"] {
        desk.refuses(2, &["log", "--kind", kind]).says(
            "is neither a kind nor a family",
            "kinds look like evidence.anchor",
            "treering log",
        );
    }
    let id = desk.done(&["show", "@2"])["statement"]["id"].as_str().unwrap().to_owned();
    for reference in ["@2", &id, &id[..8], &id[..63]] {
        let said = desk.answers(0, &["show", reference]);
        assert_words(&said, &["@2  evidence.anchor", &id, "standing     nothing later speaks"]);
    }
    let refused = [
        ("@3", "the ledger has 3 statements, @0 to @2"),
        ("@-1", "after @ comes the position"),
        ("@18446744073709551616", "after @ comes the position"),
        ("@", "after @ comes the position"),
        (&id[..7], "8 to 64 lower-case hexadecimal digits"),
        ("00000000", "no id in this ledger begins so"),
        ("ABCDEF01", "lower-case"),
        ("", "a reference is @position"),
    ];
    for (reference, why) in refused {
        for command in [&["show"][..], &["export", "tlog-proof"]] {
            let args = [command, &[reference]].concat();
            desk.refuses(2, &args).says("there is no statement", why, "treering log");
        }
    }
}

/// 160 letters of the alphabet that every telephone has.
#[test]
fn a_head_fits_a_text_message() {
    let desk = Desk::new();
    let said = desk.says(&["head"]);
    let line = said.out.lines().next().unwrap();
    assert!(line.starts_with("TR1 ") && line.is_ascii(), "{said:?}");
    // Nine more digits of a size would still fit.
    assert!(line.len() + 9 <= 160, "{} letters", line.len());
    // What belongs into the message stands alone on standard output.
    assert_eq!(said.out.lines().count(), 1, "{said:?}");
}

#[test]
fn a_card_on_the_screen_as_a_file_and_on_paper() {
    let desk = Desk::bare();
    desk.answers(0, &["init", "--name", "<b>Val & Co</b>", "--no-passphrase"]);
    let screen = desk.answers(0, &["card"]);
    let card = desk.done(&["card"]);
    let (id, digits) = (card["id"].as_str().unwrap(), card["digits"].as_str().unwrap());
    assert_words(&screen, &["<b>Val & Co</b> (site)", id, digits, "trust pin CARD"]);
    let said = desk.answers(0, &["card", "-o", "card.json", "--html", "card.html"]);
    assert_words(&said, &["Wrote card.json", "Wrote card.html"]);
    let page = fs::read_to_string(desk.park().join("card.html")).unwrap();
    assert_words(&page, &["default-src 'none'", "<svg", digits, id]);
    assert!(!page.contains("<b>"), "a name is no markup");
    for option in ["-o", "--html"] {
        desk.refuses(2, &["card", option, "no/such/folder"]).says(
            "no/such/folder cannot be written",
            "no such folder",
            "make the folder",
        );
    }
}

#[test]
fn a_proof_for_other_programs() {
    let desk = Desk::new();
    desk.record("lynx");
    let proof = desk.answers(0, &["export", "tlog-proof", "@1"]);
    assert!(proof.starts_with("c2sp.org/tlog-proof@v1\nindex 1\n"), "{proof}");
    let (_, note) = proof.split_once("\n\n").unwrap();
    let head = SignedCheckpoint::parse(&checkpoint(&desk)).unwrap();
    assert_eq!(SignedCheckpoint::parse(note.as_bytes()).unwrap().tree(), head.tree());
    assert_words(&desk.answers(0, &["export", "tlog-proof", "@1", "-o", "p"]), &["Wrote p"]);
    assert_eq!(fs::read_to_string(desk.park().join("p")).unwrap(), proof);
}

/// Where there is no ledger, every command that needs one says so and how to have one.
#[test]
fn without_a_ledger() {
    let desk = Desk::bare();
    desk.write("a.txt", b"a");
    let need_one: [&[&str]; 17] = [
        &["add", "a.txt"],
        &["add", "a.txt", "--dry-run"],
        &["status"],
        &["log"],
        &["show", "@0"],
        &["receipt", "a.txt", "-o", "../r"],
        &["check", "a.txt"],
        &["audit"],
        &["key", "new", "anna", "--no-passphrase"],
        &["key", "list"],
        &["key", "rotate-root"],
        &["card"],
        &["trust", "list"],
        &["head"],
        &["export", "tlog-proof", "@0"],
        &["resume", "--nobody-holds-more"],
        &["reindex"],
    ];
    for command in need_one {
        let says =
            ["the store cannot be used", "no ledger here: no .treering in ", "treering init"];
        desk.refuses(10, command).says(says[0], says[1], says[2]);
        let elsewhere = [command, &["--store", "nowhere"]].concat();
        let refusal = desk.says(&elsewhere).refusal(10);
        assert!(refusal.why.contains("nowhere"), "{refusal:?}");
    }
    // A store without a ledger in it is no better.
    fs::create_dir_all(desk.store().join("ledgers")).unwrap();
    for command in need_one {
        let refusal = desk.says(command);
        assert!(matches!(refusal.code, Some(10 | 1)), "{command:?} {refusal:?}");
        refusal.refusal(refusal.code.unwrap());
    }
}
