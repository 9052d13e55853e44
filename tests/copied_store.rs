//! A copied or restored store must not sign: the next signature would make two heads of one ledger,
//! which is a fork that nobody can take back. Each way in which honest people come to a copy is
//! refused, without a byte written, until somebody says what the others hold.

mod support;

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use support::Ledger;
use support::park::{
    HEADS, PUBLIC, Park, Picture, STORE, below, grown, incarnation, ledger_of, name, picture_of,
    restore, suspicion, with_part,
};
use support::publish::publish;
use treering::ledger::read;
use treering::ledger::writer::{AppendError, OpenError, Writer};
use treering::store::disk::RealDisk;
use treering::store::heads::{GuardedHead, Head, HeadError, HeadPlaces, Resume};
use treering::store::layout::StoreFolder;
use treering::store::must_not_sign::Suspicion;
use treering::store::outside::StateFolder;
use treering::store::public::PublicFolder;
use treering::tlog::hash::{Hash, Tree, TreeSize};

/// A ledger of 12 statements, signed at 2, 5, 9 and 12.
fn park() -> (Ledger, Park) {
    let ledger = ledger_of(12);
    let park = Park::with(&ledger, &[2, 5, 9, 12]);
    (ledger, park)
}

/// A park whose store, or a part of it, is back at size 5 while its computer knows of 12.
fn restored(part: &str) -> (Ledger, Park) {
    let (ledger, park) = park();
    let old = Park::with(&ledger, &[2, 5]).picture();
    restore(park.home(), &with_part(&park.picture(), part, &old));
    (ledger, park)
}

/// Opening is refused and writes nothing.
fn refusal(park: &Park) -> OpenError {
    let before = park.picture();
    let Err(refusal) = park.open() else { panic!("it must be refused") };
    assert!(park.picture() == before, "a refused store was written to");
    refusal
}

/// The same store in another folder of the same computer.
struct Copy {
    folder: PathBuf,
}

impl Copy {
    fn of(park: &Park) -> Copy {
        let folder = park.home().join("copy");
        fs::create_dir(&folder).unwrap();
        restore(&folder, &picture_of(&park.folder()));
        Copy { folder }
    }

    fn open(&self, park: &Park, ledger: &Ledger) -> Result<Writer, OpenError> {
        let store = StoreFolder::at(&self.folder).unwrap();
        let places = park.places_in(Arc::new(RealDisk), store);
        Writer::open(places, &name(), &mut |_| Ok(ledger.log.clone()))
    }

    /// Its heads and its checkpoint.
    fn signed(&self) -> Vec<(String, Vec<u8>)> {
        let picture = picture_of(&self.folder).into_iter();
        picture
            .filter(|(path, _)| path.contains("/heads/") || path.ends_with("checkpoint"))
            .collect()
    }
}

#[test]
fn of_two_copies_in_use_the_second_does_not_sign() {
    let (ledger, park) = park();
    let copy = Copy::of(&park);
    let (one, two) = (grown(ledger.clone(), "here", 1), grown(ledger.clone(), "there", 1));
    // Both are open while they agree.
    let mut here = park.open().unwrap();
    let mut there = copy.open(&park, &ledger).unwrap();
    park.append(&mut here, &one.entries[12..]).unwrap();

    let before = copy.signed();
    let refused = park.append(&mut there, &two.entries[12..]).unwrap_err();
    let AppendError::Head(HeadError::MustNotSign(refusal)) = refused else { panic!("{refused}") };
    let Suspicion::OtherHead { head, remembered } = refusal.because else { panic!("{refusal}") };
    assert_eq!((head.tree, remembered.tree), (ledger.tree(), one.tree()));
    assert_eq!(copy.signed(), before, "the second copy moved or signed a head");
    assert!(matches!(park.append(&mut there, &two.entries[12..]), Err(AppendError::Poisoned)));
    drop(there);

    // The second does not open again either; the first goes on.
    let Err(refused) = copy.open(&park, &ledger) else { panic!("it must be refused") };
    assert!(matches!(suspicion(refused), Suspicion::OtherHead { .. }));
    assert_eq!(copy.signed(), before);
    let more = grown(one, "here still", 1);
    park.append(&mut here, &more.entries[13..]).unwrap();
    park.assert_clean(more.tree());
}

