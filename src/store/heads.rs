//! The newest head of a ledger that is signed here, moved so that no two copies of a store can sign
//! two different trees.
//!
//! ```text
//! treering/head/v1
//! ledger 9c1f…
//! incarnation 81c4…
//!
//! example.park/ledger                 the text of the checkpoint that is signed, to the byte:
//! 42                                  signing it again gives the same signature
//! sC3t…=
//! ```
//!
//! A head moves under the lock of its outside record, each line durable before the next:
//!
//! ```text
//! outside: {was, next}   →   this file: next   →   outside: {next}   →   sign
//! ```
//!
//! A crash leaves one of three pictures, and [`GuardedHead::open`] completes each: this file says
//! next, so finish; it says was, so drop next, which was never signed; anything else is not a crash
//! but a copy, a restored backup or a lost disk, and nothing is signed ([`MustNotSign`]) until a person
//! has asked who else holds the ledger ([`GuardedHead::adopt`]).
//!
//! Types keep the order. Only a [`SignableHead`] signs; it comes out of that sequence alone and holds
//! the record's lock. A failure anywhere takes the handle with it, so going on means opening, which
//! means looking again.

use std::cmp::Ordering;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::disk::{Access, Disk};
use super::durable;
use super::layout::StoreFolder;
use super::lock::{Holder, Lock, PATIENCE};
use super::must_not_sign::{MustNotSign, Suspicion};
use super::outside::{HeadMark, Incarnation, OutsideError, OutsideHead, StateFolder};
use super::record::{RecordError, RecordReader, same_spelling};
use crate::statement::envelope::LedgerId;
use crate::tlog::checkpoint::{Checkpoint, Origin};
use crate::tlog::ed25519::SecretKey;
use crate::tlog::hash::{Hash, Tree, TreeSize};
use crate::tlog::note::SignatureLine;

mod refusal;

pub use refusal::HeadError;

const FORMAT: &str = "treering/head/v1";

/// Bytes of a head: an origin of at most 255 and four short lines.
const CEILING: u64 = 1_000;

/// The newest head of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The ledger.
    pub ledger: LedgerId,
    /// The incarnation that the store took when it moved here.
    pub incarnation: Incarnation,
    /// What is signed.
    pub checkpoint: Checkpoint,
}

/// Where a head and its outside record lie, and who is at work.
#[derive(Clone, Debug)]
pub struct HeadPlaces {
    /// The disk.
    pub disk: Arc<dyn Disk>,
    /// The store. Its lock is the caller's to hold.
    pub store: StoreFolder,
    /// The folder of outside records.
    pub state: StateFolder,
    /// Shown to others who wait.
    pub holder: Holder,
    /// How long to wait for them; usually [`PATIENCE`].
    pub patience: Duration,
}

/// A head that agrees with its outside record, or did when it was opened.
#[derive(Debug)]
pub struct GuardedHead {
    places: HeadPlaces,
    head: Head,
}

/// A head that may be signed: this file and the outside record both stand at it, and the record is
/// locked for as long as this lives.
#[derive(Debug)]
pub struct SignableHead {
    guarded: GuardedHead,
    _lock: Lock,
}

/// What a person says who resumes signing after the guard refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// The tree was completed from other copies; it must reach everything that is known here.
    FromSources,
    /// Nobody holds more than this tree, whatever is remembered here.
    NobodyHoldsMore,
}

impl Head {
    /// A head at this tree.
    pub fn new(ledger: LedgerId, origin: Origin, tree: Tree, incarnation: Incarnation) -> Head {
        Head { ledger, incarnation, checkpoint: Checkpoint::new(origin, tree) }
    }

    /// The head in one line.
    pub fn mark(&self) -> HeadMark {
        HeadMark { incarnation: self.incarnation, tree: self.checkpoint.tree }
    }

    fn print(&self) -> String {
        let Head { ledger, incarnation, checkpoint } = self;
        format!("{FORMAT}\nledger {ledger}\nincarnation {incarnation}\n\n{checkpoint}")
    }

