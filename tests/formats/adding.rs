//! What `treering add` makes of packages, profiles, lists and bad input, by the program itself.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use serde_json::Value;
use treering::evidence::attribute::Attribute;
use treering::evidence::manifest::{ManifestReader, ManifestRow};

use super::public_data;
use super::samples;
use super::support::program::Desk;

const DEPLOYMENTS: &str = "\u{feff}deploymentID,latitude,longitude,deploymentStart,deploymentEnd,timestampIssues\r\
    D1,46.5,10.2,2021-06-01T00:00:00+02:00,2021-06-30T00:00:00+02:00,false\r\
    D2,46.6,10.3,2021-06-30T00:00:00+02:00,2021-06-01T00:00:00+02:00,false\r";
const MEDIA: &str = "mediaID,deploymentID,timestamp,filePath,filePublic,fileMediatype\n\
    m1,D1,2021-06-02T10:00:00+02:00,media/1.jpg,true,image/jpeg\n\
    m2,D1,2021-06-02T10:00:05+02:00,media/2.jpg,true,image/jpeg\n\
    m3,D2,2021-06-10T10:00:00+02:00,./media/3.jpg,true,image/jpeg\n\
    m3,D2,2021-06-10T10:00:00+02:00,media/4.jpg,true,image/jpeg\n\
    m5,D1,2021-08-02T10:00:00+02:00,media/gone.jpg,true,image/jpeg\n\
    m6,D9,2021-06-02T10:00:00+02:00,https://example.org/6.jpg,true,image/jpeg\n\
    m7,D1,2021-06-02T10:00:00+02:00,../../../etc/passwd,true,image/jpeg\n";
const OBSERVATIONS: &str = "observationID,deploymentID,mediaID,eventStart,eventEnd,observationLevel,observationType,scientificName,classificationMethod,classifiedBy\n\
    o1,D1,m1,2021-06-02T08:00:00Z,2021-06-02T08:00:00Z,media,animal,Capra ibex,machine,MegaDetector 5.0a\n\
    o2,D1,,2021-06-02T08:00:05Z,2021-06-02T08:00:05Z,event,human,,human,Mara Rust\n\
    o3,D2,m3,2021-06-10T08:00:00Z,2021-06-10T08:00:00Z,media,animal,Lynx lynx,machine,some model\n\
    o4,D2,m9,2021-06-10T08:00:00Z,2021-06-10T08:00:00Z,media,animal,,human,\n";

fn package(desk: &Desk, version: &str) {
    let descriptor = format!(
        r#"{{"profile":"https://x.example/camtrap-dp/{version}/camtrap-dp-profile.json","title":"Survey",
        "resources":[{{"name":"deployments","path":"deployments.csv"}},
        {{"name":"media","path":"media.csv","hash":"sha256:{}"}},
        {{"name":"observations","path":"observations.csv","hash":"0cc175b9c0f1b6a831c399e269772661"}}]}}"#,
        "00".repeat(32)
    );
    desk.write("survey/datapackage.json", descriptor.as_bytes());
    desk.write("survey/deployments.csv", DEPLOYMENTS.as_bytes());
    desk.write("survey/media.csv", MEDIA.as_bytes());
    desk.write("survey/observations.csv", OBSERVATIONS.as_bytes());
    let jpeg = samples::all().into_iter().find(|(name, _, _)| *name == "a.jpg").unwrap().1;
    for number in 1..=4u8 {
        desk.write(&format!("survey/media/{number}.jpg"), &[&jpeg[..], &[number]].concat());
    }
}

