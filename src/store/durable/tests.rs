use std::fs;

use super::super::disk::RealDisk;
use super::super::disk::faulty::{Fault, FaultyDisk};
use super::*;

const CEILING: u64 = 100;

#[test]
fn a_name_is_written_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tile");
    let write = |bytes| write_new(&RealDisk, &path, Access::Public, bytes);
    assert_eq!(write(b"ring").unwrap(), Written::New);
    assert_eq!(write(b"ring").unwrap(), Written::AlreadyThere);
    for other in [&b"rind"[..], b"rin", b"rings", b""] {
        assert!(matches!(write(other), Err(DiskError::OtherBytes { .. })), "{other:?}");
    }
    assert_eq!(fs::read(&path).unwrap(), b"ring");
    replace(&RealDisk, &path, Access::Public, b"other").unwrap();
    assert_eq!(read(&RealDisk, &path, CEILING).unwrap(), b"other");
}

#[test]
fn reading_has_a_ceiling() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, [0; 101]).unwrap();
    assert!(matches!(read(&RealDisk, &path, CEILING), Err(DiskError::TooLong { .. })));
    let absent = read_if_there(&RealDisk, &folder.path().join("absent"), CEILING);
    assert_eq!(absent.unwrap(), None);
}

#[test]
fn leftovers_are_swept_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(".tmp-1-tile"), b"half").unwrap();
    fs::write(folder.path().join("tile"), b"whole").unwrap();
    sweep(&RealDisk, folder.path()).unwrap();
    let left = list(&RealDisk, folder.path()).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].name, "tile");
}

/// At every step and in every way: the name holds all the old or all the new bytes, what was
/// acknowledged is there, and the same call afterwards succeeds.
#[test]
fn replace_survives_every_fault() {
    let story = |disk: &dyn Disk, folder: &Path| {
        replace(disk, &folder.join("head"), Access::Private, b"new bytes")
    };
    let run = |disk: &FaultyDisk| {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("head"), b"old bytes").unwrap();
        let result = story(disk, folder.path());
        let left = fs::read(folder.path().join("head")).unwrap();
        assert!(left == b"old bytes" || left == b"new bytes", "{left:?}");
        assert!(result.is_err() || left == b"new bytes");
        story(&RealDisk, folder.path()).unwrap();
        sweep(&RealDisk, folder.path()).unwrap();
        assert_eq!(list(&RealDisk, folder.path()).unwrap().len(), 1);
        result.is_ok()
    };
    let sound = FaultyDisk::sound();
    assert!(run(&sound));
    for step in 0..sound.steps().len() {
        for fault in Fault::ALL {
            run(&FaultyDisk::failing(step, fault));
        }
    }
}

#[test]
fn many_files_survive_every_fault() {
    let files = |root: &Path| {
        ["a/b/one", "a/b/two", "a/three"]
            .map(|name| NewFile { path: root.join(name), bytes: name.as_bytes().to_vec() })
    };
    let story = |disk: &dyn Disk, root: &Path| {
        write_all(disk, root, Access::Public, IfThere::MustBeSame, &files(root))
    };
    let run = |disk: &FaultyDisk| {
        let root = tempfile::tempdir().unwrap();
        let result = story(disk, root.path());
        for file in files(root.path()) {
            match fs::read(&file.path) {
                Ok(bytes) => assert_eq!(bytes, file.bytes),
                Err(_) => assert!(result.is_err(), "acknowledged but missing"),
            }
        }
        story(&RealDisk, root.path()).unwrap();
        assert!(files(root.path()).iter().all(|file| file.path.is_file()));
    };
    let sound = FaultyDisk::sound();
    run(&sound);
    for step in 0..sound.steps().len() {
        for fault in Fault::ALL {
            run(&FaultyDisk::failing(step, fault));
        }
    }
}

#[test]
fn a_tree_is_removed_without_following_links() {
    let root = tempfile::tempdir().unwrap();
    let (inner, kept) = (root.path().join("inner"), root.path().join("kept"));
    fs::create_dir_all(inner.join("deep")).unwrap();
    fs::write(inner.join("deep/file"), b"x").unwrap();
    fs::create_dir(&kept).unwrap();
    fs::write(kept.join("file"), b"x").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(&kept, inner.join("link")).unwrap();
    remove_tree(&RealDisk, &inner).unwrap();
    assert!(!inner.exists() && kept.join("file").is_file());
    remove_tree(&RealDisk, &inner).unwrap();
}
