//! Keys in a folder: the secret half as PEM, the public half beside it.
//!
//! ```text
//! <name>.key      PKCS#8 version 1 in PEM, 0600, encrypted or not; without 0600 only encrypted
//! <name>.pub      treering/public-key/v1
//!                 key 30aa…                       thumbprint, the `kid` of what it signs
//!                 public 8a88…                    the 32 bytes
//!                 for recorder
//!                 created 2026-03-01T10:00:00Z
//! ```
//!
//! Any folder will do: the store's own, or one on a stick for the root. The public half says without
//! a passphrase which keys there are; and it is what the secret half is compared with once decrypted,
//! because CBC has no check of its own and damage to the seed gives a sound key, only another one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::disk::{Access, Disk, DiskError, What};
use super::durable::{self, Written};
use super::pem::{self, KeyText, Passphrase, Protection};
use super::record::{self, DamagedRecord, RecordError, RecordReader};
use super::safe_name::SafeName;
use crate::statement::key::KeyId;
use crate::tlog::ed25519::{PublicKey, SecretKey};
use crate::tlog::hex::{Hex, from_hex};

mod privacy;
mod purpose;
mod refusal;

pub use privacy::PassphraseAlone;
pub use purpose::{NotRoleWords, Purpose, RoleWords};
pub use refusal::KeyFileError;

const FORMAT: &str = "treering/public-key/v1";

/// Longest public half that is read: with every role word at its longest it has some 1,300 bytes.
const PUBLIC_FILE_BYTES_MAX: u64 = 4_096;

/// A folder that holds keys.
#[derive(Clone, Debug)]
pub struct KeyFolder {
    disk: Arc<dyn Disk>,
    path: PathBuf,
}

/// A key on disk, by its public half. Nothing of the secret half is in memory.
#[derive(Clone, Debug)]
pub struct KeyFile {
    folder: KeyFolder,
    name: SafeName,
    public: PublicKey,
    purpose: Purpose,
    created: Timestamp,
}

/// A key to be written.
#[derive(Clone, Debug)]
pub struct NewKey<'a> {
    /// What its files are called.
    pub name: SafeName,
    /// What it is for.
    pub purpose: Purpose,
    /// How its secret half is written.
    pub protection: Protection<'a>,
    /// When it was made or imported; whole seconds are kept.
    pub created: Timestamp,
}

/// What [`KeyFolder::list`] found.
#[derive(Debug, Default)]
pub struct KeyList {
    /// The keys, by name.
    pub keys: Vec<KeyFile>,
    /// What is wrong with each public half that could not be read.
    pub unreadable: Vec<KeyFileError>,
}

