//! The policy file, read line by line (C2SP tlog-policy, 2026-06-22).
//!
//! A file that is read differently from what its writer meant is worse than none, so nothing is
//! guessed: every line ends, names are bytes, a name counts in one group only.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use super::{Group, Member, Policy, PolicyLog, PolicyText, PolicyWitness};
use crate::tlog::note::{SignatureType, VerifierKey, VerifierKeyError};

/// The longest policy. A thousand witnesses with long names fit; tlog-policy asks for 32.
pub const POLICY_BYTES_MAX: usize = 1 << 18;

/// A file is not a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PolicyError {
    /// Longer than [`POLICY_BYTES_MAX`].
    #[error("the policy has {0} bytes, more than {POLICY_BYTES_MAX}")]
    TooLong(usize),
    /// No `quorum` line.
    #[error("the policy has no quorum line; “quorum none” would have to say so")]
    NoQuorum,
    /// A line is wrong.
    #[error("line {line} of the policy: {problem}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
}

/// What is wrong with a line of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LineProblem {
    /// The file ends within the line, so a name may be cut short.
    #[error("it does not end with a newline; the file may be cut short")]
    Unended,
    /// A control character other than tab.
    #[error("it contains the control character {0:#04x}")]
    ControlCharacter(u8),
    /// The first word is none of log, witness, group, quorum.
    #[error("it starts with none of the words log, witness, group, quorum")]
    Keyword,
    /// Words are missing or to spare.
    #[error("expected: {0}")]
    Form(&'static str),
    /// The key is none.
    #[error("the key is refused: {0}")]
    Key(#[from] VerifierKeyError),
    /// A witness's key is of the type that signs bare notes.
    #[error("the key's signatures bear no time; a witness needs a key of type 0x04")]
    NotAWitnessKey,
    /// Two log lines have the same public key, or two witness lines.
    #[error("the same public key stands in an earlier line")]
    SameKey,
    /// The name is taken by an earlier line, or reserved.
    #[error("the name {0} is taken")]
    NameTaken(PolicyText),
    /// No earlier line defines the name.
    #[error("no line above defines {0}")]
    Undefined(PolicyText),
    /// The name is a member of a group already.
    #[error("{0} is a member of a group already")]
    AlreadyMember(PolicyText),
    /// More members are asked for than there are, or none.
    #[error("a group needs any, all, or a number from 1 to the number of its members")]
    Threshold,
    /// A second quorum line.
    #[error("there is a quorum line already")]
    SecondQuorum,
}

impl Policy {
    /// Reads a policy.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
        if bytes.len() > POLICY_BYTES_MAX {
            return Err(PolicyError::TooLong(bytes.len()));
        }
        let mut reader = Reader::default();
        for (line, bytes) in (1..).zip(bytes.split_inclusive(|byte| *byte == b'\n')) {
            reader.line(bytes).map_err(|problem| PolicyError::Line { line, problem })?;
        }
        let quorum = reader.quorum.ok_or(PolicyError::NoQuorum)?;
        let Reader { logs, witnesses, groups, .. } = reader;
        Ok(Policy { logs, witnesses, groups, quorum })
    }
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    logs: Vec<PolicyLog>,
    witnesses: Vec<PolicyWitness>,
    groups: Vec<Group>,
    /// `Some(None)` is `quorum none`.
    quorum: Option<Option<Member>>,
    names: BTreeMap<PolicyText, Named>,
    log_keys: BTreeSet<[u8; 32]>,
    witness_keys: BTreeSet<[u8; 32]>,
}

