//! A batch: from the files of a walk to the rows of a manifest, by way of a draft.
//!
//! A stop at any moment loses at most the files being read: whatever was read is in the draft, and
//! the same command goes on from there. Memory is 80 bytes a file, however many disclosures rows have.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use thiserror::Error;

use super::attribute::{Attribute, NAMES};
use super::draft::{Draft, DraftError, DraftKey, Entry, EntryAt};
use super::field::{Field, Group};
use super::formats::note::{Note, Noted};
use super::hashing::{Contents, Problem, Watch, read_files};
use super::manifest::{ManifestRow, ManifestWriter, Totals};
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

/// The files of a batch, in a draft: one part, or one for each deployment and for what must stay
/// sealed beside what may be open.
#[derive(Debug)]
pub struct Batch {
    /// What is anchored together, none of them empty.
    pub parts: Vec<Part>,
    /// What a person should know about all of it.
    pub summary: Summary,
}

/// The rows of one anchor, sorted.
#[derive(Debug)]
pub struct Part {
    /// The deployment, where a data package names them.
    pub group: Option<Group>,
    /// Whether its manifest may be published.
    pub access: Access,
    /// What stands in its anchor.
    pub summary: Summary,
    rows: Vec<(Hash, EntryAt)>,
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
    let tally = Tally::new(terms.now);
    let parts = BTreeMap::new();
    let mut collector = Collector { field, draft, terms, random, parts, tally, failed: None };
    let interrupted = |collector: &Collector<'_, '_, '_, '_>| BatchError::Interrupted {
        kept: collector.tally.files(),
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
    let mut summary = collector.tally.finish();
    summary.missing = field.missing.clone();
    let taxa = field.unknown_taxa();
    summary.unknown_taxa = taxa.into_iter().map(str::to_owned).collect();
    let part = |((group, access), (mut rows, tally)): ((_, Sealing), (Vec<_>, Tally))| {
        rows.sort_unstable_by_key(|(hash, _)| *hash);
        Part { group, access: access.into(), summary: tally.finish(), rows }
    };
    Ok(Batch { parts: collector.parts.into_iter().map(part).collect(), summary })
}

/// [`Access`] in an order: what is open first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Sealing {
    Open,
    Sealed,
}

impl From<Sealing> for Access {
    fn from(sealing: Sealing) -> Access {
        match sealing {
            Sealing::Open => Access::Public,
            Sealing::Sealed => Access::Sealed,
        }
    }
}

/// Whether a file may be open: as the batch is, unless what it shows keeps it back.
fn sealing(field: &Field, batch: Access, attributes: &[Attribute]) -> Sealing {
    match batch {
        Access::Public if !field.seals(attributes) => Sealing::Open,
        _ => Sealing::Sealed,
    }
}

/// What is odd about a file beside what its own reading noted: seen from tables, against what a
/// package promised, against the boundary.
fn seen_from_outside(
    field: &Field,
    index: usize,
    sha256: Hash,
    size: u64,
    attributes: &[Attribute],
) -> Vec<Noted> {
    let mut notes = field.notes(index).to_vec();
    if let Some(expected) = field.tie(index).and_then(|tie| tie.expected)
        && (expected.sha256.is_some_and(|promised| promised != sha256)
            || expected.bytes.is_some_and(|promised| promised != size))
    {
        notes.push(Note::ResourceDiffers.into());
    }
    if let Some(boundary) = field.boundary() {
        let is_outside = |attribute: &Attribute| match attribute {
            Attribute::Gps(place) => !boundary.holds(*place),
            Attribute::Extent(extent) => {
                !extent.corners().iter().all(|&place| boundary.holds(place))
            }
            _ => false,
        };
        if attributes.iter().any(is_outside) {
            notes.push(Note::OutsideSite.into());
        }
    }
    notes
}

/// The rows of a part under way, and what stands in its anchor.
type Growing = (Vec<(Hash, EntryAt)>, Tally);

/// Where readers bring what they found, one at a time.
struct Collector<'f, 'd, 't, 'r> {
    field: &'f Field,
    draft: &'d mut Draft,
    terms: Terms<'t>,
    random: Random<'r>,
    parts: BTreeMap<(Option<Group>, Sealing), Growing>,
    tally: Tally,
    failed: Option<DraftError>,
}

impl Collector<'_, '_, '_, '_> {
    /// A file that was just read: salts are drawn, and the draft has it before it counts.
    fn take(&mut self, index: usize, found: &Found, contents: &Contents) {
        if self.failed.is_some() {
            return;
        }
        if (self.terms.is_recorded)(&contents.sha256) {
            self.tally.recorded(index);
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
        let attributes: Vec<Attribute> =
            entry.show.iter().map(|shown| shown.attribute().clone()).collect();
        let sealed = sealing(self.field, self.terms.access, &attributes) == Sealing::Sealed;
        let made_sealed = entry.row.names().len() >= NAMES.len();
        self.field.agrees(index, &attributes) && sealed == made_sealed
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
        let attributes: Vec<Attribute> =
            entry.show.iter().map(|shown| shown.attribute().clone()).collect();
        let (sha256, size) = (entry.row.sha256(), entry.row.size());
        let mut notes = entry.notes.clone();
        notes.extend(seen_from_outside(self.field, index, sha256, size, &attributes));
        self.tally.count(index, sha256, size, &attributes, notes);
        self.tally.seen(index, &attributes, self.field);
        let sealing = sealing(self.field, self.terms.access, &attributes);
        let group = self.field.tie(index).and_then(|tie| tie.group);
        let now = self.terms.now;
        let (rows, tally) = self
            .parts
            .entry((group, sealing))
            .or_insert_with(|| (Vec::new(), Tally::of_a_part(now)));
        tally.count(index, sha256, size, &attributes, []);
        rows.push((entry.row.hash(), at));
    }
}

impl Batch {
    /// How many files have a row.
    pub fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    /// Whether there is nothing to anchor.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}

impl Part {
    /// How many rows the manifest will have.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none, which no part of a batch is.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Writes the manifest of all rows, every attribute shown, from the draft; the same bytes each
    /// time. `out` should be buffered; making it durable is the caller's.
    pub fn write_manifest<W: Write>(
        &self,
        draft: &mut Draft,
        out: W,
    ) -> Result<(W, Totals), BatchError> {
        let mut writer = ManifestWriter::new(out)?;
        for (_, at) in &self.rows {
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
    summary.missing = field.missing.clone();
    summary.unknown_taxa = field.unknown_taxa().into_iter().map(str::to_owned).collect();
    Ok(summary)
}
