//! What is at hand when somebody signs: the ledger it is for, or only its card; the key; the catalogue.
//!
//! ```text
//! own store              files at once                      treering assess 3.7.1 …
//! own store, -o          signs into a file                  … -o finding.statement
//! a copy, --ledger DIR   signs into a file, having read     … --ledger /media/stick/val-trupchun -o …
//! a card, --card CARD    signs into a file, having seen     … --card card.json -o …
//!                        nothing but the ledger's name
//! ```

use std::cell::OnceCell;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::signing::{Capacity, Signer};
use crate::cli::Context;
use crate::cli::card::read_card;
use crate::cli::exit::Exit;
use crate::cli::failures::{unreadable, usage};
use crate::cli::filing::Filing;
use crate::cli::own_store::{OwnStore, find_statement};
use crate::cli::voice::Failure;
use crate::evidence::catalogue::Catalogue;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::statement::authority::Signer as Admitted;
use crate::statement::bodies::process::sample::Draw;
use crate::statement::bodies::site::Describe;
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::evidence_book::{EvidenceBook, rows_of};
use crate::statement::key::Role;
use crate::statement::sample::AnchoredRows;
use crate::statement::standing::{Standing, StandingBook};
use crate::store::disk::{Access, Disk, RealDisk};
use crate::store::durable::{self, IfThere, NewFile};
use crate::store::layout::StoreFolder;
use crate::store::public::PublicFolder;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize};

/// Who signs, for which ledger, and where the statement goes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Signing")]
pub struct SignArgs {
    /// The key that signs [default: the only one that may]
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
    /// Write the signed statement to a file instead of the ledger, for treering submit
    #[arg(short, long, value_name = "STATEMENT")]
    pub output: Option<PathBuf>,
    /// The folder of the key [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    pub keys: Option<PathBuf>,
    /// The ledger it is for, by a copy of its public folder
    #[arg(long, value_name = "DIR", requires = "output", conflicts_with = "card")]
    pub ledger: Option<PathBuf>,
    /// The ledger it is for, by its site card
    #[arg(long, value_name = "CARD", requires = "output")]
    pub card: Option<PathBuf>,
    /// With --card: the ledger has granted this key
    #[arg(long, requires = "card")]
    pub granted: bool,
    /// An accreditor's grant that the key relies on: the accreditor's ledger and the grant, two ids
    #[arg(long, value_name = "LEDGER:GRANT")]
    pub by: Option<String>,
    /// The catalogue of indicators [default: the one last published here, else the Green List 1.1]
    #[arg(long, value_name = "FILE")]
    pub catalogue: Option<PathBuf>,
}

/// What is at hand.
pub struct Desk<'a> {
    /// The run.
    pub context: &'a Context,
    /// How it is signed.
    pub args: &'a SignArgs,
    /// The ledger it is for.
    pub ledger: LedgerId,
    /// What of it was seen.
    pub seen: Tree,
    /// The ledger itself, where it is at hand.
    pub folder: Option<PublicFolder>,
    /// Where it is filed, if it is filed at once.
    pub filing: Option<Filing<'a>>,
    book: Option<Book>,
    store: Option<StoreFolder>,
    past: OnceCell<Past>,
    for_the_site: bool,
}

/// What a ledger at hand says, read once.
pub struct Past {
    /// Every statement, by position.
    pub statements: Vec<Statement>,
    /// How they stand.
    pub standings: StandingBook,
    /// Which evidence bears on what.
    pub evidence: EvidenceBook,
}

