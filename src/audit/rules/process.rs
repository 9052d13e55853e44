//! The steps of the process and what they rest on (R30, R31, R34, R35, R36).

use std::collections::{BTreeSet, HashMap};

use super::history::{Certificate, History, Phase};
use super::roles::{InRole, Ledgers};
use super::weighed::{About, Weighed, about};
use crate::audit::findings::Findings;
use crate::audit::record::Said;
use crate::audit::rule::Rule;
use crate::statement::bodies::cited::Dossier;
use crate::statement::bodies::day::UtcDay;
use crate::statement::bodies::process::concern::{About as Topic, CloseOutcome};
use crate::statement::bodies::process::decision::{
    Advice, CheckOutcome, Decision, DecisionOutcome, Recommendation, Step,
};
use crate::statement::bodies::{Body, StatementRef};
use crate::statement::envelope::Issuer;
use crate::statement::key::{KeyId, Role};
use crate::tlog::hash::Hash;

/// Judges the process of one site.
pub(super) fn judge(
    ledgers: &Ledgers<'_>,
    weighed: &Weighed<'_>,
    history: &History,
    out: &mut Findings,
) {
    let process = Process { ledgers, weighed, history };
    let mut phase = Phase::Registered;
    for said in weighed.record.live() {
        process.role(said, out);
        process.step(said, phase, out);
        let led_to = history.steps.iter().rfind(|step| step.position == Some(said.position));
        phase = led_to.map_or(phase, |step| step.phase);
    }
    process.listing(out);
    if weighed.figures.R35.on {
        process.midterm(out);
    }
    process.concerns(out);
}

struct Process<'a> {
    ledgers: &'a Ledgers<'a>,
    weighed: &'a Weighed<'a>,
    history: &'a History,
}

/// The role that takes a step, where the step is one of a role.
pub(super) fn role_of(body: &Body) -> Option<Role> {
    match body {
        Body::Assessment(_) | Body::Recommendation(_) => Some(Role::Assessor),
        Body::SampleDraw(_) | Body::SampleResult(_) => Some(Role::Assessor),
        Body::ReviewCheck(_) => Some(Role::Reviewer),
        Body::Decision(_)
        | Body::CertificateIssue(_)
        | Body::CertificateRenew(_)
        | Body::CertificateSuspend(_)
        | Body::CertificateWithdraw(_) => Some(Role::Committee),
        Body::ClaimOpinion(_) => Some(Role::Verifier),
        _ => None,
    }
}

