use std::cell::RefCell;

use super::*;
use crate::tlog::checkpoint::{Checkpoint, Origin};
use crate::tlog::ed25519::SecretKey;
use crate::tlog::hash::{Tree, leaf_hash};
use crate::tlog::note::{KeyName, SignatureType};

/// A witness that answers what the test tells it to, in turn, and keeps what it was asked.
struct Script {
    answers: RefCell<Vec<(u16, String)>>,
    asked: RefCell<Vec<TreeSize>>,
}

impl Script {
    fn new(answers: &[(u16, &str)]) -> Script {
        let answers = answers.iter().rev().map(|(status, text)| (*status, text.to_string()));
        Script { answers: RefCell::new(answers.collect()), asked: RefCell::default() }
    }
}

impl Carrier for Script {
    fn post(&self, body: &str) -> Result<(u16, Vec<u8>), AskError> {
        self.asked.borrow_mut().push(AddCheckpoint::parse(body.as_bytes()).unwrap().old);
        let next = self.answers.borrow_mut().pop();
        let (status, text) = next.expect("it is asked more often than there are answers");
        Ok((status, text.into_bytes()))
    }

    fn newest(&self, _: &Origin) -> Option<Vec<u8>> {
        Some(head(50).to_string().into_bytes())
    }
}

fn secret(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32])
}

fn head(size: u64) -> SignedCheckpoint {
    let tree = Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) };
    let checkpoint = Checkpoint::new(Origin::new("example.park/ledger").unwrap(), tree);
    SignedCheckpoint::new(checkpoint.clone(), vec![checkpoint.sign(&secret(1))]).unwrap()
}

fn name() -> KeyName {
    KeyName::new("w.example").unwrap()
}

fn key() -> VerifierKey {
    VerifierKey::new(name(), SignatureType::Cosignature, secret(2).public())
}

fn line_by(seed: u8, of: &SignedCheckpoint) -> String {
    let time = CosignatureTime::new(1_800_000_000).unwrap();
    of.checkpoint().cosign(&secret(seed), &name(), time).to_string()
}

fn asked(script: &Script, from: u64) -> Result<Reply, AskError> {
    ask(script, &head(42), TreeSize(from), &[key()], &|_| Ok(vec![leaf_hash(b"")]))
}

#[test]
fn it_is_asked_again_from_the_size_it_names() {
    let answer = line_by(2, &head(42));
    let script = Script::new(&[(409, "17\n"), (200, &format!("{answer}\n"))]);
    let Ok(Reply::Lines(lines)) = asked(&script, 5) else { panic!() };
    assert_eq!(lines.known.len(), 1);
    assert_eq!(*script.asked.borrow(), [5, 17].map(TreeSize));
}

#[test]
fn nothing_is_asked_for_ever() {
    let script = Script::new(&[(409, "17\n"), (409, "18\n"), (409, "17\n")]);
    assert!(matches!(asked(&script, 5), Err(AskError::Unsteady(size)) if size == "17"));
    for (status, text) in [
        (409, ""),
        (409, "17"),
        (409, "017\n"),
        (409, "x\n"),
        (403, "unknown log\n"),
        (404, ""),
        (500, ""),
        (301, ""),
        (204, ""),
    ] {
        let script = Script::new(&[(status, text)]);
        let refused = asked(&script, 5).unwrap_err();
        assert!(matches!(refused, AskError::Refused { status: s, .. } if s == status), "{refused}");
    }
}

#[test]
fn a_larger_size_is_an_alarm() {
    let script = Script::new(&[(409, "43\n")]);
    let shown = Some(Box::new(head(50)));
    assert_eq!(asked(&script, 5).unwrap(), Reply::Ahead { there: TreeSize(43), shown });
}

#[test]
fn lines_are_sorted_by_who_made_them() {
    let right = line_by(2, &head(42));
    let other_tree = line_by(2, &head(41));
    let stranger = "— stranger.example AAAAAAAAAAAAAAAA";
    let text = format!("{stranger}\n{other_tree}\nHTML?\n{right}\n\u{2014} x\n");
    let lines = sort(text.as_bytes(), &head(42), &[key()]);
    assert_eq!(lines.known.iter().map(|(line, ..)| line.to_string()).collect::<Vec<_>>(), [right]);
    assert_eq!(lines.unknown, ["stranger.example+00000000"]);
    assert_eq!(lines.forged, [format!("w.example+{}", key().id())]);
    assert_eq!(lines.malformed, 2);
}

#[test]
fn somebody_elses_signature_under_the_witness_s_name_is_not_taken() {
    // Of another key the id is another, too.
    let lines = sort(line_by(3, &head(42)).as_bytes(), &head(42), &[key()]);
    assert!(lines.known.is_empty());
    assert_eq!(lines.unknown.len(), 1);
    assert_eq!(sort(&[0xff, b'\n', 0xfe], &head(42), &[key()]).malformed, 2);
}
