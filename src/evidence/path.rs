//! The path of an evidence file, as a row of a manifest keeps it.
//!
//! A path is the bytes of the names as found on disk, joined by `/`, relative to a folder that both
//! sides can name. Bytes, because a card may hold names that are not UTF-8 and a record must not
//! improve them. Relative, because the same card is `/media/a` here and `E:\` there.

use std::fmt::{self, Write as _};
use std::path::{Component, Path, PathBuf};

use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

/// A relative path: parts joined by `/`, no part empty, `.` or `..`, no NUL.
///
/// So a path from a stranger's manifest cannot climb out of the folder it is looked up in.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowPath(Box<[u8]>);

/// Why bytes are not the path of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PathError {
    /// No bytes at all.
    #[error("the path is empty")]
    Empty,
    /// More than [`RowPath::MAX_BYTES`].
    #[error("the path is longer than {} bytes", RowPath::MAX_BYTES)]
    TooLong,
    /// A part is empty, `.` or `..`, or holds a NUL.
    #[error("the path has a part that is empty, `.`, `..` or holds a NUL byte")]
    Part,
    /// On this system names are Unicode, and this one is not.
    #[error("the name is not valid Unicode")]
    NotUnicode,
    /// The file is not under the folder its path is relative to.
    #[error("the file is not inside the folder its path would be relative to")]
    Outside,
}

impl RowPath {
    /// The ceiling of every path: four times what Linux and macOS let a program open by name
    /// (4,096 and 1,024 bytes), so that no path found by a walk is refused in practice.
    pub const MAX_BYTES: usize = 16_384;

    /// Takes the bytes of a relative path.
    pub fn new(bytes: &[u8]) -> Result<RowPath, PathError> {
        if bytes.is_empty() {
            return Err(PathError::Empty);
        }
        if bytes.len() > RowPath::MAX_BYTES {
            return Err(PathError::TooLong);
        }
        let good = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !part.contains(&0);
        if !bytes.split(|&byte| byte == b'/').all(good) {
            return Err(PathError::Part);
        }
        Ok(RowPath(bytes.into()))
    }

    /// The path of `file` as seen from `base`, whatever separator this system writes.
    pub fn relative(base: &Path, file: &Path) -> Result<RowPath, PathError> {
        let inside = file.strip_prefix(base).map_err(|_| PathError::Outside)?;
        let mut bytes = Vec::new();
        for component in inside.components() {
            let Component::Normal(name) = component else { return Err(PathError::Part) };
            if !bytes.is_empty() {
                bytes.push(b'/');
            }
            bytes.extend_from_slice(name_bytes(name)?);
        }
        RowPath::new(&bytes)
    }

    /// Where the file would be under `base` on this system; `None` if no file here can have such a
    /// name (Windows: a part that is not Unicode or holds `\` or `:`).
    pub fn under(&self, base: &Path) -> Option<PathBuf> {
        let mut place = base.to_path_buf();
        for part in self.parts() {
            place.push(name_on_disk(part)?);
        }
        Some(place)
    }

    /// The places where an audit looks for the file when told `folder`: under it, and, if `folder`
    /// is named like the path's first part, with `folder` standing for that part.
    pub fn places_in(&self, folder: &Path) -> Vec<PathBuf> {
        let mut places: Vec<PathBuf> = self.under(folder).into_iter().collect();
        let (first, rest) = match self.0.iter().position(|&byte| byte == b'/') {
            Some(slash) => (&self.0[..slash], &self.0[slash + 1..]),
            None => return places,
        };
        let folder_name = folder.file_name().and_then(|name| name_bytes(name).ok());
        if folder_name == Some(first) {
            let rest = RowPath(rest.into());
            places.extend(rest.under(folder));
        }
        places
    }

    /// The bytes that are hashed into the row.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The names between the slashes.
    pub fn parts(&self) -> impl Iterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }

    /// The last part.
    pub fn file_name(&self) -> &[u8] {
        self.parts().last().unwrap_or(&self.0)
    }

    /// The folder part, without the last slash; `None` for a bare name.
    pub fn folder(&self) -> Option<RowPath> {
        let slash = self.0.iter().rposition(|&byte| byte == b'/')?;
        Some(RowPath(self.0[..slash].into()))
    }

    /// The NFC form, by which the same name typed on macOS and on Linux is found again. Never
    /// hashed: Unicode tables change.
    pub fn nfc(&self) -> Option<String> {
        Some(std::str::from_utf8(&self.0).ok()?.nfc().collect())
    }
}

#[cfg(unix)]
fn name_bytes(name: &std::ffi::OsStr) -> Result<&[u8], PathError> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(name))
}

#[cfg(not(unix))]
fn name_bytes(name: &std::ffi::OsStr) -> Result<&[u8], PathError> {
    Ok(name.to_str().ok_or(PathError::NotUnicode)?.as_bytes())
}

