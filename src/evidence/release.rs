//! A release: the authority over some evidence allows rows of it to be shown.
//!
//! ```text
//! treering/release/v1
//! ledger 80985d07189d8695fdaad1aa6ec9b653b04842637af8e8b8cc7b4b5dcd5a40f9
//! anchor 4904a0f4426ccdba2c8fb3e82c50674e2400ab18c5b201d6dd91b41e1e454e3f
//! rows 0,3,7-12
//! attributes captured,species
//! to everybody
//! until 2027-12-31
//! key 8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c
//! sig mB0w…==
//! ```
//!
//! The signature is Ed25519 (strict) over all bytes before the last line. An anchor whose `care` names the
//! thumbprint of this key is shown further only within such a release. It is a rule that this program keeps
//! and says so, and no lock: whoever holds a manifest can show it with other means.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use thiserror::Error;

use super::disclosure::Names;
use super::row_set::RowSet;
use crate::statement::envelope::LedgerId;
use crate::statement::key::KeyId;
use crate::tlog::ed25519::{PublicKey, SecretKey, Signature};
use crate::tlog::hash::Hash;

const FORMAT: &str = "treering/release/v1";

/// Ceiling of a release, in bytes: four thousand ranges of rows.
pub const MAX_BYTES: usize = 256 << 10;

/// Ceiling of `to`, in bytes: a name and an institution.
pub const MAX_TO_BYTES: usize = 200;

/// What is allowed, before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The ledger.
    pub ledger: LedgerId,
    /// The anchoring statement.
    pub anchor: Hash,
    /// The rows; `None` for all.
    pub rows: Option<RowSet>,
    /// The attributes that may be shown of them.
    pub attributes: Names,
    /// To whom: `everybody`, or words for people.
    pub to: String,
    /// The last day; `None` for no end.
    pub until: Option<Date>,
}

/// Signed terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// What is allowed.
    pub terms: Terms,
    /// Whose signature it is.
    pub key: PublicKey,
    sig: Signature,
}

/// Why text is no release.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReleaseError {
    /// Not these lines, in this order and spelling.
    #[error("its line {0} is not what a release has there")]
    Line(usize),
    /// The key is none that can be believed.
    #[error("its key is none that can be believed")]
    Key,
    /// The signature is not of this key over these lines.
    #[error("its signature does not match")]
    Signature,
}

/// What a release does not cover.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotCovered {
    /// Another ledger or anchor.
    #[error("it is for other evidence")]
    OtherEvidence,
    /// Signed by another key than the one that the anchor names.
    #[error("it is signed by the key {0}, which has no say over this evidence")]
    OtherKey(KeyId),
    /// Some rows are not in it.
    #[error("it does not cover all of these rows (it covers {0})")]
    Rows(String),
    /// An attribute is not in it.
    #[error("it does not allow the attribute {0}")]
    Attribute(String),
    /// It has ended.
    #[error("it ended on {0}")]
    Ended(Date),
    /// It is for somebody, and this would be for all.
    #[error("it is for {0}, not for everybody")]
    NotForEverybody(String),
}

impl Terms {
    /// Whether `to` can stand in a release.
    pub fn is_recipient(to: &str) -> bool {
        (1..=MAX_TO_BYTES).contains(&to.len()) && !to.contains(char::is_control) && to.trim() == to
    }

    /// Signs them.
    ///
    /// # Panics
    /// If `to` is no recipient.
    pub fn sign(self, secret: &SecretKey) -> Release {
        assert!(Terms::is_recipient(&self.to), "release: to must be one line");
        let key = secret.public();
        let sig = secret.sign(signed_text(&self, &key).as_bytes());
        Release { terms: self, key, sig }
    }
}

