//! `treering sample`: rows drawn so that neither side chose; what was found in them; what that supports.
//!
//! ```text
//! draw      signs which rows are drawn, and writes the list of them for the site
//! record    signs what was found, from the same list with its last column filled in
//! replay    computes a draw again from the ledger, and what its result supports
//! ```

mod draw;
mod list;
mod record;
mod replay;

use crate::cli::{Context, Outcome};

/// `treering sample …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Draw rows of an indicator's evidence
    Draw(draw::Args),
    /// Record what was found in the drawn rows
    Record(record::Args),
    /// Compute a draw again, and what its result supports
    Replay(replay::Args),
}

/// Runs a sample command.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Draw(args) => draw::run(context, args),
        Command::Record(args) => record::run(context, args),
        Command::Replay(args) => replay::run(context, args),
    }
}
