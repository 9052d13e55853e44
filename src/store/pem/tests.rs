use pkcs8::PrivateKeyInfoRef;

use super::*;

fn secret() -> SecretKey {
    SecretKey::from_seed(&[7; 32])
}

fn passphrase(text: &str) -> Passphrase {
    Passphrase::new(text.into()).unwrap()
}

fn counting() -> impl FnMut(&mut [u8]) {
    let mut next = 0_u8;
    move |bytes| {
        for byte in bytes {
            *byte = next;
            next += 1;
        }
    }
}

fn encrypted() -> String {
    let passphrase = passphrase("ring by ring");
    print(&secret(), Protection::Passphrase(&passphrase), &mut counting()).to_string()
}

fn open(text: &str, with: Option<&str>) -> Result<[u8; 32], PemError> {
    let with = with.map(passphrase);
    Ok(*KeyText::parse(text.as_bytes())?.open(with.as_ref())?.seed())
}

fn encrypted_der() -> Vec<u8> {
    pkcs8::Document::from_pem(&encrypted()).unwrap().1.into_vec()
}

/// An encrypted key with some bytes of its DER changed.
fn changed(mut der: Vec<u8>, change: impl FnOnce(&mut [u8])) -> String {
    change(&mut der);
    let document = pkcs8::Document::try_from(der).unwrap();
    document.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).unwrap()
}

#[test]
fn plain_is_version_1_of_48_bytes() {
    let text = print(&secret(), Protection::None, &mut |_| panic!("needs no chance"));
    let (_, document) = SecretDocument::from_pem(&text).unwrap();
    assert_eq!(document.as_bytes(), [&V1_HEAD[..], &[7; 32]].concat());
    assert_eq!(open(&text, None), Ok([7; 32]));
    assert!(!KeyText::parse(text.as_bytes()).unwrap().is_encrypted());
}

#[test]
fn encrypted_opens_with_its_passphrase_only() {
    let text = encrypted();
    assert_eq!(open(&text, Some("ring by ring")), Ok([7; 32]));
    assert_eq!(open(&text, Some("ring")), Err(PemError::WrongPassphrase));
    assert_eq!(open(&text, None), Err(PemError::NeedsPassphrase));
    assert!(Passphrase::new(String::new()).is_none());
}

#[test]
fn damage_is_told_from_a_wrong_passphrase() {
    let der = encrypted_der();
    let flipped = |block: usize| {
        changed(der.clone(), |der| {
            let data = der.len() - 64;
            der[data + BLOCK * block] ^= 1;
        })
    };
    for block in [0, 2, 3] {
        let text = flipped(block);
        assert_eq!(open(&text, Some("ring by ring")), Err(PemError::Damaged), "block {block}");
        assert_eq!(open(&text, Some("wrong")), Err(PemError::WrongPassphrase), "block {block}");
    }
    // Damage within the seed alone gives another key: that is why the public half stands beside.
    assert!(open(&flipped(1), Some("ring by ring")).is_ok_and(|seed| seed != [7; 32]));
    // A changed salt gives another cipher key, which looks like a slip of memory.
    let text = changed(der.clone(), |der| {
        let salt = der.windows(3).position(|three| three == [0, 1, 2]).unwrap();
        der[salt] ^= 1;
    });
    assert_eq!(open(&text, Some("ring by ring")), Err(PemError::WrongPassphrase));
}

#[test]
fn a_hostile_cost_is_refused_before_it_is_paid() {
    // INTEGER N, INTEGER r, INTEGER p; each change keeps the length.
    let ours = *b"\x02\x02\x40\x00\x02\x01\x08\x02\x01\x05";
    let der = encrypted_der();
    let at = der.windows(ours.len()).position(|found| found == ours).unwrap();
    for (n, r, p, why) in [
        (0x4000_u16, 0x7f, 5, PemError::Expensive("too much time")),
        (0x4000, 8, 0x7f, PemError::Expensive("too much time")),
        (0x4001, 8, 5, PemError::Damaged),
        (0x4000, 0, 5, PemError::Damaged),
        (0x4000, 8, 0, PemError::Damaged),
    ] {
        let text = changed(der.clone(), |der| {
            der[at + 2..at + 4].copy_from_slice(&n.to_be_bytes());
            (der[at + 6], der[at + 9]) = (r, p);
        });
        assert_eq!(KeyText::parse(text.as_bytes()).unwrap_err(), why, "{n} {r} {p}");
    }
}

#[test]
fn scrypt_with_a_huge_n_is_refused() {
    for log_n in [22_u32, 40, 63] {
        let kdf = Kdf::Scrypt(ScryptParams {
            salt: Salt::new([0; 16]).unwrap(),
            cost_parameter: 1 << log_n,
            block_size: 8,
            parallelization: 1,
            key_length: None,
        });
        let parameters =
            Parameters { kdf, encryption: EncryptionScheme::Aes256Cbc { iv: [0; 16] } };
        let info = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: parameters.into(),
            encrypted_data: OctetStringRef::new(&[0; 64]).unwrap(),
        };
        let document = SecretDocument::try_from(info).unwrap();
        let text = document.to_pem("ENCRYPTED PRIVATE KEY", LineEnding::LF).unwrap();
        let refused = KeyText::parse(text.as_bytes()).unwrap_err();
        assert_eq!(refused, PemError::Expensive("too much memory"), "2^{log_n}");
    }
}

#[test]
fn other_texts_are_named() {
    let long = "x".repeat(KEY_FILE_BYTES_MAX + 1);
    for (text, why) in [
        ("", PemError::NotAKey),
        (long.as_str(), PemError::TooLong),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", PemError::NotAKey),
        ("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", PemError::Damaged),
    ] {
        assert_eq!(open(text, None), Err(why), "{:.40}", text);
    }
}

#[test]
fn version_2_is_read_if_its_public_key_fits() {
    let v2 = |public: &[u8]| {
        let inner = [&[0x04, 0x20][..], &[7; 32]].concat();
        let info: PrivateKeyInfoRef<'_> = PrivateKeyInfo {
            algorithm: AlgorithmIdentifierRef { oid: ED25519, parameters: None },
            private_key: OctetStringRef::new(&inner).unwrap(),
            public_key: Some(BitStringRef::from_bytes(public).unwrap()),
        };
        let document = SecretDocument::try_from(info).unwrap();
        document.to_pem("PRIVATE KEY", LineEnding::LF).unwrap().to_string()
    };
    assert_eq!(open(&v2(secret().public().as_bytes()), None), Ok([7; 32]));
    assert_eq!(open(&v2(&[1; 32]), None), Err(PemError::OtherPublicKey));
}

#[test]
fn no_damage_makes_it_panic() {
    // Seeded and small, so that a failure repeats: xorshift over positions and bytes.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let der = encrypted_der();
    for _ in 0..3_000 {
        let text = changed(der.clone(), |der| {
            for _ in 0..1 + next() % 3 {
                // The first byte stays, or there is no document to wrap.
                let at = 4 + next() as usize % (der.len() - 4);
                der[at] = next() as u8;
            }
        });
        // Parsing decides about the cost; opening each would take minutes.
        let _ = KeyText::parse(text.as_bytes());
    }
}
