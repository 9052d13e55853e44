//! What follows from the facts of an audit, computed again and compared with what they say follows.
//!
//! It reads the facts and not the ledger: that they agree with themselves shows that nobody changed a word
//! of them carelessly, and nothing more.

use std::collections::BTreeMap;

use super::facts::{ClaimFacts, Facts, RuleFacts, Time, TimeWord};
use super::words;
use crate::audit::checkpoints::{FORKED, FORKED_KEY_RETIRED, SHORTENED};
use crate::audit::finding::{LedgerState, Outcome, Reach, Rule};
use crate::statement::bodies::claim::ClaimKind;
use crate::statement::bodies::claim::amounts::{Omitted, PoolAmounts};
use crate::statement::bodies::claim::area::Area;
use crate::statement::bodies::claim::filing::ClaimFile;
use crate::statement::bodies::claim::terms::Methodology;
use crate::statement::bodies::day::Days;
use crate::statement::bodies::process::sample::MAX_DRAWN;
use crate::statement::claim_arithmetic::{check_net, check_pools};
use crate::statement::sample::bound_95;
use crate::tlog::hash::Hash;

/// The verdict as it follows from the rules, and everything in which the facts contradict themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedAgain {
    /// The same facts, with what follows put in anew.
    pub facts: Facts,
    /// What does not follow, in words.
    pub differences: Vec<String>,
}

/// Judges again.
pub fn judge_again(given: &Facts) -> JudgedAgain {
    let mut facts = given.clone();
    let mut differences = Vec::new();
    recount(&mut facts, &mut differences);
    state(&facts, &mut differences);
    facts.exit = exit(&facts);
    facts.verdict = super::verdict_of(facts.exit).into();
    facts.not_checked = words::not_checked(&facts);
    facts.sentence = words::sentence(&facts);
    if facts.exit != given.exit || facts.verdict != given.verdict {
        differences.push(format!(
            "the verdict is given as {} (exit {}), and follows as {} (exit {})",
            given.verdict, given.exit, facts.verdict, facts.exit
        ));
    }
    if facts.sentence != given.sentence || facts.not_checked != given.not_checked {
        differences.push("the sentence of the verdict is not the one that follows".into());
    }
    coverage(&facts, &mut differences);
    process(&facts, &mut differences);
    facts.claims.iter().for_each(|claim| sums(&facts, claim, &mut differences));
    samples(&facts, &mut differences);
    JudgedAgain { facts, differences }
}

/// Every rule once, with the number of findings that are listed; fewer may be listed than counted only as
/// far as the report says so.
fn recount(facts: &mut Facts, differences: &mut Vec<String>) {
    if !facts.rules.iter().map(|rule| rule.rule).eq(Rule::ALL.iter().copied()) {
        differences.push("the rules are not those of this version, each once, in order".into());
    }
    let mut listed: BTreeMap<(Rule, Outcome), u64> = BTreeMap::new();
    for finding in &facts.findings {
        *listed.entry((finding.rule, finding.outcome)).or_default() += 1;
    }
    let mut not_listed: u64 = 0;
    for result in &mut facts.rules {
        let count = |outcome| listed.get(&(result.rule, outcome)).copied().unwrap_or_default();
        let counts = [count(Outcome::Fail), count(Outcome::Warn), count(Outcome::CannotCheck)];
        let given = [result.fails, result.warnings, result.cannot_check];
        for (count, given) in counts.into_iter().zip(given) {
            match given.checked_sub(count) {
                Some(more) => not_listed = not_listed.saturating_add(more),
                None => differences
                    .push(format!("{}: {count} findings listed, {given} counted", result.rule)),
            }
        }
        let [fails, warnings, cannot_check] = [0, 1, 2].map(|at| counts[at].max(given[at]));
        let outcome = match (fails, cannot_check, warnings) {
            (0, 0, 0) => Outcome::Pass,
            (0, 0, _) => Outcome::Warn,
            (0, _, _) => Outcome::CannotCheck,
            _ => Outcome::Fail,
        };
        if outcome != result.outcome {
            differences.push(format!(
                "{} is given as {}, and follows as {}",
                result.rule,
                result.outcome.word(),
                outcome.word()
            ));
        }
        let silent = result.reach != Reach::Judged && outcome != Outcome::Pass;
        if silent && result.reach == Reach::NothingToJudge {
            differences.push(format!("{} had nothing to judge and has findings", result.rule));
        }
        *result = RuleFacts {
            title: result.rule.title().into(),
            severity: result.rule.severity().word().into(),
            outcome,
            fails,
            warnings,
            cannot_check,
            ..result.clone()
        };
    }
    if not_listed != facts.findings_not_listed {
        differences.push(format!(
            "{not_listed} findings are counted and not listed, where {} are said to be",
            facts.findings_not_listed
        ));
    }
}

/// The state agrees with the findings it follows from, where all of them are listed.
fn state(facts: &Facts, differences: &mut Vec<String>) {
    if facts.findings_not_listed > 0 {
        return;
    }
    let has = |code: &str| facts.findings.iter().any(|finding| finding.code == code);
    let result = |rule: Rule| facts.rules.iter().find(|result| result.rule == rule);
    let fails = |rule: Rule| {
        let aside = if rule == Rule::R03 { facts.ledger.recognised.differs } else { 0 };
        result(rule).is_some_and(|result| result.fails > aside)
    };
    let own_rules = [Rule::R01, Rule::R02, Rule::R03];
    let open = |rule: Rule| result(rule).is_some_and(|result| result.cannot_check > 0);
    let follows = if has(FORKED) {
        LedgerState::Forked
    } else if has(FORKED_KEY_RETIRED) {
        LedgerState::ForkedKeyRetired
    } else if own_rules.into_iter().any(fails) {
        LedgerState::Broken
    } else if has(SHORTENED) {
        LedgerState::Shortened
    } else if [Rule::R04, Rule::R05].into_iter().any(fails) {
        LedgerState::Broken
    } else if own_rules.into_iter().any(open) {
        LedgerState::NotChecked
    } else {
        LedgerState::Consistent
    };
    if follows != facts.ledger.state {
        differences.push(format!(
            "the ledger is called {}, and follows as {}",
            facts.ledger.state.word(),
            follows.word()
        ));
    }
}

