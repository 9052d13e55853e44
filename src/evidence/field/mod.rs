//! What the files of a walk say about one another: a data package ties its pictures to deployments
//! and labels, a profile ties photographs to a series, a list says which species are told roughly.
//!
//! ```text
//! camtrap       Camtrap DP: deployments, media, observations, tied to the files that are here
//! frictionless  hashes and sizes that a descriptor gives for its files
//! profile       loggers (log) and photo series (series) described in a small TOML file
//! boundary      whether a place lies inside the site
//! clocks        jumps, resets, silences and shifts of devices' clocks
//! ```
//!
//! Read before the files are hashed; only files that the walk found are ever opened, whatever path a
//! table names. For each tied file some 100 bytes are kept.

pub mod boundary;
mod camtrap;
pub mod clocks;
mod frictionless;
mod log;
pub mod profile;
mod series;
pub mod suggestion;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use super::attribute::Attribute;
use super::formats::facts::{Facts, Place};
use super::formats::note::{Note, Noted};
use super::formats::source::Source;
use super::media_type::Head;
use super::sensitivity::{Exactness, SensitivityList};
use super::walk::{Found, Interrupted};
use crate::tlog::hash::Hash;
use boundary::Boundary;
use profile::Profile;

/// What a person says about the files beside naming them.
#[derive(Debug, Default)]
pub struct Described {
    /// Loggers and series.
    pub profiles: Vec<Profile>,
    /// Species whose places are told roughly.
    pub sensitivity: Option<SensitivityList>,
    /// Where the site ends.
    pub boundary: Option<Boundary>,
}

/// A number of a group of files that are anchored together: a deployment.
pub type Group = u32;

/// What is known of one file from elsewhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tie {
    /// The group it is anchored with.
    pub group: Option<Group>,
    /// Its id in a data package.
    pub media_id: Option<Box<str>>,
    /// The number of its deployment in [`Field::deployments`].
    pub deployment: Option<Group>,
    /// When the package says it was taken: seconds of the clock it is written in.
    pub wall: Option<i64>,
    /// And in UTC, where the package gives an offset.
    pub utc: Option<i64>,
    /// What the package says it shows, as bits of [`LABELS`].
    labels: u8,
    /// The number of its species in [`Field::species`].
    species: Vec<u32>,
    /// The number of its labeller in [`Field::labellers`].
    labeller: Option<u32>,
    /// What a profile says of it.
    pub own: Vec<Attribute>,
    /// What is odd about it.
    pub notes: Vec<Noted>,
    /// The hash and size that a package gives for it.
    pub expected: Option<Expected>,
}

/// What a descriptor promises of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expected {
    /// SHA-256, if the package gives that.
    pub sha256: Option<Hash>,
    /// Length in bytes.
    pub bytes: Option<u64>,
}

/// The types of observation that Camtrap DP knows.
pub const LABELS: [&str; 6] = ["animal", "blank", "human", "unclassified", "unknown", "vehicle"];

/// Those that seal a file: people and vehicles, and what nobody could name.
const SEALING: [&str; 3] = ["human", "unknown", "vehicle"];

/// Who labelled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Labeller {
    by_machine: bool,
    model: Option<String>,
}

/// Everything that ties the files of a walk together.
#[derive(Debug, Default)]
pub struct Field {
    ties: BTreeMap<usize, Tie>,
    deployments: Vec<String>,
    /// Where each deployment was, as its table says.
    places: Vec<Option<Place>>,
    groups: u32,
    species: Vec<String>,
    labellers: Vec<Labeller>,
    /// Members of series that were expected and are not here: as words, and how many in all.
    pub missing: Vec<String>,
    sensitivity: Option<SensitivityList>,
    boundary: Option<Boundary>,
}

/// Missing members that are kept by name; beyond them they are counted.
const MAX_MISSING: usize = 1_000;

