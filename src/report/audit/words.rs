//! The facts of an audit in words, the same at the terminal, in `--json` and on the page.

use std::fmt::Write;

use super::facts::{Facts, PinFacts, Recognised, RuleFacts, Time, TimeWord};
use crate::audit::checkpoints::NOT_PUBLISHED;
use crate::audit::finding::{LedgerState, Outcome, Reach, Rule};
use crate::report::identity::recognised_words;
use crate::report::words::{count, counted, safe};

/// What no ledger can show, said under every verdict.
pub const NOT_SHOWN: &str = "Not shown by any audit: whether a photo is of what it is said to be, whether a \
                             clock was right, whether a method is sound, or what was never recorded.";

/// The state of the ledger, its size, and what it was compared with.
pub fn ledger_line(facts: &Facts) -> String {
    let mut line = facts.ledger.state.word().to_string();
    if let Some(size) = facts.ledger.size {
        let _ = write!(line, "   {} signed", counted(size, "statement"));
    }
    if let Some(size) = facts.ledger.compared_with_size {
        let _ = write!(line, ", compared with a head held at {}", count(size));
    }
    line
}

/// By what it was recognised.
pub fn recognised_line(recognised: &Recognised) -> String {
    let Recognised { card, id, pin, own, differs: faults } = recognised.clone();
    let pin = pin.map(|pin| (pin.compared.0, pin.accreditor_since.map(|since| since.0)));
    recognised_words(&crate::audit::identity::Recognised { card, id, pin, own, faults })
}

