//! The examples of `schemas/` about receipts, key requests, head lines and public folders: they are
//! what the program writes, to the byte, and what it reads. All are of one small ledger, whose keys
//! and clock are fixed.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use support::{Ledger, annotate, bodies, countersign, grant, key, publish};
use treering::evidence::disclosure::{Names, open_rows};
use treering::evidence::manifest::ManifestReader;
use treering::evidence::row::{Disclosure, Row};
use treering::statement::bodies::Body;
use treering::statement::bodies::evidence::Anchor;
use treering::statement::bodies::site::Describe;
use treering::statement::fork_file::ForkFile;
use treering::statement::key::{KeyId, Role};
use treering::statement::receipt::{AnchoredRows, Receipt, ReceiptFault, ShownRow};
use treering::statement::short_head::ShortHead;
use treering::tlog::bundle::bundles_of;
use treering::tlog::checkpoint::{SignedCheckpoint, log_vkey};
use treering::tlog::cosignature::CosignatureTime;
use treering::tlog::hash::{Hash, Position, TreeSize, leaf_hash, node_hash};
use treering::tlog::merkle::{Node, Unprovable};
use treering::tlog::multi::prove_inclusions;
use treering::tlog::note::{KeyName, SignatureType, VerifierKey};
use treering::tlog::policy::{Policy, Quorum};
use treering::tlog::tile::tiles_of;

const WITNESS: &str = "witness.example/w1";
/// A week after the founding.
const WITNESSED_S: u64 = support::FOUNDED as u64 + 7 * 86_400;

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name)
}

fn page(name: &str) -> String {
    fs::read_to_string(path(name)).expect("a page")
}

/// The first block of a language on a page, below a heading: where it begins, and where it ends.
fn place(page: &str, heading: &str, language: &str) -> (usize, usize) {
    let find = |what: &str, from: usize| match page[from..].find(what) {
        Some(at) => from + at + what.len(),
        None => panic!("no {what:?} below {heading}"),
    };
    let heading = find(&format!("\n## {heading}\n"), 0);
    let begin = find(&format!("```{language}\n"), heading);
    (begin, find("```", begin) - "```".len())
}

fn block(page: &str, heading: &str, language: &str) -> String {
    let (begin, end) = place(page, heading, language);
    page[begin..end].to_owned()
}

/// An example must be what the program makes; `TREERING_PAGES=overwrite` puts it there.
fn holds(name: &str, heading: &str, language: &str, expected: &str) {
    let page = page(name);
    let (begin, end) = place(&page, heading, language);
    if page[begin..end] == *expected {
        return;
    }
    let overwrite = std::env::var_os("TREERING_PAGES").is_some_and(|word| word == "overwrite");
    assert!(overwrite, "schemas/{name}, {heading}: the program has\n{expected}");
    fs::write(path(name), format!("{}{expected}{}", &page[..begin], &page[end..])).expect("a page");
}

/// The manifest that `schemas/manifest.md` shows.
fn manifest() -> Vec<u8> {
    annotate::read(&block(&page("manifest.md"), "Example", "hex"))
}

/// Five statements: genesis, a grant, the site, the anchor of that manifest, another anchor.
fn ledger() -> Ledger {
    let mut ledger = Ledger::found("Vardessa Mountain Reserve");
    let anna = ledger.granted("anna", Role::Recorder);
    let countries = vec!["CHE".into()];
    ledger.file(&anna, Body::SiteDescribe(Describe { countries, ..Describe::default() }));
    let manifest = manifest();
    let mut reader = ManifestReader::new(&manifest[..]).expect("a manifest");
    let tree = reader.read_to_end().expect("a manifest").tree;
    let winter = bodies::small_anchor("Winter, camera 3");
    ledger.file(&anna, Body::Anchor(Anchor { root: tree.root, rows: tree.size.0, ..winter }));
    ledger.file(&anna, bodies::anchor("Spring, camera 3"));
    ledger
}

fn checkpoint(ledger: &Ledger) -> SignedCheckpoint {
    let mut checkpoint = publish::checkpoint(ledger, ledger.entries.len() as u64);
    let time = CosignatureTime::new(WITNESSED_S).expect("a time");
    let name = KeyName::new(WITNESS).expect("a name");
    let line = checkpoint.checkpoint().cosign(&key("witness"), &name, time);
    checkpoint.add(line).expect("room for a line");
    checkpoint
}

fn leaves(ledger: &Ledger) -> Vec<Hash> {
    ledger.entries.iter().map(|entry| entry.id()).collect()
}

