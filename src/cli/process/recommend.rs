//! `treering recommend`: what a member of the assessment group recommends.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::decision::{Advice, Step};

/// Arguments of `treering recommend`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering recommend listing --outcome for --finding @20 --finding @21 --key ben
  treering recommend listing --outcome for --with @33 --key eva      the same evidence as @33")]
#[command(after_help = "\
Each member signs their own. Those for the same step, outcome, evidence and catalogue count together.")]
pub struct Args {
    /// The step
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Step::WORDS))]
    step: String,
    /// What is recommended
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Advice::WORDS))]
    outcome: String,
    /// A finding it rests on
    #[arg(long, value_name = "REF")]
    finding: Vec<String>,
    /// On the same evidence as another recommendation [default: as the ledger stands now]
    #[arg(long, value_name = "REF")]
    with: Option<String>,
    /// What is to be done
    #[arg(long, value_name = "TEXT")]
    condition: Vec<String>,
    /// For people; no personal data
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Recommends.
pub fn run(context: &Context, args: Args) -> Outcome {
    say(context, &args.sign, form("assess.recommend"), "recommend", |_| {
        let dossier = args.with.as_deref().unwrap_or("now");
        let entry = Entry::default()
            .with("step", args.step.as_str())
            .with("outcome", args.outcome.as_str())
            .with("dossier", dossier)
            .list("findings", &args.finding)
            .list("conditions", &args.condition)
            .maybe("note", &args.note);
        Ok(entry.table())
    })
}
