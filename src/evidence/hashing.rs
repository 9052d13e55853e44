//! Reading files once: their SHA-256, their kind and what their devices claim, on all cores.
//!
//! A file that vanishes, cannot be read or changes while it is read is that file's problem and no
//! other's. What counts as changed: its size or its time of last change before reading, after
//! reading, or the number of bytes read do not all agree.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use thiserror::Error;

use super::bulk_sha256::BulkSha256;
use super::formats::facts::Facts;
use super::formats::source::Source;
use super::formats::{self, Reader, exif};
use super::media_type::{HEAD_BYTES, Head, media_type};
use super::walk::{Found, Interrupted, Stamp};
use crate::tlog::hash::Hash;

/// Bytes per read. Between 64 KiB and 4 MiB the rate is the same to 4 %; one buffer holds a whole
/// [`HEAD_BYTES`], and a told stop is noticed within some milliseconds.
const BUFFER_BYTES: usize = HEAD_BYTES;

/// Files from this size on are begun first, largest first, so that no core is left alone with a
/// long recording at the end; the others are read in the order of the walk, which is how they lie
/// on a card.
const LARGE_BYTES: u64 = 64 << 20;

/// What one pass over a file's bytes found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// SHA-256 of all bytes.
    pub sha256: Hash,
    /// Size and time of last change, the same before and after reading.
    pub stamp: Stamp,
    /// The media type by content.
    pub media_type: &'static str,
    /// What it says about itself.
    pub facts: Facts,
}

/// Why a file has no digest.
#[derive(Debug, Error)]
pub enum Problem {
    /// It was there when the folder was listed.
    #[error("it vanished while the folder was being read")]
    Vanished,
    /// Reading failed.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// It is no longer a regular file.
    #[error("another thing took its place while it was being opened")]
    Replaced,
    /// More bytes than its size at the start.
    #[error("it grew while it was being read")]
    Grew,
    /// Fewer bytes than its size at the start.
    #[error("it shrank while it was being read")]
    Shrank,
    /// Same size, another time of last change.
    #[error("it was changed while it was being read")]
    Changed,
    /// Told to stop; says nothing about the file.
    #[error("interrupted")]
    Interrupted,
}

/// How a run is watched and stopped.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// When true, every reader stops at its next buffer.
    pub cancel: &'a AtomicBool,
    /// Told of bytes as they are read, from any thread.
    pub progress: &'a (dyn Fn(u64) + Sync),
}

/// Reads every file once on all cores of the current rayon pool; `each` gets the index of a file
/// and what was found, from any thread, in no order. Files not reached before a stop are not told.
pub fn read_files(
    files: &[Found],
    watch: Watch<'_>,
    each: impl Fn(usize, Result<Contents, Problem>) + Sync,
) -> Result<(), Interrupted> {
    let order = reading_order(files);
    let next = AtomicUsize::new(0);
    rayon::in_place_scope(|scope| {
        for _ in 0..rayon::current_num_threads().min(files.len()) {
            scope.spawn(|_| {
                let mut buffer = vec![0; BUFFER_BYTES];
                while let Some(&index) = order.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match read_file(&files[index].place(), watch, &mut buffer) {
                        Err(Problem::Interrupted) => return,
                        result => each(index, result),
                    }
                }
            });
        }
    });
    if watch.cancel.load(Ordering::Relaxed) { Err(Interrupted) } else { Ok(()) }
}

/// Large files first, then the others in the order they came.
fn reading_order(files: &[Found]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..files.len()).collect();
    order.sort_by_key(|&index| {
        let size = files[index].stamp.size;
        std::cmp::Reverse(if size >= LARGE_BYTES { size } else { 0 })
    });
    order
}

