//! Sources that lie. Each gets a clear answer, nothing of what they sent is kept, and time and memory
//! are bounded.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use treering::exchange::mirror::{State, Synced};
use treering::exchange::public_file::PublicFile;
use treering::exchange::source::{HttpSource, MemorySource, SourceError, read};
use treering::statement::envelope::LedgerId;
use treering::tlog::bundle::Bundle;
use treering::tlog::checkpoint::{Checkpoint, SignedCheckpoint};
use treering::tlog::hash::{Hash, Tree, TreeSize};
use treering::tlog::tile::Tile;

use crate::partner::{Partner, files, grow, ledger_of, published, signed_with};
use crate::server::{Reply, Server, serve};
use crate::source::{gzip, hasty};
use crate::support::{Ledger, key};

/// A ledger's files in memory.
fn memory(ledger: &Ledger) -> MemorySource {
    let folder = published(ledger);
    let mut memory = MemorySource::default();
    for (name, bytes) in files(folder.path()) {
        memory.put(PublicFile::parse(&name).expect("a published name"), bytes);
    }
    memory
}

fn refused(synced: &Synced, says: &str) {
    let State::Refused { why } = &synced.state else { panic!("{synced:?}") };
    assert!(why.contains(says), "{why}");
}

/// Nothing may have changed.
fn untouched(partner: &Partner, ledger: LedgerId, work: impl FnOnce() -> Synced) -> Synced {
    let (before, held) = (files(&partner.copy()), partner.held(ledger).head);
    let synced = work();
    assert_eq!(files(&partner.copy()), before, "something was kept");
    assert_eq!(partner.held(ledger).head, held);
    synced
}

fn with_copy(size: usize) -> (Ledger, treering::tlog::ed25519::SecretKey, Partner) {
    let (ledger, anna) = ledger_of("park", size);
    let partner = Partner::new();
    assert_eq!(partner.sync(ledger.id, &memory(&ledger)).state, State::Grown);
    (ledger, anna, partner)
}

fn http(server: &Server) -> HttpSource {
    HttpSource::new(&server.address, hasty()).expect("an address")
}

#[test]
fn another_ledger_under_the_same_address() {
    let (ledger, _, partner) = with_copy(5);
    let (other, _) = ledger_of("other park", 9);
    let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &memory(&other)));
    refused(&synced, "origin");
    // And where nothing is held yet.
    let fresh = Partner::new();
    refused(&fresh.sync(ledger.id, &memory(&other)), "another ledger");
    assert_eq!(fresh.held(ledger.id).head, None);
    assert!(files(&fresh.copy()).is_empty());
}

#[test]
fn checkpoints_that_the_log_did_not_sign() {
    let (mut ledger, anna, partner) = with_copy(5);
    grow(&mut ledger, &anna, 300, "more");
    let mut source = memory(&ledger);
    let honest = signed_with(&ledger, &ledger.log.clone()).to_string();

    let stranger = signed_with(&ledger, &key("stranger")).to_string();
    source.put(PublicFile::Checkpoint, stranger);
    let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &source));
    refused(&synced, "none of the ledger's log keys");

    // The log's name and id, with a signature of something else.
    let turned = honest.replace("\n300\n", "\n299\n");
    source.put(PublicFile::Checkpoint, turned);
    let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &source));
    assert!(matches!(synced.state, State::Refused { .. }), "{synced:?}");

    let (text, _) = honest.split_once("\n\n").expect("a note");
    for damaged in
        [text, "", "\n\n", "hello\n", &honest.replace("300", "0300"), &"x".repeat(999_999)]
    {
        source.put(PublicFile::Checkpoint, damaged);
        let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &source));
        refused(&synced, "checkpoint is damaged");
    }
    source.put(PublicFile::Checkpoint, honest);
    assert_eq!(partner.sync(ledger.id, &source).state, State::Grown);
}

#[test]
fn another_origin_under_the_right_key() {
    let (ledger, _, partner) = with_copy(5);
    let origin = treering::tlog::checkpoint::Origin::new("park.example/other").expect("an origin");
    let checkpoint = Checkpoint::new(origin, Tree { size: TreeSize(9), root: Hash::of(b"") });
    let line = checkpoint.sign(&ledger.log);
    let note = SignedCheckpoint::new(checkpoint, vec![line]).expect("a note");
    let mut source = memory(&ledger);
    source.put(PublicFile::Checkpoint, note.to_string());
    let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &source));
    assert!(!matches!(synced.state, State::Grown | State::Forked { .. }), "{synced:?}");
}

