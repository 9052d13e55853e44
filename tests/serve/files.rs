//! Public folders over HTTP: byte for byte, with what clients and caches need to know, and nothing else.

use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use treering::tlog::hash::Hash;

use crate::support::program::Desk;
use crate::support::server::{Response, Server};

fn id(server: &Server) -> String {
    server.get("/ledgers.json").json()["ledgers"][0]["id"].as_str().unwrap().to_owned()
}

fn header<'r>(response: &'r Response, name: &str) -> &'r str {
    response.header(name).unwrap_or_else(|| panic!("no {name} in {response:?}"))
}

#[test]
fn every_public_file_is_served_as_it_lies_there() {
    let desk = Desk::new();
    desk.write("owl.jpg", b"owl");
    desk.done(&["add", "owl.jpg", "--access", "public"]);
    let server = Server::of(&desk, &[]);
    let id = id(&server);
    let mut served = 0;
    for entry in walkdir::WalkDir::new(desk.public()) {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.path().strip_prefix(desk.public()).unwrap().to_str().unwrap();
        let response = server.get(&format!("/{id}/{name}"));
        assert_eq!(response.status, 200, "{name}");
        assert_eq!(response.body, fs::read(entry.path()).unwrap(), "{name}");
        let (kind, cached) = match name {
            "checkpoint" => ("text/plain; charset=utf-8", "public, max-age=2"),
            _ if name.starts_with("tile/") => {
                ("application/octet-stream", "public, max-age=31536000, immutable")
            }
            _ => ("application/cbor-seq", "public, max-age=300"),
        };
        assert_eq!(
            (header(&response, "content-type"), header(&response, "cache-control")),
            (kind, cached)
        );
        assert_eq!(header(&response, "x-content-type-options"), "nosniff");
        served += 1;
    }
    assert!(served >= 6, "{served}");
}

#[test]
fn nothing_private_has_an_address() {
    let desk = Desk::new();
    desk.record("owl");
    let server = Server::of(&desk, &[]);
    let id = id(&server);
    // What lies beside the public folder, and what a crash or a person may leave inside.
    fs::write(desk.public().join("notes.txt"), b"mine").unwrap();
    fs::write(desk.public().join(".tmp-1-checkpoint"), b"mine").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(desk.store().join("keys/log.key"), desk.public().join("tile/0/001"))
        .unwrap();
    let mut names = vec![
        "notes.txt".to_string(),
        ".tmp-1-checkpoint".into(),
        "tile/0/001".into(),
        "../../keys/log.key".into(),
        "..%2f..%2fkeys%2flog.key".into(),
        "tile/../../../keys/log.key".into(),
        "tile//0/000".into(),
        "/etc/passwd".into(),
        "manifests/".into(),
        "%2e".into(),
    ];
    for folder in ["manifests", "keys", "heads", "index"] {
        for entry in walkdir::WalkDir::new(desk.store().join(folder)) {
            let path = entry.unwrap().path().to_owned();
            if path.is_file() {
                let name = path.strip_prefix(desk.store()).unwrap().to_str().unwrap().to_owned();
                names.extend([format!("../../{name}"), name]);
            }
        }
    }
    assert!(names.len() > 20, "{names:?}");
    for name in names {
        for path in [format!("/{id}/{name}"), format!("/{name}")] {
            let response = server.get(&path);
            assert_eq!(response.status, 404, "{path}");
            assert_eq!(response.text(), "not found\n", "{path}");
            assert_eq!(header(&response, "cache-control"), "no-store");
        }
    }
}

#[test]
fn a_missing_tile_is_a_plain_404() {
    let desk = Desk::new();
    let server = Server::of(&desk, &[]);
    let (id, other) = (id(&server), Hash([7; 32]));
    for path in [
        format!("/{id}/tile/0/000"),
        format!("/{id}/tile/0/000.p/9"),
        format!("/{id}/tile/entries/x001/000"),
        format!("/{id}/checkpoints/7"),
        format!("/{other}/checkpoint"),
        format!("/{}/checkpoint", &id[..63]),
        format!("/{}/checkpoint", id.to_uppercase()),
    ] {
        let response = server.get(&path);
        assert_eq!((response.status, response.text().as_str()), (404, "not found\n"), "{path}");
    }
}

#[test]
fn caches_ask_again_and_are_told_nothing_new() {
    let desk = Desk::new();
    let server = Server::of(&desk, &[]);
    let id = id(&server);
    for name in ["checkpoint", "tile/entries/000.p/2", "tile/0/000.p/2"] {
        let path = format!("/{id}/{name}");
        for more in ["", "Accept-Encoding: gzip\r\n"] {
            let first = server.get_with(&path, more);
            let tag = header(&first, "etag").to_owned();
            for known in [tag.clone(), format!("\"other\", {tag}"), "*".into(), format!("W/{tag}")]
            {
                let again = server.get_with(&path, &format!("If-None-Match: {known}\r\n{more}"));
                assert_eq!(again.status, 304, "{name} {known}");
                assert!(again.body.is_empty());
                assert_eq!(header(&again, "etag"), tag);
            }
            let other = server.get_with(&path, &format!("If-None-Match: \"other\"\r\n{more}"));
            assert_eq!(other.body, first.body);
        }
    }
    // A new head has a new tag.
    let path = format!("/{id}/checkpoint");
    let tag = header(&server.get(&path), "etag").to_owned();
    desk.record("owl");
    let later = server.get_with(&path, &format!("If-None-Match: {tag}\r\n"));
    assert_eq!(later.status, 200);
    assert_ne!(header(&later, "etag"), tag);
}

