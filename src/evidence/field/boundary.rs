//! Whether a place lies inside the boundary of the site (rule R15).

use geo::{Contains, Distance, Euclidean, LineString, MultiPolygon, Point, Polygon};
use geojson::GeoJson;

use crate::evidence::formats::facts::Place;

/// Outside by less than this, in degrees, is inside: a hundred metres, what a receiver under trees
/// and a boundary drawn by hand are worth.
const TOLERANCE: f64 = 0.001;

/// The ceiling of a boundary's file: a coastline with a million corners.
pub const MAX_BOUNDARY_BYTES: u64 = 64 << 20;

/// The area of a site.
#[derive(Clone, Debug)]
pub struct Boundary(MultiPolygon<f64>);

/// Why a file is no boundary.
#[derive(Debug, thiserror::Error)]
pub enum BoundaryError {
    /// Not GeoJSON.
    #[error("it is not GeoJSON: {0}")]
    Form(String),
    /// No polygon in it.
    #[error("it holds no polygon")]
    Empty,
    /// A corner that is no place on Earth.
    #[error("a corner of it is no place on Earth; are latitude and longitude exchanged?")]
    Corner,
}

impl Boundary {
    /// Reads the polygons of a GeoJSON document.
    pub fn parse(text: &str) -> Result<Boundary, BoundaryError> {
        let document: GeoJson =
            text.parse().map_err(|why: geojson::Error| BoundaryError::Form(why.to_string()))?;
        let mut polygons = Vec::new();
        match document {
            GeoJson::Geometry(geometry) => take(&geometry.value, &mut polygons)?,
            GeoJson::Feature(feature) => {
                if let Some(geometry) = feature.geometry {
                    take(&geometry.value, &mut polygons)?;
                }
            }
            GeoJson::FeatureCollection(all) => {
                for geometry in all.features.iter().filter_map(|feature| feature.geometry.as_ref())
                {
                    take(&geometry.value, &mut polygons)?;
                }
            }
        }
        match polygons.is_empty() {
            true => Err(BoundaryError::Empty),
            false => Ok(Boundary(MultiPolygon::new(polygons))),
        }
    }

    /// Whether a place is inside, or outside by less than the tolerance.
    pub fn holds(&self, place: Place) -> bool {
        let point = Point::new(f64::from(place.longitude) / 1e6, f64::from(place.latitude) / 1e6);
        self.0.contains(&point) || Euclidean.distance(&point, &self.0) <= TOLERANCE
    }
}

fn take(
    value: &geojson::GeometryValue,
    polygons: &mut Vec<Polygon<f64>>,
) -> Result<(), BoundaryError> {
    match value {
        geojson::GeometryValue::Polygon { coordinates } => polygons.push(polygon(coordinates)?),
        geojson::GeometryValue::MultiPolygon { coordinates } => {
            for rings in coordinates {
                polygons.push(polygon(rings)?);
            }
        }
        geojson::GeometryValue::GeometryCollection { geometries } => {
            for geometry in geometries {
                take(&geometry.value, polygons)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn polygon(rings: &[Vec<geojson::Position>]) -> Result<Polygon<f64>, BoundaryError> {
    let ring = |ring: &Vec<geojson::Position>| -> Result<LineString<f64>, BoundaryError> {
        let corners: Option<Vec<(f64, f64)>> = ring
            .iter()
            .map(|corner| match corner.as_slice() {
                [lon, lat, ..] if lon.abs() <= 180.0 && lat.abs() <= 90.0 => Some((*lon, *lat)),
                _ => None,
            })
            .collect();
        Ok(corners.ok_or(BoundaryError::Corner)?.into())
    };
    let mut rings = rings.iter().map(ring).collect::<Result<Vec<_>, _>>()?.into_iter();
    let outer = rings.next().ok_or(BoundaryError::Empty)?;
    Ok(Polygon::new(outer, rings.collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_outside_and_nearly() {
        let text = r#"{"type":"Feature","properties":{},"geometry":{"type":"Polygon",
            "coordinates":[[[10,46],[11,46],[11,47],[10,47],[10,46]]]}}"#;
        let boundary = Boundary::parse(text).unwrap();
        let holds = |latitude, longitude| boundary.holds(Place { latitude, longitude });
        assert!(holds(46_500_000, 10_500_000));
        assert!(holds(46_500_000, 11_000_500));
        assert!(!holds(46_500_000, 11_002_000));
        assert!(!holds(10_500_000, 46_500_000));
        for wrong in ["{}", "x", r#"{"type":"Point","coordinates":[1,2]}"#] {
            assert!(Boundary::parse(wrong).is_err());
        }
        let swapped = r#"{"type":"Polygon","coordinates":[[[46,110],[46,111],[47,111],[46,110]]]}"#;
        assert!(matches!(Boundary::parse(swapped), Err(BoundaryError::Corner)));
    }
}
