//! `treering key rotate-root` and `rotate-log`.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Destination, RootArgs, free_name, keyring_at, open_root};
use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::filing::{ToSign, second_signature};
use crate::cli::keyring::Keyring;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Failure;
use crate::cli::{Context, Outcome, passphrase};
use crate::statement::bodies::Body;
use crate::statement::bodies::ledger::{RotateLogKey, RotationReason};
use crate::statement::bodies::root::Rotate;
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::keys::{KeyFile, Purpose};

/// Arguments of `treering key rotate-root`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key rotate-root --root /media/stick --next /media/stick-2 --next-to /media/stick-3")]
pub struct RotateRootArgs {
    /// The folder with the next root key, which becomes the root [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    next: Option<PathBuf>,
    /// Where to put the key of the root after it [default: the folder of --next]
    #[arg(long, value_name = "DIR")]
    next_to: Option<PathBuf>,
    /// The name of the new next-root key's files [default: next-root-2, or the next that is free]
    #[arg(long, value_name = "NAME")]
    next_name: Option<String>,
    /// Leave the new key unencrypted
    #[arg(long)]
    no_passphrase: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// Arguments of `treering key rotate-log`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key rotate-log --root /media/stick                  both keys sign from here on
  treering key rotate-log --root /media/stick --reason lost    only the new one does")]
pub struct RotateLogArgs {
    /// The name of the new log key's files [default: log-2, or the next that is free]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Why
    #[arg(long, value_parser = ["superseded", "lost", "compromised"], default_value = "superseded")]
    reason: String,
    /// The old key stops signing beside the new one at once
    #[arg(long)]
    drop_old: bool,
    /// Leave the new key unencrypted
    #[arg(long)]
    no_passphrase: bool,
    #[command(flatten)]
    root: RootArgs,
}

/// Hands over to the next root.
pub fn rotate_root(context: &Context, args: RotateRootArgs) -> Outcome {
    let own = OwnStore::find(context)?;
    let book = own.book()?;
    let root = open_root(context, &args.root, book.ledger())?;
    let next_ring = keyring_at(context, args.next.as_deref())?;
    let sealed = book.authority().root().next;
    let key = next_ring.list()?.into_iter().find(|key| key.id().sealed() == sealed);
    let key = key.ok_or_else(|| {
        Failure::new(
            Exit::Key,
            "the next root key is not here",
            format!(
                "{} does not hold the key that was sealed",
                next_ring.folder().path().display()
            ),
            "connect the stick that holds it and name its folder: --next DIR",
        )
    })?;
    let secret = next_ring.open(&key)?;
    let after = match &args.next_to {
        Some(dir) => Keyring::at(context, dir),
        None => Keyring::at(context, next_ring.folder().path()),
    };
    let protection = passphrase::chosen(context, args.no_passphrase)?;
    let destination = Destination::open(context, &args.root, Some(&own))?;
    let name = args.next_name.unwrap_or_else(|| free_name(&after, "next-root"));
    let (new_next, _) = after.create(&name, Purpose::NextRoot, protection.as_ref())?;
    begin_chain_if_none(&key)?;
    let body = Body::RotateRoot(Rotate {
        root: key.public(),
        next: new_next.id().sealed(),
        guardians: book.authority().root().guardians.clone(),
    });
    let ledger = book.ledger();
    let second = second_signature(ledger, &body, &secret)?;
    let what = format!("the hand-over to the root {}", key.path().display());
    let statement = ToSign { body, also: vec![second] };
    let signed = destination.sign(context, &root, &args.root, ledger, statement, &what);
    let answer = signed.inspect_err(|_| warn_of_made(context, &new_next))?;
    Ok(answer.and_next(&format!(
        "put {} (.key, .pub) on a stick kept elsewhere: it is the root after this one",
        new_next.path().with_extension("").display()
    )))
}

/// A next root has signed nothing yet, so it may come without a memory of its own.
fn begin_chain_if_none(key: &KeyFile) -> Result<(), Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    match key.chain_path().is_file() {
        true => Ok(()),
        false => Ok(ChainFile::create(&*disk, &key.chain_path(), key.id())?),
    }
}

/// Changes a log key that nobody can use any more.
pub fn rotate_lost_log(context: &Context, root: RootArgs, no_passphrase: bool) -> Outcome {
    let reason = "lost".into();
    let args =
        RotateLogArgs { name: Some("log".into()), reason, drop_old: true, no_passphrase, root };
    rotate_log(context, args)
}

/// A key is not taken back when what it was made for fails: the statement that names it may be signed
/// and waiting, and would be filed by the next command.
fn warn_of_made(context: &Context, key: &KeyFile) {
    context.voice.warn(&format!(
        "the new key {} stays: a statement that names it may wait to be filed (treering key list says \
         whether it is in force)",
        key.path().display()
    ));
}

/// Changes the log key.
pub fn rotate_log(context: &Context, args: RotateLogArgs) -> Outcome {
    let own = OwnStore::find(context)?;
    let ledger = own.ledger()?;
    let root = open_root(context, &args.root, ledger)?;
    let keyring = Keyring::at(context, &own.store.keys());
    let reason = match args.reason.as_str() {
        "superseded" => RotationReason::Superseded,
        "lost" => RotationReason::Lost,
        "compromised" => RotationReason::Compromised,
        word => {
            return Err(usage(
                format!("{word:?} is no reason"),
                "see the list",
                "treering help key rotate-log",
            ));
        }
    };
    let protection = passphrase::chosen(context, args.no_passphrase)?;
    let destination = Destination::open(context, &args.root, Some(&own))?;
    let name = args.name.unwrap_or_else(|| free_name(&keyring, "log"));
    let (key, secret) = keyring.create(&name, Purpose::Log, protection.as_ref())?;
    let drop_old = args.drop_old || reason != RotationReason::Superseded;
    let body = Body::RotateLogKey(RotateLogKey { log_key: key.public(), reason, drop_old });
    let second = second_signature(ledger, &body, &secret)?;
    let what = format!("the change of the log key to {}", key.name());
    let statement = ToSign { body, also: vec![second] };
    let signed = destination.sign(context, &root, &args.root, ledger, statement, &what);
    let answer = signed.inspect_err(|_| warn_of_made(context, &key))?;
    Ok(answer.and_next("tell the witnesses of this ledger, who know the log key it had"))
}
