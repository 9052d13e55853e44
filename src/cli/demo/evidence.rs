//! Three seasons of evidence from a reserve that does not exist: what its cameras, collar, recorder,
//! rangers and council would bring in. The same bytes on every run and every machine.
//!
//! Only bytes are made here, no file: the caller writes them where it wants.

use std::path::PathBuf;

use super::seasons;

/// The invented reserve.
pub const SITE: &str = "Vardessa Mountain Reserve";

/// One delivery of evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Season {
    /// June to August 2025.
    Summer,
    /// September to November 2025.
    Autumn,
    /// December 2025 to February 2026.
    Winter,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoFile {
    /// Below the folder of all evidence; begins with the season's own folder.
    pub path: PathBuf,
    /// All of its content.
    pub bytes: Vec<u8>,
}

impl Season {
    /// All, in the order they come.
    pub const ALL: [Season; 3] = [Season::Summer, Season::Autumn, Season::Winter];

    /// The folder that its files lie in.
    pub fn folder(self) -> &'static str {
        match self {
            Season::Summer => "2025-summer",
            Season::Autumn => "2025-autumn",
            Season::Winter => "2026-winter",
        }
    }

    /// A title for its batch.
    pub fn title(self) -> &'static str {
        match self {
            Season::Summer => "Summer 2025: cameras, dawn song, collar, management plan",
            Season::Autumn => "Autumn 2025: cameras, dusk song, collar, minutes",
            Season::Winter => "Winter 2025/26: cameras, collar, minutes",
        }
    }
}

/// The files of one season, in the order of their paths.
pub fn season(season: Season) -> Vec<DemoFile> {
    let files = match season {
        Season::Summer => seasons::summer(),
        Season::Autumn => seasons::autumn(),
        Season::Winter => seasons::winter(),
    };
    let below = |path: &str| [season.folder()].into_iter().chain(path.split('/')).collect();
    let mut files: Vec<DemoFile> =
        files.into_iter().map(|(path, bytes)| DemoFile { path: below(path), bytes }).collect();
    files.sort_by(|one, other| one.path.cmp(&other.path));
    files
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;
    use std::sync::LazyLock;

    use super::*;
    use crate::evidence::media_type::{Head, media_type};

    /// Drawn once for all tests.
    fn all() -> Vec<DemoFile> {
        static ALL: LazyLock<Vec<DemoFile>> =
            LazyLock::new(|| Season::ALL.into_iter().flat_map(season).collect());
        ALL.clone()
    }

    fn of(season: Season) -> Vec<DemoFile> {
        all().into_iter().filter(|file| file.path.starts_with(season.folder())).collect()
    }

    fn slashed(path: &Path) -> String {
        let parts: Vec<&str> = path.iter().map(|part| part.to_str().unwrap()).collect();
        parts.join("/")
    }

    #[test]
    fn files_are_named_once_in_order_and_differ() {
        for one in Season::ALL {
            let paths: Vec<PathBuf> = of(one).into_iter().map(|file| file.path).collect();
            assert!(paths.is_sorted() && paths.len() >= 2);
        }
        let files = all();
        let paths: BTreeSet<String> =
            files.iter().map(|file| slashed(&file.path).to_lowercase()).collect();
        let seasons: usize = Season::ALL.into_iter().map(|one| of(one).len()).sum();
        assert_eq!(seasons, files.len());
        let contents: BTreeSet<&[u8]> = files.iter().map(|file| &file.bytes[..]).collect();
        assert_eq!((paths.len(), contents.len()), (files.len(), files.len()));
    }

    #[test]
    fn a_demonstration_stays_small() {
        let total: usize = all().iter().map(|file| file.bytes.len()).sum();
        assert!(total < 512 * 1024, "{total}");
    }

    #[test]
    fn content_is_of_the_kind_that_names_say() {
        for file in all() {
            let name = file.path.file_name().unwrap().to_str().unwrap();
            let expected = match name.rsplit_once('.').unwrap().1.to_lowercase().as_str() {
                "wav" => "audio/vnd.wave",
                "csv" => "text/csv",
                "md" => "text/markdown",
                _ => "text/plain",
            };
            let head = Head { bytes: &file.bytes, more: false };
            assert_eq!(media_type(head, name.as_bytes()), expected, "{name}");
        }
    }

    #[test]
    fn every_season_has_evidence_of_several_kinds() {
        for one in Season::ALL {
            let files = of(one);
            let has = |folder: &str| files.iter().any(|file| slashed(&file.path).contains(folder));
            assert!(has("collars/") && has("documents/"), "{one:?}");
        }
    }
}
