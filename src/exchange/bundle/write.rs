//! Making a bundle.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use jiff::Timestamp;
use thiserror::Error;

use super::{BundleList, LIST, Span};
use crate::exchange::mirror::checkpoint_of;
use crate::exchange::public_file::PublicFile;
use crate::exchange::source::{self, FolderSource, SourceError};
use crate::exchange::tree::{TreeError, bundle_from, tile_from};
use crate::statement::bodies::Body;
use crate::statement::envelope::{LedgerId, Statement};
use crate::tlog::bundle::bundles_between;
use crate::tlog::hash::{Hash, TreeSize};
use crate::tlog::tile::{encode_tile, tiles_between};

/// zstd's level: most of a bundle is hashes and signatures, which no level makes smaller.
const LEVEL: i32 = 6;

/// What goes into a bundle of one ledger.
#[derive(Clone, Debug)]
pub struct Part {
    /// The ledger.
    pub ledger: LedgerId,
    /// Its public folder here.
    pub folder: PathBuf,
    /// What the receiver holds already.
    pub since: TreeSize,
    /// Put in the manifests that the owner made public.
    pub manifests: bool,
    /// Private manifests, by their roots.
    pub private: Vec<(Hash, PathBuf)>,
    /// Evidence files, by the hashes of their bytes.
    pub evidence: Vec<(Hash, PathBuf)>,
}

/// Whom a bundle is encrypted to: an age recipient (`age1…`).
#[derive(Clone, Debug)]
pub struct Recipient(age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = String;
    fn from_str(text: &str) -> Result<Recipient, String> {
        let recipient = age::x25519::Recipient::from_str(text.trim());
        recipient.map(Recipient).map_err(|why| why.to_string())
    }
}

/// What was written.
#[derive(Clone, Debug)]
pub struct Written {
    /// What the list says.
    pub list: BundleList,
    /// Files in it, without the list.
    pub files: u64,
}

/// Why no bundle was made.
#[derive(Debug, Error)]
pub enum WriteError {
    /// A ledger here cannot be read.
    #[error(transparent)]
    Ledger(#[from] TreeError),
    /// There is less than the receiver holds.
    #[error("the receiver holds {since} statements, and here are only {size}")]
    HoldsMore {
        /// What the receiver holds.
        since: TreeSize,
        /// What is here.
        size: TreeSize,
    },
    /// A file that is to go in cannot be read.
    #[error("{} cannot be read: {why}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        why: io::Error,
    },
    /// A file is not any more what its hash says.
    #[error("{} has changed since it was recorded", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Encryption refuses.
    #[error("it cannot be encrypted: {0}")]
    Encryption(String),
    /// The bundle cannot be written.
    #[error("it cannot be written: {0}")]
    Io(#[from] io::Error),
}

impl From<SourceError> for WriteError {
    fn from(fault: SourceError) -> WriteError {
        WriteError::Ledger(fault.into())
    }
}

/// Writes a bundle.
pub fn write(
    out: &mut dyn Write,
    parts: &[Part],
    to: &[Recipient],
    made: Timestamp,
) -> Result<Written, WriteError> {
    if to.is_empty() {
        return compress(out, parts, made);
    }
    let recipients = to.iter().map(|Recipient(recipient)| recipient as &dyn age::Recipient);
    let encryptor = age::Encryptor::with_recipients(recipients)
        .map_err(|why| WriteError::Encryption(why.to_string()))?;
    let mut encrypted = encryptor.wrap_output(out)?;
    let written = compress(&mut encrypted, parts, made)?;
    encrypted.finish()?.flush()?;
    Ok(written)
}

fn compress(out: &mut dyn Write, parts: &[Part], made: Timestamp) -> Result<Written, WriteError> {
    let encoder = zstd::Encoder::new(out, LEVEL)?;
    let mut archive = tar::Builder::new(encoder);
    let mut list = BundleList { made, ledgers: Vec::new() };
    let mut heads = Vec::new();
    for part in parts {
        let source = FolderSource::new(&part.folder);
        let size = checkpoint_of(&source)?.tree().size;
        if part.since > size {
            return Err(WriteError::HoldsMore { since: part.since, size });
        }
        list.ledgers.push(Span { ledger: part.ledger, since: part.since, size });
        heads.push((part, source, size));
    }
    append(&mut archive, LIST, list.print().as_bytes())?;
    let mut files = 0;
    for (part, source, size) in heads {
        files += append_part(&mut archive, part, &source, size)?;
    }
    archive.into_inner()?.finish()?.flush()?;
    Ok(Written { list, files })
}

type Archive<'a> = tar::Builder<zstd::Encoder<'static, &'a mut dyn Write>>;

fn append_part(
    archive: &mut Archive<'_>,
    part: &Part,
    source: &FolderSource,
    size: TreeSize,
) -> Result<u64, WriteError> {
    let mut files = 0;
    let mut put = |archive: &mut Archive<'_>, name: &str, bytes: &[u8]| {
        files += 1;
        append(archive, &format!("{}/{name}", part.ledger), bytes)
    };
    put(archive, "checkpoint", &source::read(source, PublicFile::Checkpoint)?)?;
    if let Some(sizes) = source::read_if_there(source, PublicFile::CosignedSizes)? {
        put(archive, "checkpoints/sizes", &sizes)?;
        let sizes = String::from_utf8_lossy(&sizes).into_owned();
        let sizes = sizes.lines().filter_map(|line| line.parse().ok().map(TreeSize));
        for cosigned in sizes.filter(|cosigned| *cosigned >= part.since) {
            let file = PublicFile::Cosigned(cosigned);
            if let Some(bytes) = source::read_if_there(source, file)? {
                put(archive, &file.path(), &bytes)?;
            }
        }
    }
    for tile in tiles_between(part.since, size) {
        put(archive, &tile.path(), &encode_tile(&tile_from(source, tile)?))?;
    }
    let mut roots = Vec::new();
    for bundle in bundles_between(part.since, size) {
        let bytes = bundle_from(source, bundle)?;
        put(archive, &bundle.path(), &bytes)?;
        if part.manifests
            && let Ok(entries) = bundle.split(&bytes)
        {
            roots.extend(entries.into_iter().filter_map(anchored_root));
        }
    }
    for root in roots {
        let file = PublicFile::Manifest(root);
        let path = part.folder.join(file.path());
        if path.is_file() {
            put_file(archive, &format!("{}/{file}", part.ledger), &path, None)?;
            files += 1;
        }
    }
    for (root, path) in &part.private {
        put_file(archive, &format!("{}/private/{root}", part.ledger), path, None)?;
        files += 1;
    }
    for (digest, path) in &part.evidence {
        put_file(archive, &format!("{}/evidence/{digest}", part.ledger), path, Some(*digest))?;
        files += 1;
    }
    Ok(files)
}

