//! `treering audit`: a ledger read from end to end, as a stranger.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::check::read_policy;
use super::clock::now_s;
use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, usage};
use super::given_file::{self, Kind};
use super::known::{self, remembered};
use super::own_store::{OwnStore, find_mirror, mirror_store};
use super::progress::{Display, Unit};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, against, interrupt};
use crate::audit::checkpoints::HeldHead;
use crate::audit::evidence::{EvidenceSources, Progress};
use crate::audit::rule_set::{self, RuleSet};
use crate::audit::{AuditInput, audit};
use crate::evidence::catalogue::Catalogue;
use crate::report;
use crate::statement::envelope::LedgerId;
use crate::statement::short_head::ShortHead;
use crate::store::layout::{STORE_FOLDER, StoreFolder};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::note::NOTE_BYTES_MAX;

/// Arguments of `treering audit`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering audit                                  one's own ledger, files included
  treering audit /media/usb/val-trupchun          a public folder that somebody carried here
  treering audit val-trupchun --against /mnt/wwf/val-trupchun    a mirror, and another copy
  treering audit ledger --head head.txt --card card.json --files evidence
  treering head | treering audit ledger --head -")]
pub struct Args {
    /// A store, the folder that holds one, a public folder, or a mirror's name; by default the store
    /// found here
    path: Option<PathBuf>,
    /// Another copy of the ledger to compare with: a public folder, or a mirror's name
    #[arg(long, value_name = "FOLDER|MIRROR")]
    against: Vec<PathBuf>,
    /// The folder of the evidence files [default: for a store, the folder that holds it]
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    /// A folder with manifests that were handed over
    #[arg(long, value_name = "DIR")]
    manifests: Vec<PathBuf>,
    /// A checkpoint file or a head line (TR1 …) kept from before; - reads standard input
    #[arg(long, value_name = "CHECKPOINT")]
    head: Vec<PathBuf>,
    /// The public folder of an outside ledger that may pin this one; those of the store found here are
    /// looked through anyway
    #[arg(long, value_name = "FOLDER")]
    pinned_by: Vec<PathBuf>,
    /// The site card that the ledger must be of
    #[arg(long, value_name = "CARD")]
    card: Option<PathBuf>,
    /// The ledger's id, 64 digits, where there is no card
    #[arg(long, value_name = "ID", conflicts_with = "card")]
    ledger_id: Option<String>,
    /// The witnesses to believe (a C2SP tlog-policy) [default: the store's trust.policy]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// The rule set to judge by [default: the built-in one, schemas/rules.toml]
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// The time to judge clocks by, seconds since 1970 UTC [default: now]
    #[arg(long, value_name = "SECONDS")]
    as_of: Option<i64>,
}

/// What is audited, and what one's own store adds to it.
struct Subject {
    folder: PathBuf,
    files: Option<PathBuf>,
    manifests: Vec<PathBuf>,
    held: Vec<HeldHead>,
    policy: Option<PathBuf>,
    expected: Option<LedgerId>,
    /// The ledger, if this computer remembers signing it.
    signed_here: Option<LedgerId>,
}

/// Audits.
pub fn run(context: &Context, args: Args) -> Outcome {
    let mut subject = find_subject(context, args.path.as_deref())?;
    let mut others = Vec::new();
    for other in &args.against {
        let other = against::other_copy(context, other)?;
        subject.held.push(HeldHead::Checkpoint(Box::new(other.checkpoint.clone())));
        others.push(other);
    }
    for head in &args.head {
        subject.held.push(read_head(head)?);
    }
    for folder in &args.manifests {
        need_folder(folder, "manifests are looked for in it")?;
    }
    if let Some(folder) = &args.files {
        need_folder(folder, "the evidence files are looked for in it")?;
    }
    subject.manifests.extend(args.manifests);
    let policy_file = args.policy.or(subject.policy);
    let policy = policy_file.as_deref().map(read_policy).transpose()?;
    let mut known = known::known(context, args.card.as_deref())?;
    known.own = subject.signed_here.or(known.own);
    let expected = args.ledger_id.as_deref().map(known::ledger_id).transpose()?;
    let input = AuditInput {
        folder: subject.folder,
        clock_s: args.as_of.unwrap_or_else(now_s),
        held: subject.held,
        expected: expected.or(subject.expected),
        known,
        policy,
        evidence: EvidenceSources {
            manifests: subject.manifests,
            files: args.files.or(subject.files),
        },
        peers: against::peers(context, &args.pinned_by),
        rules: args.rules.as_deref().map_or_else(|| Ok(RuleSet::built_in()), read_rules)?,
        catalogues: vec![Catalogue::built_in().clone()],
        boundary: None,
    };
    let total = input.held.iter().map(|held| held.tree().size.0).max().unwrap_or(0);
    let display = Display::begin(context.voice, "Checking", Unit::Statements, total);
    let files = Display::begin(context.voice, "Reading", Unit::Bytes, 0);
    let bytes = AtomicU64::new(0);
    let progress = Progress {
        statements: &|done| display.at(done, ""),
        bytes: &|more| {
            files.at(bytes.fetch_add(more, Ordering::Relaxed) + more, "");
        },
        cancel: interrupt::flag(),
    };
    let report = audit(&input, &progress)
        .map_err(|_| interrupted("the audit was stopped and has no result", BEGIN_AGAIN))?;
    drop((display, files));
    let mut answer = Answer {
        text: report::audit::text(&report),
        json: report::audit::json(&report),
        exit: Exit::of_verdict(report.exit_code()),
    };
    for other in &others {
        against::compare(context, &input.folder, other, &mut answer)?;
    }
    Ok(answer)
}

