//! This store as a witness: it cosigns the heads of logs it was told to watch, each only if it extends
//! what it cosigned before.
//!
//! ```text
//! <store>/witness/identity                    the name, and which key
//! <store>/witness/<SHA-256 of origin>/log     the log's keys; the newest head cosigned, under the log's
//!                                             own signature
//! <state>/witnesses/<key>/<SHA-256 of origin> the same head in one line, outside the store
//! ```
//!
//! A signature that has left cannot be taken back, so a witness is guarded like a ledger: under the lock
//! of the outside record, each line durable before the next,
//!
//! ```text
//! outside: {was, next}   →   log: next   →   outside: {next}   →   sign and answer
//! ```
//!
//! A crash leaves one of three pictures, which the next request completes. Anything else means that the
//! store was copied or restored, and nothing is signed until a person has looked ([`Witness::resume`]).
//!
//! Only facts are kept, never a line that was not checked: a false one under our own name, stored, would
//! make the log's checkpoints unreadable to whoever knows us.

use std::sync::Arc;
use std::time::Duration;

use crate::store::disk::{Access, Disk};
use crate::store::durable;
use crate::store::layout::StoreFolder;
use crate::store::lock::{Holder, Lock, PATIENCE};
use crate::store::must_not_sign::Suspicion;
use crate::store::outside::{CosignedMark, HeadMark, Incarnation, OutsideWitness, StateFolder};
use crate::tlog::checkpoint::{Origin, SignedCheckpoint};
use crate::tlog::cosignature::CosignatureTime;
use crate::tlog::ed25519::SecretKey;
use crate::tlog::hash::{Hash, Tree};
use crate::tlog::note::{NOTE_BYTES_MAX, SignatureLine, VerifierKey};
use crate::tlog::witness::{AddCheckpoint, Declined, decide};

mod identity;
mod refusal;
mod settling;
mod state;

pub use identity::Identity;
pub use refusal::WitnessError;
pub use state::{Watched, origin_hash};

/// Bytes of a log's record: the longest note, and its keys.
const RECORD_CEILING: u64 = NOTE_BYTES_MAX as u64 + 64 * 1_024;

/// Logs that one witness watches, at most: each is a folder in one folder, looked up by its name.
pub const LOGS_MAX: usize = 100_000;

/// Where a witness and its outside records lie, and who is at work.
#[derive(Clone, Debug)]
pub struct WitnessPlaces {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The store.
    pub store: StoreFolder,
    /// The folder of outside records.
    pub state: StateFolder,
    /// Shown to others who wait.
    pub holder: Holder,
    /// How long to wait for them; usually [`PATIENCE`].
    pub patience: Duration,
}

/// A witness that can be asked.
#[derive(Clone, Debug)]
pub struct Witness {
    places: WitnessPlaces,
    identity: Identity,
    secret: SecretKey,
}

/// A checkpoint was cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// The witness's line.
    pub line: SignatureLine,
    /// The tree.
    pub tree: Tree,
    /// The time in the line.
    pub time: CosignatureTime,
}

impl WitnessPlaces {
    /// Places on this computer, with the usual patience.
    pub fn new(
        disk: Arc<dyn Disk>,
        store: StoreFolder,
        state: StateFolder,
        holder: Holder,
    ) -> WitnessPlaces {
        WitnessPlaces { disk, store, state, holder, patience: PATIENCE }
    }

    /// Who this store is as a witness.
    pub fn identity(&self) -> Result<Identity, WitnessError> {
        Identity::read(&*self.disk, &self.store.witness())?.ok_or(WitnessError::NoWitness)
    }

    /// Makes this store a witness. The store's lock is the caller's to hold.
    pub fn found(&self, identity: &Identity) -> Result<(), WitnessError> {
        self.state.check_apart(&self.store)?;
        if Identity::read(&*self.disk, &self.store.witness())?.is_some() {
            return Err(WitnessError::WitnessAlready);
        }
        let folder = self.store.witness();
        durable::create_folders(&*self.disk, self.store.path(), &folder, Access::Private)?;
        identity.write(&*self.disk, &folder)
    }

    /// The logs that are watched, by origin. Nothing is compared with the outside records.
    pub fn logs(&self) -> Result<Vec<Watched>, WitnessError> {
        let mut logs = Vec::new();
        for listed in durable::list(&*self.disk, &self.store.witness())? {
            if let Some(origin) = Hash::from_hex(&listed.name) {
                logs.extend(self.read(origin)?);
            }
        }
        logs.sort_by(|one, other| one.origin.cmp(&other.origin));
        Ok(logs)
    }

    /// What is remembered of the log whose origin has this SHA-256.
    pub fn read(&self, origin: Hash) -> Result<Option<Watched>, WitnessError> {
        let path = self.folder_of(origin).join("log");
        let Some(bytes) = durable::read_if_there(&*self.disk, &path, RECORD_CEILING)? else {
            return Ok(None);
        };
        let read = Watched::parse(&bytes, origin).map_err(|why| why.in_file(&path))?;
        Ok(Some(read))
    }

