//! Evidence files held against the rows that anchored them (rule R10).
//!
//! A path may have been anchored more than once, as a report that is revised each year. The file
//! there now matches if it is any of the versions recorded; the others count as missing. Files are
//! looked for by path first, then among the rest by size and digest, since people tidy up.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::evidence::Progress;
use super::finding::{FileCounts, Outcome, Rule, Subject};
use super::findings::Findings;
use crate::evidence::hashing::{Problem, Watch, hash_file};
use crate::evidence::path::RowPath;
use crate::evidence::walk::{Found, Interrupted, Places, walk};
use crate::tlog::hash::{Hash, Position};

/// The files that rows speak of.
#[derive(Debug, Default)]
pub struct ExpectedFiles {
    by_path: BTreeMap<RowPath, Vec<Version>>,
    pathless: Vec<Version>,
}

/// A file as it was recorded.
#[derive(Clone, Copy, Debug)]
struct Version {
    sha256: Hash,
    size: u64,
    anchor: Position,
}

impl ExpectedFiles {
    /// Adds a row that is shown; `path` is absent where that attribute is withheld.
    pub fn add(&mut self, path: Option<RowPath>, sha256: Hash, size: u64, anchor: Position) {
        let version = Version { sha256, size, anchor };
        match path {
            Some(path) => self.by_path.entry(path).or_default().push(version),
            None => self.pathless.push(version),
        }
    }
}

/// Compares the files in a folder with the rows.
pub fn compare_files(
    folder: &Path,
    expected: ExpectedFiles,
    counts: &mut FileCounts,
    out: &mut Findings,
    progress: &Progress<'_>,
) -> Result<(), Interrupted> {
    // Every row is compared below.
    counts.not_compared = 0;
    let mut comparison = Comparison { folder, counts, out, progress, missing: Missing::new() };
    let looked_at = comparison.compare_paths(&expected)?;
    for version in &expected.pathless {
        comparison.miss(None, *version);
    }
    comparison.look_among_others(&looked_at)?;
    comparison.report_missing();
    Ok(())
}

struct Comparison<'a> {
    folder: &'a Path,
    counts: &'a mut FileCounts,
    out: &'a mut Findings,
    progress: &'a Progress<'a>,
    missing: Missing,
}

/// Rows whose file was not where they say, by its digest: recorded path, version.
type Missing = HashMap<Hash, Vec<(Option<RowPath>, Version)>>;

