//! `treering key`: make, list, request, grant, revoke, rotate, import, export.
//!
//! The root may live on a stick. What it signs goes into the ledger directly where the store is at
//! hand, or into a file that `treering submit` takes to it.

mod authority;
mod files;
mod list;
mod request;
mod rotate;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::exit::Exit;
use super::failures::usage;
use super::filing::{Filing, ToSign, chain_places, sign};
use super::keyring::Keyring;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, interrupt, output};
use crate::report::words::bytes;
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::key::KeyId;
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::keys::{KeyFile, Purpose};
use crate::store::layout::StoreFolder;
use crate::store::lock::{Holder, Lock, PATIENCE};
use crate::tlog::ed25519::SecretKey;

/// `treering key …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key
    New(files::NewArgs),
    /// The keys here, and what they may sign
    List(list::Args),
    /// Ask the root to grant a key: writes a file that proves the key is held here
    Request(request::RequestArgs),
    /// Grant what a request asks for, as the root
    Grant(request::GrantArgs),
    /// End a key's authority, as the root or as the key itself
    Revoke(authority::RevokeArgs),
    /// Hand over to the next root
    RotateRoot(rotate::RotateRootArgs),
    /// Change the key that signs checkpoints
    RotateLog(rotate::RotateLogArgs),
    /// Take in a key made elsewhere
    Import(files::ImportArgs),
    /// Give out a key for another program
    Export(files::ExportArgs),
}

/// Where the root is, and where what it signs goes.
#[derive(Debug, clap::Args)]
pub struct RootArgs {
    /// The folder with the root key [default: the store's keys]
    #[arg(long, value_name = "DIR", env = "TREERING_ROOT", hide_env_values = true)]
    root: Option<PathBuf>,
    /// The root key's name, where its folder holds several and no ledger is at hand to tell
    #[arg(long, value_name = "NAME")]
    root_key: Option<String>,
    /// Write the signed statement to a file instead of the ledger, for treering submit
    #[arg(short, long, value_name = "STATEMENT")]
    output: Option<PathBuf>,
    /// Read the root's past from the ledger, because its chain file was lost or is old
    #[arg(long, conflicts_with = "output")]
    resume_chain: bool,
}

/// Runs a key command.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::New(args) => files::new(context, args),
        Command::List(args) => list::run(context, args),
        Command::Request(args) => request::request(context, args),
        Command::Grant(args) => request::grant(context, args),
        Command::Revoke(args) => authority::revoke(context, args),
        Command::RotateRoot(args) => rotate::rotate_root(context, args),
        Command::RotateLog(args) => rotate::rotate_log(context, args),
        Command::Import(args) => files::import(context, args),
        Command::Export(args) => files::export(context, args),
    }
}

/// Puts a new log key in force, because the old one is gone with the computer it was on.
pub fn replace_lost_log_key(
    context: &Context,
    root: &Path,
    resume_chain: bool,
    no_passphrase: bool,
) -> Outcome {
    let root =
        RootArgs { root: Some(root.to_path_buf()), root_key: None, output: None, resume_chain };
    rotate::rotate_lost_log(context, root, no_passphrase)
}

/// The store's key folder, or another one.
fn keyring_at<'a>(context: &'a Context, dir: Option<&Path>) -> Result<Keyring<'a>, Failure> {
    match dir {
        Some(dir) => Ok(Keyring::at(context, dir)),
        None => Ok(Keyring::at(context, &OwnStore::find(context)?.store.keys())),
    }
}

/// The root key, opened.
struct Root {
    file: KeyFile,
    secret: SecretKey,
}

/// Finds and opens the root before anything else is made or asked.
fn open_root(context: &Context, args: &RootArgs, ledger: LedgerId) -> Result<Root, Failure> {
    let keyring = keyring_at(context, args.root.as_deref())?;
    let file = root_key(context, &keyring, args, ledger)?;
    let secret = keyring.open(&file)?;
    Ok(Root { file, secret })
}

