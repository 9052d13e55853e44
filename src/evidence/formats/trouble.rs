//! Trouble in a file's content, carried through readers that can only fail with an [`io::Error`].

use std::io;

use super::note::Note;

/// Content that stops a stream: not the disk's fault.
#[derive(Debug)]
struct Trouble(Note);

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl std::error::Error for Trouble {}

/// An error that stands for trouble in the content.
pub fn trouble(note: Note) -> io::Error {
    io::Error::other(Trouble(note))
}

/// What an error says about the content; an error of the disk stays one.
pub fn note_of(error: io::Error) -> io::Result<Note> {
    if let Some(Trouble(note)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return Ok(*note);
    }
    // What the system refused is the disk's; everything else comes from unpackers and parsers.
    if error.raw_os_error().is_some() {
        return Err(error);
    }
    Ok(match error.kind() {
        io::ErrorKind::UnexpectedEof => Note::Truncated,
        io::ErrorKind::Unsupported => Note::Packing,
        _ => Note::Damaged,
    })
}
