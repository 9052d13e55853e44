//! `schemas/rules.md` is made from the definitions in the code.

use std::fmt::Write;

use treering::audit::rule::{Rule, RuleFamily};
use treering::audit::rule_set::RuleSet;

#[test]
fn the_page_of_rules_is_what_the_code_says() {
    let page = page();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/rules.md");
    if std::env::var("TREERING_PAGES").is_ok_and(|wish| wish == "overwrite") {
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap();
    assert!(written == page, "schemas/rules.md differs; TREERING_PAGES=overwrite writes it anew");
}

fn page() -> String {
    let mut page = String::from(
        "# The rules of an audit\n\n\
         Each rule has one of four outcomes: `pass`, `fail`, `warn`, `cannot-check`. What could not be \
         checked never\ncounts as a pass. A broken rule of severity *error* fails the audit; one of \
         severity *warning* asks a\nquestion and proves nothing. A rule that finds nothing to judge \
         passes, and the report says `nothing-to-judge`.\n\n\
         Figures come from the rule set, [rules.toml](rules.toml), which can be replaced by a file \
         (`treering audit\n--rules FILE`); every report names its digest. Rules marked *off* are \
         switched off in the built-in rule set,\nsince their figures rest on memory and not on a \
         source; turn them on in a copy.\n\n\
         R08 and R09 do not exist. R07 is told as facts: which other ledgers pin this one, and since \
         when. R14 (times\noutside a deployment) and R16 (a file used twice) are not asked by audits \
         of this version; `treering add` looks\nfor the first where a data package tells its \
         deployments. This page is written by a test from the comments above the rules \
         in\n`src/audit/rule.rs`.\n",
    );
    let built_in = RuleSet::built_in();
    for family in RuleFamily::ALL {
        let _ = write!(page, "\n## {}\n\n", family.title());
        page.push_str("| rule | severity | what it asks |\n|---|---|---|\n");
        for rule in Rule::ALL.iter().filter(|rule| rule.family() == family) {
            let off = if built_in.is_on(*rule) { "" } else { ", off" };
            let severity = rule.severity().word();
            let _ = writeln!(page, "| {rule} | {severity}{off} | {} |", rule.definition());
        }
    }
    page
}
