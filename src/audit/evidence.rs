//! Anchors read a second time, once it is known what later statements made of them: each with its
//! manifest, and each row with its file (rule R10).
//!
//! Between the two readings somebody may have changed the folder. What is read again counts only if it
//! is, by its digest, what the first reading authenticated.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use super::anchors::AnchorBook;
use super::bundles::{Lots, ReadBundle, published_bundles};
use super::files::{ExpectedFiles, compare_files};
use super::finding::{FileCounts, Outcome, Rule, Subject};
use super::findings::Findings;
use super::folder::{PublicFolder, Unreadable};
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
) -> Result<(FileCounts, Restated, AnchorBook), Interrupted> {
    let mut check = EvidenceCheck {
        folder,
        read,
        sources,
        counts: FileCounts::default(),
        restated: Restated::default(),
        anchors_without_manifest: 0,
        anchors: AnchorBook::default(),
        expected: sources.files.is_some().then(ExpectedFiles::default),
    };
    let Some(authority) = &read.authority else {
        return Ok((check.counts, check.restated, check.anchors));
    };
    if read.counts.anchors > 0 {
        out.judge(Rule::R10);
    }
    read.voids.finish(out);
    if check.any_manifest_at_hand()
        || check.are_weighed()
        || read.anything_restated
        || !read.voids.is_empty()
    {
        check.read_anchors(authority, size, out, progress)?;
    } else {
        check.counts.anchored = read.rows_anchored;
        check.counts.withheld = read.rows_anchored;
        check.anchors_without_manifest = read.counts.anchors;
    }
    check.anchors.link(&read.record);
    check.report_withheld(out);
    match (&sources.files, check.expected.take()) {
        (Some(files), Some(expected)) => {
            compare_files(files, expected, &mut check.counts, out, progress)?;
        }
        _ => check.report_no_files(out),
    }
    Ok((check.counts, check.restated, check.anchors))
}

struct EvidenceCheck<'a> {
    folder: &'a PublicFolder,
    read: &'a ReadLedger,
    sources: &'a EvidenceSources,
    counts: FileCounts,
    restated: Restated,
    anchors_without_manifest: u64,
    anchors: AnchorBook,
    /// Where there is no folder of files to compare them with, shown rows are only counted.
    expected: Option<ExpectedFiles>,
}

