//! `treering witness resume`: lets a copied or restored witness cosign again.

use std::path::PathBuf;

use serde_json::json;

use super::{incarnation, open};
use crate::cli::failures::usage;
use crate::cli::given_file::{self, Kind};
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Answer;
use crate::cli::{Context, Outcome};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::note::NOTE_BYTES_MAX;

/// Arguments of `treering witness resume`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering witness resume --from park-a.checkpoint --from park-b.checkpoint --nobody-holds-more")]
#[command(after_help = "\
A witness that was copied or restored must not sign: the other copy may have cosigned a tree that \
contradicts what this one would cosign. Ask every log for the newest checkpoint that bears this witness's \
line, and name those files.")]
pub struct Args {
    /// A checkpoint that bears this witness's own cosignature, as a log or a monitor kept it
    #[arg(long, value_name = "FILE")]
    from: Vec<PathBuf>,
    /// Say that you asked, and nobody holds a later one
    #[arg(long)]
    nobody_holds_more: bool,
}

/// Takes up the newest that is known.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    if !args.nobody_holds_more {
        return Err(usage(
            "nothing was resumed",
            "nobody has said that no later cosignature of this witness exists",
            "ask the logs that it watches, name what they send with --from, and add --nobody-holds-more",
        ));
    }
    let witness = open(context, &own, "witness resume")?;
    let mut shown = Vec::new();
    for path in &args.from {
        let bytes = given_file::read(path, Kind::Head, NOTE_BYTES_MAX)?;
        let checkpoint = SignedCheckpoint::parse(&bytes)
            .map_err(|why| given_file::not_one(path, Kind::Head, &bytes, why))?;
        if checkpoint.note().check([witness.identity().vkey()]).is_err() {
            return Err(usage(
                format!("{} says nothing of this witness", path.display()),
                "no line on it is by this witness's key",
                "leave it out",
            ));
        }
        shown.push(checkpoint);
    }
    let resumed = witness.resume(&shown, incarnation)?;
    let text = match resumed.as_slice() {
        [] => "Every log stood where this computer remembers it: nothing to resume.\n".to_string(),
        logs => logs.iter().map(|log| format!("Goes on with {log}\n")).collect(),
    };
    Ok(Answer::new("witness", text, json!({ "resumed": resumed }))
        .and_next("treering witness status"))
}