#[test]
fn a_size_of_ten_to_the_twelfth() {
    let (ledger, _, partner) = with_copy(5);
    for size in [1_000_000_000_000, 1 << 62] {
        let tree = Tree { size: TreeSize(size), root: Hash::of(b"whatever") };
        let checkpoint = Checkpoint::new(ledger.authority.genesis().origin.clone(), tree);
        let line = checkpoint.sign(&ledger.log);
        let note = SignedCheckpoint::new(checkpoint, vec![line]).expect("a note");
        let mut source = memory(&ledger);
        source.put(PublicFile::Checkpoint, note.to_string());
        let began = Instant::now();
        let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &source));
        // The log signed it: it is kept as what nothing explains, and no more is read.
        assert!(matches!(synced.state, State::Unexplained { .. }), "{synced:?}");
        assert!(began.elapsed() < Duration::from_secs(2));
        assert!(partner.held(ledger.id).seen.iter().any(|seen| seen.checkpoint == note));
        // With nothing held there is nobody to say whose it is.
        let fresh = Partner::new().sync(ledger.id, &source);
        assert!(!matches!(fresh.state, State::Grown), "{fresh:?}");
    }
    // The honest ledger goes on all the same.
    assert_eq!(partner.sync(ledger.id, &memory(&ledger)).state, State::AsBefore);
}

#[test]
fn tiles_and_bundles_of_another_ledger() {
    let (mut ledger, anna, partner) = with_copy(5);
    grow(&mut ledger, &anna, 700, "more");
    let (other, _) = ledger_of("other park", 700);
    let (honest, other) = (memory(&ledger), memory(&other));
    let names: Vec<PublicFile> = honest.files().map(|(file, _)| file).collect();
    let mut swapped = 0;
    for file in
        names.iter().filter(|file| matches!(file, PublicFile::Tile(_) | PublicFile::Bundle(_)))
    {
        let mut source = honest.clone();
        source.put(*file, read(&other, *file).expect("of the same size"));
        let partner = Partner::new();
        let synced = partner.sync(ledger.id, &source);
        // Level-0 tiles of whole bundles are not even asked for: they follow from the bundles.
        if synced.state == State::Grown {
            assert!(matches!(file, PublicFile::Tile(tile) if tile.level() == 0 && tile.is_full()));
        } else {
            assert!(matches!(synced.state, State::Refused { .. }), "{file}: {synced:?}");
            swapped += 1;
        }
        for (name, bytes) in files(&partner.copy()) {
            let file = PublicFile::parse(&name).expect("a published name");
            assert_eq!(
                read(&honest, file).expect("published"),
                bytes,
                "{name} is not the ledger's"
            );
        }
    }
    assert!(swapped >= 5, "{swapped}");
    // One byte turned, one missing, one too many.
    for bundle in [Bundle::new(0, 256), Bundle::new(1, 256), Bundle::new(2, 188)] {
        let file = PublicFile::Bundle(bundle.expect("a bundle"));
        let bytes = read(&honest, file).expect("published");
        let turned = [&bytes[..9], &[bytes[9] ^ 1], &bytes[10..]].concat();
        for damaged in
            [turned, bytes[..bytes.len() - 1].to_vec(), [&bytes[..], &[0]].concat(), vec![]]
        {
            let mut source = honest.clone();
            source.put(file, damaged);
            let synced = partner.sync(ledger.id, &source);
            let kept = matches!(synced.state, State::Refused { .. } | State::Unexplained { .. });
            assert!(kept, "{file}: {synced:?}");
        }
    }
    assert_eq!(partner.sync(ledger.id, &honest).state, State::Grown);
}

#[test]
fn a_tile_that_changes_between_two_reads() {
    let (ledger, _) = ledger_of("park", 700);
    let (other, _) = ledger_of("other park", 700);
    let (folder, other) = (published(&ledger), published(&other));
    let (honest, forged) = (folder.path().to_path_buf(), other.path().to_path_buf());
    let server = Server::start(move |asked| {
        let is_tile = asked.path.starts_with("/tile/");
        let from = if is_tile && asked.before % 2 == 1 { &forged } else { &honest };
        serve(from, asked)
    });
    let partner = Partner::new();
    for _ in 0..3 {
        partner.sync(ledger.id, &http(&server));
        for (name, bytes) in files(&partner.copy()) {
            assert_eq!(std::fs::read(folder.path().join(&name)).expect(&name), bytes, "{name}");
        }
    }
}

#[test]
fn html_for_a_tile_and_for_a_checkpoint() {
    const PAGE: &str = "<!doctype html><title>Welcome to the hotel</title>";
    let (ledger, _) = ledger_of("park", 300);
    let folder = published(&ledger);
    for what in ["/checkpoint", "/tile/1/", "/tile/entries/"] {
        let path = folder.path().to_path_buf();
        let server = Server::start(move |asked| match asked.path.starts_with(what) {
            true => Reply::ok(PAGE).header("content-type", "text/html; charset=utf-8"),
            false => serve(&path, asked),
        });
        refused(&Partner::new().sync(ledger.id, &http(&server)), "a page for people");
        // Without a word about its kind.
        let path = folder.path().to_path_buf();
        let server = Server::start(move |asked| match asked.path.starts_with(what) {
            true => Reply::ok(PAGE),
            false => serve(&path, asked),
        });
        let synced = Partner::new().sync(ledger.id, &http(&server));
        assert!(matches!(synced.state, State::Refused { .. }), "{synced:?}");
    }
}

