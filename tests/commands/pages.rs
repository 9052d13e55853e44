//! Help, manual pages, completions, and the demonstration.

use std::fs;

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words};

/// Every command, as words.
pub fn commands() -> Vec<Vec<&'static str>> {
    let names = [
        "add",
        "anchor-peers",
        "assess",
        "audit",
        "bundle",
        "card",
        "certificate",
        "certificate issue",
        "certificate midterm",
        "certificate renew",
        "certificate suspend",
        "certificate withdraw",
        "check",
        "checkpoint",
        "claim",
        "claim file",
        "claim list",
        "claim move",
        "claim opinion",
        "completions",
        "concern",
        "concern answer",
        "concern close",
        "concern raise",
        "correct",
        "cosign-accept",
        "cosign-request",
        "decide",
        "demo",
        "disclose",
        "erase",
        "export",
        "export camtrap-dp-hashes",
        "export tlog-proof",
        "fork",
        "fork check",
        "fork list",
        "fork resolve",
        "fork show",
        "head",
        "help",
        "init",
        "key",
        "key export",
        "key grant",
        "key import",
        "key list",
        "key new",
        "key request",
        "key revoke",
        "key rotate-log",
        "key rotate-root",
        "link",
        "log",
        "man",
        "mirror",
        "mirror add",
        "mirror list",
        "mirror remove",
        "receipt",
        "recommend",
        "reindex",
        "release",
        "restore",
        "resume",
        "review",
        "sample",
        "sample draw",
        "sample record",
        "sample replay",
        "say",
        "serve",
        "show",
        "site",
        "status",
        "submit",
        "sync",
        "trust",
        "trust accredit",
        "trust list",
        "trust pin",
        "trust policy",
        "witness",
        "witness cosign",
        "witness init",
        "witness log",
        "witness resume",
        "witness status",
    ];
    names.into_iter().map(|name| name.split(' ').collect()).collect()
}

#[test]
fn the_help_of_a_command_fits_a_screen() {
    let desk = Desk::bare();
    let mut all = commands();
    all.push(Vec::new());
    for command in all {
        let short = desk.answers(0, &[&command[..], &["-h"]].concat());
        let lines: Vec<&str> = short.lines().collect();
        // The program's own is its list of commands.
        let screen = if command.is_empty() { 70 } else { 50 };
        assert!(lines.len() <= screen, "{command:?}: {} lines", lines.len());
        // The line of usage is as long as the command's required flags.
        let text = lines.iter().filter(|line| !line.starts_with("Usage: "));
        let widest = text.map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= 100, "{command:?}: {widest} columns");
        let long = desk.answers(0, &[&command[..], &["--help"]].concat());
        assert_words(
            &long,
            &["Usage: treering", "--json", "--store <DIR>", "--passphrase-file <FILE>"],
        );
        let by_help = desk.answers(0, &[&["help"], &command[..]].concat());
        assert_eq!(by_help.trim_end(), long.trim_end(), "treering help {command:?}");
    }
    assert_words(
        &desk.answers(0, &["help", "exit-codes"]),
        &["   13  must not sign", "  130  interr"],
    );
    desk.refuses(2, &["help", "nothing"]).says(
        "there is no help on \"nothing\"",
        "",
        "treering help",
    );
}

/// A command that is added is in the list above.
#[test]
fn no_command_is_forgotten() {
    let desk = Desk::bare();
    let listed = |of: &[&str]| -> Vec<String> {
        let help = desk.answers(0, &[of, &["-h"]].concat());
        let Some((_, list)) = help.split_once("\nCommands:\n") else { return Vec::new() };
        // What a command does may go on in the next line, further in.
        let lines = list.lines().take_while(|line| !line.is_empty());
        let lines = lines.filter(|line| !line.starts_with("   "));
        lines.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
    };
    let mut found: Vec<Vec<String>> = Vec::new();
    for name in listed(&[]) {
        let below = listed(&[&name]);
        found.push(vec![name.clone()]);
        found.extend(below.into_iter().map(|below| vec![name.clone(), below]));
    }
    let mut known: Vec<Vec<String>> = commands()
        .iter()
        .map(|words| words.iter().map(|word| word.to_string()).collect())
        .collect();
    found.sort();
    known.sort();
    assert_eq!(found, known);
}

#[test]
fn completions_and_manual_pages() {
    let desk = Desk::bare();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = desk.answers(0, &["completions", shell]);
        assert_words(&script, &["treering", "rotate-log", "nobody-holds-more"]);
    }
    assert_eq!(desk.says(&["completions", "ksh"]).code, Some(2));
    let said = desk.answers(0, &["man", "man1"]);
    // One for the program, and those of commands below the commands that are listed here.
    assert!(said.starts_with("Wrote ") && said.ends_with(" manual pages to man1\n"), "{said}");
    let pages = fs::read_dir(desk.park().join("man1")).unwrap().count();
    assert!(said.contains(&format!(" {pages} ")) && pages > commands().len(), "{said}");
    for command in commands() {
        let page = desk.park().join(format!("man1/treering-{}.1", command.join("-")));
        let page = fs::read_to_string(&page).unwrap_or_else(|why| panic!("{page:?}: {why}"));
        assert!(page.contains(".SH SYNOPSIS"), "{command:?}");
    }
    desk.write("file", b"");
    desk.refuses(1, &["man", "file/man1"]).says(
        "file/man1 cannot be written",
        "Not a directory",
        "",
    );
}

#[test]
fn usage_that_cannot_be_understood() {
    let desk = Desk::bare();
    let wrong: [&[&str]; 6] = [
        &["remember"],
        &["add"],
        &["add", "a", "--access", "secret"],
        &["check", "a", "--colour"],
        &["key", "revoke", "a", "--reason", "boredom"],
        &["resume"],
    ];
    for args in wrong {
        let said = desk.says(args);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{said:?}");
        assert!(said.err.starts_with("error: ") && said.err.contains("--help"), "{said:?}");
    }
    // A switch in the environment is on by any word but those for off.
    for (value, code) in [("1", 12), ("yes", 12), ("true", 12), ("", 12), ("0", 12)] {
        let mut init = desk.typed(&desk.park(), &["init", "--name", "Park"]);
        let output = init.env("TREERING_NO_INPUT", value).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "TREERING_NO_INPUT={value}");
    }
    let mut alone = desk.typed::<&str>(&desk.park(), &[]);
    let output = alone.env_remove("TREERING_NO_INPUT").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_words(&String::from_utf8(output.stderr).unwrap(), &["Examples:", "Commands:"]);
}

/// The README's first command, and what it leaves behind.
#[test]
fn the_demonstration() {
    let desk = Desk::bare();
    let said = desk.answers(0, &["demo", "demo"]);
    assert_words(
        &said,
        &["$ treering init", "$ treering add", "$ treering audit", "(exit code 3)"],
    );
    assert_words(&said, &["PASS   checks passed", "DIFFERS", "FAIL", "Everything lies in demo:"]);
    let audit = desk.says(&["audit", "demo/site"]);
    assert_words(&audit.out, &["CONSISTENT"]);
    desk.refuses(2, &["demo", "demo"]).says("demo", "", "");
}
