//! The report as a page: one HTML file that opens from a stick, prints on A4, needs no network and runs no
//! script.
//!
//! ```text
//! page.html, ledger.html   the words around the facts (askama; every value is escaped)
//! report.css               its digest is the only style that the page's policy lets in
//! view, criteria, claim_view   facts as rows of text
//! charts, time_chart       drawings: black on white, told apart by pattern and shape
//! ```
//!
//! A ledger is written by others. All of its text passes [`shown`] before it comes near the page, and is
//! escaped by the template; the facts inside are JSON without a single `<`.

mod charts;
mod claim_view;
mod criteria;
mod time_chart;
mod view;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::evidence::path::hides_or_moves_text;
use crate::report::audit::facts::Facts;
use crate::report::audit::{exit_of, verdict_of, whole_json};
use crate::report::words::visible;
use crate::tlog::hash::Hash;
use view::View;

const STYLE: &str = include_str!("report.css");

/// What stands before the facts in the page.
const FACTS_BEGIN: &str = "<script type=\"application/json\" id=\"treering-audit\">";

/// What stands after them.
const FACTS_END: &str = "</script>";

#[derive(Template)]
#[template(path = "page.html")]
struct Page {
    style: &'static str,
    style_digest: String,
    version: &'static str,
    title: String,
    verdict: &'static str,
    symbol: &'static str,
    overall: String,
    patterns: &'static str,
    ledgers: Vec<View>,
    facts: String,
}

/// The page of one audit, of one ledger or several. The same facts give the same bytes.
pub fn page(all: &[Facts]) -> String {
    let verdict = verdict_of(exit_of(all));
    let ledgers: Vec<View> =
        all.iter().enumerate().map(|(at, facts)| View::of(shown(facts), at + 1)).collect();
    let title = match &ledgers[..] {
        [one] => one.name().to_string(),
        several => format!("{} ledgers", several.len()),
    };
    let page = Page {
        style: STYLE,
        style_digest: STANDARD.encode(Hash::of(STYLE.as_bytes()).0),
        version: env!("CARGO_PKG_VERSION"),
        title,
        verdict,
        symbol: view::symbol_of(verdict),
        overall: view::overall(all),
        patterns: charts::PATTERNS,
        ledgers,
        facts: embedded(&whole_json(all)),
    };
    page.render().expect("the template writes to memory and asks for nothing that can fail")
}

/// The facts as a page may show them: no character that hides, moves or turns text, in any of them.
fn shown(facts: &Facts) -> Facts {
    let mut value = crate::report::audit::as_json(facts);
    clean(&mut value);
    // Words, days and digests have no such characters, and other text may be any text.
    serde_json::from_value(value).expect("cleaning leaves the form of the facts as it is")
}

fn clean(value: &mut Value) {
    match value {
        Value::String(text) => *text = visible(text),
        Value::Array(all) => all.iter_mut().for_each(clean),
        Value::Object(all) => {
            let cleaned = std::mem::take(all).into_iter().map(|(name, mut value)| {
                clean(&mut value);
                (visible(&name), value)
            });
            *all = cleaned.collect();
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// JSON that cannot end the element it stands in, nor turn the text of the page's source.
fn embedded(facts: &Value) -> String {
    let mut text = String::new();
    for c in facts.to_string().chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => escape(c, &mut text),
            _ if hides_or_moves_text(c) => escape(c, &mut text),
            _ => text.push(c),
        }
    }
    text
}

/// RFC 8259 section 7: `\uXXXX`, twice beyond the basic plane.
fn escape(c: char, text: &mut String) {
    for unit in c.encode_utf16(&mut [0; 2]) {
        text.push_str(&format!("\\u{unit:04x}"));
    }
}

/// The JSON inside a page.
pub fn facts_inside(page: &str) -> Option<&str> {
    let (_, after) = page.split_once(FACTS_BEGIN)?;
    let (facts, _) = after.split_once(FACTS_END)?;
    Some(facts)
}

/// Text as it may stand in a drawing.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_stands_inside_cannot_end_its_element_and_stays_the_same() {
        let hostile = json!({ "a": "</script><!-- & \u{202e}\u{2028}\u{1f600}\u{e0001}" });
        let text = embedded(&hostile);
        assert!(!text.contains(['<', '>', '&', '\u{202e}', '\u{2028}', '\u{e0001}']), "{text}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), hostile);
    }

    #[test]
    fn names_of_fields_are_cleaned_too() {
        let mut value = json!({ "\u{202e}x": ["\u{1b}[31m"] });
        clean(&mut value);
        assert_eq!(value, json!({ "\\u{202e}x": ["\\u{1b}[31m"] }));
    }
}
