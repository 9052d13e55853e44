//! Signed notes: text with signatures below it (C2SP signed-note v1.0.0).
//!
//! ```text
//! This is an example message.                       the text: lines, the last one ended too
//!                                                   a blank line, the last one of the note
//! — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv…   signature lines: em dash, name, base64(id ‖ signature)
//! — example.com/bar mWZ4b2FzZGZhc2RmYXNkZmFzZGZh…
//! ```
//!
//! A [`Note`] that has been read is well formed and no more: nothing in it has been checked. Whoever
//! acts on its text asks [`Note::check`] first, with the keys that it trusts.

use std::fmt;

use thiserror::Error;

use super::cosignature::{Cosignature, CosignatureTime};
use super::ed25519::SecretKey;
use super::verifier_key::key_id;

pub use super::signature_line::{LineError, SignatureLine};
pub use super::verifier_key::{
    KeyName, NameError, NoteKeyId, SignatureType, VerifierKey, VerifierKeyError,
};

/// The longest note. A hundred of the longest lines known, ML-DSA cosignatures, fill a third of it.
pub const NOTE_BYTES_MAX: usize = 1_000_000;
/// The most signature lines, so that a hostile note cannot keep a verifier busy. signed-note asks
/// for at least 16; other implementations stop at 100, too.
pub const SIGNATURES_MAX: usize = 100;

/// A text and at least one signature line. Well formed; not checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

/// Bytes are not a note, or parts do not make one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note has {0} bytes, more than {NOTE_BYTES_MAX}")]
    TooLong(usize),
    /// Not UTF-8.
    #[error("the note is not UTF-8 text")]
    NotText,
    /// A control character other than the newline.
    #[error("the note contains the control character {0:?}")]
    ControlCharacter(char),
    /// The text of the note, or the note itself, does not end with a newline.
    #[error("the note does not end with a newline")]
    UnendedLine,
    /// No blank line with signatures after it.
    #[error("the note has no signatures")]
    NoSignatures,
    /// More than [`SIGNATURES_MAX`] signature lines.
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
    /// A line after the last blank line is not a signature line.
    #[error("signature line {line}: {error}")]
    Line {
        /// Counted from 1, after the blank line.
        line: usize,
        /// What is wrong with it.
        error: LineError,
    },
}

/// A note is not accepted.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteRefused {
    /// A line bears the name and id of a trusted key, but that key did not sign this text.
    #[error("the signature of {name}+{id} does not match")]
    Mismatch {
        /// Name of the key.
        name: KeyName,
        /// Its id.
        id: NoteKeyId,
    },
    /// Two different trusted keys have the same name and id; which one is meant cannot be known.
    #[error("two different keys are known as {name}+{id}")]
    Ambiguous {
        /// Name of both keys.
        name: KeyName,
        /// Their id.
        id: NoteKeyId,
    },
    /// No line bears the name and id of a trusted key.
    #[error("no signature is by a known key")]
    NoKnownSignature,
}

/// A signature of a note that matches, by a key that the reader trusts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KnownSignature<'k> {
    /// The reader's key.
    pub key: &'k VerifierKey,
    /// When it was made, if its type says so.
    pub time: Option<CosignatureTime>,
}

