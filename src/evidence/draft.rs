//! The draft: work in progress of one `add`, so that the same command goes on where it was stopped and
//! arrives at the same rows.
//!
//! ```text
//! file    = "treering draft 1\n" ‖ entry ‖ entry ‖ …
//! entry   = u32 length of payload ‖ first 8 bytes of SHA256(payload) ‖ payload      (big-endian)
//! payload = {"row": bytes, "show": [bytes …], "size": n, "place": bytes,
//!            "notes": [[note, row or 0, times] …], "modified": [seconds, nanoseconds]}
//!                                                                                   (canonical CBOR)
//! ```
//!
//! Entries are appended as files are read; a later entry for a place stands for an earlier one. What
//! a crash leaves at the end, or damage anywhere, ends the draft there: the files behind it are read
//! again. An entry is reused only for a file of the same place, path, size and time of last change.
//! A draft holds salts, so only its owner may read it; it is local and short-lived, and no other
//! version reads it.

use std::collections::{BTreeSet, HashMap};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::formats::note::{Note, Noted};
use super::manifest::MAX_ITEM_BYTES;
use super::row::{Disclosure, Row};
use super::walk::{Found, Stamp};
use crate::statement::cbor;
use crate::tlog::hash::Hash;

const MAGIC: &[u8] = b"treering draft 1\n";

/// The ceiling of a payload: a manifest's item, and a place of the longest path that any system has
/// (Windows: 32,767 characters of up to 3 bytes).
const MAX_PAYLOAD_BYTES: usize = 3 * MAX_ITEM_BYTES;

/// What a draft is for: a digest of everything that decides its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftKey(Hash);

/// An open draft. No other process has it open.
#[derive(Debug)]
pub struct Draft {
    file: File,
    place: PathBuf,
    end: u64,
    /// Where the newest entry for a place begins, by 16 bytes of the place's digest.
    by_place: HashMap<[u8; 16], u64>,
}

/// Where an entry of a draft begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryAt(u64);

/// What a draft knows about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The row its manifest will have.
    pub row: Row,
    /// All its disclosures.
    pub show: Vec<Disclosure>,
    /// The file's time of last change when it was read.
    pub modified: Option<(i64, u32)>,
    /// What its reading noted.
    pub notes: Vec<Noted>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    #[serde(with = "serde_bytes")]
    place: Vec<u8>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    modified: Option<(i64, u32)>,
    /// Notes as numbers that only this program gives a meaning.
    notes: Vec<(u8, u64, u64)>,
    #[serde(with = "serde_bytes")]
    row: Vec<u8>,
    show: Vec<serde_bytes::ByteBuf>,
}

/// Why a draft cannot be used.
#[derive(Debug, Error)]
pub enum DraftError {
    /// Another process has it open: the same command runs twice.
    #[error("the same command is already running")]
    InUse,
    /// Reading or writing failed.
    #[error("the draft {place} cannot be used: {error}")]
    Io {
        /// The file.
        place: PathBuf,
        /// What happened.
        #[source]
        error: io::Error,
    },
}

impl DraftKey {
    /// The key of what these parts say together, each as its bytes.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> DraftKey {
        let parts: Vec<&serde_bytes::Bytes> =
            parts.into_iter().map(serde_bytes::Bytes::new).collect();
        DraftKey(Hash::of(&cbor::encode(&parts)))
    }

    /// The name of the draft's file.
    pub fn file_name(&self) -> String {
        self.0.to_string()
    }
}

