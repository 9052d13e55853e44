//! The facts of an audit at the terminal: facts, exceptions, and the verdict last, in one sentence.

use std::fmt::Write;

use super::facts::{ClaimFacts, Coverage, Facts, FindingFacts, RuleFacts};
use super::words::{
    NOT_SHOWN, area, files_line, keys_line, ledger_line, not_asked, pin_line, recognised_line,
    time_line, tonnes,
};
use crate::audit::finding::{Outcome, Reach};
use crate::report::words::{count, counted, safe, visible};

/// Findings a terminal is shown of each rule; `--json` has all that were kept.
const SHOWN_PER_RULE: usize = 20;

/// Claims a terminal is shown.
const SHOWN_CLAIMS: usize = 10;

/// The whole text of one ledger.
pub fn text(facts: &Facts) -> String {
    let mut out = String::new();
    let ledger = &facts.ledger;
    if let (Some(name), Some(kind), Some(id)) = (&ledger.name, &ledger.kind, &ledger.id) {
        let _ = writeln!(out, "{} ({})", safe(name), safe(kind));
        let _ = writeln!(out, "ledger {id}");
        out.push('\n');
    }
    let _ = writeln!(out, "  Identity   {}", recognised_line(&facts.ledger.recognised));
    let _ = writeln!(out, "  Ledger     {}", ledger_line(facts));
    let _ = writeln!(out, "  Files      {}", files_line(facts));
    let _ = writeln!(out, "  Time       {}", time_line(&facts.time));
    for pin in &facts.pins {
        let _ = writeln!(out, "  Pinned     {}", pin_line(pin));
    }
    let _ = writeln!(out, "  Keys       {}", keys_line(facts));
    out.push_str(&process_and_claims(facts));
    out.push('\n');
    for result in facts.rules.iter().filter(|result| result.reach == Reach::Judged) {
        let _ = writeln!(out, "  {:<12} {}  {}", result.outcome.word(), result.rule, result.title);
    }
    for (reach, words) in
        [(Reach::NothingToJudge, "nothing here for"), (Reach::SwitchedOff, "switched off")]
    {
        let ids = not_asked(&facts.rules, reach);
        if !ids.is_empty() {
            let _ = writeln!(out, "  {words}: {}", ids.join(" "));
        }
    }
    for result in &facts.rules {
        out.push_str(&exceptions(facts, result));
    }
    out.push('\n');
    let _ = writeln!(out, "{}   {}", facts.verdict, facts.sentence);
    let _ = writeln!(out, "{NOT_SHOWN}");
    out
}

/// Process, coverage and claims, where the ledger speaks of them.
fn process_and_claims(facts: &Facts) -> String {
    let mut out = String::new();
    if let Some(step) = facts.process.steps.last() {
        let until = facts.process.certificates.iter().flat_map(|one| &one.terms);
        let until = until.map(|term| term.until).max();
        let until = until.map(|until| format!(", term ends {until}")).unwrap_or_default();
        let _ = writeln!(out, "  Process    {} since {}{until}", step.phase, step.day);
    }
    if let Some(coverage) = facts.coverage.as_ref().filter(|one| is_used(one)) {
        let indicators = || coverage.criteria.iter().flat_map(|one| &one.indicators);
        let covered = indicators().filter(|one| one.covered).count();
        let criteria = coverage.criteria.iter();
        let bare: Vec<&str> = criteria
            .filter(|one| one.indicators.iter().all(|indicator| !indicator.covered))
            .map(|one| one.id.as_str())
            .collect();
        let bare = match bare.is_empty() {
            true => String::new(),
            false => format!("; nothing for {}", bare.join(" ")),
        };
        let _ = writeln!(
            out,
            "  Coverage   {covered} of {} indicators rest on evidence ({}){}",
            indicators().count(),
            safe(&coverage.title),
            safe(&bare)
        );
    }
    for sample in &facts.samples {
        let line = match &sample.result {
            None => format!("{} rows drawn, no result yet", count(sample.drawn)),
            Some(result) => format!(
                "{} of {} looked at, {} not agreeing: at most {} of {} rows (95 %)",
                count(result.looked_at),
                count(sample.drawn),
                count(result.not_agreeing),
                count(result.bound_95),
                count(sample.population)
            ),
        };
        let _ = writeln!(out, "  Sample     {}: {line}", safe(&sample.indicator));
    }
    for claim in facts.claims.iter().take(SHOWN_CLAIMS) {
        let _ = writeln!(out, "  Claim      {}", claim_line(facts, claim));
    }
    if facts.claims.len() > SHOWN_CLAIMS {
        let more = (facts.claims.len() - SHOWN_CLAIMS) as u64;
        let _ = writeln!(out, "             … and {} more; --json lists them", count(more));
    }
    let open = facts.concerns.iter().filter(|concern| concern.closed.is_none()).count() as u64;
    if !facts.concerns.is_empty() {
        let all = counted(facts.concerns.len() as u64, "concern");
        let _ = writeln!(out, "  Concerns   {all} raised, {} open", count(open));
    }
    out
}

