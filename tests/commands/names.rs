//! Names that files should not have, and things that are no files: each is recorded or named, nothing
//! stops, and no name reaches the terminal as more than a name.
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words, chmod, is_root};

/// Names as they lie on the disk, and as they stand on a screen.
const NAMES: [(&[u8], &str); 7] = [
    (b"two\nlines.jpg", "two\\nlines.jpg"),
    (b"red\x1b[31m.jpg", "red\\u{1b}[31m.jpg"),
    (b"bell\x07\x7f.jpg", "bell\\u{7}\\u{7f}.jpg"),
    (b"latin-1 caf\xe9.jpg", "latin-1 caf\\xe9.jpg"),
    ("right-to-left \u{202e}gpj.exe".as_bytes(), "right-to-left \\u{202e}gpj.exe"),
    (b"back\\slash.jpg", "back\\\\slash.jpg"),
    (b"-rf", "-rf"),
];

fn in_evidence(desk: &Desk, name: &[u8]) -> OsString {
    desk.park().join("evidence").join(OsStr::from_bytes(name)).into_os_string()
}

#[test]
fn any_name_is_recorded_and_shown_on_its_line() {
    let desk = Desk::new();
    fs::create_dir(desk.park().join("evidence")).unwrap();
    for (number, (name, _)) in NAMES.iter().enumerate() {
        fs::write(in_evidence(&desk, name), [b'a' + number as u8]).unwrap();
    }
    let said = desk.answers(0, &["add", "evidence", "--access", "public"]);
    assert_words(&said, &["Recorded 7 files (7 bytes)"]);
    let audit = desk.answers(0, &["audit"]);
    assert_words(&audit, &["7 anchored: 7 MATCHES", "PASS   checks passed."]);
    for (name, shown) in NAMES {
        let file = in_evidence(&desk, name);
        // Looked up, proved and checked under that name.
        let said = desk.answers(0, &[OsStr::new("check"), OsStr::new("--"), &file]);
        assert_words(&said, &[&format!("evidence/{shown}\n"), "PASS   1 file MATCHES."]);
        let said = desk.answers(0, &[OsStr::new("receipt"), OsStr::new("--"), &file]);
        let line = said.lines().next().unwrap();
        assert!(line.contains(&format!("{shown}.receipt.json (")), "{said}");
        fs::write(&file, b"changed").unwrap();
    }
    // Changed, each is named on one line.
    let audit = desk.answers(3, &["audit"]);
    for (_, shown) in NAMES {
        assert_words(&audit, &[&format!("DIFFERS      evidence/{shown}")]);
    }
    // Gone, too.
    for (name, shown) in NAMES {
        let file = in_evidence(&desk, name);
        fs::remove_file(&file).unwrap();
        let said = desk.answers(4, &[OsStr::new("add"), OsStr::new("--"), &file]);
        assert_words(&said, &[&format!("evidence/{shown}: nothing is there")]);
        let refusal = desk.says(&[OsStr::new("receipt"), OsStr::new("--"), &file]).refusal(2);
        assert!(refusal.what.contains(shown), "{refusal:?}");
    }
}

