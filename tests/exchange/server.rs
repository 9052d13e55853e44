//! A small web server on loopback that does as it is told, also what no honest one would.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    pub path: String,
    pub headers: BTreeMap<String, String>,
    /// How often this path was asked for before.
    pub before: u64,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: &'static str,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// The same body again and again, for ever.
    pub endless: bool,
    /// Between bytes of the body.
    pub pause: Duration,
    /// The length that is claimed, where it is another than the body's.
    pub claims: Option<u64>,
}

impl Reply {
    pub fn with(status: &'static str, body: impl Into<Vec<u8>>) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: body.into(),
            endless: false,
            pause: Duration::ZERO,
            claims: None,
        }
    }

    pub fn ok(body: impl Into<Vec<u8>>) -> Reply {
        Reply::with("200 OK", body)
    }

    pub fn missing() -> Reply {
        Reply::with("404 Not Found", "no")
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Reply {
        self.headers.push((name.into(), value.into()));
        self
    }
}

type Answer = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A running server.
pub struct Server {
    pub address: String,
    /// Bytes of bodies that were sent.
    pub sent: Arc<AtomicU64>,
    /// Every request, in order.
    pub asked: Arc<Mutex<Vec<Asked>>>,
    stop: Arc<AtomicBool>,
}

impl Server {
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let (sent, asked) = (Arc::new(AtomicU64::new(0)), Arc::new(Mutex::new(Vec::new())));
        let stop = Arc::new(AtomicBool::new(false));
        let answer: Arc<Answer> = Arc::new(answer);
        let shared = (Arc::clone(&sent), Arc::clone(&asked), Arc::clone(&stop));
        std::thread::spawn(move || {
            let (sent, asked, stop) = shared;
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let (answer, sent, asked) =
                    (Arc::clone(&answer), Arc::clone(&sent), Arc::clone(&asked));
                std::thread::spawn(move || drop(converse(stream, &*answer, &sent, &asked)));
            }
        });
        Server { address, sent, asked, stop }
    }

    /// An honest server of a folder: ETag, ranges.
    pub fn of_folder(folder: &Path) -> Server {
        let folder = folder.to_path_buf();
        Server::start(move |asked| serve(&folder, asked))
    }

    pub fn paths(&self) -> Vec<String> {
        self.asked.lock().expect("requests").iter().map(|asked| asked.path.clone()).collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address.trim_start_matches("http://"));
    }
}

/// A file of a folder, as an honest server gives it.
pub fn serve(folder: &Path, asked: &Asked) -> Reply {
    let path: PathBuf = folder.join(asked.path.trim_start_matches('/'));
    let Ok(bytes) = std::fs::read(path) else { return Reply::missing() };
    let tag = format!("\"{}\"", treering::tlog::hash::Hash::of(&bytes));
    if asked.headers.get("if-none-match") == Some(&tag) {
        return Reply::with("304 Not Modified", "").header("etag", tag);
    }
    let range = asked
        .headers
        .get("range")
        .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse::<usize>().ok());
    match range {
        Some(from) if from >= bytes.len() => Reply::with("416 Range Not Satisfiable", ""),
        Some(from) => Reply::with("206 Partial Content", &bytes[from..])
            .header("etag", tag)
            .header("content-range", format!("bytes {from}-{}/{}", bytes.len() - 1, bytes.len())),
        None => Reply::ok(bytes).header("etag", tag),
    }
}

fn converse(
    stream: TcpStream,
    answer: &Answer,
    sent: &AtomicU64,
    all: &Mutex<Vec<Asked>>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_string();
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_string());
        }
        let asked = {
            let mut all = all.lock().expect("requests");
            let before = all.iter().filter(|asked| asked.path == path).count() as u64;
            let asked = Asked { path, headers, before };
            all.push(asked.clone());
            asked
        };
        let reply = answer(&asked);
        let mut head = format!("HTTP/1.1 {}\r\n", reply.status);
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !reply.endless {
            let length = reply.claims.unwrap_or(reply.body.len() as u64);
            head.push_str(&format!("content-length: {length}\r\n"));
        }
        head.push_str("\r\n");
        stream.write_all(head.as_bytes())?;
        loop {
            if reply.pause.is_zero() {
                stream.write_all(&reply.body)?;
                sent.fetch_add(reply.body.len() as u64, Ordering::Relaxed);
            } else {
                for byte in &reply.body {
                    stream.write_all(&[*byte])?;
                    sent.fetch_add(1, Ordering::Relaxed);
                    std::thread::sleep(reply.pause);
                }
            }
            if !reply.endless {
                break;
            }
        }
        if reply.claims.is_some() {
            return Ok(());
        }
    }
}
