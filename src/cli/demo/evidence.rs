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
    #[cfg(test)]
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
    use std::io::Cursor;
    use std::path::Path;
    use std::sync::LazyLock;

    use ::exif::{In, Reader, Tag, Value};
    use jiff::civil::{Date, date};
    use sha2::{Digest, Sha256};

    use super::*;
    use crate::evidence::formats::exif;
    use crate::evidence::media_type::{Head, media_type};
    use crate::tlog::hex::Hex;

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

    /// What one picture's EXIF block says, as text.
    struct Seen(::exif::Exif);

    impl Seen {
        fn of(file: &DemoFile) -> Seen {
            Seen(Reader::new().read_from_container(&mut Cursor::new(&file.bytes)).unwrap())
        }

        fn text(&self, tag: Tag) -> Option<String> {
            match &self.0.get_field(tag, In::PRIMARY)?.value {
                Value::Ascii(parts) => Some(String::from_utf8(parts.concat()).unwrap()),
                _ => None,
            }
        }
    }

    fn pictures() -> Vec<(String, DemoFile)> {
        let named = all().into_iter().map(|file| (slashed(&file.path), file));
        named.filter(|(path, _)| path.to_lowercase().ends_with(".jpg")).collect()
    }

    #[test]
    fn the_same_bytes_on_every_machine() {
        let mut hasher = Sha256::new();
        for file in all() {
            for part in [slashed(&file.path).as_bytes(), &file.bytes] {
                hasher.update((part.len() as u64).to_be_bytes());
                hasher.update(part);
            }
        }
        let digest = Hex(&hasher.finalize()).to_string();
        assert_eq!(digest, "66d35c531b73920e8f3ac55b26d7ee907c23c53b4ee59bfddf88061c61fcbacc");
    }

    #[test]
    fn files_are_named_once_in_order_and_differ() {
        for one in Season::ALL {
            let paths: Vec<PathBuf> = of(one).into_iter().map(|file| file.path).collect();
            assert!(paths.is_sorted() && paths.len() >= 7);
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
        for (path, picture) in pictures() {
            assert!(picture.bytes.len() < 30_000, "{path}: {}", picture.bytes.len());
        }
    }

    #[test]
    fn content_is_of_the_kind_that_names_say() {
        for file in all() {
            let name = file.path.file_name().unwrap().to_str().unwrap();
            let expected = match name.rsplit_once('.').unwrap().1.to_lowercase().as_str() {
                "jpg" => "image/jpeg",
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
    fn pictures_are_whole_and_320_by_240() {
        for (path, picture) in pictures() {
            let bytes = &picture.bytes;
            assert!(bytes.starts_with(b"\xff\xd8") && bytes.ends_with(b"\xff\xd9"), "{path}");
            // Start of a baseline frame: length 17, 8 bits, 240 rows of 320, three components.
            let frame = b"\xff\xc0\0\x11\x08\0\xf0\x01\x40\x03";
            assert!(bytes.windows(frame.len()).any(|window| window == frame), "{path}");
        }
    }

    #[test]
    fn camera_traps_say_when_and_who_but_no_zone_and_no_place() {
        let traps = pictures().into_iter().filter(|(path, _)| path.contains("/camera-traps/"));
        let mut stations = BTreeSet::new();
        for (path, picture) in traps {
            let seen = Seen::of(&picture);
            assert_eq!(seen.text(Tag::Make).as_deref(), Some("FERNWILD"), "{path}");
            assert_eq!(seen.text(Tag::Model).as_deref(), Some("FW-12 TRAIL"), "{path}");
            let folder = path.split('/').nth(2).unwrap().to_owned();
            stations.insert((folder, seen.text(Tag::BodySerialNumber).unwrap()));
            let taken = seen.text(Tag::DateTimeOriginal).unwrap();
            assert_eq!(seen.text(Tag::DateTime).as_ref(), Some(&taken));
            let season = match Date::strptime("%Y:%m:%d", &taken[..10]).unwrap() {
                day if day < date(2025, 6, 1) => panic!("{path}: {day}"),
                day if day < date(2025, 9, 1) => Season::Summer,
                day if day < date(2025, 12, 1) => Season::Autumn,
                day if day < date(2026, 3, 1) => Season::Winter,
                day => panic!("{path}: {day}"),
            };
            assert!(path.starts_with(season.folder()), "{path}: {taken}");
            for tag in [Tag::OffsetTime, Tag::OffsetTimeOriginal, Tag::GPSLatitude] {
                assert!(seen.0.get_field(tag, In::PRIMARY).is_none(), "{path}: {tag}");
            }
        }
        // One camera per station.
        let [sorva, tarsin, prazel] =
            [("CT01-plan-sorva", "417"), ("CT02-tarsin", "422"), ("CT03-prazel", "431")]
                .map(|(folder, number)| (folder.to_owned(), format!("FW12-00{number}")));
        assert_eq!(stations, BTreeSet::from([sorva, tarsin, prazel]));
    }

    #[test]
    fn the_phone_says_where_and_in_which_zone() {
        let phones: Vec<DemoFile> = pictures()
            .into_iter()
            .filter(|(path, _)| path.contains("/field-photos/"))
            .map(|(_, picture)| picture)
            .collect();
        assert_eq!(phones.len(), 1);
        let seen = Seen::of(&phones[0]);
        assert_eq!(seen.text(Tag::Make).as_deref(), Some("Holdfast"));
        assert_eq!(seen.text(Tag::DateTimeOriginal).as_deref(), Some("2025:07:16 14:11:03"));
        assert_eq!(seen.text(Tag::OffsetTimeOriginal).as_deref(), Some("+02:00"));
        let shown = |tag| seen.0.get_field(tag, In::PRIMARY).unwrap().display_value().to_string();
        assert_eq!(shown(Tag::GPSLatitude), "46 deg 27 min 18.43 sec");
        assert_eq!(shown(Tag::GPSLongitude), "6 deg 34 min 18.62 sec");
        assert_eq!(shown(Tag::GPSTimeStamp), "12:11:03");
    }

    #[test]
    fn our_own_reader_has_nothing_to_note() {
        for (path, picture) in pictures() {
            let bytes = &picture.bytes;
            let claims = exif::read("image/jpeg", bytes, false, &mut Cursor::new(bytes)).unwrap();
            assert_eq!(claims.notes, [], "{path}");
            assert!(claims.captured.is_some() && claims.serial.is_some(), "{path}");
            let phone = path.contains("/field-photos/");
            let place = claims.place.map(|place| (place.latitude, place.longitude));
            // Hundredths of a second of arc are 2.8 micro-degrees.
            assert_eq!(place, phone.then_some((46_455_119, 6_571_839)), "{path}");
            assert_eq!(claims.zone, phone.then_some(7200), "{path}");
        }
    }

    #[test]
    fn every_season_has_evidence_of_several_kinds() {
        for one in Season::ALL {
            let files = of(one);
            let has = |folder: &str| files.iter().any(|file| slashed(&file.path).contains(folder));
            assert!(has("camera-traps/") && has("collars/") && has("documents/"), "{one:?}");
        }
    }

    /// Two pictures of one name from two cameras: found by path, never by name.
    #[test]
    fn a_name_comes_twice() {
        let named = |file: &DemoFile| file.path.ends_with("IMG_0412.JPG");
        assert_eq!(all().iter().filter(|&file| named(file)).count(), 2);
    }
}
