//! Reading what files say, beside bare hashing of the same files: what the readers cost.
//!
//! ```text
//! cost = (hash and read) / (hash) − 1
//! ```
//!
//! The goal is for what parks have most of, pictures and sound. Tables cost more than their hash, and
//! are a thousandth of the bytes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use treering::evidence::hashing::{Watch, hash_file, read_files};
use treering::evidence::walk::{Found, Places, walk};

const ROUNDS: usize = 9;
static GO: AtomicBool = AtomicBool::new(false);

fn main() {
    let top = tempfile::tempdir().expect("a folder");
    println!(
        "{:<22} {:>7} {:>10} {:>12} {:>12} {:>7}",
        "", "files", "MB", "hash MB/s", "with facts", "cost"
    );
    for (name, make) in [
        ("pictures of 300 kB", pictures as fn(&Path)),
        ("sound of 20 MB", sound),
        ("Movebank, 47,347 rows", movebank),
        ("media.csv, 400,000", media),
        ("GPX, 50,000 points", track),
    ] {
        let folder = top.path().join(name.split(',').next().unwrap_or(name));
        fs::create_dir(&folder).expect("a folder");
        make(&folder);
        let files = walk(&[folder], &Places::default(), &GO).expect("a walk").files;
        measure(name, &files);
    }
}

/// Medians of rounds in turns, so that both meet the same machine.
fn measure(name: &str, files: &[Found]) {
    let watch = Watch { cancel: &GO, progress: &|_| {} };
    let (mut bare, mut read) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for found in files {
            hash_file(&found.place(), watch).expect("a digest");
        }
        bare.push(began.elapsed());
        let began = Instant::now();
        // One thread, as above.
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().expect("a pool");
        pool.install(|| read_files(files, watch, |_, contents| drop(contents.expect("contents"))))
            .expect("not stopped");
        read.push(began.elapsed());
    }
    let bytes: u64 = files.iter().map(|found| found.stamp.size).sum();
    let (bare, read) = (median(bare), median(read));
    let rate = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!(
        "{name:<22} {:>7} {:>10.1} {:>12.0} {:>12.0} {:>6.1}%",
        files.len(),
        bytes as f64 / 1e6,
        rate(bare),
        rate(read),
        (read.as_secs_f64() / bare.as_secs_f64() - 1.0) * 100.0
    );
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// JPEGs with an EXIF block of one time, and noise for a picture.
fn pictures(folder: &Path) {
    let mut tiff = b"II\x2a\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x1a\0\0\0\0\0\0\0".to_vec();
    tiff.extend(b"\x01\0\x03\x90\x02\0\x14\0\0\0\x2c\0\0\0\0\0\0\0");
    tiff.extend(b"2023:06:20 13:09:04\0");
    let exif = [&b"Exif\0\0"[..], &tiff].concat();
    let length = (exif.len() as u16 + 2).to_be_bytes();
    for number in 0..300u32 {
        let mut bytes = [&b"\xff\xd8\xff\xe1"[..], &length, &exif, b"\xff\xda\0\x02"].concat();
        bytes.extend((0..300_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8 & 0x7f));
        bytes.extend(number.to_be_bytes());
        bytes.extend(b"\xff\xd9");
        fs::write(folder.join(format!("{number}.jpg")), bytes).expect("a file");
    }
}

fn sound(folder: &Path) {
    let chunk =
        |id: &[u8; 4], body: &[u8]| [&id[..], &(body.len() as u32).to_le_bytes(), body].concat();
    let fmt =
        [&[1, 0, 1, 0][..], &48_000u32.to_le_bytes(), &96_000u32.to_le_bytes(), &[2, 0, 16, 0]];
    for number in 0..6 {
        let samples = vec![number; 20_000_000];
        let guano = b"GUANO|Version:1.0\nTimestamp:2024-09-03T19:31:30+01:00\nMake:OAD\n ";
        let body = [
            &b"WAVE"[..],
            &chunk(b"fmt ", &fmt.concat()),
            &chunk(b"data", &samples),
            &chunk(b"guan", guano),
        ];
        let body = body.concat();
        let file = [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat();
        fs::write(folder.join(format!("{number}.wav")), file).expect("a file");
    }
}

fn movebank(folder: &Path) {
    let mut text = String::from(
        "event-id,visible,timestamp,location-long,location-lat,sensor-type,\
         individual-taxon-canonical-name,tag-local-identifier,individual-local-identifier,study-name\n",
    );
    for row in 0..47_347u32 {
        let (day, hour) = (row / 24 % 28 + 1, row % 24);
        let _ = writeln!(
            text,
            "{row},true,2014-02-{day:02} {hour:02}:01:12.000,-112.0{row},38.{row},gps,Puma concolor,T{},A{},Pumas",
            row % 7,
            row % 7
        );
    }
    fs::write(folder.join("events.csv"), text).expect("a file");
}

fn media(folder: &Path) {
    let mut text = String::from(
        "mediaID,deploymentID,captureMethod,timestamp,filePath,filePublic,fileName,fileMediatype\n",
    );
    for row in 0..400_000u32 {
        let _ = writeln!(
            text,
            "{row:08x}-0d99-4ab4,D{:03},activityDetection,2021-05-{:02}T{:02}:57:37+02:00,media/{row:08}.JPG,true,{row:08}.JPG,image/jpeg",
            row / 2_000,
            row % 28 + 1,
            row % 24
        );
    }
    fs::write(folder.join("media.csv"), text).expect("a file");
}

fn track(folder: &Path) {
    let mut text = String::from("<?xml version=\"1.0\"?><gpx><trk><trkseg>");
    for point in 0..50_000u32 {
        let _ = writeln!(
            text,
            "<trkpt lat=\"46.{point:06}\" lon=\"10.{point:06}\"><ele>1843.1</ele><time>2025-01-17T14:{:02}:{:02}Z</time></trkpt>",
            point / 60 % 60,
            point % 60
        );
    }
    text.push_str("</trkseg></trk></gpx>");
    fs::write(folder.join("track.gpx"), text).expect("a file");
}
