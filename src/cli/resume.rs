//! `treering resume`: lets a copied or restored store sign again, once it is known who holds what.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;

use super::audit::{Located, locate};
use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, usage};
use super::filing::{chain_places, with_log_keys};
use super::keyring::{Keyring, random};
use super::own_store::OwnStore;
use super::progress::{Display, Unit};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, against, frozen, interrupt};
use crate::audit::evidence::Progress;
use crate::audit::finding::LedgerState;
use crate::audit::{AuditInput, audit};
use crate::ledger::book::Book;
use crate::ledger::read::{self, LedgerUnreadable};
use crate::ledger::writer::Writer;
use crate::report::words::{count, counted};
use crate::statement::envelope::LedgerId;
use crate::store::chain_file::ChainFile;
use crate::store::heads::{GuardedHead, Head, HeadPlaces, Resume};
use crate::store::outside::Incarnation;
use crate::store::public::{PublicError, PublicFolder};
use crate::tlog::bundle::{bundles_between, encode_bundle};
use crate::tlog::hash::{Hash, Tree, TreeSize};
use crate::tlog::tile::{encode_tile, tiles_between};

/// Arguments of `treering resume`.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
#[command(before_help = "\
Examples:
  treering resume --from /media/usb/val-trupchun --from /mnt/partner/val-trupchun
  treering resume --nobody-holds-more")]
#[command(after_help = "\
A store that was copied or restored must not sign: another copy may have signed since, and two signed \
histories are a fork that nobody can take back. Ask everybody who may hold this ledger first.")]
pub struct Args {
    /// A copy of this ledger, here or with somebody else, its public folder or its store; the largest is
    /// taken up
    #[arg(long, value_name = "SOURCE")]
    from: Vec<PathBuf>,
    /// Say that you asked, and nobody holds more than this store
    #[arg(long)]
    nobody_holds_more: bool,
}

/// A whole copy of the ledger.
struct Held {
    folder: PublicFolder,
    tree: Tree,
}

impl Held {
    /// The root at a size up to this copy's. One that cannot be read is no root of anything.
    fn root_at(&self, size: TreeSize) -> Hash {
        read::root_at(&self.folder, size, self.tree.size).unwrap_or(Tree::empty().root)
    }
}

/// Resumes.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("resume")?;
    let ledger = own.ledger()?;
    let places = own.head_places("resume")?;
    let here = held_here(context, &own, &places, ledger)?;
    let from = here.tree.size;
    let newest = newest(context, here, sources(context, &own, &args.from, ledger)?)?;
    frozen::check(&own)?;
    let tree = newest.tree;
    let says = match args.nobody_holds_more {
        true => Resume::NobodyHoldsMore,
        false => Resume::FromSources,
    };
    // Before a file of this store is touched: what lies beyond its head may be all that is left.
    go_on()?;
    places.check_continues(ledger, tree, says, |size| Ok(newest.root_at(size)))?;
    copy_growth(&own, &newest, from)?;
    let book = read::book(&own.folder, ledger, tree.size)?;
    if book.tree() != tree {
        return Err(Failure::new(
            Exit::Finding,
            "the copy does not hold what its checkpoint signs",
            format!("its {} statements have another root", tree.size),
            "name a source that is whole: treering resume --from SOURCE",
        ));
    }
    let mut incarnation = [0; Incarnation::LENGTH];
    random(&mut incarnation);
    let origin = book.authority().genesis().origin.clone();
    let head = Head::new(ledger, origin, tree, Incarnation(incarnation));
    // A damaged record counts as unknown, here as in `adopt`.
    let remembered = places.state.read_head(&*own.disk, ledger).ok().flatten();
    let adopted = GuardedHead::adopt(places, head, says, |size| Ok(newest.root_at(size)))?;
    drop(adopted.signed());
    // Opening signs the head and removes what lies beyond it.
    let keyring = Keyring::at(context, &own.store.keys());
    let places = own.head_places("resume")?;
    with_log_keys(&keyring, |keys| Writer::open(places, &own.name, keys))?;
    if let Some(remembered) = remembered.map(|record| record.signed().tree.size)
        && remembered > tree.size
    {
        context.voice.warn(&format!(
            "this computer remembers {}; what came after the first {} is given up, and whoever was shown \
             more than that holds a proof of a fork",
            counted(remembered.0, "statement"),
            count(tree.size.0)
        ));
    }
    let mut text = format!(
        "This store signs again, at {}.\nOther copies of it must never sign: delete their keys.\n",
        counted(tree.size.0, "statement")
    );
    for name in forgetful_keys(&own, &book, &keyring)? {
        text.push_str(&format!(
            "The key {name} remembers less than it signed: its next command needs --resume-chain.\n"
        ));
    }
    let fields = json!({ "size": tree.size.0, "root": tree.root.to_string() });
    Ok(Answer::new("resume", text, fields).and_next("treering add, as before"))
}

/// The public folder at a path that a person named.
fn public_folder(source: &Path) -> Result<PathBuf, Failure> {
    Ok(match locate(source)? {
        Located::Public(folder) => folder,
        Located::Store(store) => OwnStore::open(store)?.folder.path().to_path_buf(),
    })
}

