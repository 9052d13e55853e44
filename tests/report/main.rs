//! The report as a page: what it shows, what it must never do, and how it is judged again.

mod example;
mod schema;
#[path = "../support/mod.rs"]
mod support;

use std::fs;

use example::{AS_OF_S, HOSTILE, Published, Told, reserve};
use serde_json::Value;
use support::program::Desk;
use support::publish;
use treering::report::audit::facts::Facts;
use treering::report::audit::{as_json, text::text, whole_json};
use treering::report::html::{facts_inside, page};
use treering::report::replay::{NotAReport, replay};
use treering::statement::card::Card;

fn told(told: Told) -> Vec<Facts> {
    let mut facts = Published::of(&reserve(told)).audit();
    // The accreditor is read for the roles it grants, and is no subject of the report.
    facts.truncate(1);
    facts
}

/// The words of a page, without markup and without the facts inside.
fn words(page: &str) -> String {
    let (_, body) = page.split_once("</style>").expect("a style");
    let (body, _) = body.split_once("<script type=").expect("facts");
    let mut out = String::new();
    let mut inside = false;
    for c in body.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(c),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_listed_reserve_has_everything_in_its_place() {
    let facts = told(Told::default());
    let words = words(&page(&facts));
    for expected in [
        "Audit of the ledger of Val Trupchun Reserve",
        "by A. Müller (reviewer)",
        "WDPA ID 2564, parcel 2564_A",
        "listed until 2031-11-01",
        "Larch above Trupchun, 2026",
        "900 t",
        "Alpine Verification: unmodified (limited)",
        "with 95 % confidence, at most",
        "witness.alpine-club.example",
        "The new fence cuts the old path to the alp.",
        "two cameras were mixed up",
        "No ledger shows",
        "treering audit --replay report.html",
    ] {
        assert!(words.contains(expected), "{expected:?} in {words}");
    }
    let criteria = facts[0].coverage.as_ref().expect("a catalogue").criteria.len();
    assert_eq!(criteria, 17);
    assert_eq!(facts[0].process.phase, "listed");
    let fails: Vec<_> = facts[0].findings.iter().filter(|f| f.outcome.word() == "fail").collect();
    assert!(fails.is_empty(), "{fails:#?}");
}

#[test]
fn a_wrong_claim_and_a_bare_criterion_are_seen_at_once() {
    let facts = told(Told { wrong: true, ..Told::default() });
    assert_eq!((facts[0].verdict.as_str(), facts[0].exit), ("FAIL", 3));
    let page = page(&facts);
    let words = words(&page);
    assert!(words.contains("✗ Does not hold (R20)"), "{words}");
    assert!(words.contains("◄ nothing"), "{words}");
    // Every exception has its row.
    let (_, rows) = page.split_once("<h2>Exceptions (").expect("the section");
    let (rows, _) = rows.split_once("</section>").expect("its end");
    assert_eq!(rows.matches("<tr><td").count(), facts[0].findings.len());
    assert!(!page.contains("<details"), "nothing is folded away");
    // The terminal tells the same.
    let text = text(&facts[0]);
    assert!(text.contains("Process    listed since 2026-11-01, term ends 2031-11-01"), "{text}");
    assert!(text.contains("peat-2025  940 t CO2e net"), "{text}");
    assert!(text.contains("does not hold (R20)"), "{text}");
}

#[test]
fn text_of_others_stays_text() {
    let facts = told(Told { hostile: true, ..Told::default() });
    let page = page(&facts);
    assert_eq!(page.matches("<script").count(), 1, "only the facts");
    assert_eq!(page.matches("</script").count(), 1);
    for never in ["<img", "onerror=\"", "\u{202e}", "\u{1b}", " style=", "<link", "<iframe"] {
        assert!(!page.contains(never), "{never:?}");
    }
    assert!(page.contains("&#60;img src=x onerror="), "shown as it was written");
    assert!(page.contains("\\u{202e}lmth"), "what would turn text is named");
    // The facts keep the text as the ledger has it.
    let inside: Value = serde_json::from_str(facts_inside(&page).unwrap()).unwrap();
    assert_eq!(inside["ledger"]["name"], HOSTILE);
    assert_eq!(replay(page.as_bytes()).unwrap().differences, [""; 0]);
    let text = text(&facts[0]);
    assert!(!text.contains(['\u{202e}', '\u{1b}']), "{text}");
}

/// The policy lets in one style, known by its digest, and nothing else: no network, no script.
#[test]
fn the_page_asks_for_nothing() {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let page = page(&told(Told { wrong: true, ..Told::default() }));
    let (_, style) = page.split_once("<style>").unwrap();
    let (style, _) = style.split_once("</style>").unwrap();
    let digest = STANDARD.encode(treering::tlog::hash::Hash::of(style.as_bytes()).0);
    let policy = format!(
        "content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\""
    );
    assert!(page.contains(&policy));
    let links = page.match_indices("href=\"").map(|(at, _)| &page[at + 6..at + 7]);
    assert!(links.into_iter().all(|first| first == "#"), "only within the page");
    for never in [" src=", "@import", "url(http", "xlink", "onload", "onclick"] {
        assert!(!page.contains(never), "{never:?}");
    }
    assert_eq!(page.matches("http://").count(), page.matches("http://www.w3.org/2000/svg").count());
    assert_eq!(page.matches("https://").count(), 0);
}

/// A claim is told by its area and country: no corner of it, no place of a camera.
#[test]
fn no_coordinate_leaves_the_ledger() {
    let facts = told(Told { wrong: true, ..Told::default() });
    let page = page(&facts);
    for corner in ["10113000", "46600000", "46609000", "10.1,", "46.6"] {
        assert!(!page.contains(corner), "{corner}");
    }
    assert!(words(&page).contains("98.8 ha in CHE"));
}

#[test]
fn the_same_facts_give_the_same_small_page() {
    let facts = told(Told { wrong: true, ..Told::default() });
    let first = page(&facts);
    assert_eq!(first, page(&told(Told { wrong: true, ..Told::default() })));
    assert!(first.len() < 1_000_000, "{} bytes", first.len());
    // A site of a thousand batches, too.
    let mut many = facts;
    let batch = many[0].batches[0].clone();
    many[0].batches = vec![batch; 1_000];
    let began = std::time::Instant::now();
    let large = page(&many).len();
    println!("1,000 batches: {large} bytes in {:?}", began.elapsed());
    assert!(large < 1_000_000, "{large} bytes");
}

#[test]
fn facts_are_read_back_as_they_were() {
    for told_as in [Told::default(), Told { wrong: true, hostile: true }] {
        let facts = told(told_as);
        let read: Facts = serde_json::from_value(as_json(&facts[0])).unwrap();
        assert_eq!(read, facts[0]);
    }
}

#[test]
fn the_answer_is_as_its_schema_says() {
    let schema = schema::schema();
    let both = Published::of(&reserve(Told { wrong: true, ..Told::default() })).audit();
    for json in [whole_json(&both[..1]), whole_json(&both)] {
        let which = match json.get("ledgers") {
            Some(_) => "#/$defs/several",
            None => "#/$defs/audit",
        };
        let mut schema = schema.clone();
        // One form at a time, so that what is wrong is named.
        schema.as_object_mut().unwrap().remove("anyOf");
        schema["$ref"] = which.into();
        assert_eq!(schema::faults(&schema, &json), [""; 0]);
        let mut other = json.clone();
        other["exit"] = "0".into();
        other["surprise"] = true.into();
        assert_eq!(schema::faults(&schema, &other).len(), 2);
    }
    assert_eq!(schema::faults(&schema, &whole_json(&both)), [""; 0]);
}

#[test]
fn a_report_is_judged_again() {
    let facts = told(Told { wrong: true, ..Told::default() });
    let page = page(&facts);
    let again = replay(page.as_bytes()).unwrap();
    assert_eq!((again.exit(), again.differences.len()), (3, 0), "{:?}", again.differences);

    // A kinder word on the page.
    let kinder = page.replacen("FAIL", "PASS", 3);
    let again = replay(kinder.as_bytes()).unwrap();
    assert_eq!(again.exit(), 3);
    assert!(again.differences.iter().any(|what| what.contains("of the page reads")));

    // A finding taken out of the facts; and the sums of the claim still do not add up.
    let change = |change: &dyn Fn(&mut Facts)| {
        let mut changed = facts.clone();
        change(&mut changed[0]);
        replay(treering::report::html::page(&changed).as_bytes()).unwrap()
    };
    let hidden = change(&|facts| facts.findings.retain(|finding| finding.rule.id() != "R20"));
    assert_eq!(hidden.exit(), 3);
    let all = hidden.differences.join("\n");
    assert!(all.contains("the findings say otherwise"), "{all}");
    let thorough = change(&|facts| {
        facts.findings.retain(|finding| finding.outcome.word() != "fail");
        for rule in &mut facts.rules {
            rule.fails = 0;
        }
    });
    let all = thorough.differences.join("\n");
    assert!(all.contains("is given as fail, and follows as") && all.contains("R11"), "{all}");
    let bolder = change(&|facts| facts.samples[0].result.as_mut().unwrap().bound_95 -= 1);
    assert!(bolder.differences.join("\n").contains("at most"), "{:?}", bolder.differences);
}

#[test]
fn what_is_no_report_is_refused() {
    assert!(matches!(replay(b"<html></html>"), Err(NotAReport::NoFacts)));
    assert!(matches!(replay(b"\xff"), Err(NotAReport::NotText)));
    let wrapped = |facts: &str| {
        format!("<script type=\"application/json\" id=\"treering-audit\">{facts}</script>")
    };
    for facts in
        ["", "{", "[]", "{\"schema\":\"treering.audit/2\"}", "{\"schema\":\"treering.audit/1\"}"]
    {
        let refused = replay(wrapped(facts).as_bytes());
        assert!(matches!(refused, Err(NotAReport::Form(_))), "{facts}");
    }
    let none = "{\"schema\":\"treering.audits/1\",\"ledgers\":[]}";
    assert!(matches!(replay(wrapped(none).as_bytes()), Err(NotAReport::Form(_))));
}

#[test]
fn several_ledgers_are_one_page_under_the_worst_verdict() {
    let both = Published::of(&reserve(Told { wrong: true, ..Told::default() })).audit();
    let page = page(&both);
    let words = words(&page);
    assert!(words.contains("Audit of 2 ledgers"), "{words}");
    assert!(words.contains("Green List Accreditation"), "{words}");
    assert_eq!(page.matches("<main id=").count(), 2);
    assert_eq!(replay(page.as_bytes()).unwrap().exit(), 3);
}

#[test]
fn the_program_writes_a_report_and_judges_it_again() {
    let desk = Desk::new();
    desk.record("spring");
    let run = desk.run(&["audit", "--report", "report.html", "--by", "Mara"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_eq!(schema::faults(&schema::schema(), &run.answer), [""; 0]);
    let report = fs::read_to_string(desk.park().join("report.html")).unwrap();
    assert!(words(&report).contains("PASS Checks passed"), "{report}");
    assert!(!report.contains(desk.home().to_str().unwrap()), "no path of this computer");
    let again = desk.run(&["audit", "--replay", "report.html"]);
    assert_eq!((again.code, &again.answer["words_compared"]), (Some(0), &true.into()));

    // Another file of that name is not lost; the same report is written again without a word.
    fs::write(desk.park().join("other.html"), "my notes").unwrap();
    assert_eq!(desk.run(&["audit", "--report", "other.html"]).code, Some(2));
    assert_eq!(fs::read_to_string(desk.park().join("other.html")).unwrap(), "my notes");

    // What belongs to one ledger is not guessed for two.
    let path = desk.public();
    let path = path.to_str().unwrap();
    assert_eq!(desk.run(&["audit", path, path, "--head", "x"]).code, Some(2));
    let two = desk.run(&["audit", path, ".", "--report", "two.html"]);
    assert_eq!(two.answer["schema"], "treering.audits/1", "{}", two.text);
    assert_eq!(two.code, Some(4), "{}", two.text);
}

/// An accreditor that is believed and whose copy is at hand is read along, and is no part of the verdict.
#[test]
fn an_accreditor_in_the_store_is_read_along() {
    let desk = Desk::new();
    desk.record("spring");
    let accreditor = example::accreditor();
    let card = Card::of(accreditor.id, accreditor.authority.genesis());
    fs::write(desk.home().join("card.json"), card.to_json()).unwrap();
    publish::publish(&accreditor, &desk.store().join("ledgers/accreditor"));
    let card = desk.home().join("card.json");
    let card = card.to_str().unwrap();
    let before = desk.done(&["audit"]);
    assert_eq!(before["run"]["read_beside"], serde_json::json!([]));
    desk.done(&["trust", "pin", card, "--i-have-compared"]);
    desk.done(&["trust", "accredit", card]);
    let after = desk.done(&["audit"]);
    assert_eq!(after["schema"], "treering.audit/1");
    assert_eq!(after["run"]["read_beside"], serde_json::json!([accreditor.id.to_string()]));
}

/// Reports to look at: TREERING_PICTURES names the folder they are written to.
#[test]
fn pictures() {
    let Some(folder) = std::env::var_os("TREERING_PICTURES").map(std::path::PathBuf::from) else {
        println!("skipped: TREERING_PICTURES names no folder");
        return;
    };
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, facts: &[Facts]| fs::write(folder.join(name), page(facts)).unwrap();
    write("incomplete.html", &told(Told::default()));
    write("fail.html", &told(Told { wrong: true, ..Told::default() }));
    write("hostile.html", &told(Told { hostile: true, wrong: true }));
    let both = Published::of(&reserve(Told { wrong: true, ..Told::default() })).audit();
    write("several.html", &both);
    let desk = Desk::new();
    desk.record("spring");
    let as_of = AS_OF_S.to_string();
    let run = desk.run(&["audit", "--report", "report.html", "--as-of", &as_of, "--by", "Mara"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    fs::copy(desk.park().join("report.html"), folder.join("pass.html")).unwrap();
}
