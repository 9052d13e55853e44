//! How a statement of one's own ledger stands now, in words.

use super::voice::Failure;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::statement::authority::{Authority, Signer};
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

/// The statements of a ledger that say how others stand, noted while it is read.
#[derive(Default)]
pub struct Judgements(Vec<(Position, Statement)>);

impl Judgements {
    /// Keeps a statement, if it is one of them.
    pub fn note(&mut self, position: Position, statement: &Statement) {
        let body = &statement.payload.body;
        if matches!(body, Body::Affirm(_) | Body::Correction(_) | Body::Erase(_)) {
            self.0.push((position, statement.clone()));
        }
    }

    /// How the statement at `position` stands after everything that was noted.
    pub fn on(&self, authority: &Authority, position: Position, statement: &Statement) -> InWords {
        let mut standings = StandingBook::default();
        for (at, later) in self.0.iter().filter(|(at, _)| *at >= position) {
            let grant = authority.grant_of(&later.header.key);
            let signer = grant.map_or(Signer::Root, |grant| Signer::Granted(grant.role));
            standings.take_up(*at, later, signer);
        }
        in_words(&standings, authority, position, statement)
    }
}

/// How the statement at `position` of a ledger held here stands after everything that the ledger holds.
pub fn of(
    folder: &PublicFolder,
    book: &Book,
    position: Position,
    statement: &Statement,
) -> Result<InWords, Failure> {
    let mut judgements = Judgements::default();
    for later in read::statements_from(folder, position, book.tree().size) {
        let (at, later) = later?;
        judgements.note(at, &later);
    }
    Ok(judgements.on(book.authority(), position, statement))
}

fn in_words(
    standings: &StandingBook,
    authority: &Authority,
    position: Position,
    statement: &Statement,
) -> InWords {
    let (word, sentence) = match standings.standing(authority, position, statement) {
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
    let erased = standings.erased_rows(authority, statement).into_iter().collect();
    InWords { word, sentence, erased }
}
