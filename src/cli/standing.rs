//! How a statement of a ledger held here stands now, in words.

use super::voice::Failure;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::statement::authority::Signer;
use crate::statement::bodies::Body;
use crate::statement::envelope::Statement;
use crate::statement::standing::{Standing, StandingBook};
use crate::store::public::PublicFolder;
use crate::tlog::hash::Position;

/// How a statement stands.
pub struct InWords {
    /// The fixed word for programs.
    pub word: &'static str,
    /// The sentence for people.
    pub sentence: String,
    /// Rows of an anchor that its party erased.
    pub erased: Vec<u64>,
}

impl InWords {
    /// Whether nothing later speaks against the statement.
    pub fn is_good(&self) -> bool {
        self.word == "good"
    }
}

/// How the statement at `position` stands after everything the ledger holds.
pub fn of(
    folder: &PublicFolder,
    book: &Book,
    position: Position,
    statement: &Statement,
) -> Result<InWords, Failure> {
    let mut standings = StandingBook::default();
    for later in read::statements_from(folder, position, book.tree().size) {
        let (at, later) = later?;
        if matches!(later.payload.body, Body::Affirm(_) | Body::Correction(_) | Body::Erase(_)) {
            let grant = book.authority().grant_of(&later.header.key);
            let signer = grant.map_or(Signer::Root, |grant| Signer::Granted(grant.role));
            standings.take_up(at, &later, signer);
        }
    }
    let (word, sentence) = match standings.standing(book.authority(), position, statement) {
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
    let erased = standings.erased_rows(book.authority(), statement).into_iter().collect();
    Ok(InWords { word, sentence, erased })
}
