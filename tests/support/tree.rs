//! RFC 6962 trees, straight from the definition: slow, and with nothing to get wrong.

use treering::tlog::hash::{Hash, node_hash};

/// MTH({}) = SHA256(""); MTH({d}) = d; MTH(D) = node(MTH(D[0:k]), MTH(D[k:n])), k the largest power
/// of two smaller than n (RFC 6962 section 2.1). `leaves` are leaf hashes.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(b""),
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            node_hash(root(&leaves[..k]), root(&leaves[k..]))
        }
    }
}
