//! Whether a typed value says exactly what an item says.
//!
//! ```text
//! same(t, v)  ⇔  to_value(t) = v
//! ```
//!
//! The typed value is walked as if it were written, each piece held against its place in the tree, so
//! that nothing is built. What the profile does not know (floats, null, the rarer shapes of serde) is
//! the same as no item.

use std::{fmt, slice};

use serde::ser::{self, Impossible, Serialize};

use super::{Item, Value};

/// Whether `typed` would become `item`.
pub fn same<T: Serialize + ?Sized>(typed: &T, item: &Item<'_>) -> bool {
    typed.serialize(Place(item)).is_ok()
}

/// The place in the tree that the next piece must equal.
#[derive(Clone, Copy)]
struct Place<'a>(&'a Item<'a>);

/// Somewhere the two say different things.
#[derive(Debug)]
struct Differs;

type Verdict = Result<(), Differs>;

impl fmt::Display for Differs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("differs")
    }
}

impl std::error::Error for Differs {}

impl ser::Error for Differs {
    fn custom<T: fmt::Display>(_: T) -> Differs {
        Differs
    }
}

fn agree(agrees: bool) -> Verdict {
    if agrees { Ok(()) } else { Err(Differs) }
}

impl Place<'_> {
    fn is_number(self, n: impl TryInto<i64>) -> Verdict {
        let n = n.try_into().map_err(|_| Differs)?;
        agree(*self.0 == Item::Integer(n))
    }
}

impl<'a> ser::Serializer for Place<'a> {
    type Ok = ();
    type Error = Differs;
    type SerializeSeq = Items<'a>;
    type SerializeTuple = Items<'a>;
    type SerializeTupleStruct = Impossible<(), Differs>;
    type SerializeTupleVariant = Impossible<(), Differs>;
    type SerializeMap = Entries<'a>;
    type SerializeStruct = Entries<'a>;
    type SerializeStructVariant = Impossible<(), Differs>;

    fn serialize_bool(self, truth: bool) -> Verdict {
        agree(*self.0 == Item::Bool(truth))
    }
    fn serialize_i8(self, n: i8) -> Verdict {
        self.is_number(n)
    }
    fn serialize_i16(self, n: i16) -> Verdict {
        self.is_number(n)
    }
    fn serialize_i32(self, n: i32) -> Verdict {
        self.is_number(n)
    }
    fn serialize_i64(self, n: i64) -> Verdict {
        self.is_number(n)
    }
    fn serialize_i128(self, n: i128) -> Verdict {
        self.is_number(n)
    }
    fn serialize_u8(self, n: u8) -> Verdict {
        self.is_number(n)
    }
    fn serialize_u16(self, n: u16) -> Verdict {
        self.is_number(n)
    }
    fn serialize_u32(self, n: u32) -> Verdict {
        self.is_number(n)
    }
    fn serialize_u64(self, n: u64) -> Verdict {
        self.is_number(n)
    }
    fn serialize_f32(self, _: f32) -> Verdict {
        Err(Differs)
    }
    fn serialize_f64(self, _: f64) -> Verdict {
        Err(Differs)
    }
    fn serialize_char(self, c: char) -> Verdict {
        self.serialize_str(c.encode_utf8(&mut [0; 4]))
    }
    fn serialize_str(self, text: &str) -> Verdict {
        agree(*self.0 == Item::Text(text))
    }
    fn serialize_bytes(self, bytes: &[u8]) -> Verdict {
        agree(*self.0 == Item::Bytes(bytes))
    }
    fn serialize_none(self) -> Verdict {
        Err(Differs)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, inner: &T) -> Verdict {
        inner.serialize(self)
    }
    fn serialize_unit(self) -> Verdict {
        Err(Differs)
    }
    fn serialize_unit_struct(self, _: &'static str) -> Verdict {
        Err(Differs)
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Verdict {
        self.serialize_str(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        inner: &T,
    ) -> Verdict {
        inner.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Verdict {
        Err(Differs)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Items<'a>, Differs> {
        match self.0 {
            Item::Array(items) => Ok(Items(items.iter())),
            _ => Err(Differs),
        }
    }
    fn serialize_tuple(self, _: usize) -> Result<Items<'a>, Differs> {
        self.serialize_seq(None)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Entries<'a>, Differs> {
        match self.0 {
            Item::Map(entries) => Ok(Entries { entries, found: 0, next: None }),
            _ => Err(Differs),
        }
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Entries<'a>, Differs> {
        self.serialize_map(None)
    }
    fn is_human_readable(&self) -> bool {
        false
    }
    fn serialize_tuple_struct(
        self,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Differs>, Differs> {
        Err(Differs)
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Differs>, Differs> {
        Err(Differs)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Impossible<(), Differs>, Differs> {
        Err(Differs)
    }
}

/// The items of an array that are still to come.
struct Items<'a>(slice::Iter<'a, Item<'a>>);

impl Items<'_> {
    fn item<T: Serialize + ?Sized>(&mut self, item: &T) -> Verdict {
        item.serialize(Place(self.0.next().ok_or(Differs)?))
    }

    fn finish(mut self) -> Verdict {
        agree(self.0.next().is_none())
    }
}

impl ser::SerializeSeq for Items<'_> {
    type Ok = ();
    type Error = Differs;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Verdict {
        self.item(item)
    }
    fn end(self) -> Verdict {
        self.finish()
    }
}

impl ser::SerializeTuple for Items<'_> {
    type Ok = ();
    type Error = Differs;
    fn serialize_element<T: Serialize + ?Sized>(&mut self, item: &T) -> Verdict {
        self.item(item)
    }
    fn end(self) -> Verdict {
        self.finish()
    }
}

/// The entries of a map, and how many were found. A type names each key once, so when as many were
/// found as there are, none is left over.
struct Entries<'a> {
    entries: &'a [(Item<'a>, Item<'a>)],
    found: usize,
    next: Option<&'a Item<'a>>,
}

impl<'a> Entries<'a> {
    /// The entries ascend by key, so each is found by halving.
    fn find(&mut self, key: &Item<'_>) -> Result<&'a Item<'a>, Differs> {
        let at = self.entries.binary_search_by(|(here, _)| here.key_order(key));
        let (here, item) = &self.entries[at.map_err(|_| Differs)?];
        self.found += 1;
        if here == key { Ok(item) } else { Err(Differs) }
    }

    fn finish(self) -> Verdict {
        agree(self.found == self.entries.len())
    }
}

impl ser::SerializeStruct for Entries<'_> {
    type Ok = ();
    type Error = Differs;
    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Verdict {
        value.serialize(Place(self.find(&Item::Text(name))?))
    }
    fn end(self) -> Verdict {
        self.finish()
    }
}

impl ser::SerializeMap for Entries<'_> {
    type Ok = ();
    type Error = Differs;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Verdict {
        let key = match serde_cbor::value::to_value(key).map_err(|_| Differs)? {
            Value::Text(key) => self.find(&Item::Text(&key)),
            Value::Integer(key) => self.find(&Item::Integer(key.try_into().map_err(|_| Differs)?)),
            _ => Err(Differs),
        };
        self.next = Some(key?);
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Verdict {
        let here = self.next.take().expect("cbor: serde gives a key before its value");
        value.serialize(Place(here))
    }
    fn end(self) -> Verdict {
        self.finish()
    }
}
