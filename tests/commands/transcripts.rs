//! The terminal, word for word: `tests/cli/*.trycmd`, each in a folder of its own with its own ledger.
//! `TRYCMD=overwrite cargo test --test commands transcripts` writes what the program says now; ids and
//! times must then be left out again (`[..]`).

use std::time::Duration;

#[test]
fn transcripts() {
    let state = tempfile::tempdir().expect("a folder");
    let cases = trycmd::TestCases::new();
    cases.env("TREERING_STATE_DIR", state.path().to_str().expect("a name"));
    cases.env("TREERING_NO_INPUT", "true").env("NO_COLOR", "1");
    cases.timeout(Duration::from_secs(60));
    cases.case("tests/cli/*.trycmd");
    cases.run();
}
