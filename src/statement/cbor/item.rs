//! A data item as it was read: a tree that borrows text and bytes from the encoding.

use std::cell::Cell;
use std::cmp::Ordering;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{DecodeError, MAX_DEPTH, ProfileError};

/// An item inside the profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// true or false
    Bool(bool),
    /// An integer.
    Integer(i64),
    /// A byte string.
    Bytes(&'a [u8]),
    /// A text.
    Text(&'a str),
    /// An array.
    Array(Vec<Item<'a>>),
    /// A map: its keys all text or all non-negative integers, ascending in the bytewise order of
    /// their encodings.
    Map(Vec<(Item<'a>, Item<'a>)>),
}

impl<'a> Item<'a> {
    /// Reads bytes that must be the item's canonical encoding.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Item<'a>, DecodeError> {
        let faults = Faults::default();
        let mut codec = serde_cbor::Deserializer::from_slice(bytes);
        let item = Reading { faults: &faults, depth_left: MAX_DEPTH }.deserialize(&mut codec);
        let item = item.map_err(|_| DecodeError::Malformed)?;
        codec.end().map_err(|_| DecodeError::Malformed)?;
        if let Some(fault) = faults.profile.get() {
            return Err(DecodeError::Profile(fault));
        }
        if faults.other_spelling.get() || !item.prints_as(bytes) {
            return Err(DecodeError::NotCanonical);
        }
        Ok(item)
    }

    /// The canonical encoding.
    pub fn print(&self) -> Vec<u8> {
        serde_cbor::to_vec(self).expect("cbor: writing to memory does not fail")
    }

    /// print(self) = bytes, compared piece by piece as it is printed.
    fn prints_as(&self, bytes: &[u8]) -> bool {
        let mut rest = StillToPrint(bytes);
        serde_cbor::to_writer(&mut rest, self).is_ok() && rest.0.is_empty()
    }

    /// The bytewise order of the encodings of two keys that may stand in one map: heads grow with
    /// lengths and numbers.
    pub(super) fn key_order(&self, other: &Item<'_>) -> Ordering {
        match (self, other) {
            (Item::Text(a), Item::Text(b)) => a.len().cmp(&b.len()).then_with(|| a.cmp(b)),
            (Item::Integer(a), Item::Integer(b)) => a.cmp(b),
            _ => Ordering::Equal,
        }
    }
}

struct StillToPrint<'a>(&'a [u8]);

impl std::io::Write for StillToPrint<'_> {
    fn write(&mut self, printed: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.strip_prefix(printed).ok_or(std::io::ErrorKind::InvalidData)?;
        Ok(printed.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Item::Bool(truth) => serializer.serialize_bool(*truth),
            Item::Integer(number) => serializer.serialize_i64(*number),
            Item::Bytes(bytes) => serializer.serialize_bytes(bytes),
            Item::Text(text) => serializer.serialize_str(text),
            Item::Array(items) => serializer.collect_seq(items),
            Item::Map(entries) => {
                serializer.collect_map(entries.iter().map(|(key, item)| (key, item)))
            }
        }
    }
}

/// What is wrong with an item that is CBOR all the same. It is looked for while the item is read,
/// but told only when it is known that there is one whole item.
#[derive(Default)]
struct Faults {
    /// The first breach of the profile.
    profile: Cell<Option<ProfileError>>,
    /// Keys out of order or repeated, strings in pieces.
    other_spelling: Cell<bool>,
}

/// Reads one item. After a fault it goes on with any item in its place, since none will be given.
#[derive(Clone, Copy)]
struct Reading<'f> {
    faults: &'f Faults,
    depth_left: usize,
}

impl Reading<'_> {
    fn breach<'a>(self, fault: ProfileError) -> Item<'a> {
        self.faults.profile.set(self.faults.profile.get().or(Some(fault)));
        Item::Bool(false)
    }

    fn other_spelling<'a>(self) -> Item<'a> {
        self.faults.other_spelling.set(true);
        Item::Bool(false)
    }

    fn number<'a>(self, number: impl TryInto<i64>) -> Item<'a> {
        number.try_into().map_or_else(|_| self.breach(ProfileError::IntegerRange), Item::Integer)
    }

    /// For what is inside an array or map.
    fn deeper(self) -> Self {
        Reading { depth_left: self.depth_left.saturating_sub(1), ..self }
    }

    fn check_keys(self, entries: &[(Item<'_>, Item<'_>)]) {
        let mut keys = entries.iter().map(|(key, _)| key);
        let text = keys.clone().all(|key| matches!(key, Item::Text(_)));
        if !text && !keys.all(|key| matches!(key, Item::Integer(0..))) {
            self.breach(ProfileError::MapKeys);
        }
        if !entries.is_sorted_by(|(a, _), (b, _)| a.key_order(b) == Ordering::Less) {
            self.other_spelling();
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Item<'de>;

    fn deserialize<D: Deserializer<'de>>(self, codec: D) -> Result<Item<'de>, D::Error> {
        if self.depth_left == 0 {
            self.breach(ProfileError::Depth);
        }
        codec.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Item<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a data item")
    }
    fn visit_bool<E: Error>(self, truth: bool) -> Result<Item<'de>, E> {
        Ok(Item::Bool(truth))
    }
    fn visit_u64<E: Error>(self, number: u64) -> Result<Item<'de>, E> {
        Ok(self.number(number))
    }
    fn visit_i64<E: Error>(self, number: i64) -> Result<Item<'de>, E> {
        Ok(self.number(number))
    }
    fn visit_i128<E: Error>(self, number: i128) -> Result<Item<'de>, E> {
        Ok(self.number(number))
    }
    fn visit_borrowed_bytes<E: Error>(self, bytes: &'de [u8]) -> Result<Item<'de>, E> {
        Ok(Item::Bytes(bytes))
    }
    fn visit_bytes<E: Error>(self, _in_pieces: &[u8]) -> Result<Item<'de>, E> {
        Ok(self.other_spelling())
    }
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Item<'de>, E> {
        Ok(Item::Text(text))
    }
    fn visit_str<E: Error>(self, _in_pieces: &str) -> Result<Item<'de>, E> {
        Ok(self.other_spelling())
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Item<'de>, E> {
        Ok(self.breach(ProfileError::Type))
    }
    fn visit_none<E: Error>(self) -> Result<Item<'de>, E> {
        Ok(self.breach(ProfileError::Type))
    }
    fn visit_unit<E: Error>(self) -> Result<Item<'de>, E> {
        Ok(self.breach(ProfileError::Type))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Item<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(self.deeper())? {
            items.push(item);
        }
        Ok(Item::Array(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Item<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = from.next_entry_seed(self.deeper(), self.deeper())? {
            entries.push(entry);
        }
        self.check_keys(&entries);
        Ok(Item::Map(entries))
    }
}
