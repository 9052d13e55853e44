//! A secret key as text: PKCS#8 version 1 in PEM, which OpenSSL, Node and WebCrypto all read.
//!
//! ```text
//! -----BEGIN PRIVATE KEY-----                     without a passphrase: 48 bytes of DER,
//! MC4CAQAwBQYDK2VwBCIEI…                          30 2E 02 01 00 30 05 06 03 2B 65 70 04 22 04 20
//! -----END PRIVATE KEY-----                       and the 32-byte seed (RFC 8410 section 7)
//!
//! -----BEGIN ENCRYPTED PRIVATE KEY-----           with one: PBES2 (RFC 8018 section 6.2),
//! MIGqMFUGCSqGSIb3DQEFDTBIMCcGCSsGAQQB2kcECzAa…   scrypt (RFC 7914) and AES-256-CBC
//! -----END ENCRYPTED PRIVATE KEY-----
//! ```
//!
//! Version 2 of PKCS#8 adds the public key and is refused by OpenSSL 3.0, so it is read on import
//! but never written. OpenSSH's own format is read on import.

use pkcs8::der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters, Salt, ScryptParams};
use pkcs8::{
    AlgorithmIdentifierRef, EncryptedPrivateKeyInfoRef, LineEnding, ObjectIdentifier,
    PrivateKeyInfo, SecretDocument, SubjectPublicKeyInfoRef,
};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::tlog::ed25519::{PublicKey, SecretKey};

mod opening;

use opening::{
    check_cost, check_openssh_cost, encrypted_info, open_encrypted, open_openssh, secret_of,
};

/// Longest key file that is read. An encrypted Ed25519 key has some 400 bytes; the rest is room for
/// comments around a key that is imported.
pub const KEY_FILE_BYTES_MAX: usize = 16_384;

/// Ed25519 (RFC 8410 section 3).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// What stands before the seed in the 48 bytes of version 1.
const V1_HEAD: [u8; BLOCK] = *b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";

/// Bytes of an AES block.
const BLOCK: usize = 16;

/// The cost of guessing a passphrase of ours: N = 2^14, r = 8, p = 5, a quarter of a second. OpenSSL
/// gives scrypt 32 MiB at most, which caps N at 2^14; p makes up for it. OWASP's password storage
/// sheet counts this equal to N = 2^17 with p = 1.
const SCRYPT_N: u64 = 1 << 14;
const SCRYPT_R: u16 = 8;
const SCRYPT_P: u16 = 5;

/// Memory that a key file may ask for: 128·N·r bytes. Twice OWASP's dearest advice.
const SCRYPT_BYTES_MAX: u64 = 256 << 20;
/// Work that a key file may ask for: N·r·p. Eight times ours, some two seconds.
const SCRYPT_WORK_MAX: u64 = 8 * SCRYPT_N * SCRYPT_R as u64 * SCRYPT_P as u64;
/// PBKDF2 rounds that a key file may ask for; OWASP advises 600,000. Some ten seconds.
const PBKDF2_ROUNDS_MAX: u32 = 10_000_000;
/// bcrypt rounds that an OpenSSH key may ask for; ssh-keygen takes 24. Some ten seconds.
const BCRYPT_ROUNDS_MAX: u32 = 1_000;

/// A passphrase; its bytes are wiped when it is dropped.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// A passphrase as typed. An empty one is none: leave it out instead.
    pub fn new(text: String) -> Option<Passphrase> {
        let text = Zeroizing::new(text);
        (!text.is_empty()).then_some(Passphrase(text))
    }

    /// Whether the same was typed twice.
    pub fn is_same(&self, other: &Passphrase) -> bool {
        self.0 == other.0
    }

    fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Passphrase(…)")
    }
}

/// Why a text gives no key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PemError {
    /// Neither PKCS#8 nor OpenSSH in PEM.
    #[error("it is not a private key in PEM (PKCS#8 or OpenSSH)")]
    NotAKey,
    /// More bytes than a key file has.
    #[error("it has more than {KEY_FILE_BYTES_MAX} bytes")]
    TooLong,
    /// A key of another kind.
    #[error("it is not an Ed25519 key")]
    NotEd25519,
    /// Encrypted in a way treering does not read.
    #[error("it is encrypted in a way treering does not read: PBES2 with scrypt or PBKDF2 needed")]
    OtherEncryption,
    /// It asks for more memory or time to try a passphrase than any sound key does.
    #[error("it asks for {0} to try one passphrase, which no sound key file does")]
    Expensive(&'static str),
    /// It is encrypted and no passphrase was given.
    #[error("it is encrypted and needs its passphrase")]
    NeedsPassphrase,
    /// The passphrase does not open it. Damage to its salt looks the same.
    #[error("the passphrase does not open it")]
    WrongPassphrase,
    /// The passphrase is right, or none was needed, but the bytes are not those that were written.
    #[error("it is damaged")]
    Damaged,
    /// The public key inside is not that of the secret key.
    #[error("the public key in it belongs to another secret key")]
    OtherPublicKey,
}

/// How a key is written.
#[derive(Clone, Copy, Debug)]
pub enum Protection<'a> {
    /// Encrypted.
    Passphrase(&'a Passphrase),
    /// As it is, for machines that keep no secrets from their disk.
    None,
}