#[test]
fn a_store_restored_from_an_old_copy_does_not_sign() {
    let (ledger, park) = restored(STORE);
    let Suspicion::OtherHead { head, remembered } = suspicion(refusal(&park)) else { panic!() };
    assert_eq!((head.tree, remembered.tree), (ledger.tree_at(5), ledger.tree()));
}

#[test]
fn a_head_restored_from_an_old_copy_does_not_sign() {
    let (ledger, park) = restored(HEADS);
    let Suspicion::OtherHead { head, remembered } = suspicion(refusal(&park)) else { panic!() };
    assert_eq!((head.tree, remembered.tree), (ledger.tree_at(5), ledger.tree()));
}

#[test]
fn a_public_folder_restored_from_an_old_copy_does_not_sign() {
    let (_, park) = restored(PUBLIC);
    let refusal = refusal(&park);
    let OpenError::NotWhatWasSigned { head, checkpoint, .. } = &refusal else {
        panic!("{refusal}")
    };
    assert_eq!((*head, checkpoint.as_str()), (TreeSize(12), "5"));
}

/// Files of an old copy laid over the newer ones: nothing that was signed is lost, only the
/// checkpoint is old, and signing it again gives the bytes that were there.
#[test]
fn an_old_copy_laid_over_the_public_folder_is_mended() {
    let (ledger, park) = park();
    let now = park.picture();
    let mut picture = now.clone();
    picture.extend(
        below(&Park::with(&ledger, &[2, 5]).picture(), PUBLIC)
            .into_iter()
            .map(|(path, bytes)| (path.to_owned(), bytes.to_owned())),
    );
    restore(park.home(), &picture);
    assert_ne!(picture, now);
    park.open().unwrap();
    assert!(park.picture() == now, "signed again, with other bytes");
}

#[test]
fn on_another_computer_a_store_does_not_sign() {
    let (ledger, park) = park();
    let elsewhere = tempfile::tempdir().unwrap();
    let state = StateFolder::at(elsewhere.path());
    let places = HeadPlaces { state: state.clone(), ..park.places(Arc::new(RealDisk)) };
    let before = park.picture();
    let Err(refused) = Writer::open(places, &name(), &mut |_| Ok(ledger.log.clone())) else {
        panic!("it must be refused")
    };
    let Suspicion::NothingRemembered { record, head } = suspicion(refused) else { panic!() };
    assert_eq!((record, head.tree), (state.head(ledger.id), ledger.tree()));
    assert!(park.picture() == before);
    assert!(!state.head(ledger.id).exists(), "what was refused is remembered");
}

#[test]
fn without_its_head_a_store_does_not_sign() {
    let (ledger, park) = park();
    fs::remove_file(park.store().head(ledger.id)).unwrap();
    let Suspicion::NoHead { remembered } = suspicion(refusal(&park)) else { panic!() };
    assert_eq!(remembered.map(|mark| mark.tree), Some(ledger.tree()));
    fs::remove_file(park.state().head(ledger.id)).unwrap();
    assert_eq!(suspicion(refusal(&park)), Suspicion::NoHead { remembered: None });
}

/// What `treering resume` does, with a tree that a person vouches for.
fn resume(park: &Park, tree: Tree, says: Resume, ledger: &Ledger) -> Result<(), HeadError> {
    let folder = PublicFolder::new(Arc::new(RealDisk), park.public());
    let origin = ledger.authority.genesis().origin.clone();
    let taken = incarnation(&ledger.entries[..1]);
    let root_at =
        |size| Ok(read::root_at(&folder, size, tree.size).expect("the tree's tiles are whole"));
    let head = Head::new(ledger.id, origin, tree, taken);
    let places = park.places(Arc::new(RealDisk));
    GuardedHead::adopt(places, head, says, root_at).map(|signable| drop(signable.signed()))
}

/// The store signs again, and whatever it had signed before is a beginning of what it signs now.
fn signs_again(park: &Park, ledger: &Ledger) {
    let mut writer = park.open().unwrap();
    assert_eq!(writer.book().tree(), ledger.tree());
    park.assert_clean(ledger.tree());
    let more = grown(ledger.clone(), "resumed", 2);
    park.append(&mut writer, &more.entries[ledger.entries.len()..]).unwrap();
    park.assert_clean(more.tree());
    drop(writer);
    park.open().unwrap();
}

fn take_public(park: &Park, ledger: &Ledger) {
    fs::remove_dir_all(park.public()).unwrap();
    publish(ledger, &park.public());
}

