//! `treering resume`: lets a copied or restored store sign again, once it is known who holds what.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, usage};
use super::filing::log_key;
use super::keyring::{Keyring, random};
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::audit::checkpoints::HeldHead;
use crate::audit::evidence::Progress;
use crate::audit::finding::LedgerState;
use crate::audit::{AuditInput, audit};
use crate::ledger::read;
use crate::ledger::writer::Writer;
use crate::report::words::counted;
use crate::store::heads::{GuardedHead, Head, Resume};
use crate::store::outside::Incarnation;
use crate::store::public::PublicFolder;
use crate::tlog::bundle::bundles_between;
use crate::tlog::hash::{Tree, TreeSize};
use crate::tlog::tile::tiles_between;

/// Arguments of `treering resume`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering resume --from /media/usb/val-trupchun --from /mnt/partner/val-trupchun
  treering resume --nobody-holds-more")]
#[command(after_help = "\
A store that was copied or restored must not sign: another copy may have signed since, and two signed \
histories are a fork that nobody can take back. Ask everybody who may hold this ledger first.")]
pub struct Args {
    /// A public folder of this ledger that somebody else holds; the largest is taken up
    #[arg(long, value_name = "SOURCE", required_unless_present = "nobody_holds_more")]
    from: Vec<PathBuf>,
    /// Say that you asked, and nobody holds more than this store
    #[arg(long, conflicts_with = "from")]
    nobody_holds_more: bool,
}

/// Resumes.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let _lock = own.lock("resume")?;
    let ledger = own.ledger()?;
    let mut tree = own.head()?.tree();
    for source in &args.from {
        let theirs = audited(&own, source)?;
        if theirs.size > tree.size {
            copy_growth(&own, source, tree.size, theirs)?;
            tree = theirs;
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
    let root_at = |size| {
        let root = read::root_at(&own.folder, size, tree.size);
        Ok(root.unwrap_or(Tree::empty().root))
    };
    drop(GuardedHead::adopt(places, head, says, root_at)?.signed());
    // Opening signs the head and removes what lies beyond it.
    let keyring = Keyring::at(context, &own.store.keys());
    let places = own.head_places("resume")?;
    Writer::open(places, &own.name, &mut |key| log_key(&keyring, key))?;
    let text = format!(
        "This store signs again, at {}.\nOther copies of it must never sign: delete their keys.\n",
        counted(tree.size.0, "statement")
    );
    Ok(Answer::new("resume", text, json!({ "size": tree.size.0, "root": tree.root.to_string() })))
}

/// The head of a source, after an audit of all of it and a comparison with this store's.
fn audited(own: &OwnStore, source: &Path) -> Result<Tree, Failure> {
    let expected = Some(own.ledger()?);
    let input = AuditInput { expected, ..AuditInput::of(source, i64::MAX) };
    let report = audit(&input, &Progress::silent())
        .map_err(|_| interrupted("stopped; nothing changed", BEGIN_AGAIN))?;
    let (Some(theirs), LedgerState::Consistent) = (report.head, report.state) else {
        return Err(Failure::new(
            Exit::Finding,
            format!("{} cannot be resumed from", source.display()),
            format!("an audit calls it {}", report.state.word()),
            format!("treering audit {}", source.display()),
        ));
    };
    // The smaller of the two must be a beginning of the larger.
    let here = own.head()?;
    let (folder, held) = match theirs.size >= here.tree().size {
        true => (source.to_path_buf(), here),
        false => {
            let theirs = PublicFolder::new(Arc::clone(&own.disk), source);
            (own.folder.path().to_path_buf(), read::head_of(&theirs)?)
        }
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
