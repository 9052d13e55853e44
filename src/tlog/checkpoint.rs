//! Checkpoint: a log's signed head (C2SP tlog-checkpoint v1.0.0).
//!
//! ```text
//! example.com/behind-the-sofa                      origin: which log
//! 20852163                                         tree size
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=     root hash at that size
//!                                                  a blank line, then signatures
//! — example.com/behind-the-sofa Az3grlgtzPICa5OS…  the log's
//! — witness.example.com/w1 jWbPPwAAAABkGFDLEZMH…   cosignatures of witnesses
//! ```
//!
//! A log must never sign two checkpoints that cannot both be true; such a pair is a fork, and
//! portable proof of it.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::cosignature::CosignatureTime;
use super::ed25519::{PublicKey, SecretKey};
use super::hash::{Hash, Tree, TreeSize};
use super::note::{
    KeyName, NameError, Note, NoteError, SignatureLine, SignatureType, VerifierKey, cosign_note,
    sign_note,
};

/// The name of a log: the first line of its checkpoints, and the name of its key.
///
/// 1 to 255 bytes without Unicode White_Space, plus sign or control character. tlog-checkpoint only
/// recommends that; tlog-policy, which names a log by its verifier key, needs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Origin(KeyName);

impl Origin {
    /// Admits an origin, or says why not.
    pub fn new(origin: &str) -> Result<Origin, NameError> {
        KeyName::new(origin).map(Origin)
    }

    /// The origin.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name of the log's key: the same.
    pub fn key_name(&self) -> &KeyName {
        &self.0
    }
}

impl TryFrom<String> for Origin {
    type Error = NameError;
    fn try_from(origin: String) -> Result<Origin, NameError> {
        Origin::new(&origin)
    }
}

impl From<Origin> for String {
    fn from(origin: Origin) -> String {
        origin.to_string()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The verifier key with which a log signs its checkpoints.
pub fn log_vkey(origin: &Origin, key: PublicKey) -> VerifierKey {
    VerifierKey::new(origin.key_name().clone(), SignatureType::Ed25519, key)
}

/// What a checkpoint says: this log, at this size, has this root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log.
    pub origin: Origin,
    /// Its size and root.
    pub tree: Tree,
    extensions: Vec<String>,
}

/// A text is not that of a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The note around it is malformed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Not three lines and perhaps some more, none of them empty, each ended.
    #[error("a checkpoint has at least three lines (origin, size, root), none of them empty")]
    Lines,
    /// The first line is no origin.
    #[error("the origin is refused: {0}")]
    Origin(#[from] NameError),
    /// The second line is no size.
    #[error("the tree size is not a decimal number up to 2^62, without leading zeros")]
    Size,
    /// The third line is no hash.
    #[error("the root is not 32 bytes of canonical base64")]
    Root,
    /// Size 0 with a root other than SHA256("").
    #[error("the tree is empty, but the root is not that of the empty tree")]
    EmptyTreeRoot,
}

impl Checkpoint {
    /// A checkpoint without extension lines, as logs should make them.
    pub fn new(origin: Origin, tree: Tree) -> Checkpoint {
        Checkpoint { origin, tree, extensions: Vec::new() }
    }

    /// Reads the text of a checkpoint, without signatures. Printing it gives the same text.
    pub fn parse(text: &str) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint::parse_any_root(text)?;
        let Tree { size, root } = checkpoint.tree;
        if size.0 == 0 && root != Tree::empty().root {
            return Err(CheckpointError::EmptyTreeRoot);
        }
        Ok(checkpoint)
    }

    /// [`Checkpoint::parse`], where an empty tree may have any root: a witness judges that later.
    pub(super) fn parse_any_root(text: &str) -> Result<Checkpoint, CheckpointError> {
        let lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?;
        let lines: Vec<&str> = lines.split('\n').collect();
        let [origin, size, root, extensions @ ..] = lines.as_slice() else {
            return Err(CheckpointError::Lines);
        };
        if lines.contains(&"") {
            return Err(CheckpointError::Lines);
        }
        let checkpoint = Checkpoint {
            origin: Origin::new(origin)?,
            tree: Tree { size: parse_size(size)?, root: parse_root(root)? },
            extensions: extensions.iter().map(|line| (*line).to_owned()).collect(),
        };
        // Signs and leading zeros are gone if they were there.
        if checkpoint.to_string() != text {
            return Err(CheckpointError::Size);
        }
        Ok(checkpoint)
    }

