//! The log formats against published test vectors: RFC 6962, transparency-dev/merkle, and those
//! gathered for the C2SP documents. Each test counts what it ran, so that none can pass idle.

mod published;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use published::{hex, json, path, read};
use serde_json::Value;
use treering::tlog::bundle::{Bundle, bundles_of};
use treering::tlog::checkpoint::{Checkpoint, CheckpointError, Origin, SignedCheckpoint, log_vkey};
use treering::tlog::cosignature::{Cosignature, CosignatureTime};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::frontier::Frontier;
use treering::tlog::hash::{Hash, Position, Tree, TreeSize, leaf_hash};
use treering::tlog::merkle::{
    Node, Unprovable, check_consistency, check_inclusion, prove_consistency, prove_inclusion,
    root_of,
};
use treering::tlog::note::{
    KeyName, LineError, Note, NoteError, NoteRefused, SignatureLine, SignatureType, VerifierKey,
    VerifierKeyError, cosign_note, sign_note,
};
use treering::tlog::policy::{Policy, PolicyError, Quorum};
use treering::tlog::proof::{LogProof, LogProofError};
use treering::tlog::tile::{Tile, tiles_of};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("a string expected: {value}"))
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("a number expected: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("a list expected: {value}"))
}

fn from_hex(value: &Value) -> Hash {
    Hash::from_hex(text(value)).unwrap()
}

fn from_base64(value: &Value) -> Hash {
    Hash::try_from(STANDARD.decode(text(value)).unwrap().as_slice()).unwrap()
}

fn secret(seed_hex: &Value) -> SecretKey {
    SecretKey::from_seed(&hex(text(seed_hex)).try_into().unwrap())
}

fn vkey(value: &Value) -> VerifierKey {
    VerifierKey::parse(text(value)).unwrap()
}

/// A tree in memory: its leaves, and every node that is whole.
struct Memory {
    leaves: Vec<Hash>,
    nodes: HashMap<Node, Hash>,
}

impl Memory {
    fn new(leaves: Vec<Hash>) -> Memory {
        let (mut frontier, mut nodes) = (Frontier::new(), HashMap::new());
        for leaf in &leaves {
            frontier.push_noting(*leaf, |node, hash| nodes.extend([(node, hash)]));
        }
        Memory { leaves, nodes }
    }

    fn read(&self) -> impl Fn(&[Node]) -> Result<Vec<Hash>, Unprovable> {
        |asked| Ok(asked.iter().map(|node| self.nodes[node]).collect())
    }

    fn tree(&self, size: u64) -> Tree {
        Tree { size: TreeSize(size), root: root_of(&self.leaves[..size as usize]) }
    }

    /// A published inclusion proof is the one made here, and it checks.
    fn inclusion(&self, index: u64, size: u64, published: Vec<Hash>) {
        let (position, tree) = (Position(index), self.tree(size));
        let leaf = self.leaves[index as usize];
        assert_eq!(prove_inclusion(position, tree.size, self.read()), Ok(published.clone()));
        assert_eq!(check_inclusion(leaf, position, tree, &published), Ok(()));
    }

    /// A published consistency proof is the one made here, and it checks.
    fn consistency(&self, old: u64, new: u64, published: Vec<Hash>) {
        let (old, new) = (self.tree(old), self.tree(new));
        assert_eq!(prove_consistency(old.size, new.size, self.read()), Ok(published.clone()));
        assert_eq!(check_consistency(old, new, &published), Ok(()));
    }
}

#[test]
fn rfc6962_reference() {
    let Some(vectors) = json("rfc6962-reference.json") else { return };
    let leaves: Vec<Hash> = list(&vectors["leaf_inputs_hex"])
        .iter()
        .map(|entry| leaf_hash(&hex(text(entry))))
        .collect();
    let hashes: Vec<Hash> = list(&vectors["leaf_hashes_hex"]).iter().map(from_hex).collect();
    assert_eq!(leaves, hashes);
    let memory = Memory::new(leaves);
    for (size, root) in (0..).zip(list(&vectors["roots_hex_by_size"])) {
        assert_eq!(memory.tree(size).root, from_hex(root));
    }
    let hashes = |value: &Value| list(value).iter().map(from_hex).collect::<Vec<Hash>>();
    let (mut inclusions, mut consistencies) = (0, 0);
    for case in list(&vectors["inclusion"]) {
        let (index, size) = (number(&case["index"]), number(&case["size"]));
        memory.inclusion(index, size, hashes(&case["proof_hex"]));
        inclusions += 1;
    }
    for case in list(&vectors["consistency"]) {
        let (old, new) = (number(&case["size1"]), number(&case["size2"]));
        memory.consistency(old, new, hashes(&case["proof_hex"]));
        consistencies += 1;
    }
    let hasher: Vec<Hash> =
        list(&vectors["hasher"]).iter().map(|case| from_hex(&case["hex"])).collect();
    let expected = [
        Tree::empty().root,
        leaf_hash(b""),
        leaf_hash(b"L123456"),
        // Children that are no hashes exist in that library only.
        Hash::of_parts(&[&[0x01], b"N123", b"N456"]),
    ];
    assert_eq!(hasher, expected);
    assert!(inclusions >= 36 && consistencies >= 36);
}

