use std::fs;
use std::process::Command;

use super::super::disk::RealDisk;
use super::super::disk::faulty::{Fault, FaultyDisk};
use super::super::pem::PemError;
use super::*;
use crate::statement::key::Role;
use crate::tlog::hex::Hex;

#[cfg(unix)]
mod permissions;

const SEED: [u8; 32] = [7; 32];

fn name(text: &str) -> SafeName {
    SafeName::new(text).unwrap()
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.into()).unwrap()
}

fn new_key<'a>(text: &str, purpose: Purpose, protection: Protection<'a>) -> NewKey<'a> {
    let created = "2026-03-01T10:00:00.75Z".parse().unwrap();
    NewKey { name: name(text), purpose, protection, created }
}

/// A folder with the plain key "log" of seed 7 in it.
fn with_log() -> (tempfile::TempDir, KeyFolder, KeyFile) {
    let place = tempfile::tempdir().unwrap();
    let folder = KeyFolder::at(Arc::new(RealDisk), place.path());
    let key = make(&folder, "log", Purpose::Log, SEED).unwrap();
    (place, folder, key)
}

fn make(
    folder: &KeyFolder,
    text: &str,
    purpose: Purpose,
    seed: [u8; 32],
) -> Result<KeyFile, KeyFileError> {
    let new = new_key(text, purpose, Protection::None);
    folder.create(new, &SecretKey::from_seed(&seed), &mut |_| panic!("needs no chance"))
}

fn chance() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            *byte = next;
            next += 1;
        }
    }
}

#[test]
fn the_public_half_is_as_told() {
    let (_place, _, key) = with_log();
    let text = fs::read_to_string(key.public_path()).unwrap();
    assert_eq!(
        text,
        "treering/public-key/v1\n\
         key cbf65c8afcb5f69056927170cfe6acc226f1e3182e0aac3b83245e746beb0e6a\n\
         public ea4a6c63e29c520abef5507b132ec5f9954776aebebe7b92421eea691446d22c\n\
         for log\n\
         created 2026-03-01T10:00:00Z\n"
    );
    let schema = include_str!("../../../schemas/keys.md");
    assert!(schema.contains(&text), "schemas/keys.md shows another public half");
    let secret = fs::read_to_string(key.path()).unwrap();
    assert!(schema.contains(&secret), "schemas/keys.md shows another secret half");
}

#[test]
fn a_key_is_found_and_opened() {
    let (_place, folder, made) = with_log();
    let found = folder.find(&name("log")).unwrap();
    assert_eq!(found.open(None).unwrap().seed(), &SEED);
    assert_eq!((found.public(), found.id()), (made.public(), made.id()));
    assert_eq!((found.purpose(), found.created()), (made.purpose(), made.created()));
    assert!(!found.is_encrypted().unwrap());
    assert!(found.chain_path().ends_with("log.chain"));
    assert!(matches!(folder.find(&name("other")), Err(KeyFileError::NoKey { .. })));
}

#[test]
fn an_encrypted_key_tells_a_slip_from_damage() {
    let place = tempfile::tempdir().unwrap();
    let folder = KeyFolder::at(Arc::new(RealDisk), place.path());
    let right = passphrase("ring by ring");
    let new = new_key("root", Purpose::Root, Protection::Passphrase(&right));
    let key = folder.create(new, &SecretKey::from_seed(&SEED), &mut chance()).unwrap();
    assert!(key.is_encrypted().unwrap());
    assert_eq!(key.open(Some(&right)).unwrap().seed(), &SEED);
    let why = |with: Option<&Passphrase>| match key.open(with).unwrap_err() {
        KeyFileError::Closed { why, .. } => why,
        other => panic!("{other}"),
    };
    assert_eq!(why(None), PemError::NeedsPassphrase);
    assert_eq!(why(Some(&passphrase("ring"))), PemError::WrongPassphrase);

    // Block 1 of the four holds seed bytes only: CBC sees nothing, the public half does.
    let sound = fs::read_to_string(key.path()).unwrap();
    let damage = |block: usize| {
        let (_, document) = pkcs8::Document::from_pem(&sound).unwrap();
        let mut der = document.into_vec();
        let data = der.len() - 64;
        der[data + 16 * block] ^= 1;
        let document = pkcs8::Document::try_from(der).unwrap();
        let text = document.to_pem("ENCRYPTED PRIVATE KEY", pkcs8::LineEnding::LF).unwrap();
        fs::write(key.path(), text).unwrap();
    };
    damage(1);
    assert!(matches!(key.open(Some(&right)), Err(KeyFileError::OtherKey { .. })));
    damage(3);
    assert_eq!(why(Some(&right)), PemError::Damaged);
    fs::write(key.path(), &sound[..sound.len() / 2]).unwrap();
    assert_eq!(why(Some(&right)), PemError::Damaged);
}