    /// The checkpoint by which a log contradicted what was cosigned, if it did.
    pub fn contradiction(&self, origin: Hash) -> Result<Option<SignedCheckpoint>, WitnessError> {
        let path = self.folder_of(origin).join("contradiction");
        let bytes = durable::read_if_there(&*self.disk, &path, NOTE_BYTES_MAX as u64)?;
        // What is there and cannot be read freezes the log all the same.
        bytes
            .map(|bytes| SignedCheckpoint::parse(&bytes))
            .transpose()
            .map_err(|why| WitnessError::Contradiction { path, why })
    }

    /// Compares what is remembered of a log inside the store and outside, and completes what a crash
    /// interrupted.
    pub fn check(&self, identity: &Identity, origin: Hash) -> Result<(), WitnessError> {
        let _lock = self.lock(identity, origin)?;
        self.agree(identity, origin).map(drop)
    }

    fn folder_of(&self, origin: Hash) -> std::path::PathBuf {
        self.store.witness().join(origin.to_string())
    }

    fn lock(&self, identity: &Identity, origin: Hash) -> Result<Lock, WitnessError> {
        self.state.check_apart(&self.store)?;
        let record = self.state.witnessed(identity.id(), origin);
        let lock = self.state.lock(&*self.disk, &record, &self.holder, self.patience)?;
        // The folder is this lock's to sweep: nobody else writes there.
        durable::sweep(&*self.disk, &self.folder_of(origin))?;
        Ok(lock)
    }

    fn remember(
        &self,
        identity: &Identity,
        origin: Hash,
        was: Option<CosignedMark>,
        next: CosignedMark,
    ) -> Result<(), WitnessError> {
        let record = OutsideWitness { witness: identity.id(), origin, was, next };
        Ok(self.state.write_witnessed(&*self.disk, &record)?)
    }

    fn write(&self, log: &Watched) -> Result<(), WitnessError> {
        let path = self.folder_of(log.origin_hash()).join("log");
        Ok(durable::replace(&*self.disk, &path, Access::Private, log.print().as_bytes())?)
    }

    /// Record and outside record of a log, completed if a crash fell between them. Needs the lock.
    fn agree(&self, identity: &Identity, origin: Hash) -> Result<Option<Watched>, WitnessError> {
        let outside = self.state.read_witnessed(&*self.disk, identity.id(), origin)?;
        let Some(log) = self.read(origin)? else {
            return match outside {
                // Nothing that could contradict was ever signed.
                None => Ok(None),
                Some(outside) if !outside.signed().is_something() => Ok(None),
                Some(outside) => Err(WitnessError::MustNotSign {
                    log: origin.to_string(),
                    because: Box::new(Suspicion::NoHead {
                        remembered: Some(outside.signed().head),
                    }),
                }),
            };
        };
        let mark = log.mark;
        let refuse = |because| {
            let because = Box::new(because);
            Err(WitnessError::MustNotSign { log: log.origin.to_string(), because })
        };
        let Some(outside) = outside else {
            let record = self.state.witnessed(identity.id(), origin);
            return refuse(Suspicion::NothingRemembered { record, head: mark.head });
        };
        match outside.was {
            None if outside.next == mark => {}
            // The move was made and not noted. Its name may not be durable yet.
            Some(_) if outside.next == mark => {
                durable::sync_folder(&*self.disk, &self.folder_of(origin))?;
                self.remember(identity, origin, None, mark)?;
            }
            // The move was announced and not made.
            Some(was) if was == mark => self.remember(identity, origin, None, mark)?,
            _ => {
                let remembered = outside.signed().head;
                return refuse(Suspicion::OtherHead { head: mark.head, remembered });
            }
        }
        Ok(Some(log))
    }
}

impl Witness {
    /// A witness with its secret key, which must be the one of its identity.
    pub fn open(places: WitnessPlaces, secret: SecretKey) -> Result<Witness, WitnessError> {
        let identity = places.identity()?;
        match identity.public() == secret.public() {
            true => Ok(Witness { places, identity, secret }),
            false => Err(WitnessError::OtherKey),
        }
    }

    /// Who it is.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Where it lies.
    pub fn places(&self) -> &WitnessPlaces {
        &self.places
    }

    /// Begins to watch a log, or takes up one more key of a log that is watched. Gives whether that is
    /// new.
    pub fn watch(
        &self,
        origin: &Origin,
        key: VerifierKey,
        incarnation: Incarnation,
    ) -> Result<bool, WitnessError> {
        watch(&self.places, &self.identity, origin, key, incarnation)
    }

