//! One ledger, once: what its source shows, against what is held.
//!
//! ```text
//! checkpoint    read, parsed                                      unreadable: nothing happened
//! smaller       a beginning of what is held, or a fork            nothing is fetched
//! larger        its tree extends what is held, or a fork          the right edge is read, no more
//! signature     a log key of the ledger, else read without keeping until the rotation to it shows
//! remember      the checkpoint, as seen                           a kill from here on loses no evidence
//! fetch         bundles and tiles, each proven, then durable      goes on from the last lot noted
//! key in force  as the statements of that same tree say           else it is not adopted
//! adopt         the head held; then the published checkpoint
//! ```

use jiff::Timestamp;

use super::fetch::{Stopped, fetch, read_until, upper_tiles};
use super::reading::Reading;
use super::{MirrorStore, Options, State, SyncError, Synced, Turn, checkpoint_of, tree_of};
use crate::exchange::fork::log_signers;
use crate::exchange::public_file::PublicFile;
use crate::exchange::source::{self, FolderSource, Source, SourceError};
use crate::exchange::tree::{AuthenticTree, Places, TreeError, bundle_from};
use crate::statement::bodies::Body;
use crate::statement::bodies::ledger::Genesis;
use crate::statement::envelope::{LedgerId, Statement};
use crate::store::checked;
use crate::store::durable;
use crate::store::held::{Held, HeldHead};
use crate::store::mirrors::MirrorRecord;
use crate::tlog::bundle::{Bundle, bundles_between};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;
use crate::tlog::note::NoteRefused;

/// Which ledger a source holds, by its own word: the leaf hash of its statement 0, and what that says.
pub fn identify(source: &dyn Source) -> Result<(LedgerId, Genesis), TreeError> {
    let size = checkpoint_of(source)?.tree().size;
    let bundle = Bundle::at(0, size);
    let damaged = |why: &str| TreeError::Damaged {
        file: bundle.map_or(PublicFile::Checkpoint, PublicFile::Bundle),
        why: why.into(),
    };
    let bundle = bundle.ok_or_else(|| damaged("it is of an empty ledger"))?;
    let bytes = bundle_from(source, bundle)?;
    let entries = bundle.split(&bytes).map_err(|why| damaged(&why.to_string()))?;
    let genesis = Statement::read(entries[0].to_vec()).map_err(|why| damaged(&why.to_string()))?;
    match &genesis.payload.body {
        Body::Genesis(body) => Ok((LedgerId(genesis.id()), body.clone())),
        _ => Err(damaged("its first statement founds no ledger")),
    }
}

/// Syncs one mirror from a source.
pub fn sync(
    shelf: &MirrorStore,
    record: &MirrorRecord,
    source: &dyn Source,
    options: &Options,
    turn: Turn<'_>,
) -> Result<Synced, SyncError> {
    let _lock = shelf.lock_one(&record.name)?;
    let held = shelf.held.read(record.ledger)?;
    let local = shelf.local(&record.name);
    let before = published(&local, &held);
    let mut run = Sync {
        shelf,
        record,
        source,
        options,
        turn,
        held,
        local,
        before,
        began_at: before,
        remarks: Vec::new(),
    };
    run.go()
}

/// How many statements of a ledger are here, proven and whole.
pub fn reach(shelf: &MirrorStore, record: &MirrorRecord) -> Result<TreeSize, SyncError> {
    Ok(published(&shelf.local(&record.name), &shelf.held.read(record.ledger)?))
}

/// The tree that the copy here is whole up to.
fn published(local: &FolderSource, held: &Held) -> TreeSize {
    let head = checkpoint_of(local).ok().map(|checkpoint| checkpoint.tree());
    head.filter(|tree| held.tree() == Some(*tree)).map_or(TreeSize(0), |tree| tree.size)
}

pub(super) struct Sync<'a> {
    pub(super) shelf: &'a MirrorStore,
    pub(super) record: &'a MirrorRecord,
    pub(super) source: &'a dyn Source,
    pub(super) options: &'a Options,
    pub(super) turn: Turn<'a>,
    pub(super) held: Held,
    pub(super) local: FolderSource,
    /// Size of the copy here.
    pub(super) before: TreeSize,
    /// The same, when the sync began.
    began_at: TreeSize,
    pub(super) remarks: Vec<String>,
}

