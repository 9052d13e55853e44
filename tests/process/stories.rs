//! Whole stories, told by command.

use std::fs;

use serde_json::{Value, json};
use treering::statement::envelope::Statement;

use crate::support::program::Desk;

/// A park with forty photos recorded as @2, and keys of every role the process needs.
pub struct Park {
    pub desk: Desk,
}

pub const ROLES: [(&str, &str); 4] =
    [("ben", "assessor"), ("carla", "reviewer"), ("dora", "committee"), ("emil", "verifier")];

impl Park {
    /// Statements: 0 genesis, 1 recorder, 2 the photos, 3 to 6 the roles.
    pub fn new() -> Park {
        let desk = Desk::new();
        for number in 0..40 {
            desk.write(&format!("evidence/{number}.txt"), format!("photo {number}").as_bytes());
        }
        desk.done(&["add", "evidence", "--title", "Spring"]);
        for (name, role) in ROLES {
            desk.done(&["key", "new", name, "--for", role, "--no-passphrase"]);
            desk.done(&["key", "request", name]);
            desk.done(&["key", "grant", &format!("{name}.request.json")]);
        }
        desk.write("park.geojson", square(10.1, 46.6, 0.1).as_bytes());
        desk.write("plots.geojson", square(10.11, 46.61, 0.01).as_bytes());
        desk.write("method.pdf", b"a methodology");
        Park { desk }
    }

    /// Runs a command and gives the position of the one statement it filed.
    pub fn files(&self, args: &[&str]) -> u64 {
        let answer = self.desk.done(args);
        let filed = answer["filed"].as_array().expect("what was filed");
        assert_eq!(filed.len(), 1, "{answer}");
        filed[0]["position"].as_u64().expect("a position")
    }

    /// The statement at a position, for programs.
    pub fn shown(&self, at: u64) -> Value {
        self.desk.done(&["show", &format!("@{at}")])["statement"].clone()
    }

    /// Links the photos to 3.7.1.
    pub fn linked(self) -> Park {
        self.files(&["link", "@2", "--indicator", "3.7.1", "--key", "recorder"]);
        self
    }

    /// A filled-in claim that adds up, with a change made to its text.
    pub fn claim(&self, change: impl Fn(&str) -> String) -> &'static str {
        self.desk.write("claim.toml", change(CLAIM).as_bytes());
        "claim.toml"
    }
}

/// A square of so many degrees.
pub fn square(west: f64, south: f64, side: f64) -> String {
    let (east, north) = (west + side, south + side);
    json!({ "type": "Polygon", "coordinates": [[
        [west, south], [east, south], [east, north], [west, north], [west, south],
    ]] })
    .to_string()
}

pub const CLAIM: &str = r#"
id = "larch-2025"
kind = "contribution"
effect = "removal"
title = "Larch above Trupchun, 2025"
area = "file:plots.geojson"
area_m2 = 851_500
period = { from = 2025-01-01, until = 2026-01-01 }
vintages = [2025]
gwp = "AR6"
evidence = ["@2"]

[totals]
baseline_g = 300_000_000
project_g = 1_400_000_000
leakage_g = 100_000_000
deduction_g = 100_000_000
net_g = 900_000_000
buffer_g = 180_000_000
issuable_g = 720_000_000

[[pools]]
pool = "above-ground-biomass"
gas = "CO2"
baseline_g = 300_000_000
project_g = 1_400_000_000
leakage_g = 100_000_000

[methodology]
id = "VM0047"
version = "1.0"
document = "file:method.pdf"

[buffer]
share_ppm = 200_000

[[variables]]
name = "dbh"
value = 12
unit = "mm"
evidence = [{ statement = "@2", rows = [0, 4] }]
"#;

