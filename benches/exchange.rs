//! What a served store takes from many at once: requests to the witness, and statements, each durable
//! before its answer. Beside them stands what the disk can do at most: files replaced durably, one after
//! another.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use support::memory::bodies::unknown;
use support::memory::program::Desk;
use support::memory::server::Server;
use support::memory::{FOUNDED, key, tree};
use support::{data_folder, grouped, machine, number_from_env};
use treering::statement::chain::Chain;
use treering::statement::envelope::{Draft, Issuer, LedgerId, Payload, Statement, Subject};
use treering::statement::key::KeyId;
use treering::store::disk::{Access, RealDisk};
use treering::store::durable;
use treering::tlog::checkpoint::{Checkpoint, Origin, log_vkey};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};
use treering::tlog::merkle::{Node, Unprovable, prove_consistency};
use treering::tlog::witness::AddCheckpoint;

const CLIENTS: [usize; 3] = [1, 16, 256];

fn main() {
    let seconds = number_from_env("TREERING_BENCH_SECONDS", 5);
    println!("exchange: {seconds} s each, {}", machine());
    fsyncs(seconds);
    // A store in the system's temporary folder may lie in memory, where nothing is durable.
    fs::create_dir_all(data_folder()).expect("folder");
    println!("  stores in {}", std::env::temp_dir().display());
    for clients in CLIENTS {
        cosign(clients, seconds);
    }
    for clients in CLIENTS {
        submit(clients, seconds);
    }
}

/// Small files replaced durably, one after another: a cosignature needs three of them.
fn fsyncs(seconds: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let (begun, mut count) = (Instant::now(), 0_u64);
    while begun.elapsed() < Duration::from_secs(seconds) {
        let path = folder.path().join("record");
        durable::replace(&RealDisk, &path, Access::Private, &count.to_be_bytes()).expect("a file");
        count += 1;
    }
    tell("files replaced durably", 1, count, begun.elapsed());
}

fn tell(what: &str, clients: usize, count: u64, took: Duration) {
    let rate = count as f64 / took.as_secs_f64();
    println!("  {what:<24} {clients:>4} clients   {:>8} /s", grouped(rate.round() as u64));
}

/// Each client is a log of its own, which grows by one leaf a request.
fn cosign(clients: usize, seconds: u64) {
    let desk = Desk::new();
    desk.done(&["witness", "init", "--no-passphrase"]);
    let logs: Vec<Log> = (0..clients).map(Log::new).collect();
    for log in &logs {
        desk.done(&["witness", "log", "add", &log_vkey(&log.origin, log.key.public()).to_string()]);
    }
    let server = Server::of(&desk, &["--witness"]);
    let (count, took) = all(clients, seconds, |number, until| {
        let mut connection = Connection::to(server.address);
        let mut done = 0;
        let mut size = 0;
        while Instant::now() < until {
            let request = logs[number].request(size, size + 1).to_string();
            let (status, _) = connection.post("/add-checkpoint", request.as_bytes());
            if status == 200 {
                size += 1;
                done += 1;
            }
        }
        done
    });
    tell("cosigned", clients, count, took);
}

struct Log {
    origin: Origin,
    key: SecretKey,
}

impl Log {
    fn new(number: usize) -> Log {
        let origin = format!("bench.example/{number}");
        Log { key: key(&origin), origin: Origin::new(&origin).expect("an origin") }
    }

    fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        let leaves: Vec<Hash> = (0..new).map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect();
        let read = |nodes: &[Node]| {
            let whole = |node: &Node| {
                let first = (node.index << node.level) as usize;
                tree::root(&leaves[first..first + (1 << node.level)])
            };
            Ok::<_, Unprovable>(nodes.iter().map(whole).collect())
        };
        let proof = prove_consistency(TreeSize(old), TreeSize(new), read).unwrap_or_default();
        let tree = Tree { size: TreeSize(new), root: tree::root(&leaves) };
        let checkpoint = Checkpoint::new(self.origin.clone(), tree);
        let lines = vec![checkpoint.sign(&self.key)];
        AddCheckpoint::new(TreeSize(old), proof, checkpoint, lines).expect("a request")
    }
}

/// Each client is a key of its own.
fn submit(clients: usize, seconds: u64) {
    let desk = Desk::new();
    let card = desk.done(&["card"]);
    let ledger = card["id"].as_str().and_then(Hash::from_hex).map(LedgerId).expect("an id");
    let server = Server::of(&desk, &["--accept"]);
    let (count, took) = all(clients, seconds, |number, until| {
        let mut connection = Connection::to(server.address);
        let secret = key(&format!("visitor {number}"));
        let (mut done, mut seq, mut prev) = (0, 0, None);
        while Instant::now() < until {
            let statement = visitor(&secret, ledger, seq, prev);
            let (status, body) = connection.post("/statements", statement.bytes());
            match status {
                200 => {
                    (seq, prev) = (seq + 1, Some(statement.id()));
                    done += 1;
                }
                429 => thread::sleep(Duration::from_millis(20)),
                _ => panic!("{status} {}", String::from_utf8_lossy(&body)),
            }
        }
        done
    });
    tell("submitted, durable", clients, count, took);
}

fn visitor(secret: &SecretKey, ledger: LedgerId, seq: u64, prev: Option<Hash>) -> Statement {
    let body = unknown("dispute", 2);
    let seen = Some(Tree { size: TreeSize(1), root: ledger.0 });
    let draft = Draft {
        issuer: Issuer::Key(KeyId::of(&secret.public())),
        subject: body.subject().unwrap_or(Subject::Ledger),
        issued_at: FOUNDED + seq as i64,
        payload: Payload {
            chain: Chain { ledger: Some(ledger), seq, prev, seen, void: Vec::new() },
            also: Vec::new(),
            key: (seq == 0).then(|| secret.public()),
            by: None,
            body,
        },
    };
    draft.sign(secret).expect("an honest draft")
}

/// Runs clients side by side; what they did in all, and how long it took.
fn all(
    clients: usize,
    seconds: u64,
    client: impl Fn(usize, Instant) -> u64 + Sync,
) -> (u64, Duration) {
    let count = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    thread::scope(|scope| {
        for number in 0..clients {
            let (count, client) = (Arc::clone(&count), &client);
            scope.spawn(move || count.fetch_add(client(number, until), Ordering::Relaxed));
        }
    });
    (count.load(Ordering::Relaxed), begun.elapsed())
}

/// A connection that is kept.
struct Connection {
    address: SocketAddr,
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    fn to(address: SocketAddr) -> Connection {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_nodelay(true).expect("a connection");
        Connection { address, stream, read: Vec::new() }
    }

    fn post(&mut self, path: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.stream.write_all(&[head.as_bytes(), body].concat()).expect("sent");
        self.read.clear();
        let mut piece = [0; 16_384];
        loop {
            let read = self.stream.read(&mut piece).expect("an answer");
            assert!(read > 0, "the server closed the connection");
            self.read.extend(&piece[..read]);
            let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = String::from_utf8_lossy(&self.read[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.expect("a length").parse().expect("a number");
            if self.read.len() >= end + 4 + length {
                let status = head.split(' ').nth(1).expect("a status").parse().expect("a status");
                return (status, self.read[end + 4..].to_vec());
            }
        }
    }
}
