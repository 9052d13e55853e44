//! The examples of `schemas/witness.md` are what the program writes, to the byte, and what it reads.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use treering::exchange::witness::{Identity, Witness, WitnessPlaces, watch};
use treering::store::disk::RealDisk;
use treering::store::layout::NewStore;
use treering::store::lock::Holder;
use treering::store::outside::{CosignedMark, HeadMark, Incarnation, OutsideWitness, StateFolder};
use treering::tlog::cosignature::CosignatureTime;
use treering::tlog::hash::Hash;
use treering::tlog::note::KeyName;

use crate::support::key;
use crate::two_histories::{Side, TwoHistories};

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/witness.md")
}

/// The first block of text under a heading; `TREERING_PAGES=overwrite` puts in what the program has.
fn holds(heading: &str, expected: &str) {
    let text = fs::read_to_string(page()).unwrap();
    let begin = text.find(&format!("\n## {heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let begin = begin + text[begin..].find("```text\n").expect("a block") + "```text\n".len();
    let end = begin + text[begin..].find("```").expect("the end of the block");
    if std::env::var_os("TREERING_PAGES").is_some_and(|word| word == "overwrite") {
        fs::write(page(), format!("{}{expected}{}", &text[..begin], &text[end..])).unwrap();
        return;
    }
    assert_eq!(&text[begin..end], expected, "{heading}");
}

fn time(seconds: u64) -> CosignatureTime {
    CosignatureTime::new(seconds).unwrap()
}

#[test]
fn examples_are_what_the_program_writes() {
    let home = tempfile::tempdir().unwrap();
    let holder = Holder::this_process("test");
    let store =
        NewStore::begin(Arc::new(RealDisk), home.path(), &holder).unwrap().finish().unwrap();
    let state = StateFolder::at(&home.path().join("state"));
    let places = WitnessPlaces::new(Arc::new(RealDisk), store, state.clone(), holder);
    let secret = key("witness of the pages");
    let identity = Identity::new(KeyName::new("example.partner/witness").unwrap(), secret.public());
    places.found(&identity).unwrap();
    let folder = places.store.witness();
    holds("witness/identity", &fs::read_to_string(folder.join("identity")).unwrap());

    let log = TwoHistories::new("example.park/ledger", 42, 42);
    let origin = Hash::of(log.origin.as_str().as_bytes());
    let (was, next) = (Incarnation(*b"sixteen bytes by"), Incarnation(*b"chance: the last"));
    watch(&places, &identity, &log.origin, log.vkey(), was).unwrap();
    let witness = Witness::open(places, secret).unwrap();
    witness.cosign(&log.request(Side::A, 0, 41), time(1_800_000_000), was).unwrap();
    let request = log.request(Side::A, 41, 42);
    holds("Requests and answers by file", &request.to_string());
    witness.cosign(&request, time(1_800_000_360), next).unwrap();
    let record = fs::read_to_string(folder.join(origin.to_string()).join("log")).unwrap();
    holds("witness/<SHA-256 of origin>/log", &record);

    // As it stands while the head moves.
    let mark = |size, incarnation, seconds| CosignedMark {
        head: HeadMark { incarnation, tree: log.tree(Side::A, size) },
        time: time(seconds),
    };
    let (old, new) = (mark(41, was, 1_800_000_000), mark(42, next, 1_800_000_360));
    let at_rest = OutsideWitness { witness: identity.id(), origin, was: None, next: new };
    let recalled = state.read_witnessed(&RealDisk, identity.id(), origin).unwrap();
    assert_eq!(recalled, Some(at_rest));
    let moving = OutsideWitness { was: Some(old), ..at_rest };
    state.write_witnessed(&RealDisk, &moving).unwrap();
    let record = fs::read_to_string(state.witnessed(identity.id(), origin)).unwrap();
    holds("Outside the store: witnesses/<key id>/<SHA-256 of origin>", &record);
}