/// Keys here whose chain file came back with the store from an old copy, or not at all.
fn forgetful_keys(
    own: &OwnStore,
    book: &Book,
    keyring: &Keyring<'_>,
) -> Result<Vec<String>, Failure> {
    let mut names = Vec::new();
    for key in keyring.list()? {
        if book.last_by(&key.id()).is_some()
            && ChainFile::open(chain_places(&own.disk, &key, "resume")?, key.id(), book.ledger())
                .is_err()
        {
            names.push(key.name().to_string());
        }
    }
    Ok(names)
}

/// What this store holds: its checkpoint's tree, or that of its head, where a crash came between.
fn held_here(
    context: &Context,
    own: &OwnStore,
    places: &HeadPlaces,
    ledger: LedgerId,
) -> Result<Held, Failure> {
    let published = audited(
        context,
        own.folder.clone(),
        ledger,
        "copy a whole one over this folder, then run the same command",
    )?;
    // A damaged head counts as unknown, as it does when it is compared.
    let head = places.read(ledger).ok().flatten().map(|head| head.checkpoint.tree);
    let head = head.filter(|head| head.size > published.tree.size);
    let ahead = head.map(|tree| Held { tree, folder: own.folder.clone() });
    Ok(ahead.filter(|ahead| ahead.root_at(ahead.tree.size) == ahead.tree.root).unwrap_or(published))
}

fn sources(
    context: &Context,
    own: &OwnStore,
    paths: &[PathBuf],
    ledger: LedgerId,
) -> Result<Vec<Held>, Failure> {
    let open = |path: &PathBuf| {
        let folder = PublicFolder::new(Arc::clone(&own.disk), public_folder(path)?);
        audited(context, folder, ledger, "name a source that is whole")
    };
    paths.iter().map(open).collect()
}

/// A copy of the ledger, after an audit of all of it.
fn audited(
    context: &Context,
    folder: PublicFolder,
    ledger: LedgerId,
    next: &str,
) -> Result<Held, Failure> {
    let input = AuditInput { expected: Some(ledger), ..AuditInput::of(folder.path(), i64::MAX) };
    let display = Display::begin(context.voice, "Checking", Unit::Statements, 0);
    let progress = Progress {
        statements: &|done| display.at(done, &folder.path().display().to_string()),
        bytes: &|_| {},
        cancel: interrupt::flag(),
    };
    let report = audit(&input, &progress)
        .map_err(|_| interrupted("stopped; nothing changed", BEGIN_AGAIN))?;
    drop(display);
    if let Some(identity) = &report.identity
        && identity.ledger != ledger
    {
        return Err(usage(
            format!("{} is another ledger", folder.path().display()),
            format!("its id is {}", identity.ledger),
            "name a copy of this one",
        ));
    }
    match (report.head, report.state) {
        (Some(tree), LedgerState::Consistent) => Ok(Held { folder, tree }),
        (_, state) => Err(Failure::new(
            Exit::Finding,
            format!("{} cannot be resumed from", folder.path().display()),
            format!("treering audit calls it {}", state.word()),
            next,
        )),
    }
}

/// The largest copy, if every other one is a beginning of it. All of them are signed by the log.
/// Those that have forked are proof that the log signed twice: it is kept, and nothing is signed here
/// until people have decided.
fn newest(context: &Context, here: Held, sources: Vec<Held>) -> Result<Held, Failure> {
    let mut newest = here;
    for mut other in sources {
        if other.tree.size > newest.tree.size {
            std::mem::swap(&mut newest, &mut other);
        }
        if newest.root_at(other.tree.size) != other.tree.root {
            let (one, two) = (newest.folder.path(), other.folder.path());
            let kept = against::keep_fork(context, one, two, "resume --from")?;
            let (one, two) = (one.display(), two.display());
            return Err(Failure::new(
                Exit::Fork,
                "two copies have forked",
                format!("{one} and {two} hold signed histories that cannot both be true; {kept}"),
                "keep both copies; nothing may sign until people have decided which one stands",
            ));
        }
    }
    Ok(newest)
}

/// Takes up the tiles and bundles by which a copy is ahead.
fn copy_growth(own: &OwnStore, newest: &Held, from: TreeSize) -> Result<(), Failure> {
    if newest.tree.size == from {
        return Ok(());
    }
    own.folder.remove_beyond(from)?;
    for bundle in bundles_between(from, newest.tree.size) {
        let entries = newest.folder.bundle(bundle).map_err(LedgerUnreadable::from)?;
        let bytes = encode_bundle(&entries).map_err(|fault| {
            LedgerUnreadable::Public(PublicError::Bundle { path: bundle.path(), fault })
        })?;
        own.folder.write_new(vec![(bundle.path(), bytes)])?;
        go_on()?;
    }
    for tile in tiles_between(from, newest.tree.size) {
        let hashes = newest.folder.tile(tile).map_err(LedgerUnreadable::from)?;
        own.folder.write_new(vec![(tile.path(), encode_tile(&hashes))])?;
        go_on()?;
    }
    Ok(())
}

/// What was copied so far lies beyond the head, where the next command copies it again or removes it.
fn go_on() -> Result<(), Failure> {
    match interrupt::flag().load(Ordering::Relaxed) {
        false => Ok(()),
        true => Err(interrupted("stopped before this store may sign again", BEGIN_AGAIN)),
    }
}
