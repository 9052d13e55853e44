//! From a folder to a manifest: complete, stopped and gone on with, with drafts cut and spoiled.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use treering::evidence::attribute::Attribute;
use treering::evidence::batch::{Batch, BatchError, Terms, draft_key, gather, survey};
use treering::evidence::draft::{Draft, DraftError};
use treering::evidence::hashing::{Problem, Watch};
use treering::evidence::manifest::{ManifestReader, ManifestRow};
use treering::evidence::walk::{Found, Places, walk};
use treering::statement::bodies::evidence::Access;
use treering::tlog::hash::Hash;

static GO: AtomicBool = AtomicBool::new(false);
static SEED: AtomicU64 = AtomicU64::new(1);

const NOW: i64 = 1_772_215_920;

/// Never the same twice, as chance would be, and without a source of it.
fn random() -> impl FnMut(&mut [u8]) + Send {
    |slice: &mut [u8]| {
        for chunk in slice.chunks_mut(32) {
            let digest = Hash::of(&SEED.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&digest.0[..chunk.len()]);
        }
    }
}

struct Bench {
    top: tempfile::TempDir,
}

impl Bench {
    fn with_files(count: usize) -> Bench {
        let bench = Bench { top: tempfile::tempdir().unwrap() };
        fs::create_dir(bench.evidence()).unwrap();
        for n in 0..count {
            fs::write(bench.file(n), format!("picture {n}\n")).unwrap();
        }
        bench
    }

    fn evidence(&self) -> PathBuf {
        self.top.path().join("evidence")
    }

    fn file(&self, n: usize) -> PathBuf {
        self.evidence().join(format!("{n:03}.txt"))
    }

    fn files(&self) -> Vec<Found> {
        walk(&[self.evidence()], &Places::default(), &GO).unwrap().files
    }

    fn drafts(&self) -> PathBuf {
        self.top.path().join("drafts")
    }

    fn draft(&self) -> Draft {
        Draft::open(&self.drafts(), draft_key(&[self.evidence()], Access::Public)).unwrap()
    }

    fn draft_file(&self) -> PathBuf {
        let mut entries = fs::read_dir(self.drafts()).unwrap();
        let first = entries.next().unwrap().unwrap().path();
        assert!(entries.next().is_none());
        first
    }

    fn gather(&self, draft: &mut Draft, watch: Watch<'_>) -> Result<Batch, BatchError> {
        let mut is_recorded = |_: &Hash| false;
        let terms = Terms { access: Access::Public, now: NOW, is_recorded: &mut is_recorded };
        gather(&self.files(), draft, terms, &mut random(), watch)
    }

    /// The whole way, from the walk to the bytes of the manifest.
    fn manifest(&self) -> Vec<u8> {
        let mut draft = self.draft();
        let batch = self.gather(&mut draft, quiet()).unwrap();
        batch.parts[0].write_manifest(&mut draft, Vec::new()).unwrap().0
    }
}

fn quiet() -> Watch<'static> {
    Watch { cancel: &GO, progress: &|_| {} }
}

fn paths(manifest: &[u8]) -> Vec<String> {
    let mut reader = ManifestReader::new(manifest).unwrap();
    let mut paths = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        let ManifestRow::Shown { show, .. } = row else { panic!("all rows are shown") };
        for disclosure in show {
            if let Attribute::Path(path) = disclosure.attribute() {
                paths.push(path.to_string());
            }
        }
    }
    paths.sort();
    paths
}

#[test]
fn a_folder_becomes_a_manifest() {
    let bench = Bench::with_files(30);
    let mut draft = bench.draft();
    let batch = bench.gather(&mut draft, quiet()).unwrap();
    assert_eq!((batch.len(), batch.summary.files), (30, 30));
    let (bytes, totals) = batch.parts[0].write_manifest(&mut draft, Vec::new()).unwrap();
    assert_eq!((totals.tree.size.0, totals.bytes), (30, batch.summary.bytes));
    let expected: Vec<String> = (0..30).map(|n| format!("evidence/{n:03}.txt")).collect();
    assert_eq!(paths(&bytes), expected);
    // The order of rows is not the order of files.
    let mut reader = ManifestReader::new(&bytes[..]).unwrap();
    let mut sizes = Vec::new();
    while let Some(ManifestRow::Shown { row, .. }) = reader.next_row().unwrap() {
        sizes.push(row.sha256());
    }
    let in_walk_order: Vec<Hash> =
        (0..30).map(|n| Hash::of(format!("picture {n}\n").as_bytes())).collect();
    assert_ne!(sizes, in_walk_order);
    draft.remove().unwrap();
    assert_eq!(fs::read_dir(bench.drafts()).unwrap().count(), 0);
}

