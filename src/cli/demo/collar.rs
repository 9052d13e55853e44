//! The table that a collar's data arrive in: Movebank's GPS columns, one row per fix.
//!
//! The lynx is invented, and so that nobody goes to look for her, she walks on the open water of
//! Lake Geneva.

use std::fmt::Write as _;

use jiff::ToSpan as _;
use jiff::civil::Date;

use super::noise::Draws;

/// Movebank's names of the columns, in the order of its GPS exports.
const COLUMNS: &str = "event-id,visible,timestamp,location-long,location-lat,external-temperature,\
gps:fix-type,gps:satellite-count,sensor-type,individual-taxon-canonical-name,tag-local-identifier,\
individual-local-identifier,study-name";

/// Open water: south-west and north-east corner as (longitude, latitude) in units of 10⁻⁷ degrees.
const WATER: [(i32, i32); 2] = [(65_000_000, 464_300_000), (66_600_000, 464_800_000)];

/// Hours of the day (UTC) at which the collar looks for satellites.
const HOURS: [i8; 4] = [2, 8, 14, 20];

/// A stretch of one animal's life.
#[derive(Clone, Copy, Debug)]
pub struct Track {
    pub first_day: Date,
    pub days: i32,
    /// Movebank numbers events through all studies.
    pub first_event: u64,
    /// Mean of the day, in degrees.
    pub celsius: i32,
}

/// The bytes of the CSV file: a header and four rows a day, LF after each.
pub fn movebank_csv(track: &Track) -> Vec<u8> {
    let mut draws = Draws::of(&format!("track from {}", track.first_day));
    let mut lair = anywhere(&mut draws);
    let mut at = lair;
    let mut csv = format!("{COLUMNS}\n");
    for n in 0..track.days * HOURS.len() as i32 {
        // She stays near a kill or a lair for a few days and then moves on.
        if draws.between(0, 13) == 0 {
            lair = anywhere(&mut draws);
        }
        at = (step(at.0, lair.0, &mut draws), step(at.1, lair.1, &mut draws));
        let hour = HOURS[n as usize % HOURS.len()];
        let day = track.first_day.saturating_add((n / HOURS.len() as i32).days());
        let time = day.at(hour, 0, draws.between(11, 48) as i8, 0);
        let warmer = [-4, -1, 5, 1][n as usize % HOURS.len()];
        let celsius = track.celsius + warmer + draws.around_zero(3);
        // One fix in the middle is wild: marked as not visible by the people who checked, and kept.
        let outlier = n == track.days * 2 + 1;
        let (visible, shown) = if outlier { (false, anywhere(&mut draws)) } else { (true, at) };
        let (fix, satellites) = if outlier { (2, 3) } else { (3, draws.between(4, 9)) };
        writeln!(
            csv,
            "{},{visible},{}.000,{},{},{celsius}.0,{fix},{satellites},gps,Lynx lynx,DEMO-7731,L03,\
             Vardessa lynx (invented; positions lie on Lake Geneva)",
            track.first_event + n as u64,
            time.strftime("%Y-%m-%d %H:%M:%S"),
            degrees(shown.0),
            degrees(shown.1),
        )
        .expect("demo: a string takes what it is given");
    }
    csv.into_bytes()
}

/// (longitude, latitude) on the water.
fn anywhere(draws: &mut Draws) -> (i32, i32) {
    let [(west, south), (east, north)] = WATER;
    // Away from the edge, so that the steps around it stay within.
    let edge = 60_000;
    (draws.between(west + edge, east - edge), draws.between(south + edge, north - edge))
}

/// Half of the way to the lair, and up to 280 m aside: never further than twice that from the line,
/// which is less than the edge kept in [`anywhere`].
fn step(from: i32, lair: i32, draws: &mut Draws) -> i32 {
    from + (lair - from) / 2 + draws.around_zero(25_000)
}

/// Seven decimals, as Movebank prints; the water is north and east of zero.
fn degrees(position: i32) -> String {
    format!("{}.{:07}", position / 10_000_000, position % 10_000_000)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{DateTime, date};

    use super::*;

    fn rows() -> Vec<Vec<String>> {
        let track = Track { first_day: date(2025, 12, 28), days: 12, first_event: 70, celsius: -6 };
        let text = String::from_utf8(movebank_csv(&track)).unwrap();
        assert!(text.ends_with('\n') && !text.contains('"') && !text.contains('\r'));
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn every_row_has_every_column() {
        let rows = rows();
        assert_eq!(rows.len(), 1 + 12 * 4);
        assert!(rows.iter().all(|row| row.len() == 13));
        assert_eq!(rows[0][2], "timestamp");
        assert_eq!(rows[0][12], "study-name");
    }

    #[test]
    fn values_are_of_their_columns() {
        let mut before = DateTime::MIN;
        for (n, row) in rows()[1..].iter().enumerate() {
            assert_eq!(row[0], (70 + n).to_string());
            let time: DateTime = row[2].parse().unwrap();
            assert!(time > before, "{row:?}");
            before = time;
            let [longitude, latitude] = [&row[3], &row[4]].map(|text| text.parse::<f64>().unwrap());
            assert!((6.5..6.66).contains(&longitude) && (46.43..46.48).contains(&latitude));
            assert!(row[3].split_once('.').unwrap().1.len() == 7);
            assert!((-20.0..10.0).contains(&row[5].parse::<f64>().unwrap()), "{row:?}");
            assert_eq!(row[9], "Lynx lynx");
        }
    }

    #[test]
    fn one_fix_is_set_aside_and_still_there() {
        let aside = rows().iter().filter(|row| row[1] == "false").count();
        assert_eq!(aside, 1);
    }
}
