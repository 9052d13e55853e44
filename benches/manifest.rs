//! A survey of a million and a half pictures: its manifest made from a draft, written, indexed, proved from and
//! audited, with the time and the peak memory of each step.
//!
//! Each step runs in a process of its own, so that the peak is its own.

mod support;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use support::memory::random::Random;
use support::{grouped, machine, number_from_env};
use treering::evidence::attribute::Attribute;
use treering::evidence::disclosure::Names;
use treering::evidence::draft::{Draft, DraftKey, Entry};
use treering::evidence::formats::exif::{ClockTime, Place};
use treering::evidence::manifest::{ManifestReader, ManifestRow, ManifestWriter};
use treering::evidence::path::RowPath;
use treering::evidence::row::Row;
use treering::evidence::row_table::{RowTable, write_table};
use treering::evidence::walk::{Found, Stamp};
use treering::statement::bodies::evidence::Access;
use treering::store::index::{Index, IndexedEvidence, IndexedStatement};
use treering::tlog::hash::{Hash, Position, Tree, TreeSize};

/// What a field laptop can spare.
const GOAL_MIB: f64 = 300.0;
const GOAL_RECEIPT_MS: f64 = 10.0;

/// The steps, each on what the one before left.
const STEPS: [(&str, Step); 6] = [
    ("draft", draft),
    ("manifest", manifest),
    ("table", table),
    ("index", index),
    ("receipt", receipt),
    ("audit", audit),
];

/// One step of the work.
type Step = fn(&Survey);

/// Where the survey lies.
struct Survey {
    folder: PathBuf,
    rows: u64,
}

impl Survey {
    fn manifest(&self) -> PathBuf {
        self.folder.join("manifest")
    }
    fn table(&self) -> PathBuf {
        self.folder.join("table")
    }
    fn index(&self) -> PathBuf {
        self.folder.join("index")
    }
}

fn main() {
    let rows = number_from_env("TREERING_BENCH_ROWS", 1_500_000);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("manifest-{rows}"));
    let place = Survey { folder, rows };
    if let Ok(step) = std::env::var("TREERING_BENCH_STEP") {
        let (_, run) = STEPS.iter().find(|(name, _)| *name == step).expect("a step");
        let start = Instant::now();
        run(&place);
        println!(
            "  {step:<10} {:>8.1} s   peak {:>6.0} MiB",
            start.elapsed().as_secs_f64(),
            peak_mib()
        );
        return;
    }
    println!("manifest: a survey of {} rows, {}", grouped(rows), machine());
    let _ = std::fs::remove_dir_all(&place.folder);
    std::fs::create_dir_all(&place.folder).expect("a folder");
    for (step, _) in STEPS {
        let program = std::env::current_exe().expect("this program");
        let done = Command::new(program).env("TREERING_BENCH_STEP", step).status().expect("a run");
        assert!(done.success(), "{step} failed");
    }
    println!(
        "  (goals: peak below {GOAL_MIB} MiB in each step, a receipt below {GOAL_RECEIPT_MS} ms)"
    );
    let bytes = std::fs::metadata(place.manifest()).expect("a manifest").len();
    println!("  the manifest has {} bytes", grouped(bytes));
    let _ = std::fs::remove_dir_all(&place.folder);
}

/// The most memory this process has had, in MiB; 0 where the system does not say.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kib.unwrap_or_default() / 1_024.0
}

fn row_of(n: u64, random: &mut Random) -> (RowPath, Row, Vec<treering::evidence::row::Disclosure>) {
    let path =
        format!("survey/site-{:03}/camera-{:03}/IMG_{:05}.JPG", n % 40, n / 40 % 200, n / 8_000);
    let path = RowPath::new(path.as_bytes()).expect("a path");
    let attributes = [
        Attribute::Path(path.clone()),
        Attribute::MediaType("image/jpeg".into()),
        Attribute::Captured(ClockTime { seconds: 1_700_000_000 + n as i64, ms: None }),
        Attribute::Gps(Place { latitude: 46_600_000 + (n % 40) as i32, longitude: 10_100_000 }),
        Attribute::CameraModel("HC600".into()),
        Attribute::CameraSerial(format!("H{:08}", n % 200)),
    ];
    let sha256 = Hash::of(&n.to_be_bytes());
    let mut fill = |slice: &mut [u8]| {
        for byte in slice {
            *byte = random.below(256) as u8;
        }
    };
    let (row, show) = Row::new(sha256, 300_000 + n % 1_000, &attributes, Access::Sealed, &mut fill);
    (path, row, show)
}

fn draft_key() -> DraftKey {
    DraftKey::of([&b"bench"[..]])
}

