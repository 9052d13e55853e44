//! The program itself, killed. `treering add` gets SIGKILL at many moments, again and again until it
//! is let through; Ctrl-C stops it cleanly; two of them run at once. Afterwards an audit finds nothing
//! to say, each file is recorded exactly once, what was acknowledged is there, and every checkpoint
//! that a reader could have fetched meanwhile is a beginning of the ledger.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use support::program::{Desk, Run, ended};
use support::random::Random;
use support::tree;
use treering::ledger::read;
use treering::statement::cbor;
use treering::store::disk::RealDisk;
use treering::store::public::PublicFolder;
use treering::tlog::checkpoint::SignedCheckpoint;
use treering::tlog::hash::Hash;

/// Folders that are added, and times the program is killed over each.
const FOLDERS: usize = 12;
const KILLS_PER_FOLDER: usize = 3;

/// Files in a folder.
const FILES: usize = 5;

/// A reader who fetches the checkpoint as often as possible.
struct Reader {
    enough: Arc<AtomicBool>,
    thread: JoinHandle<BTreeSet<String>>,
}

impl Reader {
    fn of(public: PathBuf) -> Reader {
        let enough = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&enough);
        let thread = thread::spawn(move || {
            let mut seen = BTreeSet::new();
            while !told.load(Ordering::Relaxed) {
                // Between two renames there is always one; before the first there is none.
                seen.extend(fs::read_to_string(public.join("checkpoint")));
                thread::sleep(Duration::from_millis(1));
            }
            seen
        });
        Reader { enough, thread }
    }

    fn seen(self) -> BTreeSet<String> {
        self.enough.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn write_folder(desk: &Desk, folder: &str) {
    for number in 0..FILES {
        let name = format!("{folder}/photo-{number}.jpg");
        desk.write(&name, name.repeat(1_000).as_bytes());
    }
}

/// The audit finds nothing to say of ledger or files but that some of these are not recorded; this
/// many are, each once.
fn assert_sound(desk: &Desk, recorded: usize) {
    let audit = desk.done(&["audit"]);
    assert_eq!(audit["ledger"]["state"], "CONSISTENT", "{audit}");
    for finding in audit["findings"].as_array().unwrap() {
        assert_eq!(finding["code"], "file-not-recorded", "{audit}");
    }
    assert_eq!(audit["files"]["anchored"], recorded, "{audit}");
    assert_eq!(audit["files"]["matches"], recorded, "{audit}");
}

/// Every checkpoint says of its size what the ledger is at that size.
fn assert_no_contradiction(public: &Path, seen: &BTreeSet<String>) {
    let folder = PublicFolder::new(Arc::new(RealDisk), public);
    let head = read::head_of(&folder).unwrap().tree();
    let leaves: Vec<Hash> =
        read::statements(&folder, head.size).map(|read| read.unwrap().1.id()).collect();
    for text in seen {
        let tree = SignedCheckpoint::parse(text.as_bytes()).unwrap().tree();
        assert!(tree.size <= head.size, "published and lost:\n{text}");
        assert_eq!(tree.root, tree::root(&leaves[..tree.size.0 as usize]), "{text}");
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost() {
    let desk = Desk::new();
    let reader = Reader::of(desk.public());
    let mut random = Random::seeded(20_260_501);

    // How long it takes when it is left alone.
    write_folder(&desk, "season-0");
    let start = Instant::now();
    desk.done(&["add", "season-0"]);
    let usual = start.elapsed();

    let (mut killed, mut acknowledged) = (0, 1);
    for number in 1..=FOLDERS {
        let folder = format!("season-{number}");
        write_folder(&desk, &folder);
        for _ in 0..KILLS_PER_FOLDER {
            let mut child = desk.start(&["add", &folder]);
            thread::sleep(usual.mul_f64((random.next() % 1_000) as f64 / 1_000.0));
            child.kill().unwrap();
            let run = ended(child);
            match run.code {
                None => killed += 1,
                Some(code) => assert_eq!(code, 0, "{}", run.text),
            }
            if run.code == Some(0) {
                let size = run.answer["size"].as_u64();
                let audit = desk.done(&["audit"]);
                assert!(audit["ledger"]["size"].as_u64() >= size, "{audit}");
                acknowledged += 1;
                break;
            }
        }
        // Nobody disturbs it this time.
        let answer = desk.done(&["add", &folder]);
        let recorded = answer["recorded"].as_u64().unwrap_or_default();
        let before = answer["already_recorded"].as_array().map_or(0, Vec::len) as u64;
        assert_eq!(recorded + before, FILES as u64, "{answer}");
        assert_sound(&desk, FILES * (number + 1));
    }
    assert!(killed >= FOLDERS, "only {killed} kills came in time, {acknowledged} were too late");
    assert_no_contradiction(&desk.public(), &reader.seen());
}

/// A killed `init` leaves no store, or a whole one.
#[test]
fn a_killed_founding_is_begun_again() {
    let init = ["init", "--name", "Park", "--no-passphrase"];
    let start = Instant::now();
    Desk::new();
    let usual = start.elapsed();
    let mut random = Random::seeded(7);
    for _ in 0..8 {
        let desk = Desk::bare();
        let mut child = desk.start(&init);
        thread::sleep(usual.mul_f64((random.next() % 1_000) as f64 / 1_000.0));
        child.kill().unwrap();
        let _ = ended(child);
        if !desk.store().exists() {
            desk.done(&init);
        }
        write_folder(&desk, "season");
        desk.done(&["add", "season"]);
        assert_sound(&desk, FILES);
        let left = fs::read_dir(desk.park()).unwrap().count();
        assert_eq!(left, 2, "something unfinished stays beside the store and the evidence");
    }
}

#[test]
fn two_at_once_take_turns() {
    let desk = Desk::new();
    let reader = Reader::of(desk.public());
    let folders = ["north", "south", "east", "west"];
    for folder in folders {
        write_folder(&desk, folder);
    }
    for pair in folders.chunks(2) {
        let both: Vec<_> = pair.iter().map(|folder| desk.start(&["add", folder])).collect();
        let runs: Vec<Run> = both.into_iter().map(ended).collect();
        for (folder, run) in pair.iter().zip(runs) {
            match run.code {
                Some(0) => {}
                // It waited for the other as long as a person would, and says who has the store.
                Some(11) => {
                    assert!(run.text.contains("locked by process"), "{}", run.text);
                    desk.done(&["add", folder]);
                }
                _ => panic!("{}", run.text),
            }
        }
    }
    assert_sound(&desk, FILES * folders.len());
    assert_no_contradiction(&desk.public(), &reader.seen());
}

/// Who holds the store is named to those who wait in vain.
#[test]
fn a_store_in_use_is_named_as_such() {
    use treering::store::layout::StoreFolder;
    use treering::store::lock::{Holder, PATIENCE};
    let desk = Desk::new();
    write_folder(&desk, "season");
    let store = StoreFolder::at(&desk.park()).unwrap();
    let lock = store.lock(&Holder::this_process("treering serve"), PATIENCE).unwrap();
    let run = desk.run(&["add", "season"]);
    assert_eq!(run.code, Some(11), "{}", run.text);
    if cfg!(unix) {
        assert!(run.text.contains("treering serve"), "{}", run.text);
    }
    drop(lock);
    desk.done(&["add", "season"]);
    assert_sound(&desk, FILES);
}

/// Ctrl-C while a large file is read: a clean stop with the code of an interruption, and the same
/// command goes on from there, with the rows it had made.
#[cfg(unix)]
#[test]
fn ctrl_c_stops_cleanly_and_the_same_command_goes_on() {
    let desk = Desk::new();
    write_folder(&desk, "season");
    let large = fs::File::create(desk.park().join("season/large.wav")).unwrap();
    large.set_len(3 << 30).unwrap();

    let mut child = desk.start(&["add", "season"]);
    let drafts = desk.store().join("drafts");
    let begun = || {
        let names = fs::read_dir(&drafts).unwrap();
        names.flatten().any(|draft| draft.metadata().is_ok_and(|draft| draft.len() > 1_000))
    };
    while !begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before anything was read");
        thread::sleep(Duration::from_millis(1));
    }
    let interrupt = ["-INT", &child.id().to_string()];
    assert!(std::process::Command::new("kill").args(interrupt).status().unwrap().success());
    let run = ended(child);
    assert_eq!(run.code, Some(130), "{}", run.text);
    assert!(run.text.contains("are kept"), "{}", run.text);
    let draft = fs::read_dir(&drafts).unwrap().next().unwrap().unwrap().path();
    let kept = rows_in(&fs::read(&draft).unwrap());
    assert!(!kept.is_empty());
    assert_sound(&desk, 0);

    // Nothing of the large file was kept, so it may still change; a short one is read sooner.
    large.set_len(1 << 20).unwrap();
    let answer = desk.done(&["add", "season"]);
    assert_eq!(answer["recorded"], FILES + 1, "{answer}");
    assert_sound(&desk, FILES + 1);
    assert!(!draft.exists(), "the draft stays after its batch");
    // A row made anew would have other salts, and other hashes of them.
    let manifest = fs::read_dir(desk.store().join("manifests")).unwrap().next().unwrap().unwrap();
    let manifest = fs::read(manifest.path()).unwrap();
    for row in kept {
        assert!(manifest.windows(row.len()).any(|bytes| bytes == row), "a row was made twice");
    }
}

/// The rows of a draft: after its first line, `u32 length ‖ 8 bytes ‖ a map with the row in it`.
#[cfg(unix)]
fn rows_in(draft: &[u8]) -> Vec<Vec<u8>> {
    let mut rest = &draft["treering draft 1\n".len()..];
    let mut rows = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let payload = cbor::decode_value(&after[8..8 + length], 1 << 20).unwrap();
        let cbor::Value::Map(payload) = payload else { panic!("a payload is a map") };
        let Some(cbor::Value::Bytes(row)) = payload.get(&cbor::Value::Text("row".into())) else {
            panic!("a payload has a row")
        };
        rows.push(row.clone());
        rest = &after[8 + length..];
    }
    rows
}