#[test]
fn the_same_command_makes_the_same_bytes() {
    let bench = Bench::with_files(20);
    let first = bench.manifest();
    assert_eq!(bench.manifest(), first);
    // A new draft has new salts, so nothing of the first can be found in the second.
    fs::remove_file(bench.draft_file()).unwrap();
    assert_ne!(bench.manifest(), first);
}

#[test]
fn a_stop_keeps_what_was_read_and_the_same_command_goes_on() {
    let bench = Bench::with_files(200);
    let stop = AtomicBool::new(false);
    let read = AtomicU64::new(0);
    let progress = |_: u64| {
        if read.fetch_add(1, Ordering::Relaxed) == 50 {
            stop.store(true, Ordering::Relaxed);
        }
    };
    let mut draft = bench.draft();
    let error = bench.gather(&mut draft, Watch { cancel: &stop, progress: &progress }).unwrap_err();
    let BatchError::Interrupted { kept, files } = error else { panic!("{error}") };
    assert!((40..=60).contains(&kept) && files == 200, "{kept}");
    assert_eq!(draft.len() as u64, kept);
    drop(draft);

    let again = AtomicU64::new(0);
    let count = |bytes: u64| {
        again.fetch_add(bytes, Ordering::Relaxed);
    };
    let mut draft = bench.draft();
    assert_eq!(draft.len() as u64, kept);
    let kept_entries: Vec<_> =
        bench.files().iter().filter_map(|found| draft.find(found).unwrap()).collect();
    let batch = bench.gather(&mut draft, Watch { cancel: &GO, progress: &count }).unwrap();
    assert_eq!(batch.len(), 200);
    // The bar moves over the files that are kept, too.
    assert_eq!(again.into_inner(), batch.summary.bytes);
    for (at, entry) in kept_entries {
        assert_eq!(draft.entry(at).unwrap(), entry, "rows are those of the first run");
    }
}

/// Killed while appending: the draft is cut at each byte in turn.
#[test]
fn a_draft_cut_anywhere_is_gone_on_with() {
    let bench = Bench::with_files(3);
    let whole = bench.manifest();
    let place = bench.draft_file();
    let bytes = fs::read(&place).unwrap();
    let mut kept = Vec::new();
    for end in 0..=bytes.len() {
        fs::write(&place, &bytes[..end]).unwrap();
        let draft = bench.draft();
        kept.push(draft.len());
        drop(draft);
        let manifest = bench.manifest();
        assert_eq!(paths(&manifest).len(), 3, "cut at {end}");
        assert_eq!(manifest == whole, end == bytes.len(), "cut at {end}");
    }
    assert!(kept.is_sorted() && kept[0] == 0 && kept[bytes.len()] == 3);
}

#[test]
fn a_draft_spoiled_anywhere_is_gone_on_with() {
    let bench = Bench::with_files(3);
    bench.manifest();
    let place = bench.draft_file();
    let bytes = fs::read(&place).unwrap();
    for at in 0..bytes.len() {
        let mut spoiled = bytes.clone();
        spoiled[at] ^= 0x10;
        fs::write(&place, &spoiled).unwrap();
        assert!(bench.draft().len() < 3, "byte {at}");
        assert_eq!(paths(&bench.manifest()).len(), 3, "byte {at}");
    }
}

#[test]
fn a_changed_file_is_read_again() {
    let bench = Bench::with_files(4);
    let digests = |manifest: &[u8]| {
        let mut reader = ManifestReader::new(manifest).unwrap();
        let mut digests = Vec::new();
        while let Some(ManifestRow::Shown { row, .. }) = reader.next_row().unwrap() {
            digests.push(row.sha256());
        }
        digests
    };
    bench.manifest();
    // Same size, another time of last change.
    fs::write(bench.file(1), "picture X\n").unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(5);
    fs::File::options().write(true).open(bench.file(1)).unwrap().set_modified(later).unwrap();
    // Another size.
    fs::write(bench.file(2), "longer than it was").unwrap();
    fs::remove_file(bench.file(3)).unwrap();
    let found = digests(&bench.manifest());
    assert_eq!(found.len(), 3);
    for content in ["picture 0\n", "picture X\n", "longer than it was"] {
        assert!(found.contains(&Hash::of(content.as_bytes())), "{content}");
    }
}

#[test]
fn what_the_ledger_has_gets_no_row() {
    let bench = Bench::with_files(5);
    let known = Hash::of(b"picture 2\n");
    let terms = |is_recorded| Terms { access: Access::Public, now: NOW, is_recorded };
    let mut draft = bench.draft();
    let mut is_recorded = |digest: &Hash| *digest == known;
    let batch = gather(&bench.files(), &mut draft, terms(&mut is_recorded), &mut random(), quiet())
        .unwrap();
    assert_eq!((batch.len(), &batch.summary.recorded[..]), (4, &[2][..]));
    // And all of it, the second time, though the draft has four of them.
    let mut everything = |_: &Hash| true;
    let batch =
        gather(&bench.files(), &mut draft, terms(&mut everything), &mut random(), quiet()).unwrap();
    assert!(batch.is_empty());
    assert_eq!(batch.summary.recorded, [0, 1, 2, 3, 4]);
}

