//! A key's memory of what it signed: nothing leaves before it is durable, a file from a backup is
//! noticed, a ledger that hides statements cannot make the key forget them.

mod support;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use support::{Ledger, bodies, key};
use treering::statement::chain::Link;
use treering::statement::envelope::Statement;
use treering::statement::key::{KeyId, Role};
use treering::store::chain_file::{ChainContents, ChainFile, ChainFileError, ChainPlaces};
use treering::store::disk::faulty::{Fault, FaultyDisk};
use treering::store::disk::{Disk, RealDisk};
use treering::store::lock::Holder;
use treering::store::outside::StateFolder;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::leaf_hash;

/// A ledger, a recorder's key and the folder where its chain file lies.
struct Desk {
    ledger: Ledger,
    anna: SecretKey,
    folder: tempfile::TempDir,
}

impl Desk {
    fn new() -> Desk {
        let mut ledger = Ledger::found("site");
        let anna = ledger.granted("anna", Role::Recorder);
        let desk = Desk { ledger, anna, folder: tempfile::tempdir().unwrap() };
        ChainFile::create(&RealDisk, &desk.path(), desk.key()).unwrap();
        desk
    }

    fn key(&self) -> KeyId {
        KeyId::of(&self.anna.public())
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("anna.chain")
    }

    fn places(&self, disk: Arc<dyn Disk>) -> ChainPlaces {
        ChainPlaces {
            disk,
            path: self.path(),
            state: StateFolder::at(&self.folder.path().join("state")),
            holder: Holder::this_process("treering add"),
            patience: Duration::from_millis(50),
        }
    }

    fn open(&self) -> Result<ChainFile, ChainFileError> {
        ChainFile::open(self.places(Arc::new(RealDisk)), self.key(), self.ledger.id)
    }

    /// Signs statements of these titles and stages them.
    fn sign(
        &self,
        file: &mut ChainFile,
        titles: &[&str],
    ) -> Result<Vec<Arc<Statement>>, ChainFileError> {
        let mut staging = file.stage(self.ledger.id);
        for title in titles {
            let mut draft = self.ledger.draft(&self.anna, bodies::anchor(title));
            draft.payload.chain = staging.next_chain(None);
            staging.push(draft.sign(&self.anna).unwrap())?;
        }
        staging.commit()
    }
}

fn link(statement: &Statement) -> Link {
    Link { seq: statement.payload.chain.seq, id: statement.id() }
}

fn titles(from: u32, to: u32) -> Vec<String> {
    (from..to).map(|number| format!("season {number}")).collect()
}

fn words(titles: &[String]) -> Vec<&str> {
    titles.iter().map(String::as_str).collect()
}

#[test]
fn statements_wait_here_until_they_are_filed() {
    let mut desk = Desk::new();
    let mut file = desk.open().unwrap();
    assert!(file.contents().is_unused());
    let signed = desk.sign(&mut file, &["spring", "summer", "autumn"]).unwrap();
    drop(file);

    let mut file = desk.open().unwrap();
    assert_eq!(file.contents().unfiled(desk.ledger.id), signed);
    for statement in &signed[..2] {
        desk.ledger.append(Statement::clone(statement));
    }
    file.filed(desk.ledger.id, link(&signed[1])).unwrap();
    assert_eq!(file.contents().filed(desk.ledger.id), Some(link(&signed[1])));
    assert_eq!(file.contents().unfiled(desk.ledger.id), &signed[2..]);
    let next = desk.sign(&mut file, &["winter"]).unwrap();
    assert_eq!(next[0].payload.chain.seq, 3);
    assert_eq!(next[0].payload.chain.prev, Some(signed[2].id()));
    for statement in [&signed[2], &next[0]] {
        desk.ledger.append(Statement::clone(statement));
    }
    assert!(desk.ledger.verdicts.iter().all(Result::is_ok), "{:?}", desk.ledger.verdicts);
}

#[test]
fn the_text_is_exact() {
    let desk = Desk::new();
    let mut file = desk.open().unwrap();
    desk.sign(&mut file, &["spring", "summer"]).unwrap();
    file.abandon(desk.ledger.id, 1).unwrap();
    drop(file);
    let text = fs::read_to_string(desk.path()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "treering/chain/v1");
    assert_eq!(lines[1], format!("key {}", desk.key()));
    assert_eq!(lines[2], format!("ledger {}", desk.ledger.id));
    assert!(lines[3].starts_with("abandoned ") && lines[4].starts_with("unfiled 0oR"), "{text}");
    assert_eq!(lines[5..], [format!("end {}", desk.key())]);

    // Every shortening is refused, and so is every other order of the lines.
    for length in 0..text.len() {
        fs::write(desk.path(), &text[..length]).unwrap();
        let refused = ChainContents::read(&RealDisk, &desk.path()).unwrap_err();
        assert!(matches!(refused, ChainFileError::Damaged(_)), "{length}: {refused}");
    }
    let swapped = [lines[0], lines[1], lines[2], lines[4], lines[3], lines[5], ""].join("\n");
    fs::write(desk.path(), swapped).unwrap();
    let refused = ChainContents::read(&RealDisk, &desk.path()).unwrap_err();
    assert!(refused.to_string().contains("anna.chain"), "{refused}");
}