    fn parse(bytes: &[u8]) -> Result<Head, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let ledger = LedgerId(reader.parsed("ledger", Hash::from_hex)?);
        let incarnation = reader.parsed("incarnation", Incarnation::from_hex)?;
        let checkpoint = Checkpoint::parse(reader.body()?)
            .map_err(|_| RecordError::Line { line: 5, expected: "a checkpoint's text" })?;
        let head = Head { ledger, incarnation, checkpoint };
        same_spelling(bytes, &head.print())?;
        Ok(head)
    }
}

impl HeadPlaces {
    /// Places on this computer, with the usual patience.
    pub fn new(
        disk: Arc<dyn Disk>,
        store: StoreFolder,
        state: StateFolder,
        holder: Holder,
    ) -> HeadPlaces {
        HeadPlaces { disk, store, state, holder, patience: PATIENCE }
    }

    /// The head in the store, as it stands: for readers. Nothing is compared with it.
    pub fn read(&self, ledger: LedgerId) -> Result<Option<Head>, HeadError> {
        let path = self.store.head(ledger);
        let Some(bytes) = durable::read_if_there(&*self.disk, &path, CEILING)? else {
            return Ok(None);
        };
        let head = Head::parse(&bytes).and_then(|head| match head.ledger == ledger {
            true => Ok(head),
            false => Err(RecordError::Line { line: 2, expected: "the ledger of its name" }),
        });
        Ok(Some(head.map_err(|why| why.in_file(&path))?))
    }

    /// Refuses a tree to resume with that does not continue what is known here. Changes nothing.
    ///
    /// Whatever this computer knows to have been signed must be a beginning of that tree: `root_at`
    /// gives the tree's root at a smaller size. What is larger than the tree is a reason to refuse,
    /// unless the person says that nobody holds it. A damaged head or record counts as unknown.
    pub fn check_continues(
        &self,
        ledger: LedgerId,
        tree: Tree,
        says: Resume,
        mut root_at: impl FnMut(TreeSize) -> Result<Hash, HeadError>,
    ) -> Result<(), HeadError> {
        let here = known(self.read(ledger))?.map(|head| head.mark());
        let outside = known(self.recall(ledger))?.map(|record| record.signed());
        let offered = tree.size;
        for HeadMark { tree: known, .. } in here.into_iter().chain(outside) {
            let signed = known.size;
            let root = match signed.cmp(&offered) {
                Ordering::Greater => match says {
                    Resume::NobodyHoldsMore => continue,
                    Resume::FromSources => return Err(HeadError::Shorter { offered, signed }),
                },
                Ordering::Equal => tree.root,
                Ordering::Less => root_at(signed)?,
            };
            if root != known.root {
                return Err(HeadError::Contradicts { offered, signed });
            }
        }
        Ok(())
    }

    /// Remembers outside the store that a larger tree was signed elsewhere, as a checkpoint under the
    /// ledger's own log key shows. From then on this store does not sign until it was completed from the
    /// copy that did.
    pub fn remember_elsewhere(
        &self,
        ledger: LedgerId,
        tree: Tree,
        incarnation: Incarnation,
    ) -> Result<(), HeadError> {
        let _lock = self.lock(ledger)?;
        let known = known(self.recall(ledger))?.map(|record| record.signed());
        match known.is_none_or(|known| known.tree.size < tree.size) {
            true => self.remember(ledger, None, HeadMark { incarnation, tree }),
            false => Ok(()),
        }
    }

    fn lock(&self, ledger: LedgerId) -> Result<Lock, HeadError> {
        self.state.check_apart(&self.store)?;
        let record = self.state.head(ledger);
        Ok(self.state.lock(&*self.disk, &record, &self.holder, self.patience)?)
    }

    fn recall(&self, ledger: LedgerId) -> Result<Option<OutsideHead>, HeadError> {
        Ok(self.state.read_head(&*self.disk, ledger)?)
    }

