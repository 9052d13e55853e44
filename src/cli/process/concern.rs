//! `treering concern`: raise, answer, close.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::concern::{About, CloseOutcome};

/// `treering concern …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Say that something is not as it should be
    Raise(RaiseArgs),
    /// Answer a concern
    Answer(AnswerArgs),
    /// Say that a concern was handled; not for the party it is about
    Close(CloseArgs),
}

/// Arguments of `treering concern raise`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key new fiona --for stakeholder --to .       a key of one's own, on a stick
  treering concern raise \"The fence cuts the old path.\" --about site \\
      --keys . --card card.json -o concern.statement")]
pub struct RaiseArgs {
    /// The concern, for people; no personal data
    concern: String,
    /// What it is about
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(About::WORDS))]
    about: String,
    /// A statement it is about
    #[arg(long, value_name = "REF")]
    statement: Vec<String>,
    /// An indicator it bears on
    #[arg(long, value_name = "ID")]
    indicator: Vec<String>,
    /// Evidence for it: an anchor
    #[arg(long, value_name = "REF")]
    on: Vec<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering concern answer`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering concern answer @37 \"A gate will be built in spring.\" --on @41")]
pub struct AnswerArgs {
    /// The concern
    concern: String,
    /// The answer, for people; no personal data
    answer: String,
    /// Evidence for it: an anchor
    #[arg(long, value_name = "REF")]
    on: Vec<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering concern close`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering concern close @37 --outcome resolved --reason \"The gate is there.\" --key carla")]
pub struct CloseArgs {
    /// The concern
    concern: String,
    /// What came of it
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(CloseOutcome::WORDS))]
    outcome: String,
    /// Why, for people; no personal data
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    sign: SignArgs,
}

/// Runs a concern command.
pub fn run(context: &Context, command: Command) -> Outcome {
    let sign = |args: &SignArgs, kind, entry: Entry| {
        say(context, args, form(kind), "concern", |_| Ok(entry.table()))
    };
    match command {
        Command::Raise(args) => {
            let entry = Entry::default()
                .with("about", args.about)
                .with("concern", args.concern)
                .list("statements", &args.statement)
                .list("indicators", &args.indicator)
                .list("evidence", &args.on);
            sign(&args.sign, "concern.raise", entry)
        }
        Command::Answer(args) => {
            let entry = Entry::default()
                .with("concern", args.concern)
                .with("answer", args.answer)
                .list("evidence", &args.on);
            sign(&args.sign, "concern.answer", entry)
        }
        Command::Close(args) => {
            let entry = Entry::default()
                .with("concern", args.concern)
                .with("outcome", args.outcome)
                .with("reason", args.reason);
            sign(&args.sign, "concern.close", entry)
        }
    }
}
