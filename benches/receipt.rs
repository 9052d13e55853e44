//! Receipts from a large ledger: how long the log part takes to make and how long it is, and a whole
//! receipt's check beside nothing but its signature checks.
//!
//! ```text
//! log part     checkpoint, and one proof that genesis, grant and anchor are under it
//! statements   those three, whole
//! evidence     one row of the anchor's batch, and the proof that it is under the evidence root
//! ```

mod support;

use std::collections::BTreeSet;
use std::hint::black_box;
use std::time::Instant;

use support::anchors::batch;
use support::ledger_on_disk::LedgerOnDisk;
use support::memory::random::Random;
use support::paired::{self, Runner};
use support::{grouped, machine, number_from_env};
use treering::audit::folder::PublicFolder;
use treering::evidence::tree::prove_rows;
use treering::statement::envelope::Statement;
use treering::statement::receipt::{AnchoredRows, Receipt, ShownRow};
use treering::tlog::bundle::{BUNDLE_BYTES_MAX, Bundle};
use treering::tlog::checkpoint::SignedCheckpoint;
use treering::tlog::ed25519::{PublicKey, Signature};
use treering::tlog::hash::{Hash, Position, TreeSize};
use treering::tlog::merkle::{Node, Unprovable};
use treering::tlog::multi::prove_inclusions;
use treering::tlog::note::NOTE_BYTES_MAX;
use treering::tlog::tile::read_from_tiles;

const GOAL_MS: f64 = 2.0;
const GOAL_BYTES: f64 = 2_000.0;
/// A check may take this many times its bare signature checks.
const GOAL_CHECK: f64 = 1.5;
/// The row of the batch that is shown.
const ROW: usize = 7;
/// Checks in one round, so that a round is long enough to time.
const CHECKS: usize = 200;

fn main() {
    let statements = number_from_env("TREERING_BENCH_STATEMENTS", 1_000_000);
    let rounds = number_from_env("TREERING_BENCH_ROUNDS", 15);
    let ledger = LedgerOnDisk::of(statements);
    println!("receipt: from a ledger of {} statements, {}", grouped(statements), machine());
    make(&ledger);
    check(&ledger, rounds);
}

