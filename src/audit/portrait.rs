//! What a ledger says, besides what is wrong with it: the facts that a report shows around its verdict.
//!
//! Nothing here is judged. Everything is decoded from signed bytes, by position, and bounded by
//! [`super::record::Record::MAX_BYTES`].

use std::collections::{BTreeMap, HashMap};

use super::record::{Record, Said};
use super::rules::coverage::Coverage;
use super::rules::history::History;
use super::rules::{Weighed, bound_of};
use crate::statement::authority::Authority;
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::filing::ClaimFile;
use crate::statement::bodies::claim::moves::Move;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::process::sample::{Draw, SampleResult};
use crate::statement::bodies::site::Describe;
use crate::statement::claim_arithmetic::Balance;
use crate::statement::envelope::LedgerId;
use crate::statement::key::{KeyId, Role};
use crate::statement::standing::Standing;
use crate::tlog::hash::{Hash, Position};

/// The facts of one ledger.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Portrait {
    /// What the site says of itself last.
    pub site: Option<Describe>,
    /// Its way through the process.
    pub history: History,
    /// Its evidence under the catalogue in use.
    pub coverage: Option<Coverage>,
    /// Claims, also those that stand no more.
    pub claims: Vec<ClaimFacts>,
    /// Samples with their results.
    pub samples: Vec<SampleFacts>,
    /// Keys and what they were granted for.
    pub keys: Vec<KeyFacts>,
    /// What was taken back or called into question.
    pub corrections: Vec<Remark>,
    /// Concerns, with what became of them.
    pub concerns: Vec<ConcernFacts>,
    /// Statements recorded in each month, as the signers' clocks say: year and month.
    pub months: BTreeMap<(i64, u8), u64>,
    /// When each believed witness cosigned: seconds since 1970 UTC, ascending.
    pub witnesses: BTreeMap<String, Vec<i64>>,
    /// Anchors by position: what the devices, the recorder and the witnesses say about when.
    pub batches: Vec<BatchFacts>,
    /// The other ledgers that were read for this audit.
    pub read_beside: Vec<LedgerId>,
    /// The rule set: its name and the digest of its file.
    pub rule_set: Option<(String, Hash)>,
}

/// A claim and its units. Grams of CO2 equivalent.
#[derive(Clone, Debug, PartialEq)]
pub struct ClaimFacts {
    /// Where it stands.
    pub position: Position,
    /// Whether it counts, and if not, why.
    pub standing: Standing,
    /// What it says.
    pub claim: ClaimFile,
    /// What became of its units; absent where a move is more than there is.
    pub balance: Option<Balance>,
    /// Who gave an opinion, in which words.
    pub opinions: Vec<String>,
}

/// A sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleFacts {
    /// Where it was drawn.
    pub position: Position,
    /// Of which indicator.
    pub indicator: String,
    /// By which key.
    pub by: KeyId,
    /// From how many rows.
    pub population: u64,
    /// How many.
    pub drawn: u64,
    /// What was found; absent while there is no result.
    pub result: Option<SampleOutcome>,
}

/// What a sample found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SampleOutcome {
    /// Rows that were looked at.
    pub looked_at: u64,
    /// Of these, rows that do not agree.
    pub not_agreeing: u64,
    /// At most so many rows of the population do not agree, with 95 % confidence.
    pub bound_95: u64,
}

/// A key of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFacts {
    /// The key.
    pub key: KeyId,
    /// What it was granted as.
    pub role: Role,
    /// Since which statement.
    pub granted: Position,
    /// Until which statement, if it ended.
    pub ended: Option<Position>,
}

/// Something said of another statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Where it stands.
    pub position: Position,
    /// Its kind.
    pub kind: String,
    /// Why, in the signer's words.
    pub reason: String,
}

/// A concern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConcernFacts {
    /// Where it was raised.
    pub position: Position,
    /// When, as the signer's clock says.
    pub day: UtcDay,
    /// What it says.
    pub concern: String,
    /// Where it was answered first.
    pub answered: Option<Position>,
    /// Where and how it was closed.
    pub closed: Option<(Position, String)>,
}

/// An anchor in time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchFacts {
    /// Where it stands.
    pub position: Position,
    /// Its rows.
    pub rows: u64,
    /// First and last capture, as the devices say: seconds, on clocks with or without a zone.
    pub captured: Option<(i64, i64)>,
    /// When it was recorded, as the signer says: seconds since 1970 UTC.
    pub recorded: i64,
    /// Not later than this, as witnesses say: seconds since 1970 UTC.
    pub not_later_than: Option<i64>,
}

impl Portrait {
    /// Collects the facts.
    pub(super) fn of(
        weighed: &Weighed<'_>,
        history: History,
        coverage: Option<Coverage>,
    ) -> Portrait {
        let record = weighed.record;
        Portrait {
            site: weighed.site().cloned(),
            history,
            coverage,
            claims: claims(record),
            samples: samples(record),
            keys: weighed.authority.map(keys).unwrap_or_default(),
            corrections: corrections(record),
            concerns: concerns(record),
            batches: batches(weighed),
            ..Portrait::default()
        }
    }
}

