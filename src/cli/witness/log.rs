//! `treering witness log`: the logs that this witness watches.

use std::path::Path;

use serde_json::{Value, json};

use super::{incarnation, open, places};
use crate::cli::card::read_card;
use crate::cli::failures::usage;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome, clock};
use crate::exchange::witness::{Watched, watch};
use crate::report::words::{rfc3339, safe, time};
use crate::tlog::checkpoint::Origin;
use crate::tlog::note::VerifierKey;

/// `treering witness log …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Watch a log: cosign what its key signs, as long as it never contradicts itself
    Add(AddArgs),
    /// The logs that are watched
    List(ListArgs),
    /// Go on with a log that contradicted itself, once people have settled why
    Release(ReleaseArgs),
}

/// Arguments of `treering witness log add`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering witness log add card.json                          the site's card
  treering witness log add 'treering/9c1f…+0a1b2c3d+AT…'      the log key on it")]
pub struct AddArgs {
    /// The log's verifier key, or a site card that has it
    #[arg(value_name = "VKEY|CARD")]
    key: String,
    /// The first line of the log's checkpoints, where it is not the key's name
    #[arg(long)]
    origin: Option<String>,
}

/// Arguments of `treering witness log list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Arguments of `treering witness log release`.
#[derive(Debug, clap::Args)]
pub struct ReleaseArgs {
    /// The log's origin
    origin: String,
}

/// Does what was asked.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Add(args) => add(context, args),
        Command::List(_) => list(context),
        Command::Release(args) => release(context, args),
    }
}

fn add(context: &Context, args: AddArgs) -> Outcome {
    let own = OwnStore::find(context)?;
    let key = key_of(&args.key)?;
    let origin = parse_origin(args.origin.as_deref().unwrap_or(key.name().as_str()))?;
    let places = places(&own, "witness log add")?;
    let identity = places.identity()?;
    let new = watch(&places, &identity, &origin, key.clone(), incarnation())?;
    let text = match new {
        true => {
            format!("Watches {} under the key {}+{}\n", safe(origin.as_str()), key.name(), key.id())
        }
        false => format!("Watched before: {} under this key\n", safe(origin.as_str())),
    };
    let fields = json!({ "origin": origin.to_string(), "vkey": key.to_string(), "new": new });
    Ok(Answer::new("witness", text, fields).and_next(
        "treering serve --witness, or treering witness cosign FILE for a request on a stick",
    ))
}

fn key_of(text: &str) -> Result<VerifierKey, Failure> {
    let key = match VerifierKey::parse(text) {
        Err(_) if Path::new(text).is_file() => {
            VerifierKey::parse(&read_card(Path::new(text))?.log_vkey)
        }
        parsed => parsed,
    };
    key.map_err(|why| {
        usage(
            "this is no verifier key",
            why,
            "copy the log key from the site's card, or name the card",
        )
    })
}

fn parse_origin(text: &str) -> Result<Origin, Failure> {
    Origin::new(text).map_err(|why| usage("this is no origin", why, "copy it from the site's card"))
}

fn list(context: &Context) -> Outcome {
    let own = OwnStore::find(context)?;
    let logs = places(&own, "witness log list")?.logs()?;
    let rows = logs.iter().map(|log| format!("{}  {}\n", safe(log.origin.as_str()), state(log)));
    let text = match logs.is_empty() {
        true => "No log is watched yet. treering witness log add VKEY\n".to_string(),
        false => rows.collect(),
    };
    let logs: Vec<Value> = logs.iter().map(as_json).collect();
    Ok(Answer::new("witness", text, json!({ "logs": logs })))
}

fn release(context: &Context, args: ReleaseArgs) -> Outcome {
    let own = OwnStore::find(context)?;
    let origin = parse_origin(&args.origin)?;
    let released =
        open(context, &own, "witness log release")?.release(&origin, clock::cosignature_time()?)?;
    let text = match released {
        true => format!(
            "Cosigns {} again. Both checkpoints stay in {}.\n",
            safe(origin.as_str()),
            own.store.witness().display()
        ),
        false => format!(
            "{} never contradicted itself here: nothing to release.\n",
            safe(origin.as_str())
        ),
    };
    Ok(Answer::new("witness", text, json!({ "origin": origin.to_string(), "released": released })))
}

/// What was cosigned last, in words.
pub fn state(log: &Watched) -> String {
    match log.mark.is_something() {
        true => format!(
            "size {}, {}",
            log.mark.head.tree.size,
            time(i64::try_from(log.mark.time.seconds()).unwrap_or(i64::MAX))
        ),
        false => "nothing cosigned yet".into(),
    }
}

/// A log for programs.
pub fn as_json(log: &Watched) -> Value {
    let something = log.mark.is_something().then_some(&log.mark);
    json!({
        "origin": log.origin.to_string(),
        "origin_sha256": log.origin_hash().to_string(),
        "keys": log.keys.iter().map(VerifierKey::to_string).collect::<Vec<_>>(),
        "size": something.map(|mark| mark.head.tree.size.0),
        "root": something.map(|mark| mark.head.tree.root.to_string()),
        "time": something.and_then(|mark| i64::try_from(mark.time.seconds()).ok()).map(rfc3339),
    })
}
