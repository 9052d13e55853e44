//! Keys: made, asked for, granted, revoked, handed over; and the root that lives on a stick.

use std::fs;
use std::path::PathBuf;

use crate::support::program::Desk;
use crate::terminal::{Said, Terminal, assert_words, flip, record};

/// A park whose roots were put on sticks, a desk without a store, and the card on it.
struct Places {
    desk: Desk,
}

impl Places {
    fn new() -> Places {
        let desk = Desk::bare();
        for folder in ["stick", "other", "third", "office"] {
            fs::create_dir(desk.home().join(folder)).unwrap();
        }
        let roots = ["--root-to", "../stick", "--next-to", "../other"];
        desk.done(&[&["init", "--name", "Park", "--no-passphrase"][..], &roots].concat());
        desk.done(&["card", "-o", "../office/card.json"]);
        Places { desk }
    }

    fn office(&self) -> PathBuf {
        self.desk.home().join("office")
    }

    /// In the office, where there is no store.
    fn there(&self, code: i32, args: &[&str]) -> Said {
        let said = self.desk.says_in(&self.office(), args);
        assert_eq!(said.code, Some(code), "{args:?} {said:?}");
        said
    }

    fn here(&self, code: i32, args: &[&str]) -> String {
        self.desk.answers(code, args)
    }
}

/// Ben's key is made in an office, the root is on a stick, the store in the park: only files travel.
#[test]
fn a_key_is_granted_by_files() {
    let places = Places::new();
    let new = ["key", "new", "ben", "--to", ".", "--for", "verifier", "--no-passphrase"];
    let said = places.there(0, &new);
    assert_words(
        &said.out,
        &["Made the key ben (verifier)", "next: treering key request ben --from . --card"],
    );
    let request = ["key", "request", "ben", "--from", ".", "--card", "card.json"];
    let said = places.there(0, &request);
    assert_words(
        &said.out,
        &["Wrote ben.request.json: ben asks to sign as verifier (claim.opinion, process)"],
    );
    assert_words(&said.out, &["next: where the root is, treering key grant ben.request.json"]);
    let grant = ["key", "grant", "ben.request.json", "--root", "../stick", "-o", "ben.statement"];
    let said = places.there(0, &grant);
    assert_words(
        &said.out,
        &["It counts once it is in the ledger.", "treering submit ben.statement"],
    );
    // Asked for once more, because the file was lost: the same statement.
    let signed = fs::read(places.office().join("ben.statement")).unwrap();
    fs::remove_file(places.office().join("ben.statement")).unwrap();
    places.there(0, &grant);
    assert_eq!(fs::read(places.office().join("ben.statement")).unwrap(), signed);
    let said = places.here(0, &["submit", "../office/ben.statement"]);
    assert_words(&said, &["Filed as statement 2: key.grant", "may sign as verifier"]);
    let said = places.here(0, &["submit", "../office/ben.statement"]);
    assert_eq!(said, "Already in the ledger, as statement 2.\nnext: treering show @2\n");
    let list = places.here(0, &["key", "list"]);
    assert_words(&list, &["kept elsewhere", "verifier since statement 2: claim.opinion, process"]);
    assert_words(&places.here(0, &["audit"]), &["2 keys granted, 0 ended", "PASS"]);

    // Another file of the name is not written over.
    fs::write(places.office().join("ben.statement"), "something else").unwrap();
    let said = places.there(2, &grant);
    said.refusal(2).says("ben.statement is there already", "would be lost", "name another file");
}