impl Release {
    /// Reads a release and checks its signature.
    pub fn read(bytes: &[u8]) -> Result<Release, ReleaseError> {
        let text = std::str::from_utf8(bytes).map_err(|_| ReleaseError::Line(1))?;
        let mut lines = Lines { rest: text, at: 0 };
        if lines.next()? != FORMAT {
            return Err(ReleaseError::Line(1));
        }
        let ledger = lines.value("ledger", |v| Hash::from_hex(v).map(LedgerId))?;
        let anchor = lines.value("anchor", Hash::from_hex)?;
        let rows = lines.value("rows", |value| match value {
            "all" => Some(None),
            rows => RowSet::parse(rows).ok().map(Some),
        })?;
        let attributes = lines.value("attributes", |value| match value {
            "none" => Some(Names::none()),
            names => Names::parse(names.split(',')).ok(),
        })?;
        let to = lines.value("to", |to| Terms::is_recipient(to).then(|| to.to_owned()))?;
        let until = lines.value("until", |value| match value {
            "never" => Some(None),
            day => day.parse::<Date>().ok().map(Some),
        })?;
        let key = lines.value("key", Hash::from_hex)?;
        let key = PublicKey::admit(key.0).map_err(|_| ReleaseError::Key)?;
        let sig = lines
            .value("sig", |value| STANDARD.decode(value).ok()?.try_into().ok().map(Signature))?;
        let terms = Terms { ledger, anchor, rows, attributes, to, until };
        let release = Release { terms, key, sig };
        // One spelling: what was understood must print as what was read.
        if let Some(line) = first_difference(&release.to_string(), text) {
            return Err(ReleaseError::Line(line));
        }
        let signed = signed_text(&release.terms, &release.key);
        let sound = release.key.check(signed.as_bytes(), &release.sig);
        sound.map_err(|_| ReleaseError::Signature)?;
        Ok(release)
    }

    /// Whether it allows these rows of an anchor to be shown with these attributes today.
    pub fn covers(&self, wanted: &Wanted<'_>) -> Result<(), NotCovered> {
        let terms = &self.terms;
        if (terms.ledger, terms.anchor) != (wanted.ledger, wanted.anchor) {
            return Err(NotCovered::OtherEvidence);
        }
        if KeyId::of(&self.key) != wanted.authority {
            return Err(NotCovered::OtherKey(KeyId::of(&self.key)));
        }
        if let Some(until) = terms.until
            && wanted.today > until
        {
            return Err(NotCovered::Ended(until));
        }
        if let Some(rows) = &terms.rows
            && !wanted.rows.is_some_and(|wanted| wanted.within(rows))
        {
            return Err(NotCovered::Rows(rows.to_string()));
        }
        let beyond = wanted.attributes.iter().find(|name| !terms.attributes.contains(name));
        if let Some(name) = beyond {
            return Err(NotCovered::Attribute(name.to_string()));
        }
        if wanted.for_everybody && terms.to != "everybody" {
            return Err(NotCovered::NotForEverybody(terms.to.clone()));
        }
        Ok(())
    }
}

/// What somebody is about to show.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The ledger.
    pub ledger: LedgerId,
    /// The anchoring statement.
    pub anchor: Hash,
    /// The key that the anchor names.
    pub authority: KeyId,
    /// The rows; `None` for all.
    pub rows: Option<&'a RowSet>,
    /// The attributes.
    pub attributes: &'a Names,
    /// Whether it goes to everybody.
    pub for_everybody: bool,
    /// The day.
    pub today: Date,
}

fn signed_text(terms: &Terms, key: &PublicKey) -> String {
    let rows = terms.rows.as_ref().map_or("all".into(), RowSet::to_string);
    let names: Vec<&str> = terms.attributes.iter().collect();
    let names = if names.is_empty() { "none".into() } else { names.join(",") };
    let until = terms.until.map_or("never".into(), |day| day.to_string());
    format!(
        "{FORMAT}\nledger {}\nanchor {}\nrows {rows}\nattributes {names}\nto {}\nuntil {until}\nkey {}\n",
        terms.ledger,
        terms.anchor,
        terms.to,
        Hash(*key.as_bytes())
    )
}

/// The file.
impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sig = STANDARD.encode(self.sig.0);
        writeln!(f, "{}sig {sig}", signed_text(&self.terms, &self.key))
    }
}

