//! `treering init`: founds a ledger, with its keys, in DIR/.treering.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::failures::usage;
use super::filing::{draft, second_signature};
use super::keyring::{Keyring, random};
use super::own_store::working_directory;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock, passphrase};
use crate::ledger::writer::{LogKeyMissing, Writer};
use crate::report::words::safe;
use crate::statement::bodies::Body;
use crate::statement::bodies::key::Grant;
use crate::statement::bodies::ledger::{Genesis, Guardians};
use crate::statement::bodies::site::Describe;
use crate::statement::card::Card;
use crate::statement::chain::{Chain, Link};
use crate::statement::envelope::{
    CoSignature, Draft, Issuer, LedgerId, Payload, Statement, Subject,
};
use crate::statement::key::{KeyId, Role, SealedKeyId};
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::heads::HeadPlaces;
use crate::store::keys::{KeyFile, Purpose};
use crate::store::layout::NewStore;
use crate::store::lock::Holder;
use crate::store::outside::{Incarnation, StateFolder};
use crate::store::pem::Passphrase;
use crate::store::safe_name::SafeName;
use crate::tlog::checkpoint::Origin;
use crate::tlog::ed25519::{PublicKey, SecretKey};

/// Arguments of `treering init`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering init --name \"Val Trupchun\" --site-id 2564 --country CHE
  treering init ledger --name \"Val Trupchun\" --root-to /media/stick --next-to /media/stick-2")]
#[command(after_help = "\
The root key grants and revokes all others; the next root takes over from it. Both belong elsewhere: \
the root on a stick in a safe, the next root with somebody outside.")]
pub struct Args {
    /// The folder that will hold .treering [default: the working directory]
    dir: Option<PathBuf>,
    /// What people call the site or party
    #[arg(long)]
    name: String,
    /// The kind of party: site, verifier, partner, accreditor, or another word
    #[arg(long, default_value = "site")]
    kind: String,
    /// The first line of every checkpoint [default: treering/ and digits of the root key]
    #[arg(long)]
    origin: Option<String>,
    /// SITE_ID of the World Database on Protected and Conserved Areas
    #[arg(long, value_name = "N")]
    site_id: Option<u64>,
    /// The country, three capital letters; several times for a site across borders
    #[arg(long, value_name = "CHE")]
    country: Vec<String>,
    /// Where to put the root key: a stick, not beside the store
    #[arg(long, value_name = "DIR")]
    root_to: Option<PathBuf>,
    /// Where to put the next root key: another stick, kept by somebody else
    #[arg(long, value_name = "DIR")]
    next_to: Option<PathBuf>,
    /// Leave the keys unencrypted, for a machine nobody else can use
    #[arg(long)]
    no_passphrase: bool,
}

/// The keys of a new ledger.
struct NewKeys {
    root: (KeyFile, SecretKey),
    next: KeyFile,
    log: (KeyFile, SecretKey),
    recorder: (KeyFile, SecretKey),
}

/// Founds the ledger.
pub fn run(context: &Context, args: Args) -> Outcome {
    let home = match &args.dir {
        Some(dir) => dir.clone(),
        None => working_directory()?,
    };
    let folder_name = SafeName::from_title(&args.name).unwrap_or_else(fallback_name);
    let describe = describe(&args)?;
    check_terms(&args)?;
    let state = StateFolder::from_environment()?;
    let secret = passphrase::chosen(context, args.no_passphrase)?;

    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let holder = Holder::this_process("init");
    let new_store = NewStore::begin(Arc::clone(&disk), &home, &holder)?;
    let places = HeadPlaces::new(Arc::clone(&disk), new_store.folder().clone(), state, holder);
    let founded = found(context, &args, places, &folder_name, describe, secret.as_ref());
    let (keys, card) = match founded {
        Ok(founded) => founded,
        Err(failure) => {
            new_store.abandon();
            return Err(failure);
        }
    };
    let store = new_store.finish()?;
    let text = describe_result(&args, store.path(), &folder_name, &keys, &card);
    let fields = json!({
        "store": store.path().display().to_string(),
        "public_folder": store.ledger(&folder_name).display().to_string(),
        "id": card.ledger().to_string(),
        "digits": card.digits,
        "origin": card.origin,
        "root_key": final_place(store.path(), &keys.root.0, &args.root_to).display().to_string(),
        "next_root_key": final_place(store.path(), &keys.next, &args.next_to).display().to_string(),
    });
    Ok(Answer::new("init", text, fields))
}

