//! The one signature rule of treering: Ed25519 (RFC 8032), checked strictly.
//!
//! Plain and batch verification accept signatures that others refuse, so two honest readers could
//! disagree about a ledger. Here every signature goes through `verify_strict`, and a key is admitted
//! only if nobody could dispute what it is: canonical encoding, not of small order, torsion-free.

use std::cell::RefCell;
use std::fmt;

use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
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
        if let Some(key) = admitted_before(&bytes) {
            return Ok(key);
        }
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyRefused::NotAPoint)?;
        if !is_canonical(&bytes) {
            return Err(KeyRefused::NotCanonical);
        }
        if key.is_weak() {
            return Err(KeyRefused::SmallOrder);
        }
        let point = key.to_edwards();
        if !is_torsion_free(&point) {
            return Err(KeyRefused::Torsion);
        }
        remember(PublicKey(key));
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

/// Whether y, without the sign bit of x, is below p = 2²⁵⁵ − 19. The one other way to spell a point
/// twice, a sign where x is 0, is open only to two points of small order.
fn is_canonical(bytes: &[u8; PublicKey::LENGTH]) -> bool {
    let [lowest, middle @ .., highest] = bytes;
    *lowest < 0xed || highest & 0x7f != 0x7f || middle.iter().any(|byte| *byte != 0xff)
}

/// Whether [ℓ]P = 0, asked as [ℓ−1]P = −P: a scalar is below ℓ. The key is public, so the quick
/// multiplication will do, whose time depends on its numbers.
fn is_torsion_free(point: &EdwardsPoint) -> bool {
    let rest =
        EdwardsPoint::vartime_double_scalar_mul_basepoint(&-Scalar::ONE, point, &Scalar::ZERO);
    rest == -point
}

/// Keys remembered while [`admitting_each_key_once`] works, at most. A receipt has three or four.
const REMEMBERED_MAX: usize = 64;

thread_local! {
    static REMEMBERED: RefCell<Option<Vec<PublicKey>>> = const { RefCell::new(None) };
}

/// Does some work in which a key that stands in several places is admitted only once. Admission depends
/// on nothing but the bytes, so this changes how long it takes and nothing else: a genesis and a grant
/// name the same key twice, and admitting one takes as long as checking a signature.
pub fn admitting_each_key_once<T>(work: impl FnOnce() -> T) -> T {
    struct Forget;
    impl Drop for Forget {
        fn drop(&mut self) {
            REMEMBERED.set(None);
        }
    }
    let _forget = Forget;
    REMEMBERED.set(Some(Vec::new()));
    work()
}

fn admitted_before(bytes: &[u8; PublicKey::LENGTH]) -> Option<PublicKey> {
    let is_it = |key: &&PublicKey| key.as_bytes() == bytes;
    REMEMBERED.with_borrow(|keys| keys.as_ref()?.iter().find(is_it).copied())
}

fn remember(key: PublicKey) {
    REMEMBERED.with_borrow_mut(|keys| {
        if let Some(keys) = keys.as_mut().filter(|keys| keys.len() < REMEMBERED_MAX) {
            keys.push(key);
        }
    });
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

    #[test]
    fn one_spelling_as_by_compressing_again() {
        for lowest in 0xe0..=0xff {
            for highest in [0x7f, 0xff, 0x7e] {
                let mut bytes = [0xff; 32];
                (bytes[0], bytes[31]) = (lowest, highest);
                let Ok(key) = VerifyingKey::from_bytes(&bytes) else { continue };
                let same = key.to_edwards().compress().to_bytes() == bytes;
                assert!(is_canonical(&bytes) == same || key.is_weak(), "{lowest:x} {highest:x}");
                assert!(same || PublicKey::admit(bytes).is_err());
            }
        }
    }

    #[test]
    fn a_torsion_part_is_seen_as_by_the_slow_check() {
        let torsion = curve25519_dalek::constants::EIGHT_TORSION;
        for seed in 0..20 {
            let key = SecretKey::from_seed(&[seed; 32]).public().0.to_edwards();
            for (index, part) in torsion.iter().enumerate() {
                let point = key + part;
                assert_eq!(is_torsion_free(&point), index == 0);
                assert_eq!(is_torsion_free(&point), point.is_torsion_free());
                let refused = PublicKey::admit(point.compress().to_bytes()).err();
                assert_eq!(refused, (index > 0).then_some(KeyRefused::Torsion));
            }
        }
    }

    #[test]
    fn what_is_remembered_is_only_what_was_admitted() {
        let good = *SecretKey::from_seed(&[7; 32]).public().as_bytes();
        admitting_each_key_once(|| {
            for _ in 0..2 {
                assert!(PublicKey::admit(good).is_ok());
                assert_eq!(PublicKey::admit([2; 32]), Err(KeyRefused::NotAPoint));
            }
            assert!(admitted_before(&good).is_some());
            assert!(admitted_before(&[2; 32]).is_none());
        });
        assert!(admitted_before(&good).is_none());
    }
}
