//! `treering sync --gossip`: partners compare the heads they hold.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use super::exit::Exit;
use super::mirror::announce;
use super::own_store::OwnStore;
use super::voice::{Answer, Failure};
use super::{Context, clock};
use crate::exchange::mirror::{Meeting, MirrorStore, Told, compare_list, publish_heads};
use crate::exchange::public_file::PublicFile;
use crate::exchange::source::{self, Patience, SourceError};
use crate::report::words::safe;
use crate::statement::envelope::LedgerId;
use crate::store::disk::{Access, RealDisk};
use crate::store::durable;
use crate::store::held::HeadList;
use crate::store::mirrors::MirrorRecord;
use crate::tlog::checkpoint::SignedCheckpoint;

/// How the lists are called in a folder that goes from hand to hand: one for each store.
const IN_A_FOLDER: &str = "heads-";
/// Lists read from one folder.
const LISTS_MAX: usize = 1_000;

/// The head of one's own ledger, if there is one.
pub fn own_heads(shelf: &MirrorStore) -> BTreeMap<LedgerId, SignedCheckpoint> {
    let own = OwnStore::open(shelf.store.clone()).ok();
    let head = own.and_then(|own| Some((own.ledger().ok()?, own.head().ok()?)));
    head.into_iter().collect()
}

/// Publishes one's own list and compares with those of peers; what is found is added to the answer.
pub fn exchange(
    context: &Context,
    shelf: &MirrorStore,
    mirrors: &[MirrorRecord],
    named: &[String],
    answer: &mut Answer,
) -> Result<(), Failure> {
    let own = own_heads(shelf);
    let list = publish_heads(shelf, &own)?;
    let peers: BTreeSet<String> = match named {
        [] => mirrors.iter().filter_map(|mirror| beside(&mirror.source)).collect(),
        named => named.iter().cloned().collect(),
    };
    let mut rows = Vec::<Value>::new();
    for peer in peers {
        announce(context, &peer);
        let lists = match lists_of(&peer) {
            Ok(lists) if lists.is_empty() => {
                answer.text.push_str(&format!("{}  holds no list of heads\n", safe(&peer)));
                Vec::new()
            }
            Ok(lists) => lists,
            Err(fault) => {
                let exit = Exit::Incomplete;
                answer.exit = answer.exit.graver(exit);
                answer.text.push_str(&format!("{}  NOT CHECKED  {}\n", safe(&peer), safe(&fault)));
                rows.push(json!({ "peer": peer, "result": "NOT CHECKED", "says": fault }));
                continue;
            }
        };
        for list in lists {
            for told in compare_list(shelf, &list, &format!("gossip with {peer}"), clock::now())? {
                tell(&peer, &told, answer, &mut rows);
            }
        }
        leave_ours(Path::new(&peer), &own, &list)?;
    }
    answer.json["gossip"] = json!(rows);
    answer.json["exit"] = json!(answer.exit.code());
    Ok(())
}

fn tell(peer: &str, told: &Told, answer: &mut Answer, rows: &mut Vec<Value>) {
    let (name, size) = (&told.mirror.name, told.checkpoint.tree().size);
    let (word, sentence, exit) = match &told.meeting {
        Meeting::Same => {
            ("MATCHES", format!("their head at {size} is a beginning of ours"), Exit::Done)
        }
        Meeting::Larger(size) => (
            "",
            format!(
                "they hold {size}, more than is held here; it is remembered until a sync explains it"
            ),
            Exit::Done,
        ),
        Meeting::Forked(fork) => (
            "FORKED",
            format!(
                "their head at {size} and ours cannot both be true; treering fork show {}",
                fork.id
            ),
            Exit::Fork,
        ),
        Meeting::Unexplained(why) => ("UNEXPLAINED", safe(why), Exit::Incomplete),
        Meeting::NotTheLogs(why) => (
            "NOT CHECKED",
            format!("what they hold is not the ledger's: {}", safe(why)),
            Exit::Incomplete,
        ),
    };
    answer.exit = answer.exit.graver(exit);
    answer.text.push_str(&format!("{}  {name}  {word}  {sentence}\n", safe(peer)));
    rows.push(json!({
        "peer": peer, "name": name.as_str(), "ledger": told.mirror.ledger.to_string(),
        "size": size.0, "result": word, "says": sentence,
    }));
}

/// The folder or address that holds a source, where its party keeps its list.
fn beside(source: &str) -> Option<String> {
    match source.contains("://") {
        true => {
            let (above, last) = source.trim_end_matches('/').rsplit_once('/')?;
            // Only the host itself is left: there is nothing above a ledger at its root.
            (!above.ends_with('/') && !last.is_empty()).then(|| above.to_string())
        }
        false => Path::new(source).parent()?.to_str().map(str::to_owned),
    }
}

fn lists_of(peer: &str) -> Result<Vec<HeadList>, String> {
    let words = |fault: &dyn std::fmt::Display| fault.to_string();
    let source = source::open(peer, Patience::default()).map_err(|fault| words(&fault))?;
    let mut lists = Vec::new();
    match source::read(&*source, PublicFile::Heads) {
        Ok(bytes) => lists.push(HeadList::parse(&bytes).map_err(|fault| words(&fault))?),
        Err(SourceError::Missing { .. }) => {}
        Err(fault) => return Err(words(&fault)),
    }
    if !peer.contains("://") {
        let names = durable::list(&RealDisk, Path::new(peer)).map_err(|fault| words(&fault))?;
        let names = names.iter().filter(|listed| listed.name.starts_with(IN_A_FOLDER));
        for listed in names.take(LISTS_MAX) {
            let path = Path::new(peer).join(&listed.name);
            let bytes = durable::read(&RealDisk, &path, HeadList::BYTES_MAX);
            let bytes = bytes.map_err(|fault| words(&fault))?;
            let list = HeadList::parse(&bytes);
            lists.push(list.map_err(|fault| format!("{}: {fault}", listed.name))?);
        }
    }
    Ok(lists)
}

/// In a folder that goes from hand to hand one's own list is left for the next. Somebody's store is
/// never written to.
fn leave_ours(
    peer: &Path,
    own: &BTreeMap<LedgerId, SignedCheckpoint>,
    list: &HeadList,
) -> Result<(), Failure> {
    let is_store = peer.join(HeadList::FILE).is_file() || peer.ends_with("ledgers");
    let Some((ledger, _)) = own.iter().next().filter(|_| peer.is_dir() && !is_store) else {
        return Ok(());
    };
    let path = peer.join(format!("{IN_A_FOLDER}{}", &ledger.to_string()[..16]));
    durable::replace(&RealDisk, &path, Access::Public, list.print().as_bytes())?;
    Ok(())
}