/// Keys, first statements and checkpoint, in a store that has its name still to get.
fn found(
    context: &Context,
    args: &Args,
    places: HeadPlaces,
    folder_name: &SafeName,
    describe: Option<Describe>,
    secret: Option<&Passphrase>,
) -> Result<(NewKeys, Card), Failure> {
    let keys = make_keys(context, args, &places.store.keys(), secret)?;
    let statements = first_statements(args, &keys, describe)?;
    let ledger = LedgerId(statements[0].id());
    for key in [&keys.root.0, &keys.recorder.0] {
        remember_first(&places.disk, key, ledger, &statements)?;
    }
    let mut incarnation = [0; Incarnation::LENGTH];
    random(&mut incarnation);
    let log_key = keys.log.1.clone();
    let writer = Writer::found(
        places,
        folder_name,
        &statements,
        &mut |_| Ok::<_, LogKeyMissing>(log_key.clone()),
        Incarnation(incarnation),
    )?;
    let card = Card::of(ledger, writer.book().authority().genesis());
    Ok((keys, card))
}

fn fallback_name() -> SafeName {
    SafeName::new("ledger").expect("a plain word is a safe name")
}

/// `site.describe`, where there is something to say.
fn describe(args: &Args) -> Result<Option<Describe>, Failure> {
    let mut countries = args.country.clone();
    countries.sort();
    countries.dedup();
    if args.site_id.is_none() && countries.is_empty() {
        return Ok(None);
    }
    let describe = Describe { site_id: args.site_id, countries, ..Describe::default() };
    match Body::SiteDescribe(describe.clone()).check() {
        Ok(()) => Ok(Some(describe)),
        Err(why) => Err(usage("the site cannot be described so", why, "for example --country CHE")),
    }
}

/// Refuses what no genesis can say, before a key is made: one left behind on a stick would stand in the
/// way of the next try.
fn check_terms(args: &Args) -> Result<(), Failure> {
    let [root, next, log] = [0, 1, 2].map(|which| SecretKey::from_seed(&[which; 32]).public());
    let terms = genesis(args, root, KeyId::of(&next).sealed(), log)?;
    Body::Genesis(terms).check().map_err(|why| cannot_be_founded(&why))
}

fn cannot_be_founded(why: &dyn std::fmt::Display) -> Failure {
    usage("the ledger cannot be founded so", why, "treering help init")
}

/// What the ledger says of itself for ever.
fn genesis(
    args: &Args,
    root: PublicKey,
    next: SealedKeyId,
    log_key: PublicKey,
) -> Result<Genesis, Failure> {
    let root_id = KeyId::of(&root).to_string();
    let origin = args.origin.clone().unwrap_or_else(|| format!("treering/{}", &root_id[..32]));
    Ok(Genesis {
        name: args.name.clone(),
        origin: Origin::new(&origin)
            .map_err(|why| cannot_be_founded(&format!("{origin:?} is no origin: {why}")))?,
        kind: args.kind.clone(),
        root,
        next,
        guardians: Guardians::default(),
        log_key,
        succeeds: None,
    })
}

fn make_keys(
    context: &Context,
    args: &Args,
    in_store: &Path,
    secret: Option<&Passphrase>,
) -> Result<NewKeys, Failure> {
    let elsewhere = |dir: &Option<PathBuf>| match dir {
        None => Ok(in_store.to_path_buf()),
        Some(dir) if dir.is_dir() => Ok(dir.clone()),
        Some(dir) => Err(usage(
            format!("there is no folder {}", dir.display()),
            "a key can only be put into a folder that is there",
            "connect the stick, or make the folder",
        )),
    };
    let root_folder = Keyring::at(context, &elsewhere(&args.root_to)?);
    let next_folder = Keyring::at(context, &elsewhere(&args.next_to)?);
    let store = Keyring::at(context, in_store);
    Ok(NewKeys {
        root: root_folder.create("root", Purpose::Root, secret)?,
        next: next_folder.create("next-root", Purpose::NextRoot, secret)?.0,
        log: store.create("log", Purpose::Log, secret)?,
        recorder: store.create("recorder", Role::Recorder.into(), secret)?,
    })
}