fn exit(facts: &Facts) -> u8 {
    let worst = facts.rules.iter().map(|rule| rule.outcome).max();
    match (facts.ledger.state, worst.unwrap_or(Outcome::CannotCheck)) {
        (LedgerState::Forked | LedgerState::ForkedKeyRetired, _) => 5,
        (_, Outcome::Fail) => 3,
        (_, Outcome::CannotCheck) => 4,
        _ if facts.time == Time::Word(TimeWord::NotMet) => 4,
        _ => 0,
    }
}

/// R11: every criterion with a bare indicator is a finding, once the site is a candidate.
fn coverage(facts: &Facts, differences: &mut Vec<String>) {
    let Some(coverage) = &facts.coverage else { return };
    let before = ["registered", "application"];
    let candidate = facts.process.steps.iter().any(|step| !before.contains(&step.phase.as_str()));
    let bare = coverage.criteria.iter();
    let bare = bare.filter(|one| one.indicators.iter().any(|indicator| !indicator.covered));
    let bare = bare.count() as u64;
    let found = facts.findings.iter().filter(|finding| finding.code == "not-covered").count();
    if candidate && facts.findings_not_listed == 0 && bare != found as u64 {
        differences.push(format!(
            "{bare} criteria have indicators that rest on nothing, and {found} are findings (R11)"
        ));
    }
}

fn process(facts: &Facts, differences: &mut Vec<String>) {
    let last = facts.process.steps.last().map_or("registered", |step| step.phase.as_str());
    if last != facts.process.phase {
        differences.push(format!(
            "the site is called {}, and its last step is {last}",
            facts.process.phase
        ));
    }
}

/// R20, R21, R24: sums and balances to the gram.
fn sums(facts: &Facts, claim: &ClaimFacts, differences: &mut Vec<String>) {
    let found = |rule: Rule| {
        let mut of_it = facts.findings.iter();
        of_it.any(|one| one.rule == rule && one.position == Some(claim.position))
    };
    let filed = filed(claim);
    for (rule, faults) in [(Rule::R20, check_net(&filed)), (Rule::R21, check_pools(&filed))] {
        let open = claim.is_live() && facts.findings_not_listed == 0;
        if open && faults.is_empty() == found(rule) {
            let what = faults.first().map_or("it adds up".into(), ToString::to_string);
            differences.push(format!(
                "claim {} (statement {}), {rule}: {what}, and the findings say otherwise",
                claim.id, claim.position
            ));
        }
    }
    if claim.units.is_some_and(|units| !units.balance()) {
        differences.push(format!(
            "claim {} (statement {}): its units do not balance",
            claim.id, claim.position
        ));
    }
}

/// The claim as far as its sums go.
fn filed(claim: &ClaimFacts) -> ClaimFile {
    let note = |noted: bool| noted.then(String::new);
    let pools = claim.pools.iter().map(|pool| PoolAmounts {
        pool: pool.pool,
        gas: pool.gas,
        baseline_g: pool.baseline_g,
        project_g: pool.project_g,
        leakage_g: pool.leakage_g,
        note: note(pool.noted),
    });
    let omitted = claim.omitted.iter().map(|out| Omitted {
        pool: out.pool,
        reason: out.reason,
        share_ppm: None,
        note: None,
    });
    ClaimFile {
        id: claim.id.clone(),
        kind: ClaimKind::Contribution,
        effect: claim.effect,
        title: String::new(),
        text: None,
        claimant: None,
        site_id: None,
        area: Area(Vec::new()),
        area_m2: claim.area_m2,
        ecosystem: None,
        period: Days { from: claim.period.from.0, until: claim.period.until.0 },
        crediting: None,
        vintages: Vec::new(),
        marks: Vec::new(),
        gwp: claim.gwp,
        pools: pools.collect(),
        omitted: omitted.collect(),
        totals: claim.totals,
        uncertainty: claim.uncertainty,
        buffer: claim.buffer,
        methodology: Methodology {
            id: String::new(),
            version: String::new(),
            document: Hash([0; Hash::LENGTH]),
            author: None,
        },
        formula: None,
        variables: Vec::new(),
        evidence: Vec::new(),
        durability: None,
        host_country: None,
        serials: Vec::new(),
        supersedes: Vec::new(),
    }
}

/// The 95 % bound follows from the numbers beside it.
fn samples(facts: &Facts, differences: &mut Vec<String>) {
    for sample in &facts.samples {
        let Some(result) = sample.result else { continue };
        // A ledger may hold numbers that no sample has; R42 says so. No result has more rows than that.
        let sound = result.not_agreeing <= result.looked_at
            && result.looked_at <= sample.population.min(MAX_DRAWN);
        let follows = || bound_95(sample.population, result.looked_at, result.not_agreeing);
        if sound && follows() != result.bound_95 {
            differences.push(format!(
                "the sample of statement {}: at most {} rows, where {} follow",
                sample.position,
                result.bound_95,
                follows()
            ));
        }
    }
}