fn anchored_root(entry: &[u8]) -> Option<Hash> {
    match &Statement::read(entry.to_vec()).ok()?.payload.body {
        Body::Anchor(anchor) => Some(anchor.root),
        _ => None,
    }
}

/// A header that says the same on every machine: two bundles of the same files are the same bytes.
fn header(name: &str, length: u64) -> io::Result<tar::Header> {
    let mut header = tar::Header::new_ustar();
    header.set_path(name)?;
    header.set_size(length);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

fn append(archive: &mut Archive<'_>, name: &str, bytes: &[u8]) -> Result<(), WriteError> {
    let header = header(name, bytes.len() as u64)?;
    Ok(archive.append(&header, bytes)?)
}

/// A file of any size, as a stream. One that grows meanwhile is cut at the length it had.
fn put_file(
    archive: &mut Archive<'_>,
    name: &str,
    path: &Path,
    digest: Option<Hash>,
) -> Result<(), WriteError> {
    let fault = |why| WriteError::File { path: path.to_owned(), why };
    let file = File::open(path).map_err(fault)?;
    let length = file.metadata().map_err(fault)?.len();
    let mut hashing = Hashing { inner: file.take(length), hasher: Default::default(), read: 0 };
    archive.append(&header(name, length)?, &mut hashing)?;
    let whole = hashing.read == length;
    if !whole || digest.is_some_and(|digest| hashing.digest() != digest) {
        return Err(WriteError::Changed { path: path.to_owned() });
    }
    Ok(())
}

/// Hashes what passes through.
struct Hashing<R> {
    inner: R,
    hasher: sha2::Sha256,
    read: u64,
}

impl<R> Hashing<R> {
    fn digest(self) -> Hash {
        use sha2::Digest;
        Hash(self.hasher.finalize().into())
    }
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        use sha2::Digest;
        let read = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..read]);
        self.read += read as u64;
        Ok(read)
    }
}
