//! How a root hands over, how it is replaced, and who might wish to do either.

use treering::statement::authority::{EndReason, Ending, Refused, Signer};
use treering::statement::bodies::Body;
use treering::statement::bodies::key::RevokeReason;
use treering::statement::bodies::ledger::{Guardians, RotationReason};
use treering::statement::cbor::Value;
use treering::statement::envelope::{ReadError, Statement};
use treering::statement::key::{KeyId, Role};
use treering::statement::signature::SignatureFault;
use treering::statement::standing::Standing;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Position, Tree, TreeSize};

use crate::support::bodies::{
    affirm, anchor, close, recover_root, revoke, revoke_compromised, rotate_log_key, rotate_root,
    unknown,
};
use crate::support::bytes::{Parts, text};
use crate::support::{Fault, Ledger, grant, key, refusal, sorted};

const GUARDIANS: [&str; 3] = ["guardian/1", "guardian/2", "guardian/3"];

/// A ledger whose recovery needs two of three guardians.
fn guarded() -> Ledger {
    let guardians = GUARDIANS.map(key);
    Ledger::found_with("site", |genesis| {
        let keys = sorted(&guardians.each_ref());
        genesis.guardians = Guardians { keys, threshold: 2 };
    })
}

/// The next root takes over, trusting the first `trusted` statements.
fn recovery(ledger: &Ledger, trusted: Tree, confirming: &[&SecretKey]) -> Statement {
    ledger.signed(&ledger.next, recover_root(&ledger.next, &key("third root"), trusted), confirming)
}

fn refused(ledger: &Ledger, statement: &Statement) -> Refused {
    match ledger.judge(statement) {
        Err(Fault::Refused(refused)) => refused,
        other => panic!("must be refused by authority, was {other:?}"),
    }
}

#[test]
fn the_root_hands_over_to_the_next_it_sealed() {
    let mut ledger = Ledger::found("site");
    let (old, next, third) = (ledger.root.clone(), ledger.next.clone(), key("third root"));
    let at = ledger.file_also(&old, rotate_root(&next, &third), &[&next]);
    assert_eq!(ledger.authority.root().since, at);
    ledger.file_also(&next, grant(&key("anna"), Role::Recorder), &[&key("anna")]);
    ledger.file_also(&next, rotate_root(&third, &key("fourth root")), &[&third]);
    assert_eq!(ledger.authority.roots().len(), 3);
}

#[test]
fn a_hand_over_to_a_key_that_was_not_sealed() {
    let ledger = Ledger::found("site");
    let mallory = key("mallory");
    let statement = ledger.signed(&ledger.root, rotate_root(&mallory, &mallory), &[&mallory]);
    assert_eq!(refused(&ledger, &statement), Refused::NotTheNextRoot);
    let recovering = recover_root(&mallory, &key("third root"), ledger.tree());
    let statement = ledger.signed(&mallory, recovering, &[]);
    assert_eq!(refused(&ledger, &statement), Refused::NotTheNextRoot);
}

#[test]
fn a_hand_over_that_the_next_root_did_not_sign() {
    let ledger = Ledger::found("site");
    let body = rotate_root(&ledger.next, &key("third root"));
    for also in [&[][..], &[&ledger.root], &[&ledger.next, &ledger.root]] {
        let statement = ledger.signed(&ledger.root, body.clone(), also);
        assert_eq!(refused(&ledger, &statement), Refused::SecondSignatures);
    }
}

#[test]
fn a_hand_over_by_the_next_root_alone() {
    let ledger = Ledger::found("site");
    let body = rotate_root(&ledger.next, &key("third root"));
    let statement = ledger.signed(&ledger.next, body, &[&ledger.next]);
    assert!(matches!(refused(&ledger, &statement), Refused::RootOnly(_)));
}

/// A root that seals itself, a recorder or an earlier root as the next would give one key two roles.
#[test]
fn a_next_root_that_has_another_role() {
    let mut ledger = Ledger::found("site");
    let (anna, stranger) = (ledger.granted("anna", Role::Recorder), key("stranger"));
    ledger.file(&stranger, unknown("dispute", 2));
    let next = ledger.next.clone();
    for taken in [&next, &ledger.root, &ledger.log, &anna, &stranger] {
        let statement = ledger.signed(&ledger.root, rotate_root(&next, taken), &[&next]);
        assert_eq!(refused(&ledger, &statement), Refused::KeyHasRole);
        let statement = ledger.signed(&next, recover_root(&next, taken, ledger.tree()), &[]);
        assert_eq!(refused(&ledger, &statement), Refused::KeyHasRole);
    }
}

