//! The floors of `src/`, kept by a test: who may name whom, what the pure floors may not name at all,
//! and a few decisions that must last.
//!
//! ```text
//! cli → report → audit, exchange, ledger → store → evidence → statement → tlog     arrows point right only
//! ```
//!
//! Sources are read as tokens, so comments and texts may say what they like. Paths are followed
//! through `use` groups and `super`; what a macro puts together is not seen.

use std::path::Path;
use std::process::Command;

use tokens::{Token, paths, tokens};

#[path = "floors/tokens.rs"]
mod tokens;

/// Bottom-up. Floors of one row do not know one another.
const FLOORS: [&[&str]; 7] = [
    &["tlog"],
    &["statement"],
    &["evidence"],
    &["store"],
    &["audit", "exchange", "ledger"],
    &["report"],
    &["cli"],
];

/// A sceptic reads these alone and knows what a valid ledger is.
const PURE: [&str; 2] = ["tlog", "statement"];

/// Files, sockets, clocks, chance and the surroundings of the process.
const IMPURE: [&str; 12] = [
    "std::fs",
    "std::path",
    "std::os",
    "std::net",
    "std::env",
    "std::process",
    "std::thread",
    "std::time::SystemTime",
    "std::time::Instant",
    "jiff",
    "getrandom",
    "rand",
];

/// A word, the one module that may say it, and why.
const BEHIND_ONE_DOOR: [(&str, &str, &str); 3] = [
    ("ed25519_dalek", "tlog/ed25519", "keys and signatures are checked strictly there"),
    ("serde_cbor", "statement/cbor", "its decoder is lenient"),
    ("sled", "store/index", "the index is the one thing that can be made again"),
];

/// ed25519-dalek has these beside `verify_strict`: they take signatures that others refuse.
const LENIENT: [&str; 2] = ["verify", "verify_batch"];

/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 5] = ["util", "common", "helpers", "types", "manager"];

const LINES_MAX: usize = 500;

/// A file of `src/`, by its path from there.
struct Source {
    path: String,
    text: String,
}

/// A line and what is wrong with it.
type Breach = (usize, String);

fn breaches(sources: &[Source]) -> Vec<String> {
    let of_file = |source: &Source| {
        let tokens = tokens(&source.text);
        let mut breaches = arrows(source, &tokens);
        breaches.extend(words(source, &tokens));
        breaches.extend(names(source, &tokens));
        breaches.extend(length(source));
        breaches.sort();
        let place = |(line, what)| format!("src/{}:{line}: {what}", source.path);
        breaches.into_iter().map(place).collect::<Vec<_>>()
    };
    sources.iter().flat_map(of_file).collect()
}

/// `store/index/tests.rs` → `store`, `index`, `tests`; nothing for the crate itself.
fn module_of(path: &str) -> Vec<&str> {
    let path = path.strip_suffix(".rs").unwrap_or(path);
    path.split('/').filter(|part| !matches!(*part, "mod" | "lib" | "main")).collect()
}

/// How many floors lie below.
fn height(floor: &str) -> Option<usize> {
    FLOORS.iter().position(|row| row.contains(&floor))
}

/// Paths that lead up or across, and out of the pure floors into the world.
fn arrows(source: &Source, tokens: &[Token]) -> Vec<Breach> {
    let module = module_of(&source.path);
    let Some(floor) = module.first() else { return Vec::new() };
    let Some(own_height) = height(floor) else {
        return vec![(1, format!("{floor} is no floor: give it its place in tests/floors.rs"))];
    };
    let mut breaches = Vec::new();
    for path in paths(tokens, &module) {
        let (line, name) = (path.line, path.segments.join("::"));
        if let Some(other) = path.in_crate() {
            let is_below = height(other).is_some_and(|height| height < own_height);
            if other != *floor && !is_below {
                breaches.push((line, format!("{name}: {other} is not below {floor}")));
            }
        } else if PURE.contains(floor) && IMPURE.iter().any(|impure| path.meets(impure)) {
            breaches.push((line, format!("{name}: {floor} is pure; let the caller bring it")));
        }
    }
    breaches
}

/// Words that stand in the wrong place.
fn words(source: &Source, tokens: &[Token]) -> Vec<Breach> {
    let judge = |token: &Token| {
        let word = token.text.as_str();
        if LENIENT.contains(&word) {
            return Some(format!("{word}: PublicKey::check is the one check of a signature"));
        }
        let (_, door, why) = BEHIND_ONE_DOOR.iter().find(|(name, ..)| *name == word)?;
        let behind =
            source.path.strip_prefix(door).is_some_and(|rest| rest.starts_with(['.', '/']));
        (!behind).then(|| format!("{word}: only {door} names it, because {why}"))
    };
    tokens.iter().filter_map(|token| Some((token.line, judge(token)?))).collect()
}

