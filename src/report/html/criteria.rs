//! The table of criteria: what rests on evidence, and what on nothing.

use super::charts;
use crate::report::audit::facts::CriterionFacts;
use crate::report::words::count;

/// A row of the table of criteria.
pub struct CriterionRow {
    pub id: String,
    pub name: String,
    pub boxes: String,
    pub covered: String,
    pub rows: String,
    pub latest: String,
    pub assessed: String,
    /// The word, and which indicators.
    pub flag: (&'static str, String),
    pub gap: bool,
}

impl CriterionRow {
    pub fn of(one: &CriterionFacts) -> CriterionRow {
        let covered = one.indicators.iter().filter(|indicator| indicator.covered).count();
        let rows = one.indicators.iter().fold(0_u64, |sum, one| sum.saturating_add(one.rows));
        let latest = one.indicators.iter().filter_map(|indicator| indicator.latest).max();
        let bare: Vec<&str> = one
            .indicators
            .iter()
            .filter(|indicator| !indicator.covered)
            .map(|indicator| indicator.id.as_str())
            .collect();
        let flag = match (covered, bare.len()) {
            (_, 0) => ("", String::new()),
            (0, _) => ("◄ nothing", String::new()),
            _ => ("◄ gap", bare.join(" ")),
        };
        CriterionRow {
            id: one.id.clone(),
            name: one.name.clone(),
            boxes: charts::indicators(&one.indicators),
            covered: format!("{covered} of {}", one.indicators.len()),
            rows: if rows == 0 { "–".into() } else { count(rows) },
            latest: latest.map(|day| day.to_string()).unwrap_or_else(|| "none".into()),
            assessed: assessed(one),
            gap: !bare.is_empty(),
            flag,
        }
    }
}

/// The last findings of assessors, or else of the site itself: "3 met, 1 partly".
fn assessed(one: &CriterionFacts) -> String {
    let mut parts = Vec::new();
    for verdict in ["met", "partly", "not-met", "not-applicable"] {
        let of_it = one.indicators.iter().filter(|indicator| {
            indicator.assessed.as_ref().is_some_and(|found| found.verdict == verdict)
        });
        match of_it.count() {
            0 => {}
            number => parts.push(format!("{number} {verdict}")),
        }
    }
    let own = one.indicators.iter().filter(|one| one.self_assessed.is_some()).count();
    match (parts.is_empty(), own) {
        (true, 0) => "–".into(),
        (true, own) => format!("by the site only ({own})"),
        (false, _) => parts.join(", "),
    }
}