impl EvidenceCheck<'_> {
    fn any_manifest_at_hand(&self) -> bool {
        !self.sources.manifests.is_empty() || self.folder.root().join("manifests").is_dir()
    }

    /// Whether rules weigh the anchors. Where there are more than they can, and nothing else is said,
    /// nothing is lost by not reading them again.
    fn are_weighed(&self) -> bool {
        let anchors = self.read.counts.anchors;
        anchors > 0
            && (anchors <= AnchorBook::MAX as u64 || self.read.record.speaks_of_process_or_claims())
    }

    fn read_anchors(
        &mut self,
        authority: &Authority,
        size: TreeSize,
        out: &mut Findings,
        progress: &Progress<'_>,
    ) -> Result<(), Interrupted> {
        let bundles = published_bundles(self.folder, size);
        let mut lots = Lots::of(self.folder, &bundles);
        loop {
            progress.go_on()?;
            let lot = lots.read();
            if lot.is_empty() {
                return Ok(());
            }
            for read in &lot {
                if self.is_as_before(read, out) {
                    self.check_bundle(authority, read, out);
                }
            }
        }
    }

    /// Whether a bundle is still what it was when its statements were judged. Holes of the first reading
    /// have been told of.
    fn is_as_before(&self, read: &ReadBundle, out: &mut Findings) -> bool {
        let before = self.read.digests.get(&read.bundle.index()).copied();
        if read.digest != before && before.is_some() && read.first == 0 {
            let path = read.bundle.path();
            let what = format!(
                "the bundle {path} was changed while it was being audited: run the audit again"
            );
            let subject = Subject::Published(path);
            out.add(Rule::R02, Outcome::Fail, "bundle-changed", subject, what);
        }
        before.is_some() && read.digest == before
    }

    fn check_bundle(&mut self, authority: &Authority, read: &ReadBundle, out: &mut Findings) {
        let entries = read.entries.as_deref().unwrap_or_default();
        for (position, entry) in (read.position().0..).map(Position).zip(entries) {
            self.read.voids.check(position, entry.leaf, out);
            if let Ok(statement) = &entry.statement
                && self.read.was_admitted(position)
            {
                self.check_statement(authority, position, statement, out);
            }
        }
    }

    fn check_statement(
        &mut self,
        authority: &Authority,
        position: Position,
        statement: &Statement,
        out: &mut Findings,
    ) {
        let standing = self.read.standing.standing(authority, position, statement);
        match standing {
            Standing::Good => {}
            Standing::Disputed => self.restated.disputed += 1,
            Standing::Affirmed => self.restated.affirmed += 1,
            Standing::Superseded { .. } => self.restated.superseded += 1,
        }
        if let Body::Anchor(anchor) = &statement.payload.body {
            let live = matches!(standing, Standing::Good | Standing::Affirmed);
            self.anchors.take_up(position, statement, anchor, live);
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
        // Sums that end here were told of when the anchors were first read.
        out.judge(Rule::R10);
        self.counts.anchored = self.counts.anchored.saturating_add(anchor.rows);
        let mut rows = None;
        // Every copy must be whole, also one that is not needed: somebody may be served it.
        for copy in self.manifests_of(&anchor.root) {
            match copy.read(anchor, erased, self.expected.is_some()) {
                Ok(read) => {
                    copy.report_still_shown(anchor.root, read.still_shown, out);
                    rows = rows.or(Some(read));
                }
                Err(fault) => copy.report(anchor.root, &fault, out),
            }
        }
        match rows {
            Some(rows) => self.take_up_rows(position, anchor, rows, out),
            None => {
                self.anchors_without_manifest += 1;
                self.counts.withheld = self.counts.withheld.saturating_add(anchor.rows);
            }
        }
    }

    fn take_up_rows(
        &mut self,
        position: Position,
        anchor: &Anchor,
        rows: ManifestRows,
        out: &mut Findings,
    ) {
        let mut fail = |code, what| {
            out.add(Rule::R10, Outcome::Fail, code, Subject::Statement(position), what);
        };
        self.counts.erased += rows.erased;
        self.counts.withheld = self.counts.withheld.saturating_add(rows.withheld);
        for index in rows.erased_unsaid {
            let what = format!(
                "row {index} of statement {position} is marked as erased, but no statement of the \
                 ledger says so"
            );
            fail("erased-unsaid", what);
        }
        // The sum over all rows is the signed one; over some of them it cannot be more.
        let (shown, all) = (rows.bytes, rows.all_shown);
        if let Some(signed) =
            anchor.bytes.filter(|signed| *signed < shown || all && *signed != shown)
        {
            let what = format!(
                "statement {position} says that its files have {signed} bytes together; by its own \
                 rows they have {}{shown}",
                if all { "" } else { "at least " }
            );
            fail("bytes-differ", what);
        }
        self.counts.not_compared += rows.count;
        for (path, sha256, size) in rows.shown {
            if let Some(expected) = &mut self.expected {
                expected.add(path, sha256, size, position);
            }
        }
    }

    /// The copies of a manifest at hand, the auditor's own first: it shows more than a published one.
    fn manifests_of(&self, root: &Hash) -> Vec<ManifestCopy> {
        let name = root.to_string();
        let handed = self.sources.manifests.iter().map(|folder| folder.join(&name));
        // Named by the auditor, so a link is followed; but a pipe is not waited for.
        let handed = handed.filter(|path| path.is_file()).map(|path| ManifestCopy {
            called: "that was handed over",
            file: File::open(path).map_err(|fault| format!("it cannot be read: {fault}")),
        });
        let mut copies: Vec<ManifestCopy> = handed.collect();
        match self.folder.open(&format!("manifests/{name}")) {
            Err(Unreadable::Missing) => {}
            file => copies.push(ManifestCopy {
                called: "that is published",
                file: file.map_err(|fault| format!("it is {fault}")),
            }),
        }
        copies
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
        if self.counts.not_compared > 0 {
            let what = "no folder of evidence files was given (--files DIR), so none was compared";
            out.add(Rule::R10, Outcome::CannotCheck, "no-files", Subject::Ledger, what);
        }
    }
}

