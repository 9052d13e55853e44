//! Names that are apart here and may fall together elsewhere: NFC/NFD twins and case clashes.
//!
//! A folder copied to a Mac, a phone or a Windows share can lose one of two such files without a
//! word. Both are recorded as they are; the person who can still rename one is told.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use unicode_normalization::UnicodeNormalization;

use super::path::RowPath;

/// Two names of one batch that another file system would take for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameClash {
    /// How the two are alike.
    pub likeness: Likeness,
    /// The earlier path in byte order; a folder if whole folders clash.
    pub first: RowPath,
    /// The later one.
    pub second: RowPath,
}

/// How two paths are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// The same path from two arguments: two files, but their rows carry one path.
    Same,
    /// Equal after Unicode normalisation (NFC): `é` as one character and as two.
    Normalised,
    /// Equal but for capitals.
    Capitals,
}

/// The clashes among `paths`, which are in byte order. Each path is named at most once as the
/// second of a pair.
pub fn clashes<'a>(paths: impl IntoIterator<Item = &'a RowPath>) -> Vec<NameClash> {
    let mut clashes = Vec::new();
    let mut first_with: HashMap<String, RowPath> = HashMap::new();
    let mut last: Option<&RowPath> = None;
    let mut last_folder: Option<RowPath> = None;
    for path in paths {
        if last == Some(path) {
            let (first, second) = (path.clone(), path.clone());
            clashes.push(NameClash { likeness: Likeness::Same, first, second });
            continue;
        }
        last = Some(path);
        // Folders too, once each: files of unlike names still merge when their folders do.
        let folder = path.folder();
        if folder != last_folder {
            let mut above = folder.clone();
            while let Some(folder) = above {
                above = folder.folder();
                clashes.extend(clash_of(&folder, &mut first_with));
            }
            last_folder = folder;
        }
        // Where folders clash, every file in them does: the folders' own line says it.
        clashes.extend(
            clash_of(path, &mut first_with).filter(|c| c.first.folder() == c.second.folder()),
        );
    }
    clashes.sort();
    clashes.dedup();
    clashes
}

/// Remembers `path` by its folded form, or names the path already there.
fn clash_of(path: &RowPath, first_with: &mut HashMap<String, RowPath>) -> Option<NameClash> {
    let nfc = path.nfc()?;
    match first_with.entry(nfc.chars().flat_map(char::to_lowercase).nfc().collect()) {
        Entry::Vacant(free) => {
            free.insert(path.clone());
            None
        }
        Entry::Occupied(taken) if taken.get() == path => None,
        Entry::Occupied(taken) => {
            let normalised = taken.get().nfc().as_deref() == Some(&nfc);
            let likeness = if normalised { Likeness::Normalised } else { Likeness::Capitals };
            let mut pair = [taken.get().clone(), path.clone()];
            pair.sort();
            let [first, second] = pair;
            Some(NameClash { likeness, first, second })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[&str]) -> Vec<(Likeness, String, String)> {
        let mut paths: Vec<RowPath> =
            paths.iter().map(|path| RowPath::new(path.as_bytes()).unwrap()).collect();
        paths.sort();
        let line = |c: NameClash| (c.likeness, c.first.to_string(), c.second.to_string());
        clashes(&paths).into_iter().map(line).collect()
    }

    fn pair(likeness: Likeness, first: &str, second: &str) -> (Likeness, String, String) {
        (likeness, first.into(), second.into())
    }

    #[test]
    fn twins_and_capitals_are_named() {
        use Likeness::*;
        assert_eq!(
            found(&["a/caf\u{e9}.jpg", "a/cafe\u{301}.jpg", "a/cafe.jpg"]),
            [pair(Normalised, "a/cafe\u{301}.jpg", "a/caf\u{e9}.jpg")]
        );
        assert_eq!(found(&["a/IMG.JPG", "a/img.jpg"]), [pair(Capitals, "a/IMG.JPG", "a/img.jpg")]);
        assert_eq!(
            found(&["CAF\u{c9}", "cafe\u{301}"]),
            [pair(Capitals, "CAF\u{c9}", "cafe\u{301}")]
        );
        assert_eq!(found(&["x/1", "x/1", "x/2"]), [pair(Same, "x/1", "x/1")]);
    }

    #[test]
    fn clashing_folders_are_one_line() {
        let paths = ["top/CAM/1.jpg", "top/CAM/2.jpg", "top/cam/1.jpg", "top/cam/3.jpg"];
        assert_eq!(found(&paths), [pair(Likeness::Capitals, "top/CAM", "top/cam")]);
    }

    #[test]
    fn unlike_names_are_silent() {
        assert!(
            found(&["StationA/IMG0001.JPG", "StationB/IMG0001.JPG", "a", "a.b", "a/b"]).is_empty()
        );
        let raw = [RowPath::new(b"\xff").unwrap(), RowPath::new(b"\xff\xfe").unwrap()];
        assert!(clashes(&raw).is_empty());
    }
}
