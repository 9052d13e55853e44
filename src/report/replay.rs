//! A report judged again from the facts inside it.
//!
//! That reads the report, not the ledger: it shows whether the page says what its own findings say, and
//! nothing about whether these are true.

use serde_json::Value;
use thiserror::Error;

use super::audit::facts::{Facts, SCHEMA};
use super::audit::judge_again::judge_again;
use super::audit::{SEVERAL, exit_of, verdict_of, whole_json};
use super::html::{facts_inside, page};

/// The ceiling of a report: a hundred times what one site's may weigh.
pub const MAX_BYTES: usize = 128 << 20;

/// Words that differ and are shown.
const SHOWN: usize = 20;

/// Why a file cannot be judged again.
#[derive(Debug, Error)]
pub enum NotAReport {
    /// Not UTF-8.
    #[error("it is not UTF-8 text")]
    NotText,
    /// Without facts.
    #[error("it carries no findings of an audit")]
    NoFacts,
    /// With facts of another form.
    #[error("the findings inside are not of the form {SCHEMA}: {0}")]
    Form(String),
}

/// What became of it.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// The facts with what follows from them, ledger by ledger.
    pub ledgers: Vec<Facts>,
    /// The exit code that follows from the facts.
    pub follows: u8,
    /// In what the report contradicts itself.
    pub differences: Vec<String>,
    /// Whether the words of the page were compared: only those of this version of the program are known.
    pub words_compared: bool,
}

impl Replayed {
    /// As an audit: 3 where the report contradicts itself.
    pub fn exit(&self) -> u8 {
        match (self.differences.is_empty(), self.follows) {
            (true, 0) if !self.words_compared => 4,
            (true, follows) => follows,
            (false, 5) => 5,
            (false, _) => 3,
        }
    }

    /// The word that goes with it.
    pub fn verdict(&self) -> &'static str {
        verdict_of(self.exit())
    }
}

/// Judges a report again.
pub fn replay(bytes: &[u8]) -> Result<Replayed, NotAReport> {
    let text = std::str::from_utf8(bytes).map_err(|_| NotAReport::NotText)?;
    let inside = facts_inside(text).ok_or(NotAReport::NoFacts)?;
    let form = |why: serde_json::Error| NotAReport::Form(why.to_string());
    let value: Value = serde_json::from_str(inside).map_err(form)?;
    let given: Vec<Facts> = match value["schema"].as_str() {
        Some(SEVERAL) => serde_json::from_value(value["ledgers"].clone()).map_err(form)?,
        Some(SCHEMA) => vec![serde_json::from_value(value.clone()).map_err(form)?],
        _ => return Err(NotAReport::Form("it has another schema".into())),
    };
    if given.is_empty() || given.iter().any(|facts| facts.schema != SCHEMA) {
        return Err(NotAReport::Form("it holds no audit of a ledger".into()));
    }
    let mut differences = Vec::new();
    let mut ledgers = Vec::new();
    for facts in &given {
        let again = judge_again(facts);
        let of = facts.ledger.name.as_deref().filter(|_| given.len() > 1);
        let of = of.map(|name| format!("{name}: ")).unwrap_or_default();
        differences.extend(again.differences.into_iter().map(|what| format!("{of}{what}")));
        ledgers.push(again.facts);
    }
    if given.len() > 1 && whole_json(&given)["exit"] != value["exit"] {
        differences.push("the verdict over all ledgers is not the worst of them".into());
    }
    let ours = given.iter().all(|facts| facts.run.version == env!("CARGO_PKG_VERSION"));
    if ours {
        differences.extend(other_words(text, &page(&given)));
    }
    Ok(Replayed { follows: exit_of(&ledgers), ledgers, differences, words_compared: ours })
}

/// Lines of the page that are not what the facts inside it make.
fn other_words(page: &str, made: &str) -> Vec<String> {
    if page == made {
        return Vec::new();
    }
    let (page_lines, made_lines): (Vec<&str>, Vec<&str>) =
        (page.lines().collect(), made.lines().collect());
    let longest = page_lines.len().max(made_lines.len());
    let line = |lines: &[&str], at: usize| lines.get(at).copied().unwrap_or_default().to_string();
    let differing = (0..longest).filter(|at| line(&page_lines, *at) != line(&made_lines, *at));
    let mut words: Vec<String> = differing
        .take(SHOWN)
        .map(|at| {
            format!(
                "line {} of the page reads {:?}, where its findings make {:?}",
                at + 1,
                brief(&line(&page_lines, at)),
                brief(&line(&made_lines, at))
            )
        })
        .collect();
    if words.is_empty() {
        words.push("the page differs in the ends of its lines from what its findings make".into());
    }
    words
}

/// The beginning of a line, without markup.
fn brief(line: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in line.chars() {
        match c {
            '<' => inside = true,
            '>' if inside => {
                inside = false;
                plain.push(' ');
            }
            _ if !inside => plain.push(c),
            _ => {}
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = words.join(" ");
    // A line of markup alone still has to show in what it differs.
    let plain = if plain.is_empty() { line.trim().to_string() } else { plain };
    plain.chars().take(120).collect()
}
