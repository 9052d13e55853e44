//! A disk that fails on purpose, for crash tests of this crate and of programs built on it.
//!
//! It does real work in real folders, counts its durable steps and misbehaves at one of them. A test
//! runs a story once to learn how many steps it has, then once for each step and each [`Fault`],
//! and looks at what is left. Its power cuts are pretended, so it waits for no hardware: syncing only
//! decides what they take.
//!
//! ```text
//! let steps = count(|disk| story(disk));
//! for step in 0..steps { for fault in Fault::ALL { story(FaultyDisk::failing(step, fault)); reopen } }
//! ```

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Access, Disk, Fill, Listed, RealDisk, write_new};

/// How the chosen step goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The step is not done and reports an error; the disk then works again.
    ErrorNotDone,
    /// The step is done and reports an error; the disk then works again.
    ErrorDone,
    /// From this step on there is no room: files end half-written, folders are not made.
    NoSpace,
    /// The power goes before the step; what was done before stays, synced or not.
    PowerOffNotDone,
    /// The power goes just after the step.
    PowerOffDone,
    /// The power goes in the middle of the step: a file being created is left with half its bytes.
    PowerOffTorn,
    /// The power goes before the step, and every name that was not synced is as it was before.
    PowerOffUnsyncedLost,
    /// The power goes just after the step, and every name that was not synced is as it was before.
    PowerOffDoneUnsyncedLost,
}

impl Fault {
    /// Every way of failing.
    pub const ALL: [Fault; 8] = [
        Fault::ErrorNotDone,
        Fault::ErrorDone,
        Fault::NoSpace,
        Fault::PowerOffNotDone,
        Fault::PowerOffDone,
        Fault::PowerOffTorn,
        Fault::PowerOffUnsyncedLost,
        Fault::PowerOffDoneUnsyncedLost,
    ];

    fn cuts_power(self) -> bool {
        !matches!(self, Fault::ErrorNotDone | Fault::ErrorDone | Fault::NoSpace)
    }

    fn loses_unsynced(self) -> bool {
        matches!(self, Fault::PowerOffUnsyncedLost | Fault::PowerOffDoneUnsyncedLost)
    }
}

/// A real disk with one fault in it.
#[derive(Debug)]
pub struct FaultyDisk {
    plan: Option<(usize, Fault)>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    steps: Vec<String>,
    power_off: bool,
    full: bool,
    unsynced: Vec<Change>,
}

/// A change of names that its folder has not synced, and what undoes it.
#[derive(Debug)]
struct Change {
    folder: PathBuf,
    undo: Undo,
}

#[derive(Debug)]
enum Undo {
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
    RestoreFile(PathBuf, Vec<u8>),
    RestoreFolder(PathBuf),
    RenameBack { from: PathBuf, to: PathBuf, replaced: Option<Vec<u8>> },
}

/// What the plan says about the step at hand.
enum Course {
    Sound,
    Fail { fault: Fault, error: io::Error },
}

impl FaultyDisk {
    /// A disk without a fault, to count the steps of a story.
    pub fn sound() -> FaultyDisk {
        FaultyDisk { plan: None, state: Mutex::default() }
    }

    /// A disk that fails at durable step number `step`, counted from 0.
    pub fn failing(step: usize, fault: Fault) -> FaultyDisk {
        FaultyDisk { plan: Some((step, fault)), state: Mutex::default() }
    }

    /// Durable steps tried so far, each in words.
    pub fn steps(&self) -> Vec<String> {
        self.state().steps.clone()
    }

    /// Whether the fault has struck.
    pub fn has_struck(&self) -> bool {
        self.plan.is_some_and(|(step, _)| self.state().steps.len() > step)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, state: &mut State, step: String, grows: bool) -> io::Result<Course> {
        if state.power_off {
            return Err(io::Error::other("the power is off (crash test)"));
        }
        let number = state.steps.len();
        state.steps.push(step);
        match self.plan {
            Some((at, fault)) if at == number => {
                state.power_off = fault.cuts_power();
                state.full = fault == Fault::NoSpace;
                let error = match fault {
                    Fault::NoSpace if !grows => return Ok(Course::Sound),
                    Fault::NoSpace => io::ErrorKind::StorageFull.into(),
                    _ => io::Error::other(format!("{fault:?} at step {number} (crash test)")),
                };
                Ok(Course::Fail { fault, error })
            }
            _ if state.full && grows => {
                Ok(Course::Fail { fault: Fault::NoSpace, error: io::ErrorKind::StorageFull.into() })
            }
            _ => Ok(Course::Sound),
        }
    }

