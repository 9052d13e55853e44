//! `treering decide`: the committee decides.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::decision::{DecisionOutcome, Step};

/// Arguments of `treering decide`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering decide listing --outcome accepted --day 2026-06-12 --recommendation @33 --review @35
  treering decide suspension --outcome accepted --day 2029-01-10 --concern @60")]
#[command(after_help = "\
The decision names the evidence that the review names, or else the first recommendation.")]
pub struct Args {
    /// The step
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Step::WORDS))]
    step: String,
    /// The decision
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(DecisionOutcome::WORDS))]
    outcome: String,
    /// The day of the decision
    #[arg(long, value_name = "DAY")]
    day: String,
    /// A recommendation before it
    #[arg(long, value_name = "REF")]
    recommendation: Vec<String>,
    /// The reviewer's check before it
    #[arg(long, value_name = "REF")]
    review: Option<String>,
    /// A concern it answers to
    #[arg(long, value_name = "REF")]
    concern: Vec<String>,
    /// What is to be done
    #[arg(long, value_name = "TEXT")]
    condition: Vec<String>,
    /// For people; no personal data
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Decides.
pub fn run(context: &Context, args: Args) -> Outcome {
    say(context, &args.sign, form("decision"), "decide", |_| {
        let dossier = args.review.clone().or_else(|| args.recommendation.first().cloned());
        let entry = Entry::default()
            .with("step", args.step.as_str())
            .with("outcome", args.outcome.as_str())
            .with("day", args.day.as_str())
            .maybe("dossier", &dossier)
            .list("recommendations", &args.recommendation)
            .maybe("review", &args.review)
            .list("concerns", &args.concern)
            .list("conditions", &args.condition)
            .maybe("note", &args.note);
        Ok(entry.table())
    })
}
