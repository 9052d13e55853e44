//! Whose ledger this is: the promise of a card, and what the auditor has pinned before.

use super::finding::{Outcome, Rule, Subject};
use super::findings::Findings;
use crate::statement::authority::Authority;
use crate::statement::card::Promise;
use crate::statement::envelope::LedgerId;

/// A ledger that the auditor has pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin {
    /// What the card promised that was compared then.
    pub promise: Promise,
    /// When somebody said that they had compared it, seconds since 1970 UTC.
    pub compared_s: i64,
    /// Since when its grants are believed, seconds since 1970 UTC; absent if they are not.
    pub accreditor_since_s: Option<i64>,
}

/// What the auditor knows of ledgers beforehand.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The card that the ledger must be of.
    pub card: Option<Promise>,
    /// Pinned ledgers. If this is one of them it must be as pinned; none of the others may share its
    /// origin.
    pub pins: Vec<Pin>,
    /// The ledger that this computer itself signs.
    pub own: Option<LedgerId>,
}

impl Known {
    /// The ledgers whose grants of roles are believed.
    pub fn accreditors(&self) -> impl Iterator<Item = LedgerId> {
        let believed = self.pins.iter().filter(|pin| pin.accreditor_since_s.is_some());
        believed.map(|pin| pin.promise.ledger)
    }
}

/// By what the ledger was recognised as the one that was meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognised {
    /// By the id that was asked for.
    pub id: bool,
    /// By the card that was given.
    pub card: bool,
    /// By a pin: when it was compared, and since when its grants are believed.
    pub pin: Option<(i64, Option<i64>)>,
    /// This computer signs it.
    pub own: bool,
    /// How many promises it does not keep. That is said of the promise, not of the ledger's own state.
    pub faults: u64,
}

impl Recognised {
    /// Whether by nothing: anybody could have made this ledger.
    pub fn by_nothing(&self) -> bool {
        *self == Recognised::default()
    }
}

/// Compares the ledger with what is known of it (rule R03: its genesis must be the one that was meant).
pub fn recognise(
    ledger: Option<LedgerId>,
    authority: Option<&Authority>,
    expected: Option<LedgerId>,
    known: &Known,
    out: &mut Findings,
) -> Recognised {
    let mut faults = 0;
    let mut fail = |code, what| {
        faults += 1;
        out.add(Rule::R03, Outcome::Fail, code, Subject::Ledger, what);
    };
    let on_card = known.card.as_ref().map(|card| card.ledger);
    for (meant, from) in [(expected, "the one asked for"), (on_card, "the one on the card")] {
        if let Some(meant) = meant.filter(|meant| ledger != Some(*meant)) {
            let found = ledger.map_or("none that can be read".into(), |id| id.to_string());
            let what = format!("this is another ledger ({found}) than {from} ({meant})");
            fail("other-ledger", what);
        }
    }
    let (Some(ledger), Some(genesis)) = (ledger, authority.map(Authority::genesis)) else {
        return Recognised { faults, ..Recognised::default() };
    };
    let mut as_promised = |promise: &Promise, from: &str| match promise.check(ledger, genesis) {
        Ok(()) => true,
        Err(differs) => {
            let what = format!(
                "the {} {from} is not the one in the ledger's statement 0: somebody changed it, or made it up",
                differs.0
            );
            fail("promise-differs", what);
            false
        }
    };
    let card = known.card.iter().filter(|card| card.ledger == ledger);
    let card = card.map(|card| as_promised(card, "on the card")).next().unwrap_or(false);
    let pin = known.pins.iter().find(|pin| pin.promise.ledger == ledger);
    let held = pin.filter(|pin| as_promised(&pin.promise, "that was pinned (trust.toml)"));
    let origin = genesis.origin.as_str();
    let namesake = known.pins.iter().find(|pin| pin.promise.fact("origin") == Some(origin));
    if let (None, Some(namesake)) = (pin, namesake) {
        let what = format!(
            "its origin {origin} is pinned (trust.toml) for another ledger, {}: no two ledgers share one",
            namesake.promise.ledger
        );
        fail("other-ledger", what);
    }
    Recognised {
        id: expected == Some(ledger),
        card,
        pin: held.map(|pin| (pin.compared_s, pin.accreditor_since_s)),
        own: known.own == Some(ledger),
        faults,
    }
}