/// The attributes of all rows of a manifest, by path.
fn rows(desk: &Desk, root: &str) -> Vec<(String, Vec<Attribute>)> {
    let manifest = desk.store().join("manifests").join(root);
    let mut reader = ManifestReader::new(BufReader::new(File::open(manifest).unwrap())).unwrap();
    let mut all = Vec::new();
    while let Some(row) = reader.next_row().unwrap() {
        let ManifestRow::Shown { show, .. } = row else { panic!("all rows are shown") };
        let attributes: Vec<Attribute> = show.iter().map(|one| one.attribute().clone()).collect();
        let path = attributes.iter().find_map(|attribute| match attribute {
            Attribute::Path(path) => Some(path.to_string()),
            _ => None,
        });
        all.push((path.unwrap(), attributes));
    }
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

fn roots(answer: &Value) -> Vec<(String, String, u64)> {
    let one = |statement: &Value| {
        (
            statement["evidence_root"].as_str().unwrap().to_owned(),
            statement["access"].as_str().unwrap().to_owned(),
            statement["rows"].as_u64().unwrap(),
        )
    };
    answer["statements"].as_array().unwrap().iter().map(one).collect()
}

/// Notes as (file, beginning of the note, row).
fn notes(answer: &Value) -> Vec<(String, String, Option<u64>)> {
    let all = answer["field"]["notes"].as_array().unwrap();
    all.iter()
        .map(|note| {
            let text = |key: &str| note[key].as_str().unwrap().to_owned();
            (text("file"), text("note"), note["row"].as_u64())
        })
        .collect()
}

#[track_caller]
fn has(notes: &[(String, String, Option<u64>)], file: &str, words: &str, row: Option<u64>) {
    let found =
        notes.iter().any(|note| note.0.ends_with(file) && note.1.contains(words) && note.2 == row);
    assert!(found, "{file} {words} {row:?} in {notes:#?}");
}

#[test]
fn a_package_is_anchored_by_deployment_and_people_stay_sealed() {
    for version in ["1.0.2", "1.0-rc.1", "0.1.6"] {
        let desk = Desk::new();
        package(&desk, version);
        let run = desk.run(&["add", "survey", "--access", "public"]);
        // A media path that leads out, and a hash that does not fit, were not read: exit 4.
        assert_eq!(run.code, Some(4), "{}", run.text);
        let anchors = roots(&run.answer);
        let shape: Vec<(&str, u64)> = anchors.iter().map(|(_, a, n)| (a.as_str(), *n)).collect();
        // Tables and the file without a row; D1 open; D1 with people; D2.
        assert_eq!(shape, [("public", 5), ("public", 1), ("sealed", 1), ("public", 1)]);
        let sealed = rows(&desk, &anchors[2].0);
        assert_eq!(sealed[0].0, "survey/media/2.jpg");
        assert!(sealed[0].1.contains(&Attribute::Labels(vec!["human".into()])));
        assert!(sealed[0].1.contains(&Attribute::Classified { by_machine: false, model: None }));
        assert!(!format!("{:?}", sealed).contains("Mara"), "a person is never named");
        // Where the deployment was, on a grid of a tenth of a degree.
        let place = &desk.done(&["show", "@3"])["statement"]["fields"]["place"];
        assert_eq!(place["step"], 100_000, "{place}");
        let open = rows(&desk, &anchors[1].0);
        assert_eq!(open[0].0, "survey/media/1.jpg");
        let expected = [
            Attribute::MediaId("m1".into()),
            Attribute::Deployment("D1".into()),
            Attribute::Labels(vec!["animal".into()]),
            Attribute::Species(vec!["Capra ibex".into()]),
            Attribute::Classified { by_machine: true, model: Some("MegaDetector 5.0a".into()) },
        ];
        for attribute in expected {
            assert!(open[0].1.contains(&attribute), "{attribute:?} in {open:#?}");
        }
        assert_eq!(run.answer["field"]["people"], 1);

        let notes = notes(&run.answer);
        has(&notes, "deployments.csv", "end before they begin", Some(2));
        has(&notes, "media.csv", "occur twice", Some(4));
        has(&notes, "media.csv", "media are not here", Some(5));
        has(&notes, "media.csv", "outside its deployment (R14)", Some(3));
        has(&notes, "media.csv", "remote address", Some(6));
        has(&notes, "media.csv", "deployment that no table has", Some(6));
        has(&notes, "media.csv", "leads out of the package", Some(7));
        has(&notes, "media.csv", "another hash or size", None);
        has(&notes, "observations.csv", "not checked here", None);
        has(&notes, "observations.csv", "no model and version (R19)", Some(3));
        has(&notes, "observations.csv", "media that no table has", Some(4));
        has(&notes, "media/4.jpg", "no media row names", None);

        // Again: nothing is recorded twice, and the audit finds nothing wrong.
        let again = desk.run(&["add", "survey", "--access", "public"]);
        assert_eq!(again.answer["already_recorded"].as_array().map(Vec::len), Some(8));
        assert_eq!(desk.done(&["audit"])["files"]["anchored"], 8);
    }
}

#[test]
fn the_published_manifest_of_a_package_shows_no_place_and_no_serial() {
    let desk = Desk::new();
    package(&desk, "1.0.2");
    let run = desk.run(&["add", "survey", "--access", "public"]);
    for (root, access, _) in roots(&run.answer) {
        let published = desk.public().join("manifests").join(&root);
        assert_eq!(published.exists(), access == "public");
        if access == "public" {
            let bytes = std::fs::read(published).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains("H500HH06211894") && !text.contains("human"));
        }
    }
}

