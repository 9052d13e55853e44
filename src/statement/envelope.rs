//! The signed statement: a COSE_Sign1 message (RFC 9052), which makes it a SCITT Signed Statement
//! (RFC 9943). A ledger's leaf data is exactly these bytes.
//!
//! ```text
//! D2                    tag 18
//! 84                    array(4)
//!   58 nn …             protected: byte string holding the encoded header map
//!   A0                  unprotected: always the empty map
//!   58 nn …             payload
//!   58 40 …             signature, 64 bytes
//!
//! signed bytes: 84 6A "Signature1" <protected> 40 <payload>
//! ```
//!
//! Reading a statement here says that its bytes are whole and canonical and its fields hold
//! together; it says nothing yet about who signed it ([`super::signature`]) or whether they might
//! ([`super::authority`]).

use std::fmt;
use std::ops::Deref;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::bodies::{Body, BodyRefused};
use super::cbor::{self, DecodeError, Item, Value};
use super::chain::Chain;
use super::kind::MediaType;
use crate::tlog::ed25519::{PublicKey, Signature};
use crate::tlog::hash::{Hash, leaf_hash};

mod draft;
mod header;

pub use draft::Draft;
use header::read_header;
pub use header::{Algorithm, Header, HeaderFault, Issuer, Subject};

/// Ceiling of a statement, in bytes. An entry of a log tile has at most 65,535; the rest is room
/// for those who wrap it.
pub const MAX_STATEMENT_BYTES: usize = 60_000;

/// A ledger's name for ever: the leaf hash of its statement 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LedgerId(pub Hash);

impl fmt::Display for LedgerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A statement as it was read: its exact bytes and what they say.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    bytes: Vec<u8>,
    id: Hash,
    protected_end: usize,
    payload_end: usize,
    signature: Signature,
    contents: Contents,
    countersigned: Vec<u8>,
}

/// What the bytes of a statement say: `statement.header` and `statement.payload`.
///
/// A statement lends it to be read and never to be changed, or a signature that matches the bytes
/// could stand for other words:
///
/// ```compile_fail,E0594
/// fn forge(statement: &mut treering::statement::envelope::Statement) {
///     statement.header.issued_at = 0;
/// }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// The protected header.
    pub header: Header,
    /// The payload.
    pub payload: Payload,
}

impl Deref for Statement {
    type Target = Contents;

    fn deref(&self) -> &Contents {
        &self.contents
    }
}

/// The fields every statement shares, and the body of its kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    /// Where the statement stands in its ledger and its author's past.
    pub chain: Chain,
    /// Second signatures, ascending by key.
    pub also: Vec<CoSignature>,
    /// The signer's key itself: only in the first statement of a key that nobody granted.
    pub key: Option<PublicKey>,
    /// An accreditor's grant that such a key relies on.
    pub by: Option<Accreditation>,
    /// What the statement says.
    pub body: Body,
}

/// A second signature inside a statement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CoSignature {
    /// Whose.
    pub key: PublicKey,
    /// Over [`also_message`].
    pub sig: Signature,
}

/// An accreditor's grant, in the accreditor's ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accreditation {
    /// The accreditor's ledger.
    pub ledger: LedgerId,
    /// The id of the granting statement there.
    pub grant: Hash,
}

