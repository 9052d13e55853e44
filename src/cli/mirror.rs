//! `treering mirror`: which copies of other parties' ledgers this store keeps.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::card::read_card;
use super::exit::Exit;
use super::failures::usage;
use super::keyring::safe_name;
use super::known::ledger_id;
use super::open_bundle;
use super::own_store::{find_mirror, mirror_store};
use super::voice::{Answer, Failure};
use super::{Context, Outcome, clock};
use crate::exchange::mirror::{AddError, MirrorStore, identify};
use crate::exchange::source::{self, Patience, address_host};
use crate::report::words::{counted, safe, time};
use crate::statement::bodies::ledger::Genesis;
use crate::statement::card::digits;
use crate::statement::envelope::LedgerId;
use crate::store::mirrors::MirrorRecord;
use crate::store::record::time_text;
use crate::store::safe_name::SafeName;
use crate::store::trust::Trust;

/// `treering mirror …`
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Keep a copy of a ledger: says which and from where; treering sync fetches it
    Add(AddArgs),
    /// The copies that are kept, and how old they are
    List(ListArgs),
    /// Stop keeping a copy; what was held of the ledger stays remembered
    Remove(RemoveArgs),
}

/// Arguments of `treering mirror add`.
#[derive(Debug, clap::Args)]
#[command(before_help = "\
Examples:
  treering mirror add https://park.example/kx                     shows the digits to compare
  treering mirror add https://park.example/kx --card card.json    a card that you compared
  treering mirror add /media/usb/val-trupchun --ledger-id 4c1f… --i-have-compared")]
pub struct AddArgs {
    /// The public folder of a ledger, its address (http:// or https://), or a bundle
    source: String,
    /// The site card that you compared with the site
    #[arg(long, value_name = "CARD", conflicts_with = "ledger_id")]
    pub card: Option<PathBuf>,
    /// The ledger's id, 64 digits
    #[arg(long, value_name = "ID", requires = "i_have_compared")]
    pub ledger_id: Option<String>,
    /// Say that you compared the id or its thirty digits with the site, by telephone or on paper
    #[arg(long)]
    i_have_compared: bool,
    /// The age identity that opens an encrypted bundle
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// The mirror's name here [default: made from the ledger's name]
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
}

/// Arguments of `treering mirror list`.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Arguments of `treering mirror remove`.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// The mirror's name
    name: String,
}

/// Runs a mirror command.
pub fn run(context: &Context, command: Command) -> Outcome {
    match command {
        Command::Add(args) => add(context, args),
        Command::List(_) => list(context),
        Command::Remove(args) => remove(context, &args.name),
    }
}

/// Says where the program is about to connect to.
pub fn announce(context: &Context, named: &str) {
    if let Some(host) = address_host(named) {
        context.voice.note(&format!("Connecting to {host}"));
    }
}

/// A folder by its full path, so that the record means the same from every working directory; an
/// address as it is.
pub fn full_source(named: &str) -> Result<String, Failure> {
    if named.contains("://") {
        return Ok(named.trim_end_matches('/').to_string());
    }
    let path = std::path::absolute(named)
        .map_err(|why| usage(format!("{named:?} is no folder"), why, "name a public folder"))?;
    let store = path.join(crate::store::layout::STORE_FOLDER);
    if store.join("ledgers").is_dir() || path.join("ledgers").is_dir() {
        let inside = if store.is_dir() { store } else { path.clone() };
        let names = ledgers_in(&inside);
        return match &names[..] {
            [only] => as_text(only),
            _ => Err(usage(
                format!("{} is a store with several ledgers", path.display()),
                names.iter().map(|name| name.display().to_string()).collect::<Vec<_>>().join(", "),
                "name the public folder of one of them",
            )),
        };
    }
    as_text(&path)
}

fn as_text(path: &Path) -> Result<String, Failure> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        usage(
            format!("{} cannot be written down as a source", path.display()),
            "its name is not Unicode",
            "give the folder another name",
        )
    })
}

fn ledgers_in(store: &Path) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(store.join("ledgers")).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> =
        listed.map(|entry| entry.path()).filter(|path| path.join("checkpoint").is_file()).collect();
    folders.sort();
    folders
}

fn add(context: &Context, args: AddArgs) -> Outcome {
    let shelf = mirror_store(context, "mirror add")?;
    let named = full_source(&args.source)?;
    announce(context, &named);
    let (found, genesis) = match Path::new(&named).is_file() {
        true => open_bundle::identify_in(&shelf, Path::new(&named), &args)?,
        false => identify(&*source::open(&named, Patience::default())?)?,
    };
    let pinned = pinned(&shelf, &args, found, &genesis)?;
    if pinned != found {
        return Err(Failure::new(
            Exit::Finding,
            format!("{named} is another ledger than the one you name"),
            format!("its statement 0 is that of {found}, named {}", safe(&genesis.name)),
            "ask the site for its address again, or compare the card again",
        ));
    }
    let name = match &args.name {
        Some(name) => safe_name(name)?,
        None => free_name(&shelf, &genesis, found),
    };
    let record = MirrorRecord { name, ledger: found, source: named.clone(), added: clock::now() };
    shelf.add(&record).map_err(not_added)?;
    let text = format!(
        "Added the mirror {} of {}, from {}\n  ledger {found}\n",
        record.name,
        safe(&genesis.name),
        safe(&named)
    );
    let fields = json!({ "added": json_of(&record) });
    let next = match Path::new(&named).is_file() {
        true => named,
        false => record.name.to_string(),
    };
    Ok(Answer::new("mirror", text, fields).and_next(&format!("treering sync {next}")))
}

