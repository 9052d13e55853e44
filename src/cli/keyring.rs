//! The keys of a command: found by name or duty, opened with one passphrase where one fits all.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::exit::Exit;
use super::passphrase;
use super::voice::Failure;
use super::{Context, clock};
use crate::store::disk::{Disk, RealDisk};
use crate::store::keys::{KeyFile, KeyFolder, NewKey, Purpose};
use crate::store::pem::{Passphrase, Protection};
use crate::store::safe_name::SafeName;
use crate::tlog::ed25519::{PublicKey, SecretKey};

/// Keys of one folder, and the passphrase that opened one of them.
pub struct Keyring<'a> {
    context: &'a Context,
    folder: KeyFolder,
    passphrase: RefCell<Option<Passphrase>>,
    /// Opening a key takes most of a second, by intent; once in a command is enough.
    opened: RefCell<Vec<(PathBuf, SecretKey)>>,
    warned: RefCell<BTreeSet<String>>,
}

impl<'a> Keyring<'a> {
    /// The keys in a folder.
    pub fn at(context: &'a Context, folder: &Path) -> Keyring<'a> {
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        Keyring {
            context,
            folder: KeyFolder::at(disk, folder),
            passphrase: RefCell::default(),
            opened: RefCell::default(),
            warned: RefCell::default(),
        }
    }

    /// The folder.
    pub fn folder(&self) -> &KeyFolder {
        &self.folder
    }

    /// The keys here; those that cannot be read are warned about.
    pub fn list(&self) -> Result<Vec<KeyFile>, Failure> {
        let list = self.folder.list()?;
        for fault in &list.unreadable {
            if self.warned.borrow_mut().insert(fault.to_string()) {
                self.context.voice.warn(&fault.to_string());
            }
        }
        Ok(list.keys)
    }

    /// The key with this public half.
    pub fn find(&self, public: &PublicKey) -> Result<Option<KeyFile>, Failure> {
        Ok(self.list()?.into_iter().find(|key| key.public() == *public))
    }

    /// The key of a name.
    pub fn named(&self, name: &str) -> Result<KeyFile, Failure> {
        Ok(self.folder.find(&safe_name(name)?)?)
    }

    /// Opens a key. The passphrase that opened another one is tried before anybody is asked.
    pub fn open(&self, key: &KeyFile) -> Result<SecretKey, Failure> {
        let path = key.path();
        if let Some((_, secret)) = self.opened.borrow().iter().find(|(opened, _)| *opened == path) {
            return Ok(secret.clone());
        }
        let secret = self.open_anew(key)?;
        self.opened.borrow_mut().push((path, secret.clone()));
        Ok(secret)
    }

    fn open_anew(&self, key: &KeyFile) -> Result<SecretKey, Failure> {
        if !key.is_encrypted()? {
            return Ok(key.open(None)?);
        }
        if let Some(known) = &*self.passphrase.borrow()
            && let Ok(secret) = key.open(Some(known))
        {
            return Ok(secret);
        }
        let asked = passphrase::existing(self.context, key.name().as_str())?;
        let secret = key.open(Some(&asked))?;
        *self.passphrase.borrow_mut() = Some(asked);
        Ok(secret)
    }

    /// Makes a key of fresh randomness. The lock that covers the folder, where there is one, is the
    /// caller's to hold.
    pub fn create(
        &self,
        name: &str,
        purpose: Purpose,
        passphrase: Option<&Passphrase>,
    ) -> Result<(KeyFile, SecretKey), Failure> {
        let secret = fresh_secret();
        Ok((self.keep(name, purpose, &secret, passphrase)?, secret))
    }

    /// Writes a key that was made in memory.
    pub fn keep(
        &self,
        name: &str,
        purpose: Purpose,
        secret: &SecretKey,
        passphrase: Option<&Passphrase>,
    ) -> Result<KeyFile, Failure> {
        let new = NewKey {
            name: safe_name(name)?,
            purpose,
            protection: passphrase.map_or(Protection::None, Protection::Passphrase),
            created: clock::now(),
        };
        let key = self.folder.create(new, secret, &mut random)?;
        if let Ok(Some(warning)) = key.warning() {
            self.context.voice.warn(&format!("{warning} ({})", warning.next_step()));
        }
        Ok(key)
    }
}

/// A key of fresh randomness, in memory only.
pub fn fresh_secret() -> SecretKey {
    let mut seed = zeroize::Zeroizing::new([0; 32]);
    random(&mut seed[..]);
    SecretKey::from_seed(&seed)
}

/// A name that can stand for files.
pub fn safe_name(name: &str) -> Result<SafeName, Failure> {
    SafeName::new(name).map_err(|why| {
        Failure::new(Exit::Usage, format!("{name:?} cannot be a name"), why, "choose another name")
    })
}

/// Fills a slice from the system's source of randomness.
///
/// # Panics
/// If the system has none: no key or salt can be made then, and nothing else is safe to do.
pub fn random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the system has no source of randomness");
}
