//! `treering erase`: takes recorded files out of every manifest here, for good, and says so in the ledger.
//!
//! The order, and why:
//!
//! ```text
//! 1  evidence.erase is signed and filed   from here on every copy of the ledger says: erased
//! 2  drafts, index, published manifest    what could still lead to the file
//! 3  the private manifest, last           until it is rewritten it tells which file the row was
//! 4  the index is made anew
//! ```
//!
//! A power cut after 1 leaves a row that the ledger calls erased and that still stands here: audits answer
//! ERASED, and the same command (or `erase --apply`) finishes. The other way round it would leave a row
//! gone without a word, which looks like tampering, and nobody could tell any more which rows were meant.

mod apply;
mod ground;
mod notice;
mod target;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

use serde_json::{Value, json};

use super::exit::Exit;
use super::failures::{unwritable, usage};
use super::filing::{self, Filing};
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::ledger::book::Book;
use crate::report::words::{counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::StatementRef;
use crate::statement::bodies::evidence::Erase;
use apply::{Applied, ErasedAnchor};
use target::Target;

/// Arguments of `treering erase`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering erase evidence/IMG_0042.JPG --ground consent-withdrawn
  treering erase @3#17 --ground court-order --notice for-partners.json
  treering erase --apply                       finish what was interrupted
  treering erase --apply --copy ledgers/park --manifests from-park    as a partner")]
#[command(after_help = ground::HELP)]
pub struct Args {
    /// A recorded file, the SHA-256 of one, or a row: @3#17 is row 17 of statement 3
    #[arg(required_unless_present = "apply", value_name = "FILE-REF")]
    files: Vec<String>,
    /// Why, as one of the words below, or a few words without anything personal
    #[arg(long, value_name = "TEXT", required_unless_present = "apply")]
    ground: Option<String>,
    /// Take out what the ledger says was erased, and sign nothing
    #[arg(long, conflicts_with_all = ["files", "ground"])]
    apply: bool,
    /// With --apply: the public folder of a ledger that you keep a copy of
    #[arg(long, value_name = "DIR", requires = "apply")]
    copy: Option<PathBuf>,
    /// Another folder with manifests, named by their roots
    #[arg(long, value_name = "DIR")]
    manifests: Vec<PathBuf>,
    /// Write a file that tells partners what to take out
    #[arg(long, value_name = "OUT")]
    notice: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Say what would be erased, and erase nothing
    #[arg(long)]
    dry_run: bool,
    /// The key to sign with, where several may
    #[arg(long, value_name = "NAME")]
    key: Option<String>,
    /// Read the key's past from the ledger, because its chain file was lost or is old
    #[arg(long)]
    resume_chain: bool,
}

/// Erases the files.
pub fn run(context: &Context, args: Args) -> Outcome {
    if args.apply {
        return match &args.copy {
            Some(copy) => apply::in_copy(copy, &args.manifests),
            None => apply::in_own_store(context, &args.manifests),
        };
    }
    let mut filing = Filing::begin(context, "erase")?;
    let placeholder = Body::Erase(Erase {
        anchor: StatementRef::here(crate::tlog::hash::Hash([0; 32])),
        rows: vec![0],
        ground: String::new(),
    });
    let authority = filing.writer.book().authority();
    let key = filing::key_for(&filing.keyring, authority, &placeholder, args.key.as_deref())?;
    if !args.resume_chain && !args.dry_run {
        filing.finish_interrupted(&key)?;
    }
    let targets = target::resolve(&filing.own, filing.writer.book(), &args.files)?;
    let ground = ground::check(args.ground.as_deref().unwrap_or_default(), &targets)?;
    let said = apply::tombstones(&filing.own.folder, filing.writer.book())?;
    let unsaid = without_erased(targets, &said);
    if args.dry_run {
        return Ok(dry_run(&unsaid));
    }
    if !unsaid.is_empty() {
        confirm(context, args.yes, &unsaid)?;
    }
    let mut filed = Vec::new();
    for target in &unsaid {
        let body = Body::Erase(Erase {
            anchor: StatementRef::here(target.anchor),
            rows: target.rows.iter().copied().collect(),
            ground: ground.clone(),
        });
        let appended = filing.sign_and_file(&key, body.into(), args.resume_chain)?;
        filed.push(appended.first);
    }
    let said = apply::tombstones(&filing.own.folder, filing.writer.book())?;
    let applied = apply::to_store(&filing.own, filing.writer.book(), &said, &args.manifests)?;
    if unsaid.is_empty() && applied.rows == 0 {
        return Ok(nothing_left(&args.files));
    }
    let notice = notice::of(&filing.own, filing.writer.book(), &said)?;
    if let Some(place) = &args.notice {
        let text = format!("{notice:#}\n");
        std::fs::write(place, text).map_err(|why| unwritable(place, why))?;
    }
    Ok(done(&unsaid, &filed, &applied, notice, args.notice.as_deref()))
}

/// How many rows the ledger says were erased.
pub fn erased_rows(own: &OwnStore, book: &Book) -> Result<usize, Failure> {
    let said = apply::tombstones(&own.folder, book)?;
    Ok(said.iter().map(|anchor| anchor.rows.len()).sum())
}

/// The rows that no tombstone names yet.
fn without_erased(targets: Vec<Target>, said: &[ErasedAnchor]) -> Vec<Target> {
    let left = |mut target: Target| {
        for done in said.iter().filter(|done| done.anchor == target.anchor) {
            target.rows.retain(|row| !done.rows.contains(row));
        }
        (!target.rows.is_empty()).then_some(target)
    };
    targets.into_iter().filter_map(left).collect()
}

fn confirm(context: &Context, yes: bool, targets: &[Target]) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let rows: usize = targets.iter().map(|target| target.rows.len()).sum();
    let not_asked = |why: &str| {
        usage("nothing was erased", why, "add --yes, or --dry-run to see what would be erased")
    };
    if context.global.no_input || context.voice.json || !std::io::stdin().is_terminal() {
        return Err(not_asked("an erasure cannot be undone, and nobody is at the keyboard to ask"));
    }
    context.voice.note(&format!(
        "This takes {} out of the manifests here, for good. Type ERASE to go on:",
        counted(rows as u64, "row")
    ));
    let mut typed = String::new();
    let read = std::io::stdin().lock().read_line(&mut typed);
    match read.is_ok() && typed.trim() == "ERASE" {
        true => Ok(()),
        false => Err(not_asked("it was not confirmed")),
    }
}

