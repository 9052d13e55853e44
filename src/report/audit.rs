//! An audit's result, for people and for programs.

use std::fmt::Write;

use serde_json::{Value, json};

use super::identity::{recognised_json, recognised_words};
use super::words::{count, counted, file_name, rfc3339, safe, time, visible};
use crate::audit::checkpoints::NOT_PUBLISHED;
use crate::audit::finding::{
    AuditReport, Finding, LedgerState, Outcome, Reach, Rule, RuleResult, Subject, Verdict,
};
use crate::audit::pins::{Pin, Pinned};
use crate::audit::time::TimeLine;

/// Findings a terminal is shown of each rule; `--json` has all that were kept.
const SHOWN_PER_RULE: usize = 20;

/// What no ledger can show, said under every verdict.
const NOT_SHOWN: &str = "Not shown by any audit: whether a photo is of what it is said to be, whether a \
                         clock was right, whether a method is sound, or what was never recorded.";

/// The report as text: facts, exceptions, and the verdict last, in one sentence.
pub fn text(report: &AuditReport) -> String {
    let mut out = String::new();
    if let Some(identity) = &report.identity {
        let _ = writeln!(out, "{} ({})", safe(&identity.name), safe(&identity.kind));
        let _ = writeln!(out, "ledger {}", identity.ledger);
        out.push('\n');
    }
    let _ = writeln!(out, "  Identity   {}", recognised_words(&report.recognised));
    let _ = writeln!(out, "  Ledger     {}", ledger_line(report));
    let _ = writeln!(out, "  Files      {}", files_line(report));
    let _ = writeln!(out, "  Time       {}", time_line(&report.time));
    for pin in &report.pins {
        let _ = writeln!(out, "  Pinned     {}", pin_line(pin));
    }
    let _ = writeln!(out, "  Keys       {}", keys_line(report));
    out.push('\n');
    for result in report.rules.iter().filter(|result| result.reach == Reach::Judged) {
        let _ = writeln!(out, "  {:<12} {}  {}", word(result), result.rule, result.rule.title());
    }
    for (reach, words) in
        [(Reach::NothingToJudge, "nothing here for"), (Reach::SwitchedOff, "switched off")]
    {
        let rules = report.rules.iter().filter(|result| result.reach == reach);
        let ids: Vec<&str> = rules.map(|result| result.rule.id()).collect();
        if !ids.is_empty() {
            let _ = writeln!(out, "  {words}: {}", ids.join(" "));
        }
    }
    for result in &report.rules {
        out.push_str(&exceptions(report, result));
    }
    out.push('\n');
    let _ = writeln!(out, "{}   {}", report.verdict.word(), sentence(report));
    let _ = writeln!(out, "{NOT_SHOWN}");
    out
}

fn word(result: &RuleResult) -> &'static str {
    result.outcome.word()
}

fn ledger_line(report: &AuditReport) -> String {
    let mut line = report.state.word().to_string();
    if let Some(head) = report.head {
        let _ = write!(line, "   {} signed", counted(head.size.0, "statement"));
    }
    if let Some(size) = report.compared_with {
        let _ = write!(line, ", compared with a head held at {}", count(size.0));
    }
    line
}

fn files_line(report: &AuditReport) -> String {
    let files = &report.files;
    if files.anchored == 0 {
        return "none anchored".into();
    }
    let mut parts = Vec::new();
    for (number, words) in [
        (files.matching, "MATCHES"),
        (files.differing, "DIFFERS"),
        (files.missing, "MISSING"),
        (files.unreadable, "UNREADABLE"),
        (files.not_compared, "NOT CHECKED"),
        (files.withheld, "WITHHELD"),
        (files.erased, "ERASED"),
    ] {
        if number > 0 {
            parts.push(format!("{} {words}", count(number)));
        }
    }
    let mut line = format!("{} anchored: {}", count(files.anchored), parts.join(" · "));
    if files.not_recorded > 0 {
        let _ = write!(line, " · {} in the folder NOT RECORDED", count(files.not_recorded));
    }
    line
}

fn keys_line(report: &AuditReport) -> String {
    let statements = &report.statements;
    let mut line = format!(
        "{} of {} signed by keys allowed to; {} granted, {} ended",
        count(statements.admitted),
        counted(statements.read, "statement"),
        counted(statements.keys_granted, "key"),
        count(statements.keys_ended)
    );
    for (number, words) in [
        (statements.disputed, "disputed after a key was compromised"),
        (statements.affirmed, "disputed and then affirmed"),
        (statements.superseded, "corrected later"),
        (statements.not_understood, "of kinds this program does not understand"),
    ] {
        if number > 0 {
            let _ = write!(line, "; {} {words}", count(number));
        }
    }
    line
}

