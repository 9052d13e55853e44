//! Bundles: what they hold, for whom, and what nobody may put into one.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use treering::exchange::bundle::{BundleError, Limits, Part, unpack, write};
use treering::exchange::mirror::State;
use treering::exchange::source::FolderSource;
use treering::tlog::hash::TreeSize;

use crate::partner::{Partner, files, grow, ledger_of, now, published};
use crate::support::Ledger;
use crate::support::program::Desk;

fn part(ledger: &Ledger, folder: &Path, since: u64) -> Part {
    Part {
        ledger: ledger.id,
        folder: folder.to_path_buf(),
        since: TreeSize(since),
        manifests: true,
        private: Vec::new(),
        evidence: Vec::new(),
    }
}

#[test]
fn a_bundle_is_a_source_like_any_other() {
    let (mut ledger, anna) = ledger_of("park", 300);
    let partner = Partner::new();
    let scratch = tempfile::tempdir().expect("a folder");
    let mut since = 0;
    for size in [300, 301, 600] {
        grow(&mut ledger, &anna, size, "season");
        let folder = published(&ledger);
        let path = scratch.path().join("x.tar.zst");
        let written = write(
            &mut File::create(&path).expect("a file"),
            &[part(&ledger, folder.path(), since)],
            &[],
            now(),
        );
        assert_eq!(written.expect("a bundle").list.ledgers[0].size.0, size as u64);
        let into = tempfile::tempdir().expect("a folder");
        let unpacked = unpack(&path, None, into.path(), Limits::default()).expect("a bundle");
        let source = FolderSource::new(unpacked.ledger(ledger.id));
        let synced = partner.sync(ledger.id, &source);
        assert_eq!(synced.state, State::Grown, "{synced:?}");
        for (name, bytes) in files(folder.path()) {
            assert_eq!(fs::read(partner.copy().join(&name)).expect(&name), bytes, "{name}");
        }
        // The same files are the same bytes.
        let again = scratch.path().join("y.tar.zst");
        let parts = [part(&ledger, folder.path(), since)];
        write(&mut File::create(&again).expect("a file"), &parts, &[], now()).expect("a bundle");
        assert_eq!(fs::read(&path).expect("a file"), fs::read(&again).expect("a file"));
        since = size as u64;
    }
}

