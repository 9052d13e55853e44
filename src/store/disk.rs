//! The few primitive steps by which a store changes, each durable or not done.
//!
//! A power cut may fall between any two steps, never inside the promise of one: a file created here
//! has its bytes on the disk before anybody gives it its final name; a name is certain once its
//! folder is synced. Everything above (`durable`, heads, tiles, keys) is made of
//! these steps and of nothing else, so a test that interrupts every step has seen every crash: that
//! is what the second implementation, [`faulty::FaultyDisk`], is for.
//!
//! What is assumed of the disk: fsync means what POSIX says (macOS: `F_FULLFSYNC`); a rename inside
//! one file system is atomic; what was synced does not rot silently (an audit finds that).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

pub mod faulty;

/// Who may read what is created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody this computer lets: the public folder of a ledger (0644, folders 0755, less the umask).
    Public,
    /// Its owner alone: keys, salts, heads (0600, folders 0700). On Windows the folder's own
    /// access list decides; a profile folder is private there.
    Private,
}

/// Writes the contents of a file that is being created.
pub type Fill<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The name, if it is Unicode; names that treering writes are plain ASCII.
    pub name: String,
    /// What stands there. Symbolic links are not followed.
    pub what: What,
}

/// What a name in a folder stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// Anything else: a link, a socket, a device.
    Other,
}

/// The disk as a store uses it: six durable steps and two ways of reading.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Creates a file that does not exist, writes what `fill` gives and syncs it. `fill` runs at
    /// most once, and not at all if the name is taken. If this fails a partial file may stand there.
    fn create_file(&self, path: &Path, access: Access, fill: &mut Fill<'_>) -> io::Result<()>;
    /// Gives a file or folder another name on the same file system, replacing a file that has it.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Makes the names in a folder durable: created, renamed and removed ones.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;
    /// Creates one folder that does not exist, inside one that does.
    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()>;
    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;
    /// Removes an empty folder.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Opens a regular file for reading, or what a link to one leads to; never waits for a pipe.
    fn open(&self, path: &Path) -> io::Result<File>;
    /// The names in a folder, sorted, without those that are not Unicode.
    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>>;
}

/// The file system of this computer.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create_file(&self, path: &Path, access: Access, fill: &mut Fill<'_>) -> io::Result<()> {
        write_new(path, access, fill)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        sync_folder(folder)
    }

    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()> {
        let mut builder = fs::DirBuilder::new();
        restrict_folder(&mut builder, access);
        builder.create(folder)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        // Looked at before it is opened, because opening a pipe waits for its other end, and after,
        // because another file may have taken the name in between.
        need_regular(&fs::metadata(path)?)?;
        let file = File::open(path)?;
        need_regular(&file.metadata()?)?;
        Ok(file)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let what = match (kind.is_file(), kind.is_dir()) {
                (true, _) => What::File,
                (_, true) => What::Folder,
                _ => What::Other,
            };
            if let Ok(name) = entry.file_name().into_string() {
                listed.push(Listed { name, what });
            }
        }
        listed.sort();
        Ok(listed)
    }
}

/// Refuses what is read without end or not at all: a folder opens on Unix and fails only when read, a
/// device may never end.
fn need_regular(metadata: &fs::Metadata) -> io::Result<()> {
    match (metadata.is_file(), metadata.is_dir()) {
        (true, _) => Ok(()),
        (_, true) => Err(io::ErrorKind::IsADirectory.into()),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, NotRegular)),
    }
}

/// Something stands under the name that is neither file nor folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it is a pipe, a device or a socket, and no regular file")]
pub struct NotRegular;

/// Everything that [`Disk::create_file`] does, up to the syncing.
fn write_new(path: &Path, access: Access, fill: &mut Fill<'_>) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    restrict_file(&mut options, access);
    let mut writer = BufWriter::with_capacity(1 << 16, options.open(path)?);
    fill(&mut writer)?;
    writer.into_inner().map_err(|error| error.into_error())
}

#[cfg(unix)]
fn restrict_file(options: &mut OpenOptions, access: Access) {
    use std::os::unix::fs::OpenOptionsExt;
    options.mode(match access {
        Access::Public => 0o644,
        Access::Private => 0o600,
    });
}

#[cfg(unix)]
fn restrict_folder(builder: &mut fs::DirBuilder, access: Access) {
    use std::os::unix::fs::DirBuilderExt;
    builder.mode(match access {
        Access::Public => 0o755,
        Access::Private => 0o700,
    });
}

#[cfg(not(unix))]
fn restrict_file(_: &mut OpenOptions, _: Access) {}

#[cfg(not(unix))]
fn restrict_folder(_: &mut fs::DirBuilder, _: Access) {}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        // Some file systems (network shares, FUSE) have no notion of syncing a folder and say so.
        // There is nothing more that a program can do there.
        Err(error)
            if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported) =>
        {
            Ok(())
        }
        other => other,
    }
}

/// NTFS journals names by itself and Windows lets no program sync a folder.
#[cfg(not(unix))]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::metadata(folder).map(|_| ())
}

