//! Witness: what a log asks of one, and what one may answer (C2SP tlog-witness v1.0.0).
//!
//! ```text
//! old 20852014                                     the size the witness is thought to have cosigned
//! KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=     the consistency proof from there, 0 to 63 hashes
//!                                                  a blank line, then the checkpoint to the byte
//! example.com/behind-the-sofa
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//!
//! — example.com/behind-the-sofa Az3grlgtzPICa5OS…
//! ```
//!
//! Everything a witness is worth lies in one decision: to cosign only what extends what it cosigned
//! before. Here it is a function of what the witness remembers of the log and of the request, and of
//! nothing else. That what it remembers is durable before the answer leaves, and moves under one lock
//! with the decision, is for the caller (`exchange/witness`).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::checkpoint::{Checkpoint, CheckpointError, Origin};
use super::hash::{Hash, Tree, TreeSize};
use super::merkle::{ProofError, check_consistency};
use super::note::{
    KnownSignature, LineError, NOTE_BYTES_MAX, Note, NoteError, NoteRefused, SignatureLine,
    VerifierKey,
};

/// The most hashes of a proof on the wire: what two trees of at most 2^62 leaves can need.
pub const WIRE_HASHES_MAX: usize = 63;

/// The longest request: its first line, 63 hashes of 45 bytes, and the longest note.
pub const REQUEST_BYTES_MAX: usize = 32 + WIRE_HASHES_MAX * 45 + NOTE_BYTES_MAX;

/// A request that a checkpoint be cosigned. Well formed; nothing in it is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the witness is thought to have cosigned last; 0 if none.
    pub old: TreeSize,
    /// The proof that the new tree extends the one of that size.
    pub proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

/// Bytes are not a request.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RequestError {
    /// Longer than [`REQUEST_BYTES_MAX`].
    #[error("the request has {0} bytes, more than {REQUEST_BYTES_MAX}")]
    TooLong(usize),
    /// No blank line, or not UTF-8 before it.
    #[error("a request is the line “old SIZE”, hashes, a blank line and a checkpoint")]
    Form,
    /// The first line.
    #[error("the first line is not “old” and a decimal size up to 2^62")]
    Old,
    /// A line of the proof, counted from 1.
    #[error("line {0} of the proof is not 32 bytes of canonical base64")]
    Hash(usize),
    /// More than [`WIRE_HASHES_MAX`] hashes.
    #[error("the proof has more than {WIRE_HASHES_MAX} hashes")]
    TooManyHashes,
    /// What follows is no checkpoint.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The checkpoint has lines after its root. They would be cosigned, and no witness can judge them.
    #[error("the checkpoint has extension lines, which this witness does not cosign")]
    Extensions,
}

/// What a witness remembers of a log that it was told to watch.
#[derive(Clone, Copy, Debug)]
pub struct WatchedLog<'a> {
    /// The first line of its checkpoints.
    pub origin: &'a Origin,
    /// The log's keys. Their name should be the origin; of some older logs it is another.
    pub keys: &'a [VerifierKey],
    /// The tree it cosigned last, if it ever did.
    pub cosigned: Option<Tree>,
}

/// A request that may be granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What to cosign.
    pub checkpoint: Checkpoint,
    /// The log's own lines, each of which matches, one for each key. No other line of the request was
    /// looked at, and none may be stored: somebody may have added a false one under any name.
    pub log_lines: Vec<SignatureLine>,
}

/// Why a witness does not cosign.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Declined {
    /// The body is not a request.
    #[error("the request is malformed: {0}")]
    Malformed(RequestError),
    /// Nobody told the witness to watch this log.
    #[error("this witness does not watch the log {0}")]
    UnknownOrigin(String),
    /// None of the log's keys signed, or a line under one of them does not match.
    #[error("the checkpoint is not the log's: {0}")]
    NotTheLogs(NoteRefused),
    /// A signature is base64 in another way than the one of writing it, which not all readers would
    /// take for a signature: none that matches.
    #[error("the checkpoint is not the log's: signature line {0} is not canonical base64")]
    Unreadable(usize),
    /// The old size is above the new one.
    #[error("the old size {old} is larger than the checkpoint's, {new}")]
    OldIsLarger {
        /// The old size of the request.
        old: TreeSize,
        /// The size of its checkpoint.
        new: TreeSize,
    },
    /// The witness has cosigned another size last.
    #[error("this witness has cosigned size {0} last")]
    OtherSize(TreeSize),
    /// Size 0 with a root other than SHA256("").
    #[error("the tree is empty, but the root is not that of the empty tree")]
    EmptyTreeRoot,
    /// From size 0 there is nothing to prove.
    #[error("there is no proof from size 0, but {0} hashes were sent")]
    ProofFromNothing(usize),
    /// The proof does not lead from the cosigned tree to the new one.
    #[error("the consistency proof: {0}")]
    Proof(ProofError),
    /// The tree of this size was cosigned with another root. Both are signed by the log: a fork.
    #[error("another tree of size {} was cosigned; both cannot be true", .cosigned.size)]
    Contradicts {
        /// What was cosigned.
        cosigned: Tree,
    },
}

