//! `treering key`: make, list, request, grant, revoke, rotate, import, export.
//!
//! The root may live on a stick. What it signs goes into the ledger directly where the store is at
//! hand, or into a file that `treering submit` takes to it.

mod authority;
mod files;
mod list;
mod request;
mod rotate;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Value, json};

use super::exit::Exit;
use super::failures::{unwritable, usage};
use super::filing::{Filing, ToSign, chain_places, sign};
use super::keyring::Keyring;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, Outcome};
use crate::report::words::bytes;
use crate::statement::envelope::{LedgerId, Statement};
use crate::statement::key::KeyId;
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::keys::{KeyFile, Purpose};

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
    /// Write the signed statement to a file instead of the ledger, for treering submit
    #[arg(short, long, value_name = "STATEMENT")]
    output: Option<PathBuf>,
    /// Read the root's past from the ledger, because its chain file was lost or is old
    #[arg(long)]
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

/// The store's key folder, or another one.
fn keyring_at<'a>(context: &'a Context, dir: Option<&Path>) -> Result<Keyring<'a>, Failure> {
    match dir {
        Some(dir) => Ok(Keyring::at(context, dir)),
        None => Ok(Keyring::at(context, &OwnStore::find(context)?.store.keys())),
    }
}

/// The root key in a folder.
fn root_key(keyring: &Keyring<'_>) -> Result<KeyFile, Failure> {
    let mut roots: Vec<KeyFile> =
        keyring.list()?.into_iter().filter(|key| *key.purpose() == Purpose::Root).collect();
    match roots.len() {
        1 => Ok(roots.swap_remove(0)),
        0 => Err(Failure::new(
            Exit::Key,
            "the root key is not here",
            format!("{} holds none", keyring.folder().path().display()),
            "connect the stick that holds it and name its folder: --root DIR",
        )),
        _ => Err(Failure::new(
            Exit::Key,
            "there are several root keys here",
            keyring.folder().path().display(),
            "name the folder that holds only the root in force: --root DIR",
        )),
    }
}

/// Signs with the root, into the ledger here or into a file for it.
fn as_root(
    context: &Context,
    args: &RootArgs,
    ledger: LedgerId,
    statement: ToSign,
    done: &str,
) -> Outcome {
    let keyring = keyring_at(context, args.root.as_deref())?;
    let root = root_key(&keyring)?;
    match &args.output {
        Some(output) => {
            let secret = keyring.open(&root)?;
            let disk: Arc<dyn Disk> = Arc::new(RealDisk);
            let mut chain = ChainFile::open(chain_places(&disk, &root, "key")?, root.id())?;
            // Whether the ledger takes it shows where it is submitted.
            let signed = sign(&mut chain, ledger, &secret, None, vec![statement], |_| Ok(()))?;
            write_statement(output, &signed[0], done)
        }
        None => {
            let mut filing = Filing::begin(context, "key")?;
            let secret = keyring.open(&root)?;
            let filed =
                filing.sign_and_file_with(&root, &secret, vec![statement], args.resume_chain)?;
            let text = format!("{done}, as statement {}.\n", filed.first);
            Ok(Answer::new("key", text, json!({ "position": filed.first.0 })))
        }
    }
}

/// Writes a signed statement for `treering submit`.
fn write_statement(output: &Path, statement: &Statement, done: &str) -> Outcome {
    fs::write(output, statement.bytes()).map_err(|why| unwritable(output, why))?;
    let text = format!(
        "{done}: signed into {} ({}).\nnext: where the store is, treering submit {}\n",
        output.display(),
        bytes(statement.bytes().len() as u64),
        output.display()
    );
    let fields = json!({
        "statement": output.display().to_string(),
        "id": statement.id().to_string(),
        "ledger": statement.payload.chain.ledger.map(|ledger| ledger.to_string()),
    });
    Ok(Answer::new("key", text, fields))
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
