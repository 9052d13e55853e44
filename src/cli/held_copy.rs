//! Files looked up in a ledger that is held here, by its manifests.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::check::Checked;
use super::exit::Exit;
use super::failures::{interrupted, unreadable, usage};
use super::own_store::OwnStore;
use super::voice::Failure;
use super::{Context, interrupt};
use crate::evidence::hashing::{Problem, Watch, hash_file};
use crate::evidence::manifest::{ManifestReader, ManifestRow};
use crate::ledger::read;
use crate::report::words::{file_name, rfc3339, safe, time};
use crate::statement::bodies::Body;
use crate::statement::envelope::{LedgerId, Statement};
use crate::tlog::hash::{Hash, Position};

/// Checks files against one's own ledger.
pub fn check(
    context: &Context,
    files: &[PathBuf],
    pinned: Option<LedgerId>,
) -> Result<Vec<Checked>, Failure> {
    let own = OwnStore::find(context)?;
    let ledger = own.ledger()?;
    if pinned.is_some_and(|pinned| pinned != ledger) {
        return Err(usage(
            "the ledger held here is not the one you name",
            format!("it is {ledger}"),
            "name its store with --store, or check against a receipt",
        ));
    }
    let watch = Watch { cancel: interrupt::flag(), progress: &|_| {} };
    let mut wanted = Vec::new();
    for file in files {
        match hash_file(file, watch) {
            Ok((digest, _)) => wanted.push((file, digest)),
            Err(Problem::Interrupted) => return Err(interrupted("the check was stopped")),
            Err(why) => return Err(unreadable(file, why)),
        }
    }
    let search =
        Search::through(&own, &wanted.iter().map(|(_, digest)| *digest).collect::<Vec<_>>())?;
    Ok(wanted.into_iter().map(|(file, digest)| search.judge(file, digest)).collect())
}

/// What a search through all manifests found.
struct Search {
    found: Vec<(Hash, Position, Statement)>,
    /// Anchors whose manifest is not here, or shows not all of its rows.
    unread: u64,
}

impl Search {
    fn through(own: &OwnStore, digests: &[Hash]) -> Result<Search, Failure> {
        let mut search = Search { found: Vec::new(), unread: 0 };
        let size = own.head()?.tree().size;
        for statement in read::statements(&own.folder, size) {
            let (position, statement) = statement?;
            let Body::Anchor(anchor) = &statement.payload.body else { continue };
            let private = own.store.manifest(&anchor.root);
            let public = own.folder.path().join("manifests").join(anchor.root.to_string());
            let Some(path) = [private, public].into_iter().find(|path| path.is_file()) else {
                search.unread += 1;
                continue;
            };
            let (rows, whole) = matching_rows(&path, anchor.root, digests)?;
            search.unread += u64::from(!whole);
            search.found.extend(rows.into_iter().map(|row| (row, position, statement.clone())));
        }
        Ok(search)
    }

    fn judge(&self, file: &Path, digest: Hash) -> Checked {
        let name = file_name(file.as_os_str().as_encoded_bytes());
        let found = self.found.iter().find(|(row, ..)| *row == digest);
        let Some((_, position, statement)) = found else {
            let all_read = self.unread == 0;
            let line = match all_read {
                true => {
                    "no row of any manifest has these bytes; this says nothing against the file"
                        .to_string()
                }
                false => format!(
                    "no row that could be read has these bytes, but {} manifests are not here or \
                     withhold rows",
                    self.unread
                ),
            };
            return Checked {
                json: json!({ "file": name, "result": "NOT RECORDED", "sha256": digest.to_string(),
                              "manifests_not_read": self.unread }),
                name,
                word: "NOT RECORDED",
                lines: vec![line],
                exit: if all_read { Exit::Finding } else { Exit::Incomplete },
            };
        };
        let header = &statement.header;
        Checked {
            json: json!({ "file": name, "result": "MATCHES", "sha256": digest.to_string(),
                          "statement": position.0, "key": header.key.to_string(),
                          "claimed_at": rfc3339(header.issued_at), "time": "NOT CHECKED" }),
            name,
            word: "MATCHES",
            lines: vec![
                format!(
                    "these exact bytes are recorded in statement {position}: {}",
                    safe(title(statement))
                ),
                format!("its signer's clock said {} (a claim)", time(header.issued_at)),
                "NOT CHECKED: the ledger itself (treering audit), and when it was witnessed".into(),
            ],
            exit: Exit::Done,
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
fn matching_rows(path: &Path, root: Hash, wanted: &[Hash]) -> Result<(Vec<Hash>, bool), Failure> {
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