/// As `add` does it after each file.
fn draft(place: &Survey) {
    let mut draft = Draft::open(&place.folder.join("drafts"), draft_key()).expect("a draft");
    let mut random = Random::seeded(1);
    let base: Arc<Path> = Path::new("/").into();
    for n in 0..place.rows {
        let (path, row, show) = row_of(n, &mut random);
        let stamp = Stamp { size: row.size(), modified: Some((1_700_000_000, 0)) };
        let found = Found::new(Arc::clone(&base), path, stamp);
        let entry = Entry { row, show, modified: stamp.modified, notes: Vec::new() };
        draft.append(&found, &entry).expect("room");
    }
    draft.sync().expect("a disk");
}

/// As `add` does it in the end: the rows in the order of their hashes, from the draft.
fn manifest(place: &Survey) {
    let mut draft = Draft::open(&place.folder.join("drafts"), draft_key()).expect("a draft");
    let mut order = draft.in_order().expect("a draft");
    order.sort_unstable_by_key(|(hash, _)| *hash);
    let file = File::create(place.manifest()).expect("a file");
    let mut writer = ManifestWriter::new(BufWriter::with_capacity(1 << 20, file)).expect("room");
    for (_, at) in order {
        let Entry { row, show, .. } = draft.entry(at).expect("an entry");
        writer.push(&ManifestRow::Shown { row, show }).expect("room");
    }
    let (_, totals) = writer.finish().expect("room");
    let tree = format!("{} {}\n", totals.tree.size, totals.tree.root);
    std::fs::write(place.folder.join("tree"), tree).expect("room");
}

fn tree(place: &Survey) -> Tree {
    let text = std::fs::read_to_string(place.folder.join("tree")).expect("a tree");
    let (size, root) = text.trim().split_once(' ').expect("a tree");
    Tree {
        size: TreeSize(size.replace(',', "").parse().expect("a size")),
        root: Hash::from_hex(root).expect("a root"),
    }
}

fn open(place: &Survey) -> ManifestReader<BufReader<File>> {
    let file = File::open(place.manifest()).expect("a manifest");
    ManifestReader::new(BufReader::with_capacity(1 << 16, file)).expect("a manifest")
}

fn table(place: &Survey) {
    let length = std::fs::metadata(place.manifest()).expect("a manifest").len();
    let out = BufWriter::with_capacity(1 << 20, File::create(place.table()).expect("a file"));
    let (_, found) = write_table(open(place), length, out).expect("a table");
    assert_eq!(found, tree(place));
}

fn index(place: &Survey) {
    let mut reader = open(place);
    let mut files = Vec::new();
    let mut row = 0;
    while let Some(found) = reader.next_row().expect("a row") {
        if let ManifestRow::Shown { row: shown, .. } = found {
            files.push((row, shown.sha256()));
        }
        row += 1;
    }
    let index = Index::open(&place.index()).expect("an index");
    let statement = IndexedStatement {
        position: Position(0),
        id: Hash([1; 32]),
        kind: "evidence.anchor".into(),
        party: "site".into(),
        time: 0,
        indicators: Vec::new(),
        evidence: Some(IndexedEvidence { root: tree(place).root, files }),
    };
    let after = Tree { size: TreeSize(1), root: Hash([2; 32]) };
    index.append(&[statement], after).expect("room");
}

/// From a file's hash to its row and proof, as `receipt` does it.
fn receipt(place: &Survey) {
    let tree = tree(place);
    let start = Instant::now();
    let index = Index::open(&place.index()).expect("an index");
    let opened_ms = start.elapsed().as_secs_f64() * 1e3;
    let mut random = Random::seeded(3);
    let mut times = Vec::new();
    for _ in 0..200 {
        let n = random.below(place.rows as usize) as u64;
        let start = Instant::now();
        let found = index.evidence(&Hash::of(&n.to_be_bytes())).expect("an index").pop();
        let row = found.expect("a row").row;
        let mut table = RowTable::open(&place.table(), tree.size).expect("a table");
        let positions = [Position(row)];
        let manifest = place.manifest();
        let opened = table.open_rows(&manifest, &tree.root, &positions, &Names::all());
        black_box(opened.expect("a proof"));
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (typical, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!(
        "  one picture found and proved in {typical:.2} ms, {worst:.2} ms at most; the index opened in \
         {opened_ms:.0} ms"
    );
    std::io::stdout().flush().expect("a terminal");
}

/// As an audit without files reads it: every row, every digest, the root.
fn audit(place: &Survey) {
    let totals = open(place).read_to_end().expect("a sound manifest");
    assert_eq!(totals.tree, tree(place));
}