/// The first line, from 1, in which two texts differ.
fn first_difference(a: &str, b: &str) -> Option<usize> {
    if a == b {
        return None;
    }
    let same = a.split('\n').zip(b.split('\n')).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

struct Lines<'a> {
    rest: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Result<&'a str, ReleaseError> {
        self.at += 1;
        let (line, rest) = self.rest.split_once('\n').ok_or(ReleaseError::Line(self.at))?;
        self.rest = rest;
        Ok(line)
    }

    fn value<T>(
        &mut self,
        word: &str,
        read: impl FnOnce(&'a str) -> Option<T>,
    ) -> Result<T, ReleaseError> {
        let line = self.next()?;
        let value = line.strip_prefix(word).and_then(|rest| rest.strip_prefix(' '));
        value.and_then(read).ok_or(ReleaseError::Line(self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms() -> Terms {
        Terms {
            ledger: LedgerId(Hash([1; 32])),
            anchor: Hash([2; 32]),
            rows: Some(RowSet::parse("0,3,7-12").unwrap()),
            attributes: Names::parse(["species", "captured"]).unwrap(),
            to: "everybody".into(),
            until: Some("2027-12-31".parse().unwrap()),
        }
    }

    fn elders() -> SecretKey {
        SecretKey::from_seed(&[9; 32])
    }

    #[test]
    fn a_release_reads_back_and_any_change_is_seen() {
        let release = terms().sign(&elders());
        let text = release.to_string();
        assert_eq!(Release::read(text.as_bytes()), Ok(release));
        assert!(text.contains("\nattributes captured,species\n"), "{text}");
        let all = Terms { rows: None, attributes: Names::none(), until: None, ..terms() };
        let all = all.sign(&elders());
        assert_eq!(Release::read(all.to_string().as_bytes()), Ok(all));
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            assert!(Release::read(&bytes).is_err(), "byte {at}");
            assert!(Release::read(&text.as_bytes()[..at]).is_err(), "cut at {at}");
        }
        assert!(Release::read(format!("{text}\n").as_bytes()).is_err());
        let respelt = text.replace("rows 0,3,7-12", "rows 0,3,7-11,12");
        assert_eq!(Release::read(respelt.as_bytes()), Err(ReleaseError::Line(4)));
        let widened = text.replace("rows 0,3,7-12", "rows all");
        assert_eq!(Release::read(widened.as_bytes()), Err(ReleaseError::Signature));
    }

    #[test]
    fn what_it_covers() {
        let release = terms().sign(&elders());
        let names = Names::parse(["species"]).unwrap();
        let rows = RowSet::parse("3,8-9").unwrap();
        let wanted = Wanted {
            ledger: terms().ledger,
            anchor: terms().anchor,
            authority: KeyId::of(&elders().public()),
            rows: Some(&rows),
            attributes: &names,
            for_everybody: true,
            today: "2027-12-31".parse().unwrap(),
        };
        assert_eq!(release.covers(&wanted), Ok(()));
        let refused = |wanted: Wanted<'_>| release.covers(&wanted).unwrap_err();
        assert_eq!(refused(Wanted { anchor: Hash([3; 32]), ..wanted }), NotCovered::OtherEvidence);
        let other = KeyId(Hash([4; 32]));
        assert!(matches!(refused(Wanted { authority: other, ..wanted }), NotCovered::OtherKey(_)));
        let late = "2028-01-01".parse().unwrap();
        assert!(matches!(refused(Wanted { today: late, ..wanted }), NotCovered::Ended(_)));
        assert!(matches!(refused(Wanted { rows: None, ..wanted }), NotCovered::Rows(_)));
        let more = RowSet::parse("3,8-13").unwrap();
        assert!(matches!(refused(Wanted { rows: Some(&more), ..wanted }), NotCovered::Rows(_)));
        let gps = Names::parse(["gps"]).unwrap();
        assert!(matches!(refused(Wanted { attributes: &gps, ..wanted }), NotCovered::Attribute(_)));
        let one = Terms { to: "Dr Rossi, EAGL".into(), ..terms() }.sign(&elders());
        assert!(matches!(one.covers(&wanted), Err(NotCovered::NotForEverybody(_))));
        assert_eq!(one.covers(&Wanted { for_everybody: false, ..wanted }), Ok(()));
    }

    #[test]
    fn the_page_shows_a_release() {
        let page = include_str!("../../schemas/release.md");
        let (_, rest) = page.split_once("```text\n").unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        assert_eq!(shown, terms().sign(&elders()).to_string());
    }
}
