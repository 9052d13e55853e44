//! One test that every source passes, and what only a web server can do.

use std::fs;
use std::io::Write;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use treering::exchange::public_file::PublicFile;
use treering::exchange::source::{
    FolderSource, Given, HttpSource, MemorySource, Patience, Source, SourceError, Wanted, open,
    read, read_if_there,
};
use treering::tlog::bundle::Bundle;
use treering::tlog::hash::{Hash, TreeSize};

use crate::server::{Reply, Server, serve};

/// Patience for a computer that is its own network.
pub fn hasty() -> Patience {
    Patience {
        answer: Duration::from_millis(400),
        whole: Duration::from_millis(1_500),
        tries_more: 1,
        pause: Duration::from_millis(20),
    }
}

const NOTE: &[u8] = b"a checkpoint, as far as a source knows";

fn manifest() -> PublicFile {
    PublicFile::Manifest(Hash::of(b"manifest"))
}

fn bundle() -> PublicFile {
    PublicFile::Bundle(Bundle::new(1_234, 7).expect("a bundle"))
}

/// A longer file, whose bytes are all different from their neighbours.
fn long() -> Vec<u8> {
    (0..300_000_u32).flat_map(|number| number.to_be_bytes()).collect()
}

fn contents() -> Vec<(PublicFile, Vec<u8>)> {
    vec![
        (PublicFile::Checkpoint, NOTE.to_vec()),
        (PublicFile::CosignedSizes, b"7\n42\n".to_vec()),
        (PublicFile::Cosigned(TreeSize(42)), NOTE.to_vec()),
        (bundle(), b"\0\x05hello".to_vec()),
        (manifest(), long()),
    ]
}

/// What every source does.
fn passes(source: &dyn Source) {
    for (file, bytes) in contents() {
        assert_eq!(read(source, file).expect("a file"), bytes, "{file}");
    }

    let missing = PublicFile::Cosigned(TreeSize(43));
    assert!(read(source, missing).expect_err("nothing").is_missing());
    assert_eq!(read_if_there(source, missing).expect("no fault"), None);

    // A beginning, never more than the ceiling.
    let mut begun = Vec::new();
    let short = Wanted { ceiling: 1_000, ..Wanted::whole(manifest()) };
    let fault = source.read(&short, &mut begun).expect_err("too long");
    assert!(matches!(fault, SourceError::TooLong { ceiling: 1_000, .. }), "{fault}");
    assert!(begun.len() <= 1_000 && long().starts_with(&begun));
    let exact = Wanted { ceiling: NOTE.len() as u64, ..Wanted::whole(PublicFile::Checkpoint) };
    source.read(&exact, &mut Vec::new()).expect("exactly as long as it may be");

    // The rest.
    for from in [0, 1, 999, 1_199_999, 1_200_000] {
        let mut rest = Vec::new();
        let wanted = Wanted { from, ..Wanted::whole(manifest()) };
        source.read(&wanted, &mut rest).expect("the rest");
        assert_eq!(rest, long()[from as usize..], "from {from}");
    }

    // Nothing, where it is as before.
    let whole = Wanted::whole(PublicFile::Checkpoint);
    let Given::Bytes(version) = source.read(&whole, &mut Vec::new()).expect("a file") else {
        panic!("nothing was known before");
    };
    let version = version.expect("every source here has versions");
    let known = Wanted { known: Some(&version), ..whole };
    let mut nothing = Vec::new();
    assert_eq!(source.read(&known, &mut nothing).expect("no fault"), Given::AsBefore);
    assert_eq!(nothing, b"");

    // A sink that refuses is not a silent source.
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let fault = source.read(&Wanted::whole(manifest()), &mut Full).expect_err("a full disk");
    assert!(matches!(fault, SourceError::Io { .. }), "{fault}");
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, bytes) in contents() {
        crate::support::publish::write(folder.path(), &file.path(), &bytes);
    }
    folder
}

#[test]
fn a_folder_is_a_source() {
    let folder = folder();
    passes(&FolderSource::new(folder.path()));
}

#[test]
fn memory_is_a_source() {
    let mut memory = MemorySource::default();
    contents().into_iter().for_each(|(file, bytes)| memory.put(file, bytes));
    passes(&memory);
}

#[test]
fn a_web_server_is_a_source() {
    let folder = folder();
    let server = Server::of_folder(folder.path());
    passes(&HttpSource::new(&server.address, hasty()).expect("an address"));
}

