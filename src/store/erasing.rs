//! Rows taken out of the manifests on this disk, after a tombstone (`evidence.erase`) has said so.
//!
//! For whoever holds a copy: the site itself, and every partner that was given a manifest. Which rows are
//! erased is read from the ledger by the caller ([`crate::statement::standing::StandingBook::erased_rows`]);
//! nothing here judges it.
//!
//! ```text
//! manifest with the row    {"row": …, "show": […]}      hash, size, salts, attributes
//! manifest without it      {"erased": row hash}         the same leaf, the same root
//! ```
//!
//! A manifest is replaced as a whole: written beside, compared with the root it must have, synced, renamed.
//! A stop leaves the old one or the new one. Doing it again changes nothing. What a disk keeps of a file
//! that was replaced, and what lies in backups, is beyond any program's reach.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::disk::{Access, Action, Disk, DiskError};
use super::durable;
use crate::evidence::disclosure::{Choice, Names, redact};
use crate::evidence::manifest::{ManifestError, ManifestReader, ManifestRow};
use crate::tlog::hash::Hash;

/// Why rows could not be taken out.
#[derive(Debug, Error)]
pub enum EraseError {
    /// The manifest is damaged. It is left as it is.
    #[error("the manifest {}: {error}", path.display())]
    Manifest {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        error: ManifestError,
    },
    /// The manifest is another one than its name says.
    #[error("the manifest {} has the root {found}", path.display())]
    OtherRoot {
        /// The file.
        path: PathBuf,
        /// The root of its rows.
        found: Hash,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl EraseError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            EraseError::Manifest { path, .. } | EraseError::OtherRoot { path, .. } => format!(
                "put {} back from its second copy and run the same command, or delete it by hand: a \
                 damaged manifest may still hold what must go",
                path.display()
            ),
            EraseError::Disk(error) => error.next_step(),
        }
    }
}

/// A row of a manifest that still shows what was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StillShown {
    /// Its index in the manifest.
    pub row: u64,
    /// SHA-256 of the file it stands for: what is to be looked for in drafts, indexes and payloads.
    pub sha256: Hash,
}

/// Which of `rows` the manifest at `path` still shows; none if there is no such file.
pub fn still_shown(path: &Path, rows: &BTreeSet<u64>) -> Result<Vec<StillShown>, EraseError> {
    let Some(mut reader) = open(path)? else { return Ok(Vec::new()) };
    let damaged = |error| EraseError::Manifest { path: path.to_owned(), error };
    let (mut found, mut index) = (Vec::new(), 0);
    while let Some(row) = reader.next_row().map_err(damaged)? {
        if let ManifestRow::Shown { row, .. } = row
            && rows.contains(&index)
        {
            found.push(StillShown { row: index, sha256: row.sha256() });
        }
        index += 1;
    }
    Ok(found)
}

/// Takes `rows` out of the manifest of `root` at `path`, durably. Gives how many it took out: none if they
/// were gone already, or the file is not there. Rows that were withheld become erased, too.
pub fn erase_rows(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
    root: &Hash,
    rows: &BTreeSet<u64>,
) -> Result<u64, EraseError> {
    if !to_change(path, root, rows)? {
        return Ok(0);
    }
    let (mut taken, mut fault) = (0, None);
    let written = durable::replace_with(disk, path, access, &mut |out| {
        let copied = open(path).and_then(|reader| {
            let damaged = |error| EraseError::Manifest { path: path.to_owned(), error };
            let reader = reader.ok_or_else(|| damaged(ManifestError::AfterEnd))?;
            let mut index = 0;
            let choose = |row: &ManifestRow| {
                let erase = rows.contains(&index);
                index += 1;
                taken += u64::from(erase && !matches!(row, ManifestRow::Erased(_)));
                if erase { Choice::Erase } else { Choice::Show(Names::all()) }
            };
            redact(reader, out, choose).map_err(|why| match why {
                crate::evidence::disclosure::RedactError::Manifest(error) => damaged(error),
                crate::evidence::disclosure::RedactError::Write(error) => {
                    DiskError::refused(Action::Write, path)(error).into()
                }
            })
        });
        copied.map(drop).map_err(|why| {
            fault = Some(why);
            io::Error::other("the manifest was not rewritten")
        })
    });
    match (written, fault) {
        (Ok(()), _) => Ok(taken),
        (Err(_), Some(fault)) => Err(fault),
        (Err(refused), None) => Err(refused.into()),
    }
}

/// Whether any of the rows stands otherwise than erased; the manifest must be the one of its root.
fn to_change(path: &Path, root: &Hash, rows: &BTreeSet<u64>) -> Result<bool, EraseError> {
    let Some(mut reader) = open(path)? else { return Ok(false) };
    let damaged = |error| EraseError::Manifest { path: path.to_owned(), error };
    let (mut any, mut index) = (false, 0);
    while let Some(row) = reader.next_row().map_err(damaged)? {
        any |= rows.contains(&index) && !matches!(row, ManifestRow::Erased(_));
        index += 1;
    }
    let found = reader.read_to_end().map_err(damaged)?.tree.root;
    match found == *root {
        true => Ok(any),
        false => Err(EraseError::OtherRoot { path: path.to_owned(), found }),
    }
}

