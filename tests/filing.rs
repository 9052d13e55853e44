//! What a key signed and no ledger holds yet: after a crash it is filed before anything else is, and
//! what the ledger will never take is given up, so that the key goes on.

mod support;

use std::sync::Arc;
use std::time::Duration;

use support::park::{picture_of, restore, with_part};
use support::program::Desk;
use treering::ledger::read;
use treering::statement::key::KeyId;
use treering::store::chain_file::{ChainFile, ChainPlaces};
use treering::store::disk::RealDisk;
use treering::store::lock::Holder;
use treering::store::outside::StateFolder;
use treering::store::public::PublicFolder;
use treering::tlog::hash::{Position, TreeSize};

/// `add` was killed when its statement was signed and durable beside the key, and not filed yet. The
/// same command files that statement and finds its files recorded; it does not record them twice.
#[test]
fn a_batch_that_was_signed_and_not_filed_is_recorded_once() {
    let desk = Desk::new();
    for name in ["season/a.jpg", "season/b.jpg"] {
        desk.write(name, name.as_bytes());
    }
    let before = picture_of(desk.home());
    desk.done(&["add", "season"]);
    let folder = PublicFolder::new(Arc::new(RealDisk), desk.public());
    let (ledger, size) = (read::ledger_in(&folder).unwrap(), TreeSize(3));
    let signed = read::statement_at(&folder, size, Position(2)).unwrap().unwrap();

    let manifests = "park/.treering/manifests/";
    restore(desk.home(), &with_part(&before, manifests, &picture_of(desk.home())));
    let places = ChainPlaces {
        disk: Arc::new(RealDisk),
        path: desk.store().join("keys/recorder.chain"),
        state: StateFolder::at(&desk.state()),
        holder: Holder::this_process("treering add"),
        patience: Duration::from_secs(5),
    };
    let mut chain = ChainFile::open(places, KeyId(signed.header.key.0), ledger).unwrap();
    let mut staging = chain.stage(ledger);
    staging.push(signed.clone()).unwrap();
    staging.commit().unwrap();
    drop(chain);

    let answer = desk.done(&["add", "season"]);
    assert_eq!(answer["already_recorded"].as_array().map(Vec::len), Some(2), "{answer}");
    let audit = desk.done(&["audit"]);
    assert_eq!((&audit["ledger"]["size"], &audit["files"]["anchored"]), (&3.into(), &2.into()));
    assert_eq!(read::statement_at(&folder, size, Position(2)).unwrap(), Some(signed));
}

/// What the ledger refuses was never signed: the key's next number is still free.
#[test]
fn a_refused_statement_leaves_no_trace() {
    let desk = Desk::new();
    let revoke = ["key", "revoke", "recorder", "--reason", "left"];
    desk.done(&revoke);
    let before = picture_of(&desk.store().join("keys"));
    let refused = desk.run(&revoke);
    assert_eq!(refused.code, Some(2), "{}", refused.text);
    assert!(picture_of(&desk.store().join("keys")) == before);
}

/// A statement signed into a file and refused when it is submitted must not stop the key for ever.
#[test]
fn what_the_ledger_never_takes_is_given_up() {
    let desk = Desk::new();
    for (reason, file) in [("left", "first"), ("lost", "second")] {
        desk.done(&["key", "revoke", "recorder", "--reason", reason, "-o", file]);
    }
    desk.done(&["submit", "first"]);
    let refused = desk.run(&["submit", "second"]);
    assert_eq!(refused.code, Some(3), "{}", refused.text);

    // The root goes on, with the number of the statement it gave up, and says that it did.
    desk.done(&["key", "new", "anna", "--no-passphrase"]);
    desk.done(&["key", "request", "anna", "-o", "request"]);
    let granted = desk.run(&["key", "grant", "request"]);
    assert_eq!(granted.code, Some(0), "{}", granted.text);
    assert!(granted.text.contains("given up"), "{}", granted.text);
    let folder = PublicFolder::new(Arc::new(RealDisk), desk.public());
    let grant = read::statement_at(&folder, TreeSize(4), Position(3)).unwrap().unwrap();
    assert_eq!((grant.payload.chain.seq, grant.payload.chain.void.len()), (3, 1));
    let audit = desk.done(&["audit"]);
    assert_eq!(audit["statements"]["admitted"], 4, "{audit}");
    assert_eq!(audit["ledger"]["state"], "CONSISTENT", "{audit}");
}
