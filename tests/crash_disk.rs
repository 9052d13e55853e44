//! Every crash of the write path: the disk fails, fills up or loses its power at each durable step of
//! founding, opening and growing a ledger, in every way it can. Afterwards
//!
//! - the ledger opens and an audit of it finds nothing to say,
//! - nothing that was acknowledged is missing,
//! - another batch than the interrupted one can be filed, which would show a signature given too early,
//! - and every checkpoint ever signed, shown to anybody or not, is a beginning of what the ledger is then.

mod support;

use std::collections::{BTreeSet, HashSet};
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use support::Ledger;
use support::park::{Park, Picture, grown, holder, incarnation, ledger_of, name};
use treering::ledger::writer::{AppendError, Writer};
use treering::statement::envelope::Statement;
use treering::statement::key::Role;
use treering::store::disk::faulty::{Fault, FaultyDisk};
use treering::store::disk::{Access, Disk, Fill, Listed};
use treering::store::layout::{NewStore, StoreFolder};
use treering::tlog::checkpoint::{SignedCheckpoint, log_vkey};

/// Checkpoints by their text.
type Signed = BTreeSet<String>;

/// A disk that keeps a copy of each checkpoint written through it, also of those that never got
/// their name: whoever has seen it signed can hold it against the ledger.
#[derive(Debug)]
struct Overlooked<D> {
    disk: D,
    signed: Mutex<Signed>,
}

impl<D: Disk> Overlooked<D> {
    fn new(disk: D) -> Arc<Overlooked<D>> {
        Arc::new(Overlooked { disk, signed: Mutex::default() })
    }

    fn signed(&self) -> Signed {
        self.signed.lock().unwrap().clone()
    }
}

impl<D: Disk> Disk for Overlooked<D> {
    fn create_file(&self, path: &Path, access: Access, fill: &mut Fill<'_>) -> io::Result<()> {
        if path.to_str().is_some_and(|path| path.ends_with("checkpoint")) {
            let mut bytes = Vec::new();
            fill(&mut bytes)?;
            self.signed.lock().unwrap().insert(String::from_utf8(bytes).unwrap());
        }
        self.disk.create_file(path, access, fill)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }
    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.sync_folder(folder)
    }
    fn create_folder(&self, folder: &Path, access: Access) -> io::Result<()> {
        self.disk.create_folder(folder, access)
    }
    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.disk.remove_file(path)
    }
    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.disk.remove_folder(folder)
    }
    fn open(&self, path: &Path) -> io::Result<File> {
        self.disk.open(path)
    }
    fn list(&self, folder: &Path) -> io::Result<Vec<Listed>> {
        self.disk.list(folder)
    }
}

/// A batch about to be filed, and what the ledger may become.
struct Stage {
    /// Sizes that were signed before.
    signed: Vec<usize>,
    before: Ledger,
    /// With the batch.
    with_batch: Ledger,
    /// With another batch in its place.
    with_other: Ledger,
    /// With the batch and another after it.
    with_more: Ledger,
}

impl Stage {
    /// A ledger that was signed at these sizes and grows by so many statements.
    fn new(sizes: &[usize], batch: usize, other: usize) -> Stage {
        let before = ledger_of(sizes[sizes.len() - 1]);
        let with_batch = grown(before.clone(), "interrupted", batch);
        let with_other = grown(before.clone(), "instead", other);
        let with_more = grown(with_batch.clone(), "afterwards", 2);
        Stage { signed: sizes.to_vec(), before, with_batch, with_other, with_more }
    }

    fn start(&self) -> Picture {
        Park::with(&self.before, &self.signed).picture()
    }

    fn batch(&self) -> &[Statement] {
        &self.with_batch.entries[self.before.entries.len()..]
    }
}

/// What a crash left, and what the people who ran the program know.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Crash {
    picture: Picture,
    signed: Signed,
    acknowledged: bool,
}

/// Runs a story from a picture once for each durable step and each fault; gives the different crashes.
/// The story tells whether it acknowledged its batch.
fn every_crash(
    stage: &Stage,
    start: &Picture,
    story: impl Fn(&Park, Arc<dyn Disk>) -> bool,
) -> HashSet<Crash> {
    let run = |disk: FaultyDisk| {
        let park = Park::pictured(&stage.before.log, start);
        let disk = Overlooked::new(disk);
        let acknowledged = story(&park, disk.clone());
        let crash = Crash { picture: park.picture(), signed: disk.signed(), acknowledged };
        (disk.disk.steps().len(), crash)
    };
    let (steps, whole) = run(FaultyDisk::sound());
    let faults = (0..steps).flat_map(|step| Fault::ALL.map(|fault| (step, fault)));
    let crashes = faults.map(|(step, fault)| run(FaultyDisk::failing(step, fault)).1);
    crashes.chain([whole]).collect()
}

/// Opens the ledger and files the batch.
fn file_batch(stage: &Stage, park: &Park, disk: Arc<dyn Disk>) -> bool {
    let Ok(mut writer) = park.open_on(disk) else { return false };
    match park.append(&mut writer, stage.batch()) {
        Ok(appended) => {
            assert_eq!(appended.checkpoint.tree(), stage.with_batch.tree());
            assert_eq!(appended.first.0, stage.before.tree().size.0);
            true
        }
        Err(_) => {
            let again = park.append(&mut writer, stage.batch());
            assert!(matches!(again, Err(AppendError::Poisoned)), "{again:?}");
            false
        }
    }
}