#[test]
fn rfc6962_300_leaves() {
    let Some(vectors) = json("rfc6962-300leaf.json") else { return };
    let memory =
        Memory::new((0..300).map(|i| leaf_hash(format!("record {i}").as_bytes())).collect());
    let mut count = 0;
    for (size, root) in vectors["roots_b64"].as_object().unwrap() {
        assert_eq!(memory.tree(size.parse().unwrap()).root, from_base64(root));
        count += 1;
    }
    let hashes = |value: &Value| list(value).iter().map(from_base64).collect::<Vec<Hash>>();
    for case in list(&vectors["inclusion"]) {
        let (index, size) = (number(&case["index"]), number(&case["size"]));
        memory.inclusion(index, size, hashes(&case["proof_b64"]));
        count += 1;
    }
    for case in list(&vectors["consistency"]) {
        let (old, new) = (number(&case["size1"]), number(&case["size2"]));
        memory.consistency(old, new, hashes(&case["proof_b64"]));
        count += 1;
    }
    assert!(count >= 11 + 6 + 7, "{count} cases were run");
}

fn files_under(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| files_under(folder))).collect()
}

/// A hash of a probe; `None` if it has not 32 bytes, which our types refuse before any proof. Some
/// probes have the words "don't care" for a root: they stand for any hash.
fn probe_hash(value: &Value) -> Option<Hash> {
    let bytes = STANDARD.decode(text(value)).unwrap();
    if bytes.starts_with(b"don't care") {
        return Some(Hash::of(&bytes));
    }
    Hash::try_from(bytes.as_slice()).ok()
}

fn probe_proof(value: &Value) -> Option<Vec<Hash>> {
    if value.is_null() { Some(vec![]) } else { list(value).iter().map(probe_hash).collect() }
}

#[test]
fn transparency_dev_inclusion() {
    let Some(folder) = path("transparency-dev-merkle/testdata/inclusion") else { return };
    let (mut accepted, mut refused) = (0, 0);
    for file in files_under(&folder) {
        let case = read(&file);
        let checked = || {
            let size = TreeSize(number(&case["treeSize"]));
            let tree = Tree { size, root: probe_hash(&case["root"])? };
            let leaf = probe_hash(&case["leafHash"])?;
            let position = Position(number(&case["leafIdx"]));
            check_inclusion(leaf, position, tree, &probe_proof(&case["proof"])?).ok()
        };
        let ok = checked().is_some();
        assert_eq!(ok, case["wantErr"] == false, "{}", file.display());
        if ok { accepted += 1 } else { refused += 1 }
    }
    assert_eq!(accepted + refused, 98);
    assert!(accepted >= 6, "{accepted} accepted");
}

#[test]
fn transparency_dev_consistency() {
    let Some(folder) = path("transparency-dev-merkle/testdata/consistency") else { return };
    let (mut accepted, mut refused) = (0, 0);
    for file in files_under(&folder) {
        let case = read(&file);
        let tree = |size: &str, root: &str| {
            let size = TreeSize(number(&case[size]));
            Some(Tree { size, root: probe_hash(&case[root])? })
        };
        let checked = || {
            let (old, new) = (tree("size1", "root1")?, tree("size2", "root2")?);
            check_consistency(old, new, &probe_proof(&case["proof"])?).ok()
        };
        let ok = checked().is_some();
        assert_eq!(ok, case["wantErr"] == false, "{}", file.display());
        if ok { accepted += 1 } else { refused += 1 }
    }
    assert_eq!(accepted + refused, 98);
    assert!(accepted >= 5, "{accepted} accepted");
}

