//! `treering submit`: a statement that was signed elsewhere enters this ledger, or with `--to` the ledger
//! of somebody who serves.

mod sending;

use std::path::PathBuf;

use serde_json::json;

use super::exit::Exit;
use super::filing::Filing;
use super::given_file::{self, COSE_SIGN1, Kind};
use super::output::Overwrite;
use super::statement_text::summary;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::statement::envelope::{MAX_STATEMENT_BYTES, Statement};
use crate::tlog::hash::Position;

/// Arguments of `treering submit`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key grant anna.request.json --root . -o anna.statement    where the root is
  treering submit anna.statement                                     where the store is
  treering submit finding.statement --to https://park.example.org --card card.json")]
pub struct Args {
    /// The signed statement
    file: PathBuf,
    /// Send it to the ledger that is served at this address (treering serve --accept)
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The card of that ledger, to check the answer against
    #[arg(long, value_name = "CARD", requires = "to")]
    card: Option<PathBuf>,
    /// Where to keep the proof that the statement was accepted (C2SP tlog-proof)
    #[arg(short, long, value_name = "FILE", requires = "to")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Files the statement.
pub fn run(context: &Context, args: Args) -> Outcome {
    let bytes = given_file::read(&args.file, Kind::Statement, MAX_STATEMENT_BYTES)?;
    if !bytes.starts_with(COSE_SIGN1) {
        let why = "it does not begin as one does, with the bytes d2 84";
        return Err(given_file::not_one(&args.file, Kind::Statement, &bytes, why));
    }
    let statement = Statement::read(bytes).map_err(|why| {
        Failure::new(
            Exit::Finding,
            format!("the statement {} does not hold", args.file.display()),
            why,
            "ask for the file again; it was damaged on the way",
        )
    })?;
    if let Some(url) = &args.to {
        return sending::run(context, &args, url, &statement);
    }
    let mut filing = Filing::begin(context, "submit")?;
    let fields = |position: Position, new: bool| {
        json!({
            "position": position.0,
            "new": new,
            "id": statement.id().to_string(),
            "kind": statement.header.typ.kind.as_str(),
        })
    };
    if let Some(position) = position_of(&filing, &statement)? {
        let text = format!("Already in the ledger, as statement {position}.\n");
        let answer = Answer::new("submit", text, fields(position, false));
        return Ok(answer.and_next(&format!("treering show @{position}")));
    }
    let appended = filing.append(std::slice::from_ref(&statement))?;
    let text = format!(
        "Filed as statement {}: {}, {}\n",
        appended.first,
        statement.header.typ.kind,
        summary(&statement)
    );
    let answer = Answer::new("submit", text, fields(appended.first, true));
    Ok(answer.and_next(&format!("treering show @{}", appended.first)))
}

/// Where the statement stands. Only one that its key has filed already can be there, and only then is
/// the ledger searched.
fn position_of(filing: &Filing<'_>, statement: &Statement) -> Result<Option<Position>, Failure> {
    let last = filing.writer.book().last_by(&statement.header.key);
    if last.is_none_or(|last| last.seq < statement.payload.chain.seq) {
        return Ok(None);
    }
    let head = filing.writer.book().tree();
    let mut finder = filing.own.finder(head)?;
    let id = statement.id().to_string();
    let mut found = finder.ids_beginning(&id)?;
    if found.is_empty() && finder.has_index() {
        drop(finder);
        found = filing.own.finder_without_index(head)?.ids_beginning(&id)?;
    }
    Ok(found.first().map(|(_, position)| *position))
}
