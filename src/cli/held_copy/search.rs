//! A search through every manifest at hand for the bytes, and the names, of some files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use super::proof::HeldLedger;
use crate::cli::standing::{InWords, Judgements};
use crate::cli::voice::Failure;
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::evidence::path::RowPath;
use crate::ledger::read;
use crate::statement::bodies::Body;
use crate::statement::envelope::Statement;
use crate::statement::signature::KeyBook;
use crate::tlog::hash::{Hash, Position};

/// What is looked for.
pub struct Wanted {
    digests: BTreeSet<Hash>,
    /// The path each file would have in a row, with the file as it was named.
    paths: BTreeMap<RowPath, (PathBuf, Hash)>,
}

impl Wanted {
    /// Files with their digests. Paths in rows are relative to `home`, the folder that holds the store.
    pub fn of<'f>(home: &Path, files: impl Iterator<Item = (&'f Path, Hash)>) -> Wanted {
        let mut wanted = Wanted { digests: BTreeSet::new(), paths: BTreeMap::new() };
        let home = home.canonicalize().unwrap_or_else(|_| home.to_path_buf());
        for (file, digest) in files {
            wanted.digests.insert(digest);
            let place = file.canonicalize().ok();
            if let Some(path) = place.and_then(|place| RowPath::relative(&home, &place).ok()) {
                wanted.paths.insert(path, (file.to_path_buf(), digest));
            }
        }
        wanted
    }
}

/// An anchor that has rows of the wanted files.
pub struct Recording {
    /// Where it stands.
    pub position: Position,
    /// What it says.
    pub statement: Statement,
    /// What later statements made of it.
    pub standing: InWords,
    rows: Vec<(u64, Hash)>,
}

impl Recording {
    /// The rows that have these bytes.
    pub fn rows_of(&self, digest: &Hash) -> impl Iterator<Item = u64> {
        self.rows.iter().filter(move |(_, sha256)| sha256 == digest).map(|(index, _)| *index)
    }
}

/// What a search through all manifests found.
#[derive(Default)]
pub struct Search {
    recordings: Vec<Recording>,
    /// The first recording of each file, by its place in the list.
    found: BTreeMap<Hash, usize>,
    /// Files whose only recordings are not the ledger's, and why.
    pub unproven: BTreeMap<Hash, String>,
    /// Files under whose name other bytes are recorded, and where.
    pub named: BTreeMap<PathBuf, Position>,
    /// Anchors whose manifest is not here, does not hold, or shows not all of its rows.
    pub unread: u64,
    /// Sentences about manifests that do not hold.
    pub faults: Vec<String>,
}

impl Search {
    /// Searches. One damaged manifest does not keep the others from being read.
    pub fn through(held: &HeldLedger<'_>, wanted: &Wanted) -> Result<Search, Failure> {
        let mut search = Search::default();
        let (mut keys, mut judgements) = (KeyBook::default(), Judgements::default());
        let mut proven = Vec::new();
        for statement in read::statements(&held.own.folder, held.size()) {
            let (position, statement) = statement?;
            keys.learn(&statement);
            judgements.note(position, &statement);
            let Body::Anchor(anchor) = &statement.payload.body else { continue };
            let Some(rows) = search.read_copies(held, anchor.root, wanted) else {
                search.unread += 1;
                continue;
            };
            search.unread += u64::from(!rows.whole);
            for path in rows.named {
                search.named.entry(path).or_insert(position);
            }
            if rows.matching.is_empty() {
                continue;
            }
            if let Err(why) = held.prove(position, &statement, &keys) {
                let digests = rows.matching.iter().map(|(_, digest)| *digest);
                search.unproven.extend(digests.map(|digest| (digest, why.clone())));
                continue;
            }
            for (_, digest) in &rows.matching {
                search.found.entry(*digest).or_insert(proven.len());
            }
            proven.push((position, statement, rows.matching));
        }
        // How a statement stands is known when all that came after it has been read.
        let stands = |(position, statement, rows)| {
            let standing = judgements.on(held.book.authority(), position, &statement);
            Recording { position, statement, standing, rows }
        };
        search.recordings = proven.into_iter().map(stands).collect();
        Ok(search)
    }

    /// The first recording of these bytes that holds.
    pub fn recording_of(&self, digest: &Hash) -> Option<&Recording> {
        self.found.get(digest).map(|&found| &self.recordings[found])
    }

    /// The rows of the private copy, else of the public one.
    fn read_copies(
        &mut self,
        held: &HeldLedger<'_>,
        root: Hash,
        wanted: &Wanted,
    ) -> Option<MatchingRows> {
        let private = held.own.store.manifest(&root);
        let public = held.own.folder.path().join("manifests").join(root.to_string());
        for path in [private, public].iter().filter(|path| path.is_file()) {
            match MatchingRows::read(path, root, wanted) {
                Ok(rows) => return Some(rows),
                Err(why) => self.faults.push(format!(
                    "The manifest {} does not hold: {why}. Put its second copy back.",
                    path.display()
                )),
            }
        }
        None
    }
}

/// What one manifest has of what is wanted.
struct MatchingRows {
    matching: Vec<(u64, Hash)>,
    named: Vec<PathBuf>,
    /// Whether all rows are shown.
    whole: bool,
}

impl MatchingRows {
    fn read(path: &Path, root: Hash, wanted: &Wanted) -> Result<MatchingRows, String> {
        let file = File::open(path).map_err(|why| why.to_string())?;
        let mut reader =
            ManifestReader::new(BufReader::new(file)).map_err(|why| why.to_string())?;
        let mut rows = MatchingRows { matching: Vec::new(), named: Vec::new(), whole: true };
        let mut index = 0;
        while let Some(row) = reader.next_row().map_err(|why| why.to_string())? {
            if let ManifestRow::Shown { row, show } = row {
                if wanted.digests.contains(&row.sha256()) {
                    rows.matching.push((index, row.sha256()));
                }
                let named = show.iter().find_map(|shown| match shown.attribute() {
                    Attribute::Path(path) => wanted.paths.get(path),
                    _ => None,
                });
                let other = named.filter(|(_, digest)| *digest != row.sha256());
                rows.named.extend(other.map(|(file, _)| file.clone()));
            }
            index += 1;
        }
        let totals = reader.read_to_end().map_err(|why| why.to_string())?;
        if totals.tree.root != root {
            return Err("its rows have another root than its name".into());
        }
        rows.whole = totals.is_complete();
        Ok(rows)
    }
}
