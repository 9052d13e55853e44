//! Random histories of one ledger, judged twice: by the program, which keeps a running state and
//! undoes things in place, and by a reader that works everything out again from the whole history,
//! as the rules are told.

mod support;

use std::collections::BTreeSet;

use support::bodies::{
    anchor, recover_root, revoke, revoke_compromised, rotate_log_key, rotate_root, unknown,
};
use support::random::Random;
use support::{Fault, Ledger, grant, key};
use treering::statement::bodies::Body;
use treering::statement::bodies::key::RevokeReason;
use treering::statement::bodies::ledger::RotationReason;
use treering::statement::key::{KeyId, Role, SealedKeyId};
use treering::tlog::ed25519::{PublicKey, SecretKey};
use treering::tlog::hash::{Position, TreeSize};

/// What was admitted: where, signed by whom, saying what. In order.
type Entry = (u64, KeyId, Body);

fn id(key: &PublicKey) -> KeyId {
    KeyId::of(key)
}

/// Roots so far, with what is sealed after the last.
fn roots(history: &[Entry]) -> (Vec<KeyId>, SealedKeyId) {
    let succession = history.iter().filter_map(|(_, _, body)| match body {
        Body::Genesis(body) => Some((id(&body.root), body.next)),
        Body::RotateRoot(body) => Some((id(&body.root), body.next)),
        Body::RecoverRoot(body) => Some((id(&body.root), body.next)),
        _ => None,
    });
    let (roots, nexts): (Vec<_>, Vec<_>) = succession.unzip();
    (roots, *nexts.last().expect("a genesis"))
}

/// What still has effect: all but what a recovered root did from the trusted size on.
fn in_effect(history: &[Entry]) -> Vec<Entry> {
    let mut effect = history.to_vec();
    for (n, (_, _, body)) in history.iter().enumerate() {
        if let Body::RecoverRoot(recover) = body {
            let (before, _) = roots(&history[..n]);
            let set_aside = *before.last().expect("a genesis");
            effect.retain(|(at, signer, _)| *signer != set_aside || *at < recover.trusted.size.0);
        }
    }
    effect
}

/// From which size on what a key signed is disputed, and whether it may sign no more; `None` for a
/// key that was never granted.
fn ended(history: &[Entry], key: KeyId) -> Option<(bool, Option<TreeSize>)> {
    let granting = |(_, _, body): &&Entry| matches!(body, Body::Grant(g) if id(&g.key) == key);
    let (granted, ..) = history.iter().find(granting)?;
    let effect = in_effect(history);
    let mut from: Vec<TreeSize> = Vec::new();
    let mut ends = !effect.iter().any(|(at, ..)| at == granted);
    if ends {
        // Set aside by the next recovery: any other root between would have kept the grant.
        let recovery = history.iter().find_map(|(at, _, body)| match body {
            Body::RecoverRoot(recover) if at > granted => Some(recover.trusted.size),
            _ => None,
        });
        from.extend(recovery);
    }
    for (_, _, body) in &effect {
        if let Body::Revoke(revoke) = body
            && id(&revoke.key) == key
        {
            ends = true;
            from.extend(revoke.trusted.map(|trusted| trusted.size));
        }
    }
    Some((ends, from.into_iter().min()))
}

fn log_keys(history: &[Entry]) -> Vec<KeyId> {
    let shown = history.iter().filter_map(|(_, _, body)| match body {
        Body::Genesis(body) => Some(id(&body.log_key)),
        Body::RotateLogKey(body) => Some(id(&body.log_key)),
        _ => None,
    });
    shown.collect()
}

fn visitors(history: &[Entry]) -> BTreeSet<KeyId> {
    let visiting = |(n, (_, key, body)): (usize, &Entry)| {
        let visits = matches!(body, Body::Unknown { .. }) && ended(&history[..n], *key).is_none();
        visits.then_some(*key)
    };
    history.iter().enumerate().filter_map(visiting).collect()
}