#[test]
fn a_grant_by_a_retired_root() {
    let mut ledger = Ledger::found("site");
    let (old, next, anna) = (ledger.root.clone(), ledger.next.clone(), key("anna"));
    ledger.file_also(&old, rotate_root(&next, &key("third root")), &[&next]);
    let statement = ledger.signed(&old, grant(&anna, Role::Recorder), &[&anna]);
    assert!(matches!(refused(&ledger, &statement), Refused::RootOnly(_)));
    // Nor does it come back under a grant of its own.
    let statement = ledger.signed(&next, grant(&old, Role::Recorder), &[&old]);
    assert_eq!(refused(&ledger, &statement), Refused::KeyHasRole);
}

#[test]
fn a_recovery_by_the_root_it_replaces() {
    let ledger = guarded();
    let body = recover_root(&ledger.next, &key("third root"), ledger.tree());
    let [one, two, _] = GUARDIANS.map(key);
    let statement = ledger.signed(&ledger.root, body, &[&one, &two]);
    assert_eq!(refused(&ledger, &statement), Refused::NotTheNextRoot);
}

#[test]
fn a_recovery_below_the_threshold() {
    let ledger = guarded();
    let [one, two, three] = GUARDIANS.map(key);
    let head = ledger.tree();
    for too_few in [&[][..], &[&one]] {
        let statement = recovery(&ledger, head, too_few);
        assert_eq!(refused(&ledger, &statement), Refused::Guardians { threshold: 2 });
    }
    for enough in [&[&one, &two][..], &[&two, &three], &[&one, &two, &three]] {
        assert_eq!(ledger.judge(&recovery(&ledger, head, enough)), Ok(Signer::Root));
    }
}

#[test]
fn a_recovery_with_strangers() {
    let ledger = guarded();
    let [one, two, _] = GUARDIANS.map(key);
    let stranger = key("stranger");
    for with_strangers in [
        &[&one, &stranger][..],
        &[&one, &two, &stranger],
        &[&one, &ledger.next],
        &[&one, &ledger.root],
    ] {
        let statement = recovery(&ledger, ledger.tree(), with_strangers);
        assert_eq!(refused(&ledger, &statement), Refused::Guardians { threshold: 2 });
    }
}

#[test]
fn a_recovery_confirmed_by_one_guardian_twice() {
    let ledger = guarded();
    let one = key(GUARDIANS[0]);
    let statement = recovery(&ledger, ledger.tree(), &[&one]);
    let parts = Parts::of(&statement).with_payload(|payload| {
        let also = payload.get_mut(&text("also")).expect("also");
        let Value::Array(also) = also else { panic!("a list") };
        also.push(also[0].clone());
    });
    let twice = parts.sign(&ledger.next).wrap();
    assert_eq!(refusal(twice), ReadError::AlsoOrder);
}

/// Guardians confirm what they read: the size from which the old root is no longer trusted included.
#[test]
fn guardians_signatures_lifted_to_another_recovery() {
    let ledger = guarded();
    let [one, two, _] = GUARDIANS.map(key);
    let confirmed = recovery(&ledger, ledger.tree(), &[&one, &two]);
    let other = recover_root(&ledger.next, &key("mallory"), ledger.tree());
    let mut draft = ledger.draft(&ledger.next, other);
    draft.payload.also = confirmed.payload.also.clone();
    let lifted = draft.sign(&ledger.next).expect("reads back");
    let Err(Fault::Signature(SignatureFault::Also(_))) = ledger.judge(&lifted) else {
        panic!("a lifted confirmation must not match");
    };
}

#[test]
fn a_recovery_that_trusts_a_tree_that_never_was() {
    let ledger = Ledger::found("site");
    let head = ledger.tree();
    let other_root = Tree { root: Hash([7; 32]), ..head };
    let future = Tree { size: TreeSize(head.size.0 + 1), ..head };
    for trusted in [other_root, future, Tree::empty()] {
        assert_eq!(refused(&ledger, &recovery(&ledger, trusted, &[])), Refused::TrustedWrong);
    }
}

