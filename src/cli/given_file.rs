//! Files that a command is given by name: small ones such as a card, read whole under a ceiling, and
//! evidence, read for its hash. A wrong name is wrong usage; a file that cannot be read is not.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use super::exit::Exit;
use super::failures::{BEGIN_AGAIN, interrupted, unreadable, usage};
use super::interrupt;
use super::voice::Failure;
use crate::evidence::hashing::{Problem, Watch, hash_file};
use crate::report::words::file_name;
use crate::store::disk::{DiskError, NotRegular, RealDisk};
use crate::store::durable;
use crate::tlog::hash::Hash;

/// Tag 18 of a COSE_Sign1 message and its array of four: how every signed statement begins.
pub const COSE_SIGN1: &[u8] = &[0xd2, 0x84];

/// What a small file should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A site card.
    Card,
    /// A receipt.
    Receipt,
    /// A policy that names witnesses.
    Policy,
    /// A checkpoint or a head line.
    Head,
    /// A signed statement.
    Statement,
    /// A request for a grant.
    Request,
    /// A request to a witness.
    CosignRequest,
    /// What a witness answered.
    SignatureLines,
    /// A private key.
    PrivateKey,
    /// A fork proof.
    Fork,
    /// A rule set.
    RuleSet,
    /// A catalogue of indicators.
    Catalogue,
    /// A site's boundary.
    Boundary,
    /// A report of an audit.
    Report,
}

impl Kind {
    /// The kind with its article.
    pub fn phrase(self) -> &'static str {
        match self {
            Kind::Card => "a site card",
            Kind::Receipt => "a receipt",
            Kind::Policy => "a policy",
            Kind::Head => "a checkpoint or head line",
            Kind::Statement => "a signed statement",
            Kind::Request => "a request",
            Kind::CosignRequest => "a request to a witness",
            Kind::SignatureLines => "what a witness answered",
            Kind::PrivateKey => "a private key",
            Kind::Fork => "a fork proof",
            Kind::RuleSet => "a rule set",
            Kind::Catalogue => "a catalogue",
            Kind::Boundary => "a boundary",
            Kind::Report => "a report",
        }
    }

    /// Whether it is one JSON object.
    fn is_json(self) -> bool {
        matches!(self, Kind::Card | Kind::Receipt | Kind::Request)
    }

    /// What a file is by its first bytes, where that is plain.
    fn seen_in(bytes: &[u8]) -> Option<Kind> {
        let has = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
        if bytes.starts_with(COSE_SIGN1) {
            Some(Kind::Statement)
        } else if bytes.starts_with(b"TR1 ") {
            Some(Kind::Head)
        } else if bytes.starts_with(b"old ") {
            Some(Kind::CosignRequest)
        } else if bytes.starts_with("\u{2014} ".as_bytes()) {
            Some(Kind::SignatureLines)
        } else if bytes.starts_with(b"-----BEGIN ") {
            Some(Kind::PrivateKey)
        } else if bytes.starts_with(b"{") {
            let schemas = [
                ("\"treering.card/", Kind::Card),
                ("\"treering.receipt/", Kind::Receipt),
                ("\"treering.key-request/", Kind::Request),
                ("\"treering.fork/", Kind::Fork),
            ];
            schemas.into_iter().find(|(schema, _)| has(schema)).map(|(_, kind)| kind)
        } else {
            has("\n\n\u{2014} ").then_some(Kind::Head)
        }
    }
}

/// The bytes of a small file. More than `ceiling` bytes are never read.
pub fn read(path: &Path, kind: Kind, ceiling: usize) -> Result<Vec<u8>, Failure> {
    // What a shell hands over (`<(command)`) lies in /dev: a pipe that has its writer. Any other pipe
    // may have none, and is not waited for.
    if path.starts_with("/dev") && !path.is_dir() {
        let source = File::open(path).map_err(|why| unreadable(path, why))?;
        return read_whole(source, path, kind, ceiling);
    }
    durable::read(&RealDisk, path, ceiling as u64).map_err(|fault| match fault {
        DiskError::TooLong { .. } => too_long(path, kind),
        fault if fault.is_not_found() => missing(path, kind.phrase()),
        fault if fault.is_not_regular() && path.is_dir() => usage(
            format!("{} is a folder", path.display()),
            format!("{} is a file", kind.phrase()),
            "name the file",
        ),
        fault if fault.is_not_regular() => usage(
            format!("{} is not read", path.display()),
            NotRegular,
            format!("name a file that holds {}", kind.phrase()),
        ),
        DiskError::Refused { source, .. } => unreadable(path, source),
        fault => unreadable(path, fault),
    })
}

/// [`read`], where `-` is standard input.
pub fn read_or_stdin(path: &Path, kind: Kind, ceiling: usize) -> Result<Vec<u8>, Failure> {
    match path.as_os_str() == "-" {
        true => read_whole(std::io::stdin().lock(), path, kind, ceiling),
        false => read(path, kind, ceiling),
    }
}

/// [`read`], from a source that is open already; `path` is what it is called.
pub fn read_whole(
    source: impl Read,
    path: &Path,
    kind: Kind,
    ceiling: usize,
) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = source.take(ceiling as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|why| unreadable(path, why))?;
    match bytes.len() > ceiling {
        true => Err(too_long(path, kind)),
        false => Ok(bytes),
    }
}

