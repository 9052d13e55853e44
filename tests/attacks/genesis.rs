//! Statement 0, which everything else rests on.

use treering::statement::authority::Refused;
use treering::statement::bodies::ledger::{Genesis, Guardians};
use treering::statement::bodies::{Body, BodyFault, BodyRefused};
use treering::statement::chain::Chain;
use treering::statement::envelope::{Draft, Issuer, LedgerId, ReadError};
use treering::statement::key::KeyId;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Position, TreeSize};

use crate::support::bodies::succeeds;
use crate::support::{Fault, Ledger, countersign, genesis_draft, key, origin_of, sorted};

fn genesis() -> Genesis {
    match &Ledger::found("site").at(Position(0)).payload.body {
        Body::Genesis(genesis) => genesis.clone(),
        other => panic!("statement 0 is {other:?}"),
    }
}

/// Founds a ledger with an honest genesis that is changed before it is signed.
fn begin(signer: &SecretKey, change: impl FnOnce(&mut Draft)) -> Result<LedgerId, Fault> {
    let log = key("site/log key");
    let mut draft = genesis_draft(genesis(), &log);
    change(&mut draft);
    let statement = draft.sign(signer).expect("reads back");
    Ledger::begin(statement, key("site/root"), key("site/next root"), log).map(|ledger| ledger.id)
}

fn broken_rule(change: impl FnOnce(&mut Genesis)) -> &'static str {
    let mut genesis = genesis();
    change(&mut genesis);
    match genesis_draft(genesis, &key("site/log key")).sign(&key("site/root")) {
        Err(ReadError::Body(BodyRefused::Rule(BodyFault(sentence)))) => sentence,
        other => panic!("must break a rule, was {other:?}"),
    }
}

#[test]
fn an_honest_one_founds_a_ledger() {
    let ledger = Ledger::found("site");
    assert_eq!(begin(&key("site/root"), |_| {}), Ok(ledger.id));
    assert_eq!(ledger.id, LedgerId(ledger.tree_at(1).root));
}

#[test]
fn a_genesis_signed_by_another_key_than_its_root() {
    let unseen = begin(&key("mallory"), |_| {});
    assert!(matches!(unseen, Err(Fault::Signature(_))), "{unseen:?}");
}

#[test]
fn a_genesis_that_its_log_key_did_not_sign() {
    let without = begin(&key("site/root"), |draft| draft.payload.also.clear());
    assert_eq!(without, Err(Fault::Refused(Refused::SecondSignatures)));
    let by_another = begin(&key("site/root"), |draft| countersign(draft, None, &[&key("mallory")]));
    assert_eq!(by_another, Err(Fault::Refused(Refused::SecondSignatures)));
}

#[test]
fn a_genesis_issued_by_someone_else() {
    for issuer in ["treering/somebody-else", ""] {
        let issuer = Issuer::Origin(issuer.into());
        let refused = begin(&key("site/root"), |draft| draft.issuer = issuer);
        assert_eq!(refused, Err(Fault::Refused(Refused::NotAGenesis)));
    }
}

#[test]
fn a_genesis_with_a_past() {
    let ledger = Ledger::found("elsewhere");
    for chain in [
        Chain { ledger: Some(ledger.id), ..Chain::default() },
        Chain { seq: 1, ..Chain::default() },
        Chain { prev: Some(Hash([1; 32])), ..Chain::default() },
        Chain { seen: Some(ledger.tree()), ..Chain::default() },
        Chain { void: vec![Hash([1; 32])], ..Chain::default() },
    ] {
        let refused = begin(&key("site/root"), |draft| draft.payload.chain = chain);
        assert_eq!(refused, Err(Fault::Refused(Refused::NotAGenesis)));
    }
}

#[test]
fn one_key_in_two_roles() {
    let root_is_log = |genesis: &mut Genesis| genesis.log_key = genesis.root;
    assert!(broken_rule(root_is_log).starts_with("root, log_key:"));
    let sealed = |key: SecretKey| KeyId::of(&key.public()).sealed();
    let next_is_root = |genesis: &mut Genesis| genesis.next = sealed(key("site/root"));
    assert!(broken_rule(next_is_root).starts_with("next:"));
    let next_is_log = |genesis: &mut Genesis| genesis.next = sealed(key("site/log key"));
    assert!(broken_rule(next_is_log).starts_with("next:"));
}

#[test]
fn guardians_that_nobody_could_count() {
    let many: Vec<SecretKey> = (0..33).map(|n| key(&format!("guardian/{n}"))).collect();
    let of = |count: usize| sorted(&many.iter().take(count).collect::<Vec<_>>());
    let (one, two) = (of(1), of(2));
    let backwards: Vec<_> = two.iter().rev().copied().collect();
    for (keys, threshold) in [
        (vec![], 1),
        (two.clone(), 0),
        (two.clone(), 3),
        (backwards, 1),
        (vec![one[0], one[0]], 1),
        (of(33), 1),
    ] {
        let guardians = Guardians { keys, threshold };
        assert!(broken_rule(|genesis| genesis.guardians = guardians).starts_with("guardians:"));
    }
    let most = Guardians { keys: of(32), threshold: 32 };
    Ledger::found_with("site", |genesis| genesis.guardians = most);
}

#[test]
fn a_name_that_fits_on_no_card() {
    let named = |name: String| broken_rule(|genesis| genesis.name = name);
    assert_eq!(named("x".repeat(257)), "name: 1 to 256 bytes");
    assert_eq!(named(String::new()), "name: 1 to 256 bytes");
    assert_eq!(broken_rule(|genesis| genesis.kind = "x".repeat(65)), "kind: 1 to 64 bytes");
    Ledger::found_with("site", |genesis| genesis.name = "x".repeat(256));
}

#[test]
fn a_ledger_that_continues_nothing() {
    let old = Ledger::found("old");
    let mut nothing = succeeds(&old);
    nothing.size = TreeSize(0);
    let broken = broken_rule(|genesis| genesis.succeeds = Some(nothing));
    assert!(broken.starts_with("succeeds:"));
    let new = Ledger::found_with("new", |genesis| genesis.succeeds = Some(succeeds(&old)));
    assert_ne!(new.id, old.id);
}

#[test]
fn the_default_origin_is_of_the_root() {
    let ledger = Ledger::found("site");
    let origin = ledger.authority.genesis().origin.to_string();
    assert_eq!(origin, origin_of(&ledger.root).to_string());
    assert_eq!(origin.len(), "treering/".len() + 32);
}
