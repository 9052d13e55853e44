//! A batch: from the files of a walk to the rows of a manifest, by way of a draft.
//!
//! A stop at any moment loses at most the files being read: whatever was read is in the draft, and
//! the same command goes on from there. Memory is some 100 bytes a file, however many disclosures rows
//! have.

mod parts;

use std::io;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

pub use parts::{Batch, Part};
use parts::{
    BatchRow, Counted, Sealing, add_what_lists_say, attributes_of, sealing, seen_from_outside,
};
use thiserror::Error;

use super::attribute::{Attribute, NAMES};
use super::draft::{Draft, DraftError, DraftKey, Entry, EntryAt};
use super::field::Field;
use super::hashing::{Contents, Problem, Watch, read_files};
use super::row::{Random, Row};
use super::summary::{Summary, Tally};
use super::walk::Found;
use crate::statement::bodies::evidence::Access;
use crate::tlog::hash::Hash;

/// The key of the draft for these arguments: equal for any spelling of the same places.
pub fn draft_key(arguments: &[PathBuf], access: Access) -> DraftKey {
    let absolute = |path: &PathBuf| {
        let place = path.canonicalize().or_else(|_| std::path::absolute(path));
        place.unwrap_or_else(|_| path.clone()).into_os_string().into_encoded_bytes()
    };
    let mut places: Vec<Vec<u8>> = arguments.iter().map(absolute).collect();
    places.sort();
    places.dedup();
    // Rows of sealed and public batches differ, so their drafts do.
    let access = access.word().as_bytes();
    DraftKey::of([access].into_iter().chain(places.iter().map(Vec::as_slice)))
}

/// What decides how files become rows.
pub struct Terms<'a> {
    /// Whether rows name only what they have, or every attribute.
    pub access: Access,
    /// Seconds since 1970, UTC: for the summary's judgement of clocks.
    pub now: i64,
    /// Whether the ledger already has a file of this SHA-256; such a file gets no row.
    pub is_recorded: &'a mut (dyn FnMut(&Hash) -> bool + Send),
}

