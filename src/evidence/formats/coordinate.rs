//! Coordinates in text: decimal degrees, as tables write them.

use super::facts::Place;
use super::note::Note;

/// Micro-degrees of a decimal number of degrees, to the nearest; `None` if it is not one or beyond
/// `limit` degrees.
fn micro(text: &str, limit: f64) -> Option<i32> {
    let degrees: f64 = text.trim().parse().ok()?;
    (degrees.is_finite() && degrees.abs() <= limit).then(|| (degrees * 1e6).round() as i32)
}

/// A place from latitude and longitude; `Ok(None)` where both are blank, else what is wrong.
pub fn place(latitude: &str, longitude: &str) -> Result<Option<Place>, Note> {
    let blank = |text: &str| matches!(text.trim(), "" | "NA" | "NULL" | "null" | "None");
    if blank(latitude) && blank(longitude) {
        return Ok(None);
    }
    match (micro(latitude, 90.0), micro(longitude, 180.0)) {
        (Some(0), Some(0)) => Err(Note::RowPlaceZero),
        (Some(latitude), Some(longitude)) => Ok(Some(Place { latitude, longitude })),
        (None, _) if micro(latitude, 180.0).is_some() && micro(longitude, 90.0).is_some() => {
            Err(Note::Swapped)
        }
        _ => Err(Note::RowPlace),
    }
}

/// The same of numbers.
pub fn place_of(latitude: f64, longitude: f64) -> Result<Place, Note> {
    let number = |degrees: f64| {
        degrees.is_finite().then_some(degrees).map_or(String::new(), |d| format!("{d}"))
    };
    place(&number(latitude), &number(longitude)).and_then(|place| place.ok_or(Note::RowPlace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let at = |latitude, longitude| Ok(Some(Place { latitude, longitude }));
        assert_eq!(place("38.2853475", "-112.0255436"), at(38_285_348, -112_025_544));
        assert_eq!(place("", " "), Ok(None));
        assert_eq!(place("0.0", "0"), Err(Note::RowPlaceZero));
        assert_eq!(place("112.02", "38.28"), Err(Note::Swapped));
        assert_eq!(place("91", "181"), Err(Note::RowPlace));
        assert_eq!(place("NaN", "1"), Err(Note::RowPlace));
        assert_eq!(place("1e400", "1"), Err(Note::RowPlace));
        assert!(place_of(f64::NAN, 1.0).is_err());
    }
}
