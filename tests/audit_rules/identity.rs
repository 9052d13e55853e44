//! Whose ledger this is: cards and pins are promises.

use tempfile::TempDir;
use treering::audit::AuditInput;
use treering::audit::finding::{AuditReport, LedgerState, Outcome, Rule, Verdict};
use treering::audit::identity::{Known, Pin};
use treering::report;
use treering::statement::card::{Card, Promise};

use crate::support::Ledger;
use crate::support::publish::publish;
use crate::{look_with, outcome, remembering, the_finding};

fn look(ledger: &Ledger, known: Known) -> AuditReport {
    let folder = TempDir::new().unwrap();
    publish(ledger, folder.path());
    look_with(AuditInput { known, ..remembering(folder.path(), ledger) })
}

fn promise(ledger: &Ledger) -> Promise {
    Card::of(ledger.id, ledger.authority.genesis()).promise()
}

fn with_fact(mut promise: Promise, field: &str, value: &str) -> Promise {
    let fact = promise.facts.iter_mut().find(|(name, _)| *name == field).unwrap();
    fact.1 = value.into();
    promise
}

fn pinned(promise: Promise) -> Known {
    let pin = Pin { promise, compared_s: 1_772_616_000, accreditor_since_s: None };
    Known { pins: vec![pin], ..Known::default() }
}

#[test]
fn a_ledger_as_its_card_and_its_pin_promise() {
    let ledger = Ledger::found("site");
    let known = Known { card: Some(promise(&ledger)), ..pinned(promise(&ledger)) };
    let report = look(&ledger, known);
    assert_eq!(report.verdict, Verdict::Pass, "{report:#?}");
    assert!(report.recognised.card && report.recognised.pin.is_some());
    let text = report::audit::text(&report);
    let words = "as the card promises; pinned in trust.toml, card compared 2026-03-04 09:20 UTC";
    assert!(text.contains(words), "{text}");
}

#[test]
fn a_ledger_that_nothing_vouches_for_is_said_to_be_one() {
    let ledger = Ledger::found("site");
    let report = look(&ledger, Known::default());
    assert!(report.recognised.by_nothing());
    assert!(report::audit::text(&report).contains("Identity   NOT CHECKED"));
    // The pins of other ledgers say nothing of this one.
    let other = look(&ledger, pinned(promise(&Ledger::found("other"))));
    assert!(other.recognised.by_nothing());
    assert_eq!(other.verdict, Verdict::Pass);
}

#[test]
fn a_card_with_another_word_on_it() {
    let ledger = Ledger::found("site");
    for field in ["name", "kind", "origin", "log_vkey", "root"] {
        let card = Some(with_fact(promise(&ledger), field, "forged"));
        let report = look(&ledger, Known { card, ..Known::default() });
        let finding = the_finding(&report, Rule::R03, "promise-differs");
        assert!(finding.what.starts_with(&format!("the {field} on the card")), "{finding:?}");
        assert_eq!(report.verdict, Verdict::Fail);
        assert!(!report.recognised.card);
        // The card is wrong; the ledger is not broken.
        assert_eq!(report.state, LedgerState::Consistent);
        assert!(report::audit::text(&report).contains("Identity   DIFFERS"));
    }
}

#[test]
fn a_pin_with_another_fact_and_another_ledger_under_a_pinned_origin() {
    let ledger = Ledger::found("site");
    let report = look(&ledger, pinned(with_fact(promise(&ledger), "name", "Another park")));
    the_finding(&report, Rule::R03, "promise-differs");

    let origin = ledger.authority.genesis().origin.to_string();
    let namesake = with_fact(promise(&Ledger::found("other")), "origin", &origin);
    let report = look(&ledger, pinned(namesake));
    let finding = the_finding(&report, Rule::R03, "other-ledger");
    assert!(finding.what.contains("is pinned (trust.toml) for another ledger"), "{finding:?}");
    assert_eq!(outcome(&report, Rule::R03), Outcome::Fail);
}

#[test]
fn a_card_of_another_ledger() {
    let ledger = Ledger::found("site");
    let card = Some(promise(&Ledger::found("other")));
    let report = look(&ledger, Known { card, ..Known::default() });
    the_finding(&report, Rule::R03, "other-ledger");
    assert_eq!(report.exit_code(), 3);
    let folder = TempDir::new().unwrap();
    publish(&ledger, folder.path());
    let expected = Some(Ledger::found("other").id);
    let report = look_with(AuditInput { expected, ..remembering(folder.path(), &ledger) });
    the_finding(&report, Rule::R03, "other-ledger");
}
