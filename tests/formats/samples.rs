//! Small files of every format, made here: for where the real ones are absent, and as the ground from
//! which hostile ones are made.

use std::io::{Cursor, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::facts_of;

fn chunk(id: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let padding = &[0][..body.len() % 2];
    [&id[..], &(body.len() as u32).to_le_bytes(), body, padding].concat()
}

fn wave() -> Vec<u8> {
    let fmt =
        [&[1, 0, 1, 0][..], &8_000u32.to_le_bytes(), &16_000u32.to_le_bytes(), &[2, 0, 16, 0]];
    let comment = b"Recorded at 19:31:30 03/09/2024 (UTC+1) by AudioMoth 24E144055E080032 at gain";
    let info = [&b"INFO"[..], &chunk(b"ICMT", comment)].concat();
    let mut bext = vec![0; 602];
    bext[320..338].copy_from_slice(b"2024-09-0319-31-30");
    let chunks = [
        chunk(b"fmt ", &fmt.concat()),
        chunk(b"bext", &bext),
        chunk(b"LIST", &info),
        chunk(b"data", &[0; 1_600]),
        chunk(
            b"guan",
            b"GUANO|Version:1.0\nTimestamp:2024-09-03T19:31:30+01:00\nLoc Position:46.6 10.1",
        ),
    ];
    let body = [&b"WAVE"[..], &chunks.concat()].concat();
    [&b"RIFF"[..], &(body.len() as u32).to_le_bytes(), &body].concat()
}

fn movie() -> Vec<u8> {
    let boxed = |kind: &[u8; 4], body: &[u8]| {
        [&(body.len() as u32 + 8).to_be_bytes()[..], kind, body].concat()
    };
    let mut mvhd = vec![0; 100];
    mvhd[4..8].copy_from_slice(&3_700_000_000u32.to_be_bytes());
    mvhd[12..16].copy_from_slice(&600u32.to_be_bytes());
    mvhd[16..20].copy_from_slice(&9_000u32.to_be_bytes());
    let keys =
        [&[0, 0, 0, 0, 0, 0, 0, 1][..], &boxed(b"mdta", b"com.apple.quicktime.creationdate")];
    let data =
        boxed(b"data", &[&[0, 0, 0, 1, 0, 0, 0, 0][..], b"2021-03-31T14:13:20+0200"].concat());
    let ilst = boxed(&[0, 0, 0, 1], &data);
    let meta = [boxed(b"keys", &keys.concat()), boxed(b"ilst", &ilst)].concat();
    let moov = [boxed(b"mvhd", &mvhd), boxed(b"meta", &meta)].concat();
    [boxed(b"ftyp", b"qt  \0\0\0\0qt  "), boxed(b"mdat", &[1; 64]), boxed(b"moov", &moov)].concat()
}

fn jpeg() -> Vec<u8> {
    let segment =
        |body: &[u8]| [&b"\xff\xe1"[..], &(body.len() as u16 + 2).to_be_bytes(), body].concat();
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()]
            .concat()
    };
    // One directory with a pointer to EXIF, which holds a time and a maker's note.
    let mut note = vec![0x01, 0xf1];
    note.resize(80, 0);
    note[14] = 2;
    note[16] = 3;
    for (index, unit) in "H500HH06211894".encode_utf16().enumerate() {
        note[42 + 2 * index..44 + 2 * index].copy_from_slice(&unit.to_le_bytes());
    }
    let mut tiff = b"II\x2a\0\x08\0\0\0\x01\0".to_vec();
    tiff.extend(entry(0x8769, 4, 1, 26));
    tiff.extend([0; 4]);
    tiff.extend([2, 0]);
    tiff.extend(entry(0x9003, 2, 20, 56));
    tiff.extend(entry(0x927c, 7, note.len() as u32, 76));
    tiff.extend([0; 4]);
    tiff.extend(b"2023:06:20 13:09:04\0");
    tiff.extend(note);
    let exif = [&b"Exif\0\0"[..], &tiff].concat();
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='a'><Description \
                DateTimeOriginal='2023-06-20T13:09:04-06:00' GPSLatitude='42,56.78N' \
                GPSLongitude='116,31.38W'/></x:xmpmeta>";
    [&b"\xff\xd8"[..], &segment(&exif), &segment(xmp), b"\xff\xda\0\x02picture\xff\xd9"].concat()
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::default());
    writer.write_all(bytes).unwrap();
    writer.finish().unwrap()
}