/// The ledger that somebody has compared: by a card, an id, or a pin from before.
fn pinned(
    shelf: &MirrorStore,
    args: &AddArgs,
    found: LedgerId,
    genesis: &Genesis,
) -> Result<LedgerId, Failure> {
    if let Some(card) = &args.card {
        let card = read_card(card)?;
        if card.ledger() == found {
            card.check(found, genesis).map_err(|why| {
                Failure::new(
                    Exit::Finding,
                    "the card is not this ledger's",
                    why,
                    "ask for the card again",
                )
            })?;
        }
        return Ok(card.ledger());
    }
    if let Some(id) = &args.ledger_id {
        return ledger_id(id);
    }
    let trust = Trust::read(&*shelf.disk, &shelf.store.trust_toml())?;
    if args.i_have_compared || trust.pin_of(found).is_some() {
        return Ok(found);
    }
    Err(usage(
        format!("the mirror of {} is not added", safe(&genesis.name)),
        format!("nobody has said that these digits are theirs: {}", digits(found)),
        "compare them by telephone or on paper, then add --i-have-compared, or give --card CARD",
    ))
}

fn not_added(fault: AddError) -> Failure {
    match fault {
        AddError::Store(fault) => fault.into(),
        AddError::Source(fault) => fault.into(),
        fault @ (AddError::AlreadyMirrored(_) | AddError::OtherLedger { .. }) => {
            usage("the mirror is not added", fault, "treering mirror list")
        }
    }
}

fn free_name(shelf: &MirrorStore, genesis: &Genesis, ledger: LedgerId) -> SafeName {
    let short = format!("ledger-{}", &ledger.to_string()[..8]);
    let stem = SafeName::from_title(&genesis.name)
        .unwrap_or_else(|| SafeName::new(&short).expect("digits make a safe name"));
    if !shelf.store.ledger(&stem).exists() {
        return stem;
    }
    let stem: String = stem.as_str().chars().take(50).collect();
    let with_id = format!("{}-{}", stem.trim_end_matches('-'), &ledger.to_string()[..8]);
    SafeName::new(&with_id).unwrap_or_else(|_| SafeName::new(&short).expect("a safe name"))
}

fn list(context: &Context) -> Outcome {
    let shelf = mirror_store(context, "mirror list")?;
    let (mut text, mut rows) = (String::new(), Vec::new());
    for record in shelf.mirrors.list()? {
        let held = shelf.held.read(record.ledger)?;
        let frozen = shelf.forks.freezing(record.ledger)?;
        let (size, line) = match &held.head {
            Some(head) => (
                head.checkpoint.tree().size.0,
                format!(
                    "{}, seen at its source {}",
                    counted(head.checkpoint.tree().size.0, "statement"),
                    time(head.confirmed.as_second())
                ),
            ),
            None => (0, "nothing fetched yet".into()),
        };
        text.push_str(&format!("{}  {line}\n  ledger {}\n", record.name, record.ledger));
        text.push_str(&format!("  from   {}\n", safe(&record.source)));
        for fork in &frozen {
            text.push_str(&format!(
                "  FORKED  frozen by {}: treering fork show {}\n",
                fork.id, fork.id
            ));
        }
        if !held.seen.is_empty() {
            let waiting = counted(held.seen.len() as u64, "signed checkpoint");
            text.push_str(&format!("  UNEXPLAINED  {waiting} that no tree here explains yet\n"));
        }
        let mut row = json_of(&record);
        row["size"] = json!(size);
        row["held_since"] = json!(held.head.as_ref().map(|head| time_text(head.since)));
        row["confirmed"] = json!(held.head.as_ref().map(|head| time_text(head.confirmed)));
        row["unexplained"] = json!(held.seen.len());
        row["frozen_by"] = json!(frozen.iter().map(|fork| fork.id.to_string()).collect::<Vec<_>>());
        rows.push(row);
    }
    if rows.is_empty() {
        text = "Nothing is mirrored here.\nnext: treering mirror add SOURCE --card CARD\n".into();
    }
    Ok(Answer::new("mirror", text, json!({ "mirrors": rows })))
}

fn remove(context: &Context, name: &str) -> Outcome {
    let shelf = mirror_store(context, "mirror remove")?;
    let record = find_mirror(&shelf, name)?;
    shelf.remove(&record)?;
    let text = format!(
        "Removed the mirror {} with its copy. The head held of ledger {} stays remembered: a rewritten \
         history would still be noticed.\n",
        record.name,
        &record.ledger.to_string()[..16]
    );
    Ok(Answer::new("mirror", text, json!({ "removed": json_of(&record) })))
}

fn json_of(record: &MirrorRecord) -> Value {
    json!({
        "name": record.name.as_str(),
        "ledger": record.ledger.to_string(),
        "source": record.source,
        "added": time_text(record.added),
    })
}
