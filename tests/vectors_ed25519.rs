//! The signature rule against published vectors: ed25519-speccheck and Wycheproof.

mod published;

use published::{hex, json};
use treering::tlog::ed25519::{KeyRefused, PublicKey, Signature};

/// What treering says of a key, message and signature, each as bytes from outside.
fn accepts(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (key.try_into(), signature.try_into()) else { return false };
    PublicKey::admit(key).is_ok_and(|key| key.check(message, &Signature(signature)).is_ok())
}

/// Each speccheck case is a way in which implementations differ.
struct SpeccheckCase {
    key: [u8; 32],
    message: Vec<u8>,
    signature: [u8; 64],
}

fn speccheck() -> Option<Vec<SpeccheckCase>> {
    let cases = json("ed25519_speccheck_cases.json")?;
    let field = |case: &serde_json::Value, name: &str| hex(case[name].as_str().unwrap());
    let cases: Vec<SpeccheckCase> = cases
        .as_array()
        .unwrap()
        .iter()
        .map(|case| SpeccheckCase {
            key: field(case, "pub_key").try_into().unwrap(),
            message: field(case, "message"),
            signature: field(case, "signature").try_into().unwrap(),
        })
        .collect();
    assert_eq!(cases.len(), 12);
    Some(cases)
}

fn which(cases: &[SpeccheckCase], passes: impl Fn(&SpeccheckCase) -> bool) -> Vec<usize> {
    (0..cases.len()).filter(|number| passes(&cases[*number])).collect()
}

/// The equation alone passes case 3, where key and R are of mixed order. Cases 6 and 7, with S not
/// reduced, would pass if any crate in the tree switched on `legacy_compatibility`.
#[test]
fn of_speccheck_the_strict_equation_passes_only_case_3() {
    let Some(cases) = speccheck() else { return };
    let passing = which(&cases, |case| {
        let signature = ed25519_dalek::Signature::from_bytes(&case.signature);
        ed25519_dalek::VerifyingKey::from_bytes(&case.key)
            .is_ok_and(|key| key.verify_strict(&case.message, &signature).is_ok())
    });
    assert_eq!(passing, [3]);
}

/// Admission then refuses case 3 for its key: implementations that multiply by the cofactor and
/// those that do not differ on such keys. The key of cases 6 and 7 is an honest one, so that there
/// the signature decides.
#[test]
fn of_speccheck_nothing_passes_with_admitted_keys() {
    let Some(cases) = speccheck() else { return };
    assert_eq!(PublicKey::admit(cases[3].key), Err(KeyRefused::Torsion));
    assert_eq!(which(&cases, |case| PublicKey::admit(case.key).is_ok()), [6, 7]);
    assert_eq!(which(&cases, |case| accepts(&case.key, &case.message, &case.signature)), [0; 0]);
}

#[test]
fn wycheproof_has_no_mismatch() {
    let Some(vectors) = json("wycheproof_ed25519_test.json") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = hex(group["publicKey"]["pk"].as_str().unwrap());
        for case in group["tests"].as_array().unwrap() {
            let (message, signature) = (&case["msg"], &case["sig"]);
            let accepted =
                accepts(&key, &hex(message.as_str().unwrap()), &hex(signature.as_str().unwrap()));
            match case["result"].as_str().unwrap() {
                "valid" => valid += 1,
                "invalid" => invalid += 1,
                other => panic!("unknown result {other}"),
            }
            assert_eq!(accepted, case["result"] == "valid", "case {}", case["tcId"]);
        }
    }
    assert!(valid >= 88 && invalid >= 63, "{valid} and {invalid} cases were run");
}
