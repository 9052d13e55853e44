//! `treering key new`, `import`, `export`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;
use zeroize::Zeroizing;

use super::{key_json, keyring_at, lock_over};
use crate::cli::failures::usage;
use crate::cli::given_file::{self, Kind};
use crate::cli::keyring::{random, safe_name};
use crate::cli::output::{self, Overwrite};
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome, clock, passphrase};
use crate::statement::key::Role;
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::keys::{KeyFile, NewKey, Purpose};
use crate::store::pem::{KEY_FILE_BYTES_MAX, KeyText, Protection};

/// Arguments of `treering key new`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key new anna                          for a second ranger, in this store
  treering key new ben --for supervisor --to .   on another computer, without a store")]
pub struct NewArgs {
    /// The name of its files
    name: String,
    /// The role it is for, such as recorder, supervisor or assessor; or stakeholder, for none
    #[arg(long = "for", value_name = "ROLE", default_value = "recorder")]
    purpose: String,
    /// The folder for it [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Leave it unencrypted
    #[arg(long)]
    no_passphrase: bool,
}

/// Arguments of `treering key import`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key import ranger.pem --name anna
  treering key import ~/.ssh/id_ed25519 --ssh --name anna")]
pub struct ImportArgs {
    /// A private key: PKCS#8 in PEM, or with --ssh an OpenSSH one
    file: PathBuf,
    /// The name of its files here
    #[arg(long)]
    name: String,
    /// The role it is for; or root, next-root or log, for the second copy of such a key
    #[arg(long = "for", value_name = "ROLE", default_value = "recorder")]
    purpose: String,
    /// It is an OpenSSH ed25519 key (~/.ssh/id_ed25519)
    #[arg(long)]
    ssh: bool,
    /// The folder for it [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    to: Option<PathBuf>,
    /// Leave it unencrypted here
    #[arg(long)]
    no_passphrase: bool,
}

/// Arguments of `treering key export`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key export anna                       the public half, on the screen
  treering key export anna --secret -o anna.pem  a second copy, still encrypted")]
pub struct ExportArgs {
    /// The key's name
    name: String,
    /// Where to write it [default: standard output, for the public half only]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The secret half, as PKCS#8 version 1; it stays encrypted unless --no-passphrase is given
    #[arg(long, requires = "output")]
    secret: bool,
    /// Write the secret half unencrypted
    #[arg(long, requires = "secret")]
    no_passphrase: bool,
    /// The folder of the key [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// The role a new key is for. The root and its successors are made by `init` and by rotations, log
/// keys too.
fn role(word: &str) -> Result<Purpose, Failure> {
    let role = || Role::from_word(word).map(Purpose::from);
    stakeholder(word).or_else(role).ok_or_else(|| nothing_to_be_for(word, ", or stakeholder"))
}

/// The key of somebody who holds no role and has something to say: no ledger grants it, every ledger
/// hears it as a visitor.
fn stakeholder(word: &str) -> Option<Purpose> {
    Purpose::parse(word).filter(|_| word == "stakeholder")
}

/// What a key from elsewhere is for: a role, or the duty of a key whose second copy comes back.
fn purpose(word: &str) -> Result<Purpose, Failure> {
    let duties = [Purpose::Root, Purpose::NextRoot, Purpose::Log];
    let duty = Purpose::parse(word).filter(|purpose| duties.contains(purpose));
    let role = || Role::from_word(word).map(Purpose::from);
    duty.or_else(role).ok_or_else(|| nothing_to_be_for(word, ", or root, next-root, log"))
}

fn nothing_to_be_for(word: &str, or: &str) -> Failure {
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
    usage(
        format!("{word:?} is nothing a key can be for"),
        format!("it can be for {}{or}", roles.join(", ")),
        "choose one of these",
    )
}

/// A key never signs without a memory of its own beside it.
fn begin_chain(key: &KeyFile) -> Result<(), Failure> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    Ok(ChainFile::create(&*disk, &key.chain_path(), key.id())?)
}

