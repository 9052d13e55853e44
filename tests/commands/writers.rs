//! One writer at a time, in a store it may write to.

use std::fs;
use std::path::Path;
use std::process::Command;

use treering::store::layout::StoreFolder;
use treering::store::lock::{Holder, PATIENCE};

use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words, chmod, is_root};

/// While somebody writes, everybody reads.
#[test]
fn readers_need_no_lock() {
    let desk = Desk::new();
    desk.record("lynx");
    let store = StoreFolder::at(&desk.park()).unwrap();
    let lock = store.lock(&Holder::this_process("treering serve"), PATIENCE).unwrap();
    let readers: [&[&str]; 9] = [
        &["status"],
        &["log"],
        &["show", "@2"],
        &["audit"],
        &["check", "lynx.jpg"],
        &["head"],
        &["card"],
        &["key", "list"],
        &["receipt", "lynx.jpg", "-o", "../r"],
    ];
    for reader in readers {
        desk.answers(0, reader);
    }
    desk.write("a.txt", b"a");
    desk.answers(0, &["add", "a.txt", "--dry-run"]);
    let refusal = desk.refuses(11, &["add", "a.txt"]);
    let holder = format!("locked by process {} (treering serve) since 20", std::process::id());
    refusal.says("the store is in use", &holder, "wait until it has finished");
    drop(lock);
    desk.answers(0, &["add", "a.txt"]);
}

/// The store on a stick whose switch is on "read only": it can be read, and what needs to write says so.
#[cfg(unix)]
#[test]
fn a_read_only_store() {
    let desk = Desk::new();
    desk.record("lynx");
    desk.write("a.txt", b"a");
    let Some(read_only) = ReadOnly::made_of(&desk.store()) else {
        return println!("skipped: a folder cannot be made read-only here");
    };
    let readers: [&[&str]; 7] = [
        &["status"],
        &["log"],
        &["show", "@2"],
        &["head"],
        &["card"],
        &["check", "lynx.jpg"],
        &["audit"],
    ];
    for reader in readers {
        let said = read_only.says(&desk, reader);
        assert_eq!(said.code, Some(0), "{reader:?} {said:?}");
    }
    let writers: [&[&str]; 4] = [
        &["add", "a.txt"],
        &["key", "new", "x", "--no-passphrase"],
        &["reindex"],
        &["trust", "pin", "../card.json", "--i-have-compared"],
    ];
    desk.done(&["card", "-o", "../card.json"]);
    for writer in writers {
        let said = read_only.says(&desk, writer);
        let code = said.code.unwrap();
        assert!(matches!(code, 1 | 12), "{writer:?} {said:?}");
        let refusal = said.refusal(code);
        assert!(!refusal.what.contains("in use"), "{refusal:?}");
        let told = format!("{} {}", refusal.why, refusal.next).to_lowercase();
        assert!(told.contains("read-only") || told.contains("permission"), "{refusal:?}");
    }
    drop(read_only);
    desk.answers(0, &["add", "a.txt"]);
    desk.answers(0, &["audit"]);
}

/// A folder that cannot be written to while this lives.
#[cfg(unix)]
enum ReadOnly {
    /// By its permissions, for everybody but root.
    Closed(Vec<std::path::PathBuf>),
    /// By a mount that only the program sees.
    Mounted(std::path::PathBuf),
}

#[cfg(unix)]
impl ReadOnly {
    fn made_of(folder: &Path) -> Option<ReadOnly> {
        if !is_root() {
            let entries = walkdir::WalkDir::new(folder).into_iter().map(Result::unwrap);
            let folders = entries.filter(|entry| entry.file_type().is_dir());
            let folders: Vec<_> = folders.map(|entry| entry.into_path()).collect();
            for folder in &folders {
                chmod(folder, 0o555);
            }
            return Some(ReadOnly::Closed(folders));
        }
        let mounted = ReadOnly::Mounted(folder.to_owned());
        let probe = mounted.inside(&format!("! touch '{}/probe'", folder.display())).output();
        probe.is_ok_and(|probe| probe.status.success()).then_some(mounted)
    }

    fn inside(&self, script: &str) -> Command {
        let mut command = Command::new("unshare");
        let ReadOnly::Mounted(folder) = self else { panic!("not mounted") };
        let folder = folder.display();
        let mount =
            format!("mount --bind '{folder}' '{folder}' && mount -o remount,ro,bind '{folder}'");
        command.args(["--mount", "sh", "-c", &format!("{mount} && {script}"), "sh"]);
        command
    }

    fn says(&self, desk: &Desk, args: &[&str]) -> Said {
        let ReadOnly::Mounted(_) = self else { return desk.says(args) };
        let mut command = self.inside("exec \"$@\"");
        let typed = desk.typed(&desk.park(), args);
        command.arg(typed.get_program()).args(typed.get_args()).current_dir(desk.park());
        for (name, value) in typed.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Said::of(command.output().unwrap())
    }
}

#[cfg(unix)]
impl Drop for ReadOnly {
    fn drop(&mut self) {
        if let ReadOnly::Closed(folders) = self {
            for folder in folders {
                chmod(folder, 0o755);
            }
        }
    }
}

/// The same store in two folders of one computer: one of them signs.
#[test]
fn a_copied_store_does_not_sign_beside_the_first() {
    let desk = Desk::new();
    desk.record("lynx");
    let copy = desk.home().join("copy");
    let clone = desk.cloned();
    fs::rename(clone.park(), &copy).unwrap();
    desk.record("chamois");
    fs::write(copy.join("a.txt"), "a").unwrap();
    let said = desk.says_in(&copy, &["add", "a.txt"]);
    said.refusal(13).says("this store must not sign now", "", "treering resume");
    assert_words(&desk.says_in(&copy, &["status"]).out, &["must not sign: "]);
    // It takes up what the first one holds; from then on that one must not sign.
    let resumed = desk.says_in(&copy, &["resume", "--from", "../park"]);
    assert_eq!(resumed.code, Some(0), "{resumed:?}");
    assert_words(&resumed.out, &["This store signs again, at 4 statements.", "delete their keys"]);
    assert_words(&resumed.out, &["recorder remembers less than it signed", "next: treering add"]);
    let said = desk.says_in(&copy, &["add", "a.txt"]);
    said.refusal(12).says("the key must not sign now", "", "--resume-chain");
    let said = desk.says_in(&copy, &["add", "a.txt", "--resume-chain"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    desk.write("b.txt", b"b");
    desk.refuses(13, &["add", "b.txt"]);
    let audit = desk.says_in(&copy, &["audit"]);
    assert_words(&audit.out, &["CONSISTENT   5 statements"]);
}

#[test]
fn what_cannot_be_resumed_from() {
    let desk = Desk::new();
    let other = Desk::new();
    fs::create_dir(desk.home().join("empty")).unwrap();
    let far = other.park();
    let cases: [(&str, i32, [&str; 3]); 3] = [
        ("../gone", 2, ["there is no folder ../gone", "", "check the name"]),
        ("../empty", 10, ["../empty is no ledger", "", "checkpoint"]),
        (far.to_str().unwrap(), 2, ["is another ledger", "its id is ", "name a copy of this one"]),
    ];
    for (from, code, [what, why, next]) in cases {
        desk.refuses(code, &["resume", "--from", from]).says(what, why, next);
    }
}
