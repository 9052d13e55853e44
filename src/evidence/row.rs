//! A row: what the ledger commits to for one file, and the disclosures that open parts of it.
//!
//! ```text
//! row        = {"sd": {name: digest, …}, "salt": 16 bytes, "size": n, "sha256": 32 bytes}
//! row hash   = SHA256(0x00 ‖ row)
//! disclosure = ["treering/disclosure/v1", salt (16 bytes), name, value]
//! digest     = SHA256(disclosure)
//! ```
//!
//! All canonical CBOR. The row hash hides everything; a shown row shows the file's hash and size,
//! and of each attribute only a digest that 16 random bytes keep from being guessed. A name occurs
//! once, since the digests stand in a map. A row of a sealed anchor has a digest for every name of
//! the profile, random where there is nothing to commit to, so that not even the presence of a
//! position shows.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::attribute::{self, Attribute, AttributeError, NAMES};
use crate::statement::bodies::evidence::Access;
use crate::statement::cbor::{self, DecodeError, Value};
use crate::tlog::hash::{Hash, leaf_hash};

/// The ceiling of a row's bytes: [`MAX_NAMES`] names of [`attribute::MAX_NAME_BYTES`] with their
/// digests, and 100 bytes for the rest.
pub const MAX_ROW_BYTES: usize = MAX_NAMES * (2 + attribute::MAX_NAME_BYTES + 34) + 100;

/// The ceiling of names in a row: five times what the profile has.
pub const MAX_NAMES: usize = 64;

/// The ceiling of a disclosure's bytes: the longest path, and 256 for the rest.
pub const MAX_DISCLOSURE_BYTES: usize = super::path::RowPath::MAX_BYTES + 256;

const DISCLOSURE_TAG: &str = "treering/disclosure/v1";

/// 16 random bytes that keep a hash from being guessed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// Fills a slice with random bytes: the only way chance enters this floor.
pub type Random<'a> = &'a mut (dyn FnMut(&mut [u8]) + Send);

impl Salt {
    /// 16 fresh bytes.
    pub fn draw(random: Random<'_>) -> Salt {
        let mut salt = [0; 16];
        random(&mut salt);
        Salt(salt)
    }
}

/// Salts are secrets until shown on purpose.
impl fmt::Debug for Salt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Salt(…)")
    }
}

/// A row, together with the exact bytes that are hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    bytes: Vec<u8>,
    fields: Fields,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    salt: serde_bytes::ByteArray<16>,
    sha256: Hash,
    size: u64,
    sd: BTreeMap<String, Hash>,
}

/// One attribute of a row, opened: the exact bytes that are hashed, and what they say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    bytes: Vec<u8>,
    attribute: Attribute,
}

