//! Files looked up in a ledger that is held here, by its manifests.
//!
//! A manifest says what was recorded; the statement that names its root says so under a signature. So
//! the statement is held against its key, the key against its grant, and both against the signed head
//! ([`proof`]). Whether the rest of the ledger holds is the business of an audit.

mod proof;
mod search;

use std::path::PathBuf;

use serde_json::json;

use super::Context;
use super::check::{Checked, Checks, Meant, Moment, NOT_SHOWN};
use super::exit::Exit;
use super::failures::usage;
use super::given_file::{self, Unhashed};
use super::known;
use super::own_store::OwnStore;
use super::voice::Failure;
use crate::report::words::{are, file_name, rfc3339, safe, time};
use crate::statement::bodies::Body;
use crate::statement::envelope::Statement;
use crate::tlog::hash::Hash;
use crate::tlog::policy::Policy;
use proof::HeldLedger;
use search::{Recording, Search, Wanted};

/// Checks files against one's own ledger.
pub fn check(
    context: &Context,
    files: &[PathBuf],
    meant: &Meant,
    policy: Option<&Policy>,
) -> Result<Checks, Failure> {
    let own = OwnStore::find(context)?;
    let book = own.book()?;
    if meant.named().is_some_and(|named| named != book.ledger()) {
        return Err(usage(
            "the ledger held here is not the one you name",
            format!("it is {}", book.ledger()),
            "name its store with --store, or check against a receipt",
        ));
    }
    let recognised = known::must_be(book.authority(), meant.id, &meant.known)?;
    let held = HeldLedger::open(&own, &book)?;
    let hashed: Vec<_> = files.iter().map(|file| (file, given_file::hash(file))).collect();
    let known_files = hashed.iter().filter_map(|(file, hashed)| {
        let (digest, _) = hashed.as_ref().ok()?;
        Some((file.as_path(), *digest))
    });
    let wanted = Wanted::of(own.store.home(), known_files);
    let search = Search::through(&held, &wanted)?;
    let old = known::remembers_more(&own, book.tree().size);
    let mut checked = Vec::new();
    for (file, hashed) in hashed {
        checked.push(match hashed {
            Ok((digest, _)) => judge(file, digest, &search, &held, policy, old.as_deref()),
            Err(why @ Unhashed::Interrupted) => {
                return Err(why.failure(file, "the check was stopped"));
            }
            Err(why) => Checked::not_hashed(file, why)?,
        });
    }
    let mut remarks = search.faults;
    remarks.push(
        match policy {
            Some(_) => "NOT CHECKED: the rest of the ledger (treering audit)",
            None => {
                "NOT CHECKED: the rest of the ledger (treering audit), and what witnesses saw of it"
            }
        }
        .into(),
    );
    remarks.push(NOT_SHOWN.into());
    Ok(Checks {
        name: safe(&book.authority().genesis().name),
        ledger: book.ledger(),
        recognised,
        files: checked,
        remarks,
        compared: None,
    })
}

fn judge(
    file: &std::path::Path,
    digest: Hash,
    search: &Search,
    held: &HeldLedger<'_>,
    policy: Option<&Policy>,
    old: Option<&str>,
) -> Checked {
    let name = file_name(file.as_os_str().as_encoded_bytes());
    match search.recording_of(&digest) {
        Some(recording) => matches(name, digest, recording, held, policy),
        None => not_found(name, file, digest, search, old),
    }
}

fn matches(
    name: String,
    digest: Hash,
    recording: &Recording,
    held: &HeldLedger<'_>,
    policy: Option<&Policy>,
) -> Checked {
    let Recording { position, statement, standing, .. } = recording;
    let header = &statement.header;
    let mut lines = vec![format!(
        "these exact bytes are recorded in statement {position}: {}",
        safe(title(statement))
    )];
    let moment = policy.map(|policy| held.not_later_than(*position, policy));
    lines.extend(moment.as_ref().map(|moment| moment.line.clone()));
    let granted = held.grant_words(&header.key);
    lines.push(format!("signed by        key {}{granted}", header.key));
    lines.push(format!("its clock said   {} (a claim)", time(header.issued_at)));
    let mut but = match standing.word {
        "disputed" => Some("a recording is disputed"),
        "superseded" => Some("a recording was superseded"),
        _ => None,
    };
    if !standing.is_good() {
        lines.push(format!("but the statement is {}: {}", standing.word, standing.sentence));
    }
    let erased = recording.rows_of(&digest).all(|row| standing.erased.contains(&row));
    if erased {
        lines.push("its party has erased this row since".into());
    }
    let time = moment.as_ref().map_or(json!("NOT CHECKED"), |moment| moment.json.clone());
    let mut exit = if but.is_some() { Exit::Incomplete } else { Exit::Done };
    if let Some(Moment { exit: Exit::Incomplete, .. }) = moment {
        exit = exit.graver(Exit::Incomplete);
        but = but.or(Some("the time of recording is NOT CHECKED"));
    }
    Checked {
        json: json!({ "file": name, "result": "MATCHES", "sha256": digest.to_string(),
                      "statement": position.0, "key": header.key.to_string(),
                      "standing": standing.word, "erased": erased,
                      "claimed_at": rfc3339(header.issued_at), "time": time }),
        name,
        word: "MATCHES",
        lines,
        exit,
        but,
    }
}

fn not_found(
    name: String,
    file: &std::path::Path,
    digest: Hash,
    search: &Search,
    old: Option<&str>,
) -> Checked {
    let unread = search.unread;
    let (word, line, exit) = if let Some(why) = search.unproven.get(&digest) {
        let line = format!("a manifest has these bytes, but the ledger does not hold it: {why}");
        ("NOT RECORDED", line, Exit::Finding)
    } else if let Some(position) = search.named.get(file) {
        let line = format!("statement {position} records other bytes under this name");
        ("DIFFERS", line, Exit::Finding)
    } else if let Some(old) = old {
        let line = format!("no row of any manifest here has these bytes, but {old}");
        ("NOT RECORDED", line, Exit::Incomplete)
    } else if unread == 0 {
        let line = "no row of any manifest has these bytes; this says nothing against the file";
        ("NOT RECORDED", line.into(), Exit::Finding)
    } else {
        let line = format!(
            "no row that could be read has these bytes, but {} not here, damaged or shown in part",
            are(unread, "manifest")
        );
        ("NOT RECORDED", line, Exit::Incomplete)
    };
    Checked {
        json: json!({ "file": name, "result": word, "sha256": digest.to_string(),
                      "manifests_not_read": unread, "why": line }),
        name,
        word,
        lines: vec![line],
        exit,
        but: None,
    }
}

fn title(statement: &Statement) -> &str {
    match &statement.payload.body {
        Body::Anchor(anchor) => &anchor.title,
        _ => "",
    }
}
