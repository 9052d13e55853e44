//! A park without a network and a witness far away: request, line and policy travel on a stick.

use std::fs;

use serde_json::Value;

use crate::support::program::Desk;

/// A park and a partner who is a witness and watches it.
struct Pair {
    park: Desk,
    partner: Desk,
    vkey: String,
}

impl Pair {
    fn new() -> Pair {
        let (park, partner) = (Desk::new(), Desk::new());
        let made = partner.done(&["witness", "init", "--no-passphrase"]);
        let vkey = made["vkey"].as_str().unwrap().to_owned();
        park.done(&["card", "-o", "card.json"]);
        fs::copy(park.park().join("card.json"), partner.park().join("card.json")).unwrap();
        partner.done(&["witness", "log", "add", "card.json"]);
        Pair { park, partner, vkey }
    }

    fn believed() -> Pair {
        let pair = Pair::new();
        pair.park.done(&["trust", "policy", "--witness", &pair.vkey]);
        pair
    }

    /// There and back again.
    fn round(&self, more: &[&str]) -> Value {
        self.park.done(&[&["cosign-request", "-o", "request.txt", "--force"], more].concat());
        self.carry("request.txt", &self.park, &self.partner);
        self.partner.done(&["witness", "cosign", "request.txt", "-o", "cosigned.txt", "--force"]);
        self.carry("cosigned.txt", &self.partner, &self.park);
        self.park.done(&["cosign-accept", "cosigned.txt"])
    }

    fn carry(&self, name: &str, from: &Desk, to: &Desk) {
        fs::copy(from.park().join(name), to.park().join(name)).unwrap();
    }
}

#[test]
fn a_stick_carries_request_and_line() {
    let pair = Pair::believed();
    assert_eq!(pair.park.done(&["status"])["waiting"], 2);
    let accepted = pair.round(&[]);
    assert_eq!(accepted["files"][0]["result"], "COSIGNED", "{accepted}");
    assert_eq!(accepted["waiting"], 0);
    let status = pair.park.done(&["status"]);
    assert_eq!((&status["waiting"], &status["cosignatures"]), (&0.into(), &1.into()), "{status}");

    // It grows; the second request begins where the witness stands.
    pair.park.record("lynx");
    let status = pair.park.done(&["status"]);
    assert_eq!(status["waiting"], 1);
    assert_eq!(status["witnessed"]["size"], 2);
    pair.park.write("owl.jpg", b"owl");
    let added = pair.park.done(&["add", "owl.jpg"]);
    assert_eq!(added["waiting"], 2, "{added}");
    pair.round(&[]);
    assert_eq!(pair.park.done(&["status"])["waiting"], 0);
    let kept = fs::read_to_string(pair.park.public().join("checkpoints/sizes")).unwrap();
    assert_eq!(kept, "2\n4\n");

    // The record meets the policy, and says by when.
    let audit = pair.park.done(&["audit"]);
    assert_eq!(audit["ledger"]["state"], "CONSISTENT", "{audit}");
    let partner = pair.partner.done(&["witness", "status"]);
    assert_eq!(partner["logs"][0]["size"], 4, "{partner}");
    // The same request once more, by hand, gives another line for the same tree.
    let again = pair.partner.run(&["witness", "cosign", "request.txt"]);
    assert_eq!(again.code, Some(4), "{}", again.text);
    assert!(again.text.contains("--old 4"), "{}", again.text);
}

/// The head moved on while the stick was away: the line is kept for the size it is about.
#[test]
fn a_line_that_comes_late_is_kept_where_it_belongs() {
    let pair = Pair::believed();
    pair.park.done(&["cosign-request", "-o", "request.txt"]);
    pair.park.record("lynx");
    pair.carry("request.txt", &pair.park, &pair.partner);
    pair.partner.done(&["witness", "cosign", "request.txt", "-o", "cosigned.txt"]);
    pair.carry("cosigned.txt", &pair.partner, &pair.park);
    let accepted = pair.park.run(&["cosign-accept", "cosigned.txt"]);
    assert_eq!(accepted.answer["files"][0]["size"], 2, "{}", accepted.text);
    assert_eq!(accepted.answer["waiting"], 1);
    let published = fs::read_to_string(pair.park.public().join("checkpoint")).unwrap();
    assert_eq!(published.matches('\u{2014}').count(), 1, "{published}");
    assert_eq!(pair.park.done(&["audit"])["ledger"]["state"], "CONSISTENT");
}