/// What was learnt by reading statements.
pub(super) struct Learnt {
    reading: Reading,
    manifests: u64,
}

impl Sync<'_> {
    fn go(&mut self) -> Result<Synced, SyncError> {
        let frozen = self.shelf.forks.freezing(self.record.ledger)?;
        if let Some(fork) = frozen.into_iter().next() {
            return Ok(self.ended(State::Frozen { id: fork.id }, None));
        }
        let bytes = match source::read(self.source, PublicFile::Checkpoint) {
            Ok(bytes) => bytes,
            Err(fault) => return Ok(self.ended(without(fault), None)),
        };
        let offered = match SignedCheckpoint::parse(&bytes) {
            Ok(offered) if offered.tree().size.0 > 0 => offered,
            Ok(_) => return Ok(self.refused("its checkpoint is of an empty ledger")),
            Err(why) => return Ok(self.refused(format!("its checkpoint is damaged: {why}"))),
        };
        let ended = match self.compare(&offered) {
            Ok(ended) => Ok(ended),
            Err(Stopped::Store(fault)) => Err(fault),
            Err(Stopped::Tree(fault)) => Ok((stopped_by(fault), None)),
            Err(Stopped::Paused) => Ok((State::Paused, None)),
            Err(Stopped::Other(found)) => {
                Ok((State::Refused { why: format!("it is another ledger, {found}") }, None))
            }
        };
        ended.map(|(state, learnt)| self.ended(state, learnt))
    }

    fn compare(&mut self, offered: &SignedCheckpoint) -> Result<(State, Option<Learnt>), Stopped> {
        let shown = offered.tree();
        match self.held.tree() {
            Some(held) if shown == held && self.before == held.size => self.as_before(offered),
            Some(held) if shown.size < held.size => self.smaller(offered, held),
            Some(held) if shown.size == held.size && shown != held => self.smaller(offered, held),
            _ => self.larger(offered),
        }
    }

    /// The source shows what is held; perhaps witnesses have signed it since.
    fn as_before(
        &mut self,
        offered: &SignedCheckpoint,
    ) -> Result<(State, Option<Learnt>), Stopped> {
        let (shelf, local) = (self.shelf, self.local.clone());
        let head = self.held.head.clone().map(|head| head.checkpoint);
        let head = head.as_ref().unwrap_or(offered);
        let tree = tree_of(&local, head)?;
        let reading = match self.resume(&tree)? {
            Some(reading) => reading,
            None => self.read_all(&tree)?,
        };
        if let Err(why) = signed_by_log(&reading, offered) {
            return Ok((refused(why), None));
        }
        if let Some(state) = self.explain_seen(offered, &tree, &reading)? {
            return Ok((state, None));
        }
        let richer = richer(head, offered);
        self.confirm(richer.clone())?;
        let publish = richer.as_ref().unwrap_or(head);
        if checkpoint_of(&local).ok().as_ref() != Some(publish) {
            shelf.folder(&self.record.name).publish(publish)?;
        }
        self.finish(State::AsBefore, reading, &tree)
    }

    /// A larger tree than what is held, or the first.
    pub(super) fn larger(
        &mut self,
        offered: &SignedCheckpoint,
    ) -> Result<(State, Option<Learnt>), Stopped> {
        let (local, source) = (self.local.clone(), self.source);
        let here = (self.before.0 > 0).then_some((&local as &dyn Source, self.before));
        let places = Places { here, there: source };
        let tree = match AuthenticTree::open(offered.tree(), places) {
            Ok(tree) => tree,
            Err(fault) => return self.without_tree(offered, fault),
        };
        if let Some(held) = self.held.tree()
            && tree.root_at(held.size)? != held.root
        {
            return self.other_history(offered, &tree);
        }
        let mut reading = match self.resume(&tree)? {
            Some(reading) => reading,
            None => Reading::begin(self.record.ledger),
        };
        // Nothing is kept of what no key of this ledger signed. A key that is not known yet may be that
        // of a rotation further on.
        let mut scout = reading.clone();
        let known = |reading: &Reading| signed_by_log(reading, offered).is_ok();
        if !read_until(&tree, &mut scout, self.turn, known)? {
            let why = signed_by_log(&scout, offered).err().unwrap_or_default();
            return Ok((refused(why), None));
        }
        self.remember(offered, self.options.now)?;
        if let Some(state) = self.explain_seen(offered, &tree, &scout)? {
            return Ok((state, None));
        }
        drop(scout);
        let (name, ledger) = (&self.record.name, self.record.ledger);
        self.shelf.folder(name).create().map_err(SyncError::from)?;
        let fetched = fetch(self.shelf, name, ledger, &tree, &mut reading, self.turn);
        if let Err(stopped) = fetched {
            self.remarks.push(format!(
                "{} of {} statements are here and proven; the next sync goes on from there",
                reading.tree().size,
                offered.tree().size
            ));
            return Err(stopped);
        }
        let size = offered.tree().size;
        let in_force = reading.authority().and_then(|authority| authority.log_keys_at(size));
        let signers = reading.authority().map(|authority| log_signers(authority, offered));
        if let (Some(term), Some(Ok(signers))) = (in_force, signers)
            && !signers.contains(&term.required)
        {
            let why = format!("the log key in force at size {size} has not signed its checkpoint");
            return Ok((refused(why), None));
        }
        upper_tiles(self.shelf, name, &tree, self.before)?;
        self.adopt(offered, &reading)?;
        let local = self.local.clone();
        let tree = tree_of(&local, offered)?;
        self.finish(State::Grown, reading, &tree)
    }

    /// Cosigned checkpoints and manifests, once the tree is here.
    fn finish(
        &mut self,
        state: State,
        reading: Reading,
        tree: &AuthenticTree<'_>,
    ) -> Result<(State, Option<Learnt>), Stopped> {
        if let Some(state) = self.cosigned(&reading, tree)? {
            return Ok((state, Some(Learnt { reading, manifests: 0 })));
        }
        let manifests = match self.options.manifests {
            true => self.manifests(tree)?,
            false => 0,
        };
        Ok((state, Some(Learnt { reading, manifests })))
    }

    /// What is known of the ledger, from where it was checked last.
    pub(super) fn resume(&self, tree: &AuthenticTree<'_>) -> Result<Option<Reading>, Stopped> {
        let known = checked::read(&*self.shelf.disk, &self.shelf.store, self.record.ledger)?;
        match known {
            Some(known) if known.tree.size <= tree.tree().size && self.has(known.tree.size) => {
                Ok(Reading::resume(self.record.ledger, &known, tree)?)
            }
            _ => Ok(None),
        }
    }

    /// Whether the bundles up to a size lie here; somebody may have deleted the copy.
    fn has(&self, size: TreeSize) -> bool {
        let root = self.local.root();
        bundles_between(self.before, size).all(|bundle| {
            let full = root.join(bundle.full().path());
            root.join(bundle.path()).is_file() || full.is_file()
        })
    }

    /// The same, from all statements of a tree.
    pub(super) fn read_all(&self, tree: &AuthenticTree<'_>) -> Result<Reading, Stopped> {
        let mut reading = Reading::begin(self.record.ledger);
        read_until(tree, &mut reading, self.turn, |_| false)?;
        Ok(reading)
    }

    pub(super) fn remember(
        &mut self,
        checkpoint: &SignedCheckpoint,
        at: Timestamp,
    ) -> Result<(), SyncError> {
        let ledger = self.record.ledger;
        self.held = self.shelf.change_held(ledger, |held| held.keep_seen(checkpoint, at))?;
        Ok(())
    }

    /// The source still shows what is held.
    fn confirm(&mut self, richer: Option<SignedCheckpoint>) -> Result<(), SyncError> {
        let now = self.options.now;
        self.held = self.shelf.change_held(self.record.ledger, |held| {
            if let Some(head) = &mut held.head {
                head.confirmed = now;
                head.checkpoint = richer.unwrap_or_else(|| head.checkpoint.clone());
            }
            Ok(())
        })?;
        Ok(())
    }

    /// The tree is here to its end: from now on it is what is held.
    fn adopt(&mut self, offered: &SignedCheckpoint, reading: &Reading) -> Result<(), SyncError> {
        let (shelf, ledger, now) = (self.shelf, self.record.ledger, self.options.now);
        let was_interrupted = self.held.seen.len() > 1;
        checked::write(&shelf.disk, &shelf.store, ledger, &reading.checked())?;
        let from = self.before;
        self.held = shelf.change_held(ledger, |held| {
            held.seen.retain(|seen| seen.checkpoint.tree().size > offered.tree().size);
            let since = held.head.as_ref().filter(|head| head.checkpoint.tree() == offered.tree());
            let since = since.map_or(now, |head| head.since);
            held.head = Some(HeldHead { since, confirmed: now, checkpoint: offered.clone() });
            Ok(())
        })?;
        let folder = shelf.folder(&self.record.name);
        folder.publish(offered)?;
        self.before = offered.tree().size;
        // Partial files of the head before stay for readers who fetched its checkpoint a moment ago.
        folder.remove_superseded(from, &[from, offered.tree().size])?;
        if was_interrupted {
            folder.remove_beyond(offered.tree().size)?;
        }
        durable::sweep(&*shelf.disk, folder.path())?;
        Ok(())
    }

    fn refused(&self, why: impl Into<String>) -> Synced {
        self.ended(State::Refused { why: why.into() }, None)
    }

    fn ended(&self, state: State, learnt: Option<Learnt>) -> Synced {
        let reading = learnt.as_ref().map(|learnt| &learnt.reading);
        Synced {
            state,
            before: self.began_at,
            after: self.held.tree().map_or(TreeSize(0), |tree| tree.size),
            unsound: reading.map_or(0, Reading::unsound),
            sentences: reading.map_or(Vec::new(), |reading| reading.sentences().to_vec()),
            remarks: self.remarks.clone(),
            manifests: learnt.map_or(0, |learnt| learnt.manifests),
        }
    }
}

