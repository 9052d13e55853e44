//! One ledger's facts as the rows and words of its page.

use super::charts;
use super::criteria::CriterionRow;
use super::time_chart;
use crate::audit::finding::{Outcome, Reach};
use crate::report::audit::facts::{
    Batch, CriterionFacts, Facts, FindingFacts, PinFacts, RuleFacts, Time, TimeWord,
};
use crate::report::audit::moment::Moment;
use crate::report::audit::{text, words};
use crate::report::words::{count, counted, device_time};

/// A ledger's part of the page.
pub struct View {
    pub f: Facts,
    pub number: usize,
    /// What was not checked, each in words.
    pub open: Vec<String>,
    /// Whether any evidence is linked to an indicator.
    pub linked: bool,
    pub files_chart: String,
    pub process_chart: String,
    pub time_chart: String,
    pub qr: String,
}

/// The sign beside a verdict, for those who see no colour.
pub fn symbol_of(verdict: &str) -> &'static str {
    match verdict {
        "PASS" => "✓",
        "FAIL" => "✗",
        _ => "?",
    }
}

/// Several ledgers in one sentence.
pub fn overall(all: &[Facts]) -> String {
    let of = |exits: &[u8]| all.iter().filter(|facts| exits.contains(&facts.exit)).count() as u64;
    let parts = [(of(&[3, 5]), "FAIL"), (of(&[4]), "INCOMPLETE"), (of(&[0]), "PASS")];
    let parts = parts.iter().filter(|(number, _)| *number > 0);
    let parts: Vec<String> =
        parts.map(|(number, word)| format!("{} {word}", counted(*number, "ledger"))).collect();
    format!("{}.", parts.join(", "))
}

