//! Filing: statements signed with a key here, or elsewhere, enter one's own ledger.
//!
//! A statement is durable beside its key before it leaves the process, and beside it until the ledger
//! is known to hold it. So whatever a crash leaves is completed by the next command that signs.

use std::sync::Arc;

use super::exit::Exit;
use super::keyring::{Keyring, random};
use super::own_store::OwnStore;
use super::statement_text::summary;
use super::voice::Failure;
use super::{Context, clock, frozen};
use crate::ledger::book::Refusal;
use crate::ledger::indexing::Taking;
use crate::ledger::read::statements_from;
use crate::ledger::writer::{AppendError, Appended, LogKeyMissing, LogKeys, Writer};
use crate::report::words::counted;
use crate::statement::authority::Authority;
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

impl ToSign {
    /// Whether this statement says it.
    pub fn is_in(&self, statement: &Statement) -> bool {
        (&statement.payload.body, &statement.payload.also) == (&self.body, &self.also)
    }
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
        let keyring = Keyring::at(context, &own.store.keys());
        Filing::begin_with(context, own, keyring, command)
    }

    /// [`Filing::begin`], in a store that was found before, with keys that may be open already.
    pub fn begin_with(
        context: &'a Context,
        own: OwnStore,
        keyring: Keyring<'a>,
        command: &'static str,
    ) -> Result<Filing<'a>, Failure> {
        let lock = own.lock(command)?;
        frozen::check(&own)?;
        own.store.sweep(&*own.disk)?;
        let places = own.head_places(command)?;
        let writer = with_log_keys(&keyring, |keys| Writer::open(places, &own.name, keys))?;
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

    /// Files what an interrupted command had signed with a key, so that the next one knows of it: files
    /// recorded then are not recorded again, whatever else lies beside them by now.
    pub fn finish_interrupted(&mut self, key: &KeyFile) -> Result<(), Failure> {
        let places = chain_places(&self.own.disk, key, self.command)?;
        let mut chain = ChainFile::open(places, key.id(), self.ledger())?;
        self.catch_up(&mut chain, key.id()).map(drop)
    }

    /// Signs with a key of this store and files the result.
    pub fn sign_and_file(
        &mut self,
        key: &KeyFile,
        statement: ToSign,
        resume_chain: bool,
    ) -> Result<Appended, Failure> {
        let secret = self.keyring.open(key)?;
        self.sign_and_file_with(key, &secret, statement, resume_chain)
    }

    /// [`Filing::sign_and_file`], with a key that may lie elsewhere (the root on its stick).
    pub fn sign_and_file_with(
        &mut self,
        key: &KeyFile,
        secret: &SecretKey,
        statement: ToSign,
        resume_chain: bool,
    ) -> Result<Appended, Failure> {
        let ledger = self.ledger();
        let places = chain_places(&self.own.disk, key, self.command)?;
        let mut chain = match resume_chain {
            false => ChainFile::open(places, key.id(), ledger)?,
            true => {
                let last = self.writer.book().last_by(&key.id());
                ChainFile::resume(places, key.id(), ledger, last)?
            }
        };
        // The command that was interrupted may have been this very one.
        let completed = self.catch_up(&mut chain, key.id())?;
        if let Some((position, _)) = completed.iter().find(|(_, done)| statement.is_in(done)) {
            let checkpoint = self.writer.checkpoint().clone();
            return Ok(Appended { first: *position, checkpoint });
        }
        let seen = self.writer.checkpoint().tree();
        let writer = &self.writer;
        let signed = sign(&mut chain, ledger, secret, Some(seen), statement, |signed| {
            Ok(writer.judge(std::slice::from_ref(signed)).map(drop)?)
        })?;
        let appended = self.append(std::slice::from_ref(&signed))?;
        chain.filed(ledger, Link { seq: signed.payload.chain.seq, id: signed.id() })?;
        Ok(appended)
    }

    /// Files statements that were signed elsewhere.
    pub fn append(&mut self, statements: &[Statement]) -> Result<Appended, Failure> {
        let mut incarnation = [0; Incarnation::LENGTH];
        random(&mut incarnation);
        let (keyring, writer) = (&self.keyring, &mut self.writer);
        let appended = with_log_keys(keyring, |keys| {
            writer.append(statements, keys, Incarnation(incarnation))
        })?;
        self.update_index();
        Ok(appended)
    }

    /// The index is a convenience: that it fails is said, and the next command that needs it mends it.
    fn update_index(&self) {
        let head = self.writer.book().tree();
        let updated = self
            .own
            .index_places()
            .and_then(|places| Ok(places.up_to_date(head, Taking::unwatched()).map(drop)?));
        if let Err(Failure { why, .. }) = updated {
            self.context.voice.warn(&format!("the index is behind: {why} (treering reindex)"));
        }
    }

    /// Brings a key's memory and the ledger together, after a crash or a statement filed elsewhere;
    /// says what was filed now.
    fn catch_up(
        &mut self,
        chain: &mut ChainFile,
        key: KeyId,
    ) -> Result<Vec<(Position, Statement)>, Failure> {
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
        let waiting = self.without_refused(chain, waiting)?;
        let Some(last) = waiting.last() else { return Ok(Vec::new()) };
        let last = Link { seq: last.payload.chain.seq, id: last.id() };
        let first = self.append(&waiting)?.first;
        self.context.voice.note(&format!(
            "Filed {} that this key had signed before.",
            counted(waiting.len() as u64, "statement")
        ));
        chain.filed(ledger, last)?;
        Ok((first.0..).map(Position).zip(waiting).collect())
    }

    /// The waiting statements up to the first that the ledger refuses. That one, and what was signed
    /// after it, would be refused for ever and block the key: they are given up, and the next
    /// statement says so in its chain.
    fn without_refused(
        &self,
        chain: &mut ChainFile,
        mut waiting: Vec<Statement>,
    ) -> Result<Vec<Statement>, Failure> {
        let (index, refusal) = match self.writer.judge(&waiting) {
            Ok(_) => return Ok(waiting),
            Err(AppendError::Refused {
                index,
                refusal: refusal @ (Refusal::Authority(_) | Refusal::Chain(_)),
            }) => (index, refusal),
            Err(fault) => return Err(fault.into()),
        };
        let given_up = waiting.split_off(index);
        chain.abandon(self.ledger(), given_up[0].payload.chain.seq)?;
        for (place, statement) in given_up.iter().enumerate() {
            let why = match place {
                0 => refusal.to_string(),
                _ => "it was signed after one that is refused".into(),
            };
            self.context.voice.warn(&format!(
                "given up, because the ledger does not take it: {}, {} ({why})",
                statement.header.typ.kind,
                summary(statement)
            ));
        }
        Ok(waiting)
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

/// A key of a keyring that may sign a kind: the named one, or the only one.
pub fn key_for(
    keyring: &Keyring<'_>,
    authority: &Authority,
    body: &Body,
    named: Option<&str>,
) -> Result<KeyFile, Failure> {
    let kind = body.media_type().kind;
    let may_sign = |key: &KeyFile| {
        let grant = authority.grant_of(&key.id());
        grant.is_some_and(|grant| grant.ended.is_none() && grant.scope.covers(&kind))
    };
    if let Some(name) = named {
        let key = keyring.named(name)?;
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
    let mut keys: Vec<KeyFile> = keyring.list()?.into_iter().filter(may_sign).collect();
    match keys.len() {
        0 => Err(none_may_sign(keyring, &format!("no key in this store may sign {kind}"))),
        1 => Ok(keys.swap_remove(0)),
        _ => Err(Failure::new(
            Exit::Key,
            format!("several keys in this store may sign {kind}"),
            keys.iter().map(|key| key.name().as_str()).collect::<Vec<_>>().join(", "),
            "say which one with --key NAME",
        )),
    }
}

/// No key will do. One that cannot be read may be the very key, and then no new grant is needed.
fn none_may_sign(keyring: &Keyring<'_>, what: &str) -> Failure {
    let unreadable = keyring.folder().list().map(|list| list.unreadable).unwrap_or_default();
    match unreadable.first() {
        Some(fault) => {
            let why = format!("{fault}; of those that can be read, the root has granted none");
            Failure::new(Exit::Key, what, why, fault.next_step())
        }
        None => Failure::new(
            Exit::Key,
            what,
            "the root has granted none, or has ended their grants",
            "treering key request NAME, then have the root grant it",
        ),
    }
}

/// Opens every key that filing with `key` will need, and its memory. Called before long work: that a
/// passphrase is wrong or a stick is missing should not be found out after an hour of reading.
pub fn prepare(
    own: &OwnStore,
    keyring: &Keyring<'_>,
    authority: &Authority,
    key: &KeyFile,
    resume_chain: bool,
) -> Result<(), Failure> {
    keyring.open(key)?;
    let term = authority.log_keys_in_force();
    for log_key in term.beside.iter().chain([&term.required]) {
        open_log_key(keyring, log_key)?;
    }
    if !resume_chain {
        let places = chain_places(&own.disk, key, "add")?;
        ChainFile::open(places, key.id(), authority.ledger())?;
    }
    Ok(())
}

/// Does work that may need log keys. If one is not at hand, the answer says which and what to do.
pub fn with_log_keys<T, E: Into<Failure>>(
    keyring: &Keyring<'_>,
    work: impl FnOnce(LogKeys<'_>) -> Result<T, E>,
) -> Result<T, Failure> {
    let mut fault = None;
    let done = work(&mut |key| {
        open_log_key(keyring, key).map_err(|failure| {
            let why = failure.why.clone();
            fault = Some(failure);
            LogKeyMissing { why }
        })
    });
    done.map_err(|error| fault.unwrap_or_else(|| error.into()))
}

/// The log key with this public half.
fn open_log_key(keyring: &Keyring<'_>, key: &PublicKey) -> Result<SecretKey, Failure> {
    match keyring.find(key)? {
        Some(file) => keyring.open(&file),
        None => Err(Failure::new(
            Exit::Key,
            "the log key is not here, and no checkpoint can be signed without it",
            format!(
                "{} holds no key {}",
                keyring.folder().path().display(),
                &KeyId::of(key).to_string()[..16]
            ),
            "put its second copy back; if there is none, treering key rotate-log --reason lost",
        )),
    }
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

/// Signs a statement for the party that runs a ledger, durably remembered before it is given out.
///
/// `judge` sees it first: a number that was spent on a refused statement would have to be given up.
pub fn sign(
    chain: &mut ChainFile,
    ledger: LedgerId,
    secret: &SecretKey,
    seen: Option<Tree>,
    statement: ToSign,
    judge: impl FnOnce(&Statement) -> Result<(), Failure>,
) -> Result<Statement, Failure> {
    let mut staging = chain.stage(ledger);
    let ToSign { body, also } = statement;
    let signed = draft(ledger, body, staging.next_chain(seen), also).sign(secret);
    let signed = signed.map_err(|why| {
        Failure::new(Exit::Usage, "the statement cannot be signed", why, "change what it says")
    })?;
    judge(&signed)?;
    staging.push(signed.clone())?;
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