impl Draft {
    /// Opens the draft for `key` in `folder`, or begins one. Both are made if they are not there.
    pub fn open(folder: &Path, key: DraftKey) -> Result<Draft, DraftError> {
        let place = folder.join(key.file_name());
        let at = |error| DraftError::Io { place: place.clone(), error };
        std::fs::create_dir_all(folder).map_err(at)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&place).map_err(at)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DraftError::InUse),
            Err(TryLockError::Error(error)) => return Err(at(error)),
        }
        let mut draft = Draft { file, place: place.clone(), end: 0, by_place: HashMap::new() };
        draft.recover().map_err(at)?;
        Ok(draft)
    }

    /// Reads every whole entry, and cuts off what follows the last one.
    fn recover(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        let mut reader = BufReader::new(&self.file);
        let mut magic = Vec::new();
        reader.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic)?;
        if magic == MAGIC {
            self.end = MAGIC.len() as u64;
            while let Some((place, length)) = whole_entry(&mut reader)? {
                self.by_place.insert(short_digest(&place), self.end);
                self.end += length;
            }
        } else {
            // Another program's, or cut within its first bytes.
            self.file.set_len(0)?;
            self.file.rewind()?;
            self.file.write_all(MAGIC)?;
            self.end = MAGIC.len() as u64;
        }
        self.file.set_len(self.end)
    }

    /// How many places have an entry.
    pub fn len(&self) -> usize {
        self.by_place.len()
    }

    /// Whether nothing has been read yet.
    pub fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }

    /// The entry for this file, if the file is as it was when it was read.
    pub fn find(&mut self, found: &Found) -> Result<Option<(EntryAt, Entry)>, DraftError> {
        let place = place_bytes(found);
        let Some(&start) = self.by_place.get(&short_digest(&place)) else { return Ok(None) };
        let (payload, entry) = self.read(start)?;
        let known = Stamp { size: entry.row.size(), modified: entry.modified };
        let same_path = entry.show.iter().any(|shown| {
            matches!(shown.attribute(), super::attribute::Attribute::Path(path) if *path == found.path)
        });
        let same = payload.place == place
            && same_path
            && known == found.stamp
            // Without a time of last change there is nothing to go by.
            && known.modified.is_some();
        Ok(same.then_some((EntryAt(start), entry)))
    }

    /// Adds the entry for a file that has been read. One write, so a crash leaves it whole or cut.
    pub fn append(&mut self, found: &Found, entry: &Entry) -> Result<EntryAt, DraftError> {
        let place = place_bytes(found);
        let digest = short_digest(&place);
        let payload = cbor::encode(&Payload {
            place,
            modified: entry.modified,
            notes: entry.notes.iter().map(note_numbers).collect(),
            row: entry.row.bytes().to_vec(),
            show: entry.show.iter().map(|shown| shown.bytes().to_vec().into()).collect(),
        });
        let bytes = frame(&payload);
        let start = self.end;
        let written =
            self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.write_all(&bytes));
        written.map_err(|error| self.failed(error))?;
        self.end += bytes.len() as u64;
        self.by_place.insert(digest, start);
        Ok(EntryAt(start))
    }

    /// Reads an entry again.
    pub fn entry(&mut self, at: EntryAt) -> Result<Entry, DraftError> {
        Ok(self.read(at.0)?.1)
    }

    /// The row hash of every entry that stands, and where the entry begins: what a manifest is sorted by.
    pub fn in_order(&mut self) -> Result<Vec<(Hash, EntryAt)>, DraftError> {
        let mut starts: Vec<u64> = self.by_place.values().copied().collect();
        starts.sort_unstable();
        let hash = |start| Ok((self.read(start)?.1.row.hash(), EntryAt(start)));
        starts.into_iter().map(hash).collect()
    }

    fn read(&mut self, start: u64) -> Result<(Payload, Entry), DraftError> {
        let bytes = self
            .file
            .seek(SeekFrom::Start(start))
            .and_then(|_| whole_frame(&mut self.file))
            .map_err(|error| self.failed(error))?;
        bytes.as_deref().and_then(open_payload).ok_or_else(|| {
            // It was whole when the draft was opened.
            self.failed(io::Error::new(io::ErrorKind::InvalidData, "it changed under our hands"))
        })
    }

    /// Makes what has been appended durable.
    pub fn sync(&self) -> Result<(), DraftError> {
        self.file.sync_all().map_err(|error| self.failed(error))
    }

    /// Deletes the draft: its rows stand in a signed manifest.
    pub fn remove(self) -> Result<(), DraftError> {
        std::fs::remove_file(&self.place).map_err(|error| self.failed(error))
    }

    /// Takes out every entry for files of these digests: an erased file must not wait in a draft. The
    /// rest is written anew, so no byte of them stays.
    pub fn forget(&mut self, digests: &BTreeSet<Hash>) -> Result<u64, DraftError> {
        let (mut kept, mut forgotten) = (MAGIC.to_vec(), 0);
        self.file.rewind().map_err(|error| self.failed(error))?;
        let mut reader = BufReader::new(&self.file);
        let mut magic = [0; MAGIC.len()];
        let skipped = reader.read_exact(&mut magic);
        skipped.map_err(|error| self.failed(error))?;
        let beside = self.place.with_extension("kept");
        let mut out = private_file(&beside).map_err(|error| self.failed(error))?;
        while let Some(payload) = whole_frame(&mut reader).map_err(|error| self.failed(error))? {
            match open_payload(&payload) {
                Some((_, entry)) if digests.contains(&entry.row.sha256()) => forgotten += 1,
                _ => kept.extend(frame(&payload)),
            }
            if kept.len() > 1 << 20 {
                out.write_all(&kept).map_err(|error| self.failed(error))?;
                kept.clear();
            }
        }
        let written = out.write_all(&kept).and_then(|()| out.sync_all());
        written.map_err(|error| self.failed(error))?;
        if forgotten == 0 {
            std::fs::remove_file(&beside).map_err(|error| self.failed(error))?;
            return Ok(0);
        }
        std::fs::rename(&beside, &self.place).map_err(|error| self.failed(error))?;
        Ok(forgotten)
    }

    fn failed(&self, error: io::Error) -> DraftError {
        DraftError::Io { place: self.place.clone(), error }
    }
}