    /// Lines that the log added after the root. They are signed; no reader of the tree checks them.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }

    /// Signs the checkpoint as its log.
    pub fn sign(&self, key: &SecretKey) -> SignatureLine {
        sign_note(key, self.origin.key_name(), &self.to_string())
    }

    /// Cosigns the checkpoint as the witness of this name. Whether it extends what that witness saw
    /// before is for the caller to have checked.
    pub fn cosign(
        &self,
        key: &SecretKey,
        witness: &KeyName,
        time: CosignatureTime,
    ) -> SignatureLine {
        cosign_note(key, witness, time, &self.to_string())
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.origin)?;
        writeln!(f, "{}", self.tree.size)?;
        writeln!(f, "{}", STANDARD.encode(self.tree.root.0))?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

fn parse_size(digits: &str) -> Result<TreeSize, CheckpointError> {
    let size = digits.parse().map(TreeSize).map_err(|_| CheckpointError::Size)?;
    if size > TreeSize::MAX {
        return Err(CheckpointError::Size);
    }
    Ok(size)
}

fn parse_root(base64: &str) -> Result<Hash, CheckpointError> {
    let bytes = STANDARD.decode(base64).map_err(|_| CheckpointError::Root)?;
    Hash::try_from(bytes.as_slice()).map_err(|_| CheckpointError::Root)
}

/// A checkpoint with its note. Well formed; its signatures are not checked: ask
/// [`Note::check`] of [`SignedCheckpoint::note`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    note: Note,
    checkpoint: Checkpoint,
}

impl SignedCheckpoint {
    /// A checkpoint under signature lines made for it, the log's first.
    pub fn new(
        checkpoint: Checkpoint,
        signatures: Vec<SignatureLine>,
    ) -> Result<SignedCheckpoint, NoteError> {
        let note = Note::new(&checkpoint.to_string(), signatures)?;
        Ok(SignedCheckpoint { note, checkpoint })
    }

    /// Reads a checkpoint file. Printing it gives the same bytes.
    pub fn parse(bytes: &[u8]) -> Result<SignedCheckpoint, CheckpointError> {
        let note = Note::parse(bytes)?;
        let checkpoint = Checkpoint::parse(note.text())?;
        Ok(SignedCheckpoint { note, checkpoint })
    }

    /// What it says.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Which log it is of.
    pub fn origin(&self) -> &Origin {
        &self.checkpoint.origin
    }

    /// Its size and root.
    pub fn tree(&self) -> Tree {
        self.checkpoint.tree
    }

    /// Its text with the signatures.
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a signature line after the others. A line of the same name and key id gives way to it.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        self.note.add(line)
    }
}

