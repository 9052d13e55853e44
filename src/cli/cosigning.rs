//! A ledger of this store and its witnesses: what they are sent, and what is kept of what they answer.

use std::collections::BTreeSet;

use super::check::read_policy;
use super::exit::Exit;
use super::failures::{unreadable, usage};
use super::own_store::OwnStore;
use super::voice::Failure;
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::report::words::{counted, safe, time};
use crate::store::cosigned::{CosignedCheckpoints, CosignedError};
use crate::store::disk::Access;
use crate::store::durable;
use crate::store::public::{PublicError, PublicFolder};
use crate::store::safe_name::SafeName;
use crate::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use crate::tlog::cosignature::CosignatureTime;
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::merkle::{Node, prove_consistency};
use crate::tlog::note::{NOTE_BYTES_MAX, SignatureLine, VerifierKey};
use crate::tlog::policy::{Policy, PolicyWitness, Quorum};

impl From<CosignedError> for Failure {
    fn from(fault: CosignedError) -> Failure {
        let exit = match &fault {
            CosignedError::Other(_) => Exit::Fork,
            CosignedError::Damaged { .. } => Exit::Finding,
            _ => Exit::Unexpected,
        };
        let next = "treering audit names what is damaged";
        Failure::new(exit, "the cosigned checkpoint is not kept", fault, next)
    }
}

/// A ledger of this store, and who witnesses it.
pub struct Cosigning {
    /// The ledger's public folder.
    pub folder: PublicFolder,
    /// What its statements add up to.
    pub book: Book,
    /// Its signed head.
    pub head: SignedCheckpoint,
    /// The witnesses this store believes; absent if there is no trust.policy.
    pub policy: Option<Policy>,
    cosigned: CosignedCheckpoints,
}

/// How far witnesses have come.
pub struct Witnessed {
    /// The largest cosigned size that meets the quorum, and by when it did.
    pub by_quorum: Option<(TreeSize, CosignatureTime)>,
    /// Statements above it.
    pub waiting: u64,
    /// The policy asks for no witness.
    pub not_asked: bool,
}

impl Cosigning {
    /// One's own ledger, under the newest head that was signed.
    pub fn of_own(own: &OwnStore, command: &str) -> Result<Cosigning, Failure> {
        let head = own.newest_head(command)?;
        Cosigning::new(own, own.folder.clone(), head)
    }

    /// A ledger of this store by its folder's name: one's own, or a mirrored one.
    pub fn named(own: &OwnStore, name: &str, command: &str) -> Result<Cosigning, Failure> {
        let there = own.store.ledger_names(&*own.disk)?;
        let name =
            SafeName::new(name).ok().filter(|name| there.contains(name)).ok_or_else(|| {
                let names: Vec<&str> = there.iter().map(SafeName::as_str).collect();
                usage(
                    format!("there is no ledger {}", safe(name)),
                    format!("this store has {}", names.join(", ")),
                    "name one of them",
                )
            })?;
        if name == own.name {
            return Cosigning::of_own(own, command);
        }
        let folder = PublicFolder::new(own.disk.clone(), own.store.ledger(&name));
        let head = read::head_of(&folder)?;
        Cosigning::new(own, folder, head)
    }

    fn new(
        own: &OwnStore,
        folder: PublicFolder,
        head: SignedCheckpoint,
    ) -> Result<Cosigning, Failure> {
        let book = read::book(&folder, read::ledger_in(&folder)?, head.tree().size)?;
        let path = own.store.trust_policy();
        let policy = path.is_file().then(|| read_policy(&path)).transpose()?;
        let cosigned = CosignedCheckpoints::of(own.disk.clone(), folder.path());
        Ok(Cosigning { folder, book, head, policy, cosigned })
    }

    /// The witnesses of the policy.
    pub fn witnesses(&self) -> &[PolicyWitness] {
        self.policy.as_ref().map_or(&[], |policy| policy.witnesses())
    }

    /// Their keys.
    pub fn witness_keys(&self) -> Vec<VerifierKey> {
        self.witnesses().iter().map(|witness| witness.key.clone()).collect()
    }