/// Takes files of these digests out of every draft in `folder`, and removes what a stop of this left.
/// Gives how many entries. A draft that an `add` has open is in use.
pub fn forget_in_drafts(folder: &Path, digests: &BTreeSet<Hash>) -> Result<u64, DraftError> {
    let at = |error| DraftError::Io { place: folder.to_owned(), error };
    let mut forgotten = 0;
    let names = match std::fs::read_dir(folder) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(at(error)),
    };
    for name in names {
        let place = name.map_err(at)?.path();
        if place.extension().is_some_and(|extension| extension == "kept") {
            std::fs::remove_file(&place).map_err(at)?;
        } else if let Some(key) = place.file_name().and_then(|n| Hash::from_hex(n.to_str()?)) {
            forgotten += Draft::open(folder, DraftKey(key))?.forget(digests)?;
        }
    }
    Ok(forgotten)
}

/// A new file that only its owner may read.
fn private_file(place: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(place)
}

/// Length, checksum and payload: an entry as it stands in the file.
fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("draft: a payload has a ceiling");
    let sum = Hash::of(payload);
    [&length.to_be_bytes()[..], &sum.0[..8], payload].concat()
}

/// The place and the length of the entry that comes next, if it is whole.
fn whole_entry(reader: &mut impl Read) -> io::Result<Option<(Vec<u8>, u64)>> {
    let Some(payload) = whole_frame(reader)? else { return Ok(None) };
    let length = 12 + payload.len() as u64;
    Ok(open_payload(&payload).map(|(payload, _)| (payload.place, length)))
}

/// The payload that comes next, if it is whole and its checksum right.
fn whole_frame(reader: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut frame = Vec::new();
    reader.take(12).read_to_end(&mut frame)?;
    let Some((length, sum)) = frame.split_first_chunk::<4>() else { return Ok(None) };
    let length = u32::from_be_bytes(*length) as usize;
    if sum.len() != 8 || length > MAX_PAYLOAD_BYTES {
        return Ok(None);
    }
    let mut payload = Vec::new();
    reader.take(length as u64).read_to_end(&mut payload)?;
    let whole = payload.len() == length && Hash::of(&payload).0[..8] == *sum;
    Ok(whole.then_some(payload))
}

fn open_payload(bytes: &[u8]) -> Option<(Payload, Entry)> {
    let payload: Payload = cbor::decode(bytes, MAX_PAYLOAD_BYTES).ok()?;
    let row = Row::read(&payload.row).ok()?;
    let show: Vec<Disclosure> =
        payload.show.iter().map(|shown| Disclosure::read(shown).ok()).collect::<Option<_>>()?;
    if show.iter().any(|shown| row.check(shown).is_err()) {
        return None;
    }
    let modified = payload.modified;
    let notes = payload.notes.iter().filter_map(note_of_numbers).collect();
    Some((payload, Entry { row, show, modified, notes }))
}

fn place_bytes(found: &Found) -> Vec<u8> {
    found.place().into_os_string().into_encoded_bytes()
}

fn short_digest(place: &[u8]) -> [u8; 16] {
    *Hash::of(place).0.first_chunk().expect("a digest has 32 bytes")
}

/// Rows count from 1, so 0 is free to mean none; numbers of CBOR here end at 2^63 − 1.
fn note_numbers(noted: &Noted) -> (u8, u64, u64) {
    const MOST: u64 = i64::MAX as u64;
    (noted.note.code(), noted.row.unwrap_or(0).min(MOST), noted.times.min(MOST))
}

fn note_of_numbers(&(code, row, times): &(u8, u64, u64)) -> Option<Noted> {
    Some(Noted { note: Note::of_code(code)?, row: (row > 0).then_some(row), times })
}
