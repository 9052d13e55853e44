//! What this computer knows of ledgers beforehand: pins (`trust.toml`), and the ledger it signs itself.
//!
//! A store counts only if this computer remembers signing there. One that somebody else made, or that
//! was carried here on a stick, would say whom to trust as it likes.

use std::path::Path;

use super::Context;
use super::card::read_card;
use super::exit::Exit;
use super::failures::usage;
use super::own_store::{OwnStore, working_directory};
use super::voice::Failure;
use crate::audit::findings::Findings;
use crate::audit::identity::{Known, Pin, Recognised, recognise};
use crate::ledger::read;
use crate::report::words::counted;
use crate::statement::authority::Authority;
use crate::statement::card::Promise;
use crate::statement::envelope::LedgerId;
use crate::store::heads::HeadError;
use crate::store::layout::StoreFolder;
use crate::store::outside::StateFolder;
use crate::store::trust::{PinnedLedger, Trust};
use crate::tlog::hash::{Hash, Tree, TreeSize};

/// Everything known on this computer, with the card that was given.
pub fn known(context: &Context, card: Option<&Path>) -> Result<Known, Failure> {
    let card = card.map(read_card).transpose()?.map(|card| card.promise());
    let store = match &context.global.store {
        Some(path) => Some(StoreFolder::at(path)?),
        None => StoreFolder::find_upward(&working_directory()?).ok(),
    };
    let own = store.and_then(|store| OwnStore::open(store).ok());
    let Some(own) = own else { return Ok(Known { card, ..Known::default() }) };
    let signed_here = remembered(&own).and_then(|_| own.ledger().ok());
    let trust = Trust::read(&*own.disk, &own.store.trust_toml())?;
    if signed_here.is_none() && trust.pinned().next().is_some() {
        context.voice.note(&format!(
            "The pins in {} are not used: this computer does not remember signing in that store.",
            own.store.trust_toml().display()
        ));
        return Ok(Known { card, ..Known::default() });
    }
    let accredited = |id: LedgerId| {
        let since = trust.accreditors().find(|(accreditor, _)| *accreditor == id);
        since.map(|(_, since)| since.as_second())
    };
    let pin = |pinned: &PinnedLedger| Pin {
        promise: promise_of(pinned),
        compared_s: pinned.compared.as_second(),
        accreditor_since_s: accredited(pinned.id),
    };
    Ok(Known { card, pins: trust.pinned().map(pin).collect(), own: signed_here })
}

/// What the card said when it was pinned.
fn promise_of(pinned: &PinnedLedger) -> Promise {
    let facts = vec![
        ("name", pinned.name.clone()),
        ("origin", pinned.origin.to_string()),
        ("log_vkey", pinned.log_key.to_string()),
        ("root", pinned.root.to_string()),
    ];
    Promise { ledger: pinned.id, facts }
}

/// The newest head that this computer remembers signing, outside the store. Whatever keeps it from being
/// read, an audit goes on and says that it has nothing to compare with.
pub fn remembered(own: &OwnStore) -> Option<Tree> {
    let ledger = read::ledger_in(&own.folder).ok()?;
    let record = StateFolder::from_environment().ok()?.read_head(&*own.disk, ledger).ok()??;
    Some(record.signed().tree)
}

/// That this computer remembers more of the ledger than the first `here` statements, in words: the store
/// was restored from an old copy.
pub fn remembers_more(own: &OwnStore, here: TreeSize) -> Option<String> {
    let remembered = remembered(own)?.size;
    (remembered > here).then(|| {
        format!(
            "this computer remembers {} of this ledger, and here are {here}: the store is an old copy \
             (treering resume --from a newer one)",
            counted(remembered.0, "statement")
        )
    })
}

/// Says what makes the newest head here doubtful, and yet does not forbid to show it.
pub fn warn_of_doubts(context: &Context, own: &OwnStore, here: TreeSize) {
    if let Some(why) = remembers_more(own, here) {
        context.voice.warn(&why);
    }
    let head = own.ledger().and_then(|ledger| Ok(own.head_places("read")?.read(ledger)));
    if let Ok(Err(HeadError::Damaged(why))) = head {
        context
            .voice
            .warn(&format!("the store's own head is damaged, and nothing is signed: {why}"));
    }
}

/// The id that somebody typed.
pub fn ledger_id(id: &str) -> Result<LedgerId, Failure> {
    Hash::from_hex(id).map(LedgerId).ok_or_else(|| {
        usage(
            format!("{id:?} is no ledger id"),
            "an id has 64 lower-case hexadecimal digits",
            "copy it from the site card",
        )
    })
}

/// Compares a ledger at hand with what is known of it; what does not agree ends the command.
pub fn must_be(
    authority: &Authority,
    expected: Option<LedgerId>,
    known: &Known,
) -> Result<Recognised, Failure> {
    let mut findings = Findings::default();
    let ledger = Some(authority.ledger());
    let recognised = recognise(ledger, Some(authority), expected, known, &mut findings);
    match findings.into_sorted().into_iter().next() {
        None => Ok(recognised),
        Some(finding) => Err(Failure::new(
            Exit::Finding,
            "the ledger is not as its card promises",
            finding.what,
            "ask the site for its card again, compare the digits by telephone, and take a wrong pin out \
             of trust.toml; until then believe neither",
        )),
    }
}
