//! From the bytes of a key file to its key: what a try may cost, and why it fails.

use pkcs8::pkcs5::EncryptionScheme as Scheme;
use pkcs8::pkcs5::pbes2::{EncryptionScheme, Kdf, Parameters};
use pkcs8::{EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use super::{
    BCRYPT_ROUNDS_MAX, BLOCK, ED25519, PBKDF2_ROUNDS_MAX, Passphrase, PemError, SCRYPT_BYTES_MAX,
    SCRYPT_WORK_MAX, V1_HEAD,
};
use crate::tlog::ed25519::SecretKey;

pub(super) fn encrypted_info(
    document: &SecretDocument,
) -> Result<EncryptedPrivateKeyInfoRef<'_>, PemError> {
    // Unknown ciphers and damage both fail here; damage is the rarer of the two.
    EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| PemError::OtherEncryption)
}

/// Refuses what would take long or much memory, before anything is derived.
pub(super) fn check_cost(info: &EncryptedPrivateKeyInfoRef<'_>) -> Result<(), PemError> {
    let Scheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(PemError::OtherEncryption);
    };
    match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            let (n, r, p) = (
                scrypt.cost_parameter,
                u64::from(scrypt.block_size),
                u64::from(scrypt.parallelization),
            );
            if n < 2 || !n.is_power_of_two() || r == 0 || p == 0 {
                return Err(PemError::Damaged);
            }
            let work = n.checked_mul(r).filter(|nr| *nr <= SCRYPT_BYTES_MAX / 128);
            if work.is_none() {
                return Err(PemError::Expensive("too much memory"));
            }
            match work.and_then(|nr| nr.checked_mul(p)) {
                Some(work) if work <= SCRYPT_WORK_MAX => Ok(()),
                _ => Err(PemError::Expensive("too much time")),
            }
        }
        Kdf::Pbkdf2(pbkdf2) if pbkdf2.iteration_count > PBKDF2_ROUNDS_MAX => {
            Err(PemError::Expensive("too much time"))
        }
        Kdf::Pbkdf2(_) => Ok(()),
        _ => Err(PemError::OtherEncryption),
    }
}

pub(super) fn check_openssh_cost(key: &ssh_key::PrivateKey) -> Result<(), PemError> {
    match key.kdf() {
        ssh_key::Kdf::Bcrypt { rounds, .. } if *rounds > BCRYPT_ROUNDS_MAX => {
            Err(PemError::Expensive("too much time"))
        }
        ssh_key::Kdf::Bcrypt { .. } | ssh_key::Kdf::None => Ok(()),
        _ => Err(PemError::OtherEncryption),
    }
}

pub(super) fn open_encrypted(
    document: &SecretDocument,
    passphrase: &Passphrase,
) -> Result<SecretKey, PemError> {
    use pkcs8::pkcs5::Error as Pkcs5;
    let info = encrypted_info(document)?;
    let Scheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(PemError::OtherEncryption);
    };
    let data = info.encrypted_data.as_bytes();
    let plain = match parameters.decrypt(passphrase.bytes(), data).map(Zeroizing::new) {
        Ok(plain) => plain,
        Err(Pkcs5::DecryptFailed) => return Err(explain(parameters, data, passphrase)),
        Err(_) => return Err(PemError::OtherEncryption),
    };
    match secret_of(&plain) {
        // The last block of version 1 is all padding, sixteen times 10: a wrong passphrase gives that
        // once in 2^128. So here the passphrase was right.
        Err(PemError::Damaged) if plain.len() == V1_HEAD.len() + 32 => Err(PemError::Damaged),
        Err(PemError::Damaged) => Err(explain(parameters, data, passphrase)),
        other => other,
    }
}

/// Tells a wrong passphrase from damage, as far as CBC allows, which has no check of its own.
///
/// ```text
/// P1 = D(C1) xor IV             should be the fixed head H of version 1
/// IV' = IV xor H xor 10…10  →   D(C1) xor IV' = 10…10, a block of nothing but padding
/// ```
///
/// So the first block alone, under IV', decrypts to nothing if and only if the passphrase is right
/// (and that block whole); then the damage is elsewhere.
fn explain(parameters: &Parameters, data: &[u8], passphrase: &Passphrase) -> PemError {
    let Some(first) = data.get(..BLOCK) else {
        return PemError::Damaged;
    };
    let shifted = |iv: [u8; BLOCK]| std::array::from_fn(|i| iv[i] ^ V1_HEAD[i] ^ BLOCK as u8);
    let encryption = match parameters.encryption {
        EncryptionScheme::Aes128Cbc { iv } => EncryptionScheme::Aes128Cbc { iv: shifted(iv) },
        EncryptionScheme::Aes192Cbc { iv } => EncryptionScheme::Aes192Cbc { iv: shifted(iv) },
        EncryptionScheme::Aes256Cbc { iv } => EncryptionScheme::Aes256Cbc { iv: shifted(iv) },
        // GCM has a check of its own, which does not tell the two apart.
        _ => return PemError::WrongPassphrase,
    };
    let probe = Parameters { encryption, kdf: parameters.kdf.clone() };
    match probe.decrypt(passphrase.bytes(), first) {
        Ok(nothing) if nothing.is_empty() => PemError::Damaged,
        _ => PemError::WrongPassphrase,
    }
}

/// PrivateKeyInfo of version 1 or 2 (RFC 5958 section 2, RFC 8410 section 7).
pub(super) fn secret_of(der: &[u8]) -> Result<SecretKey, PemError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| PemError::Damaged)?;
    if info.algorithm.oid != ED25519 || info.algorithm.parameters.is_some() {
        return Err(PemError::NotEd25519);
    }
    let seed = match info.private_key.as_bytes() {
        [0x04, 0x20, seed @ ..] => seed.try_into().map_err(|_| PemError::Damaged)?,
        _ => return Err(PemError::Damaged),
    };
    let secret = SecretKey::from_seed(seed);
    match info.public_key {
        Some(public) if public.as_bytes() != Some(&secret.public().as_bytes()[..]) => {
            Err(PemError::OtherPublicKey)
        }
        _ => Ok(secret),
    }
}

pub(super) fn open_openssh(
    key: &ssh_key::PrivateKey,
    passphrase: Option<&Passphrase>,
) -> Result<SecretKey, PemError> {
    let opened;
    let key = match key.is_encrypted() {
        false => key,
        true => {
            let passphrase = passphrase.ok_or(PemError::NeedsPassphrase)?;
            let decrypted = key.decrypt(passphrase.bytes());
            opened = decrypted.map_err(|_| PemError::WrongPassphrase)?;
            &opened
        }
    };
    let pair = key.key_data().ed25519().ok_or(PemError::NotEd25519)?;
    let secret = SecretKey::from_seed(&Zeroizing::new(pair.private.to_bytes()));
    match secret.public().as_bytes() == &pair.public.0 {
        true => Ok(secret),
        false => Err(PemError::OtherPublicKey),
    }
}
