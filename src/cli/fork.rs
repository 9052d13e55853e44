//! `treering fork`: proofs that two histories of one ledger were signed, and what people decide.

use std::fmt::Write;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::card::read_card;
use super::exit::Exit;
use super::given_file::{self, Kind};
use super::known::ledger_id;
use super::own_store::mirror_store;
use super::statement_text::summary;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock};
use crate::exchange::mirror::resolve;
use crate::report::words::{counted, safe, time};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::fork_file::{ForkFault, ForkFile, MAX_FORK_BYTES, Side};
use crate::statement::key::KeyId;
use crate::store::forks::{ForkRecord, Resolution, letter};
use crate::store::record::time_text;
use crate::tlog::ed25519::PublicKey;
use crate::tlog::fork::NotAFork;

/// `treering fork …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The proofs in this store
    List(ListArgs),
    /// One proof: who signed what, and where the histories part
    Show(ShowArgs),
    /// Judge a proof from its file, with nothing else
    Check(CheckArgs),
    /// Decide which history stands, so that syncing goes on
    Resolve(ResolveArgs),
}

/// Arguments of `treering fork list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Arguments of `treering fork show`.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The proof's name, or how it begins
    id: String,
}

/// Arguments of `treering fork check`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering fork check 9c1f2a….fork                   says which ledger it is about
  treering fork check 9c1f2a….fork --card card.json  it must be this one")]
pub struct CheckArgs {
    /// The proof's file
    file: PathBuf,
    /// The site card of the ledger that it must be about
    #[arg(long, value_name = "CARD", conflicts_with = "ledger_id")]
    card: Option<PathBuf>,
    /// The id of that ledger
    #[arg(long, value_name = "ID")]
    ledger_id: Option<String>,
}

/// Arguments of `treering fork resolve`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering fork resolve 9c1f --keep A --reason \"stolen laptop; told by telephone, 3 March\"")]
#[command(after_help = "\
A program cannot know which of two signed histories is the true one. Ask the people of the site, and \
others who hold copies. The proof and the reason stay in this store for ever.")]
pub struct ResolveArgs {
    /// The proof's name, or how it begins
    id: String,
    /// The history that stands: A, that of the smaller checkpoint, or B, that of the larger
    #[arg(long, value_name = "A|B", value_parser = ["A", "B"])]
    keep: String,
    /// Why, in your words
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Runs a fork command.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::List(_) => list(context),
        Command::Show(args) => show(context, &args.id),
        Command::Check(args) => check(args),
        Command::Resolve(args) => decide(context, args),
    }
}

fn list(context: &Context) -> Outcome {
    let shelf = mirror_store(context, "fork list")?;
    let (mut text, mut rows, mut open) = (String::new(), Vec::<Value>::new(), false);
    for fork in shelf.forks.list()? {
        let (a, b) = (fork.file.proof.smaller().tree(), fork.file.proof.larger().tree());
        let standing = standing(&fork.record);
        open |= fork.record.resolution.is_none();
        let _ = writeln!(
            text,
            "{}  FORKED  A at {}, B at {}; found {}\n  ledger {}\n  {standing}",
            fork.id,
            a.size,
            b.size,
            time(fork.record.found.as_second()),
            fork.record.ledger,
        );
        let mut row = record_json(&fork.record);
        row["id"] = json!(fork.id.as_str());
        row["file"] = json!(shelf.forks.path(&fork.id).display().to_string());
        row["a"] = json!({ "size": a.size.0, "root": a.root.to_string() });
        row["b"] = json!({ "size": b.size.0, "root": b.root.to_string() });
        rows.push(row);
    }
    if rows.is_empty() {
        text = "No fork was found.\n".into();
    }
    let exit = if open { Exit::Fork } else { Exit::Done };
    Ok(Answer::new("fork", text, json!({ "forks": rows })).with_exit(exit))
}

fn standing(record: &ForkRecord) -> String {
    match &record.resolution {
        Some(Resolution { at, keep, reason }) => format!(
            "resolved {}: {} stands, because: {}",
            time(at.as_second()),
            letter(*keep),
            safe(reason)
        ),
        None if record.freezes => "the ledger is frozen here until people have decided".into(),
        None => "one side was signed with a key since retired; nothing is frozen".into(),
    }
}

fn record_json(record: &ForkRecord) -> Value {
    json!({
        "ledger": record.ledger.to_string(),
        "found": time_text(record.found),
        "by": record.by,
        "freezes": record.freezes && record.resolution.is_none(),
        "resolution": record.resolution.as_ref().map(|resolution| json!({
            "at": time_text(resolution.at),
            "keep": letter(resolution.keep),
            "reason": resolution.reason,
        })),
    })
}

fn show(context: &Context, id: &str) -> Outcome {
    let shelf = mirror_store(context, "fork show")?;
    let fork = shelf.forks.find(id)?;
    let path = shelf.forks.path(&fork.id);
    let held_before = Some(!fork.record.freezes);
    let mut answer = judged(&fork.file, Some(fork.record.ledger), held_before)?;
    let _ = writeln!(
        answer.text,
        "\nfound   {} by {}\n        {}\nfile    {}",
        time(fork.record.found.as_second()),
        safe(&fork.record.by),
        standing(&fork.record),
        path.display()
    );
    answer.json["record"] = record_json(&fork.record);
    let next = match fork.record.resolution {
        None if fork.record.freezes => format!(
            "give the file to everybody who holds this ledger (treering fork check FILE); then \
             treering fork resolve {} --keep A|B --reason …",
            fork.id
        ),
        _ => "give the file to everybody who holds this ledger (treering fork check FILE)".into(),
    };
    Ok(answer.and_next(&next))
}

