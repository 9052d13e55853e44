//! Which key signs, as what, and where the statement goes.

use std::sync::Arc;

use serde_json::json;

use super::desk::Desk;
use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::filing::{chain_places, sign};
use crate::cli::key::write_statement;
use crate::cli::keyring::Keyring;
use crate::cli::statement_text::summary;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Outcome, clock};
use crate::statement::bodies::Body;
use crate::statement::envelope::{
    Accreditation, Draft, Issuer, LedgerId, Payload, Statement, Subject,
};
use crate::statement::key::Role;
use crate::statement::kind::{Family, KindName};
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::keys::{KeyFile, Purpose};
use crate::tlog::ed25519::SecretKey;
use crate::tlog::hash::Hash;

/// A key, and as what it speaks in the ledger.
pub struct Signer {
    /// The key.
    pub key: KeyFile,
    /// As what.
    pub capacity: Capacity,
    /// The kind it signs.
    pub kind: KindName,
}

/// As what a key speaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Capacity {
    /// For the party, under a grant of this role.
    Granted(Role),
    /// For the party, says whoever signs; the ledger is not at hand to tell.
    SaidToBeGranted,
    /// For itself.
    Visitor,
}

/// Which roles sign a kind. A visitor has the roles its key was made for. Nothing for kinds that anybody
/// may sign whose scope covers them.
fn roles_for(kind: &str) -> &'static [Role] {
    use Role::{Assessor, Committee, Recorder, Reviewer, Supervisor, Verifier};
    match kind {
        "assess.self" => &[Recorder, Supervisor],
        "assess.indicator" | "assess.recommend" => &[Assessor],
        // Never the site: it could try nonces until the rows suit it.
        "sample.draw" | "sample.result" => &[Assessor, Reviewer, Verifier],
        "visit.record" => &[Assessor, Reviewer, Verifier],
        "review.check" => &[Reviewer],
        "review.midterm" => &[Assessor, Reviewer, Committee],
        "decision"
        | "certificate.issue"
        | "certificate.suspend"
        | "certificate.withdraw"
        | "certificate.renew" => &[Committee],
        "claim.opinion" => &[Verifier],
        _ => &[],
    }
}

fn may_sign(kind: &KindName, roles: &[Role]) -> bool {
    let needed = roles_for(kind.as_str());
    needed.is_empty() || roles.iter().any(|role| needed.contains(role))
}

/// The roles a key was made for.
fn made_for(key: &KeyFile) -> Vec<Role> {
    match key.purpose() {
        Purpose::Roles(words) => {
            words.words().iter().filter_map(|word| Role::from_word(word)).collect()
        }
        _ => Vec::new(),
    }
}

fn is_for_visitors(kind: &KindName) -> bool {
    kind.family() == Family::Process || kind.as_str() == "claim.opinion"
}

/// The keys that could sign here.
fn keyring<'a>(desk: &Desk<'a>) -> Result<Keyring<'a>, Failure> {
    match (&desk.args.keys, desk.store()) {
        (Some(folder), _) => Ok(Keyring::at(desk.context, folder)),
        (None, Some(store)) => Ok(Keyring::at(desk.context, &store.keys())),
        (None, None) => Err(Failure::new(
            Exit::Key,
            "there is no key at hand",
            "there is no store here whose keys could sign",
            "name the folder of the key: --keys DIR",
        )),
    }
}

/// As what a key could sign one of the kinds, or why it could not.
fn capacity(desk: &Desk<'_>, key: &KeyFile, kind: &KindName) -> Result<Capacity, String> {
    let roles_in_words = || {
        let words: Vec<&str> = roles_for(kind.as_str()).iter().map(|role| role.word()).collect();
        words.join(" or ")
    };
    let purpose = key.purpose();
    if !matches!(purpose, Purpose::Roles(_)) {
        return Err(format!("it is for {purpose}"));
    }
    let grant = desk.book().and_then(|book| book.authority().grant_of(&key.id()));
    if let Some(grant) = grant {
        return if grant.ended.is_some() {
            Err("its grant has ended".into())
        } else if !grant.scope.covers(kind) {
            Err(format!("its scope is {}", grant.scope))
        } else if !may_sign(kind, &[grant.role]) {
            Err(format!(
                "it is granted as {}; {kind} is signed by {}",
                grant.role,
                roles_in_words()
            ))
        } else {
            Ok(Capacity::Granted(grant.role))
        };
    }
    if !may_sign(kind, &made_for(key)) {
        return Err(format!("it is for {purpose}; {kind} is signed by {}", roles_in_words()));
    }
    if desk.args.granted {
        return Ok(Capacity::SaidToBeGranted);
    }
    if desk.filing.is_some() {
        return Err("the ledger has not granted it; a visitor signs into a file, with -o".into());
    }
    match is_for_visitors(kind) {
        true => Ok(Capacity::Visitor),
        false => Err(format!("the ledger has not granted it, and visitors do not sign {kind}")),
    }
}

