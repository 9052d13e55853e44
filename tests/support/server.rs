//! `treering serve` on a free port of the loopback, and clients that speak HTTP by hand.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::program::Desk;

/// A server that runs. It stops by itself after two minutes, whatever becomes of the test.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    said: mpsc::Receiver<String>,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Response {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(n, _)| n == name);
        found.next().map(|(_, value)| value.as_str())
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|why| panic!("{why}: {}", self.text()))
    }
}

impl Server {
    /// Starts the server of a desk, and waits until it listens.
    pub fn of(desk: &Desk, more: &[&str]) -> Server {
        let args = [&["serve", "--bind", "127.0.0.1:0", "--for", "120"], more].concat();
        let mut child = desk.start(&args);
        let stderr = child.stderr.take().expect("a pipe");
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        let mut before = String::new();
        let address = loop {
            let Ok(line) = said.recv_timeout(Duration::from_secs(60)) else {
                let _ = child.kill();
                panic!("the server does not listen: {before}{:?}", child.wait_with_output());
            };
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["event"] == "serving" {
                break event["address"].as_str().expect("an address").parse().expect("an address");
            }
            before.push_str(&line);
        };
        Server { child, address, said }
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// SIGTERM, and the answer it ends with.
    #[cfg(unix)]
    pub fn stop(self) -> Value {
        self.stop_with("-TERM")
    }

    /// A signal, and the answer it ends with.
    #[cfg(unix)]
    pub fn stop_with(mut self, signal: &str) -> Value {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &id]).status().unwrap().success());
        let mut text = String::new();
        self.child.stdout.take().expect("a pipe").read_to_string(&mut text).expect("text");
        let status = self.child.wait().expect("it ends");
        let said: Vec<String> = self.said.try_iter().collect();
        assert_eq!(status.code(), Some(0), "{text}\n{said:?}");
        serde_json::from_str(&text).expect("an answer")
    }

    /// GET, with more headers.
    pub fn get_with(&self, path: &str, headers: &str) -> Response {
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
        exchange(self.address, request.as_bytes()).expect("an answer")
    }

    /// GET.
    pub fn get(&self, path: &str) -> Response {
        self.get_with(path, "")
    }

    /// POST. An error where the connection breaks.
    pub fn try_post(&self, path: &str, body: &[u8]) -> Option<Response> {
        post(self.address, path, body)
    }

    /// POST.
    pub fn post(&self, path: &str, body: &[u8]) -> Response {
        self.try_post(path, body).expect("an answer")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// POST to an address.
pub fn post(address: SocketAddr, path: &str, body: &[u8]) -> Option<Response> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    exchange(address, &[head.as_bytes(), body].concat())
}

/// Sends bytes and reads what comes until the other side closes.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Option<Response> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    // A server that refuses early closes while we still send; its answer may be there all the same.
    let _ = stream.write_all(request);
    read_response(&mut stream)
}

/// Reads an answer until the other side closes.
pub fn read_response(stream: &mut TcpStream) -> Option<Response> {
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let body = bytes[end + 4..].to_vec();
    // Half an answer is none.
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let whole = length.is_none_or(|(_, length)| length.parse() == Ok(body.len()));
    whole.then_some(Response { status, headers, body })
}
