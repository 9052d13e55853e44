//! `--json`: whatever happens, exactly one JSON object on standard output, of a schema that
//! `schemas/json.md` tells, with the exit code in it; beside it nothing but events.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::pages::commands;
use crate::support::program::Desk;
use crate::terminal::{Said, Terminal};

/// What is seen of a sweep.
#[derive(Default)]
struct Sweep {
    schemas: BTreeSet<String>,
    commands: BTreeSet<String>,
}

impl Sweep {
    /// Runs a command with `--json`, before it or after it, and holds the answer to the page.
    fn answer(&mut self, desk: &Desk, code: i32, args: &[&str]) -> Value {
        let said = desk.says(&[args, &["--json"]].concat());
        let answer = self.held(&said, code, args);
        let words: Vec<&str> =
            args.iter().copied().take_while(|arg| !arg.starts_with('-')).collect();
        for command in commands() {
            if words.starts_with(&command) {
                self.commands.insert(command.join(" "));
            }
        }
        answer
    }

    fn held(&mut self, said: &Said, code: i32, args: &[&str]) -> Value {
        assert_eq!(said.code, Some(code), "{args:?} {said:?}");
        let line = said.out.strip_suffix('\n').unwrap_or_else(|| panic!("{args:?} {said:?}"));
        assert!(!line.contains('\n'), "{args:?} more than one line: {said:?}");
        let answer: Value =
            serde_json::from_str(line).unwrap_or_else(|why| panic!("{why} {said:?}"));
        let fields = answer.as_object().unwrap_or_else(|| panic!("no object: {said:?}"));
        assert_eq!(fields.get("exit"), Some(&code.into()), "{args:?} {said:?}");
        let schema = fields.get("schema").and_then(Value::as_str);
        let schema = schema.unwrap_or_else(|| panic!("no schema: {said:?}"));
        self.schemas.insert(schema.to_owned());
        if schema == "treering.error/1" {
            for line in ["what", "why", "next"] {
                let text = fields.get(line).and_then(Value::as_str).unwrap_or_default();
                assert!(!text.trim().is_empty() && !text.contains('\n'), "{line} of {said:?}");
            }
        }
        for line in said.err.lines() {
            let event: Value =
                serde_json::from_str(line).unwrap_or_else(|why| panic!("{why} {said:?}"));
            assert!(event["event"].is_string(), "{args:?} {said:?}");
        }
        answer
    }
}

