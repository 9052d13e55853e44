//! One writer at a time: the lock on a store, and on an outside record.
//!
//! The operating system holds the lock for as long as the file stays open, so a killed process
//! leaves none behind, though the system may take a moment to notice: a writer waits a little before
//! it gives up. Inside the file stands who holds it, for people only. Readers never touch it.
//!
//! ```text
//! treering/lock/v1
//! pid 4711
//! command treering add photos
//! since 2026-03-01T10:00:00Z
//! ```

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use thiserror::Error;

use super::disk::{Action, DiskError};
use super::record::{RecordError, RecordReader, read_time, time_text};

/// How long a writer waits for another: longer than a killed process lingers (measured: up to two
/// seconds with a large heap), shorter than a person's patience.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(25);

/// Bytes of a lock file: four short lines. Whatever is longer is not ours and is not shown.
const CEILING: u64 = 1_000;

const FORMAT: &str = "treering/lock/v1";

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Number of the process.
    pub pid: u32,
    /// What it runs, in one line.
    pub command: String,
    /// Since when it has the lock.
    pub since: Timestamp,
}

/// A lock that is held until this is dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
}

/// Why there is no lock.
#[derive(Debug, Error)]
pub enum LockError {
    /// Another process has it and did not let go in time.
    #[error("{} is locked by {}", path.display(), shown(holder))]
    Held {
        /// The lock file.
        path: PathBuf,
        /// What the lock file says, if it could be read.
        holder: Option<Holder>,
    },
    /// The file system cannot lock, or the file cannot be made.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl LockError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            LockError::Held { .. } => {
                "wait until it has finished, then run the same command".into()
            }
            LockError::Disk(DiskError::Refused { source, .. })
                if source.kind() == std::io::ErrorKind::Unsupported =>
            {
                "this file system cannot lock files: keep a store that writes on a local disk"
                    .into()
            }
            LockError::Disk(error) => error.next_step(),
        }
    }
}

fn shown(holder: &Option<Holder>) -> String {
    match holder {
        Some(holder) => holder.to_string(),
        None => "another process".into(),
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Holder { pid, command, since } = self;
        write!(f, "process {pid} ({command}) since {}", time_text(*since))
    }
}

impl Holder {
    /// This process. `command` is shown to others who wait; keep secrets out of it.
    pub fn this_process(command: &str) -> Holder {
        let one_line = command.chars().map(|c| if c.is_control() { ' ' } else { c });
        Holder {
            pid: std::process::id(),
            command: one_line.take(200).collect(),
            since: Timestamp::now(),
        }
    }

    fn print(&self) -> String {
        let Holder { pid, command, since } = self;
        format!("{FORMAT}\npid {pid}\ncommand {command}\nsince {}\n", time_text(*since))
    }

    fn parse(bytes: &[u8]) -> Result<Holder, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let pid = reader.parsed("pid", |text| text.parse().ok())?;
        let command = reader.value("command")?.to_owned();
        let since = reader.parsed("since", read_time)?;
        let holder = Holder { pid, command, since };
        reader.end(bytes, &holder.print())?;
        Ok(holder)
    }
}

impl Lock {
    /// Takes the lock at `path`, waiting up to `patience` for another holder. Its folder must exist.
    pub fn take(path: &Path, holder: &Holder, patience: Duration) -> Result<Lock, LockError> {
        let refused = || DiskError::refused(Action::Lock, path);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(path).map_err(refused())?;
        let give_up = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(refused()(error).into()),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => {
                    let path = path.to_owned();
                    return Err(LockError::Held { path, holder: read_holder(&mut file) });
                }
            }
        }
        // Information for people, so neither synced nor essential: the lock is held either way.
        let _ = rewrite(&mut file, holder.print().as_bytes());
        Ok(Lock { file, path: path.to_owned() })
    }

    /// The file that is locked.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Lock {
    /// The lock goes with the file handle; the file stays, because removing it would let two
    /// processes lock two files of one name.
    fn drop(&mut self) {
        let _ = rewrite(&mut self.file, b"");
    }
}

fn rewrite(file: &mut File, bytes: &[u8]) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(bytes)
}

/// On Windows a locked file cannot be read by others: then nobody is named.
fn read_holder(file: &mut File) -> Option<Holder> {
    let mut bytes = Vec::new();
    file.rewind().ok()?;
    file.take(CEILING).read_to_end(&mut bytes).ok()?;
    Holder::parse(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holder() -> Holder {
        let since = "2026-03-01T10:00:00Z".parse().unwrap();
        Holder { pid: 4711, command: "treering add photos".into(), since }
    }

    #[test]
    fn the_second_waits_and_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, &holder(), Duration::ZERO).unwrap();
        let patience = Duration::from_millis(120);
        let start = Instant::now();
        let refusal = Lock::take(&path, &holder(), patience).unwrap_err();
        assert!(start.elapsed() >= patience);
        if cfg!(unix) {
            let text = refusal.to_string();
            let who = "locked by process 4711 (treering add photos) since 2026-03-01T10:00:00Z";
            assert!(text.ends_with(who), "{text}");
        }
        drop(first);
        Lock::take(&path, &holder(), Duration::ZERO).unwrap();
    }

    #[test]
    fn a_lock_freed_in_time_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let first = Lock::take(&path, &holder(), Duration::ZERO).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(60));
                drop(first);
            });
            Lock::take(&path, &holder(), PATIENCE).unwrap();
        });
    }

    #[test]
    fn a_strange_lock_file_names_nobody_but_locks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _first = Lock::take(&path, &holder(), Duration::ZERO).unwrap();
        std::fs::write(&path, b"something else\n").unwrap();
        let refusal = Lock::take(&path, &holder(), Duration::ZERO).unwrap_err();
        assert!(matches!(refusal, LockError::Held { holder: None, .. }));
    }

    #[test]
    fn the_text_is_one_line_each() {
        let this = Holder::this_process("treering add a\nb");
        assert_eq!(this.command, "treering add a b");
        let whole = Holder { since: holder().since, ..this };
        assert_eq!(Holder::parse(whole.print().as_bytes()), Ok(whole));
    }
}
