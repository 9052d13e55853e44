//! The decision against the table of tlog-witness, told a second time as slowly as can be, and
//! against the sequence of requests that litewitness is tested with.

use proptest::prelude::*;
use serde_json::Value;
use treering::tlog::checkpoint::{Checkpoint, Origin, SignedCheckpoint};
use treering::tlog::cosignature::CosignatureTime;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};
use treering::tlog::note::{KeyName, SignatureType, VerifierKey};
use treering::tlog::witness::{AddCheckpoint, Declined, WatchedLog, decide};

use crate::support::key;
use crate::two_histories::{Side, TwoHistories, consistent};

const LENGTH: u64 = 6;
const COMMON: u64 = 3;

/// What somebody does to the proof before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    Right,
    Missing,
    OneMore,
    Changed,
}

const PROOFS: [Proof; 4] = [Proof::Right, Proof::Missing, Proof::OneMore, Proof::Changed];

fn spoilt(mut proof: Vec<Hash>, how: Proof) -> Vec<Hash> {
    match how {
        Proof::Right => {}
        Proof::Missing => drop(proof.pop()),
        Proof::OneMore => proof.push(leaf_hash(b"more")),
        Proof::Changed => proof.iter_mut().take(1).for_each(|hash| hash.0[7] ^= 1),
    }
    proof
}

/// The table, row by row, from what is known of the leaves. No proof is looked at but for whether it is
/// the one that there is.
fn table(
    log: &TwoHistories,
    watched: bool,
    signed: bool,
    stored: Option<(Side, u64)>,
    (side, old, new): (Side, u64, u64),
    sent: &[Hash],
) -> u16 {
    let stored_size = stored.map_or(0, |(_, size)| size);
    if !watched {
        return 404;
    }
    if !signed {
        return 403;
    }
    if old > new {
        return 400;
    }
    if old != stored_size {
        return 409;
    }
    if old == 0 {
        return if sent.is_empty() { 200 } else { 422 };
    }
    let Some((stored_side, _)) = stored else { unreachable!("a size above 0 is stored") };
    let extends = log.leaves(stored_side, old) == log.leaves(side, old);
    let is_the_proof = sent == log.proof(side, old, new);
    if extends && is_the_proof { 200 } else { 422 }
}

/// Every state and every request of small histories.
#[test]
fn every_request_is_answered_as_the_table_says() {
    let log = TwoHistories::new("example.park/ledger", LENGTH, COMMON);
    let keys = [log.vkey()];
    let other_keys = [VerifierKey::new(
        KeyName::new("example.park/ledger").unwrap(),
        SignatureType::Ed25519,
        key("somebody else").public(),
    )];
    let mut counts = std::collections::BTreeMap::new();
    let mut stores = vec![None];
    for side in [Side::A, Side::B] {
        stores.extend((0..=LENGTH).map(|size| Some((side, size))));
    }
    for stored in stores {
        for side in [Side::A, Side::B] {
            for (old, new) in (0..=LENGTH).flat_map(|old| (0..=LENGTH).map(move |new| (old, new))) {
                for how in PROOFS {
                    let proof = spoilt(log.proof(side, old, new), how);
                    let request = log.request_with(side, old, new, proof.clone());
                    for (watched, signed) in [(true, true), (true, false), (false, true)] {
                        let state = WatchedLog {
                            origin: &log.origin,
                            keys: if signed { &keys } else { &other_keys },
                            cosigned: stored.map(|(side, size)| log.tree(side, size)),
                        };
                        let decided = decide(watched.then_some(state), &request);
                        let status = decided.as_ref().map_or_else(Declined::status, |_| 200);
                        let expected =
                            table(&log, watched, signed, stored, (side, old, new), &proof);
                        assert_eq!(
                            status, expected,
                            "stored {stored:?}, {side:?} {old} → {new}, proof {how:?}, {watched} {signed}"
                        );
                        if let Err(Declined::OtherSize(size)) = decided {
                            assert_eq!(size.0, stored.map_or(0, |(_, size)| size));
                        }
                        *counts.entry(status).or_insert(0) += 1;
                    }
                }
            }
        }
    }
    let seen: Vec<u16> = counts.keys().copied().collect();
    assert_eq!(seen, [200, 400, 403, 404, 409, 422], "{counts:?}");
}

/// An empty tree has one root; that is found out in its place of the order.
#[test]
fn an_empty_tree_with_another_root() {
    let log = TwoHistories::new("example.park/ledger", LENGTH, COMMON);
    let tree = Tree { size: TreeSize(0), root: leaf_hash(b"not empty") };
    let checkpoint = Checkpoint::new(log.origin.clone(), tree);
    let ask = |old: u64, key: &SecretKey, watched: bool, cosigned: Option<Tree>| {
        let lines = vec![checkpoint.sign(key)];
        let request = AddCheckpoint::new(TreeSize(old), vec![], checkpoint.clone(), lines).unwrap();
        // As it would come over the wire.
        let request = AddCheckpoint::parse(request.to_string().as_bytes()).unwrap();
        let keys = [log.vkey()];
        let state = WatchedLog { origin: &log.origin, keys: &keys, cosigned };
        decide(watched.then_some(state), &request).unwrap_err().status()
    };
    assert_eq!(ask(0, &log.key, false, None), 404);
    assert_eq!(ask(0, &key("somebody else"), true, None), 403);
    assert_eq!(ask(1, &log.key, true, None), 400);
    assert_eq!(ask(0, &log.key, true, Some(log.tree(Side::A, 2))), 409);
    assert_eq!(ask(0, &log.key, true, None), 422);
}

