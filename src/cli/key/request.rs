//! `treering key request` on one machine, `treering key grant` where the root is.
//!
//! ```json
//! {
//!   "schema": "treering.key-request/1",
//!   "ledger": "4c1f…",
//!   "key": "8a88…",
//!   "role": "recorder",
//!   "scope": ["evidence", "site"],
//!   "sig": "mB0w…=="
//! }
//! ```
//!
//! The signature is the second signature of the grant: the key's own, over exactly this role and scope
//! in exactly this ledger. The root grants that or nothing.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{RootArgs, as_root, keyring_at, open_root};
use crate::cli::card::read_card;
use crate::cli::exit::Exit;
use crate::cli::failures::usage;
use crate::cli::filing::{ToSign, draft, second_signature};
use crate::cli::given_file::{self, Kind};
use crate::cli::output::{self, Overwrite};
use crate::cli::own_store::OwnStore;
use crate::cli::voice::{Answer, Failure};
use crate::cli::{Context, Outcome};
use crate::statement::bodies::Body;
use crate::statement::bodies::key::Grant;
use crate::statement::chain::Chain;
use crate::statement::envelope::{CoSignature, LedgerId};
use crate::statement::key::{KeyId, Role, Scope};
use crate::store::keys::Purpose;
use crate::tlog::ed25519::{PublicKey, Signature};
use crate::tlog::hash::Hash;

const SCHEMA: &str = "treering.key-request/1";
/// Ceiling of a request's file, in bytes: a scope has at most 64 words.
const REQUEST_BYTES_MAX: usize = 16_384;

/// Arguments of `treering key request`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key request anna                              for this store's own ledger
  treering key request ben --from . --card card.json     on a computer without the store")]
pub struct RequestArgs {
    /// The key's name
    name: String,
    /// What it shall act as [default: what it was made for]
    #[arg(long)]
    role: Option<String>,
    /// A family or kind it shall sign, such as evidence or claim.opinion [default: the role's usual]
    #[arg(long, value_name = "WORD")]
    scope: Vec<String>,
    /// The folder of the key [default: the store's keys]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// The card of the ledger that shall grant it [default: the store's own ledger]
    #[arg(long, value_name = "CARD")]
    card: Option<PathBuf>,
    /// Where to write the request [default: NAME.request.json]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    overwrite: Overwrite,
}

/// Arguments of `treering key grant`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering key grant anna.request.json                              with the root in the store
  treering key grant anna.request.json --root /media/stick          with the root on a stick
  treering key grant anna.request.json --root . -o anna.statement   without a store")]
