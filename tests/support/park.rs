//! A park's store in a folder of its own, with the outside records of its computer beside it, and
//! what a test asks of both.
//!
//! ```text
//! <home>/park/.treering     the store, one ledger in it
//! <home>/state              what the computer remembers
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use treering::audit::checkpoints::HeldHead;
use treering::audit::evidence::Progress;
use treering::audit::finding::{AuditReport, LedgerState, Outcome, Rule};
use treering::audit::{AuditInput, audit};
use treering::ledger::writer::{AppendError, Appended, OpenError, Writer};
use treering::statement::envelope::Statement;
use treering::statement::key::Role;
use treering::store::disk::{Disk, RealDisk};
use treering::store::heads::{HeadError, HeadPlaces};
use treering::store::layout::{NewStore, StoreFolder};
use treering::store::lock::Holder;
use treering::store::must_not_sign::Suspicion;
use treering::store::outside::{Incarnation, StateFolder};
use treering::store::safe_name::SafeName;
use treering::tlog::checkpoint::SignedCheckpoint;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree};

use super::{FOUNDED, Ledger, bodies, key};

/// A clock after every statement of the test ledgers.
const CLOCK_S: i64 = FOUNDED + 10 * 365 * 86_400;

/// The parts of a park's picture.
pub const PUBLIC: &str = "park/.treering/ledgers/park/";
pub const HEADS: &str = "park/.treering/heads/";
pub const STORE: &str = "park/.treering/";
pub const OUTSIDE: &str = "state/";

/// Files by their paths below a folder; folders end with `/` and have no bytes.
pub type Picture = BTreeMap<String, Vec<u8>>;

/// A store and the state folder of the computer it lives on.
pub struct Park {
    home: TempDir,
    log: SecretKey,
}

impl Park {
    /// No store yet.
    pub fn bare(log: &SecretKey) -> Park {
        Park { home: tempfile::tempdir().expect("a folder"), log: log.clone() }
    }

    /// A store whose ledger holds the first statements of this one, filed as batches that end at
    /// these sizes.
    pub fn with(ledger: &Ledger, sizes: &[usize]) -> Park {
        let park = Park::bare(&ledger.log);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        NewStore::begin(disk.clone(), &park.folder(), &holder()).unwrap().finish().unwrap();
        let [first, later @ ..] = sizes else { panic!("a ledger holds its genesis") };
        let mut writer = Writer::found(
            park.places(disk),
            &name(),
            &ledger.entries[..*first],
            &mut |_| Ok(park.log.clone()),
            incarnation(&ledger.entries[..*first]),
        )
        .unwrap();
        for size in later {
            let from = writer.book().tree().size.0 as usize;
            park.append(&mut writer, &ledger.entries[from..*size]).unwrap();
        }
        park
    }

    /// A store with these files in it, and these outside records.
    pub fn pictured(log: &SecretKey, picture: &Picture) -> Park {
        let park = Park::bare(log);
        restore(park.home(), picture);
        park
    }

    /// Everything that belongs to the park.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The folder that holds the store.
    pub fn folder(&self) -> PathBuf {
        self.home.path().join("park")
    }

    /// The store.
    pub fn store(&self) -> StoreFolder {
        StoreFolder::at(&self.folder()).expect("there is a store")
    }

    /// The public folder of its ledger.
    pub fn public(&self) -> PathBuf {
        self.folder().join(".treering/ledgers").join(name().as_str())
    }

    /// The outside records.
    pub fn state(&self) -> StateFolder {
        StateFolder::at(&self.home.path().join("state"))
    }

    /// Store and outside records, on a disk.
    pub fn places(&self, disk: Arc<dyn Disk>) -> HeadPlaces {
        self.places_in(disk, self.store())
    }

    /// Places where the store stands elsewhere.
    pub fn places_in(&self, disk: Arc<dyn Disk>, store: StoreFolder) -> HeadPlaces {
        let patience = Duration::from_millis(50);
        HeadPlaces { patience, ..HeadPlaces::new(disk, store, self.state(), holder()) }
    }

    /// Opens the ledger for writing.
    pub fn open(&self) -> Result<Writer, OpenError> {
        self.open_on(Arc::new(RealDisk))
    }

    /// [`Park::open`], on a disk of the test's choice.
    pub fn open_on(&self, disk: Arc<dyn Disk>) -> Result<Writer, OpenError> {
        Writer::open(self.places(disk), &name(), &mut |_| Ok(self.log.clone()))
    }

    /// Files a batch.
    pub fn append(
        &self,
        writer: &mut Writer,
        batch: &[Statement],
    ) -> Result<Appended, AppendError> {
        writer.append(batch, &mut |_| Ok(self.log.clone()), incarnation(batch))
    }

    /// Audits the public folder against the head the park remembers.
    pub fn audit(&self, head: Tree) -> AuditReport {
        let held = vec![HeldHead::Remembered(head)];
        let input = AuditInput { held, ..AuditInput::of(self.public(), CLOCK_S) };
        audit(&input, &Progress::silent()).expect("nobody interrupts")
    }

