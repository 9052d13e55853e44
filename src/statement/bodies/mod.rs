//! What each kind of statement says: the fields of its payload, apart from those every statement
//! shares (`chain`, `also`, `key`, `by`).
//!
//! One file per family, one struct per kind, field for field the CDDL of `schemas/`.

pub mod cited;
pub mod claim;
pub mod day;
pub mod evidence;
pub mod key;
pub mod ledger;
pub mod process;
pub mod root;
pub mod site;
mod words;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use claim::filing::ClaimFile;
use claim::moves::Move;
use claim::opinion::Opinion;
use process::assessment::Assessment;
use process::{certificate, concern, decision, record, sample};

use super::cbor::{self, DecodeError, Item, Value};
use super::envelope::{LedgerId, MAX_STATEMENT_BYTES, Subject};
use super::kind::{KindName, MediaType};
use crate::tlog::hash::Hash;

/// A reference to a statement: its id, and its ledger where that is another one. A bare position is
/// never signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementRef {
    /// The statement's leaf hash.
    pub id: Hash,
    /// The ledger that holds it, absent for this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ledger: Option<LedgerId>,
}

impl StatementRef {
    /// A statement of the same ledger.
    pub fn here(id: Hash) -> StatementRef {
        StatementRef { id, ledger: None }
    }
}

/// A rule of a kind that its fields break. The sentence names the field.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BodyFault(pub &'static str);