    fn remember(
        &self,
        ledger: LedgerId,
        was: Option<HeadMark>,
        next: HeadMark,
    ) -> Result<(), HeadError> {
        Ok(self.state.write_head(&*self.disk, &OutsideHead { ledger, was, next })?)
    }

    fn write(&self, head: &Head) -> Result<(), HeadError> {
        let path = self.store.head(head.ledger);
        Ok(durable::replace(&*self.disk, &path, Access::Private, head.print().as_bytes())?)
    }

    /// Refuses where [`GuardedHead::open`] would, without a lock and without completing anything: for
    /// readers, beside a writer that may be at work.
    pub fn check_may_sign(&self, ledger: LedgerId) -> Result<(), HeadError> {
        self.state.check_apart(&self.store)?;
        let mut compared = self.compare(ledger);
        for _ in 0..READER_TRIES {
            // The head may have moved between the reading of the record and of the head.
            if !matches!(compared, Err(HeadError::MustNotSign(_))) {
                break;
            }
            thread::sleep(READER_PAUSE);
            compared = self.compare(ledger);
        }
        compared.map(drop)
    }

    /// Head and record, completed if a crash fell between them. Needs the record's lock.
    fn agree(&self, ledger: LedgerId) -> Result<Head, HeadError> {
        let (head, left) = self.compare(ledger)?;
        match left {
            LeftOver::Nothing => {}
            LeftOver::MoveMade => {
                // Its name may not be durable yet.
                durable::sync_folder(&*self.disk, &self.store.heads())?;
                self.remember(ledger, None, head.mark())?;
            }
            LeftOver::MoveAnnounced => self.remember(ledger, None, head.mark())?,
        }
        Ok(head)
    }

    fn compare(&self, ledger: LedgerId) -> Result<(Head, LeftOver), HeadError> {
        let refuse = |because| Err(HeadError::from(MustNotSign { ledger, because }));
        let record = self.recall(ledger)?;
        let Some(head) = self.read(ledger)? else {
            let remembered = record.map(|record| record.signed());
            return refuse(Suspicion::NoHead { remembered });
        };
        let mark = head.mark();
        let Some(record) = record else {
            let record = self.state.head(ledger);
            return refuse(Suspicion::NothingRemembered { record, head: mark });
        };
        let left = match record.was {
            None if record.next == mark => LeftOver::Nothing,
            Some(_) if record.next == mark => LeftOver::MoveMade,
            Some(was) if was == mark => LeftOver::MoveAnnounced,
            _ => return refuse(Suspicion::OtherHead { head: mark, remembered: record.signed() }),
        };
        Ok((head, left))
    }
}

/// What a crash left to be completed.
enum LeftOver {
    Nothing,
    /// The move was made and not noted.
    MoveMade,
    /// The move was announced and not made.
    MoveAnnounced,
}

/// How often a reader looks again before it believes that head and record disagree, and how long it
/// waits in between: a writer needs some milliseconds from one to the other.
const READER_TRIES: u32 = 3;
const READER_PAUSE: Duration = Duration::from_millis(40);

impl GuardedHead {
    /// Opens the head of a ledger for signing, completing what a crash interrupted.
    pub fn open(places: HeadPlaces, ledger: LedgerId) -> Result<GuardedHead, HeadError> {
        let _lock = places.lock(ledger)?;
        let head = places.agree(ledger)?;
        Ok(GuardedHead { places, head })
    }

    /// The first head of a ledger that is being founded. The record comes first: a head without one
    /// would be taken for a copy.
    pub fn found(places: HeadPlaces, head: Head) -> Result<SignableHead, HeadError> {
        let lock = places.lock(head.ledger)?;
        if places.recall(head.ledger)?.is_some() || places.read(head.ledger)?.is_some() {
            return Err(HeadError::Exists(head.ledger));
        }
        places.remember(head.ledger, None, head.mark())?;
        places.write(&head)?;
        Ok(SignableHead { guarded: GuardedHead { places, head }, _lock: lock })
    }