/// The secret half of Go's `PRIVATE+KEY+name+id+base64(0x01 ‖ seed)`, which C2SP does not specify.
fn go_secret_key(skey: &str) -> SecretKey {
    let seed = STANDARD.decode(skey.splitn(5, '+').last().unwrap()).unwrap();
    SecretKey::from_seed(seed[1..].try_into().unwrap())
}

#[test]
fn signed_notes() {
    let Some(vectors) = json("signed-note.json") else { return };
    let (mut valid, mut resigned) = (0, 0);
    for case in list(&vectors["valid"]) {
        // One entry only points at files of another project.
        let Some(bytes) = case["note"].as_str() else { continue };
        let key = vkey(&case["vkey"]);
        let note = Note::parse(bytes.as_bytes()).unwrap();
        assert_eq!(note.to_string(), bytes);
        assert_eq!(note.check([&key]).map(|known| known.len()), Ok(1), "{}", case["name"]);
        valid += 1;

        let secret = match (&case["skey"], &case["seed_hex"]) {
            (Value::String(skey), _) => go_secret_key(skey),
            (_, Value::String(_)) => secret(&case["seed_hex"]),
            _ => continue,
        };
        let line = sign_note(&secret, key.name(), note.text());
        assert_eq!(&line, &note.signatures()[0]);
        resigned += 1;
    }
    let mut invalid = 0;
    for case in list(&vectors["invalid"]) {
        let key = vkey(&case["vkey"]);
        let note = Note::parse(text(&case["note"]).as_bytes());
        let expect = text(&case["expect"]);
        if expect.starts_with("malformed") {
            assert!(note.is_err(), "{}", case["name"]);
        } else if expect.starts_with("reject whole note") {
            let mismatch = NoteRefused::Mismatch { name: key.name().clone(), id: key.id() };
            assert_eq!(note.unwrap().check([&key]), Err(mismatch));
        } else {
            assert_eq!(expect, "reject: no verifiable signatures");
            assert_eq!(note.unwrap().check([&key]), Err(NoteRefused::NoKnownSignature));
        }
        invalid += 1;
    }
    assert!(valid >= 6 && resigned >= 2 && invalid >= 9, "{valid}, {resigned}, {invalid} were run");
}

#[test]
fn verifier_keys() {
    let Some(vectors) = json("signed-note.json") else { return };
    let (mut usable, mut refused) = (0, 0);
    for case in list(&vectors["vkeys"]) {
        let (vkey, parsed) = (text(&case["vkey"]), VerifierKey::parse(text(&case["vkey"])));
        if !case["invalid"].is_null() {
            assert!(parsed.is_err(), "{vkey}");
            refused += 1;
            continue;
        }
        let parsed = parsed.unwrap();
        assert_eq!(parsed.to_string(), vkey);
        assert_eq!(u64::from(parsed.signature_type().byte()), number(&case["type"]));
        if let Some(skey) = case["skey"].as_str() {
            assert_eq!(go_secret_key(skey).public(), *parsed.key());
        }
        usable += 1;

        for at in 1..vkey.len() {
            assert!(VerifierKey::parse(&vkey[at..]).is_err());
            assert!(VerifierKey::parse(&vkey[..at]).is_err());
        }
        for at in 0..vkey.len() {
            let mut bytes = vkey.as_bytes().to_vec();
            bytes[at] += 1;
            let changed = String::from_utf8(bytes).unwrap();
            assert!(VerifierKey::parse(&changed).is_err(), "{changed}");
        }
    }
    assert!(usable >= 5 && refused >= 2, "{usable} and {refused} were run");
}

#[test]
fn cosignatures() {
    let Some(vectors) = json("cosignature.json") else { return };
    let (mut signed, mut in_notes) = (0, 0);
    for case in list(&vectors["cosignatures"]) {
        let time = CosignatureTime::new(number(&case["timestamp"])).unwrap();
        if let Some(bare) = case["sig_base64"].as_str() {
            let bytes = STANDARD.decode(bare).unwrap();
            assert_eq!(Cosignature::from_bytes(&bytes[4..]).unwrap().time, time);
            continue;
        }
        let (secret, key) = (secret(&case["seed_hex"]), vkey(&case["vkey"]));
        assert_eq!(key.signature_type(), SignatureType::Cosignature);
        let body = text(&case["note_body"]);
        let message = text(&case["signed_message"]);
        assert_eq!(message, format!("cosignature/v1\ntime {time}\n{body}"));

        let line = cosign_note(&secret, key.name(), time, body);
        let cosignature = Cosignature::from_bytes(line.signature()).unwrap();
        assert_eq!(secret.public().check(message.as_bytes(), &cosignature.signature), Ok(()));
        if let Some(published) = case["signature_line"].as_str() {
            assert_eq!(line.to_string(), published);
        }
        signed += 1;

        let Some(note) = case["note"].as_str() else { continue };
        let checkpoint = SignedCheckpoint::parse(note.as_bytes()).unwrap();
        let known = checkpoint.note().check([&key]).unwrap();
        assert_eq!(known[0].time, Some(time));
        assert!(checkpoint.note().signatures().contains(&line));
        in_notes += 1;
    }
    let origin = &vectors["origin_hash"];
    assert_eq!(Hash::of(text(&origin["origin"]).as_bytes()), from_hex(&origin["sha256_hex"]));
    assert!(signed >= 4 && in_notes >= 3, "{signed} and {in_notes} were run");
}