#[test]
fn media_hashes_are_written_as_a_resource_of_the_package() {
    let desk = Desk::new();
    package(&desk, "1.0.2");
    let run = desk.run(&["add", "survey"]);
    assert_eq!(roots(&run.answer).len(), 3, "{}", run.text);
    let answer = desk.done(&["export", "camtrap-dp-hashes", "@3", "@4", "-o", "media-hashes.csv"]);
    let table = std::fs::read_to_string(desk.park().join("media-hashes.csv")).unwrap();
    let mut lines = table.lines();
    assert_eq!(lines.next(), Some("mediaID,sha256,bytes,ledger,statement,row"));
    let ids: Vec<&str> = lines.map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(ids, ["m1", "m2", "m3"]);
    let key = &answer["resource"]["schema"]["foreignKeys"][0];
    assert_eq!(
        (&key["fields"], &key["reference"]["resource"]),
        (&"mediaID".into(), &"media".into())
    );
    let sha256 = table.lines().nth(1).unwrap().split(',').nth(1).unwrap().to_owned();
    let file = std::fs::read(desk.park().join("survey/media/1.jpg")).unwrap();
    assert_eq!(sha256, treering::tlog::hash::Hash::of(&file).to_string());
    // Without -o the rows stand in the resource itself.
    let inline = desk.done(&["export", "camtrap-dp-hashes", "@3"]);
    assert_eq!(inline["resource"]["data"].as_array().map(Vec::len), Some(2));
    assert_eq!(desk.run(&["export", "camtrap-dp-hashes", "@2"]).code, Some(2));
}

#[test]
fn sensitive_species_stay_sealed_and_roughen_the_place() {
    let desk = Desk::new();
    package(&desk, "1.0.2");
    let list = "format = \"treering/sensitivity/v1\"\n[[taxon]]\nname = \"Lynx\"\ncategory = 1\n\
                [[taxon]]\nname = \"Manis javanica\"\ncategory = 2\n";
    desk.write("list.toml", list.as_bytes());
    let run = desk.run(&["add", "survey", "--access", "public", "--sensitivity", "list.toml"]);
    let shape: Vec<String> = roots(&run.answer).into_iter().map(|(_, access, _)| access).collect();
    assert_eq!(shape, ["public", "public", "sealed", "sealed"], "{}", run.text);
    assert_eq!(run.answer["field"]["unknown_taxa"], serde_json::json!(["Manis javanica"]));
    let anchor = desk.done(&["show", "@3"]);
    assert_eq!(anchor["statement"]["fields"]["place"]["step"], 1_000_000, "{anchor}");
    desk.write("bad.toml", list.replace("= 2", "= 9").as_bytes());
    assert_eq!(desk.run(&["add", "survey", "--sensitivity", "bad.toml"]).code, Some(2));
}

