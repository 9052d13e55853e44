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

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::bodies::{Body, BodyRefused};
use super::cbor::{self, DecodeError, Value};
use super::chain::Chain;
use super::key::KeyId;
use super::kind::{MediaType, NotAMediaType};
use crate::tlog::ed25519::{PublicKey, SecretKey, Signature};
use crate::tlog::hash::{Hash, leaf_hash};

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
    /// The protected header.
    pub header: Header,
    /// The payload.
    pub payload: Payload,
    countersigned: Vec<u8>,
}

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

const TAG_COSE_SIGN1: u8 = 0xD2;
const CONTENT_TYPE: &str = "application/cbor";

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
        let parts =
            cbor::decode_value(message, MAX_STATEMENT_BYTES).map_err(ReadError::Envelope)?;
        let (protected, payload, signature) = split_parts(parts).ok_or(ReadError::Parts)?;
        let header = read_header(&protected)?;
        let (payload_fields, countersigned) = read_payload(&payload, &header.typ)?;
        if payload_fields.body.subject().is_some_and(|subject| subject != header.subject) {
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
            header,
            payload: payload_fields,
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

fn split_parts(parts: Value) -> Option<(Vec<u8>, Vec<u8>, Signature)> {
    let Value::Array(parts) = parts else { return None };
    let [protected, unprotected, payload, signature] = <[Value; 4]>::try_from(parts).ok()?;
    match (protected, unprotected, payload, signature) {
        (Value::Bytes(protected), Value::Map(empty), Value::Bytes(payload), Value::Bytes(sig))
            if empty.is_empty() =>
        {
            Some((protected, payload, Signature(sig.try_into().ok()?)))
        }
        _ => None,
    }
}

/// {1: alg, 3: "application/cbor", 4: kid, 15: {1: iss, 2: sub, 6: iat}, 16: typ}
fn read_header(protected: &[u8]) -> Result<Header, HeaderFault> {
    let Value::Map(labels) = cbor::decode_value(protected, MAX_STATEMENT_BYTES)? else {
        return Err(HeaderFault::Labels);
    };
    let entries: Vec<(Value, Value)> = labels.into_iter().collect();
    let [alg, content, kid, claims, typ] =
        <[(Value, Value); 5]>::try_from(entries).map_err(|_| HeaderFault::Labels)?;
    let labels = [&alg.0, &content.0, &kid.0, &claims.0, &typ.0];
    if labels != [1, 3, 4, 15, 16].map(Value::Integer).each_ref() {
        return Err(HeaderFault::Labels);
    }
    let algorithm = match alg.1 {
        Value::Integer(-8) => Algorithm::EdDsa,
        Value::Integer(-19) => Algorithm::Ed25519,
        _ => return Err(HeaderFault::Value(1)),
    };
    if content.1 != Value::Text(CONTENT_TYPE.into()) {
        return Err(HeaderFault::Value(3));
    }
    let Value::Bytes(kid) = kid.1 else { return Err(HeaderFault::Value(4)) };
    let key = KeyId(Hash::try_from(&kid[..]).map_err(|_| HeaderFault::Value(4))?);
    let (issuer, subject, issued_at) = read_claims(claims.1).ok_or(HeaderFault::Value(15))?;
    let Value::Text(typ) = typ.1 else { return Err(HeaderFault::Value(16)) };
    let typ = MediaType::parse(&typ)?;
    Ok(Header { key, issuer, subject, issued_at, typ, algorithm })
}

fn read_claims(claims: Value) -> Option<(Issuer, Subject, i64)> {
    let Value::Map(claims) = claims else { return None };
    let claims: Vec<(Value, Value)> = claims.into_iter().collect();
    match <[(Value, Value); 3]>::try_from(claims).ok()? {
        [
            (Value::Integer(1), Value::Text(issuer)),
            (Value::Integer(2), Value::Text(subject)),
            (Value::Integer(6), Value::Integer(issued_at)),
        ] => Some((
            Issuer::parse(&issuer),
            Subject::parse(&subject)?,
            i64::try_from(issued_at).ok()?,
        )),
        _ => None,
    }
}

/// Takes the shared fields out of a payload and reads the rest by its kind. Also gives the payload
/// without `also` and `chain`, if there is a second signature to check over it.
fn read_payload(bytes: &[u8], typ: &MediaType) -> Result<(Payload, Vec<u8>), ReadError> {
    let fields = cbor::decode_value(bytes, MAX_STATEMENT_BYTES).map_err(ReadError::Payload)?;
    let Value::Map(mut fields) = fields else {
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
        if also.is_empty() { Vec::new() } else { cbor::encode(&Value::Map(fields.clone())) };
    // In the families that rule authority `key` is a field of the kind: the key granted or revoked.
    let (key, by) = if typ.kind.family().rules_authority() {
        (None, None)
    } else {
        (take(&mut fields, "key")?, take(&mut fields, "by")?)
    };
    let body = Body::read(typ, Value::Map(fields))?;
    Ok((Payload { chain, also, key, by, body }, countersigned))
}

fn is_ascending_by_key(also: &[CoSignature]) -> bool {
    also.is_sorted_by(|earlier, later| earlier.key.as_bytes() < later.key.as_bytes())
}

fn take<T>(fields: &mut BTreeMap<Value, Value>, field: &'static str) -> Result<Option<T>, ReadError>
where
    T: Serialize + for<'de> Deserialize<'de>,
{
    let Some(value) = fields.remove(&Value::Text(field.into())) else { return Ok(None) };
    let bytes = cbor::encode(&value);
    let typed = cbor::from_value(value, &bytes);
    typed.map(Some).map_err(|fault| ReadError::Common { field, fault })
}

/// A statement before it is signed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// For which party.
    pub issuer: Issuer,
    /// About what; must be the body's own subject where it has one.
    pub subject: Subject,
    /// When, seconds since 1970 UTC.
    pub issued_at: i64,
    /// Everything it says.
    pub payload: Payload,
}

impl Draft {
    /// What second signers sign; see [`also_message`].
    pub fn also_message(&self, ledger: Option<LedgerId>) -> Result<Vec<u8>, ReadError> {
        let countersigned = cbor::encode(&Value::Map(self.fields_to_countersign()?));
        Ok(also_message(&self.payload.body.media_type(), ledger, &countersigned))
    }

    /// Signs, and reads the result back as any stranger would.
    pub fn sign(&self, key: &SecretKey) -> Result<Statement, ReadError> {
        let header = Value::Map(BTreeMap::from([
            (Value::Integer(1), Value::Integer(-8)),
            (Value::Integer(3), Value::Text(CONTENT_TYPE.into())),
            (Value::Integer(4), Value::Bytes(KeyId::of(&key.public()).0.as_bytes().to_vec())),
            (
                Value::Integer(15),
                Value::Map(BTreeMap::from([
                    (Value::Integer(1), Value::Text(self.issuer.to_string())),
                    (Value::Integer(2), Value::Text(self.subject.to_string())),
                    (Value::Integer(6), Value::Integer(self.issued_at.into())),
                ])),
            ),
            (Value::Integer(16), Value::Text(self.payload.body.media_type().to_string())),
        ]));
        let protected = bstr(cbor::encode(&header));
        let payload = bstr(cbor::encode(&Value::Map(self.all_fields()?)));
        let signature = key.sign(&signed_bytes(&protected, &payload));
        let signature = bstr(signature.0.to_vec());
        let bytes =
            [&[TAG_COSE_SIGN1, 0x84][..], &protected, &[0xA0], &payload, &signature].concat();
        let statement = Statement::read(bytes)?;
        let Header { issuer, subject, issued_at, .. } = &statement.header;
        let as_drafted = *issuer == self.issuer
            && *subject == self.subject
            && *issued_at == self.issued_at
            && statement.payload == self.payload;
        if as_drafted { Ok(statement) } else { Err(ReadError::NotAsDrafted) }
    }

    fn fields_to_countersign(&self) -> Result<BTreeMap<Value, Value>, ReadError> {
        let Value::Map(mut fields) = self.payload.body.fields().map_err(ReadError::Payload)? else {
            return Err(ReadError::Payload(DecodeError::Shape("not a map".into())));
        };
        put(&mut fields, "key", self.payload.key.as_ref());
        put(&mut fields, "by", self.payload.by.as_ref());
        Ok(fields)
    }

    fn all_fields(&self) -> Result<BTreeMap<Value, Value>, ReadError> {
        let mut fields = self.fields_to_countersign()?;
        put(&mut fields, "chain", Some(&self.payload.chain));
        put(&mut fields, "also", Some(&self.payload.also).filter(|also| !also.is_empty()));
        Ok(fields)
    }
}

fn put<T: Serialize>(fields: &mut BTreeMap<Value, Value>, name: &str, value: Option<&T>) {
    if let Some(value) = value {
        let value = cbor::to_value(value).expect("envelope: our own field left the CBOR profile");
        fields.insert(Value::Text(name.into()), value);
    }
}

fn bstr(bytes: Vec<u8>) -> Vec<u8> {
    cbor::encode(&Value::Bytes(bytes))
}
