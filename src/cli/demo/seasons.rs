//! What happened at the invented reserve: who passed which camera when, what sang, who met. Each
//! season is a list of files: path with slashes, content.

use jiff::civil::date;
use jiff::tz::Offset;

use super::animals::{Animal, Pose};
use super::collar::{Track, movebank_csv};
use super::documents;
use super::exif_writer::Fix;
use super::landscape::{AUTUMN_DAY, AUTUMN_DUSK, SUMMER_DAWN, SUMMER_DAY, View, WINTER_DAY};
use super::photograph::{Release, Station, camera_trap, field_phone};
use super::sound::{Note, Recording, wav};
use crate::evidence::formats::exif::Place;

const SORVA: Station =
    Station { id: "CT01", serial: "FW12-00417", view: View { name: "Plan Sorva", trees: 16 } };
const TARSIN: Station =
    Station { id: "CT02", serial: "FW12-00422", view: View { name: "Tarsin ridge", trees: 4 } };
const PRAZEL: Station =
    Station { id: "CT03", serial: "FW12-00431", view: View { name: "Prazel forest", trees: 26 } };

/// In the middle of Lake Geneva, where the collar's lynx walks, too.
const ON_THE_WATER: Place = Place { latitude: 46_455_120, longitude: 6_571_840 };

/// June to August 2025.
pub fn summer() -> Vec<(&'static str, Vec<u8>)> {
    let sorva = Release {
        station: SORVA,
        palette: &SUMMER_DAY,
        lamp: false,
        taken: date(2025, 7, 9).at(6, 52, 10, 0),
        celsius: 11,
        animals: &[walks(Animal::Chamois, (92, 188), 44, 30)],
    };
    let a_second_later = Release {
        taken: date(2025, 7, 9).at(6, 52, 11, 0),
        animals: &[
            walks(Animal::Chamois, (58, 180), 27, 24),
            walks(Animal::Chamois, (156, 188), 44, -22),
        ],
        ..sorva
    };
    let another_second_later = Release {
        taken: date(2025, 7, 9).at(6, 52, 12, 0),
        animals: &[
            walks(Animal::Chamois, (124, 181), 27, -26),
            walks(Animal::Chamois, (226, 188), 44, 34),
        ],
        ..sorva
    };
    // An hour behind: this camera stayed on winter time, as the minutes of autumn say.
    let tarsin = Release {
        station: TARSIN,
        palette: &SUMMER_DAWN,
        lamp: false,
        taken: date(2025, 8, 3).at(4, 58, 41, 0),
        celsius: 4,
        animals: &[Pose { to_left: true, ..walks(Animal::Ibex, (196, 192), 58, 12) }],
    };
    let vulture =
        Pose { animal: Animal::Vulture, at: (150, 66), height: 50, to_left: false, stride: 0 };
    let phone = field_phone(
        View { name: "Palus Naira", trees: 9 },
        &SUMMER_DAY,
        vulture,
        date(2025, 7, 16).at(14, 11, 3, 0),
        Fix { zone: Offset::constant(2), place: ON_THE_WATER, altitude: 2148 },
    );
    let track =
        Track { first_day: date(2025, 7, 1), days: 14, first_event: 38_114_500_001, celsius: 13 };
    vec![
        ("ABOUT.txt", documents::ABOUT.into()),
        ("camera-traps/CT01-plan-sorva/IMG_0412.JPG", camera_trap(&sorva)),
        ("camera-traps/CT01-plan-sorva/IMG_0413.JPG", camera_trap(&a_second_later)),
        ("camera-traps/CT01-plan-sorva/IMG_0414.JPG", camera_trap(&another_second_later)),
        ("camera-traps/CT02-tarsin/IMG_0031.JPG", camera_trap(&tarsin)),
        ("collars/lynx-L03-2025-07.csv", movebank_csv(&track)),
        ("documents/council-minutes-2025-06-18.txt", documents::MINUTES_SUMMER.into()),
        ("documents/management-plan-2025-2034.md", documents::PLAN.into()),
        ("field-photos/IMG_20250716_141103.jpg", phone),
        ("sound/20250608_031000.WAV", wav(&dawn())),
    ]
}

