//! `treering add`: records files with one signed statement, or one for each deployment of a data package.
//!
//! ```text
//! find     the files, the key and its memory                  readers of everything
//! read     every file, into the draft                         the draft is this command's alone
//! lock     the store; look again at what changed meanwhile     from here on the only writer
//! commit   manifest, statement, index
//! ```

mod anchor;
mod answers;
mod field_args;
pub(super) mod in_short;
pub(super) mod manifest;
mod reading;

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::exit::Exit;
use super::failures::{GO_ON, interrupted};
use super::filing::{self, Filing};
use super::keyring::Keyring;
use super::own_store::OwnStore;
use super::provenance::ProvenanceArgs;
use super::voice::Failure;
use super::watch::WatchArgs;
use super::{Context, Outcome, clock, frozen, interrupt, row_tables, watch};
use crate::evidence::batch::Batch;
use crate::evidence::draft::Draft;
use crate::evidence::field::Field;
use crate::evidence::summary::Summary;
use crate::evidence::walk::Walk;
use crate::ledger::find::Finder;
use crate::ledger::indexing::{IndexingError, Taking};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Access;
use crate::tlog::hash::Hash;
use anchor::{Anchoring, check_title, default_title, indicators};
use field_args::FieldArgs;
use reading::{Reading, find_files, open_draft, read_files, survey_files};

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
    field: FieldArgs,
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
    check_title(args.title.as_deref())?;
    let described = args.field.described()?;
    let own = OwnStore::find(context)?;
    let walked = find_files(context, &own, &args.paths)?;
    if walked.files.is_empty() {
        return Ok(answers::nothing_found(&own, &walked));
    }
    let field = field_args::survey(&walked.files, described)?;
    if args.dry_run {
        return dry_run(context, &own, &walked, &field);
    }
    let access = Access::from(args.access);
    let title = args.title.clone().unwrap_or_else(|| default_title(&args.paths));
    let provenance = args.provenance.read(context, &own, &args.paths, access)?;
    // Whether this store may sign, and with which keys, is found out before an hour of reading, not
    // after it. It is judged again in the end.
    frozen::check(&own)?;
    own.head_places("add")?.check_may_sign(own.ledger()?)?;
    let keyring = Keyring::at(context, &own.store.keys());
    let authority = own.likely_authority(own.tree()?)?;
    let species = BTreeSet::new();
    let mut anchoring = Anchoring { title: &title, indicators, field: &field, species };
    let placeholder = anchoring.body(Hash([0; 32]), 1, &Summary::default(), access, None);
    let key = filing::key_for(&keyring, &authority, &placeholder, args.key.as_deref())?;
    filing::prepare(&own, &keyring, &authority, &key, args.resume_chain)?;

    let mut draft = open_draft(&own, &args.paths, access)?;
    let reading = read_files(context, &walked, &field, &mut draft, access)?;

    let mut filing = Filing::begin_with(context, own, keyring, "add")?;
    if !args.resume_chain {
        filing.finish_interrupted(&key)?;
    }
    let batch = without_recorded(context, &filing, reading, &field, &mut draft)?;
    if batch.is_empty() {
        // Nothing of it was kept back, so nothing is lost with it.
        let _ = draft.remove();
        return Ok(answers::nothing_new(&filing.own, &walked, &batch.summary));
    }
    anchoring.species = batch.summary.species.clone();
    let mut appended = Vec::new();
    for part in &batch.parts {
        let root = manifest::store(&filing, part, &mut draft)?;
        let rows = part.len() as u64;
        let body = anchoring.body(root, rows, &part.summary, part.access, part.group);
        let body = provenance.put_into(body);
        if let Body::Anchor(anchor) = &body {
            // Only a quicker receipt depends on it.
            let _ = row_tables::make(&filing.own, anchor);
        }
        appended.push((filing.sign_and_file(&key, body.into(), args.resume_chain)?, root));
    }
    if let Err(why) = draft.remove() {
        context.voice.warn(&format!("the finished draft could not be removed: {why}"));
    }
    let suggest = args.indicator.is_empty();
    Ok(answers::recorded(&filing.own, &title, &walked, &batch, &appended, access, suggest))
}

/// The batch without what the ledger has by now: recorded long ago, by an interrupted command that was
/// just finished, or by another one while the files were being read.
fn without_recorded(
    context: &Context,
    filing: &Filing<'_>,
    reading: Reading,
    field: &Field,
    draft: &mut Draft,
) -> Result<Batch, Failure> {
    let head = filing.writer.book().tree();
    let places = filing.own.index_places()?;
    let taking = Taking { cancel: interrupt::flag(), progress: &|_| {} };
    match places.up_to_date(head, taking).map(drop) {
        Ok(()) => {}
        Err(IndexingError::Interrupted) => {
            return Err(interrupted("stopped before anything was recorded", GO_ON));
        }
        // What the index cannot say the files say; the commit will warn of it.
        Err(why) => context.voice.detail(&format!("the index is behind: {why}")),
    }
    let rows = Finder::open(places, head).files(&reading.digests)?.rows;
    let recorded: BTreeSet<Hash> = rows.into_keys().collect();
    if recorded.is_empty() {
        return Ok(reading.batch);
    }
    let is_recorded = |digest: &Hash| recorded.contains(digest);
    reading.batch.without(is_recorded, field, draft, clock::now_s()).map_err(|fault| {
        Failure::new(
            Exit::Unexpected,
            "the draft cannot be read again",
            fault,
            "run the same command again",
        )
    })
}

/// Says what would be recorded.
fn dry_run(context: &Context, own: &OwnStore, walked: &Walk, field: &Field) -> Outcome {
    let recorded = own.finder(own.head()?.tree())?.every_file()?;
    let summary = survey_files(context, walked, field, |digest| recorded.contains(digest))?;
    Ok(answers::would_record(own, walked, &summary))
}
