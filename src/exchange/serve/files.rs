//! A file as an answer: conditional requests, one range, gzip, and no more in memory than need be.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    ETAG, VARY,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::body::Frame;
use tokio::sync::mpsc;

use super::asked::{Asked, Tag, matches, range_of, takes_gzip};
use super::names::Served;
use crate::statement::envelope::LedgerId;
use crate::tlog::hash::Hash;

/// Files up to this size are read whole; larger ones (public manifests, above all) are passed on in
/// pieces, so that no client makes the server hold one.
const WHOLE_MAX: u64 = 512 * 1_024;

/// Bytes of a piece.
const PIECE: usize = 64 * 1_024;

/// Shorter files are not worth compressing.
const GZIP_MIN: u64 = 512;

/// Bytes of full tiles kept in memory, at most.
const CACHE_BYTES_MAX: usize = 64 << 20;

/// Full tiles that were asked for lately: their bytes never change, and every reader wants the upper
/// levels.
#[derive(Default)]
pub struct Cache {
    kept: RwLock<Kept>,
}

#[derive(Default)]
struct Kept {
    bytes: usize,
    tiles: HashMap<(LedgerId, String), Bytes>,
}

impl Cache {
    /// The bytes of a tile, if they are at hand.
    pub fn get(&self, ledger: LedgerId, name: &str) -> Option<Bytes> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.tiles.get(&(ledger, name.to_owned())).cloned()
    }

    fn put(&self, ledger: LedgerId, name: &str, bytes: &Bytes) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes + bytes.len() > CACHE_BYTES_MAX {
            // Beginning anew is simple, and costs a file each for those that are asked for again.
            *kept = Kept::default();
        }
        if kept.tiles.insert((ledger, name.to_owned()), bytes.clone()).is_none() {
            kept.bytes += bytes.len();
        }
    }
}

/// A file to answer with.
pub struct Wanted<'a> {
    /// Whose.
    pub ledger: LedgerId,
    /// Its name in the public folder.
    pub name: &'a str,
    /// What it is.
    pub served: Served,
    /// Where it lies.
    pub path: PathBuf,
}

/// The answer from memory, for a tile that is at hand.
pub fn at_hand(cache: &Cache, wanted: &Wanted<'_>, headers: &HeaderMap) -> Option<Response<Body>> {
    let bytes = cache.get(wanted.ledger, wanted.name)?;
    Some(whole(wanted.served, bytes, headers))
}

/// The answer from the disk. This reads files, and waits for them.
pub fn from_disk(cache: &Cache, wanted: &Wanted<'_>, headers: &HeaderMap) -> Response<Body> {
    match open(&wanted.path) {
        Ok(None) => not_found(),
        Ok(Some((_, length))) if length > WHOLE_MAX => match stream(wanted, headers) {
            Ok(response) => response,
            Err(_) => unreadable(),
        },
        Ok(Some((file, length))) => {
            let mut bytes = Vec::with_capacity(length as usize);
            // A file that grows meanwhile is a temporary one, and those have no names here.
            if file.take(WHOLE_MAX).read_to_end(&mut bytes).is_err() {
                return unreadable();
            }
            let bytes = Bytes::from(bytes);
            if wanted.served == Served::Tile && !wanted.name.contains(".p/") {
                cache.put(wanted.ledger, wanted.name, &bytes);
            }
            whole(wanted.served, bytes, headers)
        }
        Err(_) => unreadable(),
    }
}

/// Opens a regular file; links are not followed, wherever they lead.
fn open(path: &Path) -> io::Result<Option<(File, u64)>> {
    let is_absent = |why: &io::Error| {
        matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
    };
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => return Ok(None),
        Ok(_) => {}
        Err(why) if is_absent(&why) => return Ok(None),
        Err(why) => return Err(why),
    }
    match File::open(path) {
        Ok(file) => {
            let length = file.metadata()?.len();
            Ok(Some((file, length)))
        }
        Err(why) if is_absent(&why) => Ok(None),
        Err(why) => Err(why),
    }
}

/// Bytes in memory as an answer.
pub fn whole(served: Served, bytes: Bytes, headers: &HeaderMap) -> Response<Body> {
    // Under a name that never gets other bytes any tag is true for ever.
    let tag = match served.is_immutable() {
        true => format!("{:x}", bytes.len()),
        false => Hash::of(&bytes).to_string()[..32].to_owned(),
    };
    let length = bytes.len() as u64;
    let plain = Tag(format!("\"{tag}\""));
    let mut response = match range_of(headers, &plain, length) {
        Asked::Unsatisfiable => return unsatisfiable(length),
        Asked::Part(range) => {
            let part = bytes.slice(range.start as usize..range.end as usize);
            let mut response =
                answer(served, StatusCode::PARTIAL_CONTENT, part.len() as u64, &plain);
            set(&mut response, CONTENT_RANGE, &content_range(&range, length));
            *response.body_mut() = Body::from(part);
            return response;
        }
        Asked::Whole if served.compresses() && length >= GZIP_MIN && takes_gzip(headers) => {
            let zipped = gzip(&bytes);
            let tag = Tag(format!("\"{tag}-gzip\""));
            if matches(headers, &tag) {
                return not_modified(served, &tag);
            }
            let mut response = answer(served, StatusCode::OK, zipped.len() as u64, &tag);
            set(&mut response, CONTENT_ENCODING, "gzip");
            *response.body_mut() = Body::from(zipped);
            return response;
        }
        Asked::Whole if matches(headers, &plain) => return not_modified(served, &plain),
        Asked::Whole => answer(served, StatusCode::OK, length, &plain),
    };
    *response.body_mut() = Body::from(bytes);
    response
}