/// Links, findings by both sides, a sample, a recommendation, a check, a decision, a certificate; and
/// the audit has nothing to say against any of it.
#[test]
fn a_site_is_assessed_and_listed() {
    let park = Park::new().linked();
    let by_site = park.files(&[
        "assess",
        "3.7.1",
        "--verdict",
        "met",
        "--on",
        "@2",
        "--note",
        "counted",
        "--key",
        "recorder",
    ]);
    assert_eq!(park.shown(by_site)["kind"], "assess.self");
    assert_eq!(park.shown(by_site)["subject"], "indicator:3.7.1");

    let list = "drawn.csv";
    let drawn = park.desk.done(&[
        "sample",
        "draw",
        "--indicator",
        "3.7.1",
        "--n",
        "5",
        "--key",
        "ben",
        "--list",
        list,
    ]);
    let draw = format!("@{}", drawn["filed"][0]["position"]);
    let path = park.desk.park().join(list);
    let text = fs::read_to_string(&path).expect("the list");
    assert_eq!(text.lines().count(), 6);
    // The site answers with the files; one row it keeps back.
    fs::create_dir(park.desk.park().join("answer")).expect("a folder");
    let filled = text.lines().enumerate().map(|(number, line)| match number {
        0 => line.to_string(),
        1 => format!("{line}withheld"),
        _ => {
            let file = line.split(',').nth(5).expect("a path");
            let name = file.rsplit('/').next().expect("a name");
            let to = park.desk.park().join("answer").join(name);
            fs::copy(park.desk.park().join(file), to).expect("a file");
            format!("{line}agree")
        }
    });
    fs::write(&path, filled.collect::<Vec<_>>().join("\r\n")).expect("the list");
    let recorded = park
        .files(&["sample", "record", &draw, "--from", list, "--files", "answer", "--key", "ben"]);
    let replay = park.desk.done(&["sample", "replay", &draw]);
    assert_eq!(replay["result"], "MATCHES");
    assert_eq!(replay["rows"].as_array().expect("rows").len(), 5);
    assert_eq!((&replay["not_agreeing"], &replay["bound_95_rows"]), (&json!(1), &json!(25)));
    let from_copy =
        park.desk.done(&["sample", "replay", &draw, "--ledger", ".treering/ledgers/park"]);
    assert_eq!(from_copy, replay);

    let sample = format!("@{recorded}");
    let finding = park.files(&[
        "assess",
        "3.7.1",
        "--verdict",
        "partly",
        "--on",
        "@2",
        "--sample",
        &sample,
        "--period",
        "2025-07-01..2026-07-01",
        "--key",
        "ben",
    ]);
    assert_eq!(park.shown(finding)["kind"], "assess.indicator");
    let finding = format!("@{finding}");
    let advice = park.files(&["recommend", "listing", "--outcome", "for", "--finding", &finding]);
    // What is filed in between does not change what was recommended on.
    park.desk.record("later");
    let of = format!("@{advice}");
    let check = park.files(&["review", "listing", "--of", &of, "--outcome", "followed"]);
    let review = format!("@{check}");
    let decision = park.files(&[
        "decide",
        "listing",
        "--outcome",
        "accepted",
        "--day",
        "2026-06-12",
        "--recommendation",
        &of,
        "--review",
        &review,
    ]);
    let dossiers = [advice, check, decision].map(|at| park.shown(at)["fields"]["dossier"].clone());
    assert!(dossiers[0]["evidence"].is_string());
    assert!(dossiers.iter().all(|dossier| *dossier == dossiers[0]));
    let decision = format!("@{decision}");
    let certificate = park.files(&[
        "certificate",
        "issue",
        "--decision",
        &decision,
        "--from",
        "2026-07-01",
        "--until",
        "2031-07-01",
    ]);
    let certificate = format!("@{certificate}");
    park.files(&[
        "certificate",
        "midterm",
        &certificate,
        "--outcome",
        "confirmed",
        "--day",
        "2028-11-30",
        "--key",
        "ben",
    ]);
    park.files(&[
        "certificate",
        "suspend",
        &certificate,
        "--from",
        "2029-01-01",
        "--reason",
        "no counts",
    ]);
    park.files(&[
        "certificate",
        "renew",
        &certificate,
        "--decision",
        &decision,
        "--from",
        "2031-07-01",
        "--until",
        "2036-07-01",
    ]);
    park.files(&[
        "certificate",
        "withdraw",
        &certificate,
        "--from",
        "2033-01-01",
        "--reason",
        "dissolved",
    ]);

    let audit = park.desk.run(&["audit"]);
    let rules = audit.answer["rules"].as_array().expect("rules");
    let failed =
        |id: &str| rules.iter().any(|rule| rule["rule"] == id && rule["outcome"] == "fail");
    for id in ["R01", "R02", "R03", "R04", "R05", "R10", "R12", "R42"] {
        assert!(!failed(id), "{id}: {}", audit.text);
    }
    // Nobody was heard, most indicators rest on nothing, and one assessor is no group: the ledger takes
    // all of it, and the audit says so.
    for id in ["R11", "R31", "R32", "R34"] {
        assert!(failed(id), "{id}: {}", audit.text);
    }
}

