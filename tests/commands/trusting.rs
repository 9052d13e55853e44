//! `treering trust`: nobody is believed without a comparison.

use std::fs;

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words, flip};

#[test]
fn a_card_is_pinned_after_a_comparison() {
    let desk = Desk::new();
    let other = Desk::bare();
    other.done(&["init", "--name", "Accreditors", "--kind", "accreditor", "--no-passphrase"]);
    other.done(&["card", "-o", "card.json"]);
    fs::copy(other.park().join("card.json"), desk.park().join("card.json")).unwrap();
    let digits = other.done(&["card"])["digits"].as_str().unwrap().to_owned();

    assert_words(&desk.answers(0, &["trust", "list"]), &["Nothing is pinned."]);
    desk.refuses(2, &["trust", "pin", "card.json"]).says(
        "the card is not pinned",
        &digits,
        "then add --i-have-compared",
    );
    desk.refuses(3, &["trust", "accredit", "card.json"]).says(
        "do not take this",
        "pin",
        "trust pin",
    );
    desk.refuses(2, &["trust", "pin", "gone.json", "--i-have-compared"]);
    assert_words(
        &desk.answers(0, &["trust", "pin", "card.json", "--i-have-compared"]),
        &["Pinned Acc"],
    );
    let said = desk.answers(0, &["trust", "accredit", "card.json"]);
    assert_words(&said, &["This store believes the grants of Accreditors"]);
    let list = desk.answers(0, &["trust", "list"]);
    assert_words(&list, &["Accreditors\n  compared 20", "accreditor, believed since 20"]);
    // Once more changes nothing.
    desk.answers(0, &["trust", "pin", "card.json", "--i-have-compared"]);
    assert_eq!(desk.answers(0, &["trust", "list"]), list);

    let card = desk.park().join("card.json");
    let text = fs::read_to_string(&card).unwrap();
    flip(&card, text.find("\"digits\": \"").unwrap() + 11);
    desk.refuses(3, &["trust", "pin", "card.json", "--i-have-compared"]).says(
        "the card card.json contradicts itself",
        "",
        "do not use it",
    );
    fs::write(&card, text).unwrap();
    // The settings are kept as text that somebody may have spoilt.
    fs::write(desk.store().join("trust.toml"), "pinned = [").unwrap();
    for command in [&["list"][..], &["accredit", "card.json"]] {
        let said = desk.says(&[&["trust"], command].concat());
        said.refusal(1).says("trust", "trust.toml cannot be read: line 1: ", "");
    }
}
