//! Reading files that behave and files that do not: vanishing, growing, shrinking, enormous.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use treering::evidence::hashing::{Contents, Problem, Watch, hash_file, read_files};
use treering::evidence::walk::{Found, Interrupted, Places, walk};
use treering::tlog::hash::Hash;

static GO: AtomicBool = AtomicBool::new(false);

fn found(folder: &Path) -> Vec<Found> {
    walk(&[folder.to_path_buf()], &Places::default(), &GO).unwrap().files
}

type Results = BTreeMap<String, Result<Contents, Problem>>;

fn read_all(files: &[Found], progress: &(dyn Fn(u64) + Sync)) -> Results {
    let results = Mutex::new(BTreeMap::new());
    let each = |index: usize, result| {
        let name = String::from_utf8_lossy(files[index].path.file_name()).into_owned();
        assert!(results.lock().unwrap().insert(name, result).is_none(), "told twice");
    };
    read_files(files, Watch { cancel: &GO, progress }, each).unwrap();
    results.into_inner().unwrap()
}

fn quiet(_: u64) {}

#[test]
fn digests_kinds_and_progress() {
    let top = tempfile::tempdir().unwrap();
    let long: Vec<u8> = (0..3_000_000u32).map(|n| (n / 7) as u8).collect();
    let mut expected = 0;
    for (name, bytes) in [
        ("empty.wav", &b""[..]),
        ("plan.txt", b"Patrols in the dry season.\n"),
        ("edge", &long[..512 * 1024]),
        ("long", &long),
    ] {
        fs::write(top.path().join(name), bytes).unwrap();
        expected += bytes.len() as u64;
    }
    let seen = AtomicU64::new(0);
    let results = read_all(&found(top.path()), &|bytes| {
        seen.fetch_add(bytes, Ordering::Relaxed);
    });
    assert_eq!(seen.into_inner(), expected);
    assert_eq!(results.len(), 4);
    let contents = |name: &str| results[name].as_ref().unwrap();
    assert_eq!(contents("empty.wav").sha256, Hash::of(b""));
    assert_eq!(contents("empty.wav").media_type, "application/octet-stream");
    assert_eq!(contents("plan.txt").media_type, "text/plain");
    assert_eq!(contents("edge").sha256, Hash::of(&long[..512 * 1024]));
    assert_eq!(contents("long").sha256, Hash::of(&long));
    assert_eq!(contents("long").stamp.size, 3_000_000);
    let watch = Watch { cancel: &GO, progress: &quiet };
    let (again, stamp) = hash_file(&top.path().join("long"), watch).unwrap();
    assert_eq!((again, stamp), (contents("long").sha256, contents("long").stamp));
}

#[test]
fn what_vanishes_or_is_replaced_is_one_files_problem() {
    let top = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c", "d"] {
        fs::write(top.path().join(name), name).unwrap();
    }
    let files = found(top.path());
    fs::remove_file(top.path().join("a")).unwrap();
    fs::remove_file(top.path().join("b")).unwrap();
    fs::create_dir(top.path().join("b")).unwrap();
    #[cfg(unix)]
    {
        // A pipe nobody writes to: opening it would wait for ever.
        fs::remove_file(top.path().join("c")).unwrap();
        let pipe = top.path().join("c");
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    }
    let results = read_all(&files, &quiet);
    assert!(matches!(results["a"], Err(Problem::Vanished)), "{:?}", results["a"]);
    assert!(matches!(results["b"], Err(Problem::Replaced)), "{:?}", results["b"]);
    #[cfg(unix)]
    assert!(matches!(results["c"], Err(Problem::Replaced)), "{:?}", results["c"]);
    assert_eq!(results["d"].as_ref().unwrap().sha256, Hash::of(b"d"));
}

/// Changes one file at the moment its first buffer has been read.
fn meddle(size: usize, change: impl Fn(&File) + Sync) -> Problem {
    let top = tempfile::tempdir().unwrap();
    let place = top.path().join("file");
    fs::write(&place, vec![7; size]).unwrap();
    let file = OpenOptions::new().write(true).open(&place).unwrap();
    let once = AtomicBool::new(false);
    let results = read_all(&found(top.path()), &|_| {
        if !once.swap(true, Ordering::Relaxed) {
            change(&file);
        }
    });
    results.into_values().next().unwrap().unwrap_err()
}

#[test]
fn growing_shrinking_and_changing_files_are_told_apart() {
    const BUFFERS: usize = 3 << 19;
    let append = |mut file: &File| {
        use std::io::Seek;
        file.seek(std::io::SeekFrom::End(0)).unwrap();
        file.write_all(b"more").unwrap();
    };
    assert!(matches!(meddle(BUFFERS, append), Problem::Grew));
    // Already read to its end when it grows: only the look afterwards shows it.
    assert!(matches!(meddle(10, append), Problem::Grew));
    assert!(matches!(meddle(BUFFERS, |file| file.set_len(600_000).unwrap()), Problem::Shrank));
    assert!(matches!(meddle(10, |file| file.set_len(5).unwrap()), Problem::Shrank));
    let rewrite = |mut file: &File| {
        file.write_all(b"other").unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1)).unwrap();
    };
    assert!(matches!(meddle(BUFFERS, rewrite), Problem::Changed));
}

