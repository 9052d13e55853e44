//! Places drawn on maps: GeoJSON (RFC 7946), KML (OGC 12-007) and GPX 1.1; and the patrol or event
//! that EarthRanger writes as JSON, which is told apart by its keys.

use std::io;

use super::coordinate;
use super::facts::{Facts, Place};
use super::json::{self, Item, Sink, Step};
use super::moment;
use super::note::Note;
use super::source::Source;
use super::xml::{self, Part};

/// Reads a JSON document: GeoJSON, an EarthRanger export, or any other.
pub fn json(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::default();
    let mut found = Found::default();
    let stream = source.stream()?;
    json::walk(stream, &mut facts, &mut found)?;
    found.tell(&mut facts);
    Ok(facts)
}

/// What a JSON document says while it passes.
#[derive(Default)]
struct Found {
    facts: Facts,
    is_geojson: bool,
    is_collection: bool,
    /// Patrols or events of EarthRanger: objects with both of the keys that only it writes.
    patrols: u64,
    events: u64,
    points: u64,
    features: u64,
    polygons: u64,
    longitude: Option<f64>,
    corner: [Option<f64>; 2],
    /// The first corner of the ring that is being read, and the newest.
    ring: Option<[f64; 2]>,
    last: Option<[f64; 2]>,
    corners: u64,
    /// Numbers of a position came, so the next end is the position's.
    in_position: bool,
    /// The depth of `coordinates`; the object around it may say its type before them or after.
    geometry_at: usize,
    is_polygon: bool,
    open_rings: u64,
    title: Option<String>,
}

impl Sink for Found {
    fn take(&mut self, path: &[Step], item: Item<'_>) {
        let key = json::key(path);
        match (key, item) {
            (Some("type"), Item::Text(kind)) => self.kind(path, kind),
            (Some("patrol_segments"), Item::Open) => self.patrols += 1,
            (Some("event_type"), Item::Text(_)) => self.events += 1,
            (Some("start_time" | "end_time" | "datetime" | "time"), Item::Text(text)) => {
                let own = json::keys(path).any(|key| key == "updates");
                if let Ok(moment) = moment::read(text)
                    && !own
                {
                    let (seconds, utc) = moment.seconds();
                    self.facts.include_time(seconds, utc);
                }
            }
            (Some("title" | "name"), Item::Text(text)) if json::keys(path).count() == 1 => {
                self.title.get_or_insert(text.to_owned());
            }
            (Some("latitude"), Item::Number(degrees)) => self.corner[0] = Some(degrees),
            (Some("longitude"), Item::Number(degrees)) => self.corner[1] = Some(degrees),
            (_, Item::Number(degrees)) => self.number(path, degrees),
            (Some("coordinates"), Item::Open) => self.geometry_at = path.len(),
            (_, Item::Close) if std::mem::take(&mut self.in_position) => {}
            (_, Item::Close) => self.close(path.len()),
            _ => {}
        }
        if let [Some(latitude), Some(longitude)] = self.corner {
            self.corner = [None; 2];
            self.place(latitude, longitude);
        }
    }
}