struct Named {
    member: Member,
    in_a_group: bool,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), LineProblem> {
        let line = line.strip_suffix(b"\n").ok_or(LineProblem::Unended)?;
        if let Some(byte) = line.iter().find(|byte| byte.is_ascii_control() && **byte != b'\t') {
            return Err(LineProblem::ControlCharacter(*byte));
        }
        let words: Vec<&[u8]> = line
            .split(|byte| matches!(byte, b' ' | b'\t'))
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", words @ ..] => self.log(words),
            [b"witness", words @ ..] => self.witness(words),
            [b"group", words @ ..] => self.group(words),
            [b"quorum", words @ ..] => self.quorum(words),
            _ => Err(LineProblem::Keyword),
        }
    }

    fn log(&mut self, words: &[&[u8]]) -> Result<(), LineProblem> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(PolicyText(url.to_vec()))),
            _ => return Err(LineProblem::Form("log <vkey> [<url>]")),
        };
        let key = parse_key(key)?;
        if !self.log_keys.insert(*key.key().as_bytes()) {
            return Err(LineProblem::SameKey);
        }
        self.logs.push(PolicyLog { key, url });
        Ok(())
    }

    fn witness(&mut self, words: &[&[u8]]) -> Result<(), LineProblem> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(PolicyText(url.to_vec()))),
            _ => return Err(LineProblem::Form("witness <name> <vkey> [<url>]")),
        };
        let key = parse_key(key)?;
        if key.signature_type() != SignatureType::Cosignature {
            return Err(LineProblem::NotAWitnessKey);
        }
        if !self.witness_keys.insert(*key.key().as_bytes()) {
            return Err(LineProblem::SameKey);
        }
        let name = self.define(name, Member::Witness(self.witnesses.len()))?;
        self.witnesses.push(PolicyWitness { name, key, url });
        Ok(())
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), LineProblem> {
        let [name, threshold, names @ ..] = words else {
            return Err(LineProblem::Form("group <name> any|all|<k> <name>..."));
        };
        let threshold = match *threshold {
            b"any" => 1,
            b"all" => names.len(),
            digits => parse_decimal(digits).ok_or(LineProblem::Threshold)?,
        };
        if !(1..=names.len()).contains(&threshold) {
            return Err(LineProblem::Threshold);
        }
        let members = names.iter().map(|name| self.enlist(name)).collect::<Result<_, _>>()?;
        // Named after its members are found, so that it cannot be one of them.
        self.define(name, Member::Group(self.groups.len()))?;
        self.groups.push(Group { threshold, members });
        Ok(())
    }

    fn quorum(&mut self, words: &[&[u8]]) -> Result<(), LineProblem> {
        let [name] = words else { return Err(LineProblem::Form("quorum <name>|none")) };
        if self.quorum.is_some() {
            return Err(LineProblem::SecondQuorum);
        }
        let name = PolicyText(name.to_vec());
        self.quorum = Some(match (name.as_bytes(), self.names.get(&name)) {
            (b"none", _) => None,
            (_, Some(named)) => Some(named.member),
            (_, None) => return Err(LineProblem::Undefined(name)),
        });
        Ok(())
    }

    /// Gives a name to a witness or group; both share one namespace.
    fn define(&mut self, name: &[u8], member: Member) -> Result<PolicyText, LineProblem> {
        let name = PolicyText(name.to_vec());
        if name.as_bytes() == b"none" || self.names.contains_key(&name) {
            return Err(LineProblem::NameTaken(name));
        }
        self.names.insert(name.clone(), Named { member, in_a_group: false });
        Ok(name)
    }

    /// Finds a group's member, and sees to it that it is in no other group.
    fn enlist(&mut self, name: &[u8]) -> Result<Member, LineProblem> {
        let name = PolicyText(name.to_vec());
        let Some(named) = self.names.get_mut(&name) else {
            return Err(LineProblem::Undefined(name));
        };
        if named.in_a_group {
            return Err(LineProblem::AlreadyMember(name));
        }
        named.in_a_group = true;
        Ok(named.member)
    }
}

fn parse_key(text: &[u8]) -> Result<VerifierKey, VerifierKeyError> {
    VerifierKey::parse(str::from_utf8(text).map_err(|_| VerifierKeyError::Malformed)?)
}

