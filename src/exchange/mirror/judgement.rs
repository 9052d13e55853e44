//! Two signed checkpoints of one ledger meet: they are compared, and what cannot both be true becomes a
//! proof.

use std::sync::atomic::AtomicBool;

use jiff::Timestamp;

use super::fetch::{Stopped, read_until};
use super::reading::Reading;
use super::sync::{Sync, identify, signed_by_log};
use super::{MirrorStore, State, SyncError, Turn, checkpoint_of, tree_of};
use crate::exchange::fork::{Known, are_retired, log_signers, prove};
use crate::exchange::source::Source;
use crate::exchange::tree::AuthenticTree;
use crate::statement::envelope::LedgerId;
use crate::statement::fork_file::ForkFile;
use crate::store::checked;
use crate::store::forks::{ForkRecord, KeptFork};
use crate::store::mirrors::MirrorRecord;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::TreeSize;

/// Two checkpoints, and the trees that are at hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sides<'a> {
    pub a: &'a SignedCheckpoint,
    pub b: &'a SignedCheckpoint,
    pub larger: &'a AuthenticTree<'a>,
    pub smaller: Option<&'a AuthenticTree<'a>>,
}

/// What is compared, and what is known of the ledger's keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared<'a> {
    pub reading: &'a Reading,
    pub sides: Sides<'a>,
    /// The one that came now; the other was held before.
    pub newcomer: &'a SignedCheckpoint,
    /// Whether the larger tree is the history that `reading` knows.
    pub known_history: bool,
}

/// What became of a meeting.
#[derive(Clone, Debug)]
pub enum Meeting {
    /// Both are true of one tree.
    Same,
    /// The checkpoint is larger than what is held; the next sync will tell.
    Larger(TreeSize),
    /// They cannot both be true.
    Forked(Box<KeptFork>),
    /// Nothing at hand shows whether both can be true.
    Unexplained(String),
    /// It is not signed by the ledger's log.
    NotTheLogs(String),
}

/// Keeps the proof of a fork in the store. One side that only retired keys signed, and that nobody held
/// before, freezes nothing: whoever stole an old key could stop every mirror with it.
pub(super) fn keep_fork(
    shelf: &MirrorStore,
    ledger: LedgerId,
    compared: Compared<'_>,
    (by, now): (&str, Timestamp),
) -> Result<Result<KeptFork, String>, Stopped> {
    let Compared { reading, sides, newcomer, known_history } = compared;
    let Some(authority) = reading.authority() else { return Ok(Err("no genesis".into())) };
    let known = Known { authority, ruling: reading.ruling() };
    let file = match prove(sides.a, sides.b, known, sides.larger, sides.smaller, known_history)? {
        Ok(file) => file,
        Err(why) => return Ok(Err(why.to_string())),
    };
    // Never a proof that a stranger would not accept.
    if let Err(why) = file.check(Some(ledger)) {
        return Ok(Err(why.to_string()));
    }
    let signers = log_signers(authority, newcomer).unwrap_or_default();
    let record = ForkRecord {
        ledger,
        found: now,
        by: by.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect(),
        freezes: !are_retired(authority, &signers),
        resolution: None,
    };
    let _lock = shelf.lock()?;
    Ok(Ok(shelf.forks.keep(&file, &record)?))
}

impl Sync<'_> {
    pub(super) fn forked(&mut self, compared: Compared<'_>) -> Result<State, Stopped> {
        let by = format!("sync of {} from {}", self.record.name, self.source.called());
        let kept = keep_fork(self.shelf, self.record.ledger, compared, (&by, self.options.now))?;
        match kept {
            Ok(fork) => {
                let freezes = fork.record.freezes && fork.record.resolution.is_none();
                if fork.record.resolution.is_some() {
                    self.remarks.push(
                        "people have resolved this fork; the source shows the other side".into(),
                    );
                }
                Ok(State::Forked { id: fork.id, freezes })
            }
            Err(why) => {
                self.remember(compared.newcomer, self.options.now)?;
                Ok(State::Unexplained { why })
            }
        }
    }

    /// Checkpoints that were kept without a tree to explain them: each is either a beginning of this
    /// tree, and needs no keeping any more, or proves a fork.
    pub(super) fn explain_seen(
        &mut self,
        offered: &SignedCheckpoint,
        tree: &AuthenticTree<'_>,
        reading: &Reading,
    ) -> Result<Option<State>, Stopped> {
        let mut explained = Vec::new();
        for seen in self.held.seen.clone() {
            let (size, root) = (seen.checkpoint.tree().size, seen.checkpoint.tree().root);
            if size > tree.tree().size || size.0 == 0 || seen.checkpoint == *offered {
                continue;
            }
            if tree.root_at(size)? == root {
                explained.push(seen.checkpoint);
                continue;
            }
            // Kept before its signature could be checked, it may turn out to be nobody's.
            if signed_by_log(reading, &seen.checkpoint).is_err() {
                continue;
            }
            let sides = Sides { a: &seen.checkpoint, b: offered, larger: tree, smaller: None };
            let compared = Compared { reading, sides, newcomer: offered, known_history: true };
            return Ok(Some(self.forked(compared)?));
        }
        if !explained.is_empty() {
            self.held = self.shelf.change_held(self.record.ledger, |held| {
                held.seen.retain(|seen| !explained.contains(&seen.checkpoint));
                Ok(())
            })?;
        }
        Ok(None)
    }
}

