//! The folder walk: every regular file under the paths a person names, in one fixed order.
//!
//! What a walk leaves out it names: a record that drops files silently would be worth less than
//! none. No ignore file of any tool is read (a `.gitignore` must not decide what is evidence), and
//! no symbolic link is followed (it could lead out of the site, or round in a circle).

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use walkdir::WalkDir;

use super::path::{PathError, RowPath};

/// The folder name of a store. Whatever is inside is never evidence: it holds keys and salts.
pub const STORE_FOLDER: &str = ".treering";

/// The folders that decide what paths are relative to and what is never evidence.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The folder that holds `.treering`; paths inside it are relative to it.
    pub site: Option<PathBuf>,
    /// The store itself, when it has another name than [`STORE_FOLDER`].
    pub store: Option<PathBuf>,
}

/// What a walk found and what it left out.
#[derive(Debug, Default)]
pub struct Walk {
    /// The regular files, by path bytes, each once however often the arguments cover it.
    pub files: Vec<Found>,
    /// What was left out, by place.
    pub skipped: Vec<Skipped>,
}

/// A regular file, as it looked when the walk passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    base: Arc<Path>,
    /// The path its row will carry.
    pub path: RowPath,
    /// Size and time of last change at the moment of the walk.
    pub stamp: Stamp,
}

/// By what a file is taken for unchanged: as every copying tool does, and no more than that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Length in bytes.
    pub size: u64,
    /// Time of last change in (seconds, nanoseconds) since 1970, where the file system has one.
    pub modified: Option<(i64, u32)>,
}

/// Something in the way of the walk that does not become a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub place: PathBuf,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// Why something was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// A symbolic link: not followed.
    Symlink,
    /// A named pipe, socket or device: reading it might never end.
    Special(&'static str),
    /// `.DS_Store` or `Thumbs.db`: the desktop's notes, not the ranger's.
    Desktop,
    /// A store: keys, salts and ledgers are never evidence.
    Store,
    /// Nothing is there.
    Missing,
    /// A folder or entry that could not be read.
    Unreadable(io::ErrorKind),
    /// A name that a row cannot carry.
    Name(PathError),
}

impl SkipReason {
    /// Whether evidence may have been missed, so that the run is incomplete; the others are
    /// left out on purpose.
    pub fn is_problem(&self) -> bool {
        matches!(self, SkipReason::Missing | SkipReason::Unreadable(_) | SkipReason::Name(_))
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Symlink => f.write_str("symbolic link, not followed"),
            SkipReason::Special(kind) => write!(f, "{kind}, not a file"),
            SkipReason::Desktop => f.write_str("written by the desktop, not evidence"),
            SkipReason::Store => f.write_str("a treering store, never evidence"),
            SkipReason::Missing => f.write_str("nothing is there"),
            SkipReason::Unreadable(kind) => write!(f, "cannot be read: {kind}"),
            SkipReason::Name(error) => write!(f, "{error}"),
        }
    }
}

/// The walk was told to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("interrupted")]
pub struct Interrupted;

impl Found {
    /// A file under `base`; its path is relative to that folder.
    pub fn new(base: Arc<Path>, path: RowPath, stamp: Stamp) -> Found {
        Found { base, path, stamp }
    }

    /// Where the file is.
    pub fn place(&self) -> PathBuf {
        // The path was made from a name on this very disk, so the way back exists.
        self.path.under(&self.base).expect("walk: a name found here must name a file here")
    }
}

impl Stamp {
    /// The stamp of a file's metadata.
    pub fn of(metadata: &Metadata) -> Stamp {
        let since_epoch = |time: SystemTime| match time.duration_since(UNIX_EPOCH) {
            Ok(after) => (i64::try_from(after.as_secs()).unwrap_or(i64::MAX), after.subsec_nanos()),
            // Before 1970 the pair counts down: (−1, 0) is one second before.
            Err(before) => {
                let before = before.duration();
                let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
                (-seconds, before.subsec_nanos())
            }
        };
        Stamp { size: metadata.len(), modified: metadata.modified().ok().map(since_epoch) }
    }
}

/// Walks `arguments`, files or folders, and lists every regular file once.
///
/// A path is relative to `places.site` if the file is inside it, else to the argument's parent.
/// Arguments that do not exist are listed as [`SkipReason::Missing`]; a walk that finds no file at
/// all is an answer, not an error.
pub fn walk(
    arguments: &[PathBuf],
    places: &Places,
    cancel: &AtomicBool,
) -> Result<Walk, Interrupted> {
    let canonical = |place: &Option<PathBuf>| place.as_ref().and_then(|p| p.canonicalize().ok());
    let (site, store) = (canonical(&places.site), canonical(&places.store));
    let mut skipped: BTreeMap<PathBuf, SkipReason> = BTreeMap::new();
    let mut roots: Vec<PathBuf> = Vec::new();
    for argument in arguments {
        match argument_root(argument) {
            Ok(root) => roots.push(root),
            Err(reason) => {
                skipped.insert(argument.clone(), reason);
            }
        }
    }
    // Where arguments overlap, the outermost comes first and names the file: its path says more
    // about where the file lay.
    roots.sort();
    roots.dedup();
    let mut seen: HashSet<PathBuf> = HashSet::new();
    let mut files: Vec<Found> = Vec::new();
    for (index, root) in roots.iter().enumerate() {
        let first = files.len();
        let tree = Tree { base: base_of(root, site.as_deref()), store: store.as_deref(), cancel };
        tree.walk(root, &mut files, &mut skipped)?;
        if roots[..index].iter().any(|outer| root.starts_with(outer)) {
            let inner = files.split_off(first);
            seen.extend(files.iter().map(Found::place));
            files.extend(inner.into_iter().filter(|found| seen.insert(found.place())));
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.base.cmp(&b.base)));
    let skipped = skipped.into_iter().map(|(place, reason)| Skipped { place, reason }).collect();
    Ok(Walk { files, skipped })
}

