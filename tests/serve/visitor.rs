//! Somebody whose key nobody granted, with something to say.

use treering::statement::chain::Chain;
use treering::statement::envelope::{Draft, Issuer, LedgerId, Payload, Statement, Subject};
use treering::statement::key::KeyId;
use treering::tlog::ed25519::SecretKey;
use treering::tlog::hash::{Hash, Tree, TreeSize};

use crate::support::bodies::unknown;
use crate::support::{FOUNDED, key};

/// A visitor and where its chain stands.
pub struct Visitor {
    pub key: SecretKey,
    ledger: LedgerId,
    seq: u64,
    prev: Option<Hash>,
}

impl Visitor {
    pub fn new(name: &str, ledger: LedgerId) -> Visitor {
        Visitor { key: key(name), ledger, seq: 0, prev: None }
    }

    /// The next statement of this key.
    pub fn next(&mut self) -> Statement {
        let statement = self.at(self.seq, self.prev);
        self.seq += 1;
        self.prev = Some(statement.id());
        statement
    }

    /// A statement of this number after that one, whatever was signed before.
    pub fn at(&self, seq: u64, prev: Option<Hash>) -> Statement {
        let body = unknown("dispute", 2);
        let draft = Draft {
            issuer: Issuer::Key(KeyId::of(&self.key.public())),
            subject: body.subject().unwrap_or(Subject::Ledger),
            issued_at: FOUNDED + seq as i64,
            payload: Payload {
                chain: Chain {
                    ledger: Some(self.ledger),
                    seq,
                    prev,
                    // With only a card in hand: the tree of statement 0.
                    seen: Some(Tree { size: TreeSize(1), root: self.ledger.0 }),
                    void: Vec::new(),
                },
                also: Vec::new(),
                key: (seq == 0).then(|| self.key.public()),
                by: None,
                body,
            },
        };
        draft.sign(&self.key).expect("an honest draft")
    }
}
