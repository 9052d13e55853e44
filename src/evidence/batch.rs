//! A batch: from the files of a walk to the rows of a manifest, by way of a draft.
//!
//! A stop at any moment loses at most the files being read: whatever was read is in the draft, and
//! the same command goes on from there. Memory is some 100 bytes a file, however many disclosures rows
//! have.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use super::attribute::Attribute;
use super::draft::{Draft, DraftError, DraftKey, Entry, EntryAt};
use super::formats::exif::Note;
use super::hashing::{Contents, Problem, Watch, read_files};
use super::manifest::{ManifestRow, ManifestWriter, Totals};
use super::row::{Disclosure, Random, Row};
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

/// The rows of a batch, sorted, in a draft.
#[derive(Debug)]
pub struct Batch {
    rows: Vec<BatchRow>,
    /// What a person should know about it.
    pub summary: Summary,
}

/// A row of the batch: its hash, where the draft has it, and the index of its file in the walk.
#[derive(Clone, Copy, Debug)]
struct BatchRow {
    hash: Hash,
    at: EntryAt,
    file: usize,
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
    let tally = Tally::new(terms.now);
    let mut collector = Collector { draft, terms, random, rows: Vec::new(), tally, failed: None };
    let interrupted = |collector: &Collector<'_, '_, '_>| BatchError::Interrupted {
        kept: collector.tally.files(),
        files: files.len() as u64,
    };

    let mut unread: Vec<usize> = Vec::new();
    for (index, found) in files.iter().enumerate() {
        if watch.cancel.load(Ordering::Relaxed) {
            return Err(interrupted(&collector));
        }
        match collector.draft.find(found)? {
            Some((at, entry)) => {
                collector.keep(index, at, &entry);
                (watch.progress)(found.stamp.size);
            }
            None => unread.push(index),
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
            Err(problem) => collector.tally.problem(index, problem),
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
    collector.rows.sort_unstable_by_key(|row| row.hash);
    Ok(Batch { rows: collector.rows, summary: collector.tally.finish() })
}

/// Where readers bring what they found, one at a time.
struct Collector<'d, 't, 'r> {
    draft: &'d mut Draft,
    terms: Terms<'t>,
    random: Random<'r>,
    rows: Vec<BatchRow>,
    tally: Tally,
    failed: Option<DraftError>,
}

impl Collector<'_, '_, '_> {
    /// A file that was just read: salts are drawn, and the draft has it before it counts.
    fn take(&mut self, index: usize, found: &Found, contents: &Contents) {
        if self.failed.is_some() {
            return;
        }
        if (self.terms.is_recorded)(&contents.sha256) {
            self.tally.recorded(index);
            return;
        }
        let attributes = Attribute::of_file(&found.path, contents.media_type, &contents.claims);
        let (size, access) = (contents.stamp.size, self.terms.access);
        let (row, show) = Row::new(contents.sha256, size, &attributes, access, self.random);
        let notes = contents.claims.notes.iter().map(|note| note.code()).collect();
        let entry = Entry { row, show, modified: contents.stamp.modified, notes };
        match self.draft.append(found, &entry) {
            Ok(at) => self.count(index, at, &entry),
            Err(error) => self.failed = Some(error),
        }
    }

    /// A file that the draft has.
    fn keep(&mut self, index: usize, at: EntryAt, entry: &Entry) {
        // Another batch may have recorded it since.
        if (self.terms.is_recorded)(&entry.row.sha256()) {
            self.tally.recorded(index);
        } else {
            self.count(index, at, entry);
        }
    }

    fn count(&mut self, index: usize, at: EntryAt, entry: &Entry) {
        count(&mut self.tally, index, entry);
        self.rows.push(BatchRow { hash: entry.row.hash(), at, file: index });
    }
}

fn count(tally: &mut Tally, file: usize, entry: &Entry) {
    let attributes = entry.show.iter().map(Disclosure::attribute);
    let notes = entry.notes.iter().filter_map(|&code| Note::of_code(code));
    tally.count(file, entry.row.sha256(), entry.row.size(), attributes, notes);
}

impl Batch {
    /// How many rows the manifest will have.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is nothing to anchor.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The batch without the files that the ledger has by now, told by their SHA-256. Nothing is read
    /// again but the draft.
    pub fn without(
        self,
        recorded: impl Fn(&Hash) -> bool,
        draft: &mut Draft,
        now: i64,
    ) -> Result<Batch, BatchError> {
        let mut tally = Tally::new(now);
        let Summary { recorded: before, problems, .. } = self.summary;
        before.into_iter().for_each(|file| tally.recorded(file));
        problems.into_iter().for_each(|(file, problem)| tally.problem(file, problem));
        let mut rows = Vec::with_capacity(self.rows.len());
        for row in self.rows {
            let entry = draft.entry(row.at)?;
            if recorded(&entry.row.sha256()) {
                tally.recorded(row.file);
            } else {
                count(&mut tally, row.file, &entry);
                rows.push(row);
            }
        }
        Ok(Batch { rows, summary: tally.finish() })
    }

    /// Writes the manifest of all rows, every attribute shown, from the draft; the same bytes each
    /// time. `out` should be buffered; making it durable is the caller's.
    pub fn write_manifest<W: Write>(
        &self,
        draft: &mut Draft,
        out: W,
    ) -> Result<(W, Totals), BatchError> {
        let mut writer = ManifestWriter::new(out)?;
        for BatchRow { at, .. } in &self.rows {
            let Entry { row, show, .. } = draft.entry(*at)?;
            writer.push(&ManifestRow::Shown { row, show })?;
        }
        Ok(writer.finish()?)
    }
}

/// Reads the files without a draft and without rows, for a dry run.
pub fn survey(
    files: &[Found],
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
            Ok(Contents { sha256, stamp, media_type, claims }) => {
                let attributes = Attribute::of_file(&files[index].path, media_type, &claims);
                tally.count(index, sha256, stamp.size, &attributes, claims.notes);
            }
        }
    });
    match ended {
        Ok(()) => Ok(shared.into_inner().expect("batch: no reader panicked").0.finish()),
        Err(_) => Err(BatchError::Interrupted { kept: 0, files: files.len() as u64 }),
    }
}