/// The key that signs one of these kinds: the named one, or the only one that may.
pub fn choose(desk: &Desk<'_>, kinds: &[KindName]) -> Result<Signer, Failure> {
    let keyring = keyring(desk)?;
    let first = &kinds[0];
    if let Some(name) = &desk.args.key {
        let key = keyring.named(name)?;
        let mut why = String::new();
        for kind in kinds {
            match capacity(desk, &key, kind) {
                Ok(capacity) => return Ok(Signer { key, capacity, kind: kind.clone() }),
                Err(fault) => why = fault,
            }
        }
        return Err(Failure::new(
            Exit::Key,
            format!("the key {name} does not sign {first} here"),
            why,
            "treering key list; treering key new NAME --for ROLE makes one for another role",
        ));
    }
    let (mut may, mut faults) = (Vec::new(), Vec::new());
    for key in keyring.list()? {
        let found = kinds.iter().find_map(|kind| {
            let capacity = capacity(desk, &key, kind);
            capacity.map(|capacity| (capacity, kind.clone())).ok()
        });
        match found {
            Some((capacity, kind)) => may.push(Signer { key, capacity, kind }),
            None if matches!(key.purpose(), Purpose::Roles(_)) => {
                let why = capacity(desk, &key, first).err().unwrap_or_default();
                faults.push(format!("{}: {why}", key.name()));
            }
            None => {}
        }
    }
    match may.len() {
        1 => Ok(may.swap_remove(0)),
        0 => Err(Failure::new(
            Exit::Key,
            format!("no key here signs {first}"),
            match faults.is_empty() {
                true => format!("{} holds no key with a role", keyring.folder().path().display()),
                false => faults.join("; "),
            },
            "treering key new NAME --for ROLE, then treering key request NAME",
        )),
        _ => Err(Failure::new(
            Exit::Key,
            "several keys here may sign this",
            may.iter()
                .map(|signer| format!("{} ({})", signer.key.name(), signer.kind))
                .collect::<Vec<_>>()
                .join(", "),
            "say which one with --key NAME",
        )),
    }
}

/// Signs bodies, into the ledger or, one of them, into a file.
pub fn speak(desk: Desk<'_>, signer: Signer, bodies: Vec<Body>, command: &'static str) -> Outcome {
    let by = desk.args.by.as_deref().map(accreditation).transpose()?;
    if by.is_some() && signer.capacity != Capacity::Visitor {
        return Err(usage(
            "--by is for visitors",
            "this key speaks under the ledger's own grant",
            "leave --by out",
        ));
    }
    let secret = keyring(&desk)?.open(&signer.key)?;
    match (&desk.filing, &desk.args.output) {
        (Some(_), _) => file(desk, &signer, &secret, bodies, command),
        (None, Some(output)) => {
            let [body] = <[Body; 1]>::try_from(bodies).map_err(|bodies| {
                usage(
                    format!("{} statements do not go into one file", bodies.len()),
                    "a file holds one statement",
                    "sign them one by one, each with its own -o STATEMENT",
                )
            })?;
            let statement = for_a_file(&desk, &signer, &secret, body, by, command)?;
            let what = format!("{} ({})", signer.kind, summary(&statement));
            let answer = format!("{command}-signed");
            write_statement(desk.context, output, &statement, &what, &answer)
        }
        (None, None) => Err(usage("there is nowhere to put it", "no -o", "add -o STATEMENT")),
    }
}

