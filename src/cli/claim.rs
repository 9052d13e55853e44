//! `treering claim`: file, opinion, move, list.

use std::path::PathBuf;

use serde_json::json;

use super::own_store::OwnStore;
use super::say::desk::{Desk, SignArgs};
use super::say::entry::Entry;
use super::say::judging::moves_of;
use super::say::{form, read_form, say};
use super::statement_text::assurance::{period, tonnes};
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::report::words::safe;
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::filing::ClaimFile;
use crate::statement::bodies::claim::moves::Verb;
use crate::statement::bodies::claim::opinion::{Activity, Assurance, OpinionKind};
use crate::statement::claim_arithmetic::Balance;
use crate::statement::standing::Standing;
use crate::tlog::hash::{Hash, Position};

/// `treering claim …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// File a claim from a filled-in form
    File(FileArgs),
    /// Give a verifier's opinion of a claim
    Opinion(Box<OpinionArgs>),
    /// Move units: issue, buffer, transfer, retire, cancel, export, reverse, replace
    Move(Box<MoveArgs>),
    /// The claims, and what became of their units
    List(ListArgs),
}

/// Arguments of `treering claim file`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering say claim.file --template > claim.toml
  treering claim file claim.toml")]
pub struct FileArgs {
    /// The filled-in form, or - for standard input
    form: PathBuf,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering claim opinion`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering claim opinion larch-2025 --activity verification --opinion unmodified --assurance limited \\
      --materiality-ppm 50000 --body \"Alpine Verification\" --day 2026-01-20 --report report.pdf --key emil")]
pub struct OpinionArgs {
    /// The claim: its id, @position, or 8 or more digits of the statement's id
    claim: String,
    /// Looking forward or back
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Activity::WORDS))]
    activity: String,
    /// What is said
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(OpinionKind::WORDS))]
    opinion: String,
    /// How sure
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Assurance::WORDS))]
    assurance: String,
    /// From which error on it would be said otherwise: millionths of the net (5 % is 50000)
    #[arg(long, value_name = "PPM")]
    materiality_ppm: i64,
    /// The organisation that gives it
    #[arg(long, value_name = "NAME")]
    body: String,
    /// Its accreditation, by number
    #[arg(long, value_name = "NUMBER")]
    accreditation: Option<String>,
    /// The standard followed
    #[arg(long, value_name = "NAME")]
    standard: Option<String>,
    /// The day it was given
    #[arg(long, value_name = "DAY")]
    day: String,
    /// The report: its SHA-256 is signed
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// What was looked at: an anchor
    #[arg(long, value_name = "REF")]
    on: Vec<String>,
    /// For people; no personal data
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering claim move`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering claim move larch-2025 issue --grams 900000000 --day 2026-02-01
  treering claim move larch-2025 buffer --grams 180000000 --day 2026-02-01
  treering claim move larch-2025 retire --grams 20000000 --day 2026-03-01 \\
      --beneficiary \"Alpine Club\" --purpose \"its huts in 2025\"")]
#[command(after_help = "One tonne is 1000000 grams. The buffer comes before units leave.")]
pub struct MoveArgs {
    /// The claim: its id, @position, or 8 or more digits of the statement's id
    claim: String,
    /// What happens
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(Verb::WORDS))]
    verb: String,
    /// To how much, grams CO2e
    #[arg(long, value_name = "G")]
    grams: i64,
    /// On which day
    #[arg(long, value_name = "DAY")]
    day: String,
    /// Who held it before: an organisation [default: the party itself]
    #[arg(long, value_name = "NAME")]
    holder: Option<String>,
    /// Who gets it: an organisation, or for export a registry
    #[arg(long, value_name = "NAME")]
    to: Option<String>,
    /// Of which year
    #[arg(long, value_name = "YEAR")]
    vintage: Option<i64>,
    /// retire: for which organisation
    #[arg(long, value_name = "NAME")]
    beneficiary: Option<String>,
    /// retire: for what
    #[arg(long, value_name = "TEXT")]
    purpose: Option<String>,
    /// retire: as what [default: what the claim is]
    #[arg(long = "as", value_name = "KIND")]
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(ClaimKind::WORDS))]
    kind: Option<String>,
    /// cancel, reverse: why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// replace: the reversal it makes good
    #[arg(long, value_name = "REF")]
    replaces: Option<String>,
    /// Evidence of it: an anchor
    #[arg(long, value_name = "REF")]
    on: Vec<String>,
    #[command(flatten)]
    sign: SignArgs,
}

/// Arguments of `treering claim list`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering claim list")]
pub struct ListArgs {}

/// Runs a claim command.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::File(args) => {
            let table = read_form(&args.form)?;
            let answer = say(context, &args.sign, form("claim.file"), "claim", |_| Ok(table))?;
            Ok(answer.and_next("treering claim list"))
        }
        Command::Opinion(args) => opinion(context, *args),
        Command::Move(args) => moved(context, *args),
        Command::List(_) => list(context),
    }
}

