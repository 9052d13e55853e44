//! `treering sync FILE`: a bundle that came by mail, stick or radio, checked as any other source.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::bundle::places_in;
use super::card::read_card;
use super::exit::Exit;
use super::failures::{unreadable, unwritable, usage};
use super::known::ledger_id;
use super::mirror::AddArgs;
use super::own_store::OwnStore;
use super::sync::options;
use super::sync_text::Line;
use super::voice::{Answer, Failure};
use super::{Outcome, given_file, interrupt};
use crate::evidence::manifest::ManifestReader;
use crate::exchange::bundle::{BundleError, Limits, Span, Unpacked, unpack};
use crate::exchange::mirror::{MirrorStore, State, Synced, Turn, identify, reach, sync};
use crate::exchange::source::FolderSource;
use crate::report::words::{count, counted, safe, time};
use crate::statement::bodies::ledger::Genesis;
use crate::statement::envelope::LedgerId;
use crate::store::disk::{Access, Disk, RealDisk};
use crate::store::durable;
use crate::store::lock::Lock;
use crate::tlog::hash::Hash;

/// How a bundle is opened.
pub struct Opening<'a> {
    /// The file.
    pub file: &'a Path,
    /// The age identity that opens it, if it is encrypted.
    pub identity: Option<&'a Path>,
    /// Take the manifests that were made public, too.
    pub manifests: bool,
    /// Where evidence files are put.
    pub evidence_to: Option<&'a Path>,
}

/// A folder that goes with everything in it. One bundle is opened at a time, so what lies there at the
/// beginning was left by a command that was killed.
struct Scratch {
    folder: PathBuf,
    _lock: Lock,
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Unpacks a bundle in the store, on the same disk.
fn open(shelf: &MirrorStore, opening: &Opening<'_>) -> Result<(Scratch, Unpacked), Failure> {
    let lock = shelf.lock_bundles()?;
    let folder = shelf.store.path().join("mirrors").join("_bundle");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|why| unwritable(&folder, why))?;
    let scratch = Scratch { folder, _lock: lock };
    let unpacked = unpack(opening.file, opening.identity, &scratch.folder, Limits::default());
    let unpacked = unpacked.map_err(|why| not_opened(opening.file, why))?;
    Ok((scratch, unpacked))
}

fn not_opened(file: &Path, fault: BundleError) -> Failure {
    let (exit, next) = match &fault {
        BundleError::Encrypted | BundleError::Identity(_) => (
            Exit::Key,
            "name the age identity that it was made for: --identity FILE (age-keygen makes one)",
        ),
        BundleError::Disk(_) => (Exit::Unexpected, "make room, then run the same command again"),
        BundleError::Damaged(_) | BundleError::NoList | BundleError::List(_) => {
            (Exit::Finding, "ask for it again; compare its length with the sender's")
        }
        _ => (Exit::Finding, "nothing of it was kept; ask the sender what this is"),
    };
    Failure::new(exit, format!("{} is not taken", file.display()), fault, next)
}