/// A payload that says nothing understandable.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BodyRefused {
    /// Fields missing, unknown or of the wrong type.
    #[error(transparent)]
    Fields(#[from] DecodeError),
    /// Fields that break a rule of the kind.
    #[error(transparent)]
    Rule(#[from] BodyFault),
}

macro_rules! bodies {
    ($($variant:ident($body:ty) = $name:literal,)*) => {
        /// What a statement says.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Body {
            $(#[doc = concat!("`", $name, "`")] $variant($body),)*
            /// A kind or version this program does not know: carried and proved, not understood.
            Unknown {
                /// Its media type.
                typ: MediaType,
                /// Its fields.
                fields: Value,
            },
        }

        impl Body {
            /// The media type under which this body is signed.
            pub fn media_type(&self) -> MediaType {
                match self {
                    $(Body::$variant(_) => MediaType::v1(known($name)),)*
                    Body::Unknown { typ, .. } => typ.clone(),
                }
            }

            /// Reads the fields of a payload by its media type.
            pub(super) fn read(typ: &MediaType, fields: &Item<'_>) -> Result<Body, BodyRefused> {
                let body = match (typ.kind.as_str(), typ.version) {
                    $(($name, 1) => Body::$variant(cbor::from_item(fields)?),)*
                    _ => Body::Unknown { typ: typ.clone(), fields: cbor::from_item(fields)? },
                };
                body.check()?;
                Ok(body)
            }

            /// The fields as a CBOR map, for signing and for showing.
            pub fn fields(&self) -> Result<Value, DecodeError> {
                match self {
                    $(Body::$variant(body) => cbor::to_value(body),)*
                    Body::Unknown { fields, .. } => cbor::to_value(fields),
                }
            }
        }
    };
}

bodies! {
    Genesis(ledger::Genesis) = "ledger.genesis",
    RotateLogKey(ledger::RotateLogKey) = "ledger.rotate-log-key",
    Close(ledger::Close) = "ledger.close",
    CheckpointAnchor(ledger::CheckpointAnchor) = "checkpoint.anchor",
    Grant(key::Grant) = "key.grant",
    Revoke(key::Revoke) = "key.revoke",
    Affirm(key::Affirm) = "affirm",
    RotateRoot(root::Rotate) = "root.rotate",
    RecoverRoot(root::Recover) = "root.recover",
    SiteDescribe(site::Describe) = "site.describe",
    CataloguePublish(site::CataloguePublish) = "catalogue.publish",
    Anchor(evidence::Anchor) = "evidence.anchor",
    Link(evidence::Link) = "evidence.link",
    Erase(evidence::Erase) = "evidence.erase",
    Correction(evidence::Correction) = "correction",
    Dispute(concern::Dispute) = "dispute",
    SelfAssessment(Assessment) = "assess.self",
    Assessment(Assessment) = "assess.indicator",
    Recommendation(decision::Recommendation) = "assess.recommend",
    Consultation(record::Consultation) = "consultation.record",
    Visit(record::Visit) = "visit.record",
    Conflict(record::Conflict) = "conflict.declare",
    SampleDraw(sample::Draw) = "sample.draw",
    SampleResult(sample::SampleResult) = "sample.result",
    ReviewCheck(decision::Check) = "review.check",
    Decision(decision::Decision) = "decision",
    CertificateIssue(certificate::Issue) = "certificate.issue",
    CertificateSuspend(certificate::Suspend) = "certificate.suspend",
    CertificateWithdraw(certificate::Withdraw) = "certificate.withdraw",
    CertificateRenew(certificate::Renew) = "certificate.renew",
    Midterm(certificate::Midterm) = "review.midterm",
    ConcernRaise(concern::Raise) = "concern.raise",
    ConcernAnswer(concern::Answer) = "concern.answer",
    ConcernClose(concern::Close) = "concern.close",
    StatementRefused(concern::Refused) = "statement.refused",
    ClaimFile(Box<ClaimFile>) = "claim.file",
    ClaimOpinion(Opinion) = "claim.opinion",
    ClaimMove(Box<Move>) = "claim.move",
}

impl Body {
    /// The body that fields make, read as a stranger would read them from a statement.
    pub fn of_fields(typ: &MediaType, fields: &Value) -> Result<Body, BodyRefused> {
        let bytes = cbor::try_encode(fields)?;
        Body::read(typ, &cbor::decode_item(&bytes, MAX_STATEMENT_BYTES)?)
    }

    /// The rules of the kind that types cannot hold.
    pub fn check(&self) -> Result<(), BodyFault> {
        match self {
            Body::Genesis(body) => body.check(),
            Body::CheckpointAnchor(body) => body.check(),
            Body::RotateRoot(body) => body.guardians.check(),
            Body::RecoverRoot(body) => body.guardians.check(),
            Body::SiteDescribe(body) => body.check(),
            Body::Anchor(body) => body.check(),
            Body::Link(body) => body.indicators.check(),
            Body::Erase(body) => body.check(),
            Body::Dispute(body) => body.check(),
            Body::SelfAssessment(body) | Body::Assessment(body) => body.check(),
            Body::Recommendation(body) => body.check(),
            Body::Consultation(body) => body.check(),
            Body::Visit(body) => body.check(),
            Body::Conflict(body) => body.check(),
            Body::SampleDraw(body) => body.check(),
            Body::SampleResult(body) => body.check(),
            Body::ReviewCheck(body) => body.check(),
            Body::Decision(body) => body.check(),
            Body::CertificateIssue(body) => body.check(),
            Body::CertificateSuspend(body) => body.check(),
            Body::CertificateWithdraw(body) => body.check(),
            Body::CertificateRenew(body) => body.check(),
            Body::Midterm(body) => body.check(),
            Body::ConcernRaise(body) => body.check(),
            Body::ConcernAnswer(body) => body.check(),
            Body::StatementRefused(body) => body.check(),
            Body::ClaimFile(body) => body.check(),
            Body::ClaimOpinion(body) => body.check(),
            Body::ClaimMove(body) => body.check(),
            Body::RotateLogKey(_)
            | Body::Close(_)
            | Body::Grant(_)
            | Body::Revoke(_)
            | Body::Affirm(_)
            | Body::CataloguePublish(_)
            | Body::Correction(_)
            | Body::ConcernClose(_)
            | Body::Unknown { .. } => Ok(()),
        }
    }

    /// Whether this is a kind or version that this program does not know, in a family that decides who
    /// may sign what. Authority cannot be judged after it.
    pub fn is_unknown_rule(&self) -> bool {
        matches!(self, Body::Unknown { typ, .. } if typ.kind.family().rules_authority())
    }

    /// What the statement is about: the only `sub` its envelope may have. Unknown kinds may name
    /// any.
    pub fn subject(&self) -> Option<Subject> {
        let statement = |about: &StatementRef| Some(Subject::Statement(about.id));
        let indicator = |about: &cited::Indicator| Some(Subject::Indicator(about.id.clone()));
        match self {
            Body::Affirm(body) => statement(&body.statement),
            Body::Link(body) => statement(&body.statement),
            Body::Erase(body) => statement(&body.anchor),
            Body::Correction(body) => statement(&body.statement),
            Body::Dispute(body) => statement(&body.statement),
            Body::SelfAssessment(body) | Body::Assessment(body) => indicator(&body.indicator),
            Body::SampleDraw(body) => indicator(&body.indicator),
            Body::SampleResult(body) => statement(&body.draw),
            Body::CertificateSuspend(body) => statement(&body.certificate),
            Body::CertificateWithdraw(body) => statement(&body.certificate),
            Body::CertificateRenew(body) => statement(&body.certificate),
            Body::Midterm(body) => statement(&body.certificate),
            Body::ConcernAnswer(body) => statement(&body.concern),
            Body::ConcernClose(body) => statement(&body.concern),
            Body::ClaimFile(body) => Some(Subject::Claim(body.id.clone())),
            Body::ClaimOpinion(body) => statement(&body.claim),
            Body::ClaimMove(body) => statement(&body.claim),
            Body::SiteDescribe(site::Describe { site_id: Some(id), .. }) => {
                Some(Subject::Site(id.to_string()))
            }
            Body::Unknown { .. } => None,
            _ => Some(Subject::Ledger),
        }
    }
}

fn known(name: &str) -> KindName {
    KindName::new(name).expect("the names in our own table are well formed")
}

/// Whether a list is in ascending order without repeats.
fn is_strictly_ascending<T: Ord>(items: &[T]) -> bool {
    items.is_sorted_by(|earlier, later| earlier < later)
}

/// Whether a text has the form of an ISO 3166-1 alpha-3 code.
fn is_country(code: &str) -> bool {
    code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}