#[test]
fn one_document_whatever_happens() {
    let (desk, mut sweep) = (Desk::bare(), Sweep::default());
    fs::write(desk.home().join("policy"), "quorum none\n").unwrap();
    let error = "treering.error/1";
    // (exit, command, schema)
    let story: &[(i32, &[&str], &str)] = &[
        (2, &["init"], error),
        (2, &["init", "--name", "P", "--origin", "a b", "--no-passphrase"], error),
        (10, &["status"], error),
        (10, &["audit"], error),
        (0, &["init", "--name", "Park", "--no-passphrase"], "init"),
        (2, &["init", "--name", "Park", "--no-passphrase"], error),
        (0, &["add", "season", "--dry-run"], "add"),
        (4, &["add", "gone"], "add"),
        (4, &["add", "season", "gone"], "add"),
        (0, &["add", "season"], "add"),
        (0, &["add", "season", "--dry-run"], "add"),
        (2, &["add", "season", "--indicator", "9.9.9"], error),
        (2, &["add", "--colour"], error),
        (12, &["add", "new.txt", "--key", "nobody"], error),
        (0, &["status"], "status"),
        (0, &["log"], "log"),
        (0, &["log", "--kind", "claim"], "log"),
        (2, &["log", "--kind", "A B"], error),
        (0, &["show", "@2"], "show"),
        (2, &["show", "@9"], error),
        (0, &["receipt", "season/a.txt", "-o", "r"], "receipt"),
        (3, &["receipt", "new.txt", "-o", "r2"], error),
        (0, &["card"], "card"),
        (0, &["card", "-o", "card.json", "--html", "card.html"], "card"),
        (2, &["card", "-o", "no/where"], error),
        (4, &["check", "season/a.txt", "--receipt", "r", "--card", "card.json"], "check"),
        (
            0,
            &[
                "check",
                "season/a.txt",
                "--receipt",
                "r",
                "--card",
                "card.json",
                "--policy",
                "../policy",
            ],
            "check",
        ),
        (3, &["check", "new.txt", "--receipt", "r", "--card", "card.json"], "check"),
        (4, &["check", "gone", "season", "--receipt", "r", "--card", "card.json"], "check"),
        (0, &["check", "season/a.txt"], "check"),
        (3, &["check", "new.txt"], "check"),
        (4, &["check", "season/a.txt", "--receipt", "r"], "check"),
        (3, &["check", "season/a.txt", "--receipt", "new.txt", "--card", "card.json"], error),
        (0, &["audit"], "audit"),
        (4, &["audit", ".treering/ledgers/park"], "audit"),
        (
            3,
            &[
                "audit",
                ".treering/ledgers/park",
                "--files",
                "changed",
                "--manifests",
                ".treering/manifests",
            ],
            "audit",
        ),
        (2, &["audit", "gone"], error),
        (10, &["audit", "season"], error),
        (0, &["head"], "head"),
        (0, &["export", "tlog-proof", "@1"], "export"),
        (0, &["export", "tlog-proof", "@1", "-o", "proof"], "export"),
        (2, &["export", "tlog-proof", "@99"], error),
        (2, &["export"], error),
        (0, &["key", "list"], "keys"),
        (0, &["key", "new", "anna", "--no-passphrase"], "key"),
        (12, &["key", "new", "anna", "--no-passphrase"], error),
        (0, &["key", "request", "anna"], "key"),
        (2, &["key", "request", "log"], error),
        (0, &["key", "grant", "anna.request.json", "-o", "anna.statement"], "key"),
        (2, &["key", "grant", "card.json"], error),
        (0, &["submit", "anna.statement"], "submit"),
        (0, &["submit", "anna.statement"], "submit"),
        (2, &["submit", "card.json"], error),
        (2, &["submit", "new.txt"], error),
        (0, &["key", "revoke", "anna", "--reason", "left"], "key"),
        (2, &["key", "revoke", "anna", "--reason", "left"], error),
        (2, &["key", "revoke"], error),
        (0, &["key", "rotate-log", "--no-passphrase"], "key"),
        (12, &["key", "rotate-log", "--root", "season", "--no-passphrase"], error),
        (0, &["key", "rotate-root", "--no-passphrase"], "key"),
        (12, &["key", "rotate-root", "--root", "season", "--no-passphrase"], error),
        (0, &["key", "export", "anna"], "key"),
        (0, &["key", "export", "anna", "--secret", "-o", "../anna.pem"], "key"),
        (12, &["key", "export", "nobody"], error),
        (12, &["key", "import", "../anna.pem", "--name", "ben", "--no-passphrase"], error),
        (
            0,
            &[
                "key",
                "import",
                "../anna.pem",
                "--name",
                "ben",
                "--no-passphrase",
                "--to",
                "../state",
            ],
            "key",
        ),
        (2, &["key"], error),
        (2, &["trust", "pin", "card.json"], error),
        (0, &["trust", "pin", "card.json", "--i-have-compared"], "trust"),
        (0, &["trust", "accredit", "card.json"], "trust"),
        (0, &["trust", "list"], "trust"),
        (0, &["mirror", "list"], "mirror"),
        (0, &["fork", "list"], "fork"),
        (0, &["claim", "list"], "claims"),
        (0, &["site"], "site"),
        (0, &["reindex"], "reindex"),
        (2, &["resume"], error),
        (0, &["resume", "--nobody-holds-more"], "resume"),
        (2, &["resume", "--from", "gone"], error),
        (0, &["completions", "zsh"], "completions"),
        (2, &["completions", "ksh"], error),
        (0, &["man", "man1"], "man"),
        (1, &["man", "new.txt/man1"], error),
        (0, &["help"], "help"),
        (0, &["help", "exit-codes"], "help"),
        (0, &["help", "key", "grant"], "help"),
        (2, &["help", "nothing"], error),
        (0, &["demo", "demo"], "demo"),
        (2, &["demo", "demo"], error),
        (2, &["nothing"], error),
        (2, &[], error),
    ];
    for name in ["season/a.txt", "season/two\nlines.txt", "new.txt"] {
        desk.write(name, name.as_bytes());
    }
    desk.write("changed/season/a.txt", b"changed");
    for (code, args, schema) in story {
        let answer = sweep.answer(&desk, *code, args);
        // The command's name, and where a command has several answers, which.
        let found = answer["schema"].as_str().unwrap();
        let of_command = found.strip_prefix(&format!("treering.{schema}"));
        let is_one = of_command.is_some_and(|rest| rest.starts_with(['/', '-']));
        assert!(found == *schema || is_one, "{args:?} {answer}");
    }
    // The rest of the exit codes, each with what makes it.
    let other = desk.cloned();
    desk.record("here");
    other.record("there");
    fs::copy(other.public().join("checkpoint"), desk.home().join("head")).unwrap();
    let fork = sweep.answer(&desk, 5, &["audit", "--head", "../head"]);
    assert_eq!(fork["ledger"]["state"], "FORKED");
    fs::remove_dir_all(desk.state()).unwrap();
    desk.write("more.txt", b"more");
    sweep.answer(&desk, 13, &["add", "more.txt"]);

    // Those with stories of their own are refused like any other.
    for command in commands() {
        if !sweep.commands.contains(&command.join(" ")) {
            sweep.answer(&desk, 2, &[&command[..], &["--nonsense"]].concat());
        }
    }
    let missing: Vec<String> = commands().iter().map(|command| command.join(" ")).collect();
    let missing: Vec<_> = missing.iter().filter(|name| !sweep.commands.contains(*name)).collect();
    assert!(missing.is_empty(), "never swept: {missing:?}");
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/json.md");
    let page = fs::read_to_string(page).unwrap();
    for schema in &sweep.schemas {
        assert!(page.contains(schema.as_str()), "{schema} is not on the page");
    }
}

/// `--json` anywhere, and with `--quiet` and colours, is the same.
#[test]
fn wherever_the_flag_stands() {
    let (desk, mut sweep) = (Desk::new(), Sweep::default());
    let plain = sweep.answer(&desk, 0, &["head"]);
    for args in [
        &["--json", "head"][..],
        &["head", "--json", "--quiet"],
        &["head", "--json", "--color", "always"],
        &["--json", "-v", "head"],
    ] {
        let said = desk.says(args);
        assert_eq!(sweep.held(&said, 0, args), plain);
    }
    // Twice quiet: nothing but the exit code.
    let said = desk.says(&["head", "--json", "-qq"]);
    assert_eq!((said.code, &*said.out, &*said.err), (Some(0), "", ""));
    let said = desk.says(&["show", "@9", "-qq"]);
    assert_eq!((said.code, &*said.out, &*said.err), (Some(2), "", ""));
}
