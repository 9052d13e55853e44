//! Receipts, and what a stranger with a file, a receipt and a card finds out.

use std::fs;

use crate::support::program::Desk;
use crate::terminal::{Terminal, assert_words, flip};

const QUORUM_NONE: &str = "quorum none\n";

/// A park with two recorded pictures, and in `visitor` what a stranger was given: the first picture, its
/// receipt, the card and a policy that asks for no witness.
fn visited() -> Desk {
    let desk = Desk::new();
    for name in ["lynx", "chamois"] {
        desk.write(&format!("pictures/{name}.jpg"), name.as_bytes());
    }
    desk.done(&["add", "pictures"]);
    fs::create_dir(desk.home().join("visitor")).unwrap();
    let receipt = ["receipt", "pictures/lynx.jpg", "-o", "../visitor/lynx.receipt.json"];
    desk.done(&[&receipt[..], &["--disclose", "path"]].concat());
    desk.done(&["card", "-o", "../visitor/card.json"]);
    for name in ["lynx", "chamois"] {
        let from = desk.park().join(format!("pictures/{name}.jpg"));
        fs::copy(from, desk.home().join(format!("visitor/{name}.jpg"))).unwrap();
    }
    fs::write(desk.home().join("visitor/policy"), QUORUM_NONE).unwrap();
    // The visitor has neither the store nor its memory.
    fs::rename(desk.park(), desk.home().join("far away")).unwrap();
    fs::rename(desk.home().join("visitor"), desk.park()).unwrap();
    fs::remove_dir_all(desk.state()).unwrap();
    desk
}

const CHECK: [&str; 5] = ["check", "--receipt", "lynx.receipt.json", "--card", "card.json"];

fn check<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&CHECK[..], more].concat()
}

#[test]
fn a_stranger_checks_a_photo() {
    let desk = visited();
    let said = desk.answers(4, &check(&["lynx.jpg"]));
    assert_words(
        &said,
        &["MATCHES  lynx.jpg", "in statement 2: pictures", "granted as recorder at"],
    );
    assert_words(&said, &["its clock said", "(a claim)", "shown: path      pictures/lynx.jpg"]);
    assert_words(&said, &["INCOMPLETE   1 file MATCHES; the time of recording is NOT CHECKED."]);
    let said = desk.answers(0, &check(&["lynx.jpg", "--policy", "policy"]));
    assert_words(&said, &["PASS   1 file MATCHES.", "not asked: the policy says quorum none"]);
    assert_words(
        &said,
        &["NOT CHECKED: whether the key was revoked before this", "Not shown: that a"],
    );
    let said = desk.answers(3, &check(&["chamois.jpg", "lynx.jpg", "--policy", "policy"]));
    assert_words(&said, &["DIFFERS  chamois.jpg", "MATCHES  lynx.jpg", "ask for the original"]);
    assert_words(&said, &["FAIL   2 files: 1 DIFFERS · 1 MATCHES."]);
    let said = desk.answers(4, &check(&["lynx.jpg", "gone.jpg", "..", "--policy", "policy"]));
    assert_words(&said, &["MISSING  gone.jpg", "UNREADABLE  ..", "it is a folder: name the files"]);
    let id = desk.done(&[
        "check",
        "lynx.jpg",
        "--receipt",
        "lynx.receipt.json",
        "--card",
        "card.json",
        "--policy",
        "policy",
    ])["ledger"]
        .as_str()
        .unwrap()
        .to_owned();
    let by_id = ["check", "lynx.jpg", "--receipt", "lynx.receipt.json", "--ledger-id", &id];
    assert_words(&desk.answers(4, &by_id), &["MATCHES  lynx.jpg"]);
    // One bit of the picture.
    flip(&desk.park().join("lynx.jpg"), 2);
    assert_words(&desk.answers(3, &check(&["lynx.jpg"])), &["DIFFERS  lynx.jpg", "FAIL"]);
}

