//! Cosignature: a witness says which tree of a log it saw, and when (C2SP tlog-cosignature v1.0.1).
//!
//! ```text
//! cosignature/v1                                    the signed message: two lines,
//! time 1679315147                                   POSIX seconds,
//! example.com/behind-the-sofa                       then the whole text of the checkpoint
//! 20852163
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//! ```
//!
//! In the note it stands as 8 bytes of time, big-endian, and the 64 bytes of the signature. It means:
//! at that time this was the largest consistent tree that the witness had seen of this log. The time
//! is the witness's word; nothing in the log proves it. The message does not name the witness, so a
//! key speaks for one witness only.
//!
//! This is the Ed25519 form, note signature type 0x04. The ML-DSA form, 0x06, is not read here.

use std::fmt;

use thiserror::Error;

use super::ed25519::{PublicKey, SecretKey, Signature, SignatureMismatch};

/// When a witness cosigned, by its own clock: POSIX seconds, at most 2^63 - 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CosignatureTime(u64);

/// A time beyond what tlog-cosignature allows, so that other languages' signed integers can hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a cosignature's time of {0} seconds is above 2^63 - 1")]
pub struct TimeTooLate(pub u64);

impl CosignatureTime {
    /// The latest time there is.
    pub const MAX: CosignatureTime = CosignatureTime(i64::MAX as u64);

    /// The first second that is not 0, which tlog-cosignature keeps for "no time".
    pub const EPOCH_PLUS_ONE: CosignatureTime = CosignatureTime(1);

    /// A time in POSIX seconds.
    pub fn new(seconds: u64) -> Result<CosignatureTime, TimeTooLate> {
        if seconds > CosignatureTime::MAX.0 {
            return Err(TimeTooLate(seconds));
        }
        Ok(CosignatureTime(seconds))
    }

    /// POSIX seconds.
    pub fn seconds(self) -> u64 {
        self.0
    }
}

/// POSIX seconds in decimal.
impl fmt::Display for CosignatureTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time and the signature over it and a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness cosigned.
    pub time: CosignatureTime,
    /// Ed25519 over the message drawn above.
    pub signature: Signature,
}

impl Cosignature {
    /// Bytes in a cosignature: time and signature.
    pub const LENGTH: usize = 8 + Signature::LENGTH;

    /// Cosigns the text of a checkpoint. Whether it extends what was cosigned before is for the
    /// caller to have checked.
    pub fn sign(key: &SecretKey, time: CosignatureTime, checkpoint: &str) -> Cosignature {
        Cosignature { time, signature: key.sign(message(time, checkpoint).as_bytes()) }
    }

    /// Checks the signature over the text of a checkpoint and the time.
    pub fn check(&self, key: &PublicKey, checkpoint: &str) -> Result<(), SignatureMismatch> {
        key.check(message(self.time, checkpoint).as_bytes(), &self.signature)
    }

    /// time (8 bytes, big-endian) ‖ signature
    pub fn to_bytes(&self) -> [u8; Cosignature::LENGTH] {
        let mut bytes = [0; Cosignature::LENGTH];
        bytes[..8].copy_from_slice(&self.time.0.to_be_bytes());
        bytes[8..].copy_from_slice(&self.signature.0);
        bytes
    }

    /// Reads what [`Cosignature::to_bytes`] writes; `None` for another length or a time too late.
    pub fn from_bytes(bytes: &[u8]) -> Option<Cosignature> {
        let (time, signature) = bytes.split_first_chunk()?;
        let time = CosignatureTime::new(u64::from_be_bytes(*time)).ok()?;
        Some(Cosignature { time, signature: Signature(signature.try_into().ok()?) })
    }
}

fn message(time: CosignatureTime, checkpoint: &str) -> String {
    format!("cosignature/v1\ntime {time}\n{checkpoint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: &str = "example.org/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

    fn time(seconds: u64) -> CosignatureTime {
        CosignatureTime::new(seconds).unwrap()
    }

    #[test]
    fn the_signed_message_is_the_one_drawn_above() {
        let key = SecretKey::from_seed(&[9; 32]);
        let cosignature = Cosignature::sign(&key, time(1234), CHECKPOINT);
        let by_hand = [b"cosignature/v1\ntime 1234\n", CHECKPOINT.as_bytes()].concat();
        assert_eq!(cosignature.signature, key.sign(&by_hand));
        assert_eq!(cosignature.to_bytes()[..8], [0, 0, 0, 0, 0, 0, 0x04, 0xd2]);
    }

    #[test]
    fn time_and_text_are_both_signed() {
        let key = SecretKey::from_seed(&[9; 32]);
        let cosignature = Cosignature::sign(&key, time(1234), CHECKPOINT);
        assert_eq!(cosignature.check(&key.public(), CHECKPOINT), Ok(()));
        let later = Cosignature { time: time(1235), ..cosignature };
        assert_eq!(later.check(&key.public(), CHECKPOINT), Err(SignatureMismatch));
        let longer = format!("{CHECKPOINT}extension\n");
        assert_eq!(cosignature.check(&key.public(), &longer), Err(SignatureMismatch));
    }

    #[test]
    fn a_signature_over_the_bare_checkpoint_is_no_cosignature() {
        let key = SecretKey::from_seed(&[9; 32]);
        let lifted = Cosignature { time: time(0), signature: key.sign(CHECKPOINT.as_bytes()) };
        assert_eq!(lifted.check(&key.public(), CHECKPOINT), Err(SignatureMismatch));
    }

    #[test]
    fn bytes_read_back_and_nothing_else_does() {
        let cosignature =
            Cosignature::sign(&SecretKey::from_seed(&[9; 32]), CosignatureTime::MAX, CHECKPOINT);
        let bytes = cosignature.to_bytes();
        assert_eq!(Cosignature::from_bytes(&bytes), Some(cosignature));
        assert_eq!(Cosignature::from_bytes(&bytes[1..]), None);
        assert_eq!(Cosignature::from_bytes(&[bytes.as_slice(), &[0]].concat()), None);
        assert_eq!(Cosignature::from_bytes(&[]), None);

        let mut too_late = bytes;
        too_late[..8].copy_from_slice(&(1_u64 << 63).to_be_bytes());
        assert_eq!(Cosignature::from_bytes(&too_late), None);
        assert_eq!(CosignatureTime::new(1 << 63), Err(TimeTooLate(1 << 63)));
    }
}
