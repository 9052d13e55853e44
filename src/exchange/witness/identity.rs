//! Who this store is as a witness.
//!
//! ```text
//! treering/witness/v1
//! vkey example.park/witness+8c1f0a2b+BG…        name, key id, type 0x04 and the public key
//! ```

use std::path::Path;

use super::refusal::WitnessError;
use crate::statement::key::KeyId;
use crate::store::disk::{Access, Disk};
use crate::store::durable;
use crate::store::record::{RecordError, RecordReader};
use crate::tlog::checkpoint::Origin;
use crate::tlog::ed25519::PublicKey;
use crate::tlog::note::{KeyName, NameError, SignatureType, VerifierKey};

const FORMAT: &str = "treering/witness/v1";

/// Bytes of the record: a name of at most 255 and a key.
const CEILING: u64 = 1_000;

/// A witness's name and public key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity(VerifierKey);

impl Identity {
    /// A witness of this name.
    pub fn new(name: KeyName, key: PublicKey) -> Identity {
        Identity(VerifierKey::new(name, SignatureType::Cosignature, key))
    }

    /// The name of the party's witness that runs a ledger: `<origin>/witness`.
    pub fn name_for(origin: &Origin) -> Result<KeyName, NameError> {
        KeyName::new(&format!("{origin}/witness"))
    }

    /// Its name.
    pub fn name(&self) -> &KeyName {
        self.0.name()
    }

    /// Its key, as policies name it.
    pub fn vkey(&self) -> &VerifierKey {
        &self.0
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        *self.0.key()
    }

    /// The thumbprint of its key.
    pub fn id(&self) -> KeyId {
        KeyId::of(self.0.key())
    }

    fn print(&self) -> String {
        format!("{FORMAT}\nvkey {}\n", self.0)
    }

    fn parse(bytes: &[u8]) -> Result<Identity, RecordError> {
        let mut reader = RecordReader::open(bytes, FORMAT)?;
        let key = reader.parsed("vkey", |text| VerifierKey::parse(text).ok())?;
        if key.signature_type() != SignatureType::Cosignature {
            return Err(reader.wrong("a key of type 0x04"));
        }
        let identity = Identity(key);
        reader.end(bytes, &identity.print())?;
        Ok(identity)
    }

    pub(super) fn read(disk: &dyn Disk, folder: &Path) -> Result<Option<Identity>, WitnessError> {
        let path = folder.join("identity");
        let Some(bytes) = durable::read_if_there(disk, &path, CEILING)? else { return Ok(None) };
        Ok(Some(Identity::parse(&bytes).map_err(|why| why.in_file(&path))?))
    }

    pub(super) fn write(&self, disk: &dyn Disk, folder: &Path) -> Result<(), WitnessError> {
        let path = folder.join("identity");
        Ok(durable::replace(disk, &path, Access::Private, self.print().as_bytes())?)
    }
}
