//! The secret behind a store's pseudonyms: `keys/pseudonyms.secret`.
//!
//! ```text
//! treering/pseudonyms/v1
//! secret 0707070707070707070707070707070707070707070707070707070707070707
//! ```
//!
//! Made when the first pseudonym is needed, then never changed: with another secret the same camera would
//! be two. It is not encrypted, since `add` needs it without a passphrase; whoever reads it can test a
//! serial number against a pseudonym, and can sign nothing with it.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::disk::{Access, Disk, DiskError};
use super::durable;
use crate::evidence::pseudonym::PseudonymSecret;
use crate::tlog::hash::Hash;

/// The file's name in the folder of keys.
pub const FILE: &str = "pseudonyms.secret";

/// The one length the file has: two lines.
const BYTES: u64 = 95;

const FIRST_LINE: &str = "treering/pseudonyms/v1\n";

/// Why there is no secret.
#[derive(Debug, Error)]
pub enum PseudonymsError {
    /// The file is something else, or was changed. A new one would give everything a second name.
    #[error("{} is not a secret for pseudonyms", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl PseudonymsError {
    /// What a person can do about it.
    pub fn next_step(&self) -> String {
        match self {
            PseudonymsError::Damaged { path } => format!(
                "put {} back from a second copy of the store; only if there is none, remove it: \
                 cameras and places will then have other names from here on",
                path.display()
            ),
            PseudonymsError::Disk(error) => error.next_step(),
        }
    }
}

/// The secret of the store with this folder of keys; makes one if there is none. Call it under the
/// store's lock.
pub fn open_or_create(
    disk: &dyn Disk,
    keys: &Path,
    random: &mut dyn FnMut(&mut [u8]),
) -> Result<PseudonymSecret, PseudonymsError> {
    if let Some(secret) = open(disk, keys)? {
        return Ok(secret);
    }
    let mut bytes = [0; 32];
    random(&mut bytes);
    let text = format!("{FIRST_LINE}secret {}\n", Hash(bytes));
    durable::write_new(disk, &keys.join(FILE), Access::Private, text.as_bytes())?;
    Ok(PseudonymSecret::new(bytes))
}

/// The secret, if the store has one.
pub fn open(disk: &dyn Disk, keys: &Path) -> Result<Option<PseudonymSecret>, PseudonymsError> {
    let path = keys.join(FILE);
    let Some(bytes) = durable::read_if_there(disk, &path, BYTES)? else { return Ok(None) };
    let digits = std::str::from_utf8(&bytes).ok().and_then(|text| {
        text.strip_prefix(FIRST_LINE)?.strip_prefix("secret ")?.strip_suffix('\n')
    });
    match digits.and_then(Hash::from_hex) {
        Some(secret) => Ok(Some(PseudonymSecret::new(secret.0))),
        None => Err(PseudonymsError::Damaged { path }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::disk::RealDisk;
    use super::*;

    #[test]
    fn made_once_and_kept() {
        let keys = tempfile::tempdir().unwrap();
        assert!(open(&RealDisk, keys.path()).unwrap().is_none());
        let made = open_or_create(&RealDisk, keys.path(), &mut |bytes| bytes.fill(7)).unwrap();
        let again =
            open_or_create(&RealDisk, keys.path(), &mut |_| panic!("there is one")).unwrap();
        assert_eq!(made.bytes(), &[7; 32]);
        assert_eq!(again.bytes(), made.bytes());
        let text = fs::read_to_string(keys.path().join(FILE)).unwrap();
        assert_eq!(text, format!("treering/pseudonyms/v1\nsecret {}\n", "07".repeat(32)));
        assert_eq!(text.len() as u64, BYTES);
    }

    #[test]
    fn another_file_is_not_replaced() {
        let keys = tempfile::tempdir().unwrap();
        let good = format!("{FIRST_LINE}secret {}\n", "07".repeat(32));
        for bad in ["", "hello", &good[1..], &good[..94], &good.replace("07", "0G")] {
            fs::write(keys.path().join(FILE), bad).unwrap();
            let refused = open_or_create(&RealDisk, keys.path(), &mut |bytes| bytes.fill(7));
            assert!(matches!(refused, Err(PseudonymsError::Damaged { .. })), "{bad:?}");
            assert_eq!(fs::read_to_string(keys.path().join(FILE)).unwrap(), bad);
        }
    }

    #[test]
    fn the_page_shows_the_file() {
        let page = include_str!("../../schemas/store.md");
        let (_, rest) = page.split_once("## keys/pseudonyms.secret\n\n```text\n").unwrap();
        let (shown, _) = rest.split_once("```").unwrap();
        let keys = tempfile::tempdir().unwrap();
        open_or_create(&RealDisk, keys.path(), &mut |bytes| bytes.fill(7)).unwrap();
        assert_eq!(fs::read_to_string(keys.path().join(FILE)).unwrap(), shown);
    }
}
