//! `treering certificate`: issue, suspend, withdraw, renew, mid-term review.

use crate::cli::say::desk::SignArgs;
use crate::cli::say::entry::Entry;
use crate::cli::say::{form, say};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::process::certificate::MidtermOutcome;

/// `treering certificate …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the site for a term
    Issue(IssueArgs),
    /// Let the listing rest; said again with --until it ends there
    Suspend(SuspendArgs),
    /// End the listing
    Withdraw(WithdrawArgs),
    /// List the site for another term
    Renew(RenewArgs),
    /// Record the review in the middle of the term
    Midterm(MidtermArgs),
}

/// Arguments of `treering certificate issue`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering certificate issue --decision @39 --from 2026-07-01 --until 2031-07-01")]
pub struct IssueArgs {
    /// The decision it carries out
    #[arg(long, value_name = "REF")]
    decision: String,
    /// The first day
    #[arg(long, value_name = "DAY")]
    from: String,
    /// The first day without it
    #[arg(long, value_name = "DAY")]
    until: String,
    /// The number on the paper
    #[arg(long, value_name = "TEXT")]
    number: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering certificate suspend`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering certificate suspend @40 --from 2029-01-15 --reason \"no counts in two seasons\"
  treering certificate suspend @40 --from 2029-01-15 --until 2029-06-01 --reason \"counts resumed\"")]
pub struct SuspendArgs {
    /// The certificate: the statement that issued it
    certificate: String,
    /// The first day
    #[arg(long, value_name = "DAY")]
    from: String,
    /// The day after the last
    #[arg(long, value_name = "DAY")]
    until: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The decision it carries out
    #[arg(long, value_name = "REF")]
    decision: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering certificate withdraw`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering certificate withdraw @40 --from 2033-01-01 --reason \"the site was dissolved\"")]
pub struct WithdrawArgs {
    /// The certificate: the statement that issued it
    certificate: String,
    /// The first day without it
    #[arg(long, value_name = "DAY")]
    from: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The decision it carries out
    #[arg(long, value_name = "REF")]
    decision: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering certificate renew`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering certificate renew @40 --decision @71 --from 2031-07-01 --until 2036-07-01")]
pub struct RenewArgs {
    /// The certificate: the statement that issued it
    certificate: String,
    /// The decision it carries out
    #[arg(long, value_name = "REF")]
    decision: String,
    /// The first day of the new term
    #[arg(long, value_name = "DAY")]
    from: String,
    /// The first day without it
    #[arg(long, value_name = "DAY")]
    until: String,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering certificate midterm`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering certificate midterm @40 --outcome confirmed --day 2028-11-30")]
pub struct MidtermArgs {
    /// The certificate: the statement that issued it
    certificate: String,
    /// What was found
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(MidtermOutcome::WORDS))]
    outcome: String,
    /// The day of the review
    #[arg(long, value_name = "DAY")]
    day: String,
    /// What is to be done
    #[arg(long, value_name = "TEXT")]
    condition: Vec<String>,
    /// For people; no personal data
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Runs a certificate command.
pub fn run(context: &Context, command: Command) -> Outcome {
    let sign = |args: &SignArgs, kind, entry: Entry| {
        say(context, args, form(kind), "certificate", |_| Ok(entry.table()))
    };
    match command {
        Command::Issue(args) => {
            let entry = Entry::default()
                .with("decision", args.decision)
                .days("term", &args.from, &args.until)
                .maybe("number", &args.number);
            sign(&args.sign, "certificate.issue", entry)
        }
        Command::Suspend(args) => {
            let entry = Entry::default()
                .with("certificate", args.certificate)
                .with("from", args.from)
                .maybe("until", &args.until)
                .with("reason", args.reason)
                .maybe("decision", &args.decision);
            sign(&args.sign, "certificate.suspend", entry)
        }
        Command::Withdraw(args) => {
            let entry = Entry::default()
                .with("certificate", args.certificate)
                .with("from", args.from)
                .with("reason", args.reason)
                .maybe("decision", &args.decision);
            sign(&args.sign, "certificate.withdraw", entry)
        }
        Command::Renew(args) => {
            let entry = Entry::default()
                .with("certificate", args.certificate)
                .with("decision", args.decision)
                .days("term", &args.from, &args.until);
            sign(&args.sign, "certificate.renew", entry)
        }
        Command::Midterm(args) => {
            let entry = Entry::default()
                .with("certificate", args.certificate)
                .with("outcome", args.outcome)
                .with("day", args.day)
                .with("dossier", "now")
                .list("conditions", &args.condition)
                .maybe("note", &args.note);
            sign(&args.sign, "review.midterm", entry)
        }
    }
}
