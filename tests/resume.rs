//! `treering resume`: how a person lets a copied or restored store sign again, and what stops them.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use support::park::{Picture, picture_of, restore};
use support::program::{Desk, Run};
use support::publish::write;
use support::{bodies, key};
use treering::ledger::growth::growth;
use treering::ledger::read;
use treering::statement::chain::Chain;
use treering::statement::envelope::{Draft, Issuer, Payload, Subject};
use treering::store::disk::RealDisk;
use treering::store::public::PublicFolder;
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::hash::Position;

/// A refusal with this exit code, after which store and memory are as they were.
fn refused(desk: &Desk, args: &[&str], code: i32) -> Run {
    let before = without_index(desk);
    let run = desk.run(args);
    assert_eq!(run.code, Some(code), "{}", run.text);
    assert!(without_index(desk) == before, "refused, and yet something changed\n{}", run.text);
    run
}

/// Everything but the index, which may be made anew at any time, the proofs of forks, which are kept
/// whatever else is refused, and the locks.
fn without_index(desk: &Desk) -> Picture {
    let picture = picture_of(desk.home()).into_iter();
    let other = |path: &str| ["/index/", "/forks/"].iter().any(|part| path.contains(part));
    picture.filter(|(path, _)| !other(path) && !path.ends_with("lock")).collect()
}

/// The size of a ledger with which nothing is wrong. (Manifests may be lost with a disk.)
fn size(desk: &Desk) -> u64 {
    let audit = desk.run(&["audit"]).answer;
    assert_eq!(audit["ledger"]["state"], "CONSISTENT", "{audit}");
    audit["ledger"]["size"].as_u64().unwrap()
}

/// What others would hold if they fetched the public folder now.
fn mirror(desk: &Desk, name: &str) {
    let folder = desk.home().join(name);
    fs::create_dir_all(&folder).unwrap();
    restore(&folder, &picture_of(&desk.public()));
}

/// Puts a mirror in the place of the public folder.
fn restore_public(desk: &Desk, name: &str) {
    restore(&desk.public(), &picture_of(&desk.home().join(name)));
}

/// A desk with three statements, whose public folder is mirrored as `two` and `three` statements.
fn desk() -> Desk {
    let desk = Desk::new();
    mirror(&desk, "two");
    desk.record("first");
    mirror(&desk, "three");
    desk
}

#[test]
fn a_store_on_another_computer_signs_once_somebody_has_asked() {
    let desk = desk();
    fs::remove_dir_all(desk.state()).unwrap();
    desk.write("second.jpg", b"second");
    let run = refused_for_the_first_time(&desk, &["add", "second.jpg"]);
    assert!(run.answer["next"].as_str().unwrap().contains("treering resume"), "{}", run.text);
    desk.done(&["resume", "--nobody-holds-more"]);
    desk.done(&["add", "second.jpg", "--resume-chain"]);
    assert_eq!(size(&desk), 4);
}

/// The folder of outside records may be made for its lock; nothing is remembered in it.
fn refused_for_the_first_time(desk: &Desk, args: &[&str]) -> Run {
    let run = desk.run(args);
    assert_eq!(run.code, Some(13), "{}", run.text);
    if desk.state().is_dir() {
        let remembered = picture_of(&desk.state());
        assert!(remembered.keys().all(|path| path.ends_with('/') || path.ends_with("lock")));
    }
    run
}

#[test]
fn of_two_copies_on_one_computer_one_signs() {
    let desk = desk();
    let copy = desk.home().join("copy");
    let clone = desk.cloned();
    fs::rename(clone.park(), &copy).unwrap();
    desk.record("second");
    let add = desk.command_in(&copy, &["add", "first.jpg", "--title", "again"]).output().unwrap();
    assert_eq!(add.status.code(), Some(13), "{}", String::from_utf8_lossy(&add.stderr));
    desk.record("third");
    assert_eq!(size(&desk), 5);
}

/// A backup of the whole store came back, and a partner holds what was lost with the disk.
#[test]
fn a_restored_store_takes_up_what_a_mirror_holds() {
    let desk = desk();
    let backup = picture_of(&desk.store());
    for name in ["second", "third"] {
        desk.record(name);
    }
    mirror(&desk, "partner");
    mirror_without_partials(&desk, "partner");
    restore(&desk.store(), &backup);
    desk.write("fourth.jpg", b"fourth");
    refused(&desk, &["add", "fourth.jpg"], 13);
    // Somebody else holds less than this computer remembers: not enough.
    refused(&desk, &["resume", "--from", "../three"], 13);
    desk.done(&["resume", "--from", "../three", "--from", "../partner"]);
    assert_eq!(size(&desk), 5);
    desk.done(&["add", "fourth.jpg", "--resume-chain"]);
    assert_eq!(size(&desk), 6);
}

/// A mirror need not keep partial files; here it has nothing else, so they stay.
fn mirror_without_partials(desk: &Desk, name: &str) {
    for older in ["tile/entries/000.p/2", "tile/0/000.p/2"] {
        fs::remove_file(desk.home().join(name).join(older)).unwrap();
    }
}

/// The public folder was restored too far back, and no mirror has all of it: what is beyond the
/// checkpoint here may be all that is left, so nothing is cleared away.
#[test]
fn a_source_with_less_than_is_remembered_touches_nothing() {
    let desk = desk();
    desk.record("second");
    restore_public(&desk, "two");
    refused(&desk, &["resume", "--from", "../three"], 13);
}