/// What became of the files.
pub fn files_line(facts: &Facts) -> String {
    let files = &facts.files;
    if files.anchored == 0 {
        return "none anchored".into();
    }
    let mut parts = Vec::new();
    for (number, words) in [
        (files.matches, "MATCHES"),
        (files.differs, "DIFFERS"),
        (files.missing, "MISSING"),
        (files.unreadable, "UNREADABLE"),
        (files.not_checked, "NOT CHECKED"),
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

/// What became of signatures and keys.
pub fn keys_line(facts: &Facts) -> String {
    let statements = &facts.statements;
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

/// What witnesses say of the time.
pub fn time_line(time: &Time) -> String {
    match time {
        Time::Word(TimeWord::NotChecked) => "NOT CHECKED: no policy names witnesses to believe \
                                             (--policy FILE); the times are what signers claim"
            .into(),
        Time::Word(TimeWord::NotAsked) => "not asked: the policy says quorum none".into(),
        Time::Word(TimeWord::NotMet) => {
            "NOT CHECKED: too few of the policy's witnesses have cosigned this ledger".into()
        }
        Time::Bounded { size, not_later_than, witnesses } => format!(
            "the first {} not later than {not_later_than}, as {} saw",
            counted(*size, "statement"),
            witnesses.iter().map(|name| safe(name)).collect::<Vec<_>>().join(", ")
        ),
    }
}

/// Rule R07: who outside holds a part of this history, and since when.
pub fn pin_line(pin: &PinFacts) -> String {
    format!(
        "the first {} by {} since {}; first pinned {} (its signers' clocks)",
        counted(pin.largest.size, "statement"),
        safe(&pin.name),
        pin.largest.claimed_at,
        pin.first.claimed_at
    )
}

/// The verdict's sentence: what does not hold, in words, and what could not be checked.
pub fn sentence(facts: &Facts) -> String {
    let said = said(facts);
    match facts.not_checked.is_empty() {
        true => said,
        false => format!("{said} Could not be checked: {}.", facts.not_checked.join("; ")),
    }
}

/// The sentence without what could not be checked.
pub fn said(facts: &Facts) -> String {
    let odd: u64 = facts.rules.iter().map(|rule| rule.warnings).sum();
    match (facts.exit, facts.ledger.state) {
        (5, LedgerState::ForkedKeyRetired) => {
            "a checkpoint contradicts this ledger, signed only by a log key that it has retired since. \
             Whether that was a fork depends on when the checkpoint came into your hands."
                .into()
        }
        (5, _) => "this ledger has forked: two of its signed checkpoints cannot both be true.".into(),
        (3, _) => format!("{}.", failed(facts).join("; ")),
        (4, _) => "nothing wrong was found.".into(),
        _ if odd > 0 => format!("checks passed; {} to look at.", counted(odd, "warning")),
        _ => "checks passed.".into(),
    }
}

/// The rules that do not hold, in words.
pub fn failed(facts: &Facts) -> Vec<String> {
    let failed = facts.rules.iter().filter(|rule| rule.outcome == Outcome::Fail);
    let other_ledger = |code: &str| code == "other-ledger" || code == "promise-differs";
    let mut words: Vec<String> = failed
        .map(|result| match result.rule {
            Rule::R03 if facts.findings.iter().any(|finding| other_ledger(&finding.code)) => {
                "this is not the ledger that was meant, or not as its card promises".into()
            }
            Rule::R04 if facts.ledger.state == LedgerState::Shortened => {
                "the end of the ledger was cut off".into()
            }
            Rule::R10 if facts.files.differs > 0 => {
                let files = counted(facts.files.differs, "file");
                let verb = if facts.files.differs == 1 { "differs" } else { "differ" };
                format!("{files} {verb} from what was recorded")
            }
            rule => rule.broken().into(),
        })
        .collect();
    // Two rules may fail for the same reason.
    words.dedup();
    words
}

/// What could not be checked, each in words.
pub fn not_checked(facts: &Facts) -> Vec<String> {
    let open = facts.rules.iter().filter(|rule| rule.cannot_check > 0);
    let mut words: Vec<String> = open
        .map(|result| match result.rule {
            Rule::R04 if facts.findings.iter().any(|found| found.code == "no-held-head") => {
                "whether its end was cut off, for no head from before is at hand (--head)".into()
            }
            Rule::R04 if facts.findings.iter().any(|found| found.code == NOT_PUBLISHED) => {
                "what an interrupted command left unsigned (treering add, as before, signs it)"
                    .into()
            }
            Rule::R04 => "whether it continues a head held from before".into(),
            Rule::R10 => {
                let files = &facts.files;
                // What cannot be counted has a finding of its own.
                let known = files.missing.saturating_add(files.unreadable);
                let open = known.saturating_add(files.not_checked).saturating_add(files.withheld);
                format!("{} of {} anchored files", count(open), count(files.anchored))
            }
            rule => format!("whether {} ({})", rule.title(), rule.id()),
        })
        .collect();
    if facts.time == Time::Word(TimeWord::NotMet) {
        words.push("when it was witnessed".into());
    }
    words
}

/// The ids of the rules that were not asked.
pub fn not_asked(rules: &[RuleFacts], reach: Reach) -> Vec<&'static str> {
    rules.iter().filter(|rule| rule.reach == reach).map(|rule| rule.rule.id()).collect()
}

/// Grams CO2e as tonnes, to the gram: `900 t`, `0.000001 t`.
pub fn tonnes(grams: i64) -> String {
    let magnitude = grams.unsigned_abs();
    let (whole, rest) = (magnitude / 1_000_000, magnitude % 1_000_000);
    let sign = if grams < 0 { "−" } else { "" };
    let rest = format!("{rest:06}");
    match rest.trim_end_matches('0') {
        "" => format!("{sign}{} t", count(whole)),
        rest => format!("{sign}{}.{rest} t", count(whole)),
    }
}

/// Square metres in the unit that suits them, to three digits or more: `98.8 ha`, `170 km²`.
pub fn area(square_metres: u64) -> String {
    match square_metres {
        0..10_000 => format!("{} m²", count(square_metres)),
        10_000..1_000_000 => {
            let tenths = (square_metres + 500) / 1_000;
            format!("{}.{} ha", count(tenths / 10), tenths % 10)
        }
        _ => {
            let hundredths = square_metres / 10_000 + u64::from(square_metres % 10_000 >= 5_000);
            let (whole, rest) = (hundredths / 100, hundredths % 100);
            format!("{}.{rest:02} km²", count(whole))
        }
    }
}

/// A share as percent with one decimal, rounded up: a bound is never made to look smaller than it is.
pub fn percent_up(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0 %".into();
    }
    let tenths = (u128::from(part) * 1_000).div_ceil(u128::from(whole));
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_keep_every_gram() {
        assert_eq!(tonnes(900_000_000), "900 t");
        assert_eq!(tonnes(1), "0.000001 t");
        assert_eq!(tonnes(-1_234_500_000), "−1,234.5 t");
        assert_eq!(tonnes(i64::MIN), "−9,223,372,036,854.775808 t");
        assert_eq!(area(9_999), "9,999 m²");
        assert_eq!(area(988_000), "98.8 ha");
        assert_eq!(area(170_330_000), "170.33 km²");
        assert_eq!(area(u64::MAX), "18,446,744,073,709.55 km²");
        assert_eq!(percent_up(1, 3), "33.4 %");
        assert_eq!(percent_up(0, 3), "0.0 %");
        assert_eq!(percent_up(1, 0), "0 %");
    }
}
