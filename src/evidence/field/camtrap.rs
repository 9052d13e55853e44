//! Camtrap DP 1.0.x, its release candidates and 0.1.6: three tables that say which camera stood
//! where and when, which files it made, and what somebody or something saw on them.
//!
//! Names of columns changed between versions, from `deployment_id` by `deploymentID`; `start` became
//! `deploymentStart`, `sequenceID` became `eventID`. All are taken. Times in tables carry an offset;
//! where they do not, their zone is unknown.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash as _, Hasher};
use std::io::{self, Read};

use super::{Field, LABELS, Labeller, at_path, folder_of, inside, last_part, with_source};
use crate::evidence::formats::coordinate;
use crate::evidence::formats::delimited::{Row, Table};
use crate::evidence::formats::facts::{Facts, one_line};
use crate::evidence::formats::moment::{self, Moment};
use crate::evidence::formats::note::Note;
use crate::evidence::formats::package::{Descriptor, is_remote};
use crate::evidence::formats::unpack::gunzip;
use crate::evidence::walk::Found;

/// Deployments of a package, at most: the largest surveys have some thousand.
const MAX_DEPLOYMENTS: usize = 1_000_000;
/// Labellers and species told apart, at most: a label beyond them is not tied.
const MAX_WORDS: usize = 100_000;

/// A camera at a place for a time.
struct Deployment {
    number: u32,
    start: Option<Moment>,
    end: Option<Moment>,
    clock_known_wrong: bool,
}

/// A package under reading.
struct Package<'f> {
    field: &'f mut Field,
    files: &'f [Found],
    folder: &'f [u8],
    /// The file of the table that is being read: where its notes go.
    table: usize,
    deployments: HashMap<String, Deployment>,
    /// Digests of every media id, to see doubles and unknowns without keeping the ids.
    media: HashSet<u64>,
    /// Tied files by the digest of their media id, and by that of their sequence.
    by_media: HashMap<u64, usize>,
    by_sequence: HashMap<u64, Vec<usize>>,
    /// Tied files of a deployment by time, for observations of events.
    by_time: BTreeMap<(u32, i64), Vec<usize>>,
    species: BTreeMap<String, u32>,
    labellers: BTreeMap<String, u32>,
}

/// Reads the package whose descriptor is the file `index`.
pub fn read(
    field: &mut Field,
    files: &[Found],
    index: usize,
    descriptor: &Descriptor,
) -> io::Result<()> {
    let mut package = Package {
        field,
        files,
        folder: folder_of(&files[index]),
        table: index,
        deployments: HashMap::new(),
        media: HashSet::new(),
        by_media: HashMap::new(),
        by_sequence: HashMap::new(),
        by_time: BTreeMap::new(),
        species: BTreeMap::new(),
        labellers: BTreeMap::new(),
    };
    for name in ["deployments", "media", "observations"] {
        let resource = descriptor.resources.iter().find(|resource| resource.name == name);
        for path in resource.map(|resource| resource.paths.as_slice()).unwrap_or_default() {
            let file = inside(package.folder, path).and_then(|path| at_path(files, &path));
            match file {
                Some(file) => package.read_table(file, name)?,
                None => package.field.note(index, Note::ResourceMissing, None),
            }
        }
    }
    package.without_row();
    Ok(())
}

