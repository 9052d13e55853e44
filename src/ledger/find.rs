//! Finding statements and files in a ledger that one holds: by the index where it is at hand, by reading
//! where it is not.
//!
//! ```text
//! 0 ………………………… covered ………… head
//! asked of the index        read from the public folder and the manifests
//! ```
//!
//! Finding needs no lock, waits for nobody and changes nothing: an index that a writer has open, that
//! is damaged, missing or of another history covers nothing, and the answers are the same, only later.
//! What is found is a place to look at. Whoever needs to be sure looks there, and checks.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

use super::indexing::{IndexPlaces, ManifestFiles, files_of};
use super::read::{LedgerUnreadable, statements_from};
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Anchor;
use crate::statement::envelope::Statement;
use crate::statement::kind::KindName;
use crate::store::index::{EvidenceFound, Facet, FacetName, Index, IndexError, Order};
use crate::tlog::hash::{Hash, Position, Tree};

/// A ledger in which things are looked up.
#[derive(Debug)]
pub struct Finder {
    places: IndexPlaces,
    head: Tree,
    index: Option<Index>,
}

/// What a search for files found.
#[derive(Debug, Default)]
pub struct FilesFound {
    /// Every row of each file, earliest first.
    pub rows: BTreeMap<Hash, Vec<EvidenceFound>>,
    /// Anchors whose manifest is not here, cannot be read, or shows not all of its rows.
    pub unread: u64,
}

impl Finder {
    /// Looks things up in the ledger at this head.
    pub fn open(places: IndexPlaces, head: Tree) -> Finder {
        let index = Index::open_if_free(&places.index).ok().flatten();
        let index = index.filter(|index| places.fits(index, head).unwrap_or(false));
        Finder { places, head, index }
    }

    /// [`Finder::open`], without the index: for whoever has doubts about it.
    pub fn without_index(places: IndexPlaces, head: Tree) -> Finder {
        Finder { places, head, index: None }
    }

    /// Whether the index answers for any part of the ledger.
    pub fn has_index(&self) -> bool {
        self.index.is_some()
    }

    /// Where statements stand whose id begins with these digits, and their whole ids.
    pub fn ids_beginning(
        &mut self,
        digits: &str,
    ) -> Result<Vec<(Hash, Position)>, LedgerUnreadable> {
        let (mut found, from) = self.ask(|index| index.ids_beginning(digits, usize::MAX));
        self.read_on(from, |position, statement| {
            if statement.id().to_string().starts_with(digits) {
                found.push((statement.id(), position));
            }
        })?;
        Ok(found)
    }

    /// Where statements stand whose kind is such, ascending.
    pub fn of_kinds(
        &mut self,
        wanted: impl Fn(&KindName) -> bool,
    ) -> Result<Vec<Position>, LedgerUnreadable> {
        let (mut found, from) = self.ask(|index| {
            let mut found = Vec::new();
            for kind in index.values(FacetName::Kind)? {
                if KindName::new(&kind).is_ok_and(|kind| wanted(&kind)) {
                    let facet = Facet::Kind(&kind);
                    found.extend(index.positions(&facet, Order::OldestFirst, usize::MAX)?);
                }
            }
            Ok(found)
        });
        self.read_on(from, |position, statement| {
            if wanted(&statement.header.typ.kind) {
                found.push(position);
            }
        })?;
        found.sort();
        Ok(found)
    }

    /// The rows of these files. With the index, only what was indexed with a manifest at hand counts as
    /// read, and [`FilesFound::unread`] counts the rest of the ledger only.
    pub fn files(&mut self, wanted: &BTreeSet<Hash>) -> Result<FilesFound, LedgerUnreadable> {
        let (rows, from) = self.ask(|index| {
            let mut rows = BTreeMap::new();
            for digest in wanted {
                let found = index.evidence(digest)?;
                if !found.is_empty() {
                    rows.insert(*digest, found);
                }
            }
            Ok(rows)
        });
        let mut found = FilesFound { rows, unread: 0 };
        let folders = self.manifest_folders();
        self.read_on(from, |position, statement| {
            if let Body::Anchor(anchor) = &statement.payload.body {
                let files = files_in(&folders, anchor);
                found.unread += u64::from(!files.as_ref().is_some_and(|files| files.all));
                for (row, sha256) in files.into_iter().flat_map(|files| files.shown) {
                    if wanted.contains(&sha256) {
                        let place = EvidenceFound { position, row, root: anchor.root };
                        found.rows.entry(sha256).or_default().push(place);
                    }
                }
            }
        })?;
        Ok(found)
    }

    /// SHA-256 of every file that a manifest here shows.
    pub fn every_file(&mut self) -> Result<HashSet<Hash>, LedgerUnreadable> {
        let (mut found, from) =
            self.ask(|index| Ok(index.files()?.into_iter().collect::<HashSet<Hash>>()));
        let folders = self.manifest_folders();
        self.read_on(from, |_, statement| {
            if let Body::Anchor(anchor) = &statement.payload.body {
                let files = files_in(&folders, anchor).into_iter();
                found.extend(files.flat_map(|files| files.shown).map(|(_, sha256)| sha256));
            }
        })?;
        Ok(found)
    }

    /// The private ones first: they show every row.
    fn manifest_folders(&self) -> [PathBuf; 2] {
        [self.places.manifests.clone(), self.places.folder.path().join("manifests")]
    }

    /// What the index says of the part it covers, and where that part ends. An index that fails covers
    /// nothing from then on.
    fn ask<T: Default>(
        &mut self,
        question: impl FnOnce(&Index) -> Result<T, IndexError>,
    ) -> (T, Position) {
        let answer = self.index.as_ref().map(|index| {
            let covered = index.watermark()?.size;
            Ok::<_, IndexError>((question(index)?, Position(covered.0)))
        });
        match answer {
            Some(Ok(answer)) => answer,
            Some(Err(_)) => {
                self.index = None;
                (T::default(), Position(0))
            }
            None => (T::default(), Position(0)),
        }
    }

    fn read_on(
        &self,
        from: Position,
        mut look: impl FnMut(Position, &Statement),
    ) -> Result<(), LedgerUnreadable> {
        if from.0 >= self.head.size.0 {
            return Ok(());
        }
        for statement in statements_from(&self.places.folder, from, self.head.size) {
            let (position, statement) = statement?;
            look(position, &statement);
        }
        Ok(())
    }
}

/// The files of an anchor. A manifest that cannot be read does not hide what others hold.
fn files_in(folders: &[PathBuf; 2], anchor: &Anchor) -> Option<ManifestFiles> {
    let paths = folders.iter().map(|folder| folder.join(anchor.root.to_string()));
    paths.into_iter().find_map(|path| files_of(&path, anchor).ok().flatten())
}
