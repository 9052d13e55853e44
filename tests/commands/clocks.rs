//! A clock that was set back, or runs ahead. Signing goes on, since order comes from the chain and not
//! from clocks; the audit tells whoever reads.

use std::fs;
use std::sync::Arc;

use treering::ledger::read;
use treering::statement::chain::Chain;
use treering::statement::envelope::{Draft, Issuer, Payload, Subject};
use treering::store::disk::RealDisk;
use treering::store::keys::KeyFolder;
use treering::store::public::PublicFolder;
use treering::store::safe_name::SafeName;
use treering::tlog::hash::TreeSize;

use crate::support::bodies;
use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words};

const YEAR_S: i64 = 365 * 86_400;

/// The recorder's statement of a computer whose clock runs a year ahead, brought here as a file. After it
/// this computer's clock is, to the ledger, set back by a year.
fn ahead(desk: &Desk) {
    let disk = Arc::new(RealDisk);
    let folder = PublicFolder::new(disk.clone(), desk.public());
    let (ledger, head) = (read::ledger_in(&folder).unwrap(), read::head_of(&folder).unwrap());
    let founded = read::statement_at(&folder, head.tree().size, treering::tlog::hash::Position(0));
    let now = founded.unwrap().unwrap().header.issued_at;
    let keys = KeyFolder::at(disk, &desk.store().join("keys"));
    let recorder = keys.find(&SafeName::new("recorder").unwrap()).unwrap().open(None).unwrap();
    assert_eq!(head.tree().size, TreeSize(2), "the recorder has signed nothing yet");
    let draft = Draft {
        issuer: Issuer::Ledger(ledger),
        subject: Subject::Ledger,
        issued_at: now + YEAR_S,
        payload: Payload {
            chain: Chain { ledger: Some(ledger), seen: Some(head.tree()), ..Chain::default() },
            also: Vec::new(),
            key: None,
            by: None,
            body: bodies::sealed_anchor("signed next year"),
        },
    };
    fs::write(desk.park().join("ahead"), draft.sign(&recorder).unwrap().bytes()).unwrap();
    desk.done(&["submit", "ahead"]);
}

#[test]
fn a_clock_set_back_stops_nothing_and_is_told() {
    let desk = Desk::new();
    ahead(&desk);
    desk.write("lynx.jpg", b"lynx");
    assert_words(&desk.answers(0, &["add", "lynx.jpg"]), &["Recorded 1 file", "as statement 3"]);
    let said = desk.says(&["audit", "--files", "."]);
    assert_words(&said.out, &["warn         R06  the signers' clocks run forward"]);
    assert_words(&said.out, &["statement 2: its signer's clock is ahead of this computer's"]);
    assert_words(&said.out, &["CONSISTENT", "pass         R01"]);
    assert_words(&desk.answers(0, &["status"]), &["Recorded   "]);
    desk.answers(0, &["check", "lynx.jpg"]);
}

/// An auditor whose own clock is wrong says whose clock differs, and does not call the ledger broken.
#[test]
fn an_auditor_with_a_clock_of_long_ago() {
    let desk = Desk::new();
    desk.record("lynx");
    let said = desk.answers(0, &["audit", "--as-of", "0"]);
    assert_words(
        &said,
        &["warn         R06", "its signer's clock is ahead of this computer's", "PASS"],
    );
    for as_of in ["-9223372036854775808", "9223372036854775807"] {
        let as_of = format!("--as-of={as_of}");
        assert_words(&desk.answers(0, &["audit", &as_of]), &["CONSISTENT", "PASS"]);
    }
    assert_eq!(desk.says(&["audit", "--as-of", "yesterday"]).code, Some(2));
}
