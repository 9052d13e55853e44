//! What the statements of a ledger say, kept for the rules that weigh one against another (R11–R41).
//!
//! A ledger is mostly anchors, and they are read as a stream ([`super::evidence`]). Everything else that
//! a rule needs is rare and kept whole: findings, decisions, claims, links, facts about the site.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::statement::authority::Authority;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::envelope::{Issuer, LedgerId, Statement};
use crate::statement::key::KeyId;
use crate::statement::kind::Family;
use crate::statement::standing::{Filed, Standing, StandingBook};
use crate::tlog::hash::{Hash, Position};

/// One admitted statement that is kept.
#[derive(Clone, Debug)]
pub struct Said {
    /// Where it stands.
    pub position: Position,
    /// Its leaf hash.
    pub id: Hash,
    /// The key that signed it.
    pub key: KeyId,
    /// In whose name.
    pub issuer: Issuer,
    /// When, as the signer's clock says: seconds since 1970 UTC.
    pub issued_at: i64,
    /// What later statements made of it.
    pub standing: Standing,
    /// What it says.
    pub body: Body,
}

impl Said {
    /// Whether it counts: neither corrected nor disputed.
    pub fn is_live(&self) -> bool {
        matches!(self.standing, Standing::Good | Standing::Affirmed)
    }
}

/// The statements of one ledger that rules weigh.
#[derive(Clone, Debug, Default)]
pub struct Record {
    ledger: Option<LedgerId>,
    said: Vec<Said>,
    places: HashMap<Hash, usize>,
    anchoring: BTreeSet<KeyId>,
    months: BTreeMap<(i64, u8), u64>,
    bytes: usize,
    left_out: u64,
}

impl Record {
    /// Ceiling of what is kept, in bytes of statements. An assessment of 50 indicators takes 50 kB and
    /// 10,000 claims 10 MB: a ledger beyond this was made to fill the auditor's memory.
    pub const MAX_BYTES: usize = 64 << 20;

    /// Takes up an admitted statement, if it is one that rules weigh.
    pub(super) fn take_up(&mut self, position: Position, statement: &Statement) {
        let header = &statement.header;
        let (year, month, _) = UtcDay::of_second(header.issued_at).civil();
        *self.months.entry((year, month)).or_default() += 1;
        let body = &statement.payload.body;
        if matches!(body, Body::Anchor(_)) {
            self.anchoring.insert(header.key);
        }
        let family = header.typ.kind.family();
        let weighed = matches!(family, Family::Site | Family::Process | Family::Claim)
            || matches!(body, Body::Link(_) | Body::Correction(_) | Body::Erase(_));
        if !weighed {
            return;
        }
        let bytes = self.bytes + statement.bytes().len();
        if bytes > Record::MAX_BYTES {
            self.left_out += 1;
            return;
        }
        self.bytes = bytes;
        self.places.insert(statement.id(), self.said.len());
        self.said.push(Said {
            position,
            id: statement.id(),
            key: header.key,
            issuer: header.issuer.clone(),
            issued_at: header.issued_at,
            standing: Standing::Good,
            body: statement.payload.body.clone(),
        });
    }

    /// Once the ledger is read: how each of them stands.
    pub(super) fn settle(&mut self, standing: &StandingBook, authority: &Authority) {
        self.ledger = Some(authority.ledger());
        for said in &mut self.said {
            said.standing = standing.standing_of(authority, &said.as_filed());
        }
    }

    /// The ledger.
    pub fn ledger(&self) -> Option<LedgerId> {
        self.ledger
    }

    /// All that is kept, by position.
    pub fn all(&self) -> &[Said] {
        &self.said
    }

    /// What counts, by position.
    pub fn live(&self) -> impl Iterator<Item = &Said> {
        self.said.iter().filter(|said| said.is_live())
    }

    /// The kept statement of an id.
    pub fn get(&self, id: &Hash) -> Option<&Said> {
        self.places.get(id).and_then(|place| self.said.get(*place))
    }

    /// The kept statement that a reference names, if it is one of this ledger.
    pub fn resolve(&self, reference: &StatementRef) -> Option<&Said> {
        let here = reference.ledger.is_none() || reference.ledger == self.ledger;
        self.get(&reference.id).filter(|_| here)
    }

    /// Statements by year and month, as the signers' clocks say.
    pub fn months(&self) -> &BTreeMap<(i64, u8), u64> {
        &self.months
    }

    /// The keys that recorded evidence.
    pub fn anchoring_keys(&self) -> &BTreeSet<KeyId> {
        &self.anchoring
    }

    /// Statements that would have been kept but for the ceiling. Rules cannot be judged where there are
    /// any.
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Whether the ledger says anything of the families process and claim.
    pub fn speaks_of_process_or_claims(&self) -> bool {
        let speaks = |said: &Said| {
            let family = said.body.media_type().kind.family();
            matches!(family, Family::Process | Family::Claim)
        };
        self.said.iter().any(speaks)
    }
}

impl Said {
    /// None of the kept kinds rules authority.
    fn as_filed(&self) -> Filed<'_> {
        Filed {
            position: self.position,
            id: self.id,
            key: self.key,
            issuer: &self.issuer,
            rules_authority: false,
        }
    }
}