impl Field {
    /// Reads the packages among the files of a walk, and what the profiles describe. The files are
    /// in the order of a walk: by path bytes.
    pub fn survey(
        files: &[Found],
        described: Described,
        cancel: &AtomicBool,
    ) -> Result<io::Result<Field>, Interrupted> {
        let Described { profiles, sensitivity, boundary } = described;
        let mut field = Field { sensitivity, boundary, ..Field::default() };
        for (index, found) in files.iter().enumerate() {
            if cancel.load(Ordering::Relaxed) {
                return Err(Interrupted);
            }
            if last_part(found) != b"datapackage.json" {
                continue;
            }
            if let Err(error) = field.package(files, index) {
                return Ok(Err(error));
            }
        }
        for profile in &profiles {
            if let Err(error) = profile.read(files, &mut field) {
                return Ok(Err(error));
            }
        }
        Ok(Ok(field))
    }

    fn package(&mut self, files: &[Found], index: usize) -> io::Result<()> {
        let mut facts = Facts::default();
        let Some(descriptor) = with_source(&files[index], |source| {
            super::formats::package::descriptor(source.stream()?, &mut facts)
        })?
        else {
            return Ok(());
        };
        frictionless::read(self, files, index, &descriptor);
        if descriptor.camtrap_dp.is_some() {
            camtrap::read(self, files, index, &descriptor)?;
        }
        Ok(())
    }

    /// What ties a file, if anything does.
    pub fn tie(&self, index: usize) -> Option<&Tie> {
        self.ties.get(&index)
    }

    fn tie_mut(&mut self, index: usize) -> &mut Tie {
        self.ties.entry(index).or_default()
    }

    /// Notes something about a file.
    fn note(&mut self, index: usize, note: Note, row: Option<u64>) {
        let notes = &mut self.tie_mut(index).notes;
        match notes.iter_mut().find(|noted| noted.note == note) {
            Some(noted) => noted.times += 1,
            None => notes.push(Noted { note, row, times: 1 }),
        }
    }

    /// The attributes of a file that come from elsewhere.
    pub fn attributes(&self, index: usize) -> Vec<Attribute> {
        let Some(tie) = self.tie(index) else { return Vec::new() };
        let mut all = tie.own.clone();
        all.extend(tie.media_id.iter().map(|id| Attribute::MediaId(id.to_string())));
        let deployment = tie.deployment.and_then(|number| self.deployments.get(number as usize));
        all.extend(deployment.cloned().map(Attribute::Deployment));
        if tie.labels != 0 {
            let bit = |at: &usize| tie.labels & 1 << at != 0;
            let words = (0..LABELS.len()).filter(bit).map(|at| LABELS[at].to_owned());
            all.push(Attribute::Labels(words.collect()));
        }
        let mut species: Vec<String> =
            tie.species.iter().filter_map(|&n| self.species.get(n as usize).cloned()).collect();
        if !species.is_empty() {
            species.sort();
            species.dedup();
            species.truncate(super::attribute::MAX_SPECIES);
            all.push(Attribute::Species(species));
        }
        let labeller = tie.labeller.and_then(|number| self.labellers.get(number as usize));
        all.extend(labeller.map(|labeller| Attribute::Classified {
            by_machine: labeller.by_machine,
            model: labeller.model.clone(),
        }));
        all
    }

    /// Joins what the file says and what is said of it: the latter stands where both speak.
    pub fn join(&self, index: usize, mut attributes: Vec<Attribute>) -> Vec<Attribute> {
        let told = self.attributes(index);
        attributes.retain(|own| told.iter().all(|other| other.name() != own.name()));
        attributes.extend(told);
        attributes
    }