    /// Answers a request. What is cosigned is durable, inside the store and outside, before this
    /// returns. `now` is this computer's clock; the time in the line is never earlier than that of the
    /// line before.
    pub fn cosign(
        &self,
        request: &AddCheckpoint,
        now: CosignatureTime,
        incarnation: Incarnation,
    ) -> Result<Cosigned, WitnessError> {
        let origin = origin_hash(&request.checkpoint().origin);
        // What does not depend on the head is refused without a lock: anybody may send it.
        let seen = self.places.read(origin)?;
        match decide(seen.as_ref().map(Watched::for_decision), request) {
            Err(refused) if matches!(refused.status(), 400 | 403 | 404) => {
                return Err(refused.into());
            }
            _ => {}
        }
        let _lock = self.places.lock(&self.identity, origin)?;
        let log = self.places.agree(&self.identity, origin)?;
        let decided = decide(log.as_ref().map(Watched::for_decision), request);
        let Some(log) = log else {
            return Err(Declined::UnknownOrigin(request.checkpoint().origin.to_string()).into());
        };
        if self.places.contradiction(origin)?.is_some() {
            return Err(WitnessError::Frozen(log.origin.to_string()));
        }
        if let Err(Declined::Contradicts { .. }) = &decided {
            self.keep_contradiction(origin, request, &log)?;
        }
        let granted = decided?;
        let tree = granted.checkpoint.tree;
        let time = now.max(log.mark.time).max(EARLIEST);
        let is_the_same = log.mark.head.tree == tree && log.mark.time == time && log.note.is_some();
        if !is_the_same {
            let head = HeadMark { incarnation, tree };
            let next = CosignedMark { head, time };
            let note = SignedCheckpoint::new(granted.checkpoint.clone(), granted.log_lines)?;
            let was = Some(log.mark);
            let moved = Watched { mark: next, note: Some(note), ..log };
            self.places.remember(&self.identity, origin, was, next)?;
            self.places.write(&moved)?;
            self.places.remember(&self.identity, origin, None, next)?;
        }
        let line = granted.checkpoint.cosign(&self.secret, self.identity.name(), time);
        Ok(Cosigned { line, tree, time })
    }

    /// The newest checkpoint that was cosigned of the log whose origin has this SHA-256, under the log's
    /// lines and this witness's.
    pub fn newest(&self, origin: Hash) -> Result<Option<SignedCheckpoint>, WitnessError> {
        // Without a log there is nothing to lock, and nobody can make us fill a folder with locks.
        if self.places.read(origin)?.is_none() {
            return Ok(None);
        }
        let _lock = self.places.lock(&self.identity, origin)?;
        let Some(log) = self.places.agree(&self.identity, origin)? else { return Ok(None) };
        let Some(mut note) = log.note else { return Ok(None) };
        let line = note.checkpoint().cosign(&self.secret, self.identity.name(), log.mark.time);
        note.add(line)?;
        Ok(Some(note))
    }
}

/// Time 0 stands for "nothing cosigned" in the records.
const EARLIEST: CosignatureTime = CosignatureTime::EPOCH_PLUS_ONE;

/// [`Witness::watch`], which needs no secret key.
pub fn watch(
    places: &WitnessPlaces,
    identity: &Identity,
    origin: &Origin,
    key: VerifierKey,
    incarnation: Incarnation,
) -> Result<bool, WitnessError> {
    if origin.key_name() == identity.name() || key.name() == identity.name() {
        return Err(WitnessError::OwnName);
    }
    if key.key() == &identity.public() {
        return Err(WitnessError::OwnName);
    }
    let hash = origin_hash(origin);
    let _lock = places.lock(identity, hash)?;
    let mut mark = CosignedMark::nothing(incarnation);
    let known = match places.agree(identity, hash) {
        // The log's record is gone, and this computer knows what was cosigned last: that will do.
        Err(WitnessError::MustNotSign { because, .. })
            if matches!(*because, Suspicion::NoHead { .. }) =>
        {
            let outside = places.state.read_witnessed(&*places.disk, identity.id(), hash)?;
            mark = outside.map_or(mark, |outside| outside.signed());
            None
        }
        known => known?,
    };
    match known {
        Some(log) if log.keys.contains(&key) => Ok(false),
        Some(mut log) => {
            // Which keys a log has is no part of what the outside record guards.
            log.keys.push(key);
            places.write(&log)?;
            Ok(true)
        }
        None => {
            if durable::list(&*places.disk, &places.store.witness())?.len() > LOGS_MAX {
                return Err(WitnessError::TooManyLogs);
            }
            let log = Watched { origin: origin.clone(), keys: vec![key], mark, note: None };
            let (root, folder) = (places.store.witness(), places.folder_of(hash));
            durable::create_folders(&*places.disk, &root, &folder, Access::Private)?;
            places.remember(identity, hash, None, mark)?;
            places.write(&log)?;
            Ok(true)
        }
    }
}
