//! A witness over HTTP, and a park that asks it: real processes on the loopback.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;
use treering::tlog::checkpoint::SignedCheckpoint;
use treering::tlog::hash::{Hash, TreeSize};
use treering::tlog::note::{SignatureLine, VerifierKey};
use treering::tlog::witness::AddCheckpoint;

use crate::support::program::Desk;
use crate::support::random::Random;
use crate::support::server::{Server, post};
use crate::two_histories::{Side, TwoHistories, consistent};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

/// A partner who is a witness; with its key.
fn partner() -> (Desk, VerifierKey) {
    let desk = Desk::new();
    let made = desk.done(&["witness", "init", "--no-passphrase"]);
    let key = VerifierKey::parse(&text(&made["vkey"])).unwrap();
    (desk, key)
}

fn watch(partner: &Desk, log: &TwoHistories) {
    partner.done(&["witness", "log", "add", &log.vkey().to_string()]);
}

fn watch_park(partner: &Desk, park: &Desk) {
    let card = park.park().join("card.json");
    park.done(&["card", "-o", card.to_str().unwrap()]);
    partner.done(&["witness", "log", "add", card.to_str().unwrap()]);
}

#[test]
fn every_status_of_the_protocol() {
    let log = TwoHistories::new("example.park/ledger", 20, 8);
    let stranger = TwoHistories::new("example.stranger/ledger", 3, 3);
    let (desk, key) = partner();
    watch(&desk, &log);
    let server = Server::of(&desk, &["--witness"]);
    let ask =
        |request: &AddCheckpoint| server.post("/add-checkpoint", request.to_string().as_bytes());
    let monitor = format!("/{}/checkpoint", Hash::of(log.origin.as_str().as_bytes()));

    assert_eq!(server.get(&monitor).status, 404);
    assert_eq!(server.post("/add-checkpoint", b"old 0\n").status, 400);
    assert_eq!(ask(&stranger.request(Side::A, 0, 3)).status, 404);
    let forged = ask(&log.request(Side::A, 0, 3)).text();
    let line = SignatureLine::parse(forged.trim_end()).unwrap();
    assert!(key.check(log.checkpoint(Side::A, 3).note().text(), line.signature()).is_ok());

    let unsigned = log.request(Side::A, 3, 9).to_string().replace("old 3", "old 9");
    let unsigned = unsigned.replacen("\u{2014} example", "\u{2014} other", 1);
    assert_eq!(server.post("/add-checkpoint", unsigned.as_bytes()).status, 403);
    assert_eq!(ask(&log.request_with(Side::A, 9, 3, vec![])).status, 400);
    let conflict = ask(&log.request(Side::A, 2, 9));
    assert_eq!((conflict.status, conflict.text().as_str()), (409, "3\n"));
    assert_eq!(conflict.header("content-type"), Some("text/x.tlog.size"));
    assert_eq!(ask(&log.request_with(Side::A, 3, 9, vec![])).status, 422);
    assert_eq!(ask(&log.request(Side::A, 3, 9)).status, 200);
    assert_eq!(server.get("/add-checkpoint").status, 405);

    let newest = server.get(&monitor);
    assert_eq!(newest.header("content-type"), Some("text/plain; charset=utf-8"));
    let newest = SignedCheckpoint::parse(&newest.body).unwrap();
    assert_eq!(newest.tree(), log.tree(Side::A, 9));
    assert_eq!(newest.note().check([&log.vkey(), &key]).unwrap().len(), 2);
    let metrics = server.get("/metrics").text();
    assert!(
        metrics.contains("treering_witness_size{origin=\"example.park/ledger\"} 9"),
        "{metrics}"
    );
}

