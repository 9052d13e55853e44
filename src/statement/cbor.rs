//! Deterministic CBOR: one value, one byte string.
//!
//! RFC 8949 section 4.2.1 (shortest heads, definite lengths, map keys in bytewise order of their
//! encoding), and a profile on top: 64-bit signed integers, byte strings, UTF-8 text, arrays, maps
//! and booleans only; no floats, tags, null or undefined; each map uses only text keys or only
//! non-negative integer keys; at most [`MAX_DEPTH`] levels.
//!
//! The codec below is `serde_cbor`, whose decoder is lenient and whose typed encoder does not sort.
//! Nothing else in treering calls it. It is tamed here by writing through [`Value`], whose maps are
//! sorted rightly, and by printing back what was read:
//!
//! ```text
//! encode(t) = to_vec(check_profile(to_value(t)))
//! decode(b) : |b| ≤ ceiling; v = from_slice(b); check_profile(v); keys of v ascend; print(v) = b
//!                                                     else not canonical
//!             t = from_item(v); to_value(t) = v, so encode(t) = b     else not of this shape
//! ```
//!
//! Both comparisons are needed: the first catches long heads, indefinite items, unsorted or
//! repeated keys and tags; the second catches ignored fields, defaults and structs written as arrays.
//!
//! ```text
//! item    v as it was read: a tree that borrows from the bytes
//! typed   from_item: a type read from the tree
//! same    to_value(t) = v, without making to_value(t)
//! ```

mod item;
mod same;
mod typed;

use same::same;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

pub use item::Item;
pub use serde_cbor::Value;

/// Nesting allowed: deeper than any kind of statement needs, shallow enough for any reader's stack.
pub const MAX_DEPTH: usize = 16;

/// Why bytes were not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// More bytes than a value of this kind may have.
    #[error("{length} bytes are more than the {ceiling} allowed")]
    TooLong {
        /// Bytes offered.
        length: usize,
        /// Bytes allowed.
        ceiling: usize,
    },
    /// Not CBOR at all, or cut short, or followed by more bytes.
    #[error("not one whole CBOR item")]
    Malformed,
    /// CBOR, but with a feature outside the profile.
    #[error("{0}")]
    Profile(#[from] ProfileError),
    /// The same value has another, canonical encoding.
    #[error("not the canonical encoding of its value")]
    NotCanonical,
    /// Canonical, but not of the expected shape: a field missing, unknown or of the wrong type.
    #[error("not of the expected shape: {0}")]
    Shape(String),
}

/// What a value holds that the profile does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// A float, null, undefined or tag.
    #[error("holds a float, a null or a tag, which the profile does not allow")]
    Type,
    /// An integer outside −2^63 … 2^63−1.
    #[error("holds an integer beyond 64 bits")]
    IntegerRange,
    /// Map keys that are neither all text nor all non-negative integers.
    #[error("holds a map whose keys are neither all text nor all non-negative integers")]
    MapKeys,
    /// Deeper than [`MAX_DEPTH`].
    #[error("is nested deeper than {MAX_DEPTH} levels")]
    Depth,
}

/// The canonical bytes of a value.
///
/// # Panics
/// If the value is outside the profile. Callers encode their own types, which are inside it by
/// construction; a panic here is a bug in such a type, not bad input.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    try_encode(value).expect("cbor: our own type left the profile")
}

/// [`encode`], for values that hold what a person or file supplied.
pub fn try_encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, DecodeError> {
    let value = to_value(value)?;
    Ok(serde_cbor::to_vec(&value).expect("cbor: writing to memory does not fail"))
}

/// A value as a tree of values inside the profile, for taking apart or putting together.
pub fn to_value<T: Serialize + ?Sized>(value: &T) -> Result<Value, DecodeError> {
    let value = serde_cbor::value::to_value(value).map_err(shape)?;
    check_profile(&value, MAX_DEPTH)?;
    Ok(value)
}

/// Reads canonical bytes of at most `ceiling` bytes as `T`; any other spelling is refused.
pub fn decode<T>(bytes: &[u8], ceiling: usize) -> Result<T, DecodeError>
where
    T: Serialize + DeserializeOwned,
{
    from_item(&decode_item(bytes, ceiling)?)
}

/// Reads canonical bytes of at most `ceiling` bytes as an item that borrows from them.
pub fn decode_item(bytes: &[u8], ceiling: usize) -> Result<Item<'_>, DecodeError> {
    if bytes.len() > ceiling {
        return Err(DecodeError::TooLong { length: bytes.len(), ceiling });
    }
    Item::read(bytes)
}

