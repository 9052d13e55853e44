//! Filing: statements signed with a key here, or elsewhere, enter one's own ledger.
//!
//! A statement is durable beside its key before it leaves the process, and beside it until the ledger
//! is known to hold it. So whatever a crash leaves is completed by the next command that signs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::exit::Exit;
use super::keyring::{Keyring, random};
use super::own_store::OwnStore;
use super::voice::Failure;
use super::{Context, clock};
use crate::ledger::read::statements_from;
use crate::ledger::writer::{AppendError, Appended, LogKeyMissing, Writer};
use crate::statement::bodies::Body;
use crate::statement::chain::{Chain, Link};
use crate::statement::envelope::{
    CoSignature, Draft, Issuer, LedgerId, Payload, Statement, Subject,
};
use crate::statement::key::KeyId;
use crate::store::chain_file::{ChainFile, ChainFileError, ChainPlaces};
use crate::store::disk::Disk;
use crate::store::keys::KeyFile;
use crate::store::lock::{Holder, Lock, PATIENCE};
use crate::store::outside::{Incarnation, StateFolder};
use crate::tlog::ed25519::{PublicKey, SecretKey};
use crate::tlog::hash::{Position, Tree};

/// One's own ledger, open for filing under the store's lock.
pub struct Filing<'a> {
    /// The store.
    pub own: OwnStore,
    /// The keys in it.
    pub keyring: Keyring<'a>,
    /// The writer.
    pub writer: Writer,
    context: &'a Context,
    command: &'static str,
    _lock: Lock,
}

/// What is to be signed: the body, and second signatures it needs.
pub struct ToSign {
    /// What it says.
    pub body: Body,
    /// Second signatures, ascending by key.
    pub also: Vec<CoSignature>,
}

impl From<Body> for ToSign {
    fn from(body: Body) -> ToSign {
        ToSign { body, also: Vec::new() }
    }
}

