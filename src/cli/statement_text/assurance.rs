//! Statements of the families process and claim in a few words.

use crate::report::words::{count, counted, safe};
use crate::statement::bodies::Body;
use crate::statement::bodies::claim::moves::Verb;
use crate::statement::bodies::day::Days;
use crate::tlog::hash::Hash;

/// The statement in a few words, if it is of one of the two families.
pub fn summary(body: &Body) -> Option<String> {
    let eight = |id: &Hash| id.to_string()[..8].to_owned();
    Some(match body {
        Body::SelfAssessment(finding) => {
            format!("{}: {}, says the site of itself", finding.indicator.id, finding.verdict)
        }
        Body::Assessment(finding) => format!("{}: {}", finding.indicator.id, finding.verdict),
        Body::Recommendation(advice) => format!("{} {}", advice.outcome, advice.step),
        Body::Consultation(held) => {
            let groups: Vec<&str> = held.groups.iter().map(|group| group.word()).collect();
            format!("heard {} ({}), {}", groups.join(", "), held.method, period(&held.period))
        }
        Body::Visit(visit) => format!("visited {}, {}", visit.mode, period(&visit.period)),
        Body::Conflict(declared) => {
            let ties: Vec<&str> = declared.ties.iter().map(|tie| tie.word()).collect();
            match ties.is_empty() {
                true => format!("no ties, as {}", declared.capacity),
                false => format!("ties as {}: {}", declared.capacity, ties.join(", ")),
            }
        }
        Body::SampleDraw(draw) => format!(
            "{}: drew {} of {}",
            draw.indicator.id,
            count(draw.n),
            counted(draw.population.rows, "row")
        ),
        Body::SampleResult(result) => {
            let agree = result.rows.iter().filter(|row| row.found.word() == "agree").count();
            let rows = counted(result.rows.len() as u64, "row");
            format!("{} of {rows} agree", count(agree as u64))
        }
        Body::ReviewCheck(check) => format!("{}: {}", check.step, check.outcome),
        Body::Decision(decision) => {
            format!("{} {}, {}", decision.step, decision.outcome, decision.day)
        }
        Body::CertificateIssue(issue) => format!("listed {}", period(&issue.term)),
        Body::CertificateRenew(renew) => format!("listed again {}", period(&renew.term)),
        Body::CertificateSuspend(rests) => match rests.until {
            Some(until) => format!("rests from {} until {until}", rests.from),
            None => format!("rests from {} on: {}", rests.from, safe(&rests.reason)),
        },
        Body::CertificateWithdraw(ends) => {
            format!("ends on {}: {}", ends.from, safe(&ends.reason))
        }
        Body::Midterm(review) => format!("{}, {}", review.outcome, review.day),
        Body::ConcernRaise(raised) => format!("{}: {}", raised.about, safe(&raised.concern)),
        Body::ConcernAnswer(answer) => {
            format!("to {}: {}", eight(&answer.concern.id), safe(&answer.answer))
        }
        Body::ConcernClose(close) => {
            format!("{}: {}, {}", eight(&close.concern.id), close.outcome, safe(&close.reason))
        }
        Body::Dispute(dispute) => {
            format!("disputes {}: {}", eight(&dispute.statement.id), safe(&dispute.reason))
        }
        Body::StatementRefused(refused) => {
            let ledger = eight(&refused.ledger.0);
            format!("the ledger {ledger} did not take it: {}", safe(&refused.reason))
        }
        Body::ClaimFile(claim) => format!(
            "{} · {} of {} · {}",
            safe(&claim.id),
            claim.kind,
            tonnes(claim.totals.net_g),
            period(&claim.period)
        ),
        Body::ClaimOpinion(opinion) => format!(
            "{} of {}: {} ({} assurance)",
            opinion.activity,
            eight(&opinion.claim.id),
            opinion.opinion,
            opinion.assurance
        ),
        Body::ClaimMove(moved) => {
            let what =
                format!("{} {} of {}", moved.verb, tonnes(moved.grams), eight(&moved.claim.id));
            match (moved.verb, &moved.beneficiary, &moved.to) {
                (Verb::Retire, Some(beneficiary), _) => format!("{what} for {}", safe(beneficiary)),
                (_, _, Some(to)) => format!("{what} to {}", safe(to)),
                _ => what,
            }
        }
        _ => return None,
    })
}

/// `2026-01-01 until 2027-01-01`
pub fn period(days: &Days) -> String {
    format!("{} until {}", days.from, days.until)
}

/// Grams as people read them: `1,200 t CO2e`, with as many decimals as are not zero.
pub fn tonnes(grams: i64) -> String {
    const GRAMS: u64 = 1_000_000;
    let sign = if grams < 0 { "\u{2212}" } else { "" };
    let (whole, rest) = (grams.unsigned_abs() / GRAMS, grams.unsigned_abs() % GRAMS);
    let decimals = format!("{rest:06}");
    let decimals = decimals.trim_end_matches('0');
    let point = if decimals.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{decimals} t CO2e", count(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grams_are_shown_as_tonnes_without_loss() {
        assert_eq!(tonnes(1_200_000_000), "1,200 t CO2e");
        assert_eq!(tonnes(73_900), "0.0739 t CO2e");
        assert_eq!(tonnes(-1), "\u{2212}0.000001 t CO2e");
        assert_eq!(tonnes(i64::MIN), "\u{2212}9,223,372,036,854.775808 t CO2e");
    }
}
