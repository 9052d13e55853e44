//! What a granted key, the root and a log key may not do.

use treering::statement::authority::Refused;
use treering::statement::bodies::Body;
use treering::statement::bodies::key::{Grant, RevokeReason};
use treering::statement::bodies::ledger::RotationReason;
use treering::statement::bodies::site::Describe;
use treering::statement::bodies::{BodyRefused, StatementRef};
use treering::statement::cbor::{DecodeError, Value};
use treering::statement::envelope::{Accreditation, Issuer, ReadError};
use treering::statement::key::{KeyId, Role, Scope};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::TreeSize;

use crate::support::bodies::{
    affirm, anchor, close, correction, describe_site, erase, link, publish_catalogue, recover_root,
    revoke, rotate_log_key, rotate_root, unknown,
};
use crate::support::bytes::{Parts, text};
use crate::support::{Fault, Ledger, grant, key, refusal};

fn refused(ledger: &Ledger, signer: &SecretKey, body: Body, also: &[&SecretKey]) -> Refused {
    match ledger.judge(&ledger.signed(signer, body, also)) {
        Err(Fault::Refused(refused)) => refused,
        other => panic!("must be refused by authority, was {other:?}"),
    }
}

fn grant_with(name: &str, words: &[&str]) -> Grant {
    let scope = Scope::new(words.iter().map(|word| word.to_string())).expect("a scope");
    Grant { key: key(name).public(), role: Role::Recorder, scope }
}

#[test]
fn a_key_nobody_granted_anchors() {
    let ledger = Ledger::found("site");
    for body in [anchor("spring"), describe_site(), publish_catalogue()] {
        let refused = refused(&ledger, &key("stranger"), body, &[]);
        assert!(matches!(refused, Refused::NotForVisitors(_)), "{refused:?}");
    }
}

#[test]
fn a_kind_outside_the_scope() {
    let mut ledger = Ledger::found("site");
    let anna = key("anna");
    let granted = grant_with("anna", &["evidence.anchor", "weather"]);
    ledger.file_also(&ledger.root.clone(), Body::Grant(granted), &[&anna]);
    let at = ledger.file(&anna, anchor("spring"));
    let id = ledger.at(at).id();
    for body in [link(id), erase(id, &[0]), correction(id, None), describe_site()] {
        let refused = refused(&ledger, &anna, body, &[]);
        assert!(matches!(refused, Refused::OutOfScope { .. }), "{refused:?}");
    }
    assert!(ledger.judge(&ledger.signed(&anna, unknown("weather.note", 1), &[])).is_ok());
}

#[test]
fn what_only_the_root_signs() {
    let mut ledger = Ledger::found("site");
    let (anna, berta) = (ledger.granted("anna", Role::Supervisor), key("berta"));
    for (body, also) in [
        (grant(&berta, Role::Recorder), &[&berta][..]),
        (revoke(&berta, RevokeReason::Left), &[]),
        (rotate_log_key(&berta, RotationReason::Lost, true), &[&berta]),
        (rotate_root(&ledger.next, &berta), &[&ledger.next]),
        (close(), &[]),
    ] {
        for signer in [&anna, &berta, &ledger.log] {
            // A stranger's key is known from nowhere, so it first shows itself in a grant.
            let mut ledger = ledger.clone();
            let shown = ledger.signed(&ledger.root, grant(signer, Role::Recorder), &[signer]);
            ledger.keys.learn(&shown);
            let refused = refused(&ledger, signer, body.clone(), also);
            assert!(matches!(refused, Refused::RootOnly(_)), "{refused:?}");
        }
    }
    let recovering = recover_root(&anna, &berta, ledger.tree());
    assert_eq!(refused(&ledger, &anna, recovering, &[]), Refused::NotTheNextRoot);
}

/// Such a scope is no scope: the statement cannot even be read.
#[test]
fn a_scope_that_names_what_only_the_root_signs() {
    let ledger = Ledger::found("site");
    let anna = key("anna");
    let honest = ledger.signed(&ledger.root, grant(&anna, Role::Recorder), &[&anna]);
    for words in [
        &["ledger"][..],
        &["key"],
        &["root"],
        &["key.grant"],
        &["key.revoke"],
        &["ledger.close"],
        &["ledger.genesis"],
        &["ledger.rotate-log-key"],
        &["root.recover"],
        &["root.rotate"],
        &["key.tomorrow"],
        &["evidence", "root.rotate"],
        &["site", "evidence"],
        &["evidence", "evidence"],
        &["Evidence"],
        &[],
    ] {
        let scope = Value::Array(words.iter().map(|word| text(word)).collect());
        let parts = Parts::of(&honest)
            .with_payload(|payload| drop(payload.insert(text("scope"), scope)))
            .sign(&ledger.root);
        let refused = refusal(parts.wrap());
        assert!(
            matches!(refused, ReadError::Body(BodyRefused::Fields(DecodeError::Shape(_)))),
            "{words:?}: {refused:?}"
        );
    }
}

