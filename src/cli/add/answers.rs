//! What `treering add` says at the end.

use serde_json::{Value, json};

use super::in_short;
use crate::cli::cosigning::witnessed_of_own;
use crate::cli::exceptions::Exceptions;
use crate::cli::exit::Exit;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Answer;
use crate::evidence::batch::{Batch, Part};
use crate::evidence::summary::Summary;
use crate::evidence::walk::Walk;
use crate::ledger::writer::Appended;
use crate::report::words::{bytes, count, counted, safe};
use crate::statement::bodies::evidence::Access;
use crate::tlog::hash::Hash;

fn files_json(walked: &Walk, summary: &Summary, exceptions: &Exceptions) -> Value {
    let names = |indexes: &[usize]| -> Vec<String> {
        indexes.iter().map(|index| walked.files[*index].path.to_string()).collect()
    };
    json!({
        "recorded": summary.files,
        "bytes": summary.bytes,
        "media_types": summary.media_types,
        "already_recorded": names(&summary.recorded),
        "field": in_short::json(summary, &walked.files),
        "exceptions": exceptions.json(),
    })
}

/// No file at all.
pub fn nothing_found(own: &OwnStore, walked: &Walk) -> Answer {
    let exceptions = Exceptions::of(own, walked, &Summary::default());
    let text = format!("Nothing to record: no file was found.\n{}", exceptions.text());
    let fields = files_json(walked, &Summary::default(), &exceptions);
    Answer::new("add", text, fields)
        .and_next("name files, or folders that hold some")
        .with_exit(Exit::Incomplete)
}

/// Files, but none that is new.
pub fn nothing_new(own: &OwnStore, walked: &Walk, summary: &Summary) -> Answer {
    let exceptions = Exceptions::of(own, walked, summary);
    let already = counted(summary.recorded.len() as u64, "file");
    let text = format!("Nothing new: {already} recorded before.\n{}", exceptions.text());
    let fields = files_json(walked, summary, &exceptions);
    let answer = Answer::new("add", text, fields).with_exit(exceptions.exit);
    match exceptions.next() {
        Some(next) => answer.and_next(next),
        None => answer,
    }
}

/// A batch that is in the ledger now.
pub fn recorded(
    own: &OwnStore,
    title: &str,
    walked: &Walk,
    batch: &Batch,
    appended: &[(Appended, Hash)],
    access: Access,
    suggest: bool,
) -> Answer {
    let summary = &batch.summary;
    let exceptions = Exceptions::of(own, walked, summary);
    let statements = match appended {
        [(one, _)] => format!("statement {}", one.first),
        [(first, _), .., (last, _)] => format!("statements {} to {}", first.first, last.first),
        [] => unreachable!("add: a batch that is not empty has a part"),
    };
    let mut text = format!(
        "Recorded {} ({}) as {statements}: {}\n",
        counted(batch.len() as u64, "file"),
        bytes(summary.bytes),
        safe(title)
    );
    for line in summary.lines(&walked.files) {
        text.push_str(&format!("  {line}\n"));
    }
    text.push_str(&exceptions.text());
    text.push_str(&in_short::text(summary));
    if let Some(suggested) = in_short::suggested(summary).filter(|_| suggest) {
        text.push_str(&suggested);
    }
    text.push_str(&in_short::sealed_beside(access, summary).unwrap_or_default());
    text.push_str(match access {
        Access::Public => {
            "The manifest is published: names, hashes, kinds and times of the files are open to all; \
             positions and serial numbers are not.\n"
        }
        Access::Sealed => {
            "The manifest stays in the store (--access public publishes it). Keep a second copy of \
             .treering/manifests: without it the files cannot be proved.\n"
        }
    });
    let mut fields = files_json(walked, summary, &exceptions);
    if let [(first, _), ..] = appended {
        fields["position"] = json!(first.first.0);
    }
    if let [.., (last, _)] = appended {
        fields["size"] = json!(last.checkpoint.tree().size.0);
        fields["root"] = json!(last.checkpoint.tree().root.to_string());
    }
    let one = |((appended, root), part): (&(Appended, Hash), &Part)| {
        json!({
            "position": appended.first.0,
            "evidence_root": root.to_string(),
            "rows": part.len(),
            "access": part.access.word(),
        })
    };
    fields["statements"] = appended.iter().zip(&batch.parts).map(one).collect();
    // That witnesses wait is news; that it cannot be said is none of the recording's business.
    let waiting = witnessed_of_own(own).ok().flatten().and_then(|witnessed| witnessed.waits());
    fields["waiting"] = json!(waiting.unwrap_or(0));
    if let Some(waiting) = waiting {
        let statements = counted(waiting, "statement");
        text.push_str(&format!("Waiting for witnesses: {statements}.\n"));
    }
    let next = exceptions.next().unwrap_or(match waiting {
        Some(_) => {
            "treering checkpoint asks the witnesses; without a network treering cosign-request"
        }
        None => "treering head, and send the line to somebody who keeps it",
    });
    Answer::new("add", text, fields).and_next(next).with_exit(exceptions.exit)
}

/// A batch that would be recorded.
pub fn would_record(own: &OwnStore, walked: &Walk, summary: &Summary) -> Answer {
    let exceptions = Exceptions::of(own, walked, summary);
    let mut text = format!(
        "Would record {} ({}); {} recorded before.\n",
        counted(summary.files, "file"),
        bytes(summary.bytes),
        count(summary.recorded.len() as u64)
    );
    if summary.files == 0 {
        let already = counted(summary.recorded.len() as u64, "file");
        text = format!("Would record nothing new: {already} recorded before.\n");
    } else {
        for line in summary.lines(&walked.files) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push_str(&exceptions.text());
    if summary.files > 0 {
        text.push_str(&in_short::text(summary));
    }
    let mut fields = files_json(walked, summary, &exceptions);
    fields["dry_run"] = json!(true);
    let answer = Answer::new("add", text, fields).with_exit(exceptions.exit);
    match exceptions.next() {
        Some(next) => answer.and_next(next),
        None if summary.files == 0 => answer,
        None => answer.and_next("the same command without --dry-run"),
    }
}
