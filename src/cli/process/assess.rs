//! `treering assess`: what the site, or an assessor, finds of an indicator.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say_all};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::assessment::Verdict;

/// Arguments of `treering assess`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering assess 3.7.1 --verdict met --on @3 --on @4 --note \"counted every month\"
  treering assess 1.3.2 --verdict not-applicable --note \"there are no concessions\"
  treering assess 3.7.1 --verdict partly --on @3 --sample @9 --key ben
  treering assess 3.7.1 --verdict met --on @3 --ledger /media/stick/park --keys . -o finding.statement")]
#[command(after_help = "\
A recorder's or supervisor's key says it for the site of itself (assess.self), an assessor's key as a \
finding (assess.indicator).")]
pub struct Args {
    /// The indicator, by its id in the catalogue
    indicator: String,
    /// What was found
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Verdict::WORDS))]
    verdict: String,
    /// The evidence it rests on: an anchor
    #[arg(long, value_name = "REF")]
    on: Vec<String>,
    /// The result of a sample it rests on
    #[arg(long, value_name = "REF")]
    sample: Vec<String>,
    /// The period it speaks of; UNTIL is the day after the last
    #[arg(long, value_name = "FROM..UNTIL")]
    period: Option<String>,
    /// Why, for people; no personal data
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Assesses.
pub fn run(context: &Context, args: Args) -> Outcome {
    let kinds = [form("assess.self"), form("assess.indicator")];
    say_all(context, &args.sign, &kinds, "assess", |_| {
        let entry = Entry::default()
            .with("indicator", args.indicator.as_str())
            .with("verdict", args.verdict.as_str())
            .list("evidence", &args.on)
            .list("samples", &args.sample)
            .period("period", &args.period)?
            .maybe("note", &args.note);
        Ok(vec![entry.table()])
    })
}
