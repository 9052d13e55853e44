//! A site that lost everything, rebuilt from what a partner holds; and ledgers that pin each other.

use std::fs;

use crate::partner::files;
use crate::support::program::Desk;

fn text(path: &std::path::Path) -> String {
    path.display().to_string()
}

/// A park with its root on a stick, a partner that mirrors it, and its card.
fn park_and_partner() -> (Desk, Desk, String) {
    let (park, partner) = (Desk::bare(), Desk::new());
    for stick in ["root", "next"] {
        fs::create_dir(park.home().join(stick)).expect("a folder");
    }
    let (root, next) = (text(&park.home().join("root")), text(&park.home().join("next")));
    park.done(&[
        "init",
        "--name",
        "Park",
        "--no-passphrase",
        "--root-to",
        &root,
        "--next-to",
        &next,
    ]);
    for name in ["a", "b", "c"] {
        park.record(name);
    }
    park.write("public.jpg", b"public");
    park.done(&["add", "public.jpg", "--access", "public"]);
    let card = text(&park.home().join("card.json"));
    park.done(&["card", "-o", &card]);
    partner.done(&["mirror", "add", &text(&park.public()), "--card", &card, "--as", "val"]);
    partner.done(&["sync", "--manifests"]);
    (park, partner, card)
}

#[test]
fn a_lost_site_comes_back_and_its_partner_follows() {
    let (park, partner, card) = park_and_partner();
    let copy = text(&partner.store().join("ledgers/val"));
    let root = text(&park.home().join("root"));
    // Fire: the computer is gone, with its memory.
    fs::remove_dir_all(park.store()).expect("gone");
    fs::remove_dir_all(park.state()).expect("gone");
    let answer = park.done(&[
        "restore",
        "--from",
        &copy,
        "--card",
        &card,
        "--root",
        &root,
        "--no-passphrase",
    ]);
    assert_eq!((&answer["size"], &answer["signs"]), (&6.into(), &true.into()), "{answer}");
    assert_eq!(answer["manifests_missing"], 3);
    assert_eq!(answer["keys_missing"].as_array().map(Vec::len), Some(1));
    let status = park.done(&["status"]);
    assert_eq!(status["size"], 7);
    // A new recorder, and work goes on.
    let request = text(&park.home().join("anna.request"));
    park.done(&["key", "new", "anna", "--no-passphrase"]);
    park.done(&["key", "request", "anna", "-o", &request]);
    park.done(&["key", "grant", &request, "--root", &root]);
    park.write("later.jpg", b"later");
    park.done(&["add", "later.jpg"]);
    // The partner follows the new log key, which the root put in force.
    let answer = partner.done(&["sync"]);
    assert_eq!(answer["ledgers"][0]["size"], 9, "{answer}");
    // What was published is a whole manifest again.
    let run = park.run(&["check", "public.jpg"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let mirrored = partner.store().join("ledgers/val/checkpoint");
    assert_eq!(fs::read(mirrored).ok(), fs::read(park.public().join("checkpoint")).ok());
}

#[test]
fn a_restored_site_does_not_sign_below_what_this_computer_remembers() {
    let (park, partner, card) = park_and_partner();
    let copy = text(&partner.store().join("ledgers/val"));
    park.record("after the last sync");
    fs::remove_dir_all(park.store()).expect("gone");
    let run = park.run(&["restore", "--from", &copy, "--card", &card]);
    assert_eq!(run.code, Some(13), "{}", run.text);
    assert!(!park.store().exists(), "nothing was made");
    // Another ledger's copy, and a card of somebody else.
    let other = Desk::new();
    let run = park.run(&["restore", "--from", &text(&other.public()), "--card", &card]);
    assert_eq!(run.code, Some(3), "{}", run.text);
    let answer = park.done(&["restore", "--from", &copy, "--card", &card, "--nobody-holds-more"]);
    assert_eq!((&answer["size"], &answer["signs"]), (&6.into(), &false.into()));
}

#[test]
fn the_largest_of_several_copies_is_taken() {
    let (park, partner, card) = park_and_partner();
    let behind = Desk::new();
    behind.done(&["mirror", "add", &text(&park.public()), "--card", &card, "--as", "val"]);
    behind.done(&["sync"]);
    park.record("d");
    partner.done(&["sync"]);
    let copies = [&behind, &partner, &behind].map(|desk| text(&desk.store().join("ledgers/val")));
    fs::remove_dir_all(park.store()).expect("gone");
    let mut args = vec!["restore", "--card", &card];
    copies.iter().for_each(|copy| args.extend(["--from", copy]));
    let answer = park.done(&args);
    assert_eq!(answer["size"], 7);
    let whole = files(&partner.store().join("ledgers/val"));
    assert_eq!(whole.get("checkpoint"), files(&park.public()).get("checkpoint"));
}

#[test]
fn ledgers_pin_each_other() {
    let (park, partner, card) = park_and_partner();
    let answer = partner.done(&["anchor-peers"]);
    assert_eq!(answer["anchored"][0]["size"], 6, "{answer}");
    assert_eq!(partner.done(&["anchor-peers"])["anchored"].as_array().map(Vec::len), Some(0));
    park.record("d");
    partner.done(&["sync"]);
    partner.done(&["anchor-peers"]);
    let run = partner.run(&["audit", "val"]);
    let pin = &run.answer["pins"][0];
    assert_eq!(
        (&pin["rule"], &pin["largest"]["size"], &pin["first"]["size"]),
        (&"R07".into(), &7.into(), &6.into()),
        "{}",
        run.text
    );
    // From the park's side, with the partner's public folder at hand.
    let run = park.run(&["audit", "--pinned-by", &text(&partner.public())]);
    assert_eq!(run.answer["pins"][0]["largest"]["size"], 7, "{}", run.text);
    // The park may then mirror the partner, and anchor back.
    let theirs = text(&park.home().join("partner.json"));
    partner.done(&["card", "-o", &theirs]);
    park.done(&["mirror", "add", &text(&partner.public()), "--card", &theirs, "--as", "ngo"]);
    park.done(&["sync"]);
    park.done(&["anchor-peers"]);
    let _ = card;
}
