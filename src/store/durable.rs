//! Whole files or no file: the two ways in which a store writes.
//!
//! ```text
//! write_new   temporary name → bytes → fsync → rename → fsync of the folder; the name is never
//!             overwritten: the same bytes are fine, other bytes an error
//! replace     the same, but the name may be there and then changes from one whole file to another
//! ```
//!
//! After a crash at any step the name holds the old bytes or the new ones, and at most a temporary
//! file (`.tmp-<process>-<name>`) is left over, which [`sweep`] removes. Callers hold the lock that
//! covers the folder; without it two writers of one name would still leave one of two whole files.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::disk::{Access, Action, Disk, DiskError, Fill, Listed, What};

/// How a temporary file begins. Nothing else in a store begins so.
pub const TEMPORARY_PREFIX: &str = ".tmp-";

/// The characters of a name, from its end, that its temporary name keeps: at four bytes each they fit
/// 255 with the prefix and the number of the process.
const TEMPORARY_NAME_CHARACTERS: usize = 56;

/// Whether a write changed anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The name was not there before.
    New,
    /// The name held exactly these bytes already; it is durable now in any case.
    AlreadyThere,
}

/// A file to be written with others.
#[derive(Clone, Debug)]
pub struct NewFile {
    /// Its final name.
    pub path: PathBuf,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What to do with a name that is already there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfThere {
    /// The same bytes are fine, other bytes an error.
    MustBeSame,
    /// It becomes the new file.
    Replace,
}

/// Reads a whole regular file of at most `ceiling` bytes: the one way in which a file is read as a
/// whole, be it ours or one that somebody handed over.
pub fn read(disk: &dyn Disk, path: &Path, ceiling: u64) -> Result<Vec<u8>, DiskError> {
    let refused = || DiskError::refused(Action::Read, path);
    let file = disk.open(path).map_err(refused())?;
    let length = file.metadata().map_err(refused())?.len();
    let too_long = || DiskError::TooLong { path: path.to_owned(), ceiling };
    if length > ceiling {
        return Err(too_long());
    }
    // The file may grow between the two calls: the ceiling holds for what is read, too. Room for all
    // of it at once: growing would leave copies of a private key behind in memory.
    let mut bytes = Vec::with_capacity(length as usize);
    file.take(ceiling + 1).read_to_end(&mut bytes).map_err(refused())?;
    if bytes.len() as u64 > ceiling {
        return Err(too_long());
    }
    Ok(bytes)
}

/// [`read`], where the file may be absent.
pub fn read_if_there(
    disk: &dyn Disk,
    path: &Path,
    ceiling: u64,
) -> Result<Option<Vec<u8>>, DiskError> {
    match read(disk, path, ceiling) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The names in a folder; none if there is no such folder.
pub fn list(disk: &dyn Disk, folder: &Path) -> Result<Vec<Listed>, DiskError> {
    match disk.list(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        other => other.map_err(DiskError::refused(Action::List, folder)),
    }
}

/// Writes a file once. Its folder must be there.
pub fn write_new(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
    bytes: &[u8],
) -> Result<Written, DiskError> {
    write_new_with(disk, path, access, &mut |writer| writer.write_all(bytes))
}

/// [`write_new`], with the bytes as a stream: for manifests, which may be larger than memory.
pub fn write_new_with(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
    fill: &mut Fill<'_>,
) -> Result<Written, DiskError> {
    let written = put(disk, path, access, IfThere::MustBeSame, fill)?;
    sync_folder(disk, folder_of(path))?;
    Ok(written)
}

/// Writes a file that may be there already: readers see the old bytes or the new ones.
pub fn replace(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
    bytes: &[u8],
) -> Result<(), DiskError> {
    replace_with(disk, path, access, &mut |writer| writer.write_all(bytes))
}

/// [`replace`], with the bytes as a stream.
pub fn replace_with(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
    fill: &mut Fill<'_>,
) -> Result<(), DiskError> {
    put(disk, path, access, IfThere::Replace, fill)?;
    sync_folder(disk, folder_of(path))
}

/// Writes many files below `root`, creating the folders between, and syncs each folder once. When
/// this returns every file is durable; until then any of them may be missing.
pub fn write_all(
    disk: &dyn Disk,
    root: &Path,
    access: Access,
    if_there: IfThere,
    files: &[NewFile],
) -> Result<(), DiskError> {
    let mut folders = BTreeSet::new();
    for file in files {
        let folder = folder_of(&file.path);
        if folders.insert(folder.to_owned()) {
            create_folders(disk, root, folder, access)?;
        }
    }
    put_all(disk, access, if_there, files)?;
    // A folder may have been made by a process that died before it synced the folder above, so the
    // way up is synced each time. Syncing a folder that did not change costs next to nothing.
    let way_up: BTreeSet<&Path> = folders
        .iter()
        .flat_map(|folder| folder.ancestors().take_while(|above| above.starts_with(root)))
        .collect();
    way_up.into_iter().rev().try_for_each(|folder| sync_folder(disk, folder))
}

/// Threads that write at once. Each waits for the disk nearly all of its time, and a disk takes several
/// syncs in little more time than one.
const WRITERS: usize = 8;

/// [`put`] for each file, in no order; the first refusal ends it.
fn put_all(
    disk: &dyn Disk,
    access: Access,
    if_there: IfThere,
    files: &[NewFile],
) -> Result<(), DiskError> {
    let (next, refused) = (AtomicUsize::new(0), Mutex::new(None));
    let write = || {
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            let fill = &mut |writer: &mut dyn Write| writer.write_all(&file.bytes);
            if let Err(error) = put(disk, &file.path, access, if_there, fill) {
                next.store(files.len(), Ordering::Relaxed);
                refused.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
        }
    };
    match files.len() {
        // A commit of one statement is not worth a thread.
        0..=2 => write(),
        several => thread::scope(|scope| {
            (0..several.min(WRITERS)).for_each(|_| drop(scope.spawn(write)));
        }),
    }
    refused.into_inner().unwrap_or_else(PoisonError::into_inner).map_or(Ok(()), Err)
}

/// Creates `folder` and what is missing between it and `root`, which must be there.
pub fn create_folders(
    disk: &dyn Disk,
    root: &Path,
    folder: &Path,
    access: Access,
) -> Result<(), DiskError> {
    let mut missing: Vec<&Path> = folder
        .ancestors()
        .take_while(|above| above.starts_with(root) && *above != root && !above.is_dir())
        .collect();
    while let Some(path) = missing.pop() {
        match disk.create_folder(path, access) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                return Err(DiskError::refused(Action::CreateFolder, path)(error));
            }
            _ => sync_folder(disk, folder_of(path))?,
        }
    }
    Ok(())
}

