//! The files of a batch, found and read: hours of work, for which nobody else has to wait. The draft
//! keeps what was read.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cli::clashes::report_clashes;
use crate::cli::exit::Exit;
use crate::cli::failures::{BEGIN_AGAIN, GO_ON, interrupted};
use crate::cli::keyring::random;
use crate::cli::own_store::OwnStore;
use crate::cli::progress::{Display, Unit};
use crate::cli::voice::Failure;
use crate::cli::{Context, clock, interrupt};
use crate::evidence::batch::{Batch, BatchError, Terms, draft_key, gather_tied, survey_tied};
use crate::evidence::draft::{Draft, DraftError};
use crate::evidence::field::Field;
use crate::evidence::hashing::Watch;
use crate::evidence::summary::Summary;
use crate::evidence::walk::{Found, Places, Walk, walk};
use crate::report::words::{are, count};
use crate::statement::bodies::evidence::Access;
use crate::tlog::hash::Hash;

/// The files that the paths lead to.
pub fn find_files(context: &Context, own: &OwnStore, paths: &[PathBuf]) -> Result<Walk, Failure> {
    let places = Places {
        site: Some(own.store.home().to_path_buf()),
        store: Some(own.store.path().to_path_buf()),
    };
    let walked = walk(paths, &places, interrupt::flag())
        .map_err(|_| interrupted("stopped before any file was read", BEGIN_AGAIN))?;
    report_clashes(context, &walked);
    Ok(walked)
}

/// The draft of this command, so that it goes on where it was stopped.
pub fn open_draft(own: &OwnStore, paths: &[PathBuf], access: Access) -> Result<Draft, Failure> {
    Draft::open(&own.store.drafts(), draft_key(paths, access)).map_err(|fault| {
        let (exit, next) = match fault {
            DraftError::InUse => (Exit::Locked, "wait for the other one, then run it again"),
            DraftError::Io { .. } => (Exit::Unexpected, NEXT_AFTER_DISK),
        };
        Failure::new(exit, "the draft cannot be opened", fault, next)
    })
}

/// Files that were read, none of them held against the ledger yet.
pub struct Reading {
    /// Their rows.
    pub batch: Batch,
    /// SHA-256 of each.
    pub digests: BTreeSet<Hash>,
}

/// Reads the files that the draft does not have yet.
pub fn read_files(
    context: &Context,
    walked: &Walk,
    field: &Field,
    draft: &mut Draft,
    access: Access,
) -> Result<Reading, Failure> {
    let mut digests = BTreeSet::new();
    let mut note = |digest: &Hash| {
        digests.insert(*digest);
        false
    };
    let terms = Terms { access, now: clock::now_s(), is_recorded: &mut note };
    let batch = watched(context, walked, |watch| {
        gather_tied(&walked.files, field, draft, terms, &mut random, watch)
    });
    let batch = batch.map_err(|fault| match fault {
        BatchError::Interrupted { kept, files } => {
            let (kept, of) = (count(kept), are(files, "file"));
            interrupted(format!("stopped; {kept} of {of} kept"), GO_ON)
        }
        fault => Failure::new(
            Exit::Unexpected,
            "the files could not be read into a batch",
            fault,
            NEXT_AFTER_DISK,
        ),
    })?;
    Ok(Reading { batch, digests })
}

const NEXT_AFTER_DISK: &str =
    "make room or mend the disk, then run the same command; what was read is kept";

/// Reads the files and keeps nothing.
pub fn survey_files(
    context: &Context,
    walked: &Walk,
    field: &Field,
    is_recorded: impl Fn(&Hash) -> bool + Send,
) -> Result<Summary, Failure> {
    let mut is_recorded = is_recorded;
    let now = clock::now_s();
    let read = |watch: Watch<'_>| survey_tied(&walked.files, field, now, &mut is_recorded, watch);
    watched(context, walked, read)
        .map_err(|_| interrupted("stopped; a dry run keeps nothing", BEGIN_AGAIN))
}

fn watched<T>(context: &Context, walked: &Walk, read: impl FnOnce(Watch<'_>) -> T) -> T {
    let total = walked.files.iter().map(|file: &Found| file.stamp.size).sum();
    let display = Display::begin(context.voice, "Reading", Unit::Bytes, total);
    let done = AtomicU64::new(0);
    let progress = |more| display.at(done.fetch_add(more, Ordering::Relaxed) + more, "");
    read(Watch { cancel: interrupt::flag(), progress: &progress })
}
