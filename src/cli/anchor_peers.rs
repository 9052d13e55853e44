//! `treering anchor-peers`: the heads held of others' ledgers enter one's own.

use std::collections::BTreeMap;

use serde_bytes::ByteBuf;
use serde_json::json;

use super::exit::Exit;
use super::failures::usage;
use super::filing::{Filing, key_for};
use super::own_store::mirror_store;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::ledger::read;
use crate::report::words::counted;
use crate::statement::bodies::Body;
use crate::statement::bodies::ledger::CheckpointAnchor;
use crate::statement::envelope::LedgerId;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;

/// Arguments of `treering anchor-peers`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering sync && treering anchor-peers        once a month, or after each sync")]
#[command(after_help = "\
Whoever rewrites a history that others have anchored must rewrite theirs, too. treering audit shows \
which ledgers pin which.")]
pub struct Args {
    /// The key to sign with, where several may
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Read the key's past from the ledger, because its chain file was lost or is old
    #[arg(long)]
    resume_chain: bool,
}

/// Anchors.
pub fn run(context: &Context, args: Args) -> Outcome {
    let shelf = mirror_store(context, "anchor-peers")?;
    let mirrors = shelf.mirrors.list()?;
    if mirrors.is_empty() {
        return Err(usage(
            "there is nothing to anchor",
            "no ledger is mirrored in this store",
            "treering mirror add SOURCE --card CARD",
        ));
    }
    let mut filing = Filing::begin(context, "anchor-peers")?;
    let anchored = anchored_so_far(&filing)?;
    let (mut text, mut rows, mut exit) = (String::new(), Vec::new(), Exit::Done);
    let mut key = None;
    for mirror in mirrors {
        let name = &mirror.name;
        if let Some(fork) = shelf.forks.freezing(mirror.ledger)?.first() {
            exit = exit.graver(Exit::Fork);
            text.push_str(&format!("{name}  FORKED  not anchored: frozen by {}\n", fork.id));
            continue;
        }
        let Some(head) = shelf.held.read(mirror.ledger)?.head else {
            exit = exit.graver(Exit::Incomplete);
            text.push_str(&format!(
                "{name}  NOT CHECKED  nothing of it is held yet: treering sync {name}\n"
            ));
            continue;
        };
        let size = head.checkpoint.tree().size;
        if anchored.get(&mirror.ledger).is_some_and(|before| *before >= size) {
            text.push_str(&format!("{name}  anchored before, at {size}\n"));
            continue;
        }
        let note = short_enough(&head.checkpoint)?;
        let anchor = CheckpointAnchor { ledger: mirror.ledger, note: ByteBuf::from(note) };
        let body = Body::CheckpointAnchor(anchor);
        let file = match &key {
            Some(file) => file,
            None => {
                let authority = filing.writer.book().authority();
                key.insert(key_for(&filing.keyring, authority, &body, args.key.as_deref())?)
            }
        };
        let filed =
            filing.sign_and_file(file, body.into(), args.resume_chain && rows.is_empty())?;
        text.push_str(&format!(
            "{name}  {} anchored, as statement {}\n",
            counted(size.0, "statement"),
            filed.first
        ));
        rows.push(json!({
            "name": name.as_str(), "ledger": mirror.ledger.to_string(), "size": size.0,
            "position": filed.first.0,
        }));
    }
    Ok(Answer::new("anchor-peers", text, json!({ "anchored": rows }))
        .with_exit(exit)
        .and_next("treering audit MIRROR shows which ledgers pin its history"))
}

/// The largest size of each ledger that one's own has anchored.
fn anchored_so_far(filing: &Filing<'_>) -> Result<BTreeMap<LedgerId, TreeSize>, Failure> {
    let mut anchored = BTreeMap::new();
    let size = filing.writer.book().tree().size;
    for statement in read::statements(&filing.own.folder, size) {
        let (_, statement) = statement?;
        if let Body::CheckpointAnchor(anchor) = &statement.payload.body
            && let Ok(note) = SignedCheckpoint::parse(&anchor.note)
        {
            let largest = anchored.entry(anchor.ledger).or_insert(TreeSize(0));
            *largest = (*largest).max(note.tree().size);
        }
    }
    Ok(anchored)
}

/// The note, with as many of its lines as an anchor can hold; the log's come first.
fn short_enough(checkpoint: &SignedCheckpoint) -> Result<Vec<u8>, Failure> {
    let mut lines = checkpoint.note().signatures().to_vec();
    loop {
        let note = SignedCheckpoint::new(checkpoint.checkpoint().clone(), lines.clone());
        let bytes = note.map(|note| note.to_string().into_bytes()).unwrap_or_default();
        if !bytes.is_empty() && bytes.len() <= CheckpointAnchor::MAX_NOTE_BYTES {
            return Ok(bytes);
        }
        if lines.pop().is_none() {
            return Err(usage(
                "the checkpoint cannot be anchored",
                "it is too long without any cosignature",
                "ask whoever runs that ledger for a shorter one",
            ));
        }
    }
}
