//! `treering restore`: a lost site, rebuilt from what partners hold.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use super::card::read_card;
use super::exit::Exit;
use super::failures::{interrupted, unreadable};
use super::keyring::{random, safe_name};
use super::known::ledger_id;
use super::mirror::{announce, full_source};
use super::own_store::{OwnStore, working_directory};
use super::sync_text::Line;
use super::voice::{Answer, Failure};
use super::{Context, Global, Outcome, clock, interrupt, key};
use crate::exchange::mirror::{MirrorStore, Options, State, Turn, identify, sync};
use crate::exchange::source::{self, Patience, Source};
use crate::ledger::book::Book;
use crate::ledger::read;
use crate::report::words::{count, counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::ledger::Genesis;
use crate::statement::envelope::LedgerId;
use crate::store::disk::{Access, Disk, RealDisk};
use crate::store::durable;
use crate::store::heads::{GuardedHead, Head, HeadPlaces, Resume};
use crate::store::layout::{NewStore, StoreFolder};
use crate::store::lock::Holder;
use crate::store::mirrors::MirrorRecord;
use crate::store::outside::{Incarnation, StateFolder};
use crate::store::public::PublicFolder;
use crate::store::safe_name::SafeName;
use crate::tlog::hash::{Hash, Tree, TreeSize};

/// Arguments of `treering restore`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering restore --from https://ngo.example/kx --card card.json --root /media/stick
  treering restore park --from /media/usb/kx --from /mnt/wwf/kx --ledger-id 4c1f… --i-have-compared")]
#[command(after_help = "\
Ask everybody who may hold the ledger, and name all of them: the largest copy is taken, and what nobody \
holds is lost. Never restore while the old store may still sign somewhere.")]
pub struct Args {
    /// Where to make the store [default: this folder]
    dir: Option<PathBuf>,
    /// A copy of the ledger: a public folder or its address; the largest is taken
    #[arg(long, required = true, value_name = "MIRROR")]
    from: Vec<String>,
    /// The site's card
    #[arg(long, value_name = "CARD", required_unless_present = "ledger_id")]
    card: Option<PathBuf>,
    /// The ledger's id, 64 digits
    #[arg(long, value_name = "ID", requires = "i_have_compared", conflicts_with = "card")]
    ledger_id: Option<String>,
    /// Say that you compared the id with a card on paper
    #[arg(long)]
    i_have_compared: bool,
    /// The folder with the root key, which puts a new log key in force
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// Read the root's past from the copy, because its chain file was lost
    #[arg(long)]
    resume_chain: bool,
    /// Say that you asked, and nobody holds more, although this computer remembers more
    #[arg(long)]
    nobody_holds_more: bool,
    /// Leave the new keys unencrypted, for a machine nobody else can use
    #[arg(long)]
    no_passphrase: bool,
    /// The name of the ledger's folder [default: made from the ledger's name]
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

/// Restores.
pub fn run(context: &Context, args: Args) -> Outcome {
    let home = match &args.dir {
        Some(dir) => dir.clone(),
        None => working_directory()?,
    };
    let ledger = match (&args.card, &args.ledger_id) {
        (Some(card), _) => read_card(card)?.ledger(),
        (None, Some(id)) => ledger_id(id)?,
        (None, None) => unreachable!("clap asks for one of them"),
    };
    let sources = open_sources(context, &args.from, ledger)?;
    let name = match &args.name {
        Some(name) => safe_name(name)?,
        None => SafeName::from_title(&sources[0].genesis.name)
            .unwrap_or_else(|| SafeName::new("ledger").expect("a plain word is a safe name")),
    };
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let holder = Holder::this_process("restore");
    let new_store = NewStore::begin(Arc::clone(&disk), &home, &holder)?;
    let store = new_store.folder().clone();
    fetch(&disk, &store, &name, ledger, &sources)?;
    let folder = PublicFolder::new(Arc::clone(&disk), store.ledger(&name));
    let size = read::head_of(&folder)?.tree().size;
    let book = read::book(&folder, ledger, size)?;
    adopt(&disk, &store, &folder, &book, &args)?;
    let store = new_store.finish()?;

    let mut text = format!(
        "Restored {} at {}.\n  store    {}\n",
        safe(&book.authority().genesis().name),
        counted(size.0, "statement"),
        store.path().display()
    );
    let there = Context {
        voice: context.voice,
        global: Global { store: Some(store.path().to_path_buf()), ..context.global.clone() },
        typed_passphrase_file: context.typed_passphrase_file,
    };
    let own = OwnStore::open(store)?;
    let lost = lost(&own, &book, size)?;
    let signs = match &args.root {
        None => {
            text.push_str("  Nothing can be recorded yet: its log key is gone.\n");
            false
        }
        Some(root) => {
            let rotated =
                key::replace_lost_log_key(&there, root, args.resume_chain, args.no_passphrase);
            let answer = rotated.map_err(|failure| Failure {
                what: format!("the store is restored, but cannot sign yet: {}", failure.what),
                ..failure
            })?;
            text.push_str(&format!("  {}", answer.text.lines().next().unwrap_or_default()));
            text.push('\n');
            true
        }
    };
    text.push_str(&lost.text);
    let fields = json!({
        "store": own.store.path().display().to_string(),
        "id": ledger.to_string(),
        "size": size.0,
        "signs": signs,
        "manifests_missing": lost.manifests,
        "keys_missing": lost.keys,
    });
    let answer = Answer::new("restore", text, fields);
    Ok(match signs {
        true => answer.and_next(
            "treering key request NAME for each person, and treering key grant; tell the witnesses of the \
             new log key",
        ),
        false => answer.and_next("treering key rotate-log --reason lost --root DIR"),
    })
}

/// A copy that somebody holds.
struct HeldCopy {
    source: Box<dyn Source>,
    genesis: Genesis,
    named: String,
}

/// Every copy must be of the ledger on the card.
fn open_sources(
    context: &Context,
    named: &[String],
    ledger: LedgerId,
) -> Result<Vec<HeldCopy>, Failure> {
    let mut sources = Vec::new();
    for named in named {
        let named = full_source(named)?;
        announce(context, &named);
        let source = source::open(&named, Patience::default())?;
        let (found, genesis) = identify(&*source)?;
        if found != ledger {
            return Err(Failure::new(
                Exit::Finding,
                format!("{named} is another ledger"),
                format!("its id is {found}"),
                "name a copy of the ledger on the card",
            ));
        }
        sources.push(HeldCopy { source, genesis, named });
    }
    Ok(sources)
}

/// Fetches and checks all copies as a partner would: each must extend or begin the others.
fn fetch(
    disk: &Arc<dyn Disk>,
    store: &StoreFolder,
    name: &SafeName,
    ledger: LedgerId,
    sources: &[HeldCopy],
) -> Result<(), Failure> {
    let shelf = MirrorStore::of(Arc::clone(disk), store.clone(), Holder::this_process("restore"));
    let mut fetched = false;
    for HeldCopy { source, named, .. } in sources {
        let record =
            MirrorRecord { name: name.clone(), ledger, source: named.clone(), added: clock::now() };
        let options = Options { manifests: true, now: clock::now(), witnesses: Vec::new() };
        let turn = Turn { stop: interrupt::flag(), is_over: &|| false, progress: &|_| () };
        let synced = sync(&shelf, &record, &**source, &options, turn)?;
        let line = Line::of(&record, &synced);
        match &synced.state {
            State::Grown | State::AsBefore if synced.unsound == 0 => fetched = true,
            // Another copy was longer.
            State::Shortened { .. } if fetched => {}
            State::Paused => {
                return Err(interrupted(
                    "stopped; nothing was restored",
                    "run the same command again",
                ));
            }
            _ => {
                return Err(Failure::new(
                    line.exit,
                    format!("{named} cannot be restored from"),
                    format!("{} {}", line.word, line.sentence),
                    "leave it out, or settle with its holder which history is the true one",
                ));
            }
        }
    }
    // From here on the ledger is one's own.
    for (folder, file) in [("held", ledger.to_string()), ("held", format!("{ledger}.checked"))] {
        let path = store.path().join(folder).join(file);
        durable::remove(&**disk, &path)?;
    }
    Ok(())
}

/// The head of the copy becomes the head that is signed here, with the record outside.
fn adopt(
    disk: &Arc<dyn Disk>,
    store: &StoreFolder,
    folder: &PublicFolder,
    book: &Book,
    args: &Args,
) -> Result<(), Failure> {
    let (state, holder) = (StateFolder::from_environment()?, Holder::this_process("restore"));
    let places = HeadPlaces::new(Arc::clone(disk), store.clone(), state, holder);
    let says = match args.nobody_holds_more {
        true => Resume::NobodyHoldsMore,
        false => Resume::FromSources,
    };
    let mut incarnation = [0; Incarnation::LENGTH];
    random(&mut incarnation);
    let origin = book.authority().genesis().origin.clone();
    let tree = book.tree();
    let head = Head::new(book.ledger(), origin, tree, Incarnation(incarnation));
    let root_at = |size| {
        let unknown = Tree::empty().root;
        Ok(read::root_at(folder, size, tree.size).unwrap_or(unknown))
    };
    match GuardedHead::adopt(places, head, says, root_at) {
        Ok(adopted) => {
            drop(adopted.signed());
            Ok(())
        }
        Err(fault) => Err(Failure {
            next: "name more copies with --from, or say --nobody-holds-more if the rest is lost for ever"
                .into(),
            ..Failure::from(fault)
        }),
    }
}

/// What no copy brings back.
struct Lost {
    text: String,
    manifests: u64,
    keys: Vec<String>,
}

fn lost(own: &OwnStore, book: &Book, size: TreeSize) -> Result<Lost, Failure> {
    let (mut anchors, mut missing, mut files) = (0, 0, 0);
    for statement in read::statements(&own.folder, size) {
        let (_, statement) = statement?;
        let Body::Anchor(anchor) = &statement.payload.body else { continue };
        anchors += 1;
        if !take_public_manifest(own, &anchor.root)? {
            missing += 1;
            files += anchor.rows;
        }
    }
    let granted = book.authority().grants().filter(|(_, grant)| grant.ended.is_none());
    let mut keys: Vec<String> =
        granted.map(|(id, grant)| format!("{} {}", grant.role, &id.to_string()[..16])).collect();
    keys.sort();
    let mut text = String::new();
    if missing > 0 {
        text.push_str(&format!(
            "  Lost     {} of {}, with {}: these files cannot be proved until a second copy of the \
             manifests is put back (treering sync BUNDLE --identity KEY)\n",
            counted(missing, "private manifest"),
            count(anchors),
            counted(files, "file")
        ));
    }
    if !keys.is_empty() {
        text.push_str(&format!(
            "  Lost     the keys that recorded: {}; bring their second copies, or grant new ones and \
             revoke these\n",
            keys.join(", ")
        ));
    }
    Ok(Lost { text, manifests: missing, keys })
}

/// A published manifest is the private one, where nothing in it was withheld; it is put where the
/// owner's commands look. Gives whether there is one.
fn take_public_manifest(own: &OwnStore, root: &Hash) -> Result<bool, Failure> {
    let public = own.folder.path().join("manifests").join(root.to_string());
    let private = own.store.manifest(root);
    if private.is_file() || !public.is_file() {
        return Ok(private.is_file());
    }
    copy_private(&public, &private)?;
    Ok(true)
}

fn copy_private(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut file = std::fs::File::open(from).map_err(|why| unreadable(from, why))?;
    let disk: &dyn Disk = &RealDisk;
    durable::write_new_with(disk, to, Access::Private, &mut |sink| {
        std::io::copy(&mut file, sink).map(drop)
    })?;
    Ok(())
}