/// Opens what a crash left with a sound disk, and goes on.
fn recover(stage: &Stage, crash: Crash) {
    let park = Park::pictured(&stage.before.log, &crash.picture);
    let disk = Overlooked::new(FaultyDisk::sound());
    let all_signed = || disk.signed().union(&crash.signed).cloned().collect::<Signed>();
    let mut writer = park.open_on(disk.clone()).unwrap();
    let landed = writer.book().tree() == stage.with_batch.tree();
    let ledger = if landed { &stage.with_batch } else { &stage.before };
    assert!(landed || !crash.acknowledged, "acknowledged, then gone");
    assert_stands(&park, &writer, ledger);
    assert_no_contradiction(&all_signed(), ledger);

    let ledger = if landed { &stage.with_more } else { &stage.with_other };
    let from = writer.book().tree().size.0 as usize;
    park.append(&mut writer, &ledger.entries[from..]).unwrap();
    assert_stands(&park, &writer, ledger);
    assert_no_contradiction(&all_signed(), ledger);
}

/// The ledger is this one for its writer and for a stranger.
fn assert_stands(park: &Park, writer: &Writer, ledger: &Ledger) {
    assert_eq!(writer.book().tree(), ledger.tree());
    assert_eq!(writer.checkpoint().tree(), ledger.tree());
    assert_eq!(park.checkpoint().as_ref(), Some(writer.checkpoint()));
    park.assert_clean(ledger.tree());
}

/// Every checkpoint is signed by the log and says of its size what the ledger is at that size.
fn assert_no_contradiction(signed: &Signed, ledger: &Ledger) {
    for text in signed {
        let signed = SignedCheckpoint::parse(text.as_bytes()).unwrap();
        let key = log_vkey(signed.origin(), ledger.log.public());
        assert!(signed.note().check([&key]).is_ok(), "{text}");
        let size = signed.tree().size.0;
        assert!(size <= ledger.entries.len() as u64, "signed and lost: {text}");
        assert_eq!(signed.tree(), ledger.tree_at(size), "two heads of one size: {text}");
    }
}

fn survive(stage: Stage) {
    let crashes = every_crash(&stage, &stage.start(), |park, disk| file_batch(&stage, park, disk));
    let landed = crashes.iter().filter(|crash| crash.acknowledged).count();
    assert!(landed > 0 && crashes.len() > landed, "{landed} of {}", crashes.len());
    crashes.into_iter().for_each(|crash| recover(&stage, crash));
}

#[test]
fn the_first_batch_survives_every_crash() {
    survive(Stage::new(&[2], 1, 1));
}

#[test]
fn a_small_batch_survives_every_crash() {
    survive(Stage::new(&[2, 3], 3, 3));
}

#[test]
fn a_batch_across_tiles_and_bundles_survives_every_crash() {
    survive(Stage::new(&[2, 3, 6], 260, 3));
}

/// Once a tile is full, appending also removes partial ones that no reader asks for any more.
#[test]
fn removing_superseded_tiles_survives_every_crash() {
    survive(Stage::new(&[2, 3, 4, 5, 257, 258], 1, 1));
}

/// Opening completes what a crash interrupted; it can be interrupted itself, at every step.
#[test]
fn recovery_survives_every_crash() {
    let stage = Stage::new(&[2, 3], 3, 3);
    let first = every_crash(&stage, &stage.start(), |park, disk| file_batch(&stage, park, disk));
    let mut second = HashSet::new();
    for Crash { picture, signed, acknowledged } in first {
        let again = every_crash(&stage, &picture, |park, disk| {
            let _ = park.open_on(disk);
            acknowledged
        });
        second.extend(again.into_iter().map(|crash| Crash {
            signed: crash.signed.union(&signed).cloned().collect(),
            ..crash
        }));
    }
    second.into_iter().for_each(|crash| recover(&stage, crash));
}

/// A store that is being set up appears whole or not at all; where it does not, setting it up again
/// works, with other keys, since those of the first attempt were never shown to anybody.
#[test]
fn founding_survives_every_crash() {
    let first = Stage::new(&[2], 1, 1);
    let set_up = |park: &Park, disk: Arc<dyn Disk>, ledger: &Ledger| {
        let Ok(store) = NewStore::begin(disk.clone(), &park.folder(), &holder()) else {
            return false;
        };
        let places = park.places_in(disk, store.folder().clone());
        let (log, batch) = (ledger.log.clone(), &ledger.entries[..]);
        let mut log_key = |_: &_| Ok(log.clone());
        let founded = Writer::found(places, &name(), batch, &mut log_key, incarnation(batch));
        founded.is_ok() && store.finish().is_ok()
    };
    let crashes =
        every_crash(&first, &Picture::new(), |park, disk| set_up(park, disk, &first.before));
    let mut standing = 0;
    for crash in crashes {
        let park = Park::pictured(&first.before.log, &crash.picture);
        if StoreFolder::find_upward(&park.folder()).is_ok() {
            standing += 1;
            let writer = park.open().unwrap();
            assert_stands(&park, &writer, &first.before);
            assert_no_contradiction(&crash.signed, &first.before);
            recover(&first, Crash { acknowledged: false, ..crash });
        } else {
            assert!(!crash.acknowledged, "acknowledged, then gone");
            assert!(park.checkpoint().is_none(), "published without a store");
            let mut second = Ledger::found("once more");
            second.granted("anna", Role::Recorder);
            assert!(set_up(&park, Arc::new(FaultyDisk::sound()), &second));
            park.assert_clean(second.tree());
        }
    }
    assert!(standing > 1, "{standing}");
}