pub(super) fn capital(sentence: &str) -> String {
    let mut chars = sentence.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

impl View {
    pub fn of(f: Facts, number: usize) -> View {
        let mut open = f.not_checked.clone();
        if f.time == Time::Word(TimeWord::NotChecked) {
            open.push(
                "when anything was recorded: no witness is believed, so every time is a claim"
                    .into(),
            );
        }
        let recognised = &f.ledger.recognised;
        let known = recognised.card || recognised.id || recognised.own || recognised.pin.is_some();
        if !known {
            open.push("whose ledger this is: neither a card nor a pin says so".into());
        }
        let off = words::not_asked(&f.rules, Reach::SwitchedOff);
        if !off.is_empty() {
            open.push(format!("rules that the rule set leaves out: {}", off.join(", ")));
        }
        View {
            linked: f.coverage.as_ref().is_some_and(text::is_used),
            files_chart: charts::files(&f.files),
            process_chart: charts::process(&f.process),
            time_chart: time_chart::draw(&f),
            qr: charts::qr(&f.ledger),
            open,
            number,
            f,
        }
    }

    pub fn name(&self) -> &str {
        self.f.ledger.name.as_deref().unwrap_or("an unknown party")
    }

    pub fn symbol(&self) -> &'static str {
        symbol_of(&self.f.verdict)
    }

    pub fn said(&self) -> String {
        match (self.f.exit, self.broken().len()) {
            (4, _) => "Nothing wrong was found, but not all could be checked.".into(),
            (3, broken) if broken > 1 => format!("{broken} rules do not hold:"),
            _ => capital(&words::said(&self.f)),
        }
    }

    /// The rules that do not hold, in words, where the sentence does not name them all.
    pub fn broken(&self) -> Vec<String> {
        match self.f.exit {
            3 => words::failed(&self.f),
            _ => Vec::new(),
        }
    }

    /// Whether evidence by criterion is to be looked for: a partner's or an accreditor's ledger has none.
    pub fn is_assessed(&self) -> bool {
        self.linked || self.f.ledger.kind.as_deref().is_none_or(|kind| kind == "site")
    }

    /// What a reader looks for and does not find.
    pub fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        if let Some(coverage) = self.f.coverage.as_ref().filter(|_| self.is_assessed()) {
            let bare = |one: &&CriterionFacts| one.indicators.iter().all(|one| !one.covered);
            let bare: Vec<&str> =
                coverage.criteria.iter().filter(bare).map(|one| one.id.as_str()).collect();
            match bare.len() {
                0 => {}
                all if all == coverage.criteria.len() => {
                    missing.push(format!("evidence for every one of the {all} criteria"));
                }
                all => missing.push(format!(
                    "evidence for {all} of {} criteria ({})",
                    coverage.criteria.len(),
                    bare.join(", ")
                )),
            }
        }
        for (number, what) in [
            (self.f.files.missing, "not in the folder that was looked at"),
            (self.f.files.withheld, "withheld from the auditor"),
        ] {
            if number > 0 {
                missing.push(format!("{}, {what}", counted(number, "evidence file")));
            }
        }
        missing
    }

    /// Who ran it; the template takes it as it is.
    pub fn run_lines(&self) -> String {
        let run = &self.f.run;
        let by = run.by.as_deref().map(super::escaped);
        let by = by.map(|by| format!("by <b><bdi>{by}</bdi></b>"));
        format!(
            "<p>audited {} with treering {}<br>{}, on a copy that is {}</p>",
            super::escaped(&run.as_of.to_string()),
            super::escaped(&run.version),
            by.unwrap_or_else(|| "by somebody who gives no name".into()),
            match run.copy.as_str() {
                "own store" => "the auditor’s own store",
                _ => "a public folder",
            }
        )
    }

    pub fn exceptions_counted(&self) -> String {
        let number = self.f.findings.len() as u64 + self.f.findings_not_listed;
        counted(number, "exception")
    }

    /// Label, value, whether it is a digest.
    pub fn card(&self) -> Vec<(&'static str, String, bool)> {
        let ledger = &self.f.ledger;
        let mut rows = Vec::new();
        if let Some(site) = &self.f.site {
            let names: Vec<String> =
                site.names.iter().map(|(tag, name)| format!("{name} ({tag})")).collect();
            let pid =
                site.site_pid.as_ref().map(|pid| format!(", parcel {pid}")).unwrap_or_default();
            let listed = self.f.process.phase == "listed";
            let until = self.f.process.certificates.iter().filter(|one| one.in_force);
            let until = until.flat_map(|one| &one.terms).map(|term| term.until).max();
            rows.extend([
                ("Name", names.join(" · ")),
                (
                    "WDPA ID",
                    site.site_id
                        .map(|id| format!("{id}{pid}"))
                        .unwrap_or_else(|| "not given".into()),
                ),
                ("Country or territory", site.countries.join(", ")),
                ("Reported area", site.area_m2.map(words::area).unwrap_or_default()),
                ("IUCN category", site.iucn_category.clone().unwrap_or_default()),
                ("Governance type", site.governance.clone().unwrap_or_default()),
                (
                    "Green List",
                    match until {
                        Some(until) if listed => format!("listed until {until}"),
                        _ => self.f.process.phase.clone(),
                    },
                ),
            ]);
        } else {
            rows.push(("Site", "does not describe itself in this ledger".into()));
        }
        rows.push(("Kind of party", ledger.kind.clone().unwrap_or_default()));
        let mut rows: Vec<_> = rows
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(label, value)| (label, value, false))
            .collect();
        rows.push(("Ledger", ledger.id.clone().unwrap_or_else(|| "unreadable".into()), true));
        rows
    }

    pub fn glance(&self) -> Vec<(&'static str, String)> {
        let mut rows = vec![
            ("Identity", words::recognised_line(&self.f.ledger.recognised)),
            ("Ledger", words::ledger_line(&self.f).replace("   ", ": ")),
            ("Recorded", self.period()),
            ("Process", self.process_words()),
            ("Coverage", self.coverage_words()),
            ("Files", words::files_line(&self.f)),
        ];
        let assessed = self.is_assessed();
        rows.retain(|(label, value)| {
            !value.is_empty() && (assessed || !matches!(*label, "Coverage" | "Process"))
        });
        rows
    }

    fn period(&self) -> String {
        let months = &self.f.months;
        match (months.keys().next(), months.keys().next_back()) {
            (Some(first), Some(last)) if first == last => {
                format!("in {first}, by the signers’ clocks")
            }
            (Some(first), Some(last)) => format!("{first} to {last}, by the signers’ clocks"),
            _ => String::new(),
        }
    }

    fn process_words(&self) -> String {
        self.f
            .process
            .steps
            .last()
            .map(|step| format!("{} since {}", step.phase, step.day))
            .unwrap_or_else(|| "no step of an assessment".into())
    }

    fn coverage_words(&self) -> String {
        let Some(coverage) = &self.f.coverage else {
            return "not checked: the catalogue is not at hand".into();
        };
        let indicators = || coverage.criteria.iter().flat_map(|one| &one.indicators);
        let covered = indicators().filter(|one| one.covered).count();
        let bare = |one: &&CriterionFacts| one.indicators.iter().all(|one| !one.covered);
        let bare = coverage.criteria.iter().filter(bare).count();
        let bare = match bare {
            0 => "something for every criterion".into(),
            bare => format!("nothing for {bare} of {} criteria", coverage.criteria.len()),
        };
        format!("{covered} of {} indicators rest on evidence; {bare}", indicators().count())
    }

    pub fn criteria(&self) -> Vec<CriterionRow> {
        let criteria = self.f.coverage.iter().flat_map(|coverage| &coverage.criteria);
        criteria.map(CriterionRow::of).collect()
    }

    pub fn time_line(&self) -> String {
        capital(&words::time_line(&self.f.time)) + "."
    }

    /// On clocks with or without a zone, so without one.
    pub fn captured(&self, batch: &Batch) -> String {
        let plain = |time: Moment| device_time(time.0).replace(", zone unknown", "");
        match (batch.captured_first, batch.captured_last) {
            (Some(first), Some(last)) if first == last => plain(first),
            (Some(first), Some(last)) => format!("{} to {}", plain(first), plain(last)),
            _ => "no camera clock".into(),
        }
    }

    /// Name, how often, first, last, days since.
    pub fn witness_rows(&self) -> Vec<(String, String, String, String, String)> {
        let row = |one: &crate::report::audit::facts::Witness| {
            let (first, last) = (one.cosigned.first()?, one.cosigned.last()?);
            let gap = self.f.run.as_of.0.saturating_sub(last.0) / 86_400;
            Some((
                one.name.clone(),
                count(one.cosigned.len() as u64),
                first.to_string(),
                last.to_string(),
                gap.max(0).to_string(),
            ))
        };
        self.f.witnesses.iter().filter_map(row).collect()
    }

    pub fn pin_line(&self, pin: &PinFacts) -> String {
        capital(&words::pin_line(pin))
    }

    pub fn keys_line(&self) -> String {
        words::keys_line(&self.f)
    }

    pub fn mark(&self, finding: &FindingFacts) -> &'static str {
        text::mark(finding)
    }

    pub fn mark_class(&self, finding: &FindingFacts) -> &'static str {
        match finding.outcome {
            Outcome::Fail => "fail",
            Outcome::Warn => "warn",
            Outcome::CannotCheck | Outcome::Pass => "open",
        }
    }

    pub fn rule_set_words(&self) -> String {
        match &self.f.run.rule_set {
            Some(set) => format!("Judged by the rule set “{}”, SHA-256 {}.", set.name, set.digest),
            None => "The rule set has no name.".into(),
        }
    }

    /// With its markup: the words are this program's own.
    pub fn rule_outcome(&self, rule: &RuleFacts) -> String {
        match (rule.reach, rule.outcome) {
            (Reach::SwitchedOff, _) => "<i>switched off</i>".into(),
            (Reach::NothingToJudge, _) => "<i>nothing here for it</i>".into(),
            (_, Outcome::Fail) => "<b class=\"m-fail\">✗ fail</b>".into(),
            (_, Outcome::CannotCheck) => "<b class=\"m-open\">? cannot-check</b>".into(),
            (_, Outcome::Warn) => "<b class=\"m-warn\">! warn</b>".into(),
            (_, Outcome::Pass) => "✓ pass".into(),
        }
    }

    pub fn repeat_command(&self) -> String {
        let id = self.f.ledger.id.as_deref().unwrap_or("ID");
        let mut command = format!(
            "treering audit LEDGER-FOLDER \\\n  --ledger-id {id} \\\n  --as-of {}",
            self.f.run.as_of.0
        );
        if self.f.files.anchored > 0 {
            command.push_str(" \\\n  --files EVIDENCE-FOLDER --manifests MANIFESTS-FOLDER");
        }
        if self.f.time != Time::Word(TimeWord::NotChecked) {
            command.push_str(" \\\n  --policy POLICY-FILE");
        }
        if self.f.ledger.compared_with_size.is_some() {
            command.push_str(" \\\n  --head A-HEAD-FROM-BEFORE");
        }
        command
    }

    pub fn repeat_rows(&self) -> Vec<(&'static str, String)> {
        let (ledger, run) = (&self.f.ledger, &self.f.run);
        let text = |one: &Option<String>| one.clone().unwrap_or_else(|| "unreadable".into());
        let mut rows = vec![
            ("Ledger", text(&ledger.id)),
            ("Origin", text(&ledger.origin)),
            ("Size", ledger.size.map(count).unwrap_or_else(|| "unreadable".into())),
            ("Root", text(&ledger.root)),
        ];
        if let Some(set) = &run.rule_set {
            rows.push(("Rule set", format!("{}, SHA-256 {}", set.name, set.digest)));
        }
        if let Some(coverage) = &self.f.coverage {
            rows.push(("Catalogue", format!("{}, SHA-256 {}", coverage.title, coverage.catalogue)));
        }
        rows.push((
            "Other ledgers read",
            match run.read_beside.is_empty() {
                true => "none".into(),
                false => run.read_beside.join(", "),
            },
        ));
        rows
    }
}
