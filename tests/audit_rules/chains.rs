//! R01: numbers, predecessors, what was abandoned, what was seen.

use treering::audit::finding::{LedgerState, Outcome, Rule, Verdict};
use treering::statement::chain::Chain;
use treering::statement::key::Role;
use treering::tlog::hash::leaf_hash;

use crate::support::{Ledger, bodies};
use crate::{look, the_finding};

#[test]
fn r01_a_dropped_statement_is_a_gap_and_is_said_once() {
    let mut ledger = Ledger::found("gap");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    // Summer is signed and never filed; autumn and winter follow it.
    let mut elsewhere = ledger.clone();
    elsewhere.file(&anna, bodies::sealed_anchor("summer"));
    for season in ["autumn", "winter"] {
        let signed = elsewhere.signed(&anna, bodies::sealed_anchor(season), &[]);
        elsewhere.append(signed.clone());
        ledger.append(signed);
    }
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R01, "statement-missing");
    assert_eq!(finding.outcome, Outcome::Fail);
    assert!(finding.what.contains("a statement by this key is missing here"), "{finding:?}");
    assert_eq!((report.state, report.verdict), (LedgerState::Broken, Verdict::Fail));
    assert_eq!(report.statements.read, 5);
}

#[test]
fn r01_a_statement_of_another_ledger_is_a_replay() {
    let mut ledger = Ledger::found("replay");
    let mut other = Ledger::found("other");
    let anna = ledger.granted("anna", Role::Recorder);
    other.granted("anna", Role::Recorder);
    ledger.append(other.signed(&anna, bodies::sealed_anchor("spring"), &[]));
    the_finding(&look(&ledger), Rule::R01, "replayed");
}

#[test]
fn r01_a_signer_that_saw_another_history_is_a_witness_against_this_one() {
    let mut ledger = Ledger::found("seen");
    let anna = ledger.granted("anna", Role::Recorder);
    ledger.file(&anna, bodies::sealed_anchor("spring"));
    let mut draft = ledger.draft(&anna, bodies::sealed_anchor("summer"));
    let mut seen = ledger.tree();
    seen.root = leaf_hash(b"what anna was shown");
    draft.payload.chain = Chain { seen: Some(seen), ..draft.payload.chain };
    ledger.append(draft.sign(&anna).unwrap());
    the_finding(&look(&ledger), Rule::R01, "saw-other-root");
}

/// Whoever abandons a statement says that it was never filed; one that was, anywhere, gives them the lie.
#[test]
fn r01_an_abandoned_statement_that_was_filed() {
    for (voided, code) in [(1usize, "voids-filed"), (2, "voids-filed"), (3, "voids-filed")] {
        let mut ledger = Ledger::found("voids");
        let anna = ledger.granted("anna", Role::Recorder);
        for season in ["spring", "summer"] {
            ledger.file(&anna, bodies::sealed_anchor(season));
        }
        let mut draft = ledger.draft(&anna, bodies::sealed_anchor("autumn"));
        draft.payload.chain.void = vec![ledger.entries[voided].id()];
        ledger.append(draft.sign(&anna).unwrap());
        ledger.file(&anna, bodies::sealed_anchor("winter"));
        let report = look(&ledger);
        assert_eq!(the_finding(&report, Rule::R01, code).outcome, Outcome::Fail);
        assert_eq!(report.verdict, Verdict::Fail);
    }
}

#[test]
fn r01_a_statement_abandoned_first_and_filed_later() {
    let mut ledger = Ledger::found("voids later");
    let anna = ledger.granted("anna", Role::Recorder);
    let ben = ledger.granted("ben", Role::Recorder);
    let bens = ledger.signed(&ben, bodies::sealed_anchor("ben's"), &[]);
    let mut draft = ledger.draft(&anna, bodies::sealed_anchor("spring"));
    draft.payload.chain.void = vec![bens.id(), leaf_hash(b"lost for good")];
    ledger.append(draft.sign(&anna).unwrap());
    ledger.append(bens);
    let report = look(&ledger);
    let finding = the_finding(&report, Rule::R01, "voids-filed");
    assert!(finding.what.starts_with("statement 3 abandons statement 4"), "{finding:?}");
}

#[test]
fn r01_what_was_abandoned_and_never_filed_is_no_fault() {
    let mut ledger = Ledger::found("void");
    let anna = ledger.granted("anna", Role::Recorder);
    let mut draft = ledger.draft(&anna, bodies::sealed_anchor("spring"));
    draft.payload.chain.void = vec![leaf_hash(b"lost for good")];
    ledger.append(draft.sign(&anna).unwrap());
    assert_eq!(look(&ledger).state, LedgerState::Consistent);
}
