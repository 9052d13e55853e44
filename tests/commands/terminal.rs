//! What the program says at a terminal, and how an error must read.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::support::park::{Picture, picture_of};
use crate::support::program::Desk;

/// What a run said, in words.
#[derive(Debug)]
pub struct Said {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// Standard output: the answer.
    pub out: String,
    /// Standard error: errors, warnings, remarks.
    pub err: String,
}

/// An error's three lines, without their labels.
#[derive(Debug)]
pub struct Refusal {
    /// What happened.
    pub what: String,
    /// Why.
    pub why: String,
    /// What to do next.
    pub next: String,
}

impl Said {
    /// How a command ended.
    pub fn of(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).expect("treering writes UTF-8");
        let said =
            Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) };
        for stream in [&said.out, &said.err] {
            for not_for_people in ["panicked", "RUST_BACKTRACE", "os error: Os {", "Os { code"] {
                assert!(!stream.contains(not_for_people), "{not_for_people} in {said:?}");
            }
            let control = |c: char| c.is_control() && !"\n\t".contains(c);
            assert!(!stream.contains(control), "a control character: {said:?}");
        }
        said
    }

    /// The three lines of a failed run, whose answer must be empty.
    pub fn refusal(&self, code: i32) -> Refusal {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{self:?}");
        let lines: Vec<&str> = self.err.lines().collect();
        let [.., what, why, next] = &lines[..] else { panic!("not three lines: {self:?}") };
        let after = |line: &str, label: &str| {
            let rest = line.strip_prefix(label).unwrap_or_else(|| panic!("no {label:?}: {self:?}"));
            assert!(!rest.trim().is_empty(), "nothing after {label:?}: {self:?}");
            rest.to_owned()
        };
        let before = &lines[..lines.len() - 3];
        assert!(before.iter().all(|line| !line.starts_with("error:")), "two errors: {self:?}");
        Refusal {
            what: after(what, "error: "),
            why: after(why, "  why: "),
            next: after(next, " next: "),
        }
    }
}

impl Refusal {
    /// Asserts words of each of the three lines.
    pub fn says(&self, what: &str, why: &str, next: &str) {
        let lines = [(&self.what, what), (&self.why, why), (&self.next, next)];
        for (line, words) in lines {
            assert!(line.contains(words), "{words:?} is not in {line:?} of {self:?}");
        }
    }
}

/// A desk at whose terminal somebody sits.
pub trait Terminal {
    /// The command, to be given more.
    fn typed<A: AsRef<OsStr>>(&self, folder: &Path, args: &[A]) -> Command;

    /// Runs it in the park.
    fn says<A: AsRef<OsStr>>(&self, args: &[A]) -> Said;

    /// Runs it in another folder.
    fn says_in<A: AsRef<OsStr>>(&self, folder: &Path, args: &[A]) -> Said {
        Said::of(self.typed(folder, args).output().expect("the program starts"))
    }

    /// [`Terminal::says`] with this exit code; the answer.
    fn answers<A: AsRef<OsStr>>(&self, code: i32, args: &[A]) -> String {
        let said = self.says(args);
        assert_eq!(said.code, Some(code), "{said:?}");
        said.out
    }

    /// [`Terminal::says`], refused with this exit code, and nothing has changed but the index and locks.
    fn refuses<A: AsRef<OsStr>>(&self, code: i32, args: &[A]) -> Refusal;
}

impl Terminal for Desk {
    fn typed<A: AsRef<OsStr>>(&self, folder: &Path, args: &[A]) -> Command {
        let mut command = self.spoken_in(folder);
        command.args(args).stdin(Stdio::null());
        command
    }

    fn says<A: AsRef<OsStr>>(&self, args: &[A]) -> Said {
        self.says_in(&self.park(), args)
    }

    fn refuses<A: AsRef<OsStr>>(&self, code: i32, args: &[A]) -> Refusal {
        let before = record(self);
        let refusal = self.says(args).refusal(code);
        assert!(record(self) == before, "refused, and yet something changed: {refusal:?}");
        refusal
    }
}

/// Everything but the index, which may be made anew at any time, locks, and empty drafts.
pub fn record(desk: &Desk) -> Picture {
    let left_out = |path: &str| {
        ["/index", "/drafts"].iter().any(|folder| path.contains(folder))
            || path.ends_with("lock")
            || path.ends_with('/')
    };
    picture_of(desk.home()).into_iter().filter(|(path, _)| !left_out(path)).collect()
}

/// Asserts that all of these words are in a text.
pub fn assert_words(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in:\n{text}");
    }
}

/// The signed head of the desk's ledger, byte for byte.
pub fn checkpoint(desk: &Desk) -> Vec<u8> {
    fs::read(desk.public().join("checkpoint")).expect("a checkpoint")
}

/// Flips the lowest bit of a byte of a file.
pub fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[at] ^= 1;
    fs::write(path, bytes).expect("a file");
}

/// Changes permission bits.
#[cfg(unix)]
pub fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("chmod");
}

/// Whether this is the user that no permission keeps out.
pub fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