impl Declined {
    /// The HTTP status of tlog-witness.
    pub fn status(&self) -> u16 {
        match self {
            Declined::Malformed(_) | Declined::OldIsLarger { .. } => 400,
            Declined::UnknownOrigin(_) => 404,
            Declined::NotTheLogs(_) | Declined::Unreadable(_) => 403,
            Declined::OtherSize(_) => 409,
            Declined::EmptyTreeRoot
            | Declined::ProofFromNothing(_)
            | Declined::Proof(_)
            | Declined::Contradicts { .. } => 422,
        }
    }
}

impl AddCheckpoint {
    /// A request; the checkpoint bears the log's own lines and no others.
    pub fn new(
        old: TreeSize,
        proof: Vec<Hash>,
        checkpoint: Checkpoint,
        log_lines: Vec<SignatureLine>,
    ) -> Result<AddCheckpoint, NoteError> {
        let note = Note::new(&checkpoint.to_string(), log_lines)?;
        Ok(AddCheckpoint { old, proof, note, checkpoint })
    }

    /// Reads the body of a request. Printing it gives the same bytes.
    ///
    /// # Errors
    /// [`Declined::Malformed`]; [`Declined::UnknownOrigin`] for an origin that no log watched here can
    /// have (such as one with spaces); [`Declined::Unreadable`].
    pub fn parse(body: &[u8]) -> Result<AddCheckpoint, Declined> {
        parse(body).map_err(|fault| match fault {
            RequestError::Checkpoint(CheckpointError::Origin(_)) => {
                Declined::UnknownOrigin("of that name".into())
            }
            RequestError::Checkpoint(CheckpointError::Note(NoteError::Line {
                line,
                error: LineError::Base64,
            })) => Declined::Unreadable(line),
            fault => Declined::Malformed(fault),
        })
    }

    /// The checkpoint. Its root is any, if its tree is empty.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The checkpoint's text and lines.
    pub fn note(&self) -> &Note {
        &self.note
    }
}

fn parse(body: &[u8]) -> Result<AddCheckpoint, RequestError> {
    if body.len() > REQUEST_BYTES_MAX {
        return Err(RequestError::TooLong(body.len()));
    }
    let blank = body.windows(2).position(|pair| pair == b"\n\n").ok_or(RequestError::Form)?;
    let (head, note) = (&body[..blank], &body[blank + 2..]);
    let head = str::from_utf8(head).map_err(|_| RequestError::Form)?;
    let mut lines = head.split('\n');
    let old = lines.next().and_then(|line| line.strip_prefix("old ")).ok_or(RequestError::Old)?;
    let old = parse_size(old).ok_or(RequestError::Old)?;
    let mut proof = Vec::new();
    for (number, line) in (1..).zip(lines) {
        if number > WIRE_HASHES_MAX {
            return Err(RequestError::TooManyHashes);
        }
        let bytes = STANDARD.decode(line).map_err(|_| RequestError::Hash(number))?;
        proof.push(Hash::try_from(&bytes[..]).map_err(|_| RequestError::Hash(number))?);
    }
    let note = Note::parse(note).map_err(CheckpointError::Note)?;
    let checkpoint = Checkpoint::parse_any_root(note.text())?;
    if !checkpoint.extensions().is_empty() {
        return Err(RequestError::Extensions);
    }
    Ok(AddCheckpoint { old, proof, note, checkpoint })
}

/// A size as the wire has it: decimal digits in their one way of writing, up to 2^62.
pub fn parse_size(digits: &str) -> Option<TreeSize> {
    let size = digits.parse().ok().map(TreeSize)?;
    (size <= TreeSize::MAX && size.to_string() == digits).then_some(size)
}

/// The body of the request.
impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.note)
    }
}

