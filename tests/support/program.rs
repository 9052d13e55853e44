//! The program itself, run in a folder of its own with the outside records beside it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a store in it, and a computer that remembers.
///
/// ```text
/// <home>/park      the working directory, with the store and the evidence
/// <home>/state     the outside records
/// ```
pub struct Desk {
    home: TempDir,
}

/// How a run ended.
pub struct Run {
    /// The exit code; `None` if it was killed.
    pub code: Option<i32>,
    /// What it answered; `Null` if it had not come to that.
    pub answer: Value,
    /// Both streams, to show when a test fails.
    pub text: String,
}

impl Desk {
    /// A desk with nothing on it.
    pub fn bare() -> Desk {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("park")).expect("a folder");
        Desk { home }
    }

    /// A desk with a ledger.
    pub fn new() -> Desk {
        let desk = Desk::bare();
        desk.done(&["init", "--name", "Park", "--no-passphrase"]);
        desk
    }

    /// The same desk on another computer that was cloned from this one, memory and all.
    pub fn cloned(&self) -> Desk {
        let clone = tempfile::tempdir().expect("a folder");
        for entry in walkdir::WalkDir::new(self.home()).min_depth(1) {
            let entry = entry.expect("the desk can be listed");
            let to = clone.path().join(entry.path().strip_prefix(self.home()).expect("below"));
            match entry.file_type().is_dir() {
                true => fs::create_dir(to).expect("a folder"),
                // With its permissions, which keys need.
                false => drop(fs::copy(entry.path(), to).expect("a file")),
            }
        }
        Desk { home: clone }
    }

    /// Records a file of that name.
    pub fn record(&self, name: &str) {
        self.write(&format!("{name}.jpg"), name.as_bytes());
        self.done(&["add", &format!("{name}.jpg")]);
    }

    /// Everything that belongs to the desk.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The outside records.
    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// The working directory.
    pub fn park(&self) -> PathBuf {
        self.home.path().join("park")
    }

    /// The store.
    pub fn store(&self) -> PathBuf {
        self.park().join(".treering")
    }

    /// The public folder of its ledger.
    pub fn public(&self) -> PathBuf {
        self.store().join("ledgers/park")
    }

    /// Writes a file of evidence.
    pub fn write(&self, name: &str, bytes: &[u8]) {
        let path = self.park().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    /// The program with these arguments, answering in JSON.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_in(&self.park(), args)
    }

    /// [`Desk::command`], in another working directory.
    pub fn command_in(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = self.spoken_in(folder);
        command.args(args).arg("--json");
        command
    }

    /// The program in this working directory, answering in words. The arguments are still to come.
    pub fn spoken_in(&self, folder: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_treering"));
        command
            .current_dir(folder)
            .env("TREERING_STATE_DIR", self.state())
            .env("TREERING_NO_INPUT", "true")
            .env_remove("TREERING_STORE")
            .env_remove("TREERING_PASSPHRASE_FILE")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the program.
    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().expect("the program starts")
    }

    /// Runs the program to its end.
    pub fn run(&self, args: &[&str]) -> Run {
        ended(self.start(args))
    }

    /// [`Desk::run`]; it must succeed.
    pub fn done(&self, args: &[&str]) -> Value {
        let run = self.run(args);
        assert_eq!(run.code, Some(0), "treering {args:?}\n{}", run.text);
        run.answer
    }
}

/// Waits for the end of a run.
pub fn ended(child: Child) -> Run {
    let Output { status, stdout, stderr } = child.wait_with_output().expect("it ends");
    let text =
        format!("{}\n{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    // An answer goes to standard output, an error's too; if a kill came first, there are events only.
    let last_line = |bytes: &[u8]| {
        let line = bytes.trim_ascii().rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
        serde_json::from_slice(line).ok()
    };
    let answer = last_line(&stdout).or_else(|| last_line(&stderr)).unwrap_or_default();
    Run { code: status.code(), answer, text }
}
