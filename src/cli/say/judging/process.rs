//! The family process.

use super::{is_evidence, is_kind, refuse};
use crate::cli::say::desk::Desk;
use crate::cli::voice::Failure;
use crate::statement::bodies::Body;
use crate::statement::bodies::StatementRef;
use crate::statement::bodies::cited::Indicator;
use crate::statement::bodies::process::assessment::{Assessment, Verdict};
use crate::statement::bodies::process::concern::CloseOutcome;
use crate::statement::bodies::process::sample::{Draw, SampleResult};
use crate::statement::evidence_book::rows_of;
use crate::statement::sample::{drawn_rows, evidence_digest, row_count};

pub fn judge(desk: &Desk<'_>, body: &Body) -> Result<(), Failure> {
    let each = |field: &str, all: &[StatementRef], kinds: &[&str]| {
        all.iter().try_for_each(|one| is_kind(desk, field, one, kinds))
    };
    let one = |field: &str, one: &Option<StatementRef>, kinds: &[&str]| {
        one.as_ref().map_or(Ok(()), |one| is_kind(desk, field, one, kinds))
    };
    const CERTIFICATE: &[&str] = &["certificate.issue"];
    match body {
        Body::SelfAssessment(found) | Body::Assessment(found) => assessment(desk, found),
        Body::Recommendation(advice) => {
            each("findings", &advice.findings, &["assess.indicator", "assess.self"])
        }
        Body::Consultation(held) => is_evidence(desk, &held.evidence),
        Body::Visit(visit) => is_evidence(desk, &visit.evidence),
        Body::SampleDraw(draw) => sample_draw(desk, draw),
        Body::SampleResult(result) => sample_result(desk, result),
        Body::ReviewCheck(check) => {
            each("recommendations", &check.recommendations, &["assess.recommend"])
        }
        Body::Decision(decision) => {
            each("recommendations", &decision.recommendations, &["assess.recommend"])?;
            one("review", &decision.review, &["review.check"])?;
            each("concerns", &decision.concerns, &["concern.raise"])
        }
        Body::CertificateIssue(issue) => is_kind(desk, "decision", &issue.decision, &["decision"]),
        Body::CertificateRenew(renew) => {
            is_kind(desk, "certificate", &renew.certificate, CERTIFICATE)?;
            is_kind(desk, "decision", &renew.decision, &["decision"])
        }
        Body::CertificateSuspend(rests) => {
            is_kind(desk, "certificate", &rests.certificate, CERTIFICATE)?;
            one("decision", &rests.decision, &["decision"])
        }
        Body::CertificateWithdraw(ends) => {
            is_kind(desk, "certificate", &ends.certificate, CERTIFICATE)?;
            one("decision", &ends.decision, &["decision"])
        }
        Body::Midterm(review) => is_kind(desk, "certificate", &review.certificate, CERTIFICATE),
        Body::ConcernRaise(raised) => {
            raised.indicators.iter().try_for_each(|indicator| known(desk, indicator))?;
            for statement in &raised.statements {
                desk.statement(statement)?;
            }
            is_evidence(desk, &raised.evidence)
        }
        Body::ConcernAnswer(answer) => {
            is_kind(desk, "concern", &answer.concern, &["concern.raise"])?;
            is_evidence(desk, &answer.evidence)
        }
        Body::ConcernClose(close) => {
            is_kind(desk, "concern", &close.concern, &["concern.raise"])?;
            may_close(desk, &close.concern, close.outcome)
        }
        Body::Dispute(dispute) => {
            desk.statement(&dispute.statement)?;
            is_evidence(desk, &dispute.evidence)
        }
        _ => Ok(()),
    }
}

/// The indicator is one of its catalogue, as far as that is at hand.
fn known(desk: &Desk<'_>, indicator: &Indicator) -> Result<(), Failure> {
    let Some(catalogue) = desk.catalogue_of(&indicator.catalogue)? else { return Ok(()) };
    match catalogue.check([indicator.id.as_str()]) {
        Ok(_) => Ok(()),
        Err(unknown) => refuse("the statement", "indicator", unknown, "name one of those"),
    }
}

