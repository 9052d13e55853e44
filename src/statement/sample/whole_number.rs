//! Whole numbers of any length, as far as counting draws needs them.

use std::cmp::Ordering;

/// Digits of 64 bits, the lowest first, the highest not zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WholeNumber(Vec<u64>);

impl WholeNumber {
    /// 0
    pub fn zero() -> WholeNumber {
        WholeNumber(Vec::new())
    }

    /// C(n, k) = Πⱼ₌₁ᵏ (n − k + j) / j; every prefix of the product is a whole number.
    pub fn choose(n: u64, k: u64) -> WholeNumber {
        if k > n {
            return WholeNumber::zero();
        }
        let k = k.min(n - k);
        let mut product = WholeNumber(vec![1]);
        for j in 1..=k {
            product.multiply(n - k + j);
            product.divide_exactly(j);
        }
        product
    }

    /// self · factor
    pub fn multiply(&mut self, factor: u64) {
        let mut carry = 0_u128;
        for digit in &mut self.0 {
            carry += u128::from(*digit) * u128::from(factor);
            *digit = carry as u64;
            carry >>= 64;
        }
        if carry > 0 {
            self.0.push(carry as u64);
        }
        self.trim();
    }

    /// self / divisor, which leaves no rest. A divisor of 0 leaves the number as it is.
    pub fn divide_exactly(&mut self, divisor: u64) {
        if divisor == 0 {
            return;
        }
        let mut rest = 0_u128;
        for digit in self.0.iter_mut().rev() {
            let here = rest << 64 | u128::from(*digit);
            *digit = (here / u128::from(divisor)) as u64;
            rest = here % u128::from(divisor);
        }
        debug_assert_eq!(rest, 0, "the ratio of neighbouring terms is a whole number");
        self.trim();
    }

    /// self + other
    pub fn add(&mut self, other: &WholeNumber) {
        let mut carry = 0_u128;
        for place in 0..self.0.len().max(other.0.len()) {
            if place == self.0.len() {
                self.0.push(0);
            }
            carry +=
                u128::from(self.0[place]) + u128::from(other.0.get(place).copied().unwrap_or(0));
            self.0[place] = carry as u64;
            carry >>= 64;
        }
        if carry > 0 {
            self.0.push(carry as u64);
        }
    }

    /// self · other
    pub fn times(&self, other: &WholeNumber) -> WholeNumber {
        let mut product = vec![0_u64; self.0.len() + other.0.len()];
        for (low, a) in self.0.iter().enumerate() {
            let mut carry = 0_u128;
            for (high, b) in other.0.iter().enumerate() {
                carry += u128::from(*a) * u128::from(*b) + u128::from(product[low + high]);
                product[low + high] = carry as u64;
                carry >>= 64;
            }
            product[low + other.0.len()] = carry as u64;
        }
        let mut product = WholeNumber(product);
        product.trim();
        product
    }

    fn trim(&mut self) {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
    }
}

impl Ord for WholeNumber {
    fn cmp(&self, other: &WholeNumber) -> Ordering {
        let lengths = self.0.len().cmp(&other.0.len());
        lengths.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for WholeNumber {
    fn partial_cmp(&self, other: &WholeNumber) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pascal's triangle, as far as 128 bits go.
    fn pascal(n: usize) -> Vec<Vec<u128>> {
        let mut rows = vec![vec![1_u128]];
        for _ in 0..n {
            let last = &rows[rows.len() - 1];
            let inner = last.windows(2).map(|pair| pair[0] + pair[1]);
            rows.push(std::iter::once(1).chain(inner).chain([1]).collect());
        }
        rows
    }

    fn of(number: u128) -> WholeNumber {
        let mut number = WholeNumber(vec![number as u64, (number >> 64) as u64]);
        number.trim();
        number
    }

    #[test]
    fn choices_are_those_of_pascals_triangle() {
        for (n, row) in pascal(125).iter().enumerate() {
            for (k, choices) in row.iter().enumerate() {
                assert_eq!(WholeNumber::choose(n as u64, k as u64), of(*choices), "C({n}, {k})");
            }
        }
        assert_eq!(WholeNumber::choose(3, 4), WholeNumber::zero());
    }

    #[test]
    fn products_sums_and_order() {
        let (a, b) = (u128::MAX / 3, 0x1234_5678_9abc_def0_u128);
        assert_eq!(of(b).times(&of(0xffff_ffff)), of(b * 0xffff_ffff));
        let mut sum = of(a);
        sum.add(&of(b));
        assert_eq!(sum, of(a + b));
        let mut carried = of(u128::MAX);
        carried.add(&of(1));
        assert_eq!(carried, WholeNumber(vec![0, 0, 1]));
        assert!(carried > of(u128::MAX) && of(a) > of(b) && of(0) < of(1));
        let mut back = of(a).times(&of(b));
        back.divide_exactly(b as u64);
        assert_eq!(back, of(a));
        assert_eq!(of(a).times(&WholeNumber::zero()), WholeNumber::zero());
    }
}