#[test]
fn it_resumes_from_a_mirror_that_has_everything() {
    for part in [STORE, PUBLIC, HEADS] {
        let (ledger, park) = restored(part);
        take_public(&park, &ledger);
        resume(&park, ledger.tree(), Resume::FromSources, &ledger).unwrap();
        signs_again(&park, &ledger);
    }
}

/// The mirror may hold more than this computer remembers: a copy elsewhere went on.
#[test]
fn it_resumes_from_a_mirror_that_has_more() {
    let (ledger, park) = restored(STORE);
    let more = grown(ledger, "elsewhere", 300);
    take_public(&park, &more);
    resume(&park, more.tree(), Resume::FromSources, &more).unwrap();
    signs_again(&park, &more);
}

#[test]
fn it_does_not_resume_below_what_was_signed() {
    let (ledger, park) = restored(STORE);
    let before = park.picture();
    let short = resume(&park, ledger.tree_at(5), Resume::FromSources, &ledger).unwrap_err();
    let HeadError::Shorter { offered, signed } = short else { panic!("{short}") };
    assert_eq!((offered.0, signed.0), (5, 12));
    assert!(park.picture() == before, "a refused resume was written down");
    refusal(&park);
}

/// The person says that what was signed above size 5 reached nobody. That is the one way back.
#[test]
fn it_resumes_below_what_was_signed_if_nobody_holds_it() {
    let (ledger, park) = restored(STORE);
    resume(&park, ledger.tree_at(5), Resume::NobodyHoldsMore, &ledger).unwrap();
    signs_again(&park, &ledger_of(5));
}

/// Not even a person may say so of a tree that contradicts what is known here.
#[test]
fn it_does_not_resume_with_another_history() {
    let (_, park) = restored(STORE);
    let other = grown(ledger_of(9), "another history", 6);
    take_public(&park, &other);
    let before = park.picture();
    for says in [Resume::FromSources, Resume::NobodyHoldsMore] {
        let forked = resume(&park, other.tree(), says, &other).unwrap_err();
        let HeadError::Contradicts { offered, signed } = forked else { panic!("{forked}") };
        assert_eq!((offered.0, signed.0), (15, 12));
        assert!(park.picture() == before, "a refused resume was written down");
    }
}

/// What is damaged counts as unknown, and the other half of the memory still counts.
#[test]
fn a_damaged_memory_does_not_let_another_history_pass() {
    let (ledger, park) = park();
    let (head, record) = (park.store().head(ledger.id), park.state().head(ledger.id));
    let other = grown(ledger_of(9), "another history", 6);
    take_public(&park, &other);
    for damaged in [&head, &record] {
        let whole = fs::read(damaged).unwrap();
        fs::write(damaged, b"something else\n").unwrap();
        let forked = resume(&park, other.tree(), Resume::FromSources, &other).unwrap_err();
        assert!(matches!(forked, HeadError::Contradicts { .. }), "{forked}");
        fs::write(damaged, whole).unwrap();
    }
}

/// A wrong root at a known size, whatever its size, is a contradiction; so is a tree of the size that
/// was signed with another root.
#[test]
fn the_tree_of_the_size_that_was_signed_has_its_root() {
    let (ledger, park) = park();
    let tree = Tree { root: Hash::of(b"another root"), ..ledger.tree() };
    for says in [Resume::FromSources, Resume::NobodyHoldsMore] {
        let forked = resume(&park, tree, says, &ledger).unwrap_err();
        assert!(matches!(forked, HeadError::Contradicts { .. }), "{forked}");
    }
    park.open().unwrap();
}

/// A resume that a crash interrupted is refused or done, and can be done again.
#[test]
fn resuming_twice_is_no_harm() {
    let (ledger, park) = restored(STORE);
    take_public(&park, &ledger);
    for _ in 0..2 {
        resume(&park, ledger.tree(), Resume::FromSources, &ledger).unwrap();
    }
    signs_again(&park, &ledger);
}

/// The picture of a park that nobody touched is the one it has: the tests above can fail.
#[test]
fn a_picture_sees_what_changes() {
    let (ledger, park) = park();
    let before: Picture = park.picture();
    park.open().unwrap();
    assert!(park.picture() == before);
    let more = grown(ledger, "more", 1);
    park.append(&mut park.open().unwrap(), &more.entries[12..]).unwrap();
    assert!(park.picture() != before);
}