fn assessment(desk: &Desk<'_>, found: &Assessment) -> Result<(), Failure> {
    let what = "the finding";
    known(desk, &found.indicator)?;
    let rests_on_something = !found.evidence.is_empty() || !found.samples.is_empty();
    match found.verdict {
        Verdict::Met | Verdict::Partly if !rests_on_something => refuse(
            what,
            "evidence",
            format!("{} rests on no evidence", found.verdict),
            "name what it rests on: --on REF; treering log --kind evidence.anchor",
        )?,
        Verdict::NotApplicable if found.note.is_none() => refuse(
            what,
            "note",
            "not-applicable needs a reason",
            "say why it does not apply: --note TEXT",
        )?,
        _ => {}
    }
    for sample in &found.samples {
        is_kind(desk, "samples", sample, &["sample.result"])?;
    }
    is_evidence(desk, &found.evidence)
}

fn sample_draw(desk: &Desk<'_>, draw: &Draw) -> Result<(), Failure> {
    known(desk, &draw.indicator)?;
    let (Some(past), Some(book)) = (desk.past()?, desk.book()) else { return Ok(()) };
    if draw.checkpoint != desk.seen {
        let why = format!("the ledger at hand has {} statements", desk.seen.size);
        return refuse("the draw", "checkpoint", why, "draw anew: treering sample draw");
    }
    let live = past.evidence.bearing_on(&past.standings, book.authority(), &draw.indicator);
    let rows = rows_of(&live);
    let fits = evidence_digest(&rows) == draw.population.digest
        && row_count(&rows) == Some(draw.population.rows);
    match fits {
        true => Ok(()),
        false => refuse(
            "the draw",
            "population",
            "it is not the evidence that bears on the indicator at this checkpoint",
            "draw with treering sample draw, which takes it from the ledger",
        ),
    }
}

fn sample_result(desk: &Desk<'_>, result: &SampleResult) -> Result<(), Failure> {
    let what = "the result";
    is_kind(desk, "draw", &result.draw, &["sample.draw"])?;
    let Some((_, statement)) = desk.statement(&result.draw)? else { return Ok(()) };
    let Body::SampleDraw(draw) = &statement.payload.body else { return Ok(()) };
    let rows = desk.population_of(draw)?;
    let Some(drawn) = rows.and_then(|rows| drawn_rows(desk.ledger, draw, &rows)) else {
        return refuse(
            what,
            "draw",
            "the draw does not fit the evidence at its checkpoint: its rows cannot be told",
            "treering sample replay DRAW shows both",
        );
    };
    let recorded: Vec<_> = result.rows.iter().map(|row| (row.root, row.index)).collect();
    if drawn == recorded {
        return Ok(());
    }
    let first = drawn.iter().zip(&recorded).position(|(a, b)| a != b);
    let why = match first {
        Some(place) => format!("row {} of the list is not the one drawn there", place + 1),
        None => format!("{} rows were drawn, {} are recorded", drawn.len(), recorded.len()),
    };
    refuse(what, "rows", why, "fill in the list that treering sample draw wrote, line by line")
}

/// Nobody closes a concern about themselves, but whoever raised it may take it back (rule R36).
fn may_close(
    desk: &Desk<'_>,
    concern: &StatementRef,
    outcome: CloseOutcome,
) -> Result<(), Failure> {
    use crate::statement::bodies::process::concern::About;
    let Some((position, raised)) = desk.statement(concern)? else { return Ok(()) };
    let Body::ConcernRaise(about) = &raised.payload.body else { return Ok(()) };
    if outcome == CloseOutcome::TakenBack || about.about != About::Site {
        return Ok(());
    }
    match desk.signs_for_the_site() {
        true => refuse(
            "the concern",
            "concern",
            format!("@{position} is about the site, and this key speaks for the site"),
            "answer it (treering concern answer); a reviewer or the committee closes it",
        ),
        false => Ok(()),
    }
}
