//! Files that change while they are read. Each is named with what happened to it and left for the next
//! run; none of them is recorded as something it never was.
#![cfg(unix)]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::thread;
use std::time::Duration;

use crate::support::program::{Desk, ended};
use crate::terminal::{Said, Terminal, assert_words};

/// Long enough to be read for a moment, and read before the small ones.
const LONG: u64 = 192 << 20;

#[test]
fn growing_shrinking_and_vanishing_files_are_left_for_the_next_run() {
    let desk = Desk::new();
    let at = |name: &str| desk.park().join("evidence").join(name);
    for name in ["a.txt", "b.txt", "vanishing.txt"] {
        desk.write(&format!("evidence/{name}"), name.as_bytes());
    }
    let sizes = [("growing.log", LONG + 1), ("shrinking.wav", LONG)];
    for (name, size) in sizes {
        File::create(at(name)).unwrap().set_len(size).unwrap();
    }
    let mut add = desk.typed(&desk.park(), &["add", "evidence"]);
    // One reader: the long files first, so that the small ones wait for their turn.
    add.env("RAYON_NUM_THREADS", "1").stdout(std::process::Stdio::piped());
    let mut running = add.stderr(std::process::Stdio::piped()).spawn().unwrap();
    let drafts = desk.store().join("drafts");
    let has_begun = || fs::read_dir(&drafts).is_ok_and(|mut drafts| drafts.next().is_some());
    while !has_begun() && running.try_wait().unwrap().is_none() {
        thread::sleep(Duration::from_millis(1));
    }
    fs::remove_file(at("vanishing.txt")).unwrap();
    let shrinking = OpenOptions::new().write(true).open(at("shrinking.wav")).unwrap();
    let mut growing = OpenOptions::new().append(true).open(at("growing.log")).unwrap();
    let mut shorter = LONG;
    while running.try_wait().unwrap().is_none() {
        growing.write_all(b"more\n").unwrap();
        shorter -= 1;
        shrinking.set_len(shorter).unwrap();
        thread::sleep(Duration::from_millis(1));
    }
    let said = Said::of(running.wait_with_output().unwrap());
    assert_eq!(said.code, Some(4), "{said:?}");
    assert_words(&said.out, &["Recorded 2 files (10 bytes)"]);
    assert_words(
        &said.out,
        &["NOT RECORDED  evidence/growing.log: it grew while it was being read"],
    );
    assert_words(&said.out, &["evidence/shrinking.wav: it shrank while it was being read"]);
    assert_words(
        &said.out,
        &["evidence/vanishing.txt: it vanished while the folder was being read"],
    );
    drop((growing, shrinking));

    // At rest, the same command records them.
    let again = desk.answers(0, &["add", "evidence"]);
    assert_words(&again, &["Recorded 2 files", "2 files already recorded with the same content"]);
    assert_words(&desk.answers(0, &["audit"]), &["4 anchored: 4 MATCHES", "PASS"]);
}

/// A reader never waits for the writer of a file: what is there is there.
#[test]
fn a_file_that_somebody_writes_to_is_read_as_it_is() {
    let desk = Desk::new();
    desk.write("log.csv", b"time\n");
    let mut open = OpenOptions::new().append(true).open(desk.park().join("log.csv")).unwrap();
    assert_eq!(ended(desk.start(&["add", "log.csv"])).code, Some(0));
    open.write_all(b"2026-05-01\n").unwrap();
    let said = desk.answers(3, &["check", "log.csv"]);
    assert_words(&said, &["DIFFERS  log.csv", "statement 2 records other bytes under this name"]);
    assert_words(&desk.answers(3, &["audit"]), &["DIFFERS      log.csv"]);
    desk.answers(0, &["add", "log.csv"]);
    assert_words(&desk.answers(0, &["check", "log.csv"]), &["recorded in statement 3: log.csv"]);
}