impl Process<'_> {
    /// R31: each step by the role that takes it.
    fn role(&self, said: &Said, out: &mut Findings) {
        let Some(role) = role_of(&said.body) else { return };
        let mut about = about(Rule::R31, said, out);
        let kind = said.body.media_type().kind;
        match self.ledgers.role(self.weighed, said, role) {
            InRole::Yes => {}
            InRole::No(why) => about.fail("not-in-role", format!("it is {kind}, and {why}")),
            InRole::Unknown(why) => about.cannot_check("role-unknown", format!("{kind}: {why}")),
        }
    }

    /// R31: in which order, on what.
    fn step(&self, said: &Said, phase: Phase, out: &mut Findings) {
        match &said.body {
            Body::ReviewCheck(check) => {
                let mut about = about(Rule::R31, said, out);
                let same = Same { step: check.step, dossier: &check.dossier, before: said };
                for reference in &check.recommendations {
                    self.recommendation(reference, &same, &mut about);
                }
            }
            Body::Decision(decision) => self.decision(said, decision, phase, out),
            Body::CertificateIssue(issue) => {
                self.carries_out(said, Some(&issue.decision), Step::Listing, out);
            }
            Body::CertificateRenew(renew) => {
                self.carries_out(said, Some(&renew.decision), Step::Renewal, out);
                self.certificate(said, &renew.certificate, out);
            }
            Body::CertificateSuspend(suspend) => {
                self.carries_out(said, suspend.decision.as_ref(), Step::Suspension, out);
                self.certificate(said, &suspend.certificate, out);
            }
            Body::CertificateWithdraw(withdraw) => {
                self.carries_out(said, withdraw.decision.as_ref(), Step::Withdrawal, out);
                self.certificate(said, &withdraw.certificate, out);
            }
            Body::Midterm(midterm) => self.certificate(said, &midterm.certificate, out),
            _ => {}
        }
    }

    fn decision(&self, said: &Said, decision: &Decision, phase: Phase, out: &mut Findings) {
        let mut about_it = about(Rule::R31, said, out);
        if decision.outcome != DecisionOutcome::Accepted {
            return;
        }
        let on_the_list = matches!(phase, Phase::Listed | Phase::Suspended);
        let in_order = match decision.step {
            Step::Candidacy => phase != Phase::Registered && !on_the_list,
            Step::Listing => phase == Phase::Candidate,
            // A term may have run out while its renewal was looked at.
            Step::Renewal | Step::Suspension | Step::Withdrawal => on_the_list,
        };
        if !in_order {
            let (step, stands) = (decision.step, phase.word());
            about_it.fail("out-of-order", format!("{step} is decided while the site is {stands}"));
        }
        if matches!(decision.step, Step::Suspension | Step::Withdrawal) {
            return;
        }
        let Some(dossier) = &decision.dossier else {
            return about_it.fail("no-dossier", "it does not say on which evidence it was decided");
        };
        let same = Same { step: decision.step, dossier, before: said };
        let mut members = BTreeSet::new();
        for reference in &decision.recommendations {
            if let Some(by) = self.recommendation(reference, &same, &mut about_it) {
                members.insert(by.key);
            }
        }
        if decision.step != Step::Candidacy {
            self.review(decision.review.as_ref(), &same, &mut about_it);
            self.heard_and_seen(decision.step, said, &mut about_it);
            self.quorum(said, &members, out);
        }
    }

    /// R31: a recommendation for the step, on the same evidence; its statement, if it is one.
    fn recommendation(
        &self,
        reference: &StatementRef,
        same: &Same<'_>,
        about: &mut About<'_>,
    ) -> Option<&Said> {
        let Some(found) = self.weighed.record.resolve(reference).filter(|found| found.is_live())
        else {
            about.fail("no-recommendation", "a recommendation it names is not in this ledger");
            return None;
        };
        let Body::Recommendation(recommendation) = &found.body else {
            about.fail("no-recommendation", format!("{} is no recommendation", found.position));
            return None;
        };
        let Recommendation { step, outcome, dossier, .. } = recommendation;
        let fits = same.holds(found, *step, dossier, "recommendation", about);
        if *outcome == Advice::Against {
            let at = found.position;
            about.fail("against", format!("the recommendation at {at} is against the step"));
        }
        (fits && *outcome == Advice::For).then_some(found)
    }

    /// R31: the reviewer's check, on the same evidence.
    fn review(&self, reference: Option<&StatementRef>, same: &Same<'_>, about: &mut About<'_>) {
        let found = reference.and_then(|reference| self.weighed.record.resolve(reference));
        let Some(found) = found.filter(|found| found.is_live()) else {
            return about.fail("no-review", "no reviewer's check in this ledger stands before it");
        };
        let Body::ReviewCheck(check) = &found.body else {
            return about.fail("no-review", format!("{} is no reviewer's check", found.position));
        };
        same.holds(found, check.step, &check.dossier, "check", about);
        if check.outcome == CheckOutcome::SentBack {
            let at = found.position;
            about.fail("sent-back", format!("the reviewer's check at {at} sent it back"));
        }
    }

    /// R31: stakeholders were heard and the site was visited.
    fn heard_and_seen(&self, step: Step, said: &Said, about: &mut About<'_>) {
        let before = || self.weighed.record.live().take_while(|at| at.position < said.position);
        let mut heard = before().filter_map(|at| match &at.body {
            Body::Consultation(consultation) => Some(consultation.step),
            _ => None,
        });
        let mut seen = before().filter_map(|at| match &at.body {
            Body::Visit(visit) => Some(visit.step),
            _ => None,
        });
        let serves = |of: Option<Step>| of.is_none_or(|of| of == step);
        if !heard.any(serves) {
            about.fail("not-consulted", "no consultation is recorded before it");
        }
        if !seen.any(serves) {
            about.fail("not-visited", "no visit of the site is recorded before it");
        }
    }

    /// R34: enough members of the assessment group.
    fn quorum(&self, said: &Said, members: &BTreeSet<KeyId>, out: &mut Findings) {
        let figures = &self.weighed.figures.R34;
        if !figures.on {
            return;
        }
        let mut about = about(Rule::R34, said, out);
        let (counted, wanted) = (members.len() as u64, figures.members);
        if counted < wanted {
            about.fail(
                "too-few-members",
                format!("{counted} of {wanted} members of the assessment group recommend it"),
            );
        }
    }

    /// R31: a certificate carries out a decision.
    fn carries_out(
        &self,
        said: &Said,
        reference: Option<&StatementRef>,
        step: Step,
        out: &mut Findings,
    ) {
        let mut about = about(Rule::R31, said, out);
        let found = reference.and_then(|reference| self.weighed.record.resolve(reference));
        let decided = found.filter(|found| found.is_live()).map(|found| &found.body);
        match decided {
            Some(Body::Decision(decision))
                if decision.step == step && decision.outcome == DecisionOutcome::Accepted => {}
            Some(Body::Decision(decision)) => about.fail(
                "other-decision",
                format!("its decision is {} of {}", decision.outcome, decision.step),
            ),
            _ => about.fail("no-decision", "the decision it carries out is not in this ledger"),
        }
    }

    /// R31 and R30: a certificate that exists, used while it is one.
    fn certificate(&self, said: &Said, reference: &StatementRef, out: &mut Findings) {
        let issued = self.weighed.record.resolve(reference);
        let known = issued.and_then(|issued| {
            self.history.certificates.iter().find(|certificate| certificate.id == issued.id)
        });
        match known {
            None => about(Rule::R31, said, out)
                .fail("no-certificate", "the certificate it is about is not in this ledger"),
            Some(certificate) => self.used_in_time(said, certificate, out),
        }
    }

    /// R30: nothing is done to a certificate after it was withdrawn.
    fn used_in_time(&self, said: &Said, certificate: &Certificate, out: &mut Findings) {
        let day = match &said.body {
            Body::Midterm(midterm) => midterm.day,
            Body::CertificateRenew(renew) => renew.term.from,
            Body::CertificateSuspend(suspend) => suspend.from,
            _ => return,
        };
        let mut about = about(Rule::R30, said, out);
        if certificate.withdrawn.is_some_and(|from| from <= day) {
            about.fail("after-withdrawal", format!("on {day} the certificate was withdrawn"));
        } else if !matches!(said.body, Body::CertificateRenew(_))
            && certificate.ends().is_some_and(|ends| ends <= day)
        {
            about.fail("after-expiry", format!("on {day} the certificate's term was over"));
        }
    }

    /// R30: terms no longer than allowed, and not used once they are over.
    fn listing(&self, out: &mut Findings) {
        let figures = &self.weighed.figures.R30;
        if !figures.on {
            return;
        }
        for certificate in &self.history.certificates {
            let issued = self.weighed.record.get(&certificate.id);
            let Some(issued) = issued else { continue };
            let mut about = about(Rule::R30, issued, out);
            for term in &certificate.terms {
                if term.count() > i64::try_from(figures.term_days).unwrap_or(i64::MAX) {
                    let days = term.count();
                    about.fail("term-too-long", format!("its term has {days} days"));
                }
            }
            self.near_its_end(certificate, &mut about);
        }
        self.words_of_listing(out);
    }

    fn near_its_end(&self, certificate: &Certificate, about: &mut About<'_>) {
        let today = UtcDay::of_second(self.weighed.clock_s);
        let Some(ends) = certificate.ends().filter(|_| certificate.withdrawn.is_none()) else {
            return;
        };
        let warn = i64::try_from(self.weighed.figures.R30.warn_days).unwrap_or(i64::MAX);
        if ends <= today {
            about.warn("expired", format!("its last term ended on {ends}"));
        } else if ends.0.saturating_sub(warn) <= today.0 {
            about.warn("ends-soon", format!("its last term ends on {ends}"));
        }
    }

    /// R30: a claim that calls the site green listed on a day on which it is not.
    fn words_of_listing(&self, out: &mut Findings) {
        for (said, claim) in self.weighed.claims() {
            let says = |text: &str| text.to_lowercase().contains("green list");
            if !says(&claim.title) && !claim.text.as_deref().is_some_and(says) {
                continue;
            }
            let day = UtcDay::of_second(said.issued_at);
            let mut about = about(Rule::R30, said, out);
            if !self.history.is_listed(day) {
                about.fail(
                    "listing-not-in-force",
                    format!("it speaks of the Green List, and on {day} no listing is in force"),
                );
            }
        }
    }

    /// R35: after ≤ day of the review − first day of the term ≤ before.
    fn midterm(&self, out: &mut Findings) {
        let figures = &self.weighed.figures.R35;
        let today = UtcDay::of_second(self.weighed.clock_s);
        for certificate in &self.history.certificates {
            let Some(issued) = self.weighed.record.get(&certificate.id) else { continue };
            let Some(listed) = certificate.terms.first().map(|term| term.from) else { continue };
            let mut about = about(Rule::R35, issued, out);
            let reviewed = self.weighed.record.live().filter_map(|said| match &said.body {
                Body::Midterm(midterm) => Some(midterm),
                _ => None,
            });
            let of_it = reviewed.filter(|midterm| midterm.certificate.id == certificate.id);
            let within = |day: UtcDay| {
                let after = u64::try_from(day.0 - listed.0).unwrap_or(0);
                (figures.after_days..=figures.before_days).contains(&after)
            };
            let days: Vec<UtcDay> = of_it.map(|midterm| midterm.day).collect();
            let late = i64::try_from(figures.before_days).unwrap_or(i64::MAX);
            if days.iter().copied().any(within) {
                continue;
            }
            match days.first() {
                Some(day) => about.warn("midterm-off", format!("its mid-term review was on {day}")),
                None if today.0 - listed.0 > late => {
                    about.warn("no-midterm", "it had no mid-term review in time");
                }
                None => {}
            }
        }
    }

    /// R36: answered in time, closed by others.
    fn concerns(&self, out: &mut Findings) {
        let figures = &self.weighed.figures.R36;
        if !figures.on {
            return;
        }
        let answers = self.first_answers();
        for said in self.weighed.record.live() {
            match &said.body {
                Body::ConcernRaise(_) => {
                    self.answered(said, answers.get(&said.id).copied(), out);
                }
                Body::ConcernClose(close) => {
                    let mut about = about(Rule::R36, said, out);
                    let raised = self.weighed.record.resolve(&close.concern);
                    let raised = raised.filter(|at| matches!(at.body, Body::ConcernRaise(_)));
                    let Some(raised) = raised else {
                        about.warn("no-concern", "the concern it closes is not in this ledger");
                        continue;
                    };
                    let by_raiser = raised.key == said.key;
                    if close.outcome == CloseOutcome::TakenBack && !by_raiser {
                        about.warn("taken-back-by-others", "only who raised it can take it back");
                    } else if !by_raiser && self.is_about(raised, said) {
                        about.warn("closed-by-its-subject", "the party it is about closed it");
                    }
                }
                _ => {}
            }
        }
    }

    /// When each concern was first answered or closed, as the signers' clocks say.
    fn first_answers(&self) -> HashMap<Hash, i64> {
        let mut first = HashMap::new();
        for said in self.weighed.record.live() {
            let concern = match &said.body {
                Body::ConcernAnswer(answer) => answer.concern.id,
                Body::ConcernClose(close) => close.concern.id,
                _ => continue,
            };
            let earliest = first.entry(concern).or_insert(said.issued_at);
            *earliest = said.issued_at.min(*earliest);
        }
        first
    }

    fn answered(&self, raised: &Said, first: Option<i64>, out: &mut Findings) {
        let limit = i64::try_from(self.weighed.figures.R36.answer_days).unwrap_or(i64::MAX);
        let limit_s = limit.saturating_mul(86_400);
        let mut about = about(Rule::R36, raised, out);
        match first {
            Some(answered) if answered.saturating_sub(raised.issued_at) > limit_s => {
                let days = answered.saturating_sub(raised.issued_at) / 86_400;
                about.warn("answered-late", format!("the concern was answered after {days} days"));
            }
            None if self.weighed.clock_s.saturating_sub(raised.issued_at) > limit_s => {
                about.warn("not-answered", "the concern has no answer");
            }
            _ => {}
        }
    }

    /// Whether a signer is the party that a concern is about.
    fn is_about(&self, raised: &Said, signer: &Said) -> bool {
        let Body::ConcernRaise(concern) = &raised.body else { return false };
        let of_the_site = matches!(signer.issuer, Issuer::Ledger(_));
        let named = |reference: &StatementRef| {
            let at = self.weighed.record.resolve(reference);
            at.is_some_and(|at| at.key == signer.key)
        };
        (of_the_site && matches!(concern.about, Topic::Site | Topic::Claim))
            || concern.statements.iter().any(named)
    }
}

/// What two steps have to have in common.
struct Same<'a> {
    step: Step,
    dossier: &'a Dossier,
    before: &'a Said,
}

impl Same<'_> {
    fn holds(
        &self,
        found: &Said,
        step: Step,
        dossier: &Dossier,
        called: &str,
        about: &mut About<'_>,
    ) -> bool {
        let at = found.position;
        let mut holds = true;
        let mut fail = |code, what| {
            about.fail(code, what);
            holds = false;
        };
        if at >= self.before.position {
            fail("comes-later", format!("the {called} at {at} comes after it"));
        }
        if step != self.step {
            fail("other-step", format!("the {called} at {at} is about {step}"));
        }
        if dossier.evidence != self.dossier.evidence || dossier.catalogue != self.dossier.catalogue
        {
            fail("other-evidence", format!("the {called} at {at} rests on other evidence"));
        }
        holds
    }
}