    /// Every key that ever was the log's.
    pub fn log_keys(&self) -> Vec<VerifierKey> {
        let term = self.book.authority().log_keys_in_force();
        let all = self.book.authority().log_keys().chain(term.beside.iter().copied());
        let mut keys: Vec<VerifierKey> = Vec::new();
        for key in all.map(|key| log_vkey(self.head.origin(), key)) {
            if !keys.contains(&key) {
                keys.push(key);
            }
        }
        keys
    }

    /// The head under the log's own lines and no others: what witnesses are sent.
    pub fn to_send(&self) -> Result<SignedCheckpoint, Failure> {
        let (text, keys) = (self.head.note().text(), self.log_keys());
        let is_own = |line: &&SignatureLine| {
            let mut same =
                keys.iter().filter(|key| (key.name(), key.id()) == (line.name(), line.id()));
            same.any(|key| key.check(text, line.signature()).is_ok())
        };
        let lines = self.head.note().signatures().iter().filter(is_own).cloned().collect();
        SignedCheckpoint::new(self.head.checkpoint().clone(), lines).map_err(|why| {
            Failure::new(
                Exit::Finding,
                "the head is not signed by the ledger's log key",
                why,
                "treering audit names what is damaged",
            )
        })
    }

    /// The proof that the head extends the tree of a smaller size.
    pub fn proof_from(&self, old: TreeSize) -> Result<Vec<Hash>, PublicError> {
        let size = self.head.tree().size;
        match old.0 {
            0 => Ok(Vec::new()),
            _ => prove_consistency(old, size, |nodes: &[Node]| self.folder.nodes(nodes, size)),
        }
    }

    /// The size that a witness was last seen to have cosigned; 0 if none.
    pub fn last_by(&self, witness: &VerifierKey) -> Result<TreeSize, Failure> {
        for size in self.cosigned.sizes()?.into_iter().rev() {
            let checkpoint = self.cosigned.read(size)?;
            if checkpoint.is_some_and(|checkpoint| checkpoint.note().check([witness]).is_ok()) {
                return Ok(size);
            }
        }
        Ok(TreeSize(0))
    }

    /// Keeps lines of known witnesses on a checkpoint of this ledger, and puts them under the published
    /// head if it is that. The caller holds the store's lock. Gives the checkpoint as it is kept.
    pub fn keep(
        &self,
        checkpoint: &SignedCheckpoint,
        lines: &[SignatureLine],
    ) -> Result<Option<SignedCheckpoint>, Failure> {
        let mut all = checkpoint.note().signatures().to_vec();
        all.extend(lines.iter().cloned());
        let offered = SignedCheckpoint::new(checkpoint.checkpoint().clone(), all)
            .map_err(|why| Failure::from(CosignedError::Note(why)))?;
        self.cosigned.keep(&offered, &self.log_keys(), &self.witness_keys())?;
        let kept = self.cosigned.read(checkpoint.tree().size)?;
        if let Some(kept) = &kept
            && let Some(published) =
                self.folder.checkpoint().map_err(|why| unreadable(self.folder.path(), why))?
            && published.note().text() == kept.note().text()
            && published != *kept
        {
            self.folder.publish(kept)?;
        }
        Ok(kept)
    }

    /// How far the quorum of the policy has come; nothing if there is no policy that names witnesses.
    pub fn witnessed(&self) -> Result<Option<Witnessed>, Failure> {
        witnessed(self.policy.as_ref(), &self.cosigned, &self.head)
    }

    /// Remembers what a witness far away was asked, so that its answer finds its checkpoint.
    pub fn remember_request(&self, own: &OwnStore, sent: &SignedCheckpoint) -> Result<(), Failure> {
        let folder = own.store.requests(self.book.ledger());
        durable::create_folders(&*own.disk, own.store.path(), &folder, Access::Private)?;
        durable::sweep(&*own.disk, &folder)?;
        let path = folder.join(sent.tree().size.to_string());
        Ok(durable::replace(&*own.disk, &path, Access::Private, sent.to_string().as_bytes())?)
    }