/// Modules whose name says nothing.
fn names(source: &Source, tokens: &[Token]) -> Vec<Breach> {
    let files = module_of(&source.path).into_iter().map(|name| (1, name));
    let inside = tokens.windows(2).filter(|pair| pair[0].text == "mod");
    let inside = inside.map(|pair| (pair[1].line, pair[1].text.as_str()));
    files
        .chain(inside)
        .filter(|(_, name)| EMPTY_NAMES.contains(name))
        .map(|(line, name)| (line, format!("{name}: call a module by what it is about")))
        .collect()
}

fn length(source: &Source) -> Option<Breach> {
    let lines = source.text.lines().count();
    let what = || format!("{lines} lines: split it into rooms of at most {LINES_MAX}");
    (lines > LINES_MAX).then(|| (lines, what()))
}

fn read_sources(folder: &Path, root: &Path, sources: &mut Vec<Source>) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            read_sources(&path, root, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.push(Source { path: name, text: std::fs::read_to_string(&path).unwrap() });
        }
    }
}

#[test]
fn every_file_keeps_the_rules() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    read_sources(&root, &root, &mut sources);
    for row in FLOORS {
        for floor in row {
            let there = sources.iter().any(|source| module_of(&source.path).first() == Some(floor));
            assert!(there, "src/{floor} is gone: take it out of tests/floors.rs");
        }
    }
    let breaches = breaches(&sources);
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

/// The feature by which ed25519-dalek takes signatures again that it refuses since its version 2.
const LEGACY: &str = "legacy_compatibility";

#[test]
fn no_legacy_signatures() {
    let crate_root = env!("CARGO_MANIFEST_DIR");
    let manifest = std::fs::read_to_string(Path::new(crate_root).join("Cargo.toml")).unwrap();
    for (line, text) in (1..).zip(manifest.lines()) {
        let setting = text.split('#').next().unwrap_or_default();
        assert!(!setting.contains(LEGACY), "Cargo.toml:{line}: {text}");
    }
    // Any crate in the tree could turn it on for all.
    let cargo = std::env::var_os("CARGO").expect("cargo runs the tests");
    let tree = Command::new(cargo)
        .args(["tree", "--locked", "--offline", "--edges", "normal,build,dev", "--prefix", "none"])
        .args(["--format", "{p} features: {f}"])
        .current_dir(crate_root)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    let dalek = tree.lines().find(|line| line.starts_with("ed25519-dalek v"));
    assert!(dalek.is_some_and(|line| line.contains("fast")), "no features to be seen:\n{tree}");
    let legacy: Vec<&str> = tree.lines().filter(|line| line.contains(LEGACY)).collect();
    assert!(legacy.is_empty(), "{legacy:?}");
}

/// What is said of one made-up file.
fn of(path: &str, text: &str) -> Vec<String> {
    breaches(&[Source { path: path.into(), text: text.into() }])
}

#[track_caller]
fn fine(path: &str, text: &str) {
    assert_eq!(of(path, text), [""; 0], "{text}");
}

#[track_caller]
fn breach(path: &str, text: &str, place: &str, why: &str) {
    let said = of(path, text);
    let [only] = &said[..] else { panic!("one breach in {text:?}, not {said:?}") };
    assert!(only.starts_with(&format!("src/{path}:{place}: ")) && only.contains(why), "{only}");
}

