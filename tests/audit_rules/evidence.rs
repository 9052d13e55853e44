//! R10: files and manifests against the anchors.

use std::fs;

use tempfile::TempDir;
use treering::audit::evidence::{EvidenceSources, Progress};
use treering::audit::finding::{AuditReport, Rule, Verdict};
use treering::audit::{AuditInput, audit};
use treering::evidence::attribute::Attribute;
use treering::evidence::manifest::{ManifestRow, ManifestWriter, Totals};
use treering::evidence::path::RowPath;
use treering::evidence::row::Row;
use treering::statement::bodies::Body;
use treering::statement::bodies::evidence::{Access, Anchor};
use treering::statement::key::Role;
use treering::tlog::hash::Hash;

use crate::support::publish::publish;
use crate::support::{self, Ledger, bodies};
use crate::{look, look_in, remembering, the_finding};

/// A site folder with files, a ledger that anchors them, and its manifest.
struct Site {
    home: TempDir,
    ledger: Ledger,
    anchor: Hash,
    rows: Vec<ManifestRow>,
}

const FILES: [(&str, &[u8]); 4] = [
    ("evidence/a.txt", b"first"),
    ("evidence/b.txt", b"second"),
    ("evidence/c.txt", b"third!"),
    ("evidence/d.txt", b"fourth"),
];

impl Site {
    fn new() -> Site {
        Site::claiming(0)
    }

    /// A site whose anchor claims some bytes more than its files have.
    fn claiming(claimed_more: u64) -> Site {
        let home = TempDir::new().unwrap();
        fs::create_dir_all(home.path().join("evidence")).unwrap();
        let mut salt = 0u8;
        let mut random = move |bytes: &mut [u8]| {
            salt += 1;
            bytes.fill(salt);
        };
        let mut rows: Vec<ManifestRow> = FILES
            .iter()
            .map(|(path, bytes)| {
                fs::write(home.path().join(path), bytes).unwrap();
                let path = Attribute::Path(RowPath::new(path.as_bytes()).unwrap());
                let (row, show) = Row::new(
                    Hash::of(bytes),
                    bytes.len() as u64,
                    &[path],
                    Access::Public,
                    &mut random,
                );
                ManifestRow::Shown { row, show }
            })
            .collect();
        rows.sort_by_key(ManifestRow::hash);
        let (_, totals) = manifest(&rows);
        let mut ledger = Ledger::found("evidence");
        let anna = ledger.granted("anna", Role::Recorder);
        let body = Anchor {
            root: totals.tree.root,
            rows: totals.tree.size.0,
            bytes: Some(
                FILES.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>() + claimed_more,
            ),
            ..bodies::small_anchor("files")
        };
        let at = ledger.file(&anna, Body::Anchor(body));
        let anchor = ledger.entries[at.0 as usize].id();
        let site = Site { home, ledger, anchor, rows };
        site.write_manifest(&site.rows);
        site
    }

    fn write_manifest(&self, rows: &[ManifestRow]) {
        let folder = self.home.path().join("manifests");
        fs::create_dir_all(&folder).unwrap();
        let (_, original) = manifest(&self.rows);
        fs::write(folder.join(original.tree.root.to_string()), manifest(rows).0).unwrap();
    }

    fn look(&self) -> AuditReport {
        let public = self.home.path().join("public");
        publish(&self.ledger, &public);
        let evidence = EvidenceSources {
            manifests: vec![self.home.path().join("manifests")],
            files: Some(self.home.path().join("evidence")),
        };
        look_in(&public, &self.ledger, evidence)
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.home.path().join("evidence").join(name)
    }
}

fn manifest(rows: &[ManifestRow]) -> (Vec<u8>, Totals) {
    let mut writer = ManifestWriter::new(Vec::new()).unwrap();
    rows.iter().for_each(|row| writer.push(row).unwrap());
    writer.finish().unwrap()
}

#[test]
fn r10_whole_files_match_also_where_the_folder_stands_for_the_first_part() {
    let report = Site::new().look();
    assert_eq!((report.files.anchored, report.files.matching), (4, 4), "{report:#?}");
    assert_eq!(report.verdict, Verdict::Pass, "{report:#?}");
}

#[test]
fn r10_changed_missing_moved_and_added_files_are_each_called_by_their_name() {
    let site = Site::new();
    fs::write(site.file("a.txt"), b"fIrst").unwrap();
    fs::remove_file(site.file("b.txt")).unwrap();
    fs::rename(site.file("c.txt"), site.file("renamed.txt")).unwrap();
    fs::write(site.file("added.txt"), b"added later").unwrap();
    let report = site.look();
    let what = |code| the_finding(&report, Rule::R10, code).what.clone();
    assert!(what("file-differs").starts_with("evidence/a.txt: recorded in statement 2"));
    assert!(what("file-missing").starts_with("evidence/b.txt: recorded in statement 2"));
    assert!(what("file-moved").contains("now called renamed.txt"), "{report:#?}");
    assert!(what("file-not-recorded").starts_with("added.txt"));
    let files = report.files;
    assert_eq!((files.matching, files.differing, files.missing), (2, 1, 1));
    assert_eq!((files.not_recorded, report.verdict), (1, Verdict::Fail));
}