fn find_subject(context: &Context, path: Option<&Path>) -> Result<Subject, Failure> {
    let Some(path) = path else { return own(OwnStore::find(context)?) };
    if let Some(mirror) = against::mirror_named(context, path) {
        return mirrored(context, &mirror);
    }
    match locate(path)? {
        Located::Store(store) => own(OwnStore::open(store)?),
        Located::Public(folder) => {
            let (manifests, held) = (Vec::new(), Vec::new());
            let (files, policy, signed_here, expected) = (None, None, None, None);
            Ok(Subject { folder, files, manifests, held, policy, signed_here, expected })
        }
    }
}

/// What a path that a person names as a ledger leads to.
pub enum Located {
    /// A store, by its own folder or the one that holds it.
    Store(StoreFolder),
    /// A public folder.
    Public(PathBuf),
}

/// Finds the ledger at a path.
pub fn locate(path: &Path) -> Result<Located, Failure> {
    need_folder(path, "a store or a public folder is asked for")?;
    for store in [path.join(STORE_FOLDER), path.to_path_buf()] {
        if store.join("ledgers").is_dir() {
            return Ok(Located::Store(StoreFolder::at(&store)?));
        }
    }
    if !path.join("tile").is_dir() && !path.join("checkpoint").is_file() {
        return Err(Failure::new(
            Exit::NoLedger,
            format!("{} is no ledger", path.display()),
            "it has neither a checkpoint nor tiles, and no store lies in it",
            "name the folder that holds the file called checkpoint",
        ));
    }
    Ok(Located::Public(path.to_path_buf()))
}

/// A folder that was named must be there: an audit that compares nothing would mislead.
fn need_folder(path: &Path, why: &str) -> Result<(), Failure> {
    let what = match path {
        path if path.is_dir() => return Ok(()),
        path if path.exists() => format!("{} is not a folder", path.display()),
        path => format!("there is no folder {}", path.display()),
    };
    Err(usage(what, why, "check the name"))
}

/// One's own store has the manifests and the files. Its head and its policy count only if this computer
/// itself remembers signing there: a store that somebody else made, or that was restored from an old
/// copy, remembers whatever it likes.
fn own(own: OwnStore) -> Result<Subject, Failure> {
    let remembered = remembered(&own);
    let policy = own.store.trust_policy();
    Ok(Subject {
        folder: own.folder.path().to_path_buf(),
        files: Some(own.store.home().to_path_buf()),
        manifests: vec![own.store.manifests()],
        policy: Some(policy).filter(|policy| remembered.is_some() && policy.is_file()),
        signed_here: remembered.and_then(|_| own.ledger().ok()),
        held: remembered.map(HeldHead::Remembered).into_iter().collect(),
        expected: None,
    })
}

/// A mirror: the copy, and the heads that were ever held of its ledger.
fn mirrored(context: &Context, name: &str) -> Result<Subject, Failure> {
    let shelf = mirror_store(context, "audit")?;
    let record = find_mirror(&shelf, name)?;
    let held = shelf.held.read(record.ledger)?;
    let head = held.head.map(|head| HeldHead::Checkpoint(Box::new(head.checkpoint)));
    Ok(Subject {
        folder: shelf.folder(&record.name).path().to_path_buf(),
        files: None,
        manifests: Vec::new(),
        policy: Some(shelf.store.trust_policy()).filter(|policy| policy.is_file()),
        held: head.into_iter().collect(),
        signed_here: None,
        expected: Some(record.ledger),
    })
}

/// A head kept from before: a checkpoint's file, or the line that fits an SMS.
fn read_head(path: &Path) -> Result<HeldHead, Failure> {
    let (path, bytes) = match path == Path::new("-") {
        true => {
            let (stdin, called) = (std::io::stdin().lock(), Path::new("standard input"));
            (called, given_file::read_whole(stdin, called, Kind::Head, NOTE_BYTES_MAX)?)
        }
        false => (path, given_file::read(path, Kind::Head, NOTE_BYTES_MAX)?),
    };
    // Whoever copied the line out of a message may have copied the blanks around it.
    let line = String::from_utf8_lossy(&bytes);
    if line.trim().starts_with("TR1 ") {
        let head: Result<ShortHead, _> = line.trim().parse();
        return head
            .map(HeldHead::Short)
            .map_err(|why| given_file::not_one(path, Kind::Head, &[], why));
    }
    match SignedCheckpoint::parse(&bytes) {
        Ok(signed) => Ok(HeldHead::Checkpoint(Box::new(signed))),
        Err(why) => Err(given_file::not_one(path, Kind::Head, &bytes, why)),
    }
}

fn read_rules(path: &Path) -> Result<RuleSet, Failure> {
    let bytes = given_file::read(path, Kind::RuleSet, rule_set::MAX_BYTES)?;
    let read = match std::str::from_utf8(&bytes) {
        Ok(text) => RuleSet::read(text).map_err(|fault| fault.to_string()),
        Err(_) => Err("it is not UTF-8 text".to_string()),
    };
    read.map_err(|why| given_file::not_one(path, Kind::RuleSet, &bytes, why))
}