impl<'a> Desk<'a> {
    /// Takes the ledger in hand.
    pub fn open(
        context: &'a Context,
        args: &'a SignArgs,
        command: &'static str,
    ) -> Result<Desk<'a>, Failure> {
        let store = OwnStore::find(context);
        if let Some(card) = &args.card {
            let ledger = read_card(card)?.ledger();
            let seen = Tree { size: TreeSize(1), root: ledger.0 };
            let store = store.ok().map(|own| own.store);
            return Ok(Desk::of(context, args, ledger, seen, None, None, store));
        }
        if let Some(copy) = &args.ledger {
            let disk: Arc<dyn Disk> = Arc::new(RealDisk);
            let folder = PublicFolder::new(disk, copy.clone());
            let (ledger, book) = read_copy(&folder)?;
            let seen = book.tree();
            let store = store.ok().map(|own| own.store);
            return Ok(Desk::of(context, args, ledger, seen, Some((folder, book)), None, store));
        }
        if args.output.is_some() {
            return Desk::to_read(context, args, store?);
        }
        let filing = Filing::begin(context, command)?;
        let (ledger, seen) = (filing.ledger(), filing.writer.checkpoint().tree());
        let book = filing.writer.book().clone();
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let folder = PublicFolder::new(disk, filing.own.folder.path().to_path_buf());
        let store = filing.own.store.clone();
        let at_hand = Some((folder, book));
        Ok(Desk::of(context, args, ledger, seen, at_hand, Some(filing), Some(store)))
    }

    /// Takes one's own ledger in hand, to read in it.
    pub fn to_read(
        context: &'a Context,
        args: &'a SignArgs,
        own: OwnStore,
    ) -> Result<Desk<'a>, Failure> {
        let book = own.book()?;
        let (ledger, seen, store) = (book.ledger(), book.tree(), own.store.clone());
        Ok(Desk::of(context, args, ledger, seen, Some((own.folder, book)), None, Some(store)))
    }

    fn of(
        context: &'a Context,
        args: &'a SignArgs,
        ledger: LedgerId,
        seen: Tree,
        at_hand: Option<(PublicFolder, Book)>,
        filing: Option<Filing<'a>>,
        store: Option<StoreFolder>,
    ) -> Desk<'a> {
        let (folder, book) = at_hand.unzip();
        let past = OnceCell::new();
        let for_the_site = false;
        Desk { context, args, ledger, seen, folder, filing, book, store, past, for_the_site }
    }

    /// Notes who signs.
    pub fn signs_as(&mut self, signer: &Signer) {
        self.for_the_site =
            matches!(signer.capacity, Capacity::Granted(Role::Recorder | Role::Supervisor));
    }

    /// Whether the signer keeps the records of the party that runs the ledger.
    pub fn signs_for_the_site(&self) -> bool {
        self.for_the_site
    }

    /// The rows that a draw was made from: the live evidence of its indicator at its checkpoint. None if
    /// the ledger is not at hand, or was another one then.
    pub fn population_of(&self, draw: &Draw) -> Result<Option<Vec<AnchoredRows>>, Failure> {
        let Some(folder) = &self.folder else { return Ok(None) };
        population_at(folder, self.ledger, self.seen.size, draw)
    }

    /// Who may sign what, where the ledger is at hand.
    pub fn book(&self) -> Option<&Book> {
        self.book.as_ref()
    }

    /// The store around, if there is one.
    pub fn store(&self) -> Option<&StoreFolder> {
        self.store.as_ref()
    }

    /// Everything the ledger says; none without the ledger.
    pub fn past(&self) -> Result<Option<&Past>, Failure> {
        let (Some(folder), Some(book)) = (&self.folder, &self.book) else { return Ok(None) };
        if self.past.get().is_none() {
            let mut past = Past {
                statements: Vec::new(),
                standings: StandingBook::default(),
                evidence: EvidenceBook::default(),
            };
            for statement in read::statements(folder, self.seen.size) {
                let (position, statement) = statement?;
                let grant = book.authority().grant_of(&statement.header.key);
                let signer = grant.map_or(Admitted::Root, |grant| Admitted::Granted(grant.role));
                past.standings.take_up(position, &statement, signer);
                past.evidence.take_up(position, &statement);
                past.statements.push(statement);
            }
            let _ = self.past.set(past);
        }
        Ok(self.past.get())
    }

    /// The statement that a reference names, if this ledger's and at hand.
    pub fn statement(
        &self,
        reference: &StatementRef,
    ) -> Result<Option<(Position, &Statement)>, Failure> {
        if reference.ledger.is_some() {
            return Ok(None);
        }
        let Some(past) = self.past()? else { return Ok(None) };
        let mut all = past.statements.iter().enumerate();
        let found = all.find(|(_, statement)| statement.id() == reference.id);
        match found {
            Some((at, statement)) => Ok(Some((Position(at as u64), statement))),
            None => Err(usage(
                format!("there is no statement {}", &reference.id.to_string()[..16]),
                "no statement of this ledger has this id",
                "treering log lists the statements",
            )),
        }
    }

    /// How a statement here stands.
    pub fn standing(&self, position: Position, statement: &Statement) -> Result<Standing, Failure> {
        let (Some(past), Some(book)) = (self.past()?, &self.book) else {
            return Ok(Standing::Good);
        };
        Ok(past.standings.standing(book.authority(), position, statement))
    }

    /// A reference as a person wrote it: `@12`, digits of an id, or `<ledger id>:<id>` for another
    /// ledger's.
    pub fn reference(&self, text: &str) -> Result<StatementRef, Failure> {
        if let Some((ledger, id)) = text.split_once(':') {
            let ids = (Hash::from_hex(ledger), Hash::from_hex(id));
            let (Some(ledger), Some(id)) = ids else {
                return Err(usage(
                    format!("{text:?} names no statement"),
                    "one of another ledger is named by two ids of 64 digits, with a colon between",
                    "treering show gives ids whole",
                ));
            };
            return Ok(match ledger == self.ledger.0 {
                true => StatementRef::here(id),
                false => StatementRef { id, ledger: Some(LedgerId(ledger)) },
            });
        }
        if let Some(folder) = &self.folder {
            let (_, statement) = find_statement(folder, self.seen.size, text)?;
            return Ok(StatementRef::here(statement.id()));
        }
        Hash::from_hex(text).map(StatementRef::here).ok_or_else(|| {
            usage(
                format!("{text:?} cannot be looked up"),
                "the ledger is not at hand, only its card",
                "give the whole id, 64 digits, or a copy of the ledger: --ledger DIR",
            )
        })
    }

    /// The catalogue in use.
    pub fn catalogue(&self) -> Result<Catalogue, Failure> {
        if let Some(path) = &self.args.catalogue {
            return read_catalogue(path);
        }
        let mut published = None;
        if let Some(past) = self.past()? {
            for (at, statement) in past.statements.iter().enumerate() {
                if let Body::CataloguePublish(catalogue) = &statement.payload.body
                    && self.standing(Position(at as u64), statement)? == Standing::Good
                {
                    published = Some(catalogue);
                }
            }
        }
        let Some(published) = published else { return Ok(Catalogue::built_in().clone()) };
        self.catalogue_of(&published.catalogue)?.ok_or_else(|| {
            usage(
                format!("the catalogue {} {} is not here", published.standard, published.version),
                "this ledger last published it, and its file was not kept in this store",
                "name its file: --catalogue FILE",
            )
        })
    }

    /// A catalogue by its digest: built in, named, or kept here.
    pub fn catalogue_of(&self, digest: &Hash) -> Result<Option<Catalogue>, Failure> {
        if Catalogue::built_in().digest() == *digest {
            return Ok(Some(Catalogue::built_in().clone()));
        }
        if let Some(path) = &self.args.catalogue {
            let named = read_catalogue(path)?;
            if named.digest() == *digest {
                return Ok(Some(named));
            }
        }
        match self.document(digest) {
            Some(path) => read_catalogue(&path).map(Some),
            None => Ok(None),
        }
    }

    /// A document kept here under its digest.
    pub fn document(&self, digest: &Hash) -> Option<PathBuf> {
        let path = self.store.as_ref()?.document(digest);
        path.is_file().then_some(path)
    }

    /// Keeps a document that a statement names by its digest, so that later ones can be held to it.
    pub fn keep(&self, bytes: Vec<u8>) -> Result<(), Failure> {
        let Some(store) = &self.store else { return Ok(()) };
        let path = store.document(&Hash::of(&bytes));
        let file = NewFile { path, bytes };
        let (disk, root) = (&RealDisk, store.path());
        Ok(durable::write_all(disk, root, Access::Private, IfThere::MustBeSame, &[file])?)
    }

    /// What the ledger says of its site now.
    pub fn site(&self) -> Result<Option<&Describe>, Failure> {
        let Some(past) = self.past()? else { return Ok(None) };
        let mut latest = None;
        for (at, statement) in past.statements.iter().enumerate() {
            if let Body::SiteDescribe(site) = &statement.payload.body
                && matches!(
                    self.standing(Position(at as u64), statement)?,
                    Standing::Good | Standing::Affirmed
                )
            {
                latest = Some(site);
            }
        }
        Ok(latest)
    }
}