/// A villager with a key of her own, a card and a stick; then an assessor with a copy of the ledger.
#[test]
fn visitors_sign_on_a_stick() {
    let park = Park::new().linked();
    let desk = &park.desk;
    desk.done(&["card", "-o", "card.json"]);
    fs::create_dir(desk.park().join("stick")).expect("a folder");
    desk.done(&["key", "new", "fiona", "--for", "stakeholder", "--to", "stick", "--no-passphrase"]);
    let with_card = ["--keys", "stick", "--card", "card.json"];
    let raise = ["concern", "raise", "The fence cuts the old path.", "--about", "site"];
    desk.done(&[&raise[..], &with_card, &["-o", "1.statement"]].concat());
    // Asked for again, it is the same statement and no other number.
    desk.done(&[&raise[..], &with_card, &["-o", "1-again.statement"]].concat());
    let [once, again] = ["1.statement", "1-again.statement"]
        .map(|name| fs::read(desk.park().join(name)).expect("a statement"));
    assert_eq!(once, again);
    let first = Statement::read(once).expect("a statement");
    assert!(first.payload.key.is_some());
    assert_eq!(first.payload.chain.seen.expect("what was seen").size.0, 1);

    // With a copy of the ledger the second one is read, looked up and numbered on.
    let copy = ["--keys", "stick", "--ledger", ".treering/ledgers/park"];
    let second = ["concern", "raise", "And the counts.", "--about", "assessment"];
    let more = ["--indicator", "3.7.1", "--on", "@2", "-o", "2.statement"];
    desk.done(&[&second[..], &copy, &more].concat());
    for number in ["1", "2"] {
        desk.done(&["submit", &format!("{number}.statement")]);
    }
    let size = desk.done(&["log"])["size"].as_u64().expect("a size");
    let (first, second) = (format!("@{}", size - 2), park.shown(size - 1));
    assert_eq!(second["seq"], 1);
    assert_eq!(second["fields"]["indicators"][0]["id"], "3.7.1");
    assert!(second["issuer"].as_str().expect("an issuer").starts_with("key:"));

    // The site answers, and cannot close it; the reviewer can.
    let answer = ["concern", "answer", &first, "A gate will be built.", "--key", "recorder"];
    park.files(&answer);
    let close = ["concern", "close", &first, "--outcome", "resolved", "--reason", "It is there."];
    let refused = desk.run(&[&close[..], &["--key", "recorder"]].concat());
    assert_eq!(refused.code, Some(2), "{}", refused.text);
    park.files(&[&close[..], &["--key", "carla"]].concat());
    park.files(&["correct", "@7", "--reason", "linked too early", "--key", "recorder"]);
    assert_eq!(desk.done(&["show", "@7"])["standing"], "superseded");
}

/// A granted assessor on another computer with a card: says that the ledger granted the key.
#[test]
fn a_granted_key_far_from_its_ledger() {
    let park = Park::new().linked();
    let desk = &park.desk;
    desk.done(&["card", "-o", "card.json"]);
    let id = park.shown(2)["id"].as_str().expect("an id").to_string();
    let root = park.shown(2)["fields"]["root"].as_str().expect("a root").to_string();
    let form = format!(
        "indicator = \"3.7.1\"\nverdict = \"met\"\nevidence = [{{ statement = \"{id}\", root = \"{root}\" }}]\n"
    );
    desk.write("finding.toml", form.as_bytes());
    desk.done(&[
        "say",
        "assess.indicator",
        "--from",
        "finding.toml",
        "--key",
        "ben",
        "--card",
        "card.json",
        "--granted",
        "-o",
        "finding.statement",
    ]);
    let filed = desk.done(&["submit", "finding.statement"]);
    assert_eq!(filed["kind"], "assess.indicator");
}

/// A claim from its form to the retirement of its units.
#[test]
fn a_claim_is_filed_and_its_units_move() {
    let park = Park::new();
    let desk = &park.desk;
    park.files(&["site", "--boundary", "park.geojson", "--country", "CHE", "--key", "recorder"]);
    assert_eq!(desk.done(&["site"])["area_m2"], 85_097_395);
    let claim = park.claim(str::to_string);
    let filed = park.files(&["claim", "file", claim, "--key", "recorder"]);
    let shown = park.shown(filed);
    assert_eq!(shown["subject"], "claim:larch-2025");
    assert_eq!(shown["fields"]["totals"]["net_g"], 900_000_000);
    assert_eq!(shown["fields"]["period"], json!({ "from": 20_089, "until": 20_454 }));
    assert_eq!(shown["fields"]["variables"][0]["evidence"][0]["rows"], json!([0, 4]));
    desk.write("report.pdf", b"a report");
    park.files(&[
        "claim",
        "opinion",
        "larch-2025",
        "--activity",
        "verification",
        "--opinion",
        "unmodified",
        "--assurance",
        "limited",
        "--materiality-ppm",
        "50000",
        "--body",
        "Alpine Verification",
        "--day",
        "2026-01-20",
        "--report",
        "report.pdf",
        "--key",
        "emil",
    ]);
    let moves: [&[&str]; 5] = [
        &["issue", "--grams", "900000000"],
        &["buffer", "--grams", "180000000"],
        &["transfer", "--grams", "500000000", "--to", "Alpine Club"],
        &[
            "retire",
            "--grams",
            "20000000",
            "--holder",
            "Alpine Club",
            "--beneficiary",
            "Alpine Club",
            "--purpose",
            "its huts in 2025",
        ],
        &["reverse", "--grams", "30000000", "--reason", "a fire in August"],
    ];
    for one in moves {
        let common = ["--day", "2026-02-01", "--key", "recorder"];
        park.files(&[&["claim", "move", "larch-2025"], one, &common].concat());
    }
    let balance = desk.done(&["claim", "list"])["claims"][0]["balance"].clone();
    let tonnes = |tonnes: i64| json!(tonnes * 1_000_000);
    assert_eq!(
        balance,
        json!({
            "issued_g": tonnes(900), "held_g": tonnes(700), "buffered_g": tonnes(150),
            "retired_g": tonnes(20), "cancelled_g": tonnes(30), "exported_g": 0,
        })
    );
}

