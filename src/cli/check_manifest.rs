//! `treering check --manifest`: a manifest that somebody disclosed, and files held against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::attribute_text::attribute_words;
use super::check::Meant;
use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::given_file;
use super::own_store::OwnStore;
use super::since::{open_copy, other_ledger};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, known, standing};
use crate::evidence::attribute::Attribute;
use crate::evidence::manifest::{ManifestReader, ManifestRow, Totals};
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::report::words::{count, counted, file_name, safe, time};
use crate::statement::bodies::Body;
use crate::statement::envelope::Statement;
use crate::store::public::PublicFolder;
use crate::tlog::hash::{Hash, Position};

/// Rows listed where no file was named; the rest is counted.
const LISTED: usize = 20;

/// Checks the manifest alone, against a ledger if one is at hand, and files against its rows.
pub fn run(
    context: &Context,
    manifest: &Path,
    files: &[PathBuf],
    copy: Option<&Path>,
    meant: &Meant,
) -> Outcome {
    let mut hashed = Vec::new();
    for file in files {
        let digest =
            given_file::hash(file).map_err(|why| why.failure(file, "nothing was checked"))?;
        hashed.push((file, digest.0));
    }
    let wanted: BTreeSet<Hash> = hashed.iter().map(|(_, digest)| *digest).collect();
    let read = read_manifest(manifest, &wanted)?;
    let ledger = ledger(context, copy, meant)?;
    let anchored = match &ledger {
        Some((folder, book)) => Some(find_anchor(folder, book, &read.totals)?),
        None => None,
    };

    let totals = &read.totals;
    let mut text = format!(
        "{}: {} rows, {} shown, {} withheld, {} erased\n  root {}\n",
        manifest.display(),
        count(totals.tree.size.0),
        count(totals.shown),
        count(totals.withheld),
        count(totals.erased),
        totals.tree.root,
    );
    let mut exit = Exit::Done;
    let erased = match &anchored {
        None => {
            text.push_str(
                "  NOT CHECKED: whether any ledger anchors this root (--copy LEDGER --card CARD)\n",
            );
            exit = Exit::Incomplete;
            Vec::new()
        }
        Some(None) => {
            return Err(Failure::new(
                Exit::Finding,
                "no statement of this ledger anchors the manifest",
                format!("its root is {}", totals.tree.root),
                "ask for a disclosure of evidence that is in this ledger, or for a newer copy of it",
            ));
        }
        Some(Some(found)) => {
            let _ = writeln!(
                text,
                "  anchored by statement {}: {}\n  its signer\'s clock said {} (a claim)",
                found.position,
                safe(&found.title),
                time(found.statement.header.issued_at)
            );
            if !found.standing.is_good() {
                let _ = writeln!(
                    text,
                    "  but it is {}: {}",
                    found.standing.word, found.standing.sentence
                );
                exit = Exit::Incomplete;
            }
            found.standing.erased.clone()
        }
    };
    text.push('\n');
    let mut json_files = Vec::new();
    for (file, digest) in &hashed {
        let judged = judge(&read, &erased, digest);
        let name = file_name(file.as_os_str().as_encoded_bytes());
        let _ = writeln!(text, "{}  {name}", judged.word);
        for line in &judged.lines {
            let _ = writeln!(text, "  {line}");
        }
        exit = exit.graver(judged.exit);
        json_files
            .push(json!({ "file": name, "result": judged.word, "sha256": digest.to_string() }));
    }
    if hashed.is_empty() {
        list_rows(&read, &erased, &mut text);
    }
    text.push_str("\nNot shown: that a file shows what it is said to show.\n");
    let verdict = match exit {
        Exit::Done => "PASS",
        Exit::Incomplete => "INCOMPLETE",
        _ => "FAIL",
    };
    let _ = writeln!(
        text,
        "{verdict}   the manifest adds up to its root{}.",
        match &anchored {
            Some(_) => ", and the ledger anchors it",
            None => "; the ledger was not looked at",
        }
    );
    let fields = json!({
        "verdict": verdict,
        "manifest": manifest.display().to_string(),
        "root": totals.tree.root.to_string(),
        "rows": totals.tree.size.0,
        "shown": totals.shown,
        "withheld": totals.withheld,
        "erased": totals.erased,
        "statement": anchored.flatten().map(|found| found.position.0),
        "files": json_files,
    });
    Ok(Answer::new("check-manifest", text, fields).with_exit(exit))
}

struct ReadManifest {
    totals: Totals,
    /// Rows of the files asked for, or the first ones.
    rows: BTreeMap<Hash, (u64, Vec<Attribute>)>,
}