#[test]
fn what_is_handed_over_wrongly() {
    let desk = visited();
    let other = Desk::new();
    other.done(&["card", "-o", "card.json"]);
    fs::copy(other.park().join("card.json"), desk.park().join("other.json")).unwrap();
    let card = fs::read_to_string(desk.park().join("card.json")).unwrap();
    let digit = card.find("\"digits\": \"").unwrap() + 11;
    fs::write(desk.park().join("bent.json"), &card).unwrap();
    flip(&desk.park().join("bent.json"), digit);
    fs::write(desk.park().join("half.json"), &card[..40]).unwrap();
    fs::write(desk.park().join("huge.json"), "x".repeat(2 << 20)).unwrap();
    let zeros = "0".repeat(64);
    let cases: [(&[&str], i32, [&str; 3]); 15] = [
        (
            &["--receipt", "lynx.receipt.json", "--card", "other.json"],
            3,
            ["the receipt is of another ledger", "its statement 0", "compare the card again"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--ledger-id", &zeros],
            3,
            ["the receipt is of another ledger", "its statement 0", "compare the card again"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "bent.json"],
            3,
            ["the card bent.json contradicts itself", "digits", "do not use it"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "half.json"],
            2,
            ["half.json is not a site card", "", "check the name"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "huge.json"],
            2,
            ["huge.json is not a site card", "longer than a site card can be", "check the name"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "none.json"],
            2,
            ["there is no file none.json", "a site card is read from it", "check the name"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "lynx.receipt.json"],
            2,
            ["is not a site card", "it is a receipt", "name a site card"],
        ),
        (
            &["--receipt", "card.json", "--card", "card.json"],
            2,
            ["card.json is not a receipt", "it is a site card", "name a receipt"],
        ),
        (
            &["--receipt", "none", "--card", "card.json"],
            2,
            ["there is no file none", "a receipt is read from it", "check the name"],
        ),
        (
            &["--receipt", "..", "--card", "card.json"],
            2,
            [".. is a folder", "a receipt is a file", "name the file"],
        ),
        (
            &["--receipt", "lynx.jpg", "--card", "card.json"],
            3,
            ["the receipt lynx.jpg does not hold", "", "ask the site"],
        ),
        (
            &["--receipt", "lynx.receipt.json"],
            2,
            ["a receipt proves nothing by itself", "anybody can make a ledger", "--card CARD or"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--ledger-id", "abc"],
            2,
            ["\"abc\" is no ledger id", "64 lower-case hexadecimal", "copy it from the site card"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "card.json", "--policy", "card.json"],
            2,
            ["card.json is not a policy", "it is a site card", "name a policy"],
        ),
        (
            &["--receipt", "lynx.receipt.json", "--card", "card.json", "--policy", "lynx.jpg"],
            2,
            ["lynx.jpg is not a policy", "", "check the name"],
        ),
    ];
    for (args, code, [what, why, next]) in cases {
        desk.refuses(code, &[&["check", "lynx.jpg"], args].concat()).says(what, why, next);
    }
    // Without a receipt a store is needed.
    desk.refuses(10, &["check", "lynx.jpg", "--card", "card.json"]);
}

/// Cut off anywhere, or with a bit flipped anywhere, a receipt proves nothing.
#[test]
fn a_damaged_receipt_never_holds() {
    let desk = visited();
    let path = desk.park().join("lynx.receipt.json");
    let whole = fs::read(&path).unwrap();
    let ends = whole.trim_ascii_end().len();
    let cuts = (0..10).map(|part| (ends - 1) * part / 9).map(|cut| whole[..cut].to_vec());
    // A step that is no multiple of base64's four letters.
    let flips = (0..ends).step_by(53).map(|at| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    });
    for damaged in cuts.chain(flips) {
        fs::write(&path, &damaged).unwrap();
        let said = desk.says(&check(&["lynx.jpg", "--policy", "policy"]));
        let told = String::from_utf8_lossy(&damaged);
        let code = said.code.unwrap();
        assert!(matches!(code, 2 | 3), "{said:?} of\n{told}");
        if said.out.is_empty() {
            said.refusal(code).says("receipt", "", "a");
        } else {
            // A row of other bytes: then it is the file that is not proved.
            assert!(!said.out.contains("MATCHES  lynx.jpg"), "{said:?} of\n{told}");
        }
    }
    fs::write(&path, &whole).unwrap();
    desk.answers(0, &check(&["lynx.jpg", "--policy", "policy"]));
}

#[test]
fn a_receipt_is_written_where_it_does_no_harm() {
    let desk = Desk::new();
    for name in ["lynx", "chamois"] {
        desk.write(&format!("pictures/{name}.jpg"), name.as_bytes());
    }
    desk.done(&["add", "pictures"]);
    let said = desk.answers(0, &["receipt", "pictures/lynx.jpg"]);
    assert_words(
        &said,
        &["/receipts/lynx.jpg.receipt.json (", "next: hand it over with the file and"],
    );
    let said = desk.answers(0, &["receipt", "pictures/lynx.jpg", "pictures/chamois.jpg"]);
    assert_words(&said, &["lynx.jpg-and-1-more.receipt.json (", "2 files in the ledger"]);
    // A receipt of that name is replaced, anything else is not.
    desk.answers(0, &["receipt", "pictures/lynx.jpg"]);
    desk.write(".treering/receipts/chamois.jpg.receipt.json", b"{}");
    desk.refuses(2, &["receipt", "pictures/chamois.jpg"]).says(
        "chamois.jpg.receipt.json is there already",
        "something else, which would be lost",
        "name another file",
    );
    desk.answers(0, &["receipt", "pictures/chamois.jpg", "--force"]);
    // Never among the evidence, wherever it is asked for.
    let said = desk.says_in(&desk.park().join("pictures"), &["receipt", "lynx.jpg"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert_words(&said.out, &["/receipts/lynx.jpg.receipt.json ("]);
    assert!(!desk.park().join("pictures/lynx.jpg.receipt.json").exists());
    desk.refuses(2, &["receipt", "pictures/gone.jpg"]).says(
        "there is no file pictures/gone.jpg",
        "",
        "check the name",
    );
    desk.refuses(2, &["receipt", "pictures", "-o", "r"]).says(
        "pictures cannot be read",
        "it is a folder",
        "",
    );
    desk.refuses(2, &["receipt", "pictures/lynx.jpg", "--disclose", "colour"]).says(
        "the receipt cannot show that",
        "there is no attribute \"colour\"; there are: ",
        "treering help receipt",
    );
    desk.write("new.jpg", b"new");
    desk.refuses(3, &["receipt", "pictures/lynx.jpg", "new.jpg", "-o", "r"]).says(
        "NOT RECORDED: new.jpg",
        "no manifest in this store has a row with these bytes",
        "treering add new.jpg",
    );
    // Attributes of a sealed batch open one by one.
    let all = ["receipt", "pictures/lynx.jpg", "-o", "r", "--disclose", "media_type"];
    desk.answers(0, &[&all[..], &["--disclose", "path"]].concat());
    desk.done(&["card", "-o", "card.json"]);
    let said =
        desk.answers(4, &["check", "pictures/lynx.jpg", "--receipt", "r", "--card", "card.json"]);
    assert_words(&said, &["shown: path      pictures/lynx.jpg", "shown: media_type text/plain"]);
}

/// Without a receipt, against the ledger that is held here.
#[test]
fn files_are_looked_up_in_ones_own_ledger() {
    let desk = Desk::new();
    desk.record("lynx");
    desk.write("new.jpg", b"new");
    let said = desk.answers(0, &["check", "lynx.jpg"]);
    assert_words(&said, &["MATCHES  lynx.jpg", "PASS   1 file MATCHES."]);
    assert_words(&said, &["NOT CHECKED: the rest of the ledger (treering audit)"]);
    let said = desk.answers(3, &["check", "new.jpg", "lynx.jpg"]);
    assert_words(&said, &["NOT RECORDED  new.jpg", "this says nothing against the file", "FAIL"]);
    desk.refuses(2, &["check", "lynx.jpg", "--ledger-id", &"0".repeat(64)]).says(
        "the ledger held here is not the one you name",
        "it is ",
        "--store",
    );
    // With a manifest gone, the file may yet be in it.
    for manifest in fs::read_dir(desk.store().join("manifests")).unwrap() {
        fs::remove_file(manifest.unwrap().path()).unwrap();
    }
    let said = desk.answers(4, &["check", "new.jpg"]);
    assert_words(&said, &["NOT RECORDED  new.jpg", "1 manifest", "INCOMPLETE"]);
    desk.refuses(4, &["receipt", "lynx.jpg", "-o", "r"]).says(
        "NOT RECORDED: lynx.jpg",
        "1 manifest is not here",
        "put the manifests back",
    );
}
