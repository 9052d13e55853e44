//! Files looked up in a ledger that is held here, by its manifests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Context;
use super::check::{Checked, Checks};
use super::exit::Exit;
use super::failures::usage;
use super::given_file::{self, Unhashed};
use super::own_store::OwnStore;
use super::standing::Judgements;
use super::voice::Failure;
use crate::ledger::indexing::files_of;
use crate::report::words::{are, file_name, rfc3339, safe, time};
use crate::statement::authority::Authority;
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
    let ledger = own.ledger()?;
    if pinned.is_some_and(|pinned| pinned != ledger) {
        return Err(usage(
            "the ledger held here is not the one you name",
            format!("it is {ledger}"),
            "name its store with --store, or check against a receipt",
        ));
    }
    let hashes: Vec<_> = files.iter().map(|file| (file, given_file::hash(file))).collect();
    let wanted: BTreeSet<Hash> =
        hashes.iter().filter_map(|(_, hashed)| Some(hashed.as_ref().ok()?.0)).collect();
    let mut search = Search::default();
    let book = own.book_and(|position, statement| {
        search.judgements.note(position, statement);
        search.take(context, &own, &wanted, position, statement);
    })?;
    let judge = |(file, hashed): (&PathBuf, Result<(Hash, u64), Unhashed>)| match hashed {
        Ok((digest, _)) => Ok(search.judge(book.authority(), file, digest)),
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
    })
}

/// An anchor that has rows of the wanted files.
struct Recording {
    position: Position,
    statement: Statement,
}

/// What a search through all manifests found.
#[derive(Default)]
struct Search {
    recordings: Vec<Recording>,
    /// The first recording of each file, by its place in the list.
    found: BTreeMap<Hash, usize>,
    /// Anchors whose manifest is not here, is damaged, or shows not all of its rows.
    unread: u64,
    judgements: Judgements,
}

impl Search {
    /// Looks for the files in the manifest of an anchor.
    fn take(
        &mut self,
        context: &Context,
        own: &OwnStore,
        wanted: &BTreeSet<Hash>,
        position: Position,
        statement: &Statement,
    ) {
        let Body::Anchor(anchor) = &statement.payload.body else { return };
        let public = own.folder.path().join("manifests").join(anchor.root.to_string());
        let mut files = None;
        for path in [own.store.manifest(&anchor.root), public] {
            match files_of(&path, anchor) {
                Ok(None) => continue,
                Ok(found) => files = found,
                Err(_) => context.voice.warn(&format!(
                    "the manifest {} does not hold: put its second copy back (treering audit names \
                     what is damaged)",
                    path.display()
                )),
            }
            break;
        }
        self.unread += u64::from(!files.as_ref().is_some_and(|files| files.all));
        let rows = files.into_iter().flat_map(|files| files.shown).map(|(_, sha256)| sha256);
        let mut rows = rows.filter(|sha256| wanted.contains(sha256)).peekable();
        if rows.peek().is_none() {
            return;
        }
        for row in rows {
            self.found.entry(row).or_insert(self.recordings.len());
        }
        self.recordings.push(Recording { position, statement: statement.clone() });
    }

    fn judge(&self, authority: &Authority, file: &Path, digest: Hash) -> Checked {
        let name = file_name(file.as_os_str().as_encoded_bytes());
        let Some(recording) = self.found.get(&digest).map(|&found| &self.recordings[found]) else {
            return self.not_recorded(name, digest);
        };
        let Recording { position, statement } = recording;
        let standing = self.judgements.on(authority, *position, statement);
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
                    "no row that could be read has these bytes, but {} not here, damaged or shown in \
                     part",
                    are(unread, "manifest")
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