impl Found {
    fn kind(&mut self, path: &[Step], kind: &str) {
        match kind {
            "FeatureCollection" if path.len() == 1 => {
                self.is_geojson = true;
                self.is_collection = true;
            }
            "Feature" => {
                self.features += 1;
                self.is_geojson |= path.len() == 1;
            }
            "Polygon" | "MultiPolygon" => {
                self.polygons += 1;
                self.is_polygon = true;
                self.is_geojson |= path.len() == 1;
            }
            "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "GeometryCollection" => {
                self.is_polygon = false;
                self.is_geojson |= path.len() == 1;
            }
            _ => {}
        }
    }

    /// Longitude first, then latitude, then perhaps a height (RFC 7946 section 3.1.1).
    fn number(&mut self, path: &[Step], degrees: f64) {
        let in_coordinates = json::keys(path).next_back() == Some("coordinates");
        self.in_position |= in_coordinates;
        match path.last() {
            Some(Step::At(0)) if in_coordinates => self.longitude = Some(degrees),
            Some(Step::At(1)) if in_coordinates => {
                let Some(longitude) = self.longitude.take() else { return };
                self.ring.get_or_insert([longitude, degrees]);
                self.last = Some([longitude, degrees]);
                self.corners += 1;
                self.place(degrees, longitude);
            }
            _ => {}
        }
    }

    fn place(&mut self, latitude: f64, longitude: f64) {
        match coordinate::place_of(latitude, longitude) {
            Ok(place) => {
                self.points += 1;
                self.facts.include_place(place);
            }
            Err(note) => self.facts.note(note),
        }
    }

    /// A list of positions ends, or the geometry around them.
    fn close(&mut self, depth: usize) {
        let (first, last) = (self.ring.take(), self.last.take());
        let corners = std::mem::take(&mut self.corners);
        self.open_rings += u64::from(corners > 0 && (first != last || corners < 4));
        if depth + 1 == self.geometry_at {
            if std::mem::take(&mut self.is_polygon) && self.open_rings > 0 {
                self.facts.note(Note::RingOpen);
            }
            self.open_rings = 0;
        }
    }

    fn tell(mut self, facts: &mut Facts) {
        self.facts.notes.append(&mut facts.notes);
        *facts = self.facts;
        let (format, counts) = match () {
            () if self.patrols > 0 => {
                ("earthranger/patrol", vec![("patrols", self.patrols), ("events", self.events)])
            }
            () if self.is_geojson => (
                "geojson",
                vec![
                    // A document may leave out what its features are.
                    ("features", self.features),
                    ("polygons", self.polygons),
                    ("points", self.points),
                ],
            ),
            () if self.events > 0 => ("earthranger/events", vec![("events", self.events)]),
            () => ("json", vec![]),
        };
        if format == "json" {
            // Numbers under such keys mean nothing certain in a document of unknown kind.
            facts.extent = None;
        }
        facts.format = Some(format.into());
        for (what, count) in counts {
            facts.count(what, count);
        }
        if let Some(title) = self.title {
            facts.entitle(&title);
        }
    }
}

/// Reads a GPX file: tracks, points, times in UTC.
pub fn gpx(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::of("gpx");
    let mut text = String::new();
    let stream = source.stream()?;
    xml::walk(stream, &mut facts, &mut |path, part, facts| {
        let (name, around) = (name(path), name(&path[..path.len() - 1]));
        let is_point = |name: &str| matches!(name, "trkpt" | "wpt" | "rtept");
        match part {
            Part::Open(attributes) => {
                text.clear();
                if is_point(name) {
                    let at = |name| attributes.get(name).unwrap_or_default();
                    match coordinate::place(at("lat"), at("lon")) {
                        Ok(Some(place)) => facts.include_place(place),
                        Ok(None) => facts.note(Note::RowPlace),
                        Err(note) => facts.note(note),
                    }
                    facts.count("points", 1);
                } else if name == "trk" {
                    facts.count("tracks", 1);
                }
            }
            Part::Text(more) => text.push_str(more),
            Part::Close => {
                match name {
                    "time" if is_point(around) => match moment::read(&text) {
                        Ok(moment) => {
                            let (seconds, utc) = moment.seconds();
                            facts.include_time(seconds, utc);
                        }
                        Err(_) => facts.note(Note::RowTime),
                    },
                    "name" if matches!(around, "trk" | "metadata") => facts.entitle(&text),
                    _ => {}
                }
                text.clear();
            }
        }
    })?;
    Ok(facts)
}

/// Reads a KML file: placemarks, and the box around their coordinates.
pub fn kml(source: &mut Source<'_>) -> io::Result<Facts> {
    let mut facts = Facts::of("kml");
    let mut text = String::new();
    let stream = source.stream()?;
    xml::walk(stream, &mut facts, &mut |path, part, facts| {
        let (name, around) = (name(path), name(&path[..path.len() - 1]));
        match part {
            Part::Open(_) => {
                text.clear();
                match name {
                    "Placemark" => facts.count("features", 1),
                    "Polygon" => facts.count("polygons", 1),
                    _ => {}
                }
            }
            Part::Text(more) => text.push_str(more),
            Part::Close => {
                match name {
                    "coordinates" => corners(&text, around == "LinearRing", facts),
                    "when" | "begin" | "end" => {
                        if let Ok(moment) = moment::read(&text) {
                            let (seconds, utc) = moment.seconds();
                            facts.include_time(seconds, utc);
                        }
                    }
                    "name" if matches!(around, "Document" | "kml") => facts.entitle(&text),
                    _ => {}
                }
                text.clear();
            }
        }
    })?;
    Ok(facts)
}

