//! Files looked up in a ledger that is held here, by its manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::check::{Checked, Checks};
use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::given_file::{self, Unhashed};
use super::own_store::OwnStore;
use super::voice::Failure;
use super::{Context, standing};
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::report::words::{count, file_name, rfc3339, safe, time};
use crate::statement::bodies::Body;
use crate::statement::envelope::{LedgerId, Statement};
use crate::tlog::hash::{Hash, Position};

/// Checks files against one's own ledger.
pub fn check(
    context: &Context,
    files: &[PathBuf],
    pinned: Option<LedgerId>,
) -> Result<Checks, Failure> {
    let own = OwnStore::find(context)?;
    let book = own.book()?;
    if pinned.is_some_and(|pinned| pinned != book.ledger()) {
        return Err(usage(
            "the ledger held here is not the one you name",
            format!("it is {}", book.ledger()),
            "name its store with --store, or check against a receipt",
        ));
    }
    let hashes: Vec<_> = files.iter().map(|file| (file, given_file::hash(file))).collect();
    let wanted: BTreeSet<Hash> =
        hashes.iter().filter_map(|(_, hashed)| Some(hashed.as_ref().ok()?.0)).collect();
    let search = Search::through(&own, &book, &wanted)?;
    let judge = |(file, hashed): (&PathBuf, Result<(Hash, u64), Unhashed>)| match hashed {
        Ok((digest, _)) => Ok(search.judge(file, digest)),
        Err(why) => Checked::not_hashed(file, why),
    };
    Ok(Checks {
        name: safe(&book.authority().genesis().name),
        ledger: book.ledger(),
        files: hashes.into_iter().map(judge).collect::<Result<_, _>>()?,
        remarks: vec![
            "NOT CHECKED: the ledger itself (treering audit), and what witnesses saw of it",
            "Not shown: that a file shows what it is said to show.",
        ],
        compared: None,
    })
}

/// An anchor that has rows of the wanted files.
struct Recording {
    position: Position,
    statement: Statement,
    standing: standing::InWords,
}

/// What a search through all manifests found.
struct Search {
    recordings: Vec<Recording>,
    /// The first recording of each file, by its place in the list.
    found: BTreeMap<Hash, usize>,
    /// Anchors whose manifest is not here, or shows not all of its rows.
    unread: u64,
}

impl Search {
    fn through(own: &OwnStore, book: &Book, wanted: &BTreeSet<Hash>) -> Result<Search, Failure> {
        let mut search = Search { recordings: Vec::new(), found: BTreeMap::new(), unread: 0 };
        for statement in read::statements(&own.folder, book.tree().size) {
            let (position, statement) = statement?;
            let Body::Anchor(anchor) = &statement.payload.body else { continue };
            let private = own.store.manifest(&anchor.root);
            let public = own.folder.path().join("manifests").join(anchor.root.to_string());
            let Some(path) = [private, public].into_iter().find(|path| path.is_file()) else {
                search.unread += 1;
                continue;
            };
            let (rows, whole) = matching_rows(&path, anchor.root, wanted)?;
            search.unread += u64::from(!whole);
            if rows.is_empty() {
                continue;
            }
            for row in rows {
                search.found.entry(row).or_insert(search.recordings.len());
            }
            let standing = standing::of(own, book, position, &statement)?;
            search.recordings.push(Recording { position, statement, standing });
        }
        Ok(search)
    }

    fn judge(&self, file: &Path, digest: Hash) -> Checked {
        let name = file_name(file.as_os_str().as_encoded_bytes());
        let Some(recording) = self.found.get(&digest).map(|&found| &self.recordings[found]) else {
            return self.not_recorded(name, digest);
        };
        let Recording { position, statement, standing } = recording;
        let header = &statement.header;
        let mut lines = vec![
            format!(
                "these exact bytes are recorded in statement {position}: {}",
                safe(title(statement))
            ),
            format!("its signer's clock said {} (a claim)", time(header.issued_at)),
        ];
        let but = match standing.word {
            "disputed" => Some("a recording is disputed"),
            "superseded" => Some("a recording was superseded"),
            _ => None,
        };
        if !standing.is_good() {
            lines.push(format!("but the statement is {}: {}", standing.word, standing.sentence));
        }
        Checked {
            json: json!({ "file": name, "result": "MATCHES", "sha256": digest.to_string(),
                          "statement": position.0, "key": header.key.to_string(),
                          "standing": standing.word,
                          "claimed_at": rfc3339(header.issued_at), "time": "NOT CHECKED" }),
            name,
            word: "MATCHES",
            lines,
            exit: if but.is_some() { Exit::Incomplete } else { Exit::Done },
            but,
        }
    }

    fn not_recorded(&self, name: String, digest: Hash) -> Checked {
        let (line, exit) = match self.unread {
            0 => (
                "no row of any manifest has these bytes; this says nothing against the file".into(),
                Exit::Finding,
            ),
            unread => (
                format!(
                    "no row that could be read has these bytes, but {} not here or shown in part",
                    match unread {
                        1 => "1 manifest is".to_string(),
                        more => format!("{} manifests are", count(more)),
                    }
                ),
                Exit::Incomplete,
            ),
        };
        Checked {
            json: json!({ "file": name, "result": "NOT RECORDED", "sha256": digest.to_string(),
                          "manifests_not_read": self.unread }),
            name,
            word: "NOT RECORDED",
            lines: vec![line],
            exit,
            but: None,
        }
    }
}

fn title(statement: &Statement) -> &str {
    match &statement.payload.body {
        Body::Anchor(anchor) => &anchor.title,
        _ => "",
    }
}

/// The wanted digests among the rows shown, and whether all rows are shown.
fn matching_rows(
    path: &Path,
    root: Hash,
    wanted: &BTreeSet<Hash>,
) -> Result<(Vec<Hash>, bool), Failure> {
    let damaged = |why: String| {
        let what = format!("the manifest {} does not hold", path.display());
        Failure::new(Exit::Finding, what, why, "put its second copy back")
    };
    let file = File::open(path).map_err(|why| unreadable(path, why))?;
    let mut reader =
        ManifestReader::new(BufReader::new(file)).map_err(|why| damaged(why.to_string()))?;
    let mut matching = Vec::new();
    while let Some(row) = reader.next_row().map_err(|why| damaged(why.to_string()))? {
        if let ManifestRow::Shown { row, .. } = row
            && wanted.contains(&row.sha256())
        {
            matching.push(row.sha256());
        }
    }
    let totals = reader.read_to_end().map_err(|why| damaged(why.to_string()))?;
    if totals.tree.root != root {
        return Err(damaged("its rows have another root than its name".into()));
    }
    Ok((matching, totals.is_complete()))
}