#[test]
fn a_park_asks_its_witnesses() {
    let park = Desk::new();
    let (first, first_key) = partner();
    let (second, second_key) = partner();
    for partner in [&first, &second] {
        watch_park(partner, &park);
    }
    let (one, two) = (Server::of(&first, &["--witness"]), Server::of(&second, &["--witness"]));
    let of = |key: &VerifierKey, server: &Server| format!("{key} {}", server.url());
    let (a, b) = (of(&first_key, &one), of(&second_key, &two));
    park.done(&["trust", "policy", "--witness", &a, "--witness", &b, "--quorum", "all"]);
    let asked = park.done(&["checkpoint"]);
    assert_eq!(asked["waiting"], 0, "{asked}");
    park.record("lynx");
    // One is away: what the other says is kept, and the exit code says that more is to come.
    let address = two.address;
    two.kill();
    let asked = park.run(&["checkpoint"]);
    assert_eq!(asked.code, Some(4), "{}", asked.text);
    assert_eq!(asked.answer["witnesses"][0]["result"], "COSIGNED", "{}", asked.text);
    assert_eq!(asked.answer["witnesses"][1]["result"], "NOT COSIGNED", "{}", asked.text);
    // It is back, on another port.
    let two = Server::of(&second, &["--witness"]);
    let policy = park.store().join("trust.policy");
    let moved = fs::read_to_string(&policy)
        .unwrap()
        .replace(&address.to_string(), &two.address.to_string());
    fs::write(&policy, moved).unwrap();
    let asked = park.done(&["checkpoint"]);
    assert_eq!(asked["waiting"], 0, "{asked}");
    let kept = fs::read(park.public().join("checkpoints/3")).unwrap();
    let kept = SignedCheckpoint::parse(&kept).unwrap();
    assert_eq!(kept.note().check([&first_key, &second_key]).unwrap().len(), 2);
    // A receipt made now says by when.
    let receipt = park.home().join("receipt.json");
    let receipt = receipt.to_str().unwrap();
    park.done(&["receipt", "lynx.jpg", "-o", receipt]);
    let policy = policy.to_str().unwrap();
    let card = ["--card", "card.json", "--policy", policy];
    let checked = park.done(&[&["check", "lynx.jpg", "--receipt", receipt], &card[..]].concat());
    assert_eq!(checked["exit"], 0, "{checked}");
    let audit = park.done(&["audit"]);
    assert_eq!(audit["ledger"]["state"], "CONSISTENT", "{audit}");
}

/// Only the log's own lines are sent: a witness that knows the others must not be shown theirs.
#[test]
fn a_witness_is_sent_the_log_s_lines_alone() {
    let park = Desk::new();
    let (partner, key) = partner();
    watch_park(&partner, &park);
    let server = Server::of(&partner, &["--witness"]);
    park.done(&["trust", "policy", "--witness", &format!("{key} {}", server.url())]);
    park.done(&["checkpoint"]);
    let published = fs::read_to_string(park.public().join("checkpoint")).unwrap();
    assert_eq!(published.matches('\u{2014}').count(), 2, "{published}");
    let scripted = Scripted::answering(vec![answer("403 Forbidden", "", "no")]);
    park.run(&["checkpoint", "--witness", &scripted.url()]);
    let asked = scripted.asked();
    let [request] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(request.matches('\u{2014}').count(), 1, "{request}");
}

/// A copy of the store has signed on, as a witness knows: nothing is signed here until it is explained.
#[test]
fn a_witness_that_has_seen_more_stops_the_store() {
    let park = Desk::new();
    let (partner, key) = partner();
    watch_park(&partner, &park);
    let copy = park.cloned();
    copy.record("owl");
    let server = Server::of(&partner, &["--witness"]);
    let witness = format!("{key} {}", server.url());
    copy.done(&["trust", "policy", "--witness", &witness]);
    copy.done(&["checkpoint"]);
    park.done(&["trust", "policy", "--witness", &witness]);
    let stopped = park.run(&["checkpoint"]);
    assert_eq!(stopped.code, Some(13), "{}", stopped.text);
    assert!(stopped.text.contains("others were shown size 3"), "{}", stopped.text);
    // The witness showed the log's own signature, so no other command signs here either.
    park.write("fox.jpg", b"fox");
    let refused = park.run(&["add", "fox.jpg"]);
    assert_eq!(refused.code, Some(13), "{}", refused.text);
    // Completed from the copy that signed, it goes on.
    park.done(&["resume", "--from", copy.public().to_str().unwrap()]);
    park.done(&["add", "fox.jpg"]);
    park.done(&["checkpoint"]);
}

/// Answers in turn what it is told to, and keeps the bodies that came.
struct Scripted {
    address: SocketAddr,
    asked: std::sync::Arc<Mutex<Vec<String>>>,
}

fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