/// A large file, in pieces. Its tag is its length and its time: to hash it would be to read it twice.
fn stream(wanted: &Wanted<'_>, headers: &HeaderMap) -> io::Result<Response<Body>> {
    let mut file = File::open(&wanted.path)?;
    let found = file.metadata()?;
    let changed = found.modified()?.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let length = found.len();
    let tag = match wanted.served.is_immutable() {
        true => Tag(format!("\"{length:x}\"")),
        false => Tag(format!("\"{length:x}-{:x}\"", changed.as_nanos())),
    };
    let (mut response, range) = match range_of(headers, &tag, length) {
        Asked::Unsatisfiable => return Ok(unsatisfiable(length)),
        Asked::Whole if matches(headers, &tag) => return Ok(not_modified(wanted.served, &tag)),
        Asked::Whole => (answer(wanted.served, StatusCode::OK, length, &tag), 0..length),
        Asked::Part(range) => {
            let part = range.end - range.start;
            let mut response = answer(wanted.served, StatusCode::PARTIAL_CONTENT, part, &tag);
            set(&mut response, CONTENT_RANGE, &content_range(&range, length));
            (response, range)
        }
    };
    file.seek(SeekFrom::Start(range.start))?;
    *response.body_mut() = Body::new(Pieces::of(file, range.end - range.start));
    Ok(response)
}

/// The rest of a file, read by a thread no faster than the client takes it.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
}

impl Pieces {
    fn of(file: File, length: u64) -> Pieces {
        let (sender, pieces) = mpsc::channel(2);
        tokio::task::spawn_blocking(move || {
            let mut rest = file.take(length);
            loop {
                let mut piece = vec![0; PIECE];
                let read = match rest.read(&mut piece) {
                    Ok(0) => return,
                    Ok(read) => Ok(read),
                    Err(why) if why.kind() == io::ErrorKind::Interrupted => continue,
                    Err(why) => Err(why),
                };
                let read = read.map(|read| {
                    piece.truncate(read);
                    Bytes::from(piece)
                });
                let failed = read.is_err();
                // A client that is gone needs no more.
                if sender.blocking_send(read).is_err() || failed {
                    return;
                }
            }
        });
        Pieces { pieces }
    }
}

impl HttpBody for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.pieces.poll_recv(context).map(|next| next.map(|piece| piece.map(Frame::data)))
    }
}

fn answer(served: Served, status: StatusCode, length: u64, tag: &Tag) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, served.content_type());
    set(&mut response, CACHE_CONTROL, served.cache_control());
    set(&mut response, CONTENT_LENGTH, &length.to_string());
    set(&mut response, ETAG, &tag.0);
    set(&mut response, ACCEPT_RANGES, "bytes");
    if served.compresses() {
        set(&mut response, VARY, "Accept-Encoding");
    }
    response
}

fn not_modified(served: Served, tag: &Tag) -> Response<Body> {
    let mut response = answer(served, StatusCode::NOT_MODIFIED, 0, tag);
    response.headers_mut().remove(CONTENT_LENGTH);
    response.headers_mut().remove(CONTENT_TYPE);
    response
}

fn unsatisfiable(length: u64) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    set(&mut response, CONTENT_RANGE, &format!("bytes */{length}"));
    response
}

/// A plain 404, which nobody should remember: the tile may be there in a moment.
pub fn not_found() -> Response<Body> {
    said(StatusCode::NOT_FOUND, "not found\n")
}

fn unreadable() -> Response<Body> {
    said(StatusCode::INTERNAL_SERVER_ERROR, "the file cannot be read\n")
}

/// A short answer in words.
pub fn said(status: StatusCode, words: impl Into<String>) -> Response<Body> {
    let mut response = Response::new(Body::from(words.into()));
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, "text/plain; charset=utf-8");
    set(&mut response, CACHE_CONTROL, "no-store");
    response
}

/// Sets a header. A value that could not be one is left out; none here can come from outside.
pub fn set(response: &mut Response<Body>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Compresses bytes for the wire.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}

fn content_range(range: &Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}
