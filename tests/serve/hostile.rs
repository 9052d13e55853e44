//! Clients that send slowly, too much, or nonsense: they are cut off, and keep nobody else from being
//! served.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use crate::support::program::Desk;
use crate::support::server::{Server, exchange, read_response};

/// A server whose patience ends after a second.
fn impatient(desk: &Desk) -> Server {
    Server::of(desk, &["--patience", "1", "--accept"])
}

/// How long until the other side closes; it must not be longer than this.
fn closed_within(stream: &mut TcpStream, seconds: u64) {
    let begun = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(seconds))).unwrap();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(_) => {}
            Err(why) if why.kind() == std::io::ErrorKind::ConnectionReset => break,
            Err(why) => panic!("still open after {:?}: {why}", begun.elapsed()),
        }
    }
}

#[test]
fn slow_heads_and_silent_connections_are_closed() {
    let desk = Desk::new();
    let server = impatient(&desk);
    let mut silent = TcpStream::connect(server.address).unwrap();
    closed_within(&mut silent, 20);
    let mut slow = TcpStream::connect(server.address).unwrap();
    let writer = slow.try_clone().unwrap();
    let dripping = thread::spawn(move || {
        let mut writer = writer;
        for byte in
            b"GET /healthz HTTP/1.1\r\nHost: a-very-long-name-that-takes-its-time\r\n".iter()
        {
            if writer.write_all(&[*byte]).is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    closed_within(&mut slow, 20);
    dripping.join().unwrap();
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn slow_bodies_are_told_and_closed() {
    let desk = Desk::new();
    let server = impatient(&desk);
    let mut slow = TcpStream::connect(server.address).unwrap();
    let head =
        "POST /statements HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n";
    slow.write_all(head.as_bytes()).unwrap();
    let mut writer = slow.try_clone().unwrap();
    let dripping = thread::spawn(move || {
        for _ in 0..60 {
            if writer.write_all(b"x").is_err() {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
    });
    slow.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let response = read_response(&mut slow).expect("an answer");
    assert_eq!(response.status, 408, "{}", response.text());
    dripping.join().unwrap();
}

/// Who asks for much and takes nothing of it is cut off; meanwhile others are served.
#[test]
fn clients_that_do_not_read_are_cut_off() {
    let desk = Desk::new();
    let name = format!("manifests/{}", treering::tlog::hash::Hash([5; 32]));
    std::fs::create_dir_all(desk.public().join("manifests")).unwrap();
    std::fs::write(desk.public().join(&name), vec![7; 64 << 20]).unwrap();
    let server = impatient(&desk);
    let id = server.get("/ledgers.json").json()["ledgers"][0]["id"].as_str().unwrap().to_owned();
    let mut lazy: Vec<TcpStream> = (0..40)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            let request = format!("GET /{id}/{name} HTTP/1.1\r\nHost: x\r\n\r\n");
            stream.write_all(request.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..20 {
        assert_eq!(server.get("/healthz").status, 200);
        thread::sleep(Duration::from_millis(150));
    }
    // What was under way still arrives, and then the end: far less than the whole.
    for stream in &mut lazy {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let (mut taken, mut buffer) = (0, vec![0; 1 << 20]);
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => taken += read,
                Err(why) if why.kind() == std::io::ErrorKind::ConnectionReset => break,
                Err(why) => panic!("still open: {why}"),
            }
        }
        assert!(taken < 64 << 20, "{taken}");
    }
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let desk = Desk::new();
    let server = impatient(&desk);
    let told = "POST /statements HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1000000000000\r\n\r\n";
    assert_eq!(exchange(server.address, told.as_bytes()).unwrap().status, 413);
    // Without a length, in pieces that never end.
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = "POST /statements HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let piece = [b"1000\r\n".as_slice(), &[b'x'; 4096], b"\r\n"].concat();
    let mut sent = 0;
    for _ in 0..10_000 {
        if stream.write_all(&piece).is_err() {
            break;
        }
        sent += piece.len();
    }
    assert!(sent < 10_000 * piece.len(), "all of it was read");
    let long = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "x".repeat(100_000));
    assert!(exchange(server.address, long.as_bytes()).is_none_or(|answer| answer.status >= 400));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(5_000));
    assert!(exchange(server.address, many.as_bytes()).is_none_or(|answer| answer.status >= 400));
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn nonsense_is_answered_or_cut_off_and_does_no_harm() {
    let desk = Desk::new();
    let server = impatient(&desk);
    for nonsense in [
        &b"\r\n\r\n"[..],
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"POST /statements HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /statements HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /statements HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"GET /%00%ff/../.. HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nRange: bytes=99999999999999999999-\r\nConnection: close\r\n\r\n",
        &[0; 70_000],
        &[0xff; 70_000],
    ] {
        let _ = exchange(server.address, nonsense);
    }
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/").status, 200);
}
