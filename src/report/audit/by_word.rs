//! What an audit says in fixed words, read back from them.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::audit::finding::{LedgerState, Outcome, Reach, Rule};

/// Writes and reads an enumeration by the words it has in reports.
macro_rules! by_word {
    ($($type:ty: $word:ident, $all:expr;)+) => {
        $(
            impl Serialize for $type {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(self.$word())
                }
            }

            impl<'de> Deserialize<'de> for $type {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<$type, D::Error> {
                    let word = String::deserialize(deserializer)?;
                    let all: &[$type] = $all;
                    let found = all.iter().copied().find(|one| one.$word() == word);
                    found.ok_or_else(|| de::Error::custom(format!("{word:?} is no word of this version")))
                }
            }
        )+
    };
}

by_word! {
    Rule: id, Rule::ALL;
    Outcome: word, &[Outcome::Pass, Outcome::Warn, Outcome::CannotCheck, Outcome::Fail];
    Reach: word, &[Reach::Judged, Reach::NothingToJudge, Reach::SwitchedOff];
    LedgerState: word, &[
        LedgerState::Consistent, LedgerState::NotChecked, LedgerState::Broken, LedgerState::Shortened,
        LedgerState::Forked, LedgerState::ForkedKeyRetired,
    ];
}