/// A zstd-compressed archive of any entries, as somebody hostile makes it.
fn archive(path: &Path, build: impl FnOnce(&mut tar::Builder<zstd::Encoder<'static, File>>)) {
    let encoder = zstd::Encoder::new(File::create(path).expect("a file"), 1).expect("zstd");
    let mut builder = tar::Builder::new(encoder);
    build(&mut builder);
    builder.into_inner().expect("tar").finish().expect("zstd");
}

fn entry(name: &[u8], kind: tar::EntryType, size: u64) -> tar::Header {
    let mut header = tar::Header::new_ustar();
    header.as_old_mut().name[..name.len().min(100)].copy_from_slice(&name[..name.len().min(100)]);
    header.set_size(size);
    header.set_mode(0o644);
    header.set_entry_type(kind);
    header.set_cksum();
    header
}

fn list(ledger: &str) -> String {
    format!("treering/bundle/v1\nmade 2026-06-01T00:00:00Z\nledger {ledger} 0 5\n")
}

const LEDGER: &str = "9c1f2a0000000000000000000000000000000000000000000000000000000000";

fn refused(build: impl FnOnce(&mut tar::Builder<zstd::Encoder<'static, File>>)) -> BundleError {
    let folder = tempfile::tempdir().expect("a folder");
    let (path, into) = (folder.path().join("x"), folder.path().join("deep/er"));
    fs::create_dir_all(&into).expect("a folder");
    archive(&path, build);
    let limits = Limits { bytes: 40 << 20, files: 50 };
    let fault = unpack(&path, None, &into, limits).expect_err("a trick");
    let names: Vec<String> = files(folder.path()).into_keys().collect();
    let inside = |name: &String| name == "x" || name.starts_with(&format!("deep/er/{LEDGER}/"));
    assert!(names.iter().all(inside), "{names:?}");
    fault
}

fn with_list(builder: &mut tar::Builder<zstd::Encoder<'static, File>>) {
    let list = list(LEDGER);
    builder
        .append(&entry(b"bundle", tar::EntryType::Regular, list.len() as u64), list.as_bytes())
        .expect("an entry");
}

#[test]
fn names_that_lead_elsewhere() {
    let below = |name: &str| format!("{LEDGER}/{name}");
    let tricks: Vec<String> = vec![
        "/etc/passwd".into(),
        "../outside".into(),
        below("../../outside"),
        below("tile/0/../../../outside"),
        below("/checkpoint"),
        below("./checkpoint"),
        below("checkpoint/"),
        below("keys/root.key"),
        below("private/../x"),
        below("evidence/nothash"),
        "bundle".into(),
        "checkpoint".into(),
        String::new(),
        format!("{}/checkpoint", LEDGER.to_uppercase()),
        "c:\\windows\\x".into(),
    ];
    for name in tricks {
        let fault = refused(|builder| {
            with_list(builder);
            let header = entry(name.as_bytes(), tar::EntryType::Regular, 4);
            builder.append(&header, &b"evil"[..]).expect("an entry");
        });
        assert!(matches!(fault, BundleError::Stranger { .. }), "{name:?}: {fault}");
    }
    // Of a ledger that the list does not name.
    let fault = refused(|builder| {
        with_list(builder);
        let name = format!("{}/checkpoint", LEDGER.replace('9', "8"));
        builder
            .append(&entry(name.as_bytes(), tar::EntryType::Regular, 4), &b"evil"[..])
            .expect("an entry");
    });
    assert!(matches!(fault, BundleError::Stranger { .. }), "{fault}");
}

#[test]
fn links_folders_devices_and_second_files() {
    use tar::EntryType::{
        Block, Char, Directory, Fifo, GNULongLink, GNULongName, GNUSparse, Link, Symlink,
        XGlobalHeader, XHeader,
    };
    let name = format!("{LEDGER}/checkpoint");
    for kind in [
        Symlink,
        Link,
        Directory,
        Fifo,
        Char,
        Block,
        GNULongName,
        GNULongLink,
        GNUSparse,
        XHeader,
        XGlobalHeader,
    ] {
        let fault = refused(|builder| {
            with_list(builder);
            let mut header = entry(name.as_bytes(), kind, 0);
            header.set_link_name("/etc/passwd").expect("a link");
            header.set_cksum();
            builder.append(&header, &b""[..]).expect("an entry");
            let plain = entry(name.as_bytes(), tar::EntryType::Regular, 4);
            builder.append(&plain, &b"evil"[..]).expect("an entry");
        });
        assert!(matches!(fault, BundleError::Stranger { .. }), "{kind:?}: {fault}");
    }
    let fault = refused(|builder| {
        with_list(builder);
        for text in [&b"one"[..], b"two"] {
            let header = entry(name.as_bytes(), tar::EntryType::Regular, 3);
            builder.append(&header, text).expect("an entry");
        }
    });
    assert!(
        matches!(fault, BundleError::Stranger { what: "a second file of one name", .. }),
        "{fault}"
    );
}

#[test]
fn bombs_and_too_much() {
    let began = std::time::Instant::now();
    // A small file that unpacks to a large one.
    let name = format!("{LEDGER}/manifests/{LEDGER}");
    let fault = refused(|builder| {
        with_list(builder);
        let length = 35 << 20;
        let mut header = tar::Header::new_ustar();
        header.set_path(&name).expect("a name");
        header.set_size(length);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, std::io::Read::take(std::io::repeat(0), length)).expect("zeros");
    });
    assert!(matches!(fault, BundleError::Bomb(_)), "{fault}");
    // Longer than such a file can be: told by its header, before anything is written.
    let fault = refused(|builder| {
        with_list(builder);
        let header =
            entry(format!("{LEDGER}/tile/0/000").as_bytes(), tar::EntryType::Regular, 8_193);
        builder.append(&header, &[0; 8_193][..]).expect("an entry");
    });
    assert!(matches!(fault, BundleError::TooLong { .. }), "{fault}");
    // More files than are taken.
    let fault = refused(|builder| {
        with_list(builder);
        for number in 1..=60 {
            let name = format!("{LEDGER}/checkpoints/{number}");
            let header = entry(name.as_bytes(), tar::EntryType::Regular, 1);
            builder.append(&header, &b"x"[..]).expect("an entry");
        }
    });
    assert!(matches!(fault, BundleError::TooMuch(..)), "{fault}");
    assert!(began.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn lists_that_are_none() {
    for text in [
        String::new(),
        "treering/bundle/v2\nmade 2026-06-01T00:00:00Z\n".into(),
        list(LEDGER) + "more\n",
        list(&LEDGER[..63]),
        format!("{}ledger {LEDGER} 0 9\n", list(LEDGER)),
        list(LEDGER).replace("0 5", "6 5"),
        list(LEDGER).replace("0 5", "0 05"),
        list(LEDGER).replace("0 5", "0 9223372036854775807"),
    ] {
        let fault = refused(|builder| {
            let header = entry(b"bundle", tar::EntryType::Regular, text.len() as u64);
            builder.append(&header, text.as_bytes()).expect("an entry");
        });
        assert!(matches!(fault, BundleError::List(_)), "{text:?}: {fault}");
    }
    let fault = refused(|builder| {
        let header = entry(format!("{LEDGER}/checkpoint").as_bytes(), tar::EntryType::Regular, 4);
        builder.append(&header, &b"evil"[..]).expect("an entry");
    });
    assert!(matches!(fault, BundleError::NoList), "{fault}");
}

#[test]
fn cut_short_at_every_length_and_turned_bits() {
    let (ledger, _) = ledger_of("park", 3);
    let folder = published(&ledger);
    let mut whole = Vec::new();
    write(&mut whole, &[part(&ledger, folder.path(), 0)], &[], now()).expect("a bundle");
    let scratch = tempfile::tempdir().expect("a folder");
    let path = scratch.path().join("x");
    for length in (0..whole.len()).step_by(37) {
        fs::write(&path, &whole[..length]).expect("a file");
        let into = tempfile::tempdir().expect("a folder");
        unpack(&path, None, into.path(), Limits::default()).expect_err("cut short");
    }
    for at in (0..whole.len()).step_by(11) {
        let mut turned = whole.clone();
        turned[at] ^= 0x10;
        fs::write(&path, &turned).expect("a file");
        let into = tempfile::tempdir().expect("a folder");
        // Either it does not unpack, or what it holds is checked as from any source.
        if let Ok(unpacked) = unpack(&path, None, into.path(), Limits::default()) {
            let partner = Partner::new();
            let synced = partner.sync(ledger.id, &FolderSource::new(unpacked.ledger(ledger.id)));
            if synced.state == State::Grown {
                for (name, bytes) in files(&partner.copy()) {
                    let honest = fs::read(folder.path().join(&name)).expect(&name);
                    assert_eq!(honest, bytes, "{name}");
                }
            }
        }
    }
}

/// A stick carried between two desks, one of which has no network at all.
#[test]
fn by_stick_with_the_size_to_ask_for_and_an_encrypted_second_copy() {
    let (park, partner) = (Desk::new(), Desk::new());
    for name in ["a", "b", "c"] {
        park.record(name);
    }
    let stick = tempfile::tempdir().expect("a folder");
    let on_stick = |name: &str| stick.path().join(name).display().to_string();
    let (card, whole, later) =
        (on_stick("card.json"), on_stick("x.tar.zst"), on_stick("y.tar.zst"));
    park.done(&["card", "-o", &card]);
    park.done(&["bundle", "park", "-o", &whole]);
    // Two of one name: the partner's own ledger is called park as well.
    partner.done(&["mirror", "add", &whole, "--card", &card, "--as", "val"]);
    let answer = partner.done(&["sync", &whole]);
    assert_eq!(answer["ledgers"][0]["size"], 5);
    park.record("d");
    park.record("e");
    park.done(&["bundle", "park", "-o", &later, "--since", "6"]);
    let run = partner.run(&["sync", &later]);
    assert_eq!(run.code, Some(4), "{}", run.text);
    assert_eq!(run.answer["ledgers"][0]["state"], "needs-earlier");
    assert!(run.text.contains("--since 5"), "{}", run.text);
    park.done(&["bundle", "park", "-o", &later, "--since", "5"]);
    let answer = partner.done(&["sync", &later]);
    assert_eq!(answer["ledgers"][0]["size"], 7);
    // An older bundle is no finding.
    partner.done(&["sync", &whole]);

    // The second copy of what only the park has.
    let identity = age::x25519::Identity::generate();
    let secret = age::secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned();
    let key_file = on_stick("key.txt");
    fs::write(&key_file, secret).expect("a file");
    let recipient = identity.to_public().to_string();
    let copy = on_stick("second.tar.zst.age");
    let answer = park.done(&[
        "bundle",
        "park",
        "--manifests",
        "--evidence",
        "--to",
        &recipient,
        "-o",
        &copy,
    ]);
    assert_eq!((&answer["private_manifests"], &answer["evidence_files"]), (&5.into(), &5.into()));
    let bytes = fs::read(&copy).expect("a file");
    assert!(bytes.starts_with(b"age-encryption.org/v1"));
    let manifests = park.store().join("manifests");
    let before = files(&manifests);
    fs::remove_dir_all(&manifests).expect("lost");
    fs::create_dir(&manifests).expect("a folder");
    let run = park.run(&["sync", &copy]);
    assert_eq!(run.code, Some(12), "{}", run.text);
    let stranger = on_stick("stranger.txt");
    let other = age::x25519::Identity::generate();
    fs::write(&stranger, age::secrecy::ExposeSecret::expose_secret(&other.to_string()))
        .expect("a file");
    assert_eq!(park.run(&["sync", &copy, "--identity", &stranger]).code, Some(12));
    let to = tempfile::tempdir().expect("a folder");
    let to_dir = to.path().display().to_string();
    let answer = park.done(&["sync", &copy, "--identity", &key_file, "--evidence-to", &to_dir]);
    assert_eq!((&answer["private_manifests"], &answer["evidence_files"]), (&5.into(), &5.into()));
    assert_eq!(files(&manifests), before);
    assert_eq!(fs::read(to.path().join("a.jpg")).expect("evidence"), b"a");
    // Unencrypted, private manifests stay at home.
    let answer = park.done(&["bundle", "park", "--manifests", "-o", &whole]);
    assert_eq!(answer["private_manifests"], 0);
    let mut file = fs::OpenOptions::new().append(true).open(&key_file).expect("a file");
    file.write_all(b"\n").expect("a file");
}
