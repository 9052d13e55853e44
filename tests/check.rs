//! `treering check`, `audit` and `trust` as a stranger uses them: cards and pins are promises, a held copy is
//! held against its signatures, and no file keeps the others from being checked.

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::program::Desk;

/// A park that recorded two files, with its card and the receipt of one, and a verifier who has both.
struct Scene {
    park: Desk,
    verifier: Desk,
}

impl Scene {
    fn new() -> Scene {
        let park = Desk::new();
        park.record("lynx");
        park.record("ibex");
        park.done(&["card", "-o", "../card.json"]);
        fs::create_dir(park.park().join("out")).unwrap();
        park.done(&["receipt", "lynx.jpg", "-o", "out/lynx.receipt.json"]);
        Scene { park, verifier: Desk::new() }
    }

    fn card(&self) -> String {
        self.park.home().join("card.json").display().to_string()
    }

    fn file(&self, name: &str) -> String {
        self.park.park().join(name).display().to_string()
    }

    /// The card with one word of it changed.
    fn forged_card(&self) -> String {
        let card = fs::read_to_string(self.card()).unwrap();
        let path = self.park.home().join("forged.json");
        fs::write(&path, card.replace("\"name\": \"Park\"", "\"name\": \"Another park\"")).unwrap();
        path.display().to_string()
    }

    fn check_receipt(&self, more: &[&str]) -> (Option<i32>, Value) {
        let (photo, receipt) = (self.file("lynx.jpg"), self.file("out/lynx.receipt.json"));
        let run = self.verifier.run(&[&["check", &photo, "--receipt", &receipt], more].concat());
        (run.code, run.answer)
    }

    fn audit(&self, more: &[&str]) -> (Option<i32>, Value) {
        let public = self.park.public().display().to_string();
        let run = self.verifier.run(&[&["audit", &public], more].concat());
        (run.code, run.answer)
    }
}

fn says(value: &Value, words: &str) -> bool {
    value.to_string().contains(words)
}

#[test]
fn a_card_is_a_promise_as_a_whole() {
    let scene = Scene::new();
    let (code, answer) = scene.check_receipt(&["--card", &scene.card()]);
    assert_eq!((code, &answer["recognised"]["card"]), (Some(4), &true.into()), "{answer}");
    let (code, answer) = scene.check_receipt(&["--card", &scene.forged_card()]);
    assert_eq!(code, Some(3), "{answer}");
    assert!(says(&answer, "the name on the card is not the one"), "{answer}");

    let (code, answer) = scene.audit(&["--card", &scene.card()]);
    assert_eq!((code, &answer["ledger"]["recognised"]["card"]), (Some(4), &true.into()));
    let (code, answer) = scene.audit(&["--card", &scene.forged_card()]);
    assert_eq!(code, Some(3), "{answer}");
    assert!(says(&answer, "promise-differs"), "{answer}");
}