fn read_manifest(path: &Path, wanted: &BTreeSet<Hash>) -> Result<ReadManifest, Failure> {
    let file = File::open(path).map_err(|why| unreadable(path, why))?;
    let damaged = |why: crate::evidence::manifest::ManifestError| {
        Failure::new(
            Exit::Finding,
            format!("the manifest {} does not hold", path.display()),
            why,
            "ask whoever disclosed it for another copy; this one was damaged or forged",
        )
    };
    let mut reader = ManifestReader::new(BufReader::new(file)).map_err(damaged)?;
    let (mut rows, mut index) = (BTreeMap::new(), 0);
    while let Some(row) = reader.next_row().map_err(damaged)? {
        if let ManifestRow::Shown { row, show } = row {
            let take = match wanted.is_empty() {
                true => rows.len() < LISTED,
                false => wanted.contains(&row.sha256()),
            };
            if take {
                let shown = show.iter().map(|shown| shown.attribute().clone()).collect();
                rows.entry(row.sha256()).or_insert((index, shown));
            }
        }
        index += 1;
    }
    let totals = reader.read_to_end().map_err(damaged)?;
    Ok(ReadManifest { totals, rows })
}

/// The ledger to look in: the copy that was named, or the store here.
fn ledger(
    context: &Context,
    copy: Option<&Path>,
    meant: &Meant,
) -> Result<Option<(PublicFolder, Book)>, Failure> {
    if let Some(copy) = copy {
        let (folder, book) = open_copy(copy)?;
        if !meant.is(book.ledger()) {
            return Err(match meant.named() {
                None => usage(
                    "a copy of a ledger proves nothing by itself",
                    "anybody can make a ledger and manifests for it",
                    "say which ledger you trust: --card CARD or --ledger-id ID",
                ),
                Some(named) => other_ledger(copy, book.ledger(), named),
            });
        }
        known::must_be(book.authority(), meant.id, &meant.known)?;
        return Ok(Some((folder, book)));
    }
    let Ok(own) = OwnStore::find(context) else { return Ok(None) };
    let book = own.book()?;
    match meant.named() {
        Some(named) if named != book.ledger() => Ok(None),
        _ => Ok(Some((own.folder, book))),
    }
}

struct Anchored {
    position: Position,
    title: String,
    statement: Statement,
    standing: standing::InWords,
}

fn find_anchor(
    folder: &PublicFolder,
    book: &Book,
    totals: &Totals,
) -> Result<Option<Anchored>, Failure> {
    for statement in read::statements(folder, book.tree().size) {
        let (position, statement) = statement?;
        if let Body::Anchor(anchor) = &statement.payload.body
            && (anchor.root, anchor.rows) == (totals.tree.root, totals.tree.size.0)
        {
            let standing = standing::of(folder, book, position, &statement)?;
            let title = anchor.title.clone();
            return Ok(Some(Anchored { position, title, statement, standing }));
        }
    }
    Ok(None)
}

struct Judged {
    word: &'static str,
    lines: Vec<String>,
    exit: Exit,
}

fn judge(read: &ReadManifest, erased: &[u64], digest: &Hash) -> Judged {
    match read.rows.get(digest) {
        Some((row, _)) if erased.binary_search(row).is_ok() => Judged {
            word: "ERASED",
            lines: vec![format!("row {row} has these bytes, but the ledger says it was erased")],
            exit: Exit::Incomplete,
        },
        Some((row, shown)) => Judged {
            word: "MATCHES",
            lines: [format!("row {row} has these exact bytes")]
                .into_iter()
                .chain(shown.iter().map(words))
                .collect(),
            exit: Exit::Done,
        },
        None if read.totals.is_complete() => Judged {
            word: "NOT RECORDED",
            lines: vec!["no row has these bytes; this says nothing against the file".into()],
            exit: Exit::Finding,
        },
        None => Judged {
            word: "NOT RECORDED",
            lines: vec!["no row that is shown has these bytes; it may be one of the others".into()],
            exit: Exit::Incomplete,
        },
    }
}

fn words(attribute: &Attribute) -> String {
    format!("{:<16} {}", attribute.name(), attribute_words(attribute))
}

fn list_rows(read: &ReadManifest, erased: &[u64], text: &mut String) {
    let mut rows: Vec<_> = read.rows.iter().collect();
    rows.sort_by_key(|(_, (row, _))| *row);
    for (sha256, (row, shown)) in rows {
        let gone = if erased.binary_search(row).is_ok() { "  ERASED" } else { "" };
        let _ = writeln!(text, "row {row}  sha256 {sha256}{gone}");
        for attribute in shown {
            let _ = writeln!(text, "  {}", words(attribute));
        }
    }
    let more = read.totals.shown.saturating_sub(read.rows.len() as u64);
    if more > 0 {
        let _ = writeln!(text, "and {} more", counted(more, "row"));
    }
}
