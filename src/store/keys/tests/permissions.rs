//! Keys where permissions are kept, and on sticks that keep none.

use std::io;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::store::disk::{Fill, Listed};

/// A disk like a stick with FAT: whatever a file is created with, it shows the mode of the mount.
#[derive(Debug)]
struct Stick {
    mode: u32,
}

impl Disk for Stick {
    fn create_file(&self, path: &Path, access: Access, fill: &mut Fill<'_>) -> io::Result<()> {
        RealDisk.create_file(path, access, fill)?;
        fs::set_permissions(path, fs::Permissions::from_mode(self.mode))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.sync_folder(folder)
    }

    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()> {
        RealDisk.create_folder(folder, access)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        RealDisk.remove_folder(folder)
    }

    fn open(&self, path: &Path) -> io::Result<fs::File> {
        RealDisk.open(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        RealDisk.list(folder)
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Makes the key "root" of seed 7 on a stick mounted with this mode.
fn make_on_stick(
    mode: u32,
    protection: Protection<'_>,
) -> (tempfile::TempDir, Result<KeyFile, KeyFileError>) {
    let place = tempfile::tempdir().unwrap();
    let folder = KeyFolder::at(Arc::new(Stick { mode }), place.path());
    let new = new_key("root", Purpose::Root, protection);
    let made = folder.create(new, &SecretKey::from_seed(&SEED), &mut chance());
    (place, made)
}

#[test]
fn only_its_owner_may_read_a_key() {
    let (_place, _, key) = with_log();
    assert_eq!((mode(&key.path()), mode(&key.public_path())), (0o600, 0o600));
    for loose in [0o640, 0o604, 0o620, 0o644, 0o601] {
        set_mode(&key.path(), loose);
        let error = key.open(None).unwrap_err();
        assert!(matches!(error, KeyFileError::Loose { mode, .. } if mode == loose), "{error}");
        assert!(error.to_string().contains(&format!("{loose:04o}")), "{error}");
        assert!(error.next_step().starts_with("chmod 600 "), "{}", error.next_step());
    }
    for tight in [0o600, 0o400] {
        set_mode(&key.path(), tight);
        key.open(None).unwrap();
        assert_eq!(key.warning().unwrap(), None);
    }
}

/// FAT as desktops mount it, exFAT, NTFS, and a mount for a group.
const STICK_MODES: [u32; 4] = [0o644, 0o755, 0o777, 0o640];

#[test]
fn on_a_stick_a_passphrase_is_enough_and_told() {
    let right = passphrase("ring by ring");
    for loose in STICK_MODES {
        let (place, made) = make_on_stick(loose, Protection::Passphrase(&right));
        let made = made.unwrap();
        // Later, perhaps on another computer.
        let folder = KeyFolder::at(Arc::new(RealDisk), place.path());
        let found = folder.find(made.name()).unwrap();
        for key in [made, found] {
            let warning = key.warning().unwrap().expect("a warning");
            assert_eq!(warning, PassphraseAlone { path: key.path(), mode: loose });
            assert!(warning.to_string().contains(&format!("mode {loose:04o}")), "{warning}");
            assert!(!warning.next_step().is_empty());
            assert!(key.is_encrypted().unwrap());
            assert_eq!(key.open(Some(&right)).unwrap().seed(), &SEED);
        }
    }
    let (_place, private) = make_on_stick(0o600, Protection::Passphrase(&right));
    assert_eq!(private.unwrap().warning().unwrap(), None);
}

#[test]
fn on_a_stick_a_key_without_a_passphrase_is_not_made() {
    for loose in STICK_MODES {
        let (place, made) = make_on_stick(loose, Protection::None);
        let error = made.unwrap_err();
        assert!(matches!(error, KeyFileError::NotKept { mode, .. } if mode == loose), "{error}");
        assert!(error.next_step().starts_with("give the key a passphrase"));
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "left a key behind");
    }
    let (_place, private) = make_on_stick(0o600, Protection::None);
    private.unwrap().open(None).unwrap();
}

/// Copied there by hand, it shows the mode of the mount like its public half.
#[test]
fn on_a_stick_a_key_without_a_passphrase_is_not_opened() {
    let (_place, _, key) = with_log();
    for path in [key.path(), key.public_path()] {
        set_mode(&path, 0o755);
    }
    for error in [key.open(None).unwrap_err(), key.warning().unwrap_err()] {
        assert!(matches!(error, KeyFileError::Loose { mode: 0o755, .. }), "{error}");
        assert!(error.next_step().contains("passphrase"));
    }
}

/// Its public half shows that the disk does keep permissions.
#[test]
fn a_key_that_alone_was_opened_to_others() {
    let right = passphrase("ring by ring");
    let (_place, made) = make_on_stick(0o600, Protection::Passphrase(&right));
    let key = made.unwrap();
    for (secret, public) in [(0o644, 0o600), (0o644, 0o640), (0o755, 0o644), (0o604, 0o400)] {
        set_mode(&key.path(), secret);
        set_mode(&key.public_path(), public);
        for error in [key.open(Some(&right)).unwrap_err(), key.is_encrypted().unwrap_err()] {
            assert!(matches!(error, KeyFileError::Loose { mode, .. } if mode == secret), "{error}");
        }
    }
    // A public half alone harms nobody.
    set_mode(&key.path(), 0o600);
    set_mode(&key.public_path(), 0o644);
    assert_eq!(key.warning().unwrap(), None);
}