    /// The checkpoints that an answer may be about: the head, those that were sent, those that are
    /// cosigned already. Each is of this ledger's own history.
    pub fn asked_about(&self, own: &OwnStore) -> Result<Vec<SignedCheckpoint>, Failure> {
        let mut asked = vec![self.to_send()?];
        let folder = own.store.requests(self.book.ledger());
        for listed in durable::list(&*own.disk, &folder)? {
            let bytes =
                durable::read(&*own.disk, &folder.join(listed.name), NOTE_BYTES_MAX as u64)?;
            asked.extend(SignedCheckpoint::parse(&bytes));
        }
        for size in self.cosigned.sizes()? {
            asked.extend(self.cosigned.read(size)?);
        }
        let mut texts = BTreeSet::new();
        asked.retain(|checkpoint| {
            self.is_of_this_history(checkpoint) && texts.insert(checkpoint.note().text().to_owned())
        });
        Ok(asked)
    }

    /// Whether the ledger had this tree, and one of its log keys says so.
    pub fn is_of_this_history(&self, checkpoint: &SignedCheckpoint) -> bool {
        let (tree, ours) = (checkpoint.tree(), self.head.tree().size);
        checkpoint.origin() == self.head.origin()
            && checkpoint.note().check(&self.log_keys()).is_ok()
            && read::root_at(&self.folder, tree.size, ours) == Some(tree.root)
    }

    /// Forgets requests up to a size that the quorum has reached.
    pub fn forget_requests(&self, own: &OwnStore) -> Result<(), Failure> {
        let reached = self.witnessed()?.and_then(|witnessed| witnessed.by_quorum);
        let Some((reached, _)) = reached else { return Ok(()) };
        let folder = own.store.requests(self.book.ledger());
        for listed in durable::list(&*own.disk, &folder)? {
            if listed.name.parse().is_ok_and(|size| TreeSize(size) <= reached) {
                durable::remove(&*own.disk, &folder.join(listed.name))?;
            }
        }
        Ok(())
    }
}

/// How far witnesses have come with one's own ledger; nothing if no policy names any.
pub fn witnessed_of_own(own: &OwnStore) -> Result<Option<Witnessed>, Failure> {
    let path = own.store.trust_policy();
    let policy = path.is_file().then(|| read_policy(&path)).transpose()?;
    let cosigned = CosignedCheckpoints::of(own.disk.clone(), own.folder.path());
    witnessed(policy.as_ref(), &cosigned, &own.head()?)
}

fn witnessed(
    policy: Option<&Policy>,
    cosigned: &CosignedCheckpoints,
    head: &SignedCheckpoint,
) -> Result<Option<Witnessed>, Failure> {
    let Some(policy) = policy.filter(|policy| !policy.witnesses().is_empty()) else {
        return Ok(None);
    };
    let ours = head.tree().size;
    let mut witnessed = Witnessed { by_quorum: None, waiting: ours.0, not_asked: false };
    for size in cosigned.sizes()?.into_iter().rev().filter(|size| *size <= ours) {
        let Some(checkpoint) = cosigned.read(size)? else { continue };
        // A checkpoint that holds a false line bounds nothing; an audit names it.
        let quorum = policy.evaluate(&checkpoint).map(|evaluation| evaluation.quorum);
        if let Ok(Quorum::MetBy(time)) = quorum {
            witnessed.by_quorum = Some((size, time));
            witnessed.waiting = ours.0 - size.0;
            break;
        }
    }
    witnessed.not_asked =
        policy.evaluate(head).is_ok_and(|evaluation| evaluation.quorum == Quorum::NotAsked);
    Ok(Some(witnessed))
}

impl Witnessed {
    /// In one line.
    pub fn sentence(&self) -> String {
        match (&self.by_quorum, self.not_asked) {
            (_, true) => "the policy asks for no quorum of witnesses".into(),
            (None, _) => "no: too few witnesses have cosigned anything yet".into(),
            (Some((size, at)), _) => {
                let at = time(i64::try_from(at.seconds()).unwrap_or(i64::MAX));
                let up_to = counted(size.0, "statement");
                match self.waiting {
                    0 => format!("all {up_to}, by the quorum, not later than {at}"),
                    _ => format!("{up_to}, by the quorum, not later than {at}"),
                }
            }
        }
    }

    /// Statements that wait for witnesses, unless none are asked.
    pub fn waits(&self) -> Option<u64> {
        (self.waiting > 0 && !self.not_asked).then_some(self.waiting)
    }
}
