//! The site card: what people compare, on paper or by telephone, before they trust a ledger.
//!
//! ```json
//! {
//!   "schema": "treering.card/1",
//!   "id": "4c1f…",
//!   "name": "Val Trupchun",
//!   "kind": "site",
//!   "origin": "treering/6b1e…",
//!   "log_vkey": "treering/6b1e…+0a1b2c3d+AT…",
//!   "root": "9f00…",
//!   "digits": "01234 56789 01234 56789 01234 56789"
//! }
//! ```
//!
//! Only the id matters: it fixes statement 0, and statement 0 fixes everything else. The digits are
//! the id in a form that can be read aloud. A card holds no head, so it cannot show that a ledger
//! was shortened.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha512};
use thiserror::Error;

use super::bodies::ledger::Genesis;
use super::envelope::LedgerId;
use super::json;
use super::key::KeyId;
use crate::tlog::checkpoint::log_vkey;
use crate::tlog::hash::Hash;

/// Ceiling of a card's file, in bytes; one in use has about 700. A name of 256 bytes and an origin of
/// 255, both escaped throughout, fit in several times.
pub const MAX_CARD_BYTES: usize = 16_384;

const SCHEMA: &str = "treering.card/1";

/// A site card, as a file holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Card {
    schema: String,
    id: String,
    /// What people call the ledger.
    pub name: String,
    /// The kind of party.
    pub kind: String,
    /// The first line of its checkpoints.
    pub origin: String,
    /// The log key at genesis, as a C2SP verifier key.
    pub log_vkey: String,
    /// Thumbprint of the root key at genesis, 64 hexadecimal digits.
    pub root: String,
    /// Thirty digits in six groups; see [`digits`].
    pub digits: String,
}

/// Why a file is not a card.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CardRefused {
    /// Too long, not JSON, or with other fields than a card has.
    #[error("its form is not that of a card: {0}")]
    Form(String),
    /// Another kind of file, or a later version.
    #[error("not a site card that this program reads (schema {0:?})")]
    Schema(String),
    /// The id is not 64 hexadecimal digits.
    #[error("the card's id is not 64 hexadecimal digits")]
    Id,
    /// The digits are not those of the id: a typing error, or a card put together from two.
    #[error("the card's digits are not those of its id")]
    Digits,
}

/// What a card, or a pin that was made from one, promises of a ledger.
///
/// The id alone fixes the rest. But people read names, and programs fetch by origin: a card whose other
/// words are not those of statement 0 was changed by somebody, and is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The ledger's id.
    pub ledger: LedgerId,
    /// Everything else that is promised, by the name of the card's field.
    pub facts: Vec<(&'static str, String)>,
}

/// Another ledger than the one that was promised, or the right one with other facts.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the card's {0} is not the one in the ledger's statement 0")]
pub struct CardMismatch(pub &'static str);

impl Promise {
    /// A bare id.
    pub fn of_id(ledger: LedgerId) -> Promise {
        Promise { ledger, facts: Vec::new() }
    }

    /// The value of a fact, if it is promised.
    pub fn fact(&self, field: &str) -> Option<&str> {
        self.facts.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_str())
    }

    /// Compares what is promised with a ledger's statement 0; names the first field that differs.
    pub fn check(&self, ledger: LedgerId, genesis: &Genesis) -> Result<(), CardMismatch> {
        if self.ledger != ledger {
            return Err(CardMismatch("id"));
        }
        let truth = facts_of(genesis);
        let differs = |(field, value): &&(&'static str, String)| {
            truth.iter().any(|(name, true_value)| name == field && true_value != value)
        };
        match self.facts.iter().find(differs) {
            Some((field, _)) => Err(CardMismatch(field)),
            None => Ok(()),
        }
    }
}

/// What statement 0 says of a ledger, by the name of the card's field.
fn facts_of(genesis: &Genesis) -> Vec<(&'static str, String)> {
    vec![
        ("name", genesis.name.clone()),
        ("kind", genesis.kind.clone()),
        ("origin", genesis.origin.to_string()),
        ("log_vkey", log_vkey(&genesis.origin, genesis.log_key).to_string()),
        ("root", KeyId::of(&genesis.root).to_string()),
    ]
}

impl Card {
    /// The card of a ledger.
    pub fn of(ledger: LedgerId, genesis: &Genesis) -> Card {
        Card {
            schema: SCHEMA.into(),
            id: ledger.to_string(),
            name: genesis.name.clone(),
            kind: genesis.kind.clone(),
            origin: genesis.origin.to_string(),
            log_vkey: log_vkey(&genesis.origin, genesis.log_key).to_string(),
            root: KeyId::of(&genesis.root).to_string(),
            digits: digits(ledger),
        }
    }

    /// Reads a card's file.
    pub fn read(json: &[u8]) -> Result<Card, CardRefused> {
        if json.len() > MAX_CARD_BYTES {
            return Err(CardRefused::Form("too long".into()));
        }
        let card: Card =
            json::read_object(json).map_err(|fault| CardRefused::Form(fault.to_string()))?;
        if card.schema != SCHEMA {
            return Err(CardRefused::Schema(card.schema));
        }
        let id = Hash::from_hex(&card.id).ok_or(CardRefused::Id)?;
        if card.digits != digits(LedgerId(id)) {
            return Err(CardRefused::Digits);
        }
        Ok(card)
    }

    /// The ledger's id.
    pub fn ledger(&self) -> LedgerId {
        LedgerId(Hash::from_hex(&self.id).expect("card: its id was checked when it was made"))
    }

    /// The card as a file: indented JSON, one line an entry.
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).expect("card: text fields print");
        json.push('\n');
        json
    }

    /// What the card promises.
    pub fn promise(&self) -> Promise {
        let facts = vec![
            ("name", self.name.clone()),
            ("kind", self.kind.clone()),
            ("origin", self.origin.clone()),
            ("log_vkey", self.log_vkey.clone()),
            ("root", self.root.clone()),
        ];
        Promise { ledger: self.ledger(), facts }
    }

    /// Compares the card with statement 0 of a ledger.
    pub fn check(&self, ledger: LedgerId, genesis: &Genesis) -> Result<(), CardMismatch> {
        self.promise().check(ledger, genesis)
    }
}

/// The id as thirty digits in six groups of five.
///
/// A site could make two ledgers whose digits agree by trying many, so every try is made dear: h = id,
/// then 5,200 times h = SHA512("treering/fingerprint/v1" ‖ h ‖ id); then successive 5-byte
/// big-endian numbers of h, each modulo 100,000.
pub fn digits(ledger: LedgerId) -> String {
    const ROUNDS: usize = 5_200;
    const GROUPS: usize = 6;
    let id = ledger.0.as_bytes();
    let mut stretched = id.to_vec();
    for _ in 0..ROUNDS {
        let mut hasher = Sha512::new();
        hasher.update(b"treering/fingerprint/v1");
        hasher.update(&stretched);
        hasher.update(id);
        stretched = hasher.finalize().to_vec();
    }
    let groups: Vec<String> = stretched
        .chunks_exact(5)
        .take(GROUPS)
        .map(|chunk| chunk.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte)))
        .map(|number| format!("{:05}", number % 100_000))
        .collect();
    groups.join(" ")
}