fn check(args: CheckArgs) -> Outcome {
    let bytes = given_file::read(&args.file, Kind::Fork, MAX_FORK_BYTES)?;
    if given_file::is_another(Kind::Fork, &bytes).is_some() {
        return Err(given_file::not_one(&args.file, Kind::Fork, &bytes, ""));
    }
    let file = ForkFile::read(&bytes)
        .map_err(|why| given_file::not_one(&args.file, Kind::Fork, &bytes, why))?;
    let pinned = match (&args.card, &args.ledger_id) {
        (Some(card), _) => Some(read_card(card)?.ledger()),
        (None, Some(id)) => Some(ledger_id(id)?),
        (None, None) => None,
    };
    let mut answer = judged(&file, pinned, None)?;
    if pinned.is_none() {
        answer.text.push_str(
            "NOT CHECKED: that this is the ledger you have in mind; compare the id with its card\n",
        );
    }
    Ok(answer)
}

/// A proof, judged. Exit 5 if it holds: that is what it proves.
fn judged(file: &ForkFile, pinned: Option<LedgerId>, retired_counts: Option<bool>) -> Outcome {
    let checked = file.check(pinned).map_err(|why| {
        let (exit, next) = match &why {
            ForkFault::NotAFork(NotAFork::Unexplained | NotAFork::UnexplainedByProof(_)) => (
                Exit::Incomplete,
                "this shows nothing yet: ask for the consistency proof that ties the trees",
            ),
            _ => (Exit::Finding, "the proof was damaged or made up; ask for it again"),
        };
        Failure::new(exit, "the file proves no fork", why, next)
    })?;
    let (a, b) = (file.proof.smaller(), file.proof.larger());
    let genesis = checked.authority.genesis();
    let mut text = format!("{}\nledger {}\n\n", safe(&genesis.name), checked.ledger);
    for (side, checkpoint, signers) in
        [("A", a, &checked.smaller_signed_by), ("B", b, &checked.larger_signed_by)]
    {
        let tree = checkpoint.tree();
        let _ = writeln!(
            text,
            "{side}  {:<16} root {}\n   signed by the log key {}",
            counted(tree.size.0, "statement"),
            tree.root,
            signers.iter().map(key_words).collect::<Vec<_>>().join(" and ")
        );
    }
    match file.proof.prefix() {
        None => text.push_str("\nBoth are of the same size, and their roots differ.\n"),
        Some(prefix) => {
            let _ = writeln!(
                text,
                "\nB's own tree has another root at {}:\n   {}",
                counted(a.tree().size.0, "statement"),
                prefix.root
            );
        }
    }
    if let Some(difference) = &file.difference {
        let what = |bytes: &[u8]| match Statement::read(bytes.to_vec()) {
            Ok(statement) => {
                let (kind, said) = (&statement.header.typ.kind, summary(&statement));
                format!("{kind}, {said}, its clock said {}", time(statement.header.issued_at))
            }
            Err(_) => "an entry that is no statement".into(),
        };
        let _ = writeln!(
            text,
            "The histories part at statement {}:\n   A  {}\n   B  {}",
            difference.position,
            what(&difference.smaller.bytes),
            what(&difference.larger.bytes)
        );
    }
    let retired = checked.retired.filter(|_| retired_counts.unwrap_or(true));
    let word = if retired.is_some() { "FORK, KEY SINCE RETIRED" } else { "FORK" };
    let sentence = match retired {
        None => "the ledger's log signed two histories that cannot both be true".to_string(),
        Some(side) => format!(
            "{} is signed only by a log key that the ledger has retired since: a fork, if somebody held \
             it before that; else whoever got hold of the old key may have made it",
            letter(side)
        ),
    };
    let _ = writeln!(text, "\nFORKED   {word}: {sentence}.");
    let fields = json!({
        "verdict": word,
        "ledger": checked.ledger.to_string(),
        "name": genesis.name,
        "a": side_json(a, &checked.smaller_signed_by),
        "b": side_json(b, &checked.larger_signed_by),
        "prefix_root": file.proof.prefix().map(|prefix| prefix.root.to_string()),
        "parts_at": file.difference.as_ref().map(|difference| difference.position.0),
        "retired": retired.map(letter),
    });
    Ok(Answer::new("fork", text, fields).with_exit(Exit::Fork))
}

fn key_words(key: &PublicKey) -> String {
    KeyId::of(key).to_string()[..16].to_string()
}

fn side_json(checkpoint: &crate::tlog::checkpoint::SignedCheckpoint, keys: &[PublicKey]) -> Value {
    let tree = checkpoint.tree();
    json!({
        "size": tree.size.0,
        "root": tree.root.to_string(),
        "signed_by": keys.iter().map(|key| KeyId::of(key).to_string()).collect::<Vec<_>>(),
    })
}

fn decide(context: &Context, args: ResolveArgs) -> Outcome {
    let shelf = mirror_store(context, "fork resolve")?;
    let fork = shelf.forks.find(&args.id)?;
    let keep = if args.keep == "A" { Side::Smaller } else { Side::Larger };
    let resolution = Resolution { at: clock::now(), keep, reason: args.reason.clone() };
    let set_aside = resolve(&shelf, &fork, resolution)?;
    let mut text = format!("{} stands, by your word. Syncing this ledger goes on.\n", args.keep);
    if let Some(folder) = &set_aside {
        let _ = writeln!(
            text,
            "The copy here was of the other history; it is kept in {} and fetched anew.",
            folder.display()
        );
    }
    let fields = json!({
        "id": fork.id.as_str(),
        "keep": args.keep,
        "set_aside": set_aside.map(|folder| folder.display().to_string()),
    });
    Ok(Answer::new("fork", text, fields).and_next("treering sync"))
}