#[test]
fn gzip_is_the_same_bundle() {
    let desk = Desk::new();
    let server = Server::of(&desk, &[]);
    let path = format!("/{}/tile/entries/000.p/2", id(&server));
    let plain = server.get(&path);
    let zipped = server.get_with(&path, "Accept-Encoding: gzip, identity\r\n");
    assert_eq!(header(&zipped, "content-encoding"), "gzip");
    assert_eq!(
        (header(&zipped, "vary"), header(&plain, "vary")),
        ("Accept-Encoding", "Accept-Encoding")
    );
    assert_ne!(header(&zipped, "etag"), header(&plain, "etag"));
    let mut bytes = Vec::new();
    GzDecoder::new(&zipped.body[..]).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, plain.body);
    assert_eq!(plain.header("content-encoding"), None);
}

#[test]
fn parts_of_files() {
    let desk = Desk::new();
    let server = Server::of(&desk, &[]);
    let path = format!("/{}/tile/entries/000.p/2", id(&server));
    let whole = server.get(&path);
    let part =
        |range: &str, more: &str| server.get_with(&path, &format!("Range: {range}\r\n{more}"));
    let length = whole.body.len();
    let some = part("bytes=10-19", "Accept-Encoding: gzip\r\n");
    assert_eq!((some.status, &some.body[..]), (206, &whole.body[10..20]));
    assert_eq!(header(&some, "content-range"), format!("bytes 10-19/{length}"));
    assert_eq!(part("bytes=-5", "").body, whole.body[length - 5..]);
    assert_eq!(part("bytes=5-", "").body, whole.body[5..]);
    let beyond = part(&format!("bytes={length}-"), "");
    assert_eq!(beyond.status, 416);
    assert_eq!(header(&beyond, "content-range"), format!("bytes */{length}"));
    assert_eq!(part("bytes=1-2,4-5", "").body, whole.body);
    let tag = header(&whole, "etag").to_owned();
    assert_eq!(part("bytes=0-0", &format!("If-Range: {tag}\r\n")).status, 206);
    assert_eq!(part("bytes=0-0", "If-Range: \"other\"\r\n").body, whole.body);
}

/// A public manifest that is larger than what is read at once comes whole, and in parts.
#[test]
fn a_large_manifest_comes_in_pieces() {
    let desk = Desk::new();
    let name = format!("manifests/{}", Hash([5; 32]));
    let bytes: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    fs::create_dir_all(desk.public().join("manifests")).unwrap();
    fs::write(desk.public().join(&name), &bytes).unwrap();
    let server = Server::of(&desk, &[]);
    let path = format!("/{}/{name}", id(&server));
    assert!(server.get(&path).body == bytes);
    let part = server.get_with(&path, "Range: bytes=7000000-7000099\r\n");
    assert_eq!((part.status, &part.body[..]), (206, &bytes[7_000_000..7_000_100]));
    let tag = header(&part, "etag").to_owned();
    assert_eq!(server.get_with(&path, &format!("If-None-Match: {tag}\r\n")).status, 304);
}

#[test]
fn the_list_is_for_people_and_for_programs_and_escapes_names() {
    let desk = Desk::bare();
    desk.done(&["init", "--name", "<script>alert(1)</script> & \"Park\"", "--no-passphrase"]);
    let server = Server::of(&desk, &[]);
    let page = server.get_with("/", "Accept: text/html,application/json\r\n");
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    assert!(header(&page, "content-security-policy").starts_with("default-src 'none'"));
    assert!(!page.text().contains("<script>"), "{}", page.text());
    assert!(page.text().contains("alert(1)"));
    let list = server.get_with("/", "Accept: application/json\r\n");
    assert_eq!(list.json()["schema"], "treering.ledgers/1");
    assert_eq!(list.json()["ledgers"][0]["size"], 2);
    assert_eq!(server.get("/healthz").text(), "ok\n");
    // Without --witness and --accept nobody is answered there.
    assert_eq!(server.post("/add-checkpoint", b"x").status, 404);
    assert_eq!(server.post("/statements", b"x").status, 404);
    assert_eq!(server.post("/", b"x").status, 405);
    assert_eq!(server.post(&format!("/{}/checkpoint", id(&server)), b"x").status, 405);
}

/// What is added while the server runs is served, and HEAD tells of a file without sending it.
#[test]
fn the_server_sees_what_other_commands_record() {
    let desk = Desk::new();
    let server = Server::of(&desk, &[]);
    let id = id(&server);
    desk.record("owl");
    assert!(server.get(&format!("/{id}/checkpoint")).text().contains("\n3\n"));
    let request =
        format!("HEAD /{id}/tile/0/000.p/3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    assert!(text.contains("content-length: 96\r\n"), "{text}");
    // The list of ledgers is a moment old at most.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let metrics = server.get("/metrics").text();
    assert!(metrics.contains(&format!("treering_ledger_size{{ledger=\"{id}\"}} 3")), "{metrics}");
    assert!(
        metrics.contains("treering_http_requests_total{route=\"file\",status=\"200\"}"),
        "{metrics}"
    );
}