/// ML-DSA cosignatures, type 0x06, are not read: their keys are refused by type, their lines ignored.
/// (The layout of their message, `subtree_v1` among the vectors, has nothing here to test.)
#[test]
fn ml_dsa_cosignatures_are_ignored() {
    let ml_dsa = [&[0x06], [0; 1312].as_slice()].concat();
    let vkey = format!("witness.example/w+31236897+{}", STANDARD.encode(ml_dsa));
    assert_eq!(VerifierKey::parse(&vkey), Err(VerifierKeyError::UnsupportedType(0x06)));

    let log = SecretKey::from_seed(&[1; 32]);
    let origin = Origin::new("ring.example/log").unwrap();
    let checkpoint = Checkpoint::new(origin.clone(), Tree::empty());
    let timed = [[0x31, 0x23, 0x68, 0x97].as_slice(), &[0; 8 + 2420]].concat();
    let line = format!("— witness.example/w {}", STANDARD.encode(timed));
    let lines = vec![SignatureLine::parse(&line).unwrap(), checkpoint.sign(&log)];
    let signed = SignedCheckpoint::new(checkpoint, lines).unwrap();
    let read = SignedCheckpoint::parse(signed.to_string().as_bytes()).unwrap();
    let known = read.note().check([&log_vkey(&origin, log.public())]).map(|known| known.len());
    assert_eq!(known, Ok(1));
}

/// A name in the Sigsum dialect, where a key is 64 hexadecimal digits, as a C2SP key: the digits are
/// taken for the seed of one, so that equal stays equal.
fn witness_of(name: &str, raw: &[u8]) -> (SecretKey, VerifierKey) {
    let secret = SecretKey::from_seed(&Hash::of(raw).0);
    let name = KeyName::new(&format!("witness.example/{name}")).unwrap();
    let key = VerifierKey::new(name, SignatureType::Cosignature, secret.public());
    (secret, key)
}

/// A policy in the Sigsum dialect, rewritten to C2SP's.
fn from_sigsum(policy: &str) -> (String, HashMap<String, (SecretKey, VerifierKey)>) {
    let mut witnesses = HashMap::new();
    let mut rewritten = policy.to_owned();
    for line in policy.lines() {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        let (name, raw) = match words.as_slice() {
            ["log", raw, ..] => ("log", *raw),
            ["witness", name, raw, ..] => (*name, *raw),
            _ => continue,
        };
        let (secret, witness) = witness_of(name, raw.as_bytes());
        let key = match words[0] {
            "log" => log_vkey(&Origin::new("ring.example/log").unwrap(), secret.public()),
            _ => witness.clone(),
        };
        let line_in_c2sp = line.replacen(raw, &key.to_string(), 1);
        rewritten = rewritten.replacen(line, &line_in_c2sp, 1);
        witnesses.insert(name.to_owned(), (secret, witness));
    }
    (rewritten, witnesses)
}

fn check_quorum_table(policy: &str, table: &Value) -> usize {
    let (policy, witnesses) = from_sigsum(policy);
    let policy = Policy::parse(policy.as_bytes()).unwrap();
    let checkpoint = Checkpoint::new(Origin::new("ring.example/log").unwrap(), Tree::empty());
    for row in list(table) {
        let mut lines = vec![checkpoint.sign(&SecretKey::from_seed(&[0; 32]))];
        let names: Vec<&str> = list(&row[0]).iter().map(text).collect();
        for (time, name) in (1..).zip(&names) {
            let (secret, key) = &witnesses[*name];
            let time = CosignatureTime::new(time).unwrap();
            lines.push(checkpoint.cosign(secret, key.name(), time));
        }
        let signed = SignedCheckpoint::new(checkpoint.clone(), lines).unwrap();
        let evaluation = policy.evaluate(&signed).unwrap();
        assert_eq!(evaluation.cosigned.len(), names.len());
        let met = matches!(evaluation.quorum, Quorum::MetBy(_));
        assert_eq!(met, row[1] == true, "{names:?}");
    }
    list(table).len()
}