fn opinion(context: &Context, args: OpinionArgs) -> Outcome {
    say(context, &args.sign, form("claim.opinion"), "claim", |desk| {
        let report = args.report.as_ref().map(|path| format!("file:{}", path.display()));
        let entry = Entry::default()
            .with("claim", claim_named(desk, &args.claim)?)
            .with("activity", args.activity.as_str())
            .with("opinion", args.opinion.as_str())
            .with("assurance", args.assurance.as_str())
            .number("materiality_ppm", Some(args.materiality_ppm))
            .with("body", args.body.as_str())
            .maybe("accreditation", &args.accreditation)
            .maybe("standard", &args.standard)
            .with("day", args.day.as_str())
            .maybe("report", &report)
            .list("evidence", &args.on)
            .maybe("note", &args.note);
        Ok(entry.table())
    })
}

fn moved(context: &Context, args: MoveArgs) -> Outcome {
    say(context, &args.sign, form("claim.move"), "claim", |desk| {
        let claim = claim_named(desk, &args.claim)?;
        let own_kind =
            match args.verb == Verb::Retire.word() {
                true => desk.statement(&desk.reference(&claim)?)?.and_then(|(_, statement)| {
                    match &statement.payload.body {
                        Body::ClaimFile(claim) => Some(claim.kind.word().to_string()),
                        _ => None,
                    }
                }),
                false => None,
            };
        let entry = Entry::default()
            .with("claim", claim)
            .with("verb", args.verb.as_str())
            .number("grams", Some(args.grams))
            .with("day", args.day.as_str())
            .maybe("holder", &args.holder)
            .maybe("to", &args.to)
            .number("vintage", args.vintage)
            .maybe("beneficiary", &args.beneficiary)
            .maybe("purpose", &args.purpose)
            .maybe("kind", &args.kind.clone().or(own_kind))
            .maybe("reason", &args.reason)
            .maybe("replaces", &args.replaces)
            .list("evidence", &args.on);
        Ok(entry.table())
    })
}

/// A claim by its own id, else whatever reference was given.
fn claim_named(desk: &Desk<'_>, name: &str) -> Result<String, Failure> {
    for (_, id, claim) in claims_of(desk)? {
        if claim.id == name {
            return Ok(id.to_string());
        }
    }
    Ok(name.to_string())
}

/// The claims that stand, in order.
fn claims_of<'d>(desk: &'d Desk<'_>) -> Result<Vec<(Position, Hash, &'d ClaimFile)>, Failure> {
    let mut claims = Vec::new();
    for (at, statement) in
        desk.past()?.into_iter().flat_map(|past| past.statements.iter().enumerate())
    {
        let at = Position(at as u64);
        if let Body::ClaimFile(claim) = &statement.payload.body
            && matches!(desk.standing(at, statement)?, Standing::Good | Standing::Affirmed)
        {
            claims.push((at, statement.id(), &**claim));
        }
    }
    Ok(claims)
}

fn list(context: &Context) -> Outcome {
    let own = OwnStore::find(context)?;
    let sign = SignArgs::default();
    let desk = Desk::to_read(context, &sign, own)?;
    let (mut text, mut entries) = (String::new(), Vec::new());
    for (at, id, claim) in claims_of(&desk)? {
        let moves = moves_of(&desk, &id)?;
        let balance = Balance::after(&claim.totals, moves.iter().map(|(_, one)| *one));
        text.push_str(&format!(
            "@{at} {}  {} of {}, {}\n     {}\n",
            safe(&claim.id),
            claim.kind,
            tonnes(claim.totals.net_g),
            period(&claim.period),
            safe(&claim.title)
        ));
        let balance = match balance {
            Ok(balance) => {
                let parts = [
                    ("issued", balance.issued()),
                    ("held", balance.held()),
                    ("buffered", balance.buffered()),
                    ("retired", balance.retired()),
                    ("cancelled", balance.cancelled()),
                    ("exported", balance.exported()),
                ];
                let told = parts.iter().filter(|(_, grams)| *grams > 0);
                let told: Vec<String> =
                    told.map(|(word, grams)| format!("{word} {}", tonnes(*grams))).collect();
                let told = if told.is_empty() { "nothing issued".into() } else { told.join(", ") };
                text.push_str(&format!("     {told}\n"));
                parts.iter().map(|(word, grams)| (format!("{word}_g"), json!(grams))).collect()
            }
            Err((place, fault)) => {
                text.push_str(&format!("     DIFFERS  @{}: {fault}\n", moves[place].0));
                serde_json::Map::from_iter([("fault".to_string(), json!(fault.to_string()))])
            }
        };
        entries.push(json!({
            "position": at.0,
            "statement": id.to_string(),
            "id": claim.id,
            "kind": claim.kind.word(),
            "net_g": claim.totals.net_g,
            "balance": balance,
        }));
    }
    if entries.is_empty() {
        let answer = Answer::new("claims", "No claim.\n", json!({ "claims": entries }));
        return Ok(answer.and_next("treering say claim.file --template > claim.toml"));
    }
    Ok(Answer::new("claims", text, json!({ "claims": entries })))
}