#[test]
fn what_a_root_does_not_grant() {
    let places = Places::new();
    places.there(0, &["key", "new", "ben", "--to", ".", "--no-passphrase"]);
    let request = ["key", "request", "ben", "--from", ".", "--card", "card.json"];
    places.there(0, &request);
    let path = places.office().join("ben.request.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(places.office().join("more.json"), text.replace("recorder", "supervisor")).unwrap();
    fs::write(places.office().join("half.json"), &text[..100]).unwrap();
    let other = Desk::new();
    other.done(&["card", "-o", "card.json"]);
    fs::copy(other.park().join("card.json"), places.office().join("other.json")).unwrap();
    let elsewhere =
        ["key", "request", "ben", "--from", ".", "--card", "other.json", "-o", "far.json"];
    places.there(0, &elsewhere);
    let cases: [(&[&str], i32, [&str; 3]); 7] = [
        (
            &["more.json", "--root", "../stick"],
            3,
            ["the request does not hold", "did not sign this role", "ask for a new request"],
        ),
        (
            &["half.json", "--root", "../stick"],
            2,
            ["half.json is not a request", "", "check the name"],
        ),
        (
            &["card.json", "--root", "../stick"],
            2,
            ["is not a request", "it is a site card", "name a"],
        ),
        (
            &["gone.json", "--root", "../stick"],
            2,
            ["there is no file gone.json", "", "check the name"],
        ),
        (
            &["ben.request.json", "--root", "../third"],
            12,
            ["the root key is not here", "../third holds no key", "connect the stick"],
        ),
        (
            &["ben.request.json", "--root", "../other"],
            12,
            ["the root key is not here", "../other holds no key", "--root-key next-root"],
        ),
        (
            &["ben.request.json", "--root", "../stick", "--root-key", "anna"],
            12,
            ["the key cannot be used", "there is no key anna", "treering key list"],
        ),
    ];
    let before = record(&places.desk);
    for (args, code, [what, why, next]) in cases {
        let args = [&["key", "grant"], args, &["-o", "x.statement"]].concat();
        places.there(code, &args).refusal(code).says(what, why, next);
    }
    assert!(record(&places.desk) == before);
    // Where the store is, another ledger's request shows.
    places.desk.refuses(2, &["key", "grant", "../office/far.json", "--root", "../stick"]).says(
        "the request is for another ledger",
        "this store's is",
        "-o STATEMENT",
    );
    places.desk.refuses(12, &["key", "grant", "../office/ben.request.json"]).says(
        "the root key is not here",
        "does not hold the root in force",
        "--root DIR",
    );
    places.here(0, &["key", "grant", "../office/ben.request.json", "--root", "../stick"]);
    // Granted already.
    places.desk.refuses(2, &["key", "grant", "../office/ben.request.json", "--root", "../stick"]);
}

#[test]
fn what_is_submitted_is_judged() {
    let places = Places::new();
    places.there(0, &["key", "new", "ben", "--to", ".", "--no-passphrase"]);
    places.there(0, &["key", "request", "ben", "--from", ".", "--card", "card.json"]);
    let grant = ["key", "grant", "ben.request.json", "--root", "../stick", "-o", "ben.statement"];
    places.there(0, &grant);
    let path = places.office().join("ben.statement");
    let whole = fs::read(&path).unwrap();
    // Every part of it: tag, header, payload, signature.
    for at in (0..whole.len()).step_by(37).chain([whole.len() - 1]) {
        flip(&path, at);
        let said = places.desk.says(&["submit", "../office/ben.statement"]);
        let code = said.code.unwrap();
        assert!(matches!(code, 2 | 3), "byte {at}: {said:?}");
        said.refusal(code);
        fs::write(&path, &whole).unwrap();
    }
    for end in [0, 1] {
        fs::write(&path, &whole[..end]).unwrap();
        places.desk.refuses(2, &["submit", "../office/ben.statement"]).says(
            "is not a signed statement",
            "it does not begin as one does",
            "check the name",
        );
    }
    for end in [2, 100, whole.len() - 1] {
        fs::write(&path, &whole[..end]).unwrap();
        places.desk.refuses(3, &["submit", "../office/ben.statement"]).says(
            "does not hold",
            "not a signed statement",
            "ask for the file again",
        );
    }
    fs::write(&path, [&whole[..], b"\0"].concat()).unwrap();
    places.desk.refuses(3, &["submit", "../office/ben.statement"]);
    fs::write(&path, vec![0xd2; 70_000]).unwrap();
    places.desk.refuses(2, &["submit", "../office/ben.statement"]).says(
        "is not a signed statement",
        "longer than a signed statement can be",
        "",
    );
    places.desk.refuses(2, &["submit", "../office/card.json"]).says(
        "is not a signed statement",
        "it is a site card",
        "name a signed statement",
    );
    places.desk.refuses(2, &["submit", "../office/gone"]).says(
        "there is no file",
        "",
        "check the name",
    );
    // A statement for another ledger.
    fs::write(&path, &whole).unwrap();
    let other = Desk::new();
    let far = path.to_str().unwrap();
    other.refuses(3, &["submit", far]).says("the ledger does not take the statement", "", "");
    places.here(0, &["submit", "../office/ben.statement"]);
}

#[test]
fn a_second_ranger_comes_and_goes() {
    let desk = Desk::new();
    let said = desk.answers(0, &["key", "new", "anna", "--no-passphrase"]);
    assert_words(
        &said,
        &["Made the key anna (recorder)", "next: treering key request anna, for the root"],
    );
    desk.write("a.txt", b"a");
    desk.refuses(12, &["add", "a.txt", "--key", "anna"]).says(
        "the key anna may not sign evidence.anchor here",
        "has not granted it",
        "treering key list",
    );
    desk.answers(0, &["key", "request", "anna"]);
    let said = desk.answers(0, &["key", "grant", "anna.request.json"]);
    assert_words(&said, &["as statement 2.", "next: whoever holds the key signs with it"]);
    // Now two keys may sign, and the program does not choose.
    desk.refuses(12, &["add", "a.txt"]).says(
        "several keys in this store may sign evidence.anchor",
        "anna, recorder",
        "--key NAME",
    );
    desk.answers(0, &["add", "a.txt", "--key", "anna"]);
    desk.refuses(2, &["key", "revoke", "anna", "--reason", "compromised"]).says(
        "a compromised key needs a size",
        "becomes disputed",
        "--trusted SIZE",
    );
    desk.refuses(2, &["key", "revoke", "anna", "--reason", "left", "--trusted", "2"]).says(
        "--trusted goes with --reason compromised",
        "",
        "leave it out",
    );
    for size in ["0", "99"] {
        let args = ["key", "revoke", "anna", "--reason", "compromised", "--trusted", size];
        desk.refuses(2, &args).says("the ledger had no size", "it has 4", "between 1 and that");
    }
    desk.refuses(2, &["key", "revoke", "nobody", "--reason", "left"]).says(
        "no key nobody is granted here",
        "8 or more digits",
        "treering key list",
    );
    desk.refuses(2, &["key", "revoke", "log", "--reason", "left"]).says(
        "log holds no grant here",
        "nothing to end",
        "treering key list",
    );
    let said = desk.answers(0, &["key", "revoke", "anna", "--reason", "left", "--by-itself"]);
    assert_words(&said, &["Filed the revocation of key ", "(left), as statement 4."]);
    desk.refuses(12, &["add", "a.txt", "--key", "anna"]);
    // What she signed stays.
    assert_words(
        &desk.answers(0, &["show", "@3"]),
        &["standing     nothing later speaks against it"],
    );
    desk.answers(0, &["key", "revoke", "recorder", "--reason", "compromised", "--trusted", "2"]);
    desk.refuses(12, &["add", "a.txt"]).says(
        "no key in this store may sign evidence.anchor",
        "ended their grants",
        "treering key request NAME",
    );
    assert_words(&desk.answers(0, &["audit"]), &["2 keys granted, 2 ended"]);
}

/// The log key and the root change hands, and what came before still holds.
#[test]
fn keys_are_handed_over() {
    let places = Places::new();
    places.desk.record("before");
    places.desk.answers(0, &["receipt", "before.jpg", "-o", "../office/r"]);
    let rotate = ["key", "rotate-log", "--root", "../stick", "--no-passphrase"];
    let said = places.here(0, &rotate);
    assert_words(
        &said,
        &["the change of the log key to log-2, as statement 3", "next: tell the witnesses"],
    );
    let rotate = ["key", "rotate-root", "--root", "../stick", "--no-passphrase"];
    places.desk.refuses(12, &rotate).says(
        "the next root key is not here",
        "does not hold the key that was sealed",
        "--next DIR",
    );
    let to = ["--next", "../other", "--next-to", "../third"];
    let said = places.here(0, &[&rotate[..], &to].concat());
    assert_words(
        &said,
        &["../other/next-root.key, as statement 4.", "../third/next-root-2 (.key, .pub)"],
    );
    // The old root rules no more, the new one does.
    let revoke = ["key", "revoke", "recorder", "--reason", "superseded", "--root"];
    places.desk.refuses(12, &[&revoke[..], &["../stick"]].concat()).says(
        "the root key is not here",
        "does not hold the root in force",
        "",
    );
    places.desk.record("after");
    places.here(0, &[&revoke[..], &["../other"]].concat());
    assert_words(&places.here(0, &["audit"]), &["2 anchored: 2 MATCHES", "PASS"]);
    let check =
        ["check", "before.jpg", "--receipt", "../office/r", "--card", "../office/card.json"];
    assert_words(&places.here(4, &check), &["MATCHES  before.jpg"]);
    // Without its log key nothing is signed, and it comes back from a second copy.
    let desk = &places.desk;
    let keys = desk.store().join("keys");
    let rotate = ["key", "rotate-log", "--root", "../other", "--reason", "lost", "--no-passphrase"];
    for name in ["log.key", "log-2.key"] {
        fs::rename(keys.join(name), desk.home().join(name)).unwrap();
    }
    assert_words(&places.here(0, &rotate), &["the change of the log key to log-3"]);
    places.here(0, &["audit"]);
}

#[test]
fn keys_are_exported_and_come_back() {
    let desk = Desk::new();
    let public = desk.answers(0, &["key", "export", "recorder"]);
    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----"), "{public}");
    assert_eq!(desk.says(&["key", "export", "recorder", "--secret"]).code, Some(2));
    let said = desk.says(&["key", "export", "recorder", "--secret", "-o", "../r.pem"]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "Wrote ../r.pem\n"));
    assert_words(&said.err, &["warning: a key signs in one place"]);
    // The same once more is the same; another file is not lost under it.
    fs::write(desk.home().join("other.pem"), "something else").unwrap();
    desk.refuses(2, &["key", "export", "recorder", "--secret", "-o", "../other.pem"]).says(
        "../other.pem is there already",
        "would be lost",
        "name another file",
    );
    let import = ["key", "import", "../r.pem", "--no-passphrase", "--name"];
    desk.refuses(12, &[&import[..], &["again"]].concat()).says(
        "the key cannot be used",
        "already in",
        "use it as recorder",
    );
    // The computer was lost, the second copy was not.
    for kind in ["key", "pub", "chain"] {
        fs::remove_file(desk.store().join("keys").join(format!("recorder.{kind}"))).unwrap();
    }
    desk.write("a.txt", b"a");
    desk.refuses(12, &["add", "a.txt"]);
    desk.answers(0, &[&import[..], &["recorder"]].concat());
    desk.answers(0, &["add", "a.txt"]);
    desk.answers(0, &["audit"]);
    desk.write("no key", b"nothing");
    let cases: [(&[&str], i32, [&str; 3]); 8] = [
        (
            &["import", "no key", "--name", "x"],
            2,
            ["no key is not a private key", "PEM", "check the name"],
        ),
        (&["import", "gone", "--name", "x"], 2, ["there is no file gone", "", "check the name"]),
        (
            &["import", "../r.pem", "--name", "x", "--ssh"],
            2,
            ["not imported", "no OpenSSH", "leave --ssh"],
        ),
        (
            &["import", "../r.pem", "--name", "x", "--for", "king", "--no-passphrase"],
            2,
            ["\"king\" is nothing a key can be for", "recorder", "choose one"],
        ),
        (
            &["new", "log", "--no-passphrase"],
            12,
            ["cannot be used", "never overwritten", "choose another name"],
        ),
        (
            &["new", "a/b", "--no-passphrase"],
            2,
            ["\"a/b\" cannot be a name", "a–z", "choose another"],
        ),
        (
            &["new", "x", "--for", "root"],
            2,
            ["\"root\" is nothing a key can be for", "", "choose one"],
        ),
        (
            &["export", "nobody"],
            12,
            ["cannot be used", "there is no key nobody", "treering key list"],
        ),
    ];
    for (args, code, [what, why, next]) in cases {
        desk.refuses(code, &[&["key"], args].concat()).says(what, why, next);
    }
}
