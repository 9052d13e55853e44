//! JSON objects that are objects.
//!
//! serde reads a struct from an array of its values, too, so `["treering.card/1", "4c1f…"]` would pass
//! for a card that no other program reads as one. What is read here has one form.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};

/// Reads a file that holds one JSON object. Fields unknown, missing or twice are the type's to refuse.
pub fn read_object<T: DeserializeOwned>(json: &[u8]) -> Result<T, serde_json::Error> {
    serde_json::from_slice(json).map(|Object(value)| value)
}

/// A value that stands there as an object, never as an array.
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Object<T>, D::Error> {
        deserializer.deserialize_map(OnlyMap(PhantomData))
    }
}

struct OnlyMap<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for OnlyMap<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Pair {
        name: String,
        size: u64,
    }

    #[test]
    fn an_object_is_read_and_an_array_refused() {
        let pair: Pair = read_object(br#"{"size": 3, "name": "a"}"#).unwrap();
        assert_eq!((pair.name.as_str(), pair.size), ("a", 3));
        for wrong in [
            r#"["a", 3]"#,
            r#"{"name": "a"}"#,
            r#"{"name": "a", "size": 3, "size": 3}"#,
            r#"{"name": "a", "size": 3, "more": 1}"#,
            r#"{"name": "a", "size": 3} {}"#,
        ] {
            assert!(read_object::<Pair>(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