/// `lon,lat[,height] lon,lat …`
fn corners(text: &str, is_ring: bool, facts: &mut Facts) {
    let (mut first, mut last, mut count): (Option<Place>, Option<Place>, u64) = (None, None, 0);
    for corner in text.split_whitespace() {
        let mut parts = corner.split(',');
        let (longitude, latitude) = (parts.next(), parts.next());
        match coordinate::place(latitude.unwrap_or(""), longitude.unwrap_or("")) {
            Ok(Some(place)) => {
                facts.include_place(place);
                first.get_or_insert(place);
                last = Some(place);
                count += 1;
            }
            Ok(None) => facts.note(Note::RowPlace),
            Err(note) => facts.note(note),
        }
    }
    facts.count("points", count);
    if is_ring && count > 0 && (first != last || count < 4) {
        facts.note(Note::RingOpen);
    }
}

fn name(path: &[String]) -> &str {
    path.last().map(String::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::evidence::formats::facts::{Extent, Span};
    use crate::evidence::media_type::Head;

    fn read(text: &str, reader: impl Fn(&mut Source<'_>) -> io::Result<Facts>) -> Facts {
        let mut file = Cursor::new(text.as_bytes());
        let head = Head { bytes: &[], more: true };
        reader(&mut Source::new(b"a", head, text.len() as u64, &mut file)).unwrap()
    }

    #[test]
    fn geojson() {
        let facts = read(
            r#"{"type":"FeatureCollection","name":"core zone","features":[{"type":"Feature",
            "properties":{"n":1},"geometry":{"type":"Polygon","coordinates":
            [[[10.1,46.6,3],[10.3,46.6],[10.3,46.8],[10.1,46.6,3]]]}},
            {"type":"Feature","geometry":{"coordinates":[46.6,110.5],"type":"Point"}}]}"#,
            json,
        );
        assert_eq!(facts.format.as_deref(), Some("geojson"));
        assert_eq!((facts.counts["features"], facts.counts["polygons"]), (2, 1));
        let extent =
            Extent { south: 46_600_000, west: 10_100_000, north: 46_800_000, east: 10_300_000 };
        assert_eq!((facts.extent, facts.title.as_deref()), (Some(extent), Some("core zone")));
        assert_eq!(facts.notes, [Note::Swapped.into()]);
        let open = r#"{"type":"Polygon","coordinates":[[[1,1],[2,1],[2,2],[1,2]]]}"#;
        assert_eq!(read(open, json).notes, [Note::RingOpen.into()]);
    }

    #[test]
    fn earthranger() {
        let facts = read(
            r#"{"id":"x","title":"Night","patrol_segments":[{"time_range":
            {"start_time":"2017-01-10T22:30:00Z","end_time":"2017-01-11T12:30:00Z"},
            "start_location":{"latitude":-2.3,"longitude":37.8},
            "events":[{"event_type":"snare"}]}],"updates":[{"time":"2024-09-09T20:03:53Z"}]}"#,
            json,
        );
        assert_eq!(facts.format.as_deref(), Some("earthranger/patrol"));
        let span = Span { first: 1_484_087_400, last: 1_484_137_800, utc: true };
        assert_eq!((facts.span, facts.counts["events"]), (Some(span), 1));
        assert_eq!(facts.extent.unwrap().south, -2_300_000);
    }

    #[test]
    fn gpx_and_kml() {
        let facts = read(
            "<gpx><trk><name>Walk</name><trkseg><trkpt lat=\"48.7\" lon=\"-70.1\">\
             <time>2025-01-17T14:22:13.064Z</time></trkpt><trkpt lat=\"0\" lon=\"0\"/>\
             </trkseg></trk></gpx>",
            gpx,
        );
        assert_eq!((facts.counts["points"], facts.title.as_deref()), (2, Some("Walk")));
        assert_eq!(facts.span.unwrap().first, 1_737_123_733);
        assert_eq!(facts.notes, [Note::RowPlaceZero.into()]);
        let facts = read(
            "<kml><Document><Placemark><Polygon><outerBoundaryIs><LinearRing><coordinates>\
             1,1,0 2,1,0 2,2,0</coordinates></LinearRing></outerBoundaryIs></Polygon>\
             </Placemark></Document></kml>",
            kml,
        );
        assert_eq!((facts.counts["features"], facts.counts["points"]), (1, 3));
        assert_eq!(facts.notes, [Note::RingOpen.into()]);
    }
}
