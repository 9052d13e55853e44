//! Other names for things whose own name would give something away.
//!
//! A camera's serial number ties every picture it ever took together, in whatever park; the id of a
//! collar or of a place does the same. Outside the store they are therefore called by another name:
//!
//! ```text
//! pseudonym = kind ‖ "-" ‖ first 8 bytes, in hexadecimal, of
//!             HMAC-SHA256(secret, ["treering/pseudonym/v1", ledger id, kind, name])   (canonical CBOR)
//! ```
//!
//! The secret is 32 random bytes that never leave the store ([`crate::store::pseudonyms`]). A plain
//! digest would not do: there are few serial numbers, and whoever has a list of them tries them all. One
//! name has one pseudonym in a ledger and another one in every other ledger. 64 bits are enough that no
//! two of a million devices meet by chance (the odds are one in thirty million).

use std::fmt;

use ring::hmac;
use zeroize::Zeroizing;

use crate::statement::cbor::{self, Value};
use crate::statement::envelope::LedgerId;

const TAG: &str = "treering/pseudonym/v1";

/// What kind of thing has the name. Things of two kinds never share a pseudonym.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// A camera, recorder or other device that stands somewhere: its serial number.
    Device,
    /// A collar or tag: its id.
    Collar,
    /// An animal: its name or id in a study.
    Animal,
    /// A place: a location id, a station's or deployment's name.
    Location,
}

impl Named {
    /// The word in front of the digits.
    pub fn word(self) -> &'static str {
        match self {
            Named::Device => "device",
            Named::Collar => "collar",
            Named::Animal => "animal",
            Named::Location => "location",
        }
    }
}

/// The key of all pseudonyms of a store. Never shown, never sent.
#[derive(Clone)]
pub struct PseudonymSecret(Zeroizing<[u8; 32]>);

impl PseudonymSecret {
    /// Of 32 random bytes.
    pub fn new(bytes: [u8; 32]) -> PseudonymSecret {
        PseudonymSecret(Zeroizing::new(bytes))
    }

    /// The bytes, for keeping them.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// What a thing is called outside, in this ledger. `name` is taken as it is found: `012` and `12` are
    /// two names.
    pub fn pseudonym(&self, ledger: LedgerId, kind: Named, name: &str) -> Pseudonym {
        let message = cbor::encode(&Value::Array(vec![
            Value::Text(TAG.to_owned()),
            Value::Bytes(ledger.0.as_bytes().to_vec()),
            Value::Text(kind.word().to_owned()),
            Value::Text(name.to_owned()),
        ]));
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0[..]), &message);
        let digits: String = tag.as_ref()[..8].iter().map(|byte| format!("{byte:02x}")).collect();
        Pseudonym(format!("{}-{digits}", kind.word()))
    }
}

/// Secrets are never printed.
impl fmt::Debug for PseudonymSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymSecret(…)")
    }
}

/// A name that says nothing: `device-3eb30aa41c9d2f77`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(String);

impl Pseudonym {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tlog::hash::Hash;

    const SECRET: [u8; 32] = [7; 32];

    fn called(secret: [u8; 32], ledger: u8, kind: Named, name: &str) -> String {
        let ledger = LedgerId(Hash([ledger; 32]));
        PseudonymSecret::new(secret).pseudonym(ledger, kind, name).to_string()
    }

    /// From Python: hmac.new(bytes([7]*32), message, "sha256").hexdigest()[:16], the message put together
    /// by hand from RFC 8949.
    #[test]
    fn golden_name() {
        assert_eq!(called(SECRET, 1, Named::Device, "SN-0042"), "device-34e8cbac347ae60a");
    }

    #[test]
    fn one_name_in_one_ledger_and_another_elsewhere() {
        let usual = called(SECRET, 1, Named::Device, "SN-0042");
        assert_eq!(called(SECRET, 1, Named::Device, "SN-0042"), usual);
        let others = [
            called([8; 32], 1, Named::Device, "SN-0042"),
            called(SECRET, 2, Named::Device, "SN-0042"),
            called(SECRET, 1, Named::Collar, "SN-0042"),
            called(SECRET, 1, Named::Device, "SN-0043"),
            called(SECRET, 1, Named::Device, "SN-0042 "),
        ];
        let digits = |name: &str| name.rsplit('-').next().map(str::to_owned);
        let all: BTreeSet<_> = others.iter().chain([&usual]).map(|name| digits(name)).collect();
        assert_eq!(all.len(), 6);
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", PseudonymSecret::new(SECRET)), "PseudonymSecret(…)");
    }
}