/// Whether a log key of the ledger signed a checkpoint, as far as its statements are known; else why
/// not.
pub(super) fn signed_by_log(
    reading: &Reading,
    checkpoint: &SignedCheckpoint,
) -> Result<(), String> {
    let Some(authority) = reading.authority() else {
        return Err("its statement 0 founds no ledger".into());
    };
    let origin = &authority.genesis().origin;
    if checkpoint.origin() != origin {
        let found = checkpoint.origin();
        return Err(format!("its checkpoint is of the origin {found}, not of {origin}"));
    }
    match log_signers(authority, checkpoint) {
        Ok(_) => Ok(()),
        Err(NoteRefused::NoKnownSignature) => {
            Err("its checkpoint is signed by none of the ledger's log keys".into())
        }
        Err(why) => Err(format!("its checkpoint does not hold: {why}")),
    }
}

/// The note with the lines of both, if that is more than is held.
fn richer(held: &SignedCheckpoint, offered: &SignedCheckpoint) -> Option<SignedCheckpoint> {
    let lines = |checkpoint: &SignedCheckpoint| checkpoint.note().signatures().to_vec();
    let (ours, theirs) = (lines(held), lines(offered));
    let keeps_ours = ours.iter().all(|line| theirs.contains(line));
    let same_text = held.note().text() == offered.note().text();
    (same_text && keeps_ours && theirs.len() > ours.len()).then(|| offered.clone())
}

pub(super) fn refused(why: impl Into<String>) -> State {
    State::Refused { why: why.into() }
}

/// What a source failed at before it showed anything.
fn without(fault: SourceError) -> State {
    stopped_by(fault.into())
}

/// A silent source is one thing, one that sends something wrong another.
fn stopped_by(fault: TreeError) -> State {
    match fault {
        TreeError::Source(
            fault @ (SourceError::Unreachable { .. }
            | SourceError::Refused { .. }
            | SourceError::Io { .. }
            | SourceError::Missing { .. }),
        ) => State::Unreachable { why: fault.to_string() },
        fault => refused(fault.to_string()),
    }
}