#[test]
fn a_file_that_grows_without_end_is_left_soon() {
    let top = tempfile::tempdir().unwrap();
    let place = top.path().join("log");
    fs::write(&place, vec![b'x'; 100]).unwrap();
    let files = found(top.path());
    let file = OpenOptions::new().append(true).open(&place).unwrap();
    let results = read_all(&files, &|_| {
        (&file).write_all(&[b'x'; 1 << 20]).unwrap();
    });
    assert!(matches!(results["log"], Err(Problem::Grew)), "{results:?}");
}

/// Runs itself as the user nobody where the test's own user may read everything.
#[cfg(unix)]
#[test]
fn an_unreadable_file_is_listed() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    const FOLDER: &str = "TREERING_TEST_UNREADABLE_FILE";
    if let Some(folder) = std::env::var_os(FOLDER) {
        let results = read_all(&found(Path::new(&folder)), &quiet);
        assert!(matches!(results["closed.jpg"], Err(Problem::Unreadable(_))), "{results:?}");
        assert_eq!(results["open.jpg"].as_ref().unwrap().sha256, Hash::of(b"x"));
        return;
    }
    let top = tempfile::tempdir().unwrap();
    for (name, mode) in [("closed.jpg", 0), ("open.jpg", 0o644), ("", 0o755)] {
        let place = top.path().join(name);
        if !name.is_empty() {
            fs::write(&place, b"x").unwrap();
        }
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
    }
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "an_unreadable_file_is_listed"]).env(FOLDER, top.path());
    if File::open(top.path().join("closed.jpg")).is_ok() {
        child.uid(65534).gid(65534);
    }
    match child.output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && said.contains("1 passed"), "{output:?}");
        }
        Err(error) => println!("skipped: cannot run as another user here: {error}"),
    }
}

/// Sparse, so it costs no disk.
fn sparse(top: &Path, size: u64) -> std::path::PathBuf {
    let place = top.join("recording.wav");
    File::create(&place).unwrap().set_len(size).unwrap();
    place
}

#[test]
fn a_stop_inside_four_gib_takes_a_moment() {
    let top = tempfile::tempdir().unwrap();
    sparse(top.path(), (4 << 30) + 3);
    let cancel = AtomicBool::new(false);
    let stopped = Mutex::new(None);
    let files = found(top.path());
    let watch = Watch {
        cancel: &cancel,
        progress: &|_| {
            cancel.store(true, Ordering::Relaxed);
            stopped.lock().unwrap().get_or_insert_with(Instant::now);
        },
    };
    let result = read_files(&files, watch, |_, result| panic!("{result:?}"));
    assert_eq!(result, Err(Interrupted));
    assert!(stopped.into_inner().unwrap().unwrap().elapsed() < Duration::from_millis(500));
}

/// The digests are those of `head -c SIZE /dev/zero | sha256sum`.
fn zeros_to_the_end(size: u64, digest: &str) {
    let top = tempfile::tempdir().unwrap();
    let place = sparse(top.path(), size);
    let (found, stamp) = hash_file(&place, Watch { cancel: &GO, progress: &quiet }).unwrap();
    assert_eq!((found.to_string().as_str(), stamp.size), (digest, size));
}

/// An eighth of the size that matters: all of it takes 15 s here, most of it in the kernel, which
/// is too long for every run.
#[test]
fn half_a_gib_and_three_bytes_to_the_end() {
    zeros_to_the_end(
        (1 << 29) + 3,
        "403a955183d83bd37bd31dde74eb3b713fcf99b6ba1a87fa91aa5befe4f51280",
    );
}

#[test]
#[ignore = "reads 4 GiB, which takes 5 to 15 s"]
fn four_gib_and_three_bytes_to_the_end() {
    let digest = "930fa067940ff8d9f427e3a116b7598503c70ce7380d66ff65f8de33d558f7f3";
    zeros_to_the_end((4 << 30) + 3, digest);
}

#[test]
fn one_thread_or_many_give_the_same() {
    let top = tempfile::tempdir().unwrap();
    for n in 0..40u32 {
        fs::write(top.path().join(format!("{n:02}")), vec![n as u8; n as usize * 1_000]).unwrap();
    }
    let files = found(top.path());
    let many = read_all(&files, &quiet);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    let one = pool.install(|| read_all(&files, &quiet));
    let digests = |results: Results| -> Vec<_> {
        results.into_values().map(|result| result.unwrap().sha256).collect()
    };
    assert_eq!(digests(one), digests(many));
}
