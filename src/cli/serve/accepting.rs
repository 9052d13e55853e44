//! The ledger's writer behind `POST /statements`.
//!
//! The ledger stays open between two batches, and is opened again when another command has written in
//! between: the store's lock is held for a batch only, so `add` works beside a running server.

use std::collections::HashMap;

use super::Answered;
use crate::cli::Context;
use crate::cli::exit::Exit;
use crate::cli::failures::unreadable;
use crate::cli::filing::with_log_keys;
use crate::cli::frozen;
use crate::cli::keyring::Keyring;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Failure, Voice};
use crate::cli::witness::incarnation;
use crate::exchange::serve::{Acceptor, NotNow};
use crate::exchange::submission::Submission;
use crate::ledger::book::Refusal;
use crate::ledger::indexing::Taking;
use crate::ledger::read;
use crate::ledger::writer::{LogKeyMissing, Writer};
use crate::statement::envelope::Statement;
use crate::statement::key::KeyId;
use crate::store::index::Index;
use crate::store::public::PublicError;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::ed25519::{PublicKey, SecretKey};
use crate::tlog::hash::{Hash, Position};
use crate::tlog::merkle::{Node, prove_inclusion};
use crate::tlog::proof::LogProof;
use crate::tlog::tile::{Tile, read_from_tiles};

/// One's own ledger, open for what others submit.
pub struct LedgerAcceptor {
    own: OwnStore,
    voice: Voice,
    log_keys: Vec<SecretKey>,
    open: Option<Open>,
    answered: Answered,
}

/// The writer, and where each key's last statement stands.
struct Open {
    writer: Writer,
    last: HashMap<KeyId, Position>,
}

/// What is to be said of a statement once the batch is durable.
enum Verdict {
    Filed(Position),
    Known(Position),
    Refused(Refusal),
}

impl LedgerAcceptor {
    /// Opens the ledger once, so that what would keep it from filing is said now, and asks for the
    /// passphrase of its log keys while somebody is at the keyboard.
    pub fn open(
        context: &Context,
        own: OwnStore,
        answered: Answered,
    ) -> Result<LedgerAcceptor, Failure> {
        let mut log_keys = Vec::new();
        {
            let keyring = Keyring::at(context, &own.store.keys());
            let book = own.book()?;
            let term = book.authority().log_keys_in_force();
            for key in term.beside.iter().chain([&term.required]) {
                let file = keyring.find(key)?.ok_or_else(|| {
                    Failure::new(
                        Exit::Key,
                        "the log key is not here, and no checkpoint can be signed without it",
                        format!("{} holds no such key", own.store.keys().display()),
                        "put its second copy back, or serve without --accept",
                    )
                })?;
                log_keys.push(keyring.open(&file)?);
            }
            let _lock = own.lock("serve")?;
            frozen::check(&own)?;
            own.store.sweep(&*own.disk)?;
            let places = own.head_places("serve")?;
            with_log_keys(&keyring, |keys| Writer::open(places, &own.name, keys))?;
        }
        Ok(LedgerAcceptor { own, voice: context.voice, log_keys, open: None, answered })
    }

    /// The ledger as it stands, opened again if somebody else has written. Needs the store's lock.
    fn current(&mut self) -> Result<&mut Open, Failure> {
        let places = self.own.head_places("serve")?;
        let head = places.read(self.own.ledger()?)?.map(|head| head.checkpoint.tree);
        let is_current =
            self.open.as_ref().is_some_and(|open| Some(open.writer.book().tree()) == head);
        if !is_current {
            self.open = None;
            self.own.store.sweep(&*self.own.disk)?;
            let keys = &self.log_keys;
            let writer = Writer::open(places, &self.own.name, &mut |key| secret_of(keys, key))?;
            let mut last = HashMap::new();
            for statement in read::statements(&self.own.folder, writer.book().tree().size) {
                let (position, statement) = statement?;
                last.insert(statement.header.key, position);
            }
            self.open = Some(Open { writer, last });
        }
        // It was just put there.
        self.open.as_mut().ok_or_else(|| unreadable(self.own.folder.path(), "it is not open"))
    }

    fn file(&mut self, statements: &[Statement]) -> Result<Vec<Submission>, Failure> {
        let _lock = self.own.lock("serve")?;
        frozen::check(&self.own)?;
        let folder = self.own.folder.clone();
        let keys = self.log_keys.clone();
        let open = self.current()?;
        let covered = open.writer.book().tree().size;
        // Judged one after another on a copy: who is refused keeps nobody else out.
        let mut book = open.writer.book().clone();
        let (mut filed, mut verdicts): (Vec<Statement>, Vec<Result<Verdict, Refusal>>) =
            Default::default();
        let mut in_batch: HashMap<Hash, Position> = HashMap::new();
        for statement in statements {
            if let Some(position) = in_batch.get(&statement.id()) {
                verdicts.push(Ok(Verdict::Known(*position)));
                continue;
            }
            let root_at = &mut |size| read::root_at(&folder, size, covered);
            match book.admit(statement, root_at) {
                Ok((position, _)) => {
                    in_batch.insert(statement.id(), position);
                    filed.push(statement.clone());
                    verdicts.push(Ok(Verdict::Filed(position)));
                }
                Err(refusal) => verdicts.push(Err(refusal)),
            }
        }
        let appended = open.writer.append(&filed, &mut |key| secret_of(&keys, key), incarnation());
        if let Err(fault) = appended {
            self.open = None;
            return Err(fault.into());
        }
        for statement in &filed {
            if let Some(position) = in_batch.get(&statement.id()) {
                open.last.insert(statement.header.key, *position);
            }
        }
        let checkpoint = open.writer.checkpoint().clone();
        let last = std::mem::take(&mut open.last);
        let verdicts = self.known_before(statements, verdicts);
        let proofs = Proofs::new(&self.own, checkpoint);
        let submissions = statements.iter().zip(verdicts).map(|(statement, verdict)| {
            self.submission(&proofs, statement, verdict, last.get(&statement.header.key).copied())
        });
        let submissions = submissions.collect();
        if let Some(open) = &mut self.open {
            open.last = last;
        }
        submissions
    }

