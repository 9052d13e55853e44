//! Labels that can be traced to their pictures, and from there to what rests on them.

use super::picture::{SECRET, jpeg};
use super::support::program::{Desk, Run};

const MEGADETECTOR: &str = r#"{
 "info": {"detector": "md_v5a.0.0.pt", "format_version": "1.3"},
 "detection_categories": {"1": "animal", "2": "person"},
 "images": [
  {"file": "cards\\cam1\\IMG_1.JPG", "detections": [{"category": "1", "conf": 0.97, "bbox": [0,0,1,1]}]},
  {"file": "cam2/IMG_1.JPG", "detections": [{"category": "2", "conf": 0.1, "bbox": [0,0,1,1]}]},
  {"file": "elsewhere/IMG_9.JPG", "failure": "cannot be opened"}
 ]}"#;

const OBSERVATIONS: &str = "\
observationID,deploymentID,mediaID,observationType,scientificName,classificationMethod,classifiedBy
o1,d1,m1,animal,Cervus elaphus,human,a person
o2,d1,m2,blank,,machine,speciesnet
";

const MEDIA: &str =
    "mediaID,deploymentID,filePath\nm1,d1,cards/cam1/IMG_1.JPG\nm2,d1,cards/cam2/IMG_1.JPG\n";

const WILDLIFE_INSIGHTS: &str = "\
project_id,deployment_id,image_id,filename,identified_by,genus,species,common_name,cv_confidence
1,d,i1,cam1/IMG_1.JPG,Computer vision,Cervus,elaphus,Red deer,0.93
1,d,i2,cam2/IMG_1.JPG,Somebody,,,Blank,
";

fn desk() -> Desk {
    let desk = Desk::new();
    for n in 0..4u8 {
        desk.write(&format!("cards/cam{n}/IMG_1.JPG"), &jpeg(&SECRET, &[n; 9]));
    }
    desk.done(&["add", "cards", "--title", "Winter"]);
    desk.write("model.pt", b"weights");
    desk
}

fn add<'a>(desk: &Desk, file: &'a str, more: &[&'a str]) -> Run {
    desk.run(&[&["add", file, "--title", "Labels", "--derived-from", "@2"][..], more].concat())
}

const MADE_BY: [&str; 4] = ["--software", "megadetector@5.0a", "--model", "model.pt"];

/// The row of cam1's picture.
fn row(desk: &Desk, camera: &str) -> u64 {
    (0..4)
        .find(|row| {
            let shown = desk.run(&["show", &format!("@2#{row}"), "--lineage"]);
            shown.answer["lineage"].is_object() && row_path(desk, *row).contains(camera)
        })
        .expect("a row")
}

fn row_path(desk: &Desk, row: u64) -> String {
    let out = desk.home().join("path");
    let _ = std::fs::remove_file(&out);
    let (row, out) = (row.to_string(), out.display().to_string());
    desk.done(&["disclose", "@2", "--rows", &row, "--attributes", "path", "-o", &out]);
    String::from_utf8_lossy(&std::fs::read(out).unwrap()).into_owned()
}

#[test]
fn a_label_is_traced_from_its_picture() {
    let desk = desk();
    desk.write("out/md.json", MEGADETECTOR.as_bytes());
    let added = add(&desk, "out/md.json", &[&MADE_BY[..], &["--parameters", "model.pt"]].concat());
    assert_eq!(added.code, Some(0), "{}", added.text);
    assert!(
        added.text.contains("2 of the pictures that the labels name are rows"),
        "{}",
        added.text
    );
    assert!(!added.text.contains("R19"), "{}", added.text);
    let fields = desk.done(&["show", "@3"])["statement"]["fields"].clone();
    assert_eq!(fields["evidence"], "labels");
    let derived = &fields["derived_from"];
    assert_eq!(derived["software"], "megadetector@5.0a");
    assert_eq!(derived["model"], derived["parameters"]);
    assert_eq!(derived["sources"][0]["rows"].as_array().map(Vec::len), Some(2));

    desk.write("obs/observations.csv", OBSERVATIONS.as_bytes());
    desk.write("obs/media.csv", MEDIA.as_bytes());
    desk.done(&[
        "add",
        "obs",
        "--title",
        "Seen",
        "--derived-from",
        "@2",
        "--software",
        "speciesnet@4",
        "--model",
        "model.pt",
    ]);
    let cam1 = row(&desk, "cam1");
    let lineage = desk.done(&["show", &format!("@2#{cam1}"), "--lineage"])["lineage"].clone();
    let below = lineage["below"].as_array().unwrap();
    assert_eq!(below.len(), 2);
    assert_eq!(below[0]["labels"]["of_picture"][0]["what"], "animal");
    assert_eq!(below[0]["labels"]["of_picture"][0]["by"], "machine");
    assert_eq!(below[1]["labels"]["of_picture"][0]["what"], "Cervus elaphus");
    assert_eq!(below[1]["labels"]["of_picture"][0]["by"], "person");
    // A picture that no label names has none below it.
    let cam3 = row(&desk, "cam3");
    let lineage = desk.done(&["show", &format!("@2#{cam3}"), "--lineage"])["lineage"].clone();
    assert_eq!(lineage["below"], serde_json::json!([]));
    // As a whole: how many a person checked.
    let whole = desk.done(&["show", "@2", "--lineage"])["lineage"].clone();
    assert_eq!(whole["below"][1]["labels"]["by_person"], 1);
    assert_eq!(whole["below"][1]["labels"]["by_machine"], 1);
    // Labels that were changed since are not shown as what was recorded.
    desk.write("obs/observations.csv", OBSERVATIONS.replace("human", "machine").as_bytes());
    let whole = desk.done(&["show", "@2", "--lineage"])["lineage"].clone();
    assert_eq!(whole["below"][1]["labels"]["files_not_here"], 1);
    assert_eq!(whole["below"][1]["labels"]["labels"], 0);
}

