//! Findings as an audit comes upon them: all are counted, the first of each rule are kept.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{Finding, Outcome, Reach, Rule, RuleResult, Subject};
use super::rule::RuleFamily;

/// Findings as they come, with a count of all of them and a ceiling on those kept.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    kept: Vec<Finding>,
    counts: BTreeMap<(Rule, Outcome), u64>,
    /// Every code so far, also of findings that were not kept: what the ledger is called must not
    /// depend on how much else is wrong with it.
    codes: BTreeSet<&'static str>,
    judged: BTreeSet<Rule>,
    switched_off: BTreeSet<Rule>,
}

impl Findings {
    /// Findings kept for each rule. A ledger of a million statements under a wrong key has a million
    /// findings; the first ten thousand say it, and the rest is counted.
    pub const KEPT_PER_RULE: u64 = 10_000;

    /// Adds a finding.
    pub fn add(
        &mut self,
        rule: Rule,
        outcome: Outcome,
        code: &'static str,
        subject: Subject,
        what: impl Into<String>,
    ) {
        let of_rule: u64 =
            self.counts.iter().filter(|((r, _), _)| *r == rule).map(|(_, count)| count).sum();
        *self.counts.entry((rule, outcome)).or_default() += 1;
        self.codes.insert(code);
        if of_rule < Findings::KEPT_PER_RULE {
            self.kept.push(Finding { rule, outcome, code, subject, what: what.into() });
        }
    }

    /// Adds a finding unless the same sentence stands there already: two held heads may tell the same.
    pub fn add_once(
        &mut self,
        rule: Rule,
        outcome: Outcome,
        code: &'static str,
        subject: Subject,
        what: String,
    ) {
        let told = |kept: &Finding| kept.rule == rule && kept.code == code && kept.what == what;
        if !self.kept.iter().any(told) {
            self.add(rule, outcome, code, subject, what);
        }
    }

    /// The findings kept, in the order of rules and then as they were found.
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.kept.sort_by_key(|finding| finding.rule);
        self.kept
    }

    /// Whether any finding, kept or not, has this code.
    pub fn has(&self, code: &str) -> bool {
        self.codes.contains(code)
    }

    /// How many findings were counted and not kept.
    pub fn not_kept(&self) -> u64 {
        self.counts.values().sum::<u64>() - self.kept.len() as u64
    }

    /// What became of every rule.
    pub fn results(&self) -> Vec<RuleResult> {
        let result = |rule| RuleResult {
            rule,
            reach: self.reach(rule),
            outcome: self.outcome(rule),
            fails: self.count(rule, Outcome::Fail),
            warnings: self.count(rule, Outcome::Warn),
            unchecked: self.count(rule, Outcome::CannotCheck),
        };
        Rule::ALL.iter().copied().map(result).collect()
    }

    /// Notes that there is something for a rule to judge.
    pub fn judge(&mut self, rule: Rule) {
        self.judged.insert(rule);
    }

    /// Notes that the rule set leaves a rule out.
    pub fn switch_off(&mut self, rule: Rule) {
        self.switched_off.insert(rule);
    }

    /// The rules about the ledger itself always have something to judge.
    fn reach(&self, rule: Rule) -> Reach {
        let judged = rule.family() == RuleFamily::Ledger || self.judged.contains(&rule);
        match judged || self.counts.keys().any(|(counted, _)| *counted == rule) {
            _ if self.switched_off.contains(&rule) => Reach::SwitchedOff,
            true => Reach::Judged,
            false => Reach::NothingToJudge,
        }
    }

    /// How many findings a rule has with an outcome.
    pub fn count(&self, rule: Rule, outcome: Outcome) -> u64 {
        self.counts.get(&(rule, outcome)).copied().unwrap_or_default()
    }

    /// The worst that was found of a rule.
    pub fn outcome(&self, rule: Rule) -> Outcome {
        let outcomes = self.counts.keys().filter(|(r, _)| *r == rule).map(|(_, outcome)| *outcome);
        outcomes.max().unwrap_or(Outcome::Pass)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_known_also_when_its_finding_is_not_kept() {
        let mut findings = Findings::default();
        for number in 0..Findings::KEPT_PER_RULE {
            let what = number.to_string();
            findings.add(Rule::R04, Outcome::Fail, "other-history", Subject::Ledger, what);
        }
        findings.add(Rule::R04, Outcome::Fail, "shortened", Subject::Ledger, "cut");
        assert!(findings.has("shortened"));
        assert_eq!(findings.not_kept(), 1);
        assert_eq!(findings.into_sorted().len() as u64, Findings::KEPT_PER_RULE);
    }

    #[test]
    fn the_same_sentence_is_said_once() {
        let mut findings = Findings::default();
        for _ in 0..2 {
            findings.add_once(Rule::R05, Outcome::Fail, "forked", Subject::Ledger, "a".into());
        }
        assert_eq!(findings.count(Rule::R05, Outcome::Fail), 1);
    }
}
