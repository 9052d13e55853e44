//! Public files in memory: what tests read, and the shape every other source is compared with.

use std::collections::BTreeMap;
use std::io::Write;

use super::{Given, Source, SourceError, Version, Wanted, copy_within};
use crate::exchange::public_file::PublicFile;
use crate::tlog::hash::Hash;

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    files: BTreeMap<PublicFile, Vec<u8>>,
}

impl MemorySource {
    /// Adds or replaces a file.
    pub fn put(&mut self, file: PublicFile, bytes: impl Into<Vec<u8>>) {
        self.files.insert(file, bytes.into());
    }

    /// Takes a file away.
    pub fn remove(&mut self, file: PublicFile) -> Option<Vec<u8>> {
        self.files.remove(&file)
    }

    /// The files, by their names.
    pub fn files(&self) -> impl Iterator<Item = (PublicFile, &[u8])> {
        self.files.iter().map(|(file, bytes)| (*file, bytes.as_slice()))
    }
}

impl Source for MemorySource {
    fn called(&self) -> String {
        "memory".into()
    }

    fn read(&self, wanted: &Wanted<'_>, sink: &mut dyn Write) -> Result<Given, SourceError> {
        let file = wanted.file;
        let bytes = self.files.get(&file).ok_or(SourceError::Missing { file })?;
        let version = Version(Hash::of(bytes).to_string());
        if wanted.known == Some(&version) {
            return Ok(Given::AsBefore);
        }
        let rest = usize::try_from(wanted.from).ok().and_then(|from| bytes.get(from..));
        copy_within(rest.unwrap_or_default(), wanted, sink, |why| SourceError::Io { file, why })?;
        Ok(Given::Bytes(Some(version)))
    }
}
