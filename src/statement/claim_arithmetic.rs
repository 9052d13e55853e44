//! The arithmetic of claims, exact and in integers: what follows from what (R20, R21), which units
//! overlap (R23), and what is left after a list of moves (R24, R25).
//!
//! ```text
//! net      = project − baseline − leakage − deduction            a removal
//! net      = baseline − project − leakage − deduction            a reduction
//! issuable = net − buffer
//! total    = Σ over pools, for baseline, project and leakage
//! issued   = held + retired + cancelled + buffered + exported    after every move
//! ```

mod balance;

use std::collections::BTreeSet;

use thiserror::Error;

use super::bodies::claim::SerialBlock;
use super::bodies::claim::amounts::{Effect, Pool, PoolAmounts, Totals};
use super::bodies::claim::filing::ClaimFile;
use super::bodies::day::UtcDay;

pub use balance::{Balance, Holder, MoveFault};

/// A total of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Term {
    /// Without the project.
    Baseline,
    /// With it.
    Project,
    /// What it moved elsewhere.
    Leakage,
    /// Taken off for uncertainty.
    Deduction,
    /// What is claimed.
    Net,
    /// Kept back.
    Buffer,
    /// What may be issued to a holder.
    Issuable,
}

impl Term {
    /// The field that states it.
    pub fn field(self) -> &'static str {
        match self {
            Term::Baseline => "baseline_g",
            Term::Project => "project_g",
            Term::Leakage => "leakage_g",
            Term::Deduction => "deduction_g",
            Term::Net => "net_g",
            Term::Buffer => "buffer_g",
            Term::Issuable => "issuable_g",
        }
    }

    fn stated(self, totals: &Totals) -> i64 {
        match self {
            Term::Baseline => totals.baseline_g,
            Term::Project => totals.project_g,
            Term::Leakage => totals.leakage_g,
            Term::Deduction => totals.deduction_g,
            Term::Net => totals.net_g,
            Term::Buffer => totals.buffer_g,
            Term::Issuable => totals.issuable_g,
        }
    }
}

/// Where a claim does not add up. Grams throughout.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SumFault {
    /// A total is not what follows from the others (R20) or from the pools (R21).
    #[error("totals.{field} is {stated}, but {follows} follows", field = .term.field())]
    Differs {
        /// Which.
        term: Term,
        /// What the claim says.
        stated: i64,
        /// What the equation gives; 128 bits hold every sum of 200 pools.
        follows: i128,
    },
    /// A deduction or a buffer below nothing would make the claim larger (R20).
    #[error("totals.{field} is {stated}, less than nothing", field = .term.field())]
    BelowNothing {
        /// Which.
        term: Term,
        /// What the claim says.
        stated: i64,
    },
    /// One gas twice in one pool (R21).
    #[error("pools: {pool} has {gas} twice", pool = .0.0, gas = .0.1)]
    PoolTwice((Pool, super::bodies::claim::amounts::Gas)),
    /// An amount below nothing without a word about it (R21).
    #[error("pools: {0} has an amount below nothing and no note")]
    NegativeWithoutNote(Pool),
    /// A pool that is counted and left out (R21).
    #[error("omitted: {0} is left out and counted")]
    OmittedAndCounted(Pool),
    /// A pool left out without a reason (R21).
    #[error("omitted: {0} is left out without a reason")]
    OmittedWithoutReason(Pool),
}

/// Net, as it follows from the other totals (R20).
pub fn net(effect: Effect, totals: &Totals) -> i128 {
    let [baseline, project, leakage, deduction] =
        [totals.baseline_g, totals.project_g, totals.leakage_g, totals.deduction_g].map(i128::from);
    match effect {
        Effect::Removal => project - baseline - leakage - deduction,
        Effect::Reduction => baseline - project - leakage - deduction,
    }
}

/// R20: net and issuable follow from the other totals.
pub fn check_net(claim: &ClaimFile) -> Vec<SumFault> {
    let totals = &claim.totals;
    let issuable = i128::from(totals.net_g) - i128::from(totals.buffer_g);
    let follows = [(Term::Net, net(claim.effect, totals)), (Term::Issuable, issuable)];
    let below = [Term::Deduction, Term::Buffer].into_iter().filter_map(|term| {
        let stated = term.stated(totals);
        (stated < 0).then_some(SumFault::BelowNothing { term, stated })
    });
    differences(totals, &follows).into_iter().chain(below).collect()
}

