//! By what a ledger was recognised, for people and for programs.

use serde_json::{Value, json};

use super::words::{rfc3339, time};
use crate::audit::identity::Recognised;

/// In words, one line.
pub fn recognised_words(recognised: &Recognised) -> String {
    if recognised.faults > 0 {
        return "DIFFERS: not the ledger that was meant, or not as its card promises (R03)".into();
    }
    let mut words = Vec::new();
    if recognised.card {
        words.push("as the card promises".to_string());
    }
    if recognised.id {
        words.push("of the id that was given".into());
    }
    if let Some((compared_s, accreditor_since_s)) = recognised.pin {
        words.push(format!("pinned in trust.toml, card compared {}", time(compared_s)));
        let since = accreditor_since_s.map(|since| format!("an accreditor since {}", time(since)));
        words.extend(since);
    }
    if recognised.own {
        words.push("signed on this computer".into());
    }
    match words.is_empty() {
        true => "NOT CHECKED: neither a card (--card) nor a pin says whose ledger this is".into(),
        false => words.join("; "),
    }
}

/// The same for programs.
pub fn recognised_json(recognised: &Recognised) -> Value {
    let pin = recognised.pin.map(|(compared_s, accreditor_since_s)| {
        json!({
            "compared": rfc3339(compared_s),
            "accreditor_since": accreditor_since_s.map(rfc3339),
        })
    });
    json!({
        "card": recognised.card,
        "id": recognised.id,
        "pin": pin,
        "own": recognised.own,
        "differs": recognised.faults,
    })
}
