//! `treering export`: proofs in other formats.

use std::path::PathBuf;

use serde_json::json;

use super::export_camtrap::{self, HashesArgs};
use super::output::{self, Overwrite};
use super::own_store::OwnStore;
use super::voice::Answer;
use super::{Context, Outcome};
use crate::store::public::PublicError;
use crate::tlog::merkle::{Node, prove_inclusion};
use crate::tlog::proof::LogProof;

/// `treering export …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// The inclusion proof of one statement as a C2SP .tlog-proof file
    TlogProof(TlogProofArgs),
    /// Hash and size of the media of a Camtrap DP package, as one more table of it
    CamtrapDpHashes(HashesArgs),
}

/// Arguments of `treering export tlog-proof`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering export tlog-proof @3
  treering export tlog-proof 5f0c22ab -o statement.tlog-proof")]
pub struct TlogProofArgs {
    /// @position in this ledger, or 8 or more digits of a statement's id
    reference: String,
    /// Where to write it [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Exports.
pub fn run(context: &Context, command: Command) -> Outcome {
    let args = match command {
        Command::TlogProof(args) => args,
        Command::CamtrapDpHashes(args) => return export_camtrap::run(context, args),
    };
    let own = OwnStore::find(context)?;
    let (position, statement) = own.resolve(&args.reference)?;
    let checkpoint = own.newest_head("export")?;
    let size = checkpoint.tree().size;
    let hashes = prove_inclusion::<PublicError>(position, size, |nodes: &[Node]| {
        own.folder.nodes(nodes, size)
    })?;
    let proof = LogProof::new(position, hashes, checkpoint).to_string();
    let fields = json!({
        "position": position.0, "id": statement.id().to_string(), "proof": &proof,
    });
    let text = match &args.output {
        None => proof,
        Some(path) => {
            output::write(path, &proof, args.overwrite)?;
            output::warn_among_evidence(context, &own, path);
            format!("Wrote {}\n", path.display())
        }
    };
    Ok(Answer::new("export", text, fields))
}
