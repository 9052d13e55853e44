//! Names of keys, and what a key may be granted.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::kind::KindName;
use crate::tlog::ed25519::PublicKey;
use crate::tlog::hash::Hash;

/// A key's thumbprint: the `kid` of every statement it signs (RFC 9679).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub Hash);

impl KeyId {
    /// SHA256(A3 01 01 20 06 21 58 20 ‖ public key): the hash of the deterministic COSE_Key
    /// {1 kty: 1 OKP, -1 crv: 6 Ed25519, -2 x: public key} (RFC 9679 section 3).
    pub fn of(key: &PublicKey) -> KeyId {
        const COSE_KEY_HEAD: [u8; 8] = [0xA3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20];
        KeyId(Hash::of_parts(&[&COSE_KEY_HEAD, key.as_bytes()]))
    }

    /// SHA256(thumbprint): what a ledger publishes of its next root, so that the key itself stays
    /// unknown until it is needed.
    pub fn sealed(self) -> SealedKeyId {
        SealedKeyId(Hash::of(self.0.as_bytes()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The digest of a thumbprint: names a key without showing it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedKeyId(pub Hash);

/// What a granted key acts as. A fixed list of words; what each may sign is its scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Records evidence for the party that runs the ledger.
    Recorder,
    /// A recorder who may also affirm what a compromised colleague's key signed.
    Supervisor,
    /// Assesses a site against indicators.
    Assessor,
    /// Checks that an assessment followed the procedure.
    Reviewer,
    /// Decides.
    Committee,
    /// Gives opinions on climate claims.
    Verifier,
    /// Helps a site through the process.
    Mentor,
    /// Grants roles that others may choose to believe.
    Accreditor,
    /// Cosigns checkpoints.
    Witness,
}

impl Role {
    /// Every role, in the order people are shown them.
    pub const ALL: [Role; 9] = [
        Role::Recorder,
        Role::Supervisor,
        Role::Assessor,
        Role::Reviewer,
        Role::Committee,
        Role::Verifier,
        Role::Mentor,
        Role::Accreditor,
        Role::Witness,
    ];

    /// The word in statements, flags and reports.
    pub fn word(self) -> &'static str {
        match self {
            Role::Recorder => "recorder",
            Role::Supervisor => "supervisor",
            Role::Assessor => "assessor",
            Role::Reviewer => "reviewer",
            Role::Committee => "committee",
            Role::Verifier => "verifier",
            Role::Mentor => "mentor",
            Role::Accreditor => "accreditor",
            Role::Witness => "witness",
        }
    }

    /// The role of a word, if it is one.
    pub fn from_word(word: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.word() == word)
    }

    /// Recorders and supervisors work where the ledger is kept and may sign without having seen a
    /// checkpoint; everyone else must name the one they saw.
    pub fn must_name_what_it_saw(self) -> bool {
        !matches!(self, Role::Recorder | Role::Supervisor)
    }

    /// The scope a role is given where nobody asks for another.
    pub fn usual_scope(self) -> Scope {
        let words: &[&str] = match self {
            Role::Recorder => &["checkpoint.anchor", "claim", "evidence", "process", "site"],
            Role::Supervisor => {
                &["affirm", "checkpoint.anchor", "claim", "evidence", "process", "site"]
            }
            Role::Verifier => &["claim.opinion", "process"],
            Role::Witness => &["checkpoint.anchor"],
            _ => &["process"],
        };
        Scope::new(words.iter().map(|word| word.to_string())).expect("usual scopes are in order")
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The families and kinds a granted key may sign: sorted words, matched exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Scope(Vec<String>);

/// Why a list of words is no scope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScopeRefused {
    /// A key that may sign nothing needs no grant.
    #[error("a scope names at least one family or kind")]
    Empty,
    /// More words than there will ever be kinds.
    #[error("a scope names at most {} families and kinds", Scope::MAX_WORDS)]
    TooMany,
    /// Not in bytewise order, or a word twice.
    #[error("the words of a scope are sorted and distinct")]
    Unsorted,
    /// Not the form of a family or kind name.
    #[error("{0:?} is neither a family nor a kind")]
    NotAName(String),
    /// Only the root may do this, and it cannot be granted away.
    #[error("{0:?} cannot be granted: only the root signs it")]
    RootOnly(String),
}

impl Scope {
    /// Ceiling of words in a scope: there are some forty kinds.
    pub const MAX_WORDS: usize = 64;

    /// A scope of words that are already sorted; refuses what cannot be granted.
    pub fn new(words: impl IntoIterator<Item = String>) -> Result<Scope, ScopeRefused> {
        let words: Vec<String> = words.into_iter().collect();
        if words.is_empty() {
            return Err(ScopeRefused::Empty);
        }
        if words.len() > Scope::MAX_WORDS {
            return Err(ScopeRefused::TooMany);
        }
        if !words.is_sorted_by(|earlier, later| earlier < later) {
            return Err(ScopeRefused::Unsorted);
        }
        for word in &words {
            let Ok(kind) = KindName::new(word) else {
                return Err(ScopeRefused::NotAName(word.clone()));
            };
            let grantable = matches!(word.as_str(), "affirm" | "checkpoint.anchor");
            if kind.family().rules_authority() && !grantable {
                return Err(ScopeRefused::RootOnly(word.clone()));
            }
        }
        Ok(Scope(words))
    }

    /// Whether a key of this scope may sign the kind: its name or its family is in the list.
    pub fn covers(&self, kind: &KindName) -> bool {
        let family = kind.family();
        self.0.iter().any(|word| word == kind.as_str() || word == family.word())
    }

    /// The words, sorted.
    pub fn words(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for Scope {
    type Error = ScopeRefused;
    fn try_from(words: Vec<String>) -> Result<Scope, ScopeRefused> {
        Scope::new(words)
    }
}

impl From<Scope> for Vec<String> {
    fn from(scope: Scope) -> Vec<String> {
        scope.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::ed25519::SecretKey;

    fn scope(words: &[&str]) -> Result<Scope, ScopeRefused> {
        Scope::new(words.iter().map(|word| word.to_string()))
    }

    #[test]
    fn thumbprint_is_of_the_deterministic_cose_key() {
        let key = SecretKey::from_seed(&[1; 32]).public();
        let cose_key = [&[0xA3, 0x01, 0x01, 0x20, 0x06, 0x21, 0x58, 0x20][..], key.as_bytes()];
        assert_eq!(KeyId::of(&key).0, Hash::of(&cose_key.concat()));
    }

    #[test]
    fn scope_covers_families_and_single_kinds() {
        let scope = scope(&["claim.opinion", "evidence", "weather"]).unwrap();
        let covers = |name: &str| scope.covers(&KindName::new(name).unwrap());
        assert!(covers("evidence.anchor") && covers("correction") && covers("claim.opinion"));
        assert!(covers("weather.note"));
        assert!(!covers("claim.file") && !covers("site.describe") && !covers("key.grant"));
    }

    #[test]
    fn what_only_the_root_signs_cannot_be_granted() {
        for word in ["ledger", "key", "root", "key.grant", "key.revoke", "root.rotate", "key.lend"]
        {
            assert_eq!(scope(&[word]), Err(ScopeRefused::RootOnly(word.into())));
        }
        assert!(scope(&["affirm", "checkpoint.anchor"]).is_ok());
        assert_eq!(scope(&[]), Err(ScopeRefused::Empty));
        assert_eq!(scope(&["site", "evidence"]), Err(ScopeRefused::Unsorted));
        assert_eq!(scope(&["site", "site"]), Err(ScopeRefused::Unsorted));
        assert_eq!(scope(&["Site"]), Err(ScopeRefused::NotAName("Site".into())));
    }

    #[test]
    fn usual_scopes_stand() {
        for role in Role::ALL {
            assert!(!role.usual_scope().words().is_empty());
            assert_eq!(Role::from_word(role.word()), Some(role));
        }
    }
}