#[test]
fn r10_a_withheld_row_is_not_checked_and_an_erased_one_needs_a_statement() {
    let mut site = Site::new();
    let hide = |rows: &[ManifestRow], index: usize, erase: bool| {
        let mut rows = rows.to_vec();
        let hash = rows[index].hash();
        rows[index] = if erase { ManifestRow::Erased(hash) } else { ManifestRow::Withheld(hash) };
        rows
    };
    site.write_manifest(&hide(&site.rows, 1, false));
    let report = site.look();
    assert_eq!((report.files.withheld, report.files.matching), (1, 3));
    assert_eq!(report.verdict, Verdict::Incomplete);

    site.write_manifest(&hide(&site.rows, 1, true));
    assert_eq!(site.look().verdict, Verdict::Fail);
    the_finding(&site.look(), Rule::R10, "erased-unsaid");

    let anna = support::key("anna");
    site.ledger.file(&anna, bodies::erase(site.anchor, &[1]));
    let report = site.look();
    assert_eq!((report.files.erased, report.files.matching), (1, 3), "{report:#?}");
    assert_eq!(report.verdict, Verdict::Pass, "{report:#?}");
}

#[test]
fn r10_a_manifest_of_other_rows_is_damage() {
    let site = Site::new();
    site.write_manifest(&site.rows[1..]);
    let report = site.look();
    the_finding(&report, Rule::R10, "manifest-damaged");
    assert_eq!(report.verdict, Verdict::Fail);
}

#[test]
fn r10_an_anchor_that_says_more_bytes_than_its_rows_have() {
    let site = Site::claiming(1);
    let report = site.look();
    let finding = the_finding(&report, Rule::R10, "bytes-differ");
    let said = "says that its files have 24 bytes together; by its own rows they have 23";
    assert!(finding.what.ends_with(said), "{finding:?}");
    // With a row withheld nobody can say.
    let mut rows = site.rows.clone();
    rows[0] = ManifestRow::Withheld(rows[0].hash());
    site.write_manifest(&rows);
    assert_eq!(site.look().verdict, Verdict::Incomplete);
}

#[test]
fn r10_rows_that_nobody_can_count_are_said_once() {
    let mut ledger = Ledger::found("countless");
    let anna = ledger.granted("anna", Role::Recorder);
    for name in ["a", "b", "c", "d"] {
        let Body::Anchor(small) = bodies::sealed_anchor(name) else { unreachable!() };
        ledger.file(&anna, Body::Anchor(Anchor { rows: i64::MAX as u64, ..small }));
    }
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R10, "rows-uncountable");
    assert!(finding.what.starts_with("the anchors up to statement 4"), "{finding:?}");
}

/// Whoever holds the folder may change it between the two readings of an audit.
#[test]
fn r10_what_changes_between_the_readings_is_noticed() {
    let site = Site::new();
    let public = site.home.path().join("public");
    publish(&site.ledger, &public);
    let bundle = public.join("tile/entries/000.p/3");
    let original = fs::read(&bundle).unwrap();
    for changed in [None, Some(original[..original.len() - 1].to_vec()), Some(other_ledger())] {
        fs::write(&bundle, &original).unwrap();
        let swap = |_| match &changed {
            Some(bytes) => fs::write(&bundle, bytes).unwrap(),
            None => fs::remove_file(&bundle).unwrap(),
        };
        let progress = Progress { statements: &swap, ..Progress::silent() };
        let evidence = EvidenceSources {
            manifests: vec![site.home.path().join("manifests")],
            files: Some(site.home.path().join("evidence")),
        };
        let input = AuditInput { evidence, ..remembering(&public, &site.ledger) };
        let report = audit(&input, &progress).unwrap();
        the_finding(&report, Rule::R02, "bundle-changed");
        assert_eq!(report.verdict, Verdict::Fail);
    }
}

/// A bundle of three sound statements of another ledger.
fn other_ledger() -> Vec<u8> {
    let mut ledger = Ledger::found("another");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::anchor("elsewhere"));
    let entries: Vec<Vec<u8>> = ledger.entries.iter().map(|e| e.bytes().to_vec()).collect();
    treering::tlog::bundle::encode_bundle(&entries).unwrap()
}

#[test]
fn r10_rows_are_counted_where_there_is_no_folder_of_files() {
    let site = Site::new();
    let public = site.home.path().join("public");
    publish(&site.ledger, &public);
    let manifests = vec![site.home.path().join("manifests")];
    let report =
        look_in(&public, &site.ledger, EvidenceSources { manifests, ..EvidenceSources::default() });
    assert_eq!((report.files.not_compared, report.files.matching), (4, 0));
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn r10_files_that_changed_places_are_found_by_their_bytes() {
    let site = Site::new();
    let swap = site.file("swap");
    fs::rename(site.file("a.txt"), &swap).unwrap();
    fs::remove_file(site.file("c.txt")).unwrap();
    let report = site.look();
    assert_eq!((report.files.matching, report.files.missing), (3, 1));
    assert!(the_finding(&report, Rule::R10, "file-moved").what.contains("now called swap"));
}