#[test]
fn a_role_that_is_none_of_the_words() {
    let ledger = Ledger::found("site");
    let anna = key("anna");
    let honest = ledger.signed(&ledger.root, grant(&anna, Role::Recorder), &[&anna]);
    for role in ["root", "Recorder", "guardian", ""] {
        let parts = Parts::of(&honest)
            .with_payload(|payload| drop(payload.insert(text("role"), text(role))))
            .sign(&ledger.root);
        assert!(matches!(refusal(parts.wrap()), ReadError::Body(BodyRefused::Fields(_))));
    }
}

/// The root key is for a few times a year, not for the day's work.
#[test]
fn the_root_does_a_recorders_work() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let at = ledger.file(&anna, anchor("spring"));
    let id = ledger.at(at).id();
    for body in [
        anchor("summer"),
        describe_site(),
        correction(id, None),
        unknown("dispute", 2),
        unknown("weather.note", 1),
    ] {
        let mut draft = ledger.draft(&ledger.root, body);
        (draft.issuer, draft.payload.key) = (Issuer::Ledger(ledger.id), None);
        let statement = draft.sign(&ledger.root).expect("reads back");
        let Err(Fault::Refused(refused)) = ledger.judge(&statement) else { panic!("refused") };
        assert!(matches!(refused, Refused::NotForRoot(_)), "{refused:?}");
    }
}

#[test]
fn one_key_with_two_roles() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    for taken in [&anna, &ledger.root, &ledger.next, &ledger.log] {
        let refusal = refused(&ledger, &ledger.root, grant(taken, Role::Verifier), &[taken]);
        assert_eq!(refusal, Refused::KeyHasRole);
        let as_log_key = rotate_log_key(taken, RotationReason::Superseded, false);
        let refusal = refused(&ledger, &ledger.root, as_log_key, &[taken]);
        assert_eq!(refusal, Refused::KeyHasRole);
    }
    let visitor = key("stranger");
    ledger.file(&visitor, unknown("dispute", 2));
    let as_log_key = rotate_log_key(&visitor, RotationReason::Superseded, false);
    let refusal = refused(&ledger, &ledger.root, as_log_key, &[&visitor]);
    assert_eq!(refusal, Refused::KeyHasRole);
}

#[test]
fn anything_after_the_end() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let at = ledger.file(&ledger.root.clone(), close());
    assert_eq!(ledger.authority.closed(), Some(at));
    let berta = key("berta");
    for (signer, body, also) in [
        (&anna, anchor("late"), &[][..]),
        (&anna, revoke(&anna, RevokeReason::Left), &[]),
        (&ledger.root, grant(&berta, Role::Recorder), &[&berta]),
        (&ledger.root, close(), &[]),
        (&berta, unknown("dispute", 2), &[]),
    ] {
        assert_eq!(refused(&ledger, signer, body, also), Refused::Closed(at));
    }
}

#[test]
fn an_issuer_that_the_key_does_not_speak_for() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let (own, other) = (ledger.id, Ledger::found("other").id);
    let origin = ledger.authority.genesis().origin.to_string();
    let id = |key: &SecretKey| KeyId::of(&key.public());
    let visitor = key("stranger");
    for (signer, body, issuer) in [
        (&anna, anchor("spring"), Issuer::Ledger(other)),
        (&anna, anchor("spring"), Issuer::Key(id(&anna))),
        (&anna, anchor("spring"), Issuer::Origin(origin.clone())),
        (&ledger.root, close(), Issuer::Origin(origin)),
        (&ledger.root, close(), Issuer::Key(id(&ledger.root))),
        (&visitor, unknown("dispute", 2), Issuer::Ledger(own)),
        (&visitor, unknown("dispute", 2), Issuer::Key(id(&anna))),
    ] {
        let mut draft = ledger.draft(signer, body);
        draft.issuer = issuer;
        let statement = draft.sign(signer).expect("reads back");
        assert_eq!(ledger.judge(&statement), Err(Fault::Refused(Refused::OtherIssuer)));
    }
}