/// Genesis and the first recorder's grant by the root, while it is in memory; then what the recorder
/// says of the site.
fn first_statements(
    args: &Args,
    keys: &NewKeys,
    describe: Option<Describe>,
) -> Result<Vec<Statement>, Failure> {
    let (root, log, recorder) = (&keys.root.1, &keys.log.1, &keys.recorder.1);
    let genesis = genesis(args, root.public(), keys.next.id().sealed(), log.public())?;
    let mut founding = Draft {
        issuer: Issuer::Origin(genesis.origin.to_string()),
        subject: Subject::Ledger,
        issued_at: clock::now_s(),
        payload: Payload {
            chain: Chain::default(),
            also: Vec::new(),
            key: None,
            by: None,
            body: Body::Genesis(genesis),
        },
    };
    let message = founding.also_message(None).map_err(|why| cannot_be_founded(&why))?;
    founding.payload.also = vec![CoSignature { key: log.public(), sig: log.sign(&message) }];
    let founding = founding.sign(root).map_err(|why| cannot_be_founded(&why))?;
    let ledger = LedgerId(founding.id());

    let chain = |seq, prev| Chain { ledger: Some(ledger), seq, prev, ..Chain::default() };
    let grant = Body::Grant(Grant {
        key: recorder.public(),
        role: Role::Recorder,
        scope: Role::Recorder.usual_scope(),
    });
    let also = vec![second_signature(ledger, &grant, recorder)?];
    let grant = draft(ledger, grant, chain(1, Some(founding.id())), also);
    let grant = grant.sign(root).map_err(|why| cannot_be_founded(&why))?;
    let mut statements = vec![founding, grant];
    if let Some(describe) = describe {
        let describe = draft(ledger, Body::SiteDescribe(describe), chain(0, None), Vec::new());
        statements.push(describe.sign(recorder).map_err(|why| cannot_be_founded(&why))?);
    }
    Ok(statements)
}

/// The chain file of a key that signed some of the first statements.
fn remember_first(
    disk: &Arc<dyn Disk>,
    key: &KeyFile,
    ledger: LedgerId,
    statements: &[Statement],
) -> Result<(), Failure> {
    ChainFile::create(&**disk, &key.chain_path(), key.id())?;
    let by_key = statements.iter().filter(|statement| statement.header.key == key.id());
    let links: Vec<Link> = by_key
        .map(|statement| Link { seq: statement.payload.chain.seq, id: statement.id() })
        .collect();
    if !links.is_empty() {
        let places = super::filing::chain_places(disk, key, "init")?;
        ChainFile::open(places, key.id())?.catch_up(ledger, &links)?;
    }
    Ok(())
}

/// Where a key lies now: those in the store were made under its temporary name.
fn final_place(store: &Path, key: &KeyFile, elsewhere: &Option<PathBuf>) -> PathBuf {
    match elsewhere {
        Some(_) => key.path(),
        None => store.join("keys").join(key.path().file_name().unwrap_or_default()),
    }
}

fn describe_result(
    args: &Args,
    store: &Path,
    folder_name: &SafeName,
    keys: &NewKeys,
    card: &Card,
) -> String {
    let mut text = format!(
        "Founded the ledger of {}.\n\n  store    {}\n  public   {}\n  digits   {}\n",
        safe(&args.name),
        store.display(),
        store.join("ledgers").join(folder_name.as_str()).display(),
        card.digits
    );
    text.push_str(&format!(
        "  root     {}\n",
        final_place(store, &keys.root.0, &args.root_to).display()
    ));
    text.push_str(&format!(
        "  next     {}\n\n",
        final_place(store, &keys.next, &args.next_to).display()
    ));
    if args.root_to.is_none() || args.next_to.is_none() {
        text.push_str(
            "Move the root and next-root files (.key, .pub, .chain) to two sticks kept apart; \
             recording works without them.\n",
        );
    }
    text.push_str(
        "next: treering add FILES…        then treering card, for those who will check\n",
    );
    text
}
