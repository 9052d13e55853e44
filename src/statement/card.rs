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

/// A card names another ledger than the one whose statement 0 is at hand.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("the card's {0} is not the one in the ledger's statement 0")]
pub struct CardMismatch(pub &'static str);

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
            serde_json::from_slice(json).map_err(|fault| CardRefused::Form(fault.to_string()))?;
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

    /// Compares what the card says beside the id with statement 0 of that ledger.
    pub fn check(&self, ledger: LedgerId, genesis: &Genesis) -> Result<(), CardMismatch> {
        let true_card = Card::of(ledger, genesis);
        let fields: [(&'static str, &String, &String); 6] = [
            ("id", &self.id, &true_card.id),
            ("name", &self.name, &true_card.name),
            ("kind", &self.kind, &true_card.kind),
            ("origin", &self.origin, &true_card.origin),
            ("log_vkey", &self.log_vkey, &true_card.log_vkey),
            ("root", &self.root, &true_card.root),
        ];
        match fields.iter().find(|(_, ours, truth)| ours != truth) {
            Some((field, ..)) => Err(CardMismatch(field)),
            None => Ok(()),
        }
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
