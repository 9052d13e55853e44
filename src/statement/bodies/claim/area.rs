//! Where a claim lies: polygons on the WGS 84 globe, in millionths of a degree.

use serde::{Deserialize, Serialize};

use crate::statement::bodies::BodyFault;

/// One or more polygons (RFC 7946 MultiPolygon).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Area(pub Vec<Polygon>);

/// Its outer ring, counter-clockwise, then the rings of its holes, clockwise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Polygon(pub Vec<Ring>);

/// Four or more points; the last is the first again. No side is longer than half the globe, so none
/// crosses the 180th meridian: a site there has two polygons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ring(pub Vec<Point>);

/// `[longitude, latitude]` in millionths of a degree (11 cm or less).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "(i64, i64)", into = "(i64, i64)")]
pub struct Point {
    /// East of Greenwich.
    pub longitude: i64,
    /// North of the equator.
    pub latitude: i64,
}

impl From<(i64, i64)> for Point {
    fn from((longitude, latitude): (i64, i64)) -> Point {
        Point { longitude, latitude }
    }
}

impl From<Point> for (i64, i64) {
    fn from(point: Point) -> (i64, i64) {
        (point.longitude, point.latitude)
    }
}

/// A box that holds an area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Its south-western corner.
    pub south_west: Point,
    /// Its north-eastern corner.
    pub north_east: Point,
}

impl Point {
    fn is_on_the_globe(&self) -> bool {
        const DEGREE: i64 = 1_000_000;
        (-180 * DEGREE..=180 * DEGREE).contains(&self.longitude)
            && (-90 * DEGREE..=90 * DEGREE).contains(&self.latitude)
    }
}

impl Ring {
    /// 2A = Σ (xᵢ yᵢ₊₁ − xᵢ₊₁ yᵢ), in square millionths of a degree; positive if counter-clockwise.
    pub fn doubled_area(&self) -> i128 {
        let sides = self.0.windows(2);
        sides
            .map(|side| {
                let (a, b) = (side[0], side[1]);
                i128::from(a.longitude) * i128::from(b.latitude)
                    - i128::from(b.longitude) * i128::from(a.latitude)
            })
            .sum()
    }
}

impl Area {
    /// The ceiling of points in an area: at 11 bytes each they fill most of a statement. A finer outline
    /// belongs into the evidence.
    pub const MAX_POINTS: usize = 4_000;

    /// Every point.
    pub fn points(&self) -> impl Iterator<Item = &Point> {
        self.0.iter().flat_map(|polygon| &polygon.0).flat_map(|ring| &ring.0)
    }

    /// The box around it; none around nothing.
    pub fn bounds(&self) -> Option<Bounds> {
        let first = *self.points().next()?;
        let mut bounds = Bounds { south_west: first, north_east: first };
        for point in self.points() {
            let Bounds { south_west, north_east } = &mut bounds;
            south_west.longitude = south_west.longitude.min(point.longitude);
            south_west.latitude = south_west.latitude.min(point.latitude);
            north_east.longitude = north_east.longitude.max(point.longitude);
            north_east.latitude = north_east.latitude.max(point.latitude);
        }
        Some(bounds)
    }

    /// The rules of the form. That rings do not cross and holes lie inside is geometry, and judged where
    /// geometry is.
    pub(in crate::statement::bodies) fn check(&self) -> Result<(), BodyFault> {
        if self.0.is_empty() || self.0.iter().any(|polygon| polygon.0.is_empty()) {
            return Err(BodyFault("area: at least one polygon, each with an outer ring"));
        }
        if self.points().take(Area::MAX_POINTS + 1).count() > Area::MAX_POINTS {
            return Err(BodyFault("area: at most 4,000 points"));
        }
        if !self.points().all(Point::is_on_the_globe) {
            return Err(BodyFault("area: [longitude, latitude] in millionths of a degree"));
        }
        for polygon in &self.0 {
            for (place, ring) in polygon.0.iter().enumerate() {
                if ring.0.len() < 4 || ring.0.first() != ring.0.last() {
                    return Err(BodyFault(
                        "area: a ring has at least four points, the last the same as the first",
                    ));
                }
                let turns_rightly = match place {
                    0 => ring.doubled_area() > 0,
                    _ => ring.doubled_area() < 0,
                };
                if !turns_rightly {
                    return Err(BodyFault(
                        "area: an outer ring runs counter-clockwise, a hole clockwise",
                    ));
                }
            }
        }
        Ok(())
    }
}