/// Why bytes are not a row, a disclosure, or not of one another.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RowError {
    /// Not the canonical bytes of a row or disclosure.
    #[error("{0}")]
    Bytes(#[from] DecodeError),
    /// More than [`MAX_NAMES`] attributes, or a name of another form.
    #[error("{0}")]
    Attribute(#[from] AttributeError),
    /// More than [`MAX_NAMES`] names.
    #[error("a row has more than {MAX_NAMES} attributes")]
    TooManyNames,
    /// A size beyond 2^63 − 1.
    #[error("a file cannot be that large")]
    Size,
    /// The row has no such name, or another digest under it.
    #[error("the disclosure of {0} is not of this row")]
    NotOfThisRow(String),
    /// An array that does not begin with the tag and a salt.
    #[error("not a disclosure")]
    NotADisclosure,
}

impl Row {
    /// A new row, with a disclosure for each of `attributes`, in the profile's order. If the batch
    /// is sealed the row names every attribute of the profile, else those it has.
    ///
    /// # Panics
    /// If an attribute occurs twice, or has a value that the profile does not allow.
    pub fn new(
        sha256: Hash,
        size: u64,
        attributes: &[Attribute],
        access: Access,
        random: Random<'_>,
    ) -> (Row, Vec<Disclosure>) {
        let mut sd = BTreeMap::new();
        let mut shown = Vec::new();
        for attribute in attributes {
            let disclosure = Disclosure::new(attribute.clone(), Salt::draw(random));
            let before = sd.insert(attribute.name().to_owned(), disclosure.digest());
            assert!(before.is_none(), "row: {} is there twice", attribute.name());
            shown.push(disclosure);
        }
        if access == Access::Sealed {
            for name in NAMES {
                sd.entry(name.to_owned()).or_insert_with(|| {
                    let mut nothing = [0; 32];
                    random(&mut nothing);
                    Hash(nothing)
                });
            }
        }
        shown.sort_by(|a, b| canonical_order(a.name(), b.name()));
        let salt = serde_bytes::ByteArray::new(Salt::draw(random).0);
        let fields = Fields { salt, sha256, size, sd };
        (Row { bytes: cbor::encode(&fields), fields }, shown)
    }

    /// Reads the canonical bytes of a row.
    pub fn read(bytes: &[u8]) -> Result<Row, RowError> {
        let fields: Fields = cbor::decode(bytes, MAX_ROW_BYTES)?;
        if fields.sd.len() > MAX_NAMES {
            return Err(RowError::TooManyNames);
        }
        if !fields.sd.keys().all(|name| attribute::is_name(name)) {
            return Err(AttributeError::Name.into());
        }
        if i64::try_from(fields.size).is_err() {
            return Err(RowError::Size);
        }
        Ok(Row { bytes: bytes.to_vec(), fields })
    }

    /// The bytes that are hashed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA256(0x00 ‖ row): the leaf of the evidence tree.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.bytes)
    }

    /// SHA-256 of the file.
    pub fn sha256(&self) -> Hash {
        self.fields.sha256
    }

    /// Length of the file in bytes.
    pub fn size(&self) -> u64 {
        self.fields.size
    }

    /// The names the row commits to, in canonical order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.fields.sd.keys().map(String::as_str).collect();
        names.sort_by(|a, b| canonical_order(a, b));
        names
    }

    /// Whether this row commits to this disclosure.
    pub fn check(&self, disclosure: &Disclosure) -> Result<(), RowError> {
        match self.fields.sd.get(disclosure.name()) {
            Some(digest) if *digest == disclosure.digest() => Ok(()),
            _ => Err(RowError::NotOfThisRow(disclosure.name().to_owned())),
        }
    }
}

impl Disclosure {
    fn new(attribute: Attribute, salt: Salt) -> Disclosure {
        let items = vec![
            Value::Text(DISCLOSURE_TAG.to_owned()),
            Value::Bytes(salt.0.to_vec()),
            Value::Text(attribute.name().to_owned()),
            attribute.value(),
        ];
        let bytes = cbor::encode(&Value::Array(items));
        let read = Disclosure::read(&bytes).expect("row: an attribute must read back");
        assert_eq!(read.attribute, attribute, "row: an attribute must read back as itself");
        read
    }

    /// Reads the canonical bytes of a disclosure.
    pub fn read(bytes: &[u8]) -> Result<Disclosure, RowError> {
        let Value::Array(items) = cbor::decode_value(bytes, MAX_DISCLOSURE_BYTES)? else {
            return Err(RowError::NotADisclosure);
        };
        let Ok([Value::Text(tag), Value::Bytes(salt), Value::Text(name), value]) =
            <[Value; 4]>::try_from(items)
        else {
            return Err(RowError::NotADisclosure);
        };
        if tag != DISCLOSURE_TAG || salt.len() != 16 {
            return Err(RowError::NotADisclosure);
        }
        let attribute = Attribute::read(&name, value)?;
        Ok(Disclosure { bytes: bytes.to_vec(), attribute })
    }

    /// The bytes that are hashed.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// SHA256(disclosure)
    pub fn digest(&self) -> Hash {
        Hash::of(&self.bytes)
    }