impl Note {
    /// A note from its text and signature lines.
    pub fn new(text: &str, signatures: Vec<SignatureLine>) -> Result<Note, NoteError> {
        check_text(text)?;
        if signatures.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        if signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        let note = Note { text: text.to_owned(), signatures };
        let bytes = note.to_string().len();
        if bytes > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong(bytes));
        }
        Ok(note)
    }

    /// Reads a note. Printing it gives the same bytes.
    pub fn parse(bytes: &[u8]) -> Result<Note, NoteError> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong(bytes.len()));
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotText)?;
        check_text(note)?;
        let blank = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, lines) = (&note[..=blank], &note[blank + 2..]);
        let mut signatures = Vec::new();
        for (number, line) in (1..).zip(lines.split_terminator('\n')) {
            if number > SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            let signature = SignatureLine::parse(line)
                .map_err(|error| NoteError::Line { line: number, error })?;
            signatures.push(signature);
        }
        Note::new(text, signatures)
    }

    /// The text, which ends with a newline.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, in their order.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a signature line after the others. A line of the same name and key id gives way to it.
    pub fn add(&mut self, line: SignatureLine) -> Result<(), NoteError> {
        let mut lines = self.signatures.clone();
        lines.retain(|other| (other.name(), other.id()) != (line.name(), line.id()));
        lines.push(line);
        *self = Note::new(&self.text, lines)?;
        Ok(())
    }

    /// The signatures by these keys, in the order of the lines: at least one. Lines of other keys
    /// are ignored, even where only the name or only the id is a known one.
    ///
    /// # Errors
    /// If any line by one of the keys does not match, or there is none.
    pub fn check<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<KnownSignature<'k>>, NoteRefused> {
        let known = self.known_signatures(keys)?;
        if known.is_empty() {
            return Err(NoteRefused::NoKnownSignature);
        }
        Ok(known)
    }

    /// As [`Note::check`], where it is no error that none of the keys has signed.
    pub fn known_signatures<'k>(
        &self,
        keys: impl IntoIterator<Item = &'k VerifierKey>,
    ) -> Result<Vec<KnownSignature<'k>>, NoteRefused> {
        let keys: Vec<&VerifierKey> = keys.into_iter().collect();
        let mut known = Vec::new();
        for line in &self.signatures {
            let (name, id) = (line.name(), line.id());
            let mut matching = keys.iter().filter(|key| (key.name(), key.id()) == (name, id));
            let Some(key) = matching.next() else { continue };
            if matching.any(|other| other != key) {
                return Err(NoteRefused::Ambiguous { name: name.clone(), id });
            }
            let time = key
                .check(&self.text, line.signature())
                .map_err(|_| NoteRefused::Mismatch { name: name.clone(), id })?;
            known.push(KnownSignature { key, time });
        }
        Ok(known)
    }
}

/// The note as it is stored and sent.
impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Text that a note can hold: whole lines without control characters.
fn check_text(text: &str) -> Result<(), NoteError> {
    let control = text.chars().find(|c| *c < ' ' && *c != '\n');
    if let Some(control) = control {
        return Err(NoteError::ControlCharacter(control));
    }
    if !text.ends_with('\n') {
        return Err(NoteError::UnendedLine);
    }
    Ok(())
}

/// Signs the text of a note, type 0x01: what a log does with its checkpoint.
///
/// # Panics
/// If no note can hold the text. It comes from a note or a checkpoint, which both make sure.
pub fn sign_note(key: &SecretKey, name: &KeyName, text: &str) -> SignatureLine {
    assert_eq!(check_text(text), Ok(()), "tlog: asked to sign what no note can hold");
    let signature = key.sign(text.as_bytes()).0.to_vec();
    let id = key_id(name, SignatureType::Ed25519, &key.public());
    SignatureLine::new(name.clone(), id, signature)
}