impl<'a> Filing<'a> {
    /// Opens the ledger for filing.
    pub fn begin(context: &'a Context, command: &'static str) -> Result<Filing<'a>, Failure> {
        let own = OwnStore::find(context)?;
        let lock = own.lock(command)?;
        own.store.sweep(&*own.disk)?;
        let keyring = Keyring::at(context, &own.store.keys());
        let places = own.head_places(command)?;
        let writer = Writer::open(places, &own.name, &mut |key| log_key(&keyring, key))?;
        let head = writer.checkpoint().tree();
        context
            .voice
            .detail(&format!("opened {} at size {}, root {}", own.name, head.size, head.root));
        Ok(Filing { own, keyring, writer, context, command, _lock: lock })
    }

    /// The ledger's id.
    pub fn ledger(&self) -> LedgerId {
        self.writer.book().ledger()
    }

    /// A key in this store that may sign a kind now: the named one, or the only one.
    pub fn key_for(&self, body: &Body, named: Option<&str>) -> Result<KeyFile, Failure> {
        let kind = body.media_type().kind;
        let may_sign = |key: &KeyFile| {
            let grant = self.writer.book().authority().grant_of(&key.id());
            grant.is_some_and(|grant| grant.ended.is_none() && grant.scope.covers(&kind))
        };
        if let Some(name) = named {
            let key = self.keyring.named(name)?;
            return match may_sign(&key) {
                true => Ok(key),
                false => Err(Failure::new(
                    Exit::Key,
                    format!("the key {name} may not sign {kind} here"),
                    "the root has not granted it, or has ended its grant",
                    "treering key list",
                )),
            };
        }
        let mut keys: Vec<KeyFile> = self.keyring.list()?.into_iter().filter(may_sign).collect();
        match keys.len() {
            0 => Err(Failure::new(
                Exit::Key,
                format!("no key in this store may sign {kind}"),
                "the root has granted none, or has ended their grants",
                "treering key request NAME, then have the root grant it",
            )),
            1 => Ok(keys.swap_remove(0)),
            _ => Err(Failure::new(
                Exit::Key,
                format!("several keys in this store may sign {kind}"),
                keys.iter().map(|key| key.name().as_str()).collect::<Vec<_>>().join(", "),
                "say which one with --key NAME",
            )),
        }
    }

    /// Signs with a key of this store and files the result.
    pub fn sign_and_file(
        &mut self,
        key: &KeyFile,
        statements: Vec<ToSign>,
        resume_chain: bool,
    ) -> Result<Appended, Failure> {
        let secret = self.keyring.open(key)?;
        self.sign_and_file_with(key, &secret, statements, resume_chain)
    }

    /// [`Filing::sign_and_file`], with a key that may lie elsewhere (the root on its stick).
    pub fn sign_and_file_with(
        &mut self,
        key: &KeyFile,
        secret: &SecretKey,
        statements: Vec<ToSign>,
        resume_chain: bool,
    ) -> Result<Appended, Failure> {
        let ledger = self.ledger();
        let places = chain_places(&self.own.disk, key, self.command)?;
        let mut chain = match resume_chain {
            false => ChainFile::open(places, key.id())?,
            true => {
                let last = self.writer.book().last_by(&key.id());
                let filed = BTreeMap::from_iter(last.map(|last| (ledger, last)));
                ChainFile::resume(places, key.id(), &filed)?
            }
        };
        self.catch_up(&mut chain, key.id())?;
        let seen = self.writer.checkpoint().tree();
        let writer = &self.writer;
        let judge = |signed: &[Statement]| Ok(writer.judge(signed)?);
        let signed = sign(&mut chain, ledger, secret, Some(seen), statements, judge)?;
        let appended = self.append(&signed)?;
        if let Some(last) = signed.last() {
            chain.filed(ledger, Link { seq: last.payload.chain.seq, id: last.id() })?;
        }
        Ok(appended)
    }

    /// Files what an interrupted command had signed with a key, so that the next one knows of it.
    pub fn finish_interrupted(&mut self, key: &KeyFile) -> Result<(), Failure> {
        let places = chain_places(&self.own.disk, key, self.command)?;
        self.catch_up(&mut ChainFile::open(places, key.id())?, key.id())
    }

    /// Files statements that were signed elsewhere.
    pub fn append(&mut self, statements: &[Statement]) -> Result<Appended, Failure> {
        let keyring = &self.keyring;
        let mut incarnation = [0; Incarnation::LENGTH];
        random(&mut incarnation);
        let appended = self.writer.append(
            statements,
            &mut |key| log_key(keyring, key),
            Incarnation(incarnation),
        )?;
        self.update_index();
        Ok(appended)
    }

    /// The index is a convenience: that it fails is said, and the next command that needs it mends it.
    fn update_index(&self) {
        let (index, manifests) = (self.own.store.index(self.ledger()), self.own.store.manifests());
        let places = self.own.index_places(&index, &manifests);
        if let Err(why) = places.up_to_date(self.writer.book().tree()) {
            self.context.voice.warn(&format!("the index is behind: {why} (treering reindex)"));
        }
    }

    /// Brings a key's memory and the ledger together, after a crash or a statement filed elsewhere.
    fn catch_up(&mut self, chain: &mut ChainFile, key: KeyId) -> Result<(), Failure> {
        let ledger = self.ledger();
        let filed = chain.contents().filed(ledger);
        let held = self.writer.book().last_by(&key);
        let next = filed.map_or(0, |link| link.seq + 1);
        if held.map(|link| link.seq) < filed.map(|link| link.seq) {
            return Err(ChainFileError::CopyBehind.into());
        }
        if held.is_some_and(|held| held.seq >= next) {
            let links = self.links_of(key, next)?;
            chain.catch_up(ledger, &links)?;
        }
        let waiting: Vec<Statement> =
            chain.contents().unfiled(ledger).iter().map(|waiting| (**waiting).clone()).collect();
        let (taken, refusal) = match self.writer.judge(&waiting) {
            Ok(()) => (waiting.len(), None),
            Err(AppendError::Refused { index, refusal }) => (index, Some(refusal)),
            Err(fault) => return Err(fault.into()),
        };
        if let Some(last) = waiting[..taken].last() {
            let last = Link { seq: last.payload.chain.seq, id: last.id() };
            self.append(&waiting[..taken])?;
            chain.filed(ledger, last)?;
            self.context.voice.note("Filed what an interrupted command had signed.");
        }
        if let Some(refusal) = refusal {
            // It never will be filed here. The next statement of the key says so.
            chain.abandon(ledger, waiting[taken].payload.chain.seq)?;
            let what =
                "Gave up what an earlier command had signed, since the ledger does not take it";
            self.context.voice.warn(&format!("{what}: {refusal}"));
        }
        Ok(())
    }

    /// A key's statements in the ledger from a number on.
    fn links_of(&self, key: KeyId, from: u64) -> Result<Vec<Link>, Failure> {
        let size = self.writer.book().tree().size;
        let mut links = Vec::new();
        for statement in statements_from(&self.own.folder, Position(0), size) {
            let (_, statement) = statement?;
            let seq = statement.payload.chain.seq;
            if statement.header.key == key && seq >= from {
                links.push(Link { seq, id: statement.id() });
            }
        }
        Ok(links)
    }
}