/// Reads a catalogue, or says why it is none.
pub fn read_catalogue(path: &Path) -> Result<Catalogue, Failure> {
    Catalogue::load(path).map_err(|why| {
        usage(
            format!("{} cannot be used as a catalogue", path.display()),
            why,
            "schemas/catalogue.md tells the form; the built-in one is the example",
        )
    })
}

/// The bytes of a document, no more of them than a ceiling.
pub fn read_document(path: &Path, ceiling: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|why| match why.kind() {
        ErrorKind::NotFound => usage(
            format!("there is no file {}", path.display()),
            "a document is read from it",
            "check the name",
        ),
        _ => unreadable(path, why),
    })?;
    let read = file.take(ceiling as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|why| unreadable(path, why))?;
    match bytes.len() > ceiling {
        true => Err(unreadable(path, format!("it has more than {ceiling} bytes"))),
        false => Ok(bytes),
    }
}

/// The live evidence of a draw's indicator in a ledger as it was at the draw's checkpoint.
pub fn population_at(
    folder: &PublicFolder,
    ledger: LedgerId,
    size: TreeSize,
    draw: &Draw,
) -> Result<Option<Vec<AnchoredRows>>, Failure> {
    let at = draw.checkpoint.size;
    if at > size || at.0 == 0 || read::root_at(folder, at, size) != Some(draw.checkpoint.root) {
        return Ok(None);
    }
    let book = read::book(folder, ledger, at)?;
    let (mut standings, mut evidence) = (StandingBook::default(), EvidenceBook::default());
    for statement in read::statements(folder, at) {
        let (position, statement) = statement?;
        let grant = book.authority().grant_of(&statement.header.key);
        let signer = grant.map_or(Admitted::Root, |grant| Admitted::Granted(grant.role));
        standings.take_up(position, &statement, signer);
        evidence.take_up(position, &statement);
    }
    let live = evidence.bearing_on(&standings, book.authority(), &draw.indicator);
    Ok(Some(rows_of(&live)))
}

/// A copy of a ledger, as far as it holds together: its statements have the root that its checkpoint
/// signs. Signatures are the business of an audit.
fn read_copy(folder: &PublicFolder) -> Result<(LedgerId, Book), Failure> {
    let ledger = read::ledger_in(folder)?;
    let head = read::head_of(folder)?;
    let book = read::book(folder, ledger, head.tree().size)?;
    if book.tree() != head.tree() {
        return Err(Failure::new(
            Exit::Finding,
            format!("{} does not hold together", folder.path().display()),
            "its statements have another root than its checkpoint signs",
            format!("treering audit {}", folder.path().display()),
        ));
    }
    Ok((ledger, book))
}