/// Holds a checkpoint that came from elsewhere (a receipt, another copy, a partner) against the mirror
/// of its ledger. What cannot be explained yet is kept for the next sync.
pub fn meet_mirror(
    shelf: &MirrorStore,
    mirror: &MirrorRecord,
    checkpoint: &SignedCheckpoint,
    by: &str,
    now: Timestamp,
) -> Result<Meeting, SyncError> {
    match meet(shelf, mirror, checkpoint, by, now) {
        Ok(meeting) => Ok(meeting),
        Err(Stopped::Store(fault)) => Err(fault),
        Err(Stopped::Tree(fault)) => Ok(Meeting::Unexplained(fault.to_string())),
        Err(Stopped::Other(found)) => Ok(Meeting::Unexplained(format!("the copy is of {found}"))),
        Err(Stopped::Paused) => Ok(Meeting::Unexplained("stopped".into())),
    }
}

fn meet(
    shelf: &MirrorStore,
    mirror: &MirrorRecord,
    checkpoint: &SignedCheckpoint,
    by: &str,
    now: Timestamp,
) -> Result<Meeting, Stopped> {
    let held = shelf.held.read(mirror.ledger)?;
    let Some(head) = held.head else {
        return Ok(Meeting::Unexplained("nothing of the ledger is held yet".into()));
    };
    let local = shelf.local(&mirror.name);
    let tree = tree_of(&local, &head.checkpoint)?;
    let known = checked::read(&*shelf.disk, &shelf.store, mirror.ledger)?;
    let known = known.filter(|known| known.tree.size <= tree.tree().size);
    let reading = match known {
        Some(known) => Reading::resume(mirror.ledger, &known, &tree)?,
        None => None,
    };
    let Some(reading) = reading else {
        let why = "the mirror was not read to its end; sync it first";
        return Ok(Meeting::Unexplained(why.into()));
    };
    if let Err(why) = signed_by_log(&reading, checkpoint) {
        return Ok(Meeting::NotTheLogs(why));
    }
    let size = checkpoint.tree().size;
    if size > tree.tree().size {
        shelf.change_held(mirror.ledger, |held| held.keep_seen(checkpoint, now))?;
        return Ok(Meeting::Larger(size));
    }
    if size.0 == 0 || tree.root_at(size)? == checkpoint.tree().root {
        return Ok(Meeting::Same);
    }
    let sides = Sides { a: checkpoint, b: &head.checkpoint, larger: &tree, smaller: None };
    let compared = Compared { reading: &reading, sides, newcomer: checkpoint, known_history: true };
    match keep_fork(shelf, mirror.ledger, compared, (by, now))? {
        Ok(fork) => Ok(Meeting::Forked(Box::new(fork))),
        Err(why) => {
            shelf.change_held(mirror.ledger, |held| held.keep_seen(checkpoint, now))?;
            Ok(Meeting::Unexplained(why))
        }
    }
}

/// Two copies of one ledger, neither of which is a mirror here.
#[derive(Clone, Debug)]
pub enum CopiesMeet {
    /// One is a beginning of the other, or both are the same.
    Agree,
    /// They are of different ledgers.
    OtherLedger,
    /// They cannot both be true.
    Forked(Box<ForkFile>),
    /// Nothing at hand shows whether both can be true.
    Unexplained(String),
}

/// Compares the signed checkpoints of two copies, reading from the larger one what ties its keys.
pub fn meet_copies(a: &dyn Source, b: &dyn Source, stop: &AtomicBool) -> CopiesMeet {
    match compare_copies(a, b, stop) {
        Ok(meet) => meet,
        Err(Stopped::Tree(fault)) => CopiesMeet::Unexplained(fault.to_string()),
        Err(Stopped::Store(fault)) => CopiesMeet::Unexplained(fault.to_string()),
        Err(Stopped::Other(_)) => CopiesMeet::OtherLedger,
        Err(Stopped::Paused) => CopiesMeet::Unexplained("stopped".into()),
    }
}

fn compare_copies(
    a: &dyn Source,
    b: &dyn Source,
    stop: &AtomicBool,
) -> Result<CopiesMeet, Stopped> {
    let (mut smaller, mut larger) = ((a, checkpoint_of(a)?), (b, checkpoint_of(b)?));
    if smaller.1.tree().size > larger.1.tree().size {
        std::mem::swap(&mut smaller, &mut larger);
    }
    let (ledger, _) = identify(larger.0)?;
    if identify(smaller.0)?.0 != ledger {
        return Ok(CopiesMeet::OtherLedger);
    }
    let tree = tree_of(larger.0, &larger.1)?;
    if tree.root_at(smaller.1.tree().size)? == smaller.1.tree().root {
        return Ok(CopiesMeet::Agree);
    }
    let mut reading = Reading::begin(ledger);
    let turn = Turn { stop, is_over: &|| false, progress: &|_| () };
    let both = |reading: &Reading| {
        [&smaller.1, &larger.1].iter().all(|signed| signed_by_log(reading, signed).is_ok())
    };
    if !read_until(&tree, &mut reading, turn, both)? {
        let why = "the roots differ, but one checkpoint is not signed by a log key that is known";
        return Ok(CopiesMeet::Unexplained(why.into()));
    }
    let Some(authority) = reading.authority() else { return Ok(CopiesMeet::OtherLedger) };
    let known = Known { authority, ruling: reading.ruling() };
    let other = tree_of(smaller.0, &smaller.1).ok();
    let proof = prove(&smaller.1, &larger.1, known, &tree, other.as_ref(), true)?;
    Ok(match proof {
        Ok(file) if file.check(Some(ledger)).is_ok() => CopiesMeet::Forked(Box::new(file)),
        Ok(_) => CopiesMeet::Unexplained("what ties the keys cannot be shown".into()),
        Err(why) => CopiesMeet::Unexplained(why.to_string()),
    })
}
