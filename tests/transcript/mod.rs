//! Transcripts in the documents, held to the program: every command of a page's `console` blocks is
//! run, in order, in one folder that stands for a whole computer, and must answer as the page says.
//!
//! ```text
//! $ cd /home/mara/reserve                  the folder in which the next commands run
//! $ treering add 2026-winter               the program itself
//! Recorded 7 files (108.9 kB) …            its answer: standard output, then standard error
//! $ cp 2026-winter/lynx.jpg /media/verifier  a file for somebody else
//! $ echo $?                                the exit code of the command before
//! 0
//! ```
//!
//! What differs from run to run is not compared: numbers, hashes, keys and signatures. In a page `…`
//! stands for whatever is left out: alone on a line for any number of lines, elsewhere for any text.
//! The one line that `--json` answers with is shown indented.
//!
//! Where a page falls behind, `TREERING_PAGES=overwrite cargo test` puts in what the program
//! says now, whole; leaving out what is long is for the writer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A page of the crate, by its path.
pub fn page(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// Runs the transcripts of a page and compares.
pub fn hold(path: &str, computer: &mut Computer) {
    let text = page(path);
    let (mut written, mut differences) = (String::new(), Vec::new());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("```console\n") {
        let (block, after) = after.split_once("```").expect("the end of a block");
        written.push_str(before);
        written.push_str("```console\n");
        for (command, shown) in commands(block) {
            let now = computer.run(command);
            let fitted = fit(shown, &now);
            if fitted.is_none() {
                let what = format!("$ {command}\n--- the page\n{shown}--- the program\n{now}");
                differences.push(what);
            }
            let answer = fitted.unwrap_or(now);
            written.push_str(&format!("$ {command}\n{answer}"));
        }
        written.push_str("```");
        rest = after;
    }
    written.push_str(rest);
    if std::env::var_os("TREERING_PAGES").is_some_and(|word| word == "overwrite") {
        fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(path), written).expect("a page");
    } else {
        let all = differences.join("\n");
        assert!(all.is_empty(), "{path} is not what the program says:\n{all}");
    }
}

/// The commands of a page's transcripts, each without its answer.
pub fn commands_of(page: &str) -> Vec<String> {
    let blocks = page.split("```console\n").skip(1);
    let blocks = blocks.map(|block| block.split_once("```").expect("the end of a block").0);
    blocks.flat_map(commands).map(|(command, _)| command.to_string()).collect()
}

/// Each command of a block with its answer.
fn commands(block: &str) -> Vec<(&str, &str)> {
    let block = block.strip_prefix("$ ").expect("a transcript begins with a command");
    let parts = block.split("\n$ ");
    let parts = parts.map(|part| part.split_once('\n').unwrap_or((part, "")));
    parts.collect()
}

/// A folder that stands for a computer: `/` in a command is this folder.
pub struct Computer {
    root: TempDir,
    here: PathBuf,
    last_exit: i32,
}

impl Computer {
    /// A computer with a reserve's evidence of one season in /home/mara/reserve/2026-winter, as
    /// `treering demo` makes it, and three empty sticks.
    pub fn with_evidence() -> Computer {
        let root = tempfile::tempdir().expect("a folder");
        let top = root.path().canonicalize().expect("the folder");
        for folder in ["home/mara/reserve", "media/stick", "media/other-stick", "media/verifier"] {
            fs::create_dir_all(top.join(folder)).expect("a folder");
        }
        fs::write(top.join("passphrase"), "correct horse battery staple\n").expect("a file");
        let mut computer = Computer { here: top.clone(), root, last_exit: 0 };
        computer.run("treering demo /demo --quiet");
        assert_eq!(computer.last_exit, 0, "the demonstration");
        let season = top.join("demo/site/2026-winter");
        fs::rename(season, top.join("home/mara/reserve/2026-winter")).expect("the evidence");
        computer
    }