/// Decides on a request, in the order of tlog-witness. `watched` is what the witness remembers of the
/// log that the checkpoint names; absent if it watches no such log.
pub fn decide(
    watched: Option<WatchedLog<'_>>,
    request: &AddCheckpoint,
) -> Result<Granted, Declined> {
    let AddCheckpoint { old, proof, note, checkpoint } = request;
    let log = watched
        .filter(|log| *log.origin == checkpoint.origin)
        .ok_or_else(|| Declined::UnknownOrigin(checkpoint.origin.to_string()))?;
    let signed = note.check(log.keys).map_err(Declined::NotTheLogs)?;

    let (old, new) = (*old, checkpoint.tree);
    if old > new.size {
        return Err(Declined::OldIsLarger { old, new: new.size });
    }
    let cosigned = log.cosigned.unwrap_or_else(Tree::empty);
    if old != cosigned.size {
        return Err(Declined::OtherSize(cosigned.size));
    }
    if new.size.0 == 0 && new.root != Tree::empty().root {
        return Err(Declined::EmptyTreeRoot);
    }
    if old.0 == 0 {
        // Every tree extends the empty one, and nothing says so.
        return match proof.len() {
            0 => Ok(grant(request, &signed)),
            hashes => Err(Declined::ProofFromNothing(hashes)),
        };
    }
    if cosigned.size == new.size && cosigned.root != new.root {
        return Err(Declined::Contradicts { cosigned });
    }
    check_consistency(cosigned, new, proof).map_err(Declined::Proof)?;
    Ok(grant(request, &signed))
}

/// What may be cosigned and kept: of each key of the log the first line. All of them match.
fn grant(request: &AddCheckpoint, signed: &[KnownSignature<'_>]) -> Granted {
    let mut log_lines: Vec<SignatureLine> = Vec::new();
    for line in request.note.signatures() {
        let whose = (line.name(), line.id());
        let known = signed.iter().any(|known| (known.key.name(), known.key.id()) == whose);
        if known && !log_lines.iter().any(|kept| (kept.name(), kept.id()) == whose) {
            log_lines.push(line.clone());
        }
    }
    Granted { checkpoint: request.checkpoint.clone(), log_lines }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::checkpoint::log_vkey;
    use crate::tlog::ed25519::SecretKey;

    const EMPTY: &str =
        "old 0\n\no\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n— o AAAAAAA=\n";

    fn malformed(body: &str) -> RequestError {
        match AddCheckpoint::parse(body.as_bytes()) {
            Err(Declined::Malformed(why)) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn requests_print_back() {
        let read = AddCheckpoint::parse(EMPTY.as_bytes()).unwrap();
        assert_eq!(read.to_string(), EMPTY);
        let hash = "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
        let longest = EMPTY.replacen("old 0\n", &format!("old 1\n{}", hash.repeat(63)), 1);
        assert_eq!(AddCheckpoint::parse(longest.as_bytes()).unwrap().to_string(), longest);
    }

    #[test]
    fn malformed_requests() {
        for old in [
            "",
            "old",
            "old ",
            "old 00",
            "old +1",
            "old -1",
            "old 1 ",
            "Old 1",
            "old 4611686018427387905",
        ] {
            assert_eq!(malformed(&EMPTY.replacen("old 0", old, 1)), RequestError::Old, "{old:?}");
        }
        for hash in ["KgEA", "x", "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", " "] {
            let body = EMPTY.replacen("old 0\n", &format!("old 1\n{hash}\n"), 1);
            assert_eq!(malformed(&body), RequestError::Hash(1), "{hash:?}");
        }
        let hash = "KgEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
        let body = EMPTY.replacen("old 0\n", &format!("old 1\n{}", hash.repeat(64)), 1);
        assert_eq!(malformed(&body), RequestError::TooManyHashes);
        let extended = EMPTY.replacen("=\n\n— o", "=\nmore\n\n— o", 1);
        assert_eq!(malformed(&extended), RequestError::Extensions);
        assert_eq!(malformed("old 0\n"), RequestError::Form);
        assert_eq!(malformed("old 0\n\n"), RequestError::Checkpoint(NoteError::UnendedLine.into()));
    }

    #[test]
    fn an_origin_that_cannot_be_watched_is_unknown() {
        let body = EMPTY.replacen("\no\n", "\ngo.sum database tree\n", 1);
        let refused = AddCheckpoint::parse(body.as_bytes()).unwrap_err();
        assert_eq!(refused.status(), 404);
    }

    #[test]
    fn lines_by_others_are_not_kept() {
        let (log, other) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let origin = Origin::new("example.park/ledger").unwrap();
        let checkpoint = Checkpoint::new(origin.clone(), Tree::empty());
        let stranger =
            Checkpoint::new(Origin::new("stranger").unwrap(), Tree::empty()).sign(&other);
        let own = checkpoint.sign(&log);
        let lines = vec![stranger, own.clone(), own.clone()];
        let request = AddCheckpoint::new(TreeSize(0), vec![], checkpoint, lines).unwrap();
        let keys = [log_vkey(&origin, log.public())];
        let granted =
            decide(Some(WatchedLog { origin: &origin, keys: &keys, cosigned: None }), &request)
                .unwrap();
        assert_eq!(granted.log_lines, [own]);
    }
}
