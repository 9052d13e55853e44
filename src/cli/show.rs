//! `treering show`: one statement, with everything it says.

use std::fmt::Write;

use serde_json::json;

use super::own_store::OwnStore;
use super::statement_text;
use super::voice::Answer;
use super::{Context, Outcome};
use crate::ledger::read;
use crate::statement::authority::Signer;
use crate::statement::bodies::Body;
use crate::statement::standing::{Standing, StandingBook};

/// Arguments of `treering show`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering show @3              the statement at position 3
  treering show 5f0c22ab        the statement whose id begins so")]
pub struct Args {
    /// @position in this ledger, or 8 or more digits of a statement's id
    reference: String,
}

/// Shows the statement, and how it stands now.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let (position, statement) = own.resolve(&args.reference)?;
    let book = own.book()?;
    let mut standings = StandingBook::default();
    for later in read::statements_from(&own.folder, position, book.tree().size) {
        let (at, later) = later?;
        if matches!(later.payload.body, Body::Affirm(_) | Body::Correction(_) | Body::Erase(_)) {
            let grant = book.authority().grant_of(&later.header.key);
            let signer = grant.map_or(Signer::Root, |grant| Signer::Granted(grant.role));
            standings.take_up(at, &later, signer);
        }
    }
    let (word, sentence) = match standings.standing(book.authority(), position, &statement) {
        Standing::Good => ("good", "nothing later speaks against it".into()),
        Standing::Disputed => ("disputed", "its key was later called compromised".into()),
        Standing::Affirmed => {
            ("affirmed", "its key was later called compromised, and it was affirmed".to_string())
        }
        Standing::Superseded { by: Some(by) } => {
            ("superseded", format!("corrected later; see {}", &by.id.to_string()[..8]))
        }
        Standing::Superseded { by: None } => ("superseded", "withdrawn by its party later".into()),
    };
    let mut text = statement_text::page(position, &statement);
    let _ = writeln!(text, "  {:<12} {sentence}", "standing");
    let erased = standings.erased_rows(book.authority(), &statement);
    if !erased.is_empty() {
        let _ = writeln!(text, "  {:<12} {} rows, by its party", "erased", erased.len());
    }
    let fields = json!({
        "statement": statement_text::json(position, &statement),
        "standing": word,
        "erased_rows": erased,
    });
    Ok(Answer::new("show", text, fields))
}