/// A Mac and a Linux camera spell one name twice; a stick carried to either would lose a file.
#[test]
fn look_alike_names_are_told_apart() {
    let desk = Desk::new();
    for (name, bytes) in [
        ("evidence/caf\u{e9}.jpg", b"1"),
        ("evidence/cafe\u{301}.jpg", b"2"),
        ("evidence/IMG.JPG", b"3"),
        ("evidence/img.jpg", b"4"),
    ] {
        desk.write(name, bytes);
    }
    let said = desk.says(&["add", "evidence"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_words(&said.out, &["Recorded 4 files"]);
    let twins = "warning: evidence/cafe\\u{301}.jpg and evidence/caf\\u{e9}.jpg differ only in how \
                 their accents are coded; some systems take them for one file";
    let capitals = "warning: evidence/IMG.JPG and evidence/img.jpg differ only in capitals; some";
    assert_words(&said.err, &[twins, capitals]);
    assert_words(&desk.answers(0, &["audit"]), &["4 anchored: 4 MATCHES"]);
}

#[test]
fn two_files_under_one_name_are_told() {
    let desk = Desk::new();
    for (folder, bytes) in [("one", b"1"), ("two", b"2")] {
        fs::create_dir(desk.home().join(folder)).unwrap();
        fs::write(desk.home().join(folder).join("a.jpg"), bytes).unwrap();
    }
    let said = desk.says(&["add", "../one", "../two"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    if said.err.is_empty() {
        // The paths of the rows keep the folders' names, so nothing clashes.
        assert_words(&said.out, &["Recorded 2 files"]);
    } else {
        assert_words(&said.err, &["warning: two files are called a.jpg"]);
    }
}

/// Links could lead out of the site, and a pipe would be read for ever.
#[test]
fn what_is_no_file_is_named_and_left_out() {
    let desk = Desk::new();
    desk.write("evidence/a.jpg", b"a");
    let at = |name: &str| desk.park().join("evidence").join(name);
    std::os::unix::fs::symlink("a.jpg", at("link")).unwrap();
    std::os::unix::fs::symlink("/", at("way out")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    let _socket = UnixListener::bind(at("socket")).unwrap();
    let made = Command::new("mkfifo").arg(at("pipe")).status();
    let said = desk.answers(0, &["add", "evidence"]);
    assert_words(
        &said,
        &["Recorded 1 file (1 byte)", "left out  evidence/socket: socket, not a file"],
    );
    assert_words(&said, &["left out  symbolic link, not followed: ", "evidence/way out"]);
    match made {
        Ok(status) if status.success() => {
            assert_words(&said, &["left out  evidence/pipe: named pipe, not a file"]);
            let refusal = desk.says(&["receipt", "evidence/pipe"]).refusal(2);
            refusal.says("evidence/pipe cannot be read", "it is no regular file", "name a file");
        }
        _ => println!("no pipe: there is no mkfifo here"),
    }
    assert_words(&desk.answers(0, &["add", "evidence"]), &["Nothing new: 1 file recorded before."]);
}

/// One file that the disk gives no bytes of is listed; the others are recorded.
#[test]
fn an_unreadable_file_does_not_stop_the_batch() {
    let desk = Desk::new();
    for number in 0..20 {
        desk.write(&format!("evidence/{number}.txt"), &[number]);
    }
    let bad = match is_root() {
        // Its first page is not mapped: reading it is an error even for root.
        true if Path::new("/proc/self/mem").exists() => "/proc/self/mem",
        true => return println!("skipped: nothing is unreadable for root here"),
        false => {
            desk.write("closed.txt", b"closed");
            chmod(&desk.park().join("closed.txt"), 0o000);
            "closed.txt"
        }
    };
    let said = desk.answers(4, &["add", bad, "evidence"]);
    assert_words(&said, &["Recorded 20 files (20 bytes) as statement 2", "cannot be read: "]);
    let listed = said.matches("NOT RECORDED  ").count();
    assert_eq!(listed, 1, "one bad file is listed once:\n{said}");
    assert!(!said.contains("not recorded: "), "and in one way:\n{said}");
    let said = desk.answers(4, &["add", bad, "evidence"]);
    assert_words(&said, &["Nothing new: 20 files recorded before.", "the rest is kept"]);
    let added = desk.run(&["add", bad, "evidence"]).answer;
    assert_eq!((&added["exit"], &added["exceptions"][0]["problem"]), (&4.into(), &true.into()));
    let said = desk.answers(4, &["check", bad, "evidence/1.txt"]);
    assert_words(&said, &["UNREADABLE", "MATCHES", "INCOMPLETE"]);
}

#[test]
fn an_unreadable_folder_is_listed() {
    if is_root() {
        return println!("skipped: no folder is closed to root");
    }
    let desk = Desk::new();
    desk.write("evidence/a.txt", b"a");
    desk.write("evidence/closed/b.txt", b"b");
    let closed = desk.park().join("evidence/closed");
    chmod(&closed, 0o000);
    let said = desk.answers(4, &["add", "evidence"]);
    chmod(&closed, 0o755);
    assert_words(&said, &["Recorded 1 file", "NOT RECORDED  evidence/closed: cannot be read"]);
    assert_words(&desk.answers(0, &["add", "evidence"]), &["Recorded 1 file"]);
}
