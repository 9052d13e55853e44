//! Dropping, reordering, forging and doubling statements of one key.

use treering::statement::authority::Signer;
use treering::statement::bodies::key::RevokeReason;
use treering::statement::chain::{Chain, ChainFault};
use treering::statement::envelope::Statement;
use treering::statement::key::Role;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};

use crate::support::bodies::{anchor, revoke, unknown};
use crate::support::bytes::Parts;
use crate::support::{Fault, Ledger, key};

/// A ledger in which anna, a recorder, anchored twice; her next number is 2.
fn ledger() -> (Ledger, SecretKey) {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, anchor("spring"));
    ledger.file(&anna, anchor("summer"));
    (ledger, anna)
}

/// What is wrong with anna's next statement after a change to its chain, properly signed.
fn fault(ledger: &Ledger, signer: &SecretKey, change: impl FnOnce(&mut Chain)) -> ChainFault {
    let mut draft = ledger.draft(signer, anchor("autumn"));
    change(&mut draft.payload.chain);
    match ledger.judge(&draft.sign(signer).expect("reads back")) {
        Err(Fault::Chain(fault)) => fault,
        other => panic!("must be out of chain, was {other:?}"),
    }
}

#[test]
fn forged_prev() {
    let (ledger, anna) = ledger();
    let forged = fault(&ledger, &anna, |chain| chain.prev = Some(leaf_hash(b"forged")));
    assert_eq!(forged, ChainFault::OtherPast);
    let of_another_key = fault(&ledger, &anna, |chain| chain.prev = Some(ledger.entries[0].id()));
    assert_eq!(of_another_key, ChainFault::OtherPast);
    assert_eq!(fault(&ledger, &anna, |chain| chain.prev = None), ChainFault::PastAtStart);
}

#[test]
fn a_past_before_the_first_statement() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let grant = ledger.entries[1].id();
    let past = fault(&ledger, &anna, |chain| chain.prev = Some(grant));
    assert_eq!(past, ChainFault::PastAtStart);
}

/// The site drops a finding it dislikes and keeps the one after it.
#[test]
fn a_dropped_statement_shows_as_a_gap() {
    let (mut ledger, anna) = ledger();
    let mut with_it = ledger.clone();
    with_it.file(&anna, anchor("dropped"));
    let after_it = with_it.signed(&anna, anchor("autumn"), &[]);
    let gap = Err(Fault::Chain(ChainFault::Gap { expected: 2, found: 3 }));
    assert_eq!(ledger.judge(&after_it), gap);
    // One gap is said once: what comes after it is in order again.
    ledger.append(after_it);
    ledger.file(&anna, anchor("winter"));
}

#[test]
fn two_statements_in_the_wrong_order() {
    let (mut ledger, anna) = ledger();
    let mut honest = ledger.clone();
    let third = honest.file(&anna, anchor("third"));
    let fourth = honest.file(&anna, anchor("fourth"));
    ledger.append(honest.at(fourth).clone());
    let late = ledger.judge(honest.at(third));
    assert_eq!(late, Err(Fault::Chain(ChainFault::Repeat { found: 2 })));
}

/// Two programs with one key, or a restored one: both statements are signed, one is filed.
#[test]
fn numbered_twice() {
    let (mut ledger, anna) = ledger();
    let twin = ledger.signed(&anna, anchor("the other laptop"), &[]);
    ledger.file(&anna, anchor("this laptop"));
    assert_eq!(ledger.judge(&twin), Err(Fault::Chain(ChainFault::Repeat { found: 2 })));
}

/// A number is used again by the statement that names the abandoned one; should that one turn up
/// after all, its number is taken.
#[test]
fn an_abandoned_statement_filed_after_all() {
    let (mut ledger, anna) = ledger();
    let abandoned = ledger.signed(&anna, anchor("never filed"), &[]);
    let mut draft = ledger.draft(&anna, anchor("instead"));
    draft.payload.chain.void = vec![abandoned.id()];
    ledger.append(draft.sign(&anna).expect("reads back"));
    assert!(ledger.verdicts.last().is_some_and(Result::is_ok));
    assert_eq!(ledger.judge(&abandoned), Err(Fault::Chain(ChainFault::Repeat { found: 2 })));
}

