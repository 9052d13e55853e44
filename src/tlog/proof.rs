//! The `.tlog-proof` file: that an entry is in a log, in a form that other tools read, too
//! (C2SP tlog-proof).
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6      optional; nobody signed it
//! index 3
//! JBLYbBgEHNZMP9yBly3cVyFLQPqn+z0YdjoHdksDJeY=         the inclusion proof, leaf's sibling first
//! R71E/0J8A2l+L5ZFDuy/fy59xnJFGYNDRo6pKoqoihc=
//!                                                      a blank line, then the checkpoint file
//! fake.log.origin/log
//! 4
//! CPv9hH0ShT6k/WU9QZeh1bV7bYeUOkrnBuCLCQG9GgE=
//!
//! — fake.log.origin/log Un6ruNthJe4tf267eyOp8N1FYcK5AoY5b6v53qa6uDg33Xn5PqIaP35NSw87oCw+krzz…
//! — test-witness JjSe8AAAAABpmI8+HVh4f06FDH/kr4CtoQ63zVC31E8aT7JHzJMkLcOEIAGPiBG/IatdHdPk1mKe…
//! ```

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::checkpoint::{CheckpointError, SignedCheckpoint};
use super::hash::{Hash, Position};
use super::merkle::{PROOF_HASHES_MAX, ProofError, check_inclusion};
use super::note::{NOTE_BYTES_MAX, NoteRefused, VerifierKey};
use super::policy::{Evaluation, Policy, Quorum};

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// The most bytes of extra data. They are nobody's word, so little is lost by the ceiling.
pub const EXTRA_BYTES_MAX: usize = 1 << 16;

/// The longest file: a checkpoint, the extra data in base64, and room for the lines between.
pub const LOG_PROOF_BYTES_MAX: usize = NOTE_BYTES_MAX + 2 * EXTRA_BYTES_MAX + 4096;

/// A leaf's position and inclusion proof, and the checkpoint it leads to. Well formed; not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// Where the leaf is said to stand.
    pub position: Position,
    /// The inclusion proof, leaf's sibling first.
    pub hashes: Vec<Hash>,
    /// The checkpoint whose root the proof leads to.
    pub checkpoint: SignedCheckpoint,
    extra: Option<Vec<u8>>,
}

/// Bytes are not a `.tlog-proof` file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LogProofError {
    /// Longer than [`LOG_PROOF_BYTES_MAX`].
    #[error("the proof has {0} bytes, more than {LOG_PROOF_BYTES_MAX}")]
    TooLong(usize),
    /// No blank line before a checkpoint, or no text before that.
    #[error("not a tlog-proof: header, index, hashes, a blank line and a checkpoint expected")]
    Malformed,
    /// Another first line.
    #[error("the first line is not “{HEADER}”")]
    Header,
    /// The extra data is empty, too long or no base64.
    #[error("the extra data is not canonical base64 of 1 to {EXTRA_BYTES_MAX} bytes")]
    Extra,
    /// No index, or one that is written in another way.
    #[error("the index is not a decimal number without leading zeros")]
    Index,
    /// More hashes than any tree needs.
    #[error("the proof has more than {PROOF_HASHES_MAX} hashes")]
    TooManyHashes,
    /// A line between index and blank line is no hash.
    #[error("hash {0} of the proof is not 32 bytes of canonical base64")]
    Hash(usize),
    /// The checkpoint is malformed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

/// A `.tlog-proof` is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum LogProofRefused {
    /// The log's keys did not sign the checkpoint.
    #[error("the log's signature: {0}")]
    Log(NoteRefused),
    /// A witness's line does not match.
    #[error("a witness's signature: {0}")]
    Witness(NoteRefused),
    /// Too few witnesses.
    #[error("the witnesses that cosigned do not meet the quorum of the policy")]
    QuorumNotMet,
    /// The leaf is not shown to be in the tree.
    #[error("the inclusion proof: {0}")]
    Inclusion(#[from] ProofError),
}

impl LogProof {
    /// A proof without extra data.
    pub fn new(position: Position, hashes: Vec<Hash>, checkpoint: SignedCheckpoint) -> LogProof {
        LogProof { position, hashes, checkpoint, extra: None }
    }

    /// The extra data, if there is some. Nobody signed it.
    pub fn extra(&self) -> Option<&[u8]> {
        self.extra.as_deref()
    }

    /// Reads a file. Printing it gives the same bytes.
    pub fn parse(bytes: &[u8]) -> Result<LogProof, LogProofError> {
        if bytes.len() > LOG_PROOF_BYTES_MAX {
            return Err(LogProofError::TooLong(bytes.len()));
        }
        let text = str::from_utf8(bytes).map_err(|_| LogProofError::Malformed)?;
        let (head, checkpoint) = text.split_once("\n\n").ok_or(LogProofError::Malformed)?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(HEADER) {
            return Err(LogProofError::Header);
        }
        let extra = match lines.next_if(|line| line.starts_with("extra ")) {
            Some(line) => Some(parse_extra(line)?),
            None => None,
        };
        let index = lines.next().and_then(|line| line.strip_prefix("index "));
        let position =
            index.and_then(|index| index.parse().ok()).map(Position).ok_or(LogProofError::Index)?;
        let mut hashes = Vec::new();
        for (number, line) in (1..).zip(lines) {
            if number > PROOF_HASHES_MAX {
                return Err(LogProofError::TooManyHashes);
            }
            hashes.push(parse_hash(line).ok_or(LogProofError::Hash(number))?);
        }
        let checkpoint = SignedCheckpoint::parse(checkpoint.as_bytes())?;
        let proof = LogProof { position, hashes, checkpoint, extra };
        // What the parts did not refuse is a sign or leading zeros in the index.
        if proof.to_string() != text {
            return Err(LogProofError::Index);
        }
        Ok(proof)
    }