fn geotiff() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: u32| {
        [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &count.to_le_bytes(), &value.to_le_bytes()]
            .concat()
    };
    let mut file = b"II\x2a\0\x08\0\0\0\x05\0".to_vec();
    for (tag, kind, count, value) in [
        (256, 4, 1, 100),
        (257, 4, 1, 200),
        (33_550, 12, 3, 74),
        (33_922, 12, 6, 98),
        (34_735, 3, 8, 146),
    ] {
        file.extend(entry(tag, kind, count, value));
    }
    file.extend([0; 4]);
    let doubles = [0.01f64, 0.01, 0.0, 0.0, 0.0, 0.0, 10.0, 47.0, 0.0];
    file.extend(doubles.iter().flat_map(|number| number.to_le_bytes()));
    file.extend([1u16, 1, 0, 1, 1_024, 0, 1, 2].iter().flat_map(|key| key.to_le_bytes()));
    file
}

pub const EVENTS: &str = "event-id,visible,timestamp,location-long,location-lat,\
    tag-local-identifier,individual-local-identifier,study-name\n\
    1,true,2014-02-11 21:00:00.000,-112.0,38.2,T1,Mira,\"Pumas, Utah\"\n\
    2,false,2014-02-12 03:00:00.000,-112.1,38.3,T1,Mira,\"Pumas, Utah\"\n";

const META: &str = r#"<archive xmlns="http://rs.tdwg.org/dwc/text/" metadata="eml.xml">
    <core fieldsTerminatedBy="\t" ignoreHeaderLines="1" rowType="http://rs.tdwg.org/dwc/terms/Occurrence">
    <files><location>occurrence.txt</location></files><id index="0"/>
    <field index="1" term="http://rs.tdwg.org/dwc/terms/eventDate"/>
    <field index="2" term="http://rs.tdwg.org/dwc/terms/decimalLatitude"/>
    <field index="3" term="http://rs.tdwg.org/dwc/terms/decimalLongitude"/></core></archive>"#;

