//! Signing: from what a statement is to say to its bytes.

use std::collections::BTreeMap;

use serde::Serialize;

use super::header::CONTENT_TYPE;
use super::{
    Header, Issuer, LedgerId, Payload, ReadError, Statement, Subject, TAG_COSE_SIGN1, also_message,
    signed_bytes,
};
use crate::statement::cbor::{self, DecodeError, Value};
use crate::statement::key::KeyId;
use crate::tlog::ed25519::SecretKey;

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
