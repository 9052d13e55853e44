//! Geometry of areas on the WGS 84 ellipsoid: how large they are, whether they are sound, what they share.
//!
//! Shapes are cut with sides that run straight in degrees (RFC 7946, section 3.1.1) and measured with sides
//! that are geodesics of the ellipsoid (Karney 2013): for sides of some ten kilometres the difference is
//! below one in ten thousand, and rules allow for more.
//! Results are rounded to square metres, far coarser than the arithmetic, so that every machine says the
//! same.

use geo::{BooleanOps, Contains, GeodesicArea, LineString, MultiPolygon, Validation};

use crate::statement::bodies::claim::area::{Area, Bounds, Polygon, Ring};
use crate::tlog::hash::Hash;

/// An area, ready to be measured.
#[derive(Clone, Debug)]
pub struct Shape {
    polygons: MultiPolygon<f64>,
    bounds: Bounds,
}

/// The boundary of a site: the file's digest, as `site.describe` names it, and its shape.
#[derive(Clone, Debug)]
pub struct Boundary {
    /// SHA-256 of the file.
    pub digest: Hash,
    /// Its shape.
    pub shape: Shape,
}

/// Why an area is no sound shape: its rings cross, touch along a side or do not lie inside one another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotSound(String);

impl Shape {
    /// The shape of an area.
    pub fn of(area: &Area) -> Result<Shape, NotSound> {
        let bounds = area.bounds().ok_or_else(|| NotSound("it has no polygon".into()))?;
        let polygons = MultiPolygon::new(area.0.iter().map(polygon).collect());
        match polygons.check_validation() {
            Ok(()) => Ok(Shape { polygons, bounds }),
            Err(fault) => Err(NotSound(fault.to_string())),
        }
    }

    /// Its area in square metres.
    pub fn square_metres(&self) -> u64 {
        rounded(&self.polygons)
    }

    /// What it shares with another, in square metres.
    pub fn shared_with(&self, other: &Shape) -> u64 {
        match self.may_touch(other) {
            true => rounded(&self.polygons.intersection(&other.polygons)),
            false => 0,
        }
    }

    /// What of it lies outside another, in square metres.
    pub fn outside_of(&self, other: &Shape) -> u64 {
        match other.polygons.contains(&self.polygons) {
            true => 0,
            false => rounded(&self.polygons.difference(&other.polygons)),
        }
    }

    /// The box around it.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    fn may_touch(&self, other: &Shape) -> bool {
        let (a, b) = (self.bounds, other.bounds);
        a.south_west.longitude <= b.north_east.longitude
            && b.south_west.longitude <= a.north_east.longitude
            && a.south_west.latitude <= b.north_east.latitude
            && b.south_west.latitude <= a.north_east.latitude
    }
}

/// The least area outside a site that a writer is stopped for: 0.1 ha or 0.1 % of the area, whichever is
/// more, as rule R22 lets pass. Digitised borders never fit to the metre.
pub fn negligible_m2(area_m2: u64) -> u64 {
    (area_m2 / 1_000).max(1_000)
}

fn polygon(polygon: &Polygon) -> geo::Polygon<f64> {
    let mut rings = polygon.0.iter().map(ring);
    let outer = rings.next().unwrap_or_else(|| LineString::new(Vec::new()));
    geo::Polygon::new(outer, rings.collect())
}

fn ring(ring: &Ring) -> LineString<f64> {
    let degrees = |millionths: i64| millionths as f64 / 1e6;
    let corner = |point: &crate::statement::bodies::claim::area::Point| geo::Coord {
        x: degrees(point.longitude),
        y: degrees(point.latitude),
    };
    LineString::new(ring.0.iter().map(corner).collect())
}

fn rounded(polygons: &MultiPolygon<f64>) -> u64 {
    // No area on Earth is beyond 2^63 square metres, and none of a sound shape below nothing.
    polygons.geodesic_area_unsigned().round().max(0.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::bodies::claim::area::Point;

    /// A box between two corners, in millionths of a degree.
    fn square(west: i64, south: i64, east: i64, north: i64) -> Area {
        let corners = [(west, south), (east, south), (east, north), (west, north), (west, south)];
        Area(vec![Polygon(vec![Ring(corners.map(Point::from).to_vec())])])
    }

    #[test]
    fn a_degree_at_the_equator_has_the_area_of_the_ellipsoid() {
        // 12,308.78 km² (Snyder 1987, eq. 3-12: the zone from 0° to 1°, one 360th of it).
        let shape = Shape::of(&square(0, 0, 1_000_000, 1_000_000)).unwrap();
        let km2 = shape.square_metres() / 1_000_000;
        assert_eq!(km2, 12_308);
    }

    #[test]
    fn shared_and_outside_add_up_to_the_whole() {
        let a = Shape::of(&square(10_000_000, 46_600_000, 10_200_000, 46_700_000)).unwrap();
        let b = Shape::of(&square(10_100_000, 46_600_000, 10_300_000, 46_700_000)).unwrap();
        let (shared, outside) = (a.shared_with(&b), a.outside_of(&b));
        assert!(shared.abs_diff(outside) <= shared / 10_000, "{shared} and {outside}");
        let whole = a.square_metres();
        assert!(whole.abs_diff(shared + outside) <= whole / 10_000, "{whole}");
        let far = Shape::of(&square(20_000_000, 46_600_000, 20_200_000, 46_700_000)).unwrap();
        assert_eq!((a.shared_with(&far), a.outside_of(&a)), (0, 0));
    }

    #[test]
    fn what_is_too_small_to_matter() {
        assert_eq!([10, 5_000_000].map(negligible_m2), [1_000, 5_000]);
    }

    #[test]
    fn a_ring_that_crosses_itself_is_not_sound() {
        let bow = [(0, 0), (1_000, 1_000), (1_000, 0), (0, 1_000), (0, 0)];
        let area = Area(vec![Polygon(vec![Ring(bow.map(Point::from).to_vec())])]);
        assert!(Shape::of(&area).is_err());
    }
}
