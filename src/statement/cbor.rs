//! Deterministic CBOR: one value, one byte string.
//!
//! RFC 8949 section 4.2.1 (shortest heads, definite lengths, map keys in bytewise order of their
//! encoding), and a profile on top: 64-bit signed integers, byte strings, UTF-8 text, arrays, maps
//! and booleans only; no floats, tags, null or undefined; each map uses only text keys or only
//! non-negative integer keys; at most [`MAX_DEPTH`] levels.
//!
//! The codec below is `serde_cbor`, whose decoder is lenient and whose typed encoder does not sort.
//! Nothing else in treering calls it. Both are tamed here by going through [`Value`], whose maps
//! are sorted rightly, and by printing back what was read:
//!
//! ```text
//! encode(t) = to_vec(check_profile(to_value(t)))
//! decode(b) : |b| ≤ ceiling; v = from_slice(b); check_profile(v); to_vec(v) = b    else not canonical
//!             t = from_value(v); encode(t) = b                                     else not of this shape
//! ```
//!
//! Both comparisons are needed: the first catches long heads, indefinite items, unsorted or
//! repeated keys and tags; the second catches ignored fields, defaults and structs written as arrays.

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

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
    to_value(value).map(|value| print(&value))
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
    from_value(decode_value(bytes, ceiling)?, bytes)
}

/// Reads canonical bytes of at most `ceiling` bytes as a tree of values.
pub fn decode_value(bytes: &[u8], ceiling: usize) -> Result<Value, DecodeError> {
    if bytes.len() > ceiling {
        return Err(DecodeError::TooLong { length: bytes.len(), ceiling });
    }
    let value: Value = serde_cbor::from_slice(bytes).map_err(|_| DecodeError::Malformed)?;
    check_profile(&value, MAX_DEPTH)?;
    if print(&value) != bytes {
        return Err(DecodeError::NotCanonical);
    }
    Ok(value)
}

/// Gives a value its type; `bytes` is the value's canonical encoding, which the typed value must
/// print back.
pub fn from_value<T>(value: Value, bytes: &[u8]) -> Result<T, DecodeError>
where
    T: Serialize + DeserializeOwned,
{
    let typed: T = serde_cbor::value::from_value(value).map_err(shape)?;
    if try_encode(&typed)? != bytes {
        return Err(DecodeError::Shape("unknown or superfluous fields".into()));
    }
    Ok(typed)
}

fn shape(error: serde_cbor::Error) -> DecodeError {
    DecodeError::Shape(error.to_string())
}

fn print(value: &Value) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("cbor: writing to memory does not fail")
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
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
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
}