    /// Makes a tree the head although the guard refused: `treering resume`, after
    /// [`HeadPlaces::check_continues`], which is asked again here under the record's lock.
    pub fn adopt(
        places: HeadPlaces,
        head: Head,
        says: Resume,
        root_at: impl FnMut(TreeSize) -> Result<Hash, HeadError>,
    ) -> Result<SignableHead, HeadError> {
        let lock = places.lock(head.ledger)?;
        places.check_continues(head.ledger, head.checkpoint.tree, says, root_at)?;
        places.remember(head.ledger, None, head.mark())?;
        places.write(&head)?;
        Ok(SignableHead { guarded: GuardedHead { places, head }, _lock: lock })
    }

    /// The head.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Moves the head to a larger tree. Its tiles and bundles must be durable and read back before.
    pub fn advance(self, tree: Tree, incarnation: Incarnation) -> Result<SignableHead, HeadError> {
        let (here, offered) = (self.head.checkpoint.tree.size, tree.size);
        if offered <= here {
            return Err(HeadError::NotLarger { here, offered });
        }
        let lock = self.lock_unmoved()?;
        let GuardedHead { places, head } = self;
        let checkpoint = Checkpoint::new(head.checkpoint.origin.clone(), tree);
        let next = Head { ledger: head.ledger, incarnation, checkpoint };
        // From here a crash leaves {was, next} outside and the old head inside: next is dropped.
        places.remember(head.ledger, Some(head.mark()), next.mark())?;
        places.write(&next)?;
        // From here it leaves {was, next} outside and the new head inside: the move is finished.
        places.remember(head.ledger, None, next.mark())?;
        // From here both stand at next, and the ledger signs it again if need be.
        Ok(SignableHead { guarded: GuardedHead { places, head: next }, _lock: lock })
    }

    /// The head as it stands, to sign it again after a crash came before its signature was durable.
    pub fn sign_again(self) -> Result<SignableHead, HeadError> {
        let lock = self.lock_unmoved()?;
        Ok(SignableHead { guarded: self, _lock: lock })
    }

    /// Refuses to sign from here on, because others were shown a larger tree.
    pub fn seen_elsewhere(self, there: TreeSize) -> MustNotSign {
        let here = self.head.checkpoint.tree.size;
        let because = Suspicion::SeenElsewhere { here, there };
        MustNotSign { ledger: self.head.ledger, because }
    }

    /// The record's lock, if head and record are still those that were opened: another copy may have
    /// signed since.
    fn lock_unmoved(&self) -> Result<Lock, HeadError> {
        let lock = self.places.lock(self.head.ledger)?;
        let head = self.places.agree(self.head.ledger)?;
        match head == self.head {
            true => Ok(lock),
            false => Err(HeadError::from(MustNotSign {
                ledger: self.head.ledger,
                because: Suspicion::OtherHead { head: self.head.mark(), remembered: head.mark() },
            })),
        }
    }
}

/// What can be read is known; what is damaged is not.
fn known<T>(read: Result<Option<T>, HeadError>) -> Result<Option<T>, HeadError> {
    match read {
        Err(HeadError::Damaged(_) | HeadError::Outside(OutsideError::Damaged(_))) => Ok(None),
        other => other,
    }
}

impl SignableHead {
    /// The head that may be signed.
    pub fn head(&self) -> &Head {
        &self.guarded.head
    }

    /// Signs the head as its log. The same key gives the same line each time.
    pub fn sign(&self, log_key: &SecretKey) -> SignatureLine {
        self.guarded.head.checkpoint.sign(log_key)
    }

    /// The signatures are durable: lets go of the record, ready for the next move.
    pub fn signed(self) -> GuardedHead {
        self.guarded
    }
}

#[cfg(test)]
mod tests;
