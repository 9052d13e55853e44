//! A disk that takes no more bytes, at every point of the way: the command says so, nothing is lost, and
//! with room again the same command goes on. The limit is the shell's on the size of a file, which needs
//! no root and no disk of its own.
#![cfg(unix)]

use std::process::Command;

use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words};

/// The program with no file allowed to grow beyond so many blocks of 512 bytes (some shells: 1,024).
fn limited(desk: &Desk, blocks: u32, args: &[&str]) -> Said {
    let typed = desk.typed(&desk.park(), args);
    let mut shell = Command::new("sh");
    // The signal that comes with the limit is ignored, so that a write fails as on a full disk.
    let script = format!("trap '' XFSZ; ulimit -f {blocks} && exec \"$@\"");
    shell.args(["-c", &script, "sh"]).arg(typed.get_program()).args(typed.get_args());
    for (name, value) in typed.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    Said::of(shell.current_dir(desk.park()).output().expect("a shell"))
}

#[test]
fn a_full_disk_loses_nothing() {
    let desk = Desk::new();
    for number in 0..150 {
        desk.write(&format!("season/{number}.txt"), format!("{number}\n").as_bytes());
    }
    let mut refusals = 0;
    for blocks in [0, 1, 2, 3, 4, 8, 16, 24, 32, 40, 48, 56, 64, 128] {
        let said = limited(&desk, blocks, &["add", "season"]);
        if said.code == Some(0) {
            continue;
        }
        refusals += 1;
        let code = said.code.unwrap();
        assert_eq!(code, 1, "{blocks} blocks: {said:?}");
        let refusal = said.refusal(code);
        assert!(
            refusal.why.to_lowercase().contains("file too large"),
            "{blocks} blocks: {refusal:?}"
        );
        assert!(!refusal.next.contains("reindex"), "that makes no room: {refusal:?}");
        // Whatever was signed holds.
        let audit = desk.says(&["audit"]);
        assert!(audit.out.contains("CONSISTENT"), "{blocks} blocks: {audit:?}");
    }
    assert!(refusals > 3, "the limit was never reached");
    let said = desk.answers(0, &["add", "season"]);
    assert!(
        said.contains("Recorded 150 files") || said.contains("150 files recorded before"),
        "{said}"
    );
    let audit = desk.answers(0, &["audit"]);
    assert_words(&audit, &["150 anchored: 150 MATCHES", "PASS"]);
    assert_eq!(desk.done(&["audit"])["ledger"]["size"], 3, "recorded once");
}

#[test]
fn a_store_is_founded_whole_or_not_at_all() {
    for blocks in [0, 1, 2] {
        let desk = Desk::bare();
        let said = limited(&desk, blocks, &["init", "--name", "Park", "--no-passphrase"]);
        if said.code == Some(0) {
            desk.answers(0, &["audit"]);
            continue;
        }
        said.refusal(said.code.unwrap());
        assert!(!desk.store().exists());
        desk.answers(0, &["init", "--name", "Park", "--no-passphrase"]);
        desk.record("lynx");
        desk.answers(0, &["audit"]);
    }
}

/// `/dev/full` is a disk without room, for whoever writes an answer there.
#[cfg(target_os = "linux")]
#[test]
fn an_answer_that_cannot_be_written_is_no_success() {
    let desk = Desk::new();
    let asked: [&[&str]; 6] = [
        &["head"],
        &["head", "--json"],
        &["log", "--kind", "No Kind", "--json"],
        &["--help"],
        &["--version"],
        &["completions", "bash"],
    ];
    for args in asked {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let mut typed = desk.typed(&desk.park(), args);
        let said = Said::of(typed.stdout(full).output().unwrap());
        assert_eq!(said.code, Some(if args.contains(&"No Kind") { 2 } else { 1 }), "{said:?}");
        let refusal = said.refusal(said.code.unwrap());
        assert!(
            refusal.what.contains("standard output") || refusal.what.contains("No Kind"),
            "{args:?}: {refusal:?}"
        );
    }
}