impl KeyFolder {
    /// The keys in a folder. It must be there before a key is made in it: a folder made in place of
    /// a stick that is not connected would keep the key on the wrong disk.
    pub fn at(disk: Arc<dyn Disk>, path: &Path) -> KeyFolder {
        KeyFolder { disk, path: path.to_owned() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes both halves of a key. When this returns they are durable; after a crash there may be
    /// none, both, or a secret half alone, which nobody has used. The caller holds the lock that
    /// covers the folder, where there is one, and shows the [`KeyFile::warning`], where there is one.
    /// `random` is asked as by [`pem::print`].
    pub fn create(
        &self,
        new: NewKey<'_>,
        secret: &SecretKey,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<KeyFile, KeyFileError> {
        let created = Timestamp::from_second(new.created.as_second()).unwrap_or(new.created);
        let NewKey { name, purpose, protection, .. } = new;
        let (folder, public) = (self.clone(), secret.public());
        let key = KeyFile { folder, name, public, purpose, created };
        self.check_is_new(&key)?;
        let text = pem::print(secret, protection, random);
        key.write(text.as_bytes(), protection).inspect_err(|_| {
            // Kindness only, so that the same command may be run again: the key was not acknowledged
            // and nobody has signed with it. The secret half goes last, or the public one would
            // promise what is not there.
            let _ = durable::remove(&*self.disk, &key.public_path());
            let _ = durable::remove(&*self.disk, &key.path());
        })?;
        Ok(key)
    }

    /// [`KeyFolder::create`], with a key that another program wrote: PKCS#8 (version 1 or 2) or
    /// OpenSSH, in PEM, opened with `passphrase` if it is encrypted.
    pub fn import(
        &self,
        new: NewKey<'_>,
        text: &[u8],
        passphrase: Option<&Passphrase>,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<KeyFile, KeyFileError> {
        let opened = KeyText::parse(text).and_then(|text| text.open(passphrase));
        self.create(new, &opened.map_err(KeyFileError::Import)?, random)
    }

    /// All keys here, by name; asks for no passphrase. One without its public half is unreadable. Files
    /// of other names are not looked at. A folder that is not there holds none.
    pub fn list(&self) -> Result<KeyList, DiskError> {
        let mut list = KeyList::default();
        let mut files = durable::list(&*self.disk, &self.path)?;
        files.retain(|listed| listed.what != What::Folder);
        for listed in &files {
            let alone = |stem: &&str| {
                let public = format!("{stem}.pub");
                !files.iter().any(|other| other.name == *public)
            };
            let name = &listed.name;
            let stem =
                name.strip_suffix(".pub").or_else(|| name.strip_suffix(".key").filter(alone));
            let Some(name) = stem.and_then(|stem| SafeName::new(stem).ok()) else { continue };
            match self.find(&name) {
                Ok(key) => list.keys.push(key),
                Err(error) => list.unreadable.push(error),
            }
        }
        // By whole file names `a-b.pub` stands before `a.pub`.
        list.keys.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(list)
    }

    /// The key of a name, by its public half.
    pub fn find(&self, name: &SafeName) -> Result<KeyFile, KeyFileError> {
        let path = self.file(name, "pub");
        match durable::read_if_there(&*self.disk, &path, PUBLIC_FILE_BYTES_MAX)? {
            Some(bytes) => Ok(KeyFile::read(self, name, &bytes).map_err(|why| why.in_file(&path))?),
            None if self.is_there(&self.file(name, "key"))? => Err(KeyFileError::NoPublic { path }),
            None => {
                let (name, folder) = (name.clone(), self.path.clone());
                Err(KeyFileError::NoKey { name, folder })
            }
        }
    }

    fn check_is_new(&self, key: &KeyFile) -> Result<(), KeyFileError> {
        for path in [key.path(), key.public_path()] {
            if self.is_there(&path)? {
                return Err(KeyFileError::Exists { path });
            }
        }
        let KeyList { keys, unreadable } = self.list()?;
        // What cannot be read could be the public half of this very key, if a secret one is beside it;
        // else it is perhaps no key of ours at all, as in a folder of ssh-keygen's.
        for error in unreadable {
            match &error {
                KeyFileError::Damaged(DamagedRecord { path, .. })
                    if !self.is_there(&path.with_extension("key"))? => {}
                _ => return Err(error),
            }
        }
        match keys.into_iter().find(|other| other.public == key.public) {
            Some(other) => {
                Err(KeyFileError::SameKey { name: other.name, folder: self.path.clone() })
            }
            None => Ok(()),
        }
    }

    fn is_there(&self, path: &Path) -> Result<bool, DiskError> {
        let name = path.file_name().and_then(|name| name.to_str());
        let listed = durable::list(&*self.disk, &self.path)?;
        Ok(listed.iter().any(|listed| Some(listed.name.as_str()) == name))
    }

    fn file(&self, name: &SafeName, ending: &str) -> PathBuf {
        self.path.join(format!("{name}.{ending}"))
    }
}

impl KeyFile {
    /// The name its files have.
    pub fn name(&self) -> &SafeName {
        &self.name
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        self.public
    }

    /// Its thumbprint.
    pub fn id(&self) -> KeyId {
        KeyId::of(&self.public)
    }

    /// What it is for.
    pub fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// When it was made or imported, as this computer's clock said.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// The file of the secret half.
    pub fn path(&self) -> PathBuf {
        self.folder.file(&self.name, "key")
    }

    /// The file of the public half.
    pub fn public_path(&self) -> PathBuf {
        self.folder.file(&self.name, "pub")
    }

    /// The file that remembers what the key signed.
    pub fn chain_path(&self) -> PathBuf {
        self.folder.file(&self.name, "chain")
    }

    /// Whether opening it takes a passphrase.
    pub fn is_encrypted(&self) -> Result<bool, KeyFileError> {
        Ok(self.text()?.is_encrypted())
    }

    /// The secret key, which is the one of the public half. A passphrase for a key that is not
    /// encrypted is not looked at.
    pub fn open(&self, passphrase: Option<&Passphrase>) -> Result<SecretKey, KeyFileError> {
        let path = self.path();
        let opened = self.text()?.open(passphrase);
        let secret = opened.map_err(|why| KeyFileError::Closed { path: path.clone(), why })?;
        match secret.public() == self.public {
            true => Ok(secret),
            false => Err(KeyFileError::OtherKey { path, public: self.public_path() }),
        }
    }

    /// The secret key as PKCS#8 version 1 in PEM, protected as told, for another program.
    pub fn export(
        &self,
        passphrase: Option<&Passphrase>,
        protection: Protection<'_>,
        random: &mut dyn FnMut(&mut [u8]),
    ) -> Result<Zeroizing<String>, KeyFileError> {
        Ok(pem::print(&self.open(passphrase)?, protection, random))
    }

    /// The public key as SubjectPublicKeyInfo in PEM, for another program.
    pub fn export_public(&self) -> String {
        pem::print_public(&self.public)
    }

    /// Secret half, its permissions, public half: whoever finds the public half finds a whole key.
    fn write(&self, text: &[u8], protection: Protection<'_>) -> Result<(), KeyFileError> {
        let disk = &*self.folder.disk;
        let once = |path: PathBuf, bytes: &[u8]| {
            // The public half is private, too: nobody should know a next root before it is needed.
            match durable::write_new(disk, &path, Access::Private, bytes)? {
                Written::New => Ok(()),
                Written::AlreadyThere => Err(KeyFileError::Exists { path }),
            }
        };
        once(self.path(), text)?;
        // Better told here than when the key is needed.
        self.check_kept(protection)?;
        once(self.public_path(), self.print().as_bytes())
    }

    fn read(folder: &KeyFolder, name: &SafeName, bytes: &[u8]) -> Result<KeyFile, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let id: [u8; 32] = reader.parsed("key", from_hex)?;
        let public = reader.parsed("public", |text| PublicKey::admit(from_hex(text)?).ok())?;
        if *KeyId::of(&public).0.as_bytes() != id {
            return Err(reader.wrong("the public key of that thumbprint"));
        }
        let purpose = reader.parsed("for", Purpose::parse)?;
        let created = reader.parsed("created", record::read_time)?;
        let (folder, name) = (folder.clone(), name.clone());
        let key = KeyFile { folder, name, public, purpose, created };
        reader.end(bytes, &key.print())?;
        Ok(key)
    }

    fn print(&self) -> String {
        let KeyFile { public, purpose, created, .. } = self;
        let (id, public) = (self.id(), Hex(public.as_bytes()));
        let created = record::time_text(*created);
        format!("{FORMAT}\nkey {id}\npublic {public}\nfor {purpose}\ncreated {created}\n")
    }
}

impl fmt::Display for KeyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name, self.purpose)
    }
}

#[cfg(test)]
mod tests;