/// Which ledger a bundle holds: the one that is asked for, or the only one.
pub fn identify_in(
    shelf: &MirrorStore,
    file: &Path,
    args: &AddArgs,
) -> Result<(LedgerId, Genesis), Failure> {
    let identity = args.identity.as_deref();
    let opening = Opening { file, identity, manifests: false, evidence_to: None };
    let (_scratch, unpacked) = open(shelf, &opening)?;
    let asked = match (&args.card, &args.ledger_id) {
        (Some(card), _) => Some(read_card(card)?.ledger()),
        (None, Some(id)) => Some(ledger_id(id)?),
        (None, None) => None,
    };
    let mut spans = unpacked.list.ledgers.iter();
    let span = match (asked, &unpacked.list.ledgers[..]) {
        (Some(asked), _) => spans.find(|span| span.ledger == asked),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let span = span.ok_or_else(|| {
        let ids: Vec<String> =
            unpacked.list.ledgers.iter().map(|span| span.ledger.to_string()).collect();
        usage(
            "the bundle does not say which ledger to mirror",
            format!("it holds {}", ids.join(", ")),
            "name one of them with --card CARD or --ledger-id ID --i-have-compared",
        )
    })?;
    if span.since.0 > 0 {
        return Err(usage(
            "the bundle does not begin at the beginning",
            format!("it is for somebody who holds {} already", counted(span.since.0, "statement")),
            "ask for one made without --since",
        ));
    }
    Ok(identify(&FolderSource::new(unpacked.ledger(span.ledger)))?)
}

/// Syncs every ledger of a bundle that is mirrored here.
pub fn run(shelf: &MirrorStore, opening: &Opening<'_>) -> Outcome {
    let (_scratch, unpacked) = open(shelf, opening)?;
    let (mut text, mut rows, mut exit) = (
        format!(
            "{}, made {} (its maker's word)\n",
            opening.file.display(),
            time(unpacked.list.made.as_second())
        ),
        Vec::<Value>::new(),
        Exit::Done,
    );
    let own = OwnStore::open(shelf.store.clone()).and_then(|own| own.ledger()).ok();
    for span in &unpacked.list.ledgers {
        if own == Some(span.ledger) {
            text.push_str("one's own ledger: only its private manifests and files are taken\n");
            continue;
        }
        let Some(record) = shelf.mirror_of(span.ledger)? else {
            exit = exit.graver(Exit::Incomplete);
            text.push_str(&format!(
                "NOT CHECKED  ledger {} is not mirrored here\n    next: treering mirror add {} \
                 --ledger-id {} --i-have-compared\n",
                span.ledger,
                opening.file.display(),
                span.ledger
            ));
            rows.push(json!({ "ledger": span.ledger.to_string(), "state": "not-mirrored" }));
            continue;
        };
        let synced = sync_span(shelf, &record, &unpacked, *span, opening.manifests)?;
        let line = Line::of(&record, &synced);
        text.push_str(&line.text(&record, &synced));
        rows.push(line.json(&record, &synced));
        exit = exit.graver(line.exit);
    }
    let private = take_private(shelf, &unpacked)?;
    if private.0 > 0 {
        text.push_str(&format!("{} put back\n", counted(private.0, "private manifest")));
    }
    for name in &private.1 {
        exit = exit.graver(Exit::Finding);
        text.push_str(&format!(
            "DIFFERS  the private manifest {name} is not what its name says; not kept\n"
        ));
    }
    let files = take_evidence(shelf, &unpacked, opening.evidence_to)?;
    text.push_str(&files.text);
    exit = exit.graver(files.exit);
    let fields = json!({
        "bundle": opening.file.display().to_string(),
        "made": unpacked.list.made.to_string(),
        "ledgers": rows,
        "private_manifests": private.0,
        "evidence_files": files.taken,
    });
    Ok(Answer::new("sync", text, fields).with_exit(exit))
}

fn sync_span(
    shelf: &MirrorStore,
    record: &crate::store::mirrors::MirrorRecord,
    unpacked: &Unpacked,
    span: Span,
    manifests: bool,
) -> Result<Synced, Failure> {
    let held = reach(shelf, record)?;
    if held < span.since {
        let state = State::NeedsEarlier { since: held, begins: span.since };
        return Ok(Synced::without_growth(state, held));
    }
    let source = FolderSource::new(unpacked.ledger(span.ledger));
    let turn = Turn { stop: interrupt::flag(), is_over: &|| false, progress: &|_| () };
    let mut synced = sync(shelf, record, &source, &options(shelf, manifests)?, turn)?;
    // A bundle is of the day on which it was made; that one holds more by now is no finding.
    if let State::Shortened { shown, .. } = synced.state {
        synced.state = State::AsBefore;
        synced
            .remarks
            .push(format!("the bundle reaches only to {shown}, which is a beginning of it"));
    }
    Ok(synced)
}

/// Keeps private manifests that are what their names say. What is there already stays.
fn take_private(shelf: &MirrorStore, unpacked: &Unpacked) -> Result<(u64, Vec<Hash>), Failure> {
    let (mut taken, mut wrong) = (0, Vec::new());
    for (_, root, path) in &unpacked.private {
        let to = shelf.store.manifest(root);
        if to.is_file() {
            continue;
        }
        let file = fs::File::open(path).map_err(|why| unreadable(path, why))?;
        let totals = ManifestReader::new(std::io::BufReader::new(file))
            .and_then(|mut reader| reader.read_to_end());
        if !totals.is_ok_and(|totals| totals.tree.root == *root) {
            wrong.push(*root);
            continue;
        }
        let mut file = fs::File::open(path).map_err(|why| unreadable(path, why))?;
        let disk: &dyn Disk = &RealDisk;
        durable::write_new_with(disk, &to, Access::Private, &mut |sink| {
            std::io::copy(&mut file, sink).map(drop)
        })?;
        taken += 1;
    }
    Ok((taken, wrong))
}

struct Evidence {
    text: String,
    taken: u64,
    exit: Exit,
}

/// Puts evidence files where their manifests say, below a folder of the receiver's choice; one that no
/// manifest names there is called by its hash. Nothing is overwritten.
fn take_evidence(
    shelf: &MirrorStore,
    unpacked: &Unpacked,
    to: Option<&Path>,
) -> Result<Evidence, Failure> {
    let mut evidence = Evidence { text: String::new(), taken: 0, exit: Exit::Done };
    if unpacked.evidence.is_empty() {
        return Ok(evidence);
    }
    let number = unpacked.evidence.len() as u64;
    let Some(to) = to else {
        evidence.text = format!(
            "{} in it left out\n    next: the same command with --evidence-to DIR\n",
            counted(number, "evidence file")
        );
        return Ok(evidence);
    };
    if !to.is_dir() {
        return Err(usage(
            format!("there is no folder {}", to.display()),
            "evidence files are put below it",
            "make the folder first",
        ));
    }
    let mut places = std::collections::BTreeMap::new();
    for (_, root, private) in &unpacked.private {
        let kept = shelf.store.manifest(root);
        let manifest = if kept.is_file() { &kept } else { private };
        places.extend(places_in(manifest, to).unwrap_or_default());
    }
    for (_, digest, path) in &unpacked.evidence {
        let hashed = given_file::hash(path);
        if !hashed.is_ok_and(|(found, _)| found == *digest) {
            evidence.exit = Exit::Finding;
            evidence
                .text
                .push_str(&format!("DIFFERS  the file {digest} is not what its name says\n"));
            continue;
        }
        let place = places.get(digest).cloned().unwrap_or_else(|| to.join(digest.to_string()));
        if place.exists() {
            continue;
        }
        // A link inside the folder would lead out of it.
        let folder = place.parent().unwrap_or(to);
        fs::create_dir_all(folder).map_err(|why| unwritable(&place, why))?;
        let inside = folder.canonicalize().ok().zip(to.canonicalize().ok());
        if !inside.is_some_and(|(folder, to)| folder.starts_with(to)) {
            return Err(unwritable(&place, "a link on the way leads out of the folder"));
        }
        let temporary = durable::temporary_name(&place);
        fs::copy(path, &temporary)
            .and_then(|_| fs::rename(&temporary, &place))
            .map_err(|why| unwritable(&place, why))?;
        evidence.taken += 1;
    }
    evidence.text.push_str(&format!(
        "{} of {} evidence files put below {}\n",
        count(evidence.taken),
        count(number),
        safe(&to.display().to_string())
    ));
    Ok(evidence)
}