/// The root key in a folder: the one in force, where the ledger is at hand to say which that is; else
/// the one that was made to be the root.
fn root_key(
    context: &Context,
    keyring: &Keyring<'_>,
    args: &RootArgs,
    ledger: LedgerId,
) -> Result<KeyFile, Failure> {
    if let Some(name) = &args.root_key {
        return keyring.named(name);
    }
    let folder = keyring.folder().path().display().to_string();
    let not_here = |why: String| {
        Failure::new(
            Exit::Key,
            "the root key is not here",
            why,
            "connect the stick that holds it and name its folder: --root DIR",
        )
    };
    let book = OwnStore::find(context).and_then(|own| own.book()).ok();
    if let Some(book) = book.filter(|book| book.ledger() == ledger) {
        let in_force = book.authority().root().key;
        let why = || {
            let id = KeyId::of(&in_force).to_string();
            not_here(format!("{folder} does not hold the root in force, {}", &id[..16]))
        };
        return keyring.find(&in_force)?.ok_or_else(why);
    }
    let mut roots: Vec<KeyFile> =
        keyring.list()?.into_iter().filter(|key| *key.purpose() == Purpose::Root).collect();
    match roots.len() {
        1 => Ok(roots.swap_remove(0)),
        0 => {
            let mut failure = not_here(format!("{folder} holds no key that was made as a root"));
            let mut keys = keyring.list()?.into_iter();
            if let Some(next) = keys.find(|key| *key.purpose() == Purpose::NextRoot) {
                let name = next.name();
                failure.next =
                    format!("if {name} has taken over as the root, say --root-key {name}");
            }
            Err(failure)
        }
        _ => Err(Failure::new(
            Exit::Key,
            "there are several root keys here",
            folder,
            "say which one is in force: --root-key NAME",
        )),
    }
}

/// Where a statement of the root's goes.
enum Destination<'a> {
    /// Into the ledger here, which is locked and open for filing.
    Ledger(Box<Filing<'a>>),
    /// Into a file, for `treering submit`. Whoever makes a key for it in a store locks that store.
    File(PathBuf, Option<Lock>),
}

impl<'a> Destination<'a> {
    /// Opens it. Called before a key is made for a statement, since the store's lock covers its keys.
    fn open(
        context: &'a Context,
        args: &RootArgs,
        own: Option<&OwnStore>,
    ) -> Result<Destination<'a>, Failure> {
        Ok(match &args.output {
            Some(output) => {
                let lock = own.map(|own| own.lock("key")).transpose()?;
                Destination::File(output.clone(), lock)
            }
            None => Destination::Ledger(Box::new(Filing::begin(context, "key")?)),
        })
    }

    /// Signs with the root and sees to it that the statement gets there; `what` is signed.
    fn sign(
        self,
        context: &Context,
        root: &Root,
        args: &RootArgs,
        ledger: LedgerId,
        statement: ToSign,
        what: &str,
    ) -> Outcome {
        match self {
            Destination::File(output, _lock) => {
                let signed = signed_for_file(root, ledger, statement)?;
                write_statement(context, &output, &signed, what, "key-signed")
            }
            Destination::Ledger(mut filing) => {
                let (file, secret) = (&root.file, &root.secret);
                let filed =
                    filing.sign_and_file_with(file, secret, statement, args.resume_chain)?;
                let text = format!("Filed {what}, as statement {}.\n", filed.first);
                Ok(Answer::new("key-filed", text, json!({ "position": filed.first.0 })))
            }
        }
    }
}

/// Signs with the root, into the ledger here or into a file for it; `what` is signed.
fn as_root(
    context: &Context,
    root: &Root,
    args: &RootArgs,
    ledger: LedgerId,
    statement: ToSign,
    what: &str,
) -> Outcome {
    let destination = Destination::open(context, args, None)?;
    destination.sign(context, root, args, ledger, statement, what)
}

