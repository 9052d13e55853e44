//! What an audit is given on the command line: ledgers, heads, and files that say how to judge.

use std::path::{Path, PathBuf};

use crate::audit::checkpoints::HeldHead;
use crate::audit::rule_set::{self, RuleSet};
use crate::cli::Context;
use crate::cli::against;
use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::given_file::{self, Kind};
use crate::cli::known::remembered;
use crate::cli::own_store::{OwnStore, find_mirror, mirror_store};
use crate::cli::voice::Failure;
use crate::evidence::boundary;
use crate::evidence::catalogue::{self, Catalogue};
use crate::evidence::polygons::{Boundary, Shape};
use crate::statement::envelope::LedgerId;
use crate::statement::short_head::ShortHead;
use crate::store::layout::{STORE_FOLDER, StoreFolder};
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::hash::Hash;
use crate::tlog::note::NOTE_BYTES_MAX;

/// What is audited, and what one's own store adds to it.
pub struct Subject {
    pub folder: PathBuf,
    pub files: Option<PathBuf>,
    pub manifests: Vec<PathBuf>,
    pub held: Vec<HeldHead>,
    pub policy: Option<PathBuf>,
    /// The ledger that a mirror is of.
    pub expected: Option<LedgerId>,
    /// The ledger, if this computer remembers signing it.
    pub signed_here: Option<LedgerId>,
    /// Whether it was found in a store.
    pub in_store: bool,
}

/// Finds the ledger at a path, or the one of the store found here.
pub fn find_subject(context: &Context, path: Option<&Path>) -> Result<Subject, Failure> {
    let Some(path) = path else { return own(OwnStore::find(context)?) };
    if let Some(mirror) = against::mirror_named(context, path) {
        return mirrored(context, &mirror);
    }
    match locate(path)? {
        Located::Store(store) => own(OwnStore::open(store)?),
        Located::Public(folder) => {
            let (manifests, held) = (Vec::new(), Vec::new());
            let (files, policy, signed_here, expected) = (None, None, None, None);
            let in_store = false;
            Ok(Subject { folder, files, manifests, held, policy, signed_here, expected, in_store })
        }
    }
}

/// What a path that a person names as a ledger leads to.
pub enum Located {
    /// A store, by its own folder or the one that holds it.
    Store(StoreFolder),
    /// A public folder.
    Public(PathBuf),
}

/// Finds the ledger at a path.
pub fn locate(path: &Path) -> Result<Located, Failure> {
    need_folder(path, "a store or a public folder is asked for")?;
    for store in [path.join(STORE_FOLDER), path.to_path_buf()] {
        if store.join("ledgers").is_dir() {
            return Ok(Located::Store(StoreFolder::at(&store)?));
        }
    }
    if !path.join("tile").is_dir() && !path.join("checkpoint").is_file() {
        return Err(Failure::new(
            Exit::NoLedger,
            format!("{} is no ledger", path.display()),
            "it has neither a checkpoint nor tiles, and no store lies in it",
            "name the folder that holds the file called checkpoint",
        ));
    }
    Ok(Located::Public(path.to_path_buf()))
}

/// A folder that was named must be there: an audit that compares nothing would mislead.
pub fn need_folder(path: &Path, why: &str) -> Result<(), Failure> {
    let what = match path {
        path if path.is_dir() => return Ok(()),
        path if path.exists() => format!("{} is not a folder", path.display()),
        path => format!("there is no folder {}", path.display()),
    };
    Err(usage(what, why, "check the name"))
}

/// One's own store has the manifests and the files. Its head and its policy count only if this computer
/// itself remembers signing there: a store that somebody else made, or that was restored from an old
/// copy, remembers whatever it likes.
fn own(own: OwnStore) -> Result<Subject, Failure> {
    let remembered = remembered(&own);
    let policy = own.store.trust_policy();
    Ok(Subject {
        folder: own.folder.path().to_path_buf(),
        files: Some(own.store.home().to_path_buf()),
        manifests: vec![own.store.manifests()],
        policy: Some(policy).filter(|policy| remembered.is_some() && policy.is_file()),
        signed_here: remembered.and_then(|_| own.ledger().ok()),
        held: remembered.map(HeldHead::Remembered).into_iter().collect(),
        in_store: true,
        expected: None,
    })
}

/// A mirror: the copy, and the heads that were ever held of its ledger.
fn mirrored(context: &Context, name: &str) -> Result<Subject, Failure> {
    let shelf = mirror_store(context, "audit")?;
    let record = find_mirror(&shelf, name)?;
    let held = shelf.held.read(record.ledger)?;
    let head = held.head.map(|head| HeldHead::Checkpoint(Box::new(head.checkpoint)));
    Ok(Subject {
        folder: shelf.folder(&record.name).path().to_path_buf(),
        files: None,
        manifests: Vec::new(),
        policy: Some(shelf.store.trust_policy()).filter(|policy| policy.is_file()),
        held: head.into_iter().collect(),
        signed_here: None,
        in_store: false,
        expected: Some(record.ledger),
    })
}

/// A head kept from before: a checkpoint's file, or the line that fits an SMS.
pub fn read_head(path: &Path) -> Result<HeldHead, Failure> {
    let (path, bytes) = match path == Path::new("-") {
        true => {
            let (stdin, called) = (std::io::stdin().lock(), Path::new("standard input"));
            (called, given_file::read_whole(stdin, called, Kind::Head, NOTE_BYTES_MAX)?)
        }
        false => (path, given_file::read(path, Kind::Head, NOTE_BYTES_MAX)?),
    };
    // Whoever copied the line out of a message may have copied the blanks around it.
    let line = String::from_utf8_lossy(&bytes);
    if line.trim().starts_with("TR1 ") {
        let head: Result<ShortHead, _> = line.trim().parse();
        return head
            .map(HeldHead::Short)
            .map_err(|why| given_file::not_one(path, Kind::Head, &[], why));
    }
    match SignedCheckpoint::parse(&bytes) {
        Ok(signed) => Ok(HeldHead::Checkpoint(Box::new(signed))),
        Err(why) => Err(given_file::not_one(path, Kind::Head, &bytes, why)),
    }
}

/// The rule set in a file.
pub fn read_rules(path: &Path) -> Result<RuleSet, Failure> {
    let bytes = given_file::read(path, Kind::RuleSet, rule_set::MAX_BYTES)?;
    let read = match std::str::from_utf8(&bytes) {
        Ok(text) => RuleSet::read(text).map_err(|fault| fault.to_string()),
        Err(_) => Err("it is not UTF-8 text".to_string()),
    };
    read.map_err(|why| given_file::not_one(path, Kind::RuleSet, &bytes, why))
}

/// A catalogue's file.
pub fn read_catalogue(path: &Path) -> Result<Catalogue, Failure> {
    let bytes = given_file::read(path, Kind::Catalogue, catalogue::MAX_BYTES)?;
    Catalogue::read(&bytes).map_err(|why| given_file::not_one(path, Kind::Catalogue, &bytes, why))
}

/// A boundary's file, known by its digest.
pub fn read_boundary(path: &Path) -> Result<Boundary, Failure> {
    let bytes = given_file::read(path, Kind::Boundary, boundary::MAX_BYTES)?;
    let not_one = |why: String| given_file::not_one(path, Kind::Boundary, &bytes, why);
    let area = boundary::read(&bytes).map_err(|why| not_one(why.to_string()))?;
    let shape = Shape::of(&area).map_err(|why| not_one(why.to_string()))?;
    Ok(Boundary { digest: Hash::of(&bytes), shape })
}
