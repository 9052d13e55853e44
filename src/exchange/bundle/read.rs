//! Opening a bundle that came from outside: unpacked into a folder of its own, by names that are read
//! and not taken over, under ceilings that a small file cannot blow.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use super::{BundleList, LIST, LIST_BYTES_MAX};
use crate::exchange::public_file::PublicFile;
use crate::statement::envelope::LedgerId;
use crate::store::record::RecordError;
use crate::tlog::hash::Hash;

/// How an encrypted file begins (age, version 1).
const AGE: &[u8] = b"age-encryption.org/";

/// zstd may ask for a window of memory; this is what its own command takes without being told to (2^27).
const WINDOW_LOG_MAX: u32 = 27;

/// What a bundle may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes on the disk, unpacked.
    pub bytes: u64,
    /// Files.
    pub files: u64,
}

impl Default for Limits {
    /// 64 GiB and ten million files: a stick full of ledgers.
    fn default() -> Limits {
        Limits { bytes: 64 << 30, files: 10_000_000 }
    }
}

/// Ledgers are hashes and signatures, which hardly shrink. What unpacks to more than a hundred times
/// its size is not one (measured: real bundles unpack to 2 to 4 times).
const RATIO_MAX: u64 = 100;
/// Unpacked bytes that need no ratio: a few small files may be all padding.
const RATIO_FREE: u64 = 16 << 20;

/// A bundle in a folder.
#[derive(Clone, Debug)]
pub struct Unpacked {
    /// What it says is in it.
    pub list: BundleList,
    folder: PathBuf,
    /// Private manifests in it.
    pub private: Vec<(LedgerId, Hash, PathBuf)>,
    /// Evidence files in it, by the hash that their name claims.
    pub evidence: Vec<(LedgerId, Hash, PathBuf)>,
}

impl Unpacked {
    /// The public files of one of its ledgers.
    pub fn ledger(&self, ledger: LedgerId) -> PathBuf {
        self.folder.join(ledger.to_string())
    }
}

/// A small file that would unpack to a very large one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("it would unpack to more than {RATIO_MAX} times its size")]
pub struct Bomb;

