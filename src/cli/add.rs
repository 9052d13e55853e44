//! `treering add`: records files with one signed statement.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::exceptions::Exceptions;
use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, GO_ON, interrupted, usage};
use super::filing::Filing;
use super::keyring::random;
use super::own_store::OwnStore;
use super::progress::{Display, Unit};
use super::provenance::ProvenanceArgs;
use super::voice::{Answer, Failure};
use super::watch::WatchArgs;
use super::{Context, Outcome, clock, interrupt, row_tables, watch};
use crate::evidence::attribute::NAMES;
use crate::evidence::batch::{Batch, BatchError, Terms, draft_key, gather, survey};
use crate::evidence::catalogue::Catalogue;
use crate::evidence::disclosure::{Choice, Names, redact};
use crate::evidence::draft::Draft;
use crate::evidence::hashing::Watch;
use crate::evidence::manifest::ManifestReader;
use crate::evidence::names::clashes;
use crate::evidence::summary::Summary;
use crate::evidence::walk::{Found, Places, Walk, walk};
use crate::ledger::writer::Appended;
use crate::report::words::{bytes, count, counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::{Access, Anchor, Indicators};
use crate::store::disk::Access as FileAccess;
use crate::store::durable;
use crate::store::index::Index;
use crate::tlog::hash::Hash;

/// The grid on which a public anchor tells where its files were made, millionths of a degree: a
/// tenth of a degree, some eleven kilometres, GBIF's step for highly sensitive species.
const PLACE_STEP: i64 = 100_000;

/// Arguments of `treering add`.
#[derive(Clone, Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering add evidence/2026-summer --title \"Cameras, summer 2026\"
  treering add /media/card --indicator 3.7.1 --indicator 4.1.1
  treering add minutes.pdf --access sealed")]
#[command(after_help = "\
Files are read and never moved or changed. The same command goes on after a stop, and records \
nothing twice.")]
pub struct Args {
    /// Files and folders to record
    #[arg(required_unless_present = "watch", value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// What the batch is [default: the names of the paths]
    #[arg(long)]
    title: Option<String>,
    /// An indicator of the catalogue that the batch bears on
    #[arg(long, value_name = "ID")]
    indicator: Vec<String>,
    /// Whether the manifest (names, hashes and attributes of the files) is published
    #[arg(long, value_enum, default_value = "sealed")]
    access: AccessWord,
    /// Say what would be recorded, and record nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    provenance: ProvenanceArgs,
    #[command(flatten)]
    watch: WatchArgs,
    /// The key to sign with, where several may
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Read the key's past from the ledger, because its chain file was lost or is old
    #[arg(long)]
    resume_chain: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum AccessWord {
    Public,
    Sealed,
}

impl From<AccessWord> for Access {
    fn from(word: AccessWord) -> Access {
        match word {
            AccessWord::Public => Access::Public,
            AccessWord::Sealed => Access::Sealed,
        }
    }
}

/// Records the files.
pub fn run(context: &Context, args: Args) -> Outcome {
    if args.watch.is_asked() {
        return watch::run(context, &args.watch.clone(), |paths, title| {
            let title = args.title.clone().unwrap_or(title);
            let watch = WatchArgs::default();
            run(context, Args { paths, title: Some(title), watch, ..args.clone() })
        });
    }
    let indicators = indicators(&args.indicator)?;
    if args.dry_run {
        return dry_run(context, &args);
    }
    let mut filing = Filing::begin(context, "add")?;
    let walked = find_files(&filing.own, &args.paths)?;
    report_clashes(context, &walked);
    if walked.files.is_empty() {
        return Ok(nothing_found(&filing.own, &walked));
    }
    let access = Access::from(args.access);
    let provenance = args.provenance.read(context, &filing.own, &args.paths, access)?;
    let title = args.title.clone().unwrap_or_else(|| default_title(&args.paths));
    // The keys are found and opened before an hour of reading, not after it.
    let placeholder = anchor(&title, Hash([0; 32]), 1, &Summary::default(), access, None);
    let key = filing.key_for(&placeholder, args.key.as_deref())?;
    filing.prepare(&key, args.resume_chain)?;
    if !args.resume_chain {
        filing.finish_interrupted(&key)?;
    }

    let (index_path, manifests) =
        (filing.own.store.index(filing.ledger()), filing.own.store.manifests());
    let head = filing.writer.book().tree();
    let index = filing.own.index_places(&index_path, &manifests).up_to_date(head)?;
    let draft_key = draft_key(&args.paths, access);
    let mut draft = Draft::open(&filing.own.store.drafts(), draft_key)
        .map_err(|why| Failure::new(Exit::Locked, "the draft cannot be opened", why, NEXT_AGAIN))?;
    let batch = read_batch(context, &walked, &mut draft, access, &index)?;
    drop(index);
    if batch.is_empty() {
        let _ = draft.remove();
        return Ok(nothing_new(&filing.own, &walked, &batch.summary));
    }
    let root = store_manifest(&filing, &batch, &mut draft, access)?;
    let body = anchor(&title, root, batch.len() as u64, &batch.summary, access, indicators);
    let body = provenance.put_into(body);
    if let Body::Anchor(anchor) = &body {
        // Only a quicker receipt depends on it.
        let _ = row_tables::make(&filing.own, anchor);
    }
    let appended = filing.sign_and_file(&key, body.into(), args.resume_chain)?;
    if let Err(why) = draft.remove() {
        context.voice.warn(&format!("the finished draft could not be removed: {why}"));
    }
    Ok(recorded(&filing.own, &title, &walked, &batch, &appended, access))
}

const NEXT_AGAIN: &str = "wait for the other command, then run the same one again";

/// The ids, checked against the catalogue and named with its digest.
fn indicators(ids: &[String]) -> Result<Option<Indicators>, Failure> {
    if ids.is_empty() {
        return Ok(None);
    }
    let catalogue = Catalogue::built_in();
    let ids = catalogue.check(ids.iter().map(String::as_str)).map_err(|why| {
        usage("an indicator is not in the catalogue", why, "choose one of its ids, such as 3.7.1")
    })?;
    Ok(Some(Indicators { catalogue: catalogue.digest(), ids }))
}

fn find_files(own: &OwnStore, paths: &[PathBuf]) -> Result<Walk, Failure> {
    let places = Places {
        site: Some(own.store.home().to_path_buf()),
        store: Some(own.store.path().to_path_buf()),
    };
    walk(paths, &places, interrupt::flag())
        .map_err(|_| interrupted("stopped before any file was read", BEGIN_AGAIN))
}

fn report_clashes(context: &Context, walked: &Walk) {
    for clash in clashes(walked.files.iter().map(|file| &file.path)) {
        context.voice.warn(&format!(
            "{} and {} differ only in how their names are written; some systems take them for one file",
            clash.first, clash.second
        ));
    }
}

fn read_batch(
    context: &Context,
    walked: &Walk,
    draft: &mut Draft,
    access: Access,
    index: &Index,
) -> Result<Batch, Failure> {
    let total = walked.files.iter().map(|file| file.stamp.size).sum();
    let display = Display::begin(context.voice, "Reading", Unit::Bytes, total);
    let done = AtomicU64::new(0);
    let progress = |more| display.at(done.fetch_add(more, Ordering::Relaxed) + more, "");
    let mut is_recorded =
        |digest: &Hash| index.evidence(digest).is_ok_and(|found| !found.is_empty());
    let terms = Terms { access, now: clock::now_s(), is_recorded: &mut is_recorded };
    let watch = Watch { cancel: interrupt::flag(), progress: &progress };
    gather(&walked.files, draft, terms, &mut random, watch).map_err(|fault| match fault {
        BatchError::Interrupted { kept, files } => {
            let what = format!("stopped; {} of {} files are kept", count(kept), count(files));
            interrupted(what, GO_ON)
        }
        fault => Failure::new(
            Exit::Unexpected,
            "the files could not be read into a batch",
            fault,
            "make room or mend the disk, then run the same command; what was read is kept",
        ),
    })
}

/// Writes the manifest durably, before the statement that names its root is signed.
fn store_manifest(
    filing: &Filing<'_>,
    batch: &Batch,
    draft: &mut Draft,
    access: Access,
) -> Result<Hash, Failure> {
    let store = &filing.own.store;
    let (mut root, mut fault) = (None, None);
    let pending = store.manifests().join("pending");
    let written =
        durable::replace_with(&*filing.own.disk, &pending, FileAccess::Private, &mut |out| {
            match batch.write_manifest(draft, out) {
                Ok((_, totals)) => {
                    root = Some(totals.tree.root);
                    Ok(())
                }
                Err(why) => {
                    fault = Some(why.to_string());
                    Err(std::io::Error::other("the manifest could not be written"))
                }
            }
        });
    match (written, root) {
        (Ok(()), Some(root)) => {
            let place = store.manifest(&root);
            filing.own.disk.rename(&pending, &place).map_err(|why| {
                Failure::from(crate::store::disk::DiskError::refused(
                    crate::store::disk::Action::Rename,
                    &place,
                )(why))
            })?;
            durable::sync_folder(&*filing.own.disk, &store.manifests())?;
            if access == Access::Public {
                publish_manifest(filing, &place, root)?;
            }
            Ok(root)
        }
        (Err(why), _) => match fault {
            Some(fault) => Err(Failure::new(
                Exit::Unexpected,
                "the manifest could not be written",
                fault,
                "make room on the disk, then run the same command; what was read is kept",
            )),
            None => Err(why.into()),
        },
        (Ok(()), None) => unreachable!("add: a manifest that was written has a root"),
    }
}

/// Attributes that a published manifest does not show: where exactly, and with which very device. They
/// stay committed to, and can be shown to one person in a receipt (--disclose).
const KEPT_BACK: [&str; 3] = ["gps", "gps_time", "camera_serial"];

fn publish_manifest(filing: &Filing<'_>, place: &Path, root: Hash) -> Result<(), Failure> {
    let published: Vec<&str> = NAMES.into_iter().filter(|name| !KEPT_BACK.contains(name)).collect();
    let names = Names::parse(published).expect("add: the names of the profile are names");
    filing.own.folder.publish_manifest(&root, &mut |out| {
        let manifest = std::io::BufReader::new(std::fs::File::open(place)?);
        let reader = ManifestReader::new(manifest).map_err(std::io::Error::other)?;
        redact(reader, out, |_| Choice::Show(names.clone())).map_err(std::io::Error::other)?;
        Ok(())
    })?;
    Ok(())
}

fn anchor(
    title: &str,
    root: Hash,
    rows: u64,
    summary: &Summary,
    access: Access,
    indicators: Option<Indicators>,
) -> Body {
    // A sealed anchor says neither how much there is of what, nor where.
    let public = access == Access::Public;
    let captured = summary.captured.clone();
    let has_times = captured.utc.is_some() || captured.local.is_some();
    Body::Anchor(Anchor {
        title: title.to_owned(),
        evidence: "files".into(),
        root,
        rows,
        bytes: public.then_some(summary.bytes),
        media: public.then(|| summary.media_types.clone()),
        captured: has_times.then_some(captured),
        indicators,
        place: summary
            .positions
            .as_ref()
            .filter(|_| public)
            .and_then(|positions| positions.on_grid(PLACE_STEP)),
        derived_from: None,
        care: None,
        access,
    })
}

fn default_title(paths: &[PathBuf]) -> String {
    let name = |path: &PathBuf| {
        let whole = path.canonicalize().unwrap_or_else(|_| path.clone());
        whole.file_name().unwrap_or(whole.as_os_str()).to_string_lossy().into_owned()
    };
    let names: Vec<String> = paths.iter().take(3).map(name).collect();
    match paths.len() {
        0..=3 => names.join(", "),
        more => format!("{} and {} more", names.join(", "), more - 3),
    }
}

fn files_json(walked: &Walk, summary: &Summary, exceptions: &Exceptions) -> Value {
    let names = |indexes: &[usize]| -> Vec<String> {
        indexes.iter().map(|index| walked.files[*index].path.to_string()).collect()
    };
    json!({
        "recorded": summary.files,
        "bytes": summary.bytes,
        "media_types": summary.media_types,
        "already_recorded": names(&summary.recorded),
        "exceptions": exceptions.json(),
    })
}

fn nothing_found(own: &OwnStore, walked: &Walk) -> Answer {
    let exceptions = Exceptions::of(own, walked, &Summary::default());
    let text = format!("Nothing to record: no file was found.\n{}", exceptions.text());
    let fields = json!({ "recorded": 0, "exceptions": exceptions.json() });
    Answer::new("add", text, fields)
        .and_next("name files, or folders that hold some")
        .with_exit(Exit::Incomplete)
}

fn nothing_new(own: &OwnStore, walked: &Walk, summary: &Summary) -> Answer {
    let exceptions = Exceptions::of(own, walked, summary);
    let already = counted(summary.recorded.len() as u64, "file");
    let text = format!("Nothing new: {already} recorded before.\n{}", exceptions.text());
    let fields = files_json(walked, summary, &exceptions);
    let answer = Answer::new("add", text, fields).with_exit(exceptions.exit);
    match exceptions.next() {
        Some(next) => answer.and_next(next),
        None => answer,
    }
}

fn recorded(
    own: &OwnStore,
    title: &str,
    walked: &Walk,
    batch: &Batch,
    appended: &Appended,
    access: Access,
) -> Answer {
    let summary = &batch.summary;
    let exceptions = Exceptions::of(own, walked, summary);
    let mut text = format!(
        "Recorded {} ({}) as statement {}: {}\n",
        counted(batch.len() as u64, "file"),
        bytes(summary.bytes),
        appended.first,
        safe(title)
    );
    for line in summary.lines(&walked.files) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&exceptions.text());
    text.push_str(match access {
        Access::Public => {
            "The manifest is published: names, hashes, kinds and times of the files are open to all; \
             positions and serial numbers are not.\n"
        }
        Access::Sealed => {
            "The manifest stays in the store (--access public publishes it). Keep a second copy of \
             .treering/manifests: without it the files cannot be proved.\n"
        }
    });
    let mut fields = files_json(walked, summary, &exceptions);
    fields["position"] = json!(appended.first.0);
    fields["size"] = json!(appended.checkpoint.tree().size.0);
    fields["root"] = json!(appended.checkpoint.tree().root.to_string());
    let next =
        exceptions.next().unwrap_or("treering head, and send the line to somebody who keeps it");
    Answer::new("add", text, fields).and_next(next).with_exit(exceptions.exit)
}

fn dry_run(context: &Context, args: &Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let walked = find_files(&own, &args.paths)?;
    report_clashes(context, &walked);
    if walked.files.is_empty() {
        return Ok(nothing_found(&own, &walked));
    }
    let total = walked.files.iter().map(|file: &Found| file.stamp.size).sum();
    let display = Display::begin(context.voice, "Reading", Unit::Bytes, total);
    let done = AtomicU64::new(0);
    let progress = |more| display.at(done.fetch_add(more, Ordering::Relaxed) + more, "");
    let watch = Watch { cancel: interrupt::flag(), progress: &progress };
    let (index_path, manifests) = (own.store.index(own.ledger()?), own.store.manifests());
    let index = own.index_places(&index_path, &manifests).up_to_date(own.head()?.tree())?;
    let mut is_recorded =
        |digest: &Hash| index.evidence(digest).is_ok_and(|found| !found.is_empty());
    let summary = survey(&walked.files, clock::now_s(), &mut is_recorded, watch)
        .map_err(|_| interrupted("stopped; a dry run keeps nothing", BEGIN_AGAIN))?;
    drop(display);
    let exceptions = Exceptions::of(&own, &walked, &summary);
    let mut text = format!(
        "Would record {} ({}); {} recorded before.\n",
        counted(summary.files, "file"),
        bytes(summary.bytes),
        count(summary.recorded.len() as u64)
    );
    for line in summary.lines(&walked.files) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&exceptions.text());
    let mut fields = files_json(&walked, &summary, &exceptions);
    fields["dry_run"] = json!(true);
    Ok(Answer::new("add", text, fields).with_exit(exceptions.exit))
}