/// Whether the rules let `signer` say this after `history`; `begun` if it has said anything before.
fn may(history: &[Entry], signer: KeyId, begun: bool, body: &Body) -> bool {
    let (roots, next) = roots(history);
    let root = *roots.last().expect("a genesis");
    let taken = |key: KeyId| {
        roots.contains(&key)
            || log_keys(history).contains(&key)
            || key.sealed() == next
            || ended(history, key).is_some()
    };
    let free_next = |new: KeyId, after: SealedKeyId| {
        let holders = roots.iter().copied().chain(log_keys(history)).chain([new]);
        let granted = history.iter().filter_map(|(_, _, body)| match body {
            Body::Grant(grant) => Some(id(&grant.key)),
            _ => None,
        });
        let mut all = holders.chain(granted).chain(visitors(history));
        new.sealed() == next && !all.any(|key| key.sealed() == after)
    };
    let active = |key| ended(history, key).is_some_and(|(ended, _)| !ended);
    match body {
        Body::Grant(grant) => signer == root && !taken(id(&grant.key)),
        Body::Revoke(revoke) if signer == id(&revoke.key) && signer != root => {
            active(signer) && revoke.trusted.is_none()
        }
        Body::Revoke(revoke) => {
            let compromised = revoke.reason == RevokeReason::Compromised;
            let reaches_further = |from: Option<TreeSize>| {
                revoke.trusted.is_some_and(|trusted| from.is_none_or(|from| trusted.size < from))
            };
            signer == root
                && compromised == revoke.trusted.is_some()
                && ended(history, id(&revoke.key))
                    .is_some_and(|(ended, from)| !ended || reaches_further(from))
        }
        Body::RotateLogKey(rotate) => {
            let new = id(&rotate.log_key);
            signer == root && !taken(new) && !visitors(history).contains(&new)
        }
        Body::RotateRoot(rotate) => signer == root && free_next(id(&rotate.root), rotate.next),
        Body::RecoverRoot(recover) => {
            signer == id(&recover.root) && free_next(signer, recover.next)
        }
        Body::Anchor(_) => active(signer),
        // A key that began here with something refused has missed its place to show itself.
        Body::Unknown { .. } => {
            let shown = !begun || visitors(history).contains(&signer);
            active(signer) || !taken(signer) && shown
        }
        other => panic!("no such statement is made here: {other:?}"),
    }
}

/// The roots of a ledger founded as "site", in the order of their terms.
fn root_of(term: usize) -> SecretKey {
    match term {
        0 => key("site/root"),
        1 => key("site/next root"),
        _ => key(&format!("root {term}")),
    }
}

/// A signer, what it says and who signs second: sensible often enough, absurd often enough.
fn anything(random: &mut Random, ledger: &Ledger) -> (SecretKey, Body, Vec<SecretKey>) {
    let roots = ledger.authority.roots().len();
    let mut pick = |name: &str, of: usize| key(&format!("{name} {}", random.below(of)));
    let (person, other, log_key) = (pick("person", 5), pick("person", 5), pick("log", 4));
    let any_root = root_of(random.below(roots + 2));
    let root = root_of(roots - 1);
    let next = root_of(roots);
    let signer = match random.below(12) {
        0 => any_root.clone(),
        1 => next.clone(),
        2 => log_key.clone(),
        3 | 4 => other.clone(),
        _ => root.clone(),
    };
    let subject = if random.below(8) == 0 { any_root } else { person };
    // Few different sizes, so that the same one is named again.
    let len = ledger.entries.len();
    let size = 1 + random.below(len) / 6 * 6;
    let trusted = ledger.tree_at(size as u64);
    let late = len - random.below(len.min(10));
    match random.below(24) {
        0..=5 => (signer, grant(&subject, Role::Recorder), vec![subject]),
        6..=8 => (signer, revoke(&subject, RevokeReason::Left), vec![]),
        9..=11 => (signer, revoke_compromised(&subject, trusted), vec![]),
        12 | 13 => (subject.clone(), revoke(&subject, RevokeReason::Compromised), vec![]),
        14..=16 => {
            let log_key = if random.below(4) == 0 { subject } else { log_key };
            let drop_old = random.below(2) == 0;
            let body = rotate_log_key(&log_key, RotationReason::Superseded, drop_old);
            (signer, body, vec![log_key])
        }
        17 => {
            let after = if random.below(3) == 0 { subject } else { root_of(roots + 1) };
            (signer, rotate_root(&next, &after), vec![next])
        }
        18 | 19 => {
            let after = if random.below(3) == 0 { subject } else { root_of(roots + 1) };
            (next.clone(), recover_root(&next, &after, ledger.tree_at(late as u64)), vec![])
        }
        20..=22 => (other, anchor("something"), vec![]),
        _ => (subject, unknown("dispute", 2), vec![]),
    }
}

