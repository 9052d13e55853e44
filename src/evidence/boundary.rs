//! Boundaries and plots: polygons from GeoJSON (RFC 7946). What geometry says of them stands in
//! [`super::polygons`].
//!
//! Positions become millionths of a degree, which is what statements carry.

use geojson::{GeoJson, GeometryValue};
use thiserror::Error;

use crate::statement::bodies::claim::area::{self, Area, Point, Ring};

/// The ceiling of a boundary file, in bytes: ten times the outline of the longest coast that is one site.
pub const MAX_BYTES: usize = 64 << 20;

/// The ceiling of points in a boundary file.
pub const MAX_POINTS: usize = 1_000_000;

/// Why a file is no boundary.
#[derive(Debug, Error)]
pub enum BoundaryError {
    /// More than [`MAX_BYTES`].
    #[error("a boundary file has at most {MAX_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_POINTS`].
    #[error("a boundary has at most {MAX_POINTS} points")]
    TooManyPoints,
    /// Not GeoJSON.
    #[error("the file is not GeoJSON: {0}")]
    NotGeoJson(String),
    /// GeoJSON without a polygon.
    #[error("the file holds no polygon")]
    NoPolygon,
    /// A position that is none.
    #[error("{0} is no position: longitude −180 to 180, latitude −90 to 90, in degrees (WGS 84)")]
    Position(String),
    /// A ring of fewer than three different points.
    #[error("a ring has fewer than three different points")]
    Ring,
}

/// Reads the polygons of a GeoJSON file. Rings are closed, and turned the way RFC 7946 asks for; points
/// that are the same to the millionth of a degree are told once.
pub fn read(bytes: &[u8]) -> Result<Area, BoundaryError> {
    if bytes.len() > MAX_BYTES {
        return Err(BoundaryError::TooLong);
    }
    let not = |why: String| BoundaryError::NotGeoJson(why);
    let text = std::str::from_utf8(bytes).map_err(|why| not(why.to_string()))?;
    let file: GeoJson = text.parse().map_err(|why: geojson::Error| not(why.to_string()))?;
    let mut polygons = Vec::new();
    let geometries = match file {
        GeoJson::Geometry(geometry) => vec![geometry],
        GeoJson::Feature(feature) => feature.geometry.into_iter().collect(),
        GeoJson::FeatureCollection(all) => {
            all.features.into_iter().filter_map(|feature| feature.geometry).collect()
        }
    };
    let mut points = 0;
    for geometry in geometries {
        let found = match geometry.value {
            GeometryValue::Polygon { coordinates } => vec![coordinates],
            GeometryValue::MultiPolygon { coordinates } => coordinates,
            _ => continue,
        };
        for polygon in found {
            points += polygon.iter().map(Vec::len).sum::<usize>();
            if points > MAX_POINTS {
                return Err(BoundaryError::TooManyPoints);
            }
            let rings = polygon.iter().enumerate();
            let rings = rings.map(|(place, ring)| {
                let positions = ring.iter().map(|position| point(position.as_slice()));
                ring_of(positions.collect::<Result<_, _>>()?, place == 0)
            });
            polygons.push(area::Polygon(rings.collect::<Result<_, _>>()?));
        }
    }
    match polygons.is_empty() {
        true => Err(BoundaryError::NoPolygon),
        false => Ok(Area(polygons)),
    }
}

fn point(position: &[f64]) -> Result<Point, BoundaryError> {
    let refuse = || BoundaryError::Position(format!("{position:?}"));
    let [longitude, latitude, ..] = *position else { return Err(refuse()) };
    // Not a number fails both comparisons.
    if !(longitude.abs() <= 180.0 && latitude.abs() <= 90.0) {
        return Err(refuse());
    }
    let millionths = |degrees: f64| (degrees * 1e6).round() as i64;
    Ok(Point { longitude: millionths(longitude), latitude: millionths(latitude) })
}

fn ring_of(mut points: Vec<Point>, is_outer: bool) -> Result<Ring, BoundaryError> {
    points.dedup();
    if points.len() > 1 && points.first() == points.last() {
        points.pop();
    }
    if points.len() < 3 {
        return Err(BoundaryError::Ring);
    }
    points.push(points[0]);
    let mut ring = Ring(points);
    if (ring.doubled_area() > 0) != is_outer {
        ring.0.reverse();
    }
    Ok(ring)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::polygons::Shape;

    fn geojson(rings: &str) -> Vec<u8> {
        format!(r#"{{"type": "Polygon", "coordinates": {rings}}}"#).into_bytes()
    }

    #[test]
    fn rings_are_closed_and_turned() {
        let clockwise = "[[[10.1,46.6],[10.1,46.7],[10.2,46.7],[10.2,46.6]]]";
        let area = read(&geojson(clockwise)).unwrap();
        let ring = &area.0[0].0[0];
        assert_eq!(ring.0.len(), 5);
        assert_eq!(ring.0.first(), ring.0.last());
        assert!(ring.doubled_area() > 0);
        let feature = r#"{"type":"Feature","properties":null,"geometry":{"type":"MultiPolygon",
            "coordinates":[[[[10.1,46.6],[10.2,46.6],[10.2,46.7],[10.1,46.6]]]]}}"#;
        assert_eq!(read(feature.as_bytes()).unwrap().0.len(), 1);
    }

    #[test]
    fn what_is_no_boundary() {
        let refused = |text: &str| read(text.as_bytes()).unwrap_err().to_string();
        assert!(refused("{}").starts_with("the file is not GeoJSON"));
        assert!(refused("\u{0}").starts_with("the file is not GeoJSON"));
        assert_eq!(refused(r#"{"type":"Point","coordinates":[1,2]}"#), "the file holds no polygon");
        let of = |rings: &str| read(&geojson(rings)).unwrap_err().to_string();
        assert!(of("[[[1,91],[2,3],[4,5]]]").contains("is no position"));
        assert_eq!(of("[[[1,1],[2,2],[1,1]]]"), "a ring has fewer than three different points");
    }

    #[test]
    fn areas_on_the_ellipsoid() {
        // ∫ b² cos φ / (1 − e² sin² φ)² dφ · Δλ by Simpson's rule between parallels: 851,673 m². The
        // polygon's sides are geodesics, which bulge a few centimetres north of them.
        let square = geojson("[[[10.1,46.6],[10.11,46.6],[10.11,46.61],[10.1,46.61],[10.1,46.6]]]");
        let area = Shape::of(&read(&square).unwrap()).unwrap().square_metres();
        assert!(area.abs_diff(851_673) < 20, "{area}");
        let bow_tie = read(&geojson("[[[10,46],[11,47],[11,46],[10,47.5],[10,46]]]")).unwrap();
        assert!(Shape::of(&bow_tie).is_err());
    }
}