/// The text of a key file. `random` gives 16 bytes of salt, then 16 of initial vector.
pub fn print(
    secret: &SecretKey,
    protection: Protection<'_>,
    random: &mut dyn FnMut(&mut [u8]),
) -> Zeroizing<String> {
    // seed → OCTET STRING { OCTET STRING { seed } }, which PrivateKeyInfo wraps once more
    let mut inner = Zeroizing::new(vec![0x04, 0x20]);
    inner.extend_from_slice(secret.seed());
    let plain = v1_document(&inner);
    let (label, document) = match protection {
        Protection::None => ("PRIVATE KEY", plain),
        Protection::Passphrase(passphrase) => {
            let (mut salt, mut iv) = ([0; BLOCK], [0; BLOCK]);
            random(&mut salt);
            random(&mut iv);
            ("ENCRYPTED PRIVATE KEY", encrypted_document(&plain, passphrase, &salt, iv))
        }
    };
    document.to_pem(label, LineEnding::LF).expect("pem: our own key has a text")
}

fn v1_document(inner: &[u8]) -> SecretDocument {
    let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
    let key = OctetStringRef::new(inner).expect("pem: 34 bytes fit an octet string");
    let info: PrivateKeyInfo<AnyRef<'_>, &OctetStringRef, BitStringRef<'_>> =
        PrivateKeyInfo { algorithm, private_key: key, public_key: None };
    SecretDocument::try_from(info).expect("pem: our own key has an encoding")
}

fn encrypted_document(
    plain: &SecretDocument,
    passphrase: &Passphrase,
    salt: &[u8; BLOCK],
    iv: [u8; BLOCK],
) -> SecretDocument {
    let kdf = Kdf::Scrypt(ScryptParams {
        salt: Salt::new(salt).expect("pem: 16 bytes fit a salt"),
        cost_parameter: SCRYPT_N,
        block_size: SCRYPT_R,
        parallelization: SCRYPT_P,
        key_length: None,
    });
    let parameters = Parameters { kdf, encryption: EncryptionScheme::Aes256Cbc { iv } };
    let encrypted = parameters
        .encrypt(passphrase.bytes(), plain.as_bytes())
        .expect("pem: our own parameters encrypt");
    let data = OctetStringRef::new(&encrypted).expect("pem: 64 bytes fit an octet string");
    let info = EncryptedPrivateKeyInfoRef {
        encryption_algorithm: parameters.into(),
        encrypted_data: data,
    };
    SecretDocument::try_from(info).expect("pem: our own encrypted key has an encoding")
}

/// The public half as SubjectPublicKeyInfo in PEM (RFC 8410 section 4), for other programs.
pub fn print_public(key: &PublicKey) -> String {
    let info = SubjectPublicKeyInfoRef {
        algorithm: AlgorithmIdentifierRef { oid: ED25519, parameters: None },
        subject_public_key: BitStringRef::from_bytes(key.as_bytes())
            .expect("pem: 32 bytes fit a bit string"),
    };
    let document = pkcs8::Document::try_from(info).expect("pem: a public key has an encoding");
    document.to_pem("PUBLIC KEY", LineEnding::LF).expect("pem: a public key has a text")
}

/// A key file taken apart, before any passphrase is asked for. What it costs to try one has been
/// checked.
pub struct KeyText(Form);

enum Form {
    Plain(SecretDocument),
    Encrypted(SecretDocument),
    OpenSsh(Box<ssh_key::PrivateKey>),
}

impl KeyText {
    /// Reads PKCS#8 (version 1 or 2, encrypted or not) or OpenSSH's own format.
    pub fn parse(bytes: &[u8]) -> Result<KeyText, PemError> {
        if bytes.len() > KEY_FILE_BYTES_MAX {
            return Err(PemError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| PemError::NotAKey)?;
        if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
            let key = ssh_key::PrivateKey::from_openssh(text).map_err(|_| PemError::Damaged)?;
            check_openssh_cost(&key)?;
            return Ok(KeyText(Form::OpenSsh(Box::new(key))));
        }
        if !text.contains("PRIVATE KEY-----") {
            return Err(PemError::NotAKey);
        }
        let (label, document) = SecretDocument::from_pem(text).map_err(|_| PemError::Damaged)?;
        match label {
            "PRIVATE KEY" => Ok(KeyText(Form::Plain(document))),
            "ENCRYPTED PRIVATE KEY" => {
                check_cost(&encrypted_info(&document)?)?;
                Ok(KeyText(Form::Encrypted(document)))
            }
            _ => Err(PemError::NotAKey),
        }
    }

    /// Whether it is in OpenSSH's own format.
    pub fn is_openssh(&self) -> bool {
        matches!(self.0, Form::OpenSsh(_))
    }

    /// Whether opening it takes a passphrase.
    pub fn is_encrypted(&self) -> bool {
        match &self.0 {
            Form::Plain(_) => false,
            Form::Encrypted(_) => true,
            Form::OpenSsh(key) => key.is_encrypted(),
        }
    }

    /// The secret key. A passphrase for a key that is not encrypted is not looked at.
    pub fn open(&self, passphrase: Option<&Passphrase>) -> Result<SecretKey, PemError> {
        match &self.0 {
            Form::Plain(document) => secret_of(document.as_bytes()),
            Form::Encrypted(document) => {
                open_encrypted(document, passphrase.ok_or(PemError::NeedsPassphrase)?)
            }
            Form::OpenSsh(key) => open_openssh(key, passphrase),
        }
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_encrypted() { "KeyText(encrypted)" } else { "KeyText(plain)" })
    }
}

#[cfg(test)]
mod tests;
