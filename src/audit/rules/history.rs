//! The way of a site through the process, as its live statements tell it (domain: application,
//! candidate, listed, mid-term review, renewal; suspension, withdrawal, expiry).
//!
//! ```text
//! registered ─ assess.self → application ─ decision(candidacy) → candidate ─ decision(listing) and
//! certificate.issue → listed ─ certificate.renew → listed
//!                       listed ─ certificate.suspend → suspended ─ until → listed
//!                       listed, suspended ─ certificate.withdraw → withdrawn
//!                       listed, suspended ─ the term is over → expired
//! a site that was withdrawn or let its term run out may be a candidate and listed again
//! ```
//!
//! The history says what the statements make of the site. Whether they were allowed to is judged by R30
//! to R34.

use super::weighed::Weighed;
use crate::statement::bodies::Body;
use crate::statement::bodies::day::{Days, UtcDay};
use crate::statement::bodies::process::decision::{DecisionOutcome, Step};
use crate::tlog::hash::{Hash, Position};

/// Where a site stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// It has a ledger.
    Registered,
    /// It assessed itself.
    Application,
    /// It was admitted as a candidate.
    Candidate,
    /// It is on the list.
    Listed,
    /// Its listing rests.
    Suspended,
    /// Its listing was ended.
    Withdrawn,
    /// Its term ran out.
    Expired,
}

impl Phase {
    /// The word in reports.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Registered => "registered",
            Phase::Application => "application",
            Phase::Candidate => "candidate",
            Phase::Listed => "listed",
            Phase::Suspended => "suspended",
            Phase::Withdrawn => "withdrawn",
            Phase::Expired => "expired",
        }
    }
}

/// One step of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HistoryStep {
    /// Where it led.
    pub phase: Phase,
    /// The statement that says so; absent where only time went by.
    pub position: Option<Position>,
    /// From which day on.
    pub day: UtcDay,
}

/// A certificate, through its renewals, suspensions and end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The statement that issued it.
    pub id: Hash,
    /// Where that stands.
    pub position: Position,
    /// Its terms, the first and each renewal.
    pub terms: Vec<Days>,
    /// When it rested: from a day on, until another if one is known.
    pub suspended: Option<(UtcDay, Option<UtcDay>)>,
    /// The first day without it.
    pub withdrawn: Option<UtcDay>,
}

impl Certificate {
    /// Whether the site is listed on a day.
    pub fn is_in_force(&self, day: UtcDay) -> bool {
        let rests = self
            .suspended
            .is_some_and(|(from, until)| from <= day && until.is_none_or(|until| day < until));
        let ended = self.withdrawn.is_some_and(|from| from <= day);
        !rests && !ended && self.terms.iter().any(|term| term.holds(day))
    }

    /// The first day after its last term.
    pub fn ends(&self) -> Option<UtcDay> {
        self.terms.iter().map(|term| term.until).max()
    }
}

/// The history of a site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Its steps, in the order of their statements; what only time brought about comes last.
    pub steps: Vec<HistoryStep>,
    /// Its certificates, by position.
    pub certificates: Vec<Certificate>,
}

impl History {
    /// Reads it from the live statements, up to the day of the auditor's clock.
    pub fn of(weighed: &Weighed<'_>) -> History {
        let mut history = History::default();
        for said in weighed.record.live() {
            let day = UtcDay::of_second(said.issued_at);
            history.take_up(weighed, &said.body, said.id, said.position, day);
        }
        history.let_time_pass(UtcDay::of_second(weighed.clock_s));
        history
    }

    /// Where the site stands now.
    pub fn phase(&self) -> Phase {
        self.steps.last().map_or(Phase::Registered, |step| step.phase)
    }

    /// Whether any certificate is in force on a day.
    pub fn is_listed(&self, day: UtcDay) -> bool {
        self.certificates.iter().any(|certificate| certificate.is_in_force(day))
    }

    fn take_up(
        &mut self,
        weighed: &Weighed<'_>,
        body: &Body,
        id: Hash,
        position: Position,
        signed: UtcDay,
    ) {
        match body {
            Body::SelfAssessment(_) if self.steps.is_empty() => {
                self.push(Phase::Application, position, signed);
            }
            Body::Decision(decision)
                if decision.step == Step::Candidacy
                    && decision.outcome == DecisionOutcome::Accepted =>
            {
                self.push(Phase::Candidate, position, decision.day);
            }
            Body::CertificateIssue(issue) => {
                self.push(Phase::Listed, position, issue.term.from);
                self.certificates.push(Certificate {
                    id,
                    position,
                    terms: vec![issue.term],
                    suspended: None,
                    withdrawn: None,
                });
            }
            Body::CertificateRenew(renew) => {
                let Some(known) = self.known(weighed, &renew.certificate) else { return };
                self.certificates[known].terms.push(renew.term);
                self.push(Phase::Listed, position, renew.term.from);
            }
            Body::CertificateSuspend(suspend) => {
                let Some(known) = self.known(weighed, &suspend.certificate) else { return };
                self.certificates[known].suspended = Some((suspend.from, suspend.until));
                self.push(Phase::Suspended, position, suspend.from);
                if let Some(until) = suspend.until {
                    self.push(Phase::Listed, position, until);
                }
            }
            Body::CertificateWithdraw(withdraw) => {
                let Some(known) = self.known(weighed, &withdraw.certificate) else { return };
                self.certificates[known].withdrawn = Some(withdraw.from);
                self.push(Phase::Withdrawn, position, withdraw.from);
            }
            _ => {}
        }
    }

    fn push(&mut self, phase: Phase, position: Position, day: UtcDay) {
        self.steps.push(HistoryStep { phase, position: Some(position), day });
    }

    fn known(
        &self,
        weighed: &Weighed<'_>,
        reference: &crate::statement::bodies::StatementRef,
    ) -> Option<usize> {
        let issued = weighed.record.resolve(reference)?;
        self.certificates.iter().position(|certificate| certificate.id == issued.id)
    }

    /// What no statement says: that the last term is over.
    fn let_time_pass(&mut self, today: UtcDay) {
        let on_the_list = matches!(self.phase(), Phase::Listed | Phase::Suspended);
        let ends = self.certificates.iter().filter_map(Certificate::ends).max();
        if let Some(ends) = ends.filter(|ends| on_the_list && *ends <= today) {
            self.steps.push(HistoryStep { phase: Phase::Expired, position: None, day: ends });
        }
    }
}
