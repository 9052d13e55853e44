//! Golden statements with bytes changed, cut, doubled and spliced, thousands of them, the same on
//! every run: no panic, no second spelling, no signature that still matches.

mod support;

use std::collections::HashSet;

use support::bytes::Parts;
use support::random::Random;
use support::{key, story};
use treering::statement::envelope::{Draft, Statement};
use treering::tlog::hash::leaf_hash;

const MUTANTS: usize = 30_000;

/// Changes some bytes somewhere. Half of the changes are small, so that many mutants are still
/// statements; the others break the frame.
fn mutate(random: &mut Random, goldens: &[Vec<u8>], bytes: &mut Vec<u8>) {
    let at = random.below(bytes.len());
    match random.below(10) {
        0..=2 => bytes[at] ^= 1 << random.below(8),
        3 | 4 => bytes[at] = random.byte(),
        5 => {
            let other = &goldens[random.below(goldens.len())];
            let from = random.below(other.len());
            let length = random.below(64).min(other.len() - from).min(bytes.len() - at);
            bytes[at..at + length].copy_from_slice(&other[from..from + length]);
        }
        6 => bytes.truncate(at),
        7 => bytes.insert(at, random.byte()),
        8 => drop(bytes.remove(at)),
        _ => {
            let end = at + random.below(bytes.len() - at);
            let doubled = bytes[at..end].to_vec();
            bytes.splice(at..at, doubled);
        }
    }
}

/// What this program would write to say the same.
fn payload_printed_back(statement: &Statement) -> Vec<u8> {
    let draft = Draft {
        issuer: statement.header.issuer.clone(),
        subject: statement.header.subject.clone(),
        issued_at: statement.header.issued_at,
        payload: statement.payload.clone(),
    };
    Parts::of(&draft.sign(&key("anyone")).expect("what was read can be written")).payload
}

#[test]
fn mutants_of_golden_statements() {
    let story = story::tell();
    let goldens: Vec<Vec<u8>> = story.goldens().map(|(_, bytes)| bytes.to_vec()).collect();
    let honest: HashSet<&Vec<u8>> = goldens.iter().collect();
    let keys = story.ledger.keys.clone();
    let ledger = story.ledger.id;
    let mut random = Random::seeded(2026);
    let mut read = 0;
    for _ in 0..MUTANTS {
        let mut bytes = goldens[random.below(goldens.len())].clone();
        for _ in 0..=random.below(3) {
            if !bytes.is_empty() {
                mutate(&mut random, &goldens, &mut bytes);
            }
        }
        if honest.contains(&bytes) {
            continue;
        }
        let Ok(statement) = Statement::read(bytes.clone()) else { continue };
        read += 1;
        assert_eq!(statement.bytes(), bytes);
        assert_eq!(statement.id(), leaf_hash(&bytes));
        assert_eq!(Parts::of(&statement).payload, payload_printed_back(&statement));
        // A changed statement may show a key of its own; the signature is by the old one.
        let mut keys = keys.clone();
        keys.learn(&statement);
        assert!(statement.check_signatures(&keys, ledger).is_err(), "{bytes:02x?}");
    }
    assert!(read > MUTANTS / 10, "only {read} of {MUTANTS} mutants were statements");
}
