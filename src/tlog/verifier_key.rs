//! Verifier keys: who may have signed a note, and how to check it (C2SP signed-note v1.0.0).
//!
//! ```text
//! example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k
//! name            key id   base64(signature type ‖ public key)
//!
//! key id = SHA256(name ‖ 0x0A ‖ signature type ‖ public key)[0..4]
//! ```

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::cosignature::{Cosignature, CosignatureTime};
use super::ed25519::{KeyRefused, PublicKey, Signature, SignatureMismatch};
use super::hash::Hash;

/// The name of a key in notes: 1 to 255 bytes without Unicode White_Space, plus sign or control
/// character.
///
/// signed-note forbids space and plus, which would break its lines. The ceiling is that of the
/// ML-DSA cosignature, which gives a name one byte of length. Control characters would reach terminals.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(String);

/// A text cannot be the name of a key or a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NameError {
    /// No characters.
    #[error("the name is empty")]
    Empty,
    /// More than [`KeyName::BYTES_MAX`].
    #[error("the name has {0} bytes, more than {max}", max = KeyName::BYTES_MAX)]
    TooLong(usize),
    /// A character that names must not contain.
    #[error("the name contains {0:?}; spaces, plus signs and control characters are not allowed")]
    Character(char),
}

impl KeyName {
    /// The longest name in bytes.
    pub const BYTES_MAX: usize = 255;

    /// Admits a name, or says why not.
    pub fn new(name: &str) -> Result<KeyName, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.len() > KeyName::BYTES_MAX {
            return Err(NameError::TooLong(name.len()));
        }
        let forbidden = |c: &char| c.is_whitespace() || c.is_control() || *c == '+';
        match name.chars().find(forbidden) {
            Some(character) => Err(NameError::Character(character)),
            None => Ok(KeyName(name.to_owned())),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Four bytes that tell keys of one name apart. Not a fingerprint: anyone can make a key with the
/// same id, and all it earns is a signature that does not match.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoteKeyId(pub [u8; 4]);

/// 8 lower-case hexadecimal digits.
impl fmt::Display for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

impl fmt::Debug for NoteKeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteKeyId({self})")
    }
}

/// What a key signs when it signs a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SignatureType {
    /// 0x01: Ed25519 over the text of the note. What a log signs its checkpoints with.
    Ed25519,
    /// 0x04: Ed25519 over a time and a checkpoint, see [`cosignature`](super::cosignature). What a
    /// witness signs with.
    Cosignature,
}

impl SignatureType {
    /// The byte that signed-note assigns.
    pub fn byte(self) -> u8 {
        match self {
            SignatureType::Ed25519 => 0x01,
            SignatureType::Cosignature => 0x04,
        }
    }

    fn of_byte(byte: u8) -> Option<SignatureType> {
        [SignatureType::Ed25519, SignatureType::Cosignature]
            .into_iter()
            .find(|signature_type| signature_type.byte() == byte)
    }
}

/// A public key with its name and the type of its signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: KeyName,
    signature_type: SignatureType,
    key: PublicKey,
    id: NoteKeyId,
}

/// A text is not a verifier key, or not one that this program can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum VerifierKeyError {
    /// Not `name+id+base64`, each in its one way of writing.
    #[error("not a verifier key: name+id+base64 expected")]
    Malformed,
    /// The name is not a key name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A signature type other than 0x01 and 0x04.
    #[error("signature type {0:#04x} is not supported; 0x01 and 0x04 are")]
    UnsupportedType(u8),
    /// The public key has not 32 bytes.
    #[error("the public key has {0} bytes where Ed25519 has 32")]
    KeyLength(usize),
    /// The key is none that signatures should be checked with.
    #[error("the public key is refused: {0}")]
    Key(#[from] KeyRefused),
    /// The id is not that of name, type and key: one of the three was changed or mistyped.
    #[error("the key id is {found}, but name and key give {expected}")]
    WrongId {
        /// The id of name, type and key.
        expected: NoteKeyId,
        /// The id in the text.
        found: NoteKeyId,
    },
}

impl VerifierKey {
    /// A key under a name.
    pub fn new(name: KeyName, signature_type: SignatureType, key: PublicKey) -> VerifierKey {
        let id = key_id(&name, signature_type, &key);
        VerifierKey { name, signature_type, key, id }
    }

    /// Reads `name+id+base64`, recomputing the id. Printing it gives the same text.
    pub fn parse(text: &str) -> Result<VerifierKey, VerifierKeyError> {
        // Names have no plus, base64 may.
        let mut fields = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (fields.next(), fields.next(), fields.next())
        else {
            return Err(VerifierKeyError::Malformed);
        };
        let name = KeyName::new(name)?;
        let found = parse_id(id).ok_or(VerifierKeyError::Malformed)?;
        let key = STANDARD.decode(key).map_err(|_| VerifierKeyError::Malformed)?;
        let (byte, key) = key.split_first().ok_or(VerifierKeyError::Malformed)?;
        let signature_type =
            SignatureType::of_byte(*byte).ok_or(VerifierKeyError::UnsupportedType(*byte))?;
        let key = key.try_into().map_err(|_| VerifierKeyError::KeyLength(key.len()))?;
        let parsed = VerifierKey::new(name, signature_type, PublicKey::admit(key)?);
        if parsed.id != found {
            return Err(VerifierKeyError::WrongId { expected: parsed.id, found });
        }
        if parsed.to_string() != text {
            return Err(VerifierKeyError::Malformed);
        }
        Ok(parsed)
    }

    /// The name that its signature lines bear.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The id that its signatures start with.
    pub fn id(&self) -> NoteKeyId {
        self.id
    }

