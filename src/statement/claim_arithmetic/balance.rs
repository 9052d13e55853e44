//! What is left of a claim's units after a list of moves (R24, R25).

use std::collections::BTreeMap;

use thiserror::Error;

use crate::statement::bodies::claim::amounts::Totals;
use crate::statement::bodies::claim::moves::{Move, Verb};

/// Who holds units: an organisation, or the party that filed the claim.
pub type Holder = Option<String>;

/// What has become of a claim's units. Grams throughout.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    held: BTreeMap<Holder, i64>,
    issued: i64,
    retired: i64,
    cancelled: i64,
    buffered: i64,
    exported: i64,
    ever_buffered: i64,
}

/// A move that the balance before it does not allow (R24, R25). Grams throughout.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum MoveFault {
    /// Nothing moves, or less.
    #[error("{0} grams are not more than nothing")]
    Nothing(i64),
    /// More would be issued than was claimed.
    #[error("{wanted} grams to issue, but {left} of the net are left")]
    MoreThanNet {
        /// What was asked for.
        wanted: i64,
        /// The net less what was issued.
        left: i64,
    },
    /// More than the holder has.
    #[error("{wanted} grams to move, but {} holds {held}", .holder.as_deref().unwrap_or("the party"))]
    MoreThanHeld {
        /// Who.
        holder: Holder,
        /// What was asked for.
        wanted: i64,
        /// What is there.
        held: i64,
    },
    /// More is lost than the buffer holds.
    #[error("{wanted} grams lost, but the buffer holds {buffered}")]
    MoreThanBuffered {
        /// What was asked for.
        wanted: i64,
        /// What is there.
        buffered: i64,
    },
    /// Units would leave the party before the buffer is filled.
    #[error("the buffer comes first: {owed} grams are still to be buffered, {left} would be left")]
    BufferFirst {
        /// What the claim keeps back and nobody buffered yet.
        owed: i64,
        /// What the party would hold after the move.
        left: i64,
    },
    /// A transfer or an export to nobody.
    #[error("nobody is named")]
    ToNobody,
    /// A transfer to whoever holds it.
    #[error("whoever holds it already")]
    ToItself,
}

impl Balance {
    /// The balance after a list of moves in order, or the first that it does not allow, by its place.
    pub fn after<'a>(
        totals: &Totals,
        moves: impl IntoIterator<Item = &'a Move>,
    ) -> Result<Balance, (usize, MoveFault)> {
        let mut balance = Balance::default();
        for (place, one) in moves.into_iter().enumerate() {
            balance.apply(totals, one).map_err(|fault| (place, fault))?;
        }
        Ok(balance)
    }

    /// Makes one move of a claim with these totals; after a fault everything is as it was.
    pub fn apply(&mut self, totals: &Totals, one: &Move) -> Result<(), MoveFault> {
        let grams = one.grams;
        if grams <= 0 {
            return Err(MoveFault::Nothing(grams));
        }
        match one.verb {
            Verb::Issue => {
                let left = totals.net_g.saturating_sub(self.issued).max(0);
                if grams > left {
                    return Err(MoveFault::MoreThanNet { wanted: grams, left });
                }
                self.issued += grams;
                *self.held.entry(one.holder.clone()).or_default() += grams;
            }
            Verb::Buffer => {
                self.take(&one.holder, grams)?;
                self.buffered += grams;
                self.ever_buffered += grams;
            }
            Verb::Reverse => {
                let buffered = self.buffered;
                if grams > buffered {
                    return Err(MoveFault::MoreThanBuffered { wanted: grams, buffered });
                }
                self.buffered -= grams;
                self.cancelled += grams;
            }
            Verb::Transfer => {
                let to = one.to.clone().filter(|to| !to.is_empty()).ok_or(MoveFault::ToNobody)?;
                if one.holder.as_ref() == Some(&to) {
                    return Err(MoveFault::ToItself);
                }
                self.buffer_first(totals, one)?;
                self.take(&one.holder, grams)?;
                *self.held.entry(Some(to)).or_default() += grams;
            }
            Verb::Export => {
                one.to.as_ref().filter(|to| !to.is_empty()).ok_or(MoveFault::ToNobody)?;
                self.buffer_first(totals, one)?;
                self.take(&one.holder, grams)?;
                self.exported += grams;
            }
            Verb::Retire => {
                self.buffer_first(totals, one)?;
                self.take(&one.holder, grams)?;
                self.retired += grams;
            }
            Verb::Cancel => {
                self.take(&one.holder, grams)?;
                self.cancelled += grams;
            }
            Verb::Replace => {
                self.buffer_first(totals, one)?;
                self.take(&one.holder, grams)?;
                self.cancelled += grams;
            }
        }
        Ok(())
    }

    fn take(&mut self, holder: &Holder, wanted: i64) -> Result<(), MoveFault> {
        let held = self.held_by(holder);
        if wanted > held {
            return Err(MoveFault::MoreThanHeld { holder: holder.clone(), wanted, held });
        }
        match held - wanted {
            0 => drop(self.held.remove(holder)),
            left => drop(self.held.insert(holder.clone(), left)),
        }
        Ok(())
    }

    /// What the party keeps must be enough for what is still to be buffered.
    fn buffer_first(&self, totals: &Totals, one: &Move) -> Result<(), MoveFault> {
        let owed = totals.buffer_g.saturating_sub(self.ever_buffered).max(0);
        let left = self.held_by(&None).saturating_sub(one.grams);
        match one.holder.is_none() && owed > 0 && left < owed {
            true => Err(MoveFault::BufferFirst { owed, left: left.max(0) }),
            false => Ok(()),
        }
    }

    /// What one holder has.
    pub fn held_by(&self, holder: &Holder) -> i64 {
        self.held.get(holder).copied().unwrap_or(0)
    }

    /// Every holder with what it has.
    pub fn holders(&self) -> impl Iterator<Item = (&Holder, i64)> {
        self.held.iter().map(|(holder, grams)| (holder, *grams))
    }

    /// What all holders have.
    pub fn held(&self) -> i64 {
        self.held.values().sum()
    }

    /// Everything that ever came into being.
    pub fn issued(&self) -> i64 {
        self.issued
    }

    /// Used, for good.
    pub fn retired(&self) -> i64 {
        self.retired
    }

    /// Taken out, for good.
    pub fn cancelled(&self) -> i64 {
        self.cancelled
    }

    /// Kept back.
    pub fn buffered(&self) -> i64 {
        self.buffered
    }

    /// In other registries.
    pub fn exported(&self) -> i64 {
        self.exported
    }

    /// issued = held + retired + cancelled + buffered + exported, none below nothing (R24)
    pub fn holds(&self) -> bool {
        let parts =
            [self.held(), self.retired, self.cancelled, self.buffered, self.exported, self.issued];
        parts.iter().all(|part| *part >= 0)
            && parts[..5].iter().map(|part| i128::from(*part)).sum::<i128>()
                == i128::from(self.issued)
    }
}