#[test]
fn a_granted_key_that_shows_itself_as_a_visitor_does() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let mut shown = ledger.draft(&anna, anchor("spring"));
    shown.payload.key = Some(anna.public());
    let mut accredited = ledger.draft(&anna, anchor("spring"));
    accredited.payload.by =
        Some(Accreditation { ledger: Ledger::found("other").id, grant: ledger.id.0 });
    for draft in [shown, accredited] {
        let statement = draft.sign(&anna).expect("reads back");
        assert_eq!(ledger.judge(&statement), Err(Fault::Refused(Refused::NoVisitor)));
    }
}

#[test]
fn a_subject_that_the_body_is_not_about() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let at = ledger.file(&anna, anchor("spring"));
    let (spring, genesis) = (ledger.at(at).id(), ledger.id.0);
    for (body, subjects) in [
        (anchor("summer"), vec!["site:2564".into(), format!("statement:{spring}")]),
        (affirm(spring), vec!["ledger".into(), format!("statement:{genesis}")]),
        (correction(spring, None), vec!["ledger".into(), format!("statement:{genesis}")]),
        (erase(spring, &[0]), vec!["ledger".into()]),
        (link(spring), vec!["indicator:GLS-V1.1-3.7.1".into()]),
        (describe_site(), vec!["ledger".into(), "site:2565".into(), "site:02564".into()]),
        (Body::SiteDescribe(Describe::default()), vec!["site:2564".into()]),
    ] {
        let honest = Parts::of(&ledger.signed(&anna, body, &[]));
        for subject in subjects {
            let parts = honest.clone().with_header(|header| {
                let claims = header.get_mut(&Value::Integer(15)).expect("claims");
                let Value::Map(claims) = claims else { panic!("a map") };
                claims.insert(Value::Integer(2), text(&subject));
            });
            let refused = refusal(parts.sign(&anna).wrap());
            assert_eq!(refused, ReadError::SubjectMismatch, "{subject}");
        }
    }
}

#[test]
fn a_retired_log_key_returns() {
    let mut ledger = Ledger::found("site");
    let root = ledger.root.clone();
    let (first, second, third) = (ledger.log.clone(), key("log 2"), key("log 3"));
    for log_key in [&second, &third] {
        let body = rotate_log_key(log_key, RotationReason::Superseded, true);
        ledger.file_also(&root, body, &[log_key]);
    }
    for retired in [&first, &second, &third] {
        let body = rotate_log_key(retired, RotationReason::Superseded, true);
        assert_eq!(refused(&ledger, &root, body, &[retired]), Refused::KeyHasRole);
        let body = grant(retired, Role::Witness);
        assert_eq!(refused(&ledger, &root, body, &[retired]), Refused::KeyHasRole);
    }
}

#[test]
fn which_log_keys_sign_which_size() {
    let mut ledger = Ledger::found("site");
    let root = ledger.root.clone();
    let logs: Vec<SecretKey> = [1, 2, 3, 4].map(|n| key(&format!("log {n}"))).into_iter().collect();
    let rotations = [
        (RotationReason::Superseded, false),
        (RotationReason::Superseded, false),
        (RotationReason::Lost, false),
        (RotationReason::Superseded, true),
    ];
    let mut from = Vec::new();
    for (log_key, (reason, drop_old)) in logs.iter().zip(rotations) {
        let body = rotate_log_key(log_key, reason, drop_old);
        from.push(ledger.file_also(&root, body, &[log_key]).covering_size());
    }
    let founding = ledger.log.public();
    let [one, two, three, four] = [0, 1, 2, 3].map(|n| logs[n].public());
    let terms = [
        (TreeSize(1), founding, vec![]),
        (from[0], one, vec![founding]),
        (from[1], two, vec![founding, one]),
        (from[2], three, vec![]),
        (from[3], four, vec![]),
    ];
    for (n, (from, required, beside)) in terms.iter().enumerate() {
        let last = terms.get(n + 1).map_or(TreeSize(99), |next| TreeSize(next.0.0 - 1));
        for size in [*from, last] {
            let term = ledger.authority.log_keys_at(size).expect("a log key");
            assert_eq!((term.required, &term.beside), (*required, beside), "at size {size}");
        }
    }
    assert!(ledger.authority.log_keys_at(TreeSize(0)).is_none());
}

/// What a correction may not reach: references name a ledger only where it is another one.
#[test]
fn references_to_statements_elsewhere_are_carried() {
    let mut ledger = Ledger::found("site");
    let anna = ledger.granted("anna", Role::Recorder);
    let elsewhere = StatementRef { id: ledger.id.0, ledger: Some(Ledger::found("other").id) };
    let Body::Link(mut body) = link(ledger.id.0) else { unreachable!() };
    body.statement = elsewhere;
    ledger.file(&anna, Body::Link(body));
}
