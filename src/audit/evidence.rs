//! Anchors read a second time, once it is known what later statements made of them: each with its
//! manifest, and each row with its file (rule R10).

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::bundles::{BUNDLES_AT_ONCE, published_bundles, read_bundles};
use super::files::{ExpectedFiles, compare_files};
use super::finding::{FileCounts, Findings, Outcome, Rule, Subject};
use super::folder::PublicFolder;
use super::reading::ReadLedger;
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::evidence::path::RowPath;
use crate::evidence::walk::Interrupted;
use crate::statement::authority::Authority;
use crate::statement::bodies::Body;
use crate::statement::bodies::evidence::Anchor;
use crate::statement::envelope::Statement;
use crate::statement::standing::Standing;
use crate::tlog::hash::{Hash, Position, TreeSize};

/// Where evidence is, as far as the auditor has it.
#[derive(Clone, Debug, Default)]
pub struct EvidenceSources {
    /// Folders with manifests named by their root; the public folder's own are always looked at.
    pub manifests: Vec<PathBuf>,
    /// The folder of the evidence files.
    pub files: Option<PathBuf>,
}

/// How a long audit is watched and stopped.
#[derive(Clone, Copy)]
pub struct Progress<'a> {
    /// Told how many statements have been read.
    pub statements: &'a (dyn Fn(u64) + Sync),
    /// Told of bytes of evidence as they are read, from any thread.
    pub bytes: &'a (dyn Fn(u64) + Sync),
    /// When true, the audit stops and gives no report.
    pub cancel: &'a AtomicBool,
}

impl Progress<'static> {
    /// Nobody watches.
    pub fn silent() -> Progress<'static> {
        static NEVER: AtomicBool = AtomicBool::new(false);
        Progress { statements: &|_| {}, bytes: &|_| {}, cancel: &NEVER }
    }
}

impl Progress<'_> {
    /// Whether to go on.
    pub fn go_on(&self) -> Result<(), Interrupted> {
        if self.cancel.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
    }
}

/// How many statements stand otherwise than when they were filed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restated {
    /// Disputed and not affirmed.
    pub disputed: u64,
    /// Disputed and affirmed.
    pub affirmed: u64,
    /// Superseded by a correction.
    pub superseded: u64,
}

/// Checks every anchor's manifest, and every row's file.
pub fn check_evidence(
    folder: &PublicFolder,
    size: TreeSize,
    read: &ReadLedger,
    sources: &EvidenceSources,
    out: &mut Findings,
    progress: &Progress<'_>,
) -> Result<(FileCounts, Restated), Interrupted> {
    let mut check = EvidenceCheck {
        folder,
        read,
        sources,
        counts: FileCounts::default(),
        restated: Restated::default(),
        anchors_without_manifest: 0,
        expected: ExpectedFiles::default(),
    };
    let Some(authority) = &read.authority else {
        return Ok((check.counts, check.restated));
    };
    if check.any_manifest_at_hand() || read.anything_restated {
        check.read_anchors(authority, size, out, progress)?;
    } else {
        check.counts.anchored = read.rows_anchored;
        check.counts.withheld = read.rows_anchored;
        check.anchors_without_manifest = read.counts.anchors;
    }
    check.report_withheld(out);
    match &sources.files {
        Some(files) => compare_files(files, check.expected, &mut check.counts, out, progress)?,
        None => check.report_no_files(out),
    }
    Ok((check.counts, check.restated))
}

struct EvidenceCheck<'a> {
    folder: &'a PublicFolder,
    read: &'a ReadLedger,
    sources: &'a EvidenceSources,
    counts: FileCounts,
    restated: Restated,
    anchors_without_manifest: u64,
    expected: ExpectedFiles,
}