impl Comparison<'_> {
    fn watch(&self) -> Watch<'_> {
        Watch { cancel: self.progress.cancel, progress: self.progress.bytes }
    }

    /// Hashes what stands at each recorded path. Gives the places that were looked at.
    fn compare_paths(
        &mut self,
        expected: &ExpectedFiles,
    ) -> Result<BTreeSet<PathBuf>, Interrupted> {
        let places: Vec<Option<PathBuf>> = expected
            .by_path
            .keys()
            .map(|path| path.places_in(self.folder).into_iter().find(|place| place.exists()))
            .collect();
        let watch = self.watch();
        let digests: Vec<Option<Result<(Hash, u64), Problem>>> = places
            .par_iter()
            .map(|place| {
                let hashed = hash_file(place.as_deref()?, watch);
                Some(hashed.map(|(digest, stamp)| (digest, stamp.size)))
            })
            .collect();
        self.progress.go_on()?;
        for ((path, versions), digest) in expected.by_path.iter().zip(digests) {
            self.judge(path, versions, digest);
        }
        Ok(places.into_iter().flatten().filter_map(|place| place.canonicalize().ok()).collect())
    }

    fn miss(&mut self, path: Option<&RowPath>, version: Version) {
        self.missing.entry(version.sha256).or_default().push((path.cloned(), version));
    }

    fn judge(
        &mut self,
        path: &RowPath,
        versions: &[Version],
        digest: Option<Result<(Hash, u64), Problem>>,
    ) {
        let (digest, size) = match digest {
            Some(Ok(found)) => found,
            Some(Err(Problem::Vanished)) | None => {
                versions.iter().for_each(|version| self.miss(Some(path), *version));
                return;
            }
            Some(Err(fault)) => {
                self.counts.unreadable += versions.len() as u64;
                let what = format!("{path}: {fault}");
                self.add(Outcome::CannotCheck, "file-unreadable", path, what);
                return;
            }
        };
        let (matching, mut others): (Vec<Version>, Vec<Version>) =
            versions.iter().partition(|version| version.sha256 == digest);
        self.counts.matching += matching.len() as u64;
        if matching.is_empty()
            && let Some(latest) = others.pop()
        {
            self.counts.differing += 1;
            let what = format!(
                "{path}: recorded in statement {} with {}; here are other bytes ({size})",
                latest.anchor,
                in_bytes(latest.size),
            );
            self.add(Outcome::Fail, "file-differs", path, what);
        }
        others.into_iter().for_each(|version| self.miss(Some(path), version));
    }

    /// Looks at the files that no row names: a recorded one may have been moved or renamed.
    fn look_among_others(&mut self, looked_at: &BTreeSet<PathBuf>) -> Result<(), Interrupted> {
        let places = Places { site: Some(self.folder.to_path_buf()), store: None };
        let walked = walk(&[self.folder.to_path_buf()], &places, self.progress.cancel)?;
        let is_other = |file: &Found| match file.place().canonicalize() {
            Ok(place) => !looked_at.contains(&place),
            Err(_) => true,
        };
        let others: Vec<Found> = walked.files.into_iter().filter(is_other).collect();
        let sizes: BTreeSet<u64> =
            self.missing.values().flatten().map(|(_, version)| version.size).collect();
        let watch = self.watch();
        let digests: Vec<Option<Hash>> = others
            .par_iter()
            .map(|file| match sizes.contains(&file.stamp.size) {
                true => hash_file(&file.place(), watch).ok().map(|(digest, _)| digest),
                false => None,
            })
            .collect();
        self.progress.go_on()?;
        for (file, digest) in others.iter().zip(digests) {
            self.judge_other(&file.path, digest);
        }
        Ok(())
    }

    fn judge_other(&mut self, here: &RowPath, digest: Option<Hash>) {
        let found = digest.and_then(|digest| self.missing.remove(&digest)).unwrap_or_default();
        if found.is_empty() {
            self.counts.not_recorded += 1;
            let what = format!("{here}: no row of this ledger names it");
            self.add(Outcome::Warn, "file-not-recorded", here, what);
        }
        for (recorded, version) in found {
            self.counts.matching += 1;
            if let Some(recorded) = recorded {
                let what = format!(
                    "{recorded}: recorded in statement {}, now called {here}; its bytes match",
                    version.anchor
                );
                self.add(Outcome::Warn, "file-moved", &recorded, what);
            }
        }
    }

    fn report_missing(&mut self) {
        let mut missing: Vec<_> =
            std::mem::take(&mut self.missing).into_values().flatten().collect();
        missing.sort_by(|(a, x), (b, y)| {
            // Those without a shown path last, in the order they were recorded.
            (a.is_none(), a, x.anchor, x.sha256).cmp(&(b.is_none(), b, y.anchor, y.sha256))
        });
        for (path, version) in missing {
            self.counts.missing += 1;
            let (subject, name) = match &path {
                Some(path) => (Subject::File(path.as_bytes().to_vec()), path.to_string()),
                None => (Subject::Statement(version.anchor), "a file without a shown path".into()),
            };
            let what = format!(
                "{name}: recorded in statement {} with {}, not in the folder",
                version.anchor,
                in_bytes(version.size)
            );
            self.out.add(Rule::R10, Outcome::CannotCheck, "file-missing", subject, what);
        }
    }

    fn add(&mut self, outcome: Outcome, code: &'static str, path: &RowPath, what: String) {
        self.out.add(Rule::R10, outcome, code, Subject::File(path.as_bytes().to_vec()), what);
    }
}

fn in_bytes(size: u64) -> String {
    format!("{size} byte{}", if size == 1 { "" } else { "s" })
}
