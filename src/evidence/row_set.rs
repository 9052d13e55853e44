//! Rows of a manifest as people write them: `0,3,7-12`.

use std::fmt;

use thiserror::Error;

/// Some rows, as ranges that ascend and do not touch. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowSet(Vec<(u64, u64)>);

/// Text that names no rows.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotRows {
    /// Not numbers and ranges of them.
    #[error("{0:?} is no row and no range of rows (0,3,7-12)")]
    Form(String),
    /// A range that ends before it begins.
    #[error("the range {0:?} ends before it begins")]
    Backwards(String),
    /// More ranges than a command line should hold.
    #[error("more than {} ranges", RowSet::MAX_RANGES)]
    TooMany,
}

impl RowSet {
    /// Ceiling of ranges: the rows that a statement can name one by one.
    pub const MAX_RANGES: usize = 4_096;

    /// Reads `0,3,7-12`; order and overlaps do not matter.
    pub fn parse(text: &str) -> Result<RowSet, NotRows> {
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let number = |digits: &str| {
                let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
                plain.then(|| digits.parse::<u64>().ok().filter(|n| *n < 1 << 62)).flatten()
            };
            let form = || NotRows::Form(part.trim().to_owned());
            let (first, last) = match part.trim().split_once('-') {
                None => (number(part.trim()), number(part.trim())),
                Some((first, last)) => (number(first.trim()), number(last.trim())),
            };
            let (first, last) = (first.ok_or_else(form)?, last.ok_or_else(form)?);
            if first > last {
                return Err(NotRows::Backwards(part.trim().to_owned()));
            }
            ranges.push((first, last));
            if ranges.len() > RowSet::MAX_RANGES {
                return Err(NotRows::TooMany);
            }
        }
        Ok(RowSet::of_ranges(ranges))
    }

    /// These rows; `None` if there are none.
    pub fn of(rows: impl IntoIterator<Item = u64>) -> Option<RowSet> {
        let ranges: Vec<(u64, u64)> = rows.into_iter().map(|row| (row, row)).collect();
        (!ranges.is_empty()).then(|| RowSet::of_ranges(ranges))
    }

    fn of_ranges(mut ranges: Vec<(u64, u64)>) -> RowSet {
        ranges.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match joined.last_mut() {
                Some((_, end)) if first <= *end + 1 => *end = last.max(*end),
                _ => joined.push((first, last)),
            }
        }
        RowSet(joined)
    }

    /// Whether a row is among them.
    pub fn contains(&self, row: u64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= row);
        after > 0 && row <= self.0[after - 1].1
    }

    /// Whether all of them are among `other`.
    pub fn within(&self, other: &RowSet) -> bool {
        self.0.iter().all(|(first, last)| {
            let after = other.0.partition_point(|(begin, _)| begin <= first);
            after > 0 && *last <= other.0[after - 1].1
        })
    }

    /// The last of them.
    pub fn last(&self) -> u64 {
        self.0.last().map_or(0, |(_, last)| *last)
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }
}

/// `0,3,7-12`: ascending, joined where they touch.
impl fmt::Display for RowSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rows_as_people_write_them() {
        let rows = RowSet::parse("7-12, 0,3 ,8 - 13,14").unwrap();
        assert_eq!((rows.to_string(), rows.count(), rows.last()), ("0,3,7-14".into(), 10, 14));
        for bad in ["", ",", "a", "1-", "-1", "1--2", "+1", "1.5", "4611686018427387904", "１"] {
            assert!(matches!(RowSet::parse(bad), Err(NotRows::Form(_))), "{bad:?}");
        }
        assert!(matches!(RowSet::parse("3-2"), Err(NotRows::Backwards(_))));
        assert_eq!(RowSet::parse(&"1,".repeat(5_000)), Err(NotRows::TooMany));
    }

    proptest! {
        #[test]
        fn as_a_plain_set(parts in proptest::collection::vec((0u64..60, 0u64..5), 1..12), other in proptest::collection::vec((0u64..60, 0u64..9), 1..12)) {
            let text = |parts: &[(u64, u64)]| {
                let parts: Vec<_> = parts.iter().map(|(a, n)| format!("{a}-{}", a + n)).collect();
                RowSet::parse(&parts.join(",")).unwrap()
            };
            let plain = |parts: &[(u64, u64)]| -> BTreeSet<u64> {
                parts.iter().flat_map(|(a, n)| *a..=a + n).collect()
            };
            let (set, reference) = (text(&parts), plain(&parts));
            for row in 0..70 {
                prop_assert_eq!(set.contains(row), reference.contains(&row));
            }
            prop_assert_eq!(set.count(), reference.len() as u64);
            prop_assert_eq!(RowSet::parse(&set.to_string()).unwrap(), set.clone());
            prop_assert_eq!(RowSet::of(reference.iter().copied()).unwrap(), set.clone());
            prop_assert_eq!(set.within(&text(&other)), reference.is_subset(&plain(&other)));
        }
    }
}
