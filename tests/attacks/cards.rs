//! Cards that are mistyped, put together from two, or padded with something.

use treering::statement::card::{Card, CardMismatch, CardRefused, MAX_CARD_BYTES, digits};
use treering::statement::envelope::LedgerId;
use treering::tlog::hash::Hash;

use crate::support::Ledger;

fn card(ledger: &Ledger) -> Card {
    Card::of(ledger.id, ledger.authority.genesis())
}

/// The refusal of a card's file with one text in it replaced.
fn refused(from: &str, to: &str) -> CardRefused {
    let json = card(&Ledger::found("site")).to_json();
    assert!(json.contains(from), "no {from} in {json}");
    Card::read(json.replacen(from, to, 1).as_bytes()).expect_err("must be refused")
}

#[test]
fn an_honest_card_reads_back() {
    let ledger = Ledger::found("site");
    let card = card(&ledger);
    assert_eq!(Card::read(card.to_json().as_bytes()), Ok(card.clone()));
    assert_eq!(card.ledger(), ledger.id);
    assert_eq!(card.check(ledger.id, ledger.authority.genesis()), Ok(()));
}

#[test]
fn a_card_put_together_from_two() {
    let (site, other) = (Ledger::found("site"), Ledger::found("other"));
    let (ours, theirs) = (card(&site), card(&other));
    let id = refused(&ours.ledger().to_string(), &theirs.ledger().to_string());
    assert_eq!(id, CardRefused::Digits);
    assert_eq!(refused(&ours.digits, &theirs.digits), CardRefused::Digits);
    // The rest stands in no relation to the id that a card alone could check; statement 0 does.
    let swapped = |field: &str, from: &str, to: &str| {
        let [from, to] = [from, to].map(|value| format!("\"{field}\": \"{value}\""));
        let json = ours.to_json().replacen(&from, &to, 1);
        let card = Card::read(json.as_bytes()).expect("the digits are right");
        card.check(site.id, site.authority.genesis())
    };
    for (field, from, to) in [
        ("name", &ours.name, &theirs.name),
        ("kind", &ours.kind, &"verifier".to_string()),
        ("origin", &ours.origin, &theirs.origin),
        ("log_vkey", &ours.log_vkey, &theirs.log_vkey),
        ("root", &ours.root, &theirs.root),
    ] {
        assert_eq!(swapped(field, from, to), Err(CardMismatch(field)));
    }
    assert_eq!(ours.check(other.id, other.authority.genesis()), Err(CardMismatch("id")));
}

/// serde would read a struct from an array of its values.
#[test]
fn a_card_as_an_array_of_its_values() {
    let card = card(&Ledger::found("site"));
    let object: serde_json::Value = serde_json::from_str(&card.to_json()).unwrap();
    let fields = ["schema", "id", "name", "kind", "origin", "log_vkey", "root", "digits"];
    let values: Vec<_> = fields.iter().map(|field| object[*field].clone()).collect();
    let array = serde_json::to_vec(&values).unwrap();
    assert!(matches!(Card::read(&array), Err(CardRefused::Form(_))));
}

#[test]
fn a_card_mistyped() {
    let card = card(&Ledger::found("site"));
    let id = card.ledger().to_string();
    let last = card.digits.chars().last().expect("a digit").to_digit(10).expect("a digit");
    let one_off = format!("{}{}", &card.digits[..card.digits.len() - 1], (last + 1) % 10);
    assert_eq!(refused(&card.digits, &one_off), CardRefused::Digits);
    assert_eq!(refused(&card.digits, &card.digits.replace(' ', "")), CardRefused::Digits);
    assert_eq!(refused(&id, &id.to_uppercase()), CardRefused::Id);
    assert_eq!(refused(&id, &id[1..]), CardRefused::Id);
}

#[test]
fn a_card_of_another_form() {
    assert_eq!(refused("card/1", "card/2"), CardRefused::Schema("treering.card/2".into()));
    for (from, to) in [
        ("{", "{\"head\": \"5\", "),
        ("\"name\"", "\"Name\""),
        ("{", "{\"name\": \"another\", "),
        ("}", "} {}"),
        ("\"kind\": \"site\"", "\"kind\": 1"),
        ("}", ""),
    ] {
        let refused = refused(from, to);
        assert!(matches!(refused, CardRefused::Form(_)), "{from} as {to}: {refused:?}");
    }
    let padded = [vec![b' '; MAX_CARD_BYTES], b"{}".to_vec()].concat();
    assert_eq!(Card::read(&padded), Err(CardRefused::Form("too long".into())));
}

/// What is made can be read, however long the name and however it has to be escaped.
#[test]
fn a_card_of_the_longest_name() {
    for name in ["\u{1}".repeat(256), "\"".repeat(256), "𝛢".repeat(64)] {
        let ledger = Ledger::found_with("site", |genesis| {
            genesis.name = name;
            genesis.kind = "\\".repeat(64);
        });
        let card = card(&ledger);
        assert_eq!(Card::read(card.to_json().as_bytes()), Ok(card));
    }
}

#[test]
fn digits_are_six_groups_of_five() {
    for seed in 0..20 {
        let digits = digits(LedgerId(Hash([seed; 32])));
        let groups: Vec<&str> = digits.split(' ').collect();
        assert_eq!(groups.len(), 6);
        assert!(groups.iter().all(|group| {
            group.len() == 5 && group.bytes().all(|digit| digit.is_ascii_digit())
        }));
    }
}