#[test]
fn a_pin_is_used_and_its_absence_is_said() {
    let scene = Scene::new();
    let (code, answer) = scene.check_receipt(&[]);
    assert_eq!(code, Some(2), "{answer}");
    assert!(scene.audit(&[]).1["ledger"]["recognised"]["pin"].is_null());

    scene.verifier.done(&["trust", "pin", &scene.card(), "--i-have-compared"]);
    let (code, answer) = scene.check_receipt(&[]);
    assert_eq!((code, &answer["files"][0]["result"]), (Some(4), &"MATCHES".into()), "{answer}");
    assert!(answer["recognised"]["pin"]["compared"].is_string(), "{answer}");
    let (_, answer) = scene.audit(&[]);
    assert!(answer["ledger"]["recognised"]["pin"]["compared"].is_string(), "{answer}");

    // The pins of a store that this computer does not sign in say nothing.
    let public = scene.park.public().display().to_string();
    let mut command = scene.verifier.command(&["audit", &public]);
    let elsewhere = tempfile::tempdir().unwrap();
    let output = command.env("TREERING_STATE_DIR", elsewhere.path()).output().unwrap();
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(answer["ledger"]["recognised"]["pin"].is_null(), "{answer}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("are not used"));
}

#[test]
fn a_pin_that_was_made_from_a_forged_card() {
    let scene = Scene::new();
    scene.verifier.done(&["trust", "pin", &scene.forged_card(), "--i-have-compared"]);
    let (code, answer) = scene.check_receipt(&[]);
    assert_eq!(code, Some(3), "{answer}");
    assert!(says(&answer, "that was pinned (trust.toml)"), "{answer}");
    assert_eq!(scene.audit(&[]).0, Some(3));
}

/// A receipt of a ledger that is not among the pinned ones is refused, and its ledger named.
#[test]
fn a_receipt_of_an_unpinned_ledger() {
    let (scene, other) = (Scene::new(), Scene::new());
    scene.verifier.done(&["trust", "pin", &other.card(), "--i-have-compared"]);
    let (code, answer) = scene.check_receipt(&[]);
    assert_eq!(code, Some(2), "{answer}");
    assert!(says(&answer, "which nobody has pinned here"), "{answer}");
}

fn results(answer: &Value) -> Vec<&str> {
    answer["files"].as_array().unwrap().iter().map(|f| f["result"].as_str().unwrap()).collect()
}

#[test]
fn every_file_gets_its_own_line_in_a_held_copy() {
    let Scene { park, .. } = Scene::new();
    park.write("added.jpg", b"never recorded");
    park.write("ibex.jpg", b"other bytes under the same name");
    fs::create_dir(park.park().join("folder")).unwrap();
    let run = park.run(&["check", "lynx.jpg", "ibex.jpg", "added.jpg", "gone.jpg", "folder"]);
    let expected = ["MATCHES", "DIFFERS", "NOT RECORDED", "MISSING", "UNREADABLE"];
    assert_eq!(results(&run.answer), expected, "{}", run.text);
    assert_eq!(run.code, Some(3));
    let run = park.run(&["check", "lynx.jpg", "gone.jpg"]);
    assert_eq!(run.code, Some(4), "{}", run.text);
    park.done(&["check", "lynx.jpg"]);
}

/// Without a receipt a policy asks when the recording was witnessed.
#[test]
fn a_policy_is_used_in_a_held_copy() {
    let Scene { park, .. } = Scene::new();
    park.write("none.policy", b"quorum none\n");
    let answer = park.done(&["check", "lynx.jpg", "--policy", "none.policy"]);
    assert_eq!(answer["files"][0]["time"], "NOT ASKED");
    let witness =
        "witness w1 witness.example/w1+6432bdf0+BBBnDWLDEvGGTiLH5POoksEgTKzZXqBWpthqw+3/+6fg";
    park.write("w1.policy", format!("{witness}\nquorum w1\n").as_bytes());
    let run = park.run(&["check", "lynx.jpg", "--policy", "w1.policy"]);
    assert_eq!(run.code, Some(4), "{}", run.text);
    assert_eq!(run.answer["files"][0]["time"], "NOT CHECKED");
}

fn manifests(park: &Desk) -> Vec<PathBuf> {
    let listed = fs::read_dir(park.store().join("manifests")).unwrap();
    listed.map(|entry| entry.unwrap().path()).collect()
}

/// One damaged manifest does not keep the files of the others from being found.
#[test]
fn a_damaged_manifest_is_named_and_the_others_are_read() {
    let Scene { park, .. } = Scene::new();
    let of_ibex = manifests(&park).into_iter().find(|path| {
        let bytes = fs::read(path).unwrap();
        bytes.windows(8).any(|window| window == b"ibex.jpg")
    });
    fs::write(of_ibex.unwrap(), b"not a manifest").unwrap();
    let run = park.run(&["check", "lynx.jpg", "ibex.jpg"]);
    assert_eq!(results(&run.answer), ["MATCHES", "NOT RECORDED"], "{}", run.text);
    assert_eq!(run.code, Some(4), "{}", run.text);
}

/// The statement that a manifest leads to must be in the tree that the log key signed.
#[test]
fn a_held_copy_whose_bytes_were_changed_proves_nothing() {
    let Scene { park, .. } = Scene::new();
    let public = park.public();
    let untouched = fs::read(public.join("checkpoint")).unwrap();
    for name in ["checkpoint", "tile/entries/000.p/4", "tile/0/000.p/4"] {
        let path = public.join(name);
        let original = fs::read(&path).unwrap();
        let mut changed = original.clone();
        let last = changed.len() - 40;
        changed[last] ^= 1;
        fs::write(&path, &changed).unwrap();
        let run = park.run(&["check", "ibex.jpg"]);
        assert_eq!(run.code, Some(3), "{name}: {}", run.text);
        assert!(!run.text.contains("MATCHES"), "{name}: {}", run.text);
        fs::write(&path, &original).unwrap();
    }
    assert_eq!(fs::read(public.join("checkpoint")).unwrap(), untouched);
    park.done(&["check", "ibex.jpg"]);
}

/// Two auditors of the same folder write the same report, wherever it lies.
#[test]
fn a_report_says_nothing_of_the_machine_it_was_made_on() {
    let scene = Scene::new();
    let copy = tempfile::tempdir().unwrap();
    copy_all(&scene.park.public(), &copy.path().join("carried"));
    fs::write(copy.path().join("carried/stray"), b"").unwrap();
    fs::write(scene.park.public().join("stray"), b"").unwrap();
    let carried = copy.path().join("carried").display().to_string();
    let there = scene.verifier.run(&["audit", &carried, "--as-of", "2000000000"]).answer;
    assert_eq!(scene.audit(&["--as-of", "2000000000"]).1, there);
    assert!(!says(&there, &carried));
}

fn copy_all(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let place = to.join(entry.path().strip_prefix(from).unwrap());
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(place).unwrap(),
            false => drop(fs::copy(entry.path(), place).unwrap()),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_is_never_waited_for() {
    let scene = Scene::new();
    let pipe = scene.park.home().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let pipe = pipe.display().to_string();
    let photo = scene.file("lynx.jpg");
    for args in [
        vec!["check", &photo, "--receipt", &pipe],
        vec!["check", &photo, "--card", &pipe],
        vec!["audit", "--card", &pipe],
        vec!["trust", "pin", &pipe],
    ] {
        assert_eq!(scene.verifier.run(&args).code, Some(2), "{args:?}");
    }
    let (_, answer) = scene.check_receipt(&["--card", &scene.card()]);
    assert_eq!(results(&answer), ["MATCHES"]);
}