/// Cosigns the text of a checkpoint, type 0x04: what a witness does, after it has checked that the
/// checkpoint extends what it saw before.
///
/// # Panics
/// If no note can hold the text. It comes from a note or a checkpoint, which both make sure.
pub fn cosign_note(
    key: &SecretKey,
    name: &KeyName,
    time: CosignatureTime,
    text: &str,
) -> SignatureLine {
    assert_eq!(check_text(text), Ok(()), "tlog: asked to sign what no note can hold");
    let signature = Cosignature::sign(key, time, text).to_bytes().to_vec();
    let id = key_id(name, SignatureType::Cosignature, &key.public());
    SignatureLine::new(name.clone(), id, signature)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "ring.example/log\n\nblank lines and ünïcode are fine\n";

    fn secret(seed: u8) -> SecretKey {
        SecretKey::from_seed(&[seed; 32])
    }

    fn name(text: &str) -> KeyName {
        KeyName::new(text).unwrap()
    }

    fn key_of(seed: u8, text: &str) -> VerifierKey {
        VerifierKey::new(name(text), SignatureType::Ed25519, secret(seed).public())
    }

    fn signed_by(signers: &[(u8, &str)]) -> Note {
        let sign = |(seed, text): &(u8, &str)| sign_note(&secret(*seed), &name(text), TEXT);
        Note::new(TEXT, signers.iter().map(sign).collect()).unwrap()
    }

    fn parse(note: &str) -> Result<Note, NoteError> {
        Note::parse(note.as_bytes())
    }

    #[test]
    fn signs_prints_reads_and_checks() {
        let note = signed_by(&[(1, "a"), (2, "b")]);
        let (a, b) = (key_of(1, "a"), key_of(2, "b"));
        assert_eq!(parse(&note.to_string()), Ok(note.clone()));
        assert_eq!(note.text(), TEXT);
        assert_eq!(note.check([&a]), Ok(vec![KnownSignature { key: &a, time: None }]));
        assert_eq!(note.check([&b, &a]).unwrap().len(), 2);
    }

    #[test]
    fn the_text_ends_at_the_last_blank_line() {
        for text in ["\n", "a\n", "a\n\n", "\n\n\n", "a\n\n— a AAAAAAA=\n"] {
            let note = Note::new(text, vec![sign_note(&secret(1), &name("a"), text)]).unwrap();
            let read = parse(&note.to_string()).unwrap();
            assert_eq!(read.text(), text);
            assert!(read.check([&key_of(1, "a")]).is_ok());
        }
    }

    #[test]
    fn a_witness_signs_a_time_too() {
        let mut note = signed_by(&[(1, "log")]);
        let time = CosignatureTime::new(1_700_000_000).unwrap();
        note.add(cosign_note(&secret(2), &name("w"), time, TEXT)).unwrap();
        let witness = VerifierKey::new(name("w"), SignatureType::Cosignature, secret(2).public());
        let read = parse(&note.to_string()).unwrap();
        let expected = KnownSignature { key: &witness, time: Some(time) };
        assert_eq!(read.check([&witness]), Ok(vec![expected]));
        // The same key and name under type 0x01 has another id: unknown here.
        assert_eq!(read.check([&key_of(2, "w")]), Err(NoteRefused::NoKnownSignature));
    }

    #[test]
    fn lines_of_other_keys_are_ignored() {
        let note = signed_by(&[(1, "a"), (2, "b")]);
        for stranger in [key_of(3, "a"), key_of(1, "c"), key_of(2, "a"), key_of(3, "c")] {
            assert_eq!(note.check([&stranger]), Err(NoteRefused::NoKnownSignature));
            assert_eq!(note.known_signatures([&stranger]), Ok(vec![]));
            assert_eq!(note.check([&stranger, &key_of(1, "a")]).unwrap().len(), 1);
        }
    }

    #[test]
    fn attack_one_bad_line_among_good_ones() {
        // b's line bears another text's signature: the note is refused for whoever knows b, and
        // accepted by those who do not.
        let stolen = sign_note(&secret(2), &name("b"), "another text\n");
        let mut note = signed_by(&[(1, "a")]);
        note.add(stolen).unwrap();
        let (a, b) = (key_of(1, "a"), key_of(2, "b"));
        let mismatch = Err(NoteRefused::Mismatch { name: name("b"), id: b.id() });
        assert_eq!(note.check([&a, &b]), mismatch);
        assert_eq!(note.known_signatures([&b]), mismatch);
        assert!(note.check([&a]).is_ok());
    }

    #[test]
    fn attack_second_line_of_a_known_key() {
        // A verifier that stops at the first line of a key would not see the forged second one.
        let good = signed_by(&[(1, "a")]);
        let forged = sign_note(&secret(1), &name("a"), "another text\n");
        let note = Note::new(TEXT, vec![good.signatures[0].clone(), forged]).unwrap();
        assert!(matches!(note.check([&key_of(1, "a")]), Err(NoteRefused::Mismatch { .. })));
    }

    #[test]
    fn attack_cosignature_passed_as_log_signature() {
        let time = CosignatureTime::new(0).unwrap();
        let cosignature = cosign_note(&secret(1), &name("a"), time, TEXT);
        let log = key_of(1, "a");
        for signature in [cosignature.signature(), &cosignature.signature()[8..]] {
            let line = SignatureLine::new(name("a"), log.id(), signature.to_vec());
            let note = Note::new(TEXT, vec![line]).unwrap();
            assert!(matches!(note.check([&log]), Err(NoteRefused::Mismatch { .. })));
        }
    }

    #[test]
    fn attack_two_keys_of_one_name_and_id() {
        // Found by trying: ids are four bytes, so some hundred thousand keys are enough.
        let secrets = [69_101_u32, 114_672].map(|counter| {
            let mut seed = [0; 32];
            seed[..4].copy_from_slice(&counter.to_be_bytes());
            SecretKey::from_seed(&seed)
        });
        let [one, other] = secrets
            .each_ref()
            .map(|secret| VerifierKey::new(name("a"), SignatureType::Ed25519, secret.public()));
        assert_eq!(one.id(), other.id());
        let note = Note::new(TEXT, vec![sign_note(&secrets[0], &name("a"), TEXT)]).unwrap();
        let id = one.id();
        assert!(note.check([&one]).is_ok());
        assert!(note.check([&one, &one]).is_ok());
        assert_eq!(note.check([&other]), Err(NoteRefused::Mismatch { name: name("a"), id }));
        assert_eq!(note.check([&one, &other]), Err(NoteRefused::Ambiguous { name: name("a"), id }));
    }

    #[test]
    fn adding_replaces_a_line_of_the_same_key() {
        let mut note = signed_by(&[(1, "a"), (2, "b")]);
        note.add(sign_note(&secret(1), &name("a"), TEXT)).unwrap();
        let names: Vec<&str> = note.signatures().iter().map(|line| line.name().as_str()).collect();
        assert_eq!(names, ["b", "a"]);
    }

    #[test]
    fn there_is_a_ceiling_on_signatures() {
        let lines = |count| vec![sign_note(&secret(1), &name("a"), TEXT); count];
        assert!(Note::new(TEXT, lines(SIGNATURES_MAX)).is_ok());
        assert_eq!(Note::new(TEXT, lines(SIGNATURES_MAX + 1)), Err(NoteError::TooManySignatures));
        let line = lines(1)[0].to_string() + "\n";
        let note = |count| format!("{TEXT}\n{}", line.repeat(count));
        assert!(parse(&note(SIGNATURES_MAX)).is_ok());
        assert_eq!(parse(&note(SIGNATURES_MAX + 1)), Err(NoteError::TooManySignatures));
        assert_eq!(Note::new(TEXT, vec![]), Err(NoteError::NoSignatures));
    }

    #[test]
    fn there_is_a_ceiling_on_bytes() {
        let text = "a".repeat(NOTE_BYTES_MAX) + "\n";
        let line = sign_note(&secret(1), &name("a"), &text);
        let note = format!("{text}\n{line}\n");
        assert_eq!(parse(&note), Err(NoteError::TooLong(note.len())));
        assert_eq!(Note::new(&text, vec![line]), Err(NoteError::TooLong(note.len())));
    }

    #[test]
    fn malformed_notes() {
        let good = signed_by(&[(1, "a")]).to_string();
        let line = |error| Err(NoteError::Line { line: 1, error });
        let with = |line: &str| parse(&format!("{TEXT}\n{line}\n"));
        let base64 = good.rsplit(' ').next().unwrap().trim_end();

        assert_eq!(Note::parse(b""), Err(NoteError::UnendedLine));
        assert_eq!(Note::parse(b"a\xff\n\n"), Err(NoteError::NotText));
        assert_eq!(parse("a\n"), Err(NoteError::NoSignatures));
        assert_eq!(parse("a\n\n"), Err(NoteError::NoSignatures));
        assert_eq!(parse(good.trim_end()), Err(NoteError::UnendedLine));
        assert_eq!(parse(&good.replace('\n', "\r\n")), Err(NoteError::ControlCharacter('\r')));
        assert_eq!(parse(&format!("\0{good}")), Err(NoteError::ControlCharacter('\0')));
        assert!(matches!(parse(&format!("{good}junk\n")), Err(NoteError::Line { line: 2, .. })));
        assert_eq!(parse(&format!("{good}\n")), Err(NoteError::NoSignatures));

        assert!(with(&format!("— a {base64}")).is_ok());
        assert_eq!(with(&format!("- a {base64}")), line(LineError::Malformed));
        assert_eq!(with(&format!("—a {base64}")), line(LineError::Malformed));
        assert_eq!(with("— a"), line(LineError::Malformed));
        assert_eq!(with(&format!("—  {base64}")), line(NameError::Empty.into()));
        assert_eq!(with(&format!("— a+b {base64}")), line(NameError::Character('+').into()));
        assert_eq!(
            with(&format!("— a\u{a0}b {base64}")),
            line(NameError::Character('\u{a0}').into())
        );
        assert_eq!(with(&format!("— a  {base64}")), line(LineError::Base64));
        assert_eq!(with(&format!("— a {base64} ")), line(LineError::Base64));
        assert_eq!(with(&format!("— a b {base64}")), line(LineError::Base64));
        assert_eq!(with("— a "), line(LineError::NoSignature));
        assert_eq!(with("— a AAAAAA=="), line(LineError::NoSignature));
        assert!(with("— a AAAAAAA=").is_ok());
    }

    proptest! {
        #[test]
        fn what_reads_prints_back(note in "[ab\n]{1,12}\n\n(— [ab] A{6}[AQ]A?=?=?\n?){0,3}") {
            if let Ok(read) = Note::parse(note.as_bytes()) {
                prop_assert_eq!(read.to_string(), note);
            }
        }

        #[test]
        fn any_changed_byte_of_text_or_line_is_refused(at in any::<prop::sample::Index>(), change in 1..=255_u8) {
            let mut bytes = signed_by(&[(1, "a")]).to_string().into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = bytes[at].wrapping_add(change);
            let accepted = Note::parse(&bytes).is_ok_and(|note| note.check([&key_of(1, "a")]).is_ok());
            prop_assert!(!accepted);
        }
    }
}
