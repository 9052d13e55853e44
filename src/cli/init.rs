//! `treering init`: founds a ledger, with its keys, in DIR/.treering.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::failures::usage;
use super::filing::{draft, second_signature};
use super::keyring::{Keyring, fresh_secret, random, safe_name};
use super::own_store::working_directory;
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock, interrupt, passphrase};
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
use crate::statement::key::{KeyId, Role};
use crate::store::chain_file::ChainFile;
use crate::store::disk::{Disk, RealDisk};
use crate::store::durable;
use crate::store::heads::HeadPlaces;
use crate::store::keys::{KeyFile, KeyFolder, Purpose};
use crate::store::layout::{LayoutError, NewStore, STORE_FOLDER, StoreFolder};
use crate::store::lock::Holder;
use crate::store::outside::{Incarnation, StateFolder};
use crate::store::pem::Passphrase;
use crate::store::safe_name::SafeName;
use crate::tlog::checkpoint::Origin;
use crate::tlog::ed25519::SecretKey;

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

/// The keys of a new ledger, in memory.
struct Secrets {
    root: SecretKey,
    next: SecretKey,
    log: SecretKey,
    recorder: SecretKey,
}

/// Their files.
struct KeyFiles {
    root: KeyFile,
    next: KeyFile,
    recorder: KeyFile,
}

/// Founds the ledger.
pub fn run(context: &Context, args: Args) -> Outcome {
    let home = match &args.dir {
        Some(dir) => dir.clone(),
        None => working_directory()?,
    };
    // Everything that can be refused is looked at before anybody is asked and anything is made.
    need_words("--name", &args.name)?;
    need_words("--kind", &args.kind)?;
    for folder in [&args.root_to, &args.next_to].into_iter().flatten() {
        need_folder(folder)?;
    }
    if home.join(STORE_FOLDER).symlink_metadata().is_ok() {
        return Err(LayoutError::Exists { path: home.join(STORE_FOLDER) }.into());
    }
    let secrets = Secrets {
        root: fresh_secret(),
        next: fresh_secret(),
        log: fresh_secret(),
        recorder: fresh_secret(),
    };
    let statements = first_statements(&args, &secrets, describe(&args)?)?;
    let state = StateFolder::from_environment()?;
    let passphrase = passphrase::chosen(context, args.no_passphrase)?;

    interrupt::finish_what_is_begun();
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let holder = Holder::this_process("init");
    let new_store = NewStore::begin(Arc::clone(&disk), &home, &holder)?;
    let founding = Founding {
        context,
        args: &args,
        disk,
        store: new_store.folder().clone(),
        folder_name: SafeName::from_title(&args.name).unwrap_or_else(fallback_name),
        state,
        holder,
        secrets: &secrets,
        statements: &statements,
    };
    let founded = founding.found(passphrase.as_ref());
    let (keys, card) = match founded {
        Ok(founded) => founded,
        Err(failure) => {
            founding.undo();
            // The first failure is the one to tell.
            let _ = new_store.abandon();
            return Err(failure);
        }
    };
    let store = new_store.finish().inspect_err(|_| {
        // Where the store has its name after all its keys are needed.
        if !home.join(STORE_FOLDER).exists() {
            founding.undo();
        }
    })?;
    let folder_name = &founding.folder_name;
    let text = describe_result(&args, store.path(), folder_name, &keys, &card);
    let fields = json!({
        "store": store.path().display().to_string(),
        "public_folder": store.ledger(folder_name).display().to_string(),
        "id": card.ledger().to_string(),
        "digits": card.digits,
        "origin": card.origin,
        "root_key": final_place(store.path(), &keys.root, &args.root_to).display().to_string(),
        "next_root_key": final_place(store.path(), &keys.next, &args.next_to).display().to_string(),
    });
    Ok(Answer::new("init", text, fields))
}

/// A ledger that is being founded.
struct Founding<'a> {
    context: &'a Context,
    args: &'a Args,
    disk: Arc<dyn Disk>,
    store: StoreFolder,
    folder_name: SafeName,
    state: StateFolder,
    holder: Holder,
    secrets: &'a Secrets,
    statements: &'a [Statement],
}

