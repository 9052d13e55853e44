//! What later statements make of earlier ones, and who must have no say in it.

use std::collections::BTreeSet;

use treering::statement::bodies::key::{Affirm, Grant, RevokeReason};
use treering::statement::bodies::ledger::RotationReason;
use treering::statement::bodies::{Body, StatementRef};
use treering::statement::envelope::Issuer;
use treering::statement::key::{KeyId, Role};
use treering::statement::standing::Standing;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Position};

use crate::support::bodies::{
    affirm, anchor, correction, erase, revoke, revoke_compromised, rotate_log_key, unknown,
};
use crate::support::{Ledger, key};

/// A ledger with recorders anna and bruno and supervisor sara, and anna's anchor.
fn ledger() -> (Ledger, [SecretKey; 3], Position) {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let bruno = ledger.granted("bruno", Role::Recorder);
    let sara = ledger.granted("sara", Role::Supervisor);
    let at = ledger.file(&anna, anchor("spring"));
    (ledger, [anna, bruno, sara], at)
}

fn compromise(ledger: &mut Ledger, key: &SecretKey, from: Position) {
    let trusted = ledger.tree_at(from.0);
    ledger.file(&ledger.root.clone(), revoke_compromised(key, trusted));
}

fn id(ledger: &Ledger, at: Position) -> Hash {
    ledger.at(at).id()
}

fn erased(ledger: &Ledger, anchor: Position) -> BTreeSet<u64> {
    ledger.standings.erased_rows(&ledger.authority, ledger.at(anchor))
}

#[test]
fn an_affirmation_lifts_a_dispute() {
    for affirms_first in [true, false] {
        let (mut ledger, [anna, _, sara], at) = ledger();
        let body = affirm(id(&ledger, at));
        if affirms_first {
            ledger.file(&sara, body);
            compromise(&mut ledger, &anna, at);
        } else {
            compromise(&mut ledger, &anna, at);
            ledger.file(&ledger.root.clone(), body);
        }
        assert_eq!(ledger.standing(at), Standing::Affirmed);
    }
}

#[test]
fn an_affirmation_by_the_key_itself() {
    let (mut ledger, [_, _, sara], _) = ledger();
    let at = ledger.file(&sara, anchor("summer"));
    ledger.file(&sara, affirm(id(&ledger, at)));
    compromise(&mut ledger, &sara, at);
    assert_eq!(ledger.standing(at), Standing::Disputed);
}

/// Her scope lets her file it, her role gives it no weight.
#[test]
fn an_affirmation_by_a_recorder() {
    let (mut ledger, [anna, ..], at) = ledger();
    let rita = key("rita");
    let scope = Role::Supervisor.usual_scope();
    let body = Grant { key: rita.public(), role: Role::Recorder, scope };
    ledger.file_also(&ledger.root.clone(), Body::Grant(body), &[&rita]);
    ledger.file(&rita, affirm(id(&ledger, at)));
    compromise(&mut ledger, &anna, at);
    assert_eq!(ledger.standing(at), Standing::Disputed);
}

#[test]
fn an_affirmation_that_is_disputed_itself() {
    let (mut ledger, [anna, _, sara], at) = ledger();
    let affirmed = ledger.file(&sara, affirm(id(&ledger, at)));
    compromise(&mut ledger, &anna, at);
    compromise(&mut ledger, &sara, affirmed);
    assert_eq!(ledger.standing(at), Standing::Disputed);
    // Nor is it mended by affirming the affirmation: the root can affirm the anchor itself.
    ledger.file(&ledger.root.clone(), affirm(id(&ledger, affirmed)));
    assert_eq!(ledger.standing(affirmed), Standing::Affirmed);
    assert_eq!(ledger.standing(at), Standing::Disputed);
}

/// Written before the supervisor left, so it counts for ever.
#[test]
fn an_affirmation_outlives_its_supervisor() {
    let (mut ledger, [anna, _, sara], at) = ledger();
    ledger.file(&sara, affirm(id(&ledger, at)));
    ledger.file(&ledger.root.clone(), revoke(&sara, RevokeReason::Left));
    compromise(&mut ledger, &anna, at);
    assert_eq!(ledger.standing(at), Standing::Affirmed);
}