    /// What it says.
    pub fn attribute(&self) -> &Attribute {
        &self.attribute
    }

    /// The name of what it says.
    pub fn name(&self) -> &str {
        self.attribute.name()
    }
}

/// The order of text keys in a canonical map: shorter first, then by bytes.
pub fn canonical_order(a: &str, b: &str) -> std::cmp::Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::formats::exif::Place;
    use crate::evidence::path::RowPath;

    /// 0, 1, 2, … : chance made repeatable.
    fn counting() -> impl FnMut(&mut [u8]) + Send {
        let mut next = 0u8;
        move |slice: &mut [u8]| {
            for byte in slice {
                *byte = next;
                next = next.wrapping_add(1);
            }
        }
    }

    fn attributes() -> Vec<Attribute> {
        vec![
            Attribute::Path(RowPath::new(b"a.jpg").unwrap()),
            Attribute::Gps(Place { latitude: 46_661_234, longitude: 10_191_234 }),
        ]
    }

    fn row(access: Access) -> (Row, Vec<Disclosure>) {
        Row::new(Hash([0xab; 32]), 1_000, &attributes(), access, &mut counting())
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Assembled by hand from RFC 8949, not by this code.
    #[test]
    fn golden_bytes() {
        let (row, shown) = row(Access::Public);
        assert_eq!(shown.iter().map(Disclosure::name).collect::<Vec<_>>(), ["gps", "path"]);
        // path drew the first salt, gps the second, the row the third.
        assert_eq!(
            hex(shown[1].bytes()),
            concat!(
                "84767472656572696e672f646973636c6f737572652f76315000010203040506",
                "0708090a0b0c0d0e0f647061746845612e6a7067"
            )
        );
        assert_eq!(
            hex(shown[0].bytes()),
            concat!(
                "84767472656572696e672f646973636c6f737572652f76315010111213141516",
                "1718191a1b1c1d1e1f63677073a2636c61741a02c7fe72636c6f6e1a009b8182"
            )
        );
        assert_eq!(
            hex(row.bytes()),
            concat!(
                "a4627364a2636770735820169097c6a8f063dd135ba1ad00463f75fededa7a0c",
                "10ee4127bd6976ee9647c464706174685820b941028e0e38b60e75bbed41f074",
                "bb13ac1c948eff9c9b09fe6a7914026297676473616c74502021222324252627",
                "28292a2b2c2d2e2f6473697a651903e8667368613235365820ababababababab",
                "ababababababababababababababababababababababababab"
            )
        );
        assert_eq!(
            row.hash().to_string(),
            "bfdb30c18a2bac70cbece8d5d01d4cb8fd3e1dc3685885a89e11f7e180cb6dac"
        );
    }

    #[test]
    fn rows_and_disclosures_read_back() {
        for access in [Access::Public, Access::Sealed] {
            let (row, shown) = row(access);
            assert_eq!(Row::read(row.bytes()), Ok(row.clone()));
            for disclosure in shown {
                assert_eq!(Disclosure::read(disclosure.bytes()), Ok(disclosure.clone()));
                assert_eq!(row.check(&disclosure), Ok(()));
            }
        }
    }

    #[test]
    fn a_sealed_row_has_every_name_and_shows_none() {
        let (sealed, shown) = row(Access::Sealed);
        assert_eq!(sealed.names(), NAMES);
        assert_eq!(shown.len(), 2);
        let (bare, none) = Row::new(Hash([1; 32]), 0, &[], Access::Sealed, &mut counting());
        assert_eq!((bare.names(), none.len()), (NAMES.to_vec(), 0));
        // With or without a position: the same length, so the bytes do not tell.
        let (public, _) = row(Access::Public);
        assert_eq!(public.names(), ["gps", "path"]);
        let (full, _) = Row::new(Hash([1; 32]), 0, &attributes(), Access::Sealed, &mut counting());
        assert_eq!(full.bytes().len(), bare.bytes().len());
    }

    #[test]
    fn a_disclosure_of_another_row_is_refused() {
        let (row, shown) = row(Access::Public);
        let other = Disclosure::new(shown[0].attribute().clone(), Salt([9; 16]));
        assert_eq!(row.check(&other), Err(RowError::NotOfThisRow("gps".into())));
        let absent = Disclosure::new(Attribute::Zone(0), Salt([9; 16]));
        assert_eq!(row.check(&absent), Err(RowError::NotOfThisRow("zone".into())));
    }

    #[test]
    fn equal_values_have_unlike_digests() {
        let mut random = counting();
        let mut digest = || Disclosure::new(Attribute::Zone(0), Salt::draw(&mut random)).digest();
        assert_ne!(digest(), digest());
    }

    /// A node of the tree is 65 bytes beginning with 0x01; a row begins with 0xa4 and its leaf is
    /// hashed behind 0x00. Neither can be offered for the other.
    #[test]
    fn attack_second_preimage_of_rows_and_nodes() {
        use crate::tlog::hash::node_hash;
        let (left, right) = (row(Access::Public).0.hash(), row(Access::Sealed).0.hash());
        let node = [&[0x01][..], left.as_bytes(), right.as_bytes()].concat();
        assert_eq!(Hash::of(&node), node_hash(left, right));
        assert!(Row::read(&node).is_err() && Row::read(&node[1..]).is_err());
        assert_ne!(leaf_hash(&node), node_hash(left, right));
        assert_ne!(leaf_hash(&node[1..]), node_hash(left, right));
        // Nor a disclosure for a row: its digest has no prefix, but no row begins with 0x84.
        assert!(Row::read(row(Access::Public).1[0].bytes()).is_err());
    }

    #[test]
    fn other_bytes_are_refused() {
        let (row, shown) = row(Access::Public);
        let with = |at: usize, byte: u8| {
            let mut bytes = row.bytes().to_vec();
            bytes[at] = byte;
            Row::read(&bytes)
        };
        assert!(with(0, 0xa3).is_err());
        assert!(Row::read(&row.bytes()[..row.bytes().len() - 1]).is_err());
        assert!(Row::read(&[row.bytes(), b"\0"].concat()).is_err());
        // The name "gps" made "Gps".
        let at = row.bytes().windows(3).position(|w| w == b"gps").unwrap();
        assert_eq!(with(at, b'G'), Err(RowError::Attribute(AttributeError::Name)));
        let tag = Value::Array(vec![Value::Text("treering/disclosure/v2".into())]);
        assert_eq!(Disclosure::read(&cbor::encode(&tag)), Err(RowError::NotADisclosure));
        let mut other = shown[0].bytes().to_vec();
        other[23] = b'2';
        assert_eq!(Disclosure::read(&other), Err(RowError::NotADisclosure));
    }

    #[test]
    fn counts_have_ceilings() {
        let names = |count: usize| -> BTreeMap<String, Hash> {
            (0..count).map(|n| (format!("{n:064}"), Hash([0; 32]))).collect()
        };
        let bytes = |sd| {
            let salt = serde_bytes::ByteArray::new([0; 16]);
            cbor::encode(&Fields { salt, sha256: Hash([0; 32]), size: i64::MAX as u64, sd })
        };
        assert!(Row::read(&bytes(names(MAX_NAMES))).is_ok());
        assert!(bytes(names(MAX_NAMES)).len() <= MAX_ROW_BYTES);
        let short = (0..=MAX_NAMES).map(|n| (format!("{n}"), Hash([0; 32]))).collect();
        assert_eq!(Row::read(&bytes(short)), Err(RowError::TooManyNames));
        let path = RowPath::new(&[b'x'; RowPath::MAX_BYTES]).unwrap();
        let longest = Disclosure::new(Attribute::Path(path), Salt([0; 16]));
        assert!(longest.bytes().len() <= MAX_DISCLOSURE_BYTES);
    }
}