/// Reads canonical bytes of at most `ceiling` bytes as a value of its own.
pub fn decode_value(bytes: &[u8], ceiling: usize) -> Result<Value, DecodeError> {
    typed::read(&decode_item(bytes, ceiling)?).map_err(shape)
}

/// Gives an item its type. What the type says must be all that the item says.
pub fn from_item<T>(item: &Item<'_>) -> Result<T, DecodeError>
where
    T: Serialize + DeserializeOwned,
{
    let typed: T = typed::read(item).map_err(shape)?;
    if !same(&typed, item) {
        return Err(DecodeError::Shape("unknown or superfluous fields".into()));
    }
    Ok(typed)
}

fn shape(error: serde_cbor::Error) -> DecodeError {
    DecodeError::Shape(error.to_string())
}

fn check_profile(value: &Value, depth_left: usize) -> Result<(), ProfileError> {
    let deeper = depth_left.checked_sub(1).ok_or(ProfileError::Depth)?;
    match value {
        Value::Bool(_) | Value::Bytes(_) | Value::Text(_) => Ok(()),
        Value::Integer(n) if i64::try_from(*n).is_ok() => Ok(()),
        Value::Integer(_) => Err(ProfileError::IntegerRange),
        Value::Array(items) => items.iter().try_for_each(|item| check_profile(item, deeper)),
        Value::Map(entries) => {
            let text = entries.keys().all(|key| matches!(key, Value::Text(_)));
            let numbers = entries.keys().all(|key| matches!(key, Value::Integer(0..)));
            if !text && !numbers {
                return Err(ProfileError::MapKeys);
            }
            for (key, item) in entries {
                check_profile(key, deeper)?;
                check_profile(item, deeper)?;
            }
            Ok(())
        }
        _ => Err(ProfileError::Type),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    struct Pair {
        aa: u64,
        b: String,
    }

    const CEILING: usize = 1_000;

    #[test]
    fn keys_are_sorted_by_their_encoding() {
        let bytes = encode(&Pair { aa: 1, b: "x".into() });
        // "b" is shorter than "aa", so it comes first.
        assert_eq!(bytes, b"\xa2\x61b\x61x\x62aa\x01");
        assert_eq!(decode::<Pair>(&bytes, CEILING), Ok(Pair { aa: 1, b: "x".into() }));
    }

    #[test]
    fn every_other_spelling_is_refused() {
        use DecodeError::*;
        for (bytes, why) in [
            (&b"\xa2\x62aa\x01\x61b\x61x"[..], NotCanonical), // unsorted keys
            (b"\xa2\x61b\x61x\x62aa\x18\x01", NotCanonical),  // long integer
            (b"\xa2\x61b\x78\x01x\x62aa\x01", NotCanonical),  // long length
            (b"\xbf\x61b\x61x\x62aa\x01\xff", NotCanonical),  // indefinite map
            (b"\xa3\x61b\x61x\x61b\x61x\x62aa\x01", NotCanonical), // key twice
            (b"\xc1\xa2\x61b\x61x\x62aa\x01", NotCanonical),  // a tag
            (b"\xa2\x61b\x61x\x62aa\x01\x00", Malformed),     // trailing byte
            (b"\xa2\x61b\x61x\x62aa", Malformed),             // cut short
            (b"\xa2\x61b\x61x\x62aa\xf6", Profile(ProfileError::Type)), // null
            (b"\xa2\x61b\x61x\x62aa\xf9\x3c\x00", Profile(ProfileError::Type)), // 1.0
            (
                b"\xa2\x61b\x61x\x62aa\x1b\xff\xff\xff\xff\xff\xff\xff\xff",
                Profile(ProfileError::IntegerRange),
            ),
            (b"\xa2\x01\x61x\x62aa\x01", Profile(ProfileError::MapKeys)),
        ] {
            assert_eq!(decode::<Pair>(bytes, CEILING), Err(why), "{bytes:02x?}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for bytes in [
            &b"\x82\x01\x61x"[..],                // the struct as an array
            b"\xa3\x61b\x61x\x61c\x01\x62aa\x01", // a field more
            b"\xa1\x61b\x61x",                    // a field less
            b"\xa2\x61b\x41x\x62aa\x01",          // bytes for text
        ] {
            let refusal = decode::<Pair>(bytes, CEILING);
            assert!(matches!(refusal, Err(DecodeError::Shape(_))), "{bytes:02x?}: {refusal:?}");
        }
    }

    #[test]
    fn depth_and_length_have_ceilings() {
        let mut nested = vec![0x81; MAX_DEPTH - 1];
        nested.push(0x00);
        assert!(decode_value(&nested, CEILING).is_ok());
        nested.insert(0, 0x81);
        assert_eq!(decode_value(&nested, CEILING), Err(DecodeError::Profile(ProfileError::Depth)));
        assert_eq!(
            decode_value(&nested, 3),
            Err(DecodeError::TooLong { length: MAX_DEPTH + 1, ceiling: 3 })
        );
        let bottomless = vec![0x81; 100_000];
        assert_eq!(decode_value(&bottomless, 1 << 20), Err(DecodeError::Malformed));
    }

    /// Everything that types in statements are made of.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        flag: bool,
        list: Vec<i64>,
        word: Word,
        media: BTreeMap<String, u8>,
        digest: serde_bytes::ByteBuf,
        numbered: BTreeMap<u16, (i8, String)>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pair: Option<Pair>,
        #[serde(default)]
        defaulted: u64,
    }

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        Public,
        Sealed,
    }

    prop_compose! {
        fn sample()(
            (flag, word) in (any::<bool>(), prop_oneof![Just(Word::Public), Just(Word::Sealed)]),
            list in prop::collection::vec(any::<i64>(), 0..3),
            media in prop::collection::btree_map("[a-c]{0,3}", any::<u8>(), 0..4),
            digest in prop::collection::vec(any::<u8>(), 0..3),
            numbered in prop::collection::btree_map(0..300_u16, (any::<i8>(), "[a-c]{0,2}"), 0..3),
            pair in prop::option::of((0..30_u64, "[a-c]{0,2}")),
            defaulted in 0..2_u64,
        ) -> Sample {
            let (digest, pair) = (digest.into(), pair.map(|(aa, b)| Pair { aa, b }));
            Sample { flag, list, word, media, digest, numbered, pair, defaulted }
        }
    }

    /// The rule with nothing saved: every value printed whole, and compared.
    fn by_the_rule<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
        let value: Value = serde_cbor::from_slice(bytes).ok()?;
        check_profile(&value, MAX_DEPTH).ok()?;
        let typed: T = serde_cbor::from_slice(bytes).ok()?;
        let twice = [serde_cbor::to_vec(&value).ok()?, try_encode(&typed).ok()?];
        twice.iter().all(|printed| printed == bytes).then_some(typed)
    }

    proptest! {
        #[test]
        fn what_is_encoded_decodes(sample in sample()) {
            let bytes = encode(&sample);
            prop_assert_eq!(by_the_rule(&bytes), Some(sample.clone()));
            prop_assert_eq!(decode::<Sample>(&bytes, CEILING), Ok(sample));
            prop_assert_eq!(encode(&decode_value(&bytes, CEILING).unwrap()), bytes);
        }

        #[test]
        fn a_type_is_taken_by_the_rule_and_no_other(
            sample in sample(),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = encode(&sample);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            prop_assert_eq!(decode::<Sample>(&bytes, CEILING).ok(), by_the_rule(&bytes));
        }

        #[test]
        fn one_type_is_not_taken_for_another(
            bytes in sample().prop_map(|sample| encode(&to_value(&sample).unwrap())),
            field in 0..9_usize,
            other in prop_oneof![
                any::<i64>().prop_map(|n| Value::Integer(n.into())),
                "[a-c]{0,2}|sealed".prop_map(Value::Text),
                Just(Value::Bool(true)),
                Just(Value::Array(vec![Value::Integer(1), Value::Text("b".into())])),
                Just(Value::Map(BTreeMap::from([(Value::Integer(7), Value::Bool(true))]))),
                Just(Value::Bytes(b"a".to_vec())),
            ],
        ) {
            let Ok(Value::Map(mut fields)) = decode_value(&bytes, CEILING) else { unreachable!() };
            let name = fields.keys().nth(field).cloned();
            fields.insert(name.unwrap_or(Value::Text("more".into())), other);
            let bytes = encode(&fields);
            prop_assert_eq!(decode::<Sample>(&bytes, CEILING).ok(), by_the_rule(&bytes));
        }
    }
}