/// The rows of one manifest that is the one its anchor signs.
#[derive(Default)]
struct ManifestRows {
    /// Rows that are shown, and, if asked for, what they say.
    count: u64,
    shown: Vec<(Option<RowPath>, Hash, u64)>,
    withheld: u64,
    erased: u64,
    erased_unsaid: Vec<u64>,
    /// Of those erased: rows whose content this copy still holds.
    still_shown: u64,
    /// Bytes of the files whose rows stand there in full, and whether these are all.
    bytes: u64,
    all_shown: bool,
}

/// A manifest's file, open.
struct ManifestCopy {
    called: &'static str,
    file: Result<File, String>,
}

impl ManifestCopy {
    /// Reads a manifest to its end; nothing of it counts before it is known to be the anchor's. Rows are
    /// kept only if there is something to compare them with.
    fn read(
        &self,
        anchor: &Anchor,
        erased: &BTreeSet<u64>,
        keep: bool,
    ) -> Result<ManifestRows, String> {
        let file = self.file.as_ref().map_err(String::clone)?;
        let mut reader = ManifestReader::new(BufReader::with_capacity(1 << 16, file))
            .map_err(|fault| fault.to_string())?;
        let (mut rows, mut index) = (ManifestRows::default(), 0);
        while let Some(row) = reader.next_row().map_err(|fault| fault.to_string())? {
            match row {
                ManifestRow::Shown { .. } if erased.contains(&index) => {
                    rows.erased += 1;
                    rows.still_shown += 1;
                }
                _ if erased.contains(&index) => rows.erased += 1,
                ManifestRow::Withheld(_) => rows.withheld += 1,
                ManifestRow::Erased(_) => rows.erased_unsaid.push(index),
                ManifestRow::Shown { row, show } => {
                    rows.count += 1;
                    if keep {
                        let path = show.iter().find_map(|shown| match shown.attribute() {
                            Attribute::Path(path) => Some(path.clone()),
                            _ => None,
                        });
                        rows.shown.push((path, row.sha256(), row.size()));
                    }
                }
            }
            index += 1;
        }
        let totals = reader.read_to_end().map_err(|fault| fault.to_string())?;
        if totals.tree.root != anchor.root || totals.tree.size.0 != anchor.rows {
            return Err(format!(
                "its {} rows have the root {}, not the one of the {} rows that were anchored",
                totals.tree.size, totals.tree.root, anchor.rows
            ));
        }
        (rows.bytes, rows.all_shown) = (totals.bytes, totals.is_complete());
        Ok(rows)
    }

    /// The ledger says that they were erased, and here they are: an erasure was interrupted, or this copy
    /// was never told of it.
    fn report_still_shown(&self, root: Hash, rows: u64, out: &mut Findings) {
        if rows > 0 {
            let what = format!(
                "the manifest {root} {} still shows {rows} of the rows that were erased: treering erase \
                 --apply takes them out",
                self.called
            );
            let subject = Subject::Manifest(root);
            out.add(Rule::R10, Outcome::Warn, "erased-still-shown", subject, what);
        }
    }

    fn report(&self, root: Hash, fault: &str, out: &mut Findings) {
        let what = format!("the manifest {root} {}: {fault}", self.called);
        out.add(Rule::R10, Outcome::Fail, "manifest-damaged", Subject::Manifest(root), what);
    }
}
