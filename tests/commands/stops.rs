//! Ctrl-C: the first stops where nothing is lost, the second at once. (`crash_kill` looks at the rows
//! that a stopped `add` keeps.)
#![cfg(unix)]

use std::fs::{self, File};
use std::io::Write;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words, checkpoint};

/// Minutes of reading, unless somebody stops it.
const ENDLESS: u64 = 1 << 38;

fn start(desk: &Desk, args: &[&str]) -> Child {
    let mut command = desk.typed(&desk.park(), args);
    command.env("RAYON_NUM_THREADS", "2").stdin(Stdio::piped());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
}

/// Waits for the end, which must come within a second of the machine's time.
fn stopped(mut child: Child) -> Said {
    drop(child.stdin.take());
    let since = Instant::now();
    let said = Said::of(child.wait_with_output().unwrap());
    assert!(since.elapsed() < Duration::from_secs(5), "it went on: {said:?}");
    said
}

fn desk_with_endless_work() -> Desk {
    let desk = Desk::new();
    for number in 0..10 {
        desk.write(&format!("season/{number}.txt"), &[number]);
    }
    File::create(desk.park().join("season/endless.wav")).unwrap().set_len(ENDLESS).unwrap();
    desk
}

#[test]
fn a_long_add_stops_and_goes_on() {
    let desk = desk_with_endless_work();
    let signed = checkpoint(&desk);
    let child = start(&desk, &["add", "season"]);
    let drafts = desk.store().join("drafts");
    let kept = || {
        let drafts = fs::read_dir(&drafts).into_iter().flatten().flatten();
        drafts.map(|draft| draft.metadata().map_or(0, |draft| draft.len())).sum::<u64>()
    };
    // The ten short files are in the draft once it stops growing.
    let mut seen = 0;
    while seen < 100 || kept() > seen {
        seen = kept();
        thread::sleep(Duration::from_millis(200));
    }
    interrupt(&child);
    stopped(child).refusal(130).says(
        "stopped; 10 of 11 files are kept",
        "it was told to stop (Ctrl-C)",
        "run the same command to go on where it stopped",
    );
    assert_eq!(checkpoint(&desk), signed);
    assert_words(
        &desk.answers(0, &["status"]),
        &["1 add was stopped on the way: the same command goes"],
    );
    fs::remove_file(desk.park().join("season/endless.wav")).unwrap();
    assert_words(&desk.answers(0, &["add", "season"]), &["Recorded 10 files (10 bytes)"]);
    assert!(!desk.answers(0, &["status"]).contains("stopped on the way"));
    desk.answers(0, &["audit"]);
}

#[test]
fn what_keeps_nothing_says_so() {
    let desk = desk_with_endless_work();
    desk.done(&["add", "season/1.txt"]);
    let endless = "season/endless.wav";
    let cases: [(&[&str], &str); 3] = [
        (&["add", "season", "--dry-run"], "stopped; a dry run keeps nothing"),
        (&["check", endless], "the check was stopped"),
        (&["receipt", endless, "-o", "../r"], "stopped; no receipt was written"),
    ];
    for (args, what) in cases {
        let child = start(&desk, args);
        thread::sleep(Duration::from_millis(400));
        interrupt(&child);
        let refusal = stopped(child).refusal(130);
        assert_eq!(refusal.next, "run the same command to begin again");
        assert_eq!(refusal.what, what);
    }
    assert!(!desk.home().join("r").exists());
}

/// A command that waits for a pipe nobody writes to does not look at the flag.
#[test]
fn a_second_stop_is_at_once() {
    let desk = Desk::new();
    let mut child = start(&desk, &["audit", "--head", "-"]);
    thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    thread::sleep(Duration::from_millis(300));
    if child.try_wait().unwrap().is_none() {
        interrupt(&child);
    }
    let since = Instant::now();
    let status = child.wait().unwrap();
    assert!(since.elapsed() < Duration::from_secs(2));
    assert_eq!(status.code(), Some(130));
}

/// At the prompt Ctrl-C is a key like any other; it stops the command all the same.
#[test]
fn ctrl_c_at_the_passphrase() {
    let desk = Desk::bare();
    let typed = desk.typed(&desk.park(), &["init", "--name", "Park"]);
    // A terminal of its own, with the program in it.
    let mut terminal = Command::new("script");
    let program = typed.get_program().to_str().unwrap();
    terminal.args(["-qec", &format!("'{program}' init --name Park"), "/dev/null"]);
    terminal.current_dir(desk.park()).env("TREERING_STATE_DIR", desk.state());
    terminal.env_remove("TREERING_NO_INPUT").env("NO_COLOR", "1").env("TERM", "dumb");
    terminal.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = terminal.spawn() else {
        return println!("skipped: there is no script(1) here");
    };
    let mut keyboard = child.stdin.take().unwrap();
    thread::sleep(Duration::from_millis(700));
    keyboard.write_all(b"\x03").unwrap();
    let output = child.wait_with_output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    if !shown.contains("passphrase") {
        return println!("skipped: script(1) gives no terminal here: {shown}");
    }
    assert_eq!(output.status.code(), Some(130), "{shown}");
    assert_words(&shown, &["Choose a passphrase", "error: stopped", "Ctrl-C"]);
    assert!(!desk.store().exists());
}
