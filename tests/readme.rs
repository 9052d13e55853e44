//! The README is held to the program: its transcripts, its table of commands, its exit codes, its
//! links, and what it says one needs.

mod transcript;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use transcript::{Computer, commands_of, page, words};

const README: &str = "README.md";

fn treering(arguments: &[&str]) -> (String, i32) {
    let output = Command::new(env!("CARGO_BIN_EXE_treering")).args(arguments).output();
    let output = output.expect("the program");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code().expect("an exit code"))
}

/// The rows of the table below a heading, each as its cells; without the head of the table.
fn table(page: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).expect("the heading");
    let lines = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    let cells =
        |row: &str| row.trim_matches('|').split('|').map(|cell| cell.trim().to_string()).collect();
    rows.map(cells).collect()
}

#[test]
fn transcripts_are_what_the_program_says() {
    if cfg!(windows) {
        println!("skipped: the transcripts show paths as Unix writes them");
        return;
    }
    transcript::hold(README, &mut Computer::with_evidence());
}

/// Every line that shows a command is one the program takes, also outside the transcripts.
#[test]
fn commands_that_are_shown_can_be_typed() {
    let page = page(README);
    let shown = page.split("```sh\n").skip(1);
    let shown = shown.map(|block| block.split_once("```").expect("the end of a block").0);
    let mut lines: Vec<String> = shown.flat_map(str::lines).map(str::to_string).collect();
    lines.extend(commands_of(&page).into_iter().filter(|line| line.starts_with("treering ")));
    assert!(lines.len() >= 6, "{lines:?}");
    let nowhere = tempfile::tempdir().expect("a folder");
    for line in lines {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treering"));
        command.current_dir(nowhere.path()).env("TREERING_STATE_DIR", nowhere.path());
        // Where there is no store nothing is done; whether the line is understood is said first.
        command.args(&words(&line)[1..]).args(["--json", "--no-input"]);
        let said = String::from_utf8(command.output().expect("the program").stdout);
        let said = said.expect("UTF-8");
        assert!(!said.contains("the command cannot be understood"), "{line}\n{said}");
    }
}

#[test]
fn the_table_names_exactly_the_commands() {
    let (help, _) = treering(&["--help"]);
    let (_, list) = help.split_once("\nCommands:\n").expect("the list of commands");
    let commands = list.lines().take_while(|line| !line.is_empty());
    let commands: Vec<&str> =
        commands.map(|line| line.split_whitespace().next().expect("a name")).collect();
    let table = table(&page(README), "Commands");
    let named: Vec<&str> = table.iter().map(|row| row[0].trim_matches('`')).collect();
    assert_eq!(named, commands);
}

#[test]
fn the_exit_codes_are_those_of_the_help() {
    let (help, _) = treering(&["help", "exit-codes"]);
    let mut codes: Vec<(String, String)> = Vec::new();
    for line in help.lines().filter(|line| line.starts_with(' ')) {
        let line = line.trim();
        match line.split_once("  ").filter(|(code, _)| code.parse::<u8>().is_ok()) {
            Some((code, meaning)) => codes.push((code.into(), meaning.into())),
            None => {
                let (_, meaning) = codes.last_mut().expect("a code before its second line");
                *meaning = format!("{meaning} {line}");
            }
        }
    }
    let codes: BTreeMap<String, String> = codes.into_iter().collect();
    let table = table(&page(README), "Exit codes");
    let told: BTreeMap<String, String> =
        table.into_iter().map(|row| (row[0].clone(), row[1].clone())).collect();
    assert_eq!(told, codes);
}

/// Links into the tree lead somewhere, from the README and from every page about formats.
#[test]
fn links_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("schemas")).expect("schemas");
    let pages = pages.map(|entry| entry.expect("an entry").path());
    let pages = pages.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut links = 0;
    for path in pages.chain([root.join(README), root.join("CHANGELOG.md")]) {
        let text = std::fs::read_to_string(&path).expect("a page");
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().expect("a link")) {
            let (file, _) = link.split_once('#').unwrap_or((link, ""));
            if file.contains("://") || file.is_empty() {
                continue;
            }
            links += 1;
            let target = path.parent().expect("a folder").join(file);
            assert!(target.exists(), "{}: {link}", path.display());
        }
    }
    assert!(links > 10, "{links} links");
}

#[test]
fn the_index_of_formats_names_every_page() {
    let index = page("schemas/README.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for entry in std::fs::read_dir(folder).expect("schemas") {
        let name = entry.expect("an entry").file_name().into_string().expect("UTF-8");
        let is_page = name.ends_with(".md") && name != "README.md" || name.ends_with(".cddl");
        assert!(!is_page || index.contains(&format!("]({name})")), "{name}");
    }
}

#[test]
fn what_is_needed_is_what_cargo_says() {
    let version = env!("CARGO_PKG_RUST_VERSION");
    let page = page(README);
    assert!(page.contains(&format!("Rust {version} or later")), "Rust {version}");
    assert!(page.contains("\n```\ncargo run --release -- demo\ncargo test\n```\n"));
    let licences = [
        "LICENSE-MIT",
        "LICENSE-APACHE",
        "This software is based in part on the work of the Independent JPEG Group.",
    ];
    assert!(licences.iter().all(|words| page.contains(words)));
}
