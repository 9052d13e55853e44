//! `treering review`: a reviewer looked at how a recommendation came about.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::decision::{CheckOutcome, Step};

/// Arguments of `treering review`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering review listing --of @33 --of @34 --outcome followed --key carla
  treering review listing --of @33 --outcome sent-back --point \"no visit is recorded\"")]
#[command(after_help = "\
The check names the evidence that the first recommendation names, so that both speak of the same.")]
pub struct Args {
    /// The step
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Step::WORDS))]
    step: String,
    /// A recommendation that was looked at
    #[arg(long, required = true, value_name = "REF")]
    of: Vec<String>,
    /// What was found
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(CheckOutcome::WORDS))]
    outcome: String,
    /// What is to be done first
    #[arg(long, value_name = "TEXT")]
    point: Vec<String>,
    /// For people; no personal data
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Reviews.
pub fn run(context: &Context, args: Args) -> Outcome {
    say(context, &args.sign, form("review.check"), "review", |_| {
        let entry = Entry::default()
            .with("step", args.step.as_str())
            .with("outcome", args.outcome.as_str())
            .with("dossier", args.of[0].as_str())
            .list("recommendations", &args.of)
            .list("points", &args.point)
            .maybe("note", &args.note);
        Ok(entry.table())
    })
}