#[test]
fn a_web_server_that_compresses_is_a_source() {
    let folder = folder();
    let path = folder.path().to_path_buf();
    let server = Server::start(move |asked| {
        let mut reply = serve(&path, asked);
        let takes_it = asked.headers.get("accept-encoding").is_some_and(|e| e.contains("gzip"));
        if takes_it && reply.status.starts_with("200") {
            reply.body = gzip(&reply.body);
            reply = reply.header("content-encoding", "gzip");
        }
        reply
    });
    passes(&HttpSource::new(&server.address, hasty()).expect("an address"));
}

#[test]
fn a_web_server_without_ranges_and_tags_is_a_source() {
    let folder = folder();
    let path = folder.path().to_path_buf();
    let server = Server::start(move |asked| {
        let mut asked = asked.clone();
        asked.headers.remove("range");
        serve(&path, &asked)
    });
    passes(&HttpSource::new(&server.address, hasty()).expect("an address"));
}

#[test]
fn a_mirror_below_a_path_and_a_slash_at_its_end() {
    let folder = tempfile::tempdir().expect("a folder");
    crate::support::publish::write(folder.path(), "ledgers/kx/checkpoint", NOTE);
    let server = Server::of_folder(folder.path());
    for end in ["", "/"] {
        let address = format!("{}/ledgers/kx{end}", server.address);
        let source = open(&address, hasty()).expect("an address");
        assert_eq!(read(&*source, PublicFile::Checkpoint).expect("a file"), NOTE);
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(1));
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

#[test]
fn what_broke_off_goes_on() {
    let folder = folder();
    let path = folder.path().to_path_buf();
    let server = Server::start(move |asked| {
        let mut reply = serve(&path, asked);
        if asked.before == 0 {
            reply.claims = Some(reply.body.len() as u64);
            reply.body.truncate(reply.body.len() / 3);
        }
        reply
    });
    let source = HttpSource::new(&server.address, hasty()).expect("an address");
    assert_eq!(read(&source, manifest()).expect("in two parts"), long());
    let asked = server.asked.lock().expect("requests").clone();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].headers["range"], format!("bytes={}-", long().len() / 3));
}

#[test]
fn trouble_that_passes_is_waited_for_and_no_longer() {
    let server = Server::start(|asked| match asked.before {
        0 => Reply::with("503 Service Unavailable", "later").header("retry-after", "0"),
        _ => Reply::ok(NOTE),
    });
    let source = HttpSource::new(&server.address, hasty()).expect("an address");
    assert_eq!(read(&source, PublicFile::Checkpoint).expect("the second time"), NOTE);

    let server = Server::start(|_| Reply::with("503 Service Unavailable", "later"));
    let source = HttpSource::new(&server.address, hasty()).expect("an address");
    let fault = read(&source, PublicFile::Checkpoint).expect_err("never");
    assert!(matches!(fault, SourceError::Refused { .. }), "{fault}");
    assert_eq!(server.paths().len(), 2);

    let server = Server::start(|_| Reply::with("403 Forbidden", "no"));
    let source = HttpSource::new(&server.address, hasty()).expect("an address");
    read(&source, PublicFile::Checkpoint).expect_err("never");
    assert_eq!(server.paths().len(), 1, "what will not pass is not asked for again");
}

#[test]
fn nobody_there() {
    let began = Instant::now();
    let address = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let source = HttpSource::new(&address, hasty()).expect("an address");
    let fault = read(&source, PublicFile::Checkpoint).expect_err("nobody");
    assert!(matches!(fault, SourceError::Unreachable { .. }), "{fault}");
    let source = FolderSource::new("/nowhere/at/all");
    let fault = read(&source, PublicFile::Checkpoint).expect_err("nothing");
    assert!(matches!(fault, SourceError::Unreachable { .. }), "{fault}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn addresses_that_are_none() {
    for address in [
        "ftp://park.example/kx",
        "file:///etc/passwd",
        "http://",
        "http://park.example/kx?file=",
        "https://anna:secret@park.example/kx",
        "http://park example/kx",
    ] {
        let fault = open(address, hasty()).expect_err(address);
        assert!(matches!(fault, SourceError::NoSource(_)), "{address}: {fault}");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_in_a_folder_is_no_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("checkpoint");
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    if !made.is_ok_and(|status| status.success()) {
        return;
    }
    let fault = read(&FolderSource::new(folder.path()), PublicFile::Checkpoint);
    assert!(matches!(fault, Err(SourceError::SomethingElse { .. })));
    fs::remove_file(path).expect("a pipe");
}