/// Makes receipts of anchors all over the ledger.
fn make(ledger: &LedgerOnDisk) {
    let mut random = Random::seeded(2);
    let anchors = ledger.tree.size.0 as usize - 2;
    let positions: Vec<Position> =
        (0..500).map(|_| Position(2 + random.below(anchors) as u64)).collect();
    let receipts: Vec<Receipt> = positions.iter().map(|at| receipt(ledger, *at)).collect();
    let mut milliseconds = Vec::new();
    for position in &positions {
        let start = Instant::now();
        black_box(log_part(ledger, *position));
        milliseconds.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let typical = paired::median(milliseconds.clone());
    let worst = milliseconds.into_iter().fold(0.0, f64::max);
    let met = paired::verdict(typical < GOAL_MS);
    println!(
        "  making the log part    {typical:.3} ms, {worst:.3} ms at most   (goal < {GOAL_MS} ms: {met})"
    );

    let median_of = |bytes: fn(&Receipt) -> usize| {
        paired::median(receipts.iter().map(|receipt| bytes(receipt) as f64).collect())
    };
    let hashed = median_of(|r| r.checkpoint.to_string().len() + Hash::LENGTH * r.proof.len());
    let in_file = median_of(|r| {
        let without = Receipt { proof: Vec::new(), ..r.clone() };
        let checkpoint = serde_json::to_string(&r.checkpoint.to_string()).expect("text");
        r.to_json().len() - without.to_json().len() + checkpoint.len()
    });
    let hashes = median_of(|r| r.proof.len());
    let met = paired::verdict(in_file < GOAL_BYTES);
    println!(
        "  the log part           {in_file} bytes in the file, {hashed} before base64 and JSON, \
         {hashes} hashes   (goal < {GOAL_BYTES} bytes: {met})"
    );
    let statements = median_of(|r| r.statements.iter().map(|(_, bytes)| bytes.len()).sum());
    let whole = median_of(|r| r.to_json().len());
    println!("  its three statements   {statements} bytes before base64");
    println!("  the whole receipt      {whole} bytes, with one row");
}

/// Checks one receipt, beside the same signatures under keys that are at hand.
fn check(ledger: &LedgerOnDisk, rounds: usize) {
    let receipt = receipt(ledger, Position(ledger.tree.size.0 / 3));
    let file = receipt.to_json();
    let signatures = signatures(ledger, &receipt);
    let keys: BTreeSet<[u8; 32]> = signatures.iter().map(|(key, ..)| *key.as_bytes()).collect();
    let check_signatures = || {
        for (key, message, signature) in &signatures {
            key.check(message, signature).expect("a signature that matches");
        }
    };
    let repeat = |what: &dyn Fn()| (0..CHECKS).for_each(|_| what());
    let runners = vec![
        Runner::timed("its bare signature checks", || repeat(&check_signatures)),
        Runner::timed("with its keys admitted first", || {
            repeat(&|| {
                for key in &keys {
                    black_box(PublicKey::admit(*key).expect("a key"));
                }
                check_signatures();
            })
        }),
        Runner::timed("Receipt::read and check", || {
            repeat(&|| {
                let receipt = Receipt::read(file.as_bytes()).expect("a receipt");
                black_box(receipt.check(ledger.beginning.id).expect("a receipt that holds"));
            })
        }),
    ];
    let times = paired::in_turns(1, rounds, runners);
    let [bare, admitted, whole] = &times[..] else { unreachable!("three runners") };
    for what in [bare, admitted, whole] {
        let ms = what.median() * 1e3 / CHECKS as f64;
        println!("  {:<30} {ms:>7.3} ms", format!("{}:", what.name));
    }
    let (times_bare, times_admitted) = (1.0 / whole.ratio_to(bare), 1.0 / whole.ratio_to(admitted));
    let met = paired::verdict(times_bare <= GOAL_CHECK);
    println!(
        "  a check takes {times_bare:.2} of its {} bare signature checks (goal ≤ {GOAL_CHECK}: {met}), \
         {times_admitted:.2} of them with their keys admitted",
        signatures.len()
    );
}

/// Checkpoint and proof, read from the folder.
fn log_part(ledger: &LedgerOnDisk, anchor: Position) -> (SignedCheckpoint, Vec<Hash>) {
    let checkpoint = ledger.folder.read("checkpoint", NOTE_BYTES_MAX).expect("checkpoint");
    let checkpoint = SignedCheckpoint::parse(&checkpoint).expect("checkpoint");
    let size = checkpoint.tree().size;
    let proof = prove_inclusions(&positions(anchor), size, |nodes| nodes_of(ledger, nodes, size));
    (checkpoint, proof.expect("a proof"))
}

/// Genesis, the recorder's grant, and the anchor.
fn positions(anchor: Position) -> [Position; 3] {
    [Position(0), Position(1), anchor]
}

fn nodes_of(ledger: &LedgerOnDisk, nodes: &[Node], size: TreeSize) -> Result<Vec<Hash>, Fault> {
    read_from_tiles(nodes, size, |tile| {
        let bytes = ledger.folder.tile(tile).map_err(|fault| Fault(fault.to_string()))?;
        tile.split(&bytes).map_err(|fault| Fault(fault.to_string()))
    })
}

#[derive(Debug)]
#[allow(dead_code, reason = "shown when something fails")]
struct Fault(String);

impl From<Unprovable> for Fault {
    fn from(fault: Unprovable) -> Fault {
        Fault(fault.to_string())
    }
}

fn receipt(ledger: &LedgerOnDisk, anchor: Position) -> Receipt {
    let (checkpoint, proof) = log_part(ledger, anchor);
    let size = checkpoint.tree().size;
    let statements = positions(anchor).map(|at| (at, entry(&ledger.folder, at, size))).to_vec();
    let batch = batch();
    let row_hashes: Vec<Hash> = batch.iter().map(|(row, _)| row.hash()).collect();
    let rows_proof = prove_rows(&row_hashes, &[Position(ROW as u64)]).expect("a proof");
    let (row, path) = &batch[ROW];
    let shown = vec![path.bytes().to_vec()];
    let rows = vec![ShownRow { index: ROW as u64, row: row.bytes().to_vec(), shown }];
    let evidence = vec![AnchoredRows { anchor, rows, proof: rows_proof.hashes }];
    Receipt { checkpoint, statements, proof, evidence }
}

fn entry(folder: &PublicFolder, position: Position, size: TreeSize) -> Vec<u8> {
    let (bundle, within) = Bundle::holding(position, size).expect("a position in the ledger");
    let bytes = folder.read(&bundle.path(), BUNDLE_BYTES_MAX).expect("a bundle");
    bundle.split(&bytes).expect("a bundle")[within].to_vec()
}

/// Every signature of the receipt: under which key, over what.
fn signatures(ledger: &LedgerOnDisk, receipt: &Receipt) -> Vec<(PublicKey, Vec<u8>, Signature)> {
    let (root, log) = (ledger.beginning.root.public(), ledger.beginning.log.public());
    let signers = [root, root, ledger.recorder.public()];
    let mut all = Vec::new();
    for ((position, bytes), signer) in receipt.statements.iter().zip(signers) {
        let statement = Statement::read(bytes.clone()).expect("a statement");
        all.push((signer, statement.signed_bytes(), *statement.signature()));
        let in_ledger = (position.0 > 0).then_some(ledger.beginning.id);
        for second in &statement.payload.also {
            all.push((second.key, statement.also_message(in_ledger), second.sig));
        }
    }
    let note = receipt.checkpoint.note();
    let text = note.text().as_bytes().to_vec();
    let line = receipt.checkpoint.checkpoint().sign(&ledger.beginning.log);
    assert!(note.signatures().contains(&line), "Ed25519 signs the same text the same way");
    all.push((log, text.clone(), ledger.beginning.log.sign(&text)));
    all
}