#[test]
fn only_the_next_statement_of_the_key_is_taken() {
    let desk = Desk::new();
    let mut file = desk.open().unwrap();
    let signed = desk.sign(&mut file, &["spring"]).unwrap();
    let mut staging = file.stage(desk.ledger.id);
    let draft = |change: fn(&mut treering::statement::chain::Chain)| {
        let mut draft = desk.ledger.draft(&desk.anna, bodies::anchor("summer"));
        draft.payload.chain.seq = 1;
        draft.payload.chain.prev = Some(signed[0].id());
        change(&mut draft.payload.chain);
        draft
    };
    let wrong = [
        draft(|chain| chain.seq = 2).sign(&desk.anna),
        draft(|chain| chain.prev = Some(leaf_hash(b"forged"))).sign(&desk.anna),
        draft(|chain| chain.prev = None).sign(&desk.anna),
        draft(|chain| chain.ledger = None).sign(&desk.anna),
        draft(|_| ()).sign(&key("somebody else")),
    ];
    for wrong in wrong {
        let refused = staging.push(wrong.unwrap());
        assert!(matches!(refused, Err(ChainFileError::NotNext)), "{refused:?}");
    }
    staging.push(draft(|_| ()).sign(&desk.anna).unwrap()).unwrap();
}

#[test]
fn what_is_abandoned_is_voided_by_the_next() {
    let mut desk = Desk::new();
    let mut file = desk.open().unwrap();
    let first = desk.sign(&mut file, &["spring", "summer", "autumn"]).unwrap();
    file.abandon(desk.ledger.id, 1).unwrap();
    // A statement in that place that does not void them is not taken.
    let mut draft = desk.ledger.draft(&desk.anna, bodies::anchor("summer again"));
    draft.payload.chain = file.stage(desk.ledger.id).next_chain(None);
    let void = std::mem::take(&mut draft.payload.chain.void);
    assert_eq!(void.len(), 2);
    let refused = file.stage(desk.ledger.id).push(draft.sign(&desk.anna).unwrap());
    assert!(matches!(refused, Err(ChainFileError::NotNext)));

    let again = desk.sign(&mut file, &["summer again", "autumn again"]).unwrap();
    assert_eq!(again[0].payload.chain.void, void);
    assert_eq!(again[1].payload.chain.void, []);
    assert!(void.contains(&first[1].id()) && void.contains(&first[2].id()));
    // Given up once more: the voiding statement and what it voided.
    file.abandon(desk.ledger.id, 1).unwrap();
    let third = desk.sign(&mut file, &["summer at last"]).unwrap();
    assert_eq!(third[0].payload.chain.void.len(), 4);
    for statement in [&first[0], &third[0]] {
        desk.ledger.append(Statement::clone(statement));
    }
    assert!(desk.ledger.verdicts.iter().all(Result::is_ok), "{:?}", desk.ledger.verdicts);
    file.filed(desk.ledger.id, link(&third[0])).unwrap();
    assert_eq!(file.stage(desk.ledger.id).next_chain(None).void, []);
}

#[test]
fn a_file_from_a_backup_is_noticed() {
    let desk = Desk::new();
    let empty = fs::read(desk.path()).unwrap();
    let mut file = desk.open().unwrap();
    desk.sign(&mut file, &["spring"]).unwrap();
    let backup = fs::read(desk.path()).unwrap();
    let newest = desk.sign(&mut file, &["summer"]).unwrap();
    drop(file);
    for old in [empty, backup] {
        fs::write(desk.path(), old).unwrap();
        let refused = desk.open().unwrap_err();
        assert!(matches!(refused, ChainFileError::Old { seq: 1, .. }), "{refused}");
    }
    fs::remove_file(desk.path()).unwrap();
    assert!(matches!(desk.open(), Err(ChainFileError::Missing { .. })));

    // The ledger turns out to hold the first statement only; the second is voided, not forgotten.
    let first = Link { seq: 0, id: newest[0].payload.chain.prev.unwrap() };
    let places = desk.places(Arc::new(RealDisk));
    let mut file = ChainFile::resume(places, desk.key(), desk.ledger.id, Some(first)).unwrap();
    let next = file.stage(desk.ledger.id).next_chain(None);
    assert_eq!((next.seq, next.prev, next.void), (1, Some(first.id), vec![newest[0].id()]));
    desk.sign(&mut file, &["summer, signed again"]).unwrap();
    drop(file);
    desk.open().unwrap();
}