#[test]
fn random_histories_judged_twice() {
    let mut random = Random::seeded(6962);
    let (mut admitted, mut refused, mut recoveries) = (0, 0, 0);
    for run in 0..40 {
        let mut ledger = Ledger::found("site");
        let genesis = ledger.entries[0].payload.body.clone();
        let mut history: Vec<Entry> = vec![(0, id(&ledger.root.public()), genesis)];
        for _ in 0..40 {
            let (signer, body, also) = anything(&mut random, &ledger);
            let signer_id = id(&signer.public());
            let statement = ledger.signed(&signer, body.clone(), &also.iter().collect::<Vec<_>>());
            // Signatures are another matter: every key has been seen somewhere.
            ledger.keys.learn(&ledger.signed(&signer, grant(&signer, Role::Recorder), &[]));
            let begun = ledger.chains.last(&signer_id).is_some();
            let expected = may(&history, signer_id, begun, &body);
            let before = format!("{:?}", ledger.authority);
            let at = ledger.append(statement).0;
            let verdict = &ledger.verdicts[at as usize];

            let Ok(_) = verdict else {
                let by_authority = matches!(verdict, Err(Fault::Refused(_)));
                assert!(by_authority && !expected, "run {run}, {at}: {verdict:?}\n{body:?}");
                assert_eq!(
                    format!("{:?}", ledger.authority),
                    before,
                    "a refused one changes nothing"
                );
                refused += 1;
                continue;
            };
            assert!(expected, "run {run}, position {at}: {verdict:?}\n{body:?}");
            admitted += 1;
            recoveries += usize::from(matches!(body, Body::RecoverRoot(_)));
            history.push((at, signer_id, body));
            compare(&ledger, &history);
        }
    }
    assert!(
        admitted > 250 && refused > 250 && recoveries > 15,
        "{admitted} {refused} {recoveries}"
    );
}

/// Everything the program remembers, against what the history says.
fn compare(ledger: &Ledger, history: &[Entry]) {
    let authority = &ledger.authority;
    let (roots, _) = roots(history);
    assert_eq!(id(&authority.root().key), *roots.last().expect("a genesis"));
    let in_force = log_keys(&in_effect(history));
    assert_eq!(id(&authority.log_keys_in_force().required), *in_force.last().expect("a log key"));
    assert_eq!(authority.visitors(), visitors(history).len());
    for (key, record) in authority.grants() {
        let (has_ended, from) = ended(history, key).expect("granted in the history");
        assert_eq!(record.ended.is_some(), has_ended, "{key}");
        assert_eq!(record.ended.and_then(|ending| ending.disputed_from), from, "{key}");
        for at in 0..ledger.entries.len() as u64 {
            let disputed = from.is_some_and(|from| at >= from.0);
            assert_eq!(authority.is_disputed(&key, Position(at)), disputed);
        }
    }
}