/// The log key with this public half.
pub fn log_key(keyring: &Keyring<'_>, key: &PublicKey) -> Result<SecretKey, LogKeyMissing> {
    let missing = |why: String| LogKeyMissing { why };
    let file = keyring.find(key).map_err(|fault| missing(fault.why))?;
    let file = file
        .ok_or_else(|| missing(format!("the log key {} is not in this store", KeyId::of(key))))?;
    keyring.open(&file).map_err(|fault| missing(fault.why))
}

/// Where a key's memory lies.
pub fn chain_places(
    disk: &Arc<dyn Disk>,
    key: &KeyFile,
    command: &str,
) -> Result<ChainPlaces, Failure> {
    Ok(ChainPlaces {
        disk: Arc::clone(disk),
        path: key.chain_path(),
        state: StateFolder::from_environment()?,
        holder: Holder::this_process(command),
        patience: PATIENCE,
    })
}

/// Signs statements for the party that runs a ledger, durably remembered before they are given out.
/// What `judge` refuses was never signed.
pub fn sign(
    chain: &mut ChainFile,
    ledger: LedgerId,
    secret: &SecretKey,
    seen: Option<Tree>,
    statements: Vec<ToSign>,
    judge: impl FnOnce(&[Statement]) -> Result<(), Failure>,
) -> Result<Vec<Statement>, Failure> {
    let mut staging = chain.stage(ledger);
    for ToSign { body, also } in statements {
        let draft = draft(ledger, body, staging.next_chain(seen), also);
        let signed = draft.sign(secret).map_err(|why| {
            Failure::new(Exit::Usage, "the statement cannot be signed", why, "change what it says")
        })?;
        staging.push(signed)?;
    }
    let signed: Vec<Statement> =
        staging.statements().iter().map(|statement| (**statement).clone()).collect();
    judge(&signed)?;
    staging.commit()?;
    Ok(signed)
}

/// A statement of the party that runs the ledger.
pub fn draft(ledger: LedgerId, body: Body, chain: Chain, also: Vec<CoSignature>) -> Draft {
    Draft {
        issuer: Issuer::Ledger(ledger),
        subject: body.subject().unwrap_or(Subject::Ledger),
        issued_at: clock::now_s(),
        payload: Payload { chain, also, key: None, by: None, body },
    }
}

/// The second signature of a key over a body: proof that whoever asks holds it.
pub fn second_signature(
    ledger: LedgerId,
    body: &Body,
    secret: &SecretKey,
) -> Result<CoSignature, Failure> {
    let draft = draft(ledger, body.clone(), Chain::default(), Vec::new());
    let message = draft.also_message(Some(ledger)).map_err(|why| {
        Failure::new(Exit::Usage, "the statement cannot be signed", why, "change what it says")
    })?;
    Ok(CoSignature { key: secret.public(), sig: secret.sign(&message) })
}
