//! Hashing a tree of files as `treering add` does, beside the fastest hashers at hand: `openssl dgst`
//! as a program, `sha2` and `ring` in bare loops that read and hash and do nothing else.
//!
//! The files are in the page cache: this measures processors, not disks.

mod support;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use support::memory::random::Random;
use support::paired::{self, Runner, Times};
use support::{data_folder, machine, number_from_env};
use treering::evidence::bulk_sha256::BulkSha256;
use treering::evidence::hashing::{Watch, read_files};
use treering::evidence::walk::{Found, Places, walk};

const GOAL: f64 = 0.95;
/// Bytes per read of the bare loops.
const BUFFER_BYTES: usize = 256 << 10;

/// What lies in a ranger's folder: first bytes, how long, and of 100 files how many.
const SORTS: [(&str, &[u8], usize, usize); 4] = [
    ("txt", b"plot 7, 06:12, fog\n", 3_000, 30),
    ("csv", b"timestamp,lat,lon\n", 180_000, 20),
    ("jpg", b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x48\x00\x48\x00\x00", 2_400_000, 45),
    ("wav", b"RIFF\xf0\xff\xff\x00WAVEfmt \x10\x00\x00\x00", 28_000_000, 5),
];

fn main() {
    let megabytes: u64 = number_from_env("TREERING_BENCH_MEGABYTES", 1_000);
    let rounds = number_from_env("TREERING_BENCH_ROUNDS", 7);
    let cores = rayon::current_num_threads();
    fs::create_dir_all(data_folder()).expect("folder");
    let folder = tempfile::tempdir_in(data_folder()).expect("folder");
    make_files(folder.path(), megabytes * 1_000_000);
    let never = AtomicBool::new(false);
    let found = walk(&[folder.path().to_path_buf()], &Places::default(), &never).expect("a walk");
    let files = found.files;
    let bytes: u64 = files.iter().map(|file| file.stamp.size).sum();
    println!(
        "hash_files: {} files, {} MB in the page cache, {}, medians of {rounds} rounds",
        files.len(),
        bytes / 1_000_000,
        machine()
    );
    for threads in [1, cores] {
        println!("  on {threads} of {cores} cores");
        report(&paired::in_turns(1, rounds, runners(&files, threads)), bytes);
        if threads == cores {
            break;
        }
    }
}

/// treering first, then its rivals.
fn runners(files: &[Found], threads: usize) -> Vec<Runner<'_>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
    let never = AtomicBool::new(false);
    let treering = move || {
        let watch = Watch { cancel: &never, progress: &|_| {} };
        let each = |_, contents: Result<_, _>| {
            contents.expect("a readable file");
        };
        pool.install(|| read_files(files, watch, each)).expect("nobody interrupts");
    };
    let places: Vec<PathBuf> = files.iter().map(Found::place).collect();
    let bare = |name, start: fn() -> BulkSha256| {
        let places = places.clone();
        Runner::timed(name, move || hash_bare(&places, threads, start))
    };
    let mut runners = vec![
        Runner::timed("treering", treering),
        bare("sha2", BulkSha256::sha2),
        bare("ring", BulkSha256::ring),
    ];
    if openssl_is_there() {
        let hands = deal(files, threads);
        runners.push(Runner::timed("openssl dgst", move || hash_with_openssl(&hands)));
    } else {
        println!("    openssl dgst is absent");
    }
    runners
}

fn report(times: &[Times], bytes: u64) {
    let (own, rivals) = times.split_first().expect("treering and its rivals");
    let fastest = rivals
        .iter()
        .min_by(|a, b| a.median().total_cmp(&b.median()))
        .expect("sha2 and ring are always there");
    for what in times {
        let (seconds, rate) = (what.median(), bytes as f64 / what.median() / 1e6);
        print!("    {:<14} {seconds:>7.3} s {rate:>7.0} MB/s", what.name);
        if what.name == own.name {
            let ratio = own.ratio_to(fastest);
            let met = paired::verdict(ratio >= GOAL);
            print!("   {ratio:.2} of {} (goal ≥ {GOAL}: {met})", fastest.name);
        }
        println!();
    }
}

/// Reads and hashes, on as many threads, each taking the next file.
fn hash_bare(places: &[PathBuf], threads: usize, start: fn() -> BulkSha256) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let mut buffer = vec![0; BUFFER_BYTES];
                while let Some(place) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut file = File::open(place).expect("a file");
                    let mut digest = start();
                    loop {
                        match file.read(&mut buffer).expect("a readable file") {
                            0 => break,
                            count => digest.update(&buffer[..count]),
                        }
                    }
                    std::hint::black_box(digest.finish());
                }
            });
        }
    });
}

fn openssl_is_there() -> bool {
    let version = Command::new("openssl").arg("version").stdout(Stdio::null()).status();
    version.is_ok_and(|status| status.success())
}

/// One hand of files for each process, the largest file always to the smallest hand.
fn deal(files: &[Found], hands: usize) -> Vec<Vec<PathBuf>> {
    let mut sorted: Vec<&Found> = files.iter().collect();
    sorted.sort_by_key(|file| std::cmp::Reverse(file.stamp.size));
    let mut dealt: Vec<(u64, Vec<PathBuf>)> = vec![(0, Vec::new()); hands];
    for file in sorted {
        let hand = dealt.iter_mut().min_by_key(|(bytes, _)| *bytes).expect("at least one hand");
        hand.0 += file.stamp.size;
        hand.1.push(file.place());
    }
    dealt.into_iter().map(|(_, places)| places).collect()
}

fn hash_with_openssl(hands: &[Vec<PathBuf>]) {
    let start = |hand: &Vec<PathBuf>| {
        let mut command = Command::new("openssl");
        command.args(["dgst", "-sha256"]).args(hand).stdout(Stdio::null()).spawn().expect("openssl")
    };
    let processes: Vec<_> = hands.iter().map(start).collect();
    for mut process in processes {
        assert!(process.wait().expect("openssl").success(), "openssl failed");
    }
}

fn make_files(folder: &Path, bytes: u64) {
    let mut random = Random::seeded(1);
    let mut left = bytes as i64;
    let mut number = 0;
    while left > 0 {
        let mut place = random.below(100);
        let (extension, head, length, _) = SORTS
            .iter()
            .find(|(_, _, _, of_100)| match place.checked_sub(*of_100) {
                Some(rest) => {
                    place = rest;
                    false
                }
                None => true,
            })
            .expect("the shares add up to 100");
        // Half to one and a half times the usual length.
        let length = length / 2 + random.below(*length);
        let mut contents = head.to_vec();
        while contents.len() < length {
            contents.extend(random.next().to_le_bytes());
        }
        let name = format!("{:02}/{number:05}.{extension}", number / 100);
        support::memory::publish::write(folder, &name, &contents);
        left -= contents.len() as i64;
        number += 1;
    }
}
