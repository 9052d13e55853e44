//! `treering submit`: a statement that was signed elsewhere enters this ledger.

use std::path::PathBuf;

use serde_json::json;

use super::exit::Exit;
use super::filing::Filing;
use super::given_file::{self, COSE_SIGN1, Kind};
use super::statement_text::summary;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::statement::envelope::{MAX_STATEMENT_BYTES, Statement};

/// Arguments of `treering submit`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key grant anna.request.json --root . -o anna.statement    where the root is
  treering submit anna.statement                                     where the store is")]
pub struct Args {
    /// The signed statement
    file: PathBuf,
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
    let mut filing = Filing::begin(context, "submit")?;
    if let Some(position) = position_of(&filing, &statement)? {
        let text = format!("Already in the ledger, as statement {position}.\n");
        return Ok(Answer::new("submit", text, json!({ "position": position, "new": false })));
    }
    let appended = filing.append(std::slice::from_ref(&statement))?;
    let text = format!(
        "Filed as statement {}: {}, {}\n",
        appended.first,
        statement.header.typ.kind,
        summary(&statement)
    );
    let fields = json!({
        "position": appended.first.0,
        "new": true,
        "id": statement.id().to_string(),
        "kind": statement.header.typ.kind.as_str(),
    });
    let answer = Answer::new("submit", text, fields);
    Ok(answer.and_next("treering head, and send the line to somebody who keeps it"))
}

fn position_of(filing: &Filing<'_>, statement: &Statement) -> Result<Option<u64>, Failure> {
    let size = filing.writer.book().tree().size;
    for held in crate::ledger::read::statements(&filing.own.folder, size) {
        let (position, held) = held?;
        if held.id() == statement.id() {
            return Ok(Some(position.0));
        }
    }
    Ok(None)
}
