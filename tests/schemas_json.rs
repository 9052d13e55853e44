//! The answers that `schemas/json.md` shows are the program's, field for field.

mod transcript;

use transcript::{Computer, commands_of, page};

const PAGE: &str = "schemas/json.md";

#[test]
fn answers_are_as_the_page_shows_them() {
    if cfg!(windows) {
        println!("skipped: the transcripts show paths as Unix writes them");
        return;
    }
    transcript::hold(PAGE, &mut Computer::with_evidence());
}

/// A command that is added is told on the page, too.
#[test]
fn every_command_has_its_answer_on_the_page() {
    let page = page(PAGE);
    let help = std::process::Command::new(env!("CARGO_BIN_EXE_treering")).arg("--help").output();
    let help = String::from_utf8(help.expect("the program").stdout).expect("UTF-8");
    let (_, list) = help.split_once("\nCommands:\n").expect("the list of commands");
    for line in list.lines().take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().expect("a name");
        let begins = format!("treering {name} ");
        assert!(commands_of(&page).iter().any(|command| command.starts_with(&begins)), "{name}");
        // A command with several forms of answer has a name for each.
        let names = ["/1\"", "-", "s/1\""].map(|end| format!("\"schema\": \"treering.{name}{end}"));
        assert!(names.iter().any(|schema| page.contains(schema)), "{name}");
    }
}
