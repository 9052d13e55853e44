//! `treering status`: what is recorded, and what needs care.

use std::fmt::Write;

use serde_json::{Value, json};

use super::keyring::Keyring;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::ledger::read;
use crate::report::words::{count, counted, safe, time};
use crate::statement::bodies::Body;
use crate::statement::key::KeyId;
use crate::store::durable;
use crate::store::heads::GuardedHead;
use crate::store::keys::{KeyFile, Purpose};
use crate::tlog::hash::Hash;

/// Arguments of `treering status`.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// What the ledger's statements add up to for a person.
#[derive(Default)]
struct Tally {
    statements: u64,
    batches: u64,
    files: u64,
    first_s: Option<i64>,
    last_s: Option<i64>,
    site: Option<String>,
    manifests_missing: Vec<Hash>,
}

/// Shows the status.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let head = own.head()?;
    let book = own.book()?;
    let tally = tally(&own)?;
    let keys = Keyring::at(context, &own.store.keys()).list()?;
    let drafts = durable::list(&*own.disk, &own.store.drafts())?.len() as u64;

    let mut cares = Vec::new();
    if let Err(fault) = GuardedHead::open(own.head_places("status")?, book.ledger()) {
        let failure = Failure::from(fault);
        cares.push(format!("must not sign: {} ({})", failure.why, failure.next));
    }
    for key in &keys {
        cares.extend(care_for_key(key)?);
    }
    if drafts > 0 {
        cares.push(format!(
            "{} of add was stopped; the same add command goes on",
            counted(drafts, "draft")
        ));
    }
    if !tally.manifests_missing.is_empty() {
        cares.push(format!(
            "{} missing: their files cannot be proved until a copy is put back",
            counted(tally.manifests_missing.len() as u64, "manifest")
        ));
    } else if tally.batches > 0 {
        cares.push(format!(
            "keep a second copy of {}: nothing else can replace it",
            own.store.manifests().display()
        ));
    }

    let genesis = book.authority().genesis();
    let mut text = safe(&genesis.name);
    if let Some(site) = &tally.site {
        let _ = write!(text, " · {site}");
    }
    let _ = writeln!(text, " · ledger {}\n", &book.ledger().to_string()[..16]);
    let span = match (tally.first_s, tally.last_s) {
        (Some(first), Some(last)) => format!(", {} to {}", time(first), time(last)),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "  Recorded   {} in {}{span}",
        counted(tally.files, "file"),
        if tally.batches == 1 {
            "1 batch".into()
        } else {
            format!("{} batches", count(tally.batches))
        },
    );
    let _ = writeln!(text, "  Ledger     {}", counted(tally.statements, "statement"));
    let witnesses = head.note().signatures().len() as u64 - 1;
    let witnessed = match witnesses {
        0 => "no: the times above are what this computer's clock said".to_string(),
        some => counted(some, "cosignature"),
    };
    let _ = writeln!(text, "  Witnessed  {witnessed}");
    let granted = book.authority().grants().filter(|(_, grant)| grant.ended.is_none()).count();
    let _ = writeln!(
        text,
        "  Keys       {} may sign; root {}",
        count(granted as u64),
        &KeyId::of(&book.authority().root().key).to_string()[..16]
    );
    for care in &cares {
        let _ = writeln!(text, "  !          {care}");
    }
    text.push_str("next: treering audit checks all of it as a stranger would\n");
    let fields = json!({
        "id": book.ledger().to_string(),
        "name": genesis.name,
        "store": own.store.path().display().to_string(),
        "public_folder": own.folder.path().display().to_string(),
        "size": head.tree().size.0,
        "root": head.tree().root.to_string(),
        "batches": tally.batches,
        "files": tally.files,
        "drafts": drafts,
        "manifests_missing": tally.manifests_missing.iter().map(Hash::to_string).collect::<Vec<_>>(),
        "cosignatures": witnesses,
        "care": cares.iter().map(|care| json!(care)).collect::<Vec<Value>>(),
    });
    Ok(Answer::new("status", text, fields))
}

fn tally(own: &OwnStore) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    for statement in read::statements(&own.folder, own.head()?.tree().size) {
        let (_, statement) = statement?;
        tally.statements += 1;
        match &statement.payload.body {
            Body::Anchor(anchor) => {
                tally.batches += 1;
                tally.files += anchor.rows;
                let issued_at = statement.header.issued_at;
                tally.first_s = Some(tally.first_s.unwrap_or(issued_at).min(issued_at));
                tally.last_s = Some(tally.last_s.unwrap_or(issued_at).max(issued_at));
                if !own.store.manifest(&anchor.root).is_file() {
                    tally.manifests_missing.push(anchor.root);
                }
            }
            Body::SiteDescribe(site) => {
                let id = site.site_id.map(|id| format!("WDPCA {id}"));
                let parts = id.into_iter().chain(site.countries.iter().cloned());
                tally.site = Some(parts.collect::<Vec<_>>().join(" · "));
            }
            _ => {}
        }
    }
    Ok(tally)
}

fn care_for_key(key: &KeyFile) -> Result<Vec<String>, Failure> {
    let mut cares = Vec::new();
    if matches!(key.purpose(), Purpose::Root | Purpose::NextRoot) {
        cares.push(format!(
            "the {} key lies beside the store: move {} (.key, .pub, .chain) to a stick kept elsewhere",
            key.purpose(),
            key.path().with_extension("").display()
        ));
    }
    if !key.is_encrypted()? {
        cares.push(format!("the key {} has no passphrase", key.name()));
    }
    Ok(cares)
}