fn digest(text: &str) -> u64 {
    // The same in every run: a note may hang on it, never a hash of the ledger.
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

impl Package<'_> {
    fn read_table(&mut self, file: usize, name: &str) -> io::Result<()> {
        self.table = file;
        let found = &self.files[file];
        let packed = last_part(found).ends_with(b".gz");
        with_source(found, |source| {
            let size = source.size;
            let stream: Box<dyn Read + '_> = match packed {
                true => Box::new(gunzip(source.stream()?, size)),
                false => Box::new(source.stream()?),
            };
            // What is wrong with the text itself is noted when the file is read for its own sake.
            let Some(mut table) = Table::open(stream, None, &mut Facts::default())? else {
                return Ok(());
            };
            match name {
                "deployments" => self.deployments(&mut table),
                "media" => self.media(&mut table),
                _ => self.observations(&mut table),
            }
        })?;
        Ok(())
    }

    fn note(&mut self, note: Note, row: u64) {
        self.field.note(self.table, note, Some(row));
    }

    fn deployments<R: Read>(&mut self, table: &mut Table<R>) -> io::Result<()> {
        let id = table.column(&["deploymentID"]);
        let start = table.column(&["deploymentStart", "start"]);
        let end = table.column(&["deploymentEnd", "end"]);
        let issues = table.column(&["timestampIssues"]);
        let [latitude, longitude] = [table.column(&["latitude"]), table.column(&["longitude"])];
        let mut facts = Facts::default();
        while let Some(row) = table.next_row(&mut facts)? {
            let number = row.number;
            let Some(id) = row.text(id).and_then(|id| one_line(&id)) else {
                self.note(Note::NoId, number);
                continue;
            };
            let [start, end] = [start, end].map(|column| moment::read(&row.get(column)).ok());
            if let (Some(start), Some(end)) = (start, end)
                && end.seconds().0 < start.seconds().0
            {
                self.note(Note::DeploymentBackwards, number);
            }
            if self.deployments.contains_key(&id) {
                self.note(Note::DuplicateId, number);
                continue;
            }
            if self.deployments.len() >= MAX_DEPLOYMENTS {
                continue;
            }
            let clock_known_wrong = row.get(issues).eq_ignore_ascii_case("true");
            let deployment = Deployment {
                number: self.field.deployments.len() as u32,
                start,
                end,
                clock_known_wrong,
            };
            let place = coordinate::place(&row.get(latitude), &row.get(longitude));
            self.field.places.push(place.ok().flatten());
            self.field.deployments.push(id.clone());
            self.deployments.insert(id, deployment);
        }
        self.field.groups = self.field.deployments.len() as u32;
        Ok(())
    }

    fn media<R: Read>(&mut self, table: &mut Table<R>) -> io::Result<()> {
        let id = table.column(&["mediaID"]);
        let deployment = table.column(&["deploymentID"]);
        let time = table.column(&["timestamp"]);
        let path = table.column(&["filePath"]);
        let sequence = table.column(&["sequenceID", "eventID"]);
        let mut facts = Facts::default();
        while let Some(row) = table.next_row(&mut facts)? {
            let number = row.number;
            let Some(id) = row.text(id).and_then(|id| one_line(&id)) else {
                self.note(Note::NoId, number);
                continue;
            };
            if !self.media.insert(digest(&id)) {
                self.note(Note::DuplicateId, number);
                continue;
            }
            let moment = moment::read(&row.get(time)).ok();
            let deployment = self.deployments.get(&*row.get(deployment));
            let outside = deployment.and_then(|deployment| outside(deployment, moment));
            let deployment = deployment.map(|deployment| deployment.number);
            if let Some(note) = outside {
                self.note(note, number);
            }
            if deployment.is_none() {
                self.note(Note::UnknownDeployment, number);
            }
            let Some(file) = self.file_of(&row.get(path), number) else { continue };
            if self.field.tie(file).is_some_and(|tie| tie.media_id.is_some()) {
                self.note(Note::DuplicateId, number);
                continue;
            }
            let tie = self.field.tie_mut(file);
            tie.media_id = Some(id.as_str().into());
            tie.deployment = deployment;
            tie.group = deployment;
            tie.wall = moment.map(|moment| moment.clock.seconds);
            tie.utc = moment.and_then(|moment| moment.utc());
            self.by_media.insert(digest(&id), file);
            if let Some(sequence) = row.text(sequence) {
                self.by_sequence.entry(digest(&sequence)).or_default().push(file);
            }
            if let (Some(deployment), Some(moment)) = (deployment, moment) {
                self.by_time.entry((deployment, moment.seconds().0)).or_default().push(file);
            }
        }
        Ok(())
    }

    /// The file that a media row names, if it is here.
    fn file_of(&mut self, path: &str, row: u64) -> Option<usize> {
        if is_remote(path) {
            self.note(Note::MediaRemote, row);
            return None;
        }
        let Some(path) = inside(self.folder, path) else {
            self.note(Note::MediaPath, row);
            return None;
        };
        let file = at_path(self.files, &path);
        if file.is_none() {
            self.note(Note::MediaMissing, row);
        }
        file
    }

    fn observations<R: Read>(&mut self, table: &mut Table<R>) -> io::Result<()> {
        let columns = Columns {
            media: table.column(&["mediaID"]),
            deployment: table.column(&["deploymentID"]),
            sequence: table.column(&["sequenceID", "eventID"]),
            start: table.column(&["eventStart", "timestamp"]),
            end: table.column(&["eventEnd", "timestamp"]),
            kind: table.column(&["observationType"]),
            species: table.column(&["scientificName"]),
            method: table.column(&["classificationMethod"]),
            by: table.column(&["classifiedBy"]),
        };
        let mut facts = Facts::default();
        while let Some(row) = table.next_row(&mut facts)? {
            let files = self.observed(&columns, row);
            let labeller = self.labeller(&columns, row);
            if files.is_empty() {
                continue;
            }
            let kind = row.get(columns.kind).to_ascii_lowercase();
            let label = LABELS.iter().position(|label| *label == kind);
            let name = row.text(columns.species).and_then(|name| one_line(&name));
            let species = name
                .filter(|_| self.species.len() < MAX_WORDS)
                .map(|name| Field::interned(&mut self.field.species, &mut self.species, &name));
            for file in files {
                let tie = self.field.tie_mut(file);
                tie.labels |= label.map_or(0, |bit| 1 << bit);
                if let Some(species) = species
                    && !tie.species.contains(&species)
                    && tie.species.len() < crate::evidence::attribute::MAX_SPECIES
                {
                    tie.species.push(species);
                }
                // A person's word stands over a machine's.
                let by_person = |number: Option<u32>| {
                    number.is_some_and(|n| !self.field.labellers[n as usize].by_machine)
                };
                let known = self.field.tie(file).and_then(|tie| tie.labeller);
                if labeller.is_some() && (known.is_none() || by_person(labeller)) {
                    self.field.tie_mut(file).labeller = labeller;
                }
            }
        }
        Ok(())
    }

    /// The files that an observation is about: of its media, of its sequence, or of its event's time.
    fn observed(&mut self, columns: &Columns, row: Row<'_>) -> Vec<usize> {
        if let Some(id) = row.text(columns.media) {
            let digest = digest(&id);
            if !self.media.contains(&digest) {
                self.note(Note::UnknownMedia, row.number);
            }
            return self.by_media.get(&digest).copied().into_iter().collect();
        }
        let sequence = row.text(columns.sequence).map(|sequence| digest(&sequence));
        if let Some(files) = sequence.and_then(|sequence| self.by_sequence.get(&sequence)) {
            return files.clone();
        }
        let Some(deployment) = self.deployments.get(&*row.get(columns.deployment)) else {
            if row.text(columns.deployment).is_some() {
                self.note(Note::UnknownDeployment, row.number);
            }
            return Vec::new();
        };
        let [start, end] =
            [columns.start, columns.end].map(|column| moment::read(&row.get(column)).ok());
        match (start, end) {
            (Some(start), Some(end)) if start.seconds().0 <= end.seconds().0 => {
                let number = deployment.number;
                let range = (number, start.seconds().0)..=(number, end.seconds().0);
                self.by_time.range(range).flat_map(|(_, files)| files).copied().collect()
            }
            _ => Vec::new(),
        }
    }

    /// Who gave the label; a machine must be named with its version (R19).
    fn labeller(&mut self, columns: &Columns, row: Row<'_>) -> Option<u32> {
        let method = row.get(columns.method).to_ascii_lowercase();
        let by_machine = match method.as_str() {
            "machine" => true,
            "human" => false,
            _ => return None,
        };
        let model = row.text(columns.by).filter(|_| by_machine).and_then(|by| one_line(&by));
        let has_version =
            model.as_deref().is_some_and(|model| model.contains(|c: char| c.is_ascii_digit()));
        if by_machine && !has_version {
            self.note(Note::NoModel, row.number);
        }
        let key = format!("{by_machine} {}", model.as_deref().unwrap_or_default());
        if let Some(&number) = self.labellers.get(&key) {
            return Some(number);
        }
        if self.labellers.len() >= MAX_WORDS {
            return None;
        }
        let number = self.field.labellers.len() as u32;
        self.field.labellers.push(Labeller { by_machine, model });
        self.labellers.insert(key, number);
        Some(number)
    }

    /// Notes pictures and recordings in the package's folder that no row names.
    fn without_row(&mut self) {
        const MEDIA: [&[u8]; 8] = [b"jpg", b"jpeg", b"png", b"mp4", b"mov", b"avi", b"wav", b"mp3"];
        if self.media.is_empty() {
            return;
        }
        let first = self.files.partition_point(|found| found.path.as_bytes() < self.folder);
        for index in first..self.files.len() {
            let found = &self.files[index];
            if !found.path.as_bytes().starts_with(self.folder) {
                break;
            }
            let name = last_part(found).to_ascii_lowercase();
            let ending = name.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
            let tied = self.field.tie(index).is_some_and(|tie| tie.media_id.is_some());
            if MEDIA.contains(&ending) && !tied {
                self.field.note(index, Note::WithoutRow, None);
            }
        }
    }
}

struct Columns {
    media: Option<usize>,
    deployment: Option<usize>,
    sequence: Option<usize>,
    start: Option<usize>,
    end: Option<usize>,
    kind: Option<usize>,
    species: Option<usize>,
    method: Option<usize>,
    by: Option<usize>,
}

/// Rule R14: a time outside its deployment. Compared in UTC where both offsets are known, else on
/// the clock; never one with the other.
fn outside(deployment: &Deployment, moment: Option<Moment>) -> Option<Note> {
    let moment = moment?;
    let before = |a: Moment, b: Moment| match (a.utc(), b.utc()) {
        (Some(a), Some(b)) => a < b,
        (None, None) => a.clock.seconds < b.clock.seconds,
        _ => false,
    };
    let early = deployment.start.is_some_and(|start| before(moment, start));
    let late = deployment.end.is_some_and(|end| before(end, moment));
    (early || late).then_some(match deployment.clock_known_wrong {
        true => Note::OutsideKnown,
        false => Note::OutsideDeployment,
    })
}
