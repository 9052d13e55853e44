//! The folder walk against folders as they come: links, pipes, stores, odd names, closed folders.
#![cfg(unix)]

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use treering::evidence::walk::{Interrupted, Places, SkipReason, Skipped, Walk, walk};

fn write(place: &Path) {
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(place, b"x").unwrap();
}

fn walk_all(arguments: &[&Path], site: Option<&Path>) -> Walk {
    let arguments: Vec<PathBuf> = arguments.iter().map(|path| path.to_path_buf()).collect();
    let places = Places { site: site.map(Path::to_path_buf), store: None };
    walk(&arguments, &places, &AtomicBool::new(false)).unwrap()
}

fn paths(walk: &Walk) -> Vec<&[u8]> {
    walk.files.iter().map(|found| found.path.as_bytes()).collect()
}

fn reasons(walk: &Walk) -> Vec<(&OsStr, &SkipReason)> {
    walk.skipped.iter().map(|s| (s.place.file_name().unwrap(), &s.reason)).collect()
}

#[test]
fn paths_are_relative_to_the_site_or_else_to_the_arguments_parent() {
    let top = tempfile::tempdir().unwrap();
    let site = top.path().join("park");
    for name in ["park/evidence/cam/1.jpg", "park/evidence/plan.txt", "card/DCIM/2.jpg"] {
        write(&top.path().join(name));
    }
    let inside = walk_all(&[&site.join("evidence")], Some(&site));
    assert_eq!(paths(&inside), [&b"evidence/cam/1.jpg"[..], b"evidence/plan.txt"]);
    let outside = walk_all(&[&top.path().join("card")], Some(&site));
    assert_eq!(paths(&outside), [b"card/DCIM/2.jpg"]);
    let file = walk_all(&[&top.path().join("card/DCIM/2.jpg")], Some(&site));
    assert_eq!(paths(&file), [b"2.jpg"]);
    assert_eq!(file.files[0].place(), top.path().canonicalize().unwrap().join("card/DCIM/2.jpg"));
    // Any spelling of a place is that place.
    let dotted = walk_all(&[&site.join("evidence/../evidence/./cam")], Some(&site));
    assert_eq!(paths(&dotted), [b"evidence/cam/1.jpg"]);
}

#[test]
fn order_is_by_path_bytes_and_overlaps_count_once() {
    let top = tempfile::tempdir().unwrap();
    for name in ["e/a/b", "e/a.txt", "e/a/c", "e/B"] {
        write(&top.path().join(name));
    }
    let e = top.path().join("e");
    let found = walk_all(&[&e.join("a"), &e, &e.join("a/b"), &e], None);
    // '.' sorts before '/', capitals before small letters: bytes, not a language's order.
    assert_eq!(paths(&found), [&b"e/B"[..], b"e/a.txt", b"e/a/b", b"e/a/c"]);
    // The same relative path under two arguments is two files.
    write(&top.path().join("f/a/b"));
    let two = walk_all(&[&e.join("a"), &top.path().join("f/a")], None);
    assert_eq!(paths(&two), [&b"a/b"[..], b"a/b", b"a/c"]);
}

#[test]
fn what_is_left_out_is_named() {
    let top = tempfile::tempdir().unwrap();
    let e = top.path().join("e");
    for name in ["e/1.jpg", "e/.DS_Store", "e/sub/Thumbs.db", "e/.gitignore", "e/.hidden"] {
        write(&top.path().join(name));
    }
    write(&e.join(".treering/keys/root.pem"));
    fs::write(e.join(".gitignore"), b"*.jpg\n").unwrap();
    symlink(e.join("1.jpg"), e.join("link.jpg")).unwrap();
    symlink("/nowhere", e.join("dangling")).unwrap();
    symlink(&e, e.join("sub/round")).unwrap();
    std::os::unix::net::UnixListener::bind(e.join("sock")).unwrap();
    let pipe = e.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());

    let found = walk_all(&[&e, &top.path().join("gone")], None);
    assert_eq!(paths(&found), [&b"e/.gitignore"[..], b"e/.hidden", b"e/1.jpg"]);
    let expected: &[(&str, SkipReason)] = &[
        (".DS_Store", SkipReason::Desktop),
        (".treering", SkipReason::Store),
        ("dangling", SkipReason::Symlink),
        ("link.jpg", SkipReason::Symlink),
        ("pipe", SkipReason::Special("named pipe")),
        ("sock", SkipReason::Special("socket")),
        ("Thumbs.db", SkipReason::Desktop),
        ("round", SkipReason::Symlink),
        ("gone", SkipReason::Missing),
    ];
    let expected: Vec<_> = expected.iter().map(|(name, why)| (OsStr::new(name), why)).collect();
    assert_eq!(reasons(&found), expected);
    assert_eq!(found.skipped.iter().filter(|s| s.reason.is_problem()).count(), 1);
}