/// A key that signs in two ledgers, whose file came back from a backup: each ledger is resumed when its
/// copy is at hand, and until then the key does not sign there.
#[test]
fn a_key_of_two_ledgers_is_resumed_in_one() {
    let (desk, other) = (Desk::new(), Ledger::found("another site"));
    let open = |ledger| ChainFile::open(desk.places(Arc::new(RealDisk)), desk.key(), ledger);
    let sign_in = |ledger: &Ledger, title| {
        let mut file = open(ledger.id)?;
        let mut staging = file.stage(ledger.id);
        let mut draft = ledger.draft(&desk.anna, bodies::anchor(title));
        draft.payload.chain = staging.next_chain(None);
        staging.push(draft.sign(&desk.anna).unwrap())?;
        staging.commit().map(|signed| link(&signed[0]))
    };
    let first = [sign_in(&desk.ledger, "spring").unwrap(), sign_in(&other, "spring").unwrap()];
    let backup = fs::read(desk.path()).unwrap();
    let second = [sign_in(&desk.ledger, "summer").unwrap(), sign_in(&other, "summer").unwrap()];
    fs::write(desk.path(), backup).unwrap();
    for ledger in [desk.ledger.id, other.id] {
        let refused = open(ledger).unwrap_err();
        assert!(matches!(refused, ChainFileError::Old { seq: 1, .. }), "{refused}");
    }
    let resume = |ledger, filed| {
        let places = desk.places(Arc::new(RealDisk));
        ChainFile::resume(places, desk.key(), ledger, Some(filed)).map(drop)
    };
    resume(desk.ledger.id, second[0]).unwrap();
    let mut file = open(desk.ledger.id).unwrap();
    assert_eq!(file.stage(desk.ledger.id).next_chain(None).prev, Some(second[0].id));
    let elsewhere = file.filed(other.id, first[1]);
    assert!(matches!(elsewhere, Err(ChainFileError::OtherLedger { .. })), "{elsewhere:?}");
    drop(file);
    assert!(matches!(open(other.id), Err(ChainFileError::Old { .. })));
    // Of the other one only the first statement was filed: the second is voided.
    resume(other.id, first[1]).unwrap();
    let file = open(other.id).unwrap().stage(other.id).next_chain(None);
    assert_eq!((file.prev, file.void), (Some(first[1].id), vec![second[1].id]));
    assert_eq!(sign_in(&desk.ledger, "autumn").unwrap().seq, 2);
}

#[test]
fn resuming_from_a_copy_that_lags_is_refused() {
    let desk = Desk::new();
    let mut file = desk.open().unwrap();
    let signed = desk.sign(&mut file, &["spring", "summer"]).unwrap();
    file.filed(desk.ledger.id, link(&signed[1])).unwrap();
    drop(file);
    let resume = |filed: Option<Link>| {
        let places = desk.places(Arc::new(RealDisk));
        ChainFile::resume(places, desk.key(), desk.ledger.id, filed).map(|_| ())
    };
    assert!(matches!(resume(None), Err(ChainFileError::CopyBehind)));
    assert!(matches!(resume(Some(link(&signed[0]))), Err(ChainFileError::CopyBehind)));
    let other = Link { seq: 1, id: leaf_hash(b"other") };
    assert!(matches!(resume(Some(other)), Err(ChainFileError::NumberedTwice { seq: 1 })));
    resume(Some(link(&signed[1]))).unwrap();
}

#[test]
fn statements_that_the_ledger_holds_are_caught_up() {
    let desk = Desk::new();
    let mut file = desk.open().unwrap();
    let signed = desk.sign(&mut file, &["spring", "summer"]).unwrap();
    let mut held: Vec<Link> = signed.iter().map(|statement| link(statement)).collect();
    held.push(Link { seq: 2, id: leaf_hash(b"signed with this key elsewhere, read from a copy") });
    let twice = [held[0], Link { seq: 1, id: leaf_hash(b"not what was signed here") }];
    let refused = file.catch_up(desk.ledger.id, &twice);
    assert!(matches!(refused, Err(ChainFileError::NumberedTwice { seq: 1 })), "{refused:?}");
    let gap = [held[0], held[2]];
    assert!(matches!(file.catch_up(desk.ledger.id, &gap), Err(ChainFileError::NotNext)));
    file.catch_up(desk.ledger.id, &held).unwrap();
    assert_eq!(file.contents().filed(desk.ledger.id), Some(held[2]));
    assert!(file.contents().unfiled(desk.ledger.id).is_empty());
    drop(file);
    desk.open().unwrap();
}

