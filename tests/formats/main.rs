//! Field formats: what every reader finds in real files and in files made here, what hostile bytes do
//! to it, and what `treering add` makes of packages, profiles and lists.

#[path = "../support/mod.rs"]
mod support;

mod adding;
mod hostile;
mod real;
mod samples;

use std::io::Cursor;
use std::path::PathBuf;

use treering::evidence::formats::facts::Facts;
use treering::evidence::formats::source::Source;
use treering::evidence::formats::{Reader, first_look};
use treering::evidence::media_type::{HEAD_BYTES, Head, media_type};

/// The facts of a file's bytes, as a reading of the file finds them.
fn facts_of(name: &str, bytes: &[u8]) -> (&'static str, Facts) {
    let name = name.as_bytes();
    let head =
        Head { bytes: &bytes[..bytes.len().min(HEAD_BYTES)], more: bytes.len() > HEAD_BYTES };
    let kind = media_type(head, name);
    let mut file = Cursor::new(bytes);
    let unknown = Head { bytes: &[], more: !bytes.is_empty() };
    let mut source = Source::new(name, unknown, bytes.len() as u64, &mut file);
    let mut facts = match Reader::of(kind, name) {
        Some(reader) => reader.read(kind, &mut source).expect("bytes in memory can be read"),
        None => Facts::default(),
    };
    if let Some(note) = first_look(kind, head, name) {
        facts.note(note);
    }
    (kind, facts.finish())
}

/// The public test data, which is not part of the repository.
fn public_data() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    let shared = std::env::var_os("TREERING_SHARED").map(PathBuf::from).unwrap_or_else(beside);
    let data = shared.join("data/public");
    if !data.is_dir() {
        println!("skipped: {} is not there", data.display());
        return None;
    }
    Some(data)
}
