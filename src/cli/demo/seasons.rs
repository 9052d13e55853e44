//! What happened at the invented reserve: where the lynx went, who met. Each
//! season is a list of files: path with slashes, content.

use jiff::civil::date;

use super::collar::{Track, movebank_csv};
use super::documents;

/// June to August 2025.
pub fn summer() -> Vec<(&'static str, Vec<u8>)> {
    let track =
        Track { first_day: date(2025, 7, 1), days: 14, first_event: 38_114_500_001, celsius: 13 };
    vec![
        ("ABOUT.txt", documents::ABOUT.into()),
        ("collars/lynx-L03-2025-07.csv", movebank_csv(&track)),
        ("documents/council-minutes-2025-06-18.txt", documents::MINUTES_SUMMER.into()),
        ("documents/management-plan-2025-2034.md", documents::PLAN.into()),
    ]
}

/// September to November 2025.
pub fn autumn() -> Vec<(&'static str, Vec<u8>)> {
    let track =
        Track { first_day: date(2025, 10, 1), days: 14, first_event: 38_114_600_001, celsius: 5 };
    vec![
        ("collars/lynx-L03-2025-10.csv", movebank_csv(&track)),
        ("documents/council-minutes-2025-10-22.txt", documents::MINUTES_AUTUMN.into()),
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
