//! Names for ledger folders and key files that every file system takes.

use std::fmt;

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// A name for a ledger's folder or a key's files that every file system takes: 1–64 characters
/// `a`–`z`, `0`–`9` and inner `-`, none of the device names of Windows.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeName(String);

/// A text is not a [`SafeName`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{0:?} is not a name for files: use 1 to {max} of a–z, 0–9 and inner hyphens, and no device name",
    max = SafeName::LENGTH_MAX
)]
pub struct UnsafeName(pub String);

impl SafeName {
    /// Longest name: leaves room for endings and temporary names within 255 bytes.
    pub const LENGTH_MAX: usize = 64;

    /// Checks a name.
    pub fn new(text: &str) -> Result<SafeName, UnsafeName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let sound = (1..=SafeName::LENGTH_MAX).contains(&text.len())
            && text.bytes().all(plain)
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !is_device(text);
        match sound {
            true => Ok(SafeName(text.to_owned())),
            false => Err(UnsafeName(text.chars().take(80).collect())),
        }
    }

    /// A name made from a title: accents dropped, everything else that is not a letter or digit of
    /// ASCII turned into hyphens. None if nothing is left, as with a title in Thai.
    pub fn from_title(title: &str) -> Option<SafeName> {
        let mut name = String::new();
        for letter in title.nfkd().filter(|c| !unicode_normalization::char::is_combining_mark(*c)) {
            match letter.to_ascii_lowercase() {
                letter if letter.is_ascii_alphanumeric() => name.push(letter),
                _ if name.is_empty() || name.ends_with('-') => {}
                _ => name.push('-'),
            }
        }
        name.truncate(SafeName::LENGTH_MAX);
        SafeName::new(name.trim_end_matches('-')).ok()
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names that Windows keeps for devices, whatever the folder.
fn is_device(name: &str) -> bool {
    let numbered = |stem| {
        name.strip_prefix(stem)
            .is_some_and(|end: &str| end.len() == 1 && end.bytes().all(|b| b.is_ascii_digit()))
    };
    matches!(name, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_everywhere() {
        for name in ["a", "root", "site-2026", "7", &"x".repeat(64)] {
            assert_eq!(SafeName::new(name).unwrap().as_str(), name);
        }
        for name in [
            "",
            "-a",
            "a-",
            "A",
            "a b",
            "a.b",
            "a/b",
            "..",
            "con",
            "nul",
            "com1",
            "lpt0",
            "é",
            "a\n",
            &"x".repeat(65),
        ] {
            assert!(SafeName::new(name).is_err(), "{name:?}");
        }
        assert!(SafeName::new("com10").is_ok() && SafeName::new("common").is_ok());
    }

    #[test]
    fn titles_become_names() {
        let name = |title| SafeName::from_title(title).map(|name| name.to_string());
        assert_eq!(name("Réserve du Haut-Jura (2)").as_deref(), Some("reserve-du-haut-jura-2"));
        assert_eq!(name("  --A--  ").as_deref(), Some("a"));
        assert_eq!(name("เขตรักษาพันธุ์สัตว์ป่า"), None);
        assert_eq!(name("Con"), None);
        assert_eq!(name(&"abc ".repeat(40)).map(|name| name.len()), Some(63));
    }
}