#[test]
fn a_collar_of_a_sensitive_species_stays_sealed() {
    let desk = Desk::new();
    let table = "event-id,timestamp,location-long,location-lat,tag-local-identifier,\
                 individual-taxon-canonical-name\n1,2014-02-11 21:00:00.000,10.2,46.5,T1,Lynx lynx\n";
    desk.write("in/collar.csv", table.as_bytes());
    desk.write("in/notes.txt", b"a quiet week\n");
    let list = "format = \"treering/sensitivity/v1\"\n[[taxon]]\nname = \"Lynx lynx\"\ncategory = 1\n\
                step = \"withhold\"\n";
    desk.write("list.toml", list.as_bytes());
    let answer = desk.done(&["add", "in", "--access", "public", "--sensitivity", "list.toml"]);
    let anchors = roots(&answer);
    assert_eq!((anchors[0].1.as_str(), anchors[1].1.as_str()), ("public", "sealed"), "{answer}");
    assert_eq!(rows(&desk, &anchors[1].0)[0].0, "in/collar.csv");
    assert_eq!(answer["field"]["unknown_taxa"], serde_json::json!([]));
    // Nothing was moved, so a draft of the same command would be taken up as it is.
    let again = desk.done(&["add", "in", "--access", "public", "--sensitivity", "list.toml"]);
    assert_eq!(again["already_recorded"].as_array().map(Vec::len), Some(2));
}

#[test]
fn logs_and_series_by_a_profile() {
    let desk = Desk::new();
    desk.write(
        "profile.toml",
        br#"
[[log]]
files = "EEW*.csv"
kind = "elephant-early-warning"
time = "When"
time_format = "%d/%m/%Y %H:%M"
offset = "+07:00"
event = "Type"
seal = ["human"]

[[series]]
files = "*.jpg"
name = "{station}_{plot}_{subject}_{date}.jpg"
date_format = "%Y%m%d"
expected = "fragments.csv"
"#,
    );
    desk.write("fragments.csv", b"station,plot,subject\nA,T3,F-1\nA,T3,F-2\n");
    desk.write("in/EEW 1.csv", b"When,Type\n05/06/2024 17:21,elephant\n06/06/2024 01:00,human\n");
    let jpeg = samples::all().into_iter().find(|(name, _, _)| *name == "a.jpg").unwrap().1;
    desk.write("in/A_T3_F-1_20240501.jpg", &jpeg);
    let answer = desk.done(&["add", "in", "--access", "public", "--profile", "profile.toml"]);
    assert_eq!(answer["field"]["missing"], serde_json::json!(["plot T3, station A, subject F-2"]));
    let anchors = roots(&answer);
    assert_eq!((anchors.len(), anchors[1].1.as_str()), (2, "sealed"), "{answer}");
    let log = rows(&desk, &anchors[1].0);
    assert!(log[0].1.contains(&Attribute::Format("log/elephant-early-warning".into())));
    let picture = rows(&desk, &anchors[0].0);
    assert!(picture[0].1.iter().any(|attribute| matches!(attribute, Attribute::Series(_))));
    desk.write("wrong.toml", b"[[log]]\nfiles = \"*\"\nkind = \"x\"\ncolour = 1\n");
    let run = desk.run(&["add", "in", "--profile", "wrong.toml"]);
    assert_eq!(run.code, Some(2), "{}", run.text);
}