#[test]
fn guardians_of_the_past() {
    let mut ledger = guarded();
    let [one, two, _] = GUARDIANS.map(key);
    let (old, next, third) = (ledger.root.clone(), ledger.next.clone(), key("third root"));
    // The hand-over restates the guardians, here as none: recovery then needs nobody else.
    ledger.file_also(&old, rotate_root(&next, &third), &[&next]);
    let body = recover_root(&third, &key("fourth root"), ledger.tree());
    let statement = ledger.signed(&third, body.clone(), &[&one, &two]);
    assert_eq!(refused(&ledger, &statement), Refused::Guardians { threshold: 0 });
    assert_eq!(ledger.judge(&ledger.signed(&third, body, &[])), Ok(Signer::Root));
}

/// The story all the rest is for: the root is stolen, the thief grants, revokes, affirms and
/// rotates, and the next root takes all of it back.
#[test]
fn a_recovery_takes_back_what_a_thief_did_as_root() {
    let mut ledger = Ledger::found("site");
    let (stolen, next) = (ledger.root.clone(), ledger.next.clone());
    let anna = ledger.granted("anna", Role::Recorder);
    let berta = ledger.granted("berta", Role::Supervisor);
    let carla = ledger.granted("carla", Role::Recorder);
    let spring = ledger.file(&anna, anchor("spring"));
    let faked = ledger.file(&carla, anchor("faked"));
    let honest_log = ledger.authority.log_keys_in_force().clone();
    let trusted = ledger.tree();

    let mole = ledger.granted("mole", Role::Recorder);
    let planted = ledger.file(&mole, anchor("planted"));
    ledger.file(&stolen, revoke_compromised(&anna, ledger.tree_at(1)));
    ledger.file(&stolen, revoke(&berta, RevokeReason::Left));
    for log_key in [key("thief/log 1"), key("thief/log 2")] {
        let body = rotate_log_key(&log_key, RotationReason::Lost, true);
        ledger.file_also(&stolen, body, &[&log_key]);
    }
    let carla_left = ledger.file(&carla, revoke(&carla, RevokeReason::Left));
    let carla_ending = ledger.authority.grant_of(&KeyId::of(&carla.public())).unwrap().ended;
    ledger.file(&stolen, revoke_compromised(&carla, ledger.tree_at(1)));
    ledger.file(&stolen, affirm(ledger.at(planted).id()));
    assert_eq!(ledger.standing(spring), Standing::Disputed);
    assert_eq!(ledger.standing(faked), Standing::Disputed);

    let at = ledger.append(recovery(&ledger, trusted, &[]));
    assert_eq!(ledger.verdicts[at.0 as usize], Ok(Signer::Root));

    // Revocations: undone as if they had not been, a key's own one left alone.
    ledger.file(&anna, anchor("summer"));
    ledger.file(&berta, anchor("autumn"));
    assert_eq!([spring, faked].map(|at| ledger.standing(at)), [Standing::Good; 2]);
    let carla_now = ledger.authority.grant_of(&KeyId::of(&carla.public())).unwrap().ended;
    assert_eq!(carla_now, carla_ending);
    assert_eq!(carla_now.map(|ending| ending.at), Some(carla_left));

    // Grants: ended, and what came of them disputed, the thief's affirmation notwithstanding.
    let ending = Ending { at, reason: EndReason::RootSetAside, disputed_from: Some(trusted.size) };
    let mole_id = KeyId::of(&mole.public());
    assert_eq!(ledger.authority.grant_of(&mole_id).unwrap().ended, Some(ending));
    assert_eq!(ledger.standing(planted), Standing::Disputed);
    let statement = ledger.signed(&mole, anchor("more"), &[]);
    assert_eq!(refused(&ledger, &statement), Refused::Ended(at));

    // The log key: the one from before the thief, from the recovery on.
    let log_now = ledger.authority.log_keys_in_force();
    assert_eq!((&log_now.required, &log_now.beside), (&honest_log.required, &honest_log.beside));
    assert_eq!(log_now.from, at.covering_size());
    let thief_log = |size| ledger.authority.log_keys_at(TreeSize(size)).unwrap().required;
    assert_eq!(thief_log(at.0), key("thief/log 2").public());
    assert_eq!(thief_log(trusted.size.0), honest_log.required);

    // The thief has nothing left to do, and nothing of his comes back.
    let statement = ledger.signed(&stolen, revoke(&anna, RevokeReason::Left), &[]);
    assert!(matches!(refused(&ledger, &statement), Refused::RootOnly(_)));
    for name in ["mole", "thief/log 1", "thief/log 2", "site/root"] {
        let statement = ledger.signed(&next, grant(&key(name), Role::Recorder), &[&key(name)]);
        assert_eq!(refused(&ledger, &statement), Refused::KeyHasRole, "{name}");
    }
}

