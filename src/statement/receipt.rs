//! Receipts: a small file that proves one evidence file is in a ledger, to somebody who has nothing
//! but the ledger's id.
//!
//! ```json
//! {
//!   "schema": "treering.receipt/1",
//!   "checkpoint": "treering/6b1e…\n128\n5Gpv…=\n\n— treering/6b1e… Un6r…\n",
//!   "statements": [
//!     { "index": 0,  "statement": "0oRY…" },
//!     { "index": 1,  "statement": "0oRY…" },
//!     { "index": 97, "statement": "0oRZ…" }
//!   ],
//!   "proof": "IpwP…",
//!   "evidence": [
//!     { "anchor": 97,
//!       "rows": [ { "index": 4, "row": "pGJz…", "shown": ["hHVh…"] } ],
//!       "proof": "R71E…" }
//!   ]
//! }
//! ```
//!
//! Whatever is hashed stands there as base64 of its exact bytes, and every fact a reader is shown is
//! decoded from those bytes. A proof is its hashes, one after the other. The statements are genesis, every change of root or log key, the grants
//! of the keys that anchored, and the anchors; one multi-inclusion proof ties them all to one
//! checkpoint. Several files share one receipt, and those of one anchor one proof.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::authority::{Authority, Refused};
use super::bodies::Body;
use super::bodies::evidence::Anchor;
use super::envelope::{LedgerId, ReadError, Statement};
use super::json::{self, Object};
use super::signature::{KeyBook, SignatureFault};
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint, log_vkey};
use crate::tlog::ed25519::admitting_each_key_once;
use crate::tlog::hash::{Hash, Position, Tree, TreeSize, leaf_hash};
use crate::tlog::merkle::ProofError;
use crate::tlog::multi::check_inclusions;

/// Ceiling of a receipt's file, in bytes: some ten thousand files in one receipt.
pub const MAX_RECEIPT_BYTES: usize = 64 << 20;
/// Ceiling of the statements in a receipt: a ledger changes its keys a few times a year.
const MAX_STATEMENTS: usize = 4_096;

const SCHEMA: &str = "treering.receipt/1";

/// A receipt as it was read: well formed, nothing checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The checkpoint that everything is tied to.
    pub checkpoint: SignedCheckpoint,
    /// The statements, ascending by position.
    pub statements: Vec<(Position, Vec<u8>)>,
    /// The proof that all of them are in the checkpoint's tree.
    pub proof: Vec<Hash>,
    /// The rows of each anchor.
    pub evidence: Vec<AnchoredRows>,
}

/// Rows of one anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchoredRows {
    /// The position of the anchoring statement.
    pub anchor: Position,
    /// The rows, ascending by index.
    pub rows: Vec<ShownRow>,
    /// The proof that all of them are under the evidence root.
    pub proof: Vec<Hash>,
}

/// One row, and the attributes of it that are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownRow {
    /// Its index in the manifest.
    pub index: u64,
    /// Its bytes.
    pub row: Vec<u8>,
    /// The bytes of each disclosure.
    pub shown: Vec<Vec<u8>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    checkpoint: String,
    statements: Vec<Object<StatementEntry>>,
    proof: String,
    evidence: Vec<Object<EvidenceEntry>>,
}