#[test]
fn an_affirmation_of_a_statement_said_to_be_elsewhere() {
    let (mut ledger, [anna, _, sara], at) = ledger();
    let statement = StatementRef { id: id(&ledger, at), ledger: Some(Ledger::found("other").id) };
    ledger.file(&sara, Body::Affirm(Affirm { statement }));
    compromise(&mut ledger, &anna, at);
    assert_eq!(ledger.standing(at), Standing::Disputed);
}

#[test]
fn a_correction_by_the_party_supersedes() {
    let (mut ledger, [anna, bruno, _], at) = ledger();
    let better = ledger.file(&anna, anchor("spring, complete"));
    let body = correction(id(&ledger, at), Some(id(&ledger, better)));
    ledger.file(&bruno, body);
    let by = Some(StatementRef::here(id(&ledger, better)));
    assert_eq!(ledger.standing(at), Standing::Superseded { by });
    // The last word counts.
    ledger.file(&anna, correction(id(&ledger, at), None));
    assert_eq!(ledger.standing(at), Standing::Superseded { by: None });
}

/// The words of a key that nobody granted are its own: the site cannot correct or erase them.
#[test]
fn a_visitors_statement_corrected_by_the_site() {
    let (mut ledger, [anna, ..], _) = ledger();
    let visitor = key("stranger");
    let at = ledger.file(&visitor, unknown("dispute", 2));
    assert!(matches!(ledger.at(at).header.issuer, Issuer::Key(_)));
    ledger.file(&anna, correction(id(&ledger, at), None));
    assert_eq!(ledger.standing(at), Standing::Good);
    ledger.file(&anna, erase(id(&ledger, at), &[0]));
    assert!(erased(&ledger, at).is_empty());
}

#[test]
fn a_correction_and_an_erasure_by_a_thief() {
    let (mut ledger, [_, bruno, sara], at) = ledger();
    let corrected = ledger.file(&bruno, correction(id(&ledger, at), None));
    let erasing = ledger.file(&bruno, erase(id(&ledger, at), &[1, 2]));
    assert_eq!(erased(&ledger, at), BTreeSet::from([1, 2]));

    compromise(&mut ledger, &bruno, corrected);
    assert_eq!(ledger.standing(at), Standing::Good);
    assert!(erased(&ledger, at).is_empty());

    // What turns out to have been bruno after all is affirmed, and has its effect again.
    ledger.file(&sara, affirm(id(&ledger, erasing)));
    assert_eq!(erased(&ledger, at), BTreeSet::from([1, 2]));
    assert_eq!(ledger.standing(at), Standing::Good);
    ledger.file(&sara, affirm(id(&ledger, corrected)));
    assert_eq!(ledger.standing(at), Standing::Superseded { by: None });
}

/// A grant, a revocation or an affirmation is the root's or a supervisor's word, and holds; so does
/// what it gives, or a recorder could make a colleague look dismissed.
#[test]
fn a_correction_of_what_rules_authority() {
    let (mut ledger, [anna, bruno, sara], anchored) = ledger();
    let granted = ledger.authority.grant_of(&KeyId::of(&bruno.public())).expect("bruno").granted;
    let affirmed = ledger.file(&sara, affirm(id(&ledger, anchored)));
    let revoked = ledger.file(&ledger.root.clone(), revoke(&bruno, RevokeReason::Left));
    let next_log = key("next log key");
    let rotation = rotate_log_key(&next_log, RotationReason::Superseded, true);
    let rotated = ledger.file_also(&ledger.root.clone(), rotation, &[&next_log]);
    for at in [Position(0), granted, affirmed, revoked, rotated] {
        ledger.file(&anna, correction(id(&ledger, at), None));
        assert_eq!(ledger.standing(at), Standing::Good, "{at}");
    }
    compromise(&mut ledger, &sara, affirmed);
    assert_eq!(ledger.standing(affirmed), Standing::Disputed);
    ledger.file(&anna, correction(id(&ledger, anchored), None));
    assert_eq!(ledger.standing(anchored), Standing::Superseded { by: None });
}

#[test]
fn a_correction_of_a_statement_said_to_be_elsewhere() {
    let (mut ledger, [anna, ..], at) = ledger();
    let Body::Correction(mut body) = correction(id(&ledger, at), None) else { unreachable!() };
    body.statement.ledger = Some(Ledger::found("other").id);
    ledger.file(&anna, Body::Correction(body));
    assert_eq!(ledger.standing(at), Standing::Good);
}