/// Name, bytes, and the format they are read as.
pub fn all() -> Vec<(&'static str, Vec<u8>, &'static str)> {
    let occurrence = b"id\teventDate\tlat\tlon\n1\t2021-05-01/2021-05-03\t46.5\t10.2\n";
    let eml =
        b"<eml:eml xmlns:eml='x'><dataset><title>Ibex of the park</title></dataset></eml:eml>";
    let descriptor = br#"{"profile":"https://x/camtrap-dp/0.1.6/p.json","title":"T","resources":
        [{"name":"deployments","path":"deployments.csv"},{"name":"media","path":"media.csv.gz"}]}"#;
    let media =
        gzipped(b"mediaID,deploymentID,timestamp,filePath\nm1,d1,2021-05-01T10:00:00Z,a.jpg\n");
    vec![
        ("a.WAV", wave(), "guano/1.0"),
        ("a.mov", movie(), "iso-media"),
        ("a.jpg", jpeg(), ""),
        ("a.tif", geotiff(), "geotiff"),
        ("events.csv", EVENTS.into(), "movebank/events"),
        ("events.csv.gz", gzipped(EVENTS.as_bytes()), "movebank/events"),
        ("events.zip", zipped(&[("study/events.csv", EVENTS.as_bytes())]), "movebank/events"),
        (
            "reference.csv",
            b"tag-id,animal-id,deploy-on-date,deploy-off-date\nT1,Mira,2014-01-01,2014-06-01\n".into(),
            "movebank/reference",
        ),
        (
            "occurrence.zip",
            zipped(&[
                ("x/meta.xml", META.as_bytes()),
                ("x/occurrence.txt", occurrence),
                ("x/eml.xml", eml),
            ]),
            "darwin-core-archive",
        ),
        (
            "package.zip",
            zipped(&[
                ("datapackage.json", descriptor),
                ("deployments.csv", b"deploymentID,latitude,longitude\nd1,46.5,10.2\n"),
                ("media.csv.gz", &media),
            ]),
            "camtrap-dp/0.1.6",
        ),
        ("datapackage.json", descriptor.to_vec(), "camtrap-dp/0.1.6"),
        (
            "zone.geojson",
            br#"{"type":"Polygon","coordinates":[[[10,46],[11,46],[11,47],[10,46]]]}"#.into(),
            "geojson",
        ),
        (
            "walk.gpx",
            br#"<?xml version="1.0"?><gpx><trk><name>Walk</name><trkseg><trkpt lat="46.5" lon="10.2">
                <time>2025-01-17T14:13:32Z</time></trkpt></trkseg></trk></gpx>"#
                .into(),
            "gpx",
        ),
        (
            "zone.kml",
            br#"<?xml version="1.0"?><kml><Document><name>Zone</name><Placemark><Point><coordinates>
                10.2,46.5,0</coordinates></Point></Placemark></Document></kml>"#
                .into(),
            "kml",
        ),
        (
            "patrol.xml",
            br#"<?xml version="1.0"?><p:patrol xmlns:p="http://x/1.3/patrol" isArmed="true"><p:legs>
                <p:days date="2025-12-17" startTime="20:48:25" endTime="20:51:55">
                <p:waypoints x="-77.19" y="38.76" time="20:50:41"/></p:days></p:legs></p:patrol>"#
                .into(),
            "smart/patrol",
        ),
        (
            "patrol.json",
            br#"{"title":"Night","patrol_segments":[{"time_range":{"start_time":
                "2017-01-10T22:30:00Z"},"start_location":{"latitude":-2.3,"longitude":37.8}}]}"#
                .into(),
            "earthranger/patrol",
        ),
        (
            "minutes.pdf",
            b"%PDF-1.4\n1 0 obj<</Title(Minutes)/CreationDate(D:20240201120133Z)>>\n%%EOF\n".into(),
            "pdf/1.4",
        ),
    ]
}

#[test]
fn every_sample_is_read_as_what_it_is() {
    for (name, bytes, format) in all() {
        let (kind, facts) = facts_of(name, &bytes);
        assert_eq!(facts.format.as_deref().unwrap_or_default(), format, "{name} {kind} {facts:#?}");
        assert_eq!(facts.notes, [], "{name}");
        let dated = facts.captured.is_some() || facts.span.is_some();
        let descriptor = name == "datapackage.json" || name.starts_with("zone");
        assert!(dated || descriptor || name == "a.tif", "{name} {facts:#?}");
    }
}

#[test]
fn a_picture_by_exif_xmp_and_its_makers_note() {
    let (_, facts) = facts_of("a.jpg", &jpeg());
    assert_eq!(facts.captured.unwrap().seconds, 1_687_266_544);
    // The offset and the place are only in the packet, for the same wall clock.
    assert_eq!(facts.zone, Some(-21_600));
    assert_eq!(facts.place.unwrap().latitude, 42_946_333);
    let burst = facts.burst.unwrap();
    assert_eq!((burst.number, burst.of), (2, Some(3)));
    assert_eq!(facts.serial.as_deref(), Some("H500HH06211894"));
}

#[test]
fn a_film_by_its_offset() {
    let (_, facts) = facts_of("a.mov", &movie());
    assert_eq!(facts.zone, Some(7_200));
    assert_eq!(facts.captured.unwrap().seconds, 1_617_200_000);
    assert_eq!(facts.recording.unwrap().ms, 15_000);
}
