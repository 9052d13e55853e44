//! Two processes and one store: the second writer waits and is told who has it, readers are not
//! stopped, and a killed process leaves no lock behind.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use treering::statement::envelope::LedgerId;
use treering::store::disk::RealDisk;
use treering::store::heads::{GuardedHead, Head, HeadError, HeadPlaces};
use treering::store::index::{Index, IndexError};
use treering::store::layout::{NewStore, StoreFolder};
use treering::store::lock::{Holder, LockError};
use treering::store::outside::{Incarnation, OutsideError, StateFolder};
use treering::tlog::checkpoint::Origin;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};

const LEDGER: LedgerId = LedgerId(Hash([9; 32]));
const SHORT: Duration = Duration::from_millis(100);

/// The second process: this test program again, told by variables what to hold. It says "held", then
/// waits until its input ends.
#[test]
#[ignore = "the other process of the tests in this file"]
fn other_process() {
    let Some(home) = std::env::var_os("STORE_HOME").map(PathBuf::from) else {
        println!("skipped: only for the other tests in this file to start");
        return;
    };
    let store = StoreFolder::at(&home).unwrap();
    let holder = Holder::this_process("treering add photos");
    let what = std::env::var("HOLD").unwrap();
    let _held: Box<dyn std::fmt::Debug> = match what.as_str() {
        "store" => Box::new(store.lock(&holder, SHORT).unwrap()),
        "index" => Box::new(Index::open(&store.index(LEDGER)).unwrap()),
        "head" => {
            let guarded = GuardedHead::open(places(&home), LEDGER).unwrap();
            Box::new(guarded.advance(tree(5), Incarnation([2; 16])).unwrap())
        }
        other => panic!("{other}"),
    };
    println!("\nheld");
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

fn tree(size: u64) -> Tree {
    Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) }
}

fn places(home: &Path) -> HeadPlaces {
    let (store, state) = (StoreFolder::at(home).unwrap(), StateFolder::at(&home.join("state")));
    let holder = Holder::this_process("treering status");
    HeadPlaces { patience: SHORT, ..HeadPlaces::new(Arc::new(RealDisk), store, state, holder) }
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let holder = Holder::this_process("treering init");
    NewStore::begin(Arc::new(RealDisk), home.path(), &holder).unwrap().finish().unwrap();
    let origin = Origin::new("example.park/ledger").unwrap();
    let head = Head::new(LEDGER, origin, tree(2), Incarnation([1; 16]));
    GuardedHead::found(places(home.path()), head).unwrap();
    home
}

struct Other(Child);

impl Other {
    fn holding(what: &str, home: &Path) -> Other {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "other_process", "--ignored", "--nocapture"])
            .env("STORE_HOME", home)
            .env("HOLD", what)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let said = lines.map_while(Result::ok).any(|line| line == "held");
        assert!(said, "the other process holds nothing");
        Other(child)
    }

    /// SIGKILL, or what the system has in its place.
    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_locked_store_names_who_has_it_and_is_free_once_they_are_killed() {
    let home = home();
    let other = Other::holding("store", home.path());
    let store = StoreFolder::at(home.path()).unwrap();
    let holder = Holder::this_process("treering add more");
    let refused = store.lock(&holder, SHORT).unwrap_err();
    let text = refused.to_string();
    if cfg!(unix) {
        let who = format!("locked by process {} (treering add photos) since ", other.0.id());
        assert!(text.contains(&who), "{text}");
    }
    assert!(matches!(refused, LockError::Held { .. }));
    assert!(refused.next_step().contains("wait"), "{}", refused.next_step());

    // Readers look at the same files meanwhile.
    assert_eq!(store.ledger_names(&RealDisk).unwrap(), []);
    assert!(places(home.path()).read(LEDGER).unwrap().is_some());

    other.kill();
    store.lock(&holder, Duration::from_secs(5)).unwrap();
}

#[test]
fn an_index_in_use_is_told_from_a_damaged_one() {
    let home = home();
    let other = Other::holding("index", home.path());
    let folder = StoreFolder::at(home.path()).unwrap().index(LEDGER);
    let refused = Index::open(&folder).unwrap_err();
    assert!(matches!(refused, IndexError::Busy { .. }), "{refused}");
    other.kill();
    Index::open(&folder).unwrap();
}

/// Killed while it may sign: the record is free, and the head is the one it had moved to.
#[test]
fn a_head_is_free_once_its_signer_is_killed() {
    let home = home();
    let other = Other::holding("head", home.path());
    let refused = GuardedHead::open(places(home.path()), LEDGER).unwrap_err();
    let locked = matches!(refused, HeadError::Outside(OutsideError::Lock(LockError::Held { .. })));
    assert!(locked, "{refused}");
    other.kill();
    let places = HeadPlaces { patience: Duration::from_secs(5), ..places(home.path()) };
    let guarded = GuardedHead::open(places, LEDGER).unwrap();
    assert_eq!(guarded.head().checkpoint.tree, tree(5));
}
