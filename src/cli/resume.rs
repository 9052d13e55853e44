//! `treering resume`: lets a copied or restored store sign again, once it is known who holds what.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::audit::{Located, locate};
use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, usage};
use super::filing::{chain_places, with_log_keys};
use super::keyring::{Keyring, random};
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::audit::checkpoints::HeldHead;
use crate::audit::evidence::Progress;
use crate::audit::finding::LedgerState;
use crate::audit::{AuditInput, audit};
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::ledger::writer::Writer;
use crate::report::words::{count, counted};
use crate::statement::envelope::LedgerId;
use crate::store::chain_file::ChainFile;
use crate::store::heads::{GuardedHead, Head, Resume};
use crate::store::outside::Incarnation;
use crate::store::public::PublicFolder;
use crate::tlog::bundle::bundles_between;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::{Tree, TreeSize};
use crate::tlog::tile::tiles_between;

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

/// Resumes.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("resume")?;
    let ledger = own.ledger()?;
    let mut tree = own.head()?.tree();
    // Each source is held against the largest so far, not only against this store: two of them may
    // have forked beyond its end.
    let mut largest = (own.folder.clone(), own.head()?);
    for source in &args.from {
        let source = PublicFolder::new(Arc::clone(&own.disk), public_folder(source)?);
        let theirs = audited(ledger, &source, &largest)?;
        if theirs.tree().size > tree.size {
            copy_growth(&own, source.path(), tree.size, theirs.tree())?;
            tree = theirs.tree();
            largest = (source, theirs);
        }
    }
    let book = read::book(&own.folder, ledger, tree.size)?;
    if book.tree() != tree {
        return Err(Failure::new(
            Exit::Finding,
            "the public folder does not hold what its checkpoint signs",
            format!("its {} statements have another root", tree.size),
            "name a source that is whole: treering resume --from SOURCE",
        ));
    }
    let mut incarnation = [0; Incarnation::LENGTH];
    random(&mut incarnation);
    let origin = book.authority().genesis().origin.clone();
    let head = Head::new(ledger, origin, tree, Incarnation(incarnation));
    let says = match args.nobody_holds_more {
        true => Resume::NobodyHoldsMore,
        false => Resume::FromSources,
    };
    let places = own.head_places("resume")?;
    // A damaged record counts as unknown, here as in `adopt`.
    let remembered = places.state.read_head(&*own.disk, ledger).ok().flatten();
    let root_at = |size| {
        let root = read::root_at(&own.folder, size, tree.size);
        Ok(root.unwrap_or(Tree::empty().root))
    };
    drop(GuardedHead::adopt(places, head, says, root_at)?.signed());
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
            && ChainFile::open(chain_places(&own.disk, &key, "resume")?, key.id()).is_err()
        {
            names.push(key.name().to_string());
        }
    }
    Ok(names)
}

/// The head of a source, after an audit of all of it and a comparison with the largest copy so far.
fn audited(
    ledger: LedgerId,
    folder: &PublicFolder,
    largest: &(PublicFolder, SignedCheckpoint),
) -> Result<SignedCheckpoint, Failure> {
    let (expected, source) = (Some(ledger), folder.path());
    let input = AuditInput { expected, ..AuditInput::of(source, i64::MAX) };
    let report = audit(&input, &Progress::silent())
        .map_err(|_| interrupted("stopped; nothing changed", BEGIN_AGAIN))?;
    if let Some(identity) = &report.identity
        && Some(identity.ledger) != expected
    {
        return Err(usage(
            format!("{} is another ledger", source.display()),
            format!("its id is {}", identity.ledger),
            "name a copy of this one",
        ));
    }
    let (Some(_), LedgerState::Consistent) = (report.head, report.state) else {
        return Err(Failure::new(
            Exit::Finding,
            format!("{} cannot be resumed from", source.display()),
            format!("an audit calls it {}", report.state.word()),
            format!("treering audit {}", source.display()),
        ));
    };
    // The smaller of the two must be a beginning of the larger.
    let theirs = read::head_of(folder)?;
    let (folder, held) = match theirs.tree().size >= largest.1.tree().size {
        true => (source.to_path_buf(), largest.1.clone()),
        false => (largest.0.path().to_path_buf(), theirs.clone()),
    };
    let held = vec![HeldHead::Checkpoint(Box::new(held))];
    let input = AuditInput { folder, held, ..input };
    let compared = audit(&input, &Progress::silent())
        .map_err(|_| interrupted("stopped; nothing changed", BEGIN_AGAIN))?;
    match compared.state {
        LedgerState::Consistent => Ok(theirs),
        LedgerState::Forked => Err(Failure::new(
            Exit::Fork,
            "the two copies have forked",
            format!(
                "{} and this store hold signed histories that cannot both be true",
                source.display()
            ),
            "keep both copies; nothing may sign until people have decided which one stands",
        )),
        state => Err(usage(
            format!("{} does not fit this store", source.display()),
            format!("compared with it the ledger is {}", state.word()),
            "treering audit on each of them",
        )),
    }
}

/// Takes up the tiles and bundles by which a source is ahead.
fn copy_growth(own: &OwnStore, source: &Path, from: TreeSize, theirs: Tree) -> Result<(), Failure> {
    own.folder.remove_beyond(from)?;
    let tiles = tiles_between(from, theirs.size).map(|tile| (tile.path(), tile.full().path()));
    let bundles =
        bundles_between(from, theirs.size).map(|bundle| (bundle.path(), bundle.full().path()));
    let mut files = Vec::new();
    for (partial, full) in tiles.chain(bundles) {
        let (name, place) = match source.join(&partial) {
            place if place.is_file() => (partial, place),
            _ => (full.clone(), source.join(full)),
        };
        let bytes =
            std::fs::read(&place).map_err(|why| super::failures::unreadable(&place, why))?;
        files.push((name, bytes));
    }
    Ok(own.folder.write_new(files)?)
}
