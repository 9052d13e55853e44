//! Statements by others: accepted or refused with a reason, durable before the answer.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use treering::exchange::submission::Submission;
use treering::ledger::read;
use treering::statement::envelope::{LedgerId, Statement};
use treering::store::disk::RealDisk;
use treering::store::public::PublicFolder;
use treering::tlog::hash::{Hash, Position};
use treering::tlog::merkle::check_inclusion;
use treering::tlog::note::VerifierKey;

use crate::support::program::Desk;
use crate::support::random::Random;
use crate::support::server::{Response, Server, post};
use crate::visitor::Visitor;

/// A park that takes statements.
struct Park {
    desk: Desk,
    ledger: LedgerId,
    key: VerifierKey,
}

impl Park {
    fn new() -> Park {
        let desk = Desk::new();
        let card = desk.done(&["card", "-o", "card.json"]);
        let ledger = LedgerId(Hash::from_hex(card["id"].as_str().unwrap()).unwrap());
        let key = VerifierKey::parse(card["log_vkey"].as_str().unwrap()).unwrap();
        Park { desk, ledger, key }
    }

    fn serve(&self) -> Server {
        Server::of(&self.desk, &["--accept"])
    }

    /// The ids of the ledger's statements, in their order.
    fn held(&self) -> Vec<Hash> {
        let folder = PublicFolder::new(std::sync::Arc::new(RealDisk), self.desk.public());
        let size = read::head_of(&folder).unwrap().tree().size;
        read::statements(&folder, size).map(|read| read.unwrap().1.id()).collect()
    }

    /// The position of an acceptance that holds by itself.
    fn accepted(&self, response: &Response, statement: &Statement) -> (Position, bool) {
        assert_eq!(response.status, 200, "{}", response.text());
        assert_eq!(response.header("content-type"), Some("application/json"));
        let Ok(Submission::Accepted { id, new, proof }) = Submission::parse(&response.body) else {
            panic!("{}", response.text());
        };
        assert_eq!(id, statement.id());
        assert!(proof.checkpoint.note().check([&self.key]).is_ok());
        check_inclusion(id, proof.position, proof.checkpoint.tree(), &proof.hashes).unwrap();
        (proof.position, new)
    }
}

#[test]
fn a_statement_is_accepted_with_its_proof_and_refused_with_a_reason() {
    let park = Park::new();
    let server = park.serve();
    let mut visitor = Visitor::new("visitor", park.ledger);
    let first = visitor.next();
    let response = server.post("/statements", first.bytes());
    assert_eq!(park.accepted(&response, &first), (Position(2), true));
    assert_eq!(park.held()[2], first.id());
    // Sent again, after the answer was lost on the way.
    let again = server.post("/statements", first.bytes());
    assert_eq!(park.accepted(&again, &first), (Position(2), false));
    let second = visitor.next();
    park.accepted(&server.post("/statements", second.bytes()), &second);
    // Sent again when it is not the last of its key any more.
    let again = server.post("/statements", first.bytes());
    assert_eq!(park.accepted(&again, &first), (Position(2), false));

    // A gap in its chain: refused, and told where the chain stands here.
    let gap = visitor.at(9, Some(second.id()));
    let refused = server.post("/statements", gap.bytes());
    assert_eq!(refused.status, 422, "{}", refused.text());
    let Ok(Submission::Refused { id, why, checkpoint, last }) = Submission::parse(&refused.body)
    else {
        panic!("{}", refused.text());
    };
    assert_eq!(id, gap.id());
    assert!(!why.is_empty());
    let (last, proof) = last.unwrap();
    assert_eq!(last, second.bytes());
    assert_eq!(proof.checkpoint.to_string(), checkpoint);
    check_inclusion(second.id(), proof.position, proof.checkpoint.tree(), &proof.hashes).unwrap();
    // Of a key the ledger never saw there is no last statement.
    let stranger = Visitor::new("stranger", park.ledger);
    let refused = server.post("/statements", stranger.at(3, Some(gap.id())).bytes());
    let Ok(Submission::Refused { last: None, .. }) = Submission::parse(&refused.body) else {
        panic!("{}", refused.text());
    };
    // For another ledger.
    let other = Visitor::new("lost", LedgerId(Hash([3; 32]))).next();
    assert_eq!(server.post("/statements", other.bytes()).status, 422);
    assert_eq!(park.held().len(), 4);
    let stopped = stopped(server);
    assert_eq!(stopped["accepted"], 4, "{stopped}");
    assert_eq!(stopped["refused"], 3, "{stopped}");
    assert_eq!(park.desk.done(&["audit"])["ledger"]["state"], "CONSISTENT");
}

#[cfg(unix)]
fn stopped(server: Server) -> serde_json::Value {
    server.stop()
}

#[test]
fn what_is_no_statement_is_refused_before_anything_else() {
    let park = Park::new();
    let server = park.serve();
    let statement = Visitor::new("visitor", park.ledger).next();
    let mut turned = statement.bytes().to_vec();
    let end = turned.len() - 1;
    turned[end] ^= 1;
    assert_eq!(server.post("/statements", &turned).status, 422, "a signature that does not match");
    for bytes in [&b""[..], b"\xd2", b"hello", &statement.bytes()[..100], &[0xff; 50_000]] {
        assert_eq!(server.post("/statements", bytes).status, 400, "{} bytes", bytes.len());
    }
    let longer = [statement.bytes(), b"x"].concat();
    assert_eq!(server.post("/statements", &longer).status, 400);
    assert_eq!(park.held().len(), 2);
}

