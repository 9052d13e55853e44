//! Signature line: one signature of a note (C2SP signed-note v1.0.0).
//!
//! ```text
//! — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm…
//! em dash, space, key name, space, base64(key id ‖ signature)
//! ```

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::verifier_key::{KeyName, NameError, NoteKeyId};

/// One signature of a note: whose it claims to be, and its bytes. Not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureLine {
    name: KeyName,
    id: NoteKeyId,
    signature: Vec<u8>,
}

impl SignatureLine {
    /// A line from its parts; the signature is not empty.
    pub(super) fn new(name: KeyName, id: NoteKeyId, signature: Vec<u8>) -> SignatureLine {
        SignatureLine { name, id, signature }
    }

    /// Reads a line, without its newline. Printing it gives the same text.
    pub fn parse(line: &str) -> Result<SignatureLine, LineError> {
        let rest = line.strip_prefix("— ").ok_or(LineError::Malformed)?;
        let (name, bytes) = rest.split_once(' ').ok_or(LineError::Malformed)?;
        let name = KeyName::new(name)?;
        let bytes = STANDARD.decode(bytes).map_err(|_| LineError::Base64)?;
        let (id, signature) = bytes.split_first_chunk().ok_or(LineError::NoSignature)?;
        if signature.is_empty() {
            return Err(LineError::NoSignature);
        }
        let parsed = SignatureLine { name, id: NoteKeyId(*id), signature: signature.to_vec() };
        if parsed.to_string() != line {
            return Err(LineError::Malformed);
        }
        Ok(parsed)
    }

    /// The name of the key that is said to have signed.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id of the key that is said to have signed.
    pub fn id(&self) -> NoteKeyId {
        self.id
    }

    /// The signature after the key id, in the form of its type.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// `— name base64(id ‖ signature)`
impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.0.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A line is not a signature line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LineError {
    /// Not `— name base64`.
    #[error("not of the form “— name base64”")]
    Malformed,
    /// The name is not a key name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Not base64 in its one way of writing.
    #[error("the signature is not canonical base64")]
    Base64,
    /// Four bytes of key id, or less, and no signature.
    #[error("there is no signature after the key id")]
    NoSignature,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_canonical_or_nothing() {
        assert!(SignatureLine::parse("— a AAAAAAA=").is_ok());
        for other in
            ["AAAAAAB=", "AAAAAAA", "AAAAAAA==", "AAAA AAA=", "AAAAAA_=", "AAAAAA-=", "=AAAAAAA"]
        {
            assert_eq!(SignatureLine::parse(&format!("— a {other}")), Err(LineError::Base64));
        }
    }
}