    /// Whether the rows of a draft, made by an earlier run, still say what is said of the file.
    pub fn agrees<'a>(&self, index: usize, shown: impl IntoIterator<Item = &'a Attribute>) -> bool {
        /// Names that never come from the file itself. A species may, of a collar's table; if a
        /// package takes one back, the labels beside it go, too.
        const TOLD: [&str; 5] = ["series", "labels", "media_id", "deployment", "classified"];
        let told = self.attributes(index);
        let mut seen = 0;
        for attribute in shown {
            match told.iter().find(|other| other.name() == attribute.name()) {
                Some(other) if other == attribute => seen += 1,
                Some(_) => return false,
                None if TOLD.contains(&attribute.name()) => return false,
                None => {}
            }
        }
        seen == told.len()
    }

    /// What is odd about a file, seen from the tables.
    pub fn notes(&self, index: usize) -> &[Noted] {
        self.tie(index).map(|tie| tie.notes.as_slice()).unwrap_or_default()
    }

    /// Whether what is known of a file keeps it out of a published manifest.
    pub fn seals<'a>(&self, attributes: impl IntoIterator<Item = &'a Attribute>) -> bool {
        attributes.into_iter().any(|attribute| match attribute {
            Attribute::Labels(labels) => {
                labels.iter().any(|label| SEALING.contains(&label.as_str()))
            }
            Attribute::Species(names) => self.exactness(names.iter().map(String::as_str)).is_some(),
            Attribute::Format(format) => {
                format.starts_with("smart/") || format.starts_with("earthranger/")
            }
            Attribute::Counts(counts) => counts.contains_key("sealing"),
            _ => false,
        })
    }

    /// The deployment of a number, counted from 0.
    pub fn deployment(&self, number: Group) -> Option<&str> {
        self.deployments.get(number as usize).map(String::as_str)
    }

    /// Where a deployment was, as its table says.
    pub fn place(&self, number: Group) -> Option<Place> {
        self.places.get(number as usize).copied().flatten()
    }

    /// How many groups of files are anchored by themselves.
    pub fn groups(&self) -> u32 {
        self.groups
    }

    /// The boundary of the site, if one was given.
    pub fn boundary(&self) -> Option<&Boundary> {
        self.boundary.as_ref()
    }

    /// The step, millionths of a degree, on which places of this batch may be told: the coarsest of
    /// any sensitive species in it, for all of it, since a shared place gives the others away.
    /// `None`: not at all.
    pub fn place_step(&self, otherwise: i64, seen: &BTreeSet<String>) -> Option<i64> {
        match self.exactness(self.all_species(seen)) {
            None => Some(otherwise),
            Some(Exactness::Grid(step)) => Some(otherwise.max(step)),
            Some(Exactness::Withhold) => None,
        }
    }

    /// Names on the list of sensitive species that no file shows.
    pub fn unknown_taxa(&self, seen: &BTreeSet<String>) -> Vec<&str> {
        let list = self.sensitivity.as_ref();
        list.map(|list| list.not_met(self.all_species(seen))).unwrap_or_default()
    }

    fn all_species<'a>(&'a self, seen: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
        self.species.iter().chain(seen).map(String::as_str)
    }

    fn exactness<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> Option<Exactness> {
        self.sensitivity.as_ref()?.exactness(names)
    }

    fn interned(names: &mut Vec<String>, known: &mut BTreeMap<String, u32>, name: &str) -> u32 {
        if let Some(&number) = known.get(name) {
            return number;
        }
        let number = names.len() as u32;
        names.push(name.to_owned());
        known.insert(name.to_owned(), number);
        number
    }
}

/// The last part of a file's path.
fn last_part(found: &Found) -> &[u8] {
    found.path.as_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default()
}

/// The file of this path, in the order of a walk.
fn at_path(files: &[Found], path: &[u8]) -> Option<usize> {
    files.binary_search_by(|found| found.path.as_bytes().cmp(path)).ok()
}

/// The path of a file that a table names, relative to the table's package; `None` if it leads out.
fn inside(folder: &[u8], relative: &str) -> Option<Vec<u8>> {
    if super::formats::archive::is_trick(relative) {
        return None;
    }
    let mut path = folder.to_vec();
    for part in relative.split('/').filter(|part| !part.is_empty() && *part != ".") {
        if !path.is_empty() && path.last() != Some(&b'/') {
            path.push(b'/');
        }
        path.extend(part.as_bytes());
    }
    Some(path)
}

/// The folder of a file, with its slash at the end; empty at the top.
fn folder_of(found: &Found) -> &[u8] {
    let path = found.path.as_bytes();
    let end = path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at + 1);
    &path[..end]
}

/// Reads a file of the walk. `None`: it is gone or cannot be opened, which the hashing tells.
fn with_source<T>(
    found: &Found,
    read: impl FnOnce(&mut Source<'_>) -> io::Result<T>,
) -> io::Result<Option<T>> {
    let place = found.place();
    // A pipe that took the name since the walk would be waited for without end.
    if !place.symlink_metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let Ok(mut file) = File::open(place) else { return Ok(None) };
    let head = Head { bytes: &[], more: true };
    let mut source = Source::new(last_part(found), head, found.stamp.size, &mut file);
    read(&mut source).map(Some)
}
