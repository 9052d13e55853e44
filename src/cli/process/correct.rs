//! `treering correct`: a statement no longer stands as it was said.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::{Context, Outcome};

/// Arguments of `treering correct`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering correct @12 --reason \"two cameras were mixed up\" --by-statement @14")]
#[command(after_help = "\
Nothing is taken away: both statements stay, and reports show that the first stands no more.")]
pub struct Args {
    /// The statement: @position, or 8 or more digits of its id
    reference: String,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// What stands in its place
    #[arg(long, value_name = "REF")]
    by_statement: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Corrects.
pub fn run(context: &Context, args: Args) -> Outcome {
    say(context, &args.sign, form("correction"), "correct", |_| {
        let entry = Entry::default()
            .with("statement", args.reference.as_str())
            .with("reason", args.reason.as_str())
            .maybe("replaced_by", &args.by_statement);
        Ok(entry.table())
    })
}