/// The proof that leaves are in a tree of all of them, as the definition of a node has it.
fn prove(leaves: &[Hash], positions: &[Position]) -> Vec<Hash> {
    let size = TreeSize(leaves.len() as u64);
    let read = |nodes: &[Node]| {
        let whole = |node: &Node| {
            let first = (node.index << node.level) as usize;
            support::tree::root(&leaves[first..first + (1 << node.level)])
        };
        Ok::<_, Unprovable>(nodes.iter().map(whole).collect())
    };
    prove_inclusions(positions, size, read).expect("a proof")
}

fn receipt(ledger: &Ledger) -> Receipt {
    let names = Names::parse(["path"]).expect("a name");
    let manifest = manifest();
    let reader = ManifestReader::new(&manifest[..]).expect("a manifest");
    let opened = open_rows(reader, &names, |row, _| row.sha256() == Hash::of(b"test"));
    let opened = opened.expect("rows");
    let rows = opened.rows.iter().map(|opened| ShownRow {
        index: opened.position.0,
        row: opened.row.bytes().to_vec(),
        shown: opened.show.iter().map(|shown| shown.bytes().to_vec()).collect(),
    });
    let evidence = AnchoredRows { anchor: Position(3), rows: rows.collect(), proof: opened.proof };
    let positions = [0, 1, 3].map(Position);
    let statement = |at: &Position| (*at, ledger.at(*at).bytes().to_vec());
    Receipt {
        checkpoint: checkpoint(ledger),
        statements: positions.iter().map(statement).collect(),
        proof: prove(&leaves(ledger), &positions),
        evidence: vec![evidence],
    }
}

#[test]
fn the_receipt_is_what_the_program_writes_and_reads() {
    let ledger = ledger();
    let receipt = receipt(&ledger);
    holds("receipt.md", "Example", "json", &receipt.to_json());
    let read = Receipt::read(block(&page("receipt.md"), "Example", "json").as_bytes());
    assert_eq!(read.as_ref(), Ok(&receipt));

    let checked = receipt.check(ledger.id).expect("the example holds");
    let (statement, anchor) = checked.anchor(Position(3)).expect("the anchor");
    assert_eq!((statement.id(), anchor.rows), (ledger.entries[3].id(), 3));
    let [shown] = &receipt.evidence[0].rows[..] else { panic!("one row") };
    let row = Row::read(&shown.row).expect("a row");
    assert_eq!((row.sha256(), row.size()), (Hash::of(b"test"), 4));
    let [path] = &shown.shown[..] else { panic!("one disclosure") };
    assert_eq!(row.check(&Disclosure::read(path).expect("a disclosure")), Ok(()));

    let other = Ledger::found("elsewhere").id;
    assert!(matches!(receipt.check(other), Err(ReceiptFault::OtherLedger)));
}

/// The numbers that the page works out by hand.
/// An object stands there as one, a proof is of whole hashes, and both have one spelling.
#[test]
fn a_receipt_in_another_spelling_is_refused() {
    let ledger = ledger();
    let json = receipt(&ledger).to_json();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let as_array = |object: &serde_json::Value, fields: &[&str]| -> serde_json::Value {
        fields.iter().map(|field| object[*field].clone()).collect::<Vec<_>>().into()
    };
    let mut statement = value.clone();
    statement["statements"][0] = as_array(&value["statements"][0], &["index", "statement"]);
    let mut part = value.clone();
    part["evidence"][0] = as_array(&value["evidence"][0], &["anchor", "rows", "proof"]);
    let mut row = value.clone();
    let found = &value["evidence"][0]["rows"][0];
    row["evidence"][0]["rows"][0] = as_array(found, &["index", "row", "shown"]);
    let whole = as_array(&value, &["schema", "checkpoint", "statements", "proof", "evidence"]);
    let mut listed = value.clone();
    listed["proof"] = vec![value["proof"].clone()].into();
    let mut cut = value.clone();
    cut["proof"] = "AAAA".into();
    for spelled in [statement, part, row, whole, listed, cut] {
        let read = Receipt::read(&serde_json::to_vec(&spelled).unwrap());
        assert!(read.is_err(), "{spelled}");
    }
    assert!(Receipt::read(&serde_json::to_vec(&value).unwrap()).is_ok());
}