fn rows_text(rows: &BTreeSet<u64>) -> String {
    let first: Vec<String> = rows.iter().take(5).map(u64::to_string).collect();
    match rows.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

fn targets_json(targets: &[Target]) -> Value {
    let one = |target: &Target| {
        json!({ "statement": target.position.0, "anchor": target.anchor.to_string(),
                "root": target.root.to_string(), "rows": target.rows })
    };
    targets.iter().map(one).collect()
}

fn dry_run(targets: &[Target]) -> Answer {
    let mut text = String::new();
    for target in targets {
        let _ = writeln!(
            text,
            "Would erase row {} of statement {}: {}",
            rows_text(&target.rows),
            target.position,
            safe(&target.title)
        );
    }
    if targets.is_empty() {
        text.push_str("Nothing to erase: the ledger says of all of it that it was erased.\n");
    }
    let fields = json!({ "would_erase": targets_json(targets) });
    Answer::new("erase-planned", text, fields).and_next("the same command without --dry-run")
}

fn nothing_left(files: &[String]) -> Answer {
    let text = format!("Nothing left to erase of {}: it was done before.\n", files.join(", "));
    Answer::new("erase", text, json!({ "erased": [], "statements": [], "rows_taken_out": 0 }))
        .and_next("treering audit --files DIR answers ERASED for it")
}

fn done(
    targets: &[Target],
    filed: &[crate::tlog::hash::Position],
    applied: &Applied,
    notice: Value,
    written: Option<&std::path::Path>,
) -> Answer {
    let mut text = String::new();
    for (target, position) in targets.iter().zip(filed) {
        let _ = writeln!(
            text,
            "ERASED  row {} of statement {} ({}); statement {position} says so",
            rows_text(&target.rows),
            target.position,
            safe(&target.title)
        );
    }
    if targets.is_empty() {
        text.push_str("Finished what the ledger already said.\n");
    }
    text.push_str(&applied.text());
    text.push_str(
        "  each row stands as its hash alone: all other proofs hold, audits answer ERASED\n\
         Still to be done by you, since treering touches no evidence and no copy elsewhere:\n",
    );
    let files: BTreeSet<&String> = targets.iter().flat_map(|target| &target.names).collect();
    for file in files.iter().take(10) {
        let _ = writeln!(
            text,
            "  delete the file {} and its copies, or the next add records it again",
            safe(file)
        );
    }
    if files.is_empty() {
        text.push_str("  delete the file and its copies, or the next add records it again\n");
    }
    text.push_str(
        "  second copies and backups of .treering/manifests\n\
         \u{20} receipts and disclosures that were handed out and show it\n\
         \u{20} partners who hold a manifest: they take in the ledger as it is now, then run\n\
         \u{20}     treering erase --apply --copy LEDGER --manifests DIR\n",
    );
    for target in targets.iter().filter(|target| target.title_tells) {
        let _ = writeln!(
            text,
            "The title of statement {} holds the file's name. A statement cannot be changed; choose \
             titles without names.",
            target.position
        );
    }
    if let Some(place) = written {
        let _ = writeln!(text, "Wrote {}: hand it to them.", place.display());
    }
    let fields = json!({
        "erased": targets_json(targets),
        "statements": filed.iter().map(|position| position.0).collect::<Vec<_>>(),
        "rows_taken_out": applied.rows,
        "drafts": applied.drafts,
        "notice": notice,
    });
    let exit = match targets.iter().any(|target| target.title_tells) {
        true => Exit::Incomplete,
        false => Exit::Done,
    };
    Answer::new("erase", text, fields)
        .and_next("treering head, and send the line to whoever keeps it")
        .with_exit(exit)
}