#[cfg(unix)]
fn name_on_disk(part: &[u8]) -> Option<&Path> {
    let name: &std::ffi::OsStr = std::os::unix::ffi::OsStrExt::from_bytes(part);
    Some(Path::new(name))
}

#[cfg(not(unix))]
fn name_on_disk(part: &[u8]) -> Option<&Path> {
    let name = std::str::from_utf8(part).ok()?;
    (!name.contains(['\\', ':'])).then(|| Path::new(name))
}

/// For screens: what is not plain text is escaped, so one file is one line and no name can move the
/// cursor or turn the text around.
impl fmt::Display for RowPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    '\n' => f.write_str("\\n")?,
                    c if hides_or_moves_text(c) => {
                        write!(f, "{}", c.escape_unicode())?;
                    }
                    c => f.write_char(c)?,
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Characters that are not seen, or change how the ones beside them are shown: control characters,
/// zero-width marks, directional embeddings, overrides and isolates, line and paragraph separators, the
/// byte order mark, the tag characters. No screen shows them as they are.
pub fn hides_or_moves_text(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{61c}' | '\u{feff}' | '\u{e0000}'..='\u{e007f}')
}

impl fmt::Debug for RowPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RowPath({self})")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(bytes: &[u8]) -> RowPath {
        RowPath::new(bytes).unwrap()
    }

    #[test]
    fn no_path_climbs_out_of_its_folder() {
        for (bytes, why) in [
            (&b""[..], PathError::Empty),
            (b"/etc/passwd", PathError::Part),
            (b"a/../b", PathError::Part),
            (b"..", PathError::Part),
            (b"./a", PathError::Part),
            (b"a//b", PathError::Part),
            (b"a/", PathError::Part),
            (b"a\0b", PathError::Part),
            (&[b'x'; RowPath::MAX_BYTES + 1], PathError::TooLong),
        ] {
            assert_eq!(RowPath::new(bytes), Err(why));
        }
        for bytes in [&b"a"[..], b"a/b", b"...", b"..a/b..", b"a\nb", b"\xff\xfe", b"a\\b", b"c:d"]
        {
            assert_eq!(path(bytes).as_bytes(), bytes);
        }
    }

    #[test]
    fn relative_to_a_base_and_back() {
        let base = Path::new("/srv/park");
        let file = Path::new("/srv/park/cam 3/IMG_1.JPG");
        let relative = RowPath::relative(base, file).unwrap();
        assert_eq!(relative.as_bytes(), b"cam 3/IMG_1.JPG");
        assert_eq!(relative.under(base).as_deref(), Some(file));
        assert_eq!(RowPath::relative(Path::new("/srv/other"), file), Err(PathError::Outside));
        assert_eq!(RowPath::relative(base, base), Err(PathError::Empty));
        assert_eq!(relative.file_name(), b"IMG_1.JPG");
        assert_eq!(relative.folder(), Some(path(b"cam 3")));
        assert_eq!(path(b"x").folder(), None);
    }

    #[test]
    fn a_folder_named_like_the_first_part_stands_for_it() {
        let file = path(b"evidence/cam/1.jpg");
        assert_eq!(
            file.places_in(Path::new("/media/evidence")),
            [
                PathBuf::from("/media/evidence/evidence/cam/1.jpg"),
                PathBuf::from("/media/evidence/cam/1.jpg")
            ]
        );
        assert_eq!(file.places_in(Path::new("/media")), [Path::new("/media/evidence/cam/1.jpg")]);
        assert_eq!(path(b"evidence").places_in(Path::new("/evidence")).len(), 1);
    }

    #[test]
    fn one_name_is_one_harmless_line() {
        for (bytes, shown) in [
            (&b"a\nb.jpg"[..], "a\\nb.jpg"),
            (b"\x1b[2Jx", "\\u{1b}[2Jx"),
            (b"caf\xe9", "caf\\xe9"),
            ("café".as_bytes(), "café"),
            (b"a\\nb", "a\\\\nb"),
            ("gpj.\u{202e}exe".as_bytes(), "gpj.\\u{202e}exe"),
        ] {
            assert_eq!(path(bytes).to_string(), shown);
        }
    }

    #[test]
    fn twins_share_their_nfc_form() {
        assert_eq!(path("cafe\u{301}".as_bytes()).nfc(), path("caf\u{e9}".as_bytes()).nfc());
        assert_eq!(path(b"\xff").nfc(), None);
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_inside(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(path) = RowPath::new(&bytes) {
                if let Some(place) = path.under(Path::new("/base")) {
                    prop_assert!(place.starts_with("/base"));
                    prop_assert_eq!(RowPath::relative(Path::new("/base"), &place), Ok(path.clone()));
                }
                prop_assert!(!path.to_string().contains(char::is_control));
            }
        }
    }
}