/// The argument's place with its parents resolved, unless the argument itself is a link.
fn argument_root(argument: &Path) -> Result<PathBuf, SkipReason> {
    let metadata = argument.symlink_metadata().map_err(|error| unreadable(&error))?;
    if metadata.file_type().is_symlink() {
        return Err(SkipReason::Symlink);
    }
    argument.canonicalize().map_err(|error| unreadable(&error))
}

/// The folder that paths under `root` are relative to.
fn base_of(root: &Path, site: Option<&Path>) -> Arc<Path> {
    match site {
        Some(site) if root.starts_with(site) => site.into(),
        // The root of a file system has no parent and stands for itself.
        _ => root.parent().unwrap_or(root).into(),
    }
}

/// One argument's part of the walk.
struct Tree<'a> {
    base: Arc<Path>,
    store: Option<&'a Path>,
    cancel: &'a AtomicBool,
}

impl Tree<'_> {
    fn walk(
        &self,
        root: &Path,
        files: &mut Vec<Found>,
        skipped: &mut BTreeMap<PathBuf, SkipReason>,
    ) -> Result<(), Interrupted> {
        // An argument inside a store: nothing in there is looked at.
        if let Some(inside) = root.ancestors().find(|folder| self.is_store(folder)) {
            skipped.insert(inside.to_path_buf(), SkipReason::Store);
            return Ok(());
        }
        let mut entries = WalkDir::new(root).follow_root_links(false).into_iter();
        while let Some(entry) = entries.next() {
            if self.cancel.load(Ordering::Relaxed) {
                return Err(Interrupted);
            }
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let place = error.path().unwrap_or(root).to_path_buf();
                    let reason = match error.io_error() {
                        Some(error) => unreadable(error),
                        // Only a loop of followed links has no I/O error, and none is followed.
                        None => SkipReason::Symlink,
                    };
                    skipped.insert(place, reason);
                    continue;
                }
            };
            let place = entry.path();
            let is_folder = entry.file_type().is_dir();
            if is_folder && self.is_store(place) {
                skipped.insert(place.to_path_buf(), SkipReason::Store);
                entries.skip_current_dir();
            } else if !is_folder {
                match self.file(place, entry.file_type(), || entry.metadata()) {
                    Ok(found) => files.push(found),
                    Err(reason) => {
                        skipped.insert(place.to_path_buf(), reason);
                    }
                }
            }
        }
        Ok(())
    }

    fn is_store(&self, folder: &Path) -> bool {
        self.store == Some(folder) || folder.file_name().is_some_and(|name| name == STORE_FOLDER)
    }

    fn file(
        &self,
        place: &Path,
        kind: FileType,
        metadata: impl FnOnce() -> walkdir::Result<Metadata>,
    ) -> Result<Found, SkipReason> {
        if kind.is_symlink() {
            return Err(SkipReason::Symlink);
        }
        if !kind.is_file() {
            return Err(SkipReason::Special(special_kind(kind)));
        }
        if place.file_name().is_some_and(written_by_desktop) {
            return Err(SkipReason::Desktop);
        }
        let path = RowPath::relative(&self.base, place).map_err(SkipReason::Name)?;
        let metadata = metadata().map_err(|error| match error.io_error() {
            Some(error) => unreadable(error),
            None => SkipReason::Missing,
        })?;
        Ok(Found::new(self.base.clone(), path, Stamp::of(&metadata)))
    }
}

fn written_by_desktop(name: &std::ffi::OsStr) -> bool {
    name == ".DS_Store" || name.eq_ignore_ascii_case("Thumbs.db")
}

fn unreadable(error: &io::Error) -> SkipReason {
    match error.kind() {
        io::ErrorKind::NotFound => SkipReason::Missing,
        kind => SkipReason::Unreadable(kind),
    }
}

#[cfg(unix)]
fn special_kind(kind: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt;
    if kind.is_fifo() {
        "named pipe"
    } else if kind.is_socket() {
        "socket"
    } else {
        "device"
    }
}

#[cfg(not(unix))]
fn special_kind(_: FileType) -> &'static str {
    "device"
}