/// The file is not what it should be. If it plainly is something else, that is said instead of `why`.
pub fn not_one(path: &Path, kind: Kind, bytes: &[u8], why: impl ToString) -> Failure {
    let what = format!("{} is not {}", path.display(), kind.phrase());
    match is_another(kind, bytes) {
        Some(other) => {
            usage(what, format!("it is {}", other.phrase()), format!("name {}", kind.phrase()))
        }
        None => {
            let next = "check the name; if it is the right one, ask for the file again";
            let begins_otherwise = |bytes: &[u8]| !bytes.is_empty() && !bytes.starts_with(b"{");
            match kind.is_json() && begins_otherwise(bytes.trim_ascii_start()) {
                // What a parser says of it helps nobody.
                true => usage(what, "it does not begin as one does, with {", next),
                false => usage(what, why, next),
            }
        }
    }
}

/// What the file plainly is, if not what it should be.
pub fn is_another(kind: Kind, bytes: &[u8]) -> Option<Kind> {
    Kind::seen_in(bytes).filter(|seen| *seen != kind)
}

fn too_long(path: &Path, kind: Kind) -> Failure {
    not_one(path, kind, &[], format!("longer than {} can be", kind.phrase()))
}

fn missing(path: &Path, phrase: &str) -> Failure {
    let what = format!("there is no file {}", path.display());
    usage(what, format!("{phrase} is read from it"), "check the name")
}

/// Why an evidence file was not hashed.
pub enum Unhashed {
    /// Nothing has this name.
    Missing,
    /// It cannot be read.
    Unreadable(String),
    /// It is a folder, a pipe or a device: a wrong name.
    NoFile(String),
    /// The person at the keyboard stopped it.
    Interrupted,
}

impl Unhashed {
    /// As a failure of the whole command; `stopped` is what to say of a stop.
    pub fn failure(self, path: &Path, stopped: &str) -> Failure {
        let name = file_name(path.as_os_str().as_encoded_bytes());
        match self {
            Unhashed::Missing => {
                usage(format!("there is no file {name}"), "it should be read", "check the name")
            }
            Unhashed::Unreadable(why) => Failure::new(
                Exit::Unexpected,
                format!("{name} cannot be read"),
                why,
                "check that it is a file and that you may read it",
            ),
            Unhashed::NoFile(why) => {
                usage(format!("{name} cannot be read"), why, "name a file that was recorded")
            }
            Unhashed::Interrupted => interrupted(stopped, BEGIN_AGAIN),
        }
    }
}

/// SHA-256 and size of an evidence file. A link that is named is followed: a walk does not follow
/// any, but here somebody chose it.
pub fn hash(path: &Path) -> Result<(Hash, u64), Unhashed> {
    let problem = |why: std::io::Error| match why.kind() {
        ErrorKind::NotFound => Unhashed::Missing,
        _ => Unhashed::Unreadable(why.to_string()),
    };
    let place = path.canonicalize().map_err(problem)?;
    if place.is_dir() {
        return Err(Unhashed::NoFile("it is a folder: name the files in it".into()));
    }
    let watch = Watch { cancel: interrupt::flag(), progress: &|_| {} };
    match hash_file(&place, watch) {
        Ok((digest, stamp)) => Ok((digest, stamp.size)),
        Err(Problem::Interrupted) => Err(Unhashed::Interrupted),
        Err(Problem::Vanished) => Err(Unhashed::Missing),
        Err(Problem::Replaced) => Err(Unhashed::NoFile("it is no regular file".into())),
        Err(Problem::Unreadable(why)) => Err(problem(why)),
        Err(why) => Err(Unhashed::Unreadable(why.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_file_plainly_is() {
        assert_eq!(Kind::seen_in(b"TR1 k597 4 a b"), Some(Kind::Head));
        assert_eq!(Kind::seen_in("o\n4\nroot\n\n\u{2014} o sig\n".as_bytes()), Some(Kind::Head));
        let card = b"{\n  \"schema\": \"treering.card/1\",\n";
        assert_eq!(Kind::seen_in(card), Some(Kind::Card));
        assert_eq!(is_another(Kind::Card, card), None);
        assert_eq!(is_another(Kind::Receipt, card), Some(Kind::Card));
        assert_eq!(Kind::seen_in(b"{\"schema\": \"x\"}"), None);
        assert_eq!(Kind::seen_in(b"-----BEGIN PRIVATE KEY-----"), Some(Kind::PrivateKey));
        assert_eq!(Kind::seen_in(&[0xd2, 0x84, 0x58]), Some(Kind::Statement));
        assert_eq!(Kind::seen_in(b""), None);
    }

    #[test]
    fn no_more_than_the_ceiling_is_read() {
        let endless = std::io::repeat(b'x');
        let refused = read_whole(endless, Path::new("x"), Kind::Card, 100).unwrap_err();
        assert_eq!(refused.what, "x is not a site card");
        assert_eq!(refused.exit, Exit::Usage);
        let whole = read_whole(&[b'x'; 100][..], Path::new("x"), Kind::Card, 100);
        assert_eq!(whole.unwrap().len(), 100);
    }
}