fn exceptions(report: &AuditReport, result: &RuleResult) -> String {
    let mut out = String::new();
    let of_rule = || report.findings.iter().filter(|finding| finding.rule == result.rule);
    let total = result.fails + result.warnings + result.unchecked;
    if total == 0 {
        return out;
    }
    let _ = writeln!(out, "\n  {} {}", result.rule, result.rule.title());
    for finding in of_rule().take(SHOWN_PER_RULE) {
        let _ = writeln!(out, "    {:<12} {}", mark(finding), visible(&finding.what));
    }
    let shown = of_rule().count().min(SHOWN_PER_RULE) as u64;
    if total > shown {
        let _ = writeln!(out, "    … and {} more; --json lists them", count(total - shown));
    }
    out
}

fn mark(finding: &Finding) -> &'static str {
    match finding.code {
        "file-differs" => "DIFFERS",
        "file-missing" => "MISSING",
        "file-not-recorded" => "NOT RECORDED",
        _ => finding.outcome.word(),
    }
}

fn time_line(line: &TimeLine) -> String {
    match line {
        TimeLine::NotChecked => {
            "NOT CHECKED: no policy names witnesses to believe (--policy FILE); \
                                 the times are what signers claim"
                .into()
        }
        TimeLine::NotAsked => "not asked: the policy says quorum none".into(),
        TimeLine::NotMet => {
            "NOT CHECKED: too few of the policy's witnesses have cosigned this ledger".into()
        }
        TimeLine::Bounded { size, not_later_than_s, witnesses } => format!(
            "the first {} not later than {}, as {} saw",
            counted(size.0, "statement"),
            time(i64::try_from(*not_later_than_s).unwrap_or(i64::MAX)),
            witnesses.iter().map(|name| safe(name)).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Rule R07: who outside holds a part of this history, and since when.
fn pin_line(pin: &Pin) -> String {
    format!(
        "the first {} by {} since {}; first pinned {} (its signers' clocks)",
        counted(pin.largest.size.0, "statement"),
        safe(&pin.name),
        time(pin.largest.claimed_s),
        time(pin.first.claimed_s)
    )
}

fn pin_json(pin: &Pin) -> Value {
    let pinned = |pinned: &Pinned| {
        json!({
            "size": pinned.size.0,
            "position": pinned.position.0,
            "claimed_at": rfc3339(pinned.claimed_s),
        })
    };
    json!({
        "rule": "R07", "by": pin.by.to_string(), "name": pin.name,
        "first": pinned(&pin.first), "largest": pinned(&pin.largest),
    })
}

/// The verdict's sentence: what does not hold, in words, and what could not be checked.
fn sentence(report: &AuditReport) -> String {
    let unchecked = unchecked_words(report);
    let not_checked = match unchecked.is_empty() {
        true => String::new(),
        false => format!(" Could not be checked: {}.", unchecked.join("; ")),
    };
    let odd: u64 = report.rules.iter().map(|result| result.warnings).sum();
    match report.verdict {
        Verdict::Pass if odd > 0 => {
            format!("checks passed; {} to look at.", counted(odd, "warning"))
        }
        Verdict::Pass => "checks passed.".into(),
        Verdict::Incomplete => format!("nothing wrong was found.{not_checked}"),
        Verdict::Fail => format!("{}.{not_checked}", failed_words(report).join("; ")),
        Verdict::Fork if report.state == LedgerState::ForkedKeyRetired => format!(
            "a checkpoint contradicts this ledger, signed only by a log key that it has retired since. \
             Whether that was a fork depends on when the checkpoint came into your hands.{not_checked}"
        ),
        Verdict::Fork => format!(
            "this ledger has forked: two of its signed checkpoints cannot both be true.{not_checked}"
        ),
    }
}

fn failed_words(report: &AuditReport) -> Vec<String> {
    let failed = report.rules.iter().filter(|result| result.outcome == Outcome::Fail);
    let other_ledger = |code: &str| code == "other-ledger" || code == "promise-differs";
    let mut words: Vec<String> = failed
        .map(|result| match result.rule {
            Rule::R03 if report.findings.iter().any(|f| other_ledger(f.code)) => {
                "this is not the ledger that was meant, or not as its card promises".into()
            }
            Rule::R04 if report.state == LedgerState::Shortened => {
                "the end of the ledger was cut off".into()
            }
            Rule::R10 if report.files.differing > 0 => {
                let files = counted(report.files.differing, "file");
                format!(
                    "{files} {} from what was recorded",
                    if report.files.differing == 1 { "differs" } else { "differ" }
                )
            }
            rule => rule.broken().into(),
        })
        .collect();
    // Two rules may fail for the same reason.
    words.dedup();
    words
}

fn unchecked_words(report: &AuditReport) -> Vec<String> {
    let unchecked = report.rules.iter().filter(|result| result.unchecked > 0);
    let mut words: Vec<String> = unchecked
        .map(|result| match result.rule {
            Rule::R04 if report.findings.iter().any(|f| f.code == "no-held-head") => {
                "whether its end was cut off, for no head from before is at hand (--head)".into()
            }
            Rule::R04 if report.findings.iter().any(|f| f.code == NOT_PUBLISHED) => {
                "what an interrupted command left unsigned (treering add, as before, signs it)"
                    .into()
            }
            Rule::R04 => "whether it continues a head held from before".into(),
            Rule::R10 => {
                let files = &report.files;
                // What cannot be counted has a finding of its own.
                let known = files.missing + files.unreadable + files.not_compared;
                let open = files.withheld.saturating_add(known);
                format!("{} of {} anchored files", count(open), count(files.anchored))
            }
            rule => format!("{} in part", rule.id()),
        })
        .collect();
    if report.time == TimeLine::NotMet {
        words.push("when it was witnessed".into());
    }
    words
}

/// The report as JSON, with the schema `treering.audit/1`.
pub fn json(report: &AuditReport) -> Value {
    let identity = report.identity.as_ref();
    json!({
        "schema": "treering.audit/1",
        "verdict": report.verdict.word(),
        "exit": report.exit_code(),
        "ledger": {
            "state": report.state.word(),
            "id": identity.map(|identity| identity.ledger.to_string()),
            "name": identity.map(|identity| &identity.name),
            "kind": identity.map(|identity| &identity.kind),
            "origin": identity.map(|identity| &identity.origin),
            "size": report.head.map(|head| head.size.0),
            "root": report.head.map(|head| head.root.to_string()),
            "recognised": recognised_json(&report.recognised),
            "compared_with_size": report.compared_with.map(|size| size.0),
        },
        "statements": {
            "read": report.statements.read,
            "admitted": report.statements.admitted,
            "not_understood": report.statements.not_understood,
            "disputed": report.statements.disputed,
            "affirmed": report.statements.affirmed,
            "superseded": report.statements.superseded,
            "anchors": report.statements.anchors,
            "keys_granted": report.statements.keys_granted,
            "keys_ended": report.statements.keys_ended,
        },
        "files": {
            "anchored": report.files.anchored,
            "matches": report.files.matching,
            "differs": report.files.differing,
            "missing": report.files.missing,
            "unreadable": report.files.unreadable,
            "not_checked": report.files.not_compared,
            "withheld": report.files.withheld,
            "erased": report.files.erased,
            "not_recorded": report.files.not_recorded,
        },
        "time": time_json(&report.time),
        "pins": report.pins.iter().map(pin_json).collect::<Vec<_>>(),
        "rules": report.rules.iter().map(rule_json).collect::<Vec<_>>(),
        "findings": report.findings.iter().map(finding_json).collect::<Vec<_>>(),
        "findings_not_listed": report.findings_not_listed,
    })
}

fn time_json(line: &TimeLine) -> Value {
    match line {
        TimeLine::NotChecked | TimeLine::NotMet => json!("NOT CHECKED"),
        TimeLine::NotAsked => json!("NOT ASKED"),
        TimeLine::Bounded { size, not_later_than_s, witnesses } => json!({
            "size": size.0,
            "not_later_than": rfc3339(i64::try_from(*not_later_than_s).unwrap_or(i64::MAX)),
            "witnesses": witnesses,
        }),
    }
}

fn rule_json(result: &RuleResult) -> Value {
    json!({
        "rule": result.rule.id(),
        "title": result.rule.title(),
        "severity": result.rule.severity().word(),
        "reach": result.reach.word(),
        "outcome": result.outcome.word(),
        "fails": result.fails,
        "warnings": result.warnings,
        "cannot_check": result.unchecked,
    })
}

fn finding_json(finding: &Finding) -> Value {
    let mut object = json!({
        "rule": finding.rule.id(),
        "outcome": finding.outcome.word(),
        "code": finding.code,
        "what": finding.what,
    });
    let (field, value) = match &finding.subject {
        Subject::Ledger => return object,
        Subject::Statement(position) => ("position", json!(position.0)),
        Subject::Published(path) => ("published", json!(path)),
        Subject::Manifest(root) => ("manifest", json!(root.to_string())),
        Subject::File(path) => ("file", json!(file_name(path))),
    };
    object[field] = value;
    object
}