fn signed_for_file(root: &Root, ledger: LedgerId, statement: ToSign) -> Result<Statement, Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let places = chain_places(&disk, &root.file, "key")?;
    let mut chain = ChainFile::open(places, root.file.id(), ledger)?;
    let waiting = chain.contents().unfiled(ledger).iter();
    // Asked for again, perhaps because the file was lost: the same bytes, no other number.
    match waiting.rev().find(|signed| statement.is_in(signed)) {
        Some(signed) => Ok((**signed).clone()),
        None => sign(&mut chain, ledger, &root.secret, None, statement, |_| Ok(())),
    }
}

/// Writes a signed statement for `treering submit`. Another file is never lost under it: a statement
/// that was overwritten before it was filed would be missing in its key's chain.
pub fn write_statement(
    context: &Context,
    output: &Path,
    statement: &Statement,
    what: &str,
    answer: &str,
) -> Outcome {
    output::write_once(output, statement.bytes())?;
    if let Ok(own) = OwnStore::find(context) {
        output::warn_among_evidence(context, &own, output);
    }
    let text = format!(
        "Signed {what}, into {} ({}). It counts once it is in the ledger.\n\
         next: where the store is, treering submit {}\n",
        output.display(),
        bytes(statement.bytes().len() as u64),
        output.display()
    );
    let fields = json!({
        "statement": output.display().to_string(),
        "id": statement.id().to_string(),
        "ledger": statement.payload.chain.ledger.map(|ledger| ledger.to_string()),
    });
    Ok(Answer::new(answer, text, fields))
}

/// The lock that covers a folder of keys: the store's, if it is a store's own. Other folders have none.
fn lock_over(context: &Context, folder: &Path) -> Result<Option<Lock>, Failure> {
    let real = |path: &Path| path.canonicalize().ok();
    let store = folder.parent().and_then(|above| StoreFolder::at(above).ok());
    let store = store.filter(|store| real(&store.keys()) == real(folder));
    interrupt::finish_what_is_begun();
    let holder = Holder::this_process("key");
    context.voice.detail(&format!("a key is made in {}", folder.display()));
    Ok(store.map(|store| store.lock(&holder, PATIENCE)).transpose()?)
}

/// The first of NAME-2, NAME-3 … that no key here has.
fn free_name(keyring: &Keyring<'_>, stem: &str) -> String {
    let is_taken = |name: &String| {
        let file = keyring.folder().path().join(name);
        ["key", "pub", "chain"].iter().any(|kind| file.with_extension(kind).exists())
    };
    let mut names = (2_u32..).map(|number| format!("{stem}-{number}"));
    names.find(|name| !is_taken(name)).expect("key: some number is free")
}

/// A key named by its file here, or by digits of its thumbprint among those the ledger granted.
fn granted_key(own: &OwnStore, keyring: &Keyring<'_>, name: &str) -> Result<KeyId, Failure> {
    let book = own.book()?;
    if let Ok(key) = keyring.named(name) {
        return Ok(key.id());
    }
    let grants = book.authority().grants().map(|(id, _)| id);
    let mut matching: Vec<KeyId> =
        grants.filter(|id| name.len() >= 8 && id.to_string().starts_with(name)).collect();
    match matching.len() {
        1 => Ok(matching.swap_remove(0)),
        0 => Err(usage(
            format!("no key {name} is granted here"),
            "a key is named by its file in this store, or by 8 or more digits of its thumbprint",
            "treering key list",
        )),
        _ => Err(usage(
            format!("several keys begin with {name}"),
            "it is too short",
            "give more digits",
        )),
    }
}

fn key_json(key: &KeyFile) -> Value {
    json!({
        "name": key.name().as_str(),
        "key": key.id().to_string(),
        "for": key.purpose().to_string(),
        "file": key.path().display().to_string(),
    })
}