/// Why there is no batch. The draft keeps what has been read.
#[derive(Debug, Error)]
pub enum BatchError {
    /// Told to stop.
    #[error("stopped; {kept} of {files} files are kept")]
    Interrupted {
        /// Files in the draft.
        kept: u64,
        /// Files of the walk.
        files: u64,
    },
    /// The draft failed.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The manifest could not be written.
    #[error("the manifest cannot be written: {0}")]
    Write(#[from] io::Error),
}

/// Reads the files that the draft does not have yet, and makes their rows.
///
/// A file with a problem is in the summary and has no row; it stops nothing.
pub fn gather(
    files: &[Found],
    draft: &mut Draft,
    terms: Terms<'_>,
    random: Random<'_>,
    watch: Watch<'_>,
) -> Result<Batch, BatchError> {
    gather_tied(files, &Field::default(), draft, terms, random, watch)
}

/// The same, with what is known of the files from one another.
pub fn gather_tied(
    files: &[Found],
    field: &Field,
    draft: &mut Draft,
    terms: Terms<'_>,
    random: Random<'_>,
    watch: Watch<'_>,
) -> Result<Batch, BatchError> {
    let counted = Counted::new(terms.now);
    let mut collector = Collector { field, draft, terms, random, counted, failed: None };
    let interrupted = |collector: &Collector<'_, '_, '_, '_>| BatchError::Interrupted {
        kept: collector.counted.files(),
        files: files.len() as u64,
    };

    let mut unread: Vec<usize> = Vec::new();
    for (index, found) in files.iter().enumerate() {
        if watch.cancel.load(Ordering::Relaxed) {
            return Err(interrupted(&collector));
        }
        match collector.draft.find(found)? {
            Some((at, entry)) if collector.still_holds(index, &entry) => {
                collector.keep(index, at, &entry);
                (watch.progress)(found.stamp.size);
            }
            _ => unread.push(index),
        }
    }

    // One flag stops the readers, for the caller's reason or because the draft failed.
    let stop = AtomicBool::new(false);
    let progress = |bytes| {
        if watch.cancel.load(Ordering::Relaxed) {
            stop.store(true, Ordering::Relaxed);
        }
        (watch.progress)(bytes);
    };
    let shared = Mutex::new(collector);
    let to_read: Vec<Found> = unread.iter().map(|&index| files[index].clone()).collect();
    let each = |at: usize, result: Result<Contents, Problem>| {
        let index = unread[at];
        let mut collector = shared.lock().expect("batch: no reader panics holding the draft");
        match result {
            Ok(contents) => collector.take(index, &files[index], &contents),
            Err(problem) => collector.counted.tally.problem(index, problem),
        }
        if collector.failed.is_some() || watch.cancel.load(Ordering::Relaxed) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let ended = read_files(&to_read, Watch { cancel: &stop, progress: &progress }, each);

    let mut collector = shared.into_inner().expect("batch: no reader panics holding the draft");
    if let Some(error) = collector.failed.take() {
        return Err(error.into());
    }
    if ended.is_err() || watch.cancel.load(Ordering::Relaxed) {
        collector.draft.sync()?;
        return Err(interrupted(&collector));
    }
    collector.draft.sync()?;
    Ok(collector.counted.finish(field))
}

/// Where readers bring what they found, one at a time.
struct Collector<'f, 'd, 't, 'r> {
    field: &'f Field,
    draft: &'d mut Draft,
    terms: Terms<'t>,
    random: Random<'r>,
    counted: Counted,
    failed: Option<DraftError>,
}

impl Collector<'_, '_, '_, '_> {
    /// A file that was just read: salts are drawn, and the draft has it before it counts.
    fn take(&mut self, index: usize, found: &Found, contents: &Contents) {
        if self.failed.is_some() {
            return;
        }
        if (self.terms.is_recorded)(&contents.sha256) {
            self.counted.tally.recorded(index);
            return;
        }
        let own = Attribute::of_file(&found.path, contents.media_type, &contents.facts);
        let attributes = self.field.join(index, own);
        let access = sealing(self.field, self.terms.access, &attributes).into();
        let size = contents.stamp.size;
        let (row, show) = Row::new(contents.sha256, size, &attributes, access, self.random);
        let notes = contents.facts.notes.clone();
        let entry = Entry { row, show, modified: contents.stamp.modified, notes };
        match self.draft.append(found, &entry) {
            Ok(at) => self.count(index, at, &entry),
            Err(error) => self.failed = Some(error),
        }
    }

    /// Whether an entry of the draft still says what tables say of the file, and is as open as it
    /// would be made now.
    fn still_holds(&self, index: usize, entry: &Entry) -> bool {
        let attributes = attributes_of(entry);
        let sealed = sealing(self.field, self.terms.access, &attributes) == Sealing::Sealed;
        let made_sealed = entry.row.names().len() >= NAMES.len();
        self.field.agrees(index, &attributes) && sealed == made_sealed
    }

    /// A file that the draft has.
    fn keep(&mut self, index: usize, at: EntryAt, entry: &Entry) {
        // Another batch may have recorded it since.
        if (self.terms.is_recorded)(&entry.row.sha256()) {
            self.counted.tally.recorded(index);
        } else {
            self.count(index, at, entry);
        }
    }

    fn count(&mut self, index: usize, at: EntryAt, entry: &Entry) {
        let sealing = sealing(self.field, self.terms.access, &attributes_of(entry));
        self.counted.count(
            self.field,
            sealing,
            BatchRow { hash: entry.row.hash(), at, file: index },
            entry,
        );
    }
}

/// Reads the files without a draft and without rows, for a dry run.
pub fn survey(
    files: &[Found],
    now: i64,
    is_recorded: &mut (dyn FnMut(&Hash) -> bool + Send),
    watch: Watch<'_>,
) -> Result<Summary, BatchError> {
    survey_tied(files, &Field::default(), now, is_recorded, watch)
}

/// The same, with what is known of the files from one another.
pub fn survey_tied(
    files: &[Found],
    field: &Field,
    now: i64,
    is_recorded: &mut (dyn FnMut(&Hash) -> bool + Send),
    watch: Watch<'_>,
) -> Result<Summary, BatchError> {
    let shared = Mutex::new((Tally::new(now), is_recorded));
    let ended = read_files(files, watch, |index, result| {
        let mut shared = shared.lock().expect("batch: no reader panics holding the tally");
        let (tally, is_recorded) = &mut *shared;
        match result {
            Err(problem) => tally.problem(index, problem),
            Ok(contents) if is_recorded(&contents.sha256) => tally.recorded(index),
            Ok(Contents { sha256, stamp, media_type, facts }) => {
                let own = Attribute::of_file(&files[index].path, media_type, &facts);
                let attributes = field.join(index, own);
                let mut notes = facts.notes;
                notes.extend(seen_from_outside(field, index, sha256, stamp.size, &attributes));
                tally.count(index, sha256, stamp.size, &attributes, notes);
                tally.seen(index, &attributes, field);
            }
        }
    });
    if ended.is_err() {
        return Err(BatchError::Interrupted { kept: 0, files: files.len() as u64 });
    }
    let mut summary = shared.into_inner().expect("batch: no reader panicked").0.finish();
    add_what_lists_say(&mut summary, field);
    Ok(summary)
}