#[test]
fn policies() {
    let Some(vectors) = json("tlog-policy.json") else { return };
    let (mut rows, mut refused) = (0, 0);
    for case in list(&vectors["valid"]) {
        let policy = match case["policy"].as_str() {
            Some(policy) => policy.to_owned(),
            // Only the groups are published: " / " between lines, witnesses A1 to B3.
            None => {
                let names = ["A1", "A2", "A3", "B1", "B2", "B3"];
                let witness = |name| format!("witness {name} raw-key-of-{name}\n");
                let groups = text(&case["groups"]).replace(" / ", "\n");
                names.map(witness).concat() + &groups + "\n"
            }
        };
        rows += check_quorum_table(&policy, &case["quorum_table"]);
    }
    for case in list(&vectors["invalid"]) {
        let (policy, _) = from_sigsum(text(&case["policy"]));
        let error = Policy::parse(policy.as_bytes()).unwrap_err();
        // Most of these lack a quorum, too; the line that is meant must be the one refused.
        let meant_quorum = text(&case["why"]) == "no quorum";
        assert_eq!(error == PolicyError::NoQuorum, meant_quorum, "{}: {error}", case["name"]);
        refused += 1;
    }
    let (builtin, _) = from_sigsum(text(&vectors["builtin_example"]));
    let builtin = Policy::parse(builtin.as_bytes()).unwrap();
    assert_eq!((builtin.logs().len(), builtin.witnesses().len()), (2, 3));
    assert!(rows >= 9 + 8 && refused >= 13, "{rows} and {refused} were run");
}

#[test]
fn log_proofs() {
    let Some(vectors) = json("tlog-proof.json") else { return };
    let (mut whole, mut bare, mut malformed) = (0, 0, 0);
    for case in list(&vectors) {
        let leaf = || leaf_hash(text(&case["entry_utf8"]).as_bytes());
        if let Some(bytes) = case["proof"].as_str() {
            let proof = LogProof::parse(bytes.as_bytes()).unwrap();
            assert_eq!(proof.to_string(), bytes);
            let (log, witness) = (text(&case["log_vkey"]), text(&case["witness_vkey"]));
            let policy = format!("log {log}\nwitness w1 {witness}\nquorum w1\n");
            let policy = Policy::parse(policy.as_bytes()).unwrap();
            let log_keys = || policy.log_keys(proof.checkpoint.origin());
            let evaluation = proof.check(leaf(), log_keys(), &policy).unwrap();
            assert!(matches!(evaluation.quorum, Quorum::MetBy(_)));
            assert!(proof.check(leaf_hash(b"another entry"), log_keys(), &policy).is_err());
            whole += 1;
        } else if case["proof_b64"].is_array() {
            let root = from_base64(&case["root_b64"]);
            let tree = Tree { size: TreeSize(number(&case["size"])), root };
            let proof: Vec<Hash> = list(&case["proof_b64"]).iter().map(from_base64).collect();
            let position = Position(number(&case["index"]));
            assert_eq!(check_inclusion(leaf(), position, tree, &proof), Ok(()));
            bare += 1;
        } else {
            for file in list(&case["malformed"]) {
                let error = LogProof::parse(text(file).as_bytes()).unwrap_err();
                // Their checkpoint is none either; what is meant is above it.
                assert!(!matches!(error, LogProofError::Checkpoint(_)), "{file}: {error}");
                malformed += 1;
            }
        }
    }
    assert!(whole >= 1 && bare >= 1 && malformed >= 7, "{whole}, {bare}, {malformed} were run");
}