/// It ended itself where it did; the recovery only adds the dispute.
#[test]
fn a_recovery_finds_a_planted_key_that_gave_itself_up() {
    let mut ledger = Ledger::found("site");
    let trusted = ledger.tree();
    let mole = ledger.granted("mole", Role::Recorder);
    let planted = ledger.file(&mole, anchor("planted"));
    let at = ledger.file(&mole, revoke(&mole, RevokeReason::Lost));
    ledger.append(recovery(&ledger, trusted, &[]));
    let record = ledger.authority.grant_of(&KeyId::of(&mole.public())).expect("granted");
    let reason = EndReason::ByItself(RevokeReason::Lost);
    assert_eq!(record.ended, Some(Ending { at, reason, disputed_from: Some(trusted.size) }));
    assert_eq!(ledger.standing(planted), Standing::Disputed);
}

#[test]
fn a_recovery_leaves_standing_what_came_before_the_trusted_size() {
    let mut ledger = Ledger::found("site");
    let root = ledger.root.clone();
    let anna = ledger.granted("anna", Role::Recorder);
    let berta = ledger.granted("berta", Role::Recorder);
    let revoked = ledger.file(&root, revoke(&berta, RevokeReason::Left));
    let log_key = key("second log key");
    let body = rotate_log_key(&log_key, RotationReason::Superseded, true);
    ledger.file_also(&root, body, &[&log_key]);

    ledger.append(recovery(&ledger, ledger.tree(), &[]));
    ledger.file(&anna, anchor("spring"));
    let statement = ledger.signed(&berta, anchor("summer"), &[]);
    assert_eq!(refused(&ledger, &statement), Refused::Ended(revoked));
    assert_eq!(ledger.authority.log_keys_in_force().required, log_key.public());
}

/// Only what the root in force did is taken back: the root before it had handed over in peace.
#[test]
fn a_recovery_leaves_earlier_roots_alone() {
    let mut ledger = Ledger::found("site");
    let (first, second, third) = (ledger.root.clone(), ledger.next.clone(), key("third root"));
    let early = ledger.tree();
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file_also(&first, rotate_root(&second, &third), &[&second]);
    let statement = ledger.signed(&third, recover_root(&third, &key("fourth root"), early), &[]);
    ledger.append(statement);
    assert_eq!(ledger.authority.roots().len(), 3);
    ledger.file(&anna, anchor("spring"));
}

#[test]
fn a_recovery_of_a_closed_ledger() {
    let mut ledger = Ledger::found("site");
    let trusted = ledger.tree();
    let at: Position = ledger.file(&ledger.root.clone(), close());
    assert_eq!(refused(&ledger, &recovery(&ledger, trusted, &[])), Refused::Closed(at));
}

#[test]
fn the_sealed_root_speaks_before_its_time() {
    let ledger = Ledger::found("site");
    let next = &ledger.next;
    let disputes = ledger.signed(next, unknown("dispute", 2), &[]);
    assert_eq!(refused(&ledger, &disputes), Refused::NotGranted);
    let granted = ledger.signed(&ledger.root, grant(next, Role::Recorder), &[next]);
    assert_eq!(refused(&ledger, &granted), Refused::KeyHasRole);
    let body: Body = rotate_log_key(next, RotationReason::Superseded, false);
    let as_log_key = ledger.signed(&ledger.root, body, &[next]);
    assert_eq!(refused(&ledger, &as_log_key), Refused::KeyHasRole);
}
