//! Bundles and tiles of a signed tree: fetched side by side, held against the tree, judged, stored.
//!
//! While one lot of bundles is judged and stored the next one is fetched. Nothing is written before it
//! led to the signed root. What is written is named only after it is whole, so a sync that is killed
//! goes on from the last lot it noted.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::reading::{OtherLedger, Reading};
use super::{MirrorStore, SyncError, Turn};
use crate::exchange::tree::{AuthenticTree, TreeError, bundle_from};
use crate::statement::envelope::LedgerId;
use crate::store::checked;
use crate::store::disk::Access;
use crate::store::durable::{self, IfThere, NewFile};
use crate::store::safe_name::SafeName;
use crate::tlog::bundle::{Bundle, bundles_between};
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::tile::{encode_tile, tiles_between};

/// Bundles fetched in one go, where they are of a usual size: 4,096 statements.
const LOT: usize = 16;
/// Bytes that one lot should have in memory. The next is made smaller where one had more.
const LOT_BYTES: u64 = 8 << 20;
/// Requests to one source at a time.
const REQUESTS: usize = 4;
/// Lots after which it is noted how far the ledger was checked: a kill costs at most so much again.
const LOTS_BETWEEN_NOTES: u64 = 16;

/// Why fetching stopped before its end.
pub(super) enum Stopped {
    /// The source, or what it sent.
    Tree(TreeError),
    /// Statement 0 is that of another ledger.
    Other(LedgerId),
    /// Told to stop, or not at its turn any more.
    Paused,
    /// This store.
    Store(SyncError),
}

impl From<TreeError> for Stopped {
    fn from(fault: TreeError) -> Stopped {
        Stopped::Tree(fault)
    }
}

impl From<OtherLedger> for Stopped {
    fn from(OtherLedger(found): OtherLedger) -> Stopped {
        Stopped::Other(found)
    }
}

impl<E: Into<SyncError>> From<E> for Stopped {
    fn from(fault: E) -> Stopped {
        Stopped::Store(fault.into())
    }
}

/// One bundle that belongs to the tree.
struct Fetched {
    bundle: Bundle,
    bytes: Vec<u8>,
    entries: Vec<Vec<u8>>,
    leaves: Vec<Hash>,
    is_here: bool,
}

/// Reads on to the end of a tree, storing nothing, until `enough` says so.
pub(super) fn read_until(
    tree: &AuthenticTree<'_>,
    reading: &mut Reading,
    turn: Turn<'_>,
    enough: impl Fn(&Reading) -> bool,
) -> Result<bool, Stopped> {
    if enough(reading) {
        return Ok(true);
    }
    go_through(tree, reading, turn, |_, reading| Ok(enough(reading)))
}

/// Fetches, judges and stores everything up to the end of a tree.
pub(super) fn fetch(
    shelf: &MirrorStore,
    name: &SafeName,
    ledger: LedgerId,
    tree: &AuthenticTree<'_>,
    reading: &mut Reading,
    turn: Turn<'_>,
) -> Result<(), Stopped> {
    let mut lots = 0;
    let note =
        |reading: &Reading| checked::write(&shelf.disk, &shelf.store, ledger, &reading.checked());
    let done = go_through(tree, reading, turn, |lot, reading| {
        store(shelf, name, lot)?;
        lots += 1;
        if lots % LOTS_BETWEEN_NOTES == 0 {
            note(reading)?;
        }
        Ok(false)
    });
    // Whatever ended it, the next turn goes on from here.
    if reading.tree().size.0 > 0 {
        note(reading)?;
    }
    done.map(|_| ())
}

/// Takes up lot after lot; `each` says whether that is enough. Gives whether it was.
fn go_through(
    tree: &AuthenticTree<'_>,
    reading: &mut Reading,
    turn: Turn<'_>,
    mut each: impl FnMut(&[Fetched], &Reading) -> Result<bool, Stopped>,
) -> Result<bool, Stopped> {
    let mut bundles = bundles_between(reading.tree().size, tree.tree().size);
    let root_at = |size| tree.root_at(size).ok();
    // The first is small: whose ledger it is shows there.
    let mut width = 1;
    let mut next: Vec<Bundle> = bundles.by_ref().take(width).collect();
    let mut lot = fetch_lot(tree, &next)?;
    while !lot.is_empty() {
        if turn.ends() {
            return Err(Stopped::Paused);
        }
        width = width_after(&lot, width);
        let left = next.split_off(lot.len());
        next = left.into_iter().chain(bundles.by_ref()).take(width).collect();
        let (taken, following) = std::thread::scope(|scope| {
            let following = scope.spawn(|| fetch_lot(tree, &next));
            let taken = take_up(&mut lot, reading, &root_at).and_then(|()| each(&lot, reading));
            (taken, following.join())
        });
        (turn.progress)(reading.tree().size.0);
        if taken? {
            return Ok(true);
        }
        lot = match following {
            Ok(following) => following?,
            Err(panic) => std::panic::resume_unwind(panic),
        };
    }
    Ok(false)
}

