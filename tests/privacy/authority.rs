//! Evidence that a community has a say over.

use std::fs;

use super::support::program::{Desk, Run};

fn refused(run: &Run, code: i32, words: &str) {
    assert_eq!(run.code, Some(code), "{}", run.text);
    assert!(run.text.contains(words), "{words:?} is not in\n{}", run.text);
}

#[test]
fn rows_are_shown_only_within_a_release() {
    let desk = Desk::new();
    let elders = desk.home().join("elders").display().to_string();
    fs::create_dir(&elders).unwrap();
    let make = |name: &str| {
        let key = ["key", "new", name, "--for", "supervisor", "--no-passphrase", "--to", &elders];
        let made = desk.done(&key);
        made["thumbprint"].as_str().or(made["key"].as_str()).expect("a thumbprint").to_owned()
    };
    let authority = make("elders");
    make("other");
    desk.write("stories/a.txt", b"of the spring");
    desk.write("stories/b.txt", b"of the cave");
    let label = ["--authority", &authority, "--label", "TK Community Voice"];
    let add = [&["add", "stories", "--title", "Stories"][..], &label].concat();
    refused(&desk.run(&[&add[..], &["--access", "public"]].concat()), 2, "not published at once");
    refused(&desk.run(&["add", "stories", "--authority", "abc", "--label", "x"]), 2, "no key");
    refused(&desk.run(&["add", "stories", "--authority", &authority]), 2, "label");
    desk.done(&add);
    let statement = desk.done(&["show", "@2"])["statement"].clone();
    assert_eq!(statement["fields"]["care"]["label"], "TK Community Voice");
    let anchor = statement["id"].as_str().unwrap().to_owned();

    let disclose = |more: &[&str]| desk.run(&[&["disclose", "@2"][..], more].concat());
    refused(&disclose(&["--all", "-o", "../d"]), 3, "no release was given");
    refused(
        &desk.run(&["receipt", "stories/a.txt", "-o", "../r"]),
        3,
        "signature of its authority",
    );
    desk.done(&["card", "-o", "../card.json"]);
    let release = |key: &str, more: &[&str]| {
        let args = [
            "release",
            &anchor,
            "--card",
            "../card.json",
            "--from",
            &elders,
            "--key",
            key,
            "-o",
            "../release",
        ];
        desk.run(&[&args[..], more].concat())
    };
    let with = ["--release", "../release"];
    assert_eq!(release("elders", &["--attributes", "path", "--to", "Dr Rossi"]).code, Some(0));
    let d = ["--all", "--attributes", "path", "-o", "../d"];
    let good = disclose(&[&d[..], &with].concat());
    assert_eq!(good.code, Some(0), "{}", good.text);
    let receipt = ["--file", "a.txt", "--form", "receipt", "-o", "../r"];
    assert_eq!(disclose(&[&receipt[..], &with].concat()).code, Some(0));
    refused(&disclose(&[&["--all", "--publish"][..], &with].concat()), 3, "not for everybody");
    let more = ["--all", "--attributes", "path,media_type", "-o", "../d"];
    refused(&disclose(&[&more[..], &with].concat()), 3, "does not allow the attribute media_type");
    release(
        "elders",
        &["--attributes", "path", "--rows", "0", "--to", "everybody", "--until", "2020-01-01"],
    );
    refused(&disclose(&[&d[..], &with].concat()), 3, "it ended on 2020-01-01");
    release("elders", &["--attributes", "path", "--rows", "0", "--to", "everybody"]);
    refused(&disclose(&[&d[..], &with].concat()), 3, "does not cover all of these rows");
    let one = ["--rows", "0", "--attributes", "path", "--publish"];
    assert_eq!(disclose(&[&one[..], &with].concat()).code, Some(0));
    release("other", &["--attributes", "path", "--to", "everybody"]);
    refused(&disclose(&[&d[..], &with].concat()), 3, "has no say over this evidence");
    // A word changed by hand.
    release("elders", &["--to", "Dr Rossi"]);
    let text = fs::read_to_string(desk.home().join("release")).unwrap();
    fs::write(desk.home().join("release"), text.replace("Dr Rossi", "everybody")).unwrap();
    refused(&disclose(&[&d[..], &with].concat()), 3, "signature does not match");
    fs::write(desk.home().join("release"), "a letter").unwrap();
    refused(&disclose(&[&d[..], &with].concat()), 3, "does not hold");
    refused(&release("elders", &["--to", "x", "--until", "31.12.2027"]), 2, "no date");
    refused(&release("elders", &["--to", "x", "--rows", "z"]), 2, "no row");
    refused(&release("elders", &["--to", ""]), 2, "--to");
    refused(
        &desk.run(&["release", "@2", "--to", "x", "--key", "elders", "-o", "../x"]),
        2,
        "whole id",
    );
}