fn open(path: &Path) -> Result<Option<ManifestReader<BufReader<File>>>, EraseError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DiskError::refused(Action::Read, path)(error).into()),
    };
    let reader = ManifestReader::new(BufReader::with_capacity(1 << 16, file));
    Ok(Some(reader.map_err(|error| EraseError::Manifest { path: path.to_owned(), error })?))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::disk::RealDisk;
    use super::super::disk::faulty::{Fault, FaultyDisk};
    use super::*;
    use crate::evidence::attribute::Attribute;
    use crate::evidence::manifest::ManifestWriter;
    use crate::evidence::path::RowPath;
    use crate::evidence::row::Row;
    use crate::statement::bodies::evidence;

    /// Five rows, of the files 0 to 4 in some order; gives the root and each row's file.
    fn manifest(path: &Path) -> (Hash, Vec<u8>) {
        let mut next = 0u8;
        let mut random = move |slice: &mut [u8]| {
            for byte in slice {
                *byte = next;
                next = next.wrapping_add(1);
            }
        };
        let mut rows: Vec<ManifestRow> = (0..5u8)
            .map(|n| {
                let name = Attribute::Path(RowPath::new(format!("secret-{n}").as_bytes()).unwrap());
                let access = evidence::Access::Sealed;
                let (row, show) = Row::new(Hash([n; 32]), 9, &[name], access, &mut random);
                ManifestRow::Shown { row, show }
            })
            .collect();
        rows.sort_by_key(ManifestRow::hash);
        let mut writer = ManifestWriter::new(Vec::new()).unwrap();
        rows.iter().for_each(|row| writer.push(row).unwrap());
        let (bytes, totals) = writer.finish().unwrap();
        fs::write(path, bytes).unwrap();
        let files = rows.iter().map(|row| match row {
            ManifestRow::Shown { row, .. } => row.sha256().0[0],
            _ => unreachable!(),
        });
        (totals.tree.root, files.collect())
    }

    fn holds(path: &Path, part: &[u8]) -> bool {
        fs::read(path).unwrap().windows(part.len()).any(|window| window == part)
    }

    #[test]
    fn a_row_goes_and_the_root_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest");
        let (root, files) = manifest(&path);
        let rows = BTreeSet::from([1, 3]);
        let shown = still_shown(&path, &rows).unwrap();
        assert_eq!(shown.len(), 2);
        assert_eq!(shown[0], StillShown { row: 1, sha256: Hash([files[1]; 32]) });
        let erase = || erase_rows(&RealDisk, &path, Access::Private, &root, &rows);
        assert_eq!(erase().unwrap(), 2);
        assert_eq!(erase().unwrap(), 0);
        assert!(still_shown(&path, &rows).unwrap().is_empty());
        for (index, file) in (0..).zip(files) {
            let gone = rows.contains(&index);
            assert_eq!(holds(&path, &[file; 32]), !gone);
            assert_eq!(holds(&path, format!("secret-{file}").as_bytes()), !gone);
        }
        let reader = ManifestReader::new(BufReader::new(File::open(&path).unwrap())).unwrap();
        let totals = { reader }.read_to_end().unwrap();
        assert_eq!((totals.tree.root, totals.shown, totals.erased), (root, 3, 2));
    }

    #[test]
    fn another_manifest_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest");
        manifest(&path);
        let before = fs::read(&path).unwrap();
        let rows = BTreeSet::from([0]);
        let erase = |root| erase_rows(&RealDisk, &path, Access::Private, &root, &rows);
        assert!(matches!(erase(Hash([0; 32])), Err(EraseError::OtherRoot { .. })));
        fs::write(&path, &before[..before.len() - 1]).unwrap();
        assert!(matches!(erase(Hash([0; 32])), Err(EraseError::Manifest { .. })));
        let none = folder.path().join("none");
        assert_eq!(
            erase_rows(&RealDisk, &none, Access::Private, &Hash([0; 32]), &rows).unwrap(),
            0
        );
    }

    /// Whatever write, sync or rename fails, and in whichever way: the old manifest or the new one.
    #[test]
    fn a_fault_leaves_the_old_or_the_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("manifest");
        let rows = BTreeSet::from([2]);
        let run = |disk: FaultyDisk| {
            let (root, _) = manifest(&path);
            let _ = erase_rows(&disk, &path, Access::Private, &root, &rows);
            let reader = ManifestReader::new(BufReader::new(File::open(&path).unwrap())).unwrap();
            let totals = { reader }.read_to_end().unwrap();
            assert_eq!(totals.tree.root, root);
            assert!(totals.erased <= 1);
            // The same command finishes.
            durable::sweep(&RealDisk, folder.path()).unwrap();
            erase_rows(&RealDisk, &path, Access::Private, &root, &rows).unwrap();
            assert!(still_shown(&path, &rows).unwrap().is_empty());
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            disk.steps().len()
        };
        let steps = run(FaultyDisk::sound());
        for step in 0..steps {
            for fault in Fault::ALL {
                run(FaultyDisk::failing(step, fault));
            }
        }
    }
}