#[test]
fn labels_come_in_many_tables() {
    let desk = desk();
    desk.write("wi.csv", WILDLIFE_INSIGHTS.as_bytes());
    desk.write(
        "own.csv",
        "\u{feff}RelativePath,File,Species\ncards\\cam0,IMG_1.JPG,Vulpes vulpes\n".as_bytes(),
    );
    assert_eq!(add(&desk, "wi.csv", &MADE_BY).code, Some(0));
    assert_eq!(add(&desk, "own.csv", &MADE_BY).code, Some(0));
    let cam1 = row(&desk, "cam1");
    let below =
        desk.done(&["show", &format!("@2#{cam1}"), "--lineage"])["lineage"]["below"].clone();
    let label = &below[0]["labels"]["of_picture"][0];
    assert_eq!((&label["what"], &label["by"]), (&"Cervus elaphus".into(), &"machine".into()));
    assert_eq!(label["sure_thousandths"], 930);
    let cam0 = row(&desk, "cam0");
    let below =
        desk.done(&["show", &format!("@2#{cam0}"), "--lineage"])["lineage"]["below"].clone();
    assert_eq!(below[0]["labels"]["of_picture"][0]["what"], "Vulpes vulpes");
}

#[test]
fn labels_without_a_model_are_warned_of() {
    let desk = desk();
    desk.write("md.json", MEGADETECTOR.as_bytes());
    let bare = add(&desk, "md.json", &[]);
    assert_eq!(bare.code, Some(0), "{}", bare.text);
    assert!(bare.text.contains("--software NAME@VERSION and --model FILE"), "{}", bare.text);
    desk.write("md2.json", MEGADETECTOR.replace("0.97", "0.96").as_bytes());
    let unsaid = desk.run(&["add", "md2.json", "--title", "Labels"]);
    assert!(unsaid.text.contains("say what they were made from"), "{}", unsaid.text);
}

#[test]
fn many_rows_are_named_as_a_whole() {
    let desk = desk();
    desk.write("out.txt", b"a summary");
    let all = desk.run(&["add", "out.txt", "--title", "Sum", "--derived-from", "@2#0-3"]);
    assert_eq!(all.code, Some(0), "{}", all.text);
    let sources =
        desk.done(&["show", "@3"])["statement"]["fields"]["derived_from"]["sources"].clone();
    assert_eq!(sources[0]["rows"], serde_json::Value::Null, "all rows are no list of rows");
}

#[test]
fn what_cannot_be_derived_is_explained() {
    let desk = desk();
    desk.write("out.txt", b"a summary");
    desk.write("none.json", br#"{"images": [{"file": "x/y.JPG", "detections": []}]}"#);
    let add = |more: &[&str]| desk.run(&[&["add", "out.txt", "--title", "t"][..], more].concat());
    let refused = |run: Run, words: &str| {
        assert_eq!(run.code, Some(2), "{}", run.text);
        assert!(run.text.contains(words), "{words:?} is not in\n{}", run.text);
    };
    refused(add(&["--software", "x@1"]), "derived-from");
    for bad in ["megadetector", "@1", "x@", "a@b@c", " x@1"] {
        refused(add(&["--derived-from", "@2", "--software", bad]), "no software with a version");
    }
    refused(add(&["--derived-from", "@0"]), "anchors no files");
    refused(add(&["--derived-from", "@9"]), "no statement");
    refused(add(&["--derived-from", "@2#4"]), "no row 4");
    refused(add(&["--derived-from", "@2#"]), "no rows");
    refused(add(&["--derived-from", "@2", "--derived-from", "@2#1"]), "twice");
    let run = desk.run(&["add", "none.json", "--title", "t", "--derived-from", "@2"]);
    refused(run, "none of the pictures");
    let run = desk.run(&["show", "@2#9", "--lineage"]);
    refused(run, "no row 9");
    refused(desk.run(&["show", "@1#0", "--lineage"]), "no rows");
    assert_ne!(add(&["--derived-from", "@2", "--model", "nowhere.pt"]).code, Some(0));
    assert_eq!(
        desk.done(&["log"])["statements"].as_array().map(Vec::len),
        Some(3),
        "nothing was signed"
    );
}