/// Why bytes are not a statement.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The outer message is not one canonical, tagged COSE_Sign1 array.
    #[error("not a signed statement: {0}")]
    Envelope(DecodeError),
    /// The four parts of the message are not what they must be.
    #[error(
        "not a signed statement: tag 18, then protected, empty unprotected, payload, signature"
    )]
    Parts,
    /// The protected header.
    #[error("the protected header: {0}")]
    Header(#[from] HeaderFault),
    /// The payload is not one canonical map.
    #[error("the payload: {0}")]
    Payload(DecodeError),
    /// A field of the payload that all kinds share.
    #[error("the payload's field {field}: {fault}")]
    Common {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        fault: DecodeError,
    },
    /// `also` is empty, which is spelled by leaving it out, or not ascending by key.
    #[error("the payload's field also: its keys are not at least one, ascending and distinct")]
    AlsoOrder,
    /// The fields of the kind.
    #[error("the fields of this kind: {0}")]
    Body(#[from] BodyRefused),
    /// `sub` names something else than the body does.
    #[error("the header's subject is not the one of the payload")]
    SubjectMismatch,
    /// A draft whose bytes would say something else than the draft: a field in the place of another,
    /// or an issuer spelled as one of another kind.
    #[error("the signed statement would not say what its draft says")]
    NotAsDrafted,
}

const TAG_COSE_SIGN1: u8 = 0xD2;

impl Statement {
    /// Reads the bytes of one statement; they must be canonical in every layer.
    pub fn read(bytes: Vec<u8>) -> Result<Statement, ReadError> {
        if bytes.len() > MAX_STATEMENT_BYTES {
            let (length, ceiling) = (bytes.len(), MAX_STATEMENT_BYTES);
            return Err(ReadError::Envelope(DecodeError::TooLong { length, ceiling }));
        }
        let Some((&TAG_COSE_SIGN1, message)) = bytes.split_first() else {
            return Err(ReadError::Parts);
        };
        let parts = cbor::decode_item(message, MAX_STATEMENT_BYTES).map_err(ReadError::Envelope)?;
        let (protected, payload, signature) = split_parts(&parts).ok_or(ReadError::Parts)?;
        let header = read_header(protected)?;
        let (fields, countersigned) = read_payload(payload, &header.typ)?;
        if fields.body.subject().is_some_and(|subject| subject != header.subject) {
            return Err(ReadError::SubjectMismatch);
        }
        // D2 84, then the two byte strings with A0 between them.
        let protected_end = 2 + head_length(protected.len()) + protected.len();
        let payload_end = protected_end + 1 + head_length(payload.len()) + payload.len();
        Ok(Statement {
            id: leaf_hash(&bytes),
            bytes,
            protected_end,
            payload_end,
            signature,
            contents: Contents { header, payload: fields },
            countersigned,
        })
    }

    /// The exact bytes: what is hashed into the ledger.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The statement's id: its leaf hash.
    pub fn id(&self) -> Hash {
        self.id
    }

    /// The envelope's signature.
    pub fn signature(&self) -> &Signature {
        &self.signature
    }

    /// 84 6A "Signature1" ‖ protected ‖ 40 ‖ payload (RFC 9052 section 4.4)
    pub fn signed_bytes(&self) -> Vec<u8> {
        signed_bytes(
            &self.bytes[2..self.protected_end],
            &self.bytes[self.protected_end + 1..self.payload_end],
        )
    }

    /// What the second signatures of this statement are over; see [`also_message`].
    pub fn also_message(&self, ledger: Option<LedgerId>) -> Vec<u8> {
        also_message(&self.header.typ, ledger, &self.countersigned)
    }
}

fn signed_bytes(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    [&b"\x84\x6ASignature1"[..], protected, &[0x40], payload].concat()
}

/// ["treering/also/v1", typ, ledger id, payload without `also` and `chain`], deterministic CBOR; the
/// ledger id is the empty byte string in a genesis.
///
/// The chain is left out so that a second signer can sign before the first knows where the statement
/// will stand.
pub fn also_message(typ: &MediaType, ledger: Option<LedgerId>, countersigned: &[u8]) -> Vec<u8> {
    let ledger = ledger.map(|id| id.0.as_bytes().to_vec()).unwrap_or_default();
    cbor::encode(&Value::Array(vec![
        Value::Text("treering/also/v1".into()),
        Value::Text(typ.to_string()),
        Value::Bytes(ledger),
        Value::Bytes(countersigned.to_vec()),
    ]))
}

fn head_length(length: usize) -> usize {
    match length {
        0..=23 => 1,
        24..=0xff => 2,
        _ => 3, // statements are shorter than 65,536 bytes
    }
}

fn split_parts<'a>(parts: &Item<'a>) -> Option<(&'a [u8], &'a [u8], Signature)> {
    let Item::Array(parts) = parts else { return None };
    match parts[..] {
        [Item::Bytes(protected), Item::Map(ref empty), Item::Bytes(payload), Item::Bytes(sig)]
            if empty.is_empty() =>
        {
            Some((protected, payload, Signature(sig.try_into().ok()?)))
        }
        _ => None,
    }
}

type Fields<'a> = Vec<(Item<'a>, Item<'a>)>;

/// Takes the shared fields out of a payload and reads the rest by its kind. Also gives the payload
/// without `also` and `chain`, if there is a second signature to check over it.
fn read_payload(bytes: &[u8], typ: &MediaType) -> Result<(Payload, Vec<u8>), ReadError> {
    let fields = cbor::decode_item(bytes, MAX_STATEMENT_BYTES).map_err(ReadError::Payload)?;
    let Item::Map(mut fields) = fields else {
        return Err(ReadError::Payload(DecodeError::Shape("not a map".into())));
    };
    let chain: Option<Chain> = take(&mut fields, "chain")?;
    let chain = chain
        .ok_or(ReadError::Common { field: "chain", fault: DecodeError::Shape("missing".into()) })?;
    let also: Option<Vec<CoSignature>> = take(&mut fields, "also")?;
    if also.as_ref().is_some_and(|also| also.is_empty() || !is_ascending_by_key(also)) {
        return Err(ReadError::AlsoOrder);
    }
    let also = also.unwrap_or_default();
    let countersigned =
        if also.is_empty() { Vec::new() } else { Item::Map(fields.clone()).print() };
    // In the families that rule authority `key` is a field of the kind: the key granted or revoked.
    let (key, by) = if typ.kind.family().rules_authority() {
        (None, None)
    } else {
        (take(&mut fields, "key")?, take(&mut fields, "by")?)
    };
    let body = Body::read(typ, &Item::Map(fields))?;
    Ok((Payload { chain, also, key, by, body }, countersigned))
}

fn is_ascending_by_key(also: &[CoSignature]) -> bool {
    also.is_sorted_by(|earlier, later| earlier.key.as_bytes() < later.key.as_bytes())
}

fn take<T>(fields: &mut Fields<'_>, field: &'static str) -> Result<Option<T>, ReadError>
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    let Some(at) = fields.iter().position(|(name, _)| *name == Item::Text(field)) else {
        return Ok(None);
    };
    let (_, item) = fields.remove(at);
    let typed = cbor::from_item(&item);
    typed.map(Some).map_err(|fault| ReadError::Common { field, fault })
}
