//! What is anchored together: a batch in parts, one for each deployment and for what must stay sealed
//! beside what may be open.

use std::collections::BTreeMap;
use std::io::Write;

use super::BatchError;
use crate::evidence::attribute::Attribute;
use crate::evidence::draft::{Draft, Entry, EntryAt};
use crate::evidence::field::{Field, Group};
use crate::evidence::formats::note::{Note, Noted};
use crate::evidence::manifest::{ManifestRow, ManifestWriter, Totals};
use crate::evidence::summary::{Summary, Tally};
use crate::statement::bodies::evidence::Access;
use crate::tlog::hash::Hash;

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
    rows: Vec<BatchRow>,
}

/// A row of the batch: its hash, where the draft has it, and the index of its file in the walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchRow {
    pub(super) hash: Hash,
    pub(super) at: EntryAt,
    pub(super) file: usize,
}

/// [`Access`] in an order: what is open first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sealing {
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
pub(super) fn sealing(field: &Field, batch: Access, attributes: &[Attribute]) -> Sealing {
    match batch {
        Access::Public if !field.seals(attributes) => Sealing::Open,
        _ => Sealing::Sealed,
    }
}

/// What is odd about a file beside what its own reading noted: seen from tables, against what a
/// package promised, against the boundary.
pub(super) fn seen_from_outside(
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

/// What lists and profiles say of the whole.
pub(super) fn add_what_lists_say(summary: &mut Summary, field: &Field) {
    summary.missing = field.missing.clone();
    let unknown = field.unknown_taxa(&summary.species);
    summary.unknown_taxa = unknown.into_iter().map(str::to_owned).collect();
}

/// What a row of the draft says.
pub(super) fn attributes_of(entry: &Entry) -> Vec<Attribute> {
    entry.show.iter().map(|shown| shown.attribute().clone()).collect()
}

/// Rows under way, counted together and by part.
pub(super) struct Counted {
    pub(super) tally: Tally,
    now: i64,
    parts: BTreeMap<(Option<Group>, Sealing), (Vec<BatchRow>, Tally)>,
}

impl Counted {
    pub(super) fn new(now: i64) -> Counted {
        Counted { tally: Tally::new(now), now, parts: BTreeMap::new() }
    }

    pub(super) fn files(&self) -> u64 {
        self.tally.files()
    }

    pub(super) fn count(&mut self, field: &Field, sealing: Sealing, row: BatchRow, entry: &Entry) {
        let attributes = attributes_of(entry);
        let (index, sha256, size) = (row.file, entry.row.sha256(), entry.row.size());
        let mut notes = entry.notes.clone();
        notes.extend(seen_from_outside(field, index, sha256, size, &attributes));
        self.tally.count(index, sha256, size, &attributes, notes);
        self.tally.seen(index, &attributes, field);
        let group = field.tie(index).and_then(|tie| tie.group);
        let now = self.now;
        let new = || (Vec::new(), Tally::of_a_part(now));
        let (rows, tally) = self.parts.entry((group, sealing)).or_insert_with(new);
        tally.count(index, sha256, size, &attributes, []);
        rows.push(row);
    }

    pub(super) fn finish(self, field: &Field) -> Batch {
        let mut summary = self.tally.finish();
        add_what_lists_say(&mut summary, field);
        let part =
            |((group, access), (mut rows, tally)): ((_, Sealing), (Vec<BatchRow>, Tally))| {
                rows.sort_unstable_by_key(|row| row.hash);
                Part { group, access: access.into(), summary: tally.finish(), rows }
            };
        Batch { parts: self.parts.into_iter().map(part).collect(), summary }
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

    /// The batch without the files that the ledger has by now, told by their SHA-256. Nothing is read
    /// again but the draft.
    pub fn without(
        self,
        recorded: impl Fn(&Hash) -> bool,
        field: &Field,
        draft: &mut Draft,
        now: i64,
    ) -> Result<Batch, BatchError> {
        let mut counted = Counted::new(now);
        let Summary { recorded: before, problems, .. } = self.summary;
        before.into_iter().for_each(|file| counted.tally.recorded(file));
        problems.into_iter().for_each(|(file, problem)| counted.tally.problem(file, problem));
        for part in self.parts {
            let sealing = match part.access {
                Access::Public => Sealing::Open,
                Access::Sealed => Sealing::Sealed,
            };
            for row in part.rows {
                let entry = draft.entry(row.at)?;
                if recorded(&entry.row.sha256()) {
                    counted.tally.recorded(row.file);
                } else {
                    counted.count(field, sealing, row, &entry);
                }
            }
        }
        Ok(counted.finish(field))
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
        for BatchRow { at, .. } in &self.rows {
            let Entry { row, show, .. } = draft.entry(*at)?;
            writer.push(&ManifestRow::Shown { row, show })?;
        }
        Ok(writer.finish()?)
    }
}