/// Removes a file for good; fine if it is not there.
pub fn remove(disk: &dyn Disk, path: &Path) -> Result<(), DiskError> {
    match disk.remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(DiskError::refused(Action::Remove, path)(error)),
        Ok(()) => sync_folder(disk, folder_of(path)),
    }
}

/// Removes a folder with everything in it, without following links; fine if it is not there.
pub fn remove_tree(disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
    for listed in list(disk, folder)? {
        let path = folder.join(&listed.name);
        match listed.what {
            What::Folder => remove_tree(disk, &path)?,
            _ => disk.remove_file(&path).map_err(DiskError::refused(Action::Remove, &path))?,
        }
    }
    match disk.remove_folder(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(DiskError::refused(Action::Remove, folder)),
    }
}

/// Removes the temporary files that a killed process left in a folder. Call it under the lock that
/// covers the folder, or it could take a file from a live writer.
pub fn sweep(disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
    for listed in list(disk, folder)? {
        if listed.what == What::File && is_temporary(&listed.name) {
            let path = folder.join(&listed.name);
            disk.remove_file(&path).map_err(DiskError::refused(Action::Remove, &path))?;
        }
    }
    Ok(())
}

/// Whether a name is one that [`sweep`] removes.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY_PREFIX)
}

/// The name under which `path` is written before it gets its own: in the same folder, so that the
/// rename stays inside one file system.
pub fn temporary_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name of the 255 bytes that file systems take would be too long with more before it.
    let cut = name.char_indices().rev().nth(TEMPORARY_NAME_CHARACTERS - 1).map_or(0, |(at, _)| at);
    path.with_file_name(format!("{TEMPORARY_PREFIX}{}-{}", std::process::id(), &name[cut..]))
}

/// Makes the names in a folder durable.
pub fn sync_folder(disk: &dyn Disk, folder: &Path) -> Result<(), DiskError> {
    disk.sync_folder(folder).map_err(DiskError::refused(Action::SyncFolder, folder))
}

/// Temporary file, fsync, rename. The caller syncs the folder.
fn put(
    disk: &dyn Disk,
    path: &Path,
    access: Access,
    if_there: IfThere,
    fill: &mut Fill<'_>,
) -> Result<Written, DiskError> {
    if if_there == IfThere::MustBeSame
        && let Some(standing) = open_if_there(disk, path)?
    {
        let mut comparison = Comparison { standing, differs: false };
        fill(&mut comparison).map_err(DiskError::refused(Action::Read, path))?;
        return match comparison.ends_here().map_err(DiskError::refused(Action::Read, path))? {
            true => Ok(Written::AlreadyThere),
            false => Err(DiskError::OtherBytes { path: path.to_owned() }),
        };
    }
    let temporary = temporary_name(path);
    let mut created = disk.create_file(&temporary, access, fill);
    if matches!(&created, Err(error) if error.kind() == io::ErrorKind::AlreadyExists) {
        // Left over by an earlier process of the same number, or by our own failed attempt.
        disk.remove_file(&temporary).map_err(DiskError::refused(Action::Remove, &temporary))?;
        created = disk.create_file(&temporary, access, fill);
    }
    let named = match created {
        Err(error) => Err(DiskError::refused(Action::Write, path)(error)),
        Ok(()) => disk.rename(&temporary, path).map_err(DiskError::refused(Action::Rename, path)),
    };
    if named.is_err() {
        // Kindness only: what stays is swept later, and the first error is the one to tell.
        let _ = disk.remove_file(&temporary);
    }
    named.map(|()| Written::New)
}

fn open_if_there(disk: &dyn Disk, path: &Path) -> Result<Option<impl Read + use<>>, DiskError> {
    match disk.open(path) {
        Ok(file) => Ok(Some(io::BufReader::with_capacity(1 << 16, file))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DiskError::refused(Action::Read, path)(error)),
    }
}

/// Takes the bytes that would be written and compares them with those that stand.
struct Comparison<R> {
    standing: R,
    differs: bool,
}

impl<R: Read> Comparison<R> {
    fn ends_here(&mut self) -> io::Result<bool> {
        Ok(!self.differs && self.standing.read(&mut [0])? == 0)
    }
}

impl<R: Read> Write for Comparison<R> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut standing = [0; 4096];
        for chunk in bytes.chunks(standing.len()) {
            let standing = &mut standing[..chunk.len()];
            match self.standing.read_exact(standing) {
                Ok(()) => self.differs |= *standing != *chunk,
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => self.differs = true,
                Err(error) => return Err(error),
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests;