/// Why a bundle is not opened. Nothing of it is kept.
#[derive(Debug, Error)]
pub enum BundleError {
    /// It is encrypted.
    #[error("it is encrypted, and no identity opens it")]
    Encrypted,
    /// The identity's file cannot be used.
    #[error("the identity cannot be used: {0}")]
    Identity(String),
    /// The first entry does not say what is in it.
    #[error("it does not begin with a list of what is in it")]
    NoList,
    /// The list.
    #[error("its list: {0}")]
    List(#[from] RecordError),
    /// A name that no bundle has: another folder, a link, a second file of one name.
    #[error("it holds {what}, which belongs in no bundle: {name:?}")]
    Stranger {
        /// What it is.
        what: &'static str,
        /// Its name, as far as that can be shown.
        name: String,
    },
    /// A file longer than such a file can be.
    #[error("{name} in it is longer than such a file can be")]
    TooLong {
        /// Its name.
        name: String,
    },
    /// More than the receiver allows.
    #[error("it would unpack to more than {0} bytes or {1} files")]
    TooMuch(u64, u64),
    /// A bomb.
    #[error(transparent)]
    Bomb(#[from] Bomb),
    /// It is damaged, cut short, or of another kind.
    #[error("it is damaged, cut short, or no bundle: {0}")]
    Damaged(io::Error),
    /// The disk here refuses.
    #[error("it cannot be unpacked here: {0}")]
    Disk(io::Error),
}

/// Whether a file is encrypted with age.
pub fn is_encrypted(path: &Path) -> io::Result<bool> {
    let mut beginning = [0; AGE.len()];
    let mut file = File::open(path)?;
    Ok(file.read_exact(&mut beginning).is_ok() && beginning == *AGE)
}

/// Unpacks a bundle into a folder that is there and empty.
pub fn unpack(
    path: &Path,
    identity: Option<&Path>,
    into: &Path,
    limits: Limits,
) -> Result<Unpacked, BundleError> {
    let compressed = AtomicU64::new(0);
    let file = File::open(path).map_err(BundleError::Damaged)?;
    let counted = Counted { inner: BufReader::new(file), read: &compressed };
    let plain: Box<dyn Read> = match is_encrypted(path).map_err(BundleError::Damaged)? {
        false => Box::new(counted),
        true => Box::new(decrypt(counted, identity.ok_or(BundleError::Encrypted)?)?),
    };
    let mut zstd = zstd::Decoder::new(plain).map_err(BundleError::Damaged)?;
    zstd.window_log_max(WINDOW_LOG_MAX).map_err(BundleError::Damaged)?;
    let guarded = Guarded { inner: zstd, read: 0, compressed: &compressed, limit: limits.bytes };
    unpack_archive(guarded, into, limits)
}

fn decrypt<R: Read>(reader: R, identity: &Path) -> Result<impl Read + use<R>, BundleError> {
    let unusable = |why: &dyn std::fmt::Display| BundleError::Identity(why.to_string());
    let text = fs::read_to_string(identity).map_err(|why| unusable(&why))?;
    let identities = age::IdentityFile::from_buffer(text.as_bytes())
        .map_err(|why| unusable(&why))?
        .into_identities()
        .map_err(|why| unusable(&why))?;
    let decryptor = age::Decryptor::new(reader).map_err(|_| BundleError::Encrypted)?;
    let identities = identities.iter().map(|identity| &**identity as &dyn age::Identity);
    decryptor.decrypt(identities).map_err(|_| BundleError::Encrypted)
}

fn unpack_archive(reader: impl Read, into: &Path, limits: Limits) -> Result<Unpacked, BundleError> {
    let mut archive = tar::Archive::new(reader);
    // Raw: extended headers of tar are not looked at, and what they are about is refused.
    let mut entries = archive.entries().map_err(fault)?.raw(true);
    let mut first = entries.next().ok_or(BundleError::NoList)?.map_err(fault)?;
    if first.path_bytes().as_ref() != LIST.as_bytes() || first.size() > LIST_BYTES_MAX {
        return Err(BundleError::NoList);
    }
    let mut list = Vec::new();
    first.read_to_end(&mut list).map_err(fault)?;
    let list = BundleList::parse(&list)?;
    let ledgers: BTreeSet<LedgerId> = list.ledgers.iter().map(|span| span.ledger).collect();
    let mut unpacked =
        Unpacked { list, folder: into.to_owned(), private: Vec::new(), evidence: Vec::new() };
    let mut files = 0;
    for entry in entries {
        let mut entry = entry.map_err(fault)?;
        files += 1;
        if files > limits.files {
            return Err(BundleError::TooMuch(limits.bytes, limits.files));
        }
        let bytes = entry.path_bytes().into_owned();
        let shown = || String::from_utf8_lossy(&bytes).chars().take(120).collect::<String>();
        let stranger = |what| BundleError::Stranger { what, name: shown() };
        if entry.header().entry_type() != tar::EntryType::Regular {
            return Err(stranger("a link, a folder or something else that is no file"));
        }
        let name = Name::parse(&bytes).ok_or_else(|| stranger("a name"))?;
        if !ledgers.contains(&name.ledger) {
            return Err(stranger("a file of a ledger that its list does not name"));
        }
        if entry.size() > name.bytes_max() {
            return Err(BundleError::TooLong { name: shown() });
        }
        let path = into.join(name.path());
        match &name.what {
            What::Private(root) => unpacked.private.push((name.ledger, *root, path.clone())),
            What::Evidence(digest) => unpacked.evidence.push((name.ledger, *digest, path.clone())),
            What::Public(_) => {}
        }
        fs::create_dir_all(path.parent().unwrap_or(into)).map_err(BundleError::Disk)?;
        let created = File::create_new(&path);
        let mut created = created.map_err(|why| match why.kind() {
            io::ErrorKind::AlreadyExists => stranger("a second file of one name"),
            _ => BundleError::Disk(why),
        })?;
        copy(&mut entry, &mut created)?;
    }
    Ok(unpacked)
}

/// A file's name in a bundle.
struct Name {
    ledger: LedgerId,
    what: What,
}

enum What {
    Public(PublicFile),
    Private(Hash),
    Evidence(Hash),
}

impl Name {
    fn parse(bytes: &[u8]) -> Option<Name> {
        let (ledger, rest) = std::str::from_utf8(bytes).ok()?.split_once('/')?;
        let what = if let Some(root) = rest.strip_prefix("private/") {
            What::Private(Hash::from_hex(root)?)
        } else if let Some(digest) = rest.strip_prefix("evidence/") {
            What::Evidence(Hash::from_hex(digest)?)
        } else {
            What::Public(PublicFile::parse(rest)?)
        };
        Some(Name { ledger: LedgerId(Hash::from_hex(ledger)?), what })
    }

    /// Printed from what was understood, never the bytes that came.
    fn path(&self) -> String {
        match &self.what {
            What::Public(file) => format!("{}/{file}", self.ledger),
            What::Private(root) => format!("{}/private/{root}", self.ledger),
            What::Evidence(digest) => format!("{}/evidence/{digest}", self.ledger),
        }
    }

    fn bytes_max(&self) -> u64 {
        match &self.what {
            What::Public(file) => file.bytes_max(),
            What::Private(root) => PublicFile::Manifest(*root).bytes_max(),
            // As large as the receiver's limit for all of it.
            What::Evidence(_) => u64::MAX,
        }
    }
}

/// Copies, telling the other side's faults from ours.
fn copy(from: &mut impl Read, to: &mut File) -> Result<(), BundleError> {
    let mut buffer = [0; 1 << 16];
    loop {
        match from.read(&mut buffer).map_err(fault)? {
            0 => return Ok(()),
            read => to.write_all(&buffer[..read]).map_err(BundleError::Disk)?,
        }
    }
}

/// What a reader's error stands for.
fn fault(why: io::Error) -> BundleError {
    match why.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
        Some(Refusal::Bomb) => BundleError::Bomb(Bomb),
        Some(Refusal::TooMuch(limit)) => BundleError::TooMuch(*limit, Limits::default().files),
        None => BundleError::Damaged(why),
    }
}

#[derive(Debug, Error)]
enum Refusal {
    #[error("a bomb")]
    Bomb,
    #[error("more than {0} bytes")]
    TooMuch(u64),
}

/// Counts the bytes that come from the file.
struct Counted<'a, R> {
    inner: R,
    read: &'a AtomicU64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

/// Stops what unpacks to too much, as soon as it does.
struct Guarded<'a, R> {
    inner: R,
    read: u64,
    compressed: &'a AtomicU64,
    limit: u64,
}

impl<R: Read> Read for Guarded<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        if self.read > self.limit {
            return Err(io::Error::other(Refusal::TooMuch(self.limit)));
        }
        let compressed = self.compressed.load(Ordering::Relaxed);
        if self.read > RATIO_FREE.max(compressed.saturating_mul(RATIO_MAX)) {
            return Err(io::Error::other(Refusal::Bomb));
        }
        Ok(read)
    }
}