    /// The audit finds nothing to say, not even a leftover file. (The evidence itself is not here, so
    /// its rule cannot be checked.)
    pub fn assert_clean(&self, head: Tree) {
        let report = self.audit(head);
        assert_eq!(report.state, LedgerState::Consistent, "{report:#?}");
        assert_eq!(report.head, Some(head), "{report:#?}");
        for result in report.rules.iter().filter(|result| result.rule != Rule::R10) {
            assert_eq!(result.outcome, Outcome::Pass, "{report:#?}");
        }
        assert_eq!(report.statements.admitted, head.size.0, "{report:#?}");
    }

    /// The published checkpoint as it stands.
    pub fn checkpoint(&self) -> Option<SignedCheckpoint> {
        let bytes = fs::read(self.public().join("checkpoint")).ok()?;
        Some(SignedCheckpoint::parse(&bytes).expect("a checkpoint is whole or not there"))
    }

    /// All files there are, but for what locks say of their holders.
    pub fn picture(&self) -> Picture {
        picture_of(self.home())
    }
}

/// A ledger of so many statements: its genesis, the grant of a recorder, and what she records.
pub fn ledger_of(size: usize) -> Ledger {
    let mut ledger = Ledger::found("park");
    ledger.granted("anna", Role::Recorder);
    grown(ledger, "season", size - 2)
}

/// A ledger with so many more statements of its recorder.
pub fn grown(mut ledger: Ledger, title: &str, by: usize) -> Ledger {
    let anna = key("anna");
    for number in 0..by {
        ledger.file(&anna, bodies::sealed_anchor(&format!("{title} {number}")));
    }
    ledger
}

/// The ledger's name in the store.
pub fn name() -> SafeName {
    SafeName::new("park").expect("a name")
}

/// Whoever runs the test.
pub fn holder() -> Holder {
    Holder::this_process("treering add")
}

/// Other batches, other incarnations, and the same ones each time the test runs.
pub fn incarnation(batch: &[Statement]) -> Incarnation {
    let parts: Vec<Hash> = batch.iter().map(Statement::id).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Hash::as_bytes).collect();
    let mut bytes = [0; Incarnation::LENGTH];
    bytes.copy_from_slice(&Hash::of_parts(&parts).as_bytes()[..Incarnation::LENGTH]);
    Incarnation(bytes)
}

/// Why the guard refuses to open; it must.
pub fn suspicion(refused: OpenError) -> Suspicion {
    match refused {
        OpenError::Head(HeadError::MustNotSign(refusal)) => refusal.because,
        other => panic!("{other}"),
    }
}

/// Everything below a folder.
pub fn picture_of(folder: &Path) -> Picture {
    let mut picture = Picture::new();
    for entry in walkdir::WalkDir::new(folder).min_depth(1) {
        let entry = entry.expect("the folder can be listed");
        let below = entry.path().strip_prefix(folder).expect("below").to_str().expect("a name");
        let is_lock = below.ends_with("lock");
        match entry.file_type().is_dir() {
            true => picture.insert(format!("{below}/"), Vec::new()),
            false if is_lock => picture.insert(below.to_owned(), Vec::new()),
            false => picture.insert(below.to_owned(), fs::read(entry.path()).expect("a file")),
        };
    }
    picture
}

/// The part of a picture below a folder of it.
pub fn below<'a>(picture: &'a Picture, folder: &str) -> Vec<(&'a str, &'a [u8])> {
    let inside = picture.iter().filter(|(path, _)| path.starts_with(folder));
    inside.map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect()
}

/// A picture with the part below a folder taken from another one.
pub fn with_part(picture: &Picture, folder: &str, other: &Picture) -> Picture {
    let (kept, taken) = (picture.iter(), other.iter());
    kept.filter(|(path, _)| !path.starts_with(folder))
        .chain(taken.filter(|(path, _)| path.starts_with(folder)))
        .map(|(path, bytes)| (path.clone(), bytes.clone()))
        .collect()
}

/// Makes a folder look like a picture. Files that are there already keep their permissions.
pub fn restore(folder: &Path, picture: &Picture) {
    let standing = picture_of(folder);
    for path in standing.keys().rev().filter(|path| !picture.contains_key(*path)) {
        match path.strip_suffix('/') {
            Some(inner) => fs::remove_dir(folder.join(inner)).expect("an emptied folder"),
            None => fs::remove_file(folder.join(path)).expect("a file"),
        }
    }
    for (path, bytes) in picture.iter().filter(|(path, bytes)| standing.get(*path) != Some(bytes)) {
        match path.strip_suffix('/') {
            Some(inner) => fs::create_dir(folder.join(inner)).expect("a folder"),
            None => fs::write(folder.join(path), bytes).expect("a file"),
        }
    }
}