#[test]
fn a_store_is_never_evidence_under_any_name() {
    let top = tempfile::tempdir().unwrap();
    write(&top.path().join(".treering/keys/root.pem"));
    write(&top.path().join("vault/keys/root.pem"));
    let inside = walk_all(&[&top.path().join(".treering/keys")], None);
    assert!(inside.files.is_empty());
    assert_eq!(inside.skipped[0].reason, SkipReason::Store);
    let places = Places { site: None, store: Some(top.path().join("vault")) };
    for argument in ["", "vault", "vault/keys/root.pem"] {
        let found = walk(&[top.path().join(argument)], &places, &AtomicBool::new(false)).unwrap();
        assert!(found.files.is_empty(), "{argument}: {found:?}");
        assert!(found.skipped.iter().any(|s| s.place.ends_with("vault")), "{found:?}");
    }
}

#[test]
fn an_argument_that_is_a_link_is_not_followed() {
    let top = tempfile::tempdir().unwrap();
    write(&top.path().join("real/1.jpg"));
    let link = top.path().join("link");
    symlink(top.path().join("real"), &link).unwrap();
    let found = walk_all(&[&link], None);
    assert!(found.files.is_empty());
    assert_eq!(found.skipped, [Skipped { place: link.clone(), reason: SkipReason::Symlink }]);
    // A link among the parents is only a way to the place.
    let through = walk_all(&[&link.join("1.jpg")], None);
    assert_eq!(paths(&through), [b"1.jpg"]);
    assert!(!through.files[0].place().starts_with(&link));
}

#[test]
fn an_empty_folder_is_an_answer() {
    let top = tempfile::tempdir().unwrap();
    let found = walk_all(&[top.path()], None);
    assert!(found.files.is_empty() && found.skipped.is_empty());
}

#[test]
fn names_are_kept_as_they_are() {
    let top = tempfile::tempdir().unwrap();
    let names: [&[u8]; 5] =
        [b"a\nb.jpg", b"caf\xe9", b"cafe\xcc\x81", b"caf\xc3\xa9", b"\x1b[31mred"];
    for name in names {
        fs::write(top.path().join(OsStr::from_bytes(name)), b"x").unwrap();
    }
    let found = walk_all(&[top.path()], Some(top.path()));
    let mut sorted = names.to_vec();
    sorted.sort();
    assert_eq!(paths(&found), sorted);
    for file in &found.files {
        assert_eq!(fs::read(file.place()).unwrap(), b"x");
    }
}

#[test]
fn cancelled_at_once() {
    let top = tempfile::tempdir().unwrap();
    write(&top.path().join("1.jpg"));
    let stop = AtomicBool::new(true);
    let result = walk(&[top.path().to_path_buf()], &Places::default(), &stop);
    assert_eq!(result.unwrap_err(), Interrupted);
}

/// Runs itself as the user nobody where the test's own user may read everything.
#[test]
fn an_unreadable_folder_is_listed_and_the_walk_goes_on() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const FOLDER: &str = "TREERING_TEST_UNREADABLE_FOLDER";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let found = walk_all(&[Path::new(&folder)], None);
        assert_eq!(found.files.len(), 1, "{found:?}");
        let [Skipped { place, reason }] = &found.skipped[..] else { panic!("{found:?}") };
        assert!(place.ends_with("closed"));
        assert_eq!(*reason, SkipReason::Unreadable(io::ErrorKind::PermissionDenied));
        assert!(reason.is_problem());
        return;
    }
    let top = tempfile::tempdir().unwrap();
    write(&top.path().join("closed/1.jpg"));
    write(&top.path().join("open/2.jpg"));
    let mode = |name: &str, mode| {
        fs::set_permissions(top.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("", 0o755);
    mode("closed", 0);
    let test = "an_unreadable_folder_is_listed_and_the_walk_goes_on";
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test]).env(FOLDER, top.path());
    if fs::read_dir(top.path().join("closed")).is_ok() {
        child.uid(65534).gid(65534);
    }
    match child.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
        }
        Err(error) => println!("skipped: cannot run as another user here: {error}"),
    }
    mode("closed", 0o755);
}