fn file(
    mut desk: Desk<'_>,
    signer: &Signer,
    secret: &SecretKey,
    bodies: Vec<Body>,
    command: &'static str,
) -> Outcome {
    let Some(filing) = &mut desk.filing else {
        return Err(usage("there is no ledger to file in", "no store", "add -o STATEMENT"));
    };
    let (mut text, mut filed) = (String::new(), Vec::new());
    for body in bodies {
        let at = filing.sign_and_file_with(&signer.key, secret, body.into(), false)?.first;
        let (_, statement) = filing.own.resolve(&format!("@{at}"))?;
        text.push_str(&format!("Filed @{at} {}: {}\n", signer.kind, summary(&statement)));
        filed.push(json!({
            "position": at.0,
            "id": statement.id().to_string(),
            "kind": signer.kind.as_str(),
        }));
    }
    let answer = Answer::new(&format!("{command}-filed"), text, json!({ "filed": filed }));
    Ok(match next(signer.kind.as_str()) {
        Some(next) => answer.and_next(next),
        None => answer,
    })
}

/// What usually comes after a kind; nothing where the command itself says it.
fn next(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "evidence.link" => "treering assess ID --verdict VERDICT --on REF",
        "site.describe" => {
            "treering card, for those who will check; treering site shows what stands"
        }
        "catalogue.publish" => "treering link REF --indicator ID",
        "assess.self" => "treering status; an assessor signs findings with a key of their own",
        "assess.indicator" => "treering recommend STEP --outcome for --finding REF",
        "assess.recommend" => "treering review STEP --of REF --outcome followed, by the reviewer",
        "review.check" => {
            "treering decide STEP --outcome accepted --day DAY --review REF, by the committee"
        }
        "decision" => "treering certificate issue --decision REF --from DAY --until DAY",
        "claim.opinion" | "claim.move" => "treering claim list",
        "concern.raise" => "treering concern answer REF TEXT, by those it is about",
        "concern.answer" => {
            "treering concern close REF --outcome OUTCOME --reason TEXT, by a reviewer"
        }
        "sample.draw" | "sample.result" | "claim.file" => return None,
        _ => "treering head, and send the line to somebody who keeps it",
    })
}

fn for_a_file(
    desk: &Desk<'_>,
    signer: &Signer,
    secret: &SecretKey,
    body: Body,
    by: Option<Accreditation>,
    command: &'static str,
) -> Result<Statement, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let places = chain_places(&disk, &signer.key, command)?;
    let mut chain = ChainFile::open(places, signer.key.id(), desk.ledger)?;
    let waiting = chain.contents().unfiled(desk.ledger).iter();
    // Asked for again, perhaps because the file was lost: the same bytes, no other number.
    let again = waiting.rev().find(|signed| signed.payload.body == body).cloned();
    match (again, &signer.capacity) {
        (Some(signed), _) => Ok((*signed).clone()),
        (None, Capacity::Visitor) => as_visitor(&mut chain, desk, secret, body, by),
        (None, _) => {
            let seen = Some(desk.seen);
            sign(&mut chain, desk.ledger, secret, seen, body.into(), |_| Ok(()))
        }
    }
}

/// Signs as a key that the ledger has not granted: it speaks for itself, and shows itself the first time.
fn as_visitor(
    chain: &mut ChainFile,
    desk: &Desk<'_>,
    secret: &SecretKey,
    body: Body,
    by: Option<Accreditation>,
) -> Result<Statement, Failure> {
    let mut staging = chain.stage(desk.ledger);
    let next = staging.next_chain(Some(desk.seen));
    let key = (next.seq == 0).then(|| secret.public());
    let draft = Draft {
        issuer: Issuer::Key(crate::statement::key::KeyId::of(&secret.public())),
        subject: body.subject().unwrap_or(Subject::Ledger),
        issued_at: clock::now_s(),
        payload: Payload { chain: next, also: Vec::new(), key, by, body },
    };
    let signed = draft.sign(secret).map_err(|why| {
        Failure::new(Exit::Usage, "the statement cannot be signed", why, "change what it says")
    })?;
    staging.push(signed.clone())?;
    staging.commit()?;
    Ok(signed)
}

fn accreditation(text: &str) -> Result<Accreditation, Failure> {
    let ids = text.split_once(':').and_then(|(ledger, grant)| {
        Some(Accreditation {
            ledger: LedgerId(Hash::from_hex(ledger)?),
            grant: Hash::from_hex(grant)?,
        })
    });
    ids.ok_or_else(|| {
        usage(
            format!("{text:?} names no grant"),
            "--by takes the accreditor's ledger and the grant in it: two ids of 64 digits",
            "ask the accreditor for both; treering show gives ids whole",
        )
    })
}