#[test]
fn arrows_point_down() {
    fine("cli/add.rs", "use crate::tlog::hash::Hash;\nuse crate::ledger::writer::Writer;");
    fine("store/index/tests.rs", "use super::super::disk::RealDisk;\nuse super::*;");
    fine("audit/mod.rs", "pub(in crate::audit) fn f(bytes: &[u8]) -> crate::tlog::hash::Hash {}");
    fine("main.rs", "fn main() { treering::cli::run() }");
    breach("tlog/hash.rs", "\nuse crate::store::disk::Disk;", "2", "store is not below tlog");
    breach("audit/mod.rs", "use crate::ledger::book::Book;", "1", "ledger is not below audit");
    breach("ledger/book.rs", "use crate::audit::audit;", "1", "audit is not below ledger");
    let group = "use crate::{\n    tlog::{hash::Hash, note},\n    report::words as w,\n};";
    breach("store/disk.rs", group, "3", "crate::report::words: report is not below store");
    let within = "fn f() {\n    let head = crate::cli::clock::now_s();\n}";
    breach("store/disk.rs", within, "2", "cli is not below store");
    breach("store/disk.rs", "fn f(x: Vec<crate::cli::X>) {}", "1", "cli is not below store");
    breach("store/disk.rs", "fn f() { x as crate::cli::X }", "1", "cli is not below store");
    breach("store/disk.rs", "use super::super::cli::clock;", "1", "crate::cli::clock: cli");
    fine("store/disk.rs", "mod tests {\n    use super::super::lock;\n}");
    breach("store/disk.rs", "mod tests { mod a {}\n use super::super::super::cli; }", "2", "cli");
    breach("store/disk.rs", "macro_rules! m { () => { $crate::cli::run() } }", "1", "cli");
    breach("store/disk.rs", "use crate::*;", "1", "* is not below store");
    breach("store/disk.rs", "use crate::exchange::mirror;", "1", "exchange is not below store");
    breach("elsewhere/mirror.rs", "", "1", "elsewhere is no floor");
    fine("exchange/mirror/mod.rs", "use crate::store::held::Held;");
    breach("exchange/witness/mod.rs", "use crate::ledger::book::Book;", "1", "ledger is not below");
    let writer = "use crate::ledger::writer::Writer;";
    breach("exchange/mirror/mod.rs", writer, "1", "ledger is not below exchange");
    breach(
        "exchange/mirror/mod.rs",
        "use crate::audit::audit;",
        "1",
        "audit is not below exchange",
    );
    breach("audit/mod.rs", "use crate::exchange::source;", "1", "exchange is not below audit");
    breach("exchange/witness/mod.rs", "use crate::ledger::book::Book;", "1", "ledger is not below");
    breach("gossip/mod.rs", "", "1", "gossip is no floor");
}

#[test]
fn the_lower_floors_are_pure() {
    let clock = "use std::time::{Duration, SystemTime};";
    breach("tlog/policy/file.rs", clock, "1", "std::time::SystemTime: tlog is pure");
    fine("store/lock.rs", clock);
    fine("tlog/note.rs", "use std::time::Duration;\nuse std::{fmt, io};");
    for path in [
        "std::fs::read(name)",
        "::std::net::TcpStream::connect(host)",
        "std::env::var(name)",
        "std::process::id()",
        "getrandom::fill(&mut salt)",
        "rand::random()",
    ] {
        breach("statement/key.rs", &format!("fn f() {{\n{path};\n}}"), "2", "statement is pure");
    }
    for import in
        ["use std::{fmt, fs};", "use std::*;", "use std::time;", "use std::time::Instant as I;"]
    {
        breach("statement/key.rs", import, "1", "statement is pure");
    }
    fine("tlog/note.rs", "// std::fs\n/* std::fs /* */ crate::cli */\nfn f<'a>(x: &'a str) {}");
    fine(
        "tlog/note.rs",
        r###"const X: &str = "std::fs \" crate::cli"; const Y: &str = r#"" std::fs"#;"###,
    );
    breach("tlog/note.rs", "const X: char = '\"';\nuse std::fs;", "2", "std::fs");
}

#[test]
fn some_crates_stay_behind_one_door() {
    fine("tlog/ed25519.rs", "use ed25519_dalek::VerifyingKey; fn f() { key.verify_strict(m, s) }");
    breach("tlog/note.rs", "use ed25519_dalek::Signature;", "1", "only tlog/ed25519 names it");
    breach("tlog/ed25519.rs", "\nfn f() { key.verify(m, s) }", "2", "the one check");
    breach("tlog/ed25519.rs", "use ed25519_dalek::verify_batch;", "1", "the one check");
    fine("statement/cbor/same.rs", "use serde_cbor::Value;");
    breach("evidence/row.rs", "serde_cbor::to_vec(x)", "1", "only statement/cbor names it");
    breach("statement/cbor_text.rs", "use serde_cbor as codec;", "1", "only statement/cbor");
    fine("store/index/answers.rs", "sled::open(x)");
    breach("store/layout.rs", "sled::open(x)", "1", "only store/index names it");
}

#[test]
fn modules_have_names_and_an_end() {
    breach("store/util.rs", "", "1", "call a module by what it is about");
    breach("store/helpers/mod.rs", "", "1", "helpers");
    breach("store/disk.rs", "\nmod types;", "2", "types");
    fine("store/disk.rs", &"\n".repeat(500));
    breach("store/disk.rs", &"\n".repeat(501), "501", "501 lines");
}
