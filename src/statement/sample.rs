//! The fair sample: rows drawn so that neither side chose, and what they can support.
//!
//! ```text
//! seed   = SHA256("treering/sample/v1" ‖ ledger id ‖ population digest ‖ checkpoint root ‖ nonce)
//! xₖ     = first 8 bytes of SHA256(seed ‖ k), big-endian, k = 0, 1, … as 8 bytes big-endian
//! row    = xₖ mod N, skipping xₖ ≥ 2⁶⁴ − 2⁶⁴ mod N and rows drawn already
//! ```
//!
//! The site fixes the population by signing its checkpoint, the assessor draws the nonce after that: so
//! neither can steer the rows. A public beacon in place of the nonce takes the assessor out as well:
//!
//! ```text
//! nonce  = SHA256(name ‖ 00 ‖ value)
//! ```
//!
//! # What a result supports
//! With k of n drawn rows not agreeing, the number of such rows in the whole population is, with 95 %
//! confidence, at most the largest K that would still give k or fewer in more than 5 % of all draws:
//!
//! ```text
//! max { K : P(X ≤ k) > 1/20 },   P(X ≤ k) = Σᵢ₌₀ᵏ C(K, i) · C(N − K, n − i) / C(N, n)
//! ```
//!
//! (the exact one-sided hypergeometric bound). Both sides are computed as whole numbers, so every
//! machine says the same.

use std::collections::HashSet;

use super::bodies::process::sample::{Draw, Found, FoundRow};
use super::cbor::{self, Value};
use super::envelope::LedgerId;
use crate::tlog::hash::Hash;

mod whole_number;

use whole_number::WholeNumber;

/// The rows of one anchor: what a population and a dossier are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnchoredRows {
    /// The evidence root.
    pub root: Hash,
    /// How many rows it stands for.
    pub rows: u64,
}

/// SHA256 of the canonical `[[root, rows], …]` by position: the digest of a population, and of the
/// evidence in a dossier.
pub fn evidence_digest(anchors: &[AnchoredRows]) -> Hash {
    let list = anchors.iter().map(|anchor| {
        let root = Value::Bytes(anchor.root.as_bytes().to_vec());
        Value::Array(vec![root, Value::Integer(anchor.rows.into())])
    });
    Hash::of(&cbor::encode(&Value::Array(list.collect())))
}

/// All rows together; none if they are more than a ledger can count.
pub fn row_count(anchors: &[AnchoredRows]) -> Option<u64> {
    anchors.iter().try_fold(0_u64, |sum, anchor| sum.checked_add(anchor.rows))
}

/// SHA256(name ‖ 00 ‖ value)
pub fn beacon_nonce(name: &str, value: &[u8]) -> Hash {
    Hash::of_parts(&[name.as_bytes(), &[0], value])
}

/// The nonce of a draw: its own, or its beacon's.
pub fn nonce_of(draw: &Draw) -> Option<Hash> {
    let of_beacon = draw.beacon.as_ref().map(|beacon| beacon_nonce(&beacon.name, &beacon.value));
    draw.nonce.or(of_beacon)
}

/// SHA256("treering/sample/v1" ‖ ledger id ‖ population digest ‖ checkpoint root ‖ nonce)
pub fn seed(ledger: LedgerId, population: Hash, checkpoint_root: Hash, nonce: Hash) -> Hash {
    Hash::of_parts(&[
        b"treering/sample/v1",
        ledger.0.as_bytes(),
        population.as_bytes(),
        checkpoint_root.as_bytes(),
        nonce.as_bytes(),
    ])
}