/// `add` in another process, while statements come in: they take turns, and the ledger is one.
#[test]
fn recording_goes_on_beside_the_server() {
    let park = Park::new();
    let server = park.serve();
    let address = server.address;
    thread::scope(|scope| {
        for name in ["one", "two", "three"] {
            let park = &park;
            scope.spawn(move || {
                let mut visitor = Visitor::new(name, park.ledger);
                for _ in 0..15 {
                    let statement = visitor.next();
                    let response = post(address, "/statements", statement.bytes()).unwrap();
                    park.accepted(&response, &statement);
                }
            });
        }
        for name in ["owl", "lynx", "fox"] {
            park.desk.record(name);
        }
    });
    assert_eq!(park.held().len(), 2 + 45 + 3);
    drop(server);
    assert_eq!(park.desk.done(&["audit"])["ledger"]["state"], "CONSISTENT");
}

/// SIGKILL at any moment: what was acknowledged is in the ledger, at the position that was told.
#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let park = Park::new();
    let acknowledged: Mutex<BTreeMap<u64, Hash>> = Mutex::default();
    let mut random = Random::seeded(4);
    for round in 0..8 {
        let server = park.serve();
        let address = server.address;
        thread::scope(|scope| {
            for number in 0..4 {
                let (park, acknowledged) = (&park, &acknowledged);
                scope.spawn(move || {
                    let mut visitor = Visitor::new(&format!("{round}/{number}"), park.ledger);
                    loop {
                        let statement = visitor.next();
                        // The connection breaks when the server dies.
                        let Some(response) = post(address, "/statements", statement.bytes()) else {
                            return;
                        };
                        let (position, _) = park.accepted(&response, &statement);
                        acknowledged.lock().unwrap().insert(position.0, statement.id());
                    }
                });
            }
            thread::sleep(Duration::from_millis(30 + random.next() % 250));
            server.kill();
        });
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 20, "only {} were acknowledged", acknowledged.len());
    // Opening completes what the last kill interrupted.
    drop(park.serve());
    let held = park.held();
    for (position, id) in &acknowledged {
        assert_eq!(
            held.get(*position as usize),
            Some(id),
            "statement {position} of {}",
            held.len()
        );
    }
    let audit = park.desk.done(&["audit"]);
    assert_eq!(audit["ledger"]["state"], "CONSISTENT", "{audit}");
}

/// SIGTERM while clients wait: each gets its answer or a broken connection, and no answer is untrue.
#[cfg(unix)]
#[test]
fn told_to_stop_it_answers_who_waits() {
    let park = Park::new();
    for signal in ["-TERM", "-INT"] {
        let server = park.serve();
        let address = server.address;
        thread::scope(|scope| {
            for number in 0..4 {
                let park = &park;
                scope.spawn(move || {
                    let mut visitor = Visitor::new(&format!("{signal}/{number}"), park.ledger);
                    loop {
                        let statement = visitor.next();
                        let Some(response) = post(address, "/statements", statement.bytes()) else {
                            return;
                        };
                        if response.status == 503 {
                            return;
                        }
                        let (position, _) = park.accepted(&response, &statement);
                        assert_eq!(park.held()[position.0 as usize], statement.id());
                    }
                });
            }
            thread::sleep(Duration::from_millis(200));
            let stopped = server.stop_with(signal);
            assert!(stopped["accepted"].as_u64().unwrap() > 0, "{stopped}");
        });
    }
}

/// A store that may be a copy does not open for statements.
#[test]
fn a_copied_store_takes_no_statements() {
    let park = Park::new();
    let server = park.serve();
    let statement = Visitor::new("visitor", park.ledger).next();
    // The head is put back behind the server's back, as a restored backup would.
    let heads = park.desk.store().join("heads");
    let head = fs::read_dir(&heads).unwrap().next().unwrap().unwrap().path();
    let old = fs::read(&head).unwrap();
    park.desk.record("owl");
    fs::write(&head, old).unwrap();
    let refused = server.post("/statements", statement.bytes());
    assert_eq!(refused.status, 503, "{}", refused.text());
    assert!(refused.text().contains("must not sign"), "{}", refused.text());
    drop(server);
    assert_eq!(park.desk.run(&["serve", "--accept", "--for", "0"]).code, Some(13));
}

#[test]
fn a_statement_is_sent_with_submit() {
    let park = Park::new();
    let server = park.serve();
    let elsewhere = Desk::bare();
    let mut visitor = Visitor::new("visitor", park.ledger);
    let statement = visitor.next();
    elsewhere.write("dispute.statement", statement.bytes());
    fs::copy(park.desk.park().join("card.json"), elsewhere.park().join("card.json")).unwrap();
    let to = ["submit", "dispute.statement", "--to", &server.url()];
    let unchecked = elsewhere.run(&to);
    assert_eq!(unchecked.code, Some(4), "{}", unchecked.text);
    let sent =
        elsewhere.done(&[&to[..], &["--card", "card.json", "-o", "dispute.tlog-proof"]].concat());
    assert_eq!((&sent["position"], &sent["new"]), (&2.into(), &false.into()), "{sent}");
    assert!(elsewhere.park().join("dispute.tlog-proof").is_file());
    elsewhere.write("gap.statement", visitor.at(7, Some(statement.id())).bytes());
    let refused = elsewhere.run(&["submit", "gap.statement", "--to", &server.url()]);
    assert_eq!(refused.code, Some(3), "{}", refused.text);
    assert_eq!(refused.answer["last"]["seq"], 0, "{}", refused.text);
    drop(server);
    let nobody = elsewhere.run(&["submit", "gap.statement", "--to", "http://127.0.0.1:1"]);
    assert_eq!(nobody.code, Some(4), "{}", nobody.text);
}