/// Digest, kind and facts of one file.
fn read_file(place: &Path, watch: Watch<'_>, buffer: &mut [u8]) -> Result<Contents, Problem> {
    let (mut file, before) = open(place)?;
    let name = place.file_name().map(|name| name.as_encoded_bytes()).unwrap_or_default();
    let mut kind = None;
    let digest = hash_all(&mut file, before.size, watch, buffer, |head| {
        let media_type = media_type(head, name);
        // A JPEG's EXIF block is in its head; other files are looked into below.
        let early = (media_type == "image/jpeg").then(|| {
            exif::read(media_type, head.bytes, head.more, &mut io::empty()).unwrap_or_default()
        });
        kind = Some((media_type, early, formats::first_look(media_type, head, name)));
    })?;
    let (media_type, early, oddity) =
        kind.expect("hashing: every file has a head, an empty one if need be");
    let mut file = file;
    let head = Head { bytes: &[], more: before.size > 0 };
    let mut source = Source::new(name, head, before.size, &mut file);
    let facts = match early {
        Some(claims) => {
            let mut facts = Facts::from(claims);
            formats::whole_jpeg(&mut source, &mut facts).map(|()| facts)
        }
        None => match Reader::of(media_type, name) {
            Some(reader) => reader.read(media_type, &mut source),
            None => Ok(Facts::default()),
        },
    };
    let mut facts = facts.map_err(Problem::Unreadable)?;
    if let Some(oddity) = oddity {
        facts.note(oddity);
    }
    unchanged(&file, before)?;
    Ok(Contents { sha256: digest, stamp: before, media_type, facts: facts.finish() })
}

/// SHA-256 of one file and the stamp it had before and after: for checking, where only bytes count.
pub fn hash_file(place: &Path, watch: Watch<'_>) -> Result<(Hash, Stamp), Problem> {
    let (mut file, before) = open(place)?;
    let mut buffer = vec![0; BUFFER_BYTES];
    let digest = hash_all(&mut file, before.size, watch, &mut buffer, |_| {})?;
    unchanged(&file, before)?;
    Ok((digest, before))
}

/// Opens a regular file, and not a pipe or link that took its name since the walk: opening a pipe
/// would wait for ever. Inode numbers are not compared: phones and cards behind user-space file
/// systems have none that last.
fn open(place: &Path) -> Result<(File, Stamp), Problem> {
    if !place.symlink_metadata().map_err(io_problem)?.is_file() {
        return Err(Problem::Replaced);
    }
    let file = File::open(place).map_err(io_problem)?;
    let opened = file.metadata().map_err(io_problem)?;
    if !opened.is_file() {
        return Err(Problem::Replaced);
    }
    Ok((file, Stamp::of(&opened)))
}

/// The digest of all bytes; `look` gets the head before the rest is read.
fn hash_all(
    file: &mut impl Read,
    size: u64,
    watch: Watch<'_>,
    buffer: &mut [u8],
    look: impl FnOnce(Head<'_>),
) -> Result<Hash, Problem> {
    let mut digest = BulkSha256::new();
    let mut total: u64 = 0;
    let mut look = Some(look);
    loop {
        let filled = fill(file, watch.cancel, buffer)?;
        let bytes = &buffer[..filled];
        total += filled as u64;
        if let Some(look) = look.take() {
            look(Head { bytes, more: size > total });
        }
        digest.update(bytes);
        (watch.progress)(filled as u64);
        // A log that grows as fast as it is read would never end.
        if total > size {
            return Err(Problem::Grew);
        }
        if filled < buffer.len() {
            break;
        }
    }
    if total < size { Err(Problem::Shrank) } else { Ok(digest.finish()) }
}

/// Fills the buffer as far as the file goes.
fn fill(file: &mut impl Read, cancel: &AtomicBool, buffer: &mut [u8]) -> Result<usize, Problem> {
    let mut filled = 0;
    while filled < buffer.len() {
        if cancel.load(Ordering::Relaxed) {
            return Err(Problem::Interrupted);
        }
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(io_problem(error)),
        }
    }
    Ok(filled)
}

/// Whether the file is as it was when it was opened.
fn unchanged(file: &File, before: Stamp) -> Result<(), Problem> {
    let after = Stamp::of(&file.metadata().map_err(io_problem)?);
    if after.size > before.size {
        Err(Problem::Grew)
    } else if after.size < before.size {
        Err(Problem::Shrank)
    } else if after.modified != before.modified {
        Err(Problem::Changed)
    } else {
        Ok(())
    }
}

fn io_problem(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::NotFound => Problem::Vanished,
        _ => Problem::Unreadable(error),
    }
}