/// `n` rows of a population of `rows`, in the order drawn; all of them if there are no more than `n`.
pub fn draw(seed: Hash, rows: u64, n: u64) -> Vec<u64> {
    let n = n.min(rows);
    // 2⁶⁴ − 2⁶⁴ mod N: below it every remainder is equally often.
    let fair = (1_u128 << 64) - (1_u128 << 64) % u128::from(rows.max(1));
    let mut drawn = Vec::new();
    let mut seen = HashSet::new();
    let mut k = 0_u64;
    while (drawn.len() as u64) < n {
        let digest = Hash::of_parts(&[seed.as_bytes(), &k.to_be_bytes()]);
        k += 1;
        let first_8 = digest.0.first_chunk::<8>().copied().unwrap_or_default();
        let x = u64::from_be_bytes(first_8);
        if u128::from(x) < fair && seen.insert(x % rows) {
            drawn.push(x % rows);
        }
    }
    drawn
}

/// A row of a population as its anchor has it: which anchor in the list, and the index in its manifest.
pub fn locate(anchors: &[AnchoredRows], row: u64) -> Option<(usize, u64)> {
    let mut index = row;
    for (place, anchor) in anchors.iter().enumerate() {
        match index.checked_sub(anchor.rows) {
            None => return Some((place, index)),
            Some(rest) => index = rest,
        }
    }
    None
}

/// The rows that a draw names, in the order drawn, as the result has to list them: evidence root and
/// index. None if the draw does not fit these anchors.
pub fn drawn_rows(
    ledger: LedgerId,
    draw_statement: &Draw,
    anchors: &[AnchoredRows],
) -> Option<Vec<(Hash, u64)>> {
    let population = draw_statement.population;
    let fits = evidence_digest(anchors) == population.digest
        && row_count(anchors) == Some(population.rows);
    if !fits {
        return None;
    }
    let nonce = nonce_of(draw_statement)?;
    let seed = seed(ledger, population.digest, draw_statement.checkpoint.root, nonce);
    let rows = draw(seed, population.rows, draw_statement.n).into_iter();
    rows.map(|row| locate(anchors, row).map(|(place, index)| (anchors[place].root, index)))
        .collect()
}

/// How many rows of a result do not agree: everything but `agree` counts.
pub fn not_agreeing(rows: &[FoundRow]) -> u64 {
    rows.iter().filter(|row| row.found != Found::Agree).count() as u64
}

/// The 95 % bound on the rows of a population that do not agree, given `bad` of `n` drawn ones:
/// max { K : 20 · Σᵢ₌₀ᵏ C(K, i) · C(N − K, n − i) > C(N, n) }. All of them if nothing was drawn or the
/// figures cannot be.
pub fn bound_95(rows: u64, n: u64, bad: u64) -> u64 {
    if n == 0 || n > rows || bad >= n {
        return rows;
    }
    let all = WholeNumber::choose(rows, n);
    // K = bad always could; K > N − (n − bad) never could. P(X ≤ bad) falls as K grows.
    let (mut could, mut could_not) = (bad, rows - (n - bad) + 1);
    while could_not - could > 1 {
        let middle = could + (could_not - could) / 2;
        let mut ways = ways_at_most(rows, middle, n, bad);
        ways.multiply(20);
        match ways > all {
            true => could = middle,
            false => could_not = middle,
        }
    }
    could
}

/// Σᵢ₌₀ᵏ C(K, i) · C(N − K, n − i), by the ratio of neighbouring terms:
/// tᵢ₊₁ = tᵢ · (K − i)(n − i) / ((i + 1)(N − K − n + i + 1)).
fn ways_at_most(rows: u64, bad_rows: u64, n: u64, bad: u64) -> WholeNumber {
    let good_rows = rows - bad_rows;
    let first = n.saturating_sub(good_rows);
    let mut sum = WholeNumber::zero();
    if first > bad {
        return sum;
    }
    let mut term = WholeNumber::choose(bad_rows, first);
    term = term.times(&WholeNumber::choose(good_rows, n - first));
    for i in first..=bad.min(bad_rows) {
        sum.add(&term);
        if i == bad_rows {
            break;
        }
        term.multiply(bad_rows - i);
        term.multiply(n - i);
        term.divide_exactly(i + 1);
        term.divide_exactly(good_rows + i + 1 - n);
    }
    sum
}

#[cfg(test)]
mod tests;