#[test]
fn another_secret_under_the_name_is_noticed() {
    let (_place, folder, log) = with_log();
    let other = make(&folder, "other", Role::Recorder.into(), [8; 32]).unwrap();
    fs::copy(other.path(), log.path()).unwrap();
    let error = log.open(None).unwrap_err();
    assert!(matches!(error, KeyFileError::OtherKey { .. }), "{error}");
    assert!(error.to_string().contains("log.pub"), "{error}");
}

#[test]
fn a_half_alone_is_told() {
    let (_place, folder, key) = with_log();
    let public = fs::read(key.public_path()).unwrap();
    fs::remove_file(key.public_path()).unwrap();
    assert!(matches!(folder.find(key.name()), Err(KeyFileError::NoPublic { .. })));
    assert!(matches!(
        make(&folder, "log", Purpose::Log, [9; 32]),
        Err(KeyFileError::Exists { .. })
    ));
    fs::write(key.public_path(), public).unwrap();
    fs::remove_file(key.path()).unwrap();
    assert_eq!(folder.list().unwrap().keys.len(), 1);
    assert!(matches!(key.open(None), Err(KeyFileError::NoSecret { .. })));
    assert!(matches!(key.is_encrypted(), Err(KeyFileError::NoSecret { .. })));
    assert!(matches!(
        make(&folder, "log", Purpose::Log, [9; 32]),
        Err(KeyFileError::Exists { .. })
    ));
}

#[test]
fn a_name_and_a_key_are_taken_once() {
    let (_place, folder, key) = with_log();
    let before = fs::read(key.path()).unwrap();
    let again = make(&folder, "log", Purpose::Log, [8; 32]);
    assert!(matches!(again, Err(KeyFileError::Exists { .. })));
    let twin = make(&folder, "twin", Role::Recorder.into(), SEED);
    assert!(matches!(twin, Err(KeyFileError::SameKey { name, .. }) if name.as_str() == "log"));
    assert_eq!(fs::read(key.path()).unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_list_is_sorted_and_survives_a_bad_file() {
    let (_place, folder, _) = with_log();
    make(&folder, "anna-phone", Role::Recorder.into(), [1; 32]).unwrap();
    make(&folder, "anna", Role::Supervisor.into(), [2; 32]).unwrap();
    fs::write(folder.path().join("My Key.pub"), "of another program").unwrap();
    fs::create_dir(folder.path().join("folder.pub")).unwrap();
    fs::write(folder.path().join("bad.pub"), "treering/public-key/v2\n").unwrap();
    let list = folder.list().unwrap();
    let names: Vec<String> = list.keys.iter().map(KeyFile::to_string).collect();
    assert_eq!(names, ["anna (supervisor)", "anna-phone (recorder)", "log (log)"]);
    assert!(matches!(list.unreadable[..], [KeyFileError::Damaged(_)]));
    make(&folder, "beside", Role::Mentor.into(), [4; 32]).unwrap();
    // With a secret half beside it, it could be the same key, so no other is made.
    fs::write(folder.path().join("bad.key"), "").unwrap();
    assert!(matches!(make(&folder, "x", Purpose::Root, [3; 32]), Err(KeyFileError::Damaged(_))));
    let nowhere = KeyFolder::at(Arc::new(RealDisk), &folder.path().join("nowhere"));
    assert!(nowhere.list().unwrap().keys.is_empty());
    assert!(make(&nowhere, "root", Purpose::Root, [3; 32]).is_err());
    assert!(!nowhere.path().exists(), "made a folder in place of a stick");
}

#[test]
fn a_public_half_has_one_spelling() {
    let (_place, folder, key) = with_log();
    let text = fs::read_to_string(key.public_path()).unwrap();
    let other = Hex(SecretKey::from_seed(&[8; 32]).public().as_bytes()).to_string();
    let public = Hex(key.public().as_bytes()).to_string();
    for changed in [
        text.replace("for log", "for  log"),
        text.replace("for log", "for b a"),
        text.replace("for log", "for a a"),
        text.replace("10:00:00Z", "10:00:00.5Z"),
        text.replace(&public, &other),
        text.replace(&public, &public.to_uppercase()),
        text.replace("v1", "v2"),
        text.replace('\n', "\r\n"),
        text[..text.len() - 1].to_owned(),
        format!("{text}\n"),
        String::new(),
    ] {
        fs::write(key.public_path(), &changed).unwrap();
        assert!(matches!(folder.find(key.name()), Err(KeyFileError::Damaged(_))), "{changed:?}");
    }
    // Each byte of it matters.
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] ^= 1;
        fs::write(key.public_path(), &bytes).unwrap();
        let found = folder.find(key.name());
        let differs =
            |found: KeyFile| found.purpose() != key.purpose() || found.created() != key.created();
        assert!(found.map_or(true, differs), "byte {at}");
    }
    fs::write(key.public_path(), " ".repeat(4_097)).unwrap();
    assert!(matches!(folder.find(key.name()), Err(KeyFileError::Disk(DiskError::TooLong { .. }))));
}