/// R21: the totals are the sums over the pools, no pool counts twice, what is left out has a reason.
pub fn check_pools(claim: &ClaimFile) -> Vec<SumFault> {
    let sum = |amount: fn(&PoolAmounts) -> i64| -> i128 {
        claim.pools.iter().map(|pool| i128::from(amount(pool))).sum()
    };
    let follows = [
        (Term::Baseline, sum(|pool| pool.baseline_g)),
        (Term::Project, sum(|pool| pool.project_g)),
        (Term::Leakage, sum(|pool| pool.leakage_g)),
    ];
    let mut faults = differences(&claim.totals, &follows);
    let mut counted = BTreeSet::new();
    for pool in &claim.pools {
        if !counted.insert((pool.pool, pool.gas)) {
            faults.push(SumFault::PoolTwice((pool.pool, pool.gas)));
        }
        let is_negative = [pool.baseline_g, pool.project_g, pool.leakage_g].iter().any(|g| *g < 0);
        if is_negative && pool.note.is_none() {
            faults.push(SumFault::NegativeWithoutNote(pool.pool));
        }
    }
    for omitted in &claim.omitted {
        if counted.iter().any(|(pool, _)| *pool == omitted.pool) {
            faults.push(SumFault::OmittedAndCounted(omitted.pool));
        }
        if omitted.reason.is_none() {
            faults.push(SumFault::OmittedWithoutReason(omitted.pool));
        }
    }
    faults
}

fn differences(totals: &Totals, follows: &[(Term, i128)]) -> Vec<SumFault> {
    let differs = |&(term, follows): &(Term, i128)| {
        let stated = term.stated(totals);
        (i128::from(stated) != follows).then_some(SumFault::Differs { term, stated, follows })
    };
    follows.iter().filter_map(differs).collect()
}

/// Whether the buffer is at least a share of the net: buffer · 10⁶ ≥ share · net (R39).
pub fn buffer_reaches(totals: &Totals, share_ppm: u64) -> bool {
    i128::from(totals.buffer_g) * 1_000_000 >= i128::from(share_ppm) * i128::from(totals.net_g)
}

/// What is wrong with serial blocks (R23).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SerialFault {
    /// count ≠ last − first + 1
    #[error("serials: {first} to {last} is not {count} units")]
    Count {
        /// The first number.
        first: u64,
        /// The last number.
        last: u64,
        /// How many the claim says.
        count: u64,
    },
    /// Two blocks of one list share numbers.
    #[error("serials: the numbers from {first} to {last} stand in two blocks")]
    Overlap {
        /// The first number both have.
        first: u64,
        /// The last number both have.
        last: u64,
    },
}

/// R23 within one list: counts are right and no number stands twice.
pub fn check_serials(blocks: &[SerialBlock]) -> Vec<SerialFault> {
    let mut faults = Vec::new();
    for (place, block) in blocks.iter().enumerate() {
        let SerialBlock { first, last, count, .. } = *block;
        if last.checked_sub(first).and_then(|span| span.checked_add(1)) != Some(count) {
            faults.push(SerialFault::Count { first, last, count });
        }
        let earlier = blocks[..place].iter().filter_map(|other| serial_overlap(other, block));
        faults.extend(earlier.map(|(first, last)| SerialFault::Overlap { first, last }));
    }
    faults
}

/// The first and last number that two blocks share: of one registry, with one prefix (R23).
pub fn serial_overlap(a: &SerialBlock, b: &SerialBlock) -> Option<(u64, u64)> {
    let (first, last) = (a.first.max(b.first), a.last.min(b.last));
    let same_series = a.registry == b.registry && a.prefix == b.prefix;
    (same_series && first <= last).then_some((first, last))
}

/// Vintages outside the claim's period (R26): years none of whose days are in it.
pub fn vintages_outside(claim: &ClaimFile) -> Vec<u64> {
    let (first, ..) = claim.period.from.civil();
    let (last, ..) = UtcDay(claim.period.until.0 - 1).civil();
    let outside =
        |year: &u64| i64::try_from(*year).is_err() || !(first..=last).contains(&(*year as i64));
    claim.vintages.iter().copied().filter(outside).collect()
}

#[cfg(test)]
mod tests;
