//! `treering status`: what is recorded, and what needs care.

use std::fmt::Write;
use std::fs::Metadata;

use serde_json::{Value, json};

use super::cosigning::{Witnessed, witnessed_of_own};
use super::keyring::Keyring;
use super::own_store::{NEXT_WHEN_BEHIND, OwnStore};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, frozen};
use crate::ledger::book::Book;
use crate::ledger::indexing::files_of;
use crate::report::words::{are, count, counted, rfc3339, safe, time};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Anchor;
use crate::statement::envelope::Statement;
use crate::statement::key::KeyId;
use crate::store::chain_file::ChainContents;
use crate::store::durable;
use crate::store::keys::KeyFile;
use crate::tlog::checkpoint::log_vkey;
use crate::tlog::hash::{Hash, Position};
use crate::tlog::note::VerifierKey;

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
    manifests_damaged: Vec<(Position, Hash)>,
    /// Manifests that were left unread, for their size.
    manifests_unread: u64,
    manifest_bytes: u64,
}

/// Bytes of manifests that one status reads, some 100,000 rows: a second or two on an old laptop.
const MANIFEST_BYTES_READ: u64 = 32 << 20;

/// Shows the status.
pub fn run(context: &Context, _: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let head = own.head()?;
    let mut tally = Tally::default();
    let book = own.book_and(|position, statement| tally.take(&own, position, statement))?;
    let keys = Keyring::at(context, &own.store.keys()).list()?;
    let drafts = durable::list(&*own.disk, &own.store.drafts())?.len() as u64;

    let mut cares = Vec::new();
    if let Some(why) = own.lag("status", &head)? {
        cares.push(format!("the public folder is behind: {why} ({NEXT_WHEN_BEHIND})"));
    }
    if let Some(position) = book.authority().undecidable() {
        cares.push(format!(
            "statement {position} may decide who signs, and is of a kind or version that this program \
             does not know: what is said of keys here holds before it only (use a newer treering)"
        ));
    }
    if let Err(fault) = own.head_places("status")?.check_may_sign(book.ledger()) {
        let failure = Failure::from(fault);
        cares.push(format!("must not sign: {} ({})", failure.why, failure.next));
    }
    if let Err(forked) = frozen::check(&own) {
        cares.push(format!("{}: {} ({})", forked.what, forked.why, forked.next));
    }
    cares.extend(cares_for_keys(&own, &book, &keys));
    if drafts > 0 {
        let (were, go) = if drafts == 1 { ("was", "goes") } else { ("were", "go") };
        cares.push(format!(
            "{} {were} stopped on the way: the same command {go} on",
            counted(drafts, "add")
        ));
    }
    for (position, root) in &tally.manifests_damaged {
        cares.push(format!(
            "the manifest of statement {position} is damaged: put a copy back as {} (its files cannot be \
             proved until then)",
            own.store.manifest(root).display()
        ));
    }
    if tally.manifests_unread > 0 {
        cares.push(format!(
            "{} too large to be read here: treering reindex says whether they hold",
            are(tally.manifests_unread, "manifest")
        ));
    }
    if !tally.manifests_missing.is_empty() {
        cares.push(format!(
            "{} missing: files cannot be proved until a copy is put back",
            are(tally.manifests_missing.len() as u64, "manifest")
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
        (Some(first), Some(last)) if time(first) == time(last) => format!(", {}", time(first)),
        (Some(first), Some(last)) => format!(", {} to {}", time(first), time(last)),
        _ => String::new(),
    };
    let _ = writeln!(
        text,
        "  Recorded   {} in {} {}{span}",
        counted(tally.files, "file"),
        count(tally.batches),
        if tally.batches == 1 { "batch" } else { "batches" },
    );
    let _ = writeln!(text, "  Ledger     {}", counted(tally.statements, "statement"));
    let log_keys: Vec<VerifierKey> =
        book.authority().log_keys().map(|key| log_vkey(head.origin(), key)).collect();
    let lines = head.note().signatures().iter();
    let by_others = lines.filter(|line| {
        !log_keys.iter().any(|key| (key.name(), key.id()) == (line.name(), line.id()))
    });
    let cosignatures = by_others.count() as u64;
    let witnessed = witnessed_of_own(&own)?;
    let waiting = witnessed.as_ref().and_then(Witnessed::waits);
    let sentence = match (&witnessed, cosignatures) {
        (Some(witnessed), _) => witnessed.sentence(),
        (None, 0) => "no: the times here are what this computer's clock said".to_string(),
        (None, some) => counted(some, "cosignature"),
    };
    let _ = writeln!(text, "  Witnessed  {sentence}");
    if let Some(waiting) = waiting {
        let _ = writeln!(
            text,
            "  Waiting    {} for witnesses (treering checkpoint, or treering cosign-request)",
            counted(waiting, "statement")
        );
    }
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
    text.push_str(
        "next: treering add --dry-run PATH shows what is not recorded; treering audit checks the rest\n",
    );
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
        "manifests_damaged": tally
            .manifests_damaged
            .iter()
            .map(|(_, root)| root.to_string())
            .collect::<Vec<_>>(),
        "cosignatures": cosignatures,
        "waiting": waiting.unwrap_or(0),
        "witnessed": witnessed.and_then(|witnessed| witnessed.by_quorum).map(|(size, at)| json!({
            "size": size.0, "time": rfc3339(i64::try_from(at.seconds()).unwrap_or(i64::MAX)),
        })),
        "care": cares.iter().map(|care| json!(care)).collect::<Vec<Value>>(),
    });
    Ok(Answer::new("status", text, fields))
}

