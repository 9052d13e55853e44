//! The statements of the benches: anchors by one recorder, each of the same batch of photographs
//! under another title.

use std::collections::BTreeMap;

use treering::evidence::attribute::Attribute;
use treering::evidence::path::RowPath;
use treering::evidence::row::{Disclosure, Row};
use treering::statement::bodies::Body;
use treering::statement::bodies::evidence::{Access, Anchor, Captured, Period, Place};
use treering::statement::chain::Chain;
use treering::statement::envelope::{Draft, Issuer, LedgerId, Payload, Statement, Subject};
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::Hash;
use treering::tlog::merkle::root_of;

use super::memory::{FOUNDED, Ledger};

/// Photographs in the batch.
const ROWS: u64 = 24;
/// Seconds from one statement to the next.
const PACE_S: i64 = 60;

/// What a recorder signs next, and next.
pub struct Anchors {
    ledger: LedgerId,
    root: Hash,
    position: u64,
    seq: u64,
    prev: Option<Hash>,
}

impl Anchors {
    /// The first statements of a recorder, after these of the ledger.
    pub fn after(ledger: &Ledger) -> Anchors {
        let hashes: Vec<Hash> = batch().iter().map(|(row, _)| row.hash()).collect();
        let position = ledger.entries.len() as u64;
        Anchors { ledger: ledger.id, root: root_of(&hashes), position, seq: 0, prev: None }
    }

    /// Signs the next statement.
    pub fn sign_next(&mut self, recorder: &SecretKey) -> Statement {
        let statement = self.draft().sign(recorder).expect("an honest draft");
        self.position += 1;
        self.seq += 1;
        self.prev = Some(statement.id());
        statement
    }

    fn draft(&self) -> Draft {
        let issued_at = clock_s(self.position);
        let captured = Period { first: issued_at - 90_000, last: issued_at - 3_600, files: ROWS };
        let body = Anchor {
            title: format!("camera D12, card {}", self.position),
            evidence: "files".into(),
            root: self.root,
            rows: ROWS,
            bytes: Some(61_204_771),
            media: Some(BTreeMap::from([("image/jpeg".into(), ROWS)])),
            captured: Some(Captured { utc: Some(captured), local: None, note: None }),
            indicators: None,
            place: Some(Place {
                south: 46_600_000,
                west: 10_100_000,
                north: 46_700_000,
                east: 10_200_000,
                step: 100_000,
            }),
            derived_from: None,
            care: None,
            access: Access::Public,
        };
        let chain = Chain {
            ledger: Some(self.ledger),
            seq: self.seq,
            prev: self.prev,
            seen: None,
            void: Vec::new(),
        };
        Draft {
            issuer: Issuer::Ledger(self.ledger),
            subject: Subject::Ledger,
            issued_at,
            payload: Payload {
                chain,
                also: Vec::new(),
                key: None,
                by: None,
                body: Body::Anchor(body),
            },
        }
    }
}

/// The recorder's clock at a position, seconds since 1970 UTC.
pub fn clock_s(position: u64) -> i64 {
    FOUNDED + PACE_S * position as i64
}

/// The rows of the batch as of a camera's card, with the disclosure of each row's path. Their salts are
/// only numbers, since nothing here is secret.
pub fn batch() -> Vec<(Row, Disclosure)> {
    let mut drawn = 0;
    let mut random = move |slice: &mut [u8]| {
        drawn += 1;
        slice.iter_mut().for_each(|byte| *byte = drawn);
    };
    let row = |number: u64| {
        let name = format!("D12/IMG_{number:04}.JPG");
        let path = Attribute::Path(RowPath::new(name.as_bytes()).expect("a path"));
        let kind = Attribute::MediaType("image/jpeg".into());
        let sha256 = Hash::of(name.as_bytes());
        let (row, mut shown) =
            Row::new(sha256, 2_550_000, &[path, kind], Access::Public, &mut random);
        (row, shown.swap_remove(0))
    };
    (0..ROWS).map(row).collect()
}