#[test]
fn a_key_signs_in_one_place_at_a_time() {
    let desk = Desk::new();
    let _first = desk.open().unwrap();
    assert!(matches!(desk.open(), Err(ChainFileError::Outside(_))));
}

#[test]
fn a_file_beside_another_key_is_not_taken() {
    let desk = Desk::new();
    let (places, other) = (desk.places(Arc::new(RealDisk)), KeyId(leaf_hash(b"other")));
    let refused = ChainFile::open(places, other, desk.ledger.id);
    assert!(matches!(refused, Err(ChainFileError::Damaged(_))));
}

#[test]
fn what_waits_has_a_ceiling() {
    let desk = Desk::new();
    let mut file = desk.open().unwrap();
    let mut staging = file.stage(desk.ledger.id);
    let long = "x".repeat(55_000);
    for _ in 0..1_250 {
        let mut draft = desk.ledger.draft(&desk.anna, bodies::anchor(&long));
        draft.payload.chain = staging.next_chain(None);
        staging.push(draft.sign(&desk.anna).unwrap()).unwrap();
    }
    assert!(matches!(staging.commit(), Err(ChainFileError::TooMuchUnfiled)));
    desk.sign(&mut file, &["spring"]).unwrap();
}

/// Signs, files and signs again on a failing disk. What was handed out is in the file afterwards,
/// the file opens, no number is ever given to two statements that were handed out.
#[test]
fn no_fault_makes_a_key_forget() {
    let run = |disk: FaultyDisk| {
        let desk = Desk::new();
        let disk = Arc::new(disk);
        let mut handed_out: Vec<Arc<Statement>> = Vec::new();
        let story = |handed_out: &mut Vec<Arc<Statement>>| {
            let mut file = ChainFile::open(desk.places(disk.clone()), desk.key(), desk.ledger.id)?;
            handed_out.extend(desk.sign(&mut file, &words(&titles(0, 3)))?);
            file.filed(desk.ledger.id, link(&handed_out[1]))?;
            handed_out.extend(desk.sign(&mut file, &words(&titles(3, 5)))?);
            Ok::<(), ChainFileError>(())
        };
        let _ = story(&mut handed_out);

        let mut file = desk.open().unwrap();
        let filed = file.contents().filed(desk.ledger.id);
        for statement in &handed_out {
            let waits = file.contents().unfiled(desk.ledger.id).contains(statement);
            let done = filed.is_some_and(|filed| link(statement).seq <= filed.seq);
            assert!(waits || done, "handed out, then forgotten");
        }
        let next = desk.sign(&mut file, &["after"]).unwrap();
        assert!(handed_out.iter().all(|earlier| link(earlier).seq < link(&next[0]).seq));
        drop(file);
        desk.open().unwrap();
        disk.steps().len()
    };
    let steps = run(FaultyDisk::sound());
    for step in 0..steps {
        for fault in Fault::ALL {
            run(FaultyDisk::failing(step, fault));
        }
    }
}

/// After a failed write the handle refuses to go on: what the disk holds is not known.
#[test]
fn a_failed_write_ends_the_handle() {
    let desk = Desk::new();
    // Steps 0 and 1 make the state folder and its heads; the first file comes after them.
    let sound = Arc::new(FaultyDisk::sound());
    drop(ChainFile::open(desk.places(sound.clone()), desk.key(), desk.ledger.id).unwrap());
    fs::remove_dir_all(desk.folder.path().join("state")).unwrap();
    let disk = Arc::new(FaultyDisk::failing(sound.steps().len() + 1, Fault::ErrorDone));
    let mut file = ChainFile::open(desk.places(disk), desk.key(), desk.ledger.id).unwrap();
    let failed = desk.sign(&mut file, &["spring"]);
    assert!(matches!(failed, Err(ChainFileError::Disk(_))), "{failed:?}");
    let refused = desk.sign(&mut file, &["spring"]);
    assert!(matches!(refused, Err(ChainFileError::Broken { .. })), "{refused:?}");
    drop(file);
    // The write was done after all: the statement waits, and the next follows on it.
    let mut file = desk.open().unwrap();
    assert_eq!(file.contents().unfiled(desk.ledger.id).len(), 1);
    assert_eq!(desk.sign(&mut file, &["summer"]).unwrap()[0].payload.chain.seq, 1);
}

#[cfg(unix)]
#[test]
fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let desk = Desk::new();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&desk.path()), 0o600);
    let mut file = desk.open().unwrap();
    desk.sign(&mut file, &["spring"]).unwrap();
    assert_eq!(mode(&desk.path()), 0o600);
}
