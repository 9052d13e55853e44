//! `treering show`: one statement, with everything it says.

use std::fmt::Write;

use serde_json::json;

use super::failures::usage;
use super::own_store::OwnStore;
use super::standing::Judgements;
use super::voice::Answer;
use super::{Context, Outcome, lineage, statement_text};
use crate::report::words::{counted, safe};

/// Arguments of `treering show`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering show @3              the statement at position 3
  treering show @3#17 --lineage from a picture to what rests on it
  treering show 5f0c22ab        the statement whose id begins so")]
pub struct Args {
    /// @position in this ledger, or 8 or more digits of a statement's id
    reference: String,
    /// What it was made from, what was made from it, and what rests on it; also of one row: @3#17
    #[arg(long)]
    lineage: bool,
}

/// Shows the statement, and how it stands now.
pub fn run(context: &Context, args: Args) -> Outcome {
    if args.lineage {
        return lineage::run(context, &args.reference);
    }
    if args.reference.contains('#') {
        return Err(usage(
            format!("{} is a row, and only its lineage can be shown", safe(&args.reference)),
            "what a row says stands in its manifest; show is about statements",
            format!("treering show {} --lineage", safe(&args.reference)),
        ));
    }
    let own = OwnStore::find(context)?;
    let (position, statement) = own.resolve(&args.reference)?;
    let mut judgements = Judgements::default();
    let book = own.book_and(|at, later| judgements.note(at, later))?;
    let standing = judgements.on(book.authority(), position, &statement);
    let mut text = statement_text::page(position, &statement);
    let _ = writeln!(text, "  {:<12} {}", "standing", standing.sentence);
    if !standing.erased.is_empty() {
        let rows = counted(standing.erased.len() as u64, "row");
        let _ = writeln!(text, "  {:<12} {rows}, by its party", "erased");
    }
    let fields = json!({
        "statement": statement_text::json(position, &statement),
        "standing": standing.word,
        "erased_rows": standing.erased,
    });
    Ok(Answer::new("show", text, fields))
}