/// What was being done to a path when the disk refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reading a file.
    Read,
    /// Writing a file.
    Write,
    /// Giving a file or folder its name.
    Rename,
    /// Making a folder's names durable.
    SyncFolder,
    /// Creating a folder.
    CreateFolder,
    /// Removing a file or folder.
    Remove,
    /// Listing a folder.
    List,
    /// Locking a file.
    Lock,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Read => "read",
            Action::Write => "write",
            Action::Rename => "rename",
            Action::SyncFolder => "sync",
            Action::CreateFolder => "create the folder",
            Action::Remove => "remove",
            Action::List => "list",
            Action::Lock => "lock",
        })
    }
}

/// The disk refused, or held something else than what it should.
#[derive(Debug, Error)]
pub enum DiskError {
    /// The operating system's refusal, with the path it is about.
    #[error("cannot {action} {}: {source}", path.display())]
    Refused {
        /// What was tried.
        action: Action,
        /// On what.
        path: PathBuf,
        /// The refusal.
        source: io::Error,
    },
    /// A file is longer than anything treering writes under that name.
    #[error("{} is longer than the {ceiling} bytes such a file may have", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes a file of this kind may have.
        ceiling: u64,
    },
    /// A name that is written once holds other bytes.
    #[error("{} already holds other bytes", path.display())]
    OtherBytes {
        /// The file.
        path: PathBuf,
    },
}

impl DiskError {
    /// Attaches what was done and where to the system's refusal.
    pub fn refused(action: Action, path: &Path) -> impl FnOnce(io::Error) -> DiskError {
        let path = path.to_owned();
        move |source| DiskError::Refused { action, path, source }
    }

    /// Whether the thing is simply not there.
    pub fn is_not_found(&self) -> bool {
        matches!(self, DiskError::Refused { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Whether something is there that is no regular file.
    pub fn is_not_regular(&self) -> bool {
        let DiskError::Refused { source, .. } = self else { return false };
        source.kind() == io::ErrorKind::IsADirectory
            || source.get_ref().is_some_and(|inner| inner.is::<NotRegular>())
    }

    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        let DiskError::Refused { path, source, .. } = self else {
            return match self {
                DiskError::TooLong { path, .. } => format!(
                    "look at {}: it is not what treering wrote; restore it from a copy",
                    path.display()
                ),
                _ => "treering did not overwrite it; move it away if you know what it is, or run `treering audit`".into(),
            };
        };
        let place = path.parent().unwrap_or(path).display();
        match source.kind() {
            io::ErrorKind::PermissionDenied => {
                format!("give your user access to {place}, or run as the user who owns it")
            }
            io::ErrorKind::ReadOnlyFilesystem => {
                format!("{place} is mounted read-only: make it writable or use another folder")
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                format!("make room on the disk of {place}, then run the same command again")
            }
            io::ErrorKind::NotFound => format!("check that {place} is there and connected"),
            _ if self.is_not_regular() => format!("put a regular file at {}", path.display()),
            _ => "nothing acknowledged is lost; check the disk, then run the same command again"
                .into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_created_once_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let mut fill = |writer: &mut dyn Write| writer.write_all(b"ring");
        RealDisk.create_file(&path, Access::Private, &mut fill).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"ring");
        let again = RealDisk.create_file(&path, Access::Private, &mut fill).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::AlreadyExists);
    }

    #[cfg(unix)]
    #[test]
    fn private_means_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let (file, inner) = (folder.path().join("file"), folder.path().join("folder"));
        RealDisk.create_file(&file, Access::Private, &mut |_| Ok(())).unwrap();
        RealDisk.create_folder(&inner, Access::Private).unwrap();
        assert_eq!((mode(&file), mode(&inner)), (0o600, 0o700));
    }

    #[test]
    fn a_folder_is_not_read_as_a_file() {
        let folder = tempfile::tempdir().unwrap();
        assert!(RealDisk.open(folder.path()).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn a_device_or_socket_is_not_read_as_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for path in [Path::new("/dev/zero"), &socket] {
            let refused = RealDisk.open(path).map_err(DiskError::refused(Action::Read, path));
            assert!(refused.unwrap_err().is_not_regular(), "{}", path.display());
        }
    }

    #[test]
    fn lists_names_in_order() {
        let folder = tempfile::tempdir().unwrap();
        RealDisk.create_folder(&folder.path().join("b"), Access::Public).unwrap();
        RealDisk.create_file(&folder.path().join("a"), Access::Public, &mut |_| Ok(())).unwrap();
        let listed = RealDisk.list(folder.path()).unwrap();
        assert_eq!(
            listed,
            [
                Listed { name: "a".into(), what: What::File },
                Listed { name: "b".into(), what: What::Folder }
            ]
        );
    }

    #[test]
    fn a_refusal_names_the_path_and_what_to_do() {
        for (kind, advice) in [
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::ReadOnlyFilesystem, "mounted read-only"),
            (io::ErrorKind::PermissionDenied, "give your user access"),
        ] {
            let error =
                DiskError::refused(Action::Write, Path::new("/park/store/head"))(kind.into());
            assert!(error.to_string().contains("cannot write /park/store/head"), "{error}");
            let next = error.next_step();
            assert!(next.contains(advice) && next.contains("/park/store"), "{next}");
        }
    }
}
