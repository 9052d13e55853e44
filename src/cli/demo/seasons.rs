//! What happened at the invented reserve: where the lynx went, what sang, who met. Each
//! season is a list of files: path with slashes, content.

use jiff::civil::date;

use super::collar::{Track, movebank_csv};
use super::documents;
use super::sound::{Note, Recording, wav};

/// June to August 2025.
pub fn summer() -> Vec<(&'static str, Vec<u8>)> {
    let track =
        Track { first_day: date(2025, 7, 1), days: 14, first_event: 38_114_500_001, celsius: 13 };
    vec![
        ("ABOUT.txt", documents::ABOUT.into()),
        ("collars/lynx-L03-2025-07.csv", movebank_csv(&track)),
        ("documents/council-minutes-2025-06-18.txt", documents::MINUTES_SUMMER.into()),
        ("documents/management-plan-2025-2034.md", documents::PLAN.into()),
        ("sound/20250608_031000.WAV", wav(&dawn())),
    ]
}

/// September to November 2025.
pub fn autumn() -> Vec<(&'static str, Vec<u8>)> {
    let track =
        Track { first_day: date(2025, 10, 1), days: 14, first_event: 38_114_600_001, celsius: 5 };
    vec![
        ("collars/lynx-L03-2025-10.csv", movebank_csv(&track)),
        ("documents/council-minutes-2025-10-22.txt", documents::MINUTES_AUTUMN.into()),
        ("sound/20250927_164500.WAV", wav(&dusk())),
    ]
}

/// December 2025 to February 2026.
pub fn winter() -> Vec<(&'static str, Vec<u8>)> {
    let track =
        Track { first_day: date(2026, 1, 8), days: 14, first_event: 38_114_700_001, celsius: -7 };
    vec![
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