/// The checkpoint alone is old, as after a crash: the store's own head vouches for the rest.
#[test]
fn what_the_head_covers_is_not_given_up() {
    let desk = desk();
    fs::copy(desk.home().join("two/checkpoint"), desk.public().join("checkpoint")).unwrap();
    fs::remove_dir_all(desk.state()).unwrap();
    let resumed = desk.done(&["resume", "--nobody-holds-more"]);
    assert_eq!(resumed["size"], 3, "{resumed}");
    assert_eq!(size(&desk), 3);
}

/// Two clones of one computer both went on. Whoever brings them together learns it, and nothing signs.
#[test]
fn sources_that_have_forked_are_named() {
    let desk = desk();
    let (one, two) = (desk.cloned(), desk.cloned());
    one.record("here");
    for name in ["there", "and on"] {
        two.record(name);
    }
    let [one, two] = [one.public(), two.public()].map(|path| path.to_str().unwrap().to_owned());
    for order in [[&one, &two], [&two, &one]] {
        let args = ["resume", "--from", order[0], "--from", order[1]];
        let run = refused(&desk, &args, 5);
        assert!(run.text.contains(&one) && run.text.contains(&two), "{}", run.text);
    }
    // The proof is kept, and nothing signs before people have decided.
    let forks = desk.run(&["fork", "list"]).answer;
    let fork = forks["forks"][0]["id"].as_str().unwrap();
    assert_eq!(forks["forks"].as_array().unwrap().len(), 1, "{forks}");
    desk.write("more.jpg", b"more");
    for args in [&["resume", "--from", &one][..], &["add", "more.jpg"]] {
        let run = refused(&desk, args, 5);
        assert!(run.text.contains(&format!("treering fork show {fork}")), "{}", run.text);
    }
    let cares = desk.done(&["status"])["care"].to_string();
    assert!(cares.contains(&format!("treering fork show {fork}")), "{cares}");
    // A is the smaller one, the first.
    desk.done(&["fork", "resolve", fork, "--keep", "A", "--reason", "told by telephone"]);
    // One of them alone is a continuation of what this computer knows.
    desk.done(&["resume", "--from", &one]);
    // And then the other is not.
    refused(&desk, &["resume", "--from", &two], 5);
    desk.done(&["add", "more.jpg", "--resume-chain"]);
}

/// People decided for the other side: this store never signs its own again.
#[test]
fn a_store_whose_side_was_given_up_stays_silent() {
    let desk = desk();
    let other = desk.cloned();
    desk.record("here");
    other.record("there");
    other.record("and on");
    let there = other.public().to_str().unwrap().to_owned();
    let run = refused(&desk, &["resume", "--from", &there], 5);
    assert!(run.text.contains("treering fork show"), "{}", run.text);
    desk.write("more.jpg", b"more");
    refused(&desk, &["add", "more.jpg"], 5);
    let forks = desk.run(&["fork", "list"]).answer;
    let fork = forks["forks"][0]["id"].as_str().unwrap();
    desk.done(&["fork", "resolve", fork, "--keep", "B", "--reason", "told by telephone"]);
    let run = refused(&desk, &["add", "more.jpg"], 5);
    assert!(run.text.contains("does not stand"), "{}", run.text);
}

/// Somebody who can write to the public folder must not get a signature by way of a resume.
#[test]
fn what_no_key_signed_is_not_taken_up() {
    for say in [&["resume", "--nobody-holds-more"][..], &["resume", "--from", "../forged"]] {
        let desk = desk();
        let forged = desk.home().join("forged");
        mirror(&desk, "forged");
        forge(&forged);
        if say.contains(&"--nobody-holds-more") {
            restore_public(&desk, "forged");
        }
        let run = refused(&desk, say, 3);
        assert!(run.text.contains("cannot be resumed from"), "{}", run.text);
    }
}

/// Adds a statement signed by a stranger in the recorder's place, and a checkpoint signed by nobody who may.
fn forge(public: &Path) {
    let folder = PublicFolder::new(Arc::new(RealDisk), public);
    let (ledger, head) = (read::ledger_in(&folder).unwrap(), read::head_of(&folder).unwrap());
    let book = read::book(&folder, ledger, head.tree().size).unwrap();
    let last = read::statement_at(&folder, head.tree().size, Position(2)).unwrap().unwrap();
    let draft = Draft {
        issuer: Issuer::Ledger(ledger),
        subject: Subject::Ledger,
        issued_at: last.header.issued_at,
        payload: Payload {
            chain: Chain { seq: 1, prev: Some(last.id()), ..last.payload.chain.clone() },
            also: Vec::new(),
            key: None,
            by: None,
            body: bodies::sealed_anchor("forged"),
        },
    };
    let stranger = key("a stranger");
    let statement = draft.sign(&stranger).unwrap();
    let files = growth(&folder, book.frontier(), &[statement.bytes()], &[statement.id()]).unwrap();
    for file in files {
        write(public, &file.path, &file.bytes);
    }
    let mut frontier = book.frontier().clone();
    frontier.push(statement.id());
    let checkpoint = Checkpoint::new(head.origin().clone(), frontier.tree());
    let line = checkpoint.sign(&stranger);
    let signed = SignedCheckpoint::new(checkpoint, vec![line]).unwrap();
    write(public, "checkpoint", signed.to_string().as_bytes());
}
