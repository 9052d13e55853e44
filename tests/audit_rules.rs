//! Each rule of the audit, broken on purpose in a ledger that is otherwise sound: the rule speaks, names
//! the place, and the audit goes on to the end.

mod support;

use std::fs;
use std::path::Path;

use support::publish::publish;
use support::{FOUNDED, Ledger, bodies};
use tempfile::TempDir;
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::{EvidenceSources, Progress};
use treering::audit::finding::{AuditReport, Finding, LedgerState, Outcome, Rule, Verdict};
use treering::audit::{AuditInput, audit};
use treering::evidence::attribute::Attribute;
use treering::evidence::manifest::{ManifestRow, ManifestWriter, Totals};
use treering::evidence::path::RowPath;
use treering::evidence::row::Row;
use treering::statement::bodies::Body;
use treering::statement::bodies::evidence::{Access, Anchor, Captured, Period};
use treering::statement::bodies::key::RevokeReason;
use treering::statement::chain::Chain;
use treering::statement::key::Role;
use treering::tlog::hash::{Hash, leaf_hash};

/// A clock after every statement of the test ledgers.
const CLOCK_S: i64 = FOUNDED + 100 * 86_400;

fn look(ledger: &Ledger) -> AuditReport {
    let folder = TempDir::new().unwrap();
    publish(ledger, folder.path());
    look_in(folder.path(), ledger, EvidenceSources::default())
}

fn look_in(folder: &Path, ledger: &Ledger, evidence: EvidenceSources) -> AuditReport {
    let held = vec![HeldHead::Remembered(ledger.tree())];
    let input = AuditInput { held, evidence, ..AuditInput::of(folder, CLOCK_S) };
    audit(&input, &Progress::silent()).unwrap()
}

#[track_caller]
fn the_finding<'r>(report: &'r AuditReport, rule: Rule, code: &str) -> &'r Finding {
    let found: Vec<&Finding> =
        report.findings.iter().filter(|f| f.rule == rule && f.code == code).collect();
    assert_eq!(found.len(), 1, "{report:#?}");
    found[0]
}

fn outcome(report: &AuditReport, rule: Rule) -> Outcome {
    report.rules.iter().find(|result| result.rule == rule).unwrap().outcome
}

#[test]
fn r01_a_dropped_statement_is_a_gap_and_is_said_once() {
    let mut ledger = Ledger::found("gap");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    // Summer is signed and never filed; autumn and winter follow it.
    let mut elsewhere = ledger.clone();
    elsewhere.file(&anna, bodies::sealed_anchor("summer"));
    for season in ["autumn", "winter"] {
        let signed = elsewhere.signed(&anna, bodies::sealed_anchor(season), &[]);
        elsewhere.append(signed.clone());
        ledger.append(signed);
    }
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R01, "statement-missing");
    assert_eq!(finding.outcome, Outcome::Fail);
    assert!(finding.what.contains("a statement by this key is missing here"), "{finding:?}");
    assert_eq!((report.state, report.verdict), (LedgerState::Broken, Verdict::Fail));
    assert_eq!(report.statements.read, 5);
}

#[test]
fn r01_a_statement_of_another_ledger_is_a_replay() {
    let mut ledger = Ledger::found("replay");
    let mut other = Ledger::found("other");
    let anna = ledger.granted("anna", Role::Recorder);
    other.granted("anna", Role::Recorder);
    ledger.append(other.signed(&anna, bodies::sealed_anchor("spring"), &[]));
    the_finding(&look(&ledger), Rule::R01, "replayed");
}

#[test]
fn r01_a_signer_that_saw_another_history_is_a_witness_against_this_one() {
    let mut ledger = Ledger::found("seen");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    let mut draft = ledger.draft(&anna, bodies::sealed_anchor("summer"));
    let mut seen = ledger.tree();
    seen.root = leaf_hash(b"what anna was shown");
    draft.payload.chain = Chain { seen: Some(seen), ..draft.payload.chain };
    ledger.append(draft.sign(&anna).unwrap());
    the_finding(&look(&ledger), Rule::R01, "saw-other-root");
}

