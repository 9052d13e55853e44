//! The one signature rule of treering: Ed25519 (RFC 8032), checked strictly.
//!
//! Plain and batch verification accept signatures that others refuse, so two honest readers could
//! disagree about a ledger. Here every signature goes through `verify_strict`, and a key is admitted
//! only if nobody could dispute what it is: canonical encoding, not of small order, torsion-free.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::hex::Hex;

/// A public key that passed admission. Parsed once; checking a signature does not parse again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

/// Why 32 bytes are not admitted as a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyRefused {
    /// The bytes do not decode to a point of the curve.
    #[error("the bytes are not a point of the curve")]
    NotAPoint,
    /// The point has a shorter encoding, so one key would have two names.
    #[error("the key is not in its canonical encoding")]
    NotCanonical,
    /// With a key of small order one signature fits many messages.
    #[error("the key is of small order")]
    SmallOrder,
    /// The key has a torsion part, so implementations differ on its signatures.
    #[error("the key has a torsion part")]
    Torsion,
}

/// A signature does not check under the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the signature does not match")]
pub struct SignatureMismatch;

/// The 64 bytes of an Ed25519 signature, R ‖ S.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature(pub [u8; Signature::LENGTH]);

impl Signature {
    /// Bytes in a signature.
    pub const LENGTH: usize = 64;
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signature(…)")
    }
}

impl PublicKey {
    /// Bytes in a public key.
    pub const LENGTH: usize = 32;

    /// Admits a key, or says why it is refused.
    pub fn admit(bytes: [u8; PublicKey::LENGTH]) -> Result<PublicKey, KeyRefused> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyRefused::NotAPoint)?;
        let point = key.to_edwards();
        if point.compress().to_bytes() != bytes {
            return Err(KeyRefused::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyRefused::SmallOrder);
        }
        if !point.is_torsion_free() {
            return Err(KeyRefused::Torsion);
        }
        Ok(PublicKey(key))
    }

    /// Checks a signature by RFC 8032 with the cofactorless equation, canonical S and R.
    pub fn check(&self, message: &[u8], signature: &Signature) -> Result<(), SignatureMismatch> {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        self.0.verify_strict(message, &signature).map_err(|_| SignatureMismatch)
    }

    /// The 32 bytes of the key.
    pub fn as_bytes(&self) -> &[u8; PublicKey::LENGTH] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", Hex(self.as_bytes()))
    }
}

/// As a byte string of 32 bytes, the CBOR form. Reading one admits it, so a key inside a statement
/// that was read is a key that may be used.
impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.as_bytes())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<PublicKey, D::Error> {
        PublicKey::admit(deserializer.deserialize_bytes(ExactBytes)?).map_err(D::Error::custom)
    }
}

/// As a byte string of 64 bytes, the CBOR form.
impl Serialize for Signature {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Signature {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Signature, D::Error> {
        deserializer.deserialize_bytes(ExactBytes).map(Signature)
    }
}

struct ExactBytes<const LENGTH: usize>;

impl<const LENGTH: usize> Visitor<'_> for ExactBytes<LENGTH> {
    type Value = [u8; LENGTH];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a byte string of {LENGTH} bytes")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<[u8; LENGTH], E> {
        bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))
    }
}

/// A secret key; its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct SecretKey(SigningKey);

impl SecretKey {
    /// The key of a 32-byte seed. Where the seed comes from is the caller's business: this floor
    /// has no source of randomness.
    pub fn from_seed(seed: &[u8; 32]) -> SecretKey {
        SecretKey(SigningKey::from_bytes(seed))
    }

    /// The seed, for writing the key to a file.
    pub fn seed(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        // A key made from a seed is a multiple of the base point: canonical and torsion-free.
        PublicKey(self.0.verifying_key())
    }

    /// Signs a message. Deterministic: the same message always gives the same bytes.
    pub fn sign(&self, message: &[u8]) -> Signature {
        Signature(self.0.sign(message).to_bytes())
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_and_checks() {
        let key = SecretKey::from_seed(&[7; 32]);
        let signature = key.sign(b"ring");
        assert_eq!(key.public().check(b"ring", &signature), Ok(()));
        assert_eq!(key.public().check(b"rind", &signature), Err(SignatureMismatch));
        assert_eq!(PublicKey::admit(*key.public().as_bytes()), Ok(key.public()));
    }

    #[test]
    fn refuses_keys_that_nobody_should_trust() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(PublicKey::admit(neutral), Err(KeyRefused::SmallOrder));

        // y = p + 1 is the neutral element again, spelled one way too long.
        let mut spelled_long = [0xff; 32];
        (spelled_long[0], spelled_long[31]) = (0xee, 0x7f);
        assert_eq!(PublicKey::admit(spelled_long), Err(KeyRefused::NotCanonical));

        assert_eq!(PublicKey::admit([2; 32]), Err(KeyRefused::NotAPoint));
    }
}
