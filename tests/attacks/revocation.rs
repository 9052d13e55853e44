//! Ending a key's authority, and what must not end with it.

use treering::statement::authority::{EndReason, Ending, Refused};
use treering::statement::bodies::Body;
use treering::statement::bodies::key::{Revoke, RevokeReason};
use treering::statement::key::{KeyId, Role};
use treering::statement::standing::Standing;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Position, Tree, TreeSize};

use crate::support::bodies::{anchor, revoke, revoke_compromised};
use crate::support::{Fault, Ledger, grant, key};

fn refused(ledger: &Ledger, signer: &SecretKey, body: Body) -> Refused {
    match ledger.judge(&ledger.signed(signer, body, &[])) {
        Err(Fault::Refused(refused)) => refused,
        other => panic!("must be refused by authority, was {other:?}"),
    }
}

/// A ledger in which anna, a recorder, anchored twice.
fn anna_anchored_twice() -> (Ledger, SecretKey, [Position; 2]) {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let anchors = ["spring", "summer"].map(|title| ledger.file(&anna, anchor(title)));
    (ledger, anna, anchors)
}

/// A ranger who regrets, or a thief of the key, says "compromised" of it: authority ends, the past
/// stays.
#[test]
fn self_revocation_that_would_disown_the_past() {
    let (mut ledger, anna, [spring, summer]) = anna_anchored_twice();
    let disowning = revoke_compromised(&anna, ledger.tree_at(1));
    assert_eq!(refused(&ledger, &anna, disowning), Refused::TrustedMisplaced);

    let at = ledger.file(&anna, revoke(&anna, RevokeReason::Compromised));
    assert_eq!([spring, summer].map(|at| ledger.standing(at)), [Standing::Good; 2]);
    assert_eq!(refused(&ledger, &anna, anchor("autumn")), Refused::Ended(at));
}

/// The thief gives the stolen key up before the root hears of the theft.
#[test]
fn self_revocation_that_would_shelter_a_thief() {
    let (mut ledger, anna, [spring, summer]) = anna_anchored_twice();
    let trusted = ledger.tree_at(summer.0);
    let given_up = ledger.file(&anna, revoke(&anna, RevokeReason::Left));
    ledger.file(&ledger.root.clone(), revoke_compromised(&anna, trusted));

    assert_eq!(ledger.standing(spring), Standing::Good);
    assert_eq!(ledger.standing(summer), Standing::Disputed);
    let ending = Ending {
        at: given_up,
        reason: EndReason::ByItself(RevokeReason::Left),
        disputed_from: Some(trusted.size),
    };
    let record = ledger.authority.grant_of(&KeyId::of(&anna.public())).expect("granted");
    assert_eq!(record.ended, Some(ending));
}

#[test]
fn a_loss_that_turns_out_to_be_a_theft() {
    let (mut ledger, anna, [spring, summer]) = anna_anchored_twice();
    let root = ledger.root.clone();
    ledger.file(&root, revoke(&anna, RevokeReason::Lost));
    ledger.file(&root, revoke_compromised(&anna, ledger.tree_at(summer.0)));
    assert_eq!(
        [spring, summer].map(|at| ledger.standing(at)),
        [Standing::Good, Standing::Disputed]
    );
    // The dispute can grow, never shrink; what is no longer in doubt is affirmed one by one.
    for trusted in [ledger.tree_at(summer.0), ledger.tree()] {
        let shrinks = revoke_compromised(&anna, trusted);
        assert_eq!(refused(&ledger, &root, shrinks), Refused::NothingToRevoke);
    }
    let left = revoke(&anna, RevokeReason::Left);
    assert_eq!(refused(&ledger, &root, left), Refused::NothingToRevoke);
    ledger.file(&root, revoke_compromised(&anna, ledger.tree_at(spring.0)));
    assert_eq!(ledger.standing(spring), Standing::Disputed);
}

#[test]
fn a_compromise_disputes_from_the_trusted_size_on() {
    let (mut ledger, anna, [spring, summer]) = anna_anchored_twice();
    ledger.file(&ledger.root.clone(), revoke_compromised(&anna, ledger.tree_at(summer.0)));
    assert_eq!(ledger.standing(spring), Standing::Good);
    assert_eq!(ledger.standing(summer), Standing::Disputed);
}

#[test]
fn a_trusted_tree_that_never_was() {
    let (ledger, anna, _) = anna_anchored_twice();
    let head = ledger.tree();
    let other_root = Tree { root: Hash([7; 32]), ..head };
    let future = Tree { size: TreeSize(head.size.0 + 1), ..head };
    let nothing = Tree::empty();
    for trusted in [other_root, future, nothing] {
        let body = revoke_compromised(&anna, trusted);
        assert_eq!(refused(&ledger, &ledger.root, body), Refused::TrustedWrong);
    }
}

#[test]
fn trusted_only_where_the_root_says_compromised() {
    let (ledger, anna, _) = anna_anchored_twice();
    let without = revoke(&anna, RevokeReason::Compromised);
    assert_eq!(refused(&ledger, &ledger.root, without), Refused::TrustedMisplaced);
    for reason in [RevokeReason::Lost, RevokeReason::Left, RevokeReason::Superseded] {
        let trusted = Some(ledger.tree());
        let with = Body::Revoke(Revoke { key: anna.public(), reason, trusted });
        assert_eq!(refused(&ledger, &ledger.root, with), Refused::TrustedMisplaced);
    }
}

#[test]
fn a_revoked_key_granted_again() {
    let (mut ledger, anna, _) = anna_anchored_twice();
    ledger.file(&ledger.root.clone(), revoke(&anna, RevokeReason::Left));
    for role in [Role::Recorder, Role::Verifier] {
        let again = ledger.signed(&ledger.root, grant(&anna, role), &[&anna]);
        assert_eq!(ledger.judge(&again), Err(Fault::Refused(Refused::KeyHasRole)));
    }
}

/// Signed before the revocation landed, filed after it.
#[test]
fn a_statement_in_flight_when_the_revocation_lands() {
    let (mut ledger, anna, _) = anna_anchored_twice();
    let in_flight = ledger.signed(&anna, anchor("autumn"), &[]);
    let at = ledger.file(&ledger.root.clone(), revoke(&anna, RevokeReason::Left));
    assert_eq!(ledger.judge(&in_flight), Err(Fault::Refused(Refused::Ended(at))));
}

#[test]
fn a_colleagues_key_revoked() {
    let (mut ledger, anna, _) = anna_anchored_twice();
    let berta = ledger.granted("berta", Role::Supervisor);
    let body = revoke(&anna, RevokeReason::Compromised);
    assert!(matches!(refused(&ledger, &berta, body), Refused::RootOnly(_)));
}

#[test]
fn a_key_revoked_that_was_never_granted() {
    let (ledger, ..) = anna_anchored_twice();
    for key in [key("stranger"), ledger.log.clone(), ledger.root.clone(), ledger.next.clone()] {
        let body = revoke(&key, RevokeReason::Lost);
        assert_eq!(refused(&ledger, &ledger.root, body), Refused::NothingToRevoke);
    }
}