    /// Runs one step that is either done or not.
    fn step(
        &self,
        name: String,
        grows: bool,
        run: impl FnOnce(&mut State) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut state = self.state();
        match self.begin(&mut state, name, grows)? {
            Course::Sound => run(&mut state),
            Course::Fail { fault, error } => {
                if matches!(
                    fault,
                    Fault::ErrorDone | Fault::PowerOffDone | Fault::PowerOffDoneUnsyncedLost
                ) {
                    run(&mut state)?;
                }
                if fault.loses_unsynced() {
                    state.lose_unsynced();
                }
                Err(error)
            }
        }
    }

    fn refuse_without_power(&self) -> io::Result<()> {
        match self.state().power_off {
            true => Err(io::Error::other("the power is off (crash test)")),
            false => Ok(()),
        }
    }
}

impl State {
    fn changed(&mut self, path: &Path, undo: Undo) {
        self.unsynced.push(Change { folder: folder_of(path), undo });
    }

    /// The folders return to the names they had when they were last synced.
    fn lose_unsynced(&mut self) {
        while let Some(change) = self.unsynced.pop() {
            // A crash test that cannot make its crash must stop: these are its own folders.
            let undone = match change.undo {
                Undo::RemoveFile(path) => fs::remove_file(path),
                // With what others put in it by other means: a lock, an index.
                Undo::RemoveFolder(path) => fs::remove_dir_all(path),
                Undo::RestoreFile(path, bytes) => fs::write(path, bytes),
                Undo::RestoreFolder(path) => fs::create_dir(path),
                Undo::RenameBack { from, to, replaced } => {
                    fs::rename(&to, &from).and_then(|()| match replaced {
                        Some(bytes) => fs::write(&to, bytes),
                        None => Ok(()),
                    })
                }
            };
            undone.expect("crash test: cannot take back an unsynced change");
        }
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().unwrap_or(Path::new("")).to_owned()
}

impl Disk for FaultyDisk {
    fn create_file(&self, path: &Path, access: Access, fill: &mut Fill<'_>) -> io::Result<()> {
        let mut state = self.state();
        let course = self.begin(&mut state, format!("create {}", path.display()), true)?;
        if path.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        let (kept, result) = match course {
            Course::Sound => (Some(bytes.len()), Ok(())),
            Course::Fail { fault, error } => {
                let kept = match fault {
                    Fault::ErrorNotDone | Fault::PowerOffNotDone | Fault::PowerOffUnsyncedLost => {
                        None
                    }
                    Fault::NoSpace | Fault::PowerOffTorn => Some(bytes.len() / 2),
                    Fault::ErrorDone | Fault::PowerOffDone | Fault::PowerOffDoneUnsyncedLost => {
                        Some(bytes.len())
                    }
                };
                (kept, Err((fault, error)))
            }
        };
        if let Some(kept) = kept {
            write_new(path, access, &mut |writer| writer.write_all(&bytes[..kept]))?;
            state.changed(path, Undo::RemoveFile(path.to_owned()));
        }
        result.map_err(|(fault, error)| {
            if fault.loses_unsynced() {
                state.lose_unsynced();
            }
            error
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(format!("rename {} to {}", from.display(), to.display()), false, |state| {
            let replaced = match to.is_file() {
                true => Some(fs::read(to)?),
                false => None,
            };
            RealDisk.rename(from, to)?;
            let undo = Undo::RenameBack { from: from.to_owned(), to: to.to_owned(), replaced };
            state.changed(to, undo);
            Ok(())
        })
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(format!("sync {}", folder.display()), false, |state| {
            fs::read_dir(folder)?;
            state.unsynced.retain(|change| change.folder != folder);
            Ok(())
        })
    }

    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()> {
        self.step(format!("create folder {}", folder.display()), true, |state| {
            RealDisk.create_folder(folder, access)?;
            state.changed(folder, Undo::RemoveFolder(folder.to_owned()));
            Ok(())
        })
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step(format!("remove {}", path.display()), false, |state| {
            let bytes = fs::read(path)?;
            RealDisk.remove_file(path)?;
            state.changed(path, Undo::RestoreFile(path.to_owned(), bytes));
            Ok(())
        })
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(format!("remove folder {}", folder.display()), false, |state| {
            RealDisk.remove_folder(folder)?;
            state.changed(folder, Undo::RestoreFolder(folder.to_owned()));
            Ok(())
        })
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        self.refuse_without_power()?;
        RealDisk.open(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        self.refuse_without_power()?;
        RealDisk.list(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_files(disk: &FaultyDisk, folder: &Path) -> io::Result<()> {
        let (temporary, name) = (folder.join("t"), folder.join("name"));
        disk.create_file(&temporary, Access::Public, &mut |w| w.write_all(b"whole"))?;
        disk.rename(&temporary, &name)?;
        disk.sync_folder(folder)
    }

    fn left_by(step: usize, fault: Fault) -> Vec<(String, Vec<u8>)> {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("name"), b"old").unwrap();
        let disk = FaultyDisk::failing(step, fault);
        two_files(&disk, folder.path()).unwrap_err();
        assert!(disk.has_struck());
        RealDisk
            .list(folder.path())
            .unwrap()
            .into_iter()
            .map(|listed| (listed.name.clone(), fs::read(folder.path().join(listed.name)).unwrap()))
            .collect()
    }

    fn files(expected: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
        expected.iter().map(|(name, bytes)| ((*name).into(), bytes.as_bytes().into())).collect()
    }

    #[test]
    fn a_sound_disk_counts() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::sound();
        two_files(&disk, folder.path()).unwrap();
        assert_eq!(disk.steps().len(), 3);
        assert!(!disk.has_struck());
    }

    #[test]
    fn each_fault_leaves_what_it_says() {
        let (old, both) = (files(&[("name", "old")]), files(&[("name", "old"), ("t", "whole")]));
        let new = files(&[("name", "whole")]);
        assert_eq!(left_by(0, Fault::PowerOffNotDone), old);
        assert_eq!(left_by(0, Fault::PowerOffDone), both);
        assert_eq!(left_by(0, Fault::PowerOffDoneUnsyncedLost), old);
        assert_eq!(left_by(0, Fault::PowerOffTorn), files(&[("name", "old"), ("t", "wh")]));
        assert_eq!(left_by(0, Fault::NoSpace), files(&[("name", "old"), ("t", "wh")]));
        assert_eq!(left_by(1, Fault::ErrorNotDone), both);
        assert_eq!(left_by(1, Fault::ErrorDone), new);
        // Between the rename and the sync of its folder both names are possible.
        assert_eq!(left_by(2, Fault::PowerOffNotDone), new);
        assert_eq!(left_by(2, Fault::PowerOffUnsyncedLost), old);
        assert_eq!(left_by(2, Fault::PowerOffDoneUnsyncedLost), new);
    }

    #[test]
    fn without_power_nothing_works() {
        let folder = tempfile::tempdir().unwrap();
        let disk = FaultyDisk::failing(0, Fault::PowerOffDone);
        assert!(disk.create_folder(&folder.path().join("a"), Access::Public).is_err());
        assert!(disk.list(folder.path()).is_err());
        assert!(disk.sync_folder(folder.path()).is_err());
        assert_eq!(disk.steps().len(), 1);
    }

    #[test]
    fn a_full_disk_stays_full_but_lets_go() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let disk = FaultyDisk::failing(0, Fault::NoSpace);
        let mut fill = |w: &mut dyn io::Write| w.write_all(b"1234");
        for _ in 0..2 {
            let error = disk.create_file(&path, Access::Public, &mut fill).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
            disk.remove_file(&path).unwrap();
        }
    }
}