    /// Statements that were refused because the ledger has them already: a client that never heard the
    /// answer sends again, and is told the same.
    fn known_before(
        &self,
        statements: &[Statement],
        verdicts: Vec<Result<Verdict, Refusal>>,
    ) -> Vec<Verdict> {
        // The index is opened for refusals of the chain alone, and once for a batch.
        let is_repeated =
            |verdict: &Result<Verdict, Refusal>| matches!(verdict, Err(Refusal::Chain(_)));
        let index = verdicts.iter().any(is_repeated).then(|| self.index()).flatten();
        let judge = |(statement, verdict): (&Statement, Result<Verdict, Refusal>)| match verdict {
            Ok(verdict) => verdict,
            Err(refusal) => {
                let index = index.as_ref().filter(|_| matches!(refusal, Refusal::Chain(_)));
                match index.and_then(|index| index.position_of(&statement.id()).ok().flatten()) {
                    Some(position) => Verdict::Known(position),
                    None => Verdict::Refused(refusal),
                }
            }
        };
        statements.iter().zip(verdicts).map(judge).collect()
    }

    fn index(&self) -> Option<Index> {
        let head = self.own.head().ok()?.tree();
        match self.own.index_places().ok()?.up_to_date(head, Taking::unwatched()) {
            Ok(index) => Some(index),
            Err(why) => {
                self.voice.warn(&format!("the index is behind: {why} (treering reindex)"));
                None
            }
        }
    }

    fn submission(
        &self,
        proofs: &Proofs<'_>,
        statement: &Statement,
        verdict: Verdict,
        last: Option<Position>,
    ) -> Result<Submission, Failure> {
        let id = statement.id();
        let accepted = |position, new| {
            self.answered.accepted();
            Ok(Submission::Accepted { id, new, proof: proofs.of(position)? })
        };
        match verdict {
            Verdict::Filed(position) => accepted(position, true),
            Verdict::Known(position) => accepted(position, false),
            Verdict::Refused(refusal) => {
                self.answered.refused();
                let last = match last {
                    Some(position) => proofs.statement(position)?,
                    None => None,
                };
                Ok(Submission::Refused {
                    id,
                    why: refusal.to_string(),
                    checkpoint: proofs.checkpoint.to_string(),
                    last,
                })
            }
        }
    }
}

impl Acceptor for LedgerAcceptor {
    fn accept(&mut self, statements: &[Statement]) -> Result<Vec<Submission>, NotNow> {
        self.file(statements).map_err(|failure| {
            self.voice.warn(&format!(
                "no statement was taken: {}: {} ({})",
                failure.what, failure.why, failure.next
            ));
            // Names of files are nobody's business over there.
            NotNow { why: failure.what }
        })
    }

    fn tidy(&mut self) {
        if self.open.is_some()
            && let Ok(_lock) = self.own.lock("serve")
        {
            drop(self.index());
        }
    }
}

/// The secret half of a log key, of those that were opened when the server started.
fn secret_of(keys: &[SecretKey], wanted: &PublicKey) -> Result<SecretKey, LogKeyMissing> {
    let found = keys.iter().find(|key| key.public() == *wanted).cloned();
    found.ok_or_else(|| LogKeyMissing {
        why: "the log key was changed while the server ran: start it again".into(),
    })
}

/// Proofs under one checkpoint, from tiles that are read once.
struct Proofs<'a> {
    own: &'a OwnStore,
    checkpoint: SignedCheckpoint,
    tiles: std::cell::RefCell<HashMap<Tile, Vec<Hash>>>,
}

impl Proofs<'_> {
    fn new(own: &OwnStore, checkpoint: SignedCheckpoint) -> Proofs<'_> {
        Proofs { own, checkpoint, tiles: Default::default() }
    }

    fn of(&self, position: Position) -> Result<LogProof, Failure> {
        let size = self.checkpoint.tree().size;
        let hashes = prove_inclusion::<PublicError>(position, size, |nodes: &[Node]| {
            read_from_tiles(nodes, size, |tile| {
                if let Some(hashes) = self.tiles.borrow().get(&tile) {
                    return Ok(hashes.clone());
                }
                let hashes = self.own.folder.tile(tile)?;
                self.tiles.borrow_mut().insert(tile, hashes.clone());
                Ok(hashes)
            })
        });
        let hashes = hashes.map_err(|why| unreadable(self.own.folder.path(), why))?;
        Ok(LogProof::new(position, hashes, self.checkpoint.clone()))
    }

    fn statement(&self, position: Position) -> Result<Option<(Vec<u8>, LogProof)>, Failure> {
        let size = self.checkpoint.tree().size;
        let Some(statement) = read::statement_at(&self.own.folder, size, position)? else {
            return Ok(None);
        };
        Ok(Some((statement.bytes().to_vec(), self.of(position)?)))
    }
}