#[derive(Serialize)]
struct FileOut {
    schema: &'static str,
    checkpoint: String,
    statements: Vec<StatementEntry>,
    proof: String,
    evidence: Vec<EvidenceOut>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StatementEntry {
    index: u64,
    statement: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceEntry {
    anchor: u64,
    rows: Vec<Object<RowEntry>>,
    proof: String,
}

#[derive(Serialize)]
struct EvidenceOut {
    anchor: u64,
    rows: Vec<RowEntry>,
    proof: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RowEntry {
    index: u64,
    row: String,
    shown: Vec<String>,
}

/// Why a file is not a receipt.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptUnreadable {
    /// Longer than any receipt.
    #[error("longer than the {MAX_RECEIPT_BYTES} bytes a receipt can have")]
    TooLong,
    /// Not JSON of this shape: cut short, a field missing, unknown or twice.
    #[error("{0}")]
    Form(String),
    /// Another kind of file, or a later version.
    #[error("not a receipt that this program reads (schema {0:?})")]
    Schema(String),
    /// Base64 that is damaged or spelled in another way.
    #[error("damaged base64")]
    Base64,
    /// A proof that is cut within a hash.
    #[error("a proof that is not of whole hashes")]
    Proof,
    /// The checkpoint.
    #[error("its checkpoint: {0}")]
    Checkpoint(#[from] CheckpointError),
    /// More statements than a receipt needs.
    #[error("more than {MAX_STATEMENTS} statements")]
    TooManyStatements,
}

/// Why a receipt does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReceiptFault {
    /// Statement 0 is of another ledger than the pinned one, or is not there.
    #[error("it is of another ledger than the one you pinned")]
    OtherLedger,
    /// A statement is not one.
    #[error("statement {0}: {1}")]
    Statement(Position, ReadError),
    /// A statement's signature.
    #[error("statement {0}: {1}")]
    Signature(Position, SignatureFault),
    /// A statement's signer might not sign it, as far as the statements here say.
    #[error("statement {0}: {1}")]
    Authority(Position, Refused),
    /// A statement was filed in another ledger.
    #[error("statement {0} names another ledger")]
    Replayed(Position),
    /// The checkpoint is of another log.
    #[error("its checkpoint is of the origin {0}")]
    Origin(String),
    /// The checkpoint is not signed by the ledger's log key.
    #[error("its checkpoint is not signed by the ledger's log key")]
    CheckpointSignature,
    /// The statements are not in the checkpoint's tree.
    #[error("its statements are not in the tree that the checkpoint signs: {0}")]
    Inclusion(ProofError),
    /// Rows are said to be of a statement that is not an anchor here.
    #[error("statement {0} is no anchor in this receipt")]
    NotAnAnchor(Position),
    /// Rows are not under the evidence root.
    #[error("its rows are not under the evidence root of statement {0}: {1}")]
    Rows(Position, ProofError),
}

impl Receipt {
    /// Reads a receipt's file.
    pub fn read(json: &[u8]) -> Result<Receipt, ReceiptUnreadable> {
        if json.len() > MAX_RECEIPT_BYTES {
            return Err(ReceiptUnreadable::TooLong);
        }
        let file: File =
            json::read_object(json).map_err(|fault| ReceiptUnreadable::Form(fault.to_string()))?;
        if file.schema != SCHEMA {
            return Err(ReceiptUnreadable::Schema(file.schema));
        }
        if file.statements.len() > MAX_STATEMENTS {
            return Err(ReceiptUnreadable::TooManyStatements);
        }
        let statements = file
            .statements
            .into_iter()
            .map(|Object(entry)| Ok((Position(entry.index), from_base64(&entry.statement)?)));
        let evidence = file.evidence.into_iter().map(|Object(entry)| {
            let rows = entry.rows.into_iter().map(|Object(row)| {
                let shown = row.shown.iter().map(|shown| from_base64(shown));
                Ok(ShownRow {
                    index: row.index,
                    row: from_base64(&row.row)?,
                    shown: shown.collect::<Result<_, _>>()?,
                })
            });
            Ok(AnchoredRows {
                anchor: Position(entry.anchor),
                rows: rows.collect::<Result<_, ReceiptUnreadable>>()?,
                proof: hashes(&entry.proof)?,
            })
        });
        Ok(Receipt {
            checkpoint: SignedCheckpoint::parse(file.checkpoint.as_bytes())?,
            statements: statements.collect::<Result<_, ReceiptUnreadable>>()?,
            proof: hashes(&file.proof)?,
            evidence: evidence.collect::<Result<_, ReceiptUnreadable>>()?,
        })
    }

    /// The receipt as a file: indented JSON.
    pub fn to_json(&self) -> String {
        let file = FileOut {
            schema: SCHEMA,
            checkpoint: self.checkpoint.to_string(),
            statements: (self.statements.iter())
                .map(|(position, bytes)| StatementEntry {
                    index: position.0,
                    statement: STANDARD.encode(bytes),
                })
                .collect(),
            proof: hashes_to_base64(&self.proof),
            evidence: self.evidence.iter().map(evidence_entry).collect(),
        };
        let mut json =
            serde_json::to_string_pretty(&file).expect("receipt: text and numbers print");
        json.push('\n');
        json
    }

    /// Checks everything that statements and proofs can show, offline, under the pinned ledger id.
    ///
    /// What the rows say of a file, and when the checkpoint was witnessed, is for the caller. Whether
    /// the key was revoked before its anchor, or the anchor corrected or erased later, no receipt
    /// shows.
    pub fn check(&self, pinned: LedgerId) -> Result<CheckedReceipt, ReceiptFault> {
        let statements = admitting_each_key_once(|| self.read_statements())?;
        let authority = check_statements(&statements, pinned)?;
        self.check_checkpoint(&authority)?;
        let leaves: Vec<(Position, Hash)> =
            statements.iter().map(|(position, statement)| (*position, statement.id())).collect();
        let tree = self.checkpoint.tree();
        check_inclusions(&leaves, tree, &self.proof).map_err(ReceiptFault::Inclusion)?;
        for part in &self.evidence {
            check_rows(part, &statements)?;
        }
        Ok(CheckedReceipt { authority, statements })
    }

    fn read_statements(&self) -> Result<Vec<(Position, Statement)>, ReceiptFault> {
        let read = |(position, bytes): &(Position, Vec<u8>)| match Statement::read(bytes.clone()) {
            Ok(statement) => Ok((*position, statement)),
            Err(fault) => Err(ReceiptFault::Statement(*position, fault)),
        };
        self.statements.iter().map(read).collect()
    }

    fn check_checkpoint(&self, authority: &Authority) -> Result<(), ReceiptFault> {
        let origin = &authority.genesis().origin;
        if self.checkpoint.origin() != origin {
            return Err(ReceiptFault::Origin(self.checkpoint.origin().to_string()));
        }
        let key = authority.log_keys_at(self.checkpoint.tree().size).map(|term| term.required);
        let key = key.ok_or(ReceiptFault::CheckpointSignature)?;
        let key = log_vkey(origin, key);
        match self.checkpoint.note().check([&key]) {
            Ok(_) => Ok(()),
            Err(_) => Err(ReceiptFault::CheckpointSignature),
        }
    }
}

/// Statements that were taken out of a ledger, each signed by a key that might sign it, as far as those
/// before it here say.
pub(super) fn check_statements(
    statements: &[(Position, Statement)],
    pinned: LedgerId,
) -> Result<Authority, ReceiptFault> {
    let (genesis, rest) = match statements {
        [(Position(0), genesis), rest @ ..] if LedgerId(genesis.id()) == pinned => (genesis, rest),
        _ => return Err(ReceiptFault::OtherLedger),
    };
    let mut keys = KeyBook::default();
    statements.iter().for_each(|(_, statement)| keys.learn(statement));
    let signed = |position, statement| {
        Statement::check_signatures(statement, &keys, pinned)
            .map_err(|fault| ReceiptFault::Signature(position, fault))
    };
    let refused = |position| move |fault| ReceiptFault::Authority(position, fault);
    let mut authority =
        Authority::found(signed(Position(0), genesis)?).map_err(refused(Position(0)))?;
    for (position, statement) in rest {
        if statement.payload.chain.ledger != Some(pinned) {
            return Err(ReceiptFault::Replayed(*position));
        }
        let signed = signed(*position, statement)?;
        // Roots at other sizes need the whole ledger; see [`Authority::admit`].
        authority.admit(*position, signed, &mut |_| None).map_err(refused(*position))?;
    }
    Ok(authority)
}

fn check_rows(
    part: &AnchoredRows,
    statements: &[(Position, Statement)],
) -> Result<(), ReceiptFault> {
    let not_an_anchor = ReceiptFault::NotAnAnchor(part.anchor);
    let anchor = find_anchor(statements, part.anchor).ok_or(not_an_anchor)?.1;
    let leaves: Vec<(Position, Hash)> =
        part.rows.iter().map(|row| (Position(row.index), leaf_hash(&row.row))).collect();
    // The count of rows is the signed one: an index beyond it proves nothing.
    let tree = Tree { size: TreeSize(anchor.rows), root: anchor.root };
    check_inclusions(&leaves, tree, &part.proof)
        .map_err(|fault| ReceiptFault::Rows(part.anchor, fault))
}

fn find_anchor(
    statements: &[(Position, Statement)],
    position: Position,
) -> Option<(&Statement, &Anchor)> {
    let (_, statement) = statements.iter().find(|(at, _)| *at == position)?;
    match &statement.payload.body {
        Body::Anchor(anchor) => Some((statement, anchor)),
        _ => None,
    }
}

/// A receipt whose statements and proofs hold.
#[derive(Clone, Debug)]
pub struct CheckedReceipt {
    /// Who might sign what, as far as the receipt's statements say.
    pub authority: Authority,
    statements: Vec<(Position, Statement)>,
}

impl CheckedReceipt {
    /// The anchoring statement at a position that the receipt's evidence names.
    pub fn anchor(&self, position: Position) -> Option<(&Statement, &Anchor)> {
        find_anchor(&self.statements, position)
    }
}

fn evidence_entry(part: &AnchoredRows) -> EvidenceOut {
    let row = |row: &ShownRow| RowEntry {
        index: row.index,
        row: STANDARD.encode(&row.row),
        shown: row.shown.iter().map(|shown| STANDARD.encode(shown)).collect(),
    };
    EvidenceOut {
        anchor: part.anchor.0,
        rows: part.rows.iter().map(row).collect(),
        proof: hashes_to_base64(&part.proof),
    }
}

fn from_base64(text: &str) -> Result<Vec<u8>, ReceiptUnreadable> {
    STANDARD.decode(text).map_err(|_| ReceiptUnreadable::Base64)
}

/// One string for all hashes of a proof: 43 characters for each, where a list would need 52.
fn hashes_to_base64(hashes: &[Hash]) -> String {
    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
    STANDARD.encode(bytes)
}

fn hashes(text: &str) -> Result<Vec<Hash>, ReceiptUnreadable> {
    let bytes = from_base64(text)?;
    let (hashes, rest) = bytes.as_chunks();
    match rest.is_empty() {
        true => Ok(hashes.iter().map(|hash| Hash(*hash)).collect()),
        false => Err(ReceiptUnreadable::Proof),
    }
}