/// A line under a known name and id that does not match is refused even beside one that does.
#[test]
fn a_false_line_under_a_known_key_spoils_the_request() {
    let log = TwoHistories::new("example.park/ledger", LENGTH, COMMON);
    let other = log.checkpoint(Side::B, 5).note().signatures()[0].clone();
    let checkpoint = log.checkpoint(Side::A, 5);
    let lines = vec![checkpoint.note().signatures()[0].clone(), other];
    let request =
        AddCheckpoint::new(TreeSize(0), vec![], checkpoint.checkpoint().clone(), lines).unwrap();
    let keys = [log.vkey()];
    let state = WatchedLog { origin: &log.origin, keys: &keys, cosigned: None };
    assert_eq!(decide(Some(state), &request).unwrap_err().status(), 403);
}

proptest! {
    /// Whatever is asked in whatever order: of all heads that were cosigned, none contradicts another.
    #[test]
    fn no_two_cosigned_heads_are_inconsistent(
        common in 0..8_u64,
        requests in prop::collection::vec(
            (any::<bool>(), 0..12_u64, 0..12_u64, 0..6_usize, any::<bool>()),
            1..60,
        ),
    ) {
        let log = TwoHistories::new("example.park/ledger", 12, common);
        let keys = [log.vkey()];
        let mut cosigned: Option<Tree> = None;
        let mut all: Vec<(Side, u64)> = Vec::new();
        for (is_b, old, new, how, from_where_it_is) in requests {
            let side = if is_b { Side::B } else { Side::A };
            // Half of them know where the witness is, or nothing would ever be granted.
            let old = match from_where_it_is {
                true => cosigned.map_or(0, |tree| tree.size.0),
                false => old,
            };
            let how = PROOFS.get(how).copied().unwrap_or(Proof::Right);
            let proof = spoilt(log.proof(side, old, new), how);
            let request = log.request_with(side, old, new, proof);
            let state = WatchedLog { origin: &log.origin, keys: &keys, cosigned };
            if let Ok(granted) = decide(Some(state), &request) {
                prop_assert_eq!(granted.checkpoint.tree, log.tree(side, new));
                cosigned = Some(granted.checkpoint.tree);
                all.push((side, new));
            }
        }
        for (one, (side, size)) in all.iter().enumerate() {
            for (other_side, other_size) in &all[one..] {
                let (one, other) = (log.leaves(*side, *size), log.leaves(*other_side, *other_size));
                prop_assert!(consistent(one, other), "{:?}", all);
                prop_assert!(one.len() <= other.len(), "a head went back: {:?}", all);
            }
        }
    }
}

/// The sequence of requests that litewitness answers, with the statuses that tlog-witness 1.0 gives.
#[test]
fn the_published_sequence_of_requests() {
    let Some(vector) = crate::published::json("tlog-witness-add-checkpoint.json") else { return };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let key = VerifierKey::parse(&text(&vector["log_vkey"])).unwrap();
    let origin = Origin::new(key.name().as_str()).unwrap();
    let seed = Hash::from_hex(&text(&vector["witness_seed_hex"])).unwrap();
    let witness = SecretKey::from_seed(&seed.0);
    let name = KeyName::new(&text(&vector["witness_name"])).unwrap();
    let witness_key = VerifierKey::new(name.clone(), SignatureType::Cosignature, witness.public());
    assert_eq!(witness_key.to_string(), text(&vector["witness_vkey"]));
    let keys = [key];
    let (mut cosigned, mut steps) = (None, 0);
    for step in vector["steps_in_order"].as_array().unwrap() {
        let decided =
            AddCheckpoint::parse(text(&step["request_body"]).as_bytes()).and_then(|request| {
                decide(Some(WatchedLog { origin: &origin, keys: &keys, cosigned }), &request)
            });
        let status = decided.as_ref().map_or_else(Declined::status, |_| 200);
        assert_eq!(u64::from(status), step["spec_v1_status"].as_u64().unwrap(), "{step}");
        match decided {
            Ok(granted) => {
                cosigned = Some(granted.checkpoint.tree);
                let time = CosignatureTime::new(1_800_000_000).unwrap();
                let line = granted.checkpoint.cosign(&witness, &name, time);
                let lines = granted.log_lines.into_iter().chain([line]).collect();
                let note = SignedCheckpoint::new(granted.checkpoint, lines).unwrap();
                assert_eq!(note.note().check([&keys[0], &witness_key]).unwrap().len(), 2);
            }
            Err(Declined::OtherSize(size)) => {
                assert!(text(&step["assert_body"]).contains(&format!("{size}\\n")), "{step}");
            }
            Err(_) => {}
        }
        steps += 1;
    }
    assert_eq!(steps, 9);
}