impl Tally {
    fn take(&mut self, own: &OwnStore, position: Position, statement: &Statement) {
        self.statements += 1;
        match &statement.payload.body {
            Body::Anchor(anchor) => {
                self.batches += 1;
                // Whatever a statement claims, the sum is only shown.
                self.files = self.files.saturating_add(anchor.rows);
                let issued_at = statement.header.issued_at;
                self.first_s = Some(self.first_s.unwrap_or(issued_at).min(issued_at));
                self.last_s = Some(self.last_s.unwrap_or(issued_at).max(issued_at));
                self.look_at_manifest(own, position, anchor);
            }
            Body::SiteDescribe(site) => {
                let id = site.site_id.map(|id| format!("WDPCA {id}"));
                let parts = id.into_iter().chain(site.countries.iter().cloned());
                self.site = Some(parts.collect::<Vec<_>>().join(" · "));
            }
            _ => {}
        }
    }
}

impl Tally {
    /// Whether the manifest of an anchor is there, and, as long as that is quick, whether it holds.
    fn look_at_manifest(&mut self, own: &OwnStore, position: Position, anchor: &Anchor) {
        let path = own.store.manifest(&anchor.root);
        let Some(file) = path.metadata().ok().filter(Metadata::is_file) else {
            return self.manifests_missing.push(anchor.root);
        };
        if self.manifest_bytes.saturating_add(file.len()) > MANIFEST_BYTES_READ {
            self.manifests_unread += 1;
            return;
        }
        self.manifest_bytes += file.len();
        match files_of(&path, anchor) {
            Ok(Some(_)) => {}
            Ok(None) => self.manifests_missing.push(anchor.root),
            Err(_) => self.manifests_damaged.push((position, anchor.root)),
        }
    }
}

/// One line for each thing that is wrong with keys, not for each key.
fn cares_for_keys(own: &OwnStore, book: &Book, keys: &[KeyFile]) -> Vec<String> {
    let authority = book.authority();
    let mut cares = Vec::new();
    let (mut bare, mut beside) = (Vec::new(), Vec::new());
    for key in keys {
        let name = key.name().as_str();
        match key.is_encrypted() {
            Ok(true) => {}
            Ok(false) => bare.push(name),
            Err(why) => cares.push(format!("the key {name}: {why} ({})", why.next_step())),
        }
        let root = authority.root();
        let rules = key.public() == root.key || key.id().sealed() == root.next;
        if rules {
            beside.push(name);
        }
        // Only these sign statements, and so have a memory.
        if key.public() == root.key || authority.grant_of(&key.id()).is_some() {
            match ChainContents::read(&*own.disk, &key.chain_path()) {
                Ok(chain) if chain.unfiled(book.ledger()).is_empty() => {}
                Ok(chain) => cares.push(format!(
                    "of what the key {name} signed, {} not in the ledger yet: its next command files that",
                    are(chain.unfiled(book.ledger()).len() as u64, "statement")
                )),
                Err(why) => cares.push(format!("the key {name}: {why} ({})", why.next_step())),
            }
        }
    }
    if !beside.is_empty() {
        cares.push(format!(
            "{} beside the store: move the files of each (.key, .pub and, where there is one, .chain) \
             from {} to its own stick",
            lie(&beside),
            own.store.keys().display()
        ));
    }
    if !bare.is_empty() {
        cares.push(format!("no passphrase protects {}", bare.join(", ")));
    }
    cares
}

fn lie(names: &[&str]) -> String {
    match names {
        [name] => format!("the key {name} lies"),
        names => format!("the keys {} lie", names.join(" and ")),
    }
}
