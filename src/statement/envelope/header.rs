//! The protected header: who signed, for which party, about what, when, and what kind it is.

use std::fmt;

use thiserror::Error;

use super::{LedgerId, MAX_STATEMENT_BYTES};
use crate::statement::cbor::{self, DecodeError, Item};
use crate::statement::key::KeyId;
use crate::statement::kind::{MediaType, NotAMediaType};
use crate::tlog::hash::Hash;

pub(super) const CONTENT_TYPE: &str = "application/cbor";

/// The protected header of a statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// `kid`: the thumbprint of the key that signed.
    pub key: KeyId,
    /// `iss`: for which party.
    pub issuer: Issuer,
    /// `sub`: about what.
    pub subject: Subject,
    /// `iat`: when the signer's clock says it was signed, seconds since 1970 UTC. A claim.
    pub issued_at: i64,
    /// `typ`: the kind of statement.
    pub typ: MediaType,
    /// `alg`: how the header spells Ed25519. Nothing depends on it: the key is pinned, the curve
    /// with it.
    pub algorithm: Algorithm,
}

/// The two registered spellings of Ed25519 in a COSE header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// -8, EdDSA (RFC 9053): what this program writes, since not all readers know the other.
    EdDsa,
    /// -19, Ed25519 (RFC 9864).
    Ed25519,
}

/// For which party a statement is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Issuer {
    /// `treering:<ledger id>`: the party that runs this ledger (its root and the keys it granted).
    Ledger(LedgerId),
    /// `key:<thumbprint>`: a key that this ledger did not grant, speaking for itself.
    Key(KeyId),
    /// Any other text; only a genesis has it: its origin.
    Origin(String),
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Issuer::Ledger(ledger) => write!(f, "treering:{ledger}"),
            Issuer::Key(key) => write!(f, "key:{key}"),
            Issuer::Origin(origin) => f.write_str(origin),
        }
    }
}

impl Issuer {
    fn parse(text: &str) -> Issuer {
        let hex_after = |prefix| text.strip_prefix(prefix).and_then(Hash::from_hex);
        if let Some(id) = hex_after("treering:") {
            Issuer::Ledger(LedgerId(id))
        } else if let Some(thumbprint) = hex_after("key:") {
            Issuer::Key(KeyId(thumbprint))
        } else {
            Issuer::Origin(text.to_string())
        }
    }
}

/// What a statement is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The ledger and the site it is kept for.
    Ledger,
    /// Another statement, by id.
    Statement(Hash),
    /// An indicator, by its id in a catalogue.
    Indicator(String),
    /// A claim, by its id.
    Claim(String),
    /// A site, by its SITE_ID.
    Site(String),
}

impl Subject {
    /// Ceiling of a subject, in bytes.
    pub const MAX_BYTES: usize = 256;

    fn parse(text: &str) -> Option<Subject> {
        let (word, rest) = text.split_once(':').unwrap_or((text, ""));
        let subject = match word {
            "ledger" => Subject::Ledger,
            "statement" => Subject::Statement(Hash::from_hex(rest)?),
            "indicator" => Subject::Indicator(rest.to_string()),
            "claim" => Subject::Claim(rest.to_string()),
            "site" => Subject::Site(rest.to_string()),
            _ => return None,
        };
        (text.len() <= Subject::MAX_BYTES && subject.to_string() == text).then_some(subject)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Ledger => f.write_str("ledger"),
            Subject::Statement(id) => write!(f, "statement:{id}"),
            Subject::Indicator(id) => write!(f, "indicator:{id}"),
            Subject::Claim(id) => write!(f, "claim:{id}"),
            Subject::Site(id) => write!(f, "site:{id}"),
        }
    }
}

/// What is wrong with a protected header.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HeaderFault {
    /// Not canonical.
    #[error(transparent)]
    Bytes(#[from] DecodeError),
    /// Labels other than 1, 3, 4, 15 and 16, or one of them missing.
    #[error("its labels are not 1, 3, 4, 15 and 16")]
    Labels,
    /// A label's value is not what it must be.
    #[error("the value of label {0} is not what it must be")]
    Value(u8),
    /// `typ`.
    #[error(transparent)]
    Type(#[from] NotAMediaType),
}

/// {1: alg, 3: "application/cbor", 4: kid, 15: {1: iss, 2: sub, 6: iat}, 16: typ}
pub(super) fn read_header(protected: &[u8]) -> Result<Header, HeaderFault> {
    let Item::Map(labels) = cbor::decode_item(protected, MAX_STATEMENT_BYTES)? else {
        return Err(HeaderFault::Labels);
    };
    let [
        (Item::Integer(1), alg),
        (Item::Integer(3), content),
        (Item::Integer(4), kid),
        (Item::Integer(15), claims),
        (Item::Integer(16), typ),
    ] = &labels[..]
    else {
        return Err(HeaderFault::Labels);
    };
    let algorithm = match alg {
        Item::Integer(-8) => Algorithm::EdDsa,
        Item::Integer(-19) => Algorithm::Ed25519,
        _ => return Err(HeaderFault::Value(1)),
    };
    if *content != Item::Text(CONTENT_TYPE) {
        return Err(HeaderFault::Value(3));
    }
    let Item::Bytes(kid) = *kid else { return Err(HeaderFault::Value(4)) };
    let key = KeyId(Hash::try_from(kid).map_err(|_| HeaderFault::Value(4))?);
    let (issuer, subject, issued_at) = read_claims(claims).ok_or(HeaderFault::Value(15))?;
    let Item::Text(typ) = *typ else { return Err(HeaderFault::Value(16)) };
    let typ = MediaType::parse(typ)?;
    Ok(Header { key, issuer, subject, issued_at, typ, algorithm })
}

fn read_claims(claims: &Item<'_>) -> Option<(Issuer, Subject, i64)> {
    let Item::Map(claims) = claims else { return None };
    match claims[..] {
        [
            (Item::Integer(1), Item::Text(issuer)),
            (Item::Integer(2), Item::Text(subject)),
            (Item::Integer(6), Item::Integer(issued_at)),
        ] => Some((Issuer::parse(issuer), Subject::parse(subject)?, issued_at)),
        _ => None,
    }
}