    /// Runs a command line and gives what it said.
    pub fn run(&mut self, line: &str) -> String {
        let words = words(line);
        let (program, arguments) = words.split_first().expect("a command");
        let arguments: Vec<String> = arguments.iter().map(|word| self.here_for(word)).collect();
        match (program.as_str(), &arguments[..]) {
            ("cd", [folder]) => {
                self.here = self.here.join(folder);
                assert!(self.here.is_dir(), "{line}");
                String::new()
            }
            ("cp", [from, to]) => {
                fs::copy(self.here.join(from), self.here.join(to)).expect(line);
                String::new()
            }
            ("echo", [word]) if word == "$?" => format!("{}\n", self.last_exit),
            ("treering", arguments) => self.treering(arguments),
            _ => panic!("a transcript has only treering, cd, cp and echo $?: {line}"),
        }
    }

    fn treering(&mut self, arguments: &[String]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treering"));
        command.args(arguments).current_dir(&self.here);
        command.env_remove("TREERING_STORE").env_remove("TREERING_ROOT");
        command.env("TREERING_STATE_DIR", self.top().join("state"));
        command.env("TREERING_PASSPHRASE_FILE", self.top().join("passphrase"));
        let output = command.output().expect("the program");
        self.last_exit = output.status.code().expect("an exit code");
        let mut stdout = String::from_utf8(output.stdout).expect("UTF-8");
        if arguments.iter().any(|argument| argument == "--json") {
            let answer: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
            stdout = serde_json::to_string_pretty(&answer).expect("JSON") + "\n";
        }
        let said = stdout + &String::from_utf8(output.stderr).expect("UTF-8");
        said.replace(&self.top().display().to_string(), "")
    }

    fn top(&self) -> PathBuf {
        self.root.path().canonicalize().expect("the folder")
    }

    fn here_for(&self, word: &str) -> String {
        match word.strip_prefix('/') {
            Some(below) => self.top().join(below).display().to_string(),
            None => word.to_string(),
        }
    }
}

/// A line's words as a shell takes them; only double quotes are understood.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        match index % 2 {
            0 => words.extend(part.split_whitespace().map(str::to_string)),
            _ => words.push(part.to_string()),
        }
    }
    words
}

/// The answer as the page shows it, with the numbers and hashes of now; none if it is another one.
fn fit(shown: &str, now: &str) -> Option<String> {
    let (shown, now): (Vec<&str>, Vec<&str>) = (shown.lines().collect(), now.lines().collect());
    let lines = fit_lines(&shown, &now)?;
    Some(lines.into_iter().rev().map(|line| format!("{line}\n")).collect())
}

/// The fitted lines, last one first.
fn fit_lines<'a>(shown: &[&'a str], now: &[&'a str]) -> Option<Vec<&'a str>> {
    let Some((first, rest)) = shown.split_first() else {
        return now.is_empty().then(Vec::new);
    };
    let (mut lines, line) = if first.trim() == "…" {
        ((0..=now.len()).find_map(|skipped| fit_lines(rest, &now[skipped..]))?, first)
    } else {
        let (line, later) = now.split_first()?;
        let same = masked(first) == masked(line);
        if !same && !is_cut_from(&masked(first), &masked(line)) {
            return None;
        }
        (fit_lines(rest, later)?, if same { line } else { first })
    };
    lines.push(line);
    Some(lines)
}

/// Whether a line is another one with parts left out, where `…` stands.
fn is_cut_from(shown: &str, now: &str) -> bool {
    let Some((before, after)) = shown.split_once('…') else { return shown == now };
    let Some(rest) = now.strip_prefix(before) else { return false };
    let ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.into_iter().any(|at| is_cut_from(after, &rest[at..]))
}

/// The line with everything masked that differs from run to run.
fn masked(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c: char| !is_of_a_code(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        if word.len() >= 20 || (word.len() >= 12 && is_mixed(word)) || is_hex(word) {
            out.push('#');
            rest = &rest[end..];
        } else if first.is_ascii_digit() {
            out.push('0');
            rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
        } else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    out.trim_end().to_string()
}

/// Whether base64, base64url and hexadecimal have this character.
fn is_of_a_code(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+/=_-".contains(c)
}

/// Small letters, and large ones or digits: no word of a sentence is written so.
fn is_mixed(word: &str) -> bool {
    let has = |is: fn(&u8) -> bool| word.as_bytes()[1..].iter().any(is);
    has(u8::is_ascii_lowercase) && (has(u8::is_ascii_uppercase) || has(u8::is_ascii_digit))
}

fn is_hex(word: &str) -> bool {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    word.len() >= 8 && word.bytes().all(is_digit)
}