fn claims(record: &Record) -> Vec<ClaimFacts> {
    let filed = record.all().iter().filter_map(|said| match &said.body {
        Body::ClaimFile(claim) => Some((said, &**claim)),
        _ => None,
    });
    let mut facts: Vec<ClaimFacts> = Vec::new();
    let mut places = BTreeMap::new();
    for (said, claim) in filed {
        places.insert(said.id, facts.len());
        facts.push(ClaimFacts {
            position: said.position,
            standing: said.standing,
            claim: claim.clone(),
            balance: Some(Balance::default()),
            opinions: Vec::new(),
        });
    }
    for said in record.live() {
        match &said.body {
            Body::ClaimMove(moved) => {
                let claim = places.get(&moved.claim.id).map(|at| &mut facts[*at]);
                claim.into_iter().for_each(|claim| claim.move_units(moved));
            }
            Body::ClaimOpinion(opinion) => {
                let claim = places.get(&opinion.claim.id).map(|at| &mut facts[*at]);
                let words =
                    format!("{}: {} ({})", opinion.body, opinion.opinion, opinion.assurance);
                claim.into_iter().for_each(|claim| claim.opinions.push(words.clone()));
            }
            _ => {}
        }
    }
    facts
}

impl ClaimFacts {
    fn move_units(&mut self, moved: &Move) {
        let totals = self.claim.totals;
        let applied = self.balance.as_mut().map(|balance| balance.apply(&totals, moved));
        if matches!(applied, Some(Err(_))) {
            self.balance = None;
        }
    }
}

fn samples(record: &Record) -> Vec<SampleFacts> {
    let results: HashMap<Hash, &SampleResult> = record
        .live()
        .filter_map(|said| match &said.body {
            Body::SampleResult(result) => Some((result.draw.id, result)),
            _ => None,
        })
        .collect();
    let drawn = record.live().filter_map(|said| match &said.body {
        Body::SampleDraw(draw) => Some((said, draw)),
        _ => None,
    });
    let fact = |(said, draw): (&Said, &Draw)| SampleFacts {
        position: said.position,
        indicator: draw.indicator.id.clone(),
        by: said.key,
        population: draw.population.rows,
        drawn: draw.n,
        result: results.get(&said.id).map(|result| {
            let (not_agreeing, bound_95) = bound_of(draw.population.rows, result);
            SampleOutcome { looked_at: result.rows.len() as u64, not_agreeing, bound_95 }
        }),
    };
    drawn.map(fact).collect()
}

fn keys(authority: &Authority) -> Vec<KeyFacts> {
    let fact = |(key, grant): (KeyId, &crate::statement::authority::GrantRecord)| KeyFacts {
        key,
        role: grant.role,
        granted: grant.granted,
        ended: grant.ended.map(|ending| ending.at),
    };
    let mut facts: Vec<KeyFacts> = authority.grants().map(fact).collect();
    facts.sort_by_key(|fact| fact.granted);
    facts
}

fn corrections(record: &Record) -> Vec<Remark> {
    let remark = |said: &Said| {
        let reason = match &said.body {
            Body::Correction(correction) => &correction.reason,
            Body::Dispute(dispute) => &dispute.reason,
            Body::Erase(erase) => &erase.ground,
            Body::CertificateWithdraw(withdraw) => &withdraw.reason,
            Body::CertificateSuspend(suspend) => &suspend.reason,
            _ => return None,
        };
        Some(Remark {
            position: said.position,
            kind: said.body.media_type().kind.to_string(),
            reason: reason.clone(),
        })
    };
    record.all().iter().filter_map(remark).collect()
}

fn concerns(record: &Record) -> Vec<ConcernFacts> {
    let mut facts: Vec<ConcernFacts> = Vec::new();
    let mut places = HashMap::new();
    for said in record.live() {
        match &said.body {
            Body::ConcernRaise(raised) => {
                places.insert(said.id, facts.len());
                facts.push(ConcernFacts {
                    position: said.position,
                    day: UtcDay::of_second(said.issued_at),
                    concern: raised.concern.clone(),
                    answered: None,
                    closed: None,
                });
            }
            Body::ConcernAnswer(answer) => {
                if let Some(at) = places.get(&answer.concern.id) {
                    facts[*at].answered.get_or_insert(said.position);
                }
            }
            Body::ConcernClose(close) => {
                if let Some(at) = places.get(&close.concern.id) {
                    facts[*at].closed = Some((said.position, close.outcome.to_string()));
                }
            }
            _ => {}
        }
    }
    facts
}

fn batches(weighed: &Weighed<'_>) -> Vec<BatchFacts> {
    let fact = |anchor: &super::anchors::AnchorFact| BatchFacts {
        position: anchor.position,
        rows: anchor.rows.rows,
        captured: anchor.span(),
        recorded: anchor.issued_at,
        not_later_than: weighed.bounds.upper(anchor.position),
    };
    weighed.anchors.all().iter().map(fact).collect()
}