/// September to November 2025.
pub fn autumn() -> Vec<(&'static str, Vec<u8>)> {
    let sorva = Release {
        station: SORVA,
        palette: &AUTUMN_DAY,
        lamp: false,
        taken: date(2025, 10, 11).at(10, 17, 36, 0),
        celsius: 6,
        animals: &[Pose { to_left: true, ..walks(Animal::Fox, (206, 190), 28, 34) }],
    };
    // What wind in a branch releases: recorded like all others.
    let nothing =
        Release { taken: date(2025, 10, 11).at(13, 2, 5, 0), celsius: 12, animals: &[], ..sorva };
    let prazel = Release {
        station: PRAZEL,
        palette: &AUTUMN_DUSK,
        lamp: false,
        taken: date(2025, 9, 27).at(18, 44, 9, 0),
        celsius: 7,
        animals: &[walks(Animal::Stag, (128, 200), 62, 18)],
    };
    let a_moment_later = Release {
        taken: date(2025, 9, 27).at(18, 44, 12, 0),
        animals: &[walks(Animal::Stag, (212, 202), 64, -26)],
        ..prazel
    };
    let track =
        Track { first_day: date(2025, 10, 1), days: 14, first_event: 38_114_600_001, celsius: 5 };
    vec![
        ("camera-traps/CT01-plan-sorva/IMG_0633.JPG", camera_trap(&sorva)),
        ("camera-traps/CT01-plan-sorva/IMG_0634.JPG", camera_trap(&nothing)),
        // Each camera counts for itself: CT01 has a picture of this name, too.
        ("camera-traps/CT03-prazel/IMG_0412.JPG", camera_trap(&prazel)),
        ("camera-traps/CT03-prazel/IMG_0413.JPG", camera_trap(&a_moment_later)),
        ("collars/lynx-L03-2025-10.csv", movebank_csv(&track)),
        ("documents/council-minutes-2025-10-22.txt", documents::MINUTES_AUTUMN.into()),
        ("sound/20250927_164500.WAV", wav(&dusk())),
    ]
}

/// December 2025 to February 2026.
pub fn winter() -> Vec<(&'static str, Vec<u8>)> {
    let prazel = Release {
        station: PRAZEL,
        palette: &WINTER_DAY,
        lamp: true,
        taken: date(2026, 1, 17).at(2, 13, 27, 0),
        celsius: -11,
        animals: &[walks(Animal::Lynx, (104, 198), 46, 30)],
    };
    let a_second_later = Release {
        taken: date(2026, 1, 17).at(2, 13, 28, 0),
        animals: &[walks(Animal::Lynx, (166, 199), 46, -24)],
        ..prazel
    };
    let another_second_later = Release {
        taken: date(2026, 1, 17).at(2, 13, 29, 0),
        animals: &[walks(Animal::Lynx, (236, 200), 47, 32)],
        ..prazel
    };
    let sorva = Release {
        station: SORVA,
        palette: &WINTER_DAY,
        lamp: true,
        taken: date(2026, 2, 3).at(5, 40, 2, 0),
        celsius: -14,
        animals: &[Pose { to_left: true, ..walks(Animal::Hare, (180, 196), 26, 20) }],
    };
    let tarsin = Release {
        station: TARSIN,
        palette: &WINTER_DAY,
        lamp: false,
        taken: date(2025, 12, 29).at(11, 31, 50, 0),
        celsius: -6,
        animals: &[walks(Animal::Fox, (142, 188), 27, 30)],
    };
    let track =
        Track { first_day: date(2026, 1, 8), days: 14, first_event: 38_114_700_001, celsius: -7 };
    vec![
        ("camera-traps/CT01-plan-sorva/IMG_0871.JPG", camera_trap(&sorva)),
        ("camera-traps/CT02-tarsin/IMG_0077.JPG", camera_trap(&tarsin)),
        ("camera-traps/CT03-prazel/IMG_0502.JPG", camera_trap(&prazel)),
        ("camera-traps/CT03-prazel/IMG_0503.JPG", camera_trap(&a_second_later)),
        ("camera-traps/CT03-prazel/IMG_0504.JPG", camera_trap(&another_second_later)),
        ("collars/lynx-L03-2026-01.csv", movebank_csv(&track)),
        ("documents/council-minutes-2026-02-11.txt", documents::MINUTES_WINTER.into()),
    ]
}

/// A thrush's phrases, each sung twice, and a smaller bird further off.
fn dawn() -> Recording {
    let phrase = |at: i32| {
        [(0, 190, (2300, 2650)), (230, 150, (2650, 2200)), (420, 260, (2050, 2900))]
            .map(|(after, length, pitch)| Note { at: at + after, length, pitch, loud: 42 })
    };
    let trill = |at: i32, count: i32| {
        (0..count).map(move |n| Note {
            at: at + n * 75,
            length: 55,
            pitch: (3550 - n * 40, 3300 - n * 40),
            loud: 14,
        })
    };
    let mut notes: Vec<Note> = [200, 1000, 2500, 3300].into_iter().flat_map(phrase).collect();
    notes.extend(trill(1850, 8));
    notes.extend(trill(3000, 5));
    Recording {
        recorder: "0DE0000000000A01",
        begins: date(2025, 6, 8).at(3, 10, 0, 0),
        celsius_tenths: 64,
        seconds: 4,
        wind: 35,
        notes,
    }
}

/// A pygmy owl, which whistles the same note over and over at dusk.
fn dusk() -> Recording {
    let whistles =
        [300, 1500, 2700].map(|at| Note { at, length: 280, pitch: (1450, 1420), loud: 45 });
    Recording {
        recorder: "0DE0000000000A01",
        begins: date(2025, 9, 27).at(16, 45, 0, 0),
        celsius_tenths: 78,
        seconds: 4,
        wind: 60,
        notes: whistles.to_vec(),
    }
}

fn walks(animal: Animal, at: (i32, i32), height: i32, stride: i32) -> Pose {
    Pose { animal, at, height, to_left: false, stride }
}
