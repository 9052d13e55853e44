//! Who may read a secret half: its owner alone, or whoever has the passphrase.
//!
//! A stick with FAT or exFAT keeps no permissions: what is written 0600 shows the mode it was mounted
//! with. There a passphrase has to do. The public half, written 0600 too, tells such a disk from a key
//! that somebody has opened to others: on the stick both show the same mode.

use std::path::{Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

use super::{KeyFile, KeyFileError};
use crate::store::disk::{Action, DiskError};
use crate::store::durable;
use crate::store::pem::{KEY_FILE_BYTES_MAX, KeyText, Protection};

/// A warning: nothing but its passphrase keeps others from using a key.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{} is on a disk that seems to keep no permissions (mode {mode:04o}): only its passphrase guards it",
    path.display()
)]
pub struct PassphraseAlone {
    /// The secret half.
    pub path: PathBuf,
    /// Its permission bits, which are those of the public half.
    pub mode: u32,
}

impl PassphraseAlone {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        "keep the stick where nobody else gets at it; if the disk does keep permissions, chmod 600 \
         the key's files"
            .into()
    }
}

impl KeyFile {
    /// What to tell the owner of a key that may be used: nothing, if its file is private.
    pub fn warning(&self) -> Result<Option<PassphraseAlone>, KeyFileError> {
        Ok(self.read_secret()?.1)
    }

    pub(super) fn text(&self) -> Result<KeyText, KeyFileError> {
        Ok(self.read_secret()?.0)
    }

    fn read_secret(&self) -> Result<(KeyText, Option<PassphraseAlone>), KeyFileError> {
        let path = self.path();
        let loose = self.loose_mode()?;
        let refusal = |mode| KeyFileError::Loose { path: path.clone(), mode };
        if let Some(mode) = loose
            && self.mode(&self.public_path())? != Some(mode)
        {
            return Err(refusal(mode));
        }
        let bytes = durable::read(&*self.folder.disk, &path, KEY_FILE_BYTES_MAX as u64)?;
        let text = KeyText::parse(&Zeroizing::new(bytes))
            .map_err(|why| KeyFileError::Closed { path: path.clone(), why })?;
        match loose {
            None => Ok((text, None)),
            Some(mode) if text.is_encrypted() => Ok((text, Some(PassphraseAlone { path, mode }))),
            Some(mode) => Err(refusal(mode)),
        }
    }

    /// Refuses a disk that did not keep the 0600 with which the secret half was just written, unless
    /// a passphrase guards it.
    pub(super) fn check_kept(&self, protection: Protection<'_>) -> Result<(), KeyFileError> {
        match (self.loose_mode()?, protection) {
            (Some(mode), Protection::None) => {
                Err(KeyFileError::NotKept { folder: self.folder.path.clone(), mode })
            }
            _ => Ok(()),
        }
    }

    /// The mode of the secret half, if others may do anything with it.
    fn loose_mode(&self) -> Result<Option<u32>, KeyFileError> {
        let path = self.path();
        let mode = self.mode(&path).map_err(|error| match error.is_not_found() {
            true => KeyFileError::NoSecret { path },
            false => error.into(),
        })?;
        Ok(mode.filter(|mode| mode & 0o077 != 0))
    }

    fn mode(&self, path: &Path) -> Result<Option<u32>, DiskError> {
        let file = self.folder.disk.open(path);
        let metadata = file.and_then(|file| file.metadata());
        Ok(mode_of(&metadata.map_err(DiskError::refused(Action::Read, path))?))
    }
}

#[cfg(unix)]
fn mode_of(metadata: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    Some(metadata.permissions().mode() & 0o7777)
}

/// On Windows the folder's access list decides.
#[cfg(not(unix))]
fn mode_of(_: &std::fs::Metadata) -> Option<u32> {
    None
}