/// Whether any evidence is linked to an indicator, or any indicator was assessed.
pub fn is_used(coverage: &Coverage) -> bool {
    let mut indicators = coverage.criteria.iter().flat_map(|one| &one.indicators);
    indicators.any(|one| one.anchors > 0 || one.assessed.is_some() || one.self_assessed.is_some())
}

fn claim_line(facts: &Facts, claim: &ClaimFacts) -> String {
    format!(
        "{}  {} CO2e net, {} {}, {}, {}: {}",
        safe(&claim.id),
        tonnes(claim.totals.net_g),
        claim.kind,
        claim.effect,
        claim.period,
        area(claim.area_m2),
        claim_verdict(facts, claim)
    )
}

/// What the rules make of a claim, in words.
pub fn claim_verdict(facts: &Facts, claim: &ClaimFacts) -> String {
    if !claim.is_live() {
        return format!("does not count: {}", claim.standing);
    }
    let about = |outcome: Outcome| {
        let of_it = facts.findings.iter().filter(move |finding| {
            finding.outcome == outcome && finding.position == Some(claim.position)
        });
        let mut ids: Vec<&str> = of_it.map(|finding| finding.rule.id()).collect();
        ids.dedup();
        ids
    };
    for (outcome, words) in [
        (Outcome::Fail, "does not hold"),
        (Outcome::CannotCheck, "not checked in full"),
        (Outcome::Warn, "checks passed, with a warning"),
    ] {
        let ids = about(outcome);
        if !ids.is_empty() {
            return format!("{words} ({})", ids.join(" "));
        }
    }
    "checks passed".into()
}

fn exceptions(facts: &Facts, result: &RuleFacts) -> String {
    let mut out = String::new();
    let of_rule = || facts.findings.iter().filter(|finding| finding.rule == result.rule);
    let total = result.fails + result.warnings + result.cannot_check;
    if total == 0 {
        return out;
    }
    let _ = writeln!(out, "\n  {} {}", result.rule, result.title);
    for finding in of_rule().take(SHOWN_PER_RULE) {
        let _ = writeln!(out, "    {:<12} {}", mark(finding), visible(&finding.what));
    }
    let shown = of_rule().count().min(SHOWN_PER_RULE) as u64;
    if total > shown {
        let _ = writeln!(out, "    … and {} more; --json lists them", count(total - shown));
    }
    out
}

/// The word before a finding.
pub fn mark(finding: &FindingFacts) -> &'static str {
    match finding.code.as_str() {
        "file-differs" => "DIFFERS",
        "file-missing" => "MISSING",
        "file-not-recorded" => "NOT RECORDED",
        _ => finding.outcome.word(),
    }
}
