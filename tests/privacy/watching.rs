//! A folder into which a base station writes.

use std::process::Child;
use std::time::{Duration, Instant};

use super::support::program::{Desk, ended};

const QUIET: [&str; 2] = ["--quiet-period", "1s"];

/// Waits until the ledger has this many statements.
fn wait_for(desk: &Desk, statements: usize) {
    let give_up = Instant::now() + Duration::from_secs(120);
    while desk.done(&["log"])["statements"].as_array().map_or(0, Vec::len) < statements {
        assert!(Instant::now() < give_up, "nothing was recorded");
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let done = std::process::Command::new("kill").args(["-INT", &pid]).status();
    assert!(done.expect("kill").success());
}

#[cfg(unix)]
#[test]
fn what_arrives_is_recorded_in_batches_and_nothing_twice() {
    let desk = Desk::new();
    desk.write("inbox/night1/a.txt", b"1");
    let watch =
        |more: &[&str]| desk.start(&[&["add", "--watch", "inbox"][..], &QUIET, more].concat());
    let child = watch(&[]);
    wait_for(&desk, 3);
    desk.write("inbox/night2/b.txt", b"2");
    desk.write("inbox/night2/c.txt", b"3");
    wait_for(&desk, 4);
    interrupt(&child);
    let run = ended(child);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!((&run.answer["recorded"], &run.answer["batches"]), (&3.into(), &2.into()));
    // After a stop: what lies there is known, what is new is not.
    desk.write("inbox/night3/d.txt", b"4");
    let run = ended(watch(&["--once"]));
    assert_eq!((run.code, &run.answer["recorded"]), (Some(0), &1.into()), "{}", run.text);
    let run = ended(watch(&["--once"]));
    assert_eq!((run.code, &run.answer["recorded"]), (Some(0), &0.into()), "{}", run.text);
    let audit = desk.run(&["audit", "--files", "."]);
    assert_eq!(audit.answer["files"]["matches"], 4, "{}", audit.text);
    let title = desk.done(&["show", "@2"])["statement"]["fields"]["title"].clone();
    assert!(title.as_str().unwrap().starts_with("Arrived by 20"), "no name of a file in a title");
}

/// Killed without a word, as by a pulled plug: the same command goes on.
#[test]
fn a_watch_that_was_killed_goes_on() {
    let desk = Desk::new();
    for n in 0..40 {
        desk.write(&format!("inbox/{n}.txt"), format!("file {n}").as_bytes());
    }
    for wait in [300, 1_200, 1_500] {
        let mut child = desk.start(&["add", "--watch", "inbox", "--quiet-period", "1s"]);
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().expect("it runs");
        ended(child);
    }
    let run = desk.run(&["add", "--watch", "inbox", "--quiet-period", "0s", "--once"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let audit = desk.run(&["audit", "--files", "."]);
    assert_eq!(audit.answer["files"]["matches"], 40, "{}", audit.text);
    assert_eq!(audit.answer["files"]["anchored"], 40, "{}", audit.text);
}

#[test]
fn what_cannot_be_watched_is_explained() {
    let desk = Desk::new();
    desk.write("file.txt", b"1");
    for (args, words) in [
        (&["--watch", "nowhere"][..], "is no folder"),
        (&["--watch", "file.txt"], "is no folder"),
        (&["--watch", ".", "--quiet-period", "2"], "no time to wait"),
        (&["--watch", ".", "--quiet-period", "2d"], "no time to wait"),
        (&["--quiet-period", "2m", "file.txt"], "--watch"),
        (&["--watch", ".", "file.txt"], "cannot be used"),
        (&["--watch", ".", "--dry-run"], "cannot be used"),
    ] {
        let run = desk.run(&[&["add"][..], args].concat());
        assert_eq!(run.code, Some(2), "{args:?}\n{}", run.text);
        assert!(run.text.contains(words), "{words:?} is not in\n{}", run.text);
    }
}
