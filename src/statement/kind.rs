//! The kinds of statement, their families, and the media type that carries the name.

use std::fmt;

use thiserror::Error;

/// The name of a kind: `family.verb`, or one of the few words that stand alone.
///
/// Lower-case letters, digits, `-` and `.`; a name that no table knows is still a name, so that a
/// reader can carry, prove and report a statement it does not understand.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KindName(String);

/// Not the form of a kind's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a kind is named by at most {} lower-case letters, digits, hyphens and dots",
    KindName::MAX_LENGTH
)]
pub struct NotAKindName;

impl KindName {
    /// Ceiling of a name, in bytes: twice the longest in use.
    pub const MAX_LENGTH: usize = 64;

    /// A name of the right form.
    pub fn new(name: &str) -> Result<KindName, NotAKindName> {
        let parts_hold = name.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        });
        if name.len() <= KindName::MAX_LENGTH && parts_hold {
            Ok(KindName(name.to_string()))
        } else {
            Err(NotAKindName)
        }
    }

    /// The name itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family: from the table for kinds in it, else the part before the first dot.
    pub fn family(&self) -> Family {
        let listed = KINDS.iter().find(|(_, kinds)| kinds.contains(&self.as_str()));
        match listed {
            Some((family, _)) => family.clone(),
            None => {
                let word = self.0.split('.').next().unwrap_or_default();
                let known = KINDS.iter().map(|(family, _)| family).find(|f| f.word() == word);
                known.cloned().unwrap_or_else(|| Family::Other(word.to_string()))
            }
        }
    }
}

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A family of kinds: the unit in which keys are granted and rules are written.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The ledger itself: its genesis, its log key, its end, other ledgers' checkpoints.
    Ledger,
    /// Grants, revocations, affirmations.
    Key,
    /// The root's succession.
    Root,
    /// Facts about the site, catalogues of indicators.
    Site,
    /// Anchored evidence and what was later said of it.
    Evidence,
    /// The assurance process.
    Process,
    /// Climate-contribution claims.
    Claim,
    /// A family no table here knows.
    Other(String),
}

/// Every kind of version 1 by family.
pub const KINDS: [(Family, &[&str]); 7] = [
    (
        Family::Ledger,
        &["ledger.genesis", "ledger.rotate-log-key", "ledger.close", "checkpoint.anchor"],
    ),
    (Family::Key, &["key.grant", "key.revoke", "affirm"]),
    (Family::Root, &["root.rotate", "root.recover"]),
    (Family::Site, &["site.describe", "catalogue.publish"]),
    (Family::Evidence, &["evidence.anchor", "evidence.link", "evidence.erase", "correction"]),
    (
        Family::Process,
        &[
            "dispute",
            "assess.self",
            "consultation.record",
            "visit.record",
            "conflict.declare",
            "sample.draw",
            "sample.result",
            "assess.indicator",
            "assess.recommend",
            "review.check",
            "decision",
            "certificate.issue",
            "certificate.suspend",
            "certificate.withdraw",
            "certificate.renew",
            "review.midterm",
            "concern.raise",
            "concern.answer",
            "concern.close",
            "statement.refused",
        ],
    ),
    (Family::Claim, &["claim.file", "claim.opinion", "claim.move"]),
];

impl Family {
    /// The word that names the family, in scopes and as the first part of kinds.
    pub fn word(&self) -> &str {
        match self {
            Family::Ledger => "ledger",
            Family::Key => "key",
            Family::Root => "root",
            Family::Site => "site",
            Family::Evidence => "evidence",
            Family::Process => "process",
            Family::Claim => "claim",
            Family::Other(word) => word,
        }
    }

    /// Families whose statements decide who may sign what. A reader that does not understand one of
    /// them cannot judge authority after it.
    pub fn rules_authority(&self) -> bool {
        matches!(self, Family::Ledger | Family::Key | Family::Root)
    }
}

/// `application/vnd.treering.<kind>;v=<version>`: the `typ` of a statement (RFC 9596).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MediaType {
    /// What the statement says.
    pub kind: KindName,
    /// The version of the kind's fields; this program writes and understands 1.
    pub version: u32,
}

/// Not the media type of a treering statement.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0:?} is not the media type of a treering statement")]
pub struct NotAMediaType(pub String);

impl MediaType {
    /// Version 1 of a kind.
    pub fn v1(kind: KindName) -> MediaType {
        MediaType { kind, version: 1 }
    }

    /// Reads a media type by taking it apart and printing it back.
    pub fn parse(text: &str) -> Result<MediaType, NotAMediaType> {
        let parsed = text.strip_prefix("application/vnd.treering.").and_then(|rest| {
            let (kind, version) = rest.split_once(";v=")?;
            Some(MediaType { kind: KindName::new(kind).ok()?, version: version.parse().ok()? })
        });
        match parsed {
            Some(media_type) if media_type.to_string() == text => Ok(media_type),
            _ => Err(NotAMediaType(text.to_string())),
        }
    }
}

impl fmt::Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "application/vnd.treering.{};v={}", self.kind, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_have_one_spelling() {
        let typ = "application/vnd.treering.ledger.rotate-log-key;v=1";
        assert_eq!(MediaType::parse(typ).unwrap().to_string(), typ);
        for other in [
            "application/vnd.treering.affirm;v=01",
            "application/vnd.treering.affirm;v=+1",
            "application/vnd.treering.Affirm;v=1",
            "application/vnd.treering.affirm",
            "application/vnd.treering..;v=1",
            "Application/vnd.treering.affirm;v=1",
        ] {
            assert!(MediaType::parse(other).is_err(), "{other}");
        }
    }

    #[test]
    fn families_come_from_the_table_first() {
        let family = |name: &str| KindName::new(name).unwrap().family();
        assert_eq!(family("checkpoint.anchor"), Family::Ledger);
        assert_eq!(family("correction"), Family::Evidence);
        assert_eq!(family("review.midterm"), Family::Process);
        assert_eq!(family("key.lend"), Family::Key);
        assert_eq!(family("weather.note"), Family::Other("weather".into()));
    }
}