#[test]
fn exported_keys_come_back() {
    let (_place, _, key) = with_log();
    let right = passphrase("ring by ring");
    let text = key.export(None, Protection::Passphrase(&right), &mut chance()).unwrap();
    let place = tempfile::tempdir().unwrap();
    let elsewhere = KeyFolder::at(Arc::new(RealDisk), place.path());
    let import = |passphrase: Option<&Passphrase>, text: &[u8]| {
        let new = new_key("copy", Role::Witness.into(), Protection::None);
        elsewhere.import(new, text, passphrase, &mut chance())
    };
    for (with, text, expected) in [
        (None, text.as_bytes(), PemError::NeedsPassphrase),
        (Some(passphrase("wrong")), text.as_bytes(), PemError::WrongPassphrase),
        (None, b"hello", PemError::NotAKey),
    ] {
        let error = import(with.as_ref(), text).unwrap_err();
        assert!(matches!(&error, KeyFileError::Import(why) if *why == expected), "{error}");
        assert!(!error.next_step().is_empty());
    }
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
    let copy = import(Some(&right), text.as_bytes()).unwrap();
    assert_eq!(copy.open(None).unwrap().seed(), &SEED);
}

#[test]
fn a_key_of_ssh_keygen_is_imported() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("id");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "ring by ring", "-C", "park", "-f"])
        .arg(&file)
        .status();
    if !made.is_ok_and(|status| status.success()) {
        println!("skipped: ssh-keygen is not here");
        return;
    }
    let folder = KeyFolder::at(Arc::new(RealDisk), place.path());
    let (text, right) = (fs::read(&file).unwrap(), passphrase("ring by ring"));
    let new = || new_key("anna", Role::Recorder.into(), Protection::None);
    assert!(matches!(
        folder.import(new(), &text, None, &mut chance()),
        Err(KeyFileError::Import(PemError::NeedsPassphrase))
    ));
    let key = folder.import(new(), &text, Some(&right), &mut chance()).unwrap();
    let line = fs::read_to_string(place.path().join("id.pub")).unwrap();
    let public = ssh_key::PublicKey::from_openssh(&line).unwrap();
    assert_eq!(&public.key_data().ed25519().unwrap().0, key.public().as_bytes());
}

#[test]
fn openssl_reads_what_is_written() {
    let place = tempfile::tempdir().unwrap();
    let folder = KeyFolder::at(Arc::new(RealDisk), place.path());
    let right = passphrase("ring by ring");
    let file = place.path().join("passphrase");
    fs::write(&file, "ring by ring\n").unwrap();
    if Command::new("openssl").arg("version").output().is_err() {
        println!("skipped: openssl is not here");
        return;
    }
    for (text, seed, protection) in
        [("plain", [7; 32], Protection::None), ("sealed", [8; 32], Protection::Passphrase(&right))]
    {
        let secret = SecretKey::from_seed(&seed);
        let new = new_key(text, Role::Recorder.into(), protection);
        let key = folder.create(new, &secret, &mut chance()).unwrap();
        let run = Command::new("openssl")
            .args(["pkey", "-pubout", "-in"])
            .arg(key.path())
            .arg("-passin")
            .arg(format!("file:{}", file.display()))
            .output()
            .unwrap();
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        assert_eq!(String::from_utf8(run.stdout).unwrap(), key.export_public());
    }
}

/// At every step and in every way: what was acknowledged is there and opens; what was not is gone,
/// whole, or a secret half alone, which is told. Never a public half alone, unless the disk itself
/// failed to take it back.
#[test]
fn making_a_key_survives_every_fault() {
    let run = |disk: FaultyDisk| {
        let place = tempfile::tempdir().unwrap();
        let disk = Arc::new(disk);
        let made = make(&KeyFolder::at(disk.clone(), place.path()), "root", Purpose::Root, SEED);
        let folder = KeyFolder::at(Arc::new(RealDisk), place.path());
        match folder.find(&name("root")) {
            Ok(key) => assert_eq!(key.open(None).unwrap().seed(), &SEED),
            Err(KeyFileError::NoKey { .. } | KeyFileError::NoPublic { .. }) => {
                assert!(made.is_err(), "acknowledged but missing: {:?}", disk.steps());
            }
            Err(other) => panic!("{other}: {:?}", disk.steps()),
        }
        match make(&folder, "root", Purpose::Root, SEED) {
            Ok(key) => assert_eq!(key.open(None).unwrap().seed(), &SEED),
            Err(KeyFileError::Exists { .. }) => {}
            Err(other) => panic!("{other}: {:?}", disk.steps()),
        }
        disk.steps().len()
    };
    let steps = run(FaultyDisk::sound());
    assert!(steps >= 6, "two files: create, rename and sync each");
    for step in 0..steps {
        for fault in Fault::ALL {
            run(FaultyDisk::failing(step, fault));
        }
    }
}