/// A jurisdiction's catalogue: published by digest, then used by everything that names indicators.
#[test]
fn an_adapted_catalogue_is_published_and_used() {
    let park = Park::new();
    let desk = &park.desk;
    let built_in = include_str!("../../schemas/catalogues/green-list-1.1.json");
    let parent = treering::tlog::hash::Hash::of(built_in.as_bytes()).to_string();
    let adapted = built_in.replace(
        "\"language\": \"en\",",
        &format!("\"language\": \"rm\", \"jurisdiction\": \"CHE\", \"parent\": \"{parent}\","),
    );
    let adapted = adapted.replacen("\"3.7.1\"", "\"3.7.7\"", 1);
    desk.write("che.json", adapted.as_bytes());
    let form = |version: &str| {
        format!(
            "standard = \"IUCN Green List\"\nversion = \"{version}\"\njurisdiction = \"CHE\"\n\
             language = \"rm\"\ncatalogue = \"file:che.json\"\nparent = \"{parent}\"\n"
        )
    };
    desk.write("publish.toml", form("1.1").as_bytes());
    let publish = ["say", "catalogue.publish", "--from", "publish.toml", "--key", "recorder"];
    park.files(&publish);
    let link = |id: &str| desk.run(&["link", "@2", "--indicator", id, "--key", "recorder"]);
    assert_eq!(link("3.7.1").code, Some(2));
    let linked = link("3.7.7");
    assert_eq!(linked.code, Some(0), "{}", linked.text);
    let at = linked.answer["filed"][0]["position"].as_u64().expect("a position");
    let digest = treering::tlog::hash::Hash::of(adapted.as_bytes()).to_string();
    assert_eq!(park.shown(at)["fields"]["indicators"]["catalogue"], json!(digest));

    // Other texts are another version.
    desk.write("che.json", adapted.replace("Good Governance", "Buna Governanza").as_bytes());
    let refused = desk.run(&publish);
    assert_eq!(refused.code, Some(2));
    assert!(refused.text.contains("other texts as the same version"), "{}", refused.text);
    desk.write("publish.toml", form("1.2").as_bytes());
    park.files(&publish);
    // An id that stands twice is no catalogue at all.
    desk.write("che.json", adapted.replace("\"3.7.2\"", "\"3.7.7\"").as_bytes());
    desk.write("publish.toml", form("1.3").as_bytes());
    let refused = desk.run(&publish);
    assert!(refused.text.contains("3.7.7\\\" twice"), "{}", refused.text);
}

/// Every form can be printed, and says of itself that it is not filled in.
#[test]
fn every_form_is_printed_and_asks_to_be_filled_in() {
    let park = Park::new();
    let kinds = park.desk.done(&["say"])["kinds"].clone();
    let kinds = kinds.as_array().expect("kinds");
    assert_eq!(kinds.len(), 28);
    for kind in kinds {
        let kind = kind["kind"].as_str().expect("a kind");
        let template = park.desk.done(&["say", kind, "--template"])["template"].clone();
        park.desk.write("form.toml", template.as_str().expect("a template").as_bytes());
        let as_it_is = park.desk.run(&["say", kind, "--from", "form.toml", "--key", "recorder"]);
        assert_eq!(as_it_is.code, Some(2), "{kind}: {}", as_it_is.text);
        assert!(as_it_is.text.contains("filled_in = false"), "{kind}: {}", as_it_is.text);
    }
}
