//! Every file of the public test data, with what an independent reader says of it: exiftool 12.57 for
//! pictures, sound and documents; Python's csv, wave, json and xml modules for the others. Times are
//! written as those readers print them.

use treering::evidence::attribute::Attribute;
use treering::evidence::formats::facts::Facts;
use treering::evidence::formats::note::Note;
use walkdir::WalkDir;

use super::{facts_of, public_data};

/// One expected fact.
enum Is {
    /// The wall clock, and its offset where the file says.
    Time(&'static str, Option<i32>),
    NoTime,
    Place(f64, f64),
    NoPlace,
    Make(&'static str),
    Model(&'static str),
    Serial(&'static str),
    Burst(u16, u16),
    Sound(u64, u32),
    Format(&'static str),
    Title(&'static str),
    Count(&'static str, u64),
    Span(&'static str, &'static str, bool),
    /// South, west, north, east.
    Box(f64, f64, f64, f64),
    Note(Note),
    Row(Note, u64, u64),
    NoNotes,
}
use Is::*;

fn seconds(text: &str) -> i64 {
    let text = if text.ends_with('Z') { text.to_owned() } else { format!("{text}Z") };
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

fn near(micro: i32, degrees: f64) -> bool {
    (f64::from(micro) / 1e6 - degrees).abs() < 2e-6
}

fn holds(facts: &Facts, expected: &Is) -> bool {
    let note = |wanted: Note| facts.notes.iter().find(|noted| noted.note == wanted);
    match expected {
        Time(text, zone) => {
            facts.captured.is_some_and(|clock| clock.seconds == seconds(text))
                && facts.zone == *zone
        }
        NoTime => facts.captured.is_none(),
        Place(latitude, longitude) => facts.place.is_some_and(|place| {
            near(place.latitude, *latitude) && near(place.longitude, *longitude)
        }),
        NoPlace => facts.place.is_none(),
        Make(text) => facts.make.as_deref() == Some(text),
        Model(text) => facts.model.as_deref() == Some(text),
        Serial(text) => facts.serial.as_deref() == Some(text),
        Burst(number, of) => {
            facts.burst.is_some_and(|burst| burst.number == *number && burst.of == Some(*of))
        }
        Sound(ms, hz) => facts.recording.is_some_and(|r| r.ms == *ms && r.hz == Some(*hz)),
        Format(text) => facts.format.as_deref() == Some(text),
        Title(text) => facts.title.as_deref() == Some(text),
        Count(what, number) => facts.counts.get(*what) == Some(number),
        Span(first, last, utc) => facts.span.is_some_and(|span| {
            (span.first, span.last, span.utc) == (seconds(first), seconds(last), *utc)
        }),
        Box(south, west, north, east) => facts.extent.is_some_and(|extent| {
            near(extent.south, *south)
                && near(extent.west, *west)
                && near(extent.north, *north)
                && near(extent.east, *east)
        }),
        Note(wanted) => note(*wanted).is_some(),
        Row(wanted, row, times) => {
            note(*wanted).is_some_and(|noted| noted.row == Some(*row) && noted.times == *times)
        }
        NoNotes => facts.notes.is_empty(),
    }
}

/// File, media type, facts. A file of the data that is not named here fails the test.
fn expected() -> Vec<(&'static str, &'static str, Vec<Is>)> {
    const JPEG: &str = "image/jpeg";
    const WAVE: &str = "audio/vnd.wave";
    const CSV: &str = "text/csv";
    let reconyx = |time, number| {
        vec![
            Time(time, None),
            NoPlace,
            Make("RECONYX"),
            Model("HYPERFIRE 2 COVERT"),
            Serial("H2RXEM06043616"),
            Burst(number, 10),
            NoNotes,
        ]
    };
    let cuddeback =
        |time, make| vec![Time(time, None), NoPlace, Make(make), Model("CUDDEBACK"), NoNotes];
    let bare = || vec![NoTime, NoPlace, NoNotes];
    vec![
        (
            "acoustic/audiomoth/20220103_183000.WAV",
            "text/plain",
            vec![NoTime, Note(Note::LfsPointer)],
        ),
        ("acoustic/audiomoth/CONFIG.TXT", "text/plain", bare()),
        (
            "acoustic/audiomoth/audiomoth_gps.csv",
            CSV,
            vec![
                Count("rows", 4),
                Count("columns", 17),
                Span("2024-05-28T10:00:00", "2024-05-28T10:00:03", false),
                NoNotes,
            ],
        ),
        (
            "acoustic/audiomoth/audiomoth_gps.wav",
            WAVE,
            vec![
                Time("2024-05-28T10:00:00", Some(0)),
                Serial("243B1F026488F56E"),
                Sound(1_999, 48_000),
                NoNotes,
            ],
        ),
        (
            "acoustic/audiomoth/metadata.wav",
            WAVE,
            vec![
                Time("2020-04-04T10:25:00", Some(0)),
                Serial("24526B065D325963"),
                Model("AudioMoth"),
                Sound(14_969, 32_000),
                NoNotes,
            ],
        ),
        (
            "acoustic/frontier-labs/20160809_063108_Dawn _1.4647 116.9136__logfile.txt",
            "text/plain",
            bare(),
        ),
        (
            "acoustic/frontier-labs/8537_20210622T160000-0300_every1d6x4hrs [+44.72053-062.80072].wav",
            "application/octet-stream",
            vec![NoTime, Note(Note::Empty)],
        ),
        ("acoustic/frontier-labs/GPS_log.csv", CSV, vec![Format("table"), Row(Note::Ragged, 1, 3)]),
        (
            "acoustic/guano/AudiomothNoBatCalls.WAV",
            WAVE,
            vec![
                Time("2024-09-03T19:31:30", Some(3_600)),
                Serial("24E144055E080032"),
                Make("Open Acoustic Devices"),
                Model("AudioMoth"),
                Sound(105, 250_000),
                Format("guano/1.0"),
                NoNotes,
            ],
        ),
        (
            "camera-trap/cuddeback/StationA/IMG0001.JPG",
            JPEG,
            cuddeback("2009-04-10T05:07:00", "G4"),
        ),
        (
            "camera-trap/cuddeback/StationA/IMG0002.JPG",
            JPEG,
            cuddeback("2009-04-21T00:40:00", "G4"),
        ),
        (
            "camera-trap/cuddeback/StationA/IMG0003.JPG",
            JPEG,
            cuddeback("2009-04-22T20:19:00", "G4"),
        ),
        (
            "camera-trap/cuddeback/StationB/IMG0001.JPG",
            JPEG,
            cuddeback("2009-04-05T00:11:00", "G6.1"),
        ),
        (
            "camera-trap/cuddeback/renamed/StationA__2009-04-21__00-40-00(1).JPG",
            JPEG,
            cuddeback("2009-04-21T00:40:00", "G4"),
        ),
        (
            "camera-trap/lila/channel-islands-thumb.jpg",
            JPEG,
            vec![
                Time("2014-11-23T20:26:22", None),
                Make("RECONYX"),
                Model("HC500 HYPERFIRE"),
                Serial("H500HH06211894"),
                Burst(1, 3),
                NoNotes,
            ],
        ),
        (
            "camera-trap/lila/orinoquia-thumb-web.jpg",
            JPEG,
            vec![Time("2020-03-28T21:47:42", None), Make("BUSHNELL"), NoPlace, Note(Note::NoFix)],
        ),
        ("camera-trap/lila/pheasant_web.jpg", JPEG, bare()),
        (
            "camera-trap/lila/sage-grouse-raw.jpg",
            JPEG,
            vec![
                Time("2023-06-20T13:09:04", None),
                Make("BUSHNELL"),
                Place(42.9463888888889, -116.523055555556),
                NoNotes,
            ],
        ),
        ("camera-trap/ocr/mousedeer.JPG", JPEG, bare()),
        (
            "camera-trap/reconyx-hc500-exif-samples/Reconyx_HC500_Hyperfire.jpg",
            JPEG,
            vec![Time("2020-03-16T10:00:00", None), Serial("H500EE06130468"), NoPlace, NoNotes],
        ),
        ("camera-trap/timelapse/Station1/Deployment1a/IMG_001.jpg", JPEG, bare()),
        ("camera-trap/timelapse/Station1/Deployment1b/IMG_001.jpg", JPEG, bare()),
        (
            "camtrap-dp/mica-1.0.2/datapackage.json",
            "application/json",
            vec![
                Format("camtrap-dp/1.0.2"),
                Title(
                    "Sample from: MICA - Muskrat and coypu camera trap observations in Belgium, the \
                     Netherlands and Germany",
                ),
                Count("resources", 4),
                NoNotes,
            ],
        ),
        (
            "camtrap-dp/mica-1.0.2/deployments.csv",
            CSV,
            vec![Format("camtrap-dp/deployments"), Count("rows", 4), Count("columns", 24), NoNotes],
        ),
        (
            "camtrap-dp/mica-1.0.2/media.csv",
            CSV,
            vec![
                Format("camtrap-dp/media"),
                Count("rows", 423),
                Count("columns", 11),
                Span("2020-05-30T02:57:37", "2021-04-18T21:25:00", true),
                NoNotes,
            ],
        ),
        (
            "camtrap-dp/mica-1.0.2/media/20210531082538-RCNX0031.JPG",
            JPEG,
            reconyx("2021-04-11T20:43:09", 1),
        ),
        (
            "camtrap-dp/mica-1.0.2/media/20210531082538-RCNX0032.JPG",
            JPEG,
            reconyx("2021-04-11T20:43:10", 2),
        ),
        (
            "camtrap-dp/mica-1.0.2/media/20210531082539-RCNX0033.JPG",
            JPEG,
            reconyx("2021-04-11T20:43:10", 3),
        ),
        (
            "camtrap-dp/mica-1.0.2/media/20210531082539-RCNX0034.JPG",
            JPEG,
            reconyx("2021-04-11T20:43:11", 4),
        ),
        (
            "camtrap-dp/mica-1.0.2/observations.csv",
            CSV,
            vec![
                Format("camtrap-dp/observations"),
                Count("rows", 549),
                Count("columns", 28),
                NoNotes,
            ],
        ),
        (
            "dwca/archive-occ.zip",
            "application/zip",
            vec![Format("darwin-core-archive"), Count("entries", 3), Count("rows", 1_534), NoNotes],
        ),
        (
            "dwca/checklist_980.zip",
            "application/zip",
            vec![Format("darwin-core-archive"), Count("entries", 6)],
        ),
        (
            "dwca/mahoney-2016-unzipped/eml-Mahoney-data-DwC-A.xml",
            "application/xml",
            vec![Format("eml")],
        ),
        (
            "dwca/mahoney-2016-unzipped/event.csv",
            CSV,
            vec![Count("rows", 36), Count("columns", 18), Note(Note::RowTime)],
        ),
        (
            "dwca/mahoney-2016-unzipped/factormeasurement.csv",
            CSV,
            vec![Count("rows", 85), Count("columns", 9), NoNotes],
        ),
        (
            "dwca/mahoney-2016-unzipped/meta.xml",
            "application/xml",
            vec![Format("darwin-core/descriptor"), NoNotes],
        ),
        (
            "dwca/mahoney-2016-unzipped/occurrence.csv",
            CSV,
            vec![Count("rows", 36), Note(Note::RowTime)],
        ),
        (
            "field-photo/HMD_Nokia_8.3_5G.jpg",
            JPEG,
            vec![
                Time("2022-08-14T14:12:31", Some(10_800)),
                Make("HMD Global"),
                Model("Nokia 8.3 5G"),
                Place(60.1467055555556, 24.9067722222222),
                NoNotes,
            ],
        ),
        (
            "field-photo/HTC Desire.jpg",
            JPEG,
            vec![
                Time("2011-05-06T09:59:48", None),
                Make("HTC"),
                Place(45.5006666666667, 9.11033333333333),
                NoNotes,
            ],
        ),
        ("field-photo/Issue 609.jpg", JPEG, vec![NoTime, Model("C750UZ"), Note(Note::ClockUnset)]),
        (
            "field-photo/Olympus μ Digital 800.JPG",
            JPEG,
            vec![Time("2006-04-26T00:26:14", None), Model("Digital Cam"), NoPlace, NoNotes],
        ),
        (
            "field-photo/Ricoh DC-3Z (low res).jpg",
            JPEG,
            vec![Time("1997-02-02T00:50:30", None), Make("RICOH"), Model("DC-3Z"), NoNotes],
        ),
        (
            "field-photo/Sony DSC-HX5V (2).jpg",
            JPEG,
            vec![
                Time("2010-05-15T17:12:05", None),
                Model("DSC-HX5V"),
                Place(51.778615, 8.36563805555556),
                NoNotes,
            ],
        ),
        ("geo/AOI_sites.gpkg", "application/geopackage+sqlite3", bare()),
        (
            "geo/alert_202309900112345671.geojson",
            "application/geo+json",
            vec![Format("geojson"), Count("polygons", 1), Count("points", 12), NoNotes],
        ),
        (
            "geo/gc_alerts.kml",
            "application/vnd.google-earth.kml+xml",
            vec![
                Format("kml"),
                Count("features", 2),
                Count("polygons", 2),
                Count("points", 10),
                NoNotes,
            ],
        ),
        (
            "geo/habiba-polys.geojson",
            "application/geo+json",
            vec![
                Format("geojson"),
                Count("features", 3),
                Count("polygons", 3),
                Count("points", 21),
                Box(0.5295583524192011, 37.53914370434515, 0.6172066763636934, 37.63811144289616),
                NoNotes,
            ],
        ),
        (
            "geo/locusmap_tracks.gpx",
            "application/gpx+xml",
            vec![
                Format("gpx"),
                // 24 of the tracks and a waypoint.
                Count("points", 25),
                Count("tracks", 3),
                Span("2025-01-17T14:13:32", "2025-01-17T14:19:56", true),
                NoNotes,
            ],
        ),
        ("movebank/mahoney-2016/README.txt", "text/plain", bare()),
        (
            "movebank/mahoney-2016/gps-data.csv",
            CSV,
            vec![
                Format("movebank/events"),
                Count("rows", 30),
                Count("tags", 3),
                Count("animals", 2),
                Count("species", 2),
                Count("hidden", 0),
                Count("longest_gap_s", 28_801),
                Span("2004-12-27T12:01:00", "2014-02-13T11:01:12", true),
                Box(38.2820444, -112.7119061888433, 43.805277413057865, -111.9918983),
                Title(
                    "Site fidelity in cougars and coyotes, Utah/Idaho USA (data from Mahoney et al. \
                     2016)",
                ),
                NoNotes,
            ],
        ),
        (
            "movebank/mahoney-2016/reference-data.csv",
            CSV,
            vec![
                Format("movebank/reference"),
                Count("deployments", 3),
                Count("animals", 2),
                Count("tags", 3),
                Span("2004-12-27T00:00:00", "2014-11-05T23:59:00", true),
                NoNotes,
            ],
        ),
        (
            "pdf/camtrapr1.pdf",
            "application/pdf",
            vec![Format("pdf/1.5"), Time("2024-02-01T12:01:33", Some(28_800)), NoNotes],
        ),
        (
            "smart/SMART_000006_001.xml",
            "application/xml",
            vec![
                Format("smart/patrol"),
                Count("waypoints", 2),
                Count("days", 1),
                Count("legs", 1),
                Count("observations", 11),
                Span("2025-12-17T20:48:25", "2025-12-17T20:51:55", false),
                Box(38.7606911, -77.19774609, 38.76069271, -77.19774596),
                NoNotes,
            ],
        ),
        (
            "smart/sample_patrol.json",
            "application/json",
            vec![
                Format("earthranger/patrol"),
                Count("patrols", 1),
                Count("events", 1),
                Title("Ecoscope Demo Patrol"),
                Span("2017-01-10T22:30:00", "2017-01-11T12:30:00", true),
                NoNotes,
            ],
        ),
        (
            "wildlife-insights/cameras.csv",
            CSV,
            vec![Count("rows", 9), Count("columns", 6), NoNotes],
        ),
        (
            "wildlife-insights/deployments.csv",
            CSV,
            vec![
                Format("wildlife-insights/deployments"),
                Count("rows", 5),
                Count("columns", 27),
                NoNotes,
            ],
        ),
        (
            "wildlife-insights/images.csv",
            CSV,
            vec![Format("wildlife-insights/images"), Count("rows", 49), Count("columns", 26)],
        ),
        ("SOURCES.md", "text/markdown", bare()),
    ]
}

#[test]
fn every_public_file_says_what_an_independent_reader_says() {
    let Some(data) = public_data() else { return };
    let mut expected = expected();
    let mut wrong = Vec::new();
    for entry in WalkDir::new(&data).sort_by_file_name() {
        let entry = entry.unwrap();
        if !entry.file_type().is_file() {
            continue;
        }
        let name = entry.path().strip_prefix(&data).unwrap().to_str().unwrap().to_owned();
        let Some(at) = expected.iter().position(|(known, _, _)| *known == name) else {
            wrong.push(format!("{name}: nothing is written down for it"));
            continue;
        };
        let (_, media_type, facts) = expected.remove(at);
        let last = entry.file_name().to_str().unwrap();
        let (kind, found) = facts_of(last, &std::fs::read(entry.path()).unwrap());
        if kind != media_type {
            wrong.push(format!("{name}: {kind}, not {media_type}"));
        }
        for (number, fact) in facts.iter().enumerate() {
            if !holds(&found, fact) {
                wrong.push(format!("{name}: fact {number} is otherwise in {found:#?}"));
            }
        }
        // Whatever was found can stand in a row.
        for attribute in
            Attribute::of_file(&treering::evidence::path::RowPath::new(b"a").unwrap(), kind, &found)
        {
            assert_eq!(Attribute::read(attribute.name(), attribute.value()), Ok(attribute));
        }
    }
    for (name, _, _) in expected {
        wrong.push(format!("{name}: it is not there"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