#[test]
fn one_bad_file_stops_nothing() {
    let bench = Bench::with_files(5);
    let files = bench.files();
    fs::remove_file(bench.file(3)).unwrap();
    let mut draft = bench.draft();
    let mut is_recorded = |_: &Hash| false;
    let terms = Terms { access: Access::Sealed, now: NOW, is_recorded: &mut is_recorded };
    let batch = gather(&files, &mut draft, terms, &mut random(), quiet()).unwrap();
    assert_eq!(batch.len(), 4);
    assert!(matches!(batch.summary.problems[..], [(3, Problem::Vanished)]));
}

#[test]
fn two_of_the_same_command_are_told_apart() {
    let bench = Bench::with_files(1);
    let first = bench.draft();
    let key = draft_key(&[bench.evidence()], Access::Public);
    assert!(matches!(Draft::open(&bench.drafts(), key), Err(DraftError::InUse)));
    // Another command has another draft.
    let other = draft_key(&[bench.evidence()], Access::Sealed);
    assert!(Draft::open(&bench.drafts(), other).is_ok());
    drop(first);
    assert!(Draft::open(&bench.drafts(), key).is_ok());
    let dotted = bench.evidence().join("../evidence/.");
    assert_eq!(draft_key(&[dotted.clone(), bench.evidence()], Access::Public), key);
    assert_ne!(draft_key(&[bench.file(0)], Access::Public), key);
}

#[cfg(unix)]
#[test]
fn a_draft_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::with_files(1);
    drop(bench.draft());
    assert_eq!(fs::metadata(bench.draft_file()).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_survey_says_the_same_and_leaves_nothing() {
    let bench = Bench::with_files(6);
    fs::copy(bench.file(1), bench.file(5)).unwrap();
    let known = Hash::of(b"picture 2\n");
    let mut is_recorded = |digest: &Hash| *digest == known;
    let surveyed = survey(&bench.files(), NOW, &mut is_recorded, quiet()).unwrap();
    assert!(!bench.drafts().exists());
    let mut draft = bench.draft();
    let terms = Terms { access: Access::Public, now: NOW, is_recorded: &mut is_recorded };
    let files = bench.files();
    let batch = gather(&files, &mut draft, terms, &mut random(), quiet()).unwrap();
    assert_eq!(surveyed.lines(&files), batch.summary.lines(&files));
    assert_eq!(surveyed.duplicates, [[1, 5]]);
}

/// The whole of the shared field data, if it is there.
#[test]
fn real_folders_become_a_manifest() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/public");
    if !data.is_dir() {
        println!("skipped: ../shared/data/public is not there");
        return;
    }
    let top = tempfile::tempdir().unwrap();
    let files = walk(&[data], &Places::default(), &GO).unwrap().files;
    let key = draft_key(&[top.path().to_path_buf()], Access::Sealed);
    let mut draft = Draft::open(top.path(), key).unwrap();
    let mut is_recorded = |_: &Hash| false;
    let terms = Terms { access: Access::Sealed, now: NOW, is_recorded: &mut is_recorded };
    let batch = gather(&files, &mut draft, terms, &mut random(), quiet()).unwrap();
    assert_eq!(batch.len(), files.len());
    let (bytes, totals) = batch.parts[0].write_manifest(&mut draft, Vec::new()).unwrap();
    assert_eq!(ManifestReader::new(&bytes[..]).unwrap().read_to_end().unwrap(), totals);
    let summary = &batch.summary;
    assert_eq!(summary.media_types["image/jpeg"], 23);
    assert_eq!(summary.media_types["audio/vnd.wave"], 3);
    assert_eq!(summary.media_types["application/geo+json"], 2);
    assert_eq!(summary.media_types["application/gpx+xml"], 1);
    assert_eq!(summary.media_types["application/geopackage+sqlite3"], 1);
    assert_eq!(summary.media_types["application/pdf"], 1);
    assert_eq!(summary.empty, 1, "a recording of zero bytes");
    // A phone with its zone, three recorders, a document; tracks and tables whose format is in UTC.
    assert_eq!(summary.captured.utc.unwrap().files, 14);
    assert_eq!(summary.duplicates.len(), 2);
    let names: Vec<Vec<String>> = summary
        .duplicates
        .iter()
        .map(|same| same.iter().map(|&i| files[i].path.to_string()).collect())
        .collect();
    assert!(names.iter().flatten().any(|name| name.ends_with("event.csv")), "{names:?}");
    for line in summary.lines(&files) {
        println!("{line}");
        assert!(!line.contains(char::is_control));
    }
}
