//! Bytes that must never change: a statement of every kind, the ledger's id, its card.
//!
//! The files in `tests/golden/` were made once by this test. A difference means that statements
//! written by the program of today are not those of the program that signed the ledgers out there.
//! Whoever adds a kind adds it to the story in `tests/support/story.rs` and runs
//! `TREERING_WRITE_GOLDEN=1 cargo test --test golden`, which writes the files that are missing and
//! never changes one.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use support::bytes::{Parts, text};
use support::{annotate, forks, story};
use treering::statement::bodies::Body;
use treering::statement::card::Card;
use treering::statement::cbor::Value;
use treering::statement::envelope::Statement;
use treering::statement::kind::KINDS;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// Every golden file with what it must hold.
fn expected() -> Vec<(String, String)> {
    let story = story::tell();
    let statements = story.goldens().map(|(name, bytes)| {
        let statement = Statement::read(bytes.to_vec()).expect("reads");
        let (typ, id) = (&statement.header.typ, statement.id());
        let text = format!("# {typ}\n# id {id}\n{}", annotate::statement(bytes));
        (format!("{name}.hex"), text)
    });
    let statements: Vec<(String, String)> = statements.collect();
    let card = Card::of(story.ledger.id, story.ledger.authority.genesis());
    let head = story.ledger.tree();
    let facts = [
        format!("id      {}", story.ledger.id),
        format!("digits  {}", card.digits),
        format!("size    {}", head.size),
        format!("root    {}", head.root),
    ];
    let files = [
        ("card.json".to_string(), card.to_json()),
        ("ledger.txt".to_string(), facts.join("\n") + "\n"),
        ("fork.json".to_string(), forks::example().0.to_json()),
    ];
    statements.into_iter().chain(files).collect()
}

#[test]
fn golden_files_are_as_they_were() {
    let write = std::env::var_os("TREERING_WRITE_GOLDEN").is_some();
    for (name, text) in expected() {
        let path = folder().join(&name);
        if write && !path.exists() {
            fs::create_dir_all(folder()).expect("folder");
            fs::write(&path, &text).expect("file");
        }
        let golden = fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{name}: {fault}"));
        let line = golden.lines().zip(text.lines()).position(|(was, is)| was != is);
        assert!(golden == text, "{name} differs from the file, first in line {line:?}:\n{text}");
    }
}

#[test]
fn golden_files_read_back() {
    for (name, _) in expected().iter().filter(|(name, _)| name.ends_with(".hex")) {
        let text = fs::read_to_string(folder().join(name)).expect("a golden file");
        let bytes = annotate::read(&text);
        let statement = Statement::read(bytes.clone()).expect("a golden statement");
        assert_eq!(statement.bytes(), bytes, "{name}");
        assert!(text.contains(&format!("# id {}\n", statement.id())), "{name}");
    }
    let card = fs::read(folder().join("card.json")).expect("a golden card");
    let card = Card::read(&card).expect("a golden card reads");
    let ledger = story::tell().ledger;
    assert_eq!(card.check(ledger.id, ledger.authority.genesis()), Ok(()));
}

/// The formats are told example first, and the example is a golden file.
#[test]
fn the_pages_about_formats_show_golden_files() {
    for (page, golden) in [
        ("statement.md", "04-evidence.anchor.hex"),
        ("process.md", "assurance-15-assess.indicator.hex"),
        ("claims.md", "assurance-30-claim.move.hex"),
        ("card.md", "card.json"),
    ] {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(page);
        let page = fs::read_to_string(page).expect("a page");
        let golden = fs::read_to_string(folder().join(golden)).expect("a golden file");
        assert!(page.contains(&format!("\n{golden}```\n")));
    }
}

#[test]
fn there_is_no_golden_file_that_nobody_reads() {
    let names = expected().into_iter().map(|(name, _)| name).collect::<BTreeSet<_>>();
    let files = fs::read_dir(folder()).expect("folder");
    let files = files.map(|file| file.expect("entry").file_name().into_string().expect("UTF-8"));
    assert_eq!(files.collect::<BTreeSet<_>>(), names);
}

/// Every kind that this program understands is in the story; a kind that comes later has to join.
#[test]
fn every_kind_that_is_understood_has_its_golden_bytes() {
    let story = story::tell();
    let told: BTreeSet<String> = story
        .entries()
        .map(|entry| &entry.payload.body)
        .filter(|body| !matches!(body, Body::Unknown { .. }))
        .map(|body| body.media_type().kind.to_string())
        .collect();
    let empty = Value::Map(Default::default());
    let understood = KINDS.iter().flat_map(|(_, kinds)| *kinds).filter(|kind| {
        let typ = format!("application/vnd.treering.{kind};v=1");
        let honest = Parts::of(&story.ledger.entries[0]);
        let parts = honest
            .with_header(|header| {
                let label = Value::Integer(16);
                header.insert(label, text(&typ));
            })
            .with_payload(|payload| {
                payload.retain(|name, _| *name == text("chain"));
                payload.insert(text("no such field"), empty.clone());
            });
        // Only a kind with a shape of its own refuses a field that no kind has.
        Statement::read(parts.wrap()).is_err()
    });
    assert_eq!(understood.map(|kind| kind.to_string()).collect::<BTreeSet<_>>(), told);
}