    /// Checks that the leaf with this hash is in a log, as tlog-proof asks: the checkpoint is
    /// signed by one of the log's keys, its witnesses meet the policy's quorum, and the proof leads
    /// from leaf to root. The keys are those that the reader holds for this log, for example
    /// [`Policy::log_keys`] of the checkpoint's origin; a key under another name is no log key.
    pub fn check<'k, 'p>(
        &self,
        leaf: Hash,
        log_keys: impl IntoIterator<Item = &'k VerifierKey>,
        policy: &'p Policy,
    ) -> Result<Evaluation<'p>, LogProofRefused> {
        let origin = self.checkpoint.origin().key_name();
        let log_keys = log_keys.into_iter().filter(|key| key.name() == origin);
        self.checkpoint.note().check(log_keys).map_err(LogProofRefused::Log)?;
        let evaluation = policy.evaluate(&self.checkpoint).map_err(LogProofRefused::Witness)?;
        if evaluation.quorum == Quorum::NotMet {
            return Err(LogProofRefused::QuorumNotMet);
        }
        check_inclusion(leaf, self.position, self.checkpoint.tree(), &self.hashes)?;
        Ok(evaluation)
    }
}

/// The file.
impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.position)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", STANDARD.encode(hash.0)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

fn parse_extra(line: &str) -> Result<Vec<u8>, LogProofError> {
    let base64 = line.strip_prefix("extra ").ok_or(LogProofError::Extra)?;
    let extra = STANDARD.decode(base64).map_err(|_| LogProofError::Extra)?;
    if !(1..=EXTRA_BYTES_MAX).contains(&extra.len()) {
        return Err(LogProofError::Extra);
    }
    Ok(extra)
}