/// The checkpoint file.
impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.note.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tlog::note::{KnownSignature, NoteRefused};

    const EXAMPLE: &str =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn origin() -> Origin {
        Origin::new("ring.example/log").unwrap()
    }

    #[test]
    fn the_example_of_the_specification() {
        let checkpoint = Checkpoint::parse(EXAMPLE).unwrap();
        assert_eq!(checkpoint.origin.as_str(), "example.com/behind-the-sofa");
        assert_eq!(checkpoint.tree.size, TreeSize(20_852_163));
        assert_eq!(checkpoint.extensions(), [""; 0]);
        assert_eq!(checkpoint.to_string(), EXAMPLE);
    }

    #[test]
    fn extension_lines_are_kept_and_signed() {
        let text = format!("{EXAMPLE}first extension\nsecond\n");
        let checkpoint = Checkpoint::parse(&text).unwrap();
        assert_eq!(checkpoint.extensions(), ["first extension", "second"]);
        assert_eq!(checkpoint.to_string(), text);
    }

    #[test]
    fn malformed_checkpoints() {
        let root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let parse = |text: &str| Checkpoint::parse(text).map(|_| ());
        assert_eq!(parse(&format!("o\n0\n{root}\n")), Ok(()));
        assert_eq!(parse(&format!("o\n{}\n{root}\n", 1_u64 << 62)), Ok(()));

        for lines in ["", "\n", "o\n", "o\n0\n", "o\n0\n\n", "\n0\nr\n", "o\n\nr\n", "o\n0\nr"] {
            assert_eq!(parse(lines), Err(CheckpointError::Lines), "{lines:?}");
        }
        for extensions in ["\n", "a\n\n", "\na\n", "a\n\nb\n", "a"] {
            let text = format!("o\n1\n{root}\n{extensions}");
            assert_eq!(parse(&text), Err(CheckpointError::Lines), "{text:?}");
        }
        let too_large = ((1_u64 << 62) + 1).to_string();
        for size in [
            "00",
            "01",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.0",
            "0x1",
            "١",
            &too_large,
            "18446744073709551616",
        ] {
            let text = format!("o\n{size}\n{root}\n");
            assert_eq!(parse(&text), Err(CheckpointError::Size), "{text:?}");
        }
        for root in [
            &root[1..],
            &root[..43],
            "AA==",
            &root.replace('U', "V"),
            &format!("{root} "),
            &root.replace('+', "-"),
        ] {
            let text = format!("o\n1\n{root}\n");
            assert_eq!(parse(&text), Err(CheckpointError::Root), "{text:?}");
        }
        let origin = |origin: &str| parse(&format!("{origin}\n1\n{root}\n"));
        assert_eq!(
            origin("go.sum database tree"),
            Err(CheckpointError::Origin(NameError::Character(' ')))
        );
        assert_eq!(origin("a+b"), Err(CheckpointError::Origin(NameError::Character('+'))));
        assert_eq!(origin(&"a".repeat(256)), Err(CheckpointError::Origin(NameError::TooLong(256))));
    }

    #[test]
    fn an_empty_tree_has_one_root() {
        let text = EXAMPLE.replace("20852163", "0");
        assert_eq!(Checkpoint::parse(&text), Err(CheckpointError::EmptyTreeRoot));
        let empty = Checkpoint::new(origin(), Tree::empty());
        assert_eq!(Checkpoint::parse(&empty.to_string()), Ok(empty));
    }

    #[test]
    fn log_signs_and_witness_cosigns() {
        let (log, witness) = (SecretKey::from_seed(&[1; 32]), SecretKey::from_seed(&[2; 32]));
        let witness_name = KeyName::new("witness.example/w").unwrap();
        let time = CosignatureTime::new(1_800_000_000).unwrap();
        let checkpoint = Checkpoint::new(origin(), Tree::empty());
        let lines = vec![checkpoint.sign(&log), checkpoint.cosign(&witness, &witness_name, time)];
        let signed = SignedCheckpoint::new(checkpoint, lines).unwrap();
        assert_eq!(SignedCheckpoint::parse(signed.to_string().as_bytes()), Ok(signed.clone()));

        let log = log_vkey(&origin(), log.public());
        let witness = VerifierKey::new(witness_name, SignatureType::Cosignature, witness.public());
        assert_eq!(
            signed.note().check([&log, &witness]),
            Ok(vec![
                KnownSignature { key: &log, time: None },
                KnownSignature { key: &witness, time: Some(time) }
            ])
        );
        let other = log_vkey(&Origin::new("ring.example/other").unwrap(), *log.key());
        assert_eq!(signed.note().check([&other]), Err(NoteRefused::NoKnownSignature));
    }

    #[test]
    fn a_signed_note_that_is_no_checkpoint_is_refused() {
        let key = SecretKey::from_seed(&[1; 32]);
        let text = "a letter\n";
        let line = sign_note(&key, origin().key_name(), text);
        let note = Note::new(text, vec![line]).unwrap().to_string();
        assert_eq!(SignedCheckpoint::parse(note.as_bytes()), Err(CheckpointError::Lines));
        assert_eq!(
            SignedCheckpoint::parse(EXAMPLE.as_bytes()),
            Err(CheckpointError::Note(NoteError::NoSignatures))
        );
    }

    proptest! {
        #[test]
        fn what_reads_prints_back(
            size in "(0|\\+?[1-9][0-9]{0,2}|[0-9]{1,2})",
            last in "[UV]=?",
            extensions in "([a-z]{0,2}\n){0,3}",
        ) {
            let root = format!("47DEQpj8HBSa/TImW5JCeuQeRkm5NMpJWZG3hSuFUa{last}");
            let text = format!("o\n{size}\n{root}\n{extensions}");
            if let Ok(checkpoint) = Checkpoint::parse(&text) {
                prop_assert_eq!(checkpoint.to_string(), text);
            }
        }
    }
}