impl Scripted {
    fn answering(answers: Vec<Vec<u8>>) -> Scripted {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = std::sync::Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        thread::spawn(move || {
            for (stream, answer) in listener.incoming().zip(answers) {
                let mut stream = stream.unwrap();
                stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
                let (mut request, mut piece) = (Vec::new(), [0; 4096]);
                while let Ok(read) = stream.read(&mut piece)
                    && read > 0
                {
                    request.extend(&piece[..read]);
                }
                let text = String::from_utf8_lossy(&request).into_owned();
                kept.lock().unwrap().push(text.split_once("\r\n\r\n").unwrap().1.to_owned());
                let _ = stream.write_all(&answer);
            }
        });
        Scripted { address, asked }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// What is tried, the answers, the exit code, and what is said.
type Case<'a> = (&'a str, Vec<Vec<u8>>, Option<i32>, &'a str);

/// What a hostile or broken witness may answer. The command ends, says what it was, and keeps nothing
/// that was not checked.
#[test]
fn answers_of_hostile_witnesses() {
    let park = Desk::new();
    let (_, key) = partner();
    let (_, other) = partner();
    let head = fs::read(park.public().join("checkpoint")).unwrap();
    let head = SignedCheckpoint::parse(&head).unwrap();
    let forger = crate::support::key("forger");
    let time = treering::tlog::cosignature::CosignatureTime::new(1_800_000_000).unwrap();
    // Under the witness's name, by another key, with the witness's key id put in.
    let forged = head.checkpoint().cosign(&forger, key.name(), time).to_string();
    let forged = with_id(&forged, &key);
    let stranger = head.checkpoint().cosign(&forger, other.name(), time).to_string();
    let size = "Content-Type: text/x.tlog.size\r\n";
    let cases: Vec<Case> = vec![
        ("a bare 409", vec![answer("409 Conflict", "", "")], Some(4), "409"),
        ("409 and no number", vec![answer("409 Conflict", size, "many\n")], Some(4), "409"),
        ("409 for ever", vec![answer("409 Conflict", size, "1\n"); 9], Some(4), "409 3 times"),
        (
            "409 far beyond what there is",
            vec![answer("409 Conflict", size, "1000000000000\n")],
            Some(13),
            "1000000000000",
        ),
        (
            "403 for an unknown log",
            vec![answer("403 Forbidden", "", "unknown log\n")],
            Some(4),
            "unknown log",
        ),
        ("404", vec![answer("404 Not Found", "", "")], Some(4), "404"),
        (
            "a redirect",
            vec![answer("302 Found", "Location: http://127.0.0.1:1/\r\n", ""); 2],
            Some(4),
            "",
        ),
        (
            "a web page",
            vec![answer("200 OK", "", "<html>\n<p>welcome</p>\n</html>")],
            Some(4),
            "no signature line",
        ),
        ("nothing", vec![answer("200 OK", "", "")], Some(4), "an empty answer"),
        ("a false line", vec![answer("200 OK", "", &format!("{forged}\n"))], Some(3), "DIFFERS"),
        (
            "a stranger's line",
            vec![answer("200 OK", "", &format!("{stranger}\n"))],
            Some(4),
            "does not name",
        ),
        ("an endless line", vec![answer("200 OK", "", &"x".repeat(2_000_000))], Some(4), "longer"),
        ("noise", vec![vec![0xff; 5_000]], Some(4), ""),
        (
            "a terminal's colours",
            vec![answer("500 Oops", "", "\u{1b}[31mred\u{7}")],
            Some(4),
            "red",
        ),
    ];
    for (what, answers, code, says) in cases {
        let most = answers.len();
        let scripted = Scripted::answering(answers);
        fs::remove_file(park.store().join("trust.policy")).ok();
        park.done(&["trust", "policy", "--witness", &format!("{key} {}", scripted.url())]);
        let asked = park.run(&["checkpoint"]);
        assert_eq!(asked.code, code, "{what}: {}", asked.text);
        assert!(asked.text.contains(says), "{what}: {}", asked.text);
        assert!(!asked.text.contains('\u{1b}'), "{what}");
        assert!(scripted.asked().len() <= most.min(3), "{what}: {:?}", scripted.asked().len());
        assert!(!park.public().join("checkpoints").exists(), "{what}: something was kept");
    }
    assert_eq!(fs::read(park.public().join("checkpoint")).unwrap(), head.to_string().as_bytes());
    // A number that somebody named keeps nobody from recording.
    park.record("owl");
}

/// A line with the key id of another key.
fn with_id(line: &str, key: &VerifierKey) -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let (name, signature) = line.rsplit_once(' ').unwrap();
    let mut bytes = STANDARD.decode(signature).unwrap();
    bytes[..4].copy_from_slice(&key.id().0);
    format!("{name} {}", STANDARD.encode(bytes))
}

/// A dishonest log shows two histories to a witness that is killed again and again. Of every line that
/// ever left it, no two are about trees that contradict each other.
#[test]
fn killed_at_any_moment_a_witness_never_contradicts_itself() {
    let log = TwoHistories::new("example.park/ledger", 60, 5);
    let (desk, key) = partner();
    watch(&desk, &log);
    let left: Mutex<Vec<(Side, u64)>> = Mutex::default();
    let answers = AtomicUsize::new(0);
    let mut random = Random::seeded(20_261_122);
    for round in 0..12_u64 {
        let server = Server::of(&desk, &["--witness"]);
        let address = server.address;
        thread::scope(|scope| {
            for number in 0..4_u64 {
                let (log, key, left, answers) = (&log, &key, &left, &answers);
                scope.spawn(move || {
                    let side = if (number + round) % 2 == 0 { Side::A } else { Side::B };
                    let mut old = 0;
                    let mut random = Random::seeded(round * 100 + number);
                    loop {
                        let new = (old + 1 + random.next() % 2).min(59);
                        let request = log.request(side, old.min(new), new).to_string();
                        // The connection breaks when the server dies; then this client has done.
                        let Some(got) = post(address, "/add-checkpoint", request.as_bytes()) else {
                            return;
                        };
                        answers.fetch_add(1, Ordering::Relaxed);
                        match got.status {
                            200 => {
                                let line = SignatureLine::parse(got.text().trim_end()).unwrap();
                                let text = log.checkpoint(side, new);
                                assert!(key.check(text.note().text(), line.signature()).is_ok());
                                left.lock().unwrap().push((side, new));
                                old = new;
                            }
                            409 => old = got.text().trim_end().parse().unwrap(),
                            // The other history is taken: it will be for ever.
                            422 | 403 => return,
                            429 => {}
                            status => panic!("{status} {}", got.text()),
                        }
                    }
                });
            }
            thread::sleep(Duration::from_millis(20 + random.next() % 150));
            server.kill();
        });
    }
    let left = left.into_inner().unwrap();
    assert!(
        left.len() > 10,
        "only {} lines left in {} answers",
        left.len(),
        answers.load(Ordering::Relaxed)
    );
    for (side, size) in &left {
        for (other_side, other) in &left {
            let (one, two) = (log.leaves(*side, *size), log.leaves(*other_side, *other));
            assert!(consistent(one, two), "{side:?} {size} and {other_side:?} {other}");
        }
    }
    // And it goes on, from at least the largest that left.
    let server = Server::of(&desk, &["--witness"]);
    let newest = server.get(&format!("/{}/checkpoint", Hash::of(log.origin.as_str().as_bytes())));
    let newest = SignedCheckpoint::parse(&newest.body).unwrap();
    let largest = left.iter().map(|(_, size)| TreeSize(*size)).max().unwrap();
    assert!(newest.tree().size >= largest, "{} {largest}", newest.tree().size);
}

/// While the server runs, the same witness is asked by file: the two take turns.
#[test]
fn server_and_file_take_turns() {
    let log = TwoHistories::new("example.park/ledger", 9, 9);
    let (desk, _) = partner();
    watch(&desk, &log);
    let server = Server::of(&desk, &["--witness"]);
    let first = log.request(Side::A, 0, 3).to_string();
    assert_eq!(server.post("/add-checkpoint", first.as_bytes()).status, 200);
    desk.write("request.txt", log.request(Side::A, 3, 7).to_string().as_bytes());
    desk.done(&["witness", "cosign", "request.txt"]);
    let late = server.post("/add-checkpoint", log.request(Side::A, 3, 9).to_string().as_bytes());
    assert_eq!((late.status, late.text().as_str()), (409, "7\n"));
    let status = desk.done(&["witness", "status"]);
    assert_eq!(status["logs"][0]["size"], 7);
}
