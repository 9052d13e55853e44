//! What is refused before anything is signed: with its field, why, and what to do.

use crate::stories::{CLAIM, Park, square};

/// A refusal names the field, the reason and the next step, and nothing was filed.
fn is_refused(park: &Park, args: &[&str], exit: i32, parts: &[&str]) {
    let size = park.desk.done(&["log"])["size"].clone();
    let run = park.desk.run(args);
    assert_eq!(run.code, Some(exit), "{args:?}\n{}", run.text);
    let lines = ["what", "why", "next"].map(|line| run.answer[line].as_str().unwrap_or_default());
    assert!(lines.iter().all(|line| !line.is_empty()), "{}", run.text);
    let said = lines.join("\n");
    for part in parts {
        assert!(said.contains(part), "{args:?}: {part:?} is not in\n{said}");
    }
    assert_eq!(park.desk.done(&["log"])["size"], size, "{args:?}");
}

#[test]
fn claims_that_are_wrong() {
    let park = Park::new();
    park.files(&["site", "--boundary", "park.geojson", "--key", "recorder"]);
    park.desk.write("outside.geojson", square(10.195, 46.61, 0.01).as_bytes());
    park.desk.write(
        "bow.geojson",
        br#"{"type":"Polygon","coordinates":[[[10.11,46.61],[10.12,46.62],[10.12,46.61],[10.11,46.625],[10.11,46.61]]]}"#,
    );
    park.desk.write("point.geojson", br#"{"type":"Point","coordinates":[10,46]}"#);
    let cases: [(&str, &str, &[&str]); 26] = [
        ("net_g = 900", "net_g = 901", &["totals.net_g", "900000000 follows", "project_g -"]),
        ("issuable_g = 720", "issuable_g = 721", &["totals.issuable_g", "net_g - buffer_g"]),
        ("leakage_g = 100_000_000\ndeduction", "leakage_g = 99_000_000\ndeduction", &["totals"]),
        ("net_g = 900_000_000", "net_g = 900.5", &["totals.net_g", "decimal", "grams CO2e"]),
        (
            "net_g = 900_000_000",
            "net_t = 900",
            &["totals.net_t", "no such field", "net_g is in grams"],
        ),
        ("net_g = 900_000_000", "net_g = \"900 t\"", &["totals.net_g", "text", "grams CO2e"]),
        (
            "area_m2 = 851_500",
            "area_ha = 85",
            &["area_ha", "no such field", "area_m2 is in square"],
        ),
        ("area_m2 = 851_500", "area_m2 = 700_000", &["area_m2", "700000 m2 are said", "851518"]),
        ("area_m2 = 851_500", "area_m2 = -1", &["area_m2", "less than 0", "square metres"]),
        ("plots", "outside", &["area", "outside the site's boundary", "beyond-site"]),
        ("plots", "bow", &["area", "cross", "mend"]),
        ("plots", "point", &["area", "no polygon", "GeoJSON"]),
        ("plots.geojson", "nothing.geojson", &["nothing.geojson", "check the name"]),
        ("until = 2026-01-01", "until = 2024-01-01", &["period", "ends before it begins"]),
        ("until = 2026-01-01", "until = 2026-02-30", &["cannot be read as a form", "line"]),
        (
            "share_ppm = 200_000",
            "share_ppm = 1_200_000",
            &["buffer.share_ppm", "more than the whole"],
        ),
        ("share_ppm = 200_000", "share_ppm = 300_000", &["totals.buffer_g", "300000 ppm"]),
        ("vintages = [2025]", "vintages = [2026]", &["vintages", "2026", "period"]),
        ("\"contribution\"", "\"compensation\"", &["host_country.authorisation", "letter"]),
        (
            "\"contribution\"",
            "\"offset\"",
            &["kind", "none of the words", "contribution, compensation"],
        ),
        ("rows = [0, 4]", "rows = [0, 40]", &["evidence[0]", "rows 0 to 39"]),
        ("statement = \"@2\", rows = [0, 4]", "statement = \"@1\"", &["no evidence but key.grant"]),
        ("evidence = [\"@2\"]", "evidence = [\"@99\"]", &["evidence[0]", "statements, @0 to"]),
        (
            "evidence = [{ statement = \"@2\", rows = [0, 4] }]",
            "",
            &["variables.dbh", "no evidence"],
        ),
        (
            "document = \"file:method.pdf\"",
            "document = \"VM0047\"",
            &["methodology.document", "digest"],
        ),
        (
            "id = \"larch-2025\"",
            "id = \"larch 2025\"",
            &["do not hold together", "letters, digits"],
        ),
    ];
    for (find, replace, parts) in cases {
        assert!(CLAIM.contains(find), "{find}");
        let form = park.claim(|text| text.replacen(find, replace, 1));
        is_refused(&park, &["claim", "file", form, "--key", "recorder"], 2, parts);
    }
    let twice = "\n[[pools]]\npool = \"above-ground-biomass\"\ngas = \"CO2\"\nbaseline_g = 0\n\
                 project_g = 0\nleakage_g = 0\n";
    let form = park.claim(|text| format!("{text}{twice}"));
    is_refused(&park, &["claim", "file", form, "--key", "recorder"], 2, &["pools", "twice"]);
    // An id is used once.
    let form = park.claim(str::to_string);
    park.files(&["claim", "file", form, "--key", "recorder"]);
    is_refused(&park, &["claim", "file", form, "--key", "recorder"], 2, &["id", "already"]);
}

#[test]
fn moves_beyond_the_balance() {
    let park = Park::new();
    let form = park.claim(str::to_string);
    park.files(&["claim", "file", form, "--key", "recorder"]);
    let common = ["--day", "2026-02-01", "--key", "recorder"];
    let moved = |one: &[&'static str]| [&["claim", "move", "larch-2025"], one, &common].concat();
    let refuse = |one: &[&'static str], parts: &[&str]| is_refused(&park, &moved(one), 2, parts);
    refuse(&["issue", "--grams", "900000001"], &["grams", "at most 900000000"]);
    refuse(&["issue", "--grams", "0"], &["more than nothing"]);
    refuse(&["cancel", "--grams", "1", "--reason", "x"], &["grams", "the party holds 0"]);
    park.files(&moved(&["issue", "--grams", "900000000"]));
    let retire = ["retire", "--grams", "800000000", "--beneficiary", "A", "--purpose", "B"];
    refuse(&retire, &["grams", "buffer comes first", "buffer --grams 180000000"]);
    refuse(&["retire", "--grams", "1", "--purpose", "B"], &["beneficiary"]);
    refuse(&["retire", "--grams", "1", "--beneficiary", "A"], &["purpose"]);
    refuse(&["transfer", "--grams", "1"], &["to", "nobody"]);
    refuse(&["cancel", "--grams", "1"], &["reason"]);
    refuse(&["replace", "--grams", "1"], &["replaces"]);
    refuse(&["issue", "--grams", "1", "--vintage", "2024"], &["vintage"]);
    park.files(&moved(&["buffer", "--grams", "180000000"]));
    let lost = ["reverse", "--grams", "180000001", "--reason", "fire"];
    refuse(&lost, &["grams", "at most 180000000"]);
    let early = ["claim", "move", "larch-2025", "issue", "--grams", "1", "--day", "2025-12-31"];
    let early = [&early[..], &["--key", "recorder"]].concat();
    is_refused(&park, &early, 2, &["day", "lasts until 2026-01-01", "ex-ante"]);
    let unknown = ["claim", "move", "oak-2025", "issue", "--grams", "1", "--day", "2026-02-01"];
    is_refused(&park, &[&unknown[..], &["--key", "recorder"]].concat(), 2, &["claim"]);
}

#[test]
fn findings_that_are_wrong() {
    let park = Park::new();
    let by = |args: &[&'static str], key: &'static str| [args, &["--key", key]].concat();
    let assess = |more: &[&'static str]| [&["assess", "3.7.1", "--verdict"], more].concat();
    let refuse =
        |args: Vec<&'static str>, exit, parts: &[&str]| is_refused(&park, &args, exit, parts);
    refuse(by(&assess(&["met"]), "ben"), 2, &["evidence", "rests on no evidence", "--on"]);
    refuse(by(&assess(&["met", "--on", "@1"]), "ben"), 2, &["no evidence but key.grant"]);
    refuse(by(&assess(&["met", "--on", "@77"]), "ben"), 2, &["evidence[0]", "@0 to"]);
    refuse(by(&assess(&["not-applicable"]), "ben"), 2, &["note", "reason"]);
    let backwards = ["met", "--on", "@2", "--period", "2026-07-01..2025-07-01"];
    refuse(by(&assess(&backwards), "ben"), 2, &["period", "ends before it begins"]);
    let unknown = ["assess", "3.9.9", "--verdict", "met", "--on", "@2"];
    refuse(by(&unknown, "ben"), 2, &["indicator", "no indicator 3.9.9"]);
    let link = ["link", "@2", "--indicator", "9.9"];
    refuse(by(&link, "recorder"), 2, &["indicators", "no indicator 9.9"]);
    refuse(
        by(&["link", "@1", "--indicator", "3.7.1"], "recorder"),
        2,
        &["statement", "@1 is key.grant"],
    );
    // A corrected anchor is no evidence any more.
    park.files(&["correct", "@2", "--reason", "the wrong card", "--key", "recorder"]);
    refuse(by(&assess(&["met", "--on", "@2"]), "ben"), 2, &["evidence[0]", "stands no more"]);
    refuse(by(&["correct", "@2", "--reason", "again"], "recorder"), 2, &["corrected before"]);
    refuse(by(&["correct", "@1", "--reason", "x"], "recorder"), 2, &["not corrected", "root"]);
}

#[test]
fn roles_that_a_key_does_not_have() {
    let park = Park::new().linked();
    let decide = ["decide", "listing", "--outcome", "accepted", "--day", "2026-06-12", "--key"];
    let draw = ["sample", "draw", "--indicator", "3.7.1", "--n", "3", "--key"];
    let form = park.claim(str::to_string);
    let file = ["claim", "file", form, "--key"];
    for (args, key, granted) in [
        (&decide[..], "ben", "assessor"),
        (&decide, "recorder", "recorder"),
        (&draw, "recorder", "recorder"),
        (&draw, "dora", "committee"),
        (&file, "ben", "scope is process"),
    ] {
        is_refused(&park, &[args, &[key]].concat(), 12, &[key, granted, "treering key"]);
    }
    // Several keys could: the program does not choose.
    let assess = ["assess", "3.7.1", "--verdict", "met", "--on", "@2"];
    is_refused(&park, &assess, 12, &["recorder (assess.self)", "ben (assess.indicator)", "--key"]);
    // Not granted here, and not for a file: a visitor does not write into the ledger directly.
    park.desk.done(&["key", "new", "gina", "--for", "assessor", "--no-passphrase"]);
    let directly = [&assess[..], &["--key", "gina"]].concat();
    is_refused(&park, &directly, 12, &["gina", "not granted", "treering key"]);
}

#[test]
fn samples_that_are_wrong() {
    let park = Park::new();
    let draw = |n: &'static str| {
        vec!["sample", "draw", "--indicator", "3.7.1", "--n", n, "--key", "ben", "--list", "l.csv"]
    };
    is_refused(&park, &draw("5"), 2, &["nothing to draw from", "treering link"]);
    park.files(&["link", "@2", "--indicator", "3.7.1", "--key", "recorder"]);
    is_refused(&park, &draw("0"), 2, &["1 to 1,000"]);
    is_refused(&park, &draw("1001"), 2, &["1 to 1,000"]);
    let beacon = [&draw("5")[..], &["--beacon", "drand"]].concat();
    is_refused(&park, &beacon, 2, &["names no beacon", "NAME:HEX"]);
    let with_beacon = [&draw("5")[..], &["--beacon", "drand 5:00ff10"]].concat();
    let drawn = park.desk.done(&with_beacon);
    let at = format!("@{}", drawn["filed"][0]["position"]);
    let record = ["sample", "record", &at, "--from", "l.csv", "--key", "ben"];
    is_refused(&park, &record, 2, &["row 1 is not filled in", "agree, disagree"]);
    let path = park.desk.park().join("l.csv");
    let list = std::fs::read_to_string(&path).expect("the list");
    let filled: Vec<String> = list
        .lines()
        .enumerate()
        .map(|(number, line)| if number == 0 { line.into() } else { format!("{line}agree") })
        .collect();
    let write = |lines: &[String]| std::fs::write(&path, lines.join("\n")).expect("the list");
    let mut swapped = filled.clone();
    swapped.swap(1, 2);
    write(&swapped);
    is_refused(&park, &record, 2, &["rows", "row 1 of the list", "line by line"]);
    write(&filled[..5]);
    is_refused(&park, &record, 2, &["rows", "5 rows were drawn, 4 are recorded"]);
    write(&filled);
    std::fs::create_dir(park.desk.park().join("empty")).expect("a folder");
    let answered = [&record[..], &["--files", "empty"]].concat();
    is_refused(&park, &answered, 2, &["row 1 is said to agree", "absent"]);
    let seeds =
        (park.desk.done(&["sample", "replay", &at]), park.desk.done(&["sample", "replay", &at]));
    assert_eq!(seeds.0, seeds.1);
    park.files(&record);
}