#[test]
fn tile_layout() {
    let Some(vectors) = json("tlog-tiles-layout.json") else { return };
    let (mut paths, mut sizes) = (0, 0);
    for case in list(&vectors["n_encoding"]) {
        let (index, place) = (number(&case["index"]), text(&case["path"]));
        let tile = Tile::new(5, index, 256).unwrap();
        assert_eq!(tile.path(), format!("tile/5/{place}"));
        assert_eq!(Tile::parse_path(&tile.path()), Ok(tile));
        let bundle = Bundle::new(index, 7).unwrap();
        assert_eq!(bundle.path(), format!("tile/entries/{place}.p/7"));
        assert_eq!(Bundle::parse_path(&bundle.path()), Ok(bundle));
        paths += 1;
    }
    for (size, levels) in vectors["tiles_for_size"].as_object().unwrap() {
        let size = TreeSize(size.parse().unwrap());
        let mut tiles = tiles_of(size);
        for level in list(levels) {
            let number = |name: &str| number(&level[name]);
            for index in 0..number("full") {
                assert_eq!(tiles.next(), Tile::new(number("level") as u8, index, 256));
            }
            if number("partial_width") > 0 {
                let partial = Tile::new(
                    number("level") as u8,
                    number("full"),
                    number("partial_width") as u16,
                );
                assert_eq!(tiles.next(), partial);
            }
        }
        assert_eq!(tiles.next(), None);
        let level_0 = tiles_of(size).take_while(|tile| tile.level() == 0);
        assert!(bundles_of(size).map(Bundle::tile).eq(level_0));
        sizes += 1;
    }
    assert!(paths >= 11 && sizes >= 11, "{paths} and {sizes} were run");
}

/// The requests of a witness, judged with what this floor has: a checkpoint, the log's key and a
/// consistency proof. The answers are those of tlog-witness v1.0.0.
#[test]
fn witness_requests() {
    let Some(vectors) = json("tlog-witness-add-checkpoint.json") else { return };
    let log = vkey(&vectors["log_vkey"]);
    let witness = secret(&vectors["witness_seed_hex"]);
    let name = KeyName::new(text(&vectors["witness_name"])).unwrap();
    let witness_key = VerifierKey::new(name.clone(), SignatureType::Cosignature, witness.public());
    assert_eq!(witness_key, vkey(&vectors["witness_vkey"]));

    let mut seen: Option<Tree> = None;
    let mut answers = Vec::new();
    for step in list(&vectors["steps_in_order"]) {
        let (head, checkpoint) = text(&step["request_body"]).split_once("\n\n").unwrap();
        let mut lines = head.lines();
        let old: u64 = lines.next().unwrap().strip_prefix("old ").unwrap().parse().unwrap();
        let proof: Vec<Hash> = lines.map(|line| from_base64(&Value::from(line))).collect();

        // The flipped bit of one signature is among those that base64 leaves over: refused as text
        // already. With a bit that counts flipped instead, it is refused as a signature.
        let parsed = SignedCheckpoint::parse(checkpoint.as_bytes());
        let mut signed = parsed.unwrap_or_else(|error| {
            let error_meant = NoteError::Line { line: 1, error: LineError::Base64 };
            assert_eq!(error, CheckpointError::Note(error_meant));
            let flipped = checkpoint.replace("6gx=", "6gw=");
            SignedCheckpoint::parse(flipped.as_bytes()).unwrap()
        });
        let answer = if signed.origin().key_name() != log.name() {
            assert_eq!(signed.note().check([&log]), Err(NoteRefused::NoKnownSignature));
            404
        } else if signed.note().check([&log]).is_err() {
            403
        } else if old != seen.map_or(0, |tree| tree.size.0) {
            409
        } else if seen.is_some_and(|seen| check_consistency(seen, signed.tree(), &proof).is_err()) {
            422
        } else {
            seen = Some(signed.tree());
            let time = CosignatureTime::new(1_800_000_000).unwrap();
            let line = signed.checkpoint().cosign(&witness, &name, time);
            signed.add(line).unwrap();
            assert_eq!(signed.note().check([&log, &witness_key]).unwrap().len(), 2);
            200
        };
        assert_eq!(answer, number(&step["spec_v1_status"]), "{}", step["why"]);
        answers.push(answer);
    }
    assert_eq!(answers, [200, 403, 404, 422, 422, 200, 409, 200, 409]);
}

/// The Go checksum database has spaces in its origin, which tlog-checkpoint discourages and this
/// program refuses. As a note it is read.
#[test]
fn an_origin_with_spaces_is_no_origin_here() {
    let Some(vectors) = json("signed-note.json") else { return };
    let mut refused = 0;
    for case in list(&vectors["valid"]).iter().filter(|case| case["note"].is_string()) {
        let note = text(&case["note"]);
        if note.starts_with("go.sum database tree\n") {
            let error = SignedCheckpoint::parse(note.as_bytes()).unwrap_err();
            assert!(matches!(error, CheckpointError::Origin(_)));
            refused += 1;
        }
    }
    assert!(refused >= 2);
}
