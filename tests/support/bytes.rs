//! Statements as raw bytes: taken apart, changed and put together again without asking anybody
//! whether the result makes sense.

use std::collections::BTreeMap;

use treering::statement::cbor::{self, Value};
use treering::statement::envelope::Statement;
use treering::tlog::ed25519::SecretKey;

/// The parts of a COSE_Sign1 message that a forger can choose.
#[derive(Clone)]
pub struct Parts {
    pub protected: Vec<u8>,
    pub payload: Vec<u8>,
    pub signature: Vec<u8>,
}

impl Parts {
    /// The parts of a statement.
    pub fn of(statement: &Statement) -> Parts {
        let Ok(Value::Array(parts)) = cbor::decode_value(&statement.bytes()[1..], 60_000) else {
            panic!("a statement is an array");
        };
        let [Value::Bytes(protected), _, Value::Bytes(payload), Value::Bytes(signature)] =
            &parts[..]
        else {
            panic!("a statement has four parts");
        };
        Parts {
            protected: protected.clone(),
            payload: payload.clone(),
            signature: signature.clone(),
        }
    }

    /// Signs whatever the parts are.
    pub fn sign(mut self, key: &SecretKey) -> Parts {
        let signed =
            [&b"\x84\x6ASignature1"[..], &bstr(&self.protected), &[0x40], &bstr(&self.payload)];
        self.signature = key.sign(&signed.concat()).0.to_vec();
        self
    }

    /// D2 84 protected A0 payload signature
    pub fn wrap(&self) -> Vec<u8> {
        let [protected, payload, signature] =
            [&self.protected, &self.payload, &self.signature].map(|part| bstr(part));
        [&[0xD2, 0x84][..], &protected, &[0xA0], &payload, &signature].concat()
    }

    /// Changes the header as a map of values.
    pub fn with_header(mut self, change: impl FnOnce(&mut BTreeMap<Value, Value>)) -> Parts {
        let mut header = map(&self.protected);
        change(&mut header);
        self.protected = print(&Value::Map(header));
        self
    }

    /// Changes the payload as a map of values.
    pub fn with_payload(mut self, change: impl FnOnce(&mut BTreeMap<Value, Value>)) -> Parts {
        let mut payload = map(&self.payload);
        change(&mut payload);
        self.payload = print(&Value::Map(payload));
        self
    }
}

/// A byte string with the shortest head.
pub fn bstr(bytes: &[u8]) -> Vec<u8> {
    print(&Value::Bytes(bytes.to_vec()))
}

/// Any value, also outside the profile, with shortest heads and sorted keys.
pub fn print(value: &Value) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("a value prints")
}

/// A canonical map.
pub fn map(bytes: &[u8]) -> BTreeMap<Value, Value> {
    match cbor::decode_value(bytes, 60_000) {
        Ok(Value::Map(map)) => map,
        other => panic!("not a map: {other:?}"),
    }
}

/// A text value, for keys and contents.
pub fn text(text: &str) -> Value {
    Value::Text(text.into())
}
