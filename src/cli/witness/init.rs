//! `treering witness init`: a name and a key.

use serde_json::json;

use super::places;
use crate::cli::failures::usage;
use crate::cli::keyring::Keyring;
use crate::cli::own_store::OwnStore;
use crate::cli::voice::Answer;
use crate::cli::{Context, Outcome, passphrase};
use crate::exchange::witness::{Identity, WitnessError};
use crate::statement::key::Role;
use crate::store::keys::{KeyFileError, Purpose};
use crate::tlog::note::KeyName;

/// The name of the witness's key file.
const KEY: &str = "witness";

/// Arguments of `treering witness init`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering witness init                       called after this ledger: <origin>/witness
  treering witness init --name example.org/witness")]
pub struct Args {
    /// What the witness is called, for ever [default: the origin of this ledger and /witness]
    #[arg(long)]
    name: Option<String>,
    /// Leave the key unencrypted, for a machine nobody else can use
    #[arg(long)]
    no_passphrase: bool,
}

/// Makes the store a witness.
pub fn run(context: &Context, args: Args) -> Outcome {
    let own = OwnStore::find(context)?;
    let origin = own.book()?.authority().genesis().origin.clone();
    let name = match &args.name {
        Some(name) => KeyName::new(name),
        None => Identity::name_for(&origin),
    };
    let name = name.map_err(|why| usage("a witness cannot be called so", why, "--name NAME"))?;
    if name == *origin.key_name() {
        return Err(usage(
            "a witness cannot be called so",
            "the ledger of this store has that name",
            "--name NAME, for example the ledger's origin and /witness",
        ));
    }
    let _lock = own.lock("witness init")?;
    let places = places(&own, "witness init")?;
    if places.identity().is_ok() {
        return Err(WitnessError::WitnessAlready.into());
    }
    let keyring = Keyring::at(context, &own.store.keys());
    // A key that is there already was made by an `init` that was killed: nothing else is called so.
    let key = match keyring.named(KEY) {
        Ok(key) if *key.purpose() == Purpose::from(Role::Witness) => key,
        Ok(key) => return Err(KeyFileError::Exists { path: key.path() }.into()),
        Err(_) => {
            let secret = passphrase::chosen(context, args.no_passphrase)?;
            keyring.create(KEY, Role::Witness.into(), secret.as_ref())?.0
        }
    };
    let identity = Identity::new(name, key.public());
    places.found(&identity)?;
    let vkey = identity.vkey().to_string();
    let text = format!(
        "This store is a witness now.\n\n  name   {}\n  key    {}\n\n\
         Give the operators of the logs this line for their trust.policy, with your own word before the \
         key and, if you serve, your address after it:\n\n  witness NAME {vkey}\n\n",
        identity.name(),
        key.path().display(),
    );
    let fields = json!({
        "name": identity.name().to_string(), "vkey": vkey, "key": key.path().display().to_string(),
    });
    Ok(Answer::new("witness", text, fields).and_next(
        "treering witness log add VKEY, for each log to watch; then treering serve --witness",
    ))
}