pub struct GrantArgs {
    /// The request
    request: PathBuf,
    #[command(flatten)]
    root: RootArgs,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestFile {
    schema: String,
    ledger: String,
    key: String,
    role: Role,
    scope: Scope,
    sig: String,
}

/// Writes a request.
pub fn request(context: &Context, args: RequestArgs) -> Outcome {
    let keyring = keyring_at(context, args.from.as_deref())?;
    let key = keyring.named(&args.name)?;
    let ledger = match &args.card {
        Some(card) => read_card(card)?.ledger(),
        None => OwnStore::find(context)?.ledger()?,
    };
    let role = match (key.purpose(), &args.role) {
        (Purpose::Roles(_), Some(word)) => role_of(word)?,
        (Purpose::Roles(words), None) => role_of(&words.words()[0])?,
        // One key is never two things in a ledger: whoever has it could act as both.
        (purpose, _) => {
            return Err(usage(
                format!("the key {} is the {purpose} key of a ledger", args.name),
                "no such key is granted a role beside that",
                "make a key of its own for it: treering key new NAME --for recorder",
            ));
        }
    };
    let mut words = args.scope.clone();
    words.sort();
    words.dedup();
    let scope = match words.is_empty() {
        true => role.usual_scope(),
        false => Scope::new(words).map_err(|why| {
            usage(
                "the key cannot be granted that",
                why,
                "name families such as evidence or process",
            )
        })?,
    };
    let grant = Grant { key: key.public(), role, scope };
    let secret = keyring.open(&key)?;
    let second = second_signature(ledger, &Body::Grant(grant.clone()), &secret)?;
    let file = RequestFile {
        schema: SCHEMA.into(),
        ledger: ledger.to_string(),
        key: Hash(*grant.key.as_bytes()).to_string(),
        role,
        scope: grant.scope.clone(),
        sig: STANDARD.encode(second.sig.0),
    };
    let output = args.output.unwrap_or_else(|| format!("{}.request.json", args.name).into());
    let mut text = serde_json::to_string_pretty(&file).expect("request: text prints");
    text.push('\n');
    output::write(&output, text, args.overwrite)?;
    if let Ok(own) = OwnStore::find(context) {
        output::warn_among_evidence(context, &own, &output);
    }
    let text = format!(
        "Wrote {}: {} asks to sign as {role} ({})\nnext: where the root is, treering key grant {}\n",
        output.display(),
        args.name,
        grant.scope,
        output.display()
    );
    let fields = json!({
        "request": output.display().to_string(), "key": key.id().to_string(),
        "ledger": ledger.to_string(), "role": role.word(),
    });
    Ok(Answer::new("key-requested", text, fields))
}

fn role_of(word: &str) -> Result<Role, Failure> {
    Role::from_word(word).ok_or_else(|| {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        usage(format!("{word:?} is no role"), "the roles are a fixed list", roles.join(", "))
    })
}

/// Grants what a request asks for.
pub fn grant(context: &Context, args: GrantArgs) -> Outcome {
    let (ledger, grant, second) = read_request(&args.request)?;
    if args.root.output.is_none() {
        let store = OwnStore::find(context)?;
        let own = store.ledger()?;
        if own != ledger {
            return Err(usage(
                "the request is for another ledger",
                format!("it asks the ledger {ledger}, this store's is {own}"),
                "sign it into a file with -o STATEMENT, if your root founded that ledger",
            ));
        }
        refuse_second(&store, &grant)?;
    }
    let root = open_root(context, &args.root, ledger)?;
    let what = format!(
        "the grant of key {} as {} ({})",
        &KeyId::of(&grant.key).to_string()[..16],
        grant.role,
        grant.scope
    );
    let statement = ToSign { body: Body::Grant(grant), also: vec![second] };
    let answer = as_root(context, &root, &args.root, ledger, statement, &what)?;
    Ok(match args.root.output {
        None => {
            answer.and_next("whoever holds the key signs with it: treering add PATH --key NAME")
        }
        Some(_) => answer,
    })
}

/// A key has one grant in a ledger, once: asking for a second is an oversight, and no finding.
fn refuse_second(own: &OwnStore, grant: &Grant) -> Result<(), Failure> {
    let book = own.book()?;
    let Some(before) = book.authority().grant_of(&KeyId::of(&grant.key)) else { return Ok(()) };
    let (why, next) = match before.ended {
        None => ("it signs with that grant already", "treering key list shows what it may sign"),
        Some(_) => (
            "its grant was ended, and no key is granted twice",
            "make a new key: treering key new NAME, then treering key request NAME",
        ),
    };
    Err(usage("the key was granted before", why, next))
}

/// Reads a request and checks that whoever wrote it holds the key.
fn read_request(path: &Path) -> Result<(LedgerId, Grant, CoSignature), Failure> {
    let bytes = given_file::read(path, Kind::Request, REQUEST_BYTES_MAX)?;
    let not_one = |why: &dyn std::fmt::Display| {
        given_file::not_one(path, Kind::Request, &bytes, why.to_string())
    };
    let file: RequestFile = serde_json::from_slice(&bytes).map_err(|why| not_one(&why))?;
    // The reader of structs takes an array of their values, too. Only the form that is written counts.
    let written = serde_json::to_value(&file).map_err(|why| not_one(&why))?;
    let read: serde_json::Value = serde_json::from_slice(&bytes).map_err(|why| not_one(&why))?;
    if written != read {
        return Err(not_one(&"it is not an object with the fields of one"));
    }
    if file.schema != SCHEMA {
        return Err(not_one(&format!("its schema is {:?}, not {SCHEMA:?}", file.schema)));
    }
    let damaged = || not_one(&"it is damaged");
    let ledger = LedgerId(Hash::from_hex(&file.ledger).ok_or_else(damaged)?);
    let key = Hash::from_hex(&file.key).ok_or_else(damaged)?;
    let key = PublicKey::admit(key.0).map_err(|why| not_one(&why))?;
    let sig = STANDARD.decode(&file.sig).ok().and_then(|sig| sig.try_into().ok());
    let second = CoSignature { key, sig: Signature(sig.ok_or_else(damaged)?) };
    let grant = Grant { key, role: file.role, scope: file.scope };
    let asked = draft(ledger, Body::Grant(grant.clone()), Chain::default(), Vec::new());
    let message = asked.also_message(Some(ledger)).map_err(|why| not_one(&why))?;
    key.check(&message, &second.sig).map_err(|_| {
        Failure::new(
            Exit::Finding,
            "the request does not hold",
            "the key it names did not sign this role and scope for this ledger",
            "ask for a new request; this one was changed or is not from the holder of the key",
        )
    })?;
    Ok((ledger, grant, second))
}