    /// What it signs.
    pub fn signature_type(&self) -> SignatureType {
        self.signature_type
    }

    /// The public key alone.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Checks the signature bytes of a note's line (without the key id) over the note's text, and
    /// gives the time if the signature bears one.
    pub fn check(
        &self,
        text: &str,
        signature: &[u8],
    ) -> Result<Option<CosignatureTime>, SignatureMismatch> {
        match self.signature_type {
            SignatureType::Ed25519 => {
                let signature = signature.try_into().map_err(|_| SignatureMismatch)?;
                self.key.check(text.as_bytes(), &Signature(signature))?;
                Ok(None)
            }
            SignatureType::Cosignature => {
                let cosignature = Cosignature::from_bytes(signature).ok_or(SignatureMismatch)?;
                cosignature.check(&self.key, text)?;
                Ok(Some(cosignature.time))
            }
        }
    }
}

/// `name+id+base64(type ‖ key)`
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.signature_type.byte()], self.key.as_bytes().as_slice()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, STANDARD.encode(key))
    }
}

/// SHA256(name ‖ 0x0A ‖ signature type ‖ public key)[0..4]
pub(super) fn key_id(name: &KeyName, signature_type: SignatureType, key: &PublicKey) -> NoteKeyId {
    let Hash([a, b, c, d, ..]) = Hash::of_parts(&[
        name.as_str().as_bytes(),
        b"\n",
        &[signature_type.byte()],
        key.as_bytes(),
    ]);
    NoteKeyId([a, b, c, d])
}

/// Eight hexadecimal digits; that they are lower-case shows when the key is printed back.
fn parse_id(digits: &str) -> Option<NoteKeyId> {
    let id = u32::from_str_radix(digits, 16).ok()?;
    Some(NoteKeyId(id.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::ed25519::SecretKey;

    fn name(text: &str) -> KeyName {
        KeyName::new(text).unwrap()
    }

    fn keys() -> [VerifierKey; 2] {
        let key = SecretKey::from_seed(&[3; 32]).public();
        [SignatureType::Ed25519, SignatureType::Cosignature]
            .map(|signature_type| VerifierKey::new(name("ring.example/log"), signature_type, key))
    }

    #[test]
    fn names() {
        assert!(KeyName::new("a").is_ok());
        assert!(KeyName::new("ring.example/größe/日本").is_ok());
        assert!(KeyName::new(&"a".repeat(255)).is_ok());
        assert_eq!(KeyName::new(""), Err(NameError::Empty));
        assert_eq!(KeyName::new(&"ä".repeat(128)), Err(NameError::TooLong(256)));
        for c in ['+', ' ', '\t', '\n', '\r', '\u{a0}', '\u{2003}', '\u{3000}', '\u{1b}', '\u{9b}']
        {
            assert_eq!(KeyName::new(&format!("a{c}b")), Err(NameError::Character(c)));
        }
    }

    #[test]
    fn keys_read_back() {
        for key in keys() {
            assert_eq!(VerifierKey::parse(&key.to_string()), Ok(key));
        }
        let [log, witness] = keys();
        assert_ne!(log.id(), witness.id(), "one key under one name has an id for each type");
    }

    #[test]
    fn every_proper_part_of_a_key_is_refused() {
        for text in keys().map(|key| key.to_string()) {
            for from in 0..text.len() {
                for to in from..=text.len() {
                    let part = &text[from..to];
                    assert_eq!(VerifierKey::parse(part).is_ok(), part == text, "{part}");
                }
            }
        }
    }

    #[test]
    fn every_byte_counts() {
        for text in keys().map(|key| key.to_string()) {
            for at in 0..text.len() {
                for change in [1_u8, 0x20, 0xff] {
                    let mut bytes = text.clone().into_bytes();
                    bytes[at] = bytes[at].wrapping_add(change);
                    // Bytes that are no UTF-8 do not even get this far.
                    if let Ok(changed) = String::from_utf8(bytes) {
                        assert!(VerifierKey::parse(&changed).is_err(), "{changed}");
                    }
                }
            }
        }
    }

    #[test]
    fn other_ways_to_write_a_key_are_refused() {
        let text = keys()[0].to_string();
        let (name, rest) = text.split_once('+').unwrap();
        let (id, key) = rest.split_once('+').unwrap();
        for other in [
            format!("{name}+{}+{key}", id.to_uppercase()),
            format!("{name}++{}+{key}", &id[1..]),
            format!("{name}+0{id}+{key}"),
            format!("{name}+{id}+{key}="),
            format!("{name}+{id}+{key}\n"),
            format!(" {text}"),
            format!("+{id}+{key}"),
        ] {
            assert!(VerifierKey::parse(&other).is_err(), "{other}");
        }
    }

    #[test]
    fn unusable_keys_say_why() {
        let vkey = |bytes: &[u8]| format!("n+00000000+{}", STANDARD.encode(bytes));
        let parse = |bytes: &[u8]| VerifierKey::parse(&vkey(bytes));
        assert_eq!(parse(&[6; 1313]), Err(VerifierKeyError::UnsupportedType(6)));
        assert_eq!(parse(&[0xff, 1]), Err(VerifierKeyError::UnsupportedType(0xff)));
        assert_eq!(parse(&[]), Err(VerifierKeyError::Malformed));
        assert_eq!(parse(&[1; 32]), Err(VerifierKeyError::KeyLength(31)));
        assert_eq!(parse(&[4; 34]), Err(VerifierKeyError::KeyLength(33)));
        let mut small_order = [0; 33];
        (small_order[0], small_order[1]) = (1, 1);
        assert_eq!(parse(&small_order), Err(VerifierKeyError::Key(KeyRefused::SmallOrder)));
    }
}