/// A decimal number in its one way of writing.
fn parse_decimal(digits: &[u8]) -> Option<usize> {
    let digits = str::from_utf8(digits).ok()?;
    let number: usize = digits.parse().ok()?;
    (number.to_string() == digits).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{policy, witness_key};
    use super::*;

    #[test]
    fn blanks_and_comments() {
        let spaced =
            " \t# first: \u{fc}\n\n\tlog\t $log \n  witness  W\t$1  \n \t \n#\nquorum W\t\n";
        assert!(policy(spaced).is_ok());
        assert!(Policy::parse(b"# any octet \xff\nquorum none\n").is_ok());
    }

    #[test]
    fn names_are_bytes() {
        // The letter K and the Kelvin sign are different names, as is what is no UTF-8 at all.
        assert!(
            policy("witness K $1\nwitness \u{212a} $2\ngroup G all K \u{212a}\nquorum G\n").is_ok()
        );
        let mut bytes = format!("witness \u{9b} {}\n", witness_key(1)).into_bytes();
        bytes.extend(b"witness \xff\xfe ");
        bytes.extend(format!("{}\nquorum none\n", witness_key(2)).bytes());
        let policy = Policy::parse(&bytes).unwrap();
        let shown: Vec<_> = policy.witnesses().iter().map(|w| w.name.to_string()).collect();
        assert_eq!(shown, ["\\u{9b}", "\\xff\\xfe"], "nothing that a terminal would obey");
    }

    #[test]
    fn refused_lines_say_which_and_why() {
        let text = |name: &str| PolicyText(name.as_bytes().to_vec());
        let cases = [
            ("quorum none", 1, LineProblem::Unended),
            ("witness G $1\nwitness GG $2\nquorum G", 3, LineProblem::Unended),
            ("quorum none\r\n", 1, LineProblem::ControlCharacter(b'\r')),
            ("# \x7f\n", 1, LineProblem::ControlCharacter(0x7f)),
            ("# \x0c\n", 1, LineProblem::ControlCharacter(0x0c)),
            ("Quorum none\n", 1, LineProblem::Keyword),
            ("\u{a0}quorum none\n", 1, LineProblem::Keyword),
            ("log\n", 1, LineProblem::Form("log <vkey> [<url>]")),
            ("log $log url #comment\n", 1, LineProblem::Form("log <vkey> [<url>]")),
            ("witness W\n", 1, LineProblem::Form("witness <name> <vkey> [<url>]")),
            ("witness W $1 url more\n", 1, LineProblem::Form("witness <name> <vkey> [<url>]")),
            ("group G\n", 1, LineProblem::Form("group <name> any|all|<k> <name>...")),
            ("quorum\n", 1, LineProblem::Form("quorum <name>|none")),
            ("quorum a b\n", 1, LineProblem::Form("quorum <name>|none")),
            ("log nonsense\n", 1, LineProblem::Key(VerifierKeyError::Malformed)),
            ("witness W $log\n", 1, LineProblem::NotAWitnessKey),
            ("log $log\n\nlog $log\n", 3, LineProblem::SameKey),
            ("witness W $1\nwitness V $1\n", 2, LineProblem::SameKey),
            ("witness W $1\nwitness W $2\n", 2, LineProblem::NameTaken(text("W"))),
            ("witness none $1\n", 1, LineProblem::NameTaken(text("none"))),
            ("witness W $1\ngroup W any W\n", 2, LineProblem::NameTaken(text("W"))),
            ("group G any G\n", 1, LineProblem::Undefined(text("G"))),
            ("group G any W\nwitness W $1\n", 1, LineProblem::Undefined(text("W"))),
            ("group G any none\n", 1, LineProblem::Undefined(text("none"))),
            ("quorum W\nwitness W $1\n", 1, LineProblem::Undefined(text("W"))),
            ("witness W $1\ngroup G any W W\n", 2, LineProblem::AlreadyMember(text("W"))),
            (
                "witness W $1\ngroup G any W\ngroup H any W\n",
                3,
                LineProblem::AlreadyMember(text("W")),
            ),
            ("group G any\n", 1, LineProblem::Threshold),
            ("group G all\n", 1, LineProblem::Threshold),
            ("witness W $1\ngroup G 0 W\n", 2, LineProblem::Threshold),
            ("witness W $1\ngroup G 2 W\n", 2, LineProblem::Threshold),
            ("witness W $1\ngroup G 01 W\n", 2, LineProblem::Threshold),
            ("witness W $1\ngroup G +1 W\n", 2, LineProblem::Threshold),
            ("witness W $1\ngroup G ANY W\n", 2, LineProblem::Threshold),
            ("quorum none\nquorum none\n", 2, LineProblem::SecondQuorum),
        ];
        for (text, line, problem) in cases {
            assert_eq!(policy(text), Err(PolicyError::Line { line, problem }), "{text:?}");
        }
        assert_eq!(policy(""), Err(PolicyError::NoQuorum));
        assert_eq!(policy("witness W $1\n"), Err(PolicyError::NoQuorum));
        let long = vec![b'#'; POLICY_BYTES_MAX + 1];
        assert_eq!(Policy::parse(&long), Err(PolicyError::TooLong(POLICY_BYTES_MAX + 1)));
    }
}