fn made(key: &KeyFile, to: Option<&Path>, what: &str) -> Answer {
    let text =
        format!("{what} the key {} ({})\n  thumbprint {}\n", key.name(), key.purpose(), key.id());
    let answer = Answer::new("key", text, key_json(key));
    match key.purpose() {
        Purpose::Roles(_) => {
            let name = key.name();
            answer.and_next(&match to {
                None => format!("treering key request {name}, for the root to grant"),
                Some(folder) => {
                    let folder = folder.display();
                    format!("treering key request {name} --from {folder} --card CARD, for the root to grant")
                }
            })
        }
        Purpose::Log | Purpose::NextRoot | Purpose::Root => answer,
    }
}

/// Makes a key.
pub fn new(context: &Context, args: NewArgs) -> Outcome {
    let keyring = keyring_at(context, args.to.as_deref())?;
    let purpose = role(&args.purpose)?;
    let secret = passphrase::chosen(context, args.no_passphrase)?;
    let _lock = lock_over(context, keyring.folder().path())?;
    let (key, _) = keyring.create(&args.name, purpose, secret.as_ref())?;
    begin_chain(&key)?;
    Ok(made(&key, args.to.as_deref(), "Made"))
}

/// Takes in a key made elsewhere. It must not go on signing where it came from.
pub fn import(context: &Context, args: ImportArgs) -> Outcome {
    let keyring = keyring_at(context, args.to.as_deref())?;
    let bytes = Zeroizing::new(given_file::read(&args.file, Kind::PrivateKey, KEY_FILE_BYTES_MAX)?);
    let text = KeyText::parse(&bytes)
        .map_err(|why| given_file::not_one(&args.file, Kind::PrivateKey, &bytes, why))?;
    if text.is_openssh() != args.ssh {
        let why = match args.ssh {
            true => "it is no OpenSSH key",
            false => "it is an OpenSSH key",
        };
        let next = if args.ssh { "leave --ssh out" } else { "add --ssh" };
        return Err(usage(format!("{} is not imported", args.file.display()), why, next));
    }
    let opening = match text.is_encrypted() {
        true => Some(passphrase::existing(context, &args.file.display().to_string())?),
        false => None,
    };
    let secret = passphrase::chosen(context, args.no_passphrase)?;
    let new = NewKey {
        name: safe_name(&args.name)?,
        purpose: purpose(&args.purpose)?,
        protection: secret.as_ref().map_or(Protection::None, Protection::Passphrase),
        created: clock::now(),
    };
    let _lock = lock_over(context, keyring.folder().path())?;
    let key = keyring.folder().import(new, &bytes, opening.as_ref(), &mut random)?;
    begin_chain(&key)?;
    context.voice.warn("a key signs in one place: do not go on using it where it came from");
    Ok(made(&key, args.to.as_deref(), "Imported"))
}

/// Gives out a key.
pub fn export(context: &Context, args: ExportArgs) -> Outcome {
    let keyring = keyring_at(context, args.from.as_deref())?;
    let key = keyring.named(&args.name)?;
    if !args.secret {
        let text = key.export_public();
        return match &args.output {
            None => Ok(Answer::new("key-public", text.clone(), json!({ "public": text }))),
            Some(path) => {
                output::write(path, text, args.overwrite)?;
                Ok(Answer::new("key", format!("Wrote {}\n", path.display()), key_json(&key)))
            }
        };
    }
    let Some(output) = &args.output else {
        return Err(usage(
            "a secret key goes to a file",
            "a screen is no place for it",
            "add -o FILE",
        ));
    };
    export_secret(context, &key, output, args.no_passphrase)
}

fn export_secret(context: &Context, key: &KeyFile, output: &Path, no_passphrase: bool) -> Outcome {
    let opening = match key.is_encrypted()? {
        true => Some(passphrase::existing(context, key.name().as_str())?),
        false => None,
    };
    let protection = match (&opening, no_passphrase) {
        (_, true) | (None, _) => Protection::None,
        (Some(passphrase), false) => Protection::Passphrase(passphrase),
    };
    let text = key.export(opening.as_ref(), protection, &mut random)?;
    output::write_private(output, text.as_bytes())?;
    context.voice.warn("a key signs in one place: do not sign with it in both");
    Ok(Answer::new("key", format!("Wrote {}\n", output.display()), key_json(key)))
}
