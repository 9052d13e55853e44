//! The SHA-256 hashes a log is made of, and the numbers that index it.

use std::fmt;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use super::hex::{Hex, from_hex};

/// A SHA-256 digest: of a leaf, of a node of the tree, of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; Hash::LENGTH]);

impl Hash {
    /// Bytes in a SHA-256 digest.
    pub const LENGTH: usize = 32;

    /// SHA256(bytes)
    pub fn of(bytes: &[u8]) -> Hash {
        Hash(Sha256::digest(bytes).into())
    }

    /// SHA256(part ‖ part ‖ …)
    pub fn of_parts(parts: &[&[u8]]) -> Hash {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Hash(hasher.finalize().into())
    }

    /// Reads exactly 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Hash> {
        from_hex(text).map(Hash)
    }

    /// The digest as a slice, for hashing and for files.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// 64 lower-case hexadecimal digits.
impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(&self.0).fmt(f)
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

impl From<[u8; Hash::LENGTH]> for Hash {
    fn from(bytes: [u8; Hash::LENGTH]) -> Hash {
        Hash(bytes)
    }
}

impl TryFrom<&[u8]> for Hash {
    type Error = std::array::TryFromSliceError;
    fn try_from(bytes: &[u8]) -> Result<Hash, Self::Error> {
        Ok(Hash(bytes.try_into()?))
    }
}

/// As a byte string: the CBOR form. JSON views write hexadecimal or base64 themselves.
impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hash, D::Error> {
        struct ExactBytes;
        impl Visitor<'_> for ExactBytes {
            type Value = Hash;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a byte string of 32 bytes")
            }
            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Hash, E> {
                Hash::try_from(bytes).map_err(|_| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(ExactBytes)
    }
}

/// The index of a leaf, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

impl Position {
    /// The size of the smallest tree that holds this leaf. (No tree holds the last `u64`: what this
    /// saturates to is above [`TreeSize::MAX`] and refused wherever sizes are checked.)
    pub fn covering_size(self) -> TreeSize {
        TreeSize(self.0.saturating_add(1))
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many leaves a tree has.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct TreeSize(pub u64);

impl TreeSize {
    /// The ceiling of every size read from outside: 2^62 leaves. A consistency proof then has at
    /// most 63 hashes, which is what the witness protocol's wire limit allows, and no sum of two
    /// sizes overflows.
    pub const MAX: TreeSize = TreeSize(1 << 62);

    /// Whether a leaf at `position` is in a tree of this size.
    pub fn holds(self, position: Position) -> bool {
        position.0 < self.0
    }
}

impl fmt::Display for TreeSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A tree named by its size and root: the two facts a checkpoint signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// Number of leaves.
    pub size: TreeSize,
    /// Root hash at that size.
    pub root: Hash,
}

impl Tree {
    /// The tree without leaves: its root is SHA256("") (RFC 6962 section 2.1).
    pub fn empty() -> Tree {
        Tree { size: TreeSize(0), root: Hash::of(b"") }
    }
}

/// SHA256(0x00 ‖ entry) (RFC 6962 section 2.1)
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Hash::of_parts(&[&[0x00], entry])
}

/// SHA256(0x01 ‖ left ‖ right) (RFC 6962 section 2.1)
pub fn node_hash(left: Hash, right: Hash) -> Hash {
    let mut input = [0x01; 1 + 2 * Hash::LENGTH];
    input[1..=Hash::LENGTH].copy_from_slice(&left.0);
    input[1 + Hash::LENGTH..].copy_from_slice(&right.0);
    Hash::of(&input)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaf_and_node_are_apart() {
        assert_eq!(
            leaf_hash(b"").to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
        // The two first reference leaves of RFC 6962 test data: "" and 0x00.
        assert_eq!(
            node_hash(leaf_hash(b""), leaf_hash(&[0x00])).to_string(),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn hex_is_lower_case_and_whole() {
        let hash = leaf_hash(b"x");
        assert_eq!(Hash::from_hex(&hash.to_string()), Some(hash));
        assert_eq!(Hash::from_hex(&hash.to_string().to_uppercase()), None);
        assert_eq!(Hash::from_hex(&hash.to_string()[1..]), None);
    }

    #[test]
    fn empty_tree_has_the_root_of_nothing() {
        assert_eq!(
            Tree::empty().root.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }
}
