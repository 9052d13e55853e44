//! R06 and R13: clocks, which are claims.

use treering::audit::finding::{LedgerState, Outcome, Rule};
use treering::statement::bodies::Body;
use treering::statement::bodies::evidence::{Anchor, Captured, Period};
use treering::statement::key::Role;

use crate::support::{FOUNDED, Ledger, bodies};
use crate::{CLOCK_S, look, outcome, the_finding};

#[test]
fn r06_clocks_that_run_back_or_ahead_are_a_warning() {
    let mut ledger = Ledger::found("clocks");
    let anna = ledger.granted("anna", Role::Recorder);
    for issued_at in [CLOCK_S + 86_400, FOUNDED - 86_400] {
        let mut draft = ledger.draft(&anna, bodies::sealed_anchor("spring"));
        draft.issued_at = issued_at;
        ledger.append(draft.sign(&anna).unwrap());
    }
    let report = look(&ledger);
    the_finding(&report, Rule::R06, "clock-ahead");
    the_finding(&report, Rule::R06, "clock-back");
    assert_eq!(outcome(&report, Rule::R06), Outcome::Warn);
    assert_eq!(report.state, LedgerState::Consistent);
}

#[test]
fn r06_one_clock_in_2100_is_told_of_once() {
    let mut ledger = Ledger::found("2100");
    let anna = ledger.granted("anna", Role::Recorder);
    let mut draft = ledger.draft(&anna, bodies::sealed_anchor("spring"));
    draft.issued_at = 4_102_444_800;
    ledger.append(draft.sign(&anna).unwrap());
    for season in ["summer", "autumn", "winter"] {
        ledger.file(&anna, bodies::sealed_anchor(season));
    }
    let report = look(&ledger);
    the_finding(&report, Rule::R06, "clock-ahead");
    assert_eq!(report.findings.iter().filter(|f| f.rule == Rule::R06).count(), 1, "{report:#?}");
}

/// A step back is one step, and names both statements; so does a clock that the auditor finds believable.
#[test]
fn r06_a_step_back_names_the_statement_before() {
    let mut ledger = Ledger::found("step");
    let anna = ledger.granted("anna", Role::Recorder);
    let mut draft = ledger.draft(&anna, bodies::sealed_anchor("spring"));
    draft.issued_at = FOUNDED + 90 * 86_400;
    ledger.append(draft.sign(&anna).unwrap());
    for season in ["summer", "autumn"] {
        ledger.file(&anna, bodies::sealed_anchor(season));
    }
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R06, "clock-back");
    let expected = "statement 3: its signer's clock is 89 days behind that of statement 2";
    assert_eq!(finding.what, expected);
}

#[test]
fn r06_the_clock_of_statement_0_is_judged_too() {
    let ledger = Ledger::found("founded tomorrow");
    let folder = tempfile::TempDir::new().unwrap();
    crate::support::publish::publish(&ledger, folder.path());
    let mut input = crate::remembering(folder.path(), &ledger);
    input.clock_s = FOUNDED - 86_400;
    let report = crate::look_with(input);
    let finding = the_finding(&report, Rule::R06, "clock-ahead");
    assert!(finding.what.starts_with("statement 0:"), "{finding:?}");
}

fn captured(local: Option<Period>, utc: Option<Period>) -> Body {
    let captured = Some(Captured { utc, local, note: None });
    Body::Anchor(Anchor { captured, ..bodies::small_anchor("cameras") })
}

#[test]
fn r13_a_file_captured_after_its_anchor_fails_with_the_zone_in_mind() {
    let anchored_at = FOUNDED + 2 * 3_600;
    let at = |seconds| Some(Period { first: seconds, last: seconds, files: 1 });
    for (body, expected) in [
        (captured(None, at(anchored_at)), Outcome::Pass),
        (captured(None, at(anchored_at + 2 * 3_600)), Outcome::Fail),
        // Somewhere it is fourteen hours later already.
        (captured(at(anchored_at + 14 * 3_600), None), Outcome::Pass),
        (captured(at(anchored_at + 16 * 3_600), None), Outcome::Fail),
        (captured(at(anchored_at - 30 * 86_400), None), Outcome::Pass),
        (captured(at(anchored_at - 90 * 86_400), None), Outcome::Warn),
    ] {
        let mut ledger = Ledger::found("capture");
        let anna = ledger.granted("anna", Role::Recorder);
        ledger.file(&anna, body.clone());
        assert_eq!(outcome(&look(&ledger), Rule::R13), expected, "{body:?}");
    }
}

/// A deployment may explain a delay, up to a year of it; one old picture, or a clock that was never set,
/// explains none.
#[test]
fn r13_one_old_picture_excuses_no_delay() {
    const DAY_S: i64 = 86_400;
    let of = |days_before: i64, length_days: i64| {
        let last = FOUNDED + 2 * 3_600 - days_before * DAY_S;
        Some(Period { first: last - length_days * DAY_S, last, files: 2 })
    };
    let unset = |days_before: i64| of(days_before, 0).map(|period| Period { first: 0, ..period });
    for (body, expected) in [
        (captured(None, of(100, 0)), Outcome::Warn),
        (captured(None, of(100, 90)), Outcome::Pass),
        (captured(None, of(400, 3_000)), Outcome::Pass),
        (captured(None, of(500, 3_000)), Outcome::Warn),
        (captured(None, unset(100)), Outcome::Warn),
        (captured(unset(30), None), Outcome::Pass),
    ] {
        let mut ledger = Ledger::found("old picture");
        let anna = ledger.granted("anna", Role::Recorder);
        ledger.file(&anna, body.clone());
        assert_eq!(outcome(&look(&ledger), Rule::R13), expected, "{body:?}");
    }
}