impl EvidenceCheck<'_> {
    fn any_manifest_at_hand(&self) -> bool {
        !self.sources.manifests.is_empty() || self.folder.root().join("manifests").is_dir()
    }

    fn read_anchors(
        &mut self,
        authority: &Authority,
        size: TreeSize,
        out: &mut Findings,
        progress: &Progress<'_>,
    ) -> Result<(), Interrupted> {
        let bundles = published_bundles(self.folder, size);
        let mut next = 0;
        loop {
            progress.go_on()?;
            let lot = read_bundles(self.folder, &bundles, next);
            if lot.is_empty() {
                return Ok(());
            }
            for read in &lot {
                let entries = read.entries.as_deref().unwrap_or_default();
                for (position, entry) in (read.bundle.first().0..).map(Position).zip(entries) {
                    if let Ok(statement) = &entry.statement
                        && self.read.was_admitted(position)
                    {
                        self.check_statement(authority, position, statement, out);
                    }
                }
            }
            next += BUNDLES_AT_ONCE;
        }
    }

    fn check_statement(
        &mut self,
        authority: &Authority,
        position: Position,
        statement: &Statement,
        out: &mut Findings,
    ) {
        match self.read.standing.standing(authority, position, statement) {
            Standing::Good => {}
            Standing::Disputed => self.restated.disputed += 1,
            Standing::Affirmed => self.restated.affirmed += 1,
            Standing::Superseded { .. } => self.restated.superseded += 1,
        }
        if let Body::Anchor(anchor) = &statement.payload.body {
            let erased = self.read.standing.erased_rows(authority, statement);
            self.check_anchor(position, anchor, &erased, out);
        }
    }

    fn check_anchor(
        &mut self,
        position: Position,
        anchor: &Anchor,
        erased: &BTreeSet<u64>,
        out: &mut Findings,
    ) {
        self.counts.anchored = self.counts.anchored.saturating_add(anchor.rows);
        let mut rows = None;
        // Every copy must be whole, also one that is not needed: somebody may be served it.
        for copy in self.manifests_of(&anchor.root) {
            match read_manifest(&copy, anchor, erased) {
                Ok(read) => rows = rows.or(Some(read)),
                Err(fault) => report_manifest(anchor.root, &copy, &fault, out),
            }
        }
        match rows {
            Some(rows) => self.take_up_rows(position, rows, out),
            None => {
                self.anchors_without_manifest += 1;
                self.counts.withheld = self.counts.withheld.saturating_add(anchor.rows);
            }
        }
    }

    fn take_up_rows(&mut self, position: Position, rows: ManifestRows, out: &mut Findings) {
        self.counts.erased += rows.erased;
        self.counts.withheld = self.counts.withheld.saturating_add(rows.withheld);
        for index in rows.erased_unsaid {
            let what = format!(
                "row {index} of statement {position} is marked as erased, but no statement of the \
                 ledger says so"
            );
            let subject = Subject::Statement(position);
            out.add(Rule::R10, Outcome::Fail, "erased-unsaid", subject, what);
        }
        for (path, sha256, size) in rows.shown {
            self.expected.add(path, sha256, size, position);
        }
    }

    /// The copies of a manifest at hand, the auditor's own first: it shows more than a published one.
    fn manifests_of(&self, root: &Hash) -> Vec<PathBuf> {
        let published = self.folder.root().join("manifests");
        let folders = self.sources.manifests.iter().chain([&published]);
        let name = root.to_string();
        folders.map(|folder| folder.join(&name)).filter(|path| path.is_file()).collect()
    }

    fn report_withheld(&self, out: &mut Findings) {
        if self.anchors_without_manifest > 0 {
            let what = match self.anchors_without_manifest {
                1 => "the manifest of 1 anchor is not at hand: its files cannot be compared".into(),
                more => format!(
                    "the manifests of {more} anchors are not at hand: their files cannot be compared"
                ),
            };
            out.add(Rule::R10, Outcome::CannotCheck, "manifests-withheld", Subject::Ledger, what);
        } else if self.counts.withheld > 0 {
            let what = format!("{} rows are withheld by the site", self.counts.withheld);
            out.add(Rule::R10, Outcome::CannotCheck, "rows-withheld", Subject::Ledger, what);
        }
    }

    fn report_no_files(&mut self, out: &mut Findings) {
        self.counts.not_compared = self.expected.rows();
        if self.counts.not_compared > 0 {
            let what = "no folder of evidence files was given (--files DIR), so none was compared";
            out.add(Rule::R10, Outcome::CannotCheck, "no-files", Subject::Ledger, what);
        }
    }
}

/// The rows of one manifest that is the one its anchor signs.
#[derive(Default)]
struct ManifestRows {
    shown: Vec<(Option<RowPath>, Hash, u64)>,
    withheld: u64,
    erased: u64,
    erased_unsaid: Vec<u64>,
}

/// Reads a manifest to its end; nothing of it counts before it is known to be the anchor's.
fn read_manifest(
    path: &Path,
    anchor: &Anchor,
    erased: &BTreeSet<u64>,
) -> Result<ManifestRows, String> {
    let mut reader = open_manifest(path)?;
    let (mut rows, mut index) = (ManifestRows::default(), 0);
    while let Some(row) = reader.next_row().map_err(|fault| fault.to_string())? {
        match row {
            _ if erased.contains(&index) => rows.erased += 1,
            ManifestRow::Withheld(_) => rows.withheld += 1,
            ManifestRow::Erased(_) => rows.erased_unsaid.push(index),
            ManifestRow::Shown { row, show } => {
                let path = show.iter().find_map(|shown| match shown.attribute() {
                    Attribute::Path(path) => Some(path.clone()),
                    _ => None,
                });
                rows.shown.push((path, row.sha256(), row.size()));
            }
        }
        index += 1;
    }
    check_end(&mut reader, anchor).map(|()| rows)
}

type Reader = ManifestReader<BufReader<File>>;

fn open_manifest(path: &Path) -> Result<Reader, String> {
    let file = File::open(path).map_err(|fault| format!("it cannot be read: {fault}"))?;
    ManifestReader::new(BufReader::with_capacity(1 << 16, file)).map_err(|fault| fault.to_string())
}

/// A manifest that was read to its end must be the one the anchor signs.
fn check_end(reader: &mut Reader, anchor: &Anchor) -> Result<(), String> {
    let totals = reader.read_to_end().map_err(|fault| fault.to_string())?;
    if totals.tree.root != anchor.root || totals.tree.size.0 != anchor.rows {
        return Err(format!(
            "its {} rows have the root {}, not the one of the {} rows that were anchored",
            totals.tree.size, totals.tree.root, anchor.rows
        ));
    }
    Ok(())
}

fn report_manifest(root: Hash, path: &Path, fault: &str, out: &mut Findings) {
    let folder = path.parent().and_then(|folder| folder.file_name()).unwrap_or_default();
    let what = format!("the manifest {}/{root}: {fault}", folder.to_string_lossy());
    out.add(Rule::R10, Outcome::Fail, "manifest-damaged", Subject::Manifest(root), what);
}