/// Twice as many as before, as long as they are of a usual size.
fn width_after(lot: &[Fetched], width: usize) -> usize {
    let bytes: u64 = lot.iter().map(|fetched| fetched.bytes.len() as u64).sum();
    let each = (bytes / lot.len().max(1) as u64).max(1);
    (width * 2).min(LOT).min((LOT_BYTES / each) as usize).max(1)
}

fn take_up(
    lot: &mut [Fetched],
    reading: &mut Reading,
    root_at: &(dyn Fn(TreeSize) -> Option<Hash> + Sync),
) -> Result<(), Stopped> {
    for fetched in lot {
        // A bundle that was partial when it was read last begins with what was taken up then.
        let known = (reading.tree().size.0 - fetched.bundle.first().0) as usize;
        let entries = fetched.entries.split_off(known.min(fetched.entries.len()));
        reading.take_up(entries, &fetched.leaves[known..], root_at)?;
    }
    Ok(())
}

/// Fetches some bundles, several at a time, each held against the tree. Gives the first of them, and not
/// all where they turn out large.
fn fetch_lot(tree: &AuthenticTree<'_>, bundles: &[Bundle]) -> Result<Vec<Fetched>, TreeError> {
    let (next, bytes) = (AtomicUsize::new(0), AtomicU64::new(0));
    let slots: Vec<Mutex<Option<Result<Fetched, TreeError>>>> =
        bundles.iter().map(|_| Mutex::new(None)).collect();
    let work = || {
        while let Some((index, bundle)) = take(&next, bundles) {
            let fetched = fetch_one(tree, bundle);
            let size = fetched.as_ref().map_or(0, |fetched| fetched.bytes.len() as u64);
            let failed = fetched.is_err();
            if let Ok(mut slot) = slots[index].lock() {
                *slot = Some(fetched);
            }
            if failed || bytes.fetch_add(size, Ordering::Relaxed) + size > 4 * LOT_BYTES {
                next.store(bundles.len(), Ordering::Relaxed);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..REQUESTS.min(bundles.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut lot = Vec::new();
    for slot in slots {
        match slot.into_inner().ok().flatten() {
            Some(Ok(fetched)) => lot.push(fetched),
            Some(Err(fault)) if lot.is_empty() => return Err(fault),
            // What came before it is good; it is asked for again with what is left.
            Some(Err(_)) | None => break,
        }
    }
    Ok(lot)
}

fn take(next: &AtomicUsize, bundles: &[Bundle]) -> Option<(usize, Bundle)> {
    let index = next.fetch_add(1, Ordering::Relaxed);
    bundles.get(index).map(|bundle| (index, *bundle))
}

fn fetch_one(tree: &AuthenticTree<'_>, bundle: Bundle) -> Result<Fetched, TreeError> {
    let places = tree.places();
    if let Some((here, _)) = places.here.filter(|_| places.has_here(bundle))
        && let Ok(bytes) = bundle_from(here, bundle)
        && let Ok((entries, leaves)) = tree.check_bundle(bundle, &bytes)
    {
        return Ok(Fetched { bundle, bytes, entries, leaves, is_here: true });
    }
    let bytes = bundle_from(places.there, bundle)?;
    let (entries, leaves) = tree.check_bundle(bundle, &bytes)?;
    Ok(Fetched { bundle, bytes, entries, leaves, is_here: false })
}

/// Writes bundles with the level-0 tiles that are their leaf hashes.
fn store(shelf: &MirrorStore, name: &SafeName, lot: &[Fetched]) -> Result<(), SyncError> {
    let root = shelf.store.ledger(name);
    let new = lot.iter().filter(|fetched| !fetched.is_here);
    let files = new.flat_map(|Fetched { bundle, bytes, leaves, .. }| {
        [(bundle.path(), bytes.clone()), (bundle.tile().path(), encode_tile(leaves))]
    });
    write(shelf, &root, files.collect())
}

/// Fetches and stores the tiles above level 0 that a tree has and its beginning has not.
pub(super) fn upper_tiles(
    shelf: &MirrorStore,
    name: &SafeName,
    tree: &AuthenticTree<'_>,
    from: TreeSize,
) -> Result<(), Stopped> {
    let root = shelf.store.ledger(name);
    let mut files = Vec::new();
    for tile in tiles_between(from, tree.tree().size).filter(|tile| tile.level() > 0) {
        files.push((tile.path(), encode_tile(&tree.tile(tile)?)));
        if files.len() >= 64 {
            write(shelf, &root, std::mem::take(&mut files))?;
        }
    }
    Ok(write(shelf, &root, files)?)
}

/// Everything here is proven, so what stands under these names is either the same or was left by a
/// sync that did not come to its end.
fn write(shelf: &MirrorStore, root: &Path, files: Vec<(String, Vec<u8>)>) -> Result<(), SyncError> {
    let files: Vec<NewFile> =
        files.into_iter().map(|(name, bytes)| NewFile { path: root.join(name), bytes }).collect();
    durable::write_all(&*shelf.disk, root, Access::Public, IfThere::Replace, &files)?;
    Ok(())
}