#[test]
fn bad_input_is_listed_and_stops_nothing() {
    let desk = Desk::new();
    let samples = samples::all();
    let sample =
        |name: &str| samples.iter().find(|(known, _, _)| *known == name).unwrap().1.clone();
    let wave = sample("a.WAV");
    let bad: Vec<(&str, Vec<u8>, &str)> = vec![
        ("cut.wav", wave[..wave.len() / 2].to_vec(), "cut off"),
        ("empty.WAV", vec![], "without any bytes"),
        (
            "pointer.WAV",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n".to_vec(),
            "git-LFS",
        ),
        ("text.jpg", b"not a picture at all\n".to_vec(), "another kind"),
        (
            "ragged.csv",
            b"a,b,timestamp\n1,2\n3,4,00.00.0000\n5,6,2021-02-31\n".to_vec(),
            "more or fewer fields",
        ),
        ("latin.csv", b"name,sightings\nGr\xfc\xdfe aus dem Park,1\n".to_vec(), "Latin-1"),
        ("wide.csv", b"a,".repeat(5_000), "too many columns"),
        ("swapped.csv", b"latitude,longitude\n110.5,46.2\n95,200\n".to_vec(), "seem exchanged"),
        (
            "deep.json",
            format!("{}1{}", "[".repeat(100), "]".repeat(100)).into_bytes(),
            "too deeply",
        ),
        ("cut.mp4", sample("a.mov")[..40].to_vec(), "cut off"),
        ("cut.csv.gz", sample("events.csv.gz")[..60].to_vec(), "cut off"),
    ];
    for (name, bytes, _) in &bad {
        desk.write(&format!("card/{name}"), bytes);
    }
    let run = desk.run(&["add", "card"]);
    assert_eq!(run.code, Some(4), "{}", run.text);
    assert_eq!(run.answer["recorded"], bad.len(), "{}", run.text);
    let notes = notes(&run.answer);
    for (name, _, words) in &bad {
        let found = notes.iter().any(|note| note.0.ends_with(name) && note.1.contains(words));
        assert!(found, "{name}: {words} in {notes:#?}");
    }
    has(&notes, "ragged.csv", "no date", Some(3));
    has(&notes, "ragged.csv", "not set", Some(2));
    assert_eq!(desk.done(&["audit"])["files"]["anchored"], bad.len());
}

#[test]
fn places_outside_the_boundary() {
    let desk = Desk::new();
    let samples = samples::all();
    let gpx = &samples.iter().find(|(name, _, _)| *name == "walk.gpx").unwrap().1;
    desk.write("walk.gpx", gpx);
    let square = |south: f64| {
        let north = south + 1.0;
        format!(
            r#"{{"type":"Polygon","coordinates":[[[10,{south}],[11,{south}],[11,{north}],[10,{north}],[10,{south}]]]}}"#
        )
    };
    desk.write("inside.geojson", square(46.0).as_bytes());
    desk.write("outside.geojson", square(50.0).as_bytes());
    let dry = |boundary: &str| desk.done(&["add", "walk.gpx", "--dry-run", "--boundary", boundary]);
    assert_eq!(notes(&dry("inside.geojson")), []);
    has(&notes(&dry("outside.geojson")), "walk.gpx", "outside the boundary (R15)", None);
}

#[test]
fn all_public_data_through_add_and_audit() {
    let Some(data) = public_data() else { return };
    let desk = Desk::new();
    let copy = desk.park().join("public");
    copy_tree(&data, &copy);
    let run = desk.run(&["add", "public"]);
    assert_eq!(run.code, Some(4), "{}", run.text);
    assert_eq!(run.answer["recorded"], 58, "{}", run.text);
    assert_eq!(run.answer["field"]["unreadable"], 2, "the empty recording and the pointer");
    // The four pictures of the one deployment whose media are here, and the rest.
    let shape: Vec<u64> = roots(&run.answer).into_iter().map(|(_, _, rows)| rows).collect();
    assert_eq!(shape, [54, 4]);
    assert_eq!(run.answer["field"]["kept_sealed"], 2, "two patrols");
    let audit = desk.done(&["audit", "--files", "."]);
    assert_eq!(audit["files"]["anchored"], 58, "{audit}");
}

fn copy_tree(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let target = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => std::fs::create_dir_all(target).unwrap(),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}
