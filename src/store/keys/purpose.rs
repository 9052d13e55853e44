//! What a key is for: one of the three that a ledger cannot do without, or some roles.

use std::fmt;

use thiserror::Error;

use crate::statement::key::Role;

/// What a key is for. A note for its owner: what a key may sign is in the ledger alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Founds a ledger and grants its keys.
    Root,
    /// The root's successor, unknown to others until it is needed.
    NextRoot,
    /// Signs checkpoints.
    Log,
    /// Signs what a grant lets it sign.
    Roles(RoleWords),
}

/// Words for what a key acts as: those of [`Role`] and any others, for roles of later versions. Sorted,
/// distinct, at least one, none of them the word of another [`Purpose`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleWords(Vec<String>);

/// A list of words is not [`RoleWords`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "a key's roles are 1 to {max} words of a–z and inner hyphens, such as recorder; root, next-root \
     and log are no roles",
    max = RoleWords::COUNT_MAX
)]
pub struct NotRoleWords;

const ROOT: &str = "root";
const NEXT_ROOT: &str = "next-root";
const LOG: &str = "log";

impl RoleWords {
    /// Most words: nearly twice the roles there are.
    pub const COUNT_MAX: usize = 16;
    /// Longest word, in bytes: as long as the name of a kind.
    pub const LENGTH_MAX: usize = 64;

    /// Sorts the words and drops repeated ones.
    pub fn new(words: impl IntoIterator<Item = String>) -> Result<RoleWords, NotRoleWords> {
        let sound = |word: &String| {
            (1..=RoleWords::LENGTH_MAX).contains(&word.len())
                && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
                && !word.starts_with('-')
                && !word.ends_with('-')
                && ![ROOT, NEXT_ROOT, LOG].contains(&word.as_str())
        };
        // Twice the most, so that a repeated word does no harm and an endless list none either.
        let mut words: Vec<String> = words.into_iter().take(2 * RoleWords::COUNT_MAX + 1).collect();
        words.sort();
        words.dedup();
        match (1..=RoleWords::COUNT_MAX).contains(&words.len()) && words.iter().all(sound) {
            true => Ok(RoleWords(words)),
            false => Err(NotRoleWords),
        }
    }

    /// The words, sorted.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl From<Role> for RoleWords {
    fn from(role: Role) -> RoleWords {
        RoleWords(vec![role.word().to_owned()])
    }
}

impl From<Role> for Purpose {
    fn from(role: Role) -> Purpose {
        Purpose::Roles(RoleWords::from(role))
    }
}

impl Purpose {
    /// Reads what `Display` writes; the words of roles in any order.
    pub fn parse(text: &str) -> Option<Purpose> {
        match text {
            ROOT => Some(Purpose::Root),
            NEXT_ROOT => Some(Purpose::NextRoot),
            LOG => Some(Purpose::Log),
            words => {
                Some(Purpose::Roles(RoleWords::new(words.split(' ').map(str::to_owned)).ok()?))
            }
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Purpose::Root => f.write_str(ROOT),
            Purpose::NextRoot => f.write_str(NEXT_ROOT),
            Purpose::Log => f.write_str(LOG),
            Purpose::Roles(roles) => f.write_str(&roles.0.join(" ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_reads_back() {
        for text in ["root", "next-root", "log", "witness", "assessor recorder", "data-steward"] {
            assert_eq!(Purpose::parse(text).unwrap().to_string(), text);
        }
        for role in Role::ALL {
            assert_eq!(Purpose::parse(role.word()), Some(Purpose::from(role)));
        }
        for text in
            ["", " ", "recorder ", "Recorder", "-a", "a-", "log recorder", "root log", "a\tb"]
        {
            assert_eq!(Purpose::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn words_are_sorted_and_few() {
        let words = |count: usize| (0..count).map(|n| "a".repeat(n + 1));
        let given = ["b", "a", "b"].map(str::to_owned);
        assert_eq!(RoleWords::new(given).unwrap().words(), ["a", "b"]);
        assert!(RoleWords::new(words(16)).is_ok());
        assert_eq!(RoleWords::new(words(17)), Err(NotRoleWords));
        assert!(RoleWords::new(["a".repeat(64)]).is_ok());
        assert_eq!(RoleWords::new(["a".repeat(65)]), Err(NotRoleWords));
        assert_eq!(RoleWords::new([]), Err(NotRoleWords));
    }
}