#[test]
fn abandoning_what_was_filed() {
    let (ledger, anna) = ledger();
    let prev = ledger.entries.last().expect("anna's summer").id();
    let voids = fault(&ledger, &anna, |chain| chain.void = vec![prev]);
    assert_eq!(voids, ChainFault::VoidsFiled);
}

/// Anyone can write anna's thumbprint into a header; her chain goes on as if nothing had been.
#[test]
fn a_number_taken_by_a_forged_signature() {
    let (mut ledger, anna) = ledger();
    let mut parts = Parts::of(&ledger.signed(&anna, anchor("forged"), &[]));
    parts.signature[40] ^= 1;
    let forged = Statement::read(parts.wrap()).expect("reads");
    assert!(matches!(ledger.judge(&forged), Err(Fault::Signature(_))));
    ledger.append(forged);
    ledger.file(&anna, anchor("autumn"));
}

#[test]
fn a_chain_that_names_no_ledger() {
    let (ledger, anna) = ledger();
    let nowhere = fault(&ledger, &anna, |chain| chain.ledger = None);
    assert_eq!(nowhere, ChainFault::OtherLedger);
}

#[test]
fn the_largest_number_there_is() {
    let (ledger, anna) = ledger();
    let largest = i64::MAX as u64;
    let gap = fault(&ledger, &anna, |chain| chain.seq = largest);
    assert_eq!(gap, ChainFault::Gap { expected: 2, found: largest });
}

fn seen(size: u64, root: Hash) -> Option<Tree> {
    Some(Tree { size: TreeSize(size), root })
}

/// The ledger showed its signer another history than it shows now.
#[test]
fn seeing_another_history() {
    let (ledger, anna) = ledger();
    let other = leaf_hash(b"another history");
    for size in 1..=ledger.entries.len() as u64 {
        let saw = fault(&ledger, &anna, |chain| chain.seen = seen(size, other));
        assert_eq!(saw, ChainFault::SawOtherRoot { size });
        let mut draft = ledger.draft(&anna, anchor("autumn"));
        draft.payload.chain.seen = Some(ledger.tree_at(size));
        assert!(ledger.judge(&draft.sign(&anna).expect("reads back")).is_ok());
    }
}

#[test]
fn seeing_the_future_or_nothing() {
    let (ledger, anna) = ledger();
    let head = ledger.tree();
    let after = head.size.0 + 1;
    let future = fault(&ledger, &anna, |chain| chain.seen = seen(after, head.root));
    assert_eq!(future, ChainFault::SawTheFuture { size: after });
    let nothing = fault(&ledger, &anna, |chain| chain.seen = Some(Tree::empty()));
    assert_eq!(nothing, ChainFault::SawTheFuture { size: 0 });
}

/// With a card alone in hand a signer has seen at least statement 0: {1, ledger id}.
#[test]
fn seeing_the_card_only() {
    let (ledger, _) = ledger();
    let visitor = key("stranger");
    let mut draft = ledger.draft(&visitor, unknown("dispute", 2));
    draft.payload.chain.seen = seen(1, ledger.id.0);
    assert!(ledger.judge(&draft.sign(&visitor).expect("reads back")).is_ok());
}

#[test]
fn who_must_say_what_it_saw() {
    for role in Role::ALL {
        let mut ledger = Ledger::found("site");
        let signer = ledger.granted("signer", role);
        // Giving up its own grant is open to every role.
        let mut draft = ledger.draft(&signer, revoke(&signer, RevokeReason::Left));
        draft.payload.chain.seen = None;
        let verdict = ledger.judge(&draft.sign(&signer).expect("reads back"));
        match role {
            Role::Recorder | Role::Supervisor => assert_eq!(verdict, Ok(Signer::Itself(role))),
            _ => assert_eq!(verdict, Err(Fault::Chain(ChainFault::SawNothing)), "{role}"),
        }
    }
    let ledger = Ledger::found("site");
    let visitor = key("stranger");
    let mut draft = ledger.draft(&visitor, unknown("dispute", 2));
    draft.payload.chain.seen = None;
    let verdict = ledger.judge(&draft.sign(&visitor).expect("reads back"));
    assert_eq!(verdict, Err(Fault::Chain(ChainFault::SawNothing)));
}