#[test]
fn redirects() {
    let folder = published(&ledger_of("park", 3).0);
    let path = folder.path().to_path_buf();
    let elsewhere = Server::of_folder(folder.path());
    let away = elsewhere.address.clone();
    for to in [
        format!("{away}/checkpoint"),
        "//evil.example/checkpoint".into(),
        "https://evil.example/checkpoint".into(),
        "ftp://127.0.0.1/checkpoint".into(),
        "checkpoint".into(),
        String::new(),
    ] {
        let to_there = to.clone();
        let server = Server::start(move |_| {
            Reply::with("302 Found", "").header("location", to_there.clone())
        });
        let fault = read(&http(&server), PublicFile::Checkpoint).expect_err("elsewhere");
        assert!(matches!(fault, SourceError::Elsewhere { .. }), "{to}: {fault}");
    }
    assert_eq!(elsewhere.paths(), [""; 0], "nobody was asked there");
    // Within the host it is a matter of its own.
    let server = Server::start(move |asked| match asked.path.strip_prefix("/moved") {
        Some(_) => {
            serve(&path, &crate::server::Asked { path: "/checkpoint".into(), ..asked.clone() })
        }
        None => Reply::with("301 Moved", "").header("location", "/moved/checkpoint"),
    });
    read(&http(&server), PublicFile::Checkpoint).expect("the same host");
    let server = Server::start(|asked| {
        Reply::with("302 Found", "").header("location", format!("{}x", asked.path))
    });
    read(&http(&server), PublicFile::Checkpoint).expect_err("round and round");
    assert!(server.paths().len() <= 4);
}

#[test]
fn endless_bodies_and_lies_about_lengths() {
    let tile = PublicFile::Tile(Tile::new(0, 0, 256).expect("a tile"));
    let endless = Server::start(|_| Reply { endless: true, ..Reply::ok(vec![b'x'; 1 << 16]) });
    let began = Instant::now();
    for file in [PublicFile::Checkpoint, PublicFile::CosignedSizes, tile] {
        let fault = read(&http(&endless), file).expect_err("endless");
        assert!(matches!(fault, SourceError::TooLong { .. }), "{fault}");
    }
    // The ceilings, and what lay in the buffers of two sockets.
    assert!(endless.sent.load(Ordering::Relaxed) < 64 << 20);

    let lies = Server::start(|_| Reply { claims: Some(1 << 60), ..Reply::ok(vec![b'x'; 100]) });
    let fault = read(&http(&lies), tile).expect_err("a lie");
    assert!(matches!(fault, SourceError::Unreachable { .. }), "{fault}");
    let lies = Server::start(|_| Reply { claims: Some(10), ..Reply::ok(vec![b'x'; 100]) });
    assert_eq!(read(&http(&lies), tile).expect("what it claims").len(), 10);
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_bomb_in_gzip() {
    let zeros = gzip(&vec![0; 64 << 20]);
    assert!(zeros.len() < 1 << 20);
    let server =
        Server::start(move |_| Reply::ok(zeros.clone()).header("content-encoding", "gzip"));
    let tile = PublicFile::Tile(Tile::new(0, 0, 256).expect("a tile"));
    let mut bytes = Vec::new();
    let source = http(&server);
    let wanted = treering::exchange::source::Wanted::whole(tile);
    let fault = treering::exchange::source::Source::read(&source, &wanted, &mut bytes);
    assert!(matches!(fault, Err(SourceError::TooLong { ceiling: 8_192, .. })), "{fault:?}");
    assert!(bytes.len() <= 8_192);
}

#[test]
fn one_byte_now_and_then() {
    let (ledger, _) = ledger_of("park", 3);
    let folder = published(&ledger);
    let path = folder.path().to_path_buf();
    let server = Server::start(move |asked| Reply {
        pause: Duration::from_millis(100),
        ..serve(&path, asked)
    });
    let began = Instant::now();
    let synced = Partner::new().sync(ledger.id, &http(&server));
    assert!(matches!(synced.state, State::Unreachable { .. }), "{synced:?}");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
}

#[test]
fn an_old_copy_and_a_tail_cut_off() {
    let (mut ledger, anna, partner) = with_copy(5);
    let old = memory(&ledger);
    grow(&mut ledger, &anna, 300, "more");
    assert_eq!(partner.sync(ledger.id, &memory(&ledger)).state, State::Grown);
    let synced = untouched(&partner, ledger.id, || partner.sync(ledger.id, &old));
    let State::Shortened { shown, held, since } = synced.state else { panic!("{synced:?}") };
    assert_eq!((shown, held, since), (TreeSize(5), TreeSize(300), crate::partner::now()));
    // Also after the mirror was removed: what was held is remembered for ever.
    partner.shelf.remove(&partner.record(ledger.id)).expect("removed");
    assert!(!partner.copy().exists());
    let synced = partner.sync(ledger.id, &old);
    assert!(matches!(synced.state, State::Shortened { .. }), "{synced:?}");
    assert_eq!(partner.sync(ledger.id, &memory(&ledger)).state, State::Grown);
}