impl Founding<'_> {
    fn ledger(&self) -> LedgerId {
        LedgerId(self.statements[0].id())
    }

    /// Keys, their memories, the ledger.
    fn found(&self, passphrase: Option<&Passphrase>) -> Result<(KeyFiles, Card), Failure> {
        let in_store = Keyring::at(self.context, &self.store.keys());
        let [root_folder, next_folder] = self.folders();
        let keep = |folder: &Path, name, purpose, secret| {
            Keyring::at(self.context, folder).keep(name, purpose, secret, passphrase)
        };
        let secrets = self.secrets;
        let keys = KeyFiles {
            root: keep(&root_folder, ROOT, Purpose::Root, &secrets.root)?,
            next: keep(&next_folder, NEXT_ROOT, Purpose::NextRoot, &secrets.next)?,
            recorder: in_store.keep(
                "recorder",
                Role::Recorder.into(),
                &secrets.recorder,
                passphrase,
            )?,
        };
        in_store.keep("log", Purpose::Log, &secrets.log, passphrase)?;
        for key in [&keys.root, &keys.recorder] {
            remember_first(&self.disk, key, self.ledger(), self.statements)?;
        }
        let mut incarnation = [0; Incarnation::LENGTH];
        random(&mut incarnation);
        let places = HeadPlaces::new(
            Arc::clone(&self.disk),
            self.store.clone(),
            self.state.clone(),
            self.holder.clone(),
        );
        let writer = Writer::found(
            places,
            &self.folder_name,
            self.statements,
            &mut |_| Ok::<_, LogKeyMissing>(secrets.log.clone()),
            Incarnation(incarnation),
        )?;
        Ok((keys, Card::of(self.ledger(), writer.book().authority().genesis())))
    }

    /// The folders of the root and of the next root.
    fn folders(&self) -> [PathBuf; 2] {
        [&self.args.root_to, &self.args.next_to]
            .map(|elsewhere| elsewhere.clone().unwrap_or_else(|| self.store.keys()))
    }

    /// Removes what founding left outside the store: the keys of a ledger that will never be, and what
    /// this computer remembers of it. A key that was there before is another one, and stays.
    fn undo(&self) {
        let secrets = [(ROOT, &self.secrets.root), (NEXT_ROOT, &self.secrets.next)];
        for (folder, (name, secret)) in self.folders().iter().zip(secrets) {
            let keys = KeyFolder::at(Arc::clone(&self.disk), folder);
            let key = safe_name(name).ok().and_then(|name| keys.find(&name).ok());
            if let Some(key) = key.filter(|key| key.public() == secret.public()) {
                for path in [key.public_path(), key.chain_path(), key.path()] {
                    let _ = durable::remove(&*self.disk, &path);
                }
            }
        }
        let keys = [&self.secrets.root, &self.secrets.recorder];
        let chains = keys.map(|key| self.state.chain(KeyId::of(&key.public())));
        for record in chains.into_iter().chain([self.state.head(self.ledger())]) {
            let _ = durable::remove(&*self.disk, &record);
            let _ = durable::remove(&*self.disk, &record.with_extension("lock"));
        }
    }
}

const ROOT: &str = "root";
const NEXT_ROOT: &str = "next-root";

/// What people read on cards and above reports, for thirty years: something, and on one line.
fn need_words(option: &str, words: &str) -> Result<(), Failure> {
    let why = if words.chars().any(char::is_control) {
        "holds control characters, such as a line break"
    } else if !words.is_empty() && !words.chars().any(char::is_alphanumeric) {
        "holds neither letter nor digit"
    } else {
        return Ok(());
    };
    let why = format!("{option} {words:?} {why}");
    Err(usage("the ledger cannot be founded so", why, "treering help init"))
}

fn need_folder(dir: &Path) -> Result<(), Failure> {
    match dir.is_dir() {
        true => Ok(()),
        false => Err(usage(
            format!("there is no folder {}", dir.display()),
            "a key can only be put into a folder that is there",
            "connect the stick, or make the folder",
        )),
    }
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

/// Genesis and the first recorder's grant by the root, while it is in memory; then what the recorder
/// says of the site.
fn first_statements(
    args: &Args,
    keys: &Secrets,
    describe: Option<Describe>,
) -> Result<Vec<Statement>, Failure> {
    let cannot = |why: &dyn std::fmt::Display| {
        usage("the ledger cannot be founded so", why, "treering help init")
    };
    let Secrets { root, next, log, recorder } = keys;
    let root_id = KeyId::of(&root.public()).to_string();
    let origin = args.origin.clone().unwrap_or_else(|| format!("treering/{}", &root_id[..32]));
    let origin =
        Origin::new(&origin).map_err(|why| cannot(&format!("{origin:?} is no origin: {why}")))?;
    let genesis = Body::Genesis(Genesis {
        name: args.name.clone(),
        origin: origin.clone(),
        kind: args.kind.clone(),
        root: root.public(),
        next: KeyId::of(&next.public()).sealed(),
        guardians: Guardians::default(),
        log_key: log.public(),
        succeeds: None,
    });
    let mut founding = Draft {
        issuer: Issuer::Origin(origin.to_string()),
        subject: Subject::Ledger,
        issued_at: clock::now_s(),
        payload: Payload {
            chain: Chain::default(),
            also: Vec::new(),
            key: None,
            by: None,
            body: genesis,
        },
    };
    let message = founding.also_message(None).map_err(|why| cannot(&why))?;
    founding.payload.also = vec![CoSignature { key: log.public(), sig: log.sign(&message) }];
    let founding = founding.sign(root).map_err(|why| cannot(&why))?;
    let ledger = LedgerId(founding.id());

    let chain = |seq, prev| Chain { ledger: Some(ledger), seq, prev, ..Chain::default() };
    let grant = Body::Grant(Grant {
        key: recorder.public(),
        role: Role::Recorder,
        scope: Role::Recorder.usual_scope(),
    });
    let also = vec![second_signature(ledger, &grant, recorder)?];
    let grant = draft(ledger, grant, chain(1, Some(founding.id())), also);
    let grant = grant.sign(root).map_err(|why| cannot(&why))?;
    let mut statements = vec![founding, grant];
    if let Some(describe) = describe {
        let describe = draft(ledger, Body::SiteDescribe(describe), chain(0, None), Vec::new());
        statements.push(describe.sign(recorder).map_err(|why| cannot(&why))?);
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
        ChainFile::open(places, key.id(), ledger)?.catch_up(ledger, &links)?;
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
    keys: &KeyFiles,
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
        final_place(store, &keys.root, &args.root_to).display()
    ));
    text.push_str(&format!(
        "  next     {}\n\n",
        final_place(store, &keys.next, &args.next_to).display()
    ));
    if args.root_to.is_none() || args.next_to.is_none() {
        text.push_str(
            "Move root.key, root.pub and root.chain to one stick, next-root.key and next-root.pub to \
             another, and keep them apart; recording works without them.\n",
        );
    }
    text.push_str(
        "next: treering add FILES…        then treering card, for those who will check\n",
    );
    text
}
