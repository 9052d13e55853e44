//! Why there is no key to work with, and what to do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::store::disk::DiskError;
use crate::store::pem::PemError;
use crate::store::record::DamagedRecord;
use crate::store::safe_name::SafeName;

/// Why there is no key to work with.
#[derive(Debug, Error)]
pub enum KeyFileError {
    /// Neither half is there.
    #[error("there is no key {name} in {}", folder.display())]
    NoKey {
        /// The key's name.
        name: SafeName,
        /// Where it was looked for.
        folder: PathBuf,
    },
    /// The public half stands alone.
    #[error("{} is missing: only the public half of the key is here", path.display())]
    NoSecret {
        /// Where the secret half should be.
        path: PathBuf,
    },
    /// The secret half stands alone.
    #[error("{} is missing: without it damage to the key beside it would not be noticed", path.display())]
    NoPublic {
        /// Where the public half should be.
        path: PathBuf,
    },
    /// The name is taken.
    #[error("{} is there already, and a key is never overwritten", path.display())]
    Exists {
        /// The file that has the name.
        path: PathBuf,
    },
    /// The same key is there under another name.
    #[error("this key is already in {} as {name}: under two names it would number its statements twice", folder.display())]
    SameKey {
        /// Its name.
        name: SafeName,
        /// The folder.
        folder: PathBuf,
    },
    /// Others may read the secret half, or write it.
    #[error("{} is open to other users of this computer (mode {mode:04o} instead of 0600)", path.display())]
    Loose {
        /// The secret half.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The disk did not keep the permissions with which a key without a passphrase was written.
    #[error("{} keeps no permissions (mode {mode:04o} instead of 0600): a key without a passphrase would be open to everybody there", folder.display())]
    NotKept {
        /// Where the key was to be.
        folder: PathBuf,
        /// The permission bits that its file had there.
        mode: u32,
    },
    /// The secret half gives no key.
    #[error("cannot open {}: {why}", path.display())]
    Closed {
        /// The secret half.
        path: PathBuf,
        /// Why not.
        why: PemError,
    },
    /// The text to be imported gives no key.
    #[error("cannot import this key: {0}")]
    Import(PemError),
    /// The secret half is not that of the public half.
    #[error("{} is damaged or of another key: it does not give the public key in {}", path.display(), public.display())]
    OtherKey {
        /// The secret half.
        path: PathBuf,
        /// The public half.
        public: PathBuf,
    },
    /// The public half is not as it was written.
    #[error(transparent)]
    Damaged(#[from] DamagedRecord),
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl KeyFileError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            KeyFileError::NoKey { .. } => "treering key list shows the keys that are here".into(),
            KeyFileError::NoSecret { .. } => {
                "connect the disk or stick that holds it, or put its second copy back".into()
            }
            KeyFileError::NoPublic { .. } => {
                "put its copy back; if there is none because making the key was interrupted, move \
                 the .key file away and make another"
                    .into()
            }
            KeyFileError::Exists { .. } => {
                "choose another name, or move the file away if you know what it is".into()
            }
            KeyFileError::SameKey { name, .. } => format!("use it as {name}"),
            KeyFileError::Loose { path, .. } => format!(
                "chmod 600 {}; on a stick that keeps no permissions (FAT, exFAT) a key needs a \
                 passphrase",
                path.display()
            ),
            KeyFileError::NotKept { .. } => {
                "give the key a passphrase, or put it on a disk that keeps permissions (FAT and \
                 exFAT do not)"
                    .into()
            }
            KeyFileError::Closed { why, .. } | KeyFileError::Import(why) => {
                next_step_of(why).into()
            }
            KeyFileError::OtherKey { .. } => {
                "put both files back from their second copy; sign nothing with this one".into()
            }
            KeyFileError::Damaged(_) => "put its second copy back".into(),
            KeyFileError::Disk(error) => error.next_step(),
        }
    }
}

fn next_step_of(why: &PemError) -> &'static str {
    match why {
        PemError::NeedsPassphrase => "type it when asked, or name a file with --passphrase-file",
        PemError::WrongPassphrase => {
            "try again; if you are sure of it, the file is damaged: put its second copy back"
        }
        PemError::Damaged | PemError::OtherPublicKey => "put its second copy back",
        PemError::NotAKey | PemError::TooLong => {
            "name a private key in PEM, for instance one of treering, OpenSSL or ssh-keygen"
        }
        PemError::NotEd25519 => "make an Ed25519 key: treering key new",
        PemError::OtherEncryption | PemError::Expensive(_) => {
            "with the program that wrote it, set a passphrase anew or take it off, then import it"
        }
    }
}
