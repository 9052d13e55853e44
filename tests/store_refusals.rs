//! When the disk refuses: errors name the path and what to do, and nothing that was there is lost.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use treering::statement::envelope::LedgerId;
use treering::store::disk::faulty::{Fault, FaultyDisk};
use treering::store::disk::{Access, Disk, RealDisk};
use treering::store::durable;
use treering::store::heads::{GuardedHead, Head, HeadPlaces};
use treering::store::index::Index;
use treering::store::layout::{NewStore, StoreFolder};
use treering::store::lock::Holder;
use treering::store::outside::{Incarnation, StateFolder};
use treering::store::trust::Trust;
use treering::tlog::checkpoint::Origin;
use treering::tlog::hash::{Hash, Tree, TreeSize, leaf_hash};

const LEDGER: LedgerId = LedgerId(Hash([9; 32]));

fn holder() -> Holder {
    Holder::this_process("treering add")
}

fn tree(size: u64) -> Tree {
    Tree { size: TreeSize(size), root: leaf_hash(&size.to_be_bytes()) }
}

fn places(disk: Arc<dyn Disk>, home: &Path) -> HeadPlaces {
    let (store, state) = (StoreFolder::at(home).unwrap(), StateFolder::at(&home.join("state")));
    HeadPlaces::new(disk, store, state, holder())
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    NewStore::begin(Arc::new(RealDisk), home.path(), &holder()).unwrap().finish().unwrap();
    let origin = Origin::new("example.park/ledger").unwrap();
    let head = Head::new(LEDGER, origin, tree(2), Incarnation([1; 16]));
    GuardedHead::found(places(Arc::new(RealDisk), home.path()), head).unwrap();
    home
}

#[test]
fn a_full_disk_says_where_to_make_room_and_keeps_the_head() {
    let home = home();
    let disk = Arc::new(FaultyDisk::failing(0, Fault::NoSpace));
    let guarded = GuardedHead::open(places(disk, home.path()), LEDGER).unwrap();
    let error = guarded.advance(tree(5), Incarnation([2; 16])).unwrap_err();
    let next = error.next_step();
    assert!(next.contains("make room on the disk of"), "{next}");
    assert!(next.contains(&home.path().join("state").display().to_string()), "{next}");
    let guarded = GuardedHead::open(places(Arc::new(RealDisk), home.path()), LEDGER).unwrap();
    assert_eq!(guarded.head().checkpoint.tree, tree(2));
}

/// Makes a folder read-only for a while. None if this user writes where nobody may, as root does.
#[cfg(unix)]
fn read_only<T>(folder: &Path, story: impl FnOnce() -> T) -> Option<T> {
    use std::os::unix::fs::PermissionsExt;
    let mode = |mode| fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let probe = folder.join("probe");
    let told = match fs::write(&probe, b"") {
        Ok(()) => {
            fs::remove_file(probe).unwrap();
            println!("skipped: this user may write in read-only folders");
            None
        }
        Err(_) => Some(story()),
    };
    mode(0o700);
    told
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_named() {
    let home = home();
    let folder = home.path().join(".treering");
    let told = read_only(&folder, || {
        let store = StoreFolder::at(home.path()).unwrap();
        let error = Trust::default().write(&RealDisk, &store.trust_toml()).unwrap_err();
        (error.to_string(), error.next_step())
    });
    if let Some((what, next)) = told {
        assert!(what.contains(&folder.join("trust.toml").display().to_string()), "{what}");
        assert!(next.contains("give your user access"), "{next}");
    }
}

#[cfg(unix)]
#[test]
fn an_index_that_may_not_be_written_is_not_called_damaged() {
    let home = home();
    let store = StoreFolder::at(home.path()).unwrap();
    let told = read_only(&home.path().join(".treering/index"), || {
        Index::open(&store.index(LEDGER)).unwrap_err().to_string()
    });
    if let Some(what) = told {
        assert!(what.contains("cannot write"), "{what}");
    }
}

#[test]
fn init_where_nothing_can_be_made_leaves_nothing() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), b"").unwrap();
    let inside_a_file = home.path().join("file/park");
    let error = NewStore::begin(Arc::new(RealDisk), &inside_a_file, &holder()).unwrap_err();
    assert!(error.to_string().contains("file"), "{error}");
    assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
}

/// A link in the place of a file is replaced, not followed: the file it leads to stays as it is.
#[cfg(unix)]
#[test]
fn writing_does_not_follow_links() {
    let folder = tempfile::tempdir().unwrap();
    let (target, link) = (folder.path().join("target"), folder.path().join("head"));
    fs::write(&target, b"somebody's").unwrap();
    std::os::unix::fs::symlink(&target, &link).unwrap();
    durable::replace(&RealDisk, &link, Access::Private, b"ours").unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"somebody's");
    assert_eq!(fs::read(&link).unwrap(), b"ours");
}