#[test]
fn r03_a_revoked_key_is_not_admitted_and_the_audit_goes_on() {
    let mut ledger = Ledger::found("revoked");
    let (anna, ben) =
        (ledger.granted("anna", Role::Recorder), ledger.granted("ben", Role::Recorder));
    let root = ledger.root.clone();
    ledger.file(&root, bodies::revoke(&anna, RevokeReason::Left));
    ledger.append(ledger.signed(&anna, bodies::sealed_anchor("after the end"), &[]));
    ledger.file(&ben, bodies::sealed_anchor("spring"));
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R03, "not-admitted");
    assert!(finding.what.contains("the authority of its key ended at position 3"), "{finding:?}");
    assert_eq!((report.statements.read, report.statements.admitted), (6, 5));
    assert_eq!(report.statements.anchors, 1);
}

#[test]
fn r03_bytes_that_are_no_statement_leave_the_rest_readable() {
    let mut ledger = Ledger::found("noise");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    let folder = TempDir::new().unwrap();
    publish(&ledger, folder.path());
    // The log signs noise in the place of its last statement.
    let mut entries: Vec<Vec<u8>> = ledger.entries.iter().map(|e| e.bytes().to_vec()).collect();
    entries[2] = b"noise".to_vec();
    support::publish::publish_entries(&ledger, &entries, folder.path());
    let input = AuditInput::of(folder.path(), CLOCK_S);
    let report = audit(&input, &Progress::silent()).unwrap();
    the_finding(&report, Rule::R03, "statement-unreadable");
    assert_eq!(outcome(&report, Rule::R02), Outcome::Pass, "{report:#?}");
    assert_eq!(report.statements.admitted, 2);
}

#[test]
fn r03_an_unknown_ruling_kind_makes_what_follows_uncheckable() {
    let mut ledger = Ledger::found("unknown");
    let anna = ledger.granted("anna", Role::Recorder);
    let root = ledger.root.clone();
    ledger.append(ledger.signed(&root, bodies::unknown("key.lend", 1), &[]));
    ledger.append(ledger.signed(&anna, bodies::sealed_anchor("spring"), &[]));
    let report = look(&ledger);
    assert_eq!(outcome(&report, Rule::R03), Outcome::CannotCheck, "{report:#?}");
    assert_eq!(report.verdict, Verdict::Incomplete);
}

#[test]
fn r06_clocks_that_run_back_or_ahead_are_a_warning() {
    let mut ledger = Ledger::found("clocks");
    let anna = ledger.granted("anna", Role::Recorder);
    for issued_at in [CLOCK_S + 86_400, FOUNDED - 86_400] {
        let mut draft = ledger.draft(&anna, bodies::sealed_anchor("spring"));
        draft.issued_at = issued_at;
        ledger.append(draft.sign(&anna).unwrap());
    }
    let report = look(&ledger);
    the_finding(&report, Rule::R06, "clock-ahead");
    the_finding(&report, Rule::R06, "clock-back");
    assert_eq!(outcome(&report, Rule::R06), Outcome::Warn);
    assert_eq!(report.state, LedgerState::Consistent);
}

fn captured(local: Option<Period>, utc: Option<Period>) -> Body {
    let captured = Some(Captured { utc, local, note: None });
    Body::Anchor(Anchor { captured, ..bodies::small_anchor("cameras") })
}

#[test]
fn r13_a_file_captured_after_its_anchor_fails_with_the_zone_in_mind() {
    let anchored_at = FOUNDED + 2 * 3_600;
    let at = |seconds| Some(Period { first: seconds, last: seconds, files: 1 });
    for (body, expected) in [
        (captured(None, at(anchored_at)), Outcome::Pass),
        (captured(None, at(anchored_at + 2 * 3_600)), Outcome::Fail),
        // Somewhere it is fourteen hours later already.
        (captured(at(anchored_at + 14 * 3_600), None), Outcome::Pass),
        (captured(at(anchored_at + 16 * 3_600), None), Outcome::Fail),
        (captured(at(anchored_at - 30 * 86_400), None), Outcome::Pass),
        (captured(at(anchored_at - 90 * 86_400), None), Outcome::Warn),
    ] {
        let mut ledger = Ledger::found("capture");
        let anna = ledger.granted("anna", Role::Recorder);
        ledger.file(&anna, body.clone());
        assert_eq!(outcome(&look(&ledger), Rule::R13), expected, "{body:?}");
    }
}

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
