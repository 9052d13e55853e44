//! Every file of a store but the public ones, which `tamper` flips byte by byte: cut off, emptied, flipped
//! or gone. Each command answers in its words, nothing that was signed is contradicted, and with the file
//! put back all is as it was.

use std::fs;
use std::path::Path;

use crate::support::park::picture_of;
use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words};

/// Does something to a file that has these bytes.
type Damage = fn(&Path, &[u8]);

/// What can happen to a file.
const DAMAGES: [(&str, Damage); 5] = [
    ("gone", |path, _| fs::remove_file(path).unwrap()),
    ("empty", |path, _| fs::write(path, "").unwrap()),
    ("cut off", |path, bytes| fs::write(path, &bytes[..bytes.len() / 2]).unwrap()),
    ("flipped", |path, bytes| {
        let mut bytes = bytes.to_vec();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    }),
    ("longer", |path, bytes| fs::write(path, [bytes, b"x"].concat()).unwrap()),
];

/// An answer, or an error in three lines with a code of the table.
fn in_words(said: &Said, of: &str) {
    match said.code {
        Some(0 | 3 | 4) if !said.out.is_empty() => {}
        Some(code @ (1 | 3 | 4 | 10 | 12 | 13)) => drop(said.refusal(code)),
        _ => panic!("{of}: {said:?}"),
    }
}

#[test]
fn any_private_file_may_be_damaged() {
    let desk = Desk::new();
    desk.record("lynx");
    let receipt = ["receipt", "lynx.jpg", "-o", "../r"];
    desk.answers(0, &receipt);
    desk.done(&["card", "-o", "../card.json"]);
    desk.done(&["trust", "pin", "../card.json", "--i-have-compared"]);
    desk.write("new.jpg", b"new");
    let is_private = |path: &str| {
        let elsewhere = ["/ledgers/", "/index/"];
        (path.starts_with("park/.treering/") || path.starts_with("state/"))
            && !elsewhere.iter().any(|folder| path.contains(folder))
            && !path.ends_with('/')
            && !path.ends_with("lock")
    };
    let whole = picture_of(desk.home());
    let private: Vec<&String> = whole.keys().filter(|path| is_private(path)).collect();
    assert!(private.len() > 12, "{private:?}");
    for path in private {
        for (how, damage) in DAMAGES {
            let of = format!("{path} {how}");
            let clone = desk.cloned();
            damage(&clone.home().join(path), &whole[path]);
            for command in
                [&["status"][..], &["key", "list"], &["trust", "list"], &["head"], &receipt]
            {
                in_words(&clone.says(command), &of);
            }
            let add = clone.says(&["add", "new.jpg"]);
            in_words(&add, &of);
            let audit = clone.says(&["audit"]);
            in_words(&audit, &of);
            if path.ends_with("trust.toml") && audit.out.is_empty() {
                // Whose ledger it is cannot be told; nothing is audited under another name.
                audit.refusal(1).says("the trust settings", "trust.toml", "restore it from a copy");
                continue;
            }
            let size = if add.code == Some(0) { "4 statements" } else { "3 statements" };
            assert_words(&audit.out, &["CONSISTENT", size]);
            // Put back, it goes on.
            if add.code != Some(0) {
                fs::write(clone.home().join(path), &whole[path]).unwrap();
                restore_mode(&clone.home().join(path));
                assert_eq!(clone.says(&["add", "new.jpg"]).code, Some(0), "{of}: then {add:?}");
                assert_words(&clone.answers(0, &["audit"]), &["4 statements signed", "PASS"]);
            }
        }
    }
}

/// Half a key is not no key: whoever believes the log key lost would rotate a good one away.
#[test]
fn a_missing_public_half_is_named() {
    let desk = Desk::new();
    desk.write("new.jpg", b"new");
    let public = desk.store().join("keys/log.pub");
    let bytes = fs::read(&public).unwrap();
    fs::remove_file(&public).unwrap();
    for command in [&["add", "new.jpg"][..], &["key", "list"], &["status"]] {
        let said = desk.says(command);
        assert_words(
            &said.err,
            &["warning: ", "keys/log.pub is missing: without it damage to the key"],
        );
    }
    fs::write(&public, bytes).unwrap();
    assert_eq!(desk.says(&["add", "new.jpg"]).err, "");
}

/// Keys are for their owner alone, as they were.
fn restore_mode(path: &Path) {
    #[cfg(unix)]
    crate::terminal::chmod(path, 0o600);
    let _ = path;
}