#[test]
fn a_line_of_an_unknown_witness_is_named_and_not_kept() {
    let pair = Pair::new();
    pair.park.done(&["cosign-request", "-o", "request.txt"]);
    pair.carry("request.txt", &pair.park, &pair.partner);
    pair.partner.done(&["witness", "cosign", "request.txt", "-o", "cosigned.txt"]);
    pair.carry("cosigned.txt", &pair.partner, &pair.park);
    let accepted = pair.park.run(&["cosign-accept", "cosigned.txt"]);
    assert_eq!(accepted.code, Some(4), "{}", accepted.text);
    assert_eq!(accepted.answer["files"][0]["result"], "NOT CHECKED", "{}", accepted.text);
    // Name and key id; base64 may have a plus of its own.
    let parts: Vec<&str> = pair.vkey.splitn(3, '+').collect();
    assert_eq!(accepted.answer["files"][0]["witness"], format!("{}+{}", parts[0], parts[1]));
    assert!(!pair.park.public().join("checkpoints").exists());
}

#[test]
fn false_lines_and_other_files_are_refused() {
    let pair = Pair::believed();
    pair.round(&[]);
    let line = fs::read_to_string(pair.park.park().join("cosigned.txt")).unwrap();
    let (name, signature) = line.trim_end().rsplit_once(' ').unwrap();
    let mut turned = signature.as_bytes().to_vec();
    turned[40] = if turned[40] == b'A' { b'B' } else { b'A' };
    let forged = format!("{name} {}\n", String::from_utf8(turned).unwrap());
    pair.park.write("forged.txt", forged.as_bytes());
    let refused = pair.park.run(&["cosign-accept", "forged.txt"]);
    assert_eq!(refused.code, Some(3), "{}", refused.text);
    assert_eq!(refused.answer["files"][0]["result"], "DIFFERS");
    // The good line beside the false one is kept all the same, and the false one is said.
    pair.park.write("both.txt", format!("{forged}{line}").as_bytes());
    let refused = pair.park.run(&["cosign-accept", "both.txt"]);
    assert_eq!(refused.code, Some(3), "{}", refused.text);
    assert_eq!(refused.answer["files"].as_array().unwrap().len(), 2, "{}", refused.text);

    pair.park.write("empty.txt", b"");
    assert_eq!(pair.park.run(&["cosign-accept", "empty.txt"]).code, Some(3));
    pair.park.write("noise.txt", &[0xff; 3_000]);
    assert_eq!(pair.park.run(&["cosign-accept", "noise.txt"]).code, Some(3));
    let kept = fs::read_to_string(pair.park.public().join("checkpoints/2")).unwrap();
    assert_eq!(kept.matches('\u{2014}').count(), 2, "{kept}");
    let lines = pair.partner.run(&["witness", "cosign", "cosigned.txt"]);
    assert_eq!(lines.code, Some(2), "{}", lines.text);
    pair.partner.write("noise.txt", &[0xff; 3_000]);
    assert_eq!(pair.partner.run(&["witness", "cosign", "noise.txt"]).code, Some(3));
}

/// A whole checkpoint with the witness's line on it, as a monitor would hand it over.
#[test]
fn a_whole_checkpoint_is_accepted_too() {
    let pair = Pair::believed();
    pair.park.done(&["cosign-request", "-o", "request.txt"]);
    pair.carry("request.txt", &pair.park, &pair.partner);
    let cosigned = pair.partner.done(&["witness", "cosign", "request.txt"]);
    let request = fs::read_to_string(pair.park.park().join("request.txt")).unwrap();
    let (_, checkpoint) = request.split_once("\n\n").unwrap();
    let whole = format!("{checkpoint}{}\n", cosigned["line"].as_str().unwrap());
    pair.park.write("whole.txt", whole.as_bytes());
    let accepted = pair.park.done(&["cosign-accept", "whole.txt"]);
    assert_eq!(accepted["files"].as_array().unwrap().len(), 1, "{accepted}");
    assert_eq!(accepted["files"][0]["result"], "COSIGNED", "{accepted}");
}

#[test]
fn a_witness_is_made_once_and_its_policy_line_is_ready() {
    let pair = Pair::new();
    let again = pair.partner.run(&["witness", "init", "--no-passphrase"]);
    assert_eq!(again.code, Some(2), "{}", again.text);
    let other = pair.park.run(&["witness", "status"]);
    assert_eq!(other.code, Some(12), "{}", other.text);
    let shown = pair.park.done(&["trust", "policy"]);
    assert_eq!(shown["policy"], Value::Null);
    let url = format!("{} https://w.example.org", pair.vkey);
    let made = pair.park.done(&["trust", "policy", "--witness", &url, "--quorum", "1"]);
    assert_eq!(made["witnesses"][0]["url"], "https://w.example.org", "{made}");
    let twice = pair.park.run(&["trust", "policy", "--witness", &pair.vkey]);
    assert_eq!(twice.code, Some(2), "{}", twice.text);
}