#[test]
fn the_receipt_worked_out_by_hand() {
    let ledger = ledger();
    let receipt = receipt(&ledger);
    let leaf = leaves(&ledger);
    let [row] = &receipt.evidence[0].rows[..] else { panic!("one row") };
    let row = leaf_hash(&row.row);
    let [left, right] = receipt.evidence[0].proof[..] else { panic!("two hashes") };
    let [two, four] = receipt.proof[..] else { panic!("two hashes") };
    let (a, b) = (node_hash(leaf[0], leaf[1]), node_hash(two, leaf[3]));
    let c = node_hash(a, b);
    let root = node_hash(c, four);
    assert_eq!((two, four, root), (leaf[2], leaf[4], receipt.checkpoint.tree().root));
    let d = node_hash(left, row);
    let Body::Anchor(anchor) = &ledger.entries[3].payload.body else { panic!("an anchor") };
    assert_eq!(node_hash(d, right), anchor.root);
    let lines = [
        ("leaf 0, the ledger's id", leaf[0]),
        ("leaf 1", leaf[1]),
        ("leaf 3", leaf[3]),
        ("a = node(leaf 0, leaf 1)", a),
        ("b = node(proof 0, leaf 3)", b),
        ("c = node(a, b)", c),
        ("root = node(c, proof 1)", root),
        ("row 1", row),
        ("d = node(proof 0, row 1)", d),
        ("evidence root = node(d, proof 1)", anchor.root),
    ];
    let text: String = lines.iter().map(|(name, hash)| format!("{name:<33} {hash}\n")).collect();
    holds("receipt.md", "Check it by hand", "text", &text);
}

#[test]
fn the_policy_bounds_the_example_receipt() {
    let ledger = ledger();
    let name = KeyName::new(WITNESS).expect("a name");
    let witness = VerifierKey::new(name, SignatureType::Cosignature, key("witness").public());
    let text = format!("witness w1 {witness}\nquorum w1\n");
    holds("receipt.md", "Check it by hand", "policy", &text);
    let policy = Policy::parse(text.as_bytes()).expect("a policy");
    let checkpoint = checkpoint(&ledger);
    let evaluation = policy.evaluate(&checkpoint).expect("the cosignature matches");
    let time = CosignatureTime::new(WITNESSED_S).expect("a time");
    assert_eq!(evaluation.quorum, Quorum::MetBy(time));
}

#[test]
fn the_head_line_is_what_the_program_writes_and_reads() {
    let ledger = ledger();
    let head = checkpoint(&ledger);
    let log = log_vkey(head.origin(), ledger.log.public());
    let line = head.note().signatures().iter().find(|line| line.id() == log.id()).expect("a line");
    let signature = treering::tlog::ed25519::Signature(line.signature().try_into().expect("64"));
    let short = ShortHead::new(ledger.id, head.tree(), signature);
    holds("head-line.md", "Example", "text", &format!("{short}\n"));
    let shown = block(&page("head-line.md"), "Example", "text");
    let read: ShortHead = shown.trim_end().parse().expect("a head line");
    assert!(read.is_of(ledger.id) && read.tree == ledger.tree());
    let text = read.checkpoint(head.origin()).to_string();
    assert_eq!(ledger.log.public().check(text.as_bytes(), &read.signature), Ok(()));
}

fn treering(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_treering"));
    command.current_dir(folder).env("TREERING_STATE_DIR", folder.join("state")).args(arguments);
    let output = command.output().expect("the program");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code().expect("an exit code"))
}

/// The example asks the example ledger, whose root is not in any store; a root on a stick grants it
/// into a file all the same, and the file is a grant of exactly what was asked.
#[test]
fn the_key_request_is_one_that_a_root_grants() {
    let ledger = ledger();
    let beat = key("beat");
    let mut draft = ledger.draft(&ledger.root, grant(&beat, Role::Assessor));
    countersign(&mut draft, Some(ledger.id), &[&beat]);
    let text = format!(
        "{{\n  \"schema\": \"treering.key-request/1\",\n  \"ledger\": \"{}\",\n  \"key\": \"{}\",\n  \
         \"role\": \"assessor\",\n  \"scope\": [\n    \"process\"\n  ],\n  \"sig\": \"{}\"\n}}\n",
        ledger.id,
        Hash(*beat.public().as_bytes()),
        base64(&draft.payload.also[0].sig.0),
    );
    holds("key-request.md", "Example", "json", &text);

    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let found = ["init", "elsewhere", "--name", "elsewhere", "--root-to", ".", "--no-passphrase"];
    assert_eq!(treering(folder, &found).1, 0);
    fs::write(folder.join("beat.request.json"), &text).expect("a file");
    let grant = ["key", "grant", "beat.request.json", "--root", ".", "-o", "beat.statement"];
    assert_eq!(treering(folder, &grant).1, 0);
    let signed = fs::read(folder.join("beat.statement")).expect("a statement");
    let signed = treering::statement::envelope::Statement::read(signed).expect("a statement");
    let Body::Grant(granted) = &signed.payload.body else { panic!("a grant") };
    assert_eq!((granted.key, granted.role), (beat.public(), Role::Assessor));
    assert_eq!(signed.payload.also, draft.payload.also);
    assert_eq!(KeyId::of(&granted.key).to_string(), KeyId::of(&beat.public()).to_string());

    fs::write(folder.join("beat.request.json"), text.replace("assessor", "supervisor"))
        .expect("file");
    assert_eq!(treering(folder, &grant).1, 3, "the key did not sign that role");
}