fn parse_hash(base64: &str) -> Option<Hash> {
    Hash::try_from(STANDARD.decode(base64).ok()?.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlog::checkpoint::{Checkpoint, Origin, log_vkey};
    use crate::tlog::cosignature::CosignatureTime;
    use crate::tlog::ed25519::SecretKey;
    use crate::tlog::hash::{Tree, TreeSize};
    use crate::tlog::merkle::{Unprovable, prove_inclusion, root_of};
    use crate::tlog::node::memory::{leaves, read};
    use crate::tlog::note::{KeyName, SignatureType};

    fn origin() -> Origin {
        Origin::new("ring.example/log").unwrap()
    }

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn log_key() -> VerifierKey {
        log_vkey(&origin(), secret(1).public())
    }

    fn witness() -> KeyName {
        KeyName::new("ring.example/witness").unwrap()
    }

    fn policy() -> Policy {
        let key = VerifierKey::new(witness(), SignatureType::Cosignature, secret(2).public());
        Policy::parse(format!("witness W {key}\nquorum W\n").as_bytes()).unwrap()
    }

    fn time() -> CosignatureTime {
        CosignatureTime::new(1_800_000_000).unwrap()
    }

    /// Leaf 3 of 6, signed by the log and cosigned by the witness.
    fn proof() -> LogProof {
        let leaves = leaves(6);
        let tree = Tree { size: TreeSize(6), root: root_of(&leaves) };
        let checkpoint = Checkpoint::new(origin(), tree);
        let lines =
            vec![checkpoint.sign(&secret(1)), checkpoint.cosign(&secret(2), &witness(), time())];
        let position = Position(3);
        LogProof::new(
            position,
            prove_inclusion(position, tree.size, read::<Unprovable>(&leaves)).unwrap(),
            SignedCheckpoint::new(checkpoint, lines).unwrap(),
        )
    }

    #[test]
    fn reads_back_and_checks() {
        let proof = proof();
        let read = LogProof::parse(proof.to_string().as_bytes()).unwrap();
        assert_eq!(read, proof);
        let policy = policy();
        let evaluation = read.check(leaves(6)[3], [&log_key()], &policy).unwrap();
        assert_eq!(evaluation.quorum, Quorum::MetBy(time()));

        let extra = LogProof { extra: Some(b"age".to_vec()), ..proof };
        assert_eq!(LogProof::parse(extra.to_string().as_bytes()), Ok(extra.clone()));
        assert_eq!(extra.extra(), Some(b"age".as_slice()));
    }

    #[test]
    fn each_part_is_asked_for() {
        let (leaf, policy) = (leaves(6)[3], policy());
        let other_leaf = proof().check(leaves(6)[2], [&log_key()], &policy);
        assert_eq!(other_leaf, Err(LogProofRefused::Inclusion(ProofError::RootDiffers)));

        let no_key = LogProofRefused::Log(NoteRefused::NoKnownSignature);
        assert_eq!(proof().check(leaf, [], &policy), Err(no_key.clone()));
        let other_log = log_vkey(&Origin::new("other").unwrap(), secret(1).public());
        assert_eq!(proof().check(leaf, [&other_log], &policy), Err(no_key.clone()));
        // The witness's key cannot stand in for the log's.
        let witness_as_log = &policy.witnesses()[0].key;
        assert_eq!(proof().check(leaf, [witness_as_log], &policy), Err(no_key));

        let unseen = LogProof {
            checkpoint: SignedCheckpoint::new(
                proof().checkpoint.checkpoint().clone(),
                vec![proof().checkpoint.checkpoint().sign(&secret(1))],
            )
            .unwrap(),
            ..proof()
        };
        let refused = unseen.check(leaf, [&log_key()], &policy);
        assert_eq!(refused, Err(LogProofRefused::QuorumNotMet));
        let none = Policy::parse(b"quorum none\n").unwrap();
        assert_eq!(unseen.check(leaf, [&log_key()], &none).unwrap().quorum, Quorum::NotAsked);

        let mut forged = proof();
        let elsewhere = Checkpoint::new(origin(), Tree::empty());
        forged.checkpoint.add(elsewhere.cosign(&secret(2), &witness(), time())).unwrap();
        let refused = forged.check(leaf, [&log_key()], &policy);
        assert!(matches!(refused, Err(LogProofRefused::Witness(NoteRefused::Mismatch { .. }))));
    }

    #[test]
    fn every_changed_byte_is_refused() {
        let (file, leaf, policy) = (proof().to_string(), leaves(6)[3], policy());
        for at in 0..file.len() {
            let mut bytes = file.clone().into_bytes();
            bytes[at] ^= 1;
            let accepted = LogProof::parse(&bytes)
                .is_ok_and(|proof| proof.check(leaf, [&log_key()], &policy).is_ok());
            assert!(!accepted, "byte {at}");
        }
    }

    #[test]
    fn malformed_files() {
        let good = proof().to_string();
        let parse = |text: &str| LogProof::parse(text.as_bytes()).map(|_| ());
        let with = |from: &str, to: &str| parse(&good.replacen(from, to, 1));
        assert_eq!(parse(&good), Ok(()));
        assert_eq!(parse(""), Err(LogProofError::Malformed));
        assert_eq!(parse(&good.replace("\n\n", "\n")), Err(LogProofError::Malformed));
        assert_eq!(LogProof::parse(b"\xff\n\n"), Err(LogProofError::Malformed));
        assert_eq!(with("@v1", "@v2"), Err(LogProofError::Header));
        assert_eq!(with("c2sp", "\nc2sp"), Err(LogProofError::Header));
        for index in ["03", "+3", "-3", "", "x", " 3", "3 ", "18446744073709551616"] {
            let index = format!("index {index}\n");
            assert_eq!(with("index 3\n", &index), Err(LogProofError::Index), "{index:?}");
        }
        assert_eq!(with("index 3\n", ""), Err(LogProofError::Index));
        assert_eq!(with("index 3\n", "index 3\n!\n"), Err(LogProofError::Hash(1)));
        assert_eq!(with("index 3\n", "index 3\nAAAA\n"), Err(LogProofError::Hash(1)));
        assert_eq!(with("index 3\n", "index 3\nindex 3\n"), Err(LogProofError::Hash(1)));
        for extra in ["extra \n", "extra !\n", "extra YQ\n", "extra YR==\n", "extra YQ== \n"] {
            let text = format!("{extra}index 3\n");
            assert_eq!(with("index 3\n", &text), Err(LogProofError::Extra), "{extra:?}");
        }
        assert_eq!(
            with("index 3\n", "extra YQ==\nextra YQ==\nindex 3\n"),
            Err(LogProofError::Index)
        );
        let extra = format!("extra {}\nindex 3\n", STANDARD.encode(vec![0; EXTRA_BYTES_MAX + 1]));
        assert_eq!(with("index 3\n", &extra), Err(LogProofError::Extra));
        let hashes = format!("index 3\n{}", "AAAA\n".repeat(PROOF_HASHES_MAX + 1));
        assert_eq!(with("index 3\n", &hashes), Err(LogProofError::Hash(1)));
        let hash = STANDARD.encode([0; 32]) + "\n";
        let hashes = format!("index 3\n{}", hash.repeat(PROOF_HASHES_MAX));
        assert_eq!(with("index 3\n", &hashes), Err(LogProofError::TooManyHashes));
        assert!(matches!(with("\n6\n", "\n06\n"), Err(LogProofError::Checkpoint(_))));
        assert_eq!(
            LogProof::parse(&vec![b'a'; LOG_PROOF_BYTES_MAX + 1]),
            Err(LogProofError::TooLong(LOG_PROOF_BYTES_MAX + 1))
        );
    }
}