fn base64(bytes: &[u8]) -> String {
    use ::base64::Engine;
    ::base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn the_public_folder_is_as_the_page_lists_it() {
    let ledger = ledger();
    holds("ledger.md", "checkpoint", "text", &checkpoint(&ledger).to_string());
    let size = TreeSize(70_000);
    let listed = block(&page("ledger.md"), "Example", "text");
    let tiles = tiles_of(size).map(|tile| (tile.path(), tile.is_full()));
    let bundles = bundles_of(size).map(|bundle| (bundle.path(), bundle.is_full()));
    for (path, is_full) in tiles.chain(bundles) {
        let is_listed = listed.lines().any(|line| line.split_whitespace().next() == Some(&path));
        // Of the full ones the page lists the first and the last.
        assert!(is_listed || is_full, "{path}");
    }
    let paths = listed.lines().filter_map(|line| line.split_whitespace().next());
    for path in paths.filter(|path| path.starts_with("tile/")) {
        let tile = treering::tlog::tile::Tile::parse_path(path).map(|tile| tile.is_of(size));
        let bundle = treering::tlog::bundle::Bundle::parse_path(path);
        let is_of = tile.unwrap_or_else(|_| bundles_of(size).any(|other| Ok(other) == bundle));
        assert!(is_of, "{path}");
    }

    // The folder that the program writes passes every rule that needs nothing from before.
    let folder = tempfile::tempdir().expect("a folder");
    publish::publish(&ledger, folder.path());
    let (said, exit) = treering(folder.path(), &["audit", ".", "--json"]);
    let report: Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!((exit, report["ledger"]["state"].as_str()), (4, Some("CONSISTENT")), "{said}");
    let first = ledger.entries[0].bytes();
    let bundle = fs::read(folder.path().join("tile/entries/000.p/5")).expect("a bundle");
    let head: String = bundle[..4].iter().map(|byte| format!("{byte:02x} ")).collect();
    assert!(page("ledger.md").contains(head.trim_end()), "{head}");
    assert_eq!(usize::from(u16::from_be_bytes([bundle[0], bundle[1]])), first.len());
}

#[test]
fn fork_proof() {
    let (file, one, two) = support::forks::example();
    holds("fork.md", "Example", "json", &file.to_json());
    let shown = block(&page("fork.md"), "Example", "json");
    let read = ForkFile::read(shown.as_bytes()).expect("a fork proof");
    assert_eq!(read, file);
    let checked = read.check(Some(one.id)).expect("it proves a fork");
    assert_eq!((checked.ledger, checked.retired), (two.id, None));
}

/// What is made from tiles is, byte for byte, what the definition of a tree gives.
#[test]
fn a_fork_proof_from_tiles_is_the_same() {
    use treering::exchange::fork::{Known, prove};
    use treering::exchange::mirror::{checkpoint_of, tree_of};
    use treering::exchange::source::FolderSource;
    let (expected, one, two) = support::forks::example();
    let folders = [&one, &two].map(|ledger| {
        let folder = tempfile::tempdir().expect("a folder");
        publish::publish(ledger, folder.path());
        folder
    });
    let sources = folders.each_ref().map(|folder| FolderSource::new(folder.path()));
    let heads = sources.each_ref().map(|source| checkpoint_of(source).expect("a head"));
    let smaller = tree_of(&sources[0], &heads[0]).expect("a tree");
    let larger = tree_of(&sources[1], &heads[1]).expect("a tree");
    let known = Known { authority: &one.authority, ruling: &[Position(0), Position(1)] };
    let made = prove(&heads[1], &heads[0], known, &larger, Some(&smaller), false);
    assert_eq!(made.expect("readable").expect("a fork"), expected);
}
